//! A process that ends between changing the disk and noting that: whatever happens before the next start,
//! what is there is what came from the cloud and not something that a person did.

use std::collections::BTreeMap;

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_sim::{Doom, Rng, digest_of};

use crate::hand::{Hand, world};

type Files = BTreeMap<String, Vec<u8>>;

/// Ends the process while it puts in place what the other device sent, lets `then` happen, and syncs both.
/// `older`: the device had an older version before. Returns what both hold.
fn killed(older: bool, then: impl Fn(&Hand, &mut Hand)) -> Files {
    let world = world(true);
    let (mut here, mut there) =
        (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, Originals));
    if older {
        there.put("photo", b"the first");
        there.sync_well();
        here.sync_well();
        there.disk.remove_file("photo").unwrap();
    }
    there.put("photo", b"the second");
    there.sync_well();
    here.killed_after(|work| matches!(work, Work::Place(_)));

    let mut here = Hand::of_device(&world, 0, Originals);
    assert_eq!(here.files(), files([("photo", "the second")]), "it was in its place");
    then(&here, &mut there);
    for _ in 0..2 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!(here.files(), there.files());
    here.files()
}

fn files<const N: usize>(files: [(&str, &str); N]) -> Files {
    files.map(|(name, bytes)| (name.to_owned(), bytes.as_bytes().to_vec())).into()
}

/// In a device's gallery a person writes a file anew.
fn write(hand: &Hand, bytes: &str) {
    hand.disk.remove_file("photo").unwrap();
    hand.put("photo", bytes.as_bytes());
}

fn new_and_replacing(then: impl Fn(&Hand, &mut Hand), expected: &Files) {
    for older in [false, true] {
        assert_eq!(&killed(older, &then), expected, "older: {older}");
    }
}

#[test]
fn nothing_happens() {
    new_and_replacing(|_, _| {}, &files([("photo", "the second")]));
}

#[test]
fn the_other_device_changes_it() {
    let then = |_: &Hand, there: &mut Hand| {
        write(there, "the third");
        there.sync_well();
    };
    new_and_replacing(then, &files([("photo", "the third")]));
}

#[test]
fn the_other_device_deletes_it() {
    let then = |_: &Hand, there: &mut Hand| {
        there.disk.remove_file("photo").unwrap();
        there.sync_well();
    };
    new_and_replacing(then, &files([]));
}

#[test]
fn the_other_device_moves_and_changes_it() {
    let then = |_: &Hand, there: &mut Hand| {
        there.disk.rename("photo", "renamed").unwrap();
        there.sync_well();
        there.disk.remove_file("renamed").unwrap();
        there.put("renamed", b"the third");
        there.sync_well();
    };
    new_and_replacing(then, &files([("renamed", "the third")]));
}

#[test]
fn a_person_moves_it_and_the_other_device_changes_it() {
    let then = |here: &Hand, there: &mut Hand| {
        here.disk.rename("photo", "renamed").unwrap();
        write(there, "the third");
        there.sync_well();
    };
    new_and_replacing(then, &files([("renamed", "the third")]));
}

#[test]
fn a_person_puts_another_in_its_place() {
    let then = |here: &Hand, _: &mut Hand| write(here, "of one's own");
    for older in [false, true] {
        let left = killed(older, then);
        assert!(left.values().any(|bytes| bytes == b"of one's own"), "{left:?}");
        assert!(left.values().any(|bytes| bytes == b"the second"), "{left:?}");
    }
}

/// `changed`: the other device had changed it as well, and the process ended before those bytes came.
fn deleted_after_moving(changed: bool) {
    let world = world(true);
    let (mut here, mut there) =
        (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, Originals));
    there.put("photo", b"the bytes");
    there.sync_well();
    here.sync_well();
    there.disk.rename("photo", "renamed").unwrap();
    there.sync_well();
    if changed {
        there.disk.remove_file("renamed").unwrap();
        there.put("renamed", b"of later");
        there.sync_well();
    }
    here.killed_after(|work| matches!(work, Work::Disk(_)));

    let mut here = Hand::of_device(&world, 0, Originals);
    assert_eq!(here.files(), files([("renamed", "the bytes")]));
    there.disk.remove_file("renamed").unwrap();
    there.sync_well();
    for _ in 0..2 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!((here.files(), there.files()), (files([]), files([])), "changed: {changed}");
}

