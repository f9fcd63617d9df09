//! One device's process: the engine's control thread and its workers, one small step at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudsync_cloud::CloudService;
use cloudsync_engine::core::{Answer, Core, Heard, Partial, SpaceWanted};
use cloudsync_engine::job::{DiskOp, Job, JobContext, JobDone, Outcome, Work};
use cloudsync_engine::ports::Ports;
use cloudsync_engine::tree::{LocalContent, NodeRef, Scope, Trees};
use cloudsync_engine::{ClientId, Code, DownloadFileType, Event, Result, TaskId, WatchId};
use parking_lot::Mutex;

use crate::accounts::AccountCloud;
use crate::cloud::SimCloud;
use crate::disk::SimDisk;
use crate::eviction::{Parting, Photos};
use crate::index::SimIndex;
use crate::ledger::{Ledger, Sink};
use crate::plan::DevicePlan;
use crate::previews::{SimIdentifiers, SimPictures, SimPreviews};
use crate::removal::Removal;
use crate::shared::{Shared, Wire};
use crate::time::{SimClock, SimConditions, SimRandom};
use crate::told::Told;
use crate::watcher::SimWatcher;

/// What a conflict copy's name has in it.
const CONFLICT: &str = " (conflict ";

/// Steps of a device within which a stopped run must have ended.
const STOP_STEPS: u32 = 60;

/// One device's process.
pub struct Process {
    wire: Wire,
    /// The engine.
    pub core: Core,
    context: JobContext,
    sink: Arc<Sink>,
    /// What was accepted and has not ended yet.
    pub ledger: Ledger,
    queued: VecDeque<Job>,
    finished: Vec<JobDone>,
    workers: usize,
    stop_left: Option<u32>,
    last_task: TaskId,
    /// How many answers are awaited.
    awaited: Arc<AtomicU64>,
    /// What was heard of and the engine was not told yet.
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Somebody who is told of all changes.
    told: Option<Told>,
}

/// The registration of who is told of all changes.
const WATCH: WatchId = 1;

/// All that an engine sees, of one device's process. `random` is where its own chance begins.
pub fn ports(wire: &Wire, random: u64, watched: bool) -> Ports {
    let cloud: Arc<dyn CloudService> = match AccountCloud::new(wire.clone()) {
        Some(cloud) => Arc::new(cloud),
        None => Arc::new(SimCloud::new(wire.clone())),
    };
    Ports {
        fs: Arc::new(SimDisk::new(wire.clone())),
        index: Box::new(SimIndex::new(wire.clone())),
        clock: Arc::new(SimClock::new(wire.clone())),
        random: Arc::new(SimRandom::new(random)),
        conditions: Arc::new(SimConditions::new(wire.clone())),
        watcher: if watched { Some(Arc::new(SimWatcher::new(wire.clone()))) } else { None },
        identifiers: Some(Arc::new(SimIdentifiers)),
        pictures: Some(Arc::new(SimPictures)),
        previews: Arc::new(SimPreviews::new(wire.clone())),
        cloud,
    }
}

impl Process {
    /// Opens the engine of a device.
    pub fn open(shared: &Arc<Mutex<Shared>>, device: usize, plan: &DevicePlan) -> Result<Self> {
        let wire = Wire::connect(shared, device);
        let config = plan.config.clone();
        let chance = wire.peek().rng.bits();
        let sink = Sink::new(wire.clone());
        let workers = config.transfer_threads;
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let ear = Arc::clone(&heard);
        let wake = Arc::new(move |side| ear.lock().push(side));
        let mut core = Core::open(config, ports(&wire, chance, plan.watched), sink.clone())?.waking(wake);
        core.set_auto_sync(plan.automatic);
        let told = plan.told.then(|| Told::all_of(&core));
        if plan.told {
            core.watch(WATCH, Scope { path: String::new(), recursive: true });
        }
        let context = core.job_context();
        Ok(Process {
            wire,
            core,
            context,
            sink,
            ledger: Ledger::new(plan.automatic),
            queued: VecDeque::new(),
            finished: Vec::new(),
            workers,
            stop_left: None,
            last_task: 0,
            awaited: Arc::default(),
            heard,
            told,
        })
    }

