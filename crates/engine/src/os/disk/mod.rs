//! The gallery's disk, by system calls that never leave it.
//!
//! The gallery's folder is held open, and every path is resolved beneath it by the kernel
//! (`openat2`), without symlinks. Resolving two or three names costs a microsecond or two, so that no
//! folder but the gallery is kept open from one call to the next: a cached one could be moved by
//! somebody else meanwhile, and would then be the wrong one.

mod beneath;
mod file;
mod identity;
mod lease;
mod list;
mod mark;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, fstatvfs, linkat, mkdirat, openat, renameat, renameat_with, statat,
    syncfs, unlinkat,
};
use rustix::io::Errno;
use rustix::path::Arg;

use self::beneath::{Folders, Parent, Root, check};
use self::file::{DiskFile, kind_of, stamp_of};
use self::lease::LeasedFile;
pub use self::lease::Leases;
use crate::ports::{
    FileKind, FileSystem, Listing, Marking, ReadFile, Space, Stamp, Stat, StillFile, WriteFile,
};

/// The gallery's disk.
#[derive(Debug)]
pub struct Disk {
    dir: PathBuf,
    /// Replaced by [`FileSystem::attach`] when the path leads to another folder than it did.
    root: RwLock<Arc<Root>>,
    leases: Leases,
}

impl Disk {
    /// Opens the gallery in `gallery_dir`, which must be there: a missing one may be a disk that is
    /// not mounted, and an empty folder made in its place would look as if all had been deleted.
    pub fn open(gallery_dir: &Path) -> io::Result<Disk> {
        let dir = std::path::absolute(gallery_dir)?;
        let root = open_root(&dir)?;
        Ok(Disk { dir, root: RwLock::new(Arc::new(root)), leases: Leases::default() })
    }

    /// The same, which can tell whether a program is writing to a file.
    pub fn with_leases(self, leases: Leases) -> Disk {
        Disk { leases, ..self }
    }

    /// Opens a folder, to be watched.
    pub(super) fn open_folder(&self, folder: &str) -> io::Result<OwnedFd> {
        self.root().open_at(folder, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())
    }

    /// Whether the gallery's path still leads to the folder that is held. One that is held open tells nobody that it was
    /// removed, nor that a disk was mounted over it.
    pub(super) fn is_in_place(&self) -> bool {
        let held = self.root().stat();
        let there = rustix::fs::stat(&self.dir);
        held.is_ok_and(|held| there.is_ok_and(|there| is_same(&held, &there)))
    }

    fn root(&self) -> Arc<Root> {
        Arc::clone(&self.root.read())
    }

    /// Takes `root` for the gallery from now on, unless it is the folder that is held already.
    fn hold(&self, root: Root) -> io::Result<()> {
        let (new, old) = (root.stat()?, self.root().stat()?);
        if !is_same(&new, &old) {
            *self.root.write() = Arc::new(root);
        }
        Ok(())
    }
}

fn is_same(one: &rustix::fs::Stat, other: &rustix::fs::Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

fn open_root(dir: &Path) -> io::Result<Root> {
    Root::open(dir).map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::NotFound => "is missing; create it, or mount the disk that it lies on",
            io::ErrorKind::NotADirectory => "is no folder; name the folder that holds the photos",
            _ => "cannot be opened",
        };
        io::Error::new(error.kind(), format!("the gallery {} {what} ({error})", dir.display()))
    })
}

impl FileSystem for Disk {
    fn attach(&self, known: &str) -> io::Result<String> {
        // By its path again: a disk may have been mounted or unmounted there since.
        let root = open_root(&self.dir)?;
        let id = identity::attach(&root, &self.dir, known)?;
        self.hold(root)?;
        Ok(id)
    }

    fn list(&self, folder: &str) -> io::Result<Listing> {
        list::list(&self.root(), folder)
    }

    fn stat(&self, path: &str) -> io::Result<Stat> {
        let root = self.root();
        let stat = if path.is_empty() { root.stat()? } else { stat_in(&mut Folders::of(&root), path)? };
        Ok(told(&stat))
    }

