#!/usr/bin/env python3
"""Writes calm-plugin/tests/fixtures/parity/: what the twin of CALM computes on a tiny random BERT.

    python scripts/parity/calm_fixture.py

README.md in that folder tells the files. Needs torch, transformers and safetensors (CPU, one thread); seconds.
"""
import copy
import dataclasses

from common import ROOT, far, made_with, save, sizes, torch, write_json
from transformers import BertConfig, BertModel

import calm_twin as twin

OUT = ROOT / "calm-plugin/tests/fixtures/parity"
SEED = 70
TINY = twin.Config(width=16, slots=3, experts=4, prompt=2, classes=3)
BERT = BertConfig(
    vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=24, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    attn_implementation="eager", architectures=["BertModel"],
)
CASES = {
    "default": {},
    "one-way": {"pool": "one-way"}, "self": {"pool": "self"}, "concat": {"pool": "concat"},
    "dense": {"moe": "dense"}, "single": {"moe": "single"}, "random": {"moe": "random"},
    "random-inference": {"moe": "random"},
    "replace": {"fusion": "replace"}, "fixed": {"fusion": "fixed"},
    "simclr": {"contrast": "simclr"}, "no-tags": {"tags": False}, "no-contrast": {"contrast": "none"},
    "hsic": {"disentangle": "hsic"}, "no-disentangle": {"disentangle": "none"},
    "ema": {"calibration": "ema"}, "no-calibration": {"calibration": "none"},
    "rounds-0": {"rounds": 0}, "rounds-2": {"rounds": 2}, "rounds-2-ema": {"rounds": 2, "calibration": "ema"},
    "rounds-2-no-calibration": {"rounds": 2, "calibration": "none"},
    "prompt-layer-1": {"prompt_layer": 1}, "rounds-2-prompt-layer-1": {"rounds": 2, "prompt_layer": 1},
    "words": {"prompting": "words"}, "rounds-2-words-prompt-layer-1": {"rounds": 2, "prompting": "words", "prompt_layer": 1},
    "cls": {"pooling": "cls"}, "last": {"pooling": "last"},
    "no-explicit-bias": {"lexicon_bias": 0.0}, "no-latent-mask": {"latent_mask": False},
}
# Decisions that float32 could tip over must be this clear.
MARGIN = 1e-3


def build(config):
    return twin.Calm(BertModel(copy.deepcopy(BERT), add_pooling_layer=False), config).train()


def draw(model, seed):
    """Random values under which every stage matters, drawn name by name."""
    generator = torch.Generator().manual_seed(seed)
    values = {}
    for name, parameter in sorted(model.named_parameters()):
        value = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower() and name.endswith("weight"):
            value = 1 + 0.2 * value
        elif name.endswith("bias"):
            value = 0.2 * value
        elif "queries" not in name and "embeddings" not in name:
            value = value / parameter.shape[-1] ** 0.5
        values[name] = value * SCALE.get(name, 1.0)
    return values


# The prompt is scaled so that some items deviate more than delta and some less; the gate so that experts differ.
SCALE = {"prompt.up.weight": 0.7, "experts.gate.weight": 3.0}


def batch():
    generator = torch.Generator().manual_seed(SEED + 1)
    lengths = torch.tensor([12, 9, 3, 7, 12, 5, 10, 4])
    rows, longest = len(lengths), int(lengths.max())
    place = torch.arange(longest)[None, :]
    mask = place < lengths[:, None]
    ids = torch.randint(4, BERT.vocab_size, (rows, longest), generator=generator)
    ids[:, 0] = 2
    ids[torch.arange(rows), lengths - 1] = 3
    ids = ids * mask
    inner = mask & (place > 0) & (place < lengths[:, None] - 1)
    lex = inner & (torch.rand(rows, longest, generator=generator) < 0.3)
    lex[2], lex[5] = inner[2], False  # One item with nothing but lexicon tokens, one with none.
    pairs = TINY.experts**2
    spoken = torch.arange(5)[None, :] < torch.randint(2, 6, (pairs, 1), generator=generator)
    sentences = torch.randint(4, BERT.vocab_size, (pairs, 5), generator=generator) * spoken
    return {
        "sentences": sentences, "sentences_mask": spoken,
        "ids": ids, "mask": mask, "lex": lex,
        "labels": torch.tensor([0, 1, 2, 0, 1, 2, 0, 1]),
        "culture": torch.tensor([0, 0, 1, 1, 2, 0, 1, -1]),  # 2 stands alone, -1 is unknown.
        "gate_logits": torch.randn(rows, TINY.experts, generator=generator),
    }


