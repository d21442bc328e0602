//! Faces of a report beyond the terminal: files, figures, LaTeX that compiles, JUnit, what changed between runs, progress.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, Ran, assert_says, end_of, files_below, wait_until};
use super::skipped::skipped;

/// What a hostile owner of a model writes into every field that takes text.
const HOSTILE: &str = "=cmd|' /C calc'!A0 <script>alert(1)</script> & \\\\input{/etc/passwd} $x^2_1$ #1 {%} ~ 100% \u{202e}txt 中 ± <";

/// A run with numbers, a failure, a missing plugin and hostile text.
fn hostile() -> Place {
    let place = Place::new();
    let known = format!("contamination = [{{ benchmark = \"emgsd\", reason = \"{HOSTILE}\" }}]");
    place.model("well-read", "stratified-random", &known, "");
    place.model("liar", "liar", "", "lie = \"panic-classify\"");
    place.model("absent", "no-such-plugin", "", "");
    let args = [
        "--models",
        "majority,well-read,liar,absent",
        "--benchmarks",
        "crehate,emgsd",
        "--limit",
        "200",
    ];
    place.sample(&args).exits(1);
    place
}

#[test]
fn all_faces_are_written_at_once_and_twice_the_same() {
    let place = hostile();
    let formats = "terminal,md,csv,json,latex,junit,svg,pdf,png";
    for folder in ["one", "two"] {
        let ran = place.run(&["report", "--format", formats, "--out", folder]).exits(0);
        assert_eq!(ran.out, "", "files were asked for, nothing is printed");
    }
    let files = files_below(&place.path("one"));
    assert_eq!(files, files_below(&place.path("two")));
    for file in &files {
        let read = |folder: &str| fs::read(place.path(folder).join(file)).unwrap();
        assert!(read("one") == read("two"), "{} differs", file.display());
    }
    let names: Vec<String> = files.iter().map(|f| f.to_string_lossy().into_owned()).collect();
    for name in [
        "leaderboard.txt",
        "leaderboard.md",
        "leaderboard.csv",
        "leaderboard.tex",
        "summary.json",
        "junit.xml",
    ] {
        assert!(names.iter().any(|n| n == name), "{name} is not in {names:?}");
    }
    let figures: Vec<&String> = names.iter().filter(|n| n.starts_with("figures/")).collect();
    for figure in [
        "board",
        "cultures-crehate",
        "scores-emgsd-trained",
        "ranks-emgsd-trained",
        "pairs-crehate-finetuned",
    ] {
        for (ending, begin) in [("svg", &b"<?xml"[..]), ("pdf", b"%PDF-"), ("png", b"\x89PNG")] {
            let name = format!("figures/{figure}.{ending}");
            assert!(figures.contains(&&name), "{name} is not in {figures:?}");
            assert!(fs::read(place.path("one").join(&name)).unwrap().starts_with(begin), "{name}");
        }
    }
    for svg in figures.iter().filter(|n| Path::new(n).extension().is_some_and(|e| e == "svg")) {
        let text = fs::read_to_string(place.path("one").join(svg)).unwrap();
        assert_says(&text, &["SAMPLE", "<title", "<desc"]);
        assert!(!text.contains("<script") && !text.contains('\u{202e}'), "{svg}");
    }
    // The numbers of the board are in its figure.
    let board = fs::read_to_string(place.path("one/figures/board.svg")).unwrap();
    for cell in place.summary("default")["cells"].as_array().unwrap() {
        if let Some(value) = cell["outcome"]["score"]["value"].as_f64() {
            assert_says(&board, &[&format!(">{:.1}</text>", value * 100.0)]);
        }
    }
    // So do the words of its PDF, for whoever searches it.
    let board = place.path("one/figures/board.pdf");
    match Command::new("pdftotext").args([board.as_os_str(), "-".as_ref()]).output() {
        Ok(text) => assert_says(&String::from_utf8_lossy(&text.stdout), &["SAMPLE", "well-read"]),
        Err(_) => eprintln!("skipped: pdftotext is not here (Debian: poppler-utils)"),
    }
    // A single format of text is printed, and figures have no text.
    let printed = place.run(&["report", "--format", "junit"]).exits(0).out;
    assert_eq!(
        printed.trim_end(),
        fs::read_to_string(place.path("one/junit.xml")).unwrap().trim_end()
    );
    place.run(&["report", "--format", "svg"]).exits(0);
    assert!(place.path("runs/default/figures/board.svg").is_file());
}

