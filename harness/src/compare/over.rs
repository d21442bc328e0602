//! All benchmarks together (Demšar 2006; Dror et al. 2017): one score a model and benchmark, no benchmark counted twice.

use super::Column;
use super::result::{
    Chosen, FriedmanOver, Options, Outcome, Over, OverBenchmarks, PairOver, Ranked, Verdict,
};
use super::words::Signature;
use eval_stats::StatsError;
use eval_stats::choose::{MetricKind, Situation, choose_test};
use eval_stats::correction::{PartialConjunction, holm, replicability_count};
use eval_stats::friedman::{
    critical_difference, friedman, friedman_permutation, friedman_vs_control, nemenyi, rank_row,
};
use eval_stats::ranking::compact_letters;
use eval_stats::rng::Stream;
use eval_stats::wilcoxon::{WilcoxonOptions, ZeroMethod, wilcoxon};

/// Benchmarks without those whose examples another one holds already: (used, left out with the reason).
fn distinct<'a>(there: &[&'a Column]) -> (Vec<&'a Column>, Vec<(String, String)>) {
    let mut used: Vec<&Column> = Vec::new();
    let mut left_out = Vec::new();
    let mut leave =
        |column: &Column, reason: String| left_out.push((column.benchmark.clone(), reason));
    for column in there {
        if let Some(part) = there.iter().find(|c| column.aggregate.contains(&c.benchmark)) {
            leave(column, format!("an aggregate of benchmarks that are used ({})", part.benchmark));
            continue;
        }
        let whole = there.iter().find(|c| {
            c.benchmark != column.benchmark
                && c.task.is_some()
                && c.task == column.task
                && c.cultures.is_empty()
        });
        if let (false, Some(whole)) = (column.cultures.is_empty(), whole) {
            leave(column, format!("a subset of {}", whole.benchmark));
            continue;
        }
        let shared = used.iter().find(|c| {
            let overlap = c.cultures.is_empty()
                || c.cultures.iter().any(|name| column.cultures.contains(name));
            c.task.is_some() && c.task == column.task && overlap
        });
        if let Some(shared) = shared {
            leave(column, format!("shares examples with {}", shared.benchmark));
            continue;
        }
        used.push(column);
    }
    (used, left_out)
}

/// Compares models over benchmarks, or tells why not.
pub(super) fn over_benchmarks(
    outcomes: &[Outcome],
    columns: &[Column],
    options: &Options,
) -> Result<OverBenchmarks, StatsError> {
    let refused = |reason: String| Ok(OverBenchmarks::Reason(reason));
    // Of a benchmark's protocols the one with most models; the first of equals.
    let best_of = |name: &str| {
        let of = outcomes.iter().filter(|o| o.benchmark == name);
        of.fold(None, |best: Option<&Outcome>, o| match best {
            Some(best) if best.models.len() >= o.models.len() => Some(best),
            _ => Some(o),
        })
    };
    let there: Vec<&Column> = columns.iter().filter(|c| best_of(&c.benchmark).is_some()).collect();
    let (used, left_out) = distinct(&there);
    let used: Vec<&Outcome> = used.iter().filter_map(|c| best_of(&c.benchmark)).collect();
    if used.len() < 2 {
        let names: Vec<&str> = used.iter().map(|o| &*o.benchmark).collect();
        return refused(format!(
            "a comparison over benchmarks needs at least two that share no example, with two compared models each: there is {} ({})",
            used.len(),
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        ));
    }
    let mut names: Vec<&str> = Vec::new();
    for standing in used.iter().flat_map(|o| &o.models) {
        if !names.contains(&&*standing.model) {
            names.push(&standing.model);
        }
    }
    let lacking = |name: &str| -> Vec<&str> {
        used.iter()
            .filter(|o| o.models.iter().all(|m| m.model != name))
            .map(|o| &*o.benchmark)
            .collect()
    };
    let mut models_left_out = Vec::new();
    names.retain(|name| {
        let lacking = lacking(name);
        if !lacking.is_empty() {
            models_left_out
                .push(((*name).to_owned(), format!("not compared on {}", lacking.join(", "))));
        }
        lacking.is_empty()
    });
    names.sort_unstable();
    models_left_out.sort();
    if names.len() < 2 {
        return refused(format!(
            "a comparison over benchmarks needs two models that were compared on all {} benchmarks: there is {}",
            used.len(),
            names.len()
        ));
    }
    let baseline = options.baseline.as_ref().map(|b| names.iter().position(|n| n == b));
    if baseline == Some(None) {
        return refused("the baseline was not compared on all benchmarks".to_owned());
    }
    let baseline = baseline.flatten();
    let scores: Vec<Vec<f64>> =
        used.iter().map(|o| names.iter().map(|n| score(o, n)).collect()).collect();
    Ok(OverBenchmarks::Found(Box::new(made(
        &used,
        left_out,
        &names,
        models_left_out,
        &scores,
        baseline,
        options,
    )?)))
}

fn score(outcome: &Outcome, model: &str) -> f64 {
    outcome.models.iter().find(|m| m.model == model).map_or(f64::NAN, |m| m.value)
}

