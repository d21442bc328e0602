//! `culture-eval fetch`: data and weights into the cache, so that later runs need no network.

use super::{Context, Outcome};
use crate::exec::data;
use crate::fetch;

/// Downloads data and weights into the cache
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval fetch                           everything that can be had
  culture-eval fetch crehate emgsd             two families
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
    let catalogue = context.catalogue()?;
    let mut wanted = Vec::new();
    for family in catalogue.families() {
        wanted.push((family.name.clone(), &family.sources));
    }
    for model in catalogue.models().filter(|m| !m.weights.is_empty()) {
        wanted.push((model.name.clone(), &model.weights));
    }
    for name in &args.names {
        if wanted.iter().all(|(known, _)| known != name) {
            catalogue.family(name)?;
        }
    }
    wanted.retain(|(name, _)| args.names.is_empty() || args.names.contains(name));

    let options = data::fetch_options(context.settings());
    let bars = fetch::bars::Bars::new();
    let mut failed = 0;
    for (name, sources) in wanted {
        for source in sources {
            let result = fetch::fetch(&name, source, &options, &bars);
            let result = match result {
                Ok(file) if args.verify => fetch::verify(&file, source).map(|()| file),
                other => other,
            };
            match result {
                Ok(file) if context.output.json => context.output.json(&serde_json::json!({
                    "family": name, "source": source.id, "path": file.path, "sha256": file.sha256,
                    "bytes": file.bytes, "via": file.via, "verified": file.verified,
                }))?,
                Ok(file) => {
                    context.output.text(format!(
                        "{name}/{}: {} ({})",
                        source.id,
                        file.path.display(),
                        file.via
                    ))?;
                }
                Err(error) => {
                    failed += 1;
                    if context.output.json {
                        let line = serde_json::json!({"family": name, "source": source.id, "error": error.to_string()});
                        context.output.json(&line)?;
                    } else {
                        context.output.warn(error.to_string());
                    }
                }
            }
        }
    }
    Ok(if failed == 0 { Outcome::Done } else { Outcome::No })
}
