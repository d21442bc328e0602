//! Times a plugin's training and inference, called as a cell calls it: the same work as scripts/parity/bench_torch.py.
//!
//! `time_plugin step|infer|epoch|later-epoch|test PLUGIN WEIGHTS [--emgsd FOLDER] [--threads N] [--examples N] [--set JSON] [--again N]` prints
//! one line of JSON; `--set` overlays the plugin's `[config]`. `later-epoch` is the difference of a fit of 1 + N epochs and one of one, over N.
//! `step` is the difference of a fit of 15 steps and one of 3, over 12, without CALM's final clusters, which the peer does not have;
//! `epoch` has them. Every time holds tokenisation, which PyTorch's `step` and `infer` do not.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program")]

use std::path::PathBuf;
use std::time::Instant;

use harness::exec::events::Events;
use harness::plugin::{self, Columns, Host, Instance, Library, TaskInfo};
use serde_json::{Value, json};

const BATCH: usize = 32;
const LENGTH: usize = 64;

struct Args {
    mode: String,
    plugin: PathBuf,
    weights: PathBuf,
    emgsd: Option<PathBuf>,
    threads: usize,
    examples: usize,
    set: serde_json::Map<String, Value>,
    again: usize,
}

fn args() -> Args {
    let mut words = std::env::args().skip(1);
    let mut next = || {
        words.next().expect(
            "time_plugin step|infer|epoch|later-epoch|test PLUGIN WEIGHTS [--emgsd FOLDER] ...",
        )
    };
    let mut args = Args {
        mode: next(),
        plugin: next().into(),
        weights: next().into(),
        emgsd: None,
        threads: 2,
        examples: usize::MAX,
        set: serde_json::Map::new(),
        again: 10,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value");
        match word.as_str() {
            "--emgsd" => args.emgsd = Some(value().into()),
            "--threads" => args.threads = value().parse().unwrap(),
            "--examples" => args.examples = value().parse().unwrap(),
            "--set" => args.set = serde_json::from_str(&value()).unwrap(),
            "--again" => args.again = value().parse().unwrap(),
            other => panic!("unknown option {other}"),
        }
    }
    args
}

fn main() {
    let args = args();
    let library = plugin::load(&args.plugin).unwrap();
    println!("{}", measure(&library, &args));
}

/// A model with the settings of the peer: dropout as in the checkpoint, no validation.
fn create<'l>(
    library: &'l Library,
    args: &Args,
    epochs: usize,
    events: &'l Events,
) -> Instance<'l> {
    let mut config = json!({
        "folder": args.weights, "device": "cpu", "max_tokens": 256,
        "train": {"epochs": epochs, "batch": BATCH, "learning_rate": 2e-5, "backbone_rate": 2e-5, "patience": 0},
    });
    if args.mode == "step" && library.name() == "calm-plugin" {
        config["clusters"] = json!(false);
    }
    for (name, value) in &args.set {
        config[name] = value.clone();
    }
    let labels = vec!["no".to_owned(), "yes".to_owned()];
    let task = TaskInfo {
        name: "bench".into(),
        protocol: "trained".into(),
        labels,
        cultures: vec!["one".into()],
    };
    library.create(&config.to_string(), &task, Host::new(args.threads, 1, events)).unwrap()
}

