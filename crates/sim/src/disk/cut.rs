//! What a power cut leaves: of everything since the last sync, some is kept and some is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Disk;
use super::tree::{Body, Inode, Spot, Tree, Uid};
use crate::rng::Rng;

/// One change of folders, atomic as on any journaling file system.
#[derive(Debug, Clone)]
pub(super) enum MetaOp {
    /// An entry that is new.
    Link { spot: Spot, uid: Uid },
    /// An entry that is gone.
    Unlink { spot: Spot, uid: Uid },
    /// An entry that moved, over another one where there was any.
    Move { from: Spot, to: Spot, uid: Uid, over: Option<Uid> },
    /// Two entries that changed places.
    Exchange { a: Spot, b: Spot, was_a: Uid, was_b: Uid },
}

/// A file that has other bytes after the cut than any program ever wrote to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Which.
    pub uid: Uid,
    /// Whether it was the engine that wrote it.
    pub by_engine: bool,
}

impl Disk {
    /// Cuts the power. Returns the files that were torn.
    pub fn power_cut(&mut self, rng: &mut Rng) -> Vec<Torn> {
        let mut torn = Vec::new();
        let written = self.written_after(rng, &mut torn);
        let mut after = self.durable.clone();
        for (uid, node) in &written {
            if let Some(old) = after.nodes.get_mut(uid).filter(|old| !matches!(old.body, Body::Dir(_))) {
                *old = node.clone();
            }
        }
        let kept = rng.below(self.journal.len() as u64 + 1);
        for (number, op) in (0u64..).zip(&self.journal) {
            let survives = if self.kind.ordered_journal { number < kept } else { rng.per_mille(500) };
            if survives {
                apply(&mut after, op, &written, &self.live);
            }
        }
        self.touched.clear();
        self.live = after;
        self.renumber();
        self.sync();
        torn
    }

    /// Cuts the power in the worst way: nothing stays of what was not flushed.
    pub fn power_cut_at_worst(&mut self) {
        self.touched.clear();
        self.live = self.durable.clone();
        self.sync();
    }

    /// A file whose deletion was lost has its inode number back, even if it was given again since.
    fn renumber(&mut self) {
        let mut used = BTreeSet::new();
        let mut named = BTreeSet::new();
        for (_, uid) in self.live.walk() {
            // One with two names comes twice.
            if !named.insert(uid) {
                continue;
            }
            if let Some(node) = self.live.nodes.get_mut(&uid)
                && !used.insert(node.ino)
            {
                self.next_ino += 1;
                node.ino = self.next_ino;
            }
        }
        self.free_inos.retain(|ino| !used.contains(ino));
    }

    /// The inodes written since the last sync, as the cut leaves each of them.
    fn written_after(&self, rng: &mut Rng, torn: &mut Vec<Torn>) -> BTreeMap<Uid, Inode> {
        let mut written = BTreeMap::new();
        for &uid in &self.dirty {
            let Some(new) = self.live.nodes.get(&uid) else { continue };
            let old = self.durable.nodes.get(&uid);
            let mut node = new.clone();
            let rewritten = old.is_none_or(|old| old.data() != new.data());
            if let Body::File(data) = &new.body
                && rewritten
            {
                match rng.below(4) {
                    0 | 1 => {}
                    2 => node = old.cloned().unwrap_or_else(|| with_data(new, Vec::new())),
                    _ => node = with_data(new, tear(data, rng)),
                }
                let bytes = node.data();
                if bytes != *data && old.is_none_or(|old| old.data() != bytes) {
                    torn.push(Torn { uid, by_engine: new.by_engine });
                }
            }
            written.insert(uid, node);
        }
        written
    }
}

fn with_data(node: &Inode, bytes: Vec<u8>) -> Inode {
    Inode { body: Body::File(Arc::new(bytes)), ..node.clone() }
}

/// Cuts the tail off, or leaves zeros in its place.
fn tear(data: &[u8], rng: &mut Rng) -> Vec<u8> {
    let kept = rng.index(data.len() + 1);
    let mut bytes = data[..kept].to_vec();
    if rng.per_mille(500) {
        bytes.resize(data.len(), 0);
    }
    bytes
}

fn apply(tree: &mut Tree, op: &MetaOp, written: &BTreeMap<Uid, Inode>, live: &Tree) {
    match op {
        MetaOp::Link { spot, uid } => {
            if tree.entries(spot.dir).is_ok() && tree.at(spot).is_none() {
                let fresh = written.get(uid).or_else(|| live.nodes.get(uid)).cloned();
                if let Some(mut node) = fresh {
                    if let Body::Dir(entries) = &mut node.body {
                        entries.clear();
                    }
                    tree.nodes.insert(*uid, node);
                    tree.put(spot, *uid);
                }
            }
        }
        MetaOp::Unlink { spot, uid } => {
            let full = tree.entries(*uid).is_ok_and(|entries| !entries.is_empty());
            if tree.at(spot) == Some(*uid) && !full {
                tree.take(spot);
            }
        }
        MetaOp::Move { from, to, uid, over } => {
            let full =
                tree.at(to).is_some_and(|gone| tree.entries(gone).is_ok_and(|entries| !entries.is_empty()));
            let free = tree.at(to).is_none_or(|there| Some(there) == *over);
            let possible = free && tree.at(from) == Some(*uid) && tree.entries(to.dir).is_ok();
            if possible && !full && !tree.is_within(*uid, to.dir) {
                tree.take(from);
                tree.put(to, *uid);
            }
        }
        MetaOp::Exchange { a, b, was_a, was_b } => {
            let there = tree.at(a) == Some(*was_a) && tree.at(b) == Some(*was_b);
            if there && !tree.is_within(*was_a, b.dir) && !tree.is_within(*was_b, a.dir) {
                tree.put(a, *was_b);
                tree.put(b, *was_a);
            }
        }
    }
}
