//! One sync run: look at disk and cloud, plan, change the disk, change the cloud, look again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cloudsync_cloud::CloudError;

use super::disk_phase::DiskPhase;
use super::identify::Identify;
use super::marks::AfterMarks;
use super::observe::Observe;
use super::outlook::Outlook;
use super::progress::Tally;
use super::push::{Push, Sent};
use super::reconcile::stamp_of;
use super::{Core, Task};
use crate::config::DownloadPolicy;
use crate::error::{Code, Error, Result};
use crate::event::{ErrorType, SyncState};
use crate::gate::asked_too_often;
use crate::job::{
    DiskOutcome, FetchOutcome, HashItem, HashOutcome, Outcome, PreviewOutcome, StopFlag, UploadOutcome, Work,
};
use crate::plan::{self, CloudAction, DiskAction, Learn, Plan, Request};
use crate::tree::{Kind, LocalContent, NodeId, Trees, Trouble};

/// One sync run.
pub(super) struct Run {
    pub(super) stop: StopFlag,
    pub(super) ending: Option<Ending>,
    /// What the run ends with if nothing worse happens.
    pub(super) complaint: Option<(SyncState, ErrorType)>,
    /// Why it ends, where more is known than the event says.
    pub(super) why: Option<Error>,
    pub(super) phase: Phase,
    /// Jobs that were queued and are not back yet.
    pub(super) jobs: usize,
    pub(super) state: SyncState,
    pub(super) tally: Tally,
    pub(super) needs_scan: bool,
    /// Bytes that are in the cloud while their records are not yet.
    pub(super) sent: BTreeMap<NodeId, Sent>,
    pub(super) held_lock: Option<super::push::HeldLock>,
    /// Rounds since there was less to do than ever before in this run.
    rounds: u32,
    least_left: usize,
    setbacks: BTreeMap<NodeId, u32>,
    frozen: BTreeSet<NodeId>,
    next_progress: u64,
    /// The whole gallery was looked at because the watcher cannot have told everything.
    looked_anew: bool,
    /// Where this is only a look at what a run would do.
    pub(super) outlook: Option<Outlook>,
}

/// How a run ends before its work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Stopped,
    Failed(SyncState, ErrorType),
}

/// Where a run is.
pub(super) enum Phase {
    Observe(Observe),
    Learn,
    Disk(DiskPhase),
    Identify(Identify),
    Push(Box<Push>),
    /// Files get their marks, and then that comes.
    Marks(VecDeque<NodeId>, AfterMarks),
    /// The thumbnails of what is in the cloud alone, in this order.
    Thumbnails(VecDeque<NodeId>),
    Done,
}

/// A run that finds no less work in so many rounds leaves the rest to the next one.
const MOST_ROUNDS: u32 = 60;
/// A file that changes under the engine's hands this often is left to the next run.
const MOST_SETBACKS: u32 = 3;
/// How long a file that failed waits before it is tried again.
const RETRY_NS: i64 = 60_000_000_000;
/// How often progress is told, in nanoseconds.
pub(super) const PROGRESS_NS: u64 = 100_000_000;
/// How much one job hashes.
const HASH_FILES: usize = 64;
const HASH_BYTES: u64 = 64 << 20;

impl Run {
    fn new(now: u64, needs_scan: bool, watched: Option<Vec<String>>, tally: Tally) -> Self {
        Run {
            stop: StopFlag::default(),
            ending: None,
            complaint: None,
            why: None,
            phase: Phase::Observe(Observe::new(needs_scan, watched)),
            jobs: 0,
            state: SyncState::Downloading,
            tally,
            needs_scan: false,
            sent: BTreeMap::new(),
            held_lock: None,
            rounds: 0,
            least_left: usize::MAX,
            setbacks: BTreeMap::new(),
            frozen: BTreeSet::new(),
            next_progress: now + PROGRESS_NS,
            looked_anew: false,
            outlook: None,
        }
    }

    /// One that ends where another would begin to change anything.
    pub(super) fn looking_ahead(now: u64, watched: Option<Vec<String>>, outlook: Outlook) -> Self {
        Run { outlook: Some(outlook), ..Run::new(now, true, watched, Tally::default()) }
    }

