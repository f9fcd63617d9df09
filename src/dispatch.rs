//! The concurrent core of callbacks: a queue of events, and targets whose callbacks can be taken away
//! while events arrive. Knows nothing of C, so that it can be run under every schedule by a model test.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use crate::sync::{Arc, Condvar, Mutex, MutexGuard};

/// What waits in a [`Queue`].
pub(crate) trait Item {
    /// The lane that the item's order matters in, and whether a later item of that lane may take its
    /// place. `None` for what stands alone and is never replaced.
    fn lane(&self) -> Option<(u64, bool)>;
}

/// Told when a queue becomes non-empty and when it becomes empty, under the queue's lock.
pub(crate) trait Signal {
    /// Something waits now.
    fn raise(&self);
    /// Nothing waits any more.
    fn clear(&self);
}

/// Events in order of arrival, each with its number.
pub(crate) struct Queue<T, S> {
    state: Mutex<QueueState<T>>,
    wake: Condvar,
    signal: S,
    /// From this many waiting items on, progress replaces progress instead of being added.
    long: usize,
}

struct QueueState<T> {
    items: VecDeque<(u64, T)>,
    next_number: u64,
    last_of_lane: HashMap<u64, u64>,
    taken: u64,
    waiters: usize,
    closed: bool,
    dispatching: bool,
}

impl<T: Item, S: Signal> Queue<T, S> {
    /// An empty queue, in which progress replaces progress once `long` items wait.
    pub(crate) fn new(signal: S, long: usize) -> Self {
        let state = QueueState {
            items: VecDeque::new(),
            next_number: 0,
            last_of_lane: HashMap::new(),
            taken: 0,
            waiters: 0,
            closed: false,
            dispatching: false,
        };
        Queue { state: Mutex::new(state), wake: Condvar::default(), signal, long }
    }

    /// The descriptor or flag that the queue raises.
    pub(crate) fn signal(&self) -> &S {
        &self.signal
    }

    /// The number that the next item gets: what is registered now sees items from it on.
    pub(crate) fn next_number(&self) -> u64 {
        self.state.lock().next_number
    }

    /// Adds an item. Where the queue is long and the last item of its lane is replaceable, takes its place.
    pub(crate) fn push(&self, item: T) {
        let mut state = self.state.lock();
        let number = state.next_number;
        state.next_number += 1;
        if let Some((lane, _)) = item.lane() {
            let position = state.taken + state.items.len() as u64;
            if let Some(last) = state.replaceable(lane, self.long) {
                state.items[last] = (number, item);
                return;
            }
            state.last_of_lane.insert(lane, position);
        }
        state.items.push_back((number, item));
        if state.items.len() == 1 {
            self.signal.raise();
            if state.waiters > 0 {
                self.wake.notify_all();
            }
        }
    }

    /// Waits for items and swaps all of them into `batch`, which is empty. False: closed, and nothing is left.
    pub(crate) fn take(&self, batch: &mut VecDeque<(u64, T)>) -> bool {
        let mut state = self.state.lock();
        while state.items.is_empty() && !state.closed {
            state = self.sleep(state, None);
        }
        state.taken += state.items.len() as u64;
        std::mem::swap(&mut state.items, batch);
        state.last_of_lane.clear();
        self.signal.clear();
        !batch.is_empty()
    }

    /// Takes the first item, for the thread whose turn it is. Once closed, only a `closing` caller gets items.
    pub(crate) fn pop(&self, closing: bool) -> Option<(u64, T)> {
        let mut state = self.state.lock();
        if state.closed && !closing {
            return None;
        }
        let first = state.items.pop_front()?;
        state.taken += 1;
        if state.items.is_empty() {
            state.last_of_lane.clear();
            self.signal.clear();
        }
        Some(first)
    }

    /// How many items wait.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().items.len()
    }

    /// Waits until something waits or the queue is closed, at most until `deadline`.
    pub(crate) fn wait(&self, deadline: Option<Instant>) {
        let mut state = self.state.lock();
        while state.items.is_empty() && !state.closed && !passed(deadline) {
            state = self.sleep(state, deadline);
        }
    }

    /// Waits until no other thread dispatches and makes it this thread's turn; false where `deadline` came
    /// first, or where the queue was closed and the caller is not the `closing` one.
    pub(crate) fn begin_turn(&self, deadline: Option<Instant>, closing: bool) -> bool {
        let mut state = self.state.lock();
        while state.dispatching {
            if passed(deadline) || (state.closed && !closing) {
                return false;
            }
            state = self.sleep(state, deadline);
        }
        if state.closed && !closing {
            return false;
        }
        state.dispatching = true;
        true
    }

    /// Ends this thread's turn.
    pub(crate) fn end_turn(&self) {
        let mut state = self.state.lock();
        state.dispatching = false;
        if state.waiters > 0 {
            self.wake.notify_all();
        }
    }

    /// No waits any more: the items left are taken, then [`Queue::take`] ends.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_all();
    }

    fn sleep<'a>(
        &self,
        mut state: MutexGuard<'a, QueueState<T>>,
        deadline: Option<Instant>,
    ) -> MutexGuard<'a, QueueState<T>> {
        state.waiters += 1;
        let mut state = match deadline {
            Some(deadline) => self.wake.wait_until(state, deadline),
            None => self.wake.wait(state),
        };
        state.waiters -= 1;
        state
    }
}

