//! A device's disk as an engine sees it.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use cloudsync_engine::names::left_alone;
use cloudsync_engine::ports::{
    DirEntry, FileKind, FileSystem, Listing, Marking, ReadFile, SMUDGED, Space, Stamp, Stat, StillFile,
    WriteFile,
};
use parking_lot::MutexGuard;

use super::file::{SimReadFile, SimStillFile, SimWriteFile};
use super::tree::{Body, Inode, error};
use crate::shared::{Shared, Wire};

/// A device's disk, reached by one process.
#[derive(Debug)]
pub struct SimDisk {
    wire: Wire,
}

impl SimDisk {
    /// The disk of a process's device.
    pub fn new(wire: Wire) -> Self {
        SimDisk { wire }
    }

    /// Begins a call: the gallery may be gone, the disk may fail.
    fn call(&self, what: &str, path: &str) -> io::Result<MutexGuard<'_, Shared>> {
        begin(&self.wire, what, path)
    }

    fn change(
        &self,
        what: &str,
        paths: &str,
        change: impl FnOnce(&mut super::Disk, i64) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut shared = self.call(what, paths)?;
        let device = self.wire.device;
        let now = shared.wall_ns(device);
        let result = change(&mut shared.devices[device].disk, now);
        shared.tell_watcher(device);
        let line = format!("device {device}: {what} {paths}: {}", outcome(&result));
        shared.note(&line);
        result
    }
}

impl SimDisk {
    fn mark_one(&self, file: &Marking) -> io::Result<Stamp> {
        const LONGEST_WAIT_NS: i64 = 50_000_000;
        self.open(&file.path).map_err(|_| error(ErrorKind::ResourceBusy))?;
        let uid = self.wire.peek().devices[self.wire.device].disk.live.lookup(&file.path)?;
        let still = SimStillFile::new(self.wire.clone(), uid).map_err(|_| error(ErrorKind::ResourceBusy))?;
        let before = still.stamp()?;
        let believed = Stamp { ctime_ns: file.stamp.ctime_ns, ..before };
        if believed != file.stamp || (before != file.stamp && file.stamp.ctime_ns != SMUDGED) {
            return Err(error(ErrorKind::InvalidData));
        }
        let links = still.links()?;
        let mut shared = self.call("mark", &file.path)?;
        let device = self.wire.device;
        if links > 1 {
            let now = shared.wall_ns(device);
            let noticed = shared.devices[device].disk.stamp_time(now) > before.ctime_ns;
            return Err(error(if noticed { ErrorKind::PermissionDenied } else { ErrorKind::ResourceBusy }));
        }
        let disk = &mut shared.devices[device].disk;
        if disk.live.node(uid)?.mark == Some(file.mark) {
            return Ok(file.stamp);
        }
        let now = shared.wall_ns(device);
        let disk = &mut shared.devices[device].disk;
        disk.set_mark(uid, file.mark, now);
        let (stamp, grain) = (disk.live.node(uid)?.stamp(), disk.grain_ns());
        let line = format!("device {device}: mark {}: {:?}", file.path, file.mark);
        shared.note(&line);
        if grain > LONGEST_WAIT_NS {
            return Ok(Stamp { ctime_ns: SMUDGED, ..stamp });
        }
        shared.pass(grain.unsigned_abs());
        Ok(stamp)
    }
}

/// Begins a call of a disk's port.
pub(super) fn begin<'a>(wire: &'a Wire, what: &str, path: &str) -> io::Result<MutexGuard<'a, Shared>> {
    let mut shared = wire.io_call()?;
    let device = &shared.devices[wire.device];
    let (mounted, chance) = (device.mounted, device.weather.disk_error);
    if !mounted || shared.rng.per_mille(chance) {
        let line = format!("device {}: {what} {path}: I/O error", wire.device);
        shared.note(&line);
        return Err(io::Error::other(if mounted { "input/output error" } else { "no such device" }));
    }
    Ok(shared)
}

pub(super) fn outcome<T>(result: &io::Result<T>) -> String {
    result.as_ref().map_or_else(|error| error.kind().to_string(), |_| "done".to_owned())
}

fn entry<'n>(name: &'n str, node: &Inode) -> DirEntry<'n> {
    DirEntry { name, kind: node.kind(), stamp: node.stamp() }
}

