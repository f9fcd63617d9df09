//! How a vendor tells of changes.

use std::ffi::c_char;

use cloudsync_cloud::ChangeListener;

use crate::object::{Handle, end, guard, with};
use crate::text;

/// Whom a vendor tells of changes: given to subscribe, which owns it from then on and frees it when the subscription ends.
pub struct CloudSyncChangeListener {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncChangeListener {
    type Object = Listener;
}

/// What a listener's handle stands for.
pub struct Listener(pub(crate) ChangeListener);

/// Tells that records of a bundle were written, by whomever. Returns at once.
///
/// @param listener    The listener.
/// @param bundle_name The bundle.
/// @return 0, also where nobody listens any more; 401 for a bad handle, or a name that is NULL, empty or not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_change_listener_tell(
    listener: *mut CloudSyncChangeListener,
    bundle_name: *const c_char,
) -> i32 {
    with(listener, "listener", |listener| {
        // SAFETY: a string by the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        (listener.0)(bundle);
        Ok(())
    })
}

/// Frees a listener.
///
/// @param listener The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_change_listener_free(listener: *mut CloudSyncChangeListener) -> i32 {
    guard(|| end(listener, "listener").map(drop))
}