    /// Whether the process still runs.
    pub fn is_alive(&self) -> bool {
        self.wire.peek().devices[self.wire.device].alive
    }

    fn note(&self, text: &str) {
        let line = format!("device {}: {text}", self.wire.device);
        self.wire.peek().note(&line);
    }

    /// Asks for a sync run.
    pub fn start_sync(&mut self) -> Result<()> {
        self.take_events();
        let result = self.core.start_sync();
        self.note(&format!("start_sync: {result:?}"));
        if result.is_ok() {
            self.ledger.started();
        }
        self.take_events();
        result
    }

    /// Asks the run to stop.
    pub fn stop_sync(&mut self) {
        self.note("stop_sync");
        if self.ledger.running {
            self.stop_left = Some(STOP_STEPS);
        }
        self.ledger.stopped();
        self.core.stop_sync();
        self.take_events();
    }

    /// Asks for a file's bytes, unless this client waits for them already.
    pub fn start_download(&mut self, client: ClientId, uri: &str) {
        if self.ledger.is_downloading(client, uri) {
            return;
        }
        let result = self.core.start_download(client, uri);
        self.note(&format!("start_download {client} {uri}: {result:?}"));
        if result.is_ok() {
            self.ledger.download_started(client, uri);
        }
        self.take_events();
    }

    /// Stops a download.
    pub fn stop_download(&mut self, client: ClientId, uri: &str) {
        self.note(&format!("stop_download {client} {uri}"));
        self.core.stop_download(client, uri);
        self.take_events();
    }

    /// Stops a download, and says what becomes of the part received.
    pub fn stop_caching(&mut self, client: ClientId, uri: &str, partial: Partial) {
        let result = self.core.stop_caching(client, uri, partial);
        self.note(&format!("stop_caching {client} {uri} {partial:?}: {result:?}"));
        self.take_events();
    }

    /// Asks for many files' bytes.
    pub fn start_batch(&mut self, client: ClientId, uris: Vec<String>, file_type: DownloadFileType) {
        self.last_task += 1;
        self.ledger.batch_started(client, self.last_task);
        let note = format!("start_batch {client} {} {uris:?} {file_type:?}", self.last_task);
        if let Err(error) = self.core.start_batch(client, self.last_task, uris, file_type) {
            self.wire.peek().broken(0, format!("{note}: {error}"));
        }
        self.note(&note);
        self.take_events();
    }

    /// Stops a batch.
    pub fn stop_batch(&mut self, client: ClientId, task: TaskId, partial: Partial) {
        self.note(&format!("stop_batch {client} {task} {partial:?}"));
        self.core.stop_batch(client, task, partial);
        self.take_events();
    }

    /// Whose answer is awaited from now on.
    fn answer(&self, what: &str) -> Answer {
        self.awaited.fetch_add(1, Ordering::Relaxed);
        let (awaited, wire) = (Arc::clone(&self.awaited), self.wire.clone());
        let what = format!("device {}: {what}", wire.device);
        Box::new(move |result| {
            awaited.fetch_sub(1, Ordering::Relaxed);
            wire.peek().note(&format!("{what}: {result:?}"));
        })
    }

    /// Whether space is being freed for anybody.
    pub fn is_freeing(&self) -> bool {
        self.ledger.is_freeing() || self.awaited.load(Ordering::Relaxed) > 0
    }

    /// Asks for a file's own copy to go.
    pub fn clean(&mut self, uri: &str) {
        let what = format!("clean {uri}");
        self.note(&what);
        let answer = self.answer(&what);
        self.core.clean(uri, answer);
        self.take_events();
    }

