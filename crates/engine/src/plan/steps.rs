//! Turns verdicts into steps.

use std::collections::BTreeSet;

use super::decide::{Bytes, Verdict, Verdicts};
use super::names::{is_parked, parked_name};
use super::order::{Effect, Side, Task, in_order};
use super::shape::target;
use super::{CloudAction, DiskAction, Plan, Request};
use crate::error::Code;
use crate::tree::{Kind, Local, LocalContent, NodeId, NodeRef, PlaceRef};

pub(super) fn steps(request: &Request<'_>, verdicts: &Verdicts<'_>, held: &BTreeSet<NodeId>) -> Plan {
    let (mut disk, mut cloud, mut settle) = (Vec::new(), Vec::new(), Vec::new());
    for (id, verdict) in verdicts.iter() {
        let Some(node) = request.trees.get(id) else { continue };
        let held = held.contains(&id);
        let before = (disk.len(), cloud.len());
        match verdict {
            Verdict::Dead => {
                let task = Task { node: id, held, effect: Effect::Leave };
                disk.extend(node.local.map(|_| task));
                cloud.extend(node.live_remote().map(|_| task));
            }
            Verdict::Live(place, bytes) => {
                let place = place.as_ref();
                on_disk(node.wants_bytes(request.fetch_bytes), id, &node, held, place, *bytes, &mut disk);
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
        later: verdicts.later,
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
    disk: &mut Vec<Task<'v>>,
) {
    let mut push = |held, effect| disk.push(Task { node: id, held, effect });
    let bring = if fetch_bytes { Effect::Arrive(place) } else { Effect::Note(place) };
    match (&node.local, node.kind) {
        (None, Kind::Dir) => push(held, Effect::Arrive(place)),
        (None, Kind::File) => push(held, bring),
        (Some(Local { content: LocalContent::CloudOnly(_), place: noted }), _) => {
            if fetch_bytes || *noted != place || bytes == Bytes::FromCloud {
                push(held, bring);
            }
        }
        (Some(local), _) => {
            if local.place != place {
                let hidden = node.live_remote().is_none()
                    && would_hide_its_move(node, place)
                    && !is_parked(id, local.place);
                push(held || hidden, Effect::Move(place));
            }
            if bytes == Bytes::FromCloud {
                push(held, Effect::Stay(place));
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
) -> Option<Task<'v>> {
    let (held, effect) = match node.live_remote() {
        None => (held, Effect::Arrive(place)),
        Some(remote) if remote.place != place => {
            (held || (node.local.is_none() && would_hide_its_move(node, place)), Effect::Move(place))
        }
        Some(_) if bytes == Bytes::FromDisk => (held, Effect::Stay(place)),
        Some(_) => return None,
    };
    Some(Task { node: id, held, effect })
}

/// The disk, as actions find it.
struct Disk<'a> {
    request: &'a Request<'a>,
    verdicts: &'a Verdicts<'a>,
}

impl Disk<'_> {
    /// Cloud-only files take up no room on the disk.
    fn holds(&self, id: NodeId) -> bool {
        self.request.trees.is_here(id)
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

    fn shares_place(&self, _: NodeId) -> bool {
        false
    }

    fn contents(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        self.request.trees.local_children(folder).filter(|&id| self.holds(id))
    }

    fn folder_now(&self, node: NodeId) -> Option<NodeId> {
        self.request.trees.local(node).map(|local| local.place.parent)
    }

    fn folder_of(&self, node: NodeId) -> Option<NodeId> {
        target(self.request, self.verdicts, node).map(|place| place.parent)
    }

    fn is_dir(&self, node: NodeId) -> bool {
        self.request.trees.is_dir(node)
    }

    fn action(&self, node: NodeId, effect: Effect<'_>) -> DiskAction {
        match effect {
            Effect::Arrive(place) if self.is_dir(node) => DiskAction::MakeDir(node, place.to_place()),
            Effect::Arrive(place) | Effect::Stay(place) => DiskAction::Fetch(node, place.to_place()),
            Effect::Note(place) => DiskAction::Place(node, place.to_place()),
            Effect::Move(place) => DiskAction::Move(node, place.to_place()),
            Effect::Leave if self.is_dir(node) => DiskAction::RemoveDir(node),
            Effect::Leave => DiskAction::Trash(node),
        }
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

    /// A record that may not go where it shall, or may not come with its folder, stays until a person does something about
    /// it: nobody else's way to the cloud depends on that.
    fn shares_place(&self, node: NodeId) -> bool {
        let Request { trees, .. } = self.request;
        let up = |at: &NodeId| {
            let parent = target(self.request, self.verdicts, *at)?.parent;
            self.verdicts.has(parent).then_some(parent)
        };
        let refused = |id: NodeId| {
            let trouble = trees.get(id).and_then(|node| node.trouble);
            trouble.is_some_and(|trouble| trouble.code == Code::NotPermitted)
        };
        std::iter::successors(Some(node), up).take(1 + self.verdicts.len()).any(refused)
    }

    fn contents(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        self.request.trees.remote_children(folder)
    }

    /// Records may name one another as their folders.
    fn folder_now(&self, _: NodeId) -> Option<NodeId> {
        None
    }

    fn folder_of(&self, node: NodeId) -> Option<NodeId> {
        target(self.request, self.verdicts, node).map(|place| place.parent)
    }

    fn is_dir(&self, node: NodeId) -> bool {
        self.request.trees.is_dir(node)
    }

    fn action(&self, node: NodeId, effect: Effect<'_>) -> CloudAction {
        let bytes = matches!(self.verdicts.get(node), Some(Verdict::Live(_, Bytes::FromDisk)));
        match effect {
            Effect::Arrive(place) | Effect::Note(place) => {
                CloudAction::Insert { node, place: place.to_place(), bytes }
            }
            Effect::Move(place) | Effect::Stay(place) => {
                CloudAction::Update { node, place: place.to_place(), bytes }
            }
            Effect::Leave => CloudAction::Delete(node),
        }
    }

    /// Records may share a place for a while.
    fn park(&self, _: NodeId) -> Option<CloudAction> {
        None
    }
}
