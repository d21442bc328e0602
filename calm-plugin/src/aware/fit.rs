//! Fitting: rows become panels once, a step takes items with all their cultures, cross-entropy on validation decides, with tau.

use std::rc::Rc;

use backbone::runtime;
use backbone::train::{self, Learner, Loss, Pace, Step, stream};
use plugin_api::{Dataset, Error, Host};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use super::consensus::GRID;
use super::identity::Assign;
use super::model::Output;
use super::net::Net;
use super::panels::{Panels, Tags};
use super::terms::{Labels, Terms};
use crate::items::Items;
use crate::layers::length;
use crate::measures::{contrast, effective};
use crate::model::{BACKBONE, Input};

/// Texts made ready once, for any number of trainings.
#[derive(Debug, Clone)]
pub struct Prepared(Rc<Items>);

/// Labelled items.
pub(crate) struct Data {
    names: Vec<String>,
    items: Prepared,
    /// Which of the prepared items these are.
    places: Vec<usize>,
    pub(crate) lengths: Vec<usize>,
    /// The label of each item and column, -1 if there is none.
    labels: Vec<i64>,
    columns: usize,
}

impl Data {
    /// About `examples` rows of a dataset, whole items drawn by the seed; all where it is 0.
    pub(crate) fn new(
        net: &Net,
        data: &Dataset<'_>,
        tags: &Tags,
        examples: usize,
        host: &Host,
    ) -> Result<Self, Error> {
        let (batch, columns) = (&data.examples, net.columns());
        let texts: Vec<&str> =
            batch.texts.iter().zip(batch.cultures).map(|(text, c)| tags.strip(text, *c)).collect();
        let panels = Panels::new(&texts, batch.cultures, net.cultures, true);
        let all = panels.labels(data.labels, net.cultures, columns);
        let mut chosen: Vec<usize> = (0..panels.texts.len()).collect();
        if examples > 0 && examples < data.labels.len() {
            chosen.shuffle(&mut stream(host.seed(), "items", 0));
            chosen.truncate((chosen.len() * examples).div_ceil(data.labels.len()));
            chosen.sort_unstable();
        }
        let texts: Vec<&str> = chosen.iter().map(|item| panels.texts[*item]).collect();
        let names: Vec<&str> = chosen.iter().map(|i| batch.ids[panels.first[*i]]).collect();
        let items = net.prepare(&texts, host)?;
        let row = |item: &usize| &all[item * columns..][..columns];
        let labels: Vec<i64> = chosen.iter().flat_map(row).copied().collect();
        Ok(Self::of(&items, (0..chosen.len()).collect(), labels, columns, &names))
    }

    /// Some prepared items with their labels, rows of `columns`.
    fn of(
        items: &Prepared,
        places: Vec<usize>,
        labels: Vec<i64>,
        columns: usize,
        names: &[&str],
    ) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            lengths: places.iter().map(|place| items.0.lengths[*place]).collect(),
            items: items.clone(),
            places,
            labels,
            columns,
        }
    }

    /// Some prepared items, with the labels of all prepared items by culture (-1: none).
    pub(crate) fn prepared(net: &Net, items: &Prepared, places: &[usize], labels: &[i64]) -> Self {
        let row = |place: &usize| {
            let own = &labels[place * net.cultures..][..net.cultures];
            own.iter().copied().chain([-1])
        };
        let own = places.iter().flat_map(row).collect();
        let names: Vec<String> = places.iter().map(|place| format!("item {place}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Self::of(items, places.to_vec(), own, net.columns(), &names)
    }

    /// Leaves the labels of one culture only.
    pub(crate) fn only(mut self, culture: usize) -> Self {
        for row in self.labels.chunks_mut(self.columns) {
            for (column, label) in row.iter_mut().enumerate() {
                *label = if column == culture { *label } else { -1 };
            }
        }
        self
    }

    pub(crate) fn input(&self, net: &Net, items: &[usize]) -> Input {
        let places: Vec<usize> = items.iter().map(|item| self.places[*item]).collect();
        net.input(&self.items.0, &places)
    }

    pub(crate) fn labels(&self, items: &[usize], device: Device) -> Labels {
        let row = |item: &usize| &self.labels[item * self.columns..][..self.columns];
        let values: Vec<i64> = items.iter().flat_map(row).copied().collect();
        let shape = [items.len() as i64, self.columns as i64];
        Labels::new(&Tensor::from_slice(&values).view(shape).to_device(device))
    }

    /// The cultures that some item has a label of.
    pub(crate) fn cultures(&self) -> Vec<i64> {
        let seen = |culture: &usize| self.labels.chunks(self.columns).any(|row| row[*culture] >= 0);
        (0..self.columns - 1).filter(seen).map(|culture| culture as i64).collect()
    }

    /// Shuffles each item's labels among the cultures that it has labels of.
    fn shuffle(&mut self, seed: u64) {
        let mut rng = stream(seed, "identities", 0);
        for row in self.labels.chunks_mut(self.columns) {
            let places: Vec<usize> = (0..row.len() - 1).filter(|c| row[*c] >= 0).collect();
            let mut values: Vec<i64> = places.iter().map(|place| row[*place]).collect();
            values.shuffle(&mut rng);
            places.into_iter().zip(values).for_each(|(place, value)| row[place] = value);
        }
    }
}

/// A training.
struct Fit<'a> {
    net: &'a Net,
    host: &'a Host,
    train: Data,
    valid: Data,
    step: usize,
    /// What follows the step: X, Y, dev and clusters of the last batch.
    seen: Option<[Tensor; 4]>,
}

