//! Records, as a list that C fills and reads.

use std::ffi::c_char;
use std::sync::Arc;

use cloudsync_cloud::{
    CloudData, CloudError, CloudType, ExtensionValue, Flag, Record, Result as CloudResult, Row, RowWrite,
    WriteReceipt,
};
use cloudsync_engine::Code;
use parking_lot::Mutex;

use super::fields::{Fields, check};
use super::forms::{check_out, flag, pointers, read, read_asset, text_or_empty};
use super::result::error_of;
use super::types::*;
use crate::failure::{Answer, Failure, bad, null};
use crate::object::{Handle, end, get, give, guard, with, writable};
use crate::text;

/// A list of records: what is written to a database, what a write came to, or a page of a query. It is the documented
/// arrays of values, of extensions and of Results in one, and the rest of CloudData. Made by cloudsync_rows_new or by a
/// call that gives rows.
///
/// What is read from it points into it, and lives until the list is changed or freed.
pub struct CloudSyncRows {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncRows {
    type Object = Mutex<RowList>;
}

/// Text that ends in a NUL; nothing at all for an empty one.
#[derive(Default, Clone)]
struct Text(String);

impl Text {
    /// Fails where C would read another text.
    fn new(mut text: String) -> CloudResult<Text> {
        check(&text)?;
        text.push('\0');
        Ok(Text(text))
    }

    /// Text that came from C.
    fn from_c(text: &str) -> Text {
        Text(format!("{text}\0"))
    }

    fn as_str(&self) -> &str {
        self.0.strip_suffix('\0').unwrap_or_default()
    }

    fn into_string(mut self) -> String {
        self.0.pop();
        self.0
    }

    fn as_ptr(&self) -> *const c_char {
        if self.0.is_empty() { c"".as_ptr() } else { self.0.as_ptr().cast() }
    }
}

/// One record in C's form.
#[derive(Clone)]
struct RowForm {
    fields: Fields,
    id: Text,
    create_time: i64,
    modify_time: i64,
    version: i64,
    lock_id: i64,
    operation: Flag,
    code: i32,
    description: Text,
}

impl RowForm {
    fn empty() -> Self {
        RowForm {
            fields: Fields::default(),
            id: Text::default(),
            create_time: 0,
            modify_time: 0,
            version: -1,
            lock_id: 0,
            operation: Flag::Insert,
            code: 0,
            description: Text::default(),
        }
    }

    fn with_fields(id: String, values: Row) -> CloudResult<Self> {
        Ok(RowForm { id: Text::new(id)?, fields: Fields::new(values)?, ..RowForm::empty() })
    }

    fn written(row: RowWrite, operation: Flag) -> CloudResult<Self> {
        let version = row.base_version.map_or(-1, signed);
        let form = RowForm::with_fields(row.id, row.values)?;
        Ok(RowForm { version, lock_id: row.lock_id.unwrap_or(0), operation, ..form })
    }

    fn answered(answer: CloudResult<WriteReceipt>, operation: Flag) -> CloudResult<Self> {
        let empty = RowForm { operation, ..RowForm::empty() };
        Ok(match answer {
            Ok(receipt) => RowForm {
                id: Text::new(receipt.id)?,
                version: signed(receipt.version),
                modify_time: receipt.modify_time,
                ..empty
            },
            Err(error) => RowForm {
                version: if let CloudError::VersionConflict { current } = error {
                    signed(current)
                } else {
                    -1
                },
                code: super::result::number_of(&error),
                description: Text(format!("{error}\0")),
                ..empty
            },
        })
    }

    fn listed(record: Record) -> CloudResult<Self> {
        let Record { extension, version, values } = record;
        let form = RowForm::with_fields(extension.id, values)?;
        Ok(RowForm {
            create_time: extension.create_time,
            modify_time: extension.modify_time,
            operation: extension.operation,
            version: signed(version),
            ..form
        })
    }

    fn into_write(self) -> Answer<RowWrite> {
        if self.id.as_str().is_empty() {
            return Err(bad("a row has no id; give it an extension with one, from cloud_db_generate_id"));
        }
        Ok(RowWrite {
            id: self.id.into_string(),
            base_version: u64::try_from(self.version).ok(),
            lock_id: (self.lock_id != 0).then_some(self.lock_id),
            values: self.fields.values,
        })
    }

