//! The engine as a host drives it: one control thread, workers, and this handle to them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;

use crate::account::{CloudSwitch, LocalCopies};
use crate::config::Config;
use crate::core::{
    Answer, Core, Explanation, Heard, JobDone, Listed, Partial, PlanAnswer, RecordName, SpaceWanted, States,
    Trash, WakeUp,
};
use crate::error::{Code, Error, Result};
use crate::event::{ClientId, DownloadFileType, EventSink, FileSyncState, SyncProgress, TaskId, WatchId};
use crate::gate::Gate;
use crate::ports::{Clock, Ports, PreviewKind};
use crate::tree::Scope;
use crate::uri::UriSpace;
use crate::workers::{Hands, Workers};

/// One device's gallery in step with one cloud. Every method may be called from any thread.
pub struct Engine {
    control: Sender<Message>,
    gate: Gate,
    states: States,
    uris: UriSpace,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

enum Message {
    Begin,
    Stop,
    /// Look at what was heard.
    Heard,
    Auto(bool),
    ConditionsChanged,
    Download(ClientId, String, Sender<Result<()>>),
    StopDownload(ClientId, String),
    Clean(String, Answer),
    Optimize(SpaceWanted, ClientId, Sender<Result<()>>),
    OptimizeStorage(Answer),
    StopOptimize,
    Pin(String, bool, Sender<Result<()>>),
    Remove(String, Answer),
    Restore(String, Answer),
    Plan(PlanAnswer),
    Switch(CloudSwitch, Sender<Result<()>>),
    Leave(LocalCopies, Answer),
    View(String, i64, Sender<Result<()>>),
    StopCaching(ClientId, String, Partial, Sender<Result<()>>),
    Batch(ClientId, TaskId, Vec<String>, DownloadFileType, Sender<Result<()>>),
    StopBatch(ClientId, TaskId, Partial, Sender<()>),
    Forget(ClientId, Partial),
    Held(Sender<u64>),
    AnswerHeld(bool),
    Progress(Sender<Option<SyncProgress>>),
    Watch(WatchId, Scope),
    Unwatch(WatchId),
    Done(Hands, JobDone),
    Close(Sender<()>),
}

/// How long `close` waits for what is under way.
const CLOSE_WITHIN: Duration = Duration::from_millis(1_800);

/// Background workers beside those that move a run's bytes: one for its records.
const MORE_WORKERS: usize = 1;

/// How many threads look at the disk at once: more would only wait for one another.
const MOST_SCAN_THREADS: usize = 4;

impl Engine {
    /// Opens the state directory's index and starts the control thread. Nothing is synced yet.
    pub fn open(config: Config, ports: Ports, events: Arc<dyn EventSink>) -> Result<Engine> {
        let workers = config.transfer_threads.clamp(1, 64) + MORE_WORKERS;
        let uris = config.uris.clone();
        let clock = ports.clock.clone();
        let auto_sync = config.auto_sync;
        let (control, messages) = bounded(1024);
        let ear = Arc::new(Ear::default());
        let config = Config { transfer_threads: workers - MORE_WORKERS, ..config };
        let core = Core::open(config, ports, events)?.waking(wake_up(&ear, &control));
        let (gate, states) = (core.gate(), core.states());
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let context = core.job_context().scanning_with(processors.min(MOST_SCAN_THREADS));
        let done = control.clone();
        let report = move |hands, job| done.send(Message::Done(hands, job)).is_ok();
        let (workers, mut threads) = Workers::start(workers, &context, report)?;
        let control_loop = ControlLoop { core, clock, ear, workers };
        let thread = Builder::new().name("cloudsync-ctl".into()).spawn(move || control_loop.run(&messages));
        threads.push(thread.map_err(|error| Error::io("no thread for the engine", &error))?);
        let engine = Engine { control, gate, states, uris, threads: Mutex::new(threads) };
        engine.set_auto_sync(auto_sync)?;
        Ok(engine)
    }