    /// One that looks at the disk, and does nothing more.
    pub(super) fn looking_at_disk(now: u64, watched: Option<Vec<String>>, outlook: Outlook) -> Self {
        let phase = Phase::Observe(Observe::of_disk(watched));
        Run { phase, outlook: Some(outlook), ..Run::new(now, false, None, Tally::default()) }
    }

    /// Whether it looks at the disk alone.
    pub(super) fn is_look(&self) -> bool {
        self.outlook.as_ref().is_some_and(Outlook::is_of_disk)
    }

    /// Whether what the watcher told has not been looked at.
    pub(super) fn has_not_looked(&self) -> bool {
        matches!(&self.phase, Phase::Observe(observe) if !observe.has_looked()) || self.needs_scan
    }

    /// What it leaves alone.
    pub(super) fn frozen(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.frozen.iter().copied()
    }

    pub(super) fn wake_at(&self) -> Option<u64> {
        let push = match &self.phase {
            Phase::Push(push) => push.wake_at(),
            _ => None,
        };
        let lock = self.held_lock.as_ref().map(super::push::HeldLock::renew_at);
        let progress = self.outlook.is_none().then_some(self.next_progress);
        [progress, push, lock].into_iter().flatten().min()
    }

    /// The run goes no further. What is under way comes back first.
    pub(super) fn end(&mut self, ending: Ending) {
        if self.ending.is_none() {
            self.ending = Some(ending);
        }
    }

    pub(super) fn fail(&mut self, error: ErrorType) {
        let state = match self.state {
            SyncState::Uploading => SyncState::UploadFailed,
            _ => SyncState::DownloadFailed,
        };
        self.end(Ending::Failed(state, error));
    }

    pub(super) fn complain(&mut self, state: SyncState, error: ErrorType) {
        self.complaint.get_or_insert((state, error));
    }

    /// The disk was not as expected: it is looked at again, and the file tried again, a few times.
    pub(super) fn set_back(&mut self, node: NodeId) {
        self.needs_scan = true;
        let count = self.setbacks.entry(node).or_default();
        *count += 1;
        if *count >= MOST_SETBACKS {
            self.frozen.insert(node);
        }
    }

    /// Whether a node is left to a later run.
    pub(super) fn has_frozen(&self, node: NodeId) -> bool {
        self.frozen.contains(&node)
    }

    pub(super) fn freeze(&mut self, node: NodeId) {
        self.frozen.insert(node);
    }

    /// One more round, which finds so many nodes out of step. Only one that finds fewer than all before
    /// it is sure to have come closer to the end.
    fn count_round(&mut self, left: usize) {
        self.rounds = if left < self.least_left { 0 } else { self.rounds + 1 };
        self.least_left = self.least_left.min(left);
    }
}

impl Core {
    /// Starts a run; returns when it is accepted. May block while the cloud is asked.
    pub fn start_sync(&mut self) -> Result<()> {
        self.gate.check().inspect_err(|error| self.states.note_refused(error))?;
        self.begin_sync();
        Ok(())
    }

    /// Starts a run that the gate has let through, or one more after the one under way.
    pub fn begin_sync(&mut self) {
        if self.settled().is_err() || self.account.refusal().is_some() {
            // It was let through before that.
            return self.tell_never_begun();
        }
        if self.run.is_some() {
            self.run_again = true;
        } else {
            self.begin_run(Tally::default());
            self.advance();
        }
    }

    /// A start that was let through ends before it began.
    pub(super) fn tell_never_begun(&mut self) {
        let held = self.deletions_held();
        self.emit_sync(Tally::default().progress(SyncState::Stopped, ErrorType::NoError, held));
    }

    fn begin_run(&mut self, tally: Tally) {
        self.auto.begun();
        self.states.forget_stopped();
        if !self.swept {
            self.swept = true;
            let trash_seconds = self.config.trash_retention.as_secs();
            self.enqueue(Task::Sweep, Work::Sweep { trash_seconds }, StopFlag::default(), Default::default());
        }
        let watched = self.take_watched();
        let mut run = Run::new(self.clock.monotonic_ns(), true, watched, tally);
        run.sent = std::mem::take(&mut self.sent);
        self.states.notes.write().running = true;
        let progress = run.tally.progress(run.state, ErrorType::NoError, self.deletions_held());
        self.run = Some(run);
        self.emit_sync(progress);
    }

