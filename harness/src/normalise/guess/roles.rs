//! Which column has which role: id, culture, split, text.

use std::collections::{BTreeMap, BTreeSet};

use super::found::{Answer, Culture, Guess, Parts, Said, Shows};
use super::names::{self, plain};
use super::sheet::{Column, Presence, Sheet};
use super::trouble::Trouble;
use crate::definition::answer::AnswerMap;
use crate::definition::split::Split;
use crate::definition::step::{CellOrder, Step};

/// The columns of a sheet, and which are taken.
#[derive(Debug)]
pub(super) struct Roles<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) said: &'a Said,
    /// Columns that have a role.
    taken: BTreeSet<String>,
    id: Option<String>,
    culture: Option<Culture>,
    split: Option<(String, BTreeMap<Split, Vec<String>>)>,
    pub(super) steps: Vec<Step>,
    pub(super) told: Vec<(&'static str, String)>,
}

impl<'a> Roles<'a> {
    /// Finds id, culture and split, which do not depend on what is answered.
    pub(super) fn new(sheet: &'a Sheet, said: &'a Said) -> Result<Self, Trouble> {
        let mut roles = Self {
            sheet,
            said,
            taken: BTreeSet::new(),
            id: None,
            culture: None,
            split: None,
            steps: Vec::new(),
            told: Vec::new(),
        };
        roles.reserve()?;
        roles.find_split()?;
        roles.find_id()?;
        roles.find_culture()?;
        Ok(roles)
    }

    /// Columns that the user gave a role are no others.
    fn reserve(&mut self) -> Result<(), Trouble> {
        let said = self.said;
        let single = [
            ("--id", &said.id),
            ("--text", &said.text),
            ("--context", &said.context),
            ("--culture", &said.culture),
            ("--split", &said.split),
            ("--gold", &said.gold),
        ];
        let lists =
            [("--options", &said.options), ("--shares", &said.shares), ("--pair", &said.pair)];
        let single =
            single.into_iter().flat_map(|(option, name)| name.iter().map(move |n| (option, n)));
        let lists =
            lists.into_iter().flat_map(|(option, names)| names.iter().map(move |n| (option, n)));
        for (option, name) in single.chain(lists) {
            self.sheet.named(name, option)?;
            self.taken.insert(name.clone());
        }
        Ok(())
    }

    /// Gives a column its role.
    pub(super) fn take(&mut self, column: &Column) -> Result<String, Trouble> {
        if column.name.contains(['{', '}', '|']) {
            return Err(Trouble::Name { name: column.name.clone() });
        }
        self.taken.insert(column.name.clone());
        Ok(column.name.clone())
    }

