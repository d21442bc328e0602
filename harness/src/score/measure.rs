//! Which figures are computed for one benchmark.

use eval_stats::metric::{Basis, Needs};

use super::ScoreError;
use super::figures::Questions;
use super::resample::{Bounds, SHARE};
use crate::definition::dataset::{Measure as Asked, Metric};

/// What is computed: a metric of the definition, or one that follows from how the model answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    Metric(Metric),
    /// A measure of terms, by its place among those of the questions.
    Terms(usize, Bounds),
    /// acc@k, by the place of k among the sorted ks.
    Within(usize),
    AccuracyAnswered,
    Unparsable,
    Missing,
}

impl Measure {
    /// Its lowest and its highest possible value.
    pub(crate) fn bounds(self) -> Bounds {
        match self {
            Self::Metric(metric) => metric.range(),
            Self::Terms(_, bounds) => bounds,
            _ => SHARE,
        }
    }

    /// What it averages.
    pub(crate) fn basis(self) -> Basis {
        match self {
            Self::Metric(metric) => metric.basis(),
            Self::Terms(..) => Basis::Counts,
            _ => Basis::Examples,
        }
    }

    /// What the gold labels must hold.
    pub(crate) fn needs(self) -> Needs {
        match self {
            Self::Metric(metric) => metric.needs(),
            _ => Needs::Example,
        }
    }
}

/// The measures that are asked for, those of terms by their place; behind them the other measures of terms.
pub(crate) fn measured(q: &Questions<'_>, asked: &[Asked]) -> Result<Vec<Measure>, ScoreError> {
    let of_terms = |place: usize| Measure::Terms(place, q.terms[place].range);
    let one = |measure: &Asked| match measure {
        Asked::Counts(metric) => Ok(Measure::Metric(*metric)),
        Asked::Mean(metric) => {
            let place = q.terms.iter().position(|terms| terms.name == metric.name());
            place.map(of_terms).ok_or_else(|| ScoreError::NotDefined {
                metric: metric.name().to_owned(),
                needs: "another kind of answer",
                remedy: "use a metric of the task's kind of answer",
            })
        }
    };
    let mut all: Vec<Measure> = asked.iter().map(one).collect::<Result<_, _>>()?;
    all.extend((0..q.terms.len()).map(of_terms));
    Ok(all)
}

pub(crate) fn is_accuracy(measure: Measure) -> bool {
    measure == Measure::Metric(Metric::Accuracy)
}
