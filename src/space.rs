//! Space on the device: files' own copies go where the cloud has just proved that it holds the same bytes.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_engine::{OptimizeProgress, SpaceWanted};

use crate::callback::{CloudSyncCompletion, Done, Registration, may_block};
use crate::context::{CloudSyncContext, Context, Root, order_async, run_async};
use crate::events::{Completion, Found};
use crate::failure::{Answer, bad, null};
use crate::lanes::Lane;
use crate::object::with;
use crate::text;

/// OptimizeState: under way.
pub const CLOUDSYNC_OPTIMIZE_STATE_RUNNING: i32 = 0;
/// OptimizeState: so much is freed as was asked for, or as can be. Final.
pub const CLOUDSYNC_OPTIMIZE_STATE_COMPLETED: i32 = 1;
/// OptimizeState: the cloud could not be asked, or the disk or the index failed. Final.
pub const CLOUDSYNC_OPTIMIZE_STATE_FAILED: i32 = 2;
/// OptimizeState: stopped by stop_optimize_space or close. Final.
pub const CLOUDSYNC_OPTIMIZE_STATE_STOPPED: i32 = 3;

/// How much space is to be freed: the documented OptimizeSpaceParam. Set struct_size to
/// sizeof(CloudSyncOptimizeSpaceParam).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncOptimizeSpaceParam {
    /// sizeof(CloudSyncOptimizeSpaceParam).
    pub struct_size: usize,
    /// How many bytes are to be freed; at least 0.
    pub total_size: i64,
    /// Only files that nobody has read for so many days go; 0 for any. At least 0.
    pub aging_days: i32,
}

/// How far freeing space is: the documented OptimizeSpaceProgress. Fields may be added at the end: read only
/// those within struct_size.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncOptimizeSpaceProgress {
    /// How many bytes of this struct there are.
    pub struct_size: usize,
    /// A CLOUDSYNC_OPTIMIZE_STATE_... number.
    pub state: i32,
    /// From 1 to 100, the share of the bytes asked for that is freed; 100 where it is done. Never falls.
    pub progress: i32,
}

impl From<OptimizeProgress> for CloudSyncOptimizeSpaceProgress {
    fn from(progress: OptimizeProgress) -> Self {
        CloudSyncOptimizeSpaceProgress {
            struct_size: size_of::<CloudSyncOptimizeSpaceProgress>(),
            state: progress.state as i32,
            progress: progress.percent.into(),
        }
    }
}

/// Told how far freeing space is. The event lives until the callback returns.
pub type CloudSyncOptimizeSpaceCallback =
    Option<unsafe extern "C-unwind" fn(event: *const CloudSyncOptimizeSpaceProgress, user_data: *mut c_void)>;

/// The plain type behind the nullable one.
pub(crate) type OptimizeFn =
    unsafe extern "C-unwind" fn(event: *const CloudSyncOptimizeSpaceProgress, user_data: *mut c_void);

/// Frees as much space as the disk needs (documented: optimizeStorage, as a promise), and returns when that is
/// done. Under half of the disk free, photos that nobody has read for 30 days go until 60 % are free; still under
/// 15 %, any go until 20 % are. What went is in the cloud alone: its state and name stay, and a download brings it back.
///
/// Nothing goes without a fresh proof that the cloud holds the same bytes, nor what is open for writing, changed,
/// pinned, or has another name as a hard link. The parts of one photo (a live photo's film, a raw file's JPEG, a
/// sidecar, an edited copy) go together or stay together.
///
/// @param context The context.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle; 13900029 from inside a callback,
///         nothing is done then; 22400001 where the cloud is signed out; 22400002 where it cannot be reached; 22400005
///         where the index fails; 22400006 while space is being freed already; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use optimize_storage_async.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn optimize_storage(context: *mut CloudSyncContext) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        may_block()?;
        context.engine()?.optimize_storage()
    })
}

/// Frees as much space as the disk needs (documented: optimizeStorage). As optimize_storage, but returns at once: its
/// code comes to the completion callback, once, also where the context is closed first.
///
/// @param context   The context.
/// @param done      Told the code of optimize_storage.
/// @param user_data Passed to done.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as optimize_storage, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn optimize_storage_async(
    context: *mut CloudSyncContext,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        let done = Completion::Plain(Done::new(done, user_data)?);
        order_async(context, Root::GALLERY, done, |engine, tell| engine.optimize_storage_then(tell))
    })
}

/// Frees so many bytes (documented: startOptimizeSpace, as a promise): photos of the gallery, what nobody has read for
/// longest first. Returns when it is accepted; how far it is arrives at the callback, the last event COMPLETED, FAILED
/// or STOPPED, after which the callback is not called again. What may go and what stays is as for optimize_storage.
///
/// @param context   The context.
/// @param param     How much; read before the call returns.
/// @param cb        Told how far it is.
/// @param user_data Passed to cb.
/// @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle, where param or cb is NULL,
///         or a number in param is impossible; 13900029 from inside a callback, nothing is done then; 22400006 while
///         space is being freed already; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use start_optimize_space_async.
///
/// # Safety
/// `param` is NULL or points to a struct as long as its struct_size says; `cb` may be called with `user_data` from any
/// thread until the last event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn start_optimize_space(
    context: *mut CloudSyncContext,
    param: *const CloudSyncOptimizeSpaceParam,
    cb: CloudSyncOptimizeSpaceCallback,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a struct by the caller's promise.
        let wanted = unsafe { wanted(param) }?;
        let registration = registration(cb, user_data)?;
        may_block()?;
        start(context, wanted, registration)
    })
}

