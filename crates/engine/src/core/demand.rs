//! Downloads that somebody asked for, one file at a time, beside any run.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_cloud::CloudError;

use super::disk_phase::{disk_full, fetch_item, fetched};
use super::run::PROGRESS_NS;
use super::state::{Activity, find_remote};
use super::{Core, Task};
use crate::error::{Code, Error, Result};
use crate::event::{ClientId, DownloadErrorType, DownloadProgress, DownloadState, Event};
use crate::job::{FetchItem, FetchOutcome, Job, Moved, Outcome, PlaceItem, StopFlag, Work, temp_name};
use crate::ports::Stamp;
use crate::tree::{LocalContent, NodeId, Place};

/// All downloads under way.
#[derive(Debug, Default)]
pub(super) struct Demands {
    by_node: BTreeMap<NodeId, Demand>,
    next_progress: u64,
    /// Files whose downloads were under way during the scan that runs, if one does.
    during_scan: BTreeSet<NodeId>,
}

/// One file's download, and who waits for it.
#[derive(Debug)]
struct Demand {
    item: FetchItem,
    /// By which names each of them asked: the file may have had another when the first did.
    clients: BTreeSet<(ClientId, String)>,
    stop: StopFlag,
    moved: Moved,
    told: u64,
    tries: u32,
}

/// A file whose place changes this often while it is fetched is given up.
const MOST_TRIES: u32 = 3;

impl Demands {
    pub(super) fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }

    pub(super) fn has(&self, node: NodeId) -> bool {
        self.by_node.contains_key(&node)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.by_node.keys().copied()
    }

    pub(super) fn wake_at(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.next_progress)
    }

    /// A scan begins: whatever is fetched from now on may or may not be seen by it. What was fetched
    /// before the `first` of a look is seen by all of it.
    pub(super) fn note_scan(&mut self, first: bool) {
        if first {
            self.during_scan.clear();
        }
        self.during_scan.extend(self.by_node.keys().copied());
    }

    /// The engine changes a file beside any run: a scan that runs may or may not see it.
    pub(super) fn note_change(&mut self, node: NodeId) {
        self.during_scan.insert(node);
    }

    pub(super) fn take_scan_notes(&mut self) -> BTreeSet<NodeId> {
        std::mem::take(&mut self.during_scan)
    }
}

impl Core {
    /// Fetches one file's bytes for a client.
    pub fn start_download(&mut self, client: ClientId, uri: &str) -> Result<()> {
        let path = self.config.uris.path(uri)?;
        let Some(item) = self.wanted(&path, uri)? else {
            self.tell_here(client, uri, &path);
            return Ok(());
        };
        if let Some(demand) = self.demands.by_node.get_mut(&item.node) {
            demand.clients.insert((client, uri.to_string()));
            return Ok(());
        }
        if self.fs.space().is_ok_and(|space| space.free < item.content.size) {
            return Err(disk_full());
        }
        let now = self.clock.monotonic_ns();
        self.demands.next_progress = now + PROGRESS_NS;
        let node = item.node;
        let demand = Demand {
            clients: BTreeSet::from([(client, uri.to_string())]),
            stop: StopFlag::default(),
            moved: Moved::default(),
            told: 0,
            tries: 0,
            item,
        };
        let first = demand.progress(DownloadState::Running, DownloadErrorType::NoError, 0);
        self.tell(&demand.clients, &first);
        self.demands.by_node.insert(node, demand);
        self.demands.during_scan.insert(node);
        self.fetch_demand(node);
        Ok(())
    }

    /// What has to be fetched; `None` where the bytes are here.
    fn wanted(&self, path: &str, uri: &str) -> Result<Option<FetchItem>> {
        let missing =
            || Error::new(Code::NoSuchFile, format!("{uri:?} names no file of the gallery or its cloud"));
        let trees = self.states.trees.read();
        if let Some(id) = trees.find_local(path) {
            let node = trees.get(id).ok_or_else(missing)?;
            let local = node.local.ok_or_else(missing)?;
            return match local.content {
                LocalContent::Dir(_) => Err(missing()),
                LocalContent::Here(..) | LocalContent::Unread(_) => Ok(None),
                LocalContent::CloudOnly(_) => match fetch_item(&trees, id, local.place) {
                    Some(item) => Ok(Some(item)),
                    None => Err(Error::new(Code::NoSuchFile, format!("{uri:?} is no longer in the cloud"))),
                },
            };
        }
        if let Some(id) = find_remote(&trees, path) {
            // Moved or renamed here, perhaps changed: its bytes here are not to be touched.
            if trees.local(id).is_some_and(|local| local.content.is_here()) {
                return Ok(None);
            }
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let parent = trees.find_local_folder(folder);
            let place = parent.map(|parent| Place { parent, name });
            return place.and_then(|place| fetch_item(&trees, id, place)).map(Some).ok_or_else(missing);
        }
        drop(trees);
        self.states.file_state(uri).map(|_| None)
    }

