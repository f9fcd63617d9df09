//! What goes out over a connection. Small messages of several threads go together.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};
use prost::Message;
use thiserror::Error;

use crate::frame::{DATA_HEAD, HEAD, Head, Kind, LONGEST_MESSAGE};
use crate::socket::Socket;

/// How much may wait until whoever sends more waits as well.
const WAITING: usize = 1 << 20;
/// How much room is kept for what waits next.
const KEPT: usize = 64 << 10;

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum SendError {
    /// The connection has ended; part of it may have gone.
    #[error("{0}")]
    Closed(String),
    /// It is too long for a message. Nothing was sent.
    #[error("it takes {0} bytes as a message, {LONGEST_MESSAGE} are the most; ask for less at a time")]
    TooLong(usize),
}

/// One direction of a connection. Whoever finds nobody writing writes, for the others too.
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Somebody has written.
    written: Condvar,
    timeout: Duration,
}

struct State {
    waiting: Vec<u8>,
    writing: bool,
    closed: Option<String>,
}

impl Outbox {
    pub(crate) fn new(timeout: Duration) -> Self {
        let state = State { waiting: Vec::new(), writing: false, closed: None };
        Outbox { state: Mutex::new(state), written: Condvar::new(), timeout }
    }

    /// Sends a message.
    pub(crate) fn send(
        &self,
        socket: &Socket,
        kind: Kind,
        call: u64,
        message: &impl Message,
    ) -> Result<(), SendError> {
        let length = message.encoded_len();
        if length > LONGEST_MESSAGE {
            return Err(SendError::TooLong(length));
        }
        let mut state = self.state.lock();
        while state.writing && state.waiting.len() > WAITING && state.closed.is_none() {
            self.written.wait(&mut state);
        }
        if let Some(text) = &state.closed {
            return Err(SendError::Closed(text.clone()));
        }
        state.waiting.reserve(HEAD + length);
        state.waiting.extend_from_slice(&Head::bytes(kind, call, length, 0));
        message.encode_raw(&mut state.waiting);
        if state.writing { Ok(()) } else { self.write(socket, state, [&[], &[], &[]], &[]) }
    }

    /// Sends an asset's bytes from where they are.
    pub(crate) fn send_data(
        &self,
        socket: &Socket,
        call: u64,
        head: &[u8; DATA_HEAD],
        bytes: &[u8],
    ) -> Result<(), SendError> {
        let frame = Head::bytes(Kind::Data, call, DATA_HEAD + bytes.len(), 0);
        self.write(socket, self.turn()?, [&frame, head, bytes], &[])
    }

    /// Sends a message with descriptors.
    pub(crate) fn send_files(
        &self,
        socket: &Socket,
        kind: Kind,
        call: u64,
        message: &impl Message,
        files: &[BorrowedFd<'_>],
    ) -> Result<(), SendError> {
        let body = message.encode_to_vec();
        if body.len() > LONGEST_MESSAGE {
            return Err(SendError::TooLong(body.len()));
        }
        let frame = Head::bytes(kind, call, body.len(), files.len());
        // Nothing waits where nobody writes: the frame goes first, and the descriptors with it.
        self.write(socket, self.turn()?, [&frame, &body, &[]], files)
    }

    /// Sends a last message where there is room for it just now, and nothing more after it.
    pub(crate) fn send_last(&self, socket: &Socket, kind: Kind, message: &impl Message) {
        let mut state = self.state.lock();
        if !state.writing && state.closed.is_none() {
            let body = message.encode_to_vec();
            let frame = Head::bytes(kind, 0, body.len(), 0);
            // Whoever takes nothing hears nothing.
            let _ = socket.send([&frame, &body, &[], &[]], &[], Duration::ZERO);
        }
        state.closed.get_or_insert_with(|| "the last word has been said".to_owned());
        self.written.notify_all();
    }

    /// Nothing goes out any more.
    pub(crate) fn close(&self, text: &str) {
        self.state.lock().closed.get_or_insert_with(|| text.to_owned());
        self.written.notify_all();
    }

    /// Waits until nobody writes.
    fn turn(&self) -> Result<MutexGuard<'_, State>, SendError> {
        let mut state = self.state.lock();
        while state.writing && state.closed.is_none() {
            self.written.wait(&mut state);
        }
        match &state.closed {
            Some(text) => Err(SendError::Closed(text.clone())),
            None => Ok(state),
        }
    }

    /// Writes what waits, then the parts, then what others have left to be written meanwhile.
    fn write(
        &self,
        socket: &Socket,
        mut state: MutexGuard<'_, State>,
        parts: [&[u8]; 3],
        files: &[BorrowedFd<'_>],
    ) -> Result<(), SendError> {
        state.writing = true;
        let (mut parts, mut files) = (parts, files);
        loop {
            let mut bytes = std::mem::take(&mut state.waiting);
            let [first, second, third] = parts;
            let timeout = self.timeout;
            let sent = MutexGuard::unlocked(&mut state, || {
                socket.send([&bytes, first, second, third], files, timeout)
            });
            if let Err(error) = sent {
                let text = format!("the other side takes nothing any more: {error}");
                let text = state.closed.get_or_insert(text).clone();
                state.writing = false;
                self.written.notify_all();
                socket.shut();
                return Err(SendError::Closed(text));
            }
            (parts, files) = ([&[][..]; 3], &[]);
            if state.waiting.is_empty() || state.closed.is_some() {
                bytes.clear();
                if bytes.capacity() <= KEPT && state.waiting.is_empty() {
                    state.waiting = bytes;
                }
                state.writing = false;
                self.written.notify_all();
                return Ok(());
            }
            self.written.notify_all();
        }
    }
}