    /// Starts a sync run; returns when it is accepted. One that is accepted while a run is under
    /// way runs once more afterwards. Fails with `NetworkUnavailable`, `CloudNotReady` or
    /// `BatteryLow`, in this order.
    pub fn start_sync(&self) -> Result<()> {
        self.gate.check().inspect_err(|error| self.states.note_refused(error))?;
        self.send(Message::Begin)
    }

    /// Asks the run to stop; it ends with `Stopped`. Without a run this is no error.
    pub fn stop_sync(&self) -> Result<()> {
        self.send(Message::Stop)
    }

    /// Lets runs begin by themselves, soon after something changed here or in the cloud, or no more.
    pub fn set_auto_sync(&self, on: bool) -> Result<()> {
        self.send(Message::Auto(on))
    }

    /// The device's conditions changed: a run that waits for them by itself is tried at once.
    pub fn conditions_changed(&self) -> Result<()> {
        self.send(Message::ConditionsChanged)
    }

    /// The last sync event, or `None` before the first run.
    pub fn sync_progress(&self) -> Option<SyncProgress> {
        self.ask(Message::Progress).ok().flatten()
    }

    /// Fetches the bytes of one file for `client`; returns when accepted. A file that is here
    /// already completes at once. Fails with `InvalidUri`, `NoSuchFile` or `NoSpace`.
    pub fn start_download(&self, client: ClientId, uri: &str) -> Result<()> {
        self.ask(|reply| Message::Download(client, uri.to_string(), reply))?
    }

    /// Stops the client's download of one file and discards the part received, unless others wait
    /// for it too. A URI that is not being downloaded is no error.
    pub fn stop_download(&self, client: ClientId, uri: &str) -> Result<()> {
        self.send(Message::StopDownload(client, uri.to_string()))
    }

    /// Stops the client's download of one file, as the documented `CloudFileCache.stop` does: `partial` says
    /// what becomes of the part received, unless others wait for the file too. A part that an earlier stop
    /// kept can be discarded as well. Fails with `InvalidUri` or `NoSuchFile`.
    pub fn stop_caching(&self, client: ClientId, uri: &str, partial: Partial) -> Result<()> {
        self.ask(|reply| Message::StopCaching(client, uri.to_string(), partial, reply))?
    }

    /// Whether a URI can be read and lies in this directory: fails with `InvalidUri` where not.
    pub fn check_uri(&self, uri: &str) -> Result<()> {
        self.uris.path(uri).map(drop)
    }

    /// Whether a URI is that of this directory as a whole: fails with `InvalidUri` where not.
    pub fn check_whole(&self, uri: &str) -> Result<()> {
        match self.uris.entry_path(uri)? {
            path if path.is_empty() => Ok(()),
            _ => Err(Error::new(
                Code::InvalidUri,
                format!("{uri:?} is no synced directory as a whole: use that"),
            )),
        }
    }

    /// Fetches the bytes of many files, or previews of them, for `client`; returns when accepted. A file that cannot be fetched
    /// is one of the batch's failed files. `task` is of no other batch. Fails with `InvalidUri`, and fetches
    /// nothing then.
    pub fn start_batch(
        &self,
        client: ClientId,
        task: TaskId,
        uris: Vec<String>,
        file_type: DownloadFileType,
    ) -> Result<()> {
        self.ask(|reply| Message::Batch(client, task, uris, file_type, reply))?
    }

    /// Stops a client's batch; it ends with `Stopped`. A batch that has ended, or never was, is no error.
    pub fn stop_batch(&self, client: ClientId, task: TaskId, partial: Partial) -> Result<()> {
        self.ask(|reply| Message::StopBatch(client, task, partial, reply))
    }

    /// Stops all of a client's downloads and batches, without events.
    pub fn forget_client(&self, client: ClientId, partial: Partial) {
        // A closed engine has forgotten everybody.
        let _ = self.send(Message::Forget(client, partial));
    }

