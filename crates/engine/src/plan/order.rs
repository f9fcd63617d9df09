//! Orders changes of one side so that each finds what it needs: its folder there, its place free,
//! nothing left in the folder that goes.

use std::collections::VecDeque;
use std::marker::PhantomData;

use super::sequence::{Lists, Steps};
use crate::tree::{NodeId, PlaceRef};

/// What an action does to the tree that it changes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Effect<'v> {
    /// The node comes to a place where it was not.
    Arrive(PlaceRef<'v>),
    /// The node is noted at a place without taking it up.
    Note(PlaceRef<'v>),
    /// The node goes from one place to another.
    Move(PlaceRef<'v>),
    /// The node goes.
    Leave,
    /// The node, at this place by then, stays there.
    Stay(PlaceRef<'v>),
}

/// One action, before it has its position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'v> {
    pub(super) node: NodeId,
    /// It is left out for now, and so is all that waits for it.
    pub(super) held: bool,
    pub(super) effect: Effect<'v>,
}

/// The tree that the actions change, as it is now and as it shall be.
pub(super) trait Side<A> {
    /// How many node numbers there are.
    fn ids(&self) -> usize;
    /// Whether the folder is there now.
    fn has(&self, folder: NodeId) -> bool;
    /// The nodes that take up the place now.
    fn occupants<'p>(&'p self, place: PlaceRef<'p>) -> impl Iterator<Item = NodeId> + 'p;
    /// Whether whoever comes to the node's place does so without waiting for it to leave, which may be never.
    fn shares_place(&self, node: NodeId) -> bool;
    /// The nodes that must leave the folder before it can go.
    fn contents(&self, folder: NodeId) -> impl Iterator<Item = NodeId>;
    /// The folder that the node is in now, where it is sure not to be in itself.
    fn folder_now(&self, node: NodeId) -> Option<NodeId>;
    /// The folder that the node shall be in.
    fn folder_of(&self, node: NodeId) -> Option<NodeId>;
    /// Whether the node is a folder.
    fn is_dir(&self, node: NodeId) -> bool;
    /// What brings the effect about.
    fn action(&self, node: NodeId, effect: Effect<'_>) -> A;
    /// How to get the node out of everybody's way; `None` where two nodes may share a place for a
    /// while.
    fn park(&self, node: NodeId) -> Option<A>;
}

/// What of another task must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// It is done.
    Done,
    /// Its node is out of the folder that goes.
    Away,
    /// Its node no longer takes up the place.
    Free,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    on: u32,
    need: Need,
}

/// Orders the tasks. What is held, and what waits for it or for what nobody does, is left out until
/// a later plan.
pub(super) fn in_order<A, S: Side<A>>(side: &S, mut tasks: Vec<Task<'_>>) -> Steps<A> {
    // What goes, goes last: a run that is cut short has rather copied than removed.
    tasks.sort_by_key(|task| matches!(task.effect, Effect::Leave));
    let (waits, left_out) = Waits::<A, S>::find(side, &tasks);
    Queue::new(side, &tasks, waits, left_out).run()
}

/// Finds who must wait for whom.
struct Waits<'a, A, S> {
    side: &'a S,
    tasks: &'a [Task<'a>],
    /// By node: one more than the position of the task that changes where the node is.
    of_node: Vec<u32>,
    action: PhantomData<A>,
}

impl<'a, A, S: Side<A>> Waits<'a, A, S> {
    /// Everybody's waits, and which tasks are left out.
    fn find(side: &'a S, tasks: &'a [Task<'a>]) -> (Lists<Wait>, Vec<bool>) {
        let mut of_node = vec![0; side.ids()];
        for (index, task) in tasks.iter().enumerate() {
            if !matches!(task.effect, Effect::Stay(_))
                && let Some(slot) = of_node.get_mut(task.node.0 as usize)
            {
                *slot = index as u32 + 1;
            }
        }
        let finder = Waits { side, tasks, of_node, action: PhantomData };
        let mut left_out = vec![false; tasks.len()];
        let mut waits = Lists::with_capacity(tasks.len());
        let mut list = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let possible = !task.held && finder.waits_of(task, &mut list).is_some();
            left_out[index] = !possible;
            list.sort_unstable();
            list.dedup();
            waits.push(list.drain(..));
        }
        leave_out_followers(&waits, &mut left_out);
        (waits, left_out)
    }

