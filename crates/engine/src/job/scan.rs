//! Looks at the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use cloudsync_cloud::CloudError;

use super::adrift::{self, Adrift};
use super::{JobContext, StopFlag};
use crate::ports::Listing;

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
    identity: String,
    attach: bool,
    adrift: &[Adrift],
    stop: &StopFlag,
) -> Result<ScanReport, CloudError> {
    let attached = if attach { context.fs.attach(&identity) } else { Ok(identity) };
    let identity = attached.map_err(|error| CloudError::local(&error))?;
    // Where something could not be put back, nothing may be taken for deleted.
    let unreadable = adrift::recover(context, adrift);
    let mut report = ScanReport { identity, unreadable, ..ScanReport::default() };
    match scope {
        Scope::Everything => walk(context, vec![String::new()], &mut report, stop),
        Scope::Below(folders) => walk(context, folders.clone(), &mut report, stop),
        Scope::Folders(folders) => {
            for folder in folders {
                take(folder.clone(), list(context, folder), &mut report);
            }
        }
    }
    if context.watcher.is_none() && !report.stopped {
        steady(context, &mut report, stop);
    }
    Ok(report)
}

/// Lists folders and everything below them, one level after the other: the folders of a level are
/// shared out among threads.
fn walk(context: &JobContext, start: Vec<String>, report: &mut ScanReport, stop: &StopFlag) {
    let mut level = start;
    while !level.is_empty() {
        let mut below = Vec::new();
        let listed = list_level(context, &level, stop);
        for (folder, listed) in level.into_iter().zip(listed) {
            let Some(listed) = listed else {
                report.stopped = true;
                return;
            };
            if let Some(listing) = take(folder, listed, report) {
                let folders = listing.listing.entries.folders();
                below.extend(folders.map(|entry| join(&listing.path, entry.name)));
            }
        }
        level = below;
    }
}

/// Fewer folders than this are not worth another thread.
const FOLDERS_PER_THREAD: usize = 8;

/// What listing each folder came to; `None` where the scan was stopped before.
fn list_level(context: &JobContext, level: &[String], stop: &StopFlag) -> Vec<Option<io::Result<Listing>>> {
    let list_all = |folders: &[String]| -> Vec<Option<io::Result<Listing>>> {
        folders.iter().map(|folder| (!stop.is_set()).then(|| list(context, folder))).collect()
    };
    let threads = context.scan_threads.min(level.len() / FOLDERS_PER_THREAD).max(1);
    let (own, others) = level.split_at(level.len().div_ceil(threads));
    std::thread::scope(|scope| {
        let list_all = &list_all;
        let helpers = others.chunks(own.len().max(1)).map(|part| {
            let thread = std::thread::Builder::new().name("cloudsync-scan".into());
            (thread.spawn_scoped(scope, move || list_all(part)), part)
        });
        let helpers: Vec<_> = helpers.collect();
        let mut listed = list_all(own);
        for (thread, part) in helpers {
            listed.extend(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // Without another thread it only takes longer.
                Err(_) => list_all(part),
            });
        }
        listed
    })
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `folder/name`.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}

fn list(context: &JobContext, folder: &str) -> io::Result<Listing> {
    if let Some(watcher) = &context.watcher {
        watcher.watch(folder);
    }
    context.fs.list(folder)
}

/// Notes what listing a folder came to. Returns its listing, where there is one.
fn take(folder: String, listed: io::Result<Listing>, report: &mut ScanReport) -> Option<&FolderListing> {
    match listed {
        Ok(mut listing) => {
            let of_folder =
                |text: &String| if folder.is_empty() { text.clone() } else { format!("{folder}: {text}") };
            report.unreadable.extend(listing.unreadable.iter().map(of_folder));
            listing.unnamed.iter_mut().for_each(|file| file.text = of_folder(&file.text));
            report.folders.push(FolderListing { path: folder, listing });
            report.folders.last()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_empty() => {
            report.vanished.push(folder);
            None
        }
        Err(error) => {
            report.unreadable.push(format!("{folder}: {error}"));
            None
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
        let Some(now) = take(path.clone(), list(context, &path), report) else { continue };
        let known: BTreeSet<&str> = listing.entries.folders().map(|entry| entry.name).collect();
        let new = now.listing.entries.folders().filter(|entry| !known.contains(entry.name));
        fresh.extend(new.map(|entry| join(&path, entry.name)));
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
        last.get(parent).is_none_or(|listing| listing.entries.folders().any(|entry| entry.name == name))
    };
    let gone: Vec<String> = last.keys().filter(|path| !exists(path)).cloned().collect();
    for path in gone {
        last.remove(&path);
    }
    folders.extend(last.into_iter().map(|(path, listing)| FolderListing { path, listing }));
}
