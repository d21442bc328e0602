//! The work behind [`super::evaluate`]: rows, measures, and their intervals on one subset.

use crate::definition::dataset::{AbsentCultures, Measure as Asked, Metric};
use eval_stats::bootstrap::BootstrapMethod;
use eval_stats::metric::{Basis, MetricOptions, Needs};

use super::error::same_length;
use super::figures::{Evaluation, Questions, Refusal, Rules, Score, Subset};
use super::measure::{Measure, is_accuracy, measured};
use super::metrics::{Tally, check, column};
use super::resample::{self, Cell, Range, Support, Units, bootstrap_on, proportion};
use super::rows::{Table, in_groups, select};
use super::{Answer, NoScore, ScoreError};

/// Questions and rules, checked, with the rows that the benchmark is about.
pub(crate) struct Board<'a> {
    pub(crate) q: &'a Questions<'a>,
    pub(crate) rules: &'a Rules,
    positive: u32,
    ks: Vec<usize>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) rows: Vec<u32>,
    /// Cultures of the benchmark, in its order, else in order of first appearance.
    pub(crate) cultures: Vec<(String, Vec<u32>)>,
    /// Cultures that the benchmark names and the examples do not have.
    pub(crate) absent: Vec<String>,
}

impl<'a> Board<'a> {
    pub(crate) fn new(q: &'a Questions<'a>, rules: &'a Rules) -> Result<Self, ScoreError> {
        let n = q.gold.len();
        for answers in q.answers {
            check(q.gold, answers, q.labels.len())?;
        }
        if q.answers.is_empty() {
            return Err(ScoreError::OutOfRange {
                argument: "answers",
                got: "no column".to_owned(),
                allowed: "one column of answers per variant, at least one".to_owned(),
            });
        }
        same_length("gold", n, "cultures", q.cultures.codes.len())?;
        same_length("gold", n, "clusters", q.clusters.len())?;
        for (name, coded) in q.groups {
            same_length("gold", n, name, coded.codes.len())?;
        }
        if let Some(ranks) = q.ranks {
            same_length("answers (variants)", q.answers.len(), "ranks (variants)", ranks.len())?;
            for column in ranks {
                same_length("gold", n, "ranks", column.len())?;
            }
        }
        let asked: Vec<Asked> =
            std::iter::once(rules.metric).chain(rules.also.iter().copied()).collect();
        let metrics: Vec<Metric> = asked.iter().filter_map(|measure| measure.counts()).collect();
        let measured = measured(q, &asked)?;
        let positive = match (rules.positive, metrics.iter().find(|m| m.of_one_class())) {
            (None, Some(metric)) => {
                return Err(ScoreError::NotDefined {
                    metric: metric.name().to_owned(),
                    needs: "a positive class",
                    remedy: "set `positive` in the task, or use a macro or weighted metric",
                });
            }
            (Some(label), _) if label as usize >= q.labels.len() => {
                return Err(ScoreError::UnknownLabel {
                    argument: "positive",
                    row: 0,
                    label,
                    classes: q.labels.len(),
                });
            }
            (label, _) => label.unwrap_or(0),
        };
        let mut ks: Vec<usize> = rules.scoring.acc_at.clone();
        ks.sort_unstable();
        ks.dedup();
        let (mut rows, mut cultures) = select(q.cultures, &rules.cultures);
        let kept = |row: &u32| in_groups(q.groups, &rules.only, *row as usize);
        if !rules.only.is_empty() {
            rows.retain(kept);
            for (_, rows) in &mut cultures {
                rows.retain(kept);
            }
            if rules.cultures.is_empty() {
                cultures.retain(|(_, rows)| !rows.is_empty());
            }
        }
        let without = cultures.iter().filter(|(_, rows)| rows.is_empty());
        let absent = without.map(|(name, _)| name.clone()).collect();
        if rules.absent_cultures == AbsentCultures::Allow {
            cultures.retain(|(_, rows)| !rows.is_empty());
        }
        let mut measures: Vec<Measure> = Vec::new();
        for measure in measured.into_iter().chain((0..ks.len()).map(Measure::Within)) {
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        }
        let any = |wanted: Answer| {
            q.answers.iter().any(|a| rows.iter().any(|&i| a[i as usize] == wanted))
        };
        let (odd, missing) = (any(Answer::Unparsable), any(Answer::Missing));
        if (odd || missing) && !metrics.is_empty() {
            measures.push(Measure::AccuracyAnswered);
        }
        if odd {
            measures.push(Measure::Unparsable);
        }
        if missing {
            measures.push(Measure::Missing);
        }
        Ok(Self { q, rules, positive, ks, measures, rows, cultures, absent })
    }

