//! Between the cloud's types and the messages.

mod share;

use std::collections::BTreeMap;

use cloudsync_cloud as cloud;
use cloudsync_cloud::{AssetStatus, Capabilities, CloudError, CloudType, FieldType, Flag};

use crate::frame::{Violation, violation};
use crate::message::*;

pub(crate) use share::{participant_results, participants, state};

type Read<T> = Result<T, Violation>;

const UNKNOWN: u32 = 1;
const NETWORK: u32 = 2;
const DISABLED: u32 = 3;
const LOCKED_BY_OTHERS: u32 = 4;
const RECORD_LIMIT_EXCEEDED: u32 = 5;
const NO_SPACE_FOR_ASSET: u32 = 6;
const CURSOR_EXPIRED: u32 = 16;
const STALE_LOCK: u32 = 17;
const VERSION_CONFLICT: u32 = 18;
const NOT_FOUND: u32 = 19;
const INVALID_ARGUMENT: u32 = 20;
const STOPPED: u32 = 21;
const CORRUPT: u32 = 22;
const NOT_SUPPORTED: u32 = 23;
const GONE: u32 = 24;
const LOCAL: u32 = 25;
const NOT_ALLOWED: u32 = 26;
const SHARING: u32 = 27;
const TOO_MANY_REQUESTS: u32 = 28;

/// What a cloud may lack.
const METHODS: [&str; 19] = [
    "get_service_info",
    "get_app_brief_info",
    "get_app_schema",
    "subscribe",
    "unsubscribe",
    "connect_db",
    "connect_asset_loader",
    "connect_share_center",
    "generate_id",
    "insert",
    "update",
    "delete",
    "query",
    "lock",
    "heartbeat",
    "unlock",
    "upload",
    "download",
    "prove",
];

impl From<&CloudError> for Failure {
    fn from(error: &CloudError) -> Self {
        let (code, text) = match error {
            CloudError::Unknown(text) => (UNKNOWN, text.clone()),
            CloudError::Network(text) => (NETWORK, text.clone()),
            CloudError::Gone(text) => (GONE, text.clone()),
            CloudError::NotSupported(method) => (NOT_SUPPORTED, (*method).to_owned()),
            CloudError::Disabled => (DISABLED, String::new()),
            CloudError::LockedByOthers => (LOCKED_BY_OTHERS, String::new()),
            CloudError::RecordLimitExceeded => (RECORD_LIMIT_EXCEEDED, String::new()),
            CloudError::NoSpaceForAsset => (NO_SPACE_FOR_ASSET, String::new()),
            CloudError::CursorExpired => (CURSOR_EXPIRED, String::new()),
            CloudError::StaleLock => (STALE_LOCK, String::new()),
            CloudError::VersionConflict { .. } => (VERSION_CONFLICT, String::new()),
            CloudError::NotFound(text) => (NOT_FOUND, text.clone()),
            CloudError::InvalidArgument(text) => (INVALID_ARGUMENT, text.clone()),
            CloudError::Stopped => (STOPPED, String::new()),
            CloudError::Corrupt(text) => (CORRUPT, text.clone()),
            CloudError::Local(error) => (LOCAL, error.text.clone()),
            CloudError::NotAllowed(text) => (NOT_ALLOWED, text.clone()),
            CloudError::TooManyRequests(text) => (TOO_MANY_REQUESTS, text.clone()),
        };
        let version = if let CloudError::VersionConflict { current } = error { *current } else { 0 };
        Failure { code, text, version, sharing: 0 }
    }
}

impl From<Failure> for CloudError {
    /// A code of a newer version is a failure of no kind.
    fn from(failure: Failure) -> Self {
        let Failure { code, text, version, .. } = failure;
        match code {
            NETWORK => CloudError::Network(text),
            DISABLED => CloudError::Disabled,
            LOCKED_BY_OTHERS => CloudError::LockedByOthers,
            RECORD_LIMIT_EXCEEDED => CloudError::RecordLimitExceeded,
            NO_SPACE_FOR_ASSET => CloudError::NoSpaceForAsset,
            CURSOR_EXPIRED => CloudError::CursorExpired,
            STALE_LOCK => CloudError::StaleLock,
            VERSION_CONFLICT => CloudError::VersionConflict { current: version },
            NOT_FOUND => CloudError::NotFound(text),
            INVALID_ARGUMENT => CloudError::InvalidArgument(text),
            STOPPED => CloudError::Stopped,
            CORRUPT => CloudError::Corrupt(text),
            NOT_SUPPORTED => {
                let known = METHODS.into_iter().find(|method| *method == text);
                CloudError::NotSupported(known.unwrap_or("what was asked of it"))
            }
            GONE => CloudError::Gone(text),
            NOT_ALLOWED => CloudError::NotAllowed(text),
            TOO_MANY_REQUESTS => CloudError::TooManyRequests(text),
            // Of a file over there: this device's own are all right.
            LOCAL => CloudError::Unknown(format!("a file of the cloud's own process failed: {text}")),
            _ => CloudError::Unknown(text),
        }
    }
}

