//! The documented types and numbers of cloudExtension.

use std::ffi::c_char;

/// ErrorCode: success.
pub const CLOUDSYNC_ERROR_CODE_SUCCESS: i32 = 0;
/// ErrorCode: anything that has no number of its own. A caller's function returns 13900042 for it.
pub const CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR: i32 = 1;
/// ErrorCode: the server was not reached, or its answer was lost: a write may or may not have happened. 22400002.
pub const CLOUDSYNC_ERROR_CODE_NETWORK_ERROR: i32 = 2;
/// ErrorCode: signed out, or switched off. 22400001.
pub const CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED: i32 = 3;
/// ErrorCode: another device holds the lock. 13900014.
pub const CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS: i32 = 4;
/// ErrorCode: the cloud takes no more records. 22400004.
pub const CLOUDSYNC_ERROR_CODE_RECORD_LIMIT_EXCEEDED: i32 = 5;
/// ErrorCode: the account's space is used up. 13900025.
pub const CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET: i32 = 6;
/// ErrorCode beyond the documents: the query's cursor is too old, or never was one; list from the start. 13900010.
pub const CLOUDSYNC_ERROR_CODE_CURSOR_EXPIRED: i32 = 1001;
/// ErrorCode beyond the documents: the lock is no longer held under this id. 13900001.
pub const CLOUDSYNC_ERROR_CODE_STALE_LOCK: i32 = 1002;
/// ErrorCode beyond the documents: the record has another version than the write is based on; the row's extension has
/// the one that it has, 0 where there is no such record. 13900014.
pub const CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT: i32 = 1003;
/// ErrorCode beyond the documents: there is no such record, asset or table. 13900002.
pub const CLOUDSYNC_ERROR_CODE_NOT_FOUND: i32 = 1004;
/// ErrorCode beyond the documents: the cloud was asked for something impossible. 13900020.
pub const CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT: i32 = 1005;
/// ErrorCode beyond the documents: the transfer was stopped, by whoever asked for it. 13900004.
pub const CLOUDSYNC_ERROR_CODE_STOPPED: i32 = 1006;
/// ErrorCode beyond the documents: what the cloud holds is not what was stored. 13900005.
pub const CLOUDSYNC_ERROR_CODE_CORRUPT: i32 = 1007;
/// ErrorCode beyond the documents: the cloud does not have this method. 801.
pub const CLOUDSYNC_ERROR_CODE_NOT_SUPPORTED: i32 = 1008;
/// ErrorCode beyond the documents: whoever provides the cloud has gone, or gave no answer in time. 13600001.
pub const CLOUDSYNC_ERROR_CODE_GONE: i32 = 1009;
/// ErrorCode beyond the documents: the file on this device failed, not the cloud. The code of its I/O error.
pub const CLOUDSYNC_ERROR_CODE_LOCAL: i32 = 1010;
/// ErrorCode beyond the documents: the account may not do this to what another one shares with it. 13900001.
pub const CLOUDSYNC_ERROR_CODE_NOT_ALLOWED: i32 = 1011;
/// ErrorCode beyond the documents: the cloud was asked too often, and answers no more for now; it has done nothing. A sync ends
/// (CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL) and is to be started again later, a download fails
/// (CLOUDSYNC_DOWNLOAD_ERROR_FREQUENT_USER_REQUESTS). 13900014.
pub const CLOUDSYNC_ERROR_CODE_TOO_MANY_REQUESTS: i32 = 1012;

/// Flag: inserted.
pub const CLOUDSYNC_FLAG_INSERT: i32 = 0;
/// Flag: updated.
pub const CLOUDSYNC_FLAG_UPDATE: i32 = 1;
/// Flag: deleted.
pub const CLOUDSYNC_FLAG_DELETE: i32 = 2;

/// FieldType: no value.
pub const CLOUDSYNC_FIELD_TYPE_NULL: i32 = 0;
/// FieldType: a whole number of 64 bits.
pub const CLOUDSYNC_FIELD_TYPE_NUMBER: i32 = 1;
/// FieldType: a double.
pub const CLOUDSYNC_FIELD_TYPE_REAL: i32 = 2;
/// FieldType: UTF-8 text.
pub const CLOUDSYNC_FIELD_TYPE_TEXT: i32 = 3;
/// FieldType: true or false.
pub const CLOUDSYNC_FIELD_TYPE_BOOL: i32 = 4;
/// FieldType: bytes.
pub const CLOUDSYNC_FIELD_TYPE_BLOB: i32 = 5;
/// FieldType: one asset.
pub const CLOUDSYNC_FIELD_TYPE_ASSET: i32 = 6;
/// FieldType: several assets.
pub const CLOUDSYNC_FIELD_TYPE_ASSETS: i32 = 7;

