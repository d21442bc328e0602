//! One input of a task as a compiled pipeline: row -> steps -> example.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::definition::dataset::{BadRows, Input, Task};
use crate::definition::split::Split;
use crate::definition::step::Step;
use crate::example::Example;

use super::error::{Error, Kind, Place};
use super::reader::Rows;
use super::warnings::Tally;
use crate::text::template::{Bound, Template};
use crate::text::unicode::composed;

/// The steps and templates of one input with all names resolved.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// All columns: those read, `row`, `file`, `part`, then what steps add.
    columns: Vec<String>,
    /// Those that are read from the file, as [`Rows`] takes them; they are the first of `columns`.
    read: Vec<String>,
    steps: Vec<Action>,
    id: Bound,
    text: Bound,
    label: Bound,
    label_field: String,
    culture: Bound,
    cluster: Option<Bound>,
    opening: Option<Bound>,
    groups: BTreeMap<String, Bound>,
    label_map: BTreeMap<String, String>,
    labels: Vec<String>,
    part: Option<Split>,
    bad_rows: BadRows,
}

/// A [`Step`] over positions.
#[derive(Debug, Clone)]
enum Action {
    Unpivot { columns: Vec<(usize, String)>, key: usize, value: usize },
    Set { column: usize, template: Bound },
    Map { from: usize, to: usize, values: BTreeMap<String, String>, otherwise: Option<String> },
    Trim { columns: Vec<usize> },
    CutAt { column: usize, at: String },
    SkipEmpty { column: usize },
    Drop { column: usize, values: BTreeSet<String> },
    BlankNa { columns: Vec<usize> },
    Blank { column: usize, values: BTreeSet<String> },
    FirstOf { columns: Vec<usize>, to: usize },
    Mask { column: usize, mark: String, to: usize },
    KeepIf { column: usize, values: BTreeSet<String>, of: usize },
}

/// What a step made of a row.
enum Fate {
    Kept,
    SkippedEmpty(usize),
    Dropped,
}

impl Pipeline {
    /// Resolves every name; the problem is one sentence that names the step or template.
    pub fn new(task: &Task, input: &Input) -> Result<Self, String> {
        let mut columns = [input.columns.as_slice(), &input.optional].concat();
        let optional = input.optional.iter().map(|name| format!("{name}?"));
        let read = input.columns.iter().cloned().chain(optional).collect();
        for own in ["row", "file", "part"] {
            if columns.iter().any(|column| column == own) {
                return Err(format!(
                    "`columns`: `{own}` is a name of ours; read it under a template of another column"
                ));
            }
            columns.push(own.to_owned());
        }
        let mut steps = Vec::new();
        for (i, step) in input.steps.iter().chain(&task.steps).enumerate() {
            let action =
                Action::new(step, &mut columns).map_err(|e| format!("step {}: {e}", i + 1))?;
            steps.push(action);
        }
        let map = &task.example;
        let bind = |field: &str, template: &str| {
            bind(template, &columns).map_err(|e| format!("example.{field}: {e}"))
        };
        let groups = map
            .groups
            .iter()
            .map(|(name, template)| Ok((name.clone(), bind(&format!("groups.{name}"), template)?)))
            .collect::<Result<_, String>>()?;
        Ok(Self {
            read,
            steps,
            id: bind("id", &map.id)?,
            text: bind("text", &map.text)?,
            label: bind("label", &map.label)?,
            label_field: label_field(&map.label),
            culture: bind("culture", &map.culture)?,
            cluster: map.cluster.as_ref().map(|cluster| bind("cluster", cluster)).transpose()?,
            opening: map.opening.as_ref().map(|opening| bind("opening", opening)).transpose()?,
            groups,
            label_map: map.label_map.clone(),
            labels: task.labels.clone(),
            part: input.part,
            bad_rows: input.bad_rows,
            columns,
        })
    }

    /// The columns that a reader must give, in order.
    pub fn read(&self) -> &[String] {
        &self.read
    }

