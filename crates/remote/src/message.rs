//! What the frames carry, as protocol buffers. `docs/protocol.md` has the same as a schema; the numbers are for ever.

mod lists;
mod share;

use std::collections::BTreeMap;

use prost::{Message, Oneof};

pub(crate) use lists::{Body, listed};
pub(crate) use share::*;

/// The first word of whoever connects.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Hello {
    /// The oldest version spoken.
    #[prost(uint32, tag = "1")]
    pub(crate) oldest: u32,
    /// The newest version spoken.
    #[prost(uint32, tag = "2")]
    pub(crate) newest: u32,
    /// What more is understood: `FEATURE_…` bits.
    #[prost(uint64, tag = "3")]
    pub(crate) features: u64,
    /// Program and version, for a log.
    #[prost(string, tag = "4")]
    pub(crate) agent: String,
}

/// The server's first word.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Welcome {
    /// The version that both speak from now on.
    #[prost(uint32, tag = "1")]
    pub(crate) version: u32,
    /// The features that both have.
    #[prost(uint64, tag = "2")]
    pub(crate) features: u64,
    /// Program and version, for a log.
    #[prost(string, tag = "3")]
    pub(crate) agent: String,
    /// How many calls may be under way at a time.
    #[prost(uint32, tag = "4")]
    pub(crate) calls: u32,
}

/// The last word of either side.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Goodbye {
    /// Why: `GOODBYE_…`.
    #[prost(uint32, tag = "1")]
    pub(crate) reason: u32,
    /// The same for a person.
    #[prost(string, tag = "2")]
    pub(crate) text: String,
}

/// A failed call, row or item.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Failure {
    /// Why: `FAILURE_…` of `convert`.
    #[prost(uint32, tag = "1")]
    pub(crate) code: u32,
    /// The same for a person.
    #[prost(string, tag = "2")]
    pub(crate) text: String,
    /// Of a version conflict: the version that the record has.
    #[prost(uint64, tag = "3")]
    pub(crate) version: u64,
    /// Of a share centre's own failure: the documented `SharingCode`.
    #[prost(int32, tag = "4")]
    pub(crate) sharing: i32,
}

