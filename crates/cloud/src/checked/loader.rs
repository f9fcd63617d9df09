//! A checked [`AssetLoader`].

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{ended, lie};
use crate::{
    AssetDownload, AssetLoader, AssetSource, AssetUpload, Claim, CloudAsset, Flow, Result, TransferControl,
};

/// An [`AssetLoader`] whose answers are checked.
pub struct CheckedLoader(Arc<dyn AssetLoader>);

impl CheckedLoader {
    /// Checks a loader's answers from now on.
    pub fn new(loader: Arc<dyn AssetLoader>) -> Self {
        CheckedLoader(loader)
    }
}

/// A source that remembers how far it was read.
struct Watched<'a> {
    source: Box<dyn AssetSource + 'a>,
    end: &'a AtomicU64,
}

impl AssetSource for Watched<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.source.read_at(buffer, offset)?;
        self.end.fetch_max(offset + read as u64, Ordering::Relaxed);
        Ok(read)
    }

    fn size(&self) -> u64 {
        self.source.size()
    }

    /// A foreign cloud reads the bytes here, where it is seen what it reads, and opens no file by itself.
    fn path(&self) -> Option<&Path> {
        None
    }

    fn file(&mut self) -> Option<BorrowedFd<'_>> {
        self.source.file()
    }

    fn took(&mut self, end: u64) {
        self.end.fetch_max(end, Ordering::Relaxed);
        self.source.took(end);
    }
}

/// Whoever asked for a transfer, and whether they had it stopped.
struct Stoppable<'a> {
    control: &'a dyn TransferControl,
    stopped: AtomicBool,
}

impl<'a> Stoppable<'a> {
    fn new(control: &'a dyn TransferControl) -> Self {
        Stoppable { control, stopped: AtomicBool::new(false) }
    }

    /// One answer per item, or for each the same error; none was stopped unless that was asked for.
    fn check<T>(&self, answers: Vec<Result<T>>, items: usize) -> Vec<Result<T>> {
        if answers.len() != items {
            let text = format!("it gave {} answers for {items} assets", answers.len());
            return (0..items).map(|_| Err(lie(text.clone()))).collect();
        }
        if self.stopped.load(Ordering::Relaxed) {
            return answers;
        }
        answers.into_iter().map(ended).collect()
    }
}

impl TransferControl for Stoppable<'_> {
    fn advanced(&self, item: usize, bytes: u64) -> Flow {
        let flow = self.control.advanced(item, bytes);
        if flow == Flow::Stop {
            self.stopped.store(true, Ordering::Relaxed);
        }
        flow
    }
}

/// What an upload asks for, as far as its answer must fit it.
struct Asked {
    size: u64,
    /// Whether the cloud may hold these bytes already and can know it.
    named: bool,
    end: AtomicU64,
}

impl Asked {
    fn check(&self, asset: CloudAsset) -> Result<CloudAsset> {
        let end = self.end.load(Ordering::Relaxed);
        if asset.asset_id.is_empty() {
            return Err(lie("it took an asset and gave it no id"));
        }
        if asset.size != self.size {
            return Err(lie(format!("it took {} bytes where there are {}", asset.size, self.size)));
        }
        if end < self.size && !self.named {
            return Err(lie(format!("it says that it took {} bytes, and read {end}", self.size)));
        }
        Ok(asset)
    }
}

impl AssetLoader for CheckedLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let asked = |item: &AssetUpload<'_>| Asked {
            size: item.source.size(),
            named: item.digest.is_some(),
            end: AtomicU64::new(0),
        };
        let asked: Vec<Asked> = items.iter().map(asked).collect();
        let watched = items.into_iter().zip(&asked).map(|(item, asked)| watch(item, &asked.end)).collect();
        let control = Stoppable::new(control);
        let answers = control.check(self.0.upload(table, watched, &control), asked.len());
        answers.into_iter().zip(&asked).map(|(answer, asked)| asked.check(answer?)).collect()
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let asked: Vec<String> = items.iter().map(|item| item.asset.asset_id.clone()).collect();
        let control = Stoppable::new(control);
        let answers = control.check(self.0.download(table, prefix, items, &control), asked.len());
        let check = |(answer, asked): (Result<CloudAsset>, String)| {
            let asset = answer?;
            if asset.asset_id == asked {
                return Ok(asset);
            }
            Err(lie(format!("it gave the asset {} for {asked}", asset.asset_id)))
        };
        answers.into_iter().zip(asked).map(check).collect()
    }

    fn prove(&self, table: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        let control = Stoppable::new(control);
        control.check(self.0.prove(table, claims, &control), claims.len())
    }
}

fn watch<'a>(item: AssetUpload<'a>, end: &'a AtomicU64) -> AssetUpload<'a> {
    AssetUpload { source: Box::new(Watched { source: item.source, end }), ..item }
}
