//! What uploads, downloads and proofs have in common on the side that carries them out.

use std::sync::atomic::{AtomicBool, Ordering};

use cloudsync_cloud::{Flow, TransferControl};

use super::connection::Connection;
use super::sink::Downloading;
use super::source::Uploading;
use crate::frame::{Data, Kind, Violation, violation};
use crate::message::Moved;

/// A call's transfer.
pub(super) enum Transfer {
    Up(Uploading),
    Down(Downloading),
    Proof(Stop),
}

/// Whether whoever asked for a transfer has stopped it.
#[derive(Default)]
pub(super) struct Stop(AtomicBool);

impl Stop {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Transfer {
    fn flag(&self) -> &Stop {
        match self {
            Transfer::Up(up) => &up.stop,
            Transfer::Down(down) => &down.stop,
            Transfer::Proof(stop) => stop,
        }
    }

    /// Bytes of an upload came.
    pub(super) fn came(&self, data: Data) -> Result<(), Violation> {
        match self {
            Transfer::Up(up) => up.came(data),
            _ => violation("bytes for what is no upload"),
        }
    }

    /// Bytes of a download were taken.
    pub(super) fn taken(&self, moved: Moved) -> Result<(), Violation> {
        match self {
            Transfer::Down(down) => down.taken(moved),
            _ => violation("bytes taken of what is no download"),
        }
    }

    /// Whoever asked for it stops it.
    pub(super) fn stop(&self) {
        self.flag().set();
        self.wake();
    }

    /// The connection has ended.
    pub(super) fn lose(&self) {
        match self {
            Transfer::Up(up) => up.lose(),
            Transfer::Down(down) => down.lose(),
            Transfer::Proof(_) => {}
        }
        self.stop();
    }

    fn wake(&self) {
        match self {
            Transfer::Up(up) => up.wake(),
            Transfer::Down(down) => down.wake(),
            Transfer::Proof(_) => {}
        }
    }
}

/// The cloud's way back to whoever asked. How far an upload or a download is, that side sees by itself.
pub(super) struct Control<'a> {
    pub(super) connection: &'a Connection,
    pub(super) call: u64,
    pub(super) transfer: &'a Transfer,
}

impl TransferControl for Control<'_> {
    fn advanced(&self, item: usize, bytes: u64) -> Flow {
        if let Transfer::Proof(_) = self.transfer {
            let moved = Moved { item: item as u32, bytes, ..Moved::default() };
            // Where the connection has ended, the transfer is stopped as well.
            let _ = self.connection.send(Kind::Moved, self.call, &moved);
        }
        if self.transfer.flag().is_set() { Flow::Stop } else { Flow::Continue }
    }
}
