//! CALM, from tokens to logits.
//!
//! Letters: B batch, L tokens (padded), d width of the backbone, c width of concepts, K slots of a type, E experts, C labels,
//! m rows of the self-prompt, R rounds of reflection.
//! H hidden states `[B,L,d]` · h0 pooled H `[B,d]` · z task semantics `[B,c]` · X explicit concepts, Y latent signals `[B,K,c]` ·
//! A aligned concepts `[B,2K,c]` · a their mean `[B,c]` · g gate `[B,E]` · u what the experts say `[B,c]` · s identity state `[B,d]` ·
//! P self-prompt `[B,m,d]` · dev deviation of a round's identity from the one before `[B]`.

use backbone::{Backbone, ModelConfig, Pass, Tune};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::config::{Calibration, CalmConfig, Prompting};
use crate::experts::{Experts, Mixed};
use crate::identity::{Fused, Identity};
use crate::layers::{Build, Linear, Norm, mean_slots, normalise, normals};
use crate::pool::Pool;
use crate::prompt::{Prompt, Sentences, Soft};
use crate::slots::{Seen, Sight, Slots};

/// Where the backbone's parameters are in the store.
pub const BACKBONE: &str = "backbone";

/// The model. Its parameters live in the store that it was declared in.
#[derive(Debug)]
pub struct Calm {
    /// The transformer below.
    pub backbone: Backbone,
    task: (Linear, Norm),
    explicit: Slots,
    latent: Slots,
    pool: Pool,
    pub(crate) experts: Experts,
    identity: Identity,
    prompt: Option<Prompt>,
    head: Linear,
    config: CalmConfig,
}

/// A batch.
#[derive(Debug)]
pub struct Input {
    /// The text.
    pub text: Text,
    /// True where a token is real `[B,L]`.
    pub mask: Tensor,
    /// True where a token belongs to a match of the culture lexicon `[B,L]`.
    pub lex: Tensor,
}

/// A text, from where the computation starts.
#[derive(Debug)]
pub enum Text {
    /// Token ids `[B,L]`.
    Ids(Tensor),
    /// Hidden states that enter a layer, `[B,L,d]`, and that layer.
    Entering(Tensor, usize),
}

/// How a batch is computed.
#[derive(Debug, Clone, Copy, Default)]
pub struct How<'a> {
    /// With dropout.
    pub training: bool,
    /// R.
    pub rounds: usize,
    /// Logits `[B,E]` for a gate that knows nothing.
    pub gate: Option<&'a Tensor>,
    /// Whether the slots look a second time, through another dropout, for the contrast of views.
    pub second_view: bool,
}

/// What one reading of the text gave.
#[derive(Debug)]
pub struct Thought {
    /// h0 `[B,d]`.
    pub pooled: Tensor,
    /// z `[B,c]`.
    pub task: Tensor,
    /// X and its attention.
    pub explicit: Seen,
    /// Y and its attention.
    pub latent: Seen,
    /// A `[B,2K,c]`.
    pub aligned: Tensor,
    /// u, g and which experts fired.
    pub experts: Mixed,
    /// s of this reading, and alpha.
    pub fused: Fused,
}

/// What the model asks itself with.
#[derive(Debug)]
pub struct Asked {
    /// P `[B,m,d]`.
    pub rows: Tensor,
    /// Which of its rows are real `[B,m]`.
    pub mask: Tensor,
    /// Which sentence it is, where it is one: row of the table `[B]`.
    pub sentence: Option<Tensor>,
}

/// One round.
#[derive(Debug)]
pub struct Round {
    /// P; none in round 0.
    pub prompt: Option<Asked>,
    /// H `[B,L,d]`; what is at padding means nothing.
    pub hidden: Tensor,
    /// What the reading gave.
    pub thought: Thought,
    /// s after calibration `[B,d]`.
    pub identity: Tensor,
    /// dev `[B]`; none in round 0.
    pub deviation: Option<Tensor>,
    /// Logits of s and of round 0's z `[B,C]`.
    pub logits: Tensor,
}

/// What the model gave: rounds 0 to R.
#[derive(Debug)]
pub struct Output {
    /// The rounds, the first without a prompt.
    pub rounds: Vec<Round>,
    /// The slots' second look at round 0: X and Y.
    pub second_view: Option<(Seen, Seen)>,
}

impl Output {
    /// Round 0.
    pub fn first(&self) -> &Round {
        &self.rounds[0]
    }

    /// Round R.
    pub fn last(&self) -> &Round {
        &self.rounds[self.rounds.len() - 1]
    }
}

impl Thought {
    /// x `[B,c]`, the unit vector of the explicit concepts.
    pub fn explicit_concept(&self) -> Tensor {
        concept(&self.explicit)
    }

    /// y `[B,c]`, that of the latent signals.
    pub fn latent_concept(&self) -> Tensor {
        concept(&self.latent)
    }
}

/// The unit vector of a type's mean slot, `[B,c]`.
pub fn concept(seen: &Seen) -> Tensor {
    normalise(&mean_slots(&seen.slots))
}

