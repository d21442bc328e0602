//! Answers outside training: a row of numbers for each text, computed by batches of like length.

use plugin_api::{Error, Host};
use tch::{Device, Tensor};

use crate::{runtime, train};

/// Texts computed at a time outside training.
pub const BATCH: usize = 32;

/// Computes the rows of all items, whose `lengths` in tokens are given. `compute` makes the rows `[B,n]` of a batch of items, without
/// gradient; `put` takes each to its item. `what` names the computation in errors.
///
/// # Errors
/// What the computation says, or that it was cancelled.
pub fn each(
    what: &str,
    lengths: &[usize],
    host: &Host,
    compute: impl Fn(&[usize]) -> Tensor,
    mut put: impl FnMut(usize, &[f32]),
) -> Result<(), Error> {
    for items in train::even(lengths, BATCH) {
        if host.is_cancelled() {
            return Err(Error::cancelled());
        }
        let rows = runtime::guard(what, || {
            Ok(tch::no_grad(|| compute(&items).to_device(Device::Cpu).contiguous()))
        })?;
        let width = rows.size()[1] as usize;
        let mut values = vec![0f32; items.len() * width];
        rows.copy_data(&mut values, items.len() * width);
        for (row, item) in values.chunks(width).zip(items) {
            put(item, row);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Item i has i tokens; its row is (i, places in its batch).
    fn rows(count: usize) -> Result<Vec<[f32; 2]>, Error> {
        let lengths: Vec<usize> = (0..count).collect();
        let mut found = vec![[-1.0; 2]; count];
        let compute = |items: &[usize]| {
            let rows = items.iter().flat_map(|item| [*item as f32, items.len() as f32]);
            Tensor::from_slice(&rows.collect::<Vec<f32>>()).view([items.len() as i64, 2])
        };
        each("rows", &lengths, &Host::silent(1, 1), compute, |item, row| {
            assert_eq!(found[item], [-1.0; 2], "twice");
            found[item].copy_from_slice(row);
        })?;
        Ok(found)
    }

    #[test]
    fn every_item_gets_its_row() {
        assert!(rows(0).unwrap().is_empty());
        let found = rows(70).unwrap();
        assert!(found.iter().enumerate().all(|(item, row)| row[0] == item as f32), "{found:?}");
        // The longest come first; 70 = 32 + 32 + 6.
        assert_eq!([found[69][1], found[6][1], found[5][1]], [32.0, 32.0, 6.0]);
    }

    #[test]
    fn a_failure_stops_with_its_name() {
        let fails = |_: &[usize]| {
            Tensor::zeros([2, 3], (tch::Kind::Float, Device::Cpu))
                .matmul(&Tensor::zeros([2, 3], (tch::Kind::Float, Device::Cpu)))
        };
        let error = each("the rows", &[1], &Host::silent(1, 1), fails, |_, _| ()).unwrap_err();
        assert!(error.message.starts_with("the rows: "), "{error}");
    }
}
