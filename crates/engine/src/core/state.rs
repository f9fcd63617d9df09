//! Files' states, answered from any thread without waiting for a run.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{RwLock, RwLockReadGuard};

use super::left_out::left_out;
use super::thumbnails::preview_item;
use super::trash::is_to_go;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::event::FileSyncState;
use crate::filter::Filters;
use crate::gate::Gate;
use crate::ports::{FileKind, FileSystem, Ports, PreviewCache, PreviewKind, PreviewName};
use crate::tree::{Content, Hold, NodeId, Trees};
use crate::uri::UriSpace;

use super::explain::Notes;

/// What is being done with a file's bytes right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// They go to the cloud.
    Uploading,
    /// They come to this disk.
    Downloading,
    /// Their transfer was stopped.
    Stopped,
}

/// Answers questions about files.
#[derive(Clone)]
pub struct States {
    pub(super) trees: Arc<RwLock<Trees>>,
    activity: Arc<RwLock<HashMap<NodeId, Activity>>>,
    pub(super) notes: Arc<RwLock<Notes>>,
    pub(super) gate: Gate,
    pub(super) fs: Arc<dyn FileSystem>,
    pub(super) previews: Arc<dyn PreviewCache>,
    pub(super) uris: UriSpace,
    pub(super) filters: Arc<Filters>,
    /// How long the trash on this disk keeps what was removed.
    pub(super) trash_retention: Duration,
    /// In milliseconds since 1970; 0 for never.
    last_sync: Arc<AtomicI64>,
}

impl States {
    pub(super) fn new(trees: Trees, gate: Gate, config: &Config, ports: &Ports, last_sync_ms: i64) -> Self {
        States {
            trees: Arc::new(RwLock::new(trees)),
            activity: Arc::default(),
            notes: Arc::default(),
            gate,
            fs: ports.fs.clone(),
            previews: ports.previews.clone(),
            uris: config.uris.clone(),
            filters: config.filters.clone(),
            trash_retention: config.trash_retention,
            last_sync: Arc::new(AtomicI64::new(last_sync_ms)),
        }
    }

    /// When the last run that succeeded ended, in milliseconds since 1970; 0 before the first.
    pub fn last_sync_ms(&self) -> i64 {
        self.last_sync.load(Ordering::Acquire)
    }

    pub(super) fn set_last_sync_ms(&self, ms: i64) {
        self.last_sync.store(ms, Ordering::Release);
    }

    /// A start was refused. What the device itself refuses it for is looked at whenever somebody asks.
    pub(crate) fn note_refused(&self, error: &Error) {
        if matches!(error.code, Code::CloudNotReady | Code::Ipc) {
            self.notes.write().unfinished = Some((None, error.clone()));
        }
    }

    pub(super) fn set(&self, nodes: impl IntoIterator<Item = NodeId>, activity: Option<Activity>) {
        let mut activities = self.activity.write();
        for node in nodes {
            match activity {
                Some(activity) => activities.insert(node, activity),
                None => activities.remove(&node),
            };
        }
    }

    /// What is being done with a file's bytes.
    pub(super) fn activity_of(&self, node: NodeId) -> Option<Activity> {
        self.activity.read().get(&node).copied()
    }

    /// From now on, nothing was ever synced.
    pub(super) fn let_go(&self) {
        self.set_last_sync_ms(0);
        self.activity.write().clear();
        let mut notes = self.notes.write();
        notes.held.clear();
        notes.unfinished = None;
    }

    /// A new run takes up what was stopped.
    pub(super) fn forget_stopped(&self) {
        self.activity.write().retain(|_, activity| *activity != Activity::Stopped);
    }

    /// One file's state.
    pub fn file_state(&self, uri: &str) -> Result<FileSyncState> {
        let path = self.uris.path(uri)?;
        let known = self.look().state(&path).map(|(state, _)| state);
        known.map_or_else(|| self.unknown(&path, uri), Ok)
    }

    /// Many files' states, in order. The first URI that fails fails the call. The trees are held for
    /// so many files at a time that a run never waits for long.
    pub fn file_states(&self, uris: &[&str]) -> Result<Vec<FileSyncState>> {
        const AT_A_TIME: usize = 4000;
        let mut states = Vec::with_capacity(uris.len());
        for uris in uris.chunks(AT_A_TIME) {
            let known = self.known_states(uris)?;
            for (known, uri) in known.into_iter().zip(uris) {
                let unknown = || self.unknown(&self.uris.path(uri)?, uri);
                states.push(known.map_or_else(unknown, Ok)?);
            }
        }
        Ok(states)
    }

