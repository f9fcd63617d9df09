//! Pages through a folder, cloud-only files included, without waiting for a run.

use super::state::{Look, States, find_in_cloud};
use super::trash::is_gone_here;
use crate::error::{Code, Error, Result};
use crate::event::FileSyncState;
use crate::tree::{LocalContent, NodeId, PlaceRef, Trees};
use crate::uri::UriSpace;

/// A file or folder in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its URI.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// How many bytes; 0 for a folder.
    pub size: u64,
    /// When its bytes were changed last, in milliseconds since 1970; 0 for a folder.
    pub mtime_ms: i64,
    /// How far it is.
    pub state: FileSyncState,
    /// Whether it is on this disk, not in the cloud alone.
    pub is_here: bool,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// A part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Where the next part begins; `None` after the last.
    pub next: Option<String>,
}

/// A folder that is being listed, and the last of its entries that was.
struct Level {
    folder: NodeId,
    last: NodeId,
    /// What the paths of its entries begin with.
    prefix: String,
}

/// Goes through a folder, and what is below it where `recursive`, in the order of the nodes' ids: those never
/// change, so what is renamed or comes meanwhile moves nothing else.
struct Walk<'a> {
    look: Look<'a>,
    recursive: bool,
    levels: Vec<Level>,
}

impl States {
    /// Lists a folder, at most `most` entries of it. `after` is where the part before said that this one
    /// begins. Fails with `InvalidUri`, `NoSuchFile` for what is no folder, or `InvalidArgument` for an
    /// `after` that no part said.
    pub fn list(&self, uri: &str, recursive: bool, after: Option<&str>, most: usize) -> Result<Listed> {
        let path = self.entry_path(uri)?;
        let after = after.map(read_token).transpose()?;
        if let Some(listed) = list(self.look(), &self.uris, &path, recursive, after.as_deref(), most) {
            return Ok(listed);
        }
        // One that no run has seen yet is known to have nothing in it.
        if !self.is_folder_on_disk(&path) {
            return Err(Error::new(Code::NoSuchFile, format!("{uri:?} names no folder that is synced")));
        }
        Ok(Listed::default())
    }
}

/// The same for a path in the trees; `None` where it is no folder of theirs.
fn list(
    look: Look<'_>,
    uris: &UriSpace,
    path: &str,
    recursive: bool,
    after: Option<&[NodeId]>,
    most: usize,
) -> Option<Listed> {
    let folder = folder_at(&look.trees, path)?;
    let mut walk = Walk::new(look, folder, path, recursive);
    after.into_iter().flatten().for_each(|&id| walk.resume(id));
    Some(walk.take(most, uris))
}

fn folder_at(trees: &Trees, path: &str) -> Option<NodeId> {
    if path.is_empty() {
        return Some(NodeId::ROOT);
    }
    trees.find_local_folder(path).or_else(|| find_in_cloud(trees, path).filter(|id| trees.is_dir(*id)))
}

impl<'a> Walk<'a> {
    fn new(look: Look<'a>, folder: NodeId, path: &str, recursive: bool) -> Self {
        let mut walk = Walk { look, recursive, levels: Vec::new() };
        walk.enter(folder, path);
        walk
    }

    fn enter(&mut self, folder: NodeId, path: &str) {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        self.levels.push(Level { folder, last: NodeId::ROOT, prefix });
    }

    /// Goes on after this entry of the innermost folder, or inside it where more is said. One that is not
    /// there any more is left out, with what was below it.
    fn resume(&mut self, id: NodeId) {
        let Some(level) = self.levels.last() else { return };
        if level.last != NodeId::ROOT {
            // What was said before leads into this folder.
            let (folder, above) = (level.last, level.folder);
            let place = shown_place(&self.look.trees, folder).filter(|place| place.parent == above);
            let Some(place) = place.filter(|_| self.recursive && self.look.trees.is_dir(folder)) else {
                return;
            };
            let path = format!("{}{}", level.prefix, place.name);
            self.enter(folder, &path);
        }
        if let Some(level) = self.levels.last_mut() {
            level.last = id;
        }
    }

    fn take(&mut self, most: usize, uris: &UriSpace) -> Listed {
        let mut listed = Listed::default();
        loop {
            let token = (listed.entries.len() == most).then(|| self.token());
            let Some((id, path)) = self.next() else { return listed };
            if token.is_some() {
                listed.next = token;
                return listed;
            }
            listed.entries.extend(self.entry(id, uris.uri(&path)));
        }
    }

