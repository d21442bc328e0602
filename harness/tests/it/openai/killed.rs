//! kill -9 loses at most the requests under way.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::Duration;

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};

use super::model;
use super::server::{Server, answer, send};
use crate::program::{Place, Ran, end_of, wait_until};
use crate::skipped::skipped;

const CONCURRENCY: usize = 8;
const ARGS: [&str; 12] = [
    "run",
    "--data",
    "sample",
    "--models",
    "remote",
    "--benchmarks",
    "crehate",
    "--limit",
    "40",
    "--jobs",
    "1",
    "--quiet",
];

/// The processes that a process has started.
fn children(parent: u32) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let children = tasks.flat_map(|task| {
        let text = fs_err::read_to_string(task.unwrap().path().join("children"));
        let text = text.unwrap_or_default();
        text.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<i32>>()
    });
    children.map(|pid| Pid::from_raw(pid).unwrap()).collect()
}

#[test]
fn kill_9_loses_at_most_the_requests_under_way() {
    if !std::path::Path::new("/proc/self/task").exists() {
        skipped("/proc", "it needs Linux");
        return;
    }
    let place = Place::new();
    let server = Server::start(|_, request, stream| {
        std::thread::sleep(Duration::from_millis(20));
        send(stream, &answer(request))
    });
    // All 400 requests are one call: nothing but the cache of answers can save what it brought.
    let top = "cache = true\nbatch = 1000";
    model(&place, &server, top, &format!("concurrency = {CONCURRENCY}"));
    let mut run = place
        .command(&ARGS)
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("100 requests are sent", || {
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
        server.requests().len() >= 100
    });
    let cells = children(run.id());
    assert_eq!(cells.len(), 1);
    kill_process(cells[0], Signal::KILL).unwrap();
    end_of(&mut run);
    wait_until("the server is idle", || server.in_flight() == 0);
    let sent = server.requests().len();
    assert!((100..400).contains(&sent), "it was killed in the middle: {sent}");

    Ran::of(place.command(&ARGS).arg("--retry-failed")).exits(0);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for request in server.requests() {
        *times.entry(request.prompt().to_owned()).or_default() += 1;
    }
    let distinct = times.len();
    let again = times.values().filter(|times| **times > 1).count();
    assert!(times.values().all(|times| *times <= 2));
    assert!(again <= CONCURRENCY, "{again} of {distinct} requests were sent again");
    assert_eq!(server.requests().len(), distinct + again);

    // The end is that of a run that nobody disturbed.
    let undisturbed = Place::new();
    model(&undisturbed, &server, "", "");
    undisturbed.run(&ARGS).exits(0);
    let board =
        |place: &Place| fs::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap();
    assert_eq!(board(&place), board(&undisturbed));
}
