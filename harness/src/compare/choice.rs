//! Which test the pairs of a benchmark get, and what must be said of it.

use crate::definition::dataset::{Measure, Metric};
use eval_stats::choose::{MetricKind, Situation, Test, choose_test};

use super::CompareError;
use super::benchmark::BenchmarkComparison;
use super::comparison::ComparedModel;
use super::result::{Correction, Scope};
use super::words::Signature;
use crate::score::LEAST_OF_CLASS;

/// What is said where every model has one seed.
pub(super) const ABOUT_WEIGHTS: &str =
    "one seed: a verdict is about these trained weights, not about the training recipe";

/// Tests of the pairs of one benchmark.
const WITHIN: &[Test] = &[
    Test::McnemarMidP,
    Test::McnemarExact,
    Test::ApproximateRandomisation,
    Test::StudentisedPermutation,
    Test::ClusterSignFlip,
    Test::ClusterBootstrap,
    Test::CochranQ,
    Test::PairedT,
    Test::WilcoxonExact,
    Test::WilcoxonPratt,
    Test::MixedT,
];

/// A test within a benchmark by its name.
pub(super) fn parse_test(name: &str) -> Result<Test, CompareError> {
    Test::parse(name).filter(|t| WITHIN.contains(t)).ok_or_else(|| CompareError::UnknownTest {
        name: name.to_owned(),
        known: WITHIN.iter().map(|t| t.name()).collect(),
    })
}

/// Precision and F1 of one class: models that give the class at different rates are not exchangeable.
fn rates_matter(metric: Measure) -> bool {
    matches!(metric.counts(), Some(Metric::Precision | Metric::F1))
}

