//! Reads what files say of the photo that they are a part of.

use std::io;

use super::{JobContext, StopFlag, name_of};
use crate::media::{self, Mark, may_be_identified};
use crate::ports::{ContentId, ReadFile, Stamp};
use crate::tree::NodeId;

/// Files of one folder that may be parts of the same photo though their names do not say so.
#[derive(Debug, Clone)]
pub struct Unjoined {
    /// The videos.
    pub videos: Vec<IdentifyItem>,
    /// The pictures, of which nothing is read where none of the videos says anything.
    pub stills: Vec<IdentifyItem>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct IdentifyItem {
    /// The node.
    pub node: NodeId,
    /// Where it lies.
    pub path: String,
    /// How it was seen.
    pub stamp: Stamp,
}

/// The identifiers of those that have one.
pub(super) fn run(context: &JobContext, folders: &[Unjoined], stop: &StopFlag) -> Vec<(NodeId, ContentId)> {
    let read = |item: &IdentifyItem| {
        let identifier = if stop.is_set() { None } else { at(context, &item.path, &item.stamp).ok()? };
        identifier.map(|identifier| (item.node, identifier))
    };
    let mut found = Vec::new();
    for folder in folders {
        let known = found.len();
        found.extend(folder.videos.iter().filter_map(read));
        if found.len() > known {
            found.extend(folder.stills.iter().filter_map(read));
        }
    }
    found
}

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
    media::marks(name_of(path), at(context, path, stamp).ok().flatten()).collect()
}

/// The identifier of one that is not open; an error where it cannot be opened.
pub(super) fn at(context: &JobContext, path: &str, stamp: &Stamp) -> io::Result<Option<ContentId>> {
    if context.identifiers.is_none() || !may_be_identified(path) {
        return Ok(None);
    }
    let mut file = context.fs.open(path)?;
    Ok(of(context, path, &mut *file, stamp))
}
