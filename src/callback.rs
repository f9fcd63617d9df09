//! The host's functions: their types, and how they are called.

use std::cell::Cell;
use std::ffi::{c_char, c_void};

use cloudsync_engine::Code;

use crate::changes::CloudSyncChangeData;
use crate::dispatch::Key;
use crate::extension::CloudSyncResult;
use crate::failure::{Answer, Failure, null};
use crate::plan::CloudSyncPlan;
use crate::progress::{CloudSyncDownloadProgress, CloudSyncMultiDownloadProgress, CloudSyncSyncProgress};
use crate::thrown;
use crate::unwind::{behind_wall, caught};

/// Takes a registration's user data back: called exactly once, when the callback it came with is not
/// running and will not run again, also where registering failed. May be NULL. Runs on the thread that
/// unregisters or frees, or on the one that ran the callback meanwhile.
pub type CloudSyncDestroy = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;

/// Told how far a sync run is. The event lives until the callback returns.
pub type CloudSyncSyncProgressCallback =
    Option<unsafe extern "C-unwind" fn(event: *const CloudSyncSyncProgress, user_data: *mut c_void)>;

/// Told how far a file's download is. The event and its URI live until the callback returns.
pub type CloudSyncDownloadProgressCallback =
    Option<unsafe extern "C-unwind" fn(event: *const CloudSyncDownloadProgress, user_data: *mut c_void)>;

/// Told which files and folders changed. The data and all in it live until the callback returns.
pub type CloudSyncChangeCallback =
    Option<unsafe extern "C-unwind" fn(data: *const CloudSyncChangeData, user_data: *mut c_void)>;

/// Told how far a batch of downloads is. The event and all that it points at live until the callback returns.
pub type CloudSyncMultiDownloadProgressCallback =
    Option<unsafe extern "C-unwind" fn(event: *const CloudSyncMultiDownloadProgress, user_data: *mut c_void)>;

/// Told once how an asynchronous call ended: a code, and a text that is never NULL, empty for success, and
/// lives until the callback returns.
pub type CloudSyncCompletion =
    Option<unsafe extern "C-unwind" fn(code: i32, message: *const c_char, user_data: *mut c_void)>;

/// Told once what get_file_sync_states_async found: a code, a text as in CloudSyncCompletion, and, where the
/// code is 0, n CLOUDSYNC_FILE_SYNC_STATE_... numbers in the order of the URIs; otherwise NULL and 0.
pub type CloudSyncFileStatesCompletion = Option<
    unsafe extern "C-unwind" fn(
        code: i32,
        message: *const c_char,
        states: *const i32,
        n: usize,
        user_data: *mut c_void,
    ),
>;

/// Told once what file_sync_get_last_sync_time_async found: a code, a text as in CloudSyncCompletion, and, where
/// the code is 0, the time in milliseconds since 1970; otherwise 0.
pub type CloudSyncTimeCompletion = Option<
    unsafe extern "C-unwind" fn(code: i32, message: *const c_char, time_ms: i64, user_data: *mut c_void),
>;

/// Told once what cloud_file_cache_start_batch_async started: a code, a text as in CloudSyncCompletion, and, where
/// the code is 0, the batch's task id; otherwise -1.
pub type CloudSyncTaskCompletion = Option<
    unsafe extern "C-unwind" fn(code: i32, message: *const c_char, task_id: i64, user_data: *mut c_void),
>;

/// Told once what cloudsync_plan_async found out: a code, a text as in CloudSyncCompletion, and, where the code is 0, a plan
/// to be freed with cloudsync_plan_free; otherwise NULL.
pub type CloudSyncPlanCompletion = Option<
    unsafe extern "C-unwind" fn(
        code: i32,
        message: *const c_char,
        plan: *mut CloudSyncPlan,
        user_data: *mut c_void,
    ),
>;

/// Told once how an asynchronous call of sharing ended: a code and a text as in CloudSyncCompletion; the share centre's
/// CLOUDSYNC_SHARING_CODE_... number, 0 for success and where the call did not come so far; and what the documents have the
/// call give, as a result to be freed with cloudsync_result_free, or NULL where it gives nothing or failed.
pub type CloudSyncSharingCompletion = Option<
    unsafe extern "C-unwind" fn(
        code: i32,
        message: *const c_char,
        sharing_code: i32,
        result: *mut CloudSyncResult,
        user_data: *mut c_void,
    ),
>;

