//! A device's disk in memory: inodes, coarse clocks, and what a power cut leaves of it.

mod cut;
mod file;
mod port;
mod tree;

pub use port::SimDisk;
pub use tree::{Body, Inode, ROOT, Spot, Tree, Uid};

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::Arc;

use cloudsync_engine::ports::FileMark;
use cut::MetaOp;
use tree::error;

/// How this disk differs from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskKind {
    /// Timestamps are whole multiples of this.
    pub grain_ns: i64,
    /// Inode numbers of deleted files are given again at once.
    pub reuses_inodes: bool,
    /// After a power cut the changes of folders survive in order; otherwise each for itself.
    pub ordered_journal: bool,
}

/// The disk of one device.
#[derive(Debug)]
pub struct Disk {
    /// What programs see.
    pub live: Tree,
    kind: DiskKind,
    durable: Tree,
    journal: Vec<MetaOp>,
    dirty: BTreeSet<Uid>,
    next_uid: Uid,
    next_ino: u64,
    free_inos: Vec<u64>,
    touched: BTreeSet<Uid>,
}

impl Disk {
    /// An empty disk.
    pub fn new(kind: DiskKind) -> Self {
        let root = Inode {
            ino: 2,
            body: Body::Dir(BTreeMap::new()),
            mtime_ns: 0,
            ctime_ns: 0,
            by_engine: false,
            mark: None,
        };
        let live = Tree { nodes: BTreeMap::from([(ROOT, root)]) };
        Disk {
            durable: live.clone(),
            live,
            kind,
            journal: Vec::new(),
            dirty: BTreeSet::new(),
            next_uid: ROOT + 1,
            next_ino: 100,
            free_inos: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// The time that a change made now is stamped with.
    pub fn stamp_time(&self, now_ns: i64) -> i64 {
        now_ns.div_euclid(self.kind.grain_ns) * self.kind.grain_ns
    }

    /// Makes a file, a folder or something else where nothing is.
    pub fn create(&mut self, path: &str, body: Body, now_ns: i64) -> io::Result<Uid> {
        let spot = self.live.spot(path)?;
        if self.live.at(&spot).is_some() {
            return Err(error(ErrorKind::AlreadyExists));
        }
        let time = self.stamp_time(now_ns);
        let uid = self.next_uid;
        self.next_uid += 1;
        let ino = self.new_ino();
        let node = Inode { ino, body, mtime_ns: time, ctime_ns: time, by_engine: false, mark: None };
        self.live.nodes.insert(uid, node);
        self.live.put(&spot, uid);
        self.changed_dir(spot.dir, time);
        self.journal.push(MetaOp::Link { spot, uid });
        self.dirty.insert(uid);
        Ok(uid)
    }

    /// Gives a file one more name.
    pub fn link(&mut self, uid: Uid, path: &str, now_ns: i64) -> io::Result<()> {
        let spot = self.live.spot(path)?;
        if self.live.at(&spot).is_some() {
            return Err(error(ErrorKind::AlreadyExists));
        }
        let time = self.stamp_time(now_ns);
        if let Some(node) = self.live.nodes.get_mut(&uid) {
            node.ctime_ns = time;
        }
        self.live.put(&spot, uid);
        self.changed_dir(spot.dir, time);
        self.dirty.insert(uid);
        self.journal.push(MetaOp::Link { spot, uid });
        Ok(())
    }

    /// How many names a file has.
    pub fn links(&self, uid: Uid) -> u64 {
        self.live.walk().iter().filter(|(_, found)| *found == uid).count() as u64
    }

    /// A file or a folder has lost a name, which changes it; where that was its last, its inode number is free.
    fn unlinked(&mut self, uid: Uid, time: i64) {
        let last = self.links(uid) == 0;
        let Some(node) = self.live.nodes.get_mut(&uid) else { return };
        node.ctime_ns = time;
        if last {
            self.free_inos.push(node.ino);
        }
    }

    fn new_ino(&mut self) -> u64 {
        let reused = if self.kind.reuses_inodes { self.free_inos.pop() } else { None };
        reused.unwrap_or_else(|| {
            self.next_ino += 1;
            self.next_ino
        })
    }

    /// Replaces a file's bytes, wherever it is and even if it has no name any more.
    pub fn write(&mut self, uid: Uid, bytes: Vec<u8>, by_engine: bool, now_ns: i64) {
        let time = self.stamp_time(now_ns);
        if let Some(node) = self.live.nodes.get_mut(&uid) {
            node.body = Body::File(Arc::new(bytes));
            node.mtime_ns = time;
            node.ctime_ns = time;
            node.by_engine = by_engine;
            self.dirty.insert(uid);
        }
        self.content_changed(uid);
    }

    /// Replaces a file's bytes without any of its times showing it: within a tick of the disk's clock, or by a power cut.
    pub fn rewrite_unseen(&mut self, uid: Uid, bytes: Vec<u8>) {
        if let Some(node) = self.live.nodes.get_mut(&uid) {
            node.body = Body::File(Arc::new(bytes));
            self.dirty.insert(uid);
        }
        self.content_changed(uid);
    }

    /// Sets a modification time; the change time is that of the change.
    pub fn set_mtime(&mut self, uid: Uid, mtime_ns: i64, now_ns: i64) {
        let time = self.stamp_time(now_ns);
        if let Some(node) = self.live.nodes.get_mut(&uid) {
            node.mtime_ns = mtime_ns;
            node.ctime_ns = time;
            self.dirty.insert(uid);
        }
        self.content_changed(uid);
    }

    /// Marks a file; the change time is that of the change. No folder changes, and whoever watches hears nothing.
    pub fn set_mark(&mut self, uid: Uid, mark: FileMark, now_ns: i64) {
        let time = self.stamp_time(now_ns);
        if let Some(node) = self.live.nodes.get_mut(&uid) {
            node.mark = Some(mark);
            node.ctime_ns = time;
            self.dirty.insert(uid);
        }
    }

    /// How long it takes at most until a change is stamped with another time.
    pub fn grain_ns(&self) -> i64 {
        self.kind.grain_ns
    }

    /// Removes a file, an empty folder or something else.
    pub fn remove(&mut self, path: &str, now_ns: i64) -> io::Result<Uid> {
        let spot = self.live.spot(path)?;
        let uid = self.live.at(&spot).ok_or_else(|| error(ErrorKind::NotFound))?;
        if self.live.entries(uid).is_ok_and(|entries| !entries.is_empty()) {
            return Err(error(ErrorKind::DirectoryNotEmpty));
        }
        self.live.take(&spot);
        let time = self.stamp_time(now_ns);
        self.unlinked(uid, time);
        self.changed_dir(spot.dir, time);
        self.journal.push(MetaOp::Unlink { spot, uid });
        Ok(uid)
    }

    /// Moves an entry; something at the target is an error unless `replace`.
    pub fn rename(&mut self, from: &str, to: &str, replace: bool, now_ns: i64) -> io::Result<()> {
        let (source, target) = (self.live.spot(from)?, self.live.spot(to)?);
        let uid = self.live.at(&source).ok_or_else(|| error(ErrorKind::NotFound))?;
        let replaced = self.live.at(&target);
        if replaced.is_some() && !replace {
            return Err(error(ErrorKind::AlreadyExists));
        }
        if replaced.is_some_and(|gone| self.live.entries(gone).is_ok_and(|entries| !entries.is_empty())) {
            return Err(error(ErrorKind::DirectoryNotEmpty));
        }
        if self.live.is_within(uid, target.dir) {
            return Err(error(ErrorKind::InvalidInput));
        }
        let gone = replaced.filter(|gone| *gone != uid);
        self.live.take(&source);
        self.live.put(&target, uid);
        let time = self.stamp_time(now_ns);
        if let Some(gone) = gone {
            self.unlinked(gone, time);
        }
        self.moved(uid, &[source.dir, target.dir], time);
        self.journal.push(MetaOp::Move { from: source, to: target, uid, over: gone });
        Ok(())
    }

    /// Swaps two entries.
    pub fn exchange(&mut self, a: &str, b: &str, now_ns: i64) -> io::Result<()> {
        let (one, two) = (self.live.spot(a)?, self.live.spot(b)?);
        let first = self.live.at(&one).ok_or_else(|| error(ErrorKind::NotFound))?;
        let second = self.live.at(&two).ok_or_else(|| error(ErrorKind::NotFound))?;
        if self.live.is_within(first, two.dir) || self.live.is_within(second, one.dir) {
            return Err(error(ErrorKind::InvalidInput));
        }
        self.live.put(&one, second);
        self.live.put(&two, first);
        let time = self.stamp_time(now_ns);
        self.moved(first, &[one.dir, two.dir], time);
        self.moved(second, &[], time);
        self.journal.push(MetaOp::Exchange { a: one, b: two, was_a: first, was_b: second });
        Ok(())
    }

    fn moved(&mut self, uid: Uid, dirs: &[Uid], time: i64) {
        if let Some(node) = self.live.nodes.get_mut(&uid) {
            node.ctime_ns = time;
        }
        for &dir in dirs {
            self.changed_dir(dir, time);
        }
    }

    fn changed_dir(&mut self, dir: Uid, time: i64) {
        if let Some(node) = self.live.nodes.get_mut(&dir) {
            node.mtime_ns = time;
            node.ctime_ns = time;
        }
        self.touched.insert(dir);
    }

    fn content_changed(&mut self, uid: Uid) {
        let holders = self.live.nodes.iter().filter_map(|(dir, node)| match &node.body {
            Body::Dir(entries) if entries.values().any(|entry| *entry == uid) => Some(*dir),
            _ => None,
        });
        self.touched.extend(holders);
    }

    /// Folders changed since this was last asked, for a watcher.
    pub fn take_touched(&mut self) -> BTreeSet<Uid> {
        std::mem::take(&mut self.touched)
    }

    /// Makes everything durable.
    pub fn sync(&mut self) {
        self.durable = self.live.clone();
        self.journal.clear();
        self.dirty.clear();
    }

    /// The path of an inode, `None` where it has no name any more.
    pub fn path_of(&self, uid: Uid) -> Option<String> {
        if uid == ROOT {
            return Some(String::new());
        }
        self.live.walk().into_iter().find(|(_, found)| *found == uid).map(|(path, _)| path)
    }

    /// Bytes in all files that have a name.
    pub fn used(&self) -> u64 {
        let walked = self.live.walk();
        walked
            .iter()
            .filter_map(|(_, uid)| self.live.nodes.get(uid))
            .map(|node| node.data().len() as u64)
            .sum()
    }
}
