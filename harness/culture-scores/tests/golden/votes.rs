//! CREHate: five votes of each of five countries on a post.

use std::collections::{BTreeMap, BTreeSet};

use culture_scores::reference::mean_shares;
use culture_scores::shares::{
    BetaBinomial, ShareScore, entropy_bits, of_votes, one_annotator, one_hot, pair_agreement,
    split_half, uniform,
};
use eval_stats::annotators::krippendorff_alpha;

use super::ledger::Ledger;
use super::read::Data;

const COUNTRIES: [(&str, &str); 5] = [
    ("US", "United States"),
    ("AU", "Australia"),
    ("GB", "United Kingdom"),
    ("ZA", "South Africa"),
    ("SG", "Singapore"),
];

/// A post -> shares of no hate and of hate.
type Predictor<'a> = Box<dyn Fn(&str) -> Option<Vec<f64>> + 'a>;

/// Votes for no hate and for hate, by post; the number of votes "don't know".
#[derive(Default)]
struct Country {
    posts: BTreeMap<String, [u32; 2]>,
    unsure: usize,
}

impl Country {
    fn ballots(&self) -> Vec<[u32; 2]> {
        self.posts.values().copied().collect()
    }
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    let mut countries: BTreeMap<&str, Country> = BTreeMap::new();
    for row in data.csv("crehate/data/CREHate_raw_annotations.csv") {
        let (tag, _) = *COUNTRIES
            .iter()
            .find(|(_, name)| row["nationality"].replace('_', " ") == *name)
            .unwrap();
        let country = countries.entry(tag).or_default();
        let votes = country.posts.entry(row["ID"].clone()).or_default();
        match row["annotation"].as_str() {
            "0" => votes[0] += 1,
            "1" => votes[1] += 1,
            _ => country.unsure += 1,
        }
    }
    ledger.count("examples", countries.values().map(|country| country.posts.len()).sum());
    let mut odd: Vec<String> = Vec::new();
    for (tag, country) in &countries {
        let other = country.posts.iter().filter(|(_, [no, yes])| no + yes != 5);
        odd.extend(other.map(|(post, [no, yes])| format!("{post}/{tag}:{}", no + yes)));
    }
    odd.sort();
    ledger.check("not-five-votes", odd);
    let test: BTreeSet<String> = data
        .csv("crehate/finetune/data_splits/CREHate_test.csv")
        .into_iter()
        .map(|row| row["ID"].clone())
        .collect();
    for tag in countries.keys().copied() {
        describe(tag, &countries[tag], ledger);
        lines(tag, &countries, ledger);
        annotators(tag, &countries[tag].ballots(), ledger);
        in_test(tag, &countries[tag], &test, ledger);
    }
}

fn shares(votes: [u32; 2]) -> Vec<f64> {
    of_votes(&votes).unwrap()
}

fn describe(tag: &str, country: &Country, ledger: &mut Ledger) {
    ledger.count(&format!("{tag}.posts"), country.posts.len());
    ledger.count(&format!("{tag}.unsure-votes-dropped"), country.unsure);
    let mut by_votes = vec![0_u64; 6];
    for [no, yes] in country.posts.values() {
        if no + yes == 5 {
            by_votes[*yes as usize] += 1;
        }
    }
    ledger.check(&format!("{tag}.posts-by-hate-votes-of-five"), by_votes);
    let all: Vec<Vec<f64>> = country.posts.values().map(|votes| shares(*votes)).collect();
    ledger.check(&format!("{tag}.mean-share"), mean_shares(&all).unwrap().unwrap()[1]);
    let entropy = all.iter().map(|shares| entropy_bits(shares)).sum::<f64>() / all.len() as f64;
    ledger.check(&format!("{tag}.entropy-bits"), entropy);
}

