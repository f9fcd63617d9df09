//! One file or folder, as each of the three trees knows it.
//!
//! The parts are generic in how they hold texts: borrowed from the trees' rows ([`NodeRef`]), which is
//! what the trees give out and take in, or owned ([`Node`]).

use crate::error::Code;
use crate::ports::{ContentId, PreviewKind, Stamp};

/// A node's number in the index. Never used twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place<S = Box<str>> {
    /// The folder.
    pub parent: NodeId,
    /// The name in it.
    pub name: S,
}

/// A place in somebody else's memory.
pub type PlaceRef<'t> = Place<&'t str>;

impl<S: AsRef<str>> Place<S> {
    /// The same place, borrowed.
    pub fn as_ref(&self) -> PlaceRef<'_> {
        Place { parent: self.parent, name: self.name.as_ref() }
    }

    /// The same place, owned.
    pub fn to_place(&self) -> Place {
        Place { parent: self.parent, name: self.name.as_ref().into() }
    }
}

/// A file's bytes. Two contents are equal when their bytes are, whatever their times.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    /// BLAKE3 of the bytes.
    pub digest: Digest,
    /// How many bytes.
    pub size: u64,
    /// The modification time that goes with them, in nanoseconds since 1970. Never identity.
    pub mtime_ns: i64,
    /// What they say of the photo that they are a part of, as far as anybody has looked.
    pub identifier: Option<ContentId>,
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest && self.size == other.size
    }
}

impl Eq for Content {}

/// What the disk was last seen to hold of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local<P = Place> {
    /// Where.
    pub place: P,
    /// What.
    pub content: LocalContent,
}

/// What the disk holds of a node's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalContent {
    /// A folder on the disk, with its inode number: a hint of identity when it is moved.
    Dir(u64),
    /// A file whose bytes are in the cloud alone; nothing of it is on the disk.
    CloudOnly(Content),
    /// A file on the disk whose bytes were read when it had this stamp.
    Here(Content, Stamp),
    /// A file on the disk that was not read since it got this stamp.
    Unread(Stamp),
}

impl LocalContent {
    /// How the file on the disk was last seen; `None` for what is no file on the disk.
    pub fn stamp(&self) -> Option<Stamp> {
        match self {
            LocalContent::Here(_, stamp) | LocalContent::Unread(stamp) => Some(*stamp),
            LocalContent::Dir(_) | LocalContent::CloudOnly(_) => None,
        }
    }

    /// The bytes, where they are known.
    pub fn bytes(&self) -> Option<Content> {
        match self {
            LocalContent::Here(content, _) | LocalContent::CloudOnly(content) => Some(*content),
            LocalContent::Dir(_) | LocalContent::Unread(_) => None,
        }
    }

    /// The inode number, which tells it from others that may come to its place; `None` for what is not on
    /// the disk.
    pub fn ino(&self) -> Option<u64> {
        match self {
            LocalContent::Dir(ino) => Some(*ino),
            other => other.stamp().map(|stamp| stamp.ino),
        }
    }

    /// Whether it is on the disk.
    pub fn is_here(&self) -> bool {
        self.hold().is_here()
    }

    /// The same without what it is that the disk holds.
    pub fn hold(&self) -> Hold {
        match self {
            LocalContent::Dir(_) => Hold::Dir,
            LocalContent::CloudOnly(_) => Hold::CloudOnly,
            LocalContent::Here(..) => Hold::Here,
            LocalContent::Unread(_) => Hold::Unread,
        }
    }
}

/// How the disk holds a node: as [`LocalContent`] says, whose names these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// A folder.
    Dir,
    /// A file whose bytes are in the cloud alone.
    CloudOnly,
    /// A file that was read.
    Here,
    /// A file that was not.
    Unread,
}

impl Hold {
    /// Whether it is on the disk.
    pub fn is_here(self) -> bool {
        self != Hold::CloudOnly
    }
}

