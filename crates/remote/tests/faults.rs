//! The other side ends, comes back, is slow, is somebody else or talks nonsense.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cloudsync_cloud::*;
use cloudsync_remote::*;
use common::*;

const DIR: &str = "REMOTE_TEST_DIR";

/// A server in a process of its own, which can be killed: this test binary again, running only `child`.
struct Process(Child);

impl Process {
    fn start(place: &Place) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--ignored"]).env(DIR, place.dir.path());
        let process = Process(command.stdout(std::process::Stdio::null()).spawn().unwrap());
        until("the server does not come", || {
            UnixStream::connect(place.dir.path().join("cloud.sock")).is_ok()
        });
        process
    }

    fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    /// Also where a test fails.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "what a server's process runs"]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let dir = std::path::PathBuf::from(dir);
    let cloud = EmbeddedCloud::open(&dir.join("cloud"), EmbeddedOptions::new("a person")).unwrap();
    let address = Address::unix(dir.join("cloud.sock")).unwrap();
    let _server = Server::start(Arc::new(cloud), &address, Options::default()).unwrap();
    loop {
        std::thread::park();
    }
}

fn is_gone<T: std::fmt::Debug>(answer: Result<T>) -> bool {
    matches!(answer, Err(CloudError::Gone(_)))
}

#[test]
fn what_was_connected_goes_on_with_a_server_that_comes_back() {
    let place = Place::new();
    let process = Process::start(&place);
    let cloud = place.connect();
    let (db, loader) = (db(&cloud), loader(&cloud));
    let id = db.generate_id(1).unwrap().remove(0);
    process.kill();
    until("the end is not seen", || is_gone(db.generate_id(1)));
    assert!(is_gone(cloud.get_service_info()));
    assert!(is_gone(
        loader.upload("t", vec![upload_item("t", Source::new(vec![1]))], &Control::default()).remove(0)
    ));
    let process = Process::start(&place);
    assert!(db.insert("t", vec![row(&id, 1)]).unwrap().remove(0).is_ok());
    assert!(
        loader
            .upload("t", vec![upload_item("t", Source::new(vec![1]))], &Control::default())
            .remove(0)
            .is_ok()
    );
    process.kill();
}

#[test]
fn what_is_shared_is_there_with_a_server_that_comes_back() {
    let (place, other) = (Place::new(), Place::new());
    let process = Process::start(&place);
    let _other = other.serve(place.account("ben"));
    let (cloud, ben) = (place.connect(), other.connect());
    let (center, ben) =
        (cloud.connect_share_center(0, BUNDLE).unwrap(), ben.connect_share_center(0, BUNDLE).unwrap());
    let db = db(&cloud);
    let id = db.generate_id(1).unwrap().remove(0);
    db.insert("t", vec![row(&id, 1)]).unwrap().remove(0).unwrap();
    let record = RecordPlace { database: "photos", table: "t", id: &id };
    let resource = center.alloc_resource(0, BUNDLE, record).unwrap();
    let privilege = Privilege { readable: true, ..Privilege::default() };
    let asked = [Participant { identity: "ben".to_owned(), privilege, ..Participant::default() }];
    let share = || center.share(0, BUNDLE, &resource, &asked).map(|mut answers| answers.remove(0));
    let invited = share().unwrap().unwrap();
    process.kill();
    assert_eq!(center.query_participants(0, BUNDLE, &resource).unwrap_err().code, SharingCode::IpcError);
    assert_eq!(share().unwrap_err().code, SharingCode::IpcError, "nobody serves there");
    let accepted = ben.confirm_invitation(0, BUNDLE, &invited.invitation_code, State::Accepted);
    assert_eq!(accepted.unwrap(), resource, "another account's server lives on");
    let process = Process::start(&place);
    let states = || {
        let all = center.query_participants(0, BUNDLE, &resource).unwrap();
        all.into_iter().map(|one| (one.identity, one.state)).collect::<Vec<_>>()
    };
    let both = ["a person", "ben"].map(|name| (name.to_owned(), State::Accepted));
    assert_eq!(states(), both);
    assert_eq!(share().unwrap().unwrap().state, State::Accepted, "shared again, as after a lost answer");
    assert_eq!(states(), both);
    process.kill();
}

