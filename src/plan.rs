//! What a start would do, without doing it.

use std::ffi::{c_char, c_void};

use cloudsync_engine::core::Planned;

use crate::callback::{CloudSyncPlanCompletion, Done, may_block};
use crate::context::{CloudSyncContext, Context, Root, ask_async};
use crate::events::{Completion, Found};
use crate::failure::{Answer, gone, null};
use crate::lanes::Lane;
use crate::object::{Handle, end, give, guard, with, writable};
use crate::text;

/// Kind of a planned action: send a file's bytes to the cloud.
pub const CLOUDSYNC_PLAN_UPLOAD: i32 = 0;
/// Kind of a planned action: bring a file's bytes from the cloud.
pub const CLOUDSYNC_PLAN_DOWNLOAD: i32 = 1;
/// Kind of a planned action: list a file whose bytes stay in the cloud until somebody asks for them.
pub const CLOUDSYNC_PLAN_SHOW: i32 = 2;
/// Kind of a planned action: make a folder on this device.
pub const CLOUDSYNC_PLAN_MAKE_FOLDER_HERE: i32 = 3;
/// Kind of a planned action: make a folder in the cloud.
pub const CLOUDSYNC_PLAN_MAKE_FOLDER_IN_CLOUD: i32 = 4;
/// Kind of a planned action: move or rename on this device.
pub const CLOUDSYNC_PLAN_MOVE_HERE: i32 = 5;
/// Kind of a planned action: move or rename in the cloud.
pub const CLOUDSYNC_PLAN_MOVE_IN_CLOUD: i32 = 6;
/// Kind of a planned action: move to this device's trash; a folder is removed once it is empty.
pub const CLOUDSYNC_PLAN_DELETE_HERE: i32 = 7;
/// Kind of a planned action: move to the cloud's trash.
pub const CLOUDSYNC_PLAN_DELETE_IN_CLOUD: i32 = 8;
/// Kind of a planned action: two different versions are both kept, this device's under another name. That it is sent, and the
/// other comes, are actions of their own.
pub const CLOUDSYNC_PLAN_KEEP_BOTH: i32 = 9;
/// Kind of a planned action: none, for the reason that is given.
pub const CLOUDSYNC_PLAN_LEAVE: i32 = 10;

/// What a start would do. Made by cloudsync_plan, freed by cloudsync_plan_free.
pub struct CloudSyncPlan {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncPlan {
    type Object = PlanObject;
}

/// One thing that a start would do.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncPlannedAction {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// With which file or folder; what moves, as it is called before. Lives as long as the plan.
    pub uri: *const c_char,
    /// What it is called after, for what moves and for KEEP_BOTH; otherwise NULL. Lives as long as the plan.
    pub other_uri: *const c_char,
    /// How many bytes go to the cloud or come from there.
    pub bytes: u64,
    /// A CLOUDSYNC_PLAN_... number.
    pub kind: i32,
    /// 0 where a start now would do it. Otherwise why not: 22400002 it is sent over Wi-Fi only, 22400004 it is one of many
    /// deletions that would wait for cloudsync_answer_held_deletions, or for LEAVE what cloudsync_explain explains.
    pub code: i32,
    /// 1 for a folder, else 0.
    pub is_directory: u8,
}

/// What a plan comes to.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct CloudSyncPlanTotals {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// Files to be sent now.
    pub uploads: u64,
    /// Their bytes, without those that the cloud has already.
    pub upload_bytes: u64,
    /// Files to be fetched now.
    pub downloads: u64,
    /// Their bytes.
    pub download_bytes: u64,
    /// Actions that a start now would not do.
    pub left: u64,
}

/// What a plan's handle stands for.
pub struct PlanObject {
    pointers: Box<[*const CloudSyncPlannedAction]>,
    totals: Box<CloudSyncPlanTotals>,
    /// What the pointers lead to; never moved nor changed.
    _actions: Box<[CloudSyncPlannedAction]>,
    /// All URIs, one after the other.
    _texts: Box<[u8]>,
}

// SAFETY: the pointers lead to memory of the plan itself, which nobody changes.
unsafe impl Send for PlanObject {}
// SAFETY: as above.
unsafe impl Sync for PlanObject {}

impl PlanObject {
    fn new(planned: Vec<Planned>) -> Self {
        let texts = planned.iter().flat_map(|action| [Some(&action.uri), action.to.as_ref()]).flatten();
        let mut bytes = Vec::with_capacity(texts.clone().map(|text| text.len() + 1).sum());
        // An encoded URI has no NUL inside.
        texts.for_each(|text| {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        });
        let texts = bytes.into_boxed_slice();
        let mut at = 0;
        let mut place = |text: &String| {
            let pointer = texts.as_ptr().wrapping_add(at).cast::<c_char>();
            at += text.len() + 1;
            pointer
        };
        let mut totals =
            CloudSyncPlanTotals { struct_size: size_of::<CloudSyncPlanTotals>(), ..Default::default() };
        let mut actions = Vec::with_capacity(planned.len());
        for action in &planned {
            totals.count(action);
            actions.push(CloudSyncPlannedAction {
                struct_size: size_of::<CloudSyncPlannedAction>(),
                uri: place(&action.uri),
                other_uri: action.to.as_ref().map_or(std::ptr::null(), &mut place),
                bytes: action.bytes,
                kind: action.kind as i32,
                code: action.reason.map_or(0, |code| code as i32),
                is_directory: action.is_dir.into(),
            });
        }
        let actions = actions.into_boxed_slice();
        PlanObject {
            pointers: actions.iter().map(std::ptr::from_ref).collect(),
            totals: Box::new(totals),
            _actions: actions,
            _texts: texts,
        }
    }
}

