//! Two real devices on one embedded cloud, through the production ports and threads.
#![allow(clippy::unwrap_used)] // a test's helpers may stop it

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cloudsync_cloud::{EmbeddedCloud, EmbeddedOptions};
use cloudsync_engine::ports::{Battery, Conditions, DeviceState, Heat, Network};
use cloudsync_engine::{
    Code, Config, DownloadPolicy, DownloadState, Engine, ErrorType, Event, EventSink, FileSyncState,
    SyncProgress, SyncState, os,
};
use crossbeam_channel::{Receiver, Sender, unbounded};

/// Hands events to the test.
struct Events(Sender<Event>);

impl EventSink for Events {
    fn emit(&self, event: Event) {
        let _ = self.0.send(event);
    }

    fn log(&self, _level: u8, line: &str) {
        println!("{line}");
    }
}

/// A device on mains power and Wi-Fi.
struct Fine;

impl Conditions for Fine {
    fn read(&self) -> DeviceState {
        DeviceState {
            network: Network { wifi: true, mobile: false },
            battery: Some(Battery { percent: 80, charging: true }),
            heat: Heat::Normal,
        }
    }
}

struct World {
    dir: tempfile::TempDir,
}

struct Device {
    engine: Engine,
    events: Receiver<Event>,
    gallery: PathBuf,
}

impl World {
    fn new() -> Self {
        World { dir: tempfile::tempdir().unwrap() }
    }

    fn device(&self, name: &str, policy: DownloadPolicy) -> Device {
        let gallery = self.dir.path().join(name);
        fs::create_dir_all(&gallery).unwrap();
        let mut config = Config::new(self.dir.path().join(format!("{name}.state")), &gallery);
        config.device_name = name.into();
        config.download_policy = policy;
        let cloud = EmbeddedCloud::open(&self.dir.path().join("cloud"), EmbeddedOptions::new("me")).unwrap();
        let ports =
            os::production(&config, Arc::new(cloud), Some(Arc::new(Fine)), os::Leases::default()).unwrap();
        let (sender, events) = unbounded();
        let engine = Engine::open(config, ports, Arc::new(Events(sender))).unwrap();
        Device { engine, events, gallery }
    }
}

impl Device {
    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.gallery.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn sync(&self) -> SyncProgress {
        self.engine.start_sync().unwrap();
        loop {
            match self.events.recv_timeout(Duration::from_secs(60)).unwrap() {
                Event::Sync(progress) if progress.state.is_final() => return progress,
                _ => {}
            }
        }
    }

    fn sync_well(&self) -> SyncProgress {
        let last = self.sync();
        assert_eq!((last.state, last.error), (SyncState::Completed, ErrorType::NoError), "{last:?}");
        last
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.gallery, "", &mut files);
        files
    }
}

