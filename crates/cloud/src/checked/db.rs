//! A checked [`CloudDb`].

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;

use super::listing::Listings;
use super::{ended, lie};
use crate::{Capabilities, CloudData, CloudDb, CloudError, LockInfo, Result, RowWrite, WriteReceipt};

/// The longest id that the engine's index takes, in bytes.
const LONGEST_ID: usize = 23;

/// A [`CloudDb`] whose answers are checked.
pub struct CheckedDb {
    db: Arc<dyn CloudDb>,
    listings: Mutex<Listings>,
    last_lock: AtomicI64,
}

/// What a row asks for, as far as its receipt must fit it.
struct Asked {
    id: String,
    base_version: Option<u64>,
}

type Write = fn(&dyn CloudDb, &str, Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>>;

impl CheckedDb {
    /// Checks a database's answers from now on.
    pub fn new(db: Arc<dyn CloudDb>) -> Self {
        CheckedDb { db, listings: Mutex::default(), last_lock: AtomicI64::new(0) }
    }

    /// Writes, and holds each receipt against its row. `again` is whether a record that is as it should be keeps its
    /// version, which is 0 where the cloud has forgotten it: a record that was deleted already.
    fn write(
        &self,
        write: Write,
        table: &str,
        rows: Vec<RowWrite>,
        again: bool,
    ) -> Result<Vec<Result<WriteReceipt>>> {
        let asked: Vec<Asked> =
            rows.iter().map(|row| Asked { id: row.id.clone(), base_version: row.base_version }).collect();
        let answers = ended(write(&*self.db, table, rows))?;
        if answers.len() != asked.len() {
            return Err(lie(format!("it gave {} answers for {} rows", answers.len(), asked.len())));
        }
        let check = |(answer, asked): (Result<WriteReceipt>, Asked)| asked.check(ended(answer)?, again);
        Ok(answers.into_iter().zip(asked).map(check).collect())
    }
}

impl Asked {
    fn check(self, receipt: WriteReceipt, again: bool) -> Result<WriteReceipt> {
        let base = self.base_version.unwrap_or(0);
        let rises = receipt.version > base || again && [0, base].contains(&receipt.version);
        if receipt.id != self.id {
            return Err(lie(format!("it answered for {} where {} was written", receipt.id, self.id)));
        }
        if !rises {
            let version = receipt.version;
            return Err(lie(format!("it gave {} the version {version} after {base}", self.id)));
        }
        Ok(receipt)
    }
}

impl CloudDb for CheckedDb {
    fn capabilities(&self) -> Capabilities {
        self.db.capabilities()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        let ids = ended(self.db.generate_id(count))?;
        if ids.len() != count {
            return Err(lie(format!("it gave {} ids for {count}", ids.len())));
        }
        let mut seen = HashSet::with_capacity(count);
        match ids.iter().find(|id| !(1..=LONGEST_ID).contains(&id.len()) || !seen.insert(*id)) {
            Some(id) => {
                Err(lie(format!("the id '{id}' is there twice, empty or longer than {LONGEST_ID} bytes")))
            }
            None => Ok(ids),
        }
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(|db, table, rows| db.insert(table, rows), table, rows, false)
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(|db, table, rows| db.update(table, rows), table, rows, false)
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(|db, table, rows| db.delete(table, rows), table, rows, true)
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        let page = ended(self.db.query(table, fields, count, cursor))?;
        self.listings.lock().check(table, count, cursor, &page)?;
        Ok(page)
    }

    fn lock(&self) -> Result<LockInfo> {
        let lock = ended(self.db.lock())?;
        let last = self.last_lock.fetch_max(lock.lock_id, Ordering::Relaxed);
        if lock.lock_id <= last {
            return Err(lie(format!("it gave the lock {} after {last}", lock.lock_id)));
        }
        lasting(lock)
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        let lock = ended(self.db.heartbeat(lock_id))?;
        if lock.lock_id != lock_id {
            return Err(lie(format!("it renewed the lock {} for {lock_id}", lock.lock_id)));
        }
        lasting(lock)
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        ended(self.db.unlock(lock_id))
    }
}

fn lasting(lock: LockInfo) -> std::result::Result<LockInfo, CloudError> {
    if lock.interval == 0 { Err(lie("it gave a lease of no time")) } else { Ok(lock) }
}
