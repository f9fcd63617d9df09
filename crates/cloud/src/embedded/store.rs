//! The content files: `content/<2 hex digits>/<number in hex>`, under numbers never used twice.
//!
//! A file counts only once a committed row names its number, so that it needs no temporary name
//! and no rename, and nothing that was cut short is ever read.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use parking_lot::Mutex;
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::pool::Pool;
use crate::Result;

/// Directories that the files are spread over.
pub(super) const SHARDS: i64 = 256;
/// Numbers reserved at a time: each reservation is one durable transaction.
const RESERVED: i64 = 65536;

/// One account's content files. Used from any thread.
pub(super) struct Store {
    root: OwnedFd,
    /// The numbers that this process may still use: from, to.
    numbers: Mutex<(i64, i64)>,
    /// Files that were found to have other bytes than they should.
    rotten: Mutex<BTreeSet<i64>>,
}

/// A file found in a directory.
pub(super) struct Found {
    pub(super) file: i64,
    pub(super) modified_ms: i64,
}

impl Store {
    /// Opens the store below the account's directory, making it where there is none.
    pub(super) fn open(account: &OwnedFd) -> io::Result<Self> {
        make_directory(account, "content")?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root = rustix::fs::openat(account, "content", flags, Mode::empty())?;
        // The last one made says that all are there.
        if rustix::fs::statat(&root, "ff", AtFlags::empty()).is_err() {
            for shard in 0..SHARDS {
                make_directory(&root, &format!("{shard:02x}"))?;
            }
            rustix::fs::syncfs(&root)?;
        }
        Ok(Store { root, numbers: Mutex::new((0, 0)), rotten: Mutex::default() })
    }

    /// A number for a new file.
    pub(super) fn next(&self, pool: &Pool) -> Result<i64> {
        let mut numbers = self.numbers.lock();
        if numbers.0 == numbers.1 {
            let sql = "UPDATE meta SET next_file = next_file + ?1 RETURNING next_file";
            let end: i64 = pool.write(|tx| Ok(tx.query_row(sql, [RESERVED], |row| row.get(0))?))?;
            *numbers = (end - RESERVED, end);
        }
        numbers.0 += 1;
        Ok(numbers.0 - 1)
    }

    /// Makes a new file to write.
    pub(super) fn create(&self, file: i64) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.root, name(file), flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Keeps the collection of orphans away, across processes, until it is dropped. To be held from
    /// before a file is made until a row names it.
    pub(super) fn guard(&self) -> io::Result<File> {
        let guard = self.reopen()?;
        rustix::fs::flock(&guard, FlockOperation::LockShared)?;
        Ok(guard.into())
    }

    /// Lets the collection of orphans in: nobody holds a guard now, nor gets one until this is
    /// dropped. `None` while somebody holds one.
    pub(super) fn exclude_guards(&self) -> io::Result<Option<File>> {
        let lock = self.reopen()?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(lock.into())),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The root anew, since a lock belongs to one opening of it.
    fn reopen(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.root, ".", flags, Mode::empty())?)
    }

    /// Makes a new partial file, locked and with its name durable.
    pub(super) fn create_partial(&self, file: i64) -> io::Result<File> {
        let partial = self.create(file)?;
        rustix::fs::flock(&partial, FlockOperation::NonBlockingLockExclusive)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(&self.root, shard_name(file), flags, Mode::empty())?;
        rustix::fs::fsync(&directory)?;
        Ok(partial)
    }

    /// Opens a partial file to go on with it. `WouldBlock` while somebody else does.
    pub(super) fn open_partial(&self, file: i64) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let partial = rustix::fs::openat(&self.root, name(file), flags, Mode::empty())?;
        rustix::fs::flock(&partial, FlockOperation::NonBlockingLockExclusive)?;
        Ok(partial.into())
    }

    /// Opens a file to read. `NotFound` where there is none.
    pub(super) fn open_content(&self, file: i64) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.root, name(file), flags, Mode::empty())?.into())
    }

    /// A file has other bytes than it should: the next upload of these replaces it.
    pub(super) fn distrust(&self, file: i64) {
        self.rotten.lock().insert(file);
    }

    /// Whether the file is there with that size, and nobody has found other bytes in it.
    pub(super) fn holds(&self, file: i64, size: i64) -> bool {
        if self.rotten.lock().contains(&file) {
            return false;
        }
        let stat = rustix::fs::statat(&self.root, name(file), AtFlags::SYMLINK_NOFOLLOW);
        stat.is_ok_and(|stat| stat.st_size == size)
    }

    /// Removes a file. One that cannot be removed now is an orphan, which a later collection finds.
    pub(super) fn remove(&self, file: i64) -> bool {
        rustix::fs::unlinkat(&self.root, name(file), AtFlags::empty()).is_ok()
    }

    /// Makes everything written so far durable, files and names.
    pub(super) fn barrier(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.root)?)
    }

    /// The disk's size and free space in bytes.
    pub(super) fn disk(&self) -> io::Result<(u64, u64)> {
        let stat = rustix::fs::fstatvfs(&self.root)?;
        Ok((stat.f_blocks.saturating_mul(stat.f_frsize), stat.f_bavail.saturating_mul(stat.f_frsize)))
    }

    /// The files in one of the directories.
    pub(super) fn list(&self, shard: i64) -> io::Result<Vec<Found>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(&self.root, shard_name(shard), flags, Mode::empty())?;
        let mut found = Vec::new();
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            let number = entry.file_name().to_str().ok().and_then(|text| i64::from_str_radix(text, 16).ok());
            let Some(file) = number else { continue };
            match rustix::fs::statat(&directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => found.push(Found { file, modified_ms: stat.st_mtime.saturating_mul(1000) }),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }
}

/// Makes a directory that only its owner may use, if there is none.
pub(super) fn make_directory(parent: &OwnedFd, name: &str) -> io::Result<()> {
    match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn shard_name(file: i64) -> String {
    format!("{:02x}", file % SHARDS)
}

fn name(file: i64) -> String {
    format!("{:02x}/{file:x}", file % SHARDS)
}
