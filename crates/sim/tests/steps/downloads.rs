//! Downloads by URI, while a file's name changes.

use cloudsync_engine::job::{FetchOutcome, Job, Outcome, StopFlag, Work};
use cloudsync_engine::ports::{DeviceState, FileSystem, Heat, Network};
use cloudsync_engine::{
    ClientId, DownloadErrorType, DownloadFileType, DownloadPolicy, DownloadState, Event, SyncProgress,
    SyncState,
};
use cloudsync_sim::fine_conditions;

use crate::files_sent;
use crate::hand::{Hand, world};

/// The downloads that ended so since this was last asked.
fn ended(hand: &Hand, state: DownloadState) -> Vec<String> {
    let events = std::iter::from_fn(|| hand.sink.next());
    let ended = events.filter_map(|event| match event {
        Event::Download { progress, .. } if progress.state == state => Some(progress.uri),
        _ => None,
    });
    ended.collect()
}

/// Found by seeds 373 and 62048: who asked for a file by its new name too heard nothing more of the old one.
#[test]
fn a_file_that_was_asked_for_by_two_names_answers_both() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a", b"bytes");
    there.sync_well();
    let mut here = Hand::open(&world, DownloadPolicy::OnDemand);
    here.sync_well();

    let client: ClientId = 7;
    here.core.start_download(client, "file://media/Photo/a").unwrap();
    let fetch = here.core.next_job().unwrap();
    assert!(matches!(fetch.work, Work::Fetch(_)));
    there.disk.rename("a", "b").unwrap();
    there.sync_well();
    here.sync(|_, _| {});
    here.core.start_download(client, "file://media/Photo/b").unwrap();
    here.finish(fetch);

    let mut ended = ended(&here, DownloadState::Completed);
    ended.sort_unstable();
    assert_eq!(ended, ["file://media/Photo/a", "file://media/Photo/b"]);
}

/// A person gives a file the name of another one that is just being downloaded, and with `another` puts a
/// third in its place. Returns how many files are sent for that.
fn sent_for_a_move_to_what_is_downloaded(another: bool) -> usize {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a", b"the first");
    there.put("b", b"the second");
    there.sync_well();
    let mut here = Hand::open(&world, DownloadPolicy::OnDemand);
    here.sync_well();
    here.core.start_download(7, "file://media/Photo/b").unwrap();
    let fetch = here.core.next_job().unwrap();
    here.finish(fetch);
    here.sync_well();

    here.core.start_download(7, "file://media/Photo/a").unwrap();
    let fetch = here.core.next_job().unwrap();
    here.disk.rename("b", "a").unwrap();
    if another {
        here.put("b", b"the third");
    }
    let mut sent = 0;
    here.sync(|_, job| sent += files_sent(job));
    here.finish(fetch);
    world.lock().pass(1_000_000_000);
    here.sync(|_, job| sent += files_sent(job));
    there.sync_well();
    let mut bytes: Vec<_> = there.files().into_values().collect();
    bytes.sort();
    let expected = [&b"the first"[..], b"the second", b"the third"];
    assert_eq!(bytes, expected[..bytes.len()]);
    assert_eq!(bytes.len(), if another { 3 } else { 2 });
    sent
}

/// Found by seed 507516: the file that was moved counted as new where it came to, and as changed or deleted
/// where it had been.
#[test]
fn a_file_that_was_moved_to_the_place_of_one_that_is_downloaded_is_not_sent() {
    assert_eq!(sent_for_a_move_to_what_is_downloaded(false), 0);
    assert_eq!(sent_for_a_move_to_what_is_downloaded(true), 1);
}

/// A device whose run is about to fetch the file `a`, and the job that does.
fn about_to_fetch() -> (Hand, Job) {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a", b"bytes");
    there.sync_well();
    let mut here = Hand::open(&world, DownloadPolicy::Originals);
    let fetch = here.sync_until(|work| matches!(work, Work::Fetch(_)));
    (here, fetch)
}

