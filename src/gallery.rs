//! GallerySync: the photos of the device and the cloud, in step.

use std::ffi::c_void;

use crate::callback::{CloudSyncCompletion, CloudSyncDestroy, CloudSyncSyncProgressCallback, Registration};
use crate::context::{CloudSyncContext, Root};
use crate::failure::Answer;
use crate::object::{Handle, end, give, guard, with, writable};
use crate::sync_object::SyncObject;

/// The documented GallerySync. Every GallerySync of a context is told of its sync runs, whichever started them.
pub struct CloudSyncGallerySync {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncGallerySync {
    type Object = Gallery;
}

/// What a GallerySync handle stands for.
pub struct Gallery(SyncObject);

impl Gallery {
    /// The object, for a caller that may use it.
    fn for_caller(&self) -> Answer<&SyncObject> {
        self.0.context.check_caller()?;
        Ok(&self.0)
    }
}

/// Makes a GallerySync (documented: constructor).
///
/// @param context The context.
/// @param out     Where the handle goes; the caller frees it with gallery_sync_free.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_new(
    context: *mut CloudSyncContext,
    out: *mut *mut CloudSyncGallerySync,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        writable(out, "out")?;
        let gallery = Gallery(SyncObject::new(context, Root::GALLERY)?);
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(gallery, out) }
    })
}

/// Frees a GallerySync. A sync run that it started goes on; completions that it still owes come. When this
/// returns on a thread that is not inside a callback, none of its progress callbacks is running or will run
/// again, and the destroy of each has been called. Inside a callback it does not wait: a callback that runs is done
/// with when it returns.
///
/// @param gallery_sync The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_free(gallery_sync: *mut CloudSyncGallerySync) -> i32 {
    guard(|| {
        if let Some(gallery) = end(gallery_sync, "gallery_sync")? {
            gallery.0.free();
        }
        Ok(())
    })
}

/// Registers a progress callback (documented: on). Several may be registered; each is told of every
/// event from now on, in the order of registering. Registering tells nothing by itself: the next event comes with the
/// next change. The same function with the same user data is registered once: a second time answers 0, changes
/// nothing, and calls destroy for the user data handed over with it.
///
/// @param gallery_sync The GallerySync.
/// @param cb           The function.
/// @param user_data    Passed to cb.
/// @param destroy      Takes user_data back, once, also where this call fails; may be NULL.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where cb is NULL;
///         13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// The functions may be called with `user_data` from any thread until `destroy` has been.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_register_progress_cb(
    gallery_sync: *mut CloudSyncGallerySync,
    cb: CloudSyncSyncProgressCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    with(gallery_sync, "gallery_sync", |gallery| gallery.for_caller()?.register(registration))
}

/// Unregisters progress callbacks (documented: off). What is not registered is no error. When this returns on a
/// thread that is not inside a callback, the callback is not running, will not run again, and its destroy has
/// been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
///
/// @param gallery_sync The GallerySync.
/// @param cb           The function, or NULL for all of this GallerySync.
/// @param user_data    The user data that it was registered with; not looked at where cb is NULL.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle.
///
/// Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_unregister_progress_cb(
    gallery_sync: *mut CloudSyncGallerySync,
    cb: CloudSyncSyncProgressCallback,
    user_data: *mut c_void,
) -> i32 {
    with(gallery_sync, "gallery_sync", |gallery| {
        gallery.for_caller()?.unregister(cb, user_data);
        Ok(())
    })
}

/// Starts a sync run (documented: start as a promise). Returns when the run is accepted; how it ends arrives as
/// a progress event with a final state. A start while a run is under way is accepted and runs once more
/// afterwards; starts that were accepted meanwhile share that run and its final event.
///
/// @param gallery_sync The GallerySync.
/// @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle; 22400002 without
///         network; 22400001 where the cloud is signed out or switched off; 22400003 with too little battery; 13600001
///         where the context has been closed; 13900029 from inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use gallery_sync_start_async.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_start(gallery_sync: *mut CloudSyncGallerySync) -> i32 {
    with(gallery_sync, "gallery_sync", |gallery| gallery.for_caller()?.start())
}

/// Starts a sync run (documented: start with an AsyncCallback). As gallery_sync_start, but returns at once: its
/// code comes to the completion callback, once, also where the context is closed first.
///
/// @param gallery_sync The GallerySync.
/// @param done         Told the code of gallery_sync_start.
/// @param user_data    Passed to done.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as gallery_sync_start, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_start_async(
    gallery_sync: *mut CloudSyncGallerySync,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(gallery_sync, "gallery_sync", |gallery| gallery.for_caller()?.start_async(done, user_data))
}

/// Stops the sync run (documented: stop as a promise). Returns when that is accepted; the run ends with a
/// progress event STOPPED, and the next start goes on from where it was. Without a run this is no error.
///
/// @param gallery_sync The GallerySync.
/// @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle; 13600001 where the
///         context has been closed; 13900029 from inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use gallery_sync_stop_async.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_stop(gallery_sync: *mut CloudSyncGallerySync) -> i32 {
    with(gallery_sync, "gallery_sync", |gallery| gallery.for_caller()?.stop())
}

/// Stops the sync run (documented: stop with an AsyncCallback). As gallery_sync_stop, but returns at once: its
/// code comes to the completion callback, once, also where the context is closed first.
///
/// @param gallery_sync The GallerySync.
/// @param done         Told the code of gallery_sync_stop.
/// @param user_data    Passed to done.
/// @return 0: done will be called; 201, 202, 401 or 13600001 as gallery_sync_stop, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gallery_sync_stop_async(
    gallery_sync: *mut CloudSyncGallerySync,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(gallery_sync, "gallery_sync", |gallery| gallery.for_caller()?.stop_async(done, user_data))
}
