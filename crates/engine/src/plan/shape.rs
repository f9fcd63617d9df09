//! Makes the tree that the verdicts describe a valid one: every node in a living folder, no cycle,
//! one node a place.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Request;
use super::decide::{Bytes, Spot, Verdict, Verdicts, any_place};
use super::names::{free_name, is_conflict_of, is_parked, own_name};
use crate::tree::{Kind, NodeId, Place, PlaceRef};

/// Yields the nodes that get no step for now: the frozen ones, and those that shall be where a
/// frozen one shall be: who keeps the name is seen once that one is out of trouble.
///
/// Every pass either changes nothing or takes a node one way further that it never goes back:
/// from dead to living, from the disk's place to the cloud's, from there to the top folder, from
/// its name to a free one. So it ends. Folders alone may die again, once after each circle: what gave way
/// in it may be all that they lived for.
pub(super) fn make_valid<'t>(request: &Request<'t>, verdicts: &mut Verdicts<'t>) -> BTreeSet<NodeId> {
    let mut held = request.frozen.clone();
    let mut revived = BTreeSet::new();
    loop {
        let mut changed = revive_folders(request, verdicts, &mut revived);
        if break_cycles(request, verdicts, &mut revived) {
            changed = true;
            for id in std::mem::take(&mut revived) {
                verdicts.set(id, Verdict::Dead);
            }
        }
        if !changed && !part_namesakes(request, verdicts, &mut held) {
            return held;
        }
    }
}

/// Where a node shall be; `None` if nowhere.
pub(super) fn target<'a>(
    request: &Request<'a>,
    verdicts: &'a Verdicts<'_>,
    id: NodeId,
) -> Option<PlaceRef<'a>> {
    match verdicts.get(id) {
        Some(verdict) => place_of(verdict),
        None => request.trees.get(id)?.synced.map(|synced| synced.place),
    }
}

fn place_of<'a>(verdict: &'a Verdict<'_>) -> Option<PlaceRef<'a>> {
    match verdict {
        Verdict::Live(place, _) => Some(place.as_ref()),
        Verdict::Dead | Verdict::Unknown | Verdict::Conflict => None,
    }
}

fn put<'t>(verdicts: &mut Verdicts<'t>, id: NodeId, place: Spot<'t>, bytes: Bytes) {
    let bytes = match verdicts.get(id) {
        Some(Verdict::Live(_, bytes)) => *bytes,
        _ => bytes,
    };
    verdicts.set(id, Verdict::Live(place, bytes));
}

/// A folder lives as long as anything in it does. A parent that is no folder, or that nobody
/// remembers, is replaced by the gallery's top folder.
fn revive_folders<'t>(
    request: &Request<'t>,
    verdicts: &mut Verdicts<'t>,
    revived: &mut BTreeSet<NodeId>,
) -> bool {
    let mut changed = false;
    let mut work = Vec::new();
    for (id, verdict) in verdicts.iter() {
        match verdict {
            Verdict::Live(..) => work.push(id),
            Verdict::Dead => work.extend(living_child(request, verdicts, id)),
            Verdict::Unknown | Verdict::Conflict => {}
        }
    }
    while let Some(id) = work.pop() {
        let Some(place) = target(request, verdicts, id) else { continue };
        let parent = place.parent;
        if parent == NodeId::ROOT
            || target(request, verdicts, parent).is_some_and(|_| is_dir(request, parent))
        {
            continue;
        }
        changed = true;
        match request
            .trees
            .get(parent)
            .filter(|node| node.kind == Kind::Dir)
            .and_then(|node| any_place(parent, &node))
        {
            Some(place) => {
                put(verdicts, parent, place, Bytes::Agreed);
                revived.insert(parent);
                work.push(parent);
            }
            None => {
                let top = renamed(NodeId::ROOT, place.name);
                put(verdicts, id, top, Bytes::Agreed);
            }
        }
    }
    changed
}

fn is_dir(request: &Request<'_>, id: NodeId) -> bool {
    request.trees.is_dir(id)
}

/// A child that is in step, and so has no verdict, of a folder that would go.
fn living_child(request: &Request<'_>, verdicts: &Verdicts<'_>, id: NodeId) -> Option<NodeId> {
    let trees = request.trees;
    let mut children = trees.local_children(id).chain(trees.remote_children(id));
    children.find(|child| !verdicts.has(*child))
}

/// Moves of folders into one another: those made on this disk give way to the cloud's.
fn break_cycles<'t>(
    request: &Request<'t>,
    verdicts: &mut Verdicts<'t>,
    revived: &mut BTreeSet<NodeId>,
) -> bool {
    let movable: Vec<NodeId> = verdicts
        .iter()
        .filter(|(id, verdict)| matches!(verdict, Verdict::Live(..)) && is_dir(request, *id))
        .map(|(id, _)| id)
        .collect();
    let mut sound = BTreeSet::new();
    let mut changed = false;
    for id in movable {
        while let Some(cycle) = find_cycle(request, verdicts, id, &mut sound) {
            if let Some(id) = give_way(request, verdicts, &cycle) {
                revived.remove(&id);
            }
            changed = true;
        }
    }
    changed
}

