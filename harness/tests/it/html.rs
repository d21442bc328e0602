//! Pages of real runs: every number is one of the JSON, the same run makes the same bytes, the server tells who may ask.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, assert_says, end_of};

const MODELS: [&str; 2] = ["--models", "majority,stratified-random,hashed-ngrams"];

/// A page taken apart.
pub(super) struct Page(String);

impl Page {
    pub(super) fn read(place: &Place, path: &str) -> Self {
        Self(fs::read_to_string(place.path(path)).unwrap())
    }

    fn block(&self, id: &str) -> &str {
        let text =
            self.0.split(&format!(" id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("no {id}"));
        text.split("</script>").next().unwrap()
    }

    pub(super) fn first(&self) -> Value {
        serde_json::from_str(self.block("first")).unwrap()
    }

    fn part(&self, id: &str) -> Value {
        use base64::Engine as _;
        let packed = base64::engine::general_purpose::STANDARD
            .decode(self.block(&format!("part-{id}")))
            .unwrap();
        serde_json::from_reader(flate2::read::DeflateDecoder::new(&*packed)).unwrap()
    }

    /// Without seconds and memory, which no two runs share.
    fn without_times(&self) -> String {
        self.0.replace(self.block("part-times"), "")
    }
}

/// Formatted here once more, so that the page is not checked with its own hands.
fn percent(value: &Value) -> String {
    format!("{:.1}", value.as_f64().unwrap() * 100.0)
}

fn points(value: &Value) -> String {
    format!("{:+.1}", value.as_f64().unwrap() * 100.0)
}

fn p_value(value: &Value) -> String {
    let p = value.as_f64().unwrap();
    if p < 0.001 { "< .001".into() } else { format!("{p:.3}").trim_start_matches('0').to_owned() }
}

#[test]
fn every_number_on_the_page_is_one_of_the_json() {
    let place = Place::new();
    place.sample(&[&MODELS[..], &["--seeds", "1,2"]].concat()).exits(0);
    let page = Page::read(&place, "runs/default/leaderboard.html");
    let (first, summary) = (page.first(), place.summary("default"));
    let comparison = place.run(&["compare", "--format", "json"]).exits(0).lines().remove(0);

    let cells = summary["cells"].as_array().unwrap();
    assert_eq!(first["cells"].as_array().unwrap().len(), cells.len());
    for (shown, cell) in first["cells"].as_array().unwrap().iter().zip(cells) {
        assert_eq!((&shown["model"], &shown["benchmark"]), (&cell["model"], &cell["benchmark"]));
        let score = &cell["outcome"]["score"];
        for name in ["value", "low", "high"] {
            assert_eq!(shown["score"][name], percent(&score[name]), "{cell}");
        }
        for name in ["n", "answered", "unparsable", "missing", "clusters"] {
            assert_eq!(shown["score"][name], score[name], "{cell}");
        }
    }
    let mut rows = 0;
    for (place, benchmark) in summary["benchmarks"].as_array().unwrap().iter().enumerate() {
        let part = page.part(&format!("scores-{place}"));
        let of = summary["scores"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|d| d["benchmark"] == benchmark["name"]);
        let shown = part.as_array().unwrap();
        for (row, detail) in shown.iter().zip(of) {
            assert_eq!(row["model"], detail["model"]);
            assert_eq!(row["metric"], detail["score"]["metric"]);
            let metric = detail["score"]["metric"].as_str().unwrap();
            for (shown, name) in [("score", "value"), ("low", "low"), ("high", "high")] {
                let value = &detail["score"][name];
                let expected = match metric {
                    // Distances from votes are no shares.
                    "brier" | "jsd" | "cross-entropy" => format!("{:.3}", value.as_f64().unwrap()),
                    _ => percent(value),
                };
                assert_eq!(row[shown], expected, "{metric}");
            }
            assert_eq!(row["n"], detail["score"]["n"]);
        }
        rows += shown.len();
    }
    assert_eq!(rows, summary["scores"].as_array().unwrap().len(), "no score is left out");

    let outcomes = comparison["benchmarks"].as_array().unwrap();
    assert_eq!(first["comparison"]["outcomes"].as_array().unwrap().len(), outcomes.len());
    assert!(outcomes.len() > 8, "{}", outcomes.len());
    for (place, outcome) in outcomes.iter().enumerate() {
        let part = page.part(&format!("pairs-{place}"));
        let pairs = outcome["pairs"].as_array().unwrap();
        assert_eq!(part["pairs"].as_array().unwrap().len(), pairs.len());
        for (shown, pair) in part["pairs"].as_array().unwrap().iter().zip(pairs) {
            assert_eq!(shown["corrected"], p_value(&pair["p_corrected"]), "{pair}");
            assert_eq!(
                shown["difference"]["forward"]["difference"],
                points(&pair["difference"]),
                "{pair}"
            );
            if pair["interval"].is_object() {
                let ends = &shown["difference"]["forward"]["interval"];
                assert_eq!(ends["low"], points(&pair["interval"]["low"]));
                assert_eq!(ends["high"], points(&pair["interval"]["high"]));
            }
        }
        for (shown, model) in
            part["models"].as_array().unwrap().iter().zip(outcome["models"].as_array().unwrap())
        {
            assert_eq!(
                (&shown["letters"], &shown["value"]),
                (&model["letters"], &percent(&model["value"]).into())
            );
        }
    }
    // The sentence and the test agree.
    for lead in first["leads"].as_array().unwrap() {
        if lead["level"] == "untested" {
            assert_eq!(
                lead["ranking"].as_array().unwrap().len(),
                1,
                "nothing to compare with: {lead}"
            );
            continue;
        }
        let outcome = outcomes
            .iter()
            .find(|o| o["benchmark"] == lead["benchmark"] && o["protocol"] == lead["protocol"])
            .unwrap();
        let best = &outcome["models"][0]["model"];
        let beaten = |p: &&Value| match p["verdict"].as_str().unwrap() {
            "a-better" => p["a"] == *best,
            "b-better" => p["b"] == *best,
            _ => false,
        };
        let of_best: Vec<&Value> = outcome["pairs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["a"] == *best || p["b"] == *best)
            .collect();
        let significant = of_best.iter().all(beaten);
        assert_eq!(lead["level"], if significant { "significant" } else { "open" }, "{lead}");
        assert!(lead["sentence"].as_str().unwrap().contains(best.as_str().unwrap()), "{lead}");
    }
    // Counts of the confusions are the answers.
    let models = page.part("models");
    let answered = &models["majority"]["answered"][0];
    let sum: u64 = answered["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|r| r.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    let set = &first["examples"]["sets"][answered["set"].as_u64().unwrap() as usize];
    assert_eq!(sum, 2 * set["n"].as_u64().unwrap(), "both seeds of every example");
    let run = page.part("run");
    assert!(
        run["cells"]
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["key"].is_string() && c["reason"].is_null()),
        "all are done"
    );
    assert!(
        !page.0.contains(&*place.path("").to_string_lossy()),
        "no path of this machine is told"
    );
}

#[test]
fn the_same_run_makes_the_same_page_and_another_folder_too() {
    let places = [Place::new(), Place::new()];
    let args = [&MODELS[..], &["--benchmarks", "crehate"]].concat();
    for place in &places {
        place.sample(&args).exits(0);
    }
    let pages = places.each_ref().map(|p| Page::read(p, "runs/default/leaderboard.html"));
    assert!(pages[0].without_times() == pages[1].without_times(), "two runs make two pages");
    let place = &places[0];
    let again = place.run(&["report", "--format", "html"]).exits(0);
    assert!(again.out == pages[0].0, "a second report makes another page");
    place.run(&["report", "--out", "elsewhere"]).exits(0);
    assert!(Page::read(place, "elsewhere/leaderboard.html").0 == pages[0].0);

    // What is remembered may be deleted.
    fs::remove_dir_all(place.path("runs/default/scores")).unwrap();
    assert!(place.run(&["report", "--format", "html"]).exits(0).out == pages[0].0);

    place.run(&["report", "--format", "html-folder", "--out", "site"]).exits(0);
    let index = fs::read_to_string(place.path("site/pages/index.html")).unwrap();
    assert!(index.len() < pages[0].0.len() && place.path("site/pages/parts/texts-0.js").is_file());

    place.write("look/extra.css", ":root { --accent: teal }");
    let logo = place.write("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    let own = place
        .run(&["report", "--format", "html", "--template", "look", "--logo", "logo.svg"])
        .exits(0)
        .out;
    assert_says(&own, &["--accent: teal", "data:image&#x2f;svg+xml;base64,"]);
    fs::rename(&logo, place.path("logo.exe")).unwrap();
    assert_says(&place.run(&["report", "--logo", "logo.exe"]).exits(2).err, &["not a picture"]);
    assert_says(&place.run(&["report", "--template", "runs"]).exits(2).err, &["holds no template"]);
}

#[test]
fn examples_that_are_not_here_are_told_and_the_rest_stands() {
    let place = Place::new();
    place.sample(&[&MODELS[..], &["--benchmarks", "emgsd"]].concat()).exits(0);
    fs::remove_dir_all(place.path("cache")).unwrap();
    place.run(&["report"]).exits(0);
    let page = Page::read(&place, "runs/default/leaderboard.html");
    let first = page.first();
    assert_eq!(first["examples"]["sets"], serde_json::json!([]));
    assert_says(
        first["examples"]["without"][0]["why"].as_str().unwrap(),
        &["gold labels of `emgsd`", "run the suite again"],
    );
    assert_eq!(first["cells"].as_array().unwrap().len(), 3);
    assert!(first["leads"][0]["level"] != "untested", "the comparison is remembered");
}

#[test]
fn what_was_explained_is_on_the_page() {
    let place = Place::new();
    place.sample(&["--models", "majority,hashed-ngrams", "--benchmarks", "emgsd"]).exits(0);
    let line = |culture: &str, gate: [f64; 2]| {
        serde_json::json!({"id": "e1", "text": "a text", "culture": culture, "gold": "yes",
            "explanation": {"gate": gate, "experts": ["west", "east"], "clusters": [1, 2], "places": [[0.5, 1.0], [2.0, 3.0]], "alpha": 0.25}}).to_string()
    };
    let lines =
        [line("x", [0.25, 0.75]), line("x", [0.75, 0.25]), line("y", [1.0, 0.0])].join("\n");
    place.write("runs/default/explain/calm.emgsd.jsonl", lines);
    place.run(&["report"]).exits(0);
    let page = Page::read(&place, "runs/default/leaderboard.html");
    let explained = page.part("explained");
    assert_eq!(
        explained[0]["gates"],
        serde_json::json!([
            {"culture": "x", "n": 2, "means": ["50.0", "50.0"]},
            {"culture": "y", "n": 1, "means": ["100.0", "0.0"]},
        ])
    );
    assert_eq!(
        explained[0]["clusters"]["latent"],
        serde_json::json!([
            {"culture": "x", "cluster": 2, "n": 2},
            {"culture": "y", "cluster": 2, "n": 1},
        ])
    );
    assert!(explained[0]["maps"]["latent"].as_str().unwrap().starts_with("<svg"));
    let logs = fs::read_dir(place.path("runs/default/cells")).unwrap();
    let logs: Vec<_> = logs.map(|e| e.unwrap().path().join("log.txt")).collect();
    let log = logs.iter().find(|l| l.to_string_lossy().contains("/majority.")).unwrap();
    let mut log = fs::OpenOptions::new().append(true).create(true).open(log).unwrap();
    log.write_all(b"metric loss 10 0.75\nmetric loss 20 0.5\nmetric other 1 1\n").unwrap();
    place.run(&["report", "--format", "svg", "--out", "paper"]).exits(0);
    let page = Page::read(&place, "runs/default/leaderboard.html");
    let training = page.part("training");
    assert!(training[0]["drawing"].to_string().contains("majority"), "{training} {log:?}");
    let figures = fs::read_dir(place.path("paper/figures")).unwrap();
    let figures: Vec<_> = figures.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for start in ["gate-", "clusters-latent-", "training-loss-", "calibration-"] {
        assert!(figures.iter().any(|f| f.starts_with(start)), "no {start}* in {figures:?}");
    }
    place.write("runs/default/explain/broken.jsonl", "{");
    assert_says(&place.run(&["report"]).exits(2).err, &["broken.jsonl, line 1 is not JSON"]);
}

/// A server that ends with its test.
struct Served(Child, String);

impl Served {
    fn start(place: &Place) -> Self {
        let mut child = place
            .command(&["serve", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        Self(child, address)
    }

    fn ask(&self, head: &str) -> String {
        let mut stream = self.open(head);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn open(&self, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_mins(1))).unwrap();
        let head = head.replace("HOST", &self.1).replace('\n', "\r\n");
        write!(stream, "{head}\r\n\r\n").unwrap();
        stream
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_server_shows_the_page_to_this_machine_only_and_tells_progress() {
    let place = Place::new();
    place.sample(&[&MODELS[..], &["--benchmarks", "emgsd"]].concat()).exits(0);
    let served = Served::start(&place);
    assert!(served.1.starts_with("127.0.0.1:"), "{}", served.1);
    let page = served.ask("GET / HTTP/1.1\nHost: HOST");
    assert_says(
        &page,
        &[
            "HTTP/1.1 200 OK",
            "X-Frame-Options: DENY",
            "connect-src &#x27;self&#x27;",
            "id=\"first\"",
        ],
    );
    assert_says(&served.ask("GET / HTTP/1.1\nHost: evil.example"), &["421 Misdirected"]);
    assert_says(&served.ask("POST / HTTP/1.1\nHost: HOST"), &["405 Method", "read-only"]);
    assert_says(&served.ask("GET /summary.json HTTP/1.1\nHost: HOST"), &["404"]);

    let next = |lines: &mut std::io::Lines<BufReader<TcpStream>>| -> Value {
        let line =
            lines.map(Result::unwrap).find_map(|l| l.strip_prefix("data: ").map(str::to_owned));
        serde_json::from_str(&line.unwrap()).unwrap()
    };
    let mut lines = BufReader::new(served.open("GET /events HTTP/1.1\nHost: HOST")).lines();
    let progress = next(&mut lines);
    assert_eq!((&progress["done"], &progress["total"]), (&3.into(), &3.into()));
    // A cell is taken away: the page is rebuilt.
    let stamp = progress["stamp"].clone();
    fs::remove_file(place.cell("default", "majority").join("record.json")).unwrap();
    let mut progress = next(&mut lines);
    assert_eq!(progress["done"], 2);
    while progress["stamp"] == stamp {
        progress = next(&mut lines);
    }
    assert_says(&served.ask("GET / HTTP/1.1\nHost: HOST"), &["not finished"]);
    let before: Vec<_> = super::program::files_below(&place.path("runs/default"));
    served.ask("GET / HTTP/1.1\nHost: HOST");
    assert_eq!(super::program::files_below(&place.path("runs/default")), before);
    let mut other = place.command(&["serve", "nothing"]).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(end_of(&mut other).code(), Some(2));
}
