//! A person removes a file or folder, or wants it back.
//!
//! Removing: the intent is noted in the index, the entry goes to the trash on the disk, and that it is gone is
//! noted; the next run deletes the cloud's record, which waits in the cloud's own trash. What is in the cloud
//! alone is only noted. A kill before the entry has gone leaves it; a kill after that leaves a deletion that the
//! next look at the disk finds. A version that the cloud got meanwhile wins, as over any deletion.
//!
//! Restoring: from the trash on the disk, else from the cloud's.

use std::collections::{BTreeMap, BTreeSet};

use super::evict::Answer;
use super::queue::Urgency;
use super::state::{Activity, find_remote, missing};
use super::{Core, Task};
use crate::error::{Code, Error, Result};
use crate::job::{JobId, Outcome, Work, taken};
use crate::plan;
use crate::tree::{Keep, LocalContent, NodeId, Trees};

/// What people removed or want back, and is under way.
#[derive(Default)]
pub(super) struct TrashTasks {
    answers: BTreeMap<JobId, Answer>,
    busy: BTreeSet<NodeId>,
}

impl TrashTasks {
    /// What is on its way to the trash.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.busy.iter().copied()
    }
}

/// What somebody wants back.
#[derive(Debug)]
pub(super) struct Wanted {
    path: String,
    uri: String,
}

/// Where something is that is to be removed.
enum Found {
    /// On the disk, with the nodes that it takes along, the inner ones first.
    Here(String, Vec<NodeId>),
    /// In the cloud alone.
    InCloud(NodeId),
}

impl Core {
    /// Moves a file, or a folder with all that is in it, to the trash, here and with the next run in the cloud.
    pub fn remove(&mut self, uri: &str, answer: Answer) {
        match self.removable(uri) {
            Ok(Found::Here(path, nodes)) => self.begin_removal(path, nodes, answer),
            Ok(Found::InCloud(node)) => {
                {
                    let mut trees = self.states.trees.write();
                    trees.set_removed(node, true);
                    take_off(&mut trees, node);
                }
                answer(self.save());
                self.advance();
            }
            Err(error) => answer(Err(error)),
        }
    }

    fn removable(&self, uri: &str) -> Result<Found> {
        let path = self.config.uris.path(uri)?.into_owned();
        let trees = self.states.trees.read();
        let Some(id) = trees.find_local(&path) else {
            let in_cloud = find_remote(&trees, &path).filter(|id| trees.local(*id).is_none());
            if let Some(id) = in_cloud.filter(|id| !trees.removed().contains(id)) {
                self.check_idle(&[id])?;
                return Ok(Found::InCloud(id));
            }
            drop(trees);
            return match path.split('/').any(crate::names::left_alone) {
                true => Err(missing(uri)),
                false => Ok(Found::Here(path, Vec::new())),
            };
        };
        let nodes = with_all_below(&trees, id);
        self.check_idle(&nodes)?;
        match trees.local(id).map(|local| local.content) {
            Some(LocalContent::CloudOnly(_)) => Ok(Found::InCloud(id)),
            _ => Ok(Found::Here(path, nodes)),
        }
    }

    /// What is being transferred, or is leaving already, is left to whoever does that.
    fn check_idle(&self, nodes: &[NodeId]) -> Result<()> {
        let evicted: BTreeSet<NodeId> = self.evictions.nodes().collect();
        let busy = |node: &NodeId| {
            let moving =
                matches!(self.states.activity_of(*node), Some(Activity::Uploading | Activity::Downloading));
            moving || evicted.contains(node) || self.trash.busy.contains(node) || self.is_demanded(*node)
        };
        if nodes.iter().any(busy) {
            return Err(Error::new(Code::TryAgain, "it is just being transferred: try again in a moment"));
        }
        Ok(())
    }

    fn begin_removal(&mut self, path: String, nodes: Vec<NodeId>, answer: Answer) {
        self.mark_removed(&nodes, true);
        if let Err(error) = self.save() {
            self.mark_removed(&nodes, false);
            return answer(Err(error));
        }
        for &node in &nodes {
            self.trash.busy.insert(node);
            self.demands.note_change(node);
        }
        let work = Work::ToTrash { path, identity: self.identity.clone() };
        self.enqueue_trash(Task::Removal(nodes), work, answer);
    }

    fn mark_removed(&self, nodes: &[NodeId], removed: bool) {
        let mut trees = self.states.trees.write();
        nodes.iter().for_each(|&node| trees.set_removed(node, removed));
    }

    fn enqueue_trash(&mut self, task: Task, work: Work, answer: Answer) {
        let (stop, moved) = Default::default();
        let job = self.enqueue_as(Urgency::Person, task, work, stop, moved);
        self.trash.answers.insert(job, answer);
    }

    pub(super) fn removal_done(&mut self, job: JobId, nodes: Vec<NodeId>, outcome: Outcome) {
        nodes.iter().for_each(|node| {
            self.trash.busy.remove(node);
        });
        let result = match outcome {
            Outcome::Trashed(result) => result.map(drop),
            _ => Err(broken()),
        };
        let result = match result {
            Ok(()) => {
                let mut trees = self.states.trees.write();
                nodes.iter().for_each(|&node| take_off(&mut trees, node));
                drop(trees);
                self.save()
            }
            Err(error) => {
                self.mark_removed(&nodes, false);
                Err(error)
            }
        };
        self.answer_trash(job, result);
    }

