//! The parts of one photo are removed, brought back, sent and fetched together.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_cloud::{CloudType, RowWrite};
use cloudsync_engine::Code;
use cloudsync_engine::DownloadPolicy::{OnDemand, Originals};
use cloudsync_engine::job::{DiskOp, Work};
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::tree::Scope;
use cloudsync_engine::{
    Config, DownloadFileType, DownloadPolicy, DownloadState, Event, Result, SyncProgress, SyncState,
};
use cloudsync_sim::{Device, Doom, Rng, Shared};

use crate::hand::{DISK, Hand, World, world};
use crate::removals::{ask, both, live_records, remove, restore, sync_both, uri};

const LIVE: [(&str, &str); 3] = [("IMG_1.HEIC", "still"), ("IMG_1.MOV", "video"), ("b.jpg", "other")];

fn names(hand: &Hand) -> BTreeSet<String> {
    hand.files().into_keys().collect()
}

fn are(hand: &Hand, expected: &[&str]) -> bool {
    names(hand) == expected.iter().map(|name| (*name).to_owned()).collect()
}

fn empty_trash(hand: &Hand) {
    hand.disk.list_trash().unwrap().iter().for_each(|name| hand.disk.empty_trash(name).unwrap());
}

#[test]
fn a_removed_photo_goes_with_all_its_parts_and_comes_back_whole() {
    for (named, back) in [("IMG_1.HEIC", "IMG_1.MOV"), ("IMG_1.MOV", "IMG_1.MOV")] {
        let (world, mut here, mut there) = both(&LIVE);
        remove(&mut here, named).unwrap();
        assert!(are(&here, &["b.jpg"]), "at once");
        sync_both(&mut here, &mut there);
        assert!(are(&there, &["b.jpg"]));
        assert_eq!(live_records(&world.lock()), 1);
        restore(&mut there, back).unwrap();
        assert!(are(&there, &["IMG_1.HEIC", "IMG_1.MOV", "b.jpg"]), "from the trash of the other device");
        sync_both(&mut here, &mut there);
        assert_eq!(here.files().get("IMG_1.HEIC"), Some(&b"still".to_vec()));
        assert_eq!(here.files(), there.files());
    }
}

#[test]
fn from_the_clouds_trash_it_comes_back_whole() {
    let (world, mut here, mut there) = both(&LIVE);
    remove(&mut here, "IMG_1.MOV").unwrap();
    sync_both(&mut here, &mut there);
    empty_trash(&here);
    empty_trash(&there);
    restore(&mut there, "IMG_1.HEIC").unwrap();
    assert_eq!(live_records(&world.lock()), 3);
    sync_both(&mut here, &mut there);
    assert!(are(&here, &["IMG_1.HEIC", "IMG_1.MOV", "b.jpg"]));
}

/// What no sync has seen goes as well: a photo that was taken a moment ago.
#[test]
fn parts_that_no_sync_has_seen_go_and_come_back() {
    let (_world, mut here, mut there) = both(&[("b.jpg", "other"), ("IMG_1.HEIC", "still")]);
    here.put("IMG_1.MOV", b"video");
    here.put("IMG_2.HEIC", b"another");
    remove(&mut here, "IMG_1.HEIC").unwrap();
    assert!(are(&here, &["IMG_2.HEIC", "b.jpg"]));
    sync_both(&mut here, &mut there);
    assert!(are(&there, &["IMG_2.HEIC", "b.jpg"]));
    restore(&mut here, "IMG_1.HEIC").unwrap();
    sync_both(&mut here, &mut there);
    assert!(are(&there, &["IMG_1.HEIC", "IMG_1.MOV", "IMG_2.HEIC", "b.jpg"]));
}

#[test]
fn who_deletes_one_part_by_hand_deletes_that_part() {
    let (_world, mut here, mut there) = both(&LIVE);
    here.disk.remove_file("IMG_1.MOV").unwrap();
    sync_both(&mut here, &mut there);
    assert!(are(&here, &["IMG_1.HEIC", "b.jpg"]) && are(&there, &["IMG_1.HEIC", "b.jpg"]));
}

/// The change of one part wins over the deletion of all, for that part; the rest is in the trash and comes back.
#[test]
fn a_changed_part_stays_and_the_others_can_be_had_back() {
    let (_world, mut here, mut there) = both(&LIVE);
    there.disk.remove_file("IMG_1.MOV").unwrap();
    there.put("IMG_1.MOV", b"cut");
    there.sync_well();
    remove(&mut here, "IMG_1.HEIC").unwrap();
    sync_both(&mut here, &mut there);
    assert_eq!(here.files().get("IMG_1.MOV"), Some(&b"cut".to_vec()));
    assert!(are(&there, &["IMG_1.MOV", "b.jpg"]));
    restore(&mut here, "IMG_1.HEIC").unwrap();
    sync_both(&mut here, &mut there);
    assert_eq!(there.files().get("IMG_1.HEIC"), Some(&b"still".to_vec()));
    assert_eq!(there.files().get("IMG_1.MOV"), Some(&b"cut".to_vec()));
}

