//! Uploads of large contents, in parts that are kept when the transfer is cut.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::thread::ScopedJoinHandle;

use rusqlite::{OptionalExtension, Transaction, params};

use super::Core;
use super::assets::{Arrived, Ledger, check_digest, holds, read_full, wrong_length};
use super::failure::{Failure, asset_error, store_error};
use super::references::{self, Lookup};
use crate::{AssetSource, AssetUpload, CloudAsset, CloudError, Flow, Result, TransferControl};

/// How much is read at a time: little enough to be hashed and written from the cache it was read into.
pub(super) const CHUNK: usize = 256 << 10;
/// How much is sent again at most where a transfer is cut.
const PART: u64 = 32 << 20;
/// How much is made durable and acknowledged at a time: half a part, since one half is taken while
/// the half before it is made durable.
const STRIDE: u64 = PART / 2;

/// How an upload failed.
enum Cut {
    /// The acknowledged parts stay, for another try.
    Keep(CloudError),
    /// Nothing of it is worth keeping.
    Discard(CloudError),
}

impl From<CloudError> for Cut {
    fn from(error: CloudError) -> Self {
        Cut::Keep(error)
    }
}

/// Uploads one large content, going on where an earlier try with the same transfer id was cut.
pub(super) fn upload(
    core: &Core,
    db: i64,
    index: usize,
    item: AssetUpload<'_>,
    control: &dyn TransferControl,
) -> Result<CloudAsset> {
    if item.transfer_id.is_empty() {
        return Err(CloudError::InvalidArgument("a large upload without a transfer id".to_owned()));
    }
    let size =
        i64::try_from(item.source.size()).map_err(|error| CloudError::InvalidArgument(error.to_string()))?;
    let (held, room) = core.pool.read(|tx| {
        let held =
            item.digest.map_or(Ok(false), |digest| holds(core, &mut Lookup::new(tx)?, &digest, size))?;
        Ok((held, core.quota().saturating_sub(references::used(tx)?)))
    })?;
    if held {
        return confirm(core, index, item, control);
    }
    if size > room {
        return Err(CloudError::NoSpaceForAsset);
    }
    let session = Session::open(core, db, &item.transfer_id, size)?;
    let answer = session.run(core, index, item, control);
    match answer {
        Ok(asset) => Ok(asset),
        Err(Cut::Keep(error)) => Err(error),
        Err(Cut::Discard(error)) => {
            session.discard(core)?;
            Err(error)
        }
    }
}

/// The cloud holds what was announced: reads the source only to see that it is that.
fn confirm(
    core: &Core,
    index: usize,
    mut item: AssetUpload<'_>,
    control: &dyn TransferControl,
) -> Result<CloudAsset> {
    let mut hasher = blake3::Hasher::new();
    let read = pump(&mut *item.source, 0, index, control, |bytes, _| {
        hasher.update(bytes);
        Ok(())
    });
    if let Err(Cut::Keep(error) | Cut::Discard(error)) = read {
        return Err(error);
    }
    let digest = *hasher.finalize().as_bytes();
    check_digest(item.digest, &digest)?;
    let arrived = Arrived { index, asset: item.asset, digest, size: item.source.size() as i64, file: None };
    admit(core, &arrived, |_| Ok(0))?;
    Ok(arrived.acknowledged())
}

/// Hands the source's bytes to `each`, from an offset on, in chunks that are full but for the last.
fn pump(
    source: &mut dyn AssetSource,
    from: u64,
    index: usize,
    control: &dyn TransferControl,
    mut each: impl FnMut(&[u8], u64) -> Result<()>,
) -> std::result::Result<(), Cut> {
    let size = source.size();
    let mut buffer = vec![0; CHUNK];
    let mut offset = from;
    while offset < size {
        let wanted = CHUNK.min(usize::try_from(size - offset).unwrap_or(CHUNK));
        let read = read_full(source, &mut buffer[..wanted], offset)?;
        if read < wanted {
            return Err(Cut::Discard(wrong_length(true)));
        }
        each(&buffer[..read], offset)?;
        offset += read as u64;
        if control.advanced(index, read as u64) == Flow::Stop {
            return Err(Cut::Keep(CloudError::Stopped));
        }
    }
    if read_full(source, &mut buffer[..1], size)? != 0 {
        return Err(Cut::Discard(wrong_length(false)));
    }
    Ok(())
}