    /// The first column without a role that has one of these names, in the order of the names, and fits.
    pub(super) fn find(
        &self,
        names: &[&str],
        fits: impl Fn(&Column) -> bool,
    ) -> Option<&'a Column> {
        names.iter().find_map(|name| {
            self.free().find(|column| plain(&column.name) == *name && fits(column))
        })
    }

    /// Columns without a role.
    pub(super) fn free(&self) -> impl Iterator<Item = &'a Column> {
        self.sheet.columns.iter().filter(|column| !self.taken.contains(&column.name))
    }

    /// A name that no column has.
    pub(super) fn fresh(&self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.sheet.columns.iter().any(|column| column.name == name) {
            name.push('_');
        }
        name
    }

    pub(super) fn unclear(&self, what: &'static str, remedy: &'static str) -> Trouble {
        Trouble::Unclear { what, remedy, there: self.sheet.names() }
    }

    fn find_split(&mut self) -> Result<(), Trouble> {
        let found = match &self.said.split {
            Some(name) => {
                let column = self.sheet.named(name, "--split")?;
                let parts = parts_of(column).ok_or_else(|| Trouble::Options(format!(
                    "`--split {name}`: its cells are not all train, valid or test (or dev, validation, eval and the like), with rows of test; \
                     leave the option out, and rows are split by a hash"
                )))?;
                Some((column, parts))
            }
            None => self
                .find(names::SPLIT, |column| parts_of(column).is_some())
                .and_then(|column| Some((column, parts_of(column)?))),
        };
        if let Some((column, parts)) = found {
            let name = self.take(column)?;
            self.split = Some((name, parts));
        }
        Ok(())
    }

    fn find_id(&mut self) -> Result<(), Trouble> {
        let unique = |column: &Column| {
            let distinct: BTreeSet<&String> = column.cells.iter().collect();
            distinct.len() == column.cells.len() && !column.has_empty()
        };
        if let Some(name) = &self.said.id {
            let column = self.sheet.named(name, "--id")?;
            if !unique(column) {
                return Err(Trouble::Options(format!(
                    "`--id {name}`: two rows have the same id, or one has none; name another column, or leave the option out to number the rows"
                )));
            }
            self.id = Some(self.take(column)?);
        } else if let Some(column) = self.find(names::ID, |_| true) {
            let name = self.take(column)?;
            if unique(column) {
                self.id = Some(name);
            } else {
                self.told.push((
                    "id",
                    format!(
                        "the number of the row: two rows have the same `{name}`, or one has none"
                    ),
                ));
                return Ok(());
            }
        }
        let told =
            self.id.as_ref().map_or("the number of the row".to_owned(), |name| format!("`{name}`"));
        self.told.push(("id", told));
        Ok(())
    }

    fn find_culture(&mut self) -> Result<(), Trouble> {
        let said = self.said;
        if said.culture.is_some() && said.one_culture.is_some() {
            return Err(Trouble::Options(
                "`--culture` names a column and `--one-culture` the culture of all rows; give one of them".to_owned(),
            ));
        }
        if let Some(tag) = &said.one_culture {
            self.told.push(("culture", format!("`{tag}` in all rows")));
            self.culture = Some(Culture::One(tag.clone()));
            return Ok(());
        }
        let column = match &said.culture {
            Some(name) => self.sheet.named(name, "--culture")?,
            None => self.find(names::CULTURE, |column| !column.has_empty()).ok_or_else(|| {
                self.unclear(
                    "the column of the culture",
                    "`--culture COLUMN`, or with `--one-culture TAG` if all rows are about the same culture",
                )
            })?,
        };
        if let Some(row) = column.cells.iter().position(|cell| cell.trim().is_empty()) {
            return Err(Trouble::Row {
                row: row + 1,
                problem: format!("`{}` is empty", column.name),
                remedy: "fill it in, or name another column with `--culture`".to_owned(),
            });
        }
        let name = self.take(column)?;
        self.told.push(("culture", format!("`{name}` ({} cultures)", column.distinct().len())));
        self.culture = Some(Culture::Column(name));
        Ok(())
    }

    /// The columns that make the text: what comes before it, and the text.
    fn find_text(&mut self, answer: &Answer) -> Result<Vec<String>, Trouble> {
        if matches!(answer, Answer::Other { map: AnswerMap::Preference { .. }, .. }) {
            return Ok(Vec::new());
        }
        let context = match &self.said.context {
            Some(name) => Some(self.sheet.named(name, "--context")?),
            None => self.find(names::CONTEXT, |_| true),
        };
        let text = match &self.said.text {
            Some(name) => Some(self.sheet.named(name, "--text")?),
            None => self.find(names::TEXT, |_| true).or_else(|| match context {
                Some(_) => None,
                None => self.only_prose(),
            }),
        };
        let mut columns = Vec::new();
        for column in context.into_iter().chain(text) {
            if column.has_empty() {
                self.steps.push(Step::SkipEmpty { column: column.name.clone() });
            }
            columns.push(self.take(column)?);
        }
        if columns.is_empty() {
            return Err(self.unclear("the column of the text that models read", "`--text COLUMN`"));
        }
        let quoted: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
        self.told.push(("text", quoted.join(", then ")));
        Ok(columns)
    }

    /// The one free column whose cells are sentences.
    fn only_prose(&self) -> Option<&'a Column> {
        let prose = |column: &&Column| {
            let words: usize =
                column.cells.iter().map(|cell| cell.split_whitespace().count()).sum();
            words >= 3 * column.cells.len()
        };
        let mut found = self.free().filter(prose);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    /// Puts together what was found.
    pub(super) fn guess(mut self, answer: Answer) -> Result<Guess, Trouble> {
        let text = self.find_text(&answer)?;
        let culture = self.culture.clone().unwrap_or_else(|| Culture::One(String::new()));
        let parts = self.parts(&answer);
        let (repeated, shows) = self.repeated(&text, &culture, &answer);
        let same_text = repeated.then(|| self.fresh("same_text"));
        if let Some(to) = &same_text {
            let (columns, to) = (text.clone(), to.clone());
            self.steps.push(Step::Hash { columns, to, order: CellOrder::Given });
        }
        let used = |column: &&Column| self.taken.contains(&column.name);
        let (always, sometimes): (Vec<&Column>, Vec<&Column>) = (self.sheet.columns.iter())
            .filter(used)
            // A name that ends in a question mark can only be read as one that may be missing.
            .partition(|column| column.presence == Presence::Always && !column.name.ends_with('?'));
        let names = |columns: Vec<&Column>| columns.into_iter().map(|c| c.name.clone()).collect();
        Ok(Guess {
            columns: names(always),
            optional: names(sometimes),
            id: self.id,
            text,
            culture,
            shows,
            same_text,
            parts,
            answer,
            steps: self.steps,
            rows: self.sheet.len(),
            told: self.told,
        })
    }

    fn parts(&mut self, answer: &Answer) -> Parts {
        /// Fewer rows are all scored: nothing can be learned from so few.
        const LEAST: usize = 50;
        if let Some((column, cells)) = self.split.take() {
            let parts: Vec<&str> = cells.keys().map(|part| part.name()).collect();
            self.told.push(("split", format!("`{column}` ({})", parts.join(", "))));
            return Parts::Given { column, cells };
        }
        let labels = matches!(answer, Answer::Label { .. });
        if labels && self.sheet.len() >= LEAST {
            self.told.push(("split", "by a hash: 70 % train, 10 % valid, 20 % test".to_owned()));
            return Parts::Hash;
        }
        let why = if labels {
            format!(", with fewer than {LEAST} rows to learn from")
        } else {
            String::new()
        };
        self.told.push(("split", format!("all rows are scored{why}")));
        Parts::Test
    }

    /// Whether some rows have the same text, and whether models are given the culture: where the same text is there for several
    /// cultures, or people's answers are asked for.
    fn repeated(&self, text: &[String], culture: &Culture, answer: &Answer) -> (bool, Shows) {
        let column = |name: &String| self.sheet.columns.iter().find(|column| column.name == *name);
        let texts: Vec<&Column> = text.iter().filter_map(column).collect();
        let cultures = match culture {
            Culture::Column(name) => column(name),
            Culture::One(_) => None,
        };
        let mut seen: BTreeMap<Vec<&str>, &str> = BTreeMap::new();
        let (mut repeated, mut of_several) = (false, false);
        for row in 0..if texts.is_empty() { 0 } else { self.sheet.len() } {
            let key: Vec<&str> = texts.iter().map(|column| column.cells[row].as_str()).collect();
            let own = cultures.map_or("", |column| column.cells[row].as_str());
            if let Some(first) = seen.insert(key, own) {
                repeated = true;
                of_several |= first != own;
            }
        }
        let asks_people =
            matches!(answer, Answer::Other { map: AnswerMap::Distribution { .. }, .. });
        let shows = if of_several || asks_people && cultures.is_some() {
            Shows::TextAndCulture
        } else {
            Shows::Text
        };
        (repeated, shows)
    }
}

/// The parts that the cells of a column name; none where a cell names none, or no row is test.
fn parts_of(column: &Column) -> Option<BTreeMap<Split, Vec<String>>> {
    let mut parts: BTreeMap<Split, Vec<String>> = BTreeMap::new();
    let cells: BTreeSet<&String> = column.cells.iter().collect();
    for cell in cells {
        let part = match cell.trim().to_lowercase().as_str() {
            "train" | "training" => Split::Train,
            "valid" | "validation" | "val" | "dev" | "development" => Split::Valid,
            "test" | "testing" | "eval" | "evaluation" => Split::Test,
            _ => return None,
        };
        parts.entry(part).or_default().push(cell.clone());
    }
    parts.contains_key(&Split::Test).then_some(parts)
}
