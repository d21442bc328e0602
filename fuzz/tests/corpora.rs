//! The committed corpora, and seeded changes of them, through every reader: none panics, none takes memory beyond a bound.
//!
//! `scripts/fuzz` searches; this keeps what it found found.

// The linker's option for several plugins in one binary (build.rs) is that of Linux.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "a tool of the tests: the panic names the line")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

mod changes;
use changes::changed;

/// Changes of each file of a corpus.
const CHANGES: usize = 60;

/// Bytes that one allocation may have: what a reader of a small file asks for, and far below what a hostile length says.
const MOST: usize = 64 << 20;

/// The largest allocation so far.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is the system's allocator's; the size is looked at beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

fn corpus(reader: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(reader);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn no_reader_panics_or_takes_what_bytes_do_not_justify() {
    std::panic::set_hook(Box::new(|_| {}));
    let current = std::env::temp_dir().join(format!("fuzz-current-{}", std::process::id()));
    let mut wrong = Vec::new();
    for (name, read) in fuzz::READERS {
        let files = corpus(name);
        assert!(!files.is_empty(), "no corpus of {name}");
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut tried = 0;
        for (place, (file, bytes)) in files.iter().enumerate() {
            let other = &files[(place + 1) % files.len()].1;
            let inputs = std::iter::once(bytes.clone())
                .chain((0..CHANGES).map(|_| changed(bytes, other, &mut rng)));
            for (change, input) in inputs.enumerate() {
                // Where a reader ends the process, the input is here.
                std::fs::write(&current, &input).unwrap();
                LARGEST.store(0, Ordering::Relaxed);
                let held = catch_unwind(|| read(&input)).is_ok();
                let largest = LARGEST.load(Ordering::Relaxed);
                if !held || largest > MOST {
                    let kept = std::env::temp_dir().join(format!("fuzz-{name}-{file}-{change}"));
                    std::fs::write(&kept, &input).unwrap();
                    let how = if held {
                        format!("allocates {largest} bytes")
                    } else {
                        "panics".to_owned()
                    };
                    wrong.push(format!("{name} {how}: {}", kept.display()));
                }
                tried += 1;
            }
        }
        println!("{name}: {tried} inputs of {} files", files.len());
    }
    drop(std::panic::take_hook());
    std::fs::remove_file(current).unwrap();
    assert!(wrong.is_empty(), "{} inputs:\n{}", wrong.len(), wrong.join("\n"));
}
