//! The plugin against a real llama.cpp server (`scripts/llama-server`). Skipped, and said so, where its Python packages are missing.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::json;

use super::skipped::skipped;
use super::{ask, assert_says, model_at, score};

/// Python with the packages of the server; `python3` where it is unset.
const PYTHON: &str = "CULTURE_EVAL_PYTHON";

struct Llama {
    child: Child,
    /// Closed, it ends the server.
    stdin: Option<ChildStdin>,
    url: String,
    _folder: tempfile::TempDir,
}

impl Llama {
    fn start() -> Option<Self> {
        let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/llama-server");
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(&python)
            .arg(script)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {python}: {e}; set {PYTHON}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            let code = child.wait().unwrap().code();
            assert_eq!(code, Some(77), "the server did not start: {said}");
            skipped(&format!("{python} with {}", said.trim()), "pip install xllamacpp gguf numpy");
            return None;
        }
        // What it says later must not fill the pipe.
        let mut stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        let url = format!("{}/v1", line.trim());
        let stdin = child.stdin.take();
        Some(Self { child, stdin, url, _folder: folder })
    }
}

impl Drop for Llama {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

#[test]
fn slow_a_real_server_replies_and_scores() {
    let Some(llama) = Llama::start() else { return };
    let at = |more: serde_json::Value| model_at(&llama.url, &more).unwrap();
    let prompts: Vec<String> = (0..50).map(|i| format!("Is {i} an odd number? Answer:")).collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();

    // One after the other, whole and streamed, the replies are the same: the likeliest tokens. (Many at once, the server computes
    // them together, and sums in another order tip what is near a tie.)
    let plain = ask(&mut at(json!({ "concurrency": 1 })), &prompts).unwrap();
    assert!(plain.iter().all(|reply| !reply.is_empty()), "{plain:?}");
    let streamed = json!({"concurrency": 1, "stream": true});
    assert_eq!(ask(&mut at(streamed), &prompts).unwrap(), plain);
    let many = ask(&mut at(json!({ "concurrency": 64 })), &prompts).unwrap();
    let same = many.iter().zip(&plain).filter(|(a, b)| a == b).count();
    assert!(same > 25, "each reply belongs to its prompt: {same} of 50 are the same");
    let completions = json!({"concurrency": 1, "endpoint": "completions"});
    let completed = ask(&mut at(completions), &prompts).unwrap();
    assert_ne!(completed, plain, "no chat template stands around the prompt");
    let streamed = json!({"concurrency": 1, "endpoint": "completions", "stream": true});
    assert_eq!(ask(&mut at(streamed), &prompts).unwrap(), completed);

    // llama.cpp echoes no prompt: `auto` finds out.
    for endpoint in ["chat", "completions"] {
        let mut model = at(json!({"endpoint": endpoint, "top_logprobs": 400, "concurrency": 1}));
        let contexts = [prompts[0], prompts[0], prompts[1], prompts[1]];
        let found = score(&mut model, &contexts, &[" yes", " no", " yes", " no"]).unwrap();
        for pair in found.chunks(2) {
            let sum: f64 = pair.iter().map(|one| one.sum.exp()).sum();
            assert!(sum > 0.0 && sum < 1.0, "{endpoint}: {pair:?}");
        }
        assert_eq!(score(&mut model, &contexts, &[" yes", " no", " yes", " no"]).unwrap(), found);
    }
    let echo = json!({"endpoint": "completions", "loglikelihood": "echo"});
    let error = score(&mut at(echo), &["a"], &[" yes"]).unwrap_err();
    assert_says(&error.message, &["does not echo", "capabilities = [\"generate\"]"]);

    // The template's text of a conversation with a persona reaches the model.
    let conversation = |persona: &str| {
        json!([{"role": "system", "content": persona}, {"role": "user", "content": "Is it odd?"}])
            .to_string()
    };
    let mut talking = at(json!({"messages": true}));
    let [kenya, japan] = ["You live in Kenya.", "You live in Japan."].map(conversation);
    let replies = ask(&mut talking, &[&kenya, &japan]).unwrap();
    assert_ne!(replies[0], replies[1]);

    let error = ask(&mut model_at(&llama.url.replace("/v1", "/v9"), &json!({})).unwrap(), &["a"]);
    assert_says(&error.unwrap_err().message, &["HTTP 404", "`base_url` (it ends in /v1)"]);
    let long = "word ".repeat(5000);
    let error = ask(&mut at(json!({})), &[&long]).unwrap_err();
    assert_says(&error.message, &["HTTP 400", "context"]);
}
