//! Frames: what goes over a connection, one after another.
//!
//! ```text
//! length u32 | kind u16 | descriptors u16 | call u64 | body, `length` bytes
//! ```
//!
//! Numbers are little-endian. A body is a message, but for [`Kind::Data`], whose body is bytes of an asset:
//!
//! ```text
//! item u32 | flags u32 | offset u64 | bytes
//! ```

use std::os::fd::OwnedFd;

use crate::message::{Body, listed};
use crate::payload::Payload;

/// The version of the protocol that this library speaks.
pub(crate) const VERSION: u32 = 1;
/// Files go over as descriptors.
pub(crate) const FEATURE_DESCRIPTORS: u64 = 1;
/// How long a frame's head is.
pub(crate) const HEAD: usize = 16;
/// How long a message may be.
pub(crate) const LONGEST_MESSAGE: usize = 16 << 20;
/// How long a message may be before both sides have said hello.
pub(crate) const LONGEST_HELLO: usize = 4 << 10;
/// How many bytes of an asset go into one frame at most.
pub(crate) const CHUNK: usize = 256 << 10;
/// What comes before an asset's bytes.
pub(crate) const DATA_HEAD: usize = 16;
/// How many bytes of a call's assets may be on their way: asked for and not come, or come and not taken.
pub(crate) const WINDOW: usize = 4 << 20;
/// How many wants of a call may be open.
pub(crate) const WANTS: usize = 64;
/// How many descriptors one frame brings at most.
pub(crate) const DESCRIPTORS: usize = 64;
/// How many items, rows, claims, ids, assets or columns one message lists at most, at all depths.
pub(crate) const LISTED: usize = 1 << 20;

/// What a frame is. Requests are below 256, and are answered by an [`Kind::Answer`] or a [`Kind::Failure`] with
/// their call's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub(crate) enum Kind {
    Hello = 1,
    Welcome = 2,
    Goodbye = 3,
    GetServiceInfo = 16,
    GetAppBriefInfo = 17,
    GetAppSchema = 18,
    Subscribe = 19,
    Unsubscribe = 20,
    ConnectDb = 21,
    ConnectAssetLoader = 22,
    ConnectShareCenter = 23,
    GenerateId = 32,
    Insert = 33,
    Update = 34,
    Delete = 35,
    Query = 36,
    Lock = 37,
    Heartbeat = 38,
    Unlock = 39,
    Upload = 48,
    Download = 49,
    Prove = 50,
    AllocResource = 64,
    Share = 65,
    Unshare = 66,
    ChangePrivilege = 67,
    Exit = 68,
    QueryParticipants = 69,
    QueryParticipantsByInvitation = 70,
    ConfirmInvitation = 71,
    ChangeConfirmation = 72,
    Answer = 256,
    Failure = 257,
    Want = 272,
    Data = 273,
    Taken = 274,
    Stop = 275,
    Moved = 276,
    Working = 277,
    Changed = 278,
    Disconnect = 279,
}

/// The requests' numbers. Those that are no [`Kind`] are of a newer version, and refused one by one.
const REQUESTS: std::ops::Range<u16> = 16..256;

impl Kind {
    const ALL: [Kind; 41] = {
        use Kind::*;
        [
            Hello,
            Welcome,
            Goodbye,
            GetServiceInfo,
            GetAppBriefInfo,
            GetAppSchema,
            Subscribe,
            Unsubscribe,
            ConnectDb,
            ConnectAssetLoader,
            ConnectShareCenter,
            GenerateId,
            Insert,
            Update,
            Delete,
            Query,
            Lock,
            Heartbeat,
            Unlock,
            Upload,
            Download,
            Prove,
            AllocResource,
            Share,
            Unshare,
            ChangePrivilege,
            Exit,
            QueryParticipants,
            QueryParticipantsByInvitation,
            ConfirmInvitation,
            ChangeConfirmation,
            Answer,
            Failure,
            Want,
            Data,
            Taken,
            Stop,
            Moved,
            Working,
            Changed,
            Disconnect,
        ]
    };

    fn longest(self) -> usize {
        match self {
            Kind::Hello | Kind::Welcome | Kind::Goodbye => LONGEST_HELLO,
            Kind::Data => DATA_HEAD + CHUNK,
            _ => LONGEST_MESSAGE,
        }
    }
}

/// What a frame's number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is this.
    As(Kind),
    /// A request that this version does not know.
    Request(u16),
}

/// A frame's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) length: usize,
    pub(crate) kind: Known,
    pub(crate) descriptors: usize,
    pub(crate) call: u64,
}

/// The other side does not keep to the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the other side does not keep to the protocol: {0}")]
pub(crate) struct Violation(pub(crate) String);

pub(crate) fn violation<T>(text: impl Into<String>) -> Result<T, Violation> {
    Err(Violation(text.into()))
}

