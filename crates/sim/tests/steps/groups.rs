//! The parts of one photo are removed, brought back, sent and fetched together.

use std::collections::BTreeSet;

use cloudsync_engine::Code;
use cloudsync_engine::DownloadPolicy::{OnDemand, Originals};
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_sim::Rng;

use crate::hand::Hand;
use crate::removals::{both, live_records, remove, restore, sync_both, uri};

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
        let came = crate::removals::ask(
            &mut phone,
            |core, answer| core.clean(&uri("IMG_1.HEIC"), answer),
            |_, _| {},
        );
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

/// What the disk refuses for one part stays as a whole; where it refuses even that, it goes as a whole.
#[test]
fn a_photo_that_cannot_go_as_a_whole_stays_as_a_whole() {
    let (world, mut here, mut there) = both(&LIVE);
    let (mut stayed, mut went) = (0, 0);
    for seed in 0..40 {
        world.lock().rng = Rng::new(seed);
        world.lock().devices[0].weather.disk_error = 250;
        let result = remove(&mut here, "IMG_1.HEIC");
        world.lock().devices[0].weather.disk_error = 0;
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
    assert!(stayed > 0 && went > 0);
}
