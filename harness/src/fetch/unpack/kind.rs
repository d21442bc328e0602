//! What a file is, by its first bytes.

use std::io::Read;
use std::path::Path;

use fs_err as fs;

/// Where a tar header says that it is one, and how.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fetch) enum Kind {
    Zip,
    Gzip,
    Tar,
    /// An archive that is not read, by its name.
    Foreign(&'static str),
    /// No archive that is known.
    Other,
}

/// First bytes of archives that are not read.
const FOREIGN: [(&[u8], &str); 8] = [
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\xfd7zXZ\0", "xz (.tar.xz)"),
    (b"BZh", "bzip2 (.tar.bz2)"),
    (b"\x28\xb5\x2f\xfd", "zstd (.tar.zst)"),
    (b"\x04\x22\x4d\x18", "lz4 (.tar.lz4)"),
    (b"MSCF", "cab"),
    (b"LZIP", "lzip (.tar.lz)"),
];

/// The kind of a file.
pub(in crate::fetch) fn of(path: &Path) -> std::io::Result<Kind> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(512).read_to_end(&mut start)?;
    Ok(of_bytes(&start))
}

fn of_bytes(start: &[u8]) -> Kind {
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if start.starts_with(&[0x1f, 0x8b]) {
        return Kind::Gzip;
    }
    if start.get(TAR.0..TAR.0 + TAR.1.len()) == Some(TAR.1) {
        return Kind::Tar;
    }
    let foreign = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic));
    foreign.map_or(Kind::Other, |(_, name)| Kind::Foreign(name))
}

/// What a file that is no archive looks like, in words.
pub(super) fn looks_like(path: &Path) -> &'static str {
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(512).read_to_end(&mut start));
    let text = String::from_utf8_lossy(&start).trim_start().to_lowercase();
    match read {
        Ok(0) => "it is empty",
        _ if text.starts_with("<!doctype") || text.starts_with("<html") => "it is a web page",
        _ if start.starts_with(b"%PDF") => "it is a PDF",
        _ if start.iter().all(|b| *b >= 32 || b.is_ascii_whitespace()) => "it is a text file",
        _ => "its first bytes are of no archive that is known",
    }
}
