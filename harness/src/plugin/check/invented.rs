//! An invented task, and how a plugin is asked about it.

use super::super::{Columns, Host, Instance, Listener, PluginError, ShownOptions, TaskInfo};
use super::subject::{Checked, Not, Settings};
use crate::definition::dataset::Capability;

/// Owned columns.
pub(super) struct Examples {
    pub(super) ids: Vec<String>,
    pub(super) texts: Vec<String>,
    pub(super) cultures: Vec<u32>,
}

pub(super) const CULTURES: [&str; 2] = ["AU", "ZA"];

impl Examples {
    pub(super) fn of(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: Vec<String> = texts.into_iter().collect();
        let ids = (0..texts.len()).map(|i| format!("check-{i}")).collect();
        let cultures = (0..texts.len()).map(|i| (i % CULTURES.len()) as u32).collect();
        Self { ids, texts, cultures }
    }

    /// Sentences that differ in words, length and mood.
    pub(super) fn invented(count: usize) -> Self {
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
    pub(super) fn columns<T>(
        &self,
        range: std::ops::Range<usize>,
        body: impl FnOnce(Columns<'_>) -> T,
    ) -> T {
        let ids: Vec<&str> = self.ids[range.clone()].iter().map(String::as_str).collect();
        let texts: Vec<&str> = self.texts[range.clone()].iter().map(String::as_str).collect();
        body(Columns { ids: &ids, names: &ids, texts: &texts, cultures: &self.cultures[range] })
    }
}

/// Hears nothing; may be cancelled.
pub(super) struct Ear {
    pub(super) cancelled: std::sync::atomic::AtomicBool,
}

impl Ear {
    pub(super) fn new() -> Self {
        Self { cancelled: false.into() }
    }

    pub(super) fn cancel(&self) {
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

pub(super) fn created<'l>(checked: &'l Checked, ear: &'l Ear) -> Result<Instance<'l>, Not> {
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
pub(super) fn ready<'l>(checked: &'l Checked, ear: &'l Ear) -> Result<Instance<'l>, Not> {
    let mut model = created(checked, ear)?;
    if checked.fits() {
        fit(&mut model, &checked.settings)?;
    }
    Ok(model)
}

pub(super) fn fit(model: &mut Instance<'_>, settings: &Settings) -> Result<(), PluginError> {
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
pub(super) struct Said {
    pub(super) numbers: Vec<f64>,
    pub(super) text: String,
}

/// Asks everything the plugin offers about some examples.
pub(super) fn ask(
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
            Capability::Choose => choose(model, columns, &mut all)?,
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
                    said.text.push_str(reply.text().unwrap_or_default());
                }
            }
        }
    }
    Ok(all)
}

/// Two options of each example, the text itself and another one.
fn choose(
    model: &mut Instance<'_>,
    columns: Columns<'_>,
    all: &mut [Said],
) -> Result<(), PluginError> {
    let texts: Vec<&str> = columns.texts.iter().flat_map(|text| [*text, "no"]).collect();
    let ends: Vec<usize> = (1..=all.len()).map(|example| example * 2).collect();
    let mut scores = Vec::new();
    let answered =
        model.choose(columns, ShownOptions { texts: &texts, ends: &ends }, &mut scores)?;
    for (i, said) in all.iter_mut().enumerate() {
        said.text.push_str(if answered[i] { "+" } else { "-" });
        if answered[i] {
            said.numbers.extend(scores[2 * i..2 * i + 2].iter().map(|x| f64::from(*x)));
        }
    }
    Ok(())
}

/// Asks about a range in batches of a size.
pub(super) fn ask_in(
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
pub(super) fn difference(a: &[Said], b: &[Said], tolerance: f64) -> Option<String> {
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
