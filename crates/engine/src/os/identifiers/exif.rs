//! EXIF: a TIFF file of tags, one of which is the maker's note, which in Apple's files is tags again.

use super::Source;

/// How many segments of a JPEG are looked at.
const MOST_SEGMENTS: u32 = 64;
/// How many tags of a directory are looked at.
const MOST_TAGS: u16 = 512;

const EXIF_DIRECTORY: u16 = 0x8769;
const MAKER_NOTE: u16 = 0x927c;
/// In Apple's note.
const CONTENT_IDENTIFIER: u16 = 0x0011;

const APPLE: &[u8] = b"Apple iOS\0";
/// Where the tags of Apple's note begin, after its name, its version and its byte order.
const APPLE_TAGS: u32 = 14;

/// The content identifier in a JPEG's EXIF segment.
pub(super) fn of_jpeg(file: &mut Source<'_>) -> Option<Vec<u8>> {
    let mut at = 2;
    for _ in 0..MOST_SEGMENTS {
        let [mark, kind, high, low] = file.array(at)?;
        let length = u64::from(u16::from_be_bytes([high, low]));
        // The pixels begin, or it is no JPEG.
        if mark != 0xff || kind == 0xda || length < 2 {
            return None;
        }
        if kind == 0xe1 {
            let segment = file.bytes(at + 4, length - 2, usize::from(u16::MAX))?;
            if let Some(tiff) = segment.strip_prefix(b"Exif\0\0") {
                return identifier(tiff);
            }
        }
        at += 2 + length;
    }
    None
}

/// The content identifier in EXIF data.
pub(super) fn identifier(tiff: &[u8]) -> Option<Vec<u8>> {
    let tags = match tiff.get(..4)? {
        [b'M', b'M', 0, 42] => Tags { bytes: tiff, big: true },
        [b'I', b'I', 42, 0] => Tags { bytes: tiff, big: false },
        _ => return None,
    };
    let exif = tags.find(tags.number(4)?, EXIF_DIRECTORY)?.value;
    let note = tags.find(exif, MAKER_NOTE)?;
    let note = tags.slice(note.value, note.count)?;
    let apple = note.starts_with(APPLE) && note.get(12..14)? == b"MM";
    let tags = Tags { bytes: note, big: true };
    let text = tags.find(APPLE_TAGS, CONTENT_IDENTIFIER).filter(|_| apple)?;
    Some(tags.slice(text.value, text.count)?.to_vec())
}

/// Tags, and what they point at by offsets from the beginning.
struct Tags<'b> {
    bytes: &'b [u8],
    big: bool,
}

/// What a tag says: how many values there are, and where, or the one value itself.
struct Tag {
    count: u32,
    value: u32,
}

impl<'b> Tags<'b> {
    fn slice(&self, at: u32, count: u32) -> Option<&'b [u8]> {
        let at = at as usize;
        self.bytes.get(at..at.checked_add(count as usize)?)
    }

    fn short(&self, at: u32) -> Option<u16> {
        let bytes = *self.slice(at, 2)?.first_chunk()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn number(&self, at: u32) -> Option<u32> {
        let bytes = *self.slice(at, 4)?.first_chunk()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn find(&self, directory: u32, wanted: u16) -> Option<Tag> {
        let count = self.short(directory)?.min(MOST_TAGS);
        for number in 0..u32::from(count) {
            let at = directory.checked_add(2)?.checked_add(number * 12)?;
            if self.short(at)? == wanted {
                return Some(Tag {
                    count: self.number(at.checked_add(4)?)?,
                    value: self.number(at.checked_add(8)?)?,
                });
            }
        }
        None
    }
}
