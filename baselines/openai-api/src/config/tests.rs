//! The table of a model: what is meant, and what is wrong with it.

use super::*;

/// Variables of a test.
struct Fake(&'static [(&'static str, &'static str)]);

impl Environment for Fake {
    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }
}

fn read(config: &str, environment: &'static [(&str, &str)]) -> Result<Settings, String> {
    Settings::read(config, 7, &Fake(environment)).map_err(|e| {
        assert_eq!(e.kind, plugin_api::ErrorKind::Config);
        e.message
    })
}

#[test]
fn a_key_goes_where_its_variable_is_meant_for() {
    let check = |config: &str, environment, base: &str, has_key: bool| {
        let settings = read(config, environment).unwrap();
        assert_eq!(settings.base.as_str(), base, "{config}");
        assert_eq!(settings.key.header().is_some(), has_key, "{config}");
    };
    const OURS: &[(&str, &str)] = &[("OPENAI_API_KEY", "sk-1234567890")];
    const BOTH: &[(&str, &str)] =
        &[("OPENAI_API_KEY", "sk-1234567890"), ("OPENAI_BASE_URL", "http://box:1/v1/")];
    check(r#"{"model":"m"}"#, OURS, "https://api.openai.com/v1/", true);
    check(r#"{"model":"m"}"#, BOTH, "http://box:1/v1/", true);
    check(r#"{"model":"m"}"#, &[("OPENAI_BASE_URL", "http://box:1/v1")], "http://box:1/v1/", false);
    let elsewhere = r#"{"model":"m","base_url":"http://elsewhere.example/v1"}"#;
    check(elsewhere, BOTH, "http://elsewhere.example/v1/", false);
    let named = r#"{"model":"m","base_url":"http://elsewhere.example/v1","key_env":"MINE"}"#;
    check(named, &[("MINE", "abc")], "http://elsewhere.example/v1/", true);
    check(r#"{"model":"m","key_env":""}"#, OURS, "https://api.openai.com/v1/", false);
}

#[test]
fn azures_address_keeps_its_version() {
    let azure = r#"{"model":"m","base_url":"https://x.openai.azure.com/openai/deployments/m?api-version=2024-10-21","key_env":"MINE"}"#;
    let settings = read(azure, &[("MINE", "abc")]).unwrap();
    assert_eq!(settings.base.as_str(), "https://x.openai.azure.com/openai/deployments/m/");
    assert_eq!(settings.query.as_deref(), Some("api-version=2024-10-21"));
    assert_eq!(settings.key.header().unwrap().0, "api-key");
    let next =
        r#"{"model":"m","base_url":"https://x.openai.azure.com/openai/v1","key_env":"MINE"}"#;
    let settings = read(next, &[("MINE", "abc")]).unwrap();
    assert_eq!((settings.query, settings.key.header().unwrap().0.as_str()), (None, "api-key"));
    for other in ["?key=hidden", "?api-version=1&key=hidden", "#x"] {
        let config = format!(r#"{{"model":"m","base_url":"http://h/v1{other}","key_env":""}}"#);
        let error = read(&config, &[]).unwrap_err();
        assert!(error.contains("api-version") && !error.contains("hidden"), "{error}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_remedy() {
    let check = |config: &str, environment, parts: &[&str]| {
        let error = read(config, environment).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
    };
    const KEY: &[(&str, &str)] = &[("OPENAI_API_KEY", "sk-1234567890")];
    check(r#"{"model":"m"}"#, &[], &["OPENAI_API_KEY is not set", "--retry-failed"]);
    check(r#"{"model":"m","key_env":"MINE"}"#, KEY, &["MINE is not set"]);
    check(r#"{"modle":"m"}"#, KEY, &["unknown field `modle`", "`model`"]);
    check(r#"{"model":" "}"#, KEY, &["`model` is empty"]);
    check(r#"{"model":"m","concurrency":65}"#, KEY, &["`concurrency` = 65", "1 to 64"]);
    check(r#"{"model":"m","timeout":0}"#, KEY, &["`timeout` = 0", "above 0"]);
    check(r#"{"model":"m","requests_per_minute":0}"#, KEY, &["`requests_per_minute` = 0"]);
    check(r#"{"model":"m","body":{"stream":true}}"#, KEY, &["`body.stream`", "remove it"]);
    check(r#"{"model":"m","price":{"input":-1,"output":0}}"#, KEY, &["per million tokens"]);
    check(r#"{"model":"m","base_url":"localhost:1"}"#, KEY, &["`base_url` is not a web address"]);
    check(r#"{"model":"m","base_url":"http://u:hidden@h/v1"}"#, KEY, &["user or password"]);
    check(r#"{"model":"m","loglikelihood":"echo"}"#, KEY, &["a chat echoes no prompt"]);
    check(r#"{"model":"m","endpoint":"completions","messages":true}"#, KEY, &["takes one text"]);
    let secret = read(r#"{"model":"m"}"#, &[("OPENAI_API_KEY", "sk-12\n34567890")]).unwrap_err();
    assert!(
        secret.contains("OPENAI_API_KEY is not a key") && !secret.contains("sk-12"),
        "{secret}"
    );
    let user = read(r#"{"model":"m","base_url":"http://u:hidden@h/v1"}"#, KEY).unwrap_err();
    assert!(!user.contains("hidden"), "{user}");
}

/// Every `[config]` of the examples is understood; only OpenAI's need a key.
#[test]
fn the_examples_can_be_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut read_in = 0;
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let model: toml::Table = fs_err::read_to_string(&path).unwrap().parse().unwrap();
        let mut config = serde_json::to_value(&model["config"]).unwrap();
        // As the harness hands it over.
        let asks = |name: &str| model.get("prompt").is_some_and(|p| p.get(name).is_some());
        if asks("messages") {
            config["messages"] = true.into();
        }
        let keyless = read(&config.to_string(), &[]);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(keyless.is_err(), name.starts_with("openai-"), "{name}: {keyless:?}");
        read(&config.to_string(), &[("OPENAI_API_KEY", "sk-1234567890")]).unwrap();
        read_in += 1;
    }
    assert_eq!(read_in, 5);
}

#[test]
fn the_seed_is_the_runs_unless_the_table_names_one() {
    const KEY: &[(&str, &str)] = &[("OPENAI_API_KEY", "sk-1234567890")];
    assert_eq!(read(r#"{"model":"m"}"#, KEY).unwrap().seed, 7);
    assert_eq!(read(r#"{"model":"m","seed":4294967299}"#, KEY).unwrap().seed, 3);
}
