//! Which files are the parts of one photo: they go, come and stay together.

use std::hash::{BuildHasher, RandomState};

use crate::media::photo_of;
use crate::plan::{CloudAction, DiskAction, Steps};
use crate::tree::{NodeId, NodeRef, PlaceRef, Trees};

/// The files in a folder, here or in the cloud, that are parts of the same photo as one called `name` there:
/// that file itself too. Nothing where it is part of no photo.
pub(super) fn parts_of(trees: &Trees, folder: NodeId, name: &str) -> Vec<NodeId> {
    let Some(photo) = photo_of(name) else { return Vec::new() };
    let is_part = |id: &NodeId| {
        let place = trees.get(*id).filter(|_| !trees.is_dir(*id)).and_then(|node| shown_place(&node));
        place.is_some_and(|place| place.parent == folder && photo_of(place.name).as_ref() == Some(&photo))
    };
    trees.children(folder).filter(is_part).collect()
}

/// Where a person sees a file: here, else in the cloud.
fn shown_place<'t>(node: &NodeRef<'t>) -> Option<PlaceRef<'t>> {
    node.local.map(|local| local.place).or(node.live_remote().map(|remote| remote.place))
}

/// Brings what takes parts of one photo from the disk, or brings them, next to one another: says of each step whether
/// it goes with the one before.
pub(super) fn disk_together(trees: &Trees, steps: Steps<DiskAction>) -> (Steps<DiskAction>, Vec<bool>) {
    let photos = Photos::default();
    let groups = numbered(steps.actions().iter().map(|action| photos.of_disk(trees, action)));
    steps.together(&groups)
}

/// The same for the records of parts of one photo.
pub(super) fn cloud_together(trees: &Trees, steps: Steps<CloudAction>) -> (Steps<CloudAction>, Vec<bool>) {
    let photos = Photos::default();
    let groups = numbered(steps.actions().iter().map(|action| photos.of_cloud(trees, action)));
    steps.together(&groups)
}

/// Which of some steps are about parts of the same photo: equal numbers, by position. `photos`: what [`Photos`] says
/// of each.
fn numbered(photos: impl Iterator<Item = Option<u64>>) -> Vec<Option<u32>> {
    let mut by_photo: Vec<(u64, u32)> = Vec::new();
    let mut groups: Vec<Option<u32>> = Vec::new();
    for (at, photo) in (0..).zip(photos) {
        by_photo.extend(photo.map(|photo| (photo, at)));
        groups.push(None);
    }
    by_photo.sort_unstable();
    for photo in by_photo.chunk_by(|one, other| one.0 == other.0).filter(|photo| photo.len() > 1) {
        let number = photo.first().map(|(_, at)| *at);
        photo.iter().for_each(|(_, at)| groups[*at as usize] = number);
    }
    groups
}

/// The photos that steps are about, each as a number: a million names would take more room than the plan itself. That
/// two of them have the same number is as good as impossible, and would do no harm.
#[derive(Default)]
struct Photos(RandomState);

impl Photos {
    /// The photo of which a step changes a part in the cloud, and whether it goes from there.
    fn of_cloud(&self, trees: &Trees, action: &CloudAction) -> Option<u64> {
        let node = action.node();
        let (place, goes) = match action {
            CloudAction::Insert { place, .. } | CloudAction::Update { place, .. } => (place.as_ref(), false),
            CloudAction::Delete(_) => (trees.remote(node)?.place, true),
        };
        if trees.is_dir(node) { None } else { self.number(place, goes) }
    }

    /// The photo of which a step brings a part to the disk, or takes one from there.
    fn of_disk(&self, trees: &Trees, action: &DiskAction) -> Option<u64> {
        match action {
            DiskAction::Fetch(_, place) => self.number(place.as_ref(), false),
            DiskAction::Trash(node) => self.number(trees.local(*node)?.place, true),
            _ => None,
        }
    }

    fn number(&self, place: PlaceRef<'_>, goes: bool) -> Option<u64> {
        Some(self.0.hash_one((place.parent, photo_of(place.name)?, goes)))
    }
}