/// AssetStatus: none.
pub const CLOUDSYNC_ASSET_STATUS_NULL: i32 = 0;
/// AssetStatus: in step.
pub const CLOUDSYNC_ASSET_STATUS_NORMAL: i32 = 1;
/// AssetStatus: to be inserted.
pub const CLOUDSYNC_ASSET_STATUS_INSERT: i32 = 2;
/// AssetStatus: to be updated.
pub const CLOUDSYNC_ASSET_STATUS_UPDATE: i32 = 3;
/// AssetStatus: to be deleted.
pub const CLOUDSYNC_ASSET_STATUS_DELETE: i32 = 4;
/// AssetStatus: failed.
pub const CLOUDSYNC_ASSET_STATUS_ABNORMAL: i32 = 5;
/// AssetStatus: being downloaded.
pub const CLOUDSYNC_ASSET_STATUS_DOWNLOADING: i32 = 6;

/// What a cloud can do beyond the documents: a write that names the version it is based on is refused where the record
/// has another one.
pub const CLOUDSYNC_CAPABILITY_COMPARE_AND_SET: u32 = 1;
/// What a cloud can do beyond the documents: a write that names a lock is refused where that is no longer held.
pub const CLOUDSYNC_CAPABILITY_FENCING: u32 = 2;
/// What a cloud can do beyond the documents: a transfer that was cut goes on from where it stopped.
pub const CLOUDSYNC_CAPABILITY_RANGES: u32 = 4;
/// What a cloud can do beyond the documents: an asset's id is the lowercase hex of the BLAKE3 digest of its bytes, and an
/// upload whose digest is not that of its bytes is refused with INVALID_ARGUMENT.
pub const CLOUDSYNC_CAPABILITY_DIGESTS: u32 = 8;

/// A file that belongs to a record: the documented CloudAsset. A text that is NULL is an empty one.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncCloudAsset {
    /// sizeof(CloudSyncCloudAsset), as the program was compiled.
    pub struct_size: usize,
    /// The cloud's id of the asset; empty until it has been uploaded.
    pub asset_id: *const c_char,
    /// A hash of modification time and size. It says nothing of the content.
    pub hash: *const c_char,
    /// File name.
    pub name: *const c_char,
    /// URI on the device, where there is one.
    pub uri: *const c_char,
    /// Path on the device, where there is one.
    pub path: *const c_char,
    /// Creation time in milliseconds since 1970.
    pub create_time: i64,
    /// Modification time in milliseconds since 1970.
    pub modify_time: i64,
    /// Size in bytes.
    pub size: u64,
    /// A CLOUDSYNC_ASSET_STATUS_... number.
    pub status: i32,
}

/// A field's value: the documented CloudType, in its eight kinds.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncCloudValue {
    /// sizeof(CloudSyncCloudValue), as the program was compiled.
    pub struct_size: usize,
    /// NUMBER; 1 or 0 for BOOL.
    pub number: i64,
    /// REAL.
    pub real: f64,
    /// TEXT, NUL-terminated; NULL for other types.
    pub text: *const c_char,
    /// BLOB; NULL for other types.
    pub bytes: *const u8,
    /// The bytes of TEXT, without its NUL, or of BLOB.
    pub length: usize,
    /// ASSET and ASSETS; NULL for other types.
    pub assets: *const *const CloudSyncCloudAsset,
    /// How many assets there are: 1 for ASSET.
    pub asset_count: usize,
    /// Its CLOUDSYNC_FIELD_TYPE_... number.
    pub r#type: i32,
}

/// What belongs to a row beside its fields: the documented ExtensionValue, and what writes need to be safe.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncExtensionValue {
    /// sizeof(CloudSyncExtensionValue), as the program was compiled.
    pub struct_size: usize,
    /// The record's id. Not empty.
    pub id: *const c_char,
    /// When it was inserted, in milliseconds since 1970 by the cloud's clock.
    pub create_time: i64,
    /// When it was last written, in milliseconds since 1970 by the cloud's clock.
    pub modify_time: i64,
    /// In what a cloud answers: the record's version, 1 or greater, which rises with every write. In what is written: the
    /// version that the writer last saw, 0 for "there is none", -1 to write whatever there is.
    pub version: i64,
    /// In what is written: the id of the lock that the writer holds; 0 for none.
    pub lock_id: i64,
    /// A CLOUDSYNC_FLAG_... number: what the last write was.
    pub operation: i32,
}

/// The account and its space: the documented ServiceInfo.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncServiceInfo {
    /// sizeof(CloudSyncServiceInfo), as the program was compiled.
    pub struct_size: usize,
    /// The account's id, derived with SHA-256.
    pub id: *const c_char,
    /// Space in all, in KB.
    pub total_space: u64,
    /// Space left, in KB.
    pub remaining_space: u64,
    /// The system user that the account belongs to.
    pub user: i32,
    /// 1 where the cloud is switched on for this account, else 0.
    pub enable_cloud: u8,
}

