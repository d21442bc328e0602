//! TF-IDF of word and character n-grams, the culture, and logistic regression.
//!
//! The method of the HEARTS paper's "LR TF-IDF" (King et al. 2025, arXiv 2409.11579) and of most shared tasks' first baseline, with
//! character n-grams (Wang and Manning 2012, "Baselines and Bigrams", for linear models on n-grams) and pairs of culture and word,
//! so that a word may weigh differently in each culture. [`features`] makes sparse rows, [`logreg`] is the loss, [`lbfgs`] the
//! optimiser, [`fit`] chooses the penalty on the validation set, [`mod@file`] is the saved model.

pub mod config;
pub mod features;
pub mod file;
pub mod fit;
pub mod lbfgs;
pub mod logreg;
pub mod sparse;

use std::path::Path;

use plugin_api::{Batch, Capability, Dataset, Error, Host, Plugin, Scores, Task, export_plugin};
use rayon::prelude::*;

use crate::config::Config;

pub use fit::Fitted;

/// The model.
#[derive(Debug)]
pub struct TfidfLogreg {
    config: Config,
    task: Task,
    pool: rayon::ThreadPool,
    fitted: Option<Fitted>,
}

impl Plugin for TfidfLogreg {
    const NAME: &'static str = "tfidf-logreg";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Fit, Capability::Classify, Capability::Save];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        if task.labels.len() < 2 {
            return Err(Error::config(format!(
                "task {}: tfidf-logreg needs two labels or more",
                task.name
            )));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(host.threads()).build();
        let pool = pool.map_err(|e| {
            Error::internal(format!("cannot start {} threads: {e}", host.threads()))
        })?;
        Ok(Self { config: Config::parse(config)?, task: task.clone(), pool, fitted: None })
    }

    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        self.fitted =
            Some(self.pool.install(|| fit::fit(&self.config, &self.task, train, valid, host))?);
        Ok(())
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        let Some(fitted) = &self.fitted else {
            return Err(Error::internal("tfidf-logreg has not been fitted; fit or load it first"));
        };
        let labels = self.task.labels.len();
        self.pool.install(|| {
            scores.values().par_chunks_mut(labels).enumerate().for_each(|(i, scores)| {
                let row = fitted.vocabulary.row(&self.config, batch.texts[i], batch.cultures[i]);
                let mut p = vec![0.0; fitted.present.len()];
                logreg::probabilities(&fitted.weights, &row, &mut p);
                scores.fill(0.0);
                for (&label, p) in fitted.present.iter().zip(p) {
                    scores[label as usize] = p as f32;
                }
            });
        });
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        let fitted = self.fitted.as_ref();
        let fitted =
            fitted.ok_or_else(|| Error::load("tfidf-logreg has nothing to save; fit it first"))?;
        file::write(folder, &self.config, &self.task, fitted)
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        self.fitted = Some(file::read(folder, &self.config, &self.task)?);
        Ok(())
    }
}

impl TfidfLogreg {
    /// The inverse strength of the penalty that [`Plugin::fit`] chose.
    pub fn chosen_c(&self) -> Option<f64> {
        self.fitted.as_ref().map(|fitted| fitted.c)
    }
}

export_plugin!(TfidfLogreg);

#[cfg(test)]
mod tests {
    use super::*;

    /// In X "pie" is good and "sun" is bad, in Y the other way round.
    struct Toy {
        ids: Vec<String>,
        texts: Vec<String>,
        cultures: Vec<u32>,
        labels: Vec<u32>,
    }

    impl Toy {
        fn new(n: usize, name: &str) -> Self {
            let mut toy = Self { ids: vec![], texts: vec![], cultures: vec![], labels: vec![] };
            for i in 0..n {
                let (culture, pie) = (i % 2, (i / 2) % 2);
                let good = (pie == 1) == (culture == 0);
                let filler = ["red", "green", "blue", "grey", "old"][(i * 7) % 5];
                let word = if pie == 1 { "pie" } else { "sun" };
                toy.ids.push(format!("{name}-{i}"));
                toy.texts.push(format!("The {filler} {word}, naïve café {}", i % 3));
                toy.cultures.push(culture as u32);
                toy.labels.push(u32::from(good));
            }
            toy
        }

        fn batch(&self) -> Batch<'_> {
            Batch {
                ids: self.ids.iter().map(String::as_str).collect(),
                texts: self.texts.iter().map(String::as_str).collect(),
                cultures: &self.cultures,
            }
        }

