//! A user's own dataset: one TOML and no Rust. What is wrong with its files is told with file, row, field and remedy.

use fs_err as fs;
use serde_json::Value;

use super::dataset::Own;
use super::program::{Place, Ran, assert_says};

/// The definition of a dataset of the user's, over `train.csv` and `test.csv` of a mirror.
pub(crate) fn dataset() -> String {
    let own = Own {
        name: "own",
        sources: [("train", "train.csv"), ("test", "test.csv")],
        task: r#"labels = ["no", "yes"]
positive = "yes"
culture_kind = "country"
"#,
        inputs: r#"
[[task.input]]
source = "train"
part = "train"
columns = ["id", "text", "label", "country"]

[[task.input]]
source = "test"
part = "test"
columns = ["id", "text", "label", "country"]
"#,
        example: r#"
[task.example]
id = "{id}"
text = "{text}"
label = "{label}"
label_map = { good = "yes", bad = "no" }
culture = "{country}"

[task.split]
method = "given"
"#,
        metric: "accuracy",
    };
    own.toml()
}

pub(crate) const TRAIN: &str =
    "id,text,label,country\nt1,fine,good,SG\nt2,\"so, so\",bad,ZA\nt3,great,good,ZA\n";
pub(crate) const TEST: &str =
    "id,text,label,country\ne1,lovely,good,SG\ne2,awful,bad,ZA\ne3,nice,good,SG\ne4,poor,bad,SG\n";

pub(crate) fn place(train: &[u8], test: &[u8]) -> Place {
    let place = Place::new();
    place.write("defs/own.toml", dataset());
    place.write("mirror/own/train.csv", train);
    place.write("mirror/own/test.csv", test);
    place
}

fn run(place: &Place) -> Ran {
    place.run(&[
        "run",
        "--data",
        "official",
        "--mirror",
        "mirror",
        "--models",
        "majority",
        "--benchmarks",
        "own",
    ])
}

/// The score of the only cell.
fn score(place: &Place) -> Value {
    let summary = place.summary("default");
    assert_eq!(summary["cells"].as_array().unwrap().len(), 1);
    assert_eq!(summary["cells"][0]["sample"], false);
    summary["cells"][0]["outcome"]["score"].clone()
}

/// What `prepare` says of a test file.
fn refused(test: &[u8]) -> String {
    let place = place(TRAIN.as_bytes(), test);
    let args = ["prepare", "own", "--data", "official", "--mirror", "mirror"];
    let ran = place.run(&args).exits(1);
    assert_eq!(ran.out, "", "nothing is prepared");
    // `auto` does not look away either: there is no SAMPLE in the place of data that are wrong.
    let auto = place.run(&["prepare", "own", "--mirror", "mirror"]).exits(1);
    assert!(!auto.out.contains("SAMPLE"), "{}", auto.out);
    let line = ran.err.lines().find(|line| line.starts_with("warning: ")).unwrap().to_owned();
    place.plain(&line)
}

#[test]
fn it_runs_end_to_end() {
    let place = place(TRAIN.as_bytes(), TEST.as_bytes());
    place.run(&["validate"]).exits(0);
    run(&place).exits(0);
    // The commonest training label of SG is good; ZA has one of each.
    let score = score(&place);
    assert_eq!(
        (&score["n"], &score["answered"], &score["missing"]),
        (&4.into(), &4.into(), &0.into())
    );
    let statistics =
        place.run(&["prepare", "own", "--data", "official", "--mirror", "mirror"]).exits(0);
    assert_says(&statistics.out, &["own", "train", "test"]);
}

#[test]
fn bom_and_line_ends_do_not_matter() {
    let plain = place(TRAIN.as_bytes(), TEST.as_bytes());
    run(&plain).exits(0);
    let bom = format!("\u{feff}{TEST}");
    for test in
        [bom, TEST.replace('\n', "\r\n"), TEST.replace('\n', "\r"), TEST.trim_end().to_owned()]
    {
        let other = place(TRAIN.as_bytes(), test.as_bytes());
        run(&other).exits(0);
        assert_eq!(score(&other), score(&plain), "{test:?}");
    }
}

