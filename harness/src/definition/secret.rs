//! Secrets typed into a model's `[config]`: they would be in the manifest, in every specification and in published pages.

use toml::{Table, Value};

/// Names of keys whose value is a secret, without signs between words.
const NAMES: [&str; 16] = [
    "apikey",
    "xapikey",
    "secret",
    "clientsecret",
    "secretkey",
    "password",
    "passwd",
    "authorization",
    "bearer",
    "accesstoken",
    "authtoken",
    "apitoken",
    "hftoken",
    "githubtoken",
    "bearertoken",
    "privatekey",
];

/// How values of known services begin, with how many letters and digits follow at least.
const SHAPES: [(&str, usize); 15] = [
    ("sk-", 20),
    ("sk_live_", 16),
    ("hf_", 30),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("nvapi-", 20),
    ("gsk_", 20),
    ("AIza", 30),
    ("AKIA", 16),
    ("xoxb-", 20),
    ("Bearer ", 8),
    ("Basic ", 8),
];

/// The place of the first secret in a configuration (`headers.Authorization`); none if there is none.
pub(super) fn place(config: &Table) -> Option<String> {
    config.iter().find_map(|(key, value)| within(key, key, value))
}

fn within(place: &str, key: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let secret = (names_one(key) && !text.is_empty()) || looks_like_one(text);
            secret.then(|| place.to_owned())
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(i, item)| within(&format!("{place}.{i}"), key, item))
        }
        Value::Table(table) => {
            table.iter().find_map(|(own, item)| within(&format!("{place}.{own}"), own, item))
        }
        _ => None,
    }
}

fn names_one(key: &str) -> bool {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_lowercase();
    NAMES.contains(&plain.as_str()) || plain.ends_with("apikey") || plain.ends_with("password")
}

fn looks_like_one(text: &str) -> bool {
    let long = |rest: &str, least: usize| {
        let own =
            |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | '+' | '/');
        rest.chars().take_while(own).count() >= least
    };
    let shape = |(start, least): &(&str, usize)| {
        text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ':'))
            .any(|word| word.strip_prefix(start).is_some_and(|rest| long(rest, *least)))
            || text.trim_start().strip_prefix(start).is_some_and(|rest| long(rest, *least))
    };
    SHAPES.iter().any(shape)
        || text.contains("PRIVATE KEY-----")
        || has_password(text)
        || is_jwt(text)
}

/// An address with a password in it.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// A JSON web token: three parts, of which two begin as JSON does in base64.
fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split('.').collect();
    parts.len() == 3 && parts[..2].iter().all(|part| part.starts_with("eyJ") && part.len() > 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(config: &str) -> Option<String> {
        place(&config.parse().unwrap())
    }

    #[test]
    fn secrets_are_found_by_name_and_by_shape() {
        for (config, wanted) in [
            ("api_key = 'x'", "api_key"),
            ("headers = { Authorization = 'x' }", "headers.Authorization"),
            ("headers = { X-Api-Key = 'x' }", "headers.X-Api-Key"),
            ("body = { nested = [{ client_secret = 'x' }] }", "body.nested.0.client_secret"),
            ("note = 'sk-abcdefghijklmnopqrstuvwx'", "note"),
            ("note = 'sk-proj-abcdefghijklmnopqrstuvwx'", "note"),
            ("note = 'hf_abcdefghijklmnopqrstuvwxyzABCDEFGH'", "note"),
            ("headers = { Own = 'Bearer abcdefgh123' }", "headers.Own"),
            ("base_url = 'http://u:secret@host/v1'", "base_url"),
            ("command = ['run', '--key=x', '-----BEGIN RSA PRIVATE KEY-----']", "command.2"),
            ("note = 'eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl'", "note"),
            ("note = 'AKIAIOSFODNN7EXAMPLE'", "note"),
        ] {
            assert_eq!(found(config).as_deref(), Some(wanted), "{config}");
        }
    }

    #[test]
    fn what_is_no_secret_passes() {
        for config in [
            "key_env = 'MY_KEY'",
            "api_key = ''",
            "max_tokens = 5\npad_token = '<pad>'\ntoken = 'cls'",
            "model = 'sk-learn'",
            "base_url = 'http://user@host:8000/v1'",
            "persona = 'Basic words, Bearer of news'",
            "prefix = 'hf_hub'",
        ] {
            assert_eq!(found(config), None, "{config}");
        }
    }
}
