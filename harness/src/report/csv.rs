//! The leaderboard as tidy CSV: one row per score, primary ones and all others.

use crate::results::summary::{Data, Outcome, Summary};
use crate::score::Score;
use crate::store::record::ReasonKind;
use crate::text::escape::is_hidden;

const HEAD: [&str; 31] = [
    "model",
    "benchmark",
    "protocol",
    "served",
    "variant",
    "seeds",
    "primary",
    "data",
    "metric",
    "subset",
    "value",
    "low",
    "high",
    "interval",
    "n",
    "answered",
    "unparsable",
    "missing",
    "clusters",
    "gap_best_n",
    "gap_worst_n",
    "gap_if_equal",
    "gap_excess",
    "gap_p_equal",
    "simultaneous_low",
    "simultaneous_high",
    "shrunken",
    "shrunken_weight",
    "reason",
    "contamination",
    "warnings",
];

/// Place of the reason.
const REASON: usize = HEAD.len() - 3;

/// All scores and reasons.
pub fn render(summary: &Summary) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD)?;
    let data = |sample: bool| if sample { "SAMPLE" } else { "official" };
    let known = |model: &str, benchmark: &str| {
        safe(summary.contamination(model, benchmark).unwrap_or_default())
    };
    let warnings = |benchmark: &str| {
        let column = summary.benchmarks.iter().find(|c| c.name == benchmark);
        safe(&column.map_or_else(String::new, |column| column.warnings.join("; ")))
    };
    for cell in &summary.cells {
        let seeds = cell.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let place =
            [&cell.model, &cell.benchmark, &cell.protocol, &cell.served, &cell.variant, &seeds];
        let mut row: Vec<String> = place.into_iter().map(|s| safe(s)).collect();
        row.push("yes".into());
        match &cell.outcome {
            Outcome::Score(score) => {
                row.push(data(cell.sample).into());
                row.extend(fields(score));
                row.push(String::new());
            }
            Outcome::Reason(reason) => {
                row.resize(REASON, String::new());
                row.push(safe(&format!("{}: {}", reason.kind.name(), reason.message)));
            }
        }
        row.extend([known(&cell.model, &cell.benchmark), warnings(&cell.benchmark)]);
        writer.write_record(&row)?;
    }
    for detail in &summary.scores {
        let place = [&detail.model, &detail.benchmark, &detail.protocol, "", &detail.variant, ""];
        let mut row: Vec<String> = place.into_iter().map(safe).collect();
        row.extend(["no".into(), data(detail.sample).into()]);
        row.extend(fields(&detail.score));
        row.extend([
            String::new(),
            known(&detail.model, &detail.benchmark),
            warnings(&detail.benchmark),
        ]);
        writer.write_record(&row)?;
    }
    for refused in &summary.refusals {
        let place =
            [&refused.model, &refused.benchmark, &refused.protocol, "", &refused.variant, ""];
        let mut row: Vec<String> = place.into_iter().map(safe).collect();
        row.extend(["no".into(), data(refused.sample).into()]);
        row.extend([safe(&refused.metric), safe(&refused.subset.to_string())]);
        row.resize(REASON, String::new());
        row.push(safe(&format!("{}: {}", ReasonKind::NoScore.name(), refused.message)));
        row.extend([known(&refused.model, &refused.benchmark), warnings(&refused.benchmark)]);
        writer.write_record(&row)?;
    }
    for one in &summary.references {
        let column = summary.benchmarks.iter().find(|c| c.name == one.benchmark);
        let sample = column.is_some_and(|c| matches!(c.data, Data::Sample { .. }));
        let name = format!("reference: {}", one.line.name);
        let mut row: Vec<String> =
            [name.as_str(), &one.benchmark, "reference"].into_iter().map(safe).collect();
        row.resize(6, String::new());
        row.extend(["no".into(), data(sample).into()]);
        row.push(safe(column.map_or("", |c| c.metric_name())));
        row.extend([String::new(), one.line.value.to_string()]);
        row.resize(HEAD.len(), String::new());
        writer.write_record(&row)?;
    }
    let bytes = writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn fields(score: &Score) -> Vec<String> {
    let (gap, among) = (score.gap.as_ref(), score.among.as_ref());
    let at_once = among.and_then(|a| a.simultaneous.as_ref());
    let shrunken = among.and_then(|a| a.shrunken.as_ref());
    let count = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
    vec![
        safe(&score.metric),
        safe(&score.subset.to_string()),
        score.value.to_string(),
        score.low.to_string(),
        score.high.to_string(),
        safe(&score.method),
        score.n.to_string(),
        score.answered.to_string(),
        score.unparsable.to_string(),
        score.missing.to_string(),
        score.clusters.to_string(),
        count(gap.map(|g| g.best_n)),
        count(gap.map(|g| g.worst_n)),
        number(gap.map(|g| g.expected_if_equal)),
        number(gap.map(|g| g.excess)),
        number(gap.map(|g| g.p_equal)),
        number(at_once.map(|i| i.low)),
        number(at_once.map(|i| i.high)),
        number(shrunken.map(|s| s.value)),
        number(shrunken.map(|s| s.weight)),
    ]
}

/// A spreadsheet runs a cell that starts like a formula, also behind blanks and in the wide forms of the signs: a leading
/// quote keeps it text. Signs that a terminal obeys and marks that turn the direction of text are left out.
pub(crate) fn safe(text: &str) -> String {
    let obeyed = |c: char| is_hidden(c) && !matches!(c, '\n' | '\r' | '\t');
    let text: String = text.chars().filter(|c| !obeyed(*c)).collect();
    let first = text.trim_start().chars().next();
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '−'));
    if formula || text.starts_with(['\t', '\r', '\n']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn nothing_starts_like_a_formula() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "  =cmd|' /C calc'!A0",
            "＝1",
            "\u{202e}=1",
        ] {
            assert!(safe(text).starts_with('\''), "{text:?} became {:?}", safe(text));
        }
        for text in ["calm", "1-2", "a=b", "", "Côte d'Ivoire"] {
            assert_eq!(safe(text), text);
        }
    }
}
