//! The tables in the SQLite file, and the steps from every older layout to this one.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{CloudError, Result};

/// Says that the file is ours ("CSem").
const APPLICATION_ID: i32 = 0x4353_656d;

/// Step `n` turns layout `n` into layout `n + 1`. Never edited once released.
const STEPS: &[&str] = &[FIRST, SWITCHES, MIRRORS, AUTHORS];

/// `records.place` is the table's id above 40 bits of the table's own sequence (see `place`), so that
/// a page of `query` is one range of the main B-tree and new records go to its end.
///
/// A content file exists once `assets` names it. `live` counts the records that name the content,
/// `kept` the deleted ones that are still remembered; `counted` says that it takes up the account's
/// space, which it does from its upload until no live record names it any more; `idle_ms` is when it
/// was last uploaded or lost a reference. `uploads` names the partial files.
///
/// Digests come in no order, so that each new one changes another page of their index, and each page
/// is written anew with every batch. Hence `key`, the digest's first eight bytes: a third of the pages.
/// Two contents may share a key; that no two share a digest is seen to by whoever adds one. There is
/// no index of what nobody names: every content would enter and leave it, for one look a day.
const FIRST: &str = "
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    next_file INTEGER NOT NULL,
    used INTEGER NOT NULL,
    collected_ms INTEGER NOT NULL,
    collected_shard INTEGER NOT NULL,
    collected_file INTEGER NOT NULL
);
CREATE TABLE databases (
    id INTEGER PRIMARY KEY,
    bundle TEXT NOT NULL,
    name TEXT NOT NULL,
    description BLOB NOT NULL,
    description_version INTEGER NOT NULL DEFAULT 1,
    lock_id INTEGER NOT NULL DEFAULT 0,
    lock_held INTEGER NOT NULL DEFAULT 0,
    lease_ms INTEGER NOT NULL DEFAULT 0,
    lease_end_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (bundle, name)
);
CREATE TABLE tables (
    id INTEGER PRIMARY KEY,
    db INTEGER NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0,
    horizon INTEGER NOT NULL DEFAULT 0,
    UNIQUE (db, name)
);
CREATE TABLE records (
    place INTEGER PRIMARY KEY,
    tbl INTEGER NOT NULL,
    id TEXT NOT NULL,
    op INTEGER NOT NULL,
    create_ms INTEGER NOT NULL,
    modify_ms INTEGER NOT NULL,
    fields BLOB NOT NULL,
    UNIQUE (tbl, id)
);
CREATE INDEX records_deleted ON records (modify_ms) WHERE op = 2;
CREATE TABLE assets (
    file INTEGER PRIMARY KEY,
    key INTEGER NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    live INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    idle_ms INTEGER NOT NULL
);
CREATE INDEX assets_key ON assets (key);
CREATE TABLE uploads (
    db INTEGER NOT NULL,
    transfer TEXT NOT NULL,
    file INTEGER NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    done INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL,
    PRIMARY KEY (db, transfer)
) WITHOUT ROWID;
";

/// The bundles for which the cloud is switched off; the empty name is the whole account.
const SWITCHES: &str = "CREATE TABLE switched_off (bundle TEXT PRIMARY KEY) WITHOUT ROWID;";

/// What other accounts share with this one. `mirrored` says which records are copies of others', with the version that the owner
/// has; `live` is 0 once the copy was deleted here. `mirrors` says of each table what its copies follow from, `placed` where
/// this account has put what was shared with it, and what it calls it.
const MIRRORS: &str = "
CREATE TABLE mirrors (tbl INTEGER PRIMARY KEY, stamp TEXT NOT NULL);
CREATE TABLE mirrored (
    tbl INTEGER NOT NULL,
    id TEXT NOT NULL,
    share INTEGER NOT NULL,
    version INTEGER NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (tbl, id)
) WITHOUT ROWID;
CREATE TABLE placed (
    tbl INTEGER NOT NULL,
    id TEXT NOT NULL,
    fields BLOB NOT NULL,
    PRIMARY KEY (tbl, id)
) WITHOUT ROWID;
";

/// What was made in a share by others than its owner: `authors` says by which account, `made` that a copy is of what this account
/// has made.
const AUTHORS: &str = "
CREATE TABLE authors (
    tbl INTEGER NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (tbl, id)
) WITHOUT ROWID;
ALTER TABLE mirrored ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
";

/// Bits of a place that hold the sequence: a million million writes per table.
const SEQ_BITS: u32 = 40;
/// The highest sequence number.
pub(super) const LAST_SEQ: i64 = (1 << SEQ_BITS) - 1;

/// Where a table's write number `seq` lies in `records`.
pub(super) fn place(table: i64, seq: i64) -> i64 {
    (table << SEQ_BITS) | seq
}

/// The sequence number in a place.
pub(super) fn seq_of(place: i64) -> i64 {
    place & LAST_SEQ
}

/// What an SQLite file of ours looks like.
pub(super) struct Layout {
    /// What is in it, for a person.
    pub(super) what: &'static str,
    /// Says that the file is ours.
    pub(super) application_id: i32,
    /// Step `n` turns layout `n` into layout `n + 1`.
    pub(super) steps: &'static [&'static str],
}

impl Layout {
    /// Brings a file to this version's layout. `begin` is done to a file that is new.
    pub(super) fn migrate(
        &self,
        connection: &mut Connection,
        begin: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let version = version as usize;
        let Layout { what, steps, .. } = self;
        if version > steps.len() {
            return Err(CloudError::Unknown(format!(
                "the {what} have layout {version}, made by a newer version than this one, which knows {}",
                steps.len()
            )));
        }
        for step in &steps[version..] {
            transaction.execute_batch(step)?;
        }
        if version == 0 {
            transaction.pragma_update(None, "application_id", self.application_id)?;
            begin(&transaction)?;
        }
        if version < steps.len() {
            transaction.pragma_update(None, "user_version", steps.len() as i64)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

/// Brings the records' file to this version's layout. `epoch` is given to a file that is new.
pub(super) fn migrate(connection: &mut Connection, epoch: i64) -> Result<()> {
    let layout = Layout { what: "records", application_id: APPLICATION_ID, steps: STEPS };
    layout.migrate(connection, |tx| {
        tx.execute("INSERT INTO meta VALUES (1, ?1, 1, 0, 0, 0, 0)", [epoch]).map(drop)
    })
}
