//! Orders changes of the disk so that each finds what it needs: its folder there, its place free.

use std::collections::{BTreeSet, HashMap};

use super::{DiskAction, Step};
use crate::tree::{Kind, LocalContent, NodeId, Trees};

/// What an action waits for: another one's being done, or its node's being out of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    Done(usize),
    Gone(usize),
}

/// Orders the actions. Where moves wait for one another in a circle, one is parked.
pub(super) fn in_order(trees: &Trees, actions: Vec<DiskAction>) -> Vec<Step<DiskAction>> {
    let waits = Graph::new(trees, &actions).waits();
    let mut placed: Vec<Option<u32>> = vec![None; actions.len()];
    let mut gone: Vec<Option<u32>> = vec![None; actions.len()];
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); actions.len()];
    let mut open: Vec<usize> = vec![0; actions.len()];
    for (index, list) in waits.iter().enumerate() {
        open[index] = list.len();
        for wait in list {
            let (Wait::Done(on) | Wait::Gone(on)) = *wait;
            waiters[on].push(index);
        }
    }
    let mut steps = Vec::with_capacity(actions.len());
    let mut ready: BTreeSet<usize> = (0..actions.len()).filter(|&index| open[index] == 0).collect();
    let mut parkable: BTreeSet<usize> = (0..actions.len())
        .filter(|&i| matches!(actions[i], DiskAction::Move(..)) && !waiters[i].is_empty())
        .collect();
    loop {
        if let Some(index) = ready.pop_first() {
            let position = steps.len() as u32;
            let after = after(&waits[index], &placed, &gone, gone[index]);
            steps.push(Step { action: actions[index].clone(), after });
            parkable.remove(&index);
            let was_parked = gone[index].is_some();
            placed[index] = Some(position);
            gone[index] = gone[index].or(Some(position));
            for &waiter in &waiters[index] {
                let freed = waits[waiter]
                    .iter()
                    .filter(|wait| match **wait {
                        Wait::Done(on) => on == index,
                        Wait::Gone(on) => on == index && !was_parked,
                    })
                    .count();
                open[waiter] -= freed;
                if freed > 0 && open[waiter] == 0 {
                    ready.insert(waiter);
                }
            }
        } else if let Some(index) = parkable.pop_first() {
            let position = steps.len() as u32;
            let node = actions[index].node();
            steps.push(Step { action: DiskAction::Park(node, parked_name(trees, node)), after: Vec::new() });
            gone[index] = Some(position);
            for &waiter in &waiters[index] {
                let freed = waits[waiter].iter().filter(|wait| **wait == Wait::Gone(index)).count();
                open[waiter] -= freed;
                if freed > 0 && open[waiter] == 0 {
                    ready.insert(waiter);
                }
            }
        } else {
            return steps;
        }
    }
}

fn after(waits: &[Wait], placed: &[Option<u32>], gone: &[Option<u32>], parked: Option<u32>) -> Vec<u32> {
    let positions = waits.iter().filter_map(|wait| match *wait {
        Wait::Done(on) => placed[on],
        Wait::Gone(on) => gone[on],
    });
    let mut after: Vec<u32> = positions.chain(parked).collect();
    after.sort_unstable();
    after.dedup();
    after
}

fn parked_name(trees: &Trees, node: NodeId) -> Box<str> {
    let name = trees.get(node).and_then(|n| n.local.as_ref()).map_or("", |local| &*local.place.name);
    super::names::conflict_name(name, &format!("moving {}", node.0), 1)
}

/// Who must wait for whom.
struct Graph<'a> {
    trees: &'a Trees,
    actions: &'a [DiskAction],
    makes: HashMap<NodeId, usize>,
    leaves: HashMap<NodeId, usize>,
    moves: HashMap<NodeId, usize>,
}

impl<'a> Graph<'a> {
    fn new(trees: &'a Trees, actions: &'a [DiskAction]) -> Self {
        let mut graph =
            Graph { trees, actions, makes: HashMap::new(), leaves: HashMap::new(), moves: HashMap::new() };
        for (index, action) in actions.iter().enumerate() {
            match action {
                DiskAction::MakeDir(id, _) => {
                    graph.makes.insert(*id, index);
                }
                DiskAction::Move(id, _) => {
                    graph.moves.insert(*id, index);
                    graph.leaves.insert(*id, index);
                }
                DiskAction::Trash(id) | DiskAction::RemoveDir(id) => {
                    graph.leaves.insert(*id, index);
                }
                DiskAction::Fetch(..) | DiskAction::Place(..) | DiskAction::Park(..) => {}
            }
        }
        graph
    }

    fn waits(&self) -> Vec<Vec<Wait>> {
        (0..self.actions.len()).map(|index| self.waits_of(index)).collect()
    }

    fn waits_of(&self, index: usize) -> Vec<Wait> {
        let mut waits = Vec::new();
        match &self.actions[index] {
            DiskAction::MakeDir(id, place) | DiskAction::Fetch(id, place) | DiskAction::Move(id, place) => {
                waits.extend(self.makes.get(&place.parent).map(|&make| Wait::Done(make)));
                for other in self.trees.locals_at(place.parent, &place.name) {
                    if other != *id && self.on_disk(other) {
                        waits.extend(self.leaves.get(&other).map(|&leave| Wait::Gone(leave)));
                    }
                }
                match self.actions[index] {
                    DiskAction::Fetch(id, _) => waits.extend(self.moves.get(&id).map(|&m| Wait::Done(m))),
                    DiskAction::Move(id, _) => self.wait_for_way_out(id, place.parent, &mut waits),
                    _ => {}
                }
            }
            DiskAction::Place(_, place) => {
                waits.extend(self.makes.get(&place.parent).map(|&make| Wait::Done(make)));
            }
            DiskAction::RemoveDir(id) => {
                let children = self.trees.local_children(*id);
                waits.extend(
                    children.filter_map(|child| self.leaves.get(&child)).map(|&leave| Wait::Gone(leave)),
                );
            }
            DiskAction::Trash(_) | DiskAction::Park(..) => {}
        }
        waits.sort_unstable();
        waits.dedup();
        waits
    }

    fn on_disk(&self, id: NodeId) -> bool {
        let local = self.trees.get(id).and_then(|node| node.local.as_ref());
        local.is_some_and(|local| !matches!(local.content, LocalContent::CloudOnly(_)))
    }

    /// A folder cannot move into what is beneath it on the disk until that has moved out.
    fn wait_for_way_out(&self, id: NodeId, parent: NodeId, waits: &mut Vec<Wait>) {
        if self.trees.get(id).is_none_or(|node| node.kind != Kind::Dir) {
            return;
        }
        let mut movers = Vec::new();
        let mut at = parent;
        let mut left = self.trees.len();
        while at != NodeId::ROOT && at != id && left > 0 {
            movers.extend(self.moves.get(&at).map(|&index| Wait::Gone(index)));
            let Some(local) = self.trees.get(at).and_then(|node| node.local.as_ref()) else { return };
            at = local.place.parent;
            left -= 1;
        }
        if at == id {
            waits.extend(movers);
        }
    }
}
