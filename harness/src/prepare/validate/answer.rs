//! Kinds of answers, and the metrics that fit them.

use super::Check;
use crate::definition::answer::{AnswerMap, Kind, Scale};
use crate::definition::dataset::{Benchmark, Measure, Task};
use crate::definition::metric::ValueMetric;
use crate::example::letter;
use crate::normalise::answer::REPLY;

impl Check<'_> {
    /// A task has a label or another kind of answer, not both, and the labels that follow from it.
    pub(super) fn answer(&mut self, at: &str, task: &Task) {
        let map = &task.example;
        let Some(answer) = &map.answer else {
            self.require(
                !map.label.is_empty(),
                format!("{at}.example.label"),
                "empty; give the label, or another kind of answer in `[task.example.answer]`",
            );
            return;
        };
        let given = !map.label.is_empty() || !map.label_map.is_empty();
        for (wrong, key) in [
            (given, "example.label"),
            (task.positive.is_some(), "positive"),
            (task.votes.is_some(), "votes"),
            (task.scoring.panels, "scoring.panels"),
        ] {
            self.require(
                !wrong,
                format!("{at}.{key}"),
                "belongs to tasks with labels, but the task has `[task.example.answer]`; remove one of them",
            );
        }
        let expected: Vec<String> = match task.kind() {
            Kind::Short => vec![REPLY.to_owned()],
            _ => (0..task.labels.len()).map(letter).collect(),
        };
        self.require(
            task.labels.is_empty() || task.labels == expected,
            format!("{at}.labels"),
            format!(
                "the labels of this kind of answer are {}; write these, or remove the key",
                super::list(expected.iter().map(String::as_str))
            ),
        );
        if let AnswerMap::Choice { roles, .. } = answer {
            for role in roles.keys() {
                self.name(&format!("{at}.example.answer.roles.{role}"), role);
            }
        }
    }

    /// The metrics of a benchmark say something about the answers of its task; `only` names groups that it has.
    pub(super) fn fits(&mut self, at: &str, benchmark: &Benchmark, task: &Task) {
        for metric in std::iter::once(&benchmark.metric).chain(&benchmark.also) {
            if let Some(needs) = needs(*metric, task) {
                let (name, task) = (metric.name(), &task.name);
                self.problem(
                    format!("{at}.metric"),
                    format!("`{name}` needs {needs}, but the task `{task}` has another kind of answer; use another metric"),
                );
            }
        }
        let own = benchmark.metric.value();
        self.require(
            own.is_none_or(ValueMetric::is_share),
            format!("{at}.metric"),
            "it is not a share, but the board prints percent: list it in `also`, and use a share here (`js-similarity`, `nearer`)",
        );
        for group in benchmark.only.keys() {
            let groups = task.example.groups.keys().map(String::as_str);
            self.refers(&format!("{at}.only"), "group", group, groups.collect::<Vec<_>>());
        }
    }
}

/// What a metric is of, where the task is something else.
fn needs(metric: Measure, task: &Task) -> Option<&'static str> {
    let kind = task.kind();
    let ordinal =
        matches!(task.example.answer, Some(AnswerMap::Distribution { scale: Scale::Ordinal, .. }));
    let (fits, what) = match metric {
        Measure::Counts(_) | Measure::Mean(ValueMetric::ChanceCorrected) => {
            (kind.has_right_option(), "answers of which one is right (labels, `choice`)")
        }
        Measure::Mean(metric) => match metric {
            ValueMetric::ChanceCorrected => (true, ""),
            ValueMetric::SemB | ValueMetric::SemW => (kind == Kind::Short, "short answers"),
            ValueMetric::W1 => {
                (ordinal, "distributions over options with an order (`scale = \"ordinal\"`)")
            }
            ValueMetric::JsSimilarity
            | ValueMetric::Jsd
            | ValueMetric::Tv
            | ValueMetric::CrossEntropy
            | ValueMetric::Brier => (kind == Kind::Distribution, "distributions"),
            ValueMetric::Mc1 | ValueMetric::Mc2 | ValueMetric::Mc2Log | ValueMetric::Mc3 => {
                (kind == Kind::ChoicesOf, "several right and wrong answers (`choices-of`)")
            }
            ValueMetric::Prefers => (kind == Kind::Preference, "preferences"),
            ValueMetric::Distance | ValueMetric::Nearer => {
                (kind == Kind::MapItem, "items of a map")
            }
            ValueMetric::Logged => (false, "scores that another tool logged"),
        },
    };
    (!fits).then_some(what)
}

