//! The caller's side of `ShareCenter`.

use std::cell::Cell;
use std::ffi::c_char;

use cloudsync_cloud::{Participant, RecordPlace, ShareCenter, ShareResult};

use super::result::{CloudSyncResult, ResultObject};
use super::share::CloudSyncShareServiceStub;
use super::share_types::{CloudSyncParticipant, failure_of, read_participants, read_state};
use crate::failure::Answer;
use crate::object::{give, with, writable};
use crate::text;

thread_local! {
    static LAST: Cell<i32> = const { Cell::new(0) };
}

/// The SharingCode behind this thread's last call of share_center_... or sharing_... that failed in the share centre.
///
/// @return A CLOUDSYNC_SHARING_CODE_... number, or a vendor's own; CLOUDSYNC_SHARING_CODE_SUCCESS where no such call has failed
///         on this thread.
///
/// Thread safety: any thread, each has its own. Callback safe: yes.
#[unsafe(no_mangle)]
pub extern "C" fn cloudsync_last_sharing_code() -> i32 {
    LAST.get()
}

/// Runs `ask`, and tells the SharingCode behind its failure beside it: 0 where it did not fail in the share centre.
pub(crate) fn with_number<T>(ask: impl FnOnce() -> Answer<T>) -> (i32, Answer<T>) {
    let before = LAST.replace(0);
    let answer = ask();
    (LAST.replace(before), answer)
}

/// A share centre's answer, or what its failure is to its caller, whose thread remembers the SharingCode.
pub(crate) fn shared<T>(answer: ShareResult<T>) -> Answer<T> {
    answer.map_err(|error| {
        LAST.set(error.code.number());
        failure_of(&error)
    })
}

pub(crate) type WithParticipants =
    fn(&dyn ShareCenter, i32, &str, &str, &[Participant]) -> ShareResult<Vec<ShareResult<Participant>>>;

/// # Safety
/// As [`share_center_share`].
#[allow(clippy::too_many_arguments, reason = "what the documented methods take")]
unsafe fn with_participants(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    out: *mut *mut CloudSyncResult,
    ask: WithParticipants,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: strings by the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        // SAFETY: as above.
        let name = unsafe { text::read_filled(sharing_resource, "sharing_resource") }?;
        // SAFETY: as above.
        let participants = unsafe { read_participants(participants, count) }?;
        writable(out, "out")?;
        let answers = shared(ask(&*stub.center, user_id, bundle, name, &participants))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::participants(&answers), out) }
    })
}

/// Shares what a name stands for with participants.
///
/// @param stub             The share centre.
/// @param user_id          The user who shares.
/// @param bundle_name      The application; copied.
/// @param sharing_resource What is shared; copied.
/// @param participants     Pointers to those who are invited; copied. Not looked at where count is 0.
/// @param count            Their number.
/// @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
///                         cloudsync_result_free.
/// @return 0, also where single participants failed, each of which has its code; 401 for a bad handle, or where a text, a
///         participant or out is NULL or cannot be read; otherwise what the share centre's failure stands for, which
///         cloudsync_last_sharing_code and cloudsync_last_error tell more of: 13900014 for what was done already, otherwise than it
///         is asked for now; 13900001 where only the inviter, or only who takes part, may do this, or there is no such share;
///         22400004 where the account shares as much as it may, or a share has as many participants; 13900020 where the call
///         is wrong; 22400002 where the cloud is not reached; 22400001 where it is signed out or switched off; 13900005 where it
///         is damaged; 13900002 for an invitation that is not there, or not any more; 13900010 for too many calls in a short
///         time; 13600001 where its provider has gone; 801 where it does not share; 13900042 for anything else, and for a
///         vendor's own numbers.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `bundle_name` and `sharing_resource` are NULL or NUL-terminated strings; `participants` is NULL or has `count` pointers to as
/// many bytes as the first field says, with texts that are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_share(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    let ask: WithParticipants = |center, user, bundle, name, all| center.share(user, bundle, name, all);
    // SAFETY: the caller's promise is the same.
    unsafe { with_participants(stub, user_id, bundle_name, sharing_resource, participants, count, out, ask) }
}

/// Takes a share back from participants.
///
/// @param stub             The share centre.
/// @param user_id          The user who shares.
/// @param bundle_name      The application; copied.
/// @param sharing_resource What is shared; copied.
/// @param participants     As in share_center_share.
/// @param count            Their number.
/// @param out              As in share_center_share.
/// @return As share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`share_center_share`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_unshare(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    let ask: WithParticipants = |center, user, bundle, name, all| center.unshare(user, bundle, name, all);
    // SAFETY: the caller's promise is the same.
    unsafe { with_participants(stub, user_id, bundle_name, sharing_resource, participants, count, out, ask) }
}

/// Changes what participants may do.
///
/// @param stub             The share centre.
/// @param user_id          The user who shares.
/// @param bundle_name      The application; copied.
/// @param sharing_resource What is shared; copied.
/// @param participants     As in share_center_share, with their new privileges.
/// @param count            Their number.
/// @param out              As in share_center_share.
/// @return As share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`share_center_share`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_change_privilege(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    sharing_resource: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    let ask: WithParticipants =
        |center, user, bundle, name, all| center.change_privilege(user, bundle, name, all);
    // SAFETY: the caller's promise is the same.
    unsafe { with_participants(stub, user_id, bundle_name, sharing_resource, participants, count, out, ask) }
}

