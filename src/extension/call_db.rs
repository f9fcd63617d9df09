//! The caller's side of `CloudDB`.

use std::ffi::c_char;

use cloudsync_cloud::{CloudDb, Flag, LockInfo, Result as CloudResult, RowWrite, WriteReceipt};
use parking_lot::Mutex;

use super::db::CloudSyncCloudDbStub;
use super::forms::check_out;
use super::result::{CloudSyncResult, ResultObject, told};
use super::rows::{CloudSyncRows, RowList};
use super::types::*;
use crate::object::{get, give, with, writable};
use crate::text;

/// What a cloud can do beyond the documents.
///
/// @param stub The database.
/// @param out  Where the CLOUDSYNC_CAPABILITY_... bits go.
/// @return 0; 401 for a bad handle or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_cloud_db_capabilities(
    stub: *mut CloudSyncCloudDbStub,
    out: *mut u32,
) -> i32 {
    with(stub, "stub", |stub| {
        writable(out, "out")?;
        let has = stub.db.capabilities();
        let bits = [
            (has.compare_and_set, CLOUDSYNC_CAPABILITY_COMPARE_AND_SET),
            (has.fencing, CLOUDSYNC_CAPABILITY_FENCING),
            (has.ranges, CLOUDSYNC_CAPABILITY_RANGES),
            (has.digests, CLOUDSYNC_CAPABILITY_DIGESTS),
        ];
        let bits = bits.iter().filter(|(has, _)| *has).map(|(_, bit)| bit).sum();
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(bits) };
        Ok(())
    })
}

/// Makes ids for records that are to be inserted.
///
/// @param stub  The database.
/// @param count How many, up to 10000.
/// @param out   Where the result goes: cloudsync_result_ids. The caller frees it with cloudsync_result_free.
/// @return 0; 401 for a bad handle, a count over 10000, or where out is NULL; otherwise what the cloud's failure stands for:
///         see the CLOUDSYNC_ERROR_CODE_... numbers, cloudsync_last_error_code and cloudsync_last_error.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_generate_id(
    stub: *mut CloudSyncCloudDbStub,
    count: usize,
    out: *mut *mut CloudSyncResult,
) -> i32 {
    with(stub, "stub", |stub| {
        writable(out, "out")?;
        if count > 10_000 {
            return Err(crate::failure::bad(format!("{count} ids; ask for 10000 at most")));
        }
        let ids = told(stub.db.generate_id(count))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ResultObject::ids(&ids), out) }
    })
}

type Write = fn(&dyn CloudDb, &str, Vec<RowWrite>) -> CloudResult<Vec<CloudResult<WriteReceipt>>>;

/// # Safety
/// `table` is NULL or a NUL-terminated string; `out` is NULL or may be written.
unsafe fn write(
    stub: *mut CloudSyncCloudDbStub,
    table: *const c_char,
    rows: *const CloudSyncRows,
    out: *mut *mut CloudSyncRows,
    operation: Flag,
    write: Write,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: a string by the caller's promise.
        let table = unsafe { text::read_filled(table, "table") }?;
        let rows = get(rows, "rows")?;
        writable(out, "out")?;
        let writes = rows.lock().clone().into_writes()?;
        let answers = told(write(&*stub.db, table, writes))?;
        let answered = told(RowList::answered(answers, operation))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(Mutex::new(answered), out) }
    })
}

/// Inserts records. A row's extension has its id, from cloud_db_generate_id. An insert on the id of a deleted record, with that
/// record's version, brings it back.
///
/// A row must fit the schema of its table (cloud_service_get_app_schema): each field is of the described type, those that are part
/// of the primary key or not nullable are there and not null, and there is no other field. One that does not fit fails alone with
/// CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT and a text that names the field, and does not get to the cloud; the others go on.
///
/// @param stub  The database.
/// @param table The table; copied.
/// @param rows  The records.
/// @param out   Where rows with what became of each go, in order: cloudsync_rows_result, and for success cloudsync_rows_extension
///              with id, version and modification time. The caller frees them with cloudsync_rows_free.
/// @return 0, also where rows failed; 401 for a bad handle, a row without an id, a table that is NULL, empty or not UTF-8, or
///         where out is NULL; 13900020 for a table that the schema does not have; otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `table` is NULL or a NUL-terminated string; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_insert(
    stub: *mut CloudSyncCloudDbStub,
    table: *const c_char,
    rows: *const CloudSyncRows,
    out: *mut *mut CloudSyncRows,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { write(stub, table, rows, out, Flag::Insert, |db, table, rows| db.insert(table, rows)) }
}

/// Replaces records' fields: all of them, which must fit the schema as in cloud_db_insert.
///
/// @param stub  The database.
/// @param table The table; copied.
/// @param rows  The records.
/// @param out   As in cloud_db_insert.
/// @return As cloud_db_insert.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`cloud_db_insert`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_update(
    stub: *mut CloudSyncCloudDbStub,
    table: *const c_char,
    rows: *const CloudSyncRows,
    out: *mut *mut CloudSyncRows,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { write(stub, table, rows, out, Flag::Update, |db, table, rows| db.update(table, rows)) }
}

