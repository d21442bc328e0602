//! Answers in all dialects.

use serde_json::json;

use super::*;

fn reply(body: &Value) -> Result<Said, Unread> {
    read(body, &Wanted::Text).map(|answer| answer.said)
}

fn said(text: &str) -> Said {
    Said::Text(text.to_owned())
}

#[test]
fn replies_of_both_endpoints() {
    let chat = json!({"model": "m-1", "choices": [{"message": {"role": "assistant", "content": " Yes"}, "finish_reason": "stop"}],
                      "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}});
    assert_eq!(
        read(&chat, &Wanted::Text),
        Ok(Answer {
            usage: Some((9, 1)),
            model: Some("m-1".to_owned()),
            finish: Some("stop".to_owned()),
            ..Answer::of(said(" Yes"))
        })
    );
    assert_eq!(reply(&json!({"choices": [{"text": "no"}]})), Ok(said("no")));
    let null = json!({"choices": [{"message": {"content": null}, "finish_reason": "length"}]});
    assert_eq!(reply(&null), Ok(said("")));
    let refusal = json!({"choices": [{"message": {"content": null, "refusal": "No, I cannot."}}]});
    let answer = read(&refusal, &Wanted::Text).unwrap();
    assert_eq!(
        (answer.missing().as_deref(), answer.said),
        (Some("the model refused: No, I cannot."), said(""))
    );
    let parts = json!({"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]});
    assert_eq!(reply(&parts), Ok(said("ab")));
    assert!(matches!(reply(&json!({"choices": []})), Err(Unread::Nothing(_))));
    assert!(matches!(reply(&json!({"choices": null})), Err(Unread::Nothing(_))));
    assert!(matches!(reply(&json!({"choices": [{"message": 1}]})), Err(Unread::Shape(_))));
    assert!(matches!(reply(&json!([1])), Err(Unread::Shape(_))));
}

/// Whatever else stands in the choice.
#[test]
fn what_was_withheld_or_refused_is_no_answer() {
    let missing = |choice: Value| {
        let body = json!({ "choices": [choice] });
        let answer = read(&body, &Wanted::Text).unwrap();
        assert!(
            matches!(read(&body, &Wanted::Top), Err(Unread::Error(told)) if told.code == "content_filter"),
            "{body}"
        );
        answer.missing().unwrap_or_default()
    };
    let words = "I'm sorry, but no";
    for message in [
        json!({"content": null, "refusal": words}),
        json!({"content": words, "refusal": words}),
        json!({"content": [{"type": "refusal", "refusal": words}]}),
    ] {
        let said = missing(json!({"message": message, "finish_reason": "stop"}));
        assert_eq!(said, format!("the model refused: {words}"));
    }
    for (finish, part) in [
        ("content_filter", "moderation"),
        ("content_filter: PROHIBITED_CONTENT", "moderation"),
        ("guardrail_intervened", "moderation"),
        ("refusal", "the model refused"),
    ] {
        let said = missing(json!({"message": {"content": words}, "finish_reason": finish}));
        assert!(said.contains(part), "{finish}: {said}");
    }
    let kept = json!({"choices": [{"message": {"content": "no", "refusal": null}, "finish_reason": "stop"}]});
    assert_eq!(read(&kept, &Wanted::Text).unwrap().missing(), None);
}

#[test]
fn thoughts_of_all_dialects() {
    let check = |message: Value, thought: Option<&str>, text: &str| {
        let answer = read(&json!({"choices": [{"message": message}]}), &Wanted::Text).unwrap();
        assert_eq!((answer.thought.as_deref(), answer.said), (thought, said(text)), "{message}");
    };
    check(json!({"content": "yes", "reasoning_content": "no?"}), Some("no?"), "yes");
    check(
        json!({"content": "yes", "reasoning": "no?", "reasoning_content": null}),
        Some("no?"),
        "yes",
    );
    check(json!({"content": null, "reasoning_content": "no?"}), Some("no?"), "");
    check(
        json!({"content": "yes", "reasoning_details": [{"type": "reasoning.text", "text": "no?"}]}),
        Some("no?"),
        "yes",
    );
    check(json!({"content": "yes", "reasoning_content": ""}), None, "yes");
    let parts = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "no?"}]}, {"type": "text", "text": "yes"}]);
    check(json!({"content": parts}), Some("no?"), "yes");
    check(
        json!({"content": [{"type": "reasoning", "text": "no?"}, {"text": "yes"}]}),
        Some("no?"),
        "yes",
    );
}

