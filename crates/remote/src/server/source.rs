//! The bytes of uploads: those that come over the connection, asked for a little ahead, and files that were passed.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use cloudsync_cloud::AssetSource;
use parking_lot::{Condvar, Mutex, MutexGuard};

use super::connection::Connection;
use super::transfer::{Stop, Transfer};
use crate::frame::{CHUNK, Data, Kind, Violation, WANTS, WINDOW, violation};
use crate::message::{Moved, Want};

/// How far one item is read ahead.
const AHEAD: u64 = 4 * CHUNK as u64;

/// An upload that is under way.
#[derive(Default)]
pub(super) struct Uploading {
    state: Mutex<State>,
    changed: Condvar,
    pub(super) stop: Stop,
}

#[derive(Default)]
struct State {
    items: Vec<Coming>,
    /// What is asked for, in the order in which it comes.
    wants: VecDeque<Wanted>,
    /// How many bytes are asked for, or have come and were not read.
    held: usize,
    lost: bool,
}

/// What has come of an item.
struct Coming {
    size: u64,
    /// Whether its bytes come over the connection at all.
    streamed: bool,
    /// Where the cloud reads next, and what is asked for next.
    at: u64,
    next: u64,
    ready: VecDeque<Data>,
    /// How much of the first of them was read.
    read: usize,
    over: Option<Over>,
}

/// Why nothing more comes of an item.
#[derive(Clone, Copy)]
enum Over {
    End,
    Stopped,
    Failed,
}

struct Wanted {
    item: usize,
    offset: u64,
    left: usize,
    /// The cloud reads elsewhere by now.
    stale: bool,
}

impl Uploading {
    /// Of items of such sizes, of which some come over the connection and others do not.
    pub(super) fn new(items: impl Iterator<Item = (u64, bool)>) -> Self {
        let coming = |(size, streamed)| Coming {
            size,
            streamed,
            at: 0,
            next: 0,
            ready: VecDeque::new(),
            read: 0,
            over: None,
        };
        let state = State { items: items.map(coming).collect(), ..State::default() };
        Uploading { state: Mutex::new(state), ..Uploading::default() }
    }

