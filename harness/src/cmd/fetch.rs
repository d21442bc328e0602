//! `culture-eval fetch`: data and weights into the cache, so that later runs need no network.

use super::{Context, Outcome};
use crate::definition::catalogue::Catalogue;
use crate::definition::source::Source;
use crate::exec::{data, places};
use crate::fetch::{self, FetchError, Fetched};

/// Downloads data and weights into the cache
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval fetch                           everything that is available
  culture-eval fetch crehate emgsd             two datasets
  culture-eval --mirror ../shared/data fetch   from a folder
On a cluster: run this on the login node, then `culture-eval --offline run` on the others.")]
pub(super) struct Args {
    /// Families or models; all where absent
    names: Vec<String>,
    /// Hash every file again instead of trusting the recorded size and time
    #[arg(long)]
    verify: bool,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    places::check(context.settings())?;
    let options = data::fetch_options(context.settings());
    let bars = fetch::bars::Bars::new();
    let mut outcome = Outcome::Done;
    for (name, source) in wanted(&args.names, context.catalogue()?)? {
        let result = fetch::fetch(&name, source, &options, &bars);
        let result = match result {
            Ok(file) if args.verify => fetch::verify(&file, source).map(|()| file),
            other => other,
        };
        if result.is_err() {
            outcome = Outcome::No;
        }
        show(&name, source, result, context)?;
    }
    Ok(outcome)
}

/// The sources of these datasets and models, or of all, each with the name of its owner.
fn wanted<'c>(
    names: &[String],
    catalogue: &'c Catalogue,
) -> anyhow::Result<Vec<(String, &'c Source)>> {
    let datasets = catalogue.datasets().map(|dataset| (&dataset.name, &dataset.sources));
    let models = catalogue.models().filter(|model| !model.weights.is_empty());
    let owners: Vec<(&String, &Vec<Source>)> =
        datasets.chain(models.map(|model| (&model.name, &model.weights))).collect();
    for name in names {
        if owners.iter().all(|(known, _)| *known != name) {
            catalogue.dataset(name)?;
        }
    }
    let wanted = owners.into_iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    let each = wanted.flat_map(|(name, sources)| sources.iter().map(|s| (name.clone(), s)));
    Ok(each.collect())
}

/// Says what became of a source.
fn show(
    name: &str,
    source: &Source,
    result: Result<Fetched, FetchError>,
    context: &Context,
) -> anyhow::Result<()> {
    let output = context.output;
    match result {
        Ok(file) if output.json => output.json(&serde_json::json!({
            "dataset": name, "source": source.id, "path": file.path, "sha256": file.sha256,
            "bytes": file.bytes, "via": file.via, "verified": file.verified,
        })),
        Ok(file) => {
            let path = file.path.display();
            output.text(format!("{name}/{}: {path} ({})", source.id, file.via))
        }
        Err(error) if output.json => output.json(&serde_json::json!({
            "dataset": name, "source": source.id, "error": error.to_string(),
        })),
        Err(error) => {
            output.warn(error.to_string());
            Ok(())
        }
    }
}
