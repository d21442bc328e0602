//! What is called, in which order, and what each lie is answered with.

use std::sync::Mutex;

use harness::plugin::{Columns, Host, Listener};

use super::{Deaf, TWO, library, task};

/// Writes down what the plugin says.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Listener for Ear {
    fn log(&self, message: &str) {
        self.0.lock().unwrap().push(format!("log {message}"));
    }
    fn progress(&self, done: u64, total: u64) {
        self.0.lock().unwrap().push(format!("progress {done}/{total}"));
    }
    fn metric(&self, name: &str, step: u64, value: f64) {
        self.0.lock().unwrap().push(format!("metric {name} {step} {value}"));
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

#[test]
fn every_call_arrives_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls");
    let config = serde_json::json!({ "file": file }).to_string();
    let (library, ear) = (library("recorder"), Ear::default());
    let mut model = library.create(&config, &task(), Host::new(2, 7, &ear)).unwrap();
    let one = Columns { ids: &["v"], names: &["v"], texts: &["ü"], cultures: &[1] };
    model.fit((TWO, &[1, 0]), (one, &[1])).unwrap();
    let mut scores = Vec::new();
    let blank =
        Columns { ids: &["x", "y"], names: &["x", "y"], texts: &["", "z"], cultures: &[0, 0] };
    assert_eq!(model.classify(blank, &mut scores).unwrap(), [false, true]);
    assert_eq!(scores, [0.25; 4]);
    model.save(folder.path()).unwrap();
    model.load(folder.path()).unwrap();
    drop(model);
    insta::assert_snapshot!(fs_err::read_to_string(&file).unwrap(), @r#"
    create test finetuned [no yes] [AU ZA] threads 2 seed 7
    fit ["a-1", "a-2"] ["short", "a bit longer"] [0, 1] [1, 0] ["v"] ["ü"] [1] [1]
    classify ["x", "y"] ["", "z"] [0, 0]
    save
    load fitted
    destroy
    "#);
    insta::assert_snapshot!(ear.0.into_inner().unwrap().join("\n"), @r#"
    log recording
    progress 1/2
    metric loss 1 0.5
    "#);
}

/// What the host says to a lie: of the first call that fails.
fn told(lie: &str) -> String {
    let library = library("liar");
    let run = || {
        let config = format!(r#"{{"lie": "{lie}"}}"#);
        let mut model = library.create(&config, &task(), Host::new(1, 7, &Deaf))?;
        model.fit((TWO, &[1, 0]), (TWO, &[1, 0]))?;
        model.classify(TWO, &mut Vec::new())?;
        model.embed(TWO, &mut Vec::new())?;
        model.loglikelihood(TWO.texts, TWO.texts)?;
        Ok::<_, harness::plugin::PluginError>(())
    };
    let text = run().map_or_else(|error| error.to_string(), |()| "nothing".to_owned());
    // Lines of the plugin's source move.
    match text.split_once("(at ") {
        Some((start, place)) if place.contains("lib.rs:") => format!("{start}(at [place])"),
        _ => text,
    }
}

#[test]
fn lies_are_told() {
    let lies = [
        "none",
        "nan",
        "infinite",
        "short",
        "fewer",
        "panic-create",
        "panic-fit",
        "panic-classify",
        "no-dimension",
        "refuse",
    ];
    let lines: Vec<String> = lies.iter().map(|lie| format!("{lie} -> {}", told(lie))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    none -> nothing
    nan -> plugin liar, classify: NaN for example `a-1`; scores and vectors must be finite (no answer: mark the row)
    infinite -> plugin liar, classify: inf for example `a-1`; scores and vectors must be finite (no answer: mark the row)
    short -> plugin liar, classify: NaN for example `a-2`; scores and vectors must be finite (no answer: mark the row)
    fewer -> plugin liar, loglikelihood: answered 1 of 2 rows; every example needs one
    panic-create -> plugin liar, create: panicked: no wish to exist (at [place])
    panic-fit -> plugin liar, fit: panicked: no wish to learn (at [place])
    panic-classify -> plugin liar, classify: panicked: no wish to judge a-1 (at [place])
    no-dimension -> plugin liar, dimension: its vectors have no columns
    refuse -> plugin liar, classify: I do not like it (example `a-2`)
    "#);
}
