//! Metrics that a plugin reports while it works: lines of the cell's log, `metric NAME STEP VALUE`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

const MARK: &str = "metric ";

/// Values by step, in its order, by name.
pub type Metrics = BTreeMap<String, Vec<(u64, f64)>>;

/// The line of one value.
pub fn line(name: &str, step: u64, value: f64) -> String {
    format!("{MARK}{name} {step} {value}")
}

/// Bytes of a log that are looked at.
const MOST: u64 = 256 << 20;

/// The metrics in a log. A cell that continued after a stop repeats some steps: what it said last counts. Lines that are no
/// metric are passed over, a log that is not there has none.
pub fn read(log: &Path) -> std::io::Result<Metrics> {
    if !log.is_file() {
        return Ok(Metrics::new());
    }
    let mut found: BTreeMap<String, BTreeMap<u64, f64>> = BTreeMap::new();
    for line in BufReader::new(super::open_plain(log)?.take(MOST)).split(b'\n') {
        let line = line?;
        let Some((name, step, value)) = parse(&line) else { continue };
        found.entry(name).or_default().insert(step, value);
    }
    Ok(found.into_iter().map(|(name, values)| (name, values.into_iter().collect())).collect())
}

fn parse(line: &[u8]) -> Option<(String, u64, f64)> {
    let line = std::str::from_utf8(line.strip_prefix(MARK.as_bytes())?).ok()?;
    let (rest, value) = line.rsplit_once(' ')?;
    let (name, step) = rest.rsplit_once(' ')?;
    Some((name.to_owned(), step.parse().ok()?, value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_last_word_counts() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.txt");
        assert!(read(&log).unwrap().is_empty());
        let lines = [
            line("loss", 4, 0.5),
            line("loss", 8, 0.25),
            "metric of mine".to_owned(),
            "nothing".to_owned(),
            line("loss", 8, 0.125),
            line("valid", 2, f64::NAN),
            line("my loss", 0, -1.0),
        ];
        let mut bytes = lines.join("\n").into_bytes();
        bytes.extend(b"\nmetric \xff 1 2\nmetric half");
        fs_err::write(&log, bytes).unwrap();
        let metrics = read(&log).unwrap();
        assert_eq!(metrics["loss"], [(4, 0.5), (8, 0.125)]);
        assert_eq!(metrics["my loss"], [(0, -1.0)]);
        assert!(metrics["valid"][0].1.is_nan());
        assert_eq!(metrics.len(), 3);
    }
}
