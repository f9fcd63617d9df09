//! CloudFileCache: the bytes of files of the gallery and of bundles, one by one or many at once.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_engine::core::Partial;
use cloudsync_engine::{ClientId, Code, DownloadFileType, TaskId};

use crate::callback::{
    CloudSyncCompletion, CloudSyncDestroy, CloudSyncDownloadProgressCallback,
    CloudSyncMultiDownloadProgressCallback, CloudSyncTaskCompletion, Done, Registration, inside, may_block,
};
use crate::context::{CloudSyncContext, Context, Root, run_async};
use crate::events::{BatchTarget, Completion, DownloadTarget, Found};
use crate::failure::{Answer, Failure, bad};
use crate::lanes::Lane;
use crate::object::{Handle, Shared, end, give, guard, with, writable};
use crate::progress::read_file_type;
use crate::text;

/// The most URIs of one batch, also where several name the same file.
pub const CLOUDSYNC_MAX_BATCH_FILES: usize = 400;

/// The documented CloudFileCache: brings the bytes of files that are in the cloud to this device, for files of the
/// gallery and of bundles alike. It is told of the downloads and batches that it started. An app that is no system app
/// can use the files of its own bundle only; no permission is asked for.
pub struct CloudSyncCloudFileCache {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncCloudFileCache {
    type Object = CloudFileCache;
}

/// What a CloudFileCache handle stands for.
pub struct CloudFileCache {
    context: Arc<Shared<Context>>,
    client: ClientId,
    downloads: Arc<DownloadTarget>,
    batches: Arc<BatchTarget>,
}

fn start(context: &Context, client: ClientId, uri: &str) -> Answer {
    context.engine_at(context.root_for_caller(uri)?)?.start_download(client, uri)
}

fn clean(context: &Context, uri: &str) -> Answer {
    context.engine_at(context.root_for_caller(uri)?)?.clean(uri)
}

fn stop(context: &Context, client: ClientId, uri: &str, partial: Partial) -> Answer {
    context.engine_at(context.root_for_caller(uri)?)?.stop_caching(client, uri, partial)
}

fn start_batch(context: &Context, client: ClientId, files: BatchFiles) -> Answer<TaskId> {
    context.engine()?;
    let BatchFiles { uris, file_type } = files;
    if uris.len() > CLOUDSYNC_MAX_BATCH_FILES {
        let text = format!(
            "{} files in one batch; split it into batches of {CLOUDSYNC_MAX_BATCH_FILES}",
            uris.len()
        );
        return Err(Failure::new(Code::LimitExceeded, text));
    }
    // Nothing starts where one of them cannot be.
    let mut parts = BTreeMap::<Root, Vec<String>>::new();
    for uri in uris {
        parts.entry(context.root_for_caller(&uri)?).or_default().push(uri);
    }
    let task = context.next_task();
    let batches = context.dispatcher().batches();
    let several = parts.len() > 1;
    if several {
        batches.begin(task, parts.keys().copied());
    }
    for (root, uris) in parts {
        let started =
            context.engine_at(root).and_then(|engine| engine.start_batch(client, task, uris, file_type));
        if let Err(failure) = started {
            if several {
                batches.forget(task);
                // An engine that refuses is closed, and so are the others, or soon will be.
                let _ = stop_batch(context, client, task, Partial::Keep);
            }
            return Err(failure);
        }
    }
    Ok(task)
}

fn stop_batch(context: &Context, client: ClientId, task: TaskId, partial: Partial) -> Answer {
    context.engines()?.try_for_each(|engine| engine.stop_batch(client, task, partial))
}

fn after_stop(need_clean: i32) -> Partial {
    if need_clean == 0 { Partial::Keep } else { Partial::Discard }
}

fn checked_task(task_id: i64) -> Answer<TaskId> {
    if task_id < 0 {
        return Err(bad(format!("{task_id} is no task id; pass what cloud_file_cache_start_batch gave")));
    }
    Ok(task_id)
}

/// What a batch was asked for.
struct BatchFiles {
    uris: Vec<String>,
    file_type: DownloadFileType,
}

impl BatchFiles {
    /// # Safety
    /// `uris` is NULL or points to `n` pointers, each NULL or a NUL-terminated string.
    unsafe fn read(uris: *const *const c_char, n: usize, file_type: i32) -> Answer<Self> {
        // SAFETY: the caller's promise is the same.
        let uris = unsafe { text::read_all(uris, n, "uris") }?;
        if uris.is_empty() {
            return Err(bad("a batch of no files; pass at least one URI"));
        }
        let file_type = read_file_type(file_type)?;
        Ok(BatchFiles { uris: uris.into_iter().map(str::to_owned).collect(), file_type })
    }
}

/// Makes a CloudFileCache (documented: constructor).
///
/// @param context The context.
/// @param out     Where the handle goes; the caller frees it with cloud_file_cache_free.
/// @return 0; 401 for a bad handle or where out is NULL; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_new(
    context: *mut CloudSyncContext,
    out: *mut *mut CloudSyncCloudFileCache,
) -> i32 {
    with(context, "context", |context| {
        writable(out, "out")?;
        context.engine()?;
        let client = context.next_client();
        let downloads = Arc::<DownloadTarget>::default();
        let batches = Arc::<BatchTarget>::default();
        context.dispatcher().add_download(client, &downloads);
        context.dispatcher().add_batches(client, &batches);
        let cache = CloudFileCache { context: Arc::clone(context), client, downloads, batches };
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(cache, out) }
    })
}

