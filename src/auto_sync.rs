//! Runs that begin by themselves.

use std::ffi::c_char;

use crate::context::CloudSyncContext;
use crate::object::with;
use crate::text;

/// Lets sync runs begin by themselves, or no more; replaces what cloudsync_options_set_auto_sync said.
///
/// While it is on, a run begins half a second after the last change of the directory, and at the latest ten seconds after
/// the first; one begins too when another device has written to the cloud, which tells of it, and one when this
/// is switched on. Where disk or cloud cannot tell of changes, one begins every 15 minutes. Such a run is told of as any
/// other is, and ends in one final event; a start during one is accepted and runs once more afterwards; a stop ends
/// it, and the next change begins one again.
///
/// Conditions that forbid a start (network, cloud, battery), that the device is hot, and that Wi-Fi is missing
/// where uploads wait for it, keep it from beginning, without an event; it begins once they are over, within
/// a minute, or at once after cloudsync_conditions_changed. A run that failed is followed by another after 2 seconds,
/// then after twice as long each time, up to a minute; one that left files out after 30 seconds, up to an hour.
///
/// @param context The context.
/// @param uri     The directory, or anything in it: such as file://media/Photo/ for the gallery. NULL for all.
/// @param on      0 for no, anything else for yes. Saying the same again is no error and changes nothing.
/// @return 0; 201 without the permission and 202 for no system app, where uri is the gallery's or NULL; 202 for another
///         bundle's directory; 401 for a bad handle, or a URI that is not UTF-8; 14000002 for a URI that cannot be read
///         or that leaves the synced directories; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Does not wait for a run. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_set_auto_sync(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    on: i32,
) -> i32 {
    with(context, "context", |context| {
        if uri.is_null() {
            context.check_caller()?;
            return context.engines()?.try_for_each(|engine| engine.set_auto_sync(on != 0));
        }
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        let root = context.root_of(uri);
        context.check_root(root)?;
        let engine = context.engine_at(root)?;
        engine.entry_path(uri)?;
        engine.set_auto_sync(on != 0)
    })
}

/// Says that network, battery, heat or the account are others than before: runs that wait for them to begin by
/// themselves are tried at once. Needed by nobody: without it they are tried within a minute.
///
/// @param context The context.
/// @return 0; 401 for a bad handle; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_conditions_changed(context: *mut CloudSyncContext) -> i32 {
    with(context, "context", |context| context.engines()?.try_for_each(|engine| engine.conditions_changed()))
}
