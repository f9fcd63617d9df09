//! The simulated parts, each by itself.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

use cloudsync_cloud::{
    Capabilities, CloudDb, CloudError, CloudService, CloudType, Database, Row, RowWrite,
    conformance::{self, Outcome},
};
use cloudsync_engine::ports::{FileSystem, IndexBatch, IndexStore, Watcher};
use cloudsync_sim::{
    CloudState, Device, DiskKind, Doom, Rng, Shared, SimCloud, SimDisk, SimIndex, SimWatcher, Weather, Wire,
};
use parking_lot::Mutex;

fn world() -> Arc<Mutex<Shared>> {
    let capabilities = Capabilities { compare_and_set: true, fencing: true, ranges: true, digests: true };
    let mut shared = Shared::new(Rng::new(1), CloudState::new(capabilities, 2, 10));
    let kind = DiskKind { grain_ns: 1, reuses_inodes: true, ordered_journal: true };
    shared.devices.push(Device::new(kind, 0));
    Arc::new(Mutex::new(shared))
}

fn disk(world: &Arc<Mutex<Shared>>) -> SimDisk {
    let disk = SimDisk::new(Wire::connect(world, 0));
    disk.attach("").unwrap();
    disk
}

fn put(disk: &SimDisk, path: &str, bytes: &[u8]) {
    disk.open_temp("new").unwrap().write_at(bytes, 0).unwrap();
    disk.rename(".cloudsync/tmp/new", path).unwrap();
}

fn read(disk: &SimDisk, path: &str) -> Vec<u8> {
    let mut buffer = [0; 100];
    let count = disk.open(path).unwrap().read_at(&mut buffer, 0).unwrap();
    buffer[..count].to_vec()
}

fn names(disk: &SimDisk, folder: &str) -> Vec<String> {
    let mut names: Vec<String> =
        disk.list(folder).unwrap().entries.iter().map(|entry| entry.name.to_string()).collect();
    names.sort();
    names
}

