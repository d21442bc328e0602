use std::io::Cursor;

use super::*;

fn of(name: &str, text: &str, wanted: &Wanted) -> Result<Scores, String> {
    read(name, Cursor::new(text.to_owned().into_bytes()), wanted).map_err(|e| e.to_string())
}

fn items(scores: &Scores) -> Vec<(&str, Option<f64>)> {
    scores.items.iter().map(|item| (&*item.id, item.score)).collect()
}

fn metric(name: &str) -> Wanted {
    Wanted { metric: Some(name.to_owned()), ..Wanted::default() }
}

const LM_EVAL: &str = r#"{"doc_id": 0, "doc": {"subject": "law"}, "filtered_resps": ["a"], "filter": "none", "metrics": ["acc", "acc_norm"], "acc": 1.0, "acc_norm": 0.0, "doc_hash": "h0"}
{"doc_id": 1, "doc": {"subject": "art"}, "filtered_resps": ["b"], "filter": "none", "metrics": ["acc", "acc_norm"], "acc": 0.0, "acc_norm": 1.0, "doc_hash": "h1"}
"#;

#[test]
fn a_log_of_lm_eval_names_its_scores() {
    let error = of("samples_mmlu_2026.jsonl", LM_EVAL, &Wanted::default()).unwrap_err();
    assert!(error.contains("several scores (acc, acc_norm); choose one with --metric"), "{error}");
    let wanted = Wanted { cluster: Some("subject".to_owned()), ..metric("acc_norm") };
    let scores = of("samples_mmlu_2026.jsonl", LM_EVAL, &wanted).unwrap();
    assert_eq!(scores.task.as_deref(), Some("mmlu"));
    assert_eq!(items(&scores), [("0", Some(0.0)), ("1", Some(1.0))]);
    let first = &scores.items[0];
    assert_eq!((first.question.as_deref(), first.cluster.as_deref()), (Some("h0"), Some("law")));
}

#[test]
fn older_logs_of_lm_eval_have_scores_without_a_list() {
    let log = r#"{"doc_id": 7, "doc": {}, "target": 3, "filtered_resps": [], "acc": true}"#;
    let scores = of("samples_x_1.jsonl", log, &Wanted::default()).unwrap();
    assert_eq!((scores.metric.as_str(), items(&scores)), ("acc", vec![("7", Some(1.0))]));
}

#[test]
fn a_log_of_inspect_gives_letters_and_epochs_as_means() {
    let log = r#"{"eval": {"task": "kalahi", "model": "m/x"}, "samples": [
        {"id": 1, "epoch": 1, "input": "q1", "scores": {"match": {"value": "C"}}},
        {"id": 1, "epoch": 2, "input": "q1", "scores": {"match": {"value": "I"}}},
        {"id": "b", "epoch": 1, "input": "q2", "scores": {"match": {"value": "P"}}},
        {"id": "c", "epoch": 1, "input": "q3", "scores": null}]}"#;
    let scores = of("log.json", log, &Wanted::default()).unwrap();
    assert_eq!(items(&scores), [("1", Some(0.5)), ("b", Some(0.5)), ("c", None)]);
    assert_eq!((scores.task.as_deref(), scores.model.as_deref()), (Some("kalahi"), Some("m/x")));
    assert_eq!(scores.notes, ["log.json: the score of an item is the mean of up to 2 epochs"]);
}

#[test]
fn samples_of_every_eval_ever_are_read_for_one_result() {
    let row = |id: &str, result: &str, score: f64| {
        serde_json::json!({"schema_version": "0.3.0", "evaluation_id": "e", "model_id": "org/m", "evaluation_name": "blend",
            "evaluation_result_id": result, "sample_id": id, "sample_hash": format!("hash-{id}"),
            "evaluation": {"score": score, "is_correct": score > 0.5}, "metadata": {"country": "SG"}})
        .to_string()
    };
    let log = [row("1", "sem-b", 1.0), row("1", "sem-w", 0.25), row("2", "sem-b", 0.0)].join("\n");
    let error = of("eee.jsonl", &log, &Wanted::default()).unwrap_err();
    assert!(error.contains("several scores (sem-b, sem-w)"), "{error}");
    let wanted = Wanted { cluster: Some("country".to_owned()), ..metric("sem-b") };
    let scores = of("eee.jsonl", &log, &wanted).unwrap();
    assert_eq!(items(&scores), [("1", Some(1.0)), ("2", Some(0.0))]);
    assert_eq!(scores.model.as_deref(), Some("org/m"));
    assert_eq!(scores.items[1].question.as_deref(), Some("hash-2"));
    assert_eq!(scores.items[1].cluster.as_deref(), Some("SG"));
}

#[test]
fn tables_have_a_score_or_an_answer_beside_the_right_one() {
    let scores = of("a.csv", "id,score\nx,0.5\ny,\n", &Wanted::default()).unwrap();
    assert_eq!(items(&scores), [("x", Some(0.5)), ("y", None)]);
    let scores = of("a.tsv", "id\tprediction\tgold\nx\tyes\tyes\ny\tno\tyes\n", &Wanted::default());
    let scores = scores.unwrap();
    assert_eq!(items(&scores), [("x", Some(1.0)), ("y", Some(0.0))]);
    assert_eq!(scores.metric, "prediction = gold");
    let rows = "{\"id\": 1, \"correct\": true}\n{\"id\": 2, \"correct\": false}\n";
    assert_eq!(
        items(&of("a.jsonl", rows, &Wanted::default()).unwrap()),
        [("1", Some(1.0)), ("2", Some(0.0))]
    );
    let rows = "{\"id\": 1, \"prediction\": null, \"gold\": \"null\"}";
    assert_eq!(items(&of("a.jsonl", rows, &Wanted::default()).unwrap()), [("1", Some(0.0))]);
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    for (name, text, says) in [
        (
            "a.csv",
            "name,score\nx,1\n",
            "no column with the id of an item (there are `name`, `score`); name it with --id",
        ),
        (
            "a.csv",
            "id,colour\nx,red\n",
            "no column with a score (there are `colour`, `id`); name it with --metric",
        ),
        ("a.csv", "id,score\nx,good\n", "a.csv, row 1: the score \"good\" is not a number"),
        ("a.csv", "id,score\nx,NaN\n", "row 1: the score \"NaN\" is not a number"),
        (
            "a.csv",
            "id,score\nx,1\nx,0\n",
            "row 2: the item `x` is there a second time (first in a.csv, row 1)",
        ),
        ("a.csv", "id,score\n", "no rows"),
    ] {
        let error = of(name, text, &Wanted::default()).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let error = of("a.csv", "id,score\nx,1\n", &metric("acc")).unwrap_err();
    assert!(error.contains("no column `acc`"), "{error}");
}
