//! A file's own copy goes only where the cloud holds the same bytes, whatever happens in between.

use std::sync::Arc;

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::core::SpaceWanted;
use cloudsync_engine::job::{Job, JobDone, Work};
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::tree::NodeId;
use cloudsync_engine::{Code, Config, Event, FileSyncState, OptimizeState, Result, SyncState};
use cloudsync_sim::{Device, DiskKind, Doom, Rng};
use parking_lot::Mutex;

use crate::hand::{DISK, Hand, World, world};
use crate::removals::remove;

fn uri(path: &str) -> String {
    format!("file://media/Photo/{path}")
}

/// Frees a file's space; `before` is told of every job before it is run.
fn clean(hand: &mut Hand, path: &str, mut before: impl FnMut(&Hand, &Work)) -> Result<()> {
    let answer = Arc::new(Mutex::new(None));
    let told = Arc::clone(&answer);
    hand.core.clean(&uri(path), Box::new(move |result| *told.lock() = Some(result)));
    while let Some(job) = hand.core.next_job() {
        before(hand, &job.work);
        hand.step(job);
    }
    let answer = answer.lock().take();
    answer.unwrap()
}

pub(crate) fn synced(files: &[(&str, &str)]) -> (World, Hand) {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    for (path, bytes) in files {
        hand.put(path, bytes.as_bytes());
    }
    hand.sync_well();
    hand.idle();
    (world, hand)
}

fn refused(result: Result<()>) -> Code {
    result.unwrap_err().code
}

#[test]
fn what_went_stays_away_and_comes_back_the_same() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    clean(&mut hand, "a.jpg", |_, _| {}).unwrap();
    assert!(hand.files().is_empty());
    hand.sync_well();
    assert!(hand.files().is_empty(), "a sync brings it back");
    assert_eq!(hand.core.states().file_state(&uri("a.jpg")), Ok(FileSyncState::Completed));
    clean(&mut hand, "a.jpg", |_, _| {}).unwrap();

    hand.core.start_download(1, &uri("a.jpg")).unwrap();
    let fetch = hand.core.next_job().unwrap();
    hand.finish(fetch);
    assert_eq!(hand.files(), [("a.jpg".to_owned(), b"bytes".to_vec())].into());
    hand.sync_well();
}

#[test]
fn what_is_not_in_the_cloud_as_it_is_here_stays() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    hand.put("new.jpg", b"never sent");
    assert_eq!(refused(clean(&mut hand, "new.jpg", |_, _| {})), Code::TryAgain);
    assert_eq!(refused(clean(&mut hand, "none.jpg", |_, _| {})), Code::NoSuchFile);
    hand.disk.remove_file("a.jpg").unwrap();
    hand.put("a.jpg", b"other");
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::TryAgain);
    assert_eq!(hand.files().len(), 2);
    // A folder has its place.
    hand.disk.remove_file("a.jpg").unwrap();
    hand.disk.make_dir("a.jpg").unwrap();
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::TryAgain);
}

/// A person's change at the moment before each job.
#[test]
fn what_changes_on_its_way_out_stays() {
    for at in ["prove", "remove"] {
        let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
        let result = clean(&mut hand, "a.jpg", |hand, work| {
            if matches!((at, work), ("prove", Work::Prove(_)) | ("remove", Work::Remove(_))) {
                hand.disk.remove_file("a.jpg").unwrap();
                hand.put("a.jpg", b"other");
            }
        });
        assert_eq!(refused(result), Code::TryAgain, "{at}");
        hand.sync_well();
        assert_eq!(hand.files(), [("a.jpg".to_owned(), b"other".to_vec())].into(), "{at}");
    }
}

#[test]
fn what_the_cloud_no_longer_holds_stays() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    world.lock().cloud.assets.clear();
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::TryAgain);
    assert_eq!(hand.files().len(), 1);

    // The cloud as it was restored from before the file was sent.
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    world.lock().cloud.records.clear();
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::TryAgain);
    assert_eq!(hand.files().len(), 1);

    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    let mut there = Hand::of_device(&hand.world, 1, Originals);
    there.sync_well();
    there.disk.remove_file("a.jpg").unwrap();
    there.sync_well();
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::TryAgain, "in the trash there");
    assert_eq!(hand.files().len(), 1);
}

