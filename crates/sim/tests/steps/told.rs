//! Who is told of changes, while somebody else changes the same.

use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::tree::Scope;
use cloudsync_engine::{DownloadPolicy, Event, NotifyType, SyncState};

use crate::hand::{Hand, World, world};

/// A device whose every change somebody is told of.
fn told(world: &World, watched: bool) -> Hand {
    let mut hand = Hand::with(world, 0, |_| {}, watched);
    hand.core.watch(1, Scope { path: String::new(), recursive: true });
    hand.idle();
    hand
}

/// The changes told since this was last asked, each with the end of its URI.
fn changes(hand: &Hand) -> Vec<(NotifyType, String)> {
    let mut found = Vec::new();
    while let Some(event) = hand.sink.next() {
        if let Event::Changed { kind, changes, .. } = event {
            let name = |uri: &str| uri.trim_start_matches("file://media/Photo/").to_owned();
            found.extend(changes.iter().map(|change| (kind, name(&change.uri))));
        }
    }
    found
}

/// Syncs, doing something before each job, and returns what was told.
fn sync(hand: &mut Hand, mut before: impl FnMut(&Hand, &Work)) -> Vec<(NotifyType, String)> {
    hand.core.start_sync().unwrap();
    let mut found = Vec::new();
    loop {
        let Some(job) = hand.core.next_job() else {
            let Some(at) = hand.core.wake_at() else { break };
            hand.world.lock().now_ns = at;
            hand.core.tick();
            continue;
        };
        before(hand, &job.work);
        hand.step(job);
        found.extend(changes(hand));
    }
    hand.world.lock().pass(1_000_000_000);
    found
}

fn replace(hand: &Hand, name: &str, bytes: &[u8]) {
    hand.disk.remove_file(name).unwrap();
    hand.put(name, bytes);
}

#[test]
fn without_a_watcher_it_is_looked_once() {
    let world = world(true);
    let mut hand = told(&world, false);
    let mut looks = 0;
    while let Some(at) = hand.core.wake_at() {
        let now = world.lock().now_ns;
        world.lock().now_ns = now.max(at);
        hand.core.tick();
        hand.idle();
        looks += 1;
        assert!(looks < 5, "it looks on and on");
    }
    hand.put("a", b"bytes");
    let told = sync(&mut hand, |_, _| {});
    assert_eq!(told, [(NotifyType::Added, "a".to_owned())]);
}

/// The cloud's newer bytes were about to come, and gave way to what a person wrote just then; nobody has them any more when it is
/// looked again.
#[test]
fn a_change_that_was_faster_than_the_clouds_is_told() {
    let world = world(true);
    let mut hand = told(&world, true);
    hand.put("a", b"old");
    sync(&mut hand, |_, _| {});
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.sync_well();
    replace(&there, "a", b"theirs");
    there.sync_well();
    let mut meddled = false;
    let told = sync(&mut hand, |hand, work| {
        if matches!(work, Work::Place(_)) && !std::mem::replace(&mut meddled, true) {
            replace(hand, "a", b"mine, and longer");
            replace(&there, "a", b"old");
            there.sync_well();
        }
    });
    assert!(told.contains(&(NotifyType::Modified, "a".to_owned())), "{told:?}");
    hand.disk.remove_file("a").unwrap();
    let told = sync(&mut hand, |_, _| {});
    assert!(told.contains(&(NotifyType::Deleted, "a".to_owned())), "{told:?}");
}

/// The cloud's file was about to come, and a person put the same one there just then.
#[test]
fn a_file_that_was_here_before_the_clouds_is_told_when_it_goes() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a", b"bytes");
    there.sync_well();
    let mut hand = told(&world, true);
    let told = sync(&mut hand, |hand, work| {
        if matches!(work, Work::Place(_)) {
            hand.put("a", b"bytes");
        }
    });
    assert!(!told.is_empty() && hand.files()["a"] == b"bytes", "{told:?}");
    hand.disk.remove_file("a").unwrap();
    let told = sync(&mut hand, |_, _| {});
    assert_eq!(told, [(NotifyType::Deleted, "a".to_owned())]);
    assert_eq!(hand.core.states().explain("file://media/Photo").unwrap().code, None);
    assert_eq!(hand.sync(|_, _| {}).state, SyncState::Completed);
}

