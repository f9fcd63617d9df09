//! The three trees: what the disk holds, what the cloud holds, and where both last agreed.

mod node;
mod place_index;
mod trees;

pub use node::{Content, Digest, Kind, Local, LocalContent, Node, NodeId, Place, Remote, Synced, Trouble};
pub use trees::Trees;
