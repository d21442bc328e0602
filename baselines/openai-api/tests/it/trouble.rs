//! What goes wrong with servers: what is tried again, how long it is waited, and what the reason says.

use std::io::Read as _;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use plugin_api::ErrorKind;
use serde_json::json;

use super::server::{
    After, STREAM_END, Server, answer, cut, head, refuse, reply, said, send, stream_reply,
};
use super::{ask, assert_says, model, model_at};

/// A server that misbehaves `times` times, then answers.
fn first_bad(
    times: usize,
    bad: impl Fn(&mut std::net::TcpStream) -> After + Send + Sync + 'static,
) -> Server {
    Server::start(
        move |_, request, stream| {
            if request.count < times { bad(stream) } else { send(stream, &answer(request)) }
        },
    )
}

/// Says no more, and waits until the other side hangs up: a client without patience of its own never ends.
fn until_hung_up(stream: &mut std::net::TcpStream) -> After {
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|n| n > 0) {}
    After::Close
}

#[test]
fn what_may_pass_is_tried_again() {
    let check = |what: &str, server: &Server, more| {
        assert_eq!(ask(&mut model(server, &more), &["a"]).unwrap(), [said("a")], "{what}");
        assert_eq!(server.requests().len(), 3, "{what}");
    };
    for status in [
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ] {
        let server = first_bad(2, move |stream| refuse(stream, status, "busy", "try later", &[]));
        check(status, &server, json!({}));
    }
    let whole = json!({"choices": [{"message": {"content": "x"}}]});
    check("cut mid-body", &first_bad(2, move |stream| cut(stream, &whole, 20)), json!({}));
    check("cut before a byte", &first_bad(2, |_| After::Close), json!({}));
    check("no JSON", &first_bad(2, |stream| reply(stream, "200 OK", &[], "<html>{")), json!({}));
    check(
        "half of a JSON",
        &first_bad(2, |stream| reply(stream, "200 OK", &[], "{\"choices\": [")),
        json!({}),
    );
    let inside = r#"{"error": {"message": "upstream is busy", "code": 429}}"#;
    check(
        "an error with status 200",
        &first_bad(2, move |stream| reply(stream, "200 OK", &[], inside)),
        json!({}),
    );
    let silent = first_bad(2, |stream| {
        head(stream, "200 OK", "application/json", Some(100), &[]);
        until_hung_up(stream)
    });
    check("silence", &silent, json!({ "timeout": 1 }));
}

#[test]
fn a_stream_that_breaks_is_tried_again() {
    let check = |what: &str, server: &Server, more| {
        assert_eq!(ask(&mut model(server, &more), &["a"]).unwrap(), [said("a")], "{what}");
        assert_eq!(server.requests().len(), 3, "{what}");
    };
    let streaming = json!({ "stream": true });
    let cut = first_bad(2, |stream| stream_reply(stream, &["Ye"], Duration::ZERO, &[]));
    check("cut", &cut, streaming.clone());
    let broken = first_bad(2, |stream| {
        stream_reply(stream, &["Ye"], Duration::ZERO, &["{\"choi", "[DONE]"])
    });
    check("no JSON", &broken, streaming.clone());
    let failed = r#"{"error": {"message": "out of memory", "code": 500}}"#;
    let failing =
        first_bad(2, move |stream| stream_reply(stream, &["Ye"], Duration::ZERO, &[failed]));
    check("an error inside", &failing, streaming);
    // A dead one stands still, though its time as a whole is not over.
    let dead = first_bad(2, |stream| {
        let end = [STREAM_END[0]; 1];
        stream_reply(stream, &["Ye"], Duration::from_secs(4), &end)
    });
    check("dead", &dead, json!({"stream": true, "idle_timeout": 1, "timeout": 60}));
}

#[test]
fn a_wait_that_the_server_asks_for_is_kept() {
    let check = |server: &Server, least: Duration| {
        let found =
            ask(&mut model(server, &json!({ "concurrency": 4 })), &["a", "b", "c", "d", "e"])
                .unwrap();
        assert_eq!(found, ["a", "b", "c", "d", "e"].map(said));
        let requests = server.requests();
        let refused = requests[0].at;
        // Those that were under way when it was said are let off.
        for later in &requests[4..] {
            let after = later.at - refused;
            assert!(after >= least, "request {} came after {after:?}", later.count);
        }
    };
    let seconds = Server::start(|server, request, stream| {
        server.wait_until(|server| server.requests().len() >= 4);
        if request.count < 4 {
            return refuse(
                stream,
                "429 Too Many Requests",
                "rate_limit",
                "slow down",
                &[("Retry-After", "1")],
            );
        }
        send(stream, &answer(request))
    });
    check(&seconds, Duration::from_secs(1));
    let until: Mutex<Option<SystemTime>> = Mutex::new(None);
    let date = Server::start(move |server, request, stream| {
        server.wait_until(|server| server.requests().len() >= 4);
        let now = SystemTime::now();
        let then = *until.lock().unwrap().get_or_insert(now + Duration::from_secs(2));
        if now < then - Duration::from_secs(1) {
            let date = httpdate::fmt_http_date(then);
            return refuse(
                stream,
                "503 Service Unavailable",
                "busy",
                "slow down",
                &[("Retry-After", &date)],
            );
        }
        send(stream, &answer(request))
    });
    // A date has whole seconds: of two, at least one is left.
    check(&date, Duration::from_millis(900));
}

