//! The rules of contents: digests, parts, space, damage, collection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;

use cloudsync_cloud::*;
use common::*;

const MIB: usize = 1 << 20;

struct Setup {
    dir: tempfile::TempDir,
    clock: TestClock,
    cloud: EmbeddedCloud,
}

fn setup_with(quota: Option<u64>) -> Setup {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let cloud = EmbeddedCloud::open(dir.path(), EmbeddedOptions { quota, ..clock.options() }).unwrap();
    Setup { dir, clock, cloud }
}

fn setup() -> Setup {
    setup_with(None)
}

fn send(cloud: &EmbeddedCloud, item: AssetUpload<'_>) -> Result<CloudAsset> {
    loader(cloud).upload("t", vec![item], &Go).remove(0)
}

#[test]
fn contents_of_every_size_come_back() {
    let Setup { dir: _dir, cloud, .. } = setup();
    for size in [0, 1, 4096, MIB - 1, MIB, MIB + 1, 3 * MIB, 33 * MIB + 5] {
        let bytes = bytes(size as u64, size);
        let item = item(&format!("transfer {size}"), Source::new(&bytes), None);
        let asset = send(&cloud, item).unwrap();
        assert_eq!(asset.asset_id, blake3::hash(&bytes).to_hex().as_str());
        assert_eq!((asset.size, asset.name.as_str()), (size as u64, "a.jpg"));
        assert!(download(&cloud, &asset).unwrap() == bytes, "{size} bytes");
    }
}

#[test]
fn the_same_bytes_are_stored_once() {
    let Setup { dir, cloud, .. } = setup();
    for size in [100, 2 * MIB] {
        let content = bytes(1, size);
        let digest = *blake3::hash(&content).as_bytes();
        upload(&cloud, &content).unwrap();
        let before = files(dir.path());
        send(&cloud, item("another", Source::new(&content), None)).unwrap();
        send(&cloud, item("a third", Source::new(&content), Some(digest))).unwrap();
        assert_eq!(files(dir.path()), before, "{size} bytes");
    }
    let twice = (0..2).map(|_| item("x", Source::new(b"twice in a batch"), None)).collect();
    assert!(loader(&cloud).upload("t", twice, &Go).iter().all(Result::is_ok));
    assert_eq!(files(dir.path()).len(), 3);
}

#[test]
fn other_bytes_than_announced_are_refused() {
    let Setup { dir, cloud, .. } = setup();
    for size in [100, 2 * MIB] {
        let (real, announced) = (bytes(1, size), bytes(2, size));
        let digest = Some(*blake3::hash(&announced).as_bytes());
        let refused = send(&cloud, item("t", Source::new(&real), digest));
        assert!(matches!(refused, Err(CloudError::InvalidArgument(_))), "{refused:?}");
        assert_eq!(files(dir.path()).len(), 0, "nothing is kept");
    }
    let large = bytes(2, 2 * MIB);
    send(&cloud, item("t", Source::new(&large), None)).unwrap();
    let digest = Some(*blake3::hash(&large).as_bytes());
    let refused = send(&cloud, item("u", Source::new(&bytes(1, 2 * MIB)), digest));
    assert!(matches!(refused, Err(CloudError::InvalidArgument(_))), "held already, and still verified");
}

#[test]
fn a_source_of_another_length_is_refused() {
    let Setup { dir, cloud, .. } = setup();
    for size in [100, 40 * MIB] {
        for said in [size - 1, size + 1] {
            let source = Source { size: said as u64, ..Source::new(&bytes(1, size)) };
            let refused = send(&cloud, item("t", source, None));
            assert!(matches!(refused, Err(CloudError::Local(_))), "{refused:?}");
            assert_eq!(files(dir.path()).len(), 0, "nothing is kept");
        }
    }
}

