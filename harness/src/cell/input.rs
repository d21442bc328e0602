//! What a model reads: the protocol's template over each example, and the columns of a batch.

use std::borrow::Cow;
use std::ops::Range;

use crate::definition::family::Task;
use crate::example::Examples;
use crate::plugin::Columns;
use crate::prompts::{self, PromptError};

/// Examples as a model reads them.
pub(super) struct Input<'a> {
    ids: Vec<&'a str>,
    texts: Vec<Cow<'a, str>>,
    cultures: Vec<u32>,
}

/// A template filled for one example.
pub(super) fn fill(
    template: &str,
    examples: &Examples,
    row: usize,
    task: &Task,
) -> Result<String, PromptError> {
    let culture = examples.cultures.get(row);
    let fields = [
        ("text", examples.texts.get(row)),
        ("culture", culture),
        ("culture_name", task.culture_name(culture)),
    ];
    prompts::render(template, &fields)
}

impl<'a> Input<'a> {
    /// `{text}` alone borrows the texts as they are. `cultures` are all of the data, sorted.
    pub(super) fn new(
        examples: &'a Examples,
        rows: Range<usize>,
        template: &str,
        task: &Task,
        cultures: &[String],
    ) -> Result<Self, PromptError> {
        let plain = template == "{text}";
        let text = |row| {
            if plain {
                Ok(Cow::Borrowed(examples.texts.get(row)))
            } else {
                fill(template, examples, row, task).map(Cow::Owned)
            }
        };
        let places: Vec<u32> = (examples.cultures.names.iter())
            .map(|name| cultures.binary_search(name).unwrap_or(cultures.len()) as u32)
            .collect();
        let codes = &examples.cultures.codes[rows.clone()];
        Ok(Self {
            ids: rows.clone().map(|row| examples.ids.get(row)).collect(),
            texts: rows.map(text).collect::<Result<_, _>>()?,
            cultures: codes.iter().map(|code| places[*code as usize]).collect(),
        })
    }

    /// Calls with the columns of some rows.
    pub(super) fn with<T>(&self, rows: Range<usize>, call: impl FnOnce(Columns<'_>) -> T) -> T {
        let texts: Vec<&str> = self.texts[rows.clone()].iter().map(AsRef::as_ref).collect();
        call(Columns {
            ids: &self.ids[rows.clone()],
            texts: &texts,
            cultures: &self.cultures[rows],
        })
    }

    /// Calls with all columns.
    pub(super) fn all<T>(&self, call: impl FnOnce(Columns<'_>) -> T) -> T {
        self.with(0..self.ids.len(), call)
    }
}
