//! Puts what a scan saw into the local tree.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use parking_lot::{RwLock, RwLockWriteGuard};

use super::odd::Odd;
use super::photos::identifier_of;
use crate::job::FolderListing;
use crate::media::{Mark, marks};
use crate::plan;
use crate::ports::{DirEntry, FileKind, Stamp, same_file};
use crate::tree::{Keep, Kind, Local, LocalContent, NodeId, NodeRef, Place, PlaceRef, Trees};

/// What a scan saw.
#[derive(Debug)]
pub(super) struct Seen {
    /// The folders listed.
    pub(super) folders: Vec<FolderListing>,
    /// Whether the whole gallery was listed.
    pub(super) everything: bool,
    /// Whether all of it could be read: only then is what was not seen gone.
    pub(super) complete: bool,
    /// Nodes that the engine itself was changing meanwhile.
    pub(super) busy: BTreeSet<NodeId>,
}

impl Seen {
    /// Those of the nodes that are here under names that cannot be kept, and what is to be said of each.
    fn unnamed(&self, trees: &Trees, nodes: &BTreeSet<NodeId>) -> BTreeMap<NodeId, String> {
        let all = self.folders.iter().flat_map(|folder| &folder.listing.unnamed);
        let texts: HashMap<u64, &String> = all.map(|file| (file.ino, &file.text)).collect();
        let text = |id: NodeId| texts.get(&stamp_of(trees, id)?.ino).copied();
        nodes.iter().filter_map(|&id| Some((id, text(id)?.clone()))).collect()
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Reconciled {
    /// Something was left out because the engine itself was changing it: that has to be looked at again.
    pub(super) left_out: bool,
    /// What is to go after parts of the same photo, with which a person removed it: a kill came in between.
    pub(super) torn: Vec<NodeId>,
    /// What is not where it was, and is here under a name that cannot be kept: what is to be said of each. It counts as
    /// being where it was, and everything has to be looked at again for as long as there is any.
    pub(super) unnamed: BTreeMap<NodeId, String>,
}

/// Updates the local tree. Nothing is taken for deleted unless the scan was complete. Nobody else changes the
/// trees meanwhile.
pub(super) fn reconcile(trees: &RwLock<Trees>, seen: &Seen) -> Reconciled {
    let mut changing = trees.write();
    let to_go: Vec<(NodeId, Option<Stamp>)> =
        changing.removed().iter().map(|&id| (id, stamp_of(&changing, id))).collect();
    let folders = match_folders(&mut changing, seen);
    // To find what is not as it was takes longest: whoever asks for states does not wait for that.
    let looking = RwLockWriteGuard::downgrade(changing);
    let (mut odd, mut missing) = compare(&looking, seen, &folders);
    let (busy, mut left_out) = leave_busy_out(&looking, seen, &mut odd, &mut missing);
    drop(looking);
    let trees = &mut *trees.write();
    odd.retain(|folder, entry| !arrived(trees, folder, entry, &mut missing));
    place_odd(trees, odd, &mut missing);
    let unnamed = seen.unnamed(trees, &missing);
    missing.retain(|node| !unnamed.contains_key(node));
    let torn =
        if seen.complete && seen.everything { torn(trees, &busy, &to_go, &missing) } else { Vec::new() };
    if seen.complete {
        for node in missing {
            vanish(trees, node);
        }
        left_out |= drop_folders(trees, seen, &folders);
    }
    if seen.complete && seen.everything {
        forget_intents(trees, &busy, &torn);
    }
    Reconciled { left_out, torn, unnamed }
}

/// What is not as it was known, and the files that are not where they were.
fn compare<'s>(trees: &Trees, seen: &'s Seen, folders: &Folders) -> (Odd<'s>, BTreeSet<NodeId>) {
    let mut odd = Odd::default();
    let mut missing = beneath_vanished(trees, seen, folders);
    for folder in &seen.folders {
        let Some(&id) = folders.by_path.get(&folder.path) else { continue };
        let entries = &folder.listing.entries;
        let (mut found, mut spots) = (Vec::new(), Vec::new());
        for (spot, entry) in entries.spots().filter(|(_, entry)| entry.kind == FileKind::File) {
            match unchanged(trees, id, &entry) {
                Some(node) => found.push(node),
                None => spots.push(spot),
            }
        }
        odd.add(id, entries, spots);
        found.sort_unstable();
        let unseen = trees.children(id).filter(|child| found.binary_search(child).is_err());
        missing.extend(unseen.filter(|&child| is_file_in(trees, child, id)));
    }
    let mut missing: BTreeSet<NodeId> = missing.into_iter().collect();
    let strays: Vec<NodeId> = strays(trees).collect();
    if seen.everything {
        missing.extend(strays);
    } else if !strays.is_empty() {
        // It may be in a folder that somebody else made where this engine was about to make one.
        let inos: HashSet<u64> = odd.iter().map(|(_, entry)| entry.stamp.ino).collect();
        let shown = |id: &NodeId| stamp_of(trees, *id).is_some_and(|stamp| inos.contains(&stamp.ino));
        missing.extend(strays.into_iter().filter(shown));
    }
    (odd, missing)
}

/// What was to go to the trash and did not, while other parts of its photo did. What was changed since then stays:
/// a change wins over a deletion.
fn torn(
    trees: &Trees,
    busy: &BTreeSet<NodeId>,
    to_go: &[(NodeId, Option<Stamp>)],
    missing: &BTreeSet<NodeId>,
) -> Vec<NodeId> {
    let idle = || to_go.iter().filter(|(id, _)| !busy.contains(id));
    let in_folder = |node: &NodeRef<'_>, place: PlaceRef<'_>| -> Vec<(NodeId, Mark)> {
        marks(place.name, identifier_of(node)).map(|mark| (place.parent, mark)).collect()
    };
    let went = |id: NodeId| {
        let node = trees.get(id)?;
        let place = match node.local {
            Some(local) => missing.contains(&id).then_some(local.place),
            None => node.synced.map(|synced| synced.place),
        };
        Some(in_folder(&node, place?))
    };
    let went: HashSet<(NodeId, Mark)> = idle().filter_map(|(id, _)| went(*id)).flatten().collect();
    let is_left = |(id, stamp): &(NodeId, Option<Stamp>)| {
        let same = match (stamp_of(trees, *id), stamp) {
            // Whether it was read before does not matter: it goes to the trash as it is.
            (Some(now), Some(then)) => same_file(&now, then),
            (now, then) => now == *then,
        };
        let node = trees.get(*id).filter(|_| same && !missing.contains(id));
        let place = node.and_then(|node| Some((node, node.local?.place)));
        place.is_some_and(|(node, place)| in_folder(&node, place).iter().any(|mark| went.contains(mark)))
    };
    idle().filter(|part| is_left(part)).map(|(id, _)| *id).collect()
}

/// Files that are known in a folder that the local tree does not have any more.
fn strays(trees: &Trees) -> impl Iterator<Item = NodeId> + '_ {
    let lost = trees.parents().filter(|&id| id != NodeId::ROOT && folder_ino(trees, id).is_none());
    lost.flat_map(move |folder| trees.children(folder).filter(move |&id| is_file_in(trees, id, folder)))
}

