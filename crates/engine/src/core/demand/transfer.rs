//! A file's transfer: its beginning, its place, its end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::disk_phase::{fetch_item, fetched};
use super::super::queue::Urgency;
use super::super::state::Activity;
use super::super::{Core, Task};
use super::tell::refused;
use super::{Demand, Partial};
use crate::error::Result;
use crate::event::{DownloadErrorType, DownloadState};
use crate::job::{FetchItem, FetchOutcome, Moved, Outcome, PlaceItem, StopFlag, Work};
use crate::ports::Stamp;
use crate::tree::NodeId;

/// A file whose place changes this often while it is fetched is given up.
const MOST_TRIES: u32 = 3;

/// What fetching a file comes to, as the trees are now.
enum Now {
    Fetch(Box<FetchItem>),
    /// Its bytes are here, so many of them.
    Here(u64),
    /// Neither this disk nor the cloud has it any more.
    Gone,
}

impl Core {
    /// Begins what waits and may begin: what a person waits for at once, of batches so many files that
    /// workers are left for others. A file that a run is bringing is waited for; a person does not wait for those that
    /// the run brings with it.
    pub(crate) fn begin_waiting(&mut self) {
        self.begin_previews();
        if self.demands.waiting.is_empty() {
            self.fetch_other_parts();
        }
        if self.demands.waiting.is_empty() {
            return;
        }
        let in_use = self.nodes_in_use();
        let forbidden = self.gate.ends_downloads();
        let mut later = VecDeque::new();
        while let Some(node) = self.demands.waiting.pop_front() {
            let Some(demand) = self.demands.by_node.get(&node).filter(|demand| demand.job.is_none()) else {
                continue;
            };
            let of_person = demand.urgency == Urgency::Person;
            if in_use.contains(&node) || (!of_person && !self.batches_may_begin()) {
                if of_person {
                    self.cut_fetch_of(node);
                }
                later.push_back(node);
            } else if self.is_idle_part(node) {
                self.demands.by_node.remove(&node);
            } else {
                self.begin(node, forbidden);
            }
        }
        later.append(&mut self.demands.waiting);
        self.demands.waiting = later;
    }

    fn cut_fetch_of(&self, node: NodeId) {
        for task in self.tasks.values() {
            if let Task::Fetch(task) = task {
                task.cut_for(node);
            }
        }
    }

    fn batches_may_begin(&self) -> bool {
        let of_batches = |demand: &&Demand| demand.job.is_some() && demand.urgency != Urgency::Person;
        let under_way = self.demands.by_node.values().filter(of_batches).count();
        under_way < self.config.transfer_threads
    }

    /// `forbidden`: how it ends at once, where the device lets nothing come.
    fn begin(&mut self, node: NodeId, forbidden: Option<(DownloadState, DownloadErrorType)>) {
        let Some(demand) = self.demands.by_node.get(&node) else { return };
        match (self.as_of_now(&demand.item), forbidden) {
            (Now::Fetch(item), None) => {
                self.demands.during_scan.insert(node);
                self.fetch_demand(node, *item);
            }
            (Now::Fetch(_), Some((state, error))) => {
                let Some(demand) = self.demands.by_node.remove(&node) else { return };
                let last = demand.progress(state, error, demand.told);
                self.tell(&demand.waiters, &last);
            }
            (Now::Here(size), _) => {
                let Some(demand) = self.demands.by_node.remove(&node) else { return };
                let mut last = demand.progress(DownloadState::Completed, DownloadErrorType::NoError, size);
                last.size = size;
                self.tell(&demand.waiters, &last);
            }
            (Now::Gone, _) => {
                let Some(demand) = self.demands.by_node.remove(&node) else { return };
                let error = DownloadErrorType::ContentNotFound;
                let last = demand.progress(DownloadState::Failed, error, demand.told);
                self.tell(&demand.waiters, &last);
            }
        }
    }

    /// What is under way ends soon, where the device lets nothing come any more. What has come needs only its place.
    pub(super) fn stop_forbidden(&mut self) {
        let Some(forbidden) = self.gate.ends_downloads() else { return };
        let coming = |demand: &&mut Demand| {
            demand.job.is_some() && !demand.stop.is_set() && demand.moved.get() < demand.item.content.size
        };
        for demand in self.demands.by_node.values_mut().filter(coming) {
            demand.forbidden = Some(forbidden);
            demand.stop.set();
        }
    }

