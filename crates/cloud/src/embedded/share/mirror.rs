//! What other accounts share with this one, among its own records.
//!
//! The records of a share stay in the account that owns them. An invitee's table holds copies of them, brought up to date
//! whenever it is listed or written to: so what is shared comes in the listing like anything else, with the table's own
//! sequence, and what is taken back goes as a deletion does. Nothing of a copy counts as this account's: neither its contents,
//! which lie with the owner, nor the space that they take up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Transaction, params};

use super::super::Core;
use super::super::description::find_database;
use super::super::references::{Digest, named_by, release_deleted};
use super::super::schema::{place, seq_of};
use super::super::write::decode;
use super::bits_of;
use super::book::{self, FILE};
use super::keep;
use crate::{
    CloudError, CloudType, Flag, OWNER_FIELD, PARENT_FIELD, PRIVILEGE_FIELD, Privilege, RESOURCE_FIELD,
    Result, Row,
};

/// Something that an account shares with this one, which has accepted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Grant {
    pub(super) share: i64,
    pub(super) resource: String,
    pub(super) owner: String,
    pub(super) inviter: String,
    pub(super) record: String,
    pub(in super::super) privilege: Privilege,
}

/// A table of this account, by its own numbers and by the names that it has in every account.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Place<'a> {
    pub(in super::super) table: i64,
    pub(in super::super) bundle: &'a str,
    pub(in super::super) database: &'a str,
    pub(in super::super) name: &'a str,
}

/// A record as its owner has it.
struct Original {
    version: i64,
    create_ms: i64,
    fields: Row,
    /// The account that has made it, where that is another one.
    author: Option<String>,
}

/// A record as it is to be in the invitee's table.
struct Copy {
    share: i64,
    version: i64,
    create_ms: i64,
    fields: Vec<u8>,
    /// Whether this account has made it.
    made: bool,
}

/// In place of a stamp: no stamp is like it, so that the copies are looked at once more.
const LOOK_AGAIN: &str = "look again";

/// What is shared with this account in a table. None where nobody has ever shared.
pub(in super::super) fn grants(core: &Core, at: Place<'_>) -> Result<Vec<Grant>> {
    if core.book.get().is_none() && !core.dir.join(FILE).exists() {
        return Ok(Vec::new());
    }
    core.book()?.pool.read(|tx| book::grants(tx, &core.account_id, at))
}

/// Brings the copies in a table up to date. Where another account, or the book, cannot be read, they stay as they are: what
/// others have must never keep this account from its own records, and nothing is deleted because it could not be seen.
pub(in super::super) fn refresh(core: &Core, at: Place<'_>) -> Result<()> {
    let Ok(grants) = grants(core, at) else { return Ok(()) };
    let before: Option<String> = core.pool.read(|tx| stamp_of(tx, at.table))?;
    if grants.is_empty() && before.is_none() {
        return Ok(());
    }
    let Ok(stamp) = stamp(core, at, &grants) else { return Ok(()) };
    if before.as_ref() == Some(&stamp) {
        return Ok(());
    }
    let placed = core.pool.read(|tx| placements(tx, at.table))?;
    let Ok(copies) = copies(core, at, &grants, &placed) else { return Ok(()) };
    let mut wanted: HashSet<&str> = copies.iter().map(|(id, _)| id.as_str()).collect();
    let Ok(kept) = keep::find(core, at, &grants, &wanted) else { return Ok(()) };
    wanted.extend(kept.ids());
    // What waits for room is looked at each time.
    let stamp = if kept.all_fit() { stamp.as_str() } else { LOOK_AGAIN };
    core.pool.write(|tx| {
        let mut table = Table::begin(tx, at.table, core.now())?;
        for (id, copy) in &copies {
            table.put(id, copy)?;
        }
        table.remove_others(&wanted)?;
        table.finish(stamp)?;
        keep::write(tx, at.table, core.now(), &kept)
    })
}

fn stamp_of(tx: &Transaction<'_>, table: i64) -> Result<Option<String>> {
    let sql = "SELECT stamp FROM mirrors WHERE tbl = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([table], |row| row.get(0)).optional()?)
}

/// The copies in a table may not be all that there should be any more, whatever their owners have done.
pub(in super::super) fn look_again(tx: &Transaction<'_>, table: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE mirrors SET stamp = ?2 WHERE tbl = ?1";
    tx.prepare_cached(sql)?.execute(params![table, LOOK_AGAIN]).map(drop)
}

