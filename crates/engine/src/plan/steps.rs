//! Turns verdicts into steps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::decide::{Bytes, Verdict, Verdicts};
use super::order::in_order;
use super::shape::target;
use super::{CloudAction, DiskAction, Plan, Request, Step};
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
                in_cloud(id, node, place, *bytes, &mut cloud);
            }
            Verdict::Unknown | Verdict::Conflict | Verdict::Frozen(_) => continue,
        }
        if before == (disk.len(), cloud.len()) {
            settle.push(id);
        }
    }
    Plan {
        learn: Vec::new(),
        disk: in_order(request.trees, disk),
        cloud: cloud_order(request, verdicts, cloud),
        settle,
    }
}

fn bury(id: NodeId, node: &Node, disk: &mut Vec<DiskAction>, cloud: &mut Vec<CloudAction>) {
    match (&node.local, node.kind) {
        (None, _) => {}
        (Some(_), Kind::File) => disk.push(DiskAction::Trash(id)),
        (Some(_), Kind::Dir) => disk.push(DiskAction::RemoveDir(id)),
    }
    if node.remote.as_ref().is_some_and(|remote| !remote.deleted) {
        cloud.push(CloudAction::Delete(id));
    }
}

fn on_disk(
    request: &Request<'_>,
    id: NodeId,
    node: &Node,
    place: &Arc<Place>,
    bytes: Bytes,
    disk: &mut Vec<DiskAction>,
) {
    let Some(local) = &node.local else {
        disk.push(match (node.kind, request.fetch_bytes) {
            (Kind::Dir, _) => DiskAction::MakeDir(id, place.clone()),
            (Kind::File, true) => DiskAction::Fetch(id, place.clone()),
            (Kind::File, false) => DiskAction::Place(id, place.clone()),
        });
        return;
    };
    if let LocalContent::CloudOnly(_) = local.content {
        cloud_only(request, id, local, place, bytes, disk);
        return;
    }
    if local.place != *place {
        disk.push(DiskAction::Move(id, place.clone()));
    }
    if bytes == Bytes::FromCloud {
        disk.push(DiskAction::Fetch(id, place.clone()));
    }
}

fn cloud_only(
    request: &Request<'_>,
    id: NodeId,
    local: &Local,
    place: &Arc<Place>,
    bytes: Bytes,
    disk: &mut Vec<DiskAction>,
) {
    if request.fetch_bytes {
        disk.push(DiskAction::Fetch(id, place.clone()));
    } else if local.place != *place || bytes == Bytes::FromCloud {
        disk.push(DiskAction::Place(id, place.clone()));
    }
}

fn in_cloud(id: NodeId, node: &Node, place: &Arc<Place>, bytes: Bytes, cloud: &mut Vec<CloudAction>) {
    let send = bytes == Bytes::FromDisk;
    match node.remote.as_ref().filter(|remote| !remote.deleted) {
        None => cloud.push(CloudAction::Insert { node: id, place: place.clone(), bytes: send }),
        Some(remote) if send || remote.place != *place => {
            cloud.push(CloudAction::Update { node: id, place: place.clone(), bytes: send });
        }
        Some(_) => {}
    }
}

/// Folders before what is in them, deletions last and from the inside out.
fn cloud_order(
    request: &Request<'_>,
    verdicts: &Verdicts,
    actions: Vec<CloudAction>,
) -> Vec<Step<CloudAction>> {
    let trees = request.trees;
    let is_dir = |id: NodeId| trees.get(id).is_some_and(|node| node.kind == Kind::Dir);
    let mut keyed: Vec<((u8, i64), CloudAction)> = actions
        .into_iter()
        .map(|action| {
            let id = action.node();
            let key = match (&action, is_dir(id)) {
                (CloudAction::Delete(_), true) => (3, -depth_in_cloud(request, id)),
                (CloudAction::Delete(_), false) => (2, 0),
                (_, true) => (0, depth(request, verdicts, id)),
                (_, false) => (1, 0),
            };
            (key, action)
        })
        .collect();
    keyed.sort_by_key(|(key, action)| (*key, action.node()));
    let actions: Vec<CloudAction> = keyed.into_iter().map(|(_, action)| action).collect();

    let mut inserts = BTreeMap::new();
    let mut leaving: HashMap<NodeId, Vec<u32>> = HashMap::new();
    let mut steps = Vec::with_capacity(actions.len());
    for (position, action) in actions.into_iter().enumerate() {
        let after = match &action {
            CloudAction::Insert { place, .. } | CloudAction::Update { place, .. } => {
                inserts.get(&place.parent).copied().into_iter().collect()
            }
            CloudAction::Delete(id) if is_dir(*id) => leaving.get(id).cloned().unwrap_or_default(),
            CloudAction::Delete(_) => Vec::new(),
        };
        if let (CloudAction::Insert { node, .. }, true) = (&action, is_dir(action.node())) {
            inserts.insert(*node, position as u32);
        } else if let Some(remote) = trees.get(action.node()).and_then(|node| node.remote.as_ref()) {
            let parent = remote.place.parent;
            if matches!(verdicts.get(&parent), Some(Verdict::Dead)) {
                leaving.entry(parent).or_default().push(position as u32);
            }
        }
        steps.push(Step { action, after });
    }
    steps
}

fn depth(request: &Request<'_>, verdicts: &Verdicts, id: NodeId) -> i64 {
    let mut at = id;
    let mut depth = 0;
    while at != NodeId::ROOT {
        let Some(place) = target(request, verdicts, at) else { break };
        at = place.parent;
        depth += 1;
    }
    depth
}

fn depth_in_cloud(request: &Request<'_>, id: NodeId) -> i64 {
    let limit = request.trees.len() as i64;
    let mut at = id;
    let mut depth = 0;
    while at != NodeId::ROOT && depth <= limit {
        let Some(remote) = request.trees.get(at).and_then(|node| node.remote.as_ref()) else { break };
        at = remote.place.parent;
        depth += 1;
    }
    depth
}
