//! A run looks at the disk and asks the cloud, both at once.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_cloud::CloudError;

use super::reconcile::{Reconciled, Seen, reconcile};
use super::run::{Phase, Run};
use super::trash::bring_back;
use super::{Core, Task};
use crate::error::{Code, Error};
use crate::event::{ErrorType, SyncState};
use crate::job::{FolderListing, Page, ScanReport, Scope, Work, join};
use crate::plan;
use crate::ports::Listing;
use crate::record::{self, Entry};
use crate::tree::{Kind, LocalContent, NodeId, Place, Remote, Trees};

/// How many records a page asks for.
pub(super) const PAGE: usize = 1000;
/// A gallery that keeps changing is taken as it was after this many looks.
const MOST_LOOKS: u32 = 10;

/// Where looking and asking are.
pub(super) struct Observe {
    pub(super) pull: Pull,
    scan: Scan,
    folders: BTreeMap<String, Listing>,
    unreadable: Vec<String>,
    everything: bool,
    looks: u32,
}

/// Where asking the cloud is.
pub(super) enum Pull {
    Due,
    Running(Option<Relisting>),
    Done,
}

/// A full listing after the cursor was lost: what it does not show is gone, once it is complete.
#[derive(Debug, Default)]
pub(super) struct Relisting {
    seen: BTreeSet<Box<str>>,
    cursor: String,
    /// What is not as it was last known.
    changed: BTreeSet<NodeId>,
    /// Some of it is older than it was last known: the cloud was restored from a backup.
    restored: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Scan {
    Due(Scope),
    Running,
    Quiet,
    Done,
}

impl Observe {
    /// Asks the cloud, and looks at the disk too if `scan`: at the folders that the watcher named,
    /// or at everything.
    pub(super) fn new(scan: bool, watched: Option<Vec<String>>) -> Self {
        let everything = watched.is_none();
        let scan = match watched {
            _ if !scan => Scan::Done,
            Some(folders) if folders.is_empty() => Scan::Done,
            Some(folders) => Scan::Due(Scope::Folders(folders)),
            None => Scan::Due(Scope::Everything),
        };
        Observe {
            pull: Pull::Due,
            scan,
            folders: BTreeMap::new(),
            unreadable: Vec::new(),
            everything,
            looks: 0,
        }
    }
}

impl Observe {
    /// Looks at the disk alone.
    pub(super) fn of_disk(watched: Option<Vec<String>>) -> Self {
        Observe { pull: Pull::Done, ..Observe::new(true, watched) }
    }

    /// The cloud is asked too, after all.
    pub(super) fn ask_cloud(&mut self) {
        self.pull = Pull::Due;
    }

    /// Whether what the watcher told before this look has been looked at.
    pub(super) fn has_looked(&self) -> bool {
        self.scan == Scan::Done
    }
}

impl Core {
    /// The next look is a full one: what the watcher told is not all, or was lost.
    pub(super) fn distrust_watcher(&mut self) {
        self.watching = false;
    }

    /// The folders that changed since the last look; `None` where only a full scan is sure.
    pub(super) fn take_watched(&mut self) -> Option<Vec<String>> {
        self.auto.looking();
        self.looks.looking();
        let changes = self.watcher.as_ref()?.take();
        // A gallery that only looks have seen is attached by a full scan.
        let sure = self.watching && !changes.overflow && !self.identity.is_empty();
        self.watching = true;
        sure.then_some(changes.folders)
    }

    /// Returns whether disk and cloud are known.
    pub(super) fn drive_observe(&mut self, run: &mut Run, observe: &mut Observe) -> bool {
        if matches!(observe.pull, Pull::Due) {
            observe.pull = Pull::Running(self.must_relist().then(Relisting::default));
            self.auto.listing();
            self.enqueue_run(run, Task::Pull, Work::Pull { cursor: self.cursor.clone(), count: PAGE });
        }
        if let Scan::Due(_) = observe.scan
            && let Scan::Due(scope) = std::mem::replace(&mut observe.scan, Scan::Running)
        {
            self.demands.note_scan(observe.looks == 0);
            let going = self.evictions.nodes().chain(self.trash.nodes());
            going.for_each(|node| self.demands.note_change(node));
            let identity = match run.outlook {
                None if self.holds_nothing_here() => String::new(),
                _ => self.identity.clone(),
            };
            let attach = run.outlook.is_none() || !identity.is_empty();
            let adrift = if attach && scope == Scope::Everything { self.adrift() } else { Vec::new() };
            self.enqueue_run(run, Task::Scan, Work::Scan { scope, identity, attach, adrift });
        }
        // What the cloud has taken from the disk as it was last seen is known by what that was.
        if observe.scan == Scan::Quiet && matches!(observe.pull, Pull::Done) {
            self.reconcile(observe);
            self.pin_restored();
            observe.scan = Scan::Done;
        }
        let done = matches!(observe.pull, Pull::Done) && observe.scan == Scan::Done;
        if done && run.outlook.is_none() {
            self.finish_removals();
        }
        done
    }

