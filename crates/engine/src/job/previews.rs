//! Previews: made of photos that were just sent, brought from the cloud, and removed with the last photo that
//! they show. None of this fails a photo.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use cloudsync_cloud::{
    AssetDownload, AssetSink, AssetSource, AssetUpload, CloudAsset, CloudError, TransferControl,
};

use super::transfer::Control;
use super::upload::Head;
use super::{JobContext, Moved, StopFlag, TABLE, UploadItem, UploadOutcome};
use crate::error::Error;
use crate::ports::{HEAD, Pictures, PreviewKind, PreviewName};
use crate::tree::{Content, NodeId, Preview, PreviewAsset};

/// A larger photo is not read as a whole, and has no previews.
const MOST_BYTES: u64 = 64 << 20;
/// How many bytes of previews are sent in one call.
const SEND_BYTES: usize = 8 << 20;
/// How many nodes are looked at while others wait for the trees.
const NODES_AT_ONCE: u32 = 4096;

/// One preview to bring.
#[derive(Debug, Clone)]
pub struct PreviewItem {
    /// The photo's record's id.
    pub record: Box<str>,
    /// What it is kept under.
    pub name: PreviewName,
    /// What the record says of it.
    pub preview: Preview,
}

/// What bringing a preview came to.
#[derive(Debug)]
pub enum PreviewOutcome {
    /// It is here.
    Here,
    /// The cloud does not give it.
    Refused(CloudError),
    /// It cannot be kept here.
    Failed(Error),
    /// Stopped before it was done.
    Stopped,
}

/// The previews of one photo of a batch, by its position there.
struct Made {
    at: usize,
    content: Content,
    pictures: Pictures,
}

/// Makes the previews of the photos among what was sent, keeps them here, sends them too, and notes in the
/// outcomes what the cloud calls them. What cannot be decoded has none.
pub(super) fn make(
    context: &JobContext,
    items: &[UploadItem],
    heads: &[Head],
    outcomes: &mut [UploadOutcome],
    stop: &StopFlag,
) {
    let mut made: Vec<Made> = Vec::new();
    let mut bytes = 0;
    for (at, (item, head)) in items.iter().zip(heads).enumerate() {
        let Some(UploadOutcome::Sent { content, .. }) = outcomes.get(at) else { continue };
        let content = *content;
        if !is_photo(context, item, &content, head) {
            continue;
        }
        if stop.is_set() {
            // It would be without previews for good: the next run sends it, and makes them.
            outcomes[at] = UploadOutcome::Stopped;
        } else if let Some(pictures) = pictures(context, item, &content) {
            bytes += pictures.thumbnail.len() + pictures.lcd.len();
            made.push(Made { at, content, pictures });
        }
        if bytes >= SEND_BYTES {
            bytes = 0;
            send(context, items, std::mem::take(&mut made), outcomes, stop);
        }
    }
    send(context, items, made, outcomes, stop);
}

/// By its first bytes, which the cloud has mostly read just now.
fn is_photo(context: &JobContext, item: &UploadItem, content: &Content, head: &Head) -> bool {
    let Some(maker) = &context.pictures else { return false };
    if content.size < HEAD as u64 || content.size > MOST_BYTES {
        return false;
    }
    let read = || {
        let mut head = [0; HEAD];
        let count = context.fs.open(&item.path).and_then(|mut file| file.read_at(&mut head, 0)).ok()?;
        (count == HEAD).then_some(head)
    };
    (*head).or_else(read).is_some_and(|head| maker.may_be_picture(&head))
}

fn pictures(context: &JobContext, item: &UploadItem, content: &Content) -> Option<Pictures> {
    // The same bytes were seen before: in another file, or by a run that was killed.
    let kept = |kind| context.previews.read(PreviewName { content: content.digest, kind }).ok();
    if let (Some(thumbnail), Some(lcd)) = (kept(PreviewKind::Thumbnail), kept(PreviewKind::Lcd)) {
        return Some(Pictures { thumbnail, lcd });
    }
    let bytes = read_whole(context, item, content).ok()?;
    // Previews that are kept under a digest show the bytes that have it.
    if *blake3::hash(&bytes).as_bytes() != content.digest {
        return None;
    }
    context.pictures.as_ref()?.make(&bytes)
}

