//! Whether a file is as a plan saw it.

use super::hash::{CHUNK, digest};
use super::{JobContext, StopFlag};
use crate::ports::{SMUDGED, Stamp, same_file};
use crate::tree::Content;

/// Whether a file is as the plan saw it. One whose change time says nothing, such as one that came a moment ago,
/// may have other bytes of the same size under the same time: it is read.
pub(super) fn is_as_seen(
    context: &JobContext,
    path: &str,
    content: &Content,
    stamp: &Stamp,
    stop: &StopFlag,
) -> bool {
    if stamp.ctime_ns != SMUDGED {
        let now = context.fs.stat(path).map(|stat| stat.stamp);
        return now.is_ok_and(|now| same_file(&now, stamp) && now.ctime_ns == stamp.ctime_ns);
    }
    let read = context.fs.open(path).and_then(|mut file| digest(&mut *file, &mut vec![0; CHUNK], stop));
    matches!(read, Ok(Some((found, now))) if found == *content && same_file(&now, stamp))
}
