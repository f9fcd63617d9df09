//! A run changes the cloud: bytes first, without the lock, then records under it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use cloudsync_cloud::{Capabilities, CloudError, RowWrite, WriteReceipt};

use super::photos;
use super::run::{Ending, Run};
use super::state::Activity;
use super::trash::bring_back;
use super::{Core, Task};
use crate::error::{Code, Error};
use crate::event::{ErrorType, SyncState};
use crate::job::{StopFlag, UploadItem, UploadOutcome, Work, WriteBatch, WriteResults};
use crate::plan::{self, CloudAction, Steps};
use crate::ports::{ContentId, Stamp};
use crate::record;
use crate::tree::{Content, Kind, LocalContent, NodeId, PlaceRef, Previews, Remote, Trees};

/// Where changing the cloud is.
pub(super) struct Push {
    steps: Steps<CloudAction>,
    /// Of each step, whether it is about another part of the photo of the one before: their records are written
    /// together.
    joined: Vec<bool>,
    stages: Vec<Stage>,
    uploads: VecDeque<usize>,
    ready: BTreeSet<usize>,
    sending: usize,
    ids: Ids,
    commit: Commit,
    lock_asked_at: u64,
    attempts: u32,
    /// Since when somebody else has had the lock.
    locked_out_at: Option<u64>,
    /// Somebody else wrote in the meantime: the rest is planned anew.
    stale: bool,
    /// Of the jobs that send bytes: records may be written where bytes may not go.
    stop: StopFlag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Done,
    /// Left to a later round or run.
    Dropped,
}

#[derive(Debug, PartialEq, Eq)]
enum Ids {
    /// The steps from this position on are to be looked through.
    Due(usize),
    /// For these nodes; the steps from this position on come after.
    Asked(Vec<NodeId>, usize),
    There,
}

/// Where writing a batch of records is.
#[derive(Debug, PartialEq, Eq)]
enum Commit {
    Idle,
    Waiting(u64),
    Locking,
    Rechecking,
    Checked,
    Writing,
    /// The lock is being given back, and can only be asked for once it has been.
    Unlocking,
}

/// The cloud's lock while this run holds it.
#[derive(Debug)]
pub(super) struct HeldLock {
    pub(super) id: i64,
    asked_at: u64,
    lease_ns: u64,
    renewing: Option<u64>,
}

/// Bytes that are in the cloud.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    content: Content,
    /// The cloud's id; `None` where it is the hex of the digest.
    asset: Option<Box<str>>,
    previews: Previews,
    stamp: Stamp,
}

/// Files on their way to the cloud, by position among the steps.
#[derive(Debug)]
pub(super) struct UploadTask {
    positions: Vec<usize>,
}

impl UploadTask {
    /// The files.
    pub(super) fn files(&self) -> impl Iterator<Item = usize> + '_ {
        self.positions.iter().copied()
    }
}

/// Records being written, by position among the steps.
#[derive(Debug)]
pub(super) struct WriteTask {
    inserts: Vec<usize>,
    updates: Vec<usize>,
    deletes: Vec<usize>,
}

/// How much one job sends.
const UPLOAD_FILES: usize = 512;
const UPLOAD_BYTES: u64 = 64 << 20;
/// How many ids are asked for in one call.
const IDS_AT_ONCE: usize = 4096;
/// How many records are written under one lock.
const COMMIT_ROWS: usize = 1024;
/// How many records may wait to be written before the next files are sent.
const MOST_READY: usize = 2 * COMMIT_ROWS;
/// How long a run waits for the lock, in leases: whoever died with it is rid of it after one, and those
/// who live get time to be done.
const LOCK_LEASES: u64 = 3;
/// The least that it waits, where leases are short.
const LEAST_LOCK_WAIT_NS: u64 = 60_000_000_000;
/// The lease that a cloud is taken to give before it has told.
pub(super) const USUAL_LEASE_NS: u64 = 60_000_000_000;

impl HeldLock {
    /// When the lease is to be renewed: after a third of it.
    pub(super) fn renew_at(&self) -> u64 {
        match self.renewing {
            Some(_) => u64::MAX,
            None => self.asked_at + self.lease_ns / 3,
        }
    }