fn remove_whole(disk: &mut super::Disk, path: &str, now: i64) -> io::Result<()> {
    let uid = disk.live.lookup(path)?;
    if disk.live.node(uid)?.kind() == FileKind::Dir {
        let names: Vec<String> = disk.live.entries(uid)?.keys().cloned().collect();
        for name in names {
            remove_whole(disk, &format!("{path}/{name}"), now)?;
        }
    }
    disk.remove(path, now).map(|_| ())
}

impl FileSystem for SimDisk {
    fn attach(&self, known: &str) -> io::Result<String> {
        let mut shared = self.call("attach", known)?;
        let device = self.wire.device;
        let now = shared.wall_ns(device);
        let disk = &mut shared.devices[device].disk;
        let reserved = [<dyn FileSystem>::RESERVED, <dyn FileSystem>::TEMP, <dyn FileSystem>::TRASH];
        let identity = format!("gallery{device}");
        if !known.is_empty() && known != identity {
            return Err(error(ErrorKind::NotFound));
        }
        for folder in reserved {
            match disk.create(folder, Body::Dir(BTreeMap::new()), now) {
                Err(failed) if failed.kind() != ErrorKind::AlreadyExists => return Err(failed),
                _ => {}
            }
        }
        Ok(identity)
    }

    fn list(&self, folder: &str) -> io::Result<Listing> {
        let stamp = {
            let shared = self.call("list", folder)?;
            let tree = &shared.devices[self.wire.device].disk.live;
            tree.node(tree.lookup(folder)?)?.stamp()
        };
        let mut shared = self.call("list", folder)?;
        let shared = &mut *shared;
        let device = &shared.devices[self.wire.device];
        let tree = &device.disk.live;
        let mut listing = Listing { folder: stamp, ..Listing::default() };
        let mut entries = Vec::new();
        for (name, &uid) in tree.entries(tree.lookup(folder)?)? {
            if left_alone(name) {
                continue;
            }
            if shared.rng.per_mille(device.weather.unreadable_entry) {
                listing.unreadable.push(format!("{name}: permission denied"));
            } else {
                entries.push(entry(name, tree.node(uid)?));
            }
        }
        shared.rng.shuffle(&mut entries);
        listing.entries = entries.into_iter().collect();
        let (found, unread) = (listing.entries.len(), listing.unreadable.len());
        shared.devices[self.wire.device].unreadable += unread;
        let line =
            format!("device {}: list '{folder}': {found} entries, {unread} unreadable", self.wire.device);
        shared.note(&line);
        Ok(listing)
    }

