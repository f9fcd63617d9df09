//! The collection of what nobody needs any more.

use rusqlite::{OptionalExtension, Transaction, params};

use super::Core;
use super::failure::store_error;
use super::references;
use super::schema::seq_of;
use super::share::{keep, mirror};
use super::store::SHARDS;
use crate::{CloudError, Result};

/// How old leftovers of interrupted uploads must be.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Rows collected in one transaction, so that writers do not wait for long.
const ROWS: usize = 1000;
/// Directories looked through at an opening.
const SHARDS_AT_OPEN: i64 = 8;
/// Contents looked at in one step.
const CONTENTS: usize = 100_000;

/// What a collection removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Deleted records that are forgotten now.
    pub records: usize,
    /// Contents that no record names.
    pub contents: usize,
    /// Partial uploads that nobody went on with.
    pub uploads: usize,
    /// Files that interrupted uploads left.
    pub files: usize,
}

/// Collects everything.
pub(super) fn collect(core: &Core) -> Result<Collected> {
    let mut collected = Collected::default();
    let now = core.now();
    repeat(&mut collected.records, || forget_records(core, now))?;
    let mut last = 0;
    loop {
        let (removed, next) = remove_contents(core, last, now)?;
        collected.contents += removed;
        if next == 0 {
            break;
        }
        last = next;
    }
    collected.uploads = end_uploads(core, now)?;
    for shard in 0..SHARDS {
        collected.files += remove_orphans(core, shard, now)?;
    }
    Ok(collected)
}

/// Collects a bounded part, once a day. What fails is left to the next day: it must not keep the
/// cloud from being opened, least of all on a full disk.
pub(super) fn collect_when_due(core: &Core) -> Result<()> {
    let now = core.now();
    let due = |tx: &Transaction<'_>| -> Result<Option<i64>> {
        // A stamp from the future is one from before the clock was set back.
        let sql = "SELECT collected_shard FROM meta WHERE collected_ms NOT BETWEEN ?1 AND ?2";
        Ok(tx.query_row(sql, [now.saturating_sub(DAY_MS), now], |row| row.get(0)).optional()?)
    };
    let Some(first) = core.pool.read(due)? else { return Ok(()) };
    let stamp = core.pool.write(|tx| {
        let next = (first + SHARDS_AT_OPEN) % SHARDS;
        Ok(tx.execute("UPDATE meta SET collected_ms = ?1, collected_shard = ?2", [now, next])?)
    });
    let _ = stamp.and_then(|_| collect_part(core, first, now));
    Ok(())
}

fn collect_part(core: &Core, first: i64, now: i64) -> Result<()> {
    forget_records(core, now)?;
    let sql = "SELECT collected_file FROM meta";
    let last = core.pool.read(|tx| Ok(tx.query_row(sql, [], |row| row.get(0))?))?;
    let (_, next) = remove_contents(core, last, now)?;
    core.pool.write(|tx| Ok(tx.execute("UPDATE meta SET collected_file = ?1", [next])?))?;
    end_uploads(core, now)?;
    for shard in first..first + SHARDS_AT_OPEN {
        remove_orphans(core, shard % SHARDS, now)?;
    }
    Ok(())
}

/// Runs a step until it finds less than it could do at once.
fn repeat(total: &mut usize, mut step: impl FnMut() -> Result<usize>) -> Result<()> {
    loop {
        let done = step()?;
        *total += done;
        if done < ROWS {
            return Ok(());
        }
    }
}

/// Forgets deleted records, and tells cursors that have not seen them.
fn forget_records(core: &Core, now: i64) -> Result<usize> {
    let before = now.saturating_sub(core.retention_ms());
    core.pool.write(|tx| {
        let sql = "SELECT place, tbl, fields, id FROM records WHERE op = 2 AND modify_ms < ?1 LIMIT ?2";
        let mut statement = tx.prepare_cached(sql)?;
        let mut rows = statement.query(params![before, ROWS as i64])?;
        let mut forgotten = 0;
        while let Some(row) = rows.next()? {
            let (place, table, fields): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let id: String = row.get(3)?;
            if mirror::is_copy(tx, table, &id)? {
                // What it names was never counted here.
                mirror::forget(tx, table, &id)?;
            } else {
                references::release_deleted(tx, &fields, now)?;
            }
            keep::forget_author(tx, table, &id)?;
            forget(tx, place, table)?;
            forgotten += 1;
        }
        Ok(forgotten)
    })
}