/// Frees a CloudFileCache, and stops the downloads and batches that it started, without events; what was received
/// stays, for a later start to go on from. Completions that it still owes come. When this returns on a thread that is not
/// inside a callback, none of its callbacks is running or will run again, and the destroy of each has been called. Inside
/// a callback it does not wait: a callback that runs is done with when it returns.
///
/// @param cache The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_free(cache: *mut CloudSyncCloudFileCache) -> i32 {
    guard(|| {
        if let Some(cache) = end(cache, "cache")? {
            cache.context.dispatcher().forget_download(cache.client);
            cache.context.dispatcher().forget_batches(cache.client);
            cache.downloads.close(!inside());
            cache.batches.close(!inside());
            cache.context.forget_client(cache.client, Partial::Keep);
        }
        Ok(())
    })
}

/// Registers a progress callback for single files (documented: on of progress). Several may be registered; each is told of
/// every event from now on, in the order of registering. Registering tells nothing by itself: the next event comes with
/// the next change. The same function with the same user data is registered once: a second time answers 0, changes
/// nothing, and calls destroy for the user data handed over with it.
///
/// @param cache     The CloudFileCache.
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
pub unsafe extern "C" fn cloud_file_cache_register_progress_cb(
    cache: *mut CloudSyncCloudFileCache,
    cb: CloudSyncDownloadProgressCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    with(cache, "cache", |cache| {
        cache.context.register(&cache.downloads, registration, |function| function as usize)
    })
}

/// Unregisters progress callbacks for single files (documented: off of progress). What is not registered is no error. When
/// this returns on a thread that is not inside a callback, the callback is not running, will not run again, and its
/// destroy has been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
///
/// @param cache     The CloudFileCache.
/// @param cb        The function, or NULL for all of this CloudFileCache.
/// @param user_data The user data that it was registered with; not looked at where cb is NULL.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_unregister_progress_cb(
    cache: *mut CloudSyncCloudFileCache,
    cb: CloudSyncDownloadProgressCallback,
    user_data: *mut c_void,
) -> i32 {
    with(cache, "cache", |cache| {
        cache.downloads.remove(cb.map(|function| (function as usize, user_data.addr())), !inside());
        Ok(())
    })
}

/// Registers a callback for batches (documented: on of batchDownload). As cloud_file_cache_register_progress_cb.
///
/// @param cache     The CloudFileCache.
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
pub unsafe extern "C" fn cloud_file_cache_register_batch_download_cb(
    cache: *mut CloudSyncCloudFileCache,
    cb: CloudSyncMultiDownloadProgressCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    with(cache, "cache", |cache| {
        cache.context.register(&cache.batches, registration, |function| function as usize)
    })
}

