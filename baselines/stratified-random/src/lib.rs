//! A label drawn from the training distribution: chance with the right class balance.
//!
//! As scikit-learn's `DummyClassifier(strategy="stratified")`, but the draw is a hash of the cell's seed and the example's id
//! (FNV-1a, mixed by SplitMix64's finaliser): no stream of random numbers, so no batch size and no order can change it.

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
}

/// The model.
#[derive(Debug)]
pub struct StratifiedRandom {
    by: By,
    task: Task,
    /// Counted in the pass that is under way.
    seen: Option<Counts>,
    counts: Option<Counts>,
}

const FILE: &str = "stratified-random.json";

impl Plugin for StratifiedRandom {
    const NAME: &'static str = "stratified-random";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::FitPieces, Capability::Classify, Capability::Save];

    fn create(json: &str, task: &Task, _host: &Host) -> Result<Self, Error> {
        let Config { by } = config(json)?;
        Ok(Self { by: by.unwrap_or(By::All), task: task.clone(), seen: None, counts: None })
    }

    fn fit_piece(&mut self, part: Part, piece: &Dataset<'_>, _host: &Host) -> Result<(), Error> {
        if part == Part::Train {
            self.seen.get_or_insert_with(|| Counts::none(&self.task)).add(piece)?;
        }
        Ok(())
    }

    fn fit_end(&mut self, _host: &Host) -> Result<bool, Error> {
        let seen = self.seen.take().unwrap_or_else(|| Counts::none(&self.task));
        self.counts = Some(seen.some()?);
        Ok(false)
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
            let label = draw(learned.row(self.by, culture), hash(host.seed(), id));
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
        learned.save(&folder.join(FILE))
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        self.counts = Some(Counts::load(&folder.join(FILE), &self.task)?);
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
