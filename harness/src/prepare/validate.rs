//! The offline check of all definitions: each problem names file, field and remedy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::definition::catalogue::Catalogue;
use crate::definition::family::{
    Benchmark, Capability, Embedding, Family, Parser, Prompt, Protocol, Task,
};
use crate::definition::model::Model;
use crate::definition::nearest;
use crate::definition::resources::Resources;
use crate::definition::source::{Origin, Source};
use crate::definition::split::{Carve, Part, Split};
use crate::definition::suite::Suite;
use crate::normalise::Pipeline;
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
        for family in &self.family_entries {
            check.file.clone_from(&family.file);
            check.family(&family.value);
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

    /// Names that are unique over all families; benchmark numbers, too.
    fn names(&mut self) {
        let mut tasks: BTreeMap<&str, &str> = BTreeMap::new();
        let mut benchmarks: BTreeMap<&str, &str> = BTreeMap::new();
        let mut numbers: BTreeMap<u32, &str> = BTreeMap::new();
        let families = &self.all.family_entries;
        for family in families {
            self.file.clone_from(&family.file);
            for task in &family.value.tasks {
                if let Some(other) = tasks.insert(&task.name, &family.file) {
                    self.problem(format!("task.{}", task.name), taken(other));
                }
            }
            for benchmark in &family.value.benchmarks {
                let field = format!("benchmark.{}", benchmark.name);
                if let Some(other) = benchmarks.insert(&benchmark.name, &family.file) {
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

    fn family(&mut self, family: &Family) {
        self.name("name", &family.name);
        let mut ids = BTreeSet::new();
        for source in &family.sources {
            let field = format!("source.{}", source.id);
            self.require(
                ids.insert(&source.id),
                &field,
                "this id is used twice; rename one of the sources",
            );
            self.source(&field, source);
        }
        for task in &family.tasks {
            self.task(family, task);
        }
        for benchmark in &family.benchmarks {
            self.benchmark(benchmark);
        }
        let names: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for (i, published) in family.published.iter().enumerate() {
            let field = format!("published[{i}]");
            self.refers(
                &format!("{field}.benchmark"),
                "benchmark",
                &published.benchmark,
                names.iter().copied(),
            );
            self.require(
                published.value.is_finite(),
                format!("{field}.value"),
                "not a number; write it as printed",
            );
            for (key, text) in [
                ("source", &published.source),
                ("metric", &published.metric),
                ("unit", &published.unit),
                ("protocol", &published.protocol),
            ] {
                self.require(
                    !text.trim().is_empty(),
                    format!("{field}.{key}"),
                    "empty; a published number needs source, metric, unit and protocol (`unknown` where it is)",
                );
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
            format!("`{name}` is no name; use lower-case letters, digits, `-` and `.`"),
        );
    }

    fn source(&mut self, field: &str, source: &Source) {
        let inside = std::path::Path::new(&source.path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        self.require(
            inside && !source.path.is_empty(),
            format!("{field}.path"),
            format!(
                "`{}` leaves the family's folder; give a relative path without `..`",
                source.path
            ),
        );
        for (key, hash, length) in
            [("sha256", &source.sha256, 64), ("git_blob", &source.git_blob, 40)]
        {
            let good = |hash: &String| {
                hash.len() == length
                    && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            };
            if let Some(hash) = hash.as_ref().filter(|hash| !good(hash)) {
                let found = hash.len();
                self.problem(
                    format!("{field}.{key}"),
                    format!("not {length} lower-case hex digits ({found} characters); copy the whole hash"),
                );
            }
        }
        if let Origin::Http { url } = &source.from {
            self.require(
                url.starts_with("https://") || url.starts_with("http://"),
                format!("{field}.from.url"),
                format!("`{url}` is no web address; start it with https://"),
            );
        }
    }

    fn task(&mut self, family: &Family, task: &Task) {
        let at = format!("task.{}", task.name);
        self.name(&format!("{at}.name"), &task.name);
        let ids: Vec<&str> = family.sources.iter().map(|source| source.id.as_str()).collect();
        self.require(
            !task.inputs.is_empty(),
            format!("{at}.input"),
            "no input; name at least one source",
        );
        for (i, input) in task.inputs.iter().enumerate() {
            let field = format!("{at}.input[{i}]");
            self.refers(&format!("{field}.source"), "source", &input.source, ids.iter().copied());
            if let Some(primary) = &input.instead_of {
                let primaries = task
                    .inputs
                    .iter()
                    .filter(|i| i.instead_of.is_none())
                    .map(|i| i.source.as_str());
                self.refers(
                    &format!("{field}.instead_of"),
                    "source of another input",
                    primary,
                    primaries,
                );
            }
            let given = matches!(task.split, Split::Given { .. });
            self.require(
                given == input.part.is_some(),
                format!("{field}.part"),
                if given {
                    "missing; `split.method = \"given\"` needs a part for every input"
                } else {
                    "the split decides the part; remove it, or set `split.method = \"given\"`"
                },
            );
            if let Err(problem) = Pipeline::new(task, input) {
                self.problem(&field, problem);
            }
        }
        let labels: BTreeSet<&str> = task.labels.iter().map(String::as_str).collect();
        self.require(
            labels.len() == task.labels.len(),
            format!("{at}.labels"),
            "a label stands twice; remove one",
        );
        if !labels.is_empty() {
            for (upstream, label) in &task.example.label_map {
                let field = format!("{at}.example.label_map.{upstream}");
                self.refers(&field, "label", label, labels.iter().copied());
            }
        }
        if let Some(positive) = &task.positive {
            self.refers(&format!("{at}.positive"), "label", positive, labels.iter().copied());
        }
        self.split(&at, task);
        let mut names = BTreeSet::new();
        self.require(
            !task.protocols.is_empty(),
            format!("{at}.protocol"),
            "no protocol; add at least one",
        );
        for protocol in &task.protocols {
            let field = format!("{at}.protocol.{}", protocol.name);
            self.require(
                names.insert(&protocol.name),
                &field,
                "this name is used twice; rename one of the protocols",
            );
            self.protocol(&field, task, protocol);
        }
    }

    fn split(&mut self, at: &str, task: &Task) {
        let share = |x: f64| x > 0.0 && x < 1.0;
        let field = |name: &str| format!("{at}.split.{name}");
        match &task.split {
            Split::Given { valid } => self.carve(at, valid.as_ref()),
            Split::PandasGroupSample { n, sample_n, valid, .. } => {
                self.require(*n > 0 && *sample_n > 0, field("n"), "must be 1 or more");
                self.carve(at, valid.as_ref());
            }
            Split::SklearnStratified { test_size, valid, .. } => {
                self.require(share(*test_size), field("test_size"), "must lie between 0 and 1");
                self.carve(at, valid.as_ref());
            }
            Split::Hash { train, valid, .. } => {
                let good = share(*train) && (0.0..1.0).contains(valid) && train + valid < 1.0;
                self.require(
                    good,
                    field("train"),
                    "train, valid and what is left for test must be shares that sum to 1",
                );
            }
        }
    }

    fn carve(&mut self, at: &str, carve: Option<&Carve>) {
        if let Some(carve) = carve {
            let good = carve.share > 0.0 && carve.share < 1.0;
            self.require(good, format!("{at}.split.valid.share"), "must lie between 0 and 1");
        }
    }

    fn protocol(&mut self, at: &str, task: &Task, protocol: &Protocol) {
        let accepts = |capability| protocol.accepts.contains(&capability);
        let prompted = accepts(Capability::Loglikelihood) || accepts(Capability::Generate);
        self.require(
            !protocol.accepts.is_empty(),
            format!("{at}.accepts"),
            "no capability can serve it; name one",
        );
        self.require(
            !protocol.eval.is_empty(),
            format!("{at}.eval"),
            "nothing is scored; name a part",
        );
        let parts = parts(task);
        for part in protocol.eval.iter().filter(|part| !parts.contains(part)) {
            let name = part.name();
            self.problem(
                format!("{at}.eval"),
                format!("the split makes no part `{name}`; remove it, or let the split make it"),
            );
        }
        if protocol.fit || protocol.embedding.is_some() {
            for part in protocol.eval.iter().filter(|part| protocol.train.contains(part)) {
                let name = part.name();
                self.problem(
                    format!("{at}.eval"),
                    format!(
                        "`{name}` is learned from and scored; take it out of `train` or `eval`"
                    ),
                );
            }
        }
        self.require(
            !protocol.fit || accepts(Capability::Classify) || accepts(Capability::Embed),
            format!("{at}.accepts"),
            "`fit = true` can only be served by `classify` or `embed`; add one of them",
        );
        self.require(
            accepts(Capability::Embed) == protocol.embedding.is_some(),
            format!("{at}.embedding"),
            "`embed` in `accepts` and `embedding` go together; add the other, or remove the one",
        );
        self.require(
            prompted != protocol.prompts.is_empty(),
            format!("{at}.prompt"),
            "`loglikelihood` or `generate` in `accepts` and `[[task.protocol.prompt]]` go together; add the other, or remove the one",
        );
        if let Some(Embedding::KnnAndProbe { k, epochs, batch, approximate, .. }) =
            &protocol.embedding
        {
            self.require(
                *k > 0 && *epochs > 0 && *batch > 0 && *approximate != Some(0),
                format!("{at}.embedding"),
                "k, epochs, batch and approximate must be 1 or more",
            );
        }
        self.template(&format!("{at}.input"), &protocol.input);
        let mut names = BTreeSet::new();
        for prompt in &protocol.prompts {
            let field = format!("{at}.prompt.{}", prompt.name);
            self.require(
                names.insert(&prompt.name),
                &field,
                "this name is used twice; rename one of the prompts",
            );
            self.prompt(&field, task, prompt);
        }
    }

    fn prompt(&mut self, at: &str, task: &Task, prompt: &Prompt) {
        self.template(&format!("{at}.template"), &prompt.template);
        let labels: Vec<&str> = task.labels.iter().map(String::as_str).collect();
        if labels.is_empty() {
            self.problem(at, "prompts need a fixed label set; list `labels` of the task");
            return;
        }
        for label in labels.iter().filter(|label| !prompt.options.contains_key(**label)) {
            self.problem(
                format!("{at}.options"),
                format!("no continuation for the label `{label}`; add one"),
            );
        }
        let parsed: Vec<&String> = match &prompt.parser {
            Parser::Prefix { prefixes, otherwise, .. } => {
                prefixes.keys().chain(otherwise).collect()
            }
            Parser::Word { words } => words.keys().collect(),
        };
        for label in prompt.options.keys().chain(parsed) {
            self.refers(at, "label", label, labels.iter().copied());
        }
    }

    /// A template over an example: it parses, knows its names and shows the text.
    fn template(&mut self, field: &str, template: &str) {
        if let Some(template) = self.names_in(field, template, &prompts::OF_EXAMPLE)
            && !template.names().any(|name| name == "text")
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

    fn benchmark(&mut self, benchmark: &Benchmark) {
        let at = format!("benchmark.{}", benchmark.name);
        self.name(&format!("{at}.name"), &benchmark.name);
        self.require(
            benchmark.task.is_some() == benchmark.aggregate.is_empty(),
            &at,
            "either `task` or `aggregate` must be given, not both; remove one",
        );
        let tasks: Vec<&Task> = self.all.tasks().map(|(_, task)| task).collect();
        if let Some(name) = &benchmark.task {
            let names: Vec<&str> = tasks.iter().map(|task| task.name.as_str()).collect();
            self.refers(&format!("{at}.task"), "task", name, names);
            let positive = tasks.iter().any(|task| task.name == *name && task.positive.is_some());
            for metric in std::iter::once(&benchmark.metric).chain(&benchmark.also) {
                let needs = metric.of_one_class() && tasks.iter().any(|task| task.name == *name);
                let metric = metric.name();
                self.require(
                    !needs || positive,
                    format!("{at}.metric"),
                    format!("`{metric}` needs `positive` in the task `{name}`; add it"),
                );
            }
        }
        let others: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for member in &benchmark.aggregate {
            self.refers(&format!("{at}.aggregate"), "benchmark", member, others.iter().copied());
        }
        if let Some(cycle) = self.cycle(&benchmark.name) {
            self.problem(
                format!("{at}.aggregate"),
                format!("it is made of itself ({cycle}); remove one of them"),
            );
        }
    }

    /// The way from an aggregate back to itself.
    fn cycle(&self, start: &str) -> Option<String> {
        let mut ways = vec![vec![start.to_owned()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            let Ok(benchmark) = self.all.benchmark(way.last()?) else { continue };
            for member in &benchmark.aggregate {
                let longer = [way.as_slice(), std::slice::from_ref(member)].concat();
                if member == start {
                    return Some(longer.join(" -> "));
                }
                if seen.insert(member.clone()) {
                    ways.push(longer);
                }
            }
        }
        None
    }

    fn model(&mut self, model: &Model) {
        let at = format!("model.{}", model.name);
        self.name(&format!("{at}.name"), &model.name);
        self.require(model.batch > 0, format!("{at}.batch"), "must be 1 or more");
        let tasks: Vec<&Task> = self.all.tasks().map(|(_, task)| task).collect();
        for name in &model.tasks {
            self.refers(
                &format!("{at}.tasks"),
                "task",
                name,
                tasks.iter().map(|task| task.name.as_str()),
            );
        }
        let mut protocols: BTreeSet<&str> =
            tasks.iter().flat_map(|task| task.protocols.iter().map(|p| p.name.as_str())).collect();
        let few_shot = model.prompt.few_shot();
        protocols.extend(few_shot.as_deref());
        for name in &model.protocols {
            self.refers(&format!("{at}.protocols"), "protocol", name, protocols.iter().copied());
        }
        if let Some(persona) = &model.prompt.persona {
            self.names_in(&format!("{at}.prompt.persona"), persona, &prompts::OF_CULTURE);
        }
        let benchmarks: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for known in &model.contamination {
            self.refers(
                &format!("{at}.contamination"),
                "benchmark",
                &known.benchmark,
                benchmarks.iter().copied(),
            );
        }
        self.require(
            model.weights.is_empty() || model.parameters.is_some(),
            format!("{at}.parameters"),
            "a model with weights has a number of parameters; add it",
        );
        self.resources(&at, &model.resources);
        for source in &model.weights {
            self.source(&format!("{at}.weights.{}", source.id), source);
            self.require(
                source.sha256.is_some(),
                format!("{at}.weights.{}.sha256", source.id),
                "weights are pinned by their content; add their sha256",
            );
            if model.files.contains_key(&source.id) {
                self.problem(
                    format!("{at}.files.{}", source.id),
                    "has the id of a weight; give it another".to_owned(),
                );
            }
        }
    }

    fn suite(&mut self, suite: &Suite) {
        let at = format!("suite.{}", suite.name);
        self.name(&format!("{at}.name"), &suite.name);
        let models: Vec<&str> = self.all.models().map(|m| m.name.as_str()).collect();
        for name in suite.models.iter().filter(|name| *name != "*") {
            self.refers(&format!("{at}.models"), "model", name, models.iter().copied());
        }
        let benchmarks: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for name in suite.benchmarks.iter().filter(|name| *name != "*") {
            self.refers(&format!("{at}.benchmarks"), "benchmark", name, benchmarks.iter().copied());
        }
        let distinct: BTreeSet<u64> = suite.seeds.iter().copied().collect();
        self.require(!suite.seeds.is_empty(), format!("{at}.seeds"), "no seed; name at least one");
        self.require(
            distinct.len() == suite.seeds.len(),
            format!("{at}.seeds"),
            "a seed stands twice; remove one",
        );
        self.resources(&at, &suite.resources);
    }

    fn resources(&mut self, at: &str, resources: &Resources) {
        for (field, problem) in resources.problems() {
            self.problem(format!("{at}.resources.{field}"), problem);
        }
    }
}

/// The parts that a task's split makes.
fn parts(task: &Task) -> BTreeSet<Part> {
    let carved = |valid: &Option<Carve>| valid.is_some().then_some(Part::Valid);
    match &task.split {
        Split::Given { valid } => {
            task.inputs.iter().filter_map(|input| input.part).chain(carved(valid)).collect()
        }
        Split::PandasGroupSample { valid, .. } | Split::SklearnStratified { valid, .. } => {
            [Part::Train, Part::Test].into_iter().chain(carved(valid)).collect()
        }
        Split::Hash { valid, .. } => [Part::Train, Part::Test]
            .into_iter()
            .chain((*valid > 0.0).then_some(Part::Valid))
            .collect(),
    }
}

fn taken(other: &str) -> String {
    format!(
        "the name is taken by {other}; rename it (or name the whole family the same to take its place)"
    )
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
