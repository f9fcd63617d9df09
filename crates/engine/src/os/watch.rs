//! Changes of the gallery as the kernel tells of them (inotify).
//!
//! The kernel names a watched folder by a number that stays with the folder wherever it goes, so that
//! a number's path must never be believed once a folder above it has moved. When a folder moves or goes
//! away, everything known beneath it is forgotten, and for a move a full scan is asked for, which
//! watches it again where it is now.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::mem::MaybeUninit;
use std::ops::Bound::{Included, Unbounded};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use parking_lot::Mutex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::inotify::{CreateFlags, Event, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
use rustix::io::{Errno, read, write};

use super::disk::Disk;
use crate::names::left_alone;
use crate::ports::{Changes, FileSystem, Stamp, Stirred, Wake, Watcher};

/// Room for some hundred events per call of the kernel.
const BUFFER: usize = 32 * 1024;

/// Watches the gallery's folders. The kernel keeps the events until [`Watcher::take`] fetches them: there is no
/// thread but while somebody wants to be woken.
#[derive(Debug)]
pub struct InotifyWatcher {
    inner: Arc<Inner>,
    waking: Mutex<Option<Waking>>,
}

#[derive(Debug)]
struct Inner {
    disk: Arc<Disk>,
    inotify: OwnedFd,
    state: Mutex<State>,
}

/// What is watched, and what is still to be told.
#[derive(Debug, Default)]
struct State {
    paths: HashMap<i32, Arc<str>>,
    numbers: BTreeMap<Arc<str>, i32>,
    /// Folders that could not be watched. While there is one, only a full scan is sure.
    uncovered: BTreeSet<Box<str>>,
    /// The gallery itself is not watched any more.
    root_lost: bool,
    overflow: bool,
    changed: BTreeSet<Arc<str>>,
    /// Files whose attributes are being set by the engine itself, and whether word of that has come, which is not told.
    hushed: BTreeMap<String, bool>,
    /// Something changed since that was last asked.
    lately: bool,
}

impl InotifyWatcher {
    /// A watcher of folders of `disk`. Fails where the user has too many watchers already.
    pub fn new(disk: Arc<Disk>) -> io::Result<InotifyWatcher> {
        let inotify = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let inner = Arc::new(Inner { disk, inotify, state: Mutex::default() });
        Ok(InotifyWatcher { inner, waking: Mutex::default() })
    }

    /// What changed is known now: the thread waits for what changes from here on.
    fn rearm(&self) {
        if let Some(waking) = &*self.waking.lock() {
            waking.rearm();
        }
    }
}

impl Inner {
    /// Adds the kernel's watch. The folder is opened beneath the gallery first, since inotify itself
    /// would follow a symlink on the way; the path in `/proc` then means that very folder.
    fn add(&self, folder: &str) -> io::Result<i32> {
        let fd = self.disk.open_folder(folder)?;
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR
            | WatchFlags::EXCL_UNLINK;
        Ok(add_watch(&self.inotify, format!("/proc/self/fd/{}", fd.as_raw_fd()), flags)?)
    }

    /// Forgets `folder` and all beneath it, and lets the kernel forget them too.
    fn forget(&self, state: &mut State, folder: &str) {
        for number in state.forget(folder) {
            // Fails where the folder is gone and its watch with it.
            let _ = remove_watch(&self.inotify, number);
        }
    }

    fn handle(&self, state: &mut State, event: &Event<'_>) {
        let events = event.events();
        if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            (state.overflow, state.lately) = (true, true);
            return;
        }
        // A folder that was forgotten: what asked for a full scan then stands for this event too.
        let Some(path) = state.paths.get(&event.wd()).map(Arc::clone) else { return };
        if events.intersects(
            ReadFlags::IGNORED | ReadFlags::UNMOUNT | ReadFlags::MOVE_SELF | ReadFlags::DELETE_SELF,
        ) {
            // The root has no parent to tell of it, and a move no parent that is sure to be watched.
            state.overflow |=
                path.is_empty() || !events.intersects(ReadFlags::IGNORED | ReadFlags::DELETE_SELF);
            state.root_lost |= path.is_empty();
            self.forget(state, &path);
            // Another folder may be in its place already, even with the same inode number.
            state.changed.insert(path);
            state.lately = true;
            return;
        }
        let name = event.file_name().map(|name| name.to_bytes());
        if name.is_some_and(left_alone) {
            return;
        }
        if let (ReadFlags::ATTRIB, Some(name), false) = (events, name, state.hushed.is_empty())
            && let Some(heard) = state.hushed.get_mut(&join(&path, &String::from_utf8_lossy(name)))
        {
            *heard = true;
            return;
        }
        if let (true, Some(name)) = (events.contains(ReadFlags::ISDIR), name) {
            self.folder_left(state, events, &join(&path, &String::from_utf8_lossy(name)));
        }
        state.changed.insert(path);
        state.lately = true;
    }

    /// What follows when `folder` was moved away or removed.
    fn folder_left(&self, state: &mut State, events: ReadFlags, folder: &str) {
        if events.contains(ReadFlags::MOVED_FROM) {
            state.overflow = true;
            self.forget(state, folder);
        }
        // A removed folder's watch ends by itself, and may have a successor in its place already that
        // must stay. One that had no watch is no reason for full scans any more.
        if events.contains(ReadFlags::DELETE) && state.uncovered.remove(folder) {
            state.overflow = true;
        }
    }
}

