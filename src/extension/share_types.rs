//! The documented types and numbers of sharing, and their forms.

use std::ffi::c_char;

use cloudsync_cloud::{Participant, Privilege, Role, ShareError, ShareResult, SharingCode, State};
use cloudsync_engine::Code;

use super::forms::{Arena, pointers, read, text_or_empty};
use crate::failure::{Answer, Failure, bad};
use crate::text;

/// Role: shares what is theirs.
pub const CLOUDSYNC_ROLE_INVITER: i32 = 0;
/// Role: was invited.
pub const CLOUDSYNC_ROLE_INVITEE: i32 = 1;

/// State: the invitation was not answered yet.
pub const CLOUDSYNC_STATE_UNKNOWN: i32 = 0;
/// State: the invitation was accepted.
pub const CLOUDSYNC_STATE_ACCEPTED: i32 = 1;
/// State: it was rejected.
pub const CLOUDSYNC_STATE_REJECTED: i32 = 2;
/// State: it was put off, neither accepted nor rejected for good.
pub const CLOUDSYNC_STATE_SUSPENDED: i32 = 3;
/// State: it is over, taken back by the inviter or left by the invitee.
pub const CLOUDSYNC_STATE_UNAVAILABLE: i32 = 4;

/// SharingCode: success.
pub const CLOUDSYNC_SHARING_CODE_SUCCESS: i32 = 0;
/// SharingCode: it was done already, otherwise than it is asked for now. A caller's function returns 13900014 for it.
pub const CLOUDSYNC_SHARING_CODE_REPEATED_REQUEST: i32 = 1;
/// SharingCode: only the inviter may do this. 13900001.
pub const CLOUDSYNC_SHARING_CODE_NOT_INVITER: i32 = 2;
/// SharingCode: only the inviter and invitees may do this; also where there is no such share. 13900001.
pub const CLOUDSYNC_SHARING_CODE_NOT_INVITER_OR_INVITEE: i32 = 3;
/// SharingCode: the account shares as much as it may. 22400004.
pub const CLOUDSYNC_SHARING_CODE_OVER_QUOTA: i32 = 4;
/// SharingCode: more participants than a share may have. 22400004.
pub const CLOUDSYNC_SHARING_CODE_TOO_MANY_PARTICIPANTS: i32 = 5;
/// SharingCode: the call itself is wrong. 13900020.
pub const CLOUDSYNC_SHARING_CODE_INVALID_ARGS: i32 = 6;
/// SharingCode: the server was not reached. 22400002.
pub const CLOUDSYNC_SHARING_CODE_NETWORK_ERROR: i32 = 7;
/// SharingCode: signed out, or switched off. 22400001.
pub const CLOUDSYNC_SHARING_CODE_CLOUD_DISABLED: i32 = 8;
/// SharingCode: the cloud's own data is damaged. 13900005.
pub const CLOUDSYNC_SHARING_CODE_SERVER_ERROR: i32 = 9;
/// SharingCode: anything that has no number of its own. 13900042.
pub const CLOUDSYNC_SHARING_CODE_INNER_ERROR: i32 = 10;
/// SharingCode: there is no such invitation, or not for this account, or not any more. 13900002.
pub const CLOUDSYNC_SHARING_CODE_INVALID_INVITATION: i32 = 11;
/// SharingCode: too many calls in a short time. 13900010.
pub const CLOUDSYNC_SHARING_CODE_RATE_LIMIT: i32 = 12;
/// SharingCode: whoever provides the cloud has gone, or gave no answer in time. 13600001.
pub const CLOUDSYNC_SHARING_CODE_IPC_ERROR: i32 = 13;
/// SharingCode: the cloud does not share, or lacks this method. 801.
pub const CLOUDSYNC_SHARING_CODE_NOT_SUPPORT: i32 = 14;
/// SharingCode: this and all above are the vendor's own. 13900042.
pub const CLOUDSYNC_SHARING_CODE_CUSTOM_ERROR: i32 = 1000;

/// What a participant may do with what is shared: the documented Privilege. Each is 1 or 0.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct CloudSyncPrivilege {
    /// Change it.
    pub writable: u8,
    /// Read it.
    pub readable: u8,
    /// Add to it.
    pub creatable: u8,
    /// Delete it.
    pub deletable: u8,
    /// Share it with others.
    pub shareable: u8,
}

/// Somebody who takes part in a share: the documented Participant.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncParticipant {
    /// sizeof(CloudSyncParticipant), as the program was compiled.
    pub struct_size: usize,
    /// Who it is. Not empty.
    pub identity: *const c_char,
    /// Whatever the app attaches; may be NULL.
    pub attach_info: *const c_char,
    /// Beyond the documents: the invitation's code, in answers to whoever invited, as long as the invitation waits; the app
    /// brings it to the invitee. Empty from a cloud that pushes invitations by itself. May be NULL.
    pub invitation_code: *const c_char,
    /// A CLOUDSYNC_ROLE_... number.
    pub role: i32,
    /// A CLOUDSYNC_STATE_... number: what became of the invitation.
    pub state: i32,
    /// What is allowed.
    pub privilege: CloudSyncPrivilege,
}

