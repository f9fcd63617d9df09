//! `CloudDb`: a bundle's records, with cursor, lock and heartbeat.

use crate::{Result, Row};

/// What a cloud can do beyond the documents. The engine never relies on more than is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// A write with a [`RowWrite::base_version`] is refused when the record has another version.
    pub compare_and_set: bool,
    /// A write with a [`RowWrite::lock_id`] is refused when that lock is no longer held.
    pub fencing: bool,
    /// A transfer that was cut goes on from where it stopped.
    pub ranges: bool,
    /// An acknowledged asset's id is the lowercase hex of the BLAKE3 digest of the bytes stored, and
    /// an upload whose [`crate::AssetUpload::digest`] is not that of its bytes is refused.
    pub digests: bool,
}

/// What happened to a record, as documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Flag {
    /// Inserted.
    Insert = 0,
    /// Updated.
    Update = 1,
    /// Deleted.
    Delete = 2,
}

/// What the cloud adds to a record, as documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionValue {
    /// The record's id.
    pub id: String,
    /// When it was inserted, in milliseconds since 1970 by the cloud's clock.
    pub create_time: i64,
    /// When it was last written, in milliseconds since 1970 by the cloud's clock.
    pub modify_time: i64,
    /// What the last write was.
    pub operation: Flag,
}

/// A record as `query` returns it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Id, times and last operation.
    pub extension: ExtensionValue,
    /// The record's version: rises with every write, never used twice for one record.
    pub version: u64,
    /// Its fields. A deleted record keeps those it had, as long as the cloud remembers it.
    pub values: Row,
}

/// One page of `query`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CloudData {
    /// Where the next page begins. Opaque. To be stored with this page's rows, in one transaction.
    pub next_cursor: String,
    /// Whether there are more rows now.
    pub has_more: bool,
    /// The rows, oldest write first. A record appears once, as it is now.
    pub values: Vec<Record>,
}

/// One row to be inserted, updated or deleted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowWrite {
    /// The record's id, from `generate_id`.
    pub id: String,
    /// The version that the writer last saw: 0 for "there is none". `None` writes blindly.
    /// An insert on a deleted record's id, with that record's version, brings the record back.
    pub base_version: Option<u64>,
    /// The lock's id where a lock is held.
    pub lock_id: Option<i64>,
    /// All fields of the record (none for a delete).
    pub values: Row,
}

/// What a write came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteReceipt {
    /// The record's id.
    pub id: String,
    /// Its version now.
    pub version: u64,
    /// When it was written, in milliseconds since 1970 by the cloud's clock.
    pub modify_time: i64,
}

/// The documented `LockInfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockInfo {
    /// How long the lease lasts from the request on, in seconds.
    pub interval: u32,
    /// The lock's id. Rises with every lock that is given.
    pub lock_id: i64,
}

/// The documented `CloudDB` of one bundle's database. Methods may block; they are called from
/// several threads at once.
///
/// What the documents leave open is settled so: an insert is idempotent by id (the same row again
/// answers with the version it already has); rows of one call are written together, in order, and
/// answered one by one; `query` pages are ordered by the cloud's own sequence.
pub trait CloudDb: Send + Sync {
    /// What this cloud can do beyond the documents.
    fn capabilities(&self) -> Capabilities;

    /// `count` ids that were never given before.
    fn generate_id(&self, count: usize) -> Result<Vec<String>>;

    /// Inserts records.
    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>>;

    /// Replaces records' fields.
    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>>;

    /// Deletes records. Deleting a deleted record is no error.
    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>>;

    /// Up to `count` records written since `cursor` (empty: from the start), deletions included.
    /// `fields` names the columns wanted; empty means all. A cursor that the cloud no longer
    /// knows is [`crate::CloudError::CursorExpired`].
    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData>;

    /// Takes the database's lock. [`crate::CloudError::LockedByOthers`] while another holds it.
    fn lock(&self) -> Result<LockInfo>;

    /// Renews a lease before it ends. [`crate::CloudError::StaleLock`] once it is lost.
    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo>;

    /// Gives the lock back. Whether it was held until now: a lock that is already lost is no error.
    fn unlock(&self, lock_id: i64) -> Result<bool>;
}
