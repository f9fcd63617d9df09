//! Clouds in other processes: to serve one, and to connect to one.

use std::ffi::c_char;
use std::io;
use std::sync::Arc;

use cloudsync_cloud::{CheckedService, CloudService};
use cloudsync_engine::Code;
use cloudsync_remote::{Address, ConnectError, Options, RemoteCloud, ServeError, Server};

use crate::cloud::{CloudSyncCloudServiceStub, Service};
use crate::failure::{Answer, Failure, bad};
use crate::object::{Handle, end, get, give, guard, writable};
use crate::{text, threads};

/// A cloud that is served to other processes: made by cloudsync_serve, ended by cloudsync_cloud_server_free.
pub struct CloudSyncCloudServer {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncCloudServer {
    type Object = Served;
}

/// What a server's handle stands for.
pub struct Served {
    _server: Server,
}

/// The library's own way to start threads.
fn options() -> Options {
    Options { spawn: Arc::new(threads::start), ..Options::default() }
}

/// # Safety
/// `address` is NULL or a NUL-terminated string.
unsafe fn read_address(address: *const c_char) -> Answer<Address> {
    // SAFETY: the caller's promise.
    let text = unsafe { text::read_filled(address, "address") }?;
    text.parse().map_err(|error: String| bad(error))
}

/// Serves a cloud, the embedded one or a vendor's, to other processes of the same user, at a Unix socket. They connect with
/// cloudsync_connect, as many as 64 at a time. The protocol between the two is in docs/protocol.md.
///
/// The socket has mode 0600; beside it lies a file with the same name and `.lock` behind it. One that a dead server left is
/// replaced. Each call is carried out on a thread of the library's, so that the cloud's methods are called from several at once.
///
/// @param stub    The cloud, which the server keeps.
/// @param address Where: unix: and an absolute path of at most 107 bytes; copied.
/// @param out     Where the server's handle goes; the caller ends it with cloudsync_cloud_server_free.
/// @return 0; 401 for a bad handle, an address that cannot be read, or where out is NULL; 13900014 where another server serves there;
///         13900015 where something that is no socket has the path; 13900002, 13900012 or 13900005 where the socket cannot be
///         made in its folder.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `address` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_serve(
    stub: *mut CloudSyncCloudServiceStub,
    address: *const c_char,
    out: *mut *mut CloudSyncCloudServer,
) -> i32 {
    guard(|| {
        let stub = get(stub, "stub")?;
        // SAFETY: a string by the caller's promise.
        let address = unsafe { read_address(address) }?;
        writable(out, "out")?;
        let server = Server::start(stub.service.clone(), &address, options()).map_err(unserved)?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(Served { _server: server }, out) }
    })
}

fn unserved(error: ServeError) -> Failure {
    match &error {
        ServeError::Busy(_) => Failure::new(Code::Busy, error.to_string()),
        ServeError::Io { error: cause, .. } if cause.kind() == io::ErrorKind::AlreadyExists => {
            Failure::new(Code::FileExists, error.to_string())
        }
        ServeError::Io { what, error } => Failure::io(what, error),
    }
}

/// Ends a server: nobody connects any more, those who are connected are told so, and the socket goes. Their calls that are under
/// way fail there with 13600001, whether the cloud carries them out or not; those who are to go on by themselves do so once
/// something serves there again. A process that ends or is killed without this leaves a socket that the next server replaces.
///
/// @param server The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Blocks until the cloud's methods have returned, for 5 seconds at most. Callback safe: yes; a call of the
/// served cloud's own is not waited for by itself.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_cloud_server_free(server: *mut CloudSyncCloudServer) -> i32 {
    guard(|| end(server, "server").map(drop))
}

/// Connects to a cloud that another process of the same user serves with cloudsync_serve: a stub as any other, for
/// cloudsync_options_set_cloud, for cloudsync_conformance, and for the functions that begin with cloud_service_.
///
/// Where that process ends, calls under way fail with CLOUDSYNC_ERROR_CODE_GONE (13600001), and may or may not have done something. Later
/// calls connect anew, with all databases, loaders, share centres and subscriptions of the stub: a sync that starts by itself goes
/// on once the process is back. A process that gives no sign of life for 60 seconds counts as gone. What it answers is checked, as
/// a vendor's answers are.
///
/// @param address Where: unix: and an absolute path of at most 107 bytes; copied.
/// @param out     Where the stub goes; the caller frees it with cloud_service_stub_free.
/// @return 0; 401 for an address that cannot be read, or where out is NULL; 13900012 where the socket, or whoever serves there, is
///         another user's; 13600001 where nobody serves there, or does not answer within 10 seconds.
///
/// Thread safety: any thread. Blocks. Callback safe: yes.
///
/// # Safety
/// `address` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_connect(
    address: *const c_char,
    out: *mut *mut CloudSyncCloudServiceStub,
) -> i32 {
    guard(|| {
        // SAFETY: a string by the caller's promise.
        let address = unsafe { read_address(address) }?;
        writable(out, "out")?;
        let cloud = RemoteCloud::connect(address, options()).map_err(|error| match error {
            ConnectError::Gone(text) => Failure::new(Code::Ipc, text),
            ConnectError::Denied(text) => Failure::new(Code::AccessDenied, text),
        })?;
        let service: Arc<dyn CloudService> = Arc::new(CheckedService::new(Arc::new(cloud)));
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(Service { service, embedded: None }, out) }
    })
}
