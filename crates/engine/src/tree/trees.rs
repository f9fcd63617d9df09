//! All nodes, findable by place in each tree, with the set of those that are not in step.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::place_index::{PlaceIndex, spread};
use super::recorder::Recorder;
use super::{
    Arrival, Content, Hold, Keep, Kind, Local, LocalContent, NodeId, NodeRef, NodeSet, Place, PlaceRef,
    Preview, Previews, Remote, Row, Synced, Trouble,
};
use crate::ports::{FileMark, Stamp};

/// The three trees. Every change goes through one method here, so that the look-ups, the set of nodes
/// out of step and the set of nodes to be written to the index follow by themselves.
#[derive(Debug, Default)]
pub struct Trees {
    rows: Vec<Option<Row>>,
    live: usize,
    places: PlaceIndex,
    records: HashTable<(u32, NodeId)>,
    record_state: DefaultHashBuilder,
    out_of_step: NodeSet,
    /// The nodes whose bytes are being put on the disk, by the inode number of the file that holds them.
    arriving: BTreeMap<u64, NodeId>,
    /// The files whose own copies are being removed.
    leaving: BTreeSet<NodeId>,
    /// How often a file came to a place on the disk.
    came: u64,
    /// What a person has removed.
    removed: BTreeSet<NodeId>,
    unsaved: NodeSet,
    /// Whether a photo went, or got other bytes, that had previews.
    previews_gone: bool,
    /// The files that came to be in the cloud alone, with a thumbnail there, since that was last asked.
    unshown: NodeSet,
    /// The files that came to be here, or to be in another state, since that was last asked.
    unmarked: NodeSet,
    keep_originals: bool,
    scratch: Vec<u8>,
    /// There while somebody wants to be told of changes.
    pub(super) recorder: Option<Box<Recorder>>,
}

impl Trees {
    /// Empty trees. With `keep_originals`, a file whose bytes are in the cloud alone is out of step.
    pub fn new(keep_originals: bool) -> Self {
        Trees { rows: vec![None], keep_originals, ..Trees::default() }
    }

    /// Trees with the rows of an index. `next` is the smallest id that was never used.
    pub fn from_index(rows: Vec<(NodeId, Row)>, next: u32, keep_originals: bool) -> Self {
        let highest = rows.iter().map(|(id, _)| id.0).max().unwrap_or(0);
        let mut trees = Trees::new(keep_originals);
        trees.live = rows.len();
        trees.rows.resize_with(highest.max(next.saturating_sub(1)) as usize + 1, || None);
        trees.records.reserve(rows.len(), |entry| spread(entry.0));
        trees.places.reserve(rows.len());
        let mut in_folders = Vec::with_capacity(rows.len());
        let mut relieved = Vec::new();
        for (id, row) in rows {
            let node = row.node();
            if let Some(record) = node.record {
                trees.insert_record(record, id);
            }
            for place in node.places().into_iter().flatten() {
                trees.places.insert_name(place, id);
                in_folders.push((place.parent, id));
            }
            if let Some(arrival) = node.arriving {
                trees.arriving.insert(arrival.ino, id);
            }
            if node.keep == Keep::Leaving {
                trees.leaving.insert(id);
            }
            if node.removed {
                trees.removed.insert(id);
            }
            if !node.in_step(keep_originals) {
                trees.out_of_step.insert(id);
            } else if node.trouble.is_some() {
                relieved.push(id);
            }
            if let Some(slot) = trees.rows.get_mut(id.0 as usize) {
                *slot = Some(row);
            }
        }
        trees.places.fill_folders(in_folders);
        // They waited for what `keep_originals` wanted before and does not want any more.
        for id in relieved {
            trees.set_trouble(id, None);
        }
        trees
    }

