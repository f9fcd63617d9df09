//! Brings bytes from the cloud to temporary files on the disk; `place` puts them in their places.

use std::io;
use std::path::{Path, PathBuf};

use cloudsync_cloud::{AssetDownload, AssetSink, CloudAsset, CloudError};

use super::hash::CHUNK;
use super::transfer::{Control, Throttle};
use super::{JobContext, Moved, TABLE};
use crate::bandwidth::Direction;
use crate::error::Error;
use crate::ports::{FileMark, FileSystem, Stamp, WriteFile};
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
    pub replaces: Option<(Content, Stamp)>,
}

/// What bringing a file came to, so far.
#[derive(Debug)]
pub enum FetchOutcome {
    /// Its bytes are in a temporary file, durably, with this stamp.
    Came(Stamp),
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

pub(super) fn run(throttle: Throttle<'_>, items: &[FetchItem], moved: &Moved) -> Vec<FetchOutcome> {
    let Throttle { context, stop, .. } = throttle;
    let loader = match context.loader() {
        Ok(loader) => loader,
        Err(error) => return items.iter().map(|_| FetchOutcome::Refused(error.clone())).collect(),
    };
    let needed: u64 = items.iter().map(|item| item.content.size).sum();
    if context.fs.space().is_ok_and(|space| space.free < needed) && items.len() == 1 {
        return vec![FetchOutcome::DiskFull];
    }
    let mut arrivals: Vec<Arrival> = items.iter().map(|item| Arrival::start(context, item, moved)).collect();
    let downloads =
        items.iter().zip(&mut arrivals).map(|(item, arrival)| download(throttle, item, arrival)).collect();
    let mut answers = loader.download(TABLE, "", downloads, &Control { stop, moved }).into_iter();
    let checked: Vec<Result<Stamp, FetchOutcome>> = items
        .iter()
        .zip(&mut arrivals)
        .map(|(item, arrival)| {
            let missing = || Err(CloudError::Unknown("the cloud gave fewer answers than assets".into()));
            check(context, item, arrival, answers.next().unwrap_or_else(missing))
        })
        .collect();
    if checked.iter().any(Result::is_ok)
        && let Err(error) = context.fs.sync()
    {
        return items.iter().map(|_| disk_failure(&error)).collect();
    }
    checked.into_iter().map(|came| came.map_or_else(|failed| failed, FetchOutcome::Came)).collect()
}

fn download<'a>(throttle: Throttle<'a>, item: &FetchItem, arrival: &'a mut Arrival) -> AssetDownload<'a> {
    let place = throttle.context.fs.absolute(&temp_path(item));
    let asset = CloudAsset { asset_id: item.asset.clone(), size: item.content.size, ..CloudAsset::default() };
    AssetDownload { gid: item.record.to_string(), asset, sink: Box::new(Sink { throttle, arrival, place }) }
}

/// Where a file's bytes are before they are in their place.
pub(super) fn temp_path(item: &FetchItem) -> String {
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
    throttle: Throttle<'a>,
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
        self.throttle.take(Direction::Down, bytes.len());
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
) -> Result<Stamp, FetchOutcome> {
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
        .map(|()| {
            if context.marks {
                file.set_mark(FileMark::Downloaded);
            }
        })
        .and_then(|()| context.fs.stat(&temp_path(item)))
        .map(|stat| stat.stamp)
        .map_err(|error| disk_failure(&error))
}

pub(super) fn disk_failure(error: &io::Error) -> FetchOutcome {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FetchOutcome::DiskFull,
        _ => FetchOutcome::Failed(Error::io("the file cannot be written", error)),
    }
}
