//! What was connected to in a remote cloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudsync_cloud::{Capabilities, Result as CloudResult};
use parking_lot::Mutex;
use prost::Message;

use super::connection::Connection;
use super::core::Core;
use crate::convert;
use crate::frame::Kind;
use crate::message::{Connected, OfHandle};

/// Something that was connected to, on whatever connection.
pub(super) struct Place<What> {
    core: Arc<Core>,
    kind: Kind,
    what: What,
    /// The connection that it was connected to on last, and what it is called there.
    at: Mutex<(u64, u64)>,
    capabilities: AtomicU64,
}

impl<What: Message> Place<What> {
    /// Connects to it with a request of this kind.
    pub(super) fn connect(core: Arc<Core>, kind: Kind, what: What) -> CloudResult<Self> {
        let place = Place { core, kind, what, at: Mutex::new((0, 0)), capabilities: AtomicU64::new(0) };
        place.here()?;
        Ok(place)
    }

    /// The connection, and what this is called there.
    pub(super) fn here(&self) -> CloudResult<(Arc<Connection>, u64)> {
        let connection = self.core.connection()?;
        let mut at = self.at.lock();
        if at.0 != connection.generation {
            let Connected { handle, capabilities } = connection.ask(self.kind, &self.what)?;
            self.capabilities.store(capabilities, Ordering::Relaxed);
            *at = (connection.generation, handle);
        }
        Ok((connection, at.1))
    }

    /// Of a database: what it is capable of, as it said last.
    pub(super) fn capabilities(&self) -> Capabilities {
        convert::capabilities(self.capabilities.load(Ordering::Relaxed))
    }
}

impl<What> Drop for Place<What> {
    fn drop(&mut self) {
        let (generation, handle) = *self.at.get_mut();
        if let Some(connection) = self.core.still(generation) {
            connection.tell(Kind::Disconnect, 0, &OfHandle { handle });
        }
    }
}
