//! FileSync: the files of a bundle's cloud directory and the cloud, in step.

use std::ffi::{c_char, c_void};

use crate::callback::{
    CloudSyncCompletion, CloudSyncDestroy, CloudSyncSyncProgressCallback, CloudSyncTimeCompletion, Done,
    Registration,
};
use crate::context::{CloudSyncContext, run_async};
use crate::events::{Completion, Found};
use crate::failure::bad;
use crate::lanes::Lane;
use crate::object::{Handle, end, give, guard, with, writable};
use crate::sync_object::SyncObject;
use crate::text;

/// The documented FileSync. Every FileSync of a bundle and context is told of that bundle's sync runs, whichever started
/// them. The folders of the directory are synced too, empty ones among them.
pub struct CloudSyncFileSync {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncFileSync {
    type Object = FileSync;
}

/// What a FileSync handle stands for.
pub struct FileSync(SyncObject);

/// Makes a FileSync (documented: constructor).
///
/// @param context     The context.
/// @param bundle_name A bundle whose directory the context was opened with (cloudsync_options_set_bundle_dir).
/// @param out         Where the handle goes; the caller frees it with file_sync_free.
/// @return 0; 202 where the caller is no system app and the bundle is not its own; 401 for a bad handle, a name that is
///         NULL, empty, not UTF-8 or of no bundle of this context, or where out is NULL; 13600001 where the context has
///         been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_new(
    context: *mut CloudSyncContext,
    bundle_name: *const c_char,
    out: *mut *mut CloudSyncFileSync,
) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let name = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        context.check_bundle(name)?;
        writable(out, "out")?;
        context.engine()?;
        let root = context.root_of_bundle(name).ok_or_else(|| {
            bad(format!(
                "the context has no directory of {name:?}; open it with cloudsync_options_set_bundle_dir"
            ))
        })?;
        let file_sync = FileSync(SyncObject::new(context, root)?);
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(file_sync, out) }
    })
}

/// Frees a FileSync. A sync run that it started goes on; completions that it still owes come. When this returns on a
/// thread that is not inside a callback, none of its progress callbacks is running or will run again, and the destroy of
/// each has been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
///
/// @param file_sync The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_free(file_sync: *mut CloudSyncFileSync) -> i32 {
    guard(|| {
        if let Some(file_sync) = end(file_sync, "file_sync")? {
            file_sync.0.free();
        }
        Ok(())
    })
}

/// Registers a progress callback (documented: on). Several may be registered; each is told of every event of the bundle's
/// runs from now on, in the order of registering. Registering tells nothing by itself: the next event comes with the next
/// change. The same function with the same user data is registered once: a second time answers 0, changes nothing, and
/// calls destroy for the user data handed over with it.
///
/// @param file_sync The FileSync.
/// @param cb        The function.
/// @param user_data Passed to cb.
/// @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
/// @return 0; 401 for a bad handle or where cb is NULL; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// The functions may be called with `user_data` from any thread until `destroy` has been.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_register_progress_cb(
    file_sync: *mut CloudSyncFileSync,
    cb: CloudSyncSyncProgressCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    with(file_sync, "file_sync", |file_sync| file_sync.0.register(registration))
}

/// Unregisters progress callbacks (documented: off). What is not registered is no error. When this returns on a thread
/// that is not inside a callback, the callback is not running, will not run again, and its destroy has been called.
/// Inside a callback it does not wait: a callback that runs is done with when it returns.
///
/// @param file_sync The FileSync.
/// @param cb        The function, or NULL for all of this FileSync.
/// @param user_data The user data that it was registered with; not looked at where cb is NULL.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_unregister_progress_cb(
    file_sync: *mut CloudSyncFileSync,
    cb: CloudSyncSyncProgressCallback,
    user_data: *mut c_void,
) -> i32 {
    with(file_sync, "file_sync", |file_sync| {
        file_sync.0.unregister(cb, user_data);
        Ok(())
    })
}

