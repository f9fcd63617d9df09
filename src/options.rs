//! What a context is opened with.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::path::PathBuf;
use std::sync::Arc;

use cloudsync_cloud::CloudService;
use cloudsync_engine::ports::Conditions;
use cloudsync_engine::{BatteryMarks, Code, Config, DeletionHold, DownloadPolicy};
use parking_lot::Mutex;

use crate::cloud::CloudSyncCloudServiceStub;
use crate::device::{CloudSyncDeviceVTable, HostDevice};
use crate::failure::{Answer, Failure, bad};
use crate::object::{Handle, end, get, give, guard, with, writable};
use crate::text;

/// Callbacks run on a thread of the library, named cloudsync-cb. The default.
pub const CLOUDSYNC_DISPATCH_THREAD: i32 = 0;
/// Callbacks run on the host's thread, inside cloudsync_dispatch.
pub const CLOUDSYNC_DISPATCH_HOST: i32 = 1;

/// Every file's bytes are fetched by the sync run. The default.
pub const CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS: i32 = 0;
/// A file that comes from the cloud brings its bytes when somebody asks for them.
pub const CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND: i32 = 1;

/// The permission that the system operations ask for.
const PERMISSION: &str = "ohos.permission.CLOUDFILE_SYNC";

/// What a context is opened with: made by cloudsync_options_new, filled by its setters.
pub struct CloudSyncOptions {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncOptions {
    type Object = Mutex<Options>;
}

/// What a context is opened with.
#[derive(Clone)]
pub struct Options {
    pub(crate) config: Config,
    /// Bundles' names, and their cloud directories.
    pub(crate) bundles: BTreeMap<String, PathBuf>,
    pub(crate) caller: Caller,
    pub(crate) cloud: Option<Arc<dyn CloudService>>,
    pub(crate) conditions: Option<Arc<dyn Conditions>>,
    pub(crate) host_dispatches: bool,
    /// Bytes a second, up and down.
    pub(crate) bandwidth: (u64, u64),
}

/// Who calls, as far as the documented checks ask.
#[derive(Clone)]
pub(crate) struct Caller {
    bundle: String,
    permitted: bool,
    system_app: bool,
}

impl Caller {
    /// 201 and 202, in this order.
    pub(crate) fn check(&self) -> Answer {
        if !self.permitted {
            let text = format!("{} lacks {PERMISSION}; grant it", self.bundle);
            return Err(Failure::new(Code::PermissionDenied, text));
        }
        self.check_system_app()
    }

    /// 202 alone.
    pub(crate) fn check_system_app(&self) -> Answer {
        if !self.system_app {
            let text = format!("{} is no system app; system operations are not for it", self.bundle);
            return Err(Failure::new(Code::NotSystemApp, text));
        }
        Ok(())
    }

    /// 202, where it is no system app, for another bundle's directory.
    pub(crate) fn check_bundle(&self, bundle: &str) -> Answer {
        if self.system_app || self.bundle == bundle {
            return Ok(());
        }
        let text = format!("{} is no system app; the files of {bundle} are not for it", self.bundle);
        Err(Failure::new(Code::NotSystemApp, text))
    }

    /// The caller's own name.
    pub(crate) fn bundle(&self) -> &str {
        &self.bundle
    }
}

impl Options {
    fn new() -> Self {
        Options {
            config: Config::new("", ""),
            bundles: BTreeMap::new(),
            caller: Caller { bundle: "the program".into(), permitted: true, system_app: true },
            cloud: None,
            conditions: None,
            host_dispatches: false,
            bandwidth: (0, 0),
        }
    }

    /// Fails where something that has no default is missing.
    pub(crate) fn check(&self) -> Answer {
        if self.config.state_dir.as_os_str().is_empty() {
            return Err(bad("no state directory; call cloudsync_options_set_state_dir"));
        }
        if self.config.gallery_dir.as_os_str().is_empty() {
            return Err(bad("no gallery directory; call cloudsync_options_set_gallery_dir"));
        }
        Ok(())
    }
}

pub(crate) fn set(options: *mut CloudSyncOptions, change: impl FnOnce(&mut Options) -> Answer) -> i32 {
    with(options, "options", |options| change(&mut options.lock()))
}

/// Makes options with the defaults that each setter names.
///
/// @param out Where the handle goes; the caller frees it with cloudsync_options_free.
/// @return 0; 401 where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_new(out: *mut *mut CloudSyncOptions) -> i32 {
    guard(|| {
        writable(out, "out")?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(Mutex::new(Options::new()), out) }
    })
}

