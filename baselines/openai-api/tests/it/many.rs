//! Many requests at once: as many as asked for, no more, fewer under load, and an idle machine while they wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use super::server::{Server, answer, refuse, said, send};
use super::skipped::skipped;
use super::{ask, model};

fn prompts(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("question {i}")).collect()
}

fn asked(server: &Server, more: serde_json::Value, count: usize) {
    let prompts = prompts(count);
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let found = ask(&mut model(server, &more), &prompts).unwrap();
    let expect: Vec<&str> = prompts.iter().map(|prompt| said(prompt)).collect();
    assert_eq!(found, expect);
}

/// Processor time of this thread, which does all the work of the plugin.
fn busy() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn threads() -> Option<usize> {
    fs_err::read_dir("/proc/self/task").ok().map(Iterator::count)
}

/// No answer comes before all 64 requests are there, and then only two seconds later.
#[test]
fn sixty_four_requests_are_under_way_at_once_and_nothing_spins() {
    let server = Server::start(|server, request, stream| {
        server.wait_until(|server| server.most() >= 64);
        std::thread::sleep(Duration::from_secs(2));
        send(stream, &answer(request))
    });
    let before = busy();
    asked(&server, json!({ "concurrency": 64 }), 64);
    let used = busy().saturating_sub(before);
    assert_eq!(server.most(), 64);
    assert!(
        used < Duration::from_millis(500),
        "two seconds of waiting took {used:?} of the processor"
    );
}

#[test]
fn never_more_than_asked_for() {
    let server = Server::start(|_, request, stream| {
        std::thread::sleep(Duration::from_millis(5));
        send(stream, &answer(request))
    });
    asked(&server, json!({ "concurrency": 5 }), 100);
    assert!(server.most() <= 5, "{}", server.most());
}

#[test]
fn no_thread_for_a_request() {
    if threads().is_none() {
        skipped("/proc", "it needs Linux");
        return;
    }
    // In a child of its own: other tests start threads.
    if std::env::var_os("COUNT_THREADS").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["many::no_thread_for_a_request", "--exact", "--test-threads=1"])
            .env("COUNT_THREADS", "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let counted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&counted);
    let server = Server::start(move |server, request, stream| {
        server.wait_until(|server| server.most() >= 32);
        count.fetch_max(threads().unwrap_or_default(), Ordering::SeqCst);
        send(stream, &answer(request))
    });
    asked(&server, json!({ "concurrency": 32 }), 32);
    // One thread a connection and one that listens are the server's; the main thread and the test's are two.
    let most = counted.load(Ordering::SeqCst);
    assert!((1..=32 + 1 + 2).contains(&most), "{most} threads");
}

/// A server that bears 8 requests and refuses the ninth gets all of them done by a client that may send 64.
#[test]
fn a_server_that_is_overloaded_is_asked_less() {
    let server = Server::start(|server, request, stream| {
        if server.in_flight() > 8 {
            return refuse(stream, "429 Too Many Requests", "rate_limit", "too many", &[]);
        }
        std::thread::sleep(Duration::from_millis(2));
        send(stream, &answer(request))
    });
    asked(&server, json!({"concurrency": 64, "backoff": 0.02, "retries": 30}), 400);
    let refused = server.requests().len() - 400;
    assert!(refused > 0, "it was overloaded at first");
    assert!(refused < 400, "{refused} of {} requests were in vain", server.requests().len());
}

#[test]
fn a_limit_of_requests_a_minute_is_kept() {
    let server = Server::honest();
    let asked_in_vain = server.clone();
    // It would take minutes: the thread is left behind.
    std::thread::spawn(move || {
        asked(&asked_in_vain, json!({"requests_per_minute": 3, "concurrency": 64}), 64);
    });
    server.wait_until(|server| server.requests().len() >= 3);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.requests().len(), 3);
    let server = Server::honest();
    let asked_in_vain = server.clone();
    // A prompt of 10 bytes and 32 tokens of reply count as 35 at first, as 14 when the answer tells.
    std::thread::spawn(move || {
        asked(&asked_in_vain, json!({"tokens_per_minute": 90, "concurrency": 64}), 64);
    });
    server.wait_until(|server| server.requests().len() >= 4);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.requests().len(), 4, "4 * 14 + 35 > 90");
}
