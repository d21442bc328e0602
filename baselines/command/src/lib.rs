//! Any program is a model: it reads JSON lines on stdin and answers on stdout. No Rust, no C, no dynamic library.
//!
//! One process a cell, started at `create`, asked batch by batch. The README has the protocol and examples.

mod message;
mod program;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use plugin_api::{
    Batch, Capability, Dataset, Error, Generation, Host, Loglikelihood, Matrix, OptionScores,
    Options, Part, Plugin, Replies, Scores, Task, export_plugin,
};
use serde::Deserialize;

use crate::message::{
    Chosen, Classified, Created, Embedded, Ended, Generated, Likelihoods, Nothing, PROTOCOL, Pair,
    Question, Request, Told, examples,
};
use crate::program::Program;

/// The `[config]` table of the model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The program and its arguments. `{id}` stands for the path of a file or weight of the model.
    command: Vec<String>,
    /// Handed to the program as it is.
    #[serde(default)]
    config: serde_json::Value,
    /// Longest time for one answer in seconds; 0: no limit but the cell's.
    #[serde(default)]
    timeout: f64,
    /// From the harness: paths by id.
    #[serde(default)]
    weights: HashMap<String, String>,
}

/// Whether a line is an answer to the request of this name (`classify`, ...; `aside` for what may be before one). A program's author
/// can test the lines of the program with it.
pub fn read_line(request: &str, line: &[u8]) -> Result<(), String> {
    message::read(request, line).map_err(|e| e.to_string())
}

/// The model: a running program.
#[derive(Debug)]
pub struct Model {
    program: std::sync::Mutex<Program>,
    task: Task,
    can: Vec<String>,
    /// Train and valid, of a program that is not fitted in pieces.
    held: [Held; 2],
    dimension: usize,
    silent: Host,
}

/// Labelled examples of our own.
#[derive(Debug, Default)]
struct Held {
    ids: Vec<String>,
    texts: Vec<String>,
    cultures: Vec<u32>,
    labels: Vec<u32>,
}

impl Held {
    fn take(&mut self, piece: &Dataset<'_>) {
        let own = |text: &&str| (*text).to_owned();
        self.ids.extend(piece.examples.ids.iter().map(own));
        self.texts.extend(piece.examples.texts.iter().map(own));
        self.cultures.extend(piece.examples.cultures);
        self.labels.extend(piece.labels);
    }

    fn batch(&self) -> Batch<'_> {
        Batch {
            ids: self.ids.iter().map(String::as_str).collect(),
            texts: self.texts.iter().map(String::as_str).collect(),
            cultures: &self.cultures,
        }
    }
}

