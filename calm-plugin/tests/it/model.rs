//! Properties of the model itself, below the plugin.

use backbone::ModelConfig;
use calm_plugin::config::{CalmConfig, Gate, presets};
use calm_plugin::loss::{LossTerms, Targets};
use calm_plugin::model::{Calm, How, Input, Output, Text};
use calm_plugin::prompt::Sentences;
use serde_json::{Map, Value};
use tch::nn::VarStore;
use tch::{Device, IndexOp as _, Kind, Tensor};

const BERT: &str = r#"{"model_type": "bert", "vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 4,
    "num_attention_heads": 2, "max_position_embeddings": 32, "type_vocab_size": 2, "hidden_dropout_prob": 0.1}"#;
const LLAMA: &str = r#"{"model_type": "qwen2", "vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 4,
    "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32, "rms_norm_eps": 1e-6}"#;

/// The preset `name` at the size of `tiny`.
pub(crate) fn small(name: &str) -> Map<String, Value> {
    let mut presets = presets().unwrap();
    let (mut fields, own) = (presets.remove("tiny").unwrap(), presets.remove(name));
    fields.extend(own.into_iter().flatten());
    fields
}

fn calm(fields: Map<String, Value>, body: &str) -> (Calm, VarStore, CalmConfig) {
    tch::set_num_threads(1);
    tch::manual_seed(3);
    let config = CalmConfig::parse(&Value::Object(fields).to_string()).unwrap();
    let store = VarStore::new(Device::Cpu);
    let calm = Calm::new(&store, &ModelConfig::parse(body).unwrap(), &config, 3, 7)
        .with_sentences(sentences(config.experts, 0));
    // Weights that are not small, so that nothing is close by chance.
    for (name, mut tensor) in store.variables() {
        if name.ends_with("weight") && tensor.dim() > 1 && !name.contains("identity.out") {
            tch::no_grad(|| tensor.copy_(&(tensor.randn_like() * 0.5)));
        }
    }
    (calm, store, config)
}

/// Sentences of two or three tokens, and so many more of padding.
fn sentences(experts: i64, padding: i64) -> Sentences {
    let pairs = experts * experts;
    let ids = Tensor::arange(pairs * 3, (Kind::Int64, Device::Cpu)).remainder(40).view([pairs, 3]);
    let short = Tensor::arange(pairs, (Kind::Int64, Device::Cpu)).remainder(2).unsqueeze(1); // [E E,1]
    let mask = Tensor::arange(3, (Kind::Int64, Device::Cpu)).unsqueeze(0).lt_tensor(&(3 - short));
    let ids = (ids + 5).constant_pad_nd([0, padding]);
    Sentences::new(ids, mask.constant_pad_nd([0, padding]))
}

fn batch() -> Input {
    let ids = Tensor::from_slice(&[1i64, 7, 8, 9, 10, 2, 1, 11, 12, 2, 0, 0, 1, 13, 14, 15, 2, 0])
        .view([3, 6]);
    let lex = Tensor::from_slice(&[8i64, 14])
        .unsqueeze(-1)
        .unsqueeze(-1)
        .eq_tensor(&ids)
        .any_dim(0, false);
    Input { mask: ids.ne(0), text: Text::Ids(ids), lex }
}

fn ids(input: &Input) -> Tensor {
    match &input.text {
        Text::Ids(ids) => ids.shallow_clone(),
        Text::Entering(..) => panic!("the batch holds ids"),
    }
}

fn two_rounds(training: bool) -> How<'static> {
    How { training, rounds: 2, ..How::default() }
}

fn same(one: &Tensor, other: &Tensor, within: f64, what: &str) {
    let difference = (one - other).abs().max().double_value(&[]);
    assert!(difference <= within, "{what}: {difference:e}");
}

fn both(check: impl Fn(&str)) {
    check(BERT);
    check(LLAMA);
}

