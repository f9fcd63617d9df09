//! Writes of an invitee: what they may change of what is shared with them, and how it comes to its owner.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use rusqlite::{OptionalExtension, Transaction, params};

use super::super::assets::{Arrived, Ledger};
use super::super::failure::{Failure, store_error};
use super::super::references::{Digest, find as find_content, named_by};
use super::super::schema::seq_of;
use super::super::write::{Writer, decode};
use super::super::{Core, lease};
use super::keep;
use super::mirror::{self, Grant, Place, find_table, parent_of};
use crate::{
    CloudAsset, CloudError, Flag, NAME_FIELD, OWNER_FIELD, PARENT_FIELD, PRIVILEGE_FIELD, RESOURCE_FIELD,
    Result, Row, RowWrite, WriteReceipt,
};

type Answer = Result<WriteReceipt>;

/// Where a row goes.
enum Route {
    /// To this account's own records.
    Own,
    /// To the owner of what it lies in.
    Through(usize, Kind),
    /// Nowhere.
    Refused(CloudError),
}

/// What a row is to its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A new record in something shared.
    New,
    /// A record of the share.
    Known,
    /// What was shared itself.
    Root,
}

/// The rows of one call that go to others, and what became of them; the account's own are left to its own tables.
pub(in super::super) struct Sorted {
    pub(in super::super) own: Vec<usize>,
    pub(in super::super) answers: BTreeMap<usize, Answer>,
}

fn not_allowed(text: &str) -> CloudError {
    CloudError::NotAllowed(text.to_owned())
}

/// Writes those rows of a call that are about what others share. `at` has just been brought up to date.
pub(in super::super) fn write(
    core: &Core,
    db: i64,
    at: Place<'_>,
    flag: Flag,
    rows: &[RowWrite],
) -> Result<Sorted> {
    let grants = mirror::grants(core, at)?;
    let routes = core.pool.read(|tx| routes(tx, db, at, flag, rows, &grants, core.now()))?;
    let mut sorted = Sorted { own: Vec::new(), answers: BTreeMap::new() };
    let mut through: BTreeMap<usize, Vec<(usize, Kind)>> = BTreeMap::new();
    for (index, route) in routes.into_iter().enumerate() {
        match route {
            Route::Own => sorted.own.push(index),
            Route::Through(grant, kind) => through.entry(grant).or_default().push((index, kind)),
            Route::Refused(error) => drop(sorted.answers.insert(index, Err(error))),
        }
    }
    for (grant, part) in through {
        let Some(grant) = grants.get(grant) else { continue };
        sorted.answers.extend(write_to(core, at, flag, rows, grant, &part)?);
    }
    Ok(sorted)
}

/// Decides where each row goes, and refuses what the privileges do not allow.
fn routes(
    tx: &Transaction<'_>,
    db: i64,
    at: Place<'_>,
    flag: Flag,
    rows: &[RowWrite],
    grants: &[Grant],
    now: i64,
) -> Result<Vec<Route>> {
    let holder = lease::holder(tx, db, now)?;
    // New records of this call, which later ones may lie in.
    let mut made: HashMap<&str, usize> = HashMap::new();
    // Those that are refused, and with them whatever is to lie in them.
    let mut denied: HashSet<&str> = HashSet::new();
    let mut routes = Vec::with_capacity(rows.len());
    for row in rows {
        let share = |id: &str| -> Result<Option<usize>> {
            if let Some(grant) = made.get(id) {
                return Ok(Some(*grant));
            }
            let share = share_of(tx, at.table, id)?;
            Ok(share.and_then(|share| grants.iter().position(|grant| grant.share == share)))
        };
        let known = share(&row.id)?;
        let into = match parent_of(&row.values) {
            Some(parent) if flag != Flag::Delete => match known {
                // Also where the folder is here one's own, under the id that it has there.
                Some(grant) if !is_root(grants, grant, row) && lies_at(tx, at.table, &row.id, parent)? => {
                    known
                }
                _ => share(parent)?,
            },
            _ => None,
        };
        let route = match (known, into) {
            (None, None) if parent_of(&row.values).is_some_and(|parent| denied.contains(parent)) => {
                Route::Refused(not_allowed("this account may not add to what is shared with it"))
            }
            (None, None) => Route::Own,
            _ if row.lock_id.is_some() && row.lock_id != holder => Route::Refused(CloudError::StaleLock),
            (Some(grant), into) => known_route(grants, grant, into, flag, row),
            (None, Some(_)) if flag != Flag::Insert || is_own(tx, at.table, &row.id)? => {
                Route::Refused(not_allowed("what is one's own cannot be moved into a share; copy it there"))
            }
            (None, Some(grant)) if grants.get(grant).is_some_and(|grant| grant.privilege.creatable) => {
                made.insert(&row.id, grant);
                Route::Through(grant, Kind::New)
            }
            (None, Some(_)) => {
                Route::Refused(not_allowed("this account may not add to what is shared with it"))
            }
        };
        if known.is_none() && matches!(route, Route::Refused(_)) {
            denied.insert(&row.id);
        }
        routes.push(route);
    }
    Ok(routes)
}

