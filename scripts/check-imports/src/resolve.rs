//! From names to files: which file each import leads to.

use std::collections::{BTreeMap, BTreeSet};

use crate::parse::{Mention, Tests, Use};
use crate::tree::{Missing, Tree};

/// One file takes something from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The importing file, below `src/`.
    pub from: String,
    /// Where it does so.
    pub line: usize,
    /// As written there.
    pub name: String,
    /// The file that defines it.
    pub to: String,
}

/// Files and imports of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imports {
    /// Files below `src/`, without test code.
    pub files: BTreeSet<String>,
    /// Files below `src/` that no `mod x;` leads to, not even in test code: what they import is not known.
    pub unseen: BTreeSet<String>,
    /// Each name that one file takes from another, once.
    pub imports: Vec<Import>,
}

impl Imports {
    /// Reads a crate. `sources` holds its files: path below `src/` -> text.
    pub fn read(name: &str, sources: &BTreeMap<String, String>) -> Result<Self, Missing> {
        let tree = Tree::grow(name, sources, Tests::LeftOut)?;
        let seen = Tree::grow(name, sources, Tests::Kept)?.files();
        let mut first: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        for import in (0..tree.modules.len()).flat_map(|module| tree.imports_of(module)) {
            let line = first.entry((import.from, import.to, import.name)).or_insert(import.line);
            *line = import.line.min(*line);
        }
        let imports =
            first.into_iter().map(|((from, to, name), line)| Import { from, line, name, to });
        let unseen = sources.keys().filter(|file| !seen.contains(*file)).cloned().collect();
        Ok(Self { files: tree.files(), unseen, imports: imports.collect() })
    }
}

/// What a path means: a module, or an item in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Module(usize),
    ItemOf(usize),
}

impl Place {
    fn module(self) -> usize {
        match self {
            Self::Module(id) | Self::ItemOf(id) => id,
        }
    }
}

/// A name that is being looked up, and where. A name that leads back to itself leads nowhere.
type Trail<'a> = Vec<(usize, &'a str, bool)>;

impl Tree {
    /// What a module takes from other files. What a `use` has counted is not counted again where the code names it.
    fn imports_of(&self, module: usize) -> Vec<Import> {
        let scope = &self.modules[module].scope;
        let mut imports = Vec::new();
        let mut counted = BTreeSet::new();
        for used in &scope.uses {
            if let Some(import) = self.of_use(module, used) {
                counted.extend(&used.alias);
                imports.push(import);
            }
        }
        let rest = scope.mentions.iter().filter(|mention| !counted.contains(&mention.path[0]));
        imports.extend(rest.filter_map(|mention| self.of_mention(module, mention)));
        imports.retain(|import| import.from != import.to);
        imports
    }

    fn import(&self, from: usize, line: usize, path: &[String], to: usize) -> Import {
        let file = |id: usize| self.modules[id].file.clone();
        Import { from: file(from), line, name: path.join("::"), to: file(to) }
    }

    /// A `use` is an import, except of what only the code can tell: a re-export from below, a module whose items are
    /// named in the code, a `*` of which names are used.
    fn of_use(&self, module: usize, used: &Use) -> Option<Import> {
        let place = self.resolve(module, &used.path, &mut Trail::new())?;
        let is_passed_on = used.is_public && self.is_below(module, place.module());
        let is_told_by_code = match (&used.alias, place) {
            (Some(alias), Place::Module(_)) => self.begins_a_path(module, alias),
            (None, Place::Module(_)) => self.is_used(module, place.module()),
            _ => false,
        };
        let counts = !is_passed_on && !is_told_by_code;
        counts.then(|| self.import(module, used.line, &used.path, place.module()))
    }

