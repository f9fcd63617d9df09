//! The rules of records, cursors and locks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use cloudsync_cloud::*;
use common::*;

struct Setup {
    dir: tempfile::TempDir,
    clock: TestClock,
    cloud: EmbeddedCloud,
}

fn setup() -> Setup {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let cloud = EmbeddedCloud::open(dir.path(), clock.options()).unwrap();
    Setup { dir, clock, cloud }
}

fn listing(db: &std::sync::Arc<dyn CloudDb>) -> Vec<Record> {
    let page = db.query("t", &[], 10_000, "").unwrap();
    assert!(!page.has_more);
    page.values
}

#[test]
fn the_directory_is_private_even_if_it_was_not() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("deep/cloud");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(EmbeddedCloud::open(&dir, EmbeddedOptions::new("a")).unwrap());
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn everything_is_there_after_opening_again() {
    let Setup { dir, clock, cloud } = setup();
    let receipt = insert(&db(&cloud), "a", Some(0), values(1)).unwrap();
    let cursor = db(&cloud).query("t", &[], 10, "").unwrap().next_cursor;
    drop(cloud);
    let cloud = EmbeddedCloud::open(dir.path(), clock.options()).unwrap();
    assert_eq!(listing(&db(&cloud))[0].version, receipt.version);
    assert_eq!(db(&cloud).query("t", &[], 10, &cursor).unwrap().values, []);
}

#[test]
fn records_of_a_newer_version_are_left_alone() {
    let Setup { dir, clock, cloud } = setup();
    drop(cloud);
    let account = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let records = rusqlite::Connection::open(account.join("records.db")).unwrap();
    records.pragma_update(None, "user_version", 99).unwrap();
    let refused = EmbeddedCloud::open(dir.path(), clock.options()).err();
    assert!(matches!(refused, Some(CloudError::Unknown(text)) if text.contains("99")));
}

#[test]
fn what_is_no_database_is_damage() {
    let Setup { dir, clock, cloud } = setup();
    drop(cloud);
    let account = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    std::fs::write(account.join("records.db"), vec![b'x'; 8192]).unwrap();
    let refused = EmbeddedCloud::open(dir.path(), clock.options()).err();
    assert!(matches!(refused, Some(CloudError::Corrupt(_))), "{refused:?}");
}

#[test]
fn accounts_share_nothing() {
    let Setup { dir, clock, cloud } = setup();
    let other = EmbeddedOptions { account: "somebody else".to_owned(), ..clock.options() };
    let other = EmbeddedCloud::open(dir.path(), other).unwrap();
    insert(&db(&cloud), "a", None, values(1)).unwrap();
    let asset = upload(&cloud, b"mine").unwrap();
    assert_eq!(listing(&db(&other)), []);
    assert!(matches!(download(&other, &asset), Err(CloudError::NotFound(_))));
    let id = |cloud: &EmbeddedCloud| cloud.get_service_info().unwrap().id;
    assert_ne!(id(&cloud), id(&other));
    assert_eq!(id(&cloud).len(), 64);
}

#[test]
fn bundles_databases_and_tables_are_apart() {
    let Setup { dir: _dir, cloud, .. } = setup();
    insert(&db(&cloud), "a", None, values(1)).unwrap();
    let elsewhere = Database { name: "n".to_owned(), alias: "other".to_owned(), tables: vec![] };
    for (bundle, database) in [("com.example.gallery", elsewhere), ("com.example.other", database())] {
        let db = cloud.connect_db(bundle, &database).unwrap();
        assert_eq!(listing(&db), []);
        db.lock().unwrap();
    }
    assert_eq!(db(&cloud).query("u", &[], 10, "").unwrap().values, []);
    db(&cloud).lock().unwrap();
    assert_eq!(cloud.get_app_brief_info().unwrap().len(), 2);
    assert!(cloud.get_app_brief_info().unwrap().values().all(|app| app.cloud_switch));
}

