//! One file over a bad line.

use std::io::Write;
use std::time::{Duration, Instant};

use fs_err as fs;
use harness::definition::source::Source;
use harness::fetch::{FetchError, Verified, Via, fetch};

use super::server::{Server, cut, head, reply, reply_range, until_hung_up};
use super::{Notes, Place, assert_says, body, http, pinned};

#[test]
fn a_good_download_is_checked_and_then_served_by_the_cache() {
    let data = body(300_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| reply_range(request, stream, "\"a\"", &sent));
    let (place, source) = (Place::new(), pinned(server.url("/train.csv"), &data));
    let first = place.fetch(&source).unwrap();
    assert_eq!(fs::read(&first.path).unwrap(), data);
    assert_eq!((first.via, first.verified, first.bytes), (Via::Network, Verified::Sha256, 300_000));
    let second = place.fetch(&source).unwrap();
    assert_eq!((second.via, &second.path), (Via::Cache, &first.path));
    assert_eq!(server.requests().len(), 1);
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("identity"));
    harness::fetch::verify(&second, &source).unwrap();
    place.assert_no_leftovers();
}

#[test]
fn a_git_blob_id_is_a_checksum() {
    let server = Server::start(|_, stream| reply(stream, "200 OK", &[], b"hello\n"));
    let blob = "ce013625030ba8dba906f756967f9e9ca394464a".to_owned();
    let good = Source { git_blob: Some(blob), ..http(server.url("/a")) };
    let place = Place::new();
    assert_eq!(place.fetch(&good).unwrap().verified, Verified::GitBlob);
    let bad = Source { git_blob: Some("0".repeat(40)), ..http(server.url("/a")) };
    assert_says(&place.error(&bad), &["git blob ce0136", "pins 0000"]);
}

#[test]
fn a_cut_download_is_resumed() {
    let data = body(200_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => cut(stream, &[("ETag", "\"v1\"")], &sent, 70_000),
        _ => reply_range(request, stream, "\"v1\"", &sent),
    });
    let (place, notes) = (Place::new(), Notes::default());
    let source = pinned(server.url("/a"), &data);
    let found = fetch("dataset", &source, &place.options, &notes).unwrap();
    assert_eq!(fs::read(found.path).unwrap(), data);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].start(), Some(70_000));
    assert_eq!(requests[1].header("if-range"), Some("\"v1\""));
    assert_says(
        &notes.0.lock().unwrap().join("\n"),
        &["dataset/train", "70000 of 200000 bytes", "attempt 2 of 4"],
    );
}

#[test]
fn a_later_process_resumes_what_an_earlier_one_left() {
    let data = body(100_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => cut(stream, &[("ETag", "\"v1\"")], &sent, 40_000),
        _ => reply_range(request, stream, "\"v1\"", &sent),
    });
    let mut place = Place::new();
    place.options.retries = 0;
    let source = http(server.url("/a"));
    assert_says(
        &place.error(&source),
        &["gave up after 1 attempts", "40000 of 100000", "run again to resume"],
    );
    assert_eq!(fs::read(place.fetch(&source).unwrap().path).unwrap(), data);
    assert_eq!(server.requests()[1].start(), Some(40_000));
}

#[test]
fn a_server_that_ignores_ranges_starts_over() {
    let data = body(50_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => cut(stream, &[("ETag", "\"v1\"")], &sent, 20_000),
        _ => reply(stream, "200 OK", &[("ETag", "\"v1\"")], &sent),
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), data);
}

#[test]
fn a_file_that_changed_in_between_starts_over() {
    // The second answer is a range of another version: the tag shows it.
    let (old, new) = (body(50_000), vec![7; 60_000]);
    let sent = new.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => cut(stream, &[("ETag", "\"v1\"")], &old, 20_000),
        1 => {
            let range = [("Content-Range", "bytes 20000-59999/60000"), ("ETag", "\"v2\"")];
            reply(stream, "206 Partial Content", &range, &sent[20_000..]);
        }
        _ => reply_range(request, stream, "\"v2\"", &sent),
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), new);
    assert_eq!(server.requests()[2].start(), None);
}

