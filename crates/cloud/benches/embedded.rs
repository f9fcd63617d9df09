//! How fast the embedded cloud takes contents and records, beside the least that storing them costs.
//!
//! ```text
//! cargo bench -p cloudsync-cloud --bench embedded -- [FILES [BYTES [THREADS [ROUNDS [DIRECTORY]]]]]
//! ```
//!
//! The floor creates and writes the same files, one thread, with one `syncfs` per batch: no digests,
//! no records. Rounds are interleaved and the medians of their ratios count: wall times alone say
//! little on a machine that others use too. CPU is that of the process, without the kernel's
//! writeback. Every round ends with a listing and a download of everything, compared byte for byte, and
//! with a proof of all of it, as the engine asks for one before it frees a file's space.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::ops::{AddAssign, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cloudsync_cloud::{
    AssetDownload, AssetLoader, AssetSink, AssetSource, AssetUpload, Claim, CloudAsset, CloudDb,
    CloudService, CloudType, Database, EmbeddedCloud, EmbeddedOptions, Flow, Record, Row, RowWrite,
    TransferControl,
};
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// As many files, and bytes, as the engine sends in one call.
const BATCH_FILES: usize = 1024;
const BATCH_BYTES: usize = 64 << 20;
/// The same for the floor, which nobody waits for.
const FLOOR_FILES: usize = 4096;
const FLOOR_BYTES: usize = 1 << 30;
const PAGE: usize = 1000;
/// As many files as the engine has proved in one call.
const PROOF_FILES: usize = 128;
const TABLE: &str = "file";
const DIRECTORIES: usize = 256;

struct Plan {
    files: usize,
    bytes: usize,
    threads: usize,
    rounds: usize,
    directory: PathBuf,
}

impl Plan {
    fn from_arguments() -> Outcome<Plan> {
        // Cargo adds a flag of its own.
        let given: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
        let number = |index: usize, default: usize| match given.get(index) {
            Some(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
            None => Ok(default),
        };
        let plan = Plan {
            files: number(0, 20_000)?,
            bytes: number(1, 4096)?,
            threads: number(2, 2)?.max(1),
            rounds: number(3, 3)?.max(1),
            directory: given.get(4).map_or_else(std::env::temp_dir, PathBuf::from),
        };
        // The first eight bytes tell one content from another.
        if plan.bytes < 8 { Err("a file has 8 bytes at least".into()) } else { Ok(plan) }
    }

    fn batch(&self, files: usize, bytes: usize) -> usize {
        files.min(bytes / self.bytes).max(1)
    }
}

/// What every file contains: bytes that do not repeat within the processor's cache.
struct Contents {
    pool: Vec<u8>,
    bytes: usize,
}

impl Contents {
    const POOL: usize = 4 << 20;

    fn new(bytes: usize) -> Self {
        let mut pool = vec![0; Contents::POOL];
        blake3::Hasher::new().finalize_xof().fill(&mut pool);
        Contents { pool, bytes }
    }

    /// The bytes of a file from `offset` on.
    fn read(&self, file: usize, offset: usize, buffer: &mut [u8]) -> usize {
        let end = self.bytes.min(offset + buffer.len());
        let mut at = offset;
        while at < end {
            let from = (file * 4099 + at) % Contents::POOL;
            let count = (end - at).min(Contents::POOL - from);
            buffer[at - offset..at - offset + count].copy_from_slice(&self.pool[from..from + count]);
            at += count;
        }
        for (at, byte) in (file as u64).to_le_bytes().into_iter().enumerate().skip(offset) {
            buffer.get_mut(at - offset).into_iter().for_each(|place| *place = byte);
        }
        end.saturating_sub(offset)
    }
}

struct Source<'a>(&'a Contents, usize);

impl AssetSource for Source<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(self.0.read(self.1, offset as usize, buffer))
    }

    fn size(&self) -> u64 {
        self.0.bytes as u64
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

/// Compares what arrives with what was sent.
struct Comparison<'a> {
    contents: &'a Contents,
    file: usize,
    wanted: Vec<u8>,
    same: Arc<AtomicUsize>,
}