/// Found by seed 515800: a download wrote to the temporary file that a run had checked already and was
/// putting in its place.
#[test]
fn what_a_run_fetches_is_not_fetched_beside_it() {
    let (mut here, fetch) = about_to_fetch();
    here.core.start_download(7, "file://media/Photo/a").unwrap();
    assert!(here.core.next_job().is_none());
    here.finish(fetch);
    assert_eq!(ended(&here, DownloadState::Completed), ["file://media/Photo/a"]);
}

#[test]
fn a_download_that_waits_for_a_run_stops_at_once() {
    let (mut here, fetch) = about_to_fetch();
    here.core.start_download(7, "file://media/Photo/a").unwrap();
    here.core.stop_download(7, "file://media/Photo/a");
    assert_eq!(ended(&here, DownloadState::Stopped), ["file://media/Photo/a"]);
    here.finish(fetch);
    assert!(here.disk.stat("a").is_ok());
}

#[test]
fn a_download_outlives_the_run_that_it_waits_for() {
    let (mut here, fetch) = about_to_fetch();
    here.core.start_download(7, "file://media/Photo/a").unwrap();
    here.core.stop_sync();
    here.finish(fetch);
    assert_eq!(ended(&here, DownloadState::Completed), ["file://media/Photo/a"]);
}

/// Found by seed 1000002357: nothing ever began it, for the job that it waited for was dropped.
#[test]
fn a_download_begins_when_the_run_that_it_waits_for_stops() {
    let (mut here, fetch) = about_to_fetch();
    here.step(fetch);
    here.core.start_download(7, "file://media/Photo/a").unwrap();
    here.core.stop_sync();
    let fetch = here.core.next_job().unwrap();
    here.finish(fetch);
    assert_eq!(ended(&here, DownloadState::Completed), ["file://media/Photo/a"]);
}

/// The file that a job brings, where it brings one.
fn brings(job: &Job) -> Option<&str> {
    match &job.work {
        Work::Fetch(items) => items.first().map(|item| &*item.path),
        _ => None,
    }
}

/// A person's file goes first, then the batch's, so many at a time that workers are left, then a run's.
#[test]
fn a_batch_goes_after_a_person_and_before_a_run() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    for name in ["a", "b", "c", "d", "e", "f"] {
        there.put(name, name.as_bytes());
    }
    there.sync_well();
    let mut here = Hand::open(&world, DownloadPolicy::OnDemand);
    here.sync_well();

    here.core.start_sync().unwrap();
    let uris = ["a", "b", "c", "d", "e"].map(|name| format!("file://media/Photo/{name}"));
    here.core.start_batch(7, 1, uris.to_vec(), DownloadFileType::Content).unwrap();
    here.core.start_download(8, "file://media/Photo/f").unwrap();
    let jobs: Vec<Job> = std::iter::from_fn(|| here.core.next_job()).collect();
    let order: Vec<Option<&str>> = jobs.iter().map(brings).collect();
    assert_eq!(order[..5], ["f", "a", "b", "c", "d"].map(Some), "four threads move bytes");
    assert!(order.len() > 5 && order[5..].iter().all(Option::is_none), "{order:?}");

    for job in jobs {
        here.finish(job);
    }
    assert_eq!(here.files().len(), 6);
    let mut ends = Vec::new();
    while let Some(event) = here.sink.next() {
        if let Event::Batch { client: 7, progress } = event
            && progress.state != DownloadState::Running
        {
            ends.push((progress.state, progress.succeeded.len()));
        }
    }
    assert_eq!(ends, [(DownloadState::Completed, 5)]);
}

/// Found by seeds 3337 and 14672: what had come counted as changed here, and was sent over the newer bytes.
#[test]
fn old_bytes_that_come_after_the_news_of_newer_ones_do_not_replace_them() {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a", b"old");
    there.sync_well();
    // Killed when it knows of the file and nothing more.
    Hand::open(&world, DownloadPolicy::Originals).sync_until(|work| matches!(work, Work::Fetch(_)));
    let mut here = Hand::open(&world, DownloadPolicy::Originals);
    here.core.start_download(7, "file://media/Photo/a").unwrap();
    let fetch = here.core.next_job().unwrap();
    there.disk.remove_file("a").unwrap();
    there.put("a", b"newer");
    there.sync_well();
    here.sync(|_, _| {});
    here.finish(fetch);
    for _ in 0..2 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!(there.files(), [("a".to_owned(), b"newer".to_vec())].into());
}

