//! The dose-response experiment: real CREHate posts, an interaction of culture and post that is 1, 3 or 10 times as strong as in
//! CREHate and drawn by a seed, and models that should see it. `README.md` beside this crate says how it is run and read.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod bench;
mod control;
mod data;
mod figures;
mod held_out;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use backbone::train::stream;
use calm_plugin::CalmPlugin;
use calm_plugin::aware::settings::Settings;
use calm_plugin::aware::{Net, Parts};
use plugin_api::{Batch, Dataset, Error, Host, Plugin as _, Scores, Task};
use rand::seq::SliceRandom as _;
use serde_json::json;
use tch::Device;

use bench::{Bench, FOLDS, number, one, option, settings};
use control::Control;
use data::{CULTURES, Dose, Posts};
use figures::{Answers, NAMES, Post, interval, posts};

/// Tags in the text, for the first design.
const TAGS: [&str; CULTURES] = ["US", "AU", "GB", "ZA", "SG"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("run") => run(&arguments[1..]),
        Some("held-out") => {
            Bench::open(&arguments[1..]).and_then(|bench| held_out::run(&bench, &arguments[1..]))
        }
        Some("report") => report(&arguments[1..]),
        _ => Err(Error::config(
            "say `run`, `held-out` or `report`; README.md beside this crate has the options",
        )),
    };
    if let Err(error) = outcome {
        eprintln!("calm-dose: {error}");
        std::process::exit(1);
    }
}

fn run(arguments: &[String]) -> Result<(), Error> {
    let out = PathBuf::from(one(arguments, "out")?);
    let bench = Bench::open(arguments)?;
    let name = option(arguments, "name", "").into_iter().next();
    for dose in option(arguments, "doses", "10") {
        let strength = if dose == "real" { Dose::Real } else { Dose::Times(number(&dose)? as f64) };
        for seed in option(arguments, "seeds", "1") {
            let seed = number(&seed)?;
            for model in option(arguments, "models", "intercept,control,self-aware") {
                let answers = bench.answers(
                    &dose,
                    strength,
                    &model,
                    name.as_deref().unwrap_or(&model),
                    seed,
                )?;
                let line = serde_json::to_string(&answers).map_err(Error::internal)?;
                let mut file = fs_err::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&out)
                    .map_err(Error::load)?;
                writeln!(file, "{line}").map_err(Error::load)?;
                let own = posts_of(&answers);
                let row: Vec<String> = NAMES
                    .iter()
                    .enumerate()
                    .map(|(place, name)| {
                        format!("{name} {:.4}", figures::figure(own.iter(), place))
                    })
                    .collect();
                println!(
                    "x{dose} seed {seed} {}: {} tau {:?} {:.0} s",
                    answers.model,
                    row.join(" "),
                    answers.tau,
                    answers.seconds
                );
            }
        }
    }
    Ok(())
}

fn posts_of(answers: &Answers) -> Vec<Post> {
    posts(&answers.scores, &answers.labels)
}

/// Processor seconds of this process.
fn processor() -> f64 {
    let text = fs_err::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = text.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> =
        rest.split_whitespace().skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    ticks.iter().sum::<f64>() / 100.0
}

