//! `AssetLoader`: batches of contents, up and down.
//!
//! Small contents of a batch are read and hashed first, then those that the cloud does not hold yet
//! are written, made durable all at once, and named by rows in one transaction. Only then are
//! they answered.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use rusqlite::{CachedStatement, Transaction, params};

use super::failure::{Failure, Judged, asset_error, store_error};
use super::references::{self, Content, Digest, Lookup};
use super::{Core, download, large, prove};
use crate::{
    AssetDownload, AssetLoader, AssetSource, AssetUpload, Claim, CloudAsset, CloudError, Flow, Result,
    TransferControl,
};

/// Up to here a content is read whole.
const SMALL: u64 = 1 << 20;
/// How much is read before it is written: little enough to stay in the processor's cache.
const GROUP_BYTES: usize = 512 << 10;
/// How much is written before it is made durable: bounds how long a stop waits for that.
const FLUSH_BYTES: i64 = 64 << 20;

/// A connection to a bundle's assets. Used from any thread.
pub(super) struct EmbeddedAssets {
    core: Arc<Core>,
    db: i64,
}

impl EmbeddedAssets {
    pub(super) fn new(core: Arc<Core>, db: i64) -> Self {
        EmbeddedAssets { core, db }
    }
}

impl AssetLoader for EmbeddedAssets {
    fn upload(
        &self,
        _table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let mut batch = Batch::new(&self.core, control, items.len());
        for (index, item) in items.into_iter().enumerate() {
            if batch.stopped {
                batch.answer(index, Err(CloudError::Stopped));
            } else if item.source.size() <= SMALL {
                batch.small(index, item);
            } else {
                // Those before it are not to wait for it.
                batch.flush();
                let answer = large::upload(&self.core, self.db, index, item, control);
                batch.answer(index, answer);
            }
        }
        batch.finish()
    }

    fn download(
        &self,
        table: &str,
        _prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        download::all(&self.core, self.db, table, items, control)
    }

    fn prove(&self, table: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        prove::all(&self.core, self.db, table, claims, control)
    }
}

/// A content that has been read and hashed.
pub(super) struct Arrived {
    pub(super) index: usize,
    pub(super) asset: CloudAsset,
    pub(super) digest: Digest,
    pub(super) size: i64,
    /// The file it was written to; `None` when the cloud held it already.
    pub(super) file: Option<i64>,
}

impl Arrived {
    /// The answer for it once it is durable.
    pub(super) fn acknowledged(mut self) -> CloudAsset {
        self.asset.size = self.size.unsigned_abs();
        self.asset.asset_id = references::asset_id(&self.digest);
        let stamp = format!("{}:{}", self.asset.modify_time, self.asset.size);
        self.asset.hash = blake3::hash(stamp.as_bytes()).to_hex()[..32].to_owned();
        self.asset
    }
}

struct Batch<'a> {
    core: &'a Core,
    control: &'a dyn TransferControl,
    answers: Vec<Option<Result<CloudAsset>>>,
    /// Bytes of the contents that wait to be written, one after another.
    bytes: Vec<u8>,
    waiting: Vec<(Arrived, Range<usize>)>,
    /// Contents that wait for their rows, and how much of them was written.
    written: Vec<Arrived>,
    unflushed: i64,
    /// Keeps the collection of orphans away while files have no rows yet.
    guard: Option<File>,
    stopped: bool,
}

impl<'a> Batch<'a> {
    fn new(core: &'a Core, control: &'a dyn TransferControl, items: usize) -> Self {
        Batch {
            core,
            control,
            answers: std::iter::repeat_with(|| None).take(items).collect(),
            bytes: Vec::new(),
            waiting: Vec::new(),
            written: Vec::new(),
            unflushed: 0,
            guard: None,
            stopped: false,
        }
    }

    fn answer(&mut self, index: usize, answer: Result<CloudAsset>) {
        self.stopped |= answer == Err(CloudError::Stopped);
        self.answers[index] = Some(answer);
    }

    fn small(&mut self, index: usize, item: AssetUpload<'_>) {
        let start = self.bytes.len();
        match self.read(index, item) {
            Ok(arrived) => {
                self.waiting.push((arrived, start..self.bytes.len()));
                if self.bytes.len() >= GROUP_BYTES {
                    self.write_group();
                }
            }
            Err(error) => {
                self.bytes.truncate(start);
                self.answer(index, Err(error));
            }
        }
    }

