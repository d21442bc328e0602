//! The validator: an honest plugin passes, each lie fails its own check.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::plugin::check::{self, Outcome, Settings};

use super::built;

fn settings(lie: &str) -> Settings {
    let patience = Duration::from_secs(2);
    Settings {
        config: format!(r#"{{"lie": "{lie}"}}"#),
        patience,
        calls: 1000,
        ..Settings::default()
    }
}

/// One test, so that the leak check is not disturbed by others.
#[test]
fn each_lie_fails_in_its_own_way() {
    let honest = check::run_all(&built("liar"), &settings("none"));
    assert!(honest.iter().all(|c| c.outcome != Outcome::Fail), "{honest:#?}");
    let lies = [
        ("panic-create", "create"),
        ("panic-fit", "create"),
        ("nan", "answers"),
        ("infinite", "answers"),
        ("short", "answers"),
        ("fewer", "answers"),
        ("no-dimension", "answers"),
        ("refuse", "answers"),
        ("panic-classify", "answers"),
        ("panic-empty", "empty batch"),
        ("panic-text", "odd text"),
        ("random", "determinism"),
        ("neighbours", "batch invariance"),
        ("shared", "two handles"),
        ("deaf", "cancel"),
        ("leak", "leak"),
    ];
    for (lie, name) in lies {
        let found = check::run(name, &built("liar"), &settings(lie)).unwrap();
        assert_eq!(found.outcome, Outcome::Fail, "{lie}: {found:?}");
    }
    assert!(check::run("no such check", &built("liar"), &settings("none")).is_none());
}

/// Set in the child of the test below: the lie that it has the plugin tell.
const LIE: &str = "CULTURE_EVAL_TEST_LIE";

/// What the plugin does cannot be caught: the test starts this test program again, with this test alone and the lie.
#[test]
fn a_check_can_run_in_a_child_that_dies_or_hangs() {
    if let Ok(lie) = std::env::var(LIE) {
        check::run("answers", &built("liar"), &settings(&lie));
        return;
    }
    let start = |lie: &str| {
        Command::new(std::env::current_exe().unwrap())
            .args(["plugin::checks::a_check_can_run_in_a_child_that_dies_or_hangs", "--exact"])
            .env(LIE, lie)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    // An honest child ends well: the others end as they do because of the lie.
    assert!(start("none").wait().unwrap().success());
    assert!(!start("abort").wait().unwrap().success());
    let mut hanging = start("hang");
    let until = Instant::now() + Duration::from_millis(600);
    while Instant::now() < until {
        assert!(hanging.try_wait().unwrap().is_none(), "it came back");
        std::thread::sleep(Duration::from_millis(50));
    }
    hanging.kill().unwrap();
    hanging.wait().unwrap();
}