#[test]
fn junit_tells_failures_from_what_was_not_there() {
    let place = hostile();
    let xml = place.run(&["report", "--format", "junit"]).exits(0).out;
    assert_says(
        &xml,
        &[
            "tests=\"8\" skipped=\"2\" failures=\"2\" errors=\"0\"",
            "<failure message=\"",
            "type=\"panic\"",
        ],
    );
    assert_says(
        &xml,
        &[
            "no wish to judge",
            "<skipped message=\"no plugin: ",
            "SAMPLE",
            "name=\"majority [trained]\"",
        ],
    );
    assert_eq!(xml.matches("<testcase").count(), 8);
    assert_eq!(xml.matches("<testcase").count(), xml.matches("</testcase>").count());
}

#[test]
fn hostile_text_does_nothing_in_csv_and_markdown() {
    let place = hostile();
    let csv = place.run(&["report", "--format", "csv"]).exits(0).out;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let mut seen = 0;
    for row in rows.records().map(Result::unwrap) {
        for field in row.iter().filter(|f| f.parse::<f64>().is_err()) {
            assert!(!field.trim_start().starts_with(['=', '+', '-', '@']), "{field}");
            seen += usize::from(field.starts_with("'=cmd"));
        }
    }
    assert!(seen > 0, "the hostile text is kept as text: {csv}");
    let markdown = place.run(&["report", "--format", "md"]).exits(0).out;
    assert!(!markdown.contains("<script") && !markdown.contains('\u{202e}'), "{markdown}");
    for line in markdown.lines().filter(|l| l.contains("calc")) {
        assert_says(line, &["cmd\\|", "&lt;script&gt;", "\\$x^2\\_1\\$"]);
    }
    assert!(markdown.contains("calc"));
}

/// A TeX program, and the arguments that make it compile `FILE` into the working folder without asking anything.
#[track_caller]
fn tex() -> Option<(PathBuf, Vec<&'static str>)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let strict: &[&str] = &["-interaction=nonstopmode", "-halt-on-error"];
    let known: [(&str, &[&str]); 4] = [
        ("pdflatex", strict),
        ("lualatex", strict),
        ("xelatex", strict),
        ("tectonic", &["--keep-logs"]),
    ];
    for (name, arguments) in known {
        let found =
            std::env::split_paths(&path).map(|folder| folder.join(name)).find(|p| p.is_file());
        if let Some(program) = found {
            return Some((program, arguments.to_vec()));
        }
    }
    skipped(
        "a TeX engine",
        "install texlive-latex-base and texlive-latex-recommended, or tectonic",
    );
    None
}

#[track_caller]
fn compiles(folder: &Path, body: &str) {
    let Some((program, arguments)) = tex() else { return };
    let document = format!(
        "\\documentclass{{article}}\n\\usepackage[a4paper,margin=2.5cm]{{geometry}}\n\\usepackage[T1]{{fontenc}}\n\\usepackage{{textcomp}}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    );
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("paper.tex"), document).unwrap();
    let ran = Ran::of(
        Command::new(program)
            .args(arguments)
            .arg("paper.tex")
            .current_dir(folder)
            .stdin(Stdio::null()),
    );
    let log = String::from_utf8_lossy(&fs::read(folder.join("paper.log")).unwrap_or_default())
        .into_owned();
    assert_eq!(ran.code, Some(0), "{}\n{log}", ran.out);
    assert!(folder.join("paper.pdf").is_file());
    // What a reader would see: text outside the page, letters that are not there.
    let wide: Vec<&str> = log
        .lines()
        .filter(|l| l.starts_with("Overfull \\hbox") || l.contains("Missing character"))
        .collect();
    assert!(wide.is_empty(), "{wide:?}");
}

