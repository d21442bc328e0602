//! Servers of models (`[server]` of their TOML): started when the first cell needs one, shared by the cells of a model, ended with the
//! process that runs the cells. A keeper ends them even where that process is killed.

mod alone;
pub mod keeper;
mod needs;
mod pool;
mod probe;
mod relay;
mod running;

pub use alone::Alone;
pub use needs::Needs;
pub(super) use pool::Served;
pub use pool::Servers;
pub use relay::socket;
pub use running::Facts;
pub(super) use running::Running;
