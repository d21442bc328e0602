//! Trivial replies to BLEnD: answers of another region, the second answer, one word for all, nonsense.

use std::collections::BTreeMap;

use culture_scores::reference::commonest;
use culture_scores::short::{BLEND_STEPS, EmptyTexts, MatchRule, SEM_B, SEM_W, Sem, clean, sem};

use super::blend::{Question, Region, Run};
use super::ledger::Ledger;

/// No reference holds it, and it holds none but an empty one.
const NONSENSE: &str = "zqxjkvbw";

/// Values of all kept questions, each reply cleaned; a missing one counts 0.
fn values<'a>(
    region: &'a Region,
    run: Run,
    rule: MatchRule,
    reply: impl Fn(&str, &'a Question) -> Option<&'a str>,
) -> Vec<Sem> {
    region
        .kept()
        .map(|(id, q)| {
            let reply = clean(reply(id, q).unwrap_or_default(), "", &BLEND_STEPS);
            sem(&reply, &q.references(run), rule, EmptyTexts::Keep)
        })
        .collect()
}

fn right(values: &[Sem]) -> usize {
    values.iter().filter(|value| value.binary == 1.0).count()
}

fn mean(values: &[Sem], of: fn(&Sem) -> f64) -> f64 {
    values.iter().map(of).sum::<f64>() / values.len() as f64
}

fn both(prefix: &str, values: &[Sem], ledger: &mut Ledger) -> (f64, f64) {
    let (b, w) =
        (SEM_B.printed(mean(values, |v| v.binary)), SEM_W.printed(mean(values, |v| v.weighted)));
    ledger.count(&format!("{prefix}.right"), right(values));
    ledger.check(&format!("{prefix}.sem-b"), b);
    ledger.check(&format!("{prefix}.sem-w"), w);
    (b, w)
}

pub(crate) fn check(regions: &[Region], ledger: &mut Ledger) {
    for (tag, rules) in [("US", &MatchRule::ALL[..]), ("GB", &MatchRule::ALL[..1])] {
        let other = regions.iter().find(|region| region.tag == tag).unwrap();
        let answers: BTreeMap<&str, &str> = other
            .questions
            .iter()
            .filter_map(|(id, q)| Some((id.as_str(), q.english(0)?)))
            .collect();
        let predictor = format!("{}-answer", tag.to_lowercase());
        for rule in rules {
            let means = regions.iter().filter_map(|region| {
                let values = values(region, Run::English, *rule, |id, _| answers.get(id).copied());
                let prefix = format!("{}.floor.{predictor}.{}", region.tag, rule.name());
                let found = both(&prefix, &values, ledger);
                (region.tag != tag).then_some(found)
            });
            let (b, w): (Vec<f64>, Vec<f64>) = means.unzip();
            let of_15 = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let prefix = format!("floor.{predictor}.{}.mean-of-15", rule.name());
            ledger.check(&format!("{prefix}.sem-b"), of_15(&b));
            ledger.check(&format!("{prefix}.sem-w"), of_15(&w));
        }
    }
    for region in regions {
        own(region, ledger);
    }
}

fn own(region: &Region, ledger: &mut Ledger) {
    use MatchRule::{Contains, Exact, Tokens};
    let tag = region.tag;
    let second = values(region, Run::English, Exact, |_, q| q.english(1));
    both(&format!("{tag}.floor.own-second.exact"), &second, ledger);
    for (name, rule) in [("contains", Contains), ("tokens", Tokens)] {
        let english = values(region, Run::English, rule, |_, q| q.english(0));
        ledger.count(&format!("{tag}.gold.english.{name}.right"), right(&english));
        let local = values(region, Run::Local, rule, |_, q| q.local());
        ledger.count(&format!("{tag}.gold.local.{name}.right"), right(&local));
    }
    let (word, count) = commonest(region.kept().filter_map(|(_, q)| q.english(0))).unwrap();
    ledger.check(&format!("{tag}.floor.commonest.word"), format!("{word} ({count})"));
    let same = values(region, Run::English, Exact, |_, _| Some(word));
    ledger.count(&format!("{tag}.floor.commonest.exact.right"), right(&same));
    for (name, run) in [("english", Run::English), ("local", Run::Local)] {
        let nonsense = values(region, run, Contains, |_, _| Some(NONSENSE));
        ledger.count(&format!("{tag}.floor.nonsense.{name}.contains.right"), right(&nonsense));
    }
}
