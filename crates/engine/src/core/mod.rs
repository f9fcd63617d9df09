//! The control state machine of one device.
//!
//! It owns the trees and decides; it never blocks on disk or cloud. Whoever drives it (a thread in
//! production, the simulator in tests) takes jobs from [`Core::next_job`], runs them anywhere and
//! brings what they came to back to [`Core::finish`].

mod account;
mod adrift;
mod auto;
mod changes;
mod demand;
mod disk_phase;
mod evict;
mod explain;
mod identify;
mod left_out;
mod listing;
mod look;
mod marks;
mod missing;
mod observe;
mod odd;
mod outlook;
mod photos;
mod progress;
mod push;
mod queue;
mod reconcile;
mod run;
mod sharing;
mod space;
mod state;
mod structure;
mod thumbnails;
mod trash;
mod trash_list;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{RwLock, RwLockWriteGuard};

use crate::account::Account;
use crate::config::{Config, DownloadPolicy};
use crate::error::{Code, Error, Result};
use crate::event::{Event, EventSink, SyncProgress};
use crate::gate::Gate;
use crate::ports::{Clock, FileSystem, IndexBatch, IndexError, IndexStore, Ports, Random, Watcher};
use crate::tree::{NodeId, Trees};

pub use crate::heard::{Heard, WakeUp};
pub use crate::job::{Job, JobContext, JobDone, JobId};
use crate::job::{Moved, Outcome, StopFlag, Work};
use demand::Demands;
pub use demand::Partial;
pub use evict::Answer;
pub use explain::Explanation;
pub use listing::{Entry, Listed};
pub use outlook::{PlanAnswer, Planned, PlannedKind};
use queue::{JobQueue, Urgency};
use run::Run;
pub use sharing::RecordName;
pub use space::SpaceWanted;
pub use state::{Activity, States};
pub use trash_list::{Removed, Trash};

/// What a job's outcome is for.
#[derive(Debug)]
enum Task {
    Sweep,
    /// Whether a run may begin by itself.
    Ask,
    /// Whether the account that is let go of can be asked.
    AskAccount,
    /// Folders that are empty now that it has been let go of.
    RemoveEmpty,
    Subscribe,
    Unsubscribe,
    Scan,
    Pull,
    Hash(Vec<NodeId>),
    Disk(disk_phase::DiskTask),
    Identify,
    Fetch(disk_phase::FetchTask),
    Demand(NodeId),
    Mark(marks::MarkTask),
    /// Thumbnails that a run fetches.
    Previews(Vec<NodeId>),
    /// Previews that somebody asked for.
    DemandPreviews(Vec<demand::PreviewKey>),
    /// Previews of what is no more are removed.
    Tidy,
    Survey,
    Evict(evict::EvictTask),
    /// What goes to the trash.
    Removal(Vec<trash::Going>),
    Noted,
    Restore(trash::Wanted),
    /// Of the file with this URI, in the cloud.
    Revival(String),
    /// A part of a file that is discarded.
    Discard(NodeId),
    Upload(push::UploadTask),
    NewIds,
    Lock,
    Heartbeat(i64),
    Unlock,
    Write(push::WriteTask),
}

/// The control state machine of one device.
pub struct Core {
    config: Config,
    index: Box<dyn IndexStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    fs: Arc<dyn FileSystem>,
    watcher: Option<Arc<dyn Watcher>>,
    context: JobContext,
    gate: Gate,
    account: Account,
    leave: Option<account::Leave>,
    events: Arc<dyn EventSink>,
    states: States,
    cursor: String,
    identity: String,
    queue: JobQueue,
    tasks: BTreeMap<JobId, Task>,
    last_job: JobId,
    run: Option<Run>,
    run_again: bool,
    auto: auto::Auto,
    /// Whom to tell of what changes while nothing is asked.
    wake: Option<WakeUp>,
    /// Bytes that a run has sent and whose records a later one is to write.
    sent: BTreeMap<NodeId, push::Sent>,
    /// The cloud's lease, as it was last told.
    lease_ns: u64,
    swept: bool,
    watching: bool,
    demands: Demands,
    evictions: evict::Evictions,
    trash: trash::TrashTasks,
    thumbnails: thumbnails::Thumbnails,
    marks: marks::Marks,
    deletions: DeletionHold,
    watches: changes::Watches,
    looks: look::Looks,
    last: Option<SyncProgress>,
}

/// The host's word on deletions that wait for it.
#[derive(Debug, Default)]
struct DeletionHold {
    carry_out: bool,
}

