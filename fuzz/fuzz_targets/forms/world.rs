//! What one input is about: its bytes, what was handed over, and what is still to be answered.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use cloudsync::*;
use cloudsync_fuzz::Chance;

/// Shared by the vendor, whose `self` it is, and the caller.
pub struct World {
    chance: Mutex<Chance>,
    kept: Mutex<Kept>,
    /// How many tables have been handed over with this, and how many of them have given it back.
    pub handed: AtomicUsize,
    pub given_back: AtomicUsize,
}

/// What the vendor keeps for later. Handles are values.
#[derive(Default)]
pub struct Kept {
    /// Replies that were not answered, with what they await.
    pub replies: Vec<(usize, crate::answers::Asked)>,
    pub listeners: Vec<usize>,
    /// Transfers of calls that may have ended.
    pub transfers: Vec<usize>,
    pub threads: Vec<JoinHandle<()>>,
}

impl World {
    pub fn new(bytes: &[u8]) -> Arc<Self> {
        Arc::new(World {
            chance: Mutex::new(Chance::new(bytes)),
            kept: Mutex::default(),
            handed: AtomicUsize::new(0),
            given_back: AtomicUsize::new(0),
        })
    }

    fn chance(&self) -> MutexGuard<'_, Chance> {
        self.chance.lock().unwrap()
    }

    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    pub fn is_over(&self) -> bool {
        self.chance().is_over()
    }

    pub fn below(&self, end: usize) -> usize {
        self.chance().below(end)
    }

    pub fn one_in(&self, many: usize) -> bool {
        self.chance().one_in(many)
    }

    pub fn number(&self) -> i64 {
        self.chance().number()
    }

    pub fn some(&self, most: usize) -> Vec<u8> {
        self.chance().some(most)
    }

    /// A number of an enumeration: mostly one that there is.
    pub fn enumerated(&self, known: i32) -> i32 {
        match self.below(16) {
            15 => self.number() as i32,
            14 => known,
            other => other as i32 % known,
        }
    }

    /// An error's number; often none.
    pub fn code(&self) -> i32 {
        match self.below(16) {
            0..=7 => 0,
            8 => self.number() as i32,
            9 => 1001 + self.below(11) as i32,
            other => other as i32 - 9,
        }
    }

    /// A handle: the one that is meant, or none, or a value that was made up.
    pub fn handle<T>(&self, meant: *mut T) -> *mut T {
        match self.below(32) {
            31 => std::ptr::null_mut(),
            30 => std::ptr::without_provenance_mut(1),
            29 => std::ptr::without_provenance_mut(usize::MAX),
            _ => meant,
        }
    }

    /// The world as a vendor's `self`.
    pub fn to_self(self: &Arc<Self>) -> *mut c_void {
        Arc::into_raw(Arc::clone(self)).cast_mut().cast()
    }

    /// Lets go of all that the vendor keeps.
    pub fn end(&self) {
        let threads = std::mem::take(&mut self.kept().threads);
        for thread in threads {
            thread.join().unwrap();
        }
        let kept = std::mem::take(&mut *self.kept());
        for (reply, _) in kept.replies {
            // SAFETY: any value is answered.
            expected(unsafe { cloudsync_reply_drop(std::ptr::without_provenance_mut(reply)) }, &[0, 401]);
        }
        for listener in kept.listeners {
            // SAFETY: any value is answered.
            let code = unsafe { cloudsync_change_listener_free(std::ptr::without_provenance_mut(listener)) };
            expected(code, &[0]);
        }
        for transfers in kept.transfers {
            let mut count = 0;
            let transfers = std::ptr::without_provenance::<CloudSyncTransfers>(transfers);
            // SAFETY: a local may be written.
            expected(unsafe { cloudsync_transfers_count(transfers, &raw mut count) }, &[401]);
        }
    }
}

/// Takes a world back.
///
/// # Safety
/// `this` is from [`World::to_self`], and is given back once.
pub unsafe extern "C-unwind" fn destroy(this: *mut c_void) {
    // SAFETY: by the caller's promise.
    let world = unsafe { Arc::from_raw(this.cast_const().cast::<World>()) };
    world.given_back.fetch_add(1, Ordering::SeqCst);
}

/// Fails where a code is none of those that there may be.
#[track_caller]
pub fn expected(code: i32, codes: &[i32]) -> bool {
    assert!(codes.contains(&code), "{code}, which is none of {codes:?}");
    code == 0
}
