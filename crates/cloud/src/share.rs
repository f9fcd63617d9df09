//! `ShareCenter`: sharing between accounts.

use thiserror::Error;

use crate::CloudError;

/// The field in which a record names the record that it lies in. What is shared of a record is all that lies in it as well.
pub const PARENT_FIELD: &str = "parent";
/// The field that says what a record is called where it lies.
pub const NAME_FIELD: &str = "name";
/// Of a record that another account shares: the owner's identity. The reserved field of the documents' stores.
pub const OWNER_FIELD: &str = "cloud_owner";
/// Of a record that another account shares: what is allowed, as the sum of 1 for writable, 2 for readable, 4 for creatable, 8 for
/// deletable and 16 for shareable.
pub const PRIVILEGE_FIELD: &str = "cloud_privilege";
/// Of the very record that was shared: its sharing resource.
pub const RESOURCE_FIELD: &str = "#_sharing_resource";

/// Whose part somebody has in a share: the documented `Role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum Role {
    /// Shares what is theirs.
    Inviter = 0,
    /// Was invited.
    #[default]
    Invitee = 1,
}

/// What became of an invitation: the documented `State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum State {
    /// Not answered yet.
    #[default]
    Unknown = 0,
    /// Accepted: what is shared is there.
    Accepted = 1,
    /// Rejected.
    Rejected = 2,
    /// Put off: neither accepted nor rejected for good.
    Suspended = 3,
    /// Over: taken back by the inviter, or left by the invitee.
    Unavailable = 4,
}

/// What a participant may do with what is shared: the documented `Privilege`. Nothing unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Privilege {
    /// Change it.
    pub writable: bool,
    /// Read it.
    pub readable: bool,
    /// Add to it.
    pub creatable: bool,
    /// Delete in it.
    pub deletable: bool,
    /// Invite others to it.
    pub shareable: bool,
}

impl Privilege {
    /// What an inviter may do with what is theirs: everything.
    pub const ALL: Privilege =
        Privilege { writable: true, readable: true, creatable: true, deletable: true, shareable: true };

    /// Whether this allows nothing that `other` does not.
    pub fn is_within(self, other: Privilege) -> bool {
        (!self.writable || other.writable)
            && (!self.readable || other.readable)
            && (!self.creatable || other.creatable)
            && (!self.deletable || other.deletable)
            && (!self.shareable || other.shareable)
    }
}

/// Somebody who takes part in a share: the documented `Participant`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Participant {
    /// Who it is, as the cloud knows them.
    pub identity: String,
    /// The part.
    pub role: Role,
    /// What became of the invitation.
    pub state: State,
    /// What is allowed.
    pub privilege: Privilege,
    /// Whatever the app attaches.
    pub attach_info: String,
    /// Beyond the documents: the invitation's code, in answers to whoever invited, as long as the invitation waits. A
    /// cloud that pushes invitations to the invitees by itself leaves it empty.
    pub invitation_code: String,
}

/// Why sharing failed: the documented `SharingCode`, but for success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharingCode {
    /// That was done already, otherwise than it is asked for now.
    RepeatedRequest,
    /// Only the inviter may do this.
    NotInviter,
    /// Only the inviter and the invitees may do this.
    NotInviterOrInvitee,
    /// The account shares as much as it may.
    OverQuota,
    /// More participants than a share may have.
    TooManyParticipants,
    /// The call itself is wrong.
    InvalidArgs,
    /// The cloud was not reached, or the answer was lost: it may or may not have been done.
    NetworkError,
    /// Signed out, or switched off for this app.
    CloudDisabled,
    /// The cloud's own data is damaged.
    ServerError,
    /// Anything that has no code of its own.
    InnerError,
    /// There is no such invitation, or not for this account, or not any more.
    InvalidInvitation,
    /// Too many calls in a short time.
    RateLimit,
    /// Whoever provides the cloud has gone, or gave no answer in time: it may or may not have been done.
    IpcError,
    /// The cloud does not share, or lacks this method.
    NotSupport,
    /// A vendor's own number, 1000 or above.
    Custom(i32),
}

impl SharingCode {
    const FIRST_CUSTOM: i32 = 1000;
    const NUMBERED: [SharingCode; 14] = [
        SharingCode::RepeatedRequest,
        SharingCode::NotInviter,
        SharingCode::NotInviterOrInvitee,
        SharingCode::OverQuota,
        SharingCode::TooManyParticipants,
        SharingCode::InvalidArgs,
        SharingCode::NetworkError,
        SharingCode::CloudDisabled,
        SharingCode::ServerError,
        SharingCode::InnerError,
        SharingCode::InvalidInvitation,
        SharingCode::RateLimit,
        SharingCode::IpcError,
        SharingCode::NotSupport,
    ];

    /// The documented number; those of [`SharingCode::IpcError`] and [`SharingCode::NotSupport`] the documents use inside.
    pub fn number(self) -> i32 {
        match self {
            SharingCode::Custom(number) => number,
            code => (1..).zip(Self::NUMBERED).find(|(_, one)| *one == code).map_or(10, |(number, _)| number),
        }
    }

