//! Small pictures: a stand-in for those who make them, and the place where a device keeps them.

use std::io;
use std::path::PathBuf;

use cloudsync_engine::ports::{
    ContentId, IdentifierReader, PictureMaker, Pictures, PreviewCache, PreviewKind, PreviewName, ReadFile,
};

use crate::people::digest_of;
use crate::shared::Wire;

/// Makes pictures of what begins with `photo`, and of every other of the files that people write at random.
#[derive(Debug)]
pub struct SimPictures;

impl PictureMaker for SimPictures {
    fn may_be_picture(&self, head: &[u8]) -> bool {
        let written_at_random = head.get(7) == Some(&b';');
        head.starts_with(b"photo") || written_at_random && head[6].is_multiple_of(2)
    }

    fn make(&self, file: &[u8]) -> Option<Pictures> {
        if file.windows(6).any(|part| part == b"broken") {
            return None;
        }
        Some(picture_of(file))
    }
}

/// The pictures of a file with these bytes.
pub fn picture_of(file: &[u8]) -> Pictures {
    let digest = blake3::Hash::from_bytes(digest_of(file)).to_hex();
    let of = |what: &str| format!("{what} of {digest}").into_bytes();
    Pictures { thumbnail: of("thumbnail"), lcd: of("lcd") }
}

/// Finds the identifier that a file begins with: `id:` and one more byte.
#[derive(Debug)]
pub struct SimIdentifiers;

impl IdentifierReader for SimIdentifiers {
    fn read(&self, file: &mut dyn ReadFile) -> Option<ContentId> {
        let mut head = [0; 4];
        let count = file.read_at(&mut head, 0).ok()?;
        (count == head.len() && head.starts_with(b"id:")).then_some([head[3]; 16])
    }
}

/// The previews of a device.
#[derive(Debug)]
pub struct SimPreviews {
    wire: Wire,
}

impl SimPreviews {
    /// Those that a process sees.
    pub fn new(wire: Wire) -> Self {
        SimPreviews { wire }
    }
}

impl PreviewCache for SimPreviews {
    fn keep(&self, previews: &[(PreviewName, &[u8])]) -> io::Result<()> {
        for (name, bytes) in previews {
            let mut shared = self.wire.io_call()?;
            let device = self.wire.device;
            if shared.devices[device].weather.disk_full {
                return Err(io::ErrorKind::StorageFull.into());
            }
            shared.devices[device].previews.insert(*name, bytes.to_vec());
        }
        Ok(())
    }

    fn read(&self, name: PreviewName) -> io::Result<Vec<u8>> {
        let shared = self.wire.io_call()?;
        let kept = shared.devices[self.wire.device].previews.get(&name).cloned();
        kept.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn size(&self, name: PreviewName) -> Option<u64> {
        let shared = self.wire.peek();
        shared.devices[self.wire.device].previews.get(&name).map(|bytes| bytes.len() as u64)
    }

    fn list(&self) -> io::Result<Vec<PreviewName>> {
        let shared = self.wire.io_call()?;
        Ok(shared.devices[self.wire.device].previews.keys().copied().collect())
    }

    fn remove(&self, name: PreviewName) -> io::Result<()> {
        let mut shared = self.wire.io_call()?;
        shared.devices[self.wire.device].previews.remove(&name);
        Ok(())
    }

    fn path(&self, name: PreviewName) -> PathBuf {
        let content = blake3::Hash::from_bytes(name.content).to_hex();
        let kind = match name.kind {
            PreviewKind::Thumbnail => "thumbnail",
            PreviewKind::Lcd => "lcd",
        };
        PathBuf::from(format!("/state/previews/{content}.{kind}"))
    }
}