/// Trains the net; the tags are what it learnt beside parameters.
///
/// # Errors
/// The training's.
pub(crate) fn fit(
    net: &Net,
    train: &Dataset<'_>,
    valid: &Dataset<'_>,
    host: &Host,
) -> Result<Tags, Error> {
    let settings = &net.model.settings;
    let tags = Tags::learn(&train.examples.texts, train.examples.cultures);
    let known = Data::new(net, train, &tags, settings.train_examples, host)?;
    let unseen = Data::new(net, valid, &tags, settings.valid_examples, host)?;
    let batch = &train.examples;
    let item = |i: usize| (batch.ids[i], batch.texts[i], train.labels[i], batch.cultures[i]);
    let key = train::key(settings, &settings.weights, host.seed(), (0..batch.len()).map(item))?;
    run(net, known, unseen, &key, host)?;
    Ok(tags)
}

/// Trains on labelled items.
fn run(net: &Net, mut known: Data, unseen: Data, key: &str, host: &Host) -> Result<(), Error> {
    let settings = &net.model.settings;
    if net.cultures > 0 {
        net.model.identity.learn(&known.cultures());
    }
    if settings.identity.assign == Assign::Shuffled {
        known.shuffle(host.seed());
    }
    let mut fit = Fit { net, host, train: known, valid: unseen, step: 0, seen: None };
    let folder = settings.cache.as_ref().map(|cache| cache.join(format!("fit-{}", &key[..16])));
    let outcome = train::run(&mut fit, &settings.train, folder.as_deref(), key, host)?;
    host.log(format!("{outcome}; {}", runtime::memory_line(net.device)));
    Ok(())
}

impl Fit<'_> {
    fn terms(&self, items: &[usize]) -> (Output, Terms) {
        let (net, data) = (self.net, &self.train);
        let input = data.input(net, items);
        let output = net.forward(&input, true);
        let terms = net.model.terms(&output, &input, &data.labels(items, net.device));
        (output, terms)
    }
}