#[test]
fn versions_are_never_used_twice_even_when_a_deletion_is_forgotten() {
    let Setup { dir: _dir, clock, cloud } = setup();
    let db = db(&cloud);
    insert(&db, "a", None, values(1)).unwrap();
    let deleted = delete(&db, "a", None).unwrap().version;
    clock.advance(31 * DAY);
    assert_eq!(cloud.collect_garbage().unwrap().records, 1);
    assert_eq!(listing(&db), []);
    assert_eq!(delete(&db, "a", Some(deleted)).unwrap().version, 0, "forgotten, but no error");
    assert!(insert(&db, "a", Some(0), values(1)).unwrap().version > deleted);
}

#[test]
fn a_deleted_record_comes_back_only_by_an_insert_that_saw_it() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let db = db(&cloud);
    let inserted = insert(&db, "a", Some(0), values(1)).unwrap();
    let current = delete(&db, "a", Some(inserted.version)).unwrap().version;
    for base in [0, inserted.version] {
        let conflict = Err(CloudError::VersionConflict { current });
        assert_eq!(insert(&db, "a", Some(base), values(1)), conflict);
        assert_eq!(update(&db, "a", Some(base), values(1)), conflict);
    }
    assert!(matches!(update(&db, "a", Some(current), values(1)), Err(CloudError::NotFound(_))));
    let revived = insert(&db, "a", Some(current), values(2)).unwrap();
    assert!(revived.version > current);
    assert_eq!(insert(&db, "a", Some(current), values(2)), Ok(revived), "the answer was lost");
}

#[test]
fn an_insert_never_overwrites_by_chance() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let db = db(&cloud);
    let current = insert(&db, "a", None, values(1)).unwrap().version;
    assert_eq!(insert(&db, "a", None, values(2)), Err(CloudError::VersionConflict { current }));
    assert!(insert(&db, "a", Some(current), values(2)).unwrap().version > current);
    assert!(matches!(insert(&db, "", None, values(2)), Err(CloudError::InvalidArgument(_))));
}

#[test]
fn times_are_the_clouds() {
    let Setup { dir: _dir, clock, cloud } = setup();
    let db = db(&cloud);
    let created = insert(&db, "a", None, values(1)).unwrap().modify_time;
    clock.advance(5);
    assert_eq!(update(&db, "a", None, values(2)).unwrap().modify_time, created + 5);
    let extension = listing(&db)[0].extension.clone();
    assert_eq!((extension.create_time, extension.modify_time), (created, created + 5));
}

#[test]
fn a_refused_row_undoes_no_other() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let db = db(&cloud);
    let fenced = RowWrite { lock_id: Some(7), ..row("b", None, values(2)) };
    let rows = vec![row("a", Some(0), values(1)), fenced, row("a", Some(1), values(3))];
    let answers = db.insert("t", rows).unwrap();
    assert_eq!(answers[1], Err(CloudError::StaleLock));
    let versions: Vec<_> =
        [&answers[0], &answers[2]].iter().map(|answer| answer.as_ref().unwrap().version).collect();
    assert_eq!(versions, [1, 2], "in order, each seeing those before");
    assert_eq!(listing(&db).len(), 1);
}

#[test]
fn a_page_that_ends_exactly_promises_no_more() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let db = db(&cloud);
    for number in 0..6 {
        insert(&db, &number.to_string(), None, values(number)).unwrap();
    }
    let first = db.query("t", &[], 3, "").unwrap();
    assert!(first.has_more);
    let second = db.query("t", &[], 3, &first.next_cursor).unwrap();
    assert_eq!((second.values.len(), second.has_more), (3, false));
    assert!(matches!(db.query("t", &[], 0, ""), Err(CloudError::InvalidArgument(_))));
}

