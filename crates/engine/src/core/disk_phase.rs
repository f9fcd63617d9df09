//! A run changes the disk: folders and names first, in order, then bytes, many at once.

use std::collections::{BTreeMap, VecDeque};

use super::identify::Identify;
use super::photos;
use super::run::{Phase, Run};
use super::state::Activity;
use super::structure::{Next, Structure};
use super::trash::is_to_go;
use super::{Core, Task};
use crate::error::{Code, Error, Result};
use crate::event::{ErrorType, SyncState};
use crate::job::{DiskOp, DiskOutcome, FetchItem, FetchOutcome, PlaceItem, StopFlag, Work};
use crate::plan::{self, CloudAction, DiskAction, Steps};
use crate::ports::{SMUDGED, Stamp, same_file};
use crate::record;
use crate::tree::{Arrival, Content, Local, LocalContent, NodeId, Place, PlaceRef, Synced, Trees};

/// Where changing the disk is.
pub(super) struct DiskPhase {
    structure: Structure,
    /// Its changes are done, or given up. Bytes come after that: until then somebody else's folder may have their path.
    settled: bool,
    places: Vec<(NodeId, Place)>,
    fetches: VecDeque<Fetch>,
    cloud: Steps<CloudAction>,
    began: bool,
}

/// Bytes to bring.
struct Fetch {
    node: NodeId,
    place: Place,
    /// It is another part of the photo before.
    joined: bool,
}

/// Files that a run brings with one job, or puts in their places.
#[derive(Debug)]
pub(super) struct FetchTask {
    items: Vec<FetchItem>,
    /// Of each, whether it is another part of the photo before.
    joined: Vec<bool>,
    /// Cuts the job; `None` where it puts them in their places.
    cut: Option<StopFlag>,
}

impl FetchTask {
    /// The files.
    pub(super) fn items(&self) -> &[FetchItem] {
        &self.items
    }

    /// A person waits for a file, and is not to wait for all that comes with it.
    pub(super) fn cut_for(&self, node: NodeId) {
        if let Some(cut) = &self.cut
            && self.items.len() > 1
            && self.items.iter().any(|item| item.node == node)
        {
            cut.set();
        }
    }

    /// Of each, whether it or another part of its photo was stopped before it had come, where a person's file goes
    /// first: all these parts come once more, as far as they have not, to be put in their places together.
    fn still_to_come(&self, outcomes: &[FetchOutcome]) -> Vec<bool> {
        let is_cut = self.cut.as_ref().is_some_and(StopFlag::is_set);
        let stopped = |outcome: &FetchOutcome| is_cut && matches!(outcome, FetchOutcome::Stopped);
        let mut open: Vec<bool> = outcomes.iter().map(stopped).collect();
        let joined: Vec<usize> = (1..open.len()).filter(|at| self.joined.get(*at) == Some(&true)).collect();
        joined.iter().for_each(|&at| open[at] |= open[at - 1]);
        joined.iter().rev().for_each(|&at| open[at - 1] |= open[at]);
        open
    }
}

/// A batch of changes under way.
#[derive(Debug, Default)]
pub(super) struct DiskTask {
    ops: Steps<DiskOp>,
    changes: Vec<Change>,
    /// Which change gives a node its place.
    placed: BTreeMap<NodeId, u32>,
}

/// What a change is to the trees and to the plan.
#[derive(Debug)]
struct Change {
    effect: Effect,
    /// What the local tree held before.
    before: Option<Local>,
    /// Its position in the plan, where it is of one.
    position: Option<usize>,
}

impl DiskTask {
    /// The changes.
    pub(super) fn ops(&self) -> &[DiskOp] {
        self.ops.actions()
    }

    fn push(&mut self, mut op: DiskOp, after: Vec<u32>, change: Change) -> u32 {
        if let DiskOp::Rename { node, ctime_ns, .. } = &mut op
            && self.placed.contains_key(node)
        {
            // By then it has the change time of the first move.
            *ctime_ns = SMUDGED;
        }
        let (node, placed) = (op.node(), matches!(change.effect, Effect::Placed));
        self.changes.push(change);
        let at = self.ops.push(op, after);
        if placed {
            self.placed.insert(node, at);
        }
        at
    }

    /// The changes that the paths of a node, the old and the new one, lead through: where one of them is
    /// not done, somebody else's folder may have such a path.
    fn on_the_way(&self, trees: &Trees, node: NodeId, before: Option<&Local>) -> Vec<u32> {
        let now = trees.local(node).map(|local| local.place.parent);
        let then = before.map(|local| local.place.parent);
        let above = |folder| trees.local_ancestry(folder).take_while(|folder| *folder != node);
        let folders = [now, then].into_iter().flatten().flat_map(above);
        folders.filter_map(|folder| self.placed.get(&folder).copied()).collect()
    }
}

