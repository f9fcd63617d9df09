//! A person changes a file and gives it back its old modification time, as some editors and copying
//! programs do: only the change time tells that anything happened, and whatever moves the file hides it.

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::job::{DiskOp, FetchOutcome, Outcome, Work};
use cloudsync_engine::ports::{FileSystem, SMUDGED};
use cloudsync_sim::{Device, DiskKind, Rng, digest_of};

use crate::hand::{DISK, Hand, world};

/// Two devices that hold one file, `photo`. With `reuses`, the first gives inode numbers again.
fn both(reuses: bool) -> (Hand, Hand) {
    let world = world(true);
    let kind = DiskKind { reuses_inodes: reuses, ..DISK };
    world.lock().devices[0] = Device::new(kind, 0);
    let (mut here, mut there) =
        (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, Originals));
    here.put("photo", b"before");
    here.sync_well();
    there.sync_well();
    // What was downloaded just now is read once more.
    there.sync_well();
    (here, there)
}

fn settle(here: &mut Hand, there: &mut Hand) {
    for _ in 0..2 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!(here.files(), there.files());
}

/// What a device holds, as names and bytes.
fn held(hand: &Hand) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    hand.files().into_iter().map(|(name, bytes)| (name, text(bytes))).collect()
}

fn as_text<const N: usize>(files: [(&str, &str); N]) -> Vec<(String, String)> {
    files.map(|(name, bytes)| (name.to_owned(), bytes.to_owned())).into()
}

#[test]
fn what_was_changed_and_moved_is_read_again() {
    let (mut here, mut there) = both(false);
    here.rewrite_with_old_time("photo", b"AFTER!");
    here.disk.rename("photo", "renamed").unwrap();
    settle(&mut here, &mut there);
    assert_eq!(held(&there), as_text([("renamed", "AFTER!")]));
}

/// Found by seed 416997: a new file with the inode number, the size and the time of a deleted one counted
/// as that one, moved, and its bytes never reached the cloud.
#[test]
fn what_was_given_the_inode_number_and_the_time_of_another_is_read() {
    let (mut here, mut there) = both(true);
    let old = here.stamp("photo");
    here.disk.remove_file("photo").unwrap();
    here.put("other", b"AFTER!");
    here.give_time("other", old.mtime_ns);
    let new = here.stamp("other");
    assert_eq!((new.ino, new.size, new.mtime_ns), (old.ino, old.size, old.mtime_ns));
    settle(&mut here, &mut there);
    assert_eq!(held(&there), as_text([("other", "AFTER!")]));
}

#[test]
fn a_moved_file_is_read_and_not_sent() {
    let (mut here, mut there) = both(false);
    here.disk.rename("photo", "renamed").unwrap();
    let (mut read, mut sent) = (0, 0);
    here.sync(|_, job| match &job.work {
        Work::Hash(items) => read += items.len(),
        Work::Upload(items) => sent += items.len(),
        _ => {}
    });
    assert_eq!((read, sent), (1, 0));
    settle(&mut here, &mut there);
    assert_eq!(held(&there), as_text([("renamed", "before")]));
}

/// Changes the second device's file right before the first job that `at` names.
fn changed_right_before(here: &mut Hand, there: &mut Hand, at: impl Fn(&Work) -> bool) {
    let mut changed = false;
    there.sync(|there, job| {
        if at(&job.work) && !std::mem::replace(&mut changed, true) {
            there.rewrite_with_old_time("photo", b"AFTER!");
        }
    });
    assert!(changed);
    settle(here, there);
}

fn changes_disk(is_it: impl Fn(&DiskOp) -> bool) -> impl Fn(&Work) -> bool {
    move |work| matches!(work, Work::Disk(ops) if ops.actions().iter().any(&is_it))
}

#[test]
fn what_was_changed_right_before_it_is_moved_for_the_cloud_is_read_again() {
    let (mut here, mut there) = both(false);
    here.disk.rename("photo", "renamed").unwrap();
    here.sync_well();
    changed_right_before(&mut here, &mut there, changes_disk(|op| matches!(op, DiskOp::Rename { .. })));
    assert_eq!(held(&here), as_text([("renamed", "AFTER!")]));
}

