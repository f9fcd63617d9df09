//! The C interface of the sync engine: `include/cloudsync.h` is generated from this crate.
//!
//! One file per exported family; each export converts, calls and answers, and nothing else:
//!
//! - [`object`] turns an opaque pointer into the object it stands for, and a panic into a code;
//! - [`handle`] is the table behind it, [`dispatch`] the core of the callbacks, both model-checked;
//! - [`events`] is a context's dispatcher, [`callback`] the functions it calls, [`unwind`] and [`thrown`] what leaves them otherwise
//!   than by returning;
//! - [`failure`] is what goes wrong, [`text`] the strings.
//!
//! This is the only crate with unsafe code.
#![deny(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]

mod account;
#[cfg(test)]
mod argument_tests;
mod auto_sync;
mod batch;
mod callback;
#[cfg(test)]
mod callback_tests;
mod changes;
mod cloud;
mod cloud_file_cache;
mod code;
mod context;
mod device;
mod dispatch;
mod download;
mod events;
mod explain;
mod extension;
mod failure;
mod file_sync;
mod filters;
mod gallery;
mod handle;
#[cfg(test)]
mod handle_tests;
mod lanes;
mod lease;
mod list;
mod log;
mod object;
mod options;
mod page;
mod panics;
mod plan;
mod preview;
mod progress;
mod sharing;
mod space;
mod state;
mod sync;
mod sync_object;
mod text;
mod threads;
mod thrown;
mod trash;
mod trash_list;
mod unwind;
mod version;

pub use account::*;
pub use auto_sync::*;
pub use callback::{
    CloudSyncChangeCallback, CloudSyncCloudChangeCallback, CloudSyncCompletion, CloudSyncConformanceCallback,
    CloudSyncDestroy, CloudSyncDownloadProgressCallback, CloudSyncFileStatesCompletion, CloudSyncLogCallback,
    CloudSyncMultiDownloadProgressCallback, CloudSyncPlanCompletion, CloudSyncSharingCompletion,
    CloudSyncSyncProgressCallback, CloudSyncTaskCompletion, CloudSyncTimeCompletion,
};
pub use changes::*;
pub use cloud::*;
pub use cloud_file_cache::*;
pub use code::*;
pub use context::*;
pub use device::*;
pub use download::*;
pub use explain::*;
pub use extension::*;
pub use file_sync::*;
pub use filters::*;
pub use gallery::*;
pub use list::*;
pub use log::*;
pub use options::*;
pub use plan::*;
pub use preview::*;
pub use progress::*;
pub use sharing::*;
pub use space::*;
pub use state::*;
pub use trash::*;
pub use trash_list::*;
pub use version::*;