/// A source or sink that kills the server once so many bytes have moved.
struct Killing {
    process: Mutex<Option<Process>>,
    after: u64,
    moved: std::sync::atomic::AtomicU64,
}

impl TransferControl for Killing {
    fn advanced(&self, _: usize, bytes: u64) -> Flow {
        let moved = self.moved.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if moved > self.after
            && let Some(process) = self.process.lock().unwrap().take()
        {
            process.kill();
        }
        Flow::Continue
    }
}

#[test]
fn an_upload_whose_server_is_killed_goes_on_from_its_last_part() {
    let place = Place::new();
    let process = Process::start(&place);
    let cloud = place.connect();
    let loader = loader(&cloud);
    let content = bytes(3, 100 << 20);
    let killing = Killing { process: Mutex::new(Some(process)), after: 70 << 20, moved: Default::default() };
    let answer = loader.upload("t", vec![upload_item("x", Source::new(content.clone()))], &killing).remove(0);
    assert!(is_gone(answer), "an answer that was lost");
    let process = Process::start(&place);
    let source = Source::new(content.clone());
    let read = source.read.clone();
    let asset = loader.upload("t", vec![upload_item("x", source)], &Control::default()).remove(0).unwrap();
    let read = read.load(Ordering::SeqCst);
    assert!(read < 80 << 20, "{read} bytes were sent again");
    assert!(download(&cloud, &asset).unwrap() == content);
    process.kill();
}

#[test]
fn a_download_whose_server_is_killed_goes_on_where_it_was() {
    let place = Place::new();
    let process = Process::start(&place);
    let cloud = place.connect();
    let content = bytes(4, 40 << 20);
    let asset = upload(&cloud, content.clone()).unwrap();
    let loader = loader(&cloud);
    let sink = Sink::default();
    let item = || AssetDownload { gid: "g".to_owned(), asset: asset.clone(), sink: Box::new(sink.clone()) };
    let killing = Killing { process: Mutex::new(Some(process)), after: 10 << 20, moved: Default::default() };
    assert!(is_gone(loader.download("t", "", vec![item()], &killing).remove(0)));
    let held = sink.offset();
    assert!(held > 10 << 20 && held < 40 << 20);
    let process = Process::start(&place);
    let control = Control::default();
    loader.download("t", "", vec![item()], &control).remove(0).unwrap();
    assert_eq!(control.moved.into_inner(), (40 << 20) - held, "what was there is not sent again");
    assert!(*sink.0.lock().unwrap() == content);
    process.kill();
}

#[test]
fn a_stopped_transfer_stops_and_goes_on_later() {
    let place = Place::new();
    let _server = place.serve(place.embedded());
    let cloud = place.connect();
    let content = bytes(5, 64 << 20);
    let stop = Control { stop_after: 40 << 20, ..Control::default() };
    let items = vec![upload_item("x", Source::new(content.clone())), upload_item("y", Source::new(vec![1]))];
    let answers = loader(&cloud).upload("t", items, &stop);
    assert_eq!(answers, [Err(CloudError::Stopped), Err(CloudError::Stopped)]);
    let source = Source::new(content.clone());
    let read = source.read.clone();
    let asset =
        loader(&cloud).upload("t", vec![upload_item("x", source)], &Control::default()).remove(0).unwrap();
    assert!(read.load(Ordering::SeqCst) < 64 << 20);
    let sink = Sink::default();
    let item = || AssetDownload { gid: "g".to_owned(), asset: asset.clone(), sink: Box::new(sink.clone()) };
    let stop = Control { stop_after: 10 << 20, ..Control::default() };
    assert_eq!(loader(&cloud).download("t", "", vec![item()], &stop), [Err(CloudError::Stopped)]);
    assert!(sink.offset() < 64 << 20);
    loader(&cloud).download("t", "", vec![item()], &Control::default()).remove(0).unwrap();
    assert!(*sink.0.lock().unwrap() == content);
}

