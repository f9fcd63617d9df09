//! All nodes, findable by place in each tree, with the set of those that are not in step.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashTable;
use std::hash::{DefaultHasher, Hasher};

use super::place_index::PlaceIndex;
use super::{Kind, Local, LocalContent, Node, NodeId, Place, Remote, Synced};

/// The three trees. Every change goes through a method here, so that the look-ups, the set of nodes
/// out of step and the set of nodes to be written to the index follow by themselves.
#[derive(Debug, Default)]
pub struct Trees {
    nodes: Vec<Option<Box<Node>>>,
    live: usize,
    local: PlaceIndex,
    remote: PlaceIndex,
    records: HashTable<(u32, NodeId)>,
    out_of_step: BTreeSet<NodeId>,
    unsaved: BTreeSet<NodeId>,
    keep_originals: bool,
}

fn record_hash(record: &str) -> u32 {
    let mut state = DefaultHasher::new();
    state.write(record.as_bytes());
    state.finish() as u32
}

fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Trees {
    /// Empty trees. With `keep_originals`, a file whose bytes are in the cloud alone is out of step.
    pub fn new(keep_originals: bool) -> Self {
        Trees { nodes: vec![None], keep_originals, ..Trees::default() }
    }

    /// Trees with the nodes of an index. `next` is the smallest id that was never used.
    pub fn from_index(nodes: Vec<(NodeId, Node)>, next: u32, keep_originals: bool) -> Self {
        let highest = nodes.iter().map(|(id, _)| id.0).max().unwrap_or(0);
        let mut trees = Trees::new(keep_originals);
        trees.live = nodes.len();
        trees.nodes.resize_with(highest.max(next.saturating_sub(1)) as usize + 1, || None);
        trees.records.reserve(nodes.len(), |entry| spread(entry.0));
        for (id, mut node) in nodes {
            if let Some(record) = &node.record {
                let hash = record_hash(record);
                trees.records.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
            }
            if !in_step(&node, keep_originals) {
                trees.out_of_step.insert(id);
            } else if node.trouble.take().is_some() {
                // It waited for what `keep_originals` wanted before and does not want any more.
                trees.unsaved.insert(id);
            }
            if let Some(slot) = trees.nodes.get_mut(id.0 as usize) {
                *slot = Some(Box::new(node));
            }
        }
        let count = trees.live;
        let (nodes, local, remote) = (&trees.nodes, &mut trees.local, &mut trees.remote);
        local.fill(entries(nodes, |node| node.local.as_ref().map(|local| &local.place)), count);
        remote.fill(
            entries(nodes, |node| node.remote.as_ref().filter(|r| !r.deleted).map(|r| &r.place)),
            count,
        );
        trees
    }

    /// The node, if it is in any tree.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)?.as_deref()
    }

    /// How many nodes there are, the gallery itself not counted.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The smallest id that was never used.
    pub fn next_id(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// All nodes, smallest id first.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .filter_map(|(index, node)| Some((NodeId(index as u32), node.as_deref()?)))
    }

    /// The nodes on which the three trees do not agree, smallest id first.
    pub fn out_of_step(&self) -> &BTreeSet<NodeId> {
        &self.out_of_step
    }

    /// The nodes at a place on the disk or, cloud-only, in its index. What is on the disk comes first.
    pub fn local_at(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        let mut cloud_only = None;
        for id in self.locals_at(parent, name) {
            match self.get(id).and_then(|node| node.local.as_ref()).map(|local| &local.content) {
                Some(LocalContent::CloudOnly(_)) => cloud_only = cloud_only.or(Some(id)),
                _ => return Some(id),
            }
        }
        cloud_only
    }

    /// Every node that the local tree holds at a place, smallest id first.
    pub fn locals_at<'a>(&'a self, parent: NodeId, name: &'a str) -> impl Iterator<Item = NodeId> + 'a {
        self.local.candidates(parent, name).filter(move |&id| {
            self.get(id)
                .and_then(|node| node.local.as_ref())
                .is_some_and(|local| local.place.parent == parent && *local.place.name == *name)
        })
    }

    /// Every node that the cloud's tree holds at a place, smallest id first.
    pub fn remotes_at<'a>(&'a self, parent: NodeId, name: &'a str) -> impl Iterator<Item = NodeId> + 'a {
        self.remote.candidates(parent, name).filter(move |&id| {
            self.get(id)
                .and_then(|node| node.remote.as_ref())
                .is_some_and(|remote| remote.place.parent == parent && *remote.place.name == *name)
        })
    }

    /// The nodes in a folder of the local tree, smallest id first.
    pub fn local_children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.local.children(parent)
    }

    /// The nodes in a folder of the cloud's tree, smallest id first.
    pub fn remote_children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.remote.children(parent)
    }

    /// The node that a record belongs to.
    pub fn by_record(&self, record: &str) -> Option<NodeId> {
        let hash = record_hash(record);
        self.records
            .iter_hash(spread(hash))
            .filter(|(entry, _)| *entry == hash)
            .map(|&(_, id)| id)
            .find(|&id| self.get(id).is_some_and(|node| node.record.as_deref() == Some(record)))
    }

    /// A node's path on the disk, relative to the gallery; `None` where it, or a folder above it, is
    /// not in the local tree.
    pub fn local_path(&self, id: NodeId) -> Option<String> {
        let mut names = Vec::new();
        let mut at = id;
        while at != NodeId::ROOT {
            let place = &self.get(at)?.local.as_ref()?.place;
            names.push(&*place.name);
            if names.len() > self.nodes.len() {
                return None;
            }
            at = place.parent;
        }
        names.reverse();
        Some(names.join("/"))
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
            let is_folder = |id: &NodeId| {
                let local = self.get(*id).and_then(|node| node.local.as_ref());
                local.is_some_and(|local| matches!(local.content, LocalContent::Dir(_)))
            };
            at = self.locals_at(at, name).find(is_folder)?;
        }
        Some(at)
    }

    /// A new node.
    pub fn add(&mut self, kind: Kind) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Some(Box::new(Node::new(kind))));
        self.live += 1;
        self.changed(id);
        id
    }

    /// Sets what the disk holds.
    pub fn set_local(&mut self, id: NodeId, local: Option<Local>) {
        let Some(node) = node_mut(&mut self.nodes, id) else { return };
        let (old, new) = (node.local.as_ref().map(|l| &l.place), local.as_ref().map(|l| &l.place));
        reindex(&mut self.local, id, old, new);
        node.local = local;
        self.changed(id);
    }

    /// Sets where disk and cloud last agreed.
    pub fn set_synced(&mut self, id: NodeId, synced: Option<Synced>) {
        let Some(node) = node_mut(&mut self.nodes, id) else { return };
        node.synced = synced;
        self.changed(id);
    }

    /// Sets what the cloud holds.
    pub fn set_remote(&mut self, id: NodeId, remote: Option<Remote>) {
        let Some(node) = node_mut(&mut self.nodes, id) else { return };
        let (old, new) = (live_place(node.remote.as_ref()), live_place(remote.as_ref()));
        reindex(&mut self.remote, id, old, new);
        node.remote = remote;
        self.changed(id);
    }

    /// Sets the record's id.
    pub fn set_record(&mut self, id: NodeId, record: Option<Box<str>>) {
        let Some(node) = node_mut(&mut self.nodes, id) else { return };
        if let Some(old) = &node.record {
            let hash = record_hash(old);
            if let Ok(entry) = self.records.find_entry(spread(hash), |entry| *entry == (hash, id)) {
                entry.remove();
            }
        }
        if let Some(new) = &record {
            let hash = record_hash(new);
            self.records.insert_unique(spread(hash), (hash, id), |entry| spread(entry.0));
        }
        node.record = record;
        self.unsaved.insert(id);
    }

    /// Changes what no look-up depends on: trouble, and who sent the bytes.
    pub fn note(&mut self, id: NodeId, change: impl FnOnce(&mut Node)) {
        let Some(node) = node_mut(&mut self.nodes, id) else { return };
        change(node);
        self.unsaved.insert(id);
    }

    /// Forgets a node.
    pub fn remove(&mut self, id: NodeId) {
        self.set_local(id, None);
        self.set_remote(id, None);
        self.set_record(id, None);
        self.out_of_step.remove(&id);
        self.unsaved.insert(id);
        if let Some(slot) = self.nodes.get_mut(id.0 as usize)
            && slot.take().is_some()
        {
            self.live -= 1;
        }
    }

    /// The nodes that changed, or went, since the last call.
    pub fn take_unsaved(&mut self) -> BTreeSet<NodeId> {
        std::mem::take(&mut self.unsaved)
    }

    /// Gives back what could not be written to the index.
    pub fn put_back_unsaved(&mut self, ids: BTreeSet<NodeId>) {
        self.unsaved.extend(ids);
    }

    fn changed(&mut self, id: NodeId) {
        self.unsaved.insert(id);
        let agreed = self.get(id).is_none_or(|node| in_step(node, self.keep_originals));
        if !agreed {
            self.out_of_step.insert(id);
            return;
        }
        self.out_of_step.remove(&id);
        // What is in step waits for nothing.
        if let Some(node) = node_mut(&mut self.nodes, id) {
            node.trouble = None;
        }
    }
}

