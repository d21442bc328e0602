//! The comparison: standings and pairs of every benchmark and protocol, and all benchmarks together.

use serde::Serialize;

use super::{Ends, plain, plain_all};
use crate::compare::{
    self, Discordant, LeftOut, NotCompared, OverBenchmarks, Pair, PairOver, RankedModel,
    Replicated, Report, Verdict, WinTieLoss,
};
use crate::report::comparison::effect;
use crate::report::percent;
use crate::results::material::Material;
use crate::text::format::{p_value, points, rank};

/// The comparison, or why there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Comparison<'a> {
    /// Why there is none.
    Reason { reason: String },
    /// What there is.
    Found(Box<Overview<'a>>),
}

/// Which outcomes there are, what is over them, and what was left out.
#[derive(Debug, Serialize)]
pub(super) struct Overview<'a> {
    /// Level of the tests.
    alpha: String,
    /// Which p-values are corrected together.
    families: String,
    outcomes: Vec<Outcome<'a>>,
    over: Over<'a>,
    left_out: Vec<NotCompared>,
}

/// The models on one benchmark by one protocol; its pairs are the part `pairs-N`.
#[derive(Debug, Serialize)]
pub(super) struct Outcome<'a> {
    benchmark: String,
    title: String,
    protocol: String,
    metric: &'a str,
    sample: bool,
    n: u64,
    clusters: u64,
    test: String,
    why: String,
    /// How many hypotheses are corrected together.
    family: usize,
    signature: String,
    omnibus: Option<Omnibus>,
    /// Names, the best first.
    models: Vec<String>,
    notes: Vec<String>,
}

/// The test of all models at once.
#[derive(Debug, Serialize)]
pub(super) struct Omnibus {
    title: String,
    statistic: String,
    df: String,
    p: String,
}

/// All benchmarks together, or why not.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Over<'a> {
    /// Why not.
    Reason { reason: String },
    /// What was found.
    Found(Box<OverAll<'a>>),
}

/// All benchmarks together.
#[derive(Debug, Serialize)]
pub(super) struct OverAll<'a> {
    benchmarks: &'a [String],
    left_out: Vec<LeftOut>,
    models: Vec<Ranked<'a>>,
    models_left_out: Vec<LeftOut>,
    test: String,
    why: String,
    friedman: Option<Friedman>,
    pairs: Vec<PairOverAll>,
    notes: Vec<String>,
}

/// A model over benchmarks.
#[derive(Debug, Serialize)]
pub(super) struct Ranked<'a> {
    model: String,
    mean_rank: String,
    letters: &'a str,
}

/// Friedman's test.
#[derive(Debug, Serialize)]
pub(super) struct Friedman {
    chi2: String,
    df: String,
    p: String,
    /// The critical difference of mean ranks.
    cd: String,
}

/// Two models over benchmarks.
#[derive(Debug, Serialize)]
pub(super) struct PairOverAll {
    a: String,
    b: String,
    difference: String,
    p: String,
    corrected: String,
    nemenyi: Option<String>,
    win_tie_loss: WinTieLoss,
    replicated: Replicated,
}

/// Standings and pairs of one outcome.
#[derive(Debug, Serialize)]
pub(super) struct Pairs<'a> {
    models: Vec<Placed<'a>>,
    pairs: Vec<OnePair<'a>>,
}

/// The standing of a model.
#[derive(Debug, Serialize)]
pub(super) struct Placed<'a> {
    model: String,
    value: String,
    interval: Option<Ends>,
    letters: &'a str,
    rank: String,
    ranks: Ends,
    /// In how many resamples it alone is best, percent.
    first: String,
    gap: Option<CultureGap>,
}

