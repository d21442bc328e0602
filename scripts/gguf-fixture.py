#!/usr/bin/env python3
"""Writes baselines/gguf/tests/fixtures: tiny random Llamas as GGUF files, and their log-likelihoods by a forward pass in NumPy.

    python scripts/gguf-fixture.py                     expected.json and its three models
    python scripts/gguf-fixture.py MODEL.gguf          smollm2-135m.json: the same of a real model, which is not written

Needs numpy, gguf and tokenizers. The forward pass here follows the papers (RMSNorm, rotary pairs, grouped queries, SwiGLU) in float64
and evaluates every text whole: no cache, no quantised arithmetic. Weights are what the file holds, dequantised by the gguf package.
"""
import json
import sys
from importlib.metadata import version
from pathlib import Path

import gguf
import numpy as np

OUT = Path(__file__).resolve().parent.parent / "baselines/gguf/tests/fixtures"
D, HEADS, KV, FEED, BLOCKS, CONTEXT, BASE, EPSILON = 64, 4, 2, 96, 2, 96, 10000.0, 1e-5
HEAD = D // HEADS
TEXTS = ["The ferry leaves at noon. Is it late?\nAnswer:", "Rice and beans,", "ä 7 12"]
OPTIONS = [" yes", " no", " perhaps, but not today", "", "\n42"]
QUESTIONS = [
    ("The capital of France is", [" Paris", " London", " a city"]),
    ("Here is a post:\n\"I love my neighbours, whoever they are.\"\nWould most people find it hateful? Answer yes or no.\nAnswer:", [" yes", " no"]),
    ("Café 2024, 中文 and 🙂:", [" ok", "\n\n"]),
]


