//! Examples without labels: every kind of answer, every step that it needs, and every error of a row.

use std::collections::BTreeMap;

use super::{Error, Pipeline, Rows, Tables, Tally, normalise};
use crate::definition::dataset::Task;
use crate::example::{Example, letter};

/// A task over `columns`, with steps and an answer in TOML.
fn task(columns: &str, steps: &str, answer: &str) -> Task {
    toml::from_str(&format!(
        r#"
        name = "t"
        title = "T"
        question = "?"
        culture_kind = "group"
        split = {{ method = "given" }}
        protocol = []
        input = [{{ source = "s", part = "test", columns = {columns} }}]
        step = [{steps}]
        [example]
        id = "{{row}}"
        text = "?"
        culture = "x"
        fields = {{ number = "n{{row}}" }}
        [example.answer]
        {answer}
        "#
    ))
    .unwrap_or_else(|error| panic!("{error}"))
}

type Outcome = Result<(Vec<Example>, Tally), String>;

fn read(task: &Task, tables: &Tables, mut rows: Rows<'_>) -> Outcome {
    let pipeline = Pipeline::new(task, &task.inputs[0])?;
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    normalise(&pipeline, tables, &mut rows, "f", &mut tally, &mut |example, _| {
        out.push(example.clone());
        Ok::<(), Error>(())
    })
    .map_err(|error| error.to_string())?;
    assert!(tally.balances());
    Ok((out, tally))
}

fn csv(columns: &str, steps: &str, answer: &str, text: &str) -> Outcome {
    let task = task(columns, steps, answer);
    let pipeline = Pipeline::new(&task, &task.inputs[0])?;
    let rows = Rows::delimited("f.csv", b',', pipeline.read(), text.as_bytes());
    read(&task, &Tables::default(), rows.map_err(|error| error.to_string())?)
}

const CHOICE: &str = "kind = \"choice\"\noptions = [\"{a}\", \"{b}\"]\ngold = { letter = \"{gold}\" }\nroles = { unknown = { text = \"no idea\" } }";

#[test]
fn a_choice_has_options_gold_and_roles() {
    let columns = "[\"a\", \"b\", \"gold\"]";
    let (all, _) = csv(columns, "", CHOICE, "a,b,gold\nno idea,it is,B\nx,no idea,A\n").unwrap();
    assert_eq!(all[0].item.options, ["no idea", "it is"]);
    assert_eq!((all[0].label.as_str(), all[0].item.target.as_slice()), ("B", &[0.0, 1.0][..]));
    assert_eq!((all[0].item.roles["unknown"], all[1].item.roles["unknown"]), (0, 1));
    assert_eq!((all[1].label.as_str(), all[1].item.fields["number"].as_str()), ("A", "n1"));
}

#[test]
fn options_that_make_no_question_are_told_with_place_and_remedy() {
    let remedy = "; correct the row or `[task.example.answer]`, or set `bad_rows = \"skip\"`";
    let check = |rows: &str, expect: &str| {
        let columns = "[\"a\", \"b\", \"gold\"]";
        let error = csv(columns, "", CHOICE, &format!("a,b,gold\n{rows}")).unwrap_err();
        assert_eq!(error, format!("f.csv, row 1 (line 2): {expect}{remedy}"));
    };
    check("no idea, no idea,A\n", "the options A and B are equal (`no idea`)");
    check("no idea, ,A\n", "the option B is empty");
    check("no idea,x,C\n", "`gold` is `C`, which is none of the 2 options (`no idea`, `x`)");
    check("x,y,A\n", "`unknown` is `no idea`, which is none of the 2 options (`x`, `y`)");
}

