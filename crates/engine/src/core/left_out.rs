//! What a filter leaves out is left alone: no step touches it, on either side, and what either side does meanwhile is
//! no deletion.

use std::collections::BTreeSet;

use super::Core;
use crate::filter::{Filters, LeftOut};
use crate::tree::{NodeId, Trees};

/// Deeper than this no path is.
const MOST_FOLDERS: usize = 4096;

/// Why a node is left alone, if it is: by its name here, or in the cloud where it is not here.
pub(super) fn left_out<'f>(filters: &'f Filters, trees: &Trees, id: NodeId) -> Option<LeftOut<'f>> {
    if filters.is_empty() {
        return None;
    }
    let node = trees.get(id)?;
    if node.local.is_none() && node.live_remote().is_none() {
        return None;
    }
    let local = node.local.map(|local| local.content);
    let here = local.and_then(|content| content.stamp().map(|stamp| stamp.size));
    let known = local.and_then(|content| content.bytes()).map(|bytes| bytes.size);
    let there = node.live_remote().and_then(|remote| remote.content).map(|content| content.size);
    filters.leaves_out(&shown_path(trees, id)?, here.or(known).or(there))
}

/// Where a person sees a node.
fn shown_path(trees: &Trees, id: NodeId) -> Option<String> {
    let mut names = Vec::new();
    let mut at = id;
    while at != NodeId::ROOT {
        let node = trees.get(at)?;
        let place = node.shown_place().or(node.synced.map(|synced| synced.place))?;
        names.push(place.name);
        at = place.parent;
        if names.len() > MOST_FOLDERS {
            return None;
        }
    }
    names.reverse();
    Some(names.join("/"))
}

impl Core {
    /// The nodes that get no step because a filter leaves them out. A folder gets its steps nevertheless where
    /// something in it does.
    pub(super) fn left_out(&self) -> BTreeSet<NodeId> {
        if self.config.filters.is_empty() {
            return BTreeSet::new();
        }
        let trees = self.states.trees.read();
        let is_out = |id: &NodeId| left_out(&self.config.filters, &trees, *id).is_some();
        let all = trees.out_of_step().iter();
        let (mut out, mut within): (BTreeSet<NodeId>, BTreeSet<NodeId>) = all.partition(is_out);
        while let Some(id) = within.pop_first() {
            let Some(node) = trees.get(id) else { continue };
            let places = [node.local.map(|local| local.place), node.live_remote().map(|remote| remote.place)];
            within.extend(places.into_iter().flatten().map(|place| place.parent).filter(|id| out.remove(id)));
        }
        out
    }

    /// Forgets of what is left out that disk and cloud ever agreed, where one of them does not have it any more:
    /// without the filter it is new there, not deleted.
    pub(super) fn keep_left_out(&self, out: &BTreeSet<NodeId>) {
        let mut trees = self.states.trees.write();
        for &id in out {
            let on_both = |trees: &Trees| {
                trees.get(id).is_some_and(|node| node.local.is_some() && node.live_remote().is_some())
            };
            if !on_both(&trees) && trees.get(id).is_some_and(|node| node.synced.is_some()) {
                trees.set_synced(id, None);
            }
        }
    }
}
