//! What a vendor's cloud in C costs beside the embedded one: the first sync of a gallery, through functions in a table
//! as a C program gives them, and without; the store behind both is the embedded cloud's. The functions do with rows what a
//! vendor's own store would have them do: they look at each field of what is written, and make what is listed anew.
//!
//! `cargo bench --bench vendor [-- DIRECTORY [FILES]]`. Both are measured in turns, and the median of the ratios is shown:
//! what else the machine does then strikes both alike. A time is from opening to closing, with a sync of the file system after it.
#![allow(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "a program")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use cloudsync::*;
use cloudsync_cloud::{
    AssetLoader, AssetSource, AssetUpload, CloudAsset, CloudService, Database, EmbeddedCloud,
    EmbeddedOptions, Flow, TransferControl,
};

const ROUNDS: usize = 5;
const FILES: usize = 100_000;
const BYTES: usize = 4096;
const A_FOLDER: usize = 1000;

fn ok(code: i32, what: &str) {
    assert_eq!(code, 0, "{what}");
}

fn c(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

// --- The vendor: every call goes on to the embedded cloud ----------------------------------------------------

/// What the functions of the cloud's own table get as `self`; those of a database get the stub behind it, and those of a
/// store the store.
struct Cloud {
    stub: *mut CloudSyncCloudServiceStub,
    embedded: EmbeddedCloud,
}

unsafe fn cloud<'a>(this: *mut c_void) -> &'a Cloud {
    // SAFETY: the cloud's table has one as its `self`, until `cloud_destroy` takes it back.
    unsafe { &*this.cast() }
}

unsafe fn loader<'a>(this: *mut c_void) -> &'a Arc<dyn AssetLoader> {
    // SAFETY: as above.
    unsafe { &*this.cast() }
}

/// Answers with what a call gave.
macro_rules! pass_on {
    ($name:ident($($argument:ident: $type:ty),*) => |$this:ident, $out:ident: $made:ty| $call:expr, $answer:expr) => {
        unsafe extern "C-unwind" fn $name(
            this: *mut c_void,
            $($argument: $type,)*
            reply: *mut CloudSyncReply,
        ) -> i32 {
            // SAFETY: as documented: the arguments live until this returns.
            unsafe {
                let $this = this;
                let mut made: $made = null_mut();
                let $out = &raw mut made;
                if $call != 0 {
                    return cloudsync_last_error_code();
                }
                let answer: unsafe fn(*mut CloudSyncReply, $made) = $answer;
                answer(reply, made);
            }
            0
        }
    };
}

unsafe fn answer_rows(reply: *mut CloudSyncReply, rows: *mut CloudSyncRows) {
    // SAFETY: both handles are good.
    unsafe {
        ok(cloudsync_reply_rows(reply, rows), "rows");
        cloudsync_rows_free(rows);
    }
}

/// Looks at each field of each row, as a vendor does who stores them.
unsafe fn read_all(rows: *const CloudSyncRows, mut field: impl FnMut(*const c_char, &CloudSyncCloudValue)) {
    let mut count = 0;
    // SAFETY: the rows are good, and what is read of them lives as long as they do.
    unsafe {
        ok(cloudsync_rows_count(rows, &raw mut count), "count");
        for row in 0..count {
            read_row(rows, row, &mut field);
        }
    }
}

unsafe fn read_row(
    rows: *const CloudSyncRows,
    row: usize,
    mut field: impl FnMut(*const c_char, &CloudSyncCloudValue),
) {
    // SAFETY: a number that is 0 means nothing, as does a pointer that is null.
    let mut value: CloudSyncCloudValue = unsafe { std::mem::zeroed() };
    value.struct_size = size_of::<CloudSyncCloudValue>();
    let mut name = null();
    // SAFETY: as above.
    unsafe {
        for at in 0.. {
            if cloudsync_rows_field(rows, row, at, &raw mut name, &raw mut value) != 0 {
                return;
            }
            field(name, &value);
        }
    }
}

/// A list of the vendor's own with what another holds, as a vendor makes one of what it has stored.
unsafe fn made_anew(rows: *const CloudSyncRows) -> *mut CloudSyncRows {
    let (mut own, mut count, mut cursor, mut more) = (null_mut(), 0, null(), 0);
    // SAFETY: both lists are good, and what is read of one lives as long as it does.
    unsafe {
        ok(cloudsync_rows_new(&raw mut own), "rows");
        ok(cloudsync_rows_count(rows, &raw mut count), "count");
        for row in 0..count {
            let mut extension: CloudSyncExtensionValue = std::mem::zeroed();
            extension.struct_size = size_of::<CloudSyncExtensionValue>();
            ok(cloudsync_rows_extension(rows, row, &raw mut extension), "extension");
            ok(cloudsync_rows_add(own, &raw const extension), "row");
            read_row(rows, row, |name, value| ok(set(own, name, value), "field"));
        }
        ok(cloudsync_rows_page(rows, &raw mut cursor, &raw mut more), "page");
        ok(cloudsync_rows_set_page(own, cursor, more), "page");
    }
    own
}

unsafe fn set(rows: *mut CloudSyncRows, name: *const c_char, value: &CloudSyncCloudValue) -> i32 {
    // SAFETY: the list is good, and so is what is read of another.
    unsafe {
        match value.r#type {
            CLOUDSYNC_FIELD_TYPE_NUMBER => cloudsync_rows_set_number(rows, name, value.number),
            CLOUDSYNC_FIELD_TYPE_REAL => cloudsync_rows_set_real(rows, name, value.real),
            CLOUDSYNC_FIELD_TYPE_TEXT => cloudsync_rows_set_text(rows, name, value.text),
            CLOUDSYNC_FIELD_TYPE_BOOL => cloudsync_rows_set_bool(rows, name, i32::from(value.number != 0)),
            CLOUDSYNC_FIELD_TYPE_BLOB => cloudsync_rows_set_blob(rows, name, value.bytes, value.length),
            CLOUDSYNC_FIELD_TYPE_ASSET => cloudsync_rows_set_asset(rows, name, *value.assets),
            CLOUDSYNC_FIELD_TYPE_ASSETS => {
                cloudsync_rows_set_assets(rows, name, value.assets, value.asset_count)
            }
            _ => cloudsync_rows_set_null(rows, name),
        }
    }
}