/// Where disk and cloud last agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synced<P = Place> {
    /// Where.
    pub place: P,
    /// What; `None` for a folder.
    pub content: Option<Content>,
}

/// What the cloud was last seen to hold of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote<P = Place, S = Box<str>> {
    /// Where.
    pub place: P,
    /// What; `None` for a folder.
    pub content: Option<Content>,
    /// The cloud's id of the asset; `None` where it is the hex of the digest, or for a folder.
    pub asset: Option<S>,
    /// The small pictures of these bytes, where the cloud holds some.
    pub previews: Previews<S>,
    /// The record's version, for the next write.
    pub version: u64,
    /// The record is deleted: place and content are those it had.
    pub deleted: bool,
}

/// The small pictures of a photo that its record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Previews<S = Box<str>> {
    /// For a grid.
    pub thumbnail: Option<Preview<S>>,
    /// For a screen.
    pub lcd: Option<Preview<S>>,
}

/// One small picture in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preview<S = Box<str>> {
    /// The cloud's id of the asset.
    pub asset: PreviewAsset<S>,
    /// How many bytes it has.
    pub size: u32,
}

/// The cloud's id of a small picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewAsset<S = Box<str>> {
    /// The hex of the BLAKE3 digest of its bytes.
    Digest(Digest),
    /// Any other text.
    Named(S),
}

impl<S> Previews<S> {
    /// Of what is no photo, or has no small pictures.
    pub const NONE: Self = Previews { thumbnail: None, lcd: None };

    /// One of them.
    pub fn of(&self, kind: PreviewKind) -> Option<&Preview<S>> {
        match kind {
            PreviewKind::Thumbnail => self.thumbnail.as_ref(),
            PreviewKind::Lcd => self.lcd.as_ref(),
        }
    }
}

impl<S: AsRef<str>> Previews<S> {
    /// The same, with borrowed texts.
    pub fn as_ref(&self) -> Previews<&str> {
        Previews {
            thumbnail: self.thumbnail.as_ref().map(Preview::as_ref),
            lcd: self.lcd.as_ref().map(Preview::as_ref),
        }
    }

    /// The same, with texts of its own.
    pub fn to_previews(&self) -> Previews {
        Previews {
            thumbnail: self.thumbnail.as_ref().map(Preview::to_preview),
            lcd: self.lcd.as_ref().map(Preview::to_preview),
        }
    }
}

impl<S: AsRef<str>> Preview<S> {
    /// The same, with a borrowed text.
    pub fn as_ref(&self) -> Preview<&str> {
        let asset = match &self.asset {
            PreviewAsset::Digest(digest) => PreviewAsset::Digest(*digest),
            PreviewAsset::Named(name) => PreviewAsset::Named(name.as_ref()),
        };
        Preview { asset, size: self.size }
    }

    /// The same, with a text of its own.
    pub fn to_preview(&self) -> Preview {
        let asset = match &self.asset {
            PreviewAsset::Digest(digest) => PreviewAsset::Digest(*digest),
            PreviewAsset::Named(name) => PreviewAsset::Named(name.as_ref().into()),
        };
        Preview { asset, size: self.size }
    }

    /// The cloud's id of the asset.
    pub fn asset_id(&self) -> String {
        match &self.asset {
            PreviewAsset::Digest(digest) => blake3::Hash::from_bytes(*digest).to_hex().to_string(),
            PreviewAsset::Named(name) => name.as_ref().to_owned(),
        }
    }
}

impl Preview {
    /// A small picture that the cloud has under this id.
    pub fn new(asset_id: &str, size: u32) -> Preview {
        let digest = blake3::Hash::from_hex(asset_id).ok().map(|digest| *digest.as_bytes());
        // Hex in capitals would not come back as it was.
        let digest = digest.filter(|_| !asset_id.bytes().any(|byte| byte.is_ascii_uppercase()));
        let asset = digest.map_or_else(|| PreviewAsset::Named(asset_id.into()), PreviewAsset::Digest);
        Preview { asset, size }
    }
}