    /// The code of a number; of one that is none, `InnerError`.
    pub fn of(number: i32) -> SharingCode {
        if number >= Self::FIRST_CUSTOM {
            return SharingCode::Custom(number);
        }
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        index.and_then(|index| Self::NUMBERED.get(index).copied()).unwrap_or(SharingCode::InnerError)
    }
}

/// How a call to a share centre fails.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text}")]
pub struct ShareError {
    /// The documented code.
    pub code: SharingCode,
    /// What went wrong, and what to do.
    pub text: String,
}

impl ShareError {
    /// A failure with its text.
    pub fn new(code: SharingCode, text: impl Into<String>) -> Self {
        ShareError { code, text: text.into() }
    }
}

impl From<CloudError> for ShareError {
    fn from(error: CloudError) -> Self {
        let code = match &error {
            CloudError::Network(_) => SharingCode::NetworkError,
            CloudError::Gone(_) => SharingCode::IpcError,
            CloudError::NotSupported(_) => SharingCode::NotSupport,
            CloudError::Disabled => SharingCode::CloudDisabled,
            CloudError::RecordLimitExceeded | CloudError::NoSpaceForAsset => SharingCode::OverQuota,
            CloudError::InvalidArgument(_) => SharingCode::InvalidArgs,
            CloudError::Corrupt(_) | CloudError::TooManyRequests(_) => SharingCode::ServerError,
            CloudError::NotAllowed(_) => SharingCode::NotInviter,
            _ => SharingCode::InnerError,
        };
        ShareError { code, text: error.to_string() }
    }
}

/// What a call to a share centre returns.
pub type ShareResult<T> = std::result::Result<T, ShareError>;

/// Where a record lies: what a sharing resource stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace<'a> {
    /// The database's alias.
    pub database: &'a str,
    /// The table.
    pub table: &'a str,
    /// The record's id.
    pub id: &'a str,
}

/// The documented `ShareCenter`: shares a user's and a bundle's records with other accounts. Methods may block; they are
/// called from several threads at once.
///
/// What the documents leave open is settled so: a call that was answered with success may be made again and answers the
/// same, so that a lost answer does no harm; a call that fails as a whole has changed nothing; participants are answered one by
/// one, in order, and one that is refused keeps no other from being done. Who is neither inviter nor invitee learns nothing, not
/// even whether there is such a share.
pub trait ShareCenter: Send + Sync {
    /// The sharing resource that stands for a record, made where there is none yet: the cloud's half of the documented
    /// `allocResourceAndShare`. The same record has the same one as long as it lives. A cloud that hands sharing resources out
    /// in a way of its own fails.
    fn alloc_resource(&self, user: i32, bundle_name: &str, record: RecordPlace<'_>) -> ShareResult<String> {
        let (_, _, _) = (user, bundle_name, record);
        Err(CloudError::NotSupported("alloc_resource").into())
    }

    /// Invites participants to what `sharing_resource` stands for, each with its privilege. One who was invited already
    /// with another privilege is [`SharingCode::RepeatedRequest`].
    fn share(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        participants: &[Participant],
    ) -> ShareResult<Vec<ShareResult<Participant>>>;

    /// Takes a share back from participants.
    fn unshare(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        participants: &[Participant],
    ) -> ShareResult<Vec<ShareResult<Participant>>>;

    /// Leaves a share that this account was invited to.
    fn exit(&self, user: i32, bundle_name: &str, sharing_resource: &str) -> ShareResult<()>;

    /// Changes what participants may do to the privileges that they come with.
    fn change_privilege(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        participants: &[Participant],
    ) -> ShareResult<Vec<ShareResult<Participant>>>;

    /// Who takes part in a share.
    fn query_participants(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
    ) -> ShareResult<Vec<Participant>>;

    /// Who takes part in the share that an invitation is for.
    fn query_participants_by_invitation(
        &self,
        user: i32,
        bundle_name: &str,
        invitation_code: &str,
    ) -> ShareResult<Vec<Participant>>;

    /// Answers an invitation: accepts, rejects or suspends it. Returns the sharing resource.
    fn confirm_invitation(
        &self,
        user: i32,
        bundle_name: &str,
        invitation_code: &str,
        state: State,
    ) -> ShareResult<String>;

    /// Changes the answer that was given to an invitation.
    fn change_confirmation(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        state: State,
    ) -> ShareResult<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_documented_numbers() {
        assert_eq!(SharingCode::RepeatedRequest.number(), 1);
        assert_eq!(SharingCode::InvalidInvitation.number(), 11);
        assert_eq!(SharingCode::NotSupport.number(), 14);
        assert_eq!(SharingCode::Custom(1234).number(), 1234);
        for number in (1..=14).chain([1000, i32::MAX]) {
            assert_eq!(SharingCode::of(number).number(), number);
        }
        for number in [i32::MIN, -1, 0, 15, 999] {
            assert_eq!(SharingCode::of(number), SharingCode::InnerError, "{number}");
        }
    }
}
