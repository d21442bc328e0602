//! What a page shows as code: fenced blocks, indented commands, and commands in the first column of a table.

use std::path::{Path, PathBuf};

use fs_err as fs;

/// A block or a command, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// The page, from the root of the repository.
    pub(super) page: String,
    pub(super) line: usize,
    pub(super) language: String,
    pub(super) text: String,
}

/// Languages of blocks that are no commands.
pub(super) const NO_COMMANDS: [&str; 5] = ["toml", "rust", "text", "json", "python"];

/// How an indented line begins if it is a command.
const COMMANDS: [&str; 5] = ["culture-eval ", "scripts/", "cargo ", "target/", "export "];

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All pages that show commands or definitions to users.
pub(super) fn pages() -> Vec<String> {
    let mut pages: Vec<String> = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "calm-plugin/README.md",
        "harness/stats/README.md",
    ]
    .map(str::to_owned)
    .to_vec();
    for folder in [
        "docs",
        "docs/tutorials",
        "docs/concepts",
        "docs/reference",
        "docs/statistics",
        "benchmarks",
        "baselines",
        "reports/bench",
    ] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let page = if folder == "baselines" { format!("{name}/README.md") } else { name };
            let file = root().join(folder).join(&page);
            if file.extension().is_some_and(|end| end == "md") && file.is_file() {
                pages.push(format!("{folder}/{page}"));
            }
        }
    }
    pages.sort();
    pages
}

pub(super) fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        let block = |language: &str, text: &str| Block {
            page: page.to_owned(),
            line: number + 1,
            language: language.to_owned(),
            text: text.to_owned(),
        };
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(language), None) => open = Some(block(language, "")),
            (None, Some(inside)) => {
                inside.text.push_str(line);
                inside.text.push('\n');
            }
            (None, None) => {
                let indented = line.strip_prefix("    ").map(str::trim);
                let is_command = |text: &&str| COMMANDS.iter().any(|c| text.starts_with(c));
                let shown = indented.filter(is_command).or_else(|| in_table(line));
                found.extend(shown.map(|command| block("sh", command)));
            }
        }
    }
    assert!(open.is_none(), "{page}: a block without an end");
    found
}

/// The command that a row of a table begins with.
fn in_table(line: &str) -> Option<&str> {
    let cell = line.strip_prefix("| `")?;
    let (command, _) = cell.split_once("` |")?;
    command.starts_with("culture-eval ").then_some(command)
}

/// The commands of a block, each with the number of its first line; one that ends in `\` continues on the next line.
pub(super) fn commands(block: &Block) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (offset, line) in block.text.lines().enumerate() {
        let (text, more) = match line.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (line, false),
        };
        match all.last_mut() {
            Some((_, command)) if goes_on => command.push_str(text),
            _ if text.trim().is_empty() || text.trim_start().starts_with('#') => {}
            _ => all.push((block.line + offset + 1, text.trim().to_owned())),
        }
        goes_on = more;
    }
    all
}
