//! The vendor: tables of functions, each of which answers by chance.

use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cloudsync::*;

use crate::answers::{Asked, Says, answer};
use crate::memory::Memory;
use crate::read;
use crate::world::{World, destroy, expected};

/// The bytes of the file that is uploaded.
pub const UPLOADED: &[u8] = b"what a person wrote";

/// How long a reply is waited for: some never come.
fn timeout_ms(world: &World) -> u64 {
    1 + world.below(3) as u64
}

/// A method, or none.
fn method<F>(world: &World, function: F) -> Option<F> {
    (!world.one_in(64)).then_some(function)
}

/// The world behind a vendor's `self`.
///
/// # Safety
/// `this` is from [`World::to_self`] and was not given back.
unsafe fn world_of(this: *mut c_void) -> Arc<World> {
    let world = this.cast_const().cast::<World>();
    // SAFETY: by the caller's promise; the vendor's own count stays as it is.
    unsafe {
        Arc::increment_strong_count(world);
        Arc::from_raw(world)
    }
}

/// An argument of a method, which must be as it is documented.
trait Argument: Copy {
    /// # Safety
    /// It was given to a method that has not returned.
    unsafe fn look(self) {}
}

impl Argument for i32 {}
impl Argument for i64 {}
impl Argument for usize {}

impl Argument for *const c_char {
    unsafe fn look(self) {
        // SAFETY: a text by the caller's promise.
        unsafe { read::text(self) };
    }
}

impl Argument for *const CloudSyncDatabase {
    unsafe fn look(self) {
        // SAFETY: a database by the caller's promise.
        unsafe { read::database(self) };
    }
}

/// A method that looks at its arguments and answers.
macro_rules! method {
    ($name:ident, $says:expr $(, $argument:ident: $type:ty)*) => {
        unsafe extern "C-unwind" fn $name(
            this: *mut c_void,
            $($argument: $type,)*
            reply: *mut CloudSyncReply,
        ) -> i32 {
            // SAFETY: the library gives what it was given, and arguments that live as long as this runs.
            let world = unsafe {
                $($argument.look();)*
                world_of(this)
            };
            answer(&world, reply, $says)
        }
    };
}

method!(get_service_info, Asked::one(Says::ServiceInfo));
method!(get_app_brief_info, Asked::one(Says::Apps));
method!(get_app_schema, Asked::one(Says::Schema), bundle: *const c_char);
method!(connect_db, Asked::one(Says::Db), bundle: *const c_char, database: *const CloudSyncDatabase);
method!(connect_asset_loader, Asked::one(Says::Loader), bundle: *const c_char, database: *const CloudSyncDatabase);
method!(connect_share_center, Asked::one(Says::Share), user: i32, bundle: *const c_char);
method!(generate_id, Asked::one(Says::Ids), count: usize);
method!(lock, Asked::one(Says::Lock));
method!(heartbeat, Asked::one(Says::Lock), lock_id: i64);
method!(unlock, Asked::one(Says::Unlocked), lock_id: i64);
method!(exit, Asked::one(Says::Done), user: i32, bundle: *const c_char, name: *const c_char);
method!(query_participants, Asked::one(Says::Participants), user: i32, bundle: *const c_char, name: *const c_char);
method!(confirm, Asked::one(Says::Resource), user: i32, bundle: *const c_char, name: *const c_char, state: i32);
method!(change, Asked::one(Says::Done), user: i32, bundle: *const c_char, name: *const c_char, state: i32);
method!(
    alloc_resource,
    Asked::one(Says::Resource),
    user: i32,
    bundle: *const c_char,
    database: *const c_char,
    table: *const c_char,
    id: *const c_char
);

unsafe extern "C-unwind" fn subscribe(
    this: *mut c_void,
    names: *const *const c_char,
    databases: *const *const CloudSyncDatabase,
    count: usize,
    _: u64,
    listener: *mut CloudSyncChangeListener,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as in `method!`; both arrays have `count` pointers.
    let world = unsafe {
        for at in 0..count {
            (*names.add(at)).look();
            (*databases.add(at)).look();
        }
        world_of(this)
    };
    if world.one_in(2) {
        let mut memory = Memory::new(&world);
        // SAFETY: a text.
        expected(unsafe { cloudsync_change_listener_tell(listener, memory.text()) }, &[0, 401]);
    }
    world.kept().listeners.push(listener.addr());
    answer(&world, reply, Asked::one(Says::Subscribe))
}

