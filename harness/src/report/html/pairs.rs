//! The comparison: standings and pairs of every benchmark and protocol, and all benchmarks together.

use serde_json::{Value, json};

use super::plain;
use crate::compare::{Outcome, OverBenchmarks, Pair, Report, Standing, Verdict};
use crate::report::comparison::effect;
use crate::report::percent;
use crate::results::material::Material;
use crate::text::format::{p_value, points, rank};

/// Which outcomes there are, what is over them, and what was left out.
pub(super) fn overview(material: &Material) -> Value {
    let report = match &material.comparison {
        Ok(report) => report,
        Err(reason) => return json!({"reason": plain(reason)}),
    };
    json!({
        "alpha": report.options.alpha.to_string(),
        "families": plain(&report.families),
        "outcomes": report.benchmarks.iter().map(head).collect::<Vec<_>>(),
        "over": over(report),
        "left_out": report.not_compared.iter().map(|l| json!([
            plain(&l.benchmark), plain(&l.model), plain(&l.protocol), plain(&l.reason),
        ])).collect::<Vec<_>>(),
    })
}

fn head(outcome: &Outcome) -> Value {
    json!({
        "benchmark": plain(&outcome.benchmark),
        "title": plain(&outcome.title),
        "protocol": plain(&outcome.protocol),
        "metric": outcome.metric,
        "sample": outcome.sample,
        "n": outcome.n,
        "clusters": outcome.clusters,
        "test": plain(&outcome.test.title),
        "why": plain(&outcome.test.why),
        "family": outcome.test.family,
        "signature": plain(&outcome.test.signature),
        "omnibus": outcome.omnibus.as_ref().map(|o| json!([
            plain(&o.title), format!("{:.2}", o.statistic), rank(o.df), p_value(o.p),
        ])),
        "models": outcome.models.iter().map(|m| plain(&m.model)).collect::<Vec<_>>(),
        "notes": outcome.notes.iter().map(|n| plain(n)).collect::<Vec<_>>(),
    })
}

/// One outcome: its standings and pairs.
pub(super) fn pairs(outcome: &Outcome) -> Value {
    json!({
        "models": outcome.models.iter().map(standing).collect::<Vec<_>>(),
        "pairs": outcome.pairs.iter().map(pair).collect::<Vec<_>>(),
    })
}

fn standing(m: &Standing) -> Value {
    json!({
        "model": plain(&m.model),
        "value": percent(m.value),
        "interval": m.interval.map(|(low, high)| [percent(low), percent(high)]),
        "letters": m.letters,
        "rank": rank(m.rank),
        "ranks": [rank(m.rank_interval.0), rank(m.rank_interval.1)],
        "first": percent(m.first),
        "gap": m.cultures.as_ref().map(|g| json!({
            "best": plain(&g.best),
            "worst": plain(&g.worst),
            "gap": percent(g.gap),
            "gap_interval": [percent(g.gap_interval.0), percent(g.gap_interval.1)],
            "worst_value": percent(g.worst_value),
            "worst_interval": [percent(g.worst_interval.0), percent(g.worst_interval.1)],
        })),
    })
}

/// A pair; `turned` holds what differs when it is read as B against A, so that no number is made in the browser.
fn pair(p: &Pair) -> Value {
    let both = |d: f64, ends: Option<(f64, f64)>| {
        let show = |d: f64, ends: Option<(f64, f64)>| {
            json!([points(d), ends.map(|(low, high)| [points(low), points(high)])])
        };
        json!([show(d, ends), show(-d, ends.map(|(low, high)| (-high, -low)))])
    };
    let cultures = p.cultures.as_ref().map(|c| {
        json!({
            "rows": c.differences.iter().map(|(name, d, low, high)| {
                json!([plain(name), both(*d, Some((*low, *high)))])
            }).collect::<Vec<_>>(),
            "p": p_value(c.p_interaction),
            "p_corrected": p_value(c.p_corrected),
        })
    });
    json!({
        "a": plain(&p.a),
        "b": plain(&p.b),
        "scores": [percent(p.score_a), percent(p.score_b)],
        "difference": both(p.difference, p.interval.as_ref().map(|i| (i.low, i.high))),
        "method": p.interval.as_ref().map(|i| i.method.clone()),
        "p": p_value(p.p),
        "corrected": p_value(p.p_corrected),
        "bh": p_value(p.p_bh),
        "effect": [effect(p), effect(&turned(p))],
        "discordant": p.discordant,
        "detectable": p.minimum_detectable.map(percent),
        "verdict": match p.verdict {
            Verdict::ABetter => "a",
            Verdict::BBetter => "b",
            Verdict::Equivalent => "equivalent",
            Verdict::Undecided => "open",
        },
        "text": plain(&p.text),
        "cultures": cultures,
    })
}

/// The pair with the effect sizes of B against A: signs turn, ratios are inverted.
fn turned(pair: &Pair) -> Pair {
    let turn = |(name, value): &(String, f64)| {
        (name.clone(), if name.contains("ratio") { 1.0 / value } else { -value })
    };
    Pair { effects: pair.effects.iter().map(turn).collect(), ..pair.clone() }
}

fn over(report: &Report) -> Value {
    match &report.over {
        OverBenchmarks::Reason(reason) => json!({"reason": plain(reason)}),
        OverBenchmarks::Found(over) => json!({
            "benchmarks": over.benchmarks,
            "left_out": over.left_out.iter().map(|(b, why)| [plain(b), plain(why)]).collect::<Vec<_>>(),
            "models": over.models.iter().map(|m| json!([
                plain(&m.model), format!("{:.2}", m.mean_rank), m.letters,
            ])).collect::<Vec<_>>(),
            "models_left_out": over.models_left_out.iter().map(|(m, why)| [plain(m), plain(why)]).collect::<Vec<_>>(),
            "test": plain(&over.test.title),
            "why": plain(&over.test.why),
            "friedman": over.friedman.as_ref().map(|f| json!({
                "chi2": format!("{:.2}", f.chi2), "df": rank(f.df), "p": p_value(f.p),
                "cd": format!("{:.2}", f.critical_difference),
            })),
            "pairs": over.pairs.iter().map(|p| json!([
                plain(&p.a), plain(&p.b), points(p.mean_difference), p_value(p.p), p_value(p.p_corrected),
                p.p_nemenyi.map(p_value), p.win_tie_loss, p.replicated,
            ])).collect::<Vec<_>>(),
            "notes": over.notes.iter().map(|n| plain(n)).collect::<Vec<_>>(),
        }),
    }
}
