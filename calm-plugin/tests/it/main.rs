//! CALM as a whole: against its twin in PyTorch, its properties, and the plugin from the harness' side.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/abi.rs"]
mod abi;
mod aware;
#[path = "../../../baselines/encoder/tests/common/checked.rs"]
mod checked;
mod experiments;
mod explain;
mod first;
mod model;
mod parity;
mod plugin;
#[path = "../common/tiny.rs"]
mod tiny;

/// libtorch's generator is one for the process: tests that draw from it or count on it take turns.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
