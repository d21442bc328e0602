//! `--model SPEC`, in runs, suites and definitions.

use fs_err as fs;
use serde_json::Value;

use crate::program::{Place, assert_says};

/// The example in a shell, which ends at once while there is a file `broken`.
fn program(place: &Place) {
    let own = include_str!("../../../../baselines/command/examples/shell-first/first.sh");
    place.write("first.sh", format!("[ -e broken ] && exit 3\n{own}"));
}

fn run(place: &Place, more: &[&str]) -> crate::program::Ran {
    let args = ["run", "--data", "sample", "--benchmarks", "crehate", "--limit", "6"];
    place.run(&[&args[..], more].concat())
}

#[test]
fn a_spec_is_a_model_that_is_stored_whole() {
    let place = Place::new();
    program(&place);
    let spec = "command:\"sh first.sh\",can=classify,title=\"The first, always\"";
    let dry = run(&place, &["--model", spec, "--models", "majority", "--dry-run"]).exits(0);
    assert_says(&dry.out, &["first", "majority", "2 cells"]);

    let again = place.run(&["new-model", spec]).exits(0);
    assert_says(&again.out, &["title = \"The first, always\"", "[files]", "plugin = \"command\""]);
    place.write("broken", "");
    run(&place, &["--model", spec]).exits(1);
    let manifest = place.json("runs/default/manifest.json");
    let model = &manifest["models"][0];
    assert_eq!(
        (&model["name"], &model["plugin"]),
        (&Value::from("first"), &Value::from("command"))
    );
    assert_says(&place.summary("default")["cells"][0]["outcome"].to_string(), &["exit status: 3"]);
    // Mended, `retry` takes the model from the run: it is defined nowhere else.
    fs::remove_file(place.path("broken")).unwrap();
    place.run(&["--data", "sample", "retry", "--models", "first"]).exits(0);
    assert!(!place.summary("default")["cells"][0]["outcome"]["score"].is_null());

    // The TOML that is written makes the same cell.
    place.write("defs/models/first.toml", again.out);
    let ran = run(&place, &["--models", "first"]).exits(0);
    assert_says(&ran.err, &["0 cells run, 1 reused"]);
    let taken = run(&place, &["--model", spec]).exits(2);
    assert_says(&taken.err, &["there is a defined model `first` already", ",name=NAME"]);
}

#[test]
fn suites_take_specs() {
    let place = Place::new();
    program(&place);
    place.write(
        "defs/suites/mine.toml",
        "name = \"mine\"\ntitle = \"Mine\"\nmodels = [\"majority\", \"command:sh first.sh,can=classify,name=own\"]\nbenchmarks = [\"crehate\"]\nseeds = [1]\n",
    );
    place.run(&["validate"]).exits(0);
    let dry = place.run(&["run", "mine", "--data", "sample", "--dry-run", "--json"]).exits(0);
    let models: Vec<String> = dry.lines().iter().map(|line| line["model"].to_string()).collect();
    assert!(models.iter().any(|name| name == "\"own\""), "{models:?}");
}

#[test]
fn what_is_wrong_with_a_spec_is_told() {
    let place = Place::new();
    let check = |spec: &str, parts: &[&str]| {
        let ran = place.run(&["new-model", spec]).exits(2);
        assert_says(&ran.err, parts);
        assert_says(&place.run(&["run", "--model", spec]).exits(2).err, parts);
    };
    check("llamacpp:x.gguf", &["unknown kind `llamacpp`", "hint: did you mean `llama.cpp:`?"]);
    check("llama.cpp:x.gguf", &["there is no ", "x.gguf", "hint: correct the path"]);
    check("vllm:a/b,dtpye=half", &["unknown key `dtpye`", "did you mean `dtype`?"]);
    let hub = place.run(&["new-model", "hf:org/name,offline=yes"]).exits(0);
    assert_says(
        &hub.out,
        &["plugin = \"command\"", "model = \"org/name\"", "programs/transformers-"],
    );
    let program = place.path("cache/programs");
    assert_eq!(fs::read_dir(program).unwrap().count(), 1, "the program is there to be run");
}

#[test]
fn a_dry_run_tells_what_would_be_asked() {
    let place = Place::new();
    program(&place);
    let check = |can: &str, requests: u64, reply_tokens: u64| {
        let spec = format!("command:sh first.sh,can={can}");
        let args = ["--json", "run", "--data", "sample", "--benchmarks", "crehate"];
        let more = ["--limit", "4", "--dry-run", "--model", &spec];
        let line = place.run(&[&args[..], &more].concat()).exits(0).lines().remove(0);
        let asked = &line["asked"];
        assert_eq!(
            (&asked["requests"], &asked["reply_tokens"]),
            (&requests.into(), &reply_tokens.into())
        );
        assert!(asked["prompt_tokens"].as_u64().is_none_or(|n| n > requests * 10), "{line}");
    };
    // Four examples in ten wordings, each with two labels.
    check("generate", 40, 40 * 128);
    check("loglikelihood", 80, 0);
    let spec = "command:sh first.sh,can=classify";
    let dry = run(&place, &["--model", spec, "--dry-run"]).exits(0);
    assert!(!dry.out.contains("requests, about"), "{}", dry.out);
    let dry = run(&place, &["--model", "command:sh first.sh,can=generate", "--dry-run"]).exits(0);
    assert_says(&dry.out, &["first: 60 requests, about ", "at most 7680 of replies"]);
}
