//! Every kind of good and bad file: what comes out, and the whole message where it is refused.

use std::fmt::Write as _;

use super::{Error, Pipeline, Rows, Tables, Tally, normalise};
use crate::definition::dataset::Task;

/// A task over the columns `id`, `text`, `label`, with `extra` in its input.
fn task(extra: &str, steps: &str) -> Task {
    toml::from_str(&format!(
        r#"
        name = "t"
        title = "T"
        question = "?"
        labels = ["no", "yes"]
        culture_kind = "group"
        example = {{ id = "{{id}}", text = "{{text}}", label = "{{label|trim}}", label_map = {{ "0" = "no", "1" = "yes" }}, culture = "{{file}}" }}
        split = {{ method = "given" }}
        protocol = []
        input = [{{ source = "s", part = "test", columns = ["id", "text", "label"] {extra} }}]
        {steps}
        "#
    ))
    .unwrap()
}

fn run(task: &Task, mut rows: Rows<'_>) -> (Result<(), Error>, String, Tally) {
    let pipeline = Pipeline::new(task, &task.inputs[0]).unwrap();
    let (mut out, mut tally) = (String::new(), Tally::default());
    let done =
        normalise(&pipeline, &Tables::default(), &mut rows, "f", &mut tally, &mut |example, _| {
            let _ = writeln!(
                out,
                "{}|{}|{}",
                example.id,
                example.text.replace('\n', "\\n"),
                example.label
            );
            Ok::<(), Error>(())
        });
    assert!(done.is_err() || tally.balances());
    (done, out, tally)
}

/// What a file in some format gives: its examples, or the message.
fn outcome(task: &Task, format: &str, bytes: &[u8]) -> String {
    let columns = task.inputs[0].columns.clone();
    let rows = match format {
        "csv" => Rows::delimited("f.csv", b',', &columns, bytes),
        "tsv" => Rows::delimited("f.csv", b'\t', &columns, bytes),
        _ => Rows::jsonl("f.jsonl", &columns, bytes),
    };
    match rows {
        Err(error) => error.to_string(),
        Ok(rows) => match run(task, rows) {
            (Err(error), ..) => error.to_string(),
            (Ok(()), out, _) => out,
        },
    }
}