    /// The node, if it is in any tree.
    pub fn get(&self, id: NodeId) -> Option<NodeRef<'_>> {
        self.row(id).map(Row::node)
    }

    /// The node as the index keeps it.
    pub fn row(&self, id: NodeId) -> Option<&Row> {
        self.rows.get(id.0 as usize)?.as_ref()
    }

    /// What the disk holds of a node.
    pub fn local(&self, id: NodeId) -> Option<Local<PlaceRef<'_>>> {
        self.row(id)?.local()
    }

    /// Whether a node is on the disk.
    pub fn is_here(&self, id: NodeId) -> bool {
        self.local(id).is_some_and(|local| local.content.is_here())
    }

    /// What the cloud was last seen to hold of a node, deleted or not.
    pub fn remote(&self, id: NodeId) -> Option<Remote<PlaceRef<'_>, &str>> {
        self.get(id)?.remote
    }

    /// Whether a node's bytes in step were sent from this device.
    pub fn is_sent_from_here(&self, id: NodeId) -> bool {
        self.row(id).is_some_and(Row::is_sent_from_here)
    }

    /// Whether the node is a folder.
    pub fn is_dir(&self, id: NodeId) -> bool {
        self.row(id).is_some_and(Row::is_dir)
    }

    /// How many nodes there are, the gallery itself not counted.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many rows there are, those of nodes that went and of the gallery itself too.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The smallest id that was never used.
    pub fn next_id(&self) -> u32 {
        self.rows.len() as u32
    }

    /// All nodes, smallest id first.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, NodeRef<'_>)> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(index, row)| Some((NodeId(index as u32), row.as_ref()?.node())))
    }

    /// The nodes on which the three trees do not agree, smallest id first.
    pub fn out_of_step(&self) -> &NodeSet {
        &self.out_of_step
    }

    /// The nodes at a place on the disk or, cloud-only, in its index. What is on the disk comes first.
    pub fn local_at(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        self.hold_at(parent, name).map(|(id, _)| id)
    }

    /// The same, and how the disk holds it.
    pub fn hold_at(&self, parent: NodeId, name: &str) -> Option<(NodeId, Hold)> {
        let mut cloud_only = None;
        for (id, hold) in self.holds_at(parent, name) {
            if hold.is_here() {
                return Some((id, hold));
            }
            cloud_only = cloud_only.or(Some((id, hold)));
        }
        cloud_only
    }

    /// Every node that the local tree holds at a place, smallest id first, and how.
    fn holds_at<'a>(&'a self, parent: NodeId, name: &'a str) -> impl Iterator<Item = (NodeId, Hold)> + 'a {
        let place = Place { parent, name };
        let candidates = self.places.candidates(place);
        candidates.filter_map(move |id| Some((id, self.row(id)?.hold_at(place)?)))
    }

    /// Every node that the local tree holds at a place, smallest id first, and what is there.
    pub fn contents_at<'a>(
        &'a self,
        parent: NodeId,
        name: &'a str,
    ) -> impl Iterator<Item = (NodeId, LocalContent)> + 'a {
        let place = Place { parent, name };
        let candidates = self.places.candidates(place);
        candidates.filter_map(move |id| Some((id, self.row(id)?.local_at(place)?)))
    }

    /// Every node that the local tree holds at a place, smallest id first.
    pub fn locals_at<'a>(&'a self, parent: NodeId, name: &'a str) -> impl Iterator<Item = NodeId> + 'a {
        self.holds_at(parent, name).map(|(id, _)| id)
    }

    /// Every node that the cloud's tree holds at a place, smallest id first.
    pub fn remotes_at<'a>(&'a self, parent: NodeId, name: &'a str) -> impl Iterator<Item = NodeId> + 'a {
        let place = Place { parent, name };
        self.places
            .candidates(place)
            .filter(move |&id| self.remote(id).is_some_and(|remote| !remote.deleted && remote.place == place))
    }

    /// The nodes that are in a folder in the local tree, the cloud's or both, smallest id first.
    pub fn children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.places.children(parent)
    }

    /// Those of them with a greater id than `last`.
    pub fn children_after(&self, parent: NodeId, last: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.places.children_after(parent, last)
    }

    /// The nodes that are above others in any tree.
    pub fn parents(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.places.parents()
    }

    /// All nodes that are folders.
    pub fn folders(&self) -> impl Iterator<Item = NodeId> + '_ {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| row.as_ref().is_some_and(Row::is_dir)).map(|(index, _)| NodeId(index as u32))
    }

    /// The nodes in a folder of the local tree, smallest id first.
    pub fn local_children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let children = self.places.children(parent);
        children.filter(move |&id| self.local(id).is_some_and(|local| local.place.parent == parent))
    }

    /// All that the local tree has below a folder, the outer ones first.
    pub fn local_below(&self, folder: NodeId) -> Vec<NodeId> {
        let mut below: Vec<NodeId> = self.local_children(folder).collect();
        let mut next = 0;
        // Folders that are just being moved may go in a circle.
        while let Some(&at) = below.get(next).filter(|_| below.len() <= self.rows()) {
            next += 1;
            below.extend(self.local_children(at));
        }
        below
    }

    /// The nodes in a folder of the cloud's tree, smallest id first.
    pub fn remote_children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let children = self.places.children(parent);
        children.filter(move |&id| {
            self.remote(id).is_some_and(|remote| !remote.deleted && remote.place.parent == parent)
        })
    }

    /// The node that a record belongs to.
    pub fn by_record(&self, record: &str) -> Option<NodeId> {
        let hash = self.record_hash(record);
        self.records
            .iter_hash(spread(hash))
            .filter(|(entry, _)| *entry == hash)
            .map(|&(_, id)| id)
            .find(|&id| self.get(id).is_some_and(|node| node.record == Some(record)))
    }

    /// A node's path on the disk, relative to the gallery; `None` where it, or a folder above it, is
    /// not in the local tree.
    pub fn local_path(&self, id: NodeId) -> Option<String> {
        let mut names = Vec::new();
        let mut at = id;
        while at != NodeId::ROOT {
            let place = self.local(at)?.place;
            names.push(place.name);
            if names.len() > self.rows.len() {
                return None;
            }
            at = place.parent;
        }
        names.reverse();
        Some(names.join("/"))
    }

    /// A node and the folders above it in the local tree, the innermost first, the gallery itself left out.
    pub fn local_ancestry(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let above = |id: &NodeId| self.local(*id).map(|local| local.place.parent);
        let inside = std::iter::successors(Some(id), above).take_while(|id| *id != NodeId::ROOT);
        // None is above itself but by a mistake, which must not hold up who asks.
        inside.take(self.rows.len())
    }

    /// The path of `name` in a folder of the local tree.
    pub fn path_in(&self, parent: NodeId, name: &str) -> Option<String> {
        let mut path = self.local_path(parent)?;
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
        Some(path)
    }

    /// Looks a path up in the local tree.
    pub fn find_local(&self, path: &str) -> Option<NodeId> {
        match path.rsplit_once('/') {
            Some((folder, name)) => self.local_at(self.find_local_folder(folder)?, name),
            None if path.is_empty() => Some(NodeId::ROOT),
            None => self.local_at(NodeId::ROOT, path),
        }
    }

    /// Looks a folder up in the local tree. A file that was known at its place, before it is found
    /// gone from there, does not hide it.
    pub fn find_local_folder(&self, path: &str) -> Option<NodeId> {
        let mut at = NodeId::ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            at = self.holds_at(at, name).find(|(_, hold)| *hold == Hold::Dir)?.0;
        }
        Some(at)
    }

    /// A new node.
    pub fn add(&mut self, kind: Kind) -> NodeId {
        let id = NodeId(self.rows.len() as u32);
        self.rows.push(Some(Row::of(&NodeRef::new(kind))));
        self.live += 1;
        self.unsaved.insert(id);
        self.out_of_step.insert(id);
        id
    }

    /// Sets what the disk holds.
    pub fn set_local(&mut self, id: NodeId, local: Option<Local<PlaceRef<'_>>>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { local, ..node });
    }

    /// Sets what the disk holds after it came from the cloud: nothing waits any more.
    pub fn set_received(&mut self, id: NodeId, local: Local<PlaceRef<'_>>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        // What came back is not away any more.
        let keep = match node.keep {
            Keep::Away if local.content.is_here() => Keep::AsConfigured,
            keep => keep,
        };
        let after = NodeRef {
            local: Some(local),
            sent_from_here: false,
            arriving: None,
            keep,
            removed: false,
            trouble: None,
            ..node
        };
        self.put(id, &node, &after);
    }

    /// Sets what becomes of a file's own copy.
    pub fn set_keep(&mut self, id: NodeId, keep: Keep) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { keep, ..node });
    }

    /// Notes that a person looked at a file then, unless a later look is known.
    pub fn set_viewed(&mut self, id: NodeId, ms: i64) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { viewed_ms: node.viewed_ms.max(Some(ms)), ..node });
    }

    /// A file's own copy is gone, to free its space: its bytes are in the cloud alone from now on.
    pub fn set_away(&mut self, id: NodeId) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        let agreed = node.synced.and_then(|synced| synced.content);
        let local = node.local.zip(agreed);
        let local =
            local.map(|(local, content)| Local { content: LocalContent::CloudOnly(content), ..local });
        self.put(id, &node, &NodeRef { local, keep: Keep::Away, ..node });
    }

    /// Rises whenever a file comes to a place on the disk, be it new, moved or with its bytes.
    pub fn came(&self) -> u64 {
        self.came
    }

    /// Notes that a person has a node removed, or not.
    pub fn set_removed(&mut self, id: NodeId, removed: bool) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { removed, ..node });
    }

    /// What a person has removed, as far as the cloud has not heard of it.
    pub fn removed(&self) -> &BTreeSet<NodeId> {
        &self.removed
    }

    /// The files whose own copies are being removed.
    pub fn leaving(&self) -> &BTreeSet<NodeId> {
        &self.leaving
    }

    /// Sets what is being put on the disk for a node, before it is.
    pub fn set_arriving(&mut self, id: NodeId, arriving: Option<Arrival>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { arriving, ..node });
    }

    /// Sets what the disk holds after what was to arrive was found there: disk and cloud have agreed on
    /// those bytes, whatever has become of either since.
    pub fn set_arrived(&mut self, id: NodeId, local: Local<PlaceRef<'_>>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        let place = node.synced.map_or(local.place, |synced| synced.place);
        let synced = node.arriving.map(|arrival| Synced { place, content: Some(arrival.content) });
        let synced = synced.or(node.synced);
        let after = NodeRef { local: Some(local), synced, arriving: None, removed: false, ..node };
        self.put(id, &node, &after);
    }

    /// Sets what the disk holds of a node's bytes, where it is.
    pub fn set_local_content(&mut self, id: NodeId, content: LocalContent) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        let local = node.local.map(|local| Local { content, ..local });
        self.put(id, &node, &NodeRef { local, ..node });
    }

    /// Sets where disk and cloud last agreed.
    pub fn set_synced(&mut self, id: NodeId, synced: Option<Synced<PlaceRef<'_>>>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { synced, ..node });
    }

    /// Sets what the cloud holds.
    pub fn set_remote(&mut self, id: NodeId, remote: Option<Remote<PlaceRef<'_>, &str>>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { remote, ..node });
    }

    /// The cloud has deleted the node's record: place and content stay those it had, as far as they are known. Nothing
    /// could take its place again without its version.
    pub fn set_remote_deleted(&mut self, id: NodeId, version: u64) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        let last = node.remote.or_else(|| unheard_of(&node));
        let remote = last.map(|remote| Remote { version, deleted: true, ..remote });
        self.put(id, &node, &NodeRef { remote, ..node });
    }

    /// Disk and cloud hold the same: that is what they last agreed on, and nothing waits.
    pub fn set_agreed(&mut self, id: NodeId) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        let synced = node.live_remote().map(|remote| Synced { place: remote.place, content: remote.content });
        self.put(id, &node, &NodeRef { synced, trouble: None, ..node });
    }

    /// Sets the record's id.
    pub fn set_record(&mut self, id: NodeId, record: Option<&str>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { record, ..node });
    }

    /// Sets the kind of a node that no tree holds yet.
    pub fn set_kind(&mut self, id: NodeId, kind: Kind) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { kind, ..node });
    }

    /// Sets what the cloud holds after this device sent its bytes: nothing waits any more.
    pub fn set_sent(&mut self, id: NodeId, remote: Remote<PlaceRef<'_>, &str>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        let after = NodeRef { remote: Some(remote), sent_from_here: true, trouble: None, ..node };
        self.put(id, &node, &after);
    }

    /// Sets why the node is not in step. One that is in step waits for nothing.
    pub fn set_trouble(&mut self, id: NodeId, trouble: Option<Trouble<&str>>) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.put(id, &node, &NodeRef { trouble, ..node });
    }

    /// The node whose bytes a file on the disk holds although nobody has noted yet that they came.
    pub fn arriving_as(&self, stamp: &Stamp) -> Option<NodeId> {
        let id = *self.arriving.get(&stamp.ino)?;
        self.get(id)?.arriving.filter(|arrival| arrival.is(stamp)).map(|_| id)
    }

    /// The nodes whose bytes are being put on the disk, and the files that hold them.
    pub fn arriving(&self) -> impl Iterator<Item = (u64, NodeId)> + '_ {
        self.arriving.iter().map(|(ino, id)| (*ino, *id))
    }

    /// Forgets what is known of a node beside what the disk holds, and the node where that is nothing.
    pub fn let_go(&mut self, id: NodeId) {
        let is_here = |node: &NodeRef<'_>| node.local.is_some_and(|local| local.content.is_here());
        let Some(node) = self.get(id) else { return };
        if !is_here(&node) {
            return self.remove(id);
        }
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        let keep = if node.keep == Keep::Pinned { Keep::Pinned } else { Keep::AsConfigured };
        let after = NodeRef { local: node.local, keep, viewed_ms: node.viewed_ms, ..NodeRef::new(node.kind) };
        self.put(id, &node, &after);
    }

    /// Forgets a node.
    pub fn remove(&mut self, id: NodeId) {
        let Some(row) = self.take(id) else { return };
        let node = row.node();
        self.reindex(id, &node, &NodeRef::new(node.kind));
        self.previews_gone |= pictured(&node).is_some();
        self.unsaved.insert(id);
        self.out_of_step.remove(id);
        self.live -= 1;
        self.record(id, &node);
    }

    /// The nodes that changed, or went, since the last call.
    pub fn take_unsaved(&mut self) -> NodeSet {
        std::mem::take(&mut self.unsaved)
    }

    /// Gives back what could not be written to the index.
    pub fn put_back_unsaved(&mut self, ids: &NodeSet) {
        self.unsaved.extend(ids.iter());
    }

    /// Whether, since the last call, a photo went or got other bytes that had previews.
    pub fn take_previews_gone(&mut self) -> bool {
        std::mem::take(&mut self.previews_gone)
    }

    /// The files that came to be in the cloud alone, or got other bytes there, with a thumbnail, since the last
    /// call.
    pub fn take_unshown(&mut self) -> NodeSet {
        std::mem::take(&mut self.unshown)
    }

    /// The files that came to be here, or changed their marks, since the last call.
    pub fn take_unmarked(&mut self) -> NodeSet {
        std::mem::take(&mut self.unmarked)
    }

    /// The mark that stands for a file's state; `None` for what is no file on the disk.
    pub fn mark(&self, id: NodeId) -> Option<FileMark> {
        marked(&self.get(id)?).map(|(_, mark)| mark)
    }

    /// Takes a node's row out: [`Trees::put`] puts the next one in.
    fn take(&mut self, id: NodeId) -> Option<Row> {
        self.rows.get_mut(id.0 as usize)?.take()
    }

    fn put(&mut self, id: NodeId, before: &NodeRef<'_>, after: &NodeRef<'_>) {
        self.reindex(id, before, after);
        self.came += u64::from(file_place(after).is_some_and(|place| file_place(before) != Some(place)));
        let pictured_before = pictured(before);
        self.previews_gone |= pictured_before.is_some() && pictured_before != pictured(after);
        let thumbnail = thumbnail_alone(after);
        if thumbnail.is_some() && thumbnail != thumbnail_alone(before) {
            self.unshown.insert(id);
        }
        let mark = marked(after);
        if mark.is_some() && mark != marked(before) {
            self.unmarked.insert(id);
        }
        let in_step = after.in_step(self.keep_originals);
        // What is in step waits for nothing.
        let trouble = after.trouble.filter(|_| !in_step);
        if let Some(slot) = self.rows.get_mut(id.0 as usize) {
            *slot = Some(Row::with_scratch(&NodeRef { trouble, ..*after }, &mut self.scratch));
        }
        self.unsaved.insert(id);
        if in_step {
            self.out_of_step.remove(id);
        } else {
            self.out_of_step.insert(id);
        }
        self.record(id, before);
    }

    fn reindex(&mut self, id: NodeId, before: &NodeRef<'_>, after: &NodeRef<'_>) {
        let (old, new) = (before.places(), after.places());
        for place in old.iter().flatten().filter(|place| !new.contains(&Some(**place))) {
            let kept = old.iter().flatten().filter(|other| new.contains(&Some(**other)));
            let still_in_folder = kept.into_iter().any(|other| other.parent == place.parent);
            self.places.remove(*place, id, still_in_folder);
        }
        for place in new.iter().flatten().filter(|place| !old.contains(&Some(**place))) {
            self.places.insert(*place, id);
        }
        if before.arriving != after.arriving {
            if let Some(arrival) = before.arriving
                && self.arriving.get(&arrival.ino) == Some(&id)
            {
                self.arriving.remove(&arrival.ino);
            }
            if let Some(arrival) = after.arriving {
                self.arriving.insert(arrival.ino, id);
            }
        }
        if after.keep == Keep::Leaving {
            self.leaving.insert(id);
        } else if before.keep == Keep::Leaving {
            self.leaving.remove(&id);
        }
        if after.removed {
            self.removed.insert(id);
        } else if before.removed {
            self.removed.remove(&id);
        }
        if before.record != after.record {
            if let Some(record) = before.record {
                let hash = self.record_hash(record);
                if let Ok(entry) = self.records.find_entry(spread(hash), |entry| *entry == (hash, id)) {
                    entry.remove();
                }
            }
            if let Some(record) = after.record {
                self.insert_record(record, id);
            }
        }
    }

    fn record_hash(&self, record: &str) -> u32 {
        let mut state = self.record_state.build_hasher();
        state.write(record.as_bytes());
        state.finish() as u32
    }

    fn insert_record(&mut self, record: &str, id: NodeId) {
        let hash = self.record_hash(record);
        self.records.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
    }
}

