//! Opening paths beneath the gallery, whatever they say and whatever happens to it meanwhile.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, Stat, fstat, open, openat, openat2};
use rustix::io::Errno;

/// The kernel takes no longer path in one call (its limit counts the closing zero).
const LONGEST_PATH: usize = 4095;

/// The gallery's folder, held open.
#[derive(Debug)]
pub(super) struct Root {
    fd: OwnedFd,
    /// Whether the kernel resolves beneath a folder by itself. Where it does not (old kernels, some
    /// sandboxes), paths are walked name by name, which is as safe and slower.
    openat2: bool,
}

/// The folder that an entry is in.
pub(super) enum Parent<'a> {
    /// The gallery itself.
    Root(BorrowedFd<'a>),
    /// A folder beneath.
    Beneath(OwnedFd),
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Parent::Root(fd) => *fd,
            Parent::Beneath(fd) => fd.as_fd(),
        }
    }
}

/// The folders of paths that are told one after another: each is opened once for those that follow each other in it.
pub(super) struct Folders<'r> {
    root: &'r Root,
    last: Option<(String, Parent<'r>)>,
}

impl<'r> Folders<'r> {
    /// None is open yet.
    pub(super) fn of(root: &'r Root) -> Self {
        Folders { root, last: None }
    }

    /// The folder of `path`, and the name in it.
    pub(super) fn parent<'p>(&mut self, path: &'p str) -> io::Result<(&Parent<'r>, &'p str)> {
        check(path)?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let last = match self.last.take() {
            Some(last) if last.0 == folder => last,
            _ => (folder.to_owned(), self.root.parent(path)?.0),
        };
        Ok((&self.last.insert(last).1, name))
    }
}

impl Root {
    /// Opens the gallery's folder. A symlink to it is followed: that one is the host's word.
    pub(super) fn open(dir: &Path) -> io::Result<Root> {
        let fd = open(dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        // Asked once, because a sandbox refuses with EPERM, which later calls may mean in earnest.
        let probe = openat2(&fd, ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::BENEATH);
        let openat2 = !matches!(probe, Err(Errno::NOSYS | Errno::PERM | Errno::INVAL));
        Ok(Root { fd, openat2 })
    }

    /// The same folder, as on a system without `openat2`.
    #[cfg(test)]
    pub(super) fn walking(mut self) -> Root {
        self.openat2 = false;
        self
    }

    /// The gallery's descriptor.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The stat of the gallery's folder.
    pub(super) fn stat(&self) -> io::Result<Stat> {
        Ok(fstat(&self.fd)?)
    }

    /// Opens `path` without following any symlink.
    pub(super) fn open_at(&self, path: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        check(path)?;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let path = if path.is_empty() { "." } else { path };
        if !self.openat2 || path.len() > LONGEST_PATH {
            return self.walk(path, flags, mode);
        }
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(&self.fd, path, flags, mode, resolve)?)
    }

    /// Opens `path` for reading without leaving a trace in its access time, where that is allowed.
    pub(super) fn open_untouched(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        match self.open_at(path, flags | OFlags::NOATIME, Mode::empty()) {
            // Only a file's owner may ask for that.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::PERM) => {
                self.open_at(path, flags, Mode::empty())
            }
            result => result,
        }
    }

    /// The folder of `path`, and the name in it.
    pub(super) fn parent<'p>(&self, path: &'p str) -> io::Result<(Parent<'_>, &'p str)> {
        check(path)?;
        match path.rsplit_once('/') {
            Some((folder, name)) => {
                let fd = self.open_at(folder, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
                Ok((Parent::Beneath(fd), name))
            }
            None if path.is_empty() => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "this cannot be done to the gallery itself"))
            }
            None => Ok((Parent::Root(self.fd.as_fd()), path)),
        }
    }

    /// Opens each folder of `path` in turn, so that no name is resolved by anything but us.
    fn walk(&self, path: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let (folders, name) = path.rsplit_once('/').map_or((None, path), |(f, n)| (Some(f), n));
        let mut at = None;
        let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for folder in folders.iter().flat_map(|folders| folders.split('/')) {
            let from = at.as_ref().map_or(self.fd.as_fd(), OwnedFd::as_fd);
            at = Some(openat(from, folder, step, Mode::empty())?);
        }
        let from = at.as_ref().map_or(self.fd.as_fd(), OwnedFd::as_fd);
        Ok(openat(from, name, flags, mode)?)
    }
}

/// Refuses what is no plain path beneath the gallery, before the kernel sees it.
pub(super) fn check(path: &str) -> io::Result<()> {
    let plain = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\0');
    if path.is_empty() || path.split('/').all(plain) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{path:?} is not a path beneath the gallery")))
}