    fn into_receipt(self) -> CloudResult<WriteReceipt> {
        if self.code != 0 {
            return Err(error_of(self.code, self.description.as_str(), self.version));
        }
        let version = u64::try_from(self.version).unwrap_or(0);
        Ok(WriteReceipt { id: self.id.into_string(), version, modify_time: self.modify_time })
    }

    fn into_record(self) -> Record {
        Record {
            extension: ExtensionValue {
                id: self.id.into_string(),
                create_time: self.create_time,
                modify_time: self.modify_time,
                operation: self.operation,
            },
            version: u64::try_from(self.version).unwrap_or(0),
            values: self.fields.values,
        }
    }
}

/// A version as C sees it; no cloud counts so far that it does not fit.
fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// Rows to be taken apart.
fn own(rows: Arc<Vec<RowForm>>) -> impl Iterator<Item = RowForm> {
    Arc::unwrap_or_clone(rows).into_iter()
}

/// What a handle of rows stands for.
#[derive(Default, Clone)]
pub struct RowList {
    /// An answer shares them with the list that it was given with, and has them to itself where that was freed.
    rows: Arc<Vec<RowForm>>,
    next_cursor: Text,
    has_more: bool,
    /// They are somebody else's to change.
    frozen: bool,
}

impl RowList {
    /// Rows for a vendor to write.
    pub(crate) fn to_write(rows: Vec<RowWrite>, operation: Flag) -> CloudResult<Self> {
        let rows: Vec<_> =
            rows.into_iter().map(|row| RowForm::written(row, operation)).collect::<CloudResult<_>>()?;
        Ok(RowList { rows: rows.into(), frozen: true, ..RowList::default() })
    }

    /// What writes came to, for a caller.
    pub(crate) fn answered(answers: Vec<CloudResult<WriteReceipt>>, operation: Flag) -> CloudResult<Self> {
        let rows: Vec<_> = answers
            .into_iter()
            .map(|answer| RowForm::answered(answer, operation))
            .collect::<CloudResult<_>>()?;
        Ok(RowList { rows: rows.into(), ..RowList::default() })
    }

    /// A page, for a caller.
    pub(crate) fn page(page: CloudData) -> CloudResult<Self> {
        let rows: Vec<_> = page.values.into_iter().map(RowForm::listed).collect::<CloudResult<_>>()?;
        Ok(RowList {
            rows: rows.into(),
            next_cursor: Text::new(page.next_cursor)?,
            has_more: page.has_more,
            frozen: false,
        })
    }

    /// What a caller wants written.
    pub(crate) fn into_writes(self) -> Answer<Vec<RowWrite>> {
        own(self.rows).map(RowForm::into_write).collect()
    }

    /// What a vendor says that writes came to.
    pub(crate) fn into_receipts(self) -> Vec<CloudResult<WriteReceipt>> {
        own(self.rows).map(RowForm::into_receipt).collect()
    }

    /// What a vendor says that a page is.
    pub(crate) fn into_page(self) -> CloudData {
        let RowList { rows, next_cursor, has_more, .. } = self;
        let values = own(rows).map(RowForm::into_record).collect();
        CloudData { next_cursor: next_cursor.into_string(), has_more, values }
    }

    fn row(&self, index: usize) -> Answer<&RowForm> {
        let count = self.rows.len();
        self.rows.get(index).ok_or_else(|| bad(format!("there is no row {index}, there are {count}")))
    }

    fn changed(&mut self) -> Answer<&mut Self> {
        if self.frozen {
            return Err(bad("these rows are only to be read; make others with cloudsync_rows_new"));
        }
        Ok(self)
    }

    fn last(&mut self) -> Answer<&mut RowForm> {
        Arc::make_mut(&mut self.changed()?.rows)
            .last_mut()
            .ok_or_else(|| bad("there is no row yet; call cloudsync_rows_add first"))
    }
}

/// Makes an empty list.
///
/// @param out Where the handle goes; the caller frees it with cloudsync_rows_free.
/// @return 0; 401 where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_new(out: *mut *mut CloudSyncRows) -> i32 {
    guard(|| {
        writable(out, "out")?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(Mutex::default(), out) }
    })
}

/// Frees a list, and all that was read from it. Not for the rows that a vendor's method is given.
///
/// @param rows The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none, or for rows that a vendor's method was given.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// What was read from the list is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_free(rows: *mut CloudSyncRows) -> i32 {
    guard(|| {
        if !rows.is_null() {
            get(rows, "rows")?.lock().changed()?;
        }
        end(rows, "rows").map(drop)
    })
}

