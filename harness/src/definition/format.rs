//! Formats of official files.

use serde::{Deserialize, Serialize};

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Comma-separated, quoted as in RFC 4180.
    Csv,
    /// Tab-separated.
    Tsv,
    /// One JSON object a line.
    Jsonl,
    /// One JSON document; `rows` says where its rows are.
    Json,
    /// Apache Parquet.
    Parquet,
}
