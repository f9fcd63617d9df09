//! A person removes a file or folder, or wants it back. The parts of one photo go and come back together.
//!
//! Removing: the intent is noted in the index, the entry goes to the trash on the disk, and that it is gone is
//! noted; the next run deletes the cloud's record, which waits in the cloud's own trash. What is in the cloud
//! alone is only noted. A kill before the entry has gone leaves it; a kill after that leaves a deletion that the
//! next look at the disk finds. A version that the cloud got meanwhile wins, as over any deletion. Of a photo a kill may
//! leave some parts and not the others: the next look at everything tells, and the rest goes too, but for what was
//! changed since.
//!
//! That holds for what was asked for here. A file that somebody deletes with another program goes alone, everywhere:
//! who keeps the still of a live photo and deletes its video knows what they do. And a change wins over a deletion
//! for the file that was changed alone: its bytes are those that nobody has seen, the other parts lie in the trash,
//! from where restoring any of them brings them back.
//!
//! Restoring: from the trash on the disk, else from the cloud's. What went with it from the cloud alone is noted in the
//! trash on the disk, and comes back with it: from the index as long as the cloud has not heard of its removal, else from
//! the cloud's trash. So does that something was pinned.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::evict::Answer;
use super::photos::{identifier_of, parts_named, parts_of};
use super::queue::Urgency;
use super::run::Run;
use super::state::{Activity, find_remote, missing};
use super::{Core, Task};
use crate::error::{Code, Error, Result};
use crate::job::{Along, JobId, Outcome, Work, join, taken};
use crate::plan;
use crate::ports::FileSystem;
use crate::tree::{Keep, NodeId, NodeRef, Synced, Trees};

/// What people removed or want back, and is under way.
#[derive(Default)]
pub(super) struct TrashTasks {
    answers: BTreeMap<JobId, Answer>,
    busy: BTreeSet<NodeId>,
    /// What is to follow the other parts of its photo, which went before a kill.
    torn: Vec<NodeId>,
    /// The paths of what came back and is to be pinned again, once it has been seen there.
    pinned: Vec<String>,
    /// What is wanted back, in order: one comes after the other, and while no run of this device has the cloud's lock.
    wanted: VecDeque<(String, Answer)>,
}

impl TrashTasks {
    /// What a look at the disk found torn.
    pub(super) fn note_torn(&mut self, torn: Vec<NodeId>) {
        self.torn.extend(torn);
    }

    /// Whether it is on its way to the trash.
    pub(super) fn has(&self, node: NodeId) -> bool {
        self.busy.contains(&node)
    }

    /// What is on its way to the trash.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.busy.iter().copied()
    }
}

/// What somebody wants back.
#[derive(Debug)]
pub(super) struct Wanted {
    uri: String,
    path: String,
    /// What is looked for in the trash on this disk: it, or a part that went with it.
    from: String,
    /// It was in the cloud alone, and is there still.
    in_cloud: bool,
    /// The bin of the trash from which it is wanted, where not the newest will do.
    bin: Option<String>,
}

/// A node on its way to the trash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Going {
    node: NodeId,
    /// Where nothing but its record was known when it was asked for: the version that the cloud had then.
    version: Option<u64>,
}

/// What is to be removed.
struct Removal {
    /// What lies on the disk of it; what was named comes first, where it does.
    paths: Vec<String>,
    /// The nodes, here or in the cloud alone; of a folder those in it too, the inner ones first.
    nodes: Vec<NodeId>,
}

impl Core {
    /// Moves a file with the other parts of its photo, or a folder with all that is in it, to the trash, here and
    /// with the next run in the cloud.
    pub fn remove(&mut self, uri: &str, answer: Answer) {
        match self.settled().and_then(|()| self.removable(uri)) {
            Ok(removal) if removal.paths.is_empty() => self.remove_in_cloud(&removal.nodes, answer),
            Ok(removal) => self.begin_removal(removal, Some(answer)),
            Err(error) => answer(Err(error)),
        }
    }