impl Inner {
    /// Reads what the kernel has kept.
    fn fetch(&self, state: &mut State) {
        let mut buffer = Vec::with_capacity(BUFFER);
        let buffer: &mut [MaybeUninit<u8>] = buffer.spare_capacity_mut();
        let mut events = Reader::new(&self.inotify, buffer);
        loop {
            match events.next() {
                Ok(event) => self.handle(state, &event),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => {
                    state.overflow = true;
                    break;
                }
            }
        }
    }

    /// Whether something changed since that was last asked.
    fn is_stirred(&self) -> bool {
        let mut state = self.state.lock();
        self.fetch(&mut state);
        state.lately
    }
}

/// A thread that sleeps in the kernel until something changes. It ends when this is dropped.
#[derive(Debug)]
struct Waking {
    signals: Arc<Signals>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
#[derive(Debug)]
struct Signals {
    raised: OwnedFd,
    /// The next change is to be told.
    armed: AtomicBool,
    ends: AtomicBool,
}

impl Waking {
    fn start(inner: Arc<Inner>, wake: Wake) -> io::Result<Self> {
        let raised = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let signals = Arc::new(Signals { raised, armed: true.into(), ends: false.into() });
        let told = Arc::clone(&signals);
        let thread = Builder::new().name("cloudsync-watch".into());
        let thread = thread.spawn(move || told.wait_for_changes(&inner, &wake))?;
        Ok(Waking { signals, thread: Some(thread) })
    }

