//! Sends bytes to the cloud.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloudsync_cloud::{AssetSource, AssetUpload, CloudAsset, CloudError};

use super::hash::{content_at, smudge};
use super::transfer::{Control, Throttle};
use super::{JobContext, Moved, StopFlag, TABLE, unsynced};
use crate::bandwidth::Direction;
use crate::error::Error;
use crate::ports::{ContentId, HEAD, ReadFile, SMUDGED, Stamp, same_file};
use crate::record;
use crate::tree::{Content, Digest, NodeId, Previews};

/// One file to send.
#[derive(Debug, Clone)]
pub struct UploadItem {
    /// The node.
    pub node: NodeId,
    /// Its record's id.
    pub record: Box<str>,
    /// The identity of the gallery.
    pub gallery: Arc<str>,
    /// Where it lies there.
    pub path: String,
    /// How the plan saw it.
    pub stamp: Stamp,
    /// Its digest, where it was read before.
    pub digest: Option<[u8; 32]>,
    /// What it says of its photo, where it was read before.
    pub identifier: Option<ContentId>,
}

/// What sending a file came to.
#[derive(Debug)]
pub enum UploadOutcome {
    /// The cloud holds these bytes durably, under this asset id.
    Sent {
        /// The bytes.
        content: Content,
        /// The cloud's id; `None` where it is the hex of the digest.
        asset: Option<Box<str>>,
        /// Its previews, where it is a photo and the cloud has taken them.
        previews: Previews,
        /// The file's stamp while it was read.
        stamp: Stamp,
    },
    /// It changed while it was read, or is gone: look at the disk again.
    Changed,
    /// The file cannot be read.
    Unreadable(Error),
    /// The cloud refused it.
    Refused(CloudError),
    /// Stopped before it was done.
    Stopped,
}

pub(super) fn run(throttle: Throttle<'_>, items: &[UploadItem], moved: &Moved) -> Vec<UploadOutcome> {
    let Throttle { context, stop, .. } = throttle;
    let loader = match context.loader() {
        Ok(loader) => loader,
        Err(error) => return items.iter().map(|_| UploadOutcome::Refused(error.clone())).collect(),
    };
    let capabilities = context.capabilities();
    // A cloud that names its assets by their digest has taken it; once is enough.
    let named = capabilities.digests;
    // Another would not say that it has the beginning of a file as it was before a power cut, and the end of what that
    // left of it: what it keeps of a cut upload must be as durable here.
    if capabilities.ranges
        && !named
        && let Err(error) = context.fs.sync()
    {
        let error = unsynced(&error);
        return items.iter().map(|_| UploadOutcome::Unreadable(error.clone())).collect();
    }
    let hasher = || (!named).then(blake3::Hasher::new).map(Box::new);
    let mut readings: Vec<Reading> =
        items.iter().map(|_| Reading { hasher: hasher(), ..Reading::default() }).collect();
    let uploads =
        items.iter().zip(&mut readings).map(|(item, reading)| upload(throttle, item, reading)).collect();
    let answers = loader.upload(TABLE, uploads, &Control { stop, moved });
    // What was read must be as durable here as it is there, before both are said to agree.
    let durable = context.fs.sync();
    let mut answers = answers.into_iter();
    let heads: Vec<Head> = readings.iter().map(|reading| reading.head).collect();
    let mut outcomes: Vec<UploadOutcome> = readings
        .into_iter()
        .zip(items)
        .map(|(reading, item)| {
            let missing = || Err(CloudError::Unknown("the cloud gave fewer answers than assets".into()));
            let answer = answers.next().unwrap_or_else(missing);
            outcome(context, item, reading, answer, &durable, stop)
        })
        .collect();
    super::previews::make(context, items, &heads, &mut outcomes, stop);
    outcomes
}

fn upload<'a>(throttle: Throttle<'a>, item: &'a UploadItem, reading: &'a mut Reading) -> AssetUpload<'a> {
    let context = throttle.context;
    let stamp = item.stamp;
    let name = super::name_of(&item.path).to_string();
    let asset = CloudAsset {
        name,
        modify_time: stamp.mtime_ns.div_euclid(1_000_000),
        size: stamp.size,
        hash: format!("{:x}-{:x}", stamp.mtime_ns, stamp.size),
        ..CloudAsset::default()
    };
    let place = context.fs.absolute(&item.path);
    let source = Source { throttle, path: &item.path, place, stamp, file: None, reading };
    AssetUpload {
        gid: item.record.to_string(),
        asset,
        transfer_id: transfer_id(item, context.clock.wall_ns()),
        digest: item.digest,
        source: Box::new(source),
    }
}

