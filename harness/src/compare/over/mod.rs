//! All benchmarks together (Demšar 2006; Dror et al. 2017): one score a model and benchmark, no benchmark counted twice.

mod distinct;
mod pairs;

use eval_stats::choose::{Choice, MetricKind, Situation, choose_test};
use eval_stats::friedman::{
    Friedman, critical_difference, friedman, friedman_permutation, rank_row,
};
use eval_stats::ranking::compact_letters;
use eval_stats::rng::Stream;
use eval_stats::{Direction, StatsError};

use self::distinct::distinct;
use super::Column;
use super::result::{
    Chosen, Correction, FriedmanOver, LeftOut, Options, Outcome, Over, OverBenchmarks, PairOver,
    Ranked,
};
use super::words::Signature;

/// Compares models over benchmarks, or says why not.
pub(super) fn over_benchmarks(
    outcomes: &[Outcome],
    columns: &[Column],
    options: &Options,
) -> Result<OverBenchmarks, StatsError> {
    match Table::new(outcomes, columns, options) {
        Ok(table) => Ok(OverBenchmarks::Found(Box::new(table.compare()?))),
        Err(reason) => Ok(OverBenchmarks::Reason(reason)),
    }
}

/// Models by benchmarks, without a gap.
struct Table<'a> {
    used: Vec<&'a Outcome>,
    left_out: Vec<LeftOut>,
    names: Vec<&'a str>,
    models_left_out: Vec<LeftOut>,
    /// `scores[benchmark][model]`.
    scores: Vec<Vec<f64>>,
    baseline: Option<usize>,
    options: &'a Options,
}

impl<'a> Table<'a> {
    /// The benchmarks that share no example and the models that were compared on all of them; else why not.
    fn new(
        outcomes: &'a [Outcome],
        columns: &[Column],
        options: &'a Options,
    ) -> Result<Self, String> {
        let there: Vec<&Column> =
            columns.iter().filter(|c| best_of(outcomes, &c.benchmark).is_some()).collect();
        let (used, left_out) = distinct(&there);
        let used: Vec<&Outcome> =
            used.iter().filter_map(|c| best_of(outcomes, &c.benchmark)).collect();
        if used.len() < 2 {
            let names: Vec<&str> = used.iter().map(|o| &*o.benchmark).collect();
            return Err(format!(
                "a comparison over benchmarks needs at least two that share no example, with two compared models each: there is {} ({})",
                used.len(),
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            ));
        }
        let (names, models_left_out) = in_all(&used);
        if names.len() < 2 {
            return Err(format!(
                "a comparison over benchmarks needs two models that were compared on all {} benchmarks: there is {}",
                used.len(),
                names.len()
            ));
        }
        let baseline = options.baseline.as_ref().map(|b| names.iter().position(|n| n == b));
        if baseline == Some(None) {
            return Err("the baseline was not compared on all benchmarks".to_owned());
        }
        let scores = used.iter().map(|o| names.iter().map(|n| score(o, n)).collect()).collect();
        let baseline = baseline.flatten();
        Ok(Self { used, left_out, names, models_left_out, scores, baseline, options })
    }

    fn compare(self) -> Result<Over, StatsError> {
        let choice = self.choice();
        let of_all = (self.names.len() > 2)
            .then(|| friedman(&self.scores, Direction::HigherIsBetter))
            .transpose()?;
        let pairs = self.pairs(of_all.as_ref())?;
        let models = self.ranked(&pairs)?;
        let friedman = of_all.map(|found| self.friedman_over(&found)).transpose()?;
        let mut notes = choice.warnings.clone();
        notes.push(
            "each benchmark counts once; the benchmarks are taken as a sample of all that might have been chosen, and sizes do not matter"
                .to_owned(),
        );
        Ok(Over {
            benchmarks: (self.used.iter())
                .map(|o| format!("{} ({})", o.benchmark, o.protocol))
                .collect(),
            test: self.chosen(&choice, pairs.len()),
            left_out: self.left_out,
            models,
            models_left_out: self.models_left_out,
            friedman,
            pairs,
            notes,
        })
    }

