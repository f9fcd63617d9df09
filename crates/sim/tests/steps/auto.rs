//! Runs that begin by themselves.

use cloudsync_engine::core::Heard;
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::{FileSystem, Network};
use cloudsync_engine::{DownloadPolicy, ErrorType, SyncProgress, SyncState};
use cloudsync_sim::Weather;

use crate::hand::{Hand, World, world};

const SECOND: u64 = 1_000_000_000;

/// A device that syncs by itself and has nothing left to do.
fn automatic(world: &World) -> Hand {
    let mut hand = Hand::with(world, 0, |_| {}, true);
    hand.core.set_auto_sync(true);
    let ended = hand.live_for(10 * SECOND);
    assert_eq!(states(&ended), [SyncState::Completed], "the first run");
    hand
}

fn states(ended: &[SyncProgress]) -> Vec<SyncState> {
    ended.iter().map(|progress| progress.state).collect()
}

fn is_in_cloud(world: &World, count: usize) -> bool {
    world.lock().cloud.records.values().filter(|record| !record.deleted()).count() == count
}

fn networks(world: &World, up: bool) {
    world.lock().devices[0].conditions.network = Network { wifi: up, mobile: false };
}

#[test]
fn a_change_here_is_sent_once_it_is_quiet() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    assert!(hand.live_for(SECOND * 2 / 5).is_empty() && is_in_cloud(&world, 0));
    assert_eq!(states(&hand.live_for(SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 1));
    assert!(hand.live_for(3600 * SECOND).is_empty(), "nothing changed, and yet a run began");
}

#[test]
fn who_writes_without_end_puts_a_run_off_for_a_while_only() {
    let world = world(true);
    let mut hand = automatic(&world);
    let begun = world.lock().now_ns;
    hand.put("a", b"0");
    hand.core.hear(Heard::Here);
    let mut writes = 0;
    while is_in_cloud(&world, 0) {
        assert!(hand.live_for(SECOND / 4).is_empty() || !is_in_cloud(&world, 0));
        writes += 1;
        hand.put("b", format!("{writes}").as_bytes());
        hand.disk.remove_file("b").unwrap();
        assert!(writes < 100, "it is put off for ever");
    }
    let waited = (world.lock().now_ns - begun) / SECOND;
    assert!((9..=12).contains(&waited), "{waited} s");
}

#[test]
fn what_was_heard_too_late_begins_nothing() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.sync_well();
    hand.core.hear(Heard::Here);
    assert!(hand.live_for(3600 * SECOND).is_empty());
}

#[test]
fn what_others_wrote_comes_by_itself() {
    let world = world(true);
    let mut hand = automatic(&world);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a", b"bytes");
    there.sync_well();
    hand.core.hear(Heard::There);
    let ended = hand.live_for(SECOND);
    assert_eq!(states(&ended), [SyncState::Completed]);
    assert_eq!(hand.files()["a"], b"bytes");
    assert!(hand.live_for(3600 * SECOND).is_empty());
}

/// A device that slept renews its subscription late: what changed when it was over was told to nobody.
#[test]
fn what_changed_while_nobody_was_told_is_found_when_a_subscription_is_renewed() {
    for (slept, found) in [(2000, false), (7200, true)] {
        let world = world(true);
        let mut hand = automatic(&world);
        let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
        there.put("a", b"bytes");
        there.sync_well();
        world.lock().pass(slept * SECOND);
        assert_eq!(!hand.live_for(SECOND).is_empty(), found, "slept {slept} s");
        assert_eq!(hand.files().contains_key("a"), found, "slept {slept} s");
    }
}

#[test]
fn a_device_that_may_not_sync_says_nothing_and_goes_on_once_it_may() {
    for told in [false, true] {
        let world = world(true);
        let mut hand = automatic(&world);
        networks(&world, false);
        hand.put("a", b"bytes");
        hand.core.hear(Heard::Here);
        assert!(hand.live_for(600 * SECOND).is_empty(), "a refusal is no event");
        networks(&world, true);
        if told {
            hand.core.conditions_changed();
        }
        let ended = hand.live_for(if told { SECOND } else { 61 * SECOND });
        assert_eq!(states(&ended), [SyncState::Completed], "told: {told}");
        assert!(is_in_cloud(&world, 1));
    }
}

