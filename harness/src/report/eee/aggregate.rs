//! The aggregate: the scores of a model on a benchmark, with their intervals, and what is known of both.

use eval_stats::Direction;
use serde_json::{Value, json};

use super::{File, Record, SCHEMA, details, model_id};
use crate::compare::Pair;
use crate::definition::dataset::{Dataset, Measure};
use crate::definition::model::Model;
use crate::definition::source::Origin;
use crate::results::summary::{Cell, Data, Detail, Outcome};
use crate::score::{Score, Subset};
use crate::store::sha256;

impl Record<'_> {
    /// The document.
    pub(super) fn aggregate(&self, samples: &File) -> Value {
        let summary = &self.material.summary;
        let mut results: Vec<Value> = Vec::new();
        for cell in &self.cells {
            if let Outcome::Score(score) = &cell.outcome {
                results.push(self.result(cell, score));
            }
            let own = |d: &&Detail| {
                (&d.model, &d.benchmark, &d.protocol)
                    == (&cell.model, &cell.benchmark, &cell.protocol)
            };
            results.extend(summary.scores.iter().filter(own).map(|d| {
                let as_cell = Cell { variant: d.variant.clone(), ..(*cell).clone() };
                self.result(&as_cell, &d.score)
            }));
        }
        let mut document = json!({
            "schema_version": SCHEMA,
            "evaluation_id": self.id,
            "retrieved_timestamp": self.now.to_string(),
            "source_metadata": {
                "source_name": summary.title,
                "source_type": "evaluation_run",
                "source_organization_name": "unknown",
                "evaluator_relationship": "other",
                "additional_details": details([
                    ("signature", summary.signature.clone()),
                    ("commit", self.material.ran.environment.git.clone()),
                    ("processor", self.material.ran.environment.processor.clone()),
                ]),
            },
            "eval_library": {
                "name": "culture-eval",
                "version": self.material.ran.harness,
                "additional_details": details([("pairwise", self.pairwise())]),
            },
            "model_info": self.model_info(),
            "evaluation_results": results,
        });
        if !samples.text.is_empty() {
            document["detailed_evaluation_results"] = json!({
                "format": "jsonl",
                "file_path": samples.path,
                "hash_algorithm": "sha256",
                "checksum": sha256(samples.text.as_bytes()),
                "total_rows": samples.text.lines().count(),
            });
        }
        document
    }

    fn result(&self, cell: &Cell, score: &Score) -> Value {
        let subset = match &score.subset {
            Subset::All => String::new(),
            other => other.to_string(),
        };
        let (lower, (least, most)) = scale(score);
        json!({
            "evaluation_result_id": self.result_id(&cell.protocol, &cell.variant, &score.metric, &subset),
            "evaluation_name": self.column.name,
            "source_data": self.source_data(),
            "metric_config": {
                "evaluation_description": format!("{} ({})", self.column.title, score.metric),
                "metric_id": score.metric,
                "metric_name": score.metric,
                "metric_unit": "proportion",
                "lower_is_better": lower,
                "score_type": "continuous",
                "min_score": least,
                "max_score": most,
            },
            "score_details": {
                "score": score.value,
                "details": details([
                    ("subset", subset),
                    ("protocol", cell.protocol.clone()),
                    ("variant", cell.variant.clone()),
                    ("served", cell.served.clone()),
                    ("seeds", joined(&cell.seeds)),
                    ("clusters", score.clusters.to_string()),
                    ("unparsable", score.unparsable.to_string()),
                    ("missing", score.missing.to_string()),
                    ("data", if cell.sample { "SAMPLE" } else { "official" }.to_owned()),
                ]),
                "uncertainty": {
                    "confidence_interval": {
                        "lower": score.low,
                        "upper": score.high,
                        "confidence_level": self.material.summary.confidence,
                        "method": score.method,
                    },
                    "num_samples": score.n,
                },
            },
        })
    }

    fn source_data(&self) -> Value {
        let dataset = self.dataset();
        let (kind, hashes, because) = match &self.column.data {
            Data::Official { sha256 } => ("official", sha256.join(" "), String::new()),
            Data::Sample { because, sha256 } => ("SAMPLE", sha256.join(" "), because.clone()),
            Data::Missing { reason } => ("missing", String::new(), reason.message.clone()),
        };
        let more = details([
            ("data", kind.to_owned()),
            ("because", because),
            ("sha256_of_prepared_examples", hashes),
            ("license", self.column.license.clone()),
            ("homepage", dataset.map_or_else(String::new, |d| d.homepage.clone())),
        ]);
        let name = &self.column.dataset;
        let urls: Vec<&String> = dataset.map_or_else(Vec::new, |d| {
            let of = d.sources.iter().filter_map(|source| match &source.from {
                Origin::Http { url } => Some(url),
                _ => None,
            });
            of.collect()
        });
        // What SAMPLE data is made from is no address of anybody's.
        if kind == "official" && !urls.is_empty() {
            json!({ "dataset_name": name, "source_type": "url", "url": urls, "additional_details": more })
        } else {
            let name =
                if kind == "SAMPLE" { format!("{name} (SAMPLE: synthetic)") } else { name.clone() };
            json!({ "dataset_name": name, "source_type": "other", "additional_details": more })
        }
    }

    fn dataset(&self) -> Option<&Dataset> {
        self.material.datasets.iter().find(|d| d.name == self.column.dataset)
    }

    fn model_info(&self) -> Value {
        let model = self.material.models.iter().find(|m| m.name == self.model);
        let of = |field: fn(&Model) -> String| model.map_or_else(String::new, field);
        let served = model.is_some_and(|m| m.server.is_some() || m.access.network);
        json!({
            "name": self.model,
            "id": model_id(self.model),
            "additional_details": details([
                ("deployment_type", if served { "unknown" } else { "self_deployed" }.to_owned()),
                ("model_availability", "unknown".to_owned()),
                ("title", of(|m| m.title.clone())),
                ("description", of(|m| m.description.clone())),
                ("license", of(|m| m.license.clone())),
                ("plugin", of(|m| m.plugin.clone())),
                ("parameters", of(|m| m.parameters.map_or_else(String::new, |p| p.to_string()))),
            ]),
        })
    }

    /// The pairs of this model on this benchmark, as JSON in a text: the schema has no place of its own for them.
    fn pairwise(&self) -> String {
        let Ok(comparison) = &self.material.comparison else { return String::new() };
        let mut found: Vec<Value> = Vec::new();
        for outcome in comparison.benchmarks.iter().filter(|o| o.benchmark == self.column.name) {
            let own = |p: &&Pair| p.a == self.model || p.b == self.model;
            found.extend(outcome.pairs.iter().filter(own).map(|pair| {
                let first = pair.a == self.model;
                let sign = if first { 1.0 } else { -1.0 };
                let ends = pair.interval.as_ref().map(|i| if first { [i.low, i.high] } else { [-i.high, -i.low] });
                json!({
                    "against": if first { &pair.b } else { &pair.a }, "protocol": outcome.protocol, "metric": outcome.metric,
                    "difference": sign * pair.difference, "interval": ends, "test": outcome.test.name, "p": pair.p,
                    "p_corrected": pair.p_corrected, "correction": comparison.options.correction,
                })
            }));
        }
        if found.is_empty() { String::new() } else { Value::Array(found).to_string() }
    }
}

/// Whether less is better, and the ends of the scale: numbers, or the words that the schema has where none is known.
fn scale(score: &Score) -> (bool, (Value, Value)) {
    let unknown = || (json!("-Infinity"), json!("Infinity"));
    let metric: Option<Measure> = serde_json::from_value(json!(score.metric)).ok();
    let ends = metric.map_or_else(unknown, |m| (json!(m.range().0), json!(m.range().1)));
    let lower = metric.is_some_and(|m| m.direction() == Some(Direction::LowerIsBetter));
    match &score.subset {
        // The best culture minus the worst one.
        Subset::CultureGap { .. } => {
            (true, metric.map_or_else(unknown, |m| (json!(0), json!(m.range().1 - m.range().0))))
        }
        _ => (lower, ends),
    }
}

fn joined(seeds: &[u64]) -> String {
    seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}
