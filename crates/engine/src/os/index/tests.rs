use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::ports::Stamp;
use crate::tree::row_tests::any_node;
use crate::tree::{Content, Kind, Local, LocalContent, Node, NodeId, Place, Previews, Remote, Row, Synced};

fn open(dir: &Path) -> (SqliteIndex, Loaded) {
    let mut index = SqliteIndex::open(dir).unwrap();
    let loaded = index.load().unwrap();
    (index, loaded)
}

fn commit(
    index: &mut SqliteIndex,
    nodes: &[(u32, Node)],
    meta: &[(&'static str, &str)],
) -> Result<(), IndexError> {
    let rows: Vec<(NodeId, Row)> =
        nodes.iter().map(|(id, node)| (NodeId(*id), Row::of(&node.as_ref()))).collect();
    index.commit(&IndexBatch {
        upserts: rows.iter().map(|(id, row)| (*id, row)).collect(),
        deletes: Vec::new(),
        meta: meta.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    })
}

/// A file in step, as most are.
fn in_step(n: u32) -> Node {
    let digest = *blake3_like(n);
    let content = Content {
        digest,
        size: 3_000_000 + u64::from(n),
        mtime_ns: 1_700_000_000_000_000_000,
        identifier: None,
    };
    let place = Place { parent: NodeId(n % 100), name: format!("IMG_{n:08}.jpg").into() };
    let stamp = Stamp {
        ino: 1_000_000 + u64::from(n),
        size: content.size,
        mtime_ns: content.mtime_ns,
        ctime_ns: 1_700_000_001_000_000_000,
    };
    Node {
        record: Some(format!("{n:032x}").into()),
        local: Some(Local { place: place.clone(), content: LocalContent::Here(content, stamp) }),
        synced: Some(Synced { place: place.clone(), content: Some(content) }),
        remote: Some(Remote {
            place,
            content: Some(content),
            asset: None,
            previews: Previews::NONE,
            version: 3,
            deleted: false,
        }),
        sent_from_here: true,
        ..Node::new(Kind::File)
    }
}

fn blake3_like(n: u32) -> Box<[u8; 32]> {
    let mut digest = Box::new([0; 32]);
    for (at, bytes) in digest.chunks_mut(4).enumerate() {
        let word = (n + 1).wrapping_mul(0x9e37_79b9).rotate_left(u32::try_from(at).unwrap());
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_committed_last_comes_back(
        first in btree_map(1..40_u32, any_node(), 0..30),
        then in btree_map(1..40_u32, any_node(), 0..30),
        deletes in vec(1..40_u32, 0..10),
    ) {
        let scratch = tempfile::tempdir().unwrap();
        let (mut index, _) = open(scratch.path());
        let mut model = first.clone();
        commit(&mut index, &Vec::from_iter(first), &[]).unwrap();
        let rows: Vec<(NodeId, Row)> =
            then.iter().map(|(id, node)| (NodeId(*id), Row::of(&node.as_ref()))).collect();
        let upserts = rows.iter().map(|(id, row)| (*id, row)).collect();
        let gone = deletes.iter().map(|id| NodeId(*id)).collect();
        index.commit(&IndexBatch { upserts, deletes: gone, meta: Vec::new() }).unwrap();
        model.extend(then);
        model.retain(|id, _| !deletes.contains(id));
        drop(index);
        let (_, loaded) = open(scratch.path());
        let expected = model.iter().map(|(id, node)| (NodeId(*id), Row::of(&node.as_ref())));
        prop_assert_eq!(BTreeMap::from_iter(loaded.nodes), expected.collect());
        prop_assert_eq!(loaded.set_aside, None);
    }
}

#[test]
fn what_is_in_step_is_kept_once() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut index, _) = open(scratch.path());
    let nodes: Vec<(u32, Node)> = (1..=10_000).map(|n| (n, in_step(n))).collect();
    commit(&mut index, &nodes, &[]).unwrap();
    drop(index);
    let bytes = fs::metadata(scratch.path().join("index.db")).unwrap().len();
    assert!(bytes / 10_000 < 200, "{} bytes per file", bytes / 10_000);
}

#[test]
fn values_by_key_are_kept_and_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut index, loaded) = open(scratch.path());
    assert!(loaded.nodes.is_empty() && loaded.meta.is_empty() && loaded.set_aside.is_none());
    commit(&mut index, &[], &[("cursor", "1"), ("device", "ü\0x")]).unwrap();
    commit(&mut index, &[], &[("cursor", "2")]).unwrap();
    drop(index);
    let expected = [("cursor", "2"), ("device", "ü\0x")];
    assert_eq!(open(scratch.path()).1.meta, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[test]
fn the_index_is_private_and_written_ahead() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("state");
    let (mut index, _) = open(&dir);
    commit(&mut index, &[(1, in_step(1))], &[]).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(dir.clone()), 0o700);
    for name in ["index.db", "index.db-wal", "lock"] {
        assert_eq!(mode(dir.join(name)), 0o600, "{name}");
    }
    let db = index.db.as_ref().unwrap();
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((pragma("synchronous"), pragma("cache_size"), pragma("user_version")), (1, -2048, VERSION));
}

