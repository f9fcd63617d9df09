//! Downloads by URI, while a file's name changes.

use cloudsync_engine::job::{Job, Work};
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{ClientId, DownloadPolicy, DownloadState, Event};

use crate::hand::{Hand, world};

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

    let mut ended = Vec::new();
    while let Some(event) = here.sink.next() {
        if let Event::Download { progress, .. } = event
            && progress.state == DownloadState::Completed
        {
            ended.push(progress.uri);
        }
    }
    ended.sort_unstable();
    assert_eq!(ended, ["file://media/Photo/a", "file://media/Photo/b"]);
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
    here.core.start_batch(7, 1, uris.to_vec()).unwrap();
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
