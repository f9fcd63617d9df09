//! What steps do to the trees, once they are done.

use std::sync::Arc;

use crate::tree::{Kind, Local, LocalContent, NodeId, Place, Synced, Trees};

/// Notes agreement: where disk and cloud hold the same, that is what they last agreed on; where
/// neither holds anything, the node is forgotten. Otherwise nothing changes.
pub fn settle(trees: &mut Trees, id: NodeId) {
    let Some(node) = trees.get(id) else { return };
    let remote = node.remote.as_ref().filter(|remote| !remote.deleted);
    let (local, remote) = match (&node.local, remote) {
        (None, None) => return forget(trees, id),
        (Some(local), Some(remote)) => (local, remote),
        _ => return,
    };
    let here = match &local.content {
        LocalContent::Dir(_) => None,
        LocalContent::Here(content, _) | LocalContent::CloudOnly(content) => Some(content),
        LocalContent::Unread(_) => return,
    };
    if local.place != remote.place || here != remote.content.as_ref() {
        return;
    }
    // One copy of place and content serves all three trees.
    let (place, content) = (remote.place.clone(), remote.content.clone());
    let shared = match (&local.content, &content) {
        (LocalContent::Here(_, stamp), Some(content)) => LocalContent::Here(content.clone(), *stamp),
        (LocalContent::CloudOnly(_), Some(content)) => LocalContent::CloudOnly(content.clone()),
        (content, _) => content.clone(),
    };
    trees.set_local(id, Some(Local { place: place.clone(), content: shared }));
    trees.set_synced(id, Some(Synced { place, content }));
    if trees.get(id).is_some_and(|node| node.trouble.is_some()) {
        trees.note(id, |node| node.trouble = None);
    }
}

/// A deleted folder's last place is kept while something is still in it.
fn forget(trees: &mut Trees, id: NodeId) {
    let needed = trees.get(id).is_some_and(|node| node.kind == Kind::Dir)
        && (trees.remote_children(id).next().is_some() || trees.local_children(id).next().is_some());
    if needed {
        trees.set_synced(id, None);
    } else {
        trees.remove(id);
    }
}

/// `here` and `there` are the same thing: what the disk holds of the one, it holds of the other.
pub fn adopt(trees: &mut Trees, here: NodeId, there: NodeId) {
    let Some(local) = trees.get(here).and_then(|node| node.local.clone()) else { return };
    let children: Vec<NodeId> = trees.local_children(here).collect();
    trees.remove(here);
    trees.set_local(there, Some(local));
    for child in children {
        let Some(local) = trees.get(child).and_then(|node| node.local.clone()) else { continue };
        let place = Arc::new(Place { parent: there, name: local.place.name.clone() });
        trees.set_local(child, Some(Local { place, content: local.content }));
    }
    settle(trees, there);
}

/// The file on the disk was renamed out of a conflict's way: it is a new node now, and the old one
/// has lost its bytes on the disk.
pub fn set_aside(trees: &mut Trees, id: NodeId, name: Box<str>) -> Option<NodeId> {
    let local = trees.get(id)?.local.clone()?;
    let copy = trees.add(Kind::File);
    let place = Arc::new(Place { parent: local.place.parent, name });
    trees.set_local(id, None);
    trees.set_local(copy, Some(Local { place, content: local.content }));
    Some(copy)
}
