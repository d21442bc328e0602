//! The validator behind `culture-eval plugin check PATH`: what the harness relies on, one check at a time.
//!
//! Each check opens the plugin by itself and can be run by name, in a process of its own: a plugin that hangs or ends the
//! process then fails that check only. [`names`] gives the order.

use std::path::Path;
use std::time::{Duration, Instant};

use plugin_api::Part;
use serde::{Deserialize, Serialize};

use super::{Columns, Host, Instance, Library, Listener, PluginError, TaskInfo, load};
use crate::definition::family::Capability;
use crate::definition::model::Offer;
use crate::process;

/// How to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The model's `[config]` as JSON.
    pub config: String,
    /// Only these of what the plugin offers; empty: all.
    #[serde(with = "crate::definition::capability::names")]
    pub offers: Vec<Offer>,
    /// Label names of the invented task.
    pub labels: Vec<String>,
    /// Threads the plugin may use.
    pub threads: usize,
    /// The seed.
    pub seed: u64,
    /// How soon a cancelled call must come back.
    pub patience: Duration,
    /// Calls of the leak check.
    pub calls: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: "{}".to_owned(),
            offers: Vec::new(),
            labels: vec!["no".to_owned(), "yes".to_owned()],
            threads: 2,
            seed: 42,
            patience: Duration::from_secs(2),
            calls: 1000,
        }
    }
}

/// What is checked: a plugin, and what is asked of it.
struct Checked {
    library: Library,
    settings: Settings,
}

impl Checked {
    fn lets(&self, offer: Offer) -> bool {
        self.settings.offers.is_empty() || self.settings.offers.contains(&offer)
    }

    fn fits(&self) -> bool {
        self.library.fits() && self.lets(Offer::Fit)
    }

    fn saves(&self) -> bool {
        self.library.saves() && self.lets(Offer::Save)
    }

    fn capabilities(&self) -> Vec<Capability> {
        let mut all = self.library.capabilities();
        all.retain(|capability| self.lets((*capability).into()));
        all
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// A rule is broken.
    Fail,
    /// It does not apply here.
    Skipped,
}

/// One line of the validator's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Name of the check.
    pub check: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen.
    pub reason: String,
}

/// Why a check did not pass.
enum Not {
    Passed(String),
    Applicable(String),
}

impl From<PluginError> for Not {
    fn from(error: PluginError) -> Self {
        Self::Passed(error.to_string())
    }
}

type Seen = Result<String, Not>;
type Run = fn(&Checked) -> Seen;

const CHECKS: &[(&str, Run)] = &[
    ("abi", abi),
    ("create", create),
    ("answers", answers),
    ("empty batch", empty_batch),
    ("odd text", odd_text),
    ("determinism", determinism),
    ("batch invariance", batch_invariance),
    ("huge batch", huge_batch),
    ("pieces", pieces),
    ("two handles", two_handles),
    ("save and load", save_and_load),
    ("cancel", cancel),
    ("leak", leak),
];

/// The checks, in order.
pub fn names() -> impl ExactSizeIterator<Item = &'static str> {
    CHECKS.iter().map(|(name, _)| *name)
}

/// Runs one check; `None` where there is none of that name.
pub fn run(name: &str, plugin: &Path, settings: &Settings) -> Option<Check> {
    let (name, check) = CHECKS.iter().find(|(known, _)| *known == name)?;
    let seen = load(plugin)
        .map_err(Not::from)
        .and_then(|library| check(&Checked { library, settings: settings.clone() }));
    let (outcome, reason) = match seen {
        Ok(reason) => (Outcome::Pass, reason),
        Err(Not::Passed(reason)) => (Outcome::Fail, reason),
        Err(Not::Applicable(reason)) => (Outcome::Skipped, reason),
    };
    Some(Check { check: (*name).to_owned(), outcome, reason })
}

// --- The invented task -------------------------------------------------------------------------------------------------

