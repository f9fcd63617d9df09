//! What the header promises of callbacks, each promise with a test, through the exports.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cloudsync_engine::{
    DownloadErrorType, DownloadProgress, DownloadState, ErrorType, Event, EventSink, SyncProgress, SyncState,
};

use crate::context::Root;
use crate::context::{Context, run_async};
use crate::events::Completion;
use crate::events::Events;
use crate::lanes::Lane;
use crate::object::{Shared, get};
use crate::*;

/// A context on scratch directories.
struct Fixture {
    context: *mut CloudSyncContext,
    _scratch: tempfile::TempDir,
}

// SAFETY: handles may be used from any thread.
unsafe impl Sync for Fixture {}

fn c(path: &std::path::Path) -> std::ffi::CString {
    text::to_c(path.to_str().unwrap())
}

impl Fixture {
    fn new(dispatch: i32) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::create_dir(scratch.path().join("gallery")).unwrap();
        let at = |name: &str| c(&scratch.path().join(name));
        let (mut options, mut cloud, mut context) = (null_mut(), null_mut(), null_mut());
        // SAFETY: every pointer is a local or a string that outlives the call.
        unsafe {
            assert_eq!(cloudsync_options_new(&raw mut options), 0);
            assert_eq!(cloudsync_options_set_state_dir(options, at("state").as_ptr()), 0);
            assert_eq!(cloudsync_options_set_gallery_dir(options, at("gallery").as_ptr()), 0);
            let dir = at("cloud");
            assert_eq!(cloudsync_embedded_cloud_new(dir.as_ptr(), c"me".as_ptr(), &raw mut cloud), 0);
            assert_eq!(cloudsync_options_set_cloud(options, cloud), 0);
            assert_eq!(cloud_service_stub_free(cloud), 0);
            assert_eq!(cloudsync_options_set_dispatch(options, dispatch), 0);
            assert_eq!(cloudsync_open(options, &raw mut context), 0, "{}", failure::last());
            assert_eq!(cloudsync_options_free(options), 0);
        }
        Fixture { context, _scratch: scratch }
    }

    fn object(&self) -> Arc<Shared<Context>> {
        get(self.context.cast_const(), "context").unwrap()
    }

    fn gallery(&self) -> *mut CloudSyncGallerySync {
        let mut out = null_mut();
        // SAFETY: a local may be written.
        assert_eq!(unsafe { gallery_sync_new(self.context, &raw mut out) }, 0);
        out
    }

    fn emit(&self, state: SyncState, files_done: u64) {
        self.events().emit(Event::Sync(progress(state, files_done)));
    }

    /// What the gallery's engine tells.
    fn events(&self) -> Events {
        Events { dispatcher: Arc::clone(self.object().dispatcher()), root: Root::GALLERY }
    }

    fn close(&self) -> i32 {
        // SAFETY: any value is answered.
        unsafe { cloudsync_close(self.context) }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.close();
    }
}

fn progress(state: SyncState, files_done: u64) -> SyncProgress {
    SyncProgress {
        state,
        error: ErrorType::NoError,
        files_total: 0,
        files_done,
        files_failed: 0,
        bytes_total: 0,
        bytes_done: 0,
        deletions_held: 0,
    }
}

/// What a callback tells its test, and what it does meanwhile.
struct Host {
    told: Sender<(i32, u64)>,
    act: Box<dyn Fn() + Send + Sync>,
    destroyed: AtomicUsize,
}

/// A host's user data, kept alive by the test.
fn host(act: impl Fn() + Send + Sync + 'static) -> (Arc<Host>, Receiver<(i32, u64)>) {
    let (told, heard) = channel();
    (Arc::new(Host { told, act: Box::new(act), destroyed: AtomicUsize::new(0) }), heard)
}

fn data(host: &Arc<Host>) -> *mut c_void {
    Arc::as_ptr(host).cast_mut().cast()
}

unsafe extern "C-unwind" fn on_sync(event: *const CloudSyncSyncProgress, user_data: *mut c_void) {
    // SAFETY: the test keeps its `Host`, and the event lives until we return.
    let (host, event) = unsafe { (&*user_data.cast::<Host>(), &*event) };
    assert_eq!(event.struct_size, size_of::<CloudSyncSyncProgress>());
    (host.act)();
    host.told.send((event.state, event.files_done)).unwrap();
}

