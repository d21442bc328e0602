//! The kind of answer, and the columns that hold it.

use super::found::Answer;
use super::gold::{self, GoldForm, NoGold};
use super::many::{Many, options, quoted};
use super::names::{self, plain, suffix};
use super::roles::Roles;
use super::sheet::{Column, List, Separated};
use super::trouble::Trouble;
use crate::definition::answer::{AnswerMap, EmptyTexts, Kind, OptionList, Pick, Scale};
use crate::definition::step::Step;
use crate::example::letter;
use crate::normalise::value::Value;

/// Most labels: each has a letter in prompts.
const LABELS: usize = 26;

/// Finds what is answered.
pub(super) fn answer(roles: &mut Roles<'_>) -> Result<Answer, Trouble> {
    let kind = match roles.said.kind {
        Some(kind) => kind,
        None => kind(roles)?,
    };
    match kind {
        Kind::Preference => preference(roles),
        Kind::Distribution => distribution(roles),
        Kind::Choice => choice(roles),
        Kind::Label => label(roles),
        Kind::Short => short(roles),
        Kind::ChoicesOf | Kind::MapItem => Err(Trouble::Options(
            "this kind of answer cannot be guessed; write its definition by hand (docs/definition-keys.md)".to_owned(),
        )),
    }
}

fn kind(roles: &Roles<'_>) -> Result<Kind, Trouble> {
    let said = roles.said;
    if !said.pair.is_empty() || pair(roles).is_some() {
        return Ok(Kind::Preference);
    }
    if !said.shares.is_empty() || shares(roles).is_some() {
        return Ok(Kind::Distribution);
    }
    if !said.options.is_empty() || options(roles).is_some() {
        return Ok(Kind::Choice);
    }
    if let Some(name) = &said.gold {
        let column = roles.sheet.named(name, "--gold")?;
        return Ok(if is_label(column) { Kind::Label } else { Kind::Short });
    }
    if roles.find(names::LABEL, is_label).is_some() {
        return Ok(Kind::Label);
    }
    if roles.find(names::REFERENCES, |_| true).is_some() {
        return Ok(Kind::Short);
    }
    Err(roles.unclear(
        "the kind of answer",
        "`--gold COLUMN` for a label or an answer, `--options COLUMNS` for questions with options, `--shares COLUMNS` for votes of people, or `--pair MORE,LESS` for two sentences",
    ))
}

/// Few different cells, short ones, each in some rows.
fn is_label(column: &Column) -> bool {
    const LONGEST: usize = 40;
    let distinct = column.distinct();
    let short = distinct.iter().all(|cell| cell.chars().count() <= LONGEST);
    (2..=LABELS).contains(&distinct.len())
        && 2 * distinct.len() <= column.cells.len()
        && short
        && column.list(Separated::Never).is_none()
}

fn label(roles: &mut Roles<'_>) -> Result<Answer, Trouble> {
    let column = match &roles.said.gold {
        Some(name) => roles.sheet.named(name, "--gold")?,
        None => (roles.find(names::LABEL, is_label).or_else(|| roles.find(names::LABEL, |_| true)))
            .ok_or_else(|| roles.unclear("the column of the label", "`--gold COLUMN`"))?,
    };
    let distinct = column.distinct();
    if distinct.len() > LABELS {
        return Err(Trouble::ManyLabels { column: column.name.clone(), count: distinct.len() });
    }
    if distinct.len() < 2 {
        let cell = distinct.first().copied().unwrap_or_default().to_owned();
        return Err(Trouble::OneLabel { column: column.name.clone(), cell });
    }
    let labels: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
    let name = roles.take(column)?;
    tidy(roles, &[column], column);
    roles.told.push(("answer", format!("a label: `{name}` ({})", quoted(&labels))));
    Ok(Answer::Label { column: name, labels })
}

/// Trims cells, and skips rows of which what is right is empty.
fn tidy(roles: &mut Roles<'_>, columns: &[&Column], gold: &Column) {
    let blanks: Vec<String> =
        columns.iter().filter(|c| c.has_blanks()).map(|c| c.name.clone()).collect();
    if !blanks.is_empty() {
        roles.steps.push(Step::Trim { columns: blanks });
    }
    if gold.has_empty() {
        roles.steps.push(Step::SkipEmpty { column: gold.name.clone() });
    }
}

