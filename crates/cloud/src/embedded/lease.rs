//! The lock of one database: a lease by the cloud's clock.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::{CloudError, LockInfo, Result};

/// The id of the lock that is held now.
pub(super) fn holder(tx: &Transaction<'_>, db: i64, now: i64) -> rusqlite::Result<Option<i64>> {
    // A lease that seems to last longer than it was given for is one from before the clock was set
    // back. It is over: its holder is refused, whereas waiting for it might take years.
    tx.prepare_cached(
        "SELECT lock_id FROM databases
         WHERE id = ?1 AND lock_held AND lease_end_ms > ?2 AND lease_end_ms - ?2 <= lease_ms",
    )?
    .query_row([db, now], |row| row.get(0))
    .optional()
}

/// Takes the lock.
pub(super) fn take(tx: &Transaction<'_>, db: i64, now: i64, seconds: u32) -> Result<LockInfo> {
    if holder(tx, db, now)?.is_some() {
        return Err(CloudError::LockedByOthers);
    }
    let lock_id = tx
        .prepare_cached(
            "UPDATE databases SET lock_id = lock_id + 1, lock_held = 1 WHERE id = ?1 RETURNING lock_id",
        )?
        .query_row([db], |row| row.get(0))?;
    extend(tx, db, now, seconds)?;
    Ok(LockInfo { interval: seconds, lock_id })
}

/// Renews the lease of the lock's holder.
pub(super) fn renew(tx: &Transaction<'_>, db: i64, now: i64, seconds: u32, lock_id: i64) -> Result<LockInfo> {
    if holder(tx, db, now)? != Some(lock_id) {
        return Err(CloudError::StaleLock);
    }
    extend(tx, db, now, seconds)?;
    Ok(LockInfo { interval: seconds, lock_id })
}

/// Gives the lock back if it is still this one. Whether its lease had not ended.
pub(super) fn release(tx: &Transaction<'_>, db: i64, now: i64, lock_id: i64) -> Result<bool> {
    let held = holder(tx, db, now)? == Some(lock_id);
    tx.prepare_cached("UPDATE databases SET lock_held = 0 WHERE id = ?1 AND lock_id = ?2")?
        .execute([db, lock_id])?;
    Ok(held)
}

fn extend(tx: &Transaction<'_>, db: i64, now: i64, seconds: u32) -> rusqlite::Result<()> {
    let lease = i64::from(seconds) * 1000;
    tx.prepare_cached("UPDATE databases SET lease_ms = ?2, lease_end_ms = ?3 WHERE id = ?1")?
        .execute(params![db, lease, now.saturating_add(lease)])?;
    Ok(())
}
