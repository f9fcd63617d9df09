//! Checks of the lock with time passing, and with several who want it at once.

use std::error::Error;
use std::io;
use std::sync::{Arc, RwLock};
use std::thread::{Builder, park_timeout, scope};
use std::time::{Duration, Instant};

use super::{BUNDLE, Bench, Check, DATABASE, ensure, one, refused, skip, write};
use crate::{CloudDb, CloudError, LockInfo, Result};

/// The longest lease whose end is waited for.
const SHORT: Duration = Duration::from_secs(3);
/// How long a lock with a longer lease is looked at.
const LOOK: Duration = Duration::from_millis(1500);
/// How late a cloud may be that ends a lease.
const GRACE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);
/// How much earlier than by this machine's clock a lease may end by the cloud's, which counts in steps of its own.
const CLOCKS: Duration = Duration::from_millis(20);
/// How many want the lock at once, and how often.
const HOLDERS: usize = 4;
const ROUNDS: usize = 8;

/// A lock that is held, seen by another connection. It is given back at the end, whatever that is.
struct Held {
    db: Arc<dyn CloudDb>,
    other: Arc<dyn CloudDb>,
    lock: LockInfo,
    /// When the lease was asked for: it cannot end before it has lasted from then on.
    since: Instant,
}

impl Held {
    fn new(bench: &Bench<'_>) -> std::result::Result<Self, Box<dyn Error>> {
        let other = bench.another(BUNDLE, DATABASE)?;
        let since = Instant::now();
        Ok(Held { lock: bench.db.lock()?, db: Arc::clone(&bench.db), other, since })
    }

    /// A lock whose lease can be waited for.
    fn short(bench: &Bench<'_>) -> std::result::Result<Self, Box<dyn Error>> {
        let held = Held::new(bench)?;
        match held.lease() <= SHORT {
            true => Ok(held),
            false => Err(skip(format!("a lease of {} s is too long to wait for", held.lock.interval))),
        }
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(self.lock.interval.into())
    }

    /// Nobody else gets the lock for some time.
    fn stays(&self, time: Duration) -> Check {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.is_refused_to_others()?;
            park_timeout(PAUSE);
        }
        Ok(())
    }

    fn is_refused_to_others(&self) -> Check {
        match self.other.lock() {
            Err(CloudError::LockedByOthers) => Ok(()),
            Ok(lock) => {
                let after = self.since.elapsed();
                self.other.unlock(lock.lock_id)?;
                Err(self.early(after, "another got the lock"))
            }
            Err(error) => Err(format!("a lock that is held: {error}").into()),
        }
    }

    /// A fault, unless it was this machine that took too long.
    fn early(&self, after: Duration, what: &str) -> Box<dyn Error> {
        if after >= self.lease() {
            return skip("this machine was too slow to see a lease before its end");
        }
        format!("{what} {} ms into a lease of {} s", after.as_millis(), self.lock.interval).into()
    }

    /// A new lease.
    fn renew(&mut self) -> Check {
        let asked = Instant::now();
        let renewed = match self.db.heartbeat(self.lock.lock_id) {
            Err(CloudError::StaleLock) => return Err(self.early(self.since.elapsed(), "the lock was lost")),
            renewed => renewed?,
        };
        ensure(renewed.interval > 0, "a heartbeat answers a lease of no time")?;
        (self.lock, self.since) = (renewed, asked);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // What is not given back is over with its lease.
        let _ = self.db.unlock(self.lock.lock_id);
    }
}

pub(super) fn stays(bench: &Bench<'_>) -> Check {
    let mut held = Held::new(bench)?;
    held.stays(LOOK.min(held.lease() / 2))?;
    held.renew()?;
    held.is_refused_to_others()
}

pub(super) fn lease_ends(bench: &Bench<'_>) -> Check {
    let held = Held::short(bench)?;
    let lease = held.lease();
    let next = loop {
        match held.other.lock() {
            Ok(next) => break next,
            Err(CloudError::LockedByOthers) if held.since.elapsed() < lease + GRACE => park_timeout(PAUSE),
            Err(CloudError::LockedByOthers) => {
                let waited = held.since.elapsed().as_millis();
                return Err(format!("a lease of {} s holds after {waited} ms", held.lock.interval).into());
            }
            Err(error) => return Err(error.into()),
        }
    };
    let after = held.since.elapsed();
    let lost = lost_lock_is_refused(bench, &held);
    held.other.unlock(next.lock_id)?;
    ensure(
        after + CLOCKS >= lease,
        format!("a lease of {} s was over after {} ms", lease.as_secs(), after.as_millis()),
    )?;
    ensure(next.lock_id > held.lock.lock_id, "the next lock has no higher id")?;
    lost
}

/// Who has lost the lock can do nothing with it.
fn lost_lock_is_refused(bench: &Bench<'_>, held: &Held) -> Check {
    let stale = |error: &CloudError| *error == CloudError::StaleLock;
    refused(held.db.heartbeat(held.lock.lock_id), stale, "a heartbeat after the lease")?;
    if !bench.db.capabilities().fencing {
        return Ok(());
    }
    let mut row = write(&bench.id()?, None, 1);
    row.lock_id = Some(held.lock.lock_id);
    refused(one(bench.db.insert(&bench.table, vec![row])?), stale, "a write after the lease")
}

pub(super) fn heartbeat_extends(bench: &Bench<'_>) -> Check {
    let mut held = Held::short(bench)?;
    let most_of_it = held.lease() * 2 / 3;
    held.stays(most_of_it)?;
    held.renew()?;
    // Over the end of the first lease.
    held.stays(most_of_it)
}

pub(super) fn one_of_many(bench: &Bench<'_>) -> Check {
    let dbs: Vec<_> = (0..HOLDERS).map(|_| bench.another(BUNDLE, DATABASE)).collect::<Result<_>>()?;
    for _ in 0..ROUNDS {
        let answers = at_once(&dbs)?;
        for (db, lock) in dbs.iter().zip(&answers) {
            if let Ok(lock) = lock {
                db.unlock(lock.lock_id)?;
            }
        }
        let others = answers.iter().filter(|answer| **answer == Err(CloudError::LockedByOthers)).count();
        let got = answers.iter().filter(|answer| answer.is_ok()).count();
        ensure(got == 1 && others == HOLDERS - 1, format!("of {HOLDERS} at once {got} got it: {answers:?}"))?;
    }
    Ok(())
}

/// Everybody asks for the lock at the same time.
fn at_once(dbs: &[Arc<dyn CloudDb>]) -> io::Result<Vec<Result<LockInfo>>> {
    let gate = RwLock::new(());
    scope(|scope| {
        let closed = gate.write();
        let ask = |db: &Arc<dyn CloudDb>| {
            let (db, gate) = (Arc::clone(db), &gate);
            Builder::new().spawn_scoped(scope, move || {
                drop(gate.read());
                db.lock()
            })
        };
        let asking = dbs.iter().map(ask).collect::<io::Result<Vec<_>>>();
        drop(closed);
        let panicked = || Err(CloudError::Unknown("the call panicked".to_owned()));
        Ok(asking?.into_iter().map(|thread| thread.join().unwrap_or_else(|_| panicked())).collect())
    })
}