    /// Maps a finished row; its buffers are used again.
    fn example(&self, row: &[String], out: &mut Example) -> Result<(), Kind> {
        let mut label = String::new();
        self.label.render(row, &mut label);
        if !self.label_map.is_empty() {
            label = self.label_map.get(&label).cloned().ok_or_else(|| Kind::Unlisted {
                field: self.label_field.clone(),
                value: label,
                expected: self.label_map.keys().cloned().collect(),
                table: "label_map",
            })?;
        }
        if !self.labels.is_empty() && !self.labels.contains(&label) {
            let expected = self.labels.clone();
            return Err(Kind::Unlisted {
                field: self.label_field.clone(),
                value: label,
                expected,
                table: "labels",
            });
        }
        out.label = label;
        self.id.render(row, &mut out.id);
        self.text.render(row, &mut out.text);
        self.culture.render(row, &mut out.culture);
        if let Cow::Owned(name) = composed(&out.culture) {
            out.culture = name;
        }
        match &self.cluster {
            Some(cluster) => cluster.render(row, &mut out.cluster),
            None => out.cluster.clear(),
        }
        if out.cluster.trim().is_empty() {
            out.cluster.clone_from(&out.id);
        }
        match &self.opening {
            Some(opening) => opening.render(row, &mut out.opening),
            None => out.opening.clear(),
        }
        for (name, template) in &self.groups {
            if !out.groups.contains_key(name) {
                out.groups.insert(name.clone(), String::new());
            }
            if let Some(group) = out.groups.get_mut(name) {
                template.render(row, group);
            }
        }
        out.part = self.part;
        Ok(())
    }
}

/// Takes an example and the place its row stands at.
pub type Sink<'a, E> = dyn FnMut(&Example, &Place) -> Result<(), E> + 'a;

/// Reads all rows and hands each example to `sink`; `tally` accounts for every row.
pub fn normalise<E: From<Error>>(
    pipeline: &Pipeline,
    rows: &mut Rows<'_>,
    stem: &str,
    tally: &mut Tally,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    let width = pipeline.read.len();
    let mut cells = vec![String::new(); pipeline.columns.len()];
    let mut work =
        Work { pipeline, tally, sink, example: Example::default(), place: Place::default() };
    loop {
        let more = rows.next(&mut cells[..width]);
        work.place.clone_from(rows.place());
        match more {
            Ok(false) => break,
            Ok(true) => work.tally.read += 1,
            Err(error) => {
                work.tally.read += 1;
                work.trouble(*error.kind)?;
                continue;
            }
        }
        itoa::Buffer::new().format(rows.row() - 1).clone_into(&mut cells[width]);
        stem.clone_into(&mut cells[width + 1]);
        pipeline.part.map_or("", Split::name).clone_into(&mut cells[width + 2]);
        work.steps(0, &mut cells)?;
    }
    if rows.row() == 0 {
        let place = Place { row: None, line: None, ..rows.place().clone() };
        return Err(Error::new(place, Kind::NoRows).into());
    }
    debug_assert!(work.tally.balances(), "every row is accounted for");
    Ok(())
}

/// What is at hand while a file is normalised.
struct Work<'a, 's, E> {
    pipeline: &'a Pipeline,
    tally: &'a mut Tally,
    sink: &'a mut Sink<'s, E>,
    example: Example,
    place: Place,
}

