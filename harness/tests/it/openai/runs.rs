//! Whole runs: replies become scores, trouble becomes a reason, and the key gets nowhere.

use fs_err as fs;

use super::server::{Server, answer, refuse, send};
use super::{SECRET, model, model_at};
use crate::program::{Place, Ran, assert_says, files_below};

const ARGS: [&str; 8] =
    ["run", "--data", "sample", "--models", "remote", "--benchmarks", "crehate", "--limit"];

fn run(place: &Place, limit: &str, more: &[&str]) -> Ran {
    Ran::of(place.command(&[&ARGS[..], &[limit], more].concat()).env("MY_KEY", SECRET))
}

fn log(place: &Place) -> String {
    fs::read_to_string(place.cell("default", "remote.crehate.").join("log.txt")).unwrap()
}

/// No file below the place, and nothing on the screen.
#[track_caller]
fn the_key_is_nowhere(place: &Place, ran: &Ran) {
    let mut read = 0;
    for file in files_below(&place.path("")) {
        let bytes = fs::read(place.path("").join(&file)).unwrap();
        let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!found, "{} holds the key", file.display());
        read += 1;
    }
    assert!(read > 5, "the run left files behind: {read}");
    assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "{}{}", ran.out, ran.err);
}

#[test]
fn replies_become_scores_and_are_paid_for_once() {
    let place = Place::new();
    let server = Server::honest();
    let config = "key_env = \"MY_KEY\"\nprice = { input = 1.0, output = 10.0 }";
    // Within the sandbox: the folder of its answers is not there before.
    let top = "cache = true\naccess = { network = true, env = [\"MY_KEY\"] }";
    model(&place, &server, top, config);
    let ran = run(&place, "20", &[]).exits(0);
    let cell = place.summary("default")["cells"][0].clone();
    assert_eq!(
        (&cell["protocol"], &cell["served"]),
        (&"zero-shot (replies)".into(), &"generate".into())
    );
    let score = &cell["outcome"]["score"];
    assert_eq!(score["n"], 20, "{cell}");
    let sent = server.requests();
    assert_eq!(sent.len(), 200, "20 examples, 10 wordings");
    let header = format!("Bearer {SECRET}");
    assert!(sent.iter().all(|request| request.headers["authorization"] == header));
    // The server tells 11 tokens in and 3 out of each answer.
    let log = log(&place);
    assert_says(
        &log,
        &[
            "200 answers by 200 requests",
            "2200 tokens in, 600 out",
            "0.008200 USD",
            "served by fake-1",
        ],
    );
    assert_says(&log, &["metric cost-usd 200 0.0082", "metric tokens-out 200 600"]);
    the_key_is_nowhere(&place, &ran);

    fs::remove_dir_all(place.path("runs")).unwrap();
    let again = run(&place, "20", &[]).exits(0);
    assert_eq!(server.requests().len(), 200, "a rerun sends nothing that was answered");
    assert_eq!(&place.summary("default")["cells"][0]["outcome"]["score"], score);
    assert_says(&self::log(&place), &["0 answers by 0 requests", "200 from the cache"]);
    the_key_is_nowhere(&place, &again);
}

#[test]
fn a_server_that_repeats_the_key_gets_it_nowhere() {
    let place = Place::new();
    let server = Server::start(|_, request, stream| {
        let message = format!("Incorrect API key provided: {}", request.headers["authorization"]);
        refuse(stream, "401 Unauthorized", "invalid_api_key", &message, &[])
    });
    model(&place, &server, "cache = true", "key_env = \"MY_KEY\"");
    let ran = run(&place, "20", &[]).exits(1);
    let reason = place.summary("default")["cells"][0]["outcome"]["reason"].clone();
    assert_eq!(reason["kind"], "config");
    assert_says(
        reason["message"].as_str().unwrap(),
        &[
            "HTTP 401",
            "Incorrect API key provided: Bearer [key]",
            "refuses the key in MY_KEY",
            "--retry-failed",
        ],
    );
    the_key_is_nowhere(&place, &ran);

    let place = Place::new();
    let server = Server::start(|_, request, stream| {
        let mut body = answer(request);
        body["choices"][0]["message"]["content"] = request.headers["authorization"].clone().into();
        send(stream, &body)
    });
    model(&place, &server, "cache = true", "key_env = \"MY_KEY\"");
    let ran = run(&place, "20", &[]).exits(0);
    the_key_is_nowhere(&place, &ran);
}

#[test]
fn what_is_missing_is_a_reason_with_its_remedy() {
    let place = Place::new();
    let reason = |place: &Place, parts: &[&str]| {
        let ran = place.run(&[&ARGS[..], &["20", "--retry-failed"]].concat()).exits(1);
        let cells = place.summary("default")["cells"].clone();
        assert_says(cells[0]["outcome"]["reason"]["message"].as_str().unwrap(), parts);
        ran
    };
    place.model("remote", "openai-api", "capabilities = [\"generate\"]", "model = \"m\"");
    reason(&place, &["OPENAI_API_KEY is not set", "--retry-failed"]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/v1");
    model_at(&place, "remote", &url, "", "");
    reason(&place, &[&url, "cannot connect", "start the server"]);
    // The remedy works.
    let server = Server::honest();
    model(&place, &server, "", "");
    run(&place, "20", &["--retry-failed"]).exits(0);
}

#[test]
fn the_address_may_come_from_the_environment() {
    let place = Place::new();
    let server = Server::honest();
    place.model("remote", "openai-api", "capabilities = [\"generate\"]", "model = \"m\"");
    let mut command = place.command(&[&ARGS[..], &["5"]].concat());
    Ran::of(command.env("OPENAI_BASE_URL", server.url()).env("OPENAI_API_KEY", SECRET)).exits(0);
    assert_eq!(server.requests().len(), 50);
    assert_eq!(server.requests()[0].headers["authorization"], format!("Bearer {SECRET}"));
}

#[test]
fn the_examples_are_models() {
    let place = Place::new();
    let examples =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../baselines/openai-api/examples");
    let mut command = place.command(&["--json", "list", "models"]);
    let models = Ran::of(command.arg("--definitions").arg(&examples)).exits(0).lines();
    let ours = models.iter().filter(|model| model["plugin"] == "openai-api").count();
    assert_eq!(ours, fs::read_dir(&examples).unwrap().count(), "{models:?}");
    let mut command = place.command(&["validate"]);
    Ran::of(command.arg("--definitions").arg(&examples)).exits(0);
}

#[test]
fn the_validator_passes_it() {
    let server = Server::honest();
    for endpoint in ["chat", "completions"] {
        let config = serde_json::json!({
            "model": "fake", "base_url": server.url(), "endpoint": endpoint, "concurrency": 16,
        });
        let place = Place::new();
        let args = [
            "plugin",
            "check",
            "openai-api",
            "--config",
            &config.to_string(),
            "--calls",
            "100",
            "--no-sandbox",
        ];
        place.run(&args).exits(0);
    }
}
