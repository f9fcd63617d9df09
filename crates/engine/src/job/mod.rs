//! Blocking work that workers do for the control thread, over the ports alone.
//!
//! A job carries all it needs and changes nothing but the disk and the cloud; what it found out or
//! did comes back as a [`JobDone`], and the control thread puts that into the trees.

mod adrift;
mod cloud;
mod disk;
mod evict;
mod fetch;
mod hash;
mod identify;
mod mark;
mod note;
mod place;
mod previews;
mod revive;
mod same;
mod scan;
mod subscribe;
mod transfer;
mod trash;
mod upload;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudsync_cloud::{AssetLoader, Capabilities, CloudDb, CloudError, CloudService, Database};
use parking_lot::{Mutex, RwLock};

pub use adrift::{Adrift, Limbo};
pub use cloud::{Page, WriteBatch, WriteResults};
pub use disk::{DiskOp, DiskOutcome};
pub use evict::{EvictItem, EvictOutcome};
pub(crate) use fetch::temp_name;
pub use fetch::{FetchItem, FetchOutcome};
pub use hash::{HashItem, HashOutcome};
pub use identify::{IdentifyItem, Unjoined};
pub use note::Along;
pub(crate) use note::read as read_note;
pub use place::PlaceItem;
pub use previews::{PreviewItem, PreviewOutcome};
pub use scan::{FolderListing, ScanReport, Scope};
pub(crate) use scan::{join, name_of};
pub use transfer::Moved;
pub use trash::Back;
pub(crate) use trash::{bin_names, bin_of, is_there, taken};
pub use upload::{UploadItem, UploadOutcome};

use crate::bandwidth::Bandwidth;
use crate::config::Config;
use crate::error::Error;
use crate::gate::Gate;
use crate::heard::WakeUp;
use crate::plan::Steps;
use crate::ports::{
    Clock, ContentId, FileSystem, IdentifierReader, Marking, PictureMaker, Ports, PreviewCache, Random,
    Stamp, Watcher,
};
use crate::tree::{NodeId, Trees};

/// A job's number; rises.
pub type JobId = u64;

/// Tells running jobs to stop soon.
#[derive(Debug, Clone, Default)]
pub struct StopFlag {
    own: Arc<AtomicBool>,
    /// Of what they are a part of.
    whole: Option<Arc<AtomicBool>>,
}

impl StopFlag {
    /// A flag for some of the jobs, who stop when all of them do, too.
    pub(crate) fn part(&self) -> StopFlag {
        StopFlag { own: Arc::default(), whole: Some(Arc::clone(&self.own)) }
    }

