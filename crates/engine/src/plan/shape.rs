//! Makes the tree that the verdicts describe a valid one: every node in a living folder, no cycle,
//! one node a place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Request;
use super::decide::{Bytes, Verdict, Verdicts, any_place};
use super::names::free_name;
use crate::tree::{Kind, NodeId, Place};

/// Every pass either changes nothing or takes a node one way further that it never goes back:
/// from dead to living, from the disk's place to the cloud's, from there to the top folder, from
/// its name to a free one. So it ends.
pub(super) fn make_valid(request: &Request<'_>, verdicts: &mut Verdicts) {
    loop {
        let changed = revive_folders(request, verdicts) | break_cycles(request, verdicts);
        if !changed && !part_namesakes(request, verdicts) {
            return;
        }
    }
}

/// Where a node shall be; `None` if nowhere.
pub(super) fn target(request: &Request<'_>, verdicts: &Verdicts, id: NodeId) -> Option<Arc<Place>> {
    match verdicts.get(&id) {
        Some(Verdict::Live(place, _) | Verdict::Frozen(place)) => Some(place.clone()),
        Some(Verdict::Dead | Verdict::Unknown | Verdict::Conflict) => None,
        None => request.trees.get(id)?.synced.as_ref().map(|synced| synced.place.clone()),
    }
}

fn put(verdicts: &mut Verdicts, id: NodeId, place: Arc<Place>, bytes: Bytes) {
    let bytes = match verdicts.get(&id) {
        Some(Verdict::Live(_, bytes)) => *bytes,
        _ => bytes,
    };
    verdicts.insert(id, Verdict::Live(place, bytes));
}

/// A folder lives as long as anything in it does. A parent that is no folder, or that nobody
/// remembers, is replaced by the gallery's top folder.
fn revive_folders(request: &Request<'_>, verdicts: &mut Verdicts) -> bool {
    let mut changed = false;
    let mut work: Vec<NodeId> = verdicts
        .iter()
        .flat_map(|(&id, verdict)| match verdict {
            Verdict::Live(..) | Verdict::Frozen(_) => vec![id],
            Verdict::Dead => living_children(request, verdicts, id),
            Verdict::Unknown | Verdict::Conflict => Vec::new(),
        })
        .collect();
    while let Some(id) = work.pop() {
        let Some(place) = target(request, verdicts, id) else { continue };
        let parent = place.parent;
        if parent == NodeId::ROOT
            || target(request, verdicts, parent).is_some_and(|_| is_dir(request, parent))
        {
            continue;
        }
        changed = true;
        match request.trees.get(parent).filter(|node| node.kind == Kind::Dir).and_then(any_place) {
            Some(place) => {
                put(verdicts, parent, place, Bytes::Agreed);
                work.push(parent);
            }
            None => {
                let top = Arc::new(Place { parent: NodeId::ROOT, name: place.name.clone() });
                put(verdicts, id, top, Bytes::Agreed);
            }
        }
    }
    changed
}

fn is_dir(request: &Request<'_>, id: NodeId) -> bool {
    request.trees.get(id).is_some_and(|node| node.kind == Kind::Dir)
}

/// Children that are in step, and so have no verdict, of a folder that would go.
fn living_children(request: &Request<'_>, verdicts: &Verdicts, id: NodeId) -> Vec<NodeId> {
    if !is_dir(request, id) {
        return Vec::new();
    }
    let trees = request.trees;
    trees
        .local_children(id)
        .chain(trees.remote_children(id))
        .filter(|child| !verdicts.contains_key(child))
        .take(1)
        .collect()
}

/// Two moves of folders into one another: those made on this disk give way to the cloud's.
fn break_cycles(request: &Request<'_>, verdicts: &mut Verdicts) -> bool {
    let movable: Vec<NodeId> = verdicts
        .iter()
        .filter(|(id, verdict)| matches!(verdict, Verdict::Live(..)) && is_dir(request, **id))
        .map(|(&id, _)| id)
        .collect();
    let mut sound = BTreeSet::new();
    let mut changed = false;
    for id in movable {
        while let Some(cycle) = find_cycle(request, verdicts, id, &mut sound) {
            give_way(request, verdicts, &cycle);
            changed = true;
        }
    }
    changed
}

