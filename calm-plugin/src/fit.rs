//! Fitting: texts are made ready once, the shared loop trains, macro-F1 on validation decides, clusters settle at the end.

use backbone::runtime;

use backbone::train::{self, Learner, Loss, Pace, Step, stream};
use plugin_api::{Dataset, Error, Host};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use crate::clusters::{self, Clusters, TYPES};
use crate::config::{Contrast, Gate, Tags};
use crate::items::Items;
use crate::layers::{length, normals};
use crate::loss::{LossTerms, Targets};
use crate::measures::{effective, gate_information, nmi, purity, silhouette};
use crate::model::{BACKBONE, How};
use crate::net::Net;

/// Training texts whose concepts are clustered at the end, at most.
const CLUSTERED: usize = 4_000;

/// Validation texts whose silhouette is taken, at most.
const SILHOUETTE: usize = 2_000;

/// Labelled texts.
struct Data {
    names: Vec<String>,
    items: Items,
    labels: Vec<u32>,
    cultures: Vec<u32>,
}

impl Data {
    fn new(net: &Net, data: &Dataset<'_>, places: &[usize], host: &Host) -> Result<Self, Error> {
        let texts: Vec<&str> = places.iter().map(|i| data.examples.texts[*i]).collect();
        let mut items = Items::new(&texts, &net.tokens, &net.lexicon)?;
        let (backbone, layers) = (&net.calm.backbone, net.calm.fixed_layers());
        items.keep(backbone, layers, net.config.cache_mebibytes, net.device, host)?;
        Ok(Self {
            names: places.iter().map(|i| data.examples.ids[*i].to_owned()).collect(),
            items,
            labels: places.iter().map(|i| data.labels[*i]).collect(),
            cultures: places.iter().map(|i| data.examples.cultures[*i]).collect(),
        })
    }
}

/// A training.
struct Fit<'a> {
    net: &'a Net,
    host: &'a Host,
    train: Data,
    valid: Data,
    /// Whether the contrast is over tags.
    tagged: bool,
    clusters: Option<Clusters>,
    /// Concepts of the last step, for the clusters.
    concepts: Option<[Tensor; 2]>,
    step: usize,
}

/// What a training leaves beside parameters.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) clusters: Option<Clusters>,
    pub(crate) prototypes: i64,
}

/// Trains the net; what it gives stays with the plugin.
pub(crate) fn fit(
    net: &Net,
    train: &Dataset<'_>,
    valid: &Dataset<'_>,
    host: &Host,
) -> Result<Kept, Error> {
    let places = train::subset(train.labels, net.config.train_examples, host.seed());
    let judges = train::subset(valid.labels, net.config.valid_examples, host.seed());
    let mut known = Data::new(net, train, &places, host)?;
    let unseen = Data::new(net, valid, &judges, host)?;
    let batch = &train.examples;
    let item = |i: &usize| (batch.ids[*i], batch.texts[*i], train.labels[*i], batch.cultures[*i]);
    let key = train::key(&net.config, &net.config.weights, host.seed(), places.iter().map(item))?;
    shuffle(&mut known.cultures, net.config.tags, host.seed());
    let mut cultures = known.cultures.clone();
    cultures.sort_unstable();
    cultures.dedup();
    let tagged = cultures.len() > 1;
    let prototypes = clusters::count(cultures.len());
    let new = || Clusters::new(&net.store, prototypes, net.config.width, host.seed());
    let mut fit = Fit {
        net,
        host,
        train: known,
        valid: unseen,
        tagged: tagged && net.config.contrast == Contrast::Supcon,
        clusters: net.config.clusters.then(new),
        concepts: None,
        step: 0,
    };
    let folder = net.config.cache.as_ref().map(|cache| cache.join(format!("fit-{}", &key[..16])));
    let outcome = train::run(&mut fit, &net.config.train, folder.as_deref(), &key, host)?;
    fit.step = outcome.steps;
    tch::no_grad(|| runtime::guard("the final clusters", || fit.settle()))?;
    host.log(format!("{outcome}; {}", runtime::memory_line(net.device)));
    Ok(Kept { clusters: fit.clusters, prototypes })
}

