//! What users of tools like this one reported, rebuilt: `harness/tests/field-reports/*.toml`, its README says how a case is
//! written.

mod case;
mod serving;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use case::{Case, Expect, File, Rows};
use fs_err as fs;

use super::program::{Place, Ran};

/// Cases that run at once.
const WORKERS: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field-reports")
}

/// Every case of every file, with the file's name.
fn cases() -> Vec<(String, Case)> {
    let mut all = Vec::new();
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let file: File = toml::from_str(&fs::read_to_string(path).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        all.extend(file.case.into_iter().map(|case| (name.clone(), case)));
    }
    all
}

#[test]
fn every_report_comes_out_right() {
    let all = cases();
    let mut names: Vec<&str> = all.iter().map(|(_, case)| case.no.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "a case has a number of its own");
    let left = Mutex::new(all.iter());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some((file, case)) = left.lock().unwrap().next() else { break };
                    let found = run(case);
                    if !found.is_empty() {
                        let head = format!("{file}.toml, {}: {}", case.no, case.what);
                        wrong.lock().unwrap().push(format!("{head}\n  {}", found.join("\n  ")));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

/// What of a case is not as it should be.
fn run(case: &Case) -> Vec<String> {
    let place = ground(case);
    let server = (!case.server.is_empty()).then(|| serving::start(case.server.clone()));
    let plugin = case.plugin.as_deref().unwrap_or("openai-api");
    let top = format!("capabilities = [\"{}\"]\n{}", case.capabilities(), case.top);
    let config = match &server {
        Some(server) => {
            let path = case.path.as_deref().unwrap_or("/v1");
            let url = server.url().replace("/v1", path);
            let retries = if case.config.contains("retries") { "" } else { "retries = 2\n" };
            format!("model = \"m\"\nbase_url = \"{url}\"\nbackoff = 0.01\n{retries}{}", case.config)
        }
        None => case.config.clone(),
    };
    if server.is_some() || case.plugin.is_some() {
        place.model("m", plugin, &top, &config);
    }
    let run = vec!["run", "--models", "m", "--benchmarks", "own", "--name", "imported"];
    let own = case.commands.iter().map(|line| line.iter().map(String::as_str).collect());
    let commands: Vec<Vec<&str>> = if case.commands.is_empty() { vec![run] } else { own.collect() };
    let mut last = None;
    for (i, line) in commands.iter().enumerate() {
        for (name, text) in case.changed.iter().filter(|_| i + 1 == commands.len()) {
            place.write(name, text);
        }
        last = Some(place.run(&[&["--mirror", "mirror"], &line[..]].concat()));
    }
    let mut wrong = judge(&place, &case.expect, &last.unwrap());
    if let Some(server) = &server {
        let paths: Vec<String> =
            server.requests().into_iter().map(|request| request.path).collect();
        let posts = paths.iter().filter(|path| path.contains("completions")).count();
        if case.expect.requests.is_some_and(|wanted| wanted != posts) {
            wrong.push(format!("requests: {posts}"));
        }
        let strange = paths.iter().find(|path| !case.expect.paths.contains(path));
        if let Some(path) = strange.filter(|_| !case.expect.paths.is_empty()) {
            wrong.push(format!("a request to {path}"));
        }
    }
    wrong
}

/// A place with the dataset of all cases and the case's own files.
fn ground(case: &Case) -> Place {
    let place = Place::new();
    let text = |name: &str| fs::read_to_string(folder().join("ground").join(name)).unwrap();
    place.write("defs/own.toml", text("own.toml"));
    for name in ["train.csv", "test.csv"] {
        place.write(&format!("mirror/own/{name}"), text(name));
    }
    for (name, text) in &case.files {
        place.write(name, text);
    }
    if let Some(rows) = &case.rows {
        place.write(&rows.name, of_rows(rows, &text("test.csv")));
    }
    place
}

/// A line for each example of the ground.
fn of_rows(rows: &Rows, test: &str) -> String {
    let line = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        let good = cells[2] == "good";
        let [yes, no] = if good { ["-0.5", "-3.5"] } else { ["-3.5", "-0.5"] };
        let text = serving::filled(&rows.each, good).replace("<id>", cells[0]);
        text.replace("<text>", cells[1]).replace("<yes>", yes).replace("<no>", no)
    };
    let lines: Vec<String> = test.lines().skip(1).map(line).collect();
    if rows.list { format!("[{}]", lines.join(",\n")) } else { lines.join("\n") + "\n" }
}

fn judge(place: &Place, expect: &Expect, ran: &Ran) -> Vec<String> {
    let mut wrong = Vec::new();
    let said = format!("{}{}", ran.out, ran.err);
    if ran.code != Some(expect.exit) {
        wrong.push(format!("exit {:?}: {said}", ran.code));
    }
    let log = log(place);
    for part in expect.says.iter().filter(|part| !said.contains(part.as_str())) {
        wrong.push(format!("{part:?} is not in what it prints: {said}"));
    }
    for part in expect.log.iter().filter(|part| !log.contains(part.as_str())) {
        wrong.push(format!("{part:?} is not in the log: {log}"));
    }
    for part in expect.never.iter().filter(|part| said.contains(*part) || log.contains(*part)) {
        wrong.push(format!("{part:?} is printed or logged"));
    }
    if let Some(kept) = expect.kept {
        let path = place.path("cache/models/m/answers.jsonl");
        let found = fs::read_to_string(path).map_or(0, |text| text.lines().count());
        if found != kept {
            wrong.push(format!("{found} answers are in the cache"));
        }
    }
    wrong.extend(outcome(place, expect));
    wrong
}

/// The log of the only cell, if one was run.
fn log(place: &Place) -> String {
    let cells = fs::read_dir(place.path("runs/imported/cells")).into_iter().flatten();
    let logs = cells.map(|entry| entry.unwrap().path().join("log.txt"));
    logs.filter_map(|path| fs::read_to_string(path).ok()).collect()
}

fn outcome(place: &Place, expect: &Expect) -> Vec<String> {
    if !expect.looks_at_a_score() {
        return Vec::new();
    }
    if !place.path("runs/imported/summary.json").exists() {
        return vec!["there is no board".to_owned()];
    }
    let outcome = place.summary("imported")["cells"][0]["outcome"].clone();
    let mut wrong = Vec::new();
    if !expect.no_score.is_empty() {
        let reason = outcome["reason"].to_string();
        wrong.extend(
            expect
                .no_score
                .iter()
                .filter(|part| !reason.contains(part.as_str()))
                .map(|part| format!("{part:?} is not the reason: {outcome}")),
        );
        return wrong;
    }
    let score = &outcome["score"];
    let value = score["value"].as_f64().map(|value| (1000.0 * value).round() / 10.0);
    if expect.value.is_some_and(|wanted| Some(wanted) != value) {
        wrong.push(format!("value: {outcome}"));
    }
    for (name, wanted) in [
        ("answered", expect.answered),
        ("unparsable", expect.unparsable),
        ("missing", expect.missing),
    ] {
        if wanted.is_some_and(|wanted| score[name] != wanted) {
            wrong.push(format!("{name}: {outcome}"));
        }
    }
    wrong
}
