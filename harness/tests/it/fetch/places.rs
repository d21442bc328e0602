//! The cache, mirrors, the drop-in folder, offline, trust on first use, Python packages.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fs_err as fs;
use harness::definition::source::{Origin, Source};
use harness::fetch::{self, FetchError, Mirror, Silent, Verified, Via};

use super::server::{Server, reply};
use super::{Place, assert_says, body, http, pinned, sha256, source};
use crate::skipped::skipped;

/// An address that must not be asked.
fn nowhere() -> String {
    "http://never-asked.invalid/a".to_owned()
}

#[test]
fn a_mirror_folder_comes_first() {
    let mut place = Place::new();
    let data = body(1000);
    place.write("mirror/dataset/splits/train.csv", &data);
    place.options.mirrors =
        vec![Mirror::Dir(place.path("empty")), Mirror::Dir(place.path("mirror"))];
    place.options.offline = true;
    let source = pinned(nowhere(), &data);
    let local = fetch::is_available_locally("dataset", &source, &place.options).unwrap();
    assert_eq!(local.via, Via::Mirror);
    let found = place.fetch(&source).unwrap();
    assert_eq!((found.via, found.verified), (Via::Mirror, Verified::Sha256));
    assert_eq!(fs::read(&found.path).unwrap(), data);
    assert!(found.path.starts_with(&place.options.cache));
    // From now on the mirror may go.
    place.options.mirrors.clear();
    assert_eq!(place.fetch(&source).unwrap().via, Via::Cache);
    assert_eq!(
        fetch::is_available_locally("dataset", &source, &place.options).unwrap().via,
        Via::Cache
    );
}

#[test]
fn a_wrong_copy_in_a_mirror_is_an_error_never_passed_over() {
    let data = body(1000);
    let sent = data.clone();
    let server = Server::start(move |_, stream| reply(stream, "200 OK", &[], &sent));
    let mut place = Place::new();
    let wrong = place.write("mirror/dataset/splits/train.csv", b"wrong");
    place.options.mirrors = vec![Mirror::Dir(place.path("mirror"))];
    let message = place.error(&pinned(server.url("/a"), &data));
    assert_says(&message, &[&sha256(b"wrong"), &sha256(&data), &wrong.display().to_string()]);
    assert!(server.requests().is_empty());
    place.assert_no_leftovers();
}

#[test]
fn a_mirror_address_is_asked_before_the_owners() {
    let data = body(1000);
    let sent = data.clone();
    let mirror = Server::start(move |request, stream| match &*request.path {
        "/base/dataset/a%20b/train.csv" => reply(stream, "200 OK", &[], &sent),
        _ => reply(stream, "404 Not Found", &[], b""),
    });
    let sent = data.clone();
    let owners = Server::start(move |_, stream| reply(stream, "200 OK", &[], &sent));
    let mut place = Place::new();
    place.options.mirrors = vec![Mirror::parse(&mirror.url("/base/"))];
    let source = Source { path: "a b/train.csv".to_owned(), ..pinned(owners.url("/a"), &data) };
    assert_eq!(place.fetch(&source).unwrap().via, Via::Mirror);
    let missing = Source { id: "other".to_owned(), ..pinned(owners.url("/a"), &data[..999]) };
    let missing = Source { bytes: None, sha256: None, ..missing };
    assert_eq!(place.fetch(&missing).unwrap().via, Via::Network);
    assert_eq!(owners.requests().len(), 1);
}

#[test]
fn the_drop_in_folder_takes_full_paths_and_bare_names() {
    for path in ["dataset/splits/train.csv", "dataset/train.csv", "train.csv"] {
        let place = Place::new();
        let hint = "open the authors' folder and accept the license".to_owned();
        let source = source(Origin::DropIn { hint });
        let message = place.error(&source);
        assert_says(
            &message,
            &["drop-in/dataset/splits/train.csv", "by hand", "accept the license"],
        );
        place.write(&format!("drop-in/{path}"), b"data");
        let found = place.fetch(&source).unwrap();
        assert_eq!((found.via, found.verified), (Via::DropIn, Verified::TrustOnFirstUse));
        let again = place.fetch(&source).unwrap();
        assert_eq!((again.via, again.verified), (Via::Cache, Verified::Recorded));
    }
}

#[test]
fn offline_says_which_command_gets_it() {
    let mut place = Place::new();
    place.options.offline = true;
    place.options.mirrors = vec![Mirror::Dir(place.path("mirror")), Mirror::Url(nowhere())];
    let error = place.fetch(&http(nowhere())).unwrap_err();
    assert!(error.is_unavailable());
    assert_says(
        &error.to_string(),
        &["offline", "`culture-eval fetch dataset`", "mirror", "drop-in/dataset"],
    );
    assert!(fetch::is_available_locally("dataset", &http(nowhere()), &place.options).is_none());
    assert_says(
        &fetch::how_to_get("dataset", &http(nowhere()), &place.options),
        &["culture-eval fetch dataset", "--mirror"],
    );
}

