//! What transfers report while they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudsync_cloud::{Flow, TransferControl};

use super::StopFlag;

/// Bytes moved so far, shared between a job and whoever shows its progress.
#[derive(Debug, Clone, Default)]
pub struct Moved(Arc<AtomicU64>);

impl Moved {
    /// The bytes so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds bytes.
    pub fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts a batch's bytes and passes the stop flag on.
pub(super) struct Control<'a> {
    pub(super) stop: &'a StopFlag,
    pub(super) moved: &'a Moved,
}

impl TransferControl for Control<'_> {
    fn advanced(&self, _item: usize, bytes: u64) -> Flow {
        self.moved.add(bytes);
        if self.stop.is_set() { Flow::Stop } else { Flow::Continue }
    }
}
