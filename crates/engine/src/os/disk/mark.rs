//! Marks that programs beside this one read: a user attribute of each file.
//!
//! A mark gives its file a new change time, by which the engine tells whether a file was changed. So it is set
//! under a lease, while nobody writes to the file, and the lease is kept until the clock that stamps files has gone
//! on: whoever writes after that leaves another change time than the mark.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use super::beneath::Root;
use super::lease::{LeasedFile, Leases};
use super::open_regular;
use crate::ports::{FileMark, Marking, ReadFile, SMUDGED, Stamp, StillFile, same_file};

/// The attribute.
const NAME: &str = "user.cloud.filestatus";

/// Marks files.
pub(super) fn mark(root: &Root, leases: Leases, files: &[Marking]) -> Vec<io::Result<Stamp>> {
    let marked: Vec<io::Result<Marked>> = files.iter().map(|file| mark_one(root, leases, file)).collect();
    let newest =
        marked.iter().flatten().filter(|marked| marked.lease.is_some()).map(|m| m.stamp.ctime_ns).max();
    let passed = newest.is_none_or(wait_past);
    let settled = |marked: Marked| {
        let told = passed || marked.lease.is_none();
        Stamp { ctime_ns: if told { marked.stamp.ctime_ns } else { SMUDGED }, ..marked.stamp }
    };
    marked.into_iter().map(|marked| marked.map(settled)).collect()
}

/// A file with its mark.
struct Marked {
    stamp: Stamp,
    /// Held where the mark is new.
    lease: Option<LeasedFile>,
}

fn mark_one(root: &Root, leases: Leases, wanted: &Marking) -> io::Result<Marked> {
    // It is gone, or cannot be read either.
    let file = open_regular(root, &wanted.path).map_err(|_| io::Error::from(io::ErrorKind::ResourceBusy))?;
    let text = (wanted.mark as u8).to_string();
    let mut held = [0; 8];
    // None, or one that is no mark of ours, is replaced.
    let held = fgetxattr(&file, NAME, &mut held[..]).ok().and_then(|length| held.get(..length));
    if held == Some(text.as_bytes()) {
        return Ok(Marked { stamp: wanted.stamp, lease: None });
    }
    let lease = LeasedFile::new(file, leases).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::ResourceBusy.into(),
        _ => error,
    })?;
    let before = lease.stamp()?;
    let known = before.ctime_ns == wanted.stamp.ctime_ns || wanted.stamp.ctime_ns == SMUDGED;
    if !known || !same_file(&before, &wanted.stamp) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // The mark would change the other names' files as well. That another name goes is noticed where it gives the file
    // another change time.
    if lease.links()? > 1 {
        let noticed = coarse_now_ns() > before.ctime_ns;
        let kind = if noticed { io::ErrorKind::PermissionDenied } else { io::ErrorKind::ResourceBusy };
        return Err(kind.into());
    }
    set(&lease, &text)?;
    let stamp = lease.stamp()?;
    if !same_file(&stamp, &wanted.stamp) {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    Ok(Marked { stamp, lease: Some(lease) })
}

/// Marks an open file.
pub(super) fn set_mark(file: impl AsFd, mark: FileMark) -> io::Result<()> {
    set(file, &(mark as u8).to_string())
}

fn set(file: impl AsFd, text: &str) -> io::Result<()> {
    fsetxattr(file, NAME, text.as_bytes(), XattrFlags::empty()).map_err(|error| match error {
        Errno::OPNOTSUPP => io::ErrorKind::Unsupported.into(),
        Errno::PERM | Errno::ACCESS | Errno::ROFS => io::ErrorKind::PermissionDenied.into(),
        error => error.into(),
    })
}

/// Waits until what changes from now on is stamped later than `ctime_ns`. Returns whether it came to that: clocks
/// can be set back.
fn wait_past(ctime_ns: i64) -> bool {
    const TRIES: u32 = 50;
    (0..TRIES).any(|_| {
        let passed = coarse_now_ns() > ctime_ns;
        if !passed {
            std::thread::sleep(Duration::from_millis(1));
        }
        passed
    })
}

/// The clock that stamps files, in nanoseconds since 1970.
fn coarse_now_ns() -> i64 {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}