fn forget(tx: &Transaction<'_>, place: i64, table: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM records WHERE place = ?1")?.execute([place])?;
    tx.prepare_cached("UPDATE tables SET horizon = max(horizon, ?2) WHERE id = ?1")?
        .execute([table, seq_of(place)])?;
    Ok(())
}

/// Removes contents that no record has named for as long as deleted records are remembered: looks at
/// a bounded number of those after the file `last`. Says how many went, and where to go on; 0: at the
/// start.
fn remove_contents(core: &Core, last: i64, now: i64) -> Result<(usize, i64)> {
    let before = now.saturating_sub(core.retention_ms());
    let (idle, next) = core.pool.read(|tx| find_idle(tx, last, before))?;
    if idle.is_empty() {
        return Ok((0, next));
    }
    let removed = core.pool.write(|tx| {
        // One that was named or uploaded again in between stays.
        let mut delete = tx.prepare_cached(
            "DELETE FROM assets WHERE file = ?1 AND live = 0 AND kept = 0 AND idle_ms < ?2
             RETURNING size * counted",
        )?;
        let (mut removed, mut freed) = (Vec::new(), 0);
        for file in idle {
            let bytes: Option<i64> = delete.query_row([file, before], |row| row.get(0)).optional()?;
            removed.extend(bytes.map(|_| file));
            freed += bytes.unwrap_or(0);
        }
        references::add_used(tx, -freed)?;
        Ok(removed)
    })?;
    for file in &removed {
        core.store.remove(*file);
    }
    Ok((removed.len(), next))
}

/// The idle ones of the contents after the file `last`, and where to go on.
fn find_idle(tx: &Transaction<'_>, last: i64, before: i64) -> Result<(Vec<i64>, i64)> {
    let sql = "SELECT file FROM assets WHERE file > ?1 ORDER BY file LIMIT 1 OFFSET ?2";
    let end: Option<i64> = tx.query_row(sql, [last, CONTENTS as i64 - 1], |row| row.get(0)).optional()?;
    let mut statement = tx.prepare_cached(
        "SELECT file FROM assets WHERE file > ?1 AND file <= ?2 AND live = 0 AND kept = 0 AND idle_ms < ?3
         ORDER BY file LIMIT ?4",
    )?;
    let range = [last, end.unwrap_or(i64::MAX), before, ROWS as i64];
    let idle = statement.query_map(range, |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let next = match idle.last() {
        Some(file) if idle.len() == ROWS => *file,
        _ => end.unwrap_or(0),
    };
    Ok((idle, next))
}

/// Ends uploads that nobody went on with for a day and nobody is at now.
fn end_uploads(core: &Core, now: i64) -> Result<usize> {
    let before = now.saturating_sub(DAY_MS);
    let old: Vec<i64> = core.pool.read(|tx| {
        let mut statement = tx.prepare_cached("SELECT file FROM uploads WHERE touched_ms < ?1")?;
        let files = statement.query_map([before], |row| row.get(0))?;
        Ok(files.collect::<rusqlite::Result<_>>()?)
    })?;
    let mut ended = 0;
    for file in old {
        // Locked while the row goes, so that nobody takes the upload up in between.
        let partial = core.store.open_partial(file);
        if partial.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock) {
            continue;
        }
        // Without its row, it has been finished since: then it is a content.
        let sql = "DELETE FROM uploads WHERE file = ?1 AND touched_ms < ?2";
        if core.pool.write(|tx| Ok(tx.execute(sql, [file, before])?))? > 0 {
            core.store.remove(file);
            ended += 1;
        }
    }
    Ok(ended)
}

/// Removes the files in one directory that no row names and that are a day old.
fn remove_orphans(core: &Core, shard: i64, now: i64) -> Result<usize> {
    let failed = |error: std::io::Error| -> CloudError { store_error(&error) };
    let Some(_lock) = core.store.exclude_guards().map_err(failed)? else { return Ok(0) };
    let found = core.store.list(shard).map_err(failed)?;
    core.pool.read(|tx| {
        let mut named = tx.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM assets WHERE file = ?1) OR EXISTS (SELECT 1 FROM uploads WHERE file = ?1)",
        )?;
        let mut removed = 0;
        for found in found {
            let old = found.modified_ms < now.saturating_sub(DAY_MS);
            if old && !named.query_row([found.file], |row| row.get(0))? {
                removed += usize::from(core.store.remove(found.file));
            }
        }
        Ok(removed)
    })
}