    /// Reads a small content to the end of `bytes`.
    fn read(&mut self, index: usize, mut item: AssetUpload<'_>) -> Result<Arrived> {
        let size = usize::try_from(item.source.size())
            .map_err(|error| CloudError::InvalidArgument(error.to_string()))?;
        let start = self.bytes.len();
        // One byte more, to see that the content ends where it says.
        self.bytes.resize(start + size + 1, 0);
        let read = read_full(&mut *item.source, &mut self.bytes[start..], 0)?;
        if read != size {
            return Err(wrong_length(read < size));
        }
        self.bytes.truncate(start + size);
        let digest = *blake3::hash(&self.bytes[start..]).as_bytes();
        check_digest(item.digest, &digest)?;
        if self.control.advanced(index, size as u64) == Flow::Stop {
            return Err(CloudError::Stopped);
        }
        Ok(Arrived { index, asset: item.asset, digest, size: size as i64, file: None })
    }

    /// Writes those of the waiting contents that the cloud does not hold.
    fn write_group(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        match standings(self.core, &waiting) {
            Err(error) => {
                for (arrived, _) in waiting {
                    self.answer(arrived.index, Err(error.clone()));
                }
            }
            Ok(standings) => {
                for ((mut arrived, range), standing) in waiting.into_iter().zip(standings) {
                    let stored = match standing {
                        Standing::Held => Ok(None),
                        Standing::New => self.write_file(range).map(Some),
                        Standing::NoSpace => Err(CloudError::NoSpaceForAsset),
                    };
                    match stored {
                        Ok(file) => {
                            arrived.file = file;
                            self.unflushed += file.map_or(0, |_| arrived.size);
                            self.written.push(arrived);
                        }
                        Err(error) => self.answer(arrived.index, Err(error)),
                    }
                }
            }
        }
        self.bytes.clear();
        if self.unflushed >= FLUSH_BYTES {
            self.commit();
        }
    }

    fn write_file(&mut self, range: Range<usize>) -> Result<i64> {
        let store = &self.core.store;
        if self.guard.is_none() {
            self.guard = Some(store.guard().map_err(|error| store_error(&error))?);
        }
        let file = store.next(&self.core.pool)?;
        let written = store.create(file).and_then(|mut content| content.write_all(&self.bytes[range]));
        match written {
            Ok(()) => Ok(file),
            Err(error) => {
                store.remove(file);
                Err(store_error(&error))
            }
        }
    }

    /// Makes what was written durable, and gives it rows.
    fn commit(&mut self) {
        let written = std::mem::take(&mut self.written);
        self.unflushed = 0;
        if written.is_empty() {
            return;
        }
        let flushed = match written.iter().any(|arrived| arrived.file.is_some()) {
            true => self.core.store.barrier(),
            false => Ok(()),
        };
        if let Err(error) = flushed {
            for arrived in written {
                arrived.file.map(|file| self.core.store.remove(file));
                self.answer(arrived.index, Err(store_error(&error)));
            }
            return;
        }
        match admit_all(self.core, &written) {
            // A failed commit may have happened after all: its files are left to the collection.
            Err(error) => {
                for arrived in written {
                    self.answer(arrived.index, Err(error.clone()));
                }
            }
            Ok(admitted) => {
                for (arrived, admitted) in written.into_iter().zip(admitted) {
                    let index = arrived.index;
                    self.answer(index, admitted.map(|()| arrived.acknowledged()));
                }
            }
        }
        self.guard = None;
    }

    fn flush(&mut self) {
        self.write_group();
        self.commit();
    }

    fn finish(mut self) -> Vec<Result<CloudAsset>> {
        self.flush();
        let missing = || Err(CloudError::Unknown("an upload was left without an answer".to_owned()));
        self.answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }
}

/// What is to be done with a content.
enum Standing {
    /// The cloud holds it.
    Held,
    /// It is to be written.
    New,
    /// There is no room for it.
    NoSpace,
}

fn standings(core: &Core, waiting: &[(Arrived, Range<usize>)]) -> Result<Vec<Standing>> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    core.pool.peek(|tx| {
        let room = core.quota().saturating_sub(references::used(tx)?);
        let mut lookup = Lookup::new(tx)?;
        let standing = |(arrived, _): &(Arrived, Range<usize>)| {
            Ok(match holds(core, &mut lookup, &arrived.digest, arrived.size)? {
                true => Standing::Held,
                false if arrived.size > room => Standing::NoSpace,
                false => Standing::New,
            })
        };
        waiting.iter().map(standing).collect()
    })
}

/// Whether the cloud holds a content, and will for long enough to be named by a record.
pub(super) fn holds(core: &Core, lookup: &mut Lookup<'_>, digest: &Digest, size: i64) -> Result<bool> {
    let Some(content) = lookup.find(digest)? else { return Ok(false) };
    // What is to be collected soon may be gone when the batch is committed.
    let fresh = core.now().saturating_sub(content.idle_ms) <= core.retention_ms() / 2;
    Ok((content.referenced() || fresh) && intact(core, &content, size))
}