    fn next(&mut self) -> Option<(NodeId, String)> {
        let trees = &self.look.trees;
        loop {
            let level = self.levels.last_mut()?;
            let (folder, last) = (level.folder, level.last);
            let mut rest = trees.children_after(folder, last);
            let Some((id, name)) = rest.find_map(|id| Some((id, stands_for_its_name(trees, id, folder)?)))
            else {
                self.levels.pop();
                continue;
            };
            level.last = id;
            let path = format!("{}{name}", level.prefix);
            let inside = self.levels.iter().any(|level| level.folder == id);
            if self.recursive && trees.is_dir(id) && !inside {
                self.levels.push(Level { folder: id, last: NodeId::ROOT, prefix: format!("{path}/") });
            }
            return Some((id, path));
        }
    }

    /// Where this is: the last entry of each folder on the way.
    fn token(&self) -> String {
        let ids: Vec<String> = self.levels.iter().map(|level| format!("{:x}", level.last.0)).collect();
        ids.join(".")
    }

    fn entry(&self, id: NodeId, uri: String) -> Option<Entry> {
        let node = self.look.trees.get(id)?;
        let (name, content) = match (&node.local, node.live_remote()) {
            (Some(local), _) => (local.place.name, Some(local.content)),
            (None, Some(remote)) => (remote.place.name, remote.content.map(LocalContent::CloudOnly)),
            (None, None) => return None,
        };
        let size_and_time = content.and_then(|content| {
            let known = content.bytes().map(|bytes| (bytes.size, bytes.mtime_ns));
            content.stamp().map(|stamp| (stamp.size, stamp.mtime_ns)).or(known)
        });
        let (size, mtime_ns) = size_and_time.unwrap_or_default();
        Some(Entry {
            uri,
            name: name.into(),
            size,
            mtime_ms: mtime_ns.div_euclid(1_000_000),
            state: match node.local {
                Some(local) => self.look.state_of(id, local.content.hold()),
                None => self.look.state_of_remote(id),
            },
            is_here: node.local.is_some_and(|local| local.content.is_here()),
            is_dir: self.look.trees.is_dir(id),
        })
    }
}

/// Where a person sees the node: on the disk, or, where it is not there, in the cloud.
fn shown_place(trees: &Trees, id: NodeId) -> Option<PlaceRef<'_>> {
    match trees.local(id) {
        Some(local) => Some(local.place),
        None => {
            let remote = trees.remote(id).filter(|remote| !remote.deleted && !is_gone_here(trees, id));
            remote.map(|remote| remote.place)
        }
    }
}

/// The node's name, if it is seen in the folder. Where several have one name, the one that the name's URI means is.
fn stands_for_its_name(trees: &Trees, id: NodeId, folder: NodeId) -> Option<&str> {
    let place = shown_place(trees, id).filter(|place| place.parent == folder)?;
    let in_cloud_alone = |other: &NodeId| trees.local(*other).is_none() && !is_gone_here(trees, *other);
    let first = trees
        .local_at(folder, place.name)
        .or_else(|| trees.remotes_at(folder, place.name).find(in_cloud_alone));
    (first == Some(id)).then_some(place.name)
}