#[test]
fn cursors_expire_with_the_deletions_they_missed() {
    let Setup { dir: _dir, clock, cloud } = setup();
    let db = db(&cloud);
    insert(&db, "a", None, values(1)).unwrap();
    insert(&db, "b", None, values(1)).unwrap();
    let before = db.query("t", &[], 10, "").unwrap().next_cursor;
    delete(&db, "a", None).unwrap();
    let after = db.query("t", &[], 10, &before).unwrap().next_cursor;
    clock.advance(29 * DAY);
    cloud.collect_garbage().unwrap();
    assert_eq!(db.query("t", &[], 10, &before).unwrap().values.len(), 1, "still remembered");
    clock.advance(2 * DAY);
    cloud.collect_garbage().unwrap();
    assert_eq!(db.query("t", &[], 10, &before), Err(CloudError::CursorExpired));
    assert_eq!(db.query("t", &[], 10, &after).unwrap().values, []);
}

#[test]
fn a_listing_begun_after_forgetting_is_not_expired_by_it() {
    let Setup { dir: _dir, clock, cloud } = setup();
    let db = db(&cloud);
    for id in ["a", "b", "gone"] {
        insert(&db, id, None, values(1)).unwrap();
    }
    delete(&db, "gone", None).unwrap();
    clock.advance(31 * DAY);
    cloud.collect_garbage().unwrap();
    let first = db.query("t", &[], 1, "").unwrap();
    let second = db.query("t", &[], 1, &first.next_cursor).unwrap();
    assert_eq!((second.values[0].extension.id.as_str(), second.has_more), ("b", false));
}

#[test]
fn foreign_cursors_expire() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let db = db(&cloud);
    insert(&db, "a", None, values(1)).unwrap();
    let good = db.query("t", &[], 10, "").unwrap().next_cursor;
    let other = setup();
    insert(&common::db(&other.cloud), "a", None, values(1)).unwrap();
    let foreign = common::db(&other.cloud).query("t", &[], 10, "").unwrap().next_cursor;
    let other_table = db.query("u", &[], 10, "").unwrap().next_cursor;
    let future = good.replacen(".1.1.", ".1.2.", 1);
    assert_ne!(future, good);
    for cursor in [foreign.as_str(), &other_table, &future, "nonsense", " ", "1.2.3.4"] {
        assert_eq!(db.query("t", &[], 10, cursor), Err(CloudError::CursorExpired), "{cursor}");
    }
}

#[test]
fn listing_while_others_write_ends_with_everything_as_it_is() {
    let Setup { dir, clock, cloud } = setup();
    let reader = db(&cloud);
    let ids: Vec<String> = (0..300).map(|number| format!("r{number:03}")).collect();
    for id in &ids {
        insert(&reader, id, None, values(0)).unwrap();
    }
    let seen = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|part| {
                let (ids, path, options) = (&ids, dir.path(), clock.options());
                scope.spawn(move || {
                    let db = db(&EmbeddedCloud::open(path, options).unwrap());
                    for (number, id) in ids.iter().enumerate().filter(|(number, _)| number % 2 == part) {
                        match number % 5 {
                            0 => delete(&db, id, None).map(|_| ()).unwrap(),
                            _ => update(&db, id, None, values(number as i64)).map(|_| ()).unwrap(),
                        }
                    }
                })
            })
            .collect();
        let (mut seen, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let done = writers.iter().all(|writer| writer.is_finished());
            let page = reader.query("t", &[], 7, &cursor).unwrap();
            let ids: BTreeSet<_> = page.values.iter().map(|record| &record.extension.id).collect();
            assert_eq!(ids.len(), page.values.len(), "a record appears once in a page");
            for record in page.values {
                let newer = seen.insert(record.extension.id.clone(), record.clone());
                assert!(newer.is_none_or(|before: Record| before.version < record.version), "went back");
            }
            cursor = page.next_cursor;
            if done && !page.has_more {
                break seen;
            }
        }
    });
    let now: BTreeMap<_, _> =
        listing(&reader).into_iter().map(|record| (record.extension.id.clone(), record)).collect();
    assert_eq!(seen, now);
}

