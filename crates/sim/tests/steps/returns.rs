//! What was removed comes back with all that went with it, also where some of it was in the cloud alone.

use std::sync::Arc;

use cloudsync_engine::DownloadPolicy::{OnDemand, Originals};
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{Code, Result};
use cloudsync_sim::Device;
use parking_lot::Mutex;

use crate::elsewhere;
use crate::hand::{DISK, Hand, World, world};
use crate::removals::{ask, live_records, remove, restore, sync_both, uri};

const ALBUM: [&str; 3] = ["album/a.jpg", "album/b.jpg", "album/inner/c.jpg"];

fn clean(hand: &mut Hand, path: &str) -> Result<()> {
    ask(hand, |core, answer| core.clean(&uri(path), answer), |_, _| {})
}

fn empty_trash(hand: &Hand) {
    hand.disk.list_trash().unwrap().iter().for_each(|name| hand.disk.empty_trash(name).unwrap());
}

/// A device that holds an album, and a phone that knows of it.
fn album() -> (World, Hand, Hand) {
    let world = world(true);
    let (mut here, mut phone) = (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, OnDemand));
    here.disk.make_dir("album").unwrap();
    here.disk.make_dir("album/inner").unwrap();
    ALBUM.iter().for_each(|path| here.put(path, path.as_bytes()));
    here.sync_well();
    phone.sync_well();
    (world, here, phone)
}

fn has_all(hand: &Hand) -> bool {
    ALBUM.iter().all(|path| hand.disk.stat(path).is_ok() && hand.read(path) == path.as_bytes())
}

fn knows_all(hand: &Hand) -> bool {
    let trees = hand.core.trees();
    let trees = trees.read();
    ALBUM.iter().all(|path| trees.find_local(path).is_some())
}

/// The names of what lies in a folder, and in those in it.
fn all_below(hand: &Hand, folder: &str) -> Vec<String> {
    let entries = hand.disk.list(folder).unwrap().entries;
    let path = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let mut all: Vec<String> = entries.files().map(|entry| path(entry.name)).collect();
    for below in entries.folders().map(|entry| path(entry.name)) {
        all.extend(all_below(hand, &below));
        all.push(below);
    }
    all.sort();
    all
}

/// As by a double click: the second time it came from the cloud's trash too, beside what had just come back.
#[test]
fn a_folder_that_is_restored_twice_comes_back_once() {
    for wanted in ["album", "album/inner"] {
        let (_world, mut here, mut phone) = album();
        remove(&mut here, "album").unwrap();
        sync_both(&mut here, &mut phone);
        restore(&mut here, wanted).unwrap();
        assert_eq!(restore(&mut here, wanted).unwrap_err().code, Code::FileExists);
        sync_both(&mut here, &mut phone);
        let below = format!("{wanted}/");
        let mut expected: Vec<&str> = ALBUM.into_iter().filter(|path| path.starts_with(&below)).collect();
        expected.extend(["album", "album/inner"]);
        expected.sort_unstable();
        assert_eq!(all_below(&here, ""), expected, "{wanted}");
    }
}

/// The folder was made anew meanwhile, by another program: there were two of one name, and one of them got another.
#[test]
fn what_lay_in_a_folder_that_was_made_anew_comes_back_into_that() {
    for wanted in ["album/a.jpg", "album/inner/c.jpg", "album/inner"] {
        let (world, mut here, _phone) = album();
        world.lock().devices.push(Device::new(DISK, 0));
        let mut there = Hand::of_device(&world, 2, Originals);
        sync_both(&mut here, &mut there);
        for path in ["album/a.jpg", "album/b.jpg", "album/inner/c.jpg"] {
            here.disk.remove_file(path).unwrap();
        }
        here.disk.remove_dir("album/inner").unwrap();
        here.disk.remove_dir("album").unwrap();
        sync_both(&mut here, &mut there);
        here.disk.make_dir("album").unwrap();
        here.put("album/z.jpg", b"new");
        sync_both(&mut here, &mut there);
        empty_trash(&there);
        restore(&mut there, wanted).unwrap();
        sync_both(&mut here, &mut there);
        let mut expected = vec!["album", "album/z.jpg"];
        match wanted {
            "album/a.jpg" => expected.push(wanted),
            _ => expected.extend(["album/inner", "album/inner/c.jpg"]),
        }
        expected.sort_unstable();
        assert_eq!(all_below(&here, ""), expected, "{wanted}");
        assert_eq!(all_below(&there, ""), expected, "{wanted}");
    }
}

