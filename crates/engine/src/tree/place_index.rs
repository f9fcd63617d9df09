//! Finds nodes by folder and name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::node_set::{Nodes, Spot};
use super::{NodeId, PlaceRef};

/// Which nodes are at a place, in whichever tree. Several may be, for a while: a new file where a
/// cloud-only one is, or two records of one name.
///
/// Names are not kept here: a look-up yields every node with a place of the same 32-bit hash, and the
/// caller, who knows which tree is meant, compares the places.
#[derive(Debug, Default)]
pub(super) struct PlaceIndex {
    by_hash: HashTable<(u32, NodeId)>,
    /// What a folder has: the bits of 32 nodes by the folder and their numbers' 32nd part. None is 0.
    by_parent: BTreeMap<(NodeId, u32), u32>,
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
        self.insert_child(place.parent, id);
    }

    /// Inserts without noting that the folder has it: [`PlaceIndex::fill_folders`] does that for many.
    pub(super) fn insert_name(&mut self, place: PlaceRef<'_>, id: NodeId) {
        let hash = self.hash_of(place);
        self.by_hash.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
    }

    /// Notes, for all nodes at once, which folders have them.
    pub(super) fn fill_folders(&mut self, mut pairs: Vec<(NodeId, NodeId)>) {
        pairs.sort_unstable();
        for (parent, id) in pairs {
            self.insert_child(parent, id);
        }
    }

    fn insert_child(&mut self, parent: NodeId, id: NodeId) {
        let Spot { word, bit } = Spot::of(id);
        *self.by_parent.entry((parent, word)).or_default() |= bit;
    }

    fn remove_child(&mut self, parent: NodeId, id: NodeId) {
        let Spot { word, bit } = Spot::of(id);
        if let Entry::Occupied(mut bits) = self.by_parent.entry((parent, word)) {
            *bits.get_mut() &= !bit;
            if *bits.get() == 0 {
                bits.remove();
            }
        }
    }

    /// Removes a place. `still_in_folder`: another place of the node is in the same folder.
    pub(super) fn remove(&mut self, place: PlaceRef<'_>, id: NodeId, still_in_folder: bool) {
        let hash = self.hash_of(place);
        if let Ok(entry) = self.by_hash.find_entry(spread(hash), |entry| *entry == (hash, id)) {
            entry.remove();
        }
        if !still_in_folder {
            self.remove_child(place.parent, id);
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
        let from = |first: u32| self.by_parent.range((NodeId(first), 0)..).next();
        let parent_from = move |first: u32| from(first).map(|(&(parent, _), _)| parent);
        std::iter::successors(parent_from(0), move |parent| parent_from(parent.0.checked_add(1)?))
    }

    /// The nodes that have a place in a folder, smallest id first.
    pub(super) fn children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.words(parent, 0).flatten()
    }

    /// Those of them with a greater id than `last`.
    pub(super) fn children_after(&self, parent: NodeId, last: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let spot = Spot::of(last);
        let words = self.words(parent, spot.word).map(move |nodes| match nodes.word == spot.word {
            true => Nodes { bits: nodes.bits & spot.after(), ..nodes },
            false => nodes,
        });
        words.flatten()
    }

    /// What a folder has, from a word on.
    fn words(&self, parent: NodeId, first: u32) -> impl Iterator<Item = Nodes> + '_ {
        let words = self.by_parent.range((parent, first)..=(parent, u32::MAX));
        words.map(|(&(_, word), &bits)| Nodes { word, bits })
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

    #[test]
    fn a_folders_nodes_are_its_own_and_in_order() {
        let place = |parent| Place { parent: NodeId(parent), name: "a.jpg" };
        let ids = [1, 31, 32, 33, 1000, u32::MAX].map(NodeId);
        let mut index = PlaceIndex::default();
        for folder in [0, 7, u32::MAX] {
            ids.iter().rev().for_each(|id| index.insert(place(folder), *id));
        }
        index.insert(place(6), NodeId(32));
        index.insert(place(8), NodeId(2));
        for (count, last) in (1..).zip(ids) {
            assert_eq!(index.children_after(NodeId(7), last).collect::<Vec<_>>(), ids[count..]);
        }
        assert_eq!(index.children_after(NodeId(7), NodeId::ROOT).collect::<Vec<_>>(), ids);
        assert_eq!(index.children_after(NodeId(7), NodeId(40)).collect::<Vec<_>>(), ids[4..]);
        ids.iter().for_each(|id| index.remove(place(7), *id, *id == NodeId(33)));
        assert_eq!(index.children(NodeId(7)).collect::<Vec<_>>(), [NodeId(33)]);
        index.remove(place(7), NodeId(33), false);
        index.remove(place(6), NodeId(32), false);
        assert_eq!(index.parents().collect::<Vec<_>>(), [0, 8, u32::MAX].map(NodeId));
    }
}
