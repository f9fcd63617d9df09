//! A vendor's `AssetLoader`.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_cloud::{
    AssetDownload, AssetLoader, AssetUpload, CheckedLoader, Claim, CloudAsset, CloudError,
    Result as CloudResult, TransferControl,
};

use super::db::given;
use super::forms::read;
use super::owner::Owner;
use super::reply::{Awaits, CloudSyncReply, Given, Inputs};
use super::transfer::{CloudSyncTransfers, Lending};
use super::types::*;
use crate::callback::CloudSyncDestroy;
use crate::failure::Answer;
use crate::object::{Handle, Lent, end, give, guard, writable};

/// A vendor's store of assets: the documented AssetLoader, for create_asset_loader_stub.
///
/// Each method answers through its reply as those of CloudSyncCloudDbVTable do: with cloudsync_reply_item for each asset, in
/// any order, and then cloudsync_reply_done. A call carries many records' assets at once, so that a cloud pays for
/// durability once: an asset that was answered with success is durable. The methods are called from the library's threads,
/// and from callers', several at once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CloudSyncAssetLoaderVTable {
    /// sizeof(CloudSyncAssetLoaderVTable), as the program was compiled.
    pub struct_size: usize,
    /// How long a reply is waited for, in milliseconds, from when the method has returned or a byte was moved last; 0 for
    /// 60000, a day at most.
    pub timeout_ms: u64,
    /// Uploads assets: reads each to its end with cloudsync_transfers_read, and answers with the asset and its new id and hash.
    /// One whose digest is given may be answered for without reading where the cloud holds those bytes.
    pub upload: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            table: *const c_char,
            transfers: *mut CloudSyncTransfers,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
    /// Downloads assets: writes each with cloudsync_transfers_write. prefix is the documented prefix of the directory on the
    /// device, "" where the transfers say it all. NOT_FOUND for an asset that is not there.
    pub download: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            table: *const c_char,
            prefix: *const c_char,
            transfers: *mut CloudSyncTransfers,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
    /// Proves claims: success for one says that the record is there, not deleted, has that version and names that asset, and
    /// that the asset's bytes were just read and have that size and digest. A device removes its own copy on the strength of it.
    /// VERSION_CONFLICT, NOT_FOUND or CORRUPT where it is not so. Where this is NULL, nothing is proved and no space is freed.
    pub prove: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            table: *const c_char,
            claims: *const *const CloudSyncClaim,
            count: usize,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
    /// Takes self back, once, as in CloudSyncCloudDbVTable. May be NULL.
    pub destroy: CloudSyncDestroy,
}

/// A cloud's store of assets: the documented AssetLoader, made by create_asset_loader_stub or
/// cloud_service_connect_asset_loader.
pub struct CloudSyncAssetLoaderStub {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncAssetLoaderStub {
    type Object = LoaderStub;
}

/// What an asset loader's stub stands for.
pub struct LoaderStub {
    pub(crate) loader: Arc<dyn AssetLoader>,
}

/// A vendor's table of functions as the engine sees it.
struct VendorLoader {
    table: CloudSyncAssetLoaderVTable,
    owner: Arc<Owner>,
}

// SAFETY: the table is functions and numbers.
unsafe impl Send for VendorLoader {}
// SAFETY: as above.
unsafe impl Sync for VendorLoader {}

type Lendable<'a> = CloudResult<(Lending<'a>, Lent<CloudSyncTransfers>)>;

/// Lends the assets to a vendor, and asks it.
fn transfer<'a>(
    lent: Lendable<'a>,
    count: usize,
    ask: impl FnOnce(Inputs, *mut CloudSyncTransfers) -> CloudResult<Given>,
) -> Vec<CloudResult<CloudAsset>> {
    let (lending, lent) = match lent {
        Ok(lent) => lent,
        Err(error) => return same(&error, count),
    };
    let (mut inputs, handle) = (Inputs::default(), lent.handle());
    inputs.transfers = Some((lent, lending.transfers()));
    let answer = ask(inputs, handle);
    let answers = given!(answer, Items).unwrap_or_else(|error| same(&error, count));
    lending.settle(answers)
}

