//! Decides, node by node, what disk and cloud shall hold.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::names::{free_name, is_parked, own_name};
use super::{Later, Learn, Request};
use crate::tree::{
    Content, Kind, Local, LocalContent, Node, NodeId, NodeRef, Place, PlaceRef, Remote, Synced,
};

/// Where a node shall be: mostly a place that a tree knows, now and then a new name.
pub(super) type Spot<'t> = Place<Cow<'t, str>>;

/// Whose bytes a file shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bytes {
    /// Both sides have the same, or it is a folder.
    Agreed,
    /// The disk's.
    FromDisk,
    /// The cloud's.
    FromCloud,
}

/// What shall become of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict<'t> {
    /// It goes from both sides.
    Dead,
    /// It is on both sides, here and with these bytes.
    Live(Spot<'t>, Bytes),
    /// The disk's bytes must be read first.
    Unknown,
    /// Both sides changed its bytes, differently.
    Conflict,
}

/// The verdicts on the nodes that are out of step, and on those in step that must give way to them.
#[derive(Debug)]
pub(super) struct Verdicts<'t> {
    list: Vec<(NodeId, Verdict<'t>)>,
    /// By node: one more than its position in the list.
    positions: Vec<u32>,
    /// What is left to later plans.
    pub(super) later: Later,
}

impl<'t> Verdicts<'t> {
    pub(super) fn get(&self, id: NodeId) -> Option<&Verdict<'t>> {
        let position = (*self.positions.get(id.0 as usize)? as usize).checked_sub(1)?;
        self.list.get(position).map(|(_, verdict)| verdict)
    }

    pub(super) fn has(&self, id: NodeId) -> bool {
        self.get(id).is_some()
    }

    pub(super) fn set(&mut self, id: NodeId, verdict: Verdict<'t>) {
        let Some(position) = self.positions.get_mut(id.0 as usize) else { return };
        match (*position as usize).checked_sub(1).and_then(|at| self.list.get_mut(at)) {
            Some((_, old)) => *old = verdict,
            None => {
                self.list.push((id, verdict));
                *position = self.list.len() as u32;
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &Verdict<'t>)> {
        self.list.iter().map(|(id, verdict)| (*id, verdict))
    }
}

pub(super) fn decide_all<'t>(request: &Request<'t>) -> Verdicts<'t> {
    let trees = request.trees;
    let out_of_step = trees.out_of_step();
    let list = Vec::new();
    // Where nothing is out of step nothing follows either: what that costs does not grow with the trees.
    let ids = if out_of_step.is_empty() { 0 } else { trees.next_id() };
    let mut verdicts = Verdicts { list, positions: vec![0; ids as usize], later: Later::default() };
    let mut turns = Turns { request, taken: 0, folders: HashSet::new() };
    for id in out_of_step.iter() {
        let Some(node) = trees.get(id) else { continue };
        match turns.is_later(id, &node) {
            Some(bytes) => verdicts.later.add(bytes),
            None => verdicts.set(id, decide(id, &node)),
        }
    }
    verdicts
}

/// Which new files have their turn. Nothing waits for a file that the disk alone has, at a place that the cloud gives
/// to nothing else; so that of many such files some can be planned later, and a plan takes no more room than it has to.
/// Those of a folder are planned together: they may be parts of one photo.
struct Turns<'r, 't> {
    request: &'r Request<'t>,
    taken: usize,
    folders: HashSet<NodeId>,
}

impl Turns<'_, '_> {
    /// The bytes of a file whose turn has not come.
    fn is_later(&mut self, id: NodeId, node: &NodeRef<'_>) -> Option<u64> {
        let Node { kind: Kind::File, local: Some(local), synced: None, remote: None, .. } = node else {
            return None;
        };
        let stamp = local.content.stamp().filter(|_| !self.request.frozen.contains(&id))?;
        let Place { parent, name } = local.place;
        if self.request.trees.remotes_at(parent, name).next().is_some() {
            return None;
        }
        if self.taken >= self.request.new_files_at_once && !self.folders.contains(&parent) {
            return Some(stamp.size);
        }
        self.folders.insert(parent);
        self.taken += 1;
        None
    }
}

