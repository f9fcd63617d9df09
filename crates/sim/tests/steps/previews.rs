//! Thumbnails and LCD pictures: made once, received without originals, and never in a photo's way.

use cloudsync_cloud::CloudType;
use cloudsync_engine::DownloadPolicy::{OnDemand, Originals};
use cloudsync_engine::job::{Outcome, Work};
use cloudsync_engine::ports::{FileSystem, Heat, PreviewKind, PreviewName};
use cloudsync_engine::{
    BatchProgress, Code, DownloadErrorType, DownloadFileType, DownloadState, Event, SyncState,
};
use cloudsync_sim::picture_of;

use crate::hand::{Hand, World, world};
use crate::{files_sent, record_of, rename_elsewhere};

const CAT: &[u8] = b"photo of a cat, asleep";
const DOG: &[u8] = b"photo of a dog, awake!";

fn uri(name: &str) -> String {
    format!("file://media/Photo/{name}")
}

fn name(photo: &[u8], kind: PreviewKind) -> PreviewName {
    PreviewName { content: *blake3::hash(photo).as_bytes(), kind }
}

/// What a device has of the previews of a photo with these bytes.
fn kept(world: &World, device: usize, photo: &[u8]) -> [Option<Vec<u8>>; 2] {
    PreviewKind::ALL.map(|kind| world.lock().devices[device].previews.get(&name(photo, kind)).cloned())
}

fn both(photo: &[u8]) -> [Option<Vec<u8>>; 2] {
    PreviewKind::ALL.map(|kind| Some(picture_of(photo).of(kind).to_vec()))
}

fn thumbnail_alone(photo: &[u8]) -> [Option<Vec<u8>>; 2] {
    let [thumbnail, _] = both(photo);
    [thumbnail, None]
}

/// The previews that a photo's record names.
fn named(world: &World, photo: &str) -> Vec<String> {
    let (.., values) = record_of(world, photo);
    ["thumbnail", "lcd"].into_iter().filter(|field| values.contains_key(*field)).map(str::to_owned).collect()
}

/// Asks for files and does all that follows; how the batch ended.
fn batch(hand: &mut Hand, names: &[&str], file_type: DownloadFileType) -> BatchProgress {
    let uris = names.iter().map(|name| uri(name)).collect();
    while hand.sink.next().is_some() {}
    hand.core.start_batch(7, 1, uris, file_type).unwrap();
    hand.idle();
    let events = std::iter::from_fn(|| hand.sink.next());
    let batches = events.filter_map(|event| match event {
        Event::Batch { progress, .. } => Some(progress),
        _ => None,
    });
    let mut finals = batches.filter(|progress| progress.state != DownloadState::Running);
    let last = finals.next().unwrap();
    assert!(finals.next().is_none());
    last
}

/// A device that has sent a cat, and one that knows it from the cloud alone.
fn two(digests: bool) -> (World, Hand, Hand) {
    let world = world(digests);
    let mut there = Hand::of_device(&world, 1, Originals);
    there.put("cat", CAT);
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, OnDemand);
    here.sync_well();
    (world, there, here)
}

#[test]
fn a_second_device_has_thumbnails_without_originals() {
    for digests in [true, false] {
        let (world, _there, mut here) = two(digests);
        assert_eq!(kept(&world, 1, CAT), both(CAT), "the sender made them");
        assert!(here.files().is_empty());
        assert_eq!(kept(&world, 0, CAT), thumbnail_alone(CAT));

        let states = here.core.states();
        assert!(states.preview_path(&uri("cat"), PreviewKind::Thumbnail).is_ok());
        let lcd = states.preview_path(&uri("cat"), PreviewKind::Lcd).unwrap_err();
        assert_eq!(lcd.code, Code::TryAgain, "{lcd}");

        let last = batch(&mut here, &["cat"], DownloadFileType::Lcd);
        assert_eq!((last.state, last.succeeded), (DownloadState::Completed, vec![uri("cat")]));
        assert_eq!((last.downloaded, last.total), (picture_of(CAT).lcd.len() as u64, last.downloaded));
        assert_eq!(kept(&world, 0, CAT), both(CAT));
        assert!(here.files().is_empty(), "pictures are no originals");
    }
}

