//! File states.

use std::ffi::{c_char, c_void};

use cloudsync_engine::FileState;

use crate::callback::{CloudSyncFileStatesCompletion, Done};
use crate::context::{CloudSyncContext, Context, run_async};
use crate::events::{Completion, Found};
use crate::failure::Answer;
use crate::lanes::Lane;
use crate::object::{with, writable};
use crate::text;

/// One file's state (documented: getFileSyncState of one URI). Answers from memory and never waits for a
/// running sync.
///
/// @param context The context.
/// @param uri     The file.
/// @param out     Where the CLOUDSYNC_FILE_SYNC_STATE_... number goes.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, or a URI or out that is NULL;
///         13900002 for a file that is not there; 14000002 for a URI that cannot be read or that leaves the synced
///         directories.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn get_file_sync_state(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    out: *mut i32,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        writable(out, "out")?;
        let state = context.engine_at(context.root_of(uri))?.file_state(uri)?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(state as i32) };
        Ok(())
    })
}

/// How far sending one file is (documented: getCoreFileSyncState). Needs no permission: every caller may ask for
/// files of the gallery and of its own bundle. Answers from memory and never waits for a running sync.
///
/// @param context The context.
/// @param uri     The file.
/// @param out     Where the CLOUDSYNC_FILE_STATE_... number goes.
/// @return 0; 401 for a bad handle, or a URI or out that is NULL; 202 for a file of another bundle, to a caller that is
///         no system app; 13900002 for a file that is not there; 13900012 where the disk does not let it be looked at;
///         14000002 for a URI that cannot be read or that leaves the synced directories.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn get_core_file_sync_state(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    out: *mut i32,
) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        let root = context.root_to_look_at(uri)?;
        writable(out, "out")?;
        let state = FileState::from(context.engine_at(root)?.file_state(uri)?);
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(state as i32) };
        Ok(())
    })
}

/// Many files' states (documented: getFileSyncState of several URIs, as a promise). The first URI that fails
/// fails the call, and nothing is written then.
///
/// @param context The context.
/// @param uris    The files. Not looked at where n is 0.
/// @param n       How many there are; any number.
/// @param states  Where their n CLOUDSYNC_FILE_SYNC_STATE_... numbers go, in order.
/// @return 0; otherwise as get_file_sync_state.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uris` is NULL or points to `n` pointers, each NULL or a NUL-terminated string; `states` is NULL or may be written
/// for `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn get_file_sync_states(
    context: *mut CloudSyncContext,
    uris: *const *const c_char,
    n: usize,
    states: *mut i32,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: `n` strings by the caller's promise.
        let uris = unsafe { text::read_all(uris, n, "uris") }?;
        if n > 0 {
            writable(states, "states")?;
        }
        let found = states_of(context, &uris)?;
        for (index, state) in found.into_iter().take(n).enumerate() {
            // SAFETY: `index < n` numbers may be written by the caller's promise.
            unsafe { states.add(index).write(state) };
        }
        Ok(())
    })
}

/// Many files' states (documented: getFileSyncState of several URIs, with an AsyncCallback). As get_file_sync_states,
/// but returns at once: code and states come to the completion callback, once, also where the context is
/// closed first.
///
/// @param context   The context.
/// @param uris      The files; copied. Not looked at where n is 0.
/// @param n         How many there are.
/// @param done      Told the code and the states.
/// @param user_data Passed to done.
/// @return 0: done will be called; 201, 202 or 401 as get_file_sync_states, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uris` as in [`get_file_sync_states`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn get_file_sync_states_async(
    context: *mut CloudSyncContext,
    uris: *const *const c_char,
    n: usize,
    done: CloudSyncFileStatesCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: `n` strings by the caller's promise.
        let uris = unsafe { text::read_all(uris, n, "uris") }?;
        let uris: Vec<String> = uris.into_iter().map(str::to_owned).collect();
        let done = Completion::States(Done::new(done, user_data)?);
        run_async(context, Lane::Look, done, move |context| {
            let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
            states_of(context, &uris).map(Found::States)
        })
    })
}

/// The states of files of any of the context's directories, in order.
fn states_of(context: &Context, uris: &[&str]) -> Answer<Vec<i32>> {
    context.engine()?;
    let mut states = Vec::with_capacity(uris.len());
    let mut rest = uris;
    while let Some(first) = rest.first() {
        let root = context.root_of(first);
        let count = rest.iter().skip(1).take_while(|uri| context.root_of(uri) == root).count() + 1;
        let (part, others) = rest.split_at(count);
        let found = context.engine_at(root)?.file_states(part)?;
        states.extend(found.into_iter().map(|state| state as i32));
        rest = others;
    }
    Ok(states)
}