    /// Until when the lease, counted from when it was asked for, has enough left to write under it.
    fn until(&self) -> u64 {
        self.asked_at + self.lease_ns / 3 * 2
    }

    fn holds(&self, now: u64) -> bool {
        now < self.until()
    }
}

impl Sent {
    /// Whether these are the file's bytes as it was last seen.
    pub(super) fn is_of(&self, trees: &Trees, node: NodeId) -> bool {
        match trees.local(node).map(|local| local.content) {
            Some(LocalContent::Here(content, _)) => content == self.content,
            Some(LocalContent::Unread(stamp)) => stamp == self.stamp,
            _ => false,
        }
    }
}

impl Run {
    /// Whether it has the cloud's lock.
    pub(super) fn has_lock(&self) -> bool {
        self.held_lock.is_some()
    }

    /// A file that was sent became a node of its own: its bytes need not be sent again.
    pub(super) fn hand_over_sent(&mut self, trees: &Trees, from: NodeId, to: NodeId) {
        let Some(sent) = self.sent.remove(&from) else { return };
        let local = trees.local(to).map(|local| local.content);
        if let Some(LocalContent::Here(content, stamp)) = local
            && content == sent.content
        {
            self.sent.insert(to, Sent { stamp, ..sent });
        }
    }
}

impl Push {
    /// `identified`: what files say of themselves that the trees do not know yet.
    pub(super) fn new(
        trees: &Trees,
        steps: Steps<CloudAction>,
        identified: &BTreeMap<NodeId, ContentId>,
        stop: StopFlag,
    ) -> Self {
        let (steps, joined) = photos::cloud_together(trees, steps, identified);
        Push {
            joined,
            stages: vec![Stage::Open; steps.len()],
            steps,
            uploads: VecDeque::new(),
            ready: BTreeSet::new(),
            sending: 0,
            ids: Ids::Due(0),
            commit: Commit::Idle,
            lock_asked_at: 0,
            attempts: 0,
            locked_out_at: None,
            stale: false,
            stop,
        }
    }

    pub(super) fn stale(&mut self) {
        self.stale = true;
    }

    pub(super) fn rechecked(&mut self) {
        self.commit = Commit::Checked;
    }

    pub(super) fn wake_at(&self) -> Option<u64> {
        match self.commit {
            Commit::Waiting(until) => Some(until),
            _ => None,
        }
    }

    fn drop_step(&mut self, position: usize) {
        self.stages[position] = Stage::Dropped;
        self.ready.remove(&position);
    }

    /// The steps about the same photo as one: it alone, mostly.
    fn photo(&self, position: usize) -> Range<usize> {
        let joined = |at: usize| self.joined.get(at).copied().unwrap_or_default();
        let (mut first, mut end) = (position, position + 1);
        while joined(first) {
            first -= 1;
        }
        while joined(end) {
            end += 1;
        }
        first..end
    }

    /// Whether the bytes of a part of the photo are still to be sent, or on their way.
    fn is_under_way(&self, photo: &Range<usize>) -> bool {
        photo.clone().any(|part| self.stages[part] == Stage::Open && !self.ready.contains(&part))
    }

    /// Whether a whole batch can be written while other files are still being sent.
    fn fills_a_batch(&self) -> bool {
        let writable = |position: &&usize| !self.is_under_way(&self.photo(**position));
        self.ready.len() >= COMMIT_ROWS
            && self.ready.iter().filter(writable).take(COMMIT_ROWS).count() == COMMIT_ROWS
    }

    /// The other parts of a photo wait with one for the next round: what is sent of them need not be sent again.
    fn drop_photo(&mut self, position: usize) -> Vec<NodeId> {
        let parts: Vec<usize> =
            self.photo(position).filter(|part| self.stages[*part] == Stage::Open).collect();
        parts.iter().for_each(|part| self.drop_step(*part));
        parts.into_iter().map(|part| self.node(part)).collect()
    }

    /// What may be sent over Wi-Fi alone is left to a later run.
    fn wait_for_wifi(&mut self, run: &mut Run, position: usize) {
        run.complain(SyncState::UploadFailed, ErrorType::WifiUnavailable);
        self.leave(run, position);
    }