    /// Asks the run to stop. Its last event comes when what is under way is back.
    pub fn stop_sync(&mut self) {
        if self.run.as_ref().is_some_and(|run| run.outlook.is_some()) {
            return self.stop_waiting_start();
        }
        self.run_again = false;
        self.await_next_change();
        if let Some(run) = &mut self.run {
            run.stop.set();
            run.ending = Some(Ending::Stopped);
        }
        self.advance();
    }

    /// How many deletions wait for the host's word.
    pub fn deletions_held(&self) -> u64 {
        self.states.notes.read().held.len() as u64
    }

    /// The host's word on the deletions held.
    pub fn answer_held_deletions(&mut self, carry_out: bool) {
        let held = std::mem::take(&mut self.states.notes.write().held);
        self.deletions.carry_out = carry_out;
        if carry_out {
            return self.note_left_over();
        }
        // Forgetting that both sides ever agreed makes what is left on one side new there.
        let mut trees = self.states.trees.write();
        for id in held {
            trees.set_synced(id, None);
        }
        drop(trees);
        self.note_left_over();
    }

    /// Takes the run as far as it goes without waiting, and tells what has changed.
    pub(super) fn advance(&mut self) {
        self.advance_run();
        // A run may have waited for what was refused now.
        while self.go_on_restoring() {
            self.advance_run();
        }
        self.tell_changes();
    }

    fn advance_run(&mut self) {
        while let Some(mut run) = self.run.take() {
            if run.ending.is_none()
                && !run.is_look()
                && let Some(error) = self.gate.interrupts()
            {
                run.fail(error);
                // What moves bytes now would move all that its job has left.
                run.stop.set();
            }
            let finished = run.ending.is_some() || matches!(run.phase, Phase::Done);
            let went_on = if finished { self.wind_down(&mut run) } else { self.drive(&mut run) };
            if finished && run.jobs == 0 {
                self.finish_run(run);
                continue;
            }
            self.run = Some(run);
            if !went_on {
                return;
            }
        }
    }

    /// One thing more. Returns whether there may be another.
    fn drive(&mut self, run: &mut Run) -> bool {
        match std::mem::replace(&mut run.phase, Phase::Learn) {
            Phase::Observe(mut observe) => {
                let done = self.drive_observe(run, &mut observe);
                if done && run.is_look() {
                    run.phase = Phase::Marks(self.outdated_marks(), AfterMarks::End);
                } else if done {
                    self.plan_round(run);
                } else {
                    run.phase = Phase::Observe(observe);
                }
                done
            }
            Phase::Learn => {
                if run.jobs > 0 {
                    return false;
                }
                if run.needs_scan {
                    self.next_round(run);
                } else {
                    self.plan_round(run);
                }
                true
            }
            Phase::Disk(mut disk) => {
                if let Some(identify) = self.drive_disk(run, &mut disk) {
                    run.phase = Phase::Identify(identify);
                    return true;
                }
                run.phase = Phase::Disk(disk);
                false
            }
            Phase::Identify(mut identify) => {
                if let Some(push) = self.drive_identify(run, &mut identify) {
                    run.phase = Phase::Push(push);
                    return true;
                }
                run.phase = Phase::Identify(identify);
                false
            }
            Phase::Push(mut push) => {
                if self.drive_push(run, &mut push) {
                    self.next_round(run);
                    return true;
                }
                run.phase = Phase::Push(push);
                false
            }
            Phase::Marks(mut files, then) => {
                let done = self.drive_marks(run, &mut files);
                if done {
                    self.go_on_after_marks(run, then);
                } else {
                    run.phase = Phase::Marks(files, then);
                }
                done
            }
            Phase::Thumbnails(mut files) => {
                let done = self.drive_thumbnails(run, &mut files);
                run.phase = if done { Phase::Done } else { Phase::Thumbnails(files) };
                done
            }
            Phase::Done => {
                run.phase = Phase::Done;
                false
            }
        }
    }

    fn go_on_after_marks(&mut self, run: &mut Run, then: AfterMarks) {
        run.phase = match then {
            AfterMarks::Change(plan) => {
                Phase::Disk(DiskPhase::new(&self.states.trees.read(), plan.disk, plan.cloud))
            }
            AfterMarks::Round => return self.next_round(run),
            AfterMarks::Thumbnails => Phase::Thumbnails(self.missing_thumbnails()),
            AfterMarks::End => Phase::Done,
        };
    }

