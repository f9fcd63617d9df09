//! Open files.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use cloudsync_engine::ports::{FileMark, ReadFile, Stamp, StillFile, WriteFile};

use super::port::begin;
use super::tree::{Uid, error};
use crate::people::{self, digest_of};
use crate::shared::{Shared, Wire};

/// A file open for reading.
#[derive(Debug)]
pub(super) struct SimReadFile {
    wire: Wire,
    uid: Uid,
}

impl SimReadFile {
    pub(super) fn new(wire: Wire, uid: Uid) -> Self {
        SimReadFile { wire, uid }
    }
}

fn data(shared: &Shared, wire: &Wire, uid: Uid) -> io::Result<Arc<Vec<u8>>> {
    Ok(shared.devices[wire.device].disk.live.node(uid)?.data())
}

fn copy(data: &[u8], buffer: &mut [u8], offset: u64) -> usize {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
    let count = buffer.len().min(data.len() - start);
    buffer[..count].copy_from_slice(&data[start..start + count]);
    count
}

impl ReadFile for SimReadFile {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut shared = begin(&self.wire, "read", "")?;
        let chance = shared.devices[self.wire.device].weather.short_read;
        let short = shared.rng.per_mille(chance) && buffer.len() > 1;
        let wanted = if short { 1 + shared.rng.index(buffer.len() - 1) } else { buffer.len() };
        let data = data(&shared, &self.wire, self.uid)?;
        let device = &mut shared.devices[self.wire.device];
        let wanted = match device.halfway.take() {
            Some(becomes) => {
                device.disk.rewrite_unseen(self.uid, becomes);
                wanted.min(data.len() / 2)
            }
            None => wanted,
        };
        let count = copy(&data, &mut buffer[..wanted], offset);
        let label = shared.people.label(&digest_of(&data)).to_owned();
        let line = format!("device {}: read {count} bytes at {offset} of {label}", self.wire.device);
        shared.note(&line);
        Ok(count)
    }

    fn stamp(&self) -> io::Result<Stamp> {
        let shared = begin(&self.wire, "stamp", "")?;
        Ok(shared.devices[self.wire.device].disk.live.node(self.uid)?.stamp())
    }
}

/// A file that nobody had open for writing. Who opens it for that waits until this is dropped.
#[derive(Debug)]
pub(super) struct SimStillFile {
    file: SimReadFile,
}

impl SimStillFile {
    /// Refused where somebody has the file open for writing.
    pub(super) fn new(wire: Wire, uid: Uid) -> io::Result<Self> {
        {
            let mut shared = wire.peek();
            let device = &mut shared.devices[wire.device];
            if device.slow.iter().any(|(open, _)| *open == uid) {
                return Err(error(ErrorKind::WouldBlock));
            }
            let names = device.disk.links(uid);
            device.still.hold(uid, names);
        }
        Ok(SimStillFile { file: SimReadFile::new(wire, uid) })
    }
}

impl ReadFile for SimStillFile {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn stamp(&self) -> io::Result<Stamp> {
        self.file.stamp()
    }
}

impl StillFile for SimStillFile {
    fn links(&self) -> io::Result<u64> {
        let shared = begin(&self.file.wire, "links", "")?;
        Ok(shared.devices[self.file.wire.device].disk.links(self.file.uid))
    }

    fn is_still(&self) -> io::Result<bool> {
        let shared = begin(&self.file.wire, "is_still", "")?;
        Ok(!shared.devices[self.file.wire.device].still.is_wanted(self.file.uid))
    }
}

impl Drop for SimStillFile {
    fn drop(&mut self) {
        let mut shared = self.file.wire.peek();
        let device = self.file.wire.device;
        for bytes in shared.devices[device].still.let_go(self.file.uid) {
            people::go_on(&mut shared, device, self.file.uid, bytes);
        }
    }
}

/// A temporary file open for writing.
#[derive(Debug)]
pub(super) struct SimWriteFile {
    wire: Wire,
    uid: Uid,
}

impl SimWriteFile {
    pub(super) fn new(wire: Wire, uid: Uid) -> Self {
        SimWriteFile { wire, uid }
    }

    /// Changes the bytes, where there is space for more of them.
    fn change(&self, what: &str, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut shared = begin(&self.wire, what, "")?;
        let device = self.wire.device;
        let old = data(&shared, &self.wire, self.uid)?;
        let mut new = old.to_vec();
        change(&mut new);
        let grown = new.len().saturating_sub(old.len()) as u64;
        if grown > 0 && (shared.devices[device].weather.disk_full || grown > shared.devices[device].free()) {
            let line = format!("device {device}: {what}: no space");
            shared.note(&line);
            return Err(error(ErrorKind::StorageFull));
        }
        let now = shared.wall_ns(device);
        shared.devices[device].disk.write(self.uid, new, true, now);
        let line = format!("device {device}: {what}");
        shared.note(&line);
        Ok(())
    }
}

impl WriteFile for SimWriteFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| error(ErrorKind::InvalidInput))?;
        self.change(&format!("write {} bytes at {offset}", bytes.len()), |data| {
            data.resize(data.len().max(start + bytes.len()), 0);
            data[start..start + bytes.len()].copy_from_slice(bytes);
        })
    }

    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let shared = begin(&self.wire, "read", "")?;
        Ok(copy(&data(&shared, &self.wire, self.uid)?, buffer, offset))
    }

    fn size(&self) -> io::Result<u64> {
        let shared = begin(&self.wire, "size", "")?;
        Ok(data(&shared, &self.wire, self.uid)?.len() as u64)
    }

    fn set_len(&mut self, size: u64) -> io::Result<()> {
        let size = usize::try_from(size).map_err(|_| error(ErrorKind::InvalidInput))?;
        self.change(&format!("set_len {size}"), |data| data.resize(size, 0))
    }

    fn set_mtime(&mut self, mtime_ns: i64) -> io::Result<()> {
        let mut shared = begin(&self.wire, "set_mtime", "")?;
        let device = self.wire.device;
        let now = shared.wall_ns(device);
        shared.devices[device].disk.set_mtime(self.uid, mtime_ns, now);
        Ok(())
    }

    fn set_mark(&mut self, mark: FileMark) {
        let mut shared = self.wire.peek();
        let device = self.wire.device;
        let now = shared.wall_ns(device);
        shared.devices[device].disk.set_mark(self.uid, mark, now);
    }
}
