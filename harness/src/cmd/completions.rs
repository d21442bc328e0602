//! `culture-eval completions SHELL`.

use super::{Context, Outcome};

/// Prints completions for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: culture-eval completions bash > ~/.local/share/bash-completion/completions/culture-eval"
)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let mut bytes = Vec::new();
    let mut command_line = (context.command_line)();
    clap_complete::generate(args.shell, &mut command_line, "culture-eval", &mut bytes);
    context.output.text(String::from_utf8_lossy(&bytes))?;
    Ok(Outcome::Done)
}