impl Bench {
    /// Trains a model on each fold and answers for what it has not seen.
    fn answers(
        &self,
        dose: &str,
        strength: Dose,
        model: &str,
        name: &str,
        seed: u64,
    ) -> Result<Answers, Error> {
        let labels = self.posts.labels(strength, seed);
        let mut order: Vec<usize> = (0..self.posts.texts.len()).collect();
        order.shuffle(&mut stream(seed, "folds", 0));
        let folds: Vec<&[usize]> = order.chunks(order.len().div_ceil(FOLDS)).collect();
        let (start, clock) = (processor(), Instant::now());
        let mut cells: BTreeMap<usize, [Vec<f64>; 2]> = BTreeMap::new();
        let mut tau = Vec::new();
        for (fold, test) in
            folds.iter().enumerate().filter(|(fold, _)| self.fold.is_none_or(|own| own == *fold))
        {
            let rest: Vec<usize> = folds
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != fold)
                .flat_map(|(_, own)| own.iter().copied())
                .collect();
            let (valid, train) = rest.split_at(rest.len() / 6);
            let (parts, own) =
                self.fold(model, [train, valid, test], &labels, seed * 10 + fold as u64)?;
            tau.push(own);
            for (row, post) in test.iter().enumerate() {
                let score = |dev: &[f32]| -> Vec<f64> {
                    (0..CULTURES)
                        .map(|culture| {
                            let at = (row * CULTURES + culture) * 2;
                            let odds = |x: &[f32]| f64::from(x[at + 1]) - f64::from(x[at]);
                            odds(&parts.shared) + own * odds(dev)
                        })
                        .collect()
                };
                cells.insert(*post, [score(&parts.deviations), score(&parts.first)]);
            }
        }
        let _ = clock;
        let label = |post: &usize| &labels[post * CULTURES..][..CULTURES];
        Ok(Answers {
            dose: dose.to_owned(),
            model: name.to_owned(),
            seed,
            tau,
            labels: cells.keys().flat_map(label).copied().collect(),
            scores: cells.values().flat_map(|[last, _]| last).copied().collect(),
            first: cells.values().flat_map(|[_, first]| first).copied().collect(),
            seconds: processor() - start,
        })
    }

    /// One fold: parts of the answers to the test posts, and tau.
    fn fold(
        &self,
        model: &str,
        [train, valid, test]: [&[usize]; 3],
        labels: &[i64],
        seed: u64,
    ) -> Result<(Parts, f64), Error> {
        let host = Host::silent(1, seed);
        if let Some(preset) = model.strip_prefix("first:") {
            return Ok((self.first(preset, [train, valid, test], labels, &host)?, 1.0));
        }
        let control = matches!(model, "intercept" | "control");
        let settings =
            settings(if control { "self-aware" } else { model }, &self.change, &self.folder)?;
        if control {
            let parameters = if model == "control" { self.parameters(&settings)? } else { 0 };
            let mut own = Control::new(
                &self.pooled,
                [train, valid],
                labels,
                CULTURES,
                &settings,
                parameters,
                seed,
            );
            own.fit(&settings.train, &host)?;
            return Ok((own.parts(test)?, own.tau()));
        }
        let net = Net::new(&settings, &self.checkpoint, [CULTURES, 2], Device::Cpu, seed)?;
        net.fit(&self.prepared, [train, valid], labels, &host)?;
        Ok((net.parts(&self.prepared, test)?, net.tau()))
    }

    /// Parameters that the second design trains.
    fn parameters(&self, settings: &Settings) -> Result<i64, Error> {
        let net = Net::new(settings, &self.checkpoint, [CULTURES, 2], Device::Cpu, 1)?;
        Ok(net
            .store
            .variables()
            .values()
            .filter(|t| t.requires_grad())
            .map(|t| t.numel() as i64)
            .sum())
    }

    /// The first design: the culture is a tag in the text.
    fn first(
        &self,
        preset: &str,
        parts: [&[usize]; 3],
        labels: &[i64],
        host: &Host,
    ) -> Result<Parts, Error> {
        let mut fields = json!({
            "preset": preset, "tune": {"kind": "frozen"}, "rounds": 0, "rounds_at_inference": 0, "device": "cpu", "folder": self.folder,
            "train": {"epochs": 6, "batch": 32, "learning_rate": 1e-3, "patience": 0},
        });
        for (name, value) in self.change.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        let task = Task {
            name: "dose".to_owned(),
            protocol: "finetuned".to_owned(),
            labels: vec!["no".to_owned(), "yes".to_owned()],
            cultures: TAGS.map(str::to_owned).to_vec(),
        };
        let rows = parts.map(|places| Rows::new(&self.posts, places, labels));
        let mut model = CalmPlugin::create(&fields.to_string(), &task, host)?;
        model.fit(&rows[0].data(), &rows[1].data(), host)?;
        let n = rows[2].texts.len();
        let (mut values, mut answered) = (vec![0f32; n * 2], vec![1u8; n]);
        model.classify(
            &rows[2].data().examples,
            &mut Scores::over(&mut values, &mut answered, 2),
            host,
        )?;
        let shared: Vec<f32> = values.iter().map(|p| p.max(1e-9).ln()).collect();
        let nothing = vec![0.0; shared.len()];
        Ok(Parts { shared, first: nothing.clone(), deviations: nothing })
    }
}

/// Posts with a tag, one row a culture.
struct Rows {
    ids: Vec<String>,
    texts: Vec<String>,
    cultures: Vec<u32>,
    labels: Vec<u32>,
}

