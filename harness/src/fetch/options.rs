//! What a fetch may do: where it looks, how long it waits and how much it takes.

use std::path::PathBuf;
use std::time::Duration;

use super::drive::BASE;
use super::token::Token;

/// How to fetch. `Options { cache, ..Options::default() }` is enough.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cache folder; created where it is not there.
    pub cache: PathBuf,
    /// Copies of the sources as `<mirror>/<dataset>/<path>`, asked before the owners.
    pub mirrors: Vec<Mirror>,
    /// Where the user puts files by hand, as `<drop_in>/<dataset>/<path>` or under their bare names.
    pub drop_in: Option<PathBuf>,
    /// No network at all.
    pub offline: bool,
    /// Attempts after the first.
    pub retries: u32,
    /// For a connection, name resolution included.
    pub connect_timeout: Duration,
    /// For the head of an answer, and between two blocks of its body.
    pub read_timeout: Duration,
    /// The first wait between attempts; doubled each time, with jitter.
    pub backoff: Duration,
    /// No wait is longer, whatever a server asks for.
    pub max_wait: Duration,
    /// No file and no unpacked archive may be larger.
    pub max_bytes: u64,
    /// No archive or mirrored folder may have more files.
    pub max_entries: usize,
    /// Tokens for gated hosts.
    pub tokens: Vec<Token>,
    /// Where Google Drive is; another address in tests.
    pub drive_base: String,
    /// The Python whose pip fetches packages.
    pub python: PathBuf,
    /// For one run of pip.
    pub package_timeout: Duration,
}

impl Default for Options {
    /// Patient, with the tokens of the environment; the cache is `.culture-eval-cache` in the working folder.
    fn default() -> Self {
        Self {
            cache: PathBuf::from(".culture-eval-cache"),
            mirrors: Vec::new(),
            drop_in: None,
            offline: false,
            retries: 5,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            backoff: Duration::from_millis(500),
            max_wait: Duration::from_mins(1),
            max_bytes: 16 << 30,
            max_entries: 100_000,
            tokens: Token::from_env(),
            drive_base: BASE.to_owned(),
            python: PathBuf::from("python3"),
            package_timeout: Duration::from_mins(30),
        }
    }
}

/// A copy of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// A folder on this machine.
    Dir(PathBuf),
    /// An address; asked over the network.
    Url(String),
}

impl Mirror {
    /// `http://...` and `https://...` are addresses, all else is a folder.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("http://") || text.starts_with("https://") {
            Self::Url(text.to_owned())
        } else {
            Self::Dir(PathBuf::from(text))
        }
    }
}