    /// What is queued is not begun any more; what is under way comes back; then the lock goes back.
    fn wind_down(&mut self, run: &mut Run) -> bool {
        let dropped = self.queue.take_background(|job| {
            self.tasks.get(&job.id).is_some_and(|task| task.is_of_run() && !matches!(task, Task::Unlock))
        });
        for job in dropped {
            if let Some(task) = self.tasks.remove(&job.id) {
                run.jobs -= 1;
                let outcome = task.not_begun();
                self.take_outcome(run, task, outcome);
            }
        }
        // A download may have waited for what is not begun any more.
        self.begin_waiting();
        if run.jobs == 0
            && let Some(lock) = run.held_lock.take()
        {
            self.enqueue_run(run, Task::Unlock, Work::Unlock(lock.id));
        }
        false
    }

    pub(super) fn finish_run(&mut self, mut run: Run) {
        if let Some(outlook) = run.outlook.take() {
            return self.finish_outlook(&mut run, outlook);
        }
        let nodes: Vec<NodeId> = run.sent.keys().copied().collect();
        self.states.set(nodes, None);
        self.keep_sent(&mut run);
        let (state, error) = match (run.ending, run.complaint) {
            (Some(Ending::Stopped), _) => (SyncState::Stopped, ErrorType::NoError),
            (Some(Ending::Failed(state, error)), _) | (None, Some((state, error))) => (state, error),
            (None, None) => (SyncState::Completed, ErrorType::NoError),
        };
        if state == SyncState::Completed {
            self.states.set_last_sync_ms(self.clock.wall_ns().div_euclid(1_000_000));
        }
        if let Err(error) = self.save() {
            self.events.log(1, &error.text);
        }
        if run.has_not_looked() {
            self.distrust_watcher();
        }
        self.explain_setbacks(&mut run);
        let left_out = self.count_troubled(&run);
        run.tally.failed(left_out);
        self.note_end(run.ending, state, left_out);
        if run.ending.is_none() {
            self.deletions.carry_out = false;
        }
        self.states.notes.write().note_end(error, state == SyncState::Stopped, run.why.take());
        self.tell_last_changes();
        if run.ending.is_none() {
            self.tidy_previews();
        }
        let again = std::mem::take(&mut self.run_again);
        if !again || state == SyncState::Stopped {
            let progress = run.tally.progress(state, error, self.deletions_held());
            self.emit_sync(progress);
        }
        if again {
            let tally = if state == SyncState::Stopped { Tally::default() } else { run.tally };
            self.begin_run(tally);
        }
    }

    /// Bytes that reached the cloud without their record need not be sent again by the next run.
    fn keep_sent(&mut self, run: &mut Run) {
        let trees = self.states.trees.read();
        self.sent = std::mem::take(&mut run.sent);
        self.sent.retain(|node, sent| trees.out_of_step().contains(*node) && sent.is_of(&trees, *node));
    }

    /// What was set back too often to be tried again in this run says why it waits.
    fn explain_setbacks(&mut self, run: &mut Run) {
        let often = run.setbacks.iter().filter(|(_, count)| **count >= MOST_SETBACKS);
        let stuck: Vec<NodeId> = often.map(|(node, _)| *node).collect();
        for node in stuck {
            if self.states.trees.read().out_of_step().contains(node) {
                let text = "the file keeps changing, or something that is not synced has its name: \
                            the next start tries again";
                self.trouble(run, node, &Error::new(Code::Busy, text));
            }
        }
    }

    fn count_troubled(&self, run: &Run) -> u64 {
        let trees = self.states.trees.read();
        let troubled =
            run.frozen.iter().filter(|id| trees.get(**id).is_some_and(|node| node.trouble.is_some()));
        troubled.count() as u64
    }

    pub(super) fn enqueue_run(&mut self, run: &mut Run, task: Task, work: Work) {
        let stop = run.stop.clone();
        self.enqueue_run_part(run, task, work, stop);
    }

    /// A job that may be stopped where the run goes on; `stop` is a part of the run's.
    pub(super) fn enqueue_run_part(&mut self, run: &mut Run, task: Task, work: Work, stop: StopFlag) {
        run.jobs += 1;
        self.enqueue(task, work, stop, run.tally.moved());
    }

