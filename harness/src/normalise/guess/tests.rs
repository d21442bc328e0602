//! Guesses by kind of answer, and common difficulties in files.

use super::*;
use crate::definition::answer::{AnswerMap, OptionList, Pick};
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::Format;
use crate::definition::split::Split;
use crate::definition::step::{ListForm, Step};

/// A sheet of lines with cells between `~`; the first line has the names.
fn sheet(text: &str) -> Sheet {
    let mut lines = text.lines().map(|line| line.split('~').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let rows: Vec<Vec<String>> = lines.collect();
    let columns = names.into_iter().enumerate().map(|(at, name)| Column {
        name,
        cells: rows.iter().map(|row| row[at].clone()).collect(),
        presence: Presence::Always,
    });
    Sheet { file: "f.csv".to_owned(), format: Format::Csv, rows: None, columns: columns.collect() }
}

fn found(text: &str) -> Guess {
    guess(&sheet(text), &Said::default()).unwrap_or_else(|trouble| panic!("{trouble}"))
}

fn trouble(text: &str, said: &Said) -> String {
    guess(&sheet(text), said).unwrap_err().to_string()
}

fn map(guess: &Guess) -> &AnswerMap {
    match &guess.answer {
        Answer::Other { map, .. } => map,
        Answer::Label { .. } => panic!("{guess:?}"),
    }
}

fn gold(guess: &Guess) -> &Pick {
    match map(guess) {
        AnswerMap::Choice { gold, .. } => gold,
        other => panic!("{other:?}"),
    }
}

const PLAIN: &str = "id~question~option_a~option_b~answer~country\n";

/// A question with two options whose gold cells are these.
fn choice(cells: &[&str]) -> String {
    let rows = cells
        .iter()
        .enumerate()
        .map(|(i, cell)| format!("q{i}~what is {i}?~yes {i}~no {i}~{cell}~SG\n"));
    PLAIN.to_owned() + &rows.collect::<String>()
}

#[test]
fn the_right_option_by_letter_place_text_or_column() {
    let check = |cells: &[&str], expect: Pick, mapped: Option<&[(&str, &str)]>| {
        let guess = found(&choice(cells));
        assert_eq!(*gold(&guess), expect, "{cells:?}");
        let values = guess.steps.iter().find_map(|step| match step {
            Step::Map { values, .. } => Some(values.clone()),
            _ => None,
        });
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        assert_eq!(values, mapped.map(pairs), "{cells:?}");
    };
    let place = || Pick::Place("{gold_place}".to_owned());
    check(&["A", "B"], Pick::Letter("{answer}".to_owned()), None);
    check(&["a", "b"], place(), Some(&[("a", "0"), ("b", "1")]));
    check(&["(A)", "B."], place(), Some(&[("(A)", "0"), ("B.", "1")]));
    check(&["0", "1"], Pick::Place("{answer}".to_owned()), None);
    check(&["1", "2"], place(), Some(&[("1", "0"), ("2", "1")]));
    check(&["1.0", "0.0"], place(), Some(&[("0.0", "0"), ("1.0", "1")]));
    check(&["no 0", "yes 1"], Pick::Text("{answer}".to_owned()), None);
    check(&["option_b", "option_a"], place(), Some(&[("option_a", "0"), ("option_b", "1")]));
}

#[test]
fn a_place_that_can_be_counted_from_0_or_1_is_asked_for() {
    let three = "question~a~b~c~gold~country\nwhat?~x~y~z~1~SG\nwho?~x~y~z~2~SG\n";
    let told = trouble(three, &Said::default());
    assert!(told.contains("`--gold-is place-from-0` or `--gold-is place-from-1`"), "{told}");
    let said = Said { gold_is: Some(GoldForm::PlaceFrom1), ..Said::default() };
    let guess = guess(&sheet(three), &said).unwrap();
    assert_eq!(*gold(&guess), Pick::Place("{gold_place}".to_owned()));
}

#[test]
fn gold_outside_the_options_names_row_and_column() {
    let told = trouble(&choice(&["A", "D"]), &Said::default());
    assert!(
        told.starts_with("row 2: `D` in `answer` is neither the text, the letter nor the place"),
        "{told}"
    );
}

#[test]
fn options_in_one_cell_as_json_python_or_between_separators() {
    let check = |cell: &str, form: Option<ListForm>| {
        let guess =
            found(&format!("text~choices~label~country\nwhat?~{cell}~0~SG\nwho?~{cell}~1~ID\n"));
        let AnswerMap::Choice { options, .. } = map(&guess) else { panic!("{guess:?}") };
        assert_eq!(*options, OptionList::List { list: "choices".to_owned() });
        let parse = form.map(|form| Step::Parse {
            column: "choices".to_owned(),
            form,
            to: None,
            ending: None,
        });
        let found = guess.steps.iter().find(|step| matches!(step, Step::Parse { .. }));
        assert_eq!(found, parse.as_ref(), "{cell}");
    };
    check("[\"x\", \"y\"]", None);
    check("['x', \"y's\"]", Some(ListForm::Python));
    check("x | y", Some(ListForm::Split("|".to_owned())));
    check("x;y", Some(ListForm::Split(";".to_owned())));
}

#[test]
fn an_option_that_some_row_lacks_names_row_and_remedy() {
    let text = "question~a~b~c~gold~country\nwhat?~x~y~z~A~SG\nwho?~x~y~~B~SG\n";
    let told = trouble(text, &Said::default());
    assert!(told.contains("row 2: option C of `a`, `b`, `c` is empty"), "{told}");
    let said = Said { options: vec!["a".to_owned(), "b".to_owned()], ..Said::default() };
    assert!(guess(&sheet(text), &said).is_ok());
}

#[test]
fn ids_that_are_there_twice_give_way_to_the_row() {
    let guess = found(&choice(&["A", "B"]).replace("q1", "q0"));
    assert_eq!(guess.id, None);
    assert!(
        guess
            .told
            .iter()
            .any(|(role, told)| *role == "id" && told.contains("two rows have the same `id`"))
    );
    assert_eq!(found(&choice(&["A", "B"])).id.as_deref(), Some("id"));
}

/// Rows with a label; the texts are different.
fn labelled(n: usize) -> String {
    let rows = (0..n).map(|i| {
        format!("text {i} here~{}~{}\n", ["hate", "fine"][i % 2], ["SG", "ZA"][i / 2 % 2])
    });
    format!("post~label~country\n{}", rows.collect::<String>())
}

#[test]
fn labels_are_split_by_a_hash_where_there_are_enough() {
    let guess = found(&labelled(60));
    assert_eq!(
        guess.answer,
        Answer::Label {
            column: "label".to_owned(),
            labels: vec!["fine".to_owned(), "hate".to_owned()]
        }
    );
    assert_eq!(
        (guess.parts, guess.shows, guess.text),
        (Parts::Hash, Shows::Text, vec!["post".to_owned()])
    );
    assert_eq!(found(&labelled(49)).parts, Parts::Test);
}

#[test]
fn the_same_text_for_several_cultures_shows_the_culture_and_is_one_cluster() {
    let guess = found(
        "text~label~country\nso it is~yes~SG\nso it is~no~ZA\nand that~yes~SG\nand that~yes~ZA\n",
    );
    assert_eq!(
        (guess.shows, guess.same_text.as_deref()),
        (Shows::TextAndCulture, Some("same_text"))
    );
}

#[test]
fn a_split_column_is_taken_by_its_cells() {
    let text = "text~label~country~split\na b c~x~SG~train\nd e f~y~SG~dev\ng h i~x~SG~Test\nj k l~y~SG~train\n";
    let Parts::Given { column, cells } = found(text).parts else { panic!() };
    assert_eq!(
        (column.as_str(), cells[&Split::Valid].as_slice()),
        ("split", &["dev".to_owned()][..])
    );
    // Rows of no known part are no split.
    assert_eq!(found(&text.replace("dev", "other")).parts, Parts::Test);
}

#[test]
fn short_answers_are_texts_lists_or_objects() {
    let of = |cell: &str| {
        let guess = found(&format!("question~answers~country\nwhere?~{cell}~SG\n"));
        let AnswerMap::Short { each, texts, weight, .. } = map(&guess).clone() else {
            panic!("{guess:?}")
        };
        assert_eq!(each, "answers");
        (texts, weight, guess.steps)
    };
    let parse = |form| Step::Parse { column: "answers".to_owned(), form, to: None, ending: None };
    assert_eq!(of("[\"here\", \"there\"]"), (Vec::new(), None, Vec::new()));
    assert_eq!(of("here").2, [parse(ListForm::Split("\n".to_owned()))]);
    assert_eq!(of("here; there").2, [parse(ListForm::Split(";".to_owned()))]);
    let objects = r#"[{"answers": ["here"], "count": 3}, {"answers": ["there"], "count": 1}]"#;
    assert_eq!(of(objects), (vec!["answers".to_owned()], Some("count".to_owned()), Vec::new()));
}

#[test]
fn votes_and_shares_of_people() {
    let counted = |text: &str| {
        let guess = found(text);
        let AnswerMap::Distribution { votes, options, .. } = map(&guess).clone() else {
            panic!("{guess:?}")
        };
        assert_eq!(guess.shows, Shows::TextAndCulture);
        (votes, options)
    };
    let names = |names: [&str; 2]| OptionList::Templates(names.map(str::to_owned).to_vec());
    let list = OptionList::List { list: "options".to_owned() };
    assert_eq!(
        counted("question~options~votes~country\nwhat now?~[\"x\", \"y\"]~[3, 1]~SG\n"),
        (true, list.clone())
    );
    assert_eq!(
        counted("question~options~shares~country\nwhat now?~[\"x\", \"y\"]~[0.3, 0.7]~SG\n"),
        (false, list)
    );
    assert_eq!(
        counted("question~votes_Yes~votes_No~country\nwhat now?~3~1~SG\n"),
        (true, names(["Yes", "No"]))
    );
    let told = trouble(
        "question~options~votes~country\nwhat?~[\"x\", \"y\", \"z\"]~[3, 1]~SG\n",
        &Said::default(),
    );
    assert!(told.contains("row 1: 2 numbers for 3 options"), "{told}");
}

#[test]
fn two_sentences() {
    let guess = found("sent_more~sent_less~bias_type\nthey lie~we lie~age\n");
    let pair =
        AnswerMap::Preference { more: "{sent_more}".to_owned(), less: "{sent_less}".to_owned() };
    assert_eq!(
        (map(&guess), guess.culture.clone()),
        (&pair, Culture::Column("bias_type".to_owned()))
    );
}

#[test]
fn what_is_not_clear_names_the_columns_and_the_option() {
    let check = |text: &str, expect: &str| {
        let told = trouble(text, &Said::default());
        assert!(told.contains(expect), "{told}");
        assert!(told.contains("The columns are: `"), "{told}");
    };
    check(
        "text~label\na b~x\n",
        "cannot guess the column of the culture; give it with `--culture COLUMN`",
    );
    check(
        "words~country\na b~SG\n",
        "cannot guess the kind of answer; give it with `--gold COLUMN`",
    );
    check("a1~label~country\nx~y~SG\nx~y~SG\nx~z~SG\nx~z~SG\n", "`--text COLUMN`");
    let said = Said { text: Some("txt".to_owned()), ..Said::default() };
    let told = trouble("text~label~country\na b~x~SG\n", &said);
    assert_eq!(
        told,
        "`--text txt`: there is no such column; the columns are: `text`, `label`, `country`"
    );
    assert!(trouble("text~label~country\n", &Said::default()).contains("no rows"));
    assert!(
        trouble(
            "te{xt~label~country\n",
            &Said { text: Some("te{xt".to_owned()), ..Said::default() }
        )
        .contains("no rows")
    );
    let braces = Said { text: Some("te{xt".to_owned()), ..Said::default() };
    assert!(
        trouble("te{xt~label~country\na~x~SG\na~y~SG\na~x~SG\na~y~SG\n", &braces)
            .contains("a template cannot contain")
    );
}

/// What is written for every kind is a definition without a problem.
#[test]
fn every_kind_writes_a_definition_that_is_valid() {
    let files = [
        labelled(60),
        labelled(10),
        "text~label~country~split\na b c~x{~SG~train\nd e f~y~SG~test\ng h i~x{~SG~test\nj k l~y~SG~train\n".to_owned(),
        choice(&["a", "b"]),
        "question~options~answer~language\nwhat?~['x', 'y', 'z']~x~id\nwho?~['x', 'y', 'z', 'w']~z~ms\n".to_owned(),
        "context~question~answers~country\nso~where?~here; there~SG\n".to_owned(),
        "question~votes_Yes~votes_No~country\nwhat now?~3~1~SG\n".to_owned(),
        "sent_more~sent_less~bias_type\nthey lie~we lie~age\n".to_owned(),
        "is it?~label?~country\na b c~x~SG\nd e f~y~SG\na b g~x~SG\nd e h~y~SG\n".to_owned(),
    ];
    for text in files {
        let sheet = sheet(&text);
        let guess =
            guess(&sheet, &Said::default()).unwrap_or_else(|trouble| panic!("{trouble}: {text}"));
        let written = toml(&sheet, &guess, Named { name: "mine", number: 1000 }).unwrap();
        let mut all = Catalogue::embedded().unwrap();
        all.add("mine.toml", &written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        let problems: Vec<String> = all.validate().iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{problems:?}\n{written}");
    }
}
