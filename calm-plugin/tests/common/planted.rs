//! A task in which culture matters by construction, and what CALM is compared with on it.
//!
//! Each text holds one cue for each of two facts a and b, one word that names its culture outright (of the lexicon), one that
//! gives it away (made up), and filler. The label is a in the first culture, not a in the second, b in the third, not b in the
//! fourth: no word alone says anything about it, nor do the task's cues without the culture. A culture has forty words, each of
//! them rare in training, so that what a word means must be learnt from few texts: from labels alone two cultures fit any one
//! text, while the tag says it outright.

use std::fmt::Write as _;

use backbone::train::{self, Learner, Loss, Pace, Plan, Step, stream};
use backbone::{Backbone, Checkpoint, Encoded, Pass, Pooling, Tokens, Tune};
use calm_plugin::measures::{gate_information, gate_null, nmi};
use calm_plugin::{CalmPlugin, Explanation};
use plugin_api::{Error, Host, Plugin as _, Task};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};
use tch::nn::{Init, VarStore};
use tch::{Device, Tensor};
use tempfile::TempDir;

use crate::tiny::{Bert, Texts, checkpoint};

/// Cultures.
const CULTURES: usize = 4;

/// Words of each kind that a culture has.
const WORDS: usize = 20;

/// Words that name cultures, all in the lexicon; which culture they belong to here is drawn.
const NAMES: &str = "afghan albanian algerian angolan armenian austrian bahraini bolivian bosnian brazilian bulgarian burmese \
    cambodian canadian chilean colombian congolese croatian cuban cypriot danish dutch ecuadorian egyptian eritrean estonian \
    ethiopian fijian filipino finnish gambian georgian ghanaian greek haitian honduran hungarian icelandic indonesian iranian \
    iraqi irish israeli italian jamaican japanese jordanian kenyan korean kuwaiti latvian lebanese liberian libyan lithuanian \
    malaysian maltese mexican mongolian moroccan namibian nepalese nigerian norwegian pakistani panamanian peruvian polish \
    portuguese romanian russian rwandan samoan senegalese serbian slovak somali swedish syrian tunisian";

/// Training, validation and test texts, with the checkpoint that both models start from.
pub(crate) struct Planted {
    pub(crate) train: Texts,
    pub(crate) valid: Texts,
    pub(crate) test: Texts,
    pub(crate) folder: TempDir,
}

/// Sizes.
pub(crate) const TRAIN: usize = 1_600;
pub(crate) const VALID: usize = 240;
pub(crate) const TEST: usize = 1_000;

/// Epochs of both.
pub(crate) const EPOCHS: usize = 40;