fn is_file_in(trees: &Trees, id: NodeId, folder: NodeId) -> bool {
    let local = trees.local(id);
    local.is_some_and(|local| local.place.parent == folder && local.content.stamp().is_some())
}

/// Leaves out what the engine itself was changing, and what has its place. A file that is known elsewhere
/// and was moved to such a place is not missing from where it was, nor is what came there a change of it:
/// that is left out too, and so on. Returns all that is left out, and whether anything was found of it.
fn leave_busy_out(
    trees: &Trees,
    seen: &Seen,
    odd: &mut Odd<'_>,
    missing: &mut BTreeSet<NodeId>,
) -> (BTreeSet<NodeId>, bool) {
    let before = missing.len() + odd.len();
    let mut busy = seen.busy.clone();
    let mut inos: BTreeSet<u64> =
        busy.iter().filter_map(|&id| stamp_of(trees, id)).map(|stamp| stamp.ino).collect();
    inos.extend(trees.arriving().filter(|(_, id)| busy.contains(id)).map(|(ino, _)| ino));
    loop {
        missing.retain(|node| !busy.contains(node));
        let all = odd.len();
        let mut found = BTreeSet::new();
        odd.retain(|folder, entry| {
            let mut known = trees.locals_at(folder, entry.name);
            let out = inos.contains(&entry.stamp.ino) || known.any(|id| busy.contains(&id));
            if out {
                found.insert(entry.stamp.ino);
            }
            !out
        });
        if odd.len() == all {
            return (busy, missing.len() + all < before);
        }
        let moved = |id: &NodeId| stamp_of(trees, *id).is_some_and(|stamp| found.contains(&stamp.ino));
        busy.extend(missing.iter().copied().filter(moved));
        inos.append(&mut found);
    }
}

