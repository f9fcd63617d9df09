//! The primitives that [`crate::handle`] and [`crate::dispatch`] stand on. The model tests compile
//! those two files over other primitives with the same signatures.

use std::time::Instant;

pub(crate) use std::sync::Arc;

pub(crate) use parking_lot::{Mutex, MutexGuard, RwLock};

/// A condition variable whose waits take and give back the guard.
#[derive(Default)]
pub(crate) struct Condvar(parking_lot::Condvar);

impl Condvar {
    /// Waits for a notification.
    pub(crate) fn wait<'a, T>(&self, mut guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(&mut guard);
        guard
    }

    /// Waits for a notification, at most until `deadline`.
    pub(crate) fn wait_until<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        deadline: Instant,
    ) -> MutexGuard<'a, T> {
        let _ = self.0.wait_until(&mut guard, deadline);
        guard
    }

    /// Wakes every waiter.
    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}
