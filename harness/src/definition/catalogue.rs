//! All known definitions: embedded ones and those of the files and folders the user names.
//!
//! [`Catalogue::validate`] lives in [`crate::prepare::validate`].

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dataset::{Benchmark, Dataset, Task};
use super::model::Model;
use super::nearest;
use super::secret;
use super::suite::Suite;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// All known definitions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// Families in board order, with their files.
    pub dataset_entries: Vec<Entry<Dataset>>,
    /// Models by name, with their files.
    pub model_entries: Vec<Entry<Model>>,
    /// Suites by name, with their files.
    pub suite_entries: Vec<Entry<Suite>>,
    /// Definitions that took the place of another of the same name.
    pub overrides: Vec<Override>,
}

/// A definition and the file it was read from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry<T> {
    /// The definition.
    pub value: T,
    /// Its file: the path inside the project where it is embedded, else as the user named it.
    pub file: String,
    /// Whether it is part of the program, or has joined the project that the program was built in.
    pub embedded: bool,
}

/// A user's definition that took the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Override {
    /// `dataset`, `model` or `suite`.
    pub kind: &'static str,
    /// The name both have.
    pub name: String,
    /// The file that counts.
    pub by: String,
    /// The file that does not.
    pub instead_of: String,
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} `{}`: {} takes the place of {}",
            self.kind, self.name, self.by, self.instead_of
        )
    }
}

/// Why a definition cannot be read or found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not TOML, or not the fields of its kind.
    #[error("{file}:{line}:{column}: {message}")]
    Toml {
        /// The file.
        file: String,
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What is wrong there, with the nearest known field.
        message: String,
    },
    /// Neither dataset nor model nor suite.
    #[error(
        "{file}: neither a dataset (`[[task]]`), nor a model (`plugin` or `extends`), nor a suite (`models` and `benchmarks`); add the fields of one of them"
    )]
    Kind {
        /// The file.
        file: String,
    },
    /// A name that does not exist.
    #[error("unknown {kind} `{name}`{} (`culture-eval list {kinds}` shows all)", did_you_mean(nearest.as_deref()))]
    Unknown {
        /// `task`, `benchmark`, ...
        kind: &'static str,
        /// Its plural, as in `list`.
        kinds: &'static str,
        /// What was asked for.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
    },
    /// A model extends one that does not exist.
    #[error("{file}: it extends the unknown model `{name}`{} (`culture-eval list models` shows all)", did_you_mean(nearest.as_deref()))]
    Base {
        /// The file.
        file: String,
        /// What it extends.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
    },
    /// A secret in a model's `[config]`.
    #[error(
        "{file}: `config.{place}` holds a secret, which would be written into every run; put it into an environment variable, name that variable \
         in `config.key_env` (or read it in the plugin), and let the plugin have it with `access = {{ env = [\"NAME\"] }}`"
    )]
    Secret {
        /// The file.
        file: String,
        /// The key.
        place: String,
    },
    /// A file or folder that cannot be read.
    #[error("failed to read a definition: {0}; correct the path")]
    Io(#[from] std::io::Error),
}

/// A model of the TOML `file`. Its own files are named from there; where it is part of the program, `root` is the folder of
/// the project that the program was built in.
fn model(root: &Path, file: &str, text: &str) -> Result<Model, Error> {
    let mut model = parse(file, text)?;
    place_files(&mut model, root, file);
    Ok(model)
}

/// A model, unless its configuration holds a secret.
fn without_secrets(model: Model, file: &str) -> Result<Model, Error> {
    match secret::place(&model.config) {
        Some(place) => Err(Error::Secret { file: file.to_owned(), place }),
        None => Ok(model),
    }
}

