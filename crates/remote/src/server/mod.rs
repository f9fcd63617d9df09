//! Serves a cloud to other processes.
//!
//! - [`connection`] is one of them, [`workers`] what carries its calls out, [`calls`] how, [`share`] those of a share centre;
//! - [`handles`] is what it has connected to, [`notices`] what it is told of;
//! - [`transfer`] is what uploads and downloads have in common, [`source`] and [`sink`] their bytes.

mod calls;
mod connection;
mod handles;
mod notices;
mod share;
mod sink;
mod source;
mod transfer;
mod workers;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cloudsync_cloud::CloudService;
use parking_lot::{Condvar, Mutex};

use self::connection::Connection;
use crate::address::Address;
use crate::error::{ServeError, refused};
use crate::frame::Kind;
use crate::message::Goodbye;
use crate::options::Options;
use crate::outbox::Outbox;
use crate::socket::{Bell, Listener, Socket};

/// The server ends.
pub(crate) const GOODBYE_ENDING: u32 = 1;
/// The user at the other end is not served.
pub(crate) const GOODBYE_DENIED: u32 = 2;
/// There are too many connections.
pub(crate) const GOODBYE_BUSY: u32 = 3;
/// The other side does not keep to the protocol, or speaks another version.
pub(crate) const GOODBYE_VIOLATION: u32 = 4;

/// How long the end waits for calls that the cloud is still at.
const STOPPING: Duration = Duration::from_secs(5);
/// How long nobody is let in where the system has no room.
const NO_ROOM: Duration = Duration::from_millis(200);

thread_local! {
    /// The server whose thread this is.
    static SERVING: Cell<usize> = const { Cell::new(0) };
}

/// A served cloud. Dropping it ends the service: within 5 seconds, even where the cloud hangs in a call.
pub struct Server {
    shared: Arc<Shared>,
    door: Option<JoinHandle<()>>,
}

/// What all threads of a server share.
pub(crate) struct Shared {
    service: Arc<dyn CloudService>,
    options: Options,
    bell: Bell,
    state: Mutex<State>,
    /// A thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    last: u64,
    connections: HashMap<u64, Arc<Connection>>,
    threads: usize,
}

impl Server {
    /// Serves a cloud at an address, for as many processes as connect to it.
    ///
    /// # Errors
    /// [`ServeError::Busy`] where another server does, otherwise what the system refused.
    pub fn start(
        service: Arc<dyn CloudService>,
        address: &Address,
        options: Options,
    ) -> Result<Self, ServeError> {
        let listener = Listener::bind(address)?;
        let bell = Bell::new().map_err(refused("no bell can be made"))?;
        let spawn = options.spawn.clone();
        let (state, ended) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { service, options, bell, state, ended });
        let at_door = shared.clone();
        let body = move || at_door.let_in(&listener);
        let door = spawn("cloudsync-serve", Box::new(body));
        let door = Some(door.map_err(refused("no thread can be started"))?);
        Ok(Server { shared, door })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.bell.ring();
        if let Some(door) = self.door.take() {
            // One that panicked has ended as well.
            let _ = door.join();
        }
        self.shared.stop();
    }
}

impl Shared {
    /// Lets others in until the bell rings.
    fn let_in(self: &Arc<Self>, listener: &Listener) {
        loop {
            match listener.accept(&self.bell) {
                Ok(Some(socket)) => self.admit(socket),
                Ok(None) => return,
                // No descriptors or no memory: some may come free.
                Err(_) if self.bell.wait(NO_ROOM) => return,
                Err(_) => {}
            }
        }
    }

    fn admit(self: &Arc<Self>, socket: Socket) {
        let refuse = |reason, text: String| {
            Outbox::new(NO_ROOM).send_last(&socket, Kind::Goodbye, &Goodbye { reason, text });
        };
        let user = self.options.user;
        match socket.peer() {
            Ok(peer) if peer == user => {}
            Ok(peer) => {
                let text = format!("this cloud is served to user {user} alone, and you are user {peer}");
                return refuse(GOODBYE_DENIED, text);
            }
            Err(error) => return refuse(GOODBYE_DENIED, format!("nothing says who you are: {error}")),
        }
        let mut state = self.state.lock();
        let most = self.options.connections;
        if state.connections.len() >= most {
            drop(state);
            return refuse(GOODBYE_BUSY, format!("{most} connections are open already; close some"));
        }
        state.last += 1;
        let number = state.last;
        let connection = Arc::new(Connection::new(socket, self));
        state.connections.insert(number, connection.clone());
        drop(state);
        let shared = self.clone();
        let begun = self.start("cloudsync-conn", move || {
            connection.run();
            shared.state.lock().connections.remove(&number);
        });
        if begun.is_err() {
            self.state.lock().connections.remove(&number);
        }
    }

    /// Starts a thread that the server's end waits for.
    fn start(self: &Arc<Self>, name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        self.state.lock().threads += 1;
        let ended = Ended(self.clone());
        let body = move || {
            SERVING.set(Arc::as_ptr(&ended.0).addr());
            body();
            drop(ended);
        };
        (self.options.spawn)(name, Box::new(body)).map(drop)
    }

    fn stop(self: &Arc<Self>) {
        let connections: Vec<_> = self.state.lock().connections.values().cloned().collect();
        for connection in connections {
            connection.say_goodbye(GOODBYE_ENDING, "the server ends; connect again once it is back");
        }
        // A call of the cloud's that ends its own server is not waited for.
        let own = usize::from(SERVING.get() == Arc::as_ptr(self).addr());
        let until = Instant::now() + STOPPING;
        let mut state = self.state.lock();
        while state.threads > own && !self.ended.wait_until(&mut state, until).timed_out() {}
    }
}

/// A thread of a server, until it has ended: also where it panics, or could not be started.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.state.lock().threads -= 1;
        self.0.ended.notify_all();
    }
}
