//! The plugin `openai-api` in runs: keys, costs, caches and kills; and what is around the questions of any language model.

mod certificates;
mod killed;
mod prompts;
mod runs;
#[path = "../../../../baselines/openai-api/tests/it/server.rs"]
#[expect(dead_code, reason = "the plugin's own tests use the rest")]
pub(crate) mod server;

use server::Server;

use super::program::Place;

/// A secret that must be nowhere.
const SECRET: &str = "sk-do-not-write-me-anywhere-0123456789";

/// A model at a server that takes any key; `top` goes before `[config]`.
fn model_at(place: &Place, name: &str, url: &str, top: &str, config: &str) {
    let config = format!("model = \"fake\"\nbase_url = \"{url}\"\nbackoff = 0.001\n{config}");
    place.model(name, "openai-api", &format!("capabilities = [\"generate\"]\n{top}"), &config);
}

fn model(place: &Place, server: &Server, top: &str, config: &str) {
    model_at(place, "remote", server.url(), top, config);
}