#[cfg(test)]
mod tests {
    use crate::definition::catalogue::Catalogue;

    /// What `validate` reports for a definition of this repository, changed in one place.
    fn told(dataset: &str, from: &str, to: &str) -> String {
        let path = format!("{}/../benchmarks/{dataset}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = fs_err::read_to_string(path).unwrap();
        assert!(text.contains(from), "{from}");
        let mut all = Catalogue::embedded().unwrap();
        match all.add("mine.toml", &text.replacen(from, to, 1)) {
            Err(error) => error.to_string(),
            Ok(()) => all.validate().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn kinds_of_answers_are_checked() {
        let check = |dataset: &str, from: &str, to: &str, expect: &str| {
            let found = told(dataset, from, to);
            assert!(found.contains(expect), "{from} -> {to}\n{found}");
        };
        check("fork", "culture = \"{country}\"", "culture = \"{country}\"", "");
        check(
            "fork",
            "culture = \"{country}\"",
            "culture = \"{country}\"\nlabel = \"{Answer Key}\"",
            "task.fork.example.label: belongs to tasks with labels",
        );
        check(
            "fork",
            "question = \"What",
            "labels = [\"yes\", \"no\"]\nquestion = \"What",
            "task.fork.labels: the labels of this kind of answer are `A`, `B`",
        );
        check(
            "fork",
            "metric = \"accuracy\"",
            "metric = \"sem-b\"",
            "benchmark.fork.metric: `sem-b` needs short answers, but the task `fork` has another kind of answer",
        );
        check(
            "globalopinionqa",
            "metric = \"js-similarity\"",
            "metric = \"w1\"",
            "`w1` needs distributions over options with an order",
        );
        check(
            "fork",
            "place = [\"US\"]",
            "plce = [\"US\"]",
            "unknown group `plce`; did you mean `place`?",
        );
        check(
            "fork",
            "options = [\"{Option A}\"",
            "options = [\"{Option C}\"",
            "example.answer: unknown name `{Option C}` in the template",
        );
        check(
            "blend",
            "accepts = [\"generate\"]",
            "fit = true\naccepts = [\"generate\"]",
            "it learns from a dataset that is for evaluation only",
        );
        check(
            "blend",
            "rows = { path = \"*\", key = \"ID\" }\n",
            "",
            "task.blend-english.input[0].rows: missing; give the place of the rows",
        );
        check(
            "blend",
            "from = { source = \"questions\"",
            "from = { source = \"question\"",
            "unknown source `question`; did you mean `questions`?",
        );
        check(
            "blend",
            "annotations/{file}",
            "annotations/x",
            "`{file}` in the address and `files` go together",
        );
        // One prompt is scored against a prompt without the question, the next one has none.
        check(
            "copal-id",
            "likelihood = \"per-byte\"\n",
            "likelihood = \"against\"\nunconditional = \"Jawaban:\"\nparser = { kind = \"option\" }\n\n[[task.protocol.prompt]]\nname = \"other\"\ntemplate = \"{text}\"\nparser = { kind = \"option\" }\n\n[[task.protocol.prompt]]\nname = \"third\"\ntemplate = \"{text}:\"\n",
            "copal-id.protocol.cloze.prompt.other.unconditional: missing; another prompt of the protocol has `likelihood = \"against\"`",
        );
        check("kobbq", "gold = { text", "gold = { txt", "unknown variant `txt`");
    }
}
