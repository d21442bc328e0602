//! Every stage, loss term and gradient against the twin in PyTorch (`scripts/parity/calm_twin.py`), whose answers lie in
//! `fixtures/parity`; and ten steps of AdamW.

use std::collections::HashMap;

use backbone::ModelConfig;
use calm_plugin::config::{CalmConfig, Weights};
use calm_plugin::loss::{LossTerms, Targets, contrast};
use calm_plugin::model::{Calm, How, Input, Output, Text};
use calm_plugin::prompt::Sentences;
use serde_json::Value;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

type Named = HashMap<String, Tensor>;

/// Largest relative difference that is allowed.
const NEAR: f64 = 1e-4;

fn folder() -> String {
    format!("{}/tests/fixtures/parity", env!("CARGO_MANIFEST_DIR"))
}

fn tensors(name: &str) -> Named {
    Tensor::read_safetensors(format!("{}/{name}.safetensors", folder()))
        .unwrap()
        .into_iter()
        .collect()
}

fn text(name: &str) -> String {
    fs_err::read_to_string(format!("{}/{name}", folder())).unwrap()
}

fn cases() -> Value {
    serde_json::from_str(&text("cases.json")).unwrap()
}

/// The twin's switches under our names.
fn config(twin: &Value) -> CalmConfig {
    let text = |name: &str| twin[name].as_str().unwrap();
    let pool = match text("pool") {
        "self" => "self-attention",
        "concat" => "concatenate",
        other => other,
    };
    let tags = if twin["tags"].as_bool().unwrap() { "given" } else { "ignored" };
    let fields = serde_json::json!({
        "width": twin["width"], "slots": twin["slots"], "experts": twin["experts"], "prompt_tokens": twin["prompt"],
        "prompt": twin["prompting"], "prompt_width": twin["prompt_hidden"], "prompt_layer": twin["prompt_layer"], "pooling": twin["pooling"],
        "lexicon_bias": twin["lexicon_bias"], "latent_mask": twin["latent_mask"], "pool": pool, "gate": twin["moe"],
        "fusion": twin["fusion"], "contrast": twin["contrast"], "tags": tags, "disentangle": twin["disentangle"],
        "calibration": twin["calibration"], "delta": twin["delta"], "eta": twin["eta"], "temperature": twin["tau"],
        "dropout": twin["dropout"], "backbone_dropout": 0.0,
    });
    CalmConfig::parse(&fields.to_string()).unwrap()
}

/// A case of the twin, ready to run here.
struct Case {
    calm: Calm,
    store: VarStore,
    config: CalmConfig,
    rounds: usize,
    training: bool,
    views: bool,
    batch: Named,
}

impl Case {
    fn new(case: &Value) -> Self {
        tch::set_num_threads(1);
        let twin = &case["config"];
        let config = config(twin);
        let model = ModelConfig::parse(&text("config.json")).unwrap();
        let store = VarStore::new(Device::Cpu);
        let classes = twin["classes"].as_u64().unwrap() as usize;
        let batch = tensors("batch");
        let sentences = Sentences::new(
            batch["sentences"].shallow_clone(),
            batch["sentences_mask"].to_kind(Kind::Bool),
        );
        let calm = Calm::new(&store, &model, &config, classes, 1).with_sentences(sentences);
        let mut given = tensors("parameters");
        if twin["moe"] == "single" {
            given.extend(tensors("single"));
        }
        for (name, mut own) in store.variables() {
            let value = given.get(&name).unwrap_or_else(|| panic!("the twin has no {name}"));
            assert_eq!(own.size(), value.size(), "{name}");
            tch::no_grad(|| own.copy_(value));
        }
        let training = case["mode"] == "training";
        let views =
            twin["contrast"] == "simclr" || twin["tags"] == false && twin["contrast"] != "none";
        let rounds = twin["rounds"].as_u64().unwrap() as usize;
        Self { calm, store, config, rounds, training, views: views && training, batch }
    }

    fn run(&self) -> (Output, LossTerms) {
        let bits = |name: &str| self.batch[name].to_kind(Kind::Bool);
        let input = Input {
            text: Text::Ids(self.batch["ids"].shallow_clone()),
            mask: bits("mask"),
            lex: bits("lex"),
        };
        let gate = self.training.then(|| &self.batch["gate_logits"]);
        let how =
            How { training: self.training, rounds: self.rounds, gate, second_view: self.views };
        let output = self.calm.forward(&input, how);
        let tags = self.config.tags == calm_plugin::config::Tags::Given;
        let targets = Targets {
            labels: &self.batch["labels"],
            cultures: tags.then(|| &self.batch["culture"]),
        };
        let terms = LossTerms::new(&output, &targets, &self.config);
        (output, terms)
    }
}

