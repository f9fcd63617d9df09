//! Previews that batches ask for: one transfer for each, whoever waits for it, many in one job.

use std::collections::{BTreeMap, BTreeSet};

use super::super::queue::Urgency;
use super::super::state::known;
use super::super::thumbnails::preview_item;
use super::super::{Core, Task};
use super::tell::refused;
use super::{Waiter, Who};
use crate::error::Code;
use crate::event::{DownloadErrorType, DownloadProgress, DownloadState, TaskId};
use crate::job::{JobId, Moved, Outcome, PreviewItem, PreviewOutcome, StopFlag, Work};
use crate::ports::{PreviewKind, PreviewName};
use crate::tree::NodeId;

/// A preview of a file.
pub(in crate::core) type PreviewKey = (NodeId, PreviewKind);

/// How many previews one job fetches.
const AT_ONCE: usize = 32;

/// The previews that have not come.
#[derive(Debug, Default)]
pub(super) struct PreviewDemands {
    wanted: BTreeMap<PreviewKey, Wanted>,
    stop: StopFlag,
}

/// One preview, and who waits for it.
#[derive(Debug)]
struct Wanted {
    item: PreviewItem,
    waiters: BTreeSet<Waiter>,
    job: Option<JobId>,
}

/// What a file's preview is kept under, as far as its bytes are known, and where it comes from.
struct Found {
    name: Option<PreviewName>,
    item: Option<(NodeId, PreviewItem)>,
}

impl PreviewDemands {
    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Those who leave wait no more; what nobody waits for is not begun. Returns who left.
    fn withdraw(&mut self, leaves: impl Fn(&Waiter) -> bool) -> Vec<(Waiter, u64)> {
        let mut left = Vec::new();
        self.wanted.retain(|_, wanted| {
            let size = u64::from(wanted.item.preview.size);
            left.extend(wanted.waiters.extract_if(.., |waiter| leaves(waiter)).map(|waiter| (waiter, size)));
            wanted.job.is_some() || !wanted.waiters.is_empty()
        });
        left
    }

    /// Forgets those who leave.
    pub(super) fn forget(&mut self, leaves: impl Fn(&Waiter) -> bool) {
        // They want to hear nothing.
        let _ = self.withdraw(leaves);
    }
}

fn progress(state: DownloadState, error: DownloadErrorType, processed: u64, size: u64) -> DownloadProgress {
    DownloadProgress { state, processed, size, uri: String::new(), error }
}

impl Core {
    /// Adds a file's preview to a batch: it is here, or comes, or there is none.
    pub(super) fn add_preview_to_batch(&mut self, task: TaskId, uri: String, kind: PreviewKind) {
        let found = self.wanted_preview(&uri, kind);
        let Found { name, item } = match found {
            Ok(found) => found,
            Err(error) => {
                let failed = progress(DownloadState::Failed, error, 0, 0);
                self.note_in_batch(task, &uri, &failed);
                return;
            }
        };
        if let Some(size) = name.and_then(|name| self.states.previews.size(name)) {
            let here = progress(DownloadState::Completed, DownloadErrorType::NoError, size, size);
            self.note_in_batch(task, &uri, &here);
            return;
        }
        let Some((node, item)) = item else {
            let none = progress(DownloadState::Failed, DownloadErrorType::ContentNotFound, 0, 0);
            self.note_in_batch(task, &uri, &none);
            return;
        };
        if self.demands.is_empty() {
            self.demands.next_progress = self.clock.monotonic_ns() + super::PROGRESS_NS;
        }
        let waiter = Waiter { who: Who::Batch(task), uri };
        let size = item.preview.size.into();
        let wanted = self.demands.previews.wanted.entry((node, kind));
        let wanted = wanted.or_insert_with(|| Wanted { item, waiters: BTreeSet::new(), job: None });
        wanted.waiters.insert(waiter.clone());
        let running = progress(DownloadState::Running, DownloadErrorType::NoError, 0, size);
        self.tell(&BTreeSet::from([waiter]), &running);
    }

