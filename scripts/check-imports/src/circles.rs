//! Rings of imports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::Import;

/// All that one file takes from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// The importing file.
    pub from: String,
    /// The imported file.
    pub to: String,
    /// Line and name of each import.
    pub names: BTreeSet<(usize, String)>,
}

/// Ties that lead back to where they start, beginning with the first file by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Circle(pub Vec<Tie>);

/// File -> file -> what ties them.
type Graph = BTreeMap<String, BTreeMap<String, Tie>>;

/// For every tie that lies on a circle the shortest one; each circle once, the short ones first. When all of these are
/// broken, the next call names what longer ones are left.
pub fn circles(imports: &[Import]) -> Vec<Circle> {
    let graph = graph(imports);
    let ties = graph.values().flat_map(BTreeMap::values);
    let found: BTreeSet<Circle> = ties.filter_map(|tie| shortest(&graph, tie)).collect();
    let mut found: Vec<Circle> = found.into_iter().collect();
    found.sort_by_key(|circle| circle.0.len());
    found
}

fn graph(imports: &[Import]) -> Graph {
    let mut graph = Graph::new();
    for Import { from, line, name, to } in imports {
        let ties = graph.entry(from.clone()).or_default();
        let new = || Tie { from: from.clone(), to: to.clone(), names: BTreeSet::new() };
        ties.entry(to.clone()).or_insert_with(new).names.insert((*line, name.clone()));
    }
    graph
}

/// The shortest circle through a tie: breadth first from its end back to its start.
fn shortest(graph: &Graph, first: &Tie) -> Option<Circle> {
    let mut came: BTreeMap<&str, &Tie> = BTreeMap::new();
    let mut queue = VecDeque::from([first.to.as_str()]);
    while let Some(file) = queue.pop_front() {
        for (next, tie) in graph.get(file).into_iter().flatten() {
            if !came.contains_key(next.as_str()) {
                came.insert(next, tie);
                queue.push_back(next);
            }
        }
    }
    let mut ring = vec![first];
    let mut file = first.from.as_str();
    while file != first.to {
        let tie = came.get(file)?;
        ring.insert(1, tie);
        file = &tie.from;
    }
    let start = (0..ring.len()).min_by_key(|at| &ring[*at].from)?;
    ring.rotate_left(start);
    Some(Circle(ring.into_iter().cloned().collect()))
}

impl Tie {
    /// Whether the imported file is the module that the importing one lies in: `a/b.rs` in `a.rs` or `a/mod.rs`.
    pub fn leads_to_parent(&self) -> bool {
        let own = self.from.strip_suffix("/mod.rs").unwrap_or(&self.from);
        let parent = own.rfind('/').map_or("", |end| &own[..end]);
        let names = [format!("{parent}/mod.rs"), format!("{parent}.rs")];
        if parent.is_empty() {
            matches!(&*self.to, "lib.rs" | "main.rs")
        } else {
            names.contains(&self.to)
        }
    }
}

impl Circle {
    fn remedy(&self) -> String {
        let Some(tie) = self.0.iter().find(|tie| tie.leads_to_parent()) else {
            return "move what both need into a file that imports neither, or pass it as an argument".to_owned();
        };
        let names: BTreeSet<&str> =
            tie.names.iter().map(|(_, name)| name.rsplit("::").next().unwrap_or(name)).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        let parent = &tie.to;
        format!("move {names} out of {parent} into a separate file, which {parent} may re-export")
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "circle of {} files:", self.0.len())?;
        for Tie { from, to, names } in &self.0 {
            let names: Vec<String> =
                names.iter().map(|(line, name)| format!("`{name}` (line {line})")).collect();
            writeln!(f, "  {from} takes from {to}: {}", names.join(", "))?;
        }
        write!(f, "  remedy: {}", self.remedy())
    }
}
