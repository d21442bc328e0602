//! Single examples: what was asked, what was right, and what a model answered. Of several seeds and wordings the score is the share of
//! right answers, and the answer the most frequent one. Only tasks with one label list have them: the schema has no place for shares of
//! people, several weighted references or positions on a map.

use serde_json::{Value, json};

use super::{Record, SCHEMA, model_id};
use crate::answer::Answer;
use crate::results::material::{Column, ExampleSet};
use crate::results::summary::{Cell, Outcome};
use crate::store::sha256;

impl Record<'_> {
    /// JSON lines; none where the examples are not in the report.
    pub(super) fn samples(&self) -> serde_json::Result<String> {
        let benchmark = self.material.benchmarks.iter().find(|b| b.name == self.column.name);
        let Some((benchmark, task)) = benchmark.and_then(|b| Some((b, b.task.as_ref()?))) else {
            return Ok(String::new());
        };
        let mut text = String::new();
        for set in self
            .material
            .sets
            .iter()
            .filter(|set| set.task == *task && set.examples.items.is_empty())
        {
            for column in set.columns.iter().filter(|column| column.model == self.model) {
                let Some(cell) = self.cells.iter().find(|cell| cell.protocol == column.protocol)
                else {
                    continue;
                };
                for place in 0..set.examples.len() {
                    let culture = set.examples.cultures.get(place);
                    if !benchmark.cultures.is_empty()
                        && !benchmark.cultures.iter().any(|c| c == culture)
                    {
                        continue;
                    }
                    let row = self.row(set, column, cell, place);
                    text.push_str(&serde_json::to_string(&row)?);
                    text.push('\n');
                }
            }
        }
        Ok(text)
    }

    fn row(&self, set: &ExampleSet, column: &Column, cell: &Cell, place: usize) -> Value {
        let metric = match &cell.outcome {
            Outcome::Score(score) => &*score.metric,
            Outcome::Reason(_) => "",
        };
        let examples = &set.examples;
        let gold = &set.labels[examples.labels[place] as usize];
        let answer = column.answers[place];
        let (given, trouble) = match answer {
            Answer::Label(label) => (set.labels[label as usize].clone(), None),
            Answer::Unparsable => (String::new(), Some("unparsable")),
            Answer::Missing => (String::new(), Some("missing")),
        };
        let right = answer == Answer::Label(examples.labels[place]);
        let score = match column.right.get(place) {
            Some(right) => f64::from(*right) / column.of as f64,
            None => f64::from(u8::from(right)),
        };
        let text = examples.texts.get(place);
        json!({
            "schema_version": SCHEMA,
            "evaluation_id": self.id,
            "model_id": model_id(self.model),
            "evaluation_name": self.column.name,
            "evaluation_result_id": self.result_id(&cell.protocol, &cell.variant, metric, ""),
            "sample_id": examples.ids.get(place),
            "sample_hash": sha256(format!("{text}{gold}").as_bytes()),
            "interaction_type": "single_turn",
            "input": { "raw": text, "reference": [gold], "choices": set.labels },
            "output": { "raw": [given] },
            "answer_attribution": [{
                "turn_idx": 0, "source": "output.raw", "extracted_value": given, "extraction_method": "exact_match", "is_terminal": true,
            }],
            "evaluation": { "score": score, "is_correct": right },
            "error": trouble,
            "metadata": {
                "culture": examples.cultures.get(place), "cluster": examples.clusters[place].to_string(), "protocol": column.protocol,
                "answers": column.of.to_string(),
            },
        })
    }
}