    /// What is in the cloud alone: that it goes is known to the index, and noted in the trash, for whoever looks there.
    fn remove_in_cloud(&mut self, nodes: &[NodeId], answer: Answer) {
        let along = self.along(nodes);
        self.mark_removed(nodes, true);
        self.take_all_off(nodes);
        match self.save() {
            Ok(()) => {
                let (paths, identity) = (Vec::new(), self.identity.clone());
                let work = Work::ToTrash { paths, follows: false, along, identity };
                self.enqueue_trash(Task::Noted, work, Some(answer));
            }
            Err(error) => answer(Err(error)),
        }
        self.advance();
    }

    /// It is removed, whether or not that could be noted.
    pub(super) fn noted_in_trash(&mut self, job: JobId) {
        self.answer_trash(job, Ok(()));
    }

    fn removable(&self, uri: &str) -> Result<Removal> {
        let path = self.config.uris.path(uri)?.into_owned();
        let trees = self.states.trees.read();
        let in_cloud = || find_remote(&trees, &path).filter(|id| is_in_cloud_alone(&trees, *id));
        let found = trees.find_local(&path).or_else(in_cloud);
        if found.is_none() && path.split('/').any(crate::names::left_alone) {
            return Err(missing(uri));
        }
        let nodes = match found {
            Some(id) if trees.is_dir(id) => with_all_below(&trees, id),
            _ => with_other_parts(&trees, found, &path),
        };
        self.check_idle(&nodes)?;
        if nodes.iter().any(|id| trees.leaving().contains(id)) {
            // What lies in its place may be another file, and its own bytes in the cloud alone.
            let text = "its space was being freed when the library was ended: sync once, then remove it";
            return Err(Error::new(Code::TryAgain, text));
        }
        let is_here = |id: &NodeId| trees.is_here(*id);
        // What no tree knows may have come to the disk since the last look at it.
        let mut paths = match found {
            Some(id) if trees.local(id).is_none() || !is_here(&id) => Vec::new(),
            _ => vec![path],
        };
        if !found.is_some_and(|id| trees.is_dir(id)) {
            let others = nodes.iter().filter(|id| Some(**id) != found && is_here(id));
            paths.extend(others.filter_map(|id| trees.local_path(*id)));
        }
        Ok(Removal { paths, nodes })
    }

    /// What is being transferred, or is leaving already, is left to whoever does that.
    fn check_idle(&self, nodes: &[NodeId]) -> Result<()> {
        let evicted: BTreeSet<NodeId> = self.evictions.nodes().collect();
        let busy = |node: &NodeId| {
            let moving =
                matches!(self.states.activity_of(*node), Some(Activity::Uploading | Activity::Downloading));
            moving || evicted.contains(node) || self.trash.has(*node) || self.is_demanded(*node)
        };
        if nodes.iter().any(busy) {
            return Err(Error::new(Code::TryAgain, "it is just being transferred: try again in a moment"));
        }
        Ok(())
    }

    fn begin_removal(&mut self, removal: Removal, answer: Option<Answer>) {
        let Removal { paths, nodes } = removal;
        // What nothing here is known of but its record is not marked before it goes: a newer version of it may come
        // meanwhile.
        let noted = self.in_local_tree(&nodes);
        self.mark_removed(&noted, true);
        if let Err(error) = self.save() {
            self.mark_removed(&noted, false);
            return answer.into_iter().for_each(|answer| answer(Err(error.clone())));
        }
        for &node in &nodes {
            self.trash.busy.insert(node);
            self.demands.note_change(node);
        }
        let going = self.going(&nodes);
        let along = self.along(&nodes);
        let work = Work::ToTrash { paths, follows: answer.is_none(), along, identity: self.identity.clone() };
        self.enqueue_trash(Task::Removal(going), work, answer);
    }

