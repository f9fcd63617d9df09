//! Signing in and out, another account, and letting go of one: nothing that only this device has is touched, and no
//! account sees what belongs to another.

use std::collections::BTreeMap;
use std::mem::swap;

use cloudsync_cloud::Capabilities;
use cloudsync_engine::DownloadPolicy::{OnDemand, Originals};
use cloudsync_engine::LocalCopies::{Clear, Retain};
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{
    CloudSwitch, Code, DownloadState, Event, FileSyncState, LocalCopies, Result, SyncState,
};
use cloudsync_sim::CloudState;

use crate::evictions::synced;
use crate::hand::{Hand, World, world};
use crate::removals::{ask, remove, uri};

fn cloud_of(account: &str) -> CloudState {
    let all = Capabilities { compare_and_set: true, fencing: true, ranges: true, digests: true };
    let mut cloud = CloudState::new(all, 100, 10);
    cloud.account = account.to_owned();
    cloud
}

/// Somebody else signs in: the cloud answers for them from now on.
fn sign_in_another(world: &World) -> CloudState {
    let mut other = cloud_of("another");
    swap(&mut world.lock().cloud, &mut other);
    other
}

fn leave(hand: &mut Hand, copies: LocalCopies) -> Result<()> {
    ask(hand, |core, answer| core.leave_account(copies, answer), |_, _| {})
}

fn account(hand: &Hand) -> Option<String> {
    hand.core.account()
}

fn contents(cloud: &CloudState) -> BTreeMap<String, String> {
    let text = |rec: &cloudsync_sim::Rec| {
        let name = rec.values.get("name").map(|name| format!("{name:?}")).unwrap();
        let asset = rec.values.get("asset").map(|asset| format!("{asset:?}")).unwrap_or_default();
        (name, asset)
    };
    cloud.records.values().filter(|rec| !rec.deleted()).map(text).collect()
}

#[test]
fn who_is_signed_out_starts_nothing_and_keeps_everything() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    hand.core.switch_cloud(CloudSwitch::Account(false)).unwrap();
    hand.put("b.jpg", b"new");
    assert_eq!(hand.core.start_sync().unwrap_err().code, Code::CloudNotReady);
    assert_eq!(hand.core.states().file_state(&uri("a.jpg")), Ok(FileSyncState::UploadSuccess));
    drop(hand);
    // A later process knows.
    let mut hand = Hand::open(&world, Originals);
    let refused = hand.core.start_sync().unwrap_err();
    assert!(refused.text.contains("signed out"), "{}", refused.text);
    hand.core.switch_cloud(CloudSwitch::Account(true)).unwrap();
    hand.sync_well();
    assert_eq!(hand.files().len(), 2);
    assert_eq!(contents(&world.lock().cloud).len(), 2);
}

#[test]
fn an_app_that_is_switched_off_says_so_and_goes_on_later() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    hand.core.switch_cloud(CloudSwitch::App(false)).unwrap();
    hand.put("b.jpg", b"new");
    let refused = hand.core.start_sync().unwrap_err();
    assert_eq!(refused.code, Code::CloudNotReady);
    assert!(refused.text.contains("this app"), "{}", refused.text);
    hand.core.switch_cloud(CloudSwitch::App(true)).unwrap();
    hand.sync_well();
    assert_eq!(contents(&world.lock().cloud).len(), 2);
}

#[test]
fn nothing_is_fetched_for_who_is_signed_out_or_from_another() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    ask(&mut hand, |core, answer| core.clean(&uri("a.jpg"), answer), |_, _| {}).unwrap();
    hand.core.switch_cloud(CloudSwitch::Account(false)).unwrap();
    assert_eq!(fetched(&mut hand), DownloadState::Failed);
    hand.core.switch_cloud(CloudSwitch::Account(true)).unwrap();
    let first = sign_in_another(&world);
    world.lock().cloud.assets = first.assets.clone();
    hand.core.start_sync().unwrap_err();
    assert_eq!(fetched(&mut hand), DownloadState::Failed);
    world.lock().cloud = first;
    assert_eq!(fetched(&mut hand), DownloadState::Completed);
    assert_eq!(hand.read("a.jpg"), b"bytes");
}