/// A model that says only how it differs from another: its keys take the place of the other's, in `[config]` one by one.
fn variant(base: &Model, root: &Path, file: &str, mut own: toml::Table) -> Result<Model, Error> {
    let told = |error: &dyn fmt::Display| Error::Toml {
        file: file.to_owned(),
        line: 1,
        column: 1,
        message: with_nearest(&error.to_string()),
    };
    own.remove("extends");
    // Paths of the other's files are whole already; only its own are named from its TOML.
    let mut merged = toml::Table::try_from(base).map_err(|e| told(&e))?;
    let has_files = own.contains_key("files");
    if let (Some(toml::Value::Table(config)), Some(toml::Value::Table(of_base))) =
        (own.get_mut("config"), merged.get("config"))
    {
        let over = std::mem::replace(config, of_base.clone());
        config.extend(over);
    }
    merged.extend(own);
    let mut model: Model = merged.try_into().map_err(|e| told(&e))?;
    if has_files {
        place_files(&mut model, root, file);
    }
    Ok(model)
}

fn place_files(model: &mut Model, root: &Path, file: &str) {
    let toml = root.join(file);
    let beside = toml.parent().unwrap_or(root);
    for path in model.files.values_mut() {
        *path = tidy(&beside.join(&*path)).to_string_lossy().into_owned();
    }
}

/// The folder that the program was built in; it may be on another machine.
fn project() -> PathBuf {
    tidy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// `a/b/../c` as `a/c`.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match (part, out.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                out.pop();
            }
            _ => out.push(part),
        }
    }
    out
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

impl Catalogue {
    /// The definitions that are part of the program.
    pub fn embedded() -> Result<Self, Error> {
        let (mut all, root) = (Self::default(), project());
        for (file, text) in embedded::FAMILIES {
            all.dataset_entries.push(entry(parse(file, text)?, file, true));
        }
        for (file, text) in embedded::MODELS {
            all.model_entries.push(entry(model(&root, file, text)?, file, true));
        }
        for (file, text) in embedded::SUITES {
            all.suite_entries.push(entry(parse(file, text)?, file, true));
        }
        all.sort();
        Ok(all)
    }

    /// The embedded definitions, those of baselines that have joined the project since, and those of the user's files and
    /// folders (searched for `*.toml`, with their subfolders). A file's keys tell its kind. A definition takes the place of an
    /// earlier one of its name.
    pub fn load(extra: &[PathBuf]) -> Result<Self, Error> {
        let mut all = Self::embedded()?;
        all.add_new_baselines(&project())?;
        let mut files = Vec::new();
        for named in extra {
            let mut found = Vec::new();
            find_toml(named, &mut found)?;
            found.sort();
            for file in found {
                files.push((file.display().to_string(), fs_err::read_to_string(&file)?));
            }
        }
        all.add_all(Path::new(""), files, false)?;
        all.sort();
        Ok(all)
    }

    /// Adds the models and suites of the project's baselines that the program was built without: a new baseline needs no new
    /// program. Where the project is not on this machine, there are none.
    fn add_new_baselines(&mut self, project: &Path) -> Result<(), Error> {
        let baselines = project.join("baselines");
        if !baselines.is_dir() {
            return Ok(());
        }
        let mut files = Vec::new();
        for baseline in fs_err::read_dir(baselines)? {
            let baseline = baseline?.path();
            for kind in ["models", "suites"] {
                let folder = baseline.join(kind);
                if folder.is_dir() {
                    find_toml(&folder, &mut files)?;
                }
            }
        }
        files.sort();
        let mut new = Vec::new();
        for path in files {
            let file =
                path.strip_prefix(project).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if !self.has_file(&file) {
                new.push((file, fs_err::read_to_string(&path)?));
            }
        }
        self.add_all(project, new, true)
    }

    /// Adds files (path from `root`, text) in their order; a model may be before the one that it extends.
    fn add_all(
        &mut self,
        root: &Path,
        mut files: Vec<(String, String)>,
        embedded: bool,
    ) -> Result<(), Error> {
        loop {
            let (mut waiting, mut why) = (Vec::new(), None);
            let count = files.len();
            for (file, text) in files {
                match self.add_from(root, &file, &text, embedded) {
                    Ok(()) => {}
                    Err(error @ Error::Base { .. }) => {
                        why = Some(error);
                        waiting.push((file, text));
                    }
                    Err(error) => return Err(error),
                }
            }
            match why {
                Some(error) if waiting.len() == count => return Err(error),
                Some(_) => files = waiting,
                None => return Ok(()),
            }
        }
    }

