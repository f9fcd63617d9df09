//! `CloudService`: the way into a cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{AppSchema, AssetLoader, CloudDb, CloudError, Database, Result, ShareCenter};

/// The account and its space, as documented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceInfo {
    /// Whether the cloud is switched on for this account.
    pub enable_cloud: bool,
    /// The account's id, derived with SHA-256.
    pub id: String,
    /// Space in all, in KB.
    pub total_space: u64,
    /// Space left, in KB.
    pub remaining_space: u64,
    /// The system user that the account belongs to.
    pub user: i32,
}

/// One application's switch, as documented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppBriefInfo {
    /// Application id.
    pub app_id: String,
    /// Bundle name.
    pub bundle_name: String,
    /// Whether the cloud is switched on for this application.
    pub cloud_switch: bool,
    /// 0 for the application itself, counting up for its clones.
    pub instance_id: i32,
}

/// One subscription, as documented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscribeId {
    /// The database.
    pub database_alias: String,
    /// The subscription's id.
    pub id: String,
}

/// What a subscription came to, as documented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscribeInfo {
    /// How long it lasts, in milliseconds from the request on.
    pub expiration_time: u64,
    /// The subscriptions, by bundle name.
    pub subscribe: BTreeMap<String, Vec<SubscribeId>>,
}

/// Told the bundle's name when records of a database that was subscribed to have been written, by whomever.
/// Called on a thread of the cloud's; must not block.
pub type ChangeListener = Arc<dyn Fn(&str) + Send + Sync>;

/// The documented `CloudService`: account, switches, schema, and the way to a bundle's records and
/// assets. Methods may block; they are called from several threads at once.
pub trait CloudService: Send + Sync {
    /// The account and its space.
    fn get_service_info(&self) -> Result<ServiceInfo>;

    /// Every known application's switch, by bundle name. A bundle that is not named is switched on.
    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>>;

    /// The bundle's databases.
    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema>;

    /// A connection to a bundle's records.
    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>>;

    /// A connection to a bundle's assets.
    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>>;

    /// The way to share a user's and a bundle's data with other accounts. A cloud that cannot share fails.
    fn connect_share_center(&self, user: i32, bundle_name: &str) -> Result<Arc<dyn ShareCenter>> {
        let (_, _) = (user, bundle_name);
        Err(CloudError::NotSupported("connect_share_center"))
    }

    /// Tells `changed` of writes to bundles' databases from now on, for `expiration_time` milliseconds or as long
    /// as the answer says. What the documents leave open is settled so: a time is counted from the request
    /// on, as a lock's lease is; several writes may be told as one; a subscription is renewed by another one
    /// before it ends. A cloud that cannot tell fails.
    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        let (_, _, _) = (databases, expiration_time, changed);
        Err(CloudError::NotSupported("subscribe"))
    }

    /// Ends subscriptions, by bundle name and id. One that has ended is no error.
    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> Result<()> {
        let _ = subscriptions;
        Ok(())
    }
}
