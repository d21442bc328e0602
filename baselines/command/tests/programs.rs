//! Real programs behind the plugin: Python, a shell, and programs that fail in each way.

#[path = "../../../harness/tests/fixtures/skipped.rs"]
mod skipped;

use std::path::{Path, PathBuf};
use std::process::Command;

use command::Model;
use plugin_api::{
    Batch, Dataset, Error, Generation, Host, Matrix, Part, Plugin, Replies, Reply, Scores, Task,
};

fn task() -> Task {
    Task {
        name: "t".into(),
        protocol: "finetuned".into(),
        labels: vec!["no".into(), "yes".into()],
        cultures: vec!["AU".into(), "ZA".into()],
    }
}

fn host() -> Host {
    Host::silent(1, 7)
}

#[track_caller]
fn has(program: &str, arguments: &[&str]) -> bool {
    let there = Command::new(program).args(arguments).output().is_ok_and(|o| o.status.success());
    if !there {
        skipped::skipped(
            &format!("{program} {}", arguments.join(" ")),
            &format!("install {program} and what this loads"),
        );
    }
    there
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// A model of `python3 -c CODE`.
fn python(code: &str, timeout: f64) -> Result<Model, Error> {
    let config = serde_json::json!({"command": ["python3", "-c", code], "timeout": timeout});
    Model::create(&config.to_string(), &task(), &host())
}

/// A program that answers `create` and then does this with each request `r`.
fn answering(body: &str) -> String {
    format!(
        "import sys, json, os, time\nfor line in sys.stdin:\n r = json.loads(line)\n if r['do'] == 'create': print('{{\"can\":[\"fit\",\"classify\",\"embed\",\"generate\",\"loglikelihood\",\"save\"],\"dimension\":2}}', flush=True); continue\n {body}\n"
    )
}

fn classify(model: &mut Model, texts: &[&str]) -> Result<Vec<Option<Vec<f32>>>, Error> {
    let ids: Vec<String> = (0..texts.len()).map(|i| format!("e{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let cultures = vec![0; texts.len()];
    let (mut values, mut answered) = (vec![9.0; texts.len() * 2], vec![1; texts.len()]);
    let mut scores = Scores::over(&mut values, &mut answered, 2);
    model.classify(&Batch::of(&ids, texts, &cultures), &mut scores, &host())?;
    let rows = values.chunks(2).zip(answered);
    Ok(rows.map(|(row, answered)| (answered == 1).then(|| row.to_vec())).collect())
}

fn fit(model: &mut Model) -> Result<(), Error> {
    let texts = ["good day", "bad day", "good night", "bad night"];
    let train = Dataset {
        examples: Batch::of(&["a", "b", "c", "d"], &texts, &[0, 1, 0, 9]),
        labels: &[1, 0, 1, 0],
    };
    let valid = Dataset { examples: Batch::of(&[], &[], &[]), labels: &[] };
    fit_on(model, &[train], &valid)
}

/// One pass, train in pieces.
fn fit_on(model: &mut Model, train: &[Dataset<'_>], valid: &Dataset<'_>) -> Result<(), Error> {
    for piece in train {
        model.fit_piece(Part::Train, piece, &host())?;
    }
    model.fit_piece(Part::Valid, valid, &host())?;
    assert!(!model.fit_end(&host())?);
    Ok(())
}

#[test]
fn labels_scores_and_missing_answers() {
    let body = "print(json.dumps({'labels': [None if e['text'] == '?' else 'yes' for e in r['examples']]}), flush=True)";
    let mut model = python(&answering(body), 0.0).unwrap();
    assert_eq!(classify(&mut model, &["a", "?"]).unwrap(), [Some(vec![0.0, 1.0]), None]);
    let body = "print('{\"log\":\"hm\"}\\n{\"progress\":[1,2]}\\n{\"metric\":[\"loss\",1,0.5]}\\n'); print(json.dumps({'scores': [[.25, .75], None]}), flush=True)";
    let mut model = python(&answering(body), 0.0).unwrap();
    assert_eq!(classify(&mut model, &["a\n\"b", "c"]).unwrap(), [Some(vec![0.25, 0.75]), None]);
    assert!(classify(&mut model, &[]).unwrap().is_empty(), "an empty batch is not asked");
}

/// `json.dumps` writes NaN, which JSON lacks: a row with it has no answer.
#[test]
fn numbers_as_python_writes_them() {
    let body =
        "print(json.dumps({'scores': [[float('nan'), 1], [-float('inf'), .5]]}), flush=True)";
    let mut model = python(&answering(body), 0.0).unwrap();
    let scores = classify(&mut model, &["a", "b"]).unwrap();
    assert_eq!(scores, [None, Some(vec![f32::MIN, 0.5])], "minus infinity never wins");
}

#[test]
fn vectors_replies_and_likelihoods() {
    let body = "n = len(r.get('examples', r.get('pairs', r.get('prompts', [])))); print(json.dumps({'embed': {'vectors': [[1, 2.5]] * n}, 'generate': {'replies': [p.upper() for p in r.get('prompts', [])]}, 'loglikelihood': {'loglikelihoods': [{'sum': -1.5, 'tokens': 2}] * n}}[r['do']]), flush=True)";
    let mut model = python(&answering(body), 0.0).unwrap();
    assert_eq!(model.dimension(), 2);
    let mut values = [0.0; 4];
    model
        .embed(
            &Batch::of(&["a", "b"], &["x", "y"], &[0, 0]),
            &mut Matrix::over(&mut values, 2),
            &host(),
        )
        .unwrap();
    assert_eq!(values, [1.0, 2.5, 1.0, 2.5]);
    let got = model.loglikelihood(&["a"], &["b"], &host()).unwrap();
    assert_eq!((got[0].sum, got[0].tokens, got[0].greedy), (-1.5, 2, false));
    let mut heard = Vec::new();
    let mut put =
        |index: usize, reply: Reply<'_>| heard.push((index, reply.text().unwrap().to_owned()));
    let how = Generation { max_tokens: 5, temperature: 0.0 };
    model.generate(&["hi", "ho"], &how, &mut Replies::to(&mut put), &host()).unwrap();
    assert_eq!(heard, [(0, "HI".to_owned()), (1, "HO".to_owned())]);
}

/// A reply may be a text, an object with what else is known of it, or null.
#[test]
fn a_program_tells_how_a_reply_ended() {
    let body = "print(json.dumps({'replies': ['yes', {'text': 'no', 'cut': True}, {'missing': 'too long'}, None, {'text': 'yes', 'thought': 'no?'}]}), flush=True)";
    let mut model = python(&answering(body), 0.0).unwrap();
    let mut heard = Vec::new();
    let mut put = |_, reply: Reply<'_>| heard.push(format!("{reply:?}"));
    let how = Generation { max_tokens: 5, temperature: 0.0 };
    model.generate(&["?"; 5], &how, &mut Replies::to(&mut put), &host()).unwrap();
    assert_eq!(
        heard,
        [
            r#"Text("yes")"#,
            r#"Cut("no")"#,
            r#"Missing("too long")"#,
            r#"Missing("the program gave none")"#,
            r#"Text("<think>\nno?\n</think>\n\nyes")"#,
        ]
    );
}

/// Each request as the README describes it, field by field.
#[test]
fn what_is_asked_is_the_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard");
    let code = format!(
        "import sys, json, os\nout = open({heard:?}, 'w')\nfor line in sys.stdin:\n r = json.loads(line)\n print(line, file=out, end='', flush=True)\n n = len(r.get('examples', r.get('pairs', r.get('prompts', []))))\n print(json.dumps({{'create': {{'can': ['fit', 'classify', 'embed', 'generate', 'loglikelihood', 'save'], 'dimension': 1}}, 'classify': {{'labels': ['no'] * n}}, 'embed': {{'vectors': [[1]] * n}}, 'generate': {{'replies': ['x'] * n}}, 'loglikelihood': {{'loglikelihoods': [{{'sum': -1, 'tokens': 1, 'greedy': True}}] * n}}}}.get(r['do'], {{}})), flush=True)\nprint(json.dumps([os.environ['PYTHONHASHSEED'], os.environ['OMP_NUM_THREADS']]), file=out, flush=True)\n"
    );
    let config = serde_json::json!({"command": ["python3", "-c", code], "config": {"k": 3}, "weights": {"table": "/a/b"}});
    let mut model = Model::create(&config.to_string(), &task(), &Host::silent(3, 7)).unwrap();
    let first = Dataset { examples: Batch::of(&["a"], &["good"], &[1]), labels: &[1] };
    let second = Dataset { examples: Batch::of(&["b"], &["bad"], &[9]), labels: &[0] };
    let valid = Dataset { examples: Batch::of(&["v"], &["fair"], &[0]), labels: &[1] };
    fit_on(&mut model, &[first, second], &valid).unwrap();
    let batch = Batch::of(&["e"], &["text"], &[0]);
    let (mut values, mut answered) = ([9.0; 2], [1]);
    model.classify(&batch, &mut Scores::over(&mut values, &mut answered, 2), &host()).unwrap();
    assert_eq!(values, [1.0, 0.0]);
    model.embed(&batch, &mut Matrix::over(&mut [0.0], 1), &host()).unwrap();
    assert!(model.loglikelihood(&["c"], &[" d"], &host()).unwrap()[0].greedy);
    let how = Generation { max_tokens: 5, temperature: 0.25 };
    model.generate(&["hi"], &how, &mut Replies::to(&mut |_, _| ()), &host()).unwrap();
    model.save(folder.path()).unwrap();
    model.load(folder.path()).unwrap();
    drop(model);
    let heard: Vec<serde_json::Value> = (fs_err::read_to_string(&heard).unwrap().lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let folder = folder.path().display().to_string();
    let examples = serde_json::json!([{"id": "e", "text": "text", "culture": "AU"}]);
    assert_eq!(
        serde_json::Value::Array(heard),
        serde_json::json!([
            {"do": "create", "protocol": 1, "config": {"k": 3}, "weights": {"table": "/a/b"}, "seed": 7, "threads": 3,
             "task": {"name": "t", "protocol": "finetuned", "labels": ["no", "yes"], "cultures": ["AU", "ZA"]}},
            {"do": "fit",
             "train": [{"id": "a", "text": "good", "culture": "ZA", "label": "yes"}, {"id": "b", "text": "bad", "culture": null, "label": "no"}],
             "valid": [{"id": "v", "text": "fair", "culture": "AU", "label": "yes"}]},
            {"do": "classify", "examples": examples},
            {"do": "embed", "examples": examples},
            {"do": "loglikelihood", "pairs": [{"context": "c", "continuation": " d"}]},
            {"do": "generate", "prompts": ["hi"], "max_tokens": 5, "temperature": 0.25},
            {"do": "save", "folder": folder},
            {"do": "load", "folder": folder},
            ["7", "3"],
        ])
    );
}

#[test]
fn every_failure_has_its_reason() {
    let fails = |body: &str, parts: &[&str]| {
        // A busy machine starts Python late.
        let limit = if body.contains("sleep") { 10.0 } else { 0.0 };
        let mut model = python(&answering(body), limit).unwrap();
        let error = classify(&mut model, &["a", "b"]).unwrap_err().message;
        for part in parts {
            assert!(error.contains(part), "{part:?} not in {error:?}");
        }
        let again = classify(&mut model, &["a"]);
        assert!(
            again.is_err() || body.contains("rows"),
            "a broken program is not asked on: {again:?}"
        );
    };
    fails(
        "sys.exit('no memory left')",
        &["exit status: 1", "classify", "it printed: no memory left"],
    );
    fails("os.kill(os.getpid(), 9)", &["signal: 9", "it printed nothing"]);
    fails("time.sleep(60)", &["within 10 s", "timeout"]);
    fails("print('hello', flush=True)", &["\"hello\"", "README"]);
    fails("print('{\"scores\": [[1, 2]]}', flush=True) # rows", &["1 rows of scores for 2"]);
    fails(
        "print('{\"scores\": [[1, 2], [1]]}', flush=True) # rows",
        &["1 scores for e1", "2 labels"],
    );
    fails(
        "print('{\"labels\": [\"yes\", \"maybe\"]}', flush=True) # rows",
        &["\"maybe\" to e1", "no, yes"],
    );
    fails(
        "print('{\"error\": \"line 3 is odd\"}', flush=True) # rows",
        &["classify: line 3 is odd"],
    );
    fails(
        "print('{\"labels\": [\"yes\"', end='', flush=True); os._exit(0)",
        &["without an answer"],
    );
    fails("os.close(1); time.sleep(60)", &["closed its stdout without an answer"]);
    // What it has started holds its pipes open, and is not waited for.
    fails(
        "import subprocess; subprocess.Popen(['sleep', '20']); print('hm', file=sys.stderr, flush=True); os._exit(4)",
        &["exit status: 4", "it printed: hm"],
    );

    let two =
        "for _ in '12': print(json.dumps({'labels': ['yes'] * len(r['examples'])}), flush=True)";
    let mut model = python(&answering(two), 0.0).unwrap();
    classify(&mut model, &["a"]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    let twice = classify(&mut model, &["a"]).unwrap_err().message;
    assert!(twice.contains("another line after its answer"), "{twice}");

    let message = |config: serde_json::Value| {
        Model::create(&config.to_string(), &task(), &host()).unwrap_err().message
    };
    let none = message(serde_json::json!({"command": ["no-such-program-anywhere"]}));
    assert!(none.contains("no-such-program-anywhere") && none.contains("install"), "{none}");
    let none = message(serde_json::json!({"command": []}));
    assert!(none.contains("`command` is empty"), "{none}");
    let none = message(serde_json::json!({"command": ["python3", "{program}"]}));
    assert!(none.contains("{program}") && none.contains("`files`"), "{none}");
    let none =
        message(serde_json::json!({"command": ["python3", "-c", "print('{\"can\":[\"fly\"]}')"]}));
    assert!(none.contains("\"fly\""), "{none}");
    let mut model = python("print('{\"can\":[\"classify\"]}', flush=True); input()", 0.0).unwrap();
    let none = fit(&mut model).unwrap_err().message;
    assert!(none.contains("can classify, not fit") && none.contains("capabilities"), "{none}");
}

/// A program that is fitted in pieces sees them in order, and as many passes as it asks for.
#[test]
fn pieces_come_in_passes() {
    let code = "import sys, json\nheard, passes = [], 0\nfor line in sys.stdin:\n r = json.loads(line)\n a = {}\n if r['do'] == 'create': a = {'can': ['fit-pieces', 'generate']}\n if r['do'] == 'fit-piece': heard.append(r['part'] + ' ' + ' '.join(e['text'] + '=' + e['label'] for e in r['examples']))\n if r['do'] == 'fit-end': passes += 1; heard.append('end'); a = {'again': passes < 2}\n if r['do'] == 'generate': a = {'replies': ['; '.join(heard)]}\n print(json.dumps(a), flush=True)\n";
    let mut model = python(code, 0.0).unwrap();
    for again in [true, false] {
        for (part, text) in
            [(Part::Train, "good"), (Part::Train, "bad"), (Part::Train, ""), (Part::Valid, "fair")]
        {
            let all = [("a", text)];
            let some = if text.is_empty() { &all[..0] } else { &all[..] };
            let (ids, texts): (Vec<&str>, Vec<&str>) = some.iter().copied().unzip();
            let cultures = vec![0; ids.len()];
            let labels = vec![1; ids.len()];
            let piece = Dataset { examples: Batch::of(&ids, &texts, &cultures), labels: &labels };
            model.fit_piece(part, &piece, &host()).unwrap();
        }
        assert_eq!(model.fit_end(&host()).unwrap(), again);
    }
    let mut reply = String::new();
    let how = Generation { max_tokens: 1, temperature: 0.0 };
    let mut put = |_, told: Reply<'_>| told.text().unwrap().clone_into(&mut reply);
    model.generate(&["?"], &how, &mut Replies::to(&mut put), &host()).unwrap();
    let pass = "train good=yes; train bad=yes; valid fair=yes; end";
    assert_eq!(reply, format!("{pass}; {pass}"));
}

#[test]
fn a_program_saves_and_loads() {
    let body = "f = r.get('folder'); print(json.dumps({} if f is None or open(f + '/x', 'a').write('!') else {}) if r['do'] != 'classify' else json.dumps({'labels': ['yes']}), flush=True)";
    let folder = tempfile::tempdir().unwrap();
    let mut model = python(&answering(body), 0.0).unwrap();
    fit(&mut model).unwrap();
    model.save(folder.path()).unwrap();
    model.load(folder.path()).unwrap();
    assert_eq!(fs_err::read_to_string(folder.path().join("x")).unwrap(), "!!");
}

#[test]
fn a_large_request_meets_a_program_that_answers_early() {
    // More than a pipe holds both ways: neither side may wait for the other for ever.
    let body = "print(json.dumps({'scores': [[0, 1]] * 60000, }) , flush=True)";
    let mut model = python(&answering(body), 60.0).unwrap();
    let text = "x".repeat(40);
    let texts = vec![text.as_str(); 60000];
    assert_eq!(classify(&mut model, &texts).unwrap().len(), 60000);
}

#[test]
fn the_python_example_learns() {
    if !has("python3", &["-c", "import sklearn"]) {
        return;
    }
    let program = example("python-logreg/model.py").display().to_string();
    let config = serde_json::json!({"command": ["python3", "{program}"], "config": {"c": 10.0}, "weights": {"program": program}});
    let mut model = Model::create(&config.to_string(), &task(), &host()).unwrap();
    fit(&mut model).unwrap();
    let before = classify(&mut model, &["good", "bad"]).unwrap();
    let rows: Vec<&Vec<f32>> = before.iter().flatten().collect();
    assert!(rows[0][1] > 0.5 && rows[1][0] > 0.5, "{before:?}");
    let lines = fs_err::read_to_string(example("python-logreg/model.py")).unwrap().lines().count();
    assert!(lines < 60, "the example is short: {lines} lines");
}

#[test]
fn the_shell_example_answers_the_first_label() {
    let program = example("shell-first/first.sh").display().to_string();
    let config =
        serde_json::json!({"command": ["sh", "{program}"], "weights": {"program": program}});
    let mut model = Model::create(&config.to_string(), &task(), &host()).unwrap();
    let got = classify(&mut model, &["a", "{\"id\":", "\\ \" %s"]).unwrap();
    assert_eq!(got, vec![Some(vec![1.0, 0.0]); 3]);
}

#[test]
fn the_r_example_learns() {
    if !has("Rscript", &["-e", "library(jsonlite)"]) {
        return;
    }
    let program = example("r-words/words.R").display().to_string();
    let config =
        serde_json::json!({"command": ["Rscript", "{program}"], "weights": {"program": program}});
    let mut model = Model::create(&config.to_string(), &task(), &host()).unwrap();
    fit(&mut model).unwrap();
    let got = classify(&mut model, &["good", "bad"]).unwrap();
    let rows: Vec<&Vec<f32>> = got.iter().flatten().collect();
    assert!(rows[0][1] > rows[0][0] && rows[1][0] > rows[1][1], "{got:?}");
}

#[test]
fn a_program_ends_with_its_model() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let code = answering("pass").replace(
        "import sys",
        &format!("import os\nopen({:?}, 'w').write(str(os.getpid()))\nimport sys", file.path()),
    );
    let model = python(&code, 0.0).unwrap();
    let process = fs_err::read_to_string(file.path()).unwrap();
    assert!(Path::new("/proc").join(&process).exists() || !Path::new("/proc/self").exists());
    drop(model);
    assert!(!Path::new("/proc").join(&process).exists(), "process {process} lives on");
}