/// Adds a row without fields. The setters below set the fields of the row that was added last.
///
/// @param rows      The list.
/// @param extension The row's id, times, version, lock and operation; copied. NULL for none of them: an answer that failed
///                  needs none.
/// @return 0; 401 for a bad handle, rows that a vendor's method was given, or an extension with a struct_size, a text or a
///         number that cannot be read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `extension` is NULL or points to as many bytes as its first field says, and its id to a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_add(
    rows: *mut CloudSyncRows,
    extension: *const CloudSyncExtensionValue,
) -> i32 {
    with(rows, "rows", |rows| {
        let mut row = RowForm::empty();
        if !extension.is_null() {
            // SAFETY: the caller's promise.
            let form = unsafe { read(extension, "extension") }?;
            if form.version < -1 || form.lock_id < 0 {
                return Err(bad("a version is -1 or greater, a lock's id 0 or greater"));
            }
            // SAFETY: a string by the caller's promise.
            row.id = Text::from_c(unsafe { text::read_filled(form.id, "id") }?);
            (row.create_time, row.modify_time) = (form.create_time, form.modify_time);
            (row.version, row.lock_id) = (form.version, form.lock_id);
            row.operation = flag(form.operation)?;
        }
        Arc::make_mut(&mut rows.lock().changed()?.rows).push(row);
        Ok(())
    })
}

/// # Safety
/// `name` is NULL or a NUL-terminated string.
unsafe fn set_field(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    value: impl FnOnce() -> Answer<CloudType>,
) -> i32 {
    with(rows, "rows", |rows| {
        // SAFETY: the caller's promise.
        let name = unsafe { text::read_filled(name, "name") }?;
        let value = value()?;
        rows.lock().last()?.fields.set(name, value);
        Ok(())
    })
}

/// Sets a field of the last row to no value.
///
/// @param rows The list.
/// @param name The field's name; copied.
/// @return 0; 401 for a bad handle, rows that a vendor's method was given, where there is no row yet, or for a name that is
///         NULL, empty or not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_null(rows: *mut CloudSyncRows, name: *const c_char) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { set_field(rows, name, || Ok(CloudType::Null)) }
}

/// Sets a field of the last row to a whole number.
///
/// @param rows   The list.
/// @param name   The field's name; copied.
/// @param number The number.
/// @return As cloudsync_rows_set_null.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_number(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    number: i64,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { set_field(rows, name, || Ok(CloudType::Int64(number))) }
}

/// Sets a field of the last row to a double.
///
/// @param rows The list.
/// @param name The field's name; copied.
/// @param real The double.
/// @return As cloudsync_rows_set_null.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_real(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    real: f64,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { set_field(rows, name, || Ok(CloudType::Double(real))) }
}

/// Sets a field of the last row to a text.
///
/// @param rows The list.
/// @param name The field's name; copied.
/// @param text The text; copied.
/// @return As cloudsync_rows_set_null; 401 where text is NULL or not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` and `text` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_text(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    text: *const c_char,
) -> i32 {
    // SAFETY: the caller's promise is the same, and `text` is a string.
    unsafe { set_field(rows, name, || Ok(CloudType::String(text::read(text, "text")?.to_owned()))) }
}

/// Sets a field of the last row to true or false.
///
/// @param rows  The list.
/// @param name  The field's name; copied.
/// @param truth 0 for false.
/// @return As cloudsync_rows_set_null.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_bool(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    truth: i32,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { set_field(rows, name, || Ok(CloudType::Bool(truth != 0))) }
}

/// Sets a field of the last row to bytes.
///
/// @param rows   The list.
/// @param name   The field's name; copied.
/// @param bytes  The bytes; copied. Not looked at where length is 0.
/// @param length Their number.
/// @return As cloudsync_rows_set_null; 401 where bytes is NULL and length is not 0.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string; `bytes` is NULL or may be read for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_blob(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    bytes: *const u8,
    length: usize,
) -> i32 {
    let value = || {
        if length == 0 {
            return Ok(CloudType::Bytes(Vec::new()));
        }
        if bytes.is_null() || length > isize::MAX as usize {
            return Err(null("bytes"));
        }
        // SAFETY: readable by the caller's promise.
        Ok(CloudType::Bytes(unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec()))
    };
    // SAFETY: the caller's promise is the same.
    unsafe { set_field(rows, name, value) }
}

