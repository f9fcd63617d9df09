//! A vendor's `CloudDB`.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_cloud::{
    Capabilities, CheckedDb, CloudData, CloudDb, CloudError, Flag, LockInfo, Result as CloudResult, RowWrite,
    WriteReceipt,
};

use super::forms::read;
use super::owner::Owner;
use super::reply::{Awaits, CloudSyncReply, Given, Inputs};
use super::rows::{CloudSyncRows, RowList};
use super::types::*;
use crate::callback::CloudSyncDestroy;
use crate::failure::Answer;
use crate::object::{Handle, Lent, end, give, guard, keep, writable};

/// A method that writes records: insert, update or delete.
pub type CloudSyncCloudDbWrite = Option<
    unsafe extern "C-unwind" fn(
        self_: *mut c_void,
        table: *const c_char,
        rows: *const CloudSyncRows,
        reply: *mut CloudSyncReply,
    ) -> i32,
>;

/// A vendor's database: the documented CloudDB, for create_cloud_db_stub.
///
/// Each method answers through its reply, during the call or later, and returns 0; or returns a CLOUDSYNC_ERROR_CODE_...
/// number, which is the answer then. The methods are called from the library's threads, and from callers', several at once.
/// What they are given lives until they have returned and the reply is answered or dropped. A method that is NULL is answered
/// with NOT_SUPPORTED. Inside them the rules of callbacks hold, but for the one on exceptions.
///
/// On x86-64 and aarch64 a C++ exception that leaves a method is ended, and is the error of that call, whether the method had
/// answered or not: CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, or CLOUDSYNC_SHARING_CODE_INNER_ERROR from a share centre, with a text that
/// names the method. The call may or may not have done something. Its reply and what it was called with are gone then, for other
/// threads of the vendor's as well. An exception that leaves destroy is told to the log. Where the C++ runtime is linked into a file
/// that hides its functions (as -static-libstdc++ does in a program), std::uncaught_exceptions() goes on counting what was thrown. On
/// other processors the process ends there; so it does everywhere where a thread ends itself inside a method (pthread_exit,
/// pthread_cancel).
///
/// What the documents leave open is settled so: ids are unique for good; an insert is idempotent by id (the same row again
/// answers with the version it has); rows of one call are written together, in order, and answered one by one; a deleted record
/// keeps its last fields and is listed with CLOUDSYNC_FLAG_DELETE; pages list each record once, as it is now, the oldest
/// write first.
///
/// cbindgen:field-names=[struct_size, capabilities, timeout_ms, generate_id, insert, update, delete_, query, lock, unlock, heartbeat, destroy]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CloudSyncCloudDbVTable {
    /// sizeof(CloudSyncCloudDbVTable), as the program was compiled.
    pub struct_size: usize,
    /// CLOUDSYNC_CAPABILITY_... bits: what the engine may rely on. 0 for nothing beyond the documents.
    pub capabilities: u32,
    /// How long a reply is waited for, in milliseconds, from when the method has returned; 0 for 60000, a day at
    /// most.
    pub timeout_ms: u64,
    /// Gives count ids that were never given before, of 1 to 23 bytes: cloudsync_reply_ids.
    pub generate_id: Option<
        unsafe extern "C-unwind" fn(self_: *mut c_void, count: usize, reply: *mut CloudSyncReply) -> i32,
    >,
    /// Inserts records: cloudsync_reply_rows.
    pub insert: CloudSyncCloudDbWrite,
    /// Replaces records' fields: cloudsync_reply_rows.
    pub update: CloudSyncCloudDbWrite,
    /// Deletes records. Deleting a deleted record is no error: cloudsync_reply_rows.
    pub delete: CloudSyncCloudDbWrite,
    /// Lists up to query_count records written since a cursor ("": from the start), deletions included, with the fields that are
    /// named (field_count 0: all): cloudsync_reply_rows. A cursor that is not known is CURSOR_EXPIRED.
    pub query: Option<
        unsafe extern "C-unwind" fn(
            self_: *mut c_void,
            table: *const c_char,
            fields: *const *const c_char,
            field_count: usize,
            query_count: usize,
            query_cursor: *const c_char,
            reply: *mut CloudSyncReply,
        ) -> i32,
    >,
    /// Takes the database's lock: cloudsync_reply_lock_info. LOCKED_BY_OTHERS while it is held.
    pub lock: Option<unsafe extern "C-unwind" fn(self_: *mut c_void, reply: *mut CloudSyncReply) -> i32>,
    /// Gives the lock back: cloudsync_reply_unlocked. A lock that is lost already is no error.
    pub unlock: Option<
        unsafe extern "C-unwind" fn(self_: *mut c_void, lock_id: i64, reply: *mut CloudSyncReply) -> i32,
    >,
    /// Renews a lease: cloudsync_reply_lock_info. STALE_LOCK once it is lost.
    pub heartbeat: Option<
        unsafe extern "C-unwind" fn(self_: *mut c_void, lock_id: i64, reply: *mut CloudSyncReply) -> i32,
    >,
    /// Takes self back, once: when no stub, no context and no call uses it any more and every reply was answered or dropped;
    /// also where create_cloud_db_stub fails. May be NULL.
    pub destroy: CloudSyncDestroy,
}

