//! The embedded cloud: a directory on disk that is a whole cloud.
//!
//! ```text
//! <dir>/                     0700
//!   <account id>/            0700, one per account
//!     records.db             SQLite: records, locks, what contents there are
//!     content/00 … ff/       the contents, one file each
//!     changed.1 …            one for each database, touched when its records were written
//!   shares.db                SQLite: what accounts share with one another; there once somebody has shared
//! ```
//!
//! Several processes, and any number of threads in each, may use one directory at once.

mod assets;
mod cursor;
mod description;
mod download;
mod failure;
mod gc;
mod ids;
mod large;
mod lease;
mod options;
mod pool;
mod prove;
mod records;
mod references;
mod schema;
mod share;
mod store;
mod subscriptions;
mod switch;
mod write;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::fs::{FlockOperation, Mode, OFlags};

use assets::EmbeddedAssets;
use description::Registered;
use records::EmbeddedDb;

pub use gc::Collected;
pub use options::{Clock, EmbeddedOptions, Random, SharingLimits};

use crate::{
    AppBriefInfo, AppSchema, AssetLoader, ChangeListener, CloudDb, CloudError, CloudService, Database,
    Result, SchemaDb, SchemaLoader, ServiceInfo, ShareCenter, SubscribeId, SubscribeInfo,
};

/// A cloud in a directory. Used from any thread; dropping it closes it, and no call outlives it.
pub struct EmbeddedCloud {
    core: Arc<Core>,
}

/// What every connection of one opened cloud shares.
struct Core {
    /// The cloud's directory.
    dir: PathBuf,
    options: EmbeddedOptions,
    account_id: String,
    /// Drawn when the records were made: tells cursors of other clouds apart.
    epoch: i64,
    pool: pool::Pool,
    store: store::Store,
    subscriptions: subscriptions::Subscriptions,
    /// Opened where somebody shares; the lock is whoever opens it.
    book: OnceLock<share::Book>,
    opening_book: Mutex<()>,
    /// Other accounts that share with this one, by their ids.
    peers: Mutex<BTreeMap<String, Arc<Core>>>,
}

impl Core {
    /// Opens an account's directory, making what is not there.
    fn open(dir: &Path, options: EmbeddedOptions, account_id: String) -> Result<Core> {
        let local = |error: io::Error| CloudError::local(&error);
        let root = private_directory(dir).map_err(local)?;
        store::make_directory(&root, &account_id).map_err(local)?;
        let path = dir.join(&account_id);
        let account = open_directory(&path).map_err(local)?;
        // Others that open it now wait until everything is there.
        rustix::fs::flock(&account, FlockOperation::LockExclusive).map_err(|error| local(error.into()))?;
        let store = store::Store::open(&account).map_err(local)?;
        let epoch = draw_epoch(&options)?;
        let pool = pool::Pool::open(&path.join("records.db"), |file| schema::migrate(file, epoch))?;
        rustix::fs::fsync(&account).and(rustix::fs::fsync(&root)).map_err(|error| local(error.into()))?;
        // The lock goes with the description that it was taken by.
        let again = open_directory(&path).map_err(local)?;
        drop(account);
        let subscriptions = subscriptions::Subscriptions::new(again);
        let epoch = pool.read(|tx| Ok(tx.query_row("SELECT epoch FROM meta", [], |row| row.get(0))?))?;
        Ok(Core {
            dir: dir.to_owned(),
            options,
            account_id,
            epoch,
            pool,
            store,
            subscriptions,
            book: OnceLock::new(),
            opening_book: Mutex::new(()),
            peers: Mutex::default(),
        })
    }

