//! What a cloud in another process costs: small calls a second, and assets beside `cp`.
//!
//! `cargo bench -p cloudsync-remote --bench remote [-- DIRECTORY]`. The server is a process of its own: this program once more.
//! Everything is measured in turns, several times in one run, and the medians are shown: what else the machine does then
//! strikes all alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench may panic")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cloudsync_cloud::*;
use cloudsync_remote::*;

const SERVE: &str = "BENCH_SERVE";
const DIR: &str = "BENCH_DIR";
const ROUNDS: usize = 5;
/// How large the asset is.
const BYTES: u64 = 512 << 20;

/// A cloud that does nothing with records, and stores assets as plain files: what is measured is the way there.
struct Plain {
    dir: PathBuf,
    last: AtomicU64,
}

struct PlainDb;

impl CloudService for Plain {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        Ok(ServiceInfo { enable_cloud: true, ..ServiceInfo::default() })
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        Ok(BTreeMap::new())
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        Ok(AppSchema { bundle_name: bundle_name.to_owned(), version: 0, databases: Vec::new() })
    }

    fn connect_db(&self, _: &str, _: &Database) -> Result<Arc<dyn CloudDb>> {
        Ok(Arc::new(PlainDb))
    }

    fn connect_asset_loader(&self, _: &str, _: &Database) -> Result<Arc<dyn AssetLoader>> {
        Ok(Arc::new(Plain { dir: self.dir.clone(), last: AtomicU64::new(0) }))
    }
}

impl CloudDb for PlainDb {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        Ok((0..count).map(|number| number.to_string()).collect())
    }

    fn insert(&self, _: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        Ok(rows.into_iter().map(|row| Ok(WriteReceipt { id: row.id, version: 1, modify_time: 0 })).collect())
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.insert(table, rows)
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.insert(table, rows)
    }

    fn query(&self, _: &str, _: &[&str], _: usize, _: &str) -> Result<CloudData> {
        Ok(CloudData::default())
    }

    fn lock(&self) -> Result<LockInfo> {
        Ok(LockInfo { interval: 1, lock_id: 1 })
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        Ok(LockInfo { interval: 1, lock_id })
    }

    fn unlock(&self, _: i64) -> Result<bool> {
        Ok(true)
    }
}

impl AssetLoader for Plain {
    fn upload(
        &self,
        _: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let one = |(index, mut item): (usize, AssetUpload<'_>)| -> io::Result<CloudAsset> {
            let name = self.last.fetch_add(1, Ordering::Relaxed).to_string();
            let file = File::create(self.dir.join(&name))?;
            let (mut buffer, mut at) = (vec![0; 256 << 10], 0);
            loop {
                let read = item.source.read_at(&mut buffer, at)?;
                if read == 0 {
                    break;
                }
                file.write_all_at(&buffer[..read], at)?;
                at += read as u64;
                control.advanced(index, read as u64);
            }
            Ok(CloudAsset { asset_id: name, size: at, ..item.asset })
        };
        let all = items.into_iter().enumerate();
        all.map(|item| one(item).map_err(|error| CloudError::local(&error))).collect()
    }

    fn download(
        &self,
        _: &str,
        _: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let one = |(index, mut item): (usize, AssetDownload<'_>)| -> io::Result<CloudAsset> {
            let file = File::open(self.dir.join(&item.asset.asset_id))?;
            let (mut buffer, mut at) = (vec![0; 256 << 10], 0);
            loop {
                let read = file.read_at(&mut buffer, at)?;
                if read == 0 {
                    return Ok(item.asset);
                }
                item.sink.write_at(&buffer[..read], at)?;
                at += read as u64;
                control.advanced(index, read as u64);
            }
        };
        let all = items.into_iter().enumerate();
        all.map(|item| one(item).map_err(|error| CloudError::local(&error))).collect()
    }
}

/// A file to upload; passed as a descriptor, or read here.
struct FileSource(File, bool);