/// Nothing: an answer of success, or a question without arguments.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Nothing {}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ServiceInfo {
    #[prost(bool, tag = "1")]
    pub(crate) enable_cloud: bool,
    #[prost(string, tag = "2")]
    pub(crate) id: String,
    #[prost(uint64, tag = "3")]
    pub(crate) total_space: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) remaining_space: u64,
    #[prost(int32, tag = "5")]
    pub(crate) user: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AppBriefInfo {
    #[prost(string, tag = "1")]
    pub(crate) app_id: String,
    #[prost(string, tag = "2")]
    pub(crate) bundle_name: String,
    #[prost(bool, tag = "3")]
    pub(crate) cloud_switch: bool,
    #[prost(int32, tag = "4")]
    pub(crate) instance_id: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Apps {
    #[prost(message, repeated, tag = "1")]
    pub(crate) apps: Vec<AppBriefInfo>,
}

/// A bundle whose schema is asked for.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Bundle {
    #[prost(string, tag = "1")]
    pub(crate) bundle_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Field {
    #[prost(string, tag = "1")]
    pub(crate) alias: String,
    #[prost(string, tag = "2")]
    pub(crate) col_name: String,
    #[prost(uint32, tag = "3")]
    pub(crate) field_type: u32,
    #[prost(bool, tag = "4")]
    pub(crate) primary: bool,
    #[prost(bool, tag = "5")]
    pub(crate) nullable: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Table {
    #[prost(string, tag = "1")]
    pub(crate) alias: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Database {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) alias: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) tables: Vec<Table>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AppSchema {
    #[prost(string, tag = "1")]
    pub(crate) bundle_name: String,
    #[prost(int32, tag = "2")]
    pub(crate) version: i32,
    #[prost(message, repeated, tag = "3")]
    pub(crate) databases: Vec<Database>,
}

/// A bundle and one of its databases: what is connected to, or one thing that is subscribed to.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BundleDatabase {
    #[prost(string, tag = "1")]
    pub(crate) bundle_name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) database: Option<Database>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Subscribe {
    #[prost(message, repeated, tag = "1")]
    pub(crate) databases: Vec<BundleDatabase>,
    /// In milliseconds.
    #[prost(uint64, tag = "2")]
    pub(crate) expiration_time: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SubscribeId {
    #[prost(string, tag = "1")]
    pub(crate) bundle_name: String,
    #[prost(string, tag = "2")]
    pub(crate) database_alias: String,
    #[prost(string, tag = "3")]
    pub(crate) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SubscribeInfo {
    /// In milliseconds.
    #[prost(uint64, tag = "1")]
    pub(crate) expiration_time: u64,
    #[prost(message, repeated, tag = "2")]
    pub(crate) ids: Vec<SubscribeId>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Unsubscribe {
    #[prost(message, repeated, tag = "1")]
    pub(crate) ids: Vec<SubscribeId>,
}

/// Records of a bundle were written.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Changed {
    #[prost(string, tag = "1")]
    pub(crate) bundle_name: String,
}

/// A database, a loader or a share centre that was connected to.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Connected {
    /// What later calls name it by, on this connection.
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    /// Of a database: `CAPABILITY_…` bits.
    #[prost(uint64, tag = "2")]
    pub(crate) capabilities: u64,
}

/// A call of a database that takes nothing but the database, or lets go of what was connected to.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OfHandle {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GenerateId {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) count: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Ids {
    #[prost(string, repeated, tag = "1")]
    pub(crate) ids: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Asset {
    #[prost(string, tag = "1")]
    pub(crate) asset_id: String,
    #[prost(string, tag = "2")]
    pub(crate) hash: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(string, tag = "4")]
    pub(crate) uri: String,
    #[prost(string, tag = "5")]
    pub(crate) path: String,
    /// In milliseconds since 1970, as the next.
    #[prost(sint64, tag = "6")]
    pub(crate) create_time: i64,
    #[prost(sint64, tag = "7")]
    pub(crate) modify_time: i64,
    /// In bytes.
    #[prost(uint64, tag = "8")]
    pub(crate) size: u64,
    #[prost(uint32, tag = "9")]
    pub(crate) status: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Assets {
    #[prost(message, repeated, tag = "1")]
    pub(crate) assets: Vec<Asset>,
}

/// One field's value.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Value {
    /// Nothing where there is no value.
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub(crate) kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Kind {
    #[prost(sint64, tag = "1")]
    Int64(i64),
    #[prost(double, tag = "2")]
    Double(f64),
    #[prost(string, tag = "3")]
    String(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
    #[prost(bytes, tag = "5")]
    Bytes(Vec<u8>),
    #[prost(message, tag = "6")]
    Asset(Box<Asset>),
    #[prost(message, tag = "7")]
    Assets(Assets),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RowWrite {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) base_version: Option<u64>,
    #[prost(sint64, optional, tag = "3")]
    pub(crate) lock_id: Option<i64>,
    #[prost(btree_map = "string, message", tag = "4")]
    pub(crate) values: BTreeMap<String, Value>,
}

/// Rows to insert, update or delete.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Write {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(string, tag = "2")]
    pub(crate) table: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) rows: Vec<RowWrite>,
}

/// What a row's write came to: a failure, or the rest.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Receipt {
    #[prost(message, optional, tag = "1")]
    pub(crate) failure: Option<Failure>,
    #[prost(string, tag = "2")]
    pub(crate) id: String,
    #[prost(uint64, tag = "3")]
    pub(crate) version: u64,
    /// In milliseconds since 1970.
    #[prost(sint64, tag = "4")]
    pub(crate) modify_time: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Receipts {
    #[prost(message, repeated, tag = "1")]
    pub(crate) receipts: Vec<Receipt>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Query {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(string, tag = "2")]
    pub(crate) table: String,
    #[prost(string, repeated, tag = "3")]
    pub(crate) fields: Vec<String>,
    #[prost(uint64, tag = "4")]
    pub(crate) count: u64,
    #[prost(string, tag = "5")]
    pub(crate) cursor: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Record {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    /// In milliseconds since 1970, as the next.
    #[prost(sint64, tag = "2")]
    pub(crate) create_time: i64,
    #[prost(sint64, tag = "3")]
    pub(crate) modify_time: i64,
    #[prost(uint32, tag = "4")]
    pub(crate) operation: u32,
    #[prost(uint64, tag = "5")]
    pub(crate) version: u64,
    #[prost(btree_map = "string, message", tag = "6")]
    pub(crate) values: BTreeMap<String, Value>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Page {
    #[prost(string, tag = "1")]
    pub(crate) next_cursor: String,
    #[prost(bool, tag = "2")]
    pub(crate) has_more: bool,
    #[prost(message, repeated, tag = "3")]
    pub(crate) records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct OfLock {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(sint64, tag = "2")]
    pub(crate) lock_id: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LockInfo {
    /// In seconds.
    #[prost(uint32, tag = "1")]
    pub(crate) interval: u32,
    #[prost(sint64, tag = "2")]
    pub(crate) lock_id: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Unlocked {
    /// Until now.
    #[prost(bool, tag = "1")]
    pub(crate) held: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct UploadItem {
    #[prost(string, tag = "1")]
    pub(crate) gid: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) asset: Option<Asset>,
    #[prost(string, tag = "3")]
    pub(crate) transfer_id: String,
    /// 32 bytes, or none where the digest is not known.
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) digest: Vec<u8>,
    /// In bytes.
    #[prost(uint64, tag = "5")]
    pub(crate) size: u64,
    /// Whether the next of the frame's descriptors is its file.
    #[prost(bool, tag = "6")]
    pub(crate) file: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Upload {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(string, tag = "2")]
    pub(crate) table: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) items: Vec<UploadItem>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DownloadItem {
    #[prost(string, tag = "1")]
    pub(crate) gid: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) asset: Option<Asset>,
    /// How many bytes an earlier try left.
    #[prost(uint64, tag = "3")]
    pub(crate) offset: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Download {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(string, tag = "2")]
    pub(crate) table: String,
    #[prost(string, tag = "3")]
    pub(crate) prefix: String,
    #[prost(message, repeated, tag = "4")]
    pub(crate) items: Vec<DownloadItem>,
}

/// What became of an asset: a failure, or the asset.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Item {
    #[prost(message, optional, tag = "1")]
    pub(crate) failure: Option<Failure>,
    #[prost(message, optional, tag = "2")]
    pub(crate) asset: Option<Asset>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Items {
    #[prost(message, repeated, tag = "1")]
    pub(crate) items: Vec<Item>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Claim {
    #[prost(string, tag = "1")]
    pub(crate) gid: String,
    #[prost(uint64, tag = "2")]
    pub(crate) version: u64,
    #[prost(string, tag = "3")]
    pub(crate) asset_id: String,
    #[prost(uint64, tag = "4")]
    pub(crate) size: u64,
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) digest: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Prove {
    #[prost(uint64, tag = "1")]
    pub(crate) handle: u64,
    #[prost(string, tag = "2")]
    pub(crate) table: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) claims: Vec<Claim>,
}

/// The server wants bytes of an upload.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Want {
    #[prost(uint32, tag = "1")]
    pub(crate) item: u32,
    #[prost(uint64, tag = "2")]
    pub(crate) offset: u64,
    #[prost(uint32, tag = "3")]
    pub(crate) length: u32,
}

/// So many bytes of a call's item have been moved.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Moved {
    #[prost(uint32, tag = "1")]
    pub(crate) item: u32,
    #[prost(uint64, tag = "2")]
    pub(crate) bytes: u64,
    /// Of an upload: up to where the item has been read.
    #[prost(uint64, tag = "3")]
    pub(crate) end: u64,
    /// Of a download: the item's other bytes are not wanted any more.
    #[prost(bool, tag = "4")]
    pub(crate) failed: bool,
}
