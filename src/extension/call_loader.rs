//! The caller's side of `AssetLoader`.

use std::ffi::c_char;

use cloudsync_cloud::{CloudAsset, Result as CloudResult};

use super::files::{Incoming, Unstopped, upload};
use super::forms::{pointers, read_asset};
use super::loader::CloudSyncAssetLoaderStub;
use super::result::{CloudSyncResult, ResultObject};
use super::types::CloudSyncCloudAsset;
use crate::failure::{Answer, bad};
use crate::object::{give, with, writable};
use crate::text;

/// Reads what a call for a record's assets was given.
///
/// # Safety
/// As [`asset_loader_upload`].
unsafe fn read_assets(assets: *const *const CloudSyncCloudAsset, count: usize) -> Answer<Vec<CloudAsset>> {
    // SAFETY: the caller's promise.
    let assets = unsafe { pointers(assets, count, "assets") }?;
    // SAFETY: as above.
    let assets: Vec<CloudAsset> =
        assets.iter().map(|asset| unsafe { read_asset(*asset) }).collect::<Answer<_>>()?;
    if assets.iter().any(|asset| asset.path.is_empty()) {
        return Err(bad("an asset has no path; say which file it is"));
    }
    Ok(assets)
}

/// Puts the answers to what was asked between the failures of what was not.
fn merge<T>(
    opened: Vec<CloudResult<T>>,
    answers: Vec<CloudResult<CloudAsset>>,
    settle: impl Fn(T, CloudResult<CloudAsset>) -> CloudResult<CloudAsset>,
) -> Vec<CloudResult<CloudAsset>> {
    let mut answers = answers.into_iter();
    let missing =
        || Err(cloudsync_cloud::CloudError::Unknown("the cloud gave fewer answers than assets".into()));
    opened
        .into_iter()
        .map(|one| one.and_then(|one| settle(one, answers.next().unwrap_or_else(missing))))
        .collect()
}

/// Uploads assets of one record: the files that their paths name. What the cloud answers with success is durable there.
///
/// @param stub   The loader.
/// @param table  The record's table; copied.
/// @param gid    The record's id; copied.
/// @param assets Pointers to the assets; copied. Their size is read from the files. Not looked at where count is 0.
/// @param count  Their number.
/// @param out    Where the result goes: cloudsync_result_assets, one for each asset. The caller frees it with
///               cloudsync_result_free.
/// @return 0, also where assets failed, each of which has its code; 401 for a bad handle, or where a pointer, a text, a
///         struct_size or a path cannot be read.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `table` and `gid` are NULL or NUL-terminated strings; `assets` is NULL or has `count` pointers, each NULL or to as many bytes
/// as its first field says, with texts that are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asset_loader_upload(
    stub: *mut CloudSyncAssetLoaderStub,
    table: *const c_char,
    gid: *const c_char,
    assets: *const *const CloudSyncCloudAsset,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: strings by the caller's promise.
        let (table, gid) = unsafe { (text::read_filled(table, "table")?, text::read_filled(gid, "gid")?) };
        // SAFETY: the caller's promise.
        let assets = unsafe { read_assets(assets, count) }?;
        writable(out, "out")?;
        let mut items = Vec::with_capacity(count);
        let open = |asset| upload(gid, asset).map(|item| items.push(item));
        let opened = assets.into_iter().map(open).collect();
        let answers = stub.loader.upload(table, items, &Unstopped);
        let answers = merge(opened, answers, |(), answer| answer);
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::assets(&answers), out) }
    })
}

/// Downloads assets of one record into the files that their paths name. A file appears when it is whole, in place of one that
/// has its name.
///
/// @param stub   The loader.
/// @param table  The record's table; copied.
/// @param gid    The record's id; copied.
/// @param prefix The directory that the paths begin at; copied. "" for paths that say it all.
/// @param assets Pointers to the assets, with id and path; copied. Not looked at where count is 0.
/// @param count  Their number.
/// @param out    Where the result goes: cloudsync_result_assets, one for each asset. The caller frees it with
///               cloudsync_result_free.
/// @return 0, also where assets failed, each of which has its code; 401 for a bad handle, or where a pointer, a text, a
///         struct_size or a path cannot be read.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`asset_loader_upload`]; `prefix` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asset_loader_download(
    stub: *mut CloudSyncAssetLoaderStub,
    table: *const c_char,
    gid: *const c_char,
    prefix: *const c_char,
    assets: *const *const CloudSyncCloudAsset,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: strings by the caller's promise.
        let (table, gid) = unsafe { (text::read_filled(table, "table")?, text::read_filled(gid, "gid")?) };
        // SAFETY: as above.
        let prefix = unsafe { text::read(prefix, "prefix") }?;
        // SAFETY: the caller's promise.
        let assets = unsafe { read_assets(assets, count) }?;
        writable(out, "out")?;
        let mut items = Vec::with_capacity(count);
        let open = |asset| {
            Incoming::new(gid, prefix, asset).map(|(incoming, item)| {
                items.push(item);
                incoming
            })
        };
        let opened = assets.into_iter().map(open).collect();
        let answers = stub.loader.download(table, prefix, items, &Unstopped);
        let answers = merge(opened, answers, Incoming::settle);
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::assets(&answers), out) }
    })
}