unsafe extern "C-unwind" fn on_done(code: i32, message: *const c_char, user_data: *mut c_void) {
    // SAFETY: as above; the message is never NULL.
    let (host, message) = unsafe { (&*user_data.cast::<Host>(), CStr::from_ptr(message)) };
    assert_eq!(code == 0, message.is_empty());
    host.told.send((code, 0)).unwrap();
}

unsafe extern "C-unwind" fn on_destroy(user_data: *mut c_void) {
    // SAFETY: the test keeps its `Host`.
    unsafe { &*user_data.cast::<Host>() }.destroyed.fetch_add(1, SeqCst);
}

fn register(gallery: *mut CloudSyncGallerySync, host: &Arc<Host>) -> i32 {
    // SAFETY: the test keeps its `Host` longer than the registration.
    unsafe { gallery_sync_register_progress_cb(gallery, Some(on_sync), data(host), Some(on_destroy)) }
}

fn unregister(gallery: *mut CloudSyncGallerySync, host: &Arc<Host>) -> i32 {
    // SAFETY: any value is answered.
    unsafe { gallery_sync_unregister_progress_cb(gallery, Some(on_sync), data(host)) }
}

fn free(gallery: *mut CloudSyncGallerySync) -> i32 {
    // SAFETY: any value is answered.
    unsafe { gallery_sync_free(gallery) }
}

const SOON: Duration = Duration::from_secs(10);

/// A handle that a closure for another thread may take along.
#[derive(Clone, Copy)]
struct Gallery(*mut CloudSyncGallerySync);
// SAFETY: handles may be used from any thread.
unsafe impl Send for Gallery {}
// SAFETY: as above.
unsafe impl Sync for Gallery {}
impl Gallery {
    fn handle(self) -> *mut CloudSyncGallerySync {
        self.0
    }
}

#[test]
fn events_come_in_order_on_the_librarys_thread_with_signals_blocked() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let gallery = fixture.gallery();
    let (host, heard) = host(|| {
        assert_eq!(std::thread::current().name(), Some("cloudsync-cb"));
        // SAFETY: an all-zero set is valid, and written before it is read.
        unsafe {
            let mut blocked: libc::sigset_t = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut blocked);
            assert_eq!(libc::sigismember(&raw const blocked, libc::SIGTERM), 1);
        }
    });
    fixture.emit(SyncState::Completed, 99);
    assert_eq!(register(gallery, &host), 0);
    (0..1000).for_each(|n| fixture.emit(SyncState::Uploading, n));
    fixture.emit(SyncState::Completed, 1000);
    let events: Vec<_> = heard.iter().take(1001).collect();
    assert_eq!(events[0], (0, 0), "an event from before the registration is not told");
    assert!(events.windows(2).all(|pair| pair[0].1 + 1 == pair[1].1));
    assert_eq!(events[1000], (CLOUDSYNC_SYNC_STATE_COMPLETED, 1000));
    assert_eq!(free(gallery), 0);
}

#[test]
fn unregister_and_free_wait_for_a_callback_that_runs() {
    for way in [unregister as fn(_, &Arc<Host>) -> i32, |gallery, _| free(gallery)] {
        let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
        let gallery = fixture.gallery();
        let (entered_tx, entered) = channel();
        let (leave, leave_rx) = channel::<()>();
        let (entered_tx, leave_rx) = (Mutex::new(entered_tx), Mutex::new(leave_rx));
        let (host, heard) = host(move || {
            entered_tx.lock().unwrap().send(()).unwrap();
            leave_rx.lock().unwrap().recv().unwrap();
        });
        assert_eq!(register(gallery, &host), 0);
        fixture.emit(SyncState::Uploading, 1);
        fixture.emit(SyncState::Uploading, 2);
        entered.recv_timeout(SOON).unwrap();
        let gallery = Gallery(gallery);
        let (removed_tx, removed) = channel();
        let remover = std::thread::spawn({
            let host = Arc::clone(&host);
            move || {
                assert_eq!(way(gallery.handle(), &host), 0);
                removed_tx.send(host.destroyed.load(SeqCst)).unwrap();
            }
        });
        assert!(removed.recv_timeout(Duration::from_millis(100)).is_err(), "returned while it runs");
        assert_eq!(host.destroyed.load(SeqCst), 0);
        leave.send(()).unwrap();
        assert_eq!(removed.recv_timeout(SOON), Ok(1));
        remover.join().unwrap();
        assert_eq!(heard.try_iter().count(), 1);
        fixture.close();
        assert_eq!((heard.try_iter().count(), host.destroyed.load(SeqCst)), (0, 1));
    }
}