impl Head {
    pub(crate) fn bytes(kind: Kind, call: u64, length: usize, descriptors: usize) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&(length as u32).to_le_bytes());
        head[4..6].copy_from_slice(&(kind as u16).to_le_bytes());
        head[6..8].copy_from_slice(&(descriptors as u16).to_le_bytes());
        head[8..].copy_from_slice(&call.to_le_bytes());
        head
    }

    pub(crate) fn read(bytes: &[u8; HEAD]) -> Result<Head, Violation> {
        let [a, b, c, d, e, f, g, h, call @ ..] = *bytes;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let number = u16::from_le_bytes([e, f]);
        let descriptors = usize::from(u16::from_le_bytes([g, h]));
        let kind = match Kind::ALL.into_iter().find(|kind| *kind as u16 == number) {
            Some(kind) => Known::As(kind),
            None if REQUESTS.contains(&number) => Known::Request(number),
            None => return violation(format!("there is no frame of the kind {number}")),
        };
        let longest = if let Known::As(kind) = kind { kind.longest() } else { LONGEST_MESSAGE };
        if length > longest {
            return violation(format!("a frame of {length} bytes, where {longest} is the most"));
        }
        if descriptors > if kind == Known::As(Kind::Upload) { DESCRIPTORS } else { 0 } {
            return violation(format!("a frame of the kind {number} with {descriptors} descriptors"));
        }
        Ok(Head { length, kind, descriptors, call: u64::from_le_bytes(call) })
    }
}

/// A frame that has come.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: Known,
    pub(crate) call: u64,
    pub(crate) body: Payload,
    pub(crate) descriptors: Vec<OwnedFd>,
}

impl Frame {
    pub(crate) fn message<M: Body>(&self) -> Result<M, Violation> {
        message(&self.body)
    }
}

pub(crate) fn message<M: Body>(body: &[u8]) -> Result<M, Violation> {
    match listed::<M>(body) {
        Some(..=LISTED) => {}
        Some(listed) => {
            return violation(format!("a message that lists {listed} things, where {LISTED} are the most"));
        }
        // Not even what comes before its fault is unpacked.
        None => return violation("a message cannot be read: it is cut off, or none of this protocol"),
    }
    M::decode(body).map_err(|error| Violation(format!("a message cannot be read: {error}")))
}

/// The bytes of an asset in a frame's body.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) item: usize,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    body: Payload,
}

impl Data {
    /// Nothing comes after these bytes.
    pub(crate) const END: u32 = 1;
    /// Whoever asked for the transfer stops it, after these bytes.
    pub(crate) const STOPPED: u32 = 2;
    /// The source failed after these bytes.
    pub(crate) const FAILED: u32 = 4;

    pub(crate) fn head(item: usize, flags: u32, offset: u64) -> [u8; DATA_HEAD] {
        let mut head = [0; DATA_HEAD];
        head[..4].copy_from_slice(&(item as u32).to_le_bytes());
        head[4..8].copy_from_slice(&flags.to_le_bytes());
        head[8..].copy_from_slice(&offset.to_le_bytes());
        head
    }

    pub(crate) fn read(body: Payload) -> Result<Data, Violation> {
        let Some(&[a, b, c, d, e, f, g, h, ref offset @ ..]) = body.first_chunk::<DATA_HEAD>() else {
            return violation("a data frame without its head");
        };
        let item = u32::from_le_bytes([a, b, c, d]) as usize;
        let (flags, offset) = (u32::from_le_bytes([e, f, g, h]), u64::from_le_bytes(*offset));
        if offset.checked_add((body.len() - DATA_HEAD) as u64).is_none() {
            return violation("data beyond the end of all files");
        }
        Ok(Data { item, flags, offset, body })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body[DATA_HEAD..]
    }

    pub(crate) fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::message::{AppSchema, Ids, Page};

    /// More empty things than there may be, in the list that is deepest in a message.
    fn many(empty: [u8; 2], around: &[u8]) -> Vec<u8> {
        let mut body = empty.repeat(LISTED + 1);
        for tag in around {
            let mut head = vec![*tag];
            prost::encoding::encode_varint(body.len() as u64, &mut head);
            body.splice(..0, head);
        }
        body
    }

    #[test]
    fn a_message_that_would_fill_the_memory_is_not_unpacked() {
        let assets = many([0x0a, 0], &[0x3a, 0x12, 0x32, 0x1a]);
        let columns = many([0x1a, 0], &[0x1a, 0x1a]);
        let ids = many([0x0a, 0], &[]);
        let refused = |text: Violation| text.0.contains("where 1048576 are the most");
        assert!(message::<Page>(&assets).is_err_and(refused));
        assert!(message::<AppSchema>(&columns).is_err_and(refused));
        assert!(message::<Ids>(&ids).is_err_and(refused));
        // Nor is what comes before a fault.
        let cut = |body: &[u8]| [body, &[0x0b]].concat();
        let unread = |text: Violation| text.0.contains("cannot be read: it is cut off");
        assert!(message::<Page>(&cut(&assets)).is_err_and(unread));
        assert!(message::<Ids>(&cut(&ids)).is_err_and(unread));
        let ids = Ids { ids: vec![String::new(); LISTED] };
        assert_eq!(message::<Ids>(&ids.encode_to_vec()).map(|ids| ids.ids.len()), Ok(LISTED));
    }
}
