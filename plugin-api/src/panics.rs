//! Panics stop here and become texts: of a plugin's calls, and of libraries that may assert.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// Runs a call of a library that may assert where it could refuse: its error or its panic as text. What it worked on is not to be
/// used again after a panic.
///
/// # Errors
/// What the call says, or `panicked:` with the panic's message and place.
pub fn guarded<T, E: fmt::Display>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match caught(call) {
        Ok(done) => done.map_err(|e| e.to_string()),
        Err(panic) => Err(format!("panicked: {panic}")),
    }
}

thread_local! {
    /// Calls of this plugin under way on this thread.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Where the last panic of such a call was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the place of a panic in a call, and keeps it off stderr: the host reports it.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                return previous(info);
            }
            PLACE.set(info.location().map(|place| short(&place.to_string()).to_owned()));
        }));
    });
}

/// `catch_unwind` that knows the place of the panic, and keeps it off stderr.
pub fn caught<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| {
        let text = said(payload);
        PLACE.take().map_or_else(|| text.clone(), |place| format!("{text} (at {place})"))
    })
}

/// A place in a source file without the folders of the machine that built it: from the crate's folder on.
fn short(place: &str) -> &str {
    if !place.starts_with('/') {
        return place;
    }
    let parent = place.rfind("/src/").map(|src| &place[..src]);
    let crates = parent.and_then(|parent| parent.rfind('/')).map(|slash| &place[slash + 1..]);
    crates.unwrap_or_else(|| place.rsplit('/').next().unwrap_or(place))
}

fn said(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => other
            .downcast_ref::<&str>()
            .map_or_else(|| "no message".to_owned(), |s| (*s).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn places_name_no_folder_of_the_build_machine() {
        for (place, expect) in [
            ("src/lib.rs:3:5", "src/lib.rs:3:5"),
            (
                "/home/me/registry/src/index-1f/tokenizers-0.23.1/src/normalizers/mod.rs:35:9",
                "tokenizers-0.23.1/src/normalizers/mod.rs:35:9",
            ),
            ("/rustc/0a1b/library/core/src/option.rs:7:1", "core/src/option.rs:7:1"),
            ("/home/me/build.rs:1:1", "build.rs:1:1"),
        ] {
            assert_eq!(short(place), expect);
        }
    }
}
