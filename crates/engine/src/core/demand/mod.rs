//! Downloads that somebody asked for, beside any run: one transfer per file, whoever waits for it.
//!
//! - this file: who waits for which file, and who does no more;
//! - [`transfer`]: when a file's transfer begins, and what it came to;
//! - [`batch`]: many files that were asked for at once;
//! - [`parts`]: what is fetched with a file: the other parts of its photo;
//! - [`previews`]: small pictures of them, asked for in the same way;
//! - [`tell`]: what those who wait hear.

mod batch;
mod parts;
mod previews;
mod tell;
mod transfer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::disk_phase::{disk_full, fetch_item};
use super::queue::Urgency;
use super::run::PROGRESS_NS;
use super::state::{find_in_cloud, find_remote};
use super::{Core, Task};
use crate::error::{Code, Error, Result};
use crate::event::{ClientId, DownloadErrorType, DownloadState, TaskId};
use crate::job::{FetchItem, JobId, Moved, StopFlag, Work, temp_name};
use crate::tree::{LocalContent, NodeId, Place};
use batch::Batch;
use previews::PreviewDemands;
pub(super) use previews::PreviewKey;

/// What becomes of the part of a file that came before its download was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// The next download goes on from it.
    Keep,
    /// It is removed, unless somebody waits for the file again by then.
    Discard,
}

/// All downloads that have not ended.
#[derive(Debug, Default)]
pub(super) struct Demands {
    by_node: BTreeMap<NodeId, Demand>,
    /// Those that have not begun, in the order in which they were asked for.
    waiting: VecDeque<NodeId>,
    /// Files that have come, and the other parts of whose photos have not been looked for.
    came: BTreeSet<NodeId>,
    batches: BTreeMap<TaskId, Batch>,
    previews: PreviewDemands,
    next_progress: u64,
    /// Files whose downloads were under way during the scan that runs, if one does.
    during_scan: BTreeSet<NodeId>,
}

/// One file's download, and who waits for it.
#[derive(Debug)]
struct Demand {
    item: FetchItem,
    waiters: BTreeSet<Waiter>,
    /// Who asked for it after it was asked to stop: it begins anew for them.
    after_stop: BTreeMap<Waiter, Urgency>,
    urgency: Urgency,
    /// The job that brings it; `None` where it has not begun.
    job: Option<JobId>,
    stop: StopFlag,
    partial: Partial,
    /// How it ends, where the device does not let it go on.
    forbidden: Option<(DownloadState, DownloadErrorType)>,
    moved: Moved,
    told: u64,
    tries: u32,
}

/// Who waits for a file, and by which name they asked: the file may have had another when the first did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Waiter {
    who: Who,
    uri: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Client(ClientId),
    Batch(TaskId),
}

impl Demands {
    pub(super) fn is_empty(&self) -> bool {
        self.by_node.is_empty() && self.previews.is_empty()
    }

    /// The files whose transfers are under way.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.by_node.iter().filter(|(_, demand)| demand.job.is_some()).map(|(node, _)| *node)
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
        let under_way: Vec<NodeId> = self.nodes().collect();
        self.during_scan.extend(under_way);
    }

    /// The engine changes a file beside any run: a scan that runs may or may not see it.
    pub(super) fn note_change(&mut self, node: NodeId) {
        self.during_scan.insert(node);
    }

    pub(super) fn take_scan_notes(&mut self) -> BTreeSet<NodeId> {
        std::mem::take(&mut self.during_scan)
    }

    /// The files that somebody waits for, under way or not.
    fn waited_for(&self, by: impl Fn(&Waiter) -> bool) -> Vec<NodeId> {
        let waits = |demand: &Demand| demand.waiters.iter().any(&by) || demand.after_stop.keys().any(&by);
        self.by_node.iter().filter(|(_, demand)| waits(demand)).map(|(node, _)| *node).collect()
    }
}

