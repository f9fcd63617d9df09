//! The kernel's leases, which tell whether a program is writing to a file. They are system calls that only an
//! unsafe block can make, so that the engine gets them from here.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use cloudsync_engine::os::Leases;

/// How the engine takes leases on this system.
pub(crate) const LEASES: Leases = Leases { take, holds };

const F_SETSIG: i32 = 10;
const F_SETOWN_EX: i32 = 15;
const F_OWNER_TID: i32 = 0;

/// The kernel's `struct f_owner_ex`.
#[repr(C)]
struct Owner {
    kind: i32,
    id: i32,
}

/// Takes a read lease. The kernel tells its holder by a signal when somebody waits for it to end: that goes to
/// this very thread, which blocks all signals, and is one that a process ignores unless it asks for it.
fn take(file: BorrowedFd<'_>) -> io::Result<()> {
    let fd = file.as_raw_fd();
    // SAFETY: a number of this thread, read from nowhere.
    let owner = Owner { kind: F_OWNER_TID, id: unsafe { libc::gettid() } };
    // SAFETY: the descriptor is borrowed, and the kernel only reads the owner.
    checked(unsafe { libc::fcntl(fd, F_SETOWN_EX, &raw const owner) })?;
    // SAFETY: the descriptor is borrowed; both calls take a number.
    checked(unsafe { libc::fcntl(fd, F_SETSIG, libc::SIGURG) })?;
    // SAFETY: as above.
    checked(unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK) }).map_err(|error| {
        match error.raw_os_error() {
            Some(libc::EAGAIN) => io::ErrorKind::WouldBlock.into(),
            // No leases on this file system, or not on a file of somebody else's.
            Some(libc::EINVAL | libc::EACCES | libc::EOPNOTSUPP) => io::ErrorKind::Unsupported.into(),
            _ => error,
        }
    })
}

/// Once somebody waits for its end, the kernel says what the lease is to become, which is none.
fn holds(file: BorrowedFd<'_>) -> io::Result<bool> {
    // SAFETY: the descriptor is borrowed.
    let lease = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETLEASE) };
    checked(lease)?;
    Ok(lease == libc::F_RDLCK)
}

fn checked(result: i32) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
