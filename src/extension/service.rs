//! A vendor's `CloudService`.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::sync::Arc;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetLoader, ChangeListener, CheckedService, CloudDb, CloudError, CloudService,
    Database, Result as CloudResult, ServiceInfo, ShareCenter, SubscribeInfo,
};

use super::db::given;
use super::forms::read_vtable;
use super::listener::{CloudSyncChangeListener, Listener};
use super::owner::Owner;
use super::reply::{Awaits, CloudSyncReply, Given, Inputs};
use super::types::*;
use crate::callback::CloudSyncDestroy;
use crate::cloud::{CloudSyncCloudServiceStub, Service};
use crate::failure::Answer;
use crate::object::{end, give, guard, keep, writable};

/// A method of a cloud that takes nothing.
pub type CloudSyncCloudServiceAsk =
    Option<unsafe extern "C-unwind" fn(self_: *mut c_void, reply: *mut CloudSyncReply) -> i32>;

/// A method that connects to one of a bundle's databases.
pub type CloudSyncCloudServiceConnect = Option<
    unsafe extern "C-unwind" fn(
        self_: *mut c_void,
        bundle_name: *const c_char,
        database: *const CloudSyncDatabase,
        reply: *mut CloudSyncReply,
    ) -> i32,
>;

/// A vendor's cloud: the documented CloudService, for create_cloud_service_stub.
///
/// Each method answers through its reply as those of CloudSyncCloudDbVTable do. A cloud that is synced with needs
/// get_service_info, connect_db and connect_asset_loader at least. Where get_app_brief_info is NULL or fails, every application
/// is switched on; where subscribe is NULL, changes of others are found when somebody looks.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CloudSyncCloudServiceVTable {
    /// sizeof(CloudSyncCloudServiceVTable), as the program was compiled.
    pub struct_size: usize,
    /// How long a reply is waited for, in milliseconds, from when the method has returned; 0 for 60000, a day at
    /// most.
    pub timeout_ms: u64,
    /// The account and its space: cloudsync_reply_service_info.
    pub get_service_info: CloudSyncCloudServiceAsk,
    /// Every known application's switch: cloudsync_reply_app_brief_info.
    pub get_app_brief_info: CloudSyncCloudServiceAsk,
    /// A bundle's databases: cloudsync_reply_app_schema. Asked for with every connection, after it was made; what is described
    /// there holds for it. A connection that describes a table or field which is missing here, or is of another type, or that
    /// leaves out a field which may never be null, fails with INVALID_ARGUMENT; and no row, query or asset that does not fit
    /// gets to the vendor. A schema without databases, or without their tables, constrains nothing, and neither does one that is
    /// NOT_SUPPORTED or NULL. One with a name twice, or empty, is an error of the connection.
    pub get_app_schema: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            bundle_name: *const c_char,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
    /// Tells the listener of writes to databases from now on (cloudsync_change_listener_tell), for expiration_time milliseconds
    /// or as long as the answer says. bundle_names and databases are parallel: a bundle comes once for each of its databases. The
    /// listener is the vendor's from then on, whatever it answers, unless it throws: cloudsync_reply_subscribe_info.
    pub subscribe: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            bundle_names: *const *const c_char,
            databases: *const *const CloudSyncDatabase,
            count: usize,
            expiration_time: u64,
            listener: *mut CloudSyncChangeListener,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
    /// Ends subscriptions by bundle and id. One that has ended is no error: cloudsync_reply_done.
    pub unsubscribe: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            ids: *const *const CloudSyncSubscribeId,
            count: usize,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
    /// A connection to a bundle's records: cloudsync_reply_cloud_db.
    pub connect_db: CloudSyncCloudServiceConnect,
    /// A connection to a bundle's assets: cloudsync_reply_asset_loader.
    pub connect_asset_loader: CloudSyncCloudServiceConnect,
    /// Takes self back, once, as in CloudSyncCloudDbVTable. May be NULL.
    pub destroy: CloudSyncDestroy,
    /// The way to share a user's and a bundle's data with other accounts: cloudsync_reply_share_center.
    /// NULL where the cloud does not share, which a table without this field, as long as struct_size says, says as well.
    pub connect_share_center: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            user_id: i32,
            bundle_name: *const c_char,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
}

/// How long the table was before clouds could share.
const WITHOUT_SHARING: usize = offset_of!(CloudSyncCloudServiceVTable, connect_share_center);

/// A vendor's table of functions as the engine sees it.
struct VendorService {
    table: CloudSyncCloudServiceVTable,
    owner: Arc<Owner>,
}

// SAFETY: the table is functions and numbers.
unsafe impl Send for VendorService {}
// SAFETY: as above.
unsafe impl Sync for VendorService {}

impl VendorService {
    fn plain(
        &self,
        method: &'static str,
        function: CloudSyncCloudServiceAsk,
        awaits: Awaits,
    ) -> CloudResult<Given> {
        self.owner.ask(method, function, awaits, Inputs::default(), |function, context, reply| {
            // SAFETY: the vendor's function and its own pointer.
            unsafe { function(context, reply) }
        })
    }

    fn connect(
        &self,
        method: &'static str,
        function: CloudSyncCloudServiceConnect,
        awaits: Awaits,
        bundle_name: &str,
        database: &Database,
    ) -> CloudResult<Given> {
        let mut inputs = Inputs::default();
        let (bundle, database) = (inputs.forms.text(bundle_name), inputs.forms.database(database));
        self.owner.ask(method, function, awaits, inputs, |function, context, reply| {
            // SAFETY: as above, and what lives until the reply is answered.
            unsafe { function(context, bundle, database, reply) }
        })
    }
}