#[test]
fn free_from_inside_a_callback_finishes_when_it_returns() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let gallery = Gallery(fixture.gallery());
    let (host, heard) = host(move || {
        assert_eq!(free(gallery.handle()), 0);
        assert_eq!(free(gallery.handle()), 401);
    });
    assert_eq!(register(gallery.handle(), &host), 0);
    fixture.emit(SyncState::Uploading, 1);
    fixture.emit(SyncState::Completed, 2);
    assert_eq!(heard.recv_timeout(SOON), Ok((0, 1)));
    fixture.close();
    assert_eq!((heard.try_iter().count(), host.destroyed.load(SeqCst)), (0, 1));
}

#[test]
fn destroy_is_called_once_where_registering_fails() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let gallery = fixture.gallery();
    let (host, _heard) = host(|| ());
    // SAFETY: a registration without a function.
    let code = unsafe { gallery_sync_register_progress_cb(gallery, None, data(&host), Some(on_destroy)) };
    assert_eq!((code, host.destroyed.load(SeqCst)), (401, 1));
    assert_eq!(register(null_mut(), &host), 401);
    assert_eq!(register(fixture.context.cast(), &host), 401);
    assert_eq!(host.destroyed.load(SeqCst), 3);
    fixture.close();
    assert_eq!(register(gallery, &host), 13_600_001);
    assert_eq!(host.destroyed.load(SeqCst), 4);
    assert_eq!(free(gallery), 0);
    assert_eq!(register(gallery, &host), 401);
    assert_eq!(host.destroyed.load(SeqCst), 5);
}

#[test]
fn the_same_registration_twice_is_one_and_gives_its_user_data_back() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let gallery = fixture.gallery();
    let (host, heard) = host(|| ());
    assert_eq!(register(gallery, &host), 0);
    assert_eq!(register(gallery, &host), 0);
    assert_eq!(host.destroyed.load(SeqCst), 1);
    fixture.emit(SyncState::Completed, 1);
    fixture.close();
    assert_eq!(heard.try_iter().count(), 1);
    assert_eq!(free(gallery), 0);
    assert_eq!(host.destroyed.load(SeqCst), 2);
}

#[test]
fn unregister_with_null_takes_all_and_without_takes_one() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_HOST);
    let gallery = fixture.gallery();
    let hosts = [(); 3].map(|()| host(|| ()));
    hosts.iter().for_each(|(host, _)| assert_eq!(register(gallery, host), 0));
    assert_eq!(unregister(gallery, &hosts[1].0), 0);
    fixture.emit(SyncState::Uploading, 1);
    // SAFETY: any value is answered.
    unsafe {
        assert_eq!(cloudsync_dispatch(fixture.context, 0, 0), 0);
        assert_eq!(gallery_sync_unregister_progress_cb(gallery, None, null_mut()), 0);
    }
    fixture.emit(SyncState::Completed, 2);
    fixture.close();
    let told: Vec<usize> = hosts.iter().map(|(_, heard)| heard.try_iter().count()).collect();
    assert_eq!(told, [1, 0, 1]);
    hosts.iter().for_each(|(host, _)| assert_eq!(host.destroyed.load(SeqCst), 1));
    assert_eq!(free(gallery), 0);
}

