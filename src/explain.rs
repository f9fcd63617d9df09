//! Why a file is as it is, in words and as a number.

use std::ffi::c_char;

use cloudsync_engine::Explanation;

use crate::context::CloudSyncContext;
use crate::failure::{Answer, bad, null};
use crate::object::with;
use crate::text;

/// Why a file or folder is as it is. Set struct_size to sizeof(CloudSyncExplanation) before the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncExplanation {
    /// sizeof(CloudSyncExplanation).
    pub struct_size: usize,
    /// What is the matter: 0 where it is in step with the cloud, otherwise a CLOUDSYNC_E_... number: 13900010 waits for a
    /// sync; 22400006 is being sent or fetched; 22400001, 22400002, 22400003 waits until the cloud is signed in to and
    /// switched on, until there is a network, until the battery is charged; 22400004 is one of many deletions that wait for
    /// cloudsync_answer_held_deletions; 13900001 is never synced, because of its name or because it is no file; 13900012
    /// cannot be read, or was deleted and stays until all of the directory can be; 13900014 something else has its name or its lock; 13900025 the disk or the cloud is full; 13600001 the
    /// cloud does not answer as it should; 13900005 and any other number: what failed when it was last tried.
    pub code: i32,
    /// A CLOUDSYNC_FILE_SYNC_STATE_... number; -1 for a folder, and for what is never synced.
    pub state: i32,
    /// When it is due to be tried again, in milliseconds since 1970 by this device's clock; 0 where no time is set. A start
    /// before that tries it too, and one that is stopped or does not come does not try it.
    pub next_try_ms: i64,
    /// Why its bytes stayed when space was last to be freed: a CLOUDSYNC_E_... number, 0 where they were not to go.
    pub kept_code: i32,
    /// How long the whole text is, in bytes without the NUL.
    pub text_length: usize,
}

/// Says why a file or folder is not in step with the cloud, or that it is, and what can be done about it. Answers from memory
/// and never waits for a running sync. Needs no permission: every caller may ask for the gallery and its own bundle.
///
/// @param context The context.
/// @param uri     The file or folder, or the gallery or a bundle's cloud directory as a whole.
/// @param out     Where the explanation goes.
/// @param buffer  Where the words go, in English, as cloudsync_last_error writes them; may be NULL.
/// @param length  The buffer's size in bytes.
/// @return 0; 401 for a bad handle, a URI or out that is NULL, or a struct_size that is too small; 202 for a file of another
///         bundle, to a caller that is no system app; 13900002 for what is neither here nor in the cloud; 14000002 for a URI
///         that cannot be read or that leaves the synced directories; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `out` is NULL or points to a struct as long as its `struct_size` says, which
/// may be written; `buffer` is NULL or may be written for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_explain(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    out: *mut CloudSyncExplanation,
    buffer: *mut c_char,
    length: usize,
) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        // SAFETY: the caller's promise.
        unsafe { check(out) }?;
        let root = context.root_to_look_at(uri)?;
        let explained = context.engine_at(root)?.explain(uri)?;
        // SAFETY: both may be written by the caller's promise, `out` for at least as much as was checked.
        unsafe {
            let text_length = text::write(&explained.text, buffer, length);
            let struct_size = (&raw const (*out).struct_size).read();
            out.write(CloudSyncExplanation { struct_size, text_length, ..numbers(&explained) });
        }
        Ok(())
    })
}

/// Whether a whole explanation can be written.
///
/// # Safety
/// `out` is NULL or its `struct_size` may be read.
unsafe fn check(out: *mut CloudSyncExplanation) -> Answer {
    if out.is_null() {
        return Err(null("out"));
    }
    // SAFETY: not NULL, and the caller's promise.
    let size = unsafe { (&raw const (*out).struct_size).read() };
    if size < size_of::<CloudSyncExplanation>() {
        return Err(bad("the struct_size of out is not sizeof(CloudSyncExplanation)"));
    }
    Ok(())
}

fn numbers(explained: &Explanation) -> CloudSyncExplanation {
    CloudSyncExplanation {
        struct_size: size_of::<CloudSyncExplanation>(),
        code: explained.code.map_or(0, |code| code as i32),
        state: explained.state.map_or(-1, |state| state as i32),
        next_try_ms: explained.next_try_ms,
        kept_code: explained.kept.as_ref().map_or(0, |kept| kept.code as i32),
        text_length: 0,
    }
}