    fn answer_trash(&mut self, job: JobId, result: Result<()>) {
        if let Some(answer) = self.trash.answers.remove(&job) {
            answer(result);
        }
    }

    /// Brings back what was removed, or deleted on any device: from the trash on this disk, else from the
    /// cloud's. The next run brings it wherever it is not yet.
    pub fn restore(&mut self, uri: &str, answer: Answer) {
        match self.restorable(uri) {
            Ok(Some(path)) => {
                let work = Work::FromTrash { path: path.clone(), identity: self.identity.clone() };
                self.enqueue_trash(Task::Restore(Wanted { path, uri: uri.into() }), work, answer);
            }
            Ok(None) => {
                answer(self.save());
                self.advance();
            }
            Err(error) => answer(Err(error)),
        }
    }

    /// The path to look for; `None` where it was enough to forget that it was removed.
    fn restorable(&self, uri: &str) -> Result<Option<String>> {
        let path = self.config.uris.path(uri)?.into_owned();
        let mut trees = self.states.trees.write();
        let in_cloud = find_remote(&trees, &path).filter(|id| trees.local(*id).is_none());
        let removed = in_cloud.filter(|id| trees.removed().contains(id));
        if trees.find_local(&path).is_some() || in_cloud.is_some() && removed.is_none() {
            return Err(taken(&path));
        }
        let never_here = removed.filter(|id| trees.get(*id).is_some_and(|node| node.keep == Keep::Away));
        if let Some(id) = never_here {
            bring_back(&mut trees, id);
            return Ok(None);
        }
        Ok(Some(path))
    }

    pub(super) fn restore_done(&mut self, job: JobId, wanted: Wanted, outcome: Outcome) {
        let Outcome::Trashed(result) = outcome else { return self.answer_trash(job, Err(broken())) };
        match result {
            Ok(true) => self.answer_trash(job, Ok(())),
            Ok(false) => self.restore_from_cloud(job, &wanted),
            Err(error) => self.answer_trash(job, Err(error)),
        }
    }

    /// This disk's trash does not have it.
    fn restore_from_cloud(&mut self, job: JobId, wanted: &Wanted) {
        let Some(answer) = self.trash.answers.remove(&job) else { return };
        let undone = {
            let mut trees = self.states.trees.write();
            let removed = find_remote(&trees, &wanted.path).filter(|id| trees.removed().contains(id));
            removed.map(|id| bring_back(&mut trees, id))
        };
        match undone {
            Some(()) => answer(self.save()),
            None => {
                let task = Task::Revival(wanted.uri.clone());
                self.enqueue_trash(task, Work::Revive(wanted.path.clone()), answer);
            }
        }
    }

    pub(super) fn revival_done(&mut self, job: JobId, uri: &str, outcome: Outcome) {
        let result = match outcome {
            Outcome::Trashed(Ok(true)) => Ok(()),
            Outcome::Trashed(Ok(false)) => {
                let text = format!("{uri:?} is neither in this device's trash nor in the cloud's");
                Err(Error::new(Code::NoSuchFile, text))
            }
            Outcome::Trashed(Err(error)) => Err(error),
            _ => Err(broken()),
        };
        self.answer_trash(job, result);
    }

    /// Ends what is under way, without waiting for it.
    pub(super) fn abandon_trash(&mut self) {
        self.trash.busy.clear();
        for (_, answer) in std::mem::take(&mut self.trash.answers) {
            answer(Err(Error::new(Code::Ipc, "the library was closed meanwhile: open it and try again")));
        }
    }
}

fn broken() -> Error {
    Error::new(Code::Inner, "a worker broke: try again")
}

/// A node and all that the local tree has below it, the inner ones first.
fn with_all_below(trees: &Trees, id: NodeId) -> Vec<NodeId> {
    let mut nodes = vec![id];
    let mut next = 0;
    while let Some(&at) = nodes.get(next) {
        next += 1;
        if trees.is_dir(at) {
            nodes.extend(trees.local_children(at));
        }
    }
    nodes.reverse();
    nodes
}

/// The node is not on this device any more. What the cloud has of it is to go there too.
fn take_off(trees: &mut Trees, id: NodeId) {
    let Some(node) = trees.get(id) else { return };
    // What was here is in the trash here; what was not can only come back from the cloud.
    let was_here = node.local.is_some_and(|local| local.content.is_here());
    let keep = if was_here { Keep::AsConfigured } else { Keep::Away };
    let (in_cloud, agreed, sent) =
        (node.live_remote().is_some(), node.synced.is_some(), node.record.is_some());
    trees.set_keep(id, keep);
    trees.set_local(id, None);
    trees.set_trouble(id, None);
    match in_cloud {
        true if !agreed => trees.set_agreed(id),
        true => {}
        // Its record may be on its way to the cloud: kept until that is known.
        false if sent && !agreed => {}
        false => plan::settle(trees, id),
    }
}

/// Whether a person has removed a node since a run planned to bring it, and the cloud has not got a version since.
pub(super) fn is_to_go(trees: &Trees, id: NodeId) -> bool {
    trees.removed().contains(&id)
        && trees.get(id).is_some_and(|node| {
            let remote = node.live_remote().map(|remote| (remote.place, remote.content));
            node.local.is_none() && remote == node.synced.map(|synced| (synced.place, synced.content))
        })
}

/// What was to be deleted in the cloud is as new there, and comes from there.
fn bring_back(trees: &mut Trees, id: NodeId) {
    trees.set_removed(id, false);
    trees.set_keep(id, Keep::AsConfigured);
    trees.set_synced(id, None);
}
