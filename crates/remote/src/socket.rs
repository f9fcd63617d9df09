//! All that is particular to Unix sockets: where they lie, who is at the other end, and descriptors that go over.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType,
};

use crate::address::Address;
use crate::error::{ServeError, refused};
use crate::frame::DESCRIPTORS;

/// How many connections wait to be taken.
const BACKLOG: i32 = 64;
/// How long a place among those who wait to be taken is waited for.
const CROWDED: Duration = Duration::from_secs(10);
/// How large a socket's buffers are, as far as the system lets them be.
const BUFFER: usize = 1 << 20;

/// One end of a connection.
pub(crate) struct Socket(OwnedFd);

impl Socket {
    /// Connects to whoever serves at an address. Waits a while where many others do as well.
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        set_socket_timeout(&socket, Timeout::Send, Some(CROWDED))?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(address.path())?)?;
        Ok(Socket(socket).widened())
    }

    /// Room for a chunk or two on the way. Less is slower, and not wrong.
    fn widened(self) -> Self {
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(&self.0, BUFFER);
        self
    }

    /// The user whose process is at the other end, as the kernel noted when it connected or began to listen.
    pub(crate) fn peer(&self) -> io::Result<u32> {
        Ok(rustix::net::sockopt::socket_peercred(&self.0)?.uid.as_raw())
    }

    /// Ends both directions, for whoever waits on this side as well.
    pub(crate) fn shut(&self) {
        // One that is shut already stays so.
        let _ = rustix::net::shutdown(&self.0, Shutdown::Both);
    }

    /// Sends all of several parts, and the descriptors with the first byte.
    pub(crate) fn send(
        &self,
        parts: [&[u8]; 4],
        descriptors: &[BorrowedFd<'_>],
        timeout: Duration,
    ) -> io::Result<()> {
        let whole: usize = parts.iter().map(|part| part.len()).sum();
        let mut sent = 0;
        let mut descriptors = descriptors;
        while sent < whole {
            let rest = after(parts, sent);
            match self.send_some(rest, descriptors) {
                Ok(count) => {
                    sent += count;
                    descriptors = &[];
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if self.ready(PollFlags::OUT, Some(timeout))? => {}
                Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn send_some(&self, parts: [&[u8]; 4], descriptors: &[BorrowedFd<'_>]) -> Result<usize, Errno> {
        let parts = parts.map(IoSlice::new);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(Errno::INVAL);
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        rustix::net::sendmsg(&self.0, &parts, &mut control, flags)
    }

    /// Receives what there is into `buffer`, and descriptors to the end of `descriptors`: `Some(0)` where the other side has
    /// ended, `None` where nothing came within `wait`, or ever.
    pub(crate) fn receive(
        &self,
        buffer: &mut [u8],
        descriptors: &mut Vec<OwnedFd>,
        wait: Option<Duration>,
    ) -> io::Result<Option<usize>> {
        let until = wait.map(|wait| Instant::now() + wait);
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
            match rustix::net::recvmsg(&self.0, &mut [IoSliceMut::new(buffer)], &mut control, flags) {
                Ok(came) => {
                    for message in control.drain() {
                        if let RecvAncillaryMessage::ScmRights(files) = message {
                            descriptors.extend(files);
                        }
                    }
                    if came.flags.contains(ReturnFlags::CTRUNC) || descriptors.len() > DESCRIPTORS {
                        return Err(io::Error::other("more descriptors than a frame can have"));
                    }
                    return Ok(Some(came.bytes));
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
                    if !self.ready(PollFlags::IN, left)? {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until something can be done, for ever where there is no limit.
    fn ready(&self, flags: PollFlags, limit: Option<Duration>) -> io::Result<bool> {
        wait_for(&mut [PollFd::new(&self.0, flags)], limit)
    }
}

/// What is left of several parts after the first so many bytes.
fn after(parts: [&[u8]; 4], mut sent: usize) -> [&[u8]; 4] {
    parts.map(|part| {
        let skipped = sent.min(part.len());
        sent -= skipped;
        &part[skipped..]
    })
}

/// Waits until one of the descriptors is ready; `false` where none was in time.
fn wait_for(descriptors: &mut [PollFd<'_>], limit: Option<Duration>) -> io::Result<bool> {
    let until = limit.map(|limit| Instant::now() + limit);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left
            .map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) });
        match poll(descriptors, left.as_ref()) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends the wait of whoever takes connections.
pub(crate) struct Bell(OwnedFd);

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Bell(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Rings from now on.
    pub(crate) fn ring(&self) {
        // Fails where it rings already.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }

    /// Waits; whether it rang.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        wait_for(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(limit)).unwrap_or(true)
    }
}

/// A socket that others connect to, under its address as long as this lives.
pub(crate) struct Listener {
    socket: OwnedFd,
    path: PathBuf,
    /// Device and number of the socket's file.
    file: (u64, u64),
    lock: Lock,
}

impl Listener {
    /// Takes an address. The socket is for its owner alone before anybody can find it: it is made in a directory that nobody
    /// else can look into, and moved to its place. What a dead server left there goes; a living server is left alone.
    pub(crate) fn bind(address: &Address) -> Result<Self, ServeError> {
        let path = address.path();
        let shown = path.display();
        let lock = Lock::take(address)?;
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(format!("{shown} cannot be looked at"))(error)),
            Ok(found) if !found.file_type().is_socket() => {
                let text = format!("{shown} is there and is no socket; use another address, or remove it");
                return Err(refused(text)(io::ErrorKind::AlreadyExists.into()));
            }
            // A server that is no library of ours may have no lock, and lives all the same.
            Ok(_) if Socket::connect(address).is_ok() => return Err(ServeError::Busy(address.to_string())),
            Ok(_) => {}
        }
        let (socket, file) = make(path).map_err(refused(format!("no socket can be made at {shown}")))?;
        Ok(Listener { socket, path: path.to_owned(), file, lock })
    }

    /// Takes the next connection; `None` once the bell rings.
    pub(crate) fn accept(&self, bell: &Bell) -> io::Result<Option<Socket>> {
        loop {
            let mut ready = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&bell.0, PollFlags::IN)];
            wait_for(&mut ready, None)?;
            if !ready[1].revents().is_empty() {
                return Ok(None);
            }
            match rustix::net::accept_with(&self.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(socket) => return Ok(Some(Socket(socket).widened())),
                // Whoever came has gone again.
                Err(Errno::INTR | Errno::AGAIN | Errno::CONNABORTED) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let found = std::fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| (found.dev(), found.ino()) == self.file) {
            // Where it cannot go, the next server replaces it.
            let _ = std::fs::remove_file(&self.path);
        }
        self.lock.release();
    }
}

/// Makes a socket of mode 0600 at a path, in place of what is there.
fn make(path: &Path) -> io::Result<(OwnedFd, (u64, u64))> {
    let mut private = path.as_os_str().to_owned();
    private.push(".new");
    let private = PathBuf::from(private);
    let within = private.join("s");
    // What a server left that was killed in the middle of this; the lock says that nobody else is here.
    let _ = std::fs::remove_file(&within);
    let _ = std::fs::remove_dir(&private);
    DirBuilder::new().mode(0o700).create(&private)?;
    let made = listen(&private).and_then(|socket| {
        std::fs::set_permissions(&within, Permissions::from_mode(0o600))?;
        let found = std::fs::symlink_metadata(&within)?;
        std::fs::rename(&within, path)?;
        Ok((socket, (found.dev(), found.ino())))
    });
    let _ = std::fs::remove_file(&within);
    let _ = std::fs::remove_dir(&private);
    made
}

/// Listens at `s` in a directory, whose own path may be too long for a socket.
fn listen(directory: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(directory, flags, Mode::empty())?;
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    let short = format!("/proc/self/fd/{}/s", directory.as_fd().as_raw_fd());
    rustix::net::bind(&socket, &SocketAddrUnix::new(short.as_str())?)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket)
}

/// A file beside the socket that is locked as long as a server lives, however it ends.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(address: &Address) -> Result<Self, ServeError> {
        let mut path = address.path().as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let what = format!("the lock {} cannot be taken", path.display());
        loop {
            let mut options = File::options();
            options
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .custom_flags(OFlags::NOFOLLOW.bits() as i32);
            let file = options.open(&path).map_err(refused(&*what))?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Err(ServeError::Busy(address.to_string())),
                Err(error) => return Err(refused(&*what)(error.into())),
            }
            let held = file.metadata().map_err(refused(&*what))?;
            // A server that ended just now may have taken the file away meanwhile.
            let found = std::fs::symlink_metadata(&path);
            if found.is_ok_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino())) {
                return Ok(Lock { path, _file: file });
            }
        }
    }

    /// Takes the file away, which is let go of afterwards.
    fn release(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