/// Where a node is, by whichever tree knows it.
pub(super) fn any_place<'t>(id: NodeId, node: &NodeRef<'t>) -> Option<Spot<'t>> {
    let on_disk = || Some(own_place(id, &node.local?, node.synced.as_ref()));
    node.live_remote()
        .map(|remote| spot(remote.place))
        .or_else(on_disk)
        .or_else(|| node.synced.map(|synced| spot(synced.place)))
        .or_else(|| node.remote.map(|remote| spot(remote.place)))
}

/// Where a node lies on the disk, or would, had no plan that was cut short parked it.
fn own_place<'t>(id: NodeId, local: &LocalRef<'t>, synced: Option<&SyncedRef<'t>>) -> Spot<'t> {
    let parent = local.place.parent;
    match synced {
        _ if !is_parked(id, local.place) => spot(local.place),
        Some(synced) => spot(synced.place),
        None => Place { parent, name: own_name(id, local.place) },
    }
}

/// A place of a tree, as one where a node shall be.
pub(super) fn spot(place: PlaceRef<'_>) -> Spot<'_> {
    Place { parent: place.parent, name: Cow::Borrowed(place.name) }
}

type LocalRef<'t> = Local<PlaceRef<'t>>;
type SyncedRef<'t> = Synced<PlaceRef<'t>>;
type RemoteRef<'t> = Remote<PlaceRef<'t>, &'t str>;

fn decide<'t>(id: NodeId, node: &NodeRef<'t>) -> Verdict<'t> {
    match (&node.local, &node.synced, node.live_remote()) {
        (None, _, None) => Verdict::Dead,
        (Some(local), None, None) => only_here(id, node, local),
        (None, None, Some(remote)) => Verdict::Live(spot(remote.place), Bytes::FromCloud),
        (Some(local), Some(synced), None) => gone_from_cloud(id, node, local, synced),
        (None, Some(synced), Some(remote)) => gone_from_disk(synced, remote),
        (Some(local), synced, Some(remote)) => on_both(id, local, synced.as_ref(), remote),
    }
}

fn only_here<'t>(id: NodeId, node: &NodeRef<'t>, local: &LocalRef<'t>) -> Verdict<'t> {
    match local.content {
        LocalContent::CloudOnly(_) => Verdict::Dead,
        _ => Verdict::Live(own_place(id, local, None), own_bytes(node)),
    }
}

fn own_bytes(node: &NodeRef<'_>) -> Bytes {
    match node.kind {
        Kind::Dir => Bytes::Agreed,
        Kind::File => Bytes::FromDisk,
    }
}

/// A change on the disk wins over a deletion in the cloud. That the disk holds what the cloud held last, be
/// it the place, the bytes or both, is no change: it was brought there, and a kill was faster than the note.
fn gone_from_cloud<'t>(
    id: NodeId,
    node: &NodeRef<'t>,
    local: &LocalRef<'t>,
    synced: &SyncedRef<'t>,
) -> Verdict<'t> {
    let bytes = match local.content {
        LocalContent::Dir(_) => None,
        LocalContent::CloudOnly(_) => return Verdict::Dead,
        LocalContent::Here(content, _) => Some(content),
        LocalContent::Unread(_) => return Verdict::Unknown,
    };
    let place = own_place(id, local, Some(synced));
    let last = node.remote.as_ref();
    let same_place = place == spot(synced.place) || last.is_some_and(|last| spot(last.place) == place);
    let same_bytes = bytes == synced.content || last.is_some_and(|last| last.content == bytes);
    if same_place && same_bytes { Verdict::Dead } else { Verdict::Live(place, own_bytes(node)) }
}

/// A change in the cloud wins over a deletion on the disk.
fn gone_from_disk<'t>(synced: &SyncedRef<'t>, remote: &RemoteRef<'t>) -> Verdict<'t> {
    if remote.place == synced.place && remote.content == synced.content {
        Verdict::Dead
    } else {
        Verdict::Live(spot(remote.place), Bytes::FromCloud)
    }
}

