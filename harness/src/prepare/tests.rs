//! Whole files to examples: the real data where they are, small files of every format, and what is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{Mode, Prepared, Statistics, load, prepare};
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::Task;
use crate::definition::split::Split;
use crate::testing::dataset::Own;
use crate::testing::shared;

/// The files of a task in a folder laid out as a mirror of its dataset.
fn files(catalogue: &Catalogue, task: &str, folder: &Path) -> BTreeMap<String, PathBuf> {
    let (dataset, _) = catalogue.task(task).unwrap();
    let there = dataset.sources.iter().map(|source| (source.id.clone(), folder.join(&source.path)));
    there.filter(|(_, path)| path.exists()).collect()
}

fn real(task: &str, folder: &str) -> Option<(Prepared, Task, tempfile::TempDir)> {
    let folder = shared(folder)?;
    let catalogue = Catalogue::embedded().unwrap();
    let (dataset, task) = catalogue.task(task).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let prepared = prepare(
        dataset,
        task,
        &files(&catalogue, &task.name, &folder),
        Mode::Official,
        cache.path(),
    );
    Some((prepared.unwrap(), task.clone(), cache))
}

/// Compares statistics with the committed files; with UPDATE_STATISTICS=1 writes them anew.
pub(crate) fn check_statistics(folder: &Path, kind: &str, found: BTreeMap<String, Statistics>) {
    for (task, found) in found {
        let path = folder.join(format!("{task}.{kind}.json"));
        if std::env::var_os("UPDATE_STATISTICS").is_some() {
            crate::store::write_json(&path, &found).unwrap();
        }
        let committed: Statistics = crate::store::read_json(&path).unwrap();
        assert_eq!(found.differences(&committed), Vec::<String>::new(), "{}", path.display());
        assert_eq!(found, committed, "{}", path.display());
    }
}

/// `benchmarks/statistics/<task>.official.json` is what the real data give, where they are.
#[test]
fn committed_statistics() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benchmarks/statistics");
    for task in ["crehate", "emgsd"] {
        let Some((prepared, _, _cache)) = real(task, task) else { return };
        check_statistics(&folder, "official", [(task.to_owned(), prepared.meta.statistics)].into());
    }
}

/// Label counts of benchmarks.md: hate posts of 1,580 and of the 237 of test.
#[test]
fn crehate() {
    let Some((prepared, task, _cache)) = real("crehate", "crehate") else { return };
    let all = load(&prepared.examples, &Split::ALL, &task.labels).unwrap();
    let test = load(&prepared.examples, &[Split::Test], &task.labels).unwrap();
    assert_eq!((all.len(), test.len()), (7900, 1185));
    let hate = |examples: &crate::example::Examples, culture: &str| {
        (0..examples.len())
            .filter(|&i| examples.cultures.get(i) == culture && examples.labels[i] == 1)
            .count()
    };
    let cultures = ["US", "AU", "GB", "ZA", "SG"];
    assert_eq!(cultures.map(|culture| hate(&all, culture)), [629, 750, 712, 681, 766]);
    assert_eq!(cultures.map(|culture| hate(&test, culture)), [87, 113, 105, 99, 108]);
    let clusters: std::collections::BTreeSet<u32> = all.clusters.iter().copied().collect();
    assert_eq!(clusters.len(), 1580);
    let consensus =
        all.labels.chunks(5).filter(|post| post.iter().all(|label| *label == post[0])).count();
    assert_eq!(consensus, 888, "56.2 % of 1,580");
    assert!(prepared.meta.sources.iter().all(|source| source.verified == "sha256"));
}

/// The three parts are the owners' annotation file, label for label.
#[test]
fn crehate_parts_are_the_annotation_file() {
    let Some(folder) = shared("crehate") else { return };
    let columns: Vec<String> =
        ["ID", "Text", "Australia_Hate", "Singapore_Hate"].map(str::to_owned).to_vec();
    let read = |path: &str| {
        let file = fs_err::File::open(folder.join(path)).unwrap();
        let mut rows = crate::normalise::Rows::delimited(path, b',', &columns, file).unwrap();
        let mut cells = vec![String::new(); columns.len()];
        let mut all = BTreeMap::new();
        while rows.next(&mut cells).unwrap() {
            all.insert(cells[0].clone(), cells.clone());
        }
        all
    };
    let mut parts = BTreeMap::new();
    for part in ["train", "valid", "test"] {
        parts.extend(read(&format!("finetune/data_splits/CREHate_{part}.csv")));
    }
    assert_eq!(parts, read("data/CREHate_final_annotations.csv"));
}

#[test]
fn emgsd() {
    let Some((prepared, task, _cache)) = real("emgsd", "emgsd") else { return };
    let statistics = &prepared.meta.statistics;
    let parts = ["train", "valid", "test"].map(|part| statistics.part(part));
    assert_eq!(parts, [36_608, 9152, 11_441]);
    let test = load(&prepared.examples, &[Split::Test], &task.labels).unwrap();
    assert_eq!(test.labels.iter().filter(|label| **label == 1).count(), 3906);
    assert_eq!(test.ids.get(0), "test/0");
    let first: Vec<&str> = statistics.cultures.iter().map(String::as_str).collect();
    assert_eq!(first, ["gender", "lgbtq+", "nationality", "profession", "race", "religion"]);
}