/// The node of a file that is where it was, with the stamp that it had.
fn unchanged(trees: &Trees, folder: NodeId, entry: &DirEntry<'_>) -> Option<NodeId> {
    let mut known = trees.contents_at(folder, entry.name);
    known.find(|(_, content)| content.stamp() == Some(entry.stamp)).map(|(id, _)| id)
}

/// How a file on the disk was last seen.
pub(super) fn stamp_of(trees: &Trees, id: NodeId) -> Option<Stamp> {
    trees.local(id)?.content.stamp()
}

fn is_file_here(trees: &Trees, id: NodeId) -> bool {
    stamp_of(trees, id).is_some()
}

/// Folders by path, those that were listed, and those that a listing showed.
struct Folders {
    by_path: HashMap<String, NodeId>,
    listed: Vec<NodeId>,
    seen: HashSet<NodeId>,
}

/// Finds the node of every folder seen, the outer ones first: by inode number wherever it is now,
/// else by name, else a new one.
fn match_folders(trees: &mut Trees, seen: &Seen) -> Folders {
    let by_ino = known_folders(trees);
    let on_disk: HashSet<u64> = dirs(seen).map(|entry| entry.stamp.ino).collect();
    let mut folders = Folders { by_path: HashMap::new(), listed: Vec::new(), seen: HashSet::new() };
    folders.by_path.insert(String::new(), NodeId::ROOT);
    let mut order: Vec<&FolderListing> = seen.folders.iter().collect();
    order.sort_by_key(|folder| folder.path.matches('/').count() + usize::from(!folder.path.is_empty()));
    for folder in order {
        let known = folders.by_path.get(&folder.path).copied();
        let Some(id) = known.or_else(|| trees.find_local_folder(&folder.path)) else { continue };
        folders.by_path.insert(folder.path.clone(), id);
        folders.listed.push(id);
        for entry in folder.listing.entries.folders() {
            let node = folder_node(trees, &by_ino, &on_disk, &folders.seen, id, &entry);
            folders.seen.insert(node);
            folders.by_path.insert(crate::job::join(&folder.path, entry.name), node);
        }
    }
    folders
}

fn dirs(seen: &Seen) -> impl Iterator<Item = DirEntry<'_>> {
    seen.folders.iter().flat_map(|folder| folder.listing.entries.folders())
}

/// The inode number of a folder that is on the disk; `None` for anything else.
fn folder_ino(trees: &Trees, id: NodeId) -> Option<u64> {
    match trees.local(id)?.content {
        LocalContent::Dir(ino) => Some(ino),
        _ => None,
    }
}

fn local_folders(trees: &Trees) -> impl Iterator<Item = NodeId> + '_ {
    trees.folders().filter(|&id| folder_ino(trees, id).is_some())
}

fn known_folders(trees: &Trees) -> BTreeMap<u64, NodeId> {
    local_folders(trees).filter_map(|id| Some((folder_ino(trees, id)?, id))).collect()
}

fn folder_node(
    trees: &mut Trees,
    by_ino: &BTreeMap<u64, NodeId>,
    on_disk: &HashSet<u64>,
    taken: &HashSet<NodeId>,
    parent: NodeId,
    entry: &DirEntry<'_>,
) -> NodeId {
    let free = |id: &NodeId| !taken.contains(id);
    let by_name = || {
        let same_name = trees.locals_at(parent, entry.name);
        same_name.filter(free).find(|&id| folder_ino(trees, id).is_some_and(|ino| !on_disk.contains(&ino)))
    };
    let node = by_ino.get(&entry.stamp.ino).copied().filter(free).or_else(by_name);
    let node = node.unwrap_or_else(|| trees.add(Kind::Dir));
    let place = Place { parent, name: entry.name };
    let local = Local { place, content: LocalContent::Dir(entry.stamp.ino) };
    if trees.local(node) != Some(local) {
        trees.set_local(node, Some(local));
    }
    node
}