/// What the twin calls what.
fn stage(output: &Output, name: &str) -> Tensor {
    let first = &output.first().thought;
    let (kind, round) =
        name.rsplit_once('_').map_or((name, None), |(k, r)| (k, r.parse::<usize>().ok()));
    let given = |tensor: &Option<Tensor>| tensor.as_ref().unwrap().shallow_clone();
    if let Some(round) = round.map(|r| &output.rounds[r]) {
        return match kind {
            "H" => round.hidden.shallow_clone(),
            "g" => round.thought.experts.gate.shallow_clone(),
            "s" => round.identity.shallow_clone(),
            "logits" => round.logits.shallow_clone(),
            "P" => round.prompt.as_ref().unwrap().rows.shallow_clone(),
            "dev" => given(&round.deviation),
            "thought" => round.thought.fused.identity.shallow_clone(),
            _ => panic!("the twin's stage {name} is unknown here"),
        };
    }
    match name {
        "h0" => &first.pooled,
        "z" => &first.task,
        "X" => &first.explicit.slots,
        "Y" => &first.latent.slots,
        "w_explicit" => &first.explicit.attention,
        "w_latent" => &first.latent.attention,
        "A" => &first.aligned,
        "mixture" => &first.experts.weights,
        "u" => &first.experts.mixed,
        "alpha" => &first.fused.alpha,
        _ => panic!("the twin's stage {name} is unknown here"),
    }
    .shallow_clone()
}

/// Largest difference over the largest value.
fn far(got: &Tensor, expect: &Tensor) -> f64 {
    assert_eq!(got.size(), expect.size());
    let difference = (got - expect).abs().max().double_value(&[]);
    difference / expect.abs().max().double_value(&[]).max(1e-30)
}

/// Compares all stages; returns how many, and the worst difference.
fn compare_stages(case: &Case, output: &Output, expect: &Named, name: &str) -> (usize, f64) {
    let mask = case.batch["mask"].to_kind(Kind::Float).unsqueeze(-1);
    let mut worst = 0f64;
    for (own, value) in expect {
        let got = stage(output, own);
        let difference = if own.starts_with("H_") {
            far(&(got * &mask), &(value * &mask))
        } else {
            far(&got, value)
        };
        assert!(difference < NEAR, "{name}: {own} is off by {difference:e}");
        worst = worst.max(difference);
    }
    (expect.len(), worst)
}

fn compare_terms(terms: &LossTerms, expect: &Value, name: &str) {
    for (term, got) in terms.named() {
        let (got, expect) = (got.double_value(&[]), expect[term].as_f64().unwrap());
        let difference = (got - expect).abs() / expect.abs().max(1e-3);
        assert!(difference < NEAR, "{name}: the term {term} is {got}, the twin's {expect}");
    }
}

#[test]
fn every_case_gives_the_twins_stages_terms_and_gradient_norms() {
    let all = cases();
    let stages = tensors("cases");
    let mut compared = 0;
    for (name, expect) in all["cases"].as_object().unwrap() {
        let case = Case::new(expect);
        let (output, terms) = case.run();
        let own: Named = if name == "default" {
            tensors("stages")
        } else {
            let part = stages.iter().filter_map(|(n, t)| {
                Some((n.strip_prefix(&format!("{name}/"))?.to_owned(), t.shallow_clone()))
            });
            part.collect()
        };
        assert!(own.len() >= 7, "{name} has {} stages", own.len());
        compared += compare_stages(&case, &output, &own, name).0;
        compare_terms(&terms, &expect["terms"], name);
        let total = terms.total(&Weights::default());
        let difference = (total.double_value(&[]) / expect["total"].as_f64().unwrap() - 1.0).abs();
        assert!(difference < NEAR, "{name}: the total is off by {difference:e}");
        total.backward();
        compare_norms(&case, expect, name);
    }
    assert!(compared > 300, "{compared}");
}

fn compare_norms(case: &Case, expect: &Value, name: &str) {
    let norms = expect["gradient_norms"].as_object().unwrap();
    let largest = norms.values().map(|n| n.as_f64().unwrap()).fold(0.0, f64::max);
    let mut seen = 0;
    for (own, parameter) in case.store.variables() {
        let gradient = parameter.grad();
        match norms.get(&own) {
            Some(norm) => {
                let norm = norm.as_f64().unwrap();
                let got = gradient.norm().double_value(&[]);
                let difference = (got - norm).abs() / norm.max(1e-3 * largest);
                assert!(
                    difference < NEAR,
                    "{name}: the gradient of {own} has norm {got}, the twin's {norm}"
                );
                seen += 1;
            }
            None => assert!(
                !gradient.defined() || gradient.norm().double_value(&[]) == 0.0,
                "{name}: {own}"
            ),
        }
    }
    assert_eq!(seen, norms.len(), "{name}: parameters of the twin that are not here");
}

