//! Previews in a directory: one file each, named by what it was made of.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::time::random_u64;
use crate::ports::{PreviewCache, PreviewKind, PreviewName};

/// How the name of a half-written file ends.
const HALF: &str = ".tmp";

/// A directory of previews. They lie in folders by the first byte of what they were made of.
#[derive(Debug)]
pub(crate) struct PreviewDir {
    dir: PathBuf,
    /// Tells what this process is writing from what one before it left.
    process: u64,
    last: AtomicU64,
}

impl PreviewDir {
    /// The previews in a state directory, which is there and belongs to this process.
    pub(crate) fn new(state_dir: &Path) -> Self {
        PreviewDir { dir: state_dir.join("previews"), process: random_u64(), last: AtomicU64::new(0) }
    }

    /// How the names of the files end that this process is writing.
    fn half(&self) -> String {
        format!("-{:x}{HALF}", self.process)
    }

    /// Writes a preview beside its place.
    fn write(&self, place: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        if let Some(folder) = place.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let half = place.with_extension(format!("{number}{}", self.half()));
        let written = File::create(&half).and_then(|mut file| file.write_all(bytes));
        if written.is_err() {
            // The disk is full, most likely: nothing of it stays.
            let _ = fs::remove_file(&half);
        }
        written.map(|()| half)
    }
}

impl PreviewCache for PreviewDir {
    fn keep(&self, previews: &[(PreviewName, &[u8])]) -> io::Result<()> {
        let mut written = Vec::with_capacity(previews.len());
        let mut failed = None;
        for (name, bytes) in previews {
            let place = self.path(*name);
            match self.write(&place, bytes) {
                Ok(half) => written.push((half, place)),
                Err(error) => failed = Some(error),
            }
        }
        if written.is_empty() {
            return failed.map_or(Ok(()), Err);
        }
        // One barrier for all of them, before any has its name.
        rustix::fs::syncfs(File::open(&self.dir)?)?;
        for (half, place) in written {
            fs::rename(half, place)?;
        }
        failed.map_or(Ok(()), Err)
    }

    fn read(&self, name: PreviewName) -> io::Result<Vec<u8>> {
        fs::read(self.path(name))
    }

    fn size(&self, name: PreviewName) -> Option<u64> {
        fs::metadata(self.path(name)).ok().map(|found| found.len())
    }

    fn list(&self) -> io::Result<Vec<PreviewName>> {
        let mut names = Vec::new();
        for file in files(&self.dir)? {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match name_of(name) {
                Some(name) => names.push(name),
                None if name.ends_with(HALF) && !name.ends_with(&self.half()) => fs::remove_file(&file)?,
                None => {}
            }
        }
        Ok(names)
    }

    fn remove(&self, name: PreviewName) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn path(&self, name: PreviewName) -> PathBuf {
        let content = blake3::Hash::from_bytes(name.content).to_hex();
        self.dir.join(&content[..2]).join(format!("{content}{}", ending(name.kind)))
    }
}

fn ending(kind: PreviewKind) -> &'static str {
    match kind {
        PreviewKind::Thumbnail => ".thumbnail.jpg",
        PreviewKind::Lcd => ".lcd.jpg",
    }
}

fn name_of(file: &str) -> Option<PreviewName> {
    let (content, _) = file.split_once('.')?;
    let kind = PreviewKind::ALL.into_iter().find(|kind| &file[content.len()..] == ending(*kind))?;
    Some(PreviewName { content: *blake3::Hash::from_hex(content).ok()?.as_bytes(), kind })
}

/// The files in the folders of a directory that may be missing.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = |dir: &Path| match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let folders: Vec<PathBuf> = entries(dir)?;
    let mut files = Vec::new();
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        files.append(&mut entries(&folder)?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(byte: u8, kind: PreviewKind) -> PreviewName {
        PreviewName { content: [byte; 32], kind }
    }

    #[test]
    fn what_is_kept_is_read_listed_and_removed() {
        let state = tempfile::tempdir().unwrap();
        let dir = PreviewDir::new(state.path());
        assert_eq!(dir.list().unwrap(), []);
        let (small, large) = (name(7, PreviewKind::Thumbnail), name(7, PreviewKind::Lcd));
        dir.keep(&[(small, b"small"), (large, b"larger")]).unwrap();
        assert_eq!((dir.size(small), dir.size(large)), (Some(5), Some(6)));
        assert_eq!(dir.read(large).unwrap(), b"larger");
        let mut listed = dir.list().unwrap();
        listed.sort();
        assert_eq!(listed, [small, large]);
        dir.remove(small).unwrap();
        dir.remove(small).unwrap();
        assert_eq!((dir.size(small), dir.list().unwrap()), (None, vec![large]));
    }

    #[test]
    fn what_a_kill_left_half_written_is_no_preview_and_goes() {
        let state = tempfile::tempdir().unwrap();
        let dir = PreviewDir::new(state.path());
        let small = name(1, PreviewKind::Thumbnail);
        let half = dir.write(&dir.path(small), b"ha").unwrap();
        assert_eq!((dir.size(small), dir.list().unwrap(), half.exists()), (None, vec![], true));
        assert_eq!(PreviewDir::new(state.path()).list().unwrap(), []);
        assert!(!half.exists());
    }
}