#[test]
fn parts_here_and_in_the_cloud_alone_go_and_come_back_together() {
    for synced in [false, true] {
        let (world, mut here, _) = both(&[("IMG_1.HEIC", "still"), ("IMG_1.MOV", "video")]);
        let mut phone = Hand::of_device(&world, 1, OnDemand);
        phone.sync_well();
        let came = ask(&mut phone, |core, answer| core.clean(&uri("IMG_1.HEIC"), answer), |_, _| {});
        came.unwrap();
        assert!(phone.files().is_empty());
        remove(&mut phone, "IMG_1.MOV").unwrap();
        if synced {
            sync_both(&mut phone, &mut here);
            assert!(here.files().is_empty());
            empty_trash(&here);
        }
        restore(&mut phone, "IMG_1.HEIC").unwrap();
        sync_both(&mut phone, &mut here);
        assert!(are(&here, &["IMG_1.HEIC", "IMG_1.MOV"]), "synced: {synced}");
    }
}

/// What has the name of another part now is left as it is, and so is that part in the trash.
#[test]
fn nothing_is_restored_over_another_part() {
    let (_world, mut here, mut there) = both(&LIVE);
    remove(&mut here, "IMG_1.HEIC").unwrap();
    here.put("IMG_1.MOV", b"a new one");
    assert_eq!(restore(&mut here, "IMG_1.MOV").unwrap_err().code, Code::FileExists);
    assert!(are(&here, &["IMG_1.MOV", "b.jpg"]), "no part of it");
    restore(&mut here, "IMG_1.HEIC").unwrap();
    sync_both(&mut here, &mut there);
    assert_eq!(there.files().get("IMG_1.MOV"), Some(&b"a new one".to_vec()));
    assert_eq!(there.files().get("IMG_1.HEIC"), Some(&b"still".to_vec()));
}

/// A process that ends between the parts: the next start finishes what was asked for, and one restore undoes it.
#[test]
fn a_kill_between_the_parts_of_a_removal() {
    for (synced, one, other) in [
        (true, "IMG_1.HEIC", "IMG_1.MOV"),
        (true, "IMG_1.MOV", "IMG_1.HEIC"),
        (false, "IMG_1.HEIC", "IMG_1.MOV"),
    ] {
        let (world, mut here, mut there) = both(if synced { &LIVE } else { &LIVE[2..] });
        if !synced {
            here.put(one, b"one");
            here.put(other, b"other");
            world.lock().pass(1_000_000_000);
            // Known, and not sent.
            here.sync_until(|work| matches!(work, Work::NewIds(_)));
        }
        here.core.remove(&uri("IMG_1.HEIC"), Box::new(|_| {}));
        let job = here.core.next_job().unwrap();
        let Work::ToTrash { paths, .. } = &job.work else { panic!("{job:?}") };
        assert_eq!(paths.len(), 2);
        // As the job does, and no further.
        let bin = ".cloudsync/trash/1700000000-1";
        here.disk.make_dir(bin).unwrap();
        here.disk.rename(one, &format!("{bin}/{one}")).unwrap();
        drop(here);
        let mut here = Hand::of_device(&world, 0, Originals);
        sync_both(&mut here, &mut there);
        assert!(are(&here, &["b.jpg"]), "{synced} {one}");
        assert!(are(&there, &["b.jpg"]));
        restore(&mut here, other).unwrap();
        sync_both(&mut here, &mut there);
        assert!(are(&there, &["IMG_1.HEIC", "IMG_1.MOV", "b.jpg"]), "{synced} {one}");
    }
}

/// Found by seed 5000192683: where somebody is registered for changes, the disk is looked at before the next run begins,
/// which has nothing to look at any more then.
#[test]
fn a_kill_between_the_parts_of_a_removal_that_a_look_finds() {
    for (went, left) in [("IMG_1.MOV", "IMG_1.HEIC"), ("IMG_1.HEIC", "IMG_1.MOV")] {
        let (world, mut here, mut there) = both(&LIVE);
        here.core.remove(&uri("IMG_1.HEIC"), Box::new(|_| {}));
        let bin = ".cloudsync/trash/1700000000-1";
        here.disk.make_dir(bin).unwrap();
        here.disk.rename(went, &format!("{bin}/{went}")).unwrap();
        drop(here);
        let mut here = Hand::with(&world, 0, |config| config.download_policy = Originals, true);
        here.core.watch(1, Scope { path: String::new(), recursive: true });
        here.wait();
        let look = here.core.next_job().unwrap();
        assert!(matches!(look.work, Work::Scan { .. }), "{look:?}");
        here.finish(look);
        here.idle();
        assert!(are(&here, &[left, "b.jpg"]), "a look changes nothing");
        let mut begun = false;
        let last = here.sync(|_, job| {
            begun |= matches!(job.work, Work::ToTrash { .. });
            assert!(begun || !matches!(job.work, Work::Scan { .. }), "{job:?}");
        });
        assert_eq!(last.state, SyncState::Completed);
        assert!(are(&here, &["b.jpg"]));
        sync_both(&mut here, &mut there);
        assert!(are(&there, &["b.jpg"]));
    }
}

