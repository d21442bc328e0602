//! Is a difference within a margin: on both sides (equivalence), or on the lower one (non-inferiority)?

use eval_stats::StatsError;
use eval_stats::components::Uncertainty;
use eval_stats::dist::{norm_sf, t_sf};
use eval_stats::equivalence::{non_inferior_accuracy, tost_accuracy};
use eval_stats::mcnemar::PairedTable;

use super::result::{Equivalence, NonInferiority, Options, Pair};

/// How far a difference varies.
#[derive(Clone, Copy)]
pub(super) enum Spread {
    /// A variance with its degrees of freedom, and over what it is.
    Student(Uncertainty, &'static str),
    /// The standard deviation of the resamples.
    Bootstrap(f64),
}

impl Spread {
    /// The upper tail of a distance.
    fn tail(self, distance: f64) -> f64 {
        match self {
            Self::Student(total, _) => t_sf(distance / total.standard_error(), total.df),
            Self::Bootstrap(se) => norm_sf(distance / se),
        }
    }

    /// What the test is called, of so many sides.
    fn test(self, sides: &str) -> String {
        match self {
            Self::Student(_, over) => format!("{sides} t test over {over}"),
            Self::Bootstrap(_) => format!("{sides} z test with the bootstrap standard error"),
        }
    }
}

/// What is known of a difference: the table of two accuracies on independent examples, or how far it varies.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) difference: f64,
    pub(super) table: Option<&'a PairedTable>,
    pub(super) spread: Option<Spread>,
}

impl Known<'_> {
    pub(super) fn equivalence(&self, options: &Options) -> Result<Option<Equivalence>, StatsError> {
        let Some(margin) = options.margin else { return Ok(None) };
        let found = |p: f64, method: &str| Equivalence {
            margin,
            p,
            p_corrected: None,
            method: method.to_owned(),
        };
        if let Some(table) = self.table {
            let p = tost_accuracy(table, -margin, margin)?.p_value;
            return Ok(Some(found(
                p,
                "two one-sided score tests of two paired accuracies (Tango 1998)",
            )));
        }
        Ok(self.spread.map(|spread| {
            let (above, below) = (margin + self.difference, margin - self.difference);
            let method = spread.test("two one-sided").replacen("test", "tests", 1);
            found(spread.tail(above).max(spread.tail(below)), &method)
        }))
    }

    /// Of A against B.
    pub(super) fn non_inferiority(
        &self,
        options: &Options,
    ) -> Result<Option<NonInferiority>, StatsError> {
        let Some(margin) = options.non_inferior else { return Ok(None) };
        let found = |p: f64, method: &str| NonInferiority {
            margin,
            p,
            p_corrected: p,
            shown: false,
            method: method.to_owned(),
        };
        if let Some(table) = self.table {
            let p = non_inferior_accuracy(table, margin)?.p_value;
            return Ok(Some(found(
                p,
                "one-sided score test of two paired accuracies (Nam 1997; Tango 1998)",
            )));
        }
        Ok(self
            .spread
            .map(|spread| found(spread.tail(self.difference + margin), &spread.test("one-sided"))))
    }
}

/// Corrects both kinds of p over the pairs of a benchmark, as the differences are.
pub(super) fn correct(pairs: &mut [Pair], options: &Options) -> Result<(), StatsError> {
    let mut equivalences: Vec<&mut Equivalence> =
        pairs.iter_mut().filter_map(|pair| pair.equivalence.as_mut()).collect();
    let p: Vec<f64> = equivalences.iter().map(|e| e.p).collect();
    if !p.is_empty() {
        for (e, corrected) in equivalences.iter_mut().zip(options.correction.adjust(&p)?) {
            e.p_corrected = Some(corrected);
        }
    }
    let mut others: Vec<&mut NonInferiority> =
        pairs.iter_mut().filter_map(|pair| pair.non_inferiority.as_mut()).collect();
    let p: Vec<f64> = others.iter().map(|n| n.p).collect();
    if !p.is_empty() {
        for (n, corrected) in others.iter_mut().zip(options.correction.adjust(&p)?) {
            n.p_corrected = corrected;
            n.shown = corrected <= options.alpha;
        }
    }
    Ok(())
}