#[test]
fn a_change_after_first_use_is_refused_until_accepted() {
    let version = Arc::new(AtomicUsize::new(1));
    let now = Arc::clone(&version);
    let server = Server::start(move |_, stream| {
        reply(stream, "200 OK", &[], format!("version {}", now.load(Ordering::SeqCst)).as_bytes());
    });
    let place = Place::new();
    let source = http(server.url("/a"));
    assert_eq!(place.fetch(&source).unwrap().verified, Verified::TrustOnFirstUse);
    let lock = place.options.cache.join("sources.lock");
    let text = fs::read_to_string(&lock).unwrap();
    assert_says(&text, &["[sources.\"dataset/train\"]", &sha256(b"version 1"), "bytes = 9"]);

    version.store(2, Ordering::SeqCst);
    fs::remove_dir_all(place.options.cache.join("objects")).unwrap();
    let error = place.fetch(&source).unwrap_err();
    assert!(error.is_integrity());
    let lock_text = lock.display().to_string();
    assert_says(
        &error.to_string(),
        &[
            &sha256(b"version 1"),
            &sha256(b"version 2"),
            "delete the entry \"dataset/train\"",
            &lock_text,
        ],
    );
    assert_eq!(fs::read_to_string(&lock).unwrap(), text);

    fs::remove_file(&lock).unwrap();
    let found = place.fetch(&source).unwrap();
    assert_eq!(fs::read(found.path).unwrap(), b"version 2");
}

#[test]
fn a_changed_drop_in_file_is_seen_though_the_cache_has_the_old_one() {
    let place = Place::new();
    let source = source(Origin::DropIn { hint: String::new() });
    place.write("drop-in/dataset/splits/train.csv", b"one");
    place.fetch(&source).unwrap();
    place.write("drop-in/dataset/splits/train.csv", b"another");
    assert!(matches!(place.fetch(&source), Err(FetchError::Changed { .. })));
    fs::remove_file(place.options.cache.join("sources.lock")).unwrap();
    assert_eq!(fs::read(place.fetch(&source).unwrap().path).unwrap(), b"another");
}

#[test]
fn a_damaged_object_is_seen_and_fetched_again() {
    let data = body(1000);
    let sent = data.clone();
    let server = Server::start(move |_, stream| reply(stream, "200 OK", &[], &sent));
    let (place, source) = (Place::new(), pinned(server.url("/a"), &data));
    let found = place.fetch(&source).unwrap();
    fs::remove_file(&found.path).unwrap();
    fs::write(&found.path, b"damaged").unwrap();
    let error = fetch::verify(&found, &source).unwrap_err();
    assert!(error.is_integrity());
    assert_eq!(fs::read(place.fetch(&source).unwrap().path).unwrap(), data);
    assert_eq!(server.requests().len(), 2);
    // An index that is lost costs a hash, no download.
    fs::remove_dir_all(place.options.cache.join("index")).unwrap();
    assert_eq!(place.fetch(&source).unwrap().via, Via::Cache);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn other_pins_are_another_source() {
    let (one, two) = (body(1000), body(2000));
    let (a, b) = (one.clone(), two.clone());
    let server = Server::start(move |request, stream| {
        reply(stream, "200 OK", &[], if request.path == "/1" { &a } else { &b });
    });
    let place = Place::new();
    place.fetch(&pinned(server.url("/1"), &one)).unwrap();
    let found = place.fetch(&pinned(server.url("/2"), &two)).unwrap();
    assert_eq!((found.bytes, found.via), (2000, Via::Network));
}

#[test]
fn a_python_package_is_read_without_being_installed() {
    let place = Place::new();
    let six = |member: &str| {
        let (package, version, member) = ("six".to_owned(), "1.16.0".to_owned(), member.to_owned());
        source(Origin::Python { package, version, member })
    };
    let found = match fetch::fetch("dataset", &six("six.py"), &place.options, &Silent) {
        Err(error) if error.is_unavailable() => {
            skipped(&format!("PyPI: {error}"), "connect to the internet");
            return;
        }
        found => found.unwrap(),
    };
    assert_eq!(found.via, Via::Package);
    assert!(
        fs::read_to_string(&found.path)
            .unwrap()
            .contains("Utilities for writing code that runs on Python 2 and 3")
    );
    assert_eq!(place.fetch(&six("six.py")).unwrap().via, Via::Cache);
    let other = Source { id: "other".to_owned(), ..six("seven.py") };
    assert_says(&place.error(&other), &["six==1.16.0", "no member \"seven.py\""]);
    place.assert_no_leftovers();
}

#[test]
fn a_missing_pip_is_told() {
    let mut place = Place::new();
    place.options.python = "no-such-python".into();
    let from = |package: &str| Origin::Python {
        package: package.to_owned(),
        version: "1.0".to_owned(),
        member: "a".to_owned(),
    };
    let message = place.error(&source(from("some-package")));
    assert_says(
        &message,
        &["some-package==1.0", "needs pip", "no-such-python", "install python3 with pip"],
    );
    assert_says(&place.error(&source(from("--index-url=x"))), &["not a package and version"]);
}

#[test]
fn a_wrong_python_package_is_refused() {
    let place = Place::new();
    let from = Origin::Python {
        package: "six".to_owned(),
        version: "1.16.0".to_owned(),
        member: "six.py".to_owned(),
    };
    let wrong = Source { sha256: Some(sha256(b"other")), ..source(from) };
    match place.fetch(&wrong) {
        Err(error) if error.is_unavailable() => {
            skipped(&format!("PyPI: {error}"), "connect to the internet");
        }
        Err(error) => {
            assert!(error.is_integrity());
            assert_says(
                &error.to_string(),
                &["six.py of python package six==1.16.0", &sha256(b"other")],
            );
            assert!(!place.options.cache.join("wheels/six-1.16.0").exists());
        }
        Ok(found) => panic!("{found:?}"),
    }
}
