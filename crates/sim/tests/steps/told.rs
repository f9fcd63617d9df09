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