#[test]
fn a_blocking_call_from_inside_a_callback_is_refused() {
    for dispatch in [CLOUDSYNC_DISPATCH_THREAD, CLOUDSYNC_DISPATCH_HOST] {
        let fixture = Fixture::new(dispatch);
        let gallery = Gallery(fixture.gallery());
        let context = fixture.context.addr();
        let codes = Arc::new(Mutex::new(Vec::new()));
        let (host, heard) = host({
            let codes = Arc::clone(&codes);
            move || {
                let context = std::ptr::without_provenance_mut(context);
                let mut download = null_mut();
                // SAFETY: any handle is answered; the rest are locals and literals.
                let found = unsafe {
                    assert_eq!(download_new(context, &raw mut download), 0);
                    let dispatched = match dispatch {
                        CLOUDSYNC_DISPATCH_HOST => cloudsync_dispatch(context, 0, 0),
                        _ => 13_900_029,
                    };
                    [
                        gallery_sync_start(gallery.handle()),
                        gallery_sync_stop(gallery.handle()),
                        download_start(download, c"file://media/Photo/a.jpg".as_ptr()),
                        download_stop(download, c"file://media/Photo/a.jpg".as_ptr()),
                        cloudsync_close(context),
                        dispatched,
                    ]
                };
                codes.lock().unwrap().extend(found);
            }
        });
        assert_eq!(register(gallery.handle(), &host), 0);
        fixture.emit(SyncState::Completed, 1);
        if dispatch == CLOUDSYNC_DISPATCH_HOST {
            // SAFETY: any value is answered.
            assert_eq!(unsafe { cloudsync_dispatch(fixture.context, 1, -1) }, 0);
        }
        assert!(heard.recv_timeout(SOON).is_ok());
        assert_eq!(*codes.lock().unwrap(), [13_900_029; 6]);
        assert_eq!(free(gallery.handle()), 0);
        assert_eq!(fixture.close(), 0);
    }
}

#[test]
fn every_completion_comes_once_also_across_close() {
    for dispatch in [CLOUDSYNC_DISPATCH_THREAD, CLOUDSYNC_DISPATCH_HOST] {
        let fixture = Fixture::new(dispatch);
        let gallery = fixture.gallery();
        let (host, heard) = host(|| ());
        let mut accepted = 0;
        for _ in 0..500 {
            // SAFETY: the test keeps its `Host`.
            accepted +=
                i32::from(unsafe { gallery_sync_start_async(gallery, Some(on_done), data(&host)) } == 0);
        }
        assert_eq!(accepted, 500);
        assert_eq!(fixture.close(), 0);
        assert_eq!(heard.try_iter().count(), 500);
        // SAFETY: as above.
        let code = unsafe { gallery_sync_stop_async(gallery, Some(on_done), data(&host)) };
        assert_eq!((code, heard.try_iter().count()), (13_600_001, 0));
        assert_eq!(free(gallery), 0);
    }
}

#[test]
fn a_panic_of_asynchronous_work_completes_and_poisons_the_context() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let (host, heard) = host(|| ());
    let done = callback::Done::new(Some(on_done as callback::CompletionFn), data(&host)).unwrap();
    run_async(&fixture.object(), Lane::Look, Completion::Plain(done), |_| panic!("boom")).unwrap();
    assert_eq!(heard.recv_timeout(SOON), Ok((22_400_005, 0)));
    let mut held = 0;
    // SAFETY: a local may be written.
    assert_eq!(unsafe { cloudsync_get_held_deletions(fixture.context, &raw mut held) }, 22_400_005);
    assert_eq!(fixture.close(), 0);
}

#[test]
fn an_asynchronous_call_that_is_lost_completes_with_an_inner_error() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let (host, heard) = host(|| ());
    let done = callback::Done::new(Some(on_done as callback::CompletionFn), data(&host)).unwrap();
    drop(events::Completer::new(fixture.object().dispatcher(), Completion::Plain(done)));
    assert_eq!(heard.recv_timeout(SOON), Ok((22_400_005, 0)));
    // The callback may still be on its way back from telling: it needs its host until the thread is joined.
    assert_eq!(fixture.close(), 0);
}