#[test]
fn bad_files_name_row_field_and_remedy() {
    insta::assert_snapshot!(refused(b""), @"warning: own: own/test.csv: the file is empty; fetch it again, or take its input out of the definition");
    insta::assert_snapshot!(refused(b"id,text,label,country\n"), @"warning: own: own/test.csv: the file has a header but no rows; fetch it again, or take its input out of the definition");
    insta::assert_snapshot!(refused(b"id,text,lable,country\ne1,a,good,SG\n"), @"warning: own: own/test.csv: missing column `label` (there are: `id`, `text`, `lable`, `country`): did you mean `lable`?; correct `columns` of the input, or the file's header");
    insta::assert_snapshot!(refused(b"id,text,label,country\ne1,a,good,SG\ne2,b,goood,SG\n"), @r#"warning: own: own/test.csv, row 2 (line 3): field `label`: unexpected value `goood` (expected one of: `bad`, `good`): did you mean `good`?; add it to `label_map` of the definition, or set `bad_rows = "skip"`"#);
    insta::assert_snapshot!(refused(b"id,text,label,country\ne1,a,good,SG\ne2,b\n"), @r#"warning: own: own/test.csv, row 2 (line 3): 2 fields where the header has 4; quote fields that hold separators or line breaks, close every quote, or set `bad_rows = "skip"`"#);
    insta::assert_snapshot!(refused(b"id,text,label,country\ne1,a,good,SG\ne2,\xe9t\xe9,good,SG\n"), @r#"warning: own: own/test.csv, row 2 (line 3): field `text`: invalid UTF-8 at byte 0 of the field (0xe9 0x74 0xe9); save the file as UTF-8, or set `bad_rows = "skip"`"#);
    insta::assert_snapshot!(refused(b"id,text,label,country\ne1,a,good,SG\ne1,b,bad,SG\n"), @"warning: own: own/test.csv, row 2 (line 3): the id `e1` was there before; make `example.id` of the definition unique, e.g. with {file} and {row}");
    insta::assert_snapshot!(refused(b"id,text,label,country\ne1,\"a,good,SG\ne2,b,bad,SG\n"), @r#"warning: own: own/test.csv, row 1 (line 2): 2 fields where the header has 4; quote fields that hold separators or line breaks, close every quote, or set `bad_rows = "skip"`"#);
}

#[test]
fn a_definition_with_an_unknown_field_names_file_line_and_field() {
    let place = Place::new();
    place.write("defs/own.toml", dataset().replace("culture_kind", "culture_knid"));
    insta::assert_snapshot!(place.plain(&place.run(&["validate"]).exits(2).err), @"error: failed to read the definitions: <place>/defs/own.toml:28:1: unknown field `culture_knid`, expected one of `name`, `title`, `question`, `labels`, `positive`, `culture_kind`, `culture_names`, `sees`, `expect`, `input`, `step`, `example`, `votes`, `split`, `protocol`, `scoring`, `reference`: did you mean `culture_kind`?");
    place.write("defs/own.toml", dataset().replace("method = \"given\"", "method = \"gvien\""));
    assert_says(&place.run(&["validate"]).exits(2).err, &["own.toml:", "gvien", "given"]);
}

#[test]
fn a_file_that_is_not_there_says_where_to_put_it() {
    let place = Place::new();
    place.write("defs/own.toml", dataset());
    let ran = place.run(&["prepare", "own", "--data", "official"]).exits(1);
    assert_says(&place.plain(&ran.err), &["own/train", "from the tests", "drop-in/own/train.csv"]);
    place.write("cache/drop-in/own/train.csv", TRAIN);
    place.write("cache/drop-in/own/test.csv", TEST);
    place.run(&["prepare", "own", "--data", "official"]).exits(0);
}

#[test]
fn nothing_computed_is_lost_when_the_data_go_bad() {
    let place = place(TRAIN.as_bytes(), TEST.as_bytes());
    let args = ["run", "--mirror", "mirror", "--models", "majority", "--benchmarks", "own,emgsd"];
    place.run(&args).exits(0);
    let cell = place.cell("default", "majority.emgsd.");
    let before = fs::read(cell.join("predictions.parquet")).unwrap();
    // Another file where the first was trusted: told with both hashes, and the rest of the board stands.
    place.write("cache/none", "");
    place.write("mirror/own/test.csv", TEST.replace("e4", "e5"));
    fs::remove_dir_all(place.path("cache/objects")).unwrap();
    let ran = place.run(&args);
    let summary = place.summary("default");
    let reason =
        summary["cells"].as_array().unwrap().iter().find(|c| c["benchmark"] == "own").unwrap();
    assert_says(
        &reason["outcome"]["reason"]["message"].to_string(),
        &["changed since its first use", "own/test", "sources.lock"],
    );
    let other =
        summary["cells"].as_array().unwrap().iter().find(|c| c["benchmark"] == "emgsd").unwrap();
    assert!(other["outcome"]["score"].is_object(), "{}", ran.out);
    assert_says(&ran.err, &["0 cells run, 1 reused"]);
    assert_eq!(fs::read(cell.join("predictions.parquet")).unwrap(), before);
    assert!(place.cell("default", "majority.own.").join("predictions.parquet").is_file());
}