/// Why a node is not in step, and when it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble<S = Box<str>> {
    /// The documented number.
    pub code: Code,
    /// What went wrong and what to do about it.
    pub text: S,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again, in nanoseconds since 1970 by this device's clock; `None` when the
    /// file itself has to change first.
    pub due_ns: Option<i64>,
}

/// Bytes from the cloud that are about to be put in their place, or have just been: the file that holds
/// them, by its inode number, is the node's wherever it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The bytes, with the modification time that the file has on the disk.
    pub content: Content,
    /// The file's inode number.
    pub ino: u64,
}

impl Arrival {
    /// Whether a file on the disk is the one that arrived, not changed since.
    pub fn is(&self, stamp: &Stamp) -> bool {
        (stamp.ino, stamp.size, stamp.mtime_ns) == (self.ino, self.content.size, self.content.mtime_ns)
    }
}

/// What becomes of a file's own copy on this device, beside what the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// What the policy says.
    #[default]
    AsConfigured,
    /// A person wants it to stay; of a folder, all that is in it.
    Pinned,
    /// It was removed to free its space, and does not come back by itself.
    Away,
    /// It is being removed: noted before it is, so that its absence after a kill is no deletion.
    Leaving,
}

/// One file or folder in all three trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<P = Place, S = Box<str>> {
    /// File or folder.
    pub kind: Kind,
    /// The record's id in the cloud; `None` until it has one.
    pub record: Option<S>,
    /// What the disk was last seen to hold.
    pub local: Option<Local<P>>,
    /// Where both last agreed.
    pub synced: Option<Synced<P>>,
    /// What the cloud was last seen to hold.
    pub remote: Option<Remote<P, S>>,
    /// Whether the bytes in step were sent from this device.
    pub sent_from_here: bool,
    /// What is being put on the disk: noted before it is, so that it is known again after a kill.
    pub arriving: Option<Arrival>,
    /// Whether its own copy stays.
    pub keep: Keep,
    /// A person has it removed: noted before it is, so that it is known after a kill that this was asked for.
    pub removed: bool,
    /// When a person last looked at it, as the host said, in milliseconds since 1970.
    pub viewed_ms: Option<i64>,
    /// Why it is not in step.
    pub trouble: Option<Trouble<S>>,
}

/// A node whose texts are in the trees' rows.
pub type NodeRef<'t> = Node<PlaceRef<'t>, &'t str>;

impl<P, S> Node<P, S> {
    /// A node that no tree knows yet.
    pub fn new(kind: Kind) -> Self {
        Node {
            kind,
            record: None,
            local: None,
            synced: None,
            remote: None,
            sent_from_here: false,
            arriving: None,
            keep: Keep::AsConfigured,
            removed: false,
            viewed_ms: None,
            trouble: None,
        }
    }
}

impl Node {
    /// The same node, with borrowed texts.
    pub fn as_ref(&self) -> NodeRef<'_> {
        NodeRef {
            kind: self.kind,
            record: self.record.as_deref(),
            local: self.local.as_ref().map(Local::as_ref),
            synced: self.synced.as_ref().map(Synced::as_ref),
            remote: self.remote.as_ref().map(Remote::as_ref),
            sent_from_here: self.sent_from_here,
            arriving: self.arriving,
            keep: self.keep,
            removed: self.removed,
            viewed_ms: self.viewed_ms,
            trouble: self.trouble.as_ref().map(Trouble::as_ref),
        }
    }
}

impl<'t> NodeRef<'t> {
    /// What the cloud holds, unless it is deleted there.
    pub fn live_remote(&self) -> Option<&Remote<PlaceRef<'t>, &'t str>> {
        self.remote.as_ref().filter(|remote| !remote.deleted)
    }

