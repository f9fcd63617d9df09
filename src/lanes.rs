//! Where asynchronous calls are carried out, so that what waits for the cloud holds back nothing but its like.
//!
//! What belongs together shares a lane, in which calls are carried out one after another, in the order in which they were
//! made. What only looks at what is known has a thread of its own, and so has what hands an engine an order; a few threads,
//! started when they are needed, serve the lanes in which the cloud is asked.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::Sender;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::context::Root;
use crate::events::Owed;
use crate::failure::gone;
use crate::threads;

/// What an asynchronous call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Looks at what is known, and waits for nobody.
    Look,
    /// Gives an engine an order, which it takes at once.
    Order,
    /// Starts and stops runs of a directory, or finds out what one would do; the cloud is asked.
    Runs(Root),
    /// Accounts and switches; the cloud is asked.
    Account,
    /// Sharing; the cloud is asked.
    Sharing,
}

/// A call's work.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// How many lanes in which the cloud is asked go on at once.
const ASK_AT_ONCE: usize = 4;

/// All lanes of a context.
pub(crate) struct Lanes {
    looks: Mutex<Option<Sender<Work>>>,
    looks_thread: Mutex<Option<JoinHandle<()>>>,
    orders: Crew,
    asks: Crew,
}

impl Lanes {
    /// Lanes with nothing in them.
    pub(crate) fn start() -> io::Result<Self> {
        let (looks, incoming) = crossbeam_channel::unbounded::<Work>();
        let thread = threads::start("cloudsync-async", move || incoming.iter().for_each(|work| work()))?;
        Ok(Lanes {
            looks: Mutex::new(Some(looks)),
            looks_thread: Mutex::new(Some(thread)),
            orders: Crew::new(1),
            asks: Crew::new(ASK_AT_ONCE),
        })
    }

    /// Adds a call to a lane. Where that is not possible the work is dropped, and with it its completer, which tells.
    pub(crate) fn add(&self, lane: Lane, owed: &Arc<Owed>, work: Work) {
        match lane {
            Lane::Look => {
                if let Some(looks) = &*self.looks.lock() {
                    // Where the thread has died, the work comes back.
                    let _ = looks.send(work);
                }
            }
            Lane::Order => self.orders.add(lane, owed, work),
            Lane::Runs(_) | Lane::Account | Lane::Sharing => self.asks.add(lane, owed, work),
        }
    }

    /// Finishes the calls and joins the threads. What a cloud does not let go of until `deadline` completes nevertheless;
    /// its thread is left behind, and ends when the cloud's call does.
    pub(crate) fn close(&self, deadline: Instant) {
        drop(self.looks.lock().take());
        // A thread that panicked has ended as well, and its top frame has said so.
        let _ = self.looks_thread.lock().take().map(JoinHandle::join);
        self.orders.close(deadline);
        self.asks.close(deadline);
    }
}

/// A few threads that serve any number of lanes.
struct Crew(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    /// The lanes in which something waits or is under way.
    lanes: BTreeMap<Lane, Calls>,
    /// Those of them in which nothing is under way.
    ready: VecDeque<Lane>,
    idle: usize,
    alive: usize,
    threads: Vec<JoinHandle<()>>,
    closed: bool,
}

#[derive(Default)]
struct Calls {
    under_way: Option<Arc<Owed>>,
    waiting: VecDeque<(Arc<Owed>, Work)>,
}

impl Crew {
    fn new(most: usize) -> Self {
        Crew(Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), most }))
    }

    fn add(&self, lane: Lane, owed: &Arc<Owed>, work: Work) {
        let mut state = self.0.state.lock();
        if state.closed {
            return;
        }
        if !state.lanes.contains_key(&lane) {
            state.ready.push_back(lane);
        }
        state.lanes.entry(lane).or_default().waiting.push_back((Arc::clone(owed), work));
        if state.ready.len() > state.idle && state.alive < self.0.most {
            self.hire(&mut state);
        }
        self.0.changed.notify_all();
    }

    fn hire(&self, state: &mut State) {
        let shared = Arc::clone(&self.0);
        match threads::start("cloudsync-async", move || shared.serve()) {
            Ok(thread) => {
                state.alive += 1;
                state.threads.push(thread);
            }
            // Those that there are do it later.
            Err(_) if state.alive > 0 => {}
            Err(_) => {
                state.ready.clear();
                state.lanes.clear();
            }
        }
    }

    fn close(&self, deadline: Instant) {
        let mut state = self.0.state.lock();
        state.closed = true;
        self.0.changed.notify_all();
        while state.alive > 0 && !self.0.changed.wait_until(&mut state, deadline).timed_out() {}
        let (stuck, threads) = (std::mem::take(&mut state.lanes), std::mem::take(&mut state.threads));
        state.ready.clear();
        let all_ended = state.alive == 0;
        drop(state);
        for calls in stuck.into_values() {
            for owed in calls.under_way.into_iter().chain(calls.waiting.into_iter().map(|(owed, _)| owed)) {
                owed.tell(Err(gone()));
            }
        }
        for thread in threads.into_iter().filter(|thread| all_ended || thread.is_finished()) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// A thread's body.
    fn serve(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some((lane, work)) = state.next() {
                MutexGuard::unlocked(&mut state, work);
                state.is_done(lane);
                self.changed.notify_all();
            } else if state.closed {
                break;
            } else {
                state.idle += 1;
                self.changed.wait(&mut state);
                state.idle -= 1;
            }
        }
        state.alive -= 1;
        self.changed.notify_all();
    }
}

impl State {
    fn next(&mut self) -> Option<(Lane, Work)> {
        let lane = self.ready.pop_front()?;
        let calls = self.lanes.get_mut(&lane)?;
        let (owed, work) = calls.waiting.pop_front()?;
        calls.under_way = Some(owed);
        Some((lane, work))
    }

    fn is_done(&mut self, lane: Lane) {
        let Some(calls) = self.lanes.get_mut(&lane) else { return };
        calls.under_way = None;
        if calls.waiting.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.ready.push_back(lane);
        }
    }
}
