//! A foreign cloud's answers, held against what it was asked.
//!
//! The engine trusts a cloud's numbers: how many answers belong to how many rows, that a listing ends, that what was
//! written has the version it is said to have. A cloud that somebody else wrote goes through here first, whatever way it
//! came; an answer that cannot be true becomes an error of that call, and says what is wrong with it.

mod db;
mod listing;
mod loader;
mod schema;
mod share;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{
    AppBriefInfo, AppSchema, AssetLoader, ChangeListener, CloudDb, CloudError, CloudService, Database,
    Result, SchemaDb, SchemaLoader, ServiceInfo, ShareCenter, SubscribeInfo,
};

pub use db::CheckedDb;
pub use loader::CheckedLoader;
pub use share::CheckedShare;

/// A [`CloudService`] whose own answers are checked, and whose databases and loaders are held to the schema that it gives. Their
/// answers are checked elsewhere: a stub checks its database, its loader and its share centre where they are made, in
/// [`CheckedDb`], [`CheckedLoader`] and [`CheckedShare`].
pub struct CheckedService(Arc<dyn CloudService>);

impl CheckedService {
    /// Checks a service's answers from now on.
    pub fn new(service: Arc<dyn CloudService>) -> Self {
        CheckedService(service)
    }
}

/// An answer that cannot be true.
fn lie(text: impl Into<String>) -> CloudError {
    CloudError::Unknown(text.into())
}

/// What a call came to that nobody can have stopped.
fn ended<T>(answer: Result<T>) -> Result<T> {
    answer.map_err(|error| match error {
        CloudError::Stopped => lie("it stopped by itself"),
        error => error,
    })
}

impl CloudService for CheckedService {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        let info = ended(self.0.get_service_info())?;
        if info.remaining_space > info.total_space {
            let (left, all) = (info.remaining_space, info.total_space);
            return Err(lie(format!("it says that {left} KB are left of {all} KB")));
        }
        Ok(info)
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        ended(self.0.get_app_brief_info())
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        let schema = ended(self.0.get_app_schema(bundle_name))?;
        if schema.bundle_name != bundle_name {
            return Err(lie(format!("it gave the schema of {} for {bundle_name}", schema.bundle_name)));
        }
        schema::check(&schema)?;
        Ok(schema)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let db = ended(self.0.connect_db(bundle_name, database))?;
        Ok(match schema::rules_for(self, bundle_name, database)? {
            Some(rules) => Arc::new(SchemaDb::new(db, rules)),
            None => db,
        })
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let loader = ended(self.0.connect_asset_loader(bundle_name, database))?;
        Ok(match schema::rules_for(self, bundle_name, database)? {
            Some(rules) => Arc::new(SchemaLoader::new(loader, rules)),
            None => loader,
        })
    }

    fn connect_share_center(&self, user: i32, bundle_name: &str) -> Result<Arc<dyn ShareCenter>> {
        self.0.connect_share_center(user, bundle_name)
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        let info = ended(self.0.subscribe(databases, expiration_time, changed))?;
        if info.expiration_time == 0 {
            return Err(lie("it gave a subscription of no time"));
        }
        match info.subscribe.keys().find(|bundle| !databases.contains_key(*bundle)) {
            Some(bundle) => Err(lie(format!("it subscribed to {bundle}, which nobody asked for"))),
            None => Ok(info),
        }
    }

    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> Result<()> {
        ended(self.0.unsubscribe(subscriptions))
    }
}