/// A cloud that reads what is uploaded, in small pieces, and keeps nothing.
#[derive(Clone, Default)]
struct Reader {
    /// Where it stops reading until it is let go on.
    held: BTreeMap<u64, Arc<Gate>>,
}

impl CloudService for Reader {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        Ok(ServiceInfo::default())
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        Ok(BTreeMap::new())
    }

    fn get_app_schema(&self, _: &str) -> Result<AppSchema> {
        Err(CloudError::NotSupported("get_app_schema"))
    }

    fn connect_db(&self, _: &str, _: &Database) -> Result<Arc<dyn CloudDb>> {
        Err(CloudError::NotSupported("connect_db"))
    }

    fn connect_asset_loader(&self, _: &str, _: &Database) -> Result<Arc<dyn AssetLoader>> {
        Ok(Arc::new(self.clone()))
    }
}

impl AssetLoader for Reader {
    fn upload(
        &self,
        _: &str,
        items: Vec<AssetUpload<'_>>,
        _: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let read = |mut item: AssetUpload<'_>| {
            let (mut buffer, mut size) = ([0; 64], 0);
            loop {
                if let Some(gate) = self.held.get(&size) {
                    gate.pass();
                }
                match item.source.read_at(&mut buffer, size) {
                    Ok(0) => {
                        return Ok(CloudAsset { asset_id: "a".to_owned(), size, ..CloudAsset::default() });
                    }
                    Ok(count) => size += count as u64,
                    Err(error) => return Err(CloudError::local(&error)),
                }
            }
        };
        items.into_iter().map(read).collect()
    }

    fn download(
        &self,
        _: &str,
        _: &str,
        items: Vec<AssetDownload<'_>>,
        _: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        items.iter().map(|_| Err(CloudError::NotSupported("download"))).collect()
    }
}

/// Whoever waits for bytes hears of them, at whatever moment they come.
#[test]
fn no_bytes_of_an_upload_are_waited_for_in_vain() {
    let place = Place::new();
    let options = Options { timeout: Duration::from_secs(2), ..Options::default() };
    let _server = Server::start(Arc::new(Reader::default()), &place.address, options).unwrap();
    let cloud = place.connect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let loader = loader(&cloud);
                for size in (0..5_000).map(|round| 1 + round % 200) {
                    let item = upload_item("x", Source::new(vec![7; size]));
                    let asset = loader.upload("t", vec![item], &Control::default()).remove(0).unwrap();
                    assert_eq!(asset.size, size as u64);
                }
            });
        }
    });
}

/// More is asked for while there is still something to read, so that neither side waits for the other.
#[test]
fn an_upload_is_read_ahead_all_the_time() {
    let place = Place::new();
    let gates: [Arc<Gate>; 2] = Default::default();
    let held = [64, 768 << 10].into_iter().zip(gates.clone()).collect();
    let _server = place.serve(Arc::new(Reader { held }));
    let cloud = place.connect();
    let source = Source::new(vec![7; 4 << 20]);
    let read = source.read.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let items = vec![upload_item("x", source)];
            assert_eq!(
                loader(&cloud).upload("t", items, &Control::default()).remove(0).unwrap().size,
                4 << 20
            );
        });
        gates[0].reached(1);
        until("nothing is asked for", || read.load(Ordering::SeqCst) >= 1 << 20);
        // What was sent before this is there: the cloud waits for none of what it reads next.
        cloud.get_service_info().unwrap();
        gates[0].open();
        gates[1].reached(1);
        until("no more is asked for", || read.load(Ordering::SeqCst) > 1 << 20);
        gates[1].open();
    });
}

struct Broken;

impl AssetSource for Broken {
    fn read_at(&mut self, _: &mut [u8], _: u64) -> std::io::Result<usize> {
        Err(std::io::Error::other("the card was pulled"))
    }

    fn size(&self) -> u64 {
        10
    }

    fn path(&self) -> Option<&std::path::Path> {
        None
    }
}

impl AssetSink for Broken {
    fn offset(&self) -> u64 {
        0
    }

