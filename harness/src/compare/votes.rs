//! Pairs of models by how far their answers are from the votes of annotators. Lower is better.
//!
//! Each distance is a mean over examples, so a pair is compared by the differences example by example: Student's t on their
//! sums over clusters with G - 1 degrees of freedom, the standard error by Liang & Zeger (1986). A test of means with few
//! assumptions: soft scores vary continuously, and distinguish models that give the same labels.

use eval_stats::StatsError;
use eval_stats::annotators::Distance;
use eval_stats::dist::t_sf;

use super::comparison::Comparison;
use super::result::{AgainstVotes, Options, VoteDifference};
use crate::score::votes::mean_of_groups;

/// Examples of one culture, as places among those with votes.
type Group = Vec<usize>;

/// Compares all pairs by every distance; nothing where a model has none, or the benchmark is an aggregate.
pub(super) fn against_votes(
    field: &Comparison,
    options: &Options,
) -> Result<Vec<AgainstVotes>, StatsError> {
    let [part] = field.parts.as_slice() else { return Ok(Vec::new()) };
    let whole = |distances: &Vec<Vec<f64>>| distances.len() == Distance::ALL.len();
    if field.models.len() < 2 || !field.models.iter().all(|m| whole(&m.own.distances)) {
        return Ok(Vec::new());
    }
    let voted: Vec<usize> = (0..part.gold.len())
        .filter(|&row| field.models.iter().all(|m| m.own.distances[0][row].is_finite()))
        .collect();
    let clusters: Vec<u32> = voted.iter().map(|&row| part.clusters[row]).collect();
    let mut groups: Vec<Group> = vec![Vec::new(); field.cultures.len().max(1)];
    for (place, &row) in voted.iter().enumerate() {
        groups[if field.mean_over_cultures { part.cultures[row] as usize } else { 0 }].push(place);
    }
    groups.retain(|group| !group.is_empty());
    let mut found = Vec::new();
    for (number, distance) in Distance::ALL.into_iter().enumerate() {
        let column = |model: usize| -> Vec<f64> {
            voted.iter().map(|&row| field.models[model].own.distances[number][row]).collect()
        };
        let columns: Vec<Vec<f64>> = (0..field.models.len()).map(column).collect();
        let Some(mut pairs) = pairs(field, &columns, &clusters, &groups) else { continue };
        let p: Vec<f64> = pairs.iter().map(|pair| pair.p).collect();
        for (pair, p) in pairs.iter_mut().zip(options.correction.adjust(&p)?) {
            pair.p_corrected = p;
        }
        let mut distinct = clusters.clone();
        distinct.sort_unstable();
        distinct.dedup();
        found.push(AgainstVotes {
            distance: distance.name().to_owned(),
            n: voted.len() as u64,
            clusters: distinct.len() as u64,
            pairs,
        });
    }
    Ok(found)
}

fn pairs(
    field: &Comparison,
    columns: &[Vec<f64>],
    clusters: &[u32],
    groups: &[Group],
) -> Option<Vec<VoteDifference>> {
    let groups: Vec<&[usize]> = groups.iter().map(Vec::as_slice).collect();
    let mut all = Vec::new();
    for a in 0..columns.len() {
        for b in a + 1..columns.len() {
            let differences: Vec<f64> =
                columns[a].iter().zip(&columns[b]).map(|(x, y)| x - y).collect();
            let found = mean_of_groups(&differences, clusters, &groups)?;
            let of =
                |model: usize| mean_of_groups(&columns[model], clusters, &groups).map(|m| m.mean);
            let half = found.half_width();
            // Without a spread there is no doubt: equal answers are equal, others differ on every example alike.
            let p = match (found.se > 0.0, found.mean == 0.0) {
                (true, _) => 2.0 * t_sf(found.mean.abs() / found.se, found.clusters as f64 - 1.0),
                (false, true) => 1.0,
                (false, false) => 0.0,
            };
            all.push(VoteDifference {
                a: field.models[a].name.clone(),
                b: field.models[b].name.clone(),
                of_a: of(a)?,
                of_b: of(b)?,
                difference: found.mean,
                low: found.mean - half,
                high: found.mean + half,
                p: p.min(1.0),
                p_corrected: f64::NAN,
            });
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{ComparedModel, Own, Part};
    use crate::definition::dataset::Metric;

    fn field(columns: &[Vec<f64>], clusters: &[u32]) -> Comparison {
        let n = clusters.len();
        let model = |(i, column): (usize, &Vec<f64>)| ComparedModel {
            name: ["one", "two", "three"][i].to_owned(),
            seeds: vec![1],
            answers: Vec::new(),
            values: Vec::new(),
            own: Own { distances: vec![column.clone(); 3], ..Own::default() },
        };
        Comparison {
            benchmark: "b".to_owned(),
            title: "B".to_owned(),
            protocol: "p".to_owned(),
            metric: Metric::Accuracy.into(),
            mean_over_cultures: false,
            sample: false,
            data: Vec::new(),
            cultures: vec!["x".to_owned()],
            parts: vec![Part {
                classes: 2,
                positive: 1,
                smoothing: 0.0,
                gold: vec![0; n],
                cultures: vec![0; n],
                clusters: clusters.to_vec(),
            }],
            models: columns.iter().enumerate().map(model).collect(),
        }
    }

    /// The same standard error as eval-stats' own, its t test, Holm over three pairs; an example without votes is left out.
    #[test]
    fn pairs_are_tested_by_clustered_t() {
        let clusters = [0, 0, 1, 1, 2, 2, 3];
        let one = vec![0.1, 0.2, 0.3, 0.2, 0.5, 0.1, f64::NAN];
        let two = vec![0.4, 0.3, 0.5, 0.1, 0.9, 0.4, f64::NAN];
        let found = against_votes(
            &field(&[one.clone(), two.clone(), one.clone()], &clusters),
            &Options::default(),
        );
        let found = found.unwrap();
        assert_eq!((found.len(), found[0].n, found[0].clusters), (3, 6, 3));
        let [first, same, _] = found[0].pairs.as_slice() else { panic!("three pairs") };
        let d: Vec<f64> = one[..6].iter().zip(&two[..6]).map(|(x, y)| x - y).collect();
        let se = eval_stats::cluster::clustered_se(&d, &clusters[..6]).unwrap().se_cr1;
        assert!((first.difference + 0.2).abs() < 1e-12 && first.of_a < first.of_b);
        let p = 2.0 * t_sf(0.2 / se, 2.0);
        assert!(
            (first.p - p).abs() < 1e-12 && (first.p_corrected - (3.0 * p).min(1.0)).abs() < 1e-12
        );
        assert!(first.low < -0.2 && first.high > -0.2);
        assert_eq!((same.p, same.difference), (1.0, 0.0));
    }

    #[test]
    fn without_votes_there_is_nothing() {
        let mut field = field(&[vec![0.1; 2], vec![0.2; 2]], &[0, 1]);
        field.models[1].own.distances.clear();
        assert_eq!(against_votes(&field, &Options::default()).unwrap(), []);
    }
}