    fn stat_all(&self, paths: &[&str]) -> Vec<io::Result<Stat>> {
        let root = self.root();
        let mut folders = Folders::of(&root);
        paths.iter().map(|path| Ok(told(&stat_in(&mut folders, path)?))).collect()
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(open_regular(&self.root(), path)?))
    }

    fn open_still(&self, path: &str) -> io::Result<Box<dyn StillFile>> {
        Ok(Box::new(LeasedFile::new(open_regular(&self.root(), path)?, self.leases)?))
    }

    fn mark(&self, files: &[Marking]) -> Vec<io::Result<Stamp>> {
        mark::mark(&self.root(), self.leases, files)
    }

    fn last_read_ns(&self, paths: &[&str]) -> Vec<io::Result<i64>> {
        let root = self.root();
        let mut folders = Folders::of(&root);
        let last_read = |path: &&str| {
            let stat = stat_in(&mut folders, path)?;
            Ok(stat.st_atime.saturating_mul(1_000_000_000).saturating_add(stat.st_atime_nsec as i64))
        };
        paths.iter().map(last_read).collect()
    }

    fn open_temp(&self, name: &str) -> io::Result<Box<dyn WriteFile>> {
        open_temp(&self.root(), name)
    }

    fn list_temp(&self) -> io::Result<Vec<(String, u64)>> {
        list_temp(&self.root())
    }

    fn list_trash(&self) -> io::Result<Vec<String>> {
        let trash = <dyn FileSystem>::TRASH;
        let fd = self.root().open_untouched(trash, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut found = Vec::new();
        // A name that is not UTF-8 is none that was put there by us.
        list::names(&fd, |name| found.extend(name.to_str().map(str::to_owned)))?;
        Ok(found)
    }

    fn empty_trash(&self, name: &str) -> io::Result<()> {
        let root = self.root();
        let path = format!("{}/{name}", <dyn FileSystem>::TRASH);
        let (parent, name) = root.parent(&path)?;
        remove_whole(&parent, name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let root = self.root();
        rename(&mut Folders::of(&root), from, &mut Folders::of(&root), to)
    }

    fn rename_all(&self, moves: &[(&str, &str)]) -> Vec<io::Result<()>> {
        let root = self.root();
        let (mut sources, mut targets) = (Folders::of(&root), Folders::of(&root));
        moves.iter().map(|(from, to)| rename(&mut sources, from, &mut targets, to)).collect()
    }

    fn exchange(&self, a: &str, b: &str) -> io::Result<()> {
        let root = self.root();
        let ((a, name_a), (b, name_b)) = (root.parent(a)?, root.parent(b)?);
        match renameat_with(a, name_a, b, name_b, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS) => {
                let text = "this file system cannot swap two files in one step";
                Err(io::Error::new(io::ErrorKind::Unsupported, text))
            }
            result => Ok(result?),
        }
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        let root = self.root();
        let (parent, name) = root.parent(path)?;
        Ok(mkdirat(parent, name, Mode::from_raw_mode(0o755))?)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        let root = self.root();
        let (parent, name) = root.parent(path)?;
        Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        remove_file(&mut Folders::of(&self.root()), path)
    }

    fn remove_files(&self, paths: &[&str]) -> Vec<io::Result<()>> {
        let root = self.root();
        let mut folders = Folders::of(&root);
        paths.iter().map(|path| remove_file(&mut folders, path)).collect()
    }

    fn sync(&self) -> io::Result<()> {
        Ok(syncfs(self.root().fd())?)
    }

    fn space(&self) -> io::Result<Space> {
        let space = fstatvfs(self.root().fd())?;
        let bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize);
        Ok(Space { free: bytes(space.f_bavail), total: bytes(space.f_blocks) })
    }

    fn absolute(&self, path: &str) -> Option<PathBuf> {
        check(path).ok()?;
        Some(self.dir.join(path))
    }
}