    /// What restoring these is to know that the disk does not tell.
    fn along(&self, nodes: &[NodeId]) -> Vec<Along> {
        let trees = self.states.trees.read();
        let along = |&id: &NodeId| {
            let node = trees.get(id)?;
            let remote = node.live_remote().filter(|_| !trees.is_here(id));
            let record = remote.as_ref().and(node.record).map(str::to_owned);
            let pinned = node.keep == Keep::Pinned;
            let place = node.shown_place().filter(|_| record.is_some() || pinned)?;
            let path = trees.path_in(place.parent, place.name)?;
            let is_dir = trees.is_dir(id);
            let content = remote.and_then(|remote| remote.content);
            let size = content.map_or(0, |content| content.size);
            Some(Along { path, record, identifier: identifier_of(&node), pinned, is_dir, size })
        };
        nodes.iter().filter_map(along).collect()
    }

    fn going(&self, nodes: &[NodeId]) -> Vec<Going> {
        let trees = self.states.trees.read();
        let unknown = |id: &NodeId| trees.local(*id).is_none();
        let version = |id: NodeId| Some(id).filter(unknown).and_then(|id| version_of(&trees, id));
        nodes.iter().map(|&node| Going { node, version: version(node) }).collect()
    }

    /// Those of which no version came since that nobody here has known.
    fn as_asked_for(&self, going: &[Going]) -> Vec<NodeId> {
        let trees = self.states.trees.read();
        let same =
            |going: &&Going| going.version.is_none() || going.version == version_of(&trees, going.node);
        going.iter().filter(same).map(|going| going.node).collect()
    }

    /// What a kill has left of removed photos goes where their other parts are. The cloud hears of it from one more
    /// run: this one goes on without it.
    pub(super) fn finish_removals(&mut self) {
        for id in std::mem::take(&mut self.trash.torn) {
            let (path, is_here) = {
                let trees = self.states.trees.read();
                (trees.local_path(id), trees.is_here(id))
            };
            let (Some(path), Ok(())) = (path, self.check_idle(&[id])) else { continue };
            self.run_again = true;
            if is_here {
                self.begin_removal(Removal { paths: vec![path], nodes: vec![id] }, None);
            } else {
                self.take_all_off(&[id]);
            }
        }
    }

    fn mark_removed(&self, nodes: &[NodeId], removed: bool) {
        let mut trees = self.states.trees.write();
        nodes.iter().for_each(|&node| trees.set_removed(node, removed));
    }

    fn in_local_tree(&self, nodes: &[NodeId]) -> Vec<NodeId> {
        let trees = self.states.trees.read();
        nodes.iter().copied().filter(|id| trees.local(*id).is_some()).collect()
    }

    fn take_all_off(&self, nodes: &[NodeId]) {
        let mut trees = self.states.trees.write();
        nodes.iter().for_each(|&node| take_off(&mut trees, node));
    }

    fn enqueue_trash(&mut self, task: Task, work: Work, answer: Option<Answer>) {
        let (stop, moved) = Default::default();
        let job = self.enqueue_as(Urgency::Person, task, work, stop, moved);
        self.trash.answers.extend(answer.map(|answer| (job, answer)));
    }

    pub(super) fn removal_done(&mut self, job: JobId, going: Vec<Going>, outcome: Outcome) {
        let nodes: Vec<NodeId> = going.iter().map(|going| going.node).collect();
        nodes.iter().for_each(|node| {
            self.trash.busy.remove(node);
        });
        let result = match outcome {
            Outcome::Trashed(result) => result.map(drop),
            _ => Err(broken()),
        };
        let result = match result {
            Ok(()) => {
                let gone = self.as_asked_for(&going);
                self.mark_removed(&gone, true);
                self.take_all_off(&gone);
                self.save()
            }
            Err(error) => {
                self.removal_failed(&nodes);
                Err(error)
            }
        };
        self.answer_trash(job, result);
    }

    /// Of several files one may have gone, and could not be put back: the next look at everything tells, and the others
    /// follow it.
    fn removal_failed(&mut self, nodes: &[NodeId]) {
        let here = {
            let trees = self.states.trees.read();
            nodes.iter().filter(|id| trees.is_here(**id)).count()
        };
        match here {
            0 | 1 => self.mark_removed(nodes, false),
            _ => self.distrust_watcher(),
        }
    }