/// Best minus worst culture.
#[derive(Debug, Serialize)]
pub(super) struct CultureGap {
    best: String,
    worst: String,
    gap: String,
    gap_interval: Ends,
    worst_value: String,
    worst_interval: Ends,
    /// Examples of the best and of the worst culture.
    best_n: Option<u64>,
    worst_n: Option<u64>,
    /// The gap that equal cultures would show.
    if_equal: Option<String>,
    p_equal: Option<String>,
}

/// What differs when a pair is read as B against A, so that no number is made in the browser.
#[derive(Debug, Serialize)]
pub(super) struct Turns<T> {
    /// A against B.
    forward: T,
    /// B against A.
    turned: T,
}

/// A difference in points.
#[derive(Debug, Serialize)]
pub(super) struct InPoints {
    difference: String,
    interval: Option<Ends>,
}

/// Two models.
#[derive(Debug, Serialize)]
pub(super) struct OnePair<'a> {
    a: String,
    b: String,
    score_a: String,
    score_b: String,
    difference: Turns<InPoints>,
    /// How the interval was made.
    method: Option<&'a str>,
    p: String,
    corrected: String,
    /// Corrected over all benchmarks.
    bh: String,
    effect: Turns<String>,
    discordant: Option<Discordant>,
    detectable: Option<String>,
    verdict: Verdict,
    text: String,
    cultures: Option<Cultures>,
}

/// A pair by culture.
#[derive(Debug, Serialize)]
pub(super) struct Cultures {
    rows: Vec<OnCulture>,
    p: String,
    p_corrected: String,
}

/// A pair on one culture.
#[derive(Debug, Serialize)]
pub(super) struct OnCulture {
    culture: String,
    difference: Turns<InPoints>,
}

/// The comparison as a whole.
pub(super) fn overview(material: &Material) -> Comparison<'_> {
    let report = match &material.comparison {
        Ok(report) => report,
        Err(reason) => return Comparison::Reason { reason: plain(reason) },
    };
    let left_out = report.not_compared.iter().map(|l| NotCompared {
        benchmark: plain(&l.benchmark),
        model: plain(&l.model),
        protocol: plain(&l.protocol),
        reason: plain(&l.reason),
    });
    Comparison::Found(Box::new(Overview {
        alpha: report.options.alpha.to_string(),
        families: plain(&report.families),
        outcomes: report.benchmarks.iter().map(outcome).collect(),
        over: over(report),
        left_out: left_out.collect(),
    }))
}

fn outcome(outcome: &compare::Outcome) -> Outcome<'_> {
    Outcome {
        benchmark: plain(&outcome.benchmark),
        title: plain(&outcome.title),
        protocol: plain(&outcome.protocol),
        metric: &outcome.metric,
        sample: outcome.sample,
        n: outcome.n,
        clusters: outcome.clusters,
        test: plain(&outcome.test.title),
        why: plain(&outcome.test.why),
        family: outcome.test.family,
        signature: plain(&outcome.test.signature),
        omnibus: outcome.omnibus.as_ref().map(|o| Omnibus {
            title: plain(&o.title),
            statistic: format!("{:.2}", o.statistic),
            df: rank(o.df),
            p: p_value(o.p),
        }),
        models: outcome.models.iter().map(|m| plain(&m.model)).collect(),
        notes: plain_all(&outcome.notes),
    }
}

/// One outcome: its standings and pairs.
pub(super) fn pairs(outcome: &compare::Outcome) -> Pairs<'_> {
    Pairs {
        models: outcome.models.iter().map(standing).collect(),
        pairs: outcome.pairs.iter().map(pair).collect(),
    }
}