    fn write_at(&mut self, _: &[u8], _: u64) -> std::io::Result<()> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn path(&self) -> Option<&std::path::Path> {
        None
    }
}

#[test]
fn a_file_that_fails_here_fails_alone_and_as_this_devices() {
    let place = Place::new();
    let _server = place.serve(place.embedded());
    let cloud = place.connect();
    let items = vec![upload_item("x", Broken), upload_item("y", Source::new(vec![1; 3 << 20]))];
    let answers = loader(&cloud).upload("t", items, &Control::default());
    assert!(
        matches!(&answers[0], Err(CloudError::Local(error)) if error.text.contains("pulled")),
        "{answers:?}"
    );
    let asset = answers[1].clone().unwrap();
    let sink = Sink::default();
    let to = |sink: Box<dyn AssetSink>| AssetDownload { gid: "g".to_owned(), asset: asset.clone(), sink };
    let items = vec![to(Box::new(Broken)), to(Box::new(sink.clone()))];
    let answers = loader(&cloud).download("t", "", items, &Control::default());
    let full = |error: &LocalError| error.kind == std::io::ErrorKind::StorageFull;
    assert!(matches!(&answers[0], Err(CloudError::Local(error)) if full(error)), "{answers:?}");
    assert!(answers[1].is_ok() && sink.offset() == 3 << 20);
}

/// A cloud that waits in front of a gate before it gives ids.
struct Slow {
    gate: Arc<Gate>,
    inner: Arc<dyn CloudService>,
}

impl CloudService for Slow {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.gate.pass();
        self.inner.get_service_info()
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        panic!("a cloud with a fault")
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.inner.get_app_schema(bundle_name)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        self.inner.connect_db(bundle_name, database)
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        self.inner.connect_asset_loader(bundle_name, database)
    }
}

#[test]
fn calls_do_not_wait_for_one_another_and_a_panic_is_an_error() {
    let place = Place::new();
    let gate = Arc::new(Gate::default());
    let _server = place.serve(Arc::new(Slow { gate: gate.clone(), inner: place.embedded() }));
    let cloud = place.connect();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..20).map(|_| scope.spawn(|| cloud.get_service_info())).collect();
        gate.reached(20);
        assert!(db(&cloud).generate_id(1).is_ok(), "20 calls are at a gate, and this one passes them");
        let failed = cloud.get_app_brief_info();
        assert!(
            matches!(&failed, Err(CloudError::Unknown(text)) if text.contains("failed inside")),
            "{failed:?}"
        );
        gate.open();
        assert!(waiting.into_iter().all(|call| call.join().unwrap().is_ok()));
    });
    assert!(matches!(
        cloud.subscribe(&BTreeMap::new(), 1, Arc::new(|_| {})),
        Err(CloudError::NotSupported(_))
    ));
}

#[test]
fn a_call_may_take_long_as_long_as_its_server_lives() {
    let place = Place::new();
    let gate = Arc::new(Gate::default());
    let service = Arc::new(Slow { gate: gate.clone(), inner: place.embedded() });
    let _server = Server::start(service, &place.address, hasty()).unwrap();
    let cloud = RemoteCloud::connect(place.address.clone(), hasty()).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| cloud.get_service_info());
        gate.reached(1);
        let db = db(&cloud);
        let begun = Instant::now();
        while begun.elapsed() < 4 * hasty().timeout {
            db.generate_id(1).unwrap(); // the connection is never silent
        }
        gate.open();
        assert!(waiting.join().unwrap().is_ok());
    });
}

#[test]
fn calls_under_way_end_with_their_server_and_a_server_ends_in_time() {
    let place = Place::new();
    let gate = Arc::new(Gate::default());
    let server = place.serve(Arc::new(Slow { gate: gate.clone(), inner: place.embedded() }));
    let cloud = place.connect();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| cloud.get_service_info());
        gate.reached(1);
        let begun = Instant::now();
        drop(server);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(8), "{took:?}");
        let answer = waiting.join().unwrap();
        assert!(
            matches!(&answer, Err(CloudError::Gone(text)) if text.contains("the server ends")),
            "{answer:?}"
        );
        assert!(is_gone(db_of(&cloud)));
        gate.open();
    });
    assert_eq!(names(&place), ["cloud"], "the socket and its lock go with the server");
}

