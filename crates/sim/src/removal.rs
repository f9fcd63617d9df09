//! What people remove through the engine: it is theirs to drop, and photos go whole.

use std::collections::BTreeSet;

use cloudsync_engine::job::{Outcome, Work};
use cloudsync_engine::ports::FileKind;

use crate::disk::{Tree, Uid};
use crate::people::photo_of;
use crate::shared::{Shared, Wire};

/// A job that moves what a person has removed to the trash.
pub(crate) struct Removal {
    paths: Vec<String>,
    /// What was in the trash before.
    before: BTreeSet<Uid>,
    /// How many entries could not be looked at before.
    unreadable: usize,
}

impl Removal {
    /// Of a job, where it is one.
    pub(crate) fn of(work: &Work, wire: &Wire) -> Option<Self> {
        let Work::ToTrash { paths, .. } = work else { return None };
        let shared = wire.peek();
        let tree = &shared.devices[wire.device].disk.live;
        // A folder is no photo, whatever it is called.
        let is_file = |path: &String| tree.lookup(path).is_ok_and(|uid| is_file(tree, uid));
        let paths: Vec<String> = paths.iter().take(1).filter(|path| is_file(path)).cloned().collect();
        let before = trash(&shared, wire.device);
        Some(Removal { paths, before, unreadable: shared.devices[wire.device].unreadable })
    }

    /// What went is dropped. Returns what is wrong with what it did.
    pub(crate) fn ended(self, outcome: &Outcome, wire: &Wire) -> Option<String> {
        let mut shared = wire.peek();
        let after = trash(&shared, wire.device);
        for uid in after.difference(&self.before) {
            let data = shared.devices[wire.device].disk.live.node(*uid).map(|node| node.data());
            shared.people.dropped(wire.device, &data.unwrap_or_default());
        }
        let device = &shared.devices[wire.device];
        // What cannot be looked at is not known to be of the photo.
        let seen = device.unreadable == self.unreadable;
        let well = device.alive && device.mounted && shared.meddling == 0 && seen;
        if !well || !matches!(outcome, Outcome::Trashed(Ok(_))) {
            return None;
        }
        let named = self.paths.first()?;
        let tree = &device.disk.live;
        let left = tree.walk().into_iter().find(|(path, uid)| same_photo(path, named) && is_file(tree, *uid));
        left.map(|(path, _)| format!("{named} is removed, and {path} of the same photo stays"))
    }
}

fn is_file(tree: &Tree, uid: Uid) -> bool {
    tree.node(uid).is_ok_and(|node| node.kind() == FileKind::File)
}

fn same_photo(one: &str, other: &str) -> bool {
    let parts = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        Some((folder.to_owned(), photo_of(name)?))
    };
    parts(one).is_some_and(|one| parts(other) == Some(one))
}

/// The files in a device's trash.
fn trash(shared: &Shared, device: usize) -> BTreeSet<Uid> {
    let tree = &shared.devices[device].disk.live;
    let below = tree.walk().into_iter().filter(|(path, _)| path.starts_with(".cloudsync/trash/"));
    below.map(|(_, uid)| uid).filter(|uid| is_file(tree, *uid)).collect()
}

#[cfg(test)]
mod tests {
    use super::same_photo;

    #[test]
    fn parts_are_told_from_others() {
        assert!(same_photo("F/IMG_1.HEIC", "F/IMG_1.MOV") && !same_photo("IMG_1.HEIC", "F/IMG_1.MOV"));
        assert!(!same_photo("a.jpg", "a.jpg"), "of those that people take here");
    }
}