fn lines(tag: &str, countries: &BTreeMap<&str, Country>, ledger: &mut Ledger) {
    let own = &countries[tag].posts;
    let rate = mean_shares(&own.values().map(|votes| shares(*votes)).collect::<Vec<_>>())
        .unwrap()
        .unwrap();
    let mut predictors: Vec<(String, Predictor<'_>)> = vec![
        ("uniform".to_owned(), Box::new(|_| Some(uniform(2)))),
        ("country-rate".to_owned(), Box::new(|_| Some(rate.clone()))),
        ("all-non-hate".to_owned(), Box::new(|_| Some(vec![1.0, 0.0]))),
        (
            "hard-majority".to_owned(),
            Box::new(|post| {
                let [no, yes] = own[post];
                assert_ne!(no, yes, "{post}: the published label has no ties");
                Some(one_hot(usize::from(yes > no), 2).unwrap())
            }),
        ),
        (
            "votes-of-the-other-four-countries".to_owned(),
            Box::new(|post| {
                let others = countries.iter().filter(|(other, _)| **other != tag);
                let votes = others.filter_map(|(_, country)| country.posts.get(post));
                let sums = votes.fold([0, 0], |[a, b], [no, yes]| [a + no, b + yes]);
                of_votes(&sums).ok()
            }),
        ),
    ];
    for other in countries.keys().filter(|other| **other != tag) {
        let posts = &countries[other].posts;
        predictors
            .push((format!("votes-of-{other}"), Box::new(|post| of_votes(posts.get(post)?).ok())));
    }
    for (name, predict) in predictors {
        let pairs: Vec<(Vec<f64>, Vec<f64>)> =
            own.iter().filter_map(|(post, votes)| Some((predict(post)?, shares(*votes)))).collect();
        for score in [ShareScore::Jsd, ShareScore::Tv, ShareScore::CrossEntropy] {
            let value = score.mean(pairs.iter().map(|(p, q)| (p, q))).unwrap();
            ledger.figure(&format!("{tag}.{name}.{}", score.facts().name), value);
        }
    }
}

fn annotators(tag: &str, ballots: &[[u32; 2]], ledger: &mut Ledger) {
    let five: Vec<[u32; 2]> = ballots.iter().copied().filter(|[no, yes]| no + yes == 5).collect();
    let one = one_annotator(&five).unwrap();
    let prefix = format!("{tag}.one-annotator");
    ledger.check(
        &format!("{prefix}.accuracy-against-the-other-four"),
        one.accuracy_against_the_others,
    );
    ledger.check(&format!("{prefix}.accuracy-against-all-five"), one.accuracy_against_all);
    ledger.check(&format!("{prefix}.jsd-against-the-other-four"), one.jsd_against_the_others);
    let split = split_half(ballots, 5).unwrap();
    ledger.check(&format!("{tag}.split-half.jsd"), split.jsd);
    ledger.check(&format!("{tag}.split-half.agreement"), split.agreement);
    ledger.figure(&format!("{tag}.split-half.pearson"), split.pearson);
    ledger.check(&format!("{tag}.krippendorff-alpha"), krippendorff_alpha(ballots).unwrap().alpha);
    ledger.check(&format!("{tag}.pair-agreement"), pair_agreement(&five).unwrap());
    // The table of the design page, four decimals: JSD and TV of who knows every share exactly.
    let printed = [("US", 0.0379, 0.1161), ("AU", 0.0416, 0.1296), ("SG", 0.0443, 0.1404)];
    if let Some((_, jsd, tv)) = printed.into_iter().find(|(country, ..)| *country == tag) {
        let people = BetaBinomial::by_moments(ballots, 5).unwrap();
        let of = |score| people.perfect_knowledge(score, 5).unwrap();
        assert!((of(ShareScore::Jsd) - jsd).abs() < 1e-4, "{tag} {}", of(ShareScore::Jsd));
        assert!((of(ShareScore::Tv) - tv).abs() < 1e-4, "{tag} {}", of(ShareScore::Tv));
    }
}

fn in_test(tag: &str, country: &Country, test: &BTreeSet<String>, ledger: &mut Ledger) {
    let own: Vec<Vec<f64>> = country
        .posts
        .iter()
        .filter(|(post, _)| test.contains(*post))
        .map(|(_, votes)| shares(*votes))
        .collect();
    ledger.check(&format!("{tag}.test.mean-share"), mean_shares(&own).unwrap().unwrap()[1]);
    let pairs = own.iter().map(|shares| (uniform(2), shares));
    ledger.figure(&format!("{tag}.test.uniform.jsd"), ShareScore::Jsd.mean(pairs).unwrap());
}
