//! A device, an account and a cloud: the context that everything else belongs to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cloudsync_cloud::CloudService;
use cloudsync_engine::core::Partial;
use cloudsync_engine::os::production;
use cloudsync_engine::{Bandwidth, ClientId, Code, Config, Engine, TaskId, UriSpace};
use parking_lot::Mutex;

use crate::callback::{Registration, may_block};
use crate::changes::Watches;
use crate::dispatch::{Added, Target};
use crate::events::{Completer, Completion, Dispatcher, Events, Found};
use crate::failure::{Answer, Failure, bad, gone};
use crate::lanes::{Lane, Lanes};
use crate::lease::LEASES;
use crate::object::{Handle, Shared, end, get, give, guard, with, writable};
use crate::options::{Caller, CloudSyncOptions, Options};
use crate::threads::{self, SignalsBlocked};

/// One device, one signed-in account, one cloud. Made by cloudsync_open, ended by cloudsync_close.
pub struct CloudSyncContext {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncContext {
    type Object = Context;
}

/// One of a context's synced directories: the gallery, or a bundle's cloud directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Root(usize);

impl Root {
    /// The photos.
    pub(crate) const GALLERY: Root = Root(0);

    /// Its number, from 0 on.
    pub(crate) fn number(self) -> u64 {
        self.0 as u64
    }
}

/// What a context handle stands for.
pub struct Context {
    gallery: Engine,
    pub(crate) cloud: Arc<dyn CloudService>,
    /// The bundle that the photos belong to.
    gallery_bundle: Box<str>,
    /// The bundles' engines: of the root with number n, the one at n - 1.
    bundles: Vec<(Box<str>, Engine)>,
    caller: Caller,
    pub(crate) bandwidth: Bandwidth,
    next_client: AtomicU64,
    next_task: AtomicI64,
    closed: AtomicBool,
    pub(crate) watches: Watches,
    running: Running,
}

/// A context's dispatcher and threads.
struct Running {
    dispatcher: Arc<Dispatcher>,
    lanes: Lanes,
    callbacks_thread: Mutex<Option<JoinHandle<()>>>,
    stopped: AtomicBool,
}

/// How long closing waits for what asks the cloud.
const CLOSE_WITHIN: Duration = Duration::from_millis(1_800);
/// And so long at least, where the engines have used that up.
const CLOSE_SOON: Duration = Duration::from_millis(100);

impl Running {
    fn start(host_dispatches: bool) -> Answer<Self> {
        let failed = |error: std::io::Error| Failure::io("a context's threads and descriptor", &error);
        let dispatcher = Arc::new(Dispatcher::new(host_dispatches).map_err(failed)?);
        let running = Running {
            dispatcher: Arc::clone(&dispatcher),
            lanes: Lanes::start().map_err(failed)?,
            callbacks_thread: Mutex::new(None),
            stopped: AtomicBool::new(false),
        };
        if !host_dispatches {
            match threads::start("cloudsync-cb", move || dispatcher.run()) {
                Ok(thread) => *running.callbacks_thread.lock() = Some(thread),
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(running)
    }

    /// Finishes the asynchronous calls, then delivers what is left.
    fn stop(&self, deadline: Instant) {
        if self.stopped.swap(true, Ordering::AcqRel) {
            return;
        }
        self.lanes.close(deadline);
        self.dispatcher.close();
        // A thread that panicked has ended as well, and its top frame has said so.
        let _ = self.callbacks_thread.lock().take().map(JoinHandle::join);
        self.dispatcher.drain();
    }
}

impl Drop for Running {
    /// For a context that could not be opened; [`Context::close`] has left nothing to stop.
    fn drop(&mut self) {
        self.stop(Instant::now());
    }
}

impl Context {
    fn open(options: Options) -> Answer<Self> {
        options.check()?;
        check_apart(&options)?;
        let cloud = options.cloud.ok_or_else(|| bad("no cloud; call cloudsync_options_set_cloud"))?;
        let running = Running::start(options.host_dispatches)?;
        // Not the options' own: contexts share nothing.
        let bandwidth = Bandwidth::default();
        bandwidth.set(options.bandwidth.0, options.bandwidth.1);
        let config = Config { bandwidth: bandwidth.clone(), ..options.config };
        let _blocked = SignalsBlocked::new();
        let open = |config: Config, root: Root| {
            let events = Events { dispatcher: Arc::clone(&running.dispatcher), root };
            let ports = production(&config, Arc::clone(&cloud), options.conditions.clone(), LEASES)?;
            Engine::open(config, ports, Arc::new(events))
        };
        let gallery = open(config.clone(), Root::GALLERY)?;
        let mut bundles = Vec::with_capacity(options.bundles.len());
        for (number, (name, dir)) in (1..).zip(&options.bundles) {
            let config = bundle_config(&config, name, dir);
            bundles.push((Box::from(&**name), open(config, Root(number))?));
        }
        Ok(Context {
            gallery,
            cloud: Arc::clone(&cloud),
            gallery_bundle: config.bundle_name.into(),
            bundles,
            caller: options.caller,
            bandwidth,
            next_client: AtomicU64::new(1),
            next_task: AtomicI64::new(1),
            closed: AtomicBool::new(false),
            watches: Watches::new(),
            running,
        })
    }

    /// 201 and 202, for the operations of the system.
    pub(crate) fn check_caller(&self) -> Answer {
        self.caller.check()
    }

    /// Who may work on whose directory: every bundle on its own, and a system app on all.
    pub(crate) fn check_bundle(&self, bundle: &str) -> Answer {
        self.caller.check_bundle(bundle)
    }

    /// Who may sync a directory: the gallery who has the permissions, a bundle's who may work on it.
    pub(crate) fn check_root(&self, root: Root) -> Answer {
        match root.0.checked_sub(1).and_then(|index| self.bundles.get(index)) {
            Some((bundle, _)) => self.check_bundle(bundle),
            None => self.check_caller(),
        }
    }

    /// The gallery's engine, unless the context has been closed.
    pub(crate) fn engine(&self) -> Answer<&Engine> {
        self.engine_at(Root::GALLERY)
    }

    /// A directory's engine, unless the context has been closed.
    pub(crate) fn engine_at(&self, root: Root) -> Answer<&Engine> {
        if self.closed.load(Ordering::Acquire) {
            return Err(gone());
        }
        match root.0.checked_sub(1) {
            None => Ok(&self.gallery),
            Some(index) => self.bundles.get(index).map(|(_, engine)| engine).ok_or_else(gone),
        }
    }

    /// What the caller shares from, and the bundle that this belongs to: its own directory where the context has one, the
    /// gallery otherwise.
    pub(crate) fn shared_root(&self) -> (Root, &str) {
        let own = self.caller.bundle();
        match self.root_of_bundle(own) {
            Some(root) => (root, own),
            None => (Root::GALLERY, &self.gallery_bundle),
        }
    }

    /// 202, for operations that need no permission.
    pub(crate) fn check_system_app(&self) -> Answer {
        self.caller.check_system_app()
    }

    /// The directory of a bundle.
    pub(crate) fn root_of_bundle(&self, bundle: &str) -> Option<Root> {
        self.bundles.iter().position(|(name, _)| **name == *bundle).map(|index| Root(index + 1))
    }

    /// The directory of a bundle, the gallery's among them.
    pub(crate) fn root_named(&self, bundle: &str) -> Answer<Root> {
        let gallery = || (bundle == &*self.gallery_bundle).then_some(Root::GALLERY);
        let missing = || bad(format!("no directory of this context belongs to {bundle:?}"));
        self.root_of_bundle(bundle).or_else(gallery).ok_or_else(missing)
    }

    /// The directory that a URI is in, or is refused by.
    pub(crate) fn root_of(&self, uri: &str) -> Root {
        if self.bundles.is_empty() {
            return Root::GALLERY;
        }
        let bundle =
            UriSpace::bundle_of(uri).map(|name| if name.is_empty() { self.caller.bundle() } else { name });
        bundle.and_then(|bundle| self.root_of_bundle(bundle)).unwrap_or(Root::GALLERY)
    }

    /// The directory that a URI is in, for a look that needs no permission: 202 where it is another bundle's
    /// and the caller no system app.
    pub(crate) fn root_to_look_at(&self, uri: &str) -> Answer<Root> {
        let root = self.root_of(uri);
        if let Some((bundle, _)) = root.0.checked_sub(1).and_then(|index| self.bundles.get(index)) {
            self.check_bundle(bundle)?;
        }
        Ok(root)
    }

    /// The directory that a URI is in, where the caller may use its files: every app its own bundle's, a
    /// system app all.
    pub(crate) fn root_for_caller(&self, uri: &str) -> Answer<Root> {
        let root = self.root_of(uri);
        self.engine_at(root)?.check_uri(uri)?;
        let owner = match root.0.checked_sub(1).and_then(|index| self.bundles.get(index)) {
            Some((name, _)) => name,
            None => &self.gallery_bundle,
        };
        self.caller.check_bundle(owner).map(|()| root).map_err(|_| {
            let text = format!("{uri:?} belongs to {owner}; who is no system app can use its own files only");
            Failure::new(Code::InvalidUri, text)
        })
    }

    /// All engines, unless the context has been closed.
    pub(crate) fn engines(&self) -> Answer<impl Iterator<Item = &Engine>> {
        let gallery = self.engine()?;
        Ok(std::iter::once(gallery).chain(self.bundles.iter().map(|(_, engine)| engine)))
    }

    /// Who tells the host what happened.
    pub(crate) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.running.dispatcher
    }

    /// Registers a callback at one of the context's objects, or gives its user data back where the call fails.
    pub(crate) fn register<F: Copy>(
        &self,
        target: &Target<Registration<F>>,
        registration: Registration<F>,
        address: impl FnOnce(F) -> usize,
    ) -> Answer {
        let key = registration.key(address)?;
        self.engine()?;
        match target.add(key, registration, self.dispatcher().next_number()) {
            Added::New | Added::Already => Ok(()),
            Added::Closed => Err(gone()),
        }
    }

    /// A number for a Download or CloudFileCache object.
    pub(crate) fn next_client(&self) -> ClientId {
        self.next_client.fetch_add(1, Ordering::Relaxed)
    }

    /// A number for a batch.
    pub(crate) fn next_task(&self) -> TaskId {
        self.next_task.fetch_add(1, Ordering::Relaxed)
    }

    /// Stops the downloads of an object that is being freed.
    pub(crate) fn forget_client(&self, client: ClientId, partial: Partial) {
        self.gallery.forget_client(client, partial);
        for (_, engine) in &self.bundles {
            engine.forget_client(client, partial);
        }
    }

    /// Closes all engines at the same time: each may need as long as one is allowed to.
    fn close_engines(&self) {
        std::thread::scope(|scope| {
            for (_, engine) in &self.bundles {
                let close = || engine.close();
                if std::thread::Builder::new()
                    .name("cloudsync-close".into())
                    .spawn_scoped(scope, close)
                    .is_err()
                {
                    engine.close();
                }
            }
            self.gallery.close();
        });
    }

    /// Ends everything; a failure of the engine does not keep the threads from being joined.
    fn close(context: &Shared<Context>) -> Answer {
        let deadline = Instant::now() + CLOSE_WITHIN;
        context.closed.store(true, Ordering::Release);
        context.dispatcher().begin_closing();
        let closed = context.poison_on_panic(|| {
            context.close_engines();
            Ok(())
        });
        context.running.stop(deadline.max(Instant::now() + CLOSE_SOON));
        context.watches.close();
        closed
    }
}

/// Refuses directories of which one lies in the other: what is in both would be synced twice.
fn check_apart(options: &Options) -> Answer {
    let bundles = options.bundles.iter().map(|(name, dir)| (&**name, dir));
    let all: Vec<(&str, &PathBuf)> =
        std::iter::once(("the gallery", &options.config.gallery_dir)).chain(bundles).collect();
    let real = |dir: &PathBuf| dir.canonicalize().unwrap_or_else(|_| dir.clone());
    for (index, (name, dir)) in all.iter().enumerate() {
        let inside = all
            .iter()
            .enumerate()
            .find(|(other, (_, outer))| *other != index && real(dir).starts_with(real(outer)));
        if let Some((_, (outer, _))) = inside {
            let text = format!(
                "the directory of {name} lies in that of {outer}, and would be synced twice; use one beside it"
            );
            return Err(bad(text));
        }
    }
    Ok(())
}

/// A bundle's directory as a gallery's, with an index, records and a lock of its own.
fn bundle_config(gallery: &Config, name: &str, dir: &Path) -> Config {
    Config {
        state_dir: gallery.state_dir.join(format!("bundle.{name}")),
        gallery_dir: dir.to_path_buf(),
        uris: UriSpace::Bundle(name.into()),
        bundle_name: name.into(),
        ..gallery.clone()
    }
}

/// Does `work` in one of the context's lanes for asynchronous calls, then tells `completion`.
pub(crate) fn run_async(
    context: &Arc<Shared<Context>>,
    lane: Lane,
    completion: Completion,
    work: impl FnOnce(&Context) -> Answer<Found> + Send + 'static,
) -> Answer {
    ask_async(context, lane, completion, |context, completer| {
        completer.complete(context.poison_on_panic(|| work(context)));
    })
}

/// Who is told in the end, and once.
pub(crate) type Tell = Box<dyn FnOnce(Answer) + Send>;

/// Gives an engine an order that takes a while.
pub(crate) fn order_async(
    context: &Arc<Shared<Context>>,
    root: Root,
    completion: Completion,
    order: impl FnOnce(&Engine, Tell) + Send + 'static,
) -> Answer {
    ask_async(context, Lane::Order, completion, move |context, completer| match context.engine_at(root) {
        Ok(engine) => {
            let tell = |result: Answer| completer.complete(result.map(|()| Found::Nothing));
            order(engine, Box::new(tell));
        }
        Err(error) => completer.complete(Err(error)),
    })
}

/// Runs `ask` in one of the context's lanes for asynchronous calls; it sees to it that `completion` is told, now or later.
pub(crate) fn ask_async(
    context: &Arc<Shared<Context>>,
    lane: Lane,
    completion: Completion,
    ask: impl FnOnce(&Arc<Shared<Context>>, Completer) + Send + 'static,
) -> Answer {
    context.engine()?;
    let completer = Completer::new(context.dispatcher(), completion);
    let owed = completer.owed();
    let on = Arc::clone(context);
    let work = Box::new(move || {
        // A completer that a panic drops tells the host.
        let _ = on.poison_on_panic(|| {
            ask(&on, completer);
            Ok(())
        });
    });
    context.running.lanes.add(lane, &owed, work);
    Ok(())
}

/// Opens a context: takes the state directory, opens the index, and starts the library's threads, with all
/// signals blocked on them. Nothing is synced yet.
///
/// @param options What to open it with; copied, so it may be freed or changed afterwards.
/// @param out     Where the handle goes; the caller ends it with cloudsync_close.
/// @return 0; 401 for a bad handle, where out is NULL, or where the state directory, the gallery directory or the
///         cloud is not set; 13900002 where the gallery is missing; 13900012 where a directory is not ours to
///         use; 13900014 where another context, of any process, has the state directory open; 13900025 where its disk is
///         full; 13900005 for another failure of the disk; 13900001 where the state directory is of a newer version;
///         13900027 where it is read-only.
///
/// Thread safety: any thread. Blocks while the index is read. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_open(
    options: *const CloudSyncOptions,
    out: *mut *mut CloudSyncContext,
) -> i32 {
    with(options, "options", |options| {
        writable(out, "out")?;
        let options = options.lock().clone();
        let context = Context::open(options)?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(context, out) }
    })
}