/// An upload's partial file, locked, and how much of it is acknowledged.
struct Session {
    file: i64,
    content: File,
    done: u64,
}

impl Session {
    /// Takes up the transfer's partial file, or makes one.
    fn open(core: &Core, db: i64, transfer: &str, size: i64) -> Result<Self> {
        let Some(known) = core.pool.read(|tx| find(tx, db, transfer))? else {
            return Session::begin(core, db, transfer, size);
        };
        let content = match core.store.open_partial(known.file) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(busy()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                drop_row(core, known.file)?;
                return Session::begin(core, db, transfer, size);
            }
            Err(error) => return Err(store_error(&error)),
        };
        // Whoever had the file may have finished it before letting go of it: it is a content then.
        if core.pool.read(|tx| find(tx, db, transfer))?.as_ref() != Some(&known) {
            return Err(busy());
        }
        let session = Session { file: known.file, content, done: known.done };
        let length = session.content.metadata().map_err(|error| store_error(&error))?.len();
        if known.size != size || length < known.done {
            session.discard(core)?;
            return Session::begin(core, db, transfer, size);
        }
        // What came after the last acknowledgement may be anything.
        session.content.set_len(known.done).map_err(|error| store_error(&error))?;
        Ok(session)
    }

    fn begin(core: &Core, db: i64, transfer: &str, size: i64) -> Result<Self> {
        let guard = core.store.guard().map_err(|error| store_error(&error))?;
        let file = core.store.next(&core.pool)?;
        let content = core.store.create_partial(file).map_err(|error| store_error(&error))?;
        let made = core.pool.write(|tx| {
            let sql = "INSERT OR IGNORE INTO uploads VALUES (?1, ?2, ?3, ?4, 0, ?5)";
            Ok(tx.prepare_cached(sql)?.execute(params![db, transfer, file, size, core.now()])?)
        });
        drop(guard);
        if made.map_err(asset_error)? == 0 {
            core.store.remove(file);
            return Err(busy());
        }
        Ok(Session { file, content, done: 0 })
    }

    fn run(
        &self,
        core: &Core,
        index: usize,
        mut item: AssetUpload<'_>,
        control: &dyn TransferControl,
    ) -> std::result::Result<CloudAsset, Cut> {
        let digest = self.take(core, index, &mut *item.source, control)?;
        check_digest(item.digest, &digest).map_err(Cut::Discard)?;
        self.content.sync_data().map_err(|error| store_error(&error))?;
        let size = item.source.size() as i64;
        let arrived = Arrived { index, asset: item.asset, digest, size, file: Some(self.file) };
        match admit(core, &arrived, |tx| delete_row(tx, self.file)) {
            Ok(()) => Ok(arrived.acknowledged()),
            // Kept parts of what has no room would only take up more of it.
            Err(CloudError::NoSpaceForAsset) => Err(Cut::Discard(CloudError::NoSpaceForAsset)),
            Err(error) => Err(Cut::Keep(error)),
        }
    }

    /// Takes the rest of the bytes. While one stride is made durable the next is read, hashed and
    /// written, so that neither the disk nor the processor waits; never more than two are on the way.
    fn take(
        &self,
        core: &Core,
        index: usize,
        source: &mut dyn AssetSource,
        control: &dyn TransferControl,
    ) -> std::result::Result<references::Digest, Cut> {
        let mut hasher = self.hash_acknowledged()?;
        std::thread::scope(|scope| {
            let mut before: Option<ScopedJoinHandle<'_, Result<()>>> = None;
            let mut handed = self.done;
            let pumped = pump(source, self.done, index, control, |bytes, offset| {
                hasher.update(bytes);
                self.content.write_all_at(bytes, offset).map_err(|error| store_error(&error))?;
                let end = offset + bytes.len() as u64;
                if end - handed >= STRIDE {
                    ended(before.take())?;
                    handed = end;
                    let acknowledge = move || self.acknowledge(core, end);
                    match std::thread::Builder::new().spawn_scoped(scope, acknowledge) {
                        Ok(thread) => before = Some(thread),
                        // Slower, but nothing is wrong.
                        Err(_) => self.acknowledge(core, end)?,
                    }
                }
                Ok(())
            });
            // What went before a stop is acknowledged all the same.
            let flushed = ended(before);
            pumped?;
            Ok(flushed.map(|()| *hasher.finalize().as_bytes())?)
        })
    }

    /// The hash of what is acknowledged, from our own file.
    fn hash_acknowledged(&self) -> Result<blake3::Hasher> {
        let mut hasher = blake3::Hasher::new();
        if self.done == 0 {
            return Ok(hasher);
        }
        let mut buffer = vec![0; CHUNK];
        let mut offset = 0;
        while offset < self.done {
            let wanted = CHUNK.min(usize::try_from(self.done - offset).unwrap_or(CHUNK));
            self.content.read_exact_at(&mut buffer[..wanted], offset).map_err(|error| store_error(&error))?;
            hasher.update(&buffer[..wanted]);
            offset += wanted as u64;
        }
        Ok(hasher)
    }

    fn acknowledge(&self, core: &Core, done: u64) -> Result<()> {
        self.content.sync_data().map_err(|error| store_error(&error))?;
        let sql = "UPDATE uploads SET done = ?2, touched_ms = ?3 WHERE file = ?1";
        let row = params![self.file, done as i64, core.now()];
        let known = core.pool.write(|tx| Ok(tx.prepare_cached(sql)?.execute(row)?)).map_err(asset_error)?;
        match known {
            0 => Err(CloudError::Network("the upload's session has ended; begin anew".to_owned())),
            _ => Ok(()),
        }
    }

    /// Removes the file, unless it has become a content after all.
    fn discard(self, core: &Core) -> Result<()> {
        if drop_row(core, self.file)? {
            core.store.remove(self.file);
        }
        Ok(())
    }
}

