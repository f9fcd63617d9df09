//! What a person removes, and wants back.

use std::ffi::{c_char, c_void};

use cloudsync_engine::Engine;

use crate::callback::{CloudSyncCompletion, Done, may_block};
use crate::context::{CloudSyncContext, Context, Tell, order_async};
use crate::events::Completion;
use crate::failure::Answer;
use crate::object::with;
use crate::text;

/// Removes a file, or a folder with all that is in it: when this returns it is in the trash on this disk, and is not listed
/// and not fetched any more; the next sync run moves it to the cloud's trash, from where every other device removes it too.
/// Each trash keeps it for its retention (30 days here). A part of a photo goes with all its other parts in the same folder:
/// a live photo's still with its video, a raw file with its JPEG, a sidecar, an edited copy with its original. What is in the
/// cloud alone goes to the cloud's trash only. Such a deletion was asked for: it never waits for
/// cloudsync_answer_held_deletions on this device. Where the cloud gets a changed version before it hears of the deletion,
/// that version wins, and comes; of a photo only the part that was changed.
///
/// @param context The context.
/// @param uri     The file or folder.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or a URI that is NULL or not UTF-8;
///         13900002 for what is neither here nor in the cloud; 13900010 while it is being sent or fetched; 13900001 for a link, a
///         pipe or a device; 13900005, 13900012, 13900025 or 13900027 where the disk refuses it, and nothing is removed then;
///         13900029 from inside a callback, nothing is done then; 14000002 for a URI that cannot be read or that leaves the
///         synced directories; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloudsync_remove_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_remove(context: *mut CloudSyncContext, uri: *const c_char) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        remove(context, uri)
    })
}

/// Removes a file or folder. As cloudsync_remove, but returns at once: its code comes to the completion callback, once, also
/// where the context is closed first.
///
/// @param context   The context.
/// @param uri       The file or folder; copied.
/// @param done      Told the code of cloudsync_remove.
/// @param user_data Passed to done.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as cloudsync_remove, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_remove_async(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promises are the same.
    unsafe { later(context, uri, done, user_data, Engine::remove_then) }
}

/// Restores what was removed with cloudsync_remove, or deleted in any other way on any device: what this disk's trash has goes
/// back to its place when this returns, and otherwise what the cloud's trash has is brought back in the cloud. The next sync run
/// brings it to wherever it is not yet, with the bytes that it had. Of what was deleted several times the last comes back, and
/// what this disk's trash has comes before what the cloud's has. Folders, and parts of a photo,
/// come back with all that went with them, pinned where it was; where some of that was in the cloud alone and the cloud has
/// heard of the removal, the cloud is asked first, and nothing comes back before it can bring that. On a device that has only
/// heard of the removal, a folder comes back with what of it this disk's trash has; the rest stays in the cloud's trash.
/// From the cloud's trash they come back with all that it has of them, whenever it was deleted, for which all records of the
/// cloud are looked through. A part whose name something else has by now stays in the trash. A trash_uri of
/// cloudsync_list_trash brings that one back and no other, with the parts of its photo that went with it. While a run of this
/// device writes records, this waits for that.
///
/// @param context The context.
/// @param uri     The file or folder, as it was called, or the trash_uri of cloudsync_list_trash.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or a URI that is NULL or not UTF-8;
///         13900002 where neither trash has it; 13900015 where something else has its name now, which is left as it is: give that
///         another name first; 13900014 while another device is just changing the cloud; 22400002 or 22400001
///         where the cloud is to be asked and there is no network, or it is signed out or switched off; 13900005, 13900012,
///         13900025 or 13900027 where the disk refuses it or the cloud fails or is full; 13900029 from inside a callback, nothing
///         is done then; 14000002 for a URI that cannot be read or that leaves the synced directories; 13600001 where the context
///         has been closed.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloudsync_restore_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_restore(context: *mut CloudSyncContext, uri: *const c_char) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        may_block()?;
        restore(context, uri)
    })
}

/// Restores what was removed or deleted. As cloudsync_restore, but returns at once: its code comes to the completion callback,
/// once, also where the context is closed first.
///
/// @param context   The context.
/// @param uri       The file or folder, as it was called, or the trash_uri of cloudsync_list_trash; copied.
/// @param done      Told the code of cloudsync_restore.
/// @param user_data Passed to done.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as cloudsync_restore, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_restore_async(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promises are the same.
    unsafe { later(context, uri, done, user_data, Engine::restore_then) }
}

fn remove(context: &Context, uri: &str) -> Answer {
    context.engine_at(context.root_of(uri))?.remove(uri)
}

fn restore(context: &Context, uri: &str) -> Answer {
    context.engine_at(context.root_of(uri))?.restore(uri)
}

/// # Safety
/// As [`cloudsync_remove_async`].
unsafe fn later(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
    order: fn(&Engine, &str, Tell),
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?.to_owned();
        let done = Completion::Plain(Done::new(done, user_data)?);
        let root = context.root_of(&uri);
        order_async(context, root, done, move |engine, tell| order(engine, &uri, tell))
    })
}
