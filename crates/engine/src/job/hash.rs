//! Reads files and takes their digests.

use std::io;

use super::{JobContext, StopFlag, unsynced};
use crate::error::Error;
use crate::ports::{ReadFile, SMUDGED, Stamp};
use crate::tree::{Content, NodeId};

/// One file to read.
#[derive(Debug, Clone)]
pub struct HashItem {
    /// The node.
    pub node: NodeId,
    /// Where it lies.
    pub path: String,
}

/// What reading a file came to.
#[derive(Debug)]
pub enum HashOutcome {
    /// Its content, and its stamp while it was read.
    Read(Content, Stamp),
    /// It changed while it was read, or is gone: look at the disk again.
    Changed,
    /// It cannot be read.
    Failed(Error),
    /// Stopped before it was read.
    Stopped,
}

/// How much is read at a time.
pub(super) const CHUNK: usize = 1 << 20;

pub(super) fn run(context: &JobContext, items: &[HashItem], stop: &StopFlag) -> Vec<HashOutcome> {
    let mut buffer = vec![0; CHUNK];
    let outcomes: Vec<_> = items.iter().map(|item| read(context, item, &mut buffer, stop)).collect();
    // It may turn out to be what the cloud has. Both count as agreed then, and a file that the power took after that as
    // deleted: what was read must be durable first.
    match context.fs.sync() {
        Ok(()) => outcomes,
        Err(error) => {
            let failed = |outcome| match outcome {
                HashOutcome::Read(..) => HashOutcome::Failed(unsynced(&error)),
                other => other,
            };
            outcomes.into_iter().map(failed).collect()
        }
    }
}

fn read(context: &JobContext, item: &HashItem, buffer: &mut [u8], stop: &StopFlag) -> HashOutcome {
    if stop.is_set() {
        return HashOutcome::Stopped;
    }
    let begun_ns = context.clock.wall_ns();
    let result = context.fs.open(&item.path).and_then(|mut file| {
        let read = digest(&mut *file, buffer, stop)?;
        Ok(read.map(|(content, stamp)| {
            let identifier = super::identify::of(context, &item.path, &mut *file, &stamp);
            (Content { identifier, ..content }, stamp)
        }))
    });
    match result {
        Ok(Some((content, stamp))) => HashOutcome::Read(content, smudge(stamp, begun_ns)),
        Ok(None) if stop.is_set() => HashOutcome::Stopped,
        Ok(None) => HashOutcome::Changed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => HashOutcome::Changed,
        Err(error) => HashOutcome::Failed(Error::io("the file cannot be read", &error)),
    }
}

/// What a file of about `size` bytes holds, without what it says of its photo, and its stamp; nothing where it changed
/// meanwhile, or `stop` was set.
pub(super) fn content_at(
    context: &JobContext,
    path: &str,
    size: u64,
    stop: &StopFlag,
) -> io::Result<Option<(Content, Stamp)>> {
    let mut buffer = vec![0; CHUNK.min((size as usize).saturating_add(1))];
    digest(&mut *context.fs.open(path)?, &mut buffer, stop)
}

/// The content and stamp, or nothing where the file changed meanwhile or `stop` was set.
pub(super) fn digest(
    file: &mut (impl ReadFile + ?Sized),
    buffer: &mut [u8],
    stop: &StopFlag,
) -> io::Result<Option<(Content, Stamp)>> {
    let before = file.stamp()?;
    let mut hasher = blake3::Hasher::new();
    let mut size = 0;
    loop {
        let count = file.read_at(buffer, size)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
        if stop.is_set() {
            return Ok(None);
        }
    }
    let after = file.stamp()?;
    if before != after || size != after.size {
        return Ok(None);
    }
    let digest = *hasher.finalize().as_bytes();
    Ok(Some((Content { digest, size, mtime_ns: after.mtime_ns, identifier: None }, after)))
}

/// A file that was written a moment before it was read may change once more, while it is read or
/// after that, without its times showing it. Its stamp is noted so that the next scan finds it
/// different and reads it again. Its modification time says nothing here: it may be another machine's.
/// `begun_ns` is the time of day before the first byte was read: that the change is old by the time the
/// work is done says nothing of what happened in between.
pub(super) fn smudge(mut stamp: Stamp, begun_ns: i64) -> Stamp {
    const COARSEST_TICK_NS: i64 = 20_000_000;
    let age = begun_ns.saturating_sub(stamp.ctime_ns);
    if (-COARSEST_TICK_NS..COARSEST_TICK_NS).contains(&age) {
        stamp.ctime_ns = SMUDGED;
    }
    stamp
}