#[test]
fn good_files() {
    let check = |format: &str, bytes: &[u8], expect: &str| {
        assert_eq!(
            outcome(&task("", ""), format, bytes),
            expect,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    };
    let all = "a|x|no\nb|y, z|yes\n";
    check("csv", b"id,text,label\na,x,0\nb,\"y, z\",1\n", all);
    check("csv", b"label,more,text,id\n0,?,x,a\n1,?,\"y, z\",b", all);
    check("csv", b"\xef\xbb\xbfid,text,label\r\na,x,0\r\nb,\"y, z\",1\r\n", all);
    check("csv", b"id,text,label\ra,x,0\rb,\"y, z\",1\r", all);
    check("csv", b"\xef\xbb\xbf\"id\",text,label\n\na,x,0\n\nb,\"y, z\",1\n", all);
    check("csv", "id,text,label\na,\"ä\n\"\"b\"\"\",1\n".as_bytes(), "a|ä\\n\"b\"|yes\n");
    check("tsv", b"id\ttext\tlabel\na\tx\t0\nb\ty, z\t1\n", all);
    check("jsonl", b"{\"id\":\"a\",\"text\":\"x\",\"label\":0}\r\n\n{\"text\":\"y, z\",\"id\":\"b\",\"label\":\"1\",\"n\":[1]}", all);
    check("jsonl", b"\xef\xbb\xbf{\"id\":1,\"text\":null,\"label\":0}\n", "1||no\n");
}

#[test]
fn bad_files() {
    let check = |format: &str, bytes: &[u8], expect: &str| {
        assert_eq!(
            outcome(&task("", ""), format, bytes),
            expect,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    };
    let empty = "the file is empty; fetch it again, or take its input out of the definition";
    check("csv", b"", &format!("f.csv: {empty}"));
    check("csv", b"\xef\xbb\xbf", &format!("f.csv: {empty}"));
    check("jsonl", b"", &format!("f.jsonl: {empty}"));
    check(
        "csv",
        b"id,text,label\n",
        "f.csv: the file has a header but no rows; fetch it again, or take its input out of the definition",
    );
    check(
        "csv",
        b"id,txt,label\na,x,0\n",
        "f.csv: missing column `text` (there are: `id`, `txt`, `label`): did you mean `txt`?; correct `columns` of the input, or the file's header",
    );
    check(
        "csv",
        b"id,text,text,label\na,x,x,0\n",
        "f.csv: the header names the column `text` twice; rename one of them",
    );
    check(
        "csv",
        b"id,text,label\na,x,0\nb,y, z,1\n",
        "f.csv, row 2 (line 3): 4 fields where the header has 3; quote fields that hold separators or line breaks, close every quote, or set `bad_rows = \"skip\"`",
    );
    check(
        "csv",
        b"id,text,label\na,\"x\ny\",0\nb,\"y,1\nc,z,0\n",
        "f.csv, row 2 (line 4): 2 fields where the header has 3; quote fields that hold separators or line breaks, close every quote, or set `bad_rows = \"skip\"`",
    );
    check(
        "csv",
        b"id,text,label\na,x\xff\xfey,0\n",
        "f.csv, row 1 (line 2): field `text`: invalid UTF-8 at byte 1 of the field (0xff 0xfe 0x79); save the file as UTF-8, or set `bad_rows = \"skip\"`",
    );
    check(
        "csv",
        b"id,text,label\na,x,0\nb,y,2\n",
        "f.csv, row 2 (line 3): field `label`: unexpected value `2` (expected one of: `0`, `1`); add it to `label_map` of the definition, or set `bad_rows = \"skip\"`",
    );
    check(
        "jsonl",
        b"{\"id\":\"a\",\"text\":\"x\",\"label\":0}\n{\"id\":\"b\",\n",
        "f.jsonl, row 2 (line 2): not a JSON object (EOF while parsing a value at line 1 column 10); one object a line, or set `bad_rows = \"skip\"`",
    );
    check(
        "jsonl",
        b"{\"id\":\"a\",\"label\":0}\n",
        "f.jsonl, row 1 (line 1): field `text` is missing (there are: `id`, `label`); add it, or set `bad_rows = \"skip\"`",
    );
}

/// `bad_rows = "skip"`: nothing but the bad rows is lost, and they are counted.
#[test]
fn skipped_rows_are_counted() {
    let task = task(", bad_rows = \"skip\"", "");
    let bytes: &[u8] = b"id,text,label\na,x,0\nb,y\nc,\xff,1\nd,z,7\ne,,1\n";
    let columns = task.inputs[0].columns.clone();
    let (done, out, tally) = run(&task, Rows::delimited("f.csv", b',', &columns, bytes).unwrap());
    assert_eq!((done, out.as_str()), (Ok(()), "a|x|no\ne||yes\n"));
    assert_eq!((tally.read, tally.examples, tally.skipped), (5, 2, 3));
    let kinds: Vec<(&str, u64)> =
        tally.warnings.kinds.iter().map(|(kind, w)| (kind.as_str(), w.count)).collect();
    assert_eq!(
        kinds,
        [
            ("empty text (kept)", 1),
            ("invalid UTF-8", 1),
            ("unexpected value", 1),
            ("wrong field count", 1)
        ]
    );
    assert!(
        tally.warnings.kinds["invalid UTF-8"].first[0]
            .starts_with("f.csv, row 3 (line 4): field `text`")
    );
}

#[test]
fn steps() {
    let check = |steps: &str, bytes: &str, expect: &str| {
        assert_eq!(outcome(&task("", steps), "csv", bytes.as_bytes()), expect, "{steps}");
    };
    let rows = "id,text,label\na, x ,0\nb,y[N] z,1\nc,,1\n";
    check(
        "step = [{ do = \"trim\", columns = [\"text\"] }]",
        rows,
        "a|x|no\nb|y[N] z|yes\nc||yes\n",
    );
    check(
        "step = [{ do = \"cut-at\", column = \"text\", at = \"[N]\" }]",
        rows,
        "a| x |no\nb|y|yes\nc||yes\n",
    );
    check("step = [{ do = \"skip-empty\", column = \"text\" }]", rows, "a| x |no\nb|y[N] z|yes\n");
    check(
        "step = [{ do = \"drop\", column = \"id\", values = [\"a\", \"c\"] }]",
        rows,
        "b|y[N] z|yes\n",
    );
    check(
        "step = [{ do = \"map\", column = \"id\", to = \"text\", values = { a = \"A\" }, otherwise = \"?\" }]",
        rows,
        "a|A|no\nb|?|yes\nc|?|yes\n",
    );
    check(
        "step = [{ do = \"map\", column = \"id\", values = { a = \"A\" } }]",
        rows,
        "f.csv, row 2 (line 3): field `id`: unexpected value `b` (expected one of: `a`); add it to `values` of the definition, or set `bad_rows = \"skip\"`",
    );
    check(
        "step = [{ do = \"set\", column = \"text\", template = \"{row}/{file}/{part}: {text|trim}\" }]",
        rows,
        "a|0/f/test: x|no\nb|1/f/test: y[N] z|yes\nc|2/f/test: |yes\n",
    );
    check(
        "step = [{ do = \"unpivot\", columns = [[\"label\", \"L\"], [\"id\", \"I\"]], key = \"text\", value = \"label\" }]",
        "id,text,label\n1,x,0\n",
        "1|L|no\n1|I|yes\n",
    );
}

#[test]
fn files_of_other_kinds_are_named() {
    let columns = ["id".to_owned()];
    for (bytes, what, remedy) in [
        (&b"PK\x03\x04\x14"[..], "a spreadsheet (.xlsx)", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1", "a spreadsheet (.xls)", "save it as CSV"),
        (b"PAR1\x15", "a Parquet file", "format = \"parquet\""),
        (b"\x1f\x8b\x08", "a gzip file", "gunzip"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs pull"),
        (b"\xff\xfei\0d\0", "UTF-16", "save it as UTF-8"),
        (b"\xfe\xff\0i\0d", "UTF-16", "save it as UTF-8"),
    ] {
        let said = [
            Rows::delimited("f.csv", b',', &columns, bytes).unwrap_err().to_string(),
            Rows::jsonl("f.jsonl", &columns, bytes).unwrap_err().to_string(),
        ];
        assert!(said.iter().all(|s| s.contains(what) && s.contains(remedy)), "{said:?}");
    }
}

/// The line of a row is that of an editor, whatever ends the lines.
#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let columns = ["id", "text"].map(str::to_owned);
    for (end, bom) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}"), ("\n", "\u{feff}")] {
        // A quoted cell over two lines, then a row with a field too few.
        let text = format!("{bom}id,text{end}a,x{end}b,\"y{end}z\"{end}c{end}");
        let mut rows = Rows::delimited("f.csv", b',', &columns, text.as_bytes()).unwrap();
        let mut cells = vec![String::new(); 2];
        for line in [2, 3] {
            assert!(rows.next(&mut cells).unwrap());
            assert_eq!(rows.place().line, Some(line), "{end:?} {bom:?}");
        }
        let error = rows.next(&mut cells).unwrap_err().to_string();
        assert!(error.contains("row 3 (line 5)"), "{end:?}: {error}");
    }
}

/// Parquet in the usual compressions, with numbers and nulls.
#[test]
fn parquet() {
    use std::sync::Arc;

    use arrow_array::{Int64Array, RecordBatch, StringArray};
    use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};

    let batch = RecordBatch::try_from_iter_with_nullable([
        ("label", Arc::new(Int64Array::from(vec![0, 1])) as Arc<dyn arrow_array::Array>, true),
        ("text", Arc::new(StringArray::from(vec![Some("x"), None])), true),
        ("id", Arc::new(StringArray::from(vec!["a", "b"])), true),
    ])
    .unwrap();
    let columns = ["id", "text", "label"].map(str::to_owned);
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let properties = parquet::file::properties::WriterProperties::builder()
            .set_compression(compression)
            .build();
        let mut file = tempfile::tempfile().unwrap();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), Some(properties))
                .unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let rows = Rows::parquet("f.parquet", &columns, file.try_clone().unwrap()).unwrap();
        let (done, out, _) = run(&task("", ""), rows);
        assert_eq!((done, out.as_str()), (Ok(()), "a|x|no\nb||yes\n"));
        let missing = Rows::parquet("f.parquet", &["group".to_owned()], file).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "f.parquet: missing column `group` (there are: `label`, `text`, `id`); correct `columns` of the input, or the file's header"
        );
    }
    let empty = Rows::parquet("f.parquet", &columns, tempfile::tempfile().unwrap()).unwrap_err();
    assert!(empty.to_string().starts_with("f.parquet: the file is empty"));
}

