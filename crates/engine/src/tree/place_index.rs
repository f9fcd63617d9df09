//! Finds nodes by folder and name.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{NodeId, PlaceRef};

/// Which nodes are at a place, in whichever tree. Several may be, for a while: a new file where a
/// cloud-only one is, or two records of one name.
///
/// Names are not kept here: a look-up yields every node with a place of the same 32-bit hash, and the
/// caller, who knows which tree is meant, compares the places.
#[derive(Debug, Default)]
pub(super) struct PlaceIndex {
    by_hash: HashTable<(u32, NodeId)>,
    by_parent: BTreeSet<(NodeId, NodeId)>,
    state: DefaultHashBuilder,
}

/// A table's hash of an entry's.
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl PlaceIndex {
    fn hash_of(&self, place: PlaceRef<'_>) -> u32 {
        let mut state = self.state.build_hasher();
        state.write_u32(place.parent.0);
        state.write(place.name.as_bytes());
        state.finish() as u32
    }

    /// Room for as many places more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.by_hash.reserve(count, |entry| spread(entry.0));
    }

    pub(super) fn insert(&mut self, place: PlaceRef<'_>, id: NodeId) {
        self.insert_name(place, id);
        self.by_parent.insert((place.parent, id));
    }

    /// Inserts without noting that the folder has it: [`PlaceIndex::fill_folders`] does that for many.
    pub(super) fn insert_name(&mut self, place: PlaceRef<'_>, id: NodeId) {
        let hash = self.hash_of(place);
        self.by_hash.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
    }

    /// Notes, for all nodes at once, which folders have them.
    pub(super) fn fill_folders(&mut self, mut pairs: Vec<(NodeId, NodeId)>) {
        pairs.sort_unstable();
        self.by_parent = pairs.into_iter().collect();
    }

    /// Removes a place. `still_in_folder`: another place of the node is in the same folder.
    pub(super) fn remove(&mut self, place: PlaceRef<'_>, id: NodeId, still_in_folder: bool) {
        let hash = self.hash_of(place);
        if let Ok(entry) = self.by_hash.find_entry(spread(hash), |entry| *entry == (hash, id)) {
            entry.remove();
        }
        if !still_in_folder {
            self.by_parent.remove(&(place.parent, id));
        }
    }

    /// Nodes that may be at this place, smallest id first.
    pub(super) fn candidates(&self, place: PlaceRef<'_>) -> impl Iterator<Item = NodeId> + use<> {
        let hash = self.hash_of(place);
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

    /// The folders that any node has a place in.
    pub(super) fn parents(&self) -> impl Iterator<Item = NodeId> + '_ {
        let after = |parent: NodeId| self.by_parent.range((parent, NodeId(u32::MAX))..).next();
        let first = self.by_parent.first().map(|&(parent, _)| parent);
        std::iter::successors(first, move |&parent| after(parent).map(|&(parent, _)| parent))
    }

    /// The nodes that have a place in a folder, smallest id first.
    pub(super) fn children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.by_parent.range((parent, NodeId(0))..=(parent, NodeId(u32::MAX))).map(|&(_, id)| id)
    }
}
