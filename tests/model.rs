//! The handle table and the core of the callbacks, the same source over shuttle's primitives, under
//! thousands of schedules. A schedule that fails is printed and can be replayed with `shuttle::replay`.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

#[path = "../src/dispatch.rs"]
mod dispatch;
#[path = "../src/handle.rs"]
mod handle;

mod sync {
    //! The primitives of `src/sync.rs`, as shuttle has them.
    use std::time::Instant;

    pub(crate) use shuttle::sync::{Arc, MutexGuard};

    #[derive(Default)]
    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);
    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Mutex(shuttle::sync::Mutex::new(value))
        }
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap()
        }
    }

    pub(crate) struct RwLock<T>(shuttle::sync::RwLock<T>);
    impl<T> RwLock<T> {
        pub(crate) fn new(value: T) -> Self {
            RwLock(shuttle::sync::RwLock::new(value))
        }
        pub(crate) fn read(&self) -> shuttle::sync::RwLockReadGuard<'_, T> {
            self.0.read().unwrap()
        }
        pub(crate) fn write(&self) -> shuttle::sync::RwLockWriteGuard<'_, T> {
            self.0.write().unwrap()
        }
    }

    #[derive(Default)]
    pub(crate) struct Condvar(shuttle::sync::Condvar);
    impl Condvar {
        pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            self.0.wait(guard).unwrap()
        }
        pub(crate) fn wait_until<'a, T>(&self, guard: MutexGuard<'a, T>, _: Instant) -> MutexGuard<'a, T> {
            self.wait(guard)
        }
        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}

use std::collections::VecDeque;

use dispatch::{Added, Item, Queue, Signal, Target};
use handle::Table;
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use shuttle::thread;

fn explore(model: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(model.clone(), 2000);
    shuttle::check_pct(model, 2000, 3);
}

/// What a callback has been through, seen from outside.
#[derive(Default)]
struct Life {
    running: AtomicUsize,
    calls: AtomicUsize,
    destroyed: AtomicUsize,
}

struct Probe(Arc<Life>);

impl Probe {
    fn call(&self, meanwhile: impl FnOnce()) {
        assert_eq!(self.0.destroyed.load(SeqCst), 0, "called after destroy");
        self.0.running.fetch_add(1, SeqCst);
        meanwhile();
        thread::yield_now();
        self.0.calls.fetch_add(1, SeqCst);
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        assert_eq!(self.0.running.load(SeqCst), 0, "destroyed while it runs");
        assert_eq!(self.0.destroyed.fetch_add(1, SeqCst), 0, "destroyed twice");
    }
}

fn gone(life: &Life) {
    assert_eq!((life.running.load(SeqCst), life.destroyed.load(SeqCst)), (0, 1));
}

#[test]
fn after_unregister_the_callback_is_not_running_and_destroyed_once() {
    explore(|| {
        let (target, life) = (Arc::new(Target::default()), Arc::new(Life::default()));
        assert_eq!(target.add((1, 1), Probe(Arc::clone(&life)), 0), Added::New);
        let deliverer = thread::spawn({
            let target = Arc::clone(&target);
            move || (0..2).for_each(|n| target.deliver(n, |probe| probe.call(|| ())))
        });
        let removers = [Some((1, 1)), None].map(|key| {
            let (target, life) = (Arc::clone(&target), Arc::clone(&life));
            thread::spawn(move || {
                target.remove(key, true);
                gone(&life);
            })
        });
        removers.into_iter().for_each(|remover| remover.join().unwrap());
        let calls = life.calls.load(SeqCst);
        deliverer.join().unwrap();
        assert_eq!(life.calls.load(SeqCst), calls);
    });
}

#[test]
fn unregister_from_inside_and_from_outside_meet() {
    explore(|| {
        let (target, life) = (Arc::new(Target::default()), Arc::new(Life::default()));
        target.add((1, 1), Probe(Arc::clone(&life)), 0);
        let deliverer = thread::spawn({
            let target = Arc::clone(&target);
            move || {
                let again = Arc::clone(&target);
                target.deliver(0, |probe| probe.call(|| again.remove(Some((1, 1)), false)));
            }
        });
        target.close(true);
        gone(&life);
        deliverer.join().unwrap();
    });
}

#[test]
fn two_callbacks_that_unregister_each_other_do_not_deadlock() {
    explore(|| {
        let targets = [(); 2].map(|()| Arc::new(Target::default()));
        let lives = [(); 2].map(|()| Arc::new(Life::default()));
        for (target, life) in targets.iter().zip(&lives) {
            target.add((1, 1), Probe(Arc::clone(life)), 0);
        }
        let deliverers = [0, 1].map(|n| {
            let (own, other) = (Arc::clone(&targets[n]), Arc::clone(&targets[1 - n]));
            thread::spawn(move || own.deliver(0, |probe| probe.call(|| other.remove(None, false))))
        });
        deliverers.into_iter().for_each(|deliverer| deliverer.join().unwrap());
        assert!(lives.iter().any(|life| life.destroyed.load(SeqCst) == 1));
        targets.iter().for_each(|target| target.close(true));
        lives.iter().for_each(|life| gone(life));
    });
}

