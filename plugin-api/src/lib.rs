//! The contract between the harness and its model plugins.