/// Deletes records. Deleting a deleted record is no error.
///
/// @param stub  The database.
/// @param table The table; copied.
/// @param rows  The records; their fields are not looked at.
/// @param out   As in cloud_db_insert.
/// @return As cloud_db_insert.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`cloud_db_insert`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_delete(
    stub: *mut CloudSyncCloudDbStub,
    table: *const c_char,
    rows: *const CloudSyncRows,
    out: *mut *mut CloudSyncRows,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { write(stub, table, rows, out, Flag::Delete, |db, table, rows| db.delete(table, rows)) }
}

/// Lists records written since a cursor, deletions included, the oldest write first.
///
/// @param stub         The database.
/// @param table        The table; copied.
/// @param fields       The fields wanted; copied. Not looked at where field_count is 0.
/// @param field_count  Their number; 0 for all.
/// @param query_count  The most records to list, 1 to 10000.
/// @param query_cursor Where to go on, from the page before (cloudsync_rows_page); "" from the start; copied.
/// @param out          Where the page goes. The caller frees it with cloudsync_rows_free.
/// @return 0; 401 for a bad handle, a query_count outside 1 to 10000, or where a text or out is NULL or not UTF-8;
///         13900020 for a table or field that the schema does not have; otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `table` and `query_cursor` are NULL or NUL-terminated strings; `fields` is NULL or has `field_count` of them; `out` is NULL or
/// may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_query(
    stub: *mut CloudSyncCloudDbStub,
    table: *const c_char,
    fields: *const *const c_char,
    field_count: usize,
    query_count: usize,
    query_cursor: *const c_char,
    out: *mut *mut CloudSyncRows,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: strings by the caller's promise.
        let (table, cursor) =
            unsafe { (text::read_filled(table, "table")?, text::read(query_cursor, "query_cursor")?) };
        // SAFETY: as above.
        let fields = unsafe { text::read_all(fields, field_count, "fields") }?;
        writable(out, "out")?;
        if !(1..=10_000).contains(&query_count) {
            return Err(crate::failure::bad(format!("query_count is {query_count}; use 1 to 10000")));
        }
        let page = told(stub.db.query(table, &fields, query_count, cursor).and_then(RowList::page))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(Mutex::new(page), out) }
    })
}

/// # Safety
/// `out` is NULL or points to as many bytes as its first field says, which may be written.
unsafe fn lease(
    stub: *mut CloudSyncCloudDbStub,
    out: *mut CloudSyncLockInfo,
    ask: impl FnOnce(&dyn CloudDb) -> CloudResult<LockInfo>,
) -> i32 {
    with(stub, "stub", |stub| {
        // SAFETY: the caller's promise.
        unsafe { check_out(out, "out") }?;
        let LockInfo { interval, lock_id } = told(ask(&*stub.db))?;
        // SAFETY: as above.
        unsafe {
            out.write(CloudSyncLockInfo { struct_size: size_of::<CloudSyncLockInfo>(), lock_id, interval })
        };
        Ok(())
    })
}

/// Takes the database's lock.
///
/// @param stub The database.
/// @param out  Where the lock goes; its struct_size is set by the caller.
/// @return 0; 401 for a bad handle, or where out is NULL or its struct_size cannot be read; 13900014 while another holds it;
///         otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or points to as many bytes as its first field says, which may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_lock(stub: *mut CloudSyncCloudDbStub, out: *mut CloudSyncLockInfo) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { lease(stub, out, |db| db.lock()) }
}

/// Renews a lock's lease before it ends.
///
/// @param stub    The database.
/// @param lock_id The lock.
/// @param out     Where the lock goes; its struct_size is set by the caller.
/// @return 0; 401 for a bad handle, or where out is NULL or its struct_size cannot be read; 13900001 where the lock is lost;
///         otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// As [`cloud_db_lock`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_heartbeat(
    stub: *mut CloudSyncCloudDbStub,
    lock_id: i64,
    out: *mut CloudSyncLockInfo,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { lease(stub, out, |db| db.heartbeat(lock_id)) }
}

/// Gives a lock back. One that is lost already is no error.
///
/// @param stub    The database.
/// @param lock_id The lock.
/// @param held    Where it goes whether the lock was held under that id until now: 1, or 0 where it was lost already, with its
///                lease or to another holder. May be NULL.
/// @return 0; 401 for a bad handle; otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
///
/// Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
///
/// # Safety
/// `held` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_db_unlock(
    stub: *mut CloudSyncCloudDbStub,
    lock_id: i64,
    held: *mut i32,
) -> i32 {
    with(stub, "stub", |stub| {
        let answer = told(stub.db.unlock(lock_id))?;
        // SAFETY: NULL or writable, by the caller's promise.
        if let Some(held) = unsafe { held.as_mut() } {
            *held = answer.into();
        }
        Ok(())
    })
}