/// The options that were said or found; every row has two or more, none of which is empty.
fn said_or_found<'a>(roles: &Roles<'a>) -> Result<Option<Many<'a>>, Trouble> {
    let found = match roles.said.options.as_slice() {
        [] => options(roles),
        names => Some(Many::said(roles, names, "--options")?),
    };
    let Some(found) = found else { return Ok(None) };
    for row in 0..roles.sheet.len() {
        let texts = found.of(row);
        let empty = texts.iter().position(|text| text.trim().is_empty());
        if texts.len() >= 2 && empty.is_none() {
            continue;
        }
        let problem = match empty {
            Some(at) => format!("option {} of {} is empty", letter(at), found.shown()),
            None => format!("{} has fewer than two options", found.shown()),
        };
        let remedy = "name columns that every row has with `--options`; if the number of options varies, put them into one column as a JSON list; or correct the row";
        return Err(Trouble::Row { row: row + 1, problem, remedy: remedy.to_owned() });
    }
    Ok(Some(found))
}

/// How many options every row has; none where they differ.
fn count(rows: &[Vec<String>]) -> Option<usize> {
    let first = rows.first()?.len();
    rows.iter().all(|row| row.len() == first).then_some(first)
}

fn choice(roles: &mut Roles<'_>) -> Result<Answer, Trouble> {
    let options = said_or_found(roles)?
        .ok_or_else(|| roles.unclear("the columns of the options", "`--options COLUMNS`"))?;
    let texts: Vec<Vec<String>> = (0..roles.sheet.len()).map(|row| options.of(row)).collect();
    let list = options.take(roles)?;
    roles.told.push(("options", options.shown()));
    let column = match &roles.said.gold {
        Some(name) => roles.sheet.named(name, "--gold")?,
        None => roles
            .find(names::GOLD, |_| true)
            .ok_or_else(|| roles.unclear("the column of the right option", "`--gold COLUMN`"))?,
    };
    let columns: Vec<String> = match options.list {
        None => options.columns.iter().map(|column| column.name.clone()).collect(),
        Some(_) => Vec::new(),
    };
    let name = roles.take(column)?;
    let found = gold::find(&column.cells, &texts, &columns, roles.said.gold_is);
    let found = found.map_err(|no| match no {
        NoGold::None { row, cell } => Trouble::NoGold { row, column: name.clone(), cell },
        NoGold::Several(forms) => Trouble::SeveralForms { column: name.clone(), forms },
    })?;
    let mut trimmed = if options.list.is_none() { options.columns.clone() } else { Vec::new() };
    if found.form == GoldForm::Text {
        trimmed.push(column);
    }
    tidy(roles, &trimmed, column);
    let pick = pick(roles, &name, &found);
    roles
        .told
        .push(("answer", format!("one of the options: `{name}` gives its {}", found.form.name())));
    Ok(Answer::Other {
        map: AnswerMap::Choice {
            options: list,
            gold: pick,
            roles: std::collections::BTreeMap::new(),
        },
        options: count(&texts),
    })
}

/// How a definition says the right option; a step maps cells that it cannot read.
fn pick(roles: &mut Roles<'_>, column: &str, found: &gold::Gold) -> Pick {
    let template = format!("{{{column}}}");
    let all =
        |fits: &dyn Fn(&str, usize) -> bool| found.places.iter().all(|(cell, at)| fits(cell, *at));
    if found.form == GoldForm::Text {
        return Pick::Text(template);
    }
    if all(&|cell, at| cell.trim() == letter(at)) {
        return Pick::Letter(template);
    }
    if all(&|cell, at| cell.trim().parse() == Ok(at)) {
        return Pick::Place(template);
    }
    let to = roles.fresh("gold_place");
    let values = found.places.iter().map(|(cell, at)| (cell.clone(), at.to_string())).collect();
    roles.steps.push(Step::Map {
        column: column.to_owned(),
        to: Some(to.clone()),
        values,
        otherwise: None,
    });
    Pick::Place(format!("{{{to}}}"))
}

/// Two sentences by the names of their columns.
fn pair<'a>(roles: &Roles<'a>) -> Option<[&'a Column; 2]> {
    names::PAIRS.iter().find_map(|(more, less)| {
        Some([roles.find(&[more], |_| true)?, roles.find(&[less], |_| true)?])
    })
}

