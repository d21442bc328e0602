//! The modules of a crate, found as the compiler does: from the roots, by `mod x;`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::parse::{Scope, Tests, parse};

/// Files of a crate: path below `src/` -> text.
pub(crate) type Sources = BTreeMap<String, String>;

/// What is read, and whether with its tests.
type Reading<'a> = (&'a Sources, Tests);

/// A module: a file or a part of one.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) file: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    pub(crate) scope: Scope,
}

/// All modules; the places in `modules` are their names.
#[derive(Debug)]
pub(crate) struct Tree {
    /// As other crates write it.
    pub(crate) name: String,
    pub(crate) library: Option<usize>,
    pub(crate) modules: Vec<Module>,
}

/// A declared module without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Where it is declared.
    pub file: String,
    /// In which line.
    pub line: usize,
    /// As declared.
    pub module: String,
}

impl std::error::Error for Missing {}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, module } = self;
        write!(f, "{file}:{line} declares `mod {module};`, but there is no file of that name")
    }
}

impl Tree {
    pub(crate) fn grow(name: &str, sources: &Sources, tests: Tests) -> Result<Self, Missing> {
        let mut tree = Self { name: name.replace('-', "_"), library: None, modules: Vec::new() };
        for file in sources.keys().filter(|file| is_root(file)) {
            let root = tree.add((sources, tests), file, folder_of(file), None)?;
            if file == "lib.rs" {
                tree.library = Some(root);
            }
        }
        Ok(tree)
    }

    /// All files that it was grown from.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        self.modules.iter().map(|module| module.file.clone()).collect()
    }

    /// Adds a file with all that is below. `folder` holds the files of its children.
    fn add(
        &mut self,
        of: Reading<'_>,
        file: &str,
        folder: &str,
        parent: Option<usize>,
    ) -> Result<usize, Missing> {
        let (sources, tests) = of;
        let scope = parse(sources.get(file).map_or("", String::as_str), tests);
        self.hang(of, file, folder, parent, scope)
    }

    fn hang(
        &mut self,
        of: Reading<'_>,
        file: &str,
        folder: &str,
        parent: Option<usize>,
        mut scope: Scope,
    ) -> Result<usize, Missing> {
        let id = self.modules.len();
        let inline = std::mem::take(&mut scope.inline);
        let declared = std::mem::take(&mut scope.declared);
        self.modules.push(Module {
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            scope,
        });
        for (name, scope) in inline {
            let child = self.hang(of, file, &format!("{folder}{name}/"), Some(id), scope)?;
            self.modules[id].children.insert(name, child);
        }
        for (name, line) in declared {
            let below = format!("{folder}{name}/");
            let places = [format!("{folder}{name}.rs"), format!("{below}mod.rs")];
            let found = places.iter().find(|place| of.0.contains_key(*place));
            let missing = || Missing { file: file.to_owned(), line, module: name.clone() };
            let child = self.add(of, found.ok_or_else(missing)?, &below, Some(id))?;
            self.modules[id].children.insert(name, child);
        }
        Ok(id)
    }
}

fn is_root(file: &str) -> bool {
    let is_program = file.strip_prefix("bin/").is_some_and(|name| !name.contains('/'));
    file == "lib.rs" || file == "main.rs" || is_program
}

fn folder_of(file: &str) -> &str {
    file.rfind('/').map_or("", |end| &file[..=end])
}
