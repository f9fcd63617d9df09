//! What a filter leaves out is left alone on both sides, and nothing of it is lost when the filter goes.

use std::sync::Arc;

use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{Code, DownloadPolicy, FileSyncState, FilterAction, Filters};
use cloudsync_sim::Rng;

use crate::hand::{Hand, World, world};

const URI: &str = "file://media/Photo";

/// The first device, opened anew with rules; those that begin with `+` include.
fn filtered(world: &World, rules: &[&str], max_size: Option<u64>) -> Hand {
    let mut filters = Filters::default();
    filters.set_max_size(max_size);
    for rule in rules {
        match rule.strip_prefix('+') {
            Some(rule) => filters.add(FilterAction::Include, rule).unwrap(),
            None => filters.add(FilterAction::Exclude, rule).unwrap(),
        }
    }
    Hand::with(world, 0, |config| config.filters = Arc::new(filters), false)
}

fn two(world: &World) -> (Hand, Hand) {
    (Hand::open(world, DownloadPolicy::Originals), Hand::of_device(world, 1, DownloadPolicy::Originals))
}

fn names(hand: &Hand) -> Vec<String> {
    hand.files().into_keys().collect()
}

fn settle(here: &mut Hand, there: &mut Hand) {
    for _ in 0..3 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!(here.files(), there.files());
}

/// What each side did to its files while they were left out comes back together, and no deletion does.
#[test]
fn what_was_synced_and_is_left_out_is_never_taken_for_deleted() {
    let world = world(true);
    let (mut here, mut there) = two(&world);
    for name in ["gone here.raw", "gone there.raw", "changed.raw", "kept.jpg"] {
        here.put(name, name.as_bytes());
    }
    here.sync_well();
    there.sync_well();
    drop(here);

    let mut here = filtered(&world, &["*.raw"], None);
    here.disk.remove_file("gone here.raw").unwrap();
    here.disk.remove_file("changed.raw").unwrap();
    here.put("changed.raw", b"changed here");
    here.put("new.raw", b"new");
    there.disk.remove_file("gone there.raw").unwrap();
    there.put("new there.raw", b"new there");
    let mut moved = 0;
    for _ in 0..3 {
        here.sync(|_, job| {
            moved += usize::from(matches!(job.work, Work::Upload(_) | Work::Fetch(_) | Work::Disk(_)))
        });
        there.sync_well();
    }
    assert_eq!(moved, 0, "what is left out was touched");
    assert_eq!(names(&here), ["changed.raw", "gone there.raw", "kept.jpg", "new.raw"]);
    assert_eq!(names(&there), ["changed.raw", "gone here.raw", "kept.jpg", "new there.raw"]);
    assert_eq!(there.files()["changed.raw"], b"changed.raw");
    drop(here);

    let mut here = Hand::open(&world, DownloadPolicy::Originals);
    settle(&mut here, &mut there);
    let all = ["changed.raw", "gone here.raw", "gone there.raw", "kept.jpg", "new there.raw", "new.raw"];
    assert_eq!(names(&here), all);
    assert_eq!(here.files()["changed.raw"], b"changed here");
}

#[test]
fn a_change_on_either_side_is_kept_when_the_filter_goes() {
    let world = world(true);
    let (mut here, mut there) = two(&world);
    here.put("a.raw", b"both");
    here.sync_well();
    there.sync_well();
    drop(here);
    let mut here = filtered(&world, &["*.raw"], None);
    for (hand, bytes) in [(&mut here, b"of here!"), (&mut there, b"of there")] {
        hand.disk.remove_file("a.raw").unwrap();
        hand.put("a.raw", bytes);
        hand.sync_well();
    }
    here.sync_well();
    assert_eq!(here.files()["a.raw"], b"of here!");
    drop(here);
    let mut here = Hand::open(&world, DownloadPolicy::Originals);
    settle(&mut here, &mut there);
    let mut bytes: Vec<Vec<u8>> = here.files().into_values().collect();
    bytes.sort();
    assert_eq!(bytes, [b"of here!", b"of there"]);
}