impl Planted {
    /// Drawn from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = stream(seed, "planted", 0);
        let mut names: Vec<&str> = NAMES.split_whitespace().collect();
        assert_eq!(names.len(), CULTURES * WORDS);
        names.shuffle(&mut rng);
        let mut text = |n: usize, part: &str| {
            let mut texts = Texts::default();
            for i in 0..n {
                let culture = i % CULTURES;
                let facts = [(); 2].map(|()| rng.random_range(0..2usize));
                let label = facts[culture / 2] ^ (culture % 2);
                let [name, hint] = [(); 2].map(|()| culture * WORDS + rng.random_range(0..WORDS));
                let mut words = vec![
                    format!("a{}{}", facts[0], rng.random_range(0..3)),
                    format!("b{}{}", facts[1], rng.random_range(0..3)),
                    names[name].to_owned(),
                    format!("hint{hint}"),
                ];
                words.extend(
                    (0..rng.random_range(2..6)).map(|_| format!("f{}", rng.random_range(0..30))),
                );
                words.shuffle(&mut rng);
                texts.push(format!("{part}-{i}"), words.join(" "), culture as u32, label as u32);
            }
            texts
        };
        let (train, valid, test) = (text(TRAIN, "train"), text(VALID, "valid"), text(TEST, "test"));
        let facts = ["a", "b"]
            .into_iter()
            .flat_map(|f| (0..6).map(move |k| format!("{f}{}{}", k / 3, k % 3)));
        let hints = (0..CULTURES * WORDS).map(|k| format!("hint{k}"));
        let filler = (0..30).map(|k| format!("f{k}"));
        let vocabulary: Vec<String> =
            facts.chain(names.iter().map(|n| (*n).to_owned())).chain(hints).chain(filler).collect();
        let folder = checkpoint(&vocabulary, Bert { width: 32, layers: 2, dropout: 0.1 }, 1);
        Self { train, valid, test, folder }
    }

    fn task() -> Task {
        Task {
            name: "planted".to_owned(),
            protocol: "finetuned".to_owned(),
            labels: ["no", "yes"].map(str::to_owned).to_vec(),
            cultures: (0..CULTURES).map(|c| format!("culture {c}")).collect(),
        }
    }

    /// Trains CALM with some fields changed, and looks at what it does on the test texts.
    pub(crate) fn calm(&self, preset: &str, change: &Value, seed: u64) -> Seen {
        tch::set_num_threads(1);
        let mut fields = json!({
            "preset": preset, "folder": self.folder.path(), "device": "cpu", "width": 32, "slots": 4, "prompt_tokens": 4,
            "prompt_width": 32, "max_tokens": 32, "train": plan(EPOCHS),
        });
        for (name, value) in change.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        let host = Host::silent(1, seed);
        let mut model = CalmPlugin::create(&fields.to_string(), &Self::task(), &host).unwrap();
        // Without validation texts the last state stays: the best of many at chance would be an early one.
        model.fit(&self.train.data(), &Texts::default().data(), &host).unwrap();
        let look = |texts: &Texts| model.explain(&texts.batch()).unwrap();
        Seen::new(&look(&self.test), &look(&self.valid), self, seed)
    }

    /// Trains the control: the same backbone, and a head of two layers with as many parameters as CALM adds.
    pub(crate) fn control(&self, epochs: usize, parameters: i64, seed: u64) -> Vec<bool> {
        let mut control = Control::new(self, parameters, seed);
        let plan: Plan = serde_json::from_value(plan(epochs)).unwrap();
        train::run(&mut control, &plan, None, "planted", &Host::silent(1, seed)).unwrap();
        right(&control.answers(&control.test), &self.test.labels)
    }
}

/// Both models' training. The backbone is random, so that it learns at the head's rate.
fn plan(epochs: usize) -> Value {
    json!({"epochs": epochs, "batch": 32, "learning_rate": 5e-3, "backbone_rate": 5e-3, "patience": 0})
}

fn right(answers: &[u32], labels: &[u32]) -> Vec<bool> {
    answers.iter().zip(labels).map(|(a, l)| a == l).collect()
}

/// Share that is right.
pub(crate) fn accuracy(right: &[bool]) -> f64 {
    right.iter().filter(|r| **r).count() as f64 / right.len() as f64
}

/// Two-sided mid-p of McNemar's test (Fagerland et al. 2013) on pairs of answers, with the two kinds of disagreement.
pub(crate) fn mcnemar(one: &[bool], other: &[bool]) -> (f64, usize, usize) {
    let count = |a: bool| one.iter().zip(other).filter(|(x, y)| **x == a && **y != a).count();
    let (wins, losses) = (count(true), count(false));
    let n = wins + losses;
    let ln_factorial = |k: usize| (1..=k).map(|i| (i as f64).ln()).sum::<f64>();
    let mass = |k: usize| {
        (ln_factorial(n)
            - ln_factorial(k)
            - ln_factorial(n - k)
            - n as f64 * std::f64::consts::LN_2)
            .exp()
    };
    let fewer = wins.min(losses);
    let p = 2.0 * (0..=fewer).map(mass).sum::<f64>() - mass(fewer);
    (p.min(1.0), wins, losses)
}