/// The same for the same bytes of the same file, also after a restart, and another for what any other device of the
/// account sends. Of a file that may change once more without its stamp showing it, nothing that an earlier try sent is
/// gone on from.
fn transfer_id(item: &UploadItem, begun_ns: i64) -> String {
    let Stamp { ino, size, mtime_ns, ctime_ns } = smudge(item.stamp, begun_ns);
    let mark = if ctime_ns == SMUDGED { begun_ns } else { ctime_ns };
    format!("{}-{ino:x}-{size:x}-{mtime_ns:x}-{mark:x}", item.gallery)
}

/// The first bytes of a file.
pub(super) type Head = Option<[u8; HEAD]>;

/// What became of a file while the cloud read it.
#[derive(Default)]
struct Reading {
    hasher: Option<Box<blake3::Hasher>>,
    size: u64,
    /// How it begins; nothing where the cloud read no beginning.
    head: Head,
    /// How it was when it was opened.
    stamp: Option<Stamp>,
    /// The time of day before that.
    begun_ns: i64,
    changed: bool,
    /// The cloud had its beginning of an earlier try.
    resumed: bool,
    failed: Option<Error>,
}

impl Reading {
    /// Of all that was read, where it was taken.
    fn digest(&self) -> Option<Digest> {
        self.hasher.as_ref().map(|hasher| *hasher.finalize().as_bytes())
    }

    fn took(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        self.size += bytes.len() as u64;
    }
}

/// Reads a file for the cloud, once, and takes its digest on the way.
struct Source<'a> {
    throttle: Throttle<'a>,
    path: &'a str,
    place: Option<PathBuf>,
    stamp: Stamp,
    file: Option<Box<dyn ReadFile>>,
    reading: &'a mut Reading,
}

impl Source<'_> {
    fn open(&mut self) -> io::Result<&mut dyn ReadFile> {
        if self.file.is_none() {
            self.reading.begun_ns = self.throttle.context.clock.wall_ns();
            let file = self.throttle.context.fs.open(self.path).inspect_err(|error| self.note(error))?;
            let now = file.stamp()?;
            self.reading.stamp = Some(now);
            if !same_file(&now, &self.stamp) {
                self.reading.changed = true;
                return Err(io::Error::other("the file changed since it was looked at"));
            }
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => Ok(&mut **file),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn note(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::NotFound {
            self.reading.changed = true;
        } else {
            self.reading.failed = Some(Error::io("the file cannot be read", error));
        }
    }

    /// The cloud goes on after what an earlier try sent, which was of the file as the plan saw it, unless the power went
    /// since: the digest needs those bytes too.
    fn catch_up(&mut self, offset: u64) -> io::Result<()> {
        self.open()?;
        if self.reading.stamp != Some(self.stamp) {
            self.reading.changed = true;
            return Err(io::Error::other("the file changed since an earlier try sent how it begins"));
        }
        self.reading.resumed = true;
        if self.reading.hasher.is_none() {
            self.reading.hasher = Some(Box::default());
            self.reading.size = 0;
        }
        let mut buffer = vec![0; super::hash::CHUNK];
        while self.reading.size < offset {
            let wanted = buffer.len().min((offset - self.reading.size) as usize);
            let at = self.reading.size;
            let count = self.open()?.read_at(&mut buffer[..wanted], at)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.reading.took(&buffer[..count]);
        }
        Ok(())
    }
}

impl AssetSource for Source<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset > self.reading.size {
            self.catch_up(offset)?;
        }
        let piece = self.throttle.piece(Direction::Up, buffer.len());
        let buffer = &mut buffer[..piece];
        let count = self.open()?.read_at(buffer, offset).inspect_err(|error| self.note(error))?;
        self.throttle.take(Direction::Up, count);
        let end = offset + count as u64;
        if offset == 0 && count >= HEAD {
            self.reading.head = buffer.first_chunk().copied();
        }
        if offset <= self.reading.size && end > self.reading.size {
            let fresh = (self.reading.size - offset) as usize;
            self.reading.took(&buffer[fresh..count]);
        }
        if end >= self.stamp.size {
            let after = self.open()?.stamp()?;
            self.reading.changed |= Some(after) != self.reading.stamp;
        }
        Ok(count)
    }

    fn size(&self) -> u64 {
        self.stamp.size
    }

    fn path(&self) -> Option<&Path> {
        self.place.as_deref()
    }
}