    /// What a file's preview is kept under, and where it comes from.
    fn wanted_preview(&self, uri: &str, kind: PreviewKind) -> Result<Found, DownloadErrorType> {
        let failed = |code| match code {
            Code::NoSuchFile => DownloadErrorType::ContentNotFound,
            _ => DownloadErrorType::UnknownError,
        };
        let path = self.config.uris.path(uri).map_err(|error| failed(error.code))?;
        let trees = self.states.trees.read();
        let Some((node, content)) = known(&trees, &path) else {
            drop(trees);
            // One that no scan has seen yet has no previews; one that is not there is an error.
            let none = Found { name: None, item: None };
            return self.states.file_state(uri).map(|_| none).map_err(|error| failed(error.code));
        };
        let name = content.map(|content| PreviewName { content: content.digest, kind });
        Ok(Found { name, item: preview_item(&trees, node, kind).map(|item| (node, item)) })
    }

    /// Begins what waits, so much at a time that workers are left for others.
    pub(super) fn begin_previews(&mut self) {
        loop {
            let jobs: BTreeSet<JobId> =
                self.demands.previews.wanted.values().filter_map(|wanted| wanted.job).collect();
            let waiting = self.demands.previews.wanted.iter().filter(|(_, wanted)| wanted.job.is_none());
            let next = waiting.take(AT_ONCE).map(|(key, wanted)| (*key, wanted.item.clone()));
            let (keys, items): (Vec<PreviewKey>, Vec<PreviewItem>) = next.unzip();
            if items.is_empty() || jobs.len() >= self.config.transfer_threads {
                return;
            }
            if let Some((state, error)) = self.gate.ends_downloads() {
                self.end_previews(&keys, state, error);
                continue;
            }
            let (task, work) = (Task::DemandPreviews(keys.clone()), Work::FetchPreviews(items));
            let stop = self.demands.previews.stop.clone();
            let job = self.enqueue_as(Urgency::Batch, task, work, stop, Moved::default());
            for key in keys {
                if let Some(wanted) = self.demands.previews.wanted.get_mut(&key) {
                    wanted.job = Some(job);
                }
            }
        }
    }

    /// The device lets none of these come.
    fn end_previews(&mut self, keys: &[PreviewKey], state: DownloadState, error: DownloadErrorType) {
        for key in keys {
            let Some(wanted) = self.demands.previews.wanted.remove(key) else { continue };
            let last = progress(state, error, 0, wanted.item.preview.size.into());
            self.tell(&wanted.waiters, &last);
        }
    }

    pub(in crate::core) fn previews_done(&mut self, keys: Vec<PreviewKey>, outcome: Outcome) {
        let mut outcomes = match outcome {
            Outcome::Previews(outcomes) => outcomes,
            _ => Vec::new(),
        }
        .into_iter();
        for key in keys {
            let outcome = outcomes.next();
            let Some(wanted) = self.demands.previews.wanted.remove(&key) else { continue };
            let size = u64::from(wanted.item.preview.size);
            let (state, error) = match outcome {
                Some(PreviewOutcome::Here) => (DownloadState::Completed, DownloadErrorType::NoError),
                Some(PreviewOutcome::Stopped) => (DownloadState::Stopped, DownloadErrorType::NoError),
                Some(PreviewOutcome::Refused(error)) => (DownloadState::Failed, refused(&error)),
                Some(PreviewOutcome::Failed(error)) if error.code == Code::NoSpace => {
                    (DownloadState::Failed, DownloadErrorType::LocalStorageFull)
                }
                Some(PreviewOutcome::Failed(_)) | None => {
                    (DownloadState::Failed, DownloadErrorType::UnknownError)
                }
            };
            let processed = if state == DownloadState::Completed { size } else { 0 };
            self.tell(&wanted.waiters, &progress(state, error, processed, size));
        }
    }

    /// Stops what batches asked for. What is under way comes, for nobody.
    pub(super) fn stop_previews(&mut self, leaves: impl Fn(&Waiter) -> bool) {
        for (waiter, size) in self.demands.previews.withdraw(leaves) {
            let stopped = progress(DownloadState::Stopped, DownloadErrorType::NoError, 0, size);
            self.tell(&BTreeSet::from([waiter]), &stopped);
        }
    }

    /// Stops all of it soon.
    pub(super) fn stop_all_previews(&mut self) {
        std::mem::take(&mut self.demands.previews.stop).set();
        self.stop_previews(|_| true);
    }

    /// Ends all of it, without waiting for it.
    pub(super) fn abandon_previews(&mut self) {
        self.stop_all_previews();
        self.demands.previews.wanted.clear();
    }
}