/// What a change does to the local tree.
#[derive(Debug, Clone)]
enum Effect {
    /// It was put there when the change was ordered, so that later paths are right.
    Placed,
    /// The node leaves the disk when the change is done.
    Gone,
    /// The file becomes a node of its own, under this name.
    Aside(Box<str>),
}

/// How many changes go in one job. What takes parts of one photo away goes in one, which may be longer for that.
const STRUCTURE: usize = 256;
/// How much one job fetches. The parts of one photo are fetched by one job, and put in their places by the next.
const FETCH_FILES: usize = 512;
const FETCH_BYTES: u64 = 32 << 20;

impl DiskPhase {
    pub(super) fn new(trees: &Trees, steps: Steps<DiskAction>, cloud: Steps<CloudAction>) -> Self {
        let of_bytes = |action: &DiskAction| matches!(action, DiskAction::Fetch(..) | DiskAction::Place(..));
        let (structure, bytes) = steps.partition(|action| !of_bytes(action));
        let (structure, joined) = photos::disk_together(trees, structure);
        let mut phase = DiskPhase {
            settled: structure.is_empty(),
            structure: Structure::new(structure, joined),
            places: Vec::new(),
            fetches: VecDeque::new(),
            cloud,
            began: false,
        };
        // Nothing but bytes waits for bytes.
        let (bytes, joined) = photos::disk_together(trees, bytes.into_iter().collect());
        for (action, joined) in bytes.into_actions().into_iter().zip(joined) {
            match action {
                DiskAction::Fetch(node, place) => phase.fetches.push_back(Fetch { node, place, joined }),
                DiskAction::Place(node, place) => phase.places.push((node, place)),
                _ => {}
            }
        }
        phase
    }
}

/// What a conflict copy's name says.
pub(super) fn conflict_label(device: &str, wall_ns: i64) -> String {
    let (date, time) = crate::time_text::utc(wall_ns);
    let device: String = device.chars().map(|c| if c == '/' || c.is_control() { '_' } else { c }).collect();
    format!("{device} {date} {time}")
}

impl Core {
    /// Returns what follows once the disk is done.
    pub(super) fn drive_disk(&mut self, run: &mut Run, disk: &mut DiskPhase) -> Option<Identify> {
        if !disk.began {
            disk.began = true;
            if !(disk.structure.is_empty() && disk.fetches.is_empty() && disk.places.is_empty()) {
                self.enter(run, SyncState::Downloading);
            }
        }
        if !disk.settled {
            if run.jobs == 0 {
                self.order_structure(run, disk);
            }
            if run.jobs > 0 || !disk.structure.all_begun() {
                return None;
            }
            disk.settled = true;
        }
        if run.jobs == 0 || !disk.fetches.is_empty() {
            self.place_cloud_only(std::mem::take(&mut disk.places));
        }
        while run.jobs <= self.config.transfer_threads && !disk.fetches.is_empty() {
            self.order_fetches(run, disk);
        }
        if run.jobs > 0 {
            return None;
        }
        if let Err(error) = self.save() {
            self.index_trouble(run, &error);
        }
        Some(Identify::new(&self.states.trees.read(), std::mem::take(&mut disk.cloud)))
    }

    /// Orders the next changes of folders and names. What they do to paths is put into the local
    /// tree at once, so that the paths after them are right; what fails is taken back.
    fn order_structure(&mut self, run: &mut Run, disk: &mut DiskPhase) {
        let mut task = DiskTask::default();
        {
            let mut trees = self.states.trees.write();
            while (task.ops.len() < STRUCTURE || disk.structure.goes_on())
                && let Some(Next { position, action, mut after }) = disk.structure.next()
            {
                match order(&mut trees, action) {
                    Ordered::Op(op, effect, before) => {
                        after.extend(task.on_the_way(&trees, op.node(), before.as_ref()));
                        let change = Change { effect, before, position: Some(position) };
                        disk.structure.under_way(position, task.push(*op, after, change));
                    }
                    Ordered::Done => disk.structure.ended(position, true),
                    Ordered::Impossible => run.set_back(action.node()),
                }
            }
        }
        if !task.ops.is_empty() {
            self.enqueue_disk(run, task);
        }
    }