#[test]
fn a_stop_keeps_what_went_before_it() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let items = (0..4).map(|seed| item("t", Source::new(&bytes(seed, 1000)), None)).collect();
    let answers = loader(&cloud).upload("t", items, &StopAfter::bytes(3000));
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert_eq!(answers[2..], [Err(CloudError::Stopped), Err(CloudError::Stopped)]);
    assert!(download(&cloud, answers[1].as_ref().unwrap()).unwrap() == bytes(1, 1000));
}

#[test]
fn after_a_stop_only_what_was_not_acknowledged_is_read_again() {
    let Setup { dir, cloud, .. } = setup();
    let content = bytes(1, 100 * MIB);
    let answer = loader(&cloud)
        .upload("t", vec![item("t", Source::new(&content), None)], &StopAfter::bytes(70 * MIB as u64))
        .remove(0);
    assert_eq!(answer, Err(CloudError::Stopped));
    let source = Source::new(&content);
    let read = source.read.clone();
    let digest = Some(*blake3::hash(&content).as_bytes());
    let asset = send(&cloud, item("t", source, digest)).unwrap();
    assert_eq!(read.load(Ordering::SeqCst), 36 * MIB as u64, "two parts of 32 MiB were acknowledged");
    assert!(download(&cloud, &asset).unwrap() == content);
    assert_eq!(files(dir.path()).len(), 1);
}

#[test]
fn a_transfer_of_another_size_begins_anew() {
    let Setup { dir, cloud, .. } = setup();
    let stop = StopAfter::bytes(40 * MIB as u64);
    loader(&cloud).upload("t", vec![item("t", Source::new(&bytes(1, 60 * MIB)), None)], &stop);
    let other = bytes(2, 50 * MIB);
    let asset = send(&cloud, item("t", Source::new(&other), None)).unwrap();
    assert!(download(&cloud, &asset).unwrap() == other);
    assert_eq!(files(dir.path()).len(), 1, "the other's parts are gone");
}

#[test]
fn a_partial_file_that_was_lost_begins_anew() {
    let Setup { dir, cloud, .. } = setup();
    let content = bytes(1, 60 * MIB);
    let stop = StopAfter::bytes(40 * MIB as u64);
    loader(&cloud).upload("t", vec![item("t", Source::new(&content), None)], &stop);
    std::fs::remove_file(&files(dir.path())[0]).unwrap();
    let asset = send(&cloud, item("t", Source::new(&content), None)).unwrap();
    assert!(download(&cloud, &asset).unwrap() == content);
}

#[test]
fn one_transfer_runs_once_at_a_time() {
    struct Nested<'a>(&'a EmbeddedCloud, std::sync::Mutex<Option<Result<CloudAsset>>>);
    impl TransferControl for Nested<'_> {
        fn advanced(&self, _: usize, _: u64) -> Flow {
            let source = Source::new(&bytes(1, 2 * MIB));
            self.1.lock().unwrap().get_or_insert_with(|| send(self.0, item("t", source, None)));
            Flow::Continue
        }
    }
    let Setup { dir: _dir, cloud, .. } = setup();
    let control = Nested(&cloud, std::sync::Mutex::default());
    let outer = loader(&cloud)
        .upload("t", vec![item("t", Source::new(&bytes(1, 2 * MIB)), None)], &control)
        .remove(0);
    assert!(outer.is_ok());
    assert!(matches!(control.1.into_inner().unwrap(), Some(Err(CloudError::Network(_)))));
}

