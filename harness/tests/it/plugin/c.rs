//! A plugin in C, compiled against the generated header, and what a table can lie about.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::plugin::{Host, PluginError, load};

use super::{Deaf, TWO, task};
use crate::program::{Place, assert_says};

/// Compiles `constant.c` with some macros set.
fn compiled(folder: &Path, defines: &[&str]) -> PathBuf {
    compile(folder, "tests/it/plugin/constant.c", "constant_c", defines)
}

/// Compiles a plugin in C; `source` is a path from this crate.
fn compile(folder: &Path, source: &str, name: &str, defines: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = folder.join(format!("lib{name}.so"));
    let done = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg("-I")
        .arg(root.join("../plugin-api/include"))
        .arg(root.join(source))
        .args(defines.iter().map(|d| format!("-D{d}")))
        .status()
        .expect("a C compiler named cc; rustc needs one to link, too");
    assert!(done.success());
    library
}

#[test]
fn a_plugin_in_c_is_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = compiled(folder.path(), &[]);
    let library = load(&path).unwrap();
    assert_eq!(
        (library.name(), library.version(), library.sha256().len()),
        ("constant-c", "1.0", 64)
    );
    let mut model = library.create("{}", &task(), Host::new(1, 7, &Deaf)).unwrap();
    let mut scores = Vec::new();
    assert_eq!(model.classify(TWO, &mut scores).unwrap(), [true, true]);
    assert_eq!(scores, [1.0, 0.0, 1.0, 0.0]);
    let path = path.display().to_string();
    Place::new().run(&["plugin", "check", &path, "--calls", "100"]).exits(0);
}

#[test]
fn the_example_in_c_passes_the_validator_and_stands_on_the_board() {
    let place = Place::new();
    let examples = "../plugin-api/examples/c";
    compile(&place.path(""), &format!("{examples}/commonest.c"), "commonest", &[]);
    let check = place.run(&["plugin", "check", "./libcommonest.so", "--calls", "100"]).exits(0);
    assert_says(&check.out, &["commonest 1.0: fit, classify", "stopped when asked"]);
    let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join(examples);
    let definitions = definitions.display().to_string();
    let models = ["--models", "commonest-c,majority", "--benchmarks", "emgsd,wvs"];
    let folders = ["--definitions", &definitions, "--plugins", "."];
    place.sample(&[&folders[..], &models[..]].concat()).exits(0);
    let summary = place.summary("default");
    let value = |i: usize| summary["cells"][i]["outcome"]["score"]["value"].as_f64();
    assert!(value(0).is_some() && value(1).is_some(), "{summary}");
}

/// What the host says to a table or a text that is wrong.
fn told(defines: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = compiled(folder.path(), defines);
    let run = || {
        let library = load(&path)?;
        let mut model = library.create("{}", &task(), Host::new(1, 7, &Deaf))?;
        model.classify(TWO, &mut Vec::new())?;
        Ok::<_, PluginError>(())
    };
    let text = run().map_or_else(|error| error.to_string(), |()| "nothing".to_owned());
    text.replace(&folder.path().display().to_string(), "[folder]")
}

#[test]
fn lying_tables_are_refused() {
    let lies: [&[&str]; 9] = [
        &["honest"],
        &["MAJOR=9"],
        &["SIZE=24"],
        &["SYMBOL=another_symbol"],
        &["TABLE=0"],
        &["CAN=(CE_CLASSIFY|CE_EMBED|1024)"],
        &["NO_HANDLE"],
        &["ROWS=1"],
        &["FAIL"],
    ];
    let lines: Vec<String> =
        lies.iter().map(|lie| format!("{} -> {}", lie.join(" "), told(lie))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    honest -> nothing
    MAJOR=9 -> [folder]/libconstant_c.so: built for plugin ABI 9.4, this program has 1.4; rebuild the plugin with plugin-api 1.x
    SIZE=24 -> [folder]/libconstant_c.so: its table says ABI 1.4 but has 24 bytes; that of ABI 1.0 has 152; rebuild the plugin against this version's plugin-api
    SYMBOL=another_symbol -> [folder]/libconstant_c.so: no symbol `culture_eval_plugin_v1`; a plugin ends with `export_plugin!(YourModel)` and has crate-type cdylib
    TABLE=0 -> [folder]/libconstant_c.so: the table is null; rebuild the plugin against this version's plugin-api
    CAN=(CE_CLASSIFY|CE_EMBED|1024) -> [folder]/libconstant_c.so: the function `dimension` is missing; rebuild the plugin against this version's plugin-api
    NO_HANDLE -> [folder]/libconstant_c.so: `create` reported ok and gave no handle; rebuild the plugin against this version's plugin-api
    ROWS=1 -> plugin constant-c, classify: answered 1 of 2 rows; every example needs one
    FAIL -> plugin constant-c, classify: bad �� bytes (example `a-2`)
    "#);
}

#[test]
fn what_is_no_library_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.so");
    fs_err::write(&path, "no library").unwrap();
    let text = load(&path).unwrap_err().to_string();
    assert!(text.contains("text.so: not a loadable library"), "{text}");
    let text = load(&folder.path().join("none.so")).unwrap_err().to_string();
    assert!(text.contains("none.so"), "{text}");
}
