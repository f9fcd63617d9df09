//! The marks by which programs beside the engine see files' states.

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::core::PlannedKind;
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::{FileMark, FileSystem};
use cloudsync_sim::{Device, DiskKind};

use crate::hand::{DISK, Hand, World, world};
use crate::rewrite;

fn mark(world: &World, device: usize, name: &str) -> Option<FileMark> {
    let shared = world.lock();
    let live = &shared.devices[device].disk.live;
    live.node(live.lookup(name).unwrap()).unwrap().mark
}

#[test]
fn a_mark_says_where_a_file_came_from() {
    let world = world(true);
    let mut here = Hand::open(&world, Originals);
    let mut there = Hand::of_device(&world, 1, Originals);
    here.put("a", b"photo a");
    assert_eq!(mark(&world, 0, "a"), None);
    here.sync_well();
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::Uploaded));
    there.sync_well();
    assert_eq!(mark(&world, 1, "a"), Some(FileMark::Downloaded));

    there.disk.remove_file("a").unwrap();
    there.put("a", b"a newer photo a");
    there.sync_well();
    assert_eq!(mark(&world, 1, "a"), Some(FileMark::Uploaded));
    here.sync_well();
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::Downloaded));
}

/// The engine's own mark is no reason to read a file again, nor to look for changes.
#[test]
fn a_mark_is_no_change() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    hand.put("a", b"photo a");
    world.lock().pass(1_000_000_000);
    hand.sync_well();
    let stamp = hand.stamp("a");
    let mut read = 0;
    hand.sync(|_, job| read += u32::from(matches!(job.work, Work::Hash(_))));
    assert_eq!((read, hand.stamp("a")), (0, stamp));
}

/// Killed after files were marked and before that was noted: they are read again, and nothing is sent.
#[test]
fn a_kill_after_a_mark_costs_a_look() {
    let world = world(true);
    let hand = Hand::open(&world, Originals);
    hand.put("a", b"photo a");
    hand.killed_after(|work| matches!(work, Work::Mark(_)));
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::Uploaded));
    let mut hand = Hand::open(&world, Originals);
    let mut sent = 0;
    hand.sync(|_, job| sent += u32::from(matches!(job.work, Work::Upload(_) | Work::Write(_))));
    assert_eq!(sent, 0);
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::Uploaded));
}

#[test]
fn what_could_not_be_sent_says_so() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    world.lock().devices[0].weather.cloud_full = true;
    hand.put("a", b"photo a");
    hand.sync(|_, _| {});
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::UploadFailed));
    world.lock().devices[0].weather.cloud_full = false;
    hand.sync_well();
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::Uploaded));
}

/// Whatever moves in the cloud alone changes no mark's meaning.
#[test]
fn a_moved_file_keeps_its_mark() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    hand.put("a", b"photo a");
    hand.sync_well();
    rewrite(&world, "a", &[("name", "b")]);
    hand.sync_well();
    assert_eq!(mark(&world, 0, "b"), Some(FileMark::Uploaded));
}

/// One whose first disk's clock ticks every other second.
fn world_of_slow_clocks() -> World {
    let world = world(true);
    let kind = DiskKind { grain_ns: 2_000_000_000, ..DISK };
    world.lock().devices[0] = Device::new(kind, 0);
    world
}

/// Found by seed 2000002063: the other name went within the tick of the disk's clock in which there were two.
#[test]
fn a_file_that_had_two_names_is_marked() {
    let world = world_of_slow_clocks();
    let mut hand = Hand::open(&world, Originals);
    hand.put("a", b"photo a");
    hand.give_second_name("a", "b");
    hand.sync(|_, _| {});
    assert_eq!(mark(&world, 0, "a"), None);
    hand.disk.remove_file("b").unwrap();
    world.lock().pass(2_000_000_000);
    hand.sync_well();
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::Uploaded));
}

