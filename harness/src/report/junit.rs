//! The run, or the answer of a gate, as JUnit XML for CI. Of a run a test case is a cell: a failed one is a failure, one that could
//! not be run is skipped.

use quick_junit::{
    NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite, XmlString,
};

use super::{interval, percent, refusals};
use crate::results::gate::{Gate, Verdict};
use crate::results::summary::{Cell, Column, Data, Outcome, Summary};
use crate::store::record::ReasonKind;
use crate::text::escape::is_hidden;
use crate::text::format::{interval_of_points, points};

/// All cells of the board.
///
/// # Errors
/// The XML cannot be written.
pub fn render(summary: &Summary) -> Result<String, SerializeError> {
    let mut report = Report::new(visible(&summary.title));
    for column in &summary.benchmarks {
        report.add_test_suite(suite(summary, column));
    }
    report.to_string()
}

/// The checks of a gate: a broken one is a failure, one that the data do not tell an error.
///
/// # Errors
/// The XML cannot be written.
pub fn gate(found: &Gate) -> Result<String, SerializeError> {
    let mut report =
        Report::new(visible(&format!("{}: {}", found.candidate, found.verdict.title())));
    let mut suite =
        TestSuite::new(visible(&format!("{} against {}", found.candidate, found.baseline)));
    suite.add_property(("alpha".into(), visible(&found.alpha.to_string())));
    suite.add_test_cases(found.checks.iter().map(|check| {
        let culture = check.culture.as_ref().map_or_else(String::new, |c| format!(" on {c}"));
        let name = format!("{}{culture}: {}", check.benchmark, check.allowed);
        let said = match (check.difference, check.interval) {
            (Some(difference), Some(i)) => {
                format!("{} points {}", points(difference), interval_of_points(i.low, i.high))
            }
            _ => check.reason.clone().unwrap_or_default(),
        };
        let mut status = match check.verdict {
            Verdict::Go => TestCaseStatus::success(),
            Verdict::NoGo => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Verdict::NotEnoughData => TestCaseStatus::non_success(NonSuccessKind::Error),
        };
        if check.verdict != Verdict::Go {
            status.set_type(check.verdict.title()).set_message(visible(&said));
        }
        let mut case = TestCase::new(visible(&name), status);
        case.set_classname(visible(&check.benchmark));
        case.set_system_out(visible(&said));
        case
    }));
    report.add_test_suite(suite);
    report.to_string()
}

/// A benchmark.
fn suite(summary: &Summary, column: &Column) -> TestSuite {
    let data = match &column.data {
        Data::Official { .. } => "official",
        Data::Sample { .. } => "SAMPLE",
        Data::Missing { .. } => "none",
    };
    let mut suite = TestSuite::new(visible(&column.title));
    for (name, value) in
        [("metric", &*column.metric), ("data", data), ("signature", &summary.signature)]
    {
        suite.add_property((name.into(), visible(value)));
    }
    for warning in &column.warnings {
        suite.add_property(("warning".into(), visible(warning)));
    }
    for line in refusals(summary, &column.name) {
        suite.add_property(("no score".into(), visible(&line)));
    }
    let cells = summary.cells.iter().filter(|cell| cell.benchmark == column.name);
    suite.add_test_cases(cells.map(case));
    suite
}

fn case(cell: &Cell) -> TestCase {
    let name = if cell.protocol.is_empty() {
        cell.model.clone()
    } else {
        format!("{} [{}]", cell.model, cell.protocol)
    };
    let mut case = TestCase::new(visible(&name), status(&cell.outcome));
    case.set_classname(visible(&cell.benchmark));
    if let Outcome::Score(score) = &cell.outcome {
        let (metric, value, interval) = (&score.metric, percent(score.value), interval(score));
        let sample = if cell.sample { ", SAMPLE" } else { "" };
        let text = format!("{metric} {value} {interval}, n = {}{sample}", score.n);
        case.set_system_out(visible(&text));
    }
    case
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    let Outcome::Reason(reason) = outcome else { return TestCaseStatus::success() };
    let kind = reason.kind.name();
    if failed(reason.kind) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(kind).set_message(visible(&reason.message));
        status
    } else {
        let mut status = TestCaseStatus::skipped();
        status.set_message(visible(&format!("{kind}: {}", reason.message)));
        status
    }
}

/// Text on one line, without marks that turn its direction; [`XmlString`] leaves out what XML forbids.
fn visible(text: &str) -> XmlString {
    let shown = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
    XmlString::new(text.chars().map(shown).filter(|c| !is_hidden(*c)).collect::<String>())
}

/// Whether something went wrong, rather than was not there.
fn failed(kind: ReasonKind) -> bool {
    match kind {
        ReasonKind::Config
        | ReasonKind::Plugin
        | ReasonKind::Panic
        | ReasonKind::Exit
        | ReasonKind::Signal
        | ReasonKind::Timeout
        | ReasonKind::OutOfMemory
        | ReasonKind::Node
        | ReasonKind::NoServer
        | ReasonKind::Server
        | ReasonKind::Harness => true,
        ReasonKind::NoData
        | ReasonKind::NoWeights
        | ReasonKind::NoPlugin
        | ReasonKind::NotServed
        | ReasonKind::NotRun
        | ReasonKind::NoScore => false,
    }
}
