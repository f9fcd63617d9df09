//! What a folder holds, in few bytes: a scan of everything holds the entries of all folders at once.

use super::fs::{FileKind, Stamp};
use crate::bytes::{Bytes, Impossible, put_number, put_text, put_time};

/// One entry of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirEntry<'l> {
    /// Its name.
    pub name: &'l str,
    /// What it is.
    pub kind: FileKind,
    /// Its stamp.
    pub stamp: Stamp,
}

/// A folder's entries, or as many as could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Entries, in no order, without `.`, `..` and names that the engine leaves alone.
    pub entries: Entries,
    /// The folder's own stamp, taken before its entries were read.
    pub folder: Stamp,
    /// Entries that could not be read (no stat, or a folder whose name is not UTF-8), with the reason. A listing
    /// with such entries is incomplete: nothing may be taken for deleted because of it.
    pub unreadable: Vec<String>,
    /// Files whose names are not UTF-8. A file that is missing elsewhere and has such an inode number is here, and
    /// may not be taken for deleted.
    pub unnamed: Vec<Unnamed>,
}

/// A file whose name cannot be kept in the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unnamed {
    /// Its inode number.
    pub ino: u64,
    /// What is the matter, and what to do about it.
    pub text: String,
}

impl Listing {
    /// Whether the folder is seen to hold nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.unreadable.is_empty() && self.unnamed.is_empty()
    }
}

/// Entries of a folder, one behind the other.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Entries {
    bytes: Vec<u8>,
    count: usize,
}

/// Where an entry is among the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot(usize);

impl Entries {
    /// Appends one.
    pub fn push(&mut self, entry: DirEntry<'_>) {
        let DirEntry { name, kind, stamp } = entry;
        let out = &mut self.bytes;
        out.push(match kind {
            FileKind::File => b'f',
            FileKind::Dir => b'd',
            FileKind::Other => b'o',
        });
        put_text(out, name);
        put_number(out, stamp.ino);
        put_number(out, stamp.size);
        put_time(out, stamp.mtime_ns);
        put_time(out, stamp.ctime_ns);
        self.count += 1;
    }

    /// Gives back the room that was for more of them.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them, in the order in which they were appended.
    pub fn iter(&self) -> impl Iterator<Item = DirEntry<'_>> {
        self.spots().map(|(_, entry)| entry)
    }

    /// Those that are files.
    pub fn files(&self) -> impl Iterator<Item = DirEntry<'_>> {
        self.iter().filter(|entry| entry.kind == FileKind::File)
    }

    /// Those that are folders.
    pub fn folders(&self) -> impl Iterator<Item = DirEntry<'_>> {
        self.iter().filter(|entry| entry.kind == FileKind::Dir)
    }

    /// All of them, and where each is.
    pub(crate) fn spots(&self) -> impl Iterator<Item = (Spot, DirEntry<'_>)> {
        let mut rest = Bytes(&self.bytes);
        std::iter::from_fn(move || {
            let spot = Spot(self.bytes.len() - rest.0.len());
            read(&mut rest).ok().map(|entry| (spot, entry))
        })
    }

    /// The entry at a spot of these entries.
    pub(crate) fn at(&self, spot: Spot) -> Option<DirEntry<'_>> {
        read(&mut Bytes(self.bytes.get(spot.0..)?)).ok()
    }
}

impl<'l> FromIterator<DirEntry<'l>> for Entries {
    fn from_iter<I: IntoIterator<Item = DirEntry<'l>>>(all: I) -> Self {
        let mut entries = Entries::default();
        all.into_iter().for_each(|entry| entries.push(entry));
        entries
    }
}

impl std::fmt::Debug for Entries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Reads what [`Entries::push`] wrote; an error at the end.
fn read<'b>(bytes: &mut Bytes<'b>) -> Result<DirEntry<'b>, Impossible> {
    let kind = match bytes.array()? {
        [b'f'] => FileKind::File,
        [b'd'] => FileKind::Dir,
        [b'o'] => FileKind::Other,
        _ => return Err(Impossible("an entry is of no kind")),
    };
    let name = bytes.text()?;
    let (ino, size) = (bytes.number()?, bytes.number()?);
    Ok(DirEntry { name, kind, stamp: Stamp { ino, size, mtime_ns: bytes.time()?, ctime_ns: bytes.time()? } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_comes_back_as_it_was() {
        let least = Stamp { ino: 0, size: 0, mtime_ns: i64::MIN, ctime_ns: i64::MIN };
        let most = Stamp { ino: u64::MAX, size: u64::MAX, mtime_ns: i64::MAX, ctime_ns: i64::MAX };
        let long = "n".repeat(255);
        let all: Vec<DirEntry<'_>> = [
            ("a.jpg", FileKind::File, most),
            ("ünï", FileKind::Dir, least),
            (&long, FileKind::Other, Stamp { ino: 127, size: 128, mtime_ns: -1, ctime_ns: 1 }),
            ("b.jpg", FileKind::File, least),
        ]
        .map(|(name, kind, stamp)| DirEntry { name, kind, stamp })
        .into();
        let mut entries: Entries = all.iter().copied().collect();
        entries.shrink();
        assert_eq!((entries.len(), entries.is_empty()), (4, false));
        assert_eq!(entries.iter().collect::<Vec<_>>(), all);
        assert!(entries.spots().all(|(spot, entry)| entries.at(spot) == Some(entry)));
        assert_eq!(entries.files().collect::<Vec<_>>(), [all[0], all[3]]);
        assert_eq!(entries.folders().collect::<Vec<_>>(), [all[1]]);
        assert_eq!((Entries::default().len(), Entries::default().iter().next()), (0, None));
    }
}
