"""Tests and intervals against SciPy, statsmodels, autorank and scikit-posthocs; ours on all threads, theirs as they come.

Ours: the seconds that `culture-eval stats --timing` tells, theirs: around the call. Both get arrays in memory.
"""
import warnings

import numpy as np
from common import Bench, inside, stats
from scipy import stats as sp

R = 10_000
RNG = np.random.default_rng(1)
INCLUDES = "the computation alone; arrays in memory, start-up and parsing left out for both; calls of less than a second are not their process' first, for both"


def labels(n, k):
    """Gold labels of a skewed task and two models of 70 %."""
    w = 1 / np.sqrt(np.arange(1, k + 1))
    w /= w.sum()
    gold = RNG.choice(k, n, p=w)
    model = lambda: np.where(RNG.random(n) < 0.7, gold, RNG.choice(k, n, p=w))
    return gold, model(), model()


def macro_f1(gold, pred, k):
    """Of each row, vectorised over rows: one bincount for each of the three margins."""
    rows = np.arange(len(gold))[:, None] * k
    count = lambda x, w=None: np.bincount((rows + x).ravel(), w, len(gold) * k).reshape(-1, k)
    below = count(gold) + count(pred)
    return np.where(below > 0, 2 * count(gold, (gold == pred).astype(float).ravel()) / np.maximum(below, 1), 0).mean(-1)


def f1_difference(g, x, y, axis):
    g, x, y = (np.moveaxis(v, axis, -1) for v in (g, x, y))
    shape, k = g.shape[:-1], int(max(g.max(), x.max(), y.max())) + 1
    g, x, y = (v.reshape(-1, v.shape[-1]) for v in (g, x, y))
    return (macro_f1(g, x, k) - macro_f1(g, y, k)).reshape(shape)


def mean_difference(x, y, axis):
    return x.mean(axis) - y.mean(axis)


