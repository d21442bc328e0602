//! Which files of a folder are those of a pattern, where people may have named and packed them otherwise.

use super::glob::matches;

/// A file that belongs to an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its path inside the folder.
    pub path: String,
    /// The `file` of its rows: its name without the ending, and without folders that were written into the name.
    pub stem: String,
}

/// How near the names are to the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// As the pattern has it.
    Exact,
    /// Other letters: upper case, `_`, `-` or blanks.
    Letters,
    /// The files lie one folder higher than the pattern has it.
    Folder,
    /// The folders are in the files' names.
    Flat,
}

/// The files of a pattern; empty where none fits. The nearest way that fits any file is taken for all.
pub fn taken(pattern: &str, names: &[String]) -> (Fit, Vec<Taken>) {
    let exact: Vec<Taken> =
        names.iter().filter(|name| matches(pattern, name)).map(|name| plain(name)).collect();
    if !exact.is_empty() {
        return (Fit::Exact, exact);
    }
    let folded = fold(pattern);
    let near = |name: &&String| matches(&folded, &fold(name));
    let letters: Vec<Taken> = names.iter().filter(near).map(|name| plain(name)).collect();
    if !letters.is_empty() {
        return (Fit::Letters, letters);
    }
    let Some(parts) = Parts::of(&folded) else { return (Fit::Exact, Vec::new()) };
    let higher = parts.higher(names);
    if !higher.is_empty() {
        return (Fit::Folder, higher);
    }
    (Fit::Flat, parts.flat(names))
}

/// Folders before the files of `taken` that are not of the pattern: more than one means several copies.
pub fn roots(pattern: &str, taken: &[Taken]) -> Vec<String> {
    let folded = fold(pattern);
    let first = Parts::of(&folded).map_or_else(String::new, |parts| parts.folders[0].to_owned());
    let root = |taken: &Taken| {
        let parts: Vec<&str> = taken.path.split('/').collect();
        let at = parts.iter().position(|part| fold(part) == first).unwrap_or(0);
        parts[..at].join("/")
    };
    let mut roots: Vec<String> = taken.iter().map(root).collect();
    roots.sort();
    roots.dedup();
    roots
}

fn plain(path: &str) -> Taken {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    Taken { path: path.to_owned(), stem: stem.to_owned() }
}

/// Without what people write differently.
fn fold(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// The folders of a pattern `**/wvs/qa_translated/*.csv`, and its files.
struct Parts<'p> {
    folders: Vec<&'p str>,
    files: &'p str,
}

impl<'p> Parts<'p> {
    /// None where the pattern names no folder.
    fn of(folded: &'p str) -> Option<Self> {
        let mut parts: Vec<&str> = folded.split('/').filter(|part| *part != "**").collect();
        let files = parts.pop()?;
        let plain = parts.iter().all(|part| !part.contains('*'));
        (!parts.is_empty() && plain).then_some(Self { folders: parts, files })
    }

    /// Files that lie in the first folder itself, without those below it; all in one folder, or it is not sure.
    fn higher(&self, names: &[String]) -> Vec<Taken> {
        let pattern = format!("**/{}/{}", self.folders[0], self.files);
        let found: Vec<&String> =
            names.iter().filter(|name| matches(&pattern, &fold(name))).collect();
        let folder = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let one = found.windows(2).all(|w| folder(w[0]) == folder(w[1]));
        if one { found.into_iter().map(|name| plain(name)).collect() } else { Vec::new() }
    }

    /// Files whose names begin with the names of the folders.
    fn flat(&self, names: &[String]) -> Vec<Taken> {
        let of = |name: &String| {
            let file = plain(name);
            let ending = name.rsplit('/').next().unwrap_or(name);
            matches(self.files, &fold(ending)).then_some(())?;
            let rest = self
                .folders
                .iter()
                .try_fold(file.stem.as_str(), |rest, folder| after(rest, folder));
            let rest = rest.or_else(|| after(&file.stem, self.folders[0]))?;
            (!rest.is_empty()).then(|| Taken { stem: rest.to_owned(), ..file.clone() })
        };
        names.iter().filter_map(of).collect()
    }
}

/// What follows a folded name at the start of a text, without what separates them; a separator must be there.
fn after<'t>(text: &'t str, folded: &str) -> Option<&'t str> {
    let mut left = folded.chars().peekable();
    for (at, c) in text.char_indices() {
        if left.peek().is_none() {
            let rest = text[at..].trim_start_matches(['_', '-', ' ', '.']);
            return (rest.len() < text[at..].len()).then_some(rest);
        }
        if matches!(c, '_' | '-' | ' ') {
            continue;
        }
        if !c.to_lowercase().eq(left.next()) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERN: &str = "**/value_prism/qa_translated/*.csv";

    fn found(names: &[&str]) -> (Fit, Vec<(String, String)>) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (fit, files) = taken(PATTERN, &names);
        (fit, files.into_iter().map(|file| (file.path, file.stem)).collect())
    }

    fn one(fit: Fit, path: &str, stem: &str) -> (Fit, Vec<(String, String)>) {
        (fit, vec![(path.to_owned(), stem.to_owned())])
    }

    #[test]
    fn names_are_taken_as_people_write_them() {
        let exact = "x/y/value_prism/qa_translated/gpt$en.csv";
        assert_eq!(
            found(&[exact, "VALUEPRISM/qa_translated/b.csv"]),
            one(Fit::Exact, exact, "gpt$en")
        );
        for path in
            ["ValuePrism/qa_translated/Gpt-4.csv", "data/VALUE-PRISM/QA translated/Gpt-4.csv"]
        {
            assert_eq!(found(&[path, "wvs/qa_translated/b.csv"]), one(Fit::Letters, path, "Gpt-4"));
        }
        let higher = "valueprism/gpt.csv";
        assert_eq!(found(&[higher, "wvs/gpt.csv"]), one(Fit::Folder, higher, "gpt"));
        for path in ["a/value_prism_qa_translated_gpt$en.csv", "valueprism-gpt$en.csv"] {
            assert_eq!(found(&[path, "wvs_qa_translated_b.csv"]), one(Fit::Flat, path, "gpt$en"));
        }
        assert_eq!(found(&["a/valueprism/gpt.csv", "b/valueprism/gpt.csv"]).1, [], "which one?");
        assert_eq!(found(&["wvs/qa_translated/b.csv", "valueprisms.csv", "valueprism.csv"]).1, []);
    }

    #[test]
    fn a_second_copy_has_a_root_of_its_own() {
        let names =
            ["data/value_prism/qa_translated/a.csv", "data_old/value_prism/qa_translated/a.csv"];
        let names: Vec<String> = names.map(str::to_owned).to_vec();
        let (_, files) = taken(PATTERN, &names);
        assert_eq!(roots(PATTERN, &files), ["data", "data_old"]);
        assert_eq!(roots(PATTERN, &files[..1]), ["data"]);
        assert_eq!(roots("*.csv", &[plain("a.csv")]), [""]);
    }
}
