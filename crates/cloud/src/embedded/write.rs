//! What an insert, an update and a delete do to one row.

use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

use super::failure::{Failure, Judged};
use super::lease;
use super::references::{self, Counts, Holder, Lookup, Resolved, Shift};
use super::schema::{LAST_SEQ, place, seq_of};
use super::share::mirror;
use crate::{CloudError, Flag, Row, RowWrite, WriteReceipt};

/// A record as it is before a write.
struct Before {
    place: i64,
    deleted: bool,
    create_ms: i64,
    modify_ms: i64,
    fields: Vec<u8>,
}

impl Before {
    fn version(&self) -> u64 {
        seq_of(self.place).unsigned_abs()
    }

    fn holder(&self) -> Holder {
        if self.deleted { Holder::Deleted } else { Holder::Live }
    }
}

/// What a record is written as.
struct After<'a> {
    id: &'a str,
    flag: Flag,
    create_ms: i64,
    fields: &'a [u8],
}

/// The writes of one call, in one transaction.
pub(super) struct Writer<'a> {
    tx: &'a Transaction<'a>,
    table: i64,
    now: i64,
    holder: Option<i64>,
    /// The last sequence number before this call, and the last one given.
    before: i64,
    seq: i64,
    used: i64,
    /// Whether records of other accounts are, or were, among the table's.
    copies: bool,
    /// Whether a record was deleted: one of another account with its id may come to its place.
    deleted: bool,
    encoded: Vec<u8>,
    /// The statements of every row, looked up once.
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    lookup: Lookup<'a>,
    counts: Counts<'a>,
}

const FIND: &str = "SELECT place, op, create_ms, modify_ms, fields FROM records WHERE tbl = ?1 AND id = ?2";
const INSERT: &str = "INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

impl<'a> Writer<'a> {
    /// Begins to write to a table of a database.
    pub(super) fn begin(tx: &'a Transaction<'a>, db: i64, table: i64, now: i64) -> rusqlite::Result<Self> {
        let seq: i64 = tx
            .prepare_cached("SELECT seq FROM tables WHERE id = ?1")?
            .query_row([table], |row| row.get(0))?;
        let holder = lease::holder(tx, db, now)?;
        Ok(Writer {
            tx,
            table,
            now,
            holder,
            before: seq,
            seq,
            used: 0,
            copies: mirror::has_copies(tx, table)?,
            deleted: false,
            encoded: Vec::new(),
            find: tx.prepare_cached(FIND)?,
            insert: tx.prepare_cached(INSERT)?,
            lookup: Lookup::new(tx)?,
            counts: Counts::new(tx)?,
        })
    }

    /// Writes the counters back, and tells whether any record was written. To be called before the transaction
    /// is committed.
    pub(super) fn finish(self) -> rusqlite::Result<bool> {
        self.tx
            .prepare_cached("UPDATE tables SET seq = ?2 WHERE id = ?1")?
            .execute([self.table, self.seq])?;
        references::add_used(self.tx, self.used)?;
        if self.deleted {
            mirror::look_again(self.tx, self.table)?;
        }
        Ok(self.seq != self.before)
    }

    /// Writes one row.
    pub(super) fn write(&mut self, flag: Flag, row: &RowWrite) -> Judged<WriteReceipt> {
        if row.id.is_empty() {
            return refuse(CloudError::InvalidArgument("a record without an id".to_owned()));
        }
        if row.lock_id.is_some() && row.lock_id != self.holder {
            return refuse(CloudError::StaleLock);
        }
        let before = self.find(&row.id)?;
        match flag {
            Flag::Insert => self.insert(row, before),
            Flag::Update => self.update(row, before),
            Flag::Delete => self.delete(row, before),
        }
    }

    /// The same values again are the same insert. Other values never replace a live record by
    /// chance: that takes its version.
    fn insert(&mut self, row: &RowWrite, before: Option<Before>) -> Judged<WriteReceipt> {
        self.encode(&row.values)?;
        let Some(before) = before else {
            expect_version(row.base_version, 0)?;
            return self.put(row, Flag::Insert, self.now, None);
        };
        let version = before.version();
        if before.deleted {
            expect_version(row.base_version, version)?;
            return self.put(row, Flag::Insert, self.now, Some(&before));
        }
        if before.fields == self.encoded {
            return Ok(WriteReceipt { id: row.id.clone(), version, modify_time: before.modify_ms });
        }
        if row.base_version != Some(version) {
            return refuse(CloudError::VersionConflict { current: version });
        }
        self.put(row, Flag::Update, before.create_ms, Some(&before))
    }

