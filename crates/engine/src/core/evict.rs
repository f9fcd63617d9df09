//! Frees space: files' own copies go where the cloud has just proved that it holds the same bytes.
//!
//! Every file takes the same way: eligible by the trees, read and proved, noted as leaving in the index,
//! removed, noted as away. A kill anywhere on it leaves the file, or a file that is known to be in the cloud.

use std::collections::{BTreeMap, BTreeSet};

use super::photos::{identifier_of, parts_of};
use super::{Core, Task};
use crate::error::{Code, Error, Result};
use crate::job::{EvictItem, EvictOutcome, Moved, Outcome, StopFlag, Work};
use crate::media::{Mark, marks};
use crate::record;
use crate::tree::{Content, Digest, Keep, LocalContent, NodeId, Remote, Trees};

/// What no bytes have.
const NO_DIGEST: Digest = [0; 32];

/// Who is told what became of a file.
pub type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// Files on their way out.
#[derive(Default)]
pub(super) struct Evictions {
    pub(super) space: Option<super::space::SpaceTask>,
    cleans: BTreeMap<u64, Answer>,
    last_clean: u64,
    busy: BTreeSet<NodeId>,
}

/// A batch under way.
#[derive(Debug)]
pub(super) struct EvictTask {
    items: Vec<EvictItem>,
    purpose: Purpose,
    stop: StopFlag,
    /// [`Trees::came`] when the files were chosen.
    came: u64,
    /// The first reason why something of it stays.
    refusal: Option<Error>,
}

/// Whom a batch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody who named one file.
    Clean(u64),
    /// Whoever wanted space.
    Space {
        /// What all of it would free.
        bytes: u64,
    },
}

impl Evictions {
    pub(super) fn is_empty(&self) -> bool {
        self.space.is_none() && self.cleans.is_empty()
    }

    /// The files that are being looked at or removed.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.busy.iter().copied()
    }
}

impl Core {
    /// Removes a file's own copy, and those of the other parts of the same photo, and tells what came of it.
    pub fn clean(&mut self, uri: &str, answer: Answer) {
        match self.settled().and_then(|()| self.chosen_by(uri)) {
            Ok(items) if items.is_empty() => answer(Ok(())),
            Ok(items) => {
                self.evictions.last_clean += 1;
                let number = self.evictions.last_clean;
                self.evictions.cleans.insert(number, answer);
                let came = self.states.trees.read().came();
                self.begin_eviction(items, Purpose::Clean(number), StopFlag::default(), came);
            }
            Err(error) => answer(Err(error)),
        }
    }

    /// Nothing where the bytes are in the cloud alone already.
    fn chosen_by(&self, uri: &str) -> Result<Vec<EvictItem>> {
        let path = self.config.uris.path(uri)?;
        let missing = || Error::new(Code::NoSuchFile, format!("{uri:?} names no file on this device"));
        let trees = self.states.trees.read();
        let Some(id) = trees.find_local(&path) else {
            drop(trees);
            // One that no scan has seen yet is not in the cloud either.
            self.states.file_state(uri)?;
            return Err(not_in_step());
        };
        match trees.local(id).map(|local| local.content) {
            None | Some(LocalContent::Dir(_)) => Err(missing()),
            Some(LocalContent::CloudOnly(_)) => Ok(Vec::new()),
            Some(_) => {
                let here =
                    |id: &NodeId| trees.local(*id).is_some_and(|local| local.content.stamp().is_some());
                let parts = parts_of(&trees, id).into_iter().filter(here);
                parts.map(|part| self.evictable(&trees, part, 0)).collect()
            }
        }
    }

    /// What removing the file's own copy needs to know, or why it stays.
    pub(super) fn evictable(&self, trees: &Trees, id: NodeId, group: u32) -> Result<EvictItem> {
        let node = trees.get(id).ok_or_else(not_in_step)?;
        if trees.out_of_step().contains(id) {
            return Err(not_in_step());
        }
        if !self.overrules_pins() && is_pinned(trees, id) {
            return Err(Error::new(Code::AccessDenied, "it is pinned to this device: unpin it first"));
        }
        if self.evictions.busy.contains(&id) || self.trash.has(id) || self.is_demanded(id) {
            return Err(in_use_now());
        }
        if node.keep == Keep::Leaving {
            // Somebody was killed who was removing it: it may be gone, which is no deletion.
            return Err(Error::new(Code::TryAgain, "its space was just being freed: sync first"));
        }
        let (Some(LocalContent::Here(content, _)), Some(record), Some(remote), Some(path)) =
            (node.local.map(|local| local.content), node.record, node.live_remote(), trees.local_path(id))
        else {
            return Err(not_in_step());
        };
        Ok(EvictItem {
            node: id,
            group,
            path,
            content,
            record: record.into(),
            version: remote.version,
            asset: record::asset_id(remote.asset, &content.digest),
        })
    }

