//! Parts of a page: deflated (RFC 1951), in base64, inflated by the browser when they are looked at.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Letters, digits and hyphens; unique on its page.
    pub(super) id: String,
    /// Deflated, in base64.
    pub(super) text: String,
}

/// At 6 a page of 10,000 examples is a sixth smaller, and its report takes half as many instructions again.
const LEVEL: u32 = 2;

impl Part {
    /// A part of JSON.
    pub(super) fn json(id: impl Into<String>, value: &impl Serialize) -> std::io::Result<Self> {
        Self::bytes(id, &serde_json::to_vec(value)?)
    }

    /// A part of bytes.
    pub(super) fn bytes(id: impl Into<String>, bytes: &[u8]) -> std::io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
        encoder.write_all(bytes)?;
        Ok(Self { id: id.into(), text: STANDARD.encode(encoder.finish()?) })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_part_comes_back() {
        let value: Vec<u32> = (0..1000).collect();
        let part = Part::json("numbers", &value).unwrap();
        let packed = STANDARD.decode(&part.text).unwrap();
        let mut text = String::new();
        flate2::read::DeflateDecoder::new(&*packed).read_to_string(&mut text).unwrap();
        assert_eq!(serde_json::from_str::<Vec<u32>>(&text).unwrap(), value);
        assert!(part.text.len() < text.len(), "{} bytes", part.text.len());
    }
}
