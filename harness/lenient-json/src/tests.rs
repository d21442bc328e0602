//! What Python writes, and that strict JSON stays as it is.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn what_python_writes_is_read() {
    let check = |text: &str, expect: Value| {
        assert_eq!(from_str::<Value>(text).unwrap(), expect, "{text}");
    };
    check("NaN", Value::Null);
    check(
        r#"{"p": NaN, "q":[1,NaN,-Infinity,Infinity]}"#,
        json!({"p": null, "q": [1, null, f32::MIN, f32::MAX]}),
    );
    check(r#"{"NaN": "a NaN, -Infinity"}"#, json!({"NaN": "a NaN, -Infinity"}));
    check(r#"["a \"NaN", NaN]"#, json!(["a \"NaN", null]));
    check(r#"["\\", NaN, "\\\""]"#, json!(["\\", null, "\\\""]));
    check(r#""yes \ud83d""#, json!("yes \u{fffd}"));
    check(r#""\ude00\ud83d\uDE00\ud83d\ud83d\ude00""#, json!("\u{fffd}\u{1f600}\u{fffd}\u{1f600}"));
    check(r#""\ud83d\n""#, json!("\u{fffd}\n"));
    check("\u{feff}{\"a\": 1}", json!({"a": 1}));
    check("{\"p\": 1e400, \"q\": [-1E+999,2]}", json!({"p": f32::MAX, "q": [f32::MIN, 2]}));
    check("[1e-400, NaN]", json!([0.0, null]));
    check("[9007199254740993, 0.1]", json!([9_007_199_254_740_993_u64, 0.1]));
}

#[test]
fn infinite_numbers_come_back() {
    let read = |text: &str| from_str::<Vec<Value>>(text).unwrap();
    let found: Vec<Option<f64>> =
        read("[-Infinity, Infinity, NaN, -0.5, 1e300]").iter().map(number).collect();
    let expect = [Some(f64::NEG_INFINITY), Some(f64::INFINITY), None, Some(-0.5), Some(1e300)];
    assert_eq!(found, expect);
    let single = from_str::<Vec<Option<f32>>>("[NaN, -Infinity, 1]").unwrap();
    assert_eq!(single, [None, Some(f32::MIN), Some(1.0)]);
}

/// What is not JSON of Python's either keeps its error.
#[test]
fn the_rest_stays_an_error() {
    for text in [
        "",
        "nan",
        "NaNa",
        "xNaN",
        "-NaN",
        "-inf",
        "[1e400",
        "Infinity1",
        "{\"a\": NaN",
        "\"\\ud83",
        "\"\\u12\"",
        "[1,]",
        "'a'",
    ] {
        assert!(from_str::<Value>(text).is_err(), "{text}");
    }
    let strict = serde_json::from_str::<Value>("[1,]").unwrap_err().to_string();
    assert_eq!(from_str::<Value>("[1,]").unwrap_err().to_string(), strict);
}

#[test]
fn halves_in_two_pieces_are_one_character() {
    let piece = |text: &str| from_piece::<String>(text).unwrap();
    let (first, second) = (piece(r#""yes \ud83d""#), piece(r#""\ude00 ok""#));
    assert_eq!(joined(&format!("{first}{second}")), "yes \u{1f600} ok");
    assert_eq!(joined(&first), "yes \u{fffd}");
    assert_eq!(joined(&format!("{second}{first}")), "\u{fffd} okyes \u{fffd}");
    assert_eq!(joined("\u{1f600} plain"), "\u{1f600} plain");
}

/// Any JSON value; its strings hold whatever a string can.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        r#"(NaN|-?Infinity|[\\"u{}: d8]){0,6}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("(NaN|[a\"\\\\]){0,3}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// As `json.dumps` writes it: ASCII, so that every character beyond is an escape.
fn python(value: &Value) -> String {
    let text = value.to_string();
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

proptest! {
    #[test]
    fn strict_json_is_not_touched(value in values()) {
        for text in [value.to_string(), python(&value)] {
            prop_assert!(matches!(mended(text.as_bytes(), Halves::Replaced), Cow::Borrowed(_)), "{text}");
            prop_assert_eq!(&from_str::<Value>(&text).unwrap(), &value);
        }
    }

    /// In a list with numbers that JSON lacks, the neighbours stay what they are.
    #[test]
    fn numbers_that_json_lacks_stand_for_themselves(value in values(), which in 0..3_usize) {
        let (written, read) = [("NaN", Value::Null), ("Infinity", f32::MAX.into()), ("-Infinity", f32::MIN.into())][which].clone();
        let text = format!("[{}, {written},{{\"x\":{written}}}, {}]", python(&value), value);
        prop_assert_eq!(from_str::<Value>(&text).unwrap(), json!([value, read, {"x": read}, value]));
    }

    /// A text cut between any two UTF-16 units and put together again is the text.
    #[test]
    fn a_text_cut_anywhere_is_joined(text in any::<String>(), cut in any::<prop::sample::Index>()) {
        // The marks themselves are read as halves.
        let text: String = text.chars().filter(|c| u32::from(*c) < MARK).collect();
        let units: Vec<u16> = text.encode_utf16().collect();
        let cut = cut.index(units.len() + 1);
        let written = |units: &[u16]| units.iter().fold(String::new(), |all, unit| format!("{all}\\u{unit:04X}"));
        let piece = |units: &[u16]| from_piece::<String>(&format!("\"{}\"", written(units))).unwrap();
        prop_assert_eq!(joined(&(piece(&units[..cut]) + &piece(&units[cut..]))), text);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"NaInfty-\\\"ud8dc0".to_vec())], 0..64)) {
        for halves in [Halves::Replaced, Halves::Marked] {
            let _ = mended(&bytes, halves);
        }
        let _ = from_slice::<Value>(&bytes);
    }
}
