//! Connections to an SQLite file: one that writes, and as many as needed that read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{CloudError, Result};

/// How long a writer of another process is waited for.
const BUSY: Duration = Duration::from_secs(60);
/// Connections kept for readers; more are opened when needed and closed afterwards.
const IDLE_READERS: usize = 4;
/// The writer's cache: holds the index of some 200,000 contents and what a batch changes.
const WRITER_KIB: i64 = 4096;
/// A reader's cache: a listing needs each page once.
const READER_KIB: i64 = 256;

/// The connections of one process. Used from any thread.
pub(super) struct Pool {
    path: PathBuf,
    /// Threads of this process queue here, which is fairer and cheaper than SQLite's waiting.
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Pool {
    /// Opens the file, which `migrate` makes or brings to this version's layout. Only one opener may do so at a time.
    pub(super) fn open(path: &Path, migrate: impl FnOnce(&mut Connection) -> Result<()>) -> Result<Self> {
        let mut writer = connect(path)?;
        writer.pragma_update(None, "cache_size", -WRITER_KIB)?;
        migrate(&mut writer)?;
        Ok(Pool { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Runs `work` in a transaction that is durable once this returns `Ok`. `Err` undoes it.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut writer = self.writer.lock();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// Runs `work` on one consistent state, by the writing connection: its cache is warm, while a
    /// reader's is cold after every write. For many small look-ups; writers wait meanwhile.
    pub(super) fn peek<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut writer = self.writer.lock();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Deferred)?;
        work(&transaction)
    }

    /// Runs `work` on one consistent state of the records, without waiting for writers.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let idle = self.readers.lock().pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => connect(&self.path)?,
        };
        let transaction = reader.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let value = work(&transaction);
        drop(transaction);
        let mut readers = self.readers.lock();
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
        value
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The answer says which mode it is in now; success alone does not.
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(CloudError::Unknown(format!("the records' journal mode is {mode} instead of wal")));
    }
    // FULL, so that an acknowledged write survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -READER_KIB)?;
    // A checkpoint rewrites pages of random indexes: fewer and larger ones rewrite fewer.
    connection.pragma_update(None, "wal_autocheckpoint", 8192)?;
    Ok(connection)
}
