//! One tree, changed on two sides.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_engine::ports::Stamp;
use cloudsync_engine::tree::{
    Kind, Local, LocalContent, NodeId, Place, PlaceRef, Previews, Remote, Synced, Trees,
};

use super::model::{Bytes, Chance, Cloud, Disk, Record, World, content};

/// A file or folder; the gallery itself is number 0.
pub(crate) type Number = u32;

pub(crate) const TOP: Number = 0;
/// A folder that the cloud names and does not have.
pub(crate) const UNKNOWN: Number = 9999;

/// What the disk holds of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Here,
    Unread,
    CloudOnly,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) folder: Number,
    pub(crate) name: &'static str,
    /// `None` for a folder.
    pub(crate) bytes: Option<Bytes>,
    pub(crate) held: Held,
}

/// What one side holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) items: BTreeMap<Number, Item>,
}

impl Side {
    pub(crate) fn is_dir(&self, number: Number) -> bool {
        number == TOP || self.items.get(&number).is_some_and(|item| item.bytes.is_none())
    }

    pub(crate) fn dirs(&self) -> Vec<Number> {
        let dirs = self.items.iter().filter(|(_, item)| item.bytes.is_none()).map(|(&number, _)| number);
        std::iter::once(TOP).chain(dirs).collect()
    }

    /// Who takes up a place; cloud-only files do not.
    pub(crate) fn at(&self, folder: Number, name: &str) -> Option<Number> {
        let mut found = self
            .items
            .iter()
            .filter(|(_, i)| i.folder == folder && i.name == name && i.held != Held::CloudOnly);
        found.next().map(|(&number, _)| number)
    }

    pub(crate) fn is_beneath(&self, mut number: Number, above: Number) -> bool {
        for _ in 0..=self.items.len() {
            if number == above {
                return true;
            }
            match self.items.get(&number) {
                Some(item) => number = item.folder,
                None => return false,
            }
        }
        false
    }

    /// Deletes with everything beneath. What is not on the disk may outlive its folder there.
    pub(crate) fn delete(&mut self, number: Number, keep_cloud_only: bool) {
        let gone: Vec<Number> =
            self.items.keys().copied().filter(|&inner| self.is_beneath(inner, number)).collect();
        for inner in gone {
            let cloud_only = self.items.get(&inner).is_some_and(|item| item.held == Held::CloudOnly);
            if inner == number || !(cloud_only && keep_cloud_only) {
                self.items.remove(&inner);
            }
        }
    }

    pub(crate) fn place(&self, number: Number) -> Option<(Number, &'static str)> {
        self.items.get(&number).map(|item| (item.folder, item.name))
    }

    pub(crate) fn put(&mut self, number: Number, (folder, name): (Number, &'static str)) {
        if let Some(item) = self.items.get_mut(&number) {
            (item.folder, item.name) = (folder, name);
        }
    }
}

/// What a device and its cloud are when they are opened.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) base: Side,
    pub(crate) local: Side,
    pub(crate) remote: Side,
    /// There is no synced tree, and nobody knows which file is which record.
    pub(crate) index_lost: bool,
    /// Deleted records are remembered.
    pub(crate) tombstones: bool,
    pub(crate) fetch_bytes: bool,
    pub(crate) keep_originals: bool,
    pub(crate) new_files_at_once: usize,
    pub(crate) frozen: BTreeSet<Number>,
    /// The cloud's tree need not be a tree.
    pub(crate) lies: bool,
}

impl Start {
    pub(crate) fn new(base: Side) -> Self {
        Start {
            local: base.clone(),
            remote: base.clone(),
            base,
            index_lost: false,
            tombstones: true,
            fetch_bytes: true,
            keep_originals: false,
            new_files_at_once: usize::MAX,
            frozen: BTreeSet::new(),
            lies: false,
        }
    }

