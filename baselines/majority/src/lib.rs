//! The commonest label: of the example's culture, of all training examples, or a given one.
//!
//! Scores are the relative frequencies of the training labels, as in scikit-learn's `DummyClassifier` (strategy `prior`; with
//! `label`, strategy `constant`). A culture without training examples gets the frequencies of all.

use std::path::Path;

use label_counts::{By, Counts, config};
use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Part, Plugin, Scores, Task, export_plugin,
};
use serde::Deserialize;

/// The `[config]` table of the model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    by: Option<By>,
    label: Option<String>,
}

/// The model.
#[derive(Debug)]
pub struct Majority {
    /// Nothing where the label is given.
    by: Option<By>,
    task: Task,
    /// Counted in the pass that is under way.
    seen: Option<Counts>,
    counts: Option<Counts>,
}

const FILE: &str = "majority.json";

impl Plugin for Majority {
    const NAME: &'static str = "majority";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::FitPieces, Capability::Classify, Capability::Save];

    fn create(json: &str, task: &Task, _host: &Host) -> Result<Self, Error> {
        let config: Config = config(json)?;
        let (by, counts) = match (config.by, config.label) {
            (Some(_), Some(_)) => {
                return Err(Error::config(
                    "config: `by` and `label` exclude each other; remove one",
                ));
            }
            (by, None) => (by.or(Some(By::Culture)), None),
            (None, Some(label)) => {
                let counts = Counts::one(&label, task).ok_or_else(|| {
                    Error::config(format!(
                        "config: label = {label:?} is not a label of task {}; its labels: {}",
                        task.name,
                        task.labels.join(", ")
                    ))
                })?;
                (None, Some(counts))
            }
        };
        Ok(Self { by, task: task.clone(), seen: None, counts })
    }

    fn fit_piece(&mut self, part: Part, piece: &Dataset<'_>, _host: &Host) -> Result<(), Error> {
        // A constant label learns nothing.
        if part == Part::Train && self.by.is_some() {
            self.seen.get_or_insert_with(|| Counts::none(&self.task)).add(piece)?;
        }
        Ok(())
    }

    fn fit_end(&mut self, _host: &Host) -> Result<bool, Error> {
        if self.by.is_some() {
            let seen = self.seen.take().unwrap_or_else(|| Counts::none(&self.task));
            self.counts = Some(seen.some()?);
        }
        Ok(false)
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        let Some(learned) = &self.counts else {
            return Err(Error::internal(
                "majority has not been fitted; fit or load it first, or give `label` in its config",
            ));
        };
        for (row, &culture) in batch.cultures.iter().enumerate() {
            let counts = learned.row(self.by.unwrap_or(By::All), culture);
            let total: u64 = counts.iter().sum();
            for (score, &count) in scores.row(row).iter_mut().zip(counts) {
                *score = (count as f64 / total as f64) as f32;
            }
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        let learned = self.counts.as_ref();
        let learned =
            learned.ok_or_else(|| Error::load("majority has nothing to save; fit it first"))?;
        learned.save(&folder.join(FILE))
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        self.counts = Some(Counts::load(&folder.join(FILE), &self.task)?);
        Ok(())
    }
}

export_plugin!(Majority);

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::ErrorKind;

    fn task() -> Task {
        let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        Task {
            name: "crehate".into(),
            protocol: "finetuned".into(),
            labels: names(&["non-hate", "hate"]),
            cultures: names(&["US", "GB", "SG"]),
        }
    }

    fn model(config: &str) -> Result<Majority, Error> {
        Majority::create(config, &task(), &Host::silent(1, 0))
    }

    fn fitted(config: &str) -> Majority {
        let mut model = model(config).unwrap();
        let ids = ["1", "2", "3", "4", "5"];
        let examples = Batch::of(&ids, &["a"; 5], &[0, 0, 0, 1, 1]);
        let train = Dataset { examples, labels: &[1, 1, 0, 0, 0] };
        let valid = Dataset { examples: Batch::of(&[], &[], &[]), labels: &[] };
        model.fit(&train, &valid, &Host::silent(1, 0)).unwrap();
        model
    }

    fn classify(model: &mut Majority, cultures: &[u32]) -> Result<Vec<f32>, Error> {
        let n = cultures.len();
        let (mut values, mut answered) = (vec![9.0; n * 2], vec![1; n]);
        let batch = Batch::of(&vec!["x"; n], &vec!["text"; n], cultures);
        let mut scores = Scores::over(&mut values, &mut answered, 2);
        model.classify(&batch, &mut scores, &Host::silent(1, 0))?;
        assert!(answered.iter().all(|&a| a == 1));
        Ok(values)
    }

    #[test]
    fn frequencies_by_culture_or_of_all() {
        let third = 1.0_f32 / 3.0;
        let all = [0.6, 0.4];
        let by_culture = classify(&mut fitted(r#"{"by":"culture"}"#), &[0, 1, 2]).unwrap();
        assert_eq!(by_culture, [third, 2.0 * third, 1.0, 0.0, all[0], all[1]]);
        assert_eq!(by_culture, classify(&mut fitted("{}"), &[0, 1, 2]).unwrap());
        assert_eq!(
            classify(&mut fitted(r#"{"by":"all"}"#), &[0, 1]).unwrap(),
            [0.6, 0.4, 0.6, 0.4]
        );
    }

    #[test]
    fn a_constant_needs_no_fit_and_learns_nothing() {
        let config = r#"{"label":"hate"}"#;
        assert_eq!(classify(&mut model(config).unwrap(), &[0, 2]).unwrap(), [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(classify(&mut fitted(config), &[1]).unwrap(), [0.0, 1.0]);
    }

    #[test]
    fn errors_name_the_field_and_the_remedy() {
        let check = |config: &str, parts: &[&str]| {
            let error = model(config).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Config);
            for part in parts {
                assert!(error.message.contains(part), "{part:?} not in {:?}", error.message);
            }
        };
        check(r#"{"label":"Hate"}"#, &["\"Hate\"", "crehate", "non-hate, hate"]);
        check(r#"{"bye":"all"}"#, &["`bye`", "`by`", "`label`"]);
        check(r#"{"by":"country"}"#, &["`country`", "`culture`", "`all`"]);
        check(r#"{"by":"all","label":"hate"}"#, &["`by`", "`label`", "remove one"]);

        let early = classify(&mut model("{}").unwrap(), &[0]).unwrap_err();
        assert!(early.message.contains("not been fitted"));
        let empty = Dataset { examples: Batch::of(&[], &[], &[]), labels: &[] };
        let error = model("{}").unwrap().fit(&empty, &empty, &Host::silent(1, 0)).unwrap_err();
        assert!(error.message.contains("training set is empty"));
    }

    #[test]
    fn saved_is_loaded_for_the_same_task_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut before = fitted("{}");
        before.save(folder.path()).unwrap();
        let mut after = model("{}").unwrap();
        after.load(folder.path()).unwrap();
        let all = [0, 1, 2];
        assert_eq!(classify(&mut before, &all).unwrap(), classify(&mut after, &all).unwrap());

        after.task.labels.reverse();
        let error = after.load(folder.path()).unwrap_err();
        assert!(error.message.contains("majority.json") && error.message.contains("fit again"));
        assert!(model("{}").unwrap().save(folder.path()).is_err());
    }
}
