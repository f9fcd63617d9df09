//! Log lines, process-wide.

use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, Ordering};

use once_cell::sync::Lazy;

use crate::callback::{CloudSyncDestroy, CloudSyncLogCallback, LogFn, Registration, inside};
use crate::dispatch::Target;
use crate::failure::bad;
use crate::object::guard;
use crate::text;

/// Log level: something failed.
pub const CLOUDSYNC_LOG_ERROR: i32 = 1;
/// Log level: something is odd and was coped with.
pub const CLOUDSYNC_LOG_WARNING: i32 = 2;
/// Log level: something that an operator may want to know.
pub const CLOUDSYNC_LOG_INFO: i32 = 3;
/// Log level: what a developer may want to know.
pub const CLOUDSYNC_LOG_DETAIL: i32 = 4;

static LEVEL: AtomicI32 = AtomicI32::new(0);
static TARGET: Lazy<Target<Registration<LogFn>>> = Lazy::new(Target::default);

/// Whether anybody wants lines of this level.
pub(crate) fn wanted(level: i32) -> bool {
    level <= LEVEL.load(Ordering::Relaxed)
}

/// Hands a line to the host. Called without any lock held.
pub(crate) fn line(level: i32, line: &str) {
    if !wanted(level) {
        return;
    }
    let line = text::to_c(line);
    TARGET.deliver(0, |registration| {
        // SAFETY: the host's function and its own user data; the line lives until it returns.
        registration.call(|function, user_data| unsafe { function(level, line.as_ptr(), user_data) });
    });
}

/// Sets where log lines go, for the whole process, in place of the one set before. Without it the library
/// is silent: it never prints.
///
/// Lines of a context come on its dispatcher (see cloudsync_options_set_dispatch), so with several contexts the
/// function may run on several threads at once. Lines may be left out while a dispatcher is far behind.
/// When this returns on a thread that is not inside a callback, the function set before is not running, will
/// not run again, and its destroy has been called.
///
/// @param max_level The most detailed CLOUDSYNC_LOG_... level wanted, 1 to 4; not looked at where cb is NULL.
/// @param cb        The function, or NULL for none.
/// @param user_data Passed to cb.
/// @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
/// @return 0; 401 for a level outside 1 to 4.
///
/// Thread safety: any thread, one at a time. Callback safe: yes.
///
/// # Safety
/// The functions may be called with `user_data` from any thread until `destroy` has been.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_set_log_cb(
    max_level: i32,
    cb: CloudSyncLogCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    guard(|| {
        if cb.is_some() && !(CLOUDSYNC_LOG_ERROR..=CLOUDSYNC_LOG_DETAIL).contains(&max_level) {
            return Err(bad(format!("{max_level} is no log level; use 1 to 4")));
        }
        TARGET.remove(None, !inside());
        LEVEL.store(if cb.is_some() { max_level } else { 0 }, Ordering::Relaxed);
        if cb.is_some() {
            let key = registration.key(|function| function as usize)?;
            TARGET.add(key, registration, 0);
        }
        Ok(())
    })
}
