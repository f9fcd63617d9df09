//! Files that nobody writes to, by the kernel's leases.
//!
//! A read lease is given only while nobody has the file open for writing, and whoever opens it for writing
//! waits until the lease is given back. No safe function of the libraries used here takes one, so that the
//! host of the engine hands them in.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::fstat;

use super::file::DiskFile;
use crate::ports::{ReadFile, Stamp, StillFile};

/// How leases are taken and looked at.
#[derive(Debug, Clone, Copy)]
pub struct Leases {
    /// Takes a read lease on an open file, which ends when the file is closed. `WouldBlock` while the file is
    /// open for writing anywhere, `Unsupported` where the file system has no leases.
    pub take: fn(BorrowedFd<'_>) -> io::Result<()>,
    /// Whether the lease is held and nobody waits for its end.
    pub holds: fn(BorrowedFd<'_>) -> io::Result<bool>,
}

impl Default for Leases {
    /// No leases: nothing can be told.
    fn default() -> Self {
        fn unsupported(_: BorrowedFd<'_>) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
        Leases { take: unsupported, holds: |_| Ok(false) }
    }
}

/// A file under a read lease.
pub(super) struct LeasedFile {
    file: DiskFile,
    leases: Leases,
}

impl LeasedFile {
    pub(super) fn new(file: DiskFile, leases: Leases) -> io::Result<Self> {
        (leases.take)(file.as_fd())?;
        Ok(LeasedFile { file, leases })
    }
}

impl AsFd for &LeasedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl ReadFile for LeasedFile {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        ReadFile::read_at(&mut self.file, buffer, offset)
    }

    fn stamp(&self) -> io::Result<Stamp> {
        self.file.stamp()
    }
}

impl StillFile for LeasedFile {
    fn links(&self) -> io::Result<u64> {
        Ok(fstat(self.file.as_fd())?.st_nlink)
    }

    fn is_still(&self) -> io::Result<bool> {
        (self.leases.holds)(self.file.as_fd())
    }
}