fn preference(roles: &mut Roles<'_>) -> Result<Answer, Trouble> {
    let [more, less] = match roles.said.pair.as_slice() {
        [] => pair(roles).ok_or_else(|| {
            roles.unclear("the columns of the two sentences", "`--pair MORE,LESS`")
        })?,
        [more, less] => [roles.sheet.named(more, "--pair")?, roles.sheet.named(less, "--pair")?],
        _ => {
            return Err(Trouble::Options(
                "`--pair` needs two columns with a comma between: the more stereotyped sentence, then the less stereotyped one".to_owned(),
            ));
        }
    };
    let names = [roles.take(more)?, roles.take(less)?];
    for column in [more, less] {
        if column.has_empty() {
            roles.steps.push(Step::SkipEmpty { column: column.name.clone() });
        }
    }
    let [more, less] = names;
    roles.told.push((
        "answer",
        format!(
            "the likelier of two sentences: `{more}` is the more stereotyped, `{less}` the other"
        ),
    ));
    let map = AnswerMap::Preference { more: format!("{{{more}}}"), less: format!("{{{less}}}") };
    Ok(Answer::Other { map, options: Some(2) })
}

/// A share, a percentage or a count.
fn is_number(text: &str) -> bool {
    text.trim().parse().is_ok_and(|number: f64| number.is_finite() && number >= 0.0)
}

/// One column with lists of numbers, or columns that begin with such a name.
fn shares<'a>(roles: &Roles<'a>) -> Option<Many<'a>> {
    let list = |column: &Column| {
        let numbers = |list: &List| {
            column
                .cells
                .iter()
                .all(|cell| list.of(cell).iter().all(|value| is_number(&value.words())))
        };
        column.list(Separated::Everywhere).filter(numbers)
    };
    if let Some(column) = roles.find(names::SHARES, |column| list(column).is_some()) {
        return Some(Many { columns: vec![column], list: list(column) });
    }
    names::SHARES.iter().find_map(|begin| {
        let of = |column: &&Column| {
            suffix(&plain(&column.name), begin).is_some()
                && plain(&column.name).starts_with(&format!("{begin}_"))
                && column.cells.iter().all(|cell| is_number(cell))
        };
        let columns: Vec<&Column> = roles.free().filter(of).collect();
        (columns.len() >= 2).then_some(Many { columns, list: None })
    })
}

fn distribution(roles: &mut Roles<'_>) -> Result<Answer, Trouble> {
    let shares = match roles.said.shares.as_slice() {
        [] => shares(roles).ok_or_else(|| {
            roles.unclear("the columns with the shares or votes of people", "`--shares COLUMNS`")
        })?,
        names => Many::said(roles, names, "--shares")?,
    };
    let numbers = shares.take(roles)?;
    let options = said_or_found(roles)?;
    let (texts, list): (Vec<Vec<String>>, OptionList) = match (&options, &shares.list) {
        (Some(options), _) => {
            let texts = (0..roles.sheet.len()).map(|row| options.of(row)).collect();
            roles.told.push(("options", options.shown()));
            (texts, options.take(roles)?)
        }
        (None, Some(_)) => {
            return Err(roles.unclear("the columns of the options", "`--options COLUMNS`"));
        }
        // The columns' names are the options.
        (None, None) => {
            let names = own_names(&shares.columns);
            roles.told.push(("options", format!("the names of the columns: {}", quoted(&names))));
            (
                vec![names.clone(); roles.sheet.len()],
                OptionList::Templates(names.iter().map(|n| escaped(n)).collect()),
            )
        }
    };
    let votes = is_votes(roles, &shares, &texts)?;
    let what = if votes { "votes" } else { "shares" };
    roles.told.push(("answer", format!("{what} of people over the options: {}", shares.shown())));
    let map =
        AnswerMap::Distribution { options: list, shares: numbers, votes, scale: Scale::Nominal };
    Ok(Answer::Other { map, options: count(&texts) })
}

