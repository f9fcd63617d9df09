//! What all parts of a remote cloud share: the connection, made anew where the last one has ended.

use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use cloudsync_cloud::{CloudError, Result as CloudResult};
use parking_lot::{Condvar, Mutex};
use prost::Message;

use super::connection::Connection;
use super::subscriptions::Subscriptions;
use crate::address::Address;
use crate::error::ConnectError;
use crate::frame::Kind;
use crate::message::Body;
use crate::options::Options;

/// How soon a lost connection is tried anew for those who are subscribed, and how seldom at last.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// A remote cloud.
pub(super) struct Core {
    address: Address,
    options: Options,
    link: Mutex<Link>,
    pub(super) subscriptions: Subscriptions,
    revival: Arc<Revival>,
    this: Weak<Core>,
}

#[derive(Default)]
struct Link {
    connection: Option<Arc<Connection>>,
    generation: u64,
    threads: Vec<JoinHandle<()>>,
}

/// Whether somebody tries to connect anew, for those who are subscribed.
#[derive(Default)]
struct Revival {
    state: Mutex<RevivalState>,
    changed: Condvar,
}

#[derive(Default)]
struct RevivalState {
    running: bool,
    /// A connection was made or lost since it was looked last.
    news: bool,
    closing: bool,
}

impl Core {
    pub(super) fn new(address: Address, options: Options) -> Arc<Self> {
        Arc::new_cyclic(|this| Core {
            address,
            options,
            link: Mutex::default(),
            subscriptions: Subscriptions::default(),
            revival: Arc::default(),
            this: this.clone(),
        })
    }

    /// The connection, made where there is none.
    pub(super) fn connection(&self) -> CloudResult<Arc<Connection>> {
        self.connect().map_err(|error| CloudError::Gone(error.to_string()))
    }

    /// The same, with why there is none.
    pub(super) fn connect(&self) -> Result<Arc<Connection>, ConnectError> {
        let mut link = self.link.lock();
        if let Some(connection) = link.connection.as_ref().filter(|connection| !connection.has_ended()) {
            return Ok(connection.clone());
        }
        link.connection = None;
        link.threads.retain(|thread| !thread.is_finished());
        let (connection, inbox) = Connection::open(&self.address, link.generation + 1, &self.options)?;
        link.generation += 1;
        let (received, core, revival) = (connection.clone(), self.this.clone(), self.revival.clone());
        let body = move || {
            let generation = received.generation;
            let told = |call, bundle: &str| {
                if let Some(core) = core.upgrade() {
                    core.subscriptions.tell(generation, call, bundle);
                }
            };
            received.receive(inbox, &told);
            drop(received);
            revive(&core, &revival);
        };
        let thread = (self.options.spawn)("cloudsync-link", Box::new(body)).map_err(|error| {
            connection.end("there is no thread for it");
            ConnectError::Gone(format!("{}: no thread can be started: {error}", self.address))
        })?;
        link.threads.push(thread);
        link.connection = Some(connection.clone());
        drop(link);
        self.revival.news();
        Ok(connection)
    }

    /// Makes a call whose only event is its answer.
    pub(super) fn ask<A: Body>(&self, kind: Kind, request: &impl Message) -> CloudResult<A> {
        self.connection()?.ask(kind, request)
    }

    /// The connection of a generation, where it is still the one.
    pub(super) fn still(&self, generation: u64) -> Option<Arc<Connection>> {
        let link = self.link.lock();
        let of_it =
            |connection: &&Arc<Connection>| connection.generation == generation && !connection.has_ended();
        link.connection.as_ref().filter(of_it).cloned()
    }
}

impl Drop for Core {
    /// Whoever is told of a change last may be what keeps the cloud: then its thread is not waited for by itself.
    fn drop(&mut self) {
        self.revival.state.lock().closing = true;
        self.revival.changed.notify_all();
        let link = self.link.get_mut();
        if let Some(connection) = &link.connection {
            connection.end("the cloud has been closed");
        }
        let here = std::thread::current().id();
        for thread in link.threads.drain(..).filter(|thread| thread.thread().id() != here) {
            // One that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

impl Revival {
    fn news(&self) {
        self.state.lock().news = true;
        self.changed.notify_all();
    }

    /// Begins, unless somebody is at it already, who hears of it then.
    fn begin(&self) -> bool {
        let mut state = self.state.lock();
        state.news = true;
        self.changed.notify_all();
        !std::mem::replace(&mut state.running, true)
    }

    /// Waits for news; whether it is to go on.
    fn wait(&self, limit: Duration) -> bool {
        let mut state = self.state.lock();
        if !state.news && !state.closing {
            let _ = self.changed.wait_for(&mut state, limit);
        }
        state.news = false;
        !state.closing
    }

    /// Ends, unless there is news; whether it did.
    fn end(&self) -> bool {
        let mut state = self.state.lock();
        state.running = std::mem::take(&mut state.news);
        !state.running
    }
}

/// Connects anew as long as somebody is subscribed, and subscribes again: who waits for changes makes no call that would.
fn revive(core: &Weak<Core>, revival: &Revival) {
    if !revival.begin() {
        return;
    }
    let (mut wait, longest) = TRY_AGAIN;
    while revival.wait(wait) {
        let Some(core) = core.upgrade() else { return };
        if core.subscriptions.are_settled(&core) {
            if revival.end() {
                return;
            }
            continue;
        }
        if core.connection().is_ok_and(|connection| core.resubscribe(&connection)) {
            wait = TRY_AGAIN.0;
        } else {
            wait = (wait * 2).min(longest);
        }
    }
}