/// Closes a context: stops what runs, delivers every final event and completion that is due, and joins the library's
/// threads, within 2 seconds plus what the host's callbacks take. With CLOUDSYNC_DISPATCH_HOST, what is left
/// is delivered on the thread that closes, after a cloudsync_dispatch that is under way.
///
/// GallerySync, FileSync, Download and CloudFileCache handles of the context answer 13600001 from then on, and are still
/// to be freed: their callbacks' destroy is called when they are. The destroy of the callbacks of register_change is
/// called here.
///
/// @param context The handle; NULL does nothing.
/// @return 0; 401 for a handle that was closed already or is none; 13900029 from inside a callback, nothing is
///         done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_close(context: *mut CloudSyncContext) -> i32 {
    guard(|| {
        if context.is_null() {
            return Ok(());
        }
        get::<CloudSyncContext>(context, "context")?;
        may_block()?;
        end(context, "context")?.map_or(Ok(()), |context| Context::close(&context))
    })
}

/// Runs waiting callbacks on this thread, for a context opened with CLOUDSYNC_DISPATCH_HOST. Where several
/// threads call it, one runs callbacks at a time.
///
/// @param context    The context.
/// @param max_events The most callbacks' events to run; 0 for those that wait when it begins.
/// @param timeout_ms How long to wait for the first event, in milliseconds: 0 not at all, -1 without end.
/// @return 0, also where nothing came in time; 401 for a bad handle, a timeout under -1, or a context that has
///         its own dispatcher thread; 13900029 from inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks as long as said. Callback safe: no, answers 13900029.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_dispatch(
    context: *mut CloudSyncContext,
    max_events: usize,
    timeout_ms: i32,
) -> i32 {
    with(context, "context", |context| {
        host_dispatched(context)?;
        let deadline = match timeout_ms {
            -1 => None,
            0.. => Some(Instant::now() + Duration::from_millis(timeout_ms.unsigned_abs().into())),
            _ => return Err(bad(format!("timeout_ms is {timeout_ms}; use -1, 0 or more"))),
        };
        may_block()?;
        context.dispatcher().dispatch(max_events, deadline);
        Ok(())
    })
}

