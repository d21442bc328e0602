//! Real posts and real propensities of CREHate; labels whose interaction of post and culture is drawn by a seed.

use std::collections::BTreeMap;
use std::path::Path;

use backbone::train::stream;
use plugin_api::Error;
use rand::{Rng, RngExt as _};

/// Columns of the annotation file.
const COUNTRIES: [&str; 5] =
    ["United_States", "Australia", "United_Kingdom", "South_Africa", "Singapore"];

/// Cultures.
pub(crate) const CULTURES: usize = COUNTRIES.len();

/// Votes of a culture on a post.
const VOTES: usize = 5;

/// Latent variances of a probit mixed model of the raw votes (calm-plugin/DESIGN.md): posts, posts by country, annotators; residual 1.
const POSTS: f64 = 1.511;
const INTERACTION: f64 = 0.105;
const ANNOTATORS: f64 = 0.191;

/// Beginnings of words that put a post into a topic: gender, race, religion, politics.
const TOPICS: [&str; 4] = [
    "wom girl female wife feminis gay lesbian trans bitch rape mother hoe slut sex",
    "black white asian chin indian mexic rac africa malay immigra",
    "muslim jew islam christian church catholic god priest holocaust relig bible mosque",
    "trump liberal government vote left democrat politic country aussie british english party police communis president",
];

/// The posts.
#[derive(Debug)]
pub(crate) struct Posts {
    /// Their texts.
    pub(crate) texts: Vec<String>,
    /// The published labels, rows of [`CULTURES`].
    real: Vec<i64>,
    /// Latent propensity of each post, variance [`POSTS`].
    propensity: Vec<f64>,
    /// Latent intercept of each culture.
    intercept: [f64; CULTURES],
    /// Whether a post touches each topic.
    topics: Vec<[f64; 4]>,
}

/// How strong the interaction is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dose {
    /// The published labels.
    Real,
    /// Drawn, with so many times the variance that CREHate's interaction has.
    Times(f64),
}

impl Posts {
    /// Reads the two annotation files below a folder.
    ///
    /// # Errors
    /// Names the file, row or field.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let (mut texts, mut real, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        let labels = COUNTRIES.map(|name| format!("{name}_Hate"));
        each(&folder.join("CREHate_final_annotations.csv"), |field| {
            ids.push(field("ID")?);
            texts.push(field("Text")?);
            for name in &labels {
                real.push(i64::from(field(name)?.starts_with('1')));
            }
            Ok(())
        })?;
        let mut votes: BTreeMap<String, [f64; 2]> = BTreeMap::new();
        let mut by_country: BTreeMap<String, [f64; 2]> = BTreeMap::new();
        each(&folder.join("CREHate_raw_annotations.csv"), |field| {
            let vote = field("annotation")?;
            // 2 is "don't know".
            if let Some(hate) = ["0", "1"].iter().position(|known| vote.starts_with(known)) {
                for (map, key) in [
                    (&mut votes, field("ID")?),
                    (&mut by_country, field("nationality")?.replace(' ', "_")),
                ] {
                    let [yes, all] = map.entry(key).or_default();
                    *yes += hate as f64;
                    *all += 1.0;
                }
            }
            Ok(())
        })?;
        let missing =
            |what: &str| Error::load(format!("CREHate_raw_annotations.csv: no vote of {what}"));
        let share = |id: &String| {
            let [yes, all] = votes.get(id).ok_or_else(|| missing(id))?;
            Ok(quantile((yes + 0.5) / (all + 1.0)))
        };
        let latent: Vec<f64> = ids.iter().map(share).collect::<Result<_, Error>>()?;
        let mean = latent.iter().sum::<f64>() / latent.len() as f64;
        let spread =
            (latent.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / latent.len() as f64).sqrt();
        let mut intercept = [0.0; CULTURES];
        for (own, name) in intercept.iter_mut().zip(COUNTRIES) {
            let [yes, all] = by_country.get(name).ok_or_else(|| missing(name))?;
            *own = quantile(yes / all) * (1.0 + POSTS + ANNOTATORS + INTERACTION).sqrt();
        }
        Ok(Self {
            propensity: latent.iter().map(|a| (a - mean) / spread * POSTS.sqrt()).collect(),
            topics: texts.iter().map(|text| topics(text)).collect(),
            texts,
            real,
            intercept,
        })
    }

    /// Share of the posts that touch a topic.
    pub(crate) fn touched(&self) -> f64 {
        self.topics.iter().filter(|own| own.contains(&1.0)).count() as f64
            / self.topics.len() as f64
    }

    /// Labels by post and culture: a majority of five votes, each `Bernoulli(Phi((a + mu + b) / sqrt(1 + annotators)))`. b is each culture's
    /// sensitivity to the four topics, N(0, 1), centred by rows and columns, scaled to the dose's variance.
    pub(crate) fn labels(&self, dose: Dose, seed: u64) -> Vec<i64> {
        let Dose::Times(times) = dose else { return self.real.clone() };
        let mut rng = stream(seed, "dose", 0);
        let b = self.interaction(times, &mut rng);
        let scale = (1.0 + ANNOTATORS).sqrt();
        let cells = b.iter().enumerate();
        let vote = |(cell, b): (usize, &f64)| {
            let (post, culture) = (cell / CULTURES, cell % CULTURES);
            let p = normal((self.propensity[post] + self.intercept[culture] + b) / scale);
            let yes = (0..VOTES).filter(|_| rng.random::<f64>() < p).count();
            i64::from(2 * yes > VOTES)
        };
        cells.map(vote).collect()
    }

    /// b, rows of [`CULTURES`].
    fn interaction(&self, times: f64, rng: &mut impl Rng) -> Vec<f64> {
        let mut sensitivity: Vec<[f64; 4]> =
            (0..CULTURES).map(|_| [(); 4].map(|()| gauss(rng))).collect();
        for topic in 0..4 {
            let mean = sensitivity.iter().map(|own| own[topic]).sum::<f64>() / CULTURES as f64;
            for own in &mut sensitivity {
                own[topic] -= mean;
            }
        }
        let dot = |topics: &[f64; 4], own: &[f64; 4]| {
            topics.iter().zip(own).map(|(t, s)| t * s).sum::<f64>()
        };
        let mut b: Vec<f64> = self
            .topics
            .iter()
            .flat_map(|topics| sensitivity.iter().map(move |own| dot(topics, own)))
            .collect();
        for culture in 0..CULTURES {
            let own = (culture..b.len()).step_by(CULTURES);
            let mean = own.clone().map(|cell| b[cell]).sum::<f64>() / self.topics.len() as f64;
            own.for_each(|cell| b[cell] -= mean);
        }
        let variance = b.iter().map(|x| x * x).sum::<f64>() / b.len() as f64;
        let scale = (times * INTERACTION / variance).sqrt();
        b.iter().map(|x| x * scale).collect()
    }
}

