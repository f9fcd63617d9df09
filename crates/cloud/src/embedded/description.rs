//! What is known of each database: all that ever connected have described of it, together.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{OptionalExtension, Transaction, params};

use super::Core;
use crate::{CloudError, Database, Described, Result, Rules};

/// A database as it is kept.
struct Known {
    id: i64,
    database: Database,
}

/// The description that a connection is held to: the one that is known now, whoever described it. Nothing that was described
/// is ever taken away again, so that what this connection described itself stays good.
pub(super) struct Registered {
    core: Arc<Core>,
    db: i64,
    /// The rules, and the version that they are of.
    seen: Mutex<(i32, Arc<Rules>)>,
}

impl Registered {
    /// Registers a bundle's database with its description.
    pub(super) fn new(core: &Arc<Core>, bundle: &str, database: &Database) -> Result<Registered> {
        let db = register(core, bundle, database)?;
        let (version, rules) = core.pool.read(|tx| rules(tx, db))?;
        Ok(Registered { core: Arc::clone(core), db, seen: Mutex::new((version, Arc::new(rules))) })
    }

    /// The database's id.
    pub(super) fn db(&self) -> i64 {
        self.db
    }
}

impl Described for Registered {
    fn rules(&self) -> Result<Arc<Rules>> {
        let (seen, known) = self.seen.lock().clone();
        let newer = self.core.pool.read(|tx| {
            let sql = "SELECT description_version FROM databases WHERE id = ?1";
            let version: i32 = tx.prepare_cached(sql)?.query_row([self.db], |row| row.get(0))?;
            if version == seen { Ok(None) } else { rules(tx, self.db).map(Some) }
        })?;
        let Some((version, rules)) = newer else { return Ok(known) };
        let rules = Arc::new(rules);
        *self.seen.lock() = (version, Arc::clone(&rules));
        Ok(rules)
    }
}

/// The id of a bundle's database, whose description grows by this one.
pub(super) fn register(core: &Core, bundle: &str, database: &Database) -> Result<i64> {
    let name = database.cloud_name();
    if bundle.is_empty() || name.is_empty() {
        return Err(CloudError::InvalidArgument("a bundle or database without a name".to_owned()));
    }
    let known = core.pool.read(|tx| find(tx, bundle, name))?;
    if let Some(known) = &known
        && known.database.grown(database)? == known.database
    {
        return Ok(known.id);
    }
    core.pool.write(|tx| {
        // Others may have described more of it meanwhile.
        let known = find(tx, bundle, name)?;
        let empty = || Database { tables: Vec::new(), ..database.clone() };
        let before = known.map_or_else(empty, |known| known.database);
        write(tx, bundle, name, &before.grown(database)?)
    })
}

fn find(tx: &Transaction<'_>, bundle: &str, name: &str) -> Result<Option<Known>> {
    let mut statement =
        tx.prepare_cached("SELECT id, description FROM databases WHERE bundle = ?1 AND name = ?2")?;
    let found: Option<(i64, Vec<u8>)> =
        statement.query_row([bundle, name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.map(|(id, description)| Ok(Known { id, database: decode(&description)? })).transpose()
}

/// The id of a bundle's database, where there is one.
pub(super) fn find_database(tx: &Transaction<'_>, bundle: &str, name: &str) -> Result<Option<i64>> {
    let mut statement = tx.prepare_cached("SELECT id FROM databases WHERE bundle = ?1 AND name = ?2")?;
    Ok(statement.query_row([bundle, name], |row| row.get(0)).optional()?)
}

fn write(tx: &Transaction<'_>, bundle: &str, name: &str, database: &Database) -> Result<i64> {
    let description =
        postcard::to_stdvec(database).map_err(|error| CloudError::InvalidArgument(error.to_string()))?;
    let mut statement = tx.prepare_cached(
        "INSERT INTO databases (bundle, name, description) VALUES (?1, ?2, ?3)
         ON CONFLICT (bundle, name) DO UPDATE
         SET description = excluded.description,
             description_version = description_version + (description <> excluded.description)
         RETURNING id",
    )?;
    Ok(statement.query_row(params![bundle, name, description], |row| row.get(0))?)
}

fn rules(tx: &Transaction<'_>, db: i64) -> Result<(i32, Rules)> {
    let sql = "SELECT description_version, description FROM databases WHERE id = ?1";
    let (version, description): (i32, Vec<u8>) =
        tx.prepare_cached(sql)?.query_row([db], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((version, Rules::new(&decode(&description)?)?))
}

/// Reads a description. Older versions of this library kept whatever came last; of what cannot be true they know nothing.
pub(super) fn decode(description: &[u8]) -> Result<Database> {
    let database: Database = postcard::from_bytes(description)
        .map_err(|error| CloudError::Corrupt(format!("a database's description: {error}")))?;
    if Rules::new(&database).is_ok() {
        return Ok(database);
    }
    Ok(Database { tables: Vec::new(), ..database })
}
