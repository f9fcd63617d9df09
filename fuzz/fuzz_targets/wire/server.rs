//! What a client says to a server.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cloudsync_cloud::CloudService;
use cloudsync_fuzz::{Chance, place};
use cloudsync_remote::{Address, RemoteCloud, Server};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::cloud::PlainCloud;
use crate::hasty;
use crate::talk::{
    DATA, DOWNLOAD, END, OTHERS, REQUESTS, STOP, TAKEN, UPLOAD, body, data_of, frame, spoil, upload_of,
};

/// How long a server may take to close a connection on which nothing more is said.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the head of a frame is.
const HEAD: usize = 16;
/// How long it is waited for what a server says.
const MOMENT: Duration = Duration::from_millis(3);
/// The call of an upload that is meant.
const UPLOADING: u64 = 200;
/// How many frames one input has at most.
const FRAMES: usize = 24;

/// One server for all inputs, and a client that it must go on serving.
struct Served {
    path: PathBuf,
    _server: Server,
    witness: RemoteCloud,
    /// What may be sent as descriptors: a file, a directory, and the end of a pipe.
    descriptors: [OwnedFd; 3],
}

fn served() -> &'static Served {
    static SERVED: OnceLock<Served> = OnceLock::new();
    SERVED.get_or_init(|| {
        let path = place("served.sock");
        let address = Address::unix(&path).unwrap();
        let server = Server::start(Arc::new(PlainCloud), &address, hasty()).unwrap();
        let witness = RemoteCloud::connect(address, hasty()).unwrap();
        let file = place("file");
        std::fs::write(&file, [7; 1000]).unwrap();
        let pipe = rustix::pipe::pipe().unwrap().0;
        let descriptors = [File::open(&file).unwrap().into(), File::open(place("")).unwrap().into(), pipe];
        Served { path, _server: server, witness, descriptors }
    })
}

/// Says whatever chance has it to a server, which must close then, and serve others on.
pub fn outlives(chance: &mut Chance) {
    let served = served();
    let mut stream = UnixStream::connect(&served.path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    if !chance.one_in(8) {
        // A greeting, and handles 1, 2 and 3: a database, a loader and a share centre.
        let database = [&[0x0a, 1, b'b', 0x12, 6][..], &[0x0a, 1, b'd', 0x12, 1, b'd']].concat();
        let polite = [
            frame(1, 0, 0, &[0x08, 1, 0x10, 1, 0x18, 1]),
            frame(21, 0, 101, &database),
            frame(22, 0, 102, &database),
            frame(23, 0, 103, &[0x0a, 1, b'b']),
        ];
        // Each is heard of before the next: handles are numbered as they come.
        for said in polite {
            stream.write_all(&said).unwrap();
            // The fuzzer's clock interrupts now and then; this reads on, where a plain read does not.
            let mut head = [0; HEAD];
            stream.read_exact(&mut head).unwrap();
            let [a, b, c, d, ..] = head;
            stream.read_exact(&mut vec![0; u32::from_le_bytes([a, b, c, d]) as usize]).unwrap();
        }
    }
    if chance.one_in(2) {
        upload(&stream, chance);
    }
    for _ in 0..FRAMES {
        if chance.is_over() {
            break;
        }
        say(&stream, chance, served);
    }
    let _ = stream.shutdown(Shutdown::Write);
    match stream.read_to_end(&mut Vec::new()) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it neither closes nor speaks"),
        _ => {}
    }
    served.witness.get_service_info().unwrap();
}

/// An upload as it is meant, or nearly: its bytes follow what the server wants of it, on the same call.
fn upload(mut stream: &UnixStream, chance: &mut Chance) {
    let size = chance.below(128) as u8;
    // It may have closed already, here and below.
    let _ = stream.write_all(&frame(UPLOAD, 0, UPLOADING, &upload_of(size, false)));
    let mut sent = 0;
    for _ in 0..chance.below(6) {
        listen(stream);
        let bytes = vec![7; chance.below(128)];
        let offset = if chance.one_in(8) { chance.number() as u64 } else { sent };
        let item = u32::from(chance.one_in(8));
        let flags = chance.pick(&[0, END, END, 2, 4, 255]);
        let _ = stream.write_all(&frame(DATA, 0, UPLOADING, &data_of(item, flags, offset, &bytes)));
        sent += bytes.len() as u64;
    }
}

/// Hears what the server says, if it does so soon.
fn listen(mut stream: &UnixStream) {
    stream.set_read_timeout(Some(MOMENT)).unwrap();
    let _ = stream.read(&mut [0; 4096]);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
}

/// Says one thing.
fn say(mut stream: &UnixStream, chance: &mut Chance, served: &Served) {
    if chance.one_in(24) {
        // It may have closed already, here and below.
        let _ = stream.write_all(&chance.some(40));
        return;
    }
    let kind = match chance.below(6) {
        0..=2 => chance.pick(&REQUESTS),
        3 => chance.pick(&OTHERS),
        4 => chance.pick(&[UPLOAD, DOWNLOAD]),
        _ => chance.pick(&[DATA, TAKEN, STOP]),
    };
    if matches!(kind, DATA | TAKEN | STOP) && !chance.one_in(4) {
        // What follows something that the server says first.
        listen(stream);
    }
    let call = chance.below(6) as u64;
    let sent: Vec<BorrowedFd<'_>> = match chance.below(8) {
        7 => (0..chance.below(4)).map(|_| served.descriptors[chance.below(3)].as_fd()).collect(),
        6 if kind == UPLOAD => vec![served.descriptors[0].as_fd()],
        _ => Vec::new(),
    };
    let told = if chance.one_in(16) { chance.byte().into() } else { sent.len() as u16 };
    let body = body(chance, kind);
    let mut frame = frame(kind, told, call, &body);
    spoil(chance, &mut frame);
    if sent.is_empty() {
        let _ = stream.write_all(&frame);
    } else {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&sent)));
        let _ = sendmsg(stream, &[IoSlice::new(&frame)], &mut control, SendFlags::NOSIGNAL);
    }
}
