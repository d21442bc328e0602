//! The run as JUnit XML, for CI: a test case a cell; a failed cell is a failure, one that could not be run is skipped.

use std::fmt::Write;

use super::{interval, percent};
use crate::results::summary::{Cell, Column, Data, Outcome, Summary};
use crate::store::record::ReasonKind;
use crate::text::escape::xml as escape;

/// All cells of the board.
pub fn render(summary: &Summary) -> String {
    let counts = |cells: &[&Cell]| {
        let count = |wanted: bool| {
            cells
                .iter()
                .filter(|c| matches!(&c.outcome, Outcome::Reason(r) if failed(r.kind) == wanted))
                .count()
        };
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
            cells.len(),
            count(true),
            count(false)
        )
    };
    let all: Vec<&Cell> = summary.cells.iter().collect();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites name=\"{}\" {}>", escape(&summary.title), counts(&all));
    for column in &summary.benchmarks {
        let cells: Vec<&Cell> =
            summary.cells.iter().filter(|c| c.benchmark == column.name).collect();
        let _ =
            writeln!(text, "  <testsuite name=\"{}\" {}>", escape(&column.title), counts(&cells));
        properties(&mut text, summary, column);
        for cell in cells {
            case(&mut text, cell);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn properties(text: &mut String, summary: &Summary, column: &Column) {
    let data = match &column.data {
        Data::Official { .. } => "official",
        Data::Sample { .. } => "SAMPLE",
        Data::Missing { .. } => "none",
    };
    text.push_str("    <properties>\n");
    for (name, value) in
        [("metric", &*column.metric), ("data", data), ("signature", &summary.signature)]
    {
        let _ = writeln!(text, "      <property name=\"{name}\" value=\"{}\"/>", escape(value));
    }
    text.push_str("    </properties>\n");
}

fn case(text: &mut String, cell: &Cell) {
    let name = if cell.protocol.is_empty() {
        cell.model.clone()
    } else {
        format!("{} [{}]", cell.model, cell.protocol)
    };
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\"",
        escape(&cell.benchmark),
        escape(&name)
    );
    match &cell.outcome {
        Outcome::Score(score) => {
            let _ = writeln!(
                text,
                ">\n      <system-out>{} {} {}, n = {}{}</system-out>\n    </testcase>",
                escape(&score.metric),
                percent(score.value),
                interval(score),
                score.n,
                if cell.sample { ", SAMPLE" } else { "" }
            );
        }
        Outcome::Reason(reason) => {
            let (kind, message) = (reason.kind.name(), escape(&reason.message));
            let element = if failed(reason.kind) {
                format!("<failure type=\"{kind}\" message=\"{message}\"/>")
            } else {
                format!("<skipped message=\"{kind}: {message}\"/>")
            };
            let _ = writeln!(text, ">\n      {element}\n    </testcase>");
        }
    }
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
        | ReasonKind::Harness => true,
        ReasonKind::NoData
        | ReasonKind::NoWeights
        | ReasonKind::NoPlugin
        | ReasonKind::NotServed
        | ReasonKind::NotRun
        | ReasonKind::NoScore => false,
    }
}