#[test]
fn one_holds_the_lock_until_the_lease_is_over() {
    let Setup { dir, clock, cloud } = setup();
    let other = EmbeddedCloud::open(dir.path(), clock.options()).unwrap();
    let (mine, theirs) = (db(&cloud), db(&other));
    let lock = mine.lock().unwrap();
    assert_eq!(lock.interval, 60);
    assert_eq!(mine.lock(), Err(CloudError::LockedByOthers), "not even the same process twice");
    assert_eq!(theirs.lock(), Err(CloudError::LockedByOthers));
    clock.advance(59_999);
    assert_eq!(theirs.lock(), Err(CloudError::LockedByOthers));
    mine.heartbeat(lock.lock_id).unwrap();
    clock.advance(59_999);
    assert_eq!(theirs.lock(), Err(CloudError::LockedByOthers), "the heartbeat counts");
    clock.advance(1);
    assert_eq!(mine.heartbeat(lock.lock_id), Err(CloudError::StaleLock), "lost, though nobody has it");
    let taken = theirs.lock().unwrap();
    assert!(taken.lock_id > lock.lock_id);
    assert_eq!(mine.unlock(lock.lock_id), Ok(false));
    assert_eq!(mine.lock(), Err(CloudError::LockedByOthers), "a stale unlock frees nothing");
    assert_eq!(theirs.unlock(taken.lock_id), Ok(true));
    let last = mine.lock().unwrap();
    assert!(last.lock_id > taken.lock_id);
    clock.advance(60_000);
    assert_eq!(mine.unlock(last.lock_id), Ok(false), "lost, though nobody has it");
}

#[test]
fn a_clock_set_back_does_not_keep_a_dead_holders_lock() {
    let Setup { dir: _dir, clock, cloud } = setup();
    let db = db(&cloud);
    let lock = db.lock().unwrap();
    clock.advance(-DAY);
    assert_eq!(db.heartbeat(lock.lock_id), Err(CloudError::StaleLock));
    assert!(db.lock().unwrap().lock_id > lock.lock_id);
}

#[test]
fn who_lost_the_lock_does_not_write() {
    let Setup { dir: _dir, clock, cloud } = setup();
    let db = db(&cloud);
    let fenced = |lock: LockInfo| vec![RowWrite { lock_id: Some(lock.lock_id), ..row("a", None, values(1)) }];
    let lost = db.lock().unwrap();
    clock.advance(60_000);
    assert_eq!(db.insert("t", fenced(lost)).unwrap(), [Err(CloudError::StaleLock)], "over");
    let held = db.lock().unwrap();
    for answer in [db.insert("t", fenced(lost)), db.update("t", fenced(lost)), db.delete("t", fenced(lost))] {
        assert_eq!(answer.unwrap(), [Err(CloudError::StaleLock)], "another's");
    }
    assert_eq!(listing(&db), []);
    assert!(db.insert("t", fenced(held)).unwrap()[0].is_ok());
}

#[test]
fn ids_are_unique_across_devices() {
    let Setup { dir: _dir, clock, cloud } = setup();
    let other = setup();
    let ids: BTreeSet<String> =
        [&cloud, &other.cloud].iter().flat_map(|cloud| db(cloud).generate_id(5000).unwrap()).collect();
    assert_eq!(ids.len(), 10_000);
    assert!(ids.iter().all(|id| id.len() <= 23));
    clock.advance(60_000);
    let later = db(&cloud).generate_id(1).unwrap().remove(0);
    assert!(ids.iter().all(|id| *id < later), "later ids sort later");
}

#[test]
fn a_lease_of_its_own_length() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let options = EmbeddedOptions { lease_seconds: 5, retention: Duration::ZERO, ..clock.options() };
    let cloud = EmbeddedCloud::open(dir.path(), options).unwrap();
    assert_eq!(db(&cloud).lock().unwrap().interval, 5);
    clock.advance(5000);
    db(&cloud).lock().unwrap();
}