/// Found by seed 1007010280: the other name went from another folder, and nothing told of the file's new change time.
#[test]
fn a_file_that_had_two_names_in_two_folders_is_marked() {
    let world = world_of_slow_clocks();
    let mut hand = Hand::with(&world, 0, |_| {}, true);
    hand.disk.make_dir("F").unwrap();
    hand.put("F/a", b"photo a");
    hand.give_second_name("F/a", "b");
    world.lock().tell_watcher(0);
    hand.sync(|_, _| {});
    world.lock().pass(2_000_000_000);
    hand.disk.remove_file("F/a").unwrap();
    world.lock().tell_watcher(0);
    hand.sync_well();
    hand.sync_well();
    assert_eq!(mark(&world, 0, "b"), Some(FileMark::Uploaded));
}

/// Found by seed 2007513767: the watcher told of the folder that the other name went from, and of no other.
#[test]
fn a_file_whose_other_name_went_later_is_marked() {
    let world = world(true);
    let mut hand = Hand::with(&world, 0, |_| {}, true);
    hand.disk.make_dir("F").unwrap();
    hand.put("F/a", b"photo a");
    hand.give_second_name("F/a", "b");
    world.lock().pass(1_000_000_000);
    for _ in 0..2 {
        world.lock().tell_watcher(0);
        hand.sync_well();
    }
    assert_eq!(mark(&world, 0, "b"), None);
    hand.disk.remove_file("F/a").unwrap();
    for _ in 0..3 {
        world.lock().tell_watcher(0);
        hand.sync_well();
    }
    assert_eq!(mark(&world, 0, "b"), Some(FileMark::Uploaded));
}

/// Another file comes to the place of "a", as many programs save.
fn edit(hand: &Hand) {
    hand.disk.remove_file("a").unwrap();
    hand.put("a", b"photo a, edited");
}

/// What a file says before it is sent: it is not in the cloud as it is here.
#[test]
fn a_changed_file_says_so_before_it_is_sent() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    hand.put("a", b"photo a");
    hand.sync_well();
    edit(&hand);
    let sending = hand.sync_until(|work| matches!(work, Work::Upload(_)));
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::ToBeUploaded));
    hand.finish(sending);
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::Uploaded));
}

#[test]
fn what_is_sent_says_so_while_others_are_on_their_way() {
    const FILES: usize = 4000;
    let world = world(true);
    let mut hand = Hand::with(&world, 0, |config| config.transfer_threads = 1, false);
    let names: Vec<String> = (0..FILES).map(|n| format!("{n:04}")).collect();
    names.iter().for_each(|name| hand.put(name, name.as_bytes()));
    let mut marked = Vec::new();
    hand.sync(|_, job| {
        if matches!(job.work, Work::Upload(_)) {
            marked.push(names.iter().filter(|name| mark(&world, 0, name).is_some()).count());
        }
    });
    let last = *marked.last().unwrap();
    assert!(0 < last && last < FILES, "{marked:?} files were marked when others were sent");
    assert!(names.iter().all(|name| mark(&world, 0, name) == Some(FileMark::Uploaded)));
}

/// A device with a file that was changed after it was sent, and somebody who is told of changes.
fn looking() -> (World, Hand) {
    let world = world(true);
    let mut hand = Hand::with(&world, 0, |_| {}, true);
    hand.put("a", b"photo a");
    hand.sync_well();
    edit(&hand);
    hand.core.want_looks(true);
    (world, hand)
}

#[test]
fn a_look_takes_back_what_is_true_no_more() {
    let (world, mut hand) = looking();
    assert!(hand.live_for(10_000_000_000).is_empty(), "there was a run");
    assert_eq!(mark(&world, 0, "a"), Some(FileMark::ToBeUploaded));
}

#[test]
fn a_look_that_marks_goes_on_as_one_at_what_a_start_would_do() {
    let (_world, mut hand) = looking();
    let marking = hand.live_until(|work| matches!(work, Work::Mark(_)));
    let (told, planned) = std::sync::mpsc::channel();
    hand.core.look_ahead(Box::new(move |result| told.send(result.unwrap()).unwrap()));
    hand.finish(marking);
    let planned = planned.try_recv().unwrap();
    assert_eq!(planned.iter().map(|one| one.kind).collect::<Vec<_>>(), [PlannedKind::Upload]);
}
