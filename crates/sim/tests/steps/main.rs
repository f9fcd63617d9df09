//! One engine, taken step by step: what happens between two of its jobs is written down, not drawn.
#![allow(clippy::unwrap_used, clippy::panic)] // a test's helpers may stop it

mod accounts;
mod adrift;
mod auto;
mod conditions;
mod downloads;
mod evictions;
mod filters;
mod groups;
mod hand;
mod kills;
mod links;
mod marks;
mod plans;
mod previews;
mod removals;
mod restored;
mod returns;
mod schema;
mod shared;
mod states;
mod times;
mod told;

use std::sync::Arc;

use cloudsync_cloud::{Capabilities, CloudDb, CloudService, CloudType, Database, Row, RowWrite};
use cloudsync_engine::job::{DiskOp, DiskOutcome, Job, JobDone, Outcome, Work};
use cloudsync_engine::plan::Steps;
use cloudsync_engine::ports::{FileSystem, SMUDGED, Stamp};
use cloudsync_engine::tree::{Content, NodeId};
use cloudsync_engine::{Code, DownloadPolicy, ErrorType, SyncState};
use cloudsync_sim::{Device, DiskKind, Rng, SimCloud, Wire};

use hand::{Hand, World, world, world_with};

/// How long after its last change a file is read, at the earliest, for its times to tell the next one.
const TICK_S: f64 = 0.02;
/// When the simulated world began, by its own clock's zero.
const EPOCH_NS: i64 = 1_700_000_000_000_000_000;

/// Found by seed 112426: a file that was written once more, after it had been read and in the same tick
/// of its disk's clock, counted as read, because the rest of the batch had taken so long.
#[test]
fn how_long_the_work_takes_does_not_make_a_stamp_believable() {
    let mut late = 0;
    for seed in 0..400 {
        let world = world(true);
        let hand = Hand::open(&world, DownloadPolicy::Originals);
        hand.put("a", b"bytes");
        let stamp = hand.stamp("a");
        world.lock().rng = Rng::new(seed);
        let noted = if seed % 2 == 0 { hand.hash("a") } else { hand.send("a", stamp, None) };
        let shared = world.lock();
        let opened = shared.trace.lines().iter().rfind(|line| line.ends_with("open a")).unwrap();
        let (opened, now) = (seconds(opened), shared.now_ns as f64 / 1e9);
        let changed = (stamp.ctime_ns - EPOCH_NS) as f64 / 1e9;
        if opened - changed < TICK_S {
            assert_eq!(noted.ctime_ns, SMUDGED, "seed {seed}");
            late += u32::from(now - changed > TICK_S);
        }
    }
    assert!(late > 0, "no reading took long");
}

/// The time of a line of the trace.
fn seconds(line: &str) -> f64 {
    line.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn what_the_cloud_holds_already_is_not_believed_more_than_before() {
    let world = world(true);
    let hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    let smudged = hand.send("a", hand.stamp("a"), None);
    world.lock().pass(1_000_000_000);
    let digest = *blake3::hash(b"bytes").as_bytes();
    assert_eq!(hand.send("a", smudged, Some(digest)), smudged);
}

/// Found by seeds 36445 and 113503: what a person had put in a file's place was moved for it, and counted
/// from then on as the file, or as renamed by the person.
#[test]
fn only_the_file_that_was_meant_is_moved() {
    let world = world(true);
    let hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"meant");
    hand.put("b", b"other");
    let ino = hand.stamp("a").ino;
    let moved = |from: &str, to: &str| {
        let op = DiskOp::Rename { node: NodeId(1), from: from.into(), to: to.into(), ino, ctime_ns: SMUDGED };
        let Outcome::Disk(mut outcomes) = hand.job(Work::Disk(Steps::from_iter([op]))) else { panic!() };
        outcomes.pop()
    };
    hand.disk.exchange("a", "b").unwrap();
    assert!(matches!(moved("a", "c"), Some(DiskOutcome::Changed)));
    assert!(hand.disk.stat("c").is_err());
    assert!(matches!(moved("b", "c"), Some(DiskOutcome::Done(Some(stamp))) if stamp.ino == ino));
}

