//! What the cloud holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudsync_cloud::{
    AppSchema, Capabilities, CloudError, CloudType, Database, ExtensionValue, Flag, Record, Result, Row,
    Rules,
};
use cloudsync_engine::tree::Digest;

use super::listeners::Listeners;

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct Rec {
    /// Version, and place in the cloud's own sequence.
    pub version: u64,
    /// What the last write was.
    pub flag: Flag,
    /// When it was inserted.
    pub create_ms: i64,
    /// When it was last written.
    pub modify_ms: i64,
    /// Its fields; a deleted record keeps them.
    pub values: Row,
}

impl Rec {
    /// Whether it is deleted.
    pub fn deleted(&self) -> bool {
        self.flag == Flag::Delete
    }

    /// The ids of the assets it names.
    pub fn assets(&self) -> Vec<&str> {
        assets_of(&self.values)
    }

    pub(super) fn page_row(&self, id: &str, fields: &[&str], bare_deletions: bool) -> Record {
        let bare = bare_deletions && self.deleted();
        let wanted = |name: &str| !bare && (fields.is_empty() || fields.contains(&name));
        let values = self.values.iter().filter(|(name, _)| wanted(name));
        Record {
            extension: ExtensionValue {
                id: id.to_owned(),
                create_time: self.create_ms,
                modify_time: self.modify_ms,
                operation: self.flag,
            },
            version: self.version,
            values: values.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
}

/// The name of a bundle's table among those of all bundles.
pub(super) fn table_of(bundle: &str, table: &str) -> String {
    format!("{bundle}/{table}")
}

pub(super) fn assets_of(values: &Row) -> Vec<&str> {
    let mut ids = Vec::new();
    for value in values.values() {
        match value {
            CloudType::Asset(asset) => ids.push(asset.asset_id.as_str()),
            CloudType::Assets(assets) => ids.extend(assets.iter().map(|asset| asset.asset_id.as_str())),
            _ => {}
        }
    }
    // One without an id names no bytes.
    ids.retain(|id| !id.is_empty());
    ids
}

/// An asset that was acknowledged. None is ever forgotten, but by a cloud that is restored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its bytes.
    pub bytes: Arc<Vec<u8>>,
    /// Their digest.
    pub digest: Digest,
}

/// The lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) id: i64,
    pub(super) until_ns: u64,
}

/// The cloud as it was once.
#[derive(Debug, Clone)]
struct Backup {
    records: BTreeMap<(String, String), Rec>,
    assets: BTreeMap<String, Stored>,
    by_sequence: BTreeMap<u64, (String, String)>,
    sequence: u64,
}

/// Everything that the cloud holds.
#[derive(Debug)]
pub struct CloudState {
    /// Whose it is.
    pub account: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Records by table and id.
    pub records: BTreeMap<(String, String), Rec>,
    /// Assets by id.
    pub assets: BTreeMap<String, Stored>,
    /// What each device has sent.
    pub sent: BTreeSet<(usize, Digest)>,
    /// Most rows of a page.
    pub page: usize,
    /// Seconds that a lease lasts.
    pub lease_s: u32,
    /// The last number given in the sequence.
    pub sequence: u64,
    /// How many bytes it takes; `None` where that is no matter.
    pub quota: Option<u64>,
    /// For the test of the checks: acknowledges this many more records without keeping them.
    pub forgetful: u64,
    /// For the test of the checks: tells nobody that something changed.
    pub silent: bool,
    /// Whether its deleted records lose their fields.
    pub bare_deletions: bool,
    /// What was described of each bundle's databases.
    schemas: BTreeMap<String, AppSchema>,
    pub(super) epoch: u64,
    pub(super) by_sequence: BTreeMap<u64, (String, String)>,
    pub(super) partial: BTreeMap<String, Vec<u8>>,
    pub(super) lease: Option<Lease>,
    pub(super) last_lock: i64,
    pub(super) last_id: u64,
    /// Who is told of changes.
    pub(crate) listeners: Listeners,
    backup: Option<Backup>,
    /// Whether it ever was restored.
    pub(super) restored: bool,
}

impl CloudState {
    /// An empty cloud.
    pub fn new(capabilities: Capabilities, page: usize, lease_s: u32) -> Self {
        CloudState {
            account: "account".to_owned(),
            capabilities,
            records: BTreeMap::new(),
            assets: BTreeMap::new(),
            sent: BTreeSet::new(),
            page,
            lease_s,
            sequence: 0,
            forgetful: 0,
            silent: false,
            bare_deletions: false,
            schemas: BTreeMap::new(),
            epoch: 1,
            by_sequence: BTreeMap::new(),
            partial: BTreeMap::new(),
            lease: None,
            last_lock: 0,
            last_id: 0,
            listeners: Listeners::default(),
            quota: None,
            backup: None,
            restored: false,
        }
    }