unsafe extern "C-unwind" fn unsubscribe(
    this: *mut c_void,
    ids: *const *const CloudSyncSubscribeId,
    count: usize,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as in `subscribe`.
    let world = unsafe {
        (0..count).for_each(|at| read::subscribe_id(*ids.add(at)));
        world_of(this)
    };
    answer(&world, reply, Asked::one(Says::Done))
}

unsafe extern "C-unwind" fn write(
    this: *mut c_void,
    table: *const c_char,
    rows: *const CloudSyncRows,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as in `method!`.
    let world = unsafe {
        table.look();
        world_of(this)
    };
    read::rows(rows);
    // SAFETY: any value is answered; the rows are only lent.
    expected(unsafe { cloudsync_rows_free(rows.cast_mut()) }, &[401]);
    // SAFETY: NULL is no extension.
    expected(unsafe { cloudsync_rows_add(rows.cast_mut(), std::ptr::null()) }, &[401]);
    answer(&world, reply, Asked { rows: rows.addr(), ..Asked::one(Says::Rows) })
}

unsafe extern "C-unwind" fn query(
    this: *mut c_void,
    table: *const c_char,
    fields: *const *const c_char,
    field_count: usize,
    _: usize,
    cursor: *const c_char,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as in `subscribe`.
    let world = unsafe {
        table.look();
        cursor.look();
        (0..field_count).for_each(|at| (*fields.add(at)).look());
        world_of(this)
    };
    answer(&world, reply, Asked::one(Says::Rows))
}

unsafe extern "C-unwind" fn upload(
    this: *mut c_void,
    table: *const c_char,
    transfers: *mut CloudSyncTransfers,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as in `method!`.
    let world = unsafe {
        table.look();
        world_of(this)
    };
    let count = read::transfers(transfers);
    for index in 0..count {
        while !world.one_in(8) {
            let (mut buffer, mut length) = ([0; 8], usize::MAX);
            let room = 8 - world.below(8);
            // SAFETY: the buffer has as much room as is said.
            let code = unsafe {
                cloudsync_transfers_read(transfers, index, buffer.as_mut_ptr(), room, &raw mut length)
            };
            if code != 0 || length == 0 {
                break;
            }
            assert!(length <= room);
        }
    }
    world.kept().transfers.push(transfers.addr());
    answer(&world, reply, Asked::items(Says::Item, count))
}

unsafe extern "C-unwind" fn download(
    this: *mut c_void,
    table: *const c_char,
    prefix: *const c_char,
    transfers: *mut CloudSyncTransfers,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as in `method!`.
    let world = unsafe {
        table.look();
        prefix.look();
        world_of(this)
    };
    let count = read::transfers(transfers);
    for index in 0..count {
        let mut offset = 0;
        for _ in 0..world.below(4) {
            let bytes = world.some(16);
            let at = if world.one_in(8) { world.number() as u64 } else { offset };
            // SAFETY: there are as many bytes as is said.
            let code =
                unsafe { cloudsync_transfers_write(transfers, index, at, bytes.as_ptr(), bytes.len()) };
            if code == 0 {
                offset = at + bytes.len() as u64;
            }
        }
    }
    world.kept().transfers.push(transfers.addr());
    answer(&world, reply, Asked::items(Says::Item, count))
}

unsafe extern "C-unwind" fn with_participants(
    this: *mut c_void,
    _: i32,
    bundle: *const c_char,
    name: *const c_char,
    participants: *const *const CloudSyncParticipant,
    count: usize,
    reply: *mut CloudSyncReply,
) -> i32 {
    // SAFETY: as in `subscribe`.
    let world = unsafe {
        bundle.look();
        name.look();
        (0..count).for_each(|at| read::participant(*participants.add(at)));
        world_of(this)
    };
    answer(&world, reply, Asked::items(Says::Participant, count))
}

/// Whether a table was taken over; `this` comes back where it was not.
fn taken_over(world: &World, this: *mut c_void, code: i32) -> bool {
    if expected(code, &[0, 401]) {
        world.handed.fetch_add(1, Ordering::SeqCst);
        return true;
    }
    // SAFETY: the library has not taken it.
    drop(unsafe { Arc::from_raw(this.cast_const().cast::<World>()) });
    false
}

