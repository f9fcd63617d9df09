//! Identifiers are found in what cameras write, and nothing breaks on what nobody writes.

use std::io;

use proptest::prelude::*;

use super::*;
use crate::ports::Stamp;

const TEXT: &str = "0DF5E1A8-3B7C-4F0E-9C2D-5A6B7C8D9E0F";
const ID: ContentId =
    [0x0d, 0xf5, 0xe1, 0xa8, 0x3b, 0x7c, 0x4f, 0x0e, 0x9c, 0x2d, 0x5a, 0x6b, 0x7c, 0x8d, 0x9e, 0x0f];

/// A file in memory, which notes how much is read of it.
struct Bytes<'b>(&'b [u8], u64);

impl ReadFile for Bytes<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        // No more at a time than a slow disk gives.
        let count = rest.len().min(buffer.len()).min(1000);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.1 += count as u64;
        Ok(count)
    }

    fn stamp(&self) -> io::Result<Stamp> {
        Ok(Stamp::default())
    }
}

fn read(bytes: &[u8]) -> Option<ContentId> {
    AppleIdentifiers.read(&mut Bytes(bytes, 0))
}

/// A directory of one tag, and where its value is: behind it.
fn directory(big: bool, at: u32, tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    let short = |number: u16| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let long = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let value = if value == 0 { at + 2 + 12 + 4 } else { value };
    [&short(1)[..], &short(tag), &short(kind), &long(count), &long(value), &long(0)].concat()
}

fn exif(big: bool) -> Vec<u8> {
    let text = [TEXT.as_bytes(), b"\0"].concat();
    let mut note = b"Apple iOS\0\0\x01MM".to_vec();
    note.extend(directory(true, 14, 0x0011, 2, text.len() as u32, 0));
    note.extend(text);
    let mut tiff = if big { b"MM\0\x2a\0\0\0\x08".to_vec() } else { b"II\x2a\0\x08\0\0\0".to_vec() };
    let exif_at = 8 + 18;
    tiff.extend(directory(big, 8, 0x8769, 4, 1, exif_at));
    tiff.extend(directory(big, exif_at, 0x927c, 7, note.len() as u32, 0));
    tiff.extend(note);
    tiff
}

fn jpeg(big: bool) -> Vec<u8> {
    let segment =
        |kind: u8, bytes: &[u8]| [&[0xff, kind][..], &(bytes.len() as u16 + 2).to_be_bytes(), bytes].concat();
    let exif = [b"Exif\0\0", &exif(big)[..]].concat();
    [&[0xff, 0xd8][..], &segment(0xe0, b"JFIF\0"), &segment(0xe1, &exif), &segment(0xda, &[0; 8])].concat()
}

fn boxed(kind: &[u8; 4], inside: &[u8]) -> Vec<u8> {
    [&(inside.len() as u32 + 8).to_be_bytes(), &kind[..], inside].concat()
}

/// A movie whose metadata come after its frames, as phones write it.
fn movie(full: bool) -> Vec<u8> {
    let key = |name: &[u8]| boxed(b"mdta", name);
    let keys = [key(b"com.apple.quicktime.make"), key(b"com.apple.quicktime.content.identifier")].concat();
    let keys = boxed(b"keys", &[&[0, 0, 0, 0, 0, 0, 0, 2], &keys[..]].concat());
    let value = |text: &str| boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()].concat());
    let items = [boxed(&[0, 0, 0, 1], &value("Apple")), boxed(&[0, 0, 0, 2], &value(TEXT))].concat();
    let version: &[u8] = if full { &[0; 4] } else { &[] };
    let meta = [version, &boxed(b"hdlr", &[0; 24]), &keys, &boxed(b"ilst", &items)].concat();
    let moov = boxed(b"moov", &[boxed(b"mvhd", &[0; 100]), boxed(b"meta", &meta)].concat());
    let wide = [&[0, 0, 0, 1], &b"mdat"[..], &5016_u64.to_be_bytes(), &[7; 5000]].concat();
    [boxed(b"ftyp", b"qt  \0\0\0\0qt  "), wide, moov].concat()
}

