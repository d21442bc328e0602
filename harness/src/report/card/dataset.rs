//! A dataset's card: what is asked, where the files come from, how it is scored, what others reported.

use super::{source_line, table};
use crate::definition::dataset::{Benchmark, Dataset, Published, Task};
use crate::report::figure;

/// The card of a dataset; `benchmark`: only this one of its benchmarks, with its published numbers.
pub fn render(dataset: &Dataset, benchmark: Option<&Benchmark>) -> String {
    let shown = |other: &Benchmark| benchmark.is_none_or(|own| own.name == other.name);
    let mut rows = head(dataset);
    for one in dataset.benchmarks.iter().filter(|other| shown(other)) {
        rows.push(("benchmark", of_benchmark(one)));
    }
    for task in &dataset.tasks {
        let own = |one: &Benchmark| one.task.as_ref() == Some(&task.name);
        if benchmark.is_none_or(own) {
            rows.push(("task", of_task(task)));
        }
    }
    for source in &dataset.sources {
        rows.push(("file", source_line(source)));
    }
    for line in &dataset.differs {
        rows.push(("differs", line.clone()));
    }
    let published = |number: &&Published| {
        dataset.benchmarks.iter().any(|one| one.name == number.benchmark && shown(one))
    };
    for number in dataset.published.iter().filter(published) {
        rows.push(("published", of_published(number)));
    }
    let citation = dataset.citation.trim();
    format!(
        "{} · {}\n{}\n\n{}\n\n{citation}\n",
        dataset.name,
        dataset.title,
        dataset.summary,
        table(rows)
    )
}

fn head(dataset: &Dataset) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("license", dataset.license.clone()),
        ("paper", dataset.paper.clone()),
        ("homepage", dataset.homepage.clone()),
        ("version", format!("{} of the definition", dataset.version)),
    ];
    if let Some(warning) = &dataset.content_warning {
        rows.push(("warning", warning.clone()));
    }
    rows
}

fn of_benchmark(benchmark: &Benchmark) -> String {
    let of = match &benchmark.task {
        Some(task) => format!("task {task}"),
        None => format!("mean of {}", benchmark.aggregate.join(", ")),
    };
    let over = if benchmark.mean_over_cultures { ", mean over cultures" } else { "" };
    let also: Vec<&str> = benchmark.also.iter().map(|metric| metric.name()).collect();
    let also = if also.is_empty() { String::new() } else { format!("; also {}", also.join(", ")) };
    format!("{}: {}{over}, {of}{also}", benchmark.name, benchmark.metric.name())
}

fn of_task(task: &Task) -> String {
    let protocols: Vec<&str> = task.protocols.iter().map(|p| p.name.as_str()).collect();
    let labels = match task.labels.len() {
        0 => format!("{} answers", task.kind().name()),
        1..=12 => format!("labels {}", task.labels.join(", ")),
        many => format!("{many} labels"),
    };
    format!("{}: {} ({labels}); protocols {}", task.name, task.question, protocols.join(", "))
}

fn of_published(number: &Published) -> String {
    let subset = number.subset.as_ref().map(|part| format!(", {part}")).unwrap_or_default();
    let value = match number.unit.as_str() {
        "%" => format!("{} %", number.value),
        _ => figure(&number.metric, number.value),
    };
    let Published { model, metric, protocol, source, .. } = number;
    format!("{model}: {metric}{subset} {value}, {protocol} ({source})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::catalogue::Catalogue;

    /// A card is short, and has what the README says: sources with hashes, license, citation, protocols, published numbers.
    #[test]
    fn a_card_has_sources_license_citation_protocols_and_published_numbers() {
        let all = Catalogue::embedded().unwrap();
        for dataset in all.datasets() {
            let card = render(dataset, None);
            assert!(
                card.contains(&dataset.license.split(' ').next().unwrap().to_owned()),
                "{card}"
            );
            for source in &dataset.sources {
                assert!(card.contains(&source.id), "{}: {}", dataset.name, source.id);
            }
            let in_one_line = card.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(in_one_line.contains("; protocols "), "{card}");
            assert!(card.contains(dataset.citation.trim()), "{card}");
            let published = card.lines().any(|line| line.starts_with(" published "));
            assert_eq!(published, !dataset.published.is_empty(), "{card}");
        }
        let crehate = all.datasets().find(|d| d.name == "crehate").unwrap();
        let card = render(crehate, None);
        assert!(card.contains("labels non-hate, hate"), "{card}");
        assert!(card.contains("sha256 "), "{card}");
        assert!(card.lines().count() < 200, "{}", card.lines().count());
    }

    /// The card of one benchmark leaves the others out.
    #[test]
    fn a_benchmark_has_its_own_card() {
        let all = Catalogue::embedded().unwrap();
        let dataset = all.datasets().find(|d| d.name == "univar").unwrap();
        let wvs = dataset.benchmarks.iter().find(|b| b.name == "wvs").unwrap();
        let card = render(dataset, Some(wvs));
        assert!(card.contains("wvs: accuracy") && !card.contains("globe: accuracy"), "{card}");
    }
}