fn fetched(hand: &mut Hand) -> DownloadState {
    while hand.sink.next().is_some() {}
    hand.core.start_download(1, &uri("a.jpg")).unwrap();
    loop {
        while let Some(event) = hand.sink.next() {
            if let Event::Download { progress, .. } = event
                && progress.state != DownloadState::Running
            {
                return progress.state;
            }
        }
        match hand.core.next_job() {
            Some(job) => hand.step(job),
            None => hand.wait(),
        }
    }
}

#[test]
fn signing_out_stops_the_run_that_is_under_way() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    hand.put("a.jpg", b"bytes");
    let upload = hand.sync_until(|work| matches!(work, Work::Upload(_)));
    hand.core.switch_cloud(CloudSwitch::Account(false)).unwrap();
    assert!(upload.stop.is_set());
    hand.finish(upload);
    let mut last = None;
    while let Some(event) = hand.sink.next() {
        if let Event::Sync(progress) = event {
            last = Some(progress.state);
        }
    }
    assert_eq!(last, Some(SyncState::Stopped));
    assert!(world.lock().cloud.records.is_empty());
    // One that was let through just before ends before it began, and says so.
    hand.core.begin_sync();
    let Some(Event::Sync(progress)) = hand.sink.next() else { panic!() };
    assert_eq!(progress.state, SyncState::Stopped);
    assert!(hand.core.is_idle());
}

#[test]
fn another_account_gets_nothing_and_gives_nothing() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    assert_eq!(account(&hand).as_deref(), Some("account"));
    let first = sign_in_another(&world);
    hand.put("b.jpg", b"new");
    let refused = hand.core.start_sync().unwrap_err();
    assert_eq!(refused.code, Code::CloudNotReady);
    assert!(refused.text.contains("account") && refused.text.contains("another"), "{}", refused.text);
    assert_eq!(hand.core.start_download(1, &uri("a.jpg")), Ok(()), "it is here");
    assert!(world.lock().cloud.records.is_empty());
    world.lock().cloud = first;
    hand.sync_well();
    assert_eq!(contents(&world.lock().cloud).len(), 2);
}

/// The cloud begins to answer for somebody else while a run is under way: at any job of it.
#[test]
fn an_account_that_changes_within_a_run_ends_it() {
    let mut changed = 0;
    for at in 0..40 {
        let (world, mut hand) = synced(&[("a.jpg", "bytes"), ("b.jpg", "more")]);
        hand.put("c.jpg", b"new");
        hand.disk.remove_file("a.jpg").unwrap();
        let (mut jobs, mut first) = (0, None);
        let last = hand.sync(|hand, _| {
            if jobs == at {
                first = Some(sign_in_another(&hand.world));
            }
            jobs += 1;
        });
        let Some(first) = first else { break };
        if last.state != SyncState::Completed {
            changed += 1;
            let sent = contents(&first).keys().any(|name| name.contains("c.jpg"));
            assert_ne!(hand.trouble("c.jpg").is_some(), sent, "at {at}");
        }
        assert_eq!(contents(&world.lock().cloud), BTreeMap::new(), "at {at}");
        world.lock().cloud = first;
        hand.sync_well();
        assert_eq!(contents(&world.lock().cloud).len(), 2, "at {at}");
        assert_eq!(hand.files().len(), 2, "at {at}");
    }
    assert!(changed > 3, "{changed}");
}

#[test]
fn what_is_retained_goes_to_the_next_account_and_the_first_keeps_all() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes"), ("b.jpg", "more")]);
    let before = contents(&world.lock().cloud);
    // Not carried out yet: the account keeps the file.
    remove(&mut hand, "b.jpg").unwrap();
    leave(&mut hand, Retain).unwrap();
    assert_eq!(account(&hand), None);
    assert_eq!(hand.core.states().last_sync_ms(), 0);
    assert_eq!(hand.core.states().file_state(&uri("a.jpg")), Ok(FileSyncState::ToBeUploaded));
    let first = sign_in_another(&world);
    hand.sync_well();
    assert_eq!(account(&hand).as_deref(), Some("another"));
    assert_eq!(contents(&world.lock().cloud).len(), 1);
    assert_eq!(contents(&first), before);
    assert_eq!(hand.files().len(), 1);
}