/// Gives a content its row, together with what else belongs to the transaction.
fn admit(
    core: &Core,
    arrived: &Arrived,
    also: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<usize>,
) -> Result<()> {
    let needless = core.pool.write(|tx| {
        let mut ledger = Ledger::open(core, tx)?;
        let needless = match ledger.admit(arrived) {
            Ok(needless) => needless,
            Err(Failure::Refused(error) | Failure::Call(error)) => return Err(error),
        };
        ledger.close()?;
        also(tx)?;
        Ok(needless)
    });
    if let Some(file) = needless.map_err(asset_error)? {
        core.store.remove(file);
    }
    Ok(())
}

/// What `uploads` says of a transfer.
#[derive(PartialEq)]
struct Known {
    file: i64,
    size: i64,
    done: u64,
}

fn find(tx: &Transaction<'_>, db: i64, transfer: &str) -> Result<Option<Known>> {
    let mut statement =
        tx.prepare_cached("SELECT file, size, done FROM uploads WHERE db = ?1 AND transfer = ?2")?;
    let known = statement.query_row(params![db, transfer], |row| {
        Ok(Known { file: row.get(0)?, size: row.get(1)?, done: row.get::<_, i64>(2)?.unsigned_abs() })
    });
    Ok(known.optional()?)
}

fn delete_row(tx: &Transaction<'_>, file: i64) -> rusqlite::Result<usize> {
    tx.prepare_cached("DELETE FROM uploads WHERE file = ?1")?.execute([file])
}

/// Ends a session. Says whether it had not ended before.
fn drop_row(core: &Core, file: i64) -> Result<bool> {
    core.pool.write(|tx| Ok(delete_row(tx, file)? > 0)).map_err(asset_error)
}

/// What became of an acknowledgement, once it has ended.
fn ended(acknowledgement: Option<ScopedJoinHandle<'_, Result<()>>>) -> Result<()> {
    let Some(thread) = acknowledgement else { return Ok(()) };
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn busy() -> CloudError {
    CloudError::Network("another upload of this transfer is running".to_owned())
}
