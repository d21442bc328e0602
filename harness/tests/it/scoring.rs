//! `score`: predictions made elsewhere, in every format, by id and by text.

use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use fs_err as fs;
use serde_json::{Value, json};

use super::program::{Place, assert_says};

/// Id, text and label of the SAMPLE's EMGSD test part.
pub(crate) fn questions(place: &Place) -> Vec<[String; 3]> {
    place.run(&["sample", "sample"]).exits(0);
    let bytes = fs::read(place.path("sample/emgsd/test.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(&bytes[..]);
    let head = rows.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|h| h == name).unwrap();
    (rows.records().enumerate())
        .map(|(i, row)| {
            let row = row.unwrap();
            let label =
                if &row[at("category")] == "stereotype" { "stereotype" } else { "non-stereotype" };
            [format!("test/{i}"), row[at("text")].trim().to_owned(), label.to_owned()]
        })
        .collect()
}

fn delimited(separator: u8, head: [&str; 2], rows: &[[String; 2]]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    writer.write_record(head).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn jsonl(head: [&str; 2], rows: &[[String; 2]]) -> Vec<u8> {
    let line = |row: &[String; 2]| format!("{}\n", json!({ head[0]: row[0], head[1]: row[1] }));
    rows.iter().map(line).collect::<String>().into_bytes()
}

fn parquet(head: [&str; 2], rows: &[[String; 2]]) -> Vec<u8> {
    let column =
        |i: usize| Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row[i]))) as _;
    let batch = RecordBatch::try_from_iter([(head[0], column(0)), (head[1], column(1))]).unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// The first score of a file, and the warnings.
fn score(place: &Place, file: &str, more: &[&str]) -> (Value, String) {
    let args =
        ["--json", "score", "--data", "sample", "--benchmark", "emgsd", "--predictions", file];
    let ran = place.run(&[&args[..], more].concat()).exits(0);
    let line = ran.lines().remove(0);
    assert_eq!(line["sample"], true);
    (line["scores"][0].clone(), ran.err)
}

#[test]
fn every_format_by_id_counts_what_is_missing_and_unknown() {
    let place = Place::new();
    let questions = questions(&place);
    let n = questions.len();
    let mut rows: Vec<[String; 2]> =
        questions.iter().map(|[id, _, label]| [id.clone(), label.clone()]).collect();
    rows.truncate(n - 3);
    rows[0][1] = "cannot say".to_owned();
    rows.push(["test/none".to_owned(), "stereotype".to_owned()]);
    rows.push(["test/nought".to_owned(), "stereotype".to_owned()]);
    let head = ["id", "label"];
    place.write("p.csv", delimited(b',', head, &rows));
    place.write("p.tsv", delimited(b'\t', head, &rows));
    place.write("p.jsonl", jsonl(head, &rows));
    place.write("p.parquet", parquet(head, &rows));
    let mut first = None;
    for file in ["p.csv", "p.tsv", "p.jsonl", "p.parquet"] {
        let (score, warnings) = score(&place, file, &[]);
        let of = |name: &str| score[name].as_u64().unwrap() as usize;
        assert_eq!(
            (of("n"), of("answered"), of("unparsable"), of("missing")),
            (n, n - 4, 1, 3),
            "{file}"
        );
        assert_says(
            &warnings,
            &["2 rows of", file, "name no example, the first is", "`test/none`"],
        );
        assert_eq!(*first.get_or_insert_with(|| score.clone()), score, "{file}");
    }
    let text = place
        .run(&["score", "--data", "sample", "--benchmark", "emgsd", "--predictions", "p.csv"])
        .exits(0);
    assert_says(&text.out, &["EMGSD · trained · SAMPLE", "unparsable", "missing", "95 %"]);
}

#[test]
fn by_text_with_columns_of_other_names() {
    let place = Place::new();
    let questions = questions(&place);
    let constant = |i: usize| -> Vec<[String; 2]> {
        questions.iter().map(|question| [question[i].clone(), "stereotype".to_owned()]).collect()
    };
    place.write("ids.csv", delimited(b',', ["id", "label"], &constant(0)));
    place.write("texts.jsonl", jsonl(["text", "predicted"], &constant(1)));
    let by_id = score(&place, "ids.csv", &[]).0;
    let by_text = score(&place, "texts.jsonl", &["--key", "text", "--label", "predicted"]).0;
    assert_eq!(by_text, by_id);
    assert_eq!(by_id["missing"], 0);
}

/// What a run has written, scored again, is what the run says.
#[test]
fn predictions_of_a_run_score_as_in_the_run() {
    let place = Place::new();
    place.sample(&["--models", "stratified-random", "--benchmarks", "emgsd"]).exits(0);
    let file = place.cell("default", "stratified-random.").join("predictions.parquet");
    let (score, _) = score(&place, &file.to_string_lossy(), &[]);
    let summary = place.summary("default");
    for name in ["metric", "value", "low", "high", "n", "answered"] {
        assert_eq!(score[name], summary["cells"][0]["outcome"]["score"][name], "{name}");
    }
}