    /// `came`: [`Trees::came`] when the files were chosen.
    pub(super) fn begin_eviction(
        &mut self,
        items: Vec<EvictItem>,
        purpose: Purpose,
        stop: StopFlag,
        came: u64,
    ) {
        for item in &items {
            self.evictions.busy.insert(item.node);
            self.demands.note_change(item.node);
        }
        let work = Work::Prove(items.clone());
        let task = EvictTask { items, purpose, stop: stop.clone(), came, refusal: None };
        self.enqueue(Task::Evict(task), work, stop, Moved::default());
    }

    pub(super) fn eviction_done(&mut self, mut task: EvictTask, outcome: Outcome) {
        let Outcome::Evict(outcomes) = outcome else {
            // What it did or did not do is seen by the next look at everything.
            self.distrust_watcher();
            let broken = Error::new(Code::Inner, "a worker broke: sync, and try again");
            return self.end_eviction(task.items, task.purpose, Err(broken), 0);
        };
        let mut proved = Vec::new();
        let mut freed = 0;
        let mut over = Vec::new();
        for (item, outcome) in std::mem::take(&mut task.items).into_iter().zip(outcomes) {
            match outcome {
                EvictOutcome::Proved(stamp) => {
                    proved.push((item, stamp));
                    continue;
                }
                EvictOutcome::Removed => {
                    self.states.trees.write().set_away(item.node);
                    self.states.notes.write().kept.remove(&item.node);
                    freed += item.content.size;
                }
                EvictOutcome::Kept(error) => {
                    self.stay(&item, Some(&error));
                    task.refusal.get_or_insert(error);
                }
                EvictOutcome::Damaged(error) => {
                    self.send_anew(&item);
                    self.stay(&item, Some(&error));
                    task.refusal.get_or_insert(error);
                }
                EvictOutcome::Adrift(error) => {
                    // It is still known as leaving, so that the next look does not take it for deleted.
                    self.distrust_watcher();
                    self.states.notes.write().kept.insert(item.node, error.clone());
                    task.refusal.get_or_insert(error);
                }
                EvictOutcome::Stopped => self.stay(&item, None),
            }
            over.push(item);
        }
        let leaving = match self.take_leave(&mut task, proved, &mut over) {
            Ok(leaving) => leaving,
            Err(error) => {
                task.refusal = Some(error);
                Vec::new()
            }
        };
        if leaving.is_empty() {
            let result = task.refusal.map_or(Ok(()), Err);
            return self.end_eviction(over, task.purpose, result, freed);
        }
        over.iter().for_each(|item| {
            self.evictions.busy.remove(&item.node);
        });
        task.items = leaving.iter().map(|(item, _)| item.clone()).collect();
        let stop = task.stop.clone();
        self.enqueue(Task::Evict(task), Work::Remove(leaving), stop, Moved::default());
    }

    /// The intent: the index knows which files are to go before they do. What has changed since it was
    /// chosen stays, with all parts of its photo.
    fn take_leave(
        &mut self,
        task: &mut EvictTask,
        proved: Vec<(EvictItem, crate::ports::Stamp)>,
        over: &mut Vec<EvictItem>,
    ) -> Result<Vec<(EvictItem, crate::ports::Stamp)>> {
        if proved.is_empty() {
            return Ok(proved);
        }
        let broken: BTreeSet<u32> = {
            let trees = self.states.trees.read();
            let pins = !self.overrules_pins();
            let changed = proved.iter().filter(|(item, _)| !as_chosen(&trees, item, pins));
            let mut broken: BTreeSet<u32> = changed.map(|(item, _)| item.group).collect();
            let coming: BTreeSet<NodeId> = self.demands.nodes().collect();
            if trees.came() != task.came || !coming.is_empty() {
                broken.extend(torn(&trees, &proved, &coming));
            }
            broken
        };
        let (leaving, staying): (Vec<_>, Vec<_>) =
            proved.into_iter().partition(|(item, _)| !broken.contains(&item.group));
        for (item, _) in staying {
            let error = not_in_step();
            self.stay(&item, Some(&error));
            task.refusal.get_or_insert(error);
            over.push(item);
        }
        {
            let mut trees = self.states.trees.write();
            leaving.iter().for_each(|(item, _)| trees.set_keep(item.node, Keep::Leaving));
        }
        if let Err(error) = self.save() {
            for (item, _) in leaving {
                self.stay(&item, Some(&error));
                over.push(item);
            }
            return Err(error);
        }
        Ok(leaving)
    }

    /// What the cloud has of a file is no good: it counts as other bytes, known here and there, so that the file's own ones are
    /// a change of them, which the next run sends.
    fn send_anew(&self, item: &EvictItem) {
        let mut trees = self.states.trees.write();
        if !as_chosen(&trees, item, false) {
            return;
        }
        let Some(remote) = trees.remote(item.node).map(Remote::to_remote) else { return };
        let damaged = Content { digest: NO_DIGEST, identifier: None, ..item.content };
        let content = Some(damaged);
        trees.set_remote(item.node, Some(Remote { content, ..remote.as_ref() }));
        trees.set_agreed(item.node);
    }