    /// Frees the space of one file's own copy, and of the other parts of the same photo; returns when that is
    /// done. Nothing goes that the cloud has not just proved to hold: otherwise the error says why it stays.
    pub fn clean(&self, uri: &str) -> Result<()> {
        self.ask_later(|answer| Message::Clean(uri.to_string(), answer))
    }

    /// Frees `wanted`, what nobody has read for longest first; returns when accepted, and `client` is told
    /// how far it is. Fails with `TaskRunning` while space is being freed already.
    pub fn start_optimize(&self, client: ClientId, wanted: SpaceWanted) -> Result<()> {
        self.ask(|reply| Message::Optimize(wanted, client, reply))?
    }

    /// Asks the freeing of space to stop. Without one this is no error.
    pub fn stop_optimize(&self) -> Result<()> {
        self.send(Message::StopOptimize)
    }

    /// Frees as much space as the disk needs; returns when that is done. Fails with `TaskRunning` while space
    /// is being freed already.
    pub fn optimize_storage(&self) -> Result<()> {
        self.ask_later(Message::OptimizeStorage)
    }

    /// The same for one who does not wait: `answer` is told, on any thread. A closed engine drops it.
    pub fn optimize_storage_then(&self, answer: Answer) {
        drop(self.send(Message::OptimizeStorage(answer)));
    }

    /// Keeps a file, or all that is in a folder, on this device, or no longer.
    pub fn pin(&self, uri: &str, pinned: bool) -> Result<()> {
        self.ask(|reply| Message::Pin(uri.to_string(), pinned, reply))?
    }

    /// Moves a file, or a folder with all that is in it, to the trash on this disk; the next run moves it to the
    /// cloud's. Returns when it is there. Fails with `NoSuchFile`, `InvalidUri`, `TryAgain` while it is being
    /// transferred, or as the disk does.
    pub fn remove(&self, uri: &str) -> Result<()> {
        self.ask_later(|answer| Message::Remove(uri.to_string(), answer))
    }

    /// The same for one who does not wait: `answer` is told, on any thread. A closed engine drops it.
    pub fn remove_then(&self, uri: &str, answer: Answer) {
        drop(self.send(Message::Remove(uri.to_string(), answer)));
    }

    /// Brings back what was removed, or deleted on any device, from the trash on this disk, else from the cloud's.
    /// Fails with `NoSuchFile` where neither has it, `FileExists` where something else has its name, or as disk and
    /// cloud do.
    pub fn restore(&self, uri: &str) -> Result<()> {
        self.ask_later(|answer| Message::Restore(uri.to_string(), answer))
    }

    /// The same for one who does not wait: `answer` is told, on any thread. A closed engine drops it.
    pub fn restore_then(&self, uri: &str, answer: Answer) {
        drop(self.send(Message::Restore(uri.to_string(), answer)));
    }

    /// Finds out what a start would do now, and tells `answer`, on any thread. Fails as a start does, and with
    /// `TaskRunning` while a run is under way.
    pub fn plan(&self, answer: PlanAnswer) {
        match self.gate.check() {
            // A closed engine drops the answer, and so tells whoever waits for it.
            Ok(()) => drop(self.send(Message::Plan(answer))),
            Err(error) => answer(Err(error)),
        }
    }

    /// The account that the files are synced with, by the id that its cloud gave; `None` before the first listing, and
    /// after it was let go of.
    pub fn account(&self) -> Option<String> {
        self.gate.account().synced()
    }

    /// The account that the cloud answers for now. Asks the cloud, so it may block. Fails with `NetworkUnavailable`,
    /// `CloudNotReady` where nobody is signed in, or `Ipc`.
    pub fn signed_in(&self) -> Result<String> {
        self.gate.signed_in()
    }

    /// Fails with `CloudNotReady` while somebody is signed out here, or has switched the cloud off.
    pub fn check_switches(&self) -> Result<()> {
        self.gate.account().refusal().map_or(Ok(()), Err)
    }

