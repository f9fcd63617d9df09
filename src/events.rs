//! A context's dispatcher: what happened, in order, to the host's functions.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::ffi::{CString, c_char};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cloudsync_engine::{
    BatchProgress, Change, ClientId, DownloadErrorType, DownloadProgress, DownloadState, Event, EventSink,
    NotifyType, OptimizeProgress, OptimizeState, SyncProgress, TaskId, WatchId,
};
use parking_lot::{Mutex, RwLock};

use crate::batch::Batches;
use crate::callback::{
    BatchProgressFn, CompletionFn, Done, DownloadProgressFn, FileStatesFn, PlanFn, Registration, SharingFn,
    SyncProgressFn, TaskFn, TimeFn,
};
use crate::changes::{ChangeTarget, CloudSyncChangeData};
use crate::context::Root;
use crate::dispatch::{Item, Queue, Signal, Target};
use crate::failure::{Answer, gone, inner};
use crate::progress::{
    CloudSyncDownloadProgress, CloudSyncFailedFileInfo, CloudSyncMultiDownloadProgress, CloudSyncSyncProgress,
};
use crate::space::{CloudSyncOptimizeSpaceProgress, OptimizeFn};
use crate::{log, text};

/// The callbacks of one GallerySync or FileSync.
pub(crate) type SyncTarget = Target<Registration<SyncProgressFn>>;
/// The callbacks of one Download or CloudFileCache for single files.
pub(crate) type DownloadTarget = Target<Registration<DownloadProgressFn>>;

/// The callbacks of one CloudFileCache for batches.
pub(crate) type BatchTarget = Target<Registration<BatchProgressFn>>;

/// Something that the host is to be told.
pub(crate) enum Happening {
    Sync(Root, SyncProgress),
    Download(ClientId, DownloadProgress),
    Optimize(ClientId, OptimizeProgress),
    Changed(WatchId, NotifyType, Vec<Change>),
    Batch(ClientId, BatchProgress),
    Completed(Answer<Found>, Completion),
    Log(i32, String),
}

/// Who is told how an asynchronous call ended.
pub(crate) enum Completion {
    Plain(Done<CompletionFn>),
    States(Done<FileStatesFn>),
    Time(Done<TimeFn>),
    Task(Done<TaskFn>),
    Plan(Done<PlanFn>),
    Sharing(Done<SharingFn>),
}

/// What an asynchronous call found, beside that it went well.
pub(crate) enum Found {
    Nothing,
    States(Vec<i32>),
    Time(i64),
    Task(TaskId),
    /// A plan's handle, by its value.
    Plan(usize),
    /// What sharing came to: the share centre's own number, and a result's handle by its value.
    Sharing(i32, Answer<usize>),
}

/// From this many waiting events on, progress replaces progress.
const LONG: usize = 4096;
/// Downloads and batches have the lanes of their clients, from 1 on.
const LOG_LANE: u64 = u64::MAX;
const LAST_SYNC_LANE: u64 = LOG_LANE - 1;

impl Item for Happening {
    fn lane(&self) -> Option<(u64, bool)> {
        match self {
            Happening::Sync(root, progress) => {
                Some((LAST_SYNC_LANE - root.number(), !progress.state.is_final()))
            }
            Happening::Download(client, progress) => {
                Some((*client, progress.state == DownloadState::Running))
            }
            Happening::Optimize(client, progress) => {
                Some((*client, progress.state == OptimizeState::Running))
            }
            Happening::Batch(client, progress) => Some((*client, progress.state == DownloadState::Running)),
            Happening::Changed(..) | Happening::Completed(..) => None,
            Happening::Log(..) => Some((LOG_LANE, true)),
        }
    }
}

/// An eventfd that polls readable while events wait, where the host dispatches.
pub(crate) struct Ready(Option<OwnedFd>);

impl Ready {
    fn open() -> io::Result<Self> {
        // SAFETY: takes two numbers; a descriptor that is not negative is new and ours.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        Ok(Ready(Some(unsafe { OwnedFd::from_raw_fd(fd) })))
    }
}

