//! A suite becomes cells: which model serves which task by which protocol, and what is missing for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::bars::Board;
use super::data::{self, TaskData};
use super::estimate;
use super::inputs::{self, Inputs};
use super::options::Options;
use super::plugins::{Described, Plugins};
use super::request::Request;
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::{Capability, Protocol, Task, Usage};
use crate::definition::model::{Model, Offer, Prompting};
use crate::definition::sees::names_culture;
use crate::prepare::Meta;
use crate::settings::Settings;
use crate::store::path_text;
use crate::store::record::{CellSpec, FORMAT, FileRef, Reason, ReasonKind};

/// What will be run and what cannot be.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Cells, those that fit on most examples first.
    pub cells: Vec<CellSpec>,
    /// What cannot be run, and why.
    pub missing: Vec<Missing>,
}

/// A model and a task that make no cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Missing {
    /// The model.
    pub model: String,
    /// The task.
    pub task: String,
    /// Why.
    pub reason: Reason,
}

/// How a plugin with some capabilities serves a protocol: the first accepted capability that it has.
/// A protocol that fits needs a plugin that fits, unless the harness fits a head on its embeddings.
pub fn serves(protocol: &Protocol, capabilities: &[Capability], fits: bool) -> Option<Capability> {
    ways(protocol, capabilities, fits).next()
}

/// All ways in which it may serve, the preferred first.
fn ways(
    protocol: &Protocol,
    capabilities: &[Capability],
    fits: bool,
) -> impl Iterator<Item = Capability> {
    let can = move |capability: Capability| match capability {
        Capability::Embed => protocol.embedding.is_some(),
        Capability::Classify => fits || !protocol.fit,
        Capability::Choose => !protocol.fit,
        Capability::Loglikelihood | Capability::Generate => {
            !protocol.fit && !protocol.prompts.is_empty()
        }
    };
    protocol.accepts.iter().copied().filter(move |c| capabilities.contains(c) && can(*c))
}

/// The protocols a model runs on a task: those it names, else the first that its plugin serves. A name without a way, `zero-shot`,
/// means the preferred way; `zero-shot (replies)` means that one.
fn chosen(
    task: &Task,
    wanted: &[String],
    prompting: &Prompting,
    described: &Described,
) -> Vec<(Protocol, Capability)> {
    let mut found = Vec::new();
    for protocol in &task.protocols {
        let seen = Protocol { sees: Some(task.seen_by(protocol)), ..protocol.clone() };
        let ways = ways(protocol, &described.capabilities, described.fits)
            .filter(|way| !tells_too_much(&seen, *way, prompting));
        for (place, way) in ways.enumerate() {
            let Some(protocol) = with_shots(&seen, way, prompting) else { continue };
            // Solved examples need one right answer.
            if protocol.name != seen.name && !task.kind().has_right_option() {
                continue;
            }
            let shown = Protocol::shown_as(&protocol.name, way);
            let named = |name: &String| {
                let by_way = shown != protocol.name && *name == shown;
                by_way || place == 0 && *name == protocol.name
            };
            if if wanted.is_empty() { place == 0 } else { wanted.iter().any(named) } {
                found.push((protocol, way));
            }
        }
    }
    if wanted.is_empty() {
        found.truncate(1);
    }
    found
}

/// Whether the model's persona would tell it the culture of an example that the protocol does not show.
fn tells_too_much(protocol: &Protocol, served: Capability, prompting: &Prompting) -> bool {
    served.prompts()
        && !protocol.shows_culture()
        && prompting.persona.as_deref().is_some_and(names_culture)
}

/// The protocol as a model is asked by it: with solved examples it has a name of its own, and the parts that they are drawn from are
/// not scored. None where nothing is left to score.
fn with_shots(protocol: &Protocol, served: Capability, prompting: &Prompting) -> Option<Protocol> {
    let mut protocol = protocol.clone();
    if let Some(name) = prompting.few_shot().filter(|_| served.prompts()) {
        protocol.name = name;
        protocol.eval.retain(|part| !protocol.train.contains(part));
    }
    (!protocol.eval.is_empty()).then_some(protocol)
}