/// A device that knows `w/a.jpg`, `w/b.jpg` and `x/c.jpg`, and tells of a scope.
fn with_folders(scope: &str) -> Hand {
    let world = world(true);
    let mut hand = Hand::with(&world, 0, |_| {}, true);
    ["w", "x"].iter().for_each(|folder| hand.disk.make_dir(folder).unwrap());
    ["w/a.jpg", "w/b.jpg", "x/c.jpg"].iter().for_each(|path| hand.put(path, path.as_bytes()));
    hand.sync_well();
    hand.core.watch(1, Scope { path: scope.into(), recursive: true });
    hand.idle();
    changes(&hand);
    hand
}

fn named(kind: NotifyType, names: &[&str]) -> Vec<(NotifyType, String)> {
    names.iter().map(|name| (kind, (*name).to_owned())).collect()
}

/// Whoever follows what is told in its order had a file left that was not there.
#[test]
fn what_was_deleted_in_a_renamed_folder_is_told_by_the_new_name() {
    for again in [false, true] {
        let mut hand = with_folders("");
        hand.disk.rename("w", "v").unwrap();
        hand.disk.remove_file("v/a.jpg").unwrap();
        let mut expected = named(NotifyType::Renamed, &["v"]);
        expected.extend(named(NotifyType::Deleted, &["v/a.jpg"]));
        if again {
            hand.disk.make_dir("w").unwrap();
            hand.put("w/a.jpg", b"another");
            expected.extend(named(NotifyType::Added, &["w", "w/a.jpg"]));
        }
        assert_eq!(sync(&mut hand, |_, _| {}), expected, "made again: {again}");
    }
}

#[test]
fn what_was_deleted_while_folders_changed_their_names_is_told() {
    let mut hand = with_folders("");
    hand.disk.rename("w", "y").unwrap();
    hand.disk.rename("x", "w").unwrap();
    hand.disk.rename("y", "x").unwrap();
    hand.disk.remove_file("x/a.jpg").unwrap();
    let mut expected = named(NotifyType::Renamed, &["w", "x"]);
    expected.extend(named(NotifyType::Deleted, &["x/a.jpg"]));
    assert_eq!(sync(&mut hand, |_, _| {}), expected);
}

/// As when it comes from outside of the gallery.
#[test]
fn a_folder_that_enters_or_leaves_the_scope_is_told_with_all_in_it() {
    let mut hand = with_folders("x");
    hand.disk.rename("w", "x/w").unwrap();
    hand.disk.rename("x/w/b.jpg", "x/w/d.jpg").unwrap();
    hand.put("x/w/new.jpg", b"new");
    let told = sync(&mut hand, |_, _| {});
    assert_eq!(told, named(NotifyType::Added, &["x/w", "x/w/a.jpg", "x/w/d.jpg", "x/w/new.jpg"]));

    hand.disk.rename("x/w", "w").unwrap();
    hand.disk.remove_file("w/a.jpg").unwrap();
    hand.disk.rename("w/d.jpg", "w/e.jpg").unwrap();
    let told = sync(&mut hand, |_, _| {});
    assert_eq!(told, named(NotifyType::Deleted, &["x/w/new.jpg", "x/w/d.jpg", "x/w/a.jpg", "x/w"]));
}

/// The folder above what is watched moves away, and comes back.
#[test]
fn a_folder_above_the_scope_takes_and_brings_all_in_it() {
    let mut hand = with_folders("x/s");
    hand.disk.make_dir("x/s").unwrap();
    hand.put("x/s/d.jpg", b"bytes");
    assert_eq!(sync(&mut hand, |_, _| {}), named(NotifyType::Added, &["x/s", "x/s/d.jpg"]));
    hand.disk.rename("x", "z").unwrap();
    assert_eq!(sync(&mut hand, |_, _| {}), named(NotifyType::Deleted, &["x/s/d.jpg", "x/s"]));
    hand.disk.rename("z", "x").unwrap();
    assert_eq!(sync(&mut hand, |_, _| {}), named(NotifyType::Added, &["x/s", "x/s/d.jpg"]));
}