impl CloudService for VendorService {
    fn get_service_info(&self) -> CloudResult<ServiceInfo> {
        let answer = self.plain("get_service_info", self.table.get_service_info, Awaits::ServiceInfo);
        given!(answer, ServiceInfo)
    }

    fn get_app_brief_info(&self) -> CloudResult<BTreeMap<String, AppBriefInfo>> {
        let answer = self.plain("get_app_brief_info", self.table.get_app_brief_info, Awaits::Apps);
        given!(answer, Apps)
    }

    fn get_app_schema(&self, bundle_name: &str) -> CloudResult<AppSchema> {
        let mut inputs = Inputs::default();
        let (bundle, function) = (inputs.forms.text(bundle_name), self.table.get_app_schema);
        let run = |function: unsafe extern "C-unwind" fn(_, _, _) -> _, context, reply| {
            // SAFETY: as in `connect`.
            unsafe { function(context, bundle, reply) }
        };
        given!(self.owner.ask("get_app_schema", function, Awaits::Schema, inputs, run), Schema)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> CloudResult<Arc<dyn CloudDb>> {
        let function = self.table.connect_db;
        given!(self.connect("connect_db", function, Awaits::Db, bundle_name, database), Db)
    }

    fn connect_asset_loader(
        &self,
        bundle_name: &str,
        database: &Database,
    ) -> CloudResult<Arc<dyn AssetLoader>> {
        let function = self.table.connect_asset_loader;
        given!(self.connect("connect_asset_loader", function, Awaits::Loader, bundle_name, database), Loader)
    }

    fn connect_share_center(&self, user: i32, bundle_name: &str) -> CloudResult<Arc<dyn ShareCenter>> {
        let mut inputs = Inputs::default();
        let (bundle, function) = (inputs.forms.text(bundle_name), self.table.connect_share_center);
        let run = |function: unsafe extern "C-unwind" fn(_, _, _, _) -> _, context, reply| {
            // SAFETY: as in `connect`.
            unsafe { function(context, user, bundle, reply) }
        };
        given!(self.owner.ask("connect_share_center", function, Awaits::Share, inputs, run), Share)
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> CloudResult<SubscribeInfo> {
        let function = self.table.subscribe.ok_or(CloudError::NotSupported("subscribe"))?;
        let pairs = || databases.iter().flat_map(|(bundle, all)| all.iter().map(move |one| (bundle, one)));
        let mut inputs = Inputs::default();
        let (names, count) = inputs.forms.texts(pairs().map(|(bundle, _)| bundle.as_str()));
        let forms = inputs.forms.databases(pairs().map(|(_, database)| database));
        let kept = keep::<CloudSyncChangeListener>(Listener(changed));
        let (_, listener) = kept.map_err(|failure| CloudError::Unknown(failure.text))?;
        let mut returned = false;
        let run = |function: SubscribeFn, context, reply| {
            // SAFETY: as in `connect`.
            let code = unsafe { function(context, names, forms, count, expiration_time, listener, reply) };
            returned = true;
            code
        };
        let answer = self.owner.ask("subscribe", Some(function), Awaits::Subscribe, inputs, run);
        if !returned {
            // It was not called, or threw: before or after it took the listener, which it may have freed.
            let _ = end(listener, "listener");
        }
        given!(answer, Subscribe)
    }

    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> CloudResult<()> {
        let mut inputs = Inputs::default();
        let pairs = subscriptions.iter().flat_map(|(bundle, ids)| ids.iter().map(move |id| (bundle, id)));
        let forms: Vec<_> = pairs.map(|(bundle, id)| inputs.forms.subscribe_id(bundle, "", id)).collect();
        let count = forms.len();
        let ids = inputs.forms.list(forms);
        let run = |function: unsafe extern "C-unwind" fn(_, _, _, _) -> _, context, reply| {
            // SAFETY: as in `connect`.
            unsafe { function(context, ids, count, reply) }
        };
        self.owner.ask("unsubscribe", self.table.unsubscribe, Awaits::Nothing, inputs, run).map(drop)
    }
}

type SubscribeFn = unsafe extern "C-unwind" fn(
    *mut c_void,
    *const *const c_char,
    *const *const CloudSyncDatabase,
    usize,
    u64,
    *mut CloudSyncChangeListener,
    *mut CloudSyncReply,
) -> i32;

/// Makes a cloud of a vendor's functions, for cloudsync_options_set_cloud and for the functions that begin with
/// cloud_service_.
///
/// What it answers is checked: an answer that cannot be true is an error of that call, and the gallery is left alone.
///
/// @param vtable The functions; copied.
/// @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
/// @param out    Where the stub goes; the caller frees it with cloud_service_stub_free.
/// @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`create_cloud_db_stub`](super::create_cloud_db_stub).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn create_cloud_service_stub(
    vtable: *const CloudSyncCloudServiceVTable,
    self_: *mut c_void,
    out: *mut *mut CloudSyncCloudServiceStub,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise.
        let service = unsafe { vendor_service(vtable, self_) }?;
        writable(out, "out")?;
        let service: Arc<dyn CloudService> = Arc::new(CheckedService::new(Arc::new(service)));
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(Service { service, embedded: None }, out) }
    })
}

/// # Safety
/// As [`create_cloud_service_stub`].
unsafe fn vendor_service(
    vtable: *const CloudSyncCloudServiceVTable,
    self_: *mut c_void,
) -> Answer<VendorService> {
    // SAFETY: the caller's promise.
    let table = unsafe { read_vtable(vtable, "vtable", WITHOUT_SHARING) }?;
    Ok(VendorService { owner: Owner::new(self_, table.destroy, table.timeout_ms), table })
}
