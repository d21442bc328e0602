"""The rows as one page: `page.py FOLDER_OF_ROWS PROGRAM [ROWS_OF_AN_EARLIER_RUN]` prints Markdown. No number on it is typed in."""
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import agree
from why import WHY

ROOT = Path(__file__).resolve().parent.parent.parent
SUBJECTS = {
    "startup": "Start-up",
    "per_example": "What the harness costs an example",
    "normalise": "Loading and normalising",
    "stats": "Statistics",
    "knn": "k-NN",
    "probe": "Linear probe and logistic head",
    "tfidf": "TF-IDF + logistic regression",
    "encoder": "Transformers on libtorch",
    "report": "Report",
}


def rows_of(folder):
    rows = {}
    for path in folder.glob("*/*.json"):
        row = json.loads(path.read_text())
        rows.setdefault(row["subject"], []).append((path.stat().st_mtime_ns, row))
    return {subject: [row for _, row in sorted(all, key=lambda pair: pair[0])] for subject, all in rows.items()}


def amount(seconds):
    for unit, scale in [("s", 1), ("ms", 1e3), ("µs", 1e6)]:
        if abs(seconds) * scale >= 1 or unit == "µs":
            return f"{three(seconds * scale)} {unit}"
    raise AssertionError


def three(value):
    """Three digits, with separators."""
    digits = max(0, 2 - (len(str(int(abs(value)))) - 1)) if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def times(ratio):
    return f"{ratio:,.0f}" if ratio >= 20 else f"{ratio:.1f}" if ratio >= 2 else f"{ratio:.2f}"


def share(fraction):
    return f"{fraction:.0%}" if fraction >= 0.1 else f"{fraction:.1%}"


def middle(runs, key="wall"):
    return statistics.median(run[key] for run in runs)


def spread(runs):
    walls = [run["wall"] for run in runs]
    return f"{amount(statistics.median(walls))} ({amount(min(walls))}–{amount(max(walls))}; {len(walls)})" if len(walls) > 1 else f"{amount(walls[0])} (1)"


def ratios(ours, theirs):
    """Of each round; where a slow peer ran fewer rounds, of those that both ran."""
    return [theirs["wall"] / ours["wall"] for ours, theirs in zip(ours, theirs) if ours["wall"] > 0]


def target_of(row, peer):
    target = row.get("target")
    return target.get(peer) if isinstance(target, dict) else target


def verdict(ratio, target):
    if ratio < 1:
        return "**behind**"
    if target and ratio < target:
        return f"ahead; **{target:g}x missed**"
    return "ahead" if target is None else f"ahead; {target:g}x met"


def compared(subject, rows):
    lines = ["| work | ours (spread; runs) | | theirs (spread; runs) | theirs / ours (spread) | CPU | |", "|---|---:|---|---:|---:|---:|---|"]
    notes, excuses = [], []
    for row in rows:
        if "failed" in row:
            lines.append(f"| {row['title']} | not measured | | | | | {one_line(row['failed'])} |")
            continue
        ours = row["sides"]["ours"]
        first = f"{row['title']} | {spread(ours)}"
        for peer, runs in row["sides"].items():
            if peer == "ours":
                continue
            if peer.startswith("("):
                lines.append(f"| {first} | {peer.strip('()')} | {spread(runs)} | | | |")
            else:
                each = ratios(ours, runs)
                ratio = middle(runs) / middle(ours)
                cpu = times(middle(runs, "cpu") / middle(ours, "cpu")) if middle(ours, "cpu") > 0 and middle(runs, "cpu") > 0 else ""
                target = target_of(row, peer)
                around = f" ({times(min(each))}–{times(max(each))})" if len(each) > 1 else ""
                lines.append(f"| {first} | {peer} | {spread(runs)} | **{times(ratio)}**{around} | {cpu} | {verdict(ratio, target)} |")
                if ratio < (target or 1):
                    reason = WHY.get(f"{subject}/{row['name']}/{peer}") or WHY.get(f"{subject}/{row['name']}") or WHY.get(f"{subject}/{peer}")
                    excuses.append(f"- {row['title']}, {peer}: {reason or 'no reason found yet.'}")
            first = " |"
        for peer, reason in row.get("failures", {}).items():
            lines.append(f"| {first} | {peer} | not measured | | | {one_line(reason)} |")
            first = " |"
        more = [row["includes"]]
        if subject == "encoder":
            peaks = {side: max(run["memory"] for run in runs) for side, runs in row["sides"].items()}
            more.append("peak memory: " + ", ".join(f"{side} {peak:,.0f} MiB" for side, peak in peaks.items() if peak))
        if row.get("equal"):
            more.append(f"same answer: {row['equal']}")
        notes.append(f"- *{row['title']}*: {'. '.join(part.rstrip('.') for part in more)}. {load(row)}")
    return lines + [""] + notes + (["", "Missed, and why:", "", *excuses] if excuses else [])


