//! A disk and a cloud that refuse what real ones refuse, and the run that keeps them in step.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_engine::plan::{self, CloudAction, DiskAction, Later, Learn, Plan, Request, Steps};
use cloudsync_engine::ports::Stamp;
use cloudsync_engine::tree::{
    Content, Kind, Local, LocalContent, NodeId, NodeRef, Place, Previews, Remote, Row, Trees,
};

/// What a person's bytes are in the model: a number.
pub(crate) type Bytes = u32;

/// What conflict copies are called after.
pub(crate) const LABEL: &str = "phone 2026";

pub(crate) fn content(bytes: Bytes) -> Content {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&bytes.to_le_bytes());
    Content { digest, size: 10, mtime_ns: 0, identifier: None }
}

pub(crate) fn bytes_of(content: &Content) -> Bytes {
    let [a, b, c, d, ..] = content.digest;
    u32::from_le_bytes([a, b, c, d])
}

/// A small, fast source of choices.
#[derive(Debug, Clone)]
pub(crate) struct Chance(pub u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
}

#[derive(Debug, Clone)]
enum Entry {
    File(Bytes),
    Dir(BTreeMap<String, Entry>),
}

/// Folders, and files in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    top: BTreeMap<String, Entry>,
}

impl Disk {
    fn folder(&mut self, path: &str) -> Result<&mut BTreeMap<String, Entry>, String> {
        let mut at = &mut self.top;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            match at.get_mut(name) {
                Some(Entry::Dir(inner)) => at = inner,
                _ => return Err(format!("no folder {path}")),
            }
        }
        Ok(at)
    }

    fn get(&mut self, path: &str) -> Option<&mut Entry> {
        let (folder, name) = split(path);
        self.folder(folder).ok()?.get_mut(name)
    }

    fn put(&mut self, path: &str, entry: Entry) -> Result<(), String> {
        let (folder, name) = split(path);
        let folder = self.folder(folder)?;
        if folder.contains_key(name) {
            return Err(format!("{path} is occupied"));
        }
        folder.insert(name.to_owned(), entry);
        Ok(())
    }

    pub(crate) fn make_dir(&mut self, path: &str) -> Result<(), String> {
        self.put(path, Entry::Dir(BTreeMap::new()))
    }

    pub(crate) fn create(&mut self, path: &str, bytes: Bytes) -> Result<(), String> {
        self.put(path, Entry::File(bytes))
    }

    pub(crate) fn read(&mut self, path: &str) -> Result<Bytes, String> {
        match self.get(path) {
            Some(Entry::File(bytes)) => Ok(*bytes),
            _ => Err(format!("no file {path}")),
        }
    }

    fn replace(&mut self, path: &str, bytes: Bytes) -> Result<(), String> {
        match self.get(path) {
            Some(Entry::File(old)) => *old = bytes,
            _ => return Err(format!("no file {path}")),
        }
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), String> {
        if to == from || to.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
            return Err(format!("{from} into itself, {to}"));
        }
        if self.get(to).is_some() {
            return Err(format!("{to} is occupied"));
        }
        self.folder(split(to).0)?;
        let (folder, name) = split(from);
        let entry = self.folder(folder)?.remove(name).ok_or(format!("no {from}"))?;
        self.put(to, entry)
    }

    fn remove(&mut self, path: &str, kind: Kind) -> Result<(), String> {
        match (self.get(path), kind) {
            (Some(Entry::File(_)), Kind::File) => {}
            (Some(Entry::Dir(inner)), Kind::Dir) if inner.is_empty() => {}
            (found, _) => return Err(format!("cannot remove {path}: {found:?}")),
        }
        let (folder, name) = split(path);
        self.folder(folder)?.remove(name);
        Ok(())
    }

    /// Every path; folders without bytes.
    pub(crate) fn listing(&self) -> BTreeMap<String, Option<Bytes>> {
        fn walk(at: &BTreeMap<String, Entry>, path: &str, into: &mut BTreeMap<String, Option<Bytes>>) {
            for (name, entry) in at {
                let path = join(path, name);
                match entry {
                    Entry::File(bytes) => {
                        into.insert(path, Some(*bytes));
                    }
                    Entry::Dir(inner) => {
                        walk(inner, &path, into);
                        into.insert(path, None);
                    }
                }
            }
        }
        let mut listing = BTreeMap::new();
        walk(&self.top, "", &mut listing);
        listing
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The record of the folder; `None` for the gallery itself.
    pub(crate) folder: Option<Box<str>>,
    pub(crate) name: Box<str>,
    pub(crate) bytes: Option<Bytes>,
    pub(crate) deleted: bool,
}