#[test]
fn the_latex_table_compiles() {
    let place = hostile();
    let table = place.run(&["report", "--format", "latex"]).exits(0).out;
    assert_says(
        &table,
        &["\\toprule", "\\textbf{", "SAMPLE", "\\emph{no plugin}", "[1] ", "\\dag"],
    );
    assert!(!table.contains("\\input{"), "{table}");
    compiles(&place.path("tex"), &table);
    let comparison = place.run(&["compare", "--format", "latex"]).exits(0).out;
    compiles(&place.path("tex-compare"), &comparison);
}

#[test]
fn the_latex_table_of_all_benchmarks_fits_a_page() {
    let place = Place::new();
    place.model("a-model-whose-name-is-longer-than-any-table-likes", "majority", "", "");
    let models = "majority,stratified-random,a-model-whose-name-is-longer-than-any-table-likes";
    place.sample(&["--models", models, "--limit", "60"]).exits(0);
    let table = place.run(&["report", "--format", "latex"]).exits(0).out;
    assert_eq!(table.matches("\\toprule").count(), 3, "eleven benchmarks in three blocks");
    assert_says(&table, &["a-model-whose-name-is-longer-than-any-table-likes"]);
    compiles(&place.path("tex"), &table);
}

#[test]
fn against_tells_what_changed_and_whether_significantly() {
    let place = Place::new();
    place.model("steady", "majority", "", "");
    place.model("moving", "majority", "", "");
    let args = ["--benchmarks", "emgsd", "--name"];
    place
        .sample(&[&["--models", "steady,moving,majority"], &args[..], &["before"]].concat())
        .exits(0);
    // The same name, another plugin: another model behind one row.
    place.model("moving", "stratified-random", "", "");
    place
        .sample(&[&["--models", "steady,moving,stratified-random"], &args[..], &["after"]].concat())
        .exits(0);
    let changes =
        &place.run(&["--json", "report", "after", "--against", "before"]).exits(0).lines()[0];
    assert_eq!(
        (&changes["new_models"], &changes["gone_models"]),
        (&serde_json::json!(["stratified-random"]), &serde_json::json!(["majority"]))
    );
    let scores = changes["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 2, "{changes}");
    let of = |model: &str| scores.iter().find(|s| s["model"] == model).unwrap();
    assert_eq!(
        (&of("steady")["tested"], &of("steady")["difference"]),
        (&"same-answers".into(), &0.0.into())
    );
    let moving = of("moving");
    let value = |when: &str| moving[when]["score"]["value"].as_f64().unwrap();
    assert!(
        (moving["difference"].as_f64().unwrap() - (value("after") - value("before"))).abs() < 1e-12
    );
    let paired = &moving["tested"]["paired"];
    assert_eq!(paired["n"], moving["after"]["score"]["n"]);
    // The comparison of the two plugins within one run says the same.
    place
        .sample(&[&["--models", "majority,stratified-random"], &args[..], &["within"]].concat())
        .exits(0);
    let within = &place.run(&["--json", "compare", "within"]).exits(0).lines()[0]["benchmarks"][0]
        ["pairs"][0];
    let sign = if within["a"] == "majority" { -1.0 } else { 1.0 };
    for (ours, theirs) in [
        (&paired["difference"], sign * within["difference"].as_f64().unwrap()),
        (&paired["p"], within["p"].as_f64().unwrap()),
    ] {
        assert!((ours.as_f64().unwrap() - theirs).abs() < 1e-12, "{paired} and {within}");
    }
    assert_eq!(paired["significant"], paired["p_corrected"].as_f64().unwrap() < 0.05);
    let text = place.run(&["report", "after", "--against", "before"]).exits(0).out;
    assert_says(
        &text,
        &[
            "SAMPLE",
            "new models: stratified-random",
            "gone models: majority",
            "same answers",
            "Holm",
        ],
    );
    let markdown = place
        .run(&["report", "after", "--against", "before", "--format", "md", "--out", "changes"])
        .exits(0)
        .out;
    assert_eq!(
        markdown.trim_end(),
        fs::read_to_string(place.path("changes/changes.md")).unwrap().trim_end()
    );
    assert_eq!(&place.json("changes/changes.json"), changes);
}

#[test]
fn against_pairs_by_id_where_only_some_examples_are_common() {
    let place = Place::new();
    let args = ["--models", "stratified-random", "--benchmarks", "emgsd", "--name"];
    place.sample(&[&args[..], &["all"]].concat()).exits(0);
    place.sample(&[&args[..], &["some", "--limit", "50"]].concat()).exits(0);
    let changes = &place.run(&["--json", "report", "all", "--against", "some"]).exits(0).lines()[0];
    let score = &changes["scores"][0];
    // The first fifty have the same answers in both runs, although the scores differ.
    assert_ne!(score["difference"], 0.0, "{score}");
    let paired = &score["tested"]["paired"];
    assert_eq!(
        (&paired["n"], &paired["difference"], &paired["p"]),
        (&50.into(), &0.0.into(), &1.0.into()),
        "{score}"
    );
    assert_says(&paired["notes"].to_string(), &["paired on the 50 examples that both runs have"]);
    // A summary alone has no answers to pair.
    fs::create_dir(place.path("published")).unwrap();
    fs::copy(place.path("runs/some/summary.json"), place.path("published/summary.json")).unwrap();
    let text = place.run(&["report", "all", "--against", "published"]).exits(0).out;
    assert_says(&text, &["not tested", "only its summary"]);
    let nothing = place.run(&["report", "all", "--against", "nowhere"]).exits(2);
    assert_says(&nothing.err, &["nowhere is neither a run nor a summary", "list runs"]);
}

#[test]
fn watch_shows_a_run_while_it_runs_and_when_it_was_killed() {
    let place = Place::new();
    place.slow("slow", 80);
    let args = [
        "run",
        "--data",
        "sample",
        "--models",
        "slow,majority",
        "--benchmarks",
        "emgsd",
        "--limit",
        "40",
        "--jobs",
        "1",
    ];
    let mut run = place.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let look = || -> Option<Value> {
        let ran = place.run(&["--json", "watch", "--once"]);
        (ran.code != Some(2)).then(|| ran.lines().remove(0))
    };
    let mut seen = Value::Null;
    wait_until("some answers are there", || {
        seen = look().unwrap_or_default();
        seen["cells"].as_array().is_some_and(|cells| {
            cells.iter().any(|c| c["state"] == "running" && c["answered"].as_u64() > Some(0))
        })
    });
    assert_eq!((&seen["total"], &seen["running"]), (&2.into(), &1.into()), "{seen}");
    let cell = seen["cells"].as_array().unwrap().iter().find(|c| c["model"] == "slow").unwrap();
    assert_eq!(
        (&cell["examples"], cell["answered"].as_u64().unwrap() % 4),
        (&40.into(), 0),
        "{cell}"
    );
    // Without a terminal: plain lines until the end.
    let watched = place.run(&["watch", "--every", "0.05"]).exits(0);
    assert!(!watched.out.contains('\x1b'), "{}", watched.out);
    assert_says(
        &watched.out,
        &["done    slow · emgsd · trained · seed 1 · 40 examples", "2 of 2 cells done, 0 failed"],
    );
    assert!(end_of(&mut run).success());
    let lines = place.run(&["watch", "--json"]).exits(0).lines();
    assert_eq!((lines.len(), &lines[0]["done"]), (1, &2.into()));

    // A run that was stopped: nobody works on it.
    let started = place
        .command(&[&args[..], &["--name", "killed"]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut killed = started.unwrap();
    let progress = || place.run(&["--json", "watch", "killed", "--once"]);
    wait_until("the second run answers", || {
        let ran = progress();
        ran.code == Some(1)
            && ran.lines()[0]["cells"].as_array().unwrap().iter().any(|c| {
                c["model"] == "slow" && c["state"] == "running" && c["answered"].as_u64() > Some(0)
            })
    });
    killed.kill().unwrap();
    end_of(&mut killed);
    wait_until("its cell is let go", || progress().exits(1).lines()[0]["stopped"] == 1);
    let text = place.run(&["watch", "killed", "--once"]).exits(1).out;
    assert_says(&text, &["0 running, 1 stopped", "stopped   slow"]);
    assert_says(
        &place.run(&["watch", "nowhere"]).exits(2).err,
        &["nowhere is not a run", "list runs"],
    );
}