#[test]
fn what_cannot_be_scored_says_why() {
    let place = Place::new();
    let error = |file: &str, text: &str, more: &[&str]| {
        place.write(file, text);
        let args = ["score", "--data", "sample", "--benchmark", "emgsd", "--predictions", file];
        let ran = place.run(&[&args[..], more].concat()).exits(2);
        assert_eq!(ran.out, "");
        place.plain(&ran.err)
    };
    let twice = "id,label\ntest/0,stereotype\ntest/1,stereotype\ntest/0,non-stereotype\n";
    insta::assert_snapshot!(error("twice.csv", twice, &[]), @r"
    error: different answers to the same example: twice.csv, row 1 and twice.csv, row 3; keep one row an example

    hint: labels are non-stereotype, stereotype; --map says what a value means, --label which column has it, --id and --text which column names the example
    ");
    insta::assert_snapshot!(error("columns.csv", "ID,prediction\ntest/0,stereotype\n", &[]), @"error: columns.csv: no column `label` with the answer (there are `ID`, `prediction`); name it with --label");
    insta::assert_snapshot!(error("fields.jsonl", "{\"id\": \"test/0\", \"labels\": \"stereotype\"}\n", &[]), @"error: fields.jsonl, row 1: no column `label` with the answer (there are `id`, `labels`); name it with --label");
    insta::assert_snapshot!(error("strangers.csv", "id,label\n1,stereotype\n2,stereotype\n", &[]), @r"
    error: no row names an example of the evaluated part: the first has the fields `id`, `row`; an example is named by an id such as `test/0`, or by its exact text; say by --id or --text which field holds it

    hint: labels are non-stereotype, stereotype; --map says what a value means, --label which column has it, --id and --text which column names the example
    ");
    insta::assert_snapshot!(error("empty.csv", "", &[]), @"error: empty.csv: the file is empty; there is nothing to import");
    insta::assert_snapshot!(error("nothing.csv", "id,label\n", &[]), @"error: nothing.csv: the file has no rows; there is nothing to import");
    insta::assert_snapshot!(error("notes.txt", "hello\n", &[]), @"error: notes.txt: neither a log of lm-evaluation-harness (samples_*.jsonl) nor of inspect_ai (.eval, .json) nor predictions (.csv, .tsv, .jsonl)");
    insta::assert_snapshot!(error("fine.csv", "id,label\ntest/0,stereotype\n", &["--protocol", "traind"]), @r"
    error: task `emgsd` has no protocol `traind`

    hint: did you mean `trained`? it has trained, zero-shot
    ");
    let gone = place
        .run(&["score", "--data", "sample", "--benchmark", "emgsd", "--predictions", "gone.csv"])
        .exits(2);
    assert_says(&gone.err, &["failed to open the predictions", "gone.csv"]);
    let mean = place.run(&[
        "score",
        "--data",
        "sample",
        "--benchmark",
        "univar",
        "--predictions",
        "fine.csv",
    ]);
    assert_says(&mean.exits(2).err, &["is the mean of", "score those"]);
}

/// A file about other examples is no score of 0: it is refused, and said how to score it all the same.
#[test]
fn too_few_rows_are_refused() {
    let place = Place::new();
    let questions = questions(&place);
    let n = questions.len();
    let file = |rows: usize| -> Vec<u8> {
        let rows: Vec<[String; 2]> =
            questions[..rows].iter().map(|[id, _, label]| [id.clone(), label.clone()]).collect();
        delimited(b',', ["id", "label"], &rows)
    };
    let few = n * 9 / 10 - 1;
    place.write("few.csv", file(few));
    let args = ["score", "--data", "sample", "--benchmark", "emgsd", "--predictions", "few.csv"];
    let refused = place.run(&args).exits(2);
    assert_says(&refused.err, &[&format!("only {few} of {n} examples"), "--partial"]);
    let import = ["import", "few.csv", "--data", "sample", "--benchmark", "emgsd", "--model", "m"];
    assert_says(&place.run(&import).exits(2).err, &[&format!("only {few} of {n} examples")]);
    let (partial, _) = score(&place, "few.csv", &["--partial"]);
    assert_eq!(partial["missing"], n - few);
    place.write("most.csv", file(few + 2));
    assert_eq!(score(&place, "most.csv", &[]).0["missing"], n - few - 2);
}

/// Rows that name their example by number and columns that have one answer each; `--map` gives fields other values.
#[test]
fn templates_name_examples_and_answers() {
    let place = Place::new();
    let questions = questions(&place);
    let rows: Vec<[String; 2]> = (questions.iter())
        .map(|[_, text, label]| {
            [text.clone(), if label == "stereotype" { "1" } else { "0" }.into()]
        })
        .collect();
    place.write("wide.csv", delimited(b',', ["sentence", "gold_label"], &rows));
    let names = ["--id", "{part}/{row}", "--label", "{part}_label", "--map", "part:gold=test"];
    let values = ["--map", "1=stereotype", "--map", "0=non-stereotype"];
    let (first, warnings) = score(&place, "wide.csv", &[&names[..], &values].concat());
    assert_eq!((first["value"].as_f64(), warnings.as_str()), (Some(1.0), ""));
}