impl CloudSyncPlanTotals {
    fn count(&mut self, action: &Planned) {
        let (files, bytes) = match action.kind as i32 {
            _ if action.reason.is_some() => return self.left += 1,
            CLOUDSYNC_PLAN_UPLOAD => (&mut self.uploads, &mut self.upload_bytes),
            CLOUDSYNC_PLAN_DOWNLOAD => (&mut self.downloads, &mut self.download_bytes),
            _ => return,
        };
        *files += 1;
        *bytes += action.bytes;
    }
}

/// Finds out what a start of the gallery, or of a bundle, would do now, and does none of it: looks at the disk and asks the
/// cloud as a start would, reads files that are new or were changed, and changes nothing on the disk nor in the cloud; only
/// what lies between two places since a process was killed goes back. What it finds out it keeps, so that the start need not
/// find it out again. No progress event comes of it. A start meanwhile is accepted, and begins when this is done.
///
/// The steps are in no order: each names what it is about as it is called now, or, where it is new, as it will be called. A
/// start does them in an order in which they can be done.
///
/// @param context The context.
/// @param uri     The gallery (file://media/Photo) or a bundle's cloud directory as a whole; with or without a slash at the end.
/// @param out     Where the plan's handle goes; the caller frees it with cloudsync_plan_free.
/// @return 0, also where nothing is to be done; 201 without the permission, and 202 for no system app, for the gallery; 202 for
///         another bundle's directory, to a caller that is no system app; 401 for a bad handle or where URI or out is NULL;
///         14000002 for a URI that is not that of a synced directory as a whole; 22400002 without network; 22400001 where the
///         cloud is signed out or switched off; 22400003 with too little battery; 22400006 while a sync run, or another plan,
///         of this directory is under way; 13900005 where the files cannot be looked at or the cloud fails; 13600001 where the
///         context has been closed; 13900029 from inside a callback, nothing is done then.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloudsync_plan_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_plan(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    out: *mut *mut CloudSyncPlan,
) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let root = unsafe { root(context, uri) }?;
        writable(out, "out")?;
        may_block()?;
        let (reply, planned) = crossbeam_channel::bounded(1);
        // Whoever waits below takes it.
        context.engine_at(root)?.plan(Box::new(move |result| drop(reply.send(result))));
        let planned = planned.recv().map_err(|_| gone())??;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(PlanObject::new(planned), out) }
    })
}

/// Finds out what a start would do now. As cloudsync_plan, but returns at once: its code, and the plan's handle, come to the
/// completion callback, once, also where the context is closed first.
///
/// @param context   The context.
/// @param uri       As in cloudsync_plan; copied.
/// @param done      Told the code of cloudsync_plan, and given the handle, which it or the caller frees with
///                  cloudsync_plan_free.
/// @param user_data Passed to done.
/// @return 0: done will be called; 201, 202, 401, 14000002 or 13600001 as cloudsync_plan, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_plan_async(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    done: CloudSyncPlanCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let root = unsafe { root(context, uri) }?;
        let done = Completion::Plan(Done::new(done, user_data)?);
        ask_async(context, Lane::Runs(root), done, move |context, completer| match context.engine_at(root) {
            Ok(engine) => engine.plan(Box::new(move |result| completer.complete(result.and_then(handle_of)))),
            Err(error) => completer.complete(Err(error)),
        })
    })
}

/// Reads a plan.
///
/// @param plan    The plan.
/// @param actions Where the array of pointers to its actions goes; it lives as long as the plan.
/// @param count   Where their number goes.
/// @param totals  Where a pointer to what they come to goes, which lives as long as the plan; may be NULL.
/// @return 0; 401 for a bad handle, or where actions or count is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `actions`, `count` and `totals` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_plan_read(
    plan: *const CloudSyncPlan,
    actions: *mut *const *const CloudSyncPlannedAction,
    count: *mut usize,
    totals: *mut *const CloudSyncPlanTotals,
) -> i32 {
    with(plan, "plan", |plan| {
        for (missing, what) in [(actions.is_null(), "actions"), (count.is_null(), "count")] {
            if missing {
                return Err(null(what));
            }
        }
        // SAFETY: each may be written by the caller's promise.
        unsafe {
            actions.write(plan.pointers.as_ptr());
            count.write(plan.pointers.len());
            if !totals.is_null() {
                totals.write(&raw const *plan.totals);
            }
        }
        Ok(())
    })
}

/// Frees a plan, and all that was read from it.
///
/// @param plan The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// What was read from the plan is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_plan_free(plan: *mut CloudSyncPlan) -> i32 {
    guard(|| end(plan, "plan").map(drop))
}

/// The directory that a URI names, where the caller may start its sync.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string.
unsafe fn root(context: &Context, uri: *const c_char) -> Answer<Root> {
    // SAFETY: the caller's promise.
    let uri = unsafe { text::read(uri, "uri") }?;
    let root = context.root_to_look_at(uri)?;
    if root == Root::GALLERY {
        context.check_caller()?;
    }
    context.engine_at(root)?.check_whole(uri).map(|()| root)
}

/// The handle of a plan that was found out.
fn handle_of(planned: Vec<Planned>) -> Answer<Found> {
    let mut out = std::ptr::null_mut::<CloudSyncPlan>();
    // SAFETY: a local may be written.
    unsafe { give(PlanObject::new(planned), &raw mut out) }?;
    Ok(Found::Plan(out.addr()))
}
