//! A label drawn from the training distribution: chance with the right class balance.
//!
//! As scikit-learn's `DummyClassifier(strategy="stratified")`, but the draw is a hash of the cell's seed and the example's id
//! (FNV-1a, mixed by SplitMix64's finaliser): no stream of random numbers, so no batch size and no order can change it.

use std::path::Path;

use plugin_api::{Batch, Capability, Dataset, Error, Host, Plugin, Scores, Task, export_plugin};
use serde::{Deserialize, Serialize};

/// The `[config]` table of the model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    by: By,
}

/// Whose distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    #[default]
    All,
    Culture,
}

/// The model.
#[derive(Debug)]
pub struct StratifiedRandom {
    by: By,
    task: Task,
    counts: Option<Counts>,
}

/// What is learned, and what is saved. The names keep a file from being read for another task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counts {
    labels: Vec<String>,
    cultures: Vec<String>,
    /// Training examples of each label.
    all: Vec<u64>,
    /// The same for each culture.
    by_culture: Vec<Vec<u64>>,
}

const FILE: &str = "stratified-random.json";

impl Plugin for StratifiedRandom {
    const NAME: &'static str = "stratified-random";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Fit, Capability::Classify, Capability::Save];

    fn create(config: &str, task: &Task, _host: &Host) -> Result<Self, Error> {
        let config: Config =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        Ok(Self { by: config.by, task: task.clone(), counts: None })
    }