    /// Asks to stop.
    pub fn set(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        let whole = self.whole.as_ref().is_some_and(|whole| whole.load(Ordering::Relaxed));
        whole || self.own.load(Ordering::Relaxed)
    }
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Work {
    /// Look at the disk.
    Scan {
        /// Which folders.
        scope: Scope,
        /// The gallery's identity as the index knows it, empty the first time.
        identity: String,
        /// Whether a gallery without one gets one: a mere look changes nothing.
        attach: bool,
        /// What may lie between two places since a process ended.
        adrift: Vec<Adrift>,
    },
    /// Read files and take their digests.
    Hash(Vec<HashItem>),
    /// Read what files say of the photo that they are a part of.
    Identify(Vec<Unjoined>),
    /// Change folders and names, each after those that it waits for, and only if these were done.
    Disk(Steps<DiskOp>),
    /// Bring bytes from the cloud.
    Fetch(Vec<FetchItem>),
    /// Put files that came in their places.
    Place(Vec<PlaceItem>),
    /// Find out whether a run may begin by itself.
    Ask,
    /// Find out whether the account that the files are synced with can be asked.
    AskAccount,
    /// Let the cloud tell of changes.
    Subscribe,
    /// Let it tell no more.
    Unsubscribe,
    /// Bring previews from the cloud.
    FetchPreviews(Vec<PreviewItem>),
    /// Remove the previews of bytes that the trees do not know any more.
    TidyPreviews,
    /// Mark files for programs beside this one.
    Mark(Vec<Marking>),
    /// Find out when files were last read.
    Survey(Vec<(NodeId, String)>),
    /// Let the cloud prove that it holds what files hold.
    Prove(Vec<EvictItem>),
    /// Remove the own copies of files that were proved with these stamps, and were not touched since.
    Remove(Vec<(EvictItem, Stamp)>),
    /// Remove temporary files and trash whose time is over.
    Sweep {
        /// How long the trash is kept, in seconds.
        trash_seconds: u64,
    },
    /// Move a file with the other parts of its photo, or a folder, to the trash.
    ToTrash {
        /// Where it lies, then the other parts that are known.
        paths: Vec<String>,
        /// Other parts went before, and it goes where they are.
        follows: bool,
        /// What is to be known of it when it comes back.
        along: Vec<Along>,
        /// The gallery's identity.
        identity: String,
    },
    /// Bring what was at a path last back from the trash, with the parts of its photo that went with it; first, in the
    /// cloud, what went with it and was there alone.
    FromTrash {
        /// Where it lay.
        path: String,
        /// The bin that has it; the newest that has, where none is said.
        bin: Option<String>,
        /// The gallery's identity.
        identity: String,
    },
    /// Bring back what lay at a path from the cloud's trash, in the cloud, and the other parts of its photo.
    Revive(String),
    /// Discard one temporary file.
    Discard(String),
    /// Remove those of these folders, the inner ones first, that hold nothing.
    RemoveEmpty(Vec<String>),
    /// Send bytes to the cloud.
    Upload(Vec<UploadItem>),
    /// Ask the cloud what changed since the cursor.
    Pull {
        /// Where the last page ended.
        cursor: String,
        /// How many rows at most.
        count: usize,
    },
    /// Ask the cloud for this many record ids.
    NewIds(usize),
    /// Take the cloud's lock.
    Lock,
    /// Keep the cloud's lock.
    Heartbeat(i64),
    /// Give the cloud's lock back.
    Unlock(i64),
    /// Write records.
    Write(WriteBatch),
}

/// One piece of work, with the flag that stops it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What is to be done.
    pub work: Work,
    /// Set when it shall stop.
    pub stop: StopFlag,
    /// Where it reports bytes moved.
    pub moved: Moved,
    /// Whether a person waits for it.
    pub urgent: bool,
}

/// What a job came to.
#[derive(Debug)]
pub struct JobDone {
    /// The job's number.
    pub id: JobId,
    /// What it found out or did.
    pub outcome: Outcome,
}

/// What a job found out or did.
#[derive(Debug)]
pub enum Outcome {
    /// Of [`Work::Scan`]; an error means that the gallery cannot be used at all.
    Scan(Result<ScanReport, CloudError>),
    /// Of [`Work::Hash`], in order.
    Hash(Vec<HashOutcome>),
    /// Of [`Work::Identify`]: of those that say something.
    Identified(Vec<(NodeId, ContentId)>),
    /// Of [`Work::Disk`], in order.
    Disk(Vec<DiskOutcome>),
    /// Of [`Work::Fetch`] and [`Work::Place`], in order.
    Fetch(Vec<FetchOutcome>),
    /// Of [`Work::Mark`], in order: the stamps that the files have now.
    Marked(Vec<std::io::Result<Stamp>>),
    /// Of [`Work::Survey`].
    Survey(Vec<(NodeId, Option<i64>)>),
    /// Of [`Work::Prove`] and [`Work::Remove`], in order.
    Evict(Vec<EvictOutcome>),
    /// Of [`Work::Ask`] and [`Work::AskAccount`].
    Asked(Result<(), Error>),
    /// Of [`Work::Subscribe`]: for how many nanoseconds.
    Subscribed(Result<u64, CloudError>),
    /// Of [`Work::Unsubscribe`].
    Unsubscribed,
    /// Of [`Work::FetchPreviews`], in order.
    Previews(Vec<PreviewOutcome>),
    /// Of [`Work::Sweep`], [`Work::TidyPreviews`], [`Work::Discard`] and [`Work::RemoveEmpty`].
    Swept,
    /// Of [`Work::ToTrash`] and [`Work::Revive`]: whether there was anything to be done.
    Trashed(Result<bool, Error>),
    /// Of [`Work::FromTrash`]: what came; `None` where the trash has nothing of that path.
    Restored(Result<Option<Back>, Error>),
    /// Of [`Work::Upload`], in order.
    Upload(Vec<UploadOutcome>),
    /// Of [`Work::Pull`].
    Pull(Result<Page, CloudError>),
    /// Of [`Work::NewIds`].
    NewIds(Result<Vec<String>, CloudError>),
    /// Of [`Work::Lock`] and [`Work::Heartbeat`]: id and lease in seconds.
    Lock(Result<(i64, u32), CloudError>),
    /// Of [`Work::Unlock`].
    Unlocked,
    /// Of [`Work::Write`].
    Write(Result<WriteResults, CloudError>),
    /// The job's code broke; its step failed.
    Broken(String),
}