proptest::proptest! {
    /// Whatever a cell holds, quoted CSV gives it back, with any line end and with a BOM.
    #[test]
    fn any_text_survives(cells in proptest::collection::vec("\\PC*|[\"\n\r,]{0,4}", 3..30), crlf: bool, bom: bool) {
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut bytes = if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        let mut writer = csv::WriterBuilder::new().terminator(end).quote_style(csv::QuoteStyle::Always).from_writer(&mut bytes);
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in cells.chunks_exact(3) {
            writer.write_record(row).unwrap();
        }
        drop(writer);
        let mut rows = Rows::delimited("f.csv", b',', &["c", "a", "b"].map(str::to_owned), bytes.as_slice()).unwrap();
        let mut found = vec![String::new(); 3];
        for row in cells.chunks_exact(3) {
            assert!(rows.next(&mut found).unwrap());
            assert_eq!(found, [row[2].clone(), row[0].clone(), row[1].clone()]);
        }
        assert!(!rows.next(&mut found).unwrap());
    }
}

/// What the steps make of a row's columns, by writing it to `text`.
fn stepped(steps: &str, text: &str, label: &str) -> String {
    let rows = format!("id,text,label\n7,\"{text}\",{label}\n");
    let steps = format!("step = [{steps}]");
    outcome(&task("", &steps), "csv", rows.as_bytes())
}