    /// What the task waits for; `None` if it waits for what nobody does.
    fn waits_of(&self, task: &Task<'_>, waits: &mut Vec<Wait>) -> Option<()> {
        match task.effect {
            Effect::Note(place) => self.folder_there(place, waits),
            Effect::Arrive(place) | Effect::Move(place) => {
                self.folder_there(place, waits)?;
                if self.side.is_dir(task.node) && self.changes_folder(task) {
                    self.way_settled(place.parent, waits);
                }
                self.place_free(task.node, place, waits)
            }
            Effect::Leave => {
                for child in self.side.contents(task.node) {
                    waits.push(Wait { on: self.leaves(child)?, need: Need::Away });
                }
                Some(())
            }
            Effect::Stay(place) => {
                waits.extend(self.task_of(task.node).map(|on| Wait { on, need: Need::Done }));
                self.folder_there(place, waits)
            }
        }
    }

    fn folder_there(&self, place: PlaceRef<'_>, waits: &mut Vec<Wait>) -> Option<()> {
        if !self.side.has(place.parent) {
            let on = self.task_of(place.parent)?;
            waits.push(Wait { on, need: Need::Done });
        }
        Some(())
    }

    fn place_free(&self, node: NodeId, place: PlaceRef<'_>, waits: &mut Vec<Wait>) -> Option<()> {
        for other in self.side.occupants(place) {
            if other != node && !self.side.shares_place(other) {
                waits.push(Wait { on: self.leaves(other)?, need: Need::Free });
            }
        }
        Some(())
    }

    /// Whether the task may do more than give its node another name, which puts nothing into itself and has
    /// to wait for nobody.
    fn changes_folder(&self, task: &Task<'_>) -> bool {
        match task.effect {
            Effect::Move(place) => self.side.folder_now(task.node) != Some(place.parent),
            _ => true,
        }
    }

    /// A folder moves, or comes back, only after those that it shall be in: with all of them in their
    /// last folder, none of them can be beneath it. The next one above that moves waits for the rest.
    fn way_settled(&self, parent: NodeId, waits: &mut Vec<Wait>) {
        let mut at = Some(parent);
        while let Some(folder) = at {
            let moves = |on: &u32| {
                let task = &self.tasks[*on as usize];
                matches!(task.effect, Effect::Move(_)) && self.changes_folder(task)
            };
            if let Some(on) = self.task_of(folder).filter(moves) {
                waits.push(Wait { on, need: Need::Done });
                return;
            }
            at = self.side.folder_of(folder);
        }
    }

    /// The task that changes where the node is.
    fn task_of(&self, node: NodeId) -> Option<u32> {
        self.of_node.get(node.0 as usize)?.checked_sub(1)
    }

    fn leaves(&self, node: NodeId) -> Option<u32> {
        let index = self.task_of(node)?;
        let task = self.tasks.get(index as usize)?;
        matches!(task.effect, Effect::Move(_) | Effect::Leave).then_some(index)
    }
}

/// Who waits for a task that is left out is left out.
fn leave_out_followers(waits: &Lists<Wait>, left_out: &mut [bool]) {
    let mut work: Vec<usize> = (0..left_out.len()).filter(|&index| left_out[index]).collect();
    if work.is_empty() {
        return;
    }
    let waiters = waiters(waits, left_out.len());
    while let Some(index) = work.pop() {
        for &Waiter { who, .. } in waiters.get(index) {
            if !std::mem::replace(&mut left_out[who as usize], true) {
                work.push(who as usize);
            }
        }
    }
}

/// Who waits for a task, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Waiter {
    who: u32,
    need: Need,
}

fn waiters(waits: &Lists<Wait>, tasks: usize) -> Lists<Waiter> {
    let all = (0..tasks).flat_map(|index| {
        let waiter = move |wait: &Wait| (wait.on as usize, Waiter { who: index as u32, need: wait.need });
        waits.get(index).iter().map(waiter)
    });
    Lists::by_key(tasks, all, Waiter { who: 0, need: Need::Done })
}

/// How a task's node got out of others' way before its task was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aside {
    No,
    /// By the step at this position.
    Parked(u32),
    /// It did not: who wants its place takes it all the same.
    Shared,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has no position yet.
    Open,
    /// It has.
    Done(u32),
    LeftOut,
}

/// Gives the tasks their positions, each after those it waits for.
struct Queue<'a, A, S> {
    side: &'a S,
    tasks: &'a [Task<'a>],
    stages: Vec<Stage>,
    waits: Lists<Wait>,
    waiters: Lists<Waiter>,
    /// How much each task still waits for.
    open: Vec<u32>,
    aside: Vec<Aside>,
    ready: VecDeque<u32>,
    steps: Steps<A>,
}