unsafe fn answer_page(reply: *mut CloudSyncReply, page: *mut CloudSyncRows) {
    // SAFETY: both handles are good.
    unsafe {
        let own = made_anew(page);
        cloudsync_rows_free(page);
        answer_rows(reply, own);
    }
}

unsafe fn answer_ids(reply: *mut CloudSyncReply, result: *mut CloudSyncResult) {
    let (mut ids, mut count) = (null(), 0);
    // SAFETY: as above.
    unsafe {
        ok(cloudsync_result_ids(result, &raw mut ids, &raw mut count), "ids");
        ok(cloudsync_reply_ids(reply, ids, count), "ids");
        cloudsync_result_free(result);
    }
}

unsafe fn answer_info(reply: *mut CloudSyncReply, result: *mut CloudSyncResult) {
    let mut info = null();
    // SAFETY: as above.
    unsafe {
        ok(cloudsync_result_service_info(result, &raw mut info), "info");
        ok(cloudsync_reply_service_info(reply, info), "info");
        cloudsync_result_free(result);
    }
}

pass_on!(service_info() => |this, out: *mut CloudSyncResult|
    cloud_service_get_service_info(cloud(this).stub, out), answer_info);
pass_on!(generate_id(count: usize) => |this, out: *mut CloudSyncResult|
    cloud_db_generate_id(this.cast(), count, out), answer_ids);
pass_on!(insert(table: *const c_char, rows: *const CloudSyncRows) => |this, out: *mut CloudSyncRows| {
    read_all(rows, |name, value| {
        black_box((name, value));
    });
    cloud_db_insert(this.cast(), table, rows, out)
}, answer_rows);
pass_on!(update(table: *const c_char, rows: *const CloudSyncRows) => |this, out: *mut CloudSyncRows|
    cloud_db_update(this.cast(), table, rows, out), answer_rows);
pass_on!(delete(table: *const c_char, rows: *const CloudSyncRows) => |this, out: *mut CloudSyncRows|
    cloud_db_delete(this.cast(), table, rows, out), answer_rows);
pass_on!(query(table: *const c_char, fields: *const *const c_char, n: usize, count: usize, cursor: *const c_char)
    => |this, out: *mut CloudSyncRows| cloud_db_query(this.cast(), table, fields, n, count, cursor, out), answer_page);