#[test]
fn a_wait_beyond_all_patience_is_a_reason() {
    let server = first_bad(1, |stream| {
        refuse(
            stream,
            "429 Too Many Requests",
            "rate_limit",
            "daily limit",
            &[("Retry-After", "86400")],
        )
    });
    let error = ask(&mut model(&server, &json!({})), &["a"]).unwrap_err();
    assert_says(
        &error.message,
        &[server.url(), "daily limit", "86400 s", "`max_wait` is 120 s", "--retry-failed"],
    );
    assert_eq!(server.requests().len(), 1, "it is not asked again");
}

#[test]
fn patience_ends_with_a_reason() {
    let server = Server::start(|_, _, stream| {
        refuse(stream, "500 Internal Server Error", "", "CUDA error", &[])
    });
    let error = ask(&mut model(&server, &json!({ "retries": 3 })), &["a"]).unwrap_err();
    assert_says(
        &error.message,
        &["gave up after 4 attempts", "HTTP 500", "CUDA error", "--retry-failed"],
    );
    assert_eq!((error.kind, server.requests().len()), (ErrorKind::Internal, 4));
    let quota = Server::start(|_, _, stream| {
        refuse(
            stream,
            "429 Too Many Requests",
            "insufficient_quota",
            "You exceeded your quota",
            &[],
        )
    });
    let error = ask(&mut model(&quota, &json!({})), &["a"]).unwrap_err();
    assert_says(&error.message, &["no quota left", "You exceeded your quota"]);
    assert_eq!(quota.requests().len(), 1, "credit does not come back by waiting");
}

#[test]
fn what_will_not_pass_is_asked_once_and_has_its_remedy() {
    let check = |server: &Server, more, parts: &[&str]| {
        let error = ask(&mut model(server, &more), &["a"]).unwrap_err();
        assert_says(&error.message, parts);
        assert_eq!(error.kind, ErrorKind::Config, "{}", error.message);
        assert_eq!(server.requests().iter().filter(|r| r.path.ends_with("completions")).count(), 1);
    };
    let no_key = Server::start(|_, _, stream| {
        refuse(stream, "401 Unauthorized", "invalid_api_key", "You did not provide a key", &[])
    });
    check(&no_key, json!({}), &["HTTP 401", "no key (name its variable with `key_env`)"]);
    let wrong_model = Server::start(|_, request, stream| match request.path.as_str() {
        "/v1/models" => send(stream, &json!({"data": [{"id": "llama-3"}, {"id": "qwen"}]})),
        _ => refuse(
            stream,
            "404 Not Found",
            "model_not_found",
            "The model `fake` does not exist",
            &[],
        ),
    });
    check(
        &wrong_model,
        json!({}),
        &["HTTP 404", "`fake` does not exist", "check `model`", "the server has llama-3, qwen"],
    );
    let wrong_place =
        Server::start(|_, _, stream| reply(stream, "404 Not Found", &[], "<html>nginx</html>"));
    check(
        &wrong_place,
        json!({}),
        &["HTTP 404", "<html>nginx</html>", "`base_url` (it ends in /v1)"],
    );
    let picky = Server::start(|_, _, stream| {
        refuse(
            stream,
            "400 Bad Request",
            "unsupported_parameter",
            "Use 'max_completion_tokens' instead",
            &[],
        )
    });
    check(&picky, json!({}), &["HTTP 400", "Use 'max_completion_tokens' instead", "`omit`"]);
    let gemini = r#"[{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}]"#;
    let keyless = Server::start(move |_, _, stream| reply(stream, "400 Bad Request", &[], gemini));
    check(
        &keyless,
        json!({}),
        &["HTTP 400", "API key not valid", "no key (name its variable with `key_env`)"],
    );
}

#[test]
fn another_protocol_is_told() {
    let server = Server::start(|_, _, stream| send(stream, &json!({"reply": "hello"})));
    let error = ask(&mut model(&server, &json!({})), &["a"]).unwrap_err();
    assert_says(&error.message, &["no `choices[0]`", "{\"reply\":\"hello\"}", "OpenAI-compatible"]);
}

#[test]
fn a_filter_of_the_servers_is_a_reply_without_text() {
    let server = Server::start(|_, request, stream| match request.prompt() {
        "bad" => {
            refuse(stream, "400 Bad Request", "content_filter", "The prompt was filtered", &[])
        }
        _ => send(stream, &answer(request)),
    });
    assert_eq!(
        ask(&mut model(&server, &json!({})), &["a", "bad"]).unwrap(),
        [said("a"), "[missing] the server's moderation refuses it: The prompt was filtered"]
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::honest();
    let to = format!("{}/chat/completions", elsewhere.url());
    let server = Server::start(move |_, _, stream| {
        reply(stream, "307 Temporary Redirect", &[("Location", &to)], "")
    });
    let error = ask(&mut model(&server, &json!({})), &["a"]).unwrap_err();
    assert_says(&error.message, &["redirects to", elsewhere.url(), "set `base_url`"]);
    assert_eq!(elsewhere.requests().len(), 0);
}

#[test]
fn a_server_that_is_not_there_is_a_reason() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/v1");
    let error = ask(&mut model_at(&url, &json!({})).unwrap(), &["a", "b"]).unwrap_err();
    assert_says(
        &error.message,
        &[&url, "cannot connect", "start the server or set `base_url`", "--retry-failed"],
    );
}