#[test]
fn the_other_device_deletes_what_was_just_moved_for_it() {
    deleted_after_moving(false);
    deleted_after_moving(true);
}

/// Found by seeds 1007071835 and 2007103510: the power goes after the cloud has a file's bytes and before their record
/// is written, and takes them from the file without a change of its times. What the cloud holds already it does not
/// read, and the device took the file for what it had been.
#[test]
fn what_a_power_cut_took_from_a_file_is_not_taken_for_sent() {
    let world = world(true);
    let mut here = Hand::open(&world, Originals);
    here.put("photo", b"the first");
    here.sync_well();
    write(&here, "the second");
    world.lock().pass(1_000_000_000);
    let record = here.sync_until(|work| matches!(work, Work::Write(_)));
    drop((record, here));
    {
        let disk = &mut world.lock().devices[0].disk;
        let file = disk.live.lookup("photo").unwrap();
        disk.rewrite_unseen(file, b"the \0\0\0\0\0\0".to_vec());
    }

    let mut here = Hand::open(&world, Originals);
    for _ in 0..2 {
        here.sync(|_, _| {});
        world.lock().pass(1_000_000_000);
    }
    let held = here.files()["photo"].clone();
    assert_eq!(held, b"the \0\0\0\0\0\0");
    assert!(world.lock().cloud.holds_live(&digest_of(&held)));
}

/// Found by seed 1007450032: the power goes while a file is sent, and takes some of its bytes without a change of its
/// times. The cloud went on from what it had.
#[test]
fn what_a_power_cut_took_from_a_file_that_was_half_sent_is_sent_as_it_is() {
    for (seed, calls, named) in cuts() {
        let world = world(named);
        world.lock().rng = Rng::new(seed);
        let mut here = Hand::of_device(&world, 0, Originals);
        let mut there = Hand::of_device(&world, 1, Originals);
        here.put("photo", &[0; 100]);
        world.lock().devices[0].disk.sync();
        here.rewrite_with_old_time("photo", &[1; 100]);
        world.lock().pass(1_000_000_000);
        world.lock().devices[0].weather.transfer_cut = 500;
        let upload = here.sync_until(|work| matches!(work, Work::Upload(_)));
        world.lock().devices[0].doom = Some(Doom { calls, power_cut: true });
        here.run(upload);
        world.lock().devices[0].doom = None;
        world.lock().devices[0].weather.transfer_cut = 0;
        drop(here);
        let mut here = Hand::of_device(&world, 0, Originals);
        for _ in 0..2 {
            here.sync(|_, _| {});
            there.sync(|_, _| {});
        }
        assert!(there.files() == here.files(), "seed {seed}, cut after {calls} calls, named: {named}");
    }
}

fn cuts() -> impl Iterator<Item = (u64, u64, bool)> {
    let cuts = (0..30).flat_map(|seed| (2..8).map(move |calls| (seed, calls)));
    cuts.flat_map(|(seed, calls)| [(seed, calls, true), (seed, calls, false)])
}

/// Found by seed 1007781328: what the cloud has came to be here too, from a person, and the power took it at once. That
/// both agree had been noted, so that it counted as deleted, and the cloud had the only copy.
#[test]
fn a_file_that_the_cloud_has_too_is_durable_before_both_agree() {
    let world = world(true);
    let mut here = Hand::of_device(&world, 0, Originals);
    let mut there = Hand::of_device(&world, 1, Originals);
    here.sync_well();
    there.put("photo", b"bytes");
    there.sync_well();
    here.put("photo", b"bytes");
    here.put("other", b"other bytes");
    let same_time = there.stamp("photo").mtime_ns;
    here.give_time("photo", same_time);
    world.lock().pass(1_000_000_000);
    let next = here.sync_until(|work| matches!(work, Work::NewIds(_)));
    drop((next, here));
    world.lock().devices[0].disk.power_cut_at_worst();
    let mut here = Hand::of_device(&world, 0, Originals);
    for _ in 0..2 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!(there.files()["photo"], b"bytes");
}
