//! The documented client calls of sharing: what a device shares with other accounts, over its cloud's share centre.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_cloud::{Participant, RecordPlace, ShareCenter, State};

use crate::callback::{CloudSyncSharingCompletion, Done, may_block};
use crate::context::{CloudSyncContext, Context, run_async};
use crate::events::{Completion, Found};
use crate::extension::{
    CloudSyncParticipant, CloudSyncResult, ResultObject, WithParticipants, participant_list,
    read_participants, read_state, shared, with_number,
};
use crate::failure::Answer;
use crate::lanes::Lane;
use crate::object::{give, keep, with, writable};
use crate::text;

/// What a program asks for.
enum Wish {
    Resource(String),
    With(WithParticipants, String, Vec<Participant>),
    Exit(String),
    Participants(String),
    Invited(String),
    Confirm(String, State),
    Change(String, State),
}

/// A context's share centre, and what each of its methods is told.
struct Centre {
    center: Arc<dyn ShareCenter>,
    user: i32,
    bundle: String,
}

impl Centre {
    fn of(context: &Context) -> Answer<Centre> {
        let (root, bundle) = context.shared_root();
        context.engine_at(root)?.check_switches()?;
        let user = shared(context.cloud.get_service_info().map_err(Into::into))?.user;
        let center = shared(context.cloud.connect_share_center(user, bundle).map_err(Into::into))?;
        Ok(Centre { center, user, bundle: bundle.to_owned() })
    }
}

/// Does it. The documented calls that give nothing give no result.
fn fulfil(context: &Context, wish: &Wish) -> Answer<Option<ResultObject>> {
    let Centre { center, user, bundle } = Centre::of(context)?;
    let bundle = bundle.as_str();
    Ok(match wish {
        Wish::Resource(uri) => {
            let record = context.engine_at(context.shared_root().0)?.record_of(uri)?;
            let place = RecordPlace { database: record.database, table: record.table, id: &record.id };
            let resource = shared(center.alloc_resource(user, bundle, place))?;
            Some(ResultObject::sharing_resource(&resource))
        }
        Wish::With(ask, resource, participants) => {
            let answers = shared(ask(&*center, user, bundle, resource, participants))?;
            Some(ResultObject::participants(&answers))
        }
        Wish::Exit(resource) => shared(center.exit(user, bundle, resource)).map(|()| None)?,
        Wish::Participants(resource) => {
            Some(participant_list(center.query_participants(user, bundle, resource))?)
        }
        Wish::Invited(code) => {
            Some(participant_list(center.query_participants_by_invitation(user, bundle, code))?)
        }
        Wish::Confirm(code, state) => {
            let resource = shared(center.confirm_invitation(user, bundle, code, *state))?;
            Some(ResultObject::sharing_resource(&resource))
        }
        Wish::Change(resource, state) => {
            shared(center.change_confirmation(user, bundle, resource, *state)).map(|()| None)?
        }
    })
}

/// The blocking form of a call that gives something.
///
/// # Safety
/// `out` is NULL or may be written.
unsafe fn now(
    context: *mut CloudSyncContext,
    wish: impl FnOnce() -> Answer<Wish>,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(context, "context", |context| {
        context.check_system_app()?;
        let wish = wish()?;
        writable(out, "out")?;
        may_block()?;
        match fulfil(context, &wish)? {
            // SAFETY: `out` may be written by the caller's promise.
            Some(result) => unsafe { give(result, out) },
            None => Ok(()),
        }
    })
}

/// The blocking form of a call that gives nothing.
fn done_now(context: *mut CloudSyncContext, wish: impl FnOnce() -> Answer<Wish>) -> i32 {
    with(context, "context", |context| {
        context.check_system_app()?;
        let wish = wish()?;
        may_block()?;
        fulfil(context, &wish).map(drop)
    })
}

/// The form with a completion.
fn later(
    context: *mut CloudSyncContext,
    wish: impl FnOnce() -> Answer<Wish>,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_system_app()?;
        let wish = wish()?;
        let done = Completion::Sharing(Done::new(done, user_data)?);
        run_async(context, Lane::Sharing, done, move |context| {
            let (number, result) = with_number(|| fulfil(context, &wish));
            let handle = result.and_then(|result| match result {
                Some(result) => keep::<CloudSyncResult>(result).map(|(_, handle)| handle.addr()),
                None => Ok(0),
            });
            Ok(Found::Sharing(number, handle))
        })
    })
}