    /// A later run sends it, and the whole photo with it.
    fn leave(&mut self, run: &mut Run, position: usize) {
        run.freeze(self.node(position));
        self.drop_photo(position).into_iter().for_each(|part| run.freeze(part));
    }

    fn action(&self, position: usize) -> &CloudAction {
        &self.steps.actions()[position]
    }

    /// The step is done. Of what it was only the node is kept: in a large run, names are megabytes.
    fn done(&mut self, position: usize) -> CloudAction {
        self.stages[position] = Stage::Done;
        self.ready.remove(&position);
        let node = self.node(position);
        std::mem::replace(&mut self.steps.actions_mut()[position], CloudAction::Delete(node))
    }

    fn node(&self, position: usize) -> NodeId {
        self.action(position).node()
    }

    /// The next records to write: in order, none before what it waits for, and new folders before
    /// anything else, so that nothing is ever in a folder that the cloud does not have. Those of the parts of one
    /// photo go together, so that no other device sees some of them alone: none goes while another part is being
    /// sent. A part that could not be sent is waited for by nobody.
    fn batch(&mut self, trees: &Trees) -> Vec<usize> {
        let mut batch: Vec<usize> = Vec::new();
        let mut chosen = BTreeSet::new();
        let mut hopeless = Vec::new();
        let (mut folders, mut photo) = (false, 0..0);
        for &position in &self.ready {
            let action = self.action(position);
            let new_folder = matches!(action, CloudAction::Insert { .. }) && trees.is_dir(action.node());
            if !photo.contains(&position) {
                photo = self.photo(position);
                let rows = self.ready.range(photo.clone()).count();
                if folders && !new_folder || batch.len() + rows > COMMIT_ROWS {
                    break;
                }
            }
            if self.is_under_way(&photo) {
                continue;
            }
            let stage = |&on: &u32| self.stages.get(on as usize).copied().unwrap_or(Stage::Dropped);
            let after = self.steps.after(position);
            // Of a batch some rows may be refused: nothing is deleted before what lies in it has gone.
            let may_join = !matches!(action, CloudAction::Delete(_));
            if after.iter().any(|on| stage(on) == Stage::Dropped) {
                hopeless.push(position);
            } else if after
                .iter()
                .all(|on| stage(on) == Stage::Done || may_join && chosen.contains(&(*on as usize)))
            {
                folders |= new_folder;
                chosen.insert(position);
                batch.push(position);
            }
        }
        for position in hopeless {
            self.drop_step(position);
        }
        batch
    }
}

impl Core {
    /// Returns whether nothing is left to do in this round.
    pub(super) fn drive_push(&mut self, run: &mut Run, push: &mut Push) -> bool {
        if push.steps.is_empty() {
            return self.give_lock_back(run);
        }
        self.enter(run, SyncState::Uploading);
        if push.ids != Ids::There && !self.record_ids(run, push) {
            return false;
        }
        if push.sending > 0 && !self.gate.may_upload() {
            push.stop.set();
        }
        if push.stale {
            return run.jobs == 0 && self.give_lock_back(run);
        }
        self.send(run, push);
        self.commit(run, push);
        let idle =
            push.uploads.is_empty() && push.sending == 0 && push.commit == Commit::Idle && run.jobs == 0;
        idle && push.ready.is_empty() && self.give_lock_back(run)
    }

    /// Returns whether there is no lock to give back any more.
    fn give_lock_back(&mut self, run: &mut Run) -> bool {
        if let Some(lock) = run.held_lock.take() {
            self.enqueue_run(run, Task::Unlock, Work::Unlock(lock.id));
        }
        run.jobs == 0
    }