    fn answer_trash(&mut self, job: JobId, result: Result<()>) {
        if let Some(answer) = self.trash.answers.remove(&job) {
            answer(result);
        }
    }

    /// Brings back what was removed, or deleted on any device, and the parts of its photo that went with it: from
    /// the trash on this disk, else from the cloud's. The next run brings it wherever it is not yet.
    pub fn restore(&mut self, uri: &str, answer: Answer) {
        self.trash.wanted.push_back((uri.to_owned(), answer));
        self.advance();
    }

    /// Begins with the next that is wanted back, where it can be now. A run that has planned to delete its records either has
    /// told the cloud already, or finds that they are not to be deleted any more. Returns whether it was refused.
    pub(super) fn go_on_restoring(&mut self) -> bool {
        let changes_cloud = |task: &Task| matches!(task, Task::Lock | Task::Write(_) | Task::Unlock);
        let run_has_lock = self.run.as_ref().is_some_and(Run::has_lock);
        if self.is_restoring() || run_has_lock || self.tasks.values().any(changes_cloud) {
            return false;
        }
        let Some((uri, answer)) = self.trash.wanted.pop_front() else { return false };
        match self.restorable(&uri) {
            Ok(wanted) => {
                let (path, bin) = (wanted.from.clone(), wanted.bin.clone());
                let work = Work::FromTrash { path, bin, identity: self.identity.clone() };
                self.enqueue_trash(Task::Restore(wanted), work, Some(answer));
                false
            }
            Err(error) => {
                answer(Err(error));
                true
            }
        }
    }

    fn is_restoring(&self) -> bool {
        self.tasks.values().any(|task| matches!(task, Task::Restore(_) | Task::Revival(_)))
    }

    /// Whether something is wanted back, or is on its way: for that, too, the cloud's lock is needed.
    pub(super) fn wants_anything_back(&self) -> bool {
        !self.trash.wanted.is_empty() || self.is_restoring()
    }

    fn restorable(&self, uri: &str) -> Result<Wanted> {
        self.settled()?;
        let path = self.config.uris.path(uri)?.into_owned();
        let (bin, path) = match in_a_bin(&path) {
            Some((bin, path)) => (Some(bin.to_owned()), path.to_owned()),
            None => (None, path),
        };
        let trees = self.states.trees.read();
        let in_cloud = find_remote(&trees, &path).filter(|id| trees.local(*id).is_none());
        let removed = in_cloud.filter(|id| trees.removed().contains(id));
        if trees.find_local(&path).is_some() || in_cloud.is_some() && removed.is_none() {
            return Err(taken(&path));
        }
        let never_here = |id: &NodeId| trees.get(*id).is_some_and(|node| node.keep == Keep::Away);
        if bin.is_some() || !removed.as_ref().is_some_and(never_here) {
            return Ok(Wanted { uri: uri.into(), from: path.clone(), path, in_cloud: false, bin });
        }
        // It went from the index alone. Parts that went with it may be in the trash nevertheless.
        let parts = removed_parts(&trees, &path);
        let was_here = parts.iter().find(|id| !never_here(id)).and_then(|id| trees.remote(*id));
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let from = was_here.map_or_else(|| path.clone(), |remote| join(folder, remote.place.name));
        Ok(Wanted { uri: uri.into(), from, path, in_cloud: true, bin })
    }

    pub(super) fn restore_done(&mut self, job: JobId, wanted: Wanted, outcome: Outcome) {
        let Outcome::Restored(result) = outcome else { return self.answer_trash(job, Err(broken())) };
        match result {
            // What was in the cloud alone has not gone anywhere yet, or was brought back there.
            Ok(Some(back)) => {
                self.trash.pinned.extend(back.pinned);
                self.keep_in_cloud(&back.records);
                if wanted.bin.is_none() {
                    self.bring_rest_back(&wanted.path, |node| node.keep == Keep::Away);
                }
            }
            Ok(None) if wanted.bin.is_some() => return self.answer_trash(job, Err(missing(&wanted.uri))),
            Ok(None) if self.undo_removal(&wanted.path) => {}
            Ok(None) => return self.restore_from_cloud(job, &wanted),
            // Something else has the name of another part.
            Err(error) if wanted.in_cloud && error.code == Code::FileExists => {
                self.bring_rest_back(&wanted.path, |node| node.keep == Keep::Away);
            }
            Err(error) => return self.answer_trash(job, Err(error)),
        }
        let saved = self.save();
        self.answer_trash(job, saved);
    }