fn db_of(cloud: &dyn CloudService) -> Result<()> {
    cloud.connect_db(BUNDLE, &database()).map(drop)
}

fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.dir.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_socket_is_its_owners_and_one_that_is_in_use_is_left_alone() {
    let place = Place::new();
    let socket = place.dir.path().join("cloud.sock");
    let again = || Server::start(place.embedded(), &place.address, Options::default());
    drop(UnixListener::bind(&socket).unwrap()); // what a server that was killed leaves
    let server = again().unwrap();
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(again(), Err(ServeError::Busy(_))));
    assert!(place.connect().get_service_info().is_ok(), "the first one serves on");
    drop(server);
    let foreign = UnixListener::bind(&socket).unwrap(); // one that knows of no lock
    assert!(matches!(again(), Err(ServeError::Busy(_))));
    drop(foreign);
    std::fs::remove_file(&socket).unwrap();
    std::fs::write(&socket, "a file of somebody").unwrap();
    assert!(matches!(again(), Err(ServeError::Io { .. })));
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "a file of somebody");
}

#[test]
fn another_user_is_refused_in_words_on_both_sides() {
    let place = Place::new();
    let other = || Options { user: 12345, ..Options::default() };
    let denied = |error: ConnectError, words: &str| {
        assert!(matches!(&error, ConnectError::Denied(text) if text.contains(words)), "{error:?}");
    };
    let connect = |options| RemoteCloud::connect(place.address.clone(), options).err().unwrap();
    let server = place.serve(place.embedded());
    denied(connect(other()), "is to be by user 12345");
    drop(server);
    let _server = Server::start(place.embedded(), &place.address, other()).unwrap();
    denied(connect(Options::default()), "served to user 12345 alone");
}

#[test]
fn where_nobody_serves_it_is_said_at_once() {
    let place = Place::new();
    let connect = || RemoteCloud::connect(place.address.clone(), Options::default()).err().unwrap();
    assert!(matches!(connect(), ConnectError::Gone(text) if text.contains("start the server")));
    drop(UnixListener::bind(place.dir.path().join("cloud.sock")).unwrap());
    assert!(matches!(connect(), ConnectError::Gone(_)));
}

fn hasty() -> Options {
    Options { timeout: Duration::from_millis(300), ..Options::default() }
}

#[test]
fn a_silent_server_ends_in_a_timeout() {
    let place = Place::new();
    let silent = UnixListener::bind(place.dir.path().join("cloud.sock")).unwrap();
    let refused = RemoteCloud::connect(place.address.clone(), hasty()).err().unwrap();
    assert!(matches!(refused, ConnectError::Gone(text) if text.contains("did not greet")));
    // One that greets, and then says nothing more.
    let server = std::thread::spawn(move || {
        let _first = silent.accept().unwrap();
        let (mut stream, _) = silent.accept().unwrap();
        let mut head = [0; 16];
        stream.read_exact(&mut head).unwrap();
        let mut hello = vec![0; u32::from_le_bytes(head[..4].try_into().unwrap()) as usize];
        stream.read_exact(&mut hello).unwrap();
        stream.write_all(&frame(2, 0, &[0x08, 1, 0x20, 8])).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    });
    let cloud = RemoteCloud::connect(place.address.clone(), hasty()).unwrap();
    let answer = cloud.get_service_info();
    assert!(matches!(&answer, Err(CloudError::Gone(text)) if text.contains("no sign of life")), "{answer:?}");
    drop(cloud);
    server.join().unwrap();
}

/// A frame as bytes.
fn frame(kind: u16, call: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(call.to_le_bytes());
    bytes.extend(body);
    bytes
}