    /// Renames files out of a conflict's way.
    pub(super) fn set_aside(&mut self, run: &mut Run, files: Vec<(NodeId, Box<str>)>) {
        let mut task = DiskTask::default();
        {
            let trees = self.states.trees.read();
            for (node, name) in files {
                let local = trees.local(node);
                let from = trees.local_path(node);
                let to = local.and_then(|local| trees.path_in(local.place.parent, &name));
                match (from, to, local) {
                    (Some(from), Some(to), Some(local)) => {
                        let change = Change { effect: Effect::Aside(name), before: None, position: None };
                        task.push(rename_op(node, from, to, &local.content), Vec::new(), change);
                    }
                    _ => run.freeze(node),
                }
            }
        }
        if !task.ops.is_empty() {
            self.enqueue_disk(run, task);
        }
    }

    fn enqueue_disk(&mut self, run: &mut Run, task: DiskTask) {
        let work = Work::Disk(task.ops.clone());
        self.enqueue_run(run, Task::Disk(task), work);
    }

    pub(super) fn disk_done(&mut self, run: &mut Run, task: DiskTask, outcomes: Vec<DiskOutcome>) {
        let mut set_aside = Vec::new();
        // The last changes are taken back first: a failed folder takes what is in it along.
        for ((op, change), outcome) in task.ops.actions().iter().zip(task.changes).zip(outcomes).rev() {
            let Change { effect, before, position } = change;
            let node = op.node();
            if let (Phase::Disk(disk), Some(position)) = (&mut run.phase, position) {
                disk.structure.ended(position, matches!(outcome, DiskOutcome::Done(_)));
            }
            match outcome {
                DiskOutcome::Done(stamp) => {
                    let trees = &mut self.states.trees.write();
                    if let Some(copy) = done(trees, node, effect, stamp) {
                        run.hand_over_sent(trees, node, copy);
                        set_aside.push(node);
                    }
                }
                DiskOutcome::Changed => {
                    self.take_back(node, &effect, before);
                    self.changed_under_us(run, op);
                }
                DiskOutcome::Failed(error) => {
                    self.take_back(node, &effect, before);
                    if error.code == Code::NoSpace {
                        run.complain(SyncState::DownloadFailed, ErrorType::LocalStorageFull);
                    }
                    self.trouble(run, node, &error);
                }
                DiskOutcome::NotTried => self.take_back(node, &effect, before),
            }
        }
        set_aside.into_iter().for_each(|node| self.note_set_aside(node));
        // Before the next changes are ordered: what is told is so on the disk.
        self.tell_changes();
    }

    pub(super) fn undo_disk(&mut self, task: DiskTask) {
        for (op, change) in task.ops.actions().iter().zip(task.changes).rev() {
            self.take_back(op.node(), &change.effect, change.before);
        }
    }

    fn take_back(&self, node: NodeId, effect: &Effect, before: Option<Local>) {
        if let Effect::Placed = effect {
            self.states.trees.write().set_local(node, before.as_ref().map(Local::as_ref));
        }
    }

    fn changed_under_us(&mut self, run: &mut Run, op: &DiskOp) {
        if let DiskOp::RemoveDir { node, .. } = op {
            // There is something in it that is not synced: the folder stays, here and so everywhere.
            self.states.trees.write().set_synced(*node, None);
        }
        run.set_back(op.node());
    }

    /// Files whose bytes stay in the cloud are noted in the index alone.
    fn place_cloud_only(&mut self, places: Vec<(NodeId, Place)>) {
        let mut trees = self.states.trees.write();
        for (node, place) in places {
            if !is_to_go(&trees, node) {
                note_cloud_only(&mut trees, node, place.as_ref());
            }
        }
    }

    fn order_fetches(&mut self, run: &mut Run, disk: &mut DiskPhase) {
        let (mut items, mut parts) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        let full = |files: usize, bytes: u64| files >= FETCH_FILES || bytes >= FETCH_BYTES;
        while let Some(Fetch { node, place, joined }) =
            disk.fetches.pop_front_if(|next| next.joined || !full(items.len(), bytes))
        {
            if is_to_go(&self.states.trees.read(), node) {
                continue;
            }
            if self.is_demanded(node) {
                // Somebody who waits for it is bringing it.
                run.freeze(node);
                continue;
            }
            match fetch_item(&self.states.trees.read(), node, place.as_ref()) {
                Some(item) => {
                    bytes += item.content.size;
                    items.push(item);
                    parts.push(joined);
                }
                None => run.set_back(node),
            }
        }
        if !items.is_empty() {
            self.states.set(items.iter().map(|item| item.node), Some(Activity::Downloading));
            let cut = run.stop.part();
            let task = FetchTask { items: items.clone(), joined: parts, cut: Some(cut.clone()) };
            self.enqueue_run_part(run, Task::Fetch(task), Work::Fetch(items), cut);
        }
    }