fn standing(m: &RankedModel) -> Placed<'_> {
    Placed {
        model: plain(&m.model),
        value: percent(m.value),
        interval: m.interval.map(|i| Ends::percent(i.low, i.high)),
        letters: &m.letters,
        rank: rank(m.rank),
        ranks: Ends { low: rank(m.rank_interval.low), high: rank(m.rank_interval.high) },
        first: percent(m.first),
        gap: m.cultures.as_ref().map(|g| CultureGap {
            best: plain(&g.best),
            worst: plain(&g.worst),
            gap: percent(g.gap),
            gap_interval: Ends::percent(g.gap_interval.low, g.gap_interval.high),
            worst_value: percent(g.worst_value),
            worst_interval: Ends::percent(g.worst_interval.low, g.worst_interval.high),
            best_n: g.figures.map(|f| f.best_n),
            worst_n: g.figures.map(|f| f.worst_n),
            if_equal: g.figures.map(|f| percent(f.expected_if_equal)),
            p_equal: g.figures.map(|f| p_value(f.p_equal)),
        }),
    }
}

fn both(difference: f64, ends: Option<(f64, f64)>) -> Turns<InPoints> {
    let show = |difference: f64, ends: Option<(f64, f64)>| InPoints {
        difference: points(difference),
        interval: ends.map(|(low, high)| Ends::points(low, high)),
    };
    Turns {
        forward: show(difference, ends),
        turned: show(-difference, ends.map(|(low, high)| (-high, -low))),
    }
}

fn pair(p: &Pair) -> OnePair<'_> {
    let first = p.effects.first();
    OnePair {
        a: plain(&p.a),
        b: plain(&p.b),
        score_a: percent(p.score_a),
        score_b: percent(p.score_b),
        difference: both(p.difference, p.interval.as_ref().map(|i| (i.low, i.high))),
        method: p.interval.as_ref().map(|i| &*i.method),
        p: p_value(p.p),
        corrected: p_value(p.p_corrected),
        bh: p_value(p.p_bh),
        effect: Turns {
            forward: first.map(effect).unwrap_or_default(),
            turned: first.map(|e| effect(&e.turned())).unwrap_or_default(),
        },
        discordant: p.discordant,
        detectable: p.minimum_detectable.map(percent),
        verdict: p.verdict,
        text: plain(&p.text),
        cultures: p.cultures.as_ref().map(|c| Cultures {
            rows: (c.differences.iter())
                .map(|d| OnCulture {
                    culture: plain(&d.culture),
                    difference: both(d.difference, Some((d.low, d.high))),
                })
                .collect(),
            p: p_value(c.p_interaction),
            p_corrected: p_value(c.p_corrected),
        }),
    }
}

fn over(report: &Report) -> Over<'_> {
    let over = match &report.over {
        OverBenchmarks::Reason(reason) => return Over::Reason { reason: plain(reason) },
        OverBenchmarks::Found(over) => over,
    };
    let left_out = |all: &[LeftOut]| -> Vec<LeftOut> {
        all.iter().map(|l| LeftOut { name: plain(&l.name), reason: plain(&l.reason) }).collect()
    };
    Over::Found(Box::new(OverAll {
        benchmarks: &over.benchmarks,
        left_out: left_out(&over.left_out),
        models: (over.models.iter())
            .map(|m| Ranked {
                model: plain(&m.model),
                mean_rank: format!("{:.2}", m.mean_rank),
                letters: &m.letters,
            })
            .collect(),
        models_left_out: left_out(&over.models_left_out),
        test: plain(&over.test.title),
        why: plain(&over.test.why),
        friedman: over.friedman.as_ref().map(|f| Friedman {
            chi2: format!("{:.2}", f.chi2),
            df: rank(f.df),
            p: p_value(f.p),
            cd: format!("{:.2}", f.critical_difference),
        }),
        pairs: over.pairs.iter().map(pair_over).collect(),
        notes: plain_all(&over.notes),
    }))
}

fn pair_over(p: &PairOver) -> PairOverAll {
    PairOverAll {
        a: plain(&p.a),
        b: plain(&p.b),
        difference: points(p.mean_difference),
        p: p_value(p.p),
        corrected: p_value(p.p_corrected),
        nemenyi: p.p_nemenyi.map(p_value),
        win_tie_loss: p.win_tie_loss,
        replicated: p.replicated,
    }
}