#[test]
fn an_album_in_the_cloud_alone_comes_back() {
    for (synced, emptied) in [(false, false), (false, true), (true, false), (true, true)] {
        let (world, mut here, mut phone) = album();
        remove(&mut phone, "album").unwrap();
        if synced {
            sync_both(&mut phone, &mut here);
            assert_eq!(live_records(&world.lock()), 0);
            empty_trash(&here);
        }
        if emptied {
            empty_trash(&phone);
        }
        restore(&mut phone, "album").unwrap();
        sync_both(&mut phone, &mut here);
        assert!(has_all(&here) && knows_all(&phone), "synced: {synced}, emptied: {emptied}");
        assert_eq!(live_records(&world.lock()), 5, "synced: {synced}, emptied: {emptied}");
        assert_eq!(restore(&mut phone, "album").unwrap_err().code, Code::FileExists);
    }
}

#[test]
fn an_album_that_was_freed_in_part_comes_back() {
    for (synced, emptied) in [(false, false), (false, true), (true, false), (true, true)] {
        let (world, mut here, mut phone) = album();
        clean(&mut here, "album/b.jpg").unwrap();
        clean(&mut here, "album/inner/c.jpg").unwrap();
        remove(&mut here, "album").unwrap();
        if synced {
            sync_both(&mut here, &mut phone);
        }
        if emptied {
            empty_trash(&here);
        }
        restore(&mut here, "album").unwrap();
        sync_both(&mut here, &mut phone);
        assert!(has_all(&here) && knows_all(&phone), "synced: {synced}, emptied: {emptied}");
        assert_eq!(live_records(&world.lock()), 5);
        assert!(here.disk.list_trash().unwrap().is_empty(), "nothing is left there");
    }
}

/// Of one file another device has deleted the record already.
#[test]
fn an_album_that_is_half_in_the_clouds_trash_comes_back() {
    let (world, mut here, mut phone) = album();
    remove(&mut phone, "album").unwrap();
    here.disk.remove_file("album/a.jpg").unwrap();
    here.sync_well();
    phone.sync_stopped_at(|work| matches!(work, Work::Pull { .. }));
    restore(&mut phone, "album").unwrap();
    sync_both(&mut phone, &mut here);
    assert!(has_all(&here) && knows_all(&phone));
    assert_eq!(live_records(&world.lock()), 5);
}

#[test]
fn what_was_deleted_before_its_album_stays_deleted() {
    for synced in [false, true] {
        let (world, mut here, mut phone) = album();
        remove(&mut phone, "album/b.jpg").unwrap();
        sync_both(&mut phone, &mut here);
        remove(&mut phone, "album").unwrap();
        if synced {
            sync_both(&mut phone, &mut here);
        }
        restore(&mut phone, "album").unwrap();
        sync_both(&mut phone, &mut here);
        assert!(here.disk.stat("album/a.jpg").is_ok() && here.disk.stat("album/inner/c.jpg").is_ok());
        assert!(here.disk.stat("album/b.jpg").is_err(), "synced: {synced}");
        assert_eq!(live_records(&world.lock()), 4);
    }
}

#[test]
fn a_photo_that_was_freed_comes_back() {
    for synced in [false, true] {
        let (_world, mut here, mut phone) = album();
        clean(&mut here, "album/a.jpg").unwrap();
        remove(&mut here, "album/a.jpg").unwrap();
        if synced {
            sync_both(&mut here, &mut phone);
        }
        restore(&mut here, "album/a.jpg").unwrap();
        sync_both(&mut here, &mut phone);
        assert!(has_all(&here) && knows_all(&phone), "synced: {synced}");
    }
}

/// The video was sent by another device, and is in the cloud alone.
#[test]
fn a_photo_of_which_a_part_is_in_the_cloud_alone_comes_back_whole() {
    for (synced, named) in
        [(false, "IMG_1.HEIC"), (false, "IMG_1.MOV"), (true, "IMG_1.HEIC"), (true, "IMG_1.MOV")]
    {
        let (world, mut here, mut phone) = album();
        phone.put("IMG_1.HEIC", b"still");
        phone.put("b.jpg", b"other");
        sync_both(&mut phone, &mut here);
        here.put("IMG_1.MOV", b"video");
        sync_both(&mut here, &mut phone);
        assert_eq!(phone.files().len(), 2);
        remove(&mut phone, "IMG_1.HEIC").unwrap();
        if synced {
            sync_both(&mut phone, &mut here);
            empty_trash(&here);
        }
        restore(&mut phone, named).unwrap();
        sync_both(&mut phone, &mut here);
        assert_eq!(here.files().len(), 3, "synced: {synced}, by {named}");
        assert_eq!(live_records(&world.lock()), 8);
    }
}

