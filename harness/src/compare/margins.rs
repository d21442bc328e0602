//! Is a difference within a margin: on both sides (equivalence), or on the lower one (non-inferiority)?

use eval_stats::StatsError;
use eval_stats::dist::norm_sf;
use eval_stats::equivalence::{non_inferior_accuracy, tost_accuracy};
use eval_stats::mcnemar::PairedTable;

use super::result::{Equivalence, NonInferiority, Options, Pair};

/// What is known of a difference: the table of two accuracies on independent examples, or the standard error.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) difference: f64,
    pub(super) table: Option<&'a PairedTable>,
    pub(super) standard_error: Option<f64>,
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
        let tail = |side: f64, se: f64| norm_sf((margin + side * self.difference) / se);
        Ok(self.standard_error.map(|se| {
            found(
                tail(1.0, se).max(tail(-1.0, se)),
                "two one-sided z tests with the bootstrap standard error",
            )
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
        Ok(self.standard_error.map(|se| {
            let p = norm_sf((self.difference + margin) / se);
            found(p, "one-sided z test with the bootstrap standard error")
        }))
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