unsafe fn answer_lock(reply: *mut CloudSyncReply, ask: impl FnOnce(*mut CloudSyncLockInfo) -> i32) -> i32 {
    let mut info = CloudSyncLockInfo { struct_size: size_of::<CloudSyncLockInfo>(), interval: 0, lock_id: 0 };
    if ask(&raw mut info) != 0 {
        return cloudsync_last_error_code();
    }
    // SAFETY: the reply is good.
    unsafe { cloudsync_reply_lock_info(reply, &raw const info) }
}

unsafe extern "C-unwind" fn lock(this: *mut c_void, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: as in `pass_on`.
    unsafe { answer_lock(reply, |info| cloud_db_lock(this.cast(), info)) }
}

unsafe extern "C-unwind" fn heartbeat(this: *mut c_void, lock_id: i64, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: as in `pass_on`.
    unsafe { answer_lock(reply, |info| cloud_db_heartbeat(this.cast(), lock_id, info)) }
}

unsafe extern "C-unwind" fn unlock(this: *mut c_void, lock_id: i64, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: as in `pass_on`.
    unsafe {
        cloud_db_unlock(this.cast(), lock_id);
        cloudsync_reply_done(reply)
    }
}

/// An asset's bytes, as a vendor reads them: one after another, into a buffer of its own.
struct Lent {
    transfers: *mut CloudSyncTransfers,
    index: usize,
    size: u64,
}

// SAFETY: a handle may be used from any thread.
unsafe impl Send for Lent {}