/// # Safety
/// `text` is NULL or a NUL-terminated string.
unsafe fn named(text: *const c_char, what: &str) -> Answer<String> {
    // SAFETY: the caller's promise.
    unsafe { text::read_filled(text, what) }.map(str::to_owned)
}

/// # Safety
/// As [`sharing_share`].
unsafe fn with_participants(
    ask: WithParticipants,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
) -> Answer<Wish> {
    // SAFETY: the caller's promise.
    let resource = unsafe { named(sharing_resource, "sharing_resource") }?;
    // SAFETY: as above.
    Ok(Wish::With(ask, resource, unsafe { read_participants(participants, count) }?))
}

/// The sharing resource that stands for a file or folder of the gallery, made where there is none yet: what the documented
/// allocResourceAndShare does first, and what every other call of sharing is about. What is shared of a folder is the folder
/// with all that is in it, now and later.
///
/// A caller whose own bundle has a cloud directory in this context shares files of that directory instead of photos.
///
/// @param context The context.
/// @param uri     The file or folder; the cloud must have it already.
/// @param out     Where the result goes: cloudsync_result_sharing_resource. The caller frees it with cloudsync_result_free.
/// @return 0; 202 for no system app; 401 for a bad handle, or where uri or out is NULL, or uri is empty or not UTF-8;
///         14000002 for a URI that cannot be read, leaves the directory, or is the directory as a whole; 13900002 for what is not
///         there; 13900010 for what is not in the cloud yet: sync first; 13900029 from
///         inside a callback, nothing is done then; otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
/// cloudsync_sharing_resource_async.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_sharing_resource(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    // SAFETY: the caller's promises.
    unsafe { now(context, || named(uri, "uri").map(Wish::Resource), out) }
}

/// The sharing resource that stands for a file or folder. As cloudsync_sharing_resource, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param uri       The file or folder; copied.
/// @param done      Told the code of cloudsync_sharing_resource.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as cloudsync_sharing_resource, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`cloudsync_sharing_resource`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_sharing_resource_async(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise.
    later(context, || unsafe { named(uri, "uri") }.map(Wish::Resource), done, user_data)
}

/// Shares something with participants (documented: sharing.share): invites each, with its privilege. Each one's result has the
/// invitation's code, which the program brings to the invitee, unless the cloud does.
///
/// @param context          The context.
/// @param sharing_resource What is shared; copied.
/// @param participants     Pointers to those who are invited; copied. Not looked at where count is 0.
/// @param count            Their number.
/// @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
///                         cloudsync_result_free.
/// @return 0, also where single participants failed, each of which has its code; 202 for no system app; 401 for a bad handle, or
///         where a text, a participant or out is NULL or cannot be read; 13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use sharing_share_async.
///
/// # Safety
/// `sharing_resource` is NULL or a NUL-terminated string; `participants` is NULL or has `count` pointers to as many bytes as the
/// first field says, with texts that are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_share(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    let ask: WithParticipants = |center, user, bundle, name, all| center.share(user, bundle, name, all);
    // SAFETY: the caller's promises.
    unsafe { now(context, || with_participants(ask, sharing_resource, participants, count), out) }
}

/// Shares something with participants. As sharing_share, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param sharing_resource What is shared; copied.
/// @param participants     As in sharing_share; copied.
/// @param count            Their number.
/// @param done      Told the code of sharing_share.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_share, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_share`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_share_async(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    let ask: WithParticipants = |center, user, bundle, name, all| center.share(user, bundle, name, all);
    // SAFETY: the caller's promises.
    later(
        context,
        || unsafe { with_participants(ask, sharing_resource, participants, count) },
        done,
        user_data,
    )
}

/// Takes a share back from participants (documented: sharing.unshare). For the inviter alone.
///
/// @param context          The context.
/// @param sharing_resource What is shared; copied.
/// @param participants     Pointers to those who are to have it no more; copied. Not looked at where count is 0.
/// @param count            Their number.
/// @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
///                         cloudsync_result_free.
/// @return 0, also where single participants failed, each of which has its code; 202 for no system app; 401 for a bad handle, or
///         where a text, a participant or out is NULL or cannot be read; 13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use sharing_unshare_async.
///
/// # Safety
/// As [`sharing_share`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_unshare(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    let ask: WithParticipants = |center, user, bundle, name, all| center.unshare(user, bundle, name, all);
    // SAFETY: the caller's promises.
    unsafe { now(context, || with_participants(ask, sharing_resource, participants, count), out) }
}