    /// The world, and each number's node on the disk's side and on the cloud's.
    pub(crate) fn world(&self) -> Result<(World, Numbers), String> {
        let mut trees = Trees::new(self.keep_originals);
        let numbers = self.number(&mut trees);
        let mut cloud = Cloud::default();
        for (&number, item) in &self.base.items {
            if !self.index_lost {
                let (id, place) = (numbers.there(number), numbers.place_there(item));
                trees.set_synced(id, Some(Synced { place, content: item.bytes.map(content) }));
            }
        }
        let deleted = self.base.items.iter().filter(|(n, _)| !self.remote.items.contains_key(n));
        let deleted = deleted.filter(|_| self.tombstones).map(|(n, item)| (n, item, true));
        for (number, item, deleted) in
            self.remote.items.iter().map(|(n, item)| (n, item, false)).chain(deleted)
        {
            let id = numbers.there(*number);
            let (place, content) = (numbers.place_there(item), item.bytes.map(content));
            trees.set_remote(
                id,
                Some(Remote { place, content, asset: None, previews: Previews::NONE, version: 1, deleted }),
            );
            let folder = (item.folder != TOP).then(|| record_of(item.folder));
            let record = Record { folder, name: item.name.into(), bytes: item.bytes, deleted };
            cloud.records.insert(record_of(*number), record);
        }
        for (&number, item) in &self.local.items {
            let stamp = Stamp::default();
            let content = match (item.bytes.map(content), item.held) {
                (None, _) => LocalContent::Dir(0),
                (Some(content), Held::Here) => LocalContent::Here(content, stamp),
                (Some(_), Held::Unread) => LocalContent::Unread(stamp),
                (Some(content), Held::CloudOnly) => LocalContent::CloudOnly(content),
            };
            trees.set_local(numbers.here(number), Some(Local { place: numbers.place_here(item), content }));
        }
        let empty: Vec<NodeId> = trees
            .iter()
            .filter(|(_, node)| {
                node.record.is_none()
                    && node.local.is_none()
                    && node.synced.is_none()
                    && node.remote.is_none()
            })
            .map(|(id, _)| id)
            .collect();
        empty.into_iter().for_each(|id| trees.remove(id));
        let mut disk = Disk::default();
        self.fill(&mut disk, TOP, "")?;
        let mut world = World::new(trees, disk, cloud, self.fetch_bytes, self.keep_originals);
        world.new_files_at_once = self.new_files_at_once;
        world.rounds = if self.lies { 3 } else { 1 };
        world.frozen = self.frozen.iter().map(|&number| numbers.there(number)).collect();
        Ok((world, numbers))
    }

    fn number(&self, trees: &mut Trees) -> Numbers {
        let mut numbers = Numbers::default();
        let kinds = |side: &Side, number| if side.is_dir(number) { Kind::Dir } else { Kind::File };
        for &number in self.base.items.keys().chain(self.remote.items.keys()) {
            let side = if self.base.items.contains_key(&number) { &self.base } else { &self.remote };
            numbers.there.entry(number).or_insert_with(|| trees.add(kinds(side, number)));
        }
        for &number in self.local.items.keys() {
            if !self.index_lost
                && let Some(&id) = numbers.there.get(&number)
            {
                numbers.here.insert(number, id);
                continue;
            }
            numbers.here.insert(number, trees.add(kinds(&self.local, number)));
        }
        let mut named = BTreeSet::new();
        for folder in self.remote.items.values().map(|item| item.folder).filter(|&folder| folder != TOP) {
            numbers.there.entry(folder).or_insert_with(|| trees.add(Kind::Dir));
            named.insert(folder);
        }
        for (&number, &id) in &numbers.there {
            let known = self.remote.items.contains_key(&number) || named.contains(&number);
            if known || (self.base.items.contains_key(&number) && (self.tombstones || !self.index_lost)) {
                trees.set_record(id, Some(&record_of(number)));
            }
        }
        numbers
    }

    fn fill(&self, disk: &mut Disk, folder: Number, path: &str) -> Result<(), String> {
        for (&number, item) in self.local.items.iter().filter(|(_, item)| item.folder == folder) {
            let path = if path.is_empty() { item.name.into() } else { format!("{path}/{}", item.name) };
            match (item.bytes, item.held) {
                (None, _) => {
                    disk.make_dir(&path)?;
                    self.fill(disk, number, &path)?;
                }
                (Some(_), Held::CloudOnly) => {}
                (Some(bytes), _) => disk.create(&path, bytes)?,
            }
        }
        Ok(())
    }
}

pub(crate) fn record_of(number: Number) -> Box<str> {
    format!("r{number:04}").into()
}

/// Which node each number is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    here: BTreeMap<Number, NodeId>,
    there: BTreeMap<Number, NodeId>,
}

impl Numbers {
    pub(crate) fn here(&self, number: Number) -> NodeId {
        let both = || self.there.get(&number);
        self.here.get(&number).or_else(both).copied().unwrap_or(NodeId::ROOT)
    }

    pub(crate) fn there(&self, number: Number) -> NodeId {
        let both = || self.here.get(&number);
        self.there.get(&number).or_else(both).copied().unwrap_or(NodeId::ROOT)
    }

    fn place_here(&self, item: &Item) -> PlaceRef<'static> {
        Place { parent: self.here(item.folder), name: item.name }
    }

    fn place_there(&self, item: &Item) -> PlaceRef<'static> {
        Place { parent: self.there(item.folder), name: item.name }
    }
}

/// What a person, or a program, does on one side: what, and to which of what there is.
pub(crate) type Deed = (u8, u8, u8, u8);

