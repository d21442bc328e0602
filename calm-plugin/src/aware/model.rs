//! The whole forward pass. Letters as in [`crate::aware`].

use std::collections::BTreeMap;

use backbone::{Backbone, ModelConfig, Pass, Tune};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::concepts::Concepts;
use super::consensus::{Base, Consensus};
use super::experts::Experts;
use super::fusion::Fusion;
use super::identity::Identity;
use super::pool::Pool;
use super::reflection::Reflection;
use super::settings::Settings;
use super::terms::{Labels, Terms};
use crate::layers::{Build, mean_slots};
use crate::model::{BACKBONE, Input, Text, draw_lora};

/// The model. Its parameters live in the store that it was declared in.
#[derive(Debug)]
pub struct Model {
    /// The transformer below.
    pub backbone: Backbone,
    /// Memory of cultures.
    pub identity: Identity,
    pub(crate) consensus: Consensus,
    concepts: Concepts,
    pub(crate) pool: Pool,
    experts: Experts,
    fusion: Fusion,
    pub(crate) reflection: Reflection,
    pub(crate) settings: Settings,
}

/// Named tensors of one pass: what a doctor, an explanation or a test looks at.
#[derive(Debug, Default)]
pub struct Trace(BTreeMap<&'static str, Tensor>);

impl Trace {
    fn put(&mut self, name: &'static str, tensor: &Tensor) {
        self.0.insert(name, tensor.shallow_clone());
    }

    /// A tensor by its name: `H`, `h`, `z`, `X`, `Y`, `A`, `a`, `u`, `s`, `g`, `clusters` `[P]`, `explicit` and `latent` (attention
    /// `[P,K,L]`), `inferred` `[P,n]`; where there is reflection `distance` and `moved` `[P,N]` of the last round.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.0.get(name)
    }

    /// The same, where the model always has it.
    pub(crate) fn always(&self, name: &str) -> Tensor {
        self.0.get(name).map_or_else(Tensor::new, Tensor::shallow_clone)
    }
}

/// What a pass gave.
#[derive(Debug)]
pub struct Output {
    /// Logits of the consensus `[P,C]`.
    pub base: Tensor,
    /// b of the columns `[P,N,C]`.
    pub intercepts: Tensor,
    /// dev after each round, centred `[P,N,C]`.
    pub deviations: Vec<Tensor>,
    /// Logits after each round `[P,N,C]`.
    pub logits: Vec<Tensor>,
    /// The deviation of u's own head `[P,N,C]`.
    pub own: Tensor,
    /// What stood between.
    pub trace: Trace,
}

impl Output {
    /// dev after the last round.
    pub fn deviation(&self) -> &Tensor {
        &self.deviations[self.deviations.len() - 1]
    }

    /// Logits after the last round.
    pub fn last(&self) -> &Tensor {
        &self.logits[self.logits.len() - 1]
    }
}

impl Model {
    /// Declares all parameters in a store on the CPU, for so many named cultures and labels.
    pub fn new(
        store: &VarStore,
        model: &ModelConfig,
        settings: &Settings,
        [cultures, labels]: [i64; 2],
        seed: u64,
    ) -> Self {
        let build = Build::new(store, seed);
        let (d, c) = (model.width, settings.concepts.width);
        let path = store.root() / BACKBONE;
        let identity = Identity::new(store, &build.sub("identity"), cultures, c, settings.identity);
        let count = identity.count();
        let memory = [settings.pool.prototypes.max(1), count + 1, labels];
        let own = Self {
            backbone: Backbone::new(&path, model, settings.tune, settings.frozen_layers),
            consensus: Consensus::new(
                store,
                &build.sub("consensus"),
                [d, c, count, labels],
                settings.consensus,
            ),
            concepts: Concepts::new(&build.sub("concepts"), d, settings.concepts),
            pool: Pool::new(store, &build.sub("pool"), c, settings.pool),
            experts: Experts::new(&build.sub("experts"), c, settings.experts),
            fusion: Fusion::new(&build.sub("fusion"), [d, c, labels], settings.fusion),
            reflection: Reflection::new(
                store,
                &build.sub("reflection"),
                [d, c],
                memory,
                settings.reflection,
            ),
            identity,
            settings: settings.clone(),
        };
        draw_lora(store, seed);
        own
    }