impl Learner for Fit<'_> {
    fn store(&self) -> &VarStore {
        &self.net.store
    }

    fn pace(&self, name: &str) -> Pace {
        let pretrained = name.starts_with(BACKBONE) && !name.contains("lora_");
        if pretrained { Pace::Pretrained } else { Pace::New(1.0) }
    }

    fn lengths(&self) -> &[usize] {
        &self.train.lengths
    }

    fn name(&self, item: usize) -> &str {
        &self.train.names[item]
    }

    fn measure(&self) -> &'static str {
        "negative cross-entropy"
    }

    fn loss(&mut self, items: &[usize], _step: Step) -> Result<Loss, Error> {
        let (output, terms) = self.terms(items);
        let names = ["X", "Y", "clusters"].map(|name| output.trace.always(name).detach());
        let [x, y, clusters] = names;
        self.seen = Some([x, y, output.deviation().detach(), clusters]);
        Ok(Loss { total: terms.total(), terms: terms.named() })
    }

    fn after_step(&mut self, step: Step) -> Result<(), Error> {
        self.step = step.number + 1;
        if let Some([x, y, deviations, clusters]) = self.seen.take() {
            let seed = stream(step.seed, "after", 0).random();
            self.net.model.pool.follow([&x, &y], step.number, seed);
            self.net.model.reflection.remember(&deviations, &clusters);
        }
        Ok(())
    }

    fn validate(&mut self) -> Result<Option<f64>, Error> {
        if self.valid.labels.iter().all(|label| *label < 0) {
            return Ok(None);
        }
        let read = self.read()?;
        self.net.model.consensus.calibrate(&read.entropies);
        let tau = self.net.model.consensus.tau.double_value(&[0]);
        let place = GRID.iter().position(|value| (value - tau).abs() < 1e-6).unwrap_or(0);
        let cells = self.valid.labels.iter().filter(|label| **label >= 0).count() as f64;
        let lost = read.entropies.iter().map(|item| item[place]).sum::<f64>() / cells;
        self.report(&read, tau);
        Ok(Some(-lost))
    }
}

/// What the model says of the validation items.
struct Read {
    /// Cross-entropy of each item by tau.
    entropies: Vec<[f64; GRID.len()]>,
    /// `base + b` and dev, the score of the last label less that of the first, of each cell.
    leaning: Vec<[f64; 2]>,
    gates: Vec<f32>,
    /// Mean `|s - h| / |h|`.
    added: f64,
    /// Cells whose answer the rounds changed: wrong to right, right to wrong.
    changed: [usize; 2],
}

impl Fit<'_> {
    fn read(&self) -> Result<Read, Error> {
        let (net, data) = (self.net, &self.valid);
        let count = data.lengths.len();
        let mut read = Read {
            entropies: vec![[0.0; GRID.len()]; count],
            leaning: vec![[0.0; 2]; count * data.columns],
            gates: Vec::new(),
            added: 0.0,
            changed: [0; 2],
        };
        for items in train::even(&data.lengths, net.model.settings.train.batch * 2) {
            let output = net.forward(&data.input(net, &items), false);
            let labels = data.labels(&items, net.device);
            let shared = output.base.unsqueeze(1) + &output.intercepts;
            for (place, tau) in GRID.into_iter().enumerate() {
                let logits = &shared + output.deviation() * tau;
                let each = floats(&labels.entropies(&logits).sum_dim_intlist(
                    &[1i64][..],
                    false,
                    None::<Kind>,
                ))?;
                items
                    .iter()
                    .zip(each)
                    .for_each(|(item, own)| read.entropies[*item][place] = f64::from(own));
            }
            let leaning = |x: &Tensor| floats(&(x.select(2, -1) - x.select(2, 0)));
            let (base, dev) = (leaning(&shared)?, leaning(output.deviation())?);
            for (row, item) in items.iter().enumerate() {
                for column in 0..data.columns {
                    let at = row * data.columns + column;
                    read.leaning[item * data.columns + column] = [base[at], dev[at]].map(f64::from);
                }
            }
            read.gates.extend(floats(&output.trace.always("g"))?);
            let (state, pooled) = (output.trace.always("s"), output.trace.always("h").unsqueeze(1));
            let added = length(&(state - &pooled)) / length(&pooled);
            read.added +=
                added.mean(None::<Kind>).double_value(&[]) * items.len() as f64 / count as f64;
            for (sum, new) in read.changed.iter_mut().zip(changed(&output, &labels)) {
                *sum += new;
            }
        }
        Ok(read)
    }

    /// Whether the path lives, on the validation items, and how often cultures that disagree are in the right order (two labels).
    fn report(&self, read: &Read, tau: f64) {
        let (host, step) = (self.host, self.step);
        host.metric("tau", step, tau);
        host.metric("added", step, read.added);
        let experts = self.net.model.settings.experts.count as usize;
        host.metric("experts_used", step, effective(&read.gates, experts));
        if self.net.model.reflection.rounds() > 0 {
            host.metric("round_gains", step, read.changed[0] as f64);
            host.metric("round_losses", step, read.changed[1] as f64);
        }
        if self.net.labels == 2 && self.net.cultures > 1 {
            let scores: Vec<f64> =
                read.leaning.iter().map(|[base, dev]| base + tau * dev).collect();
            if let Some(share) = contrast(&scores, &self.valid.labels, self.valid.columns) {
                host.metric("contrast_accuracy", step, share);
            }
        }
    }
}