/// An error beside a text, and a text that the server did not finish, are no answers.
#[test]
fn a_choice_that_failed_is_no_answer() {
    let message = json!({"content": "no"});
    for error in [json!({"code": 502, "message": "gone"}), json!("gone")] {
        for body in [
            json!({"choices": [{"message": message, "finish_reason": "error", "error": error}]}),
            json!({"choices": [{"message": message, "finish_reason": "stop", "error": error}]}),
            json!({"choices": [{"message": message}], "error": error}),
        ] {
            assert!(
                matches!(reply(&body), Err(Unread::Error(told)) if told.message == "gone"),
                "{body}"
            );
        }
    }
    let silent = json!({"choices": [{"message": message, "finish_reason": "error"}]});
    assert!(matches!(reply(&silent), Err(Unread::Nothing(_))));
    for empty in [json!([null]), json!([{}]), json!([{"message": null, "finish_reason": "stop"}])] {
        let body = json!({ "choices": empty });
        assert!(matches!(reply(&body), Err(Unread::Nothing(_))), "{body}");
    }
    for error in [json!(null), json!({}), json!("")] {
        let body = json!({"choices": [{"message": message, "error": error}], "error": error});
        assert_eq!(reply(&body), Ok(said("no")), "{body}");
    }
}

#[test]
fn errors_of_all_dialects() {
    let check = |body: Value, code: &str, message: &str| {
        let expect = Told { code: code.to_owned(), message: message.to_owned() };
        assert_eq!(told(&body), Some(expect.clone()));
        assert_eq!(reply(&body), Err(Unread::Error(expect)));
    };
    check(
        json!({"error": {"message": "bad key", "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}),
        "invalid_api_key",
        "bad key",
    );
    check(
        json!({"error": {"message": "busy", "type": "overloaded", "code": null}}),
        "overloaded",
        "busy",
    );
    check(json!({"error": {"message": "loading", "code": 503}}), "503", "loading");
    check(json!({"error": "model 'x' not found"}), "", "model 'x' not found");
    check(json!({"object": "error", "message": "too long", "code": 400}), "400", "too long");
    check(json!({"detail": [{"loc": ["body"]}]}), "", r#"[{"loc":["body"]}]"#);
    for (body, code, message) in [
        (json!({"code": 500, "msg": "internal error", "data": null}), "500", "internal error"),
        (json!({"error_code": 18, "error_msg": "slow down"}), "18", "slow down"),
        (
            json!({"success": false, "errors": [{"code": 3040, "message": "no capacity"}]}),
            "3040",
            "no capacity",
        ),
        (json!({"errors": ["no capacity"]}), "", "no capacity"),
        (
            json!({"choices": null, "base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}),
            "1026",
            "input new_sensitive",
        ),
        (json!({"fault": {"faultstring": "spike arrest"}}), "", "spike arrest"),
        (
            json!({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "prompt is too long"}}}),
            "400",
            "Provider returned error: prompt is too long",
        ),
    ] {
        check(body, code, message);
    }
    for none in [
        json!({"choices": []}),
        json!({"choices": [], "base_resp": {"status_code": 0, "status_msg": "success"}}),
        json!({"status_code": 0, "msg": "ok"}),
        json!({"message": ""}),
        json!(null),
    ] {
        assert_eq!(told(&none), None, "{none}");
    }
}

#[test]
fn first_tokens_of_both_forms_the_likeliest_first() {
    let top = |choice: Value| read(&json!({"choices": [choice]}), &Wanted::Top).map(|a| a.said);
    let expect = Ok(Said::Top(vec![("Yes".to_owned(), -0.25), ("No".to_owned(), -2.0)]));
    let token =
        |token: &str, logprob: f64| json!({"token": token, "logprob": logprob, "bytes": null});
    let mut first = token("No", -2.0);
    first["top_logprobs"] = json!([token("No", -2.0), token("Yes", -0.25)]);
    assert_eq!(top(json!({"message": {}, "logprobs": {"content": [first]}})), expect);
    assert_eq!(
        top(
            json!({"text": "", "logprobs": {"tokens": ["No"], "top_logprobs": [{"No": -2.0, "Yes": -0.25}]}})
        ),
        expect
    );
    assert_eq!(top(json!({"message": {}, "logprobs": {"content": []}})), Ok(Said::Top(Vec::new())));
    for none in [json!({"message": {}}), json!({"message": {}, "logprobs": null})] {
        assert!(matches!(top(none), Err(Unread::NoLogprobs(_))));
    }
}

/// Python's JSON has `-Infinity`: a token that cannot be is no alternative, an option with one cannot be.
#[test]
fn minus_infinity_is_probability_nothing() {
    let read = |text: &str, wanted: &Wanted| {
        read(&lenient_json::from_str(text).unwrap(), wanted).map(|answer| answer.said)
    };
    let top = r#"{"choices": [{"message": {}, "logprobs": {"content": [{"token": "yes", "logprob": -0.1, "top_logprobs": [
        {"token": "yes", "logprob": -0.1}, {"token": "x", "logprob": -Infinity}, {"token": "no", "logprob": NaN}]}]}}]}"#;
    assert_eq!(read(top, &Wanted::Top), Ok(Said::Top(vec![("yes".to_owned(), -0.1)])));
    let wanted = Wanted::Echo { continuation: " yes".to_owned(), after_blank: false };
    let echo = r#"{"choices": [{"text": "", "logprobs": {"tokens": ["Is", " yes", "."], "token_logprobs": [null, -Infinity, -0.1]}}]}"#;
    let sum = Said::Sum { sum: f64::NEG_INFINITY, tokens: 1, greedy: false };
    assert_eq!(read(echo, &wanted), Ok(sum.clone()));
    let kept = serde_json::to_string(&sum).unwrap();
    assert_eq!(serde_json::from_str::<Said>(&kept).unwrap(), sum, "{kept}");
}