    /// Another account of the directory, by its id, which must have been opened once.
    fn peer(&self, account_id: &str) -> Result<Arc<Core>> {
        let mut peers = self.peers.lock();
        if let Some(peer) = peers.get(account_id) {
            return Ok(Arc::clone(peer));
        }
        if !self.dir.join(account_id).join("records.db").exists() {
            return Err(CloudError::NotFound("an account that has shared something".to_owned()));
        }
        // How much the other account may hold, nobody has told this one.
        let options = EmbeddedOptions { quota: None, ..self.options.clone() };
        let peer = Arc::new(Core::open(&self.dir, options, account_id.to_owned())?);
        peers.insert(account_id.to_owned(), Arc::clone(&peer));
        Ok(peer)
    }

    /// Ids of records that nobody has.
    fn record_ids(&self, count: usize) -> Result<Vec<String>> {
        let mut random = vec![[0; ids::RANDOM_BYTES]; count];
        (self.options.random)(random.as_flattened_mut())
            .map_err(|error| CloudError::Unknown(format!("no randomness: {error}")))?;
        let now = self.now();
        Ok(random.iter().map(|random| ids::record_id(now, random)).collect())
    }

    /// The book of shares, which is made where there is none yet.
    fn book(&self) -> Result<&share::Book> {
        let _one = self.opening_book.lock();
        if let Some(book) = self.book.get() {
            return Ok(book);
        }
        let root = open_directory(&self.dir).map_err(|error| CloudError::local(&error))?;
        // Other processes that open it now wait until everything is there.
        rustix::fs::flock(&root, FlockOperation::LockExclusive)
            .map_err(|error| CloudError::local(&error.into()))?;
        let book = share::Book::open(&self.dir)?;
        rustix::fs::fsync(&root).map_err(|error| CloudError::local(&error.into()))?;
        Ok(self.book.get_or_init(|| book))
    }

    /// When an invitation that is made now ends.
    fn invitation_ends(&self) -> i64 {
        let lasts = i64::try_from(self.options.sharing.invitation.as_millis()).unwrap_or(i64::MAX);
        self.now().saturating_add(lasts)
    }

    fn now(&self) -> i64 {
        (self.options.clock)()
    }

    fn retention_ms(&self) -> i64 {
        i64::try_from(self.options.retention.as_millis()).unwrap_or(i64::MAX)
    }

    /// The account's space in bytes.
    fn quota(&self) -> i64 {
        self.options.quota.and_then(|quota| i64::try_from(quota).ok()).unwrap_or(i64::MAX)
    }
}

impl EmbeddedCloud {
    /// Opens the cloud in `dir`, making what is not there. `dir` then is for its owner only (0700).
    ///
    /// At most once a day this also does a bounded part of [`EmbeddedCloud::collect_garbage`].
    ///
    /// # Errors
    /// [`CloudError::Local`] when the directory cannot be made or used, [`CloudError::Corrupt`]
    /// when its records are damaged, [`CloudError::Unknown`] when they were made by a newer version.
    pub fn open(dir: &Path, options: EmbeddedOptions) -> Result<EmbeddedCloud> {
        let account_id = ids::account_id(&options.account);
        let cloud = EmbeddedCloud { core: Arc::new(Core::open(dir, options, account_id)?) };
        gc::collect_when_due(&cloud.core)?;
        Ok(cloud)
    }

    /// Forgets deleted records older than the retention, and removes contents that no record has
    /// named for that long, uploads that nobody went on with for a day, and files that an
    /// interrupted upload left more than a day ago. Reads the whole store's directories once.
    ///
    /// # Errors
    /// As the records' or the content store's; what was collected before stays collected.
    pub fn collect_garbage(&self) -> Result<Collected> {
        gc::collect(&self.core)
    }
}

