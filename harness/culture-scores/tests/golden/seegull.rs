//! SeeGULL: people of the region against people of that origin in North America; its multilingual sibling.

use std::collections::{BTreeMap, BTreeSet};

use culture_scores::reference::mean_shares;
use culture_scores::shares::{ShareScore, of_votes, strict_majority, uniform};
use serde_json::json;

use super::ledger::Ledger;
use super::read::{Data, Row};

struct Item {
    identity: String,
    region: Vec<u32>,
    north_america: Vec<u32>,
}

/// Votes for stereotype, against, unsure.
fn votes(row: &Row, columns: [&str; 3]) -> Vec<u32> {
    columns.iter().map(|column| row[*column].parse().unwrap()).collect()
}

fn is_stereotype(votes: &[u32]) -> bool {
    strict_majority(votes) == Some(0)
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    let rows = data.csv("seegull/dataset/stereotypes_global_v2.csv");
    let items: Vec<Item> = (rows.iter())
        .map(|row| Item {
            identity: row["identity"].clone(),
            region: votes(row, ["region_stereo", "region_nonstereo", "region_unsure"]),
            north_america: votes(row, ["NA_stereo", "NA_nonstereo", "NA_unsure"]),
        })
        .collect();
    ledger.count("rows", items.len());
    ledger.count("identities", items.iter().map(|i| &i.identity).collect::<BTreeSet<_>>().len());
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    for item in &items {
        *sizes.entry(item.region.iter().sum::<u32>().to_string()).or_default() += 1;
    }
    ledger.check("votes-a-side", json!(sizes));
    let is_copy = |item: &&Item| ["Canadian", "United States"].contains(&item.identity.as_str());
    ledger.count("copied-sides", items.iter().filter(is_copy).count());
    let all: Vec<&Item> = items.iter().collect();
    let distinct: Vec<&Item> = items.iter().filter(|item| !is_copy(item)).collect();
    figures("all", &all, ledger);
    figures("without-copies", &distinct, ledger);
    one_rater(&items, ledger);
}

fn figures(prefix: &str, items: &[&Item], ledger: &mut Ledger) {
    ledger.count(&format!("{prefix}.n"), items.len());
    let count = |is: fn(&Item) -> bool| items.iter().filter(|item| is(item)).count();
    ledger.count(&format!("{prefix}.stereotype-by-region"), count(|i| is_stereotype(&i.region)));
    ledger.count(
        &format!("{prefix}.stereotype-by-north-america"),
        count(|i| is_stereotype(&i.north_america)),
    );
    let same = |i: &Item| is_stereotype(&i.region) == is_stereotype(&i.north_america);
    ledger.count(&format!("{prefix}.same-label"), count(same));
    let shares = |of: fn(&Item) -> &[u32]| -> Vec<Vec<f64>> {
        items.iter().map(|item| of_votes(of(item)).unwrap()).collect()
    };
    let (region, north_america) = (shares(|i| &i.region), shares(|i| &i.north_america));
    for (side, own, other) in
        [("region", &region, &north_america), ("north-america", &north_america, &region)]
    {
        let mean = mean_shares(own).unwrap().unwrap();
        let jsd = |predicted: &dyn Fn(usize) -> Vec<f64>| {
            ShareScore::Jsd.mean((0..own.len()).map(|at| (predicted(at), &own[at]))).unwrap()
        };
        ledger.figure(&format!("{prefix}.{side}.uniform.jsd"), jsd(&|_| uniform(3)));
        ledger.figure(&format!("{prefix}.{side}.mean.jsd"), jsd(&|_| mean.clone()));
        ledger.figure(&format!("{prefix}.{side}.other-side.jsd"), jsd(&|at| other[at].clone()));
    }
}

/// Of three votes each one against the other two.
fn one_rater(items: &[Item], ledger: &mut Ledger) {
    let three: Vec<&Vec<u32>> =
        items.iter().map(|i| &i.region).filter(|v| v.iter().sum::<u32>() == 3).collect();
    ledger.count("one-rater-against-two.n", three.len());
    let one = culture_scores::shares::one_annotator(&three).unwrap();
    ledger.check("one-rater-against-two.jsd", one.jsd_against_the_others);
}

pub(crate) fn multilingual(data: &Data, ledger: &mut Ledger) {
    let folder = "seegull-multilingual/dataset/stereotypes";
    let mut all = 0;
    for file in data.files(folder) {
        let rows = data.csv(&format!("{folder}/{file}"));
        let name = file.strip_suffix(".csv").unwrap();
        ledger.count(&format!("{name}.rows"), rows.len());
        let stereotype =
            |row: &&Row| is_stereotype(&votes(row, ["stereotype", "non_stereotype", "unsure"]));
        ledger.count(&format!("{name}.stereotype"), rows.iter().filter(stereotype).count());
        all += rows.len();
    }
    ledger.count("rows", all);
}
