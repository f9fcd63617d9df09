//! Puts files whose bytes came from the cloud in their places.

use std::io;

use super::fetch::{FetchItem, FetchOutcome, disk_failure, temp_path};
use super::hash::smudge;
use super::same::AsSeen;
use super::trash::Bin;
use super::{JobContext, StopFlag};
use crate::ports::{FileKind, SMUDGED, Stamp, same_file};

/// One file whose bytes are in a temporary file.
#[derive(Debug, Clone)]
pub struct PlaceItem {
    /// What was fetched.
    pub fetched: FetchItem,
    /// How the temporary file is.
    pub stamp: Stamp,
}

/// In their places, then the places durable: one barrier for the whole batch.
pub(super) fn run(context: &JobContext, items: &[PlaceItem], stop: &StopFlag) -> Vec<FetchOutcome> {
    let mut bin = Bin::of_replaced(context);
    let placed: Vec<Result<(), FetchOutcome>> = items
        .iter()
        .map(|item| match stop.is_set() {
            true => Err(FetchOutcome::Stopped),
            false => place(context, item, &mut bin, stop),
        })
        .collect();
    if placed.iter().any(Result::is_ok)
        && let Err(error) = context.fs.sync()
    {
        return items.iter().map(|_| disk_failure(&error)).collect();
    }
    let looked_ns = context.clock.wall_ns();
    items
        .iter()
        .zip(placed)
        .map(|(item, placed)| match placed {
            Err(outcome) => outcome,
            Ok(()) => FetchOutcome::Placed(seen_in_place(context, item, looked_ns)),
        })
        .collect()
}

/// How a file that was put in its place is noted. Who has moved or changed it since then did that to
/// the cloud's file: the next scan finds it different from what is noted here.
fn seen_in_place(context: &JobContext, item: &PlaceItem, looked_ns: i64) -> Stamp {
    match context.fs.stat(&item.fetched.path) {
        Ok(stat) if stat.kind == FileKind::File && same_file(&stat.stamp, &item.stamp) => {
            smudge(stat.stamp, looked_ns)
        }
        _ => Stamp { ctime_ns: SMUDGED, ..item.stamp },
    }
}

fn place(context: &JobContext, item: &PlaceItem, bin: &mut Bin, stop: &StopFlag) -> Result<(), FetchOutcome> {
    let temp = temp_path(&item.fetched);
    if let Some((content, expected)) = item.fetched.replaces {
        let old = AsSeen::hold(context, &item.fetched.path, &content, &expected, stop);
        let Some(old) = old else { return Err(FetchOutcome::Changed) };
        return replace(context, &temp, &item.fetched.path, &old, bin);
    }
    context.fs.rename(&temp, &item.fetched.path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound => FetchOutcome::Changed,
        _ => disk_failure(&error),
    })
}

/// Puts the new file in the old one's place, in one step, and only then looks whether the old one
/// was still what the plan saw: whatever a person wrote in between is put back. The old one goes to the trash:
/// where the cloud was restored from a backup, nobody else may have it any more.
fn replace(
    context: &JobContext,
    temp: &str,
    path: &str,
    old: &AsSeen,
    bin: &mut Bin,
) -> Result<(), FetchOutcome> {
    let trash = bin.place(context, path).map_err(|error| disk_failure(&error))?;
    match context.fs.exchange(temp, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FetchOutcome::Changed),
        Err(error) => return Err(disk_failure(&error)),
    }
    if !old.is_at(context, temp) {
        return match context.fs.exchange(temp, path) {
            Ok(()) => Err(FetchOutcome::Changed),
            Err(error) => Err(disk_failure(&error)),
        };
    }
    context.fs.rename(temp, &trash).map_err(|error| disk_failure(&error))
}
