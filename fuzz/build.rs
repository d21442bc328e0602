//! Every plugin exports the same symbol, and here are several in one binary. None is called by it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg=-Wl,-z,muldefs");
}
