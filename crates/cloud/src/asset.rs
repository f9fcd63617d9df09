//! `AssetLoader`: the bytes behind the records.

use std::io;
use std::path::Path;

use crate::{CloudAsset, Result};

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
    /// The same across every try to upload these bytes: lets a cloud go on where it was cut.
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
}