impl<'a, A, S: Side<A>> Queue<'a, A, S> {
    fn new(side: &'a S, tasks: &'a [Task<'a>], waits: Lists<Wait>, left_out: Vec<bool>) -> Self {
        let count = tasks.len();
        let open: Vec<u32> = (0..count).map(|index| waits.get(index).len() as u32).collect();
        let stage = |out: bool| if out { Stage::LeftOut } else { Stage::Open };
        let ready = (0..count).filter(|&index| open[index] == 0 && !left_out[index]);
        Queue {
            side,
            tasks,
            ready: ready.map(|index| index as u32).collect(),
            stages: left_out.into_iter().map(stage).collect(),
            waiters: waiters(&waits, count),
            waits,
            open,
            aside: vec![Aside::No; count],
            steps: Steps::with_capacity(count),
        }
    }

    fn run(mut self) -> Steps<A> {
        let mut first = 0;
        loop {
            while let Some(index) = self.ready.pop_front() {
                self.finish(index as usize);
            }
            while self.stages.get(first).is_some_and(|stage| *stage != Stage::Open) {
                first += 1;
            }
            if first == self.tasks.len() || !self.break_circle(first) {
                return self.steps;
            }
        }
    }

    fn finish(&mut self, index: usize) {
        if self.stages[index] != Stage::Open {
            return;
        }
        let Task { node, effect, .. } = self.tasks[index];
        let after = self.after(index);
        self.stages[index] = Stage::Done(self.steps.push(self.side.action(node, effect), after));
        let aside = self.aside[index];
        self.satisfy(index, |need| match need {
            Need::Done => true,
            Need::Away => !matches!(aside, Aside::Parked(_)),
            Need::Free => aside == Aside::No,
        });
    }

    fn after(&self, index: usize) -> Vec<u32> {
        let own = match self.aside[index] {
            Aside::Parked(position) => Some(position),
            Aside::No | Aside::Shared => None,
        };
        let position_of = |wait: &Wait| match (wait.need, self.aside[wait.on as usize]) {
            (Need::Away | Need::Free, Aside::Parked(position)) => Some(position),
            (Need::Free, Aside::Shared) => None,
            _ => match self.stages[wait.on as usize] {
                Stage::Done(position) => Some(position),
                Stage::Open | Stage::LeftOut => None,
            },
        };
        let mut after: Vec<u32> = self.waits.get(index).iter().filter_map(position_of).chain(own).collect();
        after.sort_unstable();
        after.dedup();
        after
    }

    fn satisfy(&mut self, index: usize, met: impl Fn(Need) -> bool) {
        for &Waiter { who, need } in self.waiters.get(index) {
            if met(need) {
                self.open[who as usize] -= 1;
                if self.open[who as usize] == 0 && self.stages[who as usize] == Stage::Open {
                    self.ready.push_back(who);
                }
            }
        }
    }

    /// Where tasks wait for one another in a circle, one of their nodes steps aside.
    fn break_circle(&mut self, first: usize) -> bool {
        let Some((on, node)) = self.one_to_step_aside(first) else { return false };
        if let Some(action) = self.side.park(node) {
            self.aside[on] = Aside::Parked(self.steps.push(action, []));
            self.satisfy(on, |need| need != Need::Done);
        } else {
            self.aside[on] = Aside::Shared;
            self.satisfy(on, |need| need == Need::Free);
        }
        true
    }

    /// Follows the waits from a task that cannot go on until they run in a circle, and picks in it a
    /// node whose stepping aside opens the circle.
    fn one_to_step_aside(&self, first: usize) -> Option<(usize, NodeId)> {
        let mut seen = vec![false; self.tasks.len()];
        let mut way: Vec<Wait> = Vec::new();
        let mut at = first;
        while !seen[at] {
            seen[at] = true;
            let next = self.waits.get(at).iter().find(|wait| self.pending(wait))?;
            way.push(*next);
            at = next.on as usize;
        }
        let start = way.iter().position(|wait| wait.on as usize == at).map_or(0, |met| met + 1);
        // The last wait of the way is the one that closes the circle.
        let circle = if start == way.len() { &way[..] } else { &way[start..] };
        circle.iter().find_map(|wait| {
            let on = wait.on as usize;
            let task = self.tasks.get(on).filter(|_| self.stages[on] == Stage::Open)?;
            let opens = match wait.need {
                Need::Done => false,
                Need::Away => matches!(task.effect, Effect::Move(_)) && self.side.park(task.node).is_some(),
                Need::Free => matches!(task.effect, Effect::Move(_)) || self.side.park(task.node).is_none(),
            };
            opens.then_some((on, task.node))
        })
    }

    fn pending(&self, wait: &Wait) -> bool {
        !matches!(self.stages[wait.on as usize], Stage::Done(_))
            && match (wait.need, self.aside[wait.on as usize]) {
                (Need::Done, _) | (_, Aside::No) | (Need::Away, Aside::Shared) => true,
                (Need::Away, Aside::Parked(_)) | (Need::Free, _) => false,
            }
    }
}