fn collect(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            files.insert(format!("{name}/"), Vec::new());
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

fn uri(path: &str) -> String {
    format!("file://media/Photo/{path}")
}

#[test]
fn what_one_device_holds_the_other_receives() {
    let world = World::new();
    let (a, b) = (world.device("a", DownloadPolicy::Originals), world.device("b", DownloadPolicy::Originals));
    a.write("2026/IMG_1.jpg", b"one");
    a.write("2026/IMG_2.jpg", &vec![7; 3 << 20]);
    a.write("empty.jpg", b"");
    a.write("Ü/ü.jpg", b"umlaut");
    let last = a.sync_well();
    assert_eq!((last.files_done, last.files_total, last.files_failed), (4, 4, 0));
    assert_eq!(a.engine.file_state(&uri("2026/IMG_1.jpg")).unwrap(), FileSyncState::UploadSuccess);
    b.sync_well();
    assert_eq!(a.files(), b.files());
    assert_eq!(b.engine.file_state(&uri("2026/IMG_1.jpg")).unwrap(), FileSyncState::Completed);

    b.write("2026/IMG_1.jpg", b"one, edited");
    fs::rename(b.gallery.join("Ü"), b.gallery.join("2027")).unwrap();
    fs::remove_file(b.gallery.join("empty.jpg")).unwrap();
    b.sync_well();
    a.sync_well();
    assert_eq!(a.files(), b.files());
    assert!(a.gallery.join("2027/ü.jpg").exists() && !a.gallery.join("empty.jpg").exists());
    let again = a.sync_well();
    assert_eq!((again.files_total, again.bytes_total), (0, 0), "nothing is left to do");
}

#[test]
fn two_edits_of_one_file_are_both_kept() {
    let world = World::new();
    let (a, b) = (world.device("a", DownloadPolicy::Originals), world.device("b", DownloadPolicy::Originals));
    a.write("x.txt", b"base");
    a.sync_well();
    b.sync_well();
    a.write("x.txt", b"from a");
    b.write("x.txt", b"from b, longer");
    a.sync_well();
    b.sync_well();
    a.sync_well();
    assert_eq!(a.files(), b.files());
    let contents: Vec<Vec<u8>> = a.files().into_values().collect();
    assert_eq!(contents.len(), 2, "{:?}", a.files().keys());
    assert!(contents.contains(&b"from a".to_vec()) && contents.contains(&b"from b, longer".to_vec()));
    assert!(a.files().keys().any(|name| name.contains("conflict b ")), "{:?}", a.files().keys());
}

#[test]
fn on_demand_brings_names_at_once_and_bytes_when_asked() {
    let world = World::new();
    let (a, b) = (world.device("a", DownloadPolicy::Originals), world.device("b", DownloadPolicy::OnDemand));
    a.write("d/IMG.jpg", b"picture");
    a.write("d/IMG_2.jpg", b"picture 2");
    a.sync_well();
    b.sync_well();
    assert!(!b.gallery.join("d/IMG.jpg").exists());
    assert_eq!(b.engine.file_state(&uri("d/IMG.jpg")).unwrap(), FileSyncState::Completed);
    b.engine.start_download(7, &uri("d/IMG.jpg")).unwrap();
    loop {
        match b.events.recv_timeout(Duration::from_secs(60)).unwrap() {
            Event::Download { client: 7, progress } if progress.state == DownloadState::Completed => break,
            Event::Download { progress, .. } => assert_eq!(progress.state, DownloadState::Running),
            Event::Sync(_) | Event::Optimize { .. } | Event::Changed { .. } | Event::Batch { .. } => {}
        }
    }
    assert_eq!(fs::read(b.gallery.join("d/IMG.jpg")).unwrap(), b"picture");
    assert!(!b.gallery.join("d/IMG_2.jpg").exists());
    b.sync_well();
    a.sync_well();
    assert_eq!(a.files().len(), 3, "nothing was taken for deleted");
    let missing = b.engine.start_download(7, &uri("d/none.jpg")).unwrap_err();
    assert_eq!(missing.code, Code::NoSuchFile);
}

#[test]
fn a_large_share_of_deletions_waits_for_the_hosts_word() {
    let world = World::new();
    let (a, b) = (world.device("a", DownloadPolicy::Originals), world.device("b", DownloadPolicy::Originals));
    for index in 0..100 {
        a.write(&format!("IMG_{index}.jpg"), format!("{index}").as_bytes());
    }
    a.sync_well();
    b.sync_well();
    for index in 0..60 {
        fs::remove_file(a.gallery.join(format!("IMG_{index}.jpg"))).unwrap();
    }
    assert_eq!(a.sync_well().deletions_held, 60);
    b.sync_well();
    assert_eq!(b.files().len(), 100);
    a.engine.answer_held_deletions(false).unwrap();
    a.sync_well();
    assert_eq!(a.files().len(), 100, "brought back");
    for index in 0..60 {
        fs::remove_file(a.gallery.join(format!("IMG_{index}.jpg"))).unwrap();
    }
    assert_eq!(a.sync_well().deletions_held, 60);
    a.engine.answer_held_deletions(true).unwrap();
    assert_eq!(a.sync_well().deletions_held, 0);
    assert_eq!(b.sync_well().deletions_held, 60, "the other device asks too");
    b.engine.answer_held_deletions(true).unwrap();
    b.sync_well();
    assert_eq!(b.files().len(), 40);
    let bins = fs::read_dir(b.gallery.join(".cloudsync/trash")).unwrap();
    let files = |bin: std::io::Result<fs::DirEntry>| fs::read_dir(bin.unwrap().path()).unwrap().count();
    assert_eq!(bins.map(files).sum::<usize>(), 60, "what another device deleted waits in the trash");
}
