//! Where the plugin finds libtorch when it is loaded: beside itself in a moved installation, else where it was built against.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/libtorch/torch/lib");
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys is a direct dependency");
    let lib = std::fs::canonicalize(&lib).map_or(lib, |path| path.display().to_string());
    println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    // Only the plugin's symbol leaves the library.
    println!("cargo::rustc-link-arg=-Wl,--exclude-libs,ALL");
}