/// Sets a field of the last row to one asset.
///
/// @param rows  The list.
/// @param name  The field's name; copied.
/// @param asset The asset; copied.
/// @return As cloudsync_rows_set_null; 401 for an asset that is NULL, or has a struct_size, a text or a number that cannot be
///         read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string; `asset` is NULL or points to as many bytes as its first field says, and its
/// texts are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_asset(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    asset: *const CloudSyncCloudAsset,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { set_field(rows, name, || Ok(CloudType::Asset(Box::new(read_asset(asset)?)))) }
}

/// Sets a field of the last row to several assets.
///
/// @param rows   The list.
/// @param name   The field's name; copied.
/// @param assets The assets; copied. Not looked at where count is 0.
/// @param count  Their number.
/// @return As cloudsync_rows_set_asset, for each.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`cloudsync_rows_set_asset`], for `count` pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_assets(
    rows: *mut CloudSyncRows,
    name: *const c_char,
    assets: *const *const CloudSyncCloudAsset,
    count: usize,
) -> i32 {
    let value = || {
        // SAFETY: the caller's promise.
        let assets = unsafe { pointers(assets, count, "assets") }?;
        // SAFETY: as above.
        let assets = assets.iter().map(|asset| unsafe { read_asset(*asset) }).collect::<Answer<_>>()?;
        Ok(CloudType::Assets(assets))
    };
    // SAFETY: the caller's promise is the same.
    unsafe { set_field(rows, name, value) }
}

/// Says that the last row failed: in what a vendor answers to an insert, an update or a delete. For VERSION_CONFLICT its
/// extension has the version that there is.
///
/// @param rows        The list.
/// @param error_code  A CLOUDSYNC_ERROR_CODE_... number; 0 for success, as it is without this call.
/// @param description What failed; copied. NULL for nothing.
/// @return 0; 401 for a bad handle, rows that a vendor's method was given, where there is no row yet, or for a description
///         that is not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `description` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_result(
    rows: *mut CloudSyncRows,
    error_code: i32,
    description: *const c_char,
) -> i32 {
    with(rows, "rows", |rows| {
        // SAFETY: a string by the caller's promise.
        let description = unsafe { text_or_empty(description, "description") }?;
        let mut rows = rows.lock();
        let row = rows.last()?;
        (row.code, row.description) = (error_code, Text::from_c(&description));
        Ok(())
    })
}

/// Says where the page after these rows begins: in what a vendor answers to a query.
///
/// @param rows        The list.
/// @param next_cursor The cursor, whatever the vendor makes of it; copied.
/// @param has_more    Not 0 where there are more rows now.
/// @return 0; 401 for a bad handle, rows that a vendor's method was given, or a cursor that is NULL or not UTF-8.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `next_cursor` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_set_page(
    rows: *mut CloudSyncRows,
    next_cursor: *const c_char,
    has_more: i32,
) -> i32 {
    with(rows, "rows", |rows| {
        // SAFETY: a string by the caller's promise.
        let cursor = Text::from_c(unsafe { text::read(next_cursor, "next_cursor") }?);
        let mut rows = rows.lock();
        let rows = rows.changed()?;
        (rows.next_cursor, rows.has_more) = (cursor, has_more != 0);
        Ok(())
    })
}

/// How many rows a list has.
///
/// @param rows The list.
/// @param out  Where the number goes.
/// @return 0; 401 for a bad handle or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_count(rows: *const CloudSyncRows, out: *mut usize) -> i32 {
    with(rows, "rows", |rows| {
        writable(out, "out")?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(rows.lock().rows.len()) };
        Ok(())
    })
}

/// Reads a field by its name.
///
/// @param rows  The list.
/// @param index Which row, from 0.
/// @param name  The field's name.
/// @param out   Where the value goes; its struct_size is set by the caller.
/// @return 0; 401 for a bad handle, a row that there is not, a name that is NULL or not UTF-8, or where out is NULL or its
///         struct_size cannot be read; 13900002 where the row has no such field.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string; `out` is NULL or points to as many bytes as its first field says, which may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_get(
    rows: *const CloudSyncRows,
    index: usize,
    name: *const c_char,
    out: *mut CloudSyncCloudValue,
) -> i32 {
    with(rows, "rows", |rows| {
        // SAFETY: the caller's promise.
        let name = unsafe { text::read(name, "name") }?;
        // SAFETY: as above.
        unsafe { check_out(out, "out") }?;
        let rows = rows.lock();
        let fields = &rows.row(index)?.fields;
        let value =
            fields.named(name).ok_or_else(|| no_field(format!("the row has no field named {name}")))?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(*value) };
        Ok(())
    })
}