/// Everything that the copies in a table follow from, as text: the grants, and how far the owners' tables are.
fn stamp(core: &Core, at: Place<'_>, grants: &[Grant]) -> Result<String> {
    let mut stamp = String::new();
    for grant in grants {
        let owner = core.peer(&grant.owner)?;
        let seq = owner.pool.read(|tx| Ok(find_table(tx, at)?.map_or(0, |(_, _, seq)| seq)))?;
        let bits = bits_of(grant.privilege);
        // Writing to a String does not fail.
        let _ = write!(stamp, "{}:{bits}:{:x}:{seq} ", grant.share, owner.epoch);
    }
    Ok(stamp)
}

/// The number of the database and of the table in an account, and how far the table is.
pub(super) fn find_table(tx: &Transaction<'_>, at: Place<'_>) -> Result<Option<(i64, i64, i64)>> {
    let Some(db) = find_database(tx, at.bundle, at.database)? else { return Ok(None) };
    let sql = "SELECT id, seq FROM tables WHERE db = ?1 AND name = ?2";
    let found = tx.prepare_cached(sql)?.query_row(params![db, at.name], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?.map(|(table, seq)| (db, table, seq)))
}

/// What the invitee calls the records that were shared with it, and where it keeps them: parent and name by record.
fn placements(tx: &Transaction<'_>, table: i64) -> Result<HashMap<String, Row>> {
    let mut statement = tx.prepare_cached("SELECT id, fields FROM placed WHERE tbl = ?1")?;
    let mut rows = statement.query([table])?;
    let mut placed = HashMap::new();
    while let Some(row) = rows.next()? {
        let fields: Vec<u8> = row.get(1)?;
        placed.insert(row.get(0)?, decode(&fields)?);
    }
    Ok(placed)
}

/// The copies that there should be, each folder before what is in it. What several shares have in common is the first one's.
fn copies(
    core: &Core,
    at: Place<'_>,
    grants: &[Grant],
    placed: &HashMap<String, Row>,
) -> Result<Vec<(String, Copy)>> {
    let mut tables: BTreeMap<&str, Originals> = BTreeMap::new();
    let (mut copies, mut seen) = (Vec::new(), HashSet::new());
    for grant in grants {
        if !tables.contains_key(grant.owner.as_str()) {
            tables.insert(&grant.owner, Originals::read(&*core.peer(&grant.owner)?, at)?);
        }
        let Some(originals) = tables.get_mut(grant.owner.as_str()) else { continue };
        for id in originals.tree(&grant.record) {
            let Some(original) = originals.records.get(&id).filter(|_| !seen.contains(&id)) else { continue };
            let mut fields = original.fields.clone();
            if id == grant.record {
                fields.remove(PARENT_FIELD);
                fields.extend(placed.get(&id).cloned().unwrap_or_default());
                fields.insert(RESOURCE_FIELD.into(), CloudType::String(grant.resource.clone()));
            }
            fields.insert(OWNER_FIELD.into(), CloudType::String(grant.inviter.clone()));
            fields.insert(PRIVILEGE_FIELD.into(), CloudType::Int64(bits_of(grant.privilege)));
            let fields =
                postcard::to_stdvec(&fields).map_err(|error| CloudError::Corrupt(error.to_string()))?;
            let (version, create_ms) = (original.version, original.create_ms);
            let made = original.author.as_ref() == Some(&core.account_id);
            copies.push((id.clone(), Copy { share: grant.share, version, create_ms, fields, made }));
            seen.insert(id);
        }
    }
    Ok(copies)
}

/// An owner's table: the records that were not deleted, and what lies in which.
struct Originals {
    records: HashMap<String, Original>,
    children: HashMap<String, Vec<String>>,
}