/// Where a file lies on the disk; `None` where its bytes do not.
fn file_place<'t>(node: &NodeRef<'t>) -> Option<PlaceRef<'t>> {
    node.local.filter(|local| local.content.stamp().is_some()).map(|local| local.place)
}

/// The mark that stands for a file's state, and the file that it is of.
fn marked(node: &NodeRef<'_>) -> Option<(u64, FileMark)> {
    let stamp = node.local?.content.stamp()?;
    let mark = match (node.is_changed_here(), node.trouble) {
        (true, Some(_)) => FileMark::UploadFailed,
        (true, None) => FileMark::ToBeUploaded,
        (false, _) if node.sent_from_here => FileMark::Uploaded,
        (false, _) => FileMark::Downloaded,
    };
    Some((stamp.ino, mark))
}

/// What a record held that this device had not heard of since it wrote it or agreed with the cloud, as far as it knows.
fn unheard_of<'t>(node: &NodeRef<'t>) -> Option<Remote<PlaceRef<'t>, &'t str>> {
    let agreed = node.synced.as_ref().map(|synced| (synced.place, synced.content));
    let (place, content) = agreed.or_else(|| Some((node.local.as_ref()?.place, None)))?;
    Some(Remote { place, content, asset: None, previews: Previews::NONE, version: 0, deleted: true })
}

/// The thumbnail that stands for a file whose bytes are in the cloud alone, what it shows, and the version that names it: a
/// cloud that lacked it may have it with a newer one.
fn thumbnail_alone<'t>(node: &NodeRef<'t>) -> Option<(Content, Preview<&'t str>, u64)> {
    let LocalContent::CloudOnly(content) = node.local?.content else { return None };
    let remote = node.live_remote()?;
    remote.previews.thumbnail.map(|thumbnail| (content, thumbnail, remote.version))
}

/// The bytes that a record's previews show.
fn pictured(node: &NodeRef<'_>) -> Option<Content> {
    let remote = node.live_remote()?;
    if remote.previews == Previews::NONE { None } else { remote.content }
}