#[test]
fn the_parts_of_a_photo_go_together_or_stay() {
    let (_world, mut hand) =
        synced(&[("IMG_1.HEIC", "still"), ("IMG_1.MOV", "moving"), ("IMG_2.HEIC", "other")]);
    hand.disk.remove_file("IMG_1.MOV").unwrap();
    hand.put("IMG_1.MOV", b"cut");
    assert_eq!(refused(clean(&mut hand, "IMG_1.HEIC", |_, _| {})), Code::TryAgain);
    assert_eq!(hand.files().len(), 3);
    hand.sync_well();
    clean(&mut hand, "IMG_1.HEIC", |_, _| {}).unwrap();
    assert_eq!(hand.files().into_keys().collect::<Vec<_>>(), ["IMG_2.HEIC"]);
}

#[test]
fn what_is_pinned_stays() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    hand.core.pin(&uri("a.jpg"), true).unwrap();
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::AccessDenied);
    hand.core.pin(&uri("a.jpg"), false).unwrap();
    clean(&mut hand, "a.jpg", |_, _| {}).unwrap();
}

#[test]
fn a_pin_comes_too_late_for_what_is_just_going() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    hand.core.clean(&uri("a.jpg"), Box::new(|_| {}));
    let mut late = 0;
    while let Some(job) = hand.core.next_job() {
        if matches!(job.work, Work::Remove(_)) {
            assert_eq!(refused(hand.core.pin(&uri("a.jpg"), true)), Code::TryAgain);
            late += 1;
        }
        hand.step(job);
    }
    assert_eq!((late, hand.files().len()), (1, 0));
}

/// A process that ends after any of the jobs: the file is here, or known to be in the cloud, and nothing is
/// deleted there.
#[test]
fn a_kill_on_the_way_out_is_no_deletion() {
    for kept in [false, true] {
        let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
        hand.core.clean(&uri("a.jpg"), Box::new(|_| {}));
        while let Some(job) = hand.core.next_job() {
            if matches!(job.work, Work::Remove(_)) {
                if !kept {
                    hand.job(job.work);
                }
                break;
            }
            hand.step(job);
        }
        drop(hand);
        let mut hand = Hand::open(&world, Originals);
        assert_eq!(hand.files().len(), usize::from(kept));
        for _ in 0..2 {
            let last = hand.sync(|_, _| {});
            assert_eq!((last.state, last.files_failed), (SyncState::Completed, 0));
        }
        assert_eq!(hand.files().len(), usize::from(kept));
        assert!(world.lock().cloud.records.values().all(|rec| !rec.deleted()), "kept: {kept}");
        let mut other = Hand::of_device(&world, 1, Originals);
        other.sync_well();
        assert_eq!(other.files(), [("a.jpg".to_owned(), b"bytes".to_vec())].into());
    }
}

/// A device whose process was killed right after it had removed `a.jpg`, before it heard of that.
fn killed_after_removal() -> (World, Hand) {
    let (world, hand) = synced(&[("a.jpg", "bytes")]);
    let hand = killed_after_removal_of_a(&world, hand);
    (world, hand)
}

fn killed_after_removal_of_a(world: &World, mut hand: Hand) -> Hand {
    hand.core.clean(&uri("a.jpg"), Box::new(|_| {}));
    while let Some(job) = hand.core.next_job() {
        if matches!(job.work, Work::Remove(_)) {
            hand.job(job.work);
            break;
        }
        hand.step(job);
    }
    drop(hand);
    let hand = Hand::open(world, Originals);
    assert!(hand.files().is_empty());
    hand
}

