//! The definition that each kind of spec expands to.
//!
//! A model gets the access that its kind needs. One whose server the harness starts needs none: it reaches that server by a socket in
//! its own folder.

use std::path::Path;

use toml::{Table, Value};

use super::common::{common, is_file, short_name};
use super::kinds::Kind;
use super::options::{Options, Wrong};
use super::read::{ModelSpec, Place};
use super::words::words;
use crate::definition::capability::Offer;
use crate::definition::capability::names::LISTED;
use crate::definition::model::is_path;
use crate::definition::server::Server;

/// A definition in the making.
struct Draft<'a> {
    place: &'a Place,
    options: &'a mut Options,
    spec: ModelSpec,
}

/// The definition of a spec.
pub(super) fn model(
    kind: Kind,
    target: &str,
    options: &mut Options,
    place: &Place,
    typed: &str,
) -> Result<ModelSpec, Wrong> {
    if kind == Kind::Command {
        command_words(target)?;
    }
    let spec = common(kind, target, options, typed)?;
    let mut draft = Draft { place, options, spec };
    match kind {
        Kind::HuggingFace => draft.hugging_face(target)?,
        Kind::Vllm => draft.vllm(target)?,
        Kind::Sglang => draft.sglang(target)?,
        Kind::LlamaCpp => draft.llama_cpp(target)?,
        Kind::Ollama => draft.ollama(target)?,
        Kind::OpenAi => draft.openai(target)?,
        Kind::Command => draft.command(target)?,
        Kind::Plugin => draft.plugin(target),
    }
    Ok(draft.spec)
}