    pub(super) fn run_job_done(&mut self, task: Task, outcome: Outcome) {
        let Some(mut run) = self.run.take() else { return };
        run.jobs -= 1;
        self.take_outcome(&mut run, task, outcome);
        self.run = Some(run);
    }

    fn take_outcome(&mut self, run: &mut Run, task: Task, outcome: Outcome) {
        match (task, outcome) {
            (Task::Scan, Outcome::Scan(result)) => self.scan_done(run, result),
            (Task::Pull, Outcome::Pull(result)) => self.pull_done(run, result),
            (Task::Hash(nodes), Outcome::Hash(outcomes)) => self.hash_done(run, nodes, outcomes),
            (Task::Disk(task), Outcome::Disk(outcomes)) => self.disk_done(run, task, outcomes),
            (Task::Fetch(task), Outcome::Fetch(outcomes)) => self.fetch_done(run, task, outcomes),
            (Task::Identify, Outcome::Identified(found)) => Self::identified(run, found),
            (Task::Upload(task), Outcome::Upload(outcomes)) => self.upload_done(run, task, outcomes),
            (Task::Previews(nodes), Outcome::Previews(outcomes)) => {
                self.thumbnails_done(run, nodes, outcomes);
            }
            (Task::Mark(task), Outcome::Marked(outcomes)) => self.marks_done(run, task, outcomes),
            (Task::NewIds, Outcome::NewIds(result)) => self.ids_done(run, result),
            (Task::Lock, Outcome::Lock(result)) => self.lock_done(run, result),
            (Task::Heartbeat(id), Outcome::Lock(result)) => Self::heartbeat_done(run, id, result),
            (Task::Write(task), Outcome::Write(result)) => self.write_done(run, task, result),
            (Task::Unlock, _) => Self::unlocked(run),
            (_, Outcome::Swept) => {}
            (task, _) => self.broken(run, task),
        }
    }

    /// A worker broke: its step is undone here, and the run ends with an error.
    fn broken(&mut self, run: &mut Run, task: Task) {
        if let Task::Disk(task) = task {
            self.undo_disk(task);
        }
        run.fail(ErrorType::UnknownError);
    }

    /// Plans, and begins what the plan says.
    fn plan_round(&mut self, run: &mut Run) {
        loop {
            let plan = self.plan(run);
            {
                let mut trees = self.states.trees.write();
                for &id in &plan.settle {
                    plan::settle(&mut trees, id);
                }
            }
            if plan.learn.is_empty() {
                self.begin_plan(run, plan);
                return;
            }
            if self.learn(run, plan.learn) {
                run.phase = Phase::Learn;
                return;
            }
        }
    }

    /// What is worked on outside the run.
    pub(super) fn in_other_hands(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.demands.nodes().chain(self.evictions.nodes()).chain(self.trash.nodes())
    }

    fn plan(&self, run: &Run) -> Plan {
        let label = super::disk_phase::conflict_label(&self.config.device_name, self.clock.wall_ns());
        let mut frozen = run.frozen.clone();
        frozen.extend(self.in_other_hands());
        let out = self.left_out();
        self.keep_left_out(&out);
        frozen.extend(out);
        let trees = self.states.trees.read();
        plan::plan(&Request {
            trees: &trees,
            frozen: &frozen,
            label: &label,
            fetch_bytes: self.config.download_policy == DownloadPolicy::Originals,
            // Whoever only looks is told everything.
            new_files_at_once: match run.outlook {
                Some(_) => usize::MAX,
                None => self.config.new_files_at_once,
            },
        })
    }

    fn begin_plan(&mut self, run: &mut Run, mut plan: Plan) {
        if run.outlook.is_some() {
            return self.end_outlook(run, &plan);
        }
        self.hold_deletions(&mut plan);
        run.count_round(self.states.trees.read().out_of_step().len());
        let nothing = plan.disk.is_empty() && plan.cloud.is_empty();
        if nothing && !run.needs_scan {
            run.phase = Phase::Marks(self.unmarked_files(), AfterMarks::Thumbnails);
            return;
        }
        if run.rounds > MOST_ROUNDS {
            self.outrun(run, &plan);
            return;
        }
        if nothing {
            self.next_round(run);
            return;
        }
        self.expect(run, &plan);
        run.phase = Phase::Marks(self.outdated_marks(), AfterMarks::Change(Box::new(plan)));
    }

