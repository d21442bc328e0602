//! `docs/definition-keys.md` lists every key of a dataset's TOML. It is made from the types that read the TOML, so that a key that
//! they know is never missing from the page. `UPDATE_DOCS=1 cargo test -p harness --test it definition_keys` writes it.

use std::fmt::Write as _;
use std::path::Path;

/// The files of types, in the order of the page.
const FILES: [&str; 11] = [
    "dataset",
    "format",
    "protocol",
    "metric",
    "answer",
    "reference",
    "rows",
    "source",
    "step",
    "split",
    "field",
];

const HEAD: &str = "# Every key of a dataset's TOML

Made from the types in `harness/src/definition/`; do not edit. \"needed\": the key must be there. [A walk through a definition](../benchmarks/README.md).
";

/// A type with its keys.
#[derive(Debug, Default)]
struct Table {
    name: String,
    about: String,
    /// Key or value -> what it is.
    keys: Vec<Key>,
    is_enum: bool,
    /// The key that says which variant it is.
    tag: String,
}

#[derive(Debug)]
struct Key {
    name: String,
    of: String,
    default: &'static str,
    about: String,
    /// Keys of a variant are under it.
    inner: bool,
}

/// Reads the types of a file line by line: their documentation, and that of their fields or variants.
fn tables(source: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let (mut about, mut attributes) = (String::new(), String::new());
    let mut open: Option<Table> = None;
    for line in source.lines() {
        let text = line.trim();
        if let Some(doc) = text.strip_prefix("///") {
            let _ = write!(about, "{}{}", if about.is_empty() { "" } else { " " }, doc.trim());
        } else if text.starts_with("#[") || !attributes.is_empty() && !attributes.ends_with(']') {
            attributes.push_str(text);
        } else if let Some(table) = &mut open {
            if line == "}" {
                tables.extend(open.take());
            } else if let Some(key) = key(text, line, &about, &attributes, table.is_enum) {
                table.keys.push(key);
            }
            (about, attributes) = (String::new(), String::new());
        } else {
            let kind =
                ["pub struct ", "pub enum "].iter().position(|start| text.starts_with(start));
            if let Some(kind) =
                kind.filter(|_| text.ends_with('{') && attributes.contains("Deserialize"))
            {
                let name = text.split([' ', '<']).nth(2).unwrap_or_default().to_owned();
                let is_enum = kind == 1;
                let tag = said(&attributes, "tag").unwrap_or_default();
                open = Some(Table { name, about: about.clone(), keys: Vec::new(), is_enum, tag });
            }
            (about, attributes) = (String::new(), String::new());
        }
    }
    tables
}

fn key(text: &str, line: &str, about: &str, attributes: &str, is_enum: bool) -> Option<Key> {
    let renamed = |name: &str| {
        let own = said(attributes, "rename").unwrap_or_else(|| name.to_owned());
        said(attributes, "alias").map_or(own.clone(), |alias| format!("{own}`, `{alias}"))
    };
    let field = text.strip_prefix("pub ").unwrap_or(text);
    if let Some((name, of)) = field.split_once(": ")
        && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    {
        let optional = of.starts_with("Option<") || attributes.contains("default");
        let default = if optional { "may be left out" } else { "needed" };
        let of = of.trim_end_matches(',').to_owned();
        let inner = is_enum && line.starts_with("        ");
        return Some(Key { name: renamed(name), of, default, about: about.to_owned(), inner });
    }
    let variant = text.trim_end_matches([',', '{', '}', ' ']).split('(').next()?.trim();
    let is_variant = is_enum && variant.starts_with(|c: char| c.is_ascii_uppercase());
    is_variant.then(|| Key {
        name: renamed(&kebab(variant)),
        of: String::new(),
        default: "",
        about: about.to_owned(),
        inner: false,
    })
}

/// What an attribute says: `rename = "x"`.
fn said(attributes: &str, what: &str) -> Option<String> {
    let start = format!("{what} = \"");
    let at = attributes.find(&start)? + start.len();
    attributes[at..].split('"').next().map(str::to_owned)
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The text of a cell of a Markdown table; links of the documentation lose their brackets.
fn cell(text: &str) -> String {
    let text = text.replace("[`", "`").replace("`]", "`").replace('|', "\\|");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("](") {
        let (before, after) = rest.split_at(at);
        out.push_str(&before.replacen('[', "", 1));
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

fn page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut page = HEAD.to_owned();
    for file in FILES {
        let source = root.join(format!("src/definition/{file}.rs"));
        for table in tables(&fs_err::read_to_string(source).unwrap()) {
            let _ = write!(page, "\n## {}\n\n{}\n\n", table.name, cell(&table.about));
            let head = match (table.is_enum, table.tag.as_str()) {
                (false, _) => "key".to_owned(),
                (true, "") => "value, or its key".to_owned(),
                (true, tag) => format!("value of `{tag}`, or its key"),
            };
            let _ = writeln!(page, "| {head} | type | | what it is |\n|---|---|---|---|");
            for key in &table.keys {
                let indent = if key.inner { "&nbsp;&nbsp;" } else { "" };
                let of = if key.of.is_empty() { String::new() } else { format!("`{}`", key.of) };
                let about = cell(&key.about);
                let _ = writeln!(
                    page,
                    "| {indent}`{}` | {} | {} | {about} |",
                    key.name,
                    cell(&of),
                    key.default
                );
            }
        }
    }
    page
}

#[test]
fn the_page_of_keys_is_what_the_types_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/definition-keys.md");
    let fresh = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs_err::write(&path, &fresh).unwrap();
    }
    let stale = fs_err::read_to_string(&path).unwrap_or_default();
    assert!(
        stale == fresh,
        "docs/definition-keys.md is stale: run `UPDATE_DOCS=1 cargo test -p harness --test it definition_keys`"
    );
}

/// Every key of every embedded dataset is on the page, by its name in TOML.
#[test]
fn every_key_that_the_datasets_use_is_on_the_page() {
    let page = page();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benchmarks");
    let mut missing = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        for line in fs_err::read_to_string(&path).unwrap().lines() {
            let Some((key, _)) = line.split_once(" = ") else { continue };
            let plain = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if plain && !key.is_empty() && !page.contains(&format!("`{key}`")) {
                missing.push((path.file_name().unwrap().to_owned(), key.to_owned()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
