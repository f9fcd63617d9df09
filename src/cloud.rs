//! Clouds: what a context syncs with.

use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;

use cloudsync_cloud::{CloudError, CloudService, EmbeddedCloud, EmbeddedOptions, LocalError};
use cloudsync_engine::Code;

use crate::failure::{Answer, Failure, bad};
use crate::object::{Handle, end, give, guard, with, writable};
use crate::text;

/// A cloud with one account: the documented CloudService, made by cloudsync_embedded_cloud_new or create_cloud_service_stub.
pub struct CloudSyncCloudServiceStub {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncCloudServiceStub {
    type Object = Service;
}

/// What a stub stands for.
pub struct Service {
    pub(crate) service: Arc<dyn CloudService>,
    /// The same, where it is the embedded one.
    pub(crate) embedded: Option<Arc<EmbeddedCloud>>,
}

/// Opens the embedded cloud: a directory that holds records and assets, made with mode 0700 where it is missing.
/// Several processes may use one directory at once.
///
/// @param dir     A path; copied.
/// @param account The account's name; copied.
/// @param out     Where the stub goes; the caller frees it with cloud_service_stub_free.
/// @return 0; 401 where something is NULL, empty or not UTF-8; 13900005, 13900012, 13900025 or 13900027 where the
///         directory cannot be used; 13900042 where it was damaged or is of a newer version.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `dir` and `account` are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_embedded_cloud_new(
    dir: *const c_char,
    account: *const c_char,
    out: *mut *mut CloudSyncCloudServiceStub,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    guard(|| unsafe { open(dir, account, None, out) })
}

/// Opens the embedded cloud as cloudsync_embedded_cloud_new does, with a limit to the account's space: an upload that
/// goes beyond it fails with CLOUD_STORAGE_FULL.
///
/// @param dir     A path; copied.
/// @param account The account's name; copied.
/// @param quota   The account's space in bytes.
/// @param out     Where the stub goes; the caller frees it with cloud_service_stub_free.
/// @return As cloudsync_embedded_cloud_new.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`cloudsync_embedded_cloud_new`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_embedded_cloud_new_with_quota(
    dir: *const c_char,
    account: *const c_char,
    quota: u64,
    out: *mut *mut CloudSyncCloudServiceStub,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    guard(|| unsafe { open(dir, account, Some(quota), out) })
}

/// Switches an embedded cloud on or off, for one bundle or for the whole account, as a person does in a cloud's
/// settings. Kept in the cloud's directory, for every device. While it is off, a start answers 22400001; what the cloud
/// and the devices hold stays.
///
/// @param stub        The embedded cloud.
/// @param bundle_name The bundle; copied. The gallery's is com.ohos.medialibrary. NULL for the whole account.
/// @param on          0 for off.
/// @return 0; 401 for a bad handle, another cloud than an embedded one, or a name that is empty or not UTF-8; 13900025 where its disk is
///         full.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_embedded_cloud_switch(
    stub: *mut CloudSyncCloudServiceStub,
    bundle_name: *const c_char,
    on: i32,
) -> i32 {
    with(stub, "stub", |stub| {
        let bundle = match bundle_name.is_null() {
            true => None,
            // SAFETY: a string by the caller's promise.
            false => Some(unsafe { text::read_filled(bundle_name, "bundle_name")? }),
        };
        let embedded = stub.embedded.as_ref().ok_or_else(|| bad("the stub is no embedded cloud"))?;
        embedded.switch(bundle, on != 0).map_err(|error| failure("the embedded cloud's switch", &error))
    })
}

/// Frees a stub. Options and contexts that use its cloud keep it.
///
/// @param stub The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_stub_free(stub: *mut CloudSyncCloudServiceStub) -> i32 {
    guard(|| end(stub, "stub").map(drop))
}

/// # Safety
/// As [`cloudsync_embedded_cloud_new`].
unsafe fn open(
    dir: *const c_char,
    account: *const c_char,
    quota: Option<u64>,
    out: *mut *mut CloudSyncCloudServiceStub,
) -> Answer {
    // SAFETY: strings by the caller's promise.
    let (dir, account) = unsafe { (text::read_filled(dir, "dir")?, text::read_filled(account, "account")?) };
    writable(out, "out")?;
    let options = EmbeddedOptions { quota, ..EmbeddedOptions::new(account) };
    let what = format!("the embedded cloud in {dir}");
    let cloud = EmbeddedCloud::open(Path::new(dir), options).map_err(|error| failure(&what, &error))?;
    let cloud = Arc::new(cloud);
    // SAFETY: `out` may be written by the caller's promise.
    unsafe { give(Service { service: cloud.clone(), embedded: Some(cloud) }, out) }
}

fn failure(what: &str, error: &CloudError) -> Failure {
    match error {
        CloudError::Local(LocalError { kind, text }) => {
            Failure::io(what, &std::io::Error::new(*kind, text.as_str()))
        }
        CloudError::RecordLimitExceeded => {
            Failure::new(Code::NoSpace, format!("{what}: its disk is full; make room on it"))
        }
        other => Failure::new(Code::Unknown, format!("{what}: {other}")),
    }
}