/// Unregisters callbacks for batches (documented: off of batchDownload). As cloud_file_cache_unregister_progress_cb.
///
/// @param cache     The CloudFileCache.
/// @param cb        The function, or NULL for all of this CloudFileCache.
/// @param user_data The user data that it was registered with; not looked at where cb is NULL.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_unregister_batch_download_cb(
    cache: *mut CloudSyncCloudFileCache,
    cb: CloudSyncMultiDownloadProgressCallback,
    user_data: *mut c_void,
) -> i32 {
    with(cache, "cache", |cache| {
        cache.batches.remove(cb.map(|function| (function as usize, user_data.addr())), !inside());
        Ok(())
    })
}

/// Fetches one file's bytes (documented: start of a URI, as a promise), before batches and before what sync runs fetch.
/// Goes on from what an earlier download received. Returns when the download is accepted; how it goes arrives as progress
/// events, the last of them COMPLETED, FAILED or STOPPED. A file that is here already completes at once. Who asks for a
/// file that is being fetched already shares that transfer. Without a network it ends FAILED with
/// CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE, on an overheated device STOPPED, also where that comes over it under
/// way; the next start goes on from there. Of a photo with several parts (as for cloudsync_remove) the
/// others come after the one that was asked for, in the background and where there is room: no event is told of them, and
/// stopping what has completed does not stop them. The next start of any part tries again what did not come.
///
/// @param cache The CloudFileCache.
/// @param uri   The file, of the gallery or of a bundle; copied.
/// @return 0: accepted; 401 for a bad handle, or a URI that is NULL or not UTF-8; 13900002 for a file that is not there;
///         13900025 without room for it; 14000002 for a URI that cannot be read, that leaves the synced directories, or
///         that belongs to another app where the caller is no system app; 13600001 where the context has been closed;
///         13900029 from inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_start_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_start(
    cache: *mut CloudSyncCloudFileCache,
    uri: *const c_char,
) -> i32 {
    with(cache, "cache", |cache| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        start(&cache.context, cache.client, uri)
    })
}

/// Fetches one file's bytes (documented: start of a URI, with an AsyncCallback). As cloud_file_cache_start, but returns at
/// once: its code comes to the completion callback, once, also where the context is closed first.
///
/// @param cache     The CloudFileCache.
/// @param uri       The file; copied.
/// @param done      Told the code of cloud_file_cache_start.
/// @param user_data Passed to done.
/// @return 0: done will be called; 401 or 13600001 as cloud_file_cache_start, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_start_async(
    cache: *mut CloudSyncCloudFileCache,
    uri: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(cache, "cache", |cache| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?.to_owned();
        let done = Completion::Plain(Done::new(done, user_data)?);
        let client = cache.client;
        run_async(&cache.context, Lane::Order, done, move |context| {
            start(context, client, &uri).map(|()| Found::Nothing)
        })
    })
}

/// Stops this CloudFileCache's fetching of one file (documented: stop of a URI, as a promise). Returns when that is
/// accepted; the download ends with a progress event STOPPED, one for each name by which it was started. A file that is there and is not being fetched is no error.
/// Batches are stopped with cloud_file_cache_stop_batch alone.
///
/// @param cache      The CloudFileCache.
/// @param uri        The file; copied.
/// @param need_clean 0: what was received stays, and the next start goes on from it. Anything else: it is discarded, also
///                   where an earlier stop left it, unless somebody else waits for the file.
/// @return 0: accepted; 401 for a bad handle, or a URI that is NULL or not UTF-8; 13900002 for a file that is not there;
///         14000002 for a URI that cannot be read, that leaves the synced directories, or that belongs to another app
///         where the caller is no system app; 13600001 where the context has been closed; 13900029 from inside a
///         callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_stop_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_stop(
    cache: *mut CloudSyncCloudFileCache,
    uri: *const c_char,
    need_clean: i32,
) -> i32 {
    with(cache, "cache", |cache| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        stop(&cache.context, cache.client, uri, after_stop(need_clean))
    })
}

