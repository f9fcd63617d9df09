//! What a process before this one may have left between two places: files whose space was being freed, and those that were
//! being replaced.

use std::collections::BTreeSet;

use super::Core;
use super::reconcile::stamp_of;
use crate::job::{Adrift, Limbo, temp_name};
use crate::tree::NodeId;

impl Core {
    /// What nobody is moving now.
    pub(super) fn adrift(&self) -> Vec<Adrift> {
        let trees = self.states.trees.read();
        let freeing: BTreeSet<NodeId> = self.evictions.nodes().collect();
        let freed = trees.leaving().iter().filter(|node| !freeing.contains(node)).filter_map(|&node| {
            Some(Adrift {
                path: trees.local_path(node)?,
                seen: stamp_of(&trees, node),
                at: Limbo::Freed(node),
            })
        });
        let idle = trees.arriving().filter(|(_, node)| !self.is_demanded(*node));
        let replaced = idle.filter_map(|(ino, id)| {
            let node = trees.get(id)?;
            let temp = temp_name(node.record?, &node.arriving?.content);
            let (path, seen) = (trees.local_path(id)?, stamp_of(&trees, id)?);
            Some(Adrift { path, seen: Some(seen), at: Limbo::Replaced { temp, ino } })
        });
        freed.chain(replaced).collect()
    }
}