#[test]
fn other_bytes_on_resume_are_caught_by_the_checksum() {
    // No validators at all, and the resumed half is wrong: one more download, from the start.
    let data = body(50_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => cut(stream, &[], &sent, 20_000),
        1 => {
            reply(
                stream,
                "206 Partial Content",
                &[("Content-Range", "bytes 20000-49999/50000")],
                &vec![0; 30_000],
            );
        }
        _ => reply(stream, "200 OK", &[], &sent),
    });
    let place = Place::new();
    assert_eq!(
        fs::read(place.fetch(&pinned(server.url("/a"), &data)).unwrap().path).unwrap(),
        data
    );
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn without_validators_and_checksum_nothing_is_resumed() {
    let data = body(50_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => cut(stream, &[], &sent, 20_000),
        _ => reply_range(request, stream, "\"x\"", &sent),
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), data);
    assert_eq!(server.requests()[1].start(), None);
}

#[test]
fn range_not_satisfiable_is_complete_or_starts_over() {
    // Complete: all bytes came, but the server claimed more; then it says what the total is.
    let data = body(30_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => {
            head(stream, "200 OK", Some(40_000), &[("ETag", "\"v\"")]);
            let _ = stream.write_all(&sent);
        }
        _ => reply_range(request, stream, "\"v\"", &sent),
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), data);
    assert_eq!(server.requests().len(), 2);

    // Shorter now: from the start.
    let (old, new) = (body(30_000), body(10_000));
    let sent = new.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => cut(stream, &[("ETag", "\"v\"")], &old, 20_000),
        1 => reply(stream, "416 Range Not Satisfiable", &[("Content-Range", "bytes */10000")], b""),
        _ => reply(stream, "200 OK", &[], &sent),
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), new);
}

#[test]
fn a_stalled_transfer_is_given_up_and_resumed() {
    let data = body(60_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| match request.count {
        0 => {
            head(stream, "200 OK", Some(sent.len()), &[("ETag", "\"v\"")]);
            let _ = stream.write_all(&sent[..10_000]);
            until_hung_up(stream);
        }
        _ => reply_range(request, stream, "\"v\"", &sent),
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), data);
    assert_eq!(server.requests()[1].start(), Some(10_000));
}

#[test]
fn a_server_that_announces_more_than_it_sends_is_an_error() {
    let server = Server::start(|_, stream| cut(stream, &[], &[1; 2000], 1000));
    let place = Place::new();
    assert_says(
        &place.error(&http(server.url("/a"))),
        &["dataset/train", "gave up after 4 attempts", "1000 of 2000 bytes", "--mirror"],
    );
}

#[test]
fn a_server_that_announces_another_size_than_pinned_is_an_error() {
    let data = body(2000);
    let server = Server::start(|_, stream| cut(stream, &[], &body(1500), 1500));
    let place = Place::new();
    assert_says(&place.error(&pinned(server.url("/a"), &data)), &["has 1500 bytes", "pins 2000"]);
    // It announces less than it sends: only what is announced is read, and the checksum tells.
    let sent = data.clone();
    let server = Server::start(move |_, stream| {
        head(stream, "200 OK", Some(1500), &[]);
        let _ = stream.write_all(&sent);
    });
    let source = Source { bytes: None, ..pinned(server.url("/a"), &data) };
    assert_says(
        &place.error(&source),
        &["sha256", "pins", &super::sha256(&data), &super::sha256(&data[..1500])],
    );
    // No announcement, and more than pinned: ended at the first byte too many.
    let server = Server::start(|_, stream| {
        head(stream, "200 OK", None, &[]);
        let _ = stream.write_all(&body(200_000));
    });
    assert_says(&place.error(&pinned(server.url("/a"), &data)), &["pins 2000"]);
    place.assert_no_leftovers();
}

#[test]
fn nothing_grows_beyond_the_limit() {
    let mut place = Place::new();
    place.options.max_bytes = 100_000;
    let announced = Server::start(|_, stream| cut(stream, &[], &body(200_000), 0));
    assert_says(
        &place.error(&http(announced.url("/a"))),
        &["larger than the limit of 100000 bytes"],
    );
    let endless = Server::start(|_, stream| {
        head(stream, "200 OK", None, &[]);
        while stream.write_all(&[0; 4096]).is_ok() {}
    });
    assert_says(&place.error(&http(endless.url("/a"))), &["larger than the limit of 100000 bytes"]);
}

