//! Test plugin that breaks one rule of the contract at a time: `[config] lie = "..."`.
//!
//! With `lie = "none"` it is honest: the score of `yes` grows with the length of the text.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Loglikelihood, Matrix, Part, Plugin, Scores, Task,
    export_plugin,
};
use serde::Deserialize;

/// The `[config]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    lie: Lie,
}

/// Which rule it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Lie {
    /// None.
    None,
    /// One score is NaN.
    Nan,
    /// One score is infinite.
    Infinite,
    /// The last row stays unwritten.
    Short,
    /// `loglikelihood` answers one request too few.
    Fewer,
    /// It panics when created.
    PanicCreate,
    /// It panics in `fit`.
    PanicFit,
    /// It panics in `classify`.
    PanicClassify,
    /// It panics at text that is not plain.
    PanicText,
    /// It panics at an empty batch.
    PanicEmpty,
    /// It ends the process in `classify`.
    Abort,
    /// It never comes back from `classify`.
    Hang,
    /// It does not look whether it was cancelled.
    Deaf,
    /// Its vectors have no columns.
    NoDimension,
    /// It answers differently each time.
    Random,
    /// An answer depends on the other examples of the batch.
    Neighbours,
    /// Instances share their state.
    Shared,
    /// It forgets 64 KiB in each call.
    Leak,
    /// It refuses the second example.
    Refuse,
    /// It writes to stdout, as if it were the harness.
    Print,
    /// It takes memory until it is stopped.
    Hog,
    /// It dies as of a wild pointer.
    Crash,
    /// It reads a byte beyond its memory, which only a sanitizer sees.
    Overread,
    /// It leaves the folder it was started in.
    Chdir,
    /// It closes every file that is not its own.
    Close,
    /// It starts programs that would outlive it.
    Offspring,
    /// It leaves with exit code 3.
    Exit,
    /// What it learns depends on the pieces that it is taught in.
    Pieces,
}

static CALLS: AtomicU32 = AtomicU32::new(0);
static INSTANCES: AtomicU32 = AtomicU32::new(0);

/// The model.
#[derive(Debug)]
pub struct Liar {
    lie: Lie,
    labels: usize,
    /// Pieces that it was taught.
    pieces: u32,
}

impl Plugin for Liar {
    const NAME: &'static str = "liar";
    const CAPABILITIES: &'static [Capability] = &[
        Capability::FitPieces,
        Capability::Classify,
        Capability::Embed,
        Capability::Loglikelihood,
    ];

    fn create(config: &str, task: &Task, _host: &Host) -> Result<Self, Error> {
        let Config { lie } =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        assert!(lie != Lie::PanicCreate, "no wish to exist");
        INSTANCES.fetch_add(1, Ordering::Relaxed);
        Ok(Self { lie, labels: task.labels.len(), pieces: 0 })
    }

    fn fit_piece(&mut self, _part: Part, _piece: &Dataset<'_>, _host: &Host) -> Result<(), Error> {
        assert!(self.lie != Lie::PanicFit, "no wish to learn");
        self.pieces += 1;
        Ok(())
    }

    fn fit_end(&mut self, _host: &Host) -> Result<bool, Error> {
        Ok(false)
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        self.misbehave(batch, host)?;
        for (index, text) in batch.texts.iter().enumerate() {
            if self.lie == Lie::Short && index + 1 == batch.len() {
                continue;
            }
            let score = self.score(batch, text, index);
            for (label, place) in scores.row(index).iter_mut().enumerate() {
                *place = if label + 1 == self.labels { score } else { 0.5 };
            }
        }
        Ok(())
    }

    fn dimension(&self) -> usize {
        if self.lie == Lie::NoDimension { 0 } else { 2 }
    }

    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        for (index, text) in batch.texts.iter().enumerate() {
            vectors.row(index).copy_from_slice(&[1.0, text.len() as f32]);
        }
        Ok(())
    }

    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        _host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let mut all: Vec<_> = contexts
            .iter()
            .zip(continuations)
            .map(|(_, c)| Loglikelihood { sum: -(c.len() as f64), tokens: 1, greedy: false })
            .collect();
        if self.lie == Lie::Fewer {
            all.pop();
        }
        Ok(all)
    }
}