    /// A person has signed in or out, or has switched the cloud on or off for this directory's app. What runs and is
    /// not wanted any more stops. It is kept: a later open goes on from it. Nothing is removed.
    pub fn switch_cloud(&self, switch: CloudSwitch) -> Result<()> {
        self.ask(|reply| Message::Switch(switch, reply))?
    }

    /// Lets go of the account that the files are synced with; returns when that is done. What runs stops. What is not
    /// uploaded is not touched. Fails with `TaskRunning` while it is being done already, with `Interrupted` where the
    /// freeing of space is stopped meanwhile, as the index does, and, where copies are to go, with `NetworkUnavailable`,
    /// `CloudNotReady` or `Ipc` where the account cannot be asked what it holds: then it is not let go of.
    pub fn leave_account(&self, copies: LocalCopies) -> Result<()> {
        self.ask_later(|answer| Message::Leave(copies, answer))
    }

    /// A person looked at a file then, in milliseconds since 1970: freeing space goes by that. Fails with `InvalidUri` or
    /// `NoSuchFile`.
    pub fn report_view(&self, uri: &str, ms: i64) -> Result<()> {
        self.ask(|reply| Message::View(uri.to_string(), ms, reply))?
    }

    /// One file's state. Never waits for a running sync. Fails with `InvalidUri` or `NoSuchFile`.
    pub fn file_state(&self, uri: &str) -> Result<FileSyncState> {
        self.states.file_state(uri)
    }

    /// Many files' states, in order. The first URI that fails fails the call.
    pub fn file_states(&self, uris: &[&str]) -> Result<Vec<FileSyncState>> {
        self.states.file_states(uris)
    }

    /// Where a file's preview lies on this device. Never waits for a running sync. Fails with `InvalidUri`,
    /// with `NoSuchFile` for no file or one without previews, or with `TryAgain` where it has to be fetched, or
    /// the photo to be sent, first.
    pub fn preview_path(&self, uri: &str, kind: PreviewKind) -> Result<PathBuf> {
        self.states.preview_path(uri, kind)
    }

    /// When the last run that succeeded ended, in milliseconds since 1970 by this device's clock; 0 before
    /// the first. Never waits for a running sync.
    pub fn last_sync_ms(&self) -> i64 {
        self.states.last_sync_ms()
    }

    /// How many deletions wait for the host's word.
    pub fn deletions_held(&self) -> u64 {
        self.ask(Message::Held).unwrap_or_default()
    }

    /// The host's word on the deletions held: `true` carries them out at the next run, `false`
    /// brings the files back.
    pub fn answer_held_deletions(&self, carry_out: bool) -> Result<()> {
        self.send(Message::AnswerHeld(carry_out))
    }

    /// Why a file or folder is not in step, and what to do about it. Never waits for a running sync. Fails with
    /// `InvalidUri`, or with `NoSuchFile` for what is neither here nor in the cloud.
    pub fn explain(&self, uri: &str) -> Result<Explanation> {
        self.states.explain(uri)
    }

    /// The record of a file or folder, by which it is shared. Never waits for a running sync. Fails with `InvalidUri`, also for
    /// the synced directory as a whole, with `NoSuchFile`, or with `TryAgain` for what the cloud does not have yet.
    pub fn record_of(&self, uri: &str) -> Result<RecordName> {
        self.states.record_of(uri)
    }

    /// The path of a file or folder, relative to the synced directory, whose own is empty. Fails with
    /// `InvalidUri`.
    pub fn entry_path(&self, uri: &str) -> Result<String> {
        self.states.entry_path(uri)
    }

    /// The same for one that is here or in the cloud. Fails with `InvalidUri` or `NoSuchFile`.
    pub fn existing(&self, uri: &str) -> Result<String> {
        self.states.existing(uri)
    }

    /// Lists a folder, at most `most` entries of it, from `after` on. Never waits for a running sync. Fails with
    /// `InvalidUri`, `NoSuchFile` or `InvalidArgument`.
    pub fn list(&self, uri: &str, recursive: bool, after: Option<&str>, most: usize) -> Result<Listed> {
        self.states.list(uri, recursive, after, most)
    }

