//! The engine as a host drives it: one control thread, workers, and this handle to them.

use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;
use crate::event::{ClientId, EventSink, FileSyncState, SyncProgress};
use crate::ports::Ports;

/// One device's gallery in step with one cloud. Every method may be called from any thread.
pub struct Engine {}

impl Engine {
    /// Opens the state directory's index and starts the control thread. Nothing is synced yet.
    pub fn open(config: Config, ports: Ports, events: Arc<dyn EventSink>) -> Result<Engine> {
        let _ = (config, ports, events);
        Ok(Engine {})
    }

    /// Starts a sync run; returns when it is accepted. One that is accepted while a run is under
    /// way runs once more afterwards. Fails with `NetworkUnavailable`, `CloudNotReady` or
    /// `BatteryLow`, in this order.
    pub fn start_sync(&self) -> Result<()> {
        Ok(())
    }

    /// Asks the run to stop; it ends with `Stopped`. Without a run this is no error.
    pub fn stop_sync(&self) -> Result<()> {
        Ok(())
    }

    /// The last sync event, or `None` before the first run.
    pub fn sync_progress(&self) -> Option<SyncProgress> {
        None
    }

    /// Fetches the bytes of one file for `client`; returns when accepted. A file that is here
    /// already completes at once. Fails with `InvalidUri`, `NoSuchFile` or `NoSpace`.
    pub fn start_download(&self, client: ClientId, uri: &str) -> Result<()> {
        let _ = (client, uri);
        Ok(())
    }

    /// Stops the client's download of one file and discards the part received, unless others wait
    /// for it too. A URI that is not being downloaded is no error.
    pub fn stop_download(&self, client: ClientId, uri: &str) -> Result<()> {
        let _ = (client, uri);
        Ok(())
    }

    /// Stops all of a client's downloads, without events.
    pub fn forget_client(&self, client: ClientId) {
        let _ = client;
    }

    /// One file's state. Never waits for a running sync. Fails with `InvalidUri` or `NoSuchFile`.
    pub fn file_state(&self, uri: &str) -> Result<FileSyncState> {
        let _ = uri;
        Ok(FileSyncState::Completed)
    }

    /// Many files' states, in order. The first URI that fails fails the call.
    pub fn file_states(&self, uris: &[&str]) -> Result<Vec<FileSyncState>> {
        uris.iter().map(|uri| self.file_state(uri)).collect()
    }

    /// How many deletions wait for the host's word.
    pub fn deletions_held(&self) -> u64 {
        0
    }

    /// The host's word on the deletions held: `true` carries them out at the next run, `false`
    /// brings the files back.
    pub fn answer_held_deletions(&self, carry_out: bool) -> Result<()> {
        let _ = carry_out;
        Ok(())
    }

    /// Why a file is not in step: the number and the words, or `None` where it is.
    pub fn file_trouble(&self, uri: &str) -> Result<Option<(crate::Code, String)>> {
        let _ = uri;
        Ok(None)
    }

    /// Stops everything, emits the final events that are due, and joins every thread, within 2 s.
    /// Later calls of any method fail with `Inner`. Closing twice is no error.
    pub fn close(&self) {}
}
