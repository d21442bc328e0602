//! Speed of the exact k-NN.
//!
//! `cargo bench --bench knn` times a small size. `scripts/bench-knn.py` alternates it with scikit-learn on the same data:
//! `knn DIR TRAIN TEST DIMS K CLASSES THREADS` reads `train.f32`, `test.f32` (raw little-endian) and `labels.u32` in DIR,
//! writes `ours.u32` (one label per query) there and prints the seconds that the search took.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use harness::score::{Vectors, knn};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match args.as_slice() {
        [dir, numbers @ ..] if numbers.len() == 6 => {
            let numbers: Vec<usize> =
                numbers.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
            from_files(Path::new(dir), &numbers)
        }
        _ => small(),
    }
}

fn small() -> Result<(), Box<dyn Error>> {
    let (train, test, dims, k, classes) = (16_000, 4_000, 384, 50, 128);
    let mut state = 1_u64;
    let mut data = |n: usize| -> Vec<f32> { (0..n * dims).map(|_| gaussian(&mut state)).collect() };
    let (train_data, test_data) = (data(train), data(test));
    let labels: Vec<u32> = (0..train as u32).map(|i| i % classes).collect();
    let mut seconds: Vec<f64> = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let (train, test) =
            (Vectors::new("train", &train_data, dims)?, Vectors::new("test", &test_data, dims)?);
        std::hint::black_box(knn::classify(train, &labels, classes as usize, test, k)?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let rate = 2.0 * (train * test * dims) as f64 / seconds[2] / 1e9;
    say(&format!(
        "knn {test} x {train}, d = {dims}, k = {k}: median {:.3} s, {rate:.0} GFLOP/s",
        seconds[2]
    ));
    Ok(())
}

fn from_files(dir: &Path, numbers: &[usize]) -> Result<(), Box<dyn Error>> {
    let &[train, test, dims, k, classes, threads] = numbers else {
        return Err("six numbers are needed".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let floats = |name: &str, n: usize| -> Result<Vec<f32>, Box<dyn Error>> {
        let bytes = fs_err::read(dir.join(name))?;
        let values: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if values.len() == n * dims {
            Ok(values)
        } else {
            Err(format!("{name} has {} values", values.len()).into())
        }
    };
    let (train_data, test_data) = (floats("train.f32", train)?, floats("test.f32", test)?);
    let labels = fs_err::read(dir.join("labels.u32"))?;
    let labels: Vec<u32> =
        labels.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
    let start = Instant::now();
    let (train, test) =
        (Vectors::new("train", &train_data, dims)?, Vectors::new("test", &test_data, dims)?);
    let votes = knn::classify(train, &labels, classes, test, k)?;
    let seconds = start.elapsed().as_secs_f64();
    fs_err::write(
        dir.join("ours.u32"),
        votes.labels.iter().flat_map(|l| l.to_le_bytes()).collect::<Vec<u8>>(),
    )?;
    say(&seconds.to_string());
    Ok(())
}

/// A sum of four uniform numbers, scaled: near enough to normal for a timing.
fn gaussian(state: &mut u64) -> f32 {
    let sum: f64 = (0..4)
        .map(|_| {
            *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (*state >> 33) as f64 / f64::from(1_u32 << 31)
        })
        .sum();
    ((sum - 2.0) * 3.0_f64.sqrt()) as f32
}

#[expect(clippy::print_stdout, reason = "a bench talks to its caller")]
fn say(line: &str) {
    println!("{line}");
}
