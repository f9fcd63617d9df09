//! Frees as much space as a host asks for, or as the disk needs: what nobody has looked at for longest goes
//! first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::evict::{Answer, Purpose, in_use_now};
use super::photos::{identifier_of, united};
use super::state::find_remote;
use super::{Core, Task};
use crate::error::{Code, Error, Result};
use crate::event::{ClientId, Event, OptimizeProgress, OptimizeState};
use crate::job::{EvictItem, Moved, Outcome, StopFlag, Work};
use crate::tree::{NodeId, Trees};

/// How much space is to be freed, of which files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceWanted {
    /// So many bytes, of files that nobody has read for so many days.
    Bytes {
        /// How many bytes.
        bytes: u64,
        /// How many days.
        aging_days: u32,
    },
    /// All that the cloud holds.
    Everything,
    /// As much as the disk needs: under half free, what was not read for 30 days goes until 60 % are free;
    /// still under 15 %, anything goes until 20 % are.
    AsNeeded,
}

/// Who wants space.
enum SpaceFor {
    /// Somebody who is told how far it is.
    Client(ClientId),
    /// Somebody who waits for the end.
    Answer(Answer),
    /// The account that is let go of.
    Leave,
}

/// One freeing of space.
pub(super) struct SpaceTask {
    whom: SpaceFor,
    wanted: SpaceWanted,
    /// How much is left to be freed with the files chosen.
    left: u64,
    total: u64,
    /// Whether only old files are looked at, where the disk decides.
    old_only: bool,
    photos: VecDeque<Vec<EvictItem>>,
    /// [`Trees::came`] when the files were looked at.
    came: u64,
    batches: Batches,
    /// Why no more of it can be freed.
    failure: Option<Error>,
    stop: StopFlag,
    told: u8,
}

/// The batches under way.
#[derive(Default)]
struct Batches {
    count: usize,
    /// What they free where all of it may go.
    bytes: u64,
}

/// How many batches are under way at once: while some are read and proved, or wait for the disk, the files of others go.
const MOST_BATCHES: usize = 4;
const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;

impl Core {
    /// Begins to free space for a client. Fails with `TaskRunning` while another one is under way.
    pub fn start_optimize(&mut self, client: ClientId, wanted: SpaceWanted) -> Result<()> {
        self.settled()?;
        if self.evictions.space.is_some() {
            return Err(running());
        }
        self.begin_space(SpaceFor::Client(client), wanted);
        Ok(())
    }

    /// Frees as much space as the disk needs, and tells when that is done.
    pub fn optimize_storage(&mut self, answer: Answer) {
        let free = if self.evictions.space.is_some() { Err(running()) } else { self.settled() };
        match free {
            Ok(()) => self.begin_space(SpaceFor::Answer(answer), SpaceWanted::AsNeeded),
            Err(error) => answer(Err(error)),
        }
    }

    /// Frees all that the account holds which is let go of.
    pub(super) fn free_everything(&mut self) {
        self.begin_space(SpaceFor::Leave, SpaceWanted::Everything);
    }

    fn begin_space(&mut self, whom: SpaceFor, wanted: SpaceWanted) {
        self.states.notes.write().kept.clear();
        let stop = StopFlag::default();
        self.evictions.space = Some(SpaceTask {
            whom,
            wanted,
            left: 0,
            total: 0,
            old_only: true,
            photos: VecDeque::new(),
            came: 0,
            batches: Batches::default(),
            failure: None,
            stop,
            told: 0,
        });
        self.tell_space(OptimizeState::Running, 0);
        self.choose_space();
    }

    /// Asks the freeing of space to stop; its last event comes when what is under way is back. Without one
    /// this is no error.
    pub fn stop_optimize(&mut self) {
        if let Some(task) = &self.evictions.space {
            task.stop.set();
        }
    }

    /// A person looked at a file then, in milliseconds since 1970: that counts for its age from now on, and no longer
    /// when it was read. What is still to come counts as now.
    pub fn report_view(&mut self, uri: &str, ms: i64) -> Result<()> {
        let path = self.config.uris.path(uri)?;
        let now = self.clock.wall_ns().div_euclid(1_000_000);
        {
            let mut trees = self.states.trees.write();
            let found = trees.find_local(&path).or_else(|| find_remote(&trees, &path));
            let id = found.filter(|id| *id != NodeId::ROOT && !trees.is_dir(*id)).ok_or_else(|| {
                Error::new(Code::NoSuchFile, format!("{uri:?} names no file that was synced yet"))
            })?;
            trees.set_viewed(id, ms.min(now));
        }
        self.save()
    }

