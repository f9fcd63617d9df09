//! What steps do to the trees, once they are done.

use crate::tree::{Keep, Kind, Local, LocalContent, NodeId, Place, PlaceRef, Trees};

/// Notes agreement: where disk and cloud hold the same, that is what they last agreed on; where
/// neither holds anything, the node is forgotten. Otherwise nothing changes.
pub fn settle(trees: &mut Trees, id: NodeId) {
    let Some(node) = trees.get(id) else { return };
    let (local, remote) = match (&node.local, node.live_remote()) {
        (None, None) => return forget(trees, id),
        (Some(local), Some(remote)) => (local, remote),
        _ => return,
    };
    let unread = matches!(local.content, LocalContent::Unread(_));
    if unread || local.place != remote.place || local.content.bytes() != remote.content {
        return;
    }
    // Of two in one place that are in step, neither would ever give way to the other.
    let in_step = |other: NodeId| other != id && !trees.out_of_step().contains(other);
    if trees.locals_at(local.place.parent, local.place.name).any(in_step) {
        return;
    }
    trees.set_agreed(id);
}

/// A deleted folder's last place is kept while something is still in it.
fn forget(trees: &mut Trees, id: NodeId) {
    let needed = trees.is_dir(id)
        && (trees.remote_children(id).next().is_some() || trees.local_children(id).next().is_some());
    if needed {
        trees.set_synced(id, None);
    } else {
        trees.remove(id);
    }
}

/// `here` and `there` are the same thing: what the disk holds of the one, it holds of the other.
pub fn adopt(trees: &mut Trees, here: NodeId, there: NodeId) {
    let Some(local) = trees.local(here).map(Local::to_local) else { return };
    let children: Vec<NodeId> = trees.local_children(here).collect();
    let pinned = trees.get(here).is_some_and(|node| node.keep == Keep::Pinned);
    trees.remove(here);
    trees.set_local(there, Some(local.as_ref()));
    // What was to come there has been here all along.
    trees.set_arriving(there, None);
    if pinned {
        trees.set_keep(there, Keep::Pinned);
    }
    if trees.removed().contains(&there) {
        trees.set_removed(there, false);
    }
    for child in children {
        let Some(local) = trees.local(child).map(Local::to_local) else { continue };
        let place = Place { parent: there, name: &*local.place.name };
        remember_move(trees, child, place);
        trees.set_local(child, Some(Local { place, content: local.content }));
    }
    settle(trees, there);
}

/// A folder that was deleted and made anew is the old one again. What a person moved into it, and the
/// cloud deleted meanwhile, would look as if it had never been moved: so it is new here.
fn remember_move(trees: &mut Trees, child: NodeId, place: PlaceRef<'_>) {
    let hidden = trees.get(child).is_some_and(|node| {
        node.live_remote().is_none() && node.synced.is_some_and(|synced| synced.place == place)
    });
    if hidden {
        trees.set_synced(child, None);
    }
}

/// The file on the disk was renamed out of a conflict's way: it is a new node now, and the old one
/// has lost its bytes on the disk.
pub fn set_aside(trees: &mut Trees, id: NodeId, name: &str) -> Option<NodeId> {
    let local = trees.local(id)?;
    let (place, content) = (Place { parent: local.place.parent, name }, local.content);
    let copy = trees.add(Kind::File);
    trees.set_local(id, None);
    trees.set_local(copy, Some(Local { place, content }));
    Some(copy)
}
