//! Removes files' own copies to free their space, and nothing that the cloud cannot give back.
//!
//! Two jobs, with the index's note between them: the first reads each file and lets the cloud prove that it
//! holds the same bytes; the second removes what has not been touched since. The parts of one photo go
//! together or stay together.

use std::collections::BTreeSet;
use std::io;

use cloudsync_cloud::{Claim, CloudError};

use super::adrift::{self, limbo};
use super::hash::{CHUNK, digest, smudge};
use super::transfer::Control;
use super::{JobContext, Moved, StopFlag, TABLE};
use crate::error::{Code, Error};
use crate::ports::{FileKind, SMUDGED, Stamp, StillFile, same_file};
use crate::tree::{Content, NodeId};

/// One file whose own copy may go.
#[derive(Debug, Clone)]
pub struct EvictItem {
    /// The node.
    pub node: NodeId,
    /// The photo that it is a part of: equal numbers go together or stay together.
    pub group: u32,
    /// Where it lies.
    pub path: String,
    /// What disk and cloud agreed on.
    pub content: Content,
    /// Its record's id.
    pub record: Box<str>,
    /// The record's version.
    pub version: u64,
    /// The cloud's id of the asset.
    pub asset: String,
}

/// What became of one file.
#[derive(Debug)]
pub enum EvictOutcome {
    /// The cloud has just proved that it holds the bytes that the file has with this stamp.
    Proved(Stamp),
    /// Its own copy is gone, durably.
    Removed,
    /// It stays, for this reason.
    Kept(Error),
    /// It stays, because the cloud's copy is damaged: it has the only good bytes.
    Damaged(Error),
    /// It was to stay, for this reason, and could not be put back: it is in the trash.
    Adrift(Error),
    /// Stopped before; it stays.
    Stopped,
}

/// How many files are asked for their age before a stop is heard.
const SURVEYED_AT_ONCE: usize = 1024;

/// When each file was last read by somebody, in nanoseconds since 1970; `None` where it is gone.
pub(super) fn survey(
    context: &JobContext,
    files: Vec<(NodeId, String)>,
    stop: &StopFlag,
) -> Vec<(NodeId, Option<i64>)> {
    let mut read = Vec::with_capacity(files.len());
    for some in files.chunks(SURVEYED_AT_ONCE) {
        let paths: Vec<&str> = some.iter().map(|(_, path)| path.as_str()).collect();
        let times = if stop.is_set() { Vec::new() } else { context.fs.last_read_ns(&paths) };
        let times = times.into_iter().map(Result::ok).chain(std::iter::repeat(None));
        read.extend(some.iter().map(|(id, _)| *id).zip(times));
    }
    read
}

pub(super) fn prove(
    context: &JobContext,
    items: &[EvictItem],
    stop: &StopFlag,
    moved: &Moved,
) -> Vec<EvictOutcome> {
    // Also where the cloud would prove it: what is switched off gives nothing back.
    let reached = context.gate.reach_cloud();
    let loader = match reached.and_then(|()| context.loader().map_err(|error| unproved(&error))) {
        Ok(loader) => loader,
        Err(error) => return items.iter().map(|_| EvictOutcome::Kept(error.clone())).collect(),
    };
    let mut buffer = vec![0; CHUNK];
    let mut outcomes: Vec<EvictOutcome> =
        items.iter().map(|item| read(context, item, &mut buffer, stop)).collect();
    keep_groups_together(items, &mut outcomes);
    let claimed: Vec<usize> =
        (0..items.len()).filter(|&at| matches!(outcomes[at], EvictOutcome::Proved(_))).collect();
    let claims: Vec<Claim> = claimed.iter().map(|&at| claim(&items[at])).collect();
    let mut answers = loader.prove(TABLE, &claims, &Control { stop, moved }).into_iter();
    for at in claimed {
        let missing = || Err(CloudError::Unknown("the cloud gave fewer answers than it was asked".into()));
        match answers.next().unwrap_or_else(missing) {
            Ok(()) => {}
            Err(CloudError::Stopped) => outcomes[at] = EvictOutcome::Stopped,
            Err(error @ CloudError::Corrupt(_)) => outcomes[at] = EvictOutcome::Damaged(unproved(&error)),
            Err(error) => outcomes[at] = EvictOutcome::Kept(unproved(&error)),
        }
    }
    keep_groups_together(items, &mut outcomes);
    outcomes
}

fn claim(item: &EvictItem) -> Claim {
    Claim {
        gid: item.record.to_string(),
        version: item.version,
        asset_id: item.asset.clone(),
        size: item.content.size,
        digest: item.content.digest,
    }
}

