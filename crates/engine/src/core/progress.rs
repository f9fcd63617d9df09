//! How far a run is.

use crate::event::{ErrorType, SyncProgress, SyncState};
use crate::job::Moved;

/// Counts a run's files and bytes. None of them ever falls.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    files_total: u64,
    files_done: u64,
    files_failed: u64,
    bytes_total: u64,
    bytes_done: u64,
    moved: Moved,
}

impl Tally {
    /// The counter that jobs add bytes to.
    pub(super) fn moved(&self) -> Moved {
        self.moved.clone()
    }

    /// So much is still to be done.
    pub(super) fn expect(&mut self, files: u64, bytes: u64) {
        self.measure();
        self.files_total = self.files_total.max(self.files_done + files);
        self.bytes_total = self.bytes_total.max(self.bytes_done + bytes);
    }

    /// So many files are done.
    pub(super) fn done(&mut self, files: u64) {
        self.files_done += files;
        self.files_total = self.files_total.max(self.files_done);
    }

    /// So many files were left out.
    pub(super) fn failed(&mut self, files: u64) {
        self.files_failed = self.files_failed.max(files);
    }

    /// Bytes sent twice, after a cut, are not counted twice.
    fn measure(&mut self) {
        self.bytes_done = self.bytes_done.max(self.moved.get().min(self.bytes_total));
    }

    /// As an event.
    pub(super) fn progress(
        &mut self,
        state: SyncState,
        error: ErrorType,
        deletions_held: u64,
    ) -> SyncProgress {
        self.measure();
        SyncProgress {
            state,
            error,
            files_total: self.files_total,
            files_done: self.files_done,
            files_failed: self.files_failed,
            bytes_total: self.bytes_total,
            bytes_done: self.bytes_done,
            deletions_held,
        }
    }
}