/// Owned columns.
struct Examples {
    ids: Vec<String>,
    texts: Vec<String>,
    cultures: Vec<u32>,
}

const CULTURES: [&str; 2] = ["AU", "ZA"];

impl Examples {
    fn of(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: Vec<String> = texts.into_iter().collect();
        let ids = (0..texts.len()).map(|i| format!("check-{i}")).collect();
        let cultures = (0..texts.len()).map(|i| (i % CULTURES.len()) as u32).collect();
        Self { ids, texts, cultures }
    }

    /// Sentences that differ in words, length and mood.
    fn invented(count: usize) -> Self {
        let who = ["the baker", "my neighbour", "a teacher", "the old sailor", "her cousin"];
        let does = ["sings loudly", "is always late", "cooks for everybody", "hates mondays"];
        let place = ["at home", "by the river", "", "in the market, of course", "every single day"];
        Self::of((0..count).map(|i| {
            format!(
                "{} {} {}",
                who[i % who.len()],
                does[i / 2 % does.len()],
                place[i / 3 % place.len()]
            )
        }))
    }

    /// Runs `body` on the columns of an index range.
    fn columns<T>(&self, range: std::ops::Range<usize>, body: impl FnOnce(Columns<'_>) -> T) -> T {
        let ids: Vec<&str> = self.ids[range.clone()].iter().map(String::as_str).collect();
        let texts: Vec<&str> = self.texts[range.clone()].iter().map(String::as_str).collect();
        body(Columns { ids: &ids, texts: &texts, cultures: &self.cultures[range] })
    }
}

/// Hears nothing; may be cancelled.
struct Ear {
    cancelled: std::sync::atomic::AtomicBool,
}

impl Ear {
    fn new() -> Self {
        Self { cancelled: false.into() }
    }

