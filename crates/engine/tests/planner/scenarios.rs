//! The changes that are known to be hard, each with the tree that it must end in.

use cloudsync_engine::plan::CloudAction;

use super::model::{Bytes, Cuts};
use super::sides::{Held, Item, Number, Side, Start};

const DIR: Option<Bytes> = None;

/// Starts from a tree of `(number, folder, name, bytes)`.
fn from(items: &[(Number, Number, &'static str, Option<Bytes>)]) -> Start {
    let mut base = Side::default();
    items.iter().for_each(|&(number, folder, name, bytes)| base.add(number, folder, name, bytes));
    Start::new(base)
}

impl Side {
    fn add(&mut self, number: Number, folder: Number, name: &'static str, bytes: Option<Bytes>) {
        self.items.insert(number, Item { folder, name, bytes, held: Held::Here });
    }

    fn edit(&mut self, number: Number, bytes: Bytes) {
        if let Some(item) = self.items.get_mut(&number) {
            item.bytes = Some(bytes);
        }
    }

    fn hold(&mut self, number: Number, held: Held) {
        if let Some(item) = self.items.get_mut(&number) {
            item.held = held;
        }
    }
}

/// Runs in twenty orders, whole and cut short, and compares where it ends: `path=bytes`, folders
/// with a slash.
fn ends(start: &Start, expected: &str) {
    for seed in 0..20 {
        for cuts in [Cuts::None, Cuts::Some] {
            match super::run(start, seed, cuts) {
                Ok((_, end)) => assert_eq!(text(&end), expected, "seed {seed}, {cuts:?}"),
                Err(why) => panic!("{why}"),
            }
        }
    }
}

fn text(end: &super::Listing) -> String {
    let entries = end.iter().map(|(path, bytes)| match bytes {
        Some(bytes) => format!("{path}={bytes}"),
        None => format!("{path}/"),
    });
    entries.collect::<Vec<_>>().join(" ")
}

#[test]
fn nothing_changed_is_nothing_to_do() {
    let start = from(&[(1, 0, "a", DIR), (2, 1, "b", Some(5))]);
    let (world, _) = start.world().unwrap();
    assert!(world.plan().is_empty());
}

#[test]
fn a_change_here_wins_over_a_deletion_there() {
    let mut start = from(&[(1, 0, "d", DIR), (2, 1, "a", Some(5)), (3, 1, "b", Some(6))]);
    start.local.edit(2, 50);
    start.remote.delete(1, false);
    ends(&start, "d/ d/a=50");
}

#[test]
fn a_change_there_wins_over_a_deletion_here() {
    let mut start = from(&[(1, 0, "d", DIR), (2, 1, "a", Some(5)), (3, 1, "b", Some(6))]);
    start.remote.edit(2, 50);
    start.local.delete(1, false);
    ends(&start, "d/ d/a=50");
}

#[test]
fn a_new_file_keeps_its_folder_alive() {
    let mut start = from(&[(1, 0, "d", DIR), (2, 1, "e", DIR)]);
    start.remote.add(10, 2, "new", Some(7));
    start.local.delete(1, false);
    ends(&start, "d/ d/e/ d/e/new=7");
}

#[test]
fn two_changes_keep_both() {
    let mut start = from(&[(1, 0, "a.jpg", Some(5))]);
    start.local.edit(1, 50);
    start.remote.edit(1, 51);
    ends(&start, "a (conflict phone 2026).jpg=50 a.jpg=51");
}

#[test]
fn two_equal_changes_are_one() {
    let mut start = from(&[(1, 0, "a.jpg", Some(5))]);
    start.local.edit(1, 50);
    start.local.hold(1, Held::Unread);
    start.remote.edit(1, 50);
    ends(&start, "a.jpg=50");
}

#[test]
fn one_new_name_with_equal_bytes_is_one_file() {
    let mut start = from(&[]);
    start.local.add(1, 0, "d", DIR);
    start.local.add(2, 1, "a", Some(5));
    start.local.hold(2, Held::Unread);
    start.remote.add(10, 0, "d", DIR);
    start.remote.add(11, 10, "a", Some(5));
    ends(&start, "d/ d/a=5");
}

#[test]
fn one_new_name_with_different_bytes_keeps_both() {
    let mut start = from(&[]);
    start.local.add(1, 0, "a", Some(5));
    start.remote.add(10, 0, "a", Some(6));
    ends(&start, "a=6 a (conflict phone 2026)=5");
}

#[test]
fn a_swap_of_names_sends_nothing() {
    let mut start = from(&[(1, 0, "a", Some(5)), (2, 0, "b", Some(6))]);
    start.remote.put(1, (0, "b"));
    start.remote.put(2, (0, "a"));
    ends(&start, "a=6 b=5");
}

#[test]
fn a_circle_of_three_names_is_followed() {
    let mut start =
        from(&[(1, 0, "a", DIR), (2, 0, "b", Some(6)), (3, 0, "c", Some(7)), (4, 1, "x", Some(8))]);
    start.remote.put(1, (0, "b"));
    start.remote.put(2, (0, "c"));
    start.remote.put(3, (0, "a"));
    ends(&start, "a=7 b/ b/x=8 c=6");
}

#[test]
fn parent_and_child_change_places() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 1, "a", DIR), (3, 1, "x", Some(5)), (4, 2, "y", Some(6))]);
    start.remote.put(2, (0, "a"));
    start.remote.put(1, (2, "a"));
    ends(&start, "a/ a/a/ a/a/x=5 a/y=6");
}