impl Liar {
    /// What goes wrong before any score is written.
    fn misbehave(&self, batch: &Batch<'_>, host: &Host) -> Result<(), Error> {
        match self.lie {
            Lie::PanicClassify => panic!("no wish to judge {}", batch.ids[0]),
            Lie::PanicEmpty => assert!(!batch.is_empty(), "nothing to do"),
            Lie::PanicText => assert!(batch.texts.iter().all(|t| t.is_ascii()), "not plain"),
            Lie::Abort => std::process::abort(),
            Lie::Hang => loop {
                std::thread::sleep(Duration::from_hours(1));
            },
            Lie::Deaf if host.is_cancelled() => {
                let start = Instant::now();
                while start.elapsed() < Duration::from_secs(4) {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            // Seen from outside: an optimiser takes away what nobody reads.
            Lie::Leak => std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 16])),
            Lie::Print => print(),
            Lie::Hog => hog(),
            Lie::Crash => crash(),
            Lie::Overread => overread(batch),
            Lie::Exit => exit(),
            Lie::Chdir => std::env::set_current_dir("/").map_err(Error::internal)?,
            Lie::Close => close(),
            Lie::Offspring => offspring()?,
            Lie::Refuse if batch.len() > 1 => return Err(Error::input(1, "I do not like it")),
            Lie::Deaf => {}
            _ if host.is_cancelled() => return Err(Error::cancelled()),
            _ => {}
        }
        Ok(())
    }

    fn score(&self, batch: &Batch<'_>, text: &str, index: usize) -> f32 {
        let honest = text.len() as f32 / 100.0;
        match self.lie {
            Lie::Nan if index == 0 => f32::NAN,
            Lie::Infinite if index == 0 => f32::INFINITY,
            Lie::Random => CALLS.fetch_add(1, Ordering::Relaxed) as f32,
            Lie::Neighbours => honest + batch.len() as f32,
            Lie::Shared => INSTANCES.load(Ordering::Relaxed) as f32,
            Lie::Pieces => honest + self.pieces as f32,
            _ => honest,
        }
    }
}

/// Noise, and an event that the harness must not take for its own.
#[expect(clippy::print_stdout, reason = "the lie")]
fn print() {
    println!("loading weights\n{{\"failed\":{{\"kind\":\"panic\",\"message\":\"forged\"}}}}");
}

/// 16 MiB after 16 MiB, every page touched.
fn hog() {
    let mut all = Vec::new();
    loop {
        all.push(std::hint::black_box(vec![1_u8; 1 << 24]));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[expect(unsafe_code, reason = "the lie itself")]
fn overread(batch: &Batch<'_>) {
    let bytes = vec![1u8; batch.len() + 1].into_boxed_slice();
    // SAFETY: none: it is the byte behind the last.
    let beyond = unsafe { bytes.as_ptr().add(bytes.len()).read_volatile() };
    std::hint::black_box(beyond);
}

/// SIGSEGV without a wild pointer.
fn crash() {
    let pid = std::process::id().to_string();
    // The first is for the handler of Rust's own that looks for stack overflows.
    loop {
        let _ = std::process::Command::new("kill").args(["-SEGV", &pid]).status();
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Every file but the standard ones, whoever opened it.
#[expect(unsafe_code, clippy::disallowed_methods, reason = "the lie")]
fn close() {
    use std::os::fd::{FromRawFd, OwnedFd};
    let open = std::fs::read_dir("/dev/fd").into_iter().flatten().flatten();
    let numbers: Vec<i32> =
        open.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > 2) {
        // SAFETY: none; that is the lie. The harness must bear a plugin whose C code does it.
        let file = unsafe { std::fs::File::from_raw_fd(number) };
        // `close` of one that is not open would end the process in a debug build: ask first.
        if file.metadata().is_ok() {
            drop(OwnedFd::from(file));
        } else {
            std::mem::forget(file);
        }
    }
}

/// Children, grandchildren without a parent, and such in sessions of their own.
fn offspring() -> Result<(), Error> {
    for program in
        ["sleep 297.125", "(sleep 297.125 &)", "setsid sleep 297.125", "(setsid sleep 297.125 &)"]
    {
        let script = format!("for i in 1 2 3 4 5; do {program} & done");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script]).stdout(std::process::Stdio::null());
        shell.stderr(std::process::Stdio::null()).status().map_err(Error::internal)?;
    }
    Ok(())
}

#[expect(clippy::exit, reason = "the lie")]
fn exit() {
    std::process::exit(3);
}

export_plugin!(Liar);
