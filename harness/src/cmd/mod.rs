//! The command line: one file a subcommand, each with its `Args` (their comments are the help) and `run`.
//!
//! stdout carries data, stderr everything else. Exit codes: 0 done · 1 ran, but the answer is no (a failed
//! cell, an invalid definition) · 2 could not run · 130 interrupted.

mod cancel;
mod cell;
mod compare;
mod compare_files;
mod completions;
mod config;
mod context;
mod doctor;
mod doctor_models;
mod dry_run;
mod explain;
mod fetch;
mod finding;
mod flags;
mod gate;
mod hint;
mod import;
mod interrupt;
mod keep_server;
mod limits;
mod list;
mod manual;
mod misplaced;
mod new_benchmark;
mod new_model;
mod outcome;
mod output;
mod plan;
mod plugin;
mod prepare;
mod report;
mod retry;
mod run;
mod sample;
mod scaffold;
mod score;
mod serve;
mod show;
mod stats;
mod status;
mod trust;
mod validate;
mod verify;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use crate::text::table::aligned as table;
pub use context::{Common, Context};
pub use hint::{Hint, hinted};
pub use outcome::Outcome;
pub use output::Output;

const EXAMPLES: &str = "\
Examples:
  culture-eval run                              all models on all eleven benchmarks, then the leaderboard
  culture-eval run --models tfidf-logreg --benchmarks crehate,emgsd --seeds 1,2,3
  culture-eval run --mirror ../shared/data      take the data from a folder
  culture-eval run --model llama.cpp:smollm2.gguf --benchmarks blend --limit 50
  culture-eval list benchmarks                  what there is, and whether its data are available
  culture-eval score --benchmark emgsd --predictions mine.csv
  culture-eval doctor                           what is missing on this machine, and how to get it

Exit codes: 0 done, 1 ran but the answer is no (a failed cell, an invalid file), 2 could not run,
130 interrupted (run again to resume).";

/// Which model is better on which culture, and do we know it?
#[derive(Debug, Parser)]
#[command(name = "culture-eval", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

macro_rules! commands {
    ($( $(#[$meta:meta])* $variant:ident => $module:ident ),+ $(,)?) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $( $(#[$meta])* $variant($module::Args), )+
        }

        fn dispatch(command: Command, context: &Context) -> anyhow::Result<Outcome> {
            match command {
                $( Command::$variant(args) => $module::run(args, context), )+
            }
        }
    };
}

commands! {
    /// Runs a suite: every model on every benchmark, then prints the leaderboard
    Run => run,
    /// Runs the failed cells of a run again
    Retry => retry,
    /// Prints the leaderboard of a run and writes its files
    Report => report,
    /// Serves the pages of a run on this machine only, with live progress
    Serve => serve,
    /// Shows how far a run is, until it ends
    Watch => watch,
    /// Counts what is done of a run, from any machine that sees its folder
    Status => status,
    /// Ends the Slurm jobs of a run
    Cancel => cancel,
    /// Compares the models of a run, or files of scores: tests, intervals, effect sizes
    Compare => compare,
    /// Judges a new model against an older one by a policy: GO, NO-GO or NOT ENOUGH DATA
    Gate => gate,
    /// Recomputes hashes, scores and reports of a run, or compares two runs answer by answer
    Verify => verify,
    /// Explains why a model of a run answers as it does
    Explain => explain,
    /// Scores predictions made elsewhere, without a suite
    Score => score,
    /// Takes answers that another tool has logged into a run
    Import => import,
    /// Lists benchmarks, tasks, models or runs
    List => list,
    /// Shows one benchmark, task, model, suite or run in full
    Show => show,
    /// Downloads data and weights into the cache
    Fetch => fetch,
    /// Normalises and splits the data of tasks; shows statistics
    Prepare => prepare,
    /// Writes the synthetic SAMPLE data in the upstream formats
    Sample => sample,
    /// Guesses the columns of your file and writes its definition
    NewBenchmark => new_benchmark,
    /// Writes the definition of a model that is named in one line
    NewModel => new_model,
    /// Checks all definitions, offline
    Validate => validate,
    /// Lists what is missing on this machine and how to get it
    Doctor => doctor,
    /// Shows all settings and where each comes from
    Config => config,
    /// Describes and checks plugins, and starts new ones
    Plugin => plugin,
    /// Statistics on their own: JSON lines in, JSON lines out
    Stats => stats,
    /// Prints completions for a shell
    Completions => completions,
    /// Writes the manual pages of all commands to a folder
    #[command(hide = true)]
    Manual => manual,
    /// One cell, start to end; what `run` starts in a separate process
    #[command(hide = true)]
    Cell => cell,
    /// A model's server, until stdin closes; what `run` starts
    #[command(hide = true)]
    KeepServer => keep_server,
}

impl Command {
    /// Settings that were typed as flags of the command.
    fn settings(&self) -> toml::Table {
        match self {
            Self::Run(args) => args.settings(),
            Self::Retry(args) => args.settings(),
            Self::Config(args) => args.settings(),
            _ => toml::Table::new(),
        }
    }
}

/// The program: parses, runs, and turns what comes back into an exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misplaced::report(&error, &command_line()),
    };
    let result = Context::new(cli.common, cli.command.settings(), command_line)
        .and_then(|context| dispatch(cli.command, &context));
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Ok(Outcome::Again) => ExitCode::from(75),
        Ok(Outcome::Code(code)) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) if hint::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            hint::print(&error);
            ExitCode::from(2)
        }
    }
}

/// The command line itself: what completions, help and their tests go by.
pub fn command_line() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_holds_together() {
        super::command_line().debug_assert();
    }
}
