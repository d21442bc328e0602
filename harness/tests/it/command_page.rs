//! `docs/reference/commands.md` lists every command with its options. It is made from the command line itself, so that the page and
//! the help say the same. `UPDATE_DOCS=1 cargo test -p harness --test it command_page` writes it.

use std::fmt::Write as _;
use std::path::Path;

use clap::builder::StyledStr;
use clap::{Arg, Command};

const HEAD: &str = "# Every command

Made from the program's own help; do not edit. [What to type](../commands.md) has the commands that most people need.

Exit codes: 0 done, 1 it ran and the answer is no, 2 it could not run, 130 interrupted.

## Settings of every command

They come before or after the command. `culture-eval config` shows all settings and where each comes from.
";

/// The text of a cell of a Markdown table: `<NAME>` outside of backticks is no tag, and `|` does not end the cell.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let mut out = String::new();
    for (place, piece) in line.split('`').enumerate() {
        let code = place % 2 == 1;
        let piece = if code { piece.to_owned() } else { piece.replace('<', "&lt;") };
        let _ = write!(out, "{}{piece}", if place > 0 { "`" } else { "" });
    }
    out
}

fn shown(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// How an argument is typed.
fn typed(arg: &Arg) -> String {
    let names: Vec<String> = match arg.get_value_names() {
        Some(names) if arg.get_action().takes_values() => {
            names.iter().map(|name| format!("<{name}>")).collect()
        }
        _ => Vec::new(),
    };
    let flags =
        [arg.get_short().map(|c| format!("-{c}")), arg.get_long().map(|l| format!("--{l}"))];
    let flags: Vec<String> = flags.into_iter().flatten().collect();
    let mut words = vec![flags.join(", ")];
    words.extend(names);
    words.retain(|word| !word.is_empty());
    words.join(" ").replace('|', "\\|")
}

/// What an argument does: its help, the values that it takes, and its default.
fn about(arg: &Arg) -> String {
    let mut text = cell(&shown(arg.get_long_help().or_else(|| arg.get_help())));
    let values = arg.get_possible_values();
    let values: Vec<String> = (values.iter().filter(|value| !value.is_hide_set()))
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}`: {}", value.get_name(), cell(&help.to_string())),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        let _ = write!(text, " ({})", values.join("; "));
    }
    let default = arg.get_default_values();
    if arg.get_action().takes_values() && !default.is_empty() {
        let default: Vec<_> = default.iter().map(|value| value.to_string_lossy()).collect();
        let _ = write!(text, " [default: `{}`]", cell(&default.join(" ")));
    }
    text
}

fn table<'a>(page: &mut String, args: impl Iterator<Item = &'a Arg>) {
    let args: Vec<&Arg> = args
        .filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
        .collect();
    if args.is_empty() {
        return;
    }
    page.push_str("\n| you type | what it does |\n|---|---|\n");
    for arg in args {
        let _ = writeln!(page, "| `{}` | {} |", typed(arg), about(arg));
    }
}

/// One command, and those below it.
fn section(page: &mut String, command: &Command, name: &str) {
    let about = command.get_long_about().or_else(|| command.get_about());
    let _ = write!(page, "\n## {name}\n\n{}.\n", cell(&shown(about)));
    let usage = command.clone().bin_name(name).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = write!(page, "\n```text\n{}\n```\n", usage.trim());
    table(page, command.get_arguments().filter(|arg| !arg.is_global_set()));
    let after = command.get_after_long_help().or_else(|| command.get_after_help());
    if let Some(after) = after {
        let _ = write!(page, "\n```text\n{}\n```\n", after.to_string().trim());
    }
    for below in visible(command) {
        section(page, below, &format!("{name} {}", below.get_name()));
    }
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help")
}

fn page() -> String {
    let mut program = harness::cmd::command_line();
    program.build();
    let mut page = HEAD.to_owned();
    table(&mut page, program.get_arguments().filter(|arg| arg.is_global_set()));
    for command in visible(&program) {
        section(&mut page, command, &format!("culture-eval {}", command.get_name()));
    }
    page
}

#[test]
fn the_page_of_commands_is_what_the_help_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/commands.md");
    let fresh = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs_err::write(&path, &fresh).unwrap();
    }
    let there = fs_err::read_to_string(&path).unwrap_or_default();
    assert!(
        there == fresh,
        "docs/reference/commands.md is out of date: run `UPDATE_DOCS=1 cargo test -p harness --test it command_page`"
    );
}

/// Every option of every command that users see is on the page, under its command.
#[test]
fn every_option_is_on_the_page() {
    let page = page();
    let mut program = harness::cmd::command_line();
    program.build();
    let mut options = 0;
    for command in visible(&program) {
        let head = format!("\n## culture-eval {}\n", command.get_name());
        let (_, section) = page.split_once(&head).unwrap();
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let Some(long) = arg.get_long().filter(|long| *long != "help") else { continue };
            let place = if arg.is_global_set() { page.as_str() } else { section };
            assert!(place.contains(&format!("--{long}")), "{} --{long}", command.get_name());
            options += 1;
        }
    }
    assert!(options > 100, "{options} options");
}
