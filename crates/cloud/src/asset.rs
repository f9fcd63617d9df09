//! `AssetLoader`: the bytes behind the records.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use crate::{CloudAsset, CloudError, Result};

/// Whether a transfer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Stop as soon as possible; what is acknowledged may be kept for the next try.
    Stop,
}

/// A transfer's way back to whoever asked for it. Called at least once per MiB.
pub trait TransferControl: Send + Sync {
    /// `bytes` more of the batch's `item` have been moved.
    fn advanced(&self, item: usize, bytes: u64) -> Flow;
}

/// The bytes of an upload.
pub trait AssetSource: Send {
    /// Reads up to `buffer.len()` bytes at `offset`; 0 at the end. A cloud reads each byte once,
    /// from the start or from where an earlier try stopped, in order.
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Where the file lies, for a cloud that must open it by itself.
    fn path(&self) -> Option<&Path>;

    /// The open file that holds these bytes and nothing else, for a cloud in another process: that reads them there, and
    /// says so with [`AssetSource::took`]. Nothing where they must come through [`AssetSource::read_at`].
    fn file(&mut self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// The bytes up to `end` were read of [`AssetSource::file`].
    fn took(&mut self, end: u64) {
        let _ = end;
    }
}

/// Where a download's bytes go.
pub trait AssetSink: Send {
    /// How many bytes an earlier try left; the cloud goes on from there if it can, else from 0.
    fn offset(&self) -> u64;

    /// Writes `bytes` at `offset`. Offsets follow one another without a gap.
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Where the file lies, for a cloud that must write it by itself.
    fn path(&self) -> Option<&Path>;
}

/// One asset to upload.
pub struct AssetUpload<'a> {
    /// The id of the record that the asset belongs to.
    pub gid: String,
    /// Name, time and size; the cloud fills in id and hash.
    pub asset: CloudAsset,
    /// The same across every try to upload these bytes, and no other bytes of the account have it: lets a cloud go on where it
    /// was cut.
    pub transfer_id: String,
    /// The content's BLAKE3 digest where it is already known.
    pub digest: Option<[u8; 32]>,
    /// The bytes.
    pub source: Box<dyn AssetSource + 'a>,
}

/// One asset to download.
pub struct AssetDownload<'a> {
    /// The id of the record that the asset belongs to.
    pub gid: String,
    /// Which asset, by its id.
    pub asset: CloudAsset,
    /// Where the bytes go.
    pub sink: Box<dyn AssetSink + 'a>,
}

/// What a device believes that the cloud holds of a file, before it lets go of its own copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The record's id.
    pub gid: String,
    /// The version that the device last saw.
    pub version: u64,
    /// The asset that the record names.
    pub asset_id: String,
    /// How many bytes it has.
    pub size: u64,
    /// The BLAKE3 digest of the bytes.
    pub digest: [u8; 32],
}

/// The documented `AssetLoader`. Calls carry many records' assets at once, so that a cloud pays
/// for durability once per call. An asset whose upload was answered with success is durable.
/// Methods may block; they are called from several threads at once.
pub trait AssetLoader: Send + Sync {
    /// Uploads assets; one answer per item, in order.
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>>;

    /// Downloads assets; one answer per item, in order. `prefix` is the documented directory
    /// prefix on the device, empty where sinks say it all.
    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>>;

    /// Proves claims, one answer per claim, in order: the record is there, not deleted, has that version
    /// and names that asset, and the cloud has just read the asset's bytes and found that size and digest.
    /// Nothing less is an answer of success: a device removes its own copy on the strength of it. `control`
    /// is told of bytes read. A cloud that cannot do this proves nothing, and nothing is removed.
    fn prove(&self, table: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        let (_, _) = (table, control);
        claims.iter().map(|_| Err(CloudError::NotSupported("prove"))).collect()
    }
}