/// Stops this CloudFileCache's fetching of one file (documented: stop of a URI, with an AsyncCallback). As
/// cloud_file_cache_stop, but returns at once: its code comes to the completion callback, once, also where the context is
/// closed first.
///
/// @param cache      The CloudFileCache.
/// @param uri        The file; copied.
/// @param need_clean As for cloud_file_cache_stop.
/// @param done       Told the code of cloud_file_cache_stop.
/// @param user_data  Passed to done.
/// @return 0: done will be called; 401 or 13600001 as cloud_file_cache_stop, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_stop_async(
    cache: *mut CloudSyncCloudFileCache,
    uri: *const c_char,
    need_clean: i32,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(cache, "cache", |cache| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?.to_owned();
        let done = Completion::Plain(Done::new(done, user_data)?);
        let client = cache.client;
        run_async(&cache.context, Lane::Order, done, move |context| {
            stop(context, client, &uri, after_stop(need_clean)).map(|()| Found::Nothing)
        })
    })
}

/// Fetches many files' bytes (documented: startBatch, as a promise), before what sync runs fetch and after what single
/// starts wait for: a bounded number of its files is under way at a time. Returns when the batch is accepted; how it goes
/// arrives as batch events, the last of them COMPLETED, FAILED or STOPPED; the first may come before this returns. A file
/// that cannot be fetched is one of the batch's failed files and does not keep the others from coming. The other parts of
/// its photos come too, as for cloud_file_cache_start, and are not counted. Without a network, and on an overheated
/// device, the files that have not come end as for cloud_file_cache_start.
///
/// A batch of THUMBNAIL or LCD fetches small pictures instead of files, and succeeds at once where they are here;
/// cloudsync_preview_path says where they lie. A file without such a picture fails with
/// CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND.
///
/// @param cache     The CloudFileCache.
/// @param uris      The files, as for cloud_file_cache_start_batch; copied.
/// @param n         How many: 1 to CLOUDSYNC_MAX_BATCH_FILES.
/// @param file_type A CLOUDSYNC_DOWNLOAD_FILE_TYPE_... number.
/// @param task_id   Where the batch's number goes, which its events carry.
/// @return 0: accepted; 401 for a bad handle, no URI, one that is NULL or not UTF-8, another file_type, or where task_id
///         is NULL; 22400004 for more than CLOUDSYNC_MAX_BATCH_FILES; 14000002 where one of the URIs cannot be read, leaves
///         the synced directories, or belongs to another app where the caller is no system app; 13600001 where the context
///         has been closed; 13900029 from inside a callback. Nothing is started then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_start_batch_async.
///
/// # Safety
/// `uris` is NULL or points to `n` pointers, each NULL or a NUL-terminated string; `task_id` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_start_batch(
    cache: *mut CloudSyncCloudFileCache,
    uris: *const *const c_char,
    n: usize,
    file_type: i32,
    task_id: *mut i64,
) -> i32 {
    with(cache, "cache", |cache| {
        // SAFETY: `n` strings by the caller's promise.
        let files = unsafe { BatchFiles::read(uris, n, file_type) }?;
        writable(task_id, "task_id")?;
        may_block()?;
        let task = start_batch(&cache.context, cache.client, files)?;
        // SAFETY: `task_id` may be written by the caller's promise.
        unsafe { task_id.write(task) };
        Ok(())
    })
}

/// Fetches many files' bytes (documented: startBatch). As cloud_file_cache_start_batch, but returns at once: code and task
/// id come to the completion callback, once, also where the context is closed first.
///
/// @param cache     The CloudFileCache.
/// @param uris      The files; copied.
/// @param n         How many: 1 to CLOUDSYNC_MAX_BATCH_FILES.
/// @param file_type A CLOUDSYNC_DOWNLOAD_FILE_TYPE_... number.
/// @param done      Told the code of cloud_file_cache_start_batch, and the task id.
/// @param user_data Passed to done.
/// @return 0: done will be called; 401 or 13600001 as cloud_file_cache_start_batch, or 401 where done is NULL: it will
///         not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uris` as in [`cloud_file_cache_start_batch`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_start_batch_async(
    cache: *mut CloudSyncCloudFileCache,
    uris: *const *const c_char,
    n: usize,
    file_type: i32,
    done: CloudSyncTaskCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(cache, "cache", |cache| {
        // SAFETY: `n` strings by the caller's promise.
        let files = unsafe { BatchFiles::read(uris, n, file_type) }?;
        let done = Completion::Task(Done::new(done, user_data)?);
        let client = cache.client;
        run_async(&cache.context, Lane::Order, done, move |context| {
            start_batch(context, client, files).map(Found::Task)
        })
    })
}

