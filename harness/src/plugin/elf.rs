//! What a library's file says of itself. Whether it is whole: the loader maps what the file's own table names, and a missing page
//! ends the process by a signal that nobody can turn into a reason. And which folders hold the libraries that it needs.

use std::collections::HashSet;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use fs_err as fs;

/// The entries of a table are looked at one by one; a library has about ten.
const MOST_SEGMENTS: u16 = 512;

/// Bytes of a section that are read.
const MOST_BYTES: usize = 16 << 20;

/// Kinds of segments, and tags of the dynamic section.
const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const NEEDED: u64 = 1;
const TEXTS: u64 = 5;
const TEXTS_LENGTH: u64 = 10;
const RPATH: u64 = 15;
const RUNPATH: u64 = 29;

/// Where the table of segments is, the bytes of an entry, and how many there are; none where it is no 64-bit ELF file.
fn segments_of(file: &mut fs::File) -> Option<(u64, u16, u16)> {
    let mut head = [0; 64];
    file.read_exact(&mut head).ok()?;
    // Class 2: 64 bits; data 1: little-endian.
    if head[..6] != *b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, entry, entries) = (u64_at(&head, 32)?, u16_at(&head, 54)?, u16_at(&head, 56)?);
    if entry < 56 || entries > MOST_SEGMENTS {
        return None;
    }
    Some((table, entry, entries))
}

/// What a file lacks, where it is a 64-bit ELF library whose table names more bytes than it has. Files of other kinds, and
/// those that cannot be read, are left to the loader, which names what is wrong with them.
pub(super) fn cut(path: &Path) -> Option<String> {
    let mut file = fs::File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let (table, entry, entries) = segments_of(&mut file)?;
    let mut needed = table.checked_add(u64::from(entry) * u64::from(entries))?;
    if needed <= size {
        file.seek(SeekFrom::Start(table)).ok()?;
        let mut segment = vec![0; usize::from(entry)];
        for _ in 0..entries {
            file.read_exact(&mut segment).ok()?;
            needed = needed.max(u64_at(&segment, 8)?.saturating_add(u64_at(&segment, 32)?));
        }
    }
    (needed > size).then(|| {
        format!(
            "the file is cut off: it has {size} bytes and its own table names {needed}; build or copy it again (is the disk full?)"
        )
    })
}

/// What the dynamic section of a library says of other libraries.
struct Dynamic {
    /// Names of the libraries that it needs (`DT_NEEDED`).
    needed: Vec<String>,
    /// Folders where they are looked for (`DT_RPATH`, `DT_RUNPATH`).
    folders: Vec<PathBuf>,
}

