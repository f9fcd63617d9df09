//! `CloudDb`: the records of one bundle's database.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Transaction, params};

use super::cursor::Cursor;
use super::failure::Failure;
use super::schema::{LAST_SEQ, place, seq_of};
use super::share::mirror::{self, Place};
use super::share::through;
use super::write::{Writer, decode};
use super::{Core, lease, share};
use crate::{
    Capabilities, CloudData, CloudDb, CloudError, ExtensionValue, Flag, LockInfo, Record, Result, RowWrite,
    WriteReceipt,
};

/// A connection to one database. Used from any thread.
pub(super) struct EmbeddedDb {
    core: Arc<Core>,
    db: i64,
    bundle: String,
    name: String,
    /// Ids of the tables seen so far.
    tables: Mutex<HashMap<String, i64>>,
}

impl EmbeddedDb {
    pub(super) fn new(core: Arc<Core>, db: i64, bundle: &str, name: &str) -> Self {
        EmbeddedDb { core, db, bundle: bundle.to_owned(), name: name.to_owned(), tables: Mutex::default() }
    }

    /// A table, as what others share in it is found by.
    fn place<'a>(&'a self, table: i64, name: &'a str) -> Place<'a> {
        Place { table, bundle: &self.bundle, database: &self.name, name }
    }

    /// The id of a table, which is made on first use.
    fn table(&self, name: &str) -> Result<i64> {
        if let Some(id) = self.tables.lock().get(name) {
            return Ok(*id);
        }
        let id = self.core.pool.write(|tx| {
            tx.execute("INSERT OR IGNORE INTO tables (db, name) VALUES (?1, ?2)", params![self.db, name])?;
            let sql = "SELECT id FROM tables WHERE db = ?1 AND name = ?2";
            Ok(tx.query_row(sql, params![self.db, name], |row| row.get(0))?)
        })?;
        self.tables.lock().insert(name.to_owned(), id);
        Ok(id)
    }

    fn write(&self, table: &str, flag: Flag, mut rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        for row in &mut rows {
            through::take_reserved(&mut row.values);
        }
        let rows = rows.as_slice();
        let id = self.table(table)?;
        mirror::refresh(&self.core, self.place(id, table))?;
        if !self.core.pool.peek(|tx| Ok(mirror::has_copies(tx, id)?))? {
            return self.write_own(id, flag, rows);
        }
        // What lies with others goes there; each row's answer comes to its own place again.
        let sorted = through::write(&self.core, self.db, self.place(id, table), flag, rows)?;
        let own: Vec<RowWrite> = sorted.own.iter().filter_map(|index| rows.get(*index).cloned()).collect();
        let mut answers = sorted.answers;
        if !own.is_empty() {
            answers.extend(sorted.own.into_iter().zip(self.write_own(id, flag, &own)?));
        }
        Ok(answers.into_values().collect())
    }

    fn write_own(&self, table: i64, flag: Flag, rows: &[RowWrite]) -> Result<Vec<Result<WriteReceipt>>> {
        let (answers, written) = self.core.pool.write(|tx| {
            // Only now, with the writers' lock in hand, is it the time of this write.
            let mut writer = Writer::begin(tx, self.db, table, self.core.now())?;
            let mut answers = Vec::with_capacity(rows.len());
            for row in rows {
                answers.push(match writer.write(flag, row) {
                    Ok(receipt) => Ok(receipt),
                    Err(Failure::Refused(error)) => Err(error),
                    Err(Failure::Call(error)) => return Err(error),
                });
            }
            let written = writer.finish()?;
            Ok((answers, written))
        })?;
        if written {
            self.core.subscriptions.tell(self.db);
            share::tell_watchers(&self.core, &self.bundle, &self.name);
        }
        Ok(answers)
    }

    /// Where a listing goes on, and the last sequence number that the table has given.
    fn position(&self, tx: &Transaction<'_>, table: i64, cursor: &str) -> Result<(Cursor, i64)> {
        let (seq, horizon): (i64, i64) = tx
            .prepare_cached("SELECT seq, horizon FROM tables WHERE id = ?1")?
            .query_row([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let epoch = self.core.epoch;
        if cursor.is_empty() {
            return Ok((Cursor { epoch, table, seq: 0, horizon }, seq));
        }
        let ours = |cursor: &Cursor| cursor.epoch == epoch && cursor.table == table;
        Cursor::parse(cursor)
            .filter(ours)
            .filter(|cursor| cursor.seq <= seq && cursor.horizon <= horizon && !cursor.expired(horizon))
            .map(|cursor| (cursor, seq))
            .ok_or(CloudError::CursorExpired)
    }
}

impl CloudDb for EmbeddedDb {
    fn capabilities(&self) -> Capabilities {
        Capabilities { compare_and_set: true, fencing: true, ranges: true, digests: true }
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        self.core.record_ids(count)
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(table, Flag::Insert, rows)
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(table, Flag::Update, rows)
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(table, Flag::Delete, rows)
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        if count == 0 {
            return Err(CloudError::InvalidArgument("a page of no records".to_owned()));
        }
        let name = table;
        let table = self.table(name)?;
        mirror::refresh(&self.core, self.place(table, name))?;
        self.core.pool.read(|tx| {
            let (mut position, last) = self.position(tx, table, cursor)?;
            let mut values = Vec::new();
            let mut has_more = false;
            let mut statement = tx.prepare_cached(
                "SELECT place, id, op, create_ms, modify_ms, fields FROM records
                 WHERE place > ?1 AND place <= ?2 ORDER BY place",
            )?;
            let mut rows = statement.query([place(table, position.seq), place(table, LAST_SEQ)])?;
            while let Some(row) = rows.next()? {
                if values.len() == count {
                    has_more = true;
                    break;
                }
                let record = record(row, fields)?;
                position.seq = seq_of(row.get(0)?);
                values.push(record);
            }
            if !has_more {
                // What lies between was rewritten later, and seen there.
                position.seq = last;
            }
            Ok(CloudData { next_cursor: position.to_string(), has_more, values })
        })
    }

    fn lock(&self) -> Result<LockInfo> {
        let seconds = self.core.options.lease_seconds;
        self.core.pool.write(|tx| lease::take(tx, self.db, self.core.now(), seconds))
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        let seconds = self.core.options.lease_seconds;
        self.core.pool.write(|tx| lease::renew(tx, self.db, self.core.now(), seconds, lock_id))
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        self.core.pool.write(|tx| lease::release(tx, self.db, self.core.now(), lock_id))
    }
}

fn record(row: &rusqlite::Row<'_>, fields: &[&str]) -> Result<Record> {
    let operation = match row.get(2)? {
        0 => Flag::Insert,
        1 => Flag::Update,
        2 => Flag::Delete,
        other => return Err(CloudError::Corrupt(format!("a record's operation is {other}"))),
    };
    let encoded = row.get_ref(5)?.as_blob().map_err(|error| CloudError::Corrupt(error.to_string()))?;
    let mut values = match decode(encoded) {
        Ok(values) => values,
        Err(Failure::Refused(error) | Failure::Call(error)) => return Err(error),
    };
    if !fields.is_empty() {
        values.retain(|name, _| fields.contains(&name.as_str()));
    }
    let (id, create_time, modify_time) = (row.get(1)?, row.get(3)?, row.get(4)?);
    let version = seq_of(row.get(0)?).unsigned_abs();
    Ok(Record { extension: ExtensionValue { id, create_time, modify_time, operation }, version, values })
}