/// Stops a batch of this CloudFileCache (documented: stopBatch, as a promise). Returns when that is accepted; the batch
/// ends with a batch event STOPPED, and files that came until then stay. A batch that has ended, or that this
/// CloudFileCache did not start, is no error.
///
/// @param cache      The CloudFileCache.
/// @param task_id    The batch: 0 or greater.
/// @param need_clean 0: what was received of files that have not come stays, and the next start goes on from it. Anything
///                   else: it is discarded, but for files that somebody else waits for.
/// @return 0: accepted; 401 for a bad handle or a negative task_id; 13600001 where the context has been closed; 13900029
///         from inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_stop_batch_async.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_stop_batch(
    cache: *mut CloudSyncCloudFileCache,
    task_id: i64,
    need_clean: i32,
) -> i32 {
    with(cache, "cache", |cache| {
        let task = checked_task(task_id)?;
        may_block()?;
        stop_batch(&cache.context, cache.client, task, after_stop(need_clean))
    })
}

/// Stops a batch of this CloudFileCache (documented: stopBatch). As cloud_file_cache_stop_batch, but returns at once: its
/// code comes to the completion callback, once, also where the context is closed first.
///
/// @param cache      The CloudFileCache.
/// @param task_id    The batch: 0 or greater.
/// @param need_clean As for cloud_file_cache_stop_batch.
/// @param done       Told the code of cloud_file_cache_stop_batch.
/// @param user_data  Passed to done.
/// @return 0: done will be called; 401 or 13600001 as cloud_file_cache_stop_batch, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_stop_batch_async(
    cache: *mut CloudSyncCloudFileCache,
    task_id: i64,
    need_clean: i32,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(cache, "cache", |cache| {
        let task = checked_task(task_id)?;
        let done = Completion::Plain(Done::new(done, user_data)?);
        let client = cache.client;
        run_async(&cache.context, Lane::Order, done, move |context| {
            stop_batch(context, client, task, after_stop(need_clean)).map(|()| Found::Nothing)
        })
    })
}

/// Frees the space of one file's own copy, for the system (documented: cleanCache). As cloud_file_cache_clean_file_cache.
///
/// @param cache The CloudFileCache.
/// @param uri   The file; copied.
/// @return 0; 201 without the permission; 202 for no system app; otherwise as cloud_file_cache_clean_file_cache.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_clean_cache(
    cache: *mut CloudSyncCloudFileCache,
    uri: *const c_char,
) -> i32 {
    with(cache, "cache", |cache| {
        cache.context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        clean(&cache.context, uri)
    })
}

/// Frees the space of one file's own copy, and of the other parts of the same photo (documented: cleanFileCache). Returns
/// when that is done: its bytes are in the cloud alone then, and a start brings them back. A file whose bytes are not here
/// is no error. Nothing goes that the cloud has not just proved to hold, byte for byte; otherwise
/// cloudsync_last_error says why it stays.
///
/// @param cache The CloudFileCache.
/// @param uri   The file; copied.
/// @return 0; 401 for a bad handle, or a URI that is NULL or not UTF-8; 13900002 for a file that is not there; 13900010 for
///         one that is not in the cloud as it is here, that a program has open for writing, or that the cloud did not
///         prove; 13900012 for one that is pinned or has another name as a hard link; 13900031 where the file system cannot
///         tell whether it is open; 14000002 for a URI that cannot be read, that leaves the synced directories, or that
///         belongs to another app where the caller is no system app; 22400001 where the cloud is signed out; 22400002 where
///         it cannot be reached; 22400005 where the index fails; 13600001 where the context has been closed; 13900029 from
///         inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_file_cache_clean_file_cache(
    cache: *mut CloudSyncCloudFileCache,
    uri: *const c_char,
) -> i32 {
    with(cache, "cache", |cache| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        clean(&cache.context, uri)
    })
}
