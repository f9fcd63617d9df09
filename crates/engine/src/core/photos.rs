//! Which files are the parts of one photo: they go, come and stay together.

use crate::media::photo_of;
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
