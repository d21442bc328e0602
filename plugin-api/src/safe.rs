//! What authors see: one trait and plain values.

use std::fmt;
use std::path::Path;

use crate::abi;
use crate::choose::{OptionScores, Options};
use crate::replies::{Generation, Replies};

/// A model, in the eyes of its author.
pub trait Plugin: Sized + Send + 'static {
    /// Short name.
    const NAME: &'static str;
    /// What it can do; only the functions of these capabilities are called.
    const CAPABILITIES: &'static [Capability];

    /// Makes a model. `config` is the `[config]` table of the model's TOML as a JSON object; paths of fetched weights and of the
    /// model's own files are in its object `weights`, by id.
    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error>;

    /// Learns from `train`; may choose hyper-parameters on `valid`, which may be empty. A model that takes pieces takes one of all.
    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        if !Self::CAPABILITIES.contains(&Capability::FitPieces) {
            return Err(Error::unsupported("fit"));
        }
        loop {
            self.fit_piece(Part::Train, train, host)?;
            self.fit_piece(Part::Valid, valid, host)?;
            if !self.fit_end(host)? {
                return Ok(());
            }
        }
    }

    /// Learns from a piece of the examples, in place of [`Plugin::fit`] where [`Capability::FitPieces`] is listed: they need not be in
    /// memory together. A pass is all pieces of train in their order, then all of valid, then [`Plugin::fit_end`].
    fn fit_piece(&mut self, part: Part, piece: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        let _ = (part, piece, host);
        Err(Error::unsupported("fit-pieces"))
    }

    /// A pass is over. Whether another one is needed; if not, the model is fitted.
    fn fit_end(&mut self, host: &Host) -> Result<bool, Error> {
        let _ = host;
        Err(Error::unsupported("fit-pieces"))
    }

    /// Fills a row of scores for each text: one number a label, higher wins (probabilities or logits).
    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let _ = (batch, scores, host);
        Err(Error::unsupported("classify"))
    }

    /// Fills a score for each option of each text: higher wins. A model of two sentences without a text gets an empty text.
    fn choose(
        &mut self,
        batch: &Batch<'_>,
        options: &Options<'_>,
        scores: &mut OptionScores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let _ = (batch, options, scores, host);
        Err(Error::unsupported("choose"))
    }

    /// Width of the vectors of [`Plugin::embed`].
    fn dimension(&self) -> usize {
        0
    }

    /// Fills a row of [`Plugin::dimension`] numbers for each text.
    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let _ = (batch, vectors, host);
        Err(Error::unsupported("embed"))
    }

    /// The log-likelihood of each continuation after its context; both lists have one length, so has the answer. Contexts are
    /// prompts as those of [`Plugin::generate`].
    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let _ = (contexts, continuations, host);
        Err(Error::unsupported("loglikelihood"))
    }

    /// Replies to each prompt, in any order. Where the model's TOML says `[prompt] messages = true`, the configuration has
    /// `messages` = true and a prompt is a JSON array of messages, `[{"role": "system", "content": "..."}, ...]`.
    fn generate(
        &mut self,
        prompts: &[&str],
        how: &Generation,
        replies: &mut Replies<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let _ = (prompts, how, replies, host);
        Err(Error::unsupported("generate"))
    }

    /// For each example a JSON object that says what in the model leads to its answer, in any order.
    fn explain(
        &mut self,
        batch: &Batch<'_>,
        explanations: &mut Replies<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let _ = (batch, explanations, host);
        Err(Error::unsupported("explain"))
    }

    /// Writes the fitted model to an existing empty folder, so that an interrupted cell need not fit again.
    fn save(&self, folder: &Path) -> Result<(), Error> {
        let _ = folder;
        Err(Error::unsupported("save"))
    }

    /// Reads what [`Plugin::save`] wrote, into a model created with the same configuration and task.
    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        let _ = folder;
        Err(Error::unsupported("load"))
    }
}

/// What a plugin can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// It learns from examples.
    Fit,
    /// Scores for every label.
    Classify,
    /// One vector per text.
    Embed,
    /// Log-likelihood of given continuations.
    Loglikelihood,
    /// Free text.
    Generate,
    /// A fitted model can be saved and loaded.
    Save,
    /// It can tell why it answers as it does.
    Explain,
    /// It learns from examples piece by piece, in place of `Fit`.
    FitPieces,
    /// Scores for the options of each example.
    Choose,
}

/// What a piece of examples is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// To learn from.
    Train,
    /// To choose hyper-parameters on.
    Valid,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Fit,
        Self::Classify,
        Self::Embed,
        Self::Loglikelihood,
        Self::Generate,
        Self::Save,
        Self::Explain,
        Self::FitPieces,
        Self::Choose,
    ];

    /// Its name in the TOML of a model and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Classify => "classify",
            Self::Embed => "embed",
            Self::Loglikelihood => "loglikelihood",
            Self::Generate => "generate",
            Self::Save => "save",
            Self::Explain => "explain",
            Self::FitPieces => "fit-pieces",
            Self::Choose => "choose",
        }
    }

    /// Its bit in the table.
    pub const fn bit(self) -> u64 {
        match self {
            Self::Fit => abi::CE_FIT,
            Self::Classify => abi::CE_CLASSIFY,
            Self::Embed => abi::CE_EMBED,
            Self::Loglikelihood => abi::CE_LOGLIKELIHOOD,
            Self::Generate => abi::CE_GENERATE,
            Self::Save => abi::CE_SAVE,
            Self::Explain => abi::CE_EXPLAIN,
            // A host that knows no pieces fits with one of all.
            Self::FitPieces => abi::CE_FIT_PIECES | abi::CE_FIT,
            Self::Choose => abi::CE_CHOOSE,
        }
    }

    /// The bits of several.
    pub const fn bits(all: &[Self]) -> u64 {
        let (mut bits, mut i) = (0, 0);
        while i < all.len() {
            bits |= all[i].bit();
            i += 1;
        }
        bits
    }
}