/// The folders of the cycle that the way up from `id` runs into.
fn find_cycle(
    request: &Request<'_>,
    verdicts: &Verdicts,
    id: NodeId,
    sound: &mut BTreeSet<NodeId>,
) -> Option<Vec<NodeId>> {
    let mut path: Vec<NodeId> = Vec::new();
    let mut seen = BTreeMap::new();
    let mut at = id;
    while at != NodeId::ROOT && !sound.contains(&at) {
        if let Some(&start) = seen.get(&at) {
            return Some(path.split_off(start));
        }
        seen.insert(at, path.len());
        path.push(at);
        match target(request, verdicts, at) {
            Some(place) => at = place.parent,
            None => break,
        }
    }
    sound.extend(path);
    None
}

fn give_way(request: &Request<'_>, verdicts: &mut Verdicts, cycle: &[NodeId]) {
    let mut any = false;
    for &id in cycle {
        let remote =
            request.trees.get(id).and_then(|node| node.remote.as_ref()).filter(|remote| !remote.deleted);
        let Some(remote) = remote else { continue };
        if target(request, verdicts, id).as_ref() != Some(&remote.place) {
            put(verdicts, id, remote.place.clone(), Bytes::Agreed);
            any = true;
        }
    }
    if !any
        && let Some(&id) = cycle.iter().min()
        && let Some(place) = target(request, verdicts, id)
    {
        let top = Arc::new(Place { parent: NodeId::ROOT, name: place.name.clone() });
        put(verdicts, id, top, Bytes::Agreed);
    }
}

/// Several nodes at one place: the one that others have seen there keeps the name.
fn part_namesakes(request: &Request<'_>, verdicts: &mut Verdicts) -> bool {
    let mut changed = false;
    for mut group in namesakes(request, verdicts) {
        group.sort_by_key(|&id| claim(request, verdicts, id));
        for &id in group.iter().skip(1) {
            let Some(place) = target(request, verdicts, id) else { continue };
            if matches!(verdicts.get(&id), Some(Verdict::Frozen(_))) {
                continue;
            }
            let name =
                free_name(&place.name, request.label, |name| taken(request, verdicts, place.parent, name));
            put(verdicts, id, Arc::new(Place { parent: place.parent, name }), Bytes::Agreed);
            changed = true;
        }
    }
    changed
}

/// Groups of nodes that shall be at one place, at least one of each group out of step.
fn namesakes(request: &Request<'_>, verdicts: &Verdicts) -> Vec<Vec<NodeId>> {
    let trees = request.trees;
    let mut groups: BTreeMap<Arc<Place>, Vec<NodeId>> = BTreeMap::new();
    for (&id, verdict) in verdicts {
        if let Verdict::Live(place, _) | Verdict::Frozen(place) = verdict {
            groups.entry(place.clone()).or_default().push(id);
        }
    }
    for (place, group) in &mut groups {
        let in_step = trees.locals_at(place.parent, &place.name).filter(|id| !verdicts.contains_key(id));
        group.extend(in_step);
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Who keeps a name: the smallest claim.
fn claim(
    request: &Request<'_>,
    verdicts: &Verdicts,
    id: NodeId,
) -> (bool, bool, bool, Option<Box<str>>, NodeId) {
    let place = target(request, verdicts, id);
    let node = request.trees.get(id);
    let remote = node.and_then(|node| node.remote.as_ref()).filter(|remote| !remote.deleted);
    let synced = node.and_then(|node| node.synced.as_ref());
    (
        !matches!(verdicts.get(&id), Some(Verdict::Frozen(_))),
        remote.map(|remote| &remote.place) != place.as_ref(),
        synced.map(|synced| &synced.place) != place.as_ref(),
        node.and_then(|node| node.record.clone()),
        id,
    )
}

fn taken(request: &Request<'_>, verdicts: &Verdicts, parent: NodeId, name: &str) -> bool {
    let trees = request.trees;
    let wanted =
        |id: NodeId| target(request, verdicts, id).is_some_and(|p| p.parent == parent && *p.name == *name);
    trees.locals_at(parent, name).next().is_some()
        || trees.remotes_at(parent, name).next().is_some()
        || verdicts.keys().any(|&id| wanted(id))
}