impl Core {
    /// Fetches one file's bytes for a client, before all that nobody looks at, and then the other parts of its photo.
    pub fn start_download(&mut self, client: ClientId, uri: &str) -> Result<()> {
        self.settled()?;
        let path = self.config.uris.path(uri)?;
        let Some(item) = self.wanted(&path, uri)? else {
            self.tell_here(client, uri, &path);
            let here = self.states.trees.read().find_local(&path);
            self.demands.came.extend(here);
            self.begin_waiting();
            return Ok(());
        };
        let under_way = self.demands.by_node.get(&item.node).is_some_and(|demand| demand.job.is_some());
        if !under_way && self.fs.space().is_ok_and(|space| space.free < item.content.size) {
            return Err(disk_full());
        }
        self.demand(item, Waiter { who: Who::Client(client), uri: uri.to_string() }, Urgency::Person);
        self.begin_waiting();
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
        if let Some(id) = find_in_cloud(&trees, path) {
            // Moved or renamed here, perhaps changed: its bytes here are not to be touched.
            if trees.is_here(id) {
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

    /// Somebody waits for a file from now on.
    fn demand(&mut self, item: FetchItem, waiter: Waiter, urgency: Urgency) {
        let now = self.clock.monotonic_ns();
        if self.demands.is_empty() {
            self.demands.next_progress = now + PROGRESS_NS;
        }
        let node = item.node;
        let demand = self.demands.by_node.entry(node).or_insert_with(|| {
            self.demands.waiting.push_back(node);
            Demand::new(item, urgency)
        });
        if demand.stop.is_set() {
            demand.after_stop.insert(waiter, urgency);
            return;
        }
        demand.waiters.insert(waiter.clone());
        if urgency < demand.urgency {
            demand.urgency = urgency;
            if let Some(job) = demand.job {
                self.queue.promote(job, urgency);
            }
        }
        let running = demand.progress(DownloadState::Running, DownloadErrorType::NoError, demand.told);
        self.tell(&BTreeSet::from([waiter]), &running);
    }

    /// Stops a client's download. The part received is discarded unless others wait for it.
    pub fn stop_download(&mut self, client: ClientId, uri: &str) {
        if let Ok(path) = self.config.uris.path(uri) {
            self.stop_for(client, &path, Partial::Discard);
        }
        self.advance();
    }

    /// Stops a client's download, and decides over the part received, also where none is under way.
    pub fn stop_caching(&mut self, client: ClientId, uri: &str, partial: Partial) -> Result<()> {
        let path = self.config.uris.path(uri)?;
        if !self.stop_for(client, &path, partial) {
            let item = self.wanted(&path, uri)?;
            if let (Partial::Discard, Some(item)) = (partial, item) {
                self.discard_unused(&item);
            }
        }
        self.advance();
        Ok(())
    }

    /// What the client asked for at this path is stopped, however it wrote the name; where it asked by an older one, all
    /// it asked. False where it waits for no such file.
    fn stop_for(&mut self, client: ClientId, path: &str, partial: Partial) -> bool {
        let who = Who::Client(client);
        let uris = self.config.uris.clone();
        let is_named =
            |waiter: &Waiter| waiter.who == who && uris.path(&waiter.uri).is_ok_and(|named| named == path);
        let by_name = self.demands.waited_for(is_named);
        if let Some(&node) = by_name.first() {
            self.withdraw(node, partial, is_named);
            return true;
        }
        let node = {
            let trees = self.states.trees.read();
            trees.find_local(path).or_else(|| find_remote(&trees, path))
        };
        let waits = node.filter(|node| self.demands.waited_for(|waiter| waiter.who == who).contains(node));
        if let Some(node) = waits {
            self.withdraw(node, partial, |waiter| waiter.who == who);
        }
        waits.is_some()
    }

    /// Stops all of a client's downloads and batches, without events.
    pub fn forget_client(&mut self, client: ClientId, partial: Partial) {
        let batches = self.demands.forget_batches(client);
        let of_client = |waiter: &Waiter| match waiter.who {
            Who::Client(other) => other == client,
            Who::Batch(task) => batches.contains(&task),
        };
        self.demands.previews.forget(of_client);
        for node in self.demands.waited_for(of_client) {
            let Some(demand) = self.demands.by_node.get_mut(&node) else { continue };
            demand.after_stop.retain(|waiter, _| !of_client(waiter));
            demand.waiters.retain(|waiter| !of_client(waiter));
            if demand.waiters.is_empty() {
                self.leave(node, partial);
            }
        }
        self.begin_waiting();
    }

    /// Stops all downloads; who waits for one that is under way hears of it when its transfer is back.
    pub fn stop_downloads(&mut self) {
        let nodes: Vec<NodeId> = self.demands.by_node.keys().copied().collect();
        for node in nodes {
            self.withdraw(node, Partial::Keep, |_| true);
            // One that nobody asked for.
            if self.demands.by_node.get(&node).is_some_and(|demand| demand.waiters.is_empty()) {
                self.leave(node, Partial::Keep);
            }
        }
        self.stop_all_previews();
    }

    /// Ends all downloads, with their final events, without waiting for their transfers.
    pub(super) fn abandon_demands(&mut self) {
        self.demands.waiting.clear();
        self.abandon_previews();
        for (node, demand) in std::mem::take(&mut self.demands.by_node) {
            self.states.set([node], Some(super::state::Activity::Stopped));
            let stopped = demand.stopped();
            self.tell(&demand.waiters, &stopped);
            self.tell(&demand.after_stop.into_keys().collect(), &stopped);
        }
    }

    /// Those who leave wait for the file no more. Where nobody else does, its transfer stops, and they hear
    /// of that when it is back.
    fn withdraw(&mut self, node: NodeId, partial: Partial, leaves: impl Fn(&Waiter) -> bool) {
        let Some(demand) = self.demands.by_node.get_mut(&node) else { return };
        let stopped = demand.stopped();
        let (again, stay): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut demand.after_stop).into_iter().partition(|(waiter, _)| leaves(waiter));
        let (mut gone, left): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut demand.waiters).into_iter().partition(&leaves);
        let nobody_left = left.is_empty() && stay.is_empty() && (!gone.is_empty() || !again.is_empty());
        let mut told: BTreeSet<Waiter> = again.into_keys().collect();
        (demand.waiters, demand.after_stop) = (left, stay);
        if demand.stop.is_set() || (nobody_left && demand.job.is_some()) {
            demand.waiters.append(&mut gone);
        }
        told.append(&mut gone);
        if nobody_left {
            self.leave(node, partial);
        }
        self.tell(&told, &stopped);
    }

    /// Nobody waits for a file any more.
    fn leave(&mut self, node: NodeId, partial: Partial) {
        let Some(demand) = self.demands.by_node.get_mut(&node) else { return };
        if demand.job.is_some() {
            if partial == Partial::Discard {
                demand.partial = partial;
            }
            demand.forbidden = None;
            demand.stop.set();
            return;
        }
        let Some(demand) = self.demands.by_node.remove(&node) else { return };
        if partial == Partial::Discard {
            self.discard_unused(&demand.item);
        }
    }

    /// Removes what an earlier transfer left of a file, unless one is under way.
    fn discard_unused(&mut self, item: &FetchItem) {
        if !self.demands.by_node.contains_key(&item.node) && !self.nodes_in_use().contains(&item.node) {
            self.discard(item);
        }
    }

    /// No transfer of the file begins before this is done.
    fn discard(&mut self, item: &FetchItem) {
        let name = temp_name(&item.record, &item.content);
        let (stop, moved) = (StopFlag::default(), Moved::default());
        self.enqueue_as(Urgency::Person, Task::Discard(item.node), Work::Discard(name), stop, moved);
    }

    /// Whether a run has to leave a file alone: it is being fetched, or a part of it discarded.
    pub(super) fn is_demanded(&self, node: NodeId) -> bool {
        let begun = self.demands.by_node.get(&node).is_some_and(|demand| demand.job.is_some());
        begun || self.tasks.values().any(|task| matches!(task, Task::Discard(other) if *other == node))
    }

    /// The files that a run fetches, or of which a part is being discarded.
    fn nodes_in_use(&self) -> BTreeSet<NodeId> {
        let mut nodes = BTreeSet::new();
        for task in self.tasks.values() {
            match task {
                Task::Fetch(task) => nodes.extend(task.items().iter().map(|item| item.node)),
                Task::Discard(node) => nodes.extend([*node]),
                _ => {}
            }
        }
        nodes
    }
}