    fn choice(&self) -> Choice {
        choose_test(&Situation {
            metric: MetricKind::Graded,
            models: self.names.len(),
            benchmarks: self.used.len(),
            examples: 0,
            clustered: false,
            several_seeds: false,
            zero_share: 0.0,
            against_baseline: self.baseline.is_some(),
        })
    }

    fn chosen(&self, choice: &Choice, family: usize) -> Chosen {
        let signature = Signature {
            test: choice.test.name().to_owned(),
            n: self.used.len() as u64,
            clusters: None,
            correction: Correction::Holm,
            family,
            resamples: None,
            seed: None,
            version: self.options.version.clone(),
        };
        Chosen {
            name: choice.test.name().to_owned(),
            title: choice.test.title().to_owned(),
            why: choice.why.to_owned(),
            family,
            signature: signature.to_string(),
        }
    }

    fn friedman_over(&self, found: &Friedman) -> Result<FriedmanOver, StatsError> {
        let options = self.options;
        let stream = Stream::new(options.seed, "compare").child("over benchmarks");
        Ok(FriedmanOver {
            chi2: found.chi2,
            df: found.df,
            p: found.p_value,
            f: Some(found.iman_davenport_f).filter(|f| f.is_finite()),
            f_p: friedman_permutation(&self.scores, options.resamples, &stream)?,
            critical_difference: critical_difference(
                self.names.len(),
                self.used.len(),
                options.alpha,
            )?,
        })
    }

    /// Models by mean rank, with the letters of the pairwise tests.
    fn ranked(&self, pairs: &[PairOver]) -> Result<Vec<Ranked>, StatsError> {
        let (k, n) = (self.names.len(), self.used.len() as f64);
        let ranks: Vec<Vec<f64>> =
            self.scores.iter().map(|row| rank_row(row, Direction::HigherIsBetter).0).collect();
        let mean_ranks: Vec<f64> =
            (0..k).map(|m| ranks.iter().map(|r| r[m]).sum::<f64>() / n).collect();
        let letters = if self.baseline.is_some() {
            vec![String::new(); k]
        } else {
            let mut differs = vec![vec![false; k]; k];
            for (&(a, b), pair) in self.pair_numbers().iter().zip(pairs) {
                differs[a][b] = pair.p_corrected <= self.options.alpha;
                differs[b][a] = differs[a][b];
            }
            compact_letters(&mean_ranks, &differs, Direction::LowerIsBetter)?
        };
        let mut models: Vec<Ranked> = (self.names.iter().zip(mean_ranks).zip(letters))
            .map(|((name, mean_rank), letters)| Ranked {
                model: (*name).to_owned(),
                mean_rank,
                letters,
            })
            .collect();
        models.sort_by(|a, b| {
            a.mean_rank.total_cmp(&b.mean_rank).then_with(|| a.model.cmp(&b.model))
        });
        Ok(models)
    }
}

/// Of a benchmark's protocols the one with most models; the first of equals.
fn best_of<'a>(outcomes: &'a [Outcome], name: &str) -> Option<&'a Outcome> {
    let of = outcomes.iter().filter(|o| o.benchmark == name);
    of.fold(None, |best: Option<&Outcome>, o| match best {
        Some(best) if best.models.len() >= o.models.len() => Some(best),
        _ => Some(o),
    })
}

/// The models that were compared on all benchmarks, by name; the others with the reason.
fn in_all<'a>(used: &[&'a Outcome]) -> (Vec<&'a str>, Vec<LeftOut>) {
    let mut names: Vec<&str> = used.iter().flat_map(|o| &o.models).map(|m| &*m.model).collect();
    names.sort_unstable();
    names.dedup();
    let mut left_out = Vec::new();
    names.retain(|name| {
        let lacking: Vec<&str> = (used.iter())
            .filter(|o| o.models.iter().all(|m| m.model != *name))
            .map(|o| &*o.benchmark)
            .collect();
        if !lacking.is_empty() {
            let reason = format!("not compared on {}", lacking.join(", "));
            left_out.push(LeftOut { name: (*name).to_owned(), reason });
        }
        lacking.is_empty()
    });
    (names, left_out)
}

fn score(outcome: &Outcome, model: &str) -> f64 {
    outcome.models.iter().find(|m| m.model == model).map_or(f64::NAN, |m| m.value)
}
