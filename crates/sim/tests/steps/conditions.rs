//! Conditions of the device that change while a job moves bytes.

use cloudsync_engine::job::{Job, StopFlag, Work};
use cloudsync_engine::ports::{Battery, DeviceState, FileSystem, Heat, Network};
use cloudsync_engine::{
    Code, Config, DownloadPolicy, ErrorType, Event, FileSyncState, SyncProgress, SyncState,
};

use crate::hand::{Hand, World, world};

const SECOND: u64 = 1_000_000_000;
const FILM: &str = "file://media/Photo/film";

fn film() -> Vec<u8> {
    (0_u32..100_000).map(|at| (at % 251) as u8).collect()
}

fn change(world: &World, change: impl FnOnce(&mut DeviceState)) {
    change(&mut world.lock().devices[0].conditions);
}

/// What ends a run, and what it ends with.
type Forbids = (fn(&mut DeviceState), ErrorType);

const FORBIDDING: [Forbids; 4] = [
    (|state| state.network = Network { wifi: false, mobile: false }, ErrorType::NetworkUnavailable),
    (|state| state.battery = Some(Battery { percent: 12, charging: false }), ErrorType::BatteryLevelLow),
    (|state| state.battery = Some(Battery { percent: 4, charging: false }), ErrorType::BatteryLevelWarning),
    (|state| state.heat = Heat::Overheated, ErrorType::DeviceTemperatureTooHigh),
];

/// Lets the time pass while a job is under way, up to when it is told to stop.
fn wait_for_stop(hand: &mut Hand, job: &Job) {
    let begun = hand.world.lock().now_ns;
    while !job.stop.is_set() {
        hand.wait();
        let passed = hand.world.lock().now_ns - begun;
        assert!(passed <= SECOND, "the job still moves bytes after {passed} ns");
    }
}

/// The rest of a run.
fn rest(hand: &mut Hand) -> SyncProgress {
    loop {
        let ended = std::iter::from_fn(|| hand.sink.next()).find_map(|event| match event {
            Event::Sync(progress) if progress.state.is_final() => Some(progress),
            _ => None,
        });
        match (ended, hand.core.next_job()) {
            (Some(progress), _) => return progress,
            (None, Some(job)) => hand.step(job),
            (None, None) => hand.wait(),
        }
    }
}

#[test]
fn a_film_on_its_way_up_stops_where_the_device_forbids_it() {
    for (forbid, error) in FORBIDDING {
        let world = world(true);
        let mut hand = Hand::open(&world, DownloadPolicy::Originals);
        hand.put("film", &film());
        let job = hand.sync_until(|work| matches!(work, Work::Upload(_)));
        let good = world.lock().devices[0].conditions;
        change(&world, forbid);
        wait_for_stop(&mut hand, &job);
        let moved = job.moved.clone();
        hand.step(job);
        assert!(moved.get() < 1000, "{} bytes went", moved.get());
        let last = rest(&mut hand);
        assert_eq!((last.state, last.error), (SyncState::UploadFailed, error));
        // Nobody has stopped it.
        assert_eq!(hand.core.states().file_state(FILM), Ok(FileSyncState::ToBeUploaded));
        change(&world, |state| *state = good);
        assert_eq!(sync_again(&mut hand), 100_000 - moved.get(), "what had gone is gone on from");
        assert_eq!(hand.core.states().file_state(FILM), Ok(FileSyncState::UploadSuccess));
    }
}

#[test]
fn a_film_on_its_way_down_stops_where_the_device_forbids_it() {
    for (forbid, error) in FORBIDDING {
        let world = world(true);
        let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
        there.put("film", &film());
        there.sync_well();
        let mut hand = Hand::open(&world, DownloadPolicy::Originals);
        let job = hand.sync_until(|work| matches!(work, Work::Fetch(_)));
        let good = world.lock().devices[0].conditions;
        change(&world, forbid);
        wait_for_stop(&mut hand, &job);
        let moved = job.moved.clone();
        hand.step(job);
        assert!(moved.get() < 1000, "{} bytes came", moved.get());
        let last = rest(&mut hand);
        assert_eq!((last.state, last.error), (SyncState::DownloadFailed, error));
        change(&world, |state| *state = good);
        hand.sync_well();
        assert_eq!(hand.stamp("film").size, 100_000);
    }
}