#[test]
fn what_was_changed_right_before_it_is_deleted_for_the_cloud_stays() {
    let (mut here, mut there) = both(false);
    here.disk.remove_file("photo").unwrap();
    here.sync_well();
    changed_right_before(&mut here, &mut there, changes_disk(|op| matches!(op, DiskOp::Trash { .. })));
    assert_eq!(held(&here), as_text([("photo", "AFTER!")]));
}

#[test]
fn what_was_changed_right_before_the_clouds_bytes_replace_it_stays_beside_them() {
    let (mut here, mut there) = both(false);
    here.disk.remove_file("photo").unwrap();
    here.put("photo", b"of the other");
    here.sync_well();
    changed_right_before(&mut here, &mut there, |work| matches!(work, Work::Place(_)));
    let mut bytes: Vec<Vec<u8>> = here.files().into_values().collect();
    bytes.sort();
    assert_eq!(bytes, [b"AFTER!".to_vec(), b"of the other".to_vec()]);
}

/// Found by seed 1000000963: the move's change time hid that of an edit in the same tick of the disk's clock.
#[test]
fn what_is_changed_right_after_it_was_moved_for_the_cloud_is_read_again() {
    let (mut here, mut there) = both(false);
    here.disk.rename("photo", "renamed").unwrap();
    here.sync_well();
    let mut edited = false;
    there.sync(|there, _| {
        if !edited && there.disk.stat("renamed").is_ok() {
            edited = true;
            let moved = there.stamp("renamed");
            let mut shared = there.world.lock();
            let disk = &mut shared.devices[1].disk;
            let uid = disk.live.lookup("renamed").unwrap();
            disk.write(uid, b"AFTER!".to_vec(), false, moved.ctime_ns);
            disk.set_mtime(uid, moved.mtime_ns, moved.ctime_ns);
        }
    });
    assert!(edited);
    settle(&mut here, &mut there);
    assert_eq!(held(&here), as_text([("renamed", "AFTER!")]));
}

/// The same where the change time that was noted says nothing: the file is read before it is replaced.
#[test]
fn what_may_have_changed_unseen_is_read_before_the_clouds_bytes_replace_it() {
    for changed in [true, false] {
        let (mut here, mut there) = both(false);
        here.disk.remove_file("photo").unwrap();
        here.put("photo", b"of the other");
        here.sync_well();
        let mut job = there.sync_until(|work| matches!(work, Work::Place(_)));
        let Work::Place(items) = &mut job.work else { panic!() };
        let (_, seen) = items[0].fetched.replaces.as_mut().unwrap();
        seen.ctime_ns = SMUDGED;
        if changed {
            there.rewrite_with_old_time("photo", b"AFTER!");
        }
        let Outcome::Fetch(outcomes) = there.job(job.work) else { panic!() };
        match changed {
            true => assert!(matches!(outcomes[..], [FetchOutcome::Changed]), "{outcomes:?}"),
            false => assert!(matches!(outcomes[..], [FetchOutcome::Placed(_)]), "{outcomes:?}"),
        }
        let held = there.files();
        assert_eq!(held["photo"], if changed { b"AFTER!".to_vec() } else { b"of the other".to_vec() });
    }
}