fn unproved(error: &CloudError) -> Error {
    let text = match error {
        CloudError::VersionConflict { .. } => {
            "it was changed in the cloud: sync first, and free its space then".to_owned()
        }
        CloudError::NotFound(_) => "the cloud does not hold it any more: sync first".to_owned(),
        CloudError::Corrupt(text) => {
            format!(
                "the cloud's copy is damaged ({text}): this one is the only one; the next sync sends it again"
            )
        }
        error => format!("the cloud did not prove that it holds it: {error}"),
    };
    let code = match error {
        CloudError::Network(_) => Code::NetworkUnavailable,
        CloudError::Disabled => Code::CloudNotReady,
        CloudError::TooManyRequests(_) => Code::Busy,
        CloudError::Gone(_) => Code::Ipc,
        _ => Code::TryAgain,
    };
    Error::new(code, text)
}

/// Whether the file holds what both agreed on, and nobody has it open for writing.
fn read(context: &JobContext, item: &EvictItem, buffer: &mut [u8], stop: &StopFlag) -> EvictOutcome {
    if stop.is_set() {
        return EvictOutcome::Stopped;
    }
    let begun_ns = context.clock.wall_ns();
    let mut file = match still(context, &item.path) {
        Ok(file) => file,
        Err(error) => return EvictOutcome::Kept(error),
    };
    match digest(&mut *file, buffer, stop) {
        Ok(Some((_, stamp))) if smudge(stamp, begun_ns).ctime_ns == SMUDGED => {
            EvictOutcome::Kept(Error::new(Code::TryAgain, "it was changed just now: try again in a moment"))
        }
        Ok(Some((content, stamp))) if content == item.content => EvictOutcome::Proved(stamp),
        Ok(None) if stop.is_set() => EvictOutcome::Stopped,
        Ok(_) => EvictOutcome::Kept(changed()),
        Err(error) => EvictOutcome::Kept(Error::io("the file cannot be read", &error)),
    }
}

fn changed() -> Error {
    Error::new(Code::TryAgain, "it was changed here and is not in the cloud as it is now: sync first")
}

/// The file, while nobody has it open for writing, where it has no other name.
fn still(context: &JobContext, path: &str) -> Result<Box<dyn StillFile>, Error> {
    let file = context.fs.open_still(path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => {
            Error::new(Code::TryAgain, "a program has it open for writing: try again when it is closed")
        }
        io::ErrorKind::Unsupported => {
            let text = "its file system cannot tell whether a program is writing to it: it stays";
            Error::new(Code::NotImplemented, text)
        }
        io::ErrorKind::NotFound => changed(),
        // A link, a folder or a pipe has its place.
        _ if context.fs.stat(path).is_ok_and(|stat| stat.kind != FileKind::File) => changed(),
        _ => Error::io("the file cannot be opened", &error),
    })?;
    match file.links() {
        Ok(1) => Ok(file),
        Ok(_) => {
            let text = "it has another name as well (a hard link): removing it here would free nothing";
            Err(Error::new(Code::AccessDenied, text))
        }
        Err(error) => Err(Error::io("the file cannot be looked at", &error)),
    }
}

/// Where one part of a photo stays, the others stay too.
fn keep_groups_together(items: &[EvictItem], outcomes: &mut [EvictOutcome]) {
    let stays = |outcome: &EvictOutcome| !matches!(outcome, EvictOutcome::Proved(_) | EvictOutcome::Removed);
    let broken: BTreeSet<u32> = items
        .iter()
        .zip(&*outcomes)
        .filter(|(_, outcome)| stays(outcome))
        .map(|(item, _)| item.group)
        .collect();
    for (item, outcome) in items.iter().zip(outcomes) {
        if broken.contains(&item.group) && !stays(outcome) {
            *outcome = EvictOutcome::Kept(another_part());
        }
    }
}

fn another_part() -> Error {
    Error::new(Code::TryAgain, "another part of the same photo stays, and they stay together")
}

/// A file that is held open until it may be removed, and where it waits for that.
struct Held {
    at: usize,
    trash: String,
    file: Box<dyn StillFile>,
}

pub(super) fn remove(
    context: &JobContext,
    items: &[(EvictItem, Stamp)],
    stop: &StopFlag,
) -> Vec<EvictOutcome> {
    // The note that they leave must be durable before they do: without it they would count as deleted.
    if let Err(error) = context.fs.sync() {
        let error = Error::io("the disk cannot be flushed", &error);
        return items.iter().map(|_| EvictOutcome::Kept(error.clone())).collect();
    }
    let mut outcomes: Vec<EvictOutcome> = items.iter().map(|_| EvictOutcome::Stopped).collect();
    let held = hold(context, items, stop, &mut outcomes);
    let out = move_out(context, items, held, &mut outcomes);
    remove_for_good(context, items, out, &mut outcomes);
    outcomes
}

