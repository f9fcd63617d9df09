//! Where downloads go: over the connection, as fast as they are taken at the other end.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use cloudsync_cloud::AssetSink;
use parking_lot::{Condvar, Mutex};

use super::connection::Connection;
use super::transfer::{Stop, Transfer};
use crate::frame::{CHUNK, Violation, WINDOW, violation};
use crate::message::Moved;

/// A download that is under way.
#[derive(Default)]
pub(super) struct Downloading {
    state: Mutex<State>,
    changed: Condvar,
    pub(super) stop: Stop,
}

#[derive(Default)]
struct State {
    /// How many bytes are on their way.
    sent: usize,
    /// The items whose bytes nobody takes any more.
    failed: BTreeSet<usize>,
    lost: bool,
}

impl Downloading {
    /// Bytes were taken at the other end.
    pub(super) fn taken(&self, moved: Moved) -> Result<(), Violation> {
        let mut state = self.state.lock();
        let taken = usize::try_from(moved.bytes).ok();
        let Some(left) = taken.and_then(|taken| state.sent.checked_sub(taken)) else {
            return violation("more bytes taken than were sent");
        };
        state.sent = left;
        if moved.failed && state.failed.len() < WINDOW {
            state.failed.insert(moved.item as usize);
        }
        self.changed.notify_all();
        Ok(())
    }

    pub(super) fn lose(&self) {
        self.state.lock().lost = true;
    }

    pub(super) fn wake(&self) {
        // Whoever is about to wait holds the lock until it does.
        let _state = self.state.lock();
        self.changed.notify_all();
    }

    /// Waits until so many bytes of an item may be sent.
    fn room(&self, item: usize, length: usize, connection: &Connection) -> io::Result<()> {
        let mut state = self.state.lock();
        loop {
            if state.lost {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if self.stop.is_set() {
                return Err(io::Error::other("whoever asked for the transfer stops it"));
            }
            if state.failed.contains(&item) {
                return Err(io::Error::other("the file cannot be written where it is"));
            }
            if state.sent + length <= WINDOW {
                state.sent += length;
                return Ok(());
            }
            if self.changed.wait_for(&mut state, connection.timeout()).timed_out() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

/// Where one item's bytes go.
pub(super) struct RemoteSink {
    pub(super) connection: Arc<Connection>,
    pub(super) transfer: Arc<Transfer>,
    pub(super) call: u64,
    pub(super) item: usize,
    pub(super) offset: u64,
}

impl AssetSink for RemoteSink {
    fn offset(&self) -> u64 {
        self.offset
    }

    fn write_at(&mut self, bytes: &[u8], mut offset: u64) -> io::Result<()> {
        let Transfer::Down(down) = &*self.transfer else { return Err(io::ErrorKind::Unsupported.into()) };
        for piece in bytes.chunks(CHUNK) {
            down.room(self.item, piece.len(), &self.connection)?;
            let sent = self.connection.send_data(self.call, self.item, offset, piece);
            sent.map_err(io::Error::other)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}