/// What went wrong, in one line that names the thing and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The class.
    pub kind: ErrorKind,
    /// The line.
    pub message: String,
}

/// Classes of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The configuration is wrong.
    Config,
    /// Weights or state cannot be loaded or saved.
    Load,
    /// Out of memory.
    Memory,
    /// This example of the batch cannot be handled.
    Input(usize),
    /// The host asked to stop.
    Cancelled,
    /// The call is not offered.
    Unsupported,
    /// Anything else.
    Internal,
}

impl Error {
    /// The configuration is wrong: name the field and what would be right.
    pub fn config(message: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Config, message: message.to_string() }
    }

    /// Weights or state cannot be loaded or saved: name the file.
    pub fn load(message: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Load, message: message.to_string() }
    }

    /// This example of the batch cannot be handled.
    pub fn input(example: usize, message: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Input(example), message: message.to_string() }
    }

    /// Anything else.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Internal, message: message.to_string() }
    }

    /// The host asked to stop.
    pub fn cancelled() -> Self {
        Self { kind: ErrorKind::Cancelled, message: "cancelled".to_owned() }
    }

    pub(crate) fn unsupported(call: &str) -> Self {
        let message = format!("the plugin lists the capability `{call}` but does not implement it");
        Self { kind: ErrorKind::Unsupported, message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// What the model will be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Short name of the task.
    pub name: String,
    /// Short name of the protocol.
    pub protocol: String,
    /// Label names; a label is an index into them.
    pub labels: Vec<String>,
    /// Culture names; a culture is an index into them.
    pub cultures: Vec<String>,
}

/// Examples as columns, without labels.
#[derive(Debug, Clone)]
pub struct Batch<'a> {
    /// Unique opaque names: the first 32 hex digits of the SHA-256 of the example's id.
    pub ids: Vec<&'a str>,
    /// What the model reads.
    pub texts: Vec<&'a str>,
    /// Index into the task's cultures; another number where the culture is not known or not shown.
    pub cultures: &'a [u32],
}

impl Batch<'_> {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none; models answer an empty batch with nothing.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Examples with labels.
#[derive(Debug, Clone)]
pub struct Dataset<'a> {
    /// The examples.
    pub examples: Batch<'a>,
    /// Index into the task's labels, one an example.
    pub labels: &'a [u32],
}

/// Scores `[n, labels]`, row-major, with the examples that have no answer.
#[derive(Debug)]
pub struct Scores<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) answered: &'a mut [u8],
    pub(crate) labels: usize,
}

impl Scores<'_> {
    /// The scores of one example, one a label.
    pub fn row(&mut self, example: usize) -> &mut [f32] {
        &mut self.values[example * self.labels..(example + 1) * self.labels]
    }

    /// All rows at once.
    pub fn values(&mut self) -> &mut [f32] {
        self.values
    }

    /// Says that there is no answer to this example; it is counted as missing.
    pub fn no_answer(&mut self, example: usize) {
        self.answered[example] = 0;
    }
}

/// Vectors `[n, dimension]`, row-major.
#[derive(Debug)]
pub struct Matrix<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) columns: usize,
}

impl Matrix<'_> {
    /// The vector of one example.
    pub fn row(&mut self, example: usize) -> &mut [f32] {
        &mut self.values[example * self.columns..(example + 1) * self.columns]
    }

    /// All rows at once.
    pub fn values(&mut self) -> &mut [f32] {
        self.values
    }
}

/// Log-likelihood of one continuation given its context.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loglikelihood {
    /// Sum over the continuation's tokens, natural logarithm.
    pub sum: f64,
    /// Number of those tokens.
    pub tokens: u64,
    /// Whether each token is the model's first choice.
    pub greedy: bool,
}

/// Hears a metric: name, step, value.
type OnMetric = Box<dyn Fn(&str, u64, f64) + Send + Sync>;

/// What the harness offers a plugin.
pub struct Host {
    pub(crate) threads: usize,
    pub(crate) seed: u64,
    pub(crate) log: Box<dyn Fn(&str) + Send + Sync>,
    pub(crate) progress: Box<dyn Fn(u64, u64) + Send + Sync>,
    pub(crate) metric: OnMetric,
    pub(crate) is_cancelled: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Host {
    /// A host that listens to nobody, for a plugin's own tests.
    pub fn silent(threads: usize, seed: u64) -> Self {
        Self {
            threads,
            seed,
            log: Box::new(|_| {}),
            progress: Box::new(|_, _| {}),
            metric: Box::new(|_, _, _| {}),
            is_cancelled: Box::new(|| false),
        }
    }

    /// Threads that the plugin may use, at least 1.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The recorded seed: the only source of randomness.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Puts a line into the cell's log.
    pub fn log(&self, message: impl fmt::Display) {
        (self.log)(&message.to_string());
    }

    /// `done` of `total` steps are done; total 0 = unknown.
    pub fn progress(&self, done: usize, total: usize) {
        (self.progress)(done as u64, total as u64);
    }

    /// A named number over steps. Reports draw `loss` (of training) and `valid` (the score on validation examples, a fraction)
    /// as learning curves.
    pub fn metric(&self, name: &str, step: usize, value: f64) {
        (self.metric)(name, step as u64, value);
    }

    /// Whether to stop soon and return [`Error::cancelled`].
    pub fn is_cancelled(&self) -> bool {
        (self.is_cancelled)()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host {{ threads: {}, seed: {} }}", self.threads, self.seed)
    }
}