    /// New records get their ids before anything is sent: an asset belongs to a record.
    fn record_ids(&mut self, run: &mut Run, push: &mut Push) -> bool {
        let Ids::Due(from) = push.ids else { return false };
        let (missing, next) = self.without_id(push, from);
        if !missing.is_empty() {
            self.enqueue_run(run, Task::NewIds, Work::NewIds(missing.len()));
            push.ids = Ids::Asked(missing, next);
            return false;
        }
        push.ids = Ids::There;
        let trees = self.states.trees.read();
        for position in 0..push.steps.len() {
            let (node, bytes) = match push.action(position) {
                CloudAction::Insert { node, bytes, .. } | CloudAction::Update { node, bytes, .. } => {
                    (*node, *bytes)
                }
                CloudAction::Delete(node) => (*node, false),
            };
            let sent = run.sent.get(&node).is_some_and(|sent| sent.is_of(&trees, node));
            if bytes && !sent {
                push.uploads.push_back(position);
            } else {
                push.ready.insert(position);
            }
        }
        true
    }

    /// The next nodes that need an id, and the position after the last of them.
    fn without_id(&self, push: &Push, from: usize) -> (Vec<NodeId>, usize) {
        let trees = self.states.trees.read();
        let mut nodes = Vec::new();
        for (position, action) in push.steps.actions().iter().enumerate().skip(from) {
            if let CloudAction::Insert { node, .. } = action
                && trees.get(*node).is_some_and(|node| node.record.is_none())
            {
                nodes.push(*node);
            }
            if nodes.len() == IDS_AT_ONCE {
                return (nodes, position + 1);
            }
        }
        (nodes, push.steps.len())
    }

    pub(super) fn ids_done(&mut self, run: &mut Run, result: Result<Vec<String>, CloudError>) {
        let ids = match result {
            Ok(ids) => ids,
            Err(error) => return self.cloud_trouble(run, None, &error),
        };
        let super::run::Phase::Push(push) = &mut run.phase else { return };
        let Ids::Asked(nodes, next) = std::mem::replace(&mut push.ids, Ids::There) else { return };
        let fresh: BTreeSet<&String> = ids.iter().collect();
        let mut trees = self.states.trees.write();
        let known = ids.iter().any(|id| id.is_empty() || trees.by_record(id).is_some());
        if known || fresh.len() != ids.len() || ids.len() < nodes.len() {
            drop(trees);
            let error = CloudError::Unknown("the cloud gave ids that are not new".into());
            return self.cloud_trouble(run, None, &error);
        }
        for (node, id) in nodes.into_iter().zip(ids) {
            trees.set_record(node, Some(&id));
        }
        push.ids = Ids::Due(next);
    }

    fn send(&mut self, run: &mut Run, push: &mut Push) {
        if push.uploads.is_empty() {
            return;
        }
        let full = run.complaint.is_some_and(|(_, error)| error == ErrorType::CloudStorageFull);
        let wifi = self.gate.may_upload();
        if full || !wifi {
            for position in std::mem::take(&mut push.uploads) {
                if wifi {
                    push.leave(run, position);
                } else {
                    push.wait_for_wifi(run, position);
                }
            }
            return;
        }
        // What is sent waits in memory for its record: not more than the records can keep up with.
        while push.sending < self.config.transfer_threads
            && !push.uploads.is_empty()
            && (push.ready.len() < MOST_READY || run.jobs == 0)
        {
            self.send_batch(run, push);
        }
    }

    fn send_batch(&mut self, run: &mut Run, push: &mut Push) {
        let mut items = Vec::new();
        let mut positions = Vec::new();
        let mut bytes = 0;
        let gallery = Arc::from(self.identity.as_str());
        {
            let trees = self.states.trees.read();
            while items.len() < UPLOAD_FILES
                && bytes < UPLOAD_BYTES
                && let Some(position) = push.uploads.pop_front()
            {
                if push.stages[position] != Stage::Open {
                    continue;
                }
                match upload_item(&trees, push.node(position), &gallery) {
                    Some(item) => {
                        bytes += item.stamp.size;
                        items.push(item);
                        positions.push(position);
                    }
                    None => {
                        run.set_back(push.node(position));
                        push.drop_step(position);
                    }
                }
            }
        }
        if !items.is_empty() {
            push.sending += 1;
            self.states.set(items.iter().map(|item| item.node), Some(Activity::Uploading));
            let task = Task::Upload(UploadTask { positions });
            self.enqueue_run_part(run, task, Work::Upload(items), push.stop.clone());
        }
    }