/// Sends bytes to a server, and returns what it says until it closes, or has said some words.
fn talk(place: &Place, bytes: &[u8], words: &str) -> String {
    let mut stream = UnixStream::connect(place.dir.path().join("cloud.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // It may close before it has read all of it.
    let _ = stream.write_all(bytes);
    let (mut said, mut buffer) = (String::new(), [0; 1000]);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        said += &String::from_utf8_lossy(&buffer[..count]);
        if said.contains(words) {
            break;
        }
    }
    said
}

#[test]
fn whoever_breaks_the_protocol_is_told_so_and_others_are_served_on() {
    let place = Place::new();
    let _server = Server::start(place.embedded(), &place.address, hasty()).unwrap();
    let cloud = place.connect();
    let hello = frame(1, 0, &[0x08, 1, 0x10, 1]);
    let after = |frame: Vec<u8>| [hello.clone(), frame].concat();
    for (bytes, words) in [
        (vec![], "did not greet in time"),
        (vec![7], "in the middle of a frame"),
        (vec![0xff; 64], "no frame of the kind"),
        (frame(16, 1, &[]), "did not greet"),
        (frame(1, 0, &[0x08, 9, 0x10, 9]), "speaks the versions 9 to 9"),
        (frame(1, 0, &[0xff; 5000]), "where 4096 is the most"),
        (after(frame(2, 0, &[])), "Welcome from a client"),
        (after(frame(999, 0, &[])), "no frame of the kind 999"),
        (after(frame(18, 1, &[0xff])), "cannot be read"),
        (after(frame(21, 1, &[])), "for no database"),
        (after(frame(33, 1, &[])), "is no database's handle"),
        (after(frame(65, 1, &[0x2a, 2, 0x10, 9])), "9 is nobody's part in a share"),
        (after(frame(67, 1, &[0x2a, 2, 0x18, 9])), "9 is no state of an invitation"),
        (after(frame(71, 1, &[0x28, 5])), "5 is no state of an invitation"),
        (after(frame(72, 1, &[0x28, 5])), "5 is no state of an invitation"),
        (after(frame(68, 1, &[])), "is no share centre's handle"),
        (after(frame(273, 1, &[0; 15])), "without its head"),
        (after([&u32::MAX.to_le_bytes()[..], &[33, 0, 0, 0], &[0; 8]].concat()), "4294967295 bytes"),
        (after([&[0, 0, 0, 0, 48, 0, 1, 0][..], &[0; 8]].concat()), "without the descriptors"),
        (after([&[0, 0, 0, 0, 33, 0, 1, 0][..], &[0; 8]].concat()), "with 1 descriptors"),
        (after(frame(200, 1, &[])), "requests of the kind 200"),
    ] {
        let said = talk(&place, &bytes, words);
        assert!(said.contains(words), "'{said}' lacks '{words}'");
        assert!(cloud.get_service_info().is_ok(), "after {words}");
    }
}

#[test]
fn there_are_as_many_connections_as_there_may_be() {
    let place = Place::new();
    let options = Options { connections: 40, ..Options::default() };
    let _server = Server::start(place.embedded(), &place.address, options).unwrap();
    let clouds: Vec<_> = (0..40).map(|_| place.connect()).collect();
    std::thread::scope(|scope| {
        for cloud in &clouds {
            scope.spawn(move || {
                let db = db(cloud);
                for _ in 0..20 {
                    assert_eq!(db.generate_id(3).unwrap().len(), 3);
                }
            });
        }
    });
    let refused = RemoteCloud::connect(place.address.clone(), Options::default()).err().unwrap();
    assert!(matches!(refused, ConnectError::Gone(text) if text.contains("40 connections")));
    drop(clouds);
    until("there is no room again", || {
        RemoteCloud::connect(place.address.clone(), Options::default()).is_ok()
    });
}

#[test]
fn many_threads_share_a_connection() {
    let place = Place::new();
    let _server = place.serve(place.embedded());
    let cloud = place.connect();
    std::thread::scope(|scope| {
        for thread in 0..40u64 {
            let cloud = &cloud;
            scope.spawn(move || {
                let content = bytes(thread, 100 + (thread as usize % 5) * 700_000);
                let asset = upload(cloud, content.clone()).unwrap();
                assert!(download(cloud, &asset).unwrap() == content, "{thread}");
            });
        }
    });
}

/// A listener that counts.
fn counting() -> (Arc<AtomicUsize>, ChangeListener) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let told = move |bundle: &str| {
        assert_eq!(bundle, BUNDLE);
        counted.fetch_add(1, Ordering::SeqCst);
    };
    (count, Arc::new(told))
}

