//! The pure planner: three trees in, steps out.
//!
//! It reads no clock, disk or network. Where it must know something first (a digest, that two new
//! nodes are one) it says so in [`Plan::learn`] and plans nothing else; the caller finds out and
//! plans again. Otherwise the steps, run in any order their dependencies allow, make the trees agree.

mod apply;
mod decide;
mod names;
mod order;
mod sequence;
mod shape;
mod steps;

use std::collections::BTreeSet;

use crate::tree::{NodeId, Place, Trees};

pub use apply::{adopt, set_aside, settle};
pub use names::conflict_name;
pub(crate) use names::{is_parked, kept_name};
pub use sequence::Steps;

/// What the planner is given beside the trees.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The trees.
    pub trees: &'a Trees,
    /// Nodes that are left alone for now: their last try failed and the next is not due.
    pub frozen: &'a BTreeSet<NodeId>,
    /// What a conflict copy's name says: device and time.
    pub label: &'a str,
    /// Whether a file that is new here comes with its bytes.
    pub fetch_bytes: bool,
    /// Of how many files that only the disk has, about, there are steps at once; the others come in later plans.
    pub new_files_at_once: usize,
}

/// What has to be known before anything else can be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learn {
    /// Read the file and note its digest.
    Hash(NodeId),
    /// A node that is new on the disk and one that is in the cloud are the same thing.
    Adopt {
        /// The node on the disk. It goes; what it says of the disk moves to the other.
        here: NodeId,
        /// The node in the cloud. It stays.
        there: NodeId,
    },
    /// Two different changes of one file: the disk's takes another name and becomes a new node.
    SetAside {
        /// The file.
        node: NodeId,
        /// Its new name, in the same folder.
        name: Box<str>,
    },
}

/// A change of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskAction {
    /// Make the folder.
    MakeDir(NodeId, Place),
    /// Move out of the way of others, into the gallery's top folder, under this name.
    Park(NodeId, Box<str>),
    /// Move.
    Move(NodeId, Place),
    /// Bring the cloud's bytes to the disk, in place of the old ones where there are any.
    Fetch(NodeId, Place),
    /// Move the file to the trash, or forget a cloud-only one.
    Trash(NodeId),
    /// Remove the folder, which is empty by now.
    RemoveDir(NodeId),
    /// Note, in the index alone, a file whose bytes stay in the cloud.
    Place(NodeId, Place),
}

impl DiskAction {
    /// The node.
    pub fn node(&self) -> NodeId {
        match self {
            DiskAction::MakeDir(id, _)
            | DiskAction::Park(id, _)
            | DiskAction::Move(id, _)
            | DiskAction::Fetch(id, _)
            | DiskAction::Trash(id)
            | DiskAction::RemoveDir(id)
            | DiskAction::Place(id, _) => *id,
        }
    }
}

/// A change of the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloudAction {
    /// Insert the record, or bring a deleted one back. `bytes`: the disk's bytes must be sent first.
    Insert {
        /// The node.
        node: NodeId,
        /// Where.
        place: Place,
        /// Whether bytes go along.
        bytes: bool,
    },
    /// Update the record. `bytes`: the disk's bytes must be sent first.
    Update {
        /// The node.
        node: NodeId,
        /// Where.
        place: Place,
        /// Whether bytes go along.
        bytes: bool,
    },
    /// Delete the record: the cloud's trash keeps it.
    Delete(NodeId),
}

impl CloudAction {
    /// The node.
    pub fn node(&self) -> NodeId {
        match self {
            CloudAction::Insert { node, .. }
            | CloudAction::Update { node, .. }
            | CloudAction::Delete(node) => *node,
        }
    }
}

/// What to do so that the trees agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What must be known first. Where this is not empty, everything else is.
    pub learn: Vec<Learn>,
    /// Changes of the disk.
    pub disk: Steps<DiskAction>,
    /// Changes of the cloud.
    pub cloud: Steps<CloudAction>,
    /// Nodes on which disk and cloud agree already.
    pub settle: Vec<NodeId>,
    /// What is left to later plans.
    pub later: Later,
}

/// New files that the next plans send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Later {
    /// How many.
    pub files: u64,
    /// How many bytes they have together.
    pub bytes: u64,
}

impl Later {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

impl Plan {
    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.learn.is_empty() && self.disk.is_empty() && self.cloud.is_empty() && self.settle.is_empty()
    }
}

/// Plans.
pub fn plan(request: &Request<'_>) -> Plan {
    let mut verdicts = decide::decide_all(request);
    let learn = decide::to_learn(request, &verdicts);
    if !learn.is_empty() {
        return Plan { learn, ..Plan::default() };
    }
    let held = shape::make_valid(request, &mut verdicts);
    let plan = steps::steps(request, &verdicts, &held);
    // Whatever holds up those whose turn it is does not hold up the others.
    if plan.disk.is_empty() && plan.cloud.is_empty() && plan.later != Later::default() {
        return self::plan(&Request { new_files_at_once: usize::MAX, ..*request });
    }
    plan
}
