//! Brings bytes from the cloud to the disk.

use std::io;
use std::path::{Path, PathBuf};

use cloudsync_cloud::{AssetDownload, AssetSink, CloudAsset, CloudError};

use super::hash::{CHUNK, SMUDGED, smudge};
use super::transfer::Control;
use super::{JobContext, Moved, StopFlag, TABLE};
use crate::error::Error;
use crate::ports::{FileKind, FileSystem, Stamp, WriteFile};
use crate::tree::{Content, NodeId, Place};

/// One file to bring.
#[derive(Debug, Clone)]
pub struct FetchItem {
    /// The node.
    pub node: NodeId,
    /// Its record's id.
    pub record: Box<str>,
    /// The cloud's id of the asset.
    pub asset: String,
    /// The bytes as the record describes them.
    pub content: Content,
    /// Where they belong.
    pub path: String,
    /// Where that is in the local tree.
    pub place: Place,
    /// The file there now, as the plan saw it; `None` where there is none.
    pub replaces: Option<Stamp>,
}

/// What bringing a file came to.
#[derive(Debug)]
pub enum FetchOutcome {
    /// It is in its place, durably, with this stamp.
    Placed(Stamp),
    /// Something else is in its place now: look at the disk again.
    Changed,
    /// The disk is full.
    DiskFull,
    /// The disk refused it.
    Failed(Error),
    /// The cloud does not give it.
    Refused(CloudError),
    /// Stopped before it was done; what came so far is kept.
    Stopped,
}

/// The temporary name of a record's bytes: the same across restarts, so that a cut transfer goes on.
pub(crate) fn temp_name(record: &str, content: &Content) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(record.as_bytes());
    hasher.update(&content.digest);
    format!("get-{}", &hasher.finalize().to_hex()[..32])
}

pub(super) fn run(
    context: &JobContext,
    items: &[FetchItem],
    stop: &StopFlag,
    moved: &Moved,
) -> Vec<FetchOutcome> {
    let loader = match context.loader() {
        Ok(loader) => loader,
        Err(error) => return items.iter().map(|_| FetchOutcome::Refused(error.clone())).collect(),
    };
    let needed: u64 = items.iter().map(|item| item.content.size).sum();
    if context.fs.free_space().is_ok_and(|free| free < needed) && items.len() == 1 {
        return vec![FetchOutcome::DiskFull];
    }
    let mut arrivals: Vec<Arrival> = items.iter().map(|item| Arrival::start(context, item, moved)).collect();
    let downloads =
        items.iter().zip(&mut arrivals).map(|(item, arrival)| download(context, item, arrival)).collect();
    let mut answers = loader.download(TABLE, "", downloads, &Control { stop, moved }).into_iter();
    let checked: Vec<Result<(), FetchOutcome>> = items
        .iter()
        .zip(&mut arrivals)
        .map(|(item, arrival)| {
            let missing = || Err(CloudError::Unknown("the cloud gave fewer answers than assets".into()));
            check(context, item, arrival, answers.next().unwrap_or_else(missing))
        })
        .collect();
    place_all(context, items, checked)
}

fn download<'a>(context: &JobContext, item: &FetchItem, arrival: &'a mut Arrival) -> AssetDownload<'a> {
    let place = context.fs.absolute(&temp_path(item));
    let asset = CloudAsset { asset_id: item.asset.clone(), size: item.content.size, ..CloudAsset::default() };
    AssetDownload { gid: item.record.to_string(), asset, sink: Box::new(Sink { arrival, place }) }
}

fn temp_path(item: &FetchItem) -> String {
    format!("{}/{}", <dyn FileSystem>::TEMP, temp_name(&item.record, &item.content))
}

/// A file as its bytes come in.
struct Arrival {
    file: Option<Box<dyn WriteFile>>,
    hasher: blake3::Hasher,
    size: u64,
    failed: Option<io::Error>,
}

impl Arrival {
    /// Opens the temporary file and reads what an earlier try left in it.
    fn start(context: &JobContext, item: &FetchItem, moved: &Moved) -> Arrival {
        let mut arrival = Arrival { file: None, hasher: blake3::Hasher::new(), size: 0, failed: None };
        let opened = context.fs.open_temp(&temp_name(&item.record, &item.content)).and_then(|mut file| {
            if file.size()? > item.content.size {
                file.set_len(0)?;
            }
            Ok(file)
        });
        match opened {
            Ok(file) => arrival.file = Some(file),
            Err(error) => arrival.failed = Some(error),
        }
        if let Err(error) = arrival.rehash() {
            arrival.failed = Some(error);
        }
        moved.add(arrival.size);
        arrival
    }

    fn rehash(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if file.size()? == 0 {
            return Ok(());
        }
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = file.read_at(&mut buffer, self.size)?;
            if count == 0 {
                return Ok(());
            }
            self.hasher.update(&buffer[..count]);
            self.size += count as u64;
        }
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if offset == 0 && self.size > 0 {
            // The cloud cannot go on in the middle: from the start, then.
            self.hasher.reset();
            self.size = 0;
        }
        if offset != self.size {
            return Err(io::Error::other("the cloud left a gap in the file"));
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        file.write_at(bytes, offset)?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }
}

struct Sink<'a> {
    arrival: &'a mut Arrival,
    place: Option<PathBuf>,
}

