//! What the production ports cost, printed: `cargo test --release -p cloudsync-engine --test os_numbers
//! -- --ignored --nocapture --test-threads 1`.
// Helpers of tests; clippy allows this by itself only inside of the tests.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudsync_engine::os::{Disk, InotifyWatcher, SqliteIndex, SystemConditions};
use cloudsync_engine::ports::{Conditions, FileSystem, Heat, IndexBatch, IndexStore, Stamp, Watcher};
use cloudsync_engine::tree::{
    Content, Kind, Local, LocalContent, Node, NodeId, Place, Previews, Remote, Row, Synced,
};

const FILES: u32 = 100_000;

/// The shortest of several runs: what it costs, not what else the machine did.
fn best(runs: u32, mut run: impl FnMut()) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.min().unwrap()
}

/// What this thread has worked so far: unlike the time that passed, it is not longer on a busy machine.
fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn per(time: Duration, count: u32) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(count)
}

fn in_step(n: u32) -> Node {
    let mut digest = [0; 32];
    for (at, byte) in (0..).zip(&mut digest) {
        *byte = (n.wrapping_mul(0x9e37_79b9).rotate_left(at) >> 7) as u8;
    }
    let content = Content { digest, size: 3_000_000, mtime_ns: 1_700_000_000_000_000_000, identifier: None };
    let place = Place { parent: NodeId(n % 100), name: format!("IMG_{n:08}.jpg").into() };
    let (size, mtime_ns) = (content.size, content.mtime_ns);
    let stamp = Stamp { ino: u64::from(n), size, mtime_ns, ctime_ns: mtime_ns + 1 };
    let here = LocalContent::Here(content, stamp);
    Node {
        record: Some(format!("{n:032x}").into()),
        local: Some(Local { place: place.clone(), content: here }),
        synced: Some(Synced { place: place.clone(), content: Some(content) }),
        remote: Some(Remote {
            place,
            content: Some(content),
            asset: None,
            previews: Previews::NONE,
            version: 3,
            deleted: false,
        }),
        ..Node::new(Kind::File)
    }
}

#[test]
#[ignore = "measures; run it in release"]
fn disk() {
    let scratch = tempfile::tempdir().unwrap();
    let folders: Vec<String> = (0..100).map(|n| format!("2024/album-{n:03}")).collect();
    for folder in &folders {
        fs::create_dir_all(scratch.path().join(folder)).unwrap();
        for n in 0..FILES / 100 {
            fs::write(scratch.path().join(folder).join(format!("IMG_{n:08}.jpg")), "").unwrap();
        }
    }
    let disk = Arc::new(Disk::open(scratch.path()).unwrap());
    let list = best(5, || {
        let count: usize = folders.iter().map(|folder| disk.list(folder).unwrap().entries.len()).sum();
        assert_eq!(count, FILES as usize);
    });
    println!("list: {:.0} entries/s", f64::from(FILES) / list.as_secs_f64());
    let paths: Vec<String> =
        folders.iter().flat_map(|f| (0..FILES / 100).map(move |n| format!("{f}/IMG_{n:08}.jpg"))).collect();
    let open = best(5, || paths.iter().for_each(|path| drop(disk.open(path).unwrap())));
    println!("open, check, close (3 names): {:.0} ns", per(open, FILES));
    let stat = best(5, || paths.iter().for_each(|path| assert!(disk.stat(path).unwrap().stamp.ino > 0)));
    println!("stat (3 names): {:.0} ns", per(stat, FILES));
    openat2(&disk, scratch.path(), &paths);
    let watcher = InotifyWatcher::new(disk).unwrap();
    let watch = best(5, || folders.iter().for_each(|folder| watcher.watch(folder)));
    println!("watch: {:.0} ns a folder", per(watch, 100));
    println!("take, nothing: {:.0} ns", per(best(5, || (0..1000).for_each(|_| drop(watcher.take()))), 1000));
}

/// The system call by itself, beside the plain one.
fn openat2(disk: &Disk, dir: &std::path::Path, paths: &[String]) {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
    let root = fs::File::open(dir).unwrap();
    let (flags, mode) = (OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let beneath = best(5, || {
        paths.iter().for_each(|path| drop(openat2(&root, path.as_str(), flags, mode, resolve).unwrap()))
    });
    let plain =
        best(5, || paths.iter().for_each(|path| drop(openat(&root, path.as_str(), flags, mode).unwrap())));
    println!(
        "openat2 + close (3 names): {:.0} ns, openat + close: {:.0} ns",
        per(beneath, FILES),
        per(plain, FILES)
    );
    let sync = best(3, || disk.sync().unwrap());
    println!("sync, nothing to do: {sync:?}");
}

#[test]
#[ignore = "measures; run it in release"]
fn index() {
    let scratch = tempfile::tempdir().unwrap();
    let nodes: Vec<(NodeId, Row)> = (1..=FILES).map(|n| (NodeId(n), Row::of(&in_step(n).as_ref()))).collect();
    let batch = |nodes: &[(NodeId, Row)], index: &mut SqliteIndex| {
        let upserts = nodes.iter().map(|(id, row)| (*id, row)).collect();
        index.commit(&IndexBatch { upserts, ..IndexBatch::default() }).unwrap();
    };
    let mut index = SqliteIndex::open(scratch.path()).unwrap();
    let mut times: Vec<Duration> =
        nodes.chunks(1000).map(|chunk| best(1, || batch(chunk, &mut index))).collect();
    times.sort();
    println!("commit of 1,000 new nodes: median {:?}, slowest {:?}", times[50], times[99]);
    let mut times: Vec<Duration> =
        nodes.chunks(1000).map(|chunk| best(1, || batch(chunk, &mut index))).collect();
    times.sort();
    println!("commit of 1,000 known nodes: median {:?}, slowest {:?}", times[50], times[99]);
    let times = best(20, || batch(&nodes[..1], &mut index));
    println!("commit of 1 node: {times:?}");
    drop(index);
    let size = fs::metadata(scratch.path().join("index.db")).unwrap().len();
    println!("{} bytes a file, its name of 16 included", size / u64::from(FILES));
    let open = best(5, || drop(SqliteIndex::open(scratch.path()).unwrap()));
    let both = best(5, || {
        let mut index = SqliteIndex::open(scratch.path()).unwrap();
        let (start, busy) = (Instant::now(), cpu_time());
        let loaded = index.load().unwrap();
        println!("load: {:?}, {:?} of it at work", start.elapsed(), cpu_time() - busy);
        assert_eq!(loaded.nodes.len(), FILES as usize);
    });
    println!("open: {open:?}; open, load 100,000 and drop them: {both:?}");
}

#[test]
#[ignore = "measures; run it in release"]
fn conditions() {
    let read = best(5, || assert!(SystemConditions::new().read().heat < Heat::Overheated));
    let conditions = SystemConditions::new();
    println!(
        "conditions: {read:?}, again: {:?} — {:?}",
        best(5, || assert!(conditions.read().heat < Heat::Overheated)),
        conditions.read()
    );
}