/// A database of a cloud: the documented CloudDB, made by create_cloud_db_stub or cloud_service_connect_db.
pub struct CloudSyncCloudDbStub {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncCloudDbStub {
    type Object = DbStub;
}

/// What a database's stub stands for.
pub struct DbStub {
    pub(crate) db: Arc<dyn CloudDb>,
}

/// A vendor's table of functions as the engine sees it.
struct VendorDb {
    table: CloudSyncCloudDbVTable,
    owner: Arc<Owner>,
}

// SAFETY: the table is functions and numbers.
unsafe impl Send for VendorDb {}
// SAFETY: as above.
unsafe impl Sync for VendorDb {}

/// What an answer must hold, which the reply has seen to.
macro_rules! given {
    ($answer:expr, $kind:ident) => {
        match $answer {
            Ok(Given::$kind(value)) => Ok(value),
            Ok(_) => Err(cloudsync_cloud::CloudError::Unknown("an answer of another kind".into())),
            Err(error) => Err(error),
        }
    };
}
pub(super) use given;

/// Rows that a vendor is lent, with their handle.
pub(super) fn lend(rows: RowList) -> CloudResult<Lent<CloudSyncRows>> {
    let kept = keep::<CloudSyncRows>(parking_lot::Mutex::new(rows));
    kept.map(|(_, handle)| Lent::new(handle)).map_err(|failure| CloudError::Unknown(failure.text))
}

impl VendorDb {
    fn write(
        &self,
        method: &'static str,
        function: CloudSyncCloudDbWrite,
        table: &str,
        rows: Vec<RowWrite>,
        operation: Flag,
    ) -> CloudResult<Vec<CloudResult<WriteReceipt>>> {
        let lent = lend(RowList::to_write(rows, operation)?)?;
        let (mut inputs, handle) = (Inputs::default(), lent.handle());
        let table = inputs.forms.text(table);
        inputs.rows = Some(lent);
        let answer = self.owner.ask(method, function, Awaits::Receipts, inputs, |function, this, reply| {
            // SAFETY: the vendor's function, its own pointer, and what lives until the reply is answered.
            unsafe { function(this, table, handle, reply) }
        });
        given!(answer, Receipts).map(RowList::into_receipts)
    }
}

impl CloudDb for VendorDb {
    fn capabilities(&self) -> Capabilities {
        let has = |bit| self.table.capabilities & bit != 0;
        Capabilities {
            compare_and_set: has(CLOUDSYNC_CAPABILITY_COMPARE_AND_SET),
            fencing: has(CLOUDSYNC_CAPABILITY_FENCING),
            ranges: has(CLOUDSYNC_CAPABILITY_RANGES),
            digests: has(CLOUDSYNC_CAPABILITY_DIGESTS),
        }
    }

