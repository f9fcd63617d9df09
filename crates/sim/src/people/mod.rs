//! The people in front of the devices, and what is known of every content they ever wrote.

mod act;
mod names;

pub use act::act;
pub(crate) use act::{go_on, intrude, tidy_up};
pub(crate) use names::photo_of;

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_engine::tree::Digest;

/// What became of one content.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// A short name for traces.
    pub label: String,
    /// How often a person wrote it, by device.
    pub written: BTreeMap<usize, u64>,
    /// A person who had it in front of them overwrote or deleted it.
    pub dropped: bool,
    /// On which devices.
    pub dropped_by: BTreeSet<usize>,
    /// On which of them it was overwritten.
    pub overwritten_by: BTreeSet<usize>,
    /// A person copied it: it may rightly be there twice.
    pub copied: bool,
    /// A person renamed or moved a file that held it.
    pub moved: bool,
    /// It was lost to a power cut before anybody but this disk had it, or written to a file that had
    /// no name any more: nothing can be asked of the engine.
    pub excused: bool,
    /// On which devices it was lost to a power cut, before another of the same account had it.
    pub excused_on: BTreeSet<usize>,
    /// It was written to a file that the engine had already moved out of the gallery: the trash
    /// is where it must be.
    pub hidden: bool,
    /// The cloud was restored to what it was before it had it: live or in a trash, it must be somewhere.
    pub restored_away: bool,
    /// The modification times that files with it were given by people.
    pub mtimes: BTreeSet<i64>,
}

impl Story {
    pub(crate) fn drop_on(&mut self, device: usize) {
        self.dropped = true;
        self.dropped_by.insert(device);
    }

    /// Whether it must be live somewhere, because nobody ever wanted it gone.
    pub fn must_live(&self) -> bool {
        !self.dropped && !self.excused && !self.hidden && !self.restored_away
    }

    /// Whether it must at least be somewhere.
    pub fn must_be(&self) -> bool {
        (self.hidden || self.restored_away) && !self.dropped && !self.excused
    }
}

/// Everything that people did.
#[derive(Debug, Default)]
pub struct People {
    /// By digest.
    pub stories: BTreeMap<Digest, Story>,
    /// Every name that a person ever gave to anything.
    pub names: BTreeSet<String>,
    written: u64,
}

/// The digest of some bytes.
pub fn digest_of(bytes: &[u8]) -> Digest {
    *blake3::hash(bytes).as_bytes()
}

impl People {
    /// Bytes that were never written before.
    pub fn fresh(&mut self, len: usize) -> Vec<u8> {
        self.written += 1;
        let mark = format!("{:07};", self.written);
        mark.bytes().cycle().take(len.max(mark.len())).collect()
    }

    /// A person wrote these bytes.
    pub fn wrote(&mut self, device: usize, bytes: &[u8], mtime_ns: i64) -> &mut Story {
        let number = self.stories.len();
        let story = self.stories.entry(digest_of(bytes)).or_default();
        if story.label.is_empty() {
            story.label = format!("c{number}");
        }
        *story.written.entry(device).or_default() += 1;
        story.mtimes.insert(mtime_ns);
        story
    }

    /// A person overwrote or deleted these bytes.
    pub fn dropped(&mut self, device: usize, bytes: &[u8]) {
        if let Some(story) = self.stories.get_mut(&digest_of(bytes)) {
            story.drop_on(device);
        }
    }

    /// A person put other bytes in the place of these.
    pub fn overwritten(&mut self, device: usize, bytes: &[u8]) {
        self.dropped(device, bytes);
        if let Some(story) = self.stories.get_mut(&digest_of(bytes)) {
            story.overwritten_by.insert(device);
        }
    }

    /// A power cut left these bytes of what a person wrote: known, but wanted by nobody.
    pub fn torn(&mut self, device: usize, bytes: &[u8], mtime_ns: i64) {
        self.wrote(device, bytes, mtime_ns).drop_on(device);
    }

    /// A short name of a content for traces.
    pub fn label(&self, digest: &Digest) -> &str {
        self.stories.get(digest).map_or("unknown bytes", |story| &story.label)
    }
}
