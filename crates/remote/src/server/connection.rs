//! One process that is served.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use prost::Message;

use super::handles::Handles;
use super::notices::Notices;
use super::transfer::Transfer;
use super::workers::{Job, Workers};
use super::{GOODBYE_VIOLATION, Shared};
use crate::frame::{Data, FEATURE_DESCRIPTORS, Frame, Kind, Known, VERSION, Violation, violation};
use crate::inbox::{Inbox, ReceiveError};
use crate::message::{Failure, Goodbye, Hello, Moved, Nothing, OfHandle, Welcome};
use crate::outbox::{Outbox, SendError};
use crate::socket::Socket;

/// How many calls may be under way on one connection.
const CALLS: usize = 256;
/// How many bytes of requests may wait.
const WAITING: usize = 64 << 20;
/// How often a call that takes long gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// A connection.
pub(crate) struct Connection {
    pub(super) shared: Arc<Shared>,
    socket: Socket,
    outbox: Outbox,
    pub(super) handles: Handles,
    pub(super) notices: Notices,
    workers: Workers,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    /// Those under way, with their transfer where they have one.
    open: HashMap<u64, Option<Arc<Transfer>>>,
    /// How many bytes of requests wait.
    bytes: usize,
    ended: bool,
}

impl Connection {
    pub(super) fn new(socket: Socket, shared: &Arc<Shared>) -> Self {
        Connection {
            shared: shared.clone(),
            socket,
            outbox: Outbox::new(shared.options.timeout),
            handles: Handles::default(),
            notices: Notices::default(),
            workers: Workers::default(),
            calls: Mutex::default(),
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.shared.options.timeout
    }

    /// Serves until the connection ends.
    pub(super) fn run(self: &Arc<Self>) {
        let mut inbox = Inbox::new(self.shared.options.greeting());
        let served = self.greet(&mut inbox).and_then(|()| self.serve(&mut inbox));
        if let Err(ReceiveError::Violation(violation)) = served {
            self.say_goodbye(GOODBYE_VIOLATION, &violation.to_string());
        }
        self.end("the connection has ended");
        self.notices.end(&*self.shared.service);
    }

    /// Ends it: nothing is sent any more, transfers fail, and those who carry out calls find nothing more to do.
    fn end(&self, text: &str) {
        let open = {
            let mut calls = self.calls.lock();
            calls.ended = true;
            std::mem::take(&mut calls.open)
        };
        self.outbox.close(text);
        self.socket.shut();
        self.workers.end();
        for transfer in open.into_values().flatten() {
            transfer.lose();
        }
    }

    /// Says why the connection ends, and ends it.
    pub(super) fn say_goodbye(&self, reason: u32, text: &str) {
        self.outbox.send_last(&self.socket, Kind::Goodbye, &Goodbye { reason, text: text.to_owned() });
        self.end(text);
    }

    fn greet(&self, inbox: &mut Inbox) -> Result<(), ReceiveError> {
        let options = &self.shared.options;
        let Some(frame) = inbox.next(&self.socket, Some(options.greeting()))? else {
            return Err(Violation("it did not greet in time".into()).into());
        };
        if frame.kind != Known::As(Kind::Hello) {
            return Err(Violation("it did not greet".into()).into());
        }
        let hello: Hello = frame.message()?;
        if !(hello.oldest..=hello.newest).contains(&VERSION) {
            let Hello { oldest, newest, .. } = hello;
            let text = format!("it speaks the versions {oldest} to {newest}, and this server {VERSION}");
            return Err(Violation(text).into());
        }
        let own = if options.descriptors { FEATURE_DESCRIPTORS } else { 0 };
        let welcome = Welcome {
            version: VERSION,
            features: own & hello.features,
            agent: concat!("libcloudsync ", env!("CARGO_PKG_VERSION")).to_owned(),
            calls: CALLS as u32,
        };
        // One that cannot be sent has closed the connection.
        let _ = self.send(Kind::Welcome, 0, &welcome);
        Ok(())
    }

    fn serve(self: &Arc<Self>, inbox: &mut Inbox) -> Result<(), ReceiveError> {
        let every = SIGN_OF_LIFE.min(self.timeout() / 4);
        let mut given = Instant::now();
        loop {
            let idle = self.calls.lock().open.is_empty();
            let left = every.saturating_sub(given.elapsed());
            if let Some(frame) = inbox.next(&self.socket, if idle { None } else { Some(left) })? {
                self.take(frame)?;
            }
            if given.elapsed() >= every {
                self.give_sign_of_life();
                given = Instant::now();
            }
        }
    }

    fn give_sign_of_life(&self) {
        let open: Vec<u64> = self.calls.lock().open.keys().copied().collect();
        for call in open {
            let _ = self.send(Kind::Working, call, &Nothing {});
        }
    }

    fn take(self: &Arc<Self>, frame: Frame) -> Result<(), Violation> {
        let kind = match frame.kind {
            Known::As(kind) => kind,
            Known::Request(number) => {
                let text = format!("requests of the kind {number}");
                self.fail(frame.call, Failure { text, ..Failure::unsupported() });
                return Ok(());
            }
        };
        let transfer = || self.calls.lock().open.get(&frame.call).cloned().flatten();
        match kind {
            Kind::Data => {
                let data = Data::read(frame.body)?;
                transfer().map_or(Ok(()), |transfer| transfer.came(data))
            }
            Kind::Taken => {
                let moved: Moved = frame.message()?;
                transfer().map_or(Ok(()), |transfer| transfer.taken(moved))
            }
            Kind::Stop => {
                if let Some(transfer) = transfer() {
                    transfer.stop();
                }
                Ok(())
            }
            Kind::Disconnect => {
                let OfHandle { handle } = frame.message()?;
                self.handles.remove(handle);
                Ok(())
            }
            Kind::Goodbye => {
                self.end("the other side has said goodbye");
                Ok(())
            }
            kind if kind >= Kind::GetServiceInfo && kind < Kind::Answer => self.request(kind, frame),
            other => violation(format!("{other:?} from a client")),
        }
    }

    fn request(self: &Arc<Self>, kind: Kind, frame: Frame) -> Result<(), Violation> {
        let (call, bytes) = (frame.call, frame.body.len());
        let room = self.begin(call, bytes)?;
        let started = room
            && self.workers.give(Job::Request(kind, frame), |body| {
                let connection = self.clone();
                self.shared.start("cloudsync-call", move || body(&connection)).is_ok()
            });
        if !started {
            self.unwait(bytes);
            let text = "the server has no room for more calls; try again later".to_owned();
            self.fail(call, Failure { text, ..Failure::unknown() });
        }
        Ok(())
    }

    /// Notes a call; whether there is room for it and its request.
    fn begin(&self, call: u64, bytes: usize) -> Result<bool, Violation> {
        let mut calls = self.calls.lock();
        if calls.open.contains_key(&call) {
            return violation(format!("the call {call} a second time"));
        }
        calls.bytes += bytes;
        if calls.open.len() >= CALLS || calls.bytes > WAITING {
            return Ok(false);
        }
        calls.open.insert(call, None);
        Ok(true)
    }

    /// A request does not wait any more.
    pub(super) fn unwait(&self, bytes: usize) {
        self.calls.lock().bytes -= bytes;
    }

    /// A call is a transfer.
    pub(super) fn transfers(&self, call: u64, transfer: &Arc<Transfer>) {
        let mut calls = self.calls.lock();
        if calls.ended {
            transfer.lose();
        } else if let Some(open) = calls.open.get_mut(&call) {
            *open = Some(transfer.clone());
        }
    }

    pub(super) fn answer(&self, call: u64, answer: &impl Message) -> Result<(), SendError> {
        self.finish(call, Kind::Answer, answer)
    }

    pub(super) fn fail(&self, call: u64, failure: Failure) {
        // Nobody is there to hear it otherwise.
        let _ = self.finish(call, Kind::Failure, &failure);
    }

    fn finish(&self, call: u64, kind: Kind, message: &impl Message) -> Result<(), SendError> {
        // Before it is sent: whoever hears of it may make another call at once.
        self.calls.lock().open.remove(&call);
        self.send(kind, call, message)
    }

    pub(super) fn send(&self, kind: Kind, call: u64, message: &impl Message) -> Result<(), SendError> {
        self.outbox.send(&self.socket, kind, call, message)
    }

    pub(super) fn send_data(
        &self,
        call: u64,
        item: usize,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), SendError> {
        self.outbox.send_data(&self.socket, call, &Data::head(item, 0, offset), bytes)
    }

    pub(super) fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Lets the connection's workers do something beside the calls.
    pub(super) fn give(self: &Arc<Self>, job: Job) {
        self.workers.give(job, |body| {
            let connection = self.clone();
            self.shared.start("cloudsync-call", move || body(&connection)).is_ok()
        });
    }
}