    fn stay(&mut self, item: &EvictItem, reason: Option<&Error>) {
        let mut trees = self.states.trees.write();
        if trees.leaving().contains(&item.node) {
            trees.set_keep(item.node, Keep::AsConfigured);
        }
        if let Some(error) = reason {
            self.states.notes.write().kept.insert(item.node, error.clone());
        }
    }

    fn end_eviction(&mut self, items: Vec<EvictItem>, purpose: Purpose, result: Result<()>, freed: u64) {
        items.iter().for_each(|item| {
            self.evictions.busy.remove(&item.node);
        });
        // What went is noted also where something stayed.
        let result = result.and(self.save());
        match purpose {
            Purpose::Clean(number) => {
                if let Some(answer) = self.evictions.cleans.remove(&number) {
                    answer(result);
                }
            }
            Purpose::Space { bytes } => self.space_batch_done(bytes, result, freed),
        }
    }

    /// Ends what is under way, without waiting for it. The index knows what is leaving.
    pub(super) fn abandon_evictions(&mut self) {
        self.evictions.busy.clear();
        for (_, answer) in std::mem::take(&mut self.evictions.cleans) {
            answer(Err(Error::new(Code::Ipc, "the library was closed meanwhile: open it and try again")));
        }
        self.abandon_space();
    }

    /// Keeps a file, or all that is in a folder, on this device, or no longer.
    pub fn pin(&mut self, uri: &str, pinned: bool) -> Result<()> {
        let path = self.config.uris.path(uri)?;
        let mut trees = self.states.trees.write();
        let missing = || {
            Error::new(
                Code::NoSuchFile,
                format!("{uri:?} names nothing that was synced yet: sync, then pin it"),
            )
        };
        let id = trees.find_local(&path).filter(|id| *id != NodeId::ROOT).ok_or_else(missing)?;
        if pinned && trees.leaving().iter().any(|leaving| trees.local_ancestry(*leaving).any(|at| at == id)) {
            return Err(Error::new(Code::TryAgain, "space of it is just being freed: try again in a moment"));
        }
        match (trees.get(id).map(|node| node.keep), pinned) {
            (Some(_), true) => trees.set_keep(id, Keep::Pinned),
            (Some(Keep::Pinned), false) => trees.set_keep(id, Keep::AsConfigured),
            _ => {}
        }
        drop(trees);
        self.save()
    }
}

fn not_in_step() -> Error {
    Error::new(Code::TryAgain, "it is not in the cloud as it is here: sync first, and free its space then")
}

pub(super) fn in_use_now() -> Error {
    Error::new(Code::TryAgain, "it is in use: try again in a moment")
}

/// Whether a file is still what it was when it was chosen. `pins`: whether what is pinned stays.
fn as_chosen(trees: &Trees, item: &EvictItem, pins: bool) -> bool {
    let Some(node) = trees.get(item.node) else { return false };
    let here = matches!(
        node.local.map(|local| local.content),
        Some(LocalContent::Here(content, _)) if content == item.content
    );
    here && !trees.out_of_step().contains(item.node)
        && !(pins && is_pinned(trees, item.node))
        && node.live_remote().is_some_and(|remote| remote.version == item.version)
        && trees.local_path(item.node).as_deref() == Some(&*item.path)
}

/// The photos of which a part came to the disk since they were chosen, or is coming.
fn torn(
    trees: &Trees,
    proved: &[(EvictItem, crate::ports::Stamp)],
    coming: &BTreeSet<NodeId>,
) -> BTreeSet<u32> {
    let leaving: BTreeSet<NodeId> = proved.iter().map(|(item, _)| item.node).collect();
    let mut photos: BTreeMap<NodeId, BTreeMap<Mark, u32>> = BTreeMap::new();
    for (item, _) in proved {
        let Some((folder, marks)) = marks_here(trees, item.node) else { continue };
        photos.entry(folder).or_default().extend(marks.into_iter().map(|mark| (mark, item.group)));
    }
    let mut torn = BTreeSet::new();
    for (folder, photos) in photos {
        for other in trees.local_children(folder).filter(|other| !leaving.contains(other)) {
            let here = trees.local(other).is_some_and(|local| local.content.stamp().is_some());
            if here || coming.contains(&other) {
                let marks = marks_here(trees, other).map(|(_, marks)| marks);
                torn.extend(marks.iter().flatten().filter_map(|mark| photos.get(mark)));
            }
        }
    }
    torn
}

/// A file's folder on this device, and by what it is known there as a part of a photo.
fn marks_here(trees: &Trees, id: NodeId) -> Option<(NodeId, Vec<Mark>)> {
    let node = trees.get(id)?;
    let place = node.local?.place;
    Some((place.parent, marks(place.name, identifier_of(&node)).collect()))
}

/// Whether a person wants the file to stay: it, or a folder that it is in, is pinned.
fn is_pinned(trees: &Trees, id: NodeId) -> bool {
    trees.local_ancestry(id).any(|id| trees.get(id).is_some_and(|node| node.keep == Keep::Pinned))
}
