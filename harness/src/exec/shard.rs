//! `--shard i/n`: the i-th of n shares of the cells, for machines without a scheduler.

use std::str::FromStr;

/// One share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (index, of) = text.split_once('/')?;
            Some(Self { index: index.parse().ok()?, of: of.parse().ok()? })
        };
        parse().filter(|s| (1..=s.of).contains(&s.index)).ok_or_else(|| {
            format!("`{text}` is not a share; write i/n with i from 1 to n, such as 2/3")
        })
    }
}

impl Shard {
    /// Keeps every n-th of the plan's cells. They are in order of their work, so that the shares are about equal.
    pub fn keep<T>(self, cells: Vec<T>) -> Vec<T> {
        cells.into_iter().skip(self.index - 1).step_by(self.of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_in_one_share() {
        for of in 1..5 {
            let shares: Vec<Vec<u32>> =
                (1..=of).map(|index| Shard { index, of }.keep((0..10).collect())).collect();
            let sizes: Vec<usize> = shares.iter().map(Vec::len).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
            let mut all = shares.concat();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_share_is_read() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, of: 3 }));
        for wrong in ["0/3", "4/3", "1/0", "1", "a/b", "1/2/3", ""] {
            let error = wrong.parse::<Shard>().unwrap_err();
            assert!(error.contains(&format!("`{wrong}`")) && error.contains("2/3"), "{error}");
        }
    }
}