impl AssetSource for FileSource {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn size(&self) -> u64 {
        BYTES
    }

    fn path(&self) -> Option<&Path> {
        None
    }

    fn file(&mut self) -> Option<BorrowedFd<'_>> {
        self.1.then(|| self.0.as_fd())
    }
}

struct FileSink(File);

impl AssetSink for FileSink {
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

struct Go;

impl TransferControl for Go {
    fn advanced(&self, _: usize, _: u64) -> Flow {
        Flow::Continue
    }
}

fn database() -> Database {
    Database { name: "bench".to_owned(), alias: "bench".to_owned(), tables: vec![] }
}

fn address(dir: &Path, name: &str) -> Address {
    Address::unix(dir.join(name)).unwrap()
}

fn serve(dir: &Path, kind: &str) {
    let service: Arc<dyn CloudService> = match kind {
        "plain" => Arc::new(Plain { dir: dir.to_owned(), last: AtomicU64::new(0) }),
        _ => Arc::new(EmbeddedCloud::open(&dir.join("cloud"), EmbeddedOptions::new("bench")).unwrap()),
    };
    let _server = Server::start(service, &address(dir, kind), Options::default()).unwrap();
    // Until it is killed.
    loop {
        std::thread::park();
    }
}

struct Served(Child);

impl Served {
    fn start(dir: &Path, kind: &str) -> (Self, RemoteCloud) {
        let program = std::env::current_exe().unwrap();
        let child = Command::new(program).env(SERVE, kind).env(DIR, dir).spawn().unwrap();
        let begun = Instant::now();
        loop {
            match RemoteCloud::connect(address(dir, kind), Options::default()) {
                Ok(cloud) => return (Served(child), cloud),
                Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn seconds(run: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    run();
    begun.elapsed().as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Calls a second that so many threads make on one connection.
fn calls(db: &Arc<dyn CloudDb>, threads: u64, calls: u64) -> f64 {
    let each = calls / threads;
    let took = seconds(|| {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for number in 0..each {
                        db.heartbeat(number as i64).unwrap();
                    }
                });
            }
        });
    });
    (each * threads) as f64 / took
}

fn small_calls(dir: &Path) {
    let (_served, cloud) = Served::start(dir, "plain");
    let db = cloud.connect_db("bench", &database()).unwrap();
    let widths = [1, 4, 16, 64, 128];
    let mut figures: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for threads in widths {
            figures.entry(threads).or_default().push(calls(
                &db,
                threads,
                if threads == 1 { 10_000 } else { 60_000 },
            ));
        }
    }
    for (threads, figures) in figures {
        println!("{threads:>4} calls in flight: {:>8.0} calls/s", median(figures));
    }
    let rows =
        || (0..100).map(|number| RowWrite { id: format!("row-{number}"), ..RowWrite::default() }).collect();
    let took = median(
        (0..ROUNDS)
            .map(|_| {
                seconds(|| {
                    for _ in 0..200 {
                        db.insert("t", rows()).unwrap();
                    }
                })
            })
            .collect(),
    );
    println!("rows, 100 in a call: {:>8.0} rows/s", 20_000.0 / took);
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
}

fn durable(path: &Path) {
    File::open(path).unwrap().sync_all().unwrap();
}

fn put(cloud: &dyn CloudService, from: &Path, passed: bool, transfer: &str) -> CloudAsset {
    let loader = cloud.connect_asset_loader("bench", &database()).unwrap();
    let item = AssetUpload {
        gid: "g".to_owned(),
        asset: CloudAsset { size: BYTES, ..CloudAsset::default() },
        transfer_id: transfer.to_owned(),
        digest: None,
        source: Box::new(FileSource(File::open(from).unwrap(), passed)),
    };
    loader.upload("t", vec![item], &Go).remove(0).unwrap()
}