impl<T: Item> QueueState<T> {
    fn replaceable(&self, lane: u64, long: usize) -> Option<usize> {
        if self.items.len() < long {
            return None;
        }
        let last = usize::try_from(self.last_of_lane.get(&lane)?.checked_sub(self.taken)?).ok()?;
        let (_, item) = self.items.get(last)?;
        matches!(item.lane(), Some((_, true))).then_some(last)
    }
}

fn passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// What tells two registrations apart: the addresses of the function and of its user data.
pub(crate) type Key = (usize, usize);

/// One handle's callbacks. Dropping a callback runs its `destroy`, so each is dropped exactly once,
/// outside every lock, and never while it runs.
pub(crate) struct Target<C> {
    state: Mutex<TargetState<C>>,
    quiet: Condvar,
}

struct TargetState<C> {
    slots: Vec<Slot<C>>,
    next_id: u64,
    closed: bool,
}

/// A callback, how many threads run it, and whether it has been taken away.
struct Slot<C> {
    id: u64,
    key: Key,
    since: u64,
    callback: Option<Arc<C>>,
    running: usize,
    dead: bool,
}

/// What became of a registration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is called from now on.
    New,
    /// The same function with the same user data is there already; this one was dropped.
    Already,
    /// The target is closed; it was dropped.
    Closed,
}

impl<C> Default for Target<C> {
    fn default() -> Self {
        let state = TargetState { slots: Vec::new(), next_id: 1, closed: false };
        Target { state: Mutex::new(state), quiet: Condvar::default() }
    }
}

impl<C> Target<C> {
    /// Adds a callback that sees events from number `since` on.
    pub(crate) fn add(&self, key: Key, callback: C, since: u64) -> Added {
        let mut state = self.state.lock();
        let added = if state.closed {
            Added::Closed
        } else if state.slots.iter().any(|slot| slot.key == key && !slot.dead) {
            Added::Already
        } else {
            Added::New
        };
        if added == Added::New {
            let id = state.next_id;
            state.next_id += 1;
            let callback = Some(Arc::new(callback));
            state.slots.push(Slot { id, key, since, callback, running: 0, dead: false });
            return added;
        }
        drop(state);
        drop(callback);
        added
    }

    /// Calls every callback that is registered for event `number`, in order of registration. One that
    /// was taken away meanwhile is dropped when its call returns.
    pub(crate) fn deliver(&self, number: u64, mut call: impl FnMut(&C)) {
        let mut after = 0;
        while let Some((id, callback)) = self.begin(after, number) {
            call(&callback);
            drop(callback);
            self.end(id);
            after = id;
        }
    }

    /// Takes away the callbacks of `key`, or all. With `wait`, returns when none of them runs and each has
    /// been dropped; without, one that runs is dropped by the thread that runs it.
    pub(crate) fn remove(&self, key: Option<Key>, wait: bool) {
        let mut state = self.state.lock();
        let mut ids = Vec::new();
        for slot in state.slots.iter_mut().filter(|slot| key.is_none_or(|key| slot.key == key)) {
            slot.dead = true;
            ids.push(slot.id);
        }
        drop(state);
        for id in &ids {
            self.finish(*id);
        }
        if wait {
            let mut state = self.state.lock();
            while state.slots.iter().any(|slot| ids.contains(&slot.id)) {
                state = self.quiet.wait(state);
            }
        }
    }

    /// Takes away all callbacks, and takes no new one from now on.
    pub(crate) fn close(&self, wait: bool) {
        self.state.lock().closed = true;
        self.remove(None, wait);
    }

    fn begin(&self, after: u64, number: u64) -> Option<(u64, Arc<C>)> {
        let mut state = self.state.lock();
        let slot =
            state.slots.iter_mut().find(|slot| slot.id > after && slot.since <= number && !slot.dead)?;
        let callback = Arc::clone(slot.callback.as_ref()?);
        slot.running += 1;
        Some((slot.id, callback))
    }

    fn end(&self, id: u64) {
        let mut state = self.state.lock();
        let Some(slot) = state.slots.iter_mut().find(|slot| slot.id == id) else {
            return;
        };
        slot.running -= 1;
        if slot.dead {
            drop(state);
            self.finish(id);
        }
    }

    /// Drops a dead callback that nobody runs. Of several threads that come here, one does.
    fn finish(&self, id: u64) {
        let mut state = self.state.lock();
        let found = state.slots.iter_mut().find(|slot| slot.id == id && slot.dead && slot.running == 0);
        let Some(callback) = found.and_then(|slot| slot.callback.take()) else {
            return;
        };
        drop(state);
        drop(callback);
        self.state.lock().slots.retain(|slot| slot.id != id);
        self.quiet.notify_all();
    }
}