    /// Whether more than the disk knows of it: what only the disk holds, the next scan finds again. What has
    /// a record's id may be in the cloud already, although its answer was not heard; and that a person has it
    /// removed, no scan finds.
    pub fn is_worth_keeping(&self) -> bool {
        self.synced.is_some() || self.remote.is_some() || self.record.is_some() || self.removed
    }

    /// Where a person sees it: here, else in the cloud.
    pub fn shown_place(&self) -> Option<PlaceRef<'t>> {
        self.local.map(|local| local.place).or(self.live_remote().map(|remote| remote.place))
    }

    /// Whether the disk holds another place or other bytes than were last agreed on, or bytes that were not read.
    pub fn is_changed_here(&self) -> bool {
        let Some(local) = &self.local else { return false };
        let Some(synced) = &self.synced else { return true };
        let unread = matches!(local.content, LocalContent::Unread(_));
        unread || local.place != synced.place || local.content.bytes() != synced.content
    }

    /// Whether its bytes shall be on the disk, where `keep_originals` is the policy.
    pub fn wants_bytes(&self, keep_originals: bool) -> bool {
        keep_originals && self.keep != Keep::Away
    }

    /// Whether disk, cloud and their last agreement are the same. A file whose bytes are in the
    /// cloud alone is so only where originals are not kept on the disk.
    pub(super) fn in_step(&self, keep_originals: bool) -> bool {
        let (Some(local), Some(synced), Some(remote)) = (&self.local, &self.synced, &self.remote) else {
            // A node that no tree holds any more is out of step until it is forgotten.
            return false;
        };
        if remote.deleted || local.place != synced.place || remote.place != synced.place {
            return false;
        }
        if remote.content != synced.content {
            return false;
        }
        match local.content {
            LocalContent::Dir(_) => true,
            LocalContent::CloudOnly(content) => {
                !self.wants_bytes(keep_originals) && Some(content) == synced.content
            }
            LocalContent::Here(content, _) => Some(content) == synced.content,
            LocalContent::Unread(_) => false,
        }
    }

    /// The places that look-ups find the node at: on the disk, and in the cloud where it is another.
    pub(super) fn places(&self) -> [Option<PlaceRef<'t>>; 2] {
        let local = self.local.map(|local| local.place);
        let remote = self.live_remote().map(|remote| remote.place);
        [local, remote.filter(|place| Some(*place) != local)]
    }
}

impl Local {
    /// The same, with a borrowed place.
    pub fn as_ref(&self) -> Local<PlaceRef<'_>> {
        Local { place: self.place.as_ref(), content: self.content }
    }
}

impl Local<PlaceRef<'_>> {
    /// The same, with a place of its own.
    pub fn to_local(self) -> Local {
        Local { place: self.place.to_place(), content: self.content }
    }
}

impl Synced {
    /// The same, with a borrowed place.
    pub fn as_ref(&self) -> Synced<PlaceRef<'_>> {
        Synced { place: self.place.as_ref(), content: self.content }
    }
}

impl Remote {
    /// The same, with borrowed texts.
    pub fn as_ref(&self) -> Remote<PlaceRef<'_>, &str> {
        Remote {
            place: self.place.as_ref(),
            content: self.content,
            asset: self.asset.as_deref(),
            previews: self.previews.as_ref(),
            version: self.version,
            deleted: self.deleted,
        }
    }
}

impl Remote<PlaceRef<'_>, &str> {
    /// The same, with texts of its own.
    pub fn to_remote(self) -> Remote {
        Remote {
            place: self.place.to_place(),
            content: self.content,
            asset: self.asset.map(Into::into),
            previews: self.previews.to_previews(),
            version: self.version,
            deleted: self.deleted,
        }
    }
}

impl Trouble {
    /// The same, with a borrowed text.
    pub fn as_ref(&self) -> Trouble<&str> {
        Trouble { code: self.code, text: &self.text, attempts: self.attempts, due_ns: self.due_ns }
    }
}
