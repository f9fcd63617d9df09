//! What a scan saw that is not as it was known.

use crate::ports::{DirEntry, Entries, Spot};
use crate::tree::NodeId;

/// Files that are new, changed or moved, each with the folder that it is in. On a first scan that is all of
/// them: what is kept of one is where its entry is.
#[derive(Debug, Default)]
pub(super) struct Odd<'s>(Vec<InFolder<'s>>);

#[derive(Debug)]
struct InFolder<'s> {
    folder: NodeId,
    entries: &'s Entries,
    spots: Vec<Spot>,
}

impl<'s> Odd<'s> {
    /// Adds those of a folder's entries that lie at these spots.
    pub(super) fn add(&mut self, folder: NodeId, entries: &'s Entries, mut spots: Vec<Spot>) {
        if !spots.is_empty() {
            spots.shrink_to_fit();
            self.0.push(InFolder { folder, entries, spots });
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|part| part.spots.len()).sum()
    }

    /// All of them, in the order in which they were added.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, DirEntry<'s>)> {
        self.0.iter().flat_map(|part| {
            part.spots.iter().filter_map(|spot| Some((part.folder, part.entries.at(*spot)?)))
        })
    }

    /// Drops all but those of which `keep` says so, asked in the same order.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(NodeId, &DirEntry<'s>) -> bool) {
        for InFolder { folder, entries, spots } in &mut self.0 {
            spots.retain(|spot| entries.at(*spot).is_some_and(|entry| keep(*folder, &entry)));
        }
    }
}