/// Names that are easily taken for one another, and so often that they meet.
const NAMES: [&str; 7] = ["a", "b", "c", "A", "\u{e9}", "e\u{301}", "d.jpg"];

/// Does deeds to a side. Never makes it an invalid tree, unless the cloud lies.
pub(crate) struct Doer<'a> {
    pub(crate) side: &'a mut Side,
    /// The next number for something new.
    pub(crate) next: Number,
    pub(crate) on_disk: bool,
    pub(crate) lies: bool,
}

impl Doer<'_> {
    pub(crate) fn all(&mut self, deeds: &[Deed]) {
        for &deed in deeds {
            self.one(deed);
        }
    }

    fn one(&mut self, (what, a, b, c): Deed) {
        let name = NAMES[usize::from(b) % NAMES.len()];
        let fresh = self.next * 10;
        match what % 20 {
            0 | 1 => self.create(a, name, Some(fresh)),
            2 | 3 => self.create(a, name, None),
            4 | 5 => self.edit(a, fresh, c),
            6 => self.delete(a, c),
            7 => self.rename(a, name),
            8 => self.relocate(a, b),
            9 => self.swap(a, b),
            10 => self.turn(a, b, c),
            11 => self.invert(a),
            12 => self.empty_and_delete(a, b, c),
            13 => self.change_kind(a, fresh, c),
            14 => self.create(a, name, Some(1 + Bytes::from(c % 3))),
            15 => self.edit(a, 1 + Bytes::from(b % 3), c),
            16 => self.replace(a, fresh, c),
            17 => self.touch(a),
            _ if self.lies => self.lie(a, b, c),
            18 => self.relocate(b, a),
            _ => self.rename(b, NAMES[usize::from(a) % NAMES.len()]),
        }
    }

    fn pick(&self, which: u8) -> Option<Number> {
        // Cloud-only files can only be touched through their folders.
        let there: Vec<Number> =
            self.side.items.iter().filter(|(_, i)| i.held != Held::CloudOnly).map(|(&n, _)| n).collect();
        there.get(usize::from(which) % there.len().max(1)).copied()
    }

    fn pick_dir(&self, which: u8) -> Number {
        let dirs = self.side.dirs();
        dirs[usize::from(which) % dirs.len()]
    }

    fn add(&mut self, folder: Number, name: &'static str, bytes: Option<Bytes>) {
        if self.side.at(folder, name).is_none() {
            let held =
                if self.on_disk && bytes.is_some_and(|b| b % 3 != 0) { Held::Unread } else { Held::Here };
            self.side.items.insert(self.next, Item { folder, name, bytes, held });
            self.next += 1;
        }
    }

    fn create(&mut self, which: u8, name: &'static str, bytes: Option<Bytes>) {
        self.add(self.pick_dir(which), name, bytes);
    }

    fn edit(&mut self, which: u8, bytes: Bytes, how: u8) {
        let on_disk = self.on_disk;
        if let Some(number) = self.pick(which)
            && let Some(item) = self.side.items.get_mut(&number)
            && item.bytes.is_some()
        {
            item.bytes = Some(bytes);
            item.held = if on_disk && how.is_multiple_of(2) { Held::Unread } else { Held::Here };
            self.next += 1;
        }
    }

    fn touch(&mut self, which: u8) {
        let on_disk = self.on_disk;
        if let Some(number) = self.pick(which)
            && let Some(item) = self.side.items.get_mut(&number)
            && item.bytes.is_some()
            && on_disk
        {
            item.held = Held::Unread;
        }
    }

    fn delete(&mut self, which: u8, how: u8) {
        if let Some(number) = self.pick(which) {
            self.side.delete(number, how.is_multiple_of(2));
        }
    }

    fn try_put(&mut self, number: Number, folder: Number, name: &'static str) {
        if self.side.at(folder, name).is_none() && !self.side.is_beneath(folder, number) {
            self.side.put(number, (folder, name));
        }
    }

    fn rename(&mut self, which: u8, name: &'static str) {
        if let Some(number) = self.pick(which)
            && let Some((folder, _)) = self.side.place(number)
        {
            self.try_put(number, folder, name);
        }
    }

    fn relocate(&mut self, which: u8, into: u8) {
        if let Some(number) = self.pick(which)
            && let Some((_, name)) = self.side.place(number)
        {
            self.try_put(number, self.pick_dir(into), name);
        }
    }

    fn swap(&mut self, a: u8, b: u8) {
        if let (Some(a), Some(b)) = (self.pick(a), self.pick(b))
            && !self.side.is_beneath(a, b)
            && !self.side.is_beneath(b, a)
            && let (Some(at_a), Some(at_b)) = (self.side.place(a), self.side.place(b))
        {
            self.side.put(a, at_b);
            self.side.put(b, at_a);
        }
    }

    fn turn(&mut self, a: u8, b: u8, c: u8) {
        self.swap(a, b);
        self.swap(b, c);
    }

    /// A folder goes into what was in it.
    fn invert(&mut self, which: u8) {
        let inner: Vec<Number> = self
            .side
            .dirs()
            .into_iter()
            .filter(|&n| self.side.place(n).is_some_and(|(folder, _)| folder != TOP))
            .collect();
        let Some(&child) = inner.get(usize::from(which) % inner.len().max(1)) else { return };
        let Some((parent, name)) = self.side.place(child) else { return };
        let Some(above) = self.side.place(parent) else { return };
        if self.side.at(child, name).is_none() {
            self.side.put(child, above);
            self.side.put(parent, (child, name));
        }
    }

    fn empty_and_delete(&mut self, which: u8, into: u8, how: u8) {
        let Some(folder) = self.pick(which).filter(|&number| self.side.is_dir(number)) else { return };
        let into = self.pick_dir(into);
        let inner = self.side.items.iter().find(|(_, i)| i.folder == folder && i.held != Held::CloudOnly);
        if let Some((&child, item)) = inner
            && !self.side.is_beneath(into, folder)
        {
            self.try_put(child, into, item.name);
        }
        self.side.delete(folder, how.is_multiple_of(2));
    }

    fn change_kind(&mut self, which: u8, fresh: Bytes, how: u8) {
        let Some(number) = self.pick(which) else { return };
        let Some(item) = self.side.items.get(&number).cloned() else { return };
        self.side.delete(number, how.is_multiple_of(2));
        self.add(item.folder, item.name, if item.bytes.is_some() { None } else { Some(fresh) });
    }

    /// As programs save: another file under the same name.
    fn replace(&mut self, which: u8, fresh: Bytes, how: u8) {
        let Some(number) = self.pick(which) else { return };
        let Some(item) = self.side.items.get(&number).cloned() else { return };
        if let Some(bytes) = item.bytes {
            self.side.items.remove(&number);
            self.add(item.folder, item.name, Some(if how.is_multiple_of(3) { bytes } else { fresh }));
        }
    }

    fn lie(&mut self, a: u8, b: u8, c: u8) {
        let (Some(one), Some(other)) = (self.pick(a), self.pick(b)) else { return };
        let Some((_, name)) = self.side.place(one) else { return };
        match c % 5 {
            0 => self.side.put(one, (UNKNOWN, name)),
            1 => self.side.put(one, (other, name)),
            2 => {
                if let Some(place) = self.side.place(other) {
                    self.side.put(one, place);
                }
            }
            3 => self.side.put(one, (one, name)),
            _ => {
                self.side.items.remove(&one);
            }
        }
    }
}

