//! What transfers report while they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudsync_cloud::{Flow, TransferControl};

use super::{JobContext, StopFlag};
use crate::bandwidth::Direction;

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

/// Keeps a job's transfers within the limits.
#[derive(Clone, Copy)]
pub(super) struct Throttle<'a> {
    pub(super) context: &'a JobContext,
    pub(super) stop: &'a StopFlag,
    pub(super) urgent: bool,
}

impl Throttle<'_> {
    /// How many of `wanted` bytes to move at a time.
    pub(super) fn piece(&self, direction: Direction, wanted: usize) -> usize {
        self.context.bandwidth.piece(direction, wanted)
    }

    /// Waits until so many bytes may move, or the job is to stop.
    pub(super) fn take(&self, direction: Direction, bytes: usize) {
        let (context, stop) = (self.context, self.stop);
        let stops = || stop.is_set();
        context.bandwidth.take(direction, bytes as u64, &*context.clock, self.urgent, stops);
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