/// What a plan is made from.
#[derive(Debug)]
pub struct Found {
    /// Data of every task that the benchmarks need, or why there are none.
    pub tasks: BTreeMap<String, Result<TaskData, Reason>>,
    /// Likewise the weights of every model.
    pub weights: BTreeMap<String, Result<BTreeMap<String, FileRef>, Reason>>,
    /// Files and folders that a model's configuration names, or why they cannot be hashed; models without have no entry.
    pub inputs: BTreeMap<String, Result<Inputs, Reason>>,
    /// The models' plugins.
    pub plugins: Plugins,
    /// Where plugins may keep answers.
    pub cache: PathBuf,
}

impl Found {
    /// Looks for all that a request needs: obtains data and weights, asks plugins what they are.
    ///
    /// # Errors
    /// The definitions do not fit together. What is merely not available is part of the result.
    pub fn of(
        request: &Request,
        catalogue: &Catalogue,
        settings: &Settings,
        board: &Board,
    ) -> anyhow::Result<Self> {
        let tasks = data::obtain(catalogue, &request.benchmarks, settings, board)?;
        for data in tasks.values().flatten() {
            let meta = Meta::beside(data.file.path.as_ref());
            if let Some(line) = meta.ok().and_then(|meta| estimate::long(&data.task, &meta)) {
                board.note(&line);
            }
        }
        Ok(Self {
            tasks,
            weights: data::weights(&request.models, settings, board),
            inputs: inputs::of_models(&request.models, board),
            plugins: Plugins::describe(request.models.iter().map(|m| m.plugin.as_str()), settings),
            cache: settings.cache.clone(),
        })
    }
}

/// Makes the plan.
pub fn plan(request: &Request, found: &Found, options: &Options) -> Plan {
    let mut plan = Plan::default();
    for model in &request.models {
        for (name, data) in &found.tasks {
            if !model.tasks.is_empty() && !model.tasks.contains(name) {
                continue;
            }
            let cells = data
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|data| cells_of(request, model, data, found, options));
            match cells {
                Ok(cells) => plan.cells.extend(cells),
                Err(reason) => {
                    plan.missing.push(Missing {
                        model: model.name.clone(),
                        task: name.clone(),
                        reason,
                    });
                }
            }
        }
    }
    let work = |cell: &CellSpec| match found.tasks.get(&cell.task.name) {
        Some(Ok(data)) if cell.protocol.fit => data.examples,
        Some(Ok(data)) => data.examples / 10,
        _ => 0,
    };
    plan.cells.sort_by_cached_key(|cell| (std::cmp::Reverse(work(cell)), cell.folder()));
    plan
}

/// What the model's TOML leaves of its plugin's offers.
fn narrowed(described: &Described, model: &Model) -> Described {
    let mut described = described.clone();
    described.fits &= model.lets(Offer::Fit);
    described.capabilities.retain(|capability| model.lets((*capability).into()));
    described
}

fn cells_of(
    request: &Request,
    model: &Model,
    data: &TaskData,
    found: &Found,
    options: &Options,
) -> Result<Vec<CellSpec>, Reason> {
    let described = &narrowed(found.plugins.get(&model.plugin)?, model);
    let weights = found.weights.get(&model.name).cloned().unwrap_or_else(|| Ok(BTreeMap::new()))?;
    let inputs = found.inputs.get(&model.name).cloned().unwrap_or_else(|| Ok(Inputs::new()))?;
    let wanted = if request.protocols.is_empty() { &model.protocols } else { &request.protocols };
    let protocols = chosen(&data.task, wanted, &model.prompt, described);
    if protocols.is_empty() {
        let why = not_served(&data.task, wanted, &model.prompt, described);
        return Err(Reason::new(ReasonKind::NotServed, why));
    }
    if let Some(why) = not_allowed(data, model, &protocols) {
        return Err(Reason::new(ReasonKind::NotServed, why));
    }
    let one = |protocol: &Protocol, served, seed| {
        let mut spec = CellSpec {
            format: FORMAT,
            key: String::new(),
            model: model.clone(),
            task: Task { labels: data.labels.clone(), protocols: Vec::new(), ..data.task.clone() },
            protocol: protocol.clone(),
            served,
            seed,
            limit: request.limit,
            plugin: described.file.clone(),
            weights: weights.clone(),
            inputs: inputs.clone(),
            cache: model.cache.then(|| path_text(&found.cache.join("models").join(&model.name))),
            slice: None,
            imported: None,
            data: data.file.clone(),
            sample: data.sample,
            cultures: data.cultures.clone(),
            family_version: data.family_version,
            harness: env!("CARGO_PKG_VERSION").to_owned(),
            threads: options.of(model).threads.value,
        };
        spec.key = spec.compute_key();
        spec
    };
    let of_protocol = |(protocol, served): &(Protocol, Capability)| {
        request.seeds.iter().map(|seed| one(protocol, *served, *seed)).collect::<Vec<_>>()
    };
    Ok(protocols.iter().flat_map(of_protocol).collect())
}

