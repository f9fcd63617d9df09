//! What had come to a file's place in the very instant in which that was moved away, and a kill right then.

use cloudsync_engine::DownloadPolicy::Originals;
use cloudsync_engine::job::{Job, Work};
use cloudsync_engine::ports::FileSystem;
use cloudsync_sim::Doom;

use crate::hand::{Hand, World};
use crate::removals::{both, sync_both, uri};

/// What a person wrote in that instant.
const THEIRS: &[u8] = b"person's";

/// Takes a device to a job, ends its process after each number of calls that the job makes, and opens the gallery anew;
/// `then` is told of each. Returns for how many that held what it looks for.
fn killed_within(
    prepare: impl Fn() -> (World, Hand, Hand, Job),
    then: impl Fn(&World, Hand, Hand) -> bool,
) -> usize {
    let cases = (0..40).map(|calls| {
        let (world, here, there, job) = prepare();
        world.lock().devices[0].doom = Some(Doom { calls, power_cut: false });
        here.run(job);
        world.lock().devices[0].doom = None;
        drop(here);
        then(&world, Hand::of_device(&world, 0, Originals), there)
    });
    cases.filter(|found| *found).count()
}

fn freeing() -> (World, Hand, Hand, Job) {
    let (world, mut here, there) = both(&[("d.jpg", "of d"), ("a.jpg", "bytes")]);
    let job = freed(&mut here, "a.jpg");
    (world, here, there, job)
}

/// The job that removes a file whose space is freed.
fn freed(hand: &mut Hand, path: &str) -> Job {
    hand.core.clean(&uri(path), Box::new(|_| {}));
    loop {
        let job = hand.core.next_job().unwrap();
        if matches!(job.work, Work::Remove(_)) {
            return job;
        }
        hand.step(job);
    }
}

fn replacing() -> (World, Hand, Hand, Job) {
    let (world, mut here, mut there) = both(&[("d.jpg", "of d"), ("a.jpg", "bytes")]);
    there.disk.remove_file("a.jpg").unwrap();
    there.put("a.jpg", b"newer bytes");
    there.sync_well();
    let place = here.sync_until(|work| matches!(work, Work::Place(_)));
    (world, here, there, place)
}

fn is_replaced(hand: &Hand) -> bool {
    hand.files().get("a.jpg").map(Vec::as_slice) == Some(b"newer bytes")
}

fn hold(hand: &Hand) -> Vec<Vec<u8>> {
    let mut bytes: Vec<Vec<u8>> = hand.files().into_values().collect();
    bytes.sort();
    bytes
}

/// The one name in a folder of the engine's own.
fn one_in(hand: &Hand, folder: &str, names: Vec<String>) -> Option<String> {
    names
        .into_iter()
        .next()
        .map(|name| format!("{folder}/{name}"))
        .filter(|place| hand.disk.stat(place).is_ok())
}

fn in_trash(hand: &Hand) -> Option<String> {
    one_in(hand, <dyn FileSystem>::TRASH, hand.disk.list_trash().unwrap())
}

fn in_temp(hand: &Hand) -> Option<String> {
    let names = hand.disk.list_temp().unwrap().into_iter().map(|(name, _)| name);
    one_in(hand, <dyn FileSystem>::TEMP, names.collect())
}

/// Found by seed 5000203613: it stayed in the trash, under a name that says nothing to anybody.
#[test]
fn what_came_to_the_place_of_a_file_that_is_freed_comes_back() {
    let found = killed_within(freeing, |_, mut here, mut there| {
        let Some(place) = in_trash(&here) else { return false };
        here.disk.remove_file(&place).unwrap();
        here.put(&place, THEIRS);
        sync_both(&mut here, &mut there);
        // A new file, and no change of the one that went.
        assert_eq!(hold(&here), [b"of d", THEIRS]);
        assert_eq!(hold(&there), [b"bytes", &b"of d"[..], THEIRS]);
        true
    });
    assert!(found > 0);
}

#[test]
fn it_comes_back_beside_what_a_person_has_put_there_since() {
    let found = killed_within(freeing, |_, mut here, mut there| {
        let Some(place) = in_trash(&here) else { return false };
        here.disk.remove_file(&place).unwrap();
        here.put(&place, THEIRS);
        here.put("a.jpg", b"the newest");
        sync_both(&mut here, &mut there);
        assert_eq!(here.files().get("a (kept 1).jpg").map(Vec::as_slice), Some(THEIRS));
        assert_eq!(hold(&there), [b"bytes", &b"of d"[..], THEIRS, b"the newest"]);
        true
    });
    assert!(found > 0);
}

