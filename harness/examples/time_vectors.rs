//! Times what is learnt on vectors: the exact k-NN, the linear probe and the logistic head, on data that a peer reads too.
//!
//! `time_vectors knn|probe|head FOLDER TRAIN TEST DIMS CLASSES THREADS` reads `train.f32`, `test.f32` (raw little-endian), `train.u32` and
//! `test.u32` (labels, which only the head looks at: it chooses its penalty on them), writes `ours.u32` (one answer per row of
//! `test.f32`) and prints one line of JSON with the seconds, reading and writing left out. scripts/peers/knn.py and probe.py call it.
#![expect(clippy::print_stdout, reason = "a measuring program")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use eval_stats::rng::Stream;
use harness::heads::probe::ProbeOptions;
use harness::heads::{Vectors, head, knn, probe};

const NEIGHBOURS: usize = 50;
/// As UniVaR's authors train it.
const PROBE: ProbeOptions = ProbeOptions { epochs: 20, batch: 512, learning_rate: 2e-3 };

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, folder, numbers @ ..] = words.as_slice() else {
        return Err("time_vectors knn|probe|head FOLDER TRAIN TEST DIMS CLASSES THREADS".into());
    };
    let numbers: Vec<usize> = numbers.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
    let &[train, test, dims, classes, threads] = numbers.as_slice() else {
        return Err("five numbers are needed".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let folder = Path::new(folder);
    let train_data = floats(&folder.join("train.f32"), train * dims)?;
    let test_data = floats(&folder.join("test.f32"), test * dims)?;
    let (labels, test_labels) =
        (whole(&folder.join("train.u32"))?, whole(&folder.join("test.u32"))?);

    let start = Instant::now();
    let train = Vectors::new("train", &train_data, dims)?;
    let test = Vectors::new("test", &test_data, dims)?;
    let answers = match what.as_str() {
        "knn" => knn::classify(train, &labels, classes, test, NEIGHBOURS)?.labels,
        "probe" => {
            let layer = probe::train(train, &labels, classes, &PROBE, &Stream::new(1, "probe"))?;
            largest(&probe::scores(&layer, test)?, classes)
        }
        "head" => {
            let head = head::fit(train, &labels, test, &test_labels, classes)?;
            largest(&head.scores(test)?, classes)
        }
        other => return Err(format!("`{other}` is none of knn, probe, head").into()),
    };
    let seconds = start.elapsed().as_secs_f64();
    let bytes: Vec<u8> = answers.iter().flat_map(|l| l.to_le_bytes()).collect();
    fs_err::write(folder.join("ours.u32"), bytes)?;
    println!("{}", serde_json::json!({ "seconds": seconds }));
    Ok(())
}

/// The class with the largest score of each row.
fn largest(scores: &[f32], classes: usize) -> Vec<u32> {
    let best = |row: &[f32]| (0..classes).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
    scores.chunks_exact(classes).map(|row| best(row) as u32).collect()
}

fn floats(path: &Path, n: usize) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = fs_err::read(path)?;
    let values: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    if values.len() == n {
        Ok(values)
    } else {
        Err(format!("{} has {} values, not {n}", path.display(), values.len()).into())
    }
}

fn whole(path: &Path) -> Result<Vec<u32>, Box<dyn Error>> {
    Ok(fs_err::read(path)?.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect())
}