#[test]
fn what_the_cloud_has_is_listed_and_not_brought() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.disk.make_dir("F").unwrap();
    there.put("F/a.raw", b"bytes");
    there.put("large.jpg", b"many, many bytes");
    there.put("small.jpg", b"few");
    there.sync_well();
    let mut here = filtered(&world, &["*.raw"], Some(8));
    here.sync_well();
    assert_eq!(names(&here), ["small.jpg"]);
    let listed = here.core.states().list(&format!("{URI}/"), true, None, 100).unwrap();
    let mut listed: Vec<&str> = listed.entries.iter().map(|entry| &*entry.name).collect();
    listed.sort_unstable();
    assert_eq!(listed, ["F", "a.raw", "large.jpg", "small.jpg"]);
    let (code, text) = here.trouble("F/a.raw").unwrap();
    assert_eq!(code, Code::NotPermitted);
    assert!(text.contains("\"*.raw\""), "{text}");
    let (_, text) = here.trouble("large.jpg").unwrap();
    assert!(text.contains("8 bytes"), "{text}");
    assert_eq!(here.trouble("small.jpg"), None);
    here.put("own.raw", b"own");
    here.sync_well();
    let state = here.core.states().file_state(&format!("{URI}/own.raw")).unwrap();
    assert_eq!(state, FileSyncState::Stopped);
    drop(here);
    let mut here = Hand::open(&world, DownloadPolicy::Originals);
    settle(&mut here, &mut there);
    assert!(here.disk.stat("F/a.raw").is_ok() && there.disk.stat("own.raw").is_ok());
}

#[test]
fn a_folder_is_left_out_unless_something_in_it_is_not() {
    let world = world(true);
    let mut here = filtered(&world, &["*", "+*.jpg"], None);
    for folder in ["photos", "notes"] {
        here.disk.make_dir(folder).unwrap();
        here.put(&format!("{folder}/a.txt"), b"text");
    }
    here.put("photos/a.jpg", b"photo");
    here.sync_well();
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.sync_well();
    assert!(there.disk.stat("photos/a.jpg").is_ok());
    assert!(there.disk.stat("photos/a.txt").is_err() && there.disk.stat("notes").is_err());
    // The photo goes, and the text that lies beside it stays.
    there.disk.remove_file("photos/a.jpg").unwrap();
    there.disk.remove_dir("photos").unwrap();
    there.sync_well();
    here.sync_well();
    assert!(here.disk.stat("photos/a.jpg").is_err() && here.disk.stat("photos/a.txt").is_ok());
}

#[test]
fn a_name_decides_by_what_it_is_here() {
    let world = world(true);
    let (mut here, mut there) = two(&world);
    here.put("a.raw", b"one");
    here.put("b.jpg", b"another");
    here.sync_well();
    there.sync_well();
    drop(here);
    let mut here = filtered(&world, &["*.raw"], None);
    here.disk.rename("a.raw", "a.jpg").unwrap();
    here.disk.rename("b.jpg", "b.raw").unwrap();
    here.sync_well();
    there.sync_well();
    assert_eq!(names(&there), ["a.jpg", "b.jpg"]);
    drop(here);
    let mut here = Hand::open(&world, DownloadPolicy::Originals);
    settle(&mut here, &mut there);
    assert_eq!(names(&there), ["a.jpg", "b.raw"]);
}

/// Filters come and go while both devices write: whatever was written last somewhere is there at the end.
#[test]
fn nothing_is_lost_however_filters_come_and_go() {
    for seed in 0..150 {
        let world = world(true);
        let mut rng = Rng::new(seed);
        let (mut here, mut there) = two(&world);
        let mut written = 0;
        for _ in 0..12 {
            let name = ["a.raw", "b.raw", "a.jpg"][rng.index(3)];
            let hand = if rng.index(2) == 0 { &mut here } else { &mut there };
            match rng.index(4) {
                0 => hand.sync_well(),
                1 => {
                    drop(here);
                    here = match rng.index(2) {
                        0 => filtered(&world, &["*.raw"], None),
                        _ => Hand::open(&world, DownloadPolicy::Originals),
                    };
                }
                _ if hand.disk.stat(name).is_err() => {
                    written += 1;
                    hand.put(name, format!("{written}").as_bytes());
                }
                _ => {}
            }
        }
        drop(here);
        let mut here = Hand::open(&world, DownloadPolicy::Originals);
        settle(&mut here, &mut there);
        let mut bytes: Vec<String> =
            here.files().into_values().map(|bytes| String::from_utf8(bytes).unwrap()).collect();
        bytes.sort_unstable_by_key(|number| number.parse::<u32>().unwrap());
        let all: Vec<String> = (1..=written).map(|number| number.to_string()).collect();
        assert_eq!(bytes, all, "seed {seed}");
    }
}
