//! The other parts of a photo of which somebody has asked for one: half a photo is of little use. They come after it,
//! where nothing more urgent is to be done, and nobody is told of them: who wants to hear of one asks for it. Where one
//! does not come, the next start of any part tries again.

use std::collections::BTreeSet;

use super::super::Core;
use super::super::disk_phase::fetch_item;
use super::super::left_out::left_out;
use super::super::photos::{parts_of, parts_of_all};
use super::super::queue::Urgency;
use super::Demand;
use crate::job::FetchItem;
use crate::tree::NodeId;

impl Core {
    /// Files have come for those who asked, and nobody waits for another: the other parts of their photos come too.
    pub(super) fn fetch_other_parts(&mut self) {
        let came = std::mem::take(&mut self.demands.came);
        if came.is_empty() {
            return;
        }
        let items = self.missing_parts(came);
        let room = self.fs.space().map_or(u64::MAX, |space| space.free);
        if items.iter().map(|item| item.content.size).sum::<u64>() > room {
            return;
        }
        for item in items {
            let node = item.node;
            self.demands.by_node.entry(node).or_insert_with(|| {
                self.demands.waiting.push_back(node);
                Demand::new(item, Urgency::Background)
            });
        }
    }

    fn missing_parts(&self, came: BTreeSet<NodeId>) -> Vec<FetchItem> {
        let trees = self.states.trees.read();
        let in_filter = |id: &NodeId| left_out(&self.config.filters, &trees, *id).is_none();
        let missing = |id: &NodeId| !trees.is_here(*id) && !trees.removed().contains(id);
        let parts = parts_of_all(&trees, came.into_iter()).into_iter().filter(missing).filter(in_filter);
        parts.filter_map(|id| fetch_item(&trees, id, trees.get(id)?.shown_place()?)).collect()
    }

    /// Whether a part that nobody asked for is not needed any more: the others have gone, or are going.
    pub(super) fn is_idle_part(&self, node: NodeId) -> bool {
        if self.demands.by_node.get(&node).is_some_and(|demand| !demand.waiters.is_empty()) {
            return false;
        }
        let trees = self.states.trees.read();
        let stays = |id: &NodeId| trees.is_here(*id) && !self.evictions.nodes().any(|leaving| leaving == *id);
        !parts_of(&trees, node).iter().any(stays)
    }
}
