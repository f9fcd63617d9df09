//! Holds a process's events against what was accepted: every start ends in exactly one final event.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cloudsync_engine::{
    BatchProgress, ClientId, DownloadProgress, DownloadState, Event, EventSink, OptimizeProgress,
    OptimizeState, SyncProgress, TaskId,
};
use parking_lot::Mutex;

use crate::shared::Wire;

/// Takes an engine's events.
#[derive(Debug)]
pub struct Sink {
    wire: Wire,
    events: Mutex<VecDeque<Event>>,
}

impl Sink {
    /// For one process.
    pub fn new(wire: Wire) -> Arc<Self> {
        Arc::new(Sink { wire, events: Mutex::default() })
    }

    /// The oldest event that was not taken yet.
    pub fn next(&self) -> Option<Event> {
        self.events.lock().pop_front()
    }
}

impl EventSink for Sink {
    fn emit(&self, event: Event) {
        let line = format!("device {}: EVENT {event:?}", self.wire.device);
        self.wire.peek().note(&line);
        self.events.lock().push_back(event);
    }

    fn log(&self, level: u8, line: &str) {
        let line = format!("device {}: log {level}: {line}", self.wire.device);
        self.wire.peek().note(&line);
    }
}

/// What was accepted and has not ended yet.
#[derive(Debug, Default)]
pub struct Ledger {
    /// A run is under way.
    pub running: bool,
    /// Runs begin by themselves.
    automatic: bool,
    /// A start was accepted after the run was asked to stop.
    again: bool,
    stopping: bool,
    last: Option<SyncProgress>,
    /// How the last run ended.
    pub ended: Option<SyncProgress>,
    downloads: BTreeMap<(ClientId, String), u64>,
    batches: BTreeMap<(ClientId, TaskId), Option<BatchProgress>>,
    /// Whose space is being freed, and how far that is.
    freeing: Option<(ClientId, u8)>,
    /// How many downloads and batches are under way.
    pub downloading: usize,
}

impl Ledger {
    /// Nothing has begun; runs will by themselves, or not.
    pub fn new(automatic: bool) -> Self {
        Ledger { automatic, ..Ledger::default() }
    }

    /// A start was accepted.
    pub fn started(&mut self) {
        self.again |= self.stopping;
        self.running = true;
    }

    /// A stop was asked for.
    pub fn stopped(&mut self) {
        self.stopping = self.running;
        self.again = false;
    }

    /// A download was accepted.
    pub fn download_started(&mut self, client: ClientId, uri: &str) {
        self.downloads.insert((client, uri.to_owned()), 0);
        self.count();
    }

    /// A batch was accepted.
    pub fn batch_started(&mut self, client: ClientId, task: TaskId) {
        self.batches.insert((client, task), None);
        self.count();
    }

    /// The batches that have not ended.
    pub fn batches_open(&self) -> Vec<(ClientId, TaskId)> {
        self.batches.keys().copied().collect()
    }

    fn count(&mut self) {
        self.downloading = self.downloads.len() + self.batches.len();
    }

    /// Whether this client waits for this file.
    pub fn is_downloading(&self, client: ClientId, uri: &str) -> bool {
        self.downloads.contains_key(&(client, uri.to_owned()))
    }

    /// The downloads that have not ended.
    pub fn downloads_open(&self) -> Vec<(ClientId, String)> {
        self.downloads.keys().cloned().collect()
    }