fn read_whole(context: &JobContext, item: &UploadItem, content: &Content) -> io::Result<Vec<u8>> {
    let mut file = context.fs.open(&item.path)?;
    let mut bytes = vec![0; content.size as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], filled as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(bytes)
}

fn send(
    context: &JobContext,
    items: &[UploadItem],
    made: Vec<Made>,
    outcomes: &mut [UploadOutcome],
    stop: &StopFlag,
) {
    let of_each = |made: &Made| {
        PreviewKind::ALL.map(|kind| (made.at, PreviewName { content: made.content.digest, kind }))
    };
    let names: Vec<(usize, PreviewName)> = made.iter().flat_map(of_each).collect();
    let pictures = made.iter().flat_map(|made| PreviewKind::ALL.map(|kind| made.pictures.of(kind)));
    let pictures: Vec<&[u8]> = pictures.collect();
    if pictures.is_empty() {
        return;
    }
    // What is not kept here can be fetched later.
    let kept: Vec<(PreviewName, &[u8])> =
        names.iter().map(|(_, name)| *name).zip(pictures.iter().copied()).collect();
    let _ = context.previews.keep(&kept);
    let Ok(loader) = context.loader() else { return };
    let uploads = names.iter().zip(&pictures);
    let uploads = uploads.map(|((at, name), bytes)| upload(context, &items[*at], *name, bytes)).collect();
    let answers = loader.upload(TABLE, uploads, &Control { stop, moved: &Moved::default() });
    for (((at, name), bytes), answer) in names.into_iter().zip(pictures).zip(answers) {
        note(&mut outcomes[at], name.kind, bytes, answer);
    }
}

fn upload<'a>(
    context: &JobContext,
    item: &UploadItem,
    name: PreviewName,
    bytes: &'a [u8],
) -> AssetUpload<'a> {
    let digest = blake3::hash(bytes);
    let mtime_ns = item.stamp.mtime_ns;
    let asset = CloudAsset {
        name: super::name_of(&item.path).to_owned(),
        modify_time: mtime_ns.div_euclid(1_000_000),
        size: bytes.len() as u64,
        hash: format!("{mtime_ns:x}-{:x}", bytes.len()),
        ..CloudAsset::default()
    };
    let place = context.previews.size(name).map(|_| context.previews.path(name));
    AssetUpload {
        gid: item.record.to_string(),
        asset,
        transfer_id: digest.to_hex().to_string(),
        digest: Some(*digest.as_bytes()),
        source: Box::new(Source { bytes, place }),
    }
}

/// What the cloud said of one preview. It may do without, but not because the network went, or a person
/// stopped the run: then the photo is taken up again with its previews.
fn note(
    outcome: &mut UploadOutcome,
    kind: PreviewKind,
    bytes: &[u8],
    answer: Result<CloudAsset, CloudError>,
) {
    let UploadOutcome::Sent { previews, .. } = outcome else { return };
    match answer {
        Ok(asset) => {
            let preview = Preview::new(&asset.asset_id, bytes.len() as u32);
            match kind {
                PreviewKind::Thumbnail => previews.thumbnail = Some(preview),
                PreviewKind::Lcd => previews.lcd = Some(preview),
            }
        }
        Err(CloudError::Stopped) => *outcome = UploadOutcome::Stopped,
        Err(error @ (CloudError::Network(_) | CloudError::Gone(_) | CloudError::TooManyRequests(_))) => {
            *outcome = UploadOutcome::Refused(error)
        }
        Err(_) => {}
    }
}

/// A preview on its way to the cloud.
struct Source<'a> {
    bytes: &'a [u8],
    place: Option<PathBuf>,
}

impl AssetSource for Source<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or(&[]);
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn path(&self) -> Option<&Path> {
        self.place.as_deref()
    }
}