/// Why the authors of the dataset would not want it: it learns from data that they allow for evaluation only.
fn not_allowed(
    data: &TaskData,
    model: &Model,
    protocols: &[(Protocol, Capability)],
) -> Option<String> {
    if data.usage == Usage::Any {
        return None;
    }
    let (dataset, shots) = (&data.dataset, model.prompt.shots);
    let ask = format!("the dataset `{dataset}` is for evaluation only, as its authors ask");
    if let Some((protocol, _)) = protocols.iter().find(|(protocol, _)| protocol.learns()) {
        let name = &protocol.name;
        return Some(format!("{ask}, and protocol `{name}` learns from it; use one that does not"));
    }
    let prompted = protocols.iter().any(|(_, served)| served.prompts());
    (prompted && shots > 0).then(|| {
        format!("{ask}, and `prompt.shots` = {shots} shows solved examples of it; set it to 0")
    })
}

fn not_served(
    task: &Task,
    wanted: &[String],
    prompting: &Prompting,
    described: &Described,
) -> String {
    let offers: Vec<&str> = (described.fits.then_some("fit").into_iter())
        .chain(described.capabilities.iter().map(|c| c.name()))
        .collect();
    let needs: Vec<String> = (task.protocols.iter())
        .filter(|p| wanted.is_empty() || wanted.contains(&p.name))
        .map(|p| {
            let accepts: Vec<&str> = p.accepts.iter().map(|c| c.name()).collect();
            let fit = if p.fit { "fit and " } else { "" };
            format!("{}: {fit}{}", p.name, accepts.join(" or "))
        })
        .collect();
    let why = if needs.is_empty() {
        let known: Vec<&str> = task.protocols.iter().map(|p| p.name.as_str()).collect();
        format!(
            "task `{}` has none of the protocols {}; it has {}",
            task.name,
            wanted.join(", "),
            known.join(", ")
        )
    } else {
        let (offers, needs) = (offers.join(", "), needs.join("; "));
        format!("the plugin offers {offers}; `{}` needs {needs}", task.name)
    };
    let hidden = |p: &&Protocol| {
        let seen = Protocol { sees: Some(task.seen_by(p)), ..(*p).clone() };
        let prompted = serves(p, &described.capabilities, described.fits);
        prompted.is_some_and(|served| tells_too_much(&seen, served, prompting))
    };
    if let Some(protocol) = task.protocols.iter().find(hidden) {
        return format!(
            "the model's `prompt.persona` names the culture of an example, and protocol `{}` of `{}` shows models the text alone; take the culture out of the persona",
            protocol.name, task.name
        );
    }
    match prompting.few_shot() {
        Some(name) => format!(
            "{why}; with `prompt.shots` = {} a protocol that prompts is called `{name}` and scores no part that is shown",
            prompting.shots
        ),
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::PluginIdentity;

    fn protocol(fit: bool, accepts: &[Capability]) -> Protocol {
        Protocol {
            name: "p".into(),
            fit,
            train: vec![],
            eval: vec![],
            sees: None,
            max_tokens: None,
            input: "{text}".into(),
            accepts: accepts.to_vec(),
            prompts: vec![],
            embedding: Some(crate::definition::dataset::Embedding::LinearHead),
            order: crate::definition::dataset::Order::Given,
        }
    }

    #[test]
    fn the_first_accepted_capability_serves() {
        use Capability::{Classify, Embed, Generate};
        let check = |fit,
                     accepts: &[Capability],
                     has: &[Capability],
                     fits,
                     expect: Option<Capability>| {
            assert_eq!(serves(&protocol(fit, accepts), has, fits), expect, "{accepts:?} {has:?}");
        };
        check(true, &[Classify, Embed], &[Embed, Classify], true, Some(Classify));
        check(true, &[Classify, Embed], &[Embed, Classify], false, Some(Embed));
        check(true, &[Classify], &[Classify], false, None);
        check(false, &[Classify], &[Classify], false, Some(Classify));
        check(false, &[Generate], &[Generate], false, None);
    }

    fn offering(capabilities: &[Capability]) -> Described {
        Described {
            file: FileRef { path: String::new(), sha256: String::new() },
            identity: PluginIdentity {
                name: "p".into(),
                version: String::new(),
                build: String::new(),
            },
            fits: false,
            saves: false,
            capabilities: capabilities.to_vec(),
        }
    }

    #[test]
    fn a_way_of_asking_may_be_named() {
        use Capability::{Generate, Loglikelihood};
        let all = Catalogue::embedded().unwrap();
        let task = all.task("cultureatlas").unwrap().1;
        let both = offering(&[Loglikelihood, Generate]);
        let served = |wanted: &[&str]| -> Vec<Capability> {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            let found = chosen(task, &wanted, &Prompting::default(), &both);
            assert!(found.iter().all(|(protocol, _)| protocol.name == "zero-shot"));
            found.into_iter().map(|(_, way)| way).collect()
        };
        assert_eq!(served(&[]), [Generate]);
        assert_eq!(served(&["zero-shot"]), [Generate], "the preferred way");
        assert_eq!(served(&["zero-shot (likelihood)"]), [Loglikelihood]);
        assert_eq!(
            served(&["zero-shot (replies)", "zero-shot (likelihood)"]),
            [Generate, Loglikelihood]
        );
        assert_eq!(served(&["trained"]), []);
    }

    /// A persona of the example's culture would show what `sees` hides.
    #[test]
    fn a_persona_shows_no_hidden_culture() {
        let all = Catalogue::embedded().unwrap();
        let (atlas, crehate) =
            (all.task("cultureatlas").unwrap().1, all.task("crehate").unwrap().1);
        let talker = offering(&[Capability::Generate]);
        let with =
            |persona: &str| Prompting { persona: Some(persona.to_owned()), ..Prompting::default() };
        let of_culture = with("You live in {culture_name}.");
        assert_eq!(chosen(atlas, &[], &of_culture, &talker), []);
        let why = not_served(atlas, &[], &of_culture, &talker);
        assert!(why.contains("take the culture out of the persona"), "{why}");
        assert_eq!(chosen(atlas, &[], &with("Be brief."), &talker).len(), 1);
        assert_eq!(chosen(crehate, &[], &of_culture, &talker).len(), 1, "its prompts name it");
    }

    #[test]
    fn what_examples_are_drawn_from_is_not_scored() {
        use crate::definition::split::Split::{Test, Train, Valid};
        let shots = |shots| Prompting { shots, ..Prompting::default() };
        let zero_shot = Protocol {
            name: "zero-shot".into(),
            train: vec![Train],
            eval: vec![Train, Valid, Test],
            ..protocol(false, &[Capability::Generate])
        };
        let few = with_shots(&zero_shot, Capability::Generate, &shots(4)).unwrap();
        assert_eq!((few.name.as_str(), &few.eval[..]), ("4-shot", &[Valid, Test][..]));
        assert_eq!(
            with_shots(&zero_shot, Capability::Generate, &shots(0)),
            Some(zero_shot.clone())
        );
        assert_eq!(
            with_shots(&zero_shot, Capability::Classify, &shots(4)),
            Some(zero_shot.clone()),
            "who is not prompted sees no examples"
        );
        let only_train = Protocol { eval: vec![Train], ..zero_shot };
        assert_eq!(with_shots(&only_train, Capability::Generate, &shots(4)), None);
    }
}
