//! `culture-eval new-benchmark FILE`: from your file to a definition that runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use fs_err as fs;
use serde::Serialize;

use super::{Context, Outcome};
use crate::definition::answer::{AnswerMap, Kind};
use crate::definition::catalogue::Catalogue;
use crate::definition::split::Split;
use crate::normalise::guess::{self, Answer, GoldForm, Guess, Named, Parts, Said};
use crate::prepare::{self, Meta, Mode, sheet};

const EXAMPLES: &str = "\
Examples:
  culture-eval new-benchmark posts.csv
  culture-eval new-benchmark quiz.jsonl --name my-quiz --one-culture Indonesia
  culture-eval new-benchmark quiz.tsv --text question --options a,b,c --gold key --gold-is place-from-1";

/// Guesses the columns of your file and writes its definition
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// CSV, TSV, JSONL, JSON or Parquet with one example a row
    file: PathBuf,
    /// Name of the benchmark; by default the name of the file
    #[arg(long)]
    name: Option<String>,
    /// Folder that the definition is written to
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    #[command(flatten)]
    hints: Hints,
}

/// What a file does not contain, or what cannot be guessed from it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What cannot be guessed")]
struct Hints {
    /// Kind of answer
    #[arg(long, value_enum)]
    kind: Option<AnswerKind>,
    /// Column of the text that models read
    #[arg(long, value_name = "COLUMN")]
    text: Option<String>,
    /// Column of the context, which comes before the text
    #[arg(long, value_name = "COLUMN")]
    context: Option<String>,
    /// Columns with one option each, or one column with all options as a list
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    options: Vec<String>,
    /// Column of the right answer: the label, the right option, or the right answers
    #[arg(long, value_name = "COLUMN")]
    gold: Option<String>,
    /// How the right option is written
    #[arg(long, value_enum)]
    gold_is: Option<Written>,
    /// Columns with the share or the votes of one option each, or one column with all of them as a list
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    shares: Vec<String>,
    /// Columns with two sentences, the more stereotyped one first
    #[arg(long, value_name = "MORE,LESS", value_delimiter = ',')]
    pair: Vec<String>,
    /// Column of the culture
    #[arg(long, value_name = "COLUMN")]
    culture: Option<String>,
    /// The culture of all rows
    #[arg(long, value_name = "TAG")]
    one_culture: Option<String>,
    /// Column with train, valid or test
    #[arg(long, value_name = "COLUMN")]
    split: Option<String>,
    /// Column of ids; without it, rows are numbered
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
}

/// Kinds of answers that can be guessed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum AnswerKind {
    /// One of a few labels, the same for all rows
    Label,
    /// One of the options in the row
    Choice,
    /// A few words
    Short,
    /// How many people answer each option
    Distribution,
    /// Which of two sentences is likelier
    Preference,
}

/// How the right option is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    /// The text of the option
    Text,
    /// A letter, A or a for the first
    Letter,
    /// The place of the option: 0 for the first
    #[value(name = "place-from-0")]
    PlaceFrom0,
    /// The place of the option: 1 for the first
    #[value(name = "place-from-1")]
    PlaceFrom1,
    /// The name of the option's column
    Column,
}

/// What was written, for `--json`.
#[derive(Debug, Serialize)]
struct Told<'a> {
    definition: &'a Path,
    name: &'a str,
    roles: BTreeMap<&'a str, &'a str>,
    examples: u64,
    cultures: usize,
    commands: [String; 2],
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let (file, folder) = (&args.file, &args.folder);
    let sheet = sheet::sheet(file).with_context(|| format!("failed to read {}", file.display()))?;
    let name = args.name.clone().unwrap_or_else(|| slug(file));
    let definition = folder.join(format!("{name}.toml"));
    if definition.exists() {
        bail!(
            "{} already exists; choose another name with --name, or remove it",
            definition.display()
        );
    }
    let guess = guess::guess(&sheet, &said(&args.hints))
        .with_context(|| format!("failed to guess the columns of {}", file.display()))?;
    let mut all = Catalogue::load(&context.settings().definitions)
        .context("failed to read the definitions")?;
    free_name(&all, &name)?;
    let number = free_number(&all, folder);
    let text = guess::toml(&sheet, &guess, Named { name: &name, number })
        .context("failed to write the guess as TOML")?;
    let meta = tried(&mut all, &name, (&definition, &text), file, context)?;
    fs::create_dir_all(folder)?;
    fs::write(&definition, &text)?;
    let commands = commands(context, &definition, &name, file, &guess);
    if context.output.json {
        let told = Told {
            definition: &definition,
            name: &name,
            roles: guess.told.iter().map(|(role, found)| (*role, found.as_str())).collect(),
            examples: meta.statistics.examples,
            cultures: meta.statistics.cultures.len(),
            commands,
        };
        context.output.json(&told)?;
        return Ok(Outcome::Done);
    }
    context.output.text(definition.display().to_string())?;
    tell(context, &guess, &meta, &commands);
    Ok(Outcome::Done)
}

