//! Sparse rows (CSR) and their transpose.

/// Rows of (column, value).
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    width: usize,
}

impl Rows {
    /// No rows, of so many columns.
    pub fn new(width: usize) -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new(), width }
    }

    /// One more row.
    pub fn push(&mut self, row: &[(u32, f32)]) {
        self.columns.extend(row.iter().map(|(column, _)| column));
        self.values.extend(row.iter().map(|(_, value)| value));
        self.starts.push(self.columns.len());
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of values.
    pub fn values(&self) -> usize {
        self.values.len()
    }

    /// Columns and values of a row.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// Columns as rows; within each, in the order of the rows.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let mut starts = vec![0; self.width + 1];
        for &column in &self.columns {
            starts[column as usize + 1] += 1;
        }
        for at in 0..self.width {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut columns = vec![0; self.columns.len()];
        let mut values = vec![0.0; self.values.len()];
        for row in 0..self.len() {
            let (own_columns, own_values) = self.row(row);
            for (&column, &value) in own_columns.iter().zip(own_values) {
                let at = &mut next[column as usize];
                columns[*at] = row as u32;
                values[*at] = value;
                *at += 1;
            }
        }
        Self { starts, columns, values, width: self.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transpose_of_the_transpose_is_the_same() {
        let mut rows = Rows::new(4);
        rows.push(&[(0, 1.0), (3, 2.0)]);
        rows.push(&[]);
        rows.push(&[(1, 3.0), (3, 4.0)]);
        let turned = rows.transpose();
        assert_eq!((turned.len(), turned.width()), (4, 3));
        assert_eq!(turned.row(3), (&[0, 2][..], &[2.0, 4.0][..]));
        assert_eq!(turned.row(2), (&[][..], &[][..]));
        assert_eq!(turned.transpose(), rows);
    }
}
