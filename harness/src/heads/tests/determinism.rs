//! The same answer at any number of threads, and at every size around the blocks' edges.

use crate::heads::probe::ProbeOptions;
use crate::heads::{Vectors, head, knn, probe};
use eval_stats::rng::{Stream, below, normal};

fn on_threads<T: Send>(threads: usize, job: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(job)
}

fn gaussian(n: usize, dims: usize, name: &str) -> Vec<f32> {
    let mut rng = Stream::new(7, name).at(0);
    (0..n * dims).map(|_| normal(&mut rng) as f32).collect()
}

fn labels(n: usize, classes: u32) -> Vec<u32> {
    let mut rng = Stream::new(7, "labels").at(0);
    (0..n).map(|_| below(&mut rng, classes)).collect()
}

#[test]
fn knn_at_any_number_of_threads_and_against_brute_force() {
    for (n, m, dims, k, shift) in [
        (1000, 300, 19, 7, 0.0),
        (513, 127, 33, 50, 300.0),
        (40, 1, 1, 40, -2e4),
        (17, 6, 8, 1, 1e-3),
    ] {
        let mut train = gaussian(n, dims, "train");
        let mut test = gaussian(m, dims, "test");
        train.iter_mut().chain(&mut test).for_each(|v| *v += shift);
        // Some duplicates, so that ties are there at every size.
        for copy in 0..n / 5 {
            train.copy_within(copy * dims..(copy + 1) * dims, (n - 1 - copy) * dims);
        }
        let train = Vectors::new("train", &train, dims).unwrap();
        let test = Vectors::new("test", &test, dims).unwrap();
        let one = on_threads(1, || knn::neighbours(train, test, k).unwrap());
        assert_eq!(one, on_threads(3, || knn::neighbours(train, test, k).unwrap()));
        for i in 0..m {
            let mut all: Vec<f64> = (0..n)
                .map(|j| {
                    test.row(i)
                        .iter()
                        .zip(train.row(j))
                        .map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2))
                        .sum()
                })
                .collect();
            all.sort_by(f64::total_cmp);
            for (got, expect) in one.squared[i * k..(i + 1) * k].iter().zip(&all) {
                assert!(
                    (got - expect).abs() <= 1e-12 * expect.max(1e-12),
                    "{n} x {m}: {got} {expect}"
                );
            }
        }
    }
}

#[test]
fn knn_with_more_training_vectors_than_a_block_holds() {
    // 2 Mi values a block: 4096 vectors of 512.
    let (n, m, dims, k) = (9000, 20, 512, 5);
    let train = gaussian(n, dims, "train");
    let test: Vec<f32> = [0, 4095, 4096, 8999]
        .iter()
        .flat_map(|i| train[i * dims..(i + 1) * dims].to_vec())
        .collect();
    let far: Vec<f32> = gaussian(m, dims, "test");
    let train = Vectors::new("train", &train, dims).unwrap();
    let near = knn::neighbours(train, Vectors::new("test", &test, dims).unwrap(), k).unwrap();
    let own: Vec<u32> = near.rows.chunks(k).map(|rows| rows[0]).collect();
    assert_eq!(own, [0, 4095, 4096, 8999]);
    assert!(near.squared.chunks(k).all(|d| d[0] == 0.0 && d[1] > 100.0));
    assert_eq!(
        knn::neighbours(train, Vectors::new("test", &far, dims).unwrap(), k).unwrap().rows.len(),
        m * k
    );
}

#[test]
fn knn_refuses_what_it_cannot_answer() {
    let data = [0.0, 1.0, 2.0, 3.0];
    let train = Vectors::new("train", &data, 2).unwrap();
    let message = |k: usize| knn::neighbours(train, train, k).unwrap_err().to_string();
    assert!(message(3).contains("3 neighbours of 2 training vectors"));
    assert!(message(0).contains("at least 1"));
    let other = Vectors::new("queries", &data, 4).unwrap();
    assert!(knn::neighbours(train, other, 1).unwrap_err().to_string().contains("dimensions"));
    let huge = [1e30_f32, -1e30];
    let huge = Vectors::new("train", &huge, 1).unwrap();
    assert!(knn::neighbours(huge, huge, 1).unwrap_err().to_string().contains("scale them down"));
    let error = Vectors::new("queries", &[0.0, f32::NAN], 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "`queries` row 1, column 0 is NaN or infinite: check the model's vector for that example"
    );
    assert!(
        knn::classify(train, &[0, 7], 2, train, 1).unwrap_err().to_string().contains("label 7")
    );
}

#[test]
fn probe_and_head_at_any_number_of_threads() {
    // Few classes go another way than many.
    for classes in [3, 9] {
        let (n, dims) = (1100, 70);
        let data = gaussian(n, dims, "train");
        let labels = labels(n, classes as u32);
        let data = Vectors::new("data", &data, dims).unwrap();
        let options = ProbeOptions { epochs: 2, batch: 256, learning_rate: 2e-3 };
        let run = || {
            let layer =
                probe::train(data, &labels, classes, &options, &Stream::new(1, "probe")).unwrap();
            let scores = probe::scores(&layer, data).unwrap();
            let head = head::fit(data, &labels, data, &labels, classes).unwrap();
            (layer, scores, head)
        };
        let one = on_threads(1, run);
        assert_eq!(one, on_threads(3, run));
        assert!(one.1.iter().all(|s| s.is_finite()));
    }
}

#[test]
fn probe_learns_what_is_there() {
    let (n, dims, classes) = (2000, 20, 4);
    let mut data = gaussian(n, dims, "train");
    let labels = labels(n, classes as u32);
    for (row, &label) in data.chunks_mut(dims).zip(&labels) {
        row[label as usize] += 4.0;
    }
    let data = Vectors::new("data", &data, dims).unwrap();
    let options = ProbeOptions { epochs: 20, batch: 64, learning_rate: 2e-2 };
    let accuracy = |scores: Vec<f32>| {
        let answers = crate::score::best::classify(&scores, classes).unwrap();
        let right = answers.iter().zip(&labels).filter(|(a, g)| a.label() == Some(**g)).count();
        right as f64 / n as f64
    };
    let layer = probe::train(data, &labels, classes, &options, &Stream::new(1, "probe")).unwrap();
    assert!(accuracy(probe::scores(&layer, data).unwrap()) > 0.97);
    let head = head::fit(data, &labels, data, &labels, classes).unwrap();
    assert!(accuracy(head.scores(data).unwrap()) > 0.97);
    assert_eq!(head.valid_loss.len(), head::GRID.len());
}

#[test]
fn constant_embeddings_are_no_trouble() {
    let data = vec![0.1_f32; 300 * 5];
    let data = Vectors::new("data", &data, 5).unwrap();
    let labels: Vec<u32> = (0..300).map(|i| u32::from(i % 3 == 0)).collect();
    let votes = knn::classify(data, &labels, 2, data, 50).unwrap();
    assert!(votes.labels.iter().all(|l| *l == 0));
    let head = head::fit(data, &labels, data, &labels, 2).unwrap();
    assert!(head.scores(data).unwrap().iter().all(|s| s.is_finite()));
}
