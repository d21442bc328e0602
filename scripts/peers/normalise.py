"""From the official files to examples with id, text, label, culture, cluster and part in one Parquet file, with their counts.

Both are whole commands: ours with its start-up and the check of the sources' SHA-256, a peer (`normalise.py --peer NAME TASK FOLDER OUT`)
with its imports. A peer also reports the seconds of its work alone, which are shown beside it: ours whole against theirs without imports.
"""
import json
import shutil
import sys
import time
from pathlib import Path

COUNTRIES = {"United_States_Hate": "US", "Australia_Hate": "AU", "United_Kingdom_Hate": "GB", "South_Africa_Hate": "ZA", "Singapore_Hate": "SG"}
COLUMNS = ["id", "text", "label", "culture", "cluster", "part"]
SPLITS = "crehate/finetune/data_splits/CREHate_{}.csv"


# pandas ----------------------------------------------------------------------------------------------------------------------------

def with_pandas(task, folder, out):
    import numpy as np
    import pandas as pd

    def work():
        if task == "crehate":
            parts = [pd.read_csv(folder / SPLITS.format(part)).assign(part=part) for part in ("train", "valid", "test")]
            rows = pd.concat(parts).melt(["ID", "Text", "part"], list(COUNTRIES), "country", "hate")
            rows["culture"] = rows.country.map(COUNTRIES)
            rows["label"] = rows.hate.map({0.0: "non-hate", 1.0: "hate"})
            rows["id"] = rows.ID + "/" + rows.culture
            rows = rows.rename(columns={"Text": "text", "ID": "cluster"})
        elif task == "emgsd":
            train = pd.read_json(folder / "emgsd/train_binary.jsonl", lines=True).assign(part="train", culture="")
            train["label"] = train.label.map({0: "non-stereotype", 1: "stereotype"})
            test = pd.read_csv(folder / "emgsd/test.csv").assign(part="test")
            test["label"] = np.where(test.category == "stereotype", "stereotype", "non-stereotype")
            test = test.rename(columns={"stereotype_type": "culture"})
            for part in (train, test):
                part["id"] = part.part + "/" + part.index.astype(str)
            rows = pd.concat([train, test])
            rows["text"], rows["cluster"] = rows.text.str.strip(), rows.id
            train_rows = np.flatnonzero(rows.part == "train")
            chosen = np.random.default_rng(1).permutation(train_rows)[: len(train_rows) // 5]
            rows.iloc[chosen, rows.columns.get_loc("part")] = "valid"
        else:
            rows = pd.read_csv(folder / "synthetic/synthetic.csv", dtype={"id": str})
            rows["cluster"] = rows.id
            rows["part"] = np.random.default_rng(1).choice(["train", "valid", "test"], len(rows), p=[0.7, 0.1, 0.2])
        assert rows.id.is_unique and rows.label.notna().all()
        rows[COLUMNS].to_parquet(out, compression="zstd", index=False)
        train_texts = set(rows.text[rows.part == "train"])
        return {"examples": len(rows), "labels": rows.label.value_counts().to_dict(), "parts": rows.part.value_counts().to_dict(),
                "cultures": rows.culture.value_counts().to_dict(), "clusters": rows.cluster.nunique(), "characters": float(rows.text.str.len().mean()),
                "test texts in train": int(rows.text[rows.part == "test"].isin(train_texts).sum())}

    return work


# polars ----------------------------------------------------------------------------------------------------------------------------

def with_polars(task, folder, out):
    import polars as pl

    def random_parts(rows):
        """70, 10 and 20 in 100, by a hash of the id."""
        place = pl.col("id").hash(1) % 10
        return rows.with_columns(part=pl.when(place < 7).then(pl.lit("train")).when(place < 8).then(pl.lit("valid")).otherwise(pl.lit("test")))

    def work():
        if task == "crehate":
            parts = [pl.read_csv(folder / SPLITS.format(part)).select(["ID", "Text", *COUNTRIES]).with_columns(part=pl.lit(part))
                     for part in ("train", "valid", "test")]
            rows = pl.concat(parts).unpivot(list(COUNTRIES), index=["ID", "Text", "part"], variable_name="country", value_name="hate")
            rows = rows.with_columns(culture=pl.col("country").replace_strict(COUNTRIES),
                                     label=pl.col("hate").replace_strict({0.0: "non-hate", 1.0: "hate"}))
            rows = rows.select(id=pl.col("ID") + "/" + pl.col("culture"), text="Text", label="label", culture="culture", cluster="ID", part="part")
        elif task == "emgsd":
            train = pl.read_ndjson(folder / "emgsd/train_binary.jsonl").with_row_index("row").select(
                id=pl.format("train/{}", "row"), text=pl.col("text").str.strip_chars(),
                label=pl.col("label").replace_strict({0: "non-stereotype", 1: "stereotype"}), culture=pl.lit(""), cluster=pl.format("train/{}", "row"),
                part=pl.when(pl.col("row").hash(1) % 5 == 4).then(pl.lit("valid")).otherwise(pl.lit("train")))
            test = pl.read_csv(folder / "emgsd/test.csv").with_row_index("row").select(
                id=pl.format("test/{}", "row"), text=pl.col("text").str.strip_chars(),
                label=pl.when(pl.col("category") == "stereotype").then(pl.lit("stereotype")).otherwise(pl.lit("non-stereotype")),
                culture="stereotype_type", cluster=pl.format("test/{}", "row"), part=pl.lit("test"))
            rows = pl.concat([train, test])
        else:
            rows = pl.read_csv(folder / "synthetic/synthetic.csv", schema_overrides={"id": pl.String})
            rows = random_parts(rows.drop("part")).with_columns(cluster=pl.col("id"))
        assert rows["id"].is_unique().all() and rows["label"].null_count() == 0
        rows.select(COLUMNS).write_parquet(out, compression="zstd")
        counts = lambda name: dict(rows[name].value_counts().iter_rows())
        train_texts = rows.filter(pl.col("part") == "train")["text"].unique()
        return {"examples": len(rows), "labels": counts("label"), "parts": counts("part"), "cultures": counts("culture"),
                "clusters": rows["cluster"].n_unique(), "characters": rows["text"].str.len_chars().mean(),
                "test texts in train": int(rows.filter(pl.col("part") == "test")["text"].is_in(train_texts.implode()).sum())}

    return work


# Hugging Face datasets --------------------------------------------------------------------------------------------------------------

def with_datasets(task, folder, out):
    from collections import Counter

    import datasets

    datasets.disable_progress_bars()
    cache = str(out) + ".cache"
    load = lambda kind, path: datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=cache)

    def work():
        shutil.rmtree(cache, ignore_errors=True)
        if task == "crehate":
            def unpivot(batch, part):
                rows = {name: [] for name in COLUMNS}
                for i, cluster in enumerate(batch["ID"]):
                    for column, culture in COUNTRIES.items():
                        label = {0.0: "non-hate", 1.0: "hate"}[batch[column][i]]
                        for name, value in zip(COLUMNS, (f"{cluster}/{culture}", batch["Text"][i], label, culture, cluster, part)):
                            rows[name].append(value)
                return rows
            parts = [load("csv", folder / SPLITS.format(part)) for part in ("train", "valid", "test")]
            parts = [data.map(unpivot, batched=True, remove_columns=data.column_names, fn_kwargs={"part": part})
                     for data, part in zip(parts, ("train", "valid", "test"))]
        elif task == "emgsd":
            def examples(batch, places, part):
                n, stereotype = len(places), [c in ("stereotype", 1) for c in batch.get("category") or batch["label"]]
                ids = [f"{part}/{i}" for i in places]
                return {"id": ids, "text": [t.strip() for t in batch["text"]], "label": ["stereotype" if s else "non-stereotype" for s in stereotype],
                        "culture": batch.get("stereotype_type") or [""] * n, "cluster": ids, "part": [part] * n}
            parts = []
            for kind, name, part in [("json", "train_binary.jsonl", "train"), ("csv", "test.csv", "test")]:
                data = load(kind, folder / "emgsd" / name)
                # Types are given: JSON's strings are large ones, CSV's are not, and the two must go together.
                parts.append(data.map(examples, batched=True, with_indices=True, remove_columns=data.column_names, fn_kwargs={"part": part},
                                      features=datasets.Features({column: datasets.Value("string") for column in COLUMNS})))
            both = parts[0].train_test_split(0.2, seed=1)
            valid = both["test"].map(lambda batch: {"part": ["valid"] * len(batch["part"])}, batched=True)
            parts = [both["train"], valid, parts[1]]
        else:
            data = load("csv", folder / "synthetic/synthetic.csv").remove_columns("part")
            data = data.map(lambda batch: {"id": [str(i) for i in batch["id"]], "cluster": [str(i) for i in batch["id"]]}, batched=True)
            rest = data.train_test_split(0.2, seed=1)
            train = rest["train"].train_test_split(0.125, seed=1)
            parts = [part.add_column("part", [name] * len(part))
                     for part, name in [(train["train"], "train"), (train["test"], "valid"), (rest["test"], "test")]]
        rows = datasets.concatenate_datasets([part.select_columns(COLUMNS) for part in parts]).flatten_indices()
        rows.to_parquet(out)  # takes no compression: its own
        text, part = rows["text"][:], rows["part"][:]
        train_texts = {t for t, p in zip(text, part) if p == "train"}
        return {"examples": len(rows), "labels": dict(Counter(rows["label"])), "parts": dict(Counter(part)), "cultures": dict(Counter(rows["culture"])),
                "clusters": len(set(rows["cluster"])), "characters": sum(map(len, text)) / len(text),
                "test texts in train": sum(p == "test" and t in train_texts for t, p in zip(text, part))}

    return work