fn known_route(grants: &[Grant], index: usize, into: Option<usize>, flag: Flag, row: &RowWrite) -> Route {
    let root = is_root(grants, index, row);
    let Some(grant) = grants.get(index) else { return Route::Own };
    let kind = if root { Kind::Root } else { Kind::Known };
    let refused = |text| Route::Refused(not_allowed(text));
    match flag {
        Flag::Delete if grant.privilege.deletable => Route::Through(index, kind),
        Flag::Delete => refused("this account may not delete what is shared with it; it can leave the share"),
        Flag::Insert | Flag::Update if root && into.is_none() => Route::Through(index, kind),
        Flag::Insert | Flag::Update if into != Some(index) || root => {
            refused("what is shared cannot be moved out of its share, or into another one; copy it")
        }
        Flag::Insert | Flag::Update if grant.privilege.writable => Route::Through(index, kind),
        Flag::Insert | Flag::Update => refused("this account may not change what is shared with it"),
    }
}

/// Whether a row is about the very record that was shared.
fn is_root(grants: &[Grant], index: usize, row: &RowWrite) -> bool {
    grants.get(index).is_some_and(|grant| grant.record == row.id)
}

/// The share that a record is a copy of.
fn share_of(tx: &Transaction<'_>, table: i64, id: &str) -> Result<Option<i64>> {
    let sql = "SELECT share FROM mirrored WHERE tbl = ?1 AND id = ?2 AND live = 1";
    Ok(tx.prepare_cached(sql)?.query_row(params![table, id], |row| row.get(0)).optional()?)
}

/// Whether a copy lies in a folder now.
fn lies_at(tx: &Transaction<'_>, table: i64, id: &str, parent: &str) -> Result<bool> {
    let sql = "SELECT fields FROM records WHERE tbl = ?1 AND id = ?2";
    let fields: Option<Vec<u8>> =
        tx.prepare_cached(sql)?.query_row(params![table, id], |row| row.get(0)).optional()?;
    let Some(fields) = fields else { return Ok(false) };
    Ok(parent_of(&decode(&fields)?) == Some(parent))
}

fn is_own(tx: &Transaction<'_>, table: i64, id: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM records WHERE tbl = ?1 AND id = ?2)";
    Ok(tx.prepare_cached(sql)?.query_row(params![table, id], |row| row.get(0))?)
}

/// A copy as it is now: its version here and at its owner's, when it was written, and its fields.
struct Seen {
    version: u64,
    original: u64,
    modify_ms: i64,
    fields: Row,
}

fn seen(core: &Core, table: i64, id: &str) -> Result<Option<Seen>> {
    let sql = "SELECT records.place, mirrored.version, records.modify_ms, records.fields FROM mirrored
               JOIN records ON records.tbl = mirrored.tbl AND records.id = mirrored.id
               WHERE mirrored.tbl = ?1 AND mirrored.id = ?2";
    let found: Option<(i64, i64, i64, Vec<u8>)> = core.pool.read(|tx| {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        Ok(tx.prepare_cached(sql)?.query_row(params![table, id], read).optional()?)
    })?;
    let Some((place, original, modify_ms, fields)) = found else { return Ok(None) };
    Ok(Some(Seen {
        version: seq_of(place).unsigned_abs(),
        original: original.unsigned_abs(),
        modify_ms,
        fields: decode(&fields)?,
    }))
}

/// A row as its owner gets it.
struct Translated {
    index: usize,
    row: RowWrite,
    kind: Kind,
    /// What the invitee keeps to itself: where what was shared lies, and what it is called there.
    placed: Option<Row>,
}

