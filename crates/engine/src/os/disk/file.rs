//! Files held open.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::{
    FileType, OFlags, Stat as RawStat, Timespec, Timestamps, UTIME_OMIT, fcntl_getfl, fcntl_setfl, fstat,
    futimens,
};
use rustix::io::Errno;

use crate::ports::{FileKind, FileMark, ReadFile, Stamp, WriteFile};

const NS_PER_S: i64 = 1_000_000_000;

/// The part of a stat that the engine remembers.
pub(super) fn stamp_of(stat: &RawStat) -> Stamp {
    let ns = |s: i64, ns: i64| s.saturating_mul(NS_PER_S).saturating_add(ns);
    Stamp {
        ino: stat.st_ino,
        size: stat.st_size as u64,
        mtime_ns: ns(stat.st_mtime, stat.st_mtime_nsec as i64),
        ctime_ns: ns(stat.st_ctime, stat.st_ctime_nsec as i64),
    }
}

/// What a stat says the entry is.
pub(super) fn kind_of(stat: &RawStat) -> FileKind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Dir,
        _ => FileKind::Other,
    }
}

/// A regular file of the gallery or a temporary one.
pub(super) struct DiskFile(File);

impl DiskFile {
    /// Takes a file that was opened without waiting; anything but a regular file is refused.
    pub(super) fn regular(fd: OwnedFd) -> io::Result<(DiskFile, RawStat)> {
        let stat = fstat(&fd)?;
        match kind_of(&stat) {
            FileKind::File => {}
            FileKind::Dir => return Err(Errno::ISDIR.into()),
            FileKind::Other => {
                let text = "not a regular file but a pipe, a socket or a device: it is left alone";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
        }
        // The flag only had to keep the open from waiting; some file systems (FUSE) pass it on to
        // every read.
        let flags = fcntl_getfl(&fd)?;
        fcntl_setfl(&fd, flags - OFlags::NONBLOCK)?;
        Ok((DiskFile(File::from(fd)), stat))
    }
}

impl AsFd for DiskFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl ReadFile for DiskFile {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        read_at(&self.0, buffer, offset)
    }

    fn stamp(&self) -> io::Result<Stamp> {
        Ok(stamp_of(&fstat(&self.0)?))
    }
}

impl WriteFile for DiskFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        read_at(&self.0, buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(fstat(&self.0)?.st_size as u64)
    }

    fn set_len(&mut self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn set_mtime(&mut self, mtime_ns: i64) -> io::Result<()> {
        let (s, ns) = (mtime_ns.div_euclid(NS_PER_S), mtime_ns.rem_euclid(NS_PER_S));
        match set_mtime(&self.0, s, ns) {
            // The kernel clamps to what its file systems hold; a FUSE server may refuse instead. Every
            // one holds the years 1970 to 2038.
            Err(Errno::INVAL | Errno::RANGE | Errno::OVERFLOW) => {
                Ok(set_mtime(&self.0, s.clamp(0, i64::from(i32::MAX)), ns)?)
            }
            result => Ok(result?),
        }
    }

    fn set_mark(&mut self, mark: FileMark) {
        // Without it the file is as good.
        let _ = super::mark::set_mark(&self.0, mark);
    }
}

fn set_mtime(file: impl AsFd, s: i64, ns: i64) -> rustix::io::Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: s, tv_nsec: ns },
    };
    futimens(file, &times)
}