    fn cancel(&self) {
        self.cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Listener for Ear {
    fn log(&self, _message: &str) {}
    fn progress(&self, _done: u64, _total: u64) {}
    fn metric(&self, _name: &str, _step: u64, _value: f64) {}
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(std::sync::atomic::Ordering::Relaxed)
    }
}

fn created<'l>(checked: &'l Checked, ear: &'l Ear) -> Result<Instance<'l>, Not> {
    let Checked { library, settings } = checked;
    let task = TaskInfo {
        name: "check".to_owned(),
        protocol: "finetuned".to_owned(),
        labels: settings.labels.clone(),
        cultures: CULTURES.map(str::to_owned).to_vec(),
    };
    Ok(library.create(&settings.config, &task, Host::new(settings.threads, settings.seed, ear))?)
}

/// A model that is ready to answer.
fn ready<'l>(checked: &'l Checked, ear: &'l Ear) -> Result<Instance<'l>, Not> {
    let mut model = created(checked, ear)?;
    if checked.fits() {
        fit(&mut model, &checked.settings)?;
    }
    Ok(model)
}

fn fit(model: &mut Instance<'_>, settings: &Settings) -> Result<(), PluginError> {
    let (train, valid) = (Examples::invented(60), Examples::invented(20));
    let labels =
        |n: usize| (0..n).map(|i| (i % settings.labels.len()) as u32).collect::<Vec<u32>>();
    train.columns(0..60, |train| {
        valid.columns(0..20, |valid| model.fit((train, &labels(60)), (valid, &labels(20))))
    })
}

// --- Answers of any kind as comparable rows -----------------------------------------------------------------------------

/// What the model said of one example: numbers of every capability, texts, or that it has no answer.
#[derive(Debug, Clone, Default)]
struct Said {
    numbers: Vec<f64>,
    text: String,
}

/// Asks everything the plugin offers about some examples.
fn ask(
    checked: &Checked,
    model: &mut Instance<'_>,
    columns: Columns<'_>,
) -> Result<Vec<Said>, PluginError> {
    let mut all = vec![Said::default(); columns.ids.len()];
    for capability in checked.capabilities() {
        match capability {
            Capability::Classify => {
                let mut scores = Vec::new();
                let answered = model.classify(columns, &mut scores)?;
                let width = scores.len().checked_div(answered.len()).unwrap_or(0);
                for (i, said) in all.iter_mut().enumerate() {
                    said.text.push_str(if answered[i] { "+" } else { "-" });
                    if answered[i] {
                        said.numbers.extend(
                            scores[i * width..(i + 1) * width].iter().map(|x| f64::from(*x)),
                        );
                    }
                }
            }
            Capability::Embed => {
                let mut vectors = Vec::new();
                model.embed(columns, &mut vectors)?;
                let width = vectors.len().checked_div(all.len()).unwrap_or(0);
                for (i, said) in all.iter_mut().enumerate() {
                    said.numbers
                        .extend(vectors[i * width..(i + 1) * width].iter().map(|x| f64::from(*x)));
                }
            }
            Capability::Loglikelihood => {
                let continuations = vec![" yes"; columns.texts.len()];
                for (said, l) in
                    all.iter_mut().zip(model.loglikelihood(columns.texts, &continuations)?)
                {
                    said.numbers.push(l.sum);
                }
            }
            Capability::Generate => {
                for (said, reply) in all.iter_mut().zip(model.generate(columns.texts, 8)?) {
                    said.text.push_str(&reply);
                }
            }
        }
    }
    Ok(all)
}

/// Asks about a range in batches of a size.
fn ask_in(
    checked: &Checked,
    model: &mut Instance<'_>,
    examples: &Examples,
    batch: usize,
) -> Result<Vec<Said>, PluginError> {
    let mut all = Vec::new();
    let count = examples.ids.len();
    for start in (0..count).step_by(batch) {
        let range = start..(start + batch).min(count);
        all.extend(examples.columns(range, |columns| ask(checked, model, columns))?);
    }
    Ok(all)
}

/// The first difference between two lists of answers, beyond a relative tolerance.
fn difference(a: &[Said], b: &[Said], tolerance: f64) -> Option<String> {
    a.iter().zip(b).enumerate().find_map(|(i, (a, b))| {
        if a.text != b.text || a.numbers.len() != b.numbers.len() {
            return Some(format!("example check-{i}: `{}` and `{}`", a.text, b.text));
        }
        let apart =
            |x: f64, y: f64| x != y && (x - y).abs() > tolerance * x.abs().max(y.abs()).max(1.0);
        let pair = a.numbers.iter().zip(&b.numbers).find(|(x, y)| apart(**x, **y));
        pair.map(|(x, y)| format!("example check-{i}: {x} and {y}"))
    })
}

// --- The checks ---------------------------------------------------------------------------------------------------------

fn abi(checked: &Checked) -> Seen {
    let library = &checked.library;
    if library.name().is_empty() || library.version().is_empty() {
        return Err(Not::Passed("name or version is empty".to_owned()));
    }
    let mut can: Vec<String> =
        checked.capabilities().iter().map(|c| format!("{c:?}").to_lowercase()).collect();
    if can.is_empty() {
        return Err(Not::Passed(
            "it can neither classify, embed, loglikelihood nor generate".to_owned(),
        ));
    }
    can.splice(0..0, checked.fits().then(|| "fit".to_owned()));
    can.extend(checked.saves().then(|| "save".to_owned()));
    Ok(format!("{} {}: {}", library.name(), library.version(), can.join(", ")))
}

fn create(checked: &Checked) -> Seen {
    let ear = Ear::new();
    ready(checked, &ear)?;
    Ok(if checked.fits() { "created and fitted" } else { "created" }.to_owned())
}

/// Counts and numbers are checked by the instance itself.
fn answers(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    let said = ask_in(checked, &mut model, &Examples::invented(32), 32)?;
    Ok(format!("{} examples, one finite answer each", said.len()))
}

fn empty_batch(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    Examples::of([]).columns(0..0, |columns| ask(checked, &mut model, columns))?;
    Ok("nothing in, nothing out".to_owned())
}

fn odd_text(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    let odd = Examples::of([
        String::new(),
        " \t\r\n ".to_owned(),
        "a\0b".to_owned(),
        "\u{feff}\u{202e}e\u{301} \u{1f469}\u{200d}\u{1f680}".to_owned(),
        "ဖြစ်ပါတယ် ภาษาไทย 中文 العربية".to_owned(),
        "word ".repeat(20_000),
        "x".repeat(100_000),
    ]);
    ask_in(checked, &mut model, &odd, 7)?;
    Ok("empty, blank, NUL, emoji, scripts without blanks, 100,000 bytes".to_owned())
}

fn determinism(checked: &Checked) -> Seen {
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut first = ready(checked, &ear)?;
    let said = ask_in(checked, &mut first, &examples, 8)?;
    let again = ask_in(checked, &mut first, &examples, 8)?;
    if let Some(found) = difference(&said, &again, 0.0) {
        return Err(Not::Passed(format!(
            "asked twice, {found}; derive all randomness from the seed and the id"
        )));
    }
    drop(first);
    let mut second = ready(checked, &ear)?;
    let anew = ask_in(checked, &mut second, &examples, 8)?;
    difference(&said, &anew, 0.0).map_or_else(
        || Ok("the same twice, and when created anew".to_owned()),
        |found| Err(Not::Passed(format!("created anew with the same seed, {found}"))),
    )
}

fn batch_invariance(checked: &Checked) -> Seen {
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut model = ready(checked, &ear)?;
    let whole = ask_in(checked, &mut model, &examples, 32)?;
    for batch in [1, 8] {
        let parts = ask_in(checked, &mut model, &examples, batch)?;
        // Sums in another order may differ in the last digits; answers may not.
        if let Some(found) = difference(&whole, &parts, 1e-4) {
            return Err(Not::Passed(format!(
                "in batches of 32 and {batch}, {found}; an answer depends on its example alone"
            )));
        }
    }
    Ok("the same in batches of 1, 8 and 32".to_owned())
}

fn huge_batch(checked: &Checked) -> Seen {
    let (ear, count) = (Ear::new(), 10_000);
    let mut model = ready(checked, &ear)?;
    let start = Instant::now();
    ask_in(checked, &mut model, &Examples::invented(count), count)?;
    Ok(format!(
        "{count} examples, {:.1} us each",
        start.elapsed().as_secs_f64() * 1e6 / count as f64
    ))
}

fn two_handles(checked: &Checked) -> Seen {
    let (ear, examples) = (Ear::new(), Examples::invented(8));
    let mut first = ready(checked, &ear)?;
    let alone = ask_in(checked, &mut first, &examples, 8)?;
    let mut second = ready(checked, &ear)?;
    let other = ask_in(checked, &mut second, &examples, 8)?;
    let beside = ask_in(checked, &mut first, &examples, 8)?;
    drop(second);
    let after = ask_in(checked, &mut first, &examples, 8)?;
    for (said, when) in [
        (other, "of a second handle"),
        (beside, "beside a second handle"),
        (after, "after its end"),
    ] {
        if let Some(found) = difference(&alone, &said, 0.0) {
            return Err(Not::Passed(format!(
                "alone and {when}, {found}; keep no state outside the model"
            )));
        }
    }
    Ok("they do not disturb each other".to_owned())
}

/// What is learnt must not depend on how the examples are cut.
fn pieces(checked: &Checked) -> Seen {
    if !(checked.fits() && checked.library.fits_in_pieces()) {
        return Err(Not::Applicable("it is not fitted in pieces".to_owned()));
    }
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut whole = ready(checked, &ear)?;
    let mut cut = created(checked, &ear)?;
    let labels = checked.settings.labels.len();
    let mut passes = 1;
    loop {
        for (part, n) in [(Part::Train, 60), (Part::Valid, 20)] {
            let rows = Examples::invented(n);
            for start in (0..n).step_by(7) {
                let piece = start..(start + 7).min(n);
                let own: Vec<u32> = piece.clone().map(|i| (i % labels) as u32).collect();
                rows.columns(piece, |columns| cut.fit_piece(part, columns, &own))?;
            }
        }
        if !cut.fit_end()? {
            break;
        }
        passes += 1;
        if passes > 1_000 {
            return Err(Not::Passed("it asks for another pass for ever".to_owned()));
        }
    }
    let said = ask_in(checked, &mut whole, &examples, 32)?;
    let after = ask_in(checked, &mut cut, &examples, 32)?;
    difference(&said, &after, 0.0).map_or_else(
        || Ok(format!("the same model from pieces of 7 as from one, {passes} passes")),
        |found| Err(Not::Passed(format!("fitted with one piece and with pieces of 7, {found}"))),
    )
}

fn save_and_load(checked: &Checked) -> Seen {
    if !checked.saves() {
        return Err(Not::Applicable("it cannot save".to_owned()));
    }
    let folder =
        tempfile::tempdir().map_err(|e| Not::Applicable(format!("no temporary folder: {e}")))?;
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut first = ready(checked, &ear)?;
    let said = ask_in(checked, &mut first, &examples, 32)?;
    first.save(folder.path())?;
    drop(first);
    let mut second = created(checked, &ear)?;
    second.load(folder.path())?;
    let loaded = ask_in(checked, &mut second, &examples, 32)?;
    difference(&said, &loaded, 0.0).map_or_else(
        || Ok("a loaded model answers as the saved one".to_owned()),
        |found| Err(Not::Passed(format!("fitted and loaded, {found}"))),
    )
}

fn cancel(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    ear.cancel();
    let examples = Examples::invented(2_000);
    let mut slowest = Duration::ZERO;
    let mut stopped = false;
    let mut timed = |run: &mut dyn FnMut() -> Result<(), PluginError>| -> Result<(), Not> {
        let start = Instant::now();
        let ended = run();
        slowest = slowest.max(start.elapsed());
        match ended {
            Ok(()) => Ok(()),
            Err(error) if error.to_string().contains("cancelled") => {
                stopped = true;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    };
    // A model whose fit was given up need not answer: it is asked before.
    timed(&mut || ask_in(checked, &mut model, &examples, 2_000).map(drop))?;
    if checked.fits() {
        timed(&mut || fit(&mut model, &checked.settings))?;
    }
    if slowest > checked.settings.patience {
        let found = format!("came back {:.1} s after it was cancelled", slowest.as_secs_f64());
        return Err(Not::Passed(format!(
            "{found}; ask `host.is_cancelled()` every few milliseconds of work"
        )));
    }
    Ok(if stopped { "stopped when asked" } else { "finished before it mattered" }.to_owned())
}

fn leak(checked: &Checked) -> Seen {
    /// Allocators keep a little; a leak of a few KiB a call is far more.
    const SLACK_MIB: u64 = 16;
    // Programs that the plugin has started count too.
    let resident = || process::resident_mib(std::process::id());
    if resident() == 0 {
        return Err(Not::Applicable("this system does not tell its memory in /proc".to_owned()));
    }
    let (ear, examples) = (Ear::new(), Examples::invented(8));
    let mut model = ready(checked, &ear)?;
    for _ in 0..checked.settings.calls / 10 {
        ask_in(checked, &mut model, &examples, 8)?;
    }
    let before = resident();
    for _ in 0..checked.settings.calls {
        ask_in(checked, &mut model, &examples, 8)?;
    }
    let grown = resident().saturating_sub(before);
    if grown > SLACK_MIB {
        return Err(Not::Passed(format!(
            "{} calls left {grown} MiB behind",
            checked.settings.calls
        )));
    }
    Ok(format!("{} calls left less than {SLACK_MIB} MiB behind", checked.settings.calls))
}
