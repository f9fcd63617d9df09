//! Uploads: the server says which bytes it wants, and gets them, or reads a file by itself.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use cloudsync_cloud::{AssetUpload, CloudAsset, CloudError, Flow, Result as CloudResult, TransferControl};

use super::calls::Event;
use super::connection::{Connection, UnderWay};
use super::transfer::Fates;
use crate::frame::{CHUNK, DESCRIPTORS, Data, Kind, violation};
use crate::message::{Nothing, Upload, UploadItem, Want};

/// From which size on a file goes over as a descriptor: below it, that costs more than its bytes.
const WORTH_A_DESCRIPTOR: u64 = 1 << 20;
/// How long bytes wait for others to go with them, where the source is slow.
const PATIENCE: Duration = Duration::from_secs(1);

/// Uploads items.
pub(super) fn run(
    connection: &Connection,
    handle: u64,
    table: &str,
    mut items: Vec<AssetUpload<'_>>,
    control: &dyn TransferControl,
) -> CloudResult<Vec<CloudResult<CloudAsset>>> {
    let mut files: Vec<OwnedFd> = Vec::new();
    let request = items.iter_mut().map(|item| {
        let file = if connection.descriptors && files.len() < DESCRIPTORS { file(item) } else { None };
        let passed = file.is_some();
        files.extend(file);
        UploadItem {
            gid: item.gid.clone(),
            asset: Some(item.asset.clone().into()),
            transfer_id: item.transfer_id.clone(),
            digest: item.digest.map(Vec::from).unwrap_or_default(),
            size: item.source.size(),
            file: passed,
        }
    });
    let request = Upload { handle, table: table.to_owned(), items: request.collect() };
    let mut call = connection.begin()?;
    if files.is_empty() {
        call.send(Kind::Upload, &request)?;
    } else {
        let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        call.send_files(Kind::Upload, &request, &files)?;
    }
    drop(files);
    let mut fates = Fates::new(items.len(), control);
    let mut buffer = Vec::new();
    loop {
        match call.next()? {
            Event::Want(want) => {
                let Some(item) = items.get_mut(want.item as usize) else {
                    return connection.kept(violation(format!("bytes of the item {} are wanted", want.item)));
                };
                feed(&call, item, want, &mut fates, &mut buffer)?;
            }
            Event::Moved(moved) => {
                let index = moved.item as usize;
                match items.get_mut(index).filter(|_| request.items[index].file) {
                    Some(item) => item.source.took(moved.end),
                    None => return connection.kept(violation("progress of what is no file")),
                }
                if fates.moved(index, moved.bytes) == Flow::Stop {
                    connection.tell(Kind::Stop, call.number, &Nothing {});
                }
            }
            Event::Working => {}
            Event::Answer(body) => return fates.settle(connection, &body),
            other => return connection.unexpected(&other, Kind::Upload),
        }
    }
}

/// A copy of the descriptor of an item's file, where it has one that is worth it.
fn file(item: &mut AssetUpload<'_>) -> Option<OwnedFd> {
    if item.source.size() < WORTH_A_DESCRIPTOR {
        return None;
    }
    item.source.file()?.try_clone_to_owned().ok()
}

/// Sends wanted bytes, perhaps in several pieces.
fn feed(
    call: &UnderWay<'_>,
    item: &mut AssetUpload<'_>,
    want: Want,
    fates: &mut Fates<'_>,
    buffer: &mut Vec<u8>,
) -> CloudResult<()> {
    let (index, mut offset) = (want.item as usize, want.offset);
    let mut left = (want.length as usize).clamp(1, CHUNK);
    while left > 0 {
        if fates.stopped() || fates.failed(index) {
            let flag = if fates.stopped() { Data::STOPPED } else { Data::FAILED };
            if fates.stopped() {
                fates.stop(index);
            }
            return call.send_data(index, flag, offset, &[]);
        }
        if buffer.len() < left {
            buffer.resize(left, 0);
        }
        let (filled, flags) = fill(item, index, &mut buffer[..left], offset, fates);
        call.send_data(index, flags, offset, &buffer[..filled])?;
        if flags != 0 {
            return Ok(());
        }
        offset += filled as u64;
        left -= filled;
    }
    Ok(())
}

/// Reads until the buffer is full or the source has no more, or is too slow; says how it went with flags.
fn fill(
    item: &mut AssetUpload<'_>,
    index: usize,
    buffer: &mut [u8],
    offset: u64,
    fates: &mut Fates<'_>,
) -> (usize, u32) {
    let begun = Instant::now();
    let mut filled = 0;
    while filled < buffer.len() {
        match item.source.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => return (filled, Data::END),
            Ok(count) => {
                filled += count;
                if fates.moved(index, count as u64) == Flow::Stop {
                    return (filled, Data::STOPPED);
                }
                if begun.elapsed() > PATIENCE {
                    break;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                fates.fail(index, CloudError::local(&error));
                return (filled, Data::FAILED);
            }
        }
    }
    (filled, 0)
}
