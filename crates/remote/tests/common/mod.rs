//! What the tests of remote clouds share: servers in this process and in others, contents, and ways to send them.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part")]

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use cloudsync_cloud::*;
use cloudsync_remote::*;

/// How long something is waited for that must happen.
const LIMIT: Duration = Duration::from_secs(30);

pub struct Place {
    pub dir: tempfile::TempDir,
    pub address: Address,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let address = Address::unix(dir.path().join("cloud.sock")).unwrap();
        Place { dir, address }
    }

    pub fn embedded(&self) -> Arc<EmbeddedCloud> {
        self.account("a person")
    }

    /// One of the accounts of the cloud that lies here.
    pub fn account(&self, name: &str) -> Arc<EmbeddedCloud> {
        let options = EmbeddedOptions::new(name);
        Arc::new(EmbeddedCloud::open(&self.dir.path().join("cloud"), options).unwrap())
    }

    pub fn serve(&self, service: Arc<dyn CloudService>) -> Server {
        Server::start(service, &self.address, Options::default()).unwrap()
    }

    pub fn connect(&self) -> RemoteCloud {
        RemoteCloud::connect(self.address.clone(), Options::default()).unwrap()
    }
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LIMIT, "{what}");
        std::thread::yield_now();
    }
}

pub fn database() -> Database {
    Database { name: "photos".to_owned(), alias: "photos".to_owned(), tables: vec![] }
}

pub const BUNDLE: &str = "com.example.gallery";

pub fn db(cloud: &dyn CloudService) -> Arc<dyn CloudDb> {
    cloud.connect_db(BUNDLE, &database()).unwrap()
}

pub fn loader(cloud: &dyn CloudService) -> Arc<dyn AssetLoader> {
    cloud.connect_asset_loader(BUNDLE, &database()).unwrap()
}

pub fn row(id: &str, number: i64) -> RowWrite {
    let values = Row::from([("number".into(), CloudType::Int64(number))]);
    RowWrite { id: id.to_owned(), base_version: None, lock_id: None, values }
}

/// Bytes that look random and depend on the seed.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// A source in memory that counts the bytes read of it.
#[derive(Clone)]
pub struct Source {
    pub bytes: Arc<Vec<u8>>,
    pub read: Arc<AtomicU64>,
}

impl Source {
    pub fn new(bytes: Vec<u8>) -> Self {
        Source { bytes: Arc::new(bytes), read: Arc::default() }
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
        self.bytes.len() as u64
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
        held.truncate(offset as usize);
        assert_eq!(held.len() as u64, offset, "a gap");
        held.extend_from_slice(bytes);
        Ok(())
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

/// Counts what moves, and stops after so many bytes.
pub struct Control {
    pub moved: AtomicU64,
    pub stop_after: u64,
}

impl Default for Control {
    fn default() -> Self {
        Control { moved: AtomicU64::new(0), stop_after: u64::MAX }
    }
}

impl TransferControl for Control {
    fn advanced(&self, _: usize, bytes: u64) -> Flow {
        let moved = self.moved.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if moved > self.stop_after { Flow::Stop } else { Flow::Continue }
    }
}

pub fn upload_item(transfer: &str, source: impl AssetSource + 'static) -> AssetUpload<'static> {
    AssetUpload {
        gid: "g".to_owned(),
        asset: CloudAsset { name: "a.jpg".to_owned(), ..CloudAsset::default() },
        transfer_id: transfer.to_owned(),
        digest: None,
        source: Box::new(source),
    }
}

pub fn upload(cloud: &dyn CloudService, bytes: Vec<u8>) -> Result<CloudAsset> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let transfer = LAST.fetch_add(1, Ordering::SeqCst).to_string();
    let item = upload_item(&transfer, Source::new(bytes));
    loader(cloud).upload("t", vec![item], &Control::default()).remove(0)
}

pub fn download(cloud: &dyn CloudService, asset: &CloudAsset) -> Result<Vec<u8>> {
    let sink = Sink::default();
    let item = AssetDownload { gid: "g".to_owned(), asset: asset.clone(), sink: Box::new(sink.clone()) };
    loader(cloud).download("t", "", vec![item], &Control::default()).remove(0)?;
    let bytes = sink.0.lock().unwrap().clone();
    Ok(bytes)
}

/// A door that is shut until it is opened.
#[derive(Default)]
pub struct Gate {
    state: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Gate {
    /// Waits in front of it.
    pub fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        self.changed.notify_all();
        let (state, waited) = self.changed.wait_timeout_while(state, LIMIT, |state| !state.1).unwrap();
        assert!(!waited.timed_out(), "nobody opens");
        drop(state);
    }

    /// Waits until so many have come to it.
    pub fn reached(&self, count: usize) {
        let state = self.state.lock().unwrap();
        let (state, waited) = self.changed.wait_timeout_while(state, LIMIT, |state| state.0 < count).unwrap();
        assert!(!waited.timed_out(), "{} came of {count}", state.0);
    }

    pub fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}