#[test]
fn the_quota_is_kept_and_freed() {
    let Setup { dir: _dir, clock, cloud } = setup_with(Some(10 * 1024));
    let db = db(&cloud);
    let info = cloud.get_service_info().unwrap();
    assert_eq!((info.total_space, info.remaining_space), (10, 10));
    let first = upload(&cloud, &bytes(1, 6 * 1024)).unwrap();
    assert_eq!(cloud.get_service_info().unwrap().remaining_space, 4, "before a record names it");
    insert(&db, "a", None, naming(&first)).unwrap();
    assert_eq!(cloud.get_service_info().unwrap().remaining_space, 4);
    assert_eq!(upload(&cloud, &bytes(2, 5 * 1024)), Err(CloudError::NoSpaceForAsset));
    assert_eq!(upload(&cloud, &bytes(2, 2 * MIB)), Err(CloudError::NoSpaceForAsset));
    upload(&cloud, &bytes(1, 6 * 1024)).unwrap();
    let second = upload(&cloud, &bytes(3, 4 * 1024)).unwrap();
    assert_eq!(cloud.get_service_info().unwrap().remaining_space, 0);
    update(&db, "a", None, naming(&second)).unwrap();
    assert_eq!(cloud.get_service_info().unwrap().remaining_space, 6, "superseded content is free space");
    delete(&db, "a", None).unwrap();
    assert_eq!(cloud.get_service_info().unwrap().remaining_space, 10, "so is a deleted record's");
    upload(&cloud, &bytes(4, 10 * 1024)).unwrap();
    assert_eq!(
        upload(&cloud, &bytes(1, 6 * 1024)),
        Err(CloudError::NoSpaceForAsset),
        "held, but not counted"
    );
    clock.advance(31 * DAY);
    cloud.collect_garbage().unwrap();
    assert_eq!(cloud.get_service_info().unwrap().remaining_space, 10);
}

#[test]
fn the_quota_holds_within_one_batch() {
    let Setup { dir, cloud, .. } = setup_with(Some(2500));
    let items = (0..4).map(|seed| item("t", Source::new(&bytes(seed, 1000)), None)).collect();
    let answers = loader(&cloud).upload("t", items, &Go);
    let went: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(went, [true, true, false, false]);
    assert_eq!(files(dir.path()).len(), 2);
}

#[test]
fn a_record_names_only_what_the_cloud_holds() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let db = db(&cloud);
    let unknown = CloudAsset { asset_id: "ab".repeat(32), ..CloudAsset::default() };
    assert!(matches!(insert(&db, "a", None, naming(&unknown)), Err(CloudError::NotFound(_))));
    for foreign in ["", "another cloud's id"] {
        let asset = CloudAsset { asset_id: foreign.to_owned(), ..CloudAsset::default() };
        insert(&db, &format!("b{foreign}"), None, naming(&asset)).unwrap();
    }
}

#[test]
fn damage_is_found() {
    let Setup { dir, cloud, .. } = setup();
    let content = bytes(1, 5000);
    let asset = upload(&cloud, &content).unwrap();
    let path = files(dir.path()).remove(0);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_at(b"#", 4000).unwrap();
    assert!(matches!(download(&cloud, &asset), Err(CloudError::Corrupt(_))), "one byte");
    file.set_len(4999).unwrap();
    assert!(matches!(download(&cloud, &asset), Err(CloudError::Corrupt(_))), "another length");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(download(&cloud, &asset), Err(CloudError::Corrupt(_))), "no file");
    upload(&cloud, &content).unwrap();
    assert!(download(&cloud, &asset).unwrap() == content, "the next upload heals it");
}

#[test]
fn large_damage_is_healed_too() {
    let Setup { dir, cloud, .. } = setup();
    let content = bytes(1, 2 * MIB);
    let asset = upload(&cloud, &content).unwrap();
    let path = files(dir.path()).remove(0);
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(7).unwrap();
    let digest = Some(*blake3::hash(&content).as_bytes());
    send(&cloud, item("u", Source::new(&content), digest)).unwrap();
    assert!(download(&cloud, &asset).unwrap() == content);
    assert_eq!(files(dir.path()).len(), 1, "the damaged file is gone");
}

