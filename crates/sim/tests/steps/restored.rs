//! A cloud that was restored from an older backup: what devices have had since is kept, and nothing that the
//! backup lacks counts as deleted.

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_sim::Device;

use crate::hand::{DISK, Hand, World, world};
use crate::removals::remove;

/// Two devices in step, and a cloud that is backed up right then.
fn backed_up(files: &[(&str, &str)]) -> (World, Hand, Hand) {
    let world = world(true);
    let mut here = Hand::of_device(&world, 0, Originals);
    let mut there = Hand::of_device(&world, 1, Originals);
    for (path, bytes) in files {
        here.put(path, bytes.as_bytes());
    }
    in_step(&mut here, &mut there);
    world.lock().cloud.back_up();
    (world, here, there)
}

fn in_step(here: &mut Hand, there: &mut Hand) {
    for _ in 0..3 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!(here.files(), there.files());
}

fn rewrite(hand: &Hand, path: &str, bytes: &[u8]) {
    hand.disk.remove_file(path).unwrap();
    hand.put(path, bytes);
}

/// What a device holds, however often: two devices that had the same each keep it.
fn contents(hand: &Hand) -> Vec<String> {
    let bytes = hand.files().into_values().map(|bytes| String::from_utf8(bytes).unwrap());
    let mut bytes: Vec<String> = bytes.collect();
    bytes.sort();
    bytes.dedup();
    bytes
}

/// Found by seed 1000000101: records that were older than they had been were passed over.
#[test]
fn what_was_changed_since_the_backup_is_kept() {
    let (world, mut here, mut there) = backed_up(&[("a.jpg", "first")]);
    rewrite(&here, "a.jpg", b"second");
    in_step(&mut here, &mut there);
    assert!(world.lock().cloud.restore());
    in_step(&mut here, &mut there);
    assert_eq!(contents(&here), ["first", "second"]);
}

#[test]
fn what_is_newer_than_the_backup_is_sent_again() {
    let (world, mut here, mut there) = backed_up(&[("a.jpg", "first")]);
    rewrite(&here, "a.jpg", b"second");
    here.put("new.jpg", b"new");
    in_step(&mut here, &mut there);
    assert!(world.lock().cloud.restore());
    in_step(&mut here, &mut there);
    assert_eq!(contents(&here), ["first", "new", "second"]);
}

/// Found by seed 1000003082: a record that was written again after the cloud was restored has the version that
/// it had before, and says something else.
#[test]
fn the_same_version_may_say_something_else() {
    let (world, mut here, mut there) = backed_up(&[("a.jpg", "first")]);
    here.disk.rename("a.jpg", "b.jpg").unwrap();
    in_step(&mut here, &mut there);
    assert!(world.lock().cloud.restore());
    here.sync_well();
    here.sync_well();
    let name = here.files().into_keys().next().unwrap();
    here.disk.rename(&name, "c.jpg").unwrap();
    in_step(&mut here, &mut there);
    assert_eq!(contents(&here), ["first"]);
}

/// The other device's newer version is then past the one that this device knew, and nothing shows that the cloud
/// was ever another.
#[test]
fn what_a_version_past_the_known_one_replaces_is_in_the_trash() {
    let (world, mut here, mut there) = backed_up(&[("a.jpg", "first")]);
    rewrite(&here, "a.jpg", b"second");
    here.sync_well();
    assert!(world.lock().cloud.restore());
    for bytes in ["third", "fourth", "fifth"] {
        rewrite(&there, "a.jpg", bytes.as_bytes());
        there.sync_well();
    }
    in_step(&mut here, &mut there);
    assert_eq!(contents(&here), ["fifth"]);
    let shared = world.lock();
    let disk = &shared.devices[0].disk.live;
    let held = disk.walk().into_iter().filter_map(|(_, uid)| disk.nodes.get(&uid)).map(|node| node.data());
    assert!(held.into_iter().any(|bytes| bytes[..] == b"second"[..]));
}

/// Found by seed 2000002771: the removal had not reached the cloud when that was restored, and was carried out on
/// what another device wrote there under the same version.
#[test]
fn a_removal_is_not_carried_out_on_other_bytes() {
    let (world, mut here, mut there) = backed_up(&[]);
    here.put("a.jpg", b"first");
    in_step(&mut here, &mut there);
    remove(&mut here, "a.jpg").unwrap();
    assert!(world.lock().cloud.restore());
    rewrite(&there, "a.jpg", b"second");
    there.sync_well();
    in_step(&mut here, &mut there);
    assert_eq!(contents(&here), ["second"]);
}

/// What is there again as it was removed goes.
#[test]
fn a_removal_is_carried_out_on_the_same_bytes() {
    let (world, mut here, mut there) = backed_up(&[]);
    here.put("a.jpg", b"first");
    in_step(&mut here, &mut there);
    remove(&mut here, "a.jpg").unwrap();
    assert!(world.lock().cloud.restore());
    there.sync_well();
    in_step(&mut here, &mut there);
    assert!(contents(&here).is_empty());
}

/// Found by seed 1007104579: the deletion, which the backup did not have, was as new as what another device wrote
/// there afterwards.
#[test]
fn a_deletion_that_the_backup_lacks_is_not_newer_than_what_comes_after() {
    let (world, mut here, mut there) = backed_up(&[]);
    world.lock().devices.push(Device::new(DISK, 0));
    let mut third = Hand::of_device(&world, 2, Originals);
    here.put("a.jpg", b"first");
    in_step(&mut here, &mut there);
    third.sync_well();
    third.disk.remove_file("a.jpg").unwrap();
    third.sync_well();
    rewrite(&there, "a.jpg", b"third");
    pull_alone(&mut there);
    assert!(world.lock().cloud.restore());
    pull_alone(&mut there);
    rewrite(&here, "a.jpg", b"second");
    here.sync_well();
    in_step(&mut here, &mut there);
    assert_eq!(contents(&here), ["second", "third"]);
}

/// A sync that is stopped before it sends anything.
fn pull_alone(hand: &mut Hand) {
    hand.sync_stopped_at(|work| matches!(work, Work::Upload(_)));
    assert!(hand.core.is_idle());
}

/// Found by seed 1007154471: of equal bytes the one was taken out of the other's way.
#[test]
fn what_was_changed_to_what_another_record_says_is_that_record() {
    let (_, mut here, mut there) = backed_up(&[("a.jpg", "first")]);
    there.disk.remove_file("a.jpg").unwrap();
    there.sync_well();
    rewrite(&here, "a.jpg", b"second");
    there.put("a.jpg", b"second");
    let same_time = here.stamp("a.jpg").mtime_ns;
    there.give_time("a.jpg", same_time);
    there.sync_well();
    in_step(&mut here, &mut there);
    assert_eq!(here.files().into_keys().collect::<Vec<_>>(), ["a.jpg"]);
}
