//! What is in a frame. Room for an asset's bytes is used again and again: to get it from the system for each of them
//! costs more than to copy them.

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::frame::{CHUNK, DATA_HEAD};

/// From which length on it is worth being kept.
const LARGE: usize = CHUNK / 2;
/// How many of them are kept where none is in use: 1 MiB.
const KEPT: usize = 4;

/// Room that is not in use just now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rooms(Arc<Mutex<Vec<Vec<u8>>>>);

impl Rooms {
    /// A payload of such a length, with anything in it.
    pub(crate) fn payload(&self, length: usize) -> Payload {
        if length < LARGE {
            return vec![0; length].into();
        }
        let free = self.0.lock().pop();
        let mut bytes = free.unwrap_or_else(|| Vec::with_capacity(DATA_HEAD + CHUNK));
        bytes.resize(length, 0);
        Payload { bytes, rooms: Some(self.clone()) }
    }
}

/// What is in a frame.
#[derive(Debug)]
pub(crate) struct Payload {
    bytes: Vec<u8>,
    /// Where its room goes when it was read.
    rooms: Option<Rooms>,
}

impl Payload {
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Payload { bytes, rooms: None }
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        let Some(Rooms(rooms)) = &self.rooms else { return };
        let mut rooms = rooms.lock();
        if rooms.len() < KEPT {
            rooms.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again_and_a_few_are_kept() {
        let rooms = Rooms::default();
        let first = rooms.payload(CHUNK);
        let place = first.as_ptr();
        drop(first);
        let again = rooms.payload(LARGE);
        assert_eq!((again.as_ptr(), again.len()), (place, LARGE));
        drop(rooms.payload(LARGE - 1));
        assert!(rooms.0.lock().is_empty(), "little room is not kept");
        drop((0..3 * KEPT).map(|_| rooms.payload(CHUNK)).collect::<Vec<_>>());
        assert_eq!(rooms.0.lock().len(), KEPT);
    }
}
