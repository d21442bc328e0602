//! Where the program finds libtorch when it runs.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys is a direct dependency");
    let lib = std::fs::canonicalize(&lib).map_or(lib, |path| path.display().to_string());
    println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
}
