//! Each kind's definition, the errors, and the way to TOML and back.

use std::path::{Path, PathBuf};

use super::*;
use crate::definition::access::Access;

fn place() -> Place {
    Place {
        folder: "/here".into(),
        hugging_face: "/home/me/.cache/huggingface".into(),
        transformers: "/cache/programs/transformers.py".into(),
        python: "python3".into(),
    }
}

fn read(text: &str) -> ModelSpec {
    parse(text, &place()).unwrap()
}

const EACH: [&str; 16] = [
    "llama.cpp:models/SmolLM2-135M.gguf",
    "llama.cpp:x.gguf,chat=no,context=4096,gpu_layers=99,concurrency=4",
    "vllm:Qwen/Qwen3-8B,dtype=bfloat16,tensor_parallel=2,thinking=off,gpus=2",
    "vllm:./checkpoint,adapter=lora,max_tokens=512",
    "sglang:google/gemma-3-1b-it,temperature=0.7",
    "ollama:llama3.2:1b,thinking=on",
    "openai:gpt-4o-mini",
    "openai:m,base_url=http://localhost:8000/v1,likelihood=yes,name=mine",
    "hf:google/gemma-3-1b-it,dtype=float32,revision=abc",
    "hf:/models/bert,head=masked,adapter=lora",
    "hf:org/name,offline=yes,quantize=4bit,chat=no",
    "command:\"python3 my.py --fast\",can=generate+loglikelihood",
    "command:./run 'a b',shots=4,batch=8",
    "plugin:target/libmine.so,alpha=0.5,depth=3,fast=true,kind=x",
    "plugin:other,name=again",
    "hf:org/name,persona=\"You are from {culture_name}, and brief.\",title=\"A, B\"",
];

#[test]
fn every_definition_comes_back_from_its_toml() {
    for text in EACH {
        let model = read(text).model;
        let written = to_toml(&model).unwrap();
        let again: Model =
            toml::from_str(&written).unwrap_or_else(|e| panic!("{text}: {e}\n{written}"));
        assert_eq!(again, model, "{text}\n{written}");
        let problems = model.server.map(|server| server.problems());
        assert_eq!(problems.unwrap_or_default(), [], "{text}");
    }
}

#[test]
fn a_model_gets_the_access_of_its_kind_and_no_more() {
    let access = |text: &str| read(text).model.access;
    for text in EACH.iter().filter(|text| !text.starts_with("openai:") && !text.starts_with("hf:o"))
    {
        let own = access(text);
        let hub = text.starts_with("hf:google");
        assert_eq!(own == Access::default(), !hub, "{text}: {own:?}");
    }
    let open = access("openai:gpt-4o-mini");
    assert_eq!((open.network, &open.env[..]), (true, &["OPENAI_API_KEY".to_owned()][..]));
    let own = access("openai:m,base_url=http://h/v1");
    assert!(own.network && own.env.is_empty(), "an address gets a key where one is named");
    assert_eq!(access("openai:m,base_url=http://h/v1,key_env=MY_KEY").env, ["MY_KEY"]);
    let hub = read("hf:org/name");
    assert_eq!(hub.makes, [PathBuf::from("/home/me/.cache/huggingface")]);
    assert!(hub.model.access.network && !hub.model.access.everything);
    let offline = access("hf:org/name,offline=yes");
    assert!(!offline.network && offline.write.is_empty(), "{offline:?}");
}