/// Ids, texts and labels are the same from `train.csv` as from `train_binary.jsonl`, so the validation part is the same.
#[test]
fn emgsd_train_is_the_same_either_way() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("train.csv");
    let jsonl = folder.path().join("train_binary.jsonl");
    let test = folder.path().join("test.csv");
    let header = "stereotype_type,text,text_with_marker,category,data_source,label\r\n";
    let (mut rows, mut lines) = (header.to_owned(), String::new());
    for i in 0..200 {
        let category = ["stereotype", "neutral", "unrelated"][i % 3];
        let _ =
            writeln!(rows, "profession, club {i} is late ,x,{category},stereoset,{category}_p\r");
        let _ =
            writeln!(lines, "{{\"text\":\"club {i} is late\",\"label\":{}}}", u8::from(i % 3 == 0));
    }
    fs_err::write(&csv, rows).unwrap();
    fs_err::write(&jsonl, lines).unwrap();
    fs_err::write(&test, format!("{header}profession,a b,a b,neutral,stereoset,neutral_p\r\n"))
        .unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    let (dataset, task) = catalogue.task("emgsd").unwrap();
    let run = |train: (&str, &PathBuf)| {
        let files =
            [(train.0.to_owned(), train.1.clone()), ("test".to_owned(), test.clone())].into();
        let prepared = prepare(dataset, task, &files, Mode::Sample, folder.path()).unwrap();
        let valid = load(&prepared.examples, &[Split::Valid], &task.labels).unwrap();
        let train = load(&prepared.examples, &[Split::Train], &task.labels).unwrap();
        (valid.ids, valid.texts, valid.labels, train.ids)
    };
    let from_csv = run(("train", &csv));
    assert_eq!(from_csv.0.len(), 40);
    assert_eq!(from_csv, run(("train-binary", &jsonl)));
}

/// A user's own dataset over JSON Lines, CSV, TSV or Parquet, one TOML and no Rust: loaded as a user would, and prepared.
fn mine(folder: &Path, train: &str, test: &str) -> Result<Prepared, super::Error> {
    let input = |id: &str, path: &str| {
        let (columns, map) = if path.contains("jsonl") {
            (
                "\"text\", \"label\"",
                "column = \"label\"\nvalues = { \"0\" = \"other\", \"1\" = \"stereotype\" }",
            )
        } else {
            (
                "\"text\", \"category\"",
                "column = \"category\"\nto = \"label\"\nvalues = { stereotype = \"stereotype\" }\notherwise = \"other\"",
            )
        };
        format!(
            "[[task.input]]\nsource = \"{id}\"\npart = \"{id}\"\ncolumns = [{columns}]\n[[task.input.step]]\ndo = \"map\"\n{map}\n"
        )
    };
    let own = Own {
        name: "mine",
        sources: [("train", train), ("test", test)],
        task: "labels = [\"other\", \"stereotype\"]\npositive = \"stereotype\"\nculture_kind = \"group\"\n",
        inputs: &(input("train", train) + &input("test", test)),
        example: r#"
[task.example]
id = "{part}-{row}"
text = "{text|trim}"
label = "{label}"
culture = "everybody"

[task.split]
method = "given"
valid = { share = 0.1, seed = 7 }
"#,
        metric: "macro-f1",
    };
    let definitions = folder.join("definitions");
    fs_err::create_dir_all(&definitions).unwrap();
    fs_err::write(definitions.join("mine.toml"), own.toml()).unwrap();
    let catalogue = Catalogue::load(&[definitions]).unwrap();
    assert_eq!(catalogue.validate(), []);
    let (dataset, task) = catalogue.task("mine").unwrap();
    prepare(
        dataset,
        task,
        &files(&catalogue, "mine", folder),
        Mode::Official,
        &folder.join("cache"),
    )
}

/// EMGSD's train from `train_binary.jsonl` and its official `test.csv`, by a user's TOML alone.
#[test]
fn a_users_own_dataset_needs_no_rust() {
    let Some(emgsd) = shared("emgsd") else { return };
    let folder = tempfile::tempdir().unwrap();
    for file in ["train_binary.jsonl", "test.csv"] {
        std::os::unix::fs::symlink(emgsd.join(file), folder.path().join(file)).unwrap();
    }
    let prepared = mine(folder.path(), "train_binary.jsonl", "test.csv").unwrap();
    let statistics = &prepared.meta.statistics;
    assert_eq!(
        ["train", "valid", "test"].map(|part| statistics.part(part)),
        [41_184, 4576, 11_441]
    );
    assert_eq!(statistics.counts["test"]["everybody"]["stereotype"], 3906);
    assert_eq!(prepared.meta.sources[0].verified, "no published checksum; the user's own file");
}