    fn stat(&self, path: &str) -> io::Result<Stat> {
        let shared = self.call("stat", path)?;
        let tree = &shared.devices[self.wire.device].disk.live;
        let node = tree.node(tree.lookup(path)?)?;
        Ok(Stat { kind: node.kind(), stamp: node.stamp() })
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>> {
        let mut shared = self.call("open", path)?;
        let device = self.wire.device;
        let tree = &shared.devices[device].disk.live;
        let uid = tree.lookup(path)?;
        let kind = tree.node(uid)?.kind();
        let chance = shared.devices[device].weather.no_access;
        let refused = shared.rng.per_mille(chance);
        let line =
            format!("device {device}: open {path}{}", if refused { ": permission denied" } else { "" });
        shared.note(&line);
        match kind {
            _ if refused => Err(error(ErrorKind::PermissionDenied)),
            FileKind::File => Ok(Box::new(SimReadFile::new(self.wire.clone(), uid))),
            FileKind::Dir => Err(error(ErrorKind::IsADirectory)),
            FileKind::Other => Err(error(ErrorKind::InvalidInput)),
        }
    }

    fn open_still(&self, path: &str) -> io::Result<Box<dyn StillFile>> {
        self.open(path)?;
        let shared = self.wire.peek();
        let uid = shared.devices[self.wire.device].disk.live.lookup(path)?;
        drop(shared);
        Ok(Box::new(SimStillFile::new(self.wire.clone(), uid)?))
    }

    fn mark(&self, files: &[Marking]) -> Vec<io::Result<Stamp>> {
        files.iter().map(|file| self.mark_one(file)).collect()
    }

    fn last_read_ns(&self, paths: &[&str]) -> Vec<io::Result<i64>> {
        paths.iter().map(|path| Ok(self.stat(path)?.stamp.ctime_ns)).collect()
    }

    fn open_temp(&self, name: &str) -> io::Result<Box<dyn WriteFile>> {
        let path = format!("{}/{name}", <dyn FileSystem>::TEMP);
        let mut shared = self.call("open_temp", name)?;
        let device = self.wire.device;
        let now = shared.wall_ns(device);
        let disk = &mut shared.devices[device].disk;
        let uid = match disk.live.lookup(&path) {
            Ok(uid) => uid,
            Err(_) => disk.create(&path, Body::File(Arc::default()), now)?,
        };
        let line = format!("device {device}: open_temp {name}");
        shared.note(&line);
        Ok(Box::new(SimWriteFile::new(self.wire.clone(), uid)))
    }

    fn list_temp(&self) -> io::Result<Vec<(String, u64)>> {
        let shared = self.call("list_temp", "")?;
        let now = shared.wall_ns(self.wire.device);
        let tree = &shared.devices[self.wire.device].disk.live;
        let entries = tree.entries(tree.lookup(<dyn FileSystem>::TEMP)?)?;
        let aged = entries.iter().filter_map(|(name, uid)| {
            let age = now.saturating_sub(tree.nodes.get(uid)?.ctime_ns).max(0) / 1_000_000_000;
            Some((name.clone(), u64::try_from(age).unwrap_or(0)))
        });
        Ok(aged.collect())
    }

    fn list_trash(&self) -> io::Result<Vec<String>> {
        let shared = self.call("list_trash", "")?;
        let tree = &shared.devices[self.wire.device].disk.live;
        let entries = tree.entries(tree.lookup(<dyn FileSystem>::TRASH)?)?;
        Ok(entries.keys().cloned().collect())
    }

    fn empty_trash(&self, name: &str) -> io::Result<()> {
        self.change("empty_trash", name, |disk, now| {
            remove_whole(disk, &format!("{}/{name}", <dyn FileSystem>::TRASH), now)
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change("rename", &format!("{from} -> {to}"), |disk, now| disk.rename(from, to, false, now))
    }

    fn exchange(&self, a: &str, b: &str) -> io::Result<()> {
        self.change("exchange", &format!("{a} <-> {b}"), |disk, now| disk.exchange(a, b, now))
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.change("make_dir", path, |disk, now| {
            disk.create(path, Body::Dir(BTreeMap::new()), now).map(|_| ())
        })
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.change("remove_dir", path, |disk, now| {
            let uid = disk.live.lookup(path)?;
            disk.live.entries(uid)?;
            disk.remove(path, now).map(|_| ())
        })
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        // What the engine notes in the trash is nobody's copy.
        let note = path.rsplit('/').next() == Some(<dyn FileSystem>::RESERVED);
        if path.starts_with(<dyn FileSystem>::TRASH) && !note {
            let mut shared = self.call("remove_file", path)?;
            if let Ok(uid) = shared.devices[self.wire.device].disk.live.lookup(path) {
                shared.copy_goes(self.wire.device, uid);
            }
        }
        self.change("remove_file", path, |disk, now| {
            let uid = disk.live.lookup(path)?;
            match disk.live.node(uid)?.kind() {
                FileKind::Dir => Err(error(ErrorKind::IsADirectory)),
                _ => disk.remove(path, now).map(|_| ()),
            }
        })
    }

    fn sync(&self) -> io::Result<()> {
        let mut shared = self.call("sync", "")?;
        let device = self.wire.device;
        if shared.disks_lie {
            shared.devices[device].index.made_durable();
        } else {
            shared.flush(device);
        }
        let line = format!("device {device}: sync");
        shared.note(&line);
        Ok(())
    }

    fn space(&self) -> io::Result<Space> {
        let shared = self.call("space", "")?;
        let device = &shared.devices[self.wire.device];
        let free = if device.weather.disk_full { 0 } else { device.free() };
        Ok(Space { free, total: device.capacity.unwrap_or(1 << 41) })
    }

    fn absolute(&self, _path: &str) -> Option<PathBuf> {
        None
    }
}
