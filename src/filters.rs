//! What is synced, and how fast.

use std::ffi::c_char;
use std::sync::Arc;

use cloudsync_engine::FilterAction;

use crate::context::CloudSyncContext;
use crate::failure::bad;
use crate::object::with;
use crate::options::{CloudSyncOptions, set};
use crate::text;

/// What a filter matches is left alone.
pub const CLOUDSYNC_FILTER_EXCLUDE: i32 = 0;
/// What a filter matches is synced, although one before it leaves it out.
pub const CLOUDSYNC_FILTER_INCLUDE: i32 = 1;

/// Adds a filter after the others: of those that match a file, or a folder that it is in, the last one decides, and
/// what none matches is synced. The filters of the options hold for the gallery and for every bundle.
///
/// A pattern without a '/', but at its end, matches names of files and folders anywhere; one with a '/' matches paths
/// from the directory on, with or without a '/' at its beginning. '*' stands for any letters but '/', '?' for one,
/// '**' between slashes for any folders, '[abc]' and '[!abc]' for one letter of these and of others. Capital and small
/// letters differ. The photos alone: exclude "*", then include "*.jpg".
///
/// What is left out is left as it is, here and in the cloud: nothing of it is sent, brought, moved or deleted, whatever
/// happens to it on either side meanwhile. It is listed, cloudsync_explain tells 13900001 and names the filter
/// where both sides differ, and whoever downloads it by name gets it. The name here decides, and for what is in the cloud
/// alone the name there. A context opened without the filter takes it up again: what was changed on one side comes
/// to the other, two different changes are both kept, and what is missing on one side comes back from the other.
///
/// @param options The options.
/// @param action  A CLOUDSYNC_FILTER_... number.
/// @param pattern The pattern; copied.
/// @return 0; 401 for a bad handle, another number, or a pattern that is NULL, empty, not UTF-8 or none, which
///         cloudsync_last_error names.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `pattern` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_add_filter(
    options: *mut CloudSyncOptions,
    action: i32,
    pattern: *const c_char,
) -> i32 {
    set(options, |options| {
        let action = match action {
            CLOUDSYNC_FILTER_EXCLUDE => FilterAction::Exclude,
            CLOUDSYNC_FILTER_INCLUDE => FilterAction::Include,
            other => return Err(bad(format!("{other} is no CLOUDSYNC_FILTER_... number"))),
        };
        // SAFETY: a string by the caller's promise.
        let pattern = unsafe { text::read_filled(pattern, "pattern") }?;
        Arc::make_mut(&mut options.config.filters).add(action, pattern)
    })
}

/// Sets the size of the largest files that are synced. Larger ones are left alone, as by a filter
/// (cloudsync_options_add_filter). By default there is none.
///
/// @param options The options.
/// @param bytes   The size in bytes; 0 for none.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_max_file_size(
    options: *mut CloudSyncOptions,
    bytes: u64,
) -> i32 {
    set(options, |options| {
        Arc::make_mut(&mut options.config.filters).set_max_size((bytes > 0).then_some(bytes));
        Ok(())
    })
}

/// Sets how fast bytes move, in all transfers of a context together, gallery and bundles. By default as fast as they
/// can. Within the limit, what a person waits for (Download, CloudFileCache's single files) goes before what runs
/// in the background.
///
/// @param options  The options.
/// @param upload   Bytes a second to the cloud; 0 for any number.
/// @param download Bytes a second from the cloud; 0 for any number.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_bandwidth_limits(
    options: *mut CloudSyncOptions,
    upload: u64,
    download: u64,
) -> i32 {
    set(options, |options| {
        options.bandwidth = (upload, download);
        Ok(())
    })
}

/// Changes how fast bytes move from now on, those that are under way too: see
/// cloudsync_options_set_bandwidth_limits.
///
/// @param context  The context.
/// @param upload   Bytes a second to the cloud; 0 for any number.
/// @param download Bytes a second from the cloud; 0 for any number.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle; 13600001 where the context has been
///         closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_set_bandwidth_limits(
    context: *mut CloudSyncContext,
    upload: u64,
    download: u64,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        context.engine()?;
        context.bandwidth.set(upload, download);
        Ok(())
    })
}