fn open_regular(root: &Root, path: &str) -> io::Result<DiskFile> {
    // A pipe without a writer would hold an ordinary open until one comes.
    let fd = root.open_untouched(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
    Ok(DiskFile::regular(fd)?.0)
}

/// Opens or makes a temporary file. Nobody else may enter its folder, so that it is made with the
/// mode that any new file of this process gets, and leaves the folder with the right one: no later
/// change of mode, and no guess at the umask, which cannot be read without setting it.
fn open_temp(root: &Root, name: &str) -> io::Result<Box<dyn WriteFile>> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = root.open_at(&temp_path(name)?, flags, Mode::from_raw_mode(0o666))?;
    let (file, stat) = DiskFile::regular(fd)?;
    if stat.st_nlink != 1 {
        // Writing to it would change another file, which may be a person's.
        let text = format!("the temporary file {name:?} has another name as well; remove it");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(Box::new(file))
}

fn temp_path(name: &str) -> io::Result<String> {
    let path = format!("{}/{name}", <dyn FileSystem>::TEMP);
    check(&path)?;
    if name.contains('/') {
        let text = format!("{name:?} is no name of a temporary file");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(path)
}

fn list_temp(root: &Root) -> io::Result<Vec<(String, u64)>> {
    let fd = root.open_untouched(<dyn FileSystem>::TEMP, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let now = super::time::wall_ns();
    let mut files = Vec::new();
    list::names(&fd, |name| {
        let Ok(text) = name.to_str() else { return };
        let Ok(stat) = statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW) else { return };
        // Not the modification time, which a download sets to that of the photo.
        let age_ns = now.saturating_sub(stamp_of(&stat).ctime_ns).max(0);
        files.push((text.to_owned(), age_ns.unsigned_abs() / 1_000_000_000));
    })?;
    Ok(files)
}

fn told(stat: &rustix::fs::Stat) -> Stat {
    Stat { kind: kind_of(stat), stamp: stamp_of(stat) }
}

fn stat_in(folders: &mut Folders<'_>, path: &str) -> io::Result<rustix::fs::Stat> {
    let (parent, name) = folders.parent(path)?;
    Ok(statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn remove_file(folders: &mut Folders<'_>, path: &str) -> io::Result<()> {
    let (parent, name) = folders.parent(path)?;
    Ok(unlinkat(parent, name, AtFlags::empty())?)
}

fn rename(sources: &mut Folders<'_>, from: &str, targets: &mut Folders<'_>, to: &str) -> io::Result<()> {
    let ((from, name), (to, new_name)) = (sources.parent(from)?, targets.parent(to)?);
    match renameat_with(from, name, to, new_name, RenameFlags::NOREPLACE) {
        // The file system cannot do it in one step.
        Err(Errno::INVAL | Errno::NOSYS) => rename_in_steps(from, name, to, new_name),
        result => Ok(result?),
    }
}

/// Moves an entry without replacing another, where the file system cannot do so in one step: a
/// file by a second name and the removal of the first, which cannot replace anything either. What
/// cannot have a second name is moved after a look: a file made in that instant would be lost,
/// which no such file system offers a way around.
fn rename_in_steps(from: &Parent<'_>, name: &str, to: &Parent<'_>, new_name: &str) -> io::Result<()> {
    let is_file = is_file(from, name)?;
    if is_file {
        match linkat(from, name, to, new_name, AtFlags::empty()) {
            Ok(()) => return Ok(unlinkat(from, name, AtFlags::empty())?),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK | Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match statat(to, new_name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => Ok(renameat(from, name, to, new_name)?),
        Ok(_) => Err(Errno::EXIST.into()),
        Err(error) => Err(error.into()),
    }
}

/// Removes an entry, with all that is in it. No link is followed.
fn remove_whole(folder: impl AsFd, name: impl Arg + Copy) -> io::Result<()> {
    match unlinkat(&folder, name, AtFlags::empty()) {
        Err(Errno::ISDIR | Errno::PERM) => {}
        result => return Ok(result?),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let inside = openat(&folder, name, flags, Mode::empty())?;
    let mut entries = Vec::new();
    list::names(&inside, |entry| entries.push(entry.to_owned()))?;
    for entry in &entries {
        remove_whole(&inside, entry.as_c_str())?;
    }
    Ok(unlinkat(&folder, name, AtFlags::REMOVEDIR)?)
}

fn is_file(folder: impl AsFd, name: &str) -> io::Result<bool> {
    Ok(kind_of(&statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?) == FileKind::File)
}
