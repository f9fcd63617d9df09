//! What a device cannot bring into step because the account may not do that to what others share with it: it stays where it
//! is.

use std::collections::BTreeSet;

use cloudsync_engine::Code;
use cloudsync_engine::tree::{NodeId, Trees};

use crate::world::World;

/// The files and folders of a device that wait because of that.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    nodes: BTreeSet<NodeId>,
    /// Where they are on the disk, and where in the cloud.
    paths: BTreeSet<String>,
    /// The folders that stay in the cloud around them.
    around: BTreeSet<String>,
}

impl Refused {
    fn of(trees: &Trees) -> Self {
        let mut refused = Refused::default();
        for (id, node) in trees.iter() {
            if node.trouble.is_some_and(|trouble| trouble.code == Code::NotPermitted) {
                refused.nodes.insert(id);
                let around = gone_around(trees, id);
                refused.around.extend(around.iter().filter_map(|id| path_in_cloud(trees, *id)));
                refused.nodes.extend(around);
                refused.paths.extend(trees.local_path(id));
                refused.paths.extend(path_in_cloud(trees, id));
            }
        }
        // What lies in them on the disk has its record where it lay before.
        let inside = trees.iter().map(|(id, _)| id);
        let inside = inside.filter(|id| trees.local_path(*id).is_some_and(|path| refused.covers(&path)));
        let before: Vec<String> = inside.filter_map(|id| path_in_cloud(trees, id)).collect();
        refused.paths.extend(before);
        refused
    }

    /// Whether a path is one of theirs, or lies in one, or is that of a folder that stays for their sake.
    pub(crate) fn covers(&self, path: &str) -> bool {
        if self.around.contains(path) {
            return true;
        }
        let mut at = Some(path);
        while let Some(path) = at {
            if self.paths.contains(path) {
                return true;
            }
            at = path.rsplit_once('/').map(|(folder, _)| folder);
        }
        false
    }

    /// Whether something is one of them, or lies in one.
    pub(crate) fn is_of(&self, id: NodeId, trees: &Trees) -> bool {
        let paths = [trees.local_path(id), path_in_cloud(trees, id)];
        self.nodes.contains(&id) || paths.iter().flatten().any(|path| self.covers(path))
    }
}

/// The folders that a file or folder is in in the cloud, and that are here no more: they stay there for its sake.
fn gone_around(trees: &Trees, id: NodeId) -> Vec<NodeId> {
    let parent = |id: NodeId| trees.get(id)?.remote.map(|remote| remote.place.parent);
    let around = std::iter::successors(parent(id), |id| parent(*id)).take(1000);
    around.filter(|id| *id != NodeId::ROOT && trees.local(*id).is_none()).collect()
}

/// Where a file or folder is in the cloud.
fn path_in_cloud(trees: &Trees, id: NodeId) -> Option<String> {
    let mut names = Vec::new();
    let mut at = id;
    while at != NodeId::ROOT {
        let place = trees.get(at)?.remote?.place;
        names.push(place.name.to_string());
        at = place.parent;
        if names.len() > 1000 {
            return None;
        }
    }
    names.reverse();
    Some(names.join("/"))
}

impl World {
    /// What waits on a device because it is not allowed.
    pub(crate) fn refused(&self, device: usize) -> Refused {
        match &self.processes[device] {
            Some(process) if self.plan.sharing.is_some() => Refused::of(&process.core.trees().read()),
            _ => Refused::default(),
        }
    }

    /// Whether whatever a device has not brought into step is not allowed.
    pub(crate) fn only_refused(&self, device: usize) -> bool {
        let Some(process) = self.processes[device].as_ref().filter(|_| self.plan.sharing.is_some()) else {
            return false;
        };
        let trees = process.core.trees();
        let trees = trees.read();
        let refused = Refused::of(&trees);
        trees.out_of_step().iter().all(|id| refused.is_of(id, &trees))
    }
}
