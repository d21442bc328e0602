//! `culture-eval stats`: the statistics engine as a filter of JSON lines, or one function by name and flags.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::{Context, Outcome, plan};
use eval_stats::json;

/// Statistics by name.
///
/// Without a function: reads `{"id","fn","input","opts"}` lines from standard input and answers each with
/// `{"id","answer"}` or `{"id","error"}`; NaN and infinities are strings. With a function: one call,
/// `culture-eval stats mcnemar --only-a 10 --only-b 3`; every flag is a name of the function's input or options, lists are
/// written 0.1,0.2 or as JSON.
///
/// `culture-eval stats plan --difference 0.02 --run mine --benchmark crehate` says how many examples and seeds find a
/// difference of two points; what differs between models is taken from the run, or given (`--cluster-variance`, …).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List all functions with their inputs and options.
    #[arg(long)]
    list: bool,
    /// Add to each answer the seconds its computation took, of the clock and of all processors (start-up and parsing excluded).
    #[arg(long)]
    timing: bool,
    /// A function, then its arguments as `--name value`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FUNCTION")]
    call: Vec<String>,
}

/// Exit 0 = answered (refusals are answers of a line); a single refused call is an error of the program, exit 2.
pub(super) fn run(args: Args, context: &Context) -> Result<Outcome> {
    let stdout = std::io::stdout().lock();
    let mut out = std::io::BufWriter::new(stdout);
    let shown = Shown { json: context.output.json, timing: args.timing };
    if args.list {
        list(&mut out)?;
    } else if let Some((name, flags)) = args.call.split_first() {
        one(&mut out, name, flags, shown, context)?;
    } else {
        lines(&mut out, shown)?;
    }
    out.flush().context("failed to write to standard output")?;
    Ok(Outcome::Done)
}

/// The clock, and the processors' time of this process.
struct Watch {
    clock: Instant,
    cpu: Duration,
}

impl Watch {
    fn start() -> Self {
        Self { clock: Instant::now(), cpu: Self::cpu() }
    }

    fn cpu() -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.try_into().unwrap_or(0))
    }

    /// Seconds since the start: of the clock, of all processors.
    fn read(&self) -> (Value, Value) {
        let cpu = Self::cpu().saturating_sub(self.cpu);
        (json!(self.clock.elapsed().as_secs_f64()), json!(cpu.as_secs_f64()))
    }
}

fn lines(out: &mut impl Write, shown: Shown) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line.context("failed to read standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Value>(&line) {
            Ok(request) => {
                let watch = shown.timing.then(Watch::start);
                let mut answer = json::answer(&request);
                if let Some(watch) = watch {
                    (answer["seconds"], answer["cpu_seconds"]) = watch.read();
                }
                answer
            }
            Err(error) => json!({ "id": null, "error": format!("not a JSON request: {error}") }),
        };
        serde_json::to_writer(&mut *out, &answer).context("failed to write an answer")?;
        out.write_all(b"\n").context("failed to write to standard output")?;
    }
    Ok(())
}

/// How the answer of a call is shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    /// As JSON instead of a table.
    json: bool,
    /// With the seconds that it took.
    timing: bool,
}

/// One call: the function of this name with these flags.
fn one(
    out: &mut impl Write,
    name: &str,
    flags: &[String],
    shown: Shown,
    context: &Context,
) -> Result<()> {
    let function = json::find(&name.replace('-', "_"))?;
    let (mut arguments, shown) = arguments(function.name, flags, shown)?;
    let planned = function.name == "plan";
    if planned {
        arguments = plan::inputs(arguments, context)?;
    }
    let (mut input, mut opts) = (Map::new(), Map::new());
    for (key, value) in arguments {
        let target = if function.input.contains(&key.as_str()) { &mut input } else { &mut opts };
        target.insert(key, value);
    }
    let watch = shown.timing.then(Watch::start);
    let mut answer = json::call(function.name, &input, &opts)?;
    if let Some(watch) = watch {
        let (seconds, cpu) = watch.read();
        answer.insert("seconds".into(), seconds);
        answer.insert("cpu_seconds".into(), cpu);
    }
    if shown.json {
        serde_json::to_writer(&mut *out, &answer)?;
        out.write_all(b"\n")?;
        return Ok(());
    }
    if planned {
        input.append(&mut opts);
        write!(out, "{}", plan::text(&input, &answer))?;
        return Ok(());
    }
    let width = answer.keys().map(String::len).max().unwrap_or(0);
    for (key, value) in &answer {
        writeln!(out, "{key:width$}  {}", readable(value))?;
    }
    Ok(())
}

/// The arguments of a call, `--name value` or `--name=value`; flags of the program may be among them.
fn arguments(
    function: &str,
    flags: &[String],
    mut shown: Shown,
) -> Result<(Vec<(String, Value)>, Shown)> {
    let mut arguments = Vec::new();
    let mut rest = flags.iter();
    while let Some(flag) = rest.next() {
        match flag.as_str() {
            "--json" => shown.json = true,
            "--timing" => shown.timing = true,
            _ => {
                let Some(written) = flag.strip_prefix("--") else {
                    anyhow::bail!(
                        "unexpected `{flag}`: arguments of `{function}` are written --name value"
                    );
                };
                let (key, value) = if let Some(pair) = written.split_once('=') {
                    pair
                } else {
                    let value = rest.next().with_context(|| format!("`{flag}` needs a value"))?;
                    (written, value.as_str())
                };
                arguments.push((key.replace('-', "_"), parse(value)));
            }
        }
    }
    Ok((arguments, shown))
}

/// JSON where it parses, a list where there are commas, else a word.
fn parse(text: &str) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    if text.contains(',') {
        return Value::Array(text.split(',').map(|part| parse(part.trim())).collect());
    }
    Value::from(text)
}

fn readable(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(word) => word.clone(),
        Value::Array(items) => items.iter().map(readable).collect::<Vec<_>>().join("  "),
        Value::Number(number) if number.is_f64() => {
            let v = number.as_f64().unwrap_or_default();
            if v != 0.0 && (v.abs() < 1e-4 || v.abs() >= 1e9) {
                format!("{v:.6e}")
            } else {
                format!("{v:.6}")
            }
        }
        other => other.to_string(),
    }
}

fn list(out: &mut impl Write) -> Result<()> {
    for function in json::functions() {
        writeln!(out, "{:26} {}", function.name, function.about)?;
        let names = |names: &[&str]| {
            names.iter().map(|n| format!("--{}", n.replace('_', "-"))).collect::<Vec<_>>().join(" ")
        };
        writeln!(out, "{:26}   {}", "", names(function.input))?;
        if !function.opts.is_empty() {
            writeln!(out, "{:26}   options: {}", "", names(function.opts))?;
        }
    }
    Ok(())
}
