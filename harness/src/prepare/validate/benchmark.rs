//! Benchmarks and aggregates.

use std::collections::BTreeSet;

use super::Check;
use crate::definition::dataset::{Benchmark, Task};

impl Check<'_> {
    pub(super) fn benchmark(&mut self, benchmark: &Benchmark) {
        let at = format!("benchmark.{}", benchmark.name);
        self.name(&format!("{at}.name"), &benchmark.name);
        self.require(
            benchmark.task.is_some() == benchmark.aggregate.is_empty(),
            &at,
            "either `task` or `aggregate` must be given, not both; remove one",
        );
        let tasks: Vec<&Task> = self.all.tasks().map(|(_, task)| task).collect();
        if let Some(name) = &benchmark.task {
            let names: Vec<&str> = tasks.iter().map(|task| task.name.as_str()).collect();
            self.refers(&format!("{at}.task"), "task", name, names);
            if let Some(task) = tasks.iter().find(|task| task.name == *name) {
                self.fits(&at, benchmark, task);
            }
            let positive = tasks.iter().any(|task| task.name == *name && task.positive.is_some());
            for metric in std::iter::once(&benchmark.metric).chain(&benchmark.also) {
                let needs = metric.of_one_class() && tasks.iter().any(|task| task.name == *name);
                let metric = metric.name();
                self.require(
                    !needs || positive,
                    format!("{at}.metric"),
                    format!("`{metric}` needs `positive` in the task `{name}`; add it"),
                );
            }
        }
        let others: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for member in &benchmark.aggregate {
            self.refers(&format!("{at}.aggregate"), "benchmark", member, others.iter().copied());
        }
        if let Some(cycle) = self.cycle(&benchmark.name) {
            self.problem(
                format!("{at}.aggregate"),
                format!("it is made of itself ({cycle}); remove one of them"),
            );
        }
    }

    /// The way from an aggregate back to itself.
    pub(super) fn cycle(&self, start: &str) -> Option<String> {
        let mut ways = vec![vec![start.to_owned()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            let Ok(benchmark) = self.all.benchmark(way.last()?) else { continue };
            for member in &benchmark.aggregate {
                let longer = [way.as_slice(), std::slice::from_ref(member)].concat();
                if member == start {
                    return Some(longer.join(" -> "));
                }
                if seen.insert(member.clone()) {
                    ways.push(longer);
                }
            }
        }
        None
    }
}
