//! Whether the gallery is the one that was synced before, or some other folder in its place.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    Access, AtFlags, Mode, OFlags, accessat, fchmod, fstat, fsync, mkdirat, openat, renameat, unlinkat,
};
use rustix::io::Errno;

use super::beneath::Root;
use crate::os::random_u64;
use crate::ports::FileSystem;

/// The file in the reserved folder that holds the gallery's identity.
const ID: &str = "id";
/// Its name while it is written.
const ID_NEW: &str = "id.new";
/// Digits of an identity.
const ID_DIGITS: usize = 32;

/// Checks that the gallery in `dir` is the one known as `known`, or, when none is known yet, makes
/// or adopts its identity. Returns the identity.
pub(super) fn attach(root: &Root, dir: &Path, known: &str) -> io::Result<String> {
    writable(root, dir)?;
    let reserved = reserved_folder(root, dir, known)?;
    let found =
        read_id(&reserved).map_err(|e| about(dir, "its identity (.cloudsync/id) cannot be read", &e))?;
    let id = match found {
        Some(id) if known.is_empty() || id == known => id,
        Some(_) => return Err(another(dir, ErrorKind::InvalidData)),
        None if known.is_empty() => new_id(root, &reserved)?,
        None => return Err(another(dir, ErrorKind::NotFound)),
    };
    for part in [<dyn FileSystem>::TEMP, <dyn FileSystem>::TRASH] {
        folder(root, part).map_err(|e| about(dir, &format!("{part} cannot be made"), &e))?;
    }
    Ok(id)
}

/// The error for a gallery that was never attached, or for another one in its place.
fn another(dir: &Path, kind: ErrorKind) -> io::Error {
    let text = format!(
        "{} is not the gallery that was synced before: if it lies on a disk of its own, mount that; if this \
         is a new gallery, use another state directory for it",
        dir.display()
    );
    io::Error::new(kind, text)
}

fn about(dir: &Path, what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the gallery {}: {what}: {error}", dir.display()))
}

/// A gallery that cannot be written is told of at once, not at the first download.
fn writable(root: &Root, dir: &Path) -> io::Result<()> {
    let (kind, text) = match accessat(root.fd(), ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty()) {
        Ok(()) => return Ok(()),
        Err(Errno::ROFS) => (ErrorKind::ReadOnlyFilesystem, "is read-only; mount it writable"),
        Err(Errno::ACCESS) => {
            (ErrorKind::PermissionDenied, "may not be written by this user; change its owner or permissions")
        }
        Err(error) => return Err(about(dir, "it cannot be used", &error.into())),
    };
    Err(io::Error::new(kind, format!("the gallery {} {text}", dir.display())))
}

/// Opens the reserved folder; makes it for a gallery that is attached for the first time.
fn reserved_folder(root: &Root, dir: &Path, known: &str) -> io::Result<OwnedFd> {
    let name = <dyn FileSystem>::RESERVED;
    let fd = if known.is_empty() { folder(root, name) } else { open_folder(root, name) };
    let fd = fd.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::NOENT) => another(dir, ErrorKind::NotFound),
        Some(Errno::NOTDIR | Errno::LOOP) => {
            about(dir, &format!("{name} in it is no folder; move it away"), &error)
        }
        _ => about(dir, &format!("{name} in it cannot be used"), &error),
    })?;
    // A copy of a gallery may have lost the mode. Who is not the owner cannot mend it, and can sync
    // all the same.
    if fstat(&fd)?.st_mode & 0o077 != 0 {
        let _ = fchmod(&fd, Mode::RWXU);
    }
    Ok(fd)
}

fn open_folder(root: &Root, path: &str) -> io::Result<OwnedFd> {
    root.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
}

/// Opens a folder that only its owner may enter, and makes it first where it is missing.
fn folder(root: &Root, path: &str) -> io::Result<OwnedFd> {
    let (parent, name) = root.parent(path)?;
    match mkdirat(&parent, name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => open_folder(root, path),
        Err(error) => Err(error.into()),
    }
}

/// The identity, or `None` where there is none, or nothing that could be one.
fn read_id(reserved: &OwnedFd) -> io::Result<Option<String>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = match openat(reserved, ID, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        result => result?,
    };
    let mut bytes = Vec::with_capacity(ID_DIGITS + 2);
    File::from(fd).take(ID_DIGITS as u64 + 2).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let id = text.trim_end();
    let whole = id.len() == ID_DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit());
    Ok(whole.then(|| id.to_owned()))
}

/// Makes an identity that survives a power cut from the moment it is returned.
fn new_id(root: &Root, reserved: &OwnedFd) -> io::Result<String> {
    let id = format!("{:016x}{:016x}", random_u64(), random_u64());
    match unlinkat(reserved, ID_NEW, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(reserved, ID_NEW, flags, Mode::RUSR | Mode::WUSR)?);
    file.write_all(id.as_bytes())?;
    file.sync_all()?;
    renameat(reserved, ID_NEW, reserved, ID)?;
    fsync(reserved)?;
    fsync(root.fd())?;
    Ok(id)
}