    /// Why there is no score over all cultures, where one of them has no example and the benchmark does not allow it.
    pub(crate) fn not_whole(&self) -> Option<NoScore> {
        let refused =
            self.rules.absent_cultures == AbsentCultures::Refuse && !self.absent.is_empty();
        refused.then(|| NoScore::NotWhole { cultures: self.absent.clone() })
    }

    /// Refuses all measures on a subset.
    pub(crate) fn refuse(&self, subset: &Subset, reason: &NoScore, out: &mut Evaluation) {
        out.refused.extend(self.measures.iter().map(|&measure| Refusal {
            metric: self.name(measure),
            subset: subset.clone(),
            reason: reason.clone(),
        }));
    }

    pub(crate) fn name(&self, measure: Measure) -> String {
        match measure {
            Measure::Metric(metric) => metric.name().to_owned(),
            Measure::Terms(place, _) => self.q.terms[place].name.clone(),
            Measure::Within(place) => format!("acc@{}", self.ks[place]),
            Measure::AccuracyAnswered => "accuracy-answered".to_owned(),
            Measure::Unparsable => "unparsable".to_owned(),
            Measure::Missing => "missing".to_owned(),
        }
    }

    fn value(&self, tally: &Tally, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Metric(metric) => {
                let smoothing = self.rules.scoring.smoothing;
                let options =
                    MetricOptions { positive: self.positive, smoothing, ..Default::default() };
                tally.margins.value(metric, options)
            }
            Measure::Terms(place, _) => self.q.terms[place].value(&tally.terms),
            Measure::Within(place) => tally.accuracy_within(place),
            Measure::AccuracyAnswered => tally.accuracy_answered(),
            Measure::Unparsable => tally.unparsable_rate(),
            Measure::Missing => tally.missing_rate(),
        }
    }

    /// Mean over variants; `None` where one of them has no value.
    pub(crate) fn mean_value(&self, variants: &[Tally], measure: Measure) -> Option<f64> {
        let sum = variants.iter().map(|m| self.value(m, measure)).sum::<Option<f64>>()?;
        Some(sum / variants.len() as f64)
    }

    fn bucket(&self, variant: usize, row: usize) -> u32 {
        let rank = self.q.ranks.and_then(|ranks| ranks[variant][row]);
        let place =
            |rank: u32| self.ks.iter().position(|&k| (rank as usize) < k.min(self.q.labels.len()));
        rank.and_then(place).unwrap_or(self.ks.len()) as u32
    }

    /// Rows as patterns of clusters; slice = `slice(row) * variants + variant`.
    pub(crate) fn units(&self, rows: &[(u32, u32)], slices: usize) -> Units {
        let variants = self.q.answers.len();
        let classes = self.q.labels.len();
        let width = self.q.terms.first().map_or(0, |measure| measure.of);
        let mut table = Table::new(width);
        let numbers: Vec<u32> = (rows.iter())
            .flat_map(|&(row, _)| (0..variants).map(move |v| (v, row as usize)))
            .map(|(v, row)| table.number(self.q.term_columns.get(v).copied(), row))
            .collect();
        let cells = rows.iter().enumerate().flat_map(|(at, &(row, slice))| {
            let numbers = &numbers[at * variants..(at + 1) * variants];
            let i = row as usize;
            (0..variants).map(move |v| {
                let column = column(self.q.answers[v][i], classes);
                let slice = slice * variants as u32 + v as u32;
                (
                    self.q.clusters[i],
                    Cell {
                        slice,
                        gold: self.q.gold[i],
                        column,
                        bucket: self.bucket(v, i),
                        terms: numbers[v],
                    },
                )
            })
        });
        Units::new(cells, slices * variants, classes, self.ks.len(), (table.rows, width))
    }

    /// A score of `rows` without its numbers.
    pub(crate) fn blank(
        &self,
        subset: &Subset,
        measure: Measure,
        margins: &[Tally],
        clusters: u64,
    ) -> Score {
        let variants = self.q.answers.len() as u64;
        let total = |f: &dyn Fn(&Tally) -> f64| margins.iter().map(f).sum::<f64>() as u64;
        let (all, unparsable, missing) =
            (total(&Tally::n), total(&|m| m.unparsable), total(&|m| m.missing));
        let answered = total(&Tally::answered);
        let of_terms = match measure {
            Measure::Terms(place, _) => {
                Some(total(&|m| self.q.terms[place].n(&m.terms))).filter(|n| *n < all)
            }
            _ => None,
        };
        assert_eq!(
            all,
            answered + unparsable + missing,
            "an answer was lost on the way to the score"
        );
        // A measure of some of the examples drops those without an answer: their share is shown beside it.
        let (all, answered, unparsable, missing) =
            of_terms.map_or((all, answered, unparsable, missing), |n| (n, n, 0, 0));
        Score {
            metric: self.name(measure),
            subset: subset.clone(),
            value: f64::NAN,
            low: f64::NAN,
            high: f64::NAN,
            method: String::new(),
            n: all / variants,
            variants,
            answered,
            unparsable,
            missing,
            clusters,
            majority: None,
            gap: None,
            among: None,
        }
    }

    /// The value of a measure on `n` examples in so many clusters, or why it has none.
    fn value_of(
        &self,
        subset: &Subset,
        margins: &[Tally],
        measure: Measure,
        clusters: u64,
        n: u64,
    ) -> Result<f64, NoScore> {
        if let Some(reason) = self.undefined(subset, margins, measure) {
            return Err(reason);
        }
        if clusters < 2 && n > 1 {
            return Err(NoScore::OneCluster { subset: subset.to_string(), n });
        }
        self.mean_value(margins, measure)
            .ok_or_else(|| NoScore::NothingAnswered { subset: subset.to_string() })
    }

    /// All measures on `rows`.
    pub(crate) fn subset(
        &self,
        subset: &Subset,
        rows: &[u32],
        resamples: usize,
        out: &mut Evaluation,
    ) {
        let refuse = |measure: Measure, reason: NoScore| Refusal {
            metric: self.name(measure),
            subset: subset.clone(),
            reason,
        };
        if rows.is_empty() {
            let reason = match subset {
                Subset::Culture { name } => NoScore::AbsentCulture { culture: name.clone() },
                _ => NoScore::NoExample { subset: subset.to_string() },
            };
            self.refuse(subset, &reason, out);
            return;
        }
        let tagged: Vec<(u32, u32)> = rows.iter().map(|&row| (row, 0)).collect();
        let units = self.units(&tagged, 1);
        let margins = units.margins();
        let (clusters, n) = (units.clusters(), rows.len() as u64);
        let mut resampled: Option<Vec<Vec<f64>>> = None;
        let stream = self.rules.stream.child(&subset.to_string());
        for (place, &measure) in self.measures.iter().enumerate() {
            let value = match self.value_of(subset, &margins, measure, clusters, n) {
                Ok(value) => value,
                Err(reason) => {
                    out.refused.push(refuse(measure, reason));
                    continue;
                }
            };
            let range = match self.outcomes(rows, measure) {
                Some(outcomes) if outcomes.is_empty() => {
                    // 0/0 by convention: nothing is known about it.
                    Ok(Range { low: 0.0, high: 1.0, method: "no-prediction".to_owned() })
                }
                Some(outcomes) => proportion(value, &outcomes),
                None if Self::rare(measure, &margins).is_some() => {
                    self.with_rare_classes(value, measure, &units, resamples, &stream)
                }
                None => {
                    let replicates = resampled.get_or_insert_with(|| {
                        units.resample(&stream, resamples, |margins| {
                            self.measures
                                .iter()
                                .map(|&m| self.mean_value(margins, m).unwrap_or(f64::NAN))
                                .collect()
                        })
                    });
                    let column = replicates.iter().map(|r| r[place]).collect();
                    let independent = self.support(&margins, measure).min(clusters);
                    let basis = resample::Basis {
                        method: BootstrapMethod::Percentile,
                        clustered: clusters < n,
                        clusters,
                        support: Support { examples: n, independent },
                    };
                    bootstrap_on(value, measure.bounds(), column, basis, &stream)
                }
            };
            match range {
                Ok(range) => {
                    let mut score = self.blank(subset, measure, &margins, clusters);
                    score.majority = is_accuracy(measure).then(|| margins[0].majority()).flatten();
                    fill(&mut score, value, range);
                    out.scores.push(score);
                }
                Err(error) => out.refused.push(refuse(measure, error.into())),
            }
        }
    }

    /// Whether a lower value is a worse one.
    pub(crate) fn has_a_worst_end(&self, measure: Measure) -> bool {
        match measure {
            Measure::Terms(place, _) => self.q.terms[place].higher_is_better,
            _ => true,
        }
    }

    /// The primary metric without an interval: over cultures where the benchmark has it so.
    pub(crate) fn primary_value(&self) -> Option<f64> {
        let measure = *self.measures.first()?;
        let of = |rows: &[u32]| {
            let tagged: Vec<(u32, u32)> = rows.iter().map(|&row| (row, 0)).collect();
            let margins = self.units(&tagged, 1).margins();
            let defined = self.undefined(&Subset::All, &margins, measure).is_none();
            self.mean_value(&margins, measure).filter(|_| defined)
        };
        if !self.rules.mean_over_cultures {
            return of(&self.rows);
        }
        let values: Vec<f64> = self.cultures.iter().filter_map(|(_, rows)| of(rows)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// All rows as units, their number, and the measure on them.
    pub(crate) fn whole(&self, measure: Measure) -> Result<(Units, u64, f64), NoScore> {
        let n = self.rows.len() as u64;
        let subset = Subset::All;
        if let Some(reason) = self.not_whole() {
            return Err(reason);
        }
        if n == 0 {
            return Err(NoScore::NoExample { subset: subset.to_string() });
        }
        let tagged: Vec<(u32, u32)> = self.rows.iter().map(|&row| (row, 0)).collect();
        let units = self.units(&tagged, 1);
        let margins = units.margins();
        if let Some(reason) = self.undefined(&subset, &margins, measure) {
            return Err(reason);
        }
        if units.clusters() < 2 && n > 1 {
            return Err(NoScore::OneCluster { subset: subset.to_string(), n });
        }
        let value = self.mean_value(&margins, measure);
        value
            .map(|value| (units, n, value))
            .ok_or(NoScore::NothingAnswered { subset: subset.to_string() })
    }

    pub(crate) fn clusters_of(&self, rows: &[u32]) -> u64 {
        let mut clusters: Vec<u32> =
            rows.iter().map(|&row| self.q.clusters[row as usize]).collect();
        clusters.sort_unstable();
        clusters.dedup();
        clusters.len() as u64
    }

    /// Why a measure says nothing about a subset, where it does not.
    pub(crate) fn undefined(
        &self,
        subset: &Subset,
        margins: &[Tally],
        measure: Measure,
    ) -> Option<NoScore> {
        if matches!(measure, Measure::Within(_)) && self.q.ranks.is_none() {
            return Some(NoScore::NoRanks { metric: self.name(measure) });
        }
        let gold = &margins[0].margins.gold;
        let label = |class: usize| self.q.labels[class].clone();
        let subset_name = || subset.to_string();
        let only = || {
            let mut present = (0..gold.len()).filter(|&class| gold[class] > 0.0);
            present.next().filter(|_| present.next().is_none())
        };
        match measure.needs() {
            Needs::Example => None,
            Needs::Positive => {
                let positive = self.positive as usize;
                (gold[positive] == 0.0)
                    .then(|| NoScore::NoPositive { subset: subset_name(), label: label(positive) })
            }
            Needs::EveryClass => {
                if let Some(only) = only() {
                    return Some(NoScore::OneClass { subset: subset_name(), label: label(only) });
                }
                // Over all examples a class that does not occur is an error of the definition, and counts as 0.
                let absent =
                    gold.iter().position(|&g| g == 0.0).filter(|_| *subset != Subset::All)?;
                Some(NoScore::AbsentLabel { subset: subset_name(), label: label(absent) })
            }
            Needs::TwoClasses => only().map(|only| NoScore::ConstantGold {
                metric: self.name(measure),
                subset: subset_name(),
                label: label(only),
            }),
        }
    }

    /// Independent examples that the measure rests on, at worst.
    pub(crate) fn support(&self, margins: &[Tally], measure: Measure) -> u64 {
        let first = &margins[0].margins;
        let count = match measure.needs() {
            Needs::Example => first.n,
            Needs::Positive => first.gold[self.positive as usize],
            Needs::EveryClass | Needs::TwoClasses => {
                first.gold.iter().copied().filter(|&g| g > 0.0).fold(f64::INFINITY, f64::min)
            }
        };
        count as u64
    }

    /// For a measure that is a plain proportion: (cluster, right) of every example it is about.
    fn outcomes(&self, rows: &[u32], measure: Measure) -> Option<Vec<(u32, bool)>> {
        let &[answers] = self.q.answers else { return None };
        let positive = Answer::Label(self.positive);
        let judge = |row: u32| -> Option<bool> {
            let i = row as usize;
            let (gold, answer) = (Answer::Label(self.q.gold[i]), answers[i]);
            match (measure, measure.basis()) {
                (Measure::Within(place), _) => Some(self.bucket(0, i) as usize <= place),
                (Measure::AccuracyAnswered, _) => answer.label().map(|_| answer == gold),
                (Measure::Unparsable, _) => Some(answer == Answer::Unparsable),
                (Measure::Missing, _) => Some(answer == Answer::Missing),
                (_, Basis::Predicted) => (answer == positive).then_some(gold == positive),
                (_, Basis::Gold) => (gold == positive).then_some(answer == positive),
                (_, Basis::Examples) => Some(answer == gold),
                (_, Basis::Counts) => None,
            }
        };
        (measure.basis() != Basis::Counts).then(|| {
            rows.iter()
                .filter_map(|&row| Some((self.q.clusters[row as usize], judge(row)?)))
                .collect()
        })
    }
}

pub(crate) fn fill(score: &mut Score, value: f64, range: Range) {
    (score.value, score.low, score.high, score.method) =
        (value, range.low, range.high, range.method);
}
