//! Whether a file is as a plan saw it, and stays so while it is replaced or moved away.

use std::io;

use super::hash::content_at;
use super::{JobContext, StopFlag};
use crate::ports::{SMUDGED, Stamp, StillFile, same_file};
use crate::tree::Content;

/// A file that is as the plan saw it, and to which nobody writes, where the disk can tell that.
pub(super) struct AsSeen {
    stamp: Stamp,
    file: Option<Box<dyn StillFile>>,
}

impl AsSeen {
    /// `None` where it is not as the plan saw it, or is being written to.
    pub(super) fn hold(
        context: &JobContext,
        path: &str,
        content: &Content,
        stamp: &Stamp,
        stop: &StopFlag,
    ) -> Option<AsSeen> {
        let file = match context.fs.open_still(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => None,
            Err(_) => return None,
        };
        is_as_seen(context, path, content, stamp, stop).then_some(AsSeen { stamp: *stamp, file })
    }

    /// Whether it is what lies at `path` now, and nobody has written to it or waits to.
    pub(super) fn is_at(&self, context: &JobContext, path: &str) -> bool {
        context.fs.stat(path).is_ok_and(|stat| same_file(&stat.stamp, &self.stamp))
            && self.file.as_ref().is_none_or(|file| file.is_still().unwrap_or(false))
    }
}

/// Whether a file is as the plan saw it. One whose change time says nothing, such as one that came a moment ago,
/// may have other bytes of the same size under the same time: it is read.
fn is_as_seen(context: &JobContext, path: &str, content: &Content, stamp: &Stamp, stop: &StopFlag) -> bool {
    if stamp.ctime_ns != SMUDGED {
        let now = context.fs.stat(path).map(|stat| stat.stamp);
        return now.is_ok_and(|now| same_file(&now, stamp) && now.ctime_ns == stamp.ctime_ns);
    }
    let read = content_at(context, path, stamp.size, stop);
    matches!(read, Ok(Some((found, now))) if found == *content && same_file(&now, stamp))
}
