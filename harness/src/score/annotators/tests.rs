use super::*;
use crate::example::{Coded, Votes};

/// Items that three people of each of two cultures voted on: `votes[item][culture]` for yes.
fn examples(yes: &[[u32; 2]]) -> (Examples, Vec<&'static str>) {
    let mut out = Examples { votes: Votes::new(2), ..Examples::default() };
    out.cultures.names = vec!["A".to_owned(), "B".to_owned()];
    let mut splits = Vec::new();
    for (item, row) in yes.iter().enumerate() {
        for (culture, &yes) in row.iter().enumerate() {
            out.ids.push(&format!("{item}/{culture}"));
            out.texts.push("");
            out.labels.push(u32::from(yes > 1));
            out.cultures.codes.push(culture as u32);
            out.clusters.push(item as u32);
            out.votes.push(&[3 - yes, yes]);
            splits.push(if item % 2 == 0 { "test" } else { "train" });
        }
    }
    (out, splits)
}

fn labels() -> Vec<String> {
    vec!["no".to_owned(), "yes".to_owned()]
}

/// All agree on every item, and the two cultures always disagree: nothing is noise, and half is the culture.
#[test]
fn cultures_that_always_disagree_leave_a_blind_model_at_chance() {
    let rows: Vec<[u32; 2]> = (0..60).map(|i| if i % 2 == 0 { [3, 0] } else { [0, 3] }).collect();
    let (examples, splits) = examples(&rows);
    let found = examine(&examples, &splits, &labels(), Some(1)).unwrap();
    assert_eq!((found.votes, found.items, found.panel), (360, 60, 3));
    assert_eq!(found.cultures["A"].alpha.unwrap().value, 1.0);
    assert_eq!(found.mean.one_against_the_rest.unwrap().value, 1.0);
    assert!(found.mean.ceiling.unwrap().value > 0.99, "{found:?}");
    let variance = found.variance.unwrap();
    assert!(variance.item_by_culture > 0.99, "{variance:?}");
}

#[test]
fn an_item_with_two_examples_of_a_culture_has_no_layout() {
    let (mut examples, splits) = examples(&[[3, 0], [1, 2], [2, 2], [0, 1]]);
    examples.cultures = Coded { names: vec!["A".to_owned()], codes: vec![0; 8] };
    let found = examine(&examples, &splits, &labels(), None).unwrap();
    assert!(found.culture.is_none() && found.variance.is_none());
    assert!(found.refused[0].contains("one example of each item"), "{:?}", found.refused);
    assert_eq!(found.cultures.len(), 1);
    assert!(found.lines().iter().any(|line| line.starts_with("A: Krippendorff's alpha")));
}

#[test]
fn without_votes_there_is_nothing_to_say() {
    let (mut examples, splits) = examples(&[[3, 0]]);
    examples.votes = Votes::default();
    assert_eq!(examine(&examples, &splits, &labels(), None), None);
}
