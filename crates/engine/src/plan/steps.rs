//! Turns verdicts into steps.

use std::collections::BTreeSet;

use super::decide::{Bytes, Verdict, Verdicts};
use super::names::parked_name;
use super::order::{Effect, Side, Task, in_order};
use super::shape::target;
use super::{CloudAction, DiskAction, Plan, Request};
use crate::tree::{Kind, Local, LocalContent, NodeId, NodeRef, PlaceRef};

pub(super) fn steps(request: &Request<'_>, verdicts: &Verdicts<'_>, held: &BTreeSet<NodeId>) -> Plan {
    let mut disk = Vec::new();
    let mut cloud = Vec::new();
    let mut settle = Vec::new();
    for (id, verdict) in verdicts.iter() {
        let Some(node) = request.trees.get(id) else { continue };
        let held = held.contains(&id);
        let before = (disk.len(), cloud.len());
        match verdict {
            Verdict::Dead => bury(id, &node, held, &mut disk, &mut cloud),
            Verdict::Live(place, bytes) => {
                let place = place.as_ref();
                on_disk(request.fetch_bytes, id, &node, held, place, *bytes, &mut disk);
                cloud.extend(in_cloud(id, &node, held, place, *bytes));
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

fn bury(
    id: NodeId,
    node: &NodeRef<'_>,
    held: bool,
    disk: &mut Vec<Task<'_, DiskAction>>,
    cloud: &mut Vec<Task<'_, CloudAction>>,
) {
    if node.local.is_some() {
        let action = match node.kind {
            Kind::File => DiskAction::Trash(id),
            Kind::Dir => DiskAction::RemoveDir(id),
        };
        disk.push(Task { node: id, held, effect: Effect::Leave, action });
    }
    if node.live_remote().is_some() {
        cloud.push(Task { node: id, held, effect: Effect::Leave, action: CloudAction::Delete(id) });
    }
}

/// Whether a node that one side deleted and the other moved would, by going back to where it was,
/// look as if it had never been moved. It first comes to the side that deleted it.
fn would_hide_its_move(node: &NodeRef<'_>, target: PlaceRef<'_>) -> bool {
    node.synced.is_some_and(|synced| synced.place == target)
}

fn on_disk<'v>(
    fetch_bytes: bool,
    id: NodeId,
    node: &NodeRef<'_>,
    held: bool,
    place: PlaceRef<'v>,
    bytes: Bytes,
    disk: &mut Vec<Task<'v, DiskAction>>,
) {
    let mut push = |held, effect, action| disk.push(Task { node: id, held, effect, action });
    let at = || place.to_place();
    let effect = if fetch_bytes { Effect::Arrive(place) } else { Effect::Note(place) };
    let bring = || if fetch_bytes { DiskAction::Fetch(id, at()) } else { DiskAction::Place(id, at()) };
    match (&node.local, node.kind) {
        (None, Kind::Dir) => push(held, Effect::Arrive(place), DiskAction::MakeDir(id, at())),
        (None, Kind::File) => push(held, effect, bring()),
        (Some(Local { content: LocalContent::CloudOnly(_), place: noted }), _) => {
            if fetch_bytes || *noted != place || bytes == Bytes::FromCloud {
                push(held, effect, bring());
            }
        }
        (Some(local), _) => {
            if local.place != place {
                let held = held || (node.live_remote().is_none() && would_hide_its_move(node, place));
                push(held, Effect::Move(place), DiskAction::Move(id, at()));
            }
            if bytes == Bytes::FromCloud {
                push(held, Effect::Stay(place), DiskAction::Fetch(id, at()));
            }
        }
    }
}

fn in_cloud<'v>(
    id: NodeId,
    node: &NodeRef<'_>,
    held: bool,
    place: PlaceRef<'v>,
    bytes: Bytes,
) -> Option<Task<'v, CloudAction>> {
    let bytes = bytes == Bytes::FromDisk;
    let update = || CloudAction::Update { node: id, place: place.to_place(), bytes };
    let insert = || CloudAction::Insert { node: id, place: place.to_place(), bytes };
    let task = |held, effect, action| Some(Task { node: id, held, effect, action });
    match node.live_remote() {
        None => task(held, Effect::Arrive(place), insert()),
        Some(remote) if remote.place != place => {
            let held = held || (node.local.is_none() && would_hide_its_move(node, place));
            task(held, Effect::Move(place), update())
        }
        Some(_) if bytes => task(held, Effect::Stay(place), update()),
        Some(_) => None,
    }
}

/// The disk, as actions find it.
struct Disk<'a> {
    request: &'a Request<'a>,
    verdicts: &'a Verdicts<'a>,
}

impl Disk<'_> {
    /// Cloud-only files take up no room on the disk.
    fn holds(&self, id: NodeId) -> bool {
        self.request.trees.local(id).is_some_and(|local| local.content.is_here())
    }
}

impl Side<DiskAction> for Disk<'_> {
    fn ids(&self) -> usize {
        self.request.trees.next_id() as usize
    }

    fn has(&self, folder: NodeId) -> bool {
        folder == NodeId::ROOT || self.holds(folder)
    }

    fn occupants<'p>(&'p self, place: PlaceRef<'p>) -> impl Iterator<Item = NodeId> + 'p {
        self.request.trees.locals_at(place.parent, place.name).filter(|&id| self.holds(id))
    }

    fn contents(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        self.request.trees.local_children(folder).filter(|&id| self.holds(id))
    }

    fn folder_of(&self, node: NodeId) -> Option<NodeId> {
        target(self.request, self.verdicts, node).map(|place| place.parent)
    }

    fn is_dir(&self, node: NodeId) -> bool {
        self.request.trees.is_dir(node)
    }

    fn park(&self, node: NodeId) -> Option<DiskAction> {
        let trees = self.request.trees;
        let place = trees.local(node)?.place;
        let taken = |name: &str| trees.locals_at(NodeId::ROOT, name).next().is_some();
        Some(DiskAction::Park(node, parked_name(place.name, node, taken)))
    }
}

/// The cloud, as actions find it.
struct Cloud<'a> {
    request: &'a Request<'a>,
    verdicts: &'a Verdicts<'a>,
}

impl Side<CloudAction> for Cloud<'_> {
    fn ids(&self) -> usize {
        self.request.trees.next_id() as usize
    }

    fn has(&self, folder: NodeId) -> bool {
        let remote = self.request.trees.remote(folder);
        folder == NodeId::ROOT || remote.is_some_and(|remote| !remote.deleted)
    }

    fn occupants<'p>(&'p self, place: PlaceRef<'p>) -> impl Iterator<Item = NodeId> + 'p {
        self.request.trees.remotes_at(place.parent, place.name)
    }

    fn contents(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        self.request.trees.remote_children(folder)
    }

    fn folder_of(&self, node: NodeId) -> Option<NodeId> {
        target(self.request, self.verdicts, node).map(|place| place.parent)
    }

    fn is_dir(&self, node: NodeId) -> bool {
        self.request.trees.is_dir(node)
    }

    /// Records may share a place for a while.
    fn park(&self, _: NodeId) -> Option<CloudAction> {
        None
    }
}