    pub(super) fn fetch_done(&mut self, run: &mut Run, task: FetchTask, outcomes: Vec<FetchOutcome>) {
        let (mut came, mut again) = (Vec::new(), Vec::new());
        self.states.set(task.items.iter().map(|item| item.node), None);
        let open = task.still_to_come(&outcomes);
        let parts = task.joined.into_iter().zip(open);
        for ((item, outcome), (joined, open)) in task.items.into_iter().zip(outcomes).zip(parts) {
            let node = item.node;
            match outcome {
                FetchOutcome::Came(_) | FetchOutcome::Stopped if open => {
                    again.push(Fetch { node, place: item.place, joined });
                }
                FetchOutcome::Came(stamp) => came.push(PlaceItem { fetched: item, stamp }),
                FetchOutcome::Placed(stamp) => {
                    fetched(&mut self.states.trees.write(), &item, stamp);
                    run.tally.done(1);
                }
                FetchOutcome::Changed => {
                    self.states.trees.write().set_arriving(node, None);
                    run.set_back(node);
                }
                FetchOutcome::DiskFull => {
                    run.complain(SyncState::DownloadFailed, ErrorType::LocalStorageFull);
                    self.trouble(run, node, &disk_full());
                }
                FetchOutcome::Failed(error) => self.trouble(run, node, &error),
                FetchOutcome::Refused(error) => self.cloud_trouble(run, Some(node), &error),
                FetchOutcome::Stopped => {}
            }
        }
        if let Phase::Disk(disk) = &mut run.phase {
            again.into_iter().rev().for_each(|fetch| disk.fetches.push_front(fetch));
        }
        // What has come, and has no place when the run ends, need not come again for the next one.
        if !came.is_empty() && run.ending.is_none() {
            self.place_fetched(run, came);
        }
    }

    fn place_fetched(&mut self, run: &mut Run, came: Vec<PlaceItem>) {
        if let Err(error) = self.announce(&came) {
            return self.index_trouble(run, &error);
        }
        self.states.set(came.iter().map(|item| item.fetched.node), Some(Activity::Downloading));
        let items: Vec<FetchItem> = came.iter().map(|item| item.fetched.clone()).collect();
        let task = FetchTask { joined: vec![false; items.len()], items, cut: None };
        self.enqueue_run(run, Task::Fetch(task), Work::Place(came));
    }

    /// The intent: before files are put in their places, the index knows which they are. Where a kill is
    /// faster than the note that they are there, they are known again, and whose bytes they hold.
    pub(super) fn announce(&mut self, came: &[PlaceItem]) -> Result<()> {
        {
            let mut trees = self.states.trees.write();
            for PlaceItem { fetched, stamp } in came {
                if trees.local(fetched.node).is_none() {
                    note_cloud_only(&mut trees, fetched.node, fetched.place.as_ref());
                }
                let content = Content { mtime_ns: stamp.mtime_ns, ..fetched.content };
                trees.set_arriving(fetched.node, Some(Arrival { content, ino: stamp.ino }));
            }
        }
        self.save()
    }
}

pub(super) fn disk_full() -> Error {
    Error::new(Code::NoSpace, "the disk is full: free some space and start again")
}

/// What fetching a file needs to know; `None` where the trees no longer say so.
pub(super) fn fetch_item(trees: &Trees, id: NodeId, place: PlaceRef<'_>) -> Option<FetchItem> {
    let node = trees.get(id)?;
    let remote = node.live_remote()?;
    let content = remote.content?;
    let replaces = match node.local.map(|local| local.content) {
        Some(LocalContent::Here(content, stamp)) => Some((content, stamp)),
        Some(LocalContent::Unread(_) | LocalContent::Dir(_)) => return None,
        Some(LocalContent::CloudOnly(_)) | None => None,
    };
    Some(FetchItem {
        node: id,
        record: node.record?.into(),
        asset: record::asset_id(remote.asset, &content.digest),
        path: trees.path_in(place.parent, place.name)?,
        place: place.to_place(),
        content,
        replaces,
    })
}

/// The file is on the disk now, in the folder where it was ordered. Disk and cloud have agreed on these
/// bytes: where the cloud has others by now, these are no change that anybody made here.
pub(super) fn fetched(trees: &mut Trees, item: &FetchItem, stamp: Stamp) {
    let synced = trees.get(item.node).and_then(|node| node.synced);
    let place = synced.map_or_else(|| item.place.clone(), |synced| synced.place.to_place());
    trees.set_synced(item.node, Some(Synced { place: place.as_ref(), content: Some(item.content) }));
    put_here(trees, item.node, item.place.as_ref(), LocalContent::Here(item.content, stamp));
}

