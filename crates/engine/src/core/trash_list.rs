//! Pages through what can be restored, as the trash on this disk has it, without waiting for a run.
//!
//! Each bin holds what was deleted together, at the paths that it had, and notes what went with it and was in the cloud alone. The
//! newest bin comes first, and in it everything by its path.

use std::cmp::Ordering;
use std::io;

use super::state::States;
use crate::error::{Code, Error, Result};
use crate::job::{Along, bin_names, bin_of, is_there, join, read_note};
use crate::ports::{FileKind, FileSystem};

/// A file, or a folder with nothing in it, that can be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The URI that it had.
    pub uri: String,
    /// The name that it had.
    pub name: String,
    /// The URI that it has in the trash: restoring that brings this one back.
    pub trash_uri: String,
    /// How many bytes; 0 for a folder.
    pub size: u64,
    /// When it was removed, in milliseconds since 1970.
    pub removed_ms: i64,
    /// Until when it is kept at least, in milliseconds since 1970; `None` where another device or the cloud decides that.
    pub kept_until_ms: Option<i64>,
    /// Whether this disk's trash has its bytes, not the cloud's alone.
    pub is_here: bool,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// A part of a listing of the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trash {
    /// Its entries.
    pub entries: Vec<Removed>,
    /// Where the next part begins; `None` after the last.
    pub next: Option<String>,
}

/// Something in a bin.
struct Found {
    path: String,
    size: u64,
    is_here: bool,
    is_dir: bool,
}

/// A look into one bin.
struct Search<'a> {
    fs: &'a dyn FileSystem,
    bin: &'a str,
    /// What went with it and was in the cloud alone.
    along: &'a [Along],
    most: usize,
    found: Vec<Found>,
}

impl States {
    /// Lists what can be restored, at most `most` of it. `after` is where the part before said that this one begins. Fails
    /// with `InvalidArgument` for an `after` that no part said, and as the disk does.
    pub fn trash(&self, after: Option<&str>, most: usize) -> Result<Trash> {
        let after = after.map(read_token).transpose()?;
        let failed = |error: io::Error| Error::io("the trash cannot be looked at", &error);
        let bins = match bin_names(&*self.fs) {
            // Nothing was ever removed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            result => result.map_err(failed)?,
        };
        let mut all: Vec<(String, Removed)> = Vec::new();
        for bin in bins {
            let from = match &after {
                Some((last, _)) if bin > *last => continue,
                Some((last, path)) if bin == *last => Some(path.as_str()),
                _ => None,
            };
            let found = self.in_bin(&bin.1, from, most + 1 - all.len()).map_err(failed)?;
            all.extend(found.into_iter().map(|found| self.removed(&bin, found)));
            if all.len() > most {
                break;
            }
        }
        let more = all.len() > most;
        all.truncate(most);
        let next = all.last().filter(|_| more).map(|(token, _)| token.clone());
        Ok(Trash { entries: all.into_iter().map(|(_, removed)| removed).collect(), next })
    }

    /// What a bin has after a path, at most `most` of it.
    fn in_bin(&self, bin: &str, after: Option<&str>, most: usize) -> io::Result<Vec<Found>> {
        let bin = format!("{}/{bin}", <dyn FileSystem>::TRASH);
        let along = self.in_clouds_trash(read_note(&*self.fs, &bin)?);
        let mut search = Search { fs: &*self.fs, bin: &bin, along: &along, most, found: Vec::new() };
        search.walk("", after)?;
        let mut found = search.found;
        let comes =
            |along: &&Along| after.is_none_or(|after| by_names(&along.path, after) == Ordering::Greater);
        for entry in along.iter().filter(comes) {
            // A folder is listed where it has nothing in it, and by the walk where it lies there.
            let lies_there = || self.fs.stat(&join(&bin, &entry.path)).is_ok();
            let is_left_out = entry.is_dir && (has_beneath(&along, &entry.path) || lies_there());
            if !is_left_out {
                let (path, size, is_dir) = (entry.path.clone(), entry.size, entry.is_dir);
                found.push(Found { path, size, is_here: false, is_dir });
            }
        }
        found.sort_by(|a, b| by_names(&a.path, &b.path));
        found.truncate(most);
        Ok(found)
    }

    /// Those of what was noted that went in the cloud alone and are not there any more, or are to go.
    fn in_clouds_trash(&self, mut along: Vec<Along>) -> Vec<Along> {
        let trees = self.trees.read();
        along.retain(|along| {
            along.record.as_deref().is_some_and(|record| {
                let is_to_go = || trees.by_record(record).is_some_and(|id| trees.removed().contains(&id));
                !is_there(&trees, record) || is_to_go()
            })
        });
        along
    }

    fn removed(&self, (seconds, bin): &(i64, String), found: Found) -> (String, Removed) {
        let token = format!("{bin}/{}", found.path);
        let removed_ms = seconds.saturating_mul(1000);
        let kept_ms = i64::try_from(self.trash_retention.as_millis()).unwrap_or(i64::MAX);
        let removed = Removed {
            uri: self.uris.uri(&found.path),
            name: crate::job::name_of(&found.path).to_owned(),
            trash_uri: self.uris.uri(&format!("{}/{token}", <dyn FileSystem>::TRASH)),
            size: found.size,
            removed_ms,
            kept_until_ms: found.is_here.then(|| removed_ms.saturating_add(kept_ms)),
            is_here: found.is_here,
            is_dir: found.is_dir,
        };
        (token, removed)
    }
}

impl Search<'_> {
    /// Takes what a folder of the bin has after a path, the folders with nothing in them too. Whether it has anything.
    fn walk(&mut self, folder: &str, after: Option<&str>) -> io::Result<bool> {
        let listing = match self.fs.list(join(self.bin, folder).trim_end_matches('/')) {
            // It was restored, or its time was over, a moment ago; what is no folder is no bin.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(true);
            }
            result => result?,
        };
        let mut entries: Vec<_> =
            listing.entries.iter().filter(|entry| entry.kind != FileKind::Other).collect();
        entries.sort_unstable_by_key(|entry| entry.name);
        let is_filled = !entries.is_empty();
        let (first, rest) = after.map_or((None, None), |after| match after.split_once('/') {
            Some((first, rest)) => (Some(first), Some(rest)),
            None => (Some(after), None),
        });
        for entry in entries {
            let path = join(folder, entry.name);
            let is_dir = entry.kind == FileKind::Dir;
            match first.map(|first| entry.name.cmp(first)) {
                Some(Ordering::Less) => {}
                Some(Ordering::Equal) if !is_dir => {}
                Some(Ordering::Equal) => {
                    self.walk(&path, rest)?;
                }
                _ if self.found.len() == self.most => break,
                _ if is_dir && (self.walk(&path, None)? || has_beneath(self.along, &path)) => {}
                _ => {
                    let size = if is_dir { 0 } else { entry.stamp.size };
                    self.found.push(Found { path, size, is_here: true, is_dir });
                }
            }
        }
        Ok(is_filled)
    }
}

fn has_beneath(along: &[Along], folder: &str) -> bool {
    let beneath = format!("{folder}/");
    along.iter().any(|along| along.path.starts_with(&beneath))
}

/// Paths in the order in which folders are gone through.
fn by_names(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

fn read_token(token: &str) -> Result<((i64, String), String)> {
    let parts =
        token.split_once('/').and_then(|(bin, path)| Some((bin_of(bin.to_owned())?, path.to_owned())));
    parts.ok_or_else(|| {
        Error::new(Code::InvalidArgument, "after is none of what a page said; pass that, or NULL")
    })
}