/// Found by seed 1007059604: what the first look after the kill left out, because a file that was just being put in its place
/// had the inode number, the next one took for deleted.
#[test]
fn what_went_before_a_kill_is_no_deletion_where_another_file_has_its_inode_number() {
    let world = world(true);
    let kind = DiskKind { reuses_inodes: true, ..DISK };
    world.lock().devices[0] = Device::new(kind, 0);
    let mut hand = Hand::open(&world, Originals);
    hand.put("a.jpg", b"bytes");
    hand.put("b.jpg", b"other");
    hand.sync_well();
    hand.idle();
    clean(&mut hand, "b.jpg", |_, _| {}).unwrap();
    let mut hand = killed_after_removal_of_a(&world, hand);
    hand.core.start_download(1, &uri("b.jpg")).unwrap();
    let fetch = hand.core.next_job().unwrap();
    hand.step(fetch);
    let place = hand.core.next_job().unwrap();
    assert!(matches!(place.work, Work::Place(_)));
    let scan = hand.sync_until(|work| matches!(work, Work::Scan { .. }));
    // It is in its place when the look comes there, and nobody has heard of it.
    let outcome = hand.job(place.work);
    hand.step(scan);
    hand.core.finish(JobDone { id: place.id, outcome });
    for _ in 0..2 {
        hand.sync(|_, _| {});
    }
    assert!(world.lock().cloud.records.values().all(|record| !record.deleted()));
    assert_eq!(seen_elsewhere(&world), [b"bytes", b"other"]);
}

/// What another device makes of the cloud, without conflict's names.
fn seen_elsewhere(world: &World) -> Vec<Vec<u8>> {
    let mut other = Hand::of_device(world, 1, Originals);
    other.sync_well();
    let mut bytes: Vec<Vec<u8>> = other.files().into_values().collect();
    bytes.sort();
    bytes
}

/// Found by seed 1000002317: the second try found no file, took it for one that stays, and the next scan
/// took it for deleted.
#[test]
fn a_second_try_after_a_kill_is_no_deletion() {
    let (world, mut hand) = killed_after_removal();
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::TryAgain);
    hand.sync_well();
    hand.sync_well();
    assert_eq!(seen_elsewhere(&world), [b"bytes"]);
    clean(&mut hand, "a.jpg", |_, _| {}).unwrap();
}

/// Found by seed 1000000949: the new file counted as a change of the one that had gone, whose bytes only the
/// cloud had by then.
#[test]
fn a_file_in_the_place_of_one_that_has_just_gone_is_no_change_of_it() {
    let (world, mut hand) = killed_after_removal();
    hand.put("a.jpg", b"other");
    hand.sync_well();
    hand.sync_well();
    assert_eq!(seen_elsewhere(&world), [b"bytes", b"other"]);
}

/// Found by seed 2000004566: a person removed the new file, and the bytes that only the cloud had by then went with it.
#[test]
fn what_may_have_gone_is_not_removed_before_that_is_known() {
    let (world, mut hand) = killed_after_removal();
    hand.put("a.jpg", b"other");
    assert_eq!(refused(remove(&mut hand, "a.jpg")), Code::TryAgain);
    hand.sync_well();
    hand.sync_well();
    assert_eq!(seen_elsewhere(&world), [b"bytes", b"other"]);
    let named = hand.files().into_keys().next().unwrap();
    remove(&mut hand, &named).unwrap();
    hand.sync_well();
    assert_eq!(seen_elsewhere(&world), [b"bytes"]);
}

/// Found by seed 2000020605: its space was freed before it went to the trash, where another file went in its stead, and
/// its bytes went from the cloud.
#[test]
fn what_is_to_be_removed_is_not_freed() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    hand.core.remove(&uri("a.jpg"), Box::new(|_| {}));
    let removal = hand.core.next_job().unwrap();
    assert_eq!(refused(clean(&mut hand, "a.jpg", |_, _| {})), Code::TryAgain);
    hand.step(removal);
    assert!(hand.files().is_empty());
}