impl<E: From<Error>> Work<'_, '_, E> {
    /// Runs the steps from `first` on, branching at `unpivot`, and emits what is left.
    fn steps(&mut self, first: usize, row: &mut [String]) -> Result<(), E> {
        let pipeline = self.pipeline;
        for (i, action) in pipeline.steps.iter().enumerate().skip(first) {
            if let Action::Unpivot { columns, key, value } = action {
                self.tally.made += columns.len() as u64 - 1;
                for (column, name) in columns {
                    let mut branch = row.to_vec();
                    branch[*value].clone_from(&row[*column]);
                    name.clone_into(&mut branch[*key]);
                    self.steps(i + 1, &mut branch)?;
                }
                return Ok(());
            }
            match action.apply(row, &pipeline.columns) {
                Ok(Fate::Kept) => {}
                Ok(Fate::SkippedEmpty(column)) => {
                    self.skip(&format!("empty `{}`", pipeline.columns[column]), "");
                    return Ok(());
                }
                Ok(Fate::Dropped) => {
                    self.tally.dropped += 1;
                    return Ok(());
                }
                Err(kind) => return self.trouble(kind),
            }
        }
        if let Err(kind) = pipeline.example(row, &mut self.example) {
            return self.trouble(kind);
        }
        self.tally.examples += 1;
        if self.example.text.trim().is_empty() {
            self.tally.warnings.add("empty text (kept)", &self.place, "");
        }
        (self.sink)(&self.example, &self.place)
    }

    /// Skips and counts a bad row, or gives up.
    fn trouble(&mut self, kind: Kind) -> Result<(), E> {
        if self.pipeline.bad_rows == BadRows::Skip && kind.is_row_trouble() {
            self.skip(kind.name(), &kind.to_string());
            return Ok(());
        }
        Err(Error::new(self.place.clone(), kind).into())
    }

    fn skip(&mut self, kind: &str, detail: &str) {
        self.tally.skipped += 1;
        self.tally.warnings.add(kind, &self.place, detail);
    }
}

impl Action {
    fn new(step: &Step, columns: &mut Vec<String>) -> Result<Self, String> {
        Ok(match step {
            Step::Unpivot { columns: wide, key, value } => {
                if wide.is_empty() {
                    return Err(
                        "`columns` of `unpivot` is empty; name the columns to turn into rows"
                            .to_owned(),
                    );
                }
                let wide =
                    wide.iter().map(|(column, name)| Ok((find(column, columns)?, name.clone())));
                Self::Unpivot {
                    columns: wide.collect::<Result<_, String>>()?,
                    key: find_or_add(key, columns),
                    value: find_or_add(value, columns),
                }
            }
            Step::Set { column, template } => Self::Set {
                template: bind(template, columns)?,
                column: find_or_add(column, columns),
            },
            Step::Map { column, to, values, otherwise } => Self::Map {
                from: find(column, columns)?,
                to: find_or_add(to.as_ref().unwrap_or(column), columns),
                values: values.clone(),
                otherwise: otherwise.clone(),
            },
            Step::Trim { columns: names } => Self::Trim {
                columns: names.iter().map(|name| find(name, columns)).collect::<Result<_, _>>()?,
            },
            Step::CutAt { column, at } => {
                Self::CutAt { column: find(column, columns)?, at: at.clone() }
            }
            Step::SkipEmpty { column } => Self::SkipEmpty { column: find(column, columns)? },
            Step::Drop { column, values } => Self::Drop {
                column: find(column, columns)?,
                values: values.iter().cloned().collect(),
            },
            Step::BlankNa { columns: names } => Self::BlankNa {
                columns: names.iter().map(|name| find(name, columns)).collect::<Result<_, _>>()?,
            },
            Step::Blank { column, values } => Self::Blank {
                column: find(column, columns)?,
                values: values.iter().cloned().collect(),
            },
            Step::FirstOf { columns: names, to } => Self::FirstOf {
                columns: names.iter().map(|name| find(name, columns)).collect::<Result<_, _>>()?,
                to: find_or_add(to, columns),
            },
            Step::Mask { column, mark, to } => {
                if mark.is_empty() {
                    return Err(
                        "`mark` of `mask` is empty; give the mark around what is masked".to_owned()
                    );
                }
                Self::Mask {
                    column: find(column, columns)?,
                    mark: mark.clone(),
                    to: find_or_add(to.as_ref().unwrap_or(column), columns),
                }
            }
            Step::KeepIf { column, is, keep } => Self::KeepIf {
                column: find(column, columns)?,
                values: is.iter().cloned().collect(),
                of: find(keep, columns)?,
            },
        })
    }

