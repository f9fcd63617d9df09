//! A device's way to its account in the embedded cloud: as unreliable as that into the simulated one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetDownload, AssetLoader, AssetUpload, Capabilities, ChangeListener, Claim,
    CloudAsset, CloudData, CloudDb, CloudError, CloudService, Database, EmbeddedCloud, Flag, LockInfo,
    Result, RowWrite, ServiceInfo, SubscribeId, SubscribeInfo, TransferControl, WriteReceipt,
};
use parking_lot::MutexGuard;

use crate::cloud::{answer, reach};
use crate::shared::{Shared, Wire};

/// The cloud, as a process of a device with an account reaches it.
pub struct AccountCloud {
    wire: Wire,
    account: usize,
    cloud: Arc<EmbeddedCloud>,
}

impl AccountCloud {
    /// For a process; `None` where the world has no accounts.
    pub fn new(wire: Wire) -> Option<Self> {
        let shared = wire.peek();
        let accounts = shared.accounts.as_ref()?;
        let account = accounts.account_of(wire.device);
        let cloud = Arc::clone(&accounts.all.get(account)?.cloud);
        drop(shared);
        Some(AccountCloud { wire, account, cloud })
    }

    fn simple<T>(&self, what: &str, call: impl FnOnce(&EmbeddedCloud) -> Result<T>) -> Result<T> {
        let mut shared = arrive(&self.wire, what)?;
        let result = call(&self.cloud);
        answer(&mut shared, &self.wire, what, result)
    }
}

/// A call arrives. Whatever the accounts' people do with their shares may have come before it.
fn arrive<'a>(wire: &'a Wire, what: &str) -> Result<MutexGuard<'a, Shared>> {
    let mut shared = reach(wire, what)?;
    if shared.meddling > 0 && shared.rng.per_mille(10) {
        shared.deal();
    }
    shared.tell_accounts_the_time();
    Ok(shared)
}

impl CloudService for AccountCloud {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.simple("get_service_info", |cloud| {
            // What is left of the disk is different in each run of a world.
            Ok(ServiceInfo { total_space: 1 << 30, remaining_space: 1 << 29, ..cloud.get_service_info()? })
        })
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.simple("get_app_brief_info", |cloud| cloud.get_app_brief_info())
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.simple("get_app_schema", |cloud| cloud.get_app_schema(bundle_name))
    }

    /// Nothing happens by itself in this world.
    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        _changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        let id = |database: &Database| SubscribeId {
            database_alias: database.alias.clone(),
            id: "subscription".into(),
        };
        let subscribe = databases.iter();
        let subscribe =
            subscribe.map(|(bundle, databases)| (bundle.clone(), databases.iter().map(id).collect()));
        let info = SubscribeInfo { expiration_time, subscribe: subscribe.collect() };
        self.simple("subscribe", |_| Ok(info))
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let mut shared = self.wire.peek();
        shared.tell_accounts_the_time();
        let Some(accounts) = &mut shared.accounts else { return Err(CloudError::Disabled) };
        let db = accounts.connect(self.account, bundle_name, database)?;
        Ok(Arc::new(AccountDb { wire: self.wire.clone(), account: self.account, db }))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let loader = self.cloud.connect_asset_loader(bundle_name, database)?;
        Ok(Arc::new(AccountLoader { wire: self.wire.clone(), loader }))
    }
}

/// One device's connection to its account's records.
struct AccountDb {
    wire: Wire,
    account: usize,
    db: Arc<dyn CloudDb>,
}

impl AccountDb {
    fn write(
        &self,
        what: &str,
        table: &str,
        flag: Flag,
        rows: Vec<RowWrite>,
    ) -> Result<Vec<Result<WriteReceipt>>> {
        let mut shared = arrive(&self.wire, what)?;
        for row in &rows {
            let line = format!("device {}: {what} {} {:?}", self.wire.device, row.id, row.values);
            shared.note(&line);
        }
        let before = shared.before_write()?;
        let written = match flag {
            Flag::Insert => self.db.insert(table, rows.clone()),
            Flag::Update => self.db.update(table, rows.clone()),
            Flag::Delete => self.db.delete(table, rows.clone()),
        };
        for answer in written.iter().flatten() {
            let line = format!("device {}:   -> {answer:?}", self.wire.device);
            shared.note(&line);
        }
        shared.after_write(self.account, &rows, &written, before)?;
        answer(&mut shared, &self.wire, what, written)
    }
}