    fn rearm(&self) {
        if !self.signals.armed.swap(true, Ordering::AcqRel) {
            self.signals.raise();
        }
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        self.signals.ends.store(true, Ordering::Release);
        self.signals.raise();
        // One that panicked has ended as well.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Signals {
    fn raise(&self) {
        // Fails where it is raised already.
        let _ = write(&self.raised, &1u64.to_ne_bytes());
    }

    fn wait_for_changes(&self, inner: &Inner, wake: &Wake) {
        while !self.ends.load(Ordering::Acquire) {
            let raised = PollFd::new(&self.raised, PollFlags::IN);
            let armed = self.armed.load(Ordering::Acquire);
            // Whatever it answers, what there is is looked at.
            let _ = match armed {
                true => poll(&mut [raised, PollFd::new(&inner.inotify, PollFlags::IN)], None),
                false => poll(&mut [raised], None),
            };
            let _ = read(&self.raised, &mut [0; 8]);
            // Before it is told: whoever hears of it may ask at once, which arms it again.
            if armed && inner.is_stirred() && self.armed.swap(false, Ordering::AcqRel) {
                wake();
            }
        }
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

impl State {
    /// Notes that `number` is the watch of `folder`; returns the numbers that are of no use any more.
    fn note(&mut self, folder: &str, number: i32) -> Vec<i32> {
        self.uncovered.remove(folder);
        if self.numbers.get(folder) == Some(&number) {
            return Vec::new();
        }
        // Another folder is in this place now: all that was known beneath the old one is wrong.
        let mut stale = self.forget(folder);
        if let Some(old) = self.paths.get(&number).map(Arc::clone) {
            // The same folder was known elsewhere: it has moved, and its event is still to come.
            stale.extend(self.forget(&old).into_iter().filter(|other| *other != number));
            self.overflow = true;
        }
        self.overflow |= !stale.is_empty();
        self.root_lost &= !folder.is_empty();
        let folder: Arc<str> = folder.into();
        self.paths.insert(number, Arc::clone(&folder));
        self.numbers.insert(folder, number);
        stale
    }

    /// Forgets `folder` and all beneath it; returns their numbers.
    fn forget(&mut self, folder: &str) -> Vec<i32> {
        let below = |path: &str| {
            folder.is_empty()
                || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.uncovered.retain(|path| !below(path));
        // All paths that begin as `folder` does stand together, those beneath it among them.
        let known = self
            .numbers
            .range::<str, _>((Included(folder), Unbounded))
            .take_while(|(path, _)| path.starts_with(folder));
        let gone: Vec<(Arc<str>, i32)> =
            known.filter(|(path, _)| below(path)).map(|(path, number)| (Arc::clone(path), *number)).collect();
        for (path, number) in &gone {
            self.numbers.remove(path);
            self.paths.remove(number);
        }
        gone.into_iter().map(|(_, number)| number).collect()
    }
}

impl Watcher for InotifyWatcher {
    fn watch(&self, folder: &str) {
        let inner = &*self.inner;
        let mut state = inner.state.lock();
        match inner.add(folder) {
            Ok(number) => {
                for stale in state.note(folder, number) {
                    let _ = remove_watch(&inner.inotify, stale);
                }
            }
            // It went away meanwhile, which the folder above tells.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                state.overflow |= folder.is_empty();
                inner.forget(&mut state, folder);
            }
            Err(_) => {
                state.uncovered.insert(folder.into());
            }
        }
    }

    fn take(&self) -> Changes {
        let changes = {
            let mut state = self.inner.state.lock();
            self.inner.fetch(&mut state);
            state.lately = false;
            let folders =
                std::mem::take(&mut state.changed).iter().map(|path| path.as_ref().into()).collect();
            let once = std::mem::take(&mut state.overflow);
            let lost = state.root_lost || !self.inner.disk.is_in_place();
            Changes { folders, overflow: once || lost || !state.uncovered.is_empty() }
        };
        self.rearm();
        changes
    }

    fn stirred(&self) -> Stirred {
        let stirred = {
            let mut state = self.inner.state.lock();
            self.inner.fetch(&mut state);
            match std::mem::take(&mut state.lately) {
                true => Stirred::Lately,
                false if state.changed.is_empty() && !state.overflow => Stirred::Nothing,
                false => Stirred::Settled,
            }
        };
        self.rearm();
        stirred
    }

    fn quietly(&self, paths: &[&str], work: &mut dyn FnMut() -> Vec<Option<Stamp>>) {
        let inner = &*self.inner;
        // What changed before is told.
        {
            let mut state = inner.state.lock();
            inner.fetch(&mut state);
            state.hushed.extend(paths.iter().map(|path| ((*path).to_owned(), false)));
        }
        let stamps = work();
        let mut state = inner.state.lock();
        inner.fetch(&mut state);
        for (path, stamp) in paths.iter().zip(stamps) {
            if state.hushed.remove(*path) != Some(true) {
                continue;
            }
            // The kernel tells of equal events once: another's may have been taken for the engine's own.
            let now = inner.disk.stat(path).map(|stat| stat.stamp);
            if stamp.is_none() || now.ok() != stamp {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                state.changed.insert(folder.into());
                state.lately = true;
            }
        }
    }

    fn wake(&self, wake: Option<Wake>) -> io::Result<()> {
        let mut waking = self.waking.lock();
        *waking = None;
        if let Some(wake) = wake {
            *waking = Some(Waking::start(Arc::clone(&self.inner), wake)?);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