#[test]
fn of_two_moves_into_one_another_the_clouds_counts() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 0, "b", DIR), (3, 1, "x", Some(5)), (4, 2, "y", Some(6))]);
    start.local.put(1, (2, "a"));
    start.remote.put(2, (1, "b"));
    ends(&start, "a/ a/b/ a/b/y=6 a/x=5");
}

#[test]
fn a_rename_outlives_a_circle_that_it_did_not_make() {
    let mut start = from(&[(2, 0, "d", DIR), (1, 2, "e", DIR), (3, 2, "d", DIR)]);
    start.local.put(3, (0, "d"));
    start.local.put(2, (3, "d"));
    start.local.put(1, (2, "a"));
    start.remote.put(3, (1, "d"));
    ends(&start, "d/ d/a/ d/a/d/");
}

#[test]
fn a_deleted_folder_does_not_live_for_what_gave_way() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 0, "b", DIR), (3, 1, "c", DIR)]);
    start.local.put(2, (3, "b"));
    start.remote.put(1, (2, "a"));
    start.remote.delete(3, false);
    ends(&start, "b/ b/a/");
}

#[test]
fn a_folder_goes_into_a_new_one_beneath_one_that_moves() {
    let mut start = from(&[(1, 0, "e", DIR), (2, 1, "a", DIR)]);
    start.local.put(2, (0, "e"));
    start.local.put(1, (2, "a"));
    start.remote.add(10, 1, "b", DIR);
    start.remote.put(2, (10, "a"));
    ends(&start, "a/ a/b/ a/b/a/");
}

#[test]
fn what_moved_out_of_a_deleted_folder_stays() {
    let mut start = from(&[(1, 0, "d", DIR), (2, 1, "a", Some(5)), (3, 1, "b", Some(6))]);
    start.remote.put(2, (0, "a"));
    start.remote.delete(1, false);
    ends(&start, "a=5");
}

#[test]
fn a_file_becomes_a_folder_of_the_same_name() {
    let mut start = from(&[(1, 0, "a", Some(5)), (2, 0, "x", Some(6))]);
    start.remote.delete(1, false);
    start.remote.add(10, 0, "a", DIR);
    start.remote.put(2, (10, "x"));
    ends(&start, "a/ a/x=6");
}

#[test]
fn a_folder_becomes_a_file_of_the_same_name() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 1, "x", Some(6))]);
    start.remote.put(2, (0, "x"));
    start.remote.delete(1, false);
    start.remote.add(10, 0, "a", Some(7));
    ends(&start, "a=7 x=6");
}

#[test]
fn a_new_folder_takes_the_name_and_the_content_of_a_deleted_one() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 1, "x", Some(6)), (3, 1, "y", Some(7))]);
    start.remote.add(10, 0, "a", DIR);
    start.remote.put(2, (10, "x"));
    start.remote.delete(1, false);
    ends(&start, "a/ a/x=6");
}

#[test]
fn what_was_moved_into_a_folder_made_anew_outlives_its_deletion_there() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 1, "b", Some(5))]);
    start.local.delete(1, false);
    start.local.add(1000, 0, "a", DIR);
    start.local.add(2, 1000, "b", Some(5));
    start.remote.delete(2, false);
    ends(&start, "a/ a/b=5");
}