    /// Whether nothing is known to be, to come or to go in the gallery: then another may take its place, as where the first look
    /// was at a folder over which the disk was mounted only later.
    fn holds_nothing_here(&self) -> bool {
        let trees = self.states.trees.read();
        trees.local_children(NodeId::ROOT).next().is_none()
            && trees.arriving().next().is_none()
            && trees.leaving().is_empty()
            && trees.removed().is_empty()
    }

    /// Without a cursor, what the cloud does not list has to be found out.
    fn must_relist(&self) -> bool {
        self.cursor.is_empty() && self.states.trees.read().iter().any(|(_, node)| node.remote.is_some())
    }

    pub(super) fn scan_done(&mut self, run: &mut Run, result: Result<ScanReport, CloudError>) {
        let report = match result {
            Ok(report) => report,
            Err(error) => {
                self.events.log(1, &format!("the gallery cannot be used: {error}"));
                run.why = Some(Error::new(Code::Io, format!("the last sync could not begin: {error}")));
                self.watching = false;
                run.end(super::run::Ending::Failed(SyncState::DownloadFailed, ErrorType::UnknownError));
                return;
            }
        };
        self.identity = report.identity.clone();
        let Phase::Observe(observe) = &mut run.phase else { return };
        if report.stopped {
            self.watching = false;
            return;
        }
        for text in &report.unreadable {
            self.events.log(2, &format!("the gallery is not readable as a whole: {text}"));
        }
        observe.unreadable.extend(report.unreadable);
        let fresh: Vec<String> = report.folders.iter().map(|folder| folder.path.clone()).collect();
        for path in report.vanished {
            observe.folders.remove(&path);
        }
        observe.folders.extend(report.folders.into_iter().map(|folder| (folder.path, folder.listing)));
        observe.scan = self.look_again(observe, &fresh);
    }

    /// Folders that changed while they were looked at, and new ones that nobody has looked into.
    fn look_again(&mut self, observe: &mut Observe, fresh: &[String]) -> Scan {
        observe.looks += 1;
        let unknown = self.unknown_folders(observe, fresh);
        if !unknown.is_empty() {
            return Scan::Due(Scope::Below(unknown));
        }
        let Some(watcher) = &self.watcher else { return Scan::Quiet };
        let changes = watcher.take();
        self.auto.looking();
        self.looks.looking();
        if changes.is_empty() {
            return Scan::Quiet;
        }
        if observe.looks >= MOST_LOOKS {
            observe.unreadable.push("the gallery keeps changing while it is being read".into());
            self.watching = false;
            return Scan::Quiet;
        }
        if changes.overflow {
            observe.folders.clear();
            observe.everything = true;
            return Scan::Due(Scope::Everything);
        }
        Scan::Due(Scope::Folders(changes.folders))
    }

    fn unknown_folders(&self, observe: &Observe, fresh: &[String]) -> Vec<String> {
        let trees = self.states.trees.read();
        let mut unknown = Vec::new();
        for path in fresh {
            let Some(listing) = observe.folders.get(path) else { continue };
            for entry in listing.entries.folders() {
                let below = join(path, entry.name);
                // An inode number may be that of another folder which is gone.
                let known = trees.find_local_folder(&below).and_then(|id| trees.local(id));
                let known = known.is_some_and(|local| local.content == LocalContent::Dir(entry.stamp.ino));
                if (observe.everything || !known) && !observe.folders.contains_key(&below) {
                    unknown.push(below);
                }
            }
        }
        unknown
    }

    fn reconcile(&mut self, observe: &mut Observe) {
        let folders = std::mem::take(&mut observe.folders);
        let seen = Seen {
            folders: folders.into_iter().map(|(path, listing)| FolderListing { path, listing }).collect(),
            everything: observe.everything,
            complete: observe.unreadable.is_empty(),
            busy: self.demands.take_scan_notes(),
        };
        if observe.everything || !seen.complete {
            self.states.notes.write().unread = std::mem::take(&mut observe.unreadable);
        }
        if !seen.complete {
            // What could not be read may have changed without anybody noticing.
            self.watching = false;
        }
        let Reconciled { left_out, torn, unnamed } = reconcile(&self.states.trees, &seen);
        if left_out || !unnamed.is_empty() {
            self.watching = false;
        }
        self.trash.note_torn(torn);
        self.note_unnamed(&seen, unnamed);
    }

