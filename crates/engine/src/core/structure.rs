//! The plan's changes of folders and names, in order: none is begun before what it waits for, and none
//! at all where that was not done. What it would find there then is somebody else's.

use crate::plan::{DiskAction, Steps};

/// The changes, and how far they are.
pub(super) struct Structure {
    steps: Steps<DiskAction>,
    /// Of each, whether it goes with the one before.
    joined: Vec<bool>,
    /// Of those that were begun.
    stages: Vec<Stage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Done,
    /// It was not done, or was not even tried: the next plan knows better.
    Undone,
    /// It is under way, at this position of the batch.
    UnderWay(u32),
}

/// A change that can be begun.
#[derive(Debug)]
pub(super) struct Next<'a> {
    /// Its position.
    pub(super) position: usize,
    /// What it is.
    pub(super) action: &'a DiskAction,
    /// Those of the batch under way that it waits for.
    pub(super) after: Vec<u32>,
}

impl Structure {
    /// `joined`: of each step, whether it goes with the one before.
    pub(super) fn new(steps: Steps<DiskAction>, joined: Vec<bool>) -> Self {
        Structure { stages: Vec::with_capacity(steps.len()), steps, joined }
    }

    /// Whether the next change goes with the one before.
    pub(super) fn goes_on(&self) -> bool {
        self.joined.get(self.stages.len()).copied().unwrap_or_default()
    }

    /// Whether there was never anything to do.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether every change was begun.
    pub(super) fn all_begun(&self) -> bool {
        self.stages.len() == self.steps.len()
    }

    /// The next change that can be done; it counts as undone until it is said to be more.
    pub(super) fn next(&mut self) -> Option<Next<'_>> {
        while !self.all_begun() {
            let position = self.stages.len();
            let after = self.waits_in_batch(position);
            self.stages.push(Stage::Undone);
            if let Some(after) = after {
                return Some(Next { position, action: &self.steps.actions()[position], after });
            }
        }
        None
    }

    /// `None` where something that the change waits for was not done.
    fn waits_in_batch(&self, position: usize) -> Option<Vec<u32>> {
        let mut waits = Vec::new();
        for &on in self.steps.after(position) {
            match self.stages.get(on as usize)? {
                Stage::Done => {}
                Stage::Undone => return None,
                Stage::UnderWay(at) => waits.push(*at),
            }
        }
        Some(waits)
    }

    /// The change went into the batch, at this position.
    pub(super) fn under_way(&mut self, position: usize, at: u32) {
        self.stages[position] = Stage::UnderWay(at);
    }

    /// The change is over.
    pub(super) fn ended(&mut self, position: usize, done: bool) {
        self.stages[position] = if done { Stage::Done } else { Stage::Undone };
    }
}
