//! Which files are the parts of one photo: they go, come and stay together. In a folder, those are parts of one photo
//! that have the name of one, or the content identifier; and whatever is one with one of these.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use crate::media::{Mark, joined, marks, photo_of};
use crate::plan::{CloudAction, DiskAction, Steps};
use crate::ports::ContentId;
use crate::tree::{NodeId, NodeRef, Trees};

/// A file's content identifier: of its bytes here, else of those in the cloud.
pub(super) fn identifier_of(node: &NodeRef<'_>) -> Option<ContentId> {
    let here = node.local.and_then(|local| local.content.bytes());
    here.or(node.remote.and_then(|remote| remote.content))?.identifier
}

/// The files that are parts of the same photo as this one, here or in the cloud: it too.
pub(super) fn parts_of(trees: &Trees, id: NodeId) -> Vec<NodeId> {
    let Some(node) = trees.get(id).filter(|_| !trees.is_dir(id)) else { return Vec::new() };
    let Some(place) = node.shown_place() else { return Vec::new() };
    let marks = marks(place.name, identifier_of(&node)).collect();
    let mut parts = marked(trees, place.parent, marks);
    if !parts.contains(&id) {
        parts.push(id);
    }
    parts
}

/// The files that are parts of the same photos as any of these, which are looked for together: a folder is looked
/// through once.
pub(super) fn parts_of_all(trees: &Trees, files: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
    let mut known: BTreeMap<NodeId, BTreeSet<Mark>> = BTreeMap::new();
    for id in files.filter(|id| !trees.is_dir(*id)) {
        let Some(node) = trees.get(id) else { continue };
        let Some(place) = node.shown_place() else { continue };
        known.entry(place.parent).or_default().extend(marks(place.name, identifier_of(&node)));
    }
    known.into_iter().flat_map(|(folder, known)| marked(trees, folder, known)).collect()
}

/// The files of a folder, here or in the cloud, that are parts of the photo that a file called `name` would be of.
pub(super) fn parts_named(trees: &Trees, folder: NodeId, name: &str) -> Vec<NodeId> {
    marked(trees, folder, marks(name, None).collect())
}

fn marked(trees: &Trees, folder: NodeId, known: BTreeSet<Mark>) -> Vec<NodeId> {
    if known.is_empty() {
        return Vec::new();
    }
    let of_file = |id: NodeId| {
        let node = trees.get(id).filter(|_| !trees.is_dir(id))?;
        let place = node.shown_place().filter(|place| place.parent == folder)?;
        Some((id, marks(place.name, identifier_of(&node)).collect::<Vec<Mark>>()))
    };
    joined(trees.children(folder).filter_map(of_file).collect(), known)
}

/// Which of some files are parts of the same photo: equal numbers, by position. Of each: its folder, its name and its
/// content identifier; nothing for what is to be taken alone.
pub(super) fn united<'n>(
    files: impl Iterator<Item = Option<(NodeId, &'n str, Option<ContentId>)>>,
) -> Vec<u32> {
    let state = RandomState::new();
    united_by(files.map(|file| {
        let (folder, name, identifier) = file?;
        Some(hashes(&state, folder, name, identifier, false))
    }))
}

/// A photo's marks as numbers: a million names would take more room than a plan itself. That two of them have the same
/// number is as good as impossible, and would do no harm.
type Hashes = [Option<u64>; 2];

fn hashes(
    state: &RandomState,
    folder: NodeId,
    name: &str,
    identifier: Option<ContentId>,
    goes: bool,
) -> Hashes {
    let photo = photo_of(name);
    [
        photo.map(|photo| state.hash_one((folder, photo, goes))),
        identifier.map(|id| state.hash_one((folder, id, goes))),
    ]
}