fn topics(text: &str) -> [f64; 4] {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    TOPICS.map(|topic| {
        let touches =
            topic.split(' ').any(|start| words.iter().any(|word| word.starts_with(start)));
        f64::from(u8::from(touches))
    })
}

/// Each row of a CSV file, its fields by name.
fn each(
    path: &Path,
    mut row: impl FnMut(&dyn Fn(&str) -> Result<String, Error>) -> Result<(), Error>,
) -> Result<(), Error> {
    let wrong = |what: &dyn std::fmt::Display| Error::load(format!("{}: {what}", path.display()));
    let mut reader = csv::Reader::from_path(path).map_err(|e| wrong(&e))?;
    let names = reader.headers().map_err(|e| wrong(&e))?.clone();
    for record in reader.records() {
        let record = record.map_err(|e| wrong(&e))?;
        row(&|name| {
            let place = names
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| wrong(&format!("no column {name}")))?;
            Ok(record.get(place).unwrap_or_default().to_owned())
        })?;
    }
    Ok(())
}

/// A draw from N(0, 1) (Box and Muller 1958).
fn gauss(rng: &mut impl Rng) -> f64 {
    let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

/// Phi(x), the standard normal distribution, by Abramowitz and Stegun (1964), 7.1.26: absolute error below 1e-7.
pub(crate) fn normal(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let poly = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let tail = poly * (-z * z).exp() / 2.0;
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// The inverse of Phi, by bisection.
fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal(middle) < p { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_and_its_inverse() {
        for (x, p) in [(0.0, 0.5), (1.959_963_985, 0.975), (-1.0, 0.158_655_254)] {
            assert!((normal(x) - p).abs() < 2e-7, "{x}");
            assert!((quantile(p) - x).abs() < 2e-6, "{p}");
        }
    }

    /// The same seed gives the same labels, and the dose is the variance that was asked for.
    #[test]
    fn a_dose_is_drawn_by_its_seed() {
        let n = 400;
        let topic =
            |post: usize| [post % 2, post % 3 / 2, post % 5 / 4, post % 7 / 6].map(|t| t as f64);
        let posts = Posts {
            texts: vec![String::new(); n],
            real: vec![0; n * CULTURES],
            propensity: vec![0.0; n],
            intercept: [0.0; CULTURES],
            topics: (0..n).map(topic).collect(),
        };
        let b = posts.interaction(10.0, &mut stream(3, "dose", 0));
        let variance = b.iter().map(|x| x * x).sum::<f64>() / b.len() as f64;
        assert!((variance - 10.0 * INTERACTION).abs() < 1e-9);
        assert!(
            b.chunks(CULTURES).all(|row| row.iter().sum::<f64>().abs() < 1e-9),
            "no main effect of a post"
        );
        let labels = |seed| posts.labels(Dose::Times(10.0), seed);
        assert!(labels(1) == labels(1) && labels(1) != labels(2));
        assert_eq!(posts.labels(Dose::Real, 1), posts.real);
    }
}