    pub(super) fn upload_done(&mut self, run: &mut Run, task: UploadTask, outcomes: Vec<UploadOutcome>) {
        let mut phase = std::mem::replace(&mut run.phase, super::run::Phase::Done);
        if let super::run::Phase::Push(push) = &mut phase {
            push.sending -= 1;
            self.states.set(task.positions.iter().map(|&position| push.node(position)), None);
            for (position, outcome) in task.positions.into_iter().zip(outcomes) {
                self.uploaded(run, push, position, outcome);
            }
        }
        run.phase = phase;
    }

    fn uploaded(&mut self, run: &mut Run, push: &mut Push, position: usize, outcome: UploadOutcome) {
        let node = push.node(position);
        match outcome {
            UploadOutcome::Sent { content, asset, previews, stamp } => {
                let mut trees = self.states.trees.write();
                if trees.local(node).is_none() {
                    return;
                }
                trees.set_local_content(node, LocalContent::Here(content, stamp));
                run.tally.done(1);
                run.sent.insert(node, Sent { content, asset, previews, stamp });
                if push.stages[position] == Stage::Open {
                    push.ready.insert(position);
                }
                return;
            }
            UploadOutcome::Changed => {
                distrust(&mut self.states.trees.write(), node);
                run.set_back(node);
                if !run.has_frozen(node) {
                    // The next round sends it as it is then, and the other parts of its photo go with it.
                    push.drop_photo(position);
                }
            }
            UploadOutcome::Unreadable(error) => self.trouble(run, node, &error),
            UploadOutcome::Refused(
                error @ (CloudError::NoSpaceForAsset | CloudError::RecordLimitExceeded),
            ) => {
                // The whole photo waits until there is room for all of it.
                let others = push.drop_photo(position).into_iter().filter(|part| *part != node);
                for part in others.chain([node]) {
                    self.cloud_trouble(run, Some(part), &error);
                }
            }
            UploadOutcome::Refused(error) => self.cloud_trouble(run, Some(node), &error),
            UploadOutcome::Stopped => match run.ending {
                Some(Ending::Stopped) => self.states.set([node], Some(Activity::Stopped)),
                // The device does not allow it: nobody has stopped it, and the next run goes on from there.
                Some(Ending::Failed(..)) => {}
                None => push.wait_for_wifi(run, position),
            },
        }
        push.drop_step(position);
    }

    /// Writes what is ready, once there is enough of it or nothing else to wait for.
    fn commit(&mut self, run: &mut Run, push: &mut Push) {
        let now = self.clock.monotonic_ns();
        if let Commit::Waiting(until) = push.commit
            && now >= until
        {
            push.commit = Commit::Idle;
        }
        let all_sent = push.uploads.is_empty() && push.sending == 0;
        let enough = if all_sent { !push.ready.is_empty() } else { push.fills_a_batch() };
        let enough = enough && !self.wants_anything_back();
        match push.commit {
            Commit::Idle if enough => {
                if run.held_lock.as_ref().is_some_and(|lock| lock.holds(now)) {
                    self.write(run, push);
                } else {
                    run.held_lock = None;
                    push.commit = Commit::Locking;
                    push.lock_asked_at = now;
                    self.enqueue_run(run, Task::Lock, Work::Lock);
                }
            }
            Commit::Checked => self.write(run, push),
            // Others may have the lock while this device sends bytes.
            Commit::Idle if run.held_lock.is_some() => {
                push.commit = Commit::Unlocking;
                self.give_lock_back(run);
            }
            _ => {}
        }
    }

    /// `id`: of the lock that was to be renewed. One that is not held any more has been taken for ended meanwhile.
    pub(super) fn heartbeat_done(run: &mut Run, id: i64, result: Result<(i64, u32), CloudError>) {
        let Some(lock) = run.held_lock.as_mut().filter(|lock| lock.id == id) else { return };
        let Some(asked_at) = lock.renewing.take() else { return };
        match result {
            Ok((_, seconds)) => {
                lock.asked_at = asked_at;
                lock.lease_ns = u64::from(seconds) * 1_000_000_000;
            }
            // Not renewed, or perhaps not: it ends with the lease it has.
            Err(_) => lock.asked_at = asked_at.saturating_sub(lock.lease_ns / 3 * 2),
        }
    }