/// Found by seed 1007021695: another device's file had the same inode, size and times, as far as the disks' clocks tell
/// them apart, and the cloud went on from what that device had sent of it: the bytes of the second were never there.
#[test]
fn what_another_device_has_sent_of_a_file_like_it_is_not_gone_on_from() {
    const GRAIN_NS: i64 = 1_000_000_000;
    for seed in 0..20 {
        let world = world(true);
        world.lock().rng = Rng::new(seed);
        for device in &mut world.lock().devices {
            *device = Device::new(DiskKind { grain_ns: GRAIN_NS, ..DISK }, 0);
        }
        let mut here = Hand::of_device(&world, 0, Originals);
        let mut there = Hand::of_device(&world, 1, Originals);
        here.put("a.jpg", &[1; 100]);
        there.put("b.jpg", &[2; 100]);
        assert_eq!(here.stamp("a.jpg"), there.stamp("b.jpg"));
        world.lock().pass(10 * GRAIN_NS.unsigned_abs());
        world.lock().devices[0].weather.transfer_cut = 500;
        here.sync(|_, _| {});
        world.lock().devices[0].weather.transfer_cut = 0;
        there.sync_well();
        here.sync_well();
        there.sync_well();
        assert!(there.files()["b.jpg"] == [2; 100] && here.files()["b.jpg"] == [2; 100], "seed {seed}");
        assert!(there.files()["a.jpg"] == [1; 100] && here.files()["a.jpg"] == [1; 100], "seed {seed}");
    }
}

/// Found by seed 2007064822: the file was changed between the plan and the sending, and the cloud went on from what an
/// earlier try had sent of it as it was.
#[test]
fn what_was_changed_after_a_cut_upload_is_sent_from_its_beginning() {
    for (seed, named) in (0..20).flat_map(|seed| [(seed, true), (seed, false)]) {
        let world = world(named);
        world.lock().rng = Rng::new(seed);
        let mut here = Hand::of_device(&world, 0, Originals);
        let mut there = Hand::of_device(&world, 1, Originals);
        here.put("photo", &[1; 100]);
        world.lock().pass(1_000_000_000);
        world.lock().devices[0].weather.transfer_cut = 500;
        here.sync(|_, _| {});
        world.lock().devices[0].weather.transfer_cut = 0;
        here.core.start_sync().unwrap();
        while let Some(job) = here.core.next_job() {
            if matches!(job.work, Work::Upload(_)) {
                here.rewrite_with_old_time("photo", &[2; 100]);
            }
            here.step(job);
        }
        while here.sink.next().is_some() {}
        for _ in 0..2 {
            here.sync(|_, _| {});
            there.sync_well();
        }
        assert!(there.files()["photo"] == here.files()["photo"], "seed {seed}, named {named}");
    }
}

/// Found by seed 7215987: a person deleted what was to make room for a file from the cloud, and that one got its inode
/// number. It was taken for the deleted one, changed, and itself for deleted.
#[test]
fn what_comes_to_the_place_of_a_deleted_file_with_its_inode_number_is_itself() {
    let aside = "new (conflict device 2023-11-14 22-13-25)";
    let (mut here, mut there) = both(true);
    here.put("new", b"own, and longer");
    here.sync(|hand, job| match job.work {
        Work::Lock if there.disk.stat("new").is_err() => {
            there.put("new", b"theirs");
            there.sync_well();
        }
        Work::Disk(_) if hand.read("new").starts_with(b"own") => hand.disk.remove_file("new").unwrap(),
        _ => {}
    });
    settle(&mut here, &mut there);
    // The deleted one had been sent, for a place out of the way.
    let expected = [("new", "theirs"), (aside, "own, and longer"), ("photo", "before")];
    assert_eq!(held(&here), as_text(expected));
}

/// Found by seed 1007232304: the cloud had bytes that nobody ever wrote, until the next sync at least. The file was
/// written once more while the cloud read it, in the same tick of its disk's clock.
#[test]
fn no_mixture_of_two_versions_gets_to_the_cloud() {
    const OLD: [u8; 100] = [1; 100];
    const NEW: [u8; 100] = [2; 100];
    for named in [true, false] {
        let world = world(named);
        let mut hand = Hand::open(&world, Originals);
        hand.put("photo", &OLD);
        world.lock().devices[0].halfway = Some(NEW.to_vec());
        for _ in 0..2 {
            hand.sync(|_, _| {});
            let live: Vec<_> = world.lock().cloud.live_contents().collect();
            assert!(live.is_empty() || live == [digest_of(&NEW)], "named: {named}");
            world.lock().pass(1_000_000_000);
        }
        assert!(world.lock().cloud.holds_live(&digest_of(&NEW)), "named: {named}");
    }
}