/// What a trained CALM does on the test texts.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) right: Vec<bool>,
    /// Accuracy on validation, for choices.
    pub(crate) valid: f64,
    /// NMI of clusters and cultures: explicit, latent.
    pub(crate) nmi: [f64; 2],
    /// What the experts' weights say about the culture in bits, what they say about shuffled tags, and the permutation p.
    pub(crate) gate: [f64; 3],
    /// Mean attention on tokens of the lexicon: explicit, latent.
    pub(crate) lexicon: [f64; 2],
    /// Mean deviation of the last round.
    pub(crate) deviation: f64,
    /// Share right after round 0 only.
    pub(crate) first: f64,
}

impl Seen {
    fn new(test: &[Explanation], valid: &[Explanation], planted: &Planted, seed: u64) -> Self {
        let tags = &planted.test.cultures;
        let cluster =
            |kind: usize| -> Vec<u32> { test.iter().map(|e| e.clusters.unwrap()[kind]).collect() };
        let best = |p: &[f32]| u32::from(p[1] > p[0]);
        let answers = |all: &[Explanation]| -> Vec<u32> {
            all.iter().map(|e| best(&e.probabilities)).collect()
        };
        let experts = test[0].gate.len();
        let gates: Vec<f32> = test.iter().flat_map(weights).collect();
        let (p, null) = gate_null(&gates, experts, tags, 999, &mut stream(seed, "null", 0));
        let bits = |nats: f64| nats / std::f64::consts::LN_2;
        let looked = |slots: fn(&Explanation) -> &Vec<calm_plugin::SlotAttention>| {
            let on = |e: &Explanation| {
                let each = slots(e).iter().map(|s| {
                    s.tokens.iter().filter(|t| t.lexicon).map(|t| f64::from(t.weight)).sum::<f64>()
                });
                each.sum::<f64>() / slots(e).len() as f64
            };
            test.iter().map(on).sum::<f64>() / test.len() as f64
        };
        let last = test.iter().map(|e| f64::from(e.deviation.last().copied().unwrap_or(0.0)));
        let first: Vec<u32> = test.iter().map(|e| best(&e.rounds[0])).collect();
        Self {
            right: right(&answers(test), &planted.test.labels),
            valid: accuracy(&right(&answers(valid), &planted.valid.labels)),
            nmi: [nmi(&cluster(0), tags), nmi(&cluster(1), tags)],
            gate: [bits(gate_information(&gates, experts, tags)), bits(null), p],
            lexicon: [looked(|e| &e.explicit), looked(|e| &e.latent)],
            deviation: last.sum::<f64>() / test.len() as f64,
            first: accuracy(&right(&first, &planted.test.labels)),
        }
    }

    /// One row of a table.
    pub(crate) fn row(&self, name: &str) -> String {
        let mut row = format!("{name:<18}");
        let [g, null, p] = self.gate;
        let _ = write!(
            row,
            "test {:.3} (round 0 {:.3}) valid {:.3} | NMI {:.3} {:.3} | experts {g:.3} bits (shuffled {null:.3}, p {p:.3}) | on lexicon {:.3} {:.3} | dev {:.3}",
            accuracy(&self.right),
            self.first,
            self.valid,
            self.nmi[0],
            self.nmi[1],
            self.lexicon[0],
            self.lexicon[1],
            self.deviation
        );
        row
    }
}

/// What each expert's answer weighed: the gate over those that fired.
fn weights(one: &Explanation) -> Vec<f32> {
    let kept = |e: usize| if one.fired.contains(&e) { one.gate[e] } else { 0.0 };
    let kept: Vec<f32> = (0..one.gate.len()).map(kept).collect();
    let sum: f32 = kept.iter().sum();
    kept.into_iter().map(|k| k / sum).collect()
}

/// Backbone, mean, Linear, GELU, Linear.
struct Control {
    store: VarStore,
    backbone: Backbone,
    tokens: Tokens,
    head: [Tensor; 4],
    train: Vec<Encoded>,
    test: Vec<Encoded>,
    labels: Vec<u32>,
    names: Vec<String>,
    lengths: Vec<usize>,
}

