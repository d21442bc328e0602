//! The sample fits the definitions, is the same every time, and holds its traps.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{SYNTHETIC_FAMILY, covers, ensure, synthetic, write};
use crate::definition::catalogue::Catalogue;
use crate::definition::split::Split;
use crate::prepare::{Mode, Statistics, load, prepare};

/// Statistics of the sample of every task, by task.
fn statistics() -> BTreeMap<String, Statistics> {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    let mut all = BTreeMap::new();
    for dataset in catalogue.datasets().filter(|dataset| covers(&dataset.name)) {
        let at = folder.path().join(&dataset.name);
        ensure(&dataset.name, &at).unwrap();
        let files: BTreeMap<String, PathBuf> = dataset
            .sources
            .iter()
            .map(|source| (source.id.clone(), at.join(&source.path)))
            .collect();
        assert!(
            files.values().all(|path| path.exists()),
            "{}: a source without a sample",
            dataset.name
        );
        for task in &dataset.tasks {
            let prepared = prepare(dataset, task, &files, Mode::Sample, folder.path()).unwrap();
            let all_examples =
                load(&prepared.examples, &Split::ALL, &prepared.meta.statistics.labels).unwrap();
            assert_eq!(all_examples.len() as u64, prepared.meta.statistics.examples);
            all.insert(task.name.clone(), prepared.meta.statistics);
        }
    }
    all
}

/// `benchmarks/statistics/<task>.sample.json` is what the sample gives. With UPDATE_STATISTICS=1 it is written anew.
#[test]
fn committed_statistics() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../benchmarks/statistics");
    crate::prepare::tests::check_statistics(&folder, "sample", statistics());
}

#[test]
fn every_eleven_have_a_sample() {
    let mut statistics = statistics();
    statistics.retain(|_, s| s.options.is_empty() && s.references.is_empty());
    statistics.retain(|task, _| !task.starts_with("seegull"));
    let sizes: Vec<(&str, u64)> =
        statistics.iter().map(|(task, s)| (task.as_str(), s.examples)).collect();
    assert_eq!(
        sizes,
        [
            ("crehate", 2400),
            ("cultureatlas", 927),
            ("emgsd", 2500),
            ("globe", 600),
            ("pvq-rr", 600),
            ("value-prism", 600),
            ("wvs", 600)
        ]
    );
    assert!(
        statistics.values().all(|s| ["train", "valid", "test"].iter().all(|part| s.part(part) > 0))
    );
    assert_eq!(statistics["wvs"].labels.len(), 12);
    assert_eq!(statistics["cultureatlas"].cultures.len(), 14);
    assert_eq!(statistics["cultureatlas"].rows_skipped, 3);
}

/// Every task that is not answered with a label has a sample, of which all is scored.
#[test]
fn every_kind_of_question_has_a_sample() {
    let statistics = statistics();
    let catalogue = Catalogue::embedded().unwrap();
    for (_, task) in catalogue.tasks() {
        let found = &statistics[&task.name];
        assert!(found.examples > 0 && found.part("test") > 0, "{}", task.name);
        assert_eq!(found.options.is_empty(), !task.kind().has_options(), "{}", task.name);
    }
    let blend = &statistics["blend-english"];
    assert_eq!((blend.rows_read, blend.rows_dropped), (72, 9));
    assert_eq!(statistics["globalopinionqa"].rows_dropped, 1);
    assert_eq!(statistics["globalopinionqa"].labels, ["A", "B", "C", "D"]);
    assert_eq!(statistics["iw-map-told"].examples, 400);
    assert_eq!(statistics["crehate-votes"].examples, 2400);
}

#[test]
fn the_same_bytes_every_time() {
    for dataset in
        ["univar", "crehate", "emgsd", "cultureatlas"].into_iter().chain(super::kinds::DATASETS)
    {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let paths = folders.each_ref().map(|folder| write(dataset, folder.path()).unwrap());
        assert_eq!(paths[0], paths[1]);
        for path in &paths[0] {
            let [a, b] =
                folders.each_ref().map(|folder| fs_err::read(folder.path().join(path)).unwrap());
            assert_eq!(a, b, "{}", path.display());
        }
    }
}

#[test]
fn traps() {
    let folder = tempfile::tempdir().unwrap();
    for dataset in ["univar", "crehate", "emgsd", "cultureatlas"] {
        write(dataset, folder.path()).unwrap();
    }
    let text = |path: &str| fs_err::read_to_string(folder.path().join(path)).unwrap();
    let train = text("finetune/data_splits/CREHate_train.csv");
    assert!(train.starts_with("ID,Text,Australia_Hate,United_States_Hate,"), "Australia first");
    assert!(train.lines().count() > 310, "line breaks inside texts");
    let all = text("data/CREHate_final_annotations.csv");
    assert!(all.starts_with("ID,Text,United_States_Hate,") && all.contains(",N/A\n"));
    assert!(text("test.csv").lines().count() > 500 && text("test.csv").contains("\r\n"));
    let qa = text("qa/data/wvs/qa_translated/lantern-7b.csv");
    assert!(
        qa.starts_with("qid,question,lang,answer,model,mt_lang\n")
            && qa.contains(",,")
            && qa.contains("你好")
    );
    assert!(text("qa/data/wvs/qa_translated/orchid-chat.csv").contains(",-,"));
    let neg = text("benchmarK_Feb4_neg10k.csv");
    assert!(
        neg.starts_with("0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n") && neg.contains("[NEG NORM]")
    );
}

#[test]
fn synthetic_rows_are_read_by_their_family() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("synthetic.csv");
    synthetic(3000, 1, fs_err::File::create(&rows).unwrap()).unwrap();
    let mut catalogue = Catalogue::embedded().unwrap();
    catalogue.add("synthetic.toml", SYNTHETIC_FAMILY).unwrap();
    assert!(catalogue.validate().is_empty(), "{:?}", catalogue.validate());
    let (dataset, task) = catalogue.task("synthetic").unwrap();
    let files = [("rows".to_owned(), rows)].into();
    let prepared = prepare(dataset, task, &files, Mode::Sample, folder.path()).unwrap();
    assert_eq!(prepared.meta.statistics.examples, 3000);
}
