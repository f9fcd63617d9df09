//! Changes of the gallery as they happen.

use std::io;
use std::sync::Arc;

use super::Stamp;

/// What has changed since it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Folders whose entries changed, or whose entries' content did, as paths relative to the
    /// gallery (empty for the gallery itself). Sorted, each once.
    pub folders: Vec<String>,
    /// Events were lost, or the watch could not cover everything: only a full scan is sure.
    pub overflow: bool,
}

impl Changes {
    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty() && !self.overflow
    }
}

/// What there is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stirred {
    /// Nothing.
    Nothing,
    /// Something, but nothing new since this was last asked.
    Settled,
    /// Something that is new since then.
    Lately,
}

/// Told that something has changed. Must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Watches folders. A folder is watched before it is listed, so that nothing falls between.
pub trait Watcher: Send + Sync {
    /// Watches one folder (not what is below it). Watching it again is no error. A failure (no
    /// watches left) makes every later [`Changes`] an overflow.
    fn watch(&self, folder: &str);

    /// Takes what has changed since the last call. Does not block.
    fn take(&self) -> Changes;

    /// What there is to be taken. Does not block.
    fn stirred(&self) -> Stirred;

    /// Does `work`, which gives some files new change times, and does not tell of that. It answers with the stamps
    /// that it left, in the order of the paths; a file that has another one then has changed as any may.
    fn quietly(&self, paths: &[&str], work: &mut dyn FnMut() -> Vec<Option<Stamp>>);

    /// Calls `wake` when something changes, once, and again only for what changes after [`Watcher::take`] or
    /// [`Watcher::stirred`]. `None` ends that.
    fn wake(&self, wake: Option<Wake>) -> io::Result<()>;
}
