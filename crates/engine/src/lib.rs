//! The sync engine: three trees in an index, a pure planner, small steps that survive a kill.
//!
//! A host opens an [`Engine`] on a gallery and a cloud, starts runs and downloads, asks states, and
//! receives [`Event`]s. Everything outside is a [`ports`] trait.
#![forbid(unsafe_code)]

mod config;
mod engine;
mod error;
mod event;
pub mod names;
pub mod os;
pub mod ports;
pub mod tree;

pub use config::{BatteryMarks, Config, DeletionHold, DownloadPolicy};
pub use engine::Engine;
pub use error::{Code, Error, Result};
pub use event::{
    ClientId, DownloadErrorType, DownloadProgress, DownloadState, ErrorType, Event, EventSink, FileSyncState,
    SyncProgress, SyncState,
};