impl Plugin for Model {
    const NAME: &'static str = "command";
    /// All of them; the model's TOML says which its program has (`capabilities`).
    const CAPABILITIES: &'static [Capability] = &[
        Capability::FitPieces,
        Capability::Classify,
        Capability::Embed,
        Capability::Loglikelihood,
        Capability::Generate,
        Capability::Save,
        Capability::Choose,
    ];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let config: Settings =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        let timeout = Duration::try_from_secs_f64(config.timeout).map_err(|e| {
            Error::config(format!("config: `timeout` is a number of seconds, 0 for none: {e}"))
        })?;
        let command = config
            .command
            .iter()
            .map(|part| with_paths(part, &config.weights))
            .collect::<Result<Vec<_>, _>>()?;
        let mut program = Program::start(&command, timeout, host)?;
        let request = Request::Create {
            protocol: PROTOCOL,
            config: &config.config,
            weights: &config.weights,
            task: task.into(),
            seed: host.seed(),
            threads: host.threads(),
        };
        let Created { can, dimension } = program.ask(&request, host)?;
        let known = [
            "fit",
            "fit-pieces",
            "classify",
            "choose",
            "embed",
            "loglikelihood",
            "generate",
            "save",
        ];
        if let Some(odd) = can.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(Error::config(format!(
                "the program says that it can {odd:?}; there is {}",
                known.join(", ")
            )));
        }
        if can.iter().any(|name| name == "embed") && dimension == 0 {
            return Err(Error::config(
                "the program can embed but its answer to `create` has no `dimension`",
            ));
        }
        let silent = Host::silent(host.threads(), host.seed());
        let (task, held) = (task.clone(), [Held::default(), Held::default()]);
        Ok(Self { program: program.into(), task, can, held, dimension, silent })
    }

    fn fit_piece(&mut self, part: Part, piece: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        if !self.can("fit-pieces") {
            // The program wants all at once.
            self.able("fit")?;
            self.held[part as usize].take(piece);
            return Ok(());
        }
        if piece.examples.is_empty() {
            return Ok(());
        }
        let part = match part {
            Part::Train => "train",
            Part::Valid => "valid",
        };
        let examples = examples(&piece.examples, Some(piece.labels), &self.task);
        let Nothing {} = ask(&self.program, &Request::FitPiece { part, examples }, host)?;
        Ok(())
    }

    fn fit_end(&mut self, host: &Host) -> Result<bool, Error> {
        if self.can("fit-pieces") {
            let Ended { again } = ask(&self.program, &Request::FitEnd {}, host)?;
            return Ok(again);
        }
        let held = std::mem::take(&mut self.held);
        let [train, valid] =
            held.each_ref().map(|held| examples(&held.batch(), Some(&held.labels), &self.task));
        let Nothing {} = ask(&self.program, &Request::Fit { train, valid }, host)?;
        Ok(false)
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        self.able("classify")?;
        if batch.is_empty() {
            return Ok(());
        }
        let request = Request::Classify { examples: examples(batch, None, &self.task) };
        match ask(&self.program, &request, host)? {
            Classified::Labels(labels) => {
                counted("labels", labels.len(), batch.len())?;
                for (row, label) in labels.iter().enumerate() {
                    scores.row(row).fill(0.0);
                    match label {
                        Some(label) => scores.row(row)[self.place(label, batch.ids[row])?] = 1.0,
                        None => scores.no_answer(row),
                    }
                }
            }
            Classified::Scores(rows) => {
                counted("rows of scores", rows.len(), batch.len())?;
                for (row, own) in rows.iter().enumerate() {
                    let mut none = |row| {
                        scores.row(row).fill(0.0);
                        scores.no_answer(row);
                    };
                    let Some(own) = own else {
                        none(row);
                        continue;
                    };
                    if own.len() != self.task.labels.len() {
                        return Err(Error::input(
                            row,
                            format!(
                                "the program gave {} scores for {}; the task has {} labels",
                                own.len(),
                                batch.ids[row],
                                self.task.labels.len()
                            ),
                        ));
                    }
                    let numbers: Option<Vec<f32>> = own.iter().copied().collect();
                    match numbers {
                        Some(numbers) => scores.row(row).copy_from_slice(&numbers),
                        None => none(row),
                    }
                }
            }
        }
        Ok(())
    }

    fn choose(
        &mut self,
        batch: &Batch<'_>,
        options: &Options<'_>,
        scores: &mut OptionScores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        self.able("choose")?;
        if batch.is_empty() {
            return Ok(());
        }
        let examples = examples(batch, None, &self.task).into_iter().enumerate();
        let examples =
            examples.map(|(row, example)| Question { example, options: options.of(row) }).collect();
        let wrong = |row: usize, what: String| {
            let (id, n) = (batch.ids[row], options.of(row).len());
            Error::input(row, format!("the program gave {what} for {id}, which has {n} options"))
        };
        match ask(&self.program, &Request::Choose { examples }, host)? {
            Chosen::Options(places) => {
                counted("options", places.len(), batch.len())?;
                for (row, place) in places.into_iter().enumerate() {
                    let own = scores.row(row);
                    own.fill(0.0);
                    match place {
                        Some(place) if place < own.len() => own[place] = 1.0,
                        Some(place) => return Err(wrong(row, format!("the option {place}"))),
                        None => scores.no_answer(row),
                    }
                }
            }
            Chosen::Scores(rows) => {
                counted("rows of scores", rows.len(), batch.len())?;
                for (row, own) in rows.into_iter().enumerate() {
                    let numbers: Option<Vec<f32>> = own.into_iter().flatten().collect();
                    let place = scores.row(row);
                    match numbers {
                        Some(numbers) if numbers.len() == place.len() => {
                            place.copy_from_slice(&numbers);
                        }
                        Some(numbers) if !numbers.is_empty() => {
                            return Err(wrong(row, format!("{} scores", numbers.len())));
                        }
                        _ => {
                            place.fill(0.0);
                            scores.no_answer(row);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        self.able("embed")?;
        if batch.is_empty() {
            return Ok(());
        }
        let request = Request::Embed { examples: examples(batch, None, &self.task) };
        let Embedded { vectors: rows } = ask(&self.program, &request, host)?;
        counted("vectors", rows.len(), batch.len())?;
        for (row, own) in rows.iter().enumerate() {
            if own.len() != self.dimension {
                return Err(Error::input(
                    row,
                    format!(
                        "the program gave a vector of {} numbers for {}; it said {}",
                        own.len(),
                        batch.ids[row],
                        self.dimension
                    ),
                ));
            }
            for (place, number) in vectors.row(row).iter_mut().zip(own) {
                *place = number.unwrap_or(f32::NAN);
            }
        }
        Ok(())
    }

    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        self.able("loglikelihood")?;
        if contexts.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = contexts
            .iter()
            .zip(continuations)
            .map(|(context, continuation)| Pair { context, continuation })
            .collect();
        let Likelihoods { loglikelihoods } =
            ask(&self.program, &Request::Loglikelihood { pairs }, host)?;
        counted("log-likelihoods", loglikelihoods.len(), contexts.len())?;
        Ok(loglikelihoods.into_iter().map(Into::into).collect())
    }

    fn generate(
        &mut self,
        prompts: &[&str],
        how: &Generation,
        replies: &mut Replies<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        self.able("generate")?;
        if prompts.is_empty() {
            return Ok(());
        }
        let request =
            Request::Generate { prompts, max_tokens: how.max_tokens, temperature: how.temperature };
        let Generated { replies: own } = ask(&self.program, &request, host)?;
        counted("replies", own.len(), prompts.len())?;
        for (index, reply) in own.iter().enumerate() {
            Told::tell(reply.as_ref(), index, replies);
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        self.able("save")?;
        let folder = folder.display().to_string();
        let Nothing {} = ask(&self.program, &Request::Save { folder }, &self.silent)?;
        Ok(())
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        self.able("save")?;
        let folder = folder.display().to_string();
        let Nothing {} = ask(&self.program, &Request::Load { folder }, &self.silent)?;
        Ok(())
    }
}

impl Model {
    fn can(&self, what: &str) -> bool {
        self.can.iter().any(|can| can == what)
    }

    fn able(&self, what: &str) -> Result<(), Error> {
        if self.can(what) {
            return Ok(());
        }
        Err(Error::config(format!(
            "the program can {}, not {what}; let it, or leave {what} out of `capabilities` in the model's TOML",
            self.can.join(", ")
        )))
    }

    fn place(&self, label: &str, id: &str) -> Result<usize, Error> {
        self.task.labels.iter().position(|known| known == label).ok_or_else(|| {
            Error::internal(format!(
                "the program answered {label:?} to {id}; the task's labels: {}; answer null if there is none",
                self.task.labels.join(", ")
            ))
        })
    }
}

fn ask<T: serde::de::DeserializeOwned>(
    program: &std::sync::Mutex<Program>,
    request: &Request<'_>,
    host: &Host,
) -> Result<T, Error> {
    match program.lock() {
        Ok(mut program) => program.ask(request, host),
        Err(_) => Err(Error::internal("a call before this one panicked")),
    }
}

fn counted(what: &str, got: usize, wanted: usize) -> Result<(), Error> {
    if got == wanted {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the program answered with {got} {what} for {wanted} examples; answer each, in their order"
    )))
}

/// `{id}` becomes the path of a file; other braces stay. A part that is nothing but `{id}` must be known.
fn with_paths(part: &str, paths: &HashMap<String, String>) -> Result<String, Error> {
    let mut out = String::new();
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let known = after.split_once('}').and_then(|(id, rest)| Some((paths.get(id)?, rest)));
        rest = if let Some((path, rest)) = known {
            out.push_str(path);
            rest
        } else {
            out.push('{');
            after
        };
    }
    out.push_str(rest);
    match out.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(id) if id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') => {
            Err(Error::config(format!(
                "config: `command` names the file {{{id}}}; add `{id} = \"...\"` to `files` in the model's TOML"
            )))
        }
        _ => Ok(out),
    }
}

export_plugin!(Model);