    fn as_of_now(&self, item: &FetchItem) -> Now {
        let trees = self.states.trees.read();
        let local = trees.local(item.node);
        if let Some(stamp) = local.and_then(|local| local.content.stamp()) {
            return Now::Here(stamp.size);
        }
        let place = local.map_or(item.place.as_ref(), |local| local.place);
        fetch_item(&trees, item.node, place).map_or(Now::Gone, |item| Now::Fetch(Box::new(item)))
    }

    fn fetch_demand(&mut self, node: NodeId, item: FetchItem) {
        let Some(demand) = self.demands.by_node.get_mut(&node) else { return };
        demand.item = item.clone();
        self.enqueue_demand(node, Work::Fetch(vec![item]));
    }

    fn enqueue_demand(&mut self, node: NodeId, work: Work) {
        let Some(demand) = self.demands.by_node.get(&node) else { return };
        let (stop, moved, urgency) = (demand.stop.clone(), demand.moved.clone(), demand.urgency);
        self.states.set([node], Some(Activity::Downloading));
        let job = self.enqueue_as(urgency, Task::Demand(node), work, stop, moved);
        if let Some(demand) = self.demands.by_node.get_mut(&node) {
            demand.job = Some(job);
        }
    }

    pub(crate) fn demand_done(&mut self, node: NodeId, outcome: Outcome) {
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
        if matches!(outcome, Some(FetchOutcome::Changed))
            && let Some(item) = self.elsewhere(&mut demand)
        {
            self.demands.by_node.insert(node, demand);
            self.fetch_demand(node, item);
            return;
        }
        let (state, error) = self.settle_demand(&demand, outcome);
        let processed = match state {
            DownloadState::Completed => demand.item.content.size,
            _ => demand.told.max(demand.moved.get().min(demand.item.content.size)),
        };
        let last = demand.progress(state, error, processed);
        self.tell(&demand.waiters, &last);
        if state == DownloadState::Completed && !demand.waiters.is_empty() {
            self.demands.came.insert(node);
        }
        for (waiter, urgency) in demand.after_stop {
            self.demand(demand.item.clone(), waiter, urgency);
        }
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
                if demand.partial == Partial::Discard && demand.after_stop.is_empty() {
                    self.discard(&demand.item);
                }
                let stopped = (DownloadState::Stopped, DownloadErrorType::NoError);
                let (state, error) = demand.forbidden.unwrap_or(stopped);
                if state == DownloadState::Stopped {
                    self.states.set([node], Some(Activity::Stopped));
                }
                (state, error)
            }
            Some(FetchOutcome::DiskFull) => failed(DownloadErrorType::LocalStorageFull),
            Some(FetchOutcome::Refused(error)) => {
                self.events.log(2, &format!("a download failed: {error}"));
                failed(refused(&error))
            }
            Some(FetchOutcome::Failed(error)) => {
                self.events.log(2, &format!("a download failed: {}", error.text));
                failed(DownloadErrorType::UnknownError)
            }
            Some(FetchOutcome::Changed) => {
                self.states.trees.write().set_arriving(node, None);
                failed(DownloadErrorType::UnknownError)
            }
            Some(FetchOutcome::Came(_)) | None => failed(DownloadErrorType::UnknownError),
        }
    }

    /// The file was renamed or changed while it was fetched: its new place, if it has one.
    fn elsewhere(&self, demand: &mut Demand) -> Option<FetchItem> {
        demand.tries += 1;
        if demand.tries >= MOST_TRIES {
            return None;
        }
        let trees = self.states.trees.read();
        let local = trees.local(demand.item.node).filter(|local| !local.content.is_here())?;
        fetch_item(&trees, demand.item.node, local.place)
    }
}

impl Demand {
    /// A file that has not begun to come.
    pub(super) fn new(item: FetchItem, urgency: Urgency) -> Self {
        Demand {
            item,
            waiters: BTreeSet::new(),
            after_stop: BTreeMap::new(),
            urgency,
            job: None,
            stop: StopFlag::default(),
            partial: Partial::Keep,
            forbidden: None,
            moved: Moved::default(),
            told: 0,
            tries: 0,
        }
    }
}
