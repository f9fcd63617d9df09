//! Downloads by URI, while a file's name changes.

use cloudsync_engine::job::Work;
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
