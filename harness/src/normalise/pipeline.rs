//! One input of a task as a compiled pipeline: row -> steps -> example.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::definition::dataset::{Input, Task};
use crate::definition::split::Split;
use crate::example::Example;

use super::answer::{Answer, Oddities};
use super::chain::{Chain, Lookup};
use super::error::{Error, Kind, Place};
use super::names::bind;
use super::reader::Rows;
use super::steps::{Emit, Stop, run};
use super::table::Tables;
use super::warnings::Tally;
use crate::text::template::{Bound, Template};
use crate::text::unicode::composed;

/// The steps and templates of one input with all names resolved.
#[derive(Debug, Clone)]
pub struct Pipeline {
    chain: Chain,
    id: Bound,
    text: Bound,
    label: Bound,
    label_field: String,
    answer: Option<Answer>,
    fields: BTreeMap<String, Bound>,
    culture: Bound,
    cluster: Option<Bound>,
    opening: Option<Bound>,
    groups: BTreeMap<String, Bound>,
    label_map: BTreeMap<String, String>,
    labels: Vec<String>,
    part: Option<Split>,
}

impl Pipeline {
    /// Resolves every name; the problem is one sentence that names the step or template.
    pub fn new(task: &Task, input: &Input) -> Result<Self, String> {
        let chain = Chain::new(
            &input.columns,
            &input.optional,
            input.rows.as_ref(),
            input.steps.iter().chain(&task.steps),
            input.part,
            input.bad_rows,
        )?;
        let columns = &chain.columns;
        let map = &task.example;
        let bind = |field: &str, template: &str| {
            bind(template, columns).map_err(|e| format!("example.{field}: {e}"))
        };
        let named = |table: &str, templates: &BTreeMap<String, String>| {
            let one = |(name, template): (&String, &String)| {
                Ok((name.clone(), bind(&format!("{table}.{name}"), template)?))
            };
            templates.iter().map(one).collect::<Result<BTreeMap<_, _>, String>>()
        };
        let answer = map
            .answer
            .as_ref()
            .map(|answer| Answer::new(answer, columns).map_err(|e| format!("example.answer: {e}")));
        Ok(Self {
            id: bind("id", &map.id)?,
            text: bind("text", &map.text)?,
            label: bind("label", &map.label)?,
            label_field: label_field(&map.label),
            answer: answer.transpose()?,
            fields: named("fields", &map.fields)?,
            culture: bind("culture", &map.culture)?,
            cluster: map.cluster.as_ref().map(|cluster| bind("cluster", cluster)).transpose()?,
            opening: map.opening.as_ref().map(|opening| bind("opening", opening)).transpose()?,
            groups: named("groups", &map.groups)?,
            label_map: map.label_map.clone(),
            labels: task.labels.clone(),
            part: input.part,
            chain,
        })
    }

    /// The columns that a reader must give, in order.
    pub fn read(&self) -> &[String] {
        &self.chain.read
    }

    /// The other files that steps use.
    pub fn lookups(&self) -> &[Lookup] {
        &self.chain.tables
    }

    /// Maps a finished row; its buffers are used again.
    fn example(&self, row: &[String], out: &mut Example) -> Result<Oddities, Kind> {
        self.id.render(row, &mut out.id);
        let odd = match &self.answer {
            None => self.labelled(row, out)?,
            Some(answer) => answer.fill(row, out)?,
        };
        if !self.labels.is_empty() && !self.labels.contains(&out.label) {
            return Err(Kind::Unlisted {
                field: self.label_field.clone(),
                value: out.label.clone(),
                expected: self.labels.clone(),
                table: "labels",
            });
        }
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
        render_all(&self.groups, row, &mut out.groups);
        render_all(&self.fields, row, &mut out.item.fields);
        out.part = self.part;
        Ok(odd)
    }

    /// The label of a task with labels.
    fn labelled(&self, row: &[String], out: &mut Example) -> Result<Oddities, Kind> {
        self.label.render(row, &mut out.label);
        if !self.label_map.is_empty() {
            let label = self.label_map.get(&out.label).ok_or_else(|| Kind::Unlisted {
                field: self.label_field.clone(),
                value: out.label.clone(),
                expected: self.label_map.keys().cloned().collect(),
                table: "label_map",
            })?;
            out.label.clone_from(label);
        }
        Ok(Oddities::default())
    }
}

fn render_all(
    templates: &BTreeMap<String, Bound>,
    row: &[String],
    out: &mut BTreeMap<String, String>,
) {
    for (name, template) in templates {
        if !out.contains_key(name) {
            out.insert(name.clone(), String::new());
        }
        if let Some(text) = out.get_mut(name) {
            template.render(row, text);
        }
    }
}

/// Takes an example and the place its row is at.
pub type Sink<'a, E> = dyn FnMut(&Example, &Place) -> Result<(), E> + 'a;

/// Reads all rows and hands each example to `sink`; `tally` accounts for every row. `tables` are the other files that
/// [`Pipeline::lookups`] asks for.
pub fn normalise<E: From<Error>>(
    pipeline: &Pipeline,
    tables: &Tables,
    rows: &mut Rows<'_>,
    stem: &str,
    tally: &mut Tally,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    let mut making = Making { pipeline, sink, example: Example::default() };
    run(&pipeline.chain, tables, rows, stem, tally, &mut making)
}

/// Makes examples of rows.
struct Making<'a, 's, E> {
    pipeline: &'a Pipeline,
    sink: &'a mut Sink<'s, E>,
    example: Example,
}

impl<E> Emit<E> for Making<'_, '_, E> {
    fn row(&mut self, row: &mut [String], place: &Place, tally: &mut Tally) -> Result<(), Stop<E>> {
        let odd = self.pipeline.example(row, &mut self.example).map_err(Stop::Row)?;
        tally.examples += 1;
        if self.example.text.trim().is_empty() {
            tally.warnings.add("empty text (kept)", place, "");
        }
        odd.warn(self.pipeline.answer.as_ref(), place, &mut tally.warnings);
        (self.sink)(&self.example, place).map_err(Stop::Sink)
    }
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