PEERS = {"pandas": with_pandas, "polars": with_polars, "HF datasets": with_datasets}


def peer(name, task, folder, out):
    work = PEERS[name](task, Path(folder), Path(out))
    begin, cpu = time.perf_counter(), time.process_time()
    counts = work()
    print(json.dumps({"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "counts": counts}))


def main():
    from common import Bench, command

    bench = Bench("normalise")
    home = Path(bench.options.folder) / "inputs/normalise"
    home.mkdir(parents=True, exist_ok=True)
    n = bench.size(1_000_000, 20_000)
    synthetic = home / f"synthetic-{n}"
    if bench.wanted("synthetic") and not (synthetic / "synthetic/synthetic.csv").exists():
        command([bench.program, "sample", "--synthetic", n, synthetic])
    folders = {"crehate": bench.data, "emgsd": bench.data, "synthetic": synthetic}
    titles = {"crehate": "CREHate, 7,900 examples", "emgsd": "EMGSD, 57,201 examples", "synthetic": f"{n:,} synthetic rows"}
    files = {"crehate": "crehate/finetune/data_splits/CREHate_t[er]*[tn].csv", "emgsd": "emgsd/t*.[cj]s*", "synthetic": "synthetic/synthetic.csv"}
    for task, folder in folders.items():
        alone, seen = {}, {}
        cache = home / f"cache-{task}-{n}"

        def ours(task=task, folder=folder, cache=cache):
            shutil.rmtree(cache / "prepared", ignore_errors=True)
            more = ["--definitions", folder] if task == "synthetic" else []
            run, _ = command([bench.program, "--json", "--quiet", *more, "--cache", cache, "--runs", home / "runs", "--offline", "--mirror",
                              folder, "prepare", task])
            return run

        def theirs(name, task=task, folder=folder):
            run, text = command([sys.executable, __file__, "--peer", name, task, folder, home / "peer.parquet"])
            told = json.loads(text.splitlines()[-1])
            alone.setdefault(f"{name}, imports left out", []).append({"wall": told["seconds"], "cpu": told["cpu"], "memory": 0})
            seen[name] = told["counts"]
            return run

        sides = {"ours": ours} | {name: lambda name=name: theirs(name) for name in PEERS}
        bench.row(task, titles[task], sides, warm=task != "synthetic", most={"HF datasets": 2}, target={"pandas": 3, "polars": 3, "HF datasets": 3},
                  includes="whole commands: ours with its start-up and the check of its cached sources by SHA-256, theirs with imports, or without "
                           "where it says so. Both: read, unpivot, map, check, split, write one Parquet file, count",
                  more_sides=lambda: {name: runs[task != "synthetic" :] for name, runs in alone.items()}, counts=lambda: seen,
                  bytes_read=lambda: sum(p.stat().st_size for p in folder.glob(files[task])))


if sys.argv[1] == "--peer":
    peer(*sys.argv[2:])
else:
    main()
