//! Archives: unpacked once, inside their folder, within bounds.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use fs_err as fs;
use harness::definition::source::{Source, Unpack};
use harness::fetch::{FetchError, Mirror, Verified, Via, verify};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::server::{Server, reply};
use super::{Place, assert_says, http, pinned};

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn packed(url: String, unpack: Unpack) -> Source {
    Source { path: "data".to_owned(), unpack: Some(unpack), ..http(url) }
}

fn serve(bytes: &[u8]) -> Server {
    let bytes = bytes.to_vec();
    Server::start(move |_, stream| reply(stream, "200 OK", &[], &bytes))
}

#[test]
fn a_zip_becomes_a_folder() {
    let archive = zip(&[("wvs/a.csv", b"one"), ("deep/er/b.csv", b"two")]);
    let server = serve(&archive);
    let place = Place::new();
    let source = Source {
        path: "data".to_owned(),
        unpack: Some(Unpack::Zip),
        ..pinned(server.url("/d"), &archive)
    };
    let found = place.fetch(&source).unwrap();
    assert_eq!(fs::read(found.path.join("wvs/a.csv")).unwrap(), b"one");
    assert_eq!(fs::read(found.path.join("deep/er/b.csv")).unwrap(), b"two");
    verify(&found, &source).unwrap();
    // A lost folder is unpacked again from the cached archive.
    fs::remove_dir_all(&found.path).unwrap();
    let again = place.fetch(&source).unwrap();
    assert_eq!((again.via, &again.path), (Via::Cache, &found.path));
    assert_eq!(server.requests().len(), 1);
    fs::write(found.path.join("wvs/a.csv"), b"changed").unwrap();
    assert!(matches!(verify(&found, &source), Err(FetchError::Checksum { .. })));
}

#[test]
fn a_gzip_becomes_a_file() {
    let server = serve(&gzip(b"a,b\n1,2\n"));
    let place = Place::new();
    let source = packed(server.url("/d.gz"), Unpack::Gzip);
    let found = place.fetch(&source).unwrap();
    assert_eq!(fs::read(&found.path).unwrap(), b"a,b\n1,2\n");
    verify(&found, &source).unwrap();
}

#[test]
fn an_archive_cannot_leave_its_folder() {
    let mut place = Place::new();
    place.options.retries = 0;
    for bad in [
        "../escape",
        "/etc/escape",
        "a/../../escape",
        "C:\\escape",
        "a\\..\\escape",
        "NUL",
        "con.csv",
    ] {
        let server = serve(&zip(&[("good.csv", b"x"), (bad, b"x")]));
        let message = place.error(&packed(server.url("/d"), Unpack::Zip));
        assert_says(&message, &["dataset/train", "cannot unpack", "entry"]);
    }
    let mut links = ZipWriter::new(Cursor::new(Vec::new()));
    links.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let server = serve(&links.finish().unwrap().into_inner());
    assert_says(
        &place.error(&packed(server.url("/d"), Unpack::Zip)),
        &["a link or a special file"],
    );
    assert!(
        !place.options.cache.join("sources.lock").exists(),
        "what cannot be used is not trusted"
    );
    let left = super::files_below(&place.options.cache.join("unpacked"));
    assert!(left.is_empty(), "{left:?}");
    assert!(!place.path("cache/escape").exists() && !place.path("escape").exists());
}

#[test]
fn bombs_are_bounded() {
    let zeros = vec![0; 2_000_000];
    let mut place = Place::new();
    place.options.max_bytes = 1_000_000;
    let server = serve(&gzip(&zeros));
    assert_says(
        &place.error(&packed(server.url("/d"), Unpack::Gzip)),
        &["more than the limit of 1000000 bytes"],
    );
    let server = serve(&zip(&[("a", &zeros[..600_000]), ("b", &zeros[..600_000])]));
    assert_says(
        &place.error(&packed(server.url("/d"), Unpack::Zip)),
        &["unpacks to more than the limit"],
    );
    place.options.max_entries = 2;
    let server = serve(&zip(&[("a", b""), ("b", b""), ("c", b"")]));
    assert_says(
        &place.error(&packed(server.url("/d"), Unpack::Zip)),
        &["3 entries, more than the limit of 2"],
    );
    let server = serve(b"this is no archive");
    assert_says(&place.error(&packed(server.url("/d"), Unpack::Zip)), &["no zip archive"]);
}

#[test]
fn a_mirror_may_hold_an_archive_packed_or_unpacked() {
    let archive = zip(&[("wvs/a.csv", b"one")]);
    let source = Source {
        sha256: Some(super::sha256(&archive)),
        ..packed("http://never.invalid/".to_owned(), Unpack::Zip)
    };
    let mut place = Place::new();
    place.options.offline = true;
    place.options.mirrors = vec![Mirror::Dir(place.path("mirror"))];
    place.write("mirror/dataset/data/wvs/a.csv", b"one");
    let found = place.fetch(&source).unwrap();
    assert_eq!((found.via, found.verified), (Via::Mirror, Verified::TrustOnFirstUse));
    assert_eq!(fs::read(found.path.join("wvs/a.csv")).unwrap(), b"one");
    verify(&found, &source).unwrap();
    assert_eq!(place.fetch(&source).unwrap().via, Via::Cache);
    // A file more is another folder than the one that was trusted.
    place.write("mirror/dataset/data/wvs/b.csv", b"two");
    assert_says(&place.error(&source), &["changed since its first use", "dataset/train#unpacked"]);

    let mut place = Place::new();
    place.options.offline = true;
    place.options.mirrors = vec![Mirror::Dir(place.path("mirror"))];
    place.write("mirror/dataset/data.zip", &archive);
    let found = place.fetch(&source).unwrap();
    assert_eq!((found.via, found.verified), (Via::Mirror, Verified::Sha256));
    assert_eq!(fs::read(found.path.join("wvs/a.csv")).unwrap(), b"one");
}