    /// An event came. The text says what is wrong with it.
    pub fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Sync(progress) => self.take_sync(progress),
            Event::Download { client, progress } => self.take_download(client, &progress),
            Event::Optimize { client, progress } => self.take_space(client, progress),
            Event::Changed { .. } => Err("changes are told, and nobody asked for any".into()),
            Event::Batch { client, progress } => self.take_batch(client, progress),
        }
    }

    /// The freeing of space was accepted.
    pub fn freeing_started(&mut self, client: ClientId) {
        self.freeing = Some((client, 0));
    }

    /// Whether space is being freed for a client.
    pub fn is_freeing(&self) -> bool {
        self.freeing.is_some()
    }

    fn take_space(&mut self, client: ClientId, now: OptimizeProgress) -> Result<(), String> {
        let last = match self.freeing {
            Some((who, last)) if who == client => last,
            _ => return Err(format!("client {client} is told {now:?}, and frees no space")),
        };
        let whole = now.state != OptimizeState::Completed || now.percent == 100;
        if now.percent < last || !(1..=100).contains(&now.percent) || !whole {
            return Err(format!("freeing space goes wrong from {last} % to {now:?}"));
        }
        self.freeing = (now.state == OptimizeState::Running).then_some((client, now.percent));
        Ok(())
    }

    fn take_sync(&mut self, now: SyncProgress) -> Result<(), String> {
        if !self.running && !self.automatic {
            return Err(format!("a sync event without a run: {now:?}"));
        }
        self.running = true;
        if let Some(last) = self.last
            && (now.files_total < last.files_total
                || now.files_done < last.files_done
                || now.bytes_total < last.bytes_total
                || now.bytes_done < last.bytes_done)
        {
            return Err(format!("a counter fell from {last:?} to {now:?}"));
        }
        self.last = Some(now);
        if now.state.is_final() {
            self.ended = Some(now);
            self.last = None;
            self.running = self.again;
            (self.again, self.stopping) = (false, false);
        }
        Ok(())
    }

    fn take_download(&mut self, client: ClientId, progress: &DownloadProgress) -> Result<(), String> {
        let key = (client, progress.uri.clone());
        let Some(received) = self.downloads.get_mut(&key) else {
            return Err(format!("a download event without a download: client {client}, {progress:?}"));
        };
        if progress.processed < *received && progress.state == DownloadState::Running {
            return Err(format!("a download's counter fell from {received}: {progress:?}"));
        }
        *received = progress.processed;
        if progress.state != DownloadState::Running {
            self.downloads.remove(&key);
            self.count();
        }
        Ok(())
    }

    fn take_batch(&mut self, client: ClientId, now: BatchProgress) -> Result<(), String> {
        let key = (client, now.task);
        let Some(last) = self.batches.get_mut(&key) else {
            return Err(format!("a batch's event without a batch: client {client}, {now:?}"));
        };
        let ended = (now.succeeded.len() + now.failed.len()) as u64;
        let fell = |last: &BatchProgress| {
            now.downloaded < last.downloaded
                || !now.succeeded.starts_with(&last.succeeded)
                || !now.failed.starts_with(&last.failed)
        };
        let all = match now.state {
            DownloadState::Running | DownloadState::Stopped => ended <= now.files,
            DownloadState::Completed => ended == now.files && now.failed.is_empty(),
            DownloadState::Failed => ended == now.files && !now.failed.is_empty(),
        };
        if last.as_ref().is_some_and(fell) || !all || now.downloaded > now.total {
            return Err(format!("a batch goes wrong from {last:?} to {now:?}"));
        }
        if now.state == DownloadState::Running {
            *last = Some(now);
        } else {
            self.batches.remove(&key);
            self.count();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cloudsync_engine::{ErrorType, SyncState};

    use super::*;

    fn event(state: SyncState, files_done: u64) -> Event {
        Event::Sync(SyncProgress {
            state,
            error: ErrorType::NoError,
            files_total: 5,
            files_done,
            files_failed: 0,
            bytes_total: 0,
            bytes_done: 0,
            deletions_held: 0,
        })
    }

    #[test]
    fn a_second_final_event_is_one_too_many() {
        let mut ledger = Ledger::default();
        ledger.started();
        assert!(ledger.take(event(SyncState::Completed, 0)).is_ok());
        assert!(!ledger.running);
        assert!(ledger.take(event(SyncState::Completed, 0)).is_err());
    }

    #[test]
    fn starts_meanwhile_share_one_end_unless_a_stop_came_between() {
        let mut ledger = Ledger::default();
        ledger.started();
        ledger.started();
        assert!(ledger.take(event(SyncState::Completed, 0)).is_ok());
        assert!(!ledger.running);
        ledger.started();
        ledger.stopped();
        ledger.started();
        assert!(ledger.take(event(SyncState::Stopped, 0)).is_ok());
        assert!(ledger.running);
        assert!(ledger.take(event(SyncState::Completed, 0)).is_ok());
        assert!(!ledger.running);
    }

    #[test]
    fn a_counter_that_falls_is_told() {
        let mut ledger = Ledger::default();
        ledger.started();
        assert!(ledger.take(event(SyncState::Uploading, 3)).is_ok());
        assert!(ledger.take(event(SyncState::Uploading, 2)).is_err());
    }

    #[test]
    fn freed_space_that_nobody_asked_for_or_that_shrinks_is_told() {
        let mut ledger = Ledger::default();
        let told =
            |state, percent| Event::Optimize { client: 1, progress: OptimizeProgress { state, percent } };
        assert!(ledger.take(told(OptimizeState::Running, 1)).is_err());
        ledger.freeing_started(1);
        assert!(ledger.take(told(OptimizeState::Running, 40)).is_ok());
        assert!(ledger.take(told(OptimizeState::Running, 39)).is_err());
        assert!(ledger.take(told(OptimizeState::Completed, 90)).is_err());
        assert!(ledger.take(told(OptimizeState::Stopped, 40)).is_ok());
        assert!(!ledger.is_freeing());
    }

    #[test]
    fn an_unasked_download_is_told() {
        let mut ledger = Ledger::default();
        let progress = DownloadProgress {
            state: DownloadState::Completed,
            processed: 1,
            size: 1,
            uri: "u".into(),
            error: cloudsync_engine::DownloadErrorType::NoError,
        };
        assert!(ledger.take(Event::Download { client: 1, progress: progress.clone() }).is_err());
        ledger.download_started(1, "u");
        assert!(ledger.is_downloading(1, "u"));
        assert!(ledger.take(Event::Download { client: 1, progress }).is_ok());
        assert_eq!(ledger.downloading, 0);
    }
}