/// Told one line of the log: a CLOUDSYNC_LOG_... number, and the line without a line feed, which lives until
/// the callback returns.
pub type CloudSyncLogCallback =
    Option<unsafe extern "C-unwind" fn(level: i32, line: *const c_char, user_data: *mut c_void)>;

/// Told that records of a bundle were written. The name lives until the callback returns.
pub type CloudSyncCloudChangeCallback =
    Option<unsafe extern "C-unwind" fn(bundle_name: *const c_char, user_data: *mut c_void)>;

/// Told one check of cloudsync_conformance: its name, 1 where the cloud passed it and 0 where not, and what was found
/// instead, which is never NULL: "" where it was passed, a text that begins with "skipped: " where it was left out and counts as
/// passed. Both texts live until the callback returns.
pub type CloudSyncConformanceCallback = Option<
    unsafe extern "C-unwind" fn(
        name: *const c_char,
        passed: i32,
        text: *const c_char,
        user_data: *mut c_void,
    ),
>;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a function of the host that we called.
pub(crate) fn inside() -> bool {
    DEPTH.get() > 0
}

/// Refuses a blocking call from inside a callback.
pub(crate) fn may_block() -> Answer {
    if inside() {
        let text = "a blocking call from inside a callback would wait for itself; \
                    use the call that ends in _async, or another thread";
        return Err(Failure::new(Code::Deadlock, text));
    }
    Ok(())
}

/// Tells that a function of a vendor's threw something, which has been ended.
pub(crate) struct Thrown;

/// Calls a function of the host. A C++ exception that leaves it ends the process; a panic of a host written
/// in Rust is treated alike.
pub(crate) fn call<R>(function: impl FnOnce() -> R) -> R {
    marked(|| behind_wall(function)).unwrap_or_else(|| std::process::abort())
}

/// Calls a function of a vendor's cloud, which may throw; on some processors that ends the process as well.
pub(crate) fn attempt<R>(function: impl FnOnce() -> R) -> Result<R, Thrown> {
    marked(|| caught(function)).map_err(|exception| {
        if !exception.is_null() {
            // SAFETY: it was caught just now. What the exception holds is the vendor's, and ended behind a wall.
            call(|| unsafe { thrown::end(exception) });
        }
        Thrown
    })
}

/// Marks this thread as inside the host meanwhile.
fn marked<R>(function: impl FnOnce() -> R) -> R {
    DEPTH.set(DEPTH.get() + 1);
    let result = function();
    DEPTH.set(DEPTH.get() - 1);
    result
}

/// The host's pointer, and the function that takes it back when this is dropped.
struct UserData {
    pointer: *mut c_void,
    destroy: CloudSyncDestroy,
}

// SAFETY: the pointer is handed to the host's functions and nothing else is done with it; that they may be
// called on the library's threads is what the host agrees to when it registers them.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the host gave the two together, and they are used once.
            call(|| unsafe { destroy(self.pointer) });
        }
    }
}

/// A function of the host with its user data. Owns the user data from the first moment, so that a
/// registration that fails gives it back as well.
pub(crate) struct Registration<F> {
    function: Option<F>,
    data: UserData,
}

impl<F: Copy> Registration<F> {
    /// Takes over what a register call was given.
    pub(crate) fn new(function: Option<F>, pointer: *mut c_void, destroy: CloudSyncDestroy) -> Self {
        Registration { function, data: UserData { pointer, destroy } }
    }

    /// What tells this registration from others; fails where the function is NULL.
    pub(crate) fn key(&self, address: impl FnOnce(F) -> usize) -> Answer<Key> {
        let function = self.function.ok_or_else(|| null("the callback"))?;
        Ok((address(function), self.data.pointer.addr()))
    }

    /// Calls `with` with the function and the user data.
    pub(crate) fn call(&self, with: impl FnOnce(F, *mut c_void)) {
        if let Some(function) = self.function {
            call(|| with(function, self.data.pointer));
        }
    }
}

/// A completion of the host with its user data: called once, by whoever consumes it.
pub(crate) struct Done<F> {
    function: F,
    pointer: *mut c_void,
}

// SAFETY: as for `UserData`.
unsafe impl<F> Send for Done<F> {}

impl<F> Done<F> {
    /// Takes over what an asynchronous call was given; fails where the function is NULL.
    pub(crate) fn new(function: Option<F>, pointer: *mut c_void) -> Answer<Self> {
        let function = function.ok_or_else(|| null("the completion callback"))?;
        Ok(Done { function, pointer })
    }