/// A file whose times do not tell whether it was changed is read before it is moved to the trash for the cloud.
/// Found by seed 1000000441, where the cloud's bytes replaced one.
#[test]
fn what_may_have_changed_unseen_does_not_go() {
    let world = world(true);
    let hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    let seen = hand.stamp("a");
    let unbelieved = Stamp { ctime_ns: SMUDGED, ..seen };
    let gone = |bytes: &[u8], stamp| {
        let digest = *blake3::hash(bytes).as_bytes();
        let content = Content { digest, size: bytes.len() as u64, mtime_ns: seen.mtime_ns, identifier: None };
        let op = DiskOp::Trash { node: NodeId(1), path: "a".into(), content, stamp };
        let Outcome::Disk(mut outcomes) = hand.job(Work::Disk(Steps::from_iter([op]))) else { panic!() };
        outcomes.pop()
    };
    assert!(matches!(gone(b"BYTES", unbelieved), Some(DiskOutcome::Changed)));
    assert!(matches!(gone(b"bytes", unbelieved), Some(DiskOutcome::Done(_))), "it was read");
    hand.put("a", b"bytes");
    let later = Stamp { ctime_ns: seen.ctime_ns + 1, ..hand.stamp("a") };
    assert!(matches!(gone(b"bytes", later), Some(DiskOutcome::Changed)));
    assert!(matches!(gone(b"bytes", hand.stamp("a")), Some(DiskOutcome::Done(_))));
}

/// Found by seed 958: a file was moved into the folder that a person had made in place of the engine's.
#[test]
fn what_waits_for_a_change_that_was_not_done_is_not_done() {
    let world = world(true);
    let hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    hand.disk.make_dir("F").unwrap();
    let node = NodeId(1);
    let (from, to, ino) = ("a".into(), "F/a".into(), hand.stamp("a").ino);
    let mut steps = Steps::default();
    let made = steps.push(DiskOp::MakeDir { node, path: "F".into() }, []);
    steps.push(DiskOp::Rename { node, from, to, ino, ctime_ns: SMUDGED }, [made]);
    let Outcome::Disk(outcomes) = hand.job(Work::Disk(steps)) else { panic!() };
    assert!(matches!(outcomes[..], [DiskOutcome::Changed, DiskOutcome::NotTried]), "{outcomes:?}");
    assert!(hand.disk.stat("a").is_ok());
}

/// What a path leads through is waited for too, although it is there all the time.
#[test]
fn nothing_goes_into_a_folder_that_took_the_name_of_one_that_was_to_have_it() {
    let world = world(true);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.disk.make_dir("F").unwrap();
    hand.put("a", b"bytes");
    hand.sync_well();
    let folder = record_of(&world, "F").0;
    rewrite(&world, "F", &[("name", "G")]);
    rewrite(&world, "a", &[("parent", &folder)]);
    let (mut jobs, mut moved_there) = (0, false);
    let last = hand.sync(|hand, job| {
        moved_there |= jobs == 1 && hand.disk.stat("G/a").is_ok();
        jobs += u32::from(jobs > 0 || matches!(job.work, Work::Disk(_)));
        if jobs == 1 {
            hand.disk.make_dir("G").unwrap();
        }
    });
    assert_eq!((jobs > 1, moved_there, last.state), (true, false, SyncState::Completed));
}

/// A record's id, version and values, by the name that it has.
fn record_of(world: &World, name: &str) -> (String, u64, Row) {
    let records = elsewhere(world).query("file", &[], 100, "").unwrap().values;
    let named = CloudType::String(name.into());
    let record = records.into_iter().find(|record| record.values.get("name") == Some(&named)).unwrap();
    (record.extension.id, record.version, record.values)
}

/// Another device changes a record.
fn rewrite(world: &World, name: &str, changes: &[(&str, &str)]) {
    let (id, version, mut values) = record_of(world, name);
    for (field, text) in changes {
        values.insert((*field).into(), CloudType::String((*text).to_owned()));
    }
    let write = RowWrite { id, base_version: Some(version), lock_id: None, values };
    elsewhere(world).update("file", vec![write]).unwrap();
}

/// Another device's way to the cloud.
fn elsewhere(world: &World) -> Arc<dyn CloudDb> {
    let database = Database { name: "cloudsync".into(), alias: "cloudsync".into(), tables: Vec::new() };
    SimCloud::new(Wire::connect(world, 1)).connect_db("com.ohos.medialibrary", &database).unwrap()
}

fn files_sent(job: &Job) -> usize {
    match &job.work {
        Work::Upload(items) => items.len(),
        _ => 0,
    }
}

