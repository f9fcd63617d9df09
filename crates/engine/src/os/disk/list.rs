//! Listing a folder: one getdents per buffer and one stat per entry, and nothing else.

use std::ffi::CStr;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, OFlags, RawDir, fstat, statat};
use rustix::io::Errno;

use super::beneath::Root;
use super::file::{kind_of, stamp_of};
use crate::names::left_alone;
use crate::ports::{DirEntry, FileKind, Listing, Unnamed};

/// Room for some hundred entries per call of the kernel.
const BUFFER: usize = 32 * 1024;

/// The entries of `folder`.
pub(super) fn list(root: &Root, folder: &str) -> io::Result<Listing> {
    let fd = root.open_untouched(folder, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let mut listing = Listing { folder: stamp_of(&fstat(&fd)?), ..Listing::default() };
    names(&fd, |name| {
        if !left_alone(name.to_bytes()) {
            add(&fd, name, &mut listing);
        }
    })?;
    listing.entries.shrink();
    Ok(listing)
}

/// Calls `each` with every name in an open folder but `.` and `..`.
pub(super) fn names(fd: impl AsFd, mut each: impl FnMut(&CStr)) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER);
    let mut entries = RawDir::new(fd, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
            Ok(entry) => each(entry.file_name()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn add(folder: impl AsFd, name: &CStr, listing: &mut Listing) {
    let shown = name.to_string_lossy();
    let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        // It went away since it was listed: that is all there is to say of it.
        Err(Errno::NOENT) => return,
        Err(error) => {
            return listing.unreadable.push(format!(
                "{shown:?} cannot be looked at ({error}); check the permissions of its folder, or the disk"
            ));
        }
    };
    let (kind, stamp) = (kind_of(&stat), stamp_of(&stat));
    let Ok(name) = name.to_str() else {
        let text =
            format!("the name of {shown:?} is not UTF-8, so that it cannot be kept in the cloud; rename it");
        return match kind {
            // Anything may lie in it.
            FileKind::Dir => listing.unreadable.push(text),
            FileKind::File | FileKind::Other => listing.unnamed.push(Unnamed { ino: stamp.ino, text }),
        };
    };
    listing.entries.push(DirEntry { name, kind, stamp });
}