fn fit(model: &mut Instance<'_>, texts: &[&str], labels: &[u32]) -> f64 {
    let ids: Vec<String> = (0..texts.len()).map(|i| i.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let cultures = vec![0; texts.len()];
    let start = Instant::now();
    let none = Columns { ids: &[], names: &[], texts: &[], cultures: &[] };
    model
        .fit((Columns { ids: &ids, names: &ids, texts, cultures: &cultures }, labels), (none, &[]))
        .unwrap();
    start.elapsed().as_secs_f64()
}

/// Seconds, and the share of right answers.
fn classify(model: &mut Instance<'_>, texts: &[&str], labels: &[u32], batch: usize) -> (f64, f64) {
    let (start, mut right, mut scores) = (Instant::now(), 0, Vec::new());
    for (texts, labels) in texts.chunks(batch).zip(labels.chunks(batch)) {
        let ids: Vec<String> = (0..texts.len()).map(|i| i.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let cultures = vec![0; texts.len()];
        model
            .classify(Columns { ids: &ids, names: &ids, texts, cultures: &cultures }, &mut scores)
            .unwrap();
        right += scores
            .chunks(2)
            .zip(labels)
            .filter(|(row, label)| u32::from(row[1] > row[0]) == **label)
            .count();
    }
    (start.elapsed().as_secs_f64(), right as f64 / texts.len().max(1) as f64)
}

/// `steps` batches of texts of 64 tokens each.
fn fixed(steps: usize) -> (Vec<String>, Vec<u32>) {
    let words = ["bread", "river", "guest", "stone", "music", "winter", "garden", "letter"];
    let text =
        |n: usize| (0..LENGTH - 2).map(|i| words[(n + i * 3) % 8]).collect::<Vec<_>>().join(" ");
    ((0..steps * BATCH).map(text).collect(), (0..steps * BATCH).map(|n| (n % 2) as u32).collect())
}

fn emgsd(args: &Args) -> (Vec<String>, Vec<u32>) {
    let folder = args.emgsd.as_ref().expect("epoch and test need --emgsd FOLDER");
    let (mut texts, mut labels) = (Vec::new(), Vec::new());
    if args.mode == "epoch" {
        let lines = fs_err::read_to_string(folder.join("train_binary.jsonl")).unwrap();
        for line in lines.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            texts.push(row["text"].as_str().unwrap().to_owned());
            labels.push(row["label"].as_u64().unwrap() as u32);
        }
        // As the peer takes a shuffled part: every k-th example.
        let step = texts.len().div_ceil(args.examples.min(texts.len())).max(1);
        texts = texts.into_iter().step_by(step).collect();
        labels = labels.into_iter().step_by(step).collect();
    } else {
        let mut reader = csv::Reader::from_path(folder.join("test.csv")).unwrap();
        let headers = reader.headers().unwrap().clone();
        let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
        let (text, category) = (column("text"), column("category"));
        for row in reader.records() {
            let row = row.unwrap();
            texts.push(row[text].to_owned());
            labels.push(u32::from(&row[category] == "stereotype"));
        }
    }
    texts.truncate(args.examples);
    labels.truncate(args.examples);
    (texts, labels)
}

fn measure(library: &Library, args: &Args) -> Value {
    let events = Events::none();
    let create = |epochs| create(library, args, epochs, &events);
    let mut result = json!({"peer": "culture-eval", "mode": args.mode, "model": library.name(), "threads": args.threads, "set": args.set});
    match args.mode.as_str() {
        "step" => {
            let seconds = |steps: usize| {
                let (texts, labels) = fixed(steps);
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                fit(&mut create(1), &texts, &labels)
            };
            let (few, many) = (seconds(3), seconds(15));
            result["step_ms"] = json!(1e3 * (many - few) / 12.0);
        }
        "infer" => {
            let (texts, labels) = fixed(1);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut model = create(1);
            fit(&mut model, &texts[..1], &labels[..1]); // a head must be there; one text of it
            let mut times: Vec<f64> =
                (0..15).map(|_| classify(&mut model, &texts, &labels, BATCH).0).skip(3).collect();
            times.sort_by(f64::total_cmp);
            result["median_step_ms"] = json!(1e3 * times[times.len() / 2]);
        }
        "epoch" => {
            let (texts, labels) = emgsd(args);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            result["seconds"] = json!(fit(&mut create(1), &texts, &labels));
            result["examples"] = json!(texts.len());
        }
        "later-epoch" => {
            let (texts, labels) = emgsd(args);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let first = fit(&mut create(1), &texts, &labels);
            let all = fit(&mut create(1 + args.again), &texts, &labels);
            result["first_seconds"] = json!(first);
            result["seconds"] = json!((all - first) / args.again as f64);
            result["examples"] = json!(texts.len());
        }
        "test" => {
            let (texts, labels) = emgsd(args);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut model = create(1);
            fit(&mut model, &texts[..1], &labels[..1]);
            let (seconds, accuracy) = classify(&mut model, &texts, &labels, 512);
            result["seconds"] = json!(seconds);
            result["examples"] = json!(texts.len());
            result["accuracy"] = json!(accuracy);
        }
        other => panic!("mode {other}: step, infer, epoch, later-epoch or test"),
    }
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|kib| kib.trim().trim_end_matches(" kB").parse::<f64>().ok());
    result["peak_rss_mib"] = json!(peak.map(|kib| kib / 1024.0));
    result
}