#[test]
fn what_is_retained_is_joined_with_the_same_account_without_a_second_copy() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes"), ("b.jpg", "more")]);
    let before = contents(&world.lock().cloud);
    let sent = world.lock().cloud.sent.clone();
    leave(&mut hand, Retain).unwrap();
    drop(hand);
    let mut hand = Hand::open(&world, Originals);
    hand.sync_well();
    assert_eq!(contents(&world.lock().cloud), before);
    assert_eq!(world.lock().cloud.sent, sent);
    assert_eq!(hand.files().len(), 2);
}

#[test]
fn what_was_in_the_cloud_alone_is_no_deletion_there() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes"), ("b.jpg", "more")]);
    ask(&mut hand, |core, answer| core.clean(&uri("a.jpg"), answer), |_, _| {}).unwrap();
    leave(&mut hand, Retain).unwrap();
    assert_eq!(hand.core.states().file_state(&uri("a.jpg")).unwrap_err().code, Code::NoSuchFile);
    drop(hand);
    let mut hand = Hand::open(&world, OnDemand);
    hand.sync_well();
    assert_eq!(contents(&world.lock().cloud).len(), 2);
    assert!(hand.core.states().file_state(&uri("a.jpg")).is_ok());
}

#[test]
fn what_is_cleared_goes_where_the_cloud_holds_it_and_nowhere_else() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    hand.disk.make_dir("F").unwrap();
    hand.disk.make_dir("F/G").unwrap();
    hand.disk.make_dir("H").unwrap();
    for path in ["a.jpg", "F/G/b.jpg", "changed.jpg", "H/lost.jpg"] {
        hand.put(path, path.as_bytes());
    }
    hand.sync_well();
    hand.core.pin(&uri("a.jpg"), true).unwrap();
    hand.disk.remove_file("changed.jpg").unwrap();
    hand.put("changed.jpg", b"changed since");
    hand.put("new.jpg", b"new");
    // Its bytes are gone from the cloud, whatever its record says.
    let lost = blake3::hash(b"H/lost.jpg").to_hex().to_string();
    assert!(world.lock().cloud.assets.remove(&lost).is_some());
    leave(&mut hand, Clear).unwrap();
    assert_eq!(account(&hand), None);
    let left: Vec<String> = hand.files().into_keys().collect();
    assert_eq!(left, ["changed.jpg", "new.jpg"]);
    assert_eq!(hand.read("H/lost.jpg"), b"H/lost.jpg");
    assert!(hand.disk.stat("F").is_err(), "a folder that is empty stays");
    assert_eq!(contents(&world.lock().cloud).len(), 7);
}

#[test]
fn nothing_is_cleared_while_the_account_cannot_be_asked() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    let first = sign_in_another(&world);
    let refused = leave(&mut hand, Clear).unwrap_err();
    assert_eq!(refused.code, Code::CloudNotReady);
    assert!(refused.text.contains("retain"), "{}", refused.text);
    assert_eq!((hand.files().len(), account(&hand).as_deref()), (1, Some("account")));
    // The other way needs nobody.
    world.lock().devices[0].weather.lost_call = 1000;
    assert_eq!(leave(&mut hand, Clear).unwrap_err().code, Code::NetworkUnavailable);
    leave(&mut hand, Retain).unwrap();
    assert_eq!((hand.files().len(), account(&hand)), (1, None));
    assert_eq!(contents(&first).len(), 1);
}

#[test]
fn who_is_signed_out_can_still_clear() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    hand.core.switch_cloud(CloudSwitch::Account(false)).unwrap();
    leave(&mut hand, Clear).unwrap();
    assert!(hand.files().is_empty());
    assert_eq!(hand.core.start_sync().unwrap_err().code, Code::CloudNotReady);
}

