//! Finds nodes by folder and name.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};
use std::ops::Bound;

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
    pub(super) fn candidates(&self, place: PlaceRef<'_>) -> Candidates {
        let hash = self.hash_of(place);
        let mut found = Candidates::default();
        for &(entry, id) in self.by_hash.iter_hash(spread(hash)) {
            if entry == hash {
                found.add(id);
            }
        }
        found.sort();
        found
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

    /// Those of them with a greater id than `last`.
    pub(super) fn children_after(&self, parent: NodeId, last: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let bounds = (Bound::Excluded((parent, last)), Bound::Included((parent, NodeId(u32::MAX))));
        // A range that begins after its end would be a panic.
        let range = (last.0 < u32::MAX).then(|| self.by_parent.range(bounds));
        range.into_iter().flatten().map(|&(_, id)| id)
    }
}

/// The nodes that a look-up found: mostly one, seldom more than a few.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    few: [NodeId; 4],
    count: usize,
    /// All of them, where they are more.
    many: Vec<NodeId>,
    next: usize,
}

impl Candidates {
    fn add(&mut self, id: NodeId) {
        match self.few.get_mut(self.count) {
            Some(slot) => *slot = id,
            None => {
                if self.many.is_empty() {
                    self.many.extend(self.few);
                }
                self.many.push(id);
            }
        }
        self.count += 1;
    }

    fn sort(&mut self) {
        if self.count > 1 {
            let all = if self.many.is_empty() { &mut self.few[..self.count] } else { &mut self.many[..] };
            all.sort_unstable();
        }
    }
}

impl Iterator for Candidates {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let all = if self.many.is_empty() { &self.few[..self.count] } else { &self.many[..] };
        let id = *all.get(self.next)?;
        self.next += 1;
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Place;

    #[test]
    fn however_many_nodes_share_a_place_all_are_found_in_order() {
        let place = Place { parent: NodeId(7), name: "a.jpg" };
        for count in 0..9 {
            let mut index = PlaceIndex::default();
            let ids: Vec<NodeId> = (1..=count).map(NodeId).collect();
            ids.iter().rev().for_each(|id| index.insert(place, *id));
            index.insert(Place { parent: NodeId(8), name: "a.jpg" }, NodeId(100));
            assert_eq!(index.candidates(place).collect::<Vec<_>>(), ids);
            assert_eq!(index.children(NodeId(7)).collect::<Vec<_>>(), ids);
        }
    }
}
