//! The C header is what cbindgen makes of `src/abi.rs`. `UPDATE_HEADER=1` writes it anew.

use std::path::Path;

#[test]
fn header_is_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("include/culture_eval_plugin.h");
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut fresh = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/abi.rs"))
        .generate()
        .unwrap()
        .write(&mut fresh);
    let fresh = String::from_utf8(fresh).unwrap();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs_err::write(&path, &fresh).unwrap();
    }
    let stale = fs_err::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        stale == fresh,
        "include/culture_eval_plugin.h is stale: run `UPDATE_HEADER=1 cargo test -p plugin-api`"
    );
}