    /// The bytes are here already: done at once.
    fn tell_here(&mut self, client: ClientId, uri: &str, path: &str) {
        let size = self.fs.stat(path).map(|stat| stat.stamp.size).unwrap_or_default();
        self.events.emit(Event::Download {
            client,
            progress: DownloadProgress {
                state: DownloadState::Completed,
                processed: size,
                size,
                uri: uri.to_string(),
                error: DownloadErrorType::NoError,
            },
        });
    }

    /// What a person waits for goes before what runs in the background. What a run is fetching already is
    /// waited for: both would write to one temporary file.
    fn fetch_demand(&mut self, node: NodeId) {
        if self.run_fetches(node) {
            return;
        }
        let Some(demand) = self.demands.by_node.get(&node) else { return };
        let work = Work::Fetch(vec![demand.item.clone()]);
        self.enqueue_demand(node, work);
    }

    fn run_fetches(&self, node: NodeId) -> bool {
        let fetches =
            |task: &Task| matches!(task, Task::Fetch(items) if items.iter().any(|item| item.node == node));
        self.tasks.values().any(fetches)
    }

    /// Goes on with the downloads that waited for a run to be done with their files.
    pub(super) fn take_up_demands(&mut self) {
        let under_way = |node: NodeId| {
            let mut tasks = self.tasks.values();
            tasks.any(|task| matches!(task, Task::Demand(other) if *other == node))
        };
        let waiting: Vec<NodeId> = self.demands.nodes().filter(|&node| !under_way(node)).collect();
        for node in waiting {
            let local = self.states.trees.read().local(node).map(|local| local.content);
            let Some(demand) = self.demands.by_node.get(&node) else { continue };
            if demand.stop.is_set() {
                self.end_waiting(node, DownloadState::Stopped, demand.told);
            } else if local.is_some_and(|content| content.is_here()) && !self.run_fetches(node) {
                self.end_waiting(node, DownloadState::Completed, demand.item.content.size);
            } else {
                self.fetch_demand(node);
            }
        }
    }

    fn end_waiting(&mut self, node: NodeId, state: DownloadState, processed: u64) {
        if let Some(demand) = self.demands.by_node.remove(&node) {
            self.tell(&demand.clients, &demand.progress(state, DownloadErrorType::NoError, processed));
        }
    }

    fn enqueue_demand(&mut self, node: NodeId, work: Work) {
        let Some(demand) = self.demands.by_node.get(&node) else { return };
        let (stop, moved) = (demand.stop.clone(), demand.moved.clone());
        let job: Job = self.new_job(work, stop, moved);
        self.states.set([node], Some(Activity::Downloading));
        self.tasks.insert(job.id, Task::Demand(node));
        self.queue.push_front(job);
    }

    /// Stops a client's download. The part received is discarded unless others wait for it.
    pub fn stop_download(&mut self, client: ClientId, uri: &str) {
        let Ok(path) = self.config.uris.path(uri) else { return };
        let node = {
            let trees = self.states.trees.read();
            trees.find_local(&path).or_else(|| find_remote(&trees, &path))
        };
        if let Some(node) = node {
            self.withdraw(client, node, uri);
        }
        self.advance();
    }

    /// Stops all of a client's downloads, without events.
    pub fn forget_client(&mut self, client: ClientId) {
        for demand in self.demands.by_node.values_mut() {
            let before = demand.clients.len();
            demand.clients.retain(|(other, _)| *other != client);
            if demand.clients.is_empty() && before > 0 {
                demand.stop.set();
            }
        }
    }

    /// Stops all downloads; each client hears of it when its transfer is back.
    pub fn stop_downloads(&mut self) {
        for demand in self.demands.by_node.values() {
            demand.stop.set();
        }
    }

    /// Ends all downloads, with their final events, without waiting for their transfers.
    pub(super) fn abandon_demands(&mut self) {
        for (node, demand) in std::mem::take(&mut self.demands.by_node) {
            self.states.set([node], Some(Activity::Stopped));
            let stopped = demand.progress(DownloadState::Stopped, DownloadErrorType::NoError, demand.told);
            self.tell(&demand.clients, &stopped);
        }
    }

    /// What the client asked for by this name is stopped; where it asked by an older one, all it asked.
    fn withdraw(&mut self, client: ClientId, node: NodeId, uri: &str) {
        let Some(demand) = self.demands.by_node.get_mut(&node) else { return };
        let by_name = demand.clients.contains(&(client, uri.to_string()));
        let (gone, left): (BTreeSet<_>, BTreeSet<_>) = std::mem::take(&mut demand.clients)
            .into_iter()
            .partition(|(other, name)| *other == client && (name == uri || !by_name));
        if left.is_empty() {
            // They hear of it when the transfer is back.
            demand.clients = gone;
            demand.stop.set();
        } else {
            demand.clients = left;
            let stopped = demand.progress(DownloadState::Stopped, DownloadErrorType::NoError, demand.told);
            self.tell(&gone, &stopped);
        }
    }

