//! A test plugin that only talks: it says yes to a long prompt, no to a short one, and sometimes something else.

use plugin_api::{Capability, Error, Generation, Host, Plugin, Replies, Task, export_plugin};

/// The model.
#[derive(Debug)]
pub struct Talker;

impl Plugin for Talker {
    const NAME: &'static str = "talker";
    const CAPABILITIES: &'static [Capability] = &[Capability::Generate];

    fn create(_config: &str, _task: &Task, _host: &Host) -> Result<Self, Error> {
        Ok(Self)
    }

    /// Replies from the last prompt to the first: their order is the host's business.
    fn generate(
        &mut self,
        prompts: &[&str],
        _how: &Generation,
        replies: &mut Replies<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        for (index, prompt) in prompts.iter().enumerate().rev() {
            let reply = match prompt.len() % 7 {
                0 => "I would rather not say.",
                1..=3 => "Yes, true, hateful: hate.",
                _ => "No.",
            };
            replies.put(index, reply);
        }
        Ok(())
    }
}

export_plugin!(Talker);