#[test]
fn a_long_queue_thins_progress_out_but_no_final_state() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_HOST);
    let gallery = fixture.gallery();
    let (host, heard) = host(|| ());
    assert_eq!(register(gallery, &host), 0);
    for run in 0..10 {
        (0..10_000).for_each(|n| fixture.emit(SyncState::Uploading, run * 100_000 + n));
        fixture.emit(SyncState::Completed, run * 100_000 + 10_000);
    }
    assert_eq!(fixture.close(), 0);
    let events: Vec<_> = heard.try_iter().collect();
    assert!(events.len() < 5000, "{}", events.len());
    assert!(events.windows(2).all(|pair| pair[0].1 < pair[1].1), "counters never run backwards");
    let finals = events.iter().filter(|(state, _)| *state == CLOUDSYNC_SYNC_STATE_COMPLETED);
    assert_eq!(finals.count(), 10);
    assert_eq!(free(gallery), 0);
}

fn readable(descriptor: i32) -> bool {
    let mut poll = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: one pollfd, a local.
    unsafe { libc::poll(&raw mut poll, 1, 0) == 1 }
}

#[test]
fn the_hosts_thread_dispatches_and_the_descriptor_is_readable_exactly_while_events_wait() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_HOST);
    let gallery = fixture.gallery();
    let me = std::thread::current().id();
    let (host, heard) = host(move || assert_eq!(std::thread::current().id(), me));
    assert_eq!(register(gallery, &host), 0);
    // SAFETY: any value is answered.
    let (descriptor, dispatch) = unsafe {
        let context = fixture.context;
        (cloudsync_event_fd(context), move |max, timeout| cloudsync_dispatch(context, max, timeout))
    };
    assert!(descriptor >= 0 && !readable(descriptor));
    (1..=3).for_each(|n| fixture.emit(SyncState::Uploading, n));
    assert!(readable(descriptor));
    assert_eq!((dispatch(2, 0), heard.try_iter().count()), (0, 2));
    assert!(readable(descriptor));
    assert_eq!((dispatch(0, -1), heard.try_iter().count()), (0, 1));
    assert!(!readable(descriptor));
    let begun = Instant::now();
    assert_eq!((dispatch(0, 30), heard.try_iter().count()), (0, 0));
    assert!(begun.elapsed() >= Duration::from_millis(30));
    assert_eq!(dispatch(0, -2), 401);
    fixture.emit(SyncState::Completed, 4);
    assert_eq!(fixture.close(), 0);
    assert_eq!(heard.try_iter().count(), 1, "close delivers what is left, on this thread");
    assert_eq!(free(gallery), 0);
}

#[test]
fn free_does_not_wait_where_nobody_dispatches() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_HOST);
    let gallery = Gallery(fixture.gallery());
    let (host, heard) = host(|| ());
    assert_eq!(register(gallery.handle(), &host), 0);
    fixture.emit(SyncState::Completed, 1);
    std::thread::spawn(move || assert_eq!(free(gallery.handle()), 0)).join().unwrap();
    assert_eq!(host.destroyed.load(SeqCst), 1);
    fixture.close();
    assert_eq!(heard.try_iter().count(), 0);
}

#[test]
fn a_context_with_its_own_thread_is_not_dispatched_by_the_host() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    // SAFETY: any value is answered.
    unsafe {
        assert_eq!(cloudsync_event_fd(fixture.context), -401);
        assert_eq!(cloudsync_event_fd(null_mut()), -401);
        assert_eq!(cloudsync_dispatch(fixture.context, 0, 0), 401);
    }
}

static DOWNLOADED: AtomicU64 = AtomicU64::new(0);
static STATE: AtomicI32 = AtomicI32::new(-1);

unsafe extern "C-unwind" fn on_download(event: *const CloudSyncDownloadProgress, user_data: *mut c_void) {
    // SAFETY: the event and its URI live until we return; the user data is a sender that the test keeps.
    let (event, told) = unsafe { (&*event, &*user_data.cast::<Sender<String>>()) };
    DOWNLOADED.store(event.processed, SeqCst);
    STATE.store(event.state, SeqCst);
    // SAFETY: as above.
    told.send(unsafe { CStr::from_ptr(event.uri) }.to_str().unwrap().to_owned()).unwrap();
}