#[test]
fn nothing_begins_while_an_account_is_let_go_of() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    let answered = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let told = answered.clone();
    let done = move |result: Result<()>| told.store(result.is_ok(), std::sync::atomic::Ordering::Relaxed);
    hand.core.leave_account(Clear, Box::new(done));
    assert!(!hand.core.is_idle());
    hand.core.begin_sync();
    assert_eq!(leave_at_once(&mut hand), Some(Code::TaskRunning));
    assert_eq!(hand.core.start_download(1, &uri("a.jpg")).unwrap_err().code, Code::TaskRunning);
    hand.idle();
    assert!(answered.load(std::sync::atomic::Ordering::Relaxed));
    assert!(hand.files().is_empty());
}

fn leave_at_once(hand: &mut Hand) -> Option<Code> {
    let code = std::sync::Arc::new(parking_lot::Mutex::new(None));
    let told = code.clone();
    hand.core.leave_account(
        Retain,
        Box::new(move |result: Result<()>| *told.lock() = result.err().map(|error| error.code)),
    );
    code.lock().take()
}

#[test]
fn stopping_the_freeing_of_space_ends_it() {
    let (_world, mut hand) = synced(&[("a.jpg", "bytes")]);
    let mut stopped = false;
    let refused = ask(
        &mut hand,
        |core, answer| core.leave_account(Clear, answer),
        |hand, work| {
            if matches!(work, Work::Survey(_)) {
                hand.core.stop_optimize();
                stopped = true;
            }
        },
    );
    assert_eq!(refused.unwrap_err().code, Code::Interrupted);
    assert!(stopped);
    assert_eq!((hand.files().len(), account(&hand).as_deref()), (1, Some("account")));
}

/// The cloud is there when it is asked who it is, and gone when it is to prove.
#[test]
fn a_cloud_that_has_gone_proves_nothing_and_nothing_is_let_go_of() {
    let (world, mut hand) = synced(&[("a.jpg", "bytes")]);
    let refused = ask(
        &mut hand,
        |core, answer| core.leave_account(Clear, answer),
        |hand, work| {
            if matches!(work, Work::Prove(_)) {
                hand.world.lock().devices[0].weather.gone = true;
            }
        },
    );
    assert_eq!(refused.unwrap_err().code, Code::Ipc);
    world.lock().devices[0].weather.gone = false;
    assert_eq!((hand.files().len(), account(&hand).as_deref()), (1, Some("account")));
    hand.sync_well();
}

/// A sync marks its files at its end, and so gives them new change times.
#[test]
fn what_was_marked_just_now_goes_after_a_moment() {
    let world = world(true);
    let mut hand = Hand::open(&world, Originals);
    hand.put("a.jpg", b"bytes");
    let last = hand.sync(|_, _| {});
    assert_eq!(last.state, SyncState::Completed);
    hand.give_time("a.jpg", hand.stamp("a.jpg").mtime_ns);
    leave(&mut hand, Clear).unwrap();
    assert!(hand.files().is_empty());
}

/// A kill at any job of it: the files are here or in the cloud, and asking once more ends it.
#[test]
fn a_kill_while_clearing_loses_nothing() {
    for at in 0..12 {
        let (world, mut hand) = synced(&[("a.jpg", "bytes"), ("b.jpg", "more")]);
        hand.put("new.jpg", b"new");
        hand.core.leave_account(Clear, Box::new(|_| {}));
        for _ in 0..at {
            let Some(job) = hand.core.next_job() else { break };
            hand.step(job);
        }
        if let Some(job) = hand.core.next_job() {
            // Done, and never heard of.
            hand.run(job);
        }
        drop(hand);
        let mut hand = Hand::open(&world, Originals);
        let synced = at % 2 == 0;
        if synced {
            hand.sync_well();
        }
        leave(&mut hand, Clear).unwrap();
        assert_eq!(account(&hand), None);
        assert_eq!(hand.files().contains_key("new.jpg"), !synced, "at {at}");
        assert_eq!(contents(&world.lock().cloud).len(), 2 + usize::from(synced), "at {at}");
        hand.sync_well();
        assert_eq!(hand.files().len(), 3, "at {at}");
        assert_eq!(contents(&world.lock().cloud).len(), 3, "at {at}");
    }
}