    pub(super) fn unlocked(run: &mut Run) {
        if let super::run::Phase::Push(push) = &mut run.phase
            && push.commit == Commit::Unlocking
        {
            push.commit = Commit::Idle;
        }
    }

    pub(super) fn lock_done(&mut self, run: &mut Run, result: Result<(i64, u32), CloudError>) {
        let super::run::Phase::Push(push) = &mut run.phase else { return };
        match result {
            Ok((id, seconds)) => {
                let lease_ns = u64::from(seconds) * 1_000_000_000;
                self.lease_ns = lease_ns;
                run.held_lock = Some(HeldLock { id, asked_at: push.lock_asked_at, lease_ns, renewing: None });
                push.commit = Commit::Rechecking;
                push.attempts = 0;
                push.locked_out_at = None;
                let work = Work::Pull { cursor: self.cursor.clone(), count: super::observe::PAGE };
                self.enqueue_run(run, Task::Pull, work);
            }
            Err(CloudError::LockedByOthers) => {
                let now = self.clock.monotonic_ns();
                let since = *push.locked_out_at.get_or_insert(push.lock_asked_at);
                if now.saturating_sub(since) >= (self.lease_ns * LOCK_LEASES).max(LEAST_LOCK_WAIT_NS) {
                    return self.locked_out(run);
                }
                push.attempts += 1;
                let most = (50_000_000 << push.attempts.min(6)).min(2_000_000_000);
                let wait = 10_000_000 + self.random.next_u64() % most;
                push.commit = Commit::Waiting(now + wait);
            }
            Err(error) => self.cloud_trouble(run, None, &error),
        }
    }

    /// The cloud answers and nothing is wrong with it, only with whoever has the lock: the run ends and
    /// each file says why it waits. What was sent stays sent.
    fn locked_out(&mut self, run: &mut Run) {
        let super::run::Phase::Push(push) = &run.phase else { return };
        let steps = push.steps.actions().iter().zip(&push.stages);
        let open = steps.filter(|(_, stage)| **stage == Stage::Open);
        let waiting: Vec<NodeId> = open.map(|(action, _)| action.node()).collect();
        let text = "another device has been changing the cloud for all the time that this one waited: \
                    the next start goes on from here and sends nothing twice";
        self.leave_waiting(run, &waiting, &Error::new(Code::Busy, text));
        run.fail(ErrorType::UnknownError);
    }

    pub(super) fn tick_lock(&mut self, run: &mut Run, now: u64) {
        let Some(lock) = &mut run.held_lock else { return };
        if now >= lock.renew_at() {
            lock.renewing = Some(now);
            let id = lock.id;
            self.enqueue_run(run, Task::Heartbeat(id), Work::Heartbeat(id));
        }
    }

    fn write(&mut self, run: &mut Run, push: &mut Push) {
        let now = self.clock.monotonic_ns();
        let Some(lock) = run.held_lock.as_ref().filter(|lock| lock.holds(now)) else {
            // It would end before the write does: taken anew, and checked anew.
            run.held_lock = None;
            push.commit = Commit::Idle;
            return;
        };
        let (lock_id, until_ns) = (lock.id, lock.until());
        let capabilities = self.context.capabilities();
        let trees = self.states.trees.read();
        let mut rows = WriteBatch { until_ns, ..WriteBatch::default() };
        let mut task = WriteTask { inserts: Vec::new(), updates: Vec::new(), deletes: Vec::new() };
        for position in push.batch(&trees) {
            let Some(row) = row(&trees, run, push.action(position), capabilities, lock_id) else {
                push.drop_step(position);
                continue;
            };
            let (list, positions) = match push.action(position) {
                CloudAction::Insert { .. } => (&mut rows.inserts, &mut task.inserts),
                CloudAction::Update { .. } => (&mut rows.updates, &mut task.updates),
                CloudAction::Delete(_) => (&mut rows.deletes, &mut task.deletes),
            };
            list.push(row);
            positions.push(position);
        }
        drop(trees);
        if task.inserts.is_empty() && task.updates.is_empty() && task.deletes.is_empty() {
            // What is ready waits for what was dropped: the next round plans it anew. Or a part of its photo is
            // still being sent.
            if push.uploads.is_empty() && push.sending == 0 {
                push.ready.clear();
            }
            push.commit = Commit::Idle;
            return;
        }
        // First the intent: a kill after the cloud has taken the rows finds their ids here.
        if let Err(error) = self.save() {
            return self.index_trouble(run, &error);
        }
        push.commit = Commit::Writing;
        self.enqueue_run(run, Task::Write(task), Work::Write(rows));
    }