pub fn service(world: &Arc<World>) -> Option<*mut CloudSyncCloudServiceStub> {
    let table = CloudSyncCloudServiceVTable {
        struct_size: 0,
        timeout_ms: timeout_ms(world),
        get_service_info: method(world, get_service_info),
        get_app_brief_info: method(world, get_app_brief_info),
        get_app_schema: method(world, get_app_schema),
        subscribe: method(world, subscribe),
        unsubscribe: method(world, unsubscribe),
        connect_db: method(world, connect_db),
        connect_asset_loader: method(world, connect_asset_loader),
        destroy: Some(destroy),
        connect_share_center: method(world, connect_share_center),
    };
    let mut memory = Memory::new(world);
    let older = offset_of!(CloudSyncCloudServiceVTable, connect_share_center);
    let (this, mut stub) = (world.to_self(), std::ptr::null_mut());
    // SAFETY: a table as the interface asks for it, with functions for its `self`; a local may be written.
    let code = unsafe { create_cloud_service_stub(memory.one_of_sizes(table, older), this, &raw mut stub) };
    taken_over(world, this, code).then_some(stub)
}

pub fn db(world: &Arc<World>) -> Option<*mut CloudSyncCloudDbStub> {
    let table = CloudSyncCloudDbVTable {
        struct_size: 0,
        capabilities: world.number() as u32,
        timeout_ms: timeout_ms(world),
        generate_id: method(world, generate_id),
        insert: method(world, write),
        update: method(world, write),
        delete: method(world, write),
        query: method(world, query),
        lock: method(world, lock),
        unlock: method(world, unlock),
        heartbeat: method(world, heartbeat),
        destroy: Some(destroy),
    };
    let mut memory = Memory::new(world);
    let (this, mut stub) = (world.to_self(), std::ptr::null_mut());
    // SAFETY: as in `service`.
    let code = unsafe { create_cloud_db_stub(memory.one(table), this, &raw mut stub) };
    taken_over(world, this, code).then_some(stub)
}

pub fn loader(world: &Arc<World>) -> Option<*mut CloudSyncAssetLoaderStub> {
    let table = CloudSyncAssetLoaderVTable {
        struct_size: 0,
        timeout_ms: timeout_ms(world),
        upload: method(world, upload),
        download: method(world, download),
        prove: None,
        destroy: Some(destroy),
    };
    let mut memory = Memory::new(world);
    let (this, mut stub) = (world.to_self(), std::ptr::null_mut());
    // SAFETY: as in `service`.
    let code = unsafe { create_asset_loader_stub(memory.one(table), this, &raw mut stub) };
    taken_over(world, this, code).then_some(stub)
}

pub fn center(world: &Arc<World>) -> Option<*mut CloudSyncShareServiceStub> {
    let table = CloudSyncShareCenterVTable {
        struct_size: 0,
        timeout_ms: timeout_ms(world),
        share: method(world, with_participants),
        unshare: method(world, with_participants),
        exit: method(world, exit),
        change_privilege: method(world, with_participants),
        query_participants: method(world, query_participants),
        query_participants_by_invitation: method(world, query_participants),
        confirm_invitation: method(world, confirm),
        change_confirmation: method(world, change),
        alloc_resource: method(world, alloc_resource),
        destroy: Some(destroy),
    };
    let mut memory = Memory::new(world);
    let (this, mut stub) = (world.to_self(), std::ptr::null_mut());
    // SAFETY: as in `service`.
    let code = unsafe { create_share_service_stub(memory.one(table), this, &raw mut stub) };
    taken_over(world, this, code).then_some(stub)
}

/// Frees a stub once, and tries it a second time.
pub fn free<T>(stub: *mut T, free: unsafe extern "C" fn(*mut T) -> i32) {
    // SAFETY: any value is answered.
    unsafe {
        expected(free(stub), &[0]);
        expected(free(stub), &[401]);
    }
}

/// Has a stub used that is freed at once, as a vendor may.
pub fn with_db(world: &Arc<World>, body: impl FnOnce(*mut CloudSyncCloudDbStub) -> i32) -> i32 {
    let Some(stub) = db(world) else { return body(std::ptr::null_mut()) };
    let code = body(world.handle(stub));
    free(stub, cloud_db_stub_free);
    code
}

/// The same.
pub fn with_loader(world: &Arc<World>, body: impl FnOnce(*mut CloudSyncAssetLoaderStub) -> i32) -> i32 {
    let Some(stub) = loader(world) else { return body(std::ptr::null_mut()) };
    let code = body(world.handle(stub));
    free(stub, asset_loader_stub_free);
    code
}

/// The same.
pub fn with_center(world: &Arc<World>, body: impl FnOnce(*mut CloudSyncShareServiceStub) -> i32) -> i32 {
    let Some(stub) = center(world) else { return body(std::ptr::null_mut()) };
    let code = body(world.handle(stub));
    free(stub, share_service_stub_free);
    code
}