    /// What was removed and is still in the cloud is there to stay, with what went with it. False where it is not.
    fn undo_removal(&self, path: &str) -> bool {
        let known = {
            let trees = self.states.trees.read();
            find_remote(&trees, path).filter(|id| trees.removed().contains(id))
        };
        if known.is_some() {
            self.bring_rest_back(path, |_| true);
        }
        if let Some(id) = known {
            bring_back(&mut self.states.trees.write(), id);
        }
        known.is_some()
    }

    /// What was removed and has come back, of which the cloud has not heard.
    fn keep_in_cloud(&self, records: &[String]) {
        let mut trees = self.states.trees.write();
        for record in records {
            let known = trees.by_record(record).filter(|id| trees.removed().contains(id));
            if let Some(id) = known.filter(|id| trees.local(*id).is_none()) {
                bring_back(&mut trees, id);
            }
        }
    }

    /// The other parts of a photo, or what is in a folder.
    fn bring_rest_back(&self, path: &str, which: impl Fn(&NodeRef<'_>) -> bool) {
        let mut trees = self.states.trees.write();
        let rest = match find_remote(&trees, path).filter(|id| trees.is_dir(*id)) {
            Some(folder) => removed_below(&trees, folder),
            None => removed_parts(&trees, path),
        };
        for id in rest {
            if trees.get(id).is_some_and(|node| which(&node)) {
                bring_back(&mut trees, id);
            }
        }
    }

    /// Pins again what came back, where the last look has found it.
    pub(super) fn pin_restored(&mut self) {
        if self.trash.pinned.is_empty() {
            return;
        }
        let mut trees = self.states.trees.write();
        self.trash.pinned.retain(|path| match trees.find_local(path) {
            Some(id) => {
                trees.set_keep(id, Keep::Pinned);
                false
            }
            None => true,
        });
    }

    /// This disk's trash does not have it.
    fn restore_from_cloud(&mut self, job: JobId, wanted: &Wanted) {
        let answer = self.trash.answers.remove(&job);
        let task = Task::Revival(wanted.uri.clone());
        self.enqueue_trash(task, Work::Revive(wanted.path.clone()), answer);
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
        let wanted = std::mem::take(&mut self.trash.wanted).into_iter().map(|(_, answer)| answer);
        for answer in std::mem::take(&mut self.trash.answers).into_values().chain(wanted) {
            answer(Err(Error::new(Code::Ipc, "the library was closed meanwhile: open it and try again")));
        }
    }
}

/// The bin of the trash on this disk that a path leads to, and what it had as its path before.
fn in_a_bin(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(<dyn FileSystem>::TRASH)?.strip_prefix('/')?.split_once('/')
}

fn broken() -> Error {
    Error::new(Code::Inner, "a worker broke: try again")
}

/// The version that the cloud has of a node, outside its trash.
fn version_of(trees: &Trees, id: NodeId) -> Option<u64> {
    trees.get(id)?.live_remote().map(|remote| remote.version)
}

/// Whether nothing of it is on this disk or noted here, and nobody has removed it.
fn is_in_cloud_alone(trees: &Trees, id: NodeId) -> bool {
    trees.local(id).is_none() && !trees.removed().contains(&id)
}

/// The file found at a path, if any was, and the other parts of its photo, here or in the cloud.
fn with_other_parts(trees: &Trees, found: Option<NodeId>, path: &str) -> Vec<NodeId> {
    let parts = match found {
        Some(id) => parts_of(trees, id),
        None => parts_at(trees, path),
    };
    let there = |id: &NodeId| trees.local(*id).is_some() || is_in_cloud_alone(trees, *id);
    let others = parts.into_iter().filter(|id| Some(*id) != found && there(id));
    found.into_iter().chain(others).collect()
}

/// The parts of the photo at a path that were removed, and of which the cloud has not heard.
fn removed_parts(trees: &Trees, path: &str) -> Vec<NodeId> {
    let known = find_remote(trees, path);
    let parts = known.map_or_else(|| parts_at(trees, path), |id| parts_of(trees, id));
    let gone = |id: &NodeId| trees.removed().contains(id) && trees.local(*id).is_none();
    parts.into_iter().filter(gone).collect()
}

/// What was removed of what the cloud has in a folder, and of which it has not heard.
fn removed_below(trees: &Trees, folder: NodeId) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = trees.remote_children(folder).collect();
    let mut next = 0;
    while let Some(&at) = nodes.get(next) {
        next += 1;
        if trees.is_dir(at) && nodes.len() <= trees.len() {
            nodes.extend(trees.remote_children(at));
        }
    }
    nodes.retain(|id| trees.removed().contains(id) && trees.local(*id).is_none());
    nodes
}

