//! Brings records back from the cloud's trash: they get the fields that they had, and so the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudsync_cloud::{CloudDb, CloudError, Flag, Record, RowWrite};

use super::scan::join;
use super::trash::taken;
use super::{JobContext, StopFlag, TABLE};
use crate::error::{Code, Error};
use crate::media::photo_of;
use crate::record::{self, Entry};
use crate::tree::Kind;

/// How many records are asked for, or written, in one call.
const PAGE: usize = 1000;

/// What the cloud holds, as far as it matters: all folders, and what was deleted.
#[derive(Default)]
struct Held {
    folders: HashMap<String, (Option<Box<str>>, Box<str>)>,
    deleted: HashMap<String, Record>,
    /// Whose parts are looked for.
    photo: Option<String>,
    /// The folders and names of what lives under the name that is looked for, or is a part of the same photo.
    alive: Vec<(Option<Box<str>>, Box<str>)>,
}

/// Brings back what was last deleted at a path, and the folders that it lay in; of a folder all that the trash
/// has of it, of a photo all its parts that the trash has: the cloud does not say which of them went together. False
/// where the trash has nothing of that path.
pub(super) fn run(context: &JobContext, path: &str, stop: &StopFlag) -> Result<bool, Error> {
    context.gate.reach_cloud()?;
    let db = context.db().map_err(|error| refused(&error))?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let held = list(&*db, name, stop).map_err(|error| refused(&error))?;
    if held.alive().contains(path) {
        return Err(taken(path));
    }
    let rows = held.rows(path);
    if rows.is_empty() {
        return Ok(false);
    }
    write(&*db, rows).map(|()| true).map_err(|error| refused(&error))
}

fn list(db: &dyn CloudDb, name: &str, stop: &StopFlag) -> Result<Held, CloudError> {
    let mut held = Held { photo: photo_of(name), ..Held::default() };
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
        let part = || kind == Kind::File && self.photo.is_some() && photo_of(&own) == self.photo;
        if deleted.is_none() && (*own == *name || part()) {
            self.alive.push((parent.clone(), own.clone()));
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

    /// The paths of what lives and has a name, or is a part, of what is looked for.
    fn alive(&self) -> BTreeSet<String> {
        let path = |(parent, name): &(Option<Box<str>>, Box<str>)| {
            self.path_of(parent.as_deref()).map(|folder| join(&folder, name))
        };
        self.alive.iter().filter_map(path).collect()
    }

    /// Whether a deleted record is another part of the photo at a path.
    fn is_part(&self, own: &str, row: &Record, path: &str) -> bool {
        let split = |path: &'_ str| path.rsplit_once('/').map_or(0, |(folder, _)| folder.len() + 1);
        let (own_folder, own_name) = own.split_at(split(own));
        let is_dir = record::read(row.clone()).is_ok_and(|entry| entry.kind == Kind::Dir);
        own_folder == &path[..split(path)]
            && self.photo.is_some()
            && photo_of(own_name) == self.photo
            && !is_dir
    }

    /// What is to be written, each folder before what is in it.
    fn rows(&self, path: &str) -> Vec<&Record> {
        let beneath = format!("{path}/");
        let alive = self.alive();
        let mut newest: BTreeMap<String, &Record> = BTreeMap::new();
        for (id, row) in &self.deleted {
            let Some(own) = self.path_of(Some(id)) else { continue };
            let newer = newest.get(&own).is_none_or(|other| other.version < row.version);
            let part = || self.is_part(&own, row, path) && !alive.contains(&own);
            if newer && (own == path || own.starts_with(&beneath) || part()) {
                newest.insert(own, row);
            }
        }
        let Some(own) = newest.get(path) else { return Vec::new() };
        let mut rows = self.deleted_above(own);
        rows.reverse();
        rows.extend(newest.into_values());
        rows
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

/// Writes the records as they were, under the cloud's lock.
fn write(db: &dyn CloudDb, rows: Vec<&Record>) -> Result<(), CloudError> {
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
        CloudError::Stopped => (Code::Ipc, "the library was closed meanwhile: open it and try again"),
        error => return Error::new(Code::Io, format!("the cloud failed to restore it: {error}")),
    };
    Error::new(code, text)
}