impl AssetSink for Sink<'_> {
    fn offset(&self) -> u64 {
        self.arrival.size
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Some(error) = &self.arrival.failed {
            return Err(error.kind().into());
        }
        self.arrival.write(bytes, offset).map_err(|error| {
            let kind = error.kind();
            self.arrival.failed = Some(error);
            kind.into()
        })
    }

    fn path(&self) -> Option<&Path> {
        self.place.as_deref()
    }
}

/// Whether the temporary file now holds what the record says.
fn check(
    context: &JobContext,
    item: &FetchItem,
    arrival: &mut Arrival,
    answer: Result<CloudAsset, CloudError>,
) -> Result<(), FetchOutcome> {
    if let Some(error) = arrival.failed.take() {
        return Err(disk_failure(&error));
    }
    match answer {
        Ok(_) => {}
        Err(CloudError::Stopped) => return Err(FetchOutcome::Stopped),
        Err(error) => return Err(FetchOutcome::Refused(error)),
    }
    if arrival.size != item.content.size || *arrival.hasher.finalize().as_bytes() != item.content.digest {
        arrival.file = None;
        super::disk::discard(context, &temp_name(&item.record, &item.content));
        let text = "the bytes that came are not those of the record; they will be fetched anew";
        return Err(FetchOutcome::Refused(CloudError::Corrupt(text.into())));
    }
    let Some(mut file) = arrival.file.take() else { return Err(FetchOutcome::Stopped) };
    file.set_len(item.content.size)
        .and_then(|()| file.set_mtime(item.content.mtime_ns))
        .map_err(|error| disk_failure(&error))
}

fn disk_failure(error: &io::Error) -> FetchOutcome {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FetchOutcome::DiskFull,
        _ => FetchOutcome::Failed(Error::io("the file cannot be written", error)),
    }
}

/// Bytes durable, then in their places, then the places durable: two barriers for the whole batch.
fn place_all(
    context: &JobContext,
    items: &[FetchItem],
    checked: Vec<Result<(), FetchOutcome>>,
) -> Vec<FetchOutcome> {
    let failed = |error: &io::Error| disk_failure(error);
    if checked.iter().any(Result::is_ok)
        && let Err(error) = context.fs.sync()
    {
        return items.iter().map(|_| failed(&error)).collect();
    }
    let placed: Vec<Result<Stamp, FetchOutcome>> = items
        .iter()
        .zip(checked)
        .map(|(item, checked)| checked.and_then(|()| place(context, item)))
        .collect();
    if placed.iter().any(Result::is_ok)
        && let Err(error) = context.fs.sync()
    {
        return items.iter().map(|_| failed(&error)).collect();
    }
    let looked_ns = context.clock.wall_ns();
    items
        .iter()
        .zip(placed)
        .map(|(item, placed)| match placed {
            Err(outcome) => outcome,
            Ok(ours) => FetchOutcome::Placed(seen_in_place(context, item, ours, looked_ns)),
        })
        .collect()
}

/// How a file that was put in its place is noted. Who has moved or changed it since then did that to
/// the cloud's file: the next scan finds it different from what is noted here.
fn seen_in_place(context: &JobContext, item: &FetchItem, ours: Stamp, looked_ns: i64) -> Stamp {
    match context.fs.stat(&item.path) {
        Ok(stat) if stat.kind == FileKind::File && same_file(&stat.stamp, &ours) => {
            smudge(stat.stamp, looked_ns)
        }
        _ => Stamp { ctime_ns: SMUDGED, ..ours },
    }
}

/// Puts a file in its place. Returns how it was before: a person may write to it from then on.
fn place(context: &JobContext, item: &FetchItem) -> Result<Stamp, FetchOutcome> {
    let temp = temp_path(item);
    let ours = context.fs.stat(&temp).map_err(|error| disk_failure(&error))?.stamp;
    if let Some(expected) = item.replaces {
        return replace(context, &temp, &item.path, expected).map(|()| ours);
    }
    match context.fs.rename(&temp, &item.path) {
        Ok(()) => Ok(ours),
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
            Err(FetchOutcome::Changed)
        }
        Err(error) => Err(disk_failure(&error)),
    }
}

/// Puts the new file in the old one's place, in one step, and only then looks whether the old one
/// was still what the plan saw: whatever a person wrote in between is put back.
fn replace(context: &JobContext, temp: &str, path: &str, expected: Stamp) -> Result<(), FetchOutcome> {
    if !context.fs.stat(path).is_ok_and(|stat| same_file(&stat.stamp, &expected)) {
        return Err(FetchOutcome::Changed);
    }
    match context.fs.exchange(temp, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FetchOutcome::Changed),
        Err(error) => return Err(disk_failure(&error)),
    }
    if !context.fs.stat(temp).is_ok_and(|stat| same_file(&stat.stamp, &expected)) {
        return match context.fs.exchange(temp, path) {
            Ok(()) => Err(FetchOutcome::Changed),
            Err(error) => Err(disk_failure(&error)),
        };
    }
    context.fs.remove_file(temp).map_err(|error| disk_failure(&error))
}

/// Whether a file is still the one that was looked at. Moving it changes its change time alone.
pub(crate) fn same_file(now: &Stamp, then: &Stamp) -> bool {
    (now.ino, now.size, now.mtime_ns) == (then.ino, then.size, then.mtime_ns)
}
