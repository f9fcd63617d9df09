//! The index of one device, kept in memory.

use std::collections::BTreeMap;

use cloudsync_engine::ports::{IndexBatch, IndexError, IndexStore, Loaded};
use cloudsync_engine::tree::{NodeId, Row};

use crate::rng::Rng;
use crate::shared::Wire;

/// What one commit replaced.
#[derive(Debug, Default)]
struct Undo {
    nodes: Vec<(NodeId, Option<Row>)>,
    meta: Vec<(String, Option<String>)>,
}

/// An index as its file holds it.
#[derive(Debug, Default)]
pub struct IndexState {
    nodes: BTreeMap<NodeId, Row>,
    meta: BTreeMap<String, String>,
    set_aside: bool,
    undo: Vec<Undo>,
}

impl IndexState {
    /// All commits so far survive a power cut.
    pub fn made_durable(&mut self) {
        self.undo.clear();
    }

    /// Loses some of the last commits; returns how many.
    pub fn power_cut(&mut self, rng: &mut Rng) -> usize {
        let lost = rng.index(self.undo.len() + 1);
        for _ in 0..lost {
            let Some(undo) = self.undo.pop() else { break };
            for (id, node) in undo.nodes.into_iter().rev() {
                match node {
                    Some(node) => self.nodes.insert(id, node),
                    None => self.nodes.remove(&id),
                };
            }
            for (key, value) in undo.meta.into_iter().rev() {
                match value {
                    Some(value) => self.meta.insert(key, value),
                    None => self.meta.remove(&key),
                };
            }
        }
        self.undo.clear();
        lost
    }

    /// The file is damaged or deleted: everything is gone.
    pub fn lose(&mut self, told: bool) {
        *self = IndexState { set_aside: told, ..IndexState::default() };
    }

    fn apply(&mut self, batch: &IndexBatch<'_>) {
        let mut undo = Undo::default();
        for (id, node) in &batch.upserts {
            undo.nodes.push((*id, self.nodes.insert(*id, (*node).clone())));
        }
        for id in &batch.deletes {
            undo.nodes.push((*id, self.nodes.remove(id)));
        }
        for (key, value) in &batch.meta {
            undo.meta.push(((*key).to_owned(), self.meta.insert((*key).to_owned(), value.clone())));
        }
        self.undo.push(undo);
    }
}

/// The index's storage, as an engine sees it.
#[derive(Debug)]
pub struct SimIndex {
    wire: Wire,
}

impl SimIndex {
    /// The storage of a process.
    pub fn new(wire: Wire) -> Self {
        SimIndex { wire }
    }
}

fn killed() -> IndexError {
    IndexError::Other("the process was killed".into())
}

impl IndexStore for SimIndex {
    fn load(&mut self) -> Result<Loaded, IndexError> {
        let mut shared = self.wire.call().ok_or_else(killed)?;
        let device = self.wire.device;
        let index = &mut shared.devices[device].index;
        let set_aside = std::mem::take(&mut index.set_aside).then(|| "index.damaged".to_owned());
        let nodes = index.nodes.iter().map(|(id, node)| (*id, node.clone())).collect::<Vec<_>>();
        let loaded = Loaded { nodes, meta: index.meta.clone(), set_aside };
        shared.note(&format!("device {device}: index loaded, {} nodes", loaded.nodes.len()));
        Ok(loaded)
    }

    fn commit(&mut self, batch: &IndexBatch<'_>) -> Result<(), IndexError> {
        let mut shared = self.wire.call().ok_or_else(killed)?;
        let device = self.wire.device;
        let chance = shared.devices[device].weather.index_error;
        if shared.rng.per_mille(chance) {
            shared.note(&format!("device {device}: index.commit fails"));
            return Err(IndexError::Full);
        }
        shared.devices[device].index.apply(batch);
        let (put, gone, meta) = (batch.upserts.len(), batch.deletes.len(), &batch.meta);
        let line = format!("device {device}: index.commit {put} put, {gone} gone, {meta:?}");
        shared.note(&line);
        Ok(())
    }
}
