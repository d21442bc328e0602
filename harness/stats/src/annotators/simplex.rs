//! A linear program in standard form with few rows.

/// Pivots after which the search is given up: Bland's rule ends, but not always soon.
const MOST_PIVOTS: usize = 20_000;
/// What counts as 0.
const TINY: f64 = 1e-11;

/// The highest value of `cost . x` for `x >= 0` and `sum_j x_j columns[j] = right` with `right >= 0`: the simplex method on
/// a full table, artificial variables at a high price, Dantzig's rule and, once it stalls, Bland's (1977). `None` where
/// there is no solution.
pub(super) fn maximise(columns: &[Vec<f64>], right: &[f64], cost: &[f64]) -> Option<f64> {
    let (rows, real) = (right.len(), columns.len());
    // A price that no solution made of real columns can pay.
    let price = 1e6 * (1.0 + cost.iter().fold(0.0_f64, |a, c| a.max(c.abs())));
    let mut table: Vec<Vec<f64>> = (0..rows)
        .map(|row| columns.iter().map(|column| column[row]).chain([right[row]]).collect())
        .collect();
    // Artificial variables start as the basis; once out, they never come back and need no column.
    let mut basis: Vec<Option<usize>> = vec![None; rows];
    let mut gains: Vec<f64> = (0..=real)
        .map(|j| {
            let artificial: f64 = table.iter().map(|row| row[j]).sum::<f64>() * price;
            cost.get(j).copied().unwrap_or(0.0) + artificial
        })
        .collect();
    for pivot in 0..MOST_PIVOTS {
        let bland = pivot > MOST_PIVOTS / 2;
        let open = (0..real).filter(|&j| gains[j] > TINY * price);
        let enters =
            if bland { open.min() } else { open.max_by(|&a, &b| gains[a].total_cmp(&gains[b])) };
        let Some(enters) = enters else {
            let left: f64 =
                (basis.iter().zip(&table)).filter(|(b, _)| b.is_none()).map(|(_, r)| r[real]).sum();
            let value = (basis.iter().zip(&table)).filter_map(|(b, r)| Some(cost[(*b)?] * r[real]));
            return (left < 1e-6).then(|| value.sum());
        };
        let leaves = (0..rows)
            .filter(|&row| table[row][enters] > TINY)
            .min_by(|&a, &b| ratio(&table[a], enters).total_cmp(&ratio(&table[b], enters)))?;
        let scale = table[leaves][enters];
        table[leaves].iter_mut().for_each(|cell| *cell /= scale);
        let line = table[leaves].clone();
        for (_, cells) in table.iter_mut().enumerate().filter(|(row, _)| *row != leaves) {
            let times = cells[enters];
            subtract(cells, times, &line);
        }
        let gain = gains[enters];
        subtract(&mut gains, gain, &line);
        basis[leaves] = Some(enters);
    }
    None
}

fn ratio(row: &[f64], enters: usize) -> f64 {
    row[row.len() - 1] / row[enters]
}

fn subtract(cells: &mut [f64], times: f64, line: &[f64]) {
    if times != 0.0 {
        for (cell, l) in cells.iter_mut().zip(line) {
            *cell -= times * l;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::maximise;

    /// max 3x + 5y with x <= 4, 2y <= 12, 3x + 2y <= 18 is 36 at (2, 6) (Dantzig's example in Hillier & Lieberman).
    #[test]
    fn the_textbook_example() {
        let columns = [
            vec![1.0, 0.0, 3.0],
            vec![0.0, 2.0, 2.0],
            vec![1.0, 0.0, 0.0],
            vec![0.0, 1.0, 0.0],
            vec![0.0, 0.0, 1.0],
        ];
        let value = maximise(&columns, &[4.0, 12.0, 18.0], &[3.0, 5.0, 0.0, 0.0, 0.0]).unwrap();
        assert!((value - 36.0).abs() < 1e-6, "{value}");
        assert_eq!(maximise(&[vec![1.0, 1.0]], &[1.0, 2.0], &[1.0]), None, "no solution");
    }
}