def load(row):
    return f"Load {row['load_before']:.1f} at the start, {row['when']}." if row.get("load_before") is not None else ""


def one_line(text):
    """The end of a message, without this machine's folders."""
    return re.sub(r"(?<![\w.])/[\w.+-]+(/[\w.+-]+)*/", "", " ".join(text.split())).replace("|", "/")[-200:]


# Limits ------------------------------------------------------------------------------------------------------------------------------

def limits(rows):
    machine = next((row for row in rows.get("limits", []) if "found" in row), None)
    if machine is None:
        return ["The machine's limits were not measured."]
    found = {one["threads"]: one for one in machine["found"]}
    lines = [f"Measured by `scripts/peers/limits.c` ({machine['found'][0]['vector_bytes'] * 8}-bit vectors), best of five tries, by the seconds of each thread's own.", "",
             "| threads | float32 multiply-add | memory (triad) | look-ups in 4 KiB |", "|---:|---:|---:|---:|"]
    for threads, one in found.items():
        lines.append(f"| {threads} | {one['flop_per_s'] / 1e9:,.0f} GFLOP/s | {one['bytes_per_s'] / 1e9:,.1f} GB/s | {one['lookups_per_s'] / 1e9:,.2f} G/s |")
    lines += ["", "| work | moved or computed | at that limit | ours | fraction reached |", "|---|---:|---:|---:|---:|"]
    hot = {}
    for subject in SUBJECTS:
        for row in rows.get(subject, []):
            if "sides" not in row:
                continue
            peak = found.get(row["threads"]) or found[max(found)]
            ours = middle(row["sides"]["ours"])
            if "flop" in row:
                amount_, unit, bound = row["flop"], f"{row['flop'] / 1e9:,.1f} GFLOP", peak["flop_per_s"]
            elif "bytes_read" in row:
                amount_, unit, bound = row["bytes_read"], f"{row['bytes_read'] / 1e6:,.1f} MB read", peak["bytes_per_s"]
            elif "cells" in row:
                amount_ = row["cells"] * row["resamples"]
                unit, bound = f"{amount_ / 1e6:,.1f} M look-ups", peak["lookups_per_s"]
            else:
                continue
            hot[f"{subject}/{row['name']}"] = amount_ / ours
            lines.append(f"| {row['title']} | {unit} | {amount(amount_ / bound)} | {amount(ours)} | {share(amount_ / bound / ours)} |")
    start = next((row for row in rows.get("startup", []) if row["name"] == "help" and "sides" in row), None)
    if start:
        nothing = middle(start["sides"]["(a process that does nothing)"])
        ours = middle(start["sides"]["ours"])
        lines.append(f"| `--help` | a process that does nothing | {amount(nothing)} | {amount(ours)} | {share(nothing / ours)} |")
    return [*lines, "", *roofline(found[max(found)], hot)]


def roofline(peak, hot):
    """Arithmetic intensities from the shapes of the loops; rates from the rows."""
    ridge = peak["flop_per_s"] / peak["bytes_per_s"]
    lines = [f"### Roofline of the three hottest loops\n\nThe ridge lies at {ridge:.0f} operations a byte: above it arithmetic bounds a loop, below it memory.\n"]
    rates = {name: rate for name, rate in hot.items() if name.startswith("knn/")}
    if rates:
        _, rate = max(rates.items(), key=lambda pair: pair[1])
        # A tile of 6 rows and 2 vectors of 16 floats: 2 * 6 * 32 operations for 6 + 32 floats out of the first cache, packed panels out of the second.
        lines.append(f"- **Product of the k-NN, the probe and the head** (`score/matmul.rs`): blocks of 252 x 1,024 vectors of 384 dimensions are read once from "
                     f"memory, {2 * 252 * 1024 * 384 / (4 * 384 * (252 + 1024)):.0f} operations a byte: bound by arithmetic. {rate / 1e9:,.0f} GFLOP/s, "
                     f"{rate / peak['flop_per_s']:.0%} of the peak with everything around it (packing, the choice of neighbours, an exact float64 check).")
    if "encoder/linear-step" in hot:
        rate = hot["encoder/linear-step"]
        lines.append("- **Matrix products of a training step** (libtorch's MKL): 2,048 tokens by 384 x 1,536 weights, "
                     f"{2 * 2048 * 384 * 1536 / (4 * (2048 * 384 + 384 * 1536 + 2048 * 1536)):.0f} operations a byte: bound by arithmetic. "
                     f"{rate / 1e9:,.0f} GFLOP/s, {rate / peak['flop_per_s']:.0%} of the peak for the whole step; the rest are "
                     "layer norms, GELU, dropout and AdamW, which pass over memory, and are the same code in PyTorch.")
    if "stats/bootstrap-f1-20" in hot:
        rate = hot["stats/bootstrap-f1-20"]
        lines.append(f"- **Look-ups of the bootstrap** (`stats/lanes.rs`, `stats/sampling.rs`): tables stay in the first cache, so no byte comes from memory; "
                     f"bound by loads and by additions to class sums. "
                     f"{rate / 1e9:.2f} G look-ups a second, {rate / peak['lookups_per_s']:.0%} of bare look-ups ([what the rest is](stats.md)).")
    return lines


