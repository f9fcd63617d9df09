//! A person gives a file a second name, as a hard link: the first stays what it was.

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::ports::FileSystem;

use crate::hand::{Hand, world};

/// Gives `photo` a second name on one device, while on the other it is changed.
fn linked_here_and_changed_there(second: &str) {
    let world = world(true);
    let (mut here, mut there) =
        (Hand::of_device(&world, 0, Originals), Hand::of_device(&world, 1, Originals));
    here.put("photo", b"before");
    here.sync_well();
    there.sync_well();
    here.give_second_name("photo", second);
    there.disk.remove_file("photo").unwrap();
    there.put("photo", b"AFTER!");
    there.sync_well();
    for _ in 0..2 {
        here.sync_well();
        there.sync_well();
    }
    assert_eq!(here.read("photo"), b"AFTER!");
    assert_eq!(here.read(second), b"before");
    assert_eq!(here.files(), there.files());
}

/// The change went to the second name, and the first had the old bytes again, on all devices.
#[test]
fn a_change_goes_to_the_name_that_was_there_first() {
    linked_here_and_changed_there("zebra");
    linked_here_and_changed_there("another");
}