impl Calm {
    /// Declares all parameters in a store on the CPU; the backbone's are filled by [`Backbone::load`].
    pub fn new(
        store: &VarStore,
        model: &ModelConfig,
        config: &CalmConfig,
        classes: usize,
        seed: u64,
    ) -> Self {
        let build = Build::new(store, seed);
        let (d, c) = (model.width, config.width);
        let slots = |name, sight| Slots::new(&build.sub(name), d, c, config.slots, sight);
        let latent = if config.latent_mask { Sight::Barred } else { Sight::Plain };
        let task = build.sub("task");
        let prompt = |build| match config.prompt {
            Prompting::Soft => {
                Prompt::Soft(Soft::new(&build, d, config.prompt_width, config.prompt_tokens))
            }
            Prompting::Words => Prompt::Words(Sentences::silent(config.experts)),
        };
        let calm = Self {
            backbone: Backbone::new(
                &(store.root() / BACKBONE),
                model,
                config.tune,
                config.frozen_layers,
            ),
            task: (Linear::new(&task.sub("proj"), d, c), Norm::new(&task.sub("norm"), c)),
            explicit: slots("explicit", Sight::Drawn(config.lexicon_bias)),
            latent: slots("latent", latent),
            pool: Pool::new(&build.sub("pool"), c, config.pool),
            experts: Experts::new(&build.sub("experts"), c, config.experts, config.gate),
            identity: Identity::new(&build.sub("identity"), d, c, config.fusion),
            prompt: (config.rounds > 0).then(|| prompt(build.sub("prompt"))),
            head: Linear::new(&build.sub("head"), d + c, classes as i64),
            config: config.clone(),
        };
        draw_lora(store, seed);
        calm
    }

    /// The same with words to prompt itself with, where it does so in words; without, it says nothing.
    #[must_use]
    pub fn with_sentences(mut self, sentences: Sentences) -> Self {
        if let Some(Prompt::Words(own)) = &mut self.prompt {
            *own = sentences;
        }
        self
    }

    /// A batch to logits and identity states, round by round.
    pub fn forward(&self, input: &Input, how: How<'_>) -> Output {
        let (entering, mask) = (self.lower(&input.text, &input.mask, how), &input.mask); // [B,L,d]
        let hidden = self.upper(&entering, mask, None, how); // H [B,L,d]
        let (thought, second_view) = self.think(&hidden, mask, &input.lex, how); // z X Y u s
        let identity = thought.fused.identity.shallow_clone(); // s_0 [B,d]
        let logits = self.answer(&identity, &thought.task); // [B,C]
        let mut rounds =
            vec![Round { prompt: None, hidden, thought, identity, deviation: None, logits }];
        for _ in 0..how.rounds {
            let last = &rounds[rounds.len() - 1];
            let before = last.identity.shallow_clone(); // s_{r-1} [B,d]
            let prompt = self.ask(&before, &last.thought.experts.gate, how); // P [B,m,d]
            let hidden = self.upper(&entering, mask, prompt.as_ref(), how); // H^r [B,L,d]
            let (thought, _) =
                self.think(&hidden, mask, &input.lex, How { second_view: false, ..how });
            let deviation = 1.0 - cosine(&thought.fused.identity, &before.detach()); // dev [B]
            let identity = self.calibrate(&before, &thought.fused.identity, &deviation); // s_r [B,d]
            let logits = self.answer(&identity, &rounds[0].thought.task); // [B,C]
            rounds.push(Round {
                prompt,
                hidden,
                thought,
                identity,
                deviation: Some(deviation),
                logits,
            });
        }
        Output { rounds, second_view }
    }

    /// One reading: task, concepts, their alignment, the experts, the identity; and the slots' second look.
    fn think(
        &self,
        hidden: &Tensor,
        mask: &Tensor,
        lex: &Tensor,
        how: How<'_>,
    ) -> (Thought, Option<(Seen, Seen)>) {
        let look = || {
            let seen = hidden.dropout(self.config.dropout, how.training); // [B,L,d]
            (self.explicit.forward(&seen, mask, lex), self.latent.forward(&seen, mask, lex))
        };
        let pooled = self.config.pooling.pool(hidden, mask).to_kind(Kind::Float); // h0 [B,d]
        let task = self.task.1.forward(&self.task.0.forward(&pooled)); // z [B,c]
        let (explicit, latent) = look(); // X, Y [B,K,c]
        let aligned = self.pool.forward(&explicit.slots, &latent.slots); // A [B,2K,c]
        let experts = self.experts.forward(&mean_slots(&aligned), &task, how.gate); // u [B,c], g [B,E]
        let fused = self.identity.forward(&pooled, &experts.mixed); // s [B,d]
        let second_view = how.second_view.then(look);
        (Thought { pooled, task, explicit, latent, aligned, experts, fused }, second_view)
    }

