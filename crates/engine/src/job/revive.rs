//! Brings records back from the cloud's trash: they get the fields that they had, and so the same bytes. What lay in a folder
//! that was made anew meanwhile goes into the new one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use cloudsync_cloud::{CloudDb, CloudError, Flag, Record, RowWrite};

use super::trash::taken;
use super::{JobContext, StopFlag, TABLE, name_of};
use crate::error::{Code, Error};
use crate::media::{Mark, joined, marks};
use crate::record::{self, Entry};
use crate::tree::Kind;

/// How many records are asked for, or written, in one call.
const PAGE: usize = 1000;

/// What the cloud holds, as far as it matters: all folders, and what was deleted.
#[derive(Default)]
struct Held {
    folders: HashMap<String, (Option<Box<str>>, Box<str>)>,
    deleted: HashMap<String, Record>,
    /// The folders of what lives under the name that is looked for.
    namesakes: Vec<Option<Box<str>>>,
    /// The places of all that lives, as numbers: a million of them take little room.
    alive: HashSet<u64>,
    state: RandomState,
}

/// Brings back what was last deleted at a path, and the folders that it lay in; of a folder all that the trash
/// has of it, of a photo all its parts that the trash has: the cloud does not say which of them went together. False
/// where the trash has nothing of that path.
pub(super) fn run(context: &JobContext, path: &str, stop: &StopFlag) -> Result<bool, Error> {
    context.gate.reach_cloud()?;
    let db = context.db().map_err(|error| refused(&error))?;
    let held = list(&*db, name_of(path), stop).map_err(|error| refused(&error))?;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if held.namesakes.iter().any(|parent| held.path_of(parent.as_deref()).as_deref() == Some(folder)) {
        return Err(taken(path));
    }
    let rows = held.rows(path);
    if rows.is_empty() {
        return Ok(false);
    }
    write(&*db, held.in_living_folders(rows)).map(|()| true).map_err(|error| refused(&error))
}

/// Brings these records back, as far as the trash has them and nothing has their names now, and the folders that they lay
/// in.
pub(super) fn those(context: &JobContext, records: &BTreeSet<String>, stop: &StopFlag) -> Result<(), Error> {
    if records.is_empty() {
        return Ok(());
    }
    context.gate.reach_cloud()?;
    let db = context.db().map_err(|error| refused(&error))?;
    let held = list(&*db, "", stop).map_err(|error| refused(&error))?;
    let rows = held.rows_of(records);
    if rows.is_empty() {
        return Ok(());
    }
    write(&*db, held.in_living_folders(rows)).map_err(|error| refused(&error))
}

fn list(db: &dyn CloudDb, name: &str, stop: &StopFlag) -> Result<Held, CloudError> {
    let mut held = Held::default();
    let mut cursor = String::new();
    loop {
        if stop.is_set() {
            return Err(CloudError::Stopped);
        }
        let page = db.query(TABLE, &[], PAGE, &cursor)?;
        for row in page.values {
            held.take(row, name);
        }
        if !page.has_more || page.next_cursor == cursor {
            return Ok(held);
        }
        cursor = page.next_cursor;
    }
}

impl Held {
    /// A record that cannot be read is none of ours.
    fn take(&mut self, row: Record, name: &str) {
        let id = row.extension.id.clone();
        let deleted = (row.extension.operation == Flag::Delete).then(|| row.clone());
        let Ok(Entry { parent, name: own, kind, .. }) = record::read(row) else { return };
        if deleted.is_none() {
            self.alive.insert(self.state.hash_one((&parent, &own)));
            self.namesakes.extend((*own == *name).then(|| parent.clone()));
        }
        if kind == Kind::Dir || deleted.is_some() {
            self.folders.insert(id.clone(), (parent, own));
        }
        self.deleted.extend(deleted.map(|row| (id, row)));
    }