/// Records, each in the folder that it names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cloud {
    pub(crate) records: BTreeMap<Box<str>, Record>,
}

impl Cloud {
    /// The folder is there and not beneath the record. What is wrong further up was wrong before.
    fn check_folder(&self, record: &str, is_dir: bool, folder: Option<&str>) -> Result<(), String> {
        let mut at = folder;
        for above in 0..=self.records.len() {
            let Some(id) = at else { break };
            if id == record && is_dir {
                return Err(format!("{record} into itself, {folder:?}"));
            }
            match self.records.get(id).filter(|found| !found.deleted && found.bytes.is_none()) {
                Some(found) => at = found.folder.as_deref(),
                None if above == 0 => return Err(format!("{record} into {folder:?}: no such folder")),
                None => break,
            }
        }
        Ok(())
    }

    fn write(&mut self, id: &str, record: Record) -> Result<(), String> {
        self.check_folder(id, record.bytes.is_none(), record.folder.as_deref())?;
        self.records.insert(id.into(), record);
        Ok(())
    }

    fn delete(&mut self, id: &str) -> Result<(), String> {
        if self.records.values().any(|record| !record.deleted && record.folder.as_deref() == Some(id)) {
            return Err(format!("{id} is not empty"));
        }
        let record = self.records.get_mut(id).filter(|record| !record.deleted).ok_or(format!("no {id}"))?;
        record.deleted = true;
        Ok(())
    }

    /// Every path of a living record; folders without bytes.
    pub(crate) fn listing(&self) -> Result<BTreeMap<String, Option<Bytes>>, String> {
        let mut listing = BTreeMap::new();
        for (id, record) in self.records.iter().filter(|(_, record)| !record.deleted) {
            let mut path = record.name.to_string();
            let mut at = record.folder.as_ref();
            for _ in 0..self.records.len() {
                let Some(above) = at else { break };
                let above = self.records.get(above).filter(|found| !found.deleted && found.bytes.is_none());
                let above = above.ok_or(format!("{id} is an orphan"))?;
                path = join(&above.name, &path);
                at = above.folder.as_ref();
            }
            if at.is_some() {
                return Err(format!("{id} is in a circle"));
            }
            if listing.insert(path.clone(), record.bytes).is_some() {
                return Err(format!("two records at {path}"));
            }
        }
        Ok(listing)
    }
}

/// A device and its cloud.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) trees: Trees,
    pub(crate) disk: Disk,
    pub(crate) cloud: Cloud,
    pub(crate) frozen: BTreeSet<NodeId>,
    pub(crate) fetch_bytes: bool,
    pub(crate) keep_originals: bool,
    pub(crate) new_files_at_once: usize,
    /// How many plans with steps are enough where nothing is cut or frozen.
    pub(crate) rounds: usize,
    /// What was done, in order.
    pub(crate) done: Vec<Done>,
    records_given: u32,
}

/// A step that was done.
#[derive(Debug, Clone)]
pub(crate) enum Done {
    Disk(DiskAction),
    Cloud(CloudAction),
}

/// Where a run ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cuts {
    /// Nowhere.
    None,
    /// The first plans are carried out in part only, and the trees read from the index again.
    Some,
}

