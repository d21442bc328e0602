//! The loop itself.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use plugin_api::{Error, Host};
use rand::RngExt as _;
use tch::Tensor;

use super::adamw::{AdamW, Pace, Rates};
use super::batches::{shuffled, stream};
use super::checkpoint::{Folder, Place};
use super::learner::{Learner, Loss, Step};
use super::plan::Plan;
use crate::runtime::guard;

/// Longest time between two checkpoints.
const BETWEEN: Duration = Duration::from_mins(2);

/// Means of the loss that a training reports at most.
const REPORTS: usize = 100;

/// How a training ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Steps taken, those before an interruption among them.
    pub steps: usize,
    /// The best score on validation; its state is the one that stays.
    pub best: Option<f64>,
    /// The step at which it was reached.
    pub best_step: usize,
    /// Whether a checkpoint was taken up.
    pub resumed: bool,
    /// What the score is.
    pub measure: &'static str,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} steps; best {} on validation ", self.steps, self.measure)?;
        match self.best {
            Some(best) => write!(f, "{best:.4} at step {}", self.best_step),
            None => f.write_str("none (no validation data)"),
        }
    }
}

/// Trains. `folder` holds the checkpoint while it lasts; `key` names what is trained on what (a hash of configuration and data).
/// At the end the learner's parameters are those of the best validation.
///
/// # Errors
/// Cancelled; a loss that is not a number (with step and items); what the learner says. A checkpoint stays where there is a folder.
pub fn run(
    learner: &mut impl Learner,
    plan: &Plan,
    folder: Option<&Path>,
    key: &str,
    host: &Host,
) -> Result<Outcome, Error> {
    check(plan, learner.lengths())?;
    let mut training = Training::start(learner, plan, folder, key, host)?;
    let (epoch_steps, total) = (training.epoch_steps, training.total);
    let mut saved = Instant::now();
    while training.place.step < total && !training.is_over() {
        let epoch = training.place.step / epoch_steps;
        let batches = shuffled(learner.lengths(), plan.batch, host.seed(), epoch);
        for items in &batches[training.place.step % epoch_steps..] {
            if host.is_cancelled() {
                training.save()?;
                return Err(Error::cancelled());
            }
            training.step(learner, items)?;
            if training.validates() {
                training.validate(learner)?;
                training.save()?;
                saved = Instant::now();
                if training.is_over() {
                    break;
                }
            } else if saved.elapsed() > BETWEEN {
                training.save()?;
                saved = Instant::now();
            }
        }
    }
    training.finish(learner)
}

fn check(plan: &Plan, lengths: &[usize]) -> Result<(), Error> {
    let wrong =
        |field: &str, what: &str| Err(Error::config(format!("[config.train]: `{field}` {what}")));
    if lengths.is_empty() {
        return Err(Error::config("there is no example to train on"));
    }
    if plan.epochs == 0 || plan.batch == 0 {
        return wrong("epochs", "and `batch` are at least 1");
    }
    if !(0.0..=1.0).contains(&plan.warm_up) {
        return wrong("warm_up", "is a share of the steps, 0 to 1");
    }
    let rates = [plan.learning_rate, plan.backbone_rate, plan.weight_decay, plan.clip];
    if rates.iter().any(|rate| !(rate.is_finite() && *rate >= 0.0)) {
        return wrong("learning_rate", "and the other rates are finite and not negative");
    }
    Ok(())
}

/// A training under way.
struct Training<'a> {
    plan: &'a Plan,
    host: &'a Host,
    folder: Option<Folder>,
    optimiser: AdamW,
    buffers: Vec<(String, Tensor)>,
    best: Option<Vec<(String, Tensor)>>,
    place: Place,
    resumed: bool,
    epoch_steps: usize,
    total: usize,
    seen: Means,
}

/// Means of loss terms since the last report.
#[derive(Default)]
struct Means {
    sums: Vec<(&'static str, f64)>,
    count: usize,
}

impl<'a> Training<'a> {
    fn start(
        learner: &impl Learner,
        plan: &'a Plan,
        folder: Option<&Path>,
        key: &str,
        host: &'a Host,
    ) -> Result<Self, Error> {
        let mut named: Vec<(String, Tensor)> = learner.store().variables().into_iter().collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        let (trained, fixed): (Vec<_>, Vec<_>) =
            named.into_iter().partition(|(_, t)| t.requires_grad());
        if trained.is_empty() {
            return Err(Error::config("no parameter is trained: nothing to fit"));
        }
        let count: usize = trained.iter().map(|(_, t)| t.numel()).sum();
        let parameters = trained
            .into_iter()
            .map(|(name, t)| {
                let pace = learner.pace(&name);
                (name, t, pace)
            })
            .collect();
        let mut optimiser = AdamW::new(parameters, plan.weight_decay, plan.clip);
        let mut buffers: Vec<_> =
            fixed.into_iter().filter(|(name, _)| learner.pace(name) != Pace::Pretrained).collect();
        let epoch_steps = learner.lengths().len().div_ceil(plan.batch);
        let total = epoch_steps * plan.epochs;
        let folder = folder.map(Folder::new);
        let taken = match &folder {
            Some(folder) => folder.resume(key, &mut optimiser, &mut buffers)?,
            None => None,
        };
        let resumed = taken.is_some();
        let (place, best) = taken.unwrap_or_else(|| {
            (Place { key: key.to_owned(), step: 0, best: None, best_step: 0, since: 0 }, None)
        });
        host.log(format!(
            "training {count} parameters on {} examples: {total} steps of {}{}",
            learner.lengths().len(),
            plan.batch,
            if resumed { format!(", resumed at step {}", place.step) } else { String::new() }
        ));
        Ok(Self {
            plan,
            host,
            folder,
            optimiser,
            buffers,
            best,
            place,
            resumed,
            epoch_steps,
            total,
            seen: Means::default(),
        })
    }

