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


def compare(first, second):
    """The sentence, and the names of ratios that lie apart with both triples of lowest, middle and highest."""
    first, second = ratios(first), ratios(second)
    both = first.keys() & second.keys()
    apart = {name: (first[name], second[name]) for name in sorted(both)
             if first[name][0] > second[name][2] * WIDER or second[name][0] > first[name][2] * WIDER}
    change = sorted(abs(second[name][1] / first[name][1] - 1) for name in both)
    return (f"{len(both)} ratios in both, {len(both) - len(apart)} agree; they differ by {100 * median(change):.0f} % in the median, "
            f"{100 * change[-1]:.0f} % at most"), apart


def main():
    sentence, apart = compare(*sys.argv[1:3])
    print(sentence)
    for name, sides in apart.items():
        print(f"  {name}: " + " against ".join(f"{mid:.3g} ({low:.3g} to {high:.3g})" for low, mid, high in sides))


if __name__ == "__main__":
    main()