/// The parts of the photo that a file at a path would be of.
fn parts_at(trees: &Trees, path: &str) -> Vec<NodeId> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = trees.find_local_folder(folder);
    folder.map(|folder| parts_named(trees, folder, name)).unwrap_or_default()
}

/// A node and all that the local tree has below it, the inner ones first.
fn with_all_below(trees: &Trees, id: NodeId) -> Vec<NodeId> {
    let below = trees.local_below(id).into_iter().rev();
    below.chain([id]).collect()
}

/// The node is not on this device any more. What the cloud has of it is to go there too, but for other bytes that it got
/// meanwhile: nobody here has seen those.
fn take_off(trees: &mut Trees, id: NodeId) {
    let Some(node) = trees.get(id) else { return };
    // What was here is in the trash here; what was not can only come back from the cloud.
    let was_here = node.local.is_some_and(|local| local.content.is_here());
    let keep = if was_here { Keep::AsConfigured } else { Keep::Away };
    let (agreed, sent) = (node.synced.is_some(), node.record.is_some());
    let remote = node.live_remote().map(|remote| remote.content);
    let other = |content| node.local.is_some_and(|local| local.content.bytes() != content);
    let unseen = !agreed && remote.is_some_and(other);
    // Its record may be on its way to the cloud: kept until that is known. If that has these bytes, and no others,
    // it goes there too.
    let on_its_way = sent && !agreed && remote.is_none();
    let gone = node.local.filter(|_| on_its_way).and_then(|local| {
        let content = if trees.is_dir(id) { None } else { Some(local.content.bytes()?) };
        Some(Synced { place: local.place.to_place(), content })
    });
    trees.set_keep(id, keep);
    trees.set_local(id, None);
    trees.set_trouble(id, None);
    if let Some(gone) = &gone {
        trees.set_synced(id, Some(gone.as_ref()));
    }
    match remote {
        Some(_) if unseen => bring_back(trees, id),
        Some(_) if !agreed => trees.set_agreed(id),
        None if !on_its_way => plan::settle(trees, id),
        _ => {}
    }
}

/// Whether a person has removed a node since a run planned to bring it, and the cloud has not got a version since.
pub(super) fn is_to_go(trees: &Trees, id: NodeId) -> bool {
    trees.removed().contains(&id) && is_gone_here(trees, id)
}

/// Whether a node was deleted on this disk, by whomever, and the cloud has not got a version since.
pub(super) fn is_gone_here(trees: &Trees, id: NodeId) -> bool {
    trees.get(id).is_some_and(|node| {
        let remote = node.live_remote().map(|remote| (remote.place, remote.content));
        node.local.is_none() && remote == node.synced.map(|synced| (synced.place, synced.content))
    })
}

/// What was to be deleted in the cloud is as new there, and comes from there.
pub(super) fn bring_back(trees: &mut Trees, id: NodeId) {
    trees.set_removed(id, false);
    trees.set_keep(id, Keep::AsConfigured);
    trees.set_synced(id, None);
}