#[test]
fn a_registration_that_meets_close_is_destroyed_once() {
    explore(|| {
        let (target, life) = (Arc::new(Target::default()), Arc::new(Life::default()));
        let adder = thread::spawn({
            let (target, life) = (Arc::clone(&target), Arc::clone(&life));
            move || target.add((1, 1), Probe(life), 0)
        });
        target.close(true);
        let added = adder.join().unwrap();
        assert!(matches!(added, Added::New | Added::Closed));
        gone(&life);
    });
}

/// An event of lane 0: a count, and whether it is final.
#[derive(Debug, PartialEq)]
struct Event(usize, bool);

impl Item for Event {
    fn lane(&self) -> Option<(u64, bool)> {
        Some((0, !self.1))
    }
}

/// A flag that is up exactly while events wait, or raising or clearing it fails.
#[derive(Default)]
struct Flag(AtomicBool);

impl Signal for Flag {
    fn raise(&self) {
        assert!(!self.0.swap(true, SeqCst));
    }
    fn clear(&self) {
        self.0.store(false, SeqCst);
    }
}

fn run_and_close(queue: &Queue<Event, Flag>) {
    (1..=3).for_each(|n| queue.push(Event(n, n == 3)));
    queue.push(Event(1, true));
    queue.close();
}

#[test]
fn finals_all_arrive_and_progress_never_runs_backwards() {
    explore(|| {
        let queue = Arc::new(Queue::new(Flag::default(), 1));
        let producer = thread::spawn({
            let queue = Arc::clone(&queue);
            move || run_and_close(&queue)
        });
        let (mut seen, mut batch) = (Vec::new(), VecDeque::new());
        while queue.take(&mut batch) {
            seen.extend(batch.drain(..));
        }
        producer.join().unwrap();
        assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "numbers rise");
        let finals: Vec<usize> = seen.iter().filter(|(_, e)| e.1).map(|(_, e)| e.0).collect();
        assert_eq!(finals, [3, 1]);
        let first_run = seen.iter().take_while(|(_, event)| !event.1);
        assert!(first_run.map(|(_, event)| event.0).is_sorted());
        assert!(!queue.signal().0.load(SeqCst));
    });
}

#[test]
fn dispatching_threads_and_close_share_the_events_one_at_a_time() {
    explore(|| {
        let queue = Arc::new(Queue::new(Flag::default(), 100));
        let (busy, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let deliver = |busy: &AtomicBool, count: &AtomicUsize| {
            assert!(!busy.swap(true, SeqCst), "two at a time");
            thread::yield_now();
            count.fetch_add(1, SeqCst);
            busy.store(false, SeqCst);
        };
        let dispatchers = [(); 2].map(|()| {
            let (queue, busy, count) = (Arc::clone(&queue), Arc::clone(&busy), Arc::clone(&count));
            thread::spawn(move || {
                if queue.begin_turn(None, false) {
                    queue.wait(None);
                    while queue.pop(false).is_some() {
                        deliver(&busy, &count);
                    }
                    queue.end_turn();
                }
            })
        });
        run_and_close(&queue);
        assert!(queue.begin_turn(None, true));
        while queue.pop(true).is_some() {
            deliver(&busy, &count);
        }
        queue.end_turn();
        assert_eq!(count.load(SeqCst), 4);
        assert!(!queue.signal().0.load(SeqCst));
        dispatchers.into_iter().for_each(|dispatcher| dispatcher.join().unwrap());
    });
}

#[test]
fn one_of_two_frees_gets_the_object_and_no_reader_sees_another() {
    explore(|| {
        let table = Arc::new(Table::new());
        let value = table.insert(7).unwrap();
        let removed = Arc::new(AtomicUsize::new(0));
        let removers = [(); 2].map(|()| {
            let (table, removed) = (Arc::clone(&table), Arc::clone(&removed));
            thread::spawn(move || {
                removed.fetch_add(usize::from(table.remove(value, |_| true).is_some()), SeqCst);
                // Comes round to the same shard and slot.
                let others: Vec<u64> = (0..64).map(|n| table.insert(100 + n).unwrap()).collect();
                assert!(!others.contains(&value));
            })
        });
        assert!(matches!(table.get(value, |object| Some(*object)), None | Some(7)));
        removers.into_iter().for_each(|remover| remover.join().unwrap());
        assert_eq!((removed.load(SeqCst), table.get(value, |object| Some(*object))), (1, None));
    });
}