impl Signal for Ready {
    fn raise(&self) {
        if let Some(fd) = &self.0 {
            let one = 1u64;
            // SAFETY: eight bytes are read from a local. Adding 1 to a counter that is 0 does not fail.
            unsafe { libc::write(fd.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
        }
    }

    fn clear(&self) {
        if let Some(fd) = &self.0 {
            let mut count = 0u64;
            // SAFETY: eight bytes are written to a local. A counter that is 0 already is left so.
            unsafe { libc::read(fd.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) };
        }
    }
}

/// Who is told of the runs of which directory; a copy of the list is delivered to without its lock.
type Syncs = Arc<Vec<(Root, Arc<SyncTarget>)>>;

/// The queue of one context, and the handles that are told.
pub(crate) struct Dispatcher {
    queue: Queue<Happening, Ready>,
    syncs: RwLock<Syncs>,
    downloads: RwLock<HashMap<ClientId, Arc<DownloadTarget>>>,
    optimizes: RwLock<HashMap<ClientId, Arc<Registration<OptimizeFn>>>>,
    changes: RwLock<HashMap<WatchId, Arc<ChangeTarget>>>,
    batch_targets: RwLock<HashMap<ClientId, Arc<BatchTarget>>>,
    batches: Batches,
    closing: AtomicBool,
}

impl Dispatcher {
    /// A dispatcher; with a descriptor where the host dispatches.
    pub(crate) fn new(host: bool) -> io::Result<Self> {
        let ready = if host { Ready::open()? } else { Ready(None) };
        Ok(Dispatcher {
            queue: Queue::new(ready, LONG),
            syncs: RwLock::default(),
            downloads: RwLock::default(),
            optimizes: RwLock::default(),
            changes: RwLock::default(),
            batch_targets: RwLock::default(),
            batches: Batches::default(),
            closing: AtomicBool::new(false),
        })
    }

    /// The descriptor, where the host dispatches.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        self.queue.signal().0.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// The number of the next event.
    pub(crate) fn next_number(&self) -> u64 {
        self.queue.next_number()
    }

    /// Tells this GallerySync or FileSync of the directory's runs from now on.
    pub(crate) fn add_sync(&self, root: Root, target: &Arc<SyncTarget>) {
        Arc::make_mut(&mut self.syncs.write()).push((root, Arc::clone(target)));
    }

    /// Tells it no more.
    pub(crate) fn forget_sync(&self, target: &Arc<SyncTarget>) {
        Arc::make_mut(&mut self.syncs.write()).retain(|(_, other)| !Arc::ptr_eq(other, target));
    }

    /// The batches that lie in several directories.
    pub(crate) fn batches(&self) -> &Batches {
        &self.batches
    }

    /// Tells this CloudFileCache of its batches from now on.
    pub(crate) fn add_batches(&self, client: ClientId, target: &Arc<BatchTarget>) {
        self.batch_targets.write().insert(client, Arc::clone(target));
    }

    /// Tells it no more.
    pub(crate) fn forget_batches(&self, client: ClientId) {
        self.batch_targets.write().remove(&client);
    }

    /// Tells this Download or CloudFileCache from now on.
    pub(crate) fn add_download(&self, client: ClientId, target: &Arc<DownloadTarget>) {
        self.downloads.write().insert(client, Arc::clone(target));
    }

    /// Tells it no more.
    pub(crate) fn forget_download(&self, client: ClientId) {
        self.downloads.write().remove(&client);
    }

    /// Tells this callback of one freeing of space, to its last event.
    pub(crate) fn add_optimize(&self, client: ClientId, callback: Arc<Registration<OptimizeFn>>) {
        self.optimizes.write().insert(client, callback);
    }

    /// It was not accepted.
    pub(crate) fn forget_optimize(&self, client: ClientId) {
        self.optimizes.write().remove(&client);
    }

    /// Tells this registration of changes from now on.
    pub(crate) fn add_changes(&self, watch: WatchId, target: &Arc<ChangeTarget>) {
        self.changes.write().insert(watch, Arc::clone(target));
    }

    /// Tells it no more.
    pub(crate) fn forget_changes(&self, watch: WatchId) {
        self.changes.write().remove(&watch);
    }

    /// Adds something that the host is to be told.
    pub(crate) fn push(&self, happening: Happening) {
        self.queue.push(happening);
    }

    /// The body of the dispatcher's own thread: ends when the queue is closed and empty.
    pub(crate) fn run(&self) {
        let mut batch = VecDeque::new();
        while self.queue.take(&mut batch) {
            for (number, happening) in batch.drain(..) {
                self.deliver(number, happening);
            }
        }
    }

    /// Runs up to `max` events on this thread, all that wait now where `max` is 0; waits for the first until
    /// `deadline`.
    pub(crate) fn dispatch(&self, max: usize, deadline: Option<Instant>) {
        if !self.queue.begin_turn(deadline, false) {
            return;
        }
        self.queue.wait(deadline);
        let max = if max == 0 { self.queue.len() } else { max };
        for _ in 0..max {
            let Some((number, happening)) = self.queue.pop(false) else {
                break;
            };
            self.deliver(number, happening);
        }
        self.queue.end_turn();
    }

    /// The context is being closed: a call that is lost from now on was lost to that.
    pub(crate) fn begin_closing(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// No event comes any more; [`Dispatcher::run`] delivers the rest.
    pub(crate) fn close(&self) {
        self.queue.close();
    }

    /// Delivers the rest on this thread, after a dispatch that is under way.
    pub(crate) fn drain(&self) {
        self.queue.begin_turn(None, true);
        while let Some((number, happening)) = self.queue.pop(true) {
            self.deliver(number, happening);
        }
        self.queue.end_turn();
    }

    fn deliver(&self, number: u64, happening: Happening) {
        // Nothing here panics that we know of; if it does, the events after it still come.
        let delivered = catch_unwind(AssertUnwindSafe(|| match happening {
            Happening::Sync(root, progress) => self.deliver_sync(number, root, progress),
            Happening::Download(client, progress) => self.deliver_download(number, client, progress),
            Happening::Optimize(client, progress) => self.deliver_optimize(client, progress),
            Happening::Changed(watch, kind, changes) => self.deliver_changes(number, watch, kind, changes),
            Happening::Batch(client, progress) => self.deliver_batch(number, client, &progress),
            Happening::Completed(answer, completion) => completion.call(answer),
            Happening::Log(level, line) => log::line(level, &line),
        }));
        if delivered.is_err() {
            log::line(log::CLOUDSYNC_LOG_ERROR, "an event was lost to an inner error");
        }
    }

    fn deliver_sync(&self, number: u64, root: Root, progress: SyncProgress) {
        let event = CloudSyncSyncProgress::from(progress);
        let syncs = Arc::clone(&self.syncs.read());
        for (_, target) in syncs.iter().filter(|(of, _)| *of == root) {
            target.deliver(number, |registration| {
                // SAFETY: the host's function and its own user data; the event lives until it returns.
                registration.call(|function, user_data| unsafe { function(&raw const event, user_data) });
            });
        }
    }

    fn deliver_download(&self, number: u64, client: ClientId, progress: DownloadProgress) {
        let Some(target) = self.downloads.read().get(&client).map(Arc::clone) else {
            return;
        };
        let uri = text::to_c(progress.uri);
        let event = CloudSyncDownloadProgress {
            struct_size: size_of::<CloudSyncDownloadProgress>(),
            state: progress.state as i32,
            error: progress.error as i32,
            processed: progress.processed,
            size: progress.size,
            uri: uri.as_ptr(),
        };
        target.deliver(number, |registration| {
            // SAFETY: as above; the URI lives as long as the event.
            registration.call(|function, user_data| unsafe { function(&raw const event, user_data) });
        });
    }

    fn deliver_optimize(&self, client: ClientId, progress: OptimizeProgress) {
        let callback = match progress.state {
            OptimizeState::Running => self.optimizes.read().get(&client).map(Arc::clone),
            _ => self.optimizes.write().remove(&client),
        };
        let event = CloudSyncOptimizeSpaceProgress::from(progress);
        if let Some(callback) = callback {
            // SAFETY: the host's function and its own user data; the event lives until it returns.
            callback.call(|function, user_data| unsafe { function(&raw const event, user_data) });
        }
    }

    fn deliver_changes(&self, number: u64, watch: WatchId, kind: NotifyType, changes: Vec<Change>) {
        let Some(target) = self.changes.read().get(&watch).map(Arc::clone) else {
            return;
        };
        let is_directory: Vec<u8> = changes.iter().map(|change| change.is_dir.into()).collect();
        let (mut uris, mut old_uris) = (Vec::with_capacity(changes.len()), Vec::new());
        for change in changes {
            uris.push(text::to_c(change.uri));
            old_uris.extend(change.old_uri.map(text::to_c));
        }
        let (uri_pointers, old_pointers) = (pointers(&uris), pointers(&old_uris));
        let data = CloudSyncChangeData {
            struct_size: size_of::<CloudSyncChangeData>(),
            r#type: kind as i32,
            count: uris.len() as u32,
            is_directory: is_directory.as_ptr(),
            uris: uri_pointers.as_ptr(),
            old_uris: if old_pointers.is_empty() { std::ptr::null() } else { old_pointers.as_ptr() },
        };
        target.deliver(number, |registration| {
            // SAFETY: as above; the arrays and their texts live as long as the data.
            registration.call(|function, user_data| unsafe { function(&raw const data, user_data) });
        });
    }

    fn deliver_batch(&self, number: u64, client: ClientId, progress: &BatchProgress) {
        let Some(target) = self.batch_targets.read().get(&client).map(Arc::clone) else {
            return;
        };
        let files = BatchLists::new(progress);
        let first_error = progress.failed.first().map_or(DownloadErrorType::NoError, |(_, error)| *error);
        let event = CloudSyncMultiDownloadProgress {
            struct_size: size_of::<CloudSyncMultiDownloadProgress>(),
            state: progress.state as i32,
            err_type: first_error as i32,
            task_id: progress.task,
            successful_count: files.successful.len() as u32,
            failed_count: files.failed.len() as u32,
            total_count: progress.files as u32,
            downloaded_size: progress.downloaded,
            total_size: progress.total,
            successful_files: files.successful.as_ptr(),
            failed_files: files.failed.as_ptr(),
        };
        target.deliver(number, |registration| {
            // SAFETY: as above; the lists live as long as the event.
            registration.call(|function, user_data| unsafe { function(&raw const event, user_data) });
        });
    }
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).collect()
}

/// The strings of a batch's event, in C's form.
struct BatchLists {
    _strings: Vec<CString>,
    successful: Vec<*const c_char>,
    failed: Vec<CloudSyncFailedFileInfo>,
}

impl BatchLists {
    fn new(progress: &BatchProgress) -> Self {
        let mut strings = Vec::with_capacity(progress.succeeded.len() + progress.failed.len());
        let mut keep = |uri: &String| {
            let uri = text::to_c(uri.as_str());
            let pointer = uri.as_ptr();
            // Moving the string moves no bytes.
            strings.push(uri);
            pointer
        };
        let successful = progress.succeeded.iter().map(&mut keep).collect();
        let failed = progress.failed.iter();
        let failed =
            failed.map(|(uri, error)| CloudSyncFailedFileInfo { uri: keep(uri), error: *error as i32 });
        let failed = failed.collect();
        BatchLists { _strings: strings, successful, failed }
    }
}

/// What the engine of one synced directory tells.
pub(crate) struct Events {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) root: Root,
}

impl EventSink for Events {
    fn emit(&self, event: Event) {
        let dispatcher = &self.dispatcher;
        match event {
            Event::Sync(progress) => dispatcher.push(Happening::Sync(self.root, progress)),
            Event::Download { client, progress } => dispatcher.push(Happening::Download(client, progress)),
            Event::Optimize { client, progress } => dispatcher.push(Happening::Optimize(client, progress)),
            Event::Changed { watch, kind, changes } => {
                dispatcher.push(Happening::Changed(watch, kind, changes))
            }
            Event::Batch { client, progress } => dispatcher.batches.merge(self.root, progress, |whole| {
                dispatcher.push(Happening::Batch(client, whole));
            }),
        }
    }

