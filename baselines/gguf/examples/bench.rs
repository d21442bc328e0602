//! `bench MODEL.gguf THREADS`: for `scripts/bench-gguf`. Reads lines of JSON, answers each with one: what it took.
//!
//! `{"contexts": [..], "options": [[..], ..], "share": true}` asks for log-likelihoods, `{"prompt": "..", "tokens": 32}` for a reply.
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use gguf::Gguf;
use plugin_api::{Host, Plugin, Task};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, threads] = args.as_slice() else {
        return Err("usage: bench MODEL.gguf THREADS".into());
    };
    let host = Host::silent(threads.parse()?, 1);
    let load = |share: bool| {
        let config =
            json!({ "weights": { "model": path }, "share_context": share, "max_tokens": 2048 });
        let task =
            Task { name: "b".into(), protocol: "b".into(), labels: vec![], cultures: vec![] };
        Gguf::create(&config.to_string(), &task, &host)
    };
    let start = Instant::now();
    let mut shared = load(true)?;
    let mut alone: Option<Gguf> = None;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", json!({ "load": start.elapsed().as_secs_f64() }))?;
    for line in std::io::stdin().lock().lines() {
        let ask: Value = serde_json::from_str(&line?)?;
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        if ask["share"] == false && alone.is_none() {
            alone = Some(load(false)?);
        }
        let model = match &mut alone {
            Some(alone) if ask["share"] == false => alone,
            _ => &mut shared,
        };
        if ask["prompt"].is_string() {
            let (prompt, tokens) = (text(&ask["prompt"]), ask["tokens"].as_u64().unwrap_or(32));
            let start = Instant::now();
            let reply = model.reply_to(&prompt, tokens, 0.0, &host)?.text;
            let seconds = start.elapsed().as_secs_f64();
            let tokens = model.count(&reply)?;
            writeln!(out, "{}", json!({ "seconds": seconds, "reply": reply, "tokens": tokens }))?;
            continue;
        }
        let contexts: Vec<String> =
            ask["contexts"].as_array().into_iter().flatten().map(text).collect();
        let options: Vec<Vec<String>> = (ask["options"].as_array().into_iter().flatten())
            .map(|o| o.as_array().into_iter().flatten().map(text).collect())
            .collect();
        let (left, right): (Vec<&str>, Vec<&str>) = (contexts.iter().zip(&options))
            .flat_map(|(c, all)| all.iter().map(move |o| (c.as_str(), o.as_str())))
            .unzip();
        let start = Instant::now();
        let answers = model.loglikelihood(&left, &right, &host)?;
        let seconds = start.elapsed().as_secs_f64();
        let tokens: usize =
            contexts.iter().map(|c| model.count(c)).collect::<Result<Vec<_>, _>>()?.iter().sum();
        let sums: Vec<f64> = answers.iter().map(|a| a.sum).collect();
        writeln!(out, "{}", json!({ "seconds": seconds, "tokens": tokens, "sums": sums }))?;
    }
    Ok(())
}
