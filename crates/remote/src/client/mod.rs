//! A cloud that another process serves.
//!
//! - [`connection`] is one connection and the calls on it, [`calls`] what comes for each of them;
//! - [`core`] makes a connection anew where the last one has ended, [`subscriptions`] with all that was subscribed to;
//! - [`place`] is something that was connected to, and is connected to anew: [`db`] and [`loader`] are a bundle's records and
//!   assets, [`share`] is its share centre;
//! - [`upload`] and [`download`] are the transfers.

mod calls;
mod connection;
mod core;
mod db;
mod download;
mod loader;
mod place;
mod share;
mod subscriptions;
mod transfer;
mod upload;

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetLoader, ChangeListener, CheckedDb, CheckedLoader, CheckedShare, CloudDb,
    CloudService, Database, Result, ServiceInfo, ShareCenter, SubscribeInfo,
};

use self::core::Core;
use self::db::RemoteDb;
use self::loader::RemoteLoader;
use self::share::RemoteShare;
use crate::address::Address;
use crate::convert;
use crate::error::ConnectError;
use crate::frame::Kind;
use crate::message::{Apps, Bundle, Nothing};
use crate::options::Options;

/// A cloud that another process serves. Where that ends, calls under way fail with [`cloudsync_cloud::CloudError::Gone`],
/// and later ones connect anew: databases, loaders, share centres and subscriptions go on. Used from any thread.
///
/// The databases', loaders' and share centres' answers are checked, since a foreign cloud gives them.
pub struct RemoteCloud {
    core: Arc<Core>,
}

impl RemoteCloud {
    /// Connects to whoever serves at an address.
    ///
    /// # Errors
    /// [`ConnectError`] says why there is no connection.
    pub fn connect(address: Address, options: Options) -> std::result::Result<Self, ConnectError> {
        let core = Core::new(address, options);
        core.connect()?;
        Ok(RemoteCloud { core })
    }
}

impl CloudService for RemoteCloud {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        let info: crate::message::ServiceInfo = self.core.ask(Kind::GetServiceInfo, &Nothing {})?;
        Ok(info.into())
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        let apps: Apps = self.core.ask(Kind::GetAppBriefInfo, &Nothing {})?;
        let apps = apps.apps.into_iter().map(AppBriefInfo::from);
        Ok(apps.map(|app| (app.bundle_name.clone(), app)).collect())
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        let connection = self.core.connection()?;
        let schema = connection.ask(Kind::GetAppSchema, &Bundle { bundle_name: bundle_name.to_owned() })?;
        connection.kept(convert::schema(schema))
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let db = RemoteDb::connect(self.core.clone(), bundle_name, database)?;
        Ok(Arc::new(CheckedDb::new(Arc::new(db))))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let loader = RemoteLoader::connect(self.core.clone(), bundle_name, database)?;
        Ok(Arc::new(CheckedLoader::new(Arc::new(loader))))
    }

    fn connect_share_center(&self, user: i32, bundle_name: &str) -> Result<Arc<dyn ShareCenter>> {
        let center = RemoteShare::connect(self.core.clone(), user, bundle_name)?;
        Ok(Arc::new(CheckedShare::new(Arc::new(center))))
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        self.core.subscribe(databases, expiration_time, changed)
    }

    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> Result<()> {
        self.core.unsubscribe(subscriptions)
    }
}