#[test]
fn a_run_tells_of_files_and_not_of_their_pictures() {
    let (_world, mut there, mut here) = two(true);
    there.put("dog", DOG);
    let last = there.sync(|_, _| {});
    assert_eq!((last.files_done, last.files_total, last.bytes_done), (1, 1, DOG.len() as u64));
    let last = here.sync(|_, _| {});
    assert_eq!((last.files_done, last.bytes_done, last.bytes_total), (0, 0, 0));
}

#[test]
fn what_is_here_already_is_not_fetched() {
    let (_world, _there, mut here) = two(true);
    let uris = vec![uri("cat")];
    here.idle();
    here.core.start_batch(7, 1, uris, DownloadFileType::Thumbnail).unwrap();
    assert!(here.core.next_job().is_none(), "it is here");
    here.sync(|_, job| assert!(!matches!(job.work, Work::FetchPreviews(_)), "it was fetched before"));
}

#[test]
fn pictures_do_not_come_where_the_device_is_too_hot() {
    let (world, _there, mut here) = two(true);
    here.idle();
    world.lock().devices.iter_mut().for_each(|device| device.conditions.heat = Heat::Overheated);
    assert_eq!(batch(&mut here, &["cat"], DownloadFileType::Lcd).state, DownloadState::Stopped);
}

#[test]
fn several_batches_share_one_transfer() {
    let (_world, _there, mut here) = two(true);
    here.idle();
    for task in 1..=2 {
        here.core.start_batch(7, task, vec![uri("cat")], DownloadFileType::Lcd).unwrap();
    }
    let job = here.core.next_job().unwrap();
    assert!(here.core.next_job().is_none());
    here.finish(job);
    let finals = std::iter::from_fn(|| here.sink.next()).filter(
        |event| matches!(event, Event::Batch { progress, .. } if progress.state == DownloadState::Completed),
    );
    assert_eq!(finals.count(), 2);
}

#[test]
fn a_stopped_batch_of_pictures_ends_once_and_others_go_on() {
    let (world, _there, mut here) = two(true);
    here.idle();
    for task in 1..=2 {
        here.core.start_batch(7, task, vec![uri("cat")], DownloadFileType::Lcd).unwrap();
    }
    here.core.stop_batch(7, 1, cloudsync_engine::core::Partial::Keep);
    here.idle();
    let finals: Vec<_> = std::iter::from_fn(|| here.sink.next())
        .filter_map(|event| match event {
            Event::Batch { progress, .. } if progress.state != DownloadState::Running => {
                Some((progress.task, progress.state))
            }
            _ => None,
        })
        .collect();
    assert_eq!(finals, [(1, DownloadState::Stopped), (2, DownloadState::Completed)]);
    assert_eq!(kept(&world, 0, CAT), both(CAT));
}

#[test]
fn a_file_without_previews_fails_alone() {
    let (world, mut there, mut here) = two(true);
    there.put("notes", b"no picture at all, but words");
    there.put("broken", b"photo that is broken and cannot be shown");
    there.sync_well();
    assert_eq!((named(&world, "notes"), named(&world, "broken")), (vec![], vec![]));
    here.sync_well();
    for file_type in [DownloadFileType::Thumbnail, DownloadFileType::Lcd] {
        let last = batch(&mut here, &["notes", "cat", "broken", "none"], file_type);
        let failed = ["notes", "broken", "none"].map(|name| (uri(name), DownloadErrorType::ContentNotFound));
        assert_eq!((last.state, last.succeeded), (DownloadState::Failed, vec![uri("cat")]));
        assert_eq!(last.failed, failed);
    }
    let states = here.core.states();
    for name in ["notes", "broken", "none"] {
        assert_eq!(states.preview_path(&uri(name), PreviewKind::Lcd).unwrap_err().code, Code::NoSuchFile);
    }
}

