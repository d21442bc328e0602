//! Logs of `inspect_ai`: what a scorer said of a sample.

use serde_json::Value;

use super::score::{ItemScore, Scores, Wanted, choose, number};
use crate::import::inspect::{Contents, Sample};
use crate::import::{Error, broken};

pub(super) fn of(name: &str, contents: Contents, wanted: &Wanted) -> Result<Scores, Error> {
    let Contents { header, samples } = contents;
    let mut there: Vec<&str> = samples.iter().flat_map(Sample::scorers).collect();
    there.sort_unstable();
    there.dedup();
    let metric = choose(name, &there, wanted)?;
    let items = samples.iter().map(|sample| {
        let place = sample.place(name);
        let field = |field: &str| {
            sample
                .field(field)
                .ok_or_else(|| broken(&place, format!("its metadata has no field `{field}`")))
        };
        let id = wanted.id.as_deref().map(field).transpose()?;
        let value = sample.value(metric).unwrap_or(&Value::Null);
        Ok(ItemScore {
            id: id.unwrap_or_else(|| sample.id()),
            question: sample.question(),
            score: number(&place, value)?,
            cluster: wanted.cluster.as_deref().map(field).transpose()?,
            place,
        })
    });
    let items = items.collect::<Result<_, _>>()?;
    Ok(Scores {
        task: Some(header.task().to_owned()),
        model: Some(header.model().to_owned()),
        metric: metric.to_owned(),
        items,
        notes: Vec::new(),
    })
}