    fn log(&self, level: u8, line: &str) {
        if log::wanted(level.into()) {
            self.dispatcher.push(Happening::Log(level.into(), line.into()));
        }
    }
}

impl Completion {
    fn call(self, answer: Answer<Found>) {
        let (sharing_code, shared, answer) = match answer {
            Ok(Found::Sharing(number, Ok(result))) => (number, result, Ok(Found::Nothing)),
            Ok(Found::Sharing(number, Err(failure))) => (number, 0, Err(failure)),
            answer => (0, 0, answer),
        };
        let (code, message, found) = match answer {
            Ok(found) => (0, Cow::Borrowed(c""), found),
            Err(failure) => (failure.code as i32, Cow::Owned(text::to_c(failure.text)), Found::Nothing),
        };
        match self {
            // SAFETY: the host's function and its own user data; the message lives until it returns.
            Completion::Plain(done) => done.call(|function, user_data| unsafe {
                function(code, message.as_ptr(), user_data);
            }),
            Completion::States(done) => done.call(|function, user_data| {
                let states = match &found {
                    Found::States(states) => states.as_slice(),
                    _ => &[],
                };
                let first = if code == 0 { states.as_ptr() } else { std::ptr::null() };
                // SAFETY: as above; so do the states.
                unsafe { function(code, message.as_ptr(), first, states.len(), user_data) }
            }),
            Completion::Time(done) => done.call(|function, user_data| {
                let time = if let Found::Time(time) = found { time } else { 0 };
                // SAFETY: as above.
                unsafe { function(code, message.as_ptr(), time, user_data) }
            }),
            Completion::Task(done) => done.call(|function, user_data| {
                let task = if let Found::Task(task) = found { task } else { -1 };
                // SAFETY: as above.
                unsafe { function(code, message.as_ptr(), task, user_data) }
            }),
            Completion::Plan(done) => done.call(|function, user_data| {
                let plan = if let Found::Plan(value) = found { value } else { 0 };
                // SAFETY: as above.
                unsafe { function(code, message.as_ptr(), std::ptr::without_provenance_mut(plan), user_data) }
            }),
            Completion::Sharing(done) => done.call(|function, user_data| {
                let result = std::ptr::without_provenance_mut(shared);
                // SAFETY: as above.
                unsafe { function(code, message.as_ptr(), sharing_code, result, user_data) }
            }),
        }
    }
}

/// Somebody who waits for the end of an asynchronous call, and is told of it once.
pub(crate) struct Owed {
    dispatcher: Arc<Dispatcher>,
    completion: Mutex<Option<Completion>>,
}

impl Owed {
    /// Says how the call ended, where nobody has.
    pub(crate) fn tell(&self, answer: Answer<Found>) {
        if let Some(completion) = self.completion.lock().take() {
            self.dispatcher.push(Happening::Completed(answer, completion));
        }
    }
}

/// Whose turn it is to say how an asynchronous call ended: by [`Completer::complete`], or, if the call is lost on its way,
/// by dropping this.
pub(crate) struct Completer(Arc<Owed>);

impl Completer {
    /// Takes over a completion.
    pub(crate) fn new(dispatcher: &Arc<Dispatcher>, completion: Completion) -> Self {
        let (dispatcher, completion) = (Arc::clone(dispatcher), Mutex::new(Some(completion)));
        Completer(Arc::new(Owed { dispatcher, completion }))
    }

    /// Who waits.
    pub(crate) fn owed(&self) -> Arc<Owed> {
        Arc::clone(&self.0)
    }

    /// Says how the call ended.
    pub(crate) fn complete(self, answer: Answer<Found>) {
        self.0.tell(answer);
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        let lost = || inner("the call was lost inside the library; look at the log, then call again");
        let is_closing = self.0.dispatcher.closing.load(Ordering::Acquire);
        self.0.tell(Err(if is_closing { gone() } else { lost() }));
    }
}