impl BenchmarkComparison<'_> {
    /// Takes the default test, or the asked one where it can be made here.
    pub(super) fn choose(&mut self, asked: Option<Test>) {
        let kind = match self.field.metric.is_mean_over_examples() {
            true if self.plain && self.field.metric.value().is_none() => MetricKind::Accuracy,
            true => MetricKind::Graded,
            false if rates_matter(self.field.metric) => MetricKind::OneClass,
            false => MetricKind::Set,
        };
        let choice = choose_test(&Situation {
            metric: kind,
            models: self.field.models.len(),
            benchmarks: 1,
            examples: self.field.examples(),
            clustered: self.design.clustered(),
            several_seeds: self.several_seeds(),
            zero_share: 0.0,
            against_baseline: self.options.baseline.is_some(),
        });
        choice.why.clone_into(&mut self.why);
        self.test = choice.test;
        self.notes.extend(choice.warnings);
        self.notes.extend(self.rare_classes());
        if self.field.mean_over_cultures
            && kind != MetricKind::Set
            && !self.design.clustered()
            && !self.several_seeds()
        {
            self.test = Test::ClusterSignFlip;
            "the score is a mean over cultures, so examples of small cultures weigh more: their weighted differences change sign"
                .clone_into(&mut self.why);
        }
        if kind == MetricKind::OneClass
            && self.design.clustered()
            && !self.several_seeds()
            && self.fits(Test::MixedT).is_ok()
        {
            self.test = Test::MixedT;
            "precision and F1 on clusters: quantiles of the cluster bootstrap are too narrow, so the variance over clusters follows from their influence, with Student's t"
                .clone_into(&mut self.why);
        }
        if let Err(reason) = self.fits(self.test) {
            self.test = Test::ClusterBootstrap;
            self.why = format!("{reason}: the paired bootstrap is used instead");
        }
        if let Some(asked) = asked.filter(|t| *t != self.test) {
            match self.fits(asked) {
                Ok(()) => {
                    self.why = format!("requested (the default here is {})", self.test.name());
                    self.test = asked;
                    let blind = !matches!(
                        asked,
                        Test::ClusterSignFlip | Test::ClusterBootstrap | Test::MixedT
                    );
                    if self.design.clustered() && blind {
                        self.notes.push(format!(
                            "examples come in clusters, which {} ignores: its p-values are too small",
                            asked.name()
                        ));
                    }
                }
                Err(reason) => {
                    self.notes.push(format!(
                        "{} was requested, but {reason}: {} is used",
                        asked.name(),
                        self.test.name()
                    ));
                }
            }
        }
    }

    /// What must be known of a macro mean with classes that are hardly seen.
    fn rare_classes(&self) -> Option<String> {
        let mean = matches!(
            self.field.metric.counts(),
            Some(Metric::MacroF1 | Metric::MacroPrecision | Metric::MacroRecall)
        );
        let [part] = self.field.parts.as_slice() else { return None };
        let few = |class: &u32| part.gold.iter().filter(|g| *g == class).count() < LEAST_OF_CLASS;
        let rare = (0..part.classes as u32).filter(few).count();
        (mean && rare > 0).then(|| {
            format!(
                "{rare} of {} classes have fewer than {LEAST_OF_CLASS} examples: their part of the {} is hardly known",
                part.classes,
                self.field.metric.name()
            )
        })
    }

    fn fits(&self, test: Test) -> Result<(), String> {
        let accuracy = self.field.metric.is_mean_over_examples();
        let of_values = self.field.metric.value().is_some();
        let mean = self.field.mean_over_cultures;
        match test {
            Test::McnemarMidP | Test::McnemarExact | Test::CochranQ => {
                if !accuracy || of_values {
                    return Err(format!(
                        "{} is not right or wrong per example",
                        self.field.metric.name()
                    ));
                }
                if !self.plain {
                    return Err(
                        "several seeds or prompts make the score of an example graded".to_owned()
                    );
                }
                if mean {
                    return Err("the score is a mean over cultures, not over examples".to_owned());
                }
            }
            Test::PairedT | Test::WilcoxonExact | Test::WilcoxonPratt if !accuracy || mean => {
                return Err("the score is not a plain mean over examples".to_owned());
            }
            Test::MixedT if self.family.is_none() => {
                return Err(format!("{} has no derivative here", self.field.metric.name()));
            }
            Test::ClusterSignFlip if !accuracy => {
                return Err(format!("{} is not a mean over examples", self.field.metric.name()));
            }
            Test::StudentisedPermutation if !rates_matter(self.field.metric) => {
                return Err(format!(
                    "{} is neither precision nor F1 of one class",
                    self.field.metric.name()
                ));
            }
            Test::ApproximateRandomisation | Test::StudentisedPermutation => {
                if of_values {
                    return Err(format!(
                        "{} is a mean of values, not a function of label counts",
                        self.field.metric.name()
                    ));
                }
                if !self.plain {
                    return Err("answers of several seeds or prompts cannot be swapped one by one"
                        .to_owned());
                }
                if mean || self.field.parts.len() > 1 {
                    return Err("the score is a mean over cultures or parts".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn test_title(&self) -> String {
        let own = !self.design.clustered();
        match self.test {
            Test::CochranQ => Test::McnemarMidP.title(),
            Test::ClusterBootstrap if own => "the paired bootstrap",
            Test::MixedT if !self.several_seeds() => "Student's t test over clusters",
            Test::ClusterSignFlip if own => "the sign-flip permutation test",
            other => other.title(),
        }
        .to_owned()
    }

    /// Whether some model was trained more than once.
    pub(super) fn several_seeds(&self) -> bool {
        self.field.models.iter().any(ComparedModel::several_seeds)
    }

    /// Whether the test counts training runs as drawn.
    pub(super) fn scope(&self) -> Scope {
        match self.test {
            Test::MixedT | Test::ClusterBootstrap if self.several_seeds() => Scope::TrainingRecipe,
            _ => Scope::TrainedWeights,
        }
    }

    /// Notes what a verdict is about, and what must be known of few seeds.
    pub(super) fn note_seeds(&mut self) {
        let names = |wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
            (self.field.models.iter())
                .filter(|m| wanted(m.seeds.len()))
                .map(|m| format!("{} ({})", m.name, m.seeds.len()))
                .collect()
        };
        let few = names(&|seeds| (2..5).contains(&seeds));
        let single = names(&|seeds| seeds == 1);
        match self.scope() {
            Scope::TrainedWeights if self.several_seeds() => self.notes.push(format!(
                "{} takes the seeds as they are: a verdict is about these trained weights, not about the training recipe",
                self.test_title()
            )),
            Scope::TrainedWeights => self.notes.push(ABOUT_WEIGHTS.to_owned()),
            Scope::TrainingRecipe => {
                self.notes.push(
                    "scores are means over seeds; tests and intervals count both examples and training runs as drawn".to_owned(),
                );
                if !single.is_empty() {
                    self.notes.push(format!(
                        "one seed only: {}; of these models a verdict is about the trained weights",
                        single.join(", ")
                    ));
                }
            }
        }
        if !few.is_empty() {
            self.notes.push(format!(
                "fewer than five seeds: {}; the spread between training runs is hardly known, so that only large differences are found",
                few.join(", ")
            ));
        }
    }

    pub(super) fn signature(&self, family: usize) -> Signature {
        let resampled = matches!(
            self.test,
            Test::ClusterSignFlip | Test::ClusterBootstrap | Test::ApproximateRandomisation
        );
        let name = match self.test {
            Test::CochranQ => Test::McnemarMidP.name(),
            other => other.name(),
        };
        Signature {
            test: name.to_owned(),
            n: self.field.examples() as u64,
            clusters: self.design.clustered().then(|| self.design.units() as u64),
            correction: if family > 1 { self.options.correction } else { Correction::None },
            family,
            resamples: resampled.then_some(self.options.resamples),
            seed: resampled.then_some(self.options.seed),
            version: self.options.version.clone(),
        }
    }
}