#[test]
fn a_run_that_waits_for_wifi_or_battery_is_refused_in_silence() {
    let world = world(true);
    let mut hand = Hand::with(&world, 0, |config| config.upload_on_wifi_only = true, true);
    world.lock().devices[0].conditions.network = Network { wifi: false, mobile: true };
    hand.core.set_auto_sync(true);
    hand.put("a", b"bytes");
    assert!(hand.live_for(600 * SECOND).is_empty());
    networks(&world, true);
    assert_eq!(states(&hand.live_for(61 * SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 1));
}

#[test]
fn a_run_that_failed_is_tried_again_ever_more_seldom() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    // The account answers, and its records cannot be reached.
    world.lock().devices[0].weather = Weather { lease_lost: 0, row_refused: 1000, ..Weather::default() };
    let failed = hand.live_for(3600 * SECOND);
    assert!((2..20).contains(&failed.len()), "{} runs in an hour", failed.len());
    assert!(failed.iter().all(|progress| progress.files_failed == 1), "{failed:?}");
    world.lock().devices[0].weather = Weather::default();
    let ended = hand.live_for(3600 * SECOND);
    assert_eq!((states(&ended), ended[0].files_failed), (vec![SyncState::Completed], 0));
    assert!(is_in_cloud(&world, 1));
    assert!(hand.live_for(3600 * SECOND).is_empty());
}

#[test]
fn a_run_that_was_cut_off_is_tried_again() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    world.lock().devices[0].weather.disk_error = 1000;
    let failed = hand.live_for(30 * SECOND);
    assert!(!failed.is_empty() && failed.iter().all(|progress| progress.state != SyncState::Completed));
    assert!(failed.iter().all(|progress| progress.error != ErrorType::NoError), "{failed:?}");
    world.lock().devices[0].weather = Weather::default();
    assert_eq!(states(&hand.live_for(61 * SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 1));
}

#[test]
fn after_a_stop_the_next_change_goes_on() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    let job = hand.live_until(|work| matches!(work, Work::Upload(_)));
    hand.core.stop_sync();
    hand.step(job);
    assert_eq!(states(&hand.live_for(3600 * SECOND)), [SyncState::Stopped]);
    hand.put("b", b"more");
    hand.core.hear(Heard::Here);
    assert_eq!(states(&hand.live_for(5 * SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 2));
}

/// Of what changed before the stop nobody asked any more: the watcher had told that something did, and waited to be asked.
#[test]
fn after_a_stop_of_a_run_with_changes_to_come_the_next_change_goes_on() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    let job = hand.live_until(|work| matches!(work, Work::Upload(_)));
    hand.put("c", b"meanwhile");
    hand.listen();
    hand.core.stop_sync();
    hand.step(job);
    assert_eq!(states(&hand.live_for(3600 * SECOND)), [SyncState::Stopped]);
    hand.put("b", b"more");
    hand.listen();
    assert_eq!(states(&hand.live_for(5 * SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 3));
}

#[test]
fn a_start_during_a_run_of_its_own_runs_once_more() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    let job = hand.live_until(|work| matches!(work, Work::Upload(_)));
    hand.core.start_sync().unwrap();
    hand.core.start_sync().unwrap();
    hand.step(job);
    assert_eq!(states(&hand.live_for(3600 * SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 1));
}

#[test]
fn switched_off_nothing_begins_by_itself() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    hand.core.set_auto_sync(false);
    hand.core.hear(Heard::There);
    assert!(hand.live_for(3600 * SECOND).is_empty() && is_in_cloud(&world, 0));
    assert!(hand.core.is_idle() && hand.core.wake_at().is_none());
    hand.core.set_auto_sync(true);
    assert_eq!(states(&hand.live_for(SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 1));
}

#[test]
fn what_a_look_took_note_of_is_done_afterwards() {
    let world = world(true);
    let mut hand = automatic(&world);
    hand.put("a", b"bytes");
    hand.core.hear(Heard::Here);
    hand.core.look_ahead(Box::new(|planned| assert_eq!(planned.unwrap().len(), 1)));
    assert_eq!(states(&hand.live_for(5 * SECOND)), [SyncState::Completed]);
    assert!(is_in_cloud(&world, 1));
}

/// Without a watcher there is nothing to be heard of this disk.
#[test]
fn what_cannot_be_heard_is_looked_for_now_and_then() {
    let world = world(true);
    let mut hand = Hand::with(&world, 0, |_| {}, false);
    hand.core.set_auto_sync(true);
    assert_eq!(hand.live_for(10 * SECOND).len(), 1);
    hand.put("a", b"bytes");
    let ended = hand.live_for(3600 * SECOND);
    assert!(is_in_cloud(&world, 1) && (3..=5).contains(&ended.len()), "{} runs", ended.len());
}