#[test]
fn downloads_go_on_and_stop() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let content = bytes(1, 3 * MIB + 7);
    let asset = upload(&cloud, &content).unwrap();
    let sink = Sink::default();
    let fetch = |control: &dyn TransferControl| {
        let item = AssetDownload { gid: String::new(), asset: asset.clone(), sink: Box::new(sink.clone()) };
        loader(&cloud).download("t", "", vec![item], control).remove(0)
    };
    assert_eq!(fetch(&StopAfter::bytes(2 * MIB as u64)), Err(CloudError::Stopped));
    assert_eq!(sink.0.lock().unwrap().len(), 2 * MIB);
    fetch(&Go).unwrap();
    assert!(*sink.0.lock().unwrap() == content);
    sink.0.lock().unwrap().push(0);
    fetch(&Go).unwrap();
    assert!(*sink.0.lock().unwrap() == content, "a sink that holds too much begins anew");
}

#[test]
fn a_stopped_batch_downloads_nothing_more() {
    let Setup { dir: _dir, cloud, .. } = setup();
    let asset = upload(&cloud, &bytes(1, 10)).unwrap();
    let items = (0..3)
        .map(|_| AssetDownload { gid: String::new(), asset: asset.clone(), sink: Box::new(Sink::default()) })
        .collect();
    let answers = loader(&cloud).download("t", "", items, &StopAfter::bytes(20));
    assert!(answers[0].is_ok());
    assert_eq!(answers[1..], [Err(CloudError::Stopped), Err(CloudError::Stopped)]);
}

#[test]
fn contents_are_kept_as_long_as_a_record_or_the_retention_wants() {
    let Setup { dir, clock, cloud } = setup();
    let db = db(&cloud);
    let [lonely, first, second] = [1, 2, 3].map(|seed| upload(&cloud, &bytes(seed, 100)).unwrap());
    let both =
        Row::from([("files".into(), CloudType::Assets(vec![first.clone(), first.clone(), second.clone()]))]);
    insert(&db, "a", None, both).unwrap();
    insert(&db, "b", None, naming(&first)).unwrap();
    clock.advance(29 * DAY);
    assert_eq!(cloud.collect_garbage().unwrap(), Collected::default());
    clock.advance(2 * DAY);
    assert_eq!(cloud.collect_garbage().unwrap().contents, 1, "the one that no record ever named");
    assert!(matches!(download(&cloud, &lonely), Err(CloudError::NotFound(_))));
    update(&db, "a", None, naming(&first)).unwrap();
    delete(&db, "a", None).unwrap();
    delete(&db, "b", None).unwrap();
    clock.advance(29 * DAY);
    assert_eq!(cloud.collect_garbage().unwrap(), Collected::default());
    clock.advance(2 * DAY);
    let collected = cloud.collect_garbage().unwrap();
    assert_eq!((collected.records, collected.contents), (2, 1), "what was superseded");
    assert!(download(&cloud, &first).is_ok(), "until now a remembered record named it");
    clock.advance(31 * DAY);
    assert_eq!(cloud.collect_garbage().unwrap().contents, 1);
    assert_eq!(files(dir.path()).len(), 0);
}

#[test]
fn every_asset_of_a_record_is_kept_while_it_is_named_and_goes_after_it() {
    let Setup { dir, clock, cloud } = setup();
    let db = db(&cloud);
    let assets = [1, 2, 3].map(|seed| upload(&cloud, &bytes(seed, 100)).unwrap());
    let field = |name: &str, asset: &CloudAsset| (name.into(), CloudType::Asset(Box::new(asset.clone())));
    let fields = ["asset", "thumbnail", "lcd"];
    let photo: Row = fields.iter().zip(&assets).map(|(name, asset)| field(name, asset)).collect();
    insert(&db, "a", None, photo.clone()).unwrap();
    clock.advance(100 * DAY);
    assert_eq!(cloud.collect_garbage().unwrap(), Collected::default());
    let new = upload(&cloud, &bytes(4, 100)).unwrap();
    let photo = photo.into_iter().chain([field("thumbnail", &new)]).collect();
    update(&db, "a", None, photo).unwrap();
    clock.advance(31 * DAY);
    assert_eq!(cloud.collect_garbage().unwrap().contents, 1, "the old thumbnail");
    for asset in [&assets[0], &new, &assets[2]] {
        assert!(download(&cloud, asset).is_ok());
    }
    delete(&db, "a", None).unwrap();
    for _ in 0..2 {
        clock.advance(31 * DAY);
        cloud.collect_garbage().unwrap();
    }
    assert_eq!(files(dir.path()).len(), 0);
}