def main():
    bench = Bench("stats")
    threads = bench.options.threads
    resamples = bench.size(R, 500)
    told = {}

    def compare(name, title, requests, theirs, target, equal=None, **more):
        """`requests`: (function, input, options) of ours; `theirs`: name -> function without arguments."""
        if not bench.wanted(name):
            return
        told.clear()
        slow = name.startswith(("bootstrap-f1", "permutation"))
        warm = not slow

        def ours():
            run, told["ours"] = stats(bench, requests, threads, warm)
            return run

        def peer(which, work):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run, told[which] = inside(work)
            return run

        sides = {"ours": ours} | {which: lambda which=which, work=work: peer(which, work) for which, work in theirs.items()}
        bench.row(name, title, sides, includes=INCLUDES, target=target, most={"SciPy": 3} if slow else None, warm=warm,
                  equal=(lambda: equal(told)) if equal else None, **more)

    n = bench.size(10_000, 1_000)
    a, b = (RNG.random(n) < 0.7).astype(float), (RNG.random(n) < 0.68).astype(float)
    table = [int(((a == u) & (b == v)).sum()) for u, v in ((1, 1), (1, 0), (0, 1), (0, 0))]
    counts = dict(zip(("both_right", "only_a", "only_b", "both_wrong"), table))
    interval = lambda result: np.array(result.confidence_interval)
    compare("bootstrap-accuracy", f"paired bootstrap of accuracy, n = {n:,}, {resamples:,} resamples",
            [("paired_bootstrap_accuracy", counts, {"self_check": False, "resamples": resamples})],
            {"SciPy": lambda: interval(sp.bootstrap((a, b), mean_difference, paired=True, vectorized=True, n_resamples=resamples, method="percentile",
                                                    batch=100, rng=1))},
            100, lambda t: ends(t["ours"][0], t["SciPy"]))
    for k in (2, 20):
        gold, x, y = labels(n, k)
        data = {"gold": gold.tolist(), "pred_a": x.tolist(), "pred_b": y.tolist(), "num_classes": k}
        compare(f"bootstrap-f1-{k}", f"paired bootstrap of macro-F1, {k} classes, n = {n:,}, {resamples:,} resamples",
                [("paired_bootstrap_metric", data, {"metric": "macro_f1", "resamples": resamples})],
                {"SciPy": lambda: interval(sp.bootstrap((gold, x, y), f1_difference, paired=True, vectorized=True, n_resamples=resamples,
                                                        method="percentile", batch=100, rng=1))},
                100, lambda t: ends(t["ours"][0], t["SciPy"]), cells=len(np.unique((gold * k + x) * k + y)), resamples=resamples)
    gold, x, y = labels(n, 2)

    def swapped():
        # permutation_test swaps within pairs of two samples: the gold label goes along in a code of both.
        statistic = lambda u, v, axis: f1_difference(u // 2, u % 2, v % 2, axis)
        return sp.permutation_test((gold * 2 + x, gold * 2 + y), statistic, permutation_type="samples", vectorized=True, n_resamples=resamples,
                                   batch=100, rng=1).pvalue

    data = {"gold": gold.tolist(), "pred_a": x.tolist(), "pred_b": y.tolist(), "num_classes": 2}
    compare("permutation-f1", f"permutation test of macro-F1, 2 classes, n = {n:,}, {resamples:,} resamples",
            [("permutation_metric", data, {"metric": "macro_f1", "method": "mc", "resamples": resamples})], {"SciPy": swapped}, None, p_values)
    u = RNG.normal(0.02, 1, n)
    compare("permutation-mean", f"permutation test of a mean, n = {n:,}, {resamples:,} resamples",
            [("permutation_mean", {"differences": u.tolist()}, {"method": "mc", "resamples": resamples})],
            {"SciPy": lambda: sp.permutation_test((u,), lambda d, axis: d.mean(axis), permutation_type="samples", vectorized=True,
                                                  n_resamples=resamples, batch=100, rng=1).pvalue}, None, p_values)
    for name, size, method in [("wilcoxon-50", 50, "exact"), ("wilcoxon-1000", 1_000, "exact"),
                               ("wilcoxon-10000", 10_000, "asymptotic"), ("wilcoxon-100000", 100_000, "asymptotic")]:
        d = RNG.normal(0.05, 1, size)
        compare(name, f"Wilcoxon's signed-rank test, n = {size:,}, {method}", [("wilcoxon", {"differences": d.tolist()}, {"method": method})],
                {"SciPy": lambda: sp.wilcoxon(d, method="exact" if method == "exact" else "asymptotic", correction=False).pvalue}, 10, p_values)
    from statsmodels.stats.contingency_tables import mcnemar

    compare("mcnemar", f"McNemar's exact test, n = {n:,}", [("mcnemar", counts, {"method": "exact"})],
            {"statsmodels": lambda: mcnemar([[table[0], table[1]], [table[2], table[3]]], exact=True).pvalue,
             "SciPy": lambda: sp.binomtest(table[1], table[1] + table[2]).pvalue}, None, p_values)

    import autorank
    import pandas as pd
    import scikit_posthocs

    for models, benchmarks in [(10, 11), (50, 30)]:
        scores = RNG.normal(0.7, 0.03, (benchmarks, models)) + np.linspace(0, 0.03, models)
        frame = pd.DataFrame(scores, columns=[f"m{i}" for i in range(models)])
        shape = f"{models} models on {benchmarks} benchmarks"
        both = [("friedman", {"scores": scores.tolist()}, {}), ("nemenyi", {"scores": scores.tolist()}, {})]
        compare(f"friedman-{models}", f"Friedman's test, {shape}", both[:1], {"SciPy": lambda: sp.friedmanchisquare(*scores.T).pvalue}, 10, p_values)
        compare(f"nemenyi-{models}", f"Nemenyi's p of all pairs, {shape}", both[1:],
                {"scikit-posthocs": lambda: scikit_posthocs.posthoc_nemenyi_friedman(scores).to_numpy()}, 10, furthest)
        compare(f"friedman-nemenyi-{models}", f"Friedman's test, then Nemenyi's, {shape}", both,
                {"autorank": lambda: autorank.autorank(frame, alpha=0.05, verbose=False, force_mode="nonparametric")}, 10)


def furthest(t):
    return f"p differ by {np.abs(np.array(t['ours'][0]['p_matrix']) - t['scikit-posthocs']).max():.1e} at most"


def p_values(t):
    one = t["ours"][0]
    return ", ".join([f"p {one['p_value']:.6g}", *(f"{name} {value:.6g}" for name, value in t.items() if name != "ours")])


def ends(ours, theirs):
    low, high = ours["ci_low"], ours["ci_high"]
    return f"interval [{low:.4f}, {high:.4f}], theirs [{theirs[0]:.4f}, {theirs[1]:.4f}]"


if __name__ == "__main__":
    main()