#[test]
fn a_second_context_in_this_process_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let first = SqliteIndex::open(scratch.path()).unwrap();
    assert!(matches!(SqliteIndex::open(scratch.path()), Err(IndexError::Busy)));
    drop(first);
    SqliteIndex::open(scratch.path()).unwrap();
}

#[test]
fn a_newer_versions_index_is_not_touched() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut index, _) = open(scratch.path());
    commit(&mut index, &[(1, in_step(1))], &[]).unwrap();
    let db = index.db.as_ref().unwrap();
    // Left in the write-ahead log, as by a newer version that was killed.
    db.pragma_update(None, "user_version", 7).unwrap();
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    drop(index);
    let files = || {
        let bytes = |name: &str| fs::read(scratch.path().join(name)).unwrap();
        (bytes("index.db"), bytes("index.db-wal"), fs::read_dir(scratch.path()).unwrap().count())
    };
    let before = files();
    for _ in 0..2 {
        assert!(matches!(SqliteIndex::open(scratch.path()), Err(IndexError::Newer(7))));
    }
    assert!(files() == before);
}

/// Damages an index of 2,000 nodes, opens it, and expects it set aside with a new one in its place.
#[track_caller]
/// What was written lies in the file itself from now on, not beside it.
fn put_in_place(db: &Connection) {
    db.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(())).unwrap();
}

fn damaged(what: &str, damage: impl Fn(&Path)) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("index.db");
    for number in 1..3 {
        let (mut index, loaded) = open(scratch.path());
        assert_eq!((loaded.nodes.len(), loaded.set_aside), (0, None), "{what}");
        let nodes: Vec<(u32, Node)> = (1..=2000).map(|n| (n, in_step(n))).collect();
        commit(&mut index, &nodes, &[("cursor", "1")]).unwrap();
        drop(index);
        put_in_place(&Connection::open(&path).unwrap());
        damage(&path);
        let bytes = fs::read(&path).unwrap();
        let (mut index, loaded) = open(scratch.path());
        let name = format!("index.damaged-{number}.db");
        assert_eq!(loaded.set_aside.as_deref(), Some(&*name), "{what}");
        assert!(loaded.nodes.is_empty() && loaded.meta.is_empty(), "{what}");
        assert!(fs::read(scratch.path().join(name)).unwrap() == bytes, "{what}: kept as it was");
        commit(&mut index, &[(1, in_step(1))], &[]).unwrap();
        drop(index);
        let (mut index, loaded) = open(scratch.path());
        assert_eq!((loaded.nodes.len(), loaded.set_aside), (1, None), "{what}: told once");
        let batch = IndexBatch { deletes: vec![NodeId(1)], ..IndexBatch::default() };
        index.commit(&batch).unwrap();
    }
}

fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, offset).unwrap();
}