    /// The states of those that a tree knows.
    fn known_states(&self, uris: &[&str]) -> Result<Vec<Option<FileSyncState>>> {
        let look = self.look();
        let mut last = Folder(None);
        let known = uris.iter().map(|uri| {
            if let Some(state) = look.state_beside(uri, &last) {
                return Ok(Some(state));
            }
            let known = look.state(&self.uris.path(uri)?);
            if let Some((_, Some(folder))) = known {
                last = Folder(Some((folder_and_name(uri).0, folder)));
            }
            Ok(known.map(|(state, _)| state))
        });
        known.collect()
    }

    /// The path of a file or folder that is here or in the cloud.
    pub fn existing(&self, uri: &str) -> Result<String> {
        let path = self.entry_path(uri)?;
        let known = path.is_empty() || {
            let trees = self.trees.read();
            trees.find_local(&path).or_else(|| find_remote(&trees, &path)).is_some()
        };
        if !known && !self.is_folder_on_disk(&path) {
            self.unknown(&path, uri)?;
        }
        Ok(path)
    }

    /// The path of what may be a file or folder; the synced directory's own is the empty one.
    pub fn entry_path(&self, uri: &str) -> Result<String> {
        self.uris.entry_path(uri).map(std::borrow::Cow::into_owned)
    }

    pub(super) fn is_folder_on_disk(&self, path: &str) -> bool {
        !path.split('/').any(crate::names::left_alone)
            && self.fs.stat(path).is_ok_and(|stat| stat.kind == FileKind::Dir)
    }

    /// Where a file's preview lies on this device.
    pub fn preview_path(&self, uri: &str, kind: PreviewKind) -> Result<PathBuf> {
        let path = self.uris.path(uri)?;
        let trees = self.trees.read();
        let Some((id, content)) = known(&trees, &path) else {
            drop(trees);
            self.unknown(&path, uri)?;
            return Err(not_yet(uri, "has not been sent yet: it is made when a sync sends the photo"));
        };
        let in_cloud = preview_item(&trees, id, kind).is_some();
        let in_step = !trees.out_of_step().contains(id);
        drop(trees);
        let name = content.map(|content| PreviewName { content: content.digest, kind });
        match name.filter(|name| self.previews.size(*name).is_some()) {
            Some(name) => Ok(self.previews.path(name)),
            None if in_cloud => {
                Err(not_yet(uri, "is in the cloud alone: fetch it in a batch of its file type"))
            }
            None if !in_step => Err(not_yet(uri, "is made when a sync sends the photo as it is now")),
            None => Err(Error::new(
                Code::NoSuchFile,
                format!("{uri:?} has no preview: it is no picture that can be decoded, or came without one"),
            )),
        }
    }

    pub(super) fn look(&self) -> Look<'_> {
        Look { trees: self.trees.read(), activity: self.activity.read(), filters: &self.filters }
    }

    /// A file that no scan has seen yet is still to be uploaded; one that is not there is an error.
    fn unknown(&self, path: &str, uri: &str) -> Result<FileSyncState> {
        if path.split('/').any(crate::names::left_alone) {
            return Err(missing(uri));
        }
        match self.fs.stat(path) {
            Ok(stat) if stat.kind == FileKind::File => Ok(FileSyncState::ToBeUploaded),
            Ok(stat) if stat.kind == FileKind::Other => Err(Error::new(
                Code::InvalidUri,
                format!("{uri:?} is a link or no file: such entries are not synced"),
            )),
            Ok(_) => Err(missing(uri)),
            Err(error) => Err(self.not_found(path, uri, &error)),
        }
    }

    /// Why nothing is found at a path.
    pub(super) fn not_found(&self, path: &str, uri: &str, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::NotFound => missing(uri),
            io::ErrorKind::NotADirectory if !self.behind_a_link(path) => missing(uri),
            io::ErrorKind::PermissionDenied => Error::io(uri, error),
            _ => Error::new(Code::InvalidUri, format!("{uri:?} leads out of the gallery: {error}")),
        }
    }

    /// Whether a folder on the way is a link, which is never followed.
    fn behind_a_link(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        folders.any(|folder| self.fs.stat(folder).is_ok_and(|stat| stat.kind == FileKind::Other))
    }
}

