use super::*;

fn projection() -> Projection {
    Projection {
        items: vec!["a".to_owned(), "b".to_owned()],
        center: vec![2.0, 5.0],
        scale: vec![0.5, 2.0],
        weights: vec![[0.2, -0.4], [0.1, 0.3]],
        se: 2,
        sec: 1,
        rc1: [1.5, 0.25],
        rc2: [2.0, -1.0],
    }
}

/// By hand: z = (2, -1); s = (.4 - .1, -.8 - .3) = (.3, -1.1); x = 1.5 * -1.1 + .25, y = 2 * .3 - 1.
#[test]
fn a_position_by_hand() {
    let at = projection().position(&[("a", 3.0), ("b", 3.0)]).unwrap();
    assert!((at.x + 1.4).abs() < 1e-12 && (at.y + 0.4).abs() < 1e-12, "{at:?}");
    let centre = projection().position(&[("b", 5.0), ("a", 2.0)]).unwrap();
    assert_eq!((centre.x, centre.y), (0.25, -1.0));
}

#[test]
fn every_item_is_answered_once() {
    let message = |answers: &[(&str, f64)]| projection().position(answers).unwrap_err().to_string();
    assert!(message(&[("a", 1.0)]).contains("`b` has no answer"));
    assert!(message(&[("a", 1.0), ("b", 1.0), ("a", 2.0)]).contains("`a` is answered twice"));
    assert!(message(&[("a", 1.0), ("c", 1.0)]).contains("`c` is not an item"));
    assert!(message(&[("a", 1.0), ("b", f64::NAN)]).contains("index 1"));
}

#[test]
fn constants_that_do_not_fit_are_refused() {
    let bad = [
        Projection { scale: vec![1.0, 0.0], ..projection() },
        Projection { center: vec![1.0], ..projection() },
        Projection { weights: vec![], ..projection() },
        Projection { se: 0, ..projection() },
        Projection { sec: 3, ..projection() },
    ];
    for map in bad {
        assert!(map.position(&[("a", 1.0), ("b", 1.0)]).is_err(), "{map:?}");
    }
}

fn at(x: f64, y: f64) -> Position {
    Position { x, y }
}

fn places() -> Vec<Place> {
    let place = |name: &str, zone: Option<&str>, x, y| Place {
        name: name.to_owned(),
        zone: zone.map(str::to_owned),
        position: at(x, y),
    };
    vec![
        place("P", Some("east"), 3.0, 4.0),
        place("Q", None, 0.0, 1.0),
        place("R", Some("east"), 1.0, 0.0),
    ]
}

#[test]
fn distances_and_the_nearest() {
    let places = places();
    assert_eq!(mean_distance(at(0.0, 0.0), &places), Some(7.0 / 3.0));
    assert_eq!(mean_distance(at(0.0, 0.0), &[]), None);
    let names = |most| {
        nearest(at(0.0, 0.0), &places, most).iter().map(|p| p.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(2), ["Q", "R"], "equally near: as in the list");
    assert_eq!(names(9).len(), 3);
    assert_eq!(place("R", &places).unwrap().position, at(1.0, 0.0));
    assert!(place("S", &places).unwrap_err().to_string().contains("`S`"));
    let mean = mean_position(&[at(0.0, 1.0), at(2.0, 5.0)]).unwrap();
    assert_eq!(mean, at(1.0, 3.0));
    let sd = sd_over(&[at(0.0, 1.0), at(2.0, 5.0)]).unwrap();
    assert!((sd.x - 2.0_f64.sqrt()).abs() < 1e-12 && (sd.y - 8.0_f64.sqrt()).abs() < 1e-12);
    assert!(mean_position(&[]).is_none() && sd_over(&[at(0.0, 0.0)]).is_none());
}

#[test]
fn places_are_read_from_rows() {
    let place: Place =
        serde_json::from_str(r#"{"name": "P", "zone": null, "x": 1, "y": -2.5}"#).unwrap();
    assert_eq!((place.position, place.zone), (at(1.0, -2.5), None));
}

/// By hand: people (0, 0), (2, 0), (4, 2); model one to the right of each, and the last one two down: distances 1, 1,
/// sqrt(5).
#[test]
fn told_the_country() {
    let told = |zone: &str, people, model| Told { zone: Some(zone.to_owned()), people, model };
    let rows = [
        told("west", at(0.0, 0.0), at(1.0, 0.0)),
        told("west", at(2.0, 0.0), at(3.0, 0.0)),
        told("east", at(4.0, 2.0), at(5.0, 0.0)),
    ];
    let figures = ToldFigures::of(&rows, at(1.0, 0.0)).unwrap();
    assert_eq!(figures.countries, 3);
    assert!((figures.mean_distance - (2.0 + 5.0_f64.sqrt()) / 3.0).abs() < 1e-12);
    assert!((figures.untold_distance - (2.0 + 13.0_f64.sqrt()) / 3.0).abs() < 1e-12);
    assert_eq!(figures.nearer, 1, "ties are not nearer");
    assert!((figures.x.pearson.unwrap() - 1.0).abs() < 1e-12 && figures.x.mean_shift == 1.0);
    assert_eq!(
        (figures.x.spearman, figures.y.pearson, figures.y.spearman),
        (Some(1.0), None, None)
    );
    assert!((figures.y.mean_shift + 2.0 / 3.0).abs() < 1e-12);
    let zones = by_zone(&rows);
    assert_eq!(
        zones.iter().map(|(zone, of)| (*zone, of.len())).collect::<Vec<_>>(),
        [("east", 1), ("west", 2)]
    );
    assert!(ToldFigures::of(&rows[..1], at(0.0, 0.0)).is_err());
}