/// The ports that jobs work with.
#[derive(Clone)]
pub struct JobContext {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) watcher: Option<Arc<dyn Watcher>>,
    pub(crate) gate: Gate,
    pub(crate) identifiers: Option<Arc<dyn IdentifierReader>>,
    pub(crate) pictures: Option<Arc<dyn PictureMaker>>,
    pub(crate) previews: Arc<dyn PreviewCache>,
    /// To be read, a few nodes at a time, where a job would have to carry all of them.
    pub(crate) trees: Arc<RwLock<Trees>>,
    cloud: Arc<dyn CloudService>,
    connection: Arc<Mutex<Connection>>,
    bundle: String,
    scan_threads: usize,
    /// Whether files are marked for programs beside this one.
    pub(crate) marks: bool,
    bandwidth: Bandwidth,
    wake: Option<WakeUp>,
}

#[derive(Default)]
struct Connection {
    db: Option<Arc<dyn CloudDb>>,
    loader: Option<Arc<dyn AssetLoader>>,
    /// What the cloud tells of.
    subscriptions: Subscriptions,
}

/// Subscriptions' ids by bundle name.
type Subscriptions = BTreeMap<String, Vec<String>>;

/// The table that holds a gallery's records, and its database.
pub const TABLE: &str = "file";
pub(crate) const DATABASE: &str = "cloudsync";

/// What was done cannot be made durable.
fn unsynced(error: &io::Error) -> Error {
    Error::io("the gallery's disk cannot be synced", error)
}

impl JobContext {
    /// The context of an engine's jobs.
    pub(crate) fn new(config: &Config, ports: &Ports, gate: Gate, trees: Arc<RwLock<Trees>>) -> Self {
        JobContext {
            fs: ports.fs.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            watcher: ports.watcher.clone(),
            gate,
            identifiers: ports.identifiers.clone(),
            pictures: ports.pictures.clone(),
            previews: ports.previews.clone(),
            trees,
            cloud: ports.cloud.clone(),
            connection: Arc::default(),
            bundle: config.bundle_name.clone(),
            scan_threads: 1,
            marks: config.marks,
            bandwidth: config.bandwidth.clone(),
            wake: None,
        }
    }

    /// The same, with scans that list as many folders at a time.
    pub fn scanning_with(self, threads: usize) -> Self {
        JobContext { scan_threads: threads.max(1), ..self }
    }

    /// The same, with somebody who is told of changes in the cloud.
    pub(crate) fn waking(self, wake: WakeUp) -> Self {
        JobContext { wake: Some(wake), ..self }
    }

    /// What the cloud can do; nothing where it cannot be asked.
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.db().map(|db| db.capabilities()).unwrap_or_default()
    }

    /// The next call connects anew.
    pub(crate) fn disconnect(&self) {
        let mut connection = self.connection.lock();
        (connection.db, connection.loader) = (None, None);
    }

    /// Whether a person wants the cloud to be asked, and the files' own account answers, as far as that is known.
    fn is_wanted(&self) -> Result<(), CloudError> {
        let account = self.gate.account();
        if account.refusal().is_some() {
            return Err(CloudError::Disabled);
        }
        if account.stranger().is_some() { self.gate.check_account() } else { Ok(()) }
    }

    /// The records, connected when first needed. `Disabled` where nothing is to be asked of the cloud.
    pub(crate) fn db(&self) -> Result<Arc<dyn CloudDb>, CloudError> {
        self.is_wanted()?;
        let mut connection = self.connection.lock();
        if let Some(db) = &connection.db {
            return Ok(db.clone());
        }
        let db = self.cloud.connect_db(&self.bundle, &database())?;
        connection.db = Some(db.clone());
        Ok(db)
    }

    /// The assets, connected when first needed. `Disabled` where nothing is to be asked of the cloud.
    pub(crate) fn loader(&self) -> Result<Arc<dyn AssetLoader>, CloudError> {
        self.is_wanted()?;
        let mut connection = self.connection.lock();
        if let Some(loader) = &connection.loader {
            return Ok(loader.clone());
        }
        let loader = self.cloud.connect_asset_loader(&self.bundle, &database())?;
        connection.loader = Some(loader.clone());
        Ok(loader)
    }
}

