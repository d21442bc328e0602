//! Scores of a text that do not use its meaning, used instead of a log-likelihood.

use crate::python::words;

/// A score of a text.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum TextScore {
    /// 0 for every text.
    Constant,
    /// Bytes of UTF-8 / 100: longer is better.
    #[serde(rename = "bytes-per-100")]
    BytesPer100,
    /// -bytes / 100.
    #[serde(rename = "minus-bytes-per-100")]
    MinusBytesPer100,
    /// -bytes: shorter is better.
    MinusBytes,
    /// -words, parted at blanks.
    MinusWords,
    /// CRC-32 of the bytes: a fixed order without any sense.
    Crc32,
}

impl TextScore {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Constant,
        Self::BytesPer100,
        Self::MinusBytesPer100,
        Self::MinusBytes,
        Self::MinusWords,
        Self::Crc32,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::BytesPer100 => "bytes-per-100",
            Self::MinusBytesPer100 => "minus-bytes-per-100",
            Self::MinusBytes => "minus-bytes",
            Self::MinusWords => "minus-words",
            Self::Crc32 => "crc32",
        }
    }

    /// The score of a text.
    pub fn of(self, text: &str) -> f64 {
        let bytes = text.len() as f64;
        match self {
            Self::Constant => 0.0,
            Self::BytesPer100 => bytes / 100.0,
            Self::MinusBytesPer100 => -bytes / 100.0,
            Self::MinusBytes => -bytes,
            Self::MinusWords => -(words(text).count() as f64),
            Self::Crc32 => f64::from(crc32(text.as_bytes())),
        }
    }
}

/// CRC-32 as zlib computes it (ISO 3309, ITU-T V.42).
///
/// ```
/// assert_eq!(culture_scores::reference::crc32(b"123456789"), 0xCBF4_3926);
/// ```
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
