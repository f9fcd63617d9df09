//! Turns verdicts into steps.

use std::sync::Arc;

use super::decide::{Bytes, Verdict, Verdicts};
use super::names::parked_name;
use super::order::{Effect, Side, Task, in_order};
use super::shape::target;
use super::{CloudAction, DiskAction, Plan, Request};
use crate::tree::{Kind, Local, LocalContent, Node, NodeId, Place};

pub(super) fn steps(request: &Request<'_>, verdicts: &Verdicts) -> Plan {
    let mut disk = Vec::new();
    let mut cloud = Vec::new();
    let mut settle = Vec::new();
    for (&id, verdict) in verdicts {
        let Some(node) = request.trees.get(id) else { continue };
        let before = (disk.len(), cloud.len());
        match verdict {
            Verdict::Dead => bury(id, node, &mut disk, &mut cloud),
            Verdict::Live(place, bytes) => {
                on_disk(request, id, node, place, *bytes, &mut disk);
                cloud.extend(in_cloud(id, node, place, *bytes));
            }
            Verdict::Unknown | Verdict::Conflict => continue,
        }
        if before == (disk.len(), cloud.len()) {
            settle.push(id);
        }
    }
    Plan {
        learn: Vec::new(),
        disk: in_order(&Disk { request, verdicts }, disk),
        cloud: in_order(&Cloud { request, verdicts }, cloud),
        settle,
    }
}

fn bury(id: NodeId, node: &Node, disk: &mut Vec<Task<DiskAction>>, cloud: &mut Vec<Task<CloudAction>>) {
    if node.local.is_some() {
        let action = match node.kind {
            Kind::File => DiskAction::Trash(id),
            Kind::Dir => DiskAction::RemoveDir(id),
        };
        disk.push(Task { node: id, effect: Effect::Leave, action });
    }
    if node.remote.as_ref().is_some_and(|remote| !remote.deleted) {
        cloud.push(Task { node: id, effect: Effect::Leave, action: CloudAction::Delete(id) });
    }
}

fn on_disk(
    request: &Request<'_>,
    id: NodeId,
    node: &Node,
    place: &Arc<Place>,
    bytes: Bytes,
    disk: &mut Vec<Task<DiskAction>>,
) {
    let at = || place.clone();
    match (&node.local, node.kind) {
        (None, Kind::Dir) => {
            disk.push(Task { node: id, effect: Effect::Arrive(at()), action: DiskAction::MakeDir(id, at()) });
        }
        (None, Kind::File) => disk.push(bring(request, id, place)),
        (Some(Local { content: LocalContent::CloudOnly(_), place: noted }), _) => {
            if request.fetch_bytes || noted != place || bytes == Bytes::FromCloud {
                disk.push(bring(request, id, place));
            }
        }
        (Some(local), _) => {
            if local.place != *place {
                disk.push(Task { node: id, effect: Effect::Move(at()), action: DiskAction::Move(id, at()) });
            }
            if bytes == Bytes::FromCloud {
                disk.push(Task { node: id, effect: Effect::Stay, action: DiskAction::Fetch(id, at()) });
            }
        }
    }
}

/// A file that the disk does not hold comes with its bytes or is noted without them.
fn bring(request: &Request<'_>, id: NodeId, place: &Arc<Place>) -> Task<DiskAction> {
    let at = || place.clone();
    if request.fetch_bytes {
        Task { node: id, effect: Effect::Arrive(at()), action: DiskAction::Fetch(id, at()) }
    } else {
        Task { node: id, effect: Effect::Note(at()), action: DiskAction::Place(id, at()) }
    }
}

fn in_cloud(id: NodeId, node: &Node, place: &Arc<Place>, bytes: Bytes) -> Option<Task<CloudAction>> {
    let bytes = bytes == Bytes::FromDisk;
    let at = || place.clone();
    let (effect, action) = match node.remote.as_ref().filter(|remote| !remote.deleted) {
        None => (Effect::Arrive(at()), CloudAction::Insert { node: id, place: at(), bytes }),
        Some(remote) if remote.place != *place => {
            (Effect::Move(at()), CloudAction::Update { node: id, place: at(), bytes })
        }
        Some(_) if bytes => (Effect::Stay, CloudAction::Update { node: id, place: at(), bytes }),
        Some(_) => return None,
    };
    Some(Task { node: id, effect, action })
}

/// The disk, as actions find it.
struct Disk<'a> {
    request: &'a Request<'a>,
    verdicts: &'a Verdicts,
}

impl Disk<'_> {
    /// Cloud-only files take up no room on the disk.
    fn holds(&self, id: NodeId) -> bool {
        let local = self.request.trees.get(id).and_then(|node| node.local.as_ref());
        local.is_some_and(|local| !matches!(local.content, LocalContent::CloudOnly(_)))
    }
}

impl Side<DiskAction> for Disk<'_> {
    fn ids(&self) -> usize {
        self.request.trees.next_id() as usize
    }

    fn has(&self, folder: NodeId) -> bool {
        folder == NodeId::ROOT || self.holds(folder)
    }

    fn occupants<'p>(&'p self, place: &'p Place) -> impl Iterator<Item = NodeId> + 'p {
        self.request.trees.locals_at(place.parent, &place.name).filter(|&id| self.holds(id))
    }

    fn contents(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        self.request.trees.local_children(folder).filter(|&id| self.holds(id))
    }

    fn folder_of(&self, node: NodeId) -> Option<NodeId> {
        target(self.request, self.verdicts, node).map(|place| place.parent)
    }

    fn is_dir(&self, node: NodeId) -> bool {
        self.request.trees.get(node).is_some_and(|node| node.kind == Kind::Dir)
    }

    fn frozen(&self, node: NodeId) -> bool {
        self.request.frozen.contains(&node)
    }

    fn park(&self, node: NodeId) -> Option<DiskAction> {
        let trees = self.request.trees;
        let place = &trees.get(node)?.local.as_ref()?.place;
        let taken = |name: &str| trees.locals_at(NodeId::ROOT, name).next().is_some();
        Some(DiskAction::Park(node, parked_name(&place.name, node, taken)))
    }
}

/// The cloud, as actions find it.
struct Cloud<'a> {
    request: &'a Request<'a>,
    verdicts: &'a Verdicts,
}

impl Side<CloudAction> for Cloud<'_> {
    fn ids(&self) -> usize {
        self.request.trees.next_id() as usize
    }

    fn has(&self, folder: NodeId) -> bool {
        let remote = self.request.trees.get(folder).and_then(|node| node.remote.as_ref());
        folder == NodeId::ROOT || remote.is_some_and(|remote| !remote.deleted)
    }

    fn occupants<'p>(&'p self, place: &'p Place) -> impl Iterator<Item = NodeId> + 'p {
        self.request.trees.remotes_at(place.parent, &place.name)
    }

    fn contents(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        self.request.trees.remote_children(folder)
    }

    fn folder_of(&self, node: NodeId) -> Option<NodeId> {
        target(self.request, self.verdicts, node).map(|place| place.parent)
    }

    fn is_dir(&self, node: NodeId) -> bool {
        self.request.trees.get(node).is_some_and(|node| node.kind == Kind::Dir)
    }

    fn frozen(&self, node: NodeId) -> bool {
        self.request.frozen.contains(&node)
    }

    /// Records may share a place for a while.
    fn park(&self, _: NodeId) -> Option<CloudAction> {
        None
    }
}