const CURSOR: &str = "cursor";
const GALLERY: &str = "gallery";
const LAST_SYNC: &str = "last_sync_ms";
const MARKS: &str = "marks";
const ACCOUNT: &str = "account";
const SWITCHES: &str = "switches";
const THUMBNAILS: &str = "thumbnails";

impl Core {
    /// Opens the index. Nothing is synced yet.
    pub fn open(config: Config, mut ports: Ports, events: Arc<dyn EventSink>) -> Result<Core> {
        let mut loaded = ports.index.load().map_err(|error| index_failure(&error))?;
        if let Some(name) = &loaded.set_aside {
            events.log(
                2,
                &format!("the index was damaged and is kept as {name}; it is rebuilt from disk and cloud"),
            );
        }
        let keep_originals = config.download_policy == DownloadPolicy::Originals;
        let is_empty = loaded.nodes.is_empty();
        let trees = Trees::from_index(std::mem::take(&mut loaded.nodes), 0, keep_originals);
        let meta = |key: &str| loaded.meta.get(key).cloned().unwrap_or_default();
        let last_sync_ms = meta(LAST_SYNC).parse().unwrap_or_default();
        let account = Account::new(&meta(ACCOUNT), &meta(SWITCHES));
        let gate = Gate::new(&config, &ports, account.clone());
        let marked = config.marks;
        let states = States::new(trees, gate.clone(), &config, &ports, last_sync_ms);
        let context = JobContext::new(&config, &ports, gate.clone(), states.trees.clone());
        Ok(Core {
            gate,
            account,
            leave: None,
            context,
            states,
            cursor: meta(CURSOR),
            identity: meta(GALLERY),
            config,
            index: ports.index,
            clock: ports.clock,
            random: ports.random,
            fs: ports.fs,
            watcher: ports.watcher,
            events,
            queue: JobQueue::default(),
            tasks: BTreeMap::new(),
            last_job: 0,
            run: None,
            run_again: false,
            auto: auto::Auto::default(),
            wake: None,
            sent: BTreeMap::new(),
            lease_ns: push::USUAL_LEASE_NS,
            swept: false,
            watching: false,
            demands: Demands::default(),
            evictions: evict::Evictions::default(),
            trash: trash::TrashTasks::default(),
            thumbnails: thumbnails::Thumbnails::new(&meta(THUMBNAILS), is_empty),
            marks: marks::Marks::new(marked, &meta(MARKS), is_empty),
            deletions: DeletionHold::default(),
            watches: changes::Watches::default(),
            looks: look::Looks::default(),
            last: None,
        })
    }

    /// The same, with somebody who is told of changes from any thread.
    pub fn waking(mut self, wake: WakeUp) -> Core {
        self.context = self.context.waking(wake.clone());
        self.wake = Some(wake);
        self
    }

    /// The ports that workers need.
    pub fn job_context(&self) -> JobContext {
        self.context.clone()
    }

    /// The three trees, to be read by anybody at any time.
    pub fn trees(&self) -> Arc<RwLock<Trees>> {
        self.states.trees.clone()
    }

    /// Answers questions about files' states from any thread.
    pub fn states(&self) -> States {
        self.states.clone()
    }

    /// What decides whether a run may start. May block; not to be asked on the control thread.
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// The account that the files are synced with.
    pub fn account(&self) -> Option<String> {
        self.account.synced()
    }

    /// The last sync event.
    pub fn sync_progress(&self) -> Option<SyncProgress> {
        self.last
    }

    /// A job that may be run now.
    pub fn next_job(&mut self) -> Option<Job> {
        self.queue.pop()
    }

    /// The next of these that a person waits for.
    pub fn next_job_of_person(&mut self) -> Option<Job> {
        self.queue.pop_of_person()
    }

    /// Takes a job's outcome.
    pub fn finish(&mut self, done: JobDone) {
        let Some(task) = self.tasks.remove(&done.id) else { return };
        if let Outcome::Broken(text) = &done.outcome {
            self.events.log(1, &format!("a worker broke: {text}"));
        }
        match (task, done.outcome) {
            (Task::Demand(node), outcome) => self.demand_done(node, outcome),
            (Task::Survey, outcome) => self.survey_done(outcome),
            (Task::Evict(task), outcome) => self.eviction_done(task, outcome),
            (Task::Removal(going), outcome) => self.removal_done(done.id, going, outcome),
            (Task::Noted, _) => self.noted_in_trash(done.id),
            (Task::Restore(wanted), outcome) => self.restore_done(done.id, wanted, outcome),
            (Task::Revival(uri), outcome) => self.revival_done(done.id, &uri, outcome),
            (Task::Ask, outcome) => self.asked(outcome),
            (Task::AskAccount, outcome) => self.account_asked(outcome),
            (Task::RemoveEmpty, _) => self.let_go(),
            (Task::Subscribe, outcome) => self.subscribed(outcome),
            (Task::DemandPreviews(keys), outcome) => self.previews_done(keys, outcome),
            (Task::Sweep | Task::Tidy | Task::Discard(_) | Task::Unsubscribe, _) => {}
            (task, outcome) => self.run_job_done(task, outcome),
        }
        self.begin_waiting();
        self.advance();
        self.go_on_leaving();
    }

