//! Several accounts of one embedded cloud, which share folders and files with one another: the real cloud, in a scratch
//! directory, with the world's clock and chance.

mod book;
mod check;
mod deeds;
mod listing;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cloudsync_cloud::{
    CloudDb, CloudError, CloudService, Database, EmbeddedCloud, EmbeddedOptions, Result, ShareCenter,
};
use cloudsync_engine::tree::Digest;
use parking_lot::Mutex;
use tempfile::TempDir;

pub use book::Lent;
pub(crate) use listing::digest_in;
pub use service::AccountCloud;

use crate::cloud::{CloudEntry, paths_of};
use crate::rng::Rng;

/// Where a cloud is quick that is thrown away in the end.
const MEMORY: &str = "/dev/shm";

/// What the accounts are called.
const NAMES: [&str; 3] = ["ann", "ben", "cem"];

/// One account.
pub(crate) struct Account {
    pub(crate) name: &'static str,
    cloud: Arc<EmbeddedCloud>,
    /// Its records, and its part of the book, of the gallery: there once a device has asked for them.
    gallery: Option<Gallery>,
    /// What its people wrote, or were shown by others.
    known: BTreeSet<Digest>,
    /// The records that it was shown of others, by whose they are.
    shown: BTreeMap<String, usize>,
}

#[derive(Clone)]
struct Gallery {
    bundle: String,
    database: String,
    db: Arc<dyn CloudDb>,
    center: Arc<dyn ShareCenter>,
}

/// The accounts of a world.
pub struct Accounts {
    pub(crate) all: Vec<Account>,
    /// Which account each device is signed in to.
    pub(crate) of_device: Vec<usize>,
    /// What was shared, as it was answered.
    pub(crate) book: Vec<Lent>,
    /// Who could ever read (owner, invitee), and who could also overwrite or delete.
    pub(crate) readers: BTreeSet<(usize, usize)>,
    pub(crate) writers: BTreeSet<(usize, usize)>,
    /// Each write is held against the privileges.
    pub(crate) watchful: bool,
    now_ms: Arc<AtomicI64>,
    _scratch: TempDir,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("book", &self.book).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Opens an account for each that a device is signed in to.
    ///
    /// # Errors
    /// Where there is no room for a scratch directory, or the cloud does not open.
    pub fn open(of_device: Vec<usize>, chance: Rng, lease_s: u32) -> Result<Self> {
        let local = |error: std::io::Error| CloudError::local(&error);
        let memory = Path::new(MEMORY);
        let scratch = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let scratch = scratch.map_err(local)?;
        let now_ms = Arc::new(AtomicI64::new(0));
        let chance = Arc::new(Mutex::new(chance));
        let count = of_device.iter().max().map_or(0, |last| last + 1);
        let open = |name: &&'static str| -> Result<Account> {
            let mut options = EmbeddedOptions::new(*name);
            options.lease_seconds = lease_s;
            let (clock, chance) = (Arc::clone(&now_ms), Arc::clone(&chance));
            options.clock = Arc::new(move || clock.load(Ordering::Relaxed));
            options.random = Arc::new(move |buffer| {
                let mut chance = chance.lock();
                buffer.fill_with(|| u8::try_from(chance.below(256)).unwrap_or(0));
                Ok(())
            });
            let cloud = Arc::new(EmbeddedCloud::open(scratch.path(), options)?);
            Ok(Account { name, cloud, gallery: None, known: BTreeSet::new(), shown: BTreeMap::new() })
        };
        let all = NAMES.iter().take(count).map(open).collect::<Result<Vec<Account>>>()?;
        Ok(Accounts {
            all,
            of_device,
            book: Vec::new(),
            readers: BTreeSet::new(),
            writers: BTreeSet::new(),
            watchful: true,
            now_ms,
            _scratch: scratch,
        })
    }

    /// The cloud's clock goes on.
    pub(crate) fn set_time(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::Relaxed);
    }

    /// All live records of a device's account by path. The text says why they do not make a tree, where they do not. Two may
    /// have one `shared` path.
    pub(crate) fn by_path(
        &self,
        device: usize,
        shared: impl Fn(&str) -> bool,
    ) -> std::result::Result<BTreeMap<String, CloudEntry>, String> {
        let records = self.records(self.account_of(device)).map_err(|error| error.to_string())?;
        paths_of(&records, shared)
    }

    fn account_of(&self, device: usize) -> usize {
        self.of_device.get(device).copied().unwrap_or(0)
    }

    /// The other devices of a device's account.
    pub(crate) fn beside(&self, device: usize) -> impl Iterator<Item = usize> + '_ {
        self.devices_of(self.account_of(device)).filter(move |other| *other != device)
    }

    /// Whether a device's account has some bytes in the cloud.
    pub(crate) fn holds(&self, device: usize, digest: &Digest) -> bool {
        let records = self.records(self.account_of(device)).unwrap_or_default();
        records.values().any(|rec| digest_in(&rec.values).as_ref() == Some(digest))
    }

    /// The devices of an account.
    pub(crate) fn devices_of(&self, account: usize) -> impl Iterator<Item = usize> + '_ {
        self.of_device.iter().enumerate().filter(move |(_, of)| **of == account).map(|(device, _)| device)
    }

    /// Connects an account's gallery, of which the devices say what it is.
    fn connect(&mut self, account: usize, bundle: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let one = &mut self.all[account];
        let db = one.cloud.connect_db(bundle, database)?;
        if one.gallery.is_none() {
            let center = one.cloud.connect_share_center(0, bundle)?;
            let (bundle, database) = (bundle.to_owned(), database.cloud_name().to_owned());
            one.gallery = Some(Gallery { bundle, database, db: Arc::clone(&db), center });
        }
        Ok(db)
    }
}
