//! A server that a model's cells query: `[server]` of its TOML. The harness starts it, waits until it is ready, and ends it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a server is started and ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The program and its arguments. In braces: `{port}`, `{threads}`, `{model}` (the model's name in `[config]`), and the ids of the
    /// model's files and weights, which stand for their paths. A file with the id `model` wins over the name.
    pub command: Vec<String>,
    /// Variables of its environment; their values may hold the same braces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Names of variables of your environment that it gets beside the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<String>,
    /// Path below its address that answers 200 when it is ready.
    #[serde(default = "ready")]
    pub ready: String,
    /// Seconds until it must be ready.
    #[serde(default = "ready_within")]
    pub ready_within: u64,
    /// Port; if absent, the harness chooses a free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The signal that asks it to end.
    #[serde(default)]
    pub stop: Stop,
    /// Seconds after that signal before it is killed.
    #[serde(default = "grace")]
    pub grace: u64,
    /// A command that prints the program's version, which is recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub version: Vec<String>,
}

/// Keys of [`Server`] that change no answer: they are in no cell's key.
pub const NOT_IN_KEY: [&str; 7] =
    ["pass", "ready", "ready_within", "port", "stop", "grace", "version"];

/// A signal that asks a program to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// The usual one.
    #[default]
    #[serde(rename = "SIGTERM")]
    Term,
    /// As Ctrl-C does.
    #[serde(rename = "SIGINT")]
    Int,
    /// As Ctrl-\ does.
    #[serde(rename = "SIGQUIT")]
    Quit,
}

impl Stop {
    /// Its name, as a TOML has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Term => "SIGTERM",
            Self::Int => "SIGINT",
            Self::Quit => "SIGQUIT",
        }
    }

    /// The signal of a name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Term, Self::Int, Self::Quit].into_iter().find(|stop| stop.name() == name)
    }
}

fn ready() -> String {
    "/health".to_owned()
}
fn ready_within() -> u64 {
    600
}
fn grace() -> u64 {
    10
}

impl Server {
    /// A server of this command with the defaults for the rest.
    pub fn of(command: &[&str]) -> Self {
        Self {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            env: BTreeMap::new(),
            pass: Vec::new(),
            ready: ready(),
            ready_within: ready_within(),
            port: None,
            stop: Stop::default(),
            grace: grace(),
            version: Vec::new(),
        }
    }

    /// A text of this server with what its braces stand for.
    ///
    /// # Errors
    /// A name that stands for nothing, with those that there are.
    pub fn filled(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let named = after.split_once('}').filter(|(name, _)| is_name(name));
            let Some((name, behind)) = named else {
                out.push('{');
                rest = after;
                continue;
            };
            let value = values.get(name).ok_or_else(|| {
                let known: Vec<String> =
                    values.keys().map(|known| format!("{{{known}}}")).collect();
                format!("`{{{name}}}` in `{text}` has no meaning; there are {}", known.join(", "))
            })?;
            out.push_str(value);
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// What is wrong, as (field, problem with its remedy).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut check = |good: bool, field, problem: &str| {
            if !good {
                found.push((field, problem.to_owned()));
            }
        };
        check(
            self.command.first().is_some_and(|program| !program.trim().is_empty()),
            "command",
            "it is empty; give the program and its arguments, as in [\"llama-server\", \"--port\", \"{port}\"]",
        );
        let told = self.command.iter().chain(self.env.values()).any(|text| text.contains("{port}"));
        check(
            told || self.port.is_some(),
            "command",
            "the server does not get its port; write {port} where it belongs, or give a fixed `port`",
        );
        check(self.ready.starts_with('/'), "ready", "it is not a path; begin it with `/`");
        check(self.ready_within > 0, "ready_within", "0 s are not enough; give seconds above 0");
        check(
            self.port != Some(0),
            "port",
            "0 is not a port; leave it out, then a free one is chosen",
        );
        found
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_values_and_json_stays() {
        let values = BTreeMap::from(
            [("port", "81"), ("model", "/m.gguf")].map(|(k, v)| (k.into(), v.into())),
        );
        let fill = |text: &str| Server::filled(text, &values);
        assert_eq!(fill("--port={port}").unwrap(), "--port=81");
        assert_eq!(fill("{model}:{port}").unwrap(), "/m.gguf:81");
        assert_eq!(fill("{\"a\": {}}").unwrap(), "{\"a\": {}}");
        assert_eq!(
            fill("-m {modl}").unwrap_err(),
            "`{modl}` in `-m {modl}` has no meaning; there are {model}, {port}"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fields = |text: &str| {
            let server: Server = toml::from_str(text).unwrap();
            server.problems().into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        assert!(fields("command = ['s', '{port}']").is_empty());
        assert!(fields("command = ['s']\nport = 80").is_empty());
        assert!(fields("command = ['s']\nenv = { HOST = 'localhost:{port}' }").is_empty());
        assert_eq!(fields("command = []"), ["command", "command"]);
        assert_eq!(
            fields("command = ['s', '{port}']\nready = 'health'\nready_within = 0\nport = 0"),
            ["ready", "ready_within", "port"]
        );
        let error = toml::from_str::<Server>("command = ['s']\nstop = 'SIGKILL'").unwrap_err();
        assert!(error.to_string().contains("`SIGTERM`, `SIGINT`"), "{error}");
    }
}