fn intact(core: &Core, content: &Content, size: i64) -> bool {
    content.size == size && core.store.holds(content.file, size)
}

/// Gives contents their rows in one transaction; then removes the files that turned out not to be needed.
fn admit_all(core: &Core, arrived: &[Arrived]) -> Result<Vec<Result<()>>> {
    let mut needless = Vec::new();
    let answers = core.pool.write(|tx| {
        let mut ledger = Ledger::open(core, tx)?;
        let mut answers = Vec::with_capacity(arrived.len());
        for content in arrived {
            answers.push(match ledger.admit(content) {
                Ok(file) => {
                    needless.extend(file);
                    Ok(())
                }
                Err(Failure::Refused(error)) => {
                    needless.extend(content.file);
                    Err(error)
                }
                Err(Failure::Call(error)) => return Err(error),
            });
        }
        ledger.close()?;
        Ok(answers)
    });
    let answers = answers.map_err(asset_error)?;
    for file in needless {
        core.store.remove(file);
    }
    Ok(answers)
}

/// The account's contents and used space, in one transaction.
pub(super) struct Ledger<'a> {
    core: &'a Core,
    tx: &'a Transaction<'a>,
    lookup: Lookup<'a>,
    insert: CachedStatement<'a>,
    now: i64,
    before: i64,
    used: i64,
}

impl<'a> Ledger<'a> {
    pub(super) fn open(core: &'a Core, tx: &'a Transaction<'a>) -> Result<Self> {
        let used = references::used(tx)?;
        let lookup = Lookup::new(tx)?;
        let insert = tx.prepare_cached("INSERT INTO assets VALUES (?1, ?2, ?3, ?4, 0, 0, 1, ?5)")?;
        Ok(Ledger { core, tx, lookup, insert, now: core.now(), before: used, used })
    }

    /// Gives a durable content its row. Returns the file that is not needed any more, if there is
    /// one, to be removed after the commit.
    pub(super) fn admit(&mut self, arrived: &Arrived) -> Judged<Option<i64>> {
        match (self.lookup.find(&arrived.digest)?, arrived.file) {
            (None, Some(file)) => {
                self.charge(arrived.size)?;
                let (digest, key) = (arrived.digest.as_slice(), references::key(&arrived.digest));
                self.insert.execute(params![file, key, digest, arrived.size, self.now])?;
                Ok(None)
            }
            (None, None) => Err(Failure::Refused(CloudError::Network(
                "the content was collected while it was being uploaded".to_owned(),
            ))),
            (Some(held), file) => {
                // Another upload of the same bytes may have been faster; or this one heals damage.
                let heals = file.filter(|_| !intact(self.core, &held, arrived.size));
                self.keep(&held, heals)?;
                Ok(if heals.is_some() { Some(held.file) } else { file })
            }
        }
    }

    /// Keeps a content that has a row already, in another file if there is a better one.
    fn keep(&mut self, held: &Content, better: Option<i64>) -> Judged<()> {
        if held.counted && held.referenced() && better.is_none() {
            return Ok(());
        }
        if !held.counted {
            self.charge(held.size)?;
        }
        self.tx
            .prepare_cached("UPDATE assets SET file = ?2, counted = 1, idle_ms = ?3 WHERE file = ?1")?
            .execute([held.file, better.unwrap_or(held.file), self.now])?;
        Ok(())
    }

    fn charge(&mut self, bytes: i64) -> Judged<()> {
        let used = self.used.saturating_add(bytes);
        if used > self.core.quota() {
            return Err(Failure::Refused(CloudError::NoSpaceForAsset));
        }
        self.used = used;
        Ok(())
    }

    pub(super) fn close(self) -> rusqlite::Result<()> {
        references::add_used(self.tx, self.used - self.before)
    }
}

/// Reads until the buffer is full or the source ends.
pub(super) fn read_full(source: &mut dyn AssetSource, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled = buffer.len().min(filled + read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CloudError::local(&error)),
        }
    }
    Ok(filled)
}

/// The error for a source that ends elsewhere than it said.
pub(super) fn wrong_length(early: bool) -> CloudError {
    CloudError::local(&match early {
        true => io::Error::new(io::ErrorKind::UnexpectedEof, "the content ended before its size"),
        false => io::Error::new(io::ErrorKind::InvalidData, "the content went on after its size"),
    })
}

/// Refuses bytes that are not those that were announced.
pub(super) fn check_digest(announced: Option<Digest>, found: &Digest) -> Result<()> {
    match announced {
        Some(announced) if announced != *found => {
            Err(CloudError::InvalidArgument("the content does not have the announced digest".to_owned()))
        }
        _ => Ok(()),
    }
}
