//! Names of an archive's entries as paths inside a folder.

use std::path::PathBuf;

/// The relative path of an entry. Liberal in what archives call their entries: `./` and doubled separators are dropped, `\\`
/// separates as `/` does, and a colon, which no disk of Windows takes, becomes `_`. Refused is what could lie outside the
/// folder or mean a device. None where nothing is left, as of `./`.
pub(super) fn safe_path(name: &str) -> Result<Option<PathBuf>, String> {
    let refuse = |why: &str| Err(format!("entry {name:?} {why}"));
    let slashed = name.replace('\\', "/");
    let drive =
        slashed.as_bytes().get(1) == Some(&b':') && slashed.as_bytes()[0].is_ascii_alphabetic();
    if slashed.is_empty() || slashed.starts_with('/') || drive || name.contains('\0') {
        return refuse("has an absolute or foreign path");
    }
    let mut path = PathBuf::new();
    for part in slashed.split('/') {
        match part {
            ".." => return refuse("leads out of the folder"),
            "" | "." => {}
            _ if is_device(part) => return refuse("is a device name"),
            _ => path.push(part.replace(':', "_")),
        }
    }
    Ok(if path.as_os_str().is_empty() { None } else { Some(path) })
}

/// Names that Windows reserves, with any extension.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_ascii_lowercase();
    matches!(&*stem, "con" | "prn" | "aux" | "nul")
        || (stem.len() == 4
            && (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.ends_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::safe_path;

    #[test]
    fn paths_stay_inside() {
        let inside = |name: &str, path: &str| {
            let found = safe_path(name).unwrap().map(|p| p.display().to_string());
            assert_eq!(found.as_deref().unwrap_or_default(), path, "{name}");
        };
        inside("data/wvs/model.csv", "data/wvs/model.csv");
        inside("data/", "data");
        inside("Model Training/ä.csv", "Model Training/ä.csv");
        inside("com10.csv", "com10.csv");
        inside("./data//wvs/./a.csv", "data/wvs/a.csv");
        inside("data\\wvs\\a.csv", "data/wvs/a.csv");
        inside("notes 12:30.txt", "notes 12_30.txt");
        inside("./", "");
        for bad in [
            "/etc/passwd",
            "\\\\server\\x",
            "../x",
            "a/../../x",
            "C:\\x",
            "a\\..\\x",
            "c:x",
            "a/NUL",
            "com1.csv",
            "",
            "a\0b",
        ] {
            assert!(safe_path(bad).is_err(), "{bad}");
        }
    }
}