/// Labelled cells whose answer the rounds changed: wrong to right, right to wrong.
pub(crate) fn changed(output: &Output, labels: &Labels) -> [usize; 2] {
    let right = |logits: &Tensor| {
        logits.argmax(-1, false).eq_tensor(&labels.values).logical_and(&labels.known)
    };
    let (before, after) = (right(&output.logits[0]), right(output.last()));
    let count =
        |mask: Tensor| mask.logical_and(&labels.known).sum(Kind::Int64).int64_value(&[]) as usize;
    [
        count(after.logical_and(&before.logical_not())),
        count(before.logical_and(&after.logical_not())),
    ]
}

pub(crate) fn floats(tensor: &Tensor) -> Result<Vec<f32>, Error> {
    let flat = tensor.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view([-1]);
    Vec::try_from(flat).map_err(Error::internal)
}

/// The parts of the answers to some items, each a row of the cultures and labels `n C`.
#[derive(Debug, Default)]
pub struct Parts {
    /// `base + b`.
    pub shared: Vec<f32>,
    /// dev after the first round.
    pub first: Vec<f32>,
    /// dev after the last round.
    pub deviations: Vec<f32>,
}

impl Net {
    /// Texts made ready: tokens, and what the frozen layers make of them.
    ///
    /// # Errors
    /// Names the text that cannot be tokenised.
    pub fn prepare(&self, texts: &[&str], host: &Host) -> Result<Prepared, Error> {
        let mut items = self.items(texts)?;
        let limit = self.model.settings.cache_mebibytes;
        items.keep(&self.model.backbone, self.model.frozen(), limit, self.device, host)?;
        Ok(Prepared(Rc::new(items)))
    }

    /// Trains on prepared items: which of them, and the labels of all prepared items by culture (-1: none).
    ///
    /// # Errors
    /// The training's.
    pub fn fit(
        &self,
        items: &Prepared,
        [train, valid]: [&[usize]; 2],
        labels: &[i64],
        host: &Host,
    ) -> Result<(), Error> {
        let data = |places| Data::prepared(self, items, places, labels);
        run(self, data(train), data(valid), "prepared", host)
    }

    /// The parts of the answers to prepared items.
    ///
    /// # Errors
    /// The computation's.
    pub fn parts(&self, items: &Prepared, places: &[usize]) -> Result<Parts, Error> {
        let mut parts = Parts::default();
        for chosen in places.chunks(32) {
            let output = runtime::guard("answers", || {
                Ok(tch::no_grad(|| self.forward(&self.input(&items.0, chosen), false)))
            })?;
            let named = |x: &Tensor| floats(&x.narrow(1, 0, self.cultures as i64));
            parts.shared.extend(named(&(output.base.unsqueeze(1) + &output.intercepts))?);
            parts.first.extend(named(&output.deviations[0])?);
            parts.deviations.extend(named(output.deviation())?);
        }
        Ok(parts)
    }

    /// tau, as the last validation chose it.
    pub fn tau(&self) -> f64 {
        self.model.consensus.tau.double_value(&[0])
    }

    /// The terms of some labelled texts in one training step, from the state that the net is in.
    ///
    /// # Errors
    /// The computation's.
    pub fn terms(&self, data: &Dataset<'_>, host: &Host) -> Result<(Output, Terms, Labels), Error> {
        let tags = Tags::learn(&data.examples.texts, data.examples.cultures);
        let own = Data::new(self, data, &tags, 0, host)?;
        if self.cultures > 0 {
            self.model.identity.learn(&own.cultures());
        }
        let whole: Vec<usize> = (0..own.lengths.len()).collect();
        let input = own.input(self, &whole);
        let labels = own.labels(&whole, self.device);
        let output = self.forward(&input, true);
        let terms = self.model.terms(&output, &input, &labels);
        Ok((output, terms, labels))
    }
}
