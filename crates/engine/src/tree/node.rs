//! One file or folder, as each of the three trees knows it.

use std::sync::Arc;

use crate::error::Code;
use crate::ports::Stamp;

/// A node's number in the index. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The gallery itself. It is in no tree's rows and always there.
    pub const ROOT: NodeId = NodeId(0);
}

/// A BLAKE3 digest.
pub type Digest = [u8; 32];

/// File or folder. A node never changes its kind: a file where a folder was is another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Dir,
}

/// Where a node is: a rename or a move is a change of this and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The folder.
    pub parent: NodeId,
    /// The name in it.
    pub name: Box<str>,
}

/// A file's bytes. Two contents are equal when their bytes are, whatever their times.
#[derive(Debug, Clone)]
pub struct Content {
    /// BLAKE3 of the bytes.
    pub digest: Digest,
    /// How many bytes.
    pub size: u64,
    /// The modification time that goes with them, in nanoseconds since 1970. Never identity.
    pub mtime_ns: i64,
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest && self.size == other.size
    }
}

impl Eq for Content {}

/// What the disk was last seen to hold of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Where.
    pub place: Arc<Place>,
    /// What.
    pub content: LocalContent,
}

/// What the disk holds of a node's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalContent {
    /// A folder on the disk, with its inode number: a hint of identity when it is moved.
    Dir(u64),
    /// A file whose bytes are in the cloud alone; nothing of it is on the disk.
    CloudOnly(Arc<Content>),
    /// A file on the disk whose bytes were read when it had this stamp.
    Here(Arc<Content>, Stamp),
    /// A file on the disk that was not read since it got this stamp.
    Unread(Stamp),
}

/// Where disk and cloud last agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// Where.
    pub place: Arc<Place>,
    /// What; `None` for a folder.
    pub content: Option<Arc<Content>>,
}

/// What the cloud was last seen to hold of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Where.
    pub place: Arc<Place>,
    /// What; `None` for a folder.
    pub content: Option<Arc<Content>>,
    /// The cloud's id of the asset; `None` where it is the hex of the digest, or for a folder.
    pub asset: Option<Box<str>>,
    /// The record's version, for the next write.
    pub version: u64,
    /// The record is deleted: place and content are those it had.
    pub deleted: bool,
}

/// Why a node is not in step, and when it is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The documented number.
    pub code: Code,
    /// What went wrong and what to do about it.
    pub text: Box<str>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again, in nanoseconds since 1970 by this device's clock; `None` when the
    /// file itself has to change first.
    pub due_ns: Option<i64>,
}

/// One file or folder in all three trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// File or folder.
    pub kind: Kind,
    /// The record's id in the cloud; `None` until it has one.
    pub record: Option<Box<str>>,
    /// What the disk was last seen to hold.
    pub local: Option<Local>,
    /// Where both last agreed.
    pub synced: Option<Synced>,
    /// What the cloud was last seen to hold.
    pub remote: Option<Remote>,
    /// Whether the bytes in step were sent from this device.
    pub sent_from_here: bool,
    /// Why it is not in step.
    pub trouble: Option<Box<Trouble>>,
}

impl Node {
    /// A node that no tree knows yet.
    pub fn new(kind: Kind) -> Self {
        Node {
            kind,
            record: None,
            local: None,
            synced: None,
            remote: None,
            sent_from_here: false,
            trouble: None,
        }
    }
}
