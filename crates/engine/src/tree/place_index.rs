//! Finds a tree's nodes by folder and name.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

use hashbrown::HashTable;

use super::NodeId;

/// Which nodes are at a place. A tree may, for a while, hold several nodes at one place: a new file
/// where a cloud-only one is, or two records of one name.
///
/// Names are not kept here: a look-up yields every node whose place has the same 32-bit hash, and
/// the caller compares the places.
#[derive(Debug, Default)]
pub(super) struct PlaceIndex {
    by_hash: HashTable<(u32, NodeId)>,
    by_parent: BTreeSet<(NodeId, NodeId)>,
}

fn hash_of(parent: NodeId, name: &str) -> u32 {
    let mut state = DefaultHasher::new();
    state.write_u32(parent.0);
    state.write(name.as_bytes());
    let hash = state.finish();
    (hash ^ (hash >> 32)) as u32
}

fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl PlaceIndex {
    pub(super) fn insert(&mut self, parent: NodeId, name: &str, id: NodeId) {
        let hash = hash_of(parent, name);
        self.by_hash.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
        self.by_parent.insert((parent, id));
    }

    pub(super) fn remove(&mut self, parent: NodeId, name: &str, id: NodeId) {
        let hash = hash_of(parent, name);
        if let Ok(entry) = self.by_hash.find_entry(spread(hash), |entry| *entry == (hash, id)) {
            entry.remove();
        }
        self.by_parent.remove(&(parent, id));
    }

    /// Nodes that may be at this place, smallest id first.
    pub(super) fn candidates(&self, parent: NodeId, name: &str) -> impl Iterator<Item = NodeId> + use<> {
        let hash = hash_of(parent, name);
        let mut found = [NodeId::ROOT; 4];
        let mut count = 0;
        let mut more = Vec::new();
        for &(entry, id) in self.by_hash.iter_hash(spread(hash)) {
            if entry != hash {
                continue;
            }
            if count < found.len() {
                found[count] = id;
                count += 1;
            } else {
                more.push(id);
            }
        }
        if more.is_empty() {
            found[..count].sort_unstable();
        } else {
            more.extend_from_slice(&found[..count]);
            more.sort_unstable();
            count = 0;
        }
        found.into_iter().take(count).chain(more)
    }

    /// The nodes in a folder, smallest id first.
    pub(super) fn children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.by_parent.range((parent, NodeId(0))..=(parent, NodeId(u32::MAX))).map(|&(_, id)| id)
    }

    /// Takes many entries at once, faster than one by one.
    pub(super) fn fill<'a>(
        &mut self,
        entries: impl Iterator<Item = (NodeId, &'a str, NodeId)>,
        count: usize,
    ) {
        self.by_hash.reserve(count, |entry| spread(entry.0));
        let mut pairs = Vec::with_capacity(count);
        for (parent, name, id) in entries {
            let hash = hash_of(parent, name);
            self.by_hash.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
            pairs.push((parent, id));
        }
        pairs.sort_unstable();
        self.by_parent = pairs.into_iter().collect();
    }
}