impl CloudService for EmbeddedCloud {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        let used = self.core.pool.read(|tx| Ok(references::used(tx)?))?.unsigned_abs();
        let (size, free) = self.core.store.disk().map_err(|error| failure::store_error(&error))?;
        let (total, remaining) = match self.core.options.quota {
            Some(quota) => (quota, quota.saturating_sub(used).min(free)),
            None => (size, free),
        };
        Ok(ServiceInfo {
            enable_cloud: !switch::SwitchedOff::read(&self.core)?.account(),
            id: self.core.account_id.clone(),
            total_space: total / 1024,
            remaining_space: remaining / 1024,
            user: 0,
        })
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        let off = switch::SwitchedOff::read(&self.core)?;
        let mut apps: BTreeMap<String, AppBriefInfo> = self.core.pool.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT DISTINCT bundle FROM databases")?;
            let bundles = statement.query_map([], |row| row.get::<_, String>(0))?;
            bundles
                .map(|bundle| bundle.map(|name| (name.clone(), brief(name, true))).map_err(Into::into))
                .collect()
        })?;
        apps.extend(off.bundles().map(|bundle| (bundle.clone(), brief(bundle, false))));
        Ok(apps)
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.core.pool.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT description, description_version FROM databases WHERE bundle = ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([bundle_name], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut schema =
                AppSchema { bundle_name: bundle_name.to_owned(), version: 0, databases: Vec::new() };
            for row in rows {
                let (description, version): (Vec<u8>, i32) = row?;
                schema.databases.push(description::decode(&description)?);
                // Each one only rises, and so does their sum.
                schema.version = schema.version.saturating_add(version);
            }
            Ok(schema)
        })
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let registered = Registered::new(&self.core, bundle_name, database)?;
        let db = EmbeddedDb::new(self.core.clone(), registered.db(), bundle_name, database.cloud_name());
        Ok(Arc::new(SchemaDb::new(Arc::new(db), registered)))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let registered = Registered::new(&self.core, bundle_name, database)?;
        let loader = EmbeddedAssets::new(self.core.clone(), registered.db());
        Ok(Arc::new(SchemaLoader::new(Arc::new(loader), registered)))
    }

    fn connect_share_center(&self, _user: i32, bundle_name: &str) -> Result<Arc<dyn ShareCenter>> {
        if bundle_name.is_empty() {
            return Err(CloudError::InvalidArgument("a bundle without a name".to_owned()));
        }
        Ok(Arc::new(share::EmbeddedShare::new(self.core.clone(), bundle_name)))
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        let mut subscribe: BTreeMap<String, Vec<SubscribeId>> = BTreeMap::new();
        let expiration_time = expiration_time.min(subscriptions::LONGEST_MS);
        for (bundle, databases) in databases {
            for database in databases {
                let db = description::register(&self.core, bundle, database)?;
                let lasts = Duration::from_millis(expiration_time);
                let id = self.core.subscriptions.add(db, bundle, lasts, changed.clone());
                let id = id.map_err(|error| CloudError::local(&error))?.to_string();
                let database_alias = database.alias.clone();
                subscribe.entry(bundle.clone()).or_default().push(SubscribeId { database_alias, id });
            }
        }
        Ok(SubscribeInfo { expiration_time, subscribe })
    }

    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> Result<()> {
        let ids = subscriptions.values().flatten().filter_map(|id| id.parse().ok()).collect();
        self.core.subscriptions.end(&ids);
        Ok(())
    }
}

fn brief(bundle: String, cloud_switch: bool) -> AppBriefInfo {
    AppBriefInfo { app_id: bundle.clone(), bundle_name: bundle, cloud_switch, instance_id: 0 }
}

/// A new epoch: positive, so that it reads well in a cursor.
fn draw_epoch(options: &EmbeddedOptions) -> Result<i64> {
    let mut bytes = [0; 8];
    (options.random)(&mut bytes).map_err(|error| CloudError::Unknown(format!("no randomness: {error}")))?;
    Ok(i64::from_le_bytes(bytes) & i64::MAX)
}

fn private_directory(dir: &Path) -> io::Result<OwnedFd> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    if std::fs::metadata(dir)?.permissions().mode() & 0o777 != 0o700 {
        std::fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    }
    open_directory(dir)
}

fn open_directory(dir: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(dir, flags, Mode::empty())?)
}