/// Files in folders that were not seen although the folder above them was.
fn beneath_vanished(trees: &Trees, seen: &Seen, folders: &Folders) -> Vec<NodeId> {
    let mut files = Vec::new();
    let mut work = vanished(trees, seen, folders);
    while let Some(id) = work.pop() {
        for child in trees.local_children(id) {
            if folders.seen.contains(&child) {
                continue;
            }
            if is_file_here(trees, child) {
                files.push(child);
            } else if folder_ino(trees, child).is_some() {
                work.push(child);
            }
        }
    }
    files
}

/// Folders of the local tree that a listing of the folder above them did not show.
fn vanished(trees: &Trees, seen: &Seen, folders: &Folders) -> Vec<NodeId> {
    let gone = |id: &NodeId| folder_ino(trees, *id).is_some() && !folders.seen.contains(id);
    if seen.everything {
        return local_folders(trees).filter(gone).collect();
    }
    folders.listed.iter().flat_map(|&id| trees.local_children(id)).filter(gone).collect()
}

/// Forgets that folders which were not seen are on the disk. Returns whether there are some that the engine itself was
/// changing, which are left out.
fn drop_folders(trees: &mut Trees, seen: &Seen, folders: &Folders) -> bool {
    let mut work = vanished(trees, seen, folders);
    let mut gone = Vec::new();
    let mut left_out = false;
    while let Some(id) = work.pop() {
        let unseen = |child: &NodeId| folder_ino(trees, *child).is_some() && !folders.seen.contains(child);
        work.extend(trees.local_children(id).filter(unseen).collect::<Vec<_>>());
        if seen.busy.contains(&id) {
            left_out = true;
        } else {
            trees.set_local(id, None);
            gone.push(id);
        }
    }
    // The inner ones first: a folder is kept as long as anything is in it.
    for id in gone.into_iter().rev() {
        plan::settle(trees, id);
    }
    left_out
}

/// Takes the entry for the file that was being put there when the engine was killed, wherever a person
/// has moved it since. One that is noted elsewhere on the disk has not come.
fn arrived(trees: &mut Trees, folder: NodeId, entry: &DirEntry<'_>, missing: &mut BTreeSet<NodeId>) -> bool {
    let Some(id) = trees.arriving_as(&entry.stamp) else { return false };
    if !missing.remove(&id) && is_file_here(trees, id) {
        return false;
    }
    let place = Place { parent: folder, name: entry.name };
    trees.set_arrived(id, Local { place, content: LocalContent::Unread(entry.stamp) });
    true
}

/// A file is not where it was. One that was being removed to free its space is no deletion.
fn vanish(trees: &mut Trees, id: NodeId) {
    if trees.leaving().contains(&id) {
        trees.set_away(id);
    } else {
        trees.set_local(id, None);
        // One that no other tree knows is nowhere any more.
        plan::settle(trees, id);
    }
}

/// After a look at everything but what is busy: what it did not show has not come, and what it showed has not gone.
fn forget_intents(trees: &mut Trees, busy: &BTreeSet<NodeId>, torn: &[NodeId]) {
    let idle = |id: &NodeId| !busy.contains(id);
    let arriving: Vec<NodeId> = trees.arriving().map(|(_, id)| id).filter(idle).collect();
    let leaving: Vec<NodeId> = trees.leaving().iter().copied().filter(idle).collect();
    for id in arriving {
        trees.set_arriving(id, None);
    }
    for id in leaving {
        trees.set_keep(id, Keep::AsConfigured);
    }
    let still_here = |id: &NodeId| idle(id) && !torn.contains(id) && trees.local(*id).is_some();
    let removed: Vec<NodeId> = trees.removed().iter().copied().filter(still_here).collect();
    for id in removed {
        trees.set_removed(id, false);
    }
}