    /// When [`Core::tick`] is wanted, by the monotonic clock.
    pub fn wake_at(&self) -> Option<u64> {
        let run = self.run.as_ref().and_then(|run| run.wake_at());
        let demand = self.demands.wake_at();
        let auto = self.auto.wake_at(self.run.is_some());
        let leave = self.leave.as_ref().and_then(account::Leave::wake_at);
        let look = self.looks.wake_at(self.may_look());
        run.into_iter().chain(demand).chain(auto).chain(leave).chain(look).min()
    }

    /// Does what is due.
    pub fn tick(&mut self) {
        self.tick_run();
        self.tick_demands();
        self.tick_auto();
        self.tick_look();
        self.advance();
        self.go_on_leaving();
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.is_quiet() && self.leave.is_none()
    }

    fn is_quiet(&self) -> bool {
        self.run.is_none() && self.demands.is_empty() && self.evictions.is_empty() && self.tasks.is_empty()
    }

    /// Ends what is still under way, with its final events, without waiting for it.
    pub fn abandon(&mut self) {
        self.queue.clear();
        self.tasks.clear();
        self.abandon_demands();
        self.abandon_evictions();
        self.abandon_trash();
        self.abandon_leaving();
        if let Some(mut run) = self.run.take() {
            if run.outlook.is_some() {
                run.end(run::Ending::Stopped);
            }
            run.jobs = 0;
            self.run_again = false;
            self.finish_run(run);
        }
    }

    fn enqueue(&mut self, task: Task, work: Work, stop: StopFlag, moved: Moved) -> JobId {
        self.enqueue_as(Urgency::Background, task, work, stop, moved)
    }

    fn enqueue_as(
        &mut self,
        urgency: Urgency,
        task: Task,
        work: Work,
        stop: StopFlag,
        moved: Moved,
    ) -> JobId {
        self.last_job += 1;
        let id = self.last_job;
        self.tasks.insert(id, task);
        let urgent = urgency == Urgency::Person;
        self.queue.push(Job { id, work, stop, moved, urgent }, urgency);
        id
    }

    fn emit_sync(&mut self, progress: SyncProgress) {
        self.last = Some(progress);
        self.events.emit(Event::Sync(progress));
    }

    /// Writes what changed to the index. Nodes that only the disk knows are found again by the
    /// next scan, so they need not be kept.
    fn save(&mut self) -> Result<()> {
        let mut trees = self.states.trees.write();
        let unsaved = trees.take_unsaved();
        self.thumbnails.missing.want(&trees.take_unshown());
        self.marks.missing.want(&trees.take_unmarked());
        // Nobody else changes the trees: whoever asks for states meanwhile does not wait for the disk.
        let trees = RwLockWriteGuard::downgrade(trees);
        let mut batch = IndexBatch {
            meta: vec![
                (CURSOR, self.cursor.clone()),
                (GALLERY, self.identity.clone()),
                (THUMBNAILS, self.thumbnails.missing.to_text()),
                (MARKS, self.marks.missing.to_text()),
                (ACCOUNT, self.account.synced().unwrap_or_default()),
                (SWITCHES, self.account.switches()),
                (LAST_SYNC, self.states.last_sync_ms().to_string()),
            ],
            ..IndexBatch::default()
        };
        for id in unsaved.iter() {
            match trees.row(id) {
                Some(row) if row.node().is_worth_keeping() => batch.upserts.push((id, row)),
                _ => batch.deletes.push(id),
            }
        }
        let result = self.index.commit(&batch);
        drop(batch);
        drop(trees);
        result.map_err(|error| {
            self.states.trees.write().put_back_unsaved(&unsaved);
            index_failure(&error)
        })
    }
}

/// The documented number for an index that cannot be opened, read or written.
pub(crate) fn index_failure(error: &IndexError) -> Error {
    let code = match error {
        IndexError::Busy => Code::Busy,
        IndexError::Newer(_) => Code::NotPermitted,
        IndexError::Full => Code::NoSpace,
        IndexError::ReadOnly => Code::ReadOnly,
        IndexError::Unusable(_) => Code::Io,
        IndexError::Other(_) => Code::Inner,
    };
    Error::new(code, error.to_string())
}