#[test]
fn case_and_unicode_twins_are_kept_apart() {
    let mut start = from(&[(1, 0, "a", Some(5)), (2, 0, "\u{e9}", Some(6))]);
    start.local.add(3, 0, "A", Some(7));
    start.remote.add(10, 0, "e\u{301}", Some(8));
    ends(&start, "A=7 a=5 e\u{301}=8 \u{e9}=6");
}

#[test]
fn a_lost_index_deletes_and_copies_nothing() {
    let mut start =
        from(&[(1, 0, "d", DIR), (2, 1, "a", Some(5)), (3, 1, "b", Some(6)), (4, 0, "c", Some(7))]);
    start.index_lost = true;
    start.local.delete(3, false);
    start.remote.delete(4, false);
    start.local.hold(2, Held::Unread);
    ends(&start, "c=7 d/ d/a=5 d/b=6");
}

#[test]
fn a_touched_file_is_read_and_nothing_else() {
    let mut start = from(&[(1, 0, "a", Some(5))]);
    start.local.hold(1, Held::Unread);
    let (world, _) = super::run(&start, 1, Cuts::None).unwrap();
    assert!(world.done.is_empty());
}

#[test]
fn a_file_made_over_a_cloud_only_one_keeps_both() {
    let mut start = from(&[(1, 0, "a", Some(5))]);
    start.fetch_bytes = false;
    start.local.hold(1, Held::CloudOnly);
    start.local.add(2, 0, "a", Some(6));
    ends(&start, "a=5 a (conflict phone 2026)=6");
}

#[test]
fn the_same_bytes_over_a_cloud_only_file_are_that_file() {
    let mut start = from(&[(1, 0, "a", Some(5))]);
    start.fetch_bytes = false;
    start.local.hold(1, Held::CloudOnly);
    start.local.add(2, 0, "a", Some(5));
    start.local.hold(2, Held::Unread);
    ends(&start, "a=5");
}

#[test]
fn a_program_that_saves_by_replacing_edits_the_file() {
    let mut start = from(&[(1, 0, "a", Some(5))]);
    start.local.delete(1, false);
    start.local.add(2, 0, "a", Some(6));
    ends(&start, "a=6");
    let (world, _) = super::run(&start, 1, Cuts::None).unwrap();
    assert_eq!(world.cloud.records.len(), 1);
}

#[test]
fn an_orphan_that_was_deleted_here_is_not_lost() {
    let mut start = from(&[(1, 0, "a", Some(5))]);
    (start.lies, start.tombstones) = (true, false);
    start.local.delete(1, false);
    start.remote.put(1, (super::sides::UNKNOWN, "a"));
    ends(&start, "a=5");
}

#[test]
fn a_circle_in_the_cloud_is_opened() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 0, "b", DIR), (3, 1, "x", Some(5))]);
    start.lies = true;
    start.remote.put(1, (2, "a"));
    start.remote.put(2, (1, "b"));
    ends(&start, "a/ a/b/ a/x=5");
}

#[test]
fn a_deleted_folder_comes_back_into_what_it_held() {
    let mut start = from(&[(3, 0, "c", DIR), (5, 3, "a", DIR), (1, 0, "a", Some(5)), (6, 5, "y", Some(9))]);
    start.lies = true;
    start.remote.put(3, (5, "a"));
    start.remote.items.remove(&5);
    ends(&start, "a=5 a (conflict phone 2026)/ a (conflict phone 2026)/a/ a (conflict phone 2026)/a/y=9");
}

#[test]
fn two_records_of_one_name_are_kept_apart() {
    let mut start = from(&[]);
    start.lies = true;
    start.remote.add(10, 0, "a", Some(5));
    start.remote.add(11, 0, "a", Some(6));
    ends(&start, "a=5 a (conflict phone 2026)=6");
}

#[test]
fn of_two_records_of_one_name_a_frozen_one_is_kept_apart_later() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 0, "c", Some(5))]);
    start.lies = true;
    start.local.put(1, (0, "c"));
    start.local.hold(2, Held::CloudOnly);
    start.remote.put(1, (0, "c"));
    start.frozen.insert(1);
    ends(&start, "c=5 c (conflict phone 2026)/");
}

