//! The order in which the options of an example are shown.

use eval_stats::rng::{Stream, below};

use super::PromptError;
use crate::definition::dataset::Order;

/// The place in the official order of each shown option, in the `draw`-th order of an example with `n` options.
///
/// # Errors
/// Where a listed order is none of `n` options.
pub fn shown(order: &Order, id: &str, draw: usize, n: usize) -> Result<Vec<usize>, PromptError> {
    match order {
        Order::Given => Ok((0..n).collect()),
        Order::Listed { of } => {
            let listed = &of[draw];
            let mut sorted = listed.clone();
            sorted.sort_unstable();
            if sorted.into_iter().eq(0..n) {
                return Ok(listed.clone());
            }
            Err(PromptError::Order { order: listed.clone(), options: n, id: id.to_owned() })
        }
        Order::Shuffle { seed, .. } => {
            let mut random = Stream::new(*seed, "order").child(id).at(draw as u64);
            let mut places: Vec<usize> = (0..n).collect();
            for last in (1..n).rev() {
                places.swap(last, below(&mut random, last as u32 + 1) as usize);
            }
            Ok(places)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_order_must_be_one_of_all_options() {
        let order = Order::Listed { of: vec![vec![0, 2, 1], vec![2, 1, 0]] };
        assert_eq!(shown(&order, "e", 0, 3).unwrap(), [0, 2, 1]);
        assert_eq!(shown(&order, "e", 1, 3).unwrap(), [2, 1, 0]);
        let error = shown(&order, "e7", 0, 2).unwrap_err().to_string();
        assert!(error.contains("[0, 2, 1]") && error.contains("`e7` has 2 options"), "{error}");
        let twice = Order::Listed { of: vec![vec![0, 0, 1]] };
        assert!(shown(&twice, "e", 0, 3).is_err());
    }

    /// Every order of three options comes about equally often, and the same seed gives the same orders.
    #[test]
    fn shuffled_orders_are_uniform_and_reproducible() {
        let order = Order::Shuffle { seed: 7, times: 1 };
        let mut counts = std::collections::BTreeMap::<Vec<usize>, usize>::new();
        for i in 0..6000 {
            let places = shown(&order, &format!("e{i}"), 0, 3).unwrap();
            assert_eq!(places, shown(&order, &format!("e{i}"), 0, 3).unwrap());
            *counts.entry(places).or_default() += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|n| (850..1150).contains(n)), "{counts:?}");
    }
}