/// The file is in the index alone, its bytes in the cloud.
fn note_cloud_only(trees: &mut Trees, id: NodeId, place: PlaceRef<'_>) {
    if let Some(content) = trees.remote(id).and_then(|remote| remote.content) {
        put_here(trees, id, place, LocalContent::CloudOnly(content));
    }
}

/// What came from the cloud is in the local tree now, and nothing is wrong with it.
fn put_here(trees: &mut Trees, id: NodeId, place: PlaceRef<'_>, content: LocalContent) {
    trees.set_received(id, Local { place, content });
    plan::settle(trees, id);
}

/// What an action comes to on the disk.
enum Ordered {
    Op(Box<DiskOp>, Effect, Option<Local>),
    /// It changes nothing on the disk and is done.
    Done,
    /// The trees no longer say so.
    Impossible,
}

fn order(trees: &mut Trees, action: &DiskAction) -> Ordered {
    ordered(trees, action).unwrap_or(Ordered::Impossible)
}

fn ordered(trees: &mut Trees, action: &DiskAction) -> Option<Ordered> {
    let node = action.node();
    let before = trees.get(node)?.local.map(Local::to_local);
    match action {
        DiskAction::MakeDir(_, place) => {
            let path = trees.path_in(place.parent, &place.name)?;
            trees.set_local(node, Some(Local { place: place.as_ref(), content: LocalContent::Dir(0) }));
            Some(Ordered::Op(Box::new(DiskOp::MakeDir { node, path }), Effect::Placed, before))
        }
        DiskAction::Move(_, place) => rename(trees, node, place.as_ref(), before?),
        DiskAction::Park(_, name) => {
            rename(trees, node, Place { parent: NodeId::ROOT, name: &**name }, before?)
        }
        DiskAction::Trash(_) => match before?.content {
            LocalContent::Here(content, stamp) => {
                let path = trees.local_path(node)?;
                Some(Ordered::Op(Box::new(DiskOp::Trash { node, path, content, stamp }), Effect::Gone, None))
            }
            LocalContent::CloudOnly(_) => {
                trees.set_local(node, None);
                plan::settle(trees, node);
                Some(Ordered::Done)
            }
            LocalContent::Dir(_) | LocalContent::Unread(_) => None,
        },
        DiskAction::RemoveDir(_) => {
            let path = trees.local_path(node)?;
            Some(Ordered::Op(Box::new(DiskOp::RemoveDir { node, path }), Effect::Gone, None))
        }
        DiskAction::Fetch(..) | DiskAction::Place(..) => None,
    }
}

fn rename(trees: &mut Trees, node: NodeId, place: PlaceRef<'_>, before: Local) -> Option<Ordered> {
    let from = trees.local_path(node)?;
    let to = trees.path_in(place.parent, place.name)?;
    trees.set_local(node, Some(Local { place, content: before.content }));
    Some(Ordered::Op(Box::new(rename_op(node, from, to, &before.content)), Effect::Placed, Some(before)))
}

/// `seen`: what is to be moved, as it was last seen.
fn rename_op(node: NodeId, from: String, to: String, seen: &LocalContent) -> DiskOp {
    let ino = seen.ino().unwrap_or(0);
    let ctime_ns = seen.stamp().map_or(SMUDGED, |stamp| stamp.ctime_ns);
    DiskOp::Rename { node, from, to, ino, ctime_ns }
}

/// Returns the new node where the file became one.
fn done(trees: &mut Trees, node: NodeId, effect: Effect, stamp: Option<Stamp>) -> Option<NodeId> {
    let (id, copy) = match effect {
        Effect::Placed => (node, None),
        Effect::Gone => {
            trees.set_local(node, None);
            plan::settle(trees, node);
            return None;
        }
        Effect::Aside(name) => {
            let copy = plan::set_aside(trees, node, &name)?;
            (copy, Some(copy))
        }
    };
    if let (Some(stamp), Some(content)) = (stamp, trees.local(id).map(|local| local.content)) {
        trees.set_local_content(id, restamped(content, stamp));
    }
    plan::settle(trees, id);
    copy
}

/// A move changes a file's change time and nothing else: where more changed, or another file had come
/// to its place and was moved instead, the old stamp stays and the next scan finds the difference.
fn restamped(content: LocalContent, now: Stamp) -> LocalContent {
    match content {
        LocalContent::Dir(_) => LocalContent::Dir(now.ino),
        LocalContent::Here(content, stamp) if same_file(&stamp, &now) => LocalContent::Here(content, now),
        content => content,
    }
}
