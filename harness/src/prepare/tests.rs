//! Whole files to examples: the real data where they are, small files of every format, and what is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Mode, Prepared, Statistics, load, prepare};
use crate::definition::catalogue::Catalogue;
use crate::definition::family::Task;
use crate::definition::split::Part;
use crate::testing::shared;

/// The files of a task in a folder laid out as a mirror of its family.
fn files(catalogue: &Catalogue, task: &str, folder: &Path) -> BTreeMap<String, PathBuf> {
    let (family, _) = catalogue.task(task).unwrap();
    let there = family.sources.iter().map(|source| (source.id.clone(), folder.join(&source.path)));
    there.filter(|(_, path)| path.exists()).collect()
}

fn real(task: &str, folder: &str) -> Option<(Prepared, Task, tempfile::TempDir)> {
    let folder = shared(folder)?;
    let catalogue = Catalogue::embedded().unwrap();
    let (family, task) = catalogue.task(task).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let prepared = prepare(family, task, &files(&catalogue, &task.name, &folder), Mode::Official, cache.path());
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
    let all = load(&prepared.examples, &Part::ALL, &task.labels).unwrap();
    let test = load(&prepared.examples, &[Part::Test], &task.labels).unwrap();
    assert_eq!((all.len(), test.len()), (7900, 1185));
    let hate = |examples: &crate::example::Examples, culture: &str| {
        (0..examples.len()).filter(|&i| examples.cultures.get(i) == culture && examples.labels[i] == 1).count()
    };
    let cultures = ["US", "AU", "GB", "ZA", "SG"];
    assert_eq!(cultures.map(|culture| hate(&all, culture)), [629, 750, 712, 681, 766]);
    assert_eq!(cultures.map(|culture| hate(&test, culture)), [87, 113, 105, 99, 108]);
    let clusters: std::collections::BTreeSet<u32> = all.clusters.iter().copied().collect();
    assert_eq!(clusters.len(), 1580);
    let consensus = all.labels.chunks(5).filter(|post| post.iter().all(|label| *label == post[0])).count();
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
    let test = load(&prepared.examples, &[Part::Test], &task.labels).unwrap();
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
        rows.push_str(&format!("profession, club {i} is \"\"late\"\" ,x,{category},stereoset,{category}_p\r\n").replace("\"\"", ""));
        lines.push_str(&format!("{{\"text\":\"club {i} is late\",\"label\":{}}}\n", u8::from(i % 3 == 0)));
    }
    fs_err::write(&csv, rows).unwrap();
    fs_err::write(&jsonl, lines).unwrap();
    fs_err::write(&test, format!("{header}profession,a b,a b,neutral,stereoset,neutral_p\r\n")).unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    let (family, task) = catalogue.task("emgsd").unwrap();
    let run = |train: (&str, &PathBuf)| {
        let files = [(train.0.to_owned(), train.1.clone()), ("test".to_owned(), test.clone())].into();
        let prepared = prepare(family, task, &files, Mode::Sample, folder.path()).unwrap();
        let valid = load(&prepared.examples, &[Part::Valid], &task.labels).unwrap();
        let train = load(&prepared.examples, &[Part::Train], &task.labels).unwrap();
        (valid.ids, valid.texts, valid.labels, train.ids)
    };
    let from_csv = run(("train", &csv));
    assert_eq!(from_csv.0.len(), 40);
    assert_eq!(from_csv, run(("train-binary", &jsonl)));
}