    /// What changed under the look is looked at again, as in any run.
    fn end_outlook(&mut self, run: &mut Run, plan: &Plan) {
        run.count_round(self.states.trees.read().out_of_step().len());
        if run.needs_scan && run.rounds <= MOST_ROUNDS {
            return self.next_round(run);
        }
        self.describe(run, plan);
        run.phase = Phase::Done;
    }

    /// Disk or cloud change faster than this run follows: it ends, and says what is left and why.
    fn outrun(&mut self, run: &mut Run, plan: &Plan) {
        let disk = plan.disk.actions().iter().map(DiskAction::node);
        let cloud = plan.cloud.actions().iter().map(CloudAction::node);
        let left: BTreeSet<NodeId> = disk.chain(cloud).collect();
        let text = "the files here or in the cloud change faster than they can be synced: \
                    the next start goes on from here";
        self.leave_waiting(run, &left.into_iter().collect::<Vec<_>>(), &Error::new(Code::TryAgain, text));
        let state = if plan.cloud.is_empty() { SyncState::DownloadFailed } else { SyncState::UploadFailed };
        run.end(Ending::Failed(state, ErrorType::UnknownError));
    }

    fn next_round(&mut self, run: &mut Run) {
        let scan = std::mem::take(&mut run.needs_scan);
        if scan && !run.looked_anew && run.setbacks.values().any(|count| *count >= MOST_SETBACKS - 1) {
            run.looked_anew = true;
            self.distrust_watcher();
        }
        let watched = if scan { self.take_watched() } else { None };
        run.phase = Phase::Observe(Observe::new(scan, watched));
    }

    fn expect(&self, run: &mut Run, plan: &Plan) {
        let trees = self.states.trees.read();
        let plan::Later { mut files, mut bytes } = plan.later;
        for action in plan.disk.actions() {
            if let DiskAction::Fetch(id, _) = action {
                let content = trees.remote(*id).and_then(|remote| remote.content);
                files += 1;
                bytes += content.map_or(0, |content| content.size);
            }
        }
        for action in plan.cloud.actions() {
            if let CloudAction::Insert { node, bytes: true, .. }
            | CloudAction::Update { node, bytes: true, .. } = action
                && !run.sent.get(node).is_some_and(|sent| sent.is_of(&trees, *node))
            {
                files += 1;
                bytes += local_size(&trees, *node);
            }
        }
        run.tally.expect(files, bytes);
    }

    /// Begins what must be known first. Returns whether anything has to be waited for.
    fn learn(&mut self, run: &mut Run, learn: Vec<Learn>) -> bool {
        let mut hash = Vec::new();
        let mut aside = Vec::new();
        for learn in learn {
            match learn {
                Learn::Adopt { here, there } => plan::adopt(&mut self.states.trees.write(), here, there),
                Learn::Hash(node) => hash.push(node),
                Learn::SetAside { node, name } => match &mut run.outlook {
                    Some(outlook) => {
                        outlook.set_aside(node, name);
                        run.frozen.insert(node);
                    }
                    None => aside.push((node, name)),
                },
            }
        }
        self.hash(run, hash);
        self.set_aside(run, aside);
        run.jobs > 0
    }

    fn hash(&mut self, run: &mut Run, nodes: Vec<NodeId>) {
        let mut items = Vec::new();
        let mut bytes = 0;
        for node in nodes {
            let item = {
                let trees = self.states.trees.read();
                trees.local_path(node).map(|path| (HashItem { node, path }, local_size(&trees, node)))
            };
            let Some((item, size)) = item else {
                run.freeze(node);
                continue;
            };
            items.push(item);
            bytes += size;
            if items.len() >= HASH_FILES || bytes >= HASH_BYTES {
                self.enqueue_hash(run, std::mem::take(&mut items));
                bytes = 0;
            }
        }
        if !items.is_empty() {
            self.enqueue_hash(run, items);
        }
    }

    fn enqueue_hash(&mut self, run: &mut Run, items: Vec<HashItem>) {
        let nodes = items.iter().map(|item| item.node).collect();
        self.enqueue_run(run, Task::Hash(nodes), Work::Hash(items));
    }

