//! Tells who subscribed that records were written, by this process or another one: each database has a small
//! file that every write of records touches, and that is watched (inotify) as long as somebody wants to know.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, pwrite, read, write};

use crate::ChangeListener;

/// How long a subscription lasts at most: a week, in milliseconds.
pub(super) const LONGEST_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The subscriptions at one opened cloud. One thread waits for the kernel to tell, while there are any.
pub(super) struct Subscriptions {
    account: OwnedFd,
    shared: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    /// There while somebody is subscribed.
    listening: Option<Listening>,
}

struct Listening {
    subscriptions: Vec<Subscription>,
    ears: Arc<Ears>,
    thread: Option<JoinHandle<()>>,
}

struct Subscription {
    id: u64,
    /// The kernel's number for the database's file.
    watch: i32,
    bundle: Arc<str>,
    ends: Instant,
    changed: ChangeListener,
}

/// What the thread waits for.
struct Ears {
    inotify: OwnedFd,
    /// Raised when the subscriptions are others than before.
    raised: OwnedFd,
}

impl Subscriptions {
    /// At an account's directory.
    pub(super) fn new(account: OwnedFd) -> Self {
        Subscriptions { account, shared: Arc::default() }
    }

    /// Records of a database were written. The write is durable, whether anybody hears of it or not: those who
    /// do not hear find it when they look next.
    pub(super) fn tell(&self, db: i64) {
        let _ = self.file(db).and_then(|file| Ok(pwrite(&file, b".", 0)?));
    }

    /// A database's file, made where it is missing.
    fn file(&self, db: i64) -> io::Result<OwnedFd> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.account, format!("changed.{db}"), flags, Mode::RUSR | Mode::WUSR)?)
    }

    /// A new subscription; returns its id.
    pub(super) fn add(
        &self,
        db: i64,
        bundle: &str,
        lasts: Duration,
        changed: ChangeListener,
    ) -> io::Result<u64> {
        let file = self.file(db)?;
        let mut state = self.shared.lock();
        state.last_id += 1;
        let id = state.last_id;
        let ears = match &state.listening {
            Some(listening) => Arc::clone(&listening.ears),
            None => Arc::new(Ears::new()?),
        };
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let watch = add_watch(&ears.inotify, path, WatchFlags::MODIFY)?;
        let ends = Instant::now() + lasts;
        let subscription = Subscription { id, watch, bundle: bundle.into(), ends, changed };
        match &mut state.listening {
            Some(listening) => {
                listening.subscriptions.push(subscription);
                ears.raise();
            }
            None => {
                let (shared, heard) = (Arc::clone(&self.shared), Arc::clone(&ears));
                let thread = Builder::new().name("cloudsync-told".into());
                let thread = Some(thread.spawn(move || listen(&shared, &heard))?);
                state.listening = Some(Listening { subscriptions: vec![subscription], ears, thread });
            }
        }
        Ok(id)
    }

    /// Ends subscriptions.
    pub(super) fn end(&self, ids: &BTreeSet<u64>) {
        if let Some(listening) = &mut self.shared.lock().listening {
            listening.subscriptions.retain(|subscription| !ids.contains(&subscription.id));
            listening.ears.raise();
        }
    }
}

impl Drop for Subscriptions {
    /// Whoever is told last may be what keeps the cloud open: then the thread is not waited for by itself.
    fn drop(&mut self) {
        let thread = self.shared.lock().listening.as_mut().and_then(|listening| {
            listening.subscriptions.clear();
            listening.ears.raise();
            listening.thread.take()
        });
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            // One that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

impl Ears {
    fn new() -> io::Result<Self> {
        let inotify = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        Ok(Ears { inotify, raised: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
    }

    fn raise(&self) {
        // Fails where it is raised already.
        let _ = write(&self.raised, &1u64.to_ne_bytes());
    }

    /// Waits for the kernel, and returns the files that were touched; `None` where there may be more.
    fn wait(&self, until: Instant) -> Option<BTreeSet<i32>> {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut ready = [PollFd::new(&self.inotify, PollFlags::IN), PollFd::new(&self.raised, PollFlags::IN)];
        // Whatever it answers, what there is is looked at.
        let _ = poll(&mut ready, Some(&timeout));
        let _ = read(&self.raised, &mut [0; 8]);
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.inotify, &mut buffer);
        let mut touched = BTreeSet::new();
        loop {
            match events.next() {
                Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => return None,
                Ok(event) => drop(touched.insert(event.wd())),
                Err(Errno::INTR) => {}
                Err(_) => return Some(touched),
            }
        }
    }
}

/// The thread's work, until nobody is subscribed any more.
fn listen(shared: &Mutex<State>, ears: &Ears) {
    loop {
        let until = {
            let mut state = shared.lock();
            let Some(listening) = &mut state.listening else { return };
            let now = Instant::now();
            listening.subscriptions.retain(|subscription| now < subscription.ends);
            match listening.subscriptions.iter().map(|subscription| subscription.ends).min() {
                Some(until) => until,
                None => {
                    state.listening = None;
                    return;
                }
            }
        };
        let touched = ears.wait(until);
        let told: Vec<(Arc<str>, ChangeListener)> = {
            let state = shared.lock();
            let all = state.listening.iter().flat_map(|listening| &listening.subscriptions);
            let touched = |watch| touched.as_ref().is_none_or(|touched| touched.contains(&watch));
            let now = Instant::now();
            all.filter(|subscription| touched(subscription.watch) && now < subscription.ends)
                .map(|subscription| (Arc::clone(&subscription.bundle), Arc::clone(&subscription.changed)))
                .collect()
        };
        for (bundle, changed) in told {
            changed(&bundle);
        }
    }
}
