//! Where the index is kept.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::tree::{NodeId, Row};

/// All that the index holds.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The nodes, in any order.
    pub nodes: Vec<(NodeId, Row)>,
    /// Small values by key: cursor, device id, gallery identity.
    pub meta: BTreeMap<String, String>,
    /// The index was damaged: it was kept aside under this name and this one is new and empty.
    pub set_aside: Option<String>,
}

/// Changes that belong together: all of them are kept, or none.
#[derive(Debug, Default)]
pub struct IndexBatch<'a> {
    /// Nodes as they are now.
    pub upserts: Vec<(NodeId, &'a Row)>,
    /// Nodes that are gone.
    pub deletes: Vec<NodeId>,
    /// Values by key.
    pub meta: Vec<(&'static str, String)>,
}

/// Why the index could not be read or written.
#[derive(Debug, Error)]
pub enum IndexError {
    /// Another context has it open.
    #[error("the state directory is in use by another context; close that one first")]
    Busy,
    /// Written by a newer version.
    #[error("the state directory was written by a newer version ({0}); update this program")]
    Newer(i64),
    /// No space.
    #[error("the disk under the state directory is full; free some space")]
    Full,
    /// The state directory cannot be written.
    #[error("the state directory is read-only; make it writable, or use another one")]
    ReadOnly,
    /// Not a place where a state directory can be.
    #[error("the state directory {0}")]
    Unusable(String),
    /// Anything else.
    #[error("the index cannot be used: {0}")]
    Other(String),
}

/// The index's storage. A commit that returned is never lost by a kill; a power cut may lose the
/// last ones, in order, which costs repeated work and nothing else.
pub trait IndexStore: Send {
    /// Reads everything. Called once.
    fn load(&mut self) -> Result<Loaded, IndexError>;

    /// Keeps a batch.
    fn commit(&mut self, batch: &IndexBatch<'_>) -> Result<(), IndexError>;
}