#[test]
fn a_changed_photo_has_new_previews_and_the_old_ones_go() {
    let (world, mut there, mut here) = two(true);
    there.disk.remove_file("cat").unwrap();
    there.put("cat", DOG);
    there.sync_well();
    there.idle();
    assert_eq!((kept(&world, 1, CAT), kept(&world, 1, DOG)), ([None, None], both(DOG)));
    here.sync_well();
    here.idle();
    assert_eq!((kept(&world, 0, CAT), kept(&world, 0, DOG)), ([None, None], thumbnail_alone(DOG)));
}

#[test]
fn a_renamed_photo_keeps_its_previews_and_sends_none() {
    let world = world(true);
    let mut here = Hand::of_device(&world, 0, Originals);
    here.put("cat", CAT);
    here.sync_well();
    let assets = |photo: &str| {
        let (.., values) = record_of(&world, photo);
        ["asset", "thumbnail", "lcd"].map(|field| match &values[field] {
            CloudType::Asset(asset) => (asset.asset_id.clone(), asset.size),
            other => panic!("{other:?}"),
        })
    };
    let before = assets("cat");
    here.disk.rename("cat", "tom").unwrap();
    here.sync(|_, job| assert_eq!(files_sent(job), 0));
    assert_eq!(assets("tom"), before);
    here.idle();
    assert_eq!(kept(&world, 0, CAT), both(CAT));

    rename_elsewhere(&world, "leo");
    here.sync_well();
    assert_eq!(assets("leo"), before);
    assert_eq!(kept(&world, 0, CAT), both(CAT));
}

#[test]
fn a_deleted_photo_takes_its_previews_along_but_not_those_of_its_copy() {
    let (world, mut there, mut here) = two(true);
    there.put("copy", CAT);
    there.sync_well();
    here.sync_well();
    there.disk.remove_file("cat").unwrap();
    for hand in [&mut there, &mut here] {
        hand.sync_well();
        hand.idle();
    }
    assert_eq!((kept(&world, 0, CAT), kept(&world, 1, CAT)), (thumbnail_alone(CAT), both(CAT)));
    there.disk.remove_file("copy").unwrap();
    for hand in [&mut there, &mut here] {
        hand.sync_well();
        hand.idle();
    }
    assert_eq!((kept(&world, 0, CAT), kept(&world, 1, CAT)), ([None, None], [None, None]));
}

#[test]
fn a_kill_between_any_two_jobs_leaves_a_photo_with_its_previews() {
    for killed in 0..12 {
        let world = world(true);
        let mut there = Hand::of_device(&world, 1, Originals);
        there.put("cat", CAT);
        there.core.start_sync().unwrap();
        let mut done = 0;
        while let Some(job) = there.core.next_job() {
            if done == killed {
                // It was done, and the engine never heard of it.
                there.job(job.work);
                break;
            }
            there.step(job);
            done += 1;
        }
        drop(there);
        let mut there = Hand::of_device(&world, 1, Originals);
        there.sync_well();
        assert_eq!(named(&world, "cat"), ["thumbnail", "lcd"], "killed in job {killed}");
        let mut here = Hand::of_device(&world, 0, OnDemand);
        here.sync_well();
        assert_eq!(kept(&world, 0, CAT), thumbnail_alone(CAT), "killed in job {killed}");
    }
}

#[test]
fn thumbnails_that_did_not_come_before_a_kill_come_after_it() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, Originals);
    there.put("cat", CAT);
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, OnDemand);
    let _never_run = here.sync_until(|work| matches!(work, Work::FetchPreviews(_)));
    drop(here);
    assert_eq!(kept(&world, 0, CAT), [None, None]);
    let mut here = Hand::of_device(&world, 0, OnDemand);
    here.sync_well();
    assert_eq!(kept(&world, 0, CAT), thumbnail_alone(CAT));
}

