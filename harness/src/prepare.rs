//! Official or sample files to `examples.parquet` and its statistics.
