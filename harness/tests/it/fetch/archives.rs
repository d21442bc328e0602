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
        "\\\\server\\escape",
        "a\\..\\escape",
        "NUL",
        "con.csv",
    ] {
        let server = serve(&zip(&[("good.csv", b"x"), (bad, b"x")]));
        let message = place.error(&packed(server.url("/d"), Unpack::Zip));
        assert_says(
            &message,
            &["dataset/train", "cannot unpack", "entry", "put the unpacked folder at"],
        );
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

fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

/// Whatever kind of archive an address gives, and whatever lies in it, the same files come out.
#[test]
fn every_shape_of_an_archive_is_read() {
    let files: [(&str, &[u8]); 2] = [("qa/wvs/a.csv", b"one"), ("qa/notes 1:2.txt", b"two")];
    let inner = zip(&[("wvs/a.csv", b"one")]);
    let windows = zip(&[("qa\\wvs\\a.csv", b"one"), ("./qa/b.csv", b"two")]);
    for (archive, path) in [
        (zip(&files), "qa/wvs/a.csv"),
        (tar(&files), "qa/wvs/a.csv"),
        (gzip(&tar(&files)), "qa/wvs/a.csv"),
        (zip(&[("data/qa.zip", &inner)]), "data/qa/wvs/a.csv"),
        (zip(&[("qa.tar.gz", &gzip(&tar(&files)))]), "qa/qa/wvs/a.csv"),
        (windows, "qa/wvs/a.csv"),
    ] {
        let server = serve(&archive);
        let place = Place::new();
        let found = place.fetch(&packed(server.url("/d"), Unpack::Zip)).unwrap();
        assert_eq!(fs::read(found.path.join(path)).unwrap(), b"one", "{path}");
        place.assert_no_leftovers();
    }
}

#[test]
fn what_is_no_archive_is_named() {
    let whole = zip(&[("a.csv", b"one, two, three")]);
    let mut links = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    links.append_link(&mut header, "link", "/etc/passwd").unwrap();
    let links = links.into_inner().unwrap();
    let deep = (0..4).fold(b"one".to_vec(), |inner, i| zip(&[(&format!("{i}.zip"), &inner)]));
    let cases: [(&[u8], &str); 8] = [
        (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive, which is not read here"),
        (b"Rar!\x1a\x07\x01\0", "a rar archive"),
        (b"\xfd7zXZ\0\0\x04", "xz (.tar.xz)"),
        (&whole[..whole.len() / 2], "cut off or damaged"),
        (b"id,label\n1,2\n", "it is a text file"),
        (b"", "it is empty"),
        (&links, "a link or a special file"),
        (&deep, "deep in one another"),
    ];
    for (bytes, why) in cases {
        let server = serve(bytes);
        let mut place = Place::new();
        place.options.retries = 0;
        let message = place.error(&packed(server.url("/d"), Unpack::Zip));
        assert_says(&message, &["cannot unpack", why, "put the unpacked folder at"]);
    }
}

/// An archive that cannot be unpacked is not downloaded by each task, and not by the next run; a copy that the user puts
/// into the drop-in folder under whatever name is taken at once.
#[test]
fn a_failed_archive_is_remembered() {
    let server = serve(b"Rar!\x1a\x07\x01\0 and so on");
    let place = Place::new();
    let source = packed(server.url("/d"), Unpack::Zip);
    let first = place.error(&source);
    for _ in 0..7 {
        let again = place.error(&source);
        assert_says(&again, &["a rar archive", "not downloaded again", "objects"]);
    }
    assert!(first.contains("a rar archive"), "{first}");
    assert_eq!(server.requests().len(), 1);
    place.write(
        "drop-in/dataset/UniVaR QA-20260101T000000Z-001.zip",
        &zip(&[("wvs/a.csv", b"one")]),
    );
    let found = place.fetch(&source).unwrap();
    assert_eq!((found.via, server.requests().len()), (Via::DropIn, 1));
    assert_eq!(fs::read(found.path.join("wvs/a.csv")).unwrap(), b"one");
}

#[test]
fn a_folder_or_an_archive_of_any_name_may_be_dropped_in() {
    let archive = zip(&[("wvs/a.csv", b"one")]);
    for file in [
        "drop-in/dataset/data.zip",
        "drop-in/data.zip",
        "drop-in/dataset/data.tgz",
        "drop-in/dataset/download (1)",
        "cache/drop-in/dataset/data.zip",
    ] {
        let place = Place::new();
        let bytes = if file.ends_with("tgz") {
            gzip(&tar(&[("wvs/a.csv", b"one")]))
        } else {
            archive.clone()
        };
        place.write(file, &bytes);
        let found = place.fetch(&packed("http://never.invalid/".to_owned(), Unpack::Zip)).unwrap();
        assert_eq!(fs::read(found.path.join("wvs/a.csv")).unwrap(), b"one", "{file}");
    }
    let place = Place::new();
    place.write("drop-in/dataset/UniVaR QA/wvs/a.csv", b"one");
    let found = place.fetch(&packed("http://never.invalid/".to_owned(), Unpack::Zip)).unwrap();
    assert_eq!(fs::read(found.path.join("wvs/a.csv")).unwrap(), b"one");
}