#[test]
fn an_echoed_prompt_gives_the_sum_over_its_end() {
    let wanted = Wanted::Echo { continuation: " not bad".to_owned(), after_blank: false };
    let body = |generated: u64, tokens: Value, values: Value, top: Value| {
        json!({"choices": [{"text": "x", "logprobs": {"tokens": tokens, "token_logprobs": values, "top_logprobs": top}}],
               "usage": {"prompt_tokens": 5, "completion_tokens": generated}})
    };
    let tokens = json!(["<s>", "It", " is", " not", " bad", "."]);
    let values = json!([null, -9.0, -1.0, -2.0, -0.5, -0.1]);
    let top =
        json!([null, {"It": -9.0}, {" is": -1.0}, {" very": -0.7}, {" bad": -0.5}, {".": -0.1}]);
    let found = read(&body(1, tokens.clone(), values, top.clone()), &wanted).unwrap().said;
    assert_eq!(found, Said::Sum { sum: -2.5, tokens: 2, greedy: false });
    let sure = json!([null, -9.0, -1.0, 0.0000001, -0.5, -0.1]);
    let choice =
        json!([null, {"It": -9.0}, {" is": -1.0}, {" not": 0.0}, {" bad": -0.5}, {".": -0.1}]);
    let found = read(&body(1, tokens.clone(), sure, choice), &wanted).unwrap().said;
    assert_eq!(found, Said::Sum { sum: -0.5, tokens: 2, greedy: true }, "no probability above 1");
    for (generated, tokens, values) in [
        (1, json!(["."]), json!([-0.1])),
        (1, json!(["a", "b", "."]), json!([-1.0, -1.0, -1.0])),
        (1, tokens.clone(), json!([null, null, null, null, null, -0.1])),
        (1, Value::Null, Value::Null),
    ] {
        let found = read(&body(generated, tokens, values, Value::Null), &wanted);
        assert!(matches!(found, Err(Unread::NoLogprobs(_))), "{found:?}");
    }
}

/// Shapes as vLLM's server writes them; the numbers are made up.
#[test]
fn vllm_tells_its_prompt_in_two_ways() {
    let wanted = Wanted::Echo { continuation: " not bad".to_owned(), after_blank: false };
    let place = |id: &str, token: &str, logprob: f64, rank: u64| json!({(id): {"logprob": logprob, "rank": rank, "decoded_token": token}});
    let prompt = json!([
        null,
        place("1", "It", -9.0, 40),
        place("2", " is", -1.0, 1),
        place("3", " not", -2.0, 5),
        place("4", " bad", -0.5, 1)
    ]);
    let echo = json!({"text": "It is not bad.", "finish_reason": "length", "stop_reason": null, "prompt_logprobs": prompt, "logprobs": {
        "text_offset": [0, 3, 5, 8, 12, 16],
        "tokens": ["<s>", "It", " is", " not", " bad", "."],
        "token_logprobs": [null, -9.0, -1.0, -2.0, -0.5, -0.1],
        "top_logprobs": [null, {"It": -9.0, "The": -1.5}, {" is": -1.0, " was": -1.1}, {" not": -2.0, " very": -0.7}, {" bad": -0.5, " so": -1.5}, {".": -0.1, ",": -3.0}],
    }});
    let asked = json!({"text": ".", "finish_reason": "length", "logprobs": null, "prompt_logprobs": prompt});
    let read = |choice: &Value| {
        let usage = json!({"prompt_tokens": 5, "total_tokens": 6, "completion_tokens": 1});
        read(&json!({"object": "text_completion", "choices": [choice], "usage": usage}), &wanted)
            .map(|a| a.said)
    };
    let expect = Ok(Said::Sum { sum: -2.5, tokens: 2, greedy: false });
    assert_eq!((read(&echo), read(&asked)), (expect.clone(), expect));
    let mut first = asked.clone();
    first["prompt_logprobs"][3]["3"]["rank"] = 1.into();
    assert_eq!(read(&first), Ok(Said::Sum { sum: -2.5, tokens: 2, greedy: true }));
    let mut several = asked.clone();
    several["prompt_logprobs"][4]["9"] = several["prompt_logprobs"][4]["4"].clone();
    assert!(matches!(read(&several), Err(Unread::NoLogprobs(_))), "which of the two is asked?");
    let mut plain = asked;
    plain["prompt_logprobs"] = Value::Null;
    assert!(matches!(read(&plain), Err(Unread::NoLogprobs(_))));
}