    /// The path of a record; `None` where the cloud has forgotten a folder above it, or they go in a circle.
    fn path_of(&self, record: Option<&str>) -> Option<String> {
        let (mut names, mut at) = (Vec::new(), record);
        while let Some(id) = at {
            let (parent, name) = self.folders.get(id)?;
            if name.is_empty() || names.len() > self.folders.len() {
                return None;
            }
            names.push(&**name);
            at = parent.as_deref();
        }
        names.reverse();
        Some(names.join("/"))
    }

    /// The other deleted parts of the photo that a deleted record is a part of, where nothing has their names now; of
    /// each name the one that was deleted last.
    fn other_parts(&self, record: &Record) -> Vec<&Record> {
        let Some((own, known)) = part(record) else { return Vec::new() };
        let mut newest: BTreeMap<Box<str>, (&str, Vec<Mark>)> = BTreeMap::new();
        for (id, row) in &self.deleted {
            let in_folder = self.folders.get(id).filter(|(parent, _)| *parent == own.parent);
            let Some((entry, marks)) = in_folder.and_then(|_| part(row)) else { continue };
            let held = newest.get(&entry.name).and_then(|(id, _)| self.deleted.get(*id));
            if entry.name != own.name && held.is_none_or(|held| held.version < row.version) {
                newest.insert(entry.name, (id, marks));
            }
        }
        let free =
            |name: &str| !self.alive.contains(&self.state.hash_one((&own.parent, &Box::<str>::from(name))));
        let files = newest.into_iter().filter(|(name, _)| free(name)).map(|(_, file)| file).collect();
        let parts = joined(files, known.into_iter().collect());
        parts.into_iter().filter_map(|id| self.deleted.get(id)).collect()
    }

    /// What is to be written, each folder before what is in it.
    fn rows(&self, path: &str) -> Vec<&Record> {
        let beneath = format!("{path}/");
        let mut newest: BTreeMap<String, &Record> = BTreeMap::new();
        for (id, row) in &self.deleted {
            let Some(own) = self.path_of(Some(id)) else { continue };
            let newer = newest.get(&own).is_none_or(|other| other.version < row.version);
            if newer && (own == path || own.starts_with(&beneath)) {
                newest.insert(own, row);
            }
        }
        let Some(own) = newest.get(path) else { return Vec::new() };
        let mut rows = self.deleted_above(own);
        rows.reverse();
        rows.extend(self.other_parts(own));
        rows.extend(newest.into_values());
        rows
    }

    /// What is to be written for these records, each folder before what is in it.
    fn rows_of(&self, records: &BTreeSet<String>) -> Vec<&Record> {
        let mut rows: BTreeMap<String, &Record> = BTreeMap::new();
        let free = |id: &str| {
            self.folders.get(id).is_some_and(|place| !self.alive.contains(&self.state.hash_one(place)))
        };
        let wanted = records.iter().filter(|id| free(id)).filter_map(|id| self.deleted.get(id));
        for row in wanted.flat_map(|row| self.deleted_above(row).into_iter().chain([row])) {
            rows.extend(self.path_of(Some(&row.extension.id)).map(|path| (path, row)));
        }
        rows.into_values().collect()
    }

    /// The same rows, but for the folders that live under their paths as other records by now: what lay in those goes into
    /// these, where nothing has its name there.
    fn in_living_folders(&self, rows: Vec<&Record>) -> Vec<Record> {
        let paths = self.living_folders();
        let living = |id: &str| self.path_of(Some(id)).and_then(|path| paths.get(&path).copied());
        let mut changed = Vec::with_capacity(rows.len());
        for row in rows {
            let Ok(Entry { parent, name, kind, .. }) = record::read(row.clone()) else { continue };
            if kind == Kind::Dir && living(&row.extension.id).is_some() {
                continue;
            }
            let mut row = row.clone();
            let deleted = parent.filter(|parent| self.deleted.contains_key(&**parent));
            if let Some(parent) = deleted.and_then(|parent| living(&parent)) {
                if self.alive.contains(&self.state.hash_one((&Some(Box::<str>::from(parent)), &name))) {
                    continue;
                }
                record::set_parent(&mut row.values, parent);
            }
            changed.push(row);
        }
        changed
    }

