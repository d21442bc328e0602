//! `culture-eval manual FOLDER`: manual pages, as `just install` puts them.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{Context, Outcome};

/// Writes the manual pages of all commands to a folder
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder, such as PREFIX/share/man/man1
    folder: PathBuf,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let folder = args.folder;
    fs_err::create_dir_all(&folder)?;
    clap_mangen::generate_to((context.command_line)(), &folder)
        .with_context(|| format!("failed to write manual pages to {}", folder.display()))?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_of_the_help_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let command = super::super::command_line();
        clap_mangen::generate_to(command.clone(), folder.path()).unwrap();
        for shown in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            let path = folder.path().join(format!("culture-eval-{}.1", shown.get_name()));
            let page = fs_err::read_to_string(&path).unwrap();
            assert!(page.contains(".SH SYNOPSIS"), "{}", path.display());
        }
    }
}