/// Frees options. Contexts opened with them are not touched.
///
/// @param options The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_free(options: *mut CloudSyncOptions) -> i32 {
    guard(|| end(options, "options").map(drop))
}

/// Sets where the index lies. Required. The directory is made with mode 0700 where it is missing, and belongs
/// to one context at a time. A gallery has one state directory: through a second one it is another device's, for which
/// what the first removes to free space is deleted.
///
/// @param options The options.
/// @param path    A path; copied.
/// @return 0; 401 for a bad handle, or a path that is NULL, empty or not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_state_dir(
    options: *mut CloudSyncOptions,
    path: *const c_char,
) -> i32 {
    set(options, |options| {
        // SAFETY: a string by the caller's promise.
        options.config.state_dir = unsafe { text::read_filled(path, "path") }?.into();
        Ok(())
    })
}

/// Sets the folder of photos. Required; the folder must be there when a context is opened.
///
/// A context keeps the directory open: a disk that it lies on can be unmounted once the context is closed, or lazily.
///
/// @param options The options.
/// @param path    A path; copied.
/// @return 0; 401 for a bad handle, or a path that is NULL, empty or not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_gallery_dir(
    options: *mut CloudSyncOptions,
    path: *const c_char,
) -> i32 {
    set(options, |options| {
        // SAFETY: a string by the caller's promise.
        options.config.gallery_dir = unsafe { text::read_filled(path, "path") }?.into();
        Ok(())
    })
}

/// Adds a bundle whose cloud directory is synced, with FileSync: as file://BUNDLE/data/storage/el2/cloud/PATH its files
/// are known then. Each bundle's directory is synced by itself, with an index, records and a lock of its own, by the
/// threads that cloudsync_options_set_transfer_threads says. None is set by default. A name that was set before gets the
/// new directory.
///
/// @param options     The options.
/// @param bundle_name The bundle's name: letters, digits, '.', '_' and '-', not beginning with '.'; copied.
/// @param path        The directory, which must be there when a context is opened; copied.
/// @return 0; 401 for a bad handle, a name that is NULL, empty or has other letters, or a path that is NULL, empty or
///         not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `bundle_name` and `path` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_bundle_dir(
    options: *mut CloudSyncOptions,
    bundle_name: *const c_char,
    path: *const c_char,
) -> i32 {
    set(options, |options| {
        // SAFETY: a string by the caller's promise.
        let name = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        // SAFETY: as above.
        let path = unsafe { text::read_filled(path, "path") }?;
        let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        // The name becomes a folder's in the state directory, and a part of URIs.
        if name.starts_with('.') || !name.chars().all(letter) {
            let text = format!("{name:?} is no bundle's name; use letters, digits, '.', '_' and '-'");
            return Err(bad(text));
        }
        options.bundles.insert(name.into(), path.into());
        Ok(())
    })
}

/// Sets who calls: decides which operations answer 201 (no ohos.permission.CLOUDFILE_SYNC) and 202 (no
/// system app). By default the program is its own host: it has every permission and is a system app.
///
/// @param options     The options.
/// @param bundle_name The caller's bundle name, as error texts show it; copied.
/// @param permissions The permissions that it was granted; copied. Not looked at where n is 0.
/// @param n           How many permissions there are.
/// @param system_app  0 for no system app, anything else for one.
/// @return 0; 401 for a bad handle, or text that is NULL, empty (the bundle name) or not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string; `permissions` is NULL or points to `n` such pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_caller(
    options: *mut CloudSyncOptions,
    bundle_name: *const c_char,
    permissions: *const *const c_char,
    n: usize,
    system_app: i32,
) -> i32 {
    set(options, |options| {
        // SAFETY: a string by the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?.to_owned();
        // SAFETY: `n` strings by the caller's promise.
        let granted = unsafe { text::read_all(permissions, n, "permissions") }?;
        let permitted = granted.contains(&PERMISSION);
        options.caller = Caller { bundle, permitted, system_app: system_app != 0 };
        Ok(())
    })
}