    /// A batch of items to the answers of all cultures, and to that of an item whose culture is hidden.
    pub fn forward(&self, input: &Input, training: bool) -> Output {
        let mut trace = Trace::default();
        let hidden = self.read(input, training); // H [P,L,d]
        let pooled = unit(&self.settings.pooling.pool(&hidden, &input.mask).to_kind(Kind::Float)); // h [P,d]
        let Base { task, logits: base } = self.consensus.forward(&pooled, training); // z [P,c], [P,C]
        let tokens =
            unit(&hidden.to_kind(Kind::Float)).dropout(self.settings.concepts.dropout, training); // [P,L,d]
        let [x, y] = self.concepts.forward(&tokens, &input.mask, &input.lex); // X, Y [P,K,c]
        let aligned = self.pool.forward(&x.slots, &y.slots); // A [P,2K,c]
        let inferred = self.identity.infer(&aligned); // [P,n]
        let identities = Self::columns(&self.identity.recall(), &inferred); // e [P,N,c]
        let intercepts = self.identity.recalled(&self.consensus.intercepts); // [n,C]
        let intercepts = Self::columns(&intercepts, &inferred); // b [P,N,C]
        let read = self.experts.read(&aligned, &identities); // a [P,N,c]
        let said = self.experts.forward(&read, &identities); // u [P,N,c], g [P,N,E]
        let normed = self.fusion.normed(&said.mixed, training); // u' [P,N,c]
        let mut state = self.fusion.forward(&pooled, &normed); // s [P,N,d]
        let own = &intercepts + self.centred(&self.fusion.own(&normed)); // [P,N,C]
        let mut deviations = vec![self.centred(&self.fusion.answer(&state, training))]; // dev [P,N,C]
        let clusters = self.pool.assign(0, &mean_slots(&x.slots)); // [P]
        for round in 0..self.reflection.rounds() {
            let Some(found) = self.reflection.ask(&state, &tokens, &input.mask) else { break }; // [P,N,c]
            let said = self.experts.forward(&(&read + found), &identities);
            let again = self.fusion.forward(&pooled, &self.fusion.normed(&said.mixed, training));
            let distance = self.reflection.distance(&deviations[round], &clusters); // [P,N]
            let gate = self.reflection.gate(&distance); // [P,N,1]
            trace.put("moved", &gate.squeeze_dim(2));
            trace.put("distance", &distance);
            state = &state + gate * (again - &state);
            deviations.push(self.centred(&self.fusion.answer(&state, training)));
        }
        for (name, tensor) in [
            ("H", &hidden),
            ("h", &pooled),
            ("z", &task),
            ("X", &x.slots),
            ("Y", &y.slots),
            ("A", &aligned),
            ("a", &read),
            ("u", &said.mixed),
            ("u'", &normed),
            ("s", &state),
            ("g", &said.gate),
            ("clusters", &clusters),
            ("explicit", &x.attention),
            ("latent", &y.attention),
            ("inferred", &inferred),
        ] {
            trace.put(name, tensor);
        }
        let logits =
            deviations.iter().map(|dev| self.consensus.join(&base, &intercepts, dev)).collect();
        Output { base, intercepts, deviations, logits, own, trace }
    }

    /// All terms of a batch.
    pub fn terms(&self, output: &Output, input: &Input, labels: &Labels) -> Terms {
        let (mut terms, trace) = (Terms::default(), &output.trace);
        terms.push("task", 1.0, || {
            let rounds: Vec<Tensor> =
                output.logits.iter().map(|l| labels.cross_entropy(l)).collect();
            Tensor::stack(&rounds, 0).mean(None::<Kind>)
        });
        self.consensus.push(&mut terms, output.deviation(), &labels.known);
        self.fusion.push(&mut terms, &output.base.unsqueeze(1), &output.own, labels);
        self.identity.push(&mut terms, &trace.always("inferred"), labels);
        self.pool.push(&mut terms, [&trace.always("X"), &trace.always("Y")]);
        self.experts.push(&mut terms, &trace.always("g"));
        let (normed, pooled) = (trace.always("u'"), trace.always("h"));
        self.settings.contrast.push(&mut terms, &normed, &pooled, output.last(), labels);
        self.settings.disentangle.push(&mut terms, || {
            let hidden = trace.always("H").detach();
            let pooled =
                unit(&self.settings.pooling.pool(&hidden, &input.mask).to_kind(Kind::Float));
            let tokens = unit(&hidden.to_kind(Kind::Float));
            let [x, y] = self.concepts.forward(&tokens, &input.mask, &input.lex);
            [
                self.consensus.forward(&pooled, false).task,
                mean_slots(&x.slots),
                mean_slots(&y.slots),
            ]
        });
        self.reflection.push(&mut terms, &output.logits, labels);
        terms
    }

    /// Values of the cultures `[n,w]` as columns `[P,N,w]`: the last is their mean by what is inferred of each item.
    fn columns(values: &Tensor, inferred: &Tensor) -> Tensor {
        let items = inferred.size()[0];
        let named = values.unsqueeze(0).expand([items, -1, -1], false);
        Tensor::cat(&[named, inferred.matmul(values).unsqueeze(1)], 1)
    }

    fn centred(&self, deviations: &Tensor) -> Tensor {
        Consensus::centre(deviations, &self.identity.weights())
    }

    /// H `[P,L,d]`: frozen layers without dropout, the others with it in training.
    fn read(&self, input: &Input, training: bool) -> Tensor {
        let dropout = self.settings.backbone_dropout.unwrap_or(self.backbone.config.dropout);
        let dropout = if training { dropout } else { 0.0 };
        let (frozen, all) = (self.frozen(), self.backbone.layers());
        let (hidden, from) = match &input.text {
            Text::Ids(ids) => {
                let dropout = if frozen == 0 { dropout } else { 0.0 };
                (self.backbone.embed(ids, Pass { dropout, prompt: 0 }), 0)
            }
            Text::Entering(hidden, layer) => (hidden.shallow_clone(), *layer),
        };
        let run = |hidden, from: usize, to: usize, dropout| {
            let pass = Pass { dropout, prompt: 0 };
            if from < to { self.backbone.run(hidden, &input.mask, from..to, pass) } else { hidden }
        };
        let between = frozen.max(from);
        run(run(hidden, from, between, 0.0), between, all, dropout)
    }

    /// How many layers, and the embeddings below them, are not trained at all.
    pub fn frozen(&self) -> usize {
        match self.settings.tune {
            Tune::Frozen => self.backbone.layers(),
            Tune::Lora { .. } | Tune::Full => self.settings.frozen_layers.unwrap_or(0),
        }
    }
}

/// LayerNorm without scale and shift over the last dimension.
fn unit(x: &Tensor) -> Tensor {
    let width = x.size()[x.dim() - 1];
    x.layer_norm::<Tensor>(&[width], None, None, 1e-5, true)
}
