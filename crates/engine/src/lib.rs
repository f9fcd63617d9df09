//! The sync engine: three trees in an index, a pure planner, small steps that survive a kill.
//!
//! A host opens an [`Engine`] on a gallery and a cloud, starts runs and downloads, asks states, and
//! receives [`Event`]s. Everything outside is a [`ports`] trait.
#![forbid(unsafe_code)]

mod account;
mod bandwidth;
mod bytes;
mod config;
pub mod core;
mod engine;
mod error;
mod event;
mod filter;
pub mod gate;
mod heard;
pub mod job;
mod media;
pub mod names;
pub mod os;
pub mod plan;
pub mod ports;
mod record;
mod time_text;
pub mod tree;
mod uri;
mod workers;

pub use account::{CloudSwitch, LocalCopies};
pub use bandwidth::{Bandwidth, Direction};
pub use config::{BatteryMarks, Config, DeletionHold, DownloadPolicy};
pub use core::{Explanation, RecordName, SpaceWanted};
pub use engine::Engine;
pub use error::{Code, Error, Result};
pub use event::{
    BatchProgress, Change, ClientId, DownloadErrorType, DownloadFileType, DownloadProgress, DownloadState,
    ErrorType, Event, EventSink, FileState, FileSyncState, NotifyType, OptimizeProgress, OptimizeState,
    SyncProgress, SyncState, TaskId, WatchId,
};
pub use filter::{FilterAction, Filters, LeftOut};
pub use uri::UriSpace;
