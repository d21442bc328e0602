//! What is written is read, whole and in pieces; what a plugin's process reads has neither gold labels nor votes.

use super::*;
use crate::definition::answer::Kind;
use crate::example::{Example, Item, OnMap, Reference};

fn example(i: usize) -> Example {
    Example {
        id: format!("e{i}"),
        text: format!("text\n\"{i}\", ä"),
        label: ["no", "yes"][i % 2].to_owned(),
        culture: ["AU", "GB", "SG"][i % 3].to_owned(),
        cluster: format!("c{}", i / 4),
        opening: String::new(),
        groups: [("source".to_owned(), ["x", ""][i % 2].to_owned())].into(),
        part: None,
        votes: vec![i as u32 % 6, 5 - i as u32 % 6],
        item: Item::default(),
    }
}

fn layout(kind: Kind) -> Layout {
    Layout { groups: vec!["source".to_owned()], fields: Vec::new(), votes: WithVotes::Yes, kind }
}

fn file(n: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("examples.parquet");
    let mut writer =
        Writer::new(fs_err::File::create(&path).unwrap(), &layout(Kind::Label)).unwrap();
    for i in 0..n {
        let part = if i % 10 == 0 { Split::Test } else { Split::Train };
        writer.push(&example(i), part).unwrap();
    }
    writer.finish().unwrap();
    (folder, path)
}

#[test]
fn what_is_written_is_read() {
    let (_folder, path) = file(20_000);
    let labels = ["no".to_owned(), "yes".to_owned()];
    let all = read(&path, &[Split::Train, Split::Test], &labels).unwrap();
    assert_eq!(all.len(), 20_000);
    for i in [0, 1, 8191, 8192, 19_999] {
        let wanted = example(i);
        assert_eq!(all.ids.get(i), wanted.id);
        assert_eq!(all.texts.get(i), wanted.text);
        assert_eq!(labels[all.labels[i] as usize], wanted.label);
        assert_eq!(all.cultures.get(i), wanted.culture);
        assert_eq!(all.groups["source"].get(i), wanted.groups["source"]);
        assert_eq!(all.clusters[i] as usize, i / 4);
        assert_eq!(all.votes.get(i), wanted.votes);
    }
    let silent = read_without_texts(&path, &[Split::Train, Split::Test], &labels).unwrap();
    assert!(silent.texts.iter().all(str::is_empty));
    assert!(silent == Examples { texts: silent.texts.clone(), ..all }, "nothing else is left out");
    let test = read(&path, &[Split::Test], &labels).unwrap();
    assert_eq!((test.len(), test.ids.get(1)), (2000, "e10"));
    assert!(read(&path, &[Split::Valid], &labels).unwrap().is_empty());
}

#[test]
fn pieces_are_the_whole_from_anywhere() {
    let (_folder, path) = file(20_000);
    let labels = ["no".to_owned(), "yes".to_owned()];
    for parts in [&[Split::Train][..], &[Split::Test, Split::Train], &[Split::Valid]] {
        let whole = read(&path, parts, &labels).unwrap();
        assert_eq!(Table::open(&path).unwrap().count(parts).unwrap(), whole.len());
        for (from, size) in [(0, 64), (1, 9_000), (8_191, 8_192), (whole.len(), 5)] {
            let from = from.min(whole.len());
            let table = Table::open(&path).unwrap().showing(vec!["source".to_owned()]);
            let mut pieces = table.stream(parts, &labels, from).unwrap();
            let mut at = from;
            loop {
                let piece = pieces.next(size).unwrap();
                assert_eq!(piece.len(), size.min(whole.len() - at), "{parts:?} {from} {size}");
                assert!(piece.clusters.is_empty());
                for row in 0..piece.len() {
                    assert_eq!(piece.ids.get(row), whole.ids.get(at + row));
                    assert_eq!(piece.texts.get(row), whole.texts.get(at + row));
                    assert_eq!(piece.labels[row], whole.labels[at + row]);
                    assert_eq!(piece.cultures.get(row), whole.cultures.get(at + row));
                    let source = |all: &Examples, row| all.groups["source"].get(row).to_owned();
                    assert_eq!(source(&piece, row), source(&whole, at + row));
                }
                if piece.is_empty() {
                    break;
                }
                at += piece.len();
            }
            assert_eq!(at, whole.len());
        }
    }
}