fn cut(path: &Path, share: u64) {
    let size = fs::metadata(path).unwrap().len();
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size * share / 100).unwrap();
}

#[test]
fn only_a_long_log_is_put_in_its_place_by_closing() {
    let scratch = tempfile::tempdir().unwrap();
    let log = || fs::metadata(scratch.path().join("index.db-wal")).map_or(0, |log| log.len());
    let nodes = |count| (1..=count).map(|n| (n, in_step(n))).collect::<Vec<_>>();
    let (mut index, _) = open(scratch.path());
    commit(&mut index, &nodes(10), &[]).unwrap();
    drop(index);
    assert!(log() > 0);
    let (mut index, loaded) = open(scratch.path());
    assert_eq!(loaded.nodes.len(), 10);
    commit(&mut index, &nodes(60_000), &[]).unwrap();
    drop(index);
    assert_eq!(log(), 0);
    let (_, loaded) = open(scratch.path());
    assert_eq!(loaded.nodes.len(), 60_000);
}

#[test]
fn a_damaged_file_is_set_aside() {
    damaged("cut in the middle", |path| cut(path, 50));
    damaged("cut within a page", |path| cut(path, 37));
    damaged("its end cut off", |path| cut(path, 99));
    damaged("another file", |path| fs::write(path, "this is no database\n".repeat(1000)).unwrap());
    damaged("a short other file", |path| fs::write(path, "x").unwrap());
    damaged("cut to nothing beside a log", |path| {
        cut(path, 0);
        fs::write(path.with_file_name("index.db-wal"), "x").unwrap();
    });
    damaged("its magic gone", |path| overwrite(path, 0, &[0; 16]));
    damaged("its header gone", |path| overwrite(path, 0, &[0xff; 100]));
    damaged("its schema gone", |path| overwrite(path, 100, &[0xaa; 3996]));
    for page in [1, 2, 5, 20, 40] {
        damaged("a page of noise", |path| {
            let noise: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
            overwrite(path, page * 4096, &noise);
        });
        damaged("a page of zeros", |path| overwrite(path, page * 4096, &[0; 4096]));
    }
}

#[test]
fn impossible_rows_are_damage() {
    let sql = |sql: &'static str| {
        move |path: &Path| {
            let db = Connection::open(path).unwrap();
            db.execute_batch(sql).unwrap();
            put_in_place(&db);
        }
    };
    for change in [
        "UPDATE node SET body = x'' WHERE id = 7",
        "UPDATE node SET body = 5 WHERE id = 7",
        "UPDATE node SET body = substr(body, 1, length(body) - 1) WHERE id = 7",
        "UPDATE node SET body = body || x'00' WHERE id = 7",
        "UPDATE node SET id = 0 WHERE id = 7",
        "UPDATE node SET id = -1 WHERE id = 7",
        "UPDATE node SET id = 4294967296 WHERE id = 7",
        "UPDATE meta SET value = x'ff'",
        "UPDATE meta SET value = CAST(x'ff' AS TEXT)",
        "ALTER TABLE node RENAME COLUMN body TO other",
        "DROP TABLE meta",
        "DROP TABLE node",
        "PRAGMA user_version = 0",
    ] {
        damaged(change, sql(change));
    }
}

#[test]
fn damage_found_while_writing_is_mended_by_the_next_open() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut index, _) = open(scratch.path());
    commit(&mut index, &[(1, in_step(1))], &[]).unwrap();
    index.db.as_ref().unwrap().execute_batch("DROP TABLE meta").unwrap();
    let error = commit(&mut index, &[(2, in_step(2))], &[("cursor", "1")]).unwrap_err();
    assert!(error.to_string().contains("open it again"), "{error}");
    // Seen while it was written; what a reader would see of it does not matter.
    index.db.as_ref().unwrap().execute_batch("CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT)").unwrap();
    drop(index);
    assert_eq!(open(scratch.path()).1.set_aside.as_deref(), Some("index.damaged-1.db"));
    assert_eq!(open(scratch.path()).1.set_aside, None);
}