/// The database that a bundle's files live in.
fn database() -> Database {
    Database { name: DATABASE.into(), alias: DATABASE.into(), tables: vec![crate::record::table()] }
}

impl Job {
    /// Does the work. Blocks. A panic inside becomes [`Outcome::Broken`].
    pub fn run(self, context: &JobContext) -> JobDone {
        let id = self.id;
        let work = std::panic::AssertUnwindSafe(|| self.work(context));
        let outcome = std::panic::catch_unwind(work).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
            Outcome::Broken(text.or(panic.downcast_ref::<String>().cloned()).unwrap_or_default())
        });
        JobDone { id, outcome }
    }

    fn work(self, context: &JobContext) -> Outcome {
        let (stop, moved) = (&self.stop, &self.moved);
        let throttle = transfer::Throttle { context, stop, urgent: self.urgent };
        match self.work {
            Work::Scan { scope, identity, attach, adrift } => {
                Outcome::Scan(scan::run(context, &scope, identity, attach, &adrift, stop))
            }
            Work::Hash(items) => Outcome::Hash(hash::run(context, &items, stop)),
            Work::Identify(folders) => Outcome::Identified(identify::run(context, &folders, stop)),
            Work::Disk(ops) => Outcome::Disk(disk::run(context, &ops, stop)),
            Work::Fetch(items) => Outcome::Fetch(fetch::run(throttle, &items, moved)),
            Work::Place(items) => Outcome::Fetch(place::run(context, &items, stop)),
            Work::Ask => Outcome::Asked(context.gate.check_unasked()),
            Work::AskAccount => Outcome::Asked(context.gate.reach_cloud()),
            Work::Subscribe => Outcome::Subscribed(subscribe::begin(context)),
            Work::Unsubscribe => {
                subscribe::end(context);
                Outcome::Unsubscribed
            }
            Work::FetchPreviews(items) => Outcome::Previews(previews::fetch(context, &items, stop)),
            Work::TidyPreviews => {
                previews::tidy(context, stop);
                Outcome::Swept
            }
            Work::Mark(files) => Outcome::Marked(mark::run(context, &files, stop)),
            Work::Survey(files) => Outcome::Survey(evict::survey(context, files, stop)),
            Work::Prove(items) => Outcome::Evict(evict::prove(context, &items, stop, moved)),
            Work::Remove(items) => Outcome::Evict(evict::remove(context, &items, stop)),
            Work::Sweep { trash_seconds } => {
                disk::sweep(context, trash_seconds);
                Outcome::Swept
            }
            Work::ToTrash { paths, follows, along, identity } => {
                Outcome::Trashed(trash::put(context, &paths, follows, &along, &identity).map(|()| true))
            }
            Work::FromTrash { path, bin, identity } => {
                Outcome::Restored(trash::take_back(context, &path, bin.as_deref(), &identity, stop))
            }
            Work::Revive(path) => Outcome::Trashed(revive::run(context, &path, stop)),
            Work::Discard(name) => {
                disk::discard(context, &name);
                Outcome::Swept
            }
            Work::RemoveEmpty(folders) => {
                disk::remove_empty(context, &folders);
                Outcome::Swept
            }
            Work::Upload(items) => Outcome::Upload(upload::run(throttle, &items, moved)),
            Work::Pull { cursor, count } => Outcome::Pull(cloud::pull(context, &cursor, count)),
            Work::NewIds(count) => Outcome::NewIds(context.db().and_then(|db| db.generate_id(count))),
            Work::Lock => Outcome::Lock(cloud::lock(context)),
            Work::Heartbeat(id) => Outcome::Lock(cloud::heartbeat(context, id)),
            Work::Unlock(id) => {
                cloud::unlock(context, id);
                Outcome::Unlocked
            }
            Work::Write(batch) => Outcome::Write(cloud::write(context, batch)),
        }
    }
}