const COMPARE_AND_SET: u64 = 1;
const FENCING: u64 = 2;
const RANGES: u64 = 4;
const DIGESTS: u64 = 8;

pub(crate) fn capability_bits(capabilities: Capabilities) -> u64 {
    let Capabilities { compare_and_set, fencing, ranges, digests } = capabilities;
    [(compare_and_set, COMPARE_AND_SET), (fencing, FENCING), (ranges, RANGES), (digests, DIGESTS)]
        .into_iter()
        .map(|(declared, bit)| if declared { bit } else { 0 })
        .sum()
}

/// What a newer version adds is not relied on.
pub(crate) fn capabilities(bits: u64) -> Capabilities {
    Capabilities {
        compare_and_set: bits & COMPARE_AND_SET != 0,
        fencing: bits & FENCING != 0,
        ranges: bits & RANGES != 0,
        digests: bits & DIGESTS != 0,
    }
}

impl From<cloud::ServiceInfo> for ServiceInfo {
    fn from(info: cloud::ServiceInfo) -> Self {
        let cloud::ServiceInfo { enable_cloud, id, total_space, remaining_space, user } = info;
        ServiceInfo { enable_cloud, id, total_space, remaining_space, user }
    }
}

impl From<ServiceInfo> for cloud::ServiceInfo {
    fn from(info: ServiceInfo) -> Self {
        let ServiceInfo { enable_cloud, id, total_space, remaining_space, user } = info;
        cloud::ServiceInfo { enable_cloud, id, total_space, remaining_space, user }
    }
}

impl From<cloud::AppBriefInfo> for AppBriefInfo {
    fn from(app: cloud::AppBriefInfo) -> Self {
        let cloud::AppBriefInfo { app_id, bundle_name, cloud_switch, instance_id } = app;
        AppBriefInfo { app_id, bundle_name, cloud_switch, instance_id }
    }
}

impl From<AppBriefInfo> for cloud::AppBriefInfo {
    fn from(app: AppBriefInfo) -> Self {
        let AppBriefInfo { app_id, bundle_name, cloud_switch, instance_id } = app;
        cloud::AppBriefInfo { app_id, bundle_name, cloud_switch, instance_id }
    }
}

impl From<&cloud::Database> for Database {
    fn from(database: &cloud::Database) -> Self {
        let field = |field: &cloud::Field| Field {
            alias: field.alias.clone(),
            col_name: field.col_name.clone(),
            field_type: field.field_type as u32,
            primary: field.primary,
            nullable: field.nullable,
        };
        let table = |table: &cloud::Table| Table {
            alias: table.alias.clone(),
            name: table.name.clone(),
            fields: table.fields.iter().map(field).collect(),
        };
        Database {
            name: database.name.clone(),
            alias: database.alias.clone(),
            tables: database.tables.iter().map(table).collect(),
        }
    }
}

pub(crate) fn database(database: Database) -> Read<cloud::Database> {
    let field = |field: Field| {
        let field_type = field_type(field.field_type)?;
        let Field { alias, col_name, primary, nullable, .. } = field;
        Ok(cloud::Field { alias, col_name, field_type, primary, nullable })
    };
    let table = |table: Table| {
        let fields = table.fields.into_iter().map(field).collect::<Read<_>>()?;
        Ok(cloud::Table { alias: table.alias, name: table.name, fields })
    };
    let tables = database.tables.into_iter().map(table).collect::<Read<_>>()?;
    Ok(cloud::Database { name: database.name, alias: database.alias, tables })
}

fn field_type(number: u32) -> Read<FieldType> {
    use FieldType as F;
    let known = [F::Null, F::Number, F::Real, F::Text, F::Bool, F::Blob, F::Asset, F::Assets];
    match known.into_iter().find(|kind| *kind as u32 == number) {
        Some(kind) => Ok(kind),
        None => violation(format!("{number} is no field type")),
    }
}

impl From<cloud::AppSchema> for AppSchema {
    fn from(schema: cloud::AppSchema) -> Self {
        let databases = schema.databases.iter().map(Database::from).collect();
        AppSchema { bundle_name: schema.bundle_name, version: schema.version, databases }
    }
}