/// The same rows as TSV and Parquet give the same examples.
#[test]
fn formats_agree() {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, RecordBatch, StringArray};

    let texts: Vec<String> = (0..50).map(|i| format!("row \"{i}\",\nwith a tab\tand ä")).collect();
    let categories: Vec<&str> = (0..50).map(|i| ["stereotype", "neutral"][i % 2]).collect();
    let folder = tempfile::tempdir().unwrap();
    for (name, separator) in [("a.csv", b','), ("a.tsv", b'\t')] {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .from_path(folder.path().join(name))
            .unwrap();
        writer.write_record(["category", "text"]).unwrap();
        for (category, text) in categories.iter().zip(&texts) {
            writer.write_record([category, text.as_str()]).unwrap();
        }
        writer.flush().unwrap();
    }
    let columns: [(&str, ArrayRef); 2] = [
        ("category", Arc::new(StringArray::from(categories))),
        ("text", Arc::new(StringArray::from_iter_values(&texts))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs_err::File::create(folder.path().join("a.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let hash = |name: &str| mine(folder.path(), name, "a.csv").unwrap().meta.sha256;
    assert_eq!(hash("a.csv"), hash("a.tsv"));
    assert_eq!(hash("a.csv"), hash("a.parquet"));
}

#[test]
fn bad_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs_err::write(folder.path().join(name), text).unwrap();
    write("good.csv", "category,text\nneutral,a\nstereotype,b\n");
    write("short.csv", "category,text\nneutral\n");
    write("named.txt", "category,text\nneutral,a\n");
    let told = |train: &str| {
        let text = mine(folder.path(), train, "good.csv").unwrap_err().to_string();
        text.replace(&folder.path().display().to_string(), "FOLDER")
    };
    assert_eq!(
        told("short.csv"),
        "mine/short.csv, row 1 (line 2): 1 fields where the header has 2; quote fields that hold separators or line breaks, close every quote, or set `bad_rows = \"skip\"`"
    );
    assert_eq!(
        told("named.txt"),
        "FOLDER/named.txt: unknown format; set `format` of the input to csv, tsv, jsonl or parquet"
    );
    assert_eq!(
        told("none.csv"),
        "task `mine`: no file for the source `train`; fetch it, or use `--data sample`"
    );
    let left: Vec<_> = fs_err::read_dir(folder.path().join("cache/prepared")).unwrap().collect();
    assert!(left.is_empty(), "nothing half made is left");
}

/// The pins of the definition: a file of other bytes is refused, by size, SHA-256 or git blob id.
#[test]
fn other_bytes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    crate::sample::write("emgsd", folder.path()).unwrap();
    let (dataset, task) = catalogue.task("emgsd").unwrap();
    let files = files(&catalogue, "emgsd", folder.path());
    let error =
        prepare(dataset, task, &files, Mode::Official, folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("test.csv: size is ")
            && error.ends_with("delete the file and fetch it again"),
        "{error}"
    );
    let mut dataset = dataset.clone();
    dataset.sources.retain(|source| source.id == "train" || source.id == "test");
    dataset.sources[1].bytes = None;
    dataset.sources[1].sha256 = None;
    let error =
        prepare(&dataset, task, &files, Mode::Official, folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("train.csv: git blob id is ")
            && error.contains("the source `train` pins f8c56392c651af64d4dc56227dd239125cf574c7"),
        "{error}"
    );
}

/// Two ids that are the same are an error that names the second's place.
#[test]
fn ids_are_unique() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    crate::sample::write("crehate", folder.path()).unwrap();
    let path = folder.path().join("finetune/data_splits/CREHate_valid.csv");
    fs_err::copy(folder.path().join("finetune/data_splits/CREHate_train.csv"), &path).unwrap();
    let (dataset, task) = catalogue.task("crehate").unwrap();
    let files = files(&catalogue, "crehate", folder.path());
    let error =
        prepare(dataset, task, &files, Mode::Sample, folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "crehate/finetune/data_splits/CREHate_valid.csv, row 1 (line 2): the id `"
        ) && error.contains("/US` was there before; make `example.id` of the definition unique"),
        "{error}"
    );
}

/// A second call takes what the first left; another definition or file makes its own.
#[test]
fn prepared_data_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    crate::sample::write("crehate", folder.path()).unwrap();
    let (dataset, task) = catalogue.task("crehate").unwrap();
    let files = files(&catalogue, "crehate", folder.path());
    let run = |task: &Task| prepare(dataset, task, &files, Mode::Sample, folder.path()).unwrap();
    let first = run(task);
    let changed = fs_err::metadata(&first.examples).unwrap().modified().unwrap();
    assert_eq!(run(task), first);
    assert_eq!(fs_err::metadata(&first.examples).unwrap().modified().unwrap(), changed);
    let mut other = task.clone();
    other.example.text = "{Text|trim}".to_owned();
    assert_ne!(run(&other).examples, first.examples);
    // Half a folder is made whole.
    fs_err::remove_file(first.examples.with_file_name("meta.json")).unwrap();
    assert_eq!(run(task), first);
}
