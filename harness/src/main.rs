use std::process::ExitCode;

use clap::Parser;

/// Which model is better on which culture, and do we know it?
#[derive(Debug, Parser)]
#[command(name = "culture-eval", version)]
enum Command {
    Stats(harness::cmd::stats::Args),
}

fn main() -> ExitCode {
    let Command::Stats(args) = Command::parse();
    harness::cmd::stats::run(args).unwrap_or_else(|error| {
        #[expect(clippy::print_stderr, reason = "errors go to standard error")]
        {
            eprintln!("error: {error:#}");
        }
        ExitCode::from(2)
    })
}
