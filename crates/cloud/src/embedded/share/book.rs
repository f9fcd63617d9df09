//! The book of shares: one SQLite file for all accounts of a directory, made when somebody shares first.

use std::path::Path;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::super::pool::Pool;
use super::super::schema::Layout;
use super::mirror::{Grant, Place};
use super::rules::{Invitee, Share};
use super::{bits_of, privilege_of};
use crate::{CloudError, RecordPlace, Result, State};

/// The file's name in the cloud's directory.
pub(in super::super) const FILE: &str = "shares.db";
/// Says that the file is ours ("CSsh").
const APPLICATION_ID: i32 = 0x4353_7368;

/// Step `n` turns layout `n` into layout `n + 1`. Never edited once released.
const STEPS: &[&str] = &[FIRST];

/// `owner` and `account` are accounts' ids, `inviter` and `identity` their names. A participant who has left, or was sent
/// away, stays with the state UNAVAILABLE, so that leaving twice is no error. `code` is the invitation's.
const FIRST: &str = "
CREATE TABLE shares (
    id INTEGER PRIMARY KEY,
    resource TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    inviter TEXT NOT NULL,
    bundle TEXT NOT NULL,
    db TEXT NOT NULL,
    tbl TEXT NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (owner, bundle, db, tbl, record)
);
CREATE TABLE participants (
    id INTEGER PRIMARY KEY,
    share INTEGER NOT NULL,
    account TEXT NOT NULL,
    identity TEXT NOT NULL,
    state INTEGER NOT NULL,
    privilege INTEGER NOT NULL,
    attach_info TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    ends_ms INTEGER NOT NULL,
    UNIQUE (share, account)
);
CREATE INDEX participants_account ON participants (account);
CREATE TABLE guesses (
    account TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    wrong INTEGER NOT NULL
) WITHOUT ROWID;
";

/// The book. Used from any thread.
pub(in super::super) struct Book {
    pub(in super::super) pool: Pool,
}

impl Book {
    /// Opens the book of a cloud's directory, or makes it. Only one opener may do so at a time.
    pub(in super::super) fn open(dir: &Path) -> Result<Book> {
        let layout = Layout { what: "shares", application_id: APPLICATION_ID, steps: STEPS };
        Ok(Book { pool: Pool::open(&dir.join(FILE), |file| layout.migrate(file, |_| Ok(())))? })
    }
}

/// The resource of a record: the one that it has, or `resource` from now on.
pub(super) fn allocate(
    tx: &Transaction<'_>,
    resource: &str,
    owner: &str,
    inviter: &str,
    bundle: &str,
    record: RecordPlace<'_>,
) -> Result<String> {
    let sql = "INSERT INTO shares (resource, owner, inviter, bundle, db, tbl, record)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let RecordPlace { database, table, id } = record;
    tx.execute(sql, params![resource, owner, inviter, bundle, database, table, id])?;
    let sql = "SELECT resource FROM shares WHERE owner = ?1 AND bundle = ?2 AND db = ?3 AND tbl = ?4 AND record = ?5";
    Ok(tx.query_row(sql, params![owner, bundle, database, table, id], |row| row.get(0))?)
}

/// The share of a resource.
pub(super) fn find(tx: &Transaction<'_>, resource: &str) -> Result<Option<Share>> {
    load(tx, "resource = ?1", resource)
}

/// The share that an invitation is for.
pub(super) fn find_by_code(tx: &Transaction<'_>, code: &str) -> Result<Option<Share>> {
    load(tx, "id = (SELECT share FROM participants WHERE code = ?1)", code)
}

fn load(tx: &Transaction<'_>, wanted: &str, key: &str) -> Result<Option<Share>> {
    let sql =
        format!("SELECT id, resource, owner, inviter, bundle, db, tbl, record FROM shares WHERE {wanted}");
    let read = |row: &Row<'_>| {
        Ok(Share {
            id: row.get(0)?,
            resource: row.get(1)?,
            owner: row.get(2)?,
            inviter: row.get(3)?,
            bundle: row.get(4)?,
            database: row.get(5)?,
            table: row.get(6)?,
            record: row.get(7)?,
            invitees: Vec::new(),
        })
    };
    let Some(mut share) = tx.prepare_cached(&sql)?.query_row([key], read).optional()? else {
        return Ok(None);
    };
    let mut statement = tx.prepare_cached(
        "SELECT account, identity, state, privilege, attach_info, code, ends_ms FROM participants
         WHERE share = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([share.id])?;
    while let Some(row) = rows.next()? {
        share.invitees.push(invitee(row)?);
    }
    Ok(Some(share))
}

fn invitee(row: &Row<'_>) -> Result<Invitee> {
    Ok(Invitee {
        account: row.get(0)?,
        identity: row.get(1)?,
        state: state_of(row.get(2)?)?,
        privilege: privilege_of(row.get(3)?),
        attach_info: row.get(4)?,
        code: row.get(5)?,
        ends_ms: row.get(6)?,
        changed: false,
    })
}