/// A device with files in the cloud alone, and another condition than when it learned of them.
fn with_files_in_the_cloud(change: impl FnOnce(&mut DeviceState)) -> Hand {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    there.put("a", &[7; 5000]);
    there.put("b", &[8; 5000]);
    there.sync_well();
    let mut here = Hand::open(&world, DownloadPolicy::OnDemand);
    here.sync_well();
    here.idle();
    change(&mut world.lock().devices[0].conditions);
    here
}

const A: &str = "file://media/Photo/a";

fn no_network(state: &mut DeviceState) {
    state.network = Network { wifi: false, mobile: false };
}

fn overheated(state: &mut DeviceState) {
    state.heat = Heat::Overheated;
}

/// How a download or a batch ends.
type End = (DownloadState, DownloadErrorType);

/// How the downloads and batches ended since this was last asked.
fn ends(hand: &Hand) -> Vec<End> {
    let events = std::iter::from_fn(|| hand.sink.next());
    let ended = events.filter_map(|event| match event {
        Event::Download { progress, .. } => Some((progress.state, progress.error)),
        Event::Batch { progress, .. } => {
            let error = progress.failed.first().map_or(DownloadErrorType::NoError, |(_, error)| *error);
            Some((progress.state, error))
        }
        _ => None,
    });
    ended.filter(|(state, _)| *state != DownloadState::Running).collect()
}

/// What lets nothing come any more, and how what is asked for ends then.
type Forbids = (fn(&mut DeviceState), End);

const FORBIDDING: [Forbids; 2] = [
    (no_network, (DownloadState::Failed, DownloadErrorType::NetworkUnavailable)),
    (overheated, (DownloadState::Stopped, DownloadErrorType::NoError)),
];

#[test]
fn a_download_that_the_device_forbids_is_not_tried() {
    for (forbid, end) in FORBIDDING {
        let mut here = with_files_in_the_cloud(forbid);
        here.core.start_download(7, A).unwrap();
        assert!(here.core.next_job().is_none(), "it is tried");
        assert_eq!(ends(&here), [end]);
        let uris = ["a", "b"].map(|name| format!("file://media/Photo/{name}"));
        here.core.start_batch(7, 1, uris.to_vec(), DownloadFileType::Content).unwrap();
        assert!(here.core.next_job().is_none(), "it is tried");
        assert_eq!(ends(&here), [end]);
        assert!(here.core.is_idle());

        here.world.lock().devices[0].conditions = fine_conditions();
        here.core.start_download(7, A).unwrap();
        here.idle();
        assert_eq!(ends(&here), [(DownloadState::Completed, DownloadErrorType::NoError)]);
    }
}

#[test]
fn a_download_under_way_ends_where_the_device_forbids_it_and_the_next_goes_on() {
    for (forbid, end) in FORBIDDING {
        let mut here = with_files_in_the_cloud(|_| {});
        here.core.start_download(7, A).unwrap();
        let fetch = here.core.next_job().unwrap();
        forbid(&mut here.world.lock().devices[0].conditions);
        let begun = here.world.lock().now_ns;
        while !fetch.stop.is_set() {
            here.wait();
            assert!(here.world.lock().now_ns - begun <= 1_000_000_000, "it still moves bytes");
        }
        // It had moved some by then.
        here.world.lock().devices[0].conditions.network.mobile = true;
        let moved = fetch.moved.clone();
        here.step(fetch);
        assert_eq!(ends(&here), [end]);
        assert!((1..1000).contains(&moved.get()) && here.core.is_idle());

        here.world.lock().devices[0].conditions = fine_conditions();
        here.core.start_download(7, A).unwrap();
        here.idle();
        assert_eq!(ends(&here), [(DownloadState::Completed, DownloadErrorType::NoError)]);
    }
}

