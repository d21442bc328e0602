//! Tasks: inputs, splits, protocols, prompts.

use std::collections::BTreeSet;
use std::path::Path;

use super::Check;
use crate::definition::answer::Kind;
use crate::definition::dataset::{
    Capability, Dataset, Embedding, Format, Input, Likelihood, Prompt, Protocol, Task, Usage,
    VoteTable,
};
use crate::definition::sees::Field;
use crate::definition::split::{Carve, Split, SplitRule};
use crate::normalise::Pipeline;

impl Check<'_> {
    pub(super) fn task(&mut self, dataset: &Dataset, task: &Task) {
        let at = format!("task.{}", task.name);
        self.name(&format!("{at}.name"), &task.name);
        let ids: Vec<&str> = dataset.sources.iter().map(|source| source.id.as_str()).collect();
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
            let given = matches!(task.split, SplitRule::Given { .. });
            self.require(
                given == input.part.is_some(),
                format!("{field}.part"),
                if given {
                    "missing; `split.method = \"given\"` needs a part for every input"
                } else {
                    "the split decides the part; remove it, or set `split.method = \"given\"`"
                },
            );
            self.rows(&field, input);
            if let Err(problem) = Pipeline::new(task, input) {
                self.problem(&field, problem);
            }
        }
        for source in task.joined() {
            self.refers(&format!("{at}.step.from.source"), "source", source, ids.iter().copied());
        }
        self.answer(&at, task);
        if let Some(votes) = &task.votes {
            self.votes(&format!("{at}.votes"), task, votes, &ids);
        }
        let labels: BTreeSet<&str> = task.labels.iter().map(String::as_str).collect();
        self.require(
            labels.len() == task.labels.len(),
            format!("{at}.labels"),
            "a label is listed twice; remove one",
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
            let learns = protocol.learns();
            self.require(
                dataset.usage == Usage::Any || !learns,
                &field,
                "it learns from a dataset that is for evaluation only (`use = \"evaluation\"`); remove `fit` and `embedding`",
            );
        }
    }

    /// A JSON document says where its rows are.
    fn rows(&mut self, at: &str, input: &Input) {
        let source = input.files.as_deref().unwrap_or_default();
        let json = input.format == Some(Format::Json)
            || input.format.is_none()
                && Path::new(source).extension().is_some_and(|ending| ending == "json");
        self.require(
            !json || input.rows.is_some(),
            format!("{at}.rows"),
            "missing; give the place of the rows in the JSON document: `rows = \"[]\"`, or `{ path = \"*\", key = \"ID\" }`",
        );
        self.require(
            input.rows.is_none() || input.format.is_none_or(|format| format == Format::Json),
            format!("{at}.rows"),
            "only a JSON document has it; remove it, or set `format = \"json\"`",
        );
    }

    /// The table of votes: its source, its columns, and the labels that are voted for.
    fn votes(&mut self, at: &str, task: &Task, votes: &VoteTable, sources: &[&str]) {
        self.refers(&format!("{at}.source"), "source", &votes.source, sources.iter().copied());
        self.require(
            !task.labels.is_empty(),
            format!("{at}.label"),
            "votes need a fixed label set; list `labels` of the task",
        );
        let pseudo = votes.as_task(task);
        if let Some(Err(problem)) = pseudo.inputs.first().map(|input| Pipeline::new(&pseudo, input))
        {
            self.problem(at, problem);
        }
        for (upstream, label) in &votes.label_map {
            let field = format!("{at}.label_map.{upstream}");
            self.refers(&field, "label", label, task.labels.iter().map(String::as_str));
        }
    }

    pub(super) fn split(&mut self, at: &str, task: &Task) {
        let share = |x: f64| x > 0.0 && x < 1.0;
        let field = |name: &str| format!("{at}.split.{name}");
        match &task.split {
            SplitRule::Given { valid } => self.carve(at, valid.as_ref()),
            SplitRule::PandasGroupSample { n, sample_n, valid, .. } => {
                self.require(*n > 0 && *sample_n > 0, field("n"), "must be 1 or more");
                self.carve(at, valid.as_ref());
            }
            SplitRule::SklearnStratified { test_size, valid, .. } => {
                self.require(share(*test_size), field("test_size"), "must lie between 0 and 1");
                self.carve(at, valid.as_ref());
            }
            SplitRule::Hash { train, valid, .. } => {
                let good = share(*train) && (0.0..1.0).contains(valid) && train + valid < 1.0;
                self.require(
                    good,
                    field("train"),
                    "train, valid and what is left for test must be shares that sum to 1",
                );
            }
        }
    }

    pub(super) fn carve(&mut self, at: &str, carve: Option<&Carve>) {
        if let Some(carve) = carve {
            let good = carve.share > 0.0 && carve.share < 1.0;
            self.require(good, format!("{at}.split.valid.share"), "must lie between 0 and 1");
        }
    }

    pub(super) fn protocol(&mut self, at: &str, task: &Task, protocol: &Protocol) {
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
        self.embedding(at, task, protocol, &parts);
        self.order(at, task, protocol);
        self.require(
            protocol.max_tokens != Some(0),
            format!("{at}.max_tokens"),
            "must be 1 or more",
        );
        self.sees(at, task, protocol);
        self.input(&format!("{at}.input"), task, &protocol.input);
        self.require(
            !accepts(Capability::Choose) || task.kind().has_options(),
            format!("{at}.accepts"),
            "`choose` needs examples with their own options; remove it",
        );
        let subtracts = |prompt: &Prompt| prompt.likelihood == Likelihood::Against;
        let against = protocol.prompts.iter().any(subtracts);
        let mut names = BTreeSet::new();
        for prompt in &protocol.prompts {
            let field = format!("{at}.prompt.{}", prompt.name);
            self.require(
                !against || subtracts(prompt) || prompt.unconditional.is_some(),
                format!("{field}.unconditional"),
                "missing; another prompt of the protocol has `likelihood = \"against\"`, and all prompts are scored in the same ways",
            );
            self.require(
                names.insert(&prompt.name),
                &field,
                "this name is used twice; rename one of the prompts",
            );
            self.prompt(&field, task, prompt);
        }
    }

    /// A head on embeddings has sensible numbers, and what it is chosen on.
    fn embedding(&mut self, at: &str, task: &Task, protocol: &Protocol, parts: &BTreeSet<Split>) {
        let field = format!("{at}.embedding");
        match &protocol.embedding {
            None => {}
            Some(Embedding::KnnAndProbe { k, epochs, batch, approximate, .. }) => self.require(
                *k > 0 && *epochs > 0 && *batch > 0 && *approximate != Some(0),
                field,
                "k, epochs, batch and approximate must be 1 or more",
            ),
            Some(Embedding::Similarity) => self.require(
                task.kind() == Kind::Choice,
                field,
                "`similarity` chooses the option nearest to the text, which does not work for labels or shares of people; use it for `choice`",
            ),
            Some(Embedding::LinearHead) => self.require(
                parts.contains(&Split::Valid),
                field,
                "`linear-head` chooses its penalty on the part `valid`, and the split makes none; carve one out of train: \
                 `[task.split]` with `valid = { share = 0.1, seed = 1 }`, or an input with `part = \"valid\"`",
            ),
        }
    }

    /// What is shown holds what the protocol's own words say.
    fn sees(&mut self, at: &str, task: &Task, protocol: &Protocol) {
        let seen = task.seen_by(protocol);
        let shows = |field: Field| seen.contains(&field);
        self.require(
            shows(Field::Text),
            format!("{at}.sees"),
            "the model would not see the text; add `text`",
        );
        self.require(
            shows(Field::Culture) || !protocol.names_culture(),
            format!("{at}.sees"),
            "`input` or a prompt names the culture, which `sees` does not list; add `culture`, or take it out of the wording",
        );
    }
}

/// The parts that a task's split makes.
fn parts(task: &Task) -> BTreeSet<Split> {
    let carved = |valid: &Option<Carve>| valid.is_some().then_some(Split::Valid);
    match &task.split {
        SplitRule::Given { valid } => {
            task.inputs.iter().filter_map(|input| input.part).chain(carved(valid)).collect()
        }
        SplitRule::PandasGroupSample { valid, .. } | SplitRule::SklearnStratified { valid, .. } => {
            [Split::Train, Split::Test].into_iter().chain(carved(valid)).collect()
        }
        SplitRule::Hash { valid, .. } => [Split::Train, Split::Test]
            .into_iter()
            .chain((*valid > 0.0).then_some(Split::Valid))
            .collect(),
    }
}