/// Everything about a start that chance decides.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) base: Vec<Deed>,
    pub(crate) here: Vec<Deed>,
    pub(crate) there: Vec<Deed>,
    pub(crate) flags: u16,
}

impl Story {
    pub(crate) fn lies(&self) -> bool {
        self.flags & 7 == 7
    }

    pub(crate) fn start(&self, chance: &mut Chance) -> Start {
        let mut base = Side::default();
        Doer { side: &mut base, next: 1, on_disk: false, lies: false }.all(&self.base);
        let on_demand = self.flags >> 3 & 3 == 3;
        let mut start = Start::new(base);
        start.index_lost = self.flags >> 5 & 7 == 7;
        start.lies = self.lies();
        start.tombstones = self.flags >> 8 & 1 == 0;
        start.fetch_bytes = !on_demand || self.flags >> 9 & 3 == 3;
        start.keep_originals = start.fetch_bytes && self.flags >> 11 & 1 == 1;
        if self.flags >> 14 == 3 {
            start.new_files_at_once = 1 + usize::from(self.flags & 1);
        }
        if on_demand {
            for item in start.local.items.values_mut().filter(|item| item.bytes.is_some()) {
                if chance.below(2) == 0 {
                    item.held = Held::CloudOnly;
                }
            }
        }
        Doer { side: &mut start.local, next: 1000, on_disk: true, lies: false }.all(&self.here);
        Doer { side: &mut start.remote, next: 2000, on_disk: false, lies: self.lies() }.all(&self.there);
        if self.flags >> 12 & 3 == 3 {
            let all: Vec<Number> =
                start.local.items.keys().chain(start.remote.items.keys()).copied().collect();
            start.frozen = (0..2).filter_map(|_| all.get(chance.below(all.len())).copied()).collect();
        }
        start
    }
}