fn get(cloud: &dyn CloudService, asset: &CloudAsset, to: &Path) {
    let loader = cloud.connect_asset_loader("bench", &database()).unwrap();
    let sink = Box::new(FileSink(File::create(to).unwrap()));
    let item = AssetDownload { gid: "g".to_owned(), asset: asset.clone(), sink };
    loader.download("t", "", vec![item], &Go).remove(0).unwrap();
}

/// Lets the system have twice the memory at hand that an asset takes. Some virtual machines get memory from their host only when
/// it is touched, which would be paid for by those who keep what they write, and not by those who write over it.
fn warm(dir: &Path) {
    let path = dir.join("warm");
    let file = File::create(&path).unwrap();
    let block = vec![1; 1 << 20];
    for at in 0..BYTES >> 19 {
        file.write_all_at(&block, at << 20).unwrap();
    }
    std::fs::remove_file(&path).unwrap();
}

/// Fills a file with bytes that no other one has.
fn fill(path: &Path, seed: usize) {
    let file = File::create(path).unwrap();
    let mut block = vec![0; 1 << 20];
    for at in 0..BYTES >> 20 {
        blake3::Hasher::new().update(&[seed as u8]).update(&at.to_le_bytes()).finalize_xof().fill(&mut block);
        file.write_all_at(&block, at << 20).unwrap();
    }
    file.sync_all().unwrap();
}

fn assets(dir: &Path) {
    let (_plain, plain) = Served::start(dir, "plain");
    let (_embedded, embedded) = Served::start(dir, "embedded");
    let local = EmbeddedCloud::open(&dir.join("local"), EmbeddedOptions::new("bench")).unwrap();
    let (from, to) = (dir.join("from"), dir.join("to"));
    let mut figures: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..ROUNDS {
        fill(&from, round);
        let transfer = round.to_string();
        let mut note = |what: &'static str, run: &mut dyn FnMut()| {
            warm(dir);
            let took = seconds(&mut *run);
            figures.entry(what).or_default().push(took);
            // What one of them left to be written is not to be paid for by the next.
            rustix::fs::syncfs(File::open(dir).unwrap()).unwrap();
        };
        note("1 cp", &mut || copy(&from, &to));
        let mut asset = None;
        note("2 upload, streamed, to plain files", &mut || {
            asset = Some(put(&plain, &from, false, &transfer))
        });
        note("3 upload, descriptor, to plain files", &mut || drop(put(&plain, &from, true, &transfer)));
        let asset = asset.unwrap();
        note("4 download from plain files", &mut || get(&plain, &asset, &to));
        note("5 cp, durable", &mut || {
            copy(&from, &to);
            durable(&to);
        });
        let mut asset = None;
        note("6 upload, embedded at hand", &mut || asset = Some(put(&local, &from, false, &transfer)));
        let at_hand = asset.take().unwrap();
        note("7 upload, embedded, streamed", &mut || asset = Some(put(&embedded, &from, false, &transfer)));
        let asset = asset.unwrap();
        note("8 download, embedded at hand", &mut || get(&local, &at_hand, &to));
        note("9 download, embedded", &mut || get(&embedded, &asset, &to));
        for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            let number = entry
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.parse::<u64>().is_ok());
            if number {
                std::fs::remove_file(entry).unwrap();
            }
        }
    }
    let base = |what: &str| median(figures[if what < "5" { "1 cp" } else { "5 cp, durable" }].clone());
    for (what, took) in &figures {
        let (took, base) = (median(took.clone()), base(what));
        let speed = BYTES as f64 / took / 1e6;
        println!("{what:<40} {speed:>7.0} MB/s = {:.2} x the cp above", base / took);
    }
}

fn main() {
    if let (Ok(kind), Some(dir)) = (std::env::var(SERVE), std::env::var_os(DIR)) {
        return serve(Path::new(&dir), &kind);
    }
    let at = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_else(|| "/tmp".to_owned());
    let dir = tempfile::tempdir_in(at).unwrap();
    small_calls(dir.path());
    assets(dir.path());
}