/// Sets the cloud. Required. The stub may be freed at once: the options keep what it stands for.
///
/// @param options The options.
/// @param cloud   A cloud, such as cloudsync_embedded_cloud_new makes.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_cloud(
    options: *mut CloudSyncOptions,
    cloud: *const CloudSyncCloudServiceStub,
) -> i32 {
    set(options, |options| {
        let cloud = get(cloud, "cloud")?;
        options.cloud = Some(cloud.service.clone());
        Ok(())
    })
}

/// Sets this device's name, as conflict copies show it. The default is "device".
///
/// @param options The options.
/// @param name    The name; copied.
/// @return 0; 401 for a bad handle, or a name that is NULL, empty or not UTF-8, or has a '/' in it.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_device_name(
    options: *mut CloudSyncOptions,
    name: *const c_char,
) -> i32 {
    set(options, |options| {
        // SAFETY: a string by the caller's promise.
        let name = unsafe { text::read_filled(name, "name") }?;
        if name.contains('/') {
            return Err(bad("a device's name becomes part of file names; leave out the '/'"));
        }
        options.config.device_name = name.into();
        Ok(())
    })
}

/// Sets how many threads move bytes. The default is 4.
///
/// @param options The options.
/// @param threads 1 to 64.
/// @return 0; 401 for a bad handle or a number outside 1 to 64.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_transfer_threads(
    options: *mut CloudSyncOptions,
    threads: u32,
) -> i32 {
    set(options, |options| {
        if !(1..=64).contains(&threads) {
            return Err(bad(format!("{threads} transfer threads; use 1 to 64")));
        }
        options.config.transfer_threads = threads as usize;
        Ok(())
    })
}

/// Sets whether files that come from the cloud bring their bytes at once.
///
/// @param options The options.
/// @param policy  A CLOUDSYNC_DOWNLOAD_POLICY_... number; CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS by default.
/// @return 0; 401 for a bad handle or another number.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_download_policy(
    options: *mut CloudSyncOptions,
    policy: i32,
) -> i32 {
    set(options, |options| {
        options.config.download_policy = match policy {
            CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS => DownloadPolicy::Originals,
            CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND => DownloadPolicy::OnDemand,
            other => return Err(bad(format!("{other} is no CLOUDSYNC_DOWNLOAD_POLICY_... number"))),
        };
        Ok(())
    })
}

/// Sets where callbacks run.
///
/// @param options  The options.
/// @param dispatch A CLOUDSYNC_DISPATCH_... number; CLOUDSYNC_DISPATCH_THREAD by default.
/// @return 0; 401 for a bad handle or another number.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_dispatch(
    options: *mut CloudSyncOptions,
    dispatch: i32,
) -> i32 {
    set(options, |options| {
        options.host_dispatches = match dispatch {
            CLOUDSYNC_DISPATCH_THREAD => false,
            CLOUDSYNC_DISPATCH_HOST => true,
            other => return Err(bad(format!("{other} is no CLOUDSYNC_DISPATCH_... number"))),
        };
        Ok(())
    })
}

/// Sets when a large share of deletions stops and asks (cloudsync_get_held_deletions): where at least so many
/// files, and at least so large a share of all, are gone at once. The defaults are 50 files and 25 percent.
///
/// @param options The options.
/// @param files   Fewer deletions than this never ask.
/// @param percent A smaller share than this never asks, 0 to 100.
/// @return 0; 401 for a bad handle or more than 100 percent.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_deletion_hold(
    options: *mut CloudSyncOptions,
    files: u64,
    percent: u32,
) -> i32 {
    set(options, |options| {
        if percent > 100 {
            return Err(bad(format!("{percent} percent; use 0 to 100")));
        }
        options.config.deletion_hold = DeletionHold { files, percent: percent.into() };
        Ok(())
    })
}

