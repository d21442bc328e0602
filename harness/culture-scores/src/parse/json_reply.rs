//! A reply that is a JSON object with the choice under a key.

use serde_json::{Map, Value};

use super::option_letters::option_of;

/// The option of a reply that should be JSON; `None` if it is unparsable.
///
/// Line feeds are dropped. The first `{...}` without braces inside is read, without backticks and with a comma before the
/// closing brace allowed. Of its `key`, the first capital letter of ASCII counts if it is an option's, else the option of
/// the same text. If nothing is JSON, the first capital letter counts.
///
/// Source: nlee0212/BLEnD, `utils.py` and `evaluation/multiple_choice_evaluation.py` (Myung et al. 2024, arXiv 2406.09948),
/// with the key `answer_choice`. The first capital letter of a text counts, too: "Beef" chooses B.
///
/// ```
/// use culture_scores::parse::json;
/// let options = ["beef", "rice", "tofu"];
/// assert_eq!(json(r#"```json{"answer_choice": "B. rice"}```"#, "answer_choice", &options), Some(1));
/// assert_eq!(json(r#"{"answer_choice": "tofu"}"#, "answer_choice", &options), Some(2));
/// assert_eq!(json(r#"{"answer": "B"}"#, "answer_choice", &options), None);
/// ```
pub fn json<O: AsRef<str>>(reply: &str, key: &str, options: &[O]) -> Option<usize> {
    let reply = reply.replace('\n', "");
    let object = object_in(&reply);
    let text = object.map_or_else(
        || reply.clone(),
        |o| o.replace("```json", "").replace('`', "").replace(",}", "}"),
    );
    let read = if object.is_some() { serde_json::from_str::<Value>(&text).ok() } else { None };
    match read {
        Some(Value::Object(object)) => of_key(&object, key, options),
        _ => capital(&text).and_then(|letter| option_of(letter, options.len())),
    }
}

/// The first `{...}` with something between.
fn object_in(reply: &str) -> Option<&str> {
    let mut start = reply.find('{')?;
    while reply[start + 1..].starts_with('}') {
        start += 1 + reply[start + 1..].find('{')?;
    }
    let end = start + reply[start..].find('}')?;
    Some(&reply[start..=end])
}

fn of_key<O: AsRef<str>>(object: &Map<String, Value>, key: &str, options: &[O]) -> Option<usize> {
    let value = object.get(key)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (capital(&text).and_then(|letter| option_of(letter, options.len())))
        .or_else(|| options.iter().position(|option| option.as_ref() == text))
}

fn capital(text: &str) -> Option<char> {
    text.chars().find(char::is_ascii_uppercase)
}
