//! The caller's side of `CloudService`.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_cloud::{ChangeListener, CloudError, Database};

use super::db::{CloudSyncCloudDbStub, DbStub};
use super::forms::{pointers, read_database, read_subscribe_ids};
use super::loader::{CloudSyncAssetLoaderStub, LoaderStub};
use super::result::{CloudSyncResult, ResultObject, told};
use super::share::{CloudSyncShareServiceStub, ShareStub};
use super::types::{CloudSyncDatabase, CloudSyncSubscribeId};
use crate::callback::{CloudSyncCloudChangeCallback, CloudSyncDestroy, Registration};
use crate::cloud::CloudSyncCloudServiceStub;
use crate::failure::{Answer, bad, null};
use crate::object::{get, give, guard, with, writable};
use crate::text;

/// Asks for the account and its space.
///
/// @param stub The cloud.
/// @param out  Where the result goes: cloudsync_result_service_info. The caller frees it with cloudsync_result_free.
/// @return 0; 401 for a bad handle or where out is NULL; otherwise what the cloud's failure stands for, as with
///         cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_get_service_info(
    stub: *mut CloudSyncCloudServiceStub,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        writable(out, "out")?;
        let info = told(stub.service.get_service_info())?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::service_info(&info), out) }
    })
}

/// Asks for every known application's switch. An application that is not named is switched on.
///
/// @param stub The cloud.
/// @param out  Where the result goes: cloudsync_result_app_brief_info. The caller frees it with cloudsync_result_free.
/// @return 0; 401 for a bad handle or where out is NULL; otherwise what the cloud's failure stands for, as with
///         cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_get_app_brief_info(
    stub: *mut CloudSyncCloudServiceStub,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        writable(out, "out")?;
        let apps = told(stub.service.get_app_brief_info())?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::apps(apps.values()), out) }
    })
}

/// Asks for the account, its space, and every known application's switch: cloud_service_get_service_info and
/// cloud_service_get_app_brief_info as one value, the documented CloudInfo. A cloud without switches (NOT_SUPPORTED) has no applications.
///
/// @param stub The cloud.
/// @param out  Where the result goes: cloudsync_result_cloud_info. The caller frees it with cloudsync_result_free.
/// @return 0; 401 for a bad handle or where out is NULL; otherwise what the cloud's failure stands for, as with
///         cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_cloud_info(
    stub: *mut CloudSyncCloudServiceStub,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        writable(out, "out")?;
        let info = told(stub.service.get_service_info())?;
        let apps = match stub.service.get_app_brief_info() {
            Err(CloudError::NotSupported(_)) => BTreeMap::new(),
            apps => told(apps)?,
        };
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::cloud_info(&info, apps.values()), out) }
    })
}

/// Asks for a bundle's databases: what their tables are described as, which holds for every connection. In an embedded cloud that
/// is what all connections have described together: tables and fields are added and may become nullable, and none is ever taken
/// away; version rises with each that adds something.
///
/// @param stub        The cloud.
/// @param bundle_name The bundle; copied.
/// @param out         Where the result goes: cloudsync_result_app_schema. The caller frees it with cloudsync_result_free.
/// @return 0; 401 for a bad handle, a name that is NULL, empty or not UTF-8, or where out is NULL; otherwise what the cloud's
///         failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_get_app_schema(
    stub: *mut CloudSyncCloudServiceStub,
    bundle_name: *const c_char,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: a string by the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        writable(out, "out")?;
        let schema = told(stub.service.get_app_schema(bundle))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::schema(&schema), out) }
    })
}

/// # Safety
/// As [`cloud_service_subscribe`].
unsafe fn read_databases(
    bundle_names: *const *const c_char,
    databases: *const *const CloudSyncDatabase,
    count: usize,
) -> Answer<BTreeMap<String, Vec<Database>>> {
    // SAFETY: the caller's promise.
    let names = unsafe { text::read_all(bundle_names, count, "bundle_names") }?;
    // SAFETY: as above.
    let databases = unsafe { pointers(databases, count, "databases") }?;
    let mut found: BTreeMap<String, Vec<Database>> = BTreeMap::new();
    for (name, database) in names.into_iter().zip(databases) {
        if name.is_empty() {
            return Err(bad("a bundle's name is empty"));
        }
        // SAFETY: as above.
        let database = unsafe { read_database(*database) }?;
        found.entry(name.to_owned()).or_default().push(database);
    }
    Ok(found)
}

