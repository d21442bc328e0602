//! What every page of the report needs: the board, who leads, and which parts there are. It is in the page as JSON.

use serde::Serialize;

use super::board::{self, Cell, Column, Model, Published, Row};
use super::examples::{self, Heads};
use super::leads::{LeadOn, Overall};
use super::pairs::{self, Comparison};
use super::{plain, plain_all};
use crate::report::{legend, remarks};
use crate::results::material::Material;
use crate::text::format::level;

/// `first` of the script.
#[derive(Debug, Serialize)]
pub(super) struct First<'a> {
    title: String,
    suite: String,
    sample: bool,
    /// Level of the intervals, percent.
    confidence: String,
    legend: Vec<String>,
    remarks: Vec<String>,
    signature: String,
    benchmarks: Vec<Column<'a>>,
    models: Vec<Model>,
    rows: Vec<Row>,
    cells: Vec<Cell<'a>>,
    published: Vec<Published<'a>>,
    overall: &'a Overall,
    leads: Vec<LeadOn>,
    comparison: Comparison<'a>,
    examples: Heads<'a>,
    /// Whether there is a page of explanations.
    explained: bool,
    /// Of the program that wrote the page.
    version: &'static str,
    /// The state of the run that is shown, where the page is served.
    live: Option<&'a str>,
    /// Names of the parts, where they are files beside the page.
    beside: Option<Vec<String>>,
}

impl<'a> First<'a> {
    pub(super) fn new(
        material: &'a Material,
        overall: &'a Overall,
        leads: Vec<LeadOn>,
        live: Option<&'a str>,
        beside: Option<Vec<String>>,
    ) -> Self {
        let summary = &material.summary;
        Self {
            title: plain(&summary.title),
            suite: plain(&summary.suite),
            sample: summary.sample,
            confidence: level(summary.confidence),
            legend: plain_all(&legend(summary)),
            remarks: plain_all(&remarks(summary)),
            signature: plain(&summary.signature),
            benchmarks: board::columns(material),
            models: board::models(material),
            rows: board::rows(material),
            cells: board::cells(material),
            published: board::published(material),
            overall,
            leads,
            comparison: pairs::overview(material),
            examples: examples::heads(material),
            explained: !material.explained.is_empty(),
            version: env!("CARGO_PKG_VERSION"),
            live,
            beside,
        }
    }
}