/// The same, where the process that has looked ends too.
#[test]
fn a_kill_between_the_parts_of_a_removal_and_one_after_the_look() {
    let (world, mut here, mut there) = both(&LIVE);
    here.core.remove(&uri("IMG_1.HEIC"), Box::new(|_| {}));
    let bin = ".cloudsync/trash/1700000000-1";
    here.disk.make_dir(bin).unwrap();
    here.disk.rename("IMG_1.HEIC", &format!("{bin}/IMG_1.HEIC")).unwrap();
    drop(here);
    for _ in 0..2 {
        let mut here = Hand::with(&world, 0, |config| config.download_policy = Originals, true);
        here.core.watch(1, Scope { path: String::new(), recursive: true });
        here.wait();
        here.idle();
        assert!(are(&here, &["IMG_1.MOV", "b.jpg"]), "a look changes nothing");
    }
    let mut here = Hand::with(&world, 0, |config| config.download_policy = Originals, true);
    sync_both(&mut here, &mut there);
    assert!(are(&here, &["b.jpg"]));
    assert!(are(&there, &["b.jpg"]));
}

/// After such a kill, what a person changed before the next start stays.
#[test]
fn what_changed_after_a_kill_between_the_parts_stays() {
    let (world, mut here, mut there) = both(&LIVE);
    here.core.remove(&uri("IMG_1.HEIC"), Box::new(|_| {}));
    here.disk.remove_file("IMG_1.HEIC").unwrap();
    drop(here);
    let mut here = Hand::of_device(&world, 0, Originals);
    here.disk.remove_file("IMG_1.MOV").unwrap();
    here.put("IMG_1.MOV", b"changed");
    sync_both(&mut here, &mut there);
    assert_eq!(there.files().get("IMG_1.MOV"), Some(&b"changed".to_vec()));
}

/// A process that ends while parts come back: whoever asks again gets them all.
#[test]
fn a_kill_between_the_parts_of_a_restore() {
    let (world, mut here, mut there) = both(&LIVE);
    remove(&mut here, "IMG_1.HEIC").unwrap();
    sync_both(&mut here, &mut there);
    let bin = here.disk.list_trash().unwrap().pop().unwrap();
    // What was asked for comes last.
    here.disk.rename(&format!(".cloudsync/trash/{bin}/IMG_1.MOV"), "IMG_1.MOV").unwrap();
    drop(here);
    let mut here = Hand::of_device(&world, 0, Originals);
    sync_both(&mut here, &mut there);
    restore(&mut here, "IMG_1.HEIC").unwrap();
    sync_both(&mut here, &mut there);
    assert!(are(&there, &["IMG_1.HEIC", "IMG_1.MOV", "b.jpg"]));
}

/// The same, wherever within the job the process ends.
#[test]
fn a_kill_anywhere_in_a_restore() {
    let mut torn = 0;
    for calls in 0..40 {
        let (world, mut here, mut there) = both(&LIVE);
        remove(&mut here, "IMG_1.HEIC").unwrap();
        sync_both(&mut here, &mut there);
        here.core.restore(&uri("IMG_1.HEIC"), Box::new(|_| {}));
        let job = here.core.next_job().unwrap();
        assert!(matches!(job.work, Work::FromTrash { .. }), "{job:?}");
        world.lock().devices[0].doom = Some(Doom { calls, power_cut: false });
        here.run(job);
        world.lock().devices[0].doom = None;
        drop(here);
        let mut here = Hand::of_device(&world, 0, Originals);
        torn += u32::from(names(&here).len() == 2);
        sync_both(&mut here, &mut there);
        match restore(&mut here, "IMG_1.HEIC") {
            Ok(()) => sync_both(&mut here, &mut there),
            Err(error) => assert_eq!(error.code, Code::FileExists),
        }
        for hand in [&here, &there] {
            assert!(are(hand, &["IMG_1.HEIC", "IMG_1.MOV", "b.jpg"]), "{calls}: {:?}", names(hand));
        }
    }
    assert!(torn > 0);
}