/// The same error for each.
fn same<T>(error: &CloudError, count: usize) -> Vec<CloudResult<T>> {
    (0..count).map(|_| Err(error.clone())).collect()
}

impl AssetLoader for VendorLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<CloudResult<CloudAsset>> {
        let count = items.len();
        transfer(Lending::uploads(items, control), count, |mut inputs, transfers| {
            let table = inputs.forms.text(table);
            let awaits = Awaits::Items(count);
            self.owner.ask("upload", self.table.upload, awaits, inputs, |function, context, reply| {
                // SAFETY: the vendor's function, its own pointer, and what lives until the reply is answered.
                unsafe { function(context, table, transfers, reply) }
            })
        })
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<CloudResult<CloudAsset>> {
        let count = items.len();
        transfer(Lending::downloads(items, control), count, |mut inputs, transfers| {
            let (table, prefix) = (inputs.forms.text(table), inputs.forms.text(prefix));
            let awaits = Awaits::Items(count);
            self.owner.ask("download", self.table.download, awaits, inputs, |function, context, reply| {
                // SAFETY: as above.
                unsafe { function(context, table, prefix, transfers, reply) }
            })
        })
    }

    fn prove(&self, table: &str, claims: &[Claim], _: &dyn TransferControl) -> Vec<CloudResult<()>> {
        let mut inputs = Inputs::default();
        let form = |claim: &Claim| CloudSyncClaim {
            struct_size: size_of::<CloudSyncClaim>(),
            gid: inputs.forms.text(&claim.gid),
            asset_id: inputs.forms.text(&claim.asset_id),
            version: claim.version,
            size: claim.size,
            digest: inputs.forms.one(claim.digest).cast(),
        };
        let (forms, count): (Vec<_>, _) = (claims.iter().map(form).collect(), claims.len());
        let (list, table) = (inputs.forms.list(forms), inputs.forms.text(table));
        let awaits = Awaits::Proofs(count);
        let answer = self.owner.ask("prove", self.table.prove, awaits, inputs, |function, context, reply| {
            // SAFETY: as above.
            unsafe { function(context, table, list, count, reply) }
        });
        match given!(answer, Items) {
            Ok(answers) => answers.into_iter().map(|answer| answer.map(drop)).collect(),
            Err(error) => same(&error, count),
        }
    }
}

/// Makes a store of assets of a vendor's functions: what connect_asset_loader answers with, and what asset_loader_... calls.
///
/// @param vtable The functions; copied.
/// @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
/// @param out    Where the stub goes; the caller frees it with asset_loader_stub_free.
/// @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`create_cloud_db_stub`](super::create_cloud_db_stub).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn create_asset_loader_stub(
    vtable: *const CloudSyncAssetLoaderVTable,
    self_: *mut c_void,
    out: *mut *mut CloudSyncAssetLoaderStub,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise.
        let loader = unsafe { vendor_loader(vtable, self_) }?;
        writable(out, "out")?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(LoaderStub { loader: Arc::new(CheckedLoader::new(Arc::new(loader))) }, out) }
    })
}

/// # Safety
/// As [`create_asset_loader_stub`].
unsafe fn vendor_loader(
    vtable: *const CloudSyncAssetLoaderVTable,
    self_: *mut c_void,
) -> Answer<VendorLoader> {
    // SAFETY: the caller's promise.
    let table = *unsafe { read(vtable, "vtable") }?;
    Ok(VendorLoader { owner: Owner::new(self_, table.destroy, table.timeout_ms), table })
}

/// Frees a stub. Clouds and calls that use its assets keep it.
///
/// @param stub The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asset_loader_stub_free(stub: *mut CloudSyncAssetLoaderStub) -> i32 {
    guard(|| end(stub, "stub").map(drop))
}