    /// The rate rises to its highest in the warm-up and falls to 0 at the end, both linearly.
    fn rates(&self) -> Rates {
        let (step, total) = (self.place.step as f64, self.total as f64);
        let warm = (total * self.plan.warm_up).ceil();
        let share = if step < warm {
            (step + 1.0) / warm
        } else {
            (total - step) / (total - warm).max(1.0)
        };
        Rates { new: self.plan.learning_rate * share, pretrained: self.plan.backbone_rate * share }
    }

    fn step(&mut self, learner: &mut impl Learner, items: &[usize]) -> Result<(), Error> {
        let number = self.place.step;
        let seed: u64 = stream(self.host.seed(), "step", number).random();
        let step = Step { number, total: self.total, seed };
        tch::manual_seed(seed as i64);
        let loss = guard("a training step", || learner.loss(items, step))?;
        let value = loss.total.double_value(&[]);
        if !value.is_finite() {
            self.save()?;
            let names: Vec<&str> = items.iter().take(5).map(|item| learner.name(*item)).collect();
            let terms: Vec<String> = loss
                .terms
                .iter()
                .map(|(name, t)| format!("{name} {}", t.double_value(&[])))
                .collect();
            return Err(Error::internal(format!(
                "the loss is {value} at step {number} of {} ({}), with examples {}{}; lower `learning_rate` in [config.train]{}",
                self.total,
                terms.join(", "),
                names.join(", "),
                if items.len() > 5 { ", …" } else { "" },
                if self.folder.is_some() {
                    "; the state before the step is kept as a checkpoint"
                } else {
                    ""
                },
            )));
        }
        let rates = self.rates();
        let norm = guard("a training step", || Ok(self.optimiser.step(&loss.total, rates)))?;
        if !norm.is_finite() {
            return Err(Error::internal(format!(
                "the gradient's norm is {norm} at step {number} of {}, after a loss of {value}; lower `learning_rate` in [config.train]",
                self.total
            )));
        }
        self.place.step += 1;
        tch::no_grad(|| learner.after_step(step))?;
        self.report(value, &loss);
        Ok(())
    }

    fn report(&mut self, value: f64, loss: &Loss) {
        let terms = loss.terms.iter().map(|(name, t)| (*name, t.double_value(&[])));
        self.seen.add(std::iter::once(("loss", value)).chain(terms));
        let every = self.total.div_ceil(REPORTS);
        if self.place.step.is_multiple_of(every) || self.place.step == self.total {
            for (name, mean) in self.seen.take() {
                self.host.metric(name, self.place.step, mean);
            }
            self.host.progress(self.place.step, self.total);
        }
    }

    /// Whether the step just done is followed by a validation.
    fn validates(&self) -> bool {
        let parts = self.plan.validations.clamp(1, self.epoch_steps);
        let within = self.place.step % self.epoch_steps;
        within == 0 || (1..parts).any(|part| within == self.epoch_steps * part / parts)
    }

    fn validate(&mut self, learner: &mut impl Learner) -> Result<(), Error> {
        let Some(score) = guard("validation", || tch::no_grad(|| learner.validate()))? else {
            return Ok(());
        };
        self.host.metric("valid", self.place.step, score);
        if self.place.best.is_none_or(|best| score > best) {
            self.place.best = Some(score);
            self.place.best_step = self.place.step;
            self.place.since = 0;
            let trained = self
                .optimiser
                .slots
                .iter()
                .map(|slot| (slot.name.clone(), slot.parameter.detach().copy()));
            let fixed = self.buffers.iter().map(|(name, t)| (name.clone(), t.detach().copy()));
            self.best = Some(trained.chain(fixed).collect());
        } else {
            self.place.since += 1;
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.plan.patience > 0 && self.place.since >= self.plan.patience
    }

    fn save(&self) -> Result<(), Error> {
        match &self.folder {
            Some(folder) => {
                folder.save(&self.place, &self.optimiser, &self.buffers, self.best.as_deref())
            }
            None => Ok(()),
        }
    }

    fn finish(self, learner: &impl Learner) -> Result<Outcome, Error> {
        if let Some(best) = self.best {
            let mut open = learner.store().variables();
            for (name, tensor) in best {
                if let Some(parameter) = open.get_mut(&name) {
                    tch::no_grad(|| parameter.copy_(&tensor));
                }
            }
        }
        if let Some(folder) = &self.folder {
            folder.clear()?;
        }
        let Place { step, best, best_step, .. } = self.place;
        let measure = learner.measure();
        Ok(Outcome { steps: step, best, best_step, resumed: self.resumed, measure })
    }
}

impl Means {
    fn add(&mut self, terms: impl Iterator<Item = (&'static str, f64)>) {
        for (name, value) in terms {
            match self.sums.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += value,
                None => self.sums.push((name, value)),
            }
        }
        self.count += 1;
    }

    fn take(&mut self) -> Vec<(&'static str, f64)> {
        let count = std::mem::take(&mut self.count) as f64;
        std::mem::take(&mut self.sums).into_iter().map(|(name, sum)| (name, sum / count)).collect()
    }
}
