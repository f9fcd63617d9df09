//! Whatever bytes come, neither side panics, hangs or dies of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::OnceLock;
use std::time::Duration;

use cloudsync_cloud::*;
use cloudsync_remote::*;
use common::*;
use proptest::prelude::*;

const KINDS: [u16; 42] = [
    1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 23, 32, 33, 34, 35, 36, 37, 38, 39, 48, 49, 50, 64, 65, 66, 67, 68,
    69, 70, 71, 72, 80, 256, 257, 272, 273, 274, 275, 276, 277, 278, 279,
];

fn frame(kind: u16, descriptors: u16, call: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend(descriptors.to_le_bytes());
    bytes.extend(call.to_le_bytes());
    bytes.extend(body);
    bytes
}

/// A message that can mostly be read: fields of small numbers with numbers, texts and messages in them.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        (1u8..8, 0u8..20).prop_map(|(tag, value)| vec![tag << 3, value]),
        (1u8..8, "[a-z]{0,6}")
            .prop_map(|(tag, text)| { [&[tag << 3 | 2, text.len() as u8], text.as_bytes()].concat() }),
        (1u8..8, prop::collection::vec(any::<u8>(), 32))
            .prop_map(|(tag, digest)| { [&[tag << 3 | 2, 32][..], &digest].concat() }),
    ];
    let flat = prop::collection::vec(field, 0..6).prop_map(|fields| fields.concat());
    flat.prop_recursive(3, 24, 4, |inner| {
        prop::collection::vec((1u8..8, inner), 0..4).prop_map(|fields| {
            let one = |(tag, body): (u8, Vec<u8>)| {
                let length = body.len().min(127);
                [&[tag << 3 | 2, length as u8][..], &body[..length]].concat()
            };
            fields.into_iter().flat_map(one).collect()
        })
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => message(), 1 => prop::collection::vec(any::<u8>(), 0..64)]
}

/// Frames of every kind, mostly for calls that are under way, and now and then bytes that are none.
fn talk() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let one = (prop::sample::select(&KINDS[..]), 0u64..5, body());
    let framed = one.prop_map(|(kind, call, body)| frame(kind, 0, call, &body));
    let nonsense = prop::collection::vec(any::<u8>(), 1..40);
    prop::collection::vec(prop_oneof![12 => framed, 1 => nonsense], 0..12)
}

fn hasty() -> Options {
    Options { timeout: Duration::from_millis(200), ..Options::default() }
}

struct Served {
    place: Place,
    _server: Server,
    witness: RemoteCloud,
}