impl Originals {
    fn read(owner: &Core, at: Place<'_>) -> Result<Self> {
        let mut all = Originals { records: HashMap::new(), children: HashMap::new() };
        owner.pool.read(|tx| {
            let Some((_, table, _)) = find_table(tx, at)? else { return Ok(()) };
            // What is itself a copy is not the owner's to share.
            let mut statement = tx.prepare_cached(
                "SELECT id, place, create_ms, fields,
                   (SELECT account FROM authors WHERE authors.tbl = records.tbl AND authors.id = records.id)
                 FROM records WHERE place > ?1 AND place < ?2 AND op <> ?3 AND NOT EXISTS
                   (SELECT 1 FROM mirrored WHERE mirrored.tbl = records.tbl AND mirrored.id = records.id)
                 ORDER BY place",
            )?;
            let mut rows =
                statement.query(params![place(table, 0), place(table + 1, 0), Flag::Delete as i32])?;
            while let Some(row) = rows.next()? {
                let (id, encoded): (String, Vec<u8>) = (row.get(0)?, row.get(3)?);
                let fields = decode(&encoded)?;
                if let Some(parent) = parent_of(&fields) {
                    all.children.entry(parent.to_owned()).or_default().push(id.clone());
                }
                let (version, create_ms, author) = (seq_of(row.get(1)?), row.get(2)?, row.get(4)?);
                let original = Original { version, create_ms, fields, author };
                all.records.insert(id, original);
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// A record and all that lies in it, each folder before what is in it.
    fn tree(&self, root: &str) -> Vec<String> {
        let mut tree = Vec::new();
        let mut seen: HashSet<&str> = HashSet::from([root]);
        if let Some((root, _)) = self.records.get_key_value(root) {
            tree.push(root.clone());
        }
        let mut at = 0;
        while let Some(folder) = tree.get(at) {
            at += 1;
            let inside = self.children.get(folder).into_iter().flatten();
            let inside: Vec<String> = inside.filter(|id| seen.insert(id)).cloned().collect();
            tree.extend(inside);
        }
        tree
    }
}

/// The record that a record lies in.
pub(super) fn parent_of(fields: &Row) -> Option<&str> {
    match fields.get(PARENT_FIELD) {
        Some(CloudType::String(parent)) => Some(parent),
        _ => None,
    }
}

/// An invitee's table, whose copies are brought up to date in one transaction.
struct Table<'a> {
    tx: &'a Transaction<'a>,
    table: i64,
    now: i64,
    seq: i64,
}

impl<'a> Table<'a> {
    fn begin(tx: &'a Transaction<'a>, table: i64, now: i64) -> Result<Self> {
        let seq = tx.query_row("SELECT seq FROM tables WHERE id = ?1", [table], |row| row.get(0))?;
        Ok(Table { tx, table, now, seq })
    }

    fn next(&mut self) -> Result<i64> {
        if self.seq == super::super::schema::LAST_SEQ {
            return Err(CloudError::RecordLimitExceeded);
        }
        self.seq += 1;
        Ok(place(self.table, self.seq))
    }

    /// Writes a copy, where it is another one than before. A live record of the account's own is never touched by one,
    /// whatever id somebody else has given theirs; one that was deleted makes room.
    fn put(&mut self, id: &str, copy: &Copy) -> Result<()> {
        let sql = "SELECT records.place, records.op, records.fields, mirrored.version IS NOT NULL
                   FROM records LEFT JOIN mirrored ON mirrored.tbl = records.tbl AND mirrored.id = records.id
                   WHERE records.tbl = ?1 AND records.id = ?2";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let found: Option<(i64, i32, Vec<u8>, bool)> =
            self.tx.prepare_cached(sql)?.query_row(params![self.table, id], read).optional()?;
        match found {
            Some((_, operation, _, false)) if operation != Flag::Delete as i32 => return Ok(()),
            Some((old, operation, fields, was_copy)) => {
                if !was_copy {
                    release_deleted(self.tx, &fields, self.now)?;
                    keep::forget_author(self.tx, self.table, id)?;
                }
                let was_deleted = operation == Flag::Delete as i32;
                if was_deleted || fields != copy.fields {
                    let flag = if was_deleted { Flag::Insert } else { Flag::Update };
                    self.rewrite(old, flag, Some(&copy.fields))?;
                }
            }
            None => {
                let at = self.next()?;
                let row =
                    params![at, self.table, id, Flag::Insert as i32, copy.create_ms, self.now, copy.fields];
                self.tx
                    .prepare_cached("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                    .execute(row)?;
            }
        }
        let sql = "INSERT OR REPLACE INTO mirrored VALUES (?1, ?2, ?3, ?4, 1, ?5)";
        let row = params![self.table, id, copy.share, copy.version, copy.made];
        self.tx.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    fn rewrite(&mut self, old: i64, flag: Flag, fields: Option<&Vec<u8>>) -> Result<()> {
        let at = self.next()?;
        let sql = "UPDATE records SET place = ?2, op = ?3, modify_ms = ?4, fields = coalesce(?5, fields)
                   WHERE place = ?1";
        self.tx.prepare_cached(sql)?.execute(params![old, at, flag as i32, self.now, fields])?;
        Ok(())
    }

    /// Deletes the copies that are not wanted any more. They are still known to have been copies: what they name was never
    /// counted as this account's.
    fn remove_others(&mut self, wanted: &HashSet<&str>) -> Result<()> {
        let live: Vec<String> = {
            let sql = "SELECT id FROM mirrored WHERE tbl = ?1 AND live = 1";
            let mut statement = self.tx.prepare_cached(sql)?;
            let ids = statement.query_map([self.table], |row| row.get(0))?;
            ids.collect::<rusqlite::Result<_>>()?
        };
        for id in live.iter().filter(|id| !wanted.contains(id.as_str())) {
            let sql = "SELECT place FROM records WHERE tbl = ?1 AND id = ?2";
            let old = self.tx.prepare_cached(sql)?.query_row(params![self.table, id], |row| row.get(0))?;
            self.rewrite(old, Flag::Delete, None)?;
            let sql = "UPDATE mirrored SET live = 0 WHERE tbl = ?1 AND id = ?2";
            self.tx.prepare_cached(sql)?.execute(params![self.table, id])?;
            // Shared anew, it comes as its owner calls it.
            let sql = "DELETE FROM placed WHERE tbl = ?1 AND id = ?2";
            self.tx.prepare_cached(sql)?.execute(params![self.table, id])?;
        }
        Ok(())
    }

    fn finish(self, stamp: &str) -> Result<()> {
        self.tx.execute("UPDATE tables SET seq = ?2 WHERE id = ?1", [self.table, self.seq])?;
        let sql = "INSERT OR REPLACE INTO mirrors VALUES (?1, ?2)";
        self.tx.execute(sql, params![self.table, stamp])?;
        Ok(())
    }
}

/// Whether a table has ever had copies in it.
pub(in super::super) fn has_copies(tx: &Transaction<'_>, table: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM mirrors WHERE tbl = ?1)";
    tx.prepare_cached(sql)?.query_row([table], |row| row.get(0))
}

/// Whether a record is a copy, or was one before it was deleted.
pub(in super::super) fn is_copy(tx: &Transaction<'_>, table: i64, id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM mirrored WHERE tbl = ?1 AND id = ?2)";
    tx.prepare_cached(sql)?.query_row(params![table, id], |row| row.get(0))
}

/// A record is a copy no more: it has become the account's own, or is forgotten.
pub(in super::super) fn forget(tx: &Transaction<'_>, table: i64, id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM mirrored WHERE tbl = ?1 AND id = ?2")?
        .execute(params![table, id])
        .map(drop)
}

/// The account that lends a content to this one: whose record, shared with it and readable now, names it.
pub(in super::super) fn lender(
    core: &Core,
    db: i64,
    table: &str,
    id: &str,
    digest: &Digest,
) -> Result<Option<Arc<Core>>> {
    let sql = "SELECT mirrored.share, records.fields FROM tables
               JOIN mirrored ON mirrored.tbl = tables.id
               JOIN records ON records.tbl = mirrored.tbl AND records.id = mirrored.id
               WHERE tables.db = ?1 AND tables.name = ?2 AND mirrored.id = ?3 AND mirrored.live = 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found: Option<(i64, Vec<u8>)> = core
        .pool
        .read(|tx| Ok(tx.prepare_cached(sql)?.query_row(params![db, table, id], read).optional()?))?;
    let Some((share, fields)) = found else { return Ok(None) };
    if !named_by(&decode(&fields)?).contains(digest) {
        return Ok(None);
    }
    // What was taken back a moment ago is not lent any more, whether the copy has gone already or not.
    match core.book()?.pool.read(|tx| book::owner_of_readable(tx, &core.account_id, share))? {
        Some(owner) => core.peer(&owner).map(Some),
        None => Ok(None),
    }
}
