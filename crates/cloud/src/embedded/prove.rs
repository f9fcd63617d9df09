//! Proofs that the cloud holds what a device is about to let go of.

use rusqlite::{OptionalExtension, Transaction, params};

use super::failure::Failure;
use super::references::{Content, Digest, Lookup, digest_of, named_by};
use super::schema::seq_of;
use super::share::mirror;
use super::write::decode;
use super::{Core, download};
use crate::{Claim, CloudError, Flag, Result, TransferControl};

/// What a claim's record names, and what the cloud says that it holds of it.
struct Named {
    digest: Digest,
    content: Content,
}

/// Proves claims, in order: the records in one look, then the bytes of each.
pub(super) fn all(
    core: &Core,
    db: i64,
    table: &str,
    claims: &[Claim],
    control: &dyn TransferControl,
) -> Vec<Result<()>> {
    let records = core.pool.read(|tx| {
        let table = table_id(tx, db, table)?;
        let mut contents = Lookup::new(tx)?;
        Ok(claims.iter().map(|claim| record(tx, table, &mut contents, claim)).collect::<Vec<_>>())
    });
    let records = match records {
        Ok(records) => records,
        Err(error) => return claims.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut buffer = Vec::new();
    let mut stopped = false;
    let mut answers = Vec::with_capacity(claims.len());
    for (index, (claim, record)) in claims.iter().zip(records).enumerate() {
        let answer = match record {
            _ if stopped => Err(CloudError::Stopped),
            Ok(named) => bytes(core, index, claim, &named, control, &mut buffer),
            Err(error) => Err(error),
        };
        stopped |= answer == Err(CloudError::Stopped);
        answers.push(answer);
    }
    answers
}

fn table_id(tx: &Transaction<'_>, db: i64, table: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM tables WHERE db = ?1 AND name = ?2";
    Ok(tx.query_row(sql, params![db, table], |row| row.get(0)).optional()?)
}

fn record(
    tx: &Transaction<'_>,
    table: Option<i64>,
    contents: &mut Lookup<'_>,
    claim: &Claim,
) -> Result<Named> {
    let missing = || CloudError::NotFound(format!("record {}", claim.gid));
    let sql = "SELECT place, op, fields FROM records WHERE tbl = ?1 AND id = ?2";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found = tx.prepare_cached(sql)?.query_row(params![table, claim.gid], read).optional()?;
    let (place, operation, fields): (i64, i32, Vec<u8>) = found.ok_or_else(missing)?;
    if operation == Flag::Delete as i32 {
        return Err(CloudError::NotFound(format!("record {} outside the trash", claim.gid)));
    }
    // The other account may take it back at any time, and with it the bytes: they are not held for this one.
    if table.map_or(Ok(false), |table| mirror::is_copy(tx, table, &claim.gid))? {
        return Err(CloudError::NotFound(format!(
            "record {} in this account: it is shared with it",
            claim.gid
        )));
    }
    let current = seq_of(place).unsigned_abs();
    if current != claim.version {
        return Err(CloudError::VersionConflict { current });
    }
    let fields = match decode(&fields) {
        Ok(fields) => fields,
        Err(Failure::Refused(error) | Failure::Call(error)) => return Err(error),
    };
    let digest = digest_of(&claim.asset_id).filter(|digest| named_by(&fields).contains(digest));
    let digest = digest
        .ok_or_else(|| CloudError::NotFound(format!("asset {} in record {}", claim.asset_id, claim.gid)))?;
    let content = contents.find(&digest)?.ok_or_else(|| unknown(claim))?;
    Ok(Named { digest, content })
}

fn unknown(claim: &Claim) -> CloudError {
    CloudError::NotFound(format!("asset {}", claim.asset_id))
}

fn bytes(
    core: &Core,
    index: usize,
    claim: &Claim,
    named: &Named,
    control: &dyn TransferControl,
    buffer: &mut Vec<u8>,
) -> Result<()> {
    let advanced = |bytes| control.advanced(index, bytes);
    let read = download::read_whole(core, &named.digest, named.content, buffer, advanced);
    let rotten = match &read {
        Ok(read) => read.is_some_and(|(digest, _)| digest != named.digest),
        Err(error) => matches!(error, CloudError::Corrupt(_)),
    };
    if rotten {
        core.store.distrust(named.content.file);
    }
    if read?.ok_or_else(|| unknown(claim))? != (claim.digest, claim.size) {
        return Err(CloudError::Corrupt(format!("asset {} has other bytes", claim.asset_id)));
    }
    Ok(())
}
