//! The state directory: who may use it, and what becomes of a damaged index.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::ports::IndexError;

/// The index.
const INDEX: &str = "index.db";
/// What was committed to it and is not in its place yet.
const LOG: &str = "index.db-wal";
/// Left by a context that found the index damaged while it was writing: the next one that opens it
/// starts anew, even where the damage lies in a part that reading does not touch.
const SUSPECT: &str = "index.suspect";
/// A database has at least one page, and no page is smaller.
const SMALLEST_INDEX: u64 = 512;
/// SQLite's own files beside the index.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// A state directory that is this context's alone.
#[derive(Debug)]
pub(super) struct StateDir {
    dir: PathBuf,
    /// Locked as long as the context lives; the kernel lets go of it when the process ends.
    lock: File,
}

impl Drop for StateDir {
    fn drop(&mut self) {
        // Closing alone would not do while a child that the host has just forked still holds a copy.
        let _ = flock(&self.lock, FlockOperation::Unlock);
    }
}

impl StateDir {
    /// Makes the directory if it is missing, and locks it.
    pub(super) fn open(dir: &Path) -> Result<StateDir, IndexError> {
        let dir = std::path::absolute(dir).map_err(|e| about(dir, &e))?;
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(about(&dir, &error)),
        }
        let lock = private_file(&dir.join("lock")).map_err(|e| about(&dir, &e))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(StateDir { dir, lock }),
            Err(Errno::WOULDBLOCK) => Err(IndexError::Busy),
            Err(error) => Err(about(&dir, &error.into())),
        }
    }

    /// The index's path. The file is there afterwards, and only its owner may read it: SQLite gives
    /// its companions the same mode.
    pub(super) fn index(&self) -> Result<PathBuf, IndexError> {
        let path = self.dir.join(INDEX);
        private_file(&path).map_err(|e| about(&self.dir, &e))?;
        Ok(path)
    }

    /// Whether the index is so short that SQLite would take it for a new one, and is not new: a new
    /// one is empty, and has nothing in its write-ahead log either.
    pub(super) fn index_is_cut(&self) -> Result<bool, IndexError> {
        let size = |name| self.size(name).map_err(|e| about(&self.dir, &e));
        let (index, log) = (size(INDEX)?, size(LOG)?);
        Ok(index < SMALLEST_INDEX && index + log > 0)
    }

    /// How many bytes the index's write-ahead log has; 0 where that cannot be told.
    pub(super) fn log_length(&self) -> u64 {
        self.size(LOG).unwrap_or(0)
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        match fs::metadata(self.dir.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            result => result.map(|meta| meta.len()),
        }
    }

    /// Notes that the index is damaged. That this may fail as well changes nothing for the caller.
    pub(super) fn suspect(&self) {
        let _ = private_file(&self.dir.join(SUSPECT));
    }

    /// Whether the last context found the index damaged.
    pub(super) fn is_suspect(&self) -> bool {
        self.dir.join(SUSPECT).exists()
    }

    /// Moves the index and its companions aside; returns the name that it has now.
    pub(super) fn set_aside(&self) -> Result<String, IndexError> {
        let free = |name: &String| COMPANIONS.iter().all(|c| !self.dir.join(format!("{name}{c}")).exists());
        let names = (1..u32::MAX).map(|n| format!("index.damaged-{n}.db"));
        let Some(name) = names.into_iter().find(free) else {
            return Err(IndexError::Other("too many damaged indexes were kept; remove them".into()));
        };
        for companion in COMPANIONS {
            let (from, to) = (format!("{INDEX}{companion}"), format!("{name}{companion}"));
            gone_or(fs::rename(self.dir.join(from), self.dir.join(to))).map_err(|e| about(&self.dir, &e))?;
        }
        gone_or(fs::remove_file(self.dir.join(SUSPECT))).map_err(|e| about(&self.dir, &e))?;
        Ok(name)
    }
}

fn gone_or(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Opens a file that its owner alone may read, and makes it where it is missing.
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn about(dir: &Path, error: &io::Error) -> IndexError {
    let what = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => return IndexError::Full,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => return IndexError::ReadOnly,
        ErrorKind::NotFound => {
            "cannot be made, because the folder that it should lie in is missing; make that"
        }
        ErrorKind::NotADirectory => "is no folder; name another one",
        _ => "cannot be used",
    };
    IndexError::Unusable(format!("{} {what} ({error})", dir.display()))
}