    /// Lists what can be restored, as the trash on this disk has it, at most `most` of it, from `after` on. Never waits for a
    /// running sync. Fails with `InvalidArgument`, or as the disk does.
    pub fn trash(&self, after: Option<&str>, most: usize) -> Result<Trash> {
        self.states.trash(after, most)
    }

    /// Tells of changes of a file, or in a folder, from now on, in events with this number.
    pub fn watch(&self, watch: WatchId, scope: Scope) -> Result<()> {
        self.send(Message::Watch(watch, scope))
    }

    /// Ends that.
    pub fn unwatch(&self, watch: WatchId) {
        // A closed engine tells nothing any more.
        let _ = self.send(Message::Unwatch(watch));
    }

    /// Stops everything, emits the final events that are due, and joins every thread, within 2 s.
    /// Later calls that need the engine fail with `Inner`. Closing twice is no error. A worker that
    /// a cloud does not let go is left behind; it ends when the cloud's call does.
    pub fn close(&self) {
        let mut threads = self.threads.lock();
        if threads.is_empty() {
            return;
        }
        // A control thread that is gone has nothing left to emit.
        let closed = self.ask(Message::Close);
        let deadline = Instant::now() + Duration::from_millis(100);
        for thread in threads.drain(..) {
            while closed.is_ok() && !thread.is_finished() && Instant::now() < deadline {
                std::thread::yield_now();
            }
            if thread.is_finished() {
                // A worker's panic was an outcome already.
                let _ = thread.join();
            }
        }
    }

    fn send(&self, message: Message) -> Result<()> {
        self.control.send(message).map_err(|_| closed())
    }

    /// Asks for what takes a while.
    fn ask_later(&self, message: impl FnOnce(Answer) -> Message) -> Result<()> {
        self.ask(|reply: Sender<Result<()>>| message(Box::new(move |result| answer(&reply, result))))?
    }