/// Writes rows to the owner of a share, and then brings the copies up to date.
fn write_to(
    core: &Core,
    at: Place<'_>,
    flag: Flag,
    rows: &[RowWrite],
    grant: &Grant,
    part: &[(usize, Kind)],
) -> Result<Vec<(usize, Answer)>> {
    let owner = core.peer(&grant.owner)?;
    let (mut answers, mut translated) = (Vec::new(), Vec::new());
    for (index, kind) in part {
        let Some(row) = rows.get(*index) else { continue };
        match translate(core, &owner, at, flag, grant, *kind, row)? {
            Ok((row, placed)) => {
                translated.push(Translated { index: *index, row, kind: *kind, placed });
            }
            Err(error) => answers.push((*index, Err(error))),
        }
    }
    let (written, db) = send(core, &owner, at, flag, grant, &translated)?;
    owner.subscriptions.tell(db);
    place_roots(core, at, &translated, &written)?;
    mirror::refresh(core, at)?;
    for (one, answer) in translated.iter().zip(written) {
        answers.push((one.index, receipt(core, at.table, &one.row.id, answer)?));
    }
    Ok(answers)
}

/// A row as the owner is to have it, with the version that the invitee's stands for there; or why it is refused.
fn translate(
    core: &Core,
    owner: &Core,
    at: Place<'_>,
    flag: Flag,
    grant: &Grant,
    kind: Kind,
    row: &RowWrite,
) -> Result<std::result::Result<(RowWrite, Option<Row>), CloudError>> {
    let before = seen(core, at.table, &row.id)?;
    let current = before.as_ref().map_or(0, |seen| seen.version);
    if kind != Kind::New && row.base_version.is_some_and(|base| base != current) {
        return Ok(Err(CloudError::VersionConflict { current }));
    }
    let base_version = match kind {
        Kind::New => row.base_version,
        Kind::Known | Kind::Root => row.base_version.and(before.as_ref().map(|seen| seen.original)),
    };
    let mut values = row.values.clone();
    let mut placed = None;
    if kind == Kind::Root && flag != Flag::Delete {
        placed = Some(take_place(&mut values));
        let mut known = before.as_ref().map(|seen| seen.fields.clone()).unwrap_or_default();
        take_reserved(&mut known);
        take_place(&mut known);
        if known != values && !grant.privilege.writable {
            return Ok(Err(not_allowed("this account may not change what is shared with it")));
        }
    }
    let held = before.map(|seen| named_by(&seen.fields)).unwrap_or_default();
    for digest in named_by(&values) {
        if let Err(error) = hand_over(core, owner, &digest, &held)? {
            return Ok(Err(error));
        }
    }
    Ok(Ok((RowWrite { id: row.id.clone(), base_version, lock_id: None, values }, placed)))
}

/// Takes out of a row what says whose it is and what is allowed: nobody can write that.
pub(in super::super) fn take_reserved(values: &mut Row) {
    for ours in [OWNER_FIELD, PRIVILEGE_FIELD, RESOURCE_FIELD] {
        values.remove(ours);
    }
}

/// Takes out of a row what says where it lies and what it is called.
fn take_place(values: &mut Row) -> Row {
    [PARENT_FIELD, NAME_FIELD]
        .into_iter()
        .filter_map(|field| values.remove(field).map(|value| (field.into(), value)))
        .collect()
}

/// Sees to it that the owner has a content that a row names. Only what this account has itself, or had been given with that very
/// record, may be named: knowing a digest is not having the bytes.
pub(super) fn hand_over(
    core: &Core,
    owner: &Core,
    digest: &Digest,
    held: &[Digest],
) -> Result<std::result::Result<(), CloudError>> {
    let own = core.pool.read(|tx| Ok(find_content(tx, digest)?))?;
    let theirs = owner.pool.read(|tx| Ok(find_content(tx, digest)?))?;
    let Some(own) = own else {
        let known = held.contains(digest) && theirs.is_some();
        let missing =
            || CloudError::NotFound(format!("asset {}", super::super::references::asset_id(digest)));
        return Ok(if known { Ok(()) } else { Err(missing()) });
    };
    if theirs.is_some_and(|content| owner.store.holds(content.file, content.size)) {
        return Ok(Ok(()));
    }
    let failed = |error: &io::Error| store_error(error);
    let mut from = core.store.open_content(own.file).map_err(|error| failed(&error))?;
    let guard = owner.store.guard().map_err(|error| failed(&error))?;
    let file = owner.store.next(&owner.pool)?;
    let mut to = owner.store.create(file).map_err(|error| failed(&error))?;
    let copied = io::copy(&mut from, &mut to).and_then(|_| owner.store.barrier());
    if let Err(error) = copied {
        owner.store.remove(file);
        return Err(failed(&error));
    }
    let asset = CloudAsset::default();
    let arrived = Arrived { index: 0, asset, digest: *digest, size: own.size, file: Some(file) };
    let admitted = owner.pool.write(|tx| {
        let mut ledger = Ledger::open(owner, tx)?;
        match ledger.admit(&arrived) {
            Ok(needless) => {
                ledger.close()?;
                Ok(Ok(needless))
            }
            Err(Failure::Refused(error)) => Ok(Err(error)),
            Err(Failure::Call(error)) => Err(error),
        }
    })?;
    drop(guard);
    match admitted {
        Ok(needless) => {
            needless.map(|file| owner.store.remove(file));
            Ok(Ok(()))
        }
        Err(error) => {
            owner.store.remove(file);
            Ok(Err(error))
        }
    }
}

