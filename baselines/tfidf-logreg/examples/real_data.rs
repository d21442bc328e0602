//! Fits tfidf-logreg on real EMGSD and CREHate and prints its scores: `cargo run --release -p tfidf-logreg --example real_data --
//! FOLDER [CONFIG-JSON] [THREADS] [ONLY] [SHARE]`. FOLDER holds `emgsd/{train_binary.jsonl,test.csv}` and
//! `crehate/finetune/data_splits/CREHate_{train,valid,test}.csv`. Choices are made on the `valid` rows; `test` is for the last look.
//! SHARE (0 to 1) of train is learned from: a learning curve shows whether more data, as `refit` adds, would help.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use plugin_api::{Batch, Dataset, Host, Plugin, Scores, Task};
use tfidf_logreg::TfidfLogreg;

/// Columns of one part.
#[derive(Default, Clone)]
struct Part {
    ids: Vec<String>,
    texts: Vec<String>,
    cultures: Vec<u32>,
    labels: Vec<u32>,
}

impl Part {
    fn push(&mut self, id: String, text: String, culture: u32, label: u32) {
        self.ids.push(id);
        self.texts.push(text);
        self.cultures.push(culture);
        self.labels.push(label);
    }

    fn batch(&self) -> Batch<'_> {
        Batch {
            ids: self.ids.iter().map(String::as_str).collect(),
            texts: self.texts.iter().map(String::as_str).collect(),
            cultures: &self.cultures,
        }
    }

    /// Keeps the first rows (all examples of a post are together).
    fn keep(&mut self, share: f64) {
        let n = (self.ids.len() as f64 * share) as usize;
        self.ids.truncate(n);
        self.texts.truncate(n);
        self.cultures.truncate(n);
        self.labels.truncate(n);
    }

    fn data(&self) -> Dataset<'_> {
        Dataset { examples: self.batch(), labels: &self.labels }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rest @ ..] = &arguments[..] else {
        eprintln!("usage: real_data FOLDER [CONFIG-JSON] [THREADS] [ONLY] [SHARE]");
        return Ok(());
    };
    let config = rest.first().map_or("{}", String::as_str);
    let threads = rest.get(1).map_or(Ok(1), |n| n.parse())?;
    let folder = Path::new(folder);
    let no_refit = without_refit(config)?;
    let share: f64 = rest.get(3).map_or(Ok(1.0), |share| share.parse())?;
    let only = rest.get(2).map_or("", String::as_str);
    // The `valid` rows come from a model fitted on train alone, whatever `refit` says.
    for (name, (task, mut parts)) in [("CREHate", crehate(folder)?), ("EMGSD", emgsd(folder)?)] {
        parts[0].keep(share);
        for (part, config, on) in [("valid", &no_refit[..], &parts[1]), ("test", config, &parts[2])]
        {
            let title = format!("{name} {part}");
            if title.contains(only) {
                evaluate(&title, config, &task, &parts, on, threads)?;
            }
        }
    }
    Ok(())
}

fn without_refit(config: &str) -> Result<String, Box<dyn Error>> {
    let mut config: serde_json::Value = serde_json::from_str(config)?;
    config["refit"] = false.into();
    Ok(config.to_string())
}

/// One example per post and country; the model reads `[US] post`.
fn crehate(folder: &Path) -> Result<(Task, [Part; 3]), Box<dyn Error>> {
    let countries = [
        ("US", "United_States_Hate"),
        ("AU", "Australia_Hate"),
        ("GB", "United_Kingdom_Hate"),
        ("ZA", "South_Africa_Hate"),
        ("SG", "Singapore_Hate"),
    ];
    let read = |part: &str| -> Result<Part, Box<dyn Error>> {
        let path = folder.join(format!("crehate/finetune/data_splits/CREHate_{part}.csv"));
        let mut columns = Part::default();
        for row in csv::Reader::from_path(path)?.deserialize() {
            let row: BTreeMap<String, String> = row?;
            for (culture, (country, column)) in (0..).zip(countries) {
                let text = format!("[{country}] {}", row["Text"]);
                let id = format!("{}/{country}", row["ID"]);
                columns.push(id, text, culture, u32::from(row[column] == "1.0"));
            }
        }
        Ok(columns)
    };
    let cultures: Vec<&str> = countries.iter().map(|(country, _)| *country).collect();
    let task = task("crehate", &["non-hate", "hate"], &cultures);
    Ok((task, [read("train")?, read("valid")?, read("test")?]))
}

