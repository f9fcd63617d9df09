//! Changes folders and names on the disk.

use std::io;

use super::adrift::put_back;
use super::same::AsSeen;
use super::trash::Bin;
use super::{JobContext, StopFlag, unsynced};
use crate::error::Error;
use crate::plan::Steps;
use crate::ports::{FileSystem, SMUDGED, Stamp};
use crate::tree::{Content, NodeId};

/// One change.
#[derive(Debug, Clone)]
pub enum DiskOp {
    /// Make a folder.
    MakeDir {
        /// The node.
        node: NodeId,
        /// Where.
        path: String,
    },
    /// Move or rename, if it is still what the plan saw. An existing `to` is left alone.
    Rename {
        /// The node.
        node: NodeId,
        /// From.
        from: String,
        /// To.
        to: String,
        /// Its inode number as the plan saw it; 0 where nobody has looked.
        ino: u64,
        /// A file's change time as the plan saw it; [`SMUDGED`] where that says nothing.
        ctime_ns: i64,
    },
    /// Move a file to the trash, if it is still the one that the plan saw.
    Trash {
        /// The node.
        node: NodeId,
        /// Where it lies.
        path: String,
        /// What the plan saw in it.
        content: Content,
        /// How the plan saw it.
        stamp: Stamp,
    },
    /// Remove a folder if it is empty.
    RemoveDir {
        /// The node.
        node: NodeId,
        /// Where it lies.
        path: String,
    },
}

impl DiskOp {
    /// The node.
    pub fn node(&self) -> NodeId {
        match self {
            DiskOp::MakeDir { node, .. }
            | DiskOp::Rename { node, .. }
            | DiskOp::Trash { node, .. }
            | DiskOp::RemoveDir { node, .. } => *node,
        }
    }
}

/// What a change came to.
#[derive(Debug)]
pub enum DiskOutcome {
    /// Done, durably, with the entry's stamp where it still is somewhere.
    Done(Option<Stamp>),
    /// The disk is not as the plan saw it: look at it again.
    Changed,
    /// The disk refused it.
    Failed(Error),
    /// Not tried: it was to stop before, or what this waits for was not done.
    NotTried,
}

pub(super) fn run(context: &JobContext, ops: &Steps<DiskOp>, stop: &StopFlag) -> Vec<DiskOutcome> {
    let mut outcomes: Vec<DiskOutcome> = Vec::with_capacity(ops.len());
    let mut bin = Bin::new(context);
    for (position, op) in ops.actions().iter().enumerate() {
        let done = |on: &u32| matches!(outcomes.get(*on as usize), Some(DiskOutcome::Done(_)));
        let possible = !stop.is_set() && ops.after(position).iter().all(done);
        outcomes.push(if possible { change(context, op, &mut bin, stop) } else { DiskOutcome::NotTried });
    }
    if let Err(error) = context.fs.sync() {
        let failed = |_| DiskOutcome::Failed(unsynced(&error));
        outcomes = ops.actions().iter().map(failed).collect();
    }
    outcomes
}

fn change(context: &JobContext, op: &DiskOp, bin: &mut Bin, stop: &StopFlag) -> DiskOutcome {
    let result = match op {
        DiskOp::MakeDir { path, .. } => make_dir(context, path),
        DiskOp::Rename { from, to, ino, ctime_ns, .. } => return rename(context, from, to, *ino, *ctime_ns),
        DiskOp::Trash { path, content, stamp, .. } => {
            let seen = AsSeen::hold(context, path, content, stamp, stop);
            return seen.map_or(DiskOutcome::Changed, |seen| trash(context, path, &seen, bin));
        }
        DiskOp::RemoveDir { path, .. } => remove_dir(context, path).map(|()| None),
    };
    result.map_or_else(|error| refused(&error), DiskOutcome::Done)
}

