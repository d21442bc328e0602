//! Times the plugin on texts: `embed VECTORS TOKENIZER TEXTS THREADS` reads a JSON list of texts, then for each line on stdin loads
//! the model again, embeds all texts twice and prints seconds as JSON. A line that is a path has the vectors written there (raw
//! little-endian float32). `scripts/bench-static` drives it.

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use plugin_api::{Host, Plugin, Task};
use static_embeddings::StaticEmbeddings;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [vectors, tokenizer, texts, threads] = args.as_slice() else {
        return Err("usage: embed VECTORS TOKENIZER TEXTS THREADS".into());
    };
    let texts: Vec<String> = serde_json::from_str(&fs_err::read_to_string(texts)?)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let host = Host::silent(threads.parse()?, 1);
    let config = serde_json::json!({ "weights": { "vectors": vectors, "tokenizer": tokenizer } })
        .to_string();
    let task =
        Task { name: "bench".into(), protocol: "bench".into(), labels: vec![], cultures: vec![] };
    for line in std::io::stdin().lines() {
        let line = line?;
        let start = Instant::now();
        let model = StaticEmbeddings::create(&config, &task, &host)?;
        let load = start.elapsed().as_secs_f64();
        let mut rows = vec![0.0_f32; texts.len() * model.dimension()];
        let mut seconds = [0.0; 2];
        for seconds in &mut seconds {
            let start = Instant::now();
            model.embed_texts(&texts, &mut rows, &host)?;
            *seconds = start.elapsed().as_secs_f64();
        }
        if !line.is_empty() {
            fs_err::write(&line, rows.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
        }
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{}",
            serde_json::json!({ "load": load, "first": seconds[0], "again": seconds[1] })
        )?;
        out.flush()?;
    }
    Ok(())
}