    pub(super) fn demand_done(&mut self, node: NodeId, outcome: Outcome) {
        self.states.set([node], None);
        let outcome = match outcome {
            Outcome::Fetch(outcomes) => outcomes.into_iter().next(),
            _ => None,
        };
        let outcome = match outcome {
            Some(FetchOutcome::Came(stamp)) => match self.place_demand(node, stamp) {
                Ok(()) => return,
                Err(error) => Some(FetchOutcome::Failed(error)),
            },
            outcome => outcome,
        };
        let Some(mut demand) = self.demands.by_node.remove(&node) else { return };
        if matches!(outcome, Some(FetchOutcome::Changed)) && self.try_elsewhere(&mut demand) {
            self.demands.by_node.insert(node, demand);
            self.fetch_demand(node);
            return;
        }
        let (state, error) = self.settle_demand(&demand, outcome);
        let processed = match state {
            DownloadState::Completed => demand.item.content.size,
            _ => demand.told.max(demand.moved.get().min(demand.item.content.size)),
        };
        let last = demand.progress(state, error, processed);
        self.tell(&demand.clients, &last);
        if let Err(error) = self.save() {
            self.events.log(1, &error.text);
        }
    }

    fn place_demand(&mut self, node: NodeId, stamp: Stamp) -> Result<()> {
        let Some(demand) = self.demands.by_node.get(&node) else { return Ok(()) };
        let came = vec![PlaceItem { fetched: demand.item.clone(), stamp }];
        self.announce(&came)?;
        self.enqueue_demand(node, Work::Place(came));
        Ok(())
    }

    fn settle_demand(
        &mut self,
        demand: &Demand,
        outcome: Option<FetchOutcome>,
    ) -> (DownloadState, DownloadErrorType) {
        let node = demand.item.node;
        let failed = |error| (DownloadState::Failed, error);
        match outcome {
            Some(FetchOutcome::Placed(stamp)) => {
                fetched(&mut self.states.trees.write(), &demand.item, stamp);
                (DownloadState::Completed, DownloadErrorType::NoError)
            }
            Some(FetchOutcome::Stopped) => {
                self.states.trees.write().set_arriving(node, None);
                let name = temp_name(&demand.item.record, &demand.item.content);
                self.enqueue(Task::Sweep, Work::Discard(name), StopFlag::default(), Moved::default());
                self.states.set([node], Some(Activity::Stopped));
                (DownloadState::Stopped, DownloadErrorType::NoError)
            }
            Some(FetchOutcome::DiskFull) => failed(DownloadErrorType::LocalStorageFull),
            Some(FetchOutcome::Refused(CloudError::Network(_))) => {
                failed(DownloadErrorType::NetworkUnavailable)
            }
            Some(FetchOutcome::Refused(CloudError::NotFound(_))) => {
                failed(DownloadErrorType::ContentNotFound)
            }
            Some(FetchOutcome::Refused(error)) => {
                self.events.log(2, &format!("a download failed: {error}"));
                failed(DownloadErrorType::UnknownError)
            }
            Some(FetchOutcome::Failed(error)) => {
                self.events.log(2, &format!("a download failed: {}", error.text));
                failed(DownloadErrorType::UnknownError)
            }
            Some(FetchOutcome::Came(_) | FetchOutcome::Changed) | None => {
                failed(DownloadErrorType::UnknownError)
            }
        }
    }

    /// The file was renamed or changed while it was fetched: its new place, if it has one.
    fn try_elsewhere(&self, demand: &mut Demand) -> bool {
        demand.tries += 1;
        let trees = self.states.trees.read();
        let again = trees
            .local(demand.item.node)
            .filter(|local| !local.content.is_here())
            .and_then(|local| fetch_item(&trees, demand.item.node, local.place));
        match again {
            Some(item) if demand.tries < MOST_TRIES => {
                demand.item = item;
                true
            }
            _ => false,
        }
    }

    pub(super) fn tick_demands(&mut self) {
        let now = self.clock.monotonic_ns();
        if self.demands.is_empty() || now < self.demands.next_progress {
            return;
        }
        self.demands.next_progress = now + PROGRESS_NS;
        let mut news = Vec::new();
        for demand in self.demands.by_node.values_mut() {
            let processed = demand.moved.get().min(demand.item.content.size);
            if processed > demand.told {
                demand.told = processed;
                let progress = demand.progress(DownloadState::Running, DownloadErrorType::NoError, processed);
                news.push((demand.clients.clone(), progress));
            }
        }
        for (clients, progress) in news {
            self.tell(&clients, &progress);
        }
    }

    fn tell(&self, clients: &BTreeSet<(ClientId, String)>, progress: &DownloadProgress) {
        for (client, uri) in clients {
            let progress = DownloadProgress { uri: uri.clone(), ..progress.clone() };
            self.events.emit(Event::Download { client: *client, progress });
        }
    }
}

impl Demand {
    fn progress(&self, state: DownloadState, error: DownloadErrorType, processed: u64) -> DownloadProgress {
        DownloadProgress { state, processed, size: self.item.content.size, uri: String::new(), error }
    }
}
