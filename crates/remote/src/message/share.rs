//! What the share centre's frames carry.

use prost::Message;

use super::Failure;

/// Whose share centre is connected to.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct UserBundle {
    #[prost(string, tag = "1")]
    pub(crate) bundle_name: String,
    #[prost(int32, tag = "2")]
    pub(crate) user: i32,
}

/// A record whose sharing resource is asked for.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AllocResource {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(int32, tag = "2")]
    pub(crate) user: i32,
    #[prost(string, tag = "3")]
    pub(crate) bundle_name: String,
    #[prost(string, tag = "4")]
    pub(crate) database_alias: String,
    #[prost(string, tag = "5")]
    pub(crate) table: String,
    #[prost(string, tag = "6")]
    pub(crate) id: String,
}

/// What a participant may do.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Privilege {
    #[prost(bool, tag = "1")]
    pub(crate) writable: bool,
    #[prost(bool, tag = "2")]
    pub(crate) readable: bool,
    #[prost(bool, tag = "3")]
    pub(crate) creatable: bool,
    #[prost(bool, tag = "4")]
    pub(crate) deletable: bool,
    #[prost(bool, tag = "5")]
    pub(crate) shareable: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Participant {
    #[prost(string, tag = "1")]
    pub(crate) identity: String,
    #[prost(uint32, tag = "2")]
    pub(crate) role: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) state: u32,
    /// None: nothing is allowed.
    #[prost(message, optional, tag = "4")]
    pub(crate) privilege: Option<Privilege>,
    #[prost(string, tag = "5")]
    pub(crate) attach_info: String,
    /// In answers to whoever invited, as long as the invitation waits.
    #[prost(string, tag = "6")]
    pub(crate) invitation_code: String,
}

/// A call about a share and some of its participants.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OfParticipants {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(int32, tag = "2")]
    pub(crate) user: i32,
    #[prost(string, tag = "3")]
    pub(crate) bundle_name: String,
    #[prost(string, tag = "4")]
    pub(crate) sharing_resource: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) participants: Vec<Participant>,
}

/// A call about a share.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OfShare {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(int32, tag = "2")]
    pub(crate) user: i32,
    #[prost(string, tag = "3")]
    pub(crate) bundle_name: String,
    #[prost(string, tag = "4")]
    pub(crate) sharing_resource: String,
}

/// A call about an invitation.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OfInvitation {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(int32, tag = "2")]
    pub(crate) user: i32,
    #[prost(string, tag = "3")]
    pub(crate) bundle_name: String,
    #[prost(string, tag = "4")]
    pub(crate) invitation_code: String,
}

/// An invitation's answer.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConfirmInvitation {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(int32, tag = "2")]
    pub(crate) user: i32,
    #[prost(string, tag = "3")]
    pub(crate) bundle_name: String,
    #[prost(string, tag = "4")]
    pub(crate) invitation_code: String,
    #[prost(uint32, tag = "5")]
    pub(crate) state: u32,
}

/// Another answer to an invitation.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ChangeConfirmation {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(int32, tag = "2")]
    pub(crate) user: i32,
    #[prost(string, tag = "3")]
    pub(crate) bundle_name: String,
    #[prost(string, tag = "4")]
    pub(crate) sharing_resource: String,
    #[prost(uint32, tag = "5")]
    pub(crate) state: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SharingResource {
    #[prost(string, tag = "1")]
    pub(crate) sharing_resource: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Participants {
    #[prost(message, repeated, tag = "1")]
    pub(crate) participants: Vec<Participant>,
}

/// What a call came to for one participant: a failure, or the participant.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ParticipantResult {
    #[prost(message, optional, tag = "1")]
    pub(crate) failure: Option<Failure>,
    #[prost(message, optional, tag = "2")]
    pub(crate) participant: Option<Participant>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ParticipantResults {
    #[prost(message, repeated, tag = "1")]
    pub(crate) results: Vec<ParticipantResult>,
}