impl World {
    pub(crate) fn new(
        trees: Trees,
        disk: Disk,
        cloud: Cloud,
        fetch_bytes: bool,
        keep_originals: bool,
    ) -> Self {
        World {
            trees,
            disk,
            cloud,
            frozen: BTreeSet::new(),
            fetch_bytes,
            keep_originals,
            new_files_at_once: usize::MAX,
            rounds: 1,
            done: Vec::new(),
            records_given: 0,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        plan::plan(&Request {
            trees: &self.trees,
            frozen: &self.frozen,
            label: LABEL,
            fetch_bytes: self.fetch_bytes,
            new_files_at_once: self.new_files_at_once,
        })
    }

    /// Plans and does until nothing is left to do.
    pub(crate) fn run(&mut self, chance: &mut Chance, cuts: Cuts) -> Result<(), String> {
        let mut cut_rounds = if cuts == Cuts::Some { chance.below(6) } else { 0 };
        let mut step_rounds = 0;
        for _ in 0..200 {
            let plan = self.plan();
            if plan != self.plan() {
                return Err("the same trees gave two plans".into());
            }
            self.check_frozen(&plan)?;
            if !plan.learn.is_empty() {
                if !(plan.disk.is_empty() && plan.cloud.is_empty() && plan.settle.is_empty()) {
                    return Err(format!("learns and acts at once: {plan:?}"));
                }
                for learn in &plan.learn {
                    self.learn(learn)?;
                }
                continue;
            }
            if plan.disk.is_empty() && plan.cloud.is_empty() {
                plan.settle.iter().for_each(|&id| plan::settle(&mut self.trees, id));
                let rest = self.plan();
                return if rest.is_empty() || !self.frozen.is_empty() {
                    Ok(())
                } else {
                    Err(format!("settled, and yet {rest:?}"))
                };
            }
            if cut_rounds > 0 {
                cut_rounds -= 1;
                let some = chance.below(plan.disk.len() + plan.cloud.len() + 1);
                self.carry_out(&plan, chance, some)?;
                self.read_index_again()?;
                continue;
            }
            step_rounds += usize::from(plan.later == Later::default());
            if step_rounds > self.rounds && cuts == Cuts::None && self.frozen.is_empty() {
                return Err(format!("one plan was not enough: {plan:?}"));
            }
            self.carry_out(&plan, chance, usize::MAX)?;
            plan.settle.iter().for_each(|&id| plan::settle(&mut self.trees, id));
        }
        Err(format!("no end: {:?}", self.plan()))
    }

    fn check_frozen(&self, plan: &Plan) -> Result<(), String> {
        let learned = plan.learn.iter().flat_map(|learn| match learn {
            Learn::Hash(id) | Learn::SetAside { node: id, .. } => vec![*id],
            Learn::Adopt { here, there } => vec![*here, *there],
        });
        let disk = plan.disk.actions().iter().map(DiskAction::node);
        let cloud = plan.cloud.actions().iter().map(CloudAction::node);
        match learned.chain(disk).chain(cloud).find(|id| self.frozen.contains(id)) {
            Some(id) => Err(format!("{id:?} is frozen: {plan:?}")),
            None => Ok(()),
        }
    }

    /// Carries out as many steps as said, in any order that is allowed.
    fn carry_out(&mut self, plan: &Plan, chance: &mut Chance, some: usize) -> Result<(), String> {
        let mut disk = Open::new(&plan.disk);
        let mut cloud = Open::new(&plan.cloud);
        for _ in 0..some {
            let at_disk = chance.below(disk.ready.len() + cloud.ready.len()) < disk.ready.len();
            let done = if at_disk {
                let Some(step) = disk.take(chance) else { break };
                Done::Disk(step.clone())
            } else {
                let Some(step) = cloud.take(chance) else { break };
                Done::Cloud(step.clone())
            };
            let result = match &done {
                Done::Disk(action) => self.at_disk(action),
                Done::Cloud(action) => self.in_cloud(action),
            };
            result.map_err(|why| format!("{why}\nat {done:?}\nafter {:?}\nof {plan:#?}", self.done))?;
            let (Done::Disk(_) | Done::Cloud(_)) = &done;
            let node = match &done {
                Done::Disk(action) => action.node(),
                Done::Cloud(action) => action.node(),
            };
            plan::settle(&mut self.trees, node);
            self.done.push(done);
        }
        if some == usize::MAX && !(disk.left == 0 && cloud.left == 0) {
            return Err(format!("steps wait for one another: {plan:?}"));
        }
        Ok(())
    }

    fn path(&self, id: NodeId) -> Result<String, String> {
        self.trees.local_path(id).ok_or(format!("{id:?} has no path"))
    }

    fn path_at(&self, place: &Place) -> Result<String, String> {
        self.trees.path_in(place.parent, &place.name).ok_or(format!("{place:?} has no path"))
    }

    fn local(&self, id: NodeId) -> Result<Local, String> {
        self.trees.local(id).map(Local::to_local).ok_or(format!("{id:?} is not here"))
    }

    fn learn(&mut self, learn: &Learn) -> Result<(), String> {
        match learn {
            Learn::Hash(id) => {
                let local = self.local(*id)?;
                let LocalContent::Unread(stamp) = local.content else {
                    return Err(format!("{id:?} was read already"));
                };
                let bytes = self.disk.read(&self.path(*id)?)?;
                self.trees.set_local_content(*id, LocalContent::Here(content(bytes), stamp));
            }
            Learn::Adopt { here, there } => {
                self.path(*here)?;
                plan::adopt(&mut self.trees, *here, *there);
            }
            Learn::SetAside { node, name } => {
                let place = Place { parent: self.local(*node)?.place.parent, name: name.clone() };
                self.disk.rename(&self.path(*node)?, &self.path_at(&place)?)?;
                plan::set_aside(&mut self.trees, *node, name);
            }
        }
        Ok(())
    }

    fn at_disk(&mut self, action: &DiskAction) -> Result<(), String> {
        let local = match action {
            DiskAction::MakeDir(_, place) => {
                self.disk.make_dir(&self.path_at(place)?)?;
                Some(Local { place: place.clone(), content: LocalContent::Dir(0) })
            }
            DiskAction::Park(id, name) => {
                Some(self.renamed(*id, Place { parent: NodeId::ROOT, name: name.clone() })?)
            }
            DiskAction::Move(id, place) => Some(self.renamed(*id, place.clone())?),
            DiskAction::Fetch(id, place) => Some(self.fetched(*id, place)?),
            DiskAction::Trash(id) => {
                if !matches!(self.local(*id)?.content, LocalContent::CloudOnly(_)) {
                    self.disk.remove(&self.path(*id)?, Kind::File)?;
                }
                None
            }
            DiskAction::RemoveDir(id) => {
                self.disk.remove(&self.path(*id)?, Kind::Dir)?;
                None
            }
            DiskAction::Place(id, place) => {
                self.path_at(place)?;
                let content = LocalContent::CloudOnly(self.remote_content(*id)?);
                Some(Local { place: place.clone(), content })
            }
        };
        self.trees.set_local(action.node(), local.as_ref().map(Local::as_ref));
        Ok(())
    }

    fn renamed(&mut self, id: NodeId, place: Place) -> Result<Local, String> {
        let local = self.local(id)?;
        if matches!(local.content, LocalContent::CloudOnly(_)) {
            return Err(format!("{id:?} is not on the disk"));
        }
        self.disk.rename(&self.path(id)?, &self.path_at(&place)?)?;
        Ok(Local { place, content: local.content })
    }

    fn fetched(&mut self, id: NodeId, place: &Place) -> Result<Local, String> {
        let there = self.remote_content(id)?;
        let path = self.path_at(place)?;
        match self.local(id) {
            Ok(Local { place: old, content: LocalContent::Here(..) | LocalContent::Unread(_) }) => {
                if old != *place {
                    return Err(format!("{id:?} is not at {path} yet"));
                }
                self.disk.replace(&path, bytes_of(&there))?;
            }
            _ => self.disk.create(&path, bytes_of(&there))?,
        }
        Ok(Local { place: place.clone(), content: LocalContent::Here(there, Stamp::default()) })
    }

    fn remote_content(&self, id: NodeId) -> Result<Content, String> {
        let remote = self.trees.remote(id);
        remote.and_then(|remote| remote.content).ok_or(format!("{id:?} has no bytes in the cloud"))
    }

    fn in_cloud(&mut self, action: &CloudAction) -> Result<(), String> {
        let id = action.node();
        let row = self.trees.row(id).cloned().ok_or("no node")?;
        let node = row.node();
        match action {
            CloudAction::Insert { place, bytes, .. } => {
                if node.live_remote().is_some() {
                    return Err(format!("{id:?} is there already"));
                }
                let record = node.record.map_or_else(
                    || {
                        self.records_given += 1;
                        format!("n{}", self.records_given)
                    },
                    ToOwned::to_owned,
                );
                self.write(id, &node, &record, place, *bytes)?;
                self.trees.set_record(id, Some(&record));
            }
            CloudAction::Update { place, bytes, .. } => {
                let record = node.record.ok_or("no record to update")?;
                if self.cloud.records.get(record).is_none_or(|record| record.deleted) {
                    return Err(format!("{id:?} is not there"));
                }
                self.write(id, &node, record, place, *bytes)?;
            }
            CloudAction::Delete(_) => {
                self.cloud.delete(node.record.ok_or("no record to delete")?)?;
                let tombstone = node.remote.map(|remote| Remote { deleted: true, ..remote });
                self.trees.set_remote(id, tombstone);
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        id: NodeId,
        node: &NodeRef<'_>,
        record: &str,
        place: &Place,
        send: bool,
    ) -> Result<(), String> {
        let folder = match place.parent {
            NodeId::ROOT => None,
            parent => {
                let record = self.trees.get(parent).and_then(|node| node.record);
                Some(record.ok_or("no folder")?.into())
            }
        };
        let there = node.live_remote();
        let content = match (node.kind, send) {
            (Kind::Dir, _) => None,
            (Kind::File, true) => Some(self.sent(id)?),
            (Kind::File, false) => Some(there.and_then(|remote| remote.content).ok_or("no bytes to keep")?),
        };
        let bytes = content.as_ref().map(bytes_of);
        self.cloud.write(record, Record { folder, name: place.name.clone(), bytes, deleted: false })?;
        let version = node.remote.map_or(1, |remote| remote.version + 1);
        let remote = Remote {
            place: place.as_ref(),
            content,
            asset: None,
            previews: Previews::NONE,
            version,
            deleted: false,
        };
        self.trees.set_remote(id, Some(remote));
        Ok(())
    }

    fn sent(&mut self, id: NodeId) -> Result<Content, String> {
        let content = content(self.disk.read(&self.path(id)?)?);
        self.trees.set_local_content(id, LocalContent::Here(content, Stamp::default()));
        Ok(content)
    }

    /// As after a kill: the trees come from the index.
    fn read_index_again(&mut self) -> Result<(), String> {
        let nodes = self.trees.iter().map(|(id, node)| (id, Row::of(&node))).collect();
        let again = Trees::from_index(nodes, self.trees.next_id(), self.keep_originals);
        if again.out_of_step() != self.trees.out_of_step() {
            return Err("the index does not know what is out of step".into());
        }
        self.trees = again;
        Ok(())
    }

    /// Disk, cloud and the trees hold the same, and it is a tree.
    pub(crate) fn check_agreement(&mut self) -> Result<BTreeMap<String, Option<Bytes>>, String> {
        if let Some(id) = self.trees.out_of_step().first() {
            return Err(format!("{id:?} is out of step: {:?}", self.trees.get(id)));
        }
        let mut on_disk = BTreeMap::new();
        let mut all = BTreeMap::new();
        for (id, node) in self.trees.iter() {
            let path = self.path(id)?;
            let (bytes, here) = match self.local(id)?.content {
                LocalContent::Dir(_) => (None, true),
                LocalContent::Here(content, _) => (Some(bytes_of(&content)), true),
                LocalContent::CloudOnly(content) => (Some(bytes_of(&content)), false),
                LocalContent::Unread(_) => return Err(format!("{path} was never read")),
            };
            if here {
                on_disk.insert(path.clone(), bytes);
            }
            if all.insert(path.clone(), bytes).is_some() {
                return Err(format!("two nodes at {path}"));
            }
            if node.remote.map(|remote| remote.place) != node.local.map(|local| local.place) {
                return Err(format!("{path} is elsewhere in the cloud"));
            }
        }
        if on_disk != self.disk.listing() {
            return Err(format!("the disk holds {:?}, the trees {on_disk:?}", self.disk.listing()));
        }
        let cloud = self.cloud.listing()?;
        if all != cloud {
            return Err(format!("the cloud holds {cloud:?}, the trees {all:?}"));
        }
        Ok(all)
    }
}

/// Steps that are not done yet.
struct Open<'a, A> {
    steps: &'a Steps<A>,
    waits: Vec<usize>,
    ready: Vec<usize>,
    left: usize,
}

impl<'a, A> Open<'a, A> {
    fn new(steps: &'a Steps<A>) -> Self {
        let waits: Vec<usize> = (0..steps.len()).map(|index| steps.after(index).len()).collect();
        let ready = (0..steps.len()).filter(|&index| waits[index] == 0).collect();
        Open { steps, waits, ready, left: steps.len() }
    }

    fn take(&mut self, chance: &mut Chance) -> Option<&'a A> {
        if self.ready.is_empty() {
            return None;
        }
        let pick = chance.below(self.ready.len());
        let index = self.ready.swap_remove(pick);
        self.left -= 1;
        for later in 0..self.steps.len() {
            if self.steps.after(later).contains(&(index as u32)) {
                self.waits[later] -= 1;
                if self.waits[later] == 0 {
                    self.ready.push(later);
                }
            }
        }
        self.steps.actions().get(index)
    }
}
