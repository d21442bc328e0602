//! Progress on stderr: bars with bytes, rate and time left on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, MultiProgress, ProgressBar, ProgressStyle};

use super::progress::{Progress, Transfer};

const TEMPLATE: &str = "{msg:32!} {bar:24} {binary_bytes:>11}/{binary_total_bytes:11} {binary_bytes_per_sec:>13} {eta:>4}";
const TEMPLATE_UNKNOWN: &str =
    "{msg:32!} {spinner} {binary_bytes:>11} {binary_bytes_per_sec:>13} {elapsed:>4}";
/// Plain lines of a long transfer come this far apart.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Draws every transfer as a bar, or says it in lines.
#[derive(Debug, Clone)]
pub struct Bars {
    /// `None` where stderr is no terminal.
    board: Option<MultiProgress>,
}

impl Default for Bars {
    fn default() -> Self {
        Self::new()
    }
}

impl Bars {
    /// Bars where stderr is a terminal, lines elsewhere.
    pub fn new() -> Self {
        Self { board: std::io::stderr().is_terminal().then(MultiProgress::new) }
    }

    /// Bars on a board that the caller draws other things on, too.
    pub fn on(board: MultiProgress) -> Self {
        Self { board: Some(board) }
    }
}

impl Progress for Bars {
    fn start(&self, name: &str, total: Option<u64>) -> Box<dyn Transfer> {
        let Some(board) = &self.board else { return Box::new(Lines::new(name, total)) };
        let bar = board.add(total.map_or_else(ProgressBar::no_length, ProgressBar::new));
        let template = if total.is_some() { TEMPLATE } else { TEMPLATE_UNKNOWN };
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Box::new(Bar { bar })
    }

    fn note(&self, text: &str) {
        match &self.board {
            Some(board) => {
                let _ = board.println(text);
            }
            None => line(text),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

struct Bar {
    bar: ProgressBar,
}

impl Transfer for Bar {
    fn total(&mut self, bytes: u64) {
        self.bar.set_length(bytes);
        self.bar.set_style(style(TEMPLATE));
    }

    fn position(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    fn finish(&mut self) {}
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The same in lines: one at the start, one every while, one at the end.
struct Lines {
    name: String,
    total: Option<u64>,
    begin: Instant,
    last: Instant,
    /// Bytes on disk at the first report (of an earlier attempt), and now.
    first: Option<u64>,
    now: u64,
}

impl Lines {
    fn new(name: &str, total: Option<u64>) -> Self {
        let size = total.map_or_else(String::new, |bytes| format!(" ({})", BinaryBytes(bytes)));
        line(&format!("fetching {name}{size}"));
        let begin = Instant::now();
        Self { name: name.to_owned(), total, begin, last: begin, first: None, now: 0 }
    }

    fn rate(&self) -> BinaryBytes {
        let bytes = self.now.saturating_sub(self.first.unwrap_or(0));
        BinaryBytes((bytes as f64 / self.begin.elapsed().as_secs_f64().max(0.001)) as u64)
    }
}

impl Transfer for Lines {
    fn total(&mut self, bytes: u64) {
        self.total = Some(bytes);
    }

    fn position(&mut self, bytes: u64) {
        self.first.get_or_insert(bytes);
        self.now = bytes;
        if self.last.elapsed() >= LINE_EVERY {
            self.last = Instant::now();
            let of =
                self.total.map_or_else(String::new, |total| format!(" of {}", BinaryBytes(total)));
            line(&format!(
                "fetching {}: {}{of}, {}/s",
                self.name,
                BinaryBytes(self.now),
                self.rate()
            ));
        }
    }

    fn finish(&mut self) {
        let seconds = self.begin.elapsed().as_secs_f64();
        let size = if self.now > 0 {
            format!(": {}, {}/s", BinaryBytes(self.now), self.rate())
        } else {
            String::new()
        };
        line(&format!("fetched {}{size} in {seconds:.1} s", self.name));
    }
}

/// One line on stderr; a closed stderr is no reason to fail.
fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", crate::text::escape::visible(text));
}