/// The tags that training sees.
fn shuffle(cultures: &mut [u32], tags: Tags, seed: u64) {
    match tags {
        Tags::Given => {}
        Tags::Shuffled => cultures.shuffle(&mut stream(seed, "tags", 0)),
        Tags::Ignored => cultures.fill(0),
    }
}

/// Values of some items as int64 `[B]`.
fn column(values: &[u32], items: &[usize], device: Device) -> Tensor {
    let values: Vec<i64> = items.iter().map(|item| i64::from(values[*item])).collect();
    Tensor::from_slice(&values).to_device(device)
}

impl Learner for Fit<'_> {
    fn store(&self) -> &VarStore {
        &self.net.store
    }

    fn pace(&self, name: &str) -> Pace {
        let lora = name.contains("lora_");
        if name.starts_with(BACKBONE) && !lora {
            return Pace::Pretrained;
        }
        // The head and the task semantics are what any classifier has.
        let plain = lora || name.starts_with("head.") || name.starts_with("task.");
        Pace::New(if plain { 1.0 } else { self.net.config.culture_lr_scale })
    }

    fn lengths(&self) -> &[usize] {
        &self.train.items.lengths
    }

    fn name(&self, item: usize) -> &str {
        &self.train.names[item]
    }

    fn loss(&mut self, items: &[usize], step: Step) -> Result<Loss, Error> {
        let (net, config) = (self.net, &self.net.config);
        let input = self.train.items.batch(items, &net.tokens, net.device);
        let gate = (config.gate == Gate::Random)
            .then(|| random_gate(items.len(), config.experts, step.seed, net.device));
        let how = How {
            training: true,
            rounds: config.rounds,
            gate: gate.as_ref(),
            second_view: config.contrast != Contrast::None && !self.tagged,
        };
        let output = net.forward(&input, how);
        let cultures = column(&self.train.cultures, items, net.device);
        let targets = Targets {
            labels: &column(&self.train.labels, items, net.device),
            cultures: self.tagged.then_some(&cultures),
        };
        let terms = LossTerms::new(&output, &targets, config);
        let thought = &output.first().thought;
        self.concepts =
            Some([thought.explicit_concept().detach(), thought.latent_concept().detach()]);
        Ok(Loss { total: terms.total(&config.loss), terms: terms.named() })
    }

    fn after_step(&mut self, step: Step) -> Result<(), Error> {
        self.step = step.number + 1;
        match (&mut self.clusters, self.concepts.take()) {
            (Some(clusters), Some([x, y])) => clusters.follow([&x, &y]),
            _ => Ok(()),
        }
    }

    fn validate(&mut self) -> Result<Option<f64>, Error> {
        if self.valid.labels.is_empty() {
            return Ok(None);
        }
        let whole: Vec<usize> = (0..self.valid.labels.len()).collect();
        let read = self.read(&self.valid, &whole, self.net.config.rounds_at_inference)?;
        self.report_path(&read);
        if self.clusters.as_ref().is_some_and(Clusters::are_placed) {
            self.report(&read.concepts)?;
        }
        Ok(Some(train::macro_f1(&self.valid.labels, &read.answers, self.net.classes)))
    }
}

/// What the model says of some texts, in their order.
struct Read {
    answers: Vec<u32>,
    concepts: [Tensor; 2],
    /// g of each text, `[n,E]`.
    gates: Vec<f32>,
    /// Mean alpha.
    alpha: f64,
    /// Mean `|alpha W_o u| / |h0|`.
    added: f64,
}

