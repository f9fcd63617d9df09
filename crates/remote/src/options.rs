//! What connections of either side have in common.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Starts a thread of a name.
pub type Spawn = Arc<dyn Fn(&str, Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> + Send + Sync>;

/// What may be set for a server or for a connection to one.
#[derive(Clone)]
pub struct Options {
    /// How long the other side may be silent where it owes an answer, or takes nothing that is sent to it.
    pub timeout: Duration,
    /// Whose processes may be at the other end: a user's id. By default that of this process.
    pub user: u32,
    /// How many connections a server has at a time.
    pub connections: usize,
    /// Whether files may go over as descriptors.
    pub descriptors: bool,
    /// Starts the threads.
    pub spawn: Spawn,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            timeout: Duration::from_secs(60),
            user: rustix::process::geteuid().as_raw(),
            connections: 64,
            descriptors: true,
            spawn: Arc::new(|name, body| Builder::new().name(name.to_owned()).spawn(body)),
        }
    }
}

impl Options {
    /// How long a greeting is waited for.
    pub(crate) fn greeting(&self) -> Duration {
        self.timeout.min(Duration::from_secs(10))
    }
}
