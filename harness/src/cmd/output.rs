//! stdout as data: text or JSON lines; stderr for everything else.

use std::io::{self, IsTerminal, Write};

use console::Term;
use serde::Serialize;

use crate::cell::sandbox;
use crate::exec::bars::Style;
use crate::text::escape::{visible, visible_json};

/// Where a command writes.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// JSON lines instead of text.
    pub json: bool,
    /// No notes, no bars.
    pub quiet: bool,
}

impl Output {
    /// Text to stdout.
    pub fn text(self, text: impl AsRef<str>) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", visible(text.as_ref().trim_end()))?;
        Ok(())
    }

    /// One JSON line to stdout.
    pub fn json(self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        let line = serde_json::to_string(value).map_err(io::Error::from)?;
        writeln!(out, "{}", visible_json(&line))?;
        Ok(())
    }

    /// Columns of the screen that stdout is shown on. If stdout is not a terminal: `COLUMNS`, else 100.
    pub fn width(self) -> usize {
        const PLAIN: usize = 100;
        let said = || std::env::var("COLUMNS").ok()?.parse().ok();
        let screen = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        screen.or_else(said).unwrap_or(PLAIN)
    }

    /// A note to stderr, unless `--quiet`.
    pub fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{}", visible(text.as_ref()));
        }
    }

    /// A warning to stderr, always.
    pub fn warn(self, text: impl AsRef<str>) {
        let _ = writeln!(io::stderr().lock(), "warning: {}", visible(text.as_ref()));
    }

    /// What of the sandbox around a plugin this machine cannot set up.
    pub fn unsandboxed(self) {
        let lacking = sandbox::lacking();
        if !lacking.is_empty() {
            self.note(format!("not kept from the plugin on this machine: {}", lacking.join("; ")));
        }
    }

    /// How progress is shown on stderr: by bars where it is a terminal that can redraw them.
    pub fn progress(self) -> Style {
        let redraws = || std::env::var_os("TERM").is_none_or(|t| t != "dumb");
        match self.lines() {
            Style::Lines if io::stderr().is_terminal() && redraws() => Style::Bars,
            style => style,
        }
    }

    /// How progress is shown where nobody looks on.
    pub fn lines(self) -> Style {
        if self.quiet { Style::Silent } else { Style::Lines }
    }
}