    /// Notes what has a name that cannot be kept, and which known files are among it.
    fn note_unnamed(&self, seen: &Seen, renamed: BTreeMap<NodeId, String>) {
        let notes = &mut *self.states.notes.write();
        if seen.everything {
            notes.unnamed.clear();
        }
        for folder in &seen.folders {
            match folder.listing.unnamed.first() {
                Some(file) => {
                    self.events.log(2, &format!("a file is not synced: {}", file.text));
                    notes.unnamed.insert(folder.path.clone(), file.text.clone());
                }
                None => drop(notes.unnamed.remove(&folder.path)),
            }
        }
        notes.renamed = renamed;
    }

    pub(super) fn pull_done(&mut self, run: &mut Run, result: Result<Page, CloudError>) {
        match result {
            Ok(page) => {
                let foreign = self.take_page(run, page);
                self.after_page(run, foreign);
            }
            Err(CloudError::CursorExpired) => self.relist(run),
            Err(error) => self.cloud_trouble(run, None, &error),
        }
    }

    /// Everything is listed anew. The old cursor stays in the index until that is complete.
    fn relist(&mut self, run: &mut Run) {
        match &mut run.phase {
            Phase::Observe(observe) => {
                observe.pull = Pull::Running(Some(Relisting::default()));
                self.enqueue_run(run, Task::Pull, Work::Pull { cursor: String::new(), count: PAGE });
            }
            // Under the lock there is no time for that: the next round does it.
            Phase::Push(push) => push.stale(),
            _ => {}
        }
    }

    /// Puts a page into the cloud's tree, and its cursor into the index in the same transaction.
    /// Returns whether somebody else wrote any of it, and where the next page begins.
    fn take_page(&mut self, run: &mut Run, page: Page) -> (bool, Option<String>) {
        let mut foreign = false;
        let mut relisting = match &mut run.phase {
            Phase::Observe(Observe { pull: Pull::Running(relisting), .. }) => relisting.take(),
            _ => None,
        };
        let before = relisting.as_ref().map_or(&self.cursor, |relisting| &relisting.cursor).clone();
        let stuck = page.has_more && page.next_cursor == before;
        {
            let mut trees = self.states.trees.write();
            for row in page.values {
                match record::read(row) {
                    Ok(entry) => {
                        if let Some(relisting) = &mut relisting {
                            relisting.look_at(&mut trees, &entry);
                        }
                        foreign |= take_entry(&mut trees, entry);
                    }
                    Err(text) => self.events.log(2, &format!("a record of the cloud is left out: {text}")),
                }
            }
        }
        if stuck {
            self.events.log(1, "the cloud's cursor does not move");
            run.fail(ErrorType::RemoteServerAbnormal);
        }
        match &mut relisting {
            Some(relisting) => relisting.cursor.clone_from(&page.next_cursor),
            None => self.cursor.clone_from(&page.next_cursor),
        }
        if let (Some(done), false) = (&relisting, page.has_more) {
            if done.restored {
                self.events.log(2, "the cloud holds less than before: it was restored from a backup");
            }
            forget_unlisted(&mut self.states.trees.write(), done);
            self.thumbnails.doubt();
            self.cursor.clone_from(&done.cursor);
        } else if let Phase::Observe(Observe { pull: pull @ Pull::Running(_), .. }) = &mut run.phase {
            *pull = Pull::Running(relisting);
        }
        self.account.adopt();
        if let Err(error) = self.save() {
            self.index_trouble(run, &error);
        }
        (foreign, page.has_more.then_some(page.next_cursor))
    }

    fn after_page(&mut self, run: &mut Run, (foreign, next): (bool, Option<String>)) {
        match &mut run.phase {
            Phase::Observe(observe) => match next {
                Some(cursor) => {
                    self.enqueue_run(run, Task::Pull, Work::Pull { cursor, count: PAGE });
                }
                None => observe.pull = Pull::Done,
            },
            Phase::Push(push) => {
                if foreign {
                    push.stale();
                }
                match next {
                    Some(cursor) => {
                        self.enqueue_run(run, Task::Pull, Work::Pull { cursor, count: PAGE });
                    }
                    None => push.rechecked(),
                }
            }
            _ => {}
        }
    }

