//! Several processes at one cloud, and processes that are killed.
//!
//! A child process is this test binary again, running only the ignored test `child` with its task
//! in the environment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cloudsync_cloud::*;
use common::*;

const TASK: &str = "CLOUD_TEST_TASK";
const DIR: &str = "CLOUD_TEST_DIR";
const SEED: &str = "CLOUD_TEST_SEED";
/// Before every line that a child says, since the test harness says things too.
const SAID: &str = "said ";

fn spawn(task: &str, dir: &Path, seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(TASK, task)
        .env(DIR, dir)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Tells the parent process something; the parent itself has nobody to tell.
fn say(line: &str) {
    if std::env::var_os(TASK).is_none() {
        return;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{SAID}{line}").unwrap();
    out.flush().unwrap();
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(std::result::Result::ok).filter_map(|line| line.strip_prefix(SAID).map(str::to_owned))
}

#[test]
#[ignore = "what child processes run"]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let dir = std::env::var(DIR).unwrap();
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    match task.as_str() {
        "write" => write_records(Path::new(&dir), seed),
        "upload" => upload_for_ever(Path::new(&dir), seed),
        "upload-large" => upload_large(Path::new(&dir), seed),
        other => panic!("no task {other}"),
    }
}

fn open(dir: &Path) -> EmbeddedCloud {
    EmbeddedCloud::open(dir, EmbeddedOptions::new("a person")).unwrap()
}

/// Records of its own, contents that the others have too, and one record that all fight for.
fn write_records(dir: &Path, seed: u64) {
    let cloud = open(dir);
    let db = db(&cloud);
    for round in 0..20 {
        let asset = upload(&cloud, &bytes(round, 500)).unwrap();
        let id = db.generate_id(1).unwrap().remove(0);
        let receipt = insert(&db, &id, Some(0), naming(&asset)).unwrap();
        say(&format!("{} {}", receipt.id, receipt.version));
        loop {
            let cursor = "";
            let all = db.query("shared", &[], 10, cursor).unwrap().values;
            let (version, count) = match all.first() {
                Some(record) => (record.version, number(&record.values)),
                None => (0, 0),
            };
            let write = row("shared", Some(version), common::values(count + 1));
            let answers = if version == 0 {
                db.insert("shared", vec![write])
            } else {
                db.update("shared", vec![write])
            };
            match answers.unwrap().remove(0) {
                Ok(_) => break,
                Err(CloudError::VersionConflict { .. }) => {}
                Err(error) => panic!("{seed}: {error}"),
            }
        }
    }
}

fn number(values: &Row) -> i64 {
    match values["number"] {
        CloudType::Int64(number) => number,
        ref other => panic!("{other:?}"),
    }
}

fn upload_for_ever(dir: &Path, seed: u64) {
    let cloud = open(dir);
    say("open");
    for round in 0.. {
        let seed_of = |number: u64| seed << 40 | round << 10 | number;
        let items = (0..50)
            .map(|number| item("t", Source::new(&bytes(seed_of(number), 1 + number as usize * 3000)), None))
            .collect();
        let answers = loader(&cloud).upload("t", items, &Go);
        let ids: Vec<String> = answers.into_iter().map(|answer| answer.unwrap().asset_id).collect();
        say(&ids.join(" "));
    }
}

fn upload_large(dir: &Path, seed: u64) {
    struct Telling(std::sync::atomic::AtomicU64);
    impl TransferControl for Telling {
        fn advanced(&self, _: usize, bytes: u64) -> Flow {
            let before = self.0.fetch_add(bytes, std::sync::atomic::Ordering::SeqCst);
            say(&(before + bytes).to_string());
            Flow::Continue
        }
    }
    let cloud = open(dir);
    let content = item("large", Source::new(&bytes(seed, 100 << 20)), None);
    loader(&cloud).upload("t", vec![content], &Telling(Default::default())).remove(0).unwrap();
}

#[test]
fn several_processes_and_threads_write_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut children: Vec<Child> = (0..2).map(|seed| spawn("write", dir.path(), seed)).collect();
    let outputs: Vec<_> = children.iter_mut().map(lines).collect();
    std::thread::scope(|scope| {
        for seed in 2..4 {
            let path = dir.path();
            scope.spawn(move || write_records(path, seed));
        }
    });
    let said: Vec<String> = outputs.into_iter().flatten().collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let cloud = open(dir.path());
    let db = db(&cloud);
    let shared = db.query("shared", &[], 10, "").unwrap().values;
    assert_eq!(number(&shared[0].values), 80, "no write was lost");
    let records = db.query("t", &[], 1000, "").unwrap().values;
    assert_eq!(records.len(), 80);
    let known: BTreeSet<String> =
        records.iter().map(|record| format!("{} {}", record.extension.id, record.version)).collect();
    assert_eq!(known.len(), 80);
    assert!(said.len() == 40 && said.iter().all(|line| known.contains(line)));
    assert_eq!(files(dir.path()).len(), 20, "contents that all uploaded are stored once");
    for record in records {
        let CloudType::Asset(asset) = &record.values["file"] else { panic!("no asset") };
        assert_eq!(download(&cloud, asset).unwrap().len(), 500);
    }
}

