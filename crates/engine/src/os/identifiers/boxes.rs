//! Boxes in boxes: what HEIC and QuickTime files are made of.

use super::{Source, exif};

/// How many boxes at one level are looked at.
const MOST_BOXES: u32 = 1024;
/// The largest box that is read as a whole, and the largest EXIF data.
const MOST_BYTES: usize = 1 << 20;

const KEY: &[u8] = b"com.apple.quicktime.content.identifier";

/// A box in the file: what is in it, without its head.
#[derive(Clone, Copy)]
struct Found {
    at: u64,
    length: u64,
}

/// The content identifier of a QuickTime file, else that in the EXIF data of a HEIC file.
pub(super) fn identifier(file: &mut Source<'_>) -> Option<Vec<u8>> {
    let whole = Found { at: 0, length: u64::MAX };
    if let Some(movie) = find(file, whole, *b"moov") {
        let meta = find(file, movie, *b"meta")?;
        return of_movie(&file.bytes(meta.at, meta.length, MOST_BYTES)?);
    }
    let meta = find(file, whole, *b"meta")?;
    let (at, length) = exif_place(&file.bytes(meta.at, meta.length, MOST_BYTES)?)?;
    let data = file.bytes(at, length, MOST_BYTES)?;
    let skipped = number(&data, 0, 4)?;
    exif::identifier(data.get(usize::try_from(skipped.checked_add(4)?).ok()?..)?)
}

/// The first box of a kind in another.
fn find(file: &mut Source<'_>, within: Found, kind: [u8; 4]) -> Option<Found> {
    let end = within.at.saturating_add(within.length);
    let mut at = within.at;
    for _ in 0..MOST_BOXES {
        if at >= end {
            return None;
        }
        let [a, b, c, d, name @ ..]: [u8; 8] = file.array(at)?;
        let (head, length) = match u32::from_be_bytes([a, b, c, d]) {
            // It goes on to the end of the file.
            0 => (8, end.saturating_sub(at)),
            1 => (16, u64::from_be_bytes(file.array(at.checked_add(8)?)?)),
            length => (8, length.into()),
        };
        let inside = length.checked_sub(head)?;
        if name == kind {
            return Some(Found { at: at.checked_add(head)?, length: inside });
        }
        at = at.checked_add(length)?;
    }
    None
}

/// The boxes in some bytes.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::try_from(number(rest, 0, 4)?).ok()?;
        let kind = *rest.get(4..8)?.first_chunk()?;
        let inside = rest.get(8..length)?;
        rest = rest.get(length..)?;
        Some((kind, inside))
    })
}

fn box_in(bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    boxes(bytes).find(|(name, _)| *name == kind).map(|(_, inside)| inside)
}

/// A number of so many bytes.
fn number(bytes: &[u8], at: usize, count: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Of a movie's metadata: keys by number, and values by the numbers of their keys.
fn of_movie(meta: &[u8]) -> Option<Vec<u8>> {
    // MP4 files have a version before the boxes, QuickTime files have none.
    let meta = if meta.get(4..8)? == b"hdlr" { meta } else { meta.get(4..)? };
    let keys = boxes(box_in(meta, *b"keys")?.get(8..)?);
    let key = (1_u32..).zip(keys).find(|(_, (_, key))| *key == KEY)?.0;
    let item = box_in(box_in(meta, *b"ilst")?, key.to_be_bytes())?;
    Some(box_in(item, *b"data")?.get(8..)?.to_vec())
}

/// Where a HEIC file's EXIF data lies: the number of the item that is EXIF, and the place of the item with that number.
fn exif_place(meta: &[u8]) -> Option<(u64, u64)> {
    let meta = meta.get(4..)?;
    let info = box_in(meta, *b"iinf")?;
    let entries = info.get(if info.first()? == &0 { 6 } else { 8 }..)?;
    let item = boxes(entries).filter(|(kind, _)| kind == b"infe").find_map(|(_, entry)| {
        let (id, kind) = match entry.first()? {
            2 => (number(entry, 4, 2)?, entry.get(8..12)?),
            3 => (number(entry, 4, 4)?, entry.get(10..14)?),
            _ => return None,
        };
        (kind == b"Exif").then_some(id)
    })?;
    place_of(box_in(meta, *b"iloc")?, item)
}

/// Bytes that are read one after the other.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self, count: usize) -> Option<u64> {
        let number = number(self.bytes, self.at, count)?;
        self.at += count;
        Some(number)
    }
}

/// The first piece of an item, where it lies in the file itself.
fn place_of(iloc: &[u8], item: u64) -> Option<(u64, u64)> {
    let version = *iloc.first()?;
    let mut reader = Reader { bytes: iloc, at: 4 };
    let sizes = reader.number(2)?;
    let size = |shift: u32| (sizes >> shift & 15) as usize;
    let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
    let index_size = if version == 0 { 0 } else { size(0) };
    let wide = if version < 2 { 2 } else { 4 };
    if index_size + offset_size + length_size == 0 {
        // Without a place for any.
        return None;
    }
    let count = reader.number(wide)?;
    for _ in 0..count {
        let id = reader.number(wide)?;
        let method = if version == 0 { 0 } else { reader.number(2)? & 15 };
        reader.number(2)?;
        let base = reader.number(base_size)?;
        for piece in 0..reader.number(2)? {
            reader.number(index_size)?;
            let (offset, length) = (reader.number(offset_size)?, reader.number(length_size)?);
            if id == item && piece == 0 {
                return (method == 0).then_some((base.checked_add(offset)?, length));
            }
        }
    }
    None
}