impl Control {
    fn new(planted: &Planted, parameters: i64, seed: u64) -> Self {
        tch::set_num_threads(1);
        let checkpoint =
            Checkpoint::open(Some(planted.folder.path()), &std::collections::HashMap::new())
                .unwrap();
        let tokens = checkpoint.tokens(32).unwrap();
        let store = VarStore::new(Device::Cpu);
        let backbone =
            Backbone::new(&(store.root() / "backbone"), &checkpoint.config, Tune::Full, None);
        backbone.load(&store, "backbone", &checkpoint).unwrap();
        tch::manual_seed(seed as i64);
        let d = backbone.width();
        let inner = (parameters - 2) / (d + 3);
        let path = store.root() / "head";
        let normal = Init::Randn { mean: 0.0, stdev: 0.02 };
        let head = [
            path.var("up_weight", &[inner, d], normal),
            path.var("up_bias", &[inner], Init::Const(0.0)),
            path.var("down_weight", &[2, inner], normal),
            path.var("down_bias", &[2], Init::Const(0.0)),
        ];
        let encode = |texts: &Texts| tokens.encode(&texts.batch().texts).unwrap();
        let (train, test) = (encode(&planted.train), encode(&planted.test));
        let lengths = train.iter().map(Encoded::len).collect();
        let labels = planted.train.labels.clone();
        let names = planted.train.ids.clone();
        Self { store, backbone, tokens, head, train, test, labels, names, lengths }
    }

    fn logits(&self, texts: &[&Encoded], dropout: f64) -> Tensor {
        let padded = self.tokens.pad(texts, Device::Cpu);
        let hidden = self.backbone.forward(&padded.ids, &padded.mask, Pass { dropout, prompt: 0 });
        let pooled = Pooling::Mean.pool(&hidden, &padded.mask).dropout(dropout, true);
        let [up, up_bias, down, down_bias] = &self.head;
        pooled.linear(up, Some(up_bias)).gelu("none").linear(down, Some(down_bias))
    }

    fn answers(&self, texts: &[Encoded]) -> Vec<u32> {
        let texts: Vec<&Encoded> = texts.iter().collect();
        let best = tch::no_grad(|| self.logits(&texts, 0.0).argmax(-1, false));
        Vec::<i64>::try_from(best).unwrap().into_iter().map(|b| b as u32).collect()
    }
}

impl Learner for Control {
    fn store(&self) -> &VarStore {
        &self.store
    }

    fn pace(&self, name: &str) -> Pace {
        if name.starts_with("backbone") { Pace::Pretrained } else { Pace::New(1.0) }
    }

    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn name(&self, item: usize) -> &str {
        &self.names[item]
    }

    fn loss(&mut self, items: &[usize], _step: Step) -> Result<Loss, Error> {
        let texts: Vec<&Encoded> = items.iter().map(|i| &self.train[*i]).collect();
        let labels: Vec<i64> = items.iter().map(|i| i64::from(self.labels[*i])).collect();
        let total = self.logits(&texts, 0.1).cross_entropy_for_logits(&Tensor::from_slice(&labels));
        Ok(Loss { total, terms: Vec::new() })
    }

    fn validate(&mut self) -> Result<Option<f64>, Error> {
        Ok(None)
    }
}

/// Parameters that CALM adds to the backbone at these sizes.
pub(crate) fn added(folder: &TempDir) -> i64 {
    let text = fs_err::read_to_string(folder.path().join("config.json")).unwrap();
    let model = backbone::ModelConfig::parse(&text).unwrap();
    let config =
        json!({"width": 32, "slots": 4, "prompt_tokens": 4, "prompt_width": 32}).to_string();
    let config = calm_plugin::config::CalmConfig::parse(&config).unwrap();
    let store = VarStore::new(Device::Cpu);
    let _ = calm_plugin::model::Calm::new(&store, &model, &config, 2, 1);
    let own = store.variables().into_iter().filter(|(name, _)| !name.starts_with("backbone"));
    own.map(|(_, tensor)| tensor.numel() as i64).sum()
}
