//! Download: the bytes of single files of the gallery.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_engine::ClientId;
use cloudsync_engine::core::Partial;

use crate::callback::{
    CloudSyncCompletion, CloudSyncDestroy, CloudSyncDownloadProgressCallback, Done, Registration, inside,
    may_block,
};
use crate::context::{CloudSyncContext, Context, run_async};
use crate::events::{Completion, DownloadTarget, Found};
use crate::lanes::Lane;
use crate::object::{Handle, Shared, end, give, guard, with, writable};
use crate::text;

/// The documented Download. It is told of the downloads that it started.
pub struct CloudSyncDownload {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncDownload {
    type Object = Download;
}

/// What a Download handle stands for.
pub struct Download {
    context: Arc<Shared<Context>>,
    client: ClientId,
    target: Arc<DownloadTarget>,
}

/// Makes a Download (documented: constructor).
///
/// @param context The context.
/// @param out     Where the handle goes; the caller frees it with download_free.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_new(
    context: *mut CloudSyncContext,
    out: *mut *mut CloudSyncDownload,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        writable(out, "out")?;
        context.engine()?;
        let client = context.next_client();
        let target = Arc::<DownloadTarget>::default();
        context.dispatcher().add_download(client, &target);
        let download = Download { context: Arc::clone(context), client, target };
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(download, out) }
    })
}

/// Frees a Download, and stops the downloads that it started, without events; completions that it still owes
/// come. When this returns on a thread that is not inside a callback, none of its progress callbacks is running
/// or will run again, and the destroy of each has been called. Inside a callback it does not wait: a callback
/// that runs is done with when it returns.
///
/// @param download The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_free(download: *mut CloudSyncDownload) -> i32 {
    guard(|| {
        if let Some(download) = end(download, "download")? {
            download.context.dispatcher().forget_download(download.client);
            download.target.close(!inside());
            download.context.forget_client(download.client, Partial::Discard);
        }
        Ok(())
    })
}

/// Registers a progress callback (documented: on). Several may be registered; each is told of every
/// event from now on, in the order of registering. Registering tells nothing by itself: the next event comes with the
/// next change. The same function with the same user data is registered once: a second time answers 0, changes
/// nothing, and calls destroy for the user data handed over with it.
///
/// @param download The Download.
/// @param cb           The function.
/// @param user_data    Passed to cb.
/// @param destroy      Takes user_data back, once, also where this call fails; may be NULL.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where cb is NULL;
///         13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// The functions may be called with `user_data` from any thread until `destroy` has been.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_register_progress_cb(
    download: *mut CloudSyncDownload,
    cb: CloudSyncDownloadProgressCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    with(download, "download", |download| {
        download.context.check_caller()?;
        download.context.register(&download.target, registration, |function| function as usize)
    })
}

/// Unregisters progress callbacks (documented: off). What is not registered is no error. When this returns on a
/// thread that is not inside a callback, the callback is not running, will not run again, and its destroy has
/// been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
///
/// @param download The Download.
/// @param cb           The function, or NULL for all of this Download.
/// @param user_data    The user data that it was registered with; not looked at where cb is NULL.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_unregister_progress_cb(
    download: *mut CloudSyncDownload,
    cb: CloudSyncDownloadProgressCallback,
    user_data: *mut c_void,
) -> i32 {
    with(download, "download", |download| {
        download.context.check_caller()?;
        let key = cb.map(|function| (function as usize, user_data.addr()));
        download.target.remove(key, !inside());
        Ok(())
    })
}

/// Fetches one file's bytes (documented: start of a URI, as a promise). Returns when the download is accepted;
/// how it goes arrives as progress events, the last of them COMPLETED, FAILED or STOPPED. A file that is here
/// already completes at once. Without a network it ends FAILED with CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE, on an
/// overheated device STOPPED, also where that comes over it under way; the next start goes on from there. Of a photo
/// with several parts (as for cloudsync_remove) the others come after the one
/// that was asked for, in the background and where there is room: no event is told of them, and stopping what has
/// completed does not stop them.
///
/// @param download The Download.
/// @param uri      The file; copied.
/// @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle, or a URI that is NULL or
///         not UTF-8; 13900002 for a file that is not there; 13900025 without room for it; 14000002 for a URI
///         that cannot be read or that leaves the gallery; 13600001 where the context has been closed; 13900029 from
///         inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use download_start_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_start(download: *mut CloudSyncDownload, uri: *const c_char) -> i32 {
    with(download, "download", |download| {
        download.context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        download.context.engine()?.start_download(download.client, uri)
    })
}

/// Fetches one file's bytes (documented: start of a URI, with an AsyncCallback). As download_start, but returns
/// at once: its code comes to the completion callback, once, also where the context is closed first.
///
/// @param download  The Download.
/// @param uri       The file; copied.
/// @param done      Told the code of download_start.
/// @param user_data Passed to done.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as download_start, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_start_async(
    download: *mut CloudSyncDownload,
    uri: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(download, "download", |download| {
        download.context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?.to_owned();
        let done = Completion::Plain(Done::new(done, user_data)?);
        let client = download.client;
        run_async(&download.context, Lane::Order, done, move |context| {
            context.engine()?.start_download(client, &uri).map(|()| Found::Nothing)
        })
    })
}

/// Stops this Download's fetching of one file and discards the part received (documented: stop of a URI, as a
/// promise). Returns when that is accepted; the download ends with a progress event STOPPED, one for each name by which it was started. A file that is not
/// being fetched is no error.
///
/// @param download The Download.
/// @param uri      The file; copied.
/// @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle, or a URI that is NULL or
///         not UTF-8; 13600001 where the context has been closed; 13900029 from inside a callback, nothing is done
///         then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use download_stop_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_stop(download: *mut CloudSyncDownload, uri: *const c_char) -> i32 {
    with(download, "download", |download| {
        download.context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        download.context.engine()?.stop_download(download.client, uri)
    })
}

/// Stops this Download's fetching of one file (documented: stop of a URI, with an AsyncCallback). As download_stop,
/// but returns at once: its code comes to the completion callback, once, also where the context is closed first.
///
/// @param download  The Download.
/// @param uri       The file; copied.
/// @param done      Told the code of download_stop.
/// @param user_data Passed to done.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as download_stop, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn download_stop_async(
    download: *mut CloudSyncDownload,
    uri: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(download, "download", |download| {
        download.context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?.to_owned();
        let done = Completion::Plain(Done::new(done, user_data)?);
        let client = download.client;
        run_async(&download.context, Lane::Order, done, move |context| {
            context.engine()?.stop_download(client, &uri).map(|()| Found::Nothing)
        })
    })
}
