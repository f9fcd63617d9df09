//! What must be true after every run, whatever happened on the two sides.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_engine::plan::{CloudAction, DiskAction};
use cloudsync_engine::tree::NodeId;

use super::model::{Bytes, Done};
use super::sides::{Held, Item, Number, Numbers, Start};

pub(crate) type Listing = BTreeMap<String, Option<Bytes>>;

/// All bytes that somebody wrote, or had and did not give up, are somewhere.
pub(crate) fn nothing_is_lost(start: &Start, end: &Listing) -> Result<(), String> {
    let left: BTreeSet<Bytes> = end.values().copied().flatten().collect();
    for (&number, item) in &start.local.items {
        let Some(bytes) = item.bytes.filter(|bytes| !left.contains(bytes)) else { continue };
        let others = start.remote.items.get(&number);
        if start.index_lost && item.held == Held::CloudOnly {
            continue;
        }
        if !given_up(start, number, item, others) {
            return Err(format!("{bytes} of {number} was on the disk and is nowhere: {end:?}"));
        }
    }
    for (&number, item) in &start.remote.items {
        let Some(bytes) = item.bytes.filter(|bytes| !left.contains(bytes)) else { continue };
        if !given_up(start, number, item, start.local.items.get(&number)) && !replaced_here(start, number) {
            return Err(format!("{bytes} of {number} was in the cloud and is nowhere: {end:?}"));
        }
    }
    Ok(())
}

/// The other side changed or deleted the bytes, and this one had not.
fn given_up(start: &Start, number: Number, item: &Item, other: Option<&Item>) -> bool {
    let Some(base) = start.base.items.get(&number).filter(|_| !start.index_lost) else { return false };
    let unchanged = item.bytes == base.bytes;
    match other {
        Some(other) => unchanged && other.bytes != base.bytes,
        None => {
            let stayed = (item.folder, item.name) == (base.folder, base.name);
            unchanged && (stayed || item.held == Held::CloudOnly)
        }
    }
}

/// Deleted here, and another file under its name: to the person, the same file with other bytes.
fn replaced_here(start: &Start, number: Number) -> bool {
    let (Some(base), Some(remote)) = (start.base.items.get(&number), start.remote.items.get(&number)) else {
        return false;
    };
    !start.index_lost
        && !start.local.items.contains_key(&number)
        && base.bytes == remote.bytes
        && start.local.items.iter().any(|(_, item)| same_place(start, item, remote, 0))
}

/// The same name in the same folder, or in another that took the place of it.
fn same_place(start: &Start, here: &Item, there: &Item, depth: usize) -> bool {
    let above = || Some((start.local.items.get(&here.folder)?, start.remote.items.get(&there.folder)?));
    here.name == there.name
        && depth < 50
        && (here.folder == there.folder
            || above().is_some_and(|(here, there)| same_place(start, here, there, depth + 1)))
}

/// A file that one side deleted and the other left alone is gone.
pub(crate) fn deletions_take_effect(start: &Start, records: &BTreeSet<Box<str>>) -> Result<(), String> {
    if start.index_lost {
        return Ok(());
    }
    for (&number, base) in start.base.items.iter().filter(|(_, item)| item.bytes.is_some()) {
        let same = |item: &Item| (item.bytes, item.folder, item.name) == (base.bytes, base.folder, base.name);
        let gone = match (start.local.items.get(&number), start.remote.items.get(&number)) {
            (None, Some(item)) => same(item) && !replaced_here(start, number),
            (Some(item), None) => same(item) || item.held == Held::CloudOnly,
            (None, None) => true,
            (Some(_), Some(_)) => false,
        };
        if gone && records.contains(&super::sides::record_of(number)) {
            return Err(format!("{number} was deleted and is there"));
        }
    }
    Ok(())
}

/// Steps delete only what somebody deleted.
pub(crate) fn nobody_else_deletes(start: &Start, numbers: &Numbers, done: &[Done]) -> Result<(), String> {
    let on_both = |n: &Number| start.local.items.contains_key(n) && start.remote.items.contains_key(n);
    let gone = start.base.items.keys().filter(|number| !start.index_lost && !on_both(number));
    let deleted: BTreeSet<NodeId> = gone.map(|&number| numbers.there(number)).collect();
    // What the lost index alone knew of is not on the disk, and may be forgotten.
    let noted: BTreeSet<NodeId> = start
        .local
        .items
        .iter()
        .filter(|(_, item)| start.index_lost && item.held == Held::CloudOnly)
        .map(|(&number, _)| numbers.here(number))
        .collect();
    for done in done {
        let (Done::Disk(DiskAction::Trash(id) | DiskAction::RemoveDir(id))
        | Done::Cloud(CloudAction::Delete(id))) = done
        else {
            continue;
        };
        if !deleted.contains(id) && !noted.contains(id) {
            return Err(format!("nobody deleted {id:?}: {done:?}"));
        }
    }
    Ok(())
}

/// A file that both sides have, with the bytes that it always had, moves without them.
pub(crate) fn moves_send_nothing(start: &Start, numbers: &Numbers, done: &[Done]) -> Result<(), String> {
    if start.index_lost {
        return Ok(());
    }
    let mut unchanged = BTreeSet::new();
    for (&number, base) in &start.base.items {
        if let (Some(local), Some(remote)) = (start.local.items.get(&number), start.remote.items.get(&number))
            && local.bytes == base.bytes
            && remote.bytes == base.bytes
            && local.held != Held::CloudOnly
        {
            unchanged.insert(numbers.there(number));
        }
    }
    for done in done {
        let id = match done {
            Done::Disk(DiskAction::Fetch(id, _)) => id,
            Done::Cloud(CloudAction::Insert { node, bytes: true, .. }) => node,
            Done::Cloud(CloudAction::Update { node, bytes: true, .. }) => node,
            _ => continue,
        };
        if unchanged.contains(id) {
            return Err(format!("{id:?} has the bytes it had: {done:?}"));
        }
    }
    Ok(())
}

/// What both sides made under one name with equal bytes is one file.
pub(crate) fn equal_bytes_are_one_file(start: &Start, end: &Listing) -> Result<(), String> {
    let all = start.base.items.values().chain(start.local.items.values()).chain(start.remote.items.values());
    let mut count: BTreeMap<Bytes, usize> = BTreeMap::new();
    for bytes in all.filter_map(|item| item.bytes) {
        *count.entry(bytes).or_default() += 1;
    }
    for (number, local) in &start.local.items {
        let Some(bytes) = local.bytes.filter(|bytes| count.get(bytes) == Some(&2)) else { continue };
        let one = start.remote.items.iter().any(|(other, remote)| {
            let new = !start.base.items.contains_key(number) && !start.base.items.contains_key(other);
            let top = local.folder == 0 && remote.folder == 0 && local.name == remote.name;
            remote.bytes == Some(bytes) && ((new && top) || (number == other && !start.index_lost))
        });
        let copies = end.values().filter(|found| **found == Some(bytes)).count();
        if one && copies != 1 {
            return Err(format!("{bytes} is there {copies} times: {end:?}"));
        }
    }
    Ok(())
}