/// A sync that succeeds; returns how many bytes it sends.
fn sync_again(hand: &mut Hand) -> u64 {
    let mut moved = None;
    let last = hand.sync(|_, job| moved = Some(job.moved.clone()));
    assert_eq!((last.state, last.files_failed), (SyncState::Completed, 0), "{last:?}");
    moved.unwrap().get()
}

/// A device that sends over Wi-Fi alone, is about to send a film, and is to tell the cloud that a file has gone.
fn about_to_send(world: &World) -> (Hand, Job) {
    // With its mark, a file as small as this one is sent from its beginning.
    let configure = |config: &mut Config| (config.upload_on_wifi_only, config.marks) = (true, false);
    let mut hand = Hand::with(world, 0, configure, false);
    hand.put("old", b"bytes");
    hand.sync_well();
    hand.disk.remove_file("old").unwrap();
    hand.put("film", &film());
    // What was just written may not be gone on from.
    world.lock().pass(SECOND);
    let job = hand.sync_until(|work| matches!(work, Work::Upload(_)));
    change(world, |state| state.network = Network { wifi: true, mobile: true });
    (hand, job)
}

fn has_mobile_alone(world: &World) {
    change(world, |state| state.network = Network { wifi: false, mobile: true });
}

#[test]
fn a_film_on_its_way_waits_for_wifi_that_goes_and_the_rest_goes_on() {
    let world = world(true);
    let (mut hand, job) = about_to_send(&world);
    has_mobile_alone(&world);
    wait_for_stop(&mut hand, &job);
    let moved = job.moved.clone();
    hand.step(job);
    assert!(moved.get() < 1000, "{} bytes went over the mobile network", moved.get());
    let last = rest(&mut hand);
    assert_eq!((last.state, last.error), (SyncState::UploadFailed, ErrorType::WifiUnavailable));
    assert_eq!(hand.core.states().file_state(FILM), Ok(FileSyncState::ToBeUploaded));
    let gone = |world: &World| world.lock().cloud.records.values().all(|record| record.deleted());
    assert!(gone(&world), "the rest of the run did not go on");

    change(&world, |state| state.network.wifi = true);
    assert_eq!(sync_again(&mut hand), 100_000 - moved.get(), "what had gone is gone on from");
    assert_eq!(hand.core.states().file_state(FILM), Ok(FileSyncState::UploadSuccess));
}

#[test]
fn what_had_been_sent_when_wifi_went_is_no_failure() {
    let world = world(true);
    let (mut hand, job) = about_to_send(&world);
    hand.run(job.clone());
    has_mobile_alone(&world);
    wait_for_stop(&mut hand, &job);
    // As if all of it had been under way: the cloud has it, and says so.
    hand.step(Job { stop: StopFlag::default(), ..job });
    let last = rest(&mut hand);
    assert_eq!((last.state, last.error), (SyncState::Completed, ErrorType::NoError));
}

#[test]
fn a_person_stops_what_is_sent_over_wifi() {
    let world = world(true);
    let (mut hand, job) = about_to_send(&world);
    hand.core.stop_sync();
    assert!(job.stop.is_set());
    hand.step(job);
    assert_eq!(rest(&mut hand).state, SyncState::Stopped);
    assert_eq!(hand.core.states().file_state(FILM), Ok(FileSyncState::Stopped));
}

/// A cloud that was asked too often is left alone: the run ends, says why, and the next one goes on.
#[test]
fn a_cloud_that_was_asked_too_often_is_left_alone() {
    let world = world(true);
    let mut hand = Hand::open(&world, DownloadPolicy::Originals);
    for name in ["a", "b", "c"] {
        hand.put(name, name.as_bytes());
    }
    let job = hand.sync_until(|work| matches!(work, Work::Upload(_)));
    world.lock().devices[0].weather.throttled = true;
    hand.step(job);
    let last = rest(&mut hand);
    assert_eq!((last.state, last.error), (SyncState::UploadFailed, ErrorType::RemoteServerAbnormal));
    let why = hand.core.states().explain("file://media/Photo").unwrap();
    assert_eq!(why.code, Some(Code::Busy), "{}", why.text);
    assert_eq!(hand.core.states().file_state("file://media/Photo/a"), Ok(FileSyncState::ToBeUploaded));
    world.lock().devices[0].weather.throttled = false;
    hand.sync_well();
}
