//! What an account has made in something shared, and keeps as its own when that is not shared with it any more. The owner keeps
//! it too.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::{OptionalExtension, Transaction, params};

use super::super::Core;
use super::super::failure::Failure;
use super::super::references::named_by;
use super::super::write::{Writer, decode};
use super::mirror::{Grant, Place, find_table, is_copy, parent_of};
use super::{book, through};
use crate::{CloudError, CloudType, Flag, PARENT_FIELD, Result, Row, RowWrite};

/// Records that were copies and become the account's own.
#[derive(Default)]
pub(super) struct Kept {
    rows: BTreeMap<String, Row>,
    /// The folders that lead to them, which were others': under ids of their own, so that the others' may come back.
    folders: BTreeMap<String, (String, Row)>,
    /// Those that there is no room for yet: they stay copies until there is.
    waiting: HashSet<String>,
}

impl Kept {
    /// What is not to be deleted.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().chain(&self.waiting).map(String::as_str)
    }

    pub(super) fn all_fit(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// Notes who has made a record of the owner's.
pub(super) fn note_author(tx: &Transaction<'_>, table: i64, id: &str, account: &str) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO authors VALUES (?1, ?2, ?3)";
    tx.prepare_cached(sql)?.execute(params![table, id, account])?;
    Ok(())
}

/// Nobody asks any more who has made a record.
pub(in super::super) fn forget_author(tx: &Transaction<'_>, table: i64, id: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM authors WHERE tbl = ?1 AND id = ?2";
    tx.prepare_cached(sql)?.execute(params![table, id]).map(drop)
}

/// Which of the copies that are there no more this account has made, with their bytes brought over. What its owner has deleted
/// while it was shared is not among them.
pub(super) fn find(core: &Core, at: Place<'_>, grants: &[Grant], wanted: &HashSet<&str>) -> Result<Kept> {
    let mut kept = Kept::default();
    let mut going = core.pool.read(|tx| live(tx, at.table))?;
    going.retain(|id, _| !wanted.contains(id.as_str()));
    let made: Vec<(String, i64, Row)> = going
        .iter()
        .filter(|(_, copy)| copy.made)
        .map(|(id, copy)| (id.clone(), copy.share, copy.fields.clone()))
        .collect();
    for (id, share, fields) in made {
        let Some(owner) = core.book()?.pool.read(|tx| book::owner(tx, share))? else { continue };
        let owner = core.peer(&owner)?;
        let stands = grants.iter().any(|grant| grant.share == share);
        if stands && !owner.pool.read(|tx| is_live(tx, at, &id))? {
            continue;
        }
        match bring(core, &owner, &fields) {
            Ok(()) => drop(kept.rows.insert(id, fields)),
            Err(CloudError::NotFound(_)) => {}
            Err(CloudError::NoSpaceForAsset) => kept.waiting.extend(way_to(&going, id)),
            Err(error) => return Err(error),
        }
    }
    lay(core, at.table, &mut kept, &going)?;
    Ok(kept)
}

/// A copy that was there until now.
struct Going {
    share: i64,
    made: bool,
    fields: Row,
}

/// The live copies of a table.
fn live(tx: &Transaction<'_>, table: i64) -> Result<BTreeMap<String, Going>> {
    let sql = "SELECT mirrored.id, mirrored.share, mirrored.made, records.fields FROM mirrored
               JOIN records ON records.tbl = mirrored.tbl AND records.id = mirrored.id
               WHERE mirrored.tbl = ?1 AND mirrored.live = 1";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([table])?;
    let mut live = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let fields: Vec<u8> = row.get(3)?;
        live.insert(row.get(0)?, Going { share: row.get(1)?, made: row.get(2)?, fields: decode(&fields)? });
    }
    Ok(live)
}