/// Writes rows in the owner's table, in one transaction. Also says which database of the owner's that is.
fn send(
    core: &Core,
    owner: &Core,
    at: Place<'_>,
    flag: Flag,
    grant: &Grant,
    rows: &[Translated],
) -> Result<(Vec<Answer>, i64)> {
    owner.pool.write(|tx| {
        let gone = || CloudError::NotFound(format!("what {} shares", grant.inviter));
        let (db, table, _) = find_table(tx, at)?.ok_or_else(gone)?;
        let mut writer = Writer::begin(tx, db, table, owner.now())?;
        let mut answers = Vec::with_capacity(rows.len());
        for one in rows {
            let mut row = one.row.clone();
            let root = one.kind == Kind::Root;
            if root && flag != Flag::Delete {
                row.values.extend(place_at_owner(tx, table, &row.id)?);
            }
            // A record that comes back here does so because its owner has it still.
            let flag = if root && flag == Flag::Insert { Flag::Update } else { flag };
            answers.push(match writer.write(flag, &row) {
                Ok(receipt) => {
                    if one.kind == Kind::New {
                        keep::note_author(tx, table, &row.id, &core.account_id)?;
                    }
                    Ok(receipt)
                }
                Err(Failure::Refused(error)) => Err(error),
                Err(Failure::Call(error)) => return Err(error),
            });
        }
        writer.finish()?;
        Ok((answers, db))
    })
}

/// Where what was shared lies with its owner, and what it is called there: that is the owner's to change.
fn place_at_owner(tx: &Transaction<'_>, table: i64, id: &str) -> Result<Row> {
    let sql = "SELECT fields FROM records WHERE tbl = ?1 AND id = ?2";
    let fields: Option<Vec<u8>> =
        tx.prepare_cached(sql)?.query_row(params![table, id], |row| row.get(0)).optional()?;
    let Some(fields) = fields else { return Ok(Row::new()) };
    Ok(take_place(&mut decode(&fields)?))
}

/// Keeps where the invitee has put what was shared with it.
fn place_roots(core: &Core, at: Place<'_>, rows: &[Translated], answers: &[Answer]) -> Result<()> {
    let placed: Vec<(&str, &Row)> = rows
        .iter()
        .zip(answers)
        .filter(|(_, answer)| answer.is_ok())
        .filter_map(|(one, _)| one.placed.as_ref().map(|placed| (one.row.id.as_str(), placed)))
        .collect();
    if placed.is_empty() {
        return Ok(());
    }
    core.pool.write(|tx| {
        for (id, placed) in placed {
            let fields = postcard::to_stdvec(placed)
                .map_err(|error| CloudError::InvalidArgument(error.to_string()))?;
            tx.execute("INSERT OR REPLACE INTO placed VALUES (?1, ?2, ?3)", params![at.table, id, fields])?;
        }
        // Looked at again, though nothing has changed with the owner.
        tx.execute("UPDATE mirrors SET stamp = '' WHERE tbl = ?1", [at.table])?;
        Ok(())
    })
}

/// What the owner answered, in the versions of this account's own table.
fn receipt(core: &Core, table: i64, id: &str, answer: Answer) -> Result<Answer> {
    let now = seen(core, table, id)?;
    let late = || CloudError::Network("it was written, and is not listed here yet".to_owned());
    Ok(match (answer, now) {
        (Ok(_), Some(seen)) => {
            Ok(WriteReceipt { id: id.to_owned(), version: seen.version, modify_time: seen.modify_ms })
        }
        (Ok(_), None) => Err(late()),
        (Err(CloudError::VersionConflict { .. }), seen) => {
            Err(CloudError::VersionConflict { current: seen.map_or(0, |seen| seen.version) })
        }
        (Err(error), _) => Err(error),
    })
}