    fn update(&mut self, row: &RowWrite, before: Option<Before>) -> Judged<WriteReceipt> {
        let version = before.as_ref().map_or(0, Before::version);
        expect_version(row.base_version, version)?;
        match before {
            // Only an insert brings a deleted record back.
            Some(before) if !before.deleted => {
                self.encode(&row.values)?;
                self.put(row, Flag::Update, before.create_ms, Some(&before))
            }
            _ => refuse(CloudError::NotFound(format!("record {}", row.id))),
        }
    }

    /// A record that is gone already is no error, whether it is still remembered or not.
    fn delete(&mut self, row: &RowWrite, before: Option<Before>) -> Judged<WriteReceipt> {
        let Some(before) = before else {
            return Ok(WriteReceipt { id: row.id.clone(), version: 0, modify_time: self.now });
        };
        let version = before.version();
        if before.deleted {
            return Ok(WriteReceipt { id: row.id.clone(), version, modify_time: before.modify_ms });
        }
        expect_version(row.base_version, version)?;
        let digests = references::named_by(&decode(&before.fields)?);
        let mut shift = Shift::default();
        shift.release(&digests, Holder::Live);
        shift.take(&digests, Holder::Deleted);
        let resolved = shift.resolve(&mut self.lookup)?;
        self.deleted = true;
        let after =
            After { id: &row.id, flag: Flag::Delete, create_ms: before.create_ms, fields: &before.fields };
        self.store(resolved, after, Some(before.place))
    }

    /// Writes a live record with the values encoded before.
    fn put(
        &mut self,
        row: &RowWrite,
        flag: Flag,
        create_ms: i64,
        before: Option<&Before>,
    ) -> Judged<WriteReceipt> {
        let mut shift = Shift::default();
        if let Some(before) = before {
            if self.copies && mirror::is_copy(self.tx, self.table, &row.id)? {
                // It was another account's, and what it names was never counted here.
                mirror::forget(self.tx, self.table, &row.id)?;
            } else {
                shift.release(&references::named_by(&decode(&before.fields)?), before.holder());
            }
        }
        shift.take(&references::named_by(&row.values), Holder::Live);
        let resolved = shift.resolve(&mut self.lookup)?;
        let fields = std::mem::take(&mut self.encoded);
        let after = After { id: &row.id, flag, create_ms, fields: &fields };
        let receipt = self.store(resolved, after, before.map(|before| before.place));
        self.encoded = fields;
        receipt
    }

    /// Everything has been checked: gives the record the next sequence number and writes it.
    fn store(
        &mut self,
        references: Resolved,
        after: After<'_>,
        replaced: Option<i64>,
    ) -> Judged<WriteReceipt> {
        if self.seq == LAST_SEQ {
            return refuse(CloudError::RecordLimitExceeded);
        }
        self.used += references.write(&mut self.counts, self.now)?;
        self.seq += 1;
        let place = place(self.table, self.seq);
        let (flag, created) = (after.flag as i32, after.create_ms);
        match replaced {
            Some(old) => self
                .tx
                .prepare_cached(
                    "UPDATE records SET place = ?2, op = ?3, create_ms = ?4, modify_ms = ?5, fields = ?6
                     WHERE place = ?1",
                )?
                .execute(params![old, place, flag, created, self.now, after.fields])?,
            None => self.insert.execute(params![
                place,
                self.table,
                after.id,
                flag,
                created,
                self.now,
                after.fields
            ])?,
        };
        let version = self.seq.unsigned_abs();
        Ok(WriteReceipt { id: after.id.to_owned(), version, modify_time: self.now })
    }

    fn find(&mut self, id: &str) -> rusqlite::Result<Option<Before>> {
        self.find
            .query_row(params![self.table, id], |row| {
                Ok(Before {
                    place: row.get(0)?,
                    deleted: row.get::<_, i32>(1)? == Flag::Delete as i32,
                    create_ms: row.get(2)?,
                    modify_ms: row.get(3)?,
                    fields: row.get(4)?,
                })
            })
            .optional()
    }

    fn encode(&mut self, values: &Row) -> Judged<()> {
        let mut buffer = std::mem::take(&mut self.encoded);
        buffer.clear();
        self.encoded = postcard::to_extend(values, buffer)
            .map_err(|error| Failure::Refused(CloudError::InvalidArgument(error.to_string())))?;
        Ok(())
    }
}

/// Reads a record's fields.
pub(super) fn decode(fields: &[u8]) -> Judged<Row> {
    postcard::from_bytes(fields)
        .map_err(|error| Failure::Refused(CloudError::Corrupt(format!("a record's fields: {error}"))))
}

fn expect_version(base: Option<u64>, current: u64) -> Judged<()> {
    if base.is_some_and(|base| base != current) {
        return refuse(CloudError::VersionConflict { current });
    }
    Ok(())
}

fn refuse<T>(error: CloudError) -> Judged<T> {
    Err(Failure::Refused(error))
}
