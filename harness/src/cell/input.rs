//! What a model reads: the protocol's template over each example, and the columns of a batch.

use std::borrow::Cow;
use std::ops::Range;

use crate::definition::dataset::Task;
use crate::example::Examples;
use crate::plugin::Columns;
use crate::prompts::{OF_CULTURE, OF_EXAMPLE};
use crate::text::template::{Error, Template};

/// Examples as a model reads them: opaque ids, texts, and cultures where the protocol shows them.
pub(super) struct Input<'a> {
    ids: Vec<&'a str>,
    texts: Vec<Cow<'a, str>>,
    cultures: Vec<u32>,
}

/// What a template over an example may name: text, culture, and the parts of the text.
pub(super) fn values<'e>(
    examples: &'e Examples,
    row: usize,
    task: &'e Task,
) -> Vec<(&'e str, &'e str)> {
    let [text, culture, name] = OF_EXAMPLE;
    let tag = examples.cultures.get(row);
    let mut values =
        vec![(text, examples.texts.get(row)), (culture, tag), (name, task.culture_name(tag))];
    if let Some(item) = examples.items.get(row) {
        values.extend(item.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }
    values
}

/// A template filled for one example.
pub(super) fn fill(
    template: &Template,
    examples: &Examples,
    row: usize,
    task: &Task,
) -> Result<String, Error> {
    template.fill(&values(examples, row, task))
}

/// A persona for one culture.
pub(super) fn persona(template: &Template, culture: &str, task: &Task) -> Result<String, Error> {
    let [tag, name] = OF_CULTURE;
    template.fill(&[(tag, culture), (name, task.culture_name(culture))])
}

impl<'a> Input<'a> {
    /// `{text}` alone borrows the texts as they are. `cultures` are all that the model knows, sorted: none where it does not see
    /// the culture, so that every example is of an unknown one.
    pub(super) fn new(
        examples: &'a Examples,
        rows: Range<usize>,
        template: &str,
        task: &Task,
        cultures: &[String],
    ) -> Result<Self, Error> {
        let plain = template == "{text}";
        let template = Template::parse(template)?;
        let text = |row| {
            if plain {
                Ok(Cow::Borrowed(examples.texts.get(row)))
            } else {
                fill(&template, examples, row, task).map(Cow::Owned)
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
        let ids = &self.ids[rows.clone()];
        call(Columns { ids, names: ids, texts: &texts, cultures: &self.cultures[rows] })
    }

    /// Calls with all columns.
    pub(super) fn all<T>(&self, call: impl FnOnce(Columns<'_>) -> T) -> T {
        self.with(0..self.ids.len(), call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::catalogue::Catalogue;
    use crate::example::Coded;
    use crate::testing::dataset::Own;

    fn own() -> String {
        let input =
            |id| format!("[[task.input]]\nsource = \"{id}\"\npart = \"{id}\"\ncolumns = [\"x\"]\n");
        let own = Own {
            name: "own",
            sources: [("train", "train.csv"), ("test", "test.csv")],
            task: "labels = [\"no\", \"yes\"]\nculture_kind = \"country\"",
            inputs: &format!("{}{}", input("train"), input("test")),
            example: "[task.example]\nid = \"{x}\"\ntext = \"{x}\"\nlabel = \"{x}\"\nculture = \"{x}\"\n[task.split]\nmethod = \"given\"",
            metric: "accuracy",
        };
        own.toml()
    }

    fn example() -> Examples {
        Examples {
            ids: std::iter::once("1").collect(),
            texts: std::iter::once(" A {culture} B ").collect(),
            cultures: Coded { names: vec!["KE".to_owned()], codes: vec![0] },
            ..Examples::default()
        }
    }

    /// A protocol's `input` and a model's `persona`: a definition that passes the check fails in no cell, and the other way
    /// round.
    #[test]
    fn what_the_check_accepts_is_what_a_cell_renders() {
        let templates = [
            ("{text}", Some(" A {culture} B ")),
            ("[{text|trim}]", Some("[A {culture} B]")),
            ("{ text | trim | lower }", Some("a {culture} b")),
            ("{culture}/{culture_name|lower}: {text|trim}", Some("KE/ke: A {culture} B")),
            ("{{culture}} {text|trim}", Some("{culture} A {culture} B")),
            ("{text", None),
            ("text} {text}", None),
            ("{text|up}", None),
            ("{row} {text}", None),
            ("{} {text}", None),
            ("{label} {text}", None),
        ];
        for (template, expect) in templates {
            let mut all = Catalogue::default();
            let input = format!("name = \"trained\"\ninput = '{template}'\n");
            all.add("own.toml", &own().replace("name = \"trained\"\n", &input)).unwrap();
            let model = format!(
                "name = \"m\"\ntitle = \"M\"\nplugin = \"majority\"\ndescription = \"-\"\nlicence = \"MIT\"\n[prompt]\npersona = '{}'\n",
                template.replace("text", "culture")
            );
            all.add("models/m.toml", &model).unwrap();
            let problems: Vec<String> = all.validate().into_iter().map(|p| p.field).collect();
            let refused = |end: &str| problems.iter().any(|field| field.ends_with(end));

            let task = all.task("own").unwrap().1;
            let examples = example();
            let read = Input::new(&examples, 0..1, &task.protocols[0].input, task, &[]);
            let read = read.map(|input| input.all(|columns| columns.texts[0].to_owned()));
            assert_eq!(read.as_deref().ok(), expect, "{template}");
            assert_eq!(refused(".input"), read.is_err(), "{template}: {problems:?}");

            let about = all.model("m").unwrap().prompt.persona.clone().unwrap();
            let made = Template::parse(&about).and_then(|t| persona(&t, "KE", task));
            assert_eq!(refused(".persona"), made.is_err(), "{about}: {problems:?}");
        }
    }
}