/// The file had been moved out, and the index no longer knew why.
#[test]
fn a_power_cut_on_the_way_out_is_no_deletion() {
    for seed in 0..12 {
        for calls in 0..10 {
            let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
            hand.core.clean(&uri("a.jpg"), Box::new(|_| {}));
            while let Some(job) = hand.core.next_job() {
                if matches!(job.work, Work::Remove(_)) {
                    world.lock().rng = Rng::new(seed);
                    world.lock().devices[0].doom = Some(Doom { calls, power_cut: true });
                }
                hand.step(job);
            }
            world.lock().devices[0].doom = None;
            drop(hand);
            let mut hand = Hand::open(&world, Originals);
            hand.sync(|_, _| {});
            hand.sync_well();
            assert_eq!(seen_elsewhere(&world), [b"bytes"], "seed {seed}, cut after {calls} calls");
        }
    }
}

/// Found by seed 1000000063.
#[test]
fn a_part_of_a_photo_that_comes_on_the_way_out_keeps_the_others() {
    let (_world, mut hand) = synced(&[("IMG_1.HEIC", "still"), ("b.jpg", "other")]);
    hand.core.start_optimize(1, SpaceWanted::Bytes { bytes: 1_000, aging_days: 0 }).unwrap();
    let survey = hand.core.next_job().unwrap();
    hand.step(survey);
    let proof = hand.core.next_job().unwrap();
    assert!(matches!(proof.work, Work::Prove(_)));
    hand.put("IMG_1.MOV", b"moving");
    hand.sync_well();
    hand.finish(proof);
    assert_eq!(hand.files().into_keys().collect::<Vec<_>>(), ["IMG_1.HEIC", "IMG_1.MOV"]);
}

/// The folder was pinned, and a file in it went nevertheless.
#[test]
fn a_folder_is_not_pinned_while_a_file_in_it_goes() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    hand.disk.make_dir("F").unwrap();
    hand.put("F/a.jpg", b"bytes");
    hand.sync_well();
    hand.idle();
    hand.core.clean(&uri("F/a.jpg"), Box::new(|result| result.unwrap()));
    let proof = hand.core.next_job().unwrap();
    hand.step(proof);
    assert_eq!(refused(hand.core.pin(&uri("F"), true)), Code::TryAgain);
    let removal = hand.core.next_job().unwrap();
    hand.step(removal);
    hand.core.pin(&uri("F"), true).unwrap();
}

/// Where one file stayed, that others had gone was not noted.
#[test]
fn what_went_is_noted_also_where_another_stayed() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes"), ("b.jpg", "other")]);
    hand.core.start_optimize(1, SpaceWanted::Bytes { bytes: 1_000, aging_days: 0 }).unwrap();
    while let Some(job) = hand.core.next_job() {
        if matches!(job.work, Work::Prove(_)) {
            hand.rewrite_with_old_time("b.jpg", b"AFTER");
            world.lock().pass(1_000_000_000);
        }
        hand.step(job);
    }
    drop(hand);
    let hand = Hand::open(&world, Originals);
    assert_eq!(hand.files().into_keys().collect::<Vec<_>>(), ["b.jpg"]);
    assert!(hand.core.trees().read().leaving().is_empty(), "it has gone, and the index does not know");
}

/// A device that frees one file at a time, with six of four bytes in step.
fn one_at_a_time() -> (World, Hand) {
    let world = world(true);
    let few = |config: &mut Config| {
        config.download_policy = Originals;
        config.freed_at_once = 1;
    };
    let mut hand = Hand::with(&world, 0, few, false);
    for path in ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"] {
        hand.put(path, &path.as_bytes()[..4]);
    }
    hand.sync_well();
    hand.idle();
    (world, hand)
}

/// The jobs that are to be done once it is known how old the files are.
fn begun(hand: &mut Hand, bytes: u64) -> Vec<Job> {
    hand.core.start_optimize(1, SpaceWanted::Bytes { bytes, aging_days: 0 }).unwrap();
    let survey = hand.core.next_job().unwrap();
    hand.step(survey);
    std::iter::from_fn(|| hand.core.next_job()).collect()
}

/// How a freeing ended, if it did, and how often it said so.
fn ends(hand: &Hand) -> Vec<OptimizeState> {
    let events = std::iter::from_fn(|| hand.sink.next());
    let states = events.filter_map(|event| match event {
        Event::Optimize { progress, .. } => Some(progress.state),
        _ => None,
    });
    states.filter(|state| *state != OptimizeState::Running).collect()
}