/// Reads a field by its place, in the order of their names: to look at all of them, count up from 0 until there are no more.
///
/// @param rows  The list.
/// @param index Which row, from 0.
/// @param field Which field of it, from 0.
/// @param name  Where the field's name goes.
/// @param out   Where the value goes; its struct_size is set by the caller.
/// @return 0; 401 for a bad handle, a row that there is not, or where name or out is NULL or its struct_size cannot be read;
///         13900002 where the row has no more fields.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `name` is NULL or may be written; `out` as in [`cloudsync_rows_get`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_field(
    rows: *const CloudSyncRows,
    index: usize,
    field: usize,
    name: *mut *const c_char,
    out: *mut CloudSyncCloudValue,
) -> i32 {
    with(rows, "rows", |rows| {
        writable(name, "name")?;
        // SAFETY: the caller's promise.
        unsafe { check_out(out, "out") }?;
        let rows = rows.lock();
        let found = rows.row(index)?.fields.view().get(field);
        let (known, value) = found.ok_or_else(|| no_field("the row has no more fields"))?;
        // SAFETY: both may be written by the caller's promise.
        unsafe {
            name.write(*known);
            out.write(*value);
        }
        Ok(())
    })
}

/// Reads a row's id, times, version, lock and operation.
///
/// @param rows  The list.
/// @param index Which row, from 0.
/// @param out   Where they go; its struct_size is set by the caller.
/// @return 0; 401 for a bad handle, a row that there is not, or where out is NULL or its struct_size cannot be read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or points to as many bytes as its first field says, which may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_extension(
    rows: *const CloudSyncRows,
    index: usize,
    out: *mut CloudSyncExtensionValue,
) -> i32 {
    with(rows, "rows", |rows| {
        // SAFETY: the caller's promise.
        unsafe { check_out(out, "out") }?;
        let rows = rows.lock();
        let row = rows.row(index)?;
        let extension = CloudSyncExtensionValue {
            struct_size: size_of::<CloudSyncExtensionValue>(),
            id: row.id.as_ptr(),
            create_time: row.create_time,
            modify_time: row.modify_time,
            version: row.version,
            lock_id: row.lock_id,
            operation: row.operation as i32,
        };
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(extension) };
        Ok(())
    })
}

/// Reads what became of a row: the documented Result.
///
/// @param rows        The list.
/// @param index       Which row, from 0.
/// @param error_code  Where the CLOUDSYNC_ERROR_CODE_... number goes; 0 for success.
/// @param description Where what failed goes; empty for success. May be NULL.
/// @return 0; 401 for a bad handle, a row that there is not, or where error_code is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `error_code` and `description` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_result(
    rows: *const CloudSyncRows,
    index: usize,
    error_code: *mut i32,
    description: *mut *const c_char,
) -> i32 {
    with(rows, "rows", |rows| {
        writable(error_code, "error_code")?;
        let rows = rows.lock();
        let row = rows.row(index)?;
        // SAFETY: both may be written by the caller's promise.
        unsafe {
            error_code.write(row.code);
            if !description.is_null() {
                description.write(row.description.as_ptr());
            }
        }
        Ok(())
    })
}

/// Reads where the next page of a query begins.
///
/// @param rows        The page.
/// @param next_cursor Where the cursor goes.
/// @param has_more    Where 1 goes where there are more rows now, else 0.
/// @return 0; 401 for a bad handle, or where next_cursor or has_more is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `next_cursor` and `has_more` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_rows_page(
    rows: *const CloudSyncRows,
    next_cursor: *mut *const c_char,
    has_more: *mut i32,
) -> i32 {
    with(rows, "rows", |rows| {
        writable(next_cursor, "next_cursor")?;
        writable(has_more, "has_more")?;
        let rows = rows.lock();
        // SAFETY: both may be written by the caller's promise.
        unsafe {
            next_cursor.write(rows.next_cursor.as_ptr());
            has_more.write(rows.has_more.into());
        }
        Ok(())
    })
}

fn no_field(text: impl Into<String>) -> Failure {
    Failure::new(Code::NoSuchFile, text)
}