def run(model, data, gate=True):
    model.sentences = data["sentences"], data["sentences_mask"]
    gate_logits = data["gate_logits"].to(next(model.parameters()).dtype) if gate else None
    out = model(data["ids"], data["mask"], data["lex"], gate_logits)
    terms = twin.terms(out, data["labels"], data["culture"], model.config)
    return out, terms, twin.total(terms)


def stages(out):
    """All that is computed, by name; later rounds numbered."""
    first = {f.name: getattr(out.first, f.name) for f in dataclasses.fields(out.first) if f.name not in ("s", "g")}
    later = {"H": out.H, "g": out.g, "s": out.s, "logits": out.logits}
    named = {f"{name}_{r}": t for name, each in later.items() for r, t in enumerate(each)}
    each_round = {"P": out.P, "thought": out.thought, "dev": out.dev}
    named |= {f"{name}_{r}": t for name, each in each_round.items() for r, t in enumerate(each, 1)}
    return first | named


def clearest(out, labels, config):
    """How far the closest decision is from tipping over: dev against delta, second expert against third, best class against next."""
    gaps = [(dev - config.delta).abs().min() for dev in out.dev]
    if config.moe in ("top2", "dense"):
        ordered = [g.sort(descending=True).values for g in out.g]
        gaps += [(g[:, 1] - g[:, 2]).min() for g in ordered]
        if config.prompting == "words":
            gaps += [(g[:, 0] - g[:, 1]).min() for g in ordered[:-1]]
    best = [logits.topk(2).values for logits in out.logits[:-1]]
    gaps += [(b[:, 0] - b[:, 1]).min() for b in best]
    return min((gap.item() for gap in gaps), default=1.0)


def numbers(terms):
    return {name: term.item() for name, term in terms.items()}


def case(name, config, values, data):
    """One switch setting in float32, and how far float64 is from it."""
    model, wide = build(config), build(config).double()
    for each in (model, wide):
        each.load_state_dict({k: values[k] for k in each.state_dict() if k in values}, strict=False)
    inference = name == "random-inference"
    results = [run(each.eval() if inference else each, data, not inference) for each in (model, wide)]
    (out, terms, total), (out64, terms64, total64) = results
    for loss in (total, total64):
        loss.backward()
    assert clearest(out, data["labels"], config) > MARGIN, (name, clearest(out, data["labels"], config))
    tensors, tensors64 = stages(out), stages(out64)
    gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    gradients64 = {n: p.grad for n, p in wide.named_parameters() if p.grad is not None}
    error = {n: far(tensors[n], tensors64[n]) for n in tensors}
    error["terms"] = max(abs(terms[n].item() / terms64[n].item() - 1) for n in terms if terms64[n].item() != 0)
    norm = max(g.norm().item() for g in gradients64.values())
    error["gradients"] = max((gradients[n] - g).norm().item() / max(g.norm().item(), 1e-3 * norm) for n, g in gradients64.items())
    scalars = {
        "config": dataclasses.asdict(config), "mode": "inference" if inference else "training",
        "terms": numbers(terms), "total": total.item(),
        "gradient_norms": {n: g.norm().item() for n, g in sorted(gradients.items())},
        "unused": sorted(n for n, p in model.named_parameters() if p.grad is None),
        "margin": clearest(out, data["labels"], config), "float32_error": error,
    }
    return tensors, gradients, scalars


def ten_steps(values, data, dtype=torch.float32):
    model = build(TINY).to(dtype)
    model.load_state_dict(values)
    optimiser = twin.adamw(model, 1e-3)
    steps = []
    for _ in range(10):
        out, terms, total = run(model, data)
        optimiser.zero_grad()
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        steps.append({
            "terms": numbers(terms), "total": total.item(), "gradient_norm": norm.item(),
            "margin": clearest(out, data["labels"], TINY),
        })
    _, terms, total = run(model, data)
    return steps, {"terms": numbers(terms), "total": total.item()}


