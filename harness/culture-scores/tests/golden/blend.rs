//! BLEnD: cleaning, matching, and trivial replies in all regions.

use culture_scores::short::{BLEND_STEPS, MatchRule, Reference, clean, references};
use serde::Deserialize;
use serde_json::json;

use super::blend_floors;
use super::ledger::Ledger;
use super::read::{Data, Members, fingerprint};

const REGIONS: [(&str, &str); 16] = [
    ("UK", "GB"),
    ("US", "US"),
    ("South_Korea", "KR"),
    ("Algeria", "DZ"),
    ("China", "CN"),
    ("Indonesia", "ID"),
    ("Spain", "ES"),
    ("Iran", "IR"),
    ("Mexico", "MX"),
    ("Assam", "AS"),
    ("Greece", "GR"),
    ("Ethiopia", "ET"),
    ("Northern_Nigeria", "NG"),
    ("Azerbaijan", "AZ"),
    ("North_Korea", "KP"),
    ("West_Java", "JB"),
];

#[derive(Debug, Deserialize)]
pub(crate) struct Question {
    #[serde(rename = "question")]
    local: String,
    #[serde(rename = "en_question")]
    english: String,
    pub(crate) annotations: Vec<Group>,
    idks: Idks,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) answers: Vec<String>,
    pub(crate) en_answers: Vec<String>,
    pub(crate) count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Idks {
    idk: u32,
    no_answer: u32,
    not_applicable: u32,
}

/// In which language references are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    English,
    Local,
}

impl Question {
    /// The authors leave out what too few could answer.
    fn is_kept(&self) -> bool {
        let idks = &self.idks;
        idks.no_answer + idks.not_applicable < 3 && idks.idk < 5 && !self.annotations.is_empty()
    }

    pub(crate) fn references(&self, run: Run) -> Vec<Reference> {
        let texts = |group: &Group| match run {
            Run::English => group.en_answers.clone(),
            Run::Local => [group.answers.clone(), group.en_answers.clone()].concat(),
        };
        references(self.annotations.iter().map(|group| (texts(group), group.count))).unwrap()
    }

    /// The first English text of the group at a rank.
    pub(crate) fn english(&self, rank: usize) -> Option<&str> {
        self.annotations.get(rank)?.en_answers.first().map(String::as_str)
    }

    /// The first local text of the first group.
    pub(crate) fn local(&self) -> Option<&str> {
        self.annotations.first()?.answers.first().map(String::as_str)
    }
}

pub(crate) struct Region {
    pub(crate) tag: &'static str,
    pub(crate) questions: Vec<(String, Question)>,
}

impl Region {
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&str, &Question)> {
        self.questions.iter().filter(|(_, q)| q.is_kept()).map(|(id, q)| (id.as_str(), q))
    }
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    cases(ledger);
    let regions: Vec<Region> = REGIONS
        .into_iter()
        .map(|(name, tag)| {
            let members: Members<Question> =
                data.json(&format!("blend/data/annotations/{name}_data.json"));
            describe(data, name, tag, &members, ledger);
            Region { tag, questions: members.0 }
        })
        .collect();
    ledger.count("kept.total", regions.iter().map(|region| region.kept().count()).sum());
    for region in &regions {
        counts(region, ledger);
    }
    blend_floors::check(&regions, ledger);
}

/// Replies and texts of our own, which went through the authors' program.
fn cases(ledger: &mut Ledger) {
    #[derive(Deserialize)]
    struct Cleaning {
        prompt: String,
        reply: String,
    }
    #[derive(Deserialize)]
    struct Matching {
        reference: String,
        #[serde(rename = "cleaned reply")]
        reply: String,
    }
    for golden in ledger.cases("blend.clean.") {
        let case: Cleaning = serde_json::from_str(&golden.what).unwrap();
        let id = golden.id.strip_prefix("blend.").unwrap();
        ledger.check(id, clean(&case.reply, &case.prompt, &BLEND_STEPS));
    }
    for golden in ledger.cases("blend.match.") {
        let Matching { reference, reply } = serde_json::from_str(&golden.what).unwrap();
        let of = |rule: MatchRule| rule.matches(&reference, &reply);
        let found = json!({
            "exact": of(MatchRule::Exact),
            "contains": of(MatchRule::Contains),
            "tokens": of(MatchRule::Tokens),
        });
        ledger.check(golden.id.strip_prefix("blend.").unwrap(), found);
    }
}

/// The column `Question` is the local text and `Translation` the English one, whatever the README says.
fn describe(data: &Data, name: &str, tag: &str, members: &Members<Question>, ledger: &mut Ledger) {
    let rows = data.csv(&format!("blend/data/questions/{name}_questions.csv"));
    let same = |column: &str, text: fn(&Question) -> &str| {
        let is = |(id, question): &&(String, Question)| {
            rows.iter().any(|row| row["ID"] == *id && row[column] == text(question))
        };
        members.0.iter().filter(is).count()
    };
    ledger.count(
        &format!("{tag}.questions.local-in-column-Question"),
        same("Question", |q| &q.local),
    );
    ledger.count(
        &format!("{tag}.questions.english-in-column-Translation"),
        same("Translation", |q| &q.english),
    );
    for topic in
        ["Education", "Family", "Food", "Holidays/Celebration/Leisure", "Sport", "Work life"]
    {
        let count = rows.iter().filter(|row| row["Topic"] == topic).count();
        ledger.count(&format!("topics.{tag}.{topic}"), count);
    }
}

fn counts(region: &Region, ledger: &mut Ledger) {
    let tag = region.tag;
    ledger.count(&format!("{tag}.rows"), region.questions.len());
    ledger.count(&format!("{tag}.kept"), region.kept().count());
    let texts = |of: fn(&Group) -> usize| {
        region.kept().flat_map(|(_, q)| q.annotations.iter().map(of)).sum()
    };
    ledger.count(&format!("{tag}.references.local"), texts(|group| group.answers.len()));
    ledger.count(&format!("{tag}.references.english"), texts(|group| group.en_answers.len()));
    let top = region.kept().map(|(_, q)| q.annotations[0].count as usize).sum();
    ledger.count(&format!("{tag}.top-votes.sum"), top);
    let digest = fingerprint(region.kept().map(|(id, q)| {
        let votes: u32 = q.annotations.iter().map(|group| group.count).sum();
        vec![id.to_owned(), q.annotations.len().to_string(), votes.to_string()]
    }));
    ledger.check(&format!("{tag}.fingerprint"), digest);
}
