//! Hosts: redirects, tokens, refusals, Google Drive, hosts that are not there.

use std::net::TcpListener;

use fs_err as fs;
use harness::definition::source::{Origin, Source};
use harness::fetch::{FetchError, Token};

use super::server::{Server, reply};
use super::{Place, assert_says, http, pinned, source};

#[test]
fn redirects_are_followed_within_limits() {
    let server = Server::start(|request, stream| match &*request.path {
        "/a" => reply(stream, "302 Found", &[("Location", "/b")], b""),
        "/b" => reply(stream, "308 Permanent Redirect", &[("Location", "c/d")], b""),
        "/c/d" => reply(stream, "200 OK", &[], b"fine"),
        "/file" => reply(stream, "302 Found", &[("Location", "file:///etc/passwd")], b""),
        "/nowhere" => reply(stream, "302 Found", &[], b""),
        path => {
            let next = format!("/loop{}", path.len());
            reply(stream, "301 Moved Permanently", &[("Location", &next)], b"");
        }
    });
    let place = Place::new();
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), b"fine");
    assert_says(&place.error(&http(server.url("/file"))), &["redirects from http to file:"]);
    assert_says(&place.error(&http(server.url("/loop"))), &["redirects more than 10 times"]);
    assert_says(&place.error(&http(server.url("/nowhere"))), &["302 Found"]);
}

#[test]
fn a_token_stays_with_its_host() {
    let other = Server::start(|_, stream| reply(stream, "200 OK", &[], b"fine"));
    let away = other.url("/signed");
    let own = Server::start(move |request, stream| match &*request.path {
        "/a" => reply(stream, "302 Found", &[("Location", "/b")], b""),
        _ => reply(stream, "302 Found", &[("Location", &away)], b""),
    });
    let mut place = Place::new();
    place.options.tokens = vec![Token::new("127.0.0.1", "s3cret")];
    place.fetch(&http(own.url("/a"))).unwrap();
    let seen: Vec<bool> =
        own.requests().iter().map(|r| r.header("authorization") == Some("Bearer s3cret")).collect();
    assert_eq!(seen, [true, true]);
    assert_eq!(other.requests()[0].header("authorization"), None);
    assert!(!format!("{:?}", place.options).contains("s3cret"));
}

#[test]
fn a_stale_token_does_not_hide_a_public_file() {
    let server = Server::start(|request, stream| match request.header("authorization") {
        Some(_) => reply(stream, "401 Unauthorized", &[], b""),
        None => reply(stream, "200 OK", &[], b"public"),
    });
    let mut place = Place::new();
    place.options.tokens = vec![Token::new("127.0.0.1", "stale")];
    assert_eq!(fs::read(place.fetch(&http(server.url("/a"))).unwrap().path).unwrap(), b"public");
}

#[test]
fn gated_says_where_the_terms_are() {
    let server = Server::start(|request, stream| match &*request.path {
        "/401" => reply(stream, "401 Unauthorized", &[], b""),
        _ => reply(stream, "403 Forbidden", &[], b""),
    });
    let mut place = Place::new();
    for path in ["/401", "/403"] {
        let terms = Some("https://example.org/terms".to_owned());
        let message = place.error(&Source { terms, ..http(server.url(path)) });
        assert_says(
            &message,
            &["gated: accept the terms at https://example.org/terms, set HF_TOKEN", &path[1..]],
        );
    }
    assert_eq!(server.requests().len(), 2, "no second attempt");
    assert_says(
        &place.error(&http(server.url("/401"))),
        &["log in with a browser", "drop-in/dataset/splits/train.csv"],
    );
    place.options.tokens = vec![Token::new("127.0.0.1", "s3cret")];
    let message = place.error(&http(server.url("/401")));
    assert_says(&message, &["the token has no access"]);
    assert!(!message.contains("s3cret"));
}

#[test]
fn a_web_page_is_no_data() {
    let page = b"<html><head><title>Sign in to\n Wi-Fi</title></head></html>";
    let server = Server::start(|_, stream| {
        reply(stream, "200 OK", &[("Content-Type", "text/html; charset=utf-8")], page);
    });
    let place = Place::new();
    assert_says(
        &place.error(&http(server.url("/a"))),
        &["web page (\"Sign in to Wi-Fi\")", "drop-in"],
    );
}

