//! `ask MODEL.gguf PROMPT [OPTION ...]`: the log-likelihood of each option, else a reply.
use plugin_api::{Host, Plugin, Task};
use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, prompt, options @ ..] = args.as_slice() else {
        return Err("usage: ask MODEL.gguf PROMPT [OPTION ...]".into());
    };
    let task =
        Task { name: "ask".into(), protocol: "ask".into(), labels: vec![], cultures: vec![] };
    let host = Host::silent(2, 1);
    let config = serde_json::json!({ "weights": { "model": model } }).to_string();
    let mut model = gguf::Gguf::create(&config, &task, &host)?;
    let mut out = std::io::stdout().lock();
    let start = std::time::Instant::now();
    if options.is_empty() {
        let written = model.reply_to(prompt, 32, 0.0, &host)?;
        let end = if written.is_cut { " [cut after 32 tokens]" } else { "" };
        writeln!(out, "{}{end}", written.text)?;
    } else {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let contexts = vec![prompt.as_str(); options.len()];
        for (option, l) in options.iter().zip(model.loglikelihood(&contexts, &options, &host)?) {
            writeln!(out, "{:10.4} {} tokens {option:?}", l.sum, l.tokens)?;
        }
    }
    writeln!(out, "{:.2} s", start.elapsed().as_secs_f64())?;
    Ok(())
}
