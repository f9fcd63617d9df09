//! Files that may lack something which a run makes up for when all else is done.

use std::collections::VecDeque;

use crate::tree::{NodeId, NodeSet, Trees};

/// The files that may lack it.
#[derive(Debug)]
pub(super) enum Missing {
    /// Any file.
    Unknown,
    /// These.
    Of(NodeSet),
}

/// In the index: no file lacks it. Anything else: any may.
const COMPLETE: &str = "complete";

impl Missing {
    /// As the index has it. An empty index knows of no file that lacks anything.
    pub(super) fn new(text: &str, is_empty: bool) -> Self {
        if is_empty || text == COMPLETE { Missing::Of(NodeSet::default()) } else { Missing::Unknown }
    }

    /// For the index. What the trees learn goes there in the same transaction, so that none is forgotten.
    pub(super) fn to_text(&self) -> String {
        let complete = matches!(self, Missing::Of(files) if files.is_empty());
        if complete { COMPLETE.to_owned() } else { String::new() }
    }

    /// These may lack it.
    pub(super) fn want(&mut self, more: &NodeSet) {
        if let Missing::Of(files) = self {
            files.extend(more.iter());
        }
    }

    /// This one has it, or never will.
    pub(super) fn have(&mut self, file: NodeId) {
        if let Missing::Of(files) = self {
            files.remove(file);
        }
    }

    /// Those that are known to lack it perhaps.
    pub(super) fn known(&self) -> impl Iterator<Item = NodeId> + '_ {
        let files = match self {
            Missing::Of(files) => Some(files),
            Missing::Unknown => None,
        };
        files.into_iter().flat_map(NodeSet::iter)
    }

    /// Those that lack it, of the files that can.
    pub(super) fn settle(&mut self, trees: &Trees, can: impl Fn(&NodeId) -> bool) -> VecDeque<NodeId> {
        let files: NodeSet = match &*self {
            Missing::Of(files) => files.iter().filter(can).collect(),
            Missing::Unknown => trees.iter().map(|(id, _)| id).filter(can).collect(),
        };
        let queue = files.iter().collect();
        *self = Missing::Of(files);
        queue
    }
}