/// Starts a sync run of the bundle's directory (documented: start as a promise). Returns when the run is accepted; how it
/// ends arrives as a progress event with a final state. A start while a run of this directory is under way is accepted and
/// runs once more afterwards; starts that were accepted meanwhile share that run and its final event. Runs of other
/// directories are not waited for.
///
/// @param file_sync The FileSync.
/// @return 0: accepted; 401 for a bad handle; 22400002 without network; 22400001 where the cloud is signed out or switched
///         off; 22400003 with too little battery; 13600001 where the context has been closed; 13900029 from inside a
///         callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use file_sync_start_async.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_start(file_sync: *mut CloudSyncFileSync) -> i32 {
    with(file_sync, "file_sync", |file_sync| file_sync.0.start())
}

/// Starts a sync run (documented: start with an AsyncCallback). As file_sync_start, but returns at once: its code comes to
/// the completion callback, once, also where the context is closed first.
///
/// @param file_sync The FileSync.
/// @param done      Told the code of file_sync_start.
/// @param user_data Passed to done.
/// @return 0: done will be called; 401 or 13600001 as file_sync_start, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_start_async(
    file_sync: *mut CloudSyncFileSync,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(file_sync, "file_sync", |file_sync| file_sync.0.start_async(done, user_data))
}

/// Stops the bundle's sync run (documented: stop as a promise). Returns when that is accepted; the run ends with a
/// progress event STOPPED, and the next start goes on from where it was. Without a run this is no error.
///
/// @param file_sync The FileSync.
/// @return 0: accepted; 401 for a bad handle; 13600001 where the context has been closed; 13900029 from inside a callback,
///         nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use file_sync_stop_async.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_stop(file_sync: *mut CloudSyncFileSync) -> i32 {
    with(file_sync, "file_sync", |file_sync| file_sync.0.stop())
}

/// Stops the bundle's sync run (documented: stop with an AsyncCallback). As file_sync_stop, but returns at once: its code
/// comes to the completion callback, once, also where the context is closed first.
///
/// @param file_sync The FileSync.
/// @param done      Told the code of file_sync_stop.
/// @param user_data Passed to done.
/// @return 0: done will be called; 401 or 13600001 as file_sync_stop, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_stop_async(
    file_sync: *mut CloudSyncFileSync,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(file_sync, "file_sync", |file_sync| file_sync.0.stop_async(done, user_data))
}

/// When the bundle's last successful sync run ended (documented: getLastSyncTime as a promise), by this device's clock.
/// A run that was stopped or failed does not count, and the time is kept when the context is closed.
///
/// @param file_sync The FileSync.
/// @param out       Where the milliseconds since 1970 go; 0 where no run has succeeded yet.
/// @return 0; 401 for a bad handle or where out is NULL; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_get_last_sync_time(
    file_sync: *mut CloudSyncFileSync,
    out: *mut i64,
) -> i32 {
    with(file_sync, "file_sync", |file_sync| {
        writable(out, "out")?;
        let time = file_sync.0.context.engine_at(file_sync.0.root)?.last_sync_ms();
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(time) };
        Ok(())
    })
}

/// When the bundle's last successful sync run ended (documented: getLastSyncTime with an AsyncCallback). As
/// file_sync_get_last_sync_time, but returns at once: code and time come to the completion callback, once, also where the
/// context is closed first.
///
/// @param file_sync The FileSync.
/// @param done      Told the code and the time.
/// @param user_data Passed to done.
/// @return 0: done will be called; 401 or 13600001 as file_sync_get_last_sync_time, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn file_sync_get_last_sync_time_async(
    file_sync: *mut CloudSyncFileSync,
    done: CloudSyncTimeCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(file_sync, "file_sync", |file_sync| {
        let (done, root) = (Completion::Time(Done::new(done, user_data)?), file_sync.0.root);
        run_async(&file_sync.0.context, Lane::Look, done, move |context| {
            Ok(Found::Time(context.engine_at(root)?.last_sync_ms()))
        })
    })
}