fn node_mut(nodes: &mut [Option<Box<Node>>], id: NodeId) -> Option<&mut Node> {
    nodes.get_mut(id.0 as usize)?.as_deref_mut()
}

fn live_place(remote: Option<&Remote>) -> Option<&Arc<Place>> {
    remote.filter(|remote| !remote.deleted).map(|remote| &remote.place)
}

fn reindex(index: &mut PlaceIndex, id: NodeId, old: Option<&Arc<Place>>, new: Option<&Arc<Place>>) {
    if old == new {
        return;
    }
    if let Some(place) = old {
        index.remove(place.parent, &place.name, id);
    }
    if let Some(place) = new {
        index.insert(place.parent, &place.name, id);
    }
}

fn entries<'a>(
    nodes: &'a [Option<Box<Node>>],
    place: impl Fn(&'a Node) -> Option<&'a Arc<Place>> + 'a,
) -> impl Iterator<Item = (NodeId, &'a str, NodeId)> + 'a {
    nodes.iter().enumerate().filter_map(move |(index, node)| {
        let place = place(node.as_deref()?)?;
        Some((place.parent, &*place.name, NodeId(index as u32)))
    })
}

/// Whether the three trees agree on a node.
fn in_step(node: &Node, keep_originals: bool) -> bool {
    let (Some(local), Some(synced), Some(remote)) = (&node.local, &node.synced, &node.remote) else {
        // A node that no tree holds any more is out of step until it is forgotten.
        return false;
    };
    if remote.deleted || local.place != synced.place || remote.place != synced.place {
        return false;
    }
    if remote.content != synced.content {
        return false;
    }
    match &local.content {
        LocalContent::Dir(_) => true,
        LocalContent::CloudOnly(content) => !keep_originals && Some(content) == synced.content.as_ref(),
        LocalContent::Here(content, _) => Some(content) == synced.content.as_ref(),
        LocalContent::Unread(_) => false,
    }
}