impl Rows {
    fn new(posts: &Posts, places: &[usize], labels: &[i64]) -> Self {
        let cells =
            || places.iter().flat_map(|post| (0..CULTURES).map(move |culture| (*post, culture)));
        Self {
            ids: cells().map(|(post, culture)| format!("{post}/{culture}")).collect(),
            texts: cells()
                .map(|(post, culture)| format!("[{}] {}", TAGS[culture], posts.texts[post]))
                .collect(),
            cultures: cells().map(|(_, culture)| culture as u32).collect(),
            labels: cells()
                .map(|(post, culture)| labels[post * CULTURES + culture] as u32)
                .collect(),
        }
    }

    fn data(&self) -> Dataset<'_> {
        let examples = Batch {
            ids: self.ids.iter().map(String::as_str).collect(),
            texts: self.texts.iter().map(String::as_str).collect(),
            cultures: &self.cultures,
        };
        Dataset { examples, labels: &self.labels }
    }
}

/// Means over seeds with intervals, and the differences from `--against`.
fn report(arguments: &[String]) -> Result<(), Error> {
    let against = option(arguments, "against", "control").into_iter().next().unwrap_or_default();
    let level: f64 = option(arguments, "level", "0.95")[0]
        .parse()
        .map_err(|_| Error::config("--level is a share"))?;
    let mut all: BTreeMap<(String, String), BTreeMap<u64, Answers>> = BTreeMap::new();
    for path in option(arguments, "out", "") {
        let text = fs_err::read_to_string(path).map_err(Error::load)?;
        for line in text.lines() {
            let own: Answers = serde_json::from_str(line).map_err(Error::load)?;
            all.entry((own.dose.clone(), own.model.clone())).or_default().insert(own.seed, own);
        }
    }
    let of = |own: &BTreeMap<u64, Answers>, seeds: &[u64]| -> Vec<Vec<Post>> {
        seeds.iter().filter_map(|seed| own.get(seed)).map(posts_of).collect()
    };
    println!("| dose | model | seeds | {} | tau | processor s |", NAMES.join(" | "));
    println!("|---|---|---:|{}---:|---:|", "---:|".repeat(NAMES.len()));
    let show = |[value, low, high]: [f64; 3]| format!("{value:.4} [{low:.4}, {high:.4}]");
    for ((dose, model), own) in &all {
        let seeds: Vec<u64> = own.keys().copied().collect();
        let rows = of(own, &seeds);
        let cells: Vec<String> =
            (0..NAMES.len()).map(|place| show(interval(&rows, None, place, level))).collect();
        let tau: Vec<f64> = own.values().flat_map(|a| a.tau.iter().copied()).collect();
        let seconds: f64 = own.values().map(|a| a.seconds).sum::<f64>() / seeds.len() as f64;
        let tau = tau.iter().sum::<f64>() / tau.len() as f64;
        println!(
            "| {dose} | {model} | {} | {} | {tau:.2} | {seconds:.0} |",
            seeds.len(),
            cells.join(" | ")
        );
    }
    println!("\n| dose | model less {against} | seeds | {} |", NAMES[..4].join(" | "));
    println!("|---|---|---:|{}", "---:|".repeat(4));
    for ((dose, model), own) in &all {
        let Some(other) = all.get(&(dose.clone(), against.clone())).filter(|_| *model != against)
        else {
            continue;
        };
        let seeds: Vec<u64> = own.keys().filter(|seed| other.contains_key(seed)).copied().collect();
        let (rows, others) = (of(own, &seeds), of(other, &seeds));
        if rows.is_empty() || rows[0].len() != others[0].len() {
            continue;
        }
        let cells: Vec<String> =
            (0..4).map(|place| show(interval(&rows, Some(&others), place, level))).collect();
        println!("| {dose} | {model} | {} | {} |", seeds.len(), cells.join(" | "));
    }
    rounds(&all);
    Ok(())
}

/// What rounds changed: cells put right and put wrong, by dose and model.
fn rounds(all: &BTreeMap<(String, String), BTreeMap<u64, Answers>>) {
    for ((dose, model), own) in all {
        let (mut gained, mut lost, mut cells) = (0, 0, 0);
        for answers in own.values() {
            for ((last, first), label) in
                answers.scores.iter().zip(&answers.first).zip(&answers.labels)
            {
                let right = |score: f64| (score > 0.0) == (*label == 1);
                gained += usize::from(right(*last) && !right(*first));
                lost += usize::from(!right(*last) && right(*first));
                cells += 1;
            }
        }
        if gained + lost > 0 && !model.starts_with("first:") {
            println!(
                "\nx{dose} {model}: rounds put {gained} of {cells} answers right and {lost} wrong"
            );
        }
    }
}