impl Fit<'_> {
    fn read(&self, data: &Data, places: &[usize], rounds: usize) -> Result<Read, Error> {
        let (net, n) = (self.net, places.len());
        let shape = [n as i64, net.config.width];
        let concepts = [(); 2].map(|()| Tensor::zeros(shape, (Kind::Float, Device::Cpu)));
        let experts = net.calm.experts.count();
        let (mut answers, mut gates) = (vec![0; n], vec![0.0; n * experts]);
        let (mut alpha, mut added) = (0.0, 0.0);
        let lengths: Vec<usize> = places.iter().map(|place| data.items.lengths[*place]).collect();
        for rows in train::even(&lengths, net.config.train.batch * 2) {
            let items: Vec<usize> = rows.iter().map(|row| places[*row]).collect();
            let input = data.items.batch(&items, &net.tokens, net.device);
            let output = net.forward(&input, How { rounds, ..How::default() });
            let best: Vec<i64> =
                Vec::try_from(output.last().logits.argmax(-1, false).to_device(Device::Cpu))
                    .map_err(Error::internal)?;
            let index: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
            let index = Tensor::from_slice(&index);
            let thought = &output.first().thought;
            for (all, own) in
                concepts.iter().zip([thought.explicit_concept(), thought.latent_concept()])
            {
                let _ = all.shallow_clone().index_copy_(0, &index, &own.to_device(Device::Cpu));
            }
            let gate = thought.experts.gate.to_device(Device::Cpu).flatten(0, -1);
            let gate: Vec<f32> = Vec::try_from(gate).map_err(Error::internal)?;
            alpha += sum(&thought.fused.alpha);
            added += sum(&(length(&thought.fused.added) / length(&thought.pooled)));
            for ((row, best), gate) in rows.iter().zip(best).zip(gate.chunks(experts)) {
                answers[*row] = best as u32;
                gates[row * experts..][..experts].copy_from_slice(gate);
            }
        }
        Ok(Read { answers, concepts, gates, alpha: alpha / n as f64, added: added / n as f64 })
    }

    /// Whether the cultural path is alive on the validation texts: how far its door is open (`alpha`), how long what it adds is
    /// beside the backbone's state (`added`), how many experts share the work, and what the gate knows of the culture.
    fn report_path(&self, read: &Read) {
        let experts = self.net.calm.experts.count();
        self.host.metric("alpha", self.step, read.alpha);
        self.host.metric("added", self.step, read.added);
        self.host.metric("experts_used", self.step, effective(&read.gates, experts));
        if self.valid.cultures.iter().any(|tag| *tag != self.valid.cultures[0]) {
            let known = gate_information(&read.gates, experts, &self.valid.cultures);
            self.host.metric("gate_information", self.step, known);
        }
    }

    /// How well clusters and culture tags of the validation texts agree.
    fn report(&self, concepts: &[Tensor; 2]) -> Result<(), Error> {
        let (Some(clusters), tags) = (&self.clusters, &self.valid.cultures) else { return Ok(()) };
        if tags.iter().all(|tag| *tag == tags[0]) {
            return Ok(());
        }
        for (kind, name) in TYPES.into_iter().enumerate() {
            let found = clusters.assign(kind, &concepts[kind])?;
            let n = tags.len().min(SILHOUETTE);
            let vectors: Vec<f32> =
                Vec::try_from(concepts[kind].narrow(0, 0, n as i64).flatten(0, -1))
                    .map_err(Error::internal)?;
            let apart = silhouette(&vectors, self.net.config.width as usize, &tags[..n]);
            self.host.metric(&format!("nmi_{name}"), self.step, nmi(&found, tags));
            self.host.metric(&format!("purity_{name}"), self.step, purity(&found, tags));
            self.host.metric(&format!("silhouette_{name}"), self.step, apart);
        }
        Ok(())
    }

    /// The final clusters, from the training texts, and how well they fit the validation texts.
    fn settle(&mut self) -> Result<(), Error> {
        let Some(mut clusters) = self.clusters.take() else { return Ok(()) };
        let mut places: Vec<usize> = (0..self.train.labels.len()).collect();
        if places.len() > CLUSTERED {
            places.shuffle(&mut stream(self.host.seed(), "clustered", 0));
            places.truncate(CLUSTERED);
        }
        // Concepts are those of round 0.
        let [x, y] = self.read(&self.train, &places, 0)?.concepts;
        clusters.settle([&x, &y])?;
        self.clusters = Some(clusters);
        if self.valid.labels.is_empty() {
            return Ok(());
        }
        let whole: Vec<usize> = (0..self.valid.labels.len()).collect();
        let concepts = self.read(&self.valid, &whole, 0)?.concepts;
        self.report(&concepts)
    }
}

fn sum(values: &Tensor) -> f64 {
    values.sum(None::<Kind>).double_value(&[])
}

/// Logits of a gate that knows nothing, N(0, 1) `[B,E]`.
fn random_gate(batch: usize, experts: i64, seed: u64, device: Device) -> Tensor {
    let seed = stream(seed, "gate", 0).random();
    let values = normals(seed, "gate", batch * experts as usize);
    Tensor::from_slice(&values).view([batch as i64, experts]).to_device(device)
}