    /// A path in code is an import. A single name is one only if it is an item: a module alone does nothing.
    fn of_mention(&self, module: usize, mention: &Mention) -> Option<Import> {
        let place = self.resolve(module, &mention.path, &mut Trail::new())?;
        let is_module_alone = mention.path.len() == 1 && matches!(place, Place::Module(_));
        (!is_module_alone).then(|| self.import(module, mention.line, &mention.path, place.module()))
    }

    fn begins_a_path(&self, module: usize, name: &str) -> bool {
        self.modules[module].scope.mentions.iter().any(|m| m.path.len() > 1 && m.path[0] == name)
    }

    /// Whether code of `module` names anything that `*` brings from `source`.
    fn is_used(&self, module: usize, source: usize) -> bool {
        let mut mentions = self.modules[module].scope.mentions.iter();
        mentions.any(|m| self.named(source, &m.path[0], false, false, &mut Trail::new()).is_some())
    }

    fn is_below(&self, module: usize, other: usize) -> bool {
        std::iter::successors(Some(other), |id| self.modules[*id].parent).any(|id| id == module)
    }

    fn root_of(&self, module: usize) -> usize {
        std::iter::successors(Some(module), |id| self.modules[*id].parent).last().unwrap_or(module)
    }

    /// What `path` means, written in `module`. None where it belongs to another crate.
    fn resolve<'a>(
        &'a self,
        module: usize,
        path: &'a [String],
        trail: &mut Trail<'a>,
    ) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Place::Module(self.root_of(module)),
            "self" => Place::Module(module),
            "super" => Place::Module(self.modules[module].parent?),
            name => self
                .named(module, name, rest.is_empty(), true, trail)
                .or_else(|| self.library.filter(|_| name == self.name).map(Place::Module))?,
        };
        self.follow(start, rest, trail)
    }

    /// Goes down as far as there are modules. A name that no module knows (a macro may have made it) is an item of the last.
    fn follow<'a>(
        &'a self,
        start: Place,
        path: &'a [String],
        trail: &mut Trail<'a>,
    ) -> Option<Place> {
        let (Place::Module(module), Some((name, rest))) = (start, path.split_first()) else {
            return Some(start);
        };
        let next = match name.as_str() {
            "super" => Place::Module(self.modules[module].parent?),
            name => self
                .named(module, name, rest.is_empty(), false, trail)
                .unwrap_or(Place::ItemOf(module)),
        };
        self.follow(next, rest, trail)
    }

    /// What `name` means in a module. The `last` of a path is rather an item, what comes before it rather a module.
    /// Names that a function imports for itself are seen by `own` code only.
    fn named<'a>(
        &'a self,
        module: usize,
        name: &'a str,
        last: bool,
        own: bool,
        trail: &mut Trail<'a>,
    ) -> Option<Place> {
        if trail.contains(&(module, name, last)) {
            return None;
        }
        trail.push((module, name, last));
        let scope = &self.modules[module].scope;
        let child = self.modules[module].children.get(name).map(|id| Place::Module(*id));
        let item = scope.definitions.contains(name).then_some(Place::ItemOf(module));
        let mut seen = scope.uses.iter().filter(|used| own || !used.is_local);
        let found = if last { item } else { child }
            .or_else(|| {
                let mut same = seen.clone().filter(|used| used.alias.as_deref() == Some(name));
                same.find_map(|used| self.resolve(module, &used.path, trail))
            })
            .or(if last { child } else { item })
            .or_else(|| seen.find_map(|used| self.among_all(module, used, name, last, trail)));
        trail.pop();
        found
    }

    /// What `name` means if `used` is a `*` that brings it.
    fn among_all<'a>(
        &'a self,
        module: usize,
        used: &'a Use,
        name: &'a str,
        last: bool,
        trail: &mut Trail<'a>,
    ) -> Option<Place> {
        if used.alias.is_some() {
            return None;
        }
        match self.resolve(module, &used.path, trail)? {
            Place::Module(source) if source != module => {
                self.named(source, name, last, false, trail)
            }
            _ => None,
        }
    }
}