/// Takes a share back. As sharing_unshare, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param sharing_resource What is shared; copied.
/// @param participants     As in sharing_unshare; copied.
/// @param count            Their number.
/// @param done      Told the code of sharing_unshare.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_unshare, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_unshare`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_unshare_async(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    let ask: WithParticipants = |center, user, bundle, name, all| center.unshare(user, bundle, name, all);
    // SAFETY: the caller's promises.
    later(
        context,
        || unsafe { with_participants(ask, sharing_resource, participants, count) },
        done,
        user_data,
    )
}

/// Changes what participants may do (documented: sharing.changePrivilege). For the inviter alone.
///
/// @param context          The context.
/// @param sharing_resource What is shared; copied.
/// @param participants     Pointers to participants with their new privileges; copied. Not looked at where count is 0.
/// @param count            Their number.
/// @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
///                         cloudsync_result_free.
/// @return 0, also where single participants failed, each of which has its code; 202 for no system app; 401 for a bad handle, or
///         where a text, a participant or out is NULL or cannot be read; 13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use sharing_change_privilege_async.
///
/// # Safety
/// As [`sharing_share`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_change_privilege(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    let ask: WithParticipants =
        |center, user, bundle, name, all| center.change_privilege(user, bundle, name, all);
    // SAFETY: the caller's promises.
    unsafe { now(context, || with_participants(ask, sharing_resource, participants, count), out) }
}

/// Changes what participants may do. As sharing_change_privilege, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param sharing_resource What is shared; copied.
/// @param participants     As in sharing_change_privilege; copied.
/// @param count            Their number.
/// @param done      Told the code of sharing_change_privilege.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_change_privilege, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_change_privilege`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_change_privilege_async(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    let ask: WithParticipants =
        |center, user, bundle, name, all| center.change_privilege(user, bundle, name, all);
    // SAFETY: the caller's promises.
    later(
        context,
        || unsafe { with_participants(ask, sharing_resource, participants, count) },
        done,
        user_data,
    )
}

/// Leaves a share that this account was invited to (documented: sharing.exit).
///
/// @param context          The context.
/// @param sharing_resource What is shared; copied.
/// @return 0; 202 for no system app; 401 for a bad handle, or where sharing_resource is NULL, or sharing_resource is empty or not UTF-8;
///         13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
/// sharing_exit_async.
///
/// # Safety
/// `sharing_resource` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_exit(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
) -> i32 {
    // SAFETY: the caller's promise.
    done_now(context, || unsafe { named(sharing_resource, "sharing_resource").map(Wish::Exit) })
}

/// Leaves a share. As sharing_exit, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param sharing_resource What is shared; copied.
/// @param done      Told the code of sharing_exit.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_exit, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_exit`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_exit_async(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise.
    later(context, || unsafe { named(sharing_resource, "sharing_resource").map(Wish::Exit) }, done, user_data)
}

/// Who takes part in a share, the inviter first (documented: sharing.queryParticipants).
///
/// @param context          The context.
/// @param sharing_resource What is shared; copied.
/// @param out              Where the result goes: cloudsync_result_participants. The caller frees it with cloudsync_result_free.
/// @return 0; 202 for no system app; 401 for a bad handle, or where sharing_resource or out is NULL, or sharing_resource is empty or not UTF-8;
///         13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
/// sharing_query_participants_async.
///
/// # Safety
/// `sharing_resource` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_query_participants(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { now(context, || named(sharing_resource, "sharing_resource").map(Wish::Participants), out) }
}

/// Who takes part in a share. As sharing_query_participants, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param sharing_resource What is shared; copied.
/// @param done      Told the code of sharing_query_participants.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_query_participants, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_query_participants`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_query_participants_async(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise.
    later(
        context,
        || unsafe { named(sharing_resource, "sharing_resource").map(Wish::Participants) },
        done,
        user_data,
    )
}

