//! `plugin check` on a plugin of this workspace, every check in a process of its own: what libtorch keeps belongs to the process.
//! Tests of `calm-plugin` use it too.

use std::process::Command;

use harness::plugin::check::{self, Outcome, Settings};
use serde_json::Value;

/// Tells a child which check it is for.
const ONE: &str = "CULTURE_EVAL_TESTED_CHECK";

/// Ends the test unless the plugin passes each check. `test` is the calling test's own path; a child runs it again for one check.
pub(crate) fn passes(test: &str, plugin: &str, config: &Value) {
    let program = std::env::current_exe().unwrap();
    let Ok(one) = std::env::var(ONE) else {
        for name in check::names() {
            let mut child = Command::new(&program);
            let ran = child.args([test, "--exact", "--nocapture"]).env(ONE, name).output().unwrap();
            let out = String::from_utf8_lossy(&ran.stdout);
            assert!(
                ran.status.success() && out.contains("1 passed"),
                "{name}: {out}{}",
                String::from_utf8_lossy(&ran.stderr)
            );
        }
        return;
    };
    // Cargo puts the plugin beside its tests.
    let file = format!("{}{plugin}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let settings = Settings { config: config.to_string(), calls: 300, ..Settings::default() };
    let found = check::run(&one, &program.with_file_name(file), &settings).unwrap();
    assert_ne!(found.outcome, Outcome::Fail, "{}", found.reason);
}