pub(crate) fn schema(schema: AppSchema) -> Read<cloud::AppSchema> {
    let databases = schema.databases.into_iter().map(database).collect::<Read<_>>()?;
    Ok(cloud::AppSchema { bundle_name: schema.bundle_name, version: schema.version, databases })
}

/// A bundle and a database, as they are connected to or subscribed to.
pub(crate) fn database_of(bundle_name: &str, database: &cloud::Database) -> BundleDatabase {
    BundleDatabase { bundle_name: bundle_name.to_owned(), database: Some(database.into()) }
}

/// The same, as they were asked for.
pub(crate) fn bundle_database(one: BundleDatabase) -> Read<(String, cloud::Database)> {
    match one.database {
        Some(found) => Ok((one.bundle_name, database(found)?)),
        None => violation("a call for no database"),
    }
}

impl From<cloud::SubscribeInfo> for SubscribeInfo {
    fn from(info: cloud::SubscribeInfo) -> Self {
        let ids = info.subscribe.into_iter().flat_map(|(bundle, ids)| {
            ids.into_iter().map(move |id| SubscribeId {
                bundle_name: bundle.clone(),
                database_alias: id.database_alias,
                id: id.id,
            })
        });
        SubscribeInfo { expiration_time: info.expiration_time, ids: ids.collect() }
    }
}

impl From<SubscribeInfo> for cloud::SubscribeInfo {
    fn from(info: SubscribeInfo) -> Self {
        let mut subscribe: BTreeMap<String, Vec<cloud::SubscribeId>> = BTreeMap::new();
        for SubscribeId { bundle_name, database_alias, id } in info.ids {
            subscribe.entry(bundle_name).or_default().push(cloud::SubscribeId { database_alias, id });
        }
        cloud::SubscribeInfo { expiration_time: info.expiration_time, subscribe }
    }
}

impl From<cloud::CloudAsset> for Asset {
    fn from(asset: cloud::CloudAsset) -> Self {
        let status = asset.status as u32;
        let cloud::CloudAsset { asset_id, hash, name, uri, path, create_time, modify_time, size, .. } = asset;
        Asset { asset_id, hash, name, uri, path, create_time, modify_time, size, status }
    }
}

pub(crate) fn asset(asset: Asset) -> Read<cloud::CloudAsset> {
    use AssetStatus as S;
    let known = [S::Null, S::Normal, S::Insert, S::Update, S::Delete, S::Abnormal, S::Downloading];
    let Some(status) = known.into_iter().find(|status| *status as u32 == asset.status) else {
        return violation(format!("{} is no status of an asset", asset.status));
    };
    let Asset { asset_id, hash, name, uri, path, create_time, modify_time, size, .. } = asset;
    Ok(cloud::CloudAsset { asset_id, hash, name, uri, path, create_time, modify_time, size, status })
}

fn value_out(value: CloudType) -> Value {
    let kind = match value {
        CloudType::Null => None,
        CloudType::Int64(number) => Some(Kind::Int64(number)),
        CloudType::Double(number) => Some(Kind::Double(number)),
        CloudType::String(text) => Some(Kind::String(text)),
        CloudType::Bool(whether) => Some(Kind::Bool(whether)),
        CloudType::Bytes(bytes) => Some(Kind::Bytes(bytes)),
        CloudType::Asset(asset) => Some(Kind::Asset(Box::new((*asset).into()))),
        CloudType::Assets(assets) => {
            Some(Kind::Assets(Assets { assets: assets.into_iter().map(Asset::from).collect() }))
        }
    };
    Value { kind }
}

fn value_in(value: Value) -> Read<CloudType> {
    Ok(match value.kind {
        None => CloudType::Null,
        Some(Kind::Int64(number)) => CloudType::Int64(number),
        Some(Kind::Double(number)) => CloudType::Double(number),
        Some(Kind::String(text)) => CloudType::String(text),
        Some(Kind::Bool(whether)) => CloudType::Bool(whether),
        Some(Kind::Bytes(bytes)) => CloudType::Bytes(bytes),
        Some(Kind::Asset(one)) => CloudType::Asset(Box::new(asset(*one)?)),
        Some(Kind::Assets(all)) => CloudType::Assets(all.assets.into_iter().map(asset).collect::<Read<_>>()?),
    })
}

fn values_out(values: cloud::Row) -> BTreeMap<String, Value> {
    values.into_iter().map(|(name, value)| (name.into(), value_out(value))).collect()
}

fn values_in(values: BTreeMap<String, Value>) -> Read<cloud::Row> {
    values.into_iter().map(|(name, value)| Ok((name.into(), value_in(value)?))).collect()
}

