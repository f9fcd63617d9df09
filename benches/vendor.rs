//! What a vendor's cloud in C costs: a call to a method that answers at once; and, beside the embedded cloud, the first sync of a
//! gallery, through functions in a table as a C program gives them, and without. The store behind both is the embedded cloud's,
//! called in the same way. The functions do with rows what a vendor in C does: they read each field of what is written, and set
//! each field of what is listed.
//!
//! `cargo bench --bench vendor [-- DIRECTORY [FILES]]`. Both syncs are measured in turns, and the median of the ratios is shown:
//! what else the machine does then strikes both alike. A time is from opening to closing, with a sync of the file system after it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]
#![allow(missing_docs, reason = "a program")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use cloudsync::*;
use cloudsync_cloud::{
    AssetLoader, AssetSource, AssetStatus, AssetUpload, CloudAsset, CloudDb, CloudService, CloudType,
    Database, EmbeddedCloud, EmbeddedOptions, ExtensionValue, Flag, Flow, LockInfo, Result, Row, RowWrite,
    TransferControl, WriteReceipt,
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

/// What the functions of the cloud's own table get as `self`; those of a database and of a store get what is behind them.
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

unsafe fn db<'a>(this: *mut c_void) -> &'a Arc<dyn CloudDb> {
    // SAFETY: as above.
    unsafe { &*this.cast() }
}

unsafe fn text(text: *const c_char) -> String {
    // SAFETY: a text, as documented.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

/// What is to be written, from C's form.
unsafe fn written(rows: *const CloudSyncRows) -> Vec<RowWrite> {
    let mut count = 0;
    // SAFETY: the rows are good, and what is read of them lives as long as they do.
    unsafe {
        ok(cloudsync_rows_count(rows, &raw mut count), "count");
        (0..count).map(|row| write_of(rows, row)).collect()
    }
}

unsafe fn write_of(rows: *const CloudSyncRows, row: usize) -> RowWrite {
    let (mut values, mut name) = (Row::new(), null());
    // SAFETY: as above; a number that is 0 means nothing, as does a pointer that is null.
    unsafe {
        let mut extension: CloudSyncExtensionValue = std::mem::zeroed();
        extension.struct_size = size_of::<CloudSyncExtensionValue>();
        ok(cloudsync_rows_extension(rows, row, &raw mut extension), "extension");
        let mut value: CloudSyncCloudValue = std::mem::zeroed();
        value.struct_size = size_of::<CloudSyncCloudValue>();
        for at in 0.. {
            if cloudsync_rows_field(rows, row, at, &raw mut name, &raw mut value) != 0 {
                break;
            }
            values.insert(CStr::from_ptr(name).to_str().unwrap().into(), value_of(&value));
        }
        RowWrite {
            id: text(extension.id),
            base_version: u64::try_from(extension.version).ok(),
            lock_id: (extension.lock_id != 0).then_some(extension.lock_id),
            values,
        }
    }
}

unsafe fn value_of(value: &CloudSyncCloudValue) -> CloudType {
    // SAFETY: as above.
    unsafe {
        match value.r#type {
            CLOUDSYNC_FIELD_TYPE_NULL => CloudType::Null,
            CLOUDSYNC_FIELD_TYPE_NUMBER => CloudType::Int64(value.number),
            CLOUDSYNC_FIELD_TYPE_TEXT => CloudType::String(text(value.text)),
            CLOUDSYNC_FIELD_TYPE_BLOB => {
                CloudType::Bytes(std::slice::from_raw_parts(value.bytes, value.length).to_vec())
            }
            CLOUDSYNC_FIELD_TYPE_ASSET => CloudType::Asset(Box::new(asset_of(&**value.assets))),
            other => panic!("the engine writes no field of type {other}"),
        }
    }
}

unsafe fn asset_of(form: &CloudSyncCloudAsset) -> CloudAsset {
    // SAFETY: as above.
    let [asset_id, hash, name, uri, path] =
        [form.asset_id, form.hash, form.name, form.uri, form.path].map(|part| unsafe { text(part) });
    let (create_time, modify_time, size) = (form.create_time, form.modify_time, form.size);
    CloudAsset {
        asset_id,
        hash,
        name,
        uri,
        path,
        create_time,
        modify_time,
        size,
        status: AssetStatus::Normal,
    }
}

/// Texts with a NUL behind each, as C has them from the start, in memory that is used again.
#[derive(Default)]
struct Texts(Vec<u8>);

impl Texts {
    /// They live until others are made.
    fn make<const N: usize>(&mut self, texts: [&str; N]) -> [*const c_char; N] {
        self.0.clear();
        let begins = texts.map(|text| {
            let begin = self.0.len();
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(0);
            begin
        });
        begins.map(|begin| self.0[begin..].as_ptr().cast())
    }
}

/// A new list, and what adds to it.
struct Made {
    rows: *mut CloudSyncRows,
    name: Texts,
    texts: Texts,
}

impl Made {
    fn new() -> Self {
        let mut rows = null_mut();
        // SAFETY: a local may be written.
        unsafe { ok(cloudsync_rows_new(&raw mut rows), "rows") };
        Made { rows, name: Texts::default(), texts: Texts::default() }
    }

    fn add(&mut self, id: &str, version: u64, [create_time, modify_time]: [i64; 2], operation: Flag) {
        let [id] = self.texts.make([id]);
        let extension = CloudSyncExtensionValue {
            struct_size: size_of::<CloudSyncExtensionValue>(),
            id,
            create_time,
            modify_time,
            version: version.try_into().unwrap(),
            lock_id: 0,
            operation: match operation {
                Flag::Insert => CLOUDSYNC_FLAG_INSERT,
                Flag::Update => CLOUDSYNC_FLAG_UPDATE,
                Flag::Delete => CLOUDSYNC_FLAG_DELETE,
            },
        };
        // SAFETY: the list is good, and the texts are there.
        unsafe { ok(cloudsync_rows_add(self.rows, &raw const extension), "row") };
    }

    fn set(&mut self, name: &str, value: &CloudType) {
        let [name] = self.name.make([name]);
        // SAFETY: as above.
        let code = unsafe {
            match value {
                CloudType::Null => cloudsync_rows_set_null(self.rows, name),
                CloudType::Int64(number) => cloudsync_rows_set_number(self.rows, name, *number),
                CloudType::String(text) => {
                    let [text] = self.texts.make([text]);
                    cloudsync_rows_set_text(self.rows, name, text)
                }
                CloudType::Bytes(bytes) => {
                    cloudsync_rows_set_blob(self.rows, name, bytes.as_ptr(), bytes.len())
                }
                CloudType::Asset(asset) => {
                    let form = self.asset(asset);
                    cloudsync_rows_set_asset(self.rows, name, &raw const form)
                }
                other => panic!("the engine writes no {other:?}"),
            }
        };
        ok(code, "field");
    }

    fn asset(&mut self, asset: &CloudAsset) -> CloudSyncCloudAsset {
        let [asset_id, hash, name, uri, path] =
            self.texts.make([&asset.asset_id, &asset.hash, &asset.name, &asset.uri, &asset.path]);
        CloudSyncCloudAsset {
            struct_size: size_of::<CloudSyncCloudAsset>(),
            asset_id,
            hash,
            name,
            uri,
            path,
            create_time: asset.create_time,
            modify_time: asset.modify_time,
            size: asset.size,
            status: asset.status as i32,
        }
    }

    unsafe fn answer(self, reply: *mut CloudSyncReply) -> i32 {
        // SAFETY: both handles are good.
        unsafe {
            ok(cloudsync_reply_rows(reply, self.rows), "rows");
            cloudsync_rows_free(self.rows)
        }
    }
}

unsafe fn answer_receipts(
    reply: *mut CloudSyncReply,
    receipts: Vec<Result<WriteReceipt>>,
    flag: Flag,
) -> i32 {
    let mut made = Made::new();
    for receipt in receipts {
        let receipt = receipt.unwrap();
        made.add(&receipt.id, receipt.version, [0, receipt.modify_time], flag);
    }
    // SAFETY: the reply is good.
    unsafe { made.answer(reply) }
}

macro_rules! write_by {
    ($name:ident, $flag:expr) => {
        unsafe extern "C-unwind" fn $name(
            this: *mut c_void,
            table: *const c_char,
            rows: *const CloudSyncRows,
            reply: *mut CloudSyncReply,
        ) -> i32 {
            // SAFETY: as documented: the arguments live until this returns.
            unsafe {
                let receipts = db(this).$name(&text(table), written(rows)).unwrap();
                answer_receipts(reply, receipts, $flag)
            }
        }
    };
}

write_by!(insert, Flag::Insert);
write_by!(update, Flag::Update);
write_by!(delete, Flag::Delete);

unsafe extern "C-unwind" fn query(
    this: *mut c_void,
    table: *const c_char,
    fields: *const *const c_char,
    n: usize,
    count: usize,
    cursor: *const c_char,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        let fields: Vec<String> = (0..n).map(|at| text(*fields.add(at))).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let page = db(this).query(&text(table), &fields, count, &text(cursor)).unwrap();
        let mut made = Made::new();
        for record in &page.values {
            let ExtensionValue { id, create_time, modify_time, operation } = &record.extension;
            made.add(id, record.version, [*create_time, *modify_time], *operation);
            record.values.iter().for_each(|(name, value)| made.set(name, value));
        }
        let [cursor] = made.texts.make([&page.next_cursor]);
        ok(cloudsync_rows_set_page(made.rows, cursor, i32::from(page.has_more)), "page");
        made.answer(reply)
    }
}