/// The descriptor that polls readable exactly while events wait, for a context opened with
/// CLOUDSYNC_DISPATCH_HOST: when it is readable, call cloudsync_dispatch. Only poll it: it is the library's, is never to
/// be read or closed, and is closed by cloudsync_close.
///
/// @param context The context.
/// @return The descriptor, 0 or greater; or a code negated: -401 for a bad handle, or a context that has its
///         own dispatcher thread.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_event_fd(context: *mut CloudSyncContext) -> i32 {
    let mut descriptor = -1;
    let code = with(context, "context", |context| {
        descriptor = host_dispatched(context)?;
        Ok(())
    });
    if code == 0 { descriptor } else { -code }
}

fn host_dispatched(context: &Context) -> Answer<i32> {
    context
        .dispatcher()
        .descriptor()
        .ok_or_else(|| bad("the context has its own dispatcher thread; open it with CLOUDSYNC_DISPATCH_HOST"))
}

/// How many deletions wait for the host's word, because a large share of a directory's files is gone at once (see
/// cloudsync_options_set_deletion_hold). Until it is given, none of them is carried out.
///
/// @param context The context.
/// @param out     Where the number goes.
/// @return 0; 401 for a bad handle or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_get_held_deletions(context: *mut CloudSyncContext, out: *mut u64) -> i32 {
    with(context, "context", |context| {
        writable(out, "out")?;
        let held = context.engines()?.map(Engine::deletions_held).sum();
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(held) };
        Ok(())
    })
}

/// Gives the host's word on the deletions that wait.
///
/// @param context   The context.
/// @param carry_out 0: bring the files back. Anything else: carry the deletions out, at the next run.
/// @return 0, also where none wait; 401 for a bad handle; 22400005 where the index cannot keep the answer.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_answer_held_deletions(
    context: *mut CloudSyncContext,
    carry_out: i32,
) -> i32 {
    with(context, "context", |context| {
        context.engines()?.try_for_each(|engine| engine.answer_held_deletions(carry_out != 0))
    })
}