/// Folders that a library, and the libraries that it needs from there, name for the libraries that they need; none where it is
/// no 64-bit ELF file.
pub fn library_folders(path: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    let (mut open, mut seen) = (vec![path.to_owned()], HashSet::from([path.to_owned()]));
    while let Some(library) = open.pop() {
        let Some(dynamic) = dynamic_of(&library) else { continue };
        for folder in dynamic.folders {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let found = |name: &String| folders.iter().map(|f| f.join(name)).find(|p| p.is_file());
        open.extend(dynamic.needed.iter().filter_map(found).filter(|p| seen.insert(p.clone())));
    }
    folders
}

fn dynamic_of(path: &Path) -> Option<Dynamic> {
    let mut file = fs::File::open(path).ok()?;
    let (table, entry, entries) = segments_of(&mut file)?;
    let all = read_at(&mut file, table, usize::from(entry) * usize::from(entries))?;
    let segments: Vec<&[u8]> = all.chunks_exact(usize::from(entry)).collect();
    let kind = |segment: &[u8]| segment.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let dynamic = segments.iter().find(|segment| kind(segment) == Some(DYNAMIC))?;
    let length = usize::try_from(u64_at(dynamic, 32)?).ok()?.min(MOST_BYTES);
    let tags = read_at(&mut file, u64_at(dynamic, 8)?, length)?;
    let values = |wanted: u64| {
        let pairs = tags.chunks_exact(16);
        pairs.filter_map(move |pair| (u64_at(pair, 0)? == wanted).then(|| u64_at(pair, 8))?)
    };
    // Where the texts lie in memory, and which segment of the file holds that place.
    let texts = values(TEXTS).next()?;
    let place =
        segments.iter().filter(|segment| kind(segment) == Some(LOAD)).find_map(|segment| {
            let (offset, address, length) =
                (u64_at(segment, 8)?, u64_at(segment, 16)?, u64_at(segment, 32)?);
            let within = texts.checked_sub(address).filter(|within| *within < length)?;
            offset.checked_add(within)
        })?;
    let length = usize::try_from(values(TEXTS_LENGTH).next()?).ok()?.min(MOST_BYTES);
    let texts = read_at(&mut file, place, length)?;
    let text = |at: u64| {
        let rest = texts.get(usize::try_from(at).ok()?..)?;
        Some(String::from_utf8_lossy(rest.split(|byte| *byte == 0).next()?).into_owned())
    };
    let own = path.parent().map(|own| own.to_string_lossy().into_owned()).unwrap_or_default();
    let named: Vec<String> =
        [RPATH, RUNPATH].into_iter().flat_map(values).filter_map(text).collect();
    let folders = named.iter().flat_map(|folders| folders.split(':')).filter(|f| !f.is_empty());
    let folders =
        folders.map(|f| PathBuf::from(f.replace("${ORIGIN}", &own).replace("$ORIGIN", &own)));
    Some(Dynamic {
        needed: values(NEEDED).filter_map(text).collect(),
        folders: folders.filter(|folder| folder.is_absolute() && folder.is_dir()).collect(),
    })
}

fn read_at(file: &mut fs::File, at: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_was_cut_is_told_from_a_whole_one() {
        let whole = std::env::current_exe().unwrap();
        assert_eq!(cut(&whole), None);
        if !cfg!(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")) {
            return;
        }
        let bytes = fs::read(&whole).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut.so");
        for keep in [80, 4096, 100_000] {
            fs::write(&path, &bytes[..keep]).unwrap();
            let message = cut(&path).unwrap_or_else(|| panic!("{keep} bytes pass as whole"));
            assert!(message.contains(&format!("it has {keep} bytes")), "{message}");
        }
    }

    /// As libtorch does: the library names the folder of a second one, and that names the folder of a third.
    #[test]
    fn folders_of_libraries_that_libraries_need_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let cc = |name: &str, rest: &[&str]| {
            let target = root.join(name);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            let mut cc = std::process::Command::new("cc");
            cc.args([
                "-shared",
                "-nostdlib",
                "-x",
                "c",
                "/dev/null",
                "-x",
                "none",
                "-Wl,--no-as-needed",
            ]);
            cc.arg("-o").arg(&target).args(rest).current_dir(&root);
            assert!(cc.status().unwrap().success(), "{name}");
        };
        if !cfg!(target_os = "linux") {
            return;
        }
        cc("third/libthird.so", &["-Wl,-soname,libthird.so"]);
        cc(
            "second/libsecond.so",
            &["third/libthird.so", "-Wl,-soname,libsecond.so", "-Wl,-rpath,$ORIGIN/../third"],
        );
        cc("first.so", &["second/libsecond.so", "-Wl,-rpath,$ORIGIN/second:$ORIGIN/absent"]);
        let found = library_folders(&root.join("first.so"));
        assert_eq!(found, [root.join("second"), root.join("second/../third")]);
    }

    #[test]
    fn other_files_are_left_to_the_loader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.so");
        for bytes in [&b""[..], b"text", &[0x7f; 100], b"\x7fELF\x02\x01"] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(cut(&path), None);
        }
        assert_eq!(cut(&folder.path().join("gone.so")), None);
    }
}