    /// Calls `with` with the function and the user data.
    pub(crate) fn call(self, with: impl FnOnce(F, *mut c_void)) {
        call(|| with(self.function, self.pointer));
    }
}

/// The plain types behind the nullable ones.
pub(crate) type SyncProgressFn =
    unsafe extern "C-unwind" fn(event: *const CloudSyncSyncProgress, user_data: *mut c_void);
pub(crate) type DownloadProgressFn =
    unsafe extern "C-unwind" fn(event: *const CloudSyncDownloadProgress, user_data: *mut c_void);
pub(crate) type ChangeFn =
    unsafe extern "C-unwind" fn(data: *const CloudSyncChangeData, user_data: *mut c_void);
pub(crate) type BatchProgressFn =
    unsafe extern "C-unwind" fn(event: *const CloudSyncMultiDownloadProgress, user_data: *mut c_void);
pub(crate) type CompletionFn =
    unsafe extern "C-unwind" fn(code: i32, message: *const c_char, user_data: *mut c_void);
pub(crate) type TimeFn =
    unsafe extern "C-unwind" fn(code: i32, message: *const c_char, time_ms: i64, user_data: *mut c_void);
pub(crate) type TaskFn =
    unsafe extern "C-unwind" fn(code: i32, message: *const c_char, task_id: i64, user_data: *mut c_void);
pub(crate) type FileStatesFn = unsafe extern "C-unwind" fn(
    code: i32,
    message: *const c_char,
    states: *const i32,
    n: usize,
    user_data: *mut c_void,
);
pub(crate) type PlanFn = unsafe extern "C-unwind" fn(
    code: i32,
    message: *const c_char,
    plan: *mut CloudSyncPlan,
    user_data: *mut c_void,
);
pub(crate) type SharingFn = unsafe extern "C-unwind" fn(
    code: i32,
    message: *const c_char,
    sharing_code: i32,
    result: *mut CloudSyncResult,
    user_data: *mut c_void,
);
pub(crate) type LogFn = unsafe extern "C-unwind" fn(level: i32, line: *const c_char, user_data: *mut c_void);

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::unwind::Exception;

    unsafe extern "C-unwind" {
        fn _Unwind_RaiseException(exception: *mut Exception) -> i32;
    }

    thread_local! {
        static ENDED: RefCell<Vec<(i32, *mut Exception)>> = const { RefCell::new(Vec::new()) };
    }

    unsafe extern "C-unwind" fn ended(reason: i32, exception: *mut Exception) {
        ENDED.with_borrow_mut(|ended| ended.push((reason, exception)));
    }

    struct Unwound<'a>(&'a Cell<u32>);

    impl Drop for Unwound<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    /// Neither C++ nor Rust.
    fn throw(exception: *mut Exception, unwound: &Cell<u32>) {
        let _unwound = Unwound(unwound);
        // SAFETY: it lives until it is ended, and may unwind what this is called by.
        unsafe { _Unwind_RaiseException(exception) };
    }

    #[test]
    fn what_returns_is_not_touched() {
        assert!(matches!(attempt(|| inside().then_some(7)), Ok(Some(7))));
        assert!(!inside());
    }

    #[test]
    fn an_exception_of_any_language_is_ended_once_and_those_within_it_apart() {
        let unwound = Cell::new(0);
        let mut all = [0, 1].map(|_| Exception::new(*b"VENDTEST", Some(ended)));
        let [outer, inner] = all.each_mut().map(std::ptr::from_mut);
        let thrown = attempt(|| {
            assert!(attempt(|| throw(inner, &unwound)).is_err());
            assert!(inside());
            throw(outer, &unwound);
        });
        assert!(thrown.is_err());
        assert!(!inside());
        assert_eq!(unwound.get(), 2);
        assert_eq!(ENDED.take(), [(1, inner), (1, outer)]);
    }

    #[test]
    fn an_exception_that_nobody_ends_is_caught_as_well() {
        let unwound = Cell::new(0);
        let mut exception = Exception::new(*b"VENDTEST", None);
        assert!(attempt(|| throw(&raw mut exception, &unwound)).is_err());
        assert_eq!(unwound.get(), 1);
    }

    #[test]
    fn a_panic_of_a_vendor_is_caught_by_rust() {
        let unwound = Cell::new(0);
        let thrown = attempt(|| {
            let _unwound = Unwound(&unwound);
            panic!("a vendor's own");
        });
        assert!(thrown.is_err());
        assert!(!inside());
        assert_eq!(unwound.get(), 1);
    }
}