/// Frees so many bytes (documented: startOptimizeSpace). As start_optimize_space, but returns at once: its code comes to
/// the completion callback, once, also where the context is closed first.
///
/// @param context   The context.
/// @param param     How much; read before the call returns.
/// @param cb        Told how far it is.
/// @param done      Told the code of start_optimize_space.
/// @param user_data Passed to both.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as start_optimize_space, or 401 where done is NULL: it will
///         not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As for [`start_optimize_space`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn start_optimize_space_async(
    context: *mut CloudSyncContext,
    param: *const CloudSyncOptimizeSpaceParam,
    cb: CloudSyncOptimizeSpaceCallback,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a struct by the caller's promise.
        let wanted = unsafe { wanted(param) }?;
        let registration = registration(cb, user_data)?;
        let done = Completion::Plain(Done::new(done, user_data)?);
        run_async(context, Lane::Order, done, move |context| {
            start(context, wanted, registration)?;
            Ok(Found::Nothing)
        })
    })
}

/// Stops freeing space (documented: stopOptimizeSpace). Its last event is STOPPED, unless it ends before. What went is not
/// brought back. Where none is under way this is no error.
///
/// @param context The context.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle; 13600001 where the context has been
///         closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stop_optimize_space(context: *mut CloudSyncContext) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        context.engine()?.stop_optimize()
    })
}

/// Pins a file, or a folder with all that is in it, to this device: its bytes are never freed here, until it is
/// unpinned. Does not fetch anything by itself. Pinning what is pinned already is no error, nor unpinning what is not.
///
/// @param context The context.
/// @param uri     The file or folder.
/// @param pinned  0: unpin. Anything else: pin.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or a URI that is NULL or not UTF-8;
///         13900002 for what is not there or was not synced yet; 13900010 while its space is just being freed; 13900029
///         from inside a callback, nothing is done then; 14000002 for a URI that cannot be read or that leaves the synced
///         directories; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_pin(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    pinned: i32,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        context.engine_at(context.root_of(uri))?.pin(uri, pinned != 0)
    })
}

/// Says when a person looked at a photo. What is freed first (start_optimize_space, optimize_storage) goes by that, for
/// the photos that it was said of, and for the others by when anybody read them. Kept over restarts; of several times
/// the latest counts.
///
/// @param context The context.
/// @param uri     The file.
/// @param time_ms When, in milliseconds since 1970; one that is still to come counts as now. At least 0.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, a URI that is NULL or not UTF-8, or a
///         time under 0; 13900002 for a file that no run has seen yet, or that is not there; 13900029 from inside a
///         callback, nothing is done then; 14000002 for a URI that cannot be read or that leaves the synced directories;
///         13600001 where the context has been closed.
///
/// Thread safety: any thread. Blocks for a moment. Callback safe: no, answers 13900029.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_report_view(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    time_ms: i64,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        if time_ms < 0 {
            return Err(bad(format!("{time_ms} ms is before 1970")));
        }
        may_block()?;
        context.engine_at(context.root_of(uri))?.report_view(uri, time_ms)
    })
}

/// Reads what a host wants.
///
/// # Safety
/// `param` is NULL or points to a struct as long as its `struct_size` says.
unsafe fn wanted(param: *const CloudSyncOptimizeSpaceParam) -> Answer<SpaceWanted> {
    if param.is_null() {
        return Err(null("param"));
    }
    // SAFETY: not NULL, and at least its size can be read.
    let size = unsafe { (&raw const (*param).struct_size).read() };
    if size < size_of::<CloudSyncOptimizeSpaceParam>() {
        return Err(bad("the struct_size of param is not sizeof(CloudSyncOptimizeSpaceParam)"));
    }
    // SAFETY: as long as it says.
    let param = unsafe { param.read() };
    match (u64::try_from(param.total_size), u32::try_from(param.aging_days)) {
        (Ok(bytes), Ok(aging_days)) => Ok(SpaceWanted::Bytes { bytes, aging_days }),
        _ => Err(bad("total_size and aging_days of param are at least 0")),
    }
}

fn registration(
    cb: CloudSyncOptimizeSpaceCallback,
    user_data: *mut c_void,
) -> Answer<Arc<Registration<OptimizeFn>>> {
    let registration = Registration::new(cb, user_data, None);
    registration.key(|function| function as usize)?;
    Ok(Arc::new(registration))
}

fn start(context: &Context, wanted: SpaceWanted, registration: Arc<Registration<OptimizeFn>>) -> Answer {
    let (engine, client) = (context.engine()?, context.next_client());
    context.dispatcher().add_optimize(client, registration);
    engine.start_optimize(client, wanted).inspect_err(|_| context.dispatcher().forget_optimize(client))
}