    fn has_file(&self, file: &str) -> bool {
        self.model_entries.iter().any(|model| model.file == file)
            || self.suite_entries.iter().any(|suite| suite.file == file)
    }

    /// Adds one definition of the user's; its keys tell its kind.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Error> {
        self.add_from(Path::new(""), file, text, false)
    }

    /// Adds one definition, `file` being a path from `root`.
    fn add_from(
        &mut self,
        root: &Path,
        file: &str,
        text: &str,
        embedded: bool,
    ) -> Result<(), Error> {
        let keys: toml::Table = parse(file, text)?;
        let over = if let Some(base) = keys.get("extends") {
            let base = base.as_str().unwrap_or_default();
            let known = self.models().find(|model| model.name == base);
            let known = known.ok_or_else(|| Error::Base {
                file: file.to_owned(),
                name: base.to_owned(),
                nearest: nearest(base, self.models().map(|model| &*model.name)).map(str::to_owned),
            })?;
            let model =
                entry(without_secrets(variant(known, root, file, keys)?, file)?, file, embedded);
            put(&mut self.model_entries, model, "model", |model| &model.name)
        } else if keys.contains_key("plugin") {
            let model = entry(without_secrets(model(root, file, text)?, file)?, file, embedded);
            put(&mut self.model_entries, model, "model", |model| &model.name)
        } else if keys.contains_key("models") && keys.contains_key("benchmarks") {
            let suite = entry(parse(file, text)?, file, embedded);
            put(&mut self.suite_entries, suite, "suite", |suite| &suite.name)
        } else if ["task", "source", "benchmark"].iter().any(|key| keys.contains_key(*key)) {
            let dataset = entry(parse(file, text)?, file, embedded);
            put(&mut self.dataset_entries, dataset, "dataset", |dataset| &dataset.name)
        } else {
            return Err(Error::Kind { file: file.to_owned() });
        };
        self.overrides.extend(over);
        Ok(())
    }

    /// Families in the order of their first benchmark, models and suites by name.
    fn sort(&mut self) {
        self.dataset_entries.sort_by_key(|dataset| {
            (
                dataset.value.benchmarks.iter().map(|b| b.number).min().unwrap_or(u32::MAX),
                dataset.value.name.clone(),
            )
        });
        self.model_entries.sort_by(|a, b| a.value.name.cmp(&b.value.name));
        self.suite_entries.sort_by(|a, b| a.value.name.cmp(&b.value.name));
    }

    /// All datasets in board order.
    pub fn datasets(&self) -> impl Iterator<Item = &Dataset> + Clone {
        self.dataset_entries.iter().map(|dataset| &dataset.value)
    }

    /// All models by name.
    pub fn models(&self) -> impl Iterator<Item = &Model> + Clone {
        self.model_entries.iter().map(|model| &model.value)
    }

    /// All suites by name.
    pub fn suites(&self) -> impl Iterator<Item = &Suite> + Clone {
        self.suite_entries.iter().map(|suite| &suite.value)
    }

    /// All tasks with their datasets, in board order.
    pub fn tasks(&self) -> impl Iterator<Item = (&Dataset, &Task)> + Clone {
        self.datasets().flat_map(|dataset| dataset.tasks.iter().map(move |task| (dataset, task)))
    }

    /// All benchmarks by number.
    pub fn benchmarks(&self) -> impl Iterator<Item = &Benchmark> {
        let mut all: Vec<&Benchmark> =
            self.datasets().flat_map(|dataset| &dataset.benchmarks).collect();
        all.sort_by_key(|benchmark| benchmark.number);
        all.into_iter()
    }

    /// The dataset of this name.
    pub fn dataset(&self, name: &str) -> Result<&Dataset, Error> {
        pick(self.datasets(), name, |dataset| &dataset.name, ("dataset", "benchmarks"))
    }

    /// The dataset that a benchmark belongs to.
    pub fn dataset_of(&self, benchmark: &str) -> Option<&Dataset> {
        self.datasets().find(|dataset| dataset.benchmarks.iter().any(|b| b.name == benchmark))
    }

    /// The task of this name, with its dataset.
    pub fn task(&self, name: &str) -> Result<(&Dataset, &Task), Error> {
        pick(self.tasks(), name, |(_, task)| &task.name, ("task", "tasks"))
    }

    /// The benchmark of this name.
    pub fn benchmark(&self, name: &str) -> Result<&Benchmark, Error> {
        pick(self.benchmarks(), name, |benchmark| &benchmark.name, ("benchmark", "benchmarks"))
    }

    /// The model of this name.
    pub fn model(&self, name: &str) -> Result<&Model, Error> {
        pick(self.models(), name, |model| &model.name, ("model", "models"))
    }

    /// The suite of this name.
    pub fn suite(&self, name: &str) -> Result<&Suite, Error> {
        pick(self.suites(), name, |suite| &suite.name, ("suite", "suites"))
    }
}

