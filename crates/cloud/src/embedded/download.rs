//! Downloads, from where an earlier try stopped.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::Core;
use super::failure::store_error;
use super::large::CHUNK;
use super::references::{self, Content, Digest};
use super::share::mirror;
use crate::{AssetDownload, CloudAsset, CloudError, Flow, Result, TransferControl};

/// Downloads a batch, in order.
pub(super) fn all(
    core: &Core,
    db: i64,
    table: &str,
    items: Vec<AssetDownload<'_>>,
    control: &dyn TransferControl,
) -> Vec<Result<CloudAsset>> {
    let mut stopped = false;
    let mut buffer = Vec::new();
    let mut answers = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let answer = match stopped {
            true => Err(CloudError::Stopped),
            false => lender(core, db, table, &item)
                .and_then(|lender| one(lender.as_deref().unwrap_or(core), index, item, control, &mut buffer)),
        };
        stopped |= answer == Err(CloudError::Stopped);
        answers.push(answer);
    }
    answers
}

/// The account that has the bytes of what it shares; `None` where they are this account's own, or nobody's.
fn lender(core: &Core, db: i64, table: &str, item: &AssetDownload<'_>) -> Result<Option<Arc<Core>>> {
    let Some(digest) = references::digest_of(&item.asset.asset_id) else { return Ok(None) };
    if core.pool.read(|tx| Ok(references::find(tx, &digest)?.is_some()))? {
        return Ok(None);
    }
    mirror::lender(core, db, table, &item.gid, &digest)
}

fn one(
    core: &Core,
    index: usize,
    mut item: AssetDownload<'_>,
    control: &dyn TransferControl,
    buffer: &mut Vec<u8>,
) -> Result<CloudAsset> {
    let unknown = || CloudError::NotFound(format!("asset {}", item.asset.asset_id));
    let digest = references::digest_of(&item.asset.asset_id).ok_or_else(unknown)?;
    let (content, size) = open(core, &digest)?.ok_or_else(unknown)?;
    // A sink that holds more than there is holds something else.
    let from = Some(item.sink.offset()).filter(|offset| *offset <= size).unwrap_or(0);
    let mut hasher = blake3::Hasher::new();
    let mut offset = from;
    loop {
        let wanted = CHUNK.min(usize::try_from(size - offset).unwrap_or(CHUNK));
        if buffer.len() < wanted {
            buffer.resize(wanted, 0);
        }
        let bytes = &mut buffer[..wanted];
        content.read_exact_at(bytes, offset).map_err(|error| damaged(&item.asset, &error))?;
        // What the sink held before is verified by whoever kept it.
        if from == 0 {
            hasher.update(bytes);
        }
        if wanted > 0 {
            item.sink.write_at(bytes, offset).map_err(|error| CloudError::local(&error))?;
        }
        offset += wanted as u64;
        if control.advanced(index, wanted as u64) == Flow::Stop {
            return Err(CloudError::Stopped);
        }
        if offset >= size {
            break;
        }
    }
    if from == 0 && *hasher.finalize().as_bytes() != digest {
        return Err(CloudError::Corrupt(format!("asset {} has other bytes", item.asset.asset_id)));
    }
    item.asset.size = size;
    Ok(item.asset)
}

/// Reads a content whole, and answers with its digest as it is now and its size; `None` when the cloud
/// does not hold it any more. `found`: what it was just looked up as.
pub(super) fn read_whole(
    core: &Core,
    digest: &Digest,
    found: Content,
    buffer: &mut Vec<u8>,
    mut advanced: impl FnMut(u64) -> Flow,
) -> Result<Option<(Digest, u64)>> {
    let Some((content, size)) = open_found(core, digest, found)? else { return Ok(None) };
    buffer.resize(CHUNK, 0);
    let mut hasher = blake3::Hasher::new();
    let mut offset = 0;
    while offset < size {
        let wanted = CHUNK.min(usize::try_from(size - offset).unwrap_or(CHUNK));
        let bytes = &mut buffer[..wanted];
        content
            .read_exact_at(bytes, offset)
            .map_err(|error| CloudError::Corrupt(format!("an asset cannot be read: {error}")))?;
        hasher.update(bytes);
        offset += wanted as u64;
        if advanced(wanted as u64) == Flow::Stop {
            return Err(CloudError::Stopped);
        }
    }
    Ok(Some((*hasher.finalize().as_bytes(), size)))
}

/// Opens a content; `None` when the cloud does not hold it.
fn open(core: &Core, digest: &Digest) -> Result<Option<(File, u64)>> {
    look_up(core, digest)?.map_or(Ok(None), |found| open_found(core, digest, found))
}

/// Opens a content that was just looked up; `None` when the cloud does not hold it any more.
fn open_found(core: &Core, digest: &Digest, mut found: Content) -> Result<Option<(File, u64)>> {
    loop {
        match core.store.open_content(found.file) {
            Ok(file) => return sized(file, digest, found.size.unsigned_abs()).map(Some),
            // It may just have been healed, which puts it into another file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => match look_up(core, digest)? {
                Some(now) if now.file != found.file => found = now,
                Some(_) => {
                    let id = references::asset_id(digest);
                    return Err(CloudError::Corrupt(format!("asset {id} has lost its file")));
                }
                None => return Ok(None),
            },
            Err(error) => return Err(store_error(&error)),
        }
    }
}

fn look_up(core: &Core, digest: &Digest) -> Result<Option<Content>> {
    core.pool.read(|tx| Ok(references::find(tx, digest)?))
}

fn sized(file: File, digest: &Digest, size: u64) -> Result<(File, u64)> {
    let length = file.metadata().map_err(|error| store_error(&error))?.len();
    if length != size {
        let id = references::asset_id(digest);
        return Err(CloudError::Corrupt(format!("asset {id} has {length} bytes instead of {size}")));
    }
    Ok((file, size))
}

fn damaged(asset: &CloudAsset, error: &io::Error) -> CloudError {
    CloudError::Corrupt(format!("asset {} cannot be read: {error}", asset.asset_id))
}