fn united_by(files: impl Iterator<Item = Option<Hashes>>) -> Vec<u32> {
    let mut numbers: Vec<u32> = Vec::new();
    let mut marked: Vec<(u64, u32)> = Vec::new();
    for (at, hashes) in (0..).zip(files) {
        numbers.push(at);
        marked.extend(hashes.into_iter().flatten().flatten().map(|hash| (hash, at)));
    }
    marked.sort_unstable();
    for (one, other) in marked.iter().zip(marked.iter().skip(1)).filter(|(one, other)| one.0 == other.0) {
        let (one, other) = (first_of(&mut numbers, one.1), first_of(&mut numbers, other.1));
        numbers[one.max(other) as usize] = one.min(other);
    }
    for at in 0..numbers.len() as u32 {
        numbers[at as usize] = first_of(&mut numbers, at);
    }
    numbers
}

/// The first file that one is known to be one with.
fn first_of(numbers: &mut [u32], mut at: u32) -> u32 {
    while numbers[at as usize] != at {
        // The way is half as long the next time.
        let next = numbers[numbers[at as usize] as usize];
        numbers[at as usize] = next;
        at = next;
    }
    at
}

/// Brings what takes parts of one photo from the disk, or brings them, next to one another: says of each step whether
/// it goes with the one before.
pub(super) fn disk_together(trees: &Trees, steps: Steps<DiskAction>) -> (Steps<DiskAction>, Vec<bool>) {
    let state = RandomState::new();
    let groups = united_by(steps.actions().iter().map(|action| of_disk(&state, trees, action)));
    steps.together(&groups)
}

/// The same for the records of parts of one photo.
pub(super) fn cloud_together(
    trees: &Trees,
    steps: Steps<CloudAction>,
    identified: &BTreeMap<NodeId, ContentId>,
) -> (Steps<CloudAction>, Vec<bool>) {
    let state = RandomState::new();
    let groups = united_by(steps.actions().iter().map(|action| of_cloud(&state, trees, action, identified)));
    steps.together(&groups)
}

/// The photo of which a step changes a part in the cloud, and whether it goes from there.
fn of_cloud(
    state: &RandomState,
    trees: &Trees,
    action: &CloudAction,
    identified: &BTreeMap<NodeId, ContentId>,
) -> Option<Hashes> {
    let id = action.node();
    let node = trees.get(id).filter(|_| !trees.is_dir(id))?;
    let (place, goes) = match action {
        CloudAction::Insert { place, .. } | CloudAction::Update { place, .. } => (place.as_ref(), false),
        CloudAction::Delete(_) => (node.remote?.place, true),
    };
    let identifier = identifier_of(&node).or_else(|| identified.get(&id).copied());
    Some(hashes(state, place.parent, place.name, identifier, goes))
}

/// The photo of which a step brings a part to the disk, or takes one from there.
fn of_disk(state: &RandomState, trees: &Trees, action: &DiskAction) -> Option<Hashes> {
    let node = trees.get(action.node())?;
    let (place, identifier, goes) = match action {
        DiskAction::Fetch(_, place) => {
            let identifier = node.remote.and_then(|remote| remote.content?.identifier);
            (place.as_ref(), identifier, false)
        }
        DiskAction::Trash(_) => (node.local?.place, identifier_of(&node), true),
        _ => return None,
    };
    Some(hashes(state, place.parent, place.name, identifier, goes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_unite() {
        let (one, two) = (Some([1; 16]), Some([2; 16]));
        let files = [
            Some((NodeId(1), "IMG_1.HEIC", one)),
            Some((NodeId(1), "b.jpg", None)),
            Some((NodeId(1), "clip.MOV", one)),
            Some((NodeId(2), "IMG_1.MOV", one)),
            Some((NodeId(1), "clip.xmp", None)),
            None,
            Some((NodeId(1), "notes", two)),
            Some((NodeId(1), "more notes", two)),
            None,
        ];
        assert_eq!(united(files.into_iter()), [0, 1, 0, 3, 0, 5, 6, 6, 8]);
    }
}
