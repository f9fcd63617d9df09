//! Reads and writes records.

use cloudsync_cloud::{CloudData, CloudError, RowWrite, WriteReceipt};

use super::{JobContext, TABLE};

/// One page of what changed in the cloud.
pub type Page = CloudData;

/// Records to write, in this order.
#[derive(Debug, Clone, Default)]
pub struct WriteBatch {
    /// When the lock they are written under is no longer to be counted on, by the monotonic clock. No
    /// call begins after it: a cloud that compares no versions and fences nothing would take its rows.
    pub until_ns: u64,
    /// New, or brought back.
    pub inserts: Vec<RowWrite>,
    /// Changed.
    pub updates: Vec<RowWrite>,
    /// Deleted.
    pub deletes: Vec<RowWrite>,
}

/// One answer per row of each list; none for a list that the lock did not last for.
#[derive(Debug, Default)]
pub struct WriteResults {
    /// Of the inserts.
    pub inserts: Vec<Result<WriteReceipt, CloudError>>,
    /// Of the updates.
    pub updates: Vec<Result<WriteReceipt, CloudError>>,
    /// Of the deletes.
    pub deletes: Vec<Result<WriteReceipt, CloudError>>,
}

pub(super) fn pull(context: &JobContext, cursor: &str, count: usize) -> Result<Page, CloudError> {
    let page = context.db()?.query(TABLE, &[], count, cursor)?;
    context.gate.check_account()?;
    Ok(page)
}

pub(super) fn lock(context: &JobContext) -> Result<(i64, u32), CloudError> {
    let lock = context.db()?.lock()?;
    if let Err(error) = context.gate.check_account() {
        unlock(context, lock.lock_id);
        return Err(error);
    }
    Ok((lock.lock_id, lock.interval))
}

pub(super) fn heartbeat(context: &JobContext, id: i64) -> Result<(i64, u32), CloudError> {
    let lock = context.db()?.heartbeat(id)?;
    Ok((lock.lock_id, lock.interval))
}

pub(super) fn unlock(context: &JobContext, id: i64) {
    // A lock that cannot be given back ends with its lease.
    let _ = context.db().and_then(|db| db.unlock(id));
}

pub(super) fn write(context: &JobContext, batch: WriteBatch) -> Result<WriteResults, CloudError> {
    let db = context.db()?;
    let counts = (batch.inserts.len(), batch.updates.len(), batch.deletes.len());
    let holds = || context.clock.monotonic_ns() < batch.until_ns;
    let mut results = WriteResults::default();
    if counts.0 > 0 && holds() {
        results.inserts = answers(db.insert(TABLE, batch.inserts)?, counts.0)?;
    }
    if counts.1 > 0 && holds() {
        results.updates = answers(db.update(TABLE, batch.updates)?, counts.1)?;
    }
    if counts.2 > 0 && holds() {
        results.deletes = answers(db.delete(TABLE, batch.deletes)?, counts.2)?;
    }
    Ok(results)
}

fn answers<T>(answers: Vec<T>, rows: usize) -> Result<Vec<T>, CloudError> {
    if answers.len() == rows {
        return Ok(answers);
    }
    Err(CloudError::Unknown(format!("the cloud gave {} answers for {rows} rows", answers.len())))
}