/// Found by seed 102289: the bytes of the one were taken for a change of the other, and those of the
/// other were sent once more.
#[test]
fn files_that_swap_their_names_before_they_are_read_stay_who_they_are() {
    let world = world(true);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("old", b"the first");
    hand.sync_well();
    hand.put("new", b"a second!");
    let (mut swapped, mut sent) = (false, 0);
    let last = hand.sync(|hand, job| {
        if matches!(job.work, Work::Hash(_)) && !std::mem::replace(&mut swapped, true) {
            hand.disk.exchange("old", "new").unwrap();
        }
        sent += files_sent(job);
    });
    assert!(swapped, "the first sync left nothing to be read again");
    assert_eq!(last.state, SyncState::Completed);
    assert_eq!(sent, 1, "the new file alone");
}

/// Found by seed 8677619: a file was put into the person's folder before it was known whose that was. It was taken for
/// another one of its name, and sent once more.
#[test]
fn a_folder_that_a_person_makes_before_the_run_does_is_the_same() {
    for asked_for in [false, true] {
        let world = world(true);
        let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
        there.disk.make_dir("F").unwrap();
        there.put("F/a.jpg", b"bytes");
        there.sync_well();
        let mut here =
            Hand::with(&world, 0, |config| config.download_policy = DownloadPolicy::Originals, true);
        let make_dir = here.sync_until(|work| matches!(work, Work::Disk(_)));
        here.disk.make_dir("F").unwrap();
        if asked_for {
            here.core.start_download(7, "file://media/Photo/F/a.jpg").unwrap();
        }
        here.core.tick();
        while let Some(meanwhile) = here.core.next_job() {
            here.step(meanwhile);
        }
        assert_eq!(here.disk.stat("F/a.jpg").is_ok(), asked_for, "the run waits for the folder");
        let (mut sent, mut next) = (0, Some(make_dir));
        while let Some(job) = next {
            sent += files_sent(&job);
            here.step(job);
            next = here.core.next_job();
        }
        while here.sink.next().is_some() {}
        here.sync(|_, job| sent += files_sent(job));
        there.sync_well();
        assert_eq!(sent, 0, "asked for: {asked_for}");
        for hand in [&here, &there] {
            let entries = hand.disk.list("F").unwrap().entries;
            let names: Vec<_> = entries.files().map(|file| file.name.to_owned()).collect();
            assert_eq!(names, ["a.jpg"], "asked for: {asked_for}");
        }
    }
}

/// Found by seed 8828476: the file that had come took the inode number of one that a person had deleted, and was moved to its
/// name. It counted as a change of the other one, and was sent once more.
#[test]
fn a_file_that_comes_and_is_moved_to_where_its_inode_number_was_is_the_same() {
    let world = world(true);
    let kind = DiskKind { reuses_inodes: true, ..hand::DISK };
    world.lock().devices[0] = Device::new(kind, 0);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a.jpg", b"bytes");
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, DownloadPolicy::Originals);
    here.put("b.jpg", b"never sent");
    let number = here.stamp("b.jpg").ino;
    let fetch = here.sync_until(|work| matches!(work, Work::Fetch(_)));
    here.disk.remove_file("b.jpg").unwrap();
    here.step(fetch);
    let place = here.core.next_job().unwrap();
    here.step(place);
    here.disk.rename("a.jpg", "b.jpg").unwrap();
    assert_eq!(here.stamp("b.jpg").ino, number);
    while let Some(job) = here.core.next_job() {
        here.step(job);
    }
    while here.sink.next().is_some() {}
    here.sync_well();
    let shared = world.lock();
    assert_eq!(shared.cloud.records.len(), 1, "{:?}", shared.cloud.records.keys());
}

/// Found by seed 104302.
#[test]
fn what_nobody_wants_any_more_is_not_waited_for() {
    let world = world(true);
    let parent = elsewhere(&world);
    let values =
        Row::from([("name".into(), CloudType::String("F".into())), ("kind".into(), CloudType::Int64(1))]);
    parent
        .insert("file", vec![RowWrite { id: "f".into(), base_version: Some(0), lock_id: None, values }])
        .unwrap();
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    hand.sync_well();
    drop(hand);
    world.lock().devices[0].index.lose(false);
    let mut hand = Hand::open(&world, DownloadPolicy::OnDemand);
    hand.disk.remove_file("a").unwrap();
    hand.sync_well();
    drop(hand);
    world.lock().devices[0].weather.disk_full = true;
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    let last = hand.sync(|_, _| {});
    assert_eq!((last.state, last.error), (SyncState::DownloadFailed, ErrorType::LocalStorageFull));
    assert_eq!(hand.trouble("a").unwrap().0, Code::NoSpace);
    drop(hand);
    let hand = Hand::open(&world, DownloadPolicy::OnDemand);
    assert_eq!(hand.trouble("a"), None);
}

