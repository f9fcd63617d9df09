//! What the tests of the embedded cloud share: a clock, contents, and ways to send them.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part")]

pub mod faults;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use cloudsync_cloud::*;

pub const DAY: i64 = 24 * 60 * 60 * 1000;

#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Begins at the system's time, since files are stamped by that.
    pub fn new() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        TestClock(Arc::new(AtomicI64::new(since.as_millis() as i64)))
    }

    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn options(&self) -> EmbeddedOptions {
        let clock = self.0.clone();
        EmbeddedOptions {
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            ..EmbeddedOptions::new("a person")
        }
    }
}

pub fn database() -> Database {
    Database { name: "photos".to_owned(), alias: "photos".to_owned(), tables: vec![] }
}

pub fn db(cloud: &EmbeddedCloud) -> Arc<dyn CloudDb> {
    cloud.connect_db("com.example.gallery", &database()).unwrap()
}

pub fn loader(cloud: &EmbeddedCloud) -> Arc<dyn AssetLoader> {
    cloud.connect_asset_loader("com.example.gallery", &database()).unwrap()
}

pub fn values(number: i64) -> Row {
    Row::from([("number".into(), CloudType::Int64(number))])
}

pub fn naming(asset: &CloudAsset) -> Row {
    Row::from([("file".into(), CloudType::Asset(Box::new(asset.clone())))])
}

pub fn row(id: &str, base_version: Option<u64>, values: Row) -> RowWrite {
    RowWrite { id: id.to_owned(), base_version, lock_id: None, values }
}

pub fn insert(db: &Arc<dyn CloudDb>, id: &str, base: Option<u64>, values: Row) -> Result<WriteReceipt> {
    db.insert("t", vec![row(id, base, values)]).unwrap().remove(0)
}

pub fn update(db: &Arc<dyn CloudDb>, id: &str, base: Option<u64>, values: Row) -> Result<WriteReceipt> {
    db.update("t", vec![row(id, base, values)]).unwrap().remove(0)
}

pub fn delete(db: &Arc<dyn CloudDb>, id: &str, base: Option<u64>) -> Result<WriteReceipt> {
    db.delete("t", vec![row(id, base, Row::new())]).unwrap().remove(0)
}

/// Bytes that look random and depend on seed and length.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .update(&length.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

/// A source in memory that counts the bytes read of it.
pub struct Source {
    pub bytes: Arc<Vec<u8>>,
    pub size: u64,
    pub read: Arc<AtomicU64>,
}

impl Source {
    pub fn new(bytes: &[u8]) -> Self {
        Source { bytes: Arc::new(bytes.to_vec()), size: bytes.len() as u64, read: Arc::default() }
    }
}

impl AssetSource for Source {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.read.fetch_add(read as u64, Ordering::SeqCst);
        Ok(read)
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

#[derive(Clone, Default)]
pub struct Sink(pub Arc<Mutex<Vec<u8>>>);

impl AssetSink for Sink {
    fn offset(&self) -> u64 {
        self.0.lock().unwrap().len() as u64
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut held = self.0.lock().unwrap();
        assert!(offset as usize <= held.len(), "a gap");
        held.truncate(offset as usize);
        held.extend_from_slice(bytes);
        Ok(())
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

/// Lets everything go on.
pub struct Go;

impl TransferControl for Go {
    fn advanced(&self, _: usize, _: u64) -> Flow {
        Flow::Continue
    }
}

/// Stops once so many bytes have moved.
pub struct StopAfter(AtomicI64);

impl StopAfter {
    pub fn bytes(bytes: u64) -> Self {
        StopAfter(AtomicI64::new(bytes as i64))
    }
}

impl TransferControl for StopAfter {
    fn advanced(&self, _: usize, bytes: u64) -> Flow {
        match self.0.fetch_sub(bytes as i64, Ordering::SeqCst) - bytes as i64 {
            left if left <= 0 => Flow::Stop,
            _ => Flow::Continue,
        }
    }
}

pub fn item<'a>(transfer: &str, source: Source, digest: Option<[u8; 32]>) -> AssetUpload<'a> {
    AssetUpload {
        gid: "gid".to_owned(),
        asset: CloudAsset { name: "a.jpg".to_owned(), ..CloudAsset::default() },
        transfer_id: transfer.to_owned(),
        digest,
        source: Box::new(source),
    }
}

pub fn upload(cloud: &EmbeddedCloud, bytes: &[u8]) -> Result<CloudAsset> {
    loader(cloud).upload("t", vec![item("transfer", Source::new(bytes), None)], &Go).remove(0)
}

pub fn download(cloud: &EmbeddedCloud, asset: &CloudAsset) -> Result<Vec<u8>> {
    let sink = Sink::default();
    let item = AssetDownload { gid: "gid".to_owned(), asset: asset.clone(), sink: Box::new(sink.clone()) };
    loader(cloud).download("t", "", vec![item], &Go).remove(0)?;
    Ok(sink.0.lock().unwrap().clone())
}

/// Every content file below a cloud's directory.
pub fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for account in std::fs::read_dir(dir).unwrap() {
        for shard in std::fs::read_dir(account.unwrap().path().join("content")).unwrap() {
            files.extend(std::fs::read_dir(shard.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
        }
    }
    files
}
