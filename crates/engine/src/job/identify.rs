//! Reads what files say of the photo that they are a part of.

use super::JobContext;
use crate::media::{self, Mark, may_be_identified};
use crate::ports::{ContentId, ReadFile, Stamp};

/// The content identifier of an open file; nothing where it is not as it was with this stamp any more.
pub(super) fn of(
    context: &JobContext,
    path: &str,
    file: &mut dyn ReadFile,
    stamp: &Stamp,
) -> Option<ContentId> {
    let reader = context.identifiers.as_ref().filter(|_| may_be_identified(path))?;
    let identifier = reader.read(file)?;
    file.stamp().is_ok_and(|now| now == *stamp).then_some(identifier)
}

/// What marks a file as a part of a photo.
pub(super) fn marks(context: &JobContext, path: &str, stamp: &Stamp) -> Vec<Mark> {
    let name = path.rsplit('/').next().unwrap_or(path);
    media::marks(name, at(context, path, stamp)).collect()
}

/// The identifier of one that is not open.
pub(super) fn at(context: &JobContext, path: &str, stamp: &Stamp) -> Option<ContentId> {
    if context.identifiers.is_none() || !may_be_identified(path) {
        return None;
    }
    let mut file = context.fs.open(path).ok()?;
    of(context, path, &mut *file, stamp)
}