#[test]
fn a_directory_that_cannot_hold_the_state_is_told_of() {
    let scratch = tempfile::tempdir().unwrap();
    let text = |path: &str| SqliteIndex::open(&scratch.path().join(path)).unwrap_err().to_string();
    assert!(text("none/state").contains("make that"), "{}", text("none/state"));
    fs::write(scratch.path().join("file"), "").unwrap();
    assert!(text("file").contains("is no folder"), "{}", text("file"));
    assert!(text("file/state").contains("is no folder"), "{}", text("file/state"));
    assert!(!scratch.path().join("none").exists());
}

/// A file system of its own at `dir`, taken away again in the end.
struct Mounted(PathBuf);

impl Mounted {
    fn tmpfs(dir: &Path, size: &str) -> Option<Mounted> {
        let options = format!("size={size}");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(dir).status();
        if !status.is_ok_and(|status| status.success()) {
            eprintln!("skipped: mounting is not permitted here");
            return None;
        }
        Some(Mounted(dir.to_owned()))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_fails_the_commit_and_nothing_else() {
    let scratch = tempfile::tempdir().unwrap();
    let Some(mounted) = Mounted::tmpfs(scratch.path(), "1m") else { return };
    let (mut index, _) = open(scratch.path());
    let mut kept = 0;
    let error = loop {
        let nodes: Vec<(u32, Node)> = (kept + 1..=kept + 100).map(|n| (n, in_step(n))).collect();
        match commit(&mut index, &nodes, &[]) {
            Ok(()) => kept += 100,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, IndexError::Full) && kept > 0, "{kept}: {error}");
    mounted.remount("size=8m");
    commit(&mut index, &[(1_000_000, in_step(1))], &[]).unwrap();
    drop(index);
    let (index, loaded) = open(scratch.path());
    assert_eq!((loaded.nodes.len(), loaded.set_aside), (kept as usize + 1, None));
    drop(index);
    mounted.remount("ro");
    let error = SqliteIndex::open(scratch.path()).unwrap_err();
    assert!(matches!(error, IndexError::ReadOnly), "{error}");
}

#[test]
fn a_disk_that_is_full_from_the_start_is_told_of() {
    let scratch = tempfile::tempdir().unwrap();
    let Some(mounted) = Mounted::tmpfs(scratch.path(), "64k") else { return };
    let mut filler = fs::File::create(scratch.path().join("filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    assert!(matches!(SqliteIndex::open(scratch.path()), Err(IndexError::Full)));
    mounted.remount("size=8m");
    assert!(open(scratch.path()).1.set_aside.is_none());
}

const CHILD_DIR: &str = "CLOUDSYNC_TEST_INDEX";

/// Not a test by itself: what the child of the tests below does until it is killed.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn child_that_commits_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let (mut index, loaded) = open(Path::new(&dir));
    let first = u32::try_from(loaded.nodes.len()).unwrap();
    for n in first + 1.. {
        commit(&mut index, &[(n, in_step(n))], &[("count", &n.to_string())]).unwrap();
        println!("\nkept {n}");
    }
}

fn child(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "os::index::tests::child_that_commits_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_loses_no_commit_and_leaves_the_directory_free() {
    let scratch = tempfile::tempdir().unwrap();
    let mut total = 0;
    for round in 1..=8 {
        let mut child = child(scratch.path());
        let mut kept = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let Some(n) = line.unwrap().strip_prefix("kept ").and_then(|n| n.parse().ok()) else { continue };
            kept = n;
            if kept == total + round * 37 {
                assert!(
                    matches!(SqliteIndex::open(scratch.path()), Err(IndexError::Busy)),
                    "another process"
                );
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let (_, loaded) = open(scratch.path());
        let stored = u32::try_from(loaded.nodes.len()).unwrap();
        assert!(stored >= kept && kept >= total + round * 37, "{stored} of {kept}");
        assert_eq!((loaded.meta["count"].as_str(), loaded.set_aside), (&*stored.to_string(), None));
        total = stored;
    }
}