/// A record and the folders that lead to it.
fn way_to(going: &BTreeMap<String, Going>, id: String) -> BTreeSet<String> {
    let mut way = BTreeSet::new();
    let mut next = Some(id);
    while let Some(id) = next.filter(|id| !way.contains(id)) {
        let parent = going.get(&id).and_then(|copy| parent_of(&copy.fields)).map(str::to_owned);
        next = parent.filter(|parent| going.contains_key(parent));
        way.insert(id);
    }
    way
}

/// Lays what is kept where it was. A folder of others that goes is made anew for that.
fn lay(core: &Core, table: i64, kept: &mut Kept, going: &BTreeMap<String, Going>) -> Result<()> {
    let mut parents: Vec<String> = kept.rows.values().filter_map(parent_of).map(str::to_owned).collect();
    while let Some(parent) = parents.pop() {
        if kept.rows.contains_key(&parent) || kept.folders.contains_key(&parent) {
            continue;
        }
        let Some(folder) = going.get(&parent) else { continue };
        parents.extend(parent_of(&folder.fields).map(str::to_owned));
        let id = core.record_ids(1)?.concat();
        kept.folders.insert(parent, (id, folder.fields.clone()));
    }
    let mut places: BTreeMap<String, String> = kept.rows.keys().map(|id| (id.clone(), id.clone())).collect();
    places.extend(kept.folders.iter().map(|(old, (new, _))| (old.clone(), new.clone())));
    let folders = kept.folders.values_mut().map(|(_, fields)| fields);
    for fields in kept.rows.values_mut().chain(folders) {
        through::take_reserved(fields);
        let Some(parent) = parent_of(fields) else { continue };
        match places.get(parent) {
            Some(place) => drop(fields.insert(PARENT_FIELD.into(), CloudType::String(place.clone()))),
            None if core.pool.read(|tx| is_own(tx, table, parent))? => {}
            // In what others still share, nothing of the account's own lies.
            None => drop(fields.remove(PARENT_FIELD)),
        }
    }
    Ok(())
}

fn is_live(tx: &Transaction<'_>, at: Place<'_>, id: &str) -> Result<bool> {
    let Some((_, table, _)) = find_table(tx, at)? else { return Ok(false) };
    let sql = "SELECT op FROM records WHERE tbl = ?1 AND id = ?2";
    let found = tx.prepare_cached(sql)?.query_row(params![table, id], |row| row.get::<_, i32>(0));
    Ok(found.optional()?.is_some_and(|operation| operation != Flag::Delete as i32))
}

/// Whether a record is there, and the account's own.
fn is_own(tx: &Transaction<'_>, table: i64, id: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM records WHERE tbl = ?1 AND id = ?2 AND op <> ?3)";
    let live =
        tx.prepare_cached(sql)?.query_row(params![table, id, Flag::Delete as i32], |row| row.get(0))?;
    Ok(live && !is_copy(tx, table, id)?)
}

/// Brings what a record names from its owner, where it is not here.
fn bring(core: &Core, owner: &Core, fields: &Row) -> Result<()> {
    let named = named_by(fields);
    named.iter().try_for_each(|digest| through::hand_over(owner, core, digest, &named)?)
}

/// Makes copies the account's own records.
pub(super) fn write(tx: &Transaction<'_>, table: i64, now: i64, kept: &Kept) -> Result<()> {
    if kept.rows.is_empty() {
        return Ok(());
    }
    let db = tx.query_row("SELECT db FROM tables WHERE id = ?1", [table], |row| row.get(0))?;
    let mut writer = Writer::begin(tx, db, table, now)?;
    let folders = kept.folders.values().map(|(id, fields)| (Flag::Insert, id, fields));
    let rows = kept.rows.iter().map(|(id, fields)| (Flag::Update, id, fields));
    for (flag, id, fields) in folders.chain(rows) {
        let row = RowWrite { id: id.clone(), base_version: None, lock_id: None, values: fields.clone() };
        match writer.write(flag, &row) {
            Ok(_) => {}
            Err(Failure::Refused(error) | Failure::Call(error)) => return Err(error),
        }
    }
    writer.finish()?;
    Ok(())
}
