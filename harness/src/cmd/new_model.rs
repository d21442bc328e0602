//! `culture-eval new-model SPEC`: the TOML of a model that is named in one line.

use super::{Context, Outcome};
use crate::definition::model_spec::to_toml;
use crate::exec::named;

/// Writes the definition of a model that is named in one line
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval new-model llama.cpp:smollm2.gguf > my.toml
  culture-eval --definitions my.toml run --models smollm2

Kinds, and their keys:
  hf:ORG/NAME or hf:FOLDER     transformers, in a program (`just transformers` makes its Python)
                               dtype device revision adapter quantize=8bit|4bit head=causal|masked|seq2seq|classifier
                               chat thinking offline python
  vllm:ORG/NAME                `vllm serve`, started and ended with the run
                               dtype revision adapter tensor_parallel context program
  sglang:ORG/NAME              SGLang's server; dtype revision tensor_parallel context python
  llama.cpp:FILE.gguf          `llama-server`; context gpu_layers adapter program
  ollama:NAME                  `ollama serve`; the model must be pulled; program
  openai:NAME                  a server that is there already; base_url key_env
  command:\"python3 my.py\"      a program on the `command` protocol; can=fit+classify (what it can do)
  plugin:FILE.so               a plugin; every further key goes to its configuration
Every kind: name title license batch shots timeout memory gpus persona
Every kind that a server answers for: chat=yes|no likelihood=yes|no max_tokens temperature concurrency thinking=on|off

`chat=no` sends prompts as they are, without the model's chat template, and compares likelihoods of options where a
protocol allows it; `likelihood=yes` does so in a chat, too.")]
pub(super) struct Args {
    /// KIND:NAME,KEY=VALUE
    spec: String,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let model = named::model(&args.spec, context.catalogue()?, context.settings())?;
    if context.output.json {
        context.output.json(&model)?;
    } else {
        context.output.text(format!(
            "# Made from `{}`.\n{}",
            args.spec,
            to_toml(&model)?.trim_end()
        ))?;
    }
    Ok(Outcome::Done)
}
