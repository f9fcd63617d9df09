//! A caller's files, as what assets are read from and written to.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use cloudsync_cloud::{
    AssetDownload, AssetSink, AssetSource, AssetUpload, CloudAsset, CloudError, Flow, Result as CloudResult,
    TransferControl,
};

/// Nobody stops a caller's transfer.
pub(super) struct Unstopped;

impl TransferControl for Unstopped {
    fn advanced(&self, _: usize, _: u64) -> Flow {
        Flow::Continue
    }
}

struct Source {
    file: File,
    size: u64,
    path: PathBuf,
}

impl AssetSource for Source {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn file(&mut self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_fd())
    }
}

struct Sink(File);

impl AssetSink for Sink {
    fn offset(&self) -> u64 {
        0
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

/// The upload of the file that an asset's path names.
pub(super) fn upload(gid: &str, asset: CloudAsset) -> CloudResult<AssetUpload<'static>> {
    let path = PathBuf::from(&asset.path);
    let open = || File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = open().map_err(|error| CloudError::local(&error))?;
    let (size, changed, changed_ns) = (metadata.len(), metadata.ctime(), metadata.ctime_nsec());
    Ok(AssetUpload {
        gid: gid.to_owned(),
        asset: CloudAsset { size, ..asset },
        // The record's id is what no other device's file has.
        transfer_id: format!("{gid}-{:x}-{size:x}-{changed:x}-{changed_ns:x}", metadata.ino()),
        digest: None,
        source: Box::new(Source { file, size, path }),
    })
}

/// A file that is being downloaded: it gets its name when it is whole.
pub(super) struct Incoming {
    part: PathBuf,
    path: PathBuf,
}

impl Incoming {
    /// The download of an asset into the file that its path names below `prefix`.
    pub(super) fn new(
        gid: &str,
        prefix: &str,
        asset: CloudAsset,
    ) -> CloudResult<(Self, AssetDownload<'static>)> {
        let path = Path::new(prefix).join(&asset.path);
        let mut part = path.clone().into_os_string();
        part.push(".cloudsync-part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|error| CloudError::local(&error))?;
        let download = AssetDownload { gid: gid.to_owned(), asset, sink: Box::new(Sink(file)) };
        Ok((Incoming { part, path }, download))
    }

    /// Gives the file its name, or takes it away.
    pub(super) fn settle(self, answer: CloudResult<CloudAsset>) -> CloudResult<CloudAsset> {
        let asset = answer.inspect_err(|_| {
            // It may not be there.
            let _ = fs::remove_file(&self.part);
        })?;
        fs::rename(&self.part, &self.path).map_err(|error| CloudError::local(&error))?;
        Ok(asset)
    }
}