fn state_of(number: i32) -> Result<State> {
    [State::Unknown, State::Accepted, State::Rejected, State::Suspended, State::Unavailable]
        .into_iter()
        .find(|state| *state as i32 == number)
        .ok_or_else(|| CloudError::Corrupt(format!("a participant's state is {number}")))
}

/// Writes what has changed of a share.
pub(super) fn save(tx: &Transaction<'_>, share: &Share) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO participants (share, account, identity, state, privilege, attach_info, code, ends_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (share, account) DO UPDATE
         SET state = excluded.state, privilege = excluded.privilege, attach_info = excluded.attach_info,
             code = excluded.code, ends_ms = excluded.ends_ms",
    )?;
    for one in share.invitees.iter().filter(|one| one.changed) {
        let (state, privilege) = (one.state as i32, bits_of(one.privilege));
        let row = params![
            share.id,
            one.account,
            one.identity,
            state,
            privilege,
            one.attach_info,
            one.code,
            one.ends_ms
        ];
        statement.execute(row)?;
    }
    Ok(())
}

/// What others share with an account in a table, and it has accepted and may read.
pub(super) fn grants(tx: &Transaction<'_>, account: &str, at: Place<'_>) -> Result<Vec<Grant>> {
    let mut statement = tx.prepare_cached(
        "SELECT shares.id, resource, owner, inviter, record, privilege FROM participants
         JOIN shares ON shares.id = participants.share
         WHERE account = ?1 AND state = ?2 AND bundle = ?3 AND db = ?4 AND tbl = ?5 ORDER BY shares.id",
    )?;
    let accepted = State::Accepted as i32;
    let mut rows = statement.query(params![account, accepted, at.bundle, at.database, at.name])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        let privilege = privilege_of(row.get(5)?);
        if privilege.readable {
            let (share, resource, owner) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (inviter, record) = (row.get(3)?, row.get(4)?);
            grants.push(Grant { share, resource, owner, inviter, record, privilege });
        }
    }
    Ok(grants)
}

/// The owner of a share.
pub(super) fn owner(tx: &Transaction<'_>, share: i64) -> Result<Option<String>> {
    let sql = "SELECT owner FROM shares WHERE id = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([share], |row| row.get(0)).optional()?)
}

/// The owner of a share that an account has accepted and may read.
pub(super) fn owner_of_readable(tx: &Transaction<'_>, account: &str, share: i64) -> Result<Option<String>> {
    let sql = "SELECT owner, privilege FROM participants JOIN shares ON shares.id = participants.share
               WHERE shares.id = ?1 AND account = ?2 AND state = ?3";
    let row = params![share, account, State::Accepted as i32];
    let found: Option<(String, i64)> =
        tx.prepare_cached(sql)?.query_row(row, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.filter(|(_, privilege)| privilege_of(*privilege).readable).map(|(owner, _)| owner))
}

/// The accounts that see what another shares in a database.
pub(super) fn watchers(
    tx: &Transaction<'_>,
    owner: &str,
    bundle: &str,
    database: &str,
) -> Result<Vec<String>> {
    let mut statement = tx.prepare_cached(
        "SELECT DISTINCT account FROM participants JOIN shares ON shares.id = participants.share
         WHERE owner = ?1 AND bundle = ?2 AND db = ?3 AND state = ?4",
    )?;
    let row = params![owner, bundle, database, State::Accepted as i32];
    let accounts = statement.query_map(row, |row| row.get(0))?;
    Ok(accounts.collect::<rusqlite::Result<_>>()?)
}

/// How many things an account shares with anybody.
pub(super) fn shares_of(tx: &Transaction<'_>, owner: &str) -> Result<usize> {
    let sql = "SELECT count(*) FROM shares WHERE owner = ?1 AND EXISTS
               (SELECT 1 FROM participants WHERE share = shares.id AND state <> ?2)";
    let count: i64 = tx.query_row(sql, params![owner, State::Unavailable as i32], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// How many wrong codes an account has tried within the last so many milliseconds.
pub(super) fn guesses(tx: &Transaction<'_>, account: &str, now: i64, within_ms: i64) -> Result<u32> {
    // A stamp from the future is one from before the clock was set back.
    let sql = "SELECT wrong FROM guesses WHERE account = ?1 AND since_ms BETWEEN ?2 AND ?3";
    let row = params![account, now.saturating_sub(within_ms) + 1, now];
    Ok(tx.query_row(sql, row, |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Counts one more, from now on where it is the first.
pub(super) fn count_guess(tx: &Transaction<'_>, account: &str, now: i64, before: u32) -> Result<()> {
    let sql = match before {
        0 => "INSERT OR REPLACE INTO guesses VALUES (?1, ?2, ?3)",
        _ => "UPDATE guesses SET wrong = ?3 WHERE account = ?1 AND since_ms <= ?2",
    };
    tx.execute(sql, params![account, now, before + 1])?;
    Ok(())
}
