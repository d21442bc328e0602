//! The models of one benchmark: its examples are drawn once, and every figure comes from these draws.

use crate::answer::Answer;
use crate::definition::dataset::Metric;
use eval_stats::StatsError;
use eval_stats::choose::Test;
use eval_stats::components::Family;
use eval_stats::rng::Stream;

use super::comparison::{ComparedModel, Comparison};
use super::cultures::{self, Cultures};
use super::draws::{Design, Values};
use super::result::{Chosen, Options, Outcome, Pair};
use super::votes::against_votes;

/// One field under comparison.
pub(super) struct BenchmarkComparison<'a> {
    pub(super) field: &'a Comparison,
    pub(super) options: &'a Options,
    pub(super) design: Design<'a>,
    pub(super) observed: Values,
    /// Of each model, all resampled scores.
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) stream: Stream,
    pub(super) test: Test,
    pub(super) why: String,
    pub(super) notes: Vec<String>,
    /// Variances over clusters and seeds; none where the metric has no derivative.
    pub(super) family: Option<Family>,
    /// Every model has one column of answers.
    pub(super) plain: bool,
    /// Right or wrong, per model and example, where that is all there is.
    pub(super) right: Vec<Vec<bool>>,
    /// Sums of scores per cluster and model, for means over examples, and whether they are multiples of a unit.
    pub(super) sums: Option<(Vec<Vec<f64>>, bool)>,
}

/// Compares all models of a field. The inner error says why there is nothing to compare.
pub(super) fn compare_field(
    field: &Comparison,
    asked: Option<Test>,
    options: &Options,
) -> Result<Result<Outcome, String>, StatsError> {
    let design = Design::new(field);
    let cultures = Cultures::new(field, &design);
    let observed = design.observed(cultures.is_some());
    if let Some(reason) = nothing_to_compare(field, &design, &observed) {
        return Ok(Err(reason));
    }
    let stream =
        Stream::new(options.seed, "compare").child(&field.benchmark).child(&field.protocol);
    let with_cultures =
        if cultures.is_some() { options.resamples.min(cultures::RESAMPLES) } else { 0 };
    let draws = design.replicates(&stream, options.resamples, with_cultures);
    let mut comparison =
        BenchmarkComparison::new(field, options, design, observed, &draws, stream)?;
    comparison.choose(asked);
    comparison.note_seeds();
    let mut pairs = comparison.pairs()?;
    comparison.examine_cultures(cultures.as_ref(), &draws[..with_cultures], &mut pairs)?;
    let models = comparison.standings(&pairs)?;
    let omnibus = comparison.omnibus()?;
    let family = pairs.len();
    let outcome = Outcome {
        benchmark: field.benchmark.clone(),
        title: field.title.clone(),
        protocol: field.protocol.clone(),
        metric: field.metric_title(),
        sample: field.sample,
        data: field.data.clone(),
        n: field.examples() as u64,
        clusters: comparison.design.units() as u64,
        test: Chosen {
            name: comparison.test.name().to_owned(),
            title: comparison.test_title(),
            why: comparison.why.clone(),
            family,
            signature: comparison.signature(family).to_string(),
        },
        scope: comparison.scope(),
        omnibus,
        models,
        pairs,
        votes: against_votes(field, options)?,
        notes: comparison.notes,
    };
    Ok(Ok(outcome))
}

fn nothing_to_compare(
    field: &Comparison,
    design: &Design<'_>,
    observed: &Values,
) -> Option<String> {
    if design.units() < 2 {
        return Some(format!("{} independent example(s): a comparison needs two", design.units()));
    }
    let model = observed.overall.iter().position(|v| !v.is_finite())?;
    Some(format!("{} has no {} on these examples", field.models[model].name, field.metric_title()))
}

fn right(field: &Comparison) -> Vec<Vec<bool>> {
    let of = |model: &ComparedModel| {
        (field.parts.iter().zip(&model.answers))
            .flat_map(|(part, answers)| {
                part.gold.iter().zip(&answers[0]).map(|(g, a)| *a == Answer::Label(*g))
            })
            .collect()
    };
    field.models.iter().map(of).collect()
}

impl<'a> BenchmarkComparison<'a> {
    fn new(
        field: &'a Comparison,
        options: &'a Options,
        design: Design<'a>,
        observed: Values,
        draws: &[Values],
        stream: Stream,
    ) -> Result<Self, StatsError> {
        let of = |model: usize| draws.iter().map(|d| d.overall[model]).collect();
        let plain = field.models.iter().all(|m| m.columns() == 1);
        let right = if plain && field.metric.counts().is_some_and(Metric::is_mean_over_examples) {
            right(field)
        } else {
            Vec::new()
        };
        Ok(Self {
            family: design.family()?,
            columns: (0..field.models.len()).map(of).collect(),
            sums: design.cluster_sums(),
            field,
            options,
            design,
            observed,
            stream,
            test: Test::McnemarMidP,
            why: String::new(),
            notes: Vec::new(),
            plain,
            right,
        })
    }

    /// Adds the differences by culture to the pairs, or notes why there are none.
    fn examine_cultures(
        &mut self,
        cultures: Option<&Cultures>,
        draws: &[Values],
        pairs: &mut [Pair],
    ) -> Result<(), StatsError> {
        let Some(cultures) = cultures else {
            if self.field.parts.len() > 1 {
                self.notes.push("cultures are compared on the parts of this aggregate".to_owned());
            } else if self.field.cultures.len() > 1 {
                self.notes.push(cultures::too_few());
            }
            return Ok(());
        };
        let drawn: Vec<&[f64]> = draws.iter().map(|d| &*d.by_culture).collect();
        let numbers = self.pair_numbers();
        let found = cultures.examine(&self.observed.by_culture, &drawn, &numbers, self.options)?;
        for (pair, cultures) in pairs.iter_mut().zip(found) {
            pair.cultures = Some(cultures);
        }
        self.notes.extend(cultures.note());
        Ok(())
    }
}