unsafe extern "C-unwind" fn generate_id(this: *mut c_void, count: usize, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: as above.
    unsafe {
        let ids = db(this).generate_id(count).unwrap();
        let ids: Vec<CString> = ids.into_iter().map(|id| CString::new(id).unwrap()).collect();
        let ids: Vec<*const c_char> = ids.iter().map(|id| id.as_ptr()).collect();
        cloudsync_reply_ids(reply, ids.as_ptr(), ids.len())
    }
}

unsafe fn answer_lock(reply: *mut CloudSyncReply, lock: Result<LockInfo>) -> i32 {
    let LockInfo { interval, lock_id } = lock.unwrap();
    let form = CloudSyncLockInfo { struct_size: size_of::<CloudSyncLockInfo>(), interval, lock_id };
    // SAFETY: the reply is good.
    unsafe { cloudsync_reply_lock_info(reply, &raw const form) }
}

unsafe extern "C-unwind" fn lock(this: *mut c_void, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: as above.
    unsafe { answer_lock(reply, db(this).lock()) }
}

unsafe extern "C-unwind" fn heartbeat(this: *mut c_void, lock_id: i64, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: as above.
    unsafe { answer_lock(reply, db(this).heartbeat(lock_id)) }
}

unsafe extern "C-unwind" fn unlock(this: *mut c_void, lock_id: i64, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: as above.
    unsafe {
        let held = db(this).unlock(lock_id).unwrap();
        cloudsync_reply_unlocked(reply, held.into())
    }
}