impl Draft<'_> {
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.spec.model.config.insert(key.to_owned(), value.into());
    }

    fn set_if(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// A path from the working folder, which must be there.
    fn path(&mut self, text: &str) -> String {
        let path = self.place.folder.join(text);
        self.spec.needs.push(path.clone());
        path.to_string_lossy().into_owned()
    }

    /// How a server is asked: the plugin, what it offers, and how long a reply may be.
    fn served(&mut self, model: &str, threads: u64) -> Result<(), Wrong> {
        let chat = self.options.yes("chat")?.unwrap_or(true);
        let likelihood = self.options.yes("likelihood")?.unwrap_or(!chat);
        "openai-api".clone_into(&mut self.spec.model.plugin);
        self.spec.model.capabilities = if likelihood { Vec::new() } else { vec![Offer::Generate] };
        self.spec.model.prompt.messages = chat;
        self.set("model", model);
        self.set("endpoint", if chat { "chat" } else { "completions" });
        let tokens: Option<i64> = self.options.number("max_tokens")?;
        self.set_if("max_tokens", tokens);
        let temperature: Option<f64> = self.options.number("temperature")?;
        self.set_if("temperature", temperature);
        let many: Option<i64> = self.options.number("concurrency")?;
        self.set("concurrency", many.unwrap_or_else(|| i64::try_from(threads).unwrap_or(1)));
        Ok(())
    }

    /// A field of each request.
    fn body(&mut self, key: &str, value: impl Into<Value>) {
        let body = self.spec.model.config.entry("body").or_insert_with(|| Table::new().into());
        if let Some(body) = body.as_table_mut() {
            body.insert(key.to_owned(), value.into());
        }
    }

    /// Whether the model thinks, by the switch of its chat template.
    fn thinking(&mut self) -> Result<(), Wrong> {
        if let Some(thinks) = self.options.yes("thinking")? {
            let switch = Table::from_iter([("enable_thinking".to_owned(), Value::Boolean(thinks))]);
            self.body("chat_template_kwargs", switch);
        }
        Ok(())
    }

    /// Flags with a value, for those that were given.
    fn flags(&mut self, server: &mut Server, flags: &[(&str, &str)]) {
        for (key, flag) in flags {
            if let Some(value) = self.options.text(key) {
                server.command.extend([(*flag).to_owned(), value]);
            }
        }
    }

    fn vllm(&mut self, target: &str) -> Result<(), Wrong> {
        let program = self.options.text("program").unwrap_or_else(|| "vllm".to_owned());
        let (adapter, asked) = match self.options.text("adapter") {
            Some(folder) => (Some(self.path(&folder)), "adapter"),
            None => (None, target),
        };
        self.served(asked, 64)?;
        self.thinking()?;
        let source = self.weights_of(target);
        let mut server = Server::of(&[
            &program,
            "serve",
            &source,
            "--served-model-name",
            target,
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
        ]);
        self.flags(
            &mut server,
            &[
                ("dtype", "--dtype"),
                ("revision", "--revision"),
                ("tensor_parallel", "--tensor-parallel-size"),
                ("context", "--max-model-len"),
            ],
        );
        if let Some(folder) = adapter {
            self.spec.model.files.insert("adapter".to_owned(), folder);
            let given = ["--enable-lora", "--lora-modules", "adapter={adapter}"];
            server.command.extend(given.map(str::to_owned));
        }
        server.pass = ["VLLM_*", "HF_*"].map(str::to_owned).to_vec();
        server.version = vec![program, "--version".to_owned()];
        server.ready_within = 1800;
        self.spec.model.server = Some(server);
        Ok(())
    }

    fn sglang(&mut self, target: &str) -> Result<(), Wrong> {
        let python = self.options.text("python").unwrap_or_else(|| "python3".to_owned());
        self.served(target, 64)?;
        self.thinking()?;
        let source = self.weights_of(target);
        let mut server = Server::of(&[
            &python,
            "-m",
            "sglang.launch_server",
            "--model-path",
            &source,
            "--served-model-name",
            target,
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
        ]);
        self.flags(
            &mut server,
            &[
                ("dtype", "--dtype"),
                ("revision", "--revision"),
                ("tensor_parallel", "--tp-size"),
                ("context", "--context-length"),
            ],
        );
        server.pass = ["SGLANG_*", "HF_*"].map(str::to_owned).to_vec();
        server.version =
            [&python, "-c", "import sglang; print(sglang.__version__)"].map(str::to_owned).to_vec();
        server.ready_within = 1800;
        self.spec.model.server = Some(server);
        Ok(())
    }

    /// A name on the hub as it is; a folder as a file of the model, so that its content is part of the key.
    fn weights_of(&mut self, target: &str) -> String {
        if !is_folder(target) {
            return target.to_owned();
        }
        let path = self.path(target);
        self.spec.model.files.insert("weights".to_owned(), path);
        "{weights}".to_owned()
    }

    fn llama_cpp(&mut self, target: &str) -> Result<(), Wrong> {
        let program = self.options.text("program").unwrap_or_else(|| "llama-server".to_owned());
        // Requests computed together tip what is near a tie: one at a time gives the same bits each time.
        self.served(&short_name(Kind::LlamaCpp, target), 1)?;
        self.body("cache_prompt", false);
        self.thinking()?;
        let file = self.path(target);
        self.spec.model.files.insert("model".to_owned(), file);
        let mut server = Server::of(&[
            &program,
            "--model",
            "{model}",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--threads",
            "{threads}",
            "--jinja",
        ]);
        let many = &self.spec.model.config["concurrency"];
        let many = many.as_integer().unwrap_or(1).to_string();
        server.command.extend(["--parallel".to_owned(), many]);
        self.flags(&mut server, &[("context", "--ctx-size"), ("gpu_layers", "--n-gpu-layers")]);
        if let Some(adapter) = self.options.text("adapter") {
            let path = self.path(&adapter);
            self.spec.model.files.insert("adapter".to_owned(), path);
            server.command.extend(["--lora", "{adapter}"].map(str::to_owned));
        }
        server.version = vec![program, "--version".to_owned()];
        self.spec.model.server = Some(server);
        Ok(())
    }

    fn ollama(&mut self, target: &str) -> Result<(), Wrong> {
        let program = self.options.text("program").unwrap_or_else(|| "ollama".to_owned());
        self.served(target, 1)?;
        if let Some(thinks) = self.options.yes("thinking")? {
            self.body("think", thinks);
        }
        // The first request waits until the model is loaded.
        self.set("timeout", 600.0);
        let mut server = Server::of(&[&program, "serve"]);
        server.env.insert("OLLAMA_HOST".to_owned(), "127.0.0.1:{port}".to_owned());
        server.pass = vec!["OLLAMA_*".to_owned()];
        "/api/version".clone_into(&mut server.ready);
        server.version = vec![program, "--version".to_owned()];
        self.spec.model.server = Some(server);
        Ok(())
    }

    fn openai(&mut self, target: &str) -> Result<(), Wrong> {
        self.served(target, 8)?;
        self.thinking()?;
        let base = self.options.text("base_url");
        let key = self.options.text("key_env");
        let own = base.is_none().then(|| "OPENAI_API_KEY".to_owned());
        let access = &mut self.spec.model.access;
        access.network = true;
        access.env = key.clone().or(own).into_iter().collect();
        self.spec.model.cache = true;
        self.set("base_url", base.unwrap_or_else(|| "https://api.openai.com/v1".to_owned()));
        self.set_if("key_env", key);
        Ok(())
    }

    fn hugging_face(&mut self, target: &str) -> Result<(), Wrong> {
        let is_folder = is_folder(target);
        let offline = self.options.yes("offline")?.unwrap_or(false);
        let python = self.options.text("python").unwrap_or_else(|| self.place.python.clone());
        let mut config = Table::new();
        let source = if is_folder { self.path(target) } else { target.to_owned() };
        config.insert("model".to_owned(), source.into());
        for key in ["dtype", "device", "revision"] {
            config.extend(self.options.text(key).map(|text| (key.to_owned(), text.into())));
        }
        if let Some(folder) = self.options.text("adapter") {
            config.insert("adapter".to_owned(), self.path(&folder).into());
        }
        let heads = ["causal", "masked", "seq2seq", "classifier"];
        for (key, words) in [("quantize", &["8bit", "4bit"][..]), ("head", &heads[..])] {
            let word = self.options.one_of(key, words)?;
            config.extend(word.map(|word| (key.to_owned(), word.into())));
        }
        for key in ["chat", "thinking"] {
            let yes = self.options.yes(key)?;
            config.extend(yes.map(|yes| (key.to_owned(), yes.into())));
        }
        config.insert("offline".to_owned(), (offline || is_folder).into());
        if !is_folder {
            let access = &mut self.spec.model.access;
            access.network = !offline;
            access.env =
                ["HF_HOME", "HF_HUB_CACHE", "HF_TOKEN", "HF_ENDPOINT"].map(str::to_owned).to_vec();
            if !offline {
                let cache = self.place.hugging_face.clone();
                access.write = vec![cache.to_string_lossy().into_owned()];
                self.spec.makes.push(cache);
            }
        }
        let program = self.place.transformers.to_string_lossy().into_owned();
        let model = &mut self.spec.model;
        "command".clone_into(&mut model.plugin);
        model.files.insert("program".to_owned(), program);
        let masked = config.get("head").and_then(Value::as_str).is_some_and(|h| h == "masked");
        model.capabilities = match config.get("head").and_then(Value::as_str) {
            Some("classifier") => vec![Offer::Classify, Offer::Choose],
            _ if masked => vec![Offer::Loglikelihood, Offer::Embed],
            _ => vec![Offer::Loglikelihood, Offer::Generate],
        };
        self.set("command", vec![python, "{program}".to_owned()]);
        self.set("config", config);
        Ok(())
    }

    fn command(&mut self, target: &str) -> Result<(), Wrong> {
        let mut words = command_words(target)?;
        if let Some(word) = words.iter_mut().find(|word| is_file(word)) {
            let path = self.path(&std::mem::replace(word, "{program}".to_owned()));
            self.spec.model.files.insert("program".to_owned(), path);
        }
        for name in self.options.text("can").iter().flat_map(|text| text.split(['+', ' '])) {
            let offer = LISTED.into_iter().find(|offer| offer.name() == name);
            let all = LISTED.map(Offer::name).join(", ");
            let wrong = || (format!("`can={name}` is not known"), format!("there are {all}"));
            self.spec.model.capabilities.push(offer.ok_or_else(wrong)?);
        }
        "command".clone_into(&mut self.spec.model.plugin);
        self.set("command", words);
        Ok(())
    }

    fn plugin(&mut self, target: &str) {
        self.spec.model.plugin =
            if is_path(target) { self.path(target) } else { target.to_owned() };
        self.spec.model.config = self.options.rest();
    }
}

/// The words of a command; at least a program.
fn command_words(target: &str) -> Result<Vec<String>, Wrong> {
    let found =
        words(target).map_err(|why| (why, "close it, and quote the whole command".to_owned()))?;
    if found.is_empty() {
        return Err(("the command is empty".to_owned(), "give a program".to_owned()));
    }
    Ok(found)
}

/// Whether a target is a folder of this machine and not a name on the hub (`ORG/NAME`).
fn is_folder(target: &str) -> bool {
    let path = Path::new(target);
    path.is_absolute()
        || path.starts_with(".")
        || path.starts_with("..")
        || target.ends_with('/')
        || path.components().count() > 2
}