/// Holds the files that are what was proved: all parts of a photo, or none.
fn hold(
    context: &JobContext,
    items: &[(EvictItem, Stamp)],
    stop: &StopFlag,
    outcomes: &mut [EvictOutcome],
) -> Vec<Held> {
    let mut held = Vec::with_capacity(items.len());
    let mut last = None;
    for (at, (item, proved)) in items.iter().enumerate() {
        if last.replace(item.group) != Some(item.group) && stop.is_set() {
            break;
        }
        match still(context, &item.path) {
            // In the trash it is kept for long if the process ends now.
            Ok(file) if file.stamp().is_ok_and(|now| now == *proved) => {
                held.push(Held { at, trash: limbo(context, item.node, &item.path), file });
            }
            Ok(_) => outcomes[at] = EvictOutcome::Kept(changed()),
            Err(error) => outcomes[at] = EvictOutcome::Kept(error),
        }
    }
    let (held, torn) = split(items, held, outcomes);
    for one in torn {
        outcomes[one.at] = EvictOutcome::Kept(another_part());
    }
    held
}

/// Those of whose photos all parts are still on their way, and the others.
fn split(items: &[(EvictItem, Stamp)], held: Vec<Held>, outcomes: &[EvictOutcome]) -> (Vec<Held>, Vec<Held>) {
    let over = items.iter().zip(outcomes).filter(|(_, outcome)| !matches!(outcome, EvictOutcome::Stopped));
    let torn: BTreeSet<u32> = over.map(|((item, _), _)| item.group).collect();
    held.into_iter().partition(|one| !torn.contains(&items[one.at].0.group))
}

/// Moves them out of the gallery: all parts of a photo, or none.
fn move_out(
    context: &JobContext,
    items: &[(EvictItem, Stamp)],
    held: Vec<Held>,
    outcomes: &mut [EvictOutcome],
) -> Vec<Held> {
    let moves: Vec<(&str, &str)> = held.iter().map(|one| (&*items[one.at].0.path, &*one.trash)).collect();
    let moved = context.fs.rename_all(&moves);
    let places: Vec<&str> = held.iter().map(|one| &*one.trash).collect();
    let there = context.fs.stat_all(&places);
    let mut out = Vec::with_capacity(held.len());
    for (one, (moved, there)) in held.into_iter().zip(moved.into_iter().zip(there)) {
        let (item, proved) = &items[one.at];
        match moved {
            Ok(()) if there.is_ok_and(|there| same_file(&there.stamp, proved)) => out.push(one),
            // Another file had come to its place in that instant.
            Ok(()) => outcomes[one.at] = put_back(context, item, &one.trash, changed()),
            Err(error) => {
                outcomes[one.at] = EvictOutcome::Kept(Error::io("the file cannot be removed", &error));
            }
        }
    }
    let (out, torn) = split(items, out, outcomes);
    for one in torn {
        outcomes[one.at] = put_back(context, &items[one.at].0, &one.trash, another_part());
    }
    out
}

fn put_back(context: &JobContext, item: &EvictItem, trash: &str, reason: Error) -> EvictOutcome {
    match adrift::put_back(context, trash, &item.path) {
        Ok(()) => EvictOutcome::Kept(reason),
        Err(_) => EvictOutcome::Adrift(reason),
    }
}

/// Removes what was moved out, once that is durable. Who has opened a file for writing on its way gets it
/// back.
fn remove_for_good(
    context: &JobContext,
    items: &[(EvictItem, Stamp)],
    out: Vec<Held>,
    outcomes: &mut [EvictOutcome],
) {
    if out.is_empty() {
        return;
    }
    let synced = context.fs.sync();
    let wanted: BTreeSet<u32> = out
        .iter()
        .filter(|one| synced.is_err() || !one.file.is_still().unwrap_or(false))
        .map(|one| items[one.at].0.group)
        .collect();
    let (back, out): (Vec<Held>, Vec<Held>) =
        out.into_iter().partition(|one| wanted.contains(&items[one.at].0.group));
    for one in back {
        outcomes[one.at] = put_back(context, &items[one.at].0, &one.trash, changed());
    }
    let places: Vec<&str> = out.iter().map(|one| &*one.trash).collect();
    for (one, removed) in out.iter().zip(context.fs.remove_files(&places)) {
        outcomes[one.at] = match removed {
            Ok(()) => EvictOutcome::Removed,
            Err(error) => {
                let error = Error::io("the file cannot be removed", &error);
                put_back(context, &items[one.at].0, &one.trash, error)
            }
        };
    }
}
