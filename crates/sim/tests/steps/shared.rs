//! What lies in a share of another account, on a device of an invitee.

use cloudsync_cloud::Privilege;
use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::job::Work;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{Code, FileSyncState, SyncState};
use cloudsync_sim::{Accounts, Rng};

use crate::hand::{Hand, World, world};
use crate::removals::uri;

const READ: Privilege =
    Privilege { writable: false, readable: true, creatable: false, deletable: false, shareable: false };

/// A device of Ann's and one of Ben's, with whom she shares her folder F.
fn ann_and_ben(privilege: Privilege) -> (World, Hand, Hand) {
    let world = world(true);
    let accounts = Accounts::open(vec![0, 1], Rng::new(1), 10).unwrap();
    world.lock().accounts = Some(accounts);
    let (mut ann, mut ben) = (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, Originals));
    ann.disk.make_dir("F").unwrap();
    ann.put("F/a.jpg", b"Ann's");
    ann.sync_well();
    ben.sync_well();
    let folder = ann.core.states().record_of(&uri("F")).unwrap().id;
    world.lock().accounts.as_mut().unwrap().lend(0, &folder, 1, privilege).unwrap();
    ben.sync_well();
    assert_eq!(ben.read("F/a.jpg"), b"Ann's");
    (world, ann, ben)
}

/// The names in a folder.
fn names(hand: &Hand, folder: &str) -> Vec<String> {
    let entries = hand.disk.list(folder).unwrap().entries;
    let mut names: Vec<String> = entries.files().map(|entry| entry.name.to_string()).collect();
    names.sort();
    names
}

/// Found by seed 4000000673: a file that cannot be called otherwise in the cloud got a new name on the disk in every run.
#[test]
fn what_may_not_be_renamed_in_the_cloud_takes_a_conflicts_name_once() {
    let (world, mut ann, mut ben) = ann_and_ben(Privilege { creatable: true, ..READ });
    ben.put("F/b.jpg", b"Ben's b");
    let mut written = false;
    ben.sync(|_, job| {
        if matches!(job.work, Work::Write(_)) && !std::mem::replace(&mut written, true) {
            ann.put("F/b.jpg", b"Ann's b");
            ann.sync_well();
        }
    });
    world.lock().pass(60_000_000_000);
    ben.sync(|_, _| {});
    let first = names(&ben, "F");
    assert_eq!(first.len(), 3, "{first:?}");
    for _ in 0..3 {
        world.lock().pass(60_000_000_000);
        let last = ben.sync(|_, _| {});
        assert_eq!((last.state, last.files_failed), (SyncState::Completed, 1));
        assert_eq!(names(&ben, "F"), first);
    }
    let waiting = first.iter().filter_map(|name| ben.trouble(&format!("F/{name}"))).map(|(code, _)| code);
    assert_eq!(waiting.collect::<Vec<_>>(), [Code::NotPermitted]);
    // Ann may.
    ann.sync_well();
    ben.sync_well();
    assert_eq!(names(&ann, "F"), names(&ben, "F"));
    assert_eq!(names(&ann, "F").len(), 3);
}

/// Found by seed 4000010487: a file did not go to the cloud as long as another, which had its name before, lay in a folder that
/// may not come to where it is.
#[test]
fn what_may_not_come_into_a_share_keeps_nobody_from_its_old_name() {
    let (world, _ann, mut ben) = ann_and_ben(READ);
    ben.put("c.jpg", b"the first");
    ben.sync_well();
    ben.disk.make_dir("F/G").unwrap();
    ben.disk.rename("c.jpg", "F/G/c.jpg").unwrap();
    ben.put("c.jpg", b"the second");
    for _ in 0..2 {
        let last = ben.sync(|_, _| {});
        assert_eq!(last.state, SyncState::Completed);
        world.lock().pass(60_000_000_000);
    }
    assert_eq!(ben.trouble("F/G").map(|(code, _)| code), Some(Code::NotPermitted));
    assert_eq!(ben.core.states().file_state(&uri("c.jpg")), Ok(FileSyncState::UploadSuccess));
    assert_eq!((ben.read("c.jpg"), ben.read("F/G/c.jpg")), (b"the second".to_vec(), b"the first".to_vec()));
}

/// Found by seed 4000062256: the move out of a folder was refused, and the folder deleted around what still lay in it.
#[test]
fn a_folder_stays_in_the_cloud_while_what_lies_in_it_may_not_leave() {
    let (_world, _ann, mut ben) = ann_and_ben(Privilege { creatable: true, ..READ });
    ben.disk.make_dir("G").unwrap();
    ben.put("G/g", b"Ben's");
    ben.sync_well();
    let folder = ben.core.states().record_of(&uri("G")).unwrap().id;
    ben.disk.rename("G/g", "F/g").unwrap();
    ben.disk.remove_dir("G").unwrap();
    for _ in 0..2 {
        let last = ben.sync(|_, _| {});
        assert_eq!((last.state, last.files_failed), (SyncState::Completed, 1));
        assert_eq!(ben.trouble("F/g").unwrap().0, Code::NotPermitted);
        let trees = ben.core.trees();
        let trees = trees.read();
        let node = trees.by_record(&folder).and_then(|id| trees.get(id)).unwrap();
        assert!(node.live_remote().is_some(), "G is deleted, and g lies in it");
    }
}