/// Brings previews that are not here yet.
pub(super) fn fetch(context: &JobContext, items: &[PreviewItem], stop: &StopFlag) -> Vec<PreviewOutcome> {
    let missing = |item: &&PreviewItem| context.previews.size(item.name).is_none();
    let wanted: Vec<&PreviewItem> = items.iter().filter(missing).collect();
    let mut came = bring(context, &wanted, stop);
    let whole: Vec<(PreviewName, &[u8])> = wanted
        .iter()
        .zip(&came)
        .filter_map(|(item, came)| Some((item.name, came.as_ref().ok()?.as_slice())))
        .collect();
    let kept = if whole.is_empty() { Ok(()) } else { context.previews.keep(&whole) };
    let failed = kept.err().map(|error| Error::io("a preview cannot be kept", &error));
    let mut came = wanted.iter().map(|item| item.name).zip(came.drain(..)).peekable();
    items
        .iter()
        .map(|item| match came.next_if(|(name, _)| *name == item.name) {
            None => PreviewOutcome::Here,
            Some((_, Err(CloudError::Stopped))) => PreviewOutcome::Stopped,
            Some((_, Err(error))) => PreviewOutcome::Refused(error),
            Some((name, Ok(_))) => match &failed {
                Some(error) if context.previews.size(name).is_none() => PreviewOutcome::Failed(error.clone()),
                _ => PreviewOutcome::Here,
            },
        })
        .collect()
}

/// The bytes of each, checked.
fn bring(context: &JobContext, wanted: &[&PreviewItem], stop: &StopFlag) -> Vec<Result<Vec<u8>, CloudError>> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let loader = match context.loader() {
        Ok(loader) => loader,
        Err(error) => return wanted.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut arrivals: Vec<Arrival> = wanted.iter().map(|item| Arrival::new(&item.preview)).collect();
    let downloads = wanted.iter().zip(&mut arrivals).map(|(item, arrival)| AssetDownload {
        gid: item.record.to_string(),
        asset: CloudAsset {
            asset_id: item.preview.asset_id(),
            size: item.preview.size.into(),
            ..CloudAsset::default()
        },
        sink: Box::new(arrival),
    });
    let moved = Moved::default();
    let control: &dyn TransferControl = &Control { stop, moved: &moved };
    let mut answers = loader.download(TABLE, "", downloads.collect(), control).into_iter();
    let few = || Err(CloudError::Unknown("the cloud gave fewer answers than assets".into()));
    let mut checked = Vec::with_capacity(wanted.len());
    for (item, arrival) in wanted.iter().zip(arrivals) {
        let answer = answers.next().unwrap_or_else(few);
        checked.push(answer.and_then(|_| arrival.checked(&item.preview)));
    }
    checked
}

/// A preview as its bytes come in: no more of them than the record says.
struct Arrival {
    bytes: Vec<u8>,
    most: usize,
}

impl Arrival {
    fn new(preview: &Preview) -> Self {
        Arrival { bytes: Vec::new(), most: preview.size as usize }
    }

    fn checked(self, preview: &Preview) -> Result<Vec<u8>, CloudError> {
        let same = match &preview.asset {
            PreviewAsset::Digest(digest) => blake3::hash(&self.bytes).as_bytes() == digest,
            // This cloud's ids say nothing of the bytes.
            PreviewAsset::Named(_) => true,
        };
        if same && self.bytes.len() == self.most {
            return Ok(self.bytes);
        }
        Err(CloudError::Corrupt("the bytes that came are not those of the preview".into()))
    }
}

impl AssetSink for &mut Arrival {
    fn offset(&self) -> u64 {
        0
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if offset == 0 {
            self.bytes.clear();
        }
        if offset != self.bytes.len() as u64 || self.bytes.len() + bytes.len() > self.most {
            return Err(io::Error::other("the cloud gives other bytes than the record says"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

/// Removes the previews of bytes that no file has any more, here or in the cloud.
pub(super) fn tidy(context: &JobContext, stop: &StopFlag) {
    let Ok(names) = context.previews.list() else { return };
    let mut unused: BTreeSet<[u8; 32]> = names.iter().map(|name| name.content).collect();
    let mut first = 0;
    while !unused.is_empty() {
        let trees = context.trees.read();
        if stop.is_set() {
            return;
        }
        if first >= trees.next_id() {
            break;
        }
        for id in first..first.saturating_add(NODES_AT_ONCE).min(trees.next_id()) {
            let Some(node) = trees.get(NodeId(id)) else { continue };
            let here = node.local.and_then(|local| local.content.bytes());
            let there = node.live_remote().and_then(|remote| remote.content);
            for content in [here, there].into_iter().flatten() {
                unused.remove(&content.digest);
            }
        }
        first = first.saturating_add(NODES_AT_ONCE);
    }
    for name in names.into_iter().filter(|name| unused.contains(&name.content)) {
        // What stays is removed another time.
        let _ = context.previews.remove(name);
    }
}