fn served() -> &'static Served {
    static SERVED: OnceLock<Served> = OnceLock::new();
    SERVED.get_or_init(|| {
        let place = Place::new();
        let server = Server::start(place.embedded(), &place.address, hasty()).unwrap();
        let witness = place.connect();
        Served { place, _server: server, witness }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_server_outlives_whatever_a_client_says(frames in talk(), polite in any::<bool>()) {
        let served = served();
        let mut stream = UnixStream::connect(served.place.dir.path().join("cloud.sock")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let hello = frame(1, 0, 0, &[0x08, 1, 0x10, 1]);
        let connects = [21, 22].map(|kind| {
            let database = [0x0a, 1, b'd', 0x12, 1, b'd'];
            let body = [&[0x0a, 1, b'b', 0x12, 6], &database[..]].concat();
            frame(kind, 0, u64::from(kind) + 100, &body)
        });
        if polite {
            let center = frame(23, 0, 123, &[0x0a, 1, b'b']);
            stream.write_all(&[hello, connects.concat(), center].concat()).unwrap();
        }
        // It may have closed already.
        let _ = stream.write_all(&frames.concat());
        let _ = stream.shutdown(Shutdown::Write);
        let mut said = Vec::new();
        match stream.read_to_end(&mut said) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("it neither closes nor speaks"),
            _ => {}
        }
        prop_assert!(served.witness.get_service_info().is_ok());
    }

    #[test]
    fn a_client_outlives_whatever_a_server_says(frames in talk(), whole in any::<bool>()) {
        let place = Place::new();
        let listener = UnixListener::bind(place.dir.path().join("cloud.sock")).unwrap();
        let server = std::thread::spawn(move || {
            for _ in 0..2 {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let mut hello = [0; 16];
                stream.read_exact(&mut hello).unwrap();
                if whole {
                    let _ = stream.write_all(&frame(2, 0, 0, &[0x08, 1, 0x20, 8]));
                }
                let _ = stream.write_all(&frames.concat());
                // Until the client has had enough, or has nothing more to ask.
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        for _ in 0..2 {
            if let Ok(cloud) = RemoteCloud::connect(place.address.clone(), hasty()) {
                let _ = cloud.get_service_info();
                let _ = cloud.connect_db(BUNDLE, &database()).map(|db| db.query("t", &[], 1, ""));
                if let Ok(center) = cloud.connect_share_center(0, BUNDLE) {
                    let _ = center.share(0, BUNDLE, "r", &[Participant::default()]);
                    let _ = center.query_participants(0, BUNDLE, "r");
                }
                if let Ok(loader) = cloud.connect_asset_loader(BUNDLE, &database()) {
                    let items = vec![upload_item("t", Source::new(vec![1; 1000]))];
                    let answers = loader.upload("t", items, &Control::default());
                    prop_assert_eq!(answers.len(), 1);
                }
            }
        }
        // Those that were not used up.
        for _ in 0..2 {
            drop(UnixStream::connect(place.dir.path().join("cloud.sock")).map(|mut stream| stream.write_all(&[0; 16])));
        }
        server.join().unwrap();
    }
}

#[test]
fn an_upload_outlives_a_server_that_wants_nonsense() {
    // Each is what the server says to the upload, which is the client's second call.
    let want = |item: u8, offset: u8, length: u8| frame(272, 0, 2, &[0x08, item, 0x10, offset, 0x18, length]);
    let forged: Vec<(Vec<u8>, &str)> = vec![
        (want(9, 0, 1), "bytes of the item 9"),
        ((0..70).flat_map(|_| want(0, 0, 1)).collect(), ""),
        (frame(276, 0, 2, &[0x08, 0, 0x10, 1]), "progress of what is no file"),
        (frame(273, 0, 2, &[0; 20]), "data for the call Upload"),
        (frame(256, 0, 2, &[0x0a, 0]), "without a failure and without an asset"),
        (frame(256, 0, 7, &[]), "which was not made"),
    ];
    for (bytes, words) in forged {
        let place = Place::new();
        let listener = UnixListener::bind(place.dir.path().join("cloud.sock")).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            hear(&mut stream);
            stream.write_all(&frame(2, 0, 0, &[0x08, 1, 0x20, 8])).unwrap();
            hear(&mut stream);
            stream.write_all(&frame(256, 0, 1, &[0x08, 1])).unwrap();
            hear(&mut stream);
            stream.write_all(&bytes).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let cloud = RemoteCloud::connect(place.address.clone(), hasty()).unwrap();
        let loader = loader(&cloud);
        let items = vec![upload_item("t", Source::new(vec![1; 1000]))];
        let answer = loader.upload("t", items, &Control::default()).remove(0);
        let said = matches!(&answer, Err(CloudError::Gone(text)) if text.contains(words));
        assert!(said, "{words}: {answer:?}");
        drop((loader, cloud));
        server.join().unwrap();
    }
}

#[test]
fn a_share_outlives_a_server_that_answers_nonsense() {
    // Each is what the server says to the share, which is the client's second call.
    let forged: [(Vec<u8>, &str); 5] = [
        (frame(256, 0, 2, &[0x0a, 0]), "without a failure and without a participant"),
        (frame(256, 0, 2, &[0x0a, 4, 0x12, 2, 0x10, 2]), "2 is nobody's part in a share"),
        (frame(256, 0, 2, &[0x0a, 4, 0x12, 2, 0x18, 5]), "5 is no state of an invitation"),
        (frame(256, 0, 2, &[0xff]), "cannot be read"),
        (frame(272, 0, 2, &[]), "a want for the call Share"),
    ];
    for (bytes, words) in forged {
        let place = Place::new();
        let listener = UnixListener::bind(place.dir.path().join("cloud.sock")).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            hear(&mut stream);
            stream.write_all(&frame(2, 0, 0, &[0x08, 1, 0x20, 8])).unwrap();
            hear(&mut stream);
            stream.write_all(&frame(256, 0, 1, &[0x08, 1])).unwrap();
            hear(&mut stream);
            stream.write_all(&bytes).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let cloud = RemoteCloud::connect(place.address.clone(), hasty()).unwrap();
        let center = cloud.connect_share_center(0, BUNDLE).unwrap();
        let error = center.share(0, BUNDLE, "r", &[Participant::default()]).unwrap_err();
        assert!(error.code == SharingCode::IpcError && error.text.contains(words), "{words}: {error:?}");
        drop((center, cloud));
        server.join().unwrap();
    }
}

/// Reads one frame.
fn hear(stream: &mut UnixStream) {
    let mut head = [0; 16];
    stream.read_exact(&mut head).unwrap();
    let mut body = vec![0; u32::from_le_bytes(head[..4].try_into().unwrap()) as usize];
    stream.read_exact(&mut body).unwrap();
}