    pub(super) fn write_done(
        &mut self,
        run: &mut Run,
        task: WriteTask,
        result: Result<WriteResults, CloudError>,
    ) {
        let results = match result {
            Ok(results) => results,
            // It may have happened or not: the next look at the cloud tells.
            Err(CloudError::StaleLock | CloudError::VersionConflict { .. }) => WriteResults::default(),
            Err(error) => {
                let unanswered = |error: &CloudError| {
                    matches!(
                        error,
                        CloudError::Network(_) | CloudError::Gone(_) | CloudError::TooManyRequests(_)
                    )
                };
                if !unanswered(&error) {
                    // Nothing says which row is to blame: none of them names bytes sent long ago again.
                    run.sent.clear();
                }
                return self.cloud_trouble(run, None, &error);
            }
        };
        let mut phase = std::mem::replace(&mut run.phase, super::run::Phase::Done);
        if let super::run::Phase::Push(push) = &mut phase {
            push.commit = Commit::Idle;
            let positions = [task.inserts, task.updates, task.deletes];
            let answers = [results.inserts, results.updates, results.deletes];
            push.stale |= answers.iter().zip(&positions).any(|(answers, rows)| answers.len() != rows.len());
            let nodes: Vec<NodeId> =
                positions.iter().flatten().map(|position| push.node(*position)).collect();
            for (positions, answers) in positions.into_iter().zip(answers) {
                for (position, answer) in positions.into_iter().zip(answers) {
                    self.written(run, push, position, answer);
                }
            }
            self.mark_sent(run, &nodes);
        }
        run.phase = phase;
        if let Err(error) = self.save() {
            self.index_trouble(run, &error);
        }
    }

    fn written(
        &mut self,
        run: &mut Run,
        push: &mut Push,
        position: usize,
        answer: Result<WriteReceipt, CloudError>,
    ) {
        let node = push.node(position);
        match answer {
            Ok(receipt) => {
                // What was sent for an earlier plan is not what a record without bytes has taken.
                let action = push.done(position);
                let sent = if takes_bytes(&action) { run.sent.remove(&node) } else { None };
                apply(&mut self.states.trees.write(), &action, sent, receipt.version);
            }
            Err(CloudError::StaleLock) => {
                run.held_lock = None;
                push.stale = true;
            }
            Err(CloudError::VersionConflict { current }) => {
                push.stale = true;
                if current == 0 {
                    forget_deleted(&mut self.states.trees.write(), node);
                }
            }
            Err(CloudError::NotAllowed(text)) if matches!(push.action(position), CloudAction::Delete(_)) => {
                // Not kept for the day on which it may be allowed: nobody would know of it any more.
                self.events.log(1, &format!("a deletion is refused ({text}): the file comes back"));
                bring_back(&mut self.states.trees.write(), node);
                push.drop_step(position);
                push.stale = true;
            }
            Err(error) => {
                // Perhaps the cloud has not kept the bytes for so long: they are sent anew.
                run.sent.remove(&node);
                self.cloud_trouble(run, Some(node), &error);
                push.drop_step(position);
            }
        }
    }
}

fn upload_item(trees: &Trees, id: NodeId, gallery: &Arc<str>) -> Option<UploadItem> {
    let node = trees.get(id)?;
    let local = node.local?.content;
    Some(UploadItem {
        node: id,
        record: node.record?.into(),
        gallery: Arc::clone(gallery),
        path: trees.local_path(id)?,
        stamp: local.stamp()?,
        digest: local.bytes().map(|content| content.digest),
        identifier: local.bytes().and_then(|content| content.identifier),
    })
}