fn heic() -> Vec<u8> {
    let exif = [&[0, 0, 0, 6], &b"Exif\0\0"[..], &exif(true)].concat();
    let entry =
        |id: u8, kind: &[u8; 4]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], &kind[..], b"\0"].concat());
    let info = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 2], &entry(1, b"hvc1")[..], &entry(2, b"Exif")].concat());
    let head = boxed(b"ftyp", b"heic\0\0\0\0mif1heic");
    let place = |at: u32| {
        let item = |id: u8, at: u32, length: u32| {
            [&[0, id, 0, 0, 0, 0, 0, 1], &at.to_be_bytes()[..], &length.to_be_bytes()].concat()
        };
        let items = [item(1, 0, 9), item(2, at, exif.len() as u32)].concat();
        boxed(b"iloc", &[&[1, 0, 0, 0, 0x44, 0, 0, 2], &items[..]].concat())
    };
    let meta = |at| boxed(b"meta", &[&[0; 4][..], &boxed(b"hdlr", &[0; 24]), &info, &place(at)].concat());
    let at = head.len() + meta(0).len() + 8;
    [head, meta(at as u32), boxed(b"mdat", &exif)].concat()
}

#[test]
fn both_parts_of_a_live_photo_say_the_same() {
    for (what, bytes) in [
        ("JPEG", jpeg(true)),
        ("JPEG, little-endian", jpeg(false)),
        ("QuickTime", movie(false)),
        ("MP4", movie(true)),
        ("HEIC", heic()),
    ] {
        assert_eq!(read(&bytes), Some(ID), "{what}");
    }
}

#[test]
fn other_files_say_nothing() {
    assert_eq!(read(b""), None);
    assert_eq!(read(b"notes, and more of them"), None);
    assert_eq!(read(&boxed(b"ftyp", b"isom\0\0\0\0")), None);
    let other = String::from_utf8_lossy(&jpeg(true)).replace("Apple iOS", "Other iOS");
    assert_eq!(read(other.as_bytes()), None);
    assert_eq!((uuid(b"no identifier"), uuid(&[b'0'; 31]), uuid(&[b'0'; 33])), (None, None, None));
    assert_eq!(uuid(&TEXT.to_lowercase().into_bytes()), Some(ID));
}

/// Of a movie of an hour little more than the metadata is read.
#[test]
fn little_is_read() {
    let bytes = movie(false);
    let mut file = Bytes(&bytes, 0);
    assert_eq!(AppleIdentifiers.read(&mut file), Some(ID));
    assert!(file.1 < 700, "{} of {} bytes", file.1, bytes.len());
}

/// Boxes without an end, and lists of items that take up no room, are given up soon.
#[test]
fn what_would_go_on_for_ever_is_given_up() {
    let many = [boxed(b"ftyp", b"qt  "), boxed(b"free", &[]).repeat(100_000)].concat();
    let mut file = Bytes(&many, 0);
    assert_eq!(AppleIdentifiers.read(&mut file), None);
    assert!(file.1 < 100_000);
    let iloc = boxed(b"iloc", &[&[1, 0, 0, 0, 0, 0][..], &[0xff; 60_000]].concat());
    let entry = boxed(b"infe", &[&[2, 0, 0, 0, 0, 2, 0, 0], &b"Exif\0"[..]].concat());
    let info = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 1], &entry[..]].concat());
    let meta = boxed(b"meta", &[&[0; 4][..], &info, &iloc].concat());
    assert_eq!(read(&[boxed(b"ftyp", b"heic"), meta].concat()), None);
}

proptest! {
    #[test]
    fn no_file_does_harm(which in 0..5_usize, cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = vec![jpeg(true), jpeg(false), movie(false), movie(true), heic()].swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let head = bytes.len().min(12);
        let _ = read(&bytes);
        let _ = read(&[&bytes[..head], &noise].concat());
        let _ = read(&noise);
        let _ = exif::identifier(&noise);
    }
}