#[test]
fn a_compressed_transfer_is_refused() {
    let server = Server::start(|_, stream| {
        reply(stream, "200 OK", &[("Content-Encoding", "gzip")], &[0x1f, 0x8b]);
    });
    assert_says(&Place::new().error(&http(server.url("/a"))), &["encoded as \"gzip\""]);
}

#[test]
fn a_wrong_checksum_names_both_hashes_and_leaves_nothing() {
    let data = body(1000);
    let server = Server::start(|_, stream| reply(stream, "200 OK", &[], &[3; 1000]));
    let (place, source) = (Place::new(), pinned(server.url("/a?sig=secret"), &data));
    let error = place.fetch(&source).unwrap_err();
    assert!(error.is_integrity());
    assert_says(
        &error.to_string(),
        &[&super::sha256(&data), &super::sha256(&[3; 1000]), "dataset/train", "/a has"],
    );
    assert!(!error.to_string().contains("secret"));
    place.assert_no_leftovers();
    assert!(super::files_below(&place.options.cache.join("objects")).is_empty());
}

#[test]
fn server_errors_are_tried_again() {
    let server = Server::start(|request, stream| match request.count {
        0 => reply(stream, "500 Internal Server Error", &[], b"oops"),
        1 => reply(stream, "503 Service Unavailable", &[], b""),
        _ => reply(stream, "200 OK", &[], b"fine"),
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), b"fine");
    let server = Server::start(|_, stream| reply(stream, "502 Bad Gateway", &[], b""));
    assert_says(
        &place.error(&http(server.url("/b"))),
        &["gave up after 4 attempts", "502 Bad Gateway"],
    );
    let server = Server::start(|_, stream| reply(stream, "404 Not Found", &[], b""));
    assert_says(&place.error(&http(server.url("/b"))), &["HTTP 404", "drop-in"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn retry_after_is_honoured_and_capped() {
    let server = Server::start(|request, stream| match request.count {
        0 => reply(stream, "429 Too Many Requests", &[("Retry-After", "1")], b""),
        _ => reply(stream, "200 OK", &[], b"fine"),
    });
    let mut place = Place::new();
    let begin = Instant::now();
    place.fetch(&http(server.url("/a"))).unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());

    place.options.max_wait = Duration::from_millis(200);
    let server = Server::start(|request, stream| match request.count {
        0 => reply(
            stream,
            "429 Too Many Requests",
            &[("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT")],
            b"",
        ),
        _ => reply(stream, "200 OK", &[], b"fine"),
    });
    let begin = Instant::now();
    // Without the cap this would not end in our time.
    place.fetch(&http(server.url("/a"))).unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(200), "{:?}", begin.elapsed());
}

#[test]
fn parallel_fetches_download_once() {
    let data = body(500_000);
    let sent = data.clone();
    let server = Server::start(move |request, stream| {
        std::thread::sleep(Duration::from_millis(200));
        reply_range(request, stream, "\"a\"", &sent);
    });
    let (place, notes) = (Place::new(), Notes::default());
    let source = pinned(server.url("/a"), &data);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fetch("dataset", &source, &place.options, &notes).unwrap());
        }
    });
    assert_eq!(server.requests().len(), 1);
    let notes = notes.0.into_inner().unwrap();
    assert_eq!(notes, vec!["dataset/train: waiting for another process that fetches it"; 3]);
}

#[test]
fn a_stop_ends_it() {
    struct Stop;
    impl harness::fetch::Progress for Stop {
        fn start(&self, name: &str, total: Option<u64>) -> Box<dyn harness::fetch::Transfer> {
            harness::fetch::Silent.start(name, total)
        }
        fn note(&self, _: &str) {}
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let server = Server::start(|_, stream| reply(stream, "200 OK", &[], b"x"));
    let place = Place::new();
    let error = fetch("dataset", &http(server.url("/a")), &place.options, &Stop).unwrap_err();
    assert!(matches!(error, FetchError::Cancelled { .. }));
}