    /// The folders that live, by their paths.
    fn living_folders(&self) -> HashMap<String, &str> {
        let lives = |id: &str| {
            let mut at = Some(id);
            let mut above = std::iter::from_fn(|| {
                let id = at?;
                at = self.folders.get(id).and_then(|(parent, _)| parent.as_deref());
                Some(id)
            });
            above.by_ref().take(self.folders.len() + 1).all(|id| !self.deleted.contains_key(id))
        };
        let living = self.folders.keys().filter(|id| lives(id));
        living.filter_map(|id| Some((self.path_of(Some(id))?, &**id))).collect()
    }

    /// The deleted folders that a record lay in, the innermost first.
    fn deleted_above(&self, row: &Record) -> Vec<&Record> {
        let parent = |id: &str| self.folders.get(id).and_then(|(parent, _)| parent.as_deref());
        let mut above = Vec::new();
        let mut at = parent(&row.extension.id);
        while let Some(id) = at {
            above.extend(self.deleted.get(id));
            at = parent(id);
        }
        above
    }
}

/// A file's record, and by what it is known as a part of a photo.
fn part(record: &Record) -> Option<(Entry, Vec<Mark>)> {
    let entry = record::read(record.clone()).ok().filter(|entry| entry.kind == Kind::File)?;
    let identifier = entry.content.and_then(|content| content.identifier);
    let marks = marks(&entry.name, identifier).collect();
    Some((entry, marks))
}

/// Writes the records as they were, under the cloud's lock.
fn write(db: &dyn CloudDb, rows: Vec<Record>) -> Result<(), CloudError> {
    let capabilities = db.capabilities();
    let mut lock = db.lock()?;
    let mut result = Ok(());
    for (number, part) in rows.chunks(PAGE).enumerate() {
        if number > 0 {
            lock = db.heartbeat(lock.lock_id)?;
        }
        let rows = part.iter().map(|row| RowWrite {
            id: row.extension.id.clone(),
            base_version: capabilities.compare_and_set.then_some(row.version),
            lock_id: capabilities.fencing.then_some(lock.lock_id),
            values: row.values.clone(),
        });
        let answers = db.insert(TABLE, rows.collect());
        result = answers.and_then(|answers| answers.into_iter().try_for_each(|answer| answer.map(drop)));
        if result.is_err() {
            break;
        }
    }
    // A lock that cannot be given back ends with its lease.
    let _ = db.unlock(lock.lock_id);
    result
}

fn refused(error: &CloudError) -> Error {
    let (code, text) = match error {
        CloudError::Network(_) => {
            (Code::NetworkUnavailable, "the cloud could not be reached: try again later")
        }
        CloudError::Disabled => {
            (Code::CloudNotReady, "the cloud is switched off or signed out: sign in first")
        }
        CloudError::LockedByOthers | CloudError::StaleLock | CloudError::VersionConflict { .. } => {
            (Code::Busy, "a sync is just changing the cloud: try again in a moment")
        }
        CloudError::NotFound(_) => (Code::NoSuchFile, "the cloud does not hold its bytes any more"),
        CloudError::NoSpaceForAsset | CloudError::RecordLimitExceeded => {
            (Code::NoSpace, "the cloud is full: free some space there")
        }
        CloudError::TooManyRequests(_) => {
            (Code::Busy, "the cloud was asked too often: try again in some minutes")
        }
        CloudError::Stopped => (Code::Ipc, "the library was closed meanwhile: open it and try again"),
        error => return Error::new(Code::Io, format!("the cloud failed to restore it: {error}")),
    };
    Error::new(code, text)
}
