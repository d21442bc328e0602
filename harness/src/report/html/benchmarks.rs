//! A page for each benchmark: what is asked, where the data come from, how they are split, what overlaps.

use serde_json::{Value, json};

use super::{plain, plain_lines};
use crate::definition::family::Status;
use crate::prepare::Meta;
use crate::results::manifest::tasks_of;
use crate::results::material::Material;

/// By name of the benchmark.
pub(super) fn benchmarks(material: &Material) -> Value {
    let of = |name: &str, family: &str| {
        let family = material.families.iter().find(|f| f.name == family);
        let benchmark = material.benchmarks.iter().find(|b| b.name == name);
        let tasks: Vec<Value> = benchmark
            .map(|b| tasks_of(b, &material.benchmarks))
            .unwrap_or_default()
            .into_iter()
            .map(|task| self::task(material, task))
            .collect();
        json!({
            "family": family.map(|f| json!({
                "title": plain(&f.title),
                "version": f.version,
                "summary": plain(&f.summary),
                "status": match f.status {
                    Status::Open => "a plain download",
                    Status::Drive => "a file on Google Drive",
                    Status::DropIn => "a file that you put into a folder",
                    Status::Gated => "after accepting the owners' terms",
                },
                "licence": plain(&f.licence),
                "homepage": plain(&f.homepage),
                "paper": plain(&f.paper),
                "citation": plain_lines(f.citation.trim()),
                "warning": f.content_warning.as_deref().map(plain),
            })),
            "only": benchmark.map(|b| b.cultures.clone()),
            "parts": benchmark.map(|b| b.aggregate.clone()),
            "tasks": tasks,
        })
    };
    let columns = material.summary.benchmarks.iter();
    columns
        .map(|c| (plain(&c.name), of(&c.name, &c.family)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn task(material: &Material, name: &str) -> Value {
    let task = material.tasks.get(name);
    json!({
        "name": plain(name),
        "title": task.map(|t| plain(&t.title)),
        "question": task.map(|t| plain(&t.question)),
        "labels": task.map(|t| t.labels.iter().map(|l| plain(l)).collect::<Vec<_>>()),
        "positive": task.and_then(|t| t.positive.as_deref()).map(plain),
        "culture": task.map(|t| &t.culture_kind),
        "names": task.map(|t| &t.culture_names),
        "data": material.data.get(name).map(data),
    })
}

fn data(meta: &Meta) -> Value {
    let s = &meta.statistics;
    json!({
        "sample": s.sample,
        "examples": s.examples,
        "rows": [s.rows_read, s.rows_skipped, s.rows_dropped],
        "clusters": s.clusters,
        "parts": s.counts.keys().map(|part| json!([part, s.part(part)])).collect::<Vec<_>>(),
        "counts": s.counts,
        "labels": s.labels,
        "chars": [s.text_chars.min, s.text_chars.p05, s.text_chars.median, s.text_chars.p95, s.text_chars.max],
        "mean_chars": s.text_chars.mean.to_string(),
        "overlap": [s.overlap.test_texts_in_train, s.overlap.test_clusters_in_train, s.overlap.valid_texts_in_train],
        "leaks": [s.leaks.repeated, s.leaks.contradicted, s.leaks.own_label_in_text, s.leaks.other_label_in_text],
        "sources": meta.sources.iter().map(|f| json!([
            plain(&f.id), plain(&f.file), f.bytes, f.sha256, plain(&f.verified),
        ])).collect::<Vec<_>>(),
        "sha256": meta.sha256,
        "notes": meta.notes().iter().map(|n| plain(n)).collect::<Vec<_>>(),
    })
}