def two_views():
    """The contrast of two given views with its gradients: slot means, not yet unit vectors."""
    generator = torch.Generator().manual_seed(SEED + 2)
    first, other = (torch.randn(6, TINY.width, generator=generator) for _ in range(2))
    first, second = first.requires_grad_(), (first + other).requires_grad_()
    loss = twin.simclr(twin.normalise(first), twin.normalise(second), TINY.tau)
    grad_first, grad_second = torch.autograd.grad(loss, [first, second])
    return {"first": first, "second": second, "grad_first": grad_first, "grad_second": grad_second}, loss.item()


def check_backbone(values, data):
    """The layer loop of the twin is transformers' own forward."""
    bert = BertModel(copy.deepcopy(BERT), add_pooling_layer=False).eval()
    bert.load_state_dict({n.removeprefix("backbone."): v for n, v in values.items() if n.startswith("backbone.")})
    theirs = bert(input_ids=data["ids"], attention_mask=data["mask"].long()).last_hidden_state
    encoder = twin.Encoder(bert)
    ours = encoder.run(encoder.embed(data["ids"]), data["mask"])
    assert far(ours[data["mask"]], theirs[data["mask"]]) < 1e-6


def main():
    torch.manual_seed(SEED)
    data = batch()
    base = draw(build(TINY), SEED)
    single = {n: v for n, v in draw(build(dataclasses.replace(TINY, moe="single")), SEED).items() if n.startswith("experts.")}
    check_backbone(base, data)
    save(OUT / "parameters.safetensors", base)
    save(OUT / "single.safetensors", single)
    save(OUT / "batch.safetensors", {n: t if t.is_floating_point() else t.long() for n, t in data.items()})
    (OUT / "config.json").write_text(BERT.to_json_string())

    cases, tensors = {}, {}
    for name, change in CASES.items():
        config = dataclasses.replace(TINY, **change)
        computed, gradients, cases[name] = case(name, config, base | single if name == "single" else base, data)
        if name == "default":
            over = int((computed["dev_1"] > TINY.delta).sum())
            assert 2 <= over <= 6, f"{over} of 8 items deviate: {computed['dev_1']}"
            save(OUT / "stages.safetensors", computed)
            save(OUT / "gradients.safetensors", gradients)
        else:
            kept = {k: v for k, v in computed.items() if k not in ("h0", "z", "X", "Y") and k[:2] not in ("H_", "P_", "w_")}
            tensors |= {f"{name}/{k}": v for k, v in kept.items()}
    save(OUT / "cases.safetensors", tensors)

    steps, after = ten_steps(base, data)
    steps64, after64 = ten_steps(base, data, torch.float64)
    assert min(step["margin"] for step in steps) > MARGIN, [step["margin"] for step in steps]
    error = [abs(a["total"] - b["total"]) / b["total"] for a, b in zip([*steps, after], [*steps64, after64])]
    views, views_loss = two_views()
    save(OUT / "views.safetensors", views)
    write_json(OUT / "cases.json", {
        "with": made_with("calm_fixture.py", seed=SEED, dtype="float32"), "weights": twin.WEIGHTS,
        "steps": {
            "rate": 1e-3, "betas": [0.9, 0.999], "epsilon": 1e-8, "weight_decay": 0.01, "clip": 1.0,
            "each": steps, "after": after, "float32_error": error,
        },
        "views": {"loss": views_loss, "tau": TINY.tau}, "cases": cases,
    })
    report(cases, error)
    sizes(OUT)


def report(cases, error):
    worst = {}
    for each in cases.values():
        for stage, value in each["float32_error"].items():
            worst[stage] = max(worst.get(stage, 0), value)
    print("float32 against float64, worst of all cases:", {k: f"{v:.1e}" for k, v in worst.items()})
    print("ten steps:", [f"{e:.1e}" for e in error], "margins:", {n: round(c["margin"], 4) for n, c in cases.items()})
    print("default:", cases["default"]["terms"])


if __name__ == "__main__":
    main()
