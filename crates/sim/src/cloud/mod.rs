//! A cloud in memory: strict to the traits' promises, and unreliable wherever they allow it.

mod assets;
mod db;
mod lies;
mod listeners;
mod paths;
mod service;
mod state;

pub use lies::Chance;
pub(crate) use lies::{Liar, LyingCloud};
pub use paths::CloudEntry;
pub(crate) use paths::paths_of;
pub use service::SimCloud;
pub(crate) use service::{answer, reach};
pub use state::{CloudState, Rec, Stored};
