//! What a server says to a client.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use cloudsync_cloud::*;
use cloudsync_fuzz::{Chance, place};
use cloudsync_remote::{Address, RemoteCloud};

use crate::hasty;
use crate::talk::{OTHERS, body, frame, spoil};

/// How long a client is waited for that says nothing.
const SILENCE: Duration = Duration::from_millis(3);
/// How often.
const SILENCES: usize = 2;
/// How many calls one input makes at most.
const CALLS: usize = 8;

/// Where the server of all inputs listens.
fn listening() -> &'static (UnixListener, PathBuf) {
    static LISTENING: OnceLock<(UnixListener, PathBuf)> = OnceLock::new();
    LISTENING.get_or_init(|| {
        let path = place("forged.sock");
        (UnixListener::bind(&path).unwrap(), path)
    })
}

/// Makes calls of a server that answers whatever chance has it.
pub fn outlives(chance: &mut Chance) {
    let (listener, path) = listening();
    let calls: Vec<u8> = (0..CALLS).map(|_| chance.byte()).collect();
    let (chance, over) = (Mutex::new(chance), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while let Ok((stream, _)) = listener.accept() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                talk(stream, &mut chance.lock().unwrap());
            }
        });
        let address = Address::unix(path).unwrap();
        if let Ok(cloud) = RemoteCloud::connect(address, hasty()) {
            for call in calls {
                make(&cloud, call);
            }
        }
        over.store(true, Ordering::SeqCst);
        drop(UnixStream::connect(path).unwrap());
    });
}

/// One connection: hears what the client says, and answers whatever. Once there is nothing more to say it closes.
fn talk(mut stream: UnixStream, chance: &mut Chance) {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let mut silences = 0;
    let mut call = 0;
    while !chance.is_over() && silences < SILENCES {
        match hear(&mut stream) {
            Some((1, _)) if !chance.one_in(16) => {
                let _ = stream.write_all(&frame(2, 0, 0, &[0x08, 1, 0x10, 1, 0x20, 4]));
                continue;
            }
            Some((_, heard)) => call = heard,
            None => silences += 1,
        }
        for _ in 0..=chance.below(3) {
            let said = say(chance, call);
            // It may have had enough.
            let _ = stream.write_all(&said);
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    while hear(&mut stream).is_some() {}
}

/// A frame's kind and call, where one comes in time.
fn hear(stream: &mut UnixStream) -> Option<(u16, u64)> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).ok()?;
    let [a, b, c, d, e, f, _, _, call @ ..] = head;
    let mut body = vec![0; u32::from_le_bytes([a, b, c, d]) as usize];
    stream.read_exact(&mut body).ok()?;
    Some((u16::from_le_bytes([e, f]), u64::from_le_bytes(call)))
}

/// Something about a call, mostly its answer.
fn say(chance: &mut Chance, call: u64) -> Vec<u8> {
    let kind = match chance.below(16) {
        0..=6 => 256,
        7 => 257,
        8 | 9 => 272,
        10 | 11 => 273,
        12 => 276,
        13 => chance.below(1 << 8) as u16,
        14 => return chance.some(40),
        _ => chance.pick(&OTHERS),
    };
    let call = match chance.below(16) {
        15 => chance.number() as u64,
        14 => call.wrapping_add(1),
        13 => call.wrapping_sub(1),
        _ => call,
    };
    let body = if chance.one_in(3) { vec![0x08, 1] } else { body(chance, kind) };
    let mut said = frame(kind, 0, call, &body);
    spoil(chance, &mut said);
    said
}

/// A source and a sink of bytes, and whoever asks for them.
struct Bytes(u64);

impl AssetSource for Bytes {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let left = usize::try_from(self.0.saturating_sub(offset)).unwrap_or(usize::MAX);
        Ok(left.min(buffer.len()))
    }

    fn size(&self) -> u64 {
        self.0
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

impl AssetSink for Bytes {
    fn offset(&self) -> u64 {
        self.0
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        assert!(offset.checked_add(bytes.len() as u64).is_some());
        Ok(())
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

struct Unstopped;

impl TransferControl for Unstopped {
    fn advanced(&self, _: usize, _: u64) -> Flow {
        Flow::Continue
    }
}

/// Makes one call, or a few that belong together.
fn make(cloud: &RemoteCloud, call: u8) {
    let database = Database { name: "d".into(), alias: "d".into(), tables: Vec::new() };
    match call % 16 {
        0..=5 => {
            if let Ok(db) = cloud.connect_db("b", &database) {
                call_db(&*db, call);
            }
        }
        6..=8 => {
            if let Ok(loader) = cloud.connect_asset_loader("b", &database) {
                call_loader(&*loader, call);
            }
        }
        9 | 10 => {
            if let Ok(center) = cloud.connect_share_center(0, "b") {
                call_center(&*center, call);
            }
        }
        11 => drop(cloud.get_app_brief_info()),
        12 => drop(cloud.get_app_schema("b")),
        13 | 14 => {
            let databases = BTreeMap::from([("b".to_owned(), vec![database])]);
            if let Ok(info) = cloud.subscribe(&databases, 60_000, Arc::new(|_| {})) {
                let ids = info.subscribe.into_iter();
                let ids = ids.map(|(bundle, ids)| (bundle, ids.into_iter().map(|id| id.id).collect()));
                let _ = cloud.unsubscribe(&ids.collect());
            }
        }
        _ => drop(cloud.get_service_info()),
    }
}

fn call_db(db: &dyn CloudDb, call: u8) {
    let row = RowWrite { id: "1".into(), ..RowWrite::default() };
    match call >> 4 {
        0 => drop(db.generate_id(2)),
        1 => drop(db.insert("t", vec![row])),
        2 => drop(db.delete("t", vec![row])),
        3 => drop(db.lock()),
        4 => drop(db.heartbeat(1)),
        5 => drop(db.unlock(1)),
        6 => drop(db.capabilities()),
        _ => drop(db.query("t", &["f"], 10, "")),
    }
}

fn call_loader(loader: &dyn AssetLoader, call: u8) {
    let asset = CloudAsset { asset_id: "asset".into(), ..CloudAsset::default() };
    let sizes = [u64::from(call), 300_000];
    match call >> 4 {
        0 => {
            let claim =
                Claim { gid: "g".into(), version: 1, asset_id: "asset".into(), size: 1, digest: [7; 32] };
            loader.prove("t", &[claim], &Unstopped);
        }
        1..8 => {
            let item =
                |size| AssetDownload { gid: "g".into(), asset: asset.clone(), sink: Box::new(Bytes(size)) };
            loader.download("t", "", sizes.map(item).into(), &Unstopped);
        }
        _ => {
            let item = |size| AssetUpload {
                gid: "g".into(),
                asset: asset.clone(),
                transfer_id: "t".into(),
                digest: None,
                source: Box::new(Bytes(size)),
            };
            loader.upload("t", sizes.map(item).into(), &Unstopped);
        }
    }
}

fn call_center(center: &dyn ShareCenter, call: u8) {
    match call >> 4 {
        0..4 => drop(center.share(0, "b", "r", &[Participant::default()])),
        4..8 => drop(center.query_participants(0, "b", "r")),
        8..12 => drop(center.confirm_invitation(0, "b", "c", State::Accepted)),
        _ => drop(center.exit(0, "b", "r")),
    }
}
