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

/// Compares statistics with the committed files; with UPDATE_STATISTICS=1 writes them again.
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

/// The votes: five a post and country but on two posts, and the label is their majority. Figures of the noise ceilings: with
/// SciPy on the same file, 1,001 shares and 400 steps of EM; trapezoidal quadrature and BFGS for what the culture is worth.
#[test]
fn crehate_votes() {
    let Some((prepared, task, _cache)) = real("crehate", "crehate") else { return };
    let all = load(&prepared.examples, &Split::ALL, &task.labels).unwrap();
    let votes = |i: usize| all.votes.get(i).iter().sum::<u32>();
    let odd: Vec<&str> =
        (0..all.len()).filter(|&i| votes(i) != 5).map(|i| all.ids.get(i)).collect();
    assert_eq!(odd.len(), 5, "{odd:?}");
    for i in 0..all.len() {
        let [no, yes] = all.votes.get(i) else { panic!("two labels") };
        assert_eq!(all.labels[i] == 1, yes > no, "{}", all.ids.get(i));
    }
    let found = prepared.meta.statistics.annotators.as_ref().unwrap();
    assert_eq!((found.items, found.panel, found.refused.len()), (1580, 5, 0));
    let near = |what: &str, found: f64, expected: f64, tolerance: f64| {
        assert!((found - expected).abs() <= tolerance, "{what}: {found}, not {expected}");
    };
    let alphas = [("US", 0.4623), ("AU", 0.4081), ("GB", 0.4246), ("ZA", 0.3513), ("SG", 0.3440)];
    for (culture, alpha) in alphas {
        near(culture, found.cultures[culture].alpha.unwrap().value, alpha, 5e-5);
    }
    let mean = &found.mean;
    near("alpha", mean.alpha.unwrap().value, 0.398, 5e-4);
    near("one annotator", mean.one_against_the_rest.unwrap().value, 0.737, 5e-4);
    near("second panel", mean.second_panel.unwrap().value, 0.8175, 1e-3);
    near("ceiling", mean.ceiling.unwrap().value, 0.8695, 1e-3);
    near("ceiling of test", mean.ceiling_by_split["test"].value, 0.8783, 1e-3);
    let half = mean.ceiling_by_split["test"];
    near("interval of test", (half.high - half.low) / 2.0, 0.018, 0.006);
    let (low, high) = found.cultures["US"].ceiling_allowed.unwrap();
    near("least", low, 0.8436, 1e-3);
    near("highest", high, 0.9038, 1e-3);
    let culture = found.culture.as_ref().unwrap();
    near("aware", culture.culture_aware.value, 0.8743, 3e-4);
    near("leniency", culture.item_and_leniency.value, 0.8541, 3e-4);
    near("blind", culture.culture_blind.value, 0.8512, 3e-4);
    near("worth", culture.worth.value, 0.0231, 3e-4);
    assert!(culture.worth.low > 0.01 && culture.worth.high < 0.035, "{culture:?}");
    near("sd", culture.item_sd, 1.986, 2e-3);
    near("sd of a culture", culture.item_by_culture_sd, 0.491, 2e-3);
    let variance = found.variance.as_ref().unwrap();
    for (what, found, expected) in [
        ("item", variance.item, 0.3685),
        ("culture", variance.culture, 0.0041),
        ("both", variance.item_by_culture, 0.0276),
        ("annotator", variance.annotator, 0.5998),
    ] {
        near(what, found, expected, 2e-4);
    }
}

/// The three parts are the official annotation file, label for label.
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
        "FOLDER/named.txt: unknown format; set `format` of the input to csv, tsv, jsonl, json (with `rows`) or parquet"
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

/// Files that the steps of votes join are hashed and recorded: other bytes make other prepared data.
#[test]
fn a_file_that_votes_join_is_part_of_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    crate::sample::write("crehate", folder.path()).unwrap();
    let (dataset, task) = catalogue.task("crehate").unwrap();
    let mut task = task.clone();
    let join = "do = \"join\"\nfrom = { source = \"extra\", format = \"csv\" }\non = [\"annotation\"]\ncolumns = [\"weight\"]\nmissing = \"\"";
    task.votes.as_mut().unwrap().steps.insert(0, toml::from_str(join).unwrap());
    let mut files = files(&catalogue, "crehate", folder.path());
    let extra = folder.path().join("extra.csv");
    files.insert("extra".to_owned(), extra.clone());
    let run = |text: &str| {
        fs_err::write(&extra, text).unwrap();
        prepare(dataset, &task, &files, Mode::Sample, folder.path()).unwrap()
    };
    let one = run("annotation,weight\n1,2\n");
    assert!(one.meta.sources.iter().any(|source| source.id == "extra"), "{:?}", one.meta.sources);
    assert_eq!(run("annotation,weight\n1,2\n"), one);
    assert_ne!(run("annotation,weight\n1,3\n").examples, one.examples);
}

/// A folder of files of which each input takes its own, laid out as `names` has it.
fn laid_out(names: &[&str]) -> (tempfile::TempDir, Result<Prepared, super::Error>) {
    let catalogue = Catalogue::embedded().unwrap();
    let (dataset, task) = catalogue.task("wvs").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut task = task.clone();
    task.split = crate::definition::split::SplitRule::Hash {
        train: 0.6,
        valid: 0.0,
        by: crate::definition::split::Unit::Id,
        seed: 1,
    };
    let columns = &task.inputs[0].columns;
    let text: String = std::iter::once(columns.join(","))
        .chain((0..40).map(|i| vec![format!("text {i}"); columns.len()].join(",")))
        .fold(String::new(), |all, line| all + &line + "\n");
    for name in names {
        let path = folder.path().join("qa").join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, &text).unwrap();
    }
    let files = [(task.inputs[0].source.clone(), folder.path().join("qa"))].into();
    let found = prepare(dataset, &task, &files, Mode::Official, &folder.path().join("cache"));
    (folder, found)
}

#[test]
fn files_are_taken_as_people_name_them_and_it_is_said_which() {
    for (name, exact) in [
        ("data/wvs/qa_translated/GPT4$eng.csv", true),
        ("WVS/QA-translated/GPT4$eng.csv", false),
        ("x/wvs/GPT4$eng.csv", false),
        ("wvs_qa_translated_GPT4$eng.csv", false),
    ] {
        let (_folder, found) = laid_out(&[name, "globe/qa_translated/GPT4$eng.csv"]);
        let meta = found.unwrap_or_else(|e| panic!("{name}: {e}")).meta;
        assert_eq!(meta.sources[0].files, [name]);
        let notes = meta.notes().join("\n");
        assert_eq!(
            notes.contains("file taken for `**/wvs/qa_translated/*.csv`"),
            !exact,
            "{notes}"
        );
    }
}

#[test]
fn what_lies_in_an_archive_is_listed() {
    let (_folder, found) = laid_out(&["notes/a.txt", "notes/b.txt", "x/globe/c.csv"]);
    let error = found.unwrap_err().to_string();
    for part in
        ["**/wvs/qa_translated/*.csv", "notes/ (2 files: a.txt, ...)", "x/globe/ (1 files: c.csv)"]
    {
        assert!(error.contains(part), "{error}");
    }
    let copy = "wvs/qa_translated/m$eng.csv";
    let (_folder, found) = laid_out(&[&format!("data/{copy}"), &format!("data_old/{copy}")]);
    let error = found.unwrap_err().to_string();
    assert!(error.contains("`data/` and in `data_old/`") && error.contains("remove"), "{error}");
}