        fn data(&self) -> Dataset<'_> {
            Dataset { examples: self.batch(), labels: &self.labels }
        }
    }

    const NOTHING: Dataset<'_> = Dataset {
        examples: Batch { ids: Vec::new(), texts: Vec::new(), cultures: &[] },
        labels: &[],
    };

    fn task(labels: &[&str]) -> Task {
        Task {
            name: "toy".into(),
            protocol: "finetuned".into(),
            labels: labels.iter().map(|&l| l.to_owned()).collect(),
            cultures: vec!["X".into(), "Y".into()],
        }
    }

    const LABELS: &[&str] = &["bad", "good"];

    fn fitted(config: &str, labels: &[&str], threads: usize, valid: bool) -> TfidfLogreg {
        let host = Host::silent(threads, 0);
        let mut model = TfidfLogreg::create(config, &task(labels), &host).unwrap();
        let (train, apart) = (Toy::new(200, "train"), Toy::new(40, "valid"));
        let valid = if valid { apart.data() } else { NOTHING };
        model.fit(&train.data(), &valid, &host).unwrap();
        model
    }

    fn classify(model: &mut TfidfLogreg, batch: &Batch<'_>) -> Result<Vec<f32>, Error> {
        let (n, labels) = (batch.len(), model.task.labels.len());
        let (mut values, mut answered) = (vec![9.0; n * labels], vec![1; n]);
        let mut scores = Scores::over(&mut values, &mut answered, labels);
        model.classify(batch, &mut scores, &Host::silent(1, 0))?;
        Ok(values)
    }

    #[test]
    fn learns_words_that_mean_the_opposite_in_two_cultures() {
        let test = Toy::new(80, "test");
        for (labels, valid) in
            [(LABELS, true), (LABELS, false), (&["bad", "good", "never"][..], true)]
        {
            let p = classify(&mut fitted("{}", labels, 1, valid), &test.batch()).unwrap();
            for (row, &label) in p.chunks(labels.len()).zip(&test.labels) {
                assert!(row[label as usize] > 0.5, "{row:?} {label}");
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
            }
        }
        // Without pairs of culture and word a linear model cannot.
        let p =
            classify(&mut fitted(r#"{"crosses":false}"#, LABELS, 1, true), &test.batch()).unwrap();
        let right = p.chunks(2).zip(&test.labels).filter(|(p, l)| p[**l as usize] > 0.5).count();
        assert!(right < 70, "{right}");
    }

    #[test]
    fn threads_and_batches_change_no_bit() {
        let test = Toy::new(50, "test");
        let mut one = fitted("{}", LABELS, 1, true);
        let whole = classify(&mut one, &test.batch()).unwrap();
        assert_eq!(one.fitted, fitted("{}", LABELS, 3, true).fitted);
        let batch = test.batch();
        for size in [1, 8, 32] {
            let mut parts = Vec::new();
            for from in (0..50).step_by(size) {
                let range = from..(from + size).min(50);
                let part = Batch::of(
                    &batch.ids[range.clone()],
                    &batch.texts[range.clone()],
                    &test.cultures[range],
                );
                parts.extend(classify(&mut one, &part).unwrap());
            }
            assert_eq!(parts, whole, "batch {size}");
        }
        assert!(classify(&mut one, &Batch::of(&[], &[], &[])).unwrap().is_empty());
    }

    #[test]
    fn a_loaded_model_answers_the_same_bits() {
        let folder = tempfile::tempdir().unwrap();
        let test = Toy::new(50, "test");
        let mut before = fitted("{}", &["bad", "good", "never", "ever"], 1, true);
        before.save(folder.path()).unwrap();
        let create = |config, labels| {
            TfidfLogreg::create(config, &task(labels), &Host::silent(1, 0)).unwrap()
        };
        let mut after = create("{}", &["bad", "good", "never", "ever"]);
        after.load(folder.path()).unwrap();
        assert_eq!(before.fitted, after.fitted);
        assert_eq!(classify(&mut before, &test.batch()), classify(&mut after, &test.batch()));

        let check = |model: &mut TfidfLogreg, part: &str| {
            let message = model.load(folder.path()).unwrap_err().message;
            assert!(message.contains("tfidf-logreg.bin"), "{message}");
            assert!(
                message.contains(part) && message.contains("fit again"),
                "{part:?} not in {message:?}"
            );
        };
        check(&mut create("{}", &["bad", "good"]), "`labels`");
        check(&mut create(r#"{"min_df":3}"#, &["bad", "good", "never", "ever"]), "`config`");
        let path = folder.path().join("tfidf-logreg.bin");
        let bytes = fs_err::read(&path).unwrap();
        fs_err::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        check(&mut after, "bytes after the header");
        fs_err::write(&path, "junk").unwrap();
        check(&mut after, "the header has no end");
    }

    #[test]
    fn errors_name_the_remedy() {
        let host = Host::silent(1, 0);
        let mut early = TfidfLogreg::create("{}", &task(LABELS), &host).unwrap();
        let nothing = Batch::of(&[], &[], &[]);
        assert!(
            classify(&mut early, &nothing).unwrap_err().message.contains("fit or load it first")
        );
        assert!(early.fit(&NOTHING, &NOTHING, &host).unwrap_err().message.contains("too few"));
        assert!(
            TfidfLogreg::create("{}", &task(&["one"]), &host)
                .unwrap_err()
                .message
                .contains("two labels")
        );
        let wrong = Toy { labels: vec![7; 4], ..Toy::new(4, "train") };
        let error = early.fit(&wrong.data(), &NOTHING, &host).unwrap_err();
        assert_eq!(
            (error.kind, error.message.contains("label 7")),
            (plugin_api::ErrorKind::Input(0), true)
        );
    }

    #[test]
    fn one_label_in_training_is_learned_as_certain() {
        let host = Host::silent(1, 0);
        let mut model = TfidfLogreg::create(r#"{"c":[1]}"#, &task(LABELS), &host).unwrap();
        let toy = Toy::new(20, "train");
        let same = Toy { labels: vec![1; 20], ..toy };
        model.fit(&same.data(), &NOTHING, &host).unwrap();
        let p = classify(&mut model, &same.batch()).unwrap();
        assert!(p.chunks(2).all(|p| p[1] > 0.99), "{p:?}");
    }
}
