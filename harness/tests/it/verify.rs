//! `culture-eval verify`: an untouched run passes, an edited byte is found, and two runs are compared up to their first example.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::program::{Place, assert_says};
use super::skipped::skipped;

fn run() -> Place {
    let place = Place::new();
    let asked =
        ["--models", "majority,hashed-ngrams", "--benchmarks", "emgsd,crehate", "--limit", "60"];
    place.sample(&asked).exits(0);
    place
}

/// All files below a folder whose name the test knows how to judge.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn an_untouched_run_is_as_it_should_be() {
    let place = run();
    let ran = place.run(&["verify"]).exits(0);
    assert_says(&ran.out, &["as it should be", "4 cells with 240 answers"]);
    let ran = place.run(&["verify", "--json"]).exits(0);
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(found["wrong"].as_array().unwrap().len(), 0);
    assert!(found["files"].as_u64().unwrap() > 8, "{found}");
}

/// What `sha256sum cells/*/record.json manifest.json | sha256sum` says in the run's folder.
#[test]
fn a_run_has_a_digest_that_may_be_printed() {
    let place = run();
    let out = place.run(&["verify"]).exits(0).out;
    let digest = out.lines().find_map(|line| line.strip_prefix("digest  ")).unwrap();
    let sums = "sha256sum cells/*/record.json manifest.json | sha256sum";
    let shell = std::process::Command::new("sh")
        .args(["-c", sums])
        .env("LC_ALL", "C")
        .current_dir(place.path("runs/default"))
        .output();
    match shell {
        Ok(shell) if shell.status.success() => {
            assert_eq!(String::from_utf8_lossy(&shell.stdout).split(' ').next(), Some(digest));
        }
        _ => skipped("sha256sum", "install coreutils"),
    }
    place.run(&["verify", "--expect", &digest[..32]]).exits(0);
    let other = place.run(&["verify", "--expect", &"01".repeat(16)]).exits(1).out;
    assert_says(&other, &["as it should be", digest, "ANOTHER 0101"]);
    assert_says(&place.run(&["verify", "--expect", "xyz"]).exits(2).err, &["0-9 and a-f"]);
    let record = place.cell("default", "majority.crehate").join("record.json");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text + " ").unwrap();
    let found = place.run(&["verify", "--expect", digest]).exits(1).out;
    assert_says(&found, &["ANOTHER", digest]);
}

#[test]
fn an_edited_byte_is_found_wherever_a_number_stands_on_it() {
    let place = run();
    let run = place.path("runs/default");
    /// Of each file.
    const PLACES: usize = 16;
    let mut tried = 0;
    for path in files(&run) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let apart = path.components().any(|c| c.as_os_str() == "state");
        // What the plugin said, seconds, and fitted models carry no number of the board.
        if apart || ["log.txt", "timing.json"].contains(&&*name) {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for part in 0..PLACES {
            let mut edited = bytes.clone();
            let place_of = bytes.len() * (2 * part + 1) / (2 * PLACES);
            edited[place_of] ^= 1;
            fs::write(&path, &edited).unwrap();
            let ran = place.run(&["verify"]);
            // The place of a plugin is no part of the key: no number depends on it, but it is reported.
            let told = ran.code != Some(0) || ran.out.contains("unseen");
            assert!(told, "byte {place_of} of {}: {}", path.display(), ran.out);
            tried += 1;
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert!(tried > 240, "{tried}");
    place.run(&["verify"]).exits(0);
}

#[test]
fn a_number_that_was_made_up_is_named_with_its_file() {
    let place = run();
    let csv = place.path("runs/default/leaderboard.csv");
    fs::write(&csv, fs::read_to_string(&csv).unwrap().replacen("0.", "0.9", 1)).unwrap();
    let ran = place.run(&["verify"]).exits(1);
    assert_says(
        &ran.out,
        &["WRONG", "leaderboard.csv: it is not what the answers give", "1 file is wrong"],
    );
}

#[test]
fn two_runs_are_compared_to_the_first_example_that_differs() {
    let place = run();
    let asked = [
        "--models",
        "majority,hashed-ngrams",
        "--benchmarks",
        "emgsd,crehate",
        "--limit",
        "60",
        "--name",
        "again",
    ];
    place.sample(&asked).exits(0);
    let ran = place.run(&["verify", "default", "--against", "again"]).exits(0);
    assert_says(&ran.out, &["4 cells have the same answers, 0 differ, 0 are in one run only"]);
    // CREHate shows models the country, which one of the two uses.
    let other = [
        "--models",
        "majority,stratified-random",
        "--benchmarks",
        "crehate",
        "--limit",
        "60",
        "--name",
        "other",
    ];
    place.model("majority", "majority", "", "by = \"all\"");
    place.sample(&other).exits(0);
    let ran = place.run(&["verify", "default", "--against", "other"]).exits(1);
    assert_says(
        &ran.out,
        &[
            "APART   majority on crehate",
            "(not the same: model)",
            "only in the first run",
            "only in the second run",
        ],
    );
}
