//! Between the share centre's types and its messages.

use cloudsync_cloud as cloud;
use cloudsync_cloud::{CloudError, Role, ShareError, ShareResult, SharingCode, State};

use super::{Read, SHARING};
use crate::frame::violation;
use crate::message::*;

impl From<&ShareError> for Failure {
    fn from(error: &ShareError) -> Self {
        Failure { code: SHARING, text: error.text.clone(), sharing: error.code.number(), version: 0 }
    }
}

impl From<Failure> for ShareError {
    /// What failed around the share centre has the code that stands for it there.
    fn from(failure: Failure) -> Self {
        match failure.code {
            SHARING => ShareError::new(SharingCode::of(failure.sharing), failure.text),
            _ => CloudError::from(failure).into(),
        }
    }
}

impl From<&cloud::Participant> for Participant {
    fn from(one: &cloud::Participant) -> Self {
        let cloud::Participant { identity, role, state, privilege, attach_info, invitation_code } =
            one.clone();
        let cloud::Privilege { writable, readable, creatable, deletable, shareable } = privilege;
        Participant {
            identity,
            role: role as u32,
            state: state as u32,
            privilege: Some(Privilege { writable, readable, creatable, deletable, shareable }),
            attach_info,
            invitation_code,
        }
    }
}

fn participant(one: Participant) -> Read<cloud::Participant> {
    let (role, state) = (role(one.role)?, state(one.state)?);
    let Privilege { writable, readable, creatable, deletable, shareable } = one.privilege.unwrap_or_default();
    let privilege = cloud::Privilege { writable, readable, creatable, deletable, shareable };
    let Participant { identity, attach_info, invitation_code, .. } = one;
    Ok(cloud::Participant { identity, role, state, privilege, attach_info, invitation_code })
}

fn role(number: u32) -> Read<Role> {
    match [Role::Inviter, Role::Invitee].into_iter().find(|role| *role as u32 == number) {
        Some(role) => Ok(role),
        None => violation(format!("{number} is nobody's part in a share")),
    }
}

/// What became of an invitation, or is to become of it.
pub(crate) fn state(number: u32) -> Read<State> {
    use State as S;
    let known = [S::Unknown, S::Accepted, S::Rejected, S::Suspended, S::Unavailable];
    match known.into_iter().find(|state| *state as u32 == number) {
        Some(state) => Ok(state),
        None => violation(format!("{number} is no state of an invitation")),
    }
}

/// Participants as they are listed.
pub(crate) fn participants(list: Vec<Participant>) -> Read<Vec<cloud::Participant>> {
    list.into_iter().map(participant).collect()
}

impl From<ShareResult<cloud::Participant>> for ParticipantResult {
    fn from(result: ShareResult<cloud::Participant>) -> Self {
        match result {
            Ok(one) => ParticipantResult { failure: None, participant: Some((&one).into()) },
            Err(error) => ParticipantResult { failure: Some(Failure::from(&error)), participant: None },
        }
    }
}

/// What became of each participant.
pub(crate) fn participant_results(results: ParticipantResults) -> Read<Vec<ShareResult<cloud::Participant>>> {
    let one = |result: ParticipantResult| match (result.failure, result.participant) {
        (Some(failure), _) => Ok(Err(failure.into())),
        (None, Some(one)) => Ok(Ok(participant(one)?)),
        (None, None) => violation("a result without a failure and without a participant"),
    };
    results.results.into_iter().map(one).collect()
}
