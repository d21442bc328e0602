//! Models and suites.

use std::collections::BTreeSet;

use super::Check;
use crate::definition::dataset::{Protocol, Task};
use crate::definition::model::Model;
use crate::definition::model_spec::is_spec;
use crate::definition::resources::Resources;
use crate::definition::server::Server;
use crate::definition::suite::Suite;
use crate::prompts;

impl Check<'_> {
    pub(super) fn model(&mut self, model: &Model) {
        let at = format!("model.{}", model.name);
        self.name(&format!("{at}.name"), &model.name);
        self.require(model.neighbours != Some(0), format!("{at}.neighbours"), "must be 1 or more");
        self.require(model.batch > 0, format!("{at}.batch"), "must be 1 or more");
        let tasks: Vec<&Task> = self.all.tasks().map(|(_, task)| task).collect();
        for name in &model.tasks {
            self.refers(
                &format!("{at}.tasks"),
                "task",
                name,
                tasks.iter().map(|task| task.name.as_str()),
            );
        }
        let mut protocols: BTreeSet<&str> =
            tasks.iter().flat_map(|task| task.protocols.iter().map(|p| p.name.as_str())).collect();
        let few_shot = model.prompt.few_shot();
        protocols.extend(few_shot.as_deref());
        for name in &model.protocols {
            let name = Protocol::without_way(name);
            self.refers(&format!("{at}.protocols"), "protocol", name, protocols.iter().copied());
        }
        if let Some(persona) = &model.prompt.persona {
            self.names_in(&format!("{at}.prompt.persona"), persona, &prompts::OF_CULTURE);
        }
        let benchmarks: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for known in &model.contamination {
            self.refers(
                &format!("{at}.contamination"),
                "benchmark",
                &known.benchmark,
                benchmarks.iter().copied(),
            );
        }
        self.require(
            model.weights.is_empty() || model.parameters.is_some(),
            format!("{at}.parameters"),
            "a model with weights has a number of parameters; add it",
        );
        self.resources(&at, &model.resources);
        for (field, problem) in model.server.iter().flat_map(Server::problems) {
            self.problem(format!("{at}.server.{field}"), problem);
        }
        for source in &model.weights {
            self.source(&format!("{at}.weights.{}", source.id), source);
            self.require(
                source.sha256.is_some(),
                format!("{at}.weights.{}.sha256", source.id),
                "weights are pinned by their content; add their sha256",
            );
            if model.files.contains_key(&source.id) {
                self.problem(
                    format!("{at}.files.{}", source.id),
                    "has the id of a weight; give it another".to_owned(),
                );
            }
        }
    }

    pub(super) fn suite(&mut self, suite: &Suite) {
        let at = format!("suite.{}", suite.name);
        self.name(&format!("{at}.name"), &suite.name);
        let models: Vec<&str> = self.all.models().map(|m| m.name.as_str()).collect();
        for name in suite.models.iter().filter(|name| *name != "*" && !is_spec(name)) {
            self.refers(&format!("{at}.models"), "model", name, models.iter().copied());
        }
        let benchmarks: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for name in suite.benchmarks.iter().filter(|name| *name != "*") {
            self.refers(&format!("{at}.benchmarks"), "benchmark", name, benchmarks.iter().copied());
        }
        let distinct: BTreeSet<u64> = suite.seeds.iter().copied().collect();
        self.require(!suite.seeds.is_empty(), format!("{at}.seeds"), "no seed; name at least one");
        self.require(
            distinct.len() == suite.seeds.len(),
            format!("{at}.seeds"),
            "a seed is listed twice; remove one",
        );
        self.resources(&at, &suite.resources);
    }

    pub(super) fn resources(&mut self, at: &str, resources: &Resources) {
        for (field, problem) in resources.problems() {
            self.problem(format!("{at}.resources.{field}"), problem);
        }
    }
}
