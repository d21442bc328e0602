//! Log-likelihoods of options: echoed prompts, first tokens, and servers that tell neither.

use serde_json::{Value, json};

use super::server::{Server, answer, chat, refuse, send};
use super::{assert_says, model, score};

const CONTEXTS: [&str; 4] =
    ["Is it? Answer:", "Is it? Answer:", "Was it? Answer:", "Was it? Answer:"];
const OPTIONS: [&str; 4] = [" no", " yes", " no", " yes"];

#[test]
fn echoed_prompts_give_sums_over_the_options_tokens() {
    let server = Server::honest();
    let mut model = model(&server, &json!({"endpoint": "completions", "loglikelihood": "echo"}));
    let found = score(&mut model, &CONTEXTS, &OPTIONS).unwrap();
    // What the server says of the last token of each prompt.
    for (i, one) in found.iter().enumerate() {
        let prompt = format!("{}{}", CONTEXTS[i], OPTIONS[i]);
        let request = server.requests().into_iter().find(|r| r.prompt() == prompt).unwrap();
        let told = answer(&request);
        let values = told["choices"][0]["logprobs"]["token_logprobs"].as_array().unwrap();
        assert_eq!(Some(one.sum), values[values.len() - 2].as_f64());
        assert_eq!(one.tokens, 1);
    }
    let long = score(&mut model, &["Say:"], &[" not hateful at all"]).unwrap();
    assert_eq!(long[0].tokens, 4);
    assert_eq!(server.requests().len(), 5, "nobody asked whether it echoes");
}

/// What vLLM adds to the protocol: alternatives beside the prompt's own tokens, `prompt_logprobs` beside the echo, or alone where the
/// model's TOML asks for it.
#[test]
fn vllm_scores_options_by_its_echo_or_by_its_prompt_logprobs() {
    let server = Server::start(|_, request, stream| {
        let mut plain = request.clone();
        plain.body["echo"] = true.into();
        let mut answer = answer(&plain);
        let choice = &mut answer["choices"][0];
        let (tokens, values) =
            (&choice["logprobs"]["tokens"], &choice["logprobs"]["token_logprobs"]);
        let own = tokens.as_array().unwrap().iter().zip(values.as_array().unwrap());
        let alternatives: Vec<Value> = (own.clone())
            .map(|(token, p)| {
                if p.is_null() {
                    Value::Null
                } else {
                    json!({(token.as_str().unwrap()): p, "else": -0.3})
                }
            })
            .collect();
        let mut places: Vec<Value> = (own.enumerate())
            .map(|(id, (token, p))| {
                let rank = if p.as_f64() >= Some(-0.3) { 1 } else { 2 };
                let own = json!({"logprob": p, "rank": rank, "decoded_token": token});
                if p.is_null() { Value::Null } else { json!({(id.to_string()): own}) }
            })
            .collect();
        places.pop(); // the token that was generated
        choice["prompt_logprobs"] = places.into();
        if request.body["echo"] == true {
            choice["logprobs"]["top_logprobs"] = alternatives.into();
        } else {
            assert_eq!(request.body["prompt_logprobs"], 0);
            choice["logprobs"] = Value::Null;
        }
        send(stream, &answer)
    });
    let echo = json!({"endpoint": "completions", "loglikelihood": "echo"});
    let mut asked = echo.clone();
    asked["body"] = json!({ "prompt_logprobs": 0 });
    asked["omit"] = json!(["echo", "logprobs"]);
    let contexts: Vec<String> = (0..20).map(|i| format!("Is {i} odd? Answer:")).collect();
    let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
    let options = vec![" not at all"; 20];
    let found = score(&mut model(&server, &echo), &contexts, &options).unwrap();
    let again = score(&mut model(&server, &asked), &contexts, &options).unwrap();
    assert_eq!(found, again);
    assert!(found.iter().all(|one| one.tokens == 3 && one.sum < 0.0), "{found:?}");
    let mut honest = model(&Server::honest(), &echo);
    let plain = score(&mut honest, &contexts, &options).unwrap();
    let sums =
        |all: &[plugin_api::Loglikelihood]| all.iter().map(|one| one.sum).collect::<Vec<_>>();
    assert_eq!(sums(&found), sums(&plain));
    assert!(found.iter().all(|one| !one.greedy), "an alternative was likelier");
    let short = score(&mut model(&server, &echo), &contexts, &[" no"; 20]).unwrap();
    let greedy = short.iter().filter(|one| one.greedy).count();
    assert!(short.iter().all(|one| one.greedy == (one.sum >= -0.3)), "{short:?}");
    assert!(greedy < 20);
}

