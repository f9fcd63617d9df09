//! The gallery's disk.
//!
//! Paths are UTF-8, relative to the gallery, with `/` between names, empty for the gallery itself.
//! No symlink is followed and nothing outside the gallery is reached, whatever the path.

use std::io;
use std::path::PathBuf;

use super::listing::Listing;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symlink, FIFO, socket or device: left alone.
    Other,
}

/// What tells whether a file is the same as when it was last looked at, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Stamp {
    /// Inode number: a hint of identity, never proof.
    pub ino: u64,
    /// Size in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time in nanoseconds since 1970.
    pub ctime_ns: i64,
}

/// The change time of a stamp that is not to be believed.
pub const SMUDGED: i64 = 0;

/// Whether a file is still the one that was looked at, as far as inode, size and modification time tell. Moving it
/// changes its change time alone, so that this is all that can be asked of one that was moved just now.
pub(crate) fn same_file(now: &Stamp, then: &Stamp) -> bool {
    (now.ino, now.size, now.mtime_ns) == (then.ino, then.size, then.mtime_ns)
}

/// An entry's kind and stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// Its stamp.
    pub stamp: Stamp,
}

/// A file open for reading.
pub trait ReadFile: Send {
    /// Reads up to `buffer.len()` bytes at `offset`; 0 at the end.
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// The open file's stamp now.
    fn stamp(&self) -> io::Result<Stamp>;
}

/// A file that nobody had open for writing when it was opened. Who opens it for writing waits until this
/// is dropped.
pub trait StillFile: ReadFile {
    /// How many names the file has.
    fn links(&self) -> io::Result<u64>;

    /// Whether nobody waits to write to it yet.
    fn is_still(&self) -> io::Result<bool>;
}

/// What programs beside this one may read of a file's state, with the numbers that such programs know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FileMark {
    /// It is still to be sent.
    ToBeUploaded = 0,
    /// It was tried to send it, which failed: it is tried again.
    UploadFailed = 2,
    /// It was sent from this device, and is in step.
    Uploaded = 3,
    /// It came from the cloud, and is in step.
    Downloaded = 4,
    /// It is left out.
    Stopped = 5,
}

/// A file to be marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marking {
    /// Where it lies.
    pub path: String,
    /// How it was seen last; only such a file is marked. A change time of [`SMUDGED`] may be any.
    pub stamp: Stamp,
    /// With what.
    pub mark: FileMark,
}

/// How much room a disk has, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What may still be written.
    pub free: u64,
    /// All of it, used or free.
    pub total: u64,
}

/// A temporary file open for writing.
pub trait WriteFile: Send {
    /// Writes all of `bytes` at `offset`.
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Reads up to `buffer.len()` bytes at `offset`: what an earlier try left.
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How many bytes there are now.
    fn size(&self) -> io::Result<u64>;

    /// Cuts or extends the file to `size` bytes.
    fn set_len(&mut self, size: u64) -> io::Result<()>;

    /// Sets the modification time, in nanoseconds since 1970 (any i64).
    fn set_mtime(&mut self, mtime_ns: i64) -> io::Result<()>;

    /// Marks the file, where that is possible.
    fn set_mark(&mut self, mark: FileMark);
}

/// The gallery's disk. Every method may be called from several threads at once.
///
/// Temporary files and the trash live in a reserved folder of the gallery that listings leave out:
/// [`FileSystem::TEMP`] and [`FileSystem::TRASH`] name their parts as ordinary paths.
pub trait FileSystem: Send + Sync {
    /// Whether the gallery is there and is the one that was there before. `known` is the identity
    /// that an earlier call returned, empty the first time. Creates the reserved folder when
    /// `known` is empty. An error means: not mounted, not ours, or not a folder.
    fn attach(&self, known: &str) -> io::Result<String>;

    /// A folder's entries.
    fn list(&self, folder: &str) -> io::Result<Listing>;

    /// One entry.
    fn stat(&self, path: &str) -> io::Result<Stat>;

    /// Opens a regular file for reading; anything else is an error, at once (a FIFO too).
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>>;

    /// Opens a regular file for reading if nobody has it open for writing: `WouldBlock` where somebody has,
    /// `Unsupported` where that cannot be told.
    fn open_still(&self, path: &str) -> io::Result<Box<dyn StillFile>>;

    /// Marks files for programs beside this one, and tells the stamp that each has then: that it has it, nobody
    /// has changed its bytes, and whoever does from now on gives it another. `InvalidData` for one with
    /// another stamp than was said; `ResourceBusy` for one that is gone, changes meanwhile or is being written to;
    /// `Unsupported` where no file can be marked; `PermissionDenied` where this one cannot be, or has several names, as
    /// long as it has this stamp.
    fn mark(&self, files: &[Marking]) -> Vec<io::Result<Stamp>>;

    /// When each of many files was last read by anybody, in nanoseconds since 1970, as exactly as its disk notes that.
    fn last_read_ns(&self, paths: &[&str]) -> Vec<io::Result<i64>>;

    /// Opens or makes the temporary file `TEMP/name` for writing.
    fn open_temp(&self, name: &str) -> io::Result<Box<dyn WriteFile>>;

    /// The names of all temporary files with the time since each was last written, in seconds.
    fn list_temp(&self) -> io::Result<Vec<(String, u64)>>;

    /// The names in the trash.
    fn list_trash(&self) -> io::Result<Vec<String>>;

    /// Removes one of them for good, with all that is in it.
    fn empty_trash(&self, name: &str) -> io::Result<()>;

    /// Moves `from` to `to`; an existing `to` is an `AlreadyExists` error.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// [`FileSystem::stat`] of many.
    fn stat_all(&self, paths: &[&str]) -> Vec<io::Result<Stat>> {
        paths.iter().map(|path| self.stat(path)).collect()
    }

    /// [`FileSystem::rename`] of many, one after another, whatever becomes of those before.
    fn rename_all(&self, moves: &[(&str, &str)]) -> Vec<io::Result<()>> {
        moves.iter().map(|(from, to)| self.rename(from, to)).collect()
    }

    /// [`FileSystem::remove_file`] of many, whatever becomes of those before.
    fn remove_files(&self, paths: &[&str]) -> Vec<io::Result<()>> {
        paths.iter().map(|path| self.remove_file(path)).collect()
    }

    /// Swaps two entries in one step.
    fn exchange(&self, a: &str, b: &str) -> io::Result<()>;

    /// Makes a folder, not its parents.
    fn make_dir(&self, path: &str) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_dir(&self, path: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove_file(&self, path: &str) -> io::Result<()>;

    /// Makes all that was done so far durable, in one barrier.
    fn sync(&self) -> io::Result<()>;

    /// How much room there is.
    fn space(&self) -> io::Result<Space>;

    /// Where `path` lies, for a cloud that must open files by itself; `None` where there is no
    /// such thing.
    fn absolute(&self, path: &str) -> Option<PathBuf>;
}

impl dyn FileSystem {
    /// The reserved folder: never listed, never synced.
    pub const RESERVED: &'static str = ".cloudsync";
    /// Where temporary files lie.
    pub const TEMP: &'static str = ".cloudsync/tmp";
    /// Where deleted files wait for their retention to end: in it a folder for what was deleted together, in
    /// which everything has the path that it had. Its name begins with the seconds since 1970 of the deletion,
    /// then `-`.
    pub const TRASH: &'static str = ".cloudsync/trash";
}
