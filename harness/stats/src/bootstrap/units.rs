//! What is drawn: examples, or whole clusters of them.

use crate::error::{Result, StatsError};

/// Units by cluster, clusters in order of first appearance. Refuses fewer than two clusters.
pub(crate) fn cluster_members(clusters: &[u32]) -> Result<Vec<Vec<u32>>> {
    let mut position = std::collections::HashMap::new();
    let mut members: Vec<Vec<u32>> = Vec::new();
    for (unit, cluster) in clusters.iter().enumerate() {
        let slot = *position.entry(*cluster).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[slot].push(unit as u32);
    }
    if members.len() < 2 {
        return Err(StatsError::TooFew { argument: "clusters", needed: 2, got: members.len() });
    }
    Ok(members)
}

/// A number of units that an index of 32 bits can tell apart.
pub(super) fn unit_count(n: usize) -> Result<u32> {
    match u32::try_from(n) {
        Ok(n) if n >= 1 => Ok(n),
        Ok(_) => Err(StatsError::TooFew { argument: "units", needed: 1, got: 0 }),
        Err(_) => Err(StatsError::TooCostly {
            what: "bootstrap over units",
            cost: n as f64,
            remedy: "bootstrap the cells of the table instead",
        }),
    }
}