/// Found by seed 1009053968: it was tried again and again, and meanwhile nothing counted as deleted.
#[test]
fn it_comes_back_also_where_its_folder_has_gone() {
    let in_folder = || {
        let (world, here, _) = both(&[("d.jpg", "of d")]);
        here.disk.make_dir("F").unwrap();
        here.put("F/a.jpg", b"bytes");
        let (mut here, mut there) = (here, Hand::of_device(&world, 1, Originals));
        sync_both(&mut here, &mut there);
        let job = freed(&mut here, "F/a.jpg");
        (world, here, there, job)
    };
    let found = killed_within(in_folder, |_, mut here, mut there| {
        let Some(place) = in_trash(&here) else { return false };
        here.disk.remove_file(&place).unwrap();
        here.put(&place, THEIRS);
        here.disk.remove_dir("F").unwrap();
        sync_both(&mut here, &mut there);
        let entries = here.disk.list("F").unwrap().entries;
        let bytes: Vec<_> = entries.files().map(|file| here.read(&format!("F/{}", file.name))).collect();
        assert_eq!(bytes, [THEIRS]);
        true
    });
    assert!(found > 0);
}

/// The file itself stays where it is: the cloud has it.
#[test]
fn what_was_freed_is_not_brought_back() {
    let found = killed_within(freeing, |world, mut here, mut there| {
        let Some(_) = in_trash(&here) else { return false };
        sync_both(&mut here, &mut there);
        assert_eq!(here.files().len(), 1);
        assert_eq!(there.files().len(), 2);
        assert!(world.lock().cloud.records.values().all(|record| !record.deleted()));
        true
    });
    assert!(found > 0);
}

/// A change from the cloud had taken its place, and it lay under the name of a temporary file, where it would have been swept.
#[test]
fn what_came_to_the_place_of_a_file_that_is_replaced_comes_back_beside_it() {
    let found = killed_within(replacing, |_, mut here, mut there| {
        let Some(place) = in_temp(&here).filter(|_| is_replaced(&here)) else { return false };
        here.disk.remove_file(&place).unwrap();
        here.put(&place, THEIRS);
        sync_both(&mut here, &mut there);
        assert_eq!(here.files().get("a.jpg").map(Vec::as_slice), Some(&b"newer bytes"[..]));
        assert_eq!(here.files().get("a (kept 1).jpg").map(Vec::as_slice), Some(THEIRS));
        assert_eq!(there.files(), here.files());
        true
    });
    assert!(found > 0);
}

/// The version that was replaced goes to the trash, as it does without a kill.
#[test]
fn what_was_replaced_is_in_the_trash_after_a_kill_as_well() {
    let found = killed_within(replacing, |_, mut here, mut there| {
        let Some(place) = in_temp(&here).filter(|_| is_replaced(&here)) else { return false };
        sync_both(&mut here, &mut there);
        assert!(here.disk.stat(&place).is_err());
        let bins = here.disk.list_trash().unwrap();
        let bin = bins.iter().find(|bin| {
            bin.ends_with("-replaced") && {
                let place = format!("{}/{bin}/a.jpg", <dyn FileSystem>::TRASH);
                here.disk.stat(&place).is_ok_and(|_| here.read(&place) == b"bytes")
            }
        });
        assert!(bin.is_some(), "{bins:?}");
        assert_eq!(here.files().len(), 2);
        assert_eq!(there.files(), here.files());
        true
    });
    assert!(found > 0);
}

#[test]
fn a_replacement_that_was_not_begun_is_begun_anew() {
    let found = killed_within(replacing, |_, mut here, mut there| {
        let Some(_) = in_temp(&here).filter(|_| !is_replaced(&here)) else { return false };
        sync_both(&mut here, &mut there);
        assert_eq!(here.files().len(), 2);
        assert_eq!(here.files().get("a.jpg").map(Vec::as_slice), Some(&b"newer bytes"[..]));
        assert_eq!(there.files(), here.files());
        true
    });
    assert!(found > 0);
}