#[test]
fn a_lock_that_others_keep_is_waited_for_and_nothing_is_sent_twice() {
    let world = world(false);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    world.lock().pass(1_000_000_000);
    let db = elsewhere(&world);
    let lock = db.lock().unwrap().lock_id;
    let (begun, mut sent) = (world.lock().now_ns, 0);
    let last = hand.sync(|_, job| {
        if matches!(job.work, Work::Lock) {
            db.heartbeat(lock).unwrap();
        }
        sent += files_sent(job);
    });
    let waited = (world.lock().now_ns - begun) / 1_000_000_000;
    assert!((180..190).contains(&waited), "{waited} s");
    assert_eq!((last.state, last.error, sent), (SyncState::UploadFailed, ErrorType::UnknownError, 1));
    let (code, text) = hand.trouble("a").unwrap();
    assert_eq!(code, Code::Busy);
    assert!(text.contains("another device"), "{text}");

    db.unlock(lock).unwrap();
    let last = hand.sync(|_, job| sent += files_sent(job));
    assert_eq!((last.state, last.files_failed, sent), (SyncState::Completed, 0, 1));
    assert_eq!(hand.trouble("a"), None);
}

#[test]
fn a_lock_whose_holder_died_is_taken_over_in_the_same_run() {
    let world = world(false);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    elsewhere(&world).lock().unwrap();
    hand.sync_well();
}

#[test]
fn a_run_that_cannot_keep_up_says_so() {
    let world = world(true);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    let db = elsewhere(&world);
    let mut others = 0;
    let last = hand.sync(|_, job| {
        // Another device, on a cloud that fences nothing, comes in between every time.
        if matches!(job.work, Work::Write(_)) {
            others += 1;
            let name = CloudType::String(format!("F{others}"));
            let values = Row::from([("name".into(), name), ("kind".into(), CloudType::Int64(1))]);
            let id = format!("f{others}");
            db.insert("file", vec![RowWrite { id, base_version: Some(0), lock_id: None, values }]).unwrap();
            // The other's lease replaces this one's.
            world.lock().pass(11_000_000_000);
        }
    });
    assert!(others >= 60, "{others} rounds");
    assert_eq!((last.state, last.error), (SyncState::UploadFailed, ErrorType::UnknownError), "{last:?}");
    assert!(last.files_failed > 0, "{last:?}");
    assert_eq!(hand.trouble("a").unwrap().0, Code::TryAgain);
    hand.sync_well();
    assert_eq!(hand.trouble("a"), None);
}

/// Another device gives the only record of the cloud another name.
fn rename_elsewhere(world: &World, name: &str) {
    let (id, rec) = {
        let shared = world.lock();
        let ((_, id), rec) = shared.cloud.records.iter().next().unwrap();
        (id.clone(), rec.clone())
    };
    let mut values = rec.values;
    values.insert("name".into(), CloudType::String(name.into()));
    let row = RowWrite { id, base_version: Some(rec.version), lock_id: None, values };
    elsewhere(world).update("file", vec![row]).unwrap().pop().unwrap().unwrap();
}

/// Found by seeds 22900 and 41504: a device that slept between its last look at the cloud and its write
/// took away what another device had changed since.
#[test]
fn nothing_is_written_once_the_lock_has_ended() {
    let world = world_with(Capabilities { digests: true, ..Capabilities::default() });
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    hand.sync_well();
    hand.disk.remove_file("a").unwrap();
    let mut slept = false;
    let last = hand.sync(|hand, job| {
        if matches!(job.work, Work::Write(_)) && !std::mem::replace(&mut slept, true) {
            rename_elsewhere(&hand.world, "b");
            hand.world.lock().pass(11_000_000_000);
        }
    });
    assert!(slept, "nothing was to be written");
    assert_eq!((last.state, last.files_failed), (SyncState::Completed, 0), "{last:?}");
    assert!(world.lock().cloud.records.values().all(|rec| !rec.deleted()));
    assert!(hand.disk.stat("b").is_ok());
}