#[test]
fn batches_on_their_way_free_no_more_than_is_wanted() {
    for (bytes, batches, gone) in [(4, 1, 1), (5, 2, 2), (8, 2, 2), (16, 4, 4), (17, 4, 5), (1_000, 4, 6)] {
        let (_world, mut hand) = one_at_a_time();
        let mut jobs = begun(&mut hand, bytes);
        assert_eq!(jobs.len(), batches, "{bytes} bytes");
        // The last first.
        while let Some(job) = jobs.pop() {
            hand.step(job);
            jobs.extend(std::iter::from_fn(|| hand.core.next_job()));
        }
        assert_eq!(hand.files().len(), 6 - gone, "{bytes} bytes");
        assert_eq!(ends(&hand), [OptimizeState::Completed]);
    }
}

/// Found by seed 4000088857: a file that waited for its turn was freed by itself meanwhile, and its turn came all the same. The
/// second of the two found that it had gone, so that the index took it back that it was leaving; killed right then, the next look
/// took it for deleted, and the cloud's copy went as well.
#[test]
fn what_waits_for_its_turn_is_not_freed_twice() {
    for removed in [false, true] {
        let (world, mut hand) = one_at_a_time();
        let mut jobs = begun(&mut hand, 1_000);
        let mut chosen: Vec<NodeId> = jobs.iter().flat_map(|job| proved(&job.work)).collect();
        let node_of = |hand: &Hand, path: &str| hand.core.trees().read().find_local(path).unwrap();
        let paths = hand.files().into_keys();
        let mut waiting = paths.map(|path| (node_of(&hand, &path), path));
        let (node, waits) = waiting.find(|(node, _)| !chosen.contains(node)).unwrap();
        match removed {
            true => hand.core.remove(&uri(&waits), Box::new(|_| {})),
            false => hand.core.clean(&uri(&waits), Box::new(|_| {})),
        }
        let taken = hand.core.next_job().unwrap();
        while let Some(job) = jobs.pop() {
            hand.step(job);
            while let Some(next) = hand.core.next_job() {
                chosen.extend(proved(&next.work));
                jobs.push(next);
            }
        }
        assert!(!chosen.contains(&node), "removed: {removed}");
        assert_eq!(chosen.len(), 5);
        assert_eq!(ends(&hand), [OptimizeState::Completed]);
        if !removed {
            // Its own bytes go, and the process ends before it hears of that.
            hand.step(taken);
            let last = hand.core.next_job().unwrap();
            assert!(matches!(last.work, Work::Remove(_)));
            assert!(hand.core.trees().read().leaving().contains(&node));
            hand.job(last.work);
            drop(hand);
            let mut hand = Hand::open(&world, Originals);
            hand.sync_well();
            assert!(world.lock().cloud.records.values().all(|record| !record.deleted()));
        }
    }
}

/// The files of which a job asks for proof.
fn proved(work: &Work) -> Vec<NodeId> {
    match work {
        Work::Prove(items) => items.iter().map(|item| item.node).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_freeing_ends_when_all_its_batches_are_back() {
    for (stopped, throttled) in [(true, false), (false, false), (false, true)] {
        let (world, mut hand) = one_at_a_time();
        let mut jobs = begun(&mut hand, 1_000);
        assert_eq!(jobs.len(), 4);
        let first = jobs.remove(0);
        if stopped {
            hand.core.stop_optimize();
        } else {
            let weather = &mut world.lock().devices[0].weather;
            (weather.gone, weather.throttled) = (!throttled, throttled);
        }
        hand.step(first);
        while let Some(next) = jobs.pop() {
            assert_eq!(ends(&hand), [], "other batches are under way");
            assert!(hand.core.next_job().is_none(), "nothing new begins");
            hand.step(next);
        }
        let end = if stopped { OptimizeState::Stopped } else { OptimizeState::Failed };
        assert_eq!(ends(&hand), [end]);
        assert_eq!(hand.files().len(), 6);
    }
}