    /// Bytes came: they are those that were asked for first.
    pub(super) fn came(&self, data: Data) -> Result<(), Violation> {
        let mut state = self.state.lock();
        let (length, ended) = (data.bytes().len(), data.flags != 0);
        let Some(want) = state.wants.front_mut() else { return violation("bytes that nobody wants") };
        if (data.item, data.offset) != (want.item, want.offset) || length > want.left {
            return violation("other bytes than those that are wanted");
        }
        if length == 0 && !ended {
            return violation("no bytes, and no reason why");
        }
        want.left -= length;
        want.offset += length as u64;
        let (stale, left) = (want.stale, want.left);
        if left == 0 || ended {
            state.wants.pop_front();
            state.held -= left;
        }
        if stale {
            state.held -= length;
        } else if let Some(item) = state.items.get_mut(data.item) {
            item.ready.push_back(data);
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

    fn read(&self, at: &At<'_>, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.state.lock();
        state.seek(at.item, offset);
        if offset == 0 && state.wants.len() < WANTS / 4 {
            self.ask(at, &mut state)?;
        }
        loop {
            if state.lost {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if let Some(read) = state.take(at.item, buffer, &self.stop)? {
                if state.runs_low(at.item) {
                    self.ask(at, &mut state)?;
                }
                return Ok(read);
            }
            if !self.ask(at, &mut state)?
                && self.changed.wait_for(&mut state, at.connection.timeout()).timed_out()
            {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// Asks for what may be needed next; whether there was any.
    fn ask(&self, at: &At<'_>, state: &mut MutexGuard<'_, State>) -> io::Result<bool> {
        let wants = state.want(at.item);
        if wants.is_empty() {
            // Whoever waits now must not have let go of the lock: it would miss what came meanwhile.
            return Ok(false);
        }
        // Not under the lock: what comes in needs it.
        MutexGuard::unlocked(state, || {
            for want in &wants {
                at.connection.send(Kind::Want, at.call, want).map_err(io::Error::other)?;
            }
            Ok(true)
        })
    }
}

impl State {
    /// The cloud reads from here on, which mostly is where it read last.
    fn seek(&mut self, index: usize, offset: u64) {
        let Some(item) = self.items.get_mut(index).filter(|item| item.at != offset) else { return };
        let unread: usize = item.ready.iter().map(|data| data.bytes().len()).sum();
        self.held -= unread - item.read;
        item.ready.clear();
        (item.at, item.next, item.read, item.over) = (offset, offset, 0, None);
        for want in self.wants.iter_mut().filter(|want| want.item == index) {
            want.stale = true;
        }
    }

    /// Reads what has come of an item; nothing where it must be waited for.
    fn take(&mut self, index: usize, buffer: &mut [u8], stop: &Stop) -> io::Result<Option<usize>> {
        let Some(item) = self.items.get_mut(index) else { return Err(io::ErrorKind::NotFound.into()) };
        while let Some(data) = item.ready.front() {
            let rest = &data.bytes()[item.read..];
            let read = rest.len().min(buffer.len());
            buffer[..read].copy_from_slice(&rest[..read]);
            item.read += read;
            item.at += read as u64;
            self.held -= read;
            if read == rest.len() {
                if data.has(Data::STOPPED) {
                    stop.set();
                    item.over = Some(Over::Stopped);
                } else if data.has(Data::FAILED) {
                    item.over = Some(Over::Failed);
                } else if data.has(Data::END) {
                    item.over = Some(Over::End);
                }
                item.ready.pop_front();
                item.read = 0;
            }
            if read > 0 || buffer.is_empty() {
                return Ok(Some(read));
            }
        }
        match item.over {
            None => Ok(None),
            Some(Over::End) => Ok(Some(0)),
            Some(Over::Stopped) => Err(io::Error::other("whoever asked for the transfer stops it")),
            Some(Over::Failed) => Err(io::Error::other("the file cannot be read where it is")),
        }
    }

    /// What to ask for when an item is read: what follows in it, and small items after it. Noted as asked for.
    fn want(&mut self, index: usize) -> Vec<Want> {
        let mut wants = Vec::new();
        while self.may_ask(index) {
            let Some(item) = self.items.get_mut(index) else { break };
            let goal = item.goal().min(item.at.saturating_add(AHEAD));
            let length = (goal - item.next).min(CHUNK as u64);
            wants.push(self.wanted(index, length as usize));
        }
        let small =
            |item: &Coming| item.streamed && item.size < CHUNK as u64 && (item.at, item.next) == (0, 0);
        let mut next = index + 1;
        while self.held < WINDOW / 2 && self.wants.len() < WANTS / 2 {
            let Some(item) = self.items.get(next).filter(|item| small(item)) else { break };
            let length = item.size as usize + 1;
            wants.push(self.wanted(next, length));
            next += 1;
        }
        wants
    }

    /// Whether half of what an item is read ahead was taken. It is asked for more then, and not only once nothing is here,
    /// so that neither side waits for the other.
    fn runs_low(&self, index: usize) -> bool {
        let Some(item) = self.items.get(index) else { return false };
        item.next - item.at <= AHEAD / 2 && self.may_ask(index)
    }

    fn may_ask(&self, index: usize) -> bool {
        let Some(item) = self.items.get(index) else { return false };
        let more = item.over.is_none() && item.next < item.goal().min(item.at.saturating_add(AHEAD));
        // Whoever has nothing at all may always ask, whatever is held for others.
        let room = self.held + CHUNK <= WINDOW || item.next == item.at;
        more && room && self.wants.len() < WANTS
    }

    fn wanted(&mut self, index: usize, length: usize) -> Want {
        let mut offset = 0;
        if let Some(item) = self.items.get_mut(index) {
            offset = item.next;
            item.next += length as u64;
        }
        self.held += length;
        self.wants.push_back(Wanted { item: index, offset, left: length, stale: false });
        Want { item: index as u32, offset, length: length as u32 }
    }
}

impl Coming {
    /// How far it may be asked for: one byte more than there should be, to see that it ends there, or where the cloud reads.
    fn goal(&self) -> u64 {
        self.size.saturating_add(1).max(self.at.saturating_add(1))
    }
}

/// Where a source reads.
struct At<'a> {
    connection: &'a Connection,
    call: u64,
    item: usize,
}

/// One item's bytes.
pub(super) struct RemoteSource {
    pub(super) connection: Arc<Connection>,
    pub(super) call: u64,
    pub(super) item: usize,
    pub(super) size: u64,
    pub(super) bytes: Bytes,
}

/// Where they come from.
pub(super) enum Bytes {
    Connection(Arc<Transfer>),
    File(PassedFile),
}

/// A file whose descriptor came with the call.
pub(super) struct PassedFile {
    file: File,
    /// How many bytes were read of it that nobody was told of.
    untold: u64,
}

impl PassedFile {
    /// A descriptor, if it is one of a file: others may block whoever reads.
    pub(super) fn new(descriptor: OwnedFd) -> Result<Self, Violation> {
        let file = File::from(descriptor);
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => Ok(PassedFile { file, untold: 0 }),
            _ => violation("a descriptor that is no file's"),
        }
    }
}

impl AssetSource for RemoteSource {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let RemoteSource { connection, call, item, size, .. } = self;
        match &mut self.bytes {
            Bytes::Connection(transfer) => match &**transfer {
                Transfer::Up(up) => up.read(&At { connection, call: *call, item: *item }, buffer, offset),
                _ => Err(io::ErrorKind::Unsupported.into()),
            },
            Bytes::File(passed) => {
                let read = passed.file.read_at(buffer, offset)?;
                passed.untold += read as u64;
                let end = offset + read as u64;
                if passed.untold >= CHUNK as u64 || passed.untold > 0 && (read == 0 || end >= *size) {
                    let bytes = std::mem::take(&mut passed.untold);
                    let moved = Moved { item: *item as u32, bytes, end, ..Moved::default() };
                    connection.send(Kind::Moved, *call, &moved).map_err(io::Error::other)?;
                }
                Ok(read)
            }
        }
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}
