//! The official splits bit for bit: pandas' `groupby.sample` and scikit-learn's stratified split.

use super::mt19937::Mt19937;

/// A class is too small to draw from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooSmall {
    /// Class, as an index.
    pub class: usize,
    /// Its rows.
    pub found: usize,
    /// Rows to draw.
    pub needed: usize,
}

/// pandas: `df.groupby(class).sample(n, random_state=seed)` is train. True where a row is in train.
///
/// One stream over all classes; `classes` are numbered in sorted order of their names.
pub fn pandas_group_sample(classes: &[u32], n: usize, seed: u32) -> Result<Vec<bool>, TooSmall> {
    let mut rng = Mt19937::new(seed);
    let mut train = vec![false; classes.len()];
    for (class, rows) in rows_by_class(classes).into_iter().enumerate() {
        if rows.is_empty() {
            continue;
        }
        if rows.len() < n {
            return Err(TooSmall { class, found: rows.len(), needed: n });
        }
        for &drawn in &rng.permutation(rows.len())[..n] {
            train[rows[drawn]] = true;
        }
    }
    Ok(train)
}

/// scikit-learn: `train_test_split(rows, test_size=…, random_state=seed, stratify=classes)`.
/// Gives (train, test) in scikit-learn's order.
pub fn sklearn_stratified(
    classes: &[u32],
    test_size: f64,
    seed: u32,
) -> Result<(Vec<usize>, Vec<usize>), TooSmall> {
    let n_test = (test_size * classes.len() as f64).ceil() as usize;
    let n_train = classes.len() - n_test;
    let by_class: Vec<Vec<usize>> =
        rows_by_class(classes).into_iter().filter(|rows| !rows.is_empty()).collect();
    if let Some((class, rows)) = by_class.iter().enumerate().find(|(_, rows)| rows.len() < 2) {
        return Err(TooSmall { class, found: rows.len(), needed: 2 });
    }
    let counts: Vec<usize> = by_class.iter().map(Vec::len).collect();
    let mut rng = Mt19937::new(seed);
    let train_counts = shares(&counts, n_train, &mut rng);
    let left: Vec<usize> =
        counts.iter().zip(&train_counts).map(|(all, train)| all - train).collect();
    let test_counts = shares(&left, n_test, &mut rng);
    let (mut train, mut test) = (Vec::with_capacity(n_train), Vec::with_capacity(n_test));
    for ((rows, &n_train), &n_test) in by_class.iter().zip(&train_counts).zip(&test_counts) {
        let order = rng.permutation(rows.len());
        train.extend(order[..n_train].iter().map(|&i| rows[i]));
        test.extend(order[n_train..n_train + n_test].iter().map(|&i| rows[i]));
    }
    rng.shuffle(&mut train);
    rng.shuffle(&mut test);
    Ok((train, test))
}

/// scikit-learn's `_approximate_mode`: largest remainders, ties drawn.
fn shares(counts: &[usize], n: usize, rng: &mut Mt19937) -> Vec<usize> {
    let total: usize = counts.iter().sum();
    let exact: Vec<f64> =
        counts.iter().map(|&count| count as f64 / total as f64 * n as f64).collect();
    let mut floors: Vec<usize> = exact.iter().map(|x| x.floor() as usize).collect();
    let remainders: Vec<f64> = exact.iter().map(|x| x - x.floor()).collect();
    let mut needed = n - floors.iter().sum::<usize>();
    let mut distinct = remainders.clone();
    distinct.sort_by(|a, b| b.total_cmp(a));
    distinct.dedup();
    for remainder in distinct {
        if needed == 0 {
            break;
        }
        let tied: Vec<usize> = (0..counts.len()).filter(|&i| remainders[i] == remainder).collect();
        let take = tied.len().min(needed);
        for &drawn in &rng.permutation(tied.len())[..take] {
            floors[tied[drawn]] += 1;
        }
        needed -= take;
    }
    floors
}

/// Rows of each class in file order.
fn rows_by_class(classes: &[u32]) -> Vec<Vec<usize>> {
    let n = classes.iter().max().map_or(0, |&top| top as usize + 1);
    let mut rows = vec![Vec::new(); n];
    for (row, &class) in classes.iter().enumerate() {
        rows[class as usize].push(row);
    }
    rows
}
