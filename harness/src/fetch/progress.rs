//! What a caller may show of a fetch. `bars` draws; this says what there is to draw.

/// Receives what happens. Calls come from several threads where several sources are fetched at once.
pub trait Progress: Sync {
    /// A transfer begins; `total` is in bytes, where known.
    fn start(&self, name: &str, total: Option<u64>) -> Box<dyn Transfer>;

    /// One line worth telling: a retry, a wait for another process.
    fn note(&self, line: &str);

    /// Asked between blocks and during waits; `true` ends the fetch with what is on disk kept for a resume.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// One running transfer. Dropping it without `finish` means that it failed.
pub trait Transfer {
    /// The server said how many bytes there are.
    fn total(&mut self, _bytes: u64) {}

    /// Bytes now on disk, those of an earlier attempt included.
    fn position(&mut self, bytes: u64);

    /// It is complete.
    fn finish(&mut self);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _name: &str, _total: Option<u64>) -> Box<dyn Transfer> {
        Box::new(Self)
    }

    fn note(&self, _line: &str) {}
}

impl Transfer for Silent {
    fn position(&mut self, _bytes: u64) {}

    fn finish(&mut self) {}
}