/// One that is gone already is removed.
fn remove_dir(context: &JobContext, path: &str) -> io::Result<()> {
    match context.fs.remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// What is in a folder keeps it.
pub(super) fn remove_empty(context: &JobContext, folders: &[String]) {
    for path in folders {
        // The next look sees what is left.
        let _ = context.fs.remove_dir(path);
    }
}

/// A folder that is there already is one that nobody has looked into.
fn make_dir(context: &JobContext, path: &str) -> io::Result<Option<Stamp>> {
    context.fs.make_dir(path)?;
    if watched_from_the_start(context, path) {
        return Ok(context.fs.stat(path).ok().map(|stat| stat.stamp));
    }
    // Without its inode number it counts as new, and is looked into with the folder above it.
    Ok(None)
}

/// Watches a folder just made. What somebody put into it before that nobody would tell.
fn watched_from_the_start(context: &JobContext, path: &str) -> bool {
    let Some(watcher) = &context.watcher else { return true };
    watcher.watch(path);
    context.fs.list(path).is_ok_and(|listing| listing.is_empty())
}

/// What somebody else has put in the place meanwhile is not moved, or moved back: under its new name it
/// would count as renamed by a person. What was touched meanwhile is not moved either: its change time,
/// which may be all that tells of new bytes, would be that of the move.
fn rename(context: &JobContext, from: &str, to: &str, ino: u64, ctime_ns: i64) -> DiskOutcome {
    let is_it = |stamp: &Stamp| ino == 0 || stamp.ino == ino;
    let touched = |stamp: &Stamp| ctime_ns != SMUDGED && stamp.ctime_ns != ctime_ns;
    match context.fs.stat(from) {
        Ok(stat) if !is_it(&stat.stamp) || touched(&stat.stamp) => return DiskOutcome::Changed,
        Ok(_) => {}
        Err(error) => return refused(&error),
    }
    if let Err(error) = context.fs.rename(from, to) {
        return refused(&error);
    }
    // Whoever writes to it in this very tick of the disk's clock gives it no other change time than the move did.
    let moved = context.fs.stat(to).ok().map(|stat| Stamp { ctime_ns: SMUDGED, ..stat.stamp });
    if moved.as_ref().is_none_or(is_it) {
        return DiskOutcome::Done(moved);
    }
    match context.fs.rename(to, from) {
        Ok(()) => DiskOutcome::Changed,
        Err(error) => refused(&error),
    }
}

fn refused(error: &io::Error) -> DiskOutcome {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => {
            DiskOutcome::Changed
        }
        _ => DiskOutcome::Failed(Error::io("the disk refuses the change", error)),
    }
}

fn trash(context: &JobContext, path: &str, seen: &AsSeen, bin: &mut Bin) -> DiskOutcome {
    let to = match bin.place(context, path) {
        Ok(to) => to,
        Err(error) => return DiskOutcome::Failed(Error::io("the trash cannot be used", &error)),
    };
    match context.fs.rename(path, &to) {
        Ok(()) if seen.is_at(context, &to) => DiskOutcome::Done(None),
        // Written to in the last moment: it goes back, beside what has come to its place since, and counts as changed.
        Ok(()) => match put_back(context, &to, path) {
            Ok(()) => DiskOutcome::Changed,
            Err(error) => {
                DiskOutcome::Failed(Error::io("the file cannot be put back from the trash", &error))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => DiskOutcome::Changed,
        Err(error) => DiskOutcome::Failed(Error::io("the file cannot be moved to the trash", &error)),
    }
}

/// How long an unused part of a transfer is kept.
const TEMP_SECONDS: u64 = 7 * 24 * 3600;

/// Removes temporary files and trash whose time is over.
pub(super) fn sweep(context: &JobContext, trash_seconds: u64) {
    for (name, age) in context.fs.list_temp().unwrap_or_default() {
        if age > TEMP_SECONDS {
            discard(context, &name);
        }
    }
    let now = context.clock.wall_ns().div_euclid(1_000_000_000);
    for name in context.fs.list_trash().unwrap_or_default() {
        let deleted = name.split('-').next().and_then(|seconds| seconds.parse::<i64>().ok());
        if deleted.is_some_and(|deleted| now.saturating_sub(deleted) > trash_seconds as i64) {
            // What cannot be removed now is tried again by the next run.
            let _ = context.fs.empty_trash(&name);
        }
    }
}

/// Removes a temporary file, if it is there.
pub(super) fn discard(context: &JobContext, name: &str) {
    // One that stays is swept later.
    let _ = context.fs.remove_file(&format!("{}/{name}", <dyn FileSystem>::TEMP));
}
