//! An option of a subcommand that is before it: which command it belongs to, instead of an option of a like name.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Prints what is wrong with the command line. Exit code 2; 0 where help or the version was asked for.
pub(super) fn report(error: &clap::Error, line: &clap::Command) -> ExitCode {
    if let Some(text) = remedy(error, line) {
        let _ = writeln!(io::stderr().lock(), "{text}");
        return ExitCode::from(2);
    }
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The error and its remedy, where the unknown option is one of some subcommand.
fn remedy(error: &clap::Error, line: &clap::Command) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return None };
    let name = typed.strip_prefix("--")?.split(['=', ' ']).next()?;
    let has = |command: &clap::Command| command.get_arguments().any(|a| a.get_long() == Some(name));
    let of: Vec<&str> = line
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && has(command))
        .map(clap::Command::get_name)
        .collect();
    let first = of.first()?;
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    // Of the subcommand's own line clap's words are right.
    if line.get_subcommands().any(|command| usage.contains(&format!(" {} ", command.get_name()))) {
        return None;
    }
    Some(format!(
        "error: `--{name}` is an option of `{}`, not of `culture-eval` itself\n\nhint: write it behind the command: culture-eval {first} --{name} ...",
        of.join("`, `")
    ))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::remedy;

    fn line() -> Command {
        Command::new("culture-eval")
            .arg(Arg::new("quiet").long("quiet").num_args(0).global(true))
            .subcommand(
                Command::new("run")
                    .arg(Arg::new("threads").long("threads"))
                    .arg(Arg::new("tries").long("tries")),
            )
            .subcommand(Command::new("retry").arg(Arg::new("threads").long("threads")))
            .subcommand(Command::new("list"))
    }

    fn said(words: &[&str]) -> Option<String> {
        let error = line().try_get_matches_from(words).unwrap_err();
        remedy(&error, &line())
    }

    #[test]
    fn an_option_before_its_command_is_named() {
        let text = said(&["culture-eval", "--threads", "1", "run"]).unwrap();
        assert!(text.contains("`--threads` is an option of `run`, `retry`"), "{text}");
        assert!(text.contains("culture-eval run --threads ..."), "{text}");
        assert!(said(&["culture-eval", "--threads=1", "run"]).is_some());
    }

    #[test]
    fn other_unknown_options_keep_the_words_of_clap() {
        assert_eq!(said(&["culture-eval", "--treads", "1", "run"]), None);
        assert_eq!(said(&["culture-eval", "list", "--threads", "1"]), None);
    }
}