impl AssetSink for Comparison<'_> {
    fn offset(&self) -> u64 {
        0
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.wanted.resize(bytes.len(), 0);
        let wanted = self.contents.read(self.file, offset as usize, &mut self.wanted);
        if self.wanted[..wanted] != *bytes {
            return Err(io::Error::other(format!("file {} differs after byte {offset}", self.file)));
        }
        self.same.fetch_add(wanted, Ordering::Relaxed);
        Ok(())
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

/// Seconds by the wall's clock and of the processor.
#[derive(Clone, Copy, Default)]
struct Cost {
    wall: f64,
    cpu: f64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        (self.wall, self.cpu) = (self.wall + other.wall, self.cpu + other.cpu);
    }
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn measure<T>(clock: ClockId, work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Cost)> {
    let (start, cpu) = (Instant::now(), seconds(clock));
    let value = work()?;
    Ok((value, Cost { wall: start.elapsed().as_secs_f64(), cpu: seconds(clock) - cpu }))
}

fn floor(plan: &Plan, contents: &Contents, directory: &Path) -> Outcome<()> {
    for shard in 0..DIRECTORIES {
        std::fs::create_dir(directory.join(format!("{shard:02x}")))?;
    }
    let mut buffer = vec![0; plan.bytes.min(1 << 20)];
    let batch = plan.batch(FLOOR_FILES, FLOOR_BYTES);
    for file in 0..plan.files {
        let mut content = File::create_new(directory.join(format!("{:02x}/{file:x}", file % DIRECTORIES)))?;
        for offset in (0..plan.bytes).step_by(buffer.len()) {
            let count = contents.read(file, offset, &mut buffer);
            content.write_all(&buffer[..count])?;
        }
        if (file + 1) % batch == 0 {
            rustix::fs::syncfs(&content)?;
        }
    }
    Ok(rustix::fs::syncfs(File::open(directory)?)?)
}

struct Connection {
    db: Arc<dyn CloudDb>,
    loader: Arc<dyn AssetLoader>,
}

fn connect(cloud: &EmbeddedCloud) -> Outcome<Connection> {
    let database = Database { name: "gallery".into(), alias: "gallery".into(), tables: Vec::new() };
    Ok(Connection {
        db: cloud.connect_db("bench", &database)?,
        loader: cloud.connect_asset_loader("bench", &database)?,
    })
}

/// A record like the engine's.
fn fields(file: usize, asset: CloudAsset) -> Row {
    let digest = blake3::Hash::from_hex(&asset.asset_id).map(|hash| hash.as_bytes().to_vec());
    Row::from([
        ("asset".into(), CloudType::Asset(Box::new(asset))),
        ("digest".into(), CloudType::Bytes(digest.unwrap_or_default())),
        ("kind".into(), CloudType::Int64(0)),
        ("modified_ns".into(), CloudType::Int64(1_700_000_000_000_000_000 + file as i64)),
        ("name".into(), CloudType::String(format!("IMG_{file:08}.jpg"))),
        ("number".into(), CloudType::Int64(file as i64)),
        ("parent".into(), CloudType::String("-0123456789ABCDEFGHIJK".into())),
    ])
}

fn upload_batch(connection: &Connection, contents: &Contents, files: Range<usize>) -> Outcome<Cost> {
    let item = |file: usize| AssetUpload {
        gid: String::new(),
        asset: CloudAsset {
            name: format!("IMG_{file:08}.jpg"),
            modify_time: 1_700_000_000_000 + file as i64,
            ..CloudAsset::default()
        },
        transfer_id: format!("{file:x}"),
        digest: None,
        source: Box::new(Source(contents, file)),
    };
    let answers = connection.loader.upload(TABLE, files.clone().map(item).collect(), &Go);
    let ids = connection.db.generate_id(files.len())?;
    let rows = files.zip(ids).zip(answers).map(|((file, id), answer)| {
        Ok(RowWrite { id, base_version: Some(0), lock_id: None, values: fields(file, answer?) })
    });
    let rows = rows.collect::<Outcome<_>>()?;
    let (receipts, cost) = measure(ClockId::ThreadCPUTime, || Ok(connection.db.insert(TABLE, rows)?))?;
    receipts.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(cost)
}

/// Uploads everything and gives it records; says what the records' part of it was.
fn store(plan: &Plan, contents: &Contents, connection: &Connection) -> Outcome<Cost> {
    let batch = plan.batch(BATCH_FILES, BATCH_BYTES);
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Outcome<Cost> {
        let mut cost = Cost::default();
        loop {
            let from = next.fetch_add(batch, Ordering::Relaxed);
            if from >= plan.files {
                return Ok(cost);
            }
            cost += upload_batch(connection, contents, from..plan.files.min(from + batch))?;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..plan.threads {
            scope.spawn(|| results.lock().push(work()));
        }
    });
    let mut cost = Cost::default();
    for result in results.into_inner() {
        cost += result?;
    }
    Ok(cost)
}

fn number(values: &Row) -> Outcome<(usize, CloudAsset)> {
    match (values.get("number"), values.get("asset")) {
        (Some(CloudType::Int64(number)), Some(CloudType::Asset(asset))) => {
            Ok((usize::try_from(*number)?, (**asset).clone()))
        }
        _ => Err("a record lost its fields".into()),
    }
}

/// Has the cloud prove that it holds what these records name.
fn prove(plan: &Plan, connection: &Connection, records: &[Record]) -> Outcome<Cost> {
    let mut proved = Cost::default();
    for records in records.chunks(PROOF_FILES) {
        let claims = records.iter().map(|record| {
            let (_, asset) = number(&record.values)?;
            let digest = *blake3::Hash::from_hex(&asset.asset_id)?.as_bytes();
            let gid = record.extension.id.clone();
            let size = plan.bytes as u64;
            Ok(Claim { gid, version: record.version, asset_id: asset.asset_id, size, digest })
        });
        let claims = claims.collect::<Outcome<Vec<_>>>()?;
        let prove = || Ok(connection.loader.prove(TABLE, &claims, &Go));
        let (answers, cost) = measure(ClockId::ProcessCPUTime, prove)?;
        answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        proved += cost;
    }
    Ok(proved)
}

/// Lists all records, then fetches and compares every content, and has it proved: what listing and proving cost.
fn verify(plan: &Plan, contents: &Contents, connection: &Connection) -> Outcome<(Cost, Cost)> {
    let (mut listed, mut proved) = (Cost::default(), Cost::default());
    let (mut cursor, mut seen) = (String::new(), BTreeSet::new());
    let same = Arc::new(AtomicUsize::new(0));
    loop {
        let (page, cost) =
            measure(ClockId::ProcessCPUTime, || Ok(connection.db.query(TABLE, &[], PAGE, &cursor)?))?;
        listed += cost;
        let mut items = Vec::new();
        for record in &page.values {
            let (file, asset) = number(&record.values)?;
            seen.insert(file);
            let sink = Comparison { contents, file, wanted: Vec::new(), same: same.clone() };
            items.push(AssetDownload { gid: String::new(), asset, sink: Box::new(sink) });
        }
        for answer in connection.loader.download(TABLE, "", items, &Go) {
            answer?;
        }
        proved += prove(plan, connection, &page.values)?;
        if !page.has_more {
            break;
        }
        cursor = page.next_cursor;
    }
    let whole = (seen.len(), same.load(Ordering::Relaxed));
    match whole == (plan.files, plan.files * plan.bytes) {
        true => Ok((listed, proved)),
        false => Err(format!("{} files of {} bytes in all came back", whole.0, whole.1).into()),
    }
}

struct Round {
    floor: Cost,
    stored: Cost,
    /// The calls' time summed over the threads.
    inserted: Cost,
    listed: Cost,
    proved: Cost,
    /// The process's peak memory once everything is stored, in KiB.
    peak: usize,
}

fn round(plan: &Plan, contents: &Contents, scratch: &Path) -> Outcome<Round> {
    let settle = || -> Outcome<()> { Ok(rustix::fs::syncfs(File::open(scratch)?)?) };
    let plain = scratch.join("floor");
    std::fs::create_dir(&plain)?;
    settle()?;
    let ((), floor) = measure(ClockId::ProcessCPUTime, || floor(plan, contents, &plain))?;
    let cloud = EmbeddedCloud::open(&scratch.join("cloud"), EmbeddedOptions::new("bench"))?;
    settle()?;
    let connection = connect(&cloud)?;
    let (inserted, stored) = measure(ClockId::ProcessCPUTime, || store(plan, contents, &connection))?;
    let peak = memory("VmHWM")?;
    let (listed, proved) = verify(plan, contents, &connection)?;
    Ok(Round { floor, stored, inserted, listed, proved, peak })
}

/// A figure of the process's memory, in KiB.
fn memory(name: &str) -> Outcome<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let figure = line.trim_start_matches(':').split_whitespace().next();
    Ok(figure.unwrap_or_default().parse()?)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn report(plan: &Plan, rounds: &[Round]) {
    let files = plan.files as f64;
    let line = |name: &str, cost: &dyn Fn(&Round) -> Cost| {
        let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
        println!(
            "{name:<18} {:>10.1} us/file CPU = {:>5.2} x floor {:>11.1} us/file wall = {:>5.2} x floor",
            of(&|round| cost(round).cpu) * 1e6 / files,
            of(&|round| cost(round).cpu / round.floor.cpu),
            of(&|round| cost(round).wall) * 1e6 / files,
            of(&|round| cost(round).wall / round.floor.wall),
        );
    };
    line("floor", &|round| round.floor);
    line("upload and insert", &|round| round.stored);
    line("  of it inserting", &|round| round.inserted);
    line("list", &|round| round.listed);
    line("prove", &|round| round.proved);
}

fn main() -> Outcome<()> {
    let plan = Plan::from_arguments()?;
    let contents = Contents::new(plan.bytes);
    let before = memory("VmRSS")?;
    println!(
        "{} files of {} bytes, {} threads, {} rounds",
        plan.files, plan.bytes, plan.threads, plan.rounds
    );
    // Nothing is removed before the end: ext4 is slow to make files for a minute after many were removed.
    let scratch = (0..plan.rounds).map(|_| tempfile::tempdir_in(&plan.directory));
    let scratch = scratch.collect::<io::Result<Vec<_>>>()?;
    let rounds = scratch.iter().map(|scratch| round(&plan, &contents, scratch.path()));
    let rounds = rounds.collect::<Outcome<Vec<_>>>()?;
    report(&plan, &rounds);
    if let Some(first) = rounds.first() {
        println!("peak memory while storing {} KiB, of it before {before} KiB", first.peak);
    }
    Ok(())
}
