//! What of an example a model is given. The rest (label, groups, cluster, place in the files) never crosses to a plugin.

use super::dataset::{Prompt, Protocol, Task};
pub use super::field::Field;
use crate::text::template::Template;

impl Task {
    /// What a model sees by a protocol: the protocol's `sees`, else the task's, else the text alone, with the culture where the
    /// protocol's own wording names it.
    pub fn seen_by(&self, protocol: &Protocol) -> Vec<Field> {
        let said = protocol.sees.as_ref().or(self.sees.as_ref());
        said.cloned().unwrap_or_else(|| {
            let culture = protocol.names_culture().then_some(Field::Culture);
            std::iter::once(Field::Text).chain(culture).collect()
        })
    }

    /// Whether some protocol gives models the culture.
    pub fn shows_culture(&self) -> bool {
        self.protocols.iter().any(|protocol| self.seen_by(protocol).contains(&Field::Culture))
    }
}

impl Protocol {
    /// Whether the plugin gets the culture. A protocol of a cell always lists what is seen; in cells of versions that did not
    /// have `sees`, every plugin got the culture.
    pub fn shows_culture(&self) -> bool {
        self.sees.as_ref().is_none_or(|fields| fields.contains(&Field::Culture))
    }

    /// Whether `input` or a prompt puts the culture into words.
    pub fn names_culture(&self) -> bool {
        let prompts = self.prompts.iter().flat_map(Prompt::templates);
        std::iter::once(self.input.as_str()).chain(prompts).any(names_culture)
    }
}

impl Prompt {
    /// Every template that puts something of an example into what a model reads.
    fn templates(&self) -> impl Iterator<Item = &str> {
        let marks = self.fill.values().chain(self.reword.values());
        std::iter::once(&self.template)
            .chain(marks)
            .chain([&self.continuation])
            .chain(&self.unconditional)
            .map(String::as_str)
    }
}

/// Whether a template over an example names its culture; one that does not parse names nothing.
pub fn names_culture(template: &str) -> bool {
    let named = |template: Template| {
        template.names().any(|name| ["culture", "culture_name"].contains(&name))
    };
    Template::parse(template).is_ok_and(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::catalogue::Catalogue;

    fn seen(task: &str, protocol: &str) -> Vec<Field> {
        let all = Catalogue::embedded().unwrap();
        let (_, task) = all.task(task).unwrap();
        let protocol = task.protocols.iter().find(|p| p.name == protocol).unwrap();
        task.seen_by(protocol)
    }

    /// From the official code: UniVaR embeds the answers alone (`downstream_eval.py`), HEARTS' models read `text`
    /// (`Logistic_Regression.py`), CultureAtlas asks with the assertion alone, CREHate's fine-tuning has the country as a tag.
    #[test]
    fn models_see_what_the_official_setup_gives() {
        use Field::{Culture, Text};
        for task in ["wvs", "pvq-rr", "globe", "value-prism"] {
            assert_eq!(seen(task, "frozen"), [Text]);
            assert_eq!(seen(task, "trained"), [Text]);
        }
        assert_eq!(seen("emgsd", "trained"), [Text]);
        assert_eq!(seen("cultureatlas", "zero-shot"), [Text]);
        assert_eq!(seen("cultureatlas", "trained"), [Text]);
        assert_eq!(seen("crehate", "finetuned"), [Text, Culture]);
        assert_eq!(seen("crehate", "zero-shot"), [Text, Culture]);
    }

    #[test]
    fn the_protocol_comes_before_the_task_and_the_task_before_the_wording() {
        let all = Catalogue::embedded().unwrap();
        let mut task = all.task("crehate").unwrap().1.clone();
        let mut protocol = task.protocols[0].clone();
        (protocol.sees, task.sees) = (None, None);
        assert_eq!(task.seen_by(&protocol), [Field::Text, Field::Culture], "its input has the tag");
        "{text}".clone_into(&mut protocol.input);
        assert_eq!(task.seen_by(&protocol), [Field::Text]);
        task.sees = Some(vec![Field::Text, Field::Culture]);
        assert_eq!(task.seen_by(&protocol), [Field::Text, Field::Culture]);
        protocol.sees = Some(vec![Field::Text]);
        assert_eq!(task.seen_by(&protocol), [Field::Text]);
    }

    /// Whatever puts the culture into words gives it to the model: marks, options in other words, continuations, the prompt
    /// without the question.
    #[test]
    fn every_template_of_a_prompt_counts() {
        let all = Catalogue::embedded().unwrap();
        let task = all.task("fork").unwrap().1.clone();
        let protocol = task.protocols.iter().find(|p| !p.prompts.is_empty()).unwrap();
        assert!(!protocol.names_culture());
        let named = |change: fn(&mut Prompt, String)| {
            let mut protocol = protocol.clone();
            change(&mut protocol.prompts[0], "{culture_name}".to_owned());
            protocol.names_culture()
        };
        assert!(named(|prompt, template| prompt.template = template));
        assert!(named(|prompt, template| prompt.continuation = template));
        assert!(named(|prompt, template| prompt.unconditional = Some(template)));
        assert!(named(|prompt, template| prompt.fill = [("[x]".to_owned(), template)].into()));
        assert!(named(|prompt, template| prompt.reword = [("0".to_owned(), template)].into()));
    }

    #[test]
    fn a_cell_of_before_saw_the_culture() {
        let all = Catalogue::embedded().unwrap();
        let mut protocol = all.task("emgsd").unwrap().1.protocols[0].clone();
        protocol.sees = None;
        assert!(protocol.shows_culture());
        protocol.sees = Some(vec![Field::Text]);
        assert!(!protocol.shows_culture());
    }
}