#[test]
fn what_stands_at_padding_changes_nothing() {
    let _turn = crate::alone();
    both(|body| {
        let (calm, ..) = calm(small("tiny"), body);
        let (clean, dirty) = (batch(), batch());
        let junk = ids(&dirty).where_self(&dirty.mask, &Tensor::from(33i64));
        let dirty = Input {
            text: Text::Ids(junk),
            lex: dirty.lex.logical_or(&dirty.mask.logical_not()),
            ..dirty
        };
        let (one, other) =
            (calm.forward(&clean, two_rounds(false)), calm.forward(&dirty, two_rounds(false)));
        same(&one.last().identity, &other.last().identity, 1e-5, "s");
        same(&one.last().logits, &other.last().logits, 1e-5, "logits");
        // A text alone, without padding.
        let alone = Input {
            text: Text::Ids(ids(&clean).i((1..2, ..4))),
            mask: clean.mask.i((1..2, ..4)),
            lex: clean.lex.i((1..2, ..4)),
        };
        let alone = calm.forward(&alone, two_rounds(false));
        same(&alone.last().logits, &one.last().logits.i(1..2), 1e-4, "alone");
    });
}

#[test]
fn the_order_of_a_batch_is_kept() {
    let _turn = crate::alone();
    let (calm, ..) = calm(small("tiny"), BERT);
    let one = batch();
    let order = Tensor::from_slice(&[2i64, 0, 1]);
    let turned = |t: &Tensor| t.index_select(0, &order);
    let other = Input {
        text: Text::Ids(turned(&ids(&one))),
        mask: turned(&one.mask),
        lex: turned(&one.lex),
    };
    let (one, other) =
        (calm.forward(&one, two_rounds(false)), calm.forward(&other, two_rounds(false)));
    same(&turned(&one.last().logits), &other.last().logits, 1e-6, "logits");
    same(
        &turned(&one.first().thought.experts.gate),
        &other.first().thought.experts.gate,
        1e-6,
        "gate",
    );
}

#[test]
fn step_0_is_the_backbone_and_a_head() {
    let _turn = crate::alone();
    both(|body| {
        let (calm, store, _) = calm(small("tiny"), body);
        let input = batch();
        let output = calm.forward(&input, How::default());
        let hidden = calm.backbone.forward(&ids(&input), &input.mask, backbone::Pass::default());
        let pooled = backbone::Pooling::Mean.pool(&hidden, &input.mask);
        let plain = pooled.layer_norm::<Tensor>(&[16], None, None, 1e-5, true);
        assert_eq!(output.last().identity, plain);
        let named = store.variables();
        let task = pooled.linear(&named["task.proj.weight"], Some(&named["task.proj.bias"]));
        let task = task.layer_norm::<Tensor>(&[16], None, None, 1e-5, true);
        let head =
            Tensor::cat(&[plain, task], 1).linear(&named["head.weight"], Some(&named["head.bias"]));
        same(&output.last().logits, &head, 1e-6, "logits");
    });
}

fn terms(output: &Output, config: &CalmConfig) -> LossTerms {
    let (labels, cultures) = (Tensor::from_slice(&[0i64, 2, 1]), Tensor::from_slice(&[0i64, 1, 0]));
    LossTerms::new(output, &Targets { labels: &labels, cultures: Some(&cultures) }, config)
}

#[test]
fn terms_of_every_preset_are_finite_and_not_negative_and_reach_every_parameter() {
    let _turn = crate::alone();
    for name in presets().unwrap().keys() {
        let (calm, store, config) = calm(small(name), BERT);
        let gate = Tensor::randn([3, config.experts], (Kind::Float, Device::Cpu));
        let how = How {
            training: true,
            rounds: config.rounds,
            gate: (config.gate == Gate::Random).then_some(&gate),
            second_view: config.contrast == calm_plugin::config::Contrast::Simclr,
        };
        calm.backbone.fix(&store, calm_plugin::model::BACKBONE);
        let terms = terms(&calm.forward(&batch(), how), &config);
        let names = terms.named();
        assert_eq!(
            names.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["task", "contrast_explicit", "contrast_latent", "disentangle", "balance", "calibrate"]
        );
        for (term, value) in names {
            let value = value.double_value(&[]);
            assert!(value.is_finite() && value >= -1e-6, "{name}: {term} is {value}");
        }
        terms.total(&config.loss).backward();
        for (parameter, tensor) in store.variables().iter().filter(|(_, t)| t.requires_grad()) {
            let gradient = tensor.grad();
            assert!(gradient.defined(), "{name}: {parameter} is not reached");
            assert_eq!(gradient.isfinite().all().int64_value(&[]), 1, "{name}: {parameter}");
        }
    }
}