/// What the disk refuses for one part stays as a whole; where it refuses even that, it goes as a whole.
#[test]
fn a_photo_that_cannot_go_as_a_whole_stays_as_a_whole() {
    let (world, mut here, mut there) = both(&LIVE);
    let (mut stayed, mut went, mut put_back) = (0, 0, 0);
    for seed in 0..100 {
        world.lock().rng = Rng::new(seed);
        let before = here.stamp("IMG_1.MOV").ctime_ns;
        world.lock().devices[0].weather.disk_error = 250;
        let result = remove(&mut here, "IMG_1.HEIC");
        world.lock().devices[0].weather.disk_error = 0;
        // A move gives a new change time.
        put_back += u32::from(names(&here).len() == 3 && here.stamp("IMG_1.MOV").ctime_ns != before);
        sync_both(&mut here, &mut there);
        match names(&here).len() {
            1 => went += 1,
            all => assert_eq!((all, result.map_err(|error| error.code)), (3, Err(Code::Io)), "{seed}"),
        }
        assert_eq!(here.files(), there.files());
        if names(&here).len() == 1 {
            restore(&mut here, "IMG_1.MOV").unwrap();
            sync_both(&mut here, &mut there);
        } else {
            stayed += 1;
        }
        assert!(are(&there, &["IMG_1.HEIC", "IMG_1.MOV", "b.jpg"]), "{seed}");
    }
    assert!(stayed > 0 && went > 0 && put_back > 0, "{stayed} {went} {put_back}");
}

