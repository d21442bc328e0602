//! Prompts: their templates, options and parsers, and the orders in which options are shown.

use std::collections::BTreeSet;

use super::Check;
use crate::definition::answer::Kind;
use crate::definition::dataset::{Likelihood, Order, Parser, Prompt, Protocol, Task};
use crate::prompts::options::{OptionReader, TextReader};
use crate::prompts::{OF_EXAMPLE, PromptError, ReplyParser};
use crate::text::template::Template;

impl Check<'_> {
    /// The orders in which options are shown.
    pub(super) fn order(&mut self, at: &str, task: &Task, protocol: &Protocol) {
        let field = format!("{at}.order");
        self.require(
            protocol.order == Order::Given || task.kind().has_options(),
            &field,
            "the examples have no options to put in order; remove it",
        );
        match &protocol.order {
            Order::Given => {}
            Order::Listed { of } => {
                let distinct: BTreeSet<&Vec<usize>> = of.iter().collect();
                self.require(
                    !of.is_empty() && distinct.len() == of.len(),
                    &field,
                    "list at least one order, and none twice",
                );
            }
            Order::Shuffle { times, .. } => {
                self.require(*times > 0, &field, "`times` must be 1 or more");
            }
        }
    }

    pub(super) fn prompt(&mut self, at: &str, task: &Task, prompt: &Prompt) {
        self.prompt_templates(at, task, prompt);
        self.require(prompt.max_tokens != Some(0), format!("{at}.max_tokens"), "must be 1 or more");
        match task.kind() {
            Kind::Label => self.prompt_of_labels(at, task, prompt),
            Kind::Short => self.parser(at, TextReader::new(&prompt.parser).err()),
            _ => self.parser(at, OptionReader::new(&prompt.parser).err()),
        }
        self.require(
            task.kind() == Kind::Label || prompt.options.is_empty(),
            format!("{at}.options"),
            "the examples have their own options; remove it",
        );
    }

    fn parser(&mut self, at: &str, error: Option<PromptError>) {
        if let Some(error) = error {
            self.problem(format!("{at}.parser"), error.to_string());
        }
    }

    /// Templates know their names; what is shown holds the text, a part of it, or loaded words.
    fn prompt_templates(&mut self, at: &str, task: &Task, prompt: &Prompt) {
        let fields: Vec<&str> = task.example.fields.keys().map(String::as_str).collect();
        let of_example: Vec<&str> =
            OF_EXAMPLE.iter().copied().chain(fields.iter().copied()).collect();
        let field = format!("{at}.template");
        let template = match Template::parse(&prompt.template) {
            Ok(template) => template,
            Err(error) => return self.problem(field, error.to_string()),
        };
        let has_options = task.kind().has_options();
        let known = |name: &str| {
            of_example.contains(&name)
                || prompt.wording.is_some() && name.starts_with("w.")
                || has_options
                    && (name.starts_with("option.") || ["options", "letters"].contains(&name))
        };
        if let Some(name) = template.names().find(|name| !known(name)) {
            let mut there: Vec<&str> = of_example.clone();
            if has_options {
                there.extend(["options", "letters", "option.A"]);
            }
            let there = there.join(", ");
            self.problem(&field, format!("unknown name `{{{name}}}`; there are {there}"));
        }
        let shows = template.names().any(|name| name == "text" || fields.contains(&name))
            || prompt.fill.values().any(|by| by.contains("{text}"));
        self.require(
            shows || task.kind() == Kind::Preference,
            field,
            "the model would not see the text; add `{text}`",
        );
        for (mark, by) in &prompt.fill {
            self.names_in(&format!("{at}.fill.{mark}"), by, &of_example);
        }
        let continuation: Vec<&str> =
            of_example.iter().copied().chain(["option", "letter"]).collect();
        self.names_in(&format!("{at}.continuation"), &prompt.continuation, &continuation);
        self.require(
            !has_options
                || ["{option", "{letter"].iter().any(|name| prompt.continuation.contains(name)),
            format!("{at}.continuation"),
            "it is the same for all options; name `{option}` or `{letter}`",
        );
        if let Some(unconditional) = &prompt.unconditional {
            let field = format!("{at}.unconditional");
            match Template::parse(unconditional) {
                Err(error) => self.problem(field, error.to_string()),
                Ok(template) => {
                    if let Some(name) = template.names().find(|name| !known(name)) {
                        self.problem(field, format!("unknown name `{{{name}}}`"));
                    }
                }
            }
        }
        self.require(
            prompt.likelihood != Likelihood::Against || prompt.unconditional.is_some(),
            format!("{at}.likelihood"),
            "`against` subtracts the log-likelihoods after a prompt without the question; add `unconditional`",
        );
        for place in prompt.reword.keys().filter(|place| place.parse::<usize>().is_err()) {
            self.problem(
                format!("{at}.reword.{place}"),
                "the key is the place of an option in the official order, from 0",
            );
        }
    }

    fn prompt_of_labels(&mut self, at: &str, task: &Task, prompt: &Prompt) {
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
            Parser::Word { words, .. } | Parser::FirstWord { words } => words.keys().collect(),
            Parser::Regex { patterns, otherwise } => patterns.keys().chain(otherwise).collect(),
            Parser::Letter { letters } => letters.keys().collect(),
            _ => Vec::new(),
        };
        if let Err(
            error @ (PromptError::Pattern { .. }
            | PromptError::NotOfTwo { .. }
            | PromptError::NotOfLabels { .. }),
        ) = ReplyParser::new(&prompt.parser, &task.labels)
        {
            self.problem(format!("{at}.parser"), error.to_string());
        }
        for label in prompt.options.keys().chain(parsed) {
            self.refers(at, "label", label, labels.iter().copied());
        }
    }
}