/// Whether the numbers are counts of votes: whole, and more than one in some row. Every row has as many as it has options.
fn is_votes(
    roles: &Roles<'_>,
    shares: &Many<'_>,
    options: &[Vec<String>],
) -> Result<bool, Trouble> {
    let (mut whole, mut most) = (true, 0.0_f64);
    for (row, options) in options.iter().enumerate() {
        let numbers = shares.of(row);
        let wrong = |problem: String, remedy: &str| Trouble::Row {
            row: row + 1,
            problem,
            remedy: remedy.to_owned(),
        };
        if numbers.len() != options.len() {
            let problem = format!("{} numbers for {} options", numbers.len(), options.len());
            return Err(wrong(
                problem,
                "name others with `--shares` or `--options`, or correct the row",
            ));
        }
        for number in numbers {
            let Ok(value) = number.trim().parse::<f64>() else {
                let problem = format!("`{number}` in {} is not a number", shares.shown());
                return Err(wrong(
                    problem,
                    "name other columns with `--shares`, or correct the row",
                ));
            };
            whole &= value.fract() == 0.0;
            most = most.max(value);
        }
    }
    let percent = roles.sheet.columns.iter().any(|c| {
        shares.columns.iter().any(|own| own.name == c.name) && plain(&c.name).starts_with("perc")
    });
    Ok(whole && most > 1.0 && !percent)
}

/// What is left of names when what all begin with is taken away.
fn own_names(columns: &[&Column]) -> Vec<String> {
    let begin = names::SHARES
        .iter()
        .find(|begin| columns.iter().all(|c| plain(&c.name).starts_with(&format!("{begin}_"))));
    let own = |column: &&Column| match begin {
        // The begin has as many characters in the name, and one separates it.
        Some(begin) => column.name.chars().skip(begin.chars().count() + 1).collect(),
        None => column.name.clone(),
    };
    columns.iter().map(own).collect()
}

/// A text as a template.
pub(super) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

fn short(roles: &mut Roles<'_>) -> Result<Answer, Trouble> {
    let column = match &roles.said.gold {
        Some(name) => roles.sheet.named(name, "--gold")?,
        None => roles
            .find(names::REFERENCES, |_| true)
            .ok_or_else(|| roles.unclear("the column of the right answers", "`--gold COLUMN`"))?,
    };
    let name = roles.take(column)?;
    if column.has_empty() {
        roles.steps.push(Step::SkipEmpty { column: name.clone() });
    }
    let list = column.list(Separated::Somewhere).unwrap_or(List::Json);
    if let List::Other(form) = &list {
        roles.steps.push(Step::Parse {
            column: name.clone(),
            form: form.clone(),
            to: None,
            ending: None,
        });
    }
    let all = || column.cells.iter().flat_map(|cell| list.of(cell));
    let (texts, weight) = members(&all().collect::<Vec<_>>(), &name)?;
    let how = match &list {
        List::Other(crate::definition::step::ListForm::Split(mark)) if mark != "\n" => {
            format!(" (texts between `{mark}`)")
        }
        _ => String::new(),
    };
    let of = if texts.is_empty() {
        String::new()
    } else {
        format!(", their texts in {}", quoted(&texts))
    };
    let count = weight.as_ref().map_or(String::new(), |weight| format!(", weighed by `{weight}`"));
    roles
        .told
        .push(("answer", format!("a few words: `{name}` has the right ones{how}{of}{count}")));
    let map = AnswerMap::Short { each: name, texts, weight, empty: EmptyTexts::Drop };
    Ok(Answer::Other { map, options: None })
}

/// The members with texts and with a count, where the elements are objects.
fn members(elements: &[Value], column: &str) -> Result<(Vec<String>, Option<String>), Trouble> {
    let Some(first @ Value::Object(_)) = elements.first() else { return Ok((Vec::new(), None)) };
    let everywhere = |name: &str, fits: &dyn Fn(&Value) -> bool| {
        elements.iter().all(|element| element.member(name).is_some_and(fits))
    };
    let (mut texts, mut weight) = (Vec::new(), None);
    for name in first.names() {
        let positive = |value: &Value| {
            matches!(value, Value::Number(_)) && value.number().is_some_and(|n| n > 0.0)
        };
        if everywhere(&name, &positive) {
            weight = weight.or(Some(name));
        } else if everywhere(&name, &|value| matches!(value, Value::Text(_) | Value::List(_))) {
            texts.push(name);
        }
    }
    if texts.is_empty() {
        return Err(Trouble::Options(format!(
            "the elements of `{column}` are objects, but none of their members is a text in every row; name another column with `--gold`"
        )));
    }
    Ok((texts, weight))
}
