//! The three trees: what the disk holds, what the cloud holds, and where both last agreed.

mod node;
mod node_set;
mod place_index;
mod recorder;
mod row;
#[cfg(test)]
pub(crate) mod row_tests;
mod trees;

pub use crate::bytes::Impossible;
pub use node::{
    Arrival, Content, Digest, Hold, Keep, Kind, Local, LocalContent, Node, NodeId, NodeRef, Place, PlaceRef,
    Preview, PreviewAsset, Previews, Remote, Synced, Trouble,
};
pub use node_set::NodeSet;
pub use recorder::{Difference, Scope};
pub use row::Row;
pub use trees::Trees;