#[test]
fn questions_have_no_labels() {
    let (_folder, path) = file(20_000);
    let labels = ["no".to_owned(), "yes".to_owned()];
    let table = Table::open(&path).unwrap();
    fs_err::remove_file(&path).unwrap();
    let known = table.stream(&[Split::Test], &labels, 7).unwrap().next(3_000).unwrap();
    let asked = table.questions(&[Split::Test], 7).unwrap().next(3_000).unwrap();
    assert_eq!((asked.len(), asked.labels.len(), known.labels.len()), (1_993, 0, 1_993));
    assert!(asked == Examples { labels: Vec::new(), ..known }, "all else is the same");
}

/// Whatever a plugin's process reads, labels of the training part included, has no votes.
#[test]
fn a_plugins_process_reads_no_votes() {
    let (_folder, path) = file(20_000);
    let labels = ["no".to_owned(), "yes".to_owned()];
    let parts = [Split::Train, Split::Test];
    let table = Table::open(&path).unwrap();
    for near in [
        table.read(&parts, &labels).unwrap(),
        table.stream(&parts, &labels, 3).unwrap().next(9_000).unwrap(),
        table.questions(&parts, 3).unwrap().next(9_000).unwrap(),
        table.ids(&parts, 3).unwrap().next(9_000).unwrap(),
    ] {
        assert!(near.len() >= 9_000 && near.votes.is_empty());
    }
    assert!(!read(&path, &parts, &labels).unwrap().votes.is_empty(), "they are in the file");
}

/// A file of an earlier version, and of a task without votes, has no such column.
#[test]
fn a_file_without_votes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("examples.parquet");
    let file = fs_err::File::create(&path).unwrap();
    let mut writer =
        Writer::new(file, &Layout { votes: WithVotes::No, ..layout(Kind::Label) }).unwrap();
    writer.push(&example(1), Split::Test).unwrap();
    writer.finish().unwrap();
    let read = read(&path, &[Split::Test], &["no".to_owned(), "yes".to_owned()]).unwrap();
    assert_eq!((read.len(), read.votes.is_empty()), (1, true));
}

#[test]
fn an_unknown_label_is_told() {
    let (_folder, path) = file(4);
    let error = read(&path, &[Split::Train], &["no".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("label `yes` of `e1` is not in the label list; delete it"), "{error}");
}

/// An example of a kind with everything that the kind has.
fn question(i: usize, kind: Kind) -> Example {
    let options: Vec<String> = (0..3)
        .map(|o| format!("option {o} of {i}, \"ä\""))
        .filter(|_| kind.has_options())
        .collect();
    let reference = |texts: &[&str], weight| Reference {
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        weight,
    };
    let item = Item {
        fields: [("context".to_owned(), format!("context {i}"))].into(),
        target: if kind.has_options() { vec![0.0, 0.25, 0.75] } else { Vec::new() },
        votes: if kind.has_options() { 4 } else { 0 },
        roles: if kind.has_options() { [("unknown".to_owned(), 2)].into() } else { [].into() },
        references: match kind {
            Kind::Short => vec![reference(&["rice", ""], 1.0), reference(&["bread"], 0.4)],
            _ => Vec::new(),
        },
        map: (kind == Kind::MapItem).then(|| OnMap {
            place: [i as f64, -0.5],
            centre: [0.25, 0.75],
            items: 10,
            moves: vec![[0.1, 0.2], [0.3, 0.4], [-0.5, 0.0]],
        }),
        options,
    };
    Example { item, votes: Vec::new(), ..example(i) }
}

#[test]
fn questions_of_every_kind_are_read_as_they_were_written() {
    let labels = ["no".to_owned(), "yes".to_owned()];
    for kind in [Kind::Choice, Kind::Short, Kind::Distribution, Kind::MapItem] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("examples.parquet");
        let layout =
            Layout { fields: vec!["context".to_owned()], votes: WithVotes::No, ..layout(kind) };
        let mut writer = Writer::new(fs_err::File::create(&path).unwrap(), &layout).unwrap();
        let all: Vec<Example> = (0..9000).map(|i| question(i, kind)).collect();
        for example in &all {
            writer.push(example, Split::Test).unwrap();
        }
        writer.finish().unwrap();
        let read = read(&path, &[Split::Test], &labels).unwrap();
        for i in [0, 8191, 8192, 8999] {
            assert_eq!(read.items[i], all[i].item, "{kind:?}");
        }
        // What a plugin's process reads: what may be shown, and nothing else.
        let table = Table::open(&path).unwrap();
        for mut stream in [
            table.questions(&[Split::Test], 0).unwrap(),
            table.stream(&[Split::Test], &labels, 0).unwrap(),
        ] {
            let shown = stream.next(10).unwrap();
            for (item, example) in shown.items.iter().zip(&all) {
                let Item { options, fields, .. } = example.item.clone();
                assert_eq!(*item, Item { options, fields, ..Item::default() }, "{kind:?}");
            }
        }
    }
}
