//! How often each label was seen, in all and in each culture: what `majority` and `stratified-random` learn, save and load.

use std::path::Path;

use plugin_api::{Dataset, Error, Task};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Whose examples count: those of the example's culture, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The culture's; all where it has none.
    Culture,
    /// All.
    All,
}

/// Training examples of each label. The names keep a file from being read for another task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    labels: Vec<String>,
    cultures: Vec<String>,
    all: Vec<u64>,
    by_culture: Vec<Vec<u64>>,
}

/// Reads the `[config]` table of a model.
pub fn config<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|e| Error::config(format!("config: {e}")))
}

impl Counts {
    /// Counts the labels of some training examples.
    pub fn add(&mut self, train: &Dataset<'_>) -> Result<(), Error> {
        for (row, (&label, &culture)) in
            train.labels.iter().zip(train.examples.cultures).enumerate()
        {
            let (at, labels) = (label as usize, self.all.len());
            let Some(count) = self.all.get_mut(at) else {
                let message = format!("label {label} of a training example: the task has {labels}");
                return Err(Error::input(row, message));
            };
            *count += 1;
            if let Some(own) = self.by_culture.get_mut(culture as usize) {
                own[at] += 1;
            }
        }
        Ok(())
    }

    /// An error where nothing was counted.
    pub fn some(self) -> Result<Self, Error> {
        if self.all.iter().all(|&n| n == 0) {
            return Err(Error::internal("the training set is empty: there is no label to count"));
        }
        Ok(self)
    }

    /// As if one example of this label had been seen; `None` where the task has no such label.
    pub fn one(label: &str, task: &Task) -> Option<Self> {
        let at = task.labels.iter().position(|known| known == label)?;
        let mut counts = Self::none(task);
        counts.all[at] = 1;
        Some(counts)
    }

    /// Nothing counted yet.
    pub fn none(task: &Task) -> Self {
        let Task { labels, cultures, .. } = task.clone();
        let all = vec![0; labels.len()];
        let by_culture = vec![all.clone(); cultures.len()];
        Self { labels, cultures, all, by_culture }
    }

    /// The counts for an example of a culture: its own, or those of all where they are asked for or it has none.
    pub fn row(&self, by: By, culture: u32) -> &[u64] {
        let own = self.by_culture.get(culture as usize);
        own.filter(|own| by == By::Culture && own.iter().any(|&n| n > 0)).unwrap_or(&self.all)
    }

    /// Writes them to a file.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(self).map_err(Error::load)?;
        fs_err::write(path, json).map_err(Error::load)
    }

    /// Reads what [`Counts::save`] wrote for the same task.
    pub fn load(path: &Path, task: &Task) -> Result<Self, Error> {
        let json = fs_err::read(path).map_err(Error::load)?;
        let read: Self = serde_json::from_slice(&json)
            .map_err(|e| Error::load(format!("{}: {e}; fit again", path.display())))?;
        let shape = |row: &Vec<u64>| row.len() == read.labels.len();
        if read.labels != task.labels
            || read.cultures != task.cultures
            || !shape(&read.all)
            || read.all.iter().all(|&n| n == 0)
            || read.by_culture.len() != read.cultures.len()
            || !read.by_culture.iter().all(shape)
        {
            return Err(Error::load(format!(
                "{}: `labels`, `cultures` or counts are not those of task {}; fit again",
                path.display(),
                task.name
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::{Batch, ErrorKind};

    fn task() -> Task {
        let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        Task {
            name: "t".into(),
            protocol: "p".into(),
            labels: names(&["a", "b"]),
            cultures: names(&["X", "Y", "Z"]),
        }
    }

    fn counts(labels: &[u32]) -> Result<Counts, Error> {
        let examples = Batch::of(&["i"; 4], &["t"; 4], &[0, 0, 1, 9]);
        let mut counts = Counts::none(&task());
        counts.add(&Dataset { examples, labels })?;
        counts.some()
    }

    #[test]
    fn rows_are_the_cultures_or_those_of_all() {
        let counts = counts(&[1, 1, 0, 0]).unwrap();
        assert_eq!(
            [0, 1, 2, 9].map(|c| counts.row(By::Culture, c)),
            [[0, 2], [1, 0], [2, 2], [2, 2]]
        );
        assert_eq!(counts.row(By::All, 0), [2, 2]);
        assert_eq!(Counts::one("b", &task()).unwrap().row(By::Culture, 1), [0, 1]);
        assert!(Counts::one("c", &task()).is_none());
    }

    #[test]
    fn a_label_that_is_none_names_its_example() {
        let error = counts(&[1, 1, 7, 0]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input(2));
        let empty = Dataset { examples: Batch::of(&[], &[], &[]), labels: &[] };
        let mut none = Counts::none(&task());
        none.add(&empty).unwrap();
        assert!(none.some().unwrap_err().message.contains("training set is empty"));
    }

    #[test]
    fn saved_is_loaded_for_the_same_task_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.json");
        let before = counts(&[1, 1, 0, 0]).unwrap();
        before.save(&path).unwrap();
        assert_eq!(Counts::load(&path, &task()).unwrap(), before);
        let mut other = task();
        other.labels.reverse();
        let error = Counts::load(&path, &other).unwrap_err().message;
        assert!(error.contains("counts.json") && error.contains("fit again"), "{error}");
        fs_err::write(&path, "{}").unwrap();
        assert!(Counts::load(&path, &task()).is_err());
    }
}