#[test]
fn a_disk_does_as_it_is_told() {
    let world = world();
    let disk = disk(&world);
    put(&disk, "a", b"one");
    put(&disk, "b", b"two");
    disk.make_dir("F").unwrap();
    assert_eq!(disk.rename("a", "b").unwrap_err().kind(), ErrorKind::AlreadyExists);
    disk.exchange("a", "b").unwrap();
    assert_eq!(read(&disk, "a"), b"two");
    disk.rename("a", "F/a").unwrap();
    disk.rename("F", "G").unwrap();
    assert_eq!(disk.rename("G", "G/inside").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(disk.remove_dir("G").unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
    assert_eq!(names(&disk, ""), ["G", "b"]);
    assert_eq!(names(&disk, "G"), ["a"]);
    disk.remove_file("G/a").unwrap();
    disk.remove_dir("G").unwrap();
    assert_eq!(disk.stat("G").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn what_was_synced_survives_a_power_cut_and_the_rest_may_not() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..60 {
        let world = world();
        let disk = disk(&world);
        put(&disk, "old", b"old");
        disk.sync().unwrap();
        put(&disk, "new", b"new");
        disk.remove_file("old").unwrap();
        put(&disk, "old", b"newer");
        world.lock().rng = Rng::new(seed);
        world.lock().cut_power(0);
        assert!(disk.stat("old").is_err(), "the process is dead");
        let disk = SimDisk::new(Wire::connect(&world, 0));
        match disk.stat("new") {
            Ok(_) => kept += 1,
            Err(_) => lost += 1,
        }
    }
    assert!(lost > 5 && kept > 5, "{lost} lost, {kept} kept");
}

#[test]
fn a_synced_disk_loses_nothing() {
    for seed in 0..20 {
        let world = world();
        let disk = disk(&world);
        put(&disk, "a", b"one");
        disk.make_dir("F").unwrap();
        disk.rename("a", "F/a").unwrap();
        disk.sync().unwrap();
        world.lock().rng = Rng::new(seed);
        world.lock().cut_power(0);
        let disk = SimDisk::new(Wire::connect(&world, 0));
        assert_eq!(read(&disk, "F/a"), b"one");
    }
}

#[test]
fn a_doomed_process_reaches_nothing_any_more() {
    let world = world();
    let disk = disk(&world);
    world.lock().devices[0].doom = Some(Doom { calls: 1, power_cut: false });
    disk.make_dir("F").unwrap();
    assert!(disk.make_dir("G").is_err());
    assert!(disk.make_dir("H").is_err());
    let disk = SimDisk::new(Wire::connect(&world, 0));
    assert_eq!(names(&disk, ""), ["F"]);
}

#[test]
fn a_watcher_tells_of_watched_folders_alone() {
    let world = world();
    let wire = Wire::connect(&world, 0);
    let (disk, watcher) = (SimDisk::new(wire.clone()), SimWatcher::new(wire));
    disk.attach("").unwrap();
    disk.make_dir("F").unwrap();
    watcher.watch("F");
    put(&disk, "a", b"one");
    assert!(watcher.take().is_empty());
    disk.rename("a", "F/a").unwrap();
    assert_eq!(watcher.take().folders, ["F"]);
    assert!(watcher.take().is_empty());
    world.lock().devices[0].weather = Weather { watch_overflow: 1000, ..Weather::default() };
    assert!(watcher.take().overflow);
}

#[test]
fn a_power_cut_takes_the_last_commits_in_order() {
    let mut seen = BTreeSet::new();
    for seed in 0..40 {
        let world = world();
        let wire = Wire::connect(&world, 0);
        let mut index = SimIndex::new(wire.clone());
        let commit = |index: &mut SimIndex, value: &str| {
            let meta = vec![("cursor", value.to_owned())];
            index.commit(&IndexBatch { meta, ..IndexBatch::default() }).unwrap();
        };
        commit(&mut index, "durable");
        SimDisk::new(wire).sync().unwrap();
        commit(&mut index, "first");
        commit(&mut index, "second");
        world.lock().rng = Rng::new(seed);
        world.lock().cut_power(0);
        let loaded = SimIndex::new(Wire::connect(&world, 0)).load().unwrap();
        seen.insert(loaded.meta["cursor"].clone());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["durable", "first", "second"]);
}

#[test]
fn a_lost_index_is_empty_and_may_say_so() {
    let world = world();
    world.lock().devices[0].index.lose(true);
    let mut index = SimIndex::new(Wire::connect(&world, 0));
    assert!(index.load().unwrap().set_aside.is_some());
    assert!(index.load().unwrap().set_aside.is_none());
}

fn db(world: &Arc<Mutex<Shared>>) -> Arc<dyn CloudDb> {
    let database = Database { name: "d".into(), alias: "d".into(), tables: Vec::new() };
    SimCloud::new(Wire::connect(world, 0)).connect_db("bundle", &database).unwrap()
}

fn row(id: &str, base: u64, name: &str) -> RowWrite {
    let values = Row::from([("name".into(), CloudType::String(name.to_owned()))]);
    RowWrite { id: id.into(), base_version: Some(base), lock_id: None, values }
}

fn version(
    answers: cloudsync_cloud::Result<Vec<cloudsync_cloud::Result<cloudsync_cloud::WriteReceipt>>>,
) -> u64 {
    answers.unwrap().remove(0).unwrap().version
}

#[test]
fn a_cloud_refuses_what_is_stale() {
    let world = world();
    let db = db(&world);
    let first = version(db.insert("t", vec![row("r", 0, "a")]));
    assert_eq!(version(db.insert("t", vec![row("r", 0, "a")])), first, "the same row again");
    let second = version(db.update("t", vec![row("r", first, "b")]));
    let stale = db.update("t", vec![row("r", first, "c")]).unwrap().remove(0);
    assert_eq!(stale, Err(CloudError::VersionConflict { current: second }));
    let gone = version(db.delete("t", vec![row("r", second, "")]));
    assert!(matches!(db.update("t", vec![row("r", gone, "c")]).unwrap()[0], Err(CloudError::NotFound(_))));
    let back = version(db.insert("t", vec![row("r", gone, "c")]));
    assert!(back > gone);
}

#[test]
fn a_cloud_pages_by_its_own_sequence() {
    let world = world();
    let db = db(&world);
    let rows = ["a", "b", "c"].map(|id| row(id, 0, id));
    assert_eq!(db.insert("t", rows.to_vec()).unwrap().len(), 3);
    let first = db.query("t", &[], 10, "").unwrap();
    assert!(first.has_more && first.values.len() == 2);
    version(db.update("t", vec![row("a", first.values[0].version, "a2")]));
    let second = db.query("t", &[], 10, &first.next_cursor).unwrap();
    let ids: Vec<&str> = second.values.iter().map(|record| record.extension.id.as_str()).collect();
    assert_eq!(ids, ["c", "a"]);
    world.lock().devices[0].weather = Weather { cursor_expires: 1000, ..Weather::default() };
    assert_eq!(db.query("t", &[], 10, &second.next_cursor), Err(CloudError::CursorExpired));
}

#[test]
fn a_cloud_fences_a_lock_that_was_lost() {
    let world = world();
    let db = db(&world);
    let lock = db.lock().unwrap().lock_id;
    assert_eq!(db.lock(), Err(CloudError::LockedByOthers));
    world.lock().pass(11_000_000_000);
    assert_eq!(db.heartbeat(lock), Err(CloudError::StaleLock));
    let stale = RowWrite { lock_id: Some(lock), ..row("r", 0, "a") };
    assert_eq!(db.insert("t", vec![stale]).unwrap()[0], Err(CloudError::StaleLock));
    assert!(db.lock().unwrap().lock_id > lock);
}

#[test]
fn a_lost_reply_is_a_write_that_may_have_happened() {
    let world = world();
    let db = db(&world);
    world.lock().devices[0].weather = Weather { lost_reply: 1000, ..Weather::default() };
    assert!(matches!(db.insert("t", vec![row("r", 0, "a")]), Err(CloudError::Network(_))));
    assert_eq!(world.lock().cloud.records.len(), 1);
}

#[test]
fn a_cloud_holds_rows_to_what_was_described() {
    let cloud = SimCloud::new(Wire::connect(&world(), 0));
    let (mut checks, mut failed) = (0, Vec::new());
    conformance::run_some(
        &cloud,
        |name| name.starts_with("schema-"),
        |name, outcome| {
            checks += 1;
            if outcome != Outcome::Passed {
                failed.push(format!("{name}: {outcome:?}"));
            }
        },
    );
    assert!(checks >= 8 && failed.is_empty(), "{checks}: {failed:#?}");
}