#[test]
fn a_server_is_told_its_port_and_its_weights_are_files() {
    let model = read("llama.cpp:models/SmolLM2-135M.gguf").model;
    assert_eq!((&*model.name, &*model.plugin), ("smollm2-135m", "openai-api"));
    assert_eq!(model.files["model"], "/here/models/SmolLM2-135M.gguf");
    let server = model.server.unwrap();
    assert_eq!(
        server.command.join(" "),
        "llama-server --model {model} --host 127.0.0.1 --port {port} --threads {threads} --jinja --parallel 1"
    );
    assert_eq!(model.config["body"].to_string(), "{ cache_prompt = false }");

    let vllm = read("vllm:Qwen/Qwen3-8B,dtype=bfloat16,thinking=off").model;
    let command = vllm.server.unwrap().command.join(" ");
    assert!(
        command.starts_with("vllm serve Qwen/Qwen3-8B ") && command.ends_with("--dtype bfloat16")
    );
    assert_eq!(
        vllm.config["body"]["chat_template_kwargs"]["enable_thinking"].as_bool(),
        Some(false)
    );
    let local = read("vllm:./checkpoint,adapter=lora");
    assert_eq!(local.needs, [Path::new("/here/lora"), Path::new("/here/./checkpoint")]);
    assert_eq!(local.model.config["model"].as_str(), Some("adapter"));

    let ollama = read("ollama:llama3.2:1b").model;
    assert_eq!(
        (&*ollama.name, ollama.config["model"].as_str()),
        ("llama3.2-1b", Some("llama3.2:1b"))
    );
    assert_eq!(ollama.server.unwrap().env["OLLAMA_HOST"], "127.0.0.1:{port}");
}

#[test]
fn what_is_typed_reaches_the_definition() {
    let model = read("command:\"python3 my.py --fast\",can=generate+loglikelihood").model;
    assert_eq!((&*model.name, &*model.files["program"]), ("my", "/here/my.py"));
    assert_eq!(model.config["command"].to_string(), "[\"python3\", \"{program}\", \"--fast\"]");
    assert_eq!(model.capabilities.len(), 2);
    let plugin = read("plugin:target/libmine.so,alpha=0.5,depth=3,fast=true,kind=x").model;
    assert_eq!((&*plugin.name, &*plugin.plugin), ("mine", "/here/target/libmine.so"));
    assert_eq!(plugin.config.to_string(), "alpha = 0.5\ndepth = 3\nfast = true\nkind = \"x\"\n");
    let chat = |text: &str| {
        let model = read(text).model;
        (model.prompt.messages, model.capabilities.len(), model.config["endpoint"].to_string())
    };
    assert_eq!(chat("vllm:a/b"), (true, 1, "\"chat\"".to_owned()));
    assert_eq!(chat("vllm:a/b,chat=no"), (false, 0, "\"completions\"".to_owned()));
    assert_eq!(read("vllm:a/b,shots=4,timeout=9,gpus=2,batch=3").model.prompt.shots, 4);
    let missing = read("llama.cpp:x.gguf");
    assert_eq!(missing.missing(|_| false), Some(Path::new("/here/x.gguf")));
    assert_eq!(missing.missing(|_| true), None);
}

#[test]
fn what_is_wrong_is_told_with_its_remedy() {
    let check = |text: &str, parts: &[&str]| {
        let error = parse(text, &place()).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in: {error}");
        }
    };
    check("llamacpp:x.gguf", &["unknown kind `llamacpp`", "did you mean `llama.cpp:`?"]);
    check("nothing:x", &["unknown kind `nothing`", "vllm:ORG/NAME", "plugin:FILE.so"]);
    check("vllm:", &["nothing follows `vllm:`", "vllm:ORG/NAME"]);
    check(
        "vllm:a/b,dtpye=half",
        &["unknown key `dtpye`", "did you mean `dtype`?", "tensor_parallel"],
    );
    check("llama.cpp:x.gguf,dtype=half", &["unknown key `dtype`", "`llama.cpp:` has"]);
    check("vllm:a/b,chat=maybe", &["neither yes nor no", "chat=no"]);
    check("vllm:a/b,batch=many", &["`batch=many` is not a number of that kind"]);
    check("vllm:a/b,batch=", &["`batch` has no value"]);
    check("vllm:a/b,batch=1,batch=2", &["given twice"]);
    check("hf:a/b,quantize=2bit", &["`quantize=2bit` is not known", "8bit, 4bit"]);
    check("command:python3 my.py,can=fly", &["`can=fly`", "loglikelihood"]);
    check("command:\"python3 'my.py\"", &["is not closed"]);
    check("vllm:a/b,name=A B", &["`A B` is not a name", ",name=NAME"]);
}