    fn generate_id(&self, count: usize) -> CloudResult<Vec<String>> {
        let function = self.table.generate_id;
        let run = |function: unsafe extern "C-unwind" fn(_, _, _) -> _, this, reply| {
            // SAFETY: the vendor's function and its own pointer.
            unsafe { function(this, count, reply) }
        };
        given!(self.owner.ask("generate_id", function, Awaits::Ids, Inputs::default(), run), Ids)
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> CloudResult<Vec<CloudResult<WriteReceipt>>> {
        self.write("insert", self.table.insert, table, rows, Flag::Insert)
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> CloudResult<Vec<CloudResult<WriteReceipt>>> {
        self.write("update", self.table.update, table, rows, Flag::Update)
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> CloudResult<Vec<CloudResult<WriteReceipt>>> {
        self.write("delete", self.table.delete, table, rows, Flag::Delete)
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> CloudResult<CloudData> {
        let mut inputs = Inputs::default();
        let (table, cursor) = (inputs.forms.text(table), inputs.forms.text(cursor));
        let (names, name_count) = inputs.forms.texts(fields.iter().copied());
        let answer =
            self.owner.ask("query", self.table.query, Awaits::Page, inputs, |function, this, reply| {
                // SAFETY: as in `write`.
                unsafe { function(this, table, names, name_count, count, cursor, reply) }
            });
        given!(answer, Page).map(RowList::into_page)
    }

    fn lock(&self) -> CloudResult<LockInfo> {
        let answer = self.owner.ask(
            "lock",
            self.table.lock,
            Awaits::Lock,
            Inputs::default(),
            |function, this, reply| {
                // SAFETY: the vendor's function and its own pointer.
                unsafe { function(this, reply) }
            },
        );
        given!(answer, Lock)
    }

    fn heartbeat(&self, lock_id: i64) -> CloudResult<LockInfo> {
        let run = |function: unsafe extern "C-unwind" fn(_, _, _) -> _, this, reply| {
            // SAFETY: as in `lock`.
            unsafe { function(this, lock_id, reply) }
        };
        given!(self.owner.ask("heartbeat", self.table.heartbeat, Awaits::Lock, Inputs::default(), run), Lock)
    }

    fn unlock(&self, lock_id: i64) -> CloudResult<bool> {
        let run = |function: unsafe extern "C-unwind" fn(_, _, _) -> _, this, reply| {
            // SAFETY: as in `lock`.
            unsafe { function(this, lock_id, reply) }
        };
        let answer = self.owner.ask("unlock", self.table.unlock, Awaits::Unlocked, Inputs::default(), run);
        given!(answer, Unlocked)
    }
}

/// Makes a database of a vendor's functions: what connect_db answers with, and what cloud_db_... calls.
///
/// @param vtable The functions; copied.
/// @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
/// @param out    Where the stub goes; the caller frees it with cloud_db_stub_free.
/// @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `vtable` is NULL or points to as many bytes as its first field says; its functions may be called with `self_` from any
/// thread, several at once, until `destroy` has been; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn create_cloud_db_stub(
    vtable: *const CloudSyncCloudDbVTable,
    self_: *mut c_void,
    out: *mut *mut CloudSyncCloudDbStub,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise.
        let db = unsafe { vendor_db(vtable, self_) }?;
        writable(out, "out")?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(DbStub { db: Arc::new(CheckedDb::new(Arc::new(db))) }, out) }
    })
}

/// # Safety
/// As [`create_cloud_db_stub`].
unsafe fn vendor_db(vtable: *const CloudSyncCloudDbVTable, self_: *mut c_void) -> Answer<VendorDb> {
    // SAFETY: the caller's promise.
    let table = *unsafe { read(vtable, "vtable") }?;
    Ok(VendorDb { owner: Owner::new(self_, table.destroy, table.timeout_ms), table })
}

/// Frees a stub. Clouds and calls that use its database keep it.
///
/// @param stub The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_stub_free(stub: *mut CloudSyncCloudDbStub) -> i32 {
    guard(|| end(stub, "stub").map(drop))
}
