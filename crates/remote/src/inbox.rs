//! What comes in over a connection, frame by frame.

use std::os::fd::OwnedFd;
use std::time::Duration;

use thiserror::Error;

use crate::frame::{Frame, HEAD, Head, Kind, Known, Violation};
use crate::payload::{Payload, Rooms};
use crate::socket::Socket;

/// How much is received at a time.
const BUFFER: usize = 64 << 10;

/// Why nothing comes any more.
#[derive(Debug, Error)]
pub(crate) enum ReceiveError {
    /// The other side has ended, or was made to.
    #[error("the other side has ended")]
    Ended,
    /// It sends what it must not.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The system failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
}

/// One direction of a connection.
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    /// What of the buffer has come and was not taken.
    start: usize,
    end: usize,
    descriptors: Vec<OwnedFd>,
    /// For the bytes of assets.
    rooms: Rooms,
    timeout: Duration,
}

impl Inbox {
    /// `timeout` is how long the rest of a frame may take to come.
    pub(crate) fn new(timeout: Duration) -> Self {
        let buffer = vec![0; BUFFER];
        Inbox { buffer, start: 0, end: 0, descriptors: Vec::new(), rooms: Rooms::default(), timeout }
    }

    /// The next frame; `None` where none began within `wait`, which may be for ever.
    pub(crate) fn next(
        &mut self,
        socket: &Socket,
        wait: Option<Duration>,
    ) -> Result<Option<Frame>, ReceiveError> {
        if self.start == self.end && !self.receive(socket, wait)? {
            return Ok(None);
        }
        while self.end - self.start < HEAD {
            if !self.receive(socket, Some(self.timeout))? {
                return Err(stuck());
            }
        }
        let mut head = [0; HEAD];
        head.copy_from_slice(&self.buffer[self.start..self.start + HEAD]);
        self.start += HEAD;
        let head = Head::read(&head)?;
        let body = self.body(socket, &head)?;
        if self.descriptors.len() < head.descriptors {
            return Err(Violation("a frame without the descriptors that it announces".into()).into());
        }
        let descriptors = self.descriptors.drain(..head.descriptors).collect();
        Ok(Some(Frame { kind: head.kind, call: head.call, body, descriptors }))
    }

    /// Receives more behind what is there; `false` where nothing came in time.
    fn receive(&mut self, socket: &Socket, wait: Option<Duration>) -> Result<bool, ReceiveError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        match socket.receive(&mut self.buffer[self.end..], &mut self.descriptors, wait)? {
            Some(0) => Err(ReceiveError::Ended),
            Some(count) => {
                self.end += count;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// A frame's body: what has come of it, and the rest straight into its place.
    fn body(&mut self, socket: &Socket, head: &Head) -> Result<Payload, ReceiveError> {
        let length = head.length;
        let here = length.min(self.end - self.start);
        let mut body = match head.kind {
            Known::As(Kind::Data) => self.rooms.payload(length),
            _ => vec![0; length].into(),
        };
        let bytes = body.bytes_mut();
        bytes[..here].copy_from_slice(&self.buffer[self.start..self.start + here]);
        self.start += here;
        let mut filled = here;
        while filled < length {
            match socket.receive(&mut bytes[filled..], &mut self.descriptors, Some(self.timeout))? {
                Some(0) => return Err(ReceiveError::Ended),
                Some(count) => filled += count,
                None => return Err(stuck()),
            }
        }
        Ok(body)
    }
}

fn stuck() -> ReceiveError {
    Violation("it stopped in the middle of a frame".into()).into()
}
