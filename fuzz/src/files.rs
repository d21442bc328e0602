//! Files that a definition names: archives, models' weights; and the definitions.

use std::path::Path;
use std::sync::LazyLock;

use harness::definition::catalogue::Catalogue;
use harness::definition::source::{Origin, Source, Unpack};
use harness::fetch::{Mirror, Options, Silent};

/// Fetches from a mirror whose copy has these bytes; what it unpacks to stays below the bound.
fn fetched(bytes: &[u8], name: &str, unpack: Unpack) {
    const MOST: u64 = 1 << 20;
    let place = super::folder();
    let mirror = place.path().join("mirror/fuzz");
    std::fs::create_dir_all(&mirror).expect("a mirror");
    std::fs::write(mirror.join(name), bytes).expect("a copy");
    let source = Source {
        id: "s".to_owned(),
        path: name.to_owned(),
        from: Origin::DropIn { hint: "none".to_owned() },
        bytes: None,
        files: Vec::new(),
        sha256: None,
        git_blob: None,
        unpack: Some(unpack),
        terms: None,
    };
    let options = Options {
        cache: place.path().join("cache"),
        mirrors: vec![Mirror::Dir(place.path().join("mirror"))],
        offline: true,
        max_bytes: MOST,
        max_entries: 64,
        tokens: Vec::new(),
        ..Options::default()
    };
    let fetched = harness::fetch::fetch("fuzz", &source, &options, &Silent);
    let (files, size) = below(&place.path().join("cache"));
    assert!(size <= 3 * MOST && files <= 256, "{files} files of {size} bytes");
    if let Ok(fetched) = fetched {
        let root = place.path().join("cache").canonicalize().expect("the cache");
        let path = fetched.path.canonicalize().expect("what was fetched is there");
        assert!(path.starts_with(&root), "{} lies outside", path.display());
    }
    // The mirror, the cache, and nothing beside them.
    let beside = std::fs::read_dir(place.path()).expect("the place").count();
    assert!(beside <= 2, "something was written outside the cache");
}

/// Plain files below a folder and their bytes; links are not followed.
fn below(folder: &Path) -> (usize, u64) {
    let Ok(entries) = std::fs::read_dir(folder) else { return (0, 0) };
    entries.flatten().fold((0, 0), |(files, size), entry| {
        let Ok(seen) = entry.metadata() else { return (files, size) };
        assert!(!seen.is_symlink(), "a link was unpacked");
        if seen.is_dir() {
            let (more, bytes) = below(&entry.path());
            (files + more, size + bytes)
        } else {
            (files + 1, size + seen.len())
        }
    })
}

pub(crate) fn archive(bytes: &[u8]) {
    fetched(bytes, "a.zip", Unpack::Zip);
}

pub(crate) fn gzip(bytes: &[u8]) {
    fetched(bytes, "a.gz", Unpack::Gzip);
}

/// Families, models and suites; a model may extend an embedded one.
pub(crate) fn definition(bytes: &[u8]) {
    static EMBEDDED: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::embedded().expect("our own definitions"));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut catalogue = EMBEDDED.clone();
    if catalogue.add("fuzz.toml", text).is_ok() {
        let _ = catalogue.validate();
    }
}

pub(crate) fn safetensors(bytes: &[u8]) {
    let (_folder, path) = super::file("table.safetensors", bytes);
    let _ = static_embeddings::table::Table::read(&static_config(&path, &path));
}

pub(crate) fn tokenizer(bytes: &[u8]) {
    let (_folder, path) = super::file("tokenizer.json", bytes);
    let _ = static_embeddings::tokens::Tokens::read(&static_config(&path, &path), 1);
}

fn static_config(vectors: &Path, tokenizer: &Path) -> static_embeddings::config::Config {
    let json = serde_json::json!({ "weights": { "vectors": vectors, "tokenizer": tokenizer } });
    static_embeddings::config::Config::parse(&json.to_string()).expect("a valid config")
}

/// Word vectors: text, binary, `.npy` (its words beside it), each also as gzip.
pub(crate) fn vectors(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 2);
    let (folder, path) = super::file("vectors", rest);
    let mut weights = serde_json::json!({ "vectors": path });
    if choice == 1 {
        let words = folder.path().join("words.txt");
        std::fs::write(&words, "one\ntwo\nthree\n").expect("words");
        weights["index"] = serde_json::json!(words);
    }
    let json = serde_json::json!({ "weights": weights });
    let config = word_vectors::config::Config::parse(&json.to_string()).expect("a valid config");
    let _ = word_vectors::read::table(&config);
}
