//! What a start would do is what it then does, and finding out changes nothing; every file says why it is as it is.

use std::sync::Arc;

use cloudsync_engine::DownloadPolicy::{OnDemand, Originals};
use cloudsync_engine::core::{Planned, PlannedKind};
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{Code, Result, SyncState};
use parking_lot::Mutex;

use crate::hand::{Hand, world};

/// What a start would do. Nothing but looks is done for it.
fn plan(hand: &mut Hand) -> Result<Vec<Planned>> {
    hand.idle(); // what a sync before left to be done
    let answer = Arc::new(Mutex::new(None));
    let told = Arc::clone(&answer);
    hand.core.look_ahead(Box::new(move |result| *told.lock() = Some(result)));
    while let Some(job) = hand.core.next_job() {
        let looks = matches!(job.work, Work::Scan { .. } | Work::Pull { .. } | Work::Hash(_));
        assert!(looks, "{:?}", job.work);
        hand.step(job);
    }
    assert!(hand.sink.next().is_none(), "nobody is told of a sync");
    let answer = answer.lock().take();
    answer.unwrap()
}

fn brief(planned: &[Planned]) -> Vec<(PlannedKind, String, Option<String>, u64)> {
    let path = |uri: &str| uri.trim_start_matches("file://media/Photo/").to_owned();
    let mut brief: Vec<_> =
        planned.iter().map(|p| (p.kind, path(&p.uri), p.to.as_deref().map(path), p.bytes)).collect();
    brief.sort_by(|a, b| (a.0 as i32, &a.1).cmp(&(b.0 as i32, &b.1)));
    brief
}

#[test]
fn every_kind_of_step_is_told_and_then_done() {
    let world = world(true);
    let (mut here, mut there) =
        (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, Originals));
    here.disk.make_dir("F").unwrap();
    for name in ["moved-here", "moved-there", "gone-here", "gone-there", "changed", "both"] {
        here.put(name, name.as_bytes());
    }
    here.sync_well();
    there.sync_well();
    here.disk.rename("moved-here", "F/moved").unwrap();
    here.disk.remove_file("gone-here").unwrap();
    here.disk.make_dir("G").unwrap();
    here.put("G/new", b"12345");
    there.disk.rename("moved-there", "F/there").unwrap();
    there.disk.remove_file("gone-there").unwrap();
    there.disk.make_dir("H").unwrap();
    there.put("H/new", b"123");
    for (hand, bytes) in [(&here, &b"this"[..]), (&there, &b"that one"[..])] {
        hand.disk.remove_file("both").unwrap();
        hand.put("both", bytes);
    }
    there.disk.remove_file("changed").unwrap();
    there.put("changed", b"anew");
    there.sync_well();
    world.lock().pass(1_000_000_000);

    let records = world.lock().cloud.records.clone();
    let files = here.files();
    let planned = plan(&mut here).unwrap();
    assert_eq!(plan(&mut here).unwrap(), planned, "as often as anybody asks");
    assert_eq!(world.lock().cloud.records, records);
    assert_eq!(here.files(), files);
    let planned_brief = brief(&planned);
    let beside = planned_brief.iter().find(|p| p.0 == PlannedKind::KeepBoth).unwrap().2.clone().unwrap();
    let step =
        |kind, path: &str, to: Option<&str>, bytes| (kind, path.to_owned(), to.map(str::to_owned), bytes);
    let mut expected = vec![
        step(PlannedKind::Upload, "G/new", None, 5),
        step(PlannedKind::Upload, &beside, None, 4),
        step(PlannedKind::Download, "H/new", None, 3),
        step(PlannedKind::Download, "both", None, 8),
        step(PlannedKind::Download, "changed", None, 4),
        step(PlannedKind::MakeFolderHere, "H", None, 0),
        step(PlannedKind::MakeFolderInCloud, "G", None, 0),
        step(PlannedKind::MoveHere, "moved-there", Some("F/there"), 0),
        step(PlannedKind::MoveInCloud, "moved-here", Some("F/moved"), 0),
        step(PlannedKind::DeleteHere, "gone-there", None, 0),
        step(PlannedKind::DeleteInCloud, "gone-here", None, 0),
        step(PlannedKind::KeepBoth, "both", Some(&beside), 0),
    ];
    expected.sort_by(|a, b| (a.0 as i32, &a.1).cmp(&(b.0 as i32, &b.1)));
    assert_eq!(planned_brief, expected);
    assert!(planned.iter().all(|p| p.reason.is_none()));

    let last = here.sync(|_, _| {});
    assert_eq!((last.state, last.files_done, last.bytes_total), (SyncState::Completed, 5, 24));
    assert_eq!(plan(&mut here), Ok(Vec::new()));
}

#[test]
fn what_would_not_be_done_says_why() {
    let world = world(true);
    let mut here = Hand::open(&world, Originals);
    for n in 0..60 {
        here.put(&n.to_string(), b"x");
    }
    here.sync_well();
    for n in 0..60 {
        here.disk.remove_file(&n.to_string()).unwrap();
    }
    let planned = plan(&mut here).unwrap();
    assert_eq!(planned.len(), 60);
    assert!(
        planned.iter().all(|p| p.kind == PlannedKind::DeleteInCloud && p.reason == Some(Code::LimitExceeded))
    );
    assert_eq!(here.core.deletions_held(), 0, "nothing is held by asking");
    let last = here.sync(|_, _| {});
    assert_eq!(last.deletions_held, 60);
    assert_eq!(here.trouble("7").unwrap().0, Code::LimitExceeded);
    here.core.answer_held_deletions(true);
    assert!(plan(&mut here).unwrap().iter().all(|p| p.reason.is_none()));
    here.sync_well();
    assert!(plan(&mut here).unwrap().is_empty(), "the word was for those");
}

#[test]
fn a_sync_under_way_is_not_planned_and_a_start_waits_for_a_plan() {
    let world = world(true);
    let mut here = Hand::open(&world, Originals);
    here.put("a", b"bytes");
    let job = here.sync_until(|work| matches!(work, Work::Upload(_)));
    assert_eq!(plan_code(&mut here), Some(Code::TaskRunning));
    assert_eq!(here.trouble("a").unwrap().0, Code::TaskRunning, "its bytes are on their way");
    here.finish(job);
    while here.sink.next().is_some() {}
    here.sync_well();

    let told = Arc::new(Mutex::new(None));
    let answer = Arc::clone(&told);
    here.put("b", b"bytes");
    here.core.look_ahead(Box::new(move |result| *answer.lock() = Some(result)));
    here.sync_well();
    assert_eq!(told.lock().take().unwrap().unwrap().len(), 1);
    assert_eq!(here.trouble("b"), None);
}

fn plan_code(hand: &mut Hand) -> Option<Code> {
    let told = Arc::new(Mutex::new(None));
    let answer = Arc::clone(&told);
    hand.core.look_ahead(Box::new(move |result| *answer.lock() = Some(result.map_err(|error| error.code))));
    let told = told.lock().take();
    told?.err()
}

#[test]
fn on_demand_what_comes_is_shown_and_not_fetched() {
    let world = world(true);
    let (mut here, mut there) = (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, OnDemand));
    here.put("a", b"bytes");
    here.sync_well();
    let planned = plan(&mut there).unwrap();
    assert_eq!(brief(&planned), [(PlannedKind::Show, "a".to_owned(), None, 0)]);
    assert_eq!(there.trouble("a").unwrap().0, Code::TryAgain, "the next sync takes it along");
    there.sync_well();
    assert_eq!(there.trouble("a"), None);
}