    /// How much is to be freed now, and whether any is.
    fn choose_space(&mut self) {
        let Some(task) = &mut self.evictions.space else { return };
        let left = match task.wanted {
            SpaceWanted::Bytes { bytes, .. } => bytes,
            SpaceWanted::Everything => u64::MAX,
            SpaceWanted::AsNeeded => match self.fs.space() {
                Ok(space) => needed(space.free, space.total, task.old_only),
                Err(error) => return self.end_space(Err(Error::io("the disk's room", &error))),
            },
        };
        (task.left, task.total) = (left, left);
        if left == 0 {
            return self.end_space(Ok(OptimizeState::Completed));
        }
        let (files, came) = self.candidates();
        let Some(task) = &mut self.evictions.space else { return };
        task.came = came;
        let stop = task.stop.clone();
        self.enqueue(Task::Survey, Work::Survey(files), stop, Moved::default());
    }

    fn candidates(&self) -> (Vec<(NodeId, String)>, u64) {
        let trees = self.states.trees.read();
        let here =
            trees.iter().filter(|(_, node)| node.local.is_some_and(|local| local.content.stamp().is_some()));
        (here.filter_map(|(id, _)| Some((id, trees.local_path(id)?))).collect(), trees.came())
    }

    pub(super) fn survey_done(&mut self, outcome: Outcome) {
        let read = match outcome {
            Outcome::Survey(read) => read,
            _ => Vec::new(),
        };
        let Some(task) = &self.evictions.space else { return };
        let days = match task.wanted {
            SpaceWanted::Bytes { aging_days, .. } => i64::from(aging_days),
            SpaceWanted::Everything => 0,
            SpaceWanted::AsNeeded => {
                if task.old_only {
                    30
                } else {
                    0
                }
            }
        };
        let youngest = self.clock.wall_ns().saturating_sub(days.saturating_mul(DAY_NS));
        let mut aged = {
            let trees = self.states.trees.read();
            aged_photos(&trees, read, (days > 0).then_some(youngest))
        };
        aged.sort_unstable();
        let photos = self.evictable_photos(aged);
        if let Some(task) = &mut self.evictions.space {
            task.photos = photos;
        }
        self.next_space_batch();
    }

    fn evictable_photos(&mut self, aged: Vec<(i64, Vec<NodeId>)>) -> VecDeque<Vec<EvictItem>> {
        let mut photos = VecDeque::new();
        let mut kept = Vec::new();
        {
            let trees = self.states.trees.read();
            for (group, (_, parts)) in (0..).zip(aged) {
                match parts
                    .iter()
                    .map(|&part| self.evictable(&trees, part, group))
                    .collect::<Result<Vec<_>>>()
                {
                    Ok(items) => photos.push_back(items),
                    Err(error) => kept.extend(parts.into_iter().map(|part| (part, error.clone()))),
                }
            }
        }
        self.states.notes.write().kept.extend(kept);
        photos
    }

    /// Begins batches, and ends the freeing where there is nothing more to begin or to wait for.
    fn next_space_batch(&mut self) {
        while let Some((items, bytes)) = self.take_space_batch() {
            let Some(task) = &self.evictions.space else { return };
            let (stop, came) = (task.stop.clone(), task.came);
            self.begin_eviction(items, Purpose::Space { bytes }, stop, came);
        }
        let Some(task) = &mut self.evictions.space else { return };
        if task.batches.count > 0 {
            return;
        }
        if let Some(error) = task.failure.take() {
            self.end_space(Err(error));
        } else if task.stop.is_set() {
            self.end_space(Ok(OptimizeState::Stopped));
        } else if task.wanted == SpaceWanted::AsNeeded && std::mem::take(&mut task.old_only) {
            self.choose_space();
        } else {
            self.end_space(Ok(OptimizeState::Completed));
        }
    }

    /// The files that go next, and how much they free. What somebody has begun to use since it was chosen stays.
    fn take_space_batch(&mut self) -> Option<(Vec<EvictItem>, u64)> {
        let used: BTreeSet<NodeId> =
            self.evictions.nodes().chain(self.trash.nodes()).chain(self.demands.nodes()).collect();
        let mut stays = Vec::new();
        let task = self.evictions.space.as_mut()?;
        let batch = task.next_batch(self.config.freed_at_once, |photo| {
            let in_use = photo.iter().any(|item| used.contains(&item.node));
            if in_use {
                stays.extend(photo.iter().map(|item| (item.node, in_use_now())));
            }
            !in_use
        });
        self.states.notes.write().kept.extend(stays);
        batch
    }