    fn apply(&self, row: &mut [String], columns: &[String]) -> Result<Fate, Kind> {
        match self {
            Self::Set { column, template } => {
                let mut cell = String::new();
                template.render(row, &mut cell);
                row[*column] = cell;
            }
            Self::Map { from, to, values, otherwise } => {
                let cell = values.get(&row[*from]).or(otherwise.as_ref()).ok_or_else(|| {
                    Kind::Unlisted {
                        field: columns[*from].clone(),
                        value: row[*from].clone(),
                        expected: values.keys().cloned().collect(),
                        table: "values",
                    }
                })?;
                row[*to].clone_from(cell);
            }
            Self::Trim { columns } => {
                for &column in columns {
                    let cell = &mut row[column];
                    if cell.trim().len() != cell.len() {
                        *cell = cell.trim().to_owned();
                    }
                }
            }
            Self::CutAt { column, at } => {
                if let Some(end) = row[*column].find(at.as_str()) {
                    row[*column].truncate(end);
                }
            }
            Self::SkipEmpty { column } if row[*column].trim().is_empty() => {
                return Ok(Fate::SkippedEmpty(*column));
            }
            Self::Drop { column, values } if values.contains(&row[*column]) => {
                return Ok(Fate::Dropped);
            }
            Self::BlankNa { columns } => {
                for &column in columns {
                    if PANDAS_NA.contains(&row[column].as_str()) {
                        row[column].clear();
                    }
                }
            }
            Self::Blank { column, values } => {
                if values.contains(&row[*column]) {
                    row[*column].clear();
                }
            }
            Self::FirstOf { columns, to } => {
                let first =
                    columns.iter().map(|&column| row[column].trim()).find(|c| !c.is_empty());
                let first = first.unwrap_or_default().to_owned();
                row[*to] = first;
            }
            Self::Mask { column, mark, to } => row[*to] = masked(&row[*column], mark),
            Self::KeepIf { column, values, of } => {
                if !values.contains(&row[*column]) {
                    row[*of].clear();
                }
            }
            Self::Unpivot { .. } | Self::SkipEmpty { .. } | Self::Drop { .. } => {}
        }
        Ok(Fate::Kept)
    }
}

/// What pandas' `read_csv` takes for missing by default (`keep_default_na`), the empty cell aside.
const PANDAS_NA: [&str; 18] = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// A text with `_` for each part between two marks, or from a last single mark on.
fn masked(text: &str, mark: &str) -> String {
    let parts: Vec<&str> =
        text.split(mark).enumerate().filter(|(i, _)| i % 2 == 0).map(|(_, p)| p).collect();
    let mut out = parts.join("_");
    if text.matches(mark).count() % 2 == 1 {
        out.push('_');
    }
    out.trim().to_owned()
}

fn bind(template: &str, columns: &[String]) -> Result<Bound, String> {
    Template::parse(template).and_then(|t| t.bind(columns)).map_err(|e| e.to_string())
}

fn find(name: &str, columns: &[String]) -> Result<usize, String> {
    columns.iter().position(|column| column == name).ok_or_else(|| {
        let there = crate::text::names(columns);
        format!("unknown column `{name}` (there are: {there}); add it to `columns` of the input, or set it in an earlier step")
    })
}

fn find_or_add(name: &str, columns: &mut Vec<String>) -> usize {
    columns.iter().position(|column| column == name).unwrap_or_else(|| {
        columns.push(name.to_owned());
        columns.len() - 1
    })
}

/// The column that a label comes from, for messages.
fn label_field(template: &str) -> String {
    let names =
        Template::parse(template).ok().map(|t| t.names().map(str::to_owned).collect::<Vec<_>>());
    match names.as_deref() {
        Some([one]) => one.clone(),
        _ => "label".to_owned(),
    }
}