impl From<cloud::RowWrite> for RowWrite {
    fn from(row: cloud::RowWrite) -> Self {
        let cloud::RowWrite { id, base_version, lock_id, values } = row;
        RowWrite { id, base_version, lock_id, values: values_out(values) }
    }
}

pub(crate) fn row_write(row: RowWrite) -> Read<cloud::RowWrite> {
    let RowWrite { id, base_version, lock_id, values } = row;
    Ok(cloud::RowWrite { id, base_version, lock_id, values: values_in(values)? })
}

impl From<cloud::Result<cloud::WriteReceipt>> for Receipt {
    fn from(receipt: cloud::Result<cloud::WriteReceipt>) -> Self {
        match receipt {
            Ok(cloud::WriteReceipt { id, version, modify_time }) => {
                Receipt { failure: None, id, version, modify_time }
            }
            Err(error) => Receipt { failure: Some(Failure::from(&error)), ..Receipt::default() },
        }
    }
}

impl From<Receipt> for cloud::Result<cloud::WriteReceipt> {
    fn from(receipt: Receipt) -> Self {
        let Receipt { failure, id, version, modify_time } = receipt;
        match failure {
            Some(failure) => Err(failure.into()),
            None => Ok(cloud::WriteReceipt { id, version, modify_time }),
        }
    }
}

impl From<cloud::CloudData> for Page {
    fn from(page: cloud::CloudData) -> Self {
        let record = |record: cloud::Record| Record {
            id: record.extension.id,
            create_time: record.extension.create_time,
            modify_time: record.extension.modify_time,
            operation: record.extension.operation as u32,
            version: record.version,
            values: values_out(record.values),
        };
        let cloud::CloudData { next_cursor, has_more, values } = page;
        Page { next_cursor, has_more, records: values.into_iter().map(record).collect() }
    }
}

pub(crate) fn page(page: Page) -> Read<cloud::CloudData> {
    let record = |record: Record| {
        let flags = [Flag::Insert, Flag::Update, Flag::Delete];
        let Some(operation) = flags.into_iter().find(|flag| *flag as u32 == record.operation) else {
            return violation(format!("{} is no operation", record.operation));
        };
        let Record { id, create_time, modify_time, version, values, .. } = record;
        let extension = cloud::ExtensionValue { id, create_time, modify_time, operation };
        Ok(cloud::Record { extension, version, values: values_in(values)? })
    };
    let values = page.records.into_iter().map(record).collect::<Read<_>>()?;
    Ok(cloud::CloudData { next_cursor: page.next_cursor, has_more: page.has_more, values })
}

impl From<cloud::LockInfo> for LockInfo {
    fn from(cloud::LockInfo { interval, lock_id }: cloud::LockInfo) -> Self {
        LockInfo { interval, lock_id }
    }
}

impl From<LockInfo> for cloud::LockInfo {
    fn from(LockInfo { interval, lock_id }: LockInfo) -> Self {
        cloud::LockInfo { interval, lock_id }
    }
}

/// A digest: 32 bytes, or none.
pub(crate) fn digest(bytes: &[u8]) -> Read<Option<[u8; 32]>> {
    match (bytes.is_empty(), bytes.try_into()) {
        (true, _) => Ok(None),
        (false, Ok(digest)) => Ok(Some(digest)),
        (false, Err(_)) => violation(format!("a digest of {} bytes", bytes.len())),
    }
}

impl From<&cloud::Claim> for Claim {
    fn from(claim: &cloud::Claim) -> Self {
        let cloud::Claim { gid, version, asset_id, size, digest } = claim.clone();
        Claim { gid, version, asset_id, size, digest: digest.to_vec() }
    }
}

pub(crate) fn claim(claim: Claim) -> Read<cloud::Claim> {
    let Some(digest) = digest(&claim.digest)? else { return violation("a claim without a digest") };
    let Claim { gid, version, asset_id, size, .. } = claim;
    Ok(cloud::Claim { gid, version, asset_id, size, digest })
}

impl From<cloud::Result<cloud::CloudAsset>> for Item {
    fn from(answer: cloud::Result<cloud::CloudAsset>) -> Self {
        match answer {
            Ok(asset) => Item { failure: None, asset: Some(asset.into()) },
            Err(error) => Item { failure: Some(Failure::from(&error)), asset: None },
        }
    }
}

/// What became of an asset.
pub(crate) fn item(item: Item) -> Read<cloud::Result<cloud::CloudAsset>> {
    match (item.failure, item.asset) {
        (Some(failure), _) => Ok(Err(failure.into())),
        (None, Some(found)) => Ok(Ok(asset(found)?)),
        (None, None) => violation("an item without a failure and without an asset"),
    }
}