/// # Safety
/// `bundle_name` and `name` are NULL or NUL-terminated strings.
unsafe fn with_name(
    stub: *mut CloudSyncShareServiceStub,
    bundle_name: *const c_char,
    name: *const c_char,
    ask: impl FnOnce(&dyn ShareCenter, &str, &str) -> Answer,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        // SAFETY: as above.
        let name = unsafe { text::read_filled(name, "sharing_resource or invitation_code") }?;
        ask(&*stub.center, bundle, name)
    })
}

/// Leaves a share.
///
/// @param stub             The share centre.
/// @param user_id          The user who leaves.
/// @param bundle_name      The application; copied.
/// @param sharing_resource What is shared; copied.
/// @return 0; 401 for a bad handle, or where a text is NULL, empty or not UTF-8; otherwise as
///         share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `bundle_name` and `sharing_resource` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_exit(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    sharing_resource: *const c_char,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe {
        with_name(stub, bundle_name, sharing_resource, |center, bundle, name| {
            shared(center.exit(user_id, bundle, name))
        })
    }
}

/// The result of a query for participants.
pub(crate) fn participant_list(answer: ShareResult<Vec<Participant>>) -> Answer<ResultObject> {
    let answers: Vec<ShareResult<Participant>> = shared(answer)?.into_iter().map(Ok).collect();
    Ok(ResultObject::participants(&answers))
}

/// Asks who takes part in a share.
///
/// @param stub             The share centre.
/// @param user_id          The user who asks.
/// @param bundle_name      The application; copied.
/// @param sharing_resource What is shared; copied.
/// @param out              Where the result goes: cloudsync_result_participants. The caller frees it with cloudsync_result_free.
/// @return 0; 401 for a bad handle, or where a text or out is NULL, or a text is empty or not UTF-8; otherwise as
///         share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `bundle_name` and `sharing_resource` are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_query_participants(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    sharing_resource: *const c_char,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe {
        with_name(stub, bundle_name, sharing_resource, |center, bundle, name| {
            writable(out, "out")?;
            give(participant_list(center.query_participants(user_id, bundle, name))?, out)
        })
    }
}

/// Asks who takes part in the share that an invitation is for.
///
/// @param stub            The share centre.
/// @param user_id         The user who asks.
/// @param bundle_name     The application; copied.
/// @param invitation_code The invitation's code; copied.
/// @param out             As in share_center_query_participants.
/// @return As share_center_query_participants.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`share_center_query_participants`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_query_participants_by_invitation(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    invitation_code: *const c_char,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe {
        with_name(stub, bundle_name, invitation_code, |center, bundle, code| {
            writable(out, "out")?;
            give(participant_list(center.query_participants_by_invitation(user_id, bundle, code))?, out)
        })
    }
}

/// Answers an invitation.
///
/// @param stub            The share centre.
/// @param user_id         The user who was invited.
/// @param bundle_name     The application; copied.
/// @param invitation_code The invitation's code; copied.
/// @param state           A CLOUDSYNC_STATE_... number: the answer.
/// @param out             Where the result goes: cloudsync_result_sharing_resource. The caller frees it with
///                        cloudsync_result_free.
/// @return 0; 401 for a bad handle, a state that is none, or where a text or out is NULL, or a text is empty or not UTF-8;
///         otherwise as share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`share_center_query_participants`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_confirm_invitation(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    invitation_code: *const c_char,
    state: i32,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe {
        with_name(stub, bundle_name, invitation_code, |center, bundle, code| {
            writable(out, "out")?;
            let state = read_state(state)?;
            let resource = shared(center.confirm_invitation(user_id, bundle, code, state))?;
            give(ResultObject::sharing_resource(&resource), out)
        })
    }
}

/// Changes the answer to an invitation.
///
/// @param stub             The share centre.
/// @param user_id          The user who was invited.
/// @param bundle_name      The application; copied.
/// @param sharing_resource What is shared; copied.
/// @param state            A CLOUDSYNC_STATE_... number: the new answer.
/// @return 0; 401 for a bad handle, a state that is none, or where a text is NULL, empty or not UTF-8; otherwise as
///         share_center_share.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`share_center_exit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_change_confirmation(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    sharing_resource: *const c_char,
    state: i32,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe {
        with_name(stub, bundle_name, sharing_resource, |center, bundle, name| {
            let state = read_state(state)?;
            shared(center.change_confirmation(user_id, bundle, name, state))
        })
    }
}

/// Asks for the sharing resource that stands for a record, made where there is none yet: what the documented
/// allocResourceAndShare does first. Records that a context keeps in step are named more easily with
/// cloudsync_sharing_resource.
///
/// @param stub           The share centre.
/// @param user_id        The user who shares.
/// @param bundle_name    The application; copied.
/// @param database_alias The database's name in the cloud; copied.
/// @param table          The table; copied.
/// @param record_id      The record's id; copied.
/// @param out            Where the result goes: cloudsync_result_sharing_resource. The caller frees it with
///                       cloudsync_result_free.
/// @return 0; 401 for a bad handle, or where a text or out is NULL, or a text is empty or not UTF-8; otherwise as
///         share_center_share; 801 for a cloud that names what is shared in another way as well.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// The texts are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_center_alloc_resource(
    stub: *mut CloudSyncShareServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    database_alias: *const c_char,
    table: *const c_char,
    record_id: *const c_char,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: strings by the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        // SAFETY: as above.
        let database = unsafe { text::read_filled(database_alias, "database_alias") }?;
        // SAFETY: as above.
        let table = unsafe { text::read_filled(table, "table") }?;
        // SAFETY: as above.
        let id = unsafe { text::read_filled(record_id, "record_id") }?;
        writable(out, "out")?;
        let record = RecordPlace { database, table, id };
        let resource = shared(stub.center.alloc_resource(user_id, bundle, record))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::sharing_resource(&resource), out) }
    })
}