impl CloudDb for AccountDb {
    fn capabilities(&self) -> Capabilities {
        self.db.capabilities()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        let mut shared = arrive(&self.wire, "generate_id")?;
        let ids = self.db.generate_id(count);
        answer(&mut shared, &self.wire, "generate_id", ids)
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("insert", table, Flag::Insert, rows)
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("update", table, Flag::Update, rows)
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("delete", table, Flag::Delete, rows)
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        let mut shared = arrive(&self.wire, "query")?;
        let chance = shared.devices[self.wire.device].weather.cursor_expires;
        if !cursor.is_empty() && shared.rng.per_mille(chance) {
            return answer(&mut shared, &self.wire, "query", Err(CloudError::CursorExpired));
        }
        let count = count.min(shared.cloud.page);
        let page = self.db.query(table, fields, count, cursor);
        if let Ok(page) = &page {
            shared.shown(self.account, page)?;
        }
        let told: BTreeSet<&str> =
            page.iter().flat_map(|page| &page.values).map(|row| row.extension.id.as_str()).collect();
        let what = format!("query after '{cursor}': {told:?}");
        answer(&mut shared, &self.wire, &what, page)
    }

    fn lock(&self) -> Result<LockInfo> {
        let mut shared = arrive(&self.wire, "lock")?;
        let chance = shared.devices[self.wire.device].weather.locked;
        let held = shared.rng.per_mille(chance);
        let lock = if held { Err(CloudError::LockedByOthers) } else { self.db.lock() };
        answer(&mut shared, &self.wire, "lock", lock)
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        let mut shared = arrive(&self.wire, "heartbeat")?;
        let chance = shared.devices[self.wire.device].weather.lease_lost;
        if shared.rng.per_mille(chance) {
            self.db.unlock(lock_id)?;
        }
        let lock = self.db.heartbeat(lock_id);
        answer(&mut shared, &self.wire, "heartbeat", lock)
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        let mut shared = arrive(&self.wire, "unlock")?;
        let done = self.db.unlock(lock_id);
        answer(&mut shared, &self.wire, "unlock", done)
    }
}

/// One device's connection to its account's bytes. Nothing is held while they move: they come from the device's disk and
/// go to it.
struct AccountLoader {
    wire: Wire,
    loader: Arc<dyn AssetLoader>,
}

impl AccountLoader {
    fn transfer<T>(&self, what: &str, count: usize, call: impl FnOnce() -> Vec<Result<T>>) -> Vec<Result<T>> {
        let failed = |error: CloudError| (0..count).map(|_| Err(error.clone())).collect();
        match arrive(&self.wire, what) {
            Ok(shared) if shared.devices[self.wire.device].weather.no_assets => {
                return failed(CloudError::Network("the asset store is not reached".into()));
            }
            Ok(shared) if what == "upload" && shared.devices[self.wire.device].weather.cloud_full => {
                return failed(CloudError::NoSpaceForAsset);
            }
            Ok(_) => {}
            Err(error) => return failed(error),
        }
        let results = call();
        let Some(mut shared) = self.wire.call() else {
            return failed(CloudError::Network("the process was killed".into()));
        };
        let told: Vec<String> =
            results.iter().filter_map(|one| Some(one.as_ref().err()?.to_string())).collect();
        match answer(&mut shared, &self.wire, &format!("{what} {told:?}"), Ok(())) {
            Ok(()) => results,
            Err(error) => failed(error),
        }
    }
}

impl AssetLoader for AccountLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.transfer("upload", items.len(), || self.loader.upload(table, items, control))
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.transfer("download", items.len(), || self.loader.download(table, prefix, items, control))
    }

    fn prove(&self, table: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        let proved = self.transfer("prove", claims.len(), || self.loader.prove(table, claims, control));
        let mut shared = self.wire.peek();
        for (claim, _) in claims.iter().zip(&proved).filter(|(_, proved)| proved.is_ok()) {
            let record = (table.to_owned(), claim.gid.clone());
            shared.proved(self.wire.device, self.wire.life(), claim.digest, record);
        }
        proved
    }
}