    fn fit(
        &mut self,
        train: &Dataset<'_>,
        _valid: &Dataset<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        if train.examples.is_empty() {
            return Err(Error::internal(
                "the training set is empty: there is nothing to draw from",
            ));
        }
        let Task { labels, cultures, .. } = self.task.clone();
        let mut all = vec![0; labels.len()];
        let mut by_culture = vec![vec![0; labels.len()]; cultures.len()];
        for (row, (&label, &culture)) in
            train.labels.iter().zip(train.examples.cultures).enumerate()
        {
            let at = label as usize;
            let Some(count) = all.get_mut(at) else {
                let message =
                    format!("label {label} of a training example: the task has {}", labels.len());
                return Err(Error::input(row, message));
            };
            *count += 1;
            if let Some(own) = by_culture.get_mut(culture as usize) {
                own[at] += 1;
            }
        }
        self.counts = Some(Counts { labels, cultures, all, by_culture });
        Ok(())
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let Some(learned) = &self.counts else {
            return Err(Error::internal(
                "stratified-random has not been fitted; fit or load it first",
            ));
        };
        for (row, (id, &culture)) in batch.ids.iter().zip(batch.cultures).enumerate() {
            let own = learned.by_culture.get(culture as usize);
            let own = own.filter(|own| self.by == By::Culture && own.iter().any(|&n| n > 0));
            let label = draw(own.unwrap_or(&learned.all), hash(host.seed(), id));
            let answer = scores.row(row);
            answer.fill(0.0);
            answer[label] = 1.0;
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        let learned = self.counts.as_ref();
        let learned = learned
            .ok_or_else(|| Error::load("stratified-random has nothing to save; fit it first"))?;
        let json = serde_json::to_vec_pretty(learned).map_err(Error::load)?;
        fs_err::write(folder.join(FILE), json).map_err(Error::load)
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        let json = fs_err::read(&path).map_err(Error::load)?;
        let read: Counts = serde_json::from_slice(&json)
            .map_err(|e| Error::load(format!("{}: {e}; fit again", path.display())))?;
        let shape = |row: &Vec<u64>| row.len() == read.labels.len();
        if read.labels != self.task.labels
            || read.cultures != self.task.cultures
            || !shape(&read.all)
            || read.all.iter().all(|&n| n == 0)
            || !read.by_culture.iter().all(shape)
        {
            return Err(Error::load(format!(
                "{}: `labels`, `cultures` or counts are not those of task {}; fit again",
                path.display(),
                self.task.name
            )));
        }
        self.counts = Some(read);
        Ok(())
    }
}

/// The label at which the running share of `counts` passes `hash / 2^64`; exact in integers.
fn draw(counts: &[u64], hash: u64) -> usize {
    let total: u64 = counts.iter().sum();
    let at = ((u128::from(hash) * u128::from(total)) >> 64) as u64;
    let mut sum = 0;
    counts
        .iter()
        .position(|&count| {
            sum += count;
            at < sum
        })
        .unwrap_or(0)
}

/// A well-mixed number of the seed and the id.
fn hash(seed: u64, id: &str) -> u64 {
    let start = mix(seed ^ 0xcbf2_9ce4_8422_2325);
    mix(id
        .bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

export_plugin!(StratifiedRandom);

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        Task {
            name: "t".into(),
            protocol: "p".into(),
            labels: names(&["a", "b", "c"]),
            cultures: names(&["X", "Y"]),
        }
    }

    /// X: 60 % a, 40 % b; Y: all c; of all: 3 : 2 : 5.
    fn fitted(config: &str) -> StratifiedRandom {
        let host = Host::silent(1, 0);
        let mut model = StratifiedRandom::create(config, &task(), &host).unwrap();
        let cultures = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
        let examples = Batch::of(&["i"; 10], &["t"; 10], &cultures);
        let train = Dataset { examples, labels: &[0, 0, 0, 1, 1, 2, 2, 2, 2, 2] };
        let valid = Dataset { examples: Batch::of(&[], &[], &[]), labels: &[] };
        model.fit(&train, &valid, &host).unwrap();
        model
    }

    fn classify(
        model: &mut StratifiedRandom,
        ids: &[&str],
        culture: u32,
        seed: u64,
    ) -> Result<Vec<usize>, Error> {
        let n = ids.len();
        let (mut values, mut answered) = (vec![9.0; n * 3], vec![1; n]);
        let cultures = vec![culture; n];
        let batch = Batch::of(ids, &vec!["text"; n], &cultures);
        let mut scores = Scores::over(&mut values, &mut answered, 3);
        model.classify(&batch, &mut scores, &Host::silent(1, seed))?;
        let label = |row: &[f32]| {
            assert_eq!(row.iter().sum::<f32>(), 1.0);
            row.iter().position(|&v| v == 1.0).unwrap()
        };
        Ok(values.chunks(3).map(label).collect())
    }

    fn shares(labels: &[usize]) -> [f64; 3] {
        [0, 1, 2].map(|l| labels.iter().filter(|&&x| x == l).count() as f64 / labels.len() as f64)
    }

    #[test]
    fn draws_follow_the_distribution() {
        let ids: Vec<String> = (0..20_000).map(|i| format!("post-{i}/US")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        // Standard error of a share at n = 20,000: at most 0.0036.
        let check = |config: &str, culture, want: [f64; 3]| {
            let got = shares(&classify(&mut fitted(config), &ids, culture, 7).unwrap());
            assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 0.015), "{got:?} {want:?}");
        };
        check("{}", 0, [0.3, 0.2, 0.5]);
        check(r#"{"by":"culture"}"#, 0, [0.6, 0.4, 0.0]);
        check(r#"{"by":"culture"}"#, 1, [0.0, 0.0, 1.0]);
    }

    #[test]
    fn only_seed_and_id_matter() {
        let ids: Vec<String> = (0..200).map(|i| i.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut model = fitted("{}");
        let whole = classify(&mut model, &ids, 0, 1).unwrap();
        for size in [1, 8, 32] {
            let parts = ids.chunks(size).flat_map(|c| classify(&mut model, c, 0, 1).unwrap());
            assert_eq!(parts.collect::<Vec<_>>(), whole, "batch {size}");
        }
        assert_ne!(classify(&mut model, &ids, 0, 2).unwrap(), whole);

        let folder = tempfile::tempdir().unwrap();
        model.save(folder.path()).unwrap();
        let mut other = StratifiedRandom::create("{}", &task(), &Host::silent(1, 0)).unwrap();
        other.load(folder.path()).unwrap();
        assert_eq!(classify(&mut other, &ids, 0, 1).unwrap(), whole);
    }

    #[test]
    fn errors_name_the_field_and_the_remedy() {
        let host = Host::silent(1, 0);
        let create = |config| StratifiedRandom::create(config, &task(), &host);
        let unknown = create(r#"{"seed":1}"#).unwrap_err();
        assert!(unknown.message.contains("`seed`") && unknown.message.contains("`by`"));
        let early = classify(&mut create("{}").unwrap(), &["1"], 0, 0).unwrap_err();
        assert!(early.message.contains("fit or load it first"));
        let nothing = create("{}").unwrap().load(Path::new("/nonexistent")).unwrap_err();
        assert!(nothing.message.contains("stratified-random.json"));
    }
}