/// Sets the battery marks, in percent of charge, for a device that is not charging. The defaults are 15 and 10.
///
/// @param options The options.
/// @param low     Under it, start is refused with 22400003, and a run ends with BATTERY_LEVEL_LOW; 0 to 100.
/// @param warning Under it, a run ends with BATTERY_LEVEL_WARNING; 0 to low.
/// @return 0; 401 for a bad handle or numbers outside their ranges.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_battery_marks(
    options: *mut CloudSyncOptions,
    low: i32,
    warning: i32,
) -> i32 {
    set(options, |options| {
        let in_percent = |mark| u8::try_from(mark).ok().filter(|mark| *mark <= 100);
        let marks = in_percent(low).zip(in_percent(warning)).filter(|(low, warning)| warning <= low);
        let (low, warning) = marks.ok_or_else(|| {
            bad(format!(
                "battery marks {low} and {warning}; use 0 to 100, the warning not above the low mark"
            ))
        })?;
        options.config.battery = BatteryMarks { low, warning };
        Ok(())
    })
}

/// Sets whether uploads wait for Wi-Fi or a wired network. By default they do not.
///
/// @param options   The options.
/// @param wifi_only 0 for no, anything else for yes.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_upload_on_wifi_only(
    options: *mut CloudSyncOptions,
    wifi_only: i32,
) -> i32 {
    set(options, |options| {
        options.config.upload_on_wifi_only = wifi_only != 0;
        Ok(())
    })
}

/// Sets whether runs begin by themselves from when a context is opened on, of the gallery and of every bundle: see
/// cloudsync_set_auto_sync, which changes it later. By default they do not.
///
/// @param options The options.
/// @param on      0 for no, anything else for yes.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_auto_sync(options: *mut CloudSyncOptions, on: i32) -> i32 {
    set(options, |options| {
        options.config.auto_sync = on != 0;
        Ok(())
    })
}

/// Sets whether small pictures (thumbnail and LCD) are made of the photos that this device sends. By default they are;
/// without them other devices have none of these photos to show, and nothing else changes.
///
/// @param options  The options.
/// @param previews 0 for no, anything else for yes.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_previews(
    options: *mut CloudSyncOptions,
    previews: i32,
) -> i32 {
    set(options, |options| {
        options.config.previews = previews != 0;
        Ok(())
    })
}

/// Sets whether files carry their states as the attribute `user.cloud.filestatus`, for other programs to see. By
/// default they do, where the gallery's file system has user attributes and read leases. The value is a decimal
/// number, as CloudSyncFileState numbers are not: 0 to be uploaded, 2 upload failed, 3 uploaded from this device,
/// 4 downloaded, 5 left out by a filter. A run writes 0 to what was in step and is so no more before it changes anything, 3
/// when a file's record is in the cloud, and the rest in the end; a download writes it at once. While somebody is told of
/// changes (register_change), 0 is written without a run as well; otherwise it stays as it was while nothing runs. It is
/// not written to a new file of 32 MiB or more before all its bytes are sent, nor to one that has several names, that
/// another program has open for writing, or that this process may not write to. Modification times stay; change times
/// do not.
///
/// @param options The options.
/// @param on      0 for no, anything else for yes.
/// @return 0; 401 for a bad handle.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_state_attributes(
    options: *mut CloudSyncOptions,
    on: i32,
) -> i32 {
    set(options, |options| {
        options.config.marks = on != 0;
        Ok(())
    })
}

/// Sets who tells network, battery and heat. By default the system does (sysfs).
///
/// @param options The options.
/// @param vtable  The host's functions; copied, and owned from here on, also where this call fails (see destroy).
/// @return 0; 401 for a bad handle, a vtable or function that is NULL, or a struct_size that is not this
///         library's. Where struct_size is wrong, destroy cannot be read and is not called.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `vtable` is NULL or points to as many bytes as its struct_size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_options_set_device(
    options: *mut CloudSyncOptions,
    vtable: *const CloudSyncDeviceVTable,
) -> i32 {
    guard(|| {
        // SAFETY: readable by the caller's promise.
        let device = Arc::new(unsafe { HostDevice::read(vtable) }?);
        let options = get(options, "options")?;
        let before = options.lock().conditions.replace(device);
        drop(before);
        Ok(())
    })
}