#[test]
fn a_thumbnail_that_does_not_come_is_no_error_and_comes_with_the_next_run() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, Originals);
    there.put("cat", CAT);
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, OnDemand);
    let last = here.sync(|hand, job| {
        let fetches = matches!(job.work, Work::FetchPreviews(_));
        hand.world.lock().devices[0].weather.transfer_cut = if fetches { 1000 } else { 0 };
    });
    assert_eq!(last.state, SyncState::Completed);
    assert_eq!(kept(&world, 0, CAT), [None, None]);
    world.lock().devices[0].weather.transfer_cut = 0;
    here.sync_well();
    assert_eq!(kept(&world, 0, CAT), thumbnail_alone(CAT));
}

/// Found by seed 1008591423: it was asked for once, before its bytes were there again, and never after.
#[test]
fn a_thumbnail_that_a_restored_cloud_lacks_comes_once_it_is_there_again() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, Originals);
    there.put("text", b"first");
    there.sync_well();
    world.lock().cloud.back_up();
    there.disk.rename("text", "renamed").unwrap();
    there.put("cat", CAT);
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, OnDemand);
    let fetch = here.sync_until(|work| matches!(work, Work::FetchPreviews(_)));
    assert!(world.lock().cloud.restore());
    here.finish(fetch);
    assert_eq!(kept(&world, 0, CAT), [None, None]);
    there.sync_well();
    while here.sink.next().is_some() {}
    here.sync_well();
    assert_eq!(kept(&world, 0, CAT), thumbnail_alone(CAT));
}

/// Found by seed 4000081944: so it was where only its record says that it is there again.
#[test]
fn a_thumbnail_that_the_cloud_lacked_is_asked_for_again_when_its_record_has_changed() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, Originals);
    there.put("cat", CAT);
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, OnDemand);
    let fetch = here.sync_until(|work| matches!(work, Work::FetchPreviews(_)));
    let lost = std::mem::take(&mut world.lock().cloud.assets);
    here.finish(fetch);
    while here.sink.next().is_some() {}
    assert_eq!(kept(&world, 0, CAT), [None, None]);
    world.lock().cloud.assets = lost;
    there.disk.rename("cat", "renamed").unwrap();
    there.sync_well();
    here.sync_well();
    assert_eq!(kept(&world, 0, CAT), thumbnail_alone(CAT));
}

#[test]
fn bytes_that_changed_on_the_way_are_no_preview() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, Originals);
    there.put("cat", CAT);
    there.sync_well();
    let mut here = Hand::of_device(&world, 0, OnDemand);
    let job = here.sync_until(|work| matches!(work, Work::FetchPreviews(_)));
    world.lock().devices[0].weather.byte_flipped = 1000;
    let Outcome::Previews(outcomes) = here.job(job.work) else { panic!() };
    assert!(matches!(outcomes[..], [cloudsync_engine::job::PreviewOutcome::Refused(_)]), "{outcomes:?}");
    assert_eq!(kept(&world, 0, CAT), [None, None]);
}

#[test]
fn a_full_disk_under_the_previews_does_not_hold_a_photo_back() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, Originals);
    there.put("cat", CAT);
    world.lock().devices[1].weather.disk_full = true;
    let last = there.sync(|_, _| {});
    assert_eq!(last.state, SyncState::Completed);
    assert_eq!((named(&world, "cat").len(), kept(&world, 1, CAT)), (2, [None, None]));
}

#[test]
fn a_photo_whose_space_is_freed_keeps_its_previews() {
    let (world, mut there, _here) = two(true);
    there.idle();
    there.core.clean(&uri("cat"), Box::new(|result| result.unwrap()));
    there.idle();
    assert!(there.files().is_empty());
    there.sync_well();
    there.idle();
    assert_eq!(kept(&world, 1, CAT), both(CAT));
}