    fn hash_done(&mut self, run: &mut Run, nodes: Vec<NodeId>, outcomes: Vec<HashOutcome>) {
        for (node, outcome) in nodes.into_iter().zip(outcomes) {
            match outcome {
                HashOutcome::Read(content, stamp) => {
                    let mut trees = self.states.trees.write();
                    if stamp_of(&trees, node).is_none_or(|known| known.ino != stamp.ino) {
                        // Another file has come to its place: only a look tells where this one went.
                        run.set_back(node);
                        continue;
                    }
                    trees.set_local_content(node, LocalContent::Here(content, stamp));
                }
                HashOutcome::Changed => run.set_back(node),
                HashOutcome::Failed(error) => self.trouble(run, node, &error),
                HashOutcome::Stopped => {}
            }
        }
    }

    /// Notes why a file is not in step and leaves it alone for the rest of the run.
    pub(super) fn trouble(&mut self, run: &mut Run, node: NodeId, error: &Error) {
        let due = self.clock.wall_ns().saturating_add(RETRY_NS);
        run.freeze(node);
        note_trouble(&mut self.states.trees.write(), node, error, due);
        self.events.log(2, &format!("a file waits: {}", error.text));
    }

    /// Notes for many files at once the one reason why they are not in step.
    pub(super) fn leave_waiting(&mut self, run: &mut Run, nodes: &[NodeId], error: &Error) {
        let due = self.clock.wall_ns().saturating_add(RETRY_NS);
        let mut trees = self.states.trees.write();
        for &node in nodes {
            run.freeze(node);
            note_trouble(&mut trees, node, error, due);
        }
        self.events.log(1, &format!("{} files wait: {}", nodes.len(), error.text));
    }

    /// Puts a failed call to the cloud where it belongs: the end of the run, or one file's trouble.
    pub(super) fn cloud_trouble(&mut self, run: &mut Run, node: Option<NodeId>, error: &CloudError) {
        match (error, node) {
            (CloudError::Network(_), _) => run.fail(ErrorType::NetworkUnavailable),
            (CloudError::Stopped, _) => {}
            (CloudError::NoSpaceForAsset | CloudError::RecordLimitExceeded, Some(node)) => {
                run.complain(SyncState::UploadFailed, ErrorType::CloudStorageFull);
                self.trouble(
                    run,
                    node,
                    &Error::new(Code::NoSpace, "the cloud is full: free some space there"),
                );
            }
            (CloudError::Disabled | CloudError::Gone(_) | CloudError::TooManyRequests(_), _) | (_, None) => {
                let stranger = || self.account.stranger().filter(|_| matches!(error, CloudError::Disabled));
                run.why = stranger().or_else(|| why_none_go(error)).or(run.why.take());
                self.events.log(1, &format!("the run ends: {error}"));
                run.fail(ErrorType::RemoteServerAbnormal);
            }
            (CloudError::NotAllowed(_), Some(node)) => {
                let text = format!("{error}; it stays on this device: copy it elsewhere, or ask the owner");
                self.trouble(run, node, &Error::new(Code::NotPermitted, text));
            }
            (_, Some(node)) => self.trouble(run, node, &Error::new(Code::Io, error.to_string())),
        }
    }

    pub(super) fn tick_run(&mut self) {
        let now = self.clock.monotonic_ns();
        let Some(mut run) = self.run.take() else { return };
        if now >= run.next_progress && run.outlook.is_none() {
            run.next_progress = now + PROGRESS_NS;
            let progress = run.tally.progress(run.state, ErrorType::NoError, self.deletions_held());
            if self.last != Some(progress) {
                self.emit_sync(progress);
            }
        }
        self.tick_lock(&mut run, now);
        self.run = Some(run);
    }

    /// Tells that the run goes the other way now.
    pub(super) fn enter(&mut self, run: &mut Run, state: SyncState) {
        if run.state != state {
            run.state = state;
            let progress = run.tally.progress(state, ErrorType::NoError, self.deletions_held());
            self.emit_sync(progress);
        }
    }

    /// A large share of files gone at once stops and asks.
    fn hold_deletions(&mut self, plan: &mut Plan) {
        self.states.notes.write().held.clear();
        let held = self.large_share(plan);
        if held.is_empty() || std::mem::take(&mut self.deletions.carry_out) {
            return;
        }
        // Their folders stay as well: they are not empty.
        plan.disk.retain(|action| !matches!(action, DiskAction::Trash(_) | DiskAction::RemoveDir(_)));
        let asked_for = self.states.trees.read().removed().clone();
        plan.cloud.retain(|action| !matches!(action, CloudAction::Delete(id) if !asked_for.contains(id)));
        self.events.log(2, &format!("{} deletions wait for the host's word", held.len()));
        self.states.notes.write().held = held;
    }