#[test]
fn the_latent_slots_look_past_the_lexicon_and_the_explicit_ones_at_it() {
    let _turn = crate::alone();
    let looks = |name: &str| {
        let (calm, ..) = calm(small(name), BERT);
        let input = batch();
        let thought = calm.forward(&input, How::default()).rounds.remove(0).thought;
        let on = |attention: &Tensor| {
            let share = attention.matmul(&input.lex.to_kind(Kind::Float).unsqueeze(-1));
            share.i(0).mean(None::<Kind>).double_value(&[])
        };
        (on(&thought.explicit.attention), on(&thought.latent.attention))
    };
    let default = looks("default");
    assert_eq!(default.1, 0.0);
    assert!(looks("no-latent-mask").1 > 0.01);
    assert!(looks("no-explicit-bias").0 < default.0);
}

#[test]
fn parameters_are_drawn_the_same_whatever_the_threads() {
    let _turn = crate::alone();
    let drawn = |threads| {
        tch::set_num_threads(threads);
        let store = VarStore::new(Device::Cpu);
        let fields = small("lora");
        let config = CalmConfig::parse(&Value::Object(fields).to_string()).unwrap();
        let _ = Calm::new(&store, &ModelConfig::parse(BERT).unwrap(), &config, 3, 7);
        let own = store
            .variables()
            .into_iter()
            .filter(|(n, _)| !n.starts_with("backbone.") || n.contains("lora_"));
        let mut own: Vec<(String, Tensor)> = own.collect();
        own.sort_by(|a, b| a.0.cmp(&b.0));
        own
    };
    let (one, other) = (drawn(1), drawn(2));
    assert!(one.iter().any(|(name, _)| name.contains("lora_a")));
    assert_eq!(one, other);
}

#[test]
fn a_prompt_of_words_is_the_sentence_of_the_two_likeliest_experts() {
    let _turn = crate::alone();
    both(|body| {
        for layer in [0, 2] {
            let mut fields = small("word-prompt");
            fields.insert("prompt_layer".to_owned(), layer.into());
            let (calm, _store, config) = calm(fields, body);
            let output = calm.forward(&batch(), two_rounds(false));
            let likeliest = output.first().thought.experts.gate.topk(2, -1, true, true).1;
            let rows = Sentences::choose(&output.first().thought.experts.gate);
            let (ids, mask) = sentences(config.experts, 0).get(&rows);
            for row in 0..3 {
                let pair = likeliest.int64_value(&[row, 0]) * config.experts
                    + likeliest.int64_value(&[row, 1]);
                let first = 5 + (pair * 3).rem_euclid(40);
                assert_eq!(ids.int64_value(&[row, 0]), first, "{body}");
                assert_eq!(mask.i(row).sum(Kind::Int64).int64_value(&[]), 3 - pair % 2);
            }
            let prompt = output.rounds[1].prompt.as_ref().unwrap();
            assert_eq!(prompt.rows.size(), [3, 3, 16]);
            assert!(output.rounds[1].deviation.as_ref().unwrap().max().double_value(&[]) > 1e-4);
            if body != BERT {
                // Rotary positions count the padding.
                continue;
            }
            let padded = calm.with_sentences(sentences(config.experts, 4));
            let other = padded.forward(&batch(), two_rounds(false));
            assert_eq!(other.rounds[1].prompt.as_ref().unwrap().rows.size(), [3, 7, 16]);
            same(&output.last().identity, &other.last().identity, 1e-5, "s");
            same(&output.last().logits, &other.last().logits, 1e-5, "logits");
        }
    });
}
