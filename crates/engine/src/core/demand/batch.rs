//! Batches: many files that were asked for at once, and are told of together.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Core;
use super::super::queue::Urgency;
use super::{Demands, Partial, Waiter, Who};
use crate::error::{Code, Result};
use crate::event::{
    BatchProgress, ClientId, DownloadErrorType, DownloadFileType, DownloadProgress, DownloadState, Event,
    TaskId,
};

/// One batch that has not ended.
#[derive(Debug)]
pub(super) struct Batch {
    client: ClientId,
    /// Its files are still being looked up: it does not end before that is done.
    begins: bool,
    /// The files that have not ended, by the first of the names by which they were asked for.
    open: BTreeMap<String, File>,
    /// What has come of those that have.
    ended_bytes: u64,
    succeeded: Vec<String>,
    failed: Vec<(String, DownloadErrorType)>,
    stopped: bool,
    files: u64,
    total: u64,
    /// Something is to be told.
    changed: bool,
}

/// Bytes of a file, as they were noted last.
#[derive(Debug, Default)]
struct File {
    size: u64,
    processed: u64,
}

impl Batch {
    fn new(client: ClientId, open: BTreeMap<String, File>) -> Self {
        Batch {
            client,
            begins: true,
            files: open.len() as u64,
            open,
            ended_bytes: 0,
            succeeded: Vec::new(),
            failed: Vec::new(),
            stopped: false,
            total: 0,
            changed: false,
        }
    }

    /// Bytes that came do not go again, whatever becomes of their file.
    fn note(&mut self, uri: &str, now: &DownloadProgress) {
        let Some(file) = self.open.get_mut(uri) else { return };
        let before = file.size;
        file.processed = file.processed.max(now.processed);
        file.size = now.size.max(file.processed);
        self.total = self.total - before + file.size;
        self.changed = true;
        if now.state == DownloadState::Running {
            return;
        }
        if let Some((uri, file)) = self.open.remove_entry(uri) {
            self.ended_bytes += file.processed;
            match now.state {
                DownloadState::Completed => self.succeeded.push(uri),
                DownloadState::Failed => self.failed.push((uri, now.error)),
                DownloadState::Running | DownloadState::Stopped => self.stopped = true,
            }
        }
    }

    fn is_over(&self) -> bool {
        !self.begins && self.open.is_empty()
    }

    fn state(&self) -> DownloadState {
        match (self.is_over(), self.stopped, self.failed.is_empty()) {
            (false, ..) => DownloadState::Running,
            (true, true, _) => DownloadState::Stopped,
            (true, false, false) => DownloadState::Failed,
            (true, false, true) => DownloadState::Completed,
        }
    }

    fn event(&self, task: TaskId) -> Event {
        let progress = BatchProgress {
            state: self.state(),
            task,
            succeeded: self.succeeded.clone(),
            failed: self.failed.clone(),
            files: self.files,
            downloaded: self.ended_bytes + self.open.values().map(|file| file.processed).sum::<u64>(),
            total: self.total,
        };
        Event::Batch { client: self.client, progress }
    }
}

impl Demands {
    /// Forgets a client's batches, and says which they were.
    pub(super) fn forget_batches(&mut self, client: ClientId) -> BTreeSet<TaskId> {
        let of_client = |(task, batch): (&TaskId, &Batch)| (batch.client == client).then_some(*task);
        let tasks: BTreeSet<TaskId> = self.batches.iter().filter_map(of_client).collect();
        self.batches.retain(|task, _| !tasks.contains(task));
        tasks
    }
}

impl Core {
    /// Fetches many files' bytes, or previews of them, for a client, after what persons wait for and before what nobody does. Only
    /// a URI that cannot be read refuses the batch; what else is wrong with a file fails that file.
    pub fn start_batch(
        &mut self,
        client: ClientId,
        task: TaskId,
        uris: Vec<String>,
        file_type: DownloadFileType,
    ) -> Result<()> {
        self.settled()?;
        let uris = self.first_names(uris)?;
        let names: BTreeMap<String, File> = uris.iter().map(|uri| (uri.clone(), File::default())).collect();
        self.demands.batches.insert(task, Batch::new(client, names));
        for uri in uris {
            match file_type.preview() {
                Some(kind) => self.add_preview_to_batch(task, uri, kind),
                None => self.add_to_batch(task, uri),
            }
        }
        if let Some(batch) = self.demands.batches.get_mut(&task) {
            batch.begins = false;
        }
        self.tell_batch(task);
        self.begin_waiting();
        Ok(())
    }

    /// Of each file the first of its names.
    fn first_names(&self, mut uris: Vec<String>) -> Result<Vec<String>> {
        for uri in &uris {
            self.config.uris.path(uri)?;
        }
        let mut paths = BTreeSet::new();
        uris.retain(|uri| self.config.uris.path(uri).is_ok_and(|path| paths.insert(path.into_owned())));
        Ok(uris)
    }

    fn add_to_batch(&mut self, task: TaskId, uri: String) {
        let known = self.config.uris.path(&uri).map(std::borrow::Cow::into_owned);
        let known = known.and_then(|path| self.wanted(&path, &uri).map(|item| (path, item)));
        let (state, error, size) = match known {
            Ok((_, Some(item))) => {
                self.demand(item, Waiter { who: Who::Batch(task), uri }, Urgency::Batch);
                return;
            }
            Ok((path, None)) => (DownloadState::Completed, DownloadErrorType::NoError, self.size_here(&path)),
            Err(error) if error.code == Code::NoSuchFile => {
                (DownloadState::Failed, DownloadErrorType::ContentNotFound, 0)
            }
            Err(_) => (DownloadState::Failed, DownloadErrorType::UnknownError, 0),
        };
        let here = DownloadProgress { state, processed: size, size, uri: String::new(), error };
        self.note_in_batch(task, &uri, &here);
    }

    /// Stops a client's batch: what has not begun does not, and what is under way ends soon.
    pub fn stop_batch(&mut self, client: ClientId, task: TaskId, partial: Partial) {
        if self.demands.batches.get(&task).is_none_or(|batch| batch.client != client) {
            return;
        }
        let of_batch = |waiter: &Waiter| waiter.who == Who::Batch(task);
        for node in self.demands.waited_for(of_batch) {
            self.withdraw(node, partial, of_batch);
        }
        self.stop_previews(of_batch);
        self.begin_waiting();
        self.advance();
    }

    pub(super) fn note_in_batch(&mut self, task: TaskId, uri: &str, progress: &DownloadProgress) {
        let Some(batch) = self.demands.batches.get_mut(&task) else { return };
        batch.note(uri, progress);
        if batch.is_over() {
            self.tell_batch(task);
        }
    }

    /// Tells of every batch that has changed.
    pub(super) fn tell_batches(&mut self) {
        let changed = self.demands.batches.iter().filter(|(_, batch)| batch.changed);
        let tasks: Vec<TaskId> = changed.map(|(task, _)| *task).collect();
        for task in tasks {
            self.tell_batch(task);
        }
    }

    fn tell_batch(&mut self, task: TaskId) {
        let Some(batch) = self.demands.batches.get_mut(&task) else { return };
        batch.changed = false;
        self.events.emit(batch.event(task));
        if batch.is_over() {
            self.demands.batches.remove(&task);
        }
    }
}