/// The committed statistics of a task's official or sample data, as JSON.
pub fn statistics(task: &str, sample: bool) -> Option<&'static str> {
    let file =
        format!("benchmarks/statistics/{task}.{}.json", if sample { "sample" } else { "official" });
    embedded::STATISTICS.iter().find(|(name, _)| *name == file).map(|(_, text)| *text)
}

fn pick<'a, T>(
    all: impl Iterator<Item = T>,
    name: &str,
    key: impl Fn(&T) -> &'a str,
    (kind, kinds): (&'static str, &'static str),
) -> Result<T, Error> {
    let mut names = Vec::new();
    for value in all {
        if key(&value) == name {
            return Ok(value);
        }
        names.push(key(&value));
    }
    let nearest = nearest(name, names).map(str::to_owned);
    Err(Error::Unknown { kind, kinds, name: name.to_owned(), nearest })
}

fn entry<T>(value: T, file: &str, embedded: bool) -> Entry<T> {
    Entry { value, file: file.to_owned(), embedded }
}

fn put<T>(
    all: &mut Vec<Entry<T>>,
    new: Entry<T>,
    kind: &'static str,
    name: impl Fn(&T) -> &str,
) -> Option<Override> {
    if let Some(old) = all.iter_mut().find(|old| name(&old.value) == name(&new.value)) {
        let (name, by) = (name(&new.value).to_owned(), new.file.clone());
        let instead_of = std::mem::replace(old, new).file;
        return Some(Override { kind, name, by, instead_of });
    }
    all.push(new);
    None
}

/// The TOML files of a folder and its subfolders, or the file itself. Cargo's and hidden ones are passed over.
fn find_toml(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs_err::read_dir(path)? {
        let entry = entry?.path();
        let name = entry.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.')
            || name == "target"
            || name == "Cargo.toml"
            || name == "culture-eval.toml"
        {
            continue;
        }
        if entry.is_dir() || entry.extension().is_some_and(|e| e == "toml") {
            find_toml(&entry, files)?;
        }
    }
    Ok(())
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        Error::Toml { file: file.to_owned(), line, column, message: with_nearest(error.message()) }
    })
}