/// Found by seed 1007034713: the late answer to a heartbeat counted as that of the lock which was asked for anew, and what
/// was to be written was written twice.
#[test]
fn a_late_heartbeat_is_no_lock() {
    let world = world(true);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    hand.put("a", b"bytes");
    let lock = hand.sync_until(|work| matches!(work, Work::Lock));
    hand.step(lock);
    let look = hand.core.next_job().unwrap();
    assert!(matches!(look.work, Work::Pull { .. }));
    world.lock().pass(5_000_000_000);
    hand.core.tick();
    let heartbeat = hand.core.next_job().unwrap();
    let Work::Heartbeat(id) = heartbeat.work else { panic!("{heartbeat:?}") };
    world.lock().pass(20_000_000_000);
    hand.step(look);
    hand.core.tick();
    let anew = hand.core.next_job().unwrap();
    assert!(matches!(anew.work, Work::Lock), "{anew:?}");
    hand.core.finish(JobDone { id: heartbeat.id, outcome: Outcome::Lock(Ok((id, 10))) });
    assert!(hand.core.next_job().is_none(), "nothing is done without the lock");
    hand.step(anew);
    assert!(matches!(hand.core.next_job().unwrap().work, Work::Pull { .. }));
}

/// The next lock was asked for while the cloud was still taking the last one back, and waited for as if it were another
/// device's.
#[test]
fn the_lock_is_not_asked_for_while_it_is_given_back() {
    let world = world(true);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    for number in 0..3000_u32 {
        hand.put(&number.to_string(), &number.to_le_bytes());
    }
    hand.core.start_sync().unwrap();
    // Sending is slow, and giving the lock back is slower.
    let how_slow = |job: &Job| match job.work {
        Work::Unlock(_) => 2,
        Work::Upload(_) => 1,
        _ => 0,
    };
    let (mut jobs, mut unlocked) = (Vec::new(), 0);
    loop {
        jobs.extend(std::iter::from_fn(|| hand.core.next_job()));
        let Some(at) = (0..jobs.len()).min_by_key(|at| how_slow(&jobs[*at])) else { break };
        let job = jobs.remove(at);
        let giving_back = jobs.iter().any(|job| matches!(job.work, Work::Unlock(_)));
        assert!(!giving_back || !matches!(job.work, Work::Lock), "after {unlocked} locks");
        unlocked += u32::from(matches!(job.work, Work::Unlock(_)));
        hand.step(job);
    }
    assert!(unlocked > 1, "it was given back once");
    assert_eq!(world.lock().cloud.records.len(), 3000);
}

/// A cloud that keeps nothing of a deleted record but its id does not say that it was a folder.
#[test]
fn a_folder_goes_whose_deleted_record_lost_its_fields() {
    let world = world(true);
    world.lock().cloud.bare_deletions = true;
    let mut here = Hand::of_device(&world, 0, DownloadPolicy::Originals);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    here.disk.make_dir("album").unwrap();
    here.put("album/a.jpg", b"bytes");
    here.sync_well();
    there.sync_well();
    assert_eq!(there.read("album/a.jpg"), b"bytes");
    here.disk.remove_file("album/a.jpg").unwrap();
    here.disk.remove_dir("album").unwrap();
    here.sync_well();
    there.sync_well();
    assert!(there.disk.stat("album").is_err());
}

/// Found by seed 7228188: the device was killed before it heard that its record was written, and heard next that it was
/// deleted, but not what it had been. It wrote it again as if it had never been there, without end.
#[test]
fn a_deletion_without_fields_of_a_record_that_was_not_heard_of_is_known() {
    let world = world(true);
    world.lock().cloud.bare_deletions = true;
    let here = Hand::of_device(&world, 0, DownloadPolicy::Originals);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    here.put("a.jpg", b"bytes");
    here.killed_after(|work| matches!(work, Work::Write(_)));
    there.sync_well();
    there.disk.remove_file("a.jpg").unwrap();
    world.lock().pass(20_000_000_000);
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, DownloadPolicy::Originals);
    here.sync_well();
    there.sync_well();
    assert_eq!(here.files(), there.files());
}
