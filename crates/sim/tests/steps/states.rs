//! The states of many files, asked for at once.

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{Code, FileSyncState};

use crate::hand::{Hand, world};

const URI: &str = "file://media/Photo";

#[test]
fn each_of_many_has_the_state_that_it_has_by_itself() {
    let world = world(true);
    let mut here = Hand::of_device(&world, 0, Originals);
    for folder in ["F", "G H"] {
        here.disk.make_dir(folder).unwrap();
        for name in ["a.jpg", "b c.jpg", "d.jpg"] {
            here.put(&format!("{folder}/{name}"), format!("{folder} {name}").as_bytes());
        }
    }
    here.put("a.jpg", b"above");
    here.put("G H/new.jpg", b"not as new");
    here.sync_well();
    here.put("F/new.jpg", b"not looked at yet");
    let all = [
        "/F/a.jpg",
        "/F/b%20c.jpg",
        "/F/d.jpg",
        "/F/new.jpg",
        "/a.jpg",
        "/G%20H/a.jpg",
        "/F/a.jpg",
        "/G%20H/b%20c.jpg",
        "/G%20H/d.jpg",
        "/%47%20H/d.jpg",
        "/G%20H/new.jpg",
        "/F/new.jpg",
        "/%61.jpg",
        "/a.jpg",
    ]
    .map(|path| format!("{URI}{path}"));
    let states = here.core.states();
    let asked: Vec<&str> = all.iter().map(String::as_str).collect();
    let found = states.file_states(&asked).unwrap();
    let alone: Vec<FileSyncState> = asked.iter().map(|uri| states.file_state(uri).unwrap()).collect();
    assert_eq!(found, alone);
    let unsent = found.iter().filter(|state| **state == FileSyncState::ToBeUploaded).count();
    let sent = found.iter().filter(|state| **state == FileSyncState::UploadSuccess).count();
    assert_eq!((unsent, sent), (2, 12));

    // What is no file is none beside one either.
    for (path, code) in [
        ("/F/none.jpg", Code::NoSuchFile),
        ("/F/a.jpg/a.jpg", Code::NoSuchFile),
        ("/F/..", Code::InvalidUri),
        ("/F/", Code::InvalidUri),
        ("/F/%2e", Code::InvalidUri),
        ("/a%2Fjpg", Code::InvalidUri),
    ] {
        let uri = format!("{URI}{path}");
        let asked = [all[0].as_str(), &uri];
        assert_eq!(states.file_states(&asked).unwrap_err().code, code, "{path}");
    }
}