/// "unknown field `a`, expected one of `b`, `c`" with the nearest of them.
fn with_nearest(message: &str) -> String {
    let message = message.trim();
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("missing field") {
        return format!("{message}; add it");
    }
    if !message.starts_with("unknown") {
        return message.replace('\n', "; ");
    }
    let found = quoted.next().unwrap_or_default();
    match nearest(found, quoted) {
        Some(name) => format!("{message}: did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_definitions_are_valid() {
        let all = Catalogue::embedded().unwrap();
        let problems: Vec<String> = all.validate().iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
        let titles: Vec<&str> = all.benchmarks().map(|b| b.title.as_str()).collect();
        let eleven = [
            "WVS",
            "PVQ-RR",
            "GLOBE",
            "ValuePrism",
            "UniVaR",
            "CREHate",
            "EMGSD",
            "CultureAtlas All",
            "CultureAtlas High",
            "CultureAtlas Mid",
            "CultureAtlas Low",
        ];
        assert_eq!(titles[..11], eleven);
        // Numbers 12 to 23 are one benchmark of each dataset with other kinds of questions; further ones of theirs follow.
        let numbers: Vec<u32> = all.benchmarks().map(|b| b.number).take(23).collect();
        assert_eq!(numbers, (1..=23).collect::<Vec<u32>>());
        let names = |suite: &str| all.suite(suite).unwrap().benchmarks.len();
        assert_eq!(names("default"), 11, "the default suite has the eleven");
        assert_eq!(all.suite("culture").unwrap().benchmarks, ["*"]);
    }

    #[test]
    fn http_sources_are_pinned() {
        for dataset in Catalogue::embedded().unwrap().datasets() {
            for source in &dataset.sources {
                let pinned = source.sha256.is_some()
                    || source.git_blob.is_some()
                    || !source.files.is_empty();
                let http = matches!(source.from, super::super::source::Origin::Http { .. });
                assert!(pinned || !http, "{}: {}", dataset.name, source.id);
            }
        }
    }

    #[test]
    fn unknown_names_answer_with_the_nearest() {
        let all = Catalogue::embedded().unwrap();
        let told = |error: Error| error.to_string();
        assert_eq!(
            told(all.task("crehat").unwrap_err()),
            "unknown task `crehat`: did you mean `crehate`? (`culture-eval list tasks` shows all)"
        );
        assert_eq!(
            told(all.benchmark("xyzzy").unwrap_err()),
            "unknown benchmark `xyzzy` (`culture-eval list benchmarks` shows all)"
        );
        assert_eq!(all.task("wvs").unwrap().0.name, "univar");
    }

    /// The prompts of a task's protocol, each with the task's labels.
    fn prompts(
        task: &str,
        protocol: &str,
    ) -> Vec<(crate::definition::dataset::Prompt, Vec<String>)> {
        let all = Catalogue::embedded().unwrap();
        let task = all.task(task).unwrap().1;
        let protocol = task.protocols.iter().find(|p| p.name == protocol).unwrap();
        protocol.prompts.iter().map(|prompt| (prompt.clone(), task.labels.clone())).collect()
    }

    /// The label that a prompt's parser reads in a reply.
    fn parsed(
        reply: &str,
        prompt: &crate::definition::dataset::Prompt,
        labels: &[String],
    ) -> String {
        use crate::answer::Answer;
        match crate::prompts::parse(reply, &prompt.parser, labels).unwrap() {
            Answer::Label(label) => labels[label as usize].clone(),
            _ => "-".to_owned(),
        }
    }

    #[test]
    fn crehate_asks_in_five_wordings_with_both_orders_of_the_options() {
        let prompts = prompts("crehate", "zero-shot");
        assert_eq!(prompts.len(), 10);
        for pair in prompts.chunks(2) {
            let [(ab, labels), (ba, _)] = pair else { panic!("{pair:?}") };
            assert_eq!(ab.name.strip_suffix("-ab"), ba.name.strip_suffix("-ba"));
            assert_eq!((&ab.options, &ab.parser), (&ba.options, &ba.parser), "{}", ab.name);
            let words: Vec<&str> = labels.iter().map(|label| ab.options[label].trim()).collect();
            // The options as they are named together, last in the prompt.
            let order = |template: &str| {
                let place = |word: &str| {
                    let plain = template.replace("hate speech", "-");
                    plain.rfind(&format!(" {word}")).or_else(|| plain.rfind(word)).unwrap()
                };
                place(words[0]) < place(words[1])
            };
            assert_ne!(order(&ab.template), order(&ba.template), "{}", ab.name);
            for prompt in [ab, ba] {
                assert!(prompt.template.contains("{culture_name}"), "{}", prompt.name);
                for (label, word) in labels.iter().zip(&words) {
                    let other = labels.iter().find(|other| *other != label).unwrap();
                    let check = |reply: String, expect: &str| {
                        assert_eq!(
                            parsed(&reply, prompt, labels),
                            expect,
                            "{}: {reply}",
                            prompt.name
                        );
                    };
                    check(prompt.options[label].clone(), label);
                    check(format!("**{}**.", word.to_uppercase()), label);
                    check(format!("I would say {word}, as most would."), label);
                    if !matches!(*word, "yes" | "no") {
                        check(format!("It is not {word}."), other);
                    }
                }
                let both = format!("{} or {}", words[0], words[1]);
                assert_eq!(parsed(&both, prompt, labels), "-", "{}", prompt.name);
                assert_eq!(parsed("I cannot help with that.", prompt, labels), "-");
                assert_eq!(parsed("", prompt, labels), "-");
            }
        }
    }

    /// The official rule: without "Answer: " and blanks before, it is True where it starts with "True" or "correct", else False.
    #[test]
    fn cultureatlas_reads_replies_by_the_owners_rule() {
        let prompts = prompts("cultureatlas", "zero-shot");
        let [(prompt, labels)] = &prompts[..] else { panic!("{prompts:?}") };
        assert_eq!(prompt.template, "{text} True or False:");
        for (reply, expect) in [
            ("True", "True"),
            (" True.", "True"),
            ("Answer: True", "True"),
            ("\n\nAnswer: correct", "True"),
            ("correctly put", "True"),
            ("true", "False"),
            ("Correct", "False"),
            ("It is True", "False"),
            ("False", "False"),
            ("", "False"),
        ] {
            assert_eq!(parsed(reply, prompt, labels), expect, "{reply:?}");
        }
    }

    /// A dataset as a user would write it, with `change` made to its text.
    fn user_family(change: impl Fn(&str) -> String) -> String {
        change(crate::sample::SYNTHETIC_FAMILY)
    }

    fn told(text: &str) -> String {
        let mut all = Catalogue::embedded().unwrap();
        match all.add("mine.toml", text) {
            Err(error) => error.to_string(),
            Ok(()) => all.validate().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn broken_definitions_are_told_with_file_line_field_and_remedy() {
        let mut wrong = Vec::new();
        let mut check = |from: &str, to: &str, expect: &str| {
            let text = user_family(|text| {
                assert!(text.contains(from), "{from}");
                text.replacen(from, to, 1)
            });
            let found = told(&text);
            if found != expect {
                wrong.push(format!("{from} -> {to}\nfound    {found}\nexpected {expect}"));
            }
        };
        check("", "", "");
        check(
            "license = ",
            "licens = ",
            "mine.toml:7:1: unknown field `licens`, expected one of `name`, `title`, `version`, `status`, `use`, `summary`, `licence`, `license`, `homepage`, `paper`, `citation`, `content_warning`, `differs`, `source`, `task`, `benchmark`, `published`: did you mean `license`?",
        );
        check("version = 1\n", "", "mine.toml:1:1: missing field `version`; add it");
        check(
            "version = 1",
            "version = \"1\"",
            "mine.toml:4:11: invalid type: string \"1\", expected u32",
        );
        check(
            "name = \"synthetic\"\n",
            "name = \"synthetic\n",
            "mine.toml:2:18: invalid basic string, expected `\"`",
        );
        check(
            "source = \"rows\"",
            "source = \"row\"",
            "mine.toml: task.synthetic.input[0].source: unknown source `row`; did you mean `rows`?",
        );
        check(
            "text = \"{text}\"",
            "text = \"{txt}\"",
            "mine.toml: task.synthetic.input[0]: example.text: unknown name `{txt}` in the template `{txt}`; there are: `id`, `text`, `label`, `culture`, `row`, `file`, `part`",
        );
        check(
            "label = \"{label}\"",
            "label = \"{label}\"\nlabel_map = { y = \"yess\" }",
            "mine.toml: task.synthetic.example.label_map.y: unknown label `yess`; did you mean `yes`?",
        );
        check(
            "positive = \"yes\"",
            "positive = \"ja\"",
            "mine.toml: task.synthetic.positive: unknown label `ja`; known: `no`, `yes`",
        );
        check(
            "train = 0.7",
            "train = 0.9",
            "mine.toml: task.synthetic.split.train: train, valid and what is left for test must be shares that sum to 1",
        );
        check(
            "accepts = [\"classify\"]",
            "accepts = [\"classify\", \"generate\"]",
            "mine.toml: task.synthetic.protocol.trained.prompt: `loglikelihood` or `generate` in `accepts` and `[[task.protocol.prompt]]` go together; add the other, or remove the one",
        );
        check(
            "fit = true\neval = [\"test\"]\naccepts = [\"classify\"]",
            "fit = true\neval = [\"train\"]\naccepts = []",
            "mine.toml: task.synthetic.protocol.trained.accepts: no capability can serve it; name one\n\
             mine.toml: task.synthetic.protocol.trained.eval: `train` is learned from and scored; take it out of `train` or `eval`\n\
             mine.toml: task.synthetic.protocol.trained.accepts: `fit = true` can only be served by `classify` or `embed`; add one of them",
        );
        check(
            "path = \"synthetic.csv\"",
            "path = \"../synthetic.csv\"\nsha256 = \"abc\"",
            "mine.toml: source.rows.path: `../synthetic.csv` leaves the dataset's folder; give a relative path without `..`\n\
             mine.toml: source.rows.sha256: not 64 lower-case hex digits (3 characters); copy the whole hash",
        );
        check(
            "task = \"synthetic\"",
            "aggregate = [\"synthetic\", \"wvss\"]",
            "mine.toml: benchmark.synthetic.aggregate: unknown benchmark `wvss`; did you mean `wvs`?\n\
             mine.toml: benchmark.synthetic.aggregate: it is made of itself (synthetic -> synthetic); remove one of them",
        );
        check(
            "number = 1000",
            "number = 7",
            "mine.toml: benchmark.synthetic.number: 7 is the number of `emgsd`; take a free one",
        );
        check(
            "title = \"Synthetic rows\"\nquestion",
            "title = \"Synthetic rows\"\nquestionn",
            "mine.toml:20:1: unknown field `questionn`, expected one of `name`, `title`, `question`, `labels`, `positive`, `culture_kind`, `culture_names`, `sees`, `expect`, `input`, `step`, `example`, `votes`, `split`, `protocol`, `scoring`, `reference`: did you mean `question`?",
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        assert_eq!(
            told("name = \"x\"\n"),
            "mine.toml: neither a dataset (`[[task]]`), nor a model (`plugin` or `extends`), nor a suite (`models` and `benchmarks`); add the fields of one of them"
        );
    }

    #[test]
    fn a_model_may_say_only_how_it_differs() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            fs_err::write(folder.path().join(name), text).unwrap();
        };
        write(
            "b.toml",
            "name = \"base\"\ntitle = \"Base\"\nplugin = \"majority\"\ndescription = \"d\"\nlicence = \"MIT\"\nbatch = 7\nfiles = { words = \"w.txt\" }\n[config]\nx = 1\ny = { z = 2, w = 3 }\n",
        );
        // It is before what it extends, and before a third that extends it.
        write(
            "a.toml",
            "name = \"more\"\nextends = \"base\"\ntitle = \"More\"\n[config]\ny = { z = 5 }\n",
        );
        write("0.toml", "name = \"most\"\nextends = \"more\"\nbatch = 9\n");
        let all = Catalogue::load(&[folder.path().to_owned()]).unwrap();
        let (base, more, most) =
            (all.model("base").unwrap(), all.model("more").unwrap(), all.model("most").unwrap());
        assert_eq!((&*more.title, more.batch, &*more.plugin), ("More", 7, "majority"));
        assert_eq!((&*most.title, most.batch), ("More", 9));
        assert_eq!(most.config.to_string(), "x = 1\n\n[y]\nz = 5\n");
        assert_eq!(most.files, base.files);
        write("1.toml", "name = \"lost\"\nextends = \"bse\"\n");
        let told = Catalogue::load(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(
            told.contains("1.toml: it extends the unknown model `bse`: did you mean `base`?"),
            "{told}"
        );
        write("1.toml", "name = \"odd\"\nextends = \"base\"\nconfig = 3\n");
        let told = Catalogue::load(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(told.contains("1.toml:1:1: ") && told.contains("expected a map"), "{told}");
        write("1.toml", "name = \"odd\"\nextends = \"base\"\nbtch = 3\n");
        let told = Catalogue::load(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(
            told.contains("1.toml:1:1: unknown field `btch`")
                && told.contains("did you mean `batch`?"),
            "{told}"
        );
    }

    #[test]
    fn a_new_baseline_of_the_project_needs_no_new_program() {
        let project = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = project.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        let model = |name: &str| {
            format!(
                "name = \"{name}\"\ntitle = \"x\"\nplugin = \"command\"\ndescription = \"x\"\nlicence = \"MIT\"\ncapabilities = [\"classify\"]\nfiles = {{ program = \"../model.py\" }}\n[config]\n"
            )
        };
        let suite = "name = \"new\"\ntitle = \"x\"\nmodels = [\"new\"]\nbenchmarks = [\"crehate\"]\nseeds = [1]\n";
        write("baselines/new/models/new.toml", &model("new"));
        write("baselines/new/suites/new.toml", suite);
        write("baselines/new/examples/shown.toml", &model("shown"));
        write("baselines/new/Cargo.toml", "[package]\n");
        // What the program was built with counts as it was then.
        write("baselines/majority/models/majority.toml", "name = 1");
        let mut all = Catalogue::embedded().unwrap();
        all.add_new_baselines(project.path()).unwrap();
        assert_eq!(all.suite("new").unwrap().models, ["new"]);
        let program = project.path().join("baselines/new/model.py").display().to_string();
        assert_eq!(all.model("new").unwrap().files["program"], program);
        let entry = all.model_entries.iter().find(|model| model.value.name == "new").unwrap();
        assert_eq!((entry.file.as_str(), entry.embedded), ("baselines/new/models/new.toml", true));
        assert!(all.model("shown").is_err(), "examples are no models of the board");
        assert_eq!(all.overrides, []);
        all.add_new_baselines(&project.path().join("elsewhere")).unwrap();
    }

    #[test]
    fn a_file_of_the_users_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let suite = "name = \"default\"\ntitle = \"Mine\"\nmodels = [\"*\"]\nbenchmarks = [\"crehate\"]\nseeds = [1, 2]\n";
        fs_err::create_dir(folder.path().join("suites")).unwrap();
        fs_err::write(folder.path().join("suites/mine.toml"), suite).unwrap();
        fs_err::write(folder.path().join("rows.toml"), crate::sample::SYNTHETIC_FAMILY).unwrap();
        let all = Catalogue::load(&[folder.path().to_owned()]).unwrap();
        assert_eq!(all.suite("default").unwrap().title, "Mine");
        assert!(all.task("synthetic").is_ok());
        let file = folder.path().join("suites/mine.toml").display().to_string();
        let told: Vec<String> = all.overrides.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [format!("suite `default`: {file} takes the place of benchmarks/suites/default.toml")]
        );
        assert_eq!(all.validate(), []);
        let missing = Catalogue::load(&[folder.path().join("none.toml")]).unwrap_err().to_string();
        assert!(
            missing.contains("none.toml") && missing.ends_with("; correct the path"),
            "{missing}"
        );
    }
}