/// What the cloud is asked for first can be asked for again.
#[test]
fn an_album_stays_in_the_trash_while_the_cloud_cannot_bring_the_rest() {
    let (world, mut here, mut phone) = album();
    clean(&mut here, "album/b.jpg").unwrap();
    remove(&mut here, "album").unwrap();
    sync_both(&mut here, &mut phone);
    let db = elsewhere(&world);
    let lock = db.lock().unwrap().lock_id;
    assert_eq!(restore(&mut here, "album").unwrap_err().code, Code::Busy);
    assert!(here.disk.stat("album").is_err());
    db.unlock(lock).unwrap();
    restore(&mut here, "album").unwrap();
    let mut phone = Hand::of_device(&world, 1, OnDemand);
    sync_both(&mut here, &mut phone);
    assert!(has_all(&here) && knows_all(&phone));
}

#[test]
fn what_is_pinned_comes_back_pinned() {
    for synced in [false, true] {
        for (pinned, removed) in [
            ("album/a.jpg", "album/a.jpg"),
            ("album/a.jpg", "album"),
            ("album/inner", "album"),
            ("album", "album"),
        ] {
            let (_world, mut here, mut phone) = album();
            here.core.pin(&uri(pinned), true).unwrap();
            remove(&mut here, removed).unwrap();
            if synced {
                sync_both(&mut here, &mut phone);
            }
            restore(&mut here, removed).unwrap();
            sync_both(&mut here, &mut phone);
            assert!(has_all(&here));
            let what = format!("{pinned} with {removed}, synced: {synced}");
            for path in ALBUM {
                let refused = clean(&mut here, path).is_err_and(|error| error.code == Code::AccessDenied);
                assert_eq!(refused, path.starts_with(pinned), "{path} of {what}");
            }
        }
    }
}

/// Whatever the run that tells the cloud of a removal is about to do.
#[test]
fn restored_at_any_moment_of_a_sync_it_comes_back() {
    for (what, freed) in ["album", "album/a.jpg"].into_iter().flat_map(|what| [(what, false), (what, true)]) {
        for moment in 0..16 {
            let (world, mut here, mut phone) = album();
            let hand = if freed { &mut phone } else { &mut here };
            remove(hand, what).unwrap();
            hand.core.start_sync().unwrap();
            for _ in 0..moment {
                match hand.core.next_job() {
                    Some(job) => hand.step(job),
                    None => break,
                }
            }
            restore(hand, what).unwrap();
            hand.idle();
            let which = format!("{what}, in the cloud alone: {freed}, after {moment} jobs");
            sync_both(&mut phone, &mut here);
            sync_both(&mut phone, &mut here);
            assert!(has_all(&here) && knows_all(&phone), "{which}");
            assert_eq!(live_records(&world.lock()), 5, "{which}");
        }
    }
}

/// Found by seed 2008402047: the lock that was waited for had ended before it could be used, and nobody went on.
#[test]
fn a_restore_and_a_run_do_not_wait_for_each_other() {
    let (world, mut here, _phone) = album();
    remove(&mut here, "album/a.jpg").unwrap();
    let lock = here.sync_until(|work| matches!(work, Work::Lock));
    let answer = Arc::new(Mutex::new(None));
    let told = Arc::clone(&answer);
    here.core.restore(&uri("album/a.jpg"), Box::new(move |result| *told.lock() = Some(result)));
    world.lock().pass(3_600_000_000_000);
    here.finish(lock);
    assert_eq!(*answer.lock(), Some(Ok(())));
    assert!(has_all(&here));
    // The lock that has ended here may hold in the cloud for a while.
    here.live_for(3_600_000_000_000);
    here.sync_well();
    assert_eq!(live_records(&world.lock()), 5);
}

/// Found by seed 2008440304: the cloud's copy came back as well, and the one here became a conflict.
#[test]
fn what_was_restored_is_not_restored_once_more() {
    let (world, mut here, mut phone) = album();
    remove(&mut here, "album/a.jpg").unwrap();
    restore(&mut here, "album/a.jpg").unwrap();
    assert_eq!(restore(&mut here, "album/a.jpg").unwrap_err().code, Code::FileExists);
    sync_both(&mut here, &mut phone);
    assert!(has_all(&here) && knows_all(&phone));
    assert_eq!(live_records(&world.lock()), 5);
}
