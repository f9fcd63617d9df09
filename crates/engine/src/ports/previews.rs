//! Small pictures of photos: how they are made, and where this device keeps them.

use std::io;
use std::path::PathBuf;

use crate::tree::Digest;

/// Which small picture of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreviewKind {
    /// For a grid of many photos.
    Thumbnail,
    /// The documented LCD picture: as large as a screen.
    Lcd,
}

impl PreviewKind {
    /// Both of them.
    pub const ALL: [PreviewKind; 2] = [PreviewKind::Thumbnail, PreviewKind::Lcd];
}

/// The two small pictures of one photo, each as the bytes of a JPEG file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// For a grid.
    pub thumbnail: Vec<u8>,
    /// For a screen.
    pub lcd: Vec<u8>,
}

impl Pictures {
    /// One of them.
    pub fn of(&self, kind: PreviewKind) -> &[u8] {
        match kind {
            PreviewKind::Thumbnail => &self.thumbnail,
            PreviewKind::Lcd => &self.lcd,
        }
    }
}

/// Makes small pictures. Equal bytes make equal pictures.
pub trait PictureMaker: Send + Sync {
    /// Whether a file that begins with these bytes, at most [`HEAD`] of them, is worth reading as a whole.
    fn may_be_picture(&self, head: &[u8]) -> bool;

    /// The small pictures of a file with these bytes; `None` for what is no picture, is damaged or is too
    /// large to be decoded. May take long and much memory, both bounded.
    fn make(&self, file: &[u8]) -> Option<Pictures>;
}

/// How many bytes at its beginning tell what a file is.
pub const HEAD: usize = 16;

/// What a preview is kept under: what it was made of, not the file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PreviewName {
    /// The digest of the photo's bytes.
    pub content: Digest,
    /// Which preview.
    pub kind: PreviewKind,
}

/// The previews on this device. Losing any of them costs fetching it again. Every method may be called from
/// several threads at once.
pub trait PreviewCache: Send + Sync {
    /// Keeps previews: each is there whole or not at all, also after a power cut.
    fn keep(&self, previews: &[(PreviewName, &[u8])]) -> io::Result<()>;

    /// A preview's bytes.
    fn read(&self, name: PreviewName) -> io::Result<Vec<u8>>;

    /// How many bytes it has; `None` where it is not here.
    fn size(&self, name: PreviewName) -> Option<u64>;

    /// All that are here, in no order. Removes what a kill left half-written.
    fn list(&self) -> io::Result<Vec<PreviewName>>;

    /// Removes one. One that is not here is no error.
    fn remove(&self, name: PreviewName) -> io::Result<()>;

    /// Where it lies, for a program that shows it.
    fn path(&self, name: PreviewName) -> PathBuf;
}