/// Who takes part in the share that an invitation of this account is for (documented:
/// sharing.queryParticipantsByInvitation).
///
/// @param context         The context.
/// @param invitation_code The invitation's code; copied.
/// @param out             Where the result goes: cloudsync_result_participants. The caller frees it with cloudsync_result_free.
/// @return 0; 202 for no system app; 401 for a bad handle, or where invitation_code or out is NULL, or invitation_code is empty or not UTF-8;
///         13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
/// sharing_query_participants_by_invitation_async.
///
/// # Safety
/// `invitation_code` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_query_participants_by_invitation(
    context: *mut CloudSyncContext,
    invitation_code: *const c_char,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { now(context, || named(invitation_code, "invitation_code").map(Wish::Invited), out) }
}

/// Who takes part in the share that an invitation is for. As sharing_query_participants_by_invitation, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param invitation_code The invitation's code; copied.
/// @param done      Told the code of sharing_query_participants_by_invitation.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_query_participants_by_invitation, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_query_participants_by_invitation`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_query_participants_by_invitation_async(
    context: *mut CloudSyncContext,
    invitation_code: *const c_char,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise.
    later(
        context,
        || unsafe { named(invitation_code, "invitation_code").map(Wish::Invited) },
        done,
        user_data,
    )
}

/// Answers an invitation (documented: sharing.confirmInvitation). What is accepted comes with the next sync.
///
/// @param context         The context.
/// @param invitation_code The invitation's code; copied.
/// @param state           CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
/// @param out             Where the result goes: cloudsync_result_sharing_resource. The caller frees it with cloudsync_result_free.
/// @return 0; 202 for no system app; 401 for a bad handle, a state that is none, or where invitation_code or out is NULL, or invitation_code is empty or not UTF-8;
///         13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
/// sharing_confirm_invitation_async.
///
/// # Safety
/// `invitation_code` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_confirm_invitation(
    context: *mut CloudSyncContext,
    invitation_code: *const c_char,
    state: i32,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        now(
            context,
            || Ok(Wish::Confirm(named(invitation_code, "invitation_code")?, read_state(state)?)),
            out,
        )
    }
}

/// Answers an invitation. As sharing_confirm_invitation, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param invitation_code The invitation's code; copied.
/// @param state     CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
/// @param done      Told the code of sharing_confirm_invitation.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_confirm_invitation, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_confirm_invitation`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_confirm_invitation_async(
    context: *mut CloudSyncContext,
    invitation_code: *const c_char,
    state: i32,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise.
    later(
        context,
        || unsafe { Ok(Wish::Confirm(named(invitation_code, "invitation_code")?, read_state(state)?)) },
        done,
        user_data,
    )
}

/// Changes the answer that was given to an invitation (documented: sharing.changeConfirmation).
///
/// @param context          The context.
/// @param sharing_resource What is shared; copied.
/// @param state            CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
/// @return 0; 202 for no system app; 401 for a bad handle, a state that is none, or where sharing_resource is NULL, or sharing_resource is empty or not UTF-8;
///         13900029 from inside a callback, nothing is done then;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
/// sharing_change_confirmation_async.
///
/// # Safety
/// `sharing_resource` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_change_confirmation(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    state: i32,
) -> i32 {
    // SAFETY: the caller's promise.
    done_now(context, || unsafe {
        Ok(Wish::Change(named(sharing_resource, "sharing_resource")?, read_state(state)?))
    })
}

/// Changes the answer to an invitation. As sharing_change_confirmation, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
/// context is closed first.
///
/// @param context   The context.
/// @param sharing_resource What is shared; copied.
/// @param state     CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
/// @param done      Told the code of sharing_change_confirmation.
/// @param user_data Passed to done.
/// @return 0: done will be called; 202, 401 or 13600001 as sharing_change_confirmation, or 401 where done is NULL: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`sharing_change_confirmation`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sharing_change_confirmation_async(
    context: *mut CloudSyncContext,
    sharing_resource: *const c_char,
    state: i32,
    done: CloudSyncSharingCompletion,
    user_data: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise.
    later(
        context,
        || unsafe { Ok(Wish::Change(named(sharing_resource, "sharing_resource")?, read_state(state)?)) },
        done,
        user_data,
    )
}
