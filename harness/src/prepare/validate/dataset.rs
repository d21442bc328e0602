//! What a dataset says of itself and its sources.

use std::collections::BTreeSet;

use super::Check;
use crate::definition::dataset::Dataset;
use crate::definition::source::{Origin, Source};

impl Check<'_> {
    pub(super) fn dataset(&mut self, dataset: &Dataset) {
        self.name("name", &dataset.name);
        let mut ids = BTreeSet::new();
        for source in &dataset.sources {
            let field = format!("source.{}", source.id);
            self.require(
                ids.insert(&source.id),
                &field,
                "this id is used twice; rename one of the sources",
            );
            self.source(&field, source);
        }
        for task in &dataset.tasks {
            self.task(dataset, task);
        }
        for benchmark in &dataset.benchmarks {
            self.benchmark(benchmark);
        }
        let names: Vec<&str> = self.all.benchmarks().map(|b| b.name.as_str()).collect();
        for (i, published) in dataset.published.iter().enumerate() {
            let field = format!("published[{i}]");
            self.refers(
                &format!("{field}.benchmark"),
                "benchmark",
                &published.benchmark,
                names.iter().copied(),
            );
            self.require(
                published.value.is_finite(),
                format!("{field}.value"),
                "not a number; write it as printed",
            );
            for (key, text) in [
                ("source", &published.source),
                ("metric", &published.metric),
                ("unit", &published.unit),
                ("protocol", &published.protocol),
            ] {
                self.require(
                    !text.trim().is_empty(),
                    format!("{field}.{key}"),
                    "empty; a published number needs source, metric, unit and protocol (`unknown` where it is)",
                );
            }
        }
    }

    pub(super) fn source(&mut self, field: &str, source: &Source) {
        let inside = std::path::Path::new(&source.path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        self.require(
            inside && !source.path.is_empty(),
            format!("{field}.path"),
            format!(
                "`{}` leaves the dataset's folder; give a relative path without `..`",
                source.path
            ),
        );
        for (key, hash, length) in
            [("sha256", &source.sha256, 64), ("git_blob", &source.git_blob, 40)]
        {
            let good = |hash: &String| {
                hash.len() == length
                    && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            };
            if let Some(hash) = hash.as_ref().filter(|hash| !good(hash)) {
                let found = hash.len();
                self.problem(
                    format!("{field}.{key}"),
                    format!("not {length} lower-case hex digits ({found} characters); copy the whole hash"),
                );
            }
        }
        self.files(field, source);
        if let Origin::Http { url } = &source.from {
            self.require(
                url.starts_with("https://") || url.starts_with("http://"),
                format!("{field}.from.url"),
                format!("`{url}` is not a web address; start it with https://"),
            );
        }
    }

    /// Many files have names, pins and an address that says where each is.
    fn files(&mut self, field: &str, source: &Source) {
        let many = !source.files.is_empty();
        if let Origin::Http { url } = &source.from {
            self.require(
                url.contains(Source::FILE) == many,
                format!("{field}.from.url"),
                "`{file}` in the address and `files` go together; add the other, or remove the one",
            );
        }
        if !many {
            return;
        }
        let whole = source.sha256.is_none() && source.bytes.is_none() && source.git_blob.is_none();
        self.require(
            whole && source.unpack.is_none(),
            field,
            "a source with `files` has its hashes there and is not unpacked; remove `bytes`, `sha256`, `git_blob` and `unpack`",
        );
        let mut names = BTreeSet::new();
        for one in source.each() {
            self.require(
                names.insert(one.path.clone()),
                format!("{field}.files"),
                format!("`{}` occurs twice; remove one", one.path),
            );
            self.source(&format!("source.{}", one.id), &one);
        }
    }
}
