//! registerChange: who is told which files and folders changed.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_engine::WatchId;
use cloudsync_engine::tree::Scope;
use parking_lot::Mutex;

use crate::callback::{ChangeFn, CloudSyncChangeCallback, CloudSyncDestroy, Registration, inside};
use crate::context::{CloudSyncContext, Context, Root};
use crate::dispatch::{Key, Target};
use crate::failure::{Answer, gone};
use crate::object::with;
use crate::text;

/// NotifyType: it is new.
pub const CLOUDSYNC_NOTIFY_ADDED: i32 = 0;
/// NotifyType: its bytes or its modification time are others, or its bytes have come to this disk or gone from it.
pub const CLOUDSYNC_NOTIFY_MODIFIED: i32 = 1;
/// NotifyType: it is gone.
pub const CLOUDSYNC_NOTIFY_DELETED: i32 = 2;
/// NotifyType: it has another name, or is in another folder.
pub const CLOUDSYNC_NOTIFY_RENAMED: i32 = 3;

/// Files and folders that changed, all in the same way: the documented ChangeData. The arrays are parallel, and live
/// with what is in them until the callback returns.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncChangeData {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// A CLOUDSYNC_NOTIFY_... number.
    pub r#type: i32,
    /// How many there are: 1 to 1024.
    pub count: u32,
    /// For each, 1 where it is a folder, else 0.
    pub is_directory: *const u8,
    /// For each its URI: after a rename the new one.
    pub uris: *const *const c_char,
    /// For each its URI before the rename; NULL for the other types.
    pub old_uris: *const *const c_char,
}

/// The callback of one registration.
pub(crate) type ChangeTarget = Target<Registration<ChangeFn>>;

/// The registrations of one context.
pub(crate) struct Watches(Mutex<Registered>);

struct Registered {
    watches: Vec<Watch>,
    last: WatchId,
    closed: bool,
}

struct Watch {
    id: WatchId,
    root: Root,
    scope: Scope,
    key: Key,
    target: Arc<ChangeTarget>,
}

impl Watches {
    pub(crate) fn new() -> Self {
        Watches(Mutex::new(Registered { watches: Vec::new(), last: 0, closed: false }))
    }

    /// Takes all of them away, and takes no new one from now on.
    pub(crate) fn close(&self) {
        let watches = {
            let mut registered = self.0.lock();
            registered.closed = true;
            std::mem::take(&mut registered.watches)
        };
        watches.iter().for_each(|watch| watch.target.close(!inside()));
    }
}

fn register(context: &Context, uri: &str, recursive: bool, registration: Registration<ChangeFn>) -> Answer {
    let key = registration.key(|function| function as usize)?;
    let root = context.root_to_look_at(uri)?;
    let engine = context.engine_at(root)?;
    let scope = Scope { path: engine.existing(uri)?, recursive };
    let target = Arc::<ChangeTarget>::default();
    let mut registered = context.watches.0.lock();
    if registered.closed {
        return Err(gone());
    }
    let same = |watch: &Watch| (watch.root, &watch.scope, watch.key) == (root, &scope, key);
    if registered.watches.iter().any(same) {
        drop(registered);
        drop(registration);
        return Ok(());
    }
    registered.last += 1;
    let id = registered.last;
    target.add(key, registration, 0);
    context.dispatcher().add_changes(id, &target);
    if let Err(failure) = engine.watch(id, scope.clone()) {
        context.dispatcher().forget_changes(id);
        drop(registered);
        return Err(failure);
    }
    registered.watches.push(Watch { id, root, scope, key, target });
    Ok(())
}

/// Tells a callback of changes of a file, or of the files and folders in a folder (documented: registerChange): of
/// those that happen on the disk, and of those that a run or a download makes on it or to what is known of
/// files in the cloud alone. Needs no permission: every caller may ask for the gallery and its own bundle.
///
/// While somebody is registered the disk of that directory is watched, and what changes there is told without a start: half a
/// second after the last of several changes, at most 10 seconds after the first, and also without a network or an account.
/// Registering begins with a look at the disk in the background, which tells what has changed since the last one. Where the
/// system has no watchers left (inotify), and while a run is under way, changes are told when a run finds them. No run begins for it.
///
/// Each change is told once, after it is done: a folder renamed or moved with all in it is one rename, a conflict copy is
/// one added file beside one that was modified, a file that the cloud's bytes replace is modified, and one that the
/// disk is found to hold for the first time is added. What is moved out of the folder is deleted there, and what is moved
/// into it is added, each file and folder in it as well; a file or folder that is watched itself is told of as renamed, and watched where
/// it was. A file of the cloud may be listed before it has come here (cloudsync_list), and is told when it has.
///
/// Changes that are found together come together: renamed, deleted, added, modified, in this order, and those that a run
/// finds or makes before its final event. The renames are one step: each old URI is that of before all of them, each new
/// one that of after all (two files that have swapped their names are two renames). The URIs of what is deleted, added and
/// modified are those of after the renames: what went from a folder that was renamed too is deleted under the new name.
///
/// Several callbacks may be registered for one URI. The same function with the same user data and recursion is
/// registered once: a second time answers 0, changes nothing, and calls destroy for the user data handed over with it.
///
/// @param context   The context; closing it unregisters.
/// @param uri       A file, a folder, or the gallery (file://media/Photo) or a bundle's cloud directory as a whole; with
///                  or without a slash at the end.
/// @param recursion 0: a folder stands for its own entries. Anything else: for all below it too.
/// @param cb        The function.
/// @param user_data Passed to cb.
/// @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
/// @return 0; 401 for a bad handle, or a URI or cb that is NULL; 202 for a directory of another bundle, to a caller that
///         is no system app; 13900002 for what is not there; 13900012 where the disk does not let it be looked at; 14000002
///         for a URI that cannot be read or that leaves the synced directories; 13600001 where the context is being closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; the functions may be called with `user_data` from any thread until
/// `destroy` has been.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn register_change(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    recursion: i32,
    cb: CloudSyncChangeCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        register(context, uri, recursion != 0, registration)
    })
}

/// Unregisters all callbacks for changes of a URI (documented: unregisterChange). What is not registered is no error.
/// When this returns on a thread that is not inside a callback, none of them is running or will run again, and the
/// destroy of each has been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
///
/// @param context The context.
/// @param uri     What was registered; it need not be there any more.
/// @return 0; 401 for a bad handle, or a URI that is NULL; 202 for a directory of another bundle, to a caller that is no
///         system app; 14000002 for a URI that cannot be read or that leaves the synced directories.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unregister_change(context: *mut CloudSyncContext, uri: *const c_char) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        let root = context.root_to_look_at(uri)?;
        let engine = context.engine_at(root)?;
        let path = engine.entry_path(uri)?;
        let gone: Vec<Watch> = {
            let mut registered = context.watches.0.lock();
            registered
                .watches
                .extract_if(.., |watch| watch.root == root && watch.scope.path == path)
                .collect()
        };
        for watch in gone {
            engine.unwatch(watch.id);
            context.dispatcher().forget_changes(watch.id);
            watch.target.close(!inside());
        }
        Ok(())
    })
}