    /// The index cannot be written: the run ends, the host hears why.
    pub(super) fn index_trouble(&mut self, run: &mut Run, error: &crate::Error) {
        self.events.log(1, &error.text);
        run.fail(match error.code {
            Code::NoSpace => ErrorType::LocalStorageFull,
            _ => ErrorType::UnknownError,
        });
    }
}

impl Relisting {
    /// Notes a record before it is put into the cloud's tree. One that is older than it was known, or another
    /// under the same version, comes from a cloud that was restored from a backup: what was known of it is
    /// forgotten, so that it is taken, and what this device has had since is a change of its own.
    fn look_at(&mut self, trees: &mut Trees, entry: &Entry) {
        self.seen.insert(entry.record.clone());
        let Some(id) = trees.by_record(&entry.record) else { return };
        let Some(known) = trees.remote(id) else { return };
        let parent = entry.parent.as_deref().map_or(Some(NodeId::ROOT), |record| trees.by_record(record));
        let moved = (Some(known.place.parent), known.place.name) != (parent, &*entry.name);
        let other =
            known.deleted != entry.deleted || (!entry.deleted && (moved || known.content != entry.content));
        if known.version > entry.version || (known.version == entry.version && other) {
            self.restored = true;
            trees.set_remote(id, None);
            trees.set_synced(id, None);
            if other && trees.removed().contains(&id) {
                // Whoever had it removed meant what there was then.
                bring_back(trees, id);
            }
        } else if known.version < entry.version {
            self.changed.insert(id);
        }
    }
}

/// Puts a record into the cloud's tree. Returns whether that changed anything.
fn take_entry(trees: &mut Trees, entry: Entry) -> bool {
    let Some(id) = node_of(trees, &entry) else { return false };
    if trees.remote(id).is_some_and(|known| known.version >= entry.version) {
        return false;
    }
    let parent = match &entry.parent {
        None => NodeId::ROOT,
        Some(record) => trees.by_record(record).unwrap_or_else(|| {
            let folder = trees.add(Kind::Dir);
            trees.set_record(folder, Some(record));
            folder
        }),
    };
    if entry.lost_its_fields() {
        trees.set_remote_deleted(id, entry.version);
    } else {
        let remote = Remote {
            place: Place { parent, name: &*entry.name },
            content: entry.content,
            asset: entry.asset.as_deref(),
            previews: entry.previews.as_ref(),
            version: entry.version,
            deleted: entry.deleted,
        };
        trees.set_remote(id, Some(remote));
    }
    // Also where this device itself wrote the record, and was killed before it heard so: disk and cloud
    // have held the same, whatever has become of the file since.
    plan::settle(trees, id);
    true
}

fn node_of(trees: &mut Trees, entry: &Entry) -> Option<NodeId> {
    if let Some(id) = trees.by_record(&entry.record) {
        let node = trees.get(id)?;
        let blank = node.local.is_none() && node.synced.is_none() && node.remote.is_none();
        if node.kind == entry.kind || entry.lost_its_fields() {
            return Some(id);
        }
        if blank {
            trees.set_kind(id, entry.kind);
        }
        return blank.then_some(id);
    }
    // A file that was deleted before this device knew it is nothing to it. A folder may still have
    // something in it.
    if entry.deleted && entry.kind == Kind::File {
        return None;
    }
    let id = trees.add(entry.kind);
    trees.set_record(id, Some(&entry.record));
    Some(id)
}

/// What the whole listing did not show is gone. In a cloud that was restored from a backup that is no
/// deletion, nor is what it has instead newer than what is here: the disk's files are sent again, or both are
/// kept. A deletion that it did not show is not known any more: that cloud's next version may be an older number.
fn forget_unlisted(trees: &mut Trees, listing: &Relisting) {
    let unlisted = |record: Option<&str>| record.is_none_or(|record| !listing.seen.contains(record));
    let gone: Vec<NodeId> = trees
        .iter()
        .filter(|(_, node)| node.remote.is_some() && unlisted(node.record))
        .map(|(id, _)| id)
        .collect();
    for &id in &gone {
        trees.set_remote(id, None);
        if trees.local(id).is_none() {
            plan::settle(trees, id);
        }
    }
    if listing.restored {
        gone.iter().chain(&listing.changed).for_each(|id| trees.set_synced(*id, None));
    }
}
