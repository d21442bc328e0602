//! What the process of a plugin reads has nothing of the answers that are scored.

use super::*;
use crate::definition::answer::Kind;
use crate::example::Reference;

const SPEC: &str = include_str!("../../../tests/fixtures/store/spec.v1.json");

/// An example of which every part of the answer is a text or number that stands out.
fn example(i: usize, kind: Kind) -> Example {
    let options = vec!["first".to_owned(), "second".to_owned(), "third".to_owned()];
    let item = Item {
        options: if kind.has_options() { options } else { Vec::new() },
        target: if kind.has_options() { vec![0.25, 0.0, 0.75] } else { Vec::new() },
        votes: 4711,
        roles: [("planted-role".to_owned(), 1)].into(),
        references: vec![Reference { texts: vec!["planted-reference".to_owned()], weight: 0.625 }],
        ..Item::default()
    };
    Example {
        id: format!("stereotype/planted-id-{i}"),
        text: format!("text {i}"),
        label: ["non-stereotype", "stereotype"][i % 2].to_owned(),
        culture: "gender".to_owned(),
        cluster: format!("planted-cluster-{i}"),
        groups: [("source".to_owned(), "planted-group".to_owned())].into(),
        votes: vec![4711, 4712],
        item,
        ..Example::default()
    }
}

/// A cell on twelve examples: every third is train, the next valid, the next test.
fn cell(kind: Kind) -> (tempfile::TempDir, CellSpec) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("examples.parquet");
    let layout = Layout {
        groups: vec!["source".to_owned()],
        fields: Vec::new(),
        votes: WithVotes::Yes,
        kind,
    };
    let file = fs_err::File::create(&path).unwrap();
    let mut writer = Writer::new(file, &layout).unwrap();
    for i in 0..12 {
        writer.push(&example(i, kind), Split::ALL[i % 3]).unwrap();
    }
    writer.finish().unwrap();
    let mut spec: CellSpec = serde_json::from_str(SPEC).unwrap();
    spec.data.path = store::path_text(&path);
    spec.data.sha256 = store::sha256_file(&path).unwrap();
    (folder, spec)
}

#[test]
fn labels_of_what_is_evaluated_are_not_in_the_file() {
    let (_folder, spec) = cell(Kind::Label);
    prepare(&spec).unwrap();
    let file = path(&spec);
    let labels = &spec.task.labels;
    let learned = examples::read(&file, &[Split::Train, Split::Valid], labels).unwrap();
    assert_eq!(learned.len(), 8);
    assert_eq!(labels[learned.labels[0] as usize], example(0, Kind::Label).label);
    assert_eq!(labels[learned.labels[1] as usize], example(1, Kind::Label).label);
    // A label that is read has to be one of the task: there is none.
    let error = examples::read(&file, &[Split::Test], labels).unwrap_err().to_string();
    assert!(error.contains("label `` of"), "{error}");
    let asked = open(&spec).unwrap().questions(&[Split::Test], 0).unwrap().next(99).unwrap();
    assert_eq!((asked.len(), asked.texts.get(1)), (4, "text 5"));
    assert_eq!(asked.ids.get(1), opaque_id("stereotype/planted-id-5"));
    assert!(asked.labels.is_empty() && asked.votes.is_empty());
    let bytes = store::read_plain(&file).unwrap();
    for planted in ["planted-id", "planted-group", "planted-cluster", "planted-role"] {
        let found = bytes.windows(planted.len()).any(|window| window == planted.as_bytes());
        assert!(!found, "{planted}");
    }
}

#[test]
fn a_protocol_that_learns_nothing_gets_no_label_at_all() {
    let (_folder, mut spec) = cell(Kind::Label);
    spec.protocol.fit = false;
    spec.protocol.embedding = None;
    prepare(&spec).unwrap();
    let table = Table::open(&path(&spec)).unwrap();
    assert_eq!(table.parts().unwrap(), [Split::Test; 4]);
    assert!(examples::read(&path(&spec), &[Split::Test], &spec.task.labels).is_err());
}

#[test]
fn options_keep_their_order_and_lose_their_answers() {
    let (_folder, mut spec) = cell(Kind::Choice);
    spec.task.example.answer = serde_json::from_str(SPEC_OF_CHOICE).unwrap();
    spec.protocol.order = Order::Shuffle { seed: 5, times: 3 };
    prepare(&spec).unwrap();
    let asked = open(&spec).unwrap().questions(&[Split::Test], 0).unwrap().next(99).unwrap();
    for (row, i) in [2, 5, 8, 11].into_iter().enumerate() {
        let id = example(i, Kind::Choice).id;
        for draw in 0..3 {
            let shown = order::shown(&spec.protocol.order, &id, draw, 3).unwrap();
            assert_eq!(order_of(&spec.protocol, &asked, row, draw), Some(shown), "{id} {draw}");
        }
        assert_eq!(order_of(&spec.protocol, &asked, row, 3), None);
    }
    // All that the file has, read as a scorer would.
    let all = examples::read(&path(&spec), &[Split::Test], &spec.task.labels).unwrap();
    for item in &all.items {
        assert_eq!(item.options, ["first", "second", "third"]);
        assert!(item.target.is_empty() && item.roles.is_empty() && item.references.is_empty());
        assert_eq!((item.votes, &item.map), (0, &None));
    }
    assert_eq!(all.labels, [0; 4], "none is right");
}

const SPEC_OF_CHOICE: &str =
    r#"{"kind": "choice", "options": ["{a}", "{b}"], "gold": {"index": "{x}"}}"#;

#[test]
fn data_that_have_changed_are_not_asked() {
    let (_folder, spec) = cell(Kind::Label);
    let mut bytes = fs_err::read(&spec.data.path).unwrap();
    bytes[100] ^= 1;
    fs_err::write(&spec.data.path, bytes).unwrap();
    let reason = prepare(&spec).unwrap_err();
    assert_eq!(reason.kind, ReasonKind::NoData);
    assert!(reason.message.contains("has changed since it was prepared"), "{}", reason.message);
}