impl AssetSource for Lent {
    fn read_at(&mut self, buffer: &mut [u8], _: u64) -> io::Result<usize> {
        let mut read = 0;
        // SAFETY: the buffer is as long as it says.
        let code = unsafe {
            cloudsync_transfers_read(
                self.transfers,
                self.index,
                buffer.as_mut_ptr(),
                buffer.len(),
                &raw mut read,
            )
        };
        if code == 0 { Ok(read) } else { Err(io::Error::other("the device gives no more")) }
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

struct GoOn;

impl TransferControl for GoOn {
    fn advanced(&self, _: usize, _: u64) -> Flow {
        Flow::Continue
    }
}

unsafe fn text(text: *const c_char) -> String {
    // SAFETY: a text, as documented.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

unsafe fn upload_of(
    transfers: *mut CloudSyncTransfers,
    index: usize,
) -> (AssetUpload<'static>, CloudSyncCloudAsset) {
    let mut transfer = null();
    // SAFETY: the transfers live until the reply is answered, and what is read of them too.
    unsafe {
        ok(cloudsync_transfers_get(transfers, index, &raw mut transfer), "transfer");
        let (transfer, form) = (*transfer, *(*transfer).asset);
        let asset = CloudAsset {
            name: text(form.name),
            create_time: form.create_time,
            modify_time: form.modify_time,
            size: form.size,
            ..CloudAsset::default()
        };
        let upload = AssetUpload {
            gid: text(transfer.gid),
            asset,
            transfer_id: text(transfer.transfer_id),
            digest: transfer.digest.cast::<[u8; 32]>().as_ref().copied(),
            source: Box::new(Lent { transfers, index, size: transfer.size }),
        };
        (upload, form)
    }
}

unsafe extern "C-unwind" fn upload(
    this: *mut c_void,
    table: *const c_char,
    transfers: *mut CloudSyncTransfers,
    reply: *mut CloudSyncReply,
) -> i32 {
    let mut count = 0;
    // SAFETY: as in `pass_on`.
    unsafe {
        ok(cloudsync_transfers_count(transfers, &raw mut count), "count");
        let (items, forms): (Vec<_>, Vec<_>) = (0..count).map(|index| upload_of(transfers, index)).unzip();
        for (index, result) in loader(this).upload(&text(table), items, &GoOn).into_iter().enumerate() {
            let asset = result.unwrap();
            let [id, hash] = [asset.asset_id, asset.hash].map(|text| CString::new(text).unwrap());
            let form = CloudSyncCloudAsset { asset_id: id.as_ptr(), hash: hash.as_ptr(), ..forms[index] };
            ok(cloudsync_reply_item(reply, index, 0, null(), &raw const form), "item");
        }
        cloudsync_reply_done(reply)
    }
}

unsafe extern "C-unwind" fn connect_db(
    this: *mut c_void,
    bundle_name: *const c_char,
    database: *const CloudSyncDatabase,
    reply: *mut CloudSyncReply,
) -> i32 {
    let (mut behind, mut stub, mut capabilities) = (null_mut(), null_mut(), 0);
    // SAFETY: as in `pass_on`.
    unsafe {
        if cloud_service_connect_db(cloud(this).stub, bundle_name, database, &raw mut behind) != 0 {
            return cloudsync_last_error_code();
        }
        ok(cloudsync_cloud_db_capabilities(behind, &raw mut capabilities), "capabilities");
        let vtable = CloudSyncCloudDbVTable {
            struct_size: size_of::<CloudSyncCloudDbVTable>(),
            capabilities,
            timeout_ms: 0,
            generate_id: Some(generate_id),
            insert: Some(insert),
            update: Some(update),
            delete: Some(delete),
            query: Some(query),
            lock: Some(lock),
            unlock: Some(unlock),
            heartbeat: Some(heartbeat),
            destroy: Some(db_destroy),
        };
        ok(create_cloud_db_stub(&raw const vtable, behind.cast(), &raw mut stub), "database");
        ok(cloudsync_reply_cloud_db(reply, stub), "database");
        cloud_db_stub_free(stub)
    }
}

unsafe extern "C-unwind" fn connect_asset_loader(
    this: *mut c_void,
    bundle_name: *const c_char,
    database: *const CloudSyncDatabase,
    reply: *mut CloudSyncReply,
) -> i32 {
    let vtable = CloudSyncAssetLoaderVTable {
        struct_size: size_of::<CloudSyncAssetLoaderVTable>(),
        timeout_ms: 0,
        upload: Some(upload),
        download: None,
        prove: None,
        destroy: Some(loader_destroy),
    };
    let mut stub = null_mut();
    // SAFETY: as in `pass_on`.
    unsafe {
        let database =
            Database { name: text((*database).name), alias: text((*database).alias), tables: Vec::new() };
        let loader = cloud(this).embedded.connect_asset_loader(&text(bundle_name), &database).unwrap();
        let loader: *mut Arc<dyn AssetLoader> = Box::into_raw(Box::new(loader));
        ok(create_asset_loader_stub(&raw const vtable, loader.cast(), &raw mut stub), "loader");
        ok(cloudsync_reply_asset_loader(reply, stub), "loader");
        asset_loader_stub_free(stub)
    }
}

unsafe extern "C-unwind" fn db_destroy(this: *mut c_void) {
    // SAFETY: the stub was made for this table.
    unsafe { cloud_db_stub_free(this.cast()) };
}

unsafe extern "C-unwind" fn loader_destroy(this: *mut c_void) {
    // SAFETY: it is from a box, and nobody uses it any more.
    drop(unsafe { Box::from_raw(this.cast::<Arc<dyn AssetLoader>>()) });
}

unsafe extern "C-unwind" fn cloud_destroy(this: *mut c_void) {
    // SAFETY: as above.
    let cloud = unsafe { Box::from_raw(this.cast::<Cloud>()) };
    // SAFETY: nobody else has this stub.
    unsafe { cloud_service_stub_free(cloud.stub) };
}

fn embedded(dir: &Path) -> *mut CloudSyncCloudServiceStub {
    let mut stub = null_mut();
    // SAFETY: both texts live as long as the call.
    unsafe { ok(cloudsync_embedded_cloud_new(c(dir).as_ptr(), c"bench".as_ptr(), &raw mut stub), "cloud") };
    stub
}

fn vendor(dir: &Path) -> *mut CloudSyncCloudServiceStub {
    let embedded_cloud = EmbeddedCloud::open(dir, EmbeddedOptions::new("bench")).unwrap();
    let this = Box::into_raw(Box::new(Cloud { stub: embedded(dir), embedded: embedded_cloud }));
    let vtable = CloudSyncCloudServiceVTable {
        struct_size: size_of::<CloudSyncCloudServiceVTable>(),
        timeout_ms: 0,
        get_service_info: Some(service_info),
        get_app_brief_info: None,
        get_app_schema: None,
        subscribe: None,
        unsubscribe: None,
        connect_db: Some(connect_db),
        connect_asset_loader: Some(connect_asset_loader),
        destroy: Some(cloud_destroy),
        connect_share_center: None,
    };
    let mut stub = null_mut();
    // SAFETY: the table's functions keep the rules of vendors' methods.
    unsafe { ok(create_cloud_service_stub(&raw const vtable, this.cast(), &raw mut stub), "vendor") };
    stub
}

// --- The device ----------------------------------------------------------------------------------------------

unsafe extern "C-unwind" fn on_progress(event: *const CloudSyncSyncProgress, user_data: *mut c_void) {
    // SAFETY: the event lives as long as the call, and the channel as long as the sync.
    let (event, ended) = unsafe { (*event, &*user_data.cast::<Sender<CloudSyncSyncProgress>>()) };
    if ![CLOUDSYNC_SYNC_STATE_UPLOADING, CLOUDSYNC_SYNC_STATE_DOWNLOADING].contains(&event.state) {
        ended.send(event).unwrap();
    }
}

/// From opening a new device to its end, with its whole gallery in the cloud.
fn first_sync(
    dir: &Path,
    gallery: &Path,
    files: usize,
    connect: fn(&Path) -> *mut CloudSyncCloudServiceStub,
) -> Duration {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).unwrap();
    let settled = File::open(dir).unwrap();
    rustix::fs::syncfs(&settled).unwrap();
    let (sender, ended) = channel::<CloudSyncSyncProgress>();
    let began = Instant::now();
    // SAFETY: every pointer lives until the context is closed.
    let last = unsafe {
        let cloud = connect(&dir.join("cloud"));
        let (mut options, mut context, mut sync) = (null_mut(), null_mut(), null_mut());
        ok(cloudsync_options_new(&raw mut options), "options");
        ok(cloudsync_options_set_gallery_dir(options, c(gallery).as_ptr()), "gallery");
        ok(cloudsync_options_set_state_dir(options, c(&dir.join("state")).as_ptr()), "state");
        ok(cloudsync_options_set_cloud(options, cloud), "cloud");
        ok(cloudsync_open(options, &raw mut context), "open");
        cloudsync_options_free(options);
        cloud_service_stub_free(cloud);
        ok(gallery_sync_new(context, &raw mut sync), "sync");
        ok(
            gallery_sync_register_progress_cb(
                sync,
                Some(on_progress),
                (&raw const sender).cast_mut().cast(),
                None,
            ),
            "register",
        );
        ok(gallery_sync_start(sync), "start");
        let last = ended.recv().unwrap();
        ok(gallery_sync_free(sync), "free");
        ok(cloudsync_close(context), "close");
        last
    };
    rustix::fs::syncfs(&settled).unwrap();
    let took = began.elapsed();
    assert_eq!((last.state, last.error), (CLOUDSYNC_SYNC_STATE_COMPLETED, 0));
    assert_eq!((last.files_done, last.bytes_done), (files as u64, (files * BYTES) as u64));
    took
}

fn make_gallery(gallery: &Path, files: usize) {
    let mut bytes = vec![0; BYTES];
    for number in 0..files {
        let folder = gallery.join(format!("{:03}", number / A_FOLDER));
        if number % A_FOLDER == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        fs::write(folder.join(format!("IMG_{number:06}.jpg")), &bytes).unwrap();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let dir = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from).join("cloudsync-bench-vendor");
    let files = arguments.next().map_or(FILES, |files| files.parse().unwrap());
    let _ = fs::remove_dir_all(&dir);
    make_gallery(&dir.join("gallery"), files);
    let (mut direct, mut through) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let measure = |times: &mut Vec<f64>, connect| {
            let took = first_sync(&dir.join("device"), &dir.join("gallery"), files, connect);
            times.push(took.as_secs_f64());
        };
        // Each goes first in every other round.
        if round % 2 == 0 {
            measure(&mut direct, embedded);
            measure(&mut through, vendor);
        } else {
            measure(&mut through, vendor);
            measure(&mut direct, embedded);
        }
    }
    let ratio = median(through.iter().zip(&direct).map(|(through, direct)| through / direct).collect());
    println!("first sync of {files} files of {BYTES} bytes, medians of {ROUNDS}:");
    println!("  the embedded cloud          {:.2} s", median(direct));
    println!("  through a vendor's tables   {:.2} s, {ratio:.3} x (1.15 x wanted)", median(through));
    fs::remove_dir_all(&dir).unwrap();
}