#[test]
fn who_stops_a_download_that_has_no_network_any_more_hears_that_it_is_stopped() {
    let mut here = with_files_in_the_cloud(|_| {});
    here.core.start_download(7, A).unwrap();
    let fetch = here.core.next_job().unwrap();
    no_network(&mut here.world.lock().devices[0].conditions);
    here.live_for(1_000_000_000);
    assert!(fetch.stop.is_set());
    here.core.stop_download(7, A);
    here.world.lock().devices[0].conditions = fine_conditions();
    here.step(fetch);
    assert_eq!(ends(&here), [(DownloadState::Stopped, DownloadErrorType::NoError)]);
}

/// A device whose run is about to fetch these files with one job.
fn about_to_fetch_all(names: &[String]) -> (Hand, Job) {
    let world = world(true);
    let mut there = Hand::of_device(&world, 1, DownloadPolicy::Originals);
    for (name, fill) in names.iter().zip(0_u8..) {
        there.put(name, &[fill; 5000]);
    }
    there.sync_well();
    let mut here = Hand::open(&world, DownloadPolicy::Originals);
    let fetch = here.sync_until(|work| matches!(work, Work::Fetch(_)));
    assert!(matches!(&fetch.work, Work::Fetch(items) if items.len() == names.len()));
    (here, fetch)
}

/// Does what is to be done up to the end of the sync.
fn rest(here: &mut Hand) -> SyncProgress {
    loop {
        let last = std::iter::from_fn(|| here.sink.next()).find_map(|event| match event {
            Event::Sync(progress) if progress.state.is_final() => Some(progress),
            _ => None,
        });
        match (last, here.core.next_job()) {
            (Some(last), _) => return last,
            (None, Some(job)) => here.step(job),
            (None, None) => here.wait(),
        }
    }
}

#[test]
fn a_person_does_not_wait_for_the_rest_of_a_runs_files() {
    let names: Vec<String> = (10..30).map(|number| format!("IMG_{number}.jpg")).collect();
    for wanted in [&names[0], &names[10], &names[19]] {
        let (mut here, fetch) = about_to_fetch_all(&names);
        here.core.start_download(7, &format!("file://media/Photo/{wanted}")).unwrap();
        let run = fetch.moved.clone();
        here.step(fetch);
        let first = here.core.next_job().unwrap();
        assert_eq!(brings(&first), Some(&**wanted));
        let person = first.moved.clone();
        here.step(first);
        let place = here.core.next_job().unwrap();
        assert!(matches!(place.work, Work::Place(_)));
        here.step(place);
        assert_eq!(ended(&here, DownloadState::Completed).len(), 1);
        let moved = run.get() + person.get();
        assert!(moved < 5000 * 3, "{moved} of 100000 bytes came before the file");

        let last = rest(&mut here);
        assert_eq!((last.state, last.files_failed), (SyncState::Completed, 0));
        assert_eq!(here.files().len(), 20);
    }
}

/// What had come whole of a photo when the job was cut waits for the other parts.
#[test]
fn no_half_of_a_photo_takes_its_place_when_a_person_goes_first() {
    let names = ["IMG_1.HEIC", "IMG_1.MOV", "IMG_2.jpg", "IMG_3.jpg"].map(str::to_owned);
    let (mut here, fetch) = about_to_fetch_all(&names);
    let Work::Fetch(items) = &fetch.work else { panic!() };
    let cut: Vec<bool> =
        items.iter().map(|item| item.path != "IMG_1.HEIC" && item.path != "IMG_2.jpg").collect();
    here.core.start_download(7, "file://media/Photo/IMG_3.jpg").unwrap();
    let mut done = Job { stop: StopFlag::default(), ..fetch }.run(&here.core.job_context());
    let Outcome::Fetch(outcomes) = &mut done.outcome else { panic!() };
    for (outcome, _) in outcomes.iter_mut().zip(cut).filter(|(_, cut)| *cut) {
        *outcome = FetchOutcome::Stopped;
    }
    here.core.finish(done);
    while let Some(job) = here.core.next_job() {
        here.step(job);
        assert_eq!(here.disk.stat("IMG_1.HEIC").is_ok(), here.disk.stat("IMG_1.MOV").is_ok());
    }
    assert_eq!(rest(&mut here).state, SyncState::Completed);
    assert_eq!(here.files().len(), 4);
}
