//! The commonest label: of the example's culture, of all training examples, or a given one.
//!
//! Scores are the relative frequencies of the training labels, as in scikit-learn's `DummyClassifier` (strategy `prior`; with
//! `label`, strategy `constant`). A culture without training examples gets the frequencies of all.

use std::path::Path;

use plugin_api::{Batch, Capability, Dataset, Error, Host, Plugin, Scores, Task, export_plugin};
use serde::{Deserialize, Serialize};

/// The `[config]` table of the model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    by: Option<By>,
    label: Option<String>,
}

/// Whose commonest label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Culture,
    All,
}

/// The model.
#[derive(Debug)]
pub struct Majority {
    /// Nothing where the label is given.
    by: Option<By>,
    task: Task,
    frequencies: Option<Frequencies>,
}

/// What is learned, and what is saved. The names keep a file from being read for another task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Frequencies {
    labels: Vec<String>,
    cultures: Vec<String>,
    /// Relative frequency of each label over all examples.
    all: Vec<f32>,
    /// The same for each culture; empty where it has no training example.
    by_culture: Vec<Vec<f32>>,
}

const FILE: &str = "majority.json";

impl Plugin for Majority {
    const NAME: &'static str = "majority";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Fit, Capability::Classify, Capability::Save];

    fn create(config: &str, task: &Task, _host: &Host) -> Result<Self, Error> {
        let config: Config =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        let mut model = Self { by: None, task: task.clone(), frequencies: None };
        match (config.by, config.label) {
            (Some(_), Some(_)) => {
                return Err(Error::config(
                    "config: `by` and `label` exclude each other; remove one",
                ));
            }
            (by, None) => model.by = by.or(Some(By::Culture)),
            (None, Some(label)) => {
                let Some(at) = task.labels.iter().position(|known| *known == label) else {
                    return Err(Error::config(format!(
                        "config: label = {label:?} is no label of task {}; its labels: {}",
                        task.name,
                        task.labels.join(", ")
                    )));
                };
                let mut all = vec![0.0; task.labels.len()];
                all[at] = 1.0;
                model.frequencies = Some(model.frequencies(all, Vec::new()));
            }
        }
        Ok(model)
    }

    fn fit(
        &mut self,
        train: &Dataset<'_>,
        _valid: &Dataset<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        if self.by.is_none() {
            return Ok(()); // a constant label learns nothing
        }
        if train.examples.is_empty() {
            return Err(Error::internal("the training set is empty: there is no commonest label"));
        }
        let labels = self.task.labels.len();
        let mut all = vec![0_u64; labels];
        let mut counts = vec![vec![0_u64; labels]; self.task.cultures.len()];
        for (row, (&label, &culture)) in
            train.labels.iter().zip(train.examples.cultures).enumerate()
        {
            let label = label as usize;
            let Some(count) = all.get_mut(label) else {
                let message = format!("label {label} of a training example: the task has {labels}");
                return Err(Error::input(row, message));
            };
            *count += 1;
            if let Some(own) = counts.get_mut(culture as usize) {
                own[label] += 1;
            }
        }
        let by_culture = counts.iter().map(|counts| relative(counts)).collect();
        self.frequencies = Some(self.frequencies(relative(&all), by_culture));
        Ok(())
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        let Some(learned) = &self.frequencies else {
            return Err(Error::internal(
                "majority has not been fitted; fit or load it first, or give `label` in its config",
            ));
        };
        for (row, &culture) in batch.cultures.iter().enumerate() {
            let own = learned.by_culture.get(culture as usize).filter(|own| !own.is_empty());
            let own = own.filter(|_| self.by == Some(By::Culture));
            scores.row(row).copy_from_slice(own.unwrap_or(&learned.all));
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        let learned = self.frequencies.as_ref();
        let learned =
            learned.ok_or_else(|| Error::load("majority has nothing to save; fit it first"))?;
        let json = serde_json::to_vec_pretty(learned).map_err(Error::load)?;
        fs_err::write(folder.join(FILE), json).map_err(Error::load)
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        let json = fs_err::read(&path).map_err(Error::load)?;
        let read: Frequencies = serde_json::from_slice(&json)
            .map_err(|e| Error::load(format!("{}: {e}; fit again", path.display())))?;
        let shape = |row: &Vec<f32>| row.len() == read.labels.len();
        if read.labels != self.task.labels
            || read.cultures != self.task.cultures
            || !shape(&read.all)
            || !read.by_culture.iter().all(|row| row.is_empty() || shape(row))
        {
            return Err(Error::load(format!(
                "{}: `labels` or `cultures` are not those of task {}; fit again",
                path.display(),
                self.task.name
            )));
        }
        self.frequencies = Some(read);
        Ok(())
    }
}

impl Majority {
    fn frequencies(&self, all: Vec<f32>, by_culture: Vec<Vec<f32>>) -> Frequencies {
        let Task { labels, cultures, .. } = self.task.clone();
        Frequencies { labels, cultures, all, by_culture }
    }
}

/// Shares of the whole; empty where there is nothing.
fn relative(counts: &[u64]) -> Vec<f32> {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return Vec::new();
    }
    counts.iter().map(|&count| (count as f64 / total as f64) as f32).collect()
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