/// The folder in which a file was found last, and how URIs name it: files asked for together mostly lie together.
struct Folder<'u>(Option<(&'u str, NodeId)>);

/// One look at the trees.
pub(super) struct Look<'a> {
    pub(super) trees: RwLockReadGuard<'a, Trees>,
    pub(super) activity: RwLockReadGuard<'a, HashMap<NodeId, Activity>>,
    pub(super) filters: &'a Filters,
}

impl Look<'_> {
    /// The state of a file that a tree knows, and its folder where it is in the local tree.
    fn state(&self, path: &str) -> Option<(FileSyncState, Option<NodeId>)> {
        let (folder, name) = folder_and_name(path);
        let folder = self.trees.find_local_folder(folder);
        if let Some(folder) = folder
            && let Some((id, hold)) = self.trees.hold_at(folder, name)
        {
            return Some((self.state_of(id, hold), Some(folder)));
        }
        find_in_cloud(&self.trees, path).map(|id| (self.state_of_remote(id), None))
    }

    /// The state of a file in the folder of the last one, where the local tree has it and its URI says its name
    /// as it is. A name that is no name of a file is in no tree.
    fn state_beside(&self, uri: &str, last: &Folder<'_>) -> Option<FileSyncState> {
        let (folder, name) = folder_and_name(uri);
        let (_, parent) = last.0.filter(|(known, _)| *known == folder && !name.contains('%'))?;
        let (id, hold) = self.trees.hold_at(parent, name)?;
        Some(self.state_of(id, hold))
    }

    /// The state of what the local tree does not have.
    pub(super) fn state_of_remote(&self, id: NodeId) -> FileSyncState {
        match self.activity.get(&id) {
            Some(Activity::Downloading) => FileSyncState::Downloading,
            _ => FileSyncState::Stopped,
        }
    }

    pub(super) fn state_of(&self, id: NodeId, hold: Hold) -> FileSyncState {
        match self.activity.get(&id) {
            Some(Activity::Uploading) => return FileSyncState::Uploading,
            Some(Activity::Downloading) => return FileSyncState::Downloading,
            Some(Activity::Stopped) => return FileSyncState::Stopped,
            None => {}
        }
        if self.trees.out_of_step().contains(id)
            && let Some(node) = self.trees.get(id)
            && node.is_changed_here()
        {
            return match node.trouble {
                _ if left_out(self.filters, &self.trees, id).is_some() => FileSyncState::Stopped,
                Some(_) => FileSyncState::UploadFailure,
                None => FileSyncState::ToBeUploaded,
            };
        }
        match hold == Hold::Here && self.trees.is_sent_from_here(id) {
            true => FileSyncState::UploadSuccess,
            false => FileSyncState::Completed,
        }
    }
}

/// A name is so short that looking at each byte is faster than what `str` does for long texts.
fn folder_and_name(path: &str) -> (&str, &str) {
    match path.bytes().rposition(|byte| byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => ("", path),
    }
}

/// The file at a path, here or in the cloud alone, and its bytes as far as they are known.
pub(super) fn known(trees: &Trees, path: &str) -> Option<(NodeId, Option<Content>)> {
    if let Some(id) = trees.find_local(path).filter(|id| !trees.is_dir(*id) && *id != NodeId::ROOT) {
        return Some((id, trees.local(id)?.content.bytes()));
    }
    let id = find_remote(trees, path).filter(|id| !trees.is_dir(*id) && *id != NodeId::ROOT)?;
    Some((id, trees.remote(id)?.content))
}

fn not_yet(uri: &str, why: &str) -> Error {
    Error::new(Code::TryAgain, format!("the preview of {uri:?} {why}"))
}

pub(super) fn missing(uri: &str) -> Error {
    Error::new(Code::NoSuchFile, format!("{uri:?} names no file of the gallery or its cloud"))
}

/// Looks a path up in the cloud's tree.
pub(super) fn find_remote(trees: &Trees, path: &str) -> Option<NodeId> {
    path.split('/').try_fold(NodeId::ROOT, |at, name| trees.remotes_at(at, name).next())
}

/// The same, but for what a person has removed here and the cloud has yet to hear of: to whoever asks, that is gone.
pub(super) fn find_in_cloud(trees: &Trees, path: &str) -> Option<NodeId> {
    find_remote(trees, path).filter(|id| !is_to_go(trees, *id))
}