fn read_token(token: &str) -> Result<Vec<NodeId>> {
    let ids = token.split('.').map(|id| u32::from_str_radix(id, 16).ok().map(NodeId));
    ids.collect::<Option<_>>().ok_or_else(|| {
        Error::new(Code::InvalidArgument, "after is none of what a page said; pass that, or NULL")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Instant;

    use parking_lot::RwLock;

    use super::*;
    use crate::core::Activity;
    use crate::filter::Filters;
    use crate::tree::{Content, Kind, Place, Previews, Remote, Synced};

    fn set_remote(trees: &mut Trees, id: NodeId, parent: NodeId, name: &str, content: Option<Content>) {
        let place = Place { parent, name };
        trees.set_remote(
            id,
            Some(Remote {
                place,
                content,
                asset: None,
                previews: Previews::NONE,
                version: 1,
                deleted: false,
            }),
        );
    }

    /// Folders of the given number of files, which are in the cloud alone.
    fn trees(folders: u32, files: u32) -> Trees {
        let mut trees = Trees::new(false);
        let content =
            Content { digest: [7; 32], size: 9, mtime_ns: 1_700_000_000_000_000_000, identifier: None };
        for folder in 0..folders {
            let dir = trees.add(Kind::Dir);
            set_remote(&mut trees, dir, NodeId::ROOT, &format!("{folder:04}"), None);
            for file in 0..files {
                let id = trees.add(Kind::File);
                set_remote(&mut trees, id, dir, &format!("IMG_{file:07}.jpg"), Some(content));
            }
        }
        trees
    }

    /// Trees as everybody reads them.
    struct Shared {
        trees: RwLock<Trees>,
        activity: RwLock<HashMap<NodeId, Activity>>,
    }

    impl Shared {
        fn new(trees: Trees) -> Self {
            Shared { trees: RwLock::new(trees), activity: RwLock::default() }
        }

        fn list(&self, path: &str, recursive: bool, after: Option<&str>, most: usize) -> Listed {
            let filters = &Filters::default();
            let look = Look { trees: self.trees.read(), activity: self.activity.read(), filters };
            let after = after.map(|token| read_token(token).unwrap());
            list(look, &UriSpace::Gallery, path, recursive, after.as_deref(), most).unwrap()
        }

        /// The page's entries' paths, and where the next begins.
        fn page(
            &self,
            path: &str,
            recursive: bool,
            after: Option<&str>,
            most: usize,
        ) -> (Vec<String>, Option<String>) {
            let listed = self.list(path, recursive, after, most);
            let path = |entry: Entry| entry.uri.trim_start_matches("file://media/Photo/").to_owned();
            (listed.entries.into_iter().map(path).collect(), listed.next)
        }
    }

    #[test]
    fn pages_of_any_size_make_the_same_listing() {
        let states = Shared::new(trees(5, 7));
        for (uri, recursive, count) in [("", true, 40), ("", false, 5), ("0003", true, 7)] {
            let (all, next) = states.page(uri, recursive, None, 1000);
            assert_eq!((all.len(), next), (count, None));
            for most in [1, 2, 3, 7, 8, 39, 40, 41] {
                let (mut found, mut after) = states.page(uri, recursive, None, most);
                while let Some(token) = after {
                    let (more, next) = states.page(uri, recursive, Some(&token), most);
                    assert!(!more.is_empty() && more.len() <= most);
                    found.extend(more);
                    after = next;
                }
                assert_eq!(found, all);
            }
        }
    }

    /// To whoever looks it is gone, also before the cloud has heard of it.
    #[test]
    fn what_was_deleted_here_is_not_listed() {
        let mut trees = trees(1, 2);
        let folder = trees.remotes_at(NodeId::ROOT, "0000").next().unwrap();
        let file = trees.remote_children(folder).next().unwrap();
        let remote = trees.remote(file).unwrap();
        let (name, content) = (remote.place.name.to_owned(), remote.content);
        let place = Place { parent: folder, name: &*name };
        trees.set_synced(file, Some(Synced { place, content }));
        let states = Shared::new(trees);
        assert_eq!(states.page("", true, None, 10).0, ["0000", "0000/IMG_0000001.jpg"]);
        let newer = content.map(|content| Content { digest: [8; 32], ..content });
        set_remote(&mut states.trees.write(), file, folder, &name, newer);
        assert_eq!(states.page("", true, None, 10).0.len(), 3, "others have changed it since: it comes back");
    }

    #[test]
    fn what_goes_between_two_pages_takes_nothing_else_along() {
        let states = Shared::new(trees(2, 3));
        let (first, token) = states.page("", true, None, 2);
        assert_eq!(first, ["0000", "0000/IMG_0000000.jpg"]);
        let dir = states.trees.read().find_local_folder("").unwrap();
        let folder = states.trees.read().remotes_at(dir, "0000").next().unwrap();
        let files: Vec<NodeId> = states.trees.read().children(folder).collect();
        states.trees.write().remove(files[0]);
        let (rest, _) = states.page("", true, token.as_deref(), 10);
        assert_eq!(rest[0], "0000/IMG_0000001.jpg");
        assert_eq!(rest.len(), 6);
        files.iter().for_each(|file| states.trees.write().remove(*file));
        states.trees.write().remove(folder);
        let (rest, _) = states.page("", true, token.as_deref(), 10);
        assert_eq!(rest.len(), 4);
        assert_eq!(rest[0], "0001");
    }

    #[test]
    fn a_token_that_nobody_gave_is_refused_or_leads_nowhere() {
        let states = Shared::new(trees(1, 1));
        for token in ["", ".", "1.", "x", "-1", "1ffffffff", "1 2"] {
            assert_eq!(read_token(token).unwrap_err().code, Code::InvalidArgument, "{token}");
        }
        for token in ["0", "ffffffff", "7.7.7", "0.0.0"] {
            assert!(states.list("", true, Some(token), 1).entries.len() <= 1, "{token}");
        }
    }

    #[test]
    #[ignore = "takes long; says how long a page of 1,000 of 1,000,000 takes"]
    fn the_last_page_is_as_fast_as_the_first() {
        for (folders, files) in [(1, 1_000_000), (1000, 1000)] {
            let states = Shared::new(trees(folders, files));
            let (mut after, mut slowest) = (None, std::time::Duration::ZERO);
            loop {
                let begun = Instant::now();
                let listed = states.list("", true, after.as_deref(), 1000);
                slowest = slowest.max(begun.elapsed());
                after = listed.next;
                if after.is_none() {
                    println!(
                        "{folders} folders of {files}: the slowest page {slowest:?}, the last {:?}",
                        begun.elapsed()
                    );
                    break;
                }
            }
        }
    }
}