/// What was guessed and what to do next, on stderr.
fn tell(context: &Context, guess: &Guess, meta: &Meta, [check, run]: &[String; 2]) {
    let output = context.output;
    for (role, found) in &guess.told {
        output.note(format!("  {role:<8} {found}"));
    }
    if guess.rows == sheet::MOST {
        output.note(format!("guessed from the first {} rows", sheet::MOST));
    }
    if let Answer::Label { labels, .. } = &guess.answer
        && labels.iter().all(|label| label.parse::<f64>().is_ok())
    {
        output.note("the labels are numbers, which mean nothing to a language model: give them words with `labels` and `label_map`");
    }
    let (examples, cultures) = (meta.statistics.examples, meta.statistics.cultures.len());
    output.note(format!("{examples} examples of {cultures} cultures. Read the definition, correct what is wrong, then:"));
    output.note(format!("  {check}\n  {run}"));
    if models(guess).is_none() {
        output.note(format!(
            "replace {NO_MODEL} by your own language model: no model of the program can answer such questions (docs/your-dataset.md)"
        ));
    }
}

fn said(hints: &Hints) -> Said {
    Said {
        kind: hints.kind.map(|kind| match kind {
            AnswerKind::Label => Kind::Label,
            AnswerKind::Choice => Kind::Choice,
            AnswerKind::Short => Kind::Short,
            AnswerKind::Distribution => Kind::Distribution,
            AnswerKind::Preference => Kind::Preference,
        }),
        id: hints.id.clone(),
        text: hints.text.clone(),
        context: hints.context.clone(),
        culture: hints.culture.clone(),
        one_culture: hints.one_culture.clone(),
        split: hints.split.clone(),
        options: hints.options.clone(),
        gold: hints.gold.clone(),
        gold_is: hints.gold_is.map(|written| match written {
            Written::Text => GoldForm::Text,
            Written::Letter => GoldForm::Letter,
            Written::PlaceFrom0 => GoldForm::PlaceFrom0,
            Written::PlaceFrom1 => GoldForm::PlaceFrom1,
            Written::Column => GoldForm::Column,
        }),
        shares: hints.shares.clone(),
        pair: hints.pair.clone(),
    }
}

/// The name of a file as the name of a benchmark.
fn slug(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let words = stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn free_name(all: &Catalogue, name: &str) -> anyhow::Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(fits) {
        bail!(
            "`{name}` is not a valid name; use lower-case letters, digits, `-` and `.` in --name"
        );
    }
    let taken = all.dataset(name).is_ok() || all.task(name).is_ok() || all.benchmark(name).is_ok();
    if taken {
        bail!(
            "a dataset, task or benchmark `{name}` already exists; choose another name with --name"
        );
    }
    Ok(())
}

/// The first number from 1000 on that is not used by a known benchmark, nor by a definition in the folder.
fn free_number(all: &Catalogue, folder: &Path) -> u32 {
    let mut taken: BTreeSet<i64> = all.benchmarks().map(|b| i64::from(b.number)).collect();
    let beside = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in beside.filter(|path| path.extension().is_some_and(|ending| ending == "toml")) {
        let table: Option<toml::Table> =
            fs::read_to_string(path).ok().and_then(|text| text.parse().ok());
        let benchmarks = table.as_ref().and_then(|table| table.get("benchmark")?.as_array());
        let numbers =
            benchmarks.into_iter().flatten().filter_map(|b| b.get("number")?.as_integer());
        taken.extend(numbers);
    }
    (1000..u32::MAX).find(|number| !taken.contains(&i64::from(*number))).unwrap_or(u32::MAX)
}

/// Checks the definition and normalises the file by it, before anything is written.
fn tried(
    all: &mut Catalogue,
    name: &str,
    (path, text): (&Path, &str),
    file: &Path,
    context: &Context,
) -> anyhow::Result<Meta> {
    let shown = path.display().to_string();
    all.add(&shown, text).context("failed to read the generated definition")?;
    if let Some(problem) = all.validate().into_iter().find(|problem| problem.file == shown) {
        bail!("the generated definition is not valid, so it was not written: {problem}");
    }
    let (dataset, task) = all.task(name)?;
    let files = BTreeMap::from([("rows".to_owned(), file.to_owned())]);
    let prepared =
        prepare::prepare(dataset, task, &files, Mode::Official, &context.settings().cache)
            .context("a row does not fit the guess, so nothing was written")?;
    Ok(prepared.meta)
}

/// How to check the definition, and how to run it: with a model of this program that needs no weights, if one can
/// answer such questions.
fn commands(
    context: &Context,
    definition: &Path,
    name: &str,
    file: &Path,
    guess: &Guess,
) -> [String; 2] {
    let parent =
        file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let same = |a: &Path, b: &Path| {
        fs::canonicalize(a).ok().is_some_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b))
    };
    let (definition, folder) = (definition.to_string_lossy(), parent.to_string_lossy());
    let drop_in = !same(parent, &context.settings().drop_in);
    let with = |words: &[&str]| {
        let mut words = words.to_vec();
        words.extend(["--definitions", &definition]);
        if drop_in {
            words.extend(["--drop-in", &folder]);
        }
        context.command(&words)
    };
    let models = models(guess).unwrap_or(NO_MODEL);
    [with(&["prepare", name]), with(&["run", "--models", models, "--benchmarks", name])]
}

/// What a printed command shows in the place of the user's own model.
const NO_MODEL: &str = "MODEL";

/// Models of the program without weights that answer such questions.
fn models(guess: &Guess) -> Option<&'static str> {
    let learns = match &guess.parts {
        Parts::Hash => true,
        Parts::Given { cells, .. } => cells.contains_key(&Split::Train),
        Parts::Test => false,
    };
    match &guess.answer {
        Answer::Label { .. } => learns.then_some("majority,tfidf-logreg"),
        Answer::Other { map, .. } => {
            matches!(map, AnswerMap::Choice { .. }).then_some("hashed-ngrams")
        }
    }
}
