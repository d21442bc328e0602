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

/// The position of ten answers is that of the official file: items in its order, and what each answer adds.
#[test]
fn answers_add_up_to_the_position() {
    let Some(read) = read("iw-map") else { return };
    let golden = Golden::of("iw-map").unwrap();
    let items = ["a008", "a165", "e018", "e025", "f063", "f118", "f120", "g006", "y002", "y003"];
    let answers = [
        ("check.base", [2, 2, 2, 1, 8, 8, 8, 3, 2, 1]),
        ("check.soupiw", [3, 2, 1, 1, 8, 8, 8, 3, 2, 0]),
    ];
    for (name, values) in answers {
        let mut position = [0.0, 0.0];
        for (item, value) in items.iter().zip(values) {
            let e = read.examples.iter().find(|e| e.groups["item"] == *item).unwrap();
            let option = e.item.options.iter().position(|o| *o == value.to_string()).unwrap();
            let moved = e.item.map.as_ref().unwrap().moves[option];
            position = [position[0] + moved[0], position[1] + moved[1]];
        }
        let expected = golden.get(name).unwrap().as_array().unwrap();
        for (found, expected) in position.iter().zip(expected) {
            assert!((found - expected.as_f64().unwrap()).abs() < 1e-7, "{name}: {position:?}");
        }
    }
}

/// The centre is the mean place of the countries.
#[test]
fn the_centre_is_the_mean_of_the_places() {
    let Some(read) = read("iw-map-told") else { return };
    let maps: Vec<_> = read.examples.iter().map(|e| e.item.map.as_ref().unwrap()).collect();
    for axis in 0..2 {
        let mean = maps.iter().map(|map| map.place[axis]).sum::<f64>() / maps.len() as f64;
        assert!((mean - maps[0].centre[axis]).abs() < 1e-7, "{mean}");
    }
}