/// One application's switch: the documented AppBriefInfo.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncAppBriefInfo {
    /// sizeof(CloudSyncAppBriefInfo), as the program was compiled.
    pub struct_size: usize,
    /// Application id.
    pub app_id: *const c_char,
    /// Bundle name.
    pub bundle_name: *const c_char,
    /// 0 for the application itself, counting up for its clones.
    pub instance_id: i32,
    /// 1 where the cloud is switched on for this application, else 0.
    pub cloud_switch: u8,
}

/// An account with its applications' switches: the documented CloudInfo. Its map is a list, in the order of the bundles' names.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncCloudInfo {
    /// sizeof(CloudSyncCloudInfo), as the library that runs knows it.
    pub struct_size: usize,
    /// The account and its space.
    pub cloud_info: *const CloudSyncServiceInfo,
    /// Pointers to the applications, each of which names its bundle.
    pub apps: *const *const CloudSyncAppBriefInfo,
    /// Their number.
    pub app_count: usize,
}

/// One column: the documented Field.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncField {
    /// sizeof(CloudSyncField), as the program was compiled.
    pub struct_size: usize,
    /// The column's name in the cloud.
    pub alias: *const c_char,
    /// The column's name on the device.
    pub col_name: *const c_char,
    /// A CLOUDSYNC_FIELD_TYPE_... number.
    pub r#type: i32,
    /// 1 where it is part of the primary key, else 0.
    pub primary: u8,
    /// 1 where it may be missing, else 0.
    pub nullable: u8,
}

/// One table: the documented Table.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncTable {
    /// sizeof(CloudSyncTable), as the program was compiled.
    pub struct_size: usize,
    /// Its name in the cloud.
    pub alias: *const c_char,
    /// Its name on the device.
    pub name: *const c_char,
    /// Its columns.
    pub fields: *const *const CloudSyncField,
    /// How many there are.
    pub field_count: usize,
}

/// One database: the documented Database.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncDatabase {
    /// sizeof(CloudSyncDatabase), as the program was compiled.
    pub struct_size: usize,
    /// Its name on the device.
    pub name: *const c_char,
    /// Its name in the cloud.
    pub alias: *const c_char,
    /// Its tables.
    pub tables: *const *const CloudSyncTable,
    /// How many there are.
    pub table_count: usize,
}

/// All databases of one bundle: the documented AppSchema.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncAppSchema {
    /// sizeof(CloudSyncAppSchema), as the program was compiled.
    pub struct_size: usize,
    /// The bundle.
    pub bundle_name: *const c_char,
    /// The databases.
    pub databases: *const *const CloudSyncDatabase,
    /// How many there are.
    pub database_count: usize,
    /// Raised with every change of the schema.
    pub version: i32,
}

/// One subscription: the documented SubscribeId, with the bundle that it belongs to.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncSubscribeId {
    /// sizeof(CloudSyncSubscribeId), as the program was compiled.
    pub struct_size: usize,
    /// The bundle.
    pub bundle_name: *const c_char,
    /// The database's name in the cloud; not read where subscriptions are ended.
    pub database_alias: *const c_char,
    /// The subscription's id.
    pub id: *const c_char,
}

/// What a subscription came to: the documented SubscribeInfo.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncSubscribeInfo {
    /// sizeof(CloudSyncSubscribeInfo), as the program was compiled.
    pub struct_size: usize,
    /// How long it lasts, in milliseconds from the request on.
    pub expiration_time: u64,
    /// The subscriptions.
    pub ids: *const *const CloudSyncSubscribeId,
    /// How many there are.
    pub count: usize,
}

/// A database's lock: the documented LockInfo.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncLockInfo {
    /// sizeof(CloudSyncLockInfo), as the program was compiled.
    pub struct_size: usize,
    /// The lock's id, 1 or greater; rises with every lock that is given.
    pub lock_id: i64,
    /// How long the lease lasts from the request on, in seconds.
    pub interval: u32,
}

/// What a device believes that the cloud holds of a file, before it lets go of its own copy.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncClaim {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// The record's id.
    pub gid: *const c_char,
    /// The asset that the record names.
    pub asset_id: *const c_char,
    /// The version that the device last saw.
    pub version: u64,
    /// How many bytes the asset has.
    pub size: u64,
    /// The 32 bytes of their BLAKE3 digest.
    pub digest: *const u8,
}

/// What became of one asset: the documented Result of a CloudAsset.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncAssetResult {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// What failed; empty for success.
    pub description: *const c_char,
    /// The asset, with its id and hash; NULL where it failed.
    pub asset: *const CloudSyncCloudAsset,
    /// A CLOUDSYNC_ERROR_CODE_... number; 0 for success.
    pub code: i32,
}