#[test]
fn a_download_is_told_of_its_own_files_only() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let (told, heard) = channel::<String>();
    let mut downloads = [null_mut(); 2];
    for out in &mut downloads {
        // SAFETY: locals.
        assert_eq!(unsafe { download_new(fixture.context, out) }, 0);
    }
    let user_data = (&raw const told).cast_mut().cast();
    // SAFETY: the sender outlives the context.
    let code = unsafe { download_register_progress_cb(downloads[0], Some(on_download), user_data, None) };
    assert_eq!(code, 0);
    for (client, uri) in [(1, "file://media/Photo/a.jpg"), (2, "file://media/Photo/b.jpg")] {
        let progress = DownloadProgress {
            state: DownloadState::Completed,
            processed: 5,
            size: 5,
            uri: uri.into(),
            error: DownloadErrorType::NoError,
        };
        fixture.events().emit(Event::Download { client, progress });
    }
    fixture.close();
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["file://media/Photo/a.jpg"]);
    assert_eq!((DOWNLOADED.load(SeqCst), STATE.load(SeqCst)), (5, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED));
    for download in downloads {
        // SAFETY: any value is answered.
        unsafe {
            assert_eq!(download_start(download, c"file://media/Photo/a.jpg".as_ptr()), 13_600_001);
            assert_eq!(download_free(download), 0);
            assert_eq!(download_free(download), 401);
        }
    }
}

unsafe extern "C-unwind" fn on_log(level: i32, line: *const c_char, user_data: *mut c_void) {
    // SAFETY: the line lives until we return; the user data is a sender that the test keeps.
    let (line, told) = unsafe { (CStr::from_ptr(line), &*user_data.cast::<Sender<(i32, String)>>()) };
    told.send((level, line.to_str().unwrap().to_owned())).unwrap();
}

#[test]
fn log_lines_up_to_the_level_come_on_the_dispatcher() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let (told, heard) = channel::<(i32, String)>();
    let user_data = (&raw const told).cast_mut().cast();
    // SAFETY: the sender is kept until the function is taken away below.
    unsafe {
        assert_eq!(cloudsync_set_log_cb(5, Some(on_log), user_data, None), 401);
        assert_eq!(cloudsync_set_log_cb(CLOUDSYNC_LOG_WARNING, Some(on_log), user_data, None), 0);
    }
    fixture.events().log(3, "mine: too detailed");
    fixture.events().log(2, "mine: wanted");
    fixture.close();
    // SAFETY: any value is answered.
    assert_eq!(unsafe { cloudsync_set_log_cb(0, None, null_mut(), None) }, 0);
    let mine: Vec<_> = heard.try_iter().filter(|(_, line)| line.starts_with("mine")).collect();
    assert_eq!(mine, [(2, "mine: wanted".to_owned())]);
}

unsafe extern "C-unwind" fn count(event: *const CloudSyncSyncProgress, user_data: *mut c_void) {
    // SAFETY: the event lives until we return; the user data is a counter that the test keeps.
    unsafe { (*user_data.cast::<AtomicU64>()).store((*event).files_done, SeqCst) };
}

/// A million events a second go through the dispatcher's thread; a debug build is let off with less.
#[test]
fn the_dispatcher_is_fast() {
    let fixture = Fixture::new(CLOUDSYNC_DISPATCH_THREAD);
    let gallery = fixture.gallery();
    let seen = AtomicU64::new(0);
    let user_data = (&raw const seen).cast_mut().cast();
    // SAFETY: the counter outlives the registration.
    assert_eq!(unsafe { gallery_sync_register_progress_cb(gallery, Some(count), user_data, None) }, 0);
    let sink = fixture.events();
    let events = if cfg!(debug_assertions) { 50_000 } else { 2_000_000 };
    let begun = Instant::now();
    // Final states, so that none is left out.
    (1..=events).for_each(|n| {
        sink.emit(Event::Sync(progress(SyncState::Completed, n)));
    });
    while seen.load(SeqCst) < events {
        std::thread::yield_now();
    }
    let per_second = events as f64 / begun.elapsed().as_secs_f64();
    println!("{per_second:.0} events a second");
    assert!(per_second > if cfg!(debug_assertions) { 20_000.0 } else { 1_000_000.0 });
    assert_eq!(free(gallery), 0);
}