# Growth ------------------------------------------------------------------------------------------------------------------------------

def growth(rows):
    lines = []
    for row in rows:
        if "failed" in row:
            lines += [f"{row['title']}: not measured, {one_line(row['failed'])}.", ""]
        elif "points" in row:
            lines += [f"**{row['title']}**: time grows with the power {row['exponent']:.2f} of the {row['unit']} (fitted to the largest three). {row['includes']}.", "",
                      "| " + row["unit"] + " | " + " | ".join(f"{p['size']:,}" for p in row["points"]) + " |", "|---" + "|---:" * len(row["points"]) + "|",
                      "| wall | " + " | ".join(amount(p["wall"]) for p in row["points"]) + " |",
                      "| peak memory, MiB | " + " | ".join(f"{p['memory']:,.0f}" if p["memory"] else "-" for p in row["points"]) + " |", ""]
        elif "found" in row:
            threads = list(next(iter(row["found"].values())))
            lines += ["| threads | " + " | ".join(threads) + " | gain |", "|---|" + "---:|" * (len(threads) + 1)]
            for title, walls in row["found"].items():
                lines.append(f"| {title} | " + " | ".join(amount(walls[t]) for t in threads) + f" | {walls[threads[0]] / walls[threads[-1]]:.2f}x |")
            lines.append("")
    return lines


def head(rows, program):
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    commits = {}
    for row in (row for all in rows.values() for row in all):
        commits.setdefault(row["commit"], set()).add(row["subject"])
    built = "; ".join(commits) if len(commits) == 1 else "; ".join(
        f"{commit} ({', '.join(name for name in [*SUBJECTS, 'limits', 'growth'] if name in names)})" for commit, names in commits.items())
    ours = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    pins = [line.split("==")[0] for line in (ROOT / "scripts/peers/requirements.txt").read_text().splitlines() if "==" in line]
    versions = ", ".join(f"{name} {found}" for name in pins if (found := installed(name)))
    loads = [row["load_before"] for all in rows.values() for row in all if row.get("load_before") is not None]
    calm = (f"The load before a row was {statistics.median(loads):.1f} in the median, {max(loads):.1f} at most; above {os.cpu_count()} the machine was shared, "
            "and walls are too high for both sides.") if loads else ""
    memory = next((int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")), 0)
    threads = sorted({row["threads"] for all in rows.values() for row in all})
    return [
        "# Side by side", "",
        ("Ours against what a user would pick instead: the same inputs, the same machine, the same run, in alternation. "
         "Written by `scripts/bench-peers --write` (`just bench-peers`)."), "",
        (f"{cpu}, {os.cpu_count()} cores, {memory / 2**20:.0f} GiB, {platform.system()} {platform.machine()}; "
         f"{', '.join(map(str, threads))} threads for both sides. {calm}"), "",
        f"{ours}, release build of commit {built}. Python {platform.python_version()}, {versions}.", "",
        ("Times are medians; in brackets the fastest, the slowest and the number of runs. The ratio is theirs over ours, in brackets that of single rounds; "
         "*CPU* is the ratio of CPU seconds, which neighbours disturb less. What a time includes stands below each table."),
    ]


def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def main():
    rows = rows_of(Path(sys.argv[1]))
    lines = head(rows, sys.argv[2])
    if sys.argv[3:]:
        lines += ["", f"Measured twice: {agree.compare(sys.argv[3], sys.argv[1])[0]} (`scripts/peers/agree.py`). This is the later run."]
    for subject, title in SUBJECTS.items():
        if subject in rows:
            lines += ["", f"## {title}", "", *compared(subject, rows[subject])]
    lines += ["", "## Physical limits", "", *limits(rows)]
    if "growth" in rows:
        lines += ["", "## Growth", "", *growth(rows["growth"])]
    lines += ["", ("What was tried to be faster, and what it brought: [tried.md](tried.md). Instructions of the hot loops, guarded in CI: `scripts/bench-guard`. Other figures: "
                   "[commands](commands.md), [statistics](stats.md), [static embeddings](static.md), [pages of a big run](report.md), [Slurm](slurm.md).")]
    print("\n".join(lines))


main()