    /// The deletions of a plan that wait for the host's word.
    pub(super) fn too_many(&self, plan: &Plan) -> BTreeSet<NodeId> {
        if self.deletions.carry_out { BTreeSet::new() } else { self.large_share(plan) }
    }

    /// The deletions of a plan, where they are too many at once to be carried out unasked. What a person has
    /// removed through this library was asked for.
    fn large_share(&self, plan: &Plan) -> BTreeSet<NodeId> {
        let trees = self.states.trees.read();
        let is_file = |id: NodeId| !trees.is_dir(id);
        let mut deleted: BTreeSet<NodeId> = BTreeSet::new();
        deleted.extend(plan.disk.actions().iter().filter_map(|action| match action {
            DiskAction::Trash(id) => Some(*id),
            _ => None,
        }));
        deleted.extend(plan.cloud.actions().iter().filter_map(|action| match action {
            CloudAction::Delete(id) if is_file(*id) => Some(*id),
            _ => None,
        }));
        deleted.retain(|id| !trees.removed().contains(id));
        let count = deleted.len() as u64;
        let hold = self.config.deletion_hold;
        let files =
            || trees.iter().filter(|(_, node)| node.kind == Kind::File && node.synced.is_some()).count();
        let large = count >= hold.files && count * 100 >= hold.percent * files() as u64;
        if count > 0 && large { deleted } else { BTreeSet::new() }
    }
}

impl Task {
    /// The outcome of a job that was never begun.
    fn not_begun(&self) -> Outcome {
        match self {
            Task::Hash(nodes) => Outcome::Hash(nodes.iter().map(|_| HashOutcome::Stopped).collect()),
            Task::Disk(task) => Outcome::Disk(task.ops().iter().map(|_| DiskOutcome::NotTried).collect()),
            Task::Fetch(task) => Outcome::Fetch(task.items().iter().map(|_| FetchOutcome::Stopped).collect()),
            Task::Previews(nodes) => {
                Outcome::Previews(nodes.iter().map(|_| PreviewOutcome::Stopped).collect())
            }
            Task::Upload(task) => Outcome::Upload(task.files().map(|_| UploadOutcome::Stopped).collect()),
            _ => Outcome::Swept,
        }
    }

    fn is_of_run(&self) -> bool {
        !matches!(
            self,
            Task::Demand(_)
                | Task::DemandPreviews(_)
                | Task::Tidy
                | Task::Discard(_)
                | Task::Survey
                | Task::Evict(_)
                | Task::Removal(_)
                | Task::Noted
                | Task::Restore(_)
                | Task::Revival(_)
                | Task::Sweep
                | Task::Ask
                | Task::Subscribe
                | Task::Unsubscribe
        )
    }
}

/// What a person is told where a call that is about no file in particular ends the run; `None` where its kind says it all.
fn why_none_go(error: &CloudError) -> Option<Error> {
    match error {
        CloudError::Disabled => {
            let text = "the cloud is switched off or signed out: sign in and start again";
            Some(Error::new(Code::CloudNotReady, text))
        }
        CloudError::TooManyRequests(text) => Some(Error::new(Code::Busy, asked_too_often(text))),
        // Its text says which table or field the cloud does not take, and what to do about it.
        CloudError::InvalidArgument(_) => Some(Error::new(Code::Ipc, error.to_string())),
        _ => None,
    }
}

fn note_trouble(trees: &mut Trees, node: NodeId, error: &Error, due_ns: i64) {
    let before = trees.get(node).and_then(|node| node.trouble).map_or(0, |trouble| trouble.attempts);
    let (code, text) = (error.code, &*error.text);
    trees.set_trouble(node, Some(Trouble { code, text, attempts: before + 1, due_ns: Some(due_ns) }));
}

pub(super) fn local_size(trees: &Trees, id: NodeId) -> u64 {
    trees.local(id).and_then(|local| local.content.stamp()).map_or(0, |stamp| stamp.size)
}