#[test]
fn a_folder_made_over_a_cloud_only_file_of_a_lying_clouds_folder_is_kept_apart() {
    let mut start = from(&[(1, 0, "a", DIR), (2, 0, "c", Some(5))]);
    (start.lies, start.fetch_bytes) = (true, false);
    start.local.delete(1, false);
    start.local.hold(2, Held::CloudOnly);
    start.local.add(1000, 0, "c", DIR);
    start.remote.put(1, (0, "c"));
    ends(&start, "c=5 c (conflict phone 2026)/");
}

#[test]
fn a_frozen_file_holds_back_what_needs_its_place_and_nothing_else() {
    let mut start = from(&[(1, 0, "a", Some(5)), (2, 0, "b", Some(6)), (3, 0, "c", Some(7))]);
    start.remote.put(1, (0, "b"));
    start.remote.put(2, (0, "a"));
    start.remote.put(3, (0, "d"));
    start.frozen.insert(1);
    let (world, numbers) = start.world().unwrap();
    let moved: Vec<_> =
        world.plan().disk.actions().iter().map(cloudsync_engine::plan::DiskAction::node).collect();
    assert_eq!(moved, [numbers.there(3)]);
    ends(&start, "a=6 b=5 d=7");
}

#[test]
fn a_new_file_waits_for_a_frozen_one_of_its_name() {
    let mut start = from(&[]);
    start.local.add(1, 0, "a", Some(5));
    start.local.hold(1, Held::Unread);
    start.remote.add(10, 0, "a", Some(5));
    start.frozen.insert(10);
    let (world, _) = start.world().unwrap();
    assert!(world.plan().disk.is_empty() && world.plan().cloud.is_empty());
    ends(&start, "a=5");
}

#[test]
fn a_new_folder_that_gives_way_to_a_circle_is_not_parked() {
    let mut start = from(&[(1, 0, "c", Some(5)), (2, 0, "b", DIR), (3, 2, "a", DIR)]);
    start.local.add(1000, 3, "x", DIR);
    start.remote.put(2, (0, "c"));
    start.remote.put(3, (0, "b"));
    start.remote.put(1, (3, "x"));
    ends(&start, "b/ b/x=5 b/x (conflict phone 2026)/ c/");
}

#[test]
fn a_parked_file_goes_where_the_cloud_has_it() {
    let mut start = from(&[(1, 0, "d", DIR), (2, 1, "a", Some(5))]);
    start.local.put(2, (0, "a (conflict moving 2)"));
    ends(&start, "d/ d/a=5");
}

#[test]
fn a_parked_file_that_the_cloud_deleted_goes() {
    let mut start = from(&[(1, 0, "a", Some(5))]);
    start.local.put(1, (0, "a (conflict moving 1)"));
    start.remote.delete(1, false);
    let (mut world, _) = start.world().unwrap();
    world.run(&mut super::model::Chance(1), Cuts::None).unwrap();
    assert_eq!(text(&world.check_agreement().unwrap()), "");
}

#[test]
fn a_parked_folder_that_lives_for_what_is_new_in_it_has_its_own_name() {
    let mut start = from(&[(1, 0, "d", DIR), (2, 1, "c", DIR)]);
    start.local.put(2, (0, "c (conflict moving 2)"));
    start.local.add(1000, 2, "new", Some(5));
    start.remote.delete(2, false);
    ends(&start, "d/ d/c/ d/c/new=5");
    start.remote.delete(1, false);
    ends(&start, "d/ d/c/ d/c/new=5");
}

/// A folder that cannot be made holds up the new files in it, and no others.
#[test]
fn new_files_whose_turn_it_is_do_not_hold_up_the_others() {
    let mut start = from(&[]);
    start.local.add(1000, 0, "F", DIR);
    start.local.add(1001, 1000, "in", Some(5));
    start.local.add(1002, 1000, "in too", Some(6));
    start.local.add(1003, 0, "out", Some(7));
    start.local.add(1004, 0, "out too", Some(8));
    start.new_files_at_once = 1;
    let (world, _) = start.world().unwrap();
    let plan = world.plan();
    assert_eq!((plan.cloud.len(), plan.later.files), (3, 2), "{plan:?}");
    start.frozen.insert(1000);
    let (world, _) = start.world().unwrap();
    let sent: Vec<_> = world.plan().cloud.actions().iter().map(CloudAction::node).collect();
    assert_eq!(sent.len(), 2, "{sent:?}");
    start.frozen.clear();
    ends(&start, "F/ F/in=5 F/in too=6 out=7 out too=8");
}