/// The digest that an asset's id is, on a cloud that names assets so.
fn named_by(asset: &str) -> Option<Digest> {
    blake3::Hash::from_hex(asset).ok().map(|digest| *digest.as_bytes())
}

/// What sending a file came to that was read here once more and is not what was sent.
fn otherwise(read: io::Result<Option<(Content, Stamp)>>, stop: &StopFlag) -> UploadOutcome {
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => UploadOutcome::Changed,
        Err(error) => UploadOutcome::Unreadable(Error::io("the file cannot be read", &error)),
        Ok(None) if stop.is_set() => UploadOutcome::Stopped,
        Ok(_) => UploadOutcome::Changed,
    }
}

/// Whether a file that the cloud did not read is as it was.
fn is_still(item: &UploadItem, here: &Content, now: &Stamp) -> bool {
    same_file(now, &item.stamp) && item.digest.is_none_or(|known| known == here.digest)
}

fn outcome(
    context: &JobContext,
    item: &UploadItem,
    reading: Reading,
    answer: Result<CloudAsset, CloudError>,
    durable: &io::Result<()>,
    stop: &StopFlag,
) -> UploadOutcome {
    if let Some(error) = reading.failed {
        return UploadOutcome::Unreadable(error);
    }
    if reading.changed {
        return UploadOutcome::Changed;
    }
    let asset = match answer {
        Ok(asset) => asset.asset_id,
        Err(CloudError::Stopped) => return UploadOutcome::Stopped,
        // Not the bytes that were read before, although nothing shows it: as after a power cut.
        Err(CloudError::InvalidArgument(_)) if item.digest.is_some() => return UploadOutcome::Changed,
        Err(error) => return UploadOutcome::Refused(error),
    };
    if let Err(error) = durable {
        return UploadOutcome::Unreadable(unsynced(error));
    }
    let read_here = || content_at(context, &item.path, item.stamp.size, stop);
    let opened = reading.stamp;
    let held = reading.hasher.is_none() && item.digest.is_some() && named_by(&asset) == item.digest;
    let stamp = match reading.stamp {
        Some(stamp) if stamp.size == reading.size => smudge(stamp, reading.begun_ns),
        // A cloud need not read a file of no bytes, nor bytes that it holds already. It is read here: a power cut may have
        // taken the bytes that it is known by, and left the stamp.
        None if item.stamp.size == 0 || held => match read_here() {
            // The stamp that was noted when they were read says how far to believe them.
            Ok(Some((here, now))) if is_still(item, &here, &now) => item.stamp,
            read => return otherwise(read, stop),
        },
        _ => return UploadOutcome::Changed,
    };
    let Some(digest) = reading.digest().or_else(|| named_by(&asset)) else {
        let text = "the cloud promises digests as asset ids and gave something else";
        return UploadOutcome::Refused(CloudError::Corrupt(text.into()));
    };
    let other = |known: Digest| known != digest;
    if item.digest.is_some_and(other) || (reading.resumed && named_by(&asset).is_some_and(other)) {
        return UploadOutcome::Changed;
    }
    // Of a file that was just written its times do not tell whether it was written once more between two reads of the
    // cloud's, so that it has the beginning of the one and the end of the other.
    if opened.is_some() && stamp.ctime_ns == SMUDGED {
        match read_here() {
            Ok(Some((here, _))) if here.digest == digest => {}
            read => return otherwise(read, stop),
        }
    }
    // One that was read before was asked for it then.
    let unasked = opened.filter(|_| item.digest.is_none());
    let identifier = item.identifier.or_else(|| super::identify::at(context, &item.path, &unasked?).ok()?);
    let content = Content { digest, size: stamp.size, mtime_ns: stamp.mtime_ns, identifier };
    let asset = record::asset_of(&asset, &digest);
    UploadOutcome::Sent { content, asset, previews: Previews::NONE, stamp }
}
