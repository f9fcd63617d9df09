//! The way into the simulated cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetLoader, ChangeListener, CloudDb, CloudError, CloudService, Database,
    Result, SchemaDb, SchemaLoader, ServiceInfo, SubscribeId, SubscribeInfo,
};
use parking_lot::MutexGuard;

use super::assets::SimLoader;
use super::db::SimDb;
use crate::shared::{Shared, Wire};

/// The cloud, as one device's process reaches it.
#[derive(Debug)]
pub struct SimCloud {
    wire: Wire,
}

impl SimCloud {
    /// The cloud for a process.
    pub fn new(wire: Wire) -> Self {
        SimCloud { wire }
    }
}

/// Begins a call of the cloud: it may not get there.
pub(crate) fn reach<'a>(wire: &'a Wire, what: &str) -> Result<MutexGuard<'a, Shared>> {
    let Some(mut shared) = wire.call() else {
        return Err(CloudError::Network("the process was killed".into()));
    };
    let device = &shared.devices[wire.device];
    let (weather, network) = (device.weather, device.conditions.network);
    let offline = !network.wifi && !network.mobile;
    if weather.gone {
        return Err(CloudError::Gone("the cloud has gone".into()));
    }
    if weather.disabled {
        return Err(CloudError::Disabled);
    }
    if offline || shared.rng.per_mille(weather.lost_call) {
        let line = format!("device {}: cloud.{what}: not reached", wire.device);
        shared.note(&line);
        // Now and then the cloud was reached, and is the one who did nothing.
        if offline || shared.now_ns % 4 != 3 {
            return Err(CloudError::Network("not reached".into()));
        }
        return Err(CloudError::TooManyRequests("once an hour is enough".into()));
    }
    if weather.throttled {
        return Err(CloudError::TooManyRequests("once an hour is enough".into()));
    }
    Ok(shared)
}

/// Ends a call of the cloud: the answer may be lost.
pub(crate) fn answer<T>(shared: &mut Shared, wire: &Wire, what: &str, result: Result<T>) -> Result<T> {
    let chance = shared.devices[wire.device].weather.lost_reply;
    let lost = shared.rng.per_mille(chance);
    let told = result.as_ref().map_or_else(ToString::to_string, |_| "done".to_owned());
    let fate = if lost { ", but the answer is lost" } else { "" };
    shared.note(&format!("device {}: cloud.{what}: {told}{fate}", wire.device));
    if lost { Err(CloudError::Network("the answer was lost".into())) } else { result }
}

impl CloudService for SimCloud {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        let mut shared = reach(&self.wire, "get_service_info")?;
        let info = ServiceInfo {
            enable_cloud: true,
            id: shared.cloud.account.clone(),
            total_space: 1 << 30,
            remaining_space: 1 << 29,
            user: 100,
        };
        answer(&mut shared, &self.wire, "get_service_info", Ok(info))
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        let mut shared = reach(&self.wire, "get_app_brief_info")?;
        answer(&mut shared, &self.wire, "get_app_brief_info", Ok(BTreeMap::new()))
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        let mut shared = reach(&self.wire, "get_app_schema")?;
        let schema = shared.cloud.schema(bundle_name);
        answer(&mut shared, &self.wire, "get_app_schema", Ok(schema))
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        let mut shared = reach(&self.wire, "subscribe")?;
        let until_ns = shared.now_ns + expiration_time * 1_000_000;
        let mut subscribe = BTreeMap::new();
        for (bundle, databases) in databases {
            let listeners = &mut shared.cloud.listeners;
            let mut id = |database: &Database| SubscribeId {
                database_alias: database.alias.clone(),
                id: listeners.add(self.wire.device, bundle, until_ns, changed.clone()),
            };
            subscribe.insert(bundle.clone(), databases.iter().map(&mut id).collect());
        }
        let info = SubscribeInfo { expiration_time, subscribe };
        answer(&mut shared, &self.wire, "subscribe", Ok(info))
    }

    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> Result<()> {
        let mut shared = reach(&self.wire, "unsubscribe")?;
        subscriptions.values().for_each(|ids| shared.cloud.listeners.end(ids));
        answer(&mut shared, &self.wire, "unsubscribe", Ok(()))
    }

    /// A connection takes no time here, and nothing goes over the network before it is used.
    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let rules = Arc::new(self.wire.peek().cloud.describe(bundle_name, database)?);
        let db = SimDb::new(self.wire.clone(), bundle_name);
        Ok(Arc::new(SchemaDb::new(Arc::new(db), rules)))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let rules = Arc::new(self.wire.peek().cloud.describe(bundle_name, database)?);
        let loader = SimLoader::new(self.wire.clone(), bundle_name);
        Ok(Arc::new(SchemaLoader::new(Arc::new(loader), rules)))
    }
}
