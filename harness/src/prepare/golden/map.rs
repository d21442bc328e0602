//! The Inglehart-Welzel map.

use super::{Golden, count, distinct, read};
use crate::example::Example;

#[test]
fn iw_map() {
    let Some(read) = read("iw-map") else { return };
    let all = &read.examples;
    assert_eq!((all.len(), distinct(all, |e| &e.cluster)), (100, 10));
    for (item, options) in
        [("f063", 10), ("e018", 3), ("g006", 4), ("a165", 2), ("y002", 3), ("y003", 5)]
    {
        let mine: Vec<&Example> = all.iter().filter(|e| e.groups["item"] == item).collect();
        assert_eq!(mine.len(), 10, "{item}");
        assert!(mine.iter().all(|e| e.item.options.len() == options), "{item}");
    }
    assert!(all.iter().all(|e| e.label.is_empty() && e.item.target.is_empty()));
    assert!(all.iter().all(|e| !e.item.fields["respondent"].is_empty()));
    assert_eq!(distinct(all, |e| &e.item.fields["respondent"]), 10);
}

#[test]
fn iw_map_with_the_country() {
    let Some(read) = read("iw-map-told") else { return };
    let golden = Golden::of("iw-map").unwrap();
    let all = &read.examples;
    assert_eq!(all.len(), 10 * 10 * 107);
    assert_eq!(golden.is("countries", distinct(all, |e| &e.culture)), 1);
    let zones = golden.get("zones").unwrap().as_object().unwrap();
    for (zone, n) in zones {
        let found = count(all, |e| &e.groups["zone"] == zone) / 100;
        assert_eq!(found as u64, n.as_u64().unwrap(), "{zone}");
    }
}
