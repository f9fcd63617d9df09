//! One connection to a server.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use cloudsync_cloud::{CloudError, Result as CloudResult, ShareResult};
use prost::Message;

use super::calls::{Call, Calls, Event};
use crate::address::Address;
use crate::error::ConnectError;
use crate::frame::{self, Data, FEATURE_DESCRIPTORS, Frame, Kind, Known, VERSION, Violation, violation};
use crate::inbox::{Inbox, ReceiveError};
use crate::message::{Body, Changed, Failure, Goodbye, Hello, Welcome};
use crate::options::Options;
use crate::outbox::{Outbox, SendError};
use crate::server::GOODBYE_DENIED;
use crate::socket::Socket;

/// Who is told of changes: the call that subscribed, and the bundle.
pub(super) type Told<'a> = &'a dyn Fn(u64, &str);

/// A connection. It ends once, and is not used any more then.
pub(super) struct Connection {
    /// Tells it from all others of the same cloud.
    pub(super) generation: u64,
    socket: Socket,
    outbox: Outbox,
    calls: Calls,
    options: Options,
    /// Files may go over as descriptors.
    pub(super) descriptors: bool,
}

impl Connection {
    /// Connects, sees who is there, and greets.
    pub(super) fn open(
        address: &Address,
        generation: u64,
        options: &Options,
    ) -> Result<(Arc<Self>, Inbox), ConnectError> {
        let gone = |text: String| ConnectError::Gone(format!("{address}: {text}"));
        let socket = Socket::connect(address).map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied => ConnectError::Denied(format!(
                "{address} is for another user; run as the one who serves there"
            )),
            _ => gone(format!("nobody serves there ({error}); start the server first")),
        })?;
        let peer = socket.peer().map_err(|error| gone(error.to_string()))?;
        if peer != options.user {
            let user = options.user;
            let text =
                format!("{address} is served by user {peer}, and is to be by user {user}; ask who it is");
            return Err(ConnectError::Denied(text));
        }
        let outbox = Outbox::new(options.timeout);
        let mut inbox = Inbox::new(options.greeting());
        let welcome =
            greet(&socket, &outbox, &mut inbox, options).map_err(|refusal| refusal.into_error(address))?;
        let connection = Connection {
            generation,
            socket,
            outbox,
            calls: Calls::new(welcome.calls as usize),
            descriptors: options.descriptors && welcome.features & FEATURE_DESCRIPTORS != 0,
            options: options.clone(),
        };
        Ok((Arc::new(connection), inbox))
    }

    /// Receives until the connection ends.
    pub(super) fn receive(&self, mut inbox: Inbox, told: Told<'_>) {
        let error = loop {
            let taken = match inbox.next(&self.socket, None) {
                Ok(Some(frame)) => self.take(frame, told),
                Ok(None) => Ok(()),
                Err(error) => break error.to_string(),
            };
            if let Err(error) = taken {
                break error.to_string();
            }
        };
        self.end(&format!("the connection to the cloud's process has ended: {error}"));
    }

    fn take(&self, frame: Frame, told: Told<'_>) -> Result<(), Violation> {
        let Known::As(kind) = frame.kind else { return violation("a request from a server") };
        let event = match kind {
            Kind::Answer => Event::Answer(frame.body),
            Kind::Failure => Event::Failure(frame.message()?),
            Kind::Want => Event::Want(frame.message()?),
            Kind::Data => Event::Data(Data::read(frame.body)?),
            Kind::Moved => Event::Moved(frame.message()?),
            Kind::Working => Event::Working,
            Kind::Changed => {
                let changed: Changed = frame.message()?;
                told(frame.call, &changed.bundle_name);
                return Ok(());
            }
            Kind::Goodbye => {
                let goodbye: Goodbye = frame.message()?;
                self.end(&format!("the cloud's process says: {}", goodbye.text));
                return Ok(());
            }
            other => return violation(format!("{other:?} from a server")),
        };
        self.calls.tell(frame.call, event)
    }

    /// Ends the connection and all calls on it.
    pub(super) fn end(&self, text: &str) {
        self.outbox.close(text);
        self.socket.shut();
        self.calls.lose(text);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.calls.is_lost()
    }

    /// Begins a call. Whoever calls awaits its events.
    pub(super) fn begin(&self) -> CloudResult<UnderWay<'_>> {
        let (number, call) = self.calls.begin(self.options.timeout).map_err(CloudError::Gone)?;
        Ok(UnderWay { connection: self, number, call, answered: false })
    }

    /// Makes a call whose only event is its answer.
    pub(super) fn ask<A: Body>(&self, kind: Kind, request: &impl Message) -> CloudResult<A> {
        self.begin()?.ask(kind, request)
    }

    /// The same of a share centre, whose failures have codes of their own.
    pub(super) fn ask_center<A: Body>(&self, kind: Kind, request: &impl Message) -> ShareResult<A> {
        self.begin()?.answered(kind, request)
    }

    /// What came where the server kept to the protocol; where not, the connection ends.
    pub(super) fn kept<T>(&self, came: Result<T, Violation>) -> CloudResult<T> {
        came.map_err(|violation| {
            let text = violation.to_string();
            self.end(&text);
            CloudError::Gone(text)
        })
    }

    /// An event that does not belong to a call ends the connection.
    pub(super) fn unexpected<T>(&self, event: &Event, kind: Kind) -> CloudResult<T> {
        self.kept(violation(format!("{} for the call {kind:?}", name(event))))
    }

    /// Tells what needs no answer. Where the connection has ended, there is nobody to tell.
    pub(super) fn tell(&self, kind: Kind, call: u64, message: &impl Message) {
        let _ = self.outbox.send(&self.socket, kind, call, message);
    }
}

