"""Whether two measurements agree: `python3 scripts/peers/agree.py ROWS ROWS`, each a folder `rows/full` that bench-peers has kept.

Two ratios agree where their ranges over single rounds meet, each widened by a tenth: a range of two or three rounds misses much of
what more would show. Prints the others.
"""
import json
import sys
from pathlib import Path
from statistics import median

WIDER = 1.1


def ratios(folder):
    found = {}
    for path in sorted(Path(folder).glob("*/*.json")):
        sides = json.loads(path.read_text()).get("sides")
        if not sides or "ours" not in sides:
            continue
        ours = [run["wall"] for run in sides["ours"]]
        for name, runs in sides.items():
            if name != "ours":
                each = [run["wall"] / own for run, own in zip(runs, ours)]
                found[f"{path.parent.name}/{path.stem}/{name}"] = (min(each), median(run["wall"] for run in runs) / median(ours), max(each))
    return found


def main():
    first, second = map(ratios, sys.argv[1:3])
    both = first.keys() & second.keys()
    apart = [name for name in sorted(both) if first[name][0] > second[name][2] * WIDER or second[name][0] > first[name][2] * WIDER]
    change = sorted(abs(second[name][1] / first[name][1] - 1) for name in both)
    print(f"{len(both)} ratios in both, {len(both) - len(apart)} agree; they differ by {100 * median(change):.0f} % in the median, {100 * change[-1]:.0f} % at most")
    for name in apart:
        print(f"  {name}: " + " against ".join(f"{mid:.3g} ({low:.3g} to {high:.3g})" for low, mid, high in (first[name], second[name])))


main()