fn made(
    used: &[&Outcome],
    left_out: Vec<(String, String)>,
    names: &[&str],
    models_left_out: Vec<(String, String)>,
    scores: &[Vec<f64>],
    baseline: Option<usize>,
    options: &Options,
) -> Result<Over, StatsError> {
    let (k, n) = (names.len(), used.len());
    let choice = choose_test(&Situation {
        metric: MetricKind::Graded,
        models: k,
        benchmarks: n,
        examples: 0,
        clustered: false,
        zero_share: 0.0,
        against_baseline: baseline.is_some(),
    });
    let ranks: Vec<Vec<f64>> = scores.iter().map(|row| rank_row(row, true).0).collect();
    let mean_ranks: Vec<f64> =
        (0..k).map(|m| ranks.iter().map(|r| r[m]).sum::<f64>() / n as f64).collect();
    let mut of_all = None;
    let mut nemenyi_p = None;
    if k > 2 {
        let found = friedman(scores, true)?;
        if baseline.is_none() {
            nemenyi_p = Some(nemenyi(&found)?);
        }
        of_all = Some(FriedmanOver {
            chi2: found.chi2,
            df: found.df,
            p: found.p_value,
            f: Some(found.iman_davenport_f).filter(|f| f.is_finite()),
            f_p: friedman_permutation(
                scores,
                options.resamples,
                &Stream::new(options.seed, "compare").child("over benchmarks"),
            )?,
            critical_difference: critical_difference(k, n, options.alpha)?,
        });
    }
    let control = match baseline {
        Some(control) if k > 2 => Some(friedman_vs_control(scores, control, true)?),
        _ => None,
    };
    let numbers: Vec<(usize, usize)> = match baseline {
        Some(b) => (0..k).filter(|a| *a != b).map(|a| (a, b)).collect(),
        None => (0..k).flat_map(|a| (a + 1..k).map(move |b| (a, b))).collect(),
    };
    let mut pairs = Vec::with_capacity(numbers.len());
    for (number, &(a, b)) in numbers.iter().enumerate() {
        let differences: Vec<f64> = scores.iter().map(|row| row[a] - row[b]).collect();
        let p = if let Some(control) = &control {
            control.p[number]
        } else {
            let zero_method = ZeroMethod::Zsplit;
            wilcoxon(&differences, &WilcoxonOptions { zero_method, ..WilcoxonOptions::default() })?
                .p_value
        };
        let (mut counts, mut better) = ((0, 0, 0), (Vec::new(), Vec::new()));
        for outcome in used {
            let Some((pair, turned)) =
                outcome.pairs.iter().find_map(|p| match (&*p.a == names[a], &*p.b == names[b]) {
                    (true, true) => Some((p, false)),
                    _ if &*p.a == names[b] && &*p.b == names[a] => Some((p, true)),
                    _ => None,
                })
            else {
                continue;
            };
            match (pair.verdict, turned) {
                (Verdict::ABetter, false) | (Verdict::BBetter, true) => counts.0 += 1,
                (Verdict::ABetter, true) | (Verdict::BBetter, false) => counts.2 += 1,
                _ => counts.1 += 1,
            }
            // One-sided p of "A is better" from the two-sided one.
            let difference = if turned { -pair.difference } else { pair.difference };
            let (with, against) = (pair.p / 2.0, 1.0 - pair.p / 2.0);
            better.0.push(if difference > 0.0 { with } else { against });
            better.1.push(if difference < 0.0 { with } else { against });
        }
        let count = |p: &[f64]| match p {
            [] => Ok(0),
            p => replicability_count(p, options.alpha, PartialConjunction::Bonferroni),
        };
        pairs.push(PairOver {
            a: names[a].to_owned(),
            b: names[b].to_owned(),
            mean_difference: differences.iter().sum::<f64>() / n as f64,
            p,
            p_corrected: p,
            p_nemenyi: nemenyi_p.as_ref().map(|p| p[a][b]),
            win_tie_loss: counts,
            replicated: (count(&better.0)?, count(&better.1)?),
        });
    }
    let raw: Vec<f64> = pairs.iter().map(|p| p.p).collect();
    for (pair, corrected) in pairs.iter_mut().zip(holm(&raw)?) {
        pair.p_corrected = corrected;
    }
    let letters = if baseline.is_some() {
        vec![String::new(); k]
    } else {
        let mut differs = vec![vec![false; k]; k];
        for (&(a, b), pair) in numbers.iter().zip(&pairs) {
            differs[a][b] = pair.p_corrected <= options.alpha;
            differs[b][a] = differs[a][b];
        }
        compact_letters(&mean_ranks, &differs, false)?
    };
    let mut models: Vec<Ranked> = (names.iter().zip(&mean_ranks).zip(letters))
        .map(|((name, rank), letters)| Ranked {
            model: (*name).to_owned(),
            mean_rank: *rank,
            letters,
        })
        .collect();
    models.sort_by(|a, b| a.mean_rank.total_cmp(&b.mean_rank).then_with(|| a.model.cmp(&b.model)));
    let signature = Signature {
        test: choice.test.name().to_owned(),
        n: n as u64,
        clusters: None,
        correction: "holm".to_owned(),
        family: pairs.len(),
        resamples: None,
        seed: None,
        version: options.version.clone(),
    };
    let mut notes = choice.warnings;
    notes.push(
        "each benchmark counts once; the benchmarks are taken as a sample of all that might have been chosen, and sizes do not matter"
            .to_owned(),
    );
    Ok(Over {
        benchmarks: used.iter().map(|o| format!("{} ({})", o.benchmark, o.protocol)).collect(),
        left_out,
        models,
        models_left_out,
        test: Chosen {
            name: choice.test.name().to_owned(),
            title: choice.test.title().to_owned(),
            why: choice.why.to_owned(),
            family: pairs.len(),
            signature: signature.to_string(),
        },
        friedman: of_all,
        pairs,
        notes,
    })
}
