//! A set of nodes in few bytes.
//!
//! Nodes that are in a set together mostly have numbers beside one another: of 32 that are, an entry keeps a
//! bit each.

use std::collections::BTreeMap;

use super::NodeId;

/// Nodes, smallest id first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSet {
    /// The bits of 32 nodes by their numbers' 32nd part. None is 0.
    words: BTreeMap<u32, u32>,
    len: usize,
}

impl NodeSet {
    /// Adds a node.
    pub fn insert(&mut self, id: NodeId) {
        let Spot { word, bit } = Spot::of(id);
        let bits = self.words.entry(word).or_default();
        self.len += usize::from(*bits & bit == 0);
        *bits |= bit;
    }

    /// Removes a node. Returns whether it was there.
    pub fn remove(&mut self, id: NodeId) -> bool {
        let Spot { word, bit } = Spot::of(id);
        let Some(bits) = self.words.get_mut(&word).filter(|bits| **bits & bit != 0) else { return false };
        *bits &= !bit;
        if *bits == 0 {
            self.words.remove(&word);
        }
        self.len -= 1;
        true
    }

    /// Whether a node is there.
    pub fn contains(&self, id: NodeId) -> bool {
        let Spot { word, bit } = Spot::of(id);
        self.words.get(&word).is_some_and(|bits| bits & bit != 0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The one with the smallest id.
    pub fn first(&self) -> Option<NodeId> {
        self.iter().next()
    }

    /// All of them, smallest id first.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.words.iter().flat_map(|(&word, &bits)| Nodes { word, bits })
    }
}

impl Extend<NodeId> for NodeSet {
    fn extend<I: IntoIterator<Item = NodeId>>(&mut self, more: I) {
        more.into_iter().for_each(|id| self.insert(id));
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = NodeSet::default();
        set.extend(nodes);
        set
    }
}

/// Where a node's bit is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// Among the words.
    pub(super) word: u32,
    /// In its word.
    pub(super) bit: u32,
}

impl Spot {
    pub(super) fn of(id: NodeId) -> Self {
        Spot { word: id.0 / u32::BITS, bit: 1 << (id.0 % u32::BITS) }
    }

    /// The bits of its word that stand for greater ids.
    pub(super) fn after(self) -> u32 {
        !(self.bit | (self.bit - 1))
    }
}

/// The nodes of a word, smallest id first.
#[derive(Debug)]
pub(super) struct Nodes {
    pub(super) word: u32,
    pub(super) bits: u32,
}

impl Iterator for Nodes {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.bits == 0 {
            return None;
        }
        let place = self.bits.trailing_zeros();
        self.bits &= self.bits - 1;
        Some(NodeId(self.word * u32::BITS + place))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_plain_set_holds(
            changes in prop::collection::vec((any::<bool>(), prop_oneof![0..100_u32, any::<u32>()]), 0..200),
        ) {
            let (mut set, mut plain) = (NodeSet::default(), BTreeSet::new());
            for (insert, id) in changes.into_iter().map(|(insert, id)| (insert, NodeId(id))) {
                prop_assert_eq!(set.contains(id), plain.contains(&id));
                if insert {
                    set.insert(id);
                    plain.insert(id);
                } else {
                    prop_assert_eq!(set.remove(id), plain.remove(&id));
                }
                prop_assert_eq!(set.len(), plain.len());
            }
            prop_assert_eq!(set.first(), plain.first().copied());
            prop_assert!(set.iter().eq(plain.iter().copied()));
            prop_assert_eq!(set, plain.into_iter().collect());
        }
    }

    #[test]
    fn an_emptied_set_is_as_a_new_one() {
        let mut set: NodeSet = [NodeId(31), NodeId(u32::MAX)].into_iter().collect();
        assert!(set.remove(NodeId(31)) && set.remove(NodeId(u32::MAX)));
        assert_eq!((set.is_empty(), set), (true, NodeSet::default()));
    }
}