fn row(
    trees: &Trees,
    run: &Run,
    action: &CloudAction,
    capabilities: Capabilities,
    lock_id: i64,
) -> Option<RowWrite> {
    let id = action.node();
    let node = trees.get(id)?;
    let version = node.remote.map_or(0, |remote| remote.version);
    let values = match action {
        CloudAction::Insert { place, bytes, .. } | CloudAction::Update { place, bytes, .. } => {
            let parent = match place.parent {
                NodeId::ROOT => None,
                parent => Some(trees.get(parent)?.record?),
            };
            let file = if node.kind == Kind::Dir { None } else { Some(contents(trees, run, id, *bytes)?) };
            record::row(parent, &place.name, file.as_ref())
        }
        // Somebody has brought it back since this was planned.
        CloudAction::Delete(_) if node.synced.is_none() => return None,
        CloudAction::Delete(_) => cloudsync_cloud::Row::new(),
    };
    Some(RowWrite {
        id: node.record?.to_owned(),
        base_version: capabilities.compare_and_set.then_some(version),
        lock_id: capabilities.fencing.then_some(lock_id),
        values,
    })
}

/// The bytes that a record shall name: those just sent, or those it names already.
fn contents(trees: &Trees, run: &Run, id: NodeId, bytes: bool) -> Option<record::File> {
    if bytes {
        let Sent { content, asset, previews, .. } = run.sent.get(&id)?;
        let asset = record::asset_id(asset.as_deref(), &content.digest);
        return Some(record::File { content: *content, asset, previews: previews.clone() });
    }
    let remote = trees.remote(id)?;
    let content = remote.content?;
    let asset = record::asset_id(remote.asset, &content.digest);
    Some(record::File { content, asset, previews: remote.previews.to_previews() })
}

/// What was read of a file is not what it holds: it is read again.
fn distrust(trees: &mut Trees, id: NodeId) {
    if let Some(LocalContent::Here(_, stamp)) = trees.local(id).map(|local| local.content) {
        trees.set_local_content(id, LocalContent::Unread(stamp));
    }
}

/// The cloud does not even remember any more that a record was deleted: it is a new one now.
fn forget_deleted(trees: &mut Trees, id: NodeId) {
    if trees.remote(id).is_some_and(|remote| remote.deleted) {
        trees.set_remote(id, None);
    }
}

fn takes_bytes(action: &CloudAction) -> bool {
    matches!(action, CloudAction::Insert { bytes: true, .. } | CloudAction::Update { bytes: true, .. })
}

/// Puts a written record into the cloud's tree.
fn apply(trees: &mut Trees, action: &CloudAction, sent: Option<Sent>, version: u64) {
    let id = action.node();
    match action {
        CloudAction::Delete(_) => trees.set_remote_deleted(id, version),
        CloudAction::Insert { place, .. } | CloudAction::Update { place, .. } => {
            take_written(trees, id, place.as_ref(), sent.as_ref(), version);
            if trees.removed().contains(&id) && trees.local(id).is_none() {
                // A person has removed it meanwhile: what was just written is what is to go.
                trees.set_agreed(id);
            }
        }
    }
    plan::settle(trees, id);
}

fn take_written(trees: &mut Trees, id: NodeId, place: PlaceRef<'_>, sent: Option<&Sent>, version: u64) {
    let known = trees.remote(id);
    let known = known.map(Remote::to_remote);
    let (content, asset, previews) = match (sent, &known) {
        (Some(sent), _) => (Some(sent.content), sent.asset.as_deref(), sent.previews.as_ref()),
        (None, Some(known)) => (known.content, known.asset.as_deref(), known.previews.as_ref()),
        (None, None) => (None, None, Previews::NONE),
    };
    let remote = Remote { place, content, asset, previews, version, deleted: false };
    if sent.is_some() {
        trees.set_sent(id, remote);
    } else {
        trees.set_remote(id, Some(remote));
    }
}