    /// A bundle's databases, as they were described together.
    pub(super) fn schema(&self, bundle: &str) -> AppSchema {
        let none = || AppSchema { bundle_name: bundle.to_owned(), version: 0, databases: Vec::new() };
        self.schemas.get(bundle).cloned().unwrap_or_else(none)
    }

    /// Adds what a connection describes of its database, and answers with what holds for it.
    pub fn describe(&mut self, bundle: &str, database: &Database) -> Result<Rules> {
        let mut schema = self.schema(bundle);
        let name = database.cloud_name();
        let known = schema.databases.iter().position(|known| known.cloud_name() == name);
        let empty = || Database { tables: Vec::new(), ..database.clone() };
        let before = known.map_or_else(empty, |at| schema.databases.swap_remove(at));
        let grown = before.grown(database)?;
        let rules = Rules::new(&grown)?;
        schema.version += i32::from(known.is_none() || grown != before);
        schema.databases.push(grown);
        self.schemas.insert(bundle.to_owned(), schema);
        Ok(rules)
    }

    /// Whether a live record names an asset with these bytes.
    pub fn holds_live(&self, digest: &Digest) -> bool {
        self.live_contents().any(|live| live == *digest)
    }

    /// The contents of all live records, once per record.
    pub fn live_contents(&self) -> impl Iterator<Item = Digest> + '_ {
        let live = self.records.values().filter(|rec| !rec.deleted());
        live.flat_map(Rec::assets).filter_map(|id| self.assets.get(id)).map(|stored| stored.digest)
    }

    /// Keeps bytes; the answer is their asset's id.
    pub(super) fn store(&mut self, bytes: Vec<u8>) -> String {
        let digest = *blake3::hash(&bytes).as_bytes();
        let hex = blake3::Hash::from_bytes(digest).to_hex().to_string();
        let id = if self.capabilities.digests { hex } else { format!("asset-{}", &hex[..12]) };
        self.assets.entry(id.clone()).or_insert(Stored { bytes: Arc::new(bytes), digest });
        id
    }

    /// Whether there is no room for so many bytes more.
    pub(super) fn is_full_for(&self, bytes: u64) -> bool {
        let used: u64 = self.assets.values().map(|stored| stored.bytes.len() as u64).sum();
        self.quota.is_some_and(|quota| used + bytes > quota)
    }

    /// Makes a backup.
    pub fn back_up(&mut self) {
        let (records, assets) = (self.records.clone(), self.assets.clone());
        let by_sequence = self.by_sequence.clone();
        self.backup = Some(Backup { records, assets, by_sequence, sequence: self.sequence });
    }

    /// Goes back to the backup, if there is one. Who runs a cloud and restores it gives it a new epoch: no
    /// cursor of before is good any more.
    pub fn restore(&mut self) -> bool {
        let Some(backup) = self.backup.clone() else { return false };
        self.records = backup.records;
        self.assets = backup.assets;
        self.by_sequence = backup.by_sequence;
        self.sequence = backup.sequence;
        self.epoch += 1;
        self.restored = true;
        self.partial.clear();
        self.lease = None;
        true
    }

    /// Gives a record its next place in the sequence.
    pub(super) fn put(&mut self, key: (String, String), mut rec: Rec) -> u64 {
        self.sequence += 1;
        rec.version = self.sequence;
        if let Some(old) = self.records.get(&key) {
            self.by_sequence.remove(&old.version);
        }
        self.by_sequence.insert(self.sequence, key.clone());
        self.records.insert(key, rec);
        self.sequence
    }

    /// Forgets deleted records, so that no older cursor is good any more.
    pub(super) fn forget_deleted(&mut self) {
        self.epoch += 1;
        let gone: Vec<(String, String)> =
            self.records.iter().filter(|(_, rec)| rec.deleted()).map(|(key, _)| key.clone()).collect();
        for key in gone {
            if let Some(rec) = self.records.remove(&key) {
                self.by_sequence.remove(&rec.version);
            }
        }
    }

    pub(super) fn cursor(&self, sequence: u64) -> String {
        format!("{}.{sequence}", self.epoch)
    }

    pub(super) fn position(&self, cursor: &str) -> Result<u64> {
        if cursor.is_empty() {
            return Ok(0);
        }
        let parsed =
            cursor.split_once('.').and_then(|(epoch, at)| Some((epoch.parse().ok()?, at.parse().ok()?)));
        match parsed {
            Some((epoch, at)) if epoch == self.epoch && at <= self.sequence => Ok(at),
            Some::<(u64, u64)>(_) => Err(CloudError::CursorExpired),
            None => Err(CloudError::InvalidArgument(format!("the cursor {cursor}"))),
        }
    }

    /// The holder of the lock at a moment.
    pub(super) fn holder(&self, now_ns: u64) -> Option<i64> {
        self.lease.filter(|lease| lease.until_ns > now_ns).map(|lease| lease.id)
    }
}
