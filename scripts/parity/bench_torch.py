#!/usr/bin/env python3
"""The same models in plain PyTorch eager, as a user writes them: the peer that the plugins' speed is set against.

    OMP_WAIT_POLICY=PASSIVE python scripts/parity/bench_torch.py step  --model linear --weights MODEL_FOLDER
    ... infer | epoch | test  --model linear|calm  --emgsd FOLDER  --threads 2  --examples 2000

step   one training step on 32 x 64 tokens, again and again; infer: the forward of the same batch
epoch  one pass over EMGSD's training texts (train_binary.jsonl): shuffled, tokenised batch by batch, padded to the batch's longest
test   inference over EMGSD's test texts (test.csv), in their order, in the same way
MODEL_FOLDER is a checkpoint of the BERT family, such as all-MiniLM-L6-v2. Prints one line of JSON. Timings mean little beside other work.
"""
import argparse
import csv
import json
import os
import platform
import random
import resource
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F
from transformers import AutoTokenizer, BertModel

import calm_twin as twin

BATCH, LENGTH = 32, 64


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["step", "infer", "epoch", "test"])
    parser.add_argument("--model", choices=["linear", "calm"], default="linear")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--emgsd", type=Path, help="folder with train_binary.jsonl and test.csv")
    parser.add_argument("--batches", type=Path, help="safetensors with int64 `ids` [N,B,L]; else the fixed batch of `fixed_batch`")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12, help="timed steps of step and infer")
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--examples", type=int, help="first so many examples of epoch and test (of the shuffled ones in epoch)")
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-5)
    parser.add_argument("--rounds", type=int, default=1, help="reflection rounds of calm")
    parser.add_argument("--dropout", type=float, help="of the backbone; else its config.json's")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


class Linear(nn.Module):
    """BERT, mean over real tokens, a linear head."""

    def __init__(self, bert, classes):
        super().__init__()
        self.bert, self.head = bert, nn.Linear(bert.config.hidden_size, classes)

    def forward(self, ids, mask):
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state  # [B,L,d]
        weight = mask[..., None].to(hidden.dtype)
        return self.head((hidden * weight).sum(1) / weight.sum(1))


def loss_of(model, ids, mask, labels):
    if isinstance(model, Linear):
        return F.cross_entropy(model(ids, mask), labels)
    # The lexicon's share of tokens and six cultures, as far as the work goes.
    lex = lexicon(ids, mask)
    out = model(ids, mask.bool(), lex)
    culture = torch.arange(len(ids)) % 6
    return twin.total(twin.terms(out, labels, culture, model.config))


def logits_of(model, ids, mask):
    return model(ids, mask) if isinstance(model, Linear) else model(ids, mask.bool(), lexicon(ids, mask)).logits[-1]


def lexicon(ids, mask):
    return mask.bool() & (ids % 16 == 0) & (ids > 999)


def load(args):
    own = {} if args.dropout is None else {"hidden_dropout_prob": args.dropout, "attention_probs_dropout_prob": args.dropout}
    bert = BertModel.from_pretrained(args.weights, add_pooling_layer=False, attn_implementation="sdpa", dtype=torch.float32, **own)
    if args.model == "linear":
        return Linear(bert, 2)
    # BERT's own dropout is on; CALM's on H is the backbone's.
    config = twin.Config(classes=2, rounds=args.rounds, dropout=bert.config.hidden_dropout_prob)
    model = twin.Calm(bert, config)
    nn.init.zeros_(model.identity.out.weight)
    return model


def fixed_batch(args):
    """Ids `[N,32,64]` without padding: place i of the flat batch is 1000 + 7919 i mod 28000, between [CLS] 101 and [SEP] 102."""
    if args.batches:
        return load_file(args.batches)["ids"]
    ids = (1000 + torch.arange(BATCH * LENGTH) * 7919 % 28000).view(1, BATCH, LENGTH)
    ids[..., 0], ids[..., -1] = 101, 102
    return ids


def train_step(model, optimiser, ids, mask, labels):
    loss = loss_of(model, ids, mask, labels)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return loss.item()


def repeat(args, model):
    """step and infer: the median of single steps."""
    batches = fixed_batch(args)
    optimiser = twin.adamw(model, args.rate) if args.mode == "step" else None
    model.train(args.mode == "step")
    times = []
    for n in range(args.warm_up + args.steps):
        ids = batches[n % len(batches)]
        mask = torch.ones_like(ids)
        labels = torch.arange(len(ids)) % 2
        begin = time.perf_counter()
        if args.mode == "step":
            train_step(model, optimiser, ids, mask, labels)
        else:
            with torch.no_grad():
                logits_of(model, ids, mask)
        times.append(time.perf_counter() - begin)
    times = times[args.warm_up :]
    median = statistics.median(times)
    return {
        "median_step_ms": 1e3 * median, "fastest_step_ms": 1e3 * min(times), "slowest_step_ms": 1e3 * max(times),
        "sentences_per_s": batches.shape[1] / median, "steps": len(times), "shape": list(batches.shape[1:]),
    }


def read(args):
    if args.emgsd is None:
        sys.exit("error: epoch and test need --emgsd FOLDER")
    if args.mode == "epoch":
        with open(args.emgsd / "train_binary.jsonl", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        random.Random(args.seed).shuffle(rows)
        rows = [(row["text"], row["label"]) for row in rows]
    else:
        with open(args.emgsd / "test.csv", encoding="utf-8", newline="") as file:
            rows = [(row["text"], int(row["category"] == "stereotype")) for row in csv.DictReader(file)]
    return rows[: args.examples]


def through(args, model):
    """epoch and test: wall time of the loop, tokenisation among it."""
    rows = read(args)
    tokenizer = AutoTokenizer.from_pretrained(args.weights, use_fast=True)
    optimiser = twin.adamw(model, args.rate) if args.mode == "epoch" else None
    model.train(args.mode == "epoch")
    last, tokens, padded, right = None, 0, 0, 0
    begin = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        texts, labels = zip(*rows[start : start + BATCH])
        batch = tokenizer(list(texts), padding=True, truncation=True, max_length=args.max_tokens, return_tensors="pt")
        ids, mask, labels = batch["input_ids"], batch["attention_mask"], torch.tensor(labels)
        if args.mode == "epoch":
            last = train_step(model, optimiser, ids, mask, labels)
        else:
            with torch.no_grad():
                right += (logits_of(model, ids, mask).argmax(-1) == labels).sum().item()
        tokens, padded = tokens + mask.sum().item(), padded + mask.numel()
    seconds = time.perf_counter() - begin
    result = {"seconds": seconds, "examples": len(rows), "sentences_per_s": len(rows) / seconds, "tokens": tokens, "padded_tokens": padded}
    return result | ({"last_loss": last} if args.mode == "epoch" else {"accuracy": right / len(rows)})


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    model = load(args)
    result = repeat(args, model) if args.mode in ("step", "infer") else through(args, model)
    print(json.dumps({
        "peer": "pytorch-eager", "mode": args.mode, "model": args.model, **result,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "threads": args.threads, "parameters": sum(p.numel() for p in model.parameters()), "torch": torch.__version__,
        "transformers": transformers.__version__, "python": platform.python_version(),
    }))


if __name__ == "__main__":
    main()