/// Files that are new, changed or moved.
fn place_odd(trees: &mut Trees, mut odd: Odd<'_>, missing: &mut BTreeSet<NodeId>) {
    let by_ino = by_ino(trees, missing);
    let stayed = still_called_so(trees, &odd, &by_ino);
    odd.retain(|folder, entry| {
        // An inode number may have belonged to several files, one after the other. What is known to
        // have it here did not come from elsewhere, unless another one is seen just so.
        let known = by_ino.get(&entry.stamp.ino).into_iter().flatten().copied();
        let mut known = known.filter(|id| missing.contains(id));
        let is_it = |id: &NodeId| stamp_of(trees, *id).is_some_and(|stamp| same_file(&stamp, &entry.stamp));
        let stays = known.clone().find(|id| is_named_so(trees, *id, folder, entry));
        if stays.is_some_and(|id| is_it(&id) || !known.clone().any(|other| is_it(&other))) {
            return true;
        }
        let moved = known.find(|&id| !stayed.contains(&id) && moved(trees, id, folder, entry));
        moved.is_none_or(|id| !missing.remove(&id))
    });
    for (folder, entry) in odd.iter() {
        let id = named_so(trees, folder, &entry, missing).unwrap_or_else(|| trees.add(Kind::File));
        missing.remove(&id);
        let place = Place { parent: folder, name: entry.name };
        trees.set_local(id, Some(Local { place, content: LocalContent::Unread(entry.stamp) }));
    }
}

/// Files by the inode numbers that they had.
fn by_ino(trees: &Trees, files: &BTreeSet<NodeId>) -> HashMap<u64, Vec<NodeId>> {
    let mut by_ino: HashMap<u64, Vec<NodeId>> = HashMap::new();
    for &id in files {
        if let Some(stamp) = stamp_of(trees, id) {
            by_ino.entry(stamp.ino).or_default().push(id);
        }
    }
    by_ino
}

/// Those of the files that are still called as they were. Where the same file is seen under another name too, that is a
/// hard link, and nothing moved there.
fn still_called_so(trees: &Trees, odd: &Odd<'_>, by_ino: &HashMap<u64, Vec<NodeId>>) -> HashSet<NodeId> {
    let mut stayed = HashSet::new();
    for (folder, entry) in odd.iter() {
        let known = by_ino.get(&entry.stamp.ino).into_iter().flatten().copied();
        stayed.extend(known.filter(|&id| is_named_so(trees, id, folder, &entry)));
    }
    stayed
}

fn is_named_so(trees: &Trees, id: NodeId, folder: NodeId, entry: &DirEntry<'_>) -> bool {
    trees.local(id).is_some_and(|local| local.place == Place { parent: folder, name: entry.name })
}

/// The missing node that was known under an entry's name. Where a file came to a place that another had just left, it is
/// the one that was seen so, else the one with its inode number, which the other may have had before. What was being
/// removed to free its space is gone; another file in its place is new, and no change of it.
fn named_so(
    trees: &Trees,
    folder: NodeId,
    entry: &DirEntry<'_>,
    missing: &BTreeSet<NodeId>,
) -> Option<NodeId> {
    let stayed = |id: &NodeId| {
        let stamp = stamp_of(trees, *id);
        !trees.leaving().contains(id) || stamp.is_some_and(|stamp| same_file(&entry.stamp, &stamp))
    };
    let known = || trees.locals_at(folder, entry.name).filter(|id| missing.contains(id)).filter(stayed);
    let find = |is_it: &dyn Fn(Stamp) -> bool| known().find(|&id| stamp_of(trees, id).is_some_and(is_it));
    let same = find(&|stamp| same_file(&entry.stamp, &stamp));
    same.or_else(|| find(&|stamp| stamp.ino == entry.stamp.ino)).or_else(|| known().next())
}

/// Takes the entry for the node, moved, where inode number, size and time say so. It is read again, like
/// one that stayed and has another change time: a move gives a new one, and so hides whether the bytes
/// changed too, or whether this is another file that was given the inode number and the time.
fn moved(trees: &mut Trees, id: NodeId, folder: NodeId, entry: &DirEntry<'_>) -> bool {
    let Some(local) = trees.local(id) else { return false };
    let Some(stamp) = local.content.stamp() else { return false };
    let place = Place { parent: folder, name: entry.name };
    if (stamp.size, stamp.mtime_ns) != (entry.stamp.size, entry.stamp.mtime_ns) || local.place == place {
        return false;
    }
    trees.set_local(id, Some(Local { place, content: LocalContent::Unread(entry.stamp) }));
    true
}