#[test]
fn words_for_nothing_are_those_of_pandas() {
    let blank = "{ do = \"blank-na\", columns = [\"text\"] }, { do = \"first-of\", columns = [\"text\", \"id\"], to = \"text\" }";
    for word in ["", "None", "N/A", "NA", "nan", "NaN", "null", "NULL", "n/a", "<NA>", "#N/A"] {
        assert_eq!(stepped(blank, word, "1"), "7|7|yes\n", "{word}");
    }
    // As pandas: only the whole cell, only in these spellings.
    for word in ["none", "Null", "-", "NA.", "no"] {
        assert_eq!(stepped(blank, word, "1"), format!("7|{word}|yes\n"));
    }
}

#[test]
fn a_template_is_what_variants_share() {
    let mask = "{ do = \"mask\", column = \"text\", mark = \"===\" }";
    let check = |text: &str, expect: &str| {
        assert_eq!(stepped(mask, text, "0"), format!("7|{expect}|no\n"));
    };
    check("The baker makes ===fatty=== pastries.", "The baker makes _ pastries.");
    check("===Jake=== lifts it as ===he=== can.", "_ lifts it as _ can.");
    check("She left. ===It rained.===", "She left. _");
    check("She left. ===It rained", "She left. _");
    check("Nothing is marked.", "Nothing is marked.");
    let kept = |is: &str| {
        let keep =
            format!("{{ do = \"keep-if\", column = \"label\", is = [\"{is}\"], keep = \"text\" }}");
        stepped(&keep, "a", "1")
    };
    assert_eq!((kept("1").as_str(), kept("0").as_str()), ("7|a|yes\n", "7||yes\n"));
    let blank = "{ do = \"blank\", column = \"text\", values = [\"none\"] }";
    assert_eq!(stepped(blank, "none", "1"), "7||yes\n");
    assert_eq!(stepped(blank, "some", "1"), "7|some|yes\n");
}

#[test]
fn an_optional_column_may_be_missing() {
    let first = "step = [{ do = \"first-of\", columns = [\"qid\", \"text\"], to = \"text\" }]";
    let task = task(", optional = [\"qid\"]", first);
    let pipeline = Pipeline::new(&task, &task.inputs[0]).unwrap();
    let texts = |format: &str, bytes: &[u8]| {
        let rows = match format {
            "csv" => Rows::delimited("f.csv", b',', pipeline.read(), bytes).unwrap(),
            _ => Rows::jsonl("f.jsonl", pipeline.read(), bytes).unwrap(),
        };
        run(&task, rows).1
    };
    assert_eq!(texts("csv", b"id,text,label\n7,a,1\n"), "7|a|yes\n");
    assert_eq!(texts("csv", b"qid,id,text,label\nq3,7,a,1\n,8,b,0\n"), "7|q3|yes\n8|b|no\n");
    let json = b"{\"id\": \"7\", \"text\": \"a\", \"label\": \"1\"}\n{\"id\": 8, \"text\": \"b\", \"label\": 1, \"qid\": 3}\n";
    assert_eq!(texts("jsonl", json), "7|a|yes\n8|3|yes\n");
}