    /// `bytes`: what the batch was to free.
    pub(super) fn space_batch_done(&mut self, bytes: u64, result: Result<()>, freed: u64) {
        let Some(task) = &mut self.evictions.space else { return };
        task.batches.count -= 1;
        task.batches.bytes -= bytes;
        task.left = task.left.saturating_sub(freed);
        // One file that stays is no reason to stop; that no proof can be had is.
        if let Err(error) = result
            && matches!(
                error.code,
                Code::NetworkUnavailable
                    | Code::CloudNotReady
                    | Code::Busy
                    | Code::Ipc
                    | Code::NoSpace
                    | Code::Inner
            )
        {
            task.failure.get_or_insert(error);
        } else {
            let done = task.total - task.left;
            let percent = (done.saturating_mul(100) / task.total.max(1)).min(100) as u8;
            self.tell_space(OptimizeState::Running, percent);
        }
        self.next_space_batch();
    }

    fn tell_space(&mut self, state: OptimizeState, percent: u8) {
        let Some(task) = &mut self.evictions.space else { return };
        task.told = task.told.max(percent.max(1));
        if let SpaceFor::Client(client) = task.whom {
            let progress = OptimizeProgress { state, percent: task.told };
            self.events.emit(Event::Optimize { client, progress });
        }
    }

    fn end_space(&mut self, result: Result<OptimizeState>) {
        let state = match &result {
            Ok(state) => *state,
            Err(error) => {
                self.events.log(2, &format!("space could not be freed: {}", error.text));
                OptimizeState::Failed
            }
        };
        self.tell_space(state, if state == OptimizeState::Completed { 100 } else { 0 });
        match self.evictions.space.take().map(|task| task.whom) {
            Some(SpaceFor::Answer(answer)) => answer(result.map(|_| ())),
            Some(SpaceFor::Leave) => self.all_freed(result),
            Some(SpaceFor::Client(_)) | None => {}
        }
    }

    pub(super) fn abandon_space(&mut self) {
        if self.evictions.space.is_some() {
            self.end_space(Ok(OptimizeState::Stopped));
        }
    }
}

impl SpaceTask {
    /// The files that go next, some `most` of them, and how much they free; nothing where no more is wanted for now.
    fn next_batch(
        &mut self,
        most: usize,
        mut may_go: impl FnMut(&[EvictItem]) -> bool,
    ) -> Option<(Vec<EvictItem>, u64)> {
        if self.batches.count == MOST_BATCHES || self.failure.is_some() || self.stop.is_set() {
            return None;
        }
        let wanted = self.left.saturating_sub(self.batches.bytes);
        let (mut items, mut bytes) = (Vec::new(), 0);
        while bytes < wanted
            && items.len() < most
            && let Some(photo) = self.photos.pop_front()
        {
            if !may_go(&photo) {
                continue;
            }
            bytes += photo.iter().map(|item| item.content.size).sum::<u64>();
            items.extend(photo);
        }
        if items.is_empty() {
            return None;
        }
        self.batches.count += 1;
        self.batches.bytes += bytes;
        Some((items, bytes))
    }
}

/// The photos that nobody has looked at after `youngest`, with all their parts on this disk, and when the part
/// that was looked at last was: as the host said, else when it was read. What is part of no photo stands for itself.
fn aged_photos(
    trees: &Trees,
    files: Vec<(NodeId, Option<i64>)>,
    youngest: Option<i64>,
) -> Vec<(i64, Vec<NodeId>)> {
    let photo = |id: NodeId| {
        let node = trees.get(id)?;
        let place = node.local?.place;
        Some((place.parent, place.name, identifier_of(&node)))
    };
    let numbers = united(files.iter().map(|(id, _)| photo(*id)));
    let mut photos: BTreeMap<u32, (Option<i64>, Vec<NodeId>)> = BTreeMap::new();
    for ((id, read), number) in files.into_iter().zip(numbers) {
        let Some(node) = trees.get(id).filter(|node| node.local.is_some()) else { continue };
        // One that cannot be looked at has no age, whatever was said of it.
        let viewed = node.viewed_ms.map(|ms| ms.saturating_mul(1_000_000));
        let read = read.map(|read| viewed.unwrap_or(read));
        let (last, parts) = photos.entry(number).or_insert((Some(i64::MIN), Vec::new()));
        *last = last.zip(read).map(|(last, read)| last.max(read));
        parts.push(id);
    }
    let aged = photos.into_values().filter_map(|(last, parts)| Some((last?, parts)));
    aged.filter(|(last, _)| youngest.is_none_or(|youngest| *last <= youngest)).collect()
}

fn running() -> Error {
    Error::new(Code::TaskRunning, "space is being freed already: wait for it, or stop it")
}

/// How many bytes a disk with so much room needs.
fn needed(free: u64, total: u64, old_only: bool) -> u64 {
    let percent = |percent: u64| (u128::from(total) * u128::from(percent) / 100) as u64;
    match old_only {
        true if free < percent(50) => percent(60) - free,
        false if free < percent(15) => percent(20) - free,
        _ => 0,
    }
}