    fn ask<T>(&self, message: impl FnOnce(Sender<T>) -> Message) -> Result<T> {
        let (reply, answer) = bounded(1);
        self.send(message(reply))?;
        answer.recv().map_err(|_| closed())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

fn closed() -> Error {
    Error::new(Code::Inner, "the engine is closed: open it again")
}

/// What was heard since the control thread last looked. It is told that there is something, and finds it with its
/// next message where it has too many of them to be told.
#[derive(Default)]
struct Ear {
    here: AtomicBool,
    there: AtomicBool,
}

fn wake_up(ear: &Arc<Ear>, control: &Sender<Message>) -> WakeUp {
    let (ear, control) = (Arc::clone(ear), control.clone());
    Arc::new(move |side| {
        let heard = match side {
            Heard::Here => &ear.here,
            Heard::There => &ear.there,
        };
        if !heard.swap(true, Ordering::AcqRel) {
            let _ = control.try_send(Message::Heard);
        }
    })
}

struct ControlLoop {
    core: Core,
    clock: Arc<dyn Clock>,
    ear: Arc<Ear>,
    workers: Workers,
}

impl ControlLoop {
    fn run(mut self, messages: &Receiver<Message>) {
        while let Some(message) = self.next(messages) {
            match message {
                Message::Close(done) => {
                    self.close(messages);
                    drop(self);
                    // Whoever asked has gone: nothing to tell.
                    let _ = done.send(());
                    return;
                }
                message => self.take(message),
            }
            self.listen();
        }
    }

    fn listen(&mut self) {
        for (heard, side) in [(&self.ear.here, Heard::Here), (&self.ear.there, Heard::There)] {
            if heard.swap(false, Ordering::AcqRel) {
                self.core.hear(side);
            }
        }
    }

    /// Hands jobs to idle workers, does what is due, and waits for the next message.
    fn next(&mut self, messages: &Receiver<Message>) -> Option<Message> {
        loop {
            self.workers.hand_out(&mut self.core);
            let Some(at) = self.core.wake_at() else { return messages.recv().ok() };
            let now = self.clock.monotonic_ns();
            if now >= at {
                self.core.tick();
                continue;
            }
            match messages.recv_timeout(Duration::from_nanos(at - now)) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Timeout) => self.core.tick(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Begin => self.core.begin_sync(),
            Message::Stop => self.core.stop_sync(),
            Message::Auto(on) => self.core.set_auto_sync(on),
            Message::ConditionsChanged => self.core.conditions_changed(),
            Message::Download(client, uri, reply) => answer(&reply, self.core.start_download(client, &uri)),
            Message::StopDownload(client, uri) => self.core.stop_download(client, &uri),
            Message::Clean(uri, answer) => self.core.clean(&uri, answer),
            Message::Optimize(wanted, client, reply) => {
                answer(&reply, self.core.start_optimize(client, wanted));
            }
            Message::OptimizeStorage(answer) => self.core.optimize_storage(answer),
            Message::StopOptimize => self.core.stop_optimize(),
            Message::Remove(uri, answer) => self.core.remove(&uri, answer),
            Message::Restore(uri, answer) => self.core.restore(&uri, answer),
            Message::Plan(answer) => self.core.look_ahead(answer),
            Message::Switch(switch, reply) => answer(&reply, self.core.switch_cloud(switch)),
            Message::Leave(copies, answer) => self.core.leave_account(copies, answer),
            Message::Pin(uri, pinned, reply) => answer(&reply, self.core.pin(&uri, pinned)),
            Message::View(uri, ms, reply) => answer(&reply, self.core.report_view(&uri, ms)),
            Message::StopCaching(client, uri, partial, reply) => {
                answer(&reply, self.core.stop_caching(client, &uri, partial));
            }
            Message::Batch(client, task, uris, file_type, reply) => {
                answer(&reply, self.core.start_batch(client, task, uris, file_type));
            }
            Message::StopBatch(client, task, partial, reply) => {
                self.core.stop_batch(client, task, partial);
                answer(&reply, ());
            }
            Message::Forget(client, partial) => self.core.forget_client(client, partial),
            Message::Held(reply) => answer(&reply, self.core.deletions_held()),
            Message::AnswerHeld(carry_out) => self.core.answer_held_deletions(carry_out),
            Message::Progress(reply) => answer(&reply, self.core.sync_progress()),
            Message::Watch(watch, scope) => self.core.watch(watch, scope),
            Message::Unwatch(watch) => self.core.unwatch(watch),
            Message::Done(hands, done) => {
                self.workers.is_back(hands);
                self.core.finish(done);
            }
            Message::Heard | Message::Close(_) => {}
        }
    }

    /// Lets what is under way come back, for as long as there is.
    fn close(&mut self, messages: &Receiver<Message>) {
        self.core.want_looks(false);
        self.core.set_auto_sync(false);
        self.core.stop_sync();
        self.core.stop_outlook();
        self.core.stop_downloads();
        self.core.stop_optimize();
        let deadline = Instant::now() + CLOSE_WITHIN;
        while !self.core.is_idle() {
            self.workers.hand_out(&mut self.core);
            match messages.recv_deadline(deadline) {
                Ok(
                    Message::Begin
                    | Message::Auto(_)
                    | Message::Download(..)
                    | Message::Batch(..)
                    | Message::Clean(..)
                    | Message::Optimize(..)
                    | Message::OptimizeStorage(..)
                    | Message::Remove(..)
                    | Message::Restore(..)
                    | Message::Leave(..)
                    | Message::Plan(..),
                ) => {}
                Ok(message) => self.take(message),
                Err(_) => break,
            }
        }
        self.core.abandon();
    }
}

fn answer<T>(reply: &Sender<T>, value: T) {
    // Whoever asked has gone: nothing to tell.
    let _ = reply.send(value);
}
