//! Apple's content identifiers: the still of a live photo has one in its maker note, the video the same one in its
//! metadata. Our own walk through both, for a few kilobytes of a file: what reads whole containers reads, and trusts,
//! far more than that.

mod boxes;
mod exif;
#[cfg(test)]
mod tests;

use crate::ports::{ContentId, IdentifierReader, ReadFile};

/// Reads the identifiers in JPEG, HEIC and QuickTime files.
#[derive(Debug, Default)]
pub struct AppleIdentifiers;

impl IdentifierReader for AppleIdentifiers {
    fn read(&self, file: &mut dyn ReadFile) -> Option<ContentId> {
        let mut file = Source(file);
        let head: [u8; 12] = file.array(0)?;
        let text = match head {
            [0xff, 0xd8, ..] => exif::of_jpeg(&mut file)?,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => boxes::identifier(&mut file)?,
            // Old QuickTime files begin with any of these.
            [_, _, _, _, b'w', b'i', b'd', b'e', ..]
            | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
            | [_, _, _, _, b'm', b'd', b'a', b't', ..] => boxes::identifier(&mut file)?,
            _ => return None,
        };
        uuid(&text)
    }
}

/// The bytes of a file, read in small pieces.
struct Source<'f>(&'f mut dyn ReadFile);

impl Source<'_> {
    fn array<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, at).then_some(bytes)
    }

    /// So many bytes, where that are no more than `most`.
    fn bytes(&mut self, at: u64, count: u64, most: usize) -> Option<Vec<u8>> {
        let count = usize::try_from(count).ok().filter(|count| *count <= most)?;
        let mut bytes = vec![0; count];
        self.fill(&mut bytes, at).then_some(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8], at: u64) -> bool {
        let mut filled = 0;
        while filled < bytes.len() {
            let Some(next) = at.checked_add(filled as u64) else { return false };
            match self.0.read_at(&mut bytes[filled..], next) {
                Ok(count) if count > 0 => filled += count,
                _ => return false,
            }
        }
        true
    }
}

/// The UUID that a text is.
fn uuid(text: &[u8]) -> Option<ContentId> {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let digits = text.get(..end)?.iter().filter(|byte| !matches!(byte, b'-' | b' ' | b'{' | b'}'));
    let digits: Option<Vec<u8>> =
        digits.map(|byte| Some(char::from(*byte).to_digit(16)? as u8)).take(33).collect();
    let digits = digits.filter(|digits| digits.len() == 32)?;
    let mut id = [0; 16];
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(id)
}