/// The folders of the cycle that the way up from `id` runs into.
fn find_cycle(
    request: &Request<'_>,
    verdicts: &Verdicts<'_>,
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

/// One folder of the circle, the same on every device and after every cut, goes back to the folder
/// that it has in the cloud, under the name that it shall have. Where the cloud itself is in a
/// circle, it goes to the top folder.
fn give_way<'t>(request: &Request<'t>, verdicts: &mut Verdicts<'t>, cycle: &[NodeId]) -> Option<NodeId> {
    let mut places: Vec<(Option<&str>, NodeId, Place)> = cycle
        .iter()
        .filter_map(|&id| {
            let record = request.trees.get(id)?.record;
            Some((record, id, target(request, verdicts, id)?.to_place()))
        })
        .collect();
    places.sort();
    let moved_here = places.iter().find_map(|(_, id, place)| {
        let node = request.trees.get(*id)?;
        let remote = node.live_remote()?;
        (remote.place.parent != place.parent).then_some((*id, remote.place.parent, place))
    });
    let in_cloud = || places.first().map(|(_, id, place)| (*id, NodeId::ROOT, place));
    let (id, parent, place) = moved_here.or_else(in_cloud)?;
    put(verdicts, id, renamed(parent, &place.name), Bytes::Agreed);
    Some(id)
}

/// A place that no tree knows.
fn renamed(parent: NodeId, name: &str) -> Spot<'static> {
    Place { parent, name: Cow::Owned(name.to_owned()) }
}

/// Several nodes at one place: the one that others have seen there keeps the name.
fn part_namesakes<'t>(
    request: &Request<'t>,
    verdicts: &mut Verdicts<'t>,
    held: &mut BTreeSet<NodeId>,
) -> bool {
    let (stuck, groups): (Vec<_>, Vec<_>) = namesakes(request, verdicts)
        .into_iter()
        .partition(|group| group.iter().any(|id| request.frozen.contains(id)));
    held.extend(stuck.into_iter().flatten());
    if groups.is_empty() {
        return false;
    }
    let mut wanted: HashSet<Place> =
        verdicts.iter().filter_map(|(_, verdict)| Some(place_of(verdict)?.to_place())).collect();
    for mut group in groups {
        group.sort_by_cached_key(|&id| claim(request, verdicts, id));
        for &id in group.iter().skip(1) {
            let Some(place) = target(request, verdicts, id) else { continue };
            let own = own_name(id, place).into_owned();
            let place = place.to_place();
            let at = |name: &str| Place { parent: place.parent, name: name.into() };
            let taken =
                |name: &str| wanted.contains(&at(name)) || held_by_another(request, id, place.parent, name);
            let given = name_given(request, id, place.parent, &own).filter(|name| !taken(name));
            let name = given.unwrap_or_else(|| free_name(&own, request.label, taken));
            wanted.insert(at(&name));
            put(verdicts, id, renamed(place.parent, &name), Bytes::Agreed);
        }
    }
    true
}

/// The conflict's name that a node has on the disk already: whatever keeps the cloud from calling it so as well, it is not
/// given another one each time.
fn name_given(request: &Request<'_>, id: NodeId, parent: NodeId, own: &str) -> Option<Box<str>> {
    let place = request.trees.local(id)?.place;
    let given = place.parent == parent && is_conflict_of(place.name, own) && !is_parked(id, place);
    given.then(|| place.name.into())
}

/// Groups of nodes that shall be at one place, at least one of each group out of step.
fn namesakes(request: &Request<'_>, verdicts: &Verdicts<'_>) -> Vec<Vec<NodeId>> {
    let trees = request.trees;
    let mut by_hash: Vec<(u32, NodeId)> = Vec::with_capacity(verdicts.len());
    for (id, verdict) in verdicts.iter() {
        let Some(place) = place_of(verdict) else { continue };
        by_hash.push((hash_of(place), id));
        let in_step = trees.locals_at(place.parent, place.name).filter(|id| !verdicts.has(*id));
        by_hash.extend(in_step.map(|other| (hash_of(place), other)));
    }
    by_hash.sort_unstable();
    by_hash.dedup();
    let mut groups = Vec::new();
    for run in by_hash.chunk_by(|one, other| one.0 == other.0).filter(|run| run.len() > 1) {
        let place = |&(_, id): &(u32, NodeId)| Some((target(request, verdicts, id)?, id));
        let mut run: Vec<(PlaceRef<'_>, NodeId)> = run.iter().filter_map(place).collect();
        run.sort();
        let same_place = run.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1);
        groups.extend(same_place.map(|group| group.iter().map(|&(_, id)| id).collect()));
    }
    groups
}

fn hash_of(place: PlaceRef<'_>) -> u32 {
    let mut state = DefaultHasher::new();
    place.hash(&mut state);
    state.finish() as u32
}

/// Who keeps a name: the smallest claim.
fn claim<'t>(
    request: &Request<'t>,
    verdicts: &Verdicts<'t>,
    id: NodeId,
) -> (bool, bool, Option<&'t str>, NodeId) {
    let place = target(request, verdicts, id);
    let node = request.trees.get(id);
    let remote = node.as_ref().and_then(|node| node.live_remote());
    let synced = node.and_then(|node| node.synced);
    (
        remote.map(|remote| remote.place) != place,
        synced.map(|synced| synced.place) != place,
        node.and_then(|node| node.record),
        id,
    )
}

/// Whether another node has this name now, on either side.
fn held_by_another(request: &Request<'_>, id: NodeId, parent: NodeId, name: &str) -> bool {
    let trees = request.trees;
    trees.locals_at(parent, name).chain(trees.remotes_at(parent, name)).any(|other| other != id)
}