#[test]
fn what_a_killed_upload_acknowledged_is_there_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for seed in 1..=12 {
        let mut child = spawn("upload", dir.path(), seed);
        let mut said = lines(&mut child);
        assert_eq!(said.next().as_deref(), Some("open"));
        // How far the child is after some batches depends on the scheduler: that is the random moment.
        acknowledged.extend(said.by_ref().take(seed as usize % 4));
        for _ in 0..seed * 997 % 5000 {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(said);
    }
    let clock = TestClock::new();
    let cloud = EmbeddedCloud::open(dir.path(), clock.options()).unwrap();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for line in &acknowledged {
        // The last line of a killed process may have been cut.
        ids.extend(line.split(' ').filter(|id| id.len() == 64).map(str::to_owned));
    }
    for id in &ids {
        let asset = CloudAsset { asset_id: id.clone(), ..CloudAsset::default() };
        download(&cloud, &asset).unwrap();
    }
    assert!(ids.len() >= 50);
    let rows = contents(dir.path());
    for digest in &rows {
        let asset = CloudAsset { asset_id: digest.clone(), ..CloudAsset::default() };
        download(&cloud, &asset).unwrap_or_else(|error| panic!("readable, but not whole: {error}"));
    }
    clock.advance(2 * DAY);
    cloud.collect_garbage().unwrap();
    assert_eq!(files(dir.path()).len(), rows.len(), "leftovers are gone, contents are not");
}

/// The digests of all contents that the records' file names.
fn contents(dir: &Path) -> Vec<String> {
    let account = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let records = rusqlite::Connection::open(account.join("records.db")).unwrap();
    let mut statement = records.prepare("SELECT lower(hex(digest)) FROM assets").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(|id| id.unwrap()).collect()
}

#[test]
fn a_killed_large_upload_goes_on_from_its_last_part() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = spawn("upload-large", dir.path(), 5);
    let mut moved = lines(&mut child).filter_map(|line| line.parse::<u64>().ok());
    let wanted = moved.find(|moved| *moved > 70 << 20).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let sent = moved.max().map_or(wanted, |last| last.max(wanted));
    let cloud = open(dir.path());
    let content = bytes(5, 100 << 20);
    let source = Source::new(&content);
    let read = source.read.clone();
    let asset = loader(&cloud).upload("t", vec![item("large", source, None)], &Go).remove(0).unwrap();
    let read = read.load(std::sync::atomic::Ordering::SeqCst);
    let twice = (read + sent).saturating_sub(content.len() as u64);
    // What was written and not yet told is one chunk more.
    assert!(twice <= (32 << 20) + (256 << 10), "{twice} bytes were sent twice, more than a part");
    assert!(download(&cloud, &asset).unwrap() == content);
}
