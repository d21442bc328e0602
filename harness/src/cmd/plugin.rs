//! `culture-eval plugin describe|new`: for authors of plugins.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use fs_err as fs;

use super::{Context, Outcome, table};
use crate::exec::plan::path_text;
use crate::exec::plugins::{Described, search_path};
use crate::plugin;
use crate::store::record::{FileRef, PluginIdentity};

/// Describes plugins and starts new ones
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What a plugin is and can do
    Describe {
        /// A name, or the path of a dynamic library
        plugin: String,
    },
    /// Starts a new baseline: a crate with a model TOML and a test
    #[command(after_help = "Example: culture-eval plugin new my-model && just eval-all --models majority,my-model")]
    New {
        /// Its name, in lower-case-with-dashes
        name: String,
        /// Folder of the baselines
        #[arg(long, default_value = "baselines")]
        folder: PathBuf,
    },
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Describe { plugin } => describe(&plugin, context),
        Command::New { name, folder } => new(&name, &folder, context),
    }
}

fn describe(name: &str, context: &Context) -> anyhow::Result<Outcome> {
    let path = plugin::find(name, &search_path(context.settings()))?;
    let library = plugin::load(&path)?;
    let described = Described {
        file: FileRef { path: path_text(library.path()), sha256: library.sha256().to_owned() },
        identity: PluginIdentity {
            name: library.name().to_owned(),
            version: library.version().to_owned(),
            build: library.build_info().to_owned(),
        },
        fits: library.fits(),
        capabilities: library.capabilities(),
    };
    if context.output.json {
        context.output.json(&described)?;
        return Ok(Outcome::Done);
    }
    let offers: Vec<&str> = (described.fits.then_some("fit").into_iter())
        .chain(described.capabilities.iter().map(|c| c.name()))
        .chain(library.saves().then_some("save"))
        .collect();
    let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    let rows = [
        row("version", &described.identity.version),
        row("build", &described.identity.build),
        row("offers", &offers.join(", ")),
        row("file", &described.file.path),
        row("sha256", &described.file.sha256),
    ];
    context.output.text(table(&["plugin", &described.identity.name], rows))?;
    Ok(Outcome::Done)
}

/// The files of a new baseline; `NAME` and `TYPE` are filled in.
const SCAFFOLD: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("scaffold/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("scaffold/lib.rs.txt")),
    ("models/NAME.toml", include_str!("scaffold/model.toml.txt")),
    ("README.md", include_str!("scaffold/README.md.txt")),
];

fn new(name: &str, folder: &Path, context: &Context) -> anyhow::Result<Outcome> {
    let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fine {
        bail!("`{name}` cannot be a crate name: use lower-case letters, digits and dashes, a letter first");
    }
    let home = folder.join(name);
    if home.exists() {
        bail!("{} is there already; choose another name or remove it", home.display());
    }
    if !folder.is_dir() {
        bail!("there is no folder {}; run this in the root of the project, or name the folder with --folder", folder.display());
    }
    let type_name: String = name
        .split('-')
        .filter_map(|part| {
            let mut chars = part.chars();
            chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        })
        .collect();
    for (path, template) in SCAFFOLD {
        let path = home.join(path.replace("NAME", name));
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(&path, template.replace("NAME", name).replace("TYPE", &type_name))?;
        context.output.text(path.display().to_string())?;
    }
    context.output.note(format!(
        "now: write your model in {}, then `just eval-all --models majority,{name}`",
        home.join("src/lib.rs").display()
    ));
    Ok(Outcome::Done)
}