#[test]
fn bad_rows_may_be_skipped_and_are_counted() {
    let mut task = task("[\"a\", \"b\", \"gold\"]", "", CHOICE);
    task.inputs[0].bad_rows = crate::definition::dataset::BadRows::Skip;
    let text = "a,b,gold\nno idea,x,A\nx,x,A\nno idea,x,D\n";
    let columns = task.inputs[0].columns.clone();
    let rows = Rows::delimited("f.csv", b',', &columns, text.as_bytes()).unwrap();
    let (all, tally) = read(&task, &Tables::default(), rows).unwrap();
    assert_eq!((all.len(), tally.skipped), (1, 2));
    let kinds: Vec<&str> = tally.warnings.kinds.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["equal options", "gold outside the options"]);
}

const SHARES: &str =
    "kind = \"distribution\"\noptions = { list = \"o\" }\nshares = { list = \"s\" }";
const BOTH: &str = "{ do = \"parse\", column = \"o\", as = \"python\" }, { do = \"parse\", column = \"s\", as = \"json\" }";

#[test]
fn shares_are_divided_by_their_sum_and_ties_go_to_the_first() {
    let rows = "o,s\n\"['a', 1.0, 'c']\",\"[0.2, 0.4, 0.4]\"\n";
    let (all, _) = csv("[\"o\", \"s\"]", BOTH, SHARES, rows).unwrap();
    assert_eq!((all[0].label.as_str(), all[0].item.votes), ("B", 0));
    assert_eq!(all[0].item.options, ["a", "1", "c"], "a whole number has no decimals");
    assert!((all[0].item.target.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    let votes = format!("{SHARES}\nvotes = true");
    let rows = "o,s\n\"['a', 'b']\",\"[3, 1]\"\n";
    let (all, _) = csv("[\"o\", \"s\"]", BOTH, &votes, rows).unwrap();
    assert_eq!((all[0].item.votes, all[0].item.target.as_slice()), (4, &[0.75, 0.25][..]));
    let told = |answer: &str, list: &str| {
        csv("[\"o\", \"s\"]", BOTH, answer, &format!("o,s\n\"['a', 'b']\",\"{list}\"\n"))
            .unwrap_err()
    };
    assert!(told(SHARES, "[0, 0]").contains("they sum to 0, so nobody's answer is known"));
    assert!(told(SHARES, "[1]").contains("there are 1 for 2 options"));
    assert!(
        told(SHARES, "[1, -1]")
            .contains("the share of option B is `-1`, not a number of at least 0")
    );
    assert!(told(&votes, "[1, 0.5]").contains("not a whole number of votes"));
}

#[test]
fn references_have_weights_and_empty_texts_are_counted() {
    let answer = "kind = \"short\"\neach = \"a\"\ntexts = [\"local\", \"en\"]\nweight = \"count\"";
    let steps = "{ do = \"parse\", column = \"a\", as = \"json\" }";
    let cell =
        "[{'local': ['x'], 'en': ['y', ''], 'count': 4}, {'local': [], 'en': [], 'count': 1}]";
    let rows = |cell: &str| format!("a\n\"{}\"\n", cell.replace('\'', "\"\""));
    let (all, tally) = csv("[\"a\"]", steps, answer, &rows(cell)).unwrap();
    let item = &all[0].item;
    assert_eq!((all[0].label.as_str(), item.votes, item.references.len()), ("reply", 5, 2));
    assert_eq!(item.references[0].texts, ["x", "y", ""]);
    assert_eq!((item.references[0].weight, item.references[1].weight), (1.0, 0.25));
    assert_eq!(tally.warnings.kinds["empty reference (kept)"].count, 1);
    let dropping = format!("{answer}\nempty = \"drop\"");
    let (all, tally) = csv("[\"a\"]", steps, &dropping, &rows(cell)).unwrap();
    assert_eq!(all[0].item.references[0].texts, ["x", "y"]);
    assert_eq!(tally.warnings.kinds["empty reference (dropped)"].count, 1);
    let told = |cell: &str| csv("[\"a\"]", steps, answer, &rows(cell)).unwrap_err();
    assert!(told("[]").contains("there is no reference: the list `a` is empty"));
    assert!(
        told("[{'local': [], 'en': [], 'count': 0}]")
            .contains("reference 1 of `a`: `count` is not a number above 0")
    );
    assert!(
        told("[{'local': [], 'count': 1}]").contains("reference 1 of `a`: there is no member `en`")
    );
    assert!(told("{}").contains("not a list: `{}`"));
}

/// The order of two sentences, and of right and wrong answers, follows from the id and the texts; it does not tell.
#[test]
fn order_does_not_tell() {
    let pair = "kind = \"preference\"\nmore = \"{a}\"\nless = \"{b}\"";
    let rows: Vec<String> = (0..400).map(|i| format!("m{i},l{i}\n")).collect();
    let rows = rows.concat();
    let (all, _) = csv("[\"a\", \"b\"]", "", pair, &format!("a,b\n{rows}")).unwrap();
    let first = all.iter().filter(|e| e.item.target[0] == 1.0).count();
    assert!((150..=250).contains(&first), "{first} of 400");
    for e in &all {
        let right = e.item.target.iter().position(|t| *t == 1.0).unwrap();
        assert!(e.item.options[right].starts_with('m') && e.label == letter(right));
    }
    let several =
        "kind = \"choices-of\"\nright = { list = \"a\" }\nwrong = { list = \"b\" }\nbest = \"{c}\"";
    let steps = "{ do = \"parse\", column = \"a\", as = { split = \";\" }, ending = \".\" }, { do = \"parse\", column = \"b\", as = { split = \";\" } }";
    let text = "a,b,c\nr1; r2.;,w1;w2;w3,r2.\nr1,w1,other\n";
    let (all, _) = csv("[\"a\", \"b\", \"c\"]", steps, several, text).unwrap();
    let mut sorted = all[0].item.options.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        ["r1.", "r2.", "w1", "w2", "w3"],
        "a full stop is added where one is missing"
    );
    let best = all[0].item.roles["best"] as usize;
    assert_eq!((all[0].item.options[best].as_str(), all[0].label.clone()), ("r2.", letter(best)));
    assert_eq!(all[0].item.target.iter().sum::<f64>(), 2.0);
    assert_eq!(all[1].item.options.len(), 3, "the best answer is added to the right ones");
    let text = "a,b,c\nr1,r1.,r1.\n";
    assert!(
        csv("[\"a\", \"b\", \"c\"]", steps, several, text)
            .unwrap_err()
            .contains("are equal (`r1.`)")
    );
}

/// What steps make of rows, by writing two columns to the options.
fn stepped(columns: &str, steps: &str, text: &str, show: [&str; 2]) -> Result<Vec<String>, String> {
    let answer = format!(
        "kind = \"choice\"\noptions = [\"{}.\", \"{}!\"]\ngold = {{ index = 0 }}",
        show[0], show[1]
    );
    let (all, _) = csv(columns, steps, &answer, text)?;
    Ok(all.into_iter().map(|e| e.item.options.join("|")).collect())
}

#[test]
fn steps_on_lists_and_patterns() {
    let capture =
        "{ do = \"capture\", column = \"a\", pattern = \"^(?<x>[a-z]+)-(?<y>[0-9]+)?$\" }";
    let of = |text: &str| stepped("[\"a\"]", capture, text, ["{x}", "{y}"]);
    assert_eq!(of("a\nab-12\nc-\n").unwrap(), ["ab.|12!", "c.|!"]);
    assert!(of("a\n12\n").unwrap_err().contains("field `a`: `12` does not match the pattern"));
    let explode = "{ do = \"parse\", column = \"a\", as = \"python\" }, { do = \"explode\", column = \"a\", key = \"k\", value = \"v\" }";
    let of = |text: &str| stepped("[\"a\"]", explode, text, ["{k}", "{v}"]);
    let dict = "a\n\"defaultdict(<class 'list'>, {'z': [1, 2], 'b': 3})\"\n";
    assert_eq!(of(dict).unwrap(), ["z.|[1,2]!", "b.|3!"], "in the order of the file");
    assert_eq!(of("a\n\"['p', 'q']\"\n").unwrap(), ["0.|p!", "1.|q!"]);
    assert!(of("a\n7\n").unwrap_err().contains("neither a list nor an object: `7`"));
    assert!(
        of("a\n__import__('os')\n")
            .unwrap_err()
            .contains("not a Python literal: the name `__import__`")
    );
    let sets = "{ do = \"unpivot-sets\", sets = [[\"one\", [\"a\", \"b\"]], [\"two\", [\"b\", \"a\"]]], key = \"k\", to = [\"p\", \"q\"] }";
    assert_eq!(
        stepped("[\"a\", \"b\"]", sets, "a,b\n1,2\n", ["{k}{p}", "{q}"]).unwrap(),
        ["one1.|2!", "two2.|1!"]
    );
    let find = "{ do = \"parse\", column = \"c\", as = \"python\" }, { do = \"find\", of = [[\"a\"], [\"b\"]], among = \"c\", to = \"at\", cell = \"it\" }";
    let of = |text: &str| stepped("[\"a\", \"b\", \"c\"]", find, text, ["{at}", "{it}"]);
    assert_eq!(of("a,b,c\nx,y,\"['y', 'z']\"\n").unwrap(), ["1.|y!"]);
    assert!(
        of("a,b,c\nx,y,\"['q']\"\n")
            .unwrap_err()
            .contains("none of the sets of columns of `find` has")
    );
    assert!(of("a,b,c\nx,y,\"['x', 'y']\"\n").unwrap_err().contains("more than one of the sets"));
    let count = "{ do = \"parse\", column = \"a\", as = \"python\" }, { do = \"count\", column = \"a\", is = \"{b}\", to = \"n\" }, { do = \"compare\", left = [\"n\"], right = [\"c\"], to = \"o\" }";
    let of = |text: &str| stepped("[\"a\", \"b\", \"c\"]", count, text, ["{n}", "{o}"]);
    assert_eq!(of("a,b,c\n\"[['r'], ['s', 'r'], []]\",r,2\n").unwrap(), ["2.|equal!"]);
    let hash = "{ do = \"hash\", columns = [\"a\", \"b\"], order = \"any\", to = \"h\" }, { do = \"hash\", columns = [\"a\", \"b\"], to = \"g\" }";
    let found = stepped("[\"a\", \"b\"]", hash, "a,b\nx,y\ny,x\n", ["{h}", "{g}"]).unwrap();
    let parts: Vec<(&str, &str)> = found.iter().map(|row| row.split_once('|').unwrap()).collect();
    assert!(parts[0].0 == parts[1].0 && parts[0].1 != parts[1].1, "{found:?}");
}

#[test]
fn rows_are_dropped_by_conditions_and_tallied_by_groups() {
    let drop = "{ do = \"drop-where\", any = [{ sum = [\"a\", \"b\"], at_least = 3 }, { sum = [\"b\"], at_most = 0 }, { empty = \"c\" }] }";
    let answer = "kind = \"choice\"\noptions = [\"{a}.\", \"{c}!\"]\ngold = { index = 0 }";
    let text = "a,b,c\n1,1,x\n2,1,x\n0,0,x\n1,1,[]\n1,1,\n";
    let (all, tally) = csv("[\"a\", \"b\", \"c\"]", drop, answer, text).unwrap();
    assert_eq!((all.len(), tally.dropped, tally.warnings.total()), (1, 4, 0));
    let error = csv("[\"a\", \"b\", \"c\"]", drop, answer, "a,b,c\nx,1,y\n").unwrap_err();
    assert!(error.contains("field `a`: not a number: `x`"), "{error}");
    let tally_step = "{ do = \"tally\", by = [\"a\"], column = \"b\", counts = [[\"0\", \"no\"], [\"1\", \"yes\"]] }";
    let answer = "kind = \"distribution\"\noptions = [\"no\", \"yes\"]\nshares = [\"{no}\", \"{yes}\"]\nvotes = true";
    let text = "a,b\np,1\nq,0\np,1\np,0\n";
    let (all, tally) = csv("[\"a\", \"b\"]", tally_step, answer, text).unwrap();
    assert_eq!((all.len(), tally.read, tally.merged), (2, 4, 2));
    assert_eq!((all[0].id.as_str(), all[0].item.votes, all[0].label.as_str()), ("0", 3, "B"));
    assert_eq!((all[1].id.as_str(), all[1].item.votes, all[1].label.as_str()), ("1", 1, "A"));
    let error = csv("[\"a\", \"b\"]", tally_step, answer, "a,b\np,7\n").unwrap_err();
    assert!(error.contains("unexpected value `7` (expected one of: `0`, `1`)"), "{error}");
}

#[test]
fn rows_of_another_file_are_joined_by_key() {
    let steps = |missing: &str| {
        format!(
            "{{ do = \"join\", from = {{ source = \"o\", file = \"{{a}}.csv\" }}, on = [\"b\"], columns = [\"c\"] {missing} }}"
        )
    };
    let answer = "kind = \"choice\"\noptions = [\"{b}.\", \"{c}!\"]\ngold = { index = 0 }";
    let run = |missing: &str, text: &str| {
        let task = task("[\"a\", \"b\"]", &steps(missing), answer);
        let pipeline = Pipeline::new(&task, &task.inputs[0]).unwrap();
        let lookup = &pipeline.lookups()[0];
        assert_eq!((lookup.source.as_str(), lookup.files.as_deref()), ("o", Some("*.csv")));
        let other = "b,c\n1,one\n2,two\n2,second\n";
        let mut rows = Rows::delimited("o/x.csv", b',', lookup.read(), other.as_bytes()).unwrap();
        let loaded = lookup.load("o/x.csv", "x", &mut rows).unwrap();
        let files: BTreeMap<String, _> = [("x.csv".to_owned(), loaded.into())].into();
        let rows = Rows::delimited("f.csv", b',', pipeline.read(), text.as_bytes()).unwrap();
        let all = read(&task, &Tables { files: vec![files] }, rows)?.0;
        Ok::<_, String>(all.into_iter().map(|e| e.item.options.join("|")).collect::<Vec<_>>())
    };
    assert_eq!(run("", "a,b\nx,1\n").unwrap(), ["1.|one!"]);
    assert_eq!(
        run("", "a,b\nx,2\n").unwrap_err(),
        "f.csv, row 1 (line 2): o/x.csv has two rows with b = `2` (rows 2 and 3); remove one of them, or add a column to `on`"
    );
    assert_eq!(
        run("", "a,b\nx,3\n").unwrap_err(),
        "f.csv, row 1 (line 2): o/x.csv has no row with b = `3`; add it, say `missing = \"...\"` in the step `join`, or set `bad_rows = \"skip\"`"
    );
    assert_eq!(run(", missing = \"?\"", "a,b\nx,3\n").unwrap(), ["3.|?!"]);
    assert!(
        run("", "a,b\ny,1\n")
            .unwrap_err()
            .contains("needs the file `y.csv`, which the source `o` does not have")
    );
}

#[test]
fn json_documents_are_rows_of_paths() {
    let mut task = task(
        "[\"a.b[1]\", \"c\"]",
        "",
        "kind = \"choice\"\noptions = [\"{ID}{a.b[1]}\", \"{c}\"]\ngold = { index = 0 }",
    );
    task.inputs[0].rows = Some(serde_json::from_str(r#"{"path": "*", "key": "ID"}"#).unwrap());
    let pipeline = Pipeline::new(&task, &task.inputs[0]).unwrap();
    let path = task.inputs[0].rows.clone().unwrap();
    let run = |text: &str| {
        let rows = Rows::json("f.json", &path, pipeline.read(), text.as_bytes());
        read(&task, &Tables::default(), rows.map_err(|e| e.to_string())?)
    };
    let (all, _) =
        run("{\"k\": {\"a\": {\"b\": [1, 2.50]}, \"c\": {\"z\": 1, \"y\": null}}}").unwrap();
    assert_eq!(all[0].item.options, ["k2.5", "{\"z\":1,\"y\":null}"]);
    let told = |text: &str| run(text).unwrap_err();
    assert!(
        told("{\n\"k\": {\"a\": 1, \"c\": 2}}")
            .starts_with("f.json, row 1 (line 2): field `a.b[1]` is missing (there are: `a`, `c`)")
    );
    assert!(told("{\"k\": {\"a\": tru}}").contains("row 1 (line 1): not a JSON object (expected"));
    let deep = format!("{{\"k\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(told(&deep).contains("JSON is nested more than 100 levels deep; flatten it"));
    let line = format!("{{\"a\": {}1{}, \"c\": 1}}\n", "[".repeat(10_000), "]".repeat(10_000));
    let rows = Rows::jsonl("f.jsonl", &["c".to_owned()], line.as_bytes()).unwrap();
    let told = {
        let mut rows = rows;
        rows.next(&mut [String::new()]).unwrap_err().to_string()
    };
    assert!(told.contains("nested more than 100 levels deep"), "{told}");
}

#[test]
fn unknown_names_are_told_before_any_data_are_read() {
    let told = |steps: &str, answer: &str| {
        let task = task("[\"a\"]", steps, answer);
        Pipeline::new(&task, &task.inputs[0]).unwrap_err()
    };
    let fine = "kind = \"map-item\"\noptions = { list = \"a\" }\nitem = \"\"\nprojection = { items = \"a\", center = \"a\", scale = \"a\", weights = \"a\", x = \"a\", y = \"a\" }\nplace = [\"0\", \"0\"]\ncentre = [0, 0]";
    assert!(
        told("", "kind = \"distribution\"\noptions = { list = \"o\" }\nshares = { list = \"a\" }")
            .starts_with("example.answer: unknown column `o`")
    );
    assert!(
        told("{ do = \"capture\", column = \"a\", pattern = \"x(\" }", fine)
            .contains("`pattern` of `capture` is not a regular expression")
    );
    assert!(
        told("{ do = \"capture\", column = \"a\", pattern = \"x\" }", fine)
            .contains("names no group")
    );
    assert!(
        told("{ do = \"drop-where\", any = [{ sum = [\"a\"] }] }", fine)
            .contains("either `empty`, or `sum` with")
    );
    assert!(
        told("{ do = \"join\", from = { source = \"o\" }, on = [], columns = [\"c\"] }", fine)
            .contains("`on` of `join` is empty")
    );
    assert!(
        told("{ do = \"find\", of = [[\"a\"]], to = \"b\" }", fine)
            .contains("either `is` or `among`")
    );
    assert!(told("{ do = \"unpivot-sets\", sets = [[\"x\", [\"a\"]]], key = \"k\", to = [\"p\", \"q\"] }", fine).contains("has 1 columns, but `to` has 2"));
}

/// References of a user's file: texts by themselves, all of the same weight.
#[test]
fn references_may_be_plain_texts() {
    let answer = "kind = \"short\"\neach = \"a\"";
    let steps = "{ do = \"parse\", column = \"a\", as = { split = \";\" } }";
    let (all, _) = csv("[\"a\"]", steps, answer, "a\nrice; noodles\n").unwrap();
    let item = &all[0].item;
    let texts: Vec<_> = item.references.iter().map(|r| (r.texts.join("|"), r.weight)).collect();
    assert_eq!(texts, [("rice".to_owned(), 1.0), ("noodles".to_owned(), 1.0)]);
    assert_eq!(item.votes, 0, "nobody was counted");
    let weighed = format!("{answer}\nweight = \"n\"");
    assert!(
        csv("[\"a\"]", steps, &weighed, "a\nx\n")
            .unwrap_err()
            .contains("name the members with texts")
    );
    let objects = csv("[\"a\"]", "", answer, "a\n\"[{\"\"n\"\": 1}]\"\n").unwrap_err();
    assert!(objects.contains("reference 1 of `a`: not a text"), "{objects}");
}