    /// Asks for a file or folder to be removed. What of it is in the cloud alone is wanted by nobody from now on.
    pub fn remove(&mut self, uri: &str) {
        let what = format!("remove {uri}");
        self.note(&what);
        self.drop_cloud_only(|_| true);
        let answer = self.answer(&what);
        self.core.remove(uri, answer);
        self.take_events();
    }

    /// Asks for what was removed.
    pub fn restore(&mut self, uri: &str) {
        let what = format!("restore {uri}");
        self.note(&what);
        let answer = self.answer(&what);
        self.core.restore(uri, answer);
        self.take_events();
    }

    /// Whatever is noted as in the cloud alone may be a part of what is removed: no more is asked of it.
    fn drop_cloud_only(&self, which: impl Fn(&NodeRef<'_>) -> bool) {
        let trees = self.core.trees();
        let trees = trees.read();
        let mut shared = self.wire.peek();
        for (_, node) in trees.iter().filter(|(_, node)| which(node)) {
            let there = node.remote.and_then(|remote| remote.content);
            let here = node.local.is_some_and(|local| local.content.is_here());
            if let (Some(content), false) = (there, here)
                && let Some(story) = shared.people.stories.get_mut(&content.digest)
            {
                story.drop_on(self.wire.device);
            }
        }
    }

    /// Asks for space.
    pub fn start_optimize(&mut self, client: ClientId, wanted: SpaceWanted) {
        let was_freeing = self.is_freeing();
        let result = self.core.start_optimize(client, wanted);
        self.note(&format!("start_optimize {client} {wanted:?}: {result:?}"));
        match &result {
            Ok(()) => self.ledger.freeing_started(client),
            Err(error) if was_freeing && error.code == Code::TaskRunning => {}
            Err(error) => self.wire.peek().broken(0, format!("space is not freed: {error}")),
        }
        self.take_events();
    }

    /// Asks for as much space as the disk needs.
    pub fn optimize_storage(&mut self) {
        self.note("optimize_storage");
        let answer = self.answer("optimize_storage");
        self.core.optimize_storage(answer);
        self.take_events();
    }

    /// Asks the freeing of space to stop.
    pub fn stop_optimize(&mut self) {
        self.note("stop_optimize");
        self.core.stop_optimize();
        self.take_events();
    }

    /// Keeps a file or folder here, or no longer.
    pub fn pin(&mut self, uri: &str, pinned: bool) {
        let result = self.core.pin(uri, pinned);
        self.note(&format!("pin {uri} {pinned}: {result:?}"));
    }

    /// The paths of what is noted with such a content.
    pub(crate) fn paths(&self, of: impl Fn(&LocalContent) -> bool) -> Vec<String> {
        let trees = self.core.trees();
        let trees = trees.read();
        let nodes =
            trees.iter().filter(|(_, node)| node.local.as_ref().is_some_and(|local| of(&local.content)));
        nodes.filter_map(|(id, _)| trees.local_path(id)).collect()
    }

    /// Whether any worker has something to do or to tell.
    pub fn has_work(&mut self) -> bool {
        while self.queued.len() + self.finished.len() < self.workers {
            let Some(job) = self.core.next_job() else { break };
            self.note(&format!("next_job {job:?}"));
            if let Some(text) = false_conflict(&self.core.trees().read(), &job.work) {
                self.wire.peek().broken(5, text);
            }
            self.queued.push_back(job);
        }
        !self.queued.is_empty() || !self.finished.is_empty()
    }

    /// One worker runs its job, or one tells what its job came to.
    pub fn work(&mut self) {
        if !self.has_work() {
            return;
        }
        let choice = {
            let mut shared = self.wire.peek();
            shared.rng.index(self.queued.len() + self.finished.len())
        };
        if let Some(job) = self.queued.remove(choice) {
            self.note(&format!("run job {}", job.id));
            let parting = Parting::of(&job.work, &self.core.trees().read());
            let removal = Removal::of(&job.work, &self.wire);
            let done = job.run(&self.context);
            if let Some(text) = removal.and_then(|removal| removal.ended(&done.outcome, &self.wire)) {
                self.wire.peek().broken(0, text);
            }
            if let Some(text) = parting.and_then(|parting| parting.wrong(&done.outcome, &self.wire)) {
                self.wire.peek().broken(3, text);
            }
            self.finished.push(done);
        } else {
            let done = self.finished.remove(choice - self.queued.len());
            self.deliver(done);
        }
        self.stepped();
    }

    fn deliver(&mut self, done: JobDone) {
        self.note(&format!("finish {done:?}"));
        if let Outcome::Broken(text) = &done.outcome {
            self.wire.peek().broken(7, format!("a job panicked: {text}"));
        }
        let leaving = Photos::leaving(&self.core.trees().read());
        let freed = matches!(done.outcome, Outcome::Evict(_));
        self.core.finish(done);
        if freed {
            // The engine was killed while it was to remove it: it follows what had gone by then of its photo.
            self.drop_cloud_only(|node| node.removed);
        }
        if let Some(text) = leaving.parted(&self.core.trees().read()) {
            self.wire.peek().broken(3, text);
        }
        self.take_events();
    }

    /// The engine hears of what has changed.
    pub fn listen(&mut self) {
        for side in std::mem::take(&mut *self.heard.lock()) {
            self.note(&format!("hear {side:?}"));
            self.core.hear(side);
        }
        self.take_events();
    }

    /// What somebody who is told of all changes has not been told of.
    pub(crate) fn untold(&self) -> Option<String> {
        self.told.as_ref()?.wrong(&self.core)
    }

    /// When the engine wants to be woken.
    pub fn wake_at(&self) -> Option<u64> {
        self.core.wake_at()
    }

    /// The timers go off.
    pub fn tick(&mut self) {
        self.note("tick");
        self.core.tick();
        self.take_events();
        self.stepped();
    }

    fn stepped(&mut self) {
        if !self.ledger.running {
            self.stop_left = None;
        }
        match &mut self.stop_left {
            Some(0) => self.wire.peek().broken(9, "a stopped run does not end".into()),
            Some(left) => *left -= 1,
            None => {}
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.sink.next() {
            let final_state = matches!(&event, Event::Sync(sync) if sync.state.is_final());
            if let (Event::Changed { kind, changes, .. }, Some(told)) = (&event, &mut self.told) {
                told.look_again(*kind, changes, &self.core);
                continue;
            }
            if let Err(text) = self.ledger.take(event) {
                self.wire.peek().broken(0, text);
            }
            if final_state {
                self.stop_left = None;
            }
        }
    }
}

/// Whether a job gives a file that is new here a conflict's name although the cloud has the same bytes
/// in its place.
fn false_conflict(trees: &Trees, work: &Work) -> Option<String> {
    let Work::Disk(ops) = work else { return None };
    for op in ops.actions() {
        let DiskOp::Rename { node, from, to, .. } = op else { continue };
        let node = trees.get(*node)?;
        if !to.contains(CONFLICT) || node.remote.is_some() {
            continue;
        }
        let Some(LocalContent::Here(here, _)) = node.local.map(|local| local.content) else { continue };
        let (folder, name) = from.rsplit_once('/').unwrap_or(("", from));
        // One that is elsewhere on the disk is a second copy, which somebody made.
        let same = |id| {
            let rival = trees.get(id).filter(|rival| rival.local.is_none());
            rival.and_then(|rival| rival.remote?.content) == Some(here)
        };
        let folder = trees.find_local_folder(folder).into_iter();
        if folder.flat_map(|folder| trees.remotes_at(folder, name)).any(same) {
            return Some(format!("{from} becomes {to} although the cloud has the same bytes there"));
        }
    }
    None
}
