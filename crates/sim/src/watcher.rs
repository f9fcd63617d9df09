//! The watcher of one device.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, io};

use cloudsync_engine::ports::{Changes, Stamp, Stirred, Wake, Watcher};

use crate::disk::{Disk, ROOT, Uid};
use crate::shared::Wire;

/// What a watcher has seen and not yet told.
#[derive(Default)]
pub struct WatchState {
    watched: BTreeMap<Uid, String>,
    folders: BTreeSet<String>,
    overflow: bool,
    /// Something changed since that was last asked.
    lately: bool,
    /// Who is told that something changed.
    wake: Option<Wake>,
    /// Whether that has been told, and nobody has asked what it was.
    woken: bool,
}

impl fmt::Debug for WatchState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchState").field("folders", &self.folders).finish_non_exhaustive()
    }
}

impl WatchState {
    /// Folders changed. One that moved is watched no longer, and only a full scan finds it again; one
    /// that was removed is told once more, since another may be in its place.
    pub fn changed(&mut self, folders: &BTreeSet<Uid>, disk: &Disk) {
        let paths: Vec<String> = folders.iter().filter_map(|uid| self.watched.get(uid)).cloned().collect();
        self.lately |= !paths.is_empty();
        self.wake_for(!paths.is_empty());
        self.folders.extend(paths);
        if folders.is_empty() {
            return;
        }
        let now: BTreeMap<Uid, String> = disk
            .live
            .walk()
            .into_iter()
            .map(|(path, uid)| (uid, path))
            .chain([(ROOT, String::new())])
            .collect();
        let moved = |uid: &Uid, path: &String| now.get(uid).is_some_and(|now| now != path);
        self.overflow |= self.watched.iter().any(|(uid, path)| moved(uid, path));
        let removed = self.watched.iter().filter(|(uid, _)| !now.contains_key(uid));
        self.folders.extend(removed.map(|(_, path)| path.clone()));
        self.watched.retain(|uid, path| now.get(uid) == Some(path));
        self.wake_for(self.overflow);
    }

    fn wake_for(&mut self, changed: bool) {
        if let Some(wake) = self.wake.as_ref().filter(|_| changed && !self.woken) {
            wake();
            self.woken = true;
        }
    }
}

/// Watches a device's folders.
#[derive(Debug)]
pub struct SimWatcher {
    wire: Wire,
}

impl SimWatcher {
    /// The watcher of a process.
    pub fn new(wire: Wire) -> Self {
        SimWatcher { wire }
    }
}

impl Watcher for SimWatcher {
    fn watch(&self, folder: &str) {
        let Some(mut shared) = self.wire.call() else { return };
        let device = &mut shared.devices[self.wire.device];
        match device.disk.live.lookup(folder) {
            Ok(uid) => {
                device.watch.watched.insert(uid, folder.to_owned());
            }
            Err(_) => device.watch.overflow = true,
        }
    }

    fn take(&self) -> Changes {
        let Some(mut shared) = self.wire.call() else { return Changes::default() };
        let chance = shared.devices[self.wire.device].weather.watch_overflow;
        let lost = shared.rng.per_mille(chance);
        let watch = &mut shared.devices[self.wire.device].watch;
        (watch.lately, watch.woken) = (false, false);
        let mut folders: Vec<String> = std::mem::take(&mut watch.folders).into_iter().collect();
        if lost {
            folders.clear();
        }
        Changes { folders, overflow: std::mem::take(&mut watch.overflow) || lost }
    }

    fn stirred(&self) -> Stirred {
        let Some(mut shared) = self.wire.call() else { return Stirred::Nothing };
        let watch = &mut shared.devices[self.wire.device].watch;
        watch.woken = false;
        match std::mem::take(&mut watch.lately) {
            true => Stirred::Lately,
            false if watch.folders.is_empty() && !watch.overflow => Stirred::Nothing,
            false => Stirred::Settled,
        }
    }

    /// Nothing of what this world's disks do with marks is told in the first place.
    fn quietly(&self, _paths: &[&str], work: &mut dyn FnMut() -> Vec<Option<Stamp>>) {
        work();
    }

    fn wake(&self, wake: Option<Wake>) -> io::Result<()> {
        let mut shared = self.wire.peek();
        let watch = &mut shared.devices[self.wire.device].watch;
        (watch.wake, watch.woken) = (wake, false);
        Ok(())
    }
}
