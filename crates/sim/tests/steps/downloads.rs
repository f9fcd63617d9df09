//! Downloads by URI, while a file's name changes.

use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{ClientId, DownloadPolicy, DownloadState, Event};

use crate::files_sent;
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
