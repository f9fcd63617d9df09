//! Batches of files that lie in several synced directories: each directory's engine tells of its part, the host
//! hears of the whole.

use std::collections::{BTreeMap, HashMap};

use cloudsync_engine::{BatchProgress, DownloadState, TaskId};
use parking_lot::Mutex;

use crate::context::Root;

/// The batches with more than one part that have not ended.
#[derive(Default)]
pub(crate) struct Batches(Mutex<HashMap<TaskId, Parts>>);

/// What each part's engine told last; `None` before it has told anything.
type Parts = BTreeMap<Root, Option<BatchProgress>>;

impl Batches {
    /// A batch with these parts begins. One that has a single part need not be known here.
    pub(crate) fn begin(&self, task: TaskId, roots: impl Iterator<Item = Root>) {
        self.0.lock().insert(task, roots.map(|root| (root, None)).collect());
    }

    /// Nothing more is told of a batch that could not be started.
    pub(crate) fn forget(&self, task: TaskId) {
        // Its parts have no whole from now on.
        self.0.lock().insert(task, Parts::new());
    }

    /// A part goes on: `tell` is given the whole, once every part has begun, and in order.
    pub(crate) fn merge(&self, root: Root, progress: BatchProgress, tell: impl FnOnce(BatchProgress)) {
        let mut batches = self.0.lock();
        let task = progress.task;
        let Some(parts) = batches.get_mut(&task) else { return tell(progress) };
        match parts.get_mut(&root) {
            Some(part) => *part = Some(progress),
            None => return,
        }
        let Some(known) = parts.values().map(Option::as_ref).collect::<Option<Vec<_>>>() else { return };
        let whole = whole(task, &known);
        if whole.state != DownloadState::Running {
            batches.remove(&task);
        }
        tell(whole);
    }
}

fn whole(task: TaskId, parts: &[&BatchProgress]) -> BatchProgress {
    let has = |state| parts.iter().any(|part| part.state == state);
    let worst = [DownloadState::Running, DownloadState::Stopped, DownloadState::Failed];
    BatchProgress {
        state: worst.into_iter().find(|state| has(*state)).unwrap_or(DownloadState::Completed),
        task,
        succeeded: parts.iter().flat_map(|part| part.succeeded.iter().cloned()).collect(),
        failed: parts.iter().flat_map(|part| part.failed.iter().cloned()).collect(),
        files: parts.iter().map(|part| part.files).sum(),
        downloaded: parts.iter().map(|part| part.downloaded).sum(),
        total: parts.iter().map(|part| part.total).sum(),
    }
}