#[test]
fn changes_are_told_across_processes_and_a_server_that_comes_back_tells_of_what_may_have_changed() {
    let place = Place::new();
    let process = Process::start(&place);
    let (told, writer) = (place.connect(), place.connect());
    let (count, listener) = counting();
    let databases = BTreeMap::from([(BUNDLE.to_owned(), vec![database()])]);
    let info = told.subscribe(&databases, 3_600_000, listener).unwrap();
    assert_eq!(info.expiration_time, 3_600_000);
    let write = |cloud: &RemoteCloud| {
        let db = db(cloud);
        let id = db.generate_id(1).unwrap().remove(0);
        db.insert("t", vec![row(&id, 1)]).unwrap().remove(0).unwrap();
    };
    write(&writer);
    until("a change is not told", || count.load(Ordering::SeqCst) > 0);
    process.kill();
    let before = count.load(Ordering::SeqCst);
    let process = Process::start(&place);
    until("that it is back is not told", || count.load(Ordering::SeqCst) > before);
    let before = count.load(Ordering::SeqCst);
    write(&writer);
    until("a change is not told any more", || count.load(Ordering::SeqCst) > before);
    let ids =
        info.subscribe.into_iter().map(|(bundle, ids)| (bundle, ids.into_iter().map(|id| id.id).collect()));
    told.unsubscribe(&ids.collect()).unwrap();
    let (others, listener) = counting();
    let _again = told.subscribe(&databases, 3_600_000, listener).unwrap();
    let before = count.load(Ordering::SeqCst);
    write(&writer);
    until("the second one is not told", || others.load(Ordering::SeqCst) > 0);
    assert_eq!(count.load(Ordering::SeqCst), before, "the first one has ended");
    process.kill();
}

/// A source that is a file, which must not be read here.
struct Passed(std::fs::File, Arc<std::sync::atomic::AtomicU64>);

impl AssetSource for Passed {
    fn read_at(&mut self, _: &mut [u8], _: u64) -> std::io::Result<usize> {
        panic!("read here")
    }

    fn size(&self) -> u64 {
        self.0.metadata().unwrap().len()
    }

    fn path(&self) -> Option<&std::path::Path> {
        None
    }

    fn file(&mut self) -> Option<std::os::fd::BorrowedFd<'_>> {
        Some(std::os::fd::AsFd::as_fd(&self.0))
    }

    fn took(&mut self, end: u64) {
        self.1.fetch_max(end, Ordering::SeqCst);
    }
}

#[test]
fn a_file_goes_over_as_a_descriptor_with_its_progress() {
    let place = Place::new();
    let _server = place.serve(place.embedded());
    let cloud = place.connect();
    let content = bytes(9, (64 << 20) + 7);
    let path = place.dir.path().join("a.jpg");
    std::fs::write(&path, &content).unwrap();
    let took = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let passed = |transfer| upload_item(transfer, Passed(std::fs::File::open(&path).unwrap(), took.clone()));
    let stop = Control { stop_after: 1 << 20, ..Control::default() };
    assert_eq!(loader(&cloud).upload("t", vec![passed("x")], &stop), [Err(CloudError::Stopped)]);
    assert!(took.load(Ordering::SeqCst) < content.len() as u64, "the server read on");
    let control = Control::default();
    let small = upload_item("s", Source::new(vec![1; 10]));
    let answers = loader(&cloud).upload("t", vec![passed("y"), small], &control);
    let asset = answers[0].clone().unwrap();
    assert!(answers[1].is_ok());
    assert_eq!(took.load(Ordering::SeqCst), content.len() as u64);
    assert_eq!(control.moved.into_inner(), content.len() as u64 + 10);
    assert!(download(&cloud, &asset).unwrap() == content);
}
