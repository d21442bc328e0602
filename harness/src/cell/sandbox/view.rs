//! Which files a plugin sees: what is hidden, read and written. Of two that hold for a file, the deeper one counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How a file or folder is seen, with all that lies below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    /// Not at all.
    Hidden,
    /// It is read.
    Read,
    /// It is read and written.
    Written,
}

/// Rules by path; what has none is read.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    rules: BTreeMap<PathBuf, Seen>,
    /// Hidden by name: data and other cells, whose neighbours are not shown with a file.
    named: Vec<PathBuf>,
    /// Names of what is shown that lead there by a link.
    links: Vec<(PathBuf, PathBuf)>,
}

/// Folders of other programs and users: sockets, keys, temporary files.
const PRIVATE: [&str; 6] = ["/home", "/root", "/run", "/tmp", "/var/tmp", "/run/user"];

/// Parts of `/run` that hold libraries of the system.
const SYSTEM: [&str; 4] = [
    "/run/current-system",
    "/run/opengl-driver",
    "/run/nvidia-persistenced",
    "/run/systemd/resolve",
];

/// Variables that name folders of an installed language.
const TOOLS: [&str; 6] =
    ["VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "JAVA_HOME"];

impl View {
    /// The rules, those of a folder before those of what is in it.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&Path, Seen)> {
        self.rules.iter().map(|(path, seen)| (path.as_path(), *seen))
    }

    /// Other names of what is shown, with the real ones.
    pub(super) fn links(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.links.iter().map(|(from, to)| (from.as_path(), to.as_path()))
    }

    /// How a path is seen.
    pub(super) fn of(&self, path: &Path) -> Seen {
        path.ancestors().find_map(|above| self.rules.get(above)).copied().unwrap_or(Seen::Read)
    }

    /// Of two rules for the same path the wider one holds.
    fn add(&mut self, path: &Path, seen: Seen) {
        // What is not there can neither be hidden nor shown.
        let Ok(real) = path.canonicalize() else { return };
        if seen != Seen::Hidden && real != path {
            self.links.push((path.to_owned(), real.clone()));
        }
        let rule = self.rules.entry(real).or_insert(seen);
        *rule = (*rule).max(seen);
    }

    /// What no plugin needs: the home folder with its keys, sockets of other programs, temporary files of others.
    pub(super) fn hide_private(&mut self) {
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let temporary = std::env::temp_dir();
        // `TMPDIR` is a folder of its own within the common one.
        let common = temporary.parent().map(Path::to_owned);
        let common = common.filter(|folder| folder != Path::new("/"));
        for path in PRIVATE.iter().map(PathBuf::from).chain(home).chain(common) {
            if path != Path::new("/") {
                self.add(&path, Seen::Hidden);
            }
        }
        for path in SYSTEM {
            self.add(path.as_ref(), Seen::Read);
        }
    }

    pub(super) fn hide(&mut self, path: &Path) {
        self.add(path, Seen::Hidden);
        self.named.extend(path.canonicalize());
    }

    /// Shows what would be hidden; what is seen anyway stays as it is.
    pub(super) fn read(&mut self, path: &Path) {
        let hidden = path.canonicalize().is_ok_and(|real| self.of(&real) == Seen::Hidden);
        if hidden {
            self.add(path, Seen::Read);
        }
    }

    /// Shows what a configuration names, but for data and other cells: naming them grants nothing.
    pub(super) fn read_input(&mut self, path: &Path) {
        let named = |real: &PathBuf| self.named.iter().any(|hidden| real.starts_with(hidden));
        if path.canonicalize().is_ok_and(|real| !named(&real)) {
            self.read_with_folder(path);
        }
    }

    /// What may be written, whole: where rules only add, also what is hidden in it.
    pub(super) fn written(&self) -> impl Iterator<Item = &Path> {
        self.rules().filter(|(_, seen)| *seen == Seen::Written).map(|(path, _)| path)
    }

    pub(super) fn write(&mut self, path: &Path) {
        self.add(path, Seen::Written);
    }

    /// A file with the folder that it lies in, unless that is a folder of much else: a home, a temporary or a hidden one.
    pub(super) fn read_with_folder(&mut self, path: &Path) {
        self.read(path);
        let Ok(path) = path.canonicalize() else { return };
        let Some(folder) = path.parent().filter(|_| path.is_file()) else { return };
        let common = self.rules.get(folder) == Some(&Seen::Hidden)
            || self.named.iter().any(|hidden| folder.starts_with(hidden))
            || folder.parent() == Some(Path::new("/home"));
        if !common {
            self.read(folder);
        }
    }

    /// What programs of the search path are made of, where they lie in a home.
    pub(super) fn read_tools(&mut self) {
        let folders = |name: &str| {
            let value = std::env::var_os(name).unwrap_or_default();
            std::env::split_paths(&value).filter(|path| path.is_absolute()).collect::<Vec<_>>()
        };
        for folder in TOOLS.iter().flat_map(|name| folders(name)) {
            self.read_unless_common(&folder);
        }
        for programs in folders("PATH") {
            self.read_unless_common(&programs);
            self.read_installation(&programs);
            for name in ["python3", "python"] {
                if let Ok(real) = programs.join(name).canonicalize()
                    && let Some(programs) = real.parent()
                {
                    self.read_installation(programs);
                }
            }
        }
    }

    /// The folder that a folder of programs belongs to: all of it where it is an installation by itself, else its libraries.
    fn read_installation(&mut self, programs: &Path) {
        let Some(root) = programs.parent() else { return };
        if self.of(root) != Seen::Hidden {
            return;
        }
        let signs =
            ["pyvenv.cfg", "conda-meta", "lib/libpython3.so", "include/python3", "versions"];
        let python = |folder: &Path| {
            fs_err::read_dir(folder.join("lib")).is_ok_and(|entries| {
                entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("python3"))
            })
        };
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let below_home = home.is_some_and(|home| root.parent() == Some(&home));
        let whole =
            signs.iter().any(|sign| root.join(sign).exists()) || (!below_home && python(root));
        if whole {
            self.read_unless_common(root);
        } else {
            self.read_unless_common(&root.join("lib"));
        }
    }

    /// Shows a folder, but never a whole home or temporary folder.
    fn read_unless_common(&mut self, folder: &Path) {
        let Ok(folder) = folder.canonicalize() else { return };
        if self.rules.get(&folder) != Some(&Seen::Hidden)
            && folder.parent() != Some(Path::new("/home"))
        {
            self.add(&folder, Seen::Read);
        }
    }

    /// The largest folders and files that are seen in one way or a wider one, for rules that only add. Links are left out: what
    /// they lead to is there by its own name, or hidden.
    pub(super) fn allowed(&self, wanted: Seen) -> Vec<PathBuf> {
        let mut found = Vec::new();
        self.allowed_below(Path::new("/"), wanted, &mut found);
        found
    }

    fn allowed_below(&self, path: &Path, wanted: Seen, found: &mut Vec<PathBuf>) {
        let seen = self.of(path) >= wanted;
        let mut below =
            self.rules.iter().filter(|(rule, _)| *rule != path && rule.starts_with(path));
        if seen && !below.clone().any(|(_, rule)| *rule < wanted) {
            found.push(path.to_owned());
            return;
        }
        if seen {
            // What cannot be listed here cannot be listed by a plugin either.
            for entry in fs_err::read_dir(path).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
                    self.allowed_below(&entry.path(), wanted, found);
                }
            }
        } else if below.any(|(_, rule)| *rule >= wanted) {
            let next = self.rules.keys().filter(|rule| *rule != path && rule.starts_with(path));
            // The uppermost rules below: each looks further by itself.
            let mut done: Vec<&Path> = Vec::new();
            for rule in next {
                if !done.iter().any(|above| rule.starts_with(above)) {
                    done.push(rule);
                    self.allowed_below(rule, wanted, found);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for path in ["a/secret/deep/own", "a/open", "b"] {
            fs_err::create_dir_all(root.join(path)).unwrap();
        }
        fs_err::write(root.join("a/file"), "").unwrap();
        std::os::unix::fs::symlink(root.join("a/secret"), root.join("a/link")).unwrap();
        (folder, root)
    }

    fn below(root: &Path, all: Vec<PathBuf>) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> = all.into_iter().filter(|path| path.starts_with(root)).collect();
        all.sort();
        all
    }

    #[test]
    fn all_but_the_hidden_is_visible() {
        let (_folder, root) = folders();
        let mut view = View::default();
        assert_eq!(view.allowed(Seen::Read), [PathBuf::from("/")]);
        view.hide(&root.join("a/secret"));
        let visible = below(&root, view.allowed(Seen::Read));
        assert_eq!(visible, ["a/file", "a/open", "b"].map(|path| root.join(path)));
        assert!(view.allowed(Seen::Read).contains(&PathBuf::from("/usr")));
    }

    #[test]
    fn the_deeper_rule_counts() {
        let (_folder, root) = folders();
        let mut view = View::default();
        view.hide(&root);
        view.write(&root.join("a"));
        view.hide(&root.join("a/secret"));
        view.read(&root.join("a/secret/deep"));
        view.read(&root.join("a/open"));
        assert_eq!(view.of(&root.join("a/open")), Seen::Written, "it stays");
        view.write(&root.join("a/secret/deep/own"));
        let read = below(&root, view.allowed(Seen::Read));
        assert_eq!(read, ["a/file", "a/open", "a/secret/deep"].map(|path| root.join(path)));
        let written: Vec<&Path> = view.written().collect();
        assert_eq!(written, [root.join("a"), root.join("a/secret/deep/own")]);
        assert_eq!(view.of(&root.join("b")), Seen::Hidden);
    }

    /// A script is shown with its modules; one that lies in a folder of much else is shown alone.
    #[test]
    fn a_file_is_shown_with_its_own_folder_only() {
        let (_folder, root) = folders();
        let mut view = View::default();
        view.add(&root, Seen::Hidden);
        // Runs in a project's folder stay hidden, and what lies beside a hidden file is not shown with it.
        view.hide(&root.join("a/secret"));
        view.read_with_folder(&root.join("a/file"));
        assert_eq!(view.of(&root.join("a/open")), Seen::Read);
        assert_eq!(view.of(&root.join("a/secret")), Seen::Hidden);
        fs_err::write(root.join("a/secret/deep/weights"), "").unwrap();
        view.read_with_folder(&root.join("a/secret/deep/weights"));
        assert_eq!(view.of(&root.join("a/secret/deep/weights")), Seen::Read);
        assert_eq!(view.of(&root.join("a/secret/deep/own")), Seen::Hidden);
        view.read_input(&root.join("a/secret/deep/own"));
        assert_eq!(
            view.of(&root.join("a/secret/deep/own")),
            Seen::Hidden,
            "naming it is not enough"
        );
        fs_err::write(root.join("script"), "").unwrap();
        view.read_with_folder(&root.join("script"));
        assert_eq!(view.of(&root.join("script")), Seen::Read);
        assert_eq!(view.of(&root.join("b")), Seen::Hidden);
    }
}