/// An event's name, for an error.
fn name(event: &Event) -> &'static str {
    match event {
        Event::Answer(_) => "an answer",
        Event::Failure(_) => "a failure",
        Event::Want(_) => "a want",
        Event::Data(_) => "data",
        Event::Moved(_) => "progress",
        Event::Working => "a sign of life",
        Event::Lost(_) => "an end",
    }
}

/// A call that is under way. Dropped, nobody waits for it any more.
pub(super) struct UnderWay<'a> {
    pub(super) connection: &'a Connection,
    pub(super) number: u64,
    call: Arc<Call>,
    answered: bool,
}

impl UnderWay<'_> {
    /// Makes a call whose only event is its answer.
    pub(super) fn ask<A: Body>(self, kind: Kind, request: &impl Message) -> CloudResult<A> {
        self.answered(kind, request)
    }

    fn answered<A, E>(mut self, kind: Kind, request: &impl Message) -> Result<A, E>
    where
        A: Body,
        E: From<CloudError> + From<Failure>,
    {
        self.send(kind, request)?;
        loop {
            match self.event::<E>()? {
                Event::Answer(body) => return Ok(self.connection.kept(frame::message(&body))?),
                Event::Working => {}
                other => return Ok(self.connection.unexpected(&other, kind)?),
            }
        }
    }

    pub(super) fn send(&self, kind: Kind, request: &impl Message) -> CloudResult<()> {
        let Connection { outbox, socket, .. } = self.connection;
        outbox.send(socket, kind, self.number, request).map_err(unsent)
    }

    pub(super) fn send_files(
        &self,
        kind: Kind,
        request: &impl Message,
        files: &[BorrowedFd<'_>],
    ) -> CloudResult<()> {
        let Connection { outbox, socket, .. } = self.connection;
        outbox.send_files(socket, kind, self.number, request, files).map_err(unsent)
    }

    pub(super) fn send_data(&self, item: usize, flags: u32, offset: u64, bytes: &[u8]) -> CloudResult<()> {
        let Connection { outbox, socket, .. } = self.connection;
        let head = Data::head(item, flags, offset);
        outbox.send_data(socket, self.number, &head, bytes).map_err(unsent)
    }

    /// The next event but for the end of the call by failure, which is an error, as is silence.
    pub(super) fn next(&mut self) -> CloudResult<Event> {
        self.event()
    }

    fn event<E: From<CloudError> + From<Failure>>(&mut self) -> Result<Event, E> {
        let timeout = self.connection.options.timeout;
        match self.call.next(timeout) {
            Some(Event::Failure(failure)) => {
                self.answered = true;
                Err(failure.into())
            }
            Some(Event::Lost(text)) => {
                self.answered = true;
                Err(CloudError::Gone(text).into())
            }
            Some(event) => {
                self.answered |= matches!(event, Event::Answer(_));
                Ok(event)
            }
            None => {
                let ms = timeout.as_millis();
                Err(CloudError::Gone(format!("the cloud's process gave no sign of life within {ms} ms"))
                    .into())
            }
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.connection.calls.end(self.number);
        if !self.answered {
            self.connection.tell(Kind::Stop, self.number, &crate::message::Nothing {});
        }
    }
}

fn unsent(error: SendError) -> CloudError {
    match error {
        SendError::Closed(text) => CloudError::Gone(text),
        SendError::TooLong(_) => CloudError::InvalidArgument(error.to_string()),
    }
}

/// Why there was no welcome.
enum Refusal {
    Denied(String),
    Gone(String),
}

impl Refusal {
    fn into_error(self, address: &Address) -> ConnectError {
        match self {
            Refusal::Denied(text) => ConnectError::Denied(format!("{address}: {text}")),
            Refusal::Gone(text) => ConnectError::Gone(format!("{address}: {text}")),
        }
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Refusal::Gone(violation.to_string())
    }
}

impl From<ReceiveError> for Refusal {
    fn from(error: ReceiveError) -> Self {
        Refusal::Gone(error.to_string())
    }
}

/// Says hello, and hears what the server says to it.
fn greet(socket: &Socket, outbox: &Outbox, inbox: &mut Inbox, options: &Options) -> Result<Welcome, Refusal> {
    let features = if options.descriptors { FEATURE_DESCRIPTORS } else { 0 };
    let agent = concat!("libcloudsync ", env!("CARGO_PKG_VERSION")).to_owned();
    let hello = Hello { oldest: VERSION, newest: VERSION, features, agent };
    // A server that refuses may have said so, and closed, before it is heard: its words say more than this error.
    let sent = outbox.send(socket, Kind::Hello, 0, &hello);
    let Some(frame) = inbox.next(socket, Some(options.greeting()))? else {
        let ms = options.greeting().as_millis();
        return Err(Refusal::Gone(format!("it did not greet within {ms} ms")));
    };
    match frame.kind {
        Known::As(Kind::Welcome) => {
            sent.map_err(|error| Refusal::Gone(error.to_string()))?;
            let welcome: Welcome = frame.message()?;
            match welcome.version {
                VERSION => Ok(welcome),
                other => {
                    Err(Violation(format!("it chose the version {other}, {VERSION} was offered")).into())
                }
            }
        }
        Known::As(Kind::Goodbye) => {
            let Goodbye { reason, text } = frame.message()?;
            Err(if reason == GOODBYE_DENIED { Refusal::Denied(text) } else { Refusal::Gone(text) })
        }
        _ => Err(Violation("it did not greet".into()).into()),
    }
}