fn drive(server: &Server, place: &mut Place) -> Source {
    place.options.drive_base = server.url("");
    source(Origin::Drive { id: "ID".to_owned() })
}

const HTML: [(&str, &str); 1] = [("Content-Type", "text/html; charset=utf-8")];

#[test]
fn drive_downloads_through_the_confirm_form() {
    let form = r#"<title>Google Drive - Virus scan warning</title><form id="download-form" action="/download" method="get">
        <input type="submit" value="Download anyway"/><input type="hidden" name="id" value="ID"><input type="hidden" name="export" value="download">
        <input type="hidden" name="confirm" value="t"><input type="hidden" name="uuid" value="1-2-3"></form>"#;
    let server = Server::start(move |request, stream| {
        if request.path.contains("uuid=1-2-3") {
            let headers = [
                ("Content-Type", "application/zip"),
                ("Content-Disposition", "attachment; filename=a"),
            ];
            reply(stream, "200 OK", &headers, b"data");
        } else {
            reply(stream, "200 OK", &HTML, form.as_bytes());
        }
    });
    let mut place = Place::new();
    let source = drive(&server, &mut place);
    assert_eq!(fs::read(place.fetch(&source).unwrap().path).unwrap(), b"data");
    let paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    assert_eq!(
        paths,
        [
            "/download?id=ID&export=download&confirm=t",
            "/download?id=ID&export=download&confirm=t&uuid=1-2-3"
        ]
    );
}

#[test]
fn drive_says_when_its_quota_is_used_up() {
    for status in ["200 OK", "403 Forbidden"] {
        let server = Server::start(move |_, stream| {
            reply(stream, status, &HTML, b"<title>Google Drive - Quota exceeded</title>");
        });
        let mut place = Place::new();
        let source = drive(&server, &mut place);
        assert_says(
            &place.error(&source),
            &["quota of file ID", "24 hours", "drop-in/dataset/splits/train.csv"],
        );
    }
    let server =
        Server::start(move |_, stream| reply(stream, "200 OK", &HTML, b"<title>Sign in</title>"));
    let mut place = Place::new();
    let source = drive(&server, &mut place);
    assert_says(&place.error(&source), &["google drive file ID", "Sign in"]);
}

#[test]
fn a_host_that_is_not_there_is_asked_once() {
    // A port that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place::new();
    let first = place.fetch(&http(format!("http://127.0.0.1:{port}/a"))).unwrap_err();
    assert!(matches!(first, FetchError::Unreachable { .. }) && first.is_unavailable(), "{first}");
    assert_says(&first.to_string(), &["cannot reach 127.0.0.1:", "refused", "--mirror"]);
    // Somebody listens by now, and is not asked.
    let late = TcpListener::bind(("127.0.0.1", port)).unwrap();
    late.set_nonblocking(true).unwrap();
    let second = place.error(&pinned(format!("http://127.0.0.1:{port}/b"), b"b"));
    assert_says(&second, &["cannot reach 127.0.0.1:", "refused"]);
    assert_eq!(late.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let name = place.error(&http("http://no-such-host.invalid/a".to_owned()));
    assert_says(&name, &["cannot reach no-such-host.invalid"]);
}

#[test]
fn an_address_that_is_none_is_a_fault_of_the_definition() {
    let place = Place::new();
    for bad in ["ftp://example.org/a", "file:///etc/passwd", "not an address"] {
        assert_says(
            &place.error(&http(bad.to_owned())),
            &["dataset/train", "not http:// or https://", "definition"],
        );
    }
    for path in ["../a", "/etc/passwd", "", "a/../../b"] {
        let source = Source { path: path.to_owned(), ..http("http://127.0.0.1:1/".to_owned()) };
        assert_says(&place.error(&source), &["stays inside"]);
    }
    let source =
        Source { sha256: Some("abc".to_owned()), ..http("http://127.0.0.1:1/".to_owned()) };
    assert_says(&place.error(&source), &["64 hexadecimal digits"]);
}