#[test]
fn a_chat_scores_options_by_their_first_token() {
    let server = Server::honest();
    let found = score(&mut model(&server, &json!({})), &CONTEXTS, &OPTIONS).unwrap();
    assert_eq!(server.requests().len(), 2, "one request for all options of a question");
    for pair in found.chunks(2) {
        let sum: f64 = pair.iter().map(|one| one.sum.exp()).sum();
        assert!((sum - 0.97).abs() < 1e-9, "{pair:?}");
    }
    let request = &server.requests()[0].body;
    assert_eq!(
        (&request["logprobs"], &request["top_logprobs"], &request["max_tokens"]),
        (&true.into(), &20.into(), &1.into())
    );
}

#[test]
fn a_server_that_does_not_echo_is_asked_for_first_tokens() {
    let refusing = Server::start(|_, request, stream| {
        if request.body["echo"] == true {
            return refuse(stream, "400 Bad Request", "", "Only no echo is supported", &[]);
        }
        send(stream, &answer(request))
    });
    let ignoring = Server::start(|_, request, stream| {
        let mut plain = request.clone();
        plain.body["echo"] = Value::Null;
        send(stream, &answer(&plain))
    });
    for server in [refusing, ignoring] {
        let mut model = model(&server, &json!({ "endpoint": "completions" }));
        let found = score(&mut model, &CONTEXTS, &OPTIONS).unwrap();
        assert_eq!(found.iter().map(|one| one.sum).collect::<Vec<_>>(), [-1.9, -0.2, -1.9, -0.2]);
        assert_eq!(
            found.iter().map(|one| one.greedy).collect::<Vec<_>>(),
            [false, true, false, true]
        );
        assert_eq!(server.requests().len(), 3, "one question whether it echoes, two questions");
        score(&mut model, &["And now?"], &[" no"]).unwrap();
        assert_eq!(server.requests().len(), 4, "it is known now");
    }
}

#[test]
fn without_log_probabilities_there_is_a_reason() {
    let silent = Server::start(|_, _, stream| send(stream, &chat(&"Yes".into(), "stop")));
    let refusing = Server::start(|_, _, stream| {
        refuse(stream, "400 Bad Request", "", "logprobs is not supported by this model", &[])
    });
    for (server, what) in
        [(silent, "sends no log-probabilities"), (refusing, "logprobs is not supported")]
    {
        let error = score(&mut model(&server, &json!({})), &CONTEXTS, &OPTIONS).unwrap_err();
        assert_says(&error.message, &[what, "capabilities = [\"generate\"]", "`endpoint`"]);
        assert_eq!(error.kind, plugin_api::ErrorKind::Config);
    }
}

#[test]
fn a_filter_of_the_servers_leaves_no_option_likely() {
    let server = Server::start(|_, request, stream| match request.prompt() {
        "bad" => refuse(stream, "400 Bad Request", "content_filter", "filtered", &[]),
        _ => send(stream, &answer(request)),
    });
    let contexts = ["bad", "bad", "good", "good"];
    let found = score(&mut model(&server, &json!({})), &contexts, &OPTIONS).unwrap();
    assert!(found[..2].iter().all(|one| one.sum == f64::NEG_INFINITY), "{found:?}");
    assert!(found[2..].iter().all(|one| one.sum.is_finite()), "{found:?}");
}

#[test]
fn options_that_begin_alike_are_a_reason() {
    let server = Server::honest();
    let error =
        score(&mut model(&server, &json!({})), &["a", "a"], &["not", "not hateful"]).unwrap_err();
    assert_says(&error.message, &["begin alike", "capabilities = [\"generate\"]"]);
}

#[test]
fn nothing_to_score_no_request() {
    let server = Server::honest();
    assert_eq!(score(&mut model(&server, &json!({})), &[], &[]).unwrap(), []);
    assert_eq!(server.requests().len(), 0);
}