/// Binary: stereotype or not. A fifth of train, by row number, is valid.
fn emgsd(folder: &Path) -> Result<(Task, [Part; 3]), Box<dyn Error>> {
    let (mut train, mut valid, mut test) = (Part::default(), Part::default(), Part::default());
    for (row, line) in
        fs_err::read_to_string(folder.join("emgsd/train_binary.jsonl"))?.lines().enumerate()
    {
        let line: serde_json::Value = serde_json::from_str(line)?;
        let text = line["text"].as_str().ok_or("no text")?.to_owned();
        let label = line["label"].as_u64().ok_or("no label")? as u32;
        let part = if row % 5 == 4 { &mut valid } else { &mut train };
        part.push(format!("train-{row}"), text, 0, label);
    }
    for (row, record) in
        csv::Reader::from_path(folder.join("emgsd/test.csv"))?.deserialize().enumerate()
    {
        let record: BTreeMap<String, String> = record?;
        let label = u32::from(record["category"] == "stereotype");
        test.push(format!("test-{row}"), record["text"].clone(), 0, label);
    }
    Ok((task("emgsd", &["other", "stereotype"], &["all"]), [train, valid, test]))
}

fn task(name: &str, labels: &[&str], cultures: &[&str]) -> Task {
    let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
    Task {
        name: name.into(),
        protocol: "real-data".into(),
        labels: names(labels),
        cultures: names(cultures),
    }
}

/// Fits on the first part with the second as valid; prints macro-F1 and the mean over cultures of accuracy on `on`.
fn evaluate(
    title: &str,
    config: &str,
    task: &Task,
    [train, valid, _]: &[Part; 3],
    on: &Part,
    threads: usize,
) -> Result<(), Box<dyn Error>> {
    let host = Host::silent(threads, 0);
    let mut model = TfidfLogreg::create(config, task, &host)?;
    let start = Instant::now();
    model.fit(&train.data(), &valid.data(), &host)?;
    let seconds = start.elapsed().as_secs_f64();

    let n = on.labels.len();
    let (mut values, mut answered) = (vec![0.0; n * 2], vec![1; n]);
    let start = Instant::now();
    model.classify(&on.batch(), &mut Scores::over(&mut values, &mut answered, 2), &host)?;
    let each = start.elapsed().as_secs_f64() * 1e6 / n as f64;

    let answers: Vec<u32> = values.chunks(2).map(|p| u32::from(p[1] > p[0])).collect();
    let f1 = |label| {
        let both = |(&a, &b): (&u32, &u32)| usize::from(a == label) + usize::from(b == label);
        let right =
            answers.iter().zip(&on.labels).filter(|&(&a, &b)| a == label && b == label).count();
        200.0 * right as f64 / answers.iter().zip(&on.labels).map(both).sum::<usize>() as f64
    };
    let cultures = 0..task.cultures.len() as u32;
    let accuracies = cultures.map(|culture| {
        let rows = (0..n).filter(|&i| on.cultures[i] == culture);
        let right = rows.clone().filter(|&i| answers[i] == on.labels[i]).count();
        100.0 * right as f64 / rows.count() as f64
    });
    let accuracies: Vec<f64> = accuracies.collect();
    println!(
        "{title:14} n {n:6}  macro-F1 {:.2}  mean accuracy {:.2}  {accuracies:.2?}  c {}  fit {seconds:.1} s  classify {each:.0} us an example",
        f64::midpoint(f1(0), f1(1)),
        accuracies.iter().sum::<f64>() / accuracies.len() as f64,
        model.chosen_c().unwrap_or(f64::NAN),
    );
    Ok(())
}