/// The names of the files that a job is about; of records too.
fn about(shared: &Shared, work: &Work) -> BTreeSet<String> {
    let last = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    match work {
        Work::Fetch(items) => items.iter().map(|item| last(&item.path)).collect(),
        Work::Place(items) => items.iter().map(|item| last(&item.fetched.path)).collect(),
        Work::Disk(ops) => ops
            .actions()
            .iter()
            .filter_map(|op| match op {
                DiskOp::Trash { path, .. } => Some(last(path)),
                _ => None,
            })
            .collect(),
        Work::Write(batch) => {
            let known = |id: &str| shared.cloud.records.iter().find(|((_, other), _)| other == id);
            let rows = batch.inserts.iter().chain(&batch.updates).chain(&batch.deletes);
            let name = |row: &RowWrite| known(&row.id)?.1.values.get("name").cloned();
            rows.filter_map(|row| match row.values.get("name").cloned().or_else(|| name(row)) {
                Some(CloudType::String(name)) => Some(name),
                _ => None,
            })
            .collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Syncs, and counts the jobs about photos of so many parts, each of which is about all parts of those.
fn whole(hand: &mut Hand, parts: usize, jobs: &mut usize) -> SyncProgress {
    let last = hand.sync(|hand, job| {
        let mut photos: BTreeMap<String, usize> = BTreeMap::new();
        for name in about(&hand.world.lock(), &job.work) {
            if let Some((photo, _)) = name.split_once('.') {
                *photos.entry(photo.to_owned()).or_default() += 1;
            }
        }
        let torn = photos.iter().find(|(_, found)| **found != parts);
        assert_eq!(torn, None, "of {} in a {}", photos.len(), kind(&job.work));
        *jobs += usize::from(!photos.is_empty());
    });
    hand.world.lock().pass(1_000_000_000);
    last
}

fn kind(work: &Work) -> String {
    format!("{work:?}").split(['(', ' ']).next().unwrap().to_owned()
}

fn unheld(world: &World, device: usize, policy: DownloadPolicy) -> Hand {
    let configure = |config: &mut Config| {
        config.download_policy = policy;
        config.transfer_threads = 1;
        config.deletion_hold.files = u64::MAX;
    };
    Hand::with(world, device, configure, false)
}

/// Photos of three parts: no batch's size is a multiple of that.
#[test]
fn no_batch_ends_within_a_photo() {
    let world = world(true);
    let (mut here, mut there) = (unheld(&world, 0, Originals), unheld(&world, 1, Originals));
    let names = put_photos(&here, 400);
    let mut jobs = 0;
    for (hand, least) in [(&mut here, 2), (&mut there, 2 + 6)] {
        assert_eq!(whole(hand, 3, &mut jobs).state, SyncState::Completed);
        assert!(jobs >= least, "written in several batches; fetched, and put in place, in several");
    }
    assert_eq!(there.files(), here.files());
    jobs = 0;
    names.iter().for_each(|name| here.disk.remove_file(name).unwrap());
    for (hand, least) in [(&mut here, 2), (&mut there, 2 + 5)] {
        assert_eq!(whole(hand, 3, &mut jobs).state, SyncState::Completed);
        assert!(jobs >= least, "deleted in several batches; put into the trash by several jobs");
    }
    assert_eq!(there.files().len(), 0);
}

/// Nothing of the photo is told to others before all of it can be.
#[test]
fn a_part_that_changes_while_it_is_sent_is_waited_for() {
    let world = world(true);
    let mut here = Hand::open(&world, Originals);
    here.put("z.heic", b"still");
    here.put("z.mov", b"video");
    world.lock().pass(1_000_000_000);
    let (mut changed, mut writes) = (false, 0);
    let last = here.sync(|hand, job| {
        if matches!(job.work, Work::Upload(_)) && !std::mem::replace(&mut changed, true) {
            hand.disk.remove_file("z.mov").unwrap();
            hand.put("z.mov", b"longer video");
        }
        let about = about(&hand.world.lock(), &job.work);
        if !about.is_empty() {
            assert_eq!(about.len(), 2, "{about:?}");
            writes += 1;
        }
    });
    assert_eq!((last.state, writes), (SyncState::Completed, 1));
}

/// A photo for which the cloud has no room as a whole waits as a whole, whichever of its parts is too large, and no
/// other file waits for it.
#[test]
fn a_photo_that_the_cloud_has_no_room_for_waits_as_a_whole() {
    for (still, video) in [(5, 90), (90, 5)] {
        let world = world(true);
        let mut here = unheld(&world, 0, Originals);
        here.put("b.jpg", b"other");
        here.sync_well();
        here.put("z.heic", &vec![1; still]);
        here.put("z.mov", &vec![7; video]);
        here.put("z.xmp", b"sidecar");
        world.lock().pass(1_000_000_000);
        world.lock().cloud.quota = Some(50);
        let last = here.sync(|_, _| {});
        assert_eq!((last.state, last.files_failed), (SyncState::UploadFailed, 3));
        for part in ["z.heic", "z.mov", "z.xmp"] {
            assert_eq!(here.trouble(part).unwrap().0, Code::NoSpace, "{part}");
        }
        assert_eq!(live_records(&world.lock()), 1);
        world.lock().cloud.quota = None;
        here.sync_well();
        assert_eq!(live_records(&world.lock()), 4);
    }
}

/// Puts photos of three parts each, and returns their names.
fn put_photos(hand: &Hand, count: u32) -> Vec<String> {
    let photo = |n: u32| ["heic", "mov", "xmp"].map(|kind| format!("p{n:04}.{kind}"));
    let names: Vec<String> = (0..count).flat_map(photo).collect();
    names.iter().for_each(|name| hand.put(name, name.as_bytes()));
    names
}

/// Photos of three parts, and there is room for some of the parts of one.
#[test]
fn a_photo_half_sent_to_a_cloud_that_is_full_waits_as_a_whole() {
    let world = world(true);
    let mut here = unheld(&world, 0, Originals);
    put_photos(&here, 400);
    world.lock().pass(1_000_000_000);
    world.lock().cloud.quota = Some(5000);
    let mut jobs = 0;
    assert_eq!(whole(&mut here, 3, &mut jobs).state, SyncState::UploadFailed);
    let sent = live_records(&world.lock());
    assert!(jobs > 0 && (400..600).contains(&sent), "{sent}");
    world.lock().cloud.quota = None;
    here.sync_well();
    assert_eq!(live_records(&world.lock()), 1200);
}

/// While some are still being sent, others are told of: no photo in part.
#[test]
fn no_part_is_told_of_while_another_is_being_sent() {
    let world = world(true);
    let configure = |config: &mut Config| {
        config.download_policy = Originals;
        config.transfer_threads = 2;
    };
    let mut here = Hand::with(&world, 0, configure, false);
    put_photos(&here, 1000);
    world.lock().pass(1_000_000_000);
    let slow = here.sync_until(|work| matches!(work, Work::Upload(_)));
    let Work::Upload(items) = &slow.work else { panic!("{slow:?}") };
    assert_ne!(items.len() % 3, 0, "it ends within a photo");
    let write = here.live_until(|work| matches!(work, Work::Write(_)));
    let mut photos: BTreeMap<String, usize> = BTreeMap::new();
    for name in about(&world.lock(), &write.work) {
        *photos.entry(name.split_once('.').unwrap().0.to_owned()).or_default() += 1;
    }
    assert_eq!(photos.iter().find(|(_, parts)| **parts != 3), None, "of {}", photos.len());
    here.step(write);
    here.finish(slow);
    here.live_for(10_000_000_000);
    assert_eq!(live_records(&world.lock()), 3000);
}

/// One file is too large for the cloud, and others fit: of a photo that a batch ended within, what was sent waits for
/// what is not sent any more.
#[test]
fn what_is_not_sent_any_more_is_waited_for() {
    let world = world(true);
    let mut here = unheld(&world, 0, Originals);
    put_photos(&here, 400);
    here.disk.remove_file("p0000.mov").unwrap();
    here.put("p0000.mov", &vec![7; 20_000]);
    world.lock().pass(1_000_000_000);
    world.lock().cloud.quota = Some(15_000);
    let mut jobs = 0;
    assert_eq!(whole(&mut here, 3, &mut jobs).state, SyncState::UploadFailed);
    let sent = live_records(&world.lock());
    assert!(jobs > 0 && sent < 1200 && sent > 0, "{sent}");
    world.lock().cloud.quota = None;
    here.sync_well();
    assert_eq!(live_records(&world.lock()), 1200);
}

/// A process that ends anywhere on the way to the cloud: the next one completes the photo.
#[test]
fn a_photo_half_sent_at_a_kill_is_completed() {
    let ends: [fn(&Work) -> bool; 3] = [
        |work| matches!(work, Work::Upload(_)),
        |work| matches!(work, Work::Lock),
        |work| matches!(work, Work::Write(_)),
    ];
    for end in ends {
        let world = world(true);
        let here = Hand::open(&world, Originals);
        here.put("z.heic", b"still");
        here.put("z.mov", b"video");
        world.lock().pass(1_000_000_000);
        here.killed_after(end);
        let seen = live_records(&world.lock());
        assert!(seen == 0 || seen == 2, "{seen}");
        world.lock().pass(60_000_000_000);
        let (mut here, mut there) = (Hand::open(&world, Originals), Hand::of_device(&world, 1, Originals));
        let mut jobs = 0;
        assert_eq!(whole(&mut here, 2, &mut jobs).state, SyncState::Completed);
        there.sync_well();
        assert!(are(&there, &["z.heic", "z.mov"]) && live_records(&world.lock()) == 2);
    }
}

/// A device that holds only what is asked for, and another that has a photo.
fn phone(files: &[(&str, &str)]) -> (World, Hand) {
    let (world, _, _) = both(files);
    world.lock().devices[1] = Device::new(DISK, 0);
    let mut phone = Hand::of_device(&world, 1, OnDemand);
    phone.sync_well();
    (world, phone)
}

/// How the downloads ended since this was last asked.
fn ended(hand: &Hand) -> Vec<(String, DownloadState)> {
    let events = std::iter::from_fn(|| hand.sink.next());
    let ended = events.filter_map(|event| match event {
        Event::Download { progress, .. } if progress.state != DownloadState::Running => {
            Some((progress.uri, progress.state))
        }
        _ => None,
    });
    ended.collect()
}

#[test]
fn who_asks_for_one_part_gets_the_others_after_it() {
    let (_world, mut phone) = phone(&LIVE);
    phone.core.start_download(7, &uri("IMG_1.MOV")).unwrap();
    let mut urgent = Vec::new();
    while let Some(job) = phone.core.next_job() {
        if let Work::Place(items) = &job.work {
            urgent.push((items[0].fetched.path.clone(), job.urgent));
        }
        phone.step(job);
    }
    assert_eq!(urgent, [("IMG_1.MOV".to_owned(), true), ("IMG_1.HEIC".to_owned(), false)]);
    assert_eq!(ended(&phone), [(uri("IMG_1.MOV"), DownloadState::Completed)], "of what was asked for alone");
    assert!(are(&phone, &["IMG_1.HEIC", "IMG_1.MOV"]) && phone.core.is_idle());
}

#[test]
fn a_batch_brings_the_other_parts_too() {
    let (_world, mut phone) = phone(&LIVE);
    phone.core.start_batch(7, 1, vec![uri("IMG_1.HEIC")], DownloadFileType::Content).unwrap();
    phone.idle();
    let events = std::iter::from_fn(|| phone.sink.next());
    let last = events.filter_map(|event| match event {
        Event::Batch { progress, .. } => Some((progress.state, progress.files, progress.total)),
        _ => None,
    });
    assert_eq!(last.last(), Some((DownloadState::Completed, 1, 5)));
    assert!(are(&phone, &["IMG_1.HEIC", "IMG_1.MOV"]));
}

#[test]
fn who_stops_the_download_of_one_part_gets_no_other() {
    let (_world, mut phone) = phone(&LIVE);
    phone.core.start_download(7, &uri("IMG_1.MOV")).unwrap();
    let fetch = phone.core.next_job().unwrap();
    phone.core.stop_download(7, &uri("IMG_1.MOV"));
    phone.finish(fetch);
    phone.idle();
    assert_eq!(ended(&phone), [(uri("IMG_1.MOV"), DownloadState::Stopped)]);
    assert!(are(&phone, &[]));
}

/// A process that ends between the parts: whoever asks for any of them again gets the rest.
#[test]
fn a_kill_between_the_parts_of_a_download() {
    let (world, mut phone) = phone(&LIVE);
    phone.core.start_download(7, &uri("IMG_1.MOV")).unwrap();
    for _ in 0..2 {
        let job = phone.core.next_job().unwrap();
        phone.step(job);
    }
    assert!(are(&phone, &["IMG_1.MOV"]));
    drop(phone);
    let mut phone = Hand::of_device(&world, 1, OnDemand);
    phone.sync_well();
    phone.core.start_download(7, &uri("IMG_1.MOV")).unwrap();
    phone.idle();
    assert!(are(&phone, &["IMG_1.HEIC", "IMG_1.MOV"]));
}

/// What is coming is a part of the photo already: no other part of it goes meanwhile.
#[test]
fn a_photo_that_is_coming_is_not_evicted_in_part() {
    for begun in [false, true] {
        let (_world, mut phone) = phone(&LIVE);
        phone.core.start_download(7, &uri("IMG_1.MOV")).unwrap();
        for _ in 0..2 {
            let job = phone.core.next_job().unwrap();
            phone.step(job);
        }
        let next = if begun { phone.core.next_job() } else { None };
        // What has just come stays for its stamp alone.
        phone.world.lock().pass(1_000_000_000);
        let cleaned = clean(&mut phone, "IMG_1.MOV");
        next.into_iter().for_each(|job| phone.finish(job));
        phone.idle();
        assert_eq!(cleaned.unwrap_err().code, Code::TryAgain);
        assert!(are(&phone, &["IMG_1.HEIC", "IMG_1.MOV"]), "{begun}: {:?}", names(&phone));
    }
}

fn clean(hand: &mut Hand, path: &str) -> Result<()> {
    ask(hand, |core, answer| core.clean(&uri(path), answer), |_, _| {})
}

/// Parts of one photo that only what cameras write into them says to be so.
const UNLIKE: [(&str, &str); 3] =
    [("IMG_1.HEIC", "id:A still"), ("clip.MOV", "id:A video"), ("b.jpg", "id:B other")];

/// The other device has never read the files' own bytes when it is told: the records say it.
#[test]
fn parts_with_other_names_are_found_by_what_is_in_them() {
    for from_cloud in [false, true] {
        let (world, mut here, there) = both(&UNLIKE);
        drop(there);
        let mut there = Hand::of_device(&world, 1, Originals);
        remove(&mut there, "clip.MOV").unwrap();
        assert!(are(&there, &["b.jpg"]), "by the index");
        sync_both(&mut there, &mut here);
        assert!(are(&here, &["b.jpg"]));
        if from_cloud {
            empty_trash(&here);
            empty_trash(&there);
        }
        restore(&mut here, "IMG_1.HEIC").unwrap();
        sync_both(&mut here, &mut there);
        assert!(are(&here, &["IMG_1.HEIC", "b.jpg", "clip.MOV"]), "from the cloud: {from_cloud}");
        assert_eq!(here.files(), there.files());
    }
}

/// They are told to others together, too, from the first on: though thousands of other files are sent with them.
#[test]
fn parts_with_other_names_are_sent_together() {
    let world = world(true);
    let mut here = unheld(&world, 0, Originals);
    let pair = |letter: char| [format!("still {letter}.heic"), format!("{letter} in motion.MOV")];
    for letter in 'a'..='t' {
        pair(letter).iter().for_each(|name| here.put(name, format!("id:{letter} {name}").as_bytes()));
    }
    // Pairs by their names, what is alone, and what is nothing's part.
    let others = ["p.heic", "p.mov", "lonely.heic", "lone.mov"];
    others.iter().for_each(|name| here.put(name, b"says nothing"));
    (0..2_000).for_each(|n| here.put(&format!("{n:04}.txt"), b"text"));
    let (mut looked_at, mut written) = (BTreeSet::new(), 0);
    here.sync(|hand, job| {
        if let Work::Identify(folders) = &job.work {
            let files = folders.iter().flat_map(|folder| folder.videos.iter().chain(&folder.stills));
            looked_at.extend(files.map(|file| file.path.clone()));
        }
        if matches!(job.work, Work::Write(_)) {
            let about = about(&hand.world.lock(), &job.work);
            for letter in 'a'..='t' {
                let parts = pair(letter).iter().filter(|part| about.contains(*part)).count();
                assert_ne!(parts, 1, "{letter}");
                written += parts;
            }
        }
    });
    assert_eq!(written, 40);
    assert_eq!(looked_at.len(), 42, "{looked_at:?}");
    assert!(!looked_at.contains("p.heic") && !looked_at.contains("p.mov"));
}

/// Where no name leaves anything open, nothing is read before it is sent.
#[test]
fn what_its_names_say_of_a_photo_is_enough() {
    let world = world(true);
    let mut here = unheld(&world, 0, Originals);
    for name in ["IMG_1.HEIC", "IMG_1.MOV", "F/IMG_2.MOV", "F/notes.txt", "G/IMG_3.JPG"] {
        if let Some((folder, _)) = name.split_once('/')
            && here.disk.stat(folder).is_err()
        {
            here.disk.make_dir(folder).unwrap();
        }
        here.put(name, b"id:A part");
    }
    here.sync(|_, job| assert!(!matches!(job.work, Work::Identify(_)), "{job:?}"));
}

#[test]
fn parts_with_other_names_come_and_are_evicted_together() {
    let (_world, mut phone) = phone(&UNLIKE);
    phone.core.start_download(7, &uri("IMG_1.HEIC")).unwrap();
    phone.idle();
    assert!(are(&phone, &["IMG_1.HEIC", "clip.MOV"]), "by the records alone");
    phone.world.lock().pass(1_000_000_000);
    clean(&mut phone, "clip.MOV").unwrap();
    assert!(are(&phone, &[]));
}

/// An identifier counts within a folder, and what was read of a file whose bytes are others now counts no more.
#[test]
fn what_is_in_another_folder_or_was_in_a_file_once_is_no_part() {
    let (_world, mut here, mut there) = both(&UNLIKE);
    here.disk.make_dir("F").unwrap();
    here.disk.rename("clip.MOV", "F/clip.MOV").unwrap();
    here.disk.remove_file("b.jpg").unwrap();
    here.put("b.jpg", b"id:A photo now");
    here.put("c.mov", b"id:B one more");
    sync_both(&mut here, &mut there);
    remove(&mut there, "IMG_1.HEIC").unwrap();
    sync_both(&mut there, &mut here);
    assert!(are(&here, &["c.mov"]), "{:?}", names(&here));
    assert!(here.disk.stat("F/clip.MOV").is_ok());
}

/// The same on the device itself, before the cloud has heard of it.
#[test]
fn what_was_in_a_file_once_is_no_part_before_it_is_sent() {
    let (world, mut here, _) = both(&[("c.mov", "id:B video"), ("b.jpg", "id:B other")]);
    here.disk.remove_file("b.jpg").unwrap();
    here.put("b.jpg", b"id:A photo now");
    world.lock().cloud.quota = Some(0);
    assert_eq!(here.sync(|_, _| {}).state, SyncState::UploadFailed);
    remove(&mut here, "c.mov").unwrap();
    assert!(are(&here, &["b.jpg"]), "{:?}", names(&here));
}

/// Another folder is another folder as soon as that was seen here.
#[test]
fn what_was_moved_to_another_folder_is_no_part_before_a_sync() {
    let (world, here, _) = both(&UNLIKE);
    drop(here);
    let mut here = Hand::with(&world, 0, |config| config.download_policy = Originals, true);
    here.disk.make_dir("F").unwrap();
    here.disk.rename("clip.MOV", "F/clip.MOV").unwrap();
    here.core.watch(1, Scope { path: String::new(), recursive: true });
    let look = here.live_until(|work| matches!(work, Work::Scan { .. }));
    here.finish(look);
    here.idle();
    remove(&mut here, "IMG_1.HEIC").unwrap();
    assert!(are(&here, &["b.jpg"]) && here.disk.stat("F/clip.MOV").is_ok());
}

/// What a look has seen changed, and what nobody has looked at since, counts by what is in it now.
#[test]
fn what_was_in_a_file_once_is_no_part_before_it_is_read() {
    for looked in [false, true] {
        let (world, here, mut there) = both(&[("c.mov", "id:B video"), ("b.jpg", "id:B other")]);
        drop(here);
        let mut here = Hand::with(&world, 0, |config| config.download_policy = Originals, true);
        here.sync_well();
        here.disk.remove_file("b.jpg").unwrap();
        here.put("b.jpg", b"id:A photo now");
        if looked {
            here.core.watch(1, Scope { path: String::new(), recursive: true });
            let look = here.live_until(|work| matches!(work, Work::Scan { .. }));
            here.finish(look);
            here.idle();
        }
        remove(&mut here, "c.mov").unwrap();
        assert!(are(&here, &["b.jpg"]), "looked: {looked}, {:?}", names(&here));
        sync_both(&mut here, &mut there);
        for hand in [&here, &there] {
            assert_eq!(hand.files().get("b.jpg").map(Vec::as_slice), Some(&b"id:A photo now"[..]));
            assert!(are(hand, &["b.jpg"]), "looked: {looked}, {:?}", names(hand));
        }
    }
}