/// Asks to be told of writes to databases, by whomever, from now on. Several writes may be told as one.
///
/// @param stub            The cloud.
/// @param bundle_names    The bundles; copied. Not looked at where count is 0.
/// @param databases       For each of them a database; copied. A bundle may come several times.
/// @param count           Their number.
/// @param expiration_time For how long, in milliseconds.
/// @param cb              Told the bundle's name, on a thread of the cloud's; it must not block.
/// @param user_data       Passed to cb, and handed over.
/// @param destroy         Takes user_data back, once: when cb is not running and will not run again, after the subscription
///                        has ended, and where this call fails. May be NULL.
/// @param out             Where the result goes: cloudsync_result_subscribe_info, with how long it lasts and the ids to end it
///                        with. The caller frees it with cloudsync_result_free.
/// @return 0; 401 for a bad handle, or where a name, a database, cb or out is NULL or cannot be read; otherwise what the cloud's
///         failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `bundle_names` is NULL or has `count` NUL-terminated strings; `databases` is NULL or has `count` pointers to as many bytes as
/// the first field says; `cb` may be called with `user_data` from any thread until `destroy` has been; `out` is NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_subscribe(
    stub: *mut CloudSyncCloudServiceStub,
    bundle_names: *const *const c_char,
    databases: *const *const CloudSyncDatabase,
    count: usize,
    expiration_time: u64,
    cb: CloudSyncCloudChangeCallback,
    user_data: *mut c_void,
    destroy: CloudSyncDestroy,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    let registration = Registration::new(cb, user_data, destroy);
    guard(|| {
        let stub = get(stub, "stub")?;
        if cb.is_none() {
            return Err(null("cb"));
        }
        // SAFETY: the caller's promise.
        let databases = unsafe { read_databases(bundle_names, databases, count) }?;
        writable(out, "out")?;
        let tell: ChangeListener = Arc::new(move |bundle: &str| {
            let bundle = text::to_c(bundle);
            // SAFETY: the caller's function and its own user data; the name lives until it returns.
            registration.call(|cb, user_data| unsafe { cb(bundle.as_ptr(), user_data) });
        });
        let info = told(stub.service.subscribe(&databases, expiration_time, tell))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::subscribe_info(&info), out) }
    })
}

/// Ends subscriptions. One that has ended is no error.
///
/// @param stub  The cloud.
/// @param ids   Which, by bundle and id; copied. Not looked at where count is 0.
/// @param count Their number.
/// @return 0; 401 for a bad handle, or where an id cannot be read; otherwise what the cloud's failure stands for, as with
///         cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `ids` is NULL or has `count` pointers to as many bytes as the first field says, with texts that are NULL or NUL-terminated
/// strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_unsubscribe(
    stub: *mut CloudSyncCloudServiceStub,
    ids: *const *const CloudSyncSubscribeId,
    count: usize,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: the caller's promise.
        let ids = unsafe { read_subscribe_ids(ids, count) }?;
        let ids = ids.into_iter().map(|(bundle, ids)| (bundle, ids.into_iter().map(|id| id.id).collect()));
        told(stub.service.unsubscribe(&ids.collect()))
    })
}

/// Connects to a bundle's records.
///
/// @param stub        The cloud.
/// @param bundle_name The bundle; copied.
/// @param database    Which database; copied. Its tables are what the caller will use, as far as it says so.
/// @param out         Where the database's stub goes; the caller frees it with cloud_db_stub_free.
/// @return 0; 401 for a bad handle, or where a name, the database or out is NULL or cannot be read; 13900020 where the tables do not
///         fit the cloud's schema: a table or field that it does not have and does not take, another type or key, a field that may
///         never be null and was left out; otherwise what the cloud's
///         failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string; `database` is NULL or points to as many bytes as its first field says, and
/// so do the pointers in it; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_connect_db(
    stub: *mut CloudSyncCloudServiceStub,
    bundle_name: *const c_char,
    database: *const CloudSyncDatabase,
    out: *mut *mut CloudSyncCloudDbStub,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: the caller's promise.
        let (bundle, database) =
            unsafe { (text::read_filled(bundle_name, "bundle_name")?, read_database(database)?) };
        writable(out, "out")?;
        let db = told(stub.service.connect_db(bundle, &database))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(DbStub { db }, out) }
    })
}

/// Connects to a bundle's assets. Those of a table that the schema does not have fail with
/// CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT.
///
/// @param stub        The cloud.
/// @param bundle_name The bundle; copied.
/// @param database    Which database; copied. Its tables are as in cloud_service_connect_db.
/// @param out         Where the loader's stub goes; the caller frees it with asset_loader_stub_free.
/// @return As cloud_service_connect_db.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`cloud_service_connect_db`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_connect_asset_loader(
    stub: *mut CloudSyncCloudServiceStub,
    bundle_name: *const c_char,
    database: *const CloudSyncDatabase,
    out: *mut *mut CloudSyncAssetLoaderStub,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: the caller's promise.
        let (bundle, database) =
            unsafe { (text::read_filled(bundle_name, "bundle_name")?, read_database(database)?) };
        writable(out, "out")?;
        let loader = told(stub.service.connect_asset_loader(bundle, &database))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(LoaderStub { loader }, out) }
    })
}

/// Connects to the share centre of a user and a bundle.
///
/// @param stub        The cloud.
/// @param user_id     The user.
/// @param bundle_name The bundle; copied.
/// @param out         Where the share centre's stub goes; the caller frees it with share_service_stub_free.
/// @return 0; 401 for a bad handle, or where the name or out is NULL, or the name is empty or not UTF-8; otherwise what the cloud's
///         failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_service_connect_share_center(
    stub: *mut CloudSyncCloudServiceStub,
    user_id: i32,
    bundle_name: *const c_char,
    out: *mut *mut CloudSyncShareServiceStub,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: a string by the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        writable(out, "out")?;
        let center = told(stub.service.connect_share_center(user_id, bundle))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ShareStub { center }, out) }
    })
}
