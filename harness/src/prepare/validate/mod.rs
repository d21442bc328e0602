//! The offline check of all definitions: each problem names file, field and remedy.

mod answer;
mod benchmark;
mod dataset;
mod models;
mod prompt;
mod task;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::Task;
use crate::definition::nearest;
use crate::prompts;
use crate::text::template::Template;

/// Something wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// File of the definition.
    pub file: String,
    /// The field, `task.crehate.protocol.finetuned.input`.
    pub field: String,
    /// What is wrong, and the remedy.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.field, self.problem)
    }
}

impl Catalogue {
    /// Checks everything that can be known without data. Empty: all is well.
    pub fn validate(&self) -> Vec<Problem> {
        let mut check = Check { all: self, file: String::new(), problems: Vec::new() };
        check.names();
        for dataset in &self.dataset_entries {
            check.file.clone_from(&dataset.file);
            check.dataset(&dataset.value);
        }
        for model in &self.model_entries {
            check.file.clone_from(&model.file);
            check.model(&model.value);
        }
        for suite in &self.suite_entries {
            check.file.clone_from(&suite.file);
            check.suite(&suite.value);
        }
        check.problems
    }
}

struct Check<'a> {
    all: &'a Catalogue,
    file: String,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn problem(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.problems.push(Problem {
            file: self.file.clone(),
            field: field.into(),
            problem: problem.into(),
        });
    }

    fn require(&mut self, holds: bool, field: impl Into<String>, problem: impl Into<String>) {
        if !holds {
            self.problem(field, problem);
        }
    }

    /// A reference to something that must exist.
    fn refers<'n>(
        &mut self,
        field: &str,
        kind: &str,
        name: &str,
        there: impl IntoIterator<Item = &'n str> + Clone,
    ) -> bool {
        if there.clone().into_iter().any(|other| other == name) {
            return true;
        }
        let hint = match nearest(name, there.clone()) {
            Some(best) => format!("did you mean `{best}`?"),
            None => format!("known: {}", list(there)),
        };
        self.problem(field, format!("unknown {kind} `{name}`; {hint}"));
        false
    }

    /// Names that are unique over all datasets; benchmark numbers, too.
    fn names(&mut self) {
        let mut tasks: BTreeMap<&str, &str> = BTreeMap::new();
        let mut benchmarks: BTreeMap<&str, &str> = BTreeMap::new();
        let mut numbers: BTreeMap<u32, &str> = BTreeMap::new();
        let datasets = &self.all.dataset_entries;
        for dataset in datasets {
            self.file.clone_from(&dataset.file);
            for task in &dataset.value.tasks {
                if let Some(other) = tasks.insert(&task.name, &dataset.file) {
                    self.problem(format!("task.{}", task.name), taken(other));
                }
            }
            for benchmark in &dataset.value.benchmarks {
                let field = format!("benchmark.{}", benchmark.name);
                if let Some(other) = benchmarks.insert(&benchmark.name, &dataset.file) {
                    self.problem(&field, taken(other));
                }
                if let Some(other) = numbers.insert(benchmark.number, &benchmark.name) {
                    let number = benchmark.number;
                    self.problem(
                        format!("{field}.number"),
                        format!("{number} is the number of `{other}`; take a free one"),
                    );
                }
            }
        }
    }

    /// Lower-case letters, digits and `-`: names are folder names, too.
    fn name(&mut self, field: &str, name: &str) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let good = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(fits);
        self.require(
            good,
            field,
            format!("`{name}` is not a name; use lower-case letters, digits, `-` and `.`"),
        );
    }

    /// What a model reads: a template over the example that shows its text or a part of it. Two sentences have no text.
    fn input(&mut self, field: &str, task: &Task, template: &str) {
        let fields = task.example.fields.keys().map(String::as_str);
        let known: Vec<&str> = prompts::OF_EXAMPLE.into_iter().chain(fields.clone()).collect();
        if let Some(template) = self.names_in(field, template, &known)
            && !template.names().any(|name| name == "text" || fields.clone().any(|f| f == name))
        {
            self.problem(field, "the model would not see the text; add `{text}`");
        }
    }

    /// A template that parses and knows its names.
    fn names_in(&mut self, field: &str, template: &str, known: &[&str]) -> Option<Template> {
        match Template::parse(template) {
            Err(error) => {
                self.problem(field, error.to_string());
                None
            }
            Ok(template) => {
                for name in template.names().filter(|name| !known.contains(name)) {
                    self.problem(
                        field,
                        format!(
                            "unknown name `{{{name}}}`; there are {}",
                            list(known.iter().copied())
                        ),
                    );
                }
                Some(template)
            }
        }
    }
}

fn taken(other: &str) -> String {
    format!(
        "the name is taken by {other}; rename it (or name the whole dataset the same to take its place)"
    )
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
