//! Which records name which contents, counted in the transactions that write the records.

use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

use super::failure::{Failure, Judged};
use super::write::decode;
use crate::{CloudAsset, CloudError, CloudType, Result, Row};

/// A content's BLAKE3 digest.
pub(super) type Digest = [u8; 32];

/// What `assets` says of a content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    pub(super) file: i64,
    pub(super) size: i64,
    pub(super) live: i64,
    pub(super) kept: i64,
    pub(super) counted: bool,
    pub(super) idle_ms: i64,
}

impl Content {
    /// Whether a record names it.
    pub(super) fn referenced(&self) -> bool {
        self.live > 0 || self.kept > 0
    }
}

/// Whether a record's fields count as those of a live record or of a deleted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Live,
    Deleted,
}

/// The digest in an asset's id, which is its lowercase hex.
pub(super) fn digest_of(asset_id: &str) -> Option<Digest> {
    let lowercase = !asset_id.bytes().any(|byte| byte.is_ascii_uppercase());
    let hash = blake3::Hash::from_hex(asset_id).ok().filter(|_| lowercase)?;
    Some(*hash.as_bytes())
}

/// The id of a content.
pub(super) fn asset_id(digest: &Digest) -> String {
    blake3::Hash::from(*digest).to_hex().to_string()
}

/// The contents that a record's fields name, each once. Assets not uploaded yet have no id and
/// those of other clouds have another kind of id: neither is ours to count.
pub(super) fn named_by(fields: &Row) -> Vec<Digest> {
    let assets = fields.values().flat_map(|value| match value {
        CloudType::Asset(asset) => std::slice::from_ref(&**asset),
        CloudType::Assets(assets) => assets.as_slice(),
        _ => &[] as &[CloudAsset],
    });
    let mut digests: Vec<Digest> = assets.filter_map(|asset| digest_of(&asset.asset_id)).collect();
    digests.sort_unstable();
    digests.dedup();
    digests
}

/// What contents are found by in `assets`.
pub(super) fn key(digest: &Digest) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *digest;
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Looks contents up, with one statement for many of them.
pub(super) struct Lookup<'a>(CachedStatement<'a>);

impl<'a> Lookup<'a> {
    pub(super) fn new(tx: &'a Transaction<'_>) -> rusqlite::Result<Self> {
        let sql =
            "SELECT file, size, live, kept, counted, idle_ms FROM assets WHERE key = ?1 AND digest = ?2";
        Ok(Lookup(tx.prepare_cached(sql)?))
    }

    pub(super) fn find(&mut self, digest: &Digest) -> rusqlite::Result<Option<Content>> {
        let content = self.0.query_row(params![key(digest), digest.as_slice()], |row| {
            Ok(Content {
                file: row.get(0)?,
                size: row.get(1)?,
                live: row.get(2)?,
                kept: row.get(3)?,
                counted: row.get(4)?,
                idle_ms: row.get(5)?,
            })
        });
        content.optional()
    }
}

/// Looks one content up.
pub(super) fn find(tx: &Transaction<'_>, digest: &Digest) -> rusqlite::Result<Option<Content>> {
    Lookup::new(tx)?.find(digest)
}

/// The changes of counts that a record's write brings about.
#[derive(Debug, Default)]
pub(super) struct Shift(Vec<(Digest, i64, i64)>);

impl Shift {
    /// The record named these contents before.
    pub(super) fn release(&mut self, digests: &[Digest], holder: Holder) {
        self.add(digests, holder, -1);
    }

    /// The record names these contents now.
    pub(super) fn take(&mut self, digests: &[Digest], holder: Holder) {
        self.add(digests, holder, 1);
    }

    fn add(&mut self, digests: &[Digest], holder: Holder, by: i64) {
        self.0.extend(digests.iter().map(|digest| match holder {
            Holder::Live => (*digest, by, 0),
            Holder::Deleted => (*digest, 0, by),
        }));
    }

    /// Looks up what changes, and refuses a row that names a content that the cloud does not
    /// hold: another device could never download it.
    pub(super) fn resolve(mut self, lookup: &mut Lookup<'_>) -> Judged<Resolved> {
        self.0.sort_unstable_by_key(|(digest, ..)| *digest);
        let mut resolved = Vec::with_capacity(self.0.len());
        for same in self.0.chunk_by(|(one, ..), (other, ..)| one == other) {
            let (live, kept) = same.iter().fold((0, 0), |sum, (_, live, kept)| (sum.0 + live, sum.1 + kept));
            let [(digest, ..), ..] = same else { continue };
            if live == 0 && kept == 0 {
                continue;
            }
            match lookup.find(digest)? {
                Some(content) => resolved.push((content, live, kept)),
                None if live > 0 || kept > 0 => {
                    let what = format!("asset {}", asset_id(digest));
                    return Err(Failure::Refused(CloudError::NotFound(what)));
                }
                None => {}
            }
        }
        Ok(Resolved(resolved))
    }
}

/// Writes counts, with one statement for many of them.
pub(super) struct Counts<'a>(CachedStatement<'a>);

impl<'a> Counts<'a> {
    pub(super) fn new(tx: &'a Transaction<'_>) -> rusqlite::Result<Self> {
        let sql = "UPDATE assets SET live = ?2, kept = ?3, counted = ?4, idle_ms = ?5 WHERE file = ?1";
        Ok(Counts(tx.prepare_cached(sql)?))
    }
}

/// Changes of counts of contents that exist.
#[derive(Debug)]
pub(super) struct Resolved(Vec<(Content, i64, i64)>);

impl Resolved {
    /// Writes the counts. Returns by how many bytes the account's used space changes.
    pub(super) fn write(self, counts: &mut Counts<'_>, now: i64) -> rusqlite::Result<i64> {
        let mut used = 0;
        for (content, live, kept) in self.0 {
            let live_now = content.live + live;
            // An upload takes up space before a record names it, so only a change of live
            // references decides anew.
            let counted = if live == 0 { content.counted } else { live_now > 0 };
            used += (i64::from(counted) - i64::from(content.counted)) * content.size;
            counts.0.execute(params![content.file, live_now, content.kept + kept, counted, now])?;
        }
        Ok(used)
    }
}

/// The account's used space in bytes.
pub(super) fn used(tx: &Transaction<'_>) -> rusqlite::Result<i64> {
    tx.prepare_cached("SELECT used FROM meta")?.query_row([], |row| row.get(0))
}

/// Changes the account's used space by some bytes.
pub(super) fn add_used(tx: &Transaction<'_>, bytes: i64) -> rusqlite::Result<()> {
    if bytes != 0 {
        tx.prepare_cached("UPDATE meta SET used = used + ?1")?.execute([bytes])?;
    }
    Ok(())
}

/// A deleted record names its contents no more.
pub(super) fn release_deleted(tx: &Transaction<'_>, fields: &[u8], now: i64) -> Result<()> {
    let release = || -> Judged<i64> {
        let mut shift = Shift::default();
        shift.release(&named_by(&decode(fields)?), Holder::Deleted);
        Ok(shift.resolve(&mut Lookup::new(tx)?)?.write(&mut Counts::new(tx)?, now)?)
    };
    match release() {
        Ok(used) => Ok(add_used(tx, used)?),
        Err(Failure::Refused(error) | Failure::Call(error)) => Err(error),
    }
}
