//! Who subscribes is told of writes, of whichever opened cloud, and of nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use cloudsync_cloud::*;
use common::*;

const PATIENCE: Duration = Duration::from_secs(60);
const HOUR_MS: u64 = 3_600_000;

fn open(dir: &Path) -> EmbeddedCloud {
    EmbeddedCloud::open(dir, TestClock::new().options()).unwrap()
}

fn subscribe(cloud: &EmbeddedCloud, bundle: &str, ms: u64) -> (SubscribeInfo, Receiver<String>) {
    let (told, hears) = channel();
    let databases = BTreeMap::from([(bundle.to_owned(), vec![database()])]);
    let listener: ChangeListener = Arc::new(move |bundle: &str| drop(told.send(bundle.to_owned())));
    (cloud.subscribe(&databases, ms, listener).unwrap(), hears)
}

/// Threads of this process that wait for the kernel to tell of writes.
fn listeners() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let name = |thread: &std::fs::DirEntry| std::fs::read_to_string(thread.path().join("comm"));
    threads.filter(|thread| name(thread).is_ok_and(|name| name.trim() == "cloudsync-told")).count()
}

/// A thread takes its name only once it runs.
fn wait_for_listeners(count: usize) {
    let deadline = Instant::now() + PATIENCE;
    while listeners() != count {
        assert!(Instant::now() < deadline, "{} threads listen instead of {count}", listeners());
        std::thread::yield_now();
    }
}

/// The tests count threads, so they are one.
#[test]
fn who_subscribed_hears_of_writes() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (open(dir.path()), open(dir.path()));
    assert_eq!(listeners(), 0);
    hears_of_writes_and_of_nothing_else(&here, &there);
    wait_for_listeners(0);
    a_subscription_ends(&here, &there);
    a_closed_cloud_tells_nobody(dir.path(), &there);
}

fn hears_of_writes_and_of_nothing_else(here: &EmbeddedCloud, there: &EmbeddedCloud) {
    let (info, hears) = subscribe(here, "com.example.gallery", HOUR_MS);
    let (other_info, others) = subscribe(here, "com.example.other", HOUR_MS);
    wait_for_listeners(1);
    assert_eq!(info.expiration_time, HOUR_MS);
    assert_eq!(info.subscribe["com.example.gallery"][0].database_alias, "photos");
    insert(&db(there), "a", Some(0), values(1)).unwrap();
    assert_eq!(hears.recv_timeout(PATIENCE).unwrap(), "com.example.gallery");
    insert(&db(here), "b", Some(0), values(1)).unwrap();
    assert_eq!(hears.recv_timeout(PATIENCE).unwrap(), "com.example.gallery");

    // Reading, locking, and writes that change nothing are not told; the write after them is.
    let db = db(there);
    db.query("t", &[], 10, "").unwrap();
    let lock = db.lock().unwrap();
    db.unlock(lock.lock_id).unwrap();
    insert(&db, "a", Some(0), values(1)).unwrap();
    delete(&db, "unknown", None).unwrap();
    assert!(hears.try_recv().is_err());
    delete(&db, "a", None).unwrap();
    assert_eq!(hears.recv_timeout(PATIENCE).unwrap(), "com.example.gallery");
    assert!(hears.try_recv().is_err() && others.try_recv().is_err());

    for info in [info, other_info] {
        let ids = info.subscribe.into_iter();
        let ids = ids.map(|(bundle, ids)| (bundle, ids.into_iter().map(|id| id.id).collect())).collect();
        here.unsubscribe(&ids).unwrap();
        here.unsubscribe(&ids).unwrap();
    }
    // Its end goes with the listener.
    assert!(hears.recv_timeout(PATIENCE).is_err());
}

fn a_subscription_ends(here: &EmbeddedCloud, there: &EmbeddedCloud) {
    let (_, hears) = subscribe(here, "com.example.gallery", 1);
    assert!(hears.recv_timeout(PATIENCE).is_err());
    wait_for_listeners(0);
    // What is answered is how long it lasts, and not what was asked for.
    assert_eq!(subscribe(here, "com.example.gallery", u64::MAX).0.expiration_time, 7 * 24 * HOUR_MS);
    let (_, hears) = subscribe(here, "com.example.gallery", HOUR_MS);
    insert(&db(there), "c", Some(0), values(1)).unwrap();
    assert_eq!(hears.recv_timeout(PATIENCE).unwrap(), "com.example.gallery");
}

fn a_closed_cloud_tells_nobody(dir: &Path, there: &EmbeddedCloud) {
    let cloud = open(dir);
    let (_, hears) = subscribe(&cloud, "com.example.gallery", HOUR_MS);
    drop(cloud);
    assert!(hears.try_recv().is_err());
    insert(&db(there), "d", Some(0), values(1)).unwrap();
    assert!(hears.try_recv().is_err());
}