/// What became of one participant: the documented Result of a Participant.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncParticipantResult {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// What failed; empty for success.
    pub description: *const c_char,
    /// The participant; NULL where it failed.
    pub participant: *const CloudSyncParticipant,
    /// A CLOUDSYNC_SHARING_CODE_... number; 0 for success.
    pub code: i32,
}

/// A participant for C.
pub(super) fn form(forms: &mut Arena, participant: &Participant) -> CloudSyncParticipant {
    let Privilege { writable, readable, creatable, deletable, shareable } = participant.privilege;
    CloudSyncParticipant {
        struct_size: size_of::<CloudSyncParticipant>(),
        identity: forms.text(&participant.identity),
        attach_info: forms.text(&participant.attach_info),
        invitation_code: forms.text(&participant.invitation_code),
        role: participant.role as i32,
        state: participant.state as i32,
        privilege: CloudSyncPrivilege {
            writable: writable.into(),
            readable: readable.into(),
            creatable: creatable.into(),
            deletable: deletable.into(),
            shareable: shareable.into(),
        },
    }
}

/// What became of a participant, for C.
pub(super) fn result_form(
    forms: &mut Arena,
    answer: &ShareResult<Participant>,
) -> CloudSyncParticipantResult {
    let description = answer.as_ref().err().map_or("", |error| error.text.as_str());
    let participant = answer.as_ref().ok().map(|participant| form(forms, participant));
    CloudSyncParticipantResult {
        struct_size: size_of::<CloudSyncParticipantResult>(),
        description: forms.text(description),
        participant: participant.map_or(std::ptr::null(), |participant| forms.one(participant)),
        code: answer.as_ref().err().map_or(0, |error| error.code.number()),
    }
}

/// A participant from C.
///
/// # Safety
/// `participant` is NULL or points to as many bytes as its first field says; its texts are NULL or NUL-terminated strings.
pub(super) unsafe fn read_participant(participant: *const CloudSyncParticipant) -> Answer<Participant> {
    // SAFETY: the caller's promise, here and below.
    let form = unsafe { read(participant, "participant") }?;
    let role = match form.role {
        CLOUDSYNC_ROLE_INVITER => Role::Inviter,
        CLOUDSYNC_ROLE_INVITEE => Role::Invitee,
        other => return Err(bad(format!("{other} is no role; use a CLOUDSYNC_ROLE_... number"))),
    };
    let may = form.privilege;
    Ok(Participant {
        // SAFETY: as above.
        identity: unsafe { text::read_filled(form.identity, "identity") }?.to_owned(),
        role,
        state: read_state(form.state)?,
        privilege: Privilege {
            writable: may.writable != 0,
            readable: may.readable != 0,
            creatable: may.creatable != 0,
            deletable: may.deletable != 0,
            shareable: may.shareable != 0,
        },
        // SAFETY: as above.
        attach_info: unsafe { text_or_empty(form.attach_info, "attach_info") }?,
        // SAFETY: as above.
        invitation_code: unsafe { text_or_empty(form.invitation_code, "invitation_code") }?,
    })
}

/// Participants from C.
///
/// # Safety
/// As [`read_participant`], for `count` pointers.
pub(crate) unsafe fn read_participants(
    list: *const *const CloudSyncParticipant,
    count: usize,
) -> Answer<Vec<Participant>> {
    // SAFETY: the caller's promise.
    let list = unsafe { pointers(list, count, "participants") }?;
    // SAFETY: as above.
    list.iter().map(|participant| unsafe { read_participant(*participant) }).collect()
}

/// The state of a number.
pub(crate) fn read_state(number: i32) -> Answer<State> {
    [State::Unknown, State::Accepted, State::Rejected, State::Suspended, State::Unavailable]
        .into_iter()
        .find(|state| *state as i32 == number)
        .ok_or_else(|| bad(format!("{number} is no state; use a CLOUDSYNC_STATE_... number")))
}

/// What a failure of sharing is to its caller.
pub(crate) fn failure_of(error: &ShareError) -> Failure {
    let code = match error.code {
        SharingCode::RepeatedRequest => Code::Busy,
        SharingCode::NotInviter | SharingCode::NotInviterOrInvitee => Code::NotPermitted,
        SharingCode::OverQuota | SharingCode::TooManyParticipants => Code::LimitExceeded,
        SharingCode::InvalidArgs => Code::InvalidValue,
        SharingCode::NetworkError => Code::NetworkUnavailable,
        SharingCode::CloudDisabled => Code::CloudNotReady,
        SharingCode::ServerError => Code::Io,
        SharingCode::InvalidInvitation => Code::NoSuchFile,
        SharingCode::RateLimit => Code::TryAgain,
        SharingCode::IpcError => Code::Ipc,
        SharingCode::NotSupport => Code::NotSupported,
        SharingCode::InnerError | SharingCode::Custom(_) => Code::Unknown,
    };
    Failure::new(code, error.text.as_str())
}