unsafe extern "C-unwind" fn service_info(this: *mut c_void, reply: *mut CloudSyncReply) -> i32 {
    let (mut result, mut info) = (null_mut(), null());
    // SAFETY: as above.
    unsafe {
        ok(cloud_service_get_service_info(cloud(this).stub, &raw mut result), "info");
        ok(cloudsync_result_service_info(result, &raw mut info), "info");
        ok(cloudsync_reply_service_info(reply, info), "info");
        cloudsync_result_free(result)
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

/// Which database it is, without what was described before.
unsafe fn named(database: *const CloudSyncDatabase) -> Database {
    // SAFETY: as above.
    unsafe { Database { name: text((*database).name), alias: text((*database).alias), tables: Vec::new() } }
}

unsafe extern "C-unwind" fn connect_db(
    this: *mut c_void,
    bundle_name: *const c_char,
    database: *const CloudSyncDatabase,
    reply: *mut CloudSyncReply,
) -> i32 {
    let (mut described, mut stub, mut capabilities) = (null_mut(), null_mut(), 0);
    // SAFETY: as above.
    unsafe {
        // This way, because it takes what is described as C has it.
        ok(
            cloud_service_connect_db(cloud(this).stub, bundle_name, database, &raw mut described),
            "description",
        );
        ok(cloudsync_cloud_db_capabilities(described, &raw mut capabilities), "capabilities");
        cloud_db_stub_free(described);
        let behind = cloud(this).embedded.connect_db(&text(bundle_name), &named(database)).unwrap();
        let behind: *mut Arc<dyn CloudDb> = Box::into_raw(Box::new(behind));
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
        let loader = cloud(this).embedded.connect_asset_loader(&text(bundle_name), &named(database)).unwrap();
        let loader: *mut Arc<dyn AssetLoader> = Box::into_raw(Box::new(loader));
        ok(create_asset_loader_stub(&raw const vtable, loader.cast(), &raw mut stub), "loader");
        ok(cloudsync_reply_asset_loader(reply, stub), "loader");
        asset_loader_stub_free(stub)
    }
}

unsafe extern "C-unwind" fn db_destroy(this: *mut c_void) {
    // SAFETY: it is from a box, and nobody uses it any more.
    drop(unsafe { Box::from_raw(this.cast::<Arc<dyn CloudDb>>()) });
}

unsafe extern "C-unwind" fn loader_destroy(this: *mut c_void) {
    // SAFETY: as above.
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

unsafe extern "C-unwind" fn at_once(_: *mut c_void, lock_id: i64, reply: *mut CloudSyncReply) -> i32 {
    // SAFETY: the reply is good.
    unsafe { answer_lock(reply, Ok(LockInfo { interval: 60, lock_id })) }
}

/// Nanoseconds that a call takes to a method that answers at once, and back.
fn a_call() -> f64 {
    const CALLS: u32 = 200_000;
    // SAFETY: a method that is missing is `None`, which is 0.
    let mut vtable: CloudSyncCloudDbVTable = unsafe { std::mem::zeroed() };
    vtable.struct_size = size_of::<CloudSyncCloudDbVTable>();
    vtable.heartbeat = Some(at_once);
    let (mut stub, mut info) = (null_mut(), CloudSyncLockInfo { struct_size: 0, interval: 0, lock_id: 0 });
    info.struct_size = size_of::<CloudSyncLockInfo>();
    // SAFETY: the table and what is written live as long as the calls.
    unsafe {
        ok(create_cloud_db_stub(&raw const vtable, null_mut(), &raw mut stub), "stub");
        let began = Instant::now();
        for _ in 0..CALLS {
            ok(cloud_db_heartbeat(stub, 1, &raw mut info), "call");
        }
        let took = began.elapsed();
        cloud_db_stub_free(stub);
        took.as_nanos() as f64 / f64::from(CALLS)
    }
}

fn main() {
    let calls = (0..ROUNDS).map(|_| a_call()).collect();
    println!(
        "a call through a stub and its table: {:.0} ns, median of {ROUNDS} (1,000 wanted)",
        median(calls)
    );
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
