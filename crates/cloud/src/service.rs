//! `CloudService`: the way into a cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{AppSchema, AssetLoader, CloudDb, Database, Result};

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
}
