//! The index in SQLite: one row per node, a few values by key. A row is the node's number and one
//! blob: with a column for each part of a node, a load of many rows takes three times as long, most of
//! it for columns that hold nothing.
//!
//! The state directory is locked by a file of its own, so that SQLite may take the database for
//! itself alone (no shared memory beside it) and a second context is told before it touches anything.
//! Commits are written ahead (WAL) and not flushed one by one: a kill loses none, and a power cut
//! loses at most the last ones, in order.

mod files;
#[cfg(test)]
mod tests;

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use self::files::StateDir;
use crate::ports::{IndexBatch, IndexError, IndexStore, Loaded};
use crate::tree::{Impossible, NodeId, Row};

/// The version of the tables, kept as `user_version`.
const VERSION: i64 = 1;

/// How many pages of 4 KiB are written ahead before they are put in their place.
const CHECKPOINT_PAGES: i64 = 4096;

const CREATE: &str = "CREATE TABLE node(id INTEGER PRIMARY KEY, body BLOB NOT NULL)";
const SELECT: &str = "SELECT id, body FROM node";
const UPSERT: &str = "INSERT OR REPLACE INTO node(id, body) VALUES(?, ?)";

/// A log of so many bytes is left as it is when the index is closed.
const SHORT_LOG: u64 = 4 << 20;

/// A page of SQLite holds hardly more rows than this, which bounds the room that is made before loading.
const ROWS_PER_PAGE: i64 = 64;

/// The index of one context.
#[derive(Debug)]
pub struct SqliteIndex {
    /// `None` after a damaged index was moved aside and none could be made in its place.
    db: Option<Connection>,
    set_aside: Option<String>,
    /// Last, so that the lock is let go of after the database is closed.
    dir: StateDir,
}

/// Why SQLite could not do something.
#[derive(Debug)]
enum Fault {
    /// What is stored cannot be right.
    Damaged(String),
    /// Anything else.
    Refused(IndexError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        let code = match &error {
            E::SqliteFailure(error, _) => error.code,
            // No such table, no such column, or not what it should hold: our statements are right for
            // our own tables.
            _ => return Fault::Damaged(error.to_string()),
        };
        match code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown => {
                Fault::Damaged(error.to_string())
            }
            ErrorCode::DiskFull => Fault::Refused(IndexError::Full),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Fault::Refused(IndexError::ReadOnly),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::Refused(IndexError::Busy),
            _ => Fault::Refused(IndexError::Other(error.to_string())),
        }
    }
}

impl From<Impossible> for Fault {
    fn from(Impossible(what): Impossible) -> Self {
        Fault::Damaged(what.into())
    }
}

impl From<IndexError> for Fault {
    fn from(error: IndexError) -> Self {
        Fault::Refused(error)
    }
}

impl From<Fault> for IndexError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged(what) => {
                IndexError::Other(format!("it is damaged ({what}); open it again to start a new one"))
            }
            Fault::Refused(error) => error,
        }
    }
}

impl Drop for SqliteIndex {
    /// Puts a long log's pages in their places. A short one is read again in less time than that takes.
    fn drop(&mut self) {
        if let Some(db) = &self.db
            && self.dir.log_length() > SHORT_LOG
        {
            // Where this fails, the next one to open the index reads a long log.
            let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        }
    }
}

impl SqliteIndex {
    /// Opens the index in `state_dir`, which is made (0700) if it is missing. A damaged index is moved
    /// aside, which [`IndexStore::load`] tells.
    pub fn open(state_dir: &Path) -> Result<SqliteIndex, IndexError> {
        let dir = StateDir::open(state_dir)?;
        let mut index = SqliteIndex { db: None, set_aside: None, dir };
        if index.dir.is_suspect() {
            index.start_anew()?;
            return Ok(index);
        }
        match open_database(&index.dir) {
            Ok(db) => index.db = Some(db),
            Err(Fault::Damaged(_)) => index.start_anew()?,
            Err(Fault::Refused(error)) => return Err(error),
        }
        Ok(index)
    }

    /// Moves the damaged index aside and makes a new one.
    fn start_anew(&mut self) -> Result<(), IndexError> {
        // What is kept aside is what was found, its write-ahead log included.
        drop(self.db.take());
        self.set_aside = Some(self.dir.set_aside()?);
        self.db = Some(open_database(&self.dir)?);
        Ok(())
    }
}

