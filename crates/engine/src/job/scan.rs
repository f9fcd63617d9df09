//! Looks at the disk.

use std::collections::BTreeMap;
use std::io;

use cloudsync_cloud::CloudError;

use super::{JobContext, StopFlag};
use crate::ports::{FileKind, Listing};

/// Which folders a scan lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole gallery.
    Everything,
    /// These folders alone, not what is below them.
    Folders(Vec<String>),
    /// These folders and everything below them.
    Below(Vec<String>),
}

/// One folder's entries.
#[derive(Debug, Clone)]
pub struct FolderListing {
    /// The folder's path.
    pub path: String,
    /// Its entries.
    pub listing: Listing,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct ScanReport {
    /// The listings, a folder before those in it.
    pub folders: Vec<FolderListing>,
    /// Folders and entries that could not be read, with the reason. Where there are any, nothing
    /// may be taken for deleted.
    pub unreadable: Vec<String>,
    /// Folders that were not there any more.
    pub vanished: Vec<String>,
    /// The gallery's identity.
    pub identity: String,
    /// The scan was stopped half-way.
    pub stopped: bool,
}

/// How often a folder that changes while it is looked at is listed again.
const PATIENCE: usize = 4;

/// A folder changed so shortly before it was listed that its time may not show a later change.
const RACY_NS: i64 = 20_000_000;

pub(super) fn run(
    context: &JobContext,
    scope: &Scope,
    identity: &str,
    stop: &StopFlag,
) -> Result<ScanReport, CloudError> {
    let identity = context.fs.attach(identity).map_err(|error| CloudError::local(&error))?;
    let mut report = ScanReport { identity, ..ScanReport::default() };
    match scope {
        Scope::Everything => walk(context, vec![String::new()], &mut report, stop),
        Scope::Below(folders) => walk(context, folders.clone(), &mut report, stop),
        Scope::Folders(folders) => {
            for folder in folders {
                list(context, folder.clone(), &mut report);
            }
        }
    }
    if context.watcher.is_none() && !report.stopped {
        steady(context, &mut report, stop);
    }
    Ok(report)
}

fn walk(context: &JobContext, start: Vec<String>, report: &mut ScanReport, stop: &StopFlag) {
    let mut waiting = start;
    waiting.reverse();
    while let Some(folder) = waiting.pop() {
        if stop.is_set() {
            report.stopped = true;
            return;
        }
        if !list(context, folder, report) {
            continue;
        }
        let Some(last) = report.folders.last() else { continue };
        let below = last.listing.entries.iter().filter(|entry| entry.kind == FileKind::Dir);
        waiting.extend(below.map(|entry| join(&last.path, &entry.name)));
    }
}

/// `folder/name`.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}

fn list(context: &JobContext, folder: String, report: &mut ScanReport) -> bool {
    if let Some(watcher) = &context.watcher {
        watcher.watch(&folder);
    }
    match context.fs.list(&folder) {
        Ok(listing) => {
            report.unreadable.extend(listing.unreadable.iter().map(|text| format!("{folder}: {text}")));
            report.folders.push(FolderListing { path: folder, listing });
            true
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_empty() => {
            report.vanished.push(folder);
            false
        }
        Err(error) => {
            report.unreadable.push(format!("{folder}: {error}"));
            false
        }
    }
}

/// Without a watcher, a file that moves from a folder not yet listed to one already listed would
/// look deleted. Folders that changed since they were listed are therefore listed again.
fn steady(context: &JobContext, report: &mut ScanReport, stop: &StopFlag) {
    for pass in 0..PATIENCE {
        let now = context.clock.wall_ns();
        let mut again = Vec::new();
        for (index, folder) in report.folders.iter().enumerate() {
            let racy = pass == 0 && now.saturating_sub(folder.listing.folder.mtime_ns) < RACY_NS;
            let same = context.fs.stat(&folder.path).is_ok_and(|stat| stat.stamp == folder.listing.folder);
            if racy || !same {
                again.push(index);
            }
        }
        if again.is_empty() {
            return;
        }
        relist(context, report, &again, stop);
        if report.stopped {
            return;
        }
    }
    report.unreadable.push("the gallery keeps changing while it is being read".into());
}

fn relist(context: &JobContext, report: &mut ScanReport, again: &[usize], stop: &StopFlag) {
    let mut old: BTreeMap<String, Listing> = BTreeMap::new();
    let mut kept = Vec::with_capacity(report.folders.len());
    for (index, folder) in std::mem::take(&mut report.folders).into_iter().enumerate() {
        if again.binary_search(&index).is_ok() {
            old.insert(folder.path, folder.listing);
        } else {
            kept.push(folder);
        }
    }
    report.folders = kept;
    let mut fresh = Vec::new();
    for (path, listing) in old {
        if !list(context, path.clone(), report) {
            continue;
        }
        let Some(now) = report.folders.last() else { continue };
        let known: std::collections::BTreeSet<&str> =
            listing.entries.iter().filter(|e| e.kind == FileKind::Dir).map(|e| &*e.name).collect();
        let new = now.listing.entries.iter().filter(|e| e.kind == FileKind::Dir && !known.contains(&*e.name));
        fresh.extend(new.map(|entry| join(&path, &entry.name)));
    }
    walk(context, fresh, report, stop);
    dedup(&mut report.folders);
}

/// A folder that was moved while it was looked at may have been listed under both its paths: the
/// later listing of each path counts, and parents come first.
fn dedup(folders: &mut Vec<FolderListing>) {
    let mut last: BTreeMap<String, Listing> = BTreeMap::new();
    for folder in folders.drain(..) {
        last.insert(folder.path, folder.listing);
    }
    let exists = |path: &str| -> bool {
        let Some((parent, name)) = path.rsplit_once('/').or(Some(("", path)).filter(|_| !path.is_empty()))
        else {
            return true;
        };
        last.get(parent).is_none_or(|listing| {
            listing.entries.iter().any(|entry| entry.kind == FileKind::Dir && *entry.name == *name)
        })
    };
    let gone: Vec<String> = last.keys().filter(|path| !exists(path)).cloned().collect();
    for path in gone {
        last.remove(&path);
    }
    folders.extend(last.into_iter().map(|(path, listing)| FolderListing { path, listing }));
}