fn on_both<'t>(
    id: NodeId,
    local: &LocalRef<'t>,
    synced: Option<&SyncedRef<'t>>,
    remote: &RemoteRef<'t>,
) -> Verdict<'t> {
    let bytes = match local.content {
        LocalContent::Dir(_) => Some(Bytes::Agreed),
        // What is not on the disk cannot have been changed there.
        LocalContent::CloudOnly(content) if Some(content) == remote.content => Some(Bytes::Agreed),
        LocalContent::CloudOnly(_) => Some(Bytes::FromCloud),
        LocalContent::Here(content, _) => merge_bytes(content, synced, remote.content),
        LocalContent::Unread(_) => return Verdict::Unknown,
    };
    let place = || spot(merge_place(id, local, synced, remote));
    bytes.map_or(Verdict::Conflict, |bytes| Verdict::Live(place(), bytes))
}

fn merge_bytes(here: Content, synced: Option<&SyncedRef<'_>>, there: Option<Content>) -> Option<Bytes> {
    if Some(here) == there {
        return Some(Bytes::Agreed);
    }
    let base = synced?.content;
    if Some(here) == base {
        Some(Bytes::FromCloud)
    } else if there == base {
        Some(Bytes::FromDisk)
    } else {
        None
    }
}

/// Moved on one side: that place. Moved on both: the cloud's, which others have seen.
fn merge_place<'t>(
    id: NodeId,
    local: &LocalRef<'t>,
    synced: Option<&SyncedRef<'t>>,
    remote: &RemoteRef<'t>,
) -> PlaceRef<'t> {
    match synced {
        Some(synced) if remote.place == synced.place && !is_parked(id, local.place) => local.place,
        _ => remote.place,
    }
}

/// What must be known, or put right on the disk, before steps can be planned.
pub(super) fn to_learn(request: &Request<'_>, verdicts: &Verdicts<'_>) -> Vec<Learn> {
    let mut learn = Vec::new();
    let mut given = BTreeSet::new();
    let mut adopted = BTreeSet::new();
    for (id, verdict) in verdicts.iter() {
        if request.frozen.contains(&id) {
            continue;
        }
        match verdict {
            Verdict::Unknown => learn.push(Learn::Hash(id)),
            Verdict::Conflict => learn.extend(set_aside(request, id, &mut given)),
            Verdict::Live(..) => learn.extend(twin(request, id, &mut adopted)),
            Verdict::Dead => {}
        }
    }
    learn
}

fn set_aside(request: &Request<'_>, id: NodeId, given: &mut BTreeSet<Place>) -> Option<Learn> {
    let trees = request.trees;
    let place = trees.local(id)?.place;
    let name = free_name(&own_name(id, place), request.label, |name| {
        trees.locals_at(place.parent, name).next().is_some()
            || trees.remotes_at(place.parent, name).next().is_some()
            || given.contains(&Place { parent: place.parent, name: name.into() })
    });
    given.insert(Place { parent: place.parent, name: name.clone() });
    Some(Learn::SetAside { node: id, name })
}

/// A node that only the disk knows may be the same as one that lies at its place in the cloud; so may one that the
/// cloud has no more, if what it has become here is what lies there.
fn twin(request: &Request<'_>, id: NodeId, adopted: &mut BTreeSet<NodeId>) -> Option<Learn> {
    let trees = request.trees;
    let node = trees.get(id)?;
    if node.live_remote().is_some() {
        return None;
    }
    let new = node.synced.is_none();
    let local = node.local?;
    for other in trees.remotes_at(local.place.parent, local.place.name) {
        let Some(there) = trees.get(other).filter(|_| !request.frozen.contains(&other)) else { continue };
        let on_disk = there.local.is_some_and(|local| local.content.is_here());
        if other == id || there.kind != node.kind || on_disk || adopted.contains(&other) {
            continue;
        }
        let same = match local.content {
            LocalContent::Dir(_) => new,
            LocalContent::Unread(_) => return Some(Learn::Hash(id)),
            LocalContent::Here(content, _) | LocalContent::CloudOnly(content) => {
                let remote = there.remote.and_then(|remote| remote.content);
                // What a person removed goes to the cloud's trash, and from there it can come back: a file that has its
                // name now is none of its versions.
                let replaced = new && !trees.removed().contains(&other);
                Some(content) == remote || (replaced && matches!(decide(other, &there), Verdict::Dead))
            }
        };
        if same {
            adopted.insert(other);
            return Some(Learn::Adopt { here: id, there: other });
        }
    }
    None
}