def byte_tokens():
    """GPT-2's printable stand-ins for the 256 bytes."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names = {byte: chr(byte) for byte in keep}
    for i, byte in enumerate(byte for byte in range(256) if byte not in names):
        names[byte] = chr(256 + i)
    return [names[byte] for byte in range(256)]


def vocabulary():
    merges = [("Ġ", "y"), ("Ġy", "es"), ("e", "s"), ("Ġ", "n"), ("Ġn", "o"), ("t", "h"), ("h", "e"), ("Ġ", "b"), ("e", "r"), ("i", "c")]
    merges.sort(key=lambda pair: len("".join(pair)))
    return ["<|endoftext|>", *byte_tokens(), *("".join(pair) for pair in merges)], [" ".join(pair) for pair in merges]


def encoder(tokens, merges):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    model = models.BPE({token: i for i, token in enumerate(tokens)}, [tuple(pair.split(" ")) for pair in merges])
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def norm(x, weight):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPSILON) * weight


def forward(weights, ids):
    """Log-probabilities [n, vocabulary] of what follows each token."""
    n = len(ids)
    x = weights["token_embd.weight"][ids]
    angles = np.arange(n)[:, None] * BASE ** (-2 * np.arange(HEAD // 2) / HEAD)

    def turn(t):  # [n, heads, HEAD], neighbouring pairs
        a, b = t[..., 0::2], t[..., 1::2]
        cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
        out = np.empty_like(t)
        out[..., 0::2], out[..., 1::2] = a * cos - b * sin, a * sin + b * cos
        return out

    for i in range(BLOCKS):
        w = lambda name: weights[f"blk.{i}.{name}.weight"]  # noqa: B023  called in this turn of the loop only
        h = norm(x, w("attn_norm"))
        q = turn((h @ w("attn_q").T).reshape(n, HEADS, HEAD))
        k = turn((h @ w("attn_k").T).reshape(n, KV, HEAD))
        v = (h @ w("attn_v").T).reshape(n, KV, HEAD)
        heads = []
        for head in range(HEADS):
            of = head // (HEADS // KV)
            scores = q[:, head] @ k[:, of].T / np.sqrt(HEAD)
            scores[np.triu_indices(n, 1)] = -np.inf
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            heads.append(scores / scores.sum(-1, keepdims=True) @ v[:, of])
        x = x + np.concatenate(heads, 1) @ w("attn_output").T
        h = norm(x, w("ffn_norm"))
        gate = h @ w("ffn_gate").T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w("ffn_up").T)) @ w("ffn_down").T
    logits = norm(x, weights["output_norm.weight"]) @ weights.get("output.weight", weights["token_embd.weight"]).T
    logits -= logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def pair(weights, encode, start, text, option):
    """What an option adds to a text; a text without a token is the token `start`."""
    context, whole = encode(text) or [start], encode(text + option)
    if not encode(text):
        whole = [start, *whole]
    same = next((i for i, (a, b) in enumerate(zip(context, whole)) if a != b), min(len(context), len(whole)))
    logs = forward(weights, whole)
    at = range(same, len(whole))
    return {"context": text, "continuation": option, "sum": float(sum(logs[i - 1][whole[i]] for i in at)), "tokens": len(at),
            "greedy": all(logs[i - 1].argmax() == whole[i] for i in at)}


def real(path):
    """The same of a model that is there."""
    global D, HEADS, KV, BLOCKS, BASE, EPSILON, HEAD  # noqa: PLW0603  `forward` takes the shape of the model from them
    reader = gguf.GGUFReader(path)
    field = lambda name: reader.fields[name].contents()
    D, HEADS, KV = field("llama.embedding_length"), field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    BLOCKS, BASE, EPSILON = field("llama.block_count"), field("llama.rope.freq_base"), field("llama.attention.layer_norm_rms_epsilon")
    HEAD = D // HEADS
    weights = {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float64) for t in reader.tensors}
    tokenizer = encoder(field("tokenizer.ggml.tokens"), field("tokenizer.ggml.merges"))
    begin = [field("tokenizer.ggml.bos_token_id")] if field("tokenizer.ggml.add_bos_token") else []
    encode = lambda text: begin + tokenizer.encode(text).ids
    expected = [pair(weights, encode, None, text, option) for text, options in QUESTIONS for option in options]
    made_with = {name: version(name) for name in ["gguf", "numpy", "tokenizers"]} | {"python": sys.version.split()[0]}
    (OUT / "smollm2-135m.json").write_text(json.dumps(
        {"made_by": "scripts/gguf-fixture.py", "with": made_with, "file": Path(path).name, "loglikelihood": expected}, indent=1, ensure_ascii=False) + "\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    tokens, merges = vocabulary()
    tokenizer = encoder(tokens, merges)
    cases = []
    for name, kind, tied, begin in [
        ("f32", gguf.GGMLQuantizationType.F32, False, False), ("q8", gguf.GGMLQuantizationType.Q8_0, True, True),
        ("q4", gguf.GGMLQuantizationType.Q4_0, False, False),
    ]:
        rng = np.random.default_rng(len(cases) + 11)
        shapes = {"token_embd": (len(tokens), D)} | ({} if tied else {"output": (len(tokens), D)})
        for i in range(BLOCKS):
            shapes |= {f"blk.{i}.{part}": shape for part, shape in {
                "attn_q": (D, D), "attn_k": (KV * HEAD, D), "attn_v": (KV * HEAD, D), "attn_output": (D, D),
                "ffn_gate": (FEED, D), "ffn_up": (FEED, D), "ffn_down": (D, FEED)}.items()}
        norms = ["output_norm", *(f"blk.{i}.{part}" for i in range(BLOCKS) for part in ["attn_norm", "ffn_norm"])]
        writer = gguf.GGUFWriter(OUT / f"{name}.gguf", "llama")
        writer.add_context_length(CONTEXT)
        writer.add_embedding_length(D)
        writer.add_block_count(BLOCKS)
        writer.add_feed_forward_length(FEED)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KV)
        writer.add_rope_dimension_count(HEAD)
        writer.add_rope_freq_base(BASE)
        writer.add_layer_norm_rms_eps(EPSILON)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("smollm")
        writer.add_token_list(tokens)
        writer.add_token_types([3] + [1] * (len(tokens) - 1))
        writer.add_token_merges(merges)
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(0)
        writer.add_add_bos_token(begin)
        weights = {}
        for tensor, shape in shapes.items():
            values = (rng.standard_normal(shape) * (1.0 if "embd" in tensor else 1.6 / np.sqrt(shape[1]))).astype(np.float32)
            data = values if kind == gguf.GGMLQuantizationType.F32 else gguf.quants.quantize(values, kind)
            writer.add_tensor(f"{tensor}.weight", data, raw_dtype=kind)
            weights[f"{tensor}.weight"] = gguf.quants.dequantize(data, kind).reshape(shape).astype(np.float64)
        for tensor in norms:
            values = (1 + 0.2 * rng.standard_normal(D)).astype(np.float32)
            writer.add_tensor(f"{tensor}.weight", values)
            weights[f"{tensor}.weight"] = values.astype(np.float64)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        encode = lambda text: ([0] if begin else []) + tokenizer.encode(text).ids  # noqa: B023  called in this turn of the loop only
        expected = [pair(weights, encode, 0, text, option) for text in ["", *TEXTS] for option in OPTIONS]
        replies = []
        for text in TEXTS:
            ids = encode(text)
            start = len(ids)
            while len(ids) - start < 8 and (best := int(forward(weights, ids)[-1].argmax())) != 0:
                ids.append(best)
            replies.append({"prompt": text, "reply": tokenizer.decode(ids[start:])})
        cases.append({"file": f"{name}.gguf", "loglikelihood": expected, "replies": replies})
        print(name, (OUT / f"{name}.gguf").stat().st_size, "bytes")
    made_with = {name: version(name) for name in ["gguf", "numpy", "tokenizers"]} | {"python": sys.version.split()[0]}
    (OUT / "expected.json").write_text(json.dumps({"made_by": "scripts/gguf-fixture.py", "with": made_with, "cases": cases}, indent=1) + "\n")


if len(sys.argv) > 1:
    real(sys.argv[1])
else:
    main()