/// Opens the database, makes its tables in a new one, and touches nothing of a newer version's.
fn open_database(dir: &StateDir) -> Result<Connection, Fault> {
    if dir.index_is_cut()? {
        return Err(Fault::Damaged("it was cut to nothing".into()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(dir.index()?, flags)?;
    // A newer version's index, opened in vain, stays as it was; what a short log holds may stay in it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(IndexError::Newer(version).into());
    }
    configure(&db)?;
    if version < VERSION {
        create(&mut db)?;
        // Without its log, too, it is an index and says of what version.
        db.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))?;
    }
    Ok(db)
}

fn configure(db: &Connection) -> Result<(), Fault> {
    // SQLite answers with the mode it is in, which is another one where it could not change it.
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        let text =
            format!("the file system of the state directory allows no write-ahead log ({mode}); use another");
        return Err(IndexError::Other(text).into());
    }
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "cache_size", -2048)?;
    // A run that changes files all over the index would otherwise pay for a checkpoint each time.
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update_and_check(None, "journal_size_limit", 4 << 20, |_| Ok(()))?;
    Ok(())
}

fn create(db: &mut Connection) -> Result<(), Fault> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let others: i64 = transaction.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if others != 0 {
        return Err(Fault::Damaged("it holds tables of something else".into()));
    }
    transaction.execute_batch(CREATE)?;
    transaction
        .execute_batch("CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

fn read_all(db: &Connection) -> Result<Loaded, Fault> {
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let highest: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM node", [], |row| row.get(0))?;
    let room = highest.min(pages.saturating_mul(ROWS_PER_PAGE));
    let mut loaded = Loaded::default();
    loaded.nodes.reserve_exact(usize::try_from(room).unwrap_or(0));
    let mut statement = db.prepare(SELECT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        loaded.nodes.push(read_node(row)?);
    }
    let mut statement = db.prepare("SELECT key, value FROM meta")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = |column| row.get(column).map_err(|_| Impossible("a value by key is no text"));
        loaded.meta.insert(text(0)?, text(1)?);
    }
    Ok(loaded)
}

fn read_node(row: &rusqlite::Row<'_>) -> Result<(NodeId, Row), Impossible> {
    let wrong = |_| Impossible("a row has another shape");
    let id = row.get_ref(0).map_err(wrong)?.as_i64().map_err(|_| Impossible("a node's number is none"))?;
    let body = row.get_ref(1).map_err(wrong)?.as_blob().map_err(|_| Impossible("a row has no body"))?;
    match u32::try_from(id).map(NodeId) {
        Ok(id) if id != NodeId::ROOT => Ok((id, Row::from_bytes(body)?)),
        _ => Err(Impossible("a node's number was never given")),
    }
}

fn write_batch(db: &mut Connection, batch: &IndexBatch<'_>) -> Result<(), Fault> {
    // Dropped without a commit, it is rolled back.
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut upsert = transaction.prepare_cached(UPSERT)?;
        for (id, row) in &batch.upserts {
            upsert.execute((id.0, row.as_bytes()))?;
        }
        let mut delete = transaction.prepare_cached("DELETE FROM node WHERE id = ?")?;
        for id in &batch.deletes {
            delete.execute([id.0])?;
        }
        let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO meta VALUES(?, ?)")?;
        for (key, value) in &batch.meta {
            put.execute([key, value.as_str()])?;
        }
    }
    Ok(transaction.commit()?)
}

fn no_database() -> IndexError {
    IndexError::Other("the damaged one was kept aside and no new one could be made; open it again".into())
}

impl IndexStore for SqliteIndex {
    fn load(&mut self) -> Result<Loaded, IndexError> {
        match read_all(self.db.as_ref().ok_or_else(no_database)?) {
            Ok(loaded) => Ok(Loaded { set_aside: self.set_aside.take(), ..loaded }),
            Err(Fault::Damaged(_)) => {
                self.start_anew()?;
                Ok(Loaded { set_aside: self.set_aside.take(), ..Loaded::default() })
            }
            Err(Fault::Refused(error)) => Err(error),
        }
    }

    fn commit(&mut self, batch: &IndexBatch<'_>) -> Result<(), IndexError> {
        let result = write_batch(self.db.as_mut().ok_or_else(no_database)?, batch);
        if matches!(result, Err(Fault::Damaged(_))) {
            self.dir.suspect();
        }
        Ok(result?)
    }
}