    /// P of an identity `[B,d]` and a gate `[B,E]`.
    fn ask(&self, identity: &Tensor, gate: &Tensor, how: How<'_>) -> Option<Asked> {
        Some(match self.prompt.as_ref()? {
            Prompt::Soft(soft) => {
                let rows = soft.forward(identity);
                let mask = Tensor::ones(&rows.size()[..2], (Kind::Bool, rows.device()));
                Asked { rows, mask, sentence: None }
            }
            Prompt::Words(sentences) => {
                let sentence = Sentences::choose(gate);
                let (ids, mask) = sentences.get(&sentence);
                let rows = self.lower(&Text::Ids(ids), &mask, how);
                Asked { rows, mask, sentence: Some(sentence) }
            }
        })
    }

    /// Logits `[B,C]` of an identity and the task semantics.
    fn answer(&self, identity: &Tensor, task: &Tensor) -> Tensor {
        self.head.forward(&Tensor::cat(&[identity, task], 1)).to_kind(Kind::Float)
    }

    /// `s_r` from `s_{r-1}` and what the round gave, `[B,d]`.
    fn calibrate(&self, before: &Tensor, given: &Tensor, deviation: &Tensor) -> Tensor {
        let moved = || before + (given - before) * self.config.eta;
        match self.config.calibration {
            Calibration::Deviation => {
                moved().where_self(&deviation.gt(self.config.delta).unsqueeze(1), before)
            }
            Calibration::Ema => moved(),
            Calibration::None => given.shallow_clone(),
        }
    }

    /// What enters the prompt's layer, `[B,L,d]`.
    fn lower(&self, text: &Text, mask: &Tensor, how: How<'_>) -> Tensor {
        match text {
            Text::Ids(ids) => {
                let dropout = if self.frozen() == 0 { self.pass(how, 0).dropout } else { 0.0 };
                let embedded = self.backbone.embed(ids, Pass { dropout, prompt: 0 });
                self.run(embedded, mask, 0, self.branch(), 0, how)
            }
            Text::Entering(hidden, layer) => {
                self.run(hidden.shallow_clone(), mask, *layer, self.branch(), 0, how)
            }
        }
    }

    /// H `[B,L,d]` from what enters the prompt's layer, with the prompt in front where there is one.
    fn upper(
        &self,
        entering: &Tensor,
        mask: &Tensor,
        prompt: Option<&Asked>,
        how: How<'_>,
    ) -> Tensor {
        let (from, to) = (self.branch(), self.backbone.layers());
        let Some(Asked { rows: prompt, mask: real, .. }) = prompt else {
            return self.run(entering.shallow_clone(), mask, from, to, 0, how);
        };
        let rows = prompt.size()[1];
        let hidden = Tensor::cat(&[&prompt.to_kind(entering.kind()), entering], 1); // [B,m+L,d]
        let mask = Tensor::cat(&[real, mask], 1); // [B,m+L]
        self.run(hidden, &mask, from, to, rows, how).narrow(1, rows, entering.size()[1])
    }

    /// Layers `from..to`, without dropout in frozen ones.
    fn run(
        &self,
        hidden: Tensor,
        mask: &Tensor,
        from: usize,
        to: usize,
        prompt: i64,
        how: How<'_>,
    ) -> Tensor {
        let part = |hidden, from, to, pass| {
            if from < to { self.backbone.run(hidden, mask, from..to, pass) } else { hidden }
        };
        let between = self.frozen().clamp(from.min(to), to);
        let hidden = part(hidden, from, between, Pass { dropout: 0.0, prompt });
        part(hidden, between, to, self.pass(how, prompt))
    }

    fn pass(&self, how: How<'_>, prompt: i64) -> Pass {
        let dropout = self.config.backbone_dropout.unwrap_or(self.backbone.config.dropout);
        Pass { dropout: if how.training { dropout } else { 0.0 }, prompt }
    }

    /// How many layers, and the embeddings below them, are not trained at all.
    pub fn frozen(&self) -> usize {
        match self.config.tune {
            Tune::Frozen => self.backbone.layers(),
            Tune::Lora { .. } | Tune::Full => self.config.frozen_layers.unwrap_or(0),
        }
    }

    /// The layer in front of which prompts enter; without prompts, the end.
    fn branch(&self) -> usize {
        if self.prompt.is_some() { self.config.prompt_layer } else { self.backbone.layers() }
    }

    /// The layer up to which hidden states depend on the text alone and never change.
    pub fn fixed_layers(&self) -> usize {
        self.frozen().min(self.branch())
    }
}

/// Cosine of each pair of rows, `[B]`.
fn cosine(a: &Tensor, b: &Tensor) -> Tensor {
    (normalise(a) * normalise(b)).sum_dim_intlist(&[1i64][..], false, None::<Kind>)
}

/// Draws LoRA's first matrices from the seed too; their second ones are 0.
pub(crate) fn draw_lora(store: &VarStore, seed: u64) {
    for (name, mut tensor) in
        store.variables().into_iter().filter(|(name, _)| name.ends_with(".lora_a"))
    {
        let shape = tensor.size();
        let spread = 1.0 / (shape[1] as f64).sqrt();
        let drawn =
            Tensor::from_slice(&normals(seed, &name, tensor.numel())).view(&shape[..]) * spread;
        tch::no_grad(|| tensor.copy_(&drawn));
    }
}
