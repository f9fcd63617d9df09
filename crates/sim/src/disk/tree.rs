//! Folders and files as inodes: what a disk holds at one moment.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use cloudsync_engine::ports::{FileKind, FileMark, Stamp};

/// An inode's own number, never used twice; what the engine sees is [`Inode::ino`].
pub type Uid = u64;

/// The gallery's folder.
pub const ROOT: Uid = 1;

/// What an inode is.
#[derive(Debug, Clone)]
pub enum Body {
    /// A file's bytes.
    File(Arc<Vec<u8>>),
    /// A folder's entries.
    Dir(BTreeMap<String, Uid>),
    /// A symlink or the like.
    Other,
}

/// One inode.
#[derive(Debug, Clone)]
pub struct Inode {
    /// The number that the engine sees.
    pub ino: u64,
    /// What it is.
    pub body: Body,
    /// Modification time.
    pub mtime_ns: i64,
    /// Change time.
    pub ctime_ns: i64,
    /// Whether the engine wrote its bytes, and not a person.
    pub by_engine: bool,
    /// What programs beside the engine see of its state.
    pub mark: Option<FileMark>,
}

impl Inode {
    /// File, folder or something else.
    pub fn kind(&self) -> FileKind {
        match self.body {
            Body::File(_) => FileKind::File,
            Body::Dir(_) => FileKind::Dir,
            Body::Other => FileKind::Other,
        }
    }

    /// Its stamp.
    pub fn stamp(&self) -> Stamp {
        let size = match &self.body {
            Body::File(data) => data.len() as u64,
            Body::Dir(_) => 4096,
            Body::Other => 3,
        };
        Stamp { ino: self.ino, size, mtime_ns: self.mtime_ns, ctime_ns: self.ctime_ns }
    }

    /// A file's bytes, empty for anything else.
    pub fn data(&self) -> Arc<Vec<u8>> {
        match &self.body {
            Body::File(data) => Arc::clone(data),
            _ => Arc::default(),
        }
    }
}

/// All inodes, reachable from [`ROOT`] or still open somewhere.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// By their own number.
    pub nodes: BTreeMap<Uid, Inode>,
}

/// A folder and a name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The folder.
    pub dir: Uid,
    /// The name.
    pub name: String,
}

pub(crate) fn error(kind: ErrorKind) -> io::Error {
    io::Error::from(kind)
}

impl Tree {
    /// An inode.
    pub fn node(&self, uid: Uid) -> io::Result<&Inode> {
        self.nodes.get(&uid).ok_or_else(|| error(ErrorKind::NotFound))
    }

    /// A folder's entries.
    pub fn entries(&self, dir: Uid) -> io::Result<&BTreeMap<String, Uid>> {
        match &self.node(dir)?.body {
            Body::Dir(entries) => Ok(entries),
            _ => Err(error(ErrorKind::NotADirectory)),
        }
    }

    /// The inode at a path.
    pub fn lookup(&self, path: &str) -> io::Result<Uid> {
        let mut at = ROOT;
        if path.is_empty() {
            return Ok(at);
        }
        for name in path.split('/') {
            if name.is_empty() || name == "." || name == ".." {
                return Err(error(ErrorKind::InvalidInput));
            }
            at = *self.entries(at)?.get(name).ok_or_else(|| error(ErrorKind::NotFound))?;
        }
        Ok(at)
    }

    /// The folder and the name that a path says; the name need not be there.
    pub fn spot(&self, path: &str) -> io::Result<Spot> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name.is_empty() || name == "." || name == ".." {
            return Err(error(ErrorKind::InvalidInput));
        }
        let dir = self.lookup(folder)?;
        self.entries(dir)?;
        Ok(Spot { dir, name: name.to_owned() })
    }

    /// What is at a spot.
    pub fn at(&self, spot: &Spot) -> Option<Uid> {
        self.entries(spot.dir).ok()?.get(&spot.name).copied()
    }

    /// Puts an entry, whatever was there.
    pub fn put(&mut self, spot: &Spot, uid: Uid) {
        if let Some(Inode { body: Body::Dir(entries), .. }) = self.nodes.get_mut(&spot.dir) {
            entries.insert(spot.name.clone(), uid);
        }
    }

    /// Takes an entry away.
    pub fn take(&mut self, spot: &Spot) {
        if let Some(Inode { body: Body::Dir(entries), .. }) = self.nodes.get_mut(&spot.dir) {
            entries.remove(&spot.name);
        }
    }

    /// Whether `inner` is `outer` or somewhere below it.
    pub fn is_within(&self, outer: Uid, inner: Uid) -> bool {
        outer == inner
            || self
                .entries(outer)
                .is_ok_and(|entries| entries.values().any(|&child| self.is_within(child, inner)))
    }

    /// Everything below the root with its path, folders before what is in them.
    pub fn walk(&self) -> Vec<(String, Uid)> {
        let mut found = Vec::new();
        self.walk_into("", ROOT, &mut found);
        found
    }

    fn walk_into(&self, path: &str, dir: Uid, found: &mut Vec<(String, Uid)>) {
        let Ok(entries) = self.entries(dir) else { return };
        for (name, &uid) in entries {
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            found.push((below.clone(), uid));
            self.walk_into(&below, uid, found);
        }
    }
}