#[test]
fn every_gradient_is_the_twins() {
    let case = Case::new(&cases()["cases"]["default"]);
    let (_, terms) = case.run();
    terms.total(&Weights::default()).backward();
    let expect = tensors("gradients");
    let variables = case.store.variables();
    assert_eq!(expect.len(), variables.len());
    let largest = expect.values().map(|g| g.norm().double_value(&[])).fold(0.0, f64::max);
    for (name, gradient) in &expect {
        let difference = (variables[name].grad() - gradient).norm().double_value(&[]);
        let relative = difference / gradient.norm().double_value(&[]).max(1e-3 * largest);
        assert!(relative < NEAR, "the gradient of {name} is off by {relative:e}");
    }
}

#[test]
fn two_views_are_contrasted_as_the_twin_does() {
    let views = tensors("views");
    // The twin's second view is its first and something added: a gradient reaches the first by both.
    let first = views["first"].copy().set_requires_grad(true);
    let second = &first + (&views["second"] - &views["first"]);
    let unit = |v: &Tensor| v / v.norm_scalaropt_dim(2, [-1i64], true);
    let both = Tensor::cat(&[unit(&first), unit(&second)], 0);
    let items = Tensor::arange(6, (Kind::Int64, Device::Cpu));
    let loss = contrast(&both, &Tensor::cat(&[&items, &items], 0), 0.07);
    let expect = cases()["views"]["loss"].as_f64().unwrap();
    assert!((loss.double_value(&[]) / expect - 1.0).abs() < NEAR);
    let gradients = Tensor::run_backward(&[loss], &[&first, &second], false, false);
    for (gradient, name) in gradients.iter().zip(["grad_first", "grad_second"]) {
        let difference = far(gradient, &views[name]);
        assert!(difference < NEAR, "{name} is off by {difference:e}");
    }
}

/// AdamW (Loshchilov and Hutter 2019) as PyTorch does it.
struct AdamW {
    moments: HashMap<String, (Tensor, Tensor)>,
    step: i32,
}

impl AdamW {
    fn step(&mut self, parameters: &HashMap<String, Tensor>, rate: f64) -> f64 {
        self.step += 1;
        let square: f64 = parameters
            .values()
            .map(|p| p.grad().square().sum(Kind::Double).double_value(&[]))
            .sum();
        let norm = square.sqrt();
        let scale = (1.0 / (norm + 1e-6)).min(1.0);
        for (name, parameter) in parameters {
            let gradient = parameter.grad() * scale;
            let zero = || (gradient.zeros_like(), gradient.zeros_like());
            let (first, second) = self.moments.entry(name.clone()).or_insert_with(zero);
            *first = &*first * 0.9 + &gradient * 0.1;
            *second = &*second * 0.999 + gradient.square() * 0.001;
            let corrected = (&*second / (1.0 - 0.999f64.powi(self.step))).sqrt() + 1e-8;
            let update = &*first / (1.0 - 0.9f64.powi(self.step)) / corrected;
            let decays = parameter.dim() > 1 && name.rsplit('.').next() != Some("bias");
            let kept = if decays { 1.0 - rate * 0.01 } else { 1.0 };
            let mut own = parameter.shallow_clone();
            own.copy_(&(parameter * kept - update * rate));
            own.zero_grad();
        }
        norm
    }
}

#[test]
fn ten_steps_take_the_twins_path() {
    let all = cases();
    let case = Case::new(&all["cases"]["default"]);
    let mut optimiser = AdamW { moments: HashMap::new(), step: 0 };
    let parameters = case.store.variables();
    for (step, expect) in all["steps"]["each"].as_array().unwrap().iter().enumerate() {
        let (_, terms) = case.run();
        compare_terms(&terms, &expect["terms"], &format!("step {step}"));
        terms.total(&Weights::default()).backward();
        let norm = tch::no_grad(|| optimiser.step(&parameters, 1e-3));
        assert!(
            (norm / expect["gradient_norm"].as_f64().unwrap() - 1.0).abs() < NEAR,
            "step {step}: {norm}"
        );
    }
    let (_, terms) = case.run();
    compare_terms(&terms, &all["steps"]["after"]["terms"], "after");
}