#[test]
fn an_upload_renews_what_was_about_to_be_collected() {
    let Setup { dir: _dir, clock, cloud } = setup();
    upload(&cloud, &bytes(1, 100)).unwrap();
    clock.advance(29 * DAY);
    let asset = upload(&cloud, &bytes(1, 100)).unwrap();
    clock.advance(5 * DAY);
    cloud.collect_garbage().unwrap();
    assert!(insert(&db(&cloud), "a", None, naming(&asset)).is_ok());
    assert!(download(&cloud, &asset).is_ok());
}

#[test]
fn leftovers_are_collected_after_a_day() {
    let Setup { dir, clock, cloud } = setup();
    let stop = StopAfter::bytes(40 * MIB as u64);
    loader(&cloud).upload("t", vec![item("t", Source::new(&bytes(1, 60 * MIB)), None)], &stop);
    let kept = upload(&cloud, b"kept").unwrap();
    let orphan = files(dir.path())[0].with_file_name("../ba/fedcba");
    std::fs::write(&orphan, b"cut short").unwrap();
    clock.advance(DAY - 60_000);
    assert_eq!(cloud.collect_garbage().unwrap(), Collected::default());
    clock.advance(120_000);
    let collected = cloud.collect_garbage().unwrap();
    assert_eq!((collected.uploads, collected.files), (1, 1));
    assert_eq!(files(dir.path()).len(), 1);
    assert!(download(&cloud, &kept).is_ok());
}

#[test]
fn no_collection_takes_files_of_a_running_batch() {
    struct Collecting<'a>(&'a EmbeddedCloud, &'a TestClock);
    impl TransferControl for Collecting<'_> {
        fn advanced(&self, _: usize, _: u64) -> Flow {
            self.1.advance(2 * DAY);
            assert_eq!(self.0.collect_garbage().unwrap(), Collected::default());
            Flow::Continue
        }
    }
    let Setup { dir: _dir, clock, cloud } = setup();
    // Enough that files are written while later items are still being read.
    let contents: Vec<Vec<u8>> = (0..12).map(|seed| bytes(seed, MIB)).collect();
    let items = contents.iter().map(|content| item("t", Source::new(content), None)).collect();
    let answers = loader(&cloud).upload("t", items, &Collecting(&cloud, &clock));
    for (answer, content) in answers.into_iter().zip(&contents) {
        assert!(download(&cloud, &answer.unwrap()).unwrap() == *content);
    }
}

#[test]
fn opening_collects_once_a_day() {
    let Setup { dir, clock, cloud } = setup();
    insert(&db(&cloud), "a", None, values(1)).unwrap();
    delete(&db(&cloud), "a", None).unwrap();
    drop(cloud);
    clock.advance(31 * DAY);
    let cloud = EmbeddedCloud::open(dir.path(), clock.options()).unwrap();
    assert_eq!(db(&cloud).query("t", &[], 10, "").unwrap().values, []);
    insert(&db(&cloud), "b", None, values(1)).unwrap();
    delete(&db(&cloud), "b", None).unwrap();
    drop(cloud);
    let options = EmbeddedOptions { retention: std::time::Duration::ZERO, ..clock.options() };
    clock.advance(1);
    let cloud = EmbeddedCloud::open(dir.path(), options).unwrap();
    assert_eq!(db(&cloud).query("t", &[], 10, "").unwrap().values.len(), 1, "not again on the same day");
}
