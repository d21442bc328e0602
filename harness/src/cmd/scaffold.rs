//! The files of a new baseline: `plugin new NAME`. Their templates lie in `scaffold/`; `{{name}}` and `{{type}}` are filled in.

use std::path::Path;

use anyhow::{Context as _, bail};
use fs_err as fs;

use super::{Context, Outcome};

/// Where a file goes in the folder of the baseline, and its template.
type Template = (&'static str, &'static str);

const SUITE: Template = ("suites/{{name}}.toml", include_str!("scaffold/suite.toml.txt"));

/// A plugin in Rust.
pub(super) const CRATE: &[Template] = &[
    ("src/lib.rs", include_str!("scaffold/crate/lib.rs.txt")),
    ("models/{{name}}.toml", include_str!("scaffold/crate/model.toml.txt")),
    SUITE,
    ("Cargo.toml", include_str!("scaffold/crate/Cargo.toml.txt")),
    ("README.md", include_str!("scaffold/crate/README.md.txt")),
];

/// A Python script behind the plugin `command`; the crate beside it is its test.
pub(super) const PROGRAM: &[Template] = &[
    ("model.py", include_str!("scaffold/program/model.py.txt")),
    ("models/{{name}}.toml", include_str!("scaffold/program/model.toml.txt")),
    SUITE,
    ("test.rs", include_str!("scaffold/program/test.rs.txt")),
    ("Cargo.toml", include_str!("scaffold/program/Cargo.toml.txt")),
    ("README.md", include_str!("scaffold/program/README.md.txt")),
];

/// Writes a new baseline to its own folder below `folder`.
pub(super) fn start(
    name: &str,
    folder: &Path,
    files: &[Template],
    context: &Context,
) -> anyhow::Result<Outcome> {
    let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fine {
        bail!(
            "`{name}` cannot be a crate name: use lower-case letters, digits and dashes, a letter first"
        );
    }
    let catalogue = context.catalogue()?;
    if catalogue.model(name).is_ok() || catalogue.suite(name).is_ok() {
        bail!("there is a model or suite `{name}` already; choose another name");
    }
    let home = folder.join(name);
    if home.exists() {
        bail!("{} is there already; choose another name or remove it", home.display());
    }
    if !folder.is_dir() {
        bail!(
            "there is no folder {}; run this in the root of the project, or name the folder with --folder",
            folder.display()
        );
    }
    for (path, template) in files {
        let path = home.join(path.replace("{{name}}", name));
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        let text = template.replace("{{name}}", name).replace("{{type}}", &type_name(name));
        fs::write(&path, text)?;
        context.output.text(path.display().to_string())?;
    }
    let first = home.join(files.first().map_or("", |(path, _)| path));
    context.output.note(format!(
        "now: write your model in {}, then `scripts/just run run --models majority,{name}`",
        first.display()
    ));
    Ok(Outcome::Done)
}

/// `my-model` as `MyModel`.
fn type_name(name: &str) -> String {
    let capital = |part: &str| {
        let mut chars = part.chars();
        let first = chars.next()?;
        Some(first.to_ascii_uppercase().to_string() + chars.as_str())
    };
    name.split('-').filter_map(capital).collect()
}
