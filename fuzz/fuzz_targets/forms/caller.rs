//! The caller: asks a cloud whatever can be asked, and looks at all that comes of it.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cloudsync::*;
use cloudsync_fuzz::place;

use crate::answers::{asset_at, database, participant, subscribe_id, with_rows};
use crate::memory::Memory;
use crate::read::{self, Holds};
use crate::vendor::{self, UPLOADED, free};
use crate::world::{World, destroy, expected};

/// All that a call of a cloud may answer: an error inside the library, 22400005, is not among them.
const CODES: [i32; 18] = [
    0, 401, 801, 13_600_001, 13_900_001, 13_900_002, 13_900_004, 13_900_005, 13_900_010, 13_900_012,
    13_900_014, 13_900_020, 13_900_025, 13_900_042, 22_400_001, 22_400_002, 22_400_003, 22_400_004,
];

/// Whether a call went well. One that did not has said why.
#[track_caller]
fn asked(code: i32) -> bool {
    if expected(code, &CODES) {
        return true;
    }
    // SAFETY: nothing is written into no room.
    assert!(unsafe { cloudsync_last_error(std::ptr::null_mut(), 0) } > 0, "{code} without a text");
    false
}

/// A caller with what it has connected to.
pub struct Caller {
    world: Arc<World>,
    service: *mut CloudSyncCloudServiceStub,
    dbs: Vec<*mut CloudSyncCloudDbStub>,
    loaders: Vec<*mut CloudSyncAssetLoaderStub>,
    centers: Vec<*mut CloudSyncShareServiceStub>,
}

impl Caller {
    pub fn new(world: &Arc<World>) -> Option<Self> {
        Some(Caller {
            world: Arc::clone(world),
            service: vendor::service(world)?,
            dbs: vendor::db(world).into_iter().collect(),
            loaders: vendor::loader(world).into_iter().collect(),
            centers: vendor::center(world).into_iter().collect(),
        })
    }

    /// Makes one call.
    pub fn call(&mut self) {
        match self.world.below(4) {
            0 => self.call_service(),
            1 => self.call_db(),
            2 => self.call_loader(),
            _ => self.call_center(),
        }
    }

    /// A call that gives a result.
    fn result(&self, holds: Holds, ask: impl FnOnce(*mut *mut CloudSyncResult) -> i32) -> Option<usize> {
        let mut result = std::ptr::null_mut();
        let out = if self.world.one_in(64) { std::ptr::null_mut() } else { &raw mut result };
        if asked(ask(out)) {
            return Some(read::result(result, holds));
        }
        assert!(result.is_null(), "a result of a call that failed");
        None
    }

    fn call_service(&mut self) {
        let world = &Arc::clone(&self.world);
        let memory = &mut Memory::new(world);
        let stub = world.handle(self.service);
        // SAFETY: what `memory` hands over is what the interface asks for; locals may be written; stubs may have any value.
        unsafe {
            match world.below(9) {
                0 => {
                    self.result(Holds::ServiceInfo, |out| cloud_service_get_service_info(stub, out));
                }
                1 => {
                    self.result(Holds::Apps, |out| cloud_service_get_app_brief_info(stub, out));
                }
                2 => {
                    let bundle = memory.text();
                    self.result(Holds::Schema, |out| cloud_service_get_app_schema(stub, bundle, out));
                }
                3 => self.subscribe(stub),
                4 => {
                    let (ids, count) = memory.list(subscribe_id);
                    asked(cloud_service_unsubscribe(stub, ids, count));
                }
                5 => {
                    let mut db = std::ptr::null_mut();
                    if asked(cloud_service_connect_db(stub, memory.text(), database(memory), &raw mut db)) {
                        self.dbs.push(db);
                    }
                }
                6 => {
                    let mut loader = std::ptr::null_mut();
                    let (bundle, database) = (memory.text(), database(memory));
                    if asked(cloud_service_connect_asset_loader(stub, bundle, database, &raw mut loader)) {
                        self.loaders.push(loader);
                    }
                }
                7 => {
                    self.result(Holds::CloudInfo, |out| cloudsync_cloud_info(stub, out));
                }
                _ => {
                    let mut center = std::ptr::null_mut();
                    let code = cloud_service_connect_share_center(stub, 1, memory.text(), &raw mut center);
                    if asked(code) {
                        self.centers.push(center);
                    }
                }
            }
        }
    }

    fn subscribe(&self, stub: *mut CloudSyncCloudServiceStub) {
        unsafe extern "C-unwind" fn told(bundle: *const c_char, _: *mut c_void) {
            // SAFETY: the library gives a text.
            unsafe { read::text(bundle) };
        }
        let world = &self.world;
        let memory = &mut Memory::new(world);
        let count = world.below(3);
        let names: Vec<*const c_char> = (0..count).map(|_| memory.text()).collect();
        let databases: Vec<*const CloudSyncDatabase> = (0..count).map(|_| database(memory)).collect();
        let (time, this) = (world.number() as u64, world.to_self());
        // What is handed over comes back, also where the call fails.
        world.handed.fetch_add(1, Ordering::SeqCst);
        self.result(Holds::Subscribe, |out| {
            let (names, databases) = (names.as_ptr(), databases.as_ptr());
            // SAFETY: both arrays have `count` pointers to what the interface asks for; the world lives until it is destroyed.
            unsafe {
                cloud_service_subscribe(
                    stub,
                    names,
                    databases,
                    count,
                    time,
                    Some(told),
                    this,
                    Some(destroy),
                    out,
                )
            }
        });
    }

    fn call_db(&mut self) {
        let world = &Arc::clone(&self.world);
        let Some(stub) = self.dbs.last().map(|stub| world.handle(*stub)) else { return };
        // SAFETY: as in `call_service`.
        unsafe {
            match world.below(8) {
                0 => {
                    let count = world.below(4);
                    let given = self.result(Holds::Ids, |out| cloud_db_generate_id(stub, count, out));
                    assert!(given.is_none_or(|given| given == count), "{given:?} ids for {count}");
                }
                1 => self.write(cloud_db_insert, stub),
                2 => self.write(cloud_db_update, stub),
                3 => self.write(cloud_db_delete, stub),
                4 => self.query(stub),
                5 => {
                    let mut lock = CloudSyncLockInfo { struct_size: 0, lock_id: 0, interval: 0 };
                    lock.struct_size = size_of_val(&lock);
                    if asked(cloud_db_lock(stub, &raw mut lock)) {
                        assert!(lock.lock_id > 0 && lock.interval > 0, "{lock:?}");
                        asked(cloud_db_heartbeat(stub, lock.lock_id, &raw mut lock));
                    }
                }
                6 => {
                    let mut held = 0;
                    let out = if world.one_in(2) { std::ptr::null_mut() } else { &raw mut held };
                    asked(cloud_db_unlock(stub, world.number(), out));
                    assert!((0..=1).contains(&held));
                }
                _ => {
                    let mut bits = u32::MAX;
                    if asked(cloudsync_cloud_db_capabilities(stub, &raw mut bits)) {
                        assert!(bits < 16, "{bits}");
                    }
                }
            }
        }
    }

    fn write(
        &self,
        write: unsafe extern "C" fn(
            *mut CloudSyncCloudDbStub,
            *const c_char,
            *const CloudSyncRows,
            *mut *mut CloudSyncRows,
        ) -> i32,
        stub: *mut CloudSyncCloudDbStub,
    ) {
        let memory = &mut Memory::new(&self.world);
        let table = memory.text();
        with_rows(memory, |rows| {
            let (mut written, mut count) = (std::ptr::null_mut(), 0);
            // SAFETY: a text and locals; handles may have any value.
            let code = unsafe { write(stub, table, rows, &raw mut written) };
            if asked(code) {
                // SAFETY: a local may be written.
                expected(unsafe { cloudsync_rows_count(rows, &raw mut count) }, &[0]);
                assert_eq!(read::rows(written), count, "other answers than rows");
                free(written, cloudsync_rows_free);
            }
            code
        });
    }

    fn query(&self, stub: *mut CloudSyncCloudDbStub) {
        let world = &self.world;
        let memory = &mut Memory::new(world);
        let mut page = std::ptr::null_mut();
        let (table, cursor) = (memory.text(), memory.text());
        let (fields, field_count) = memory.list(Memory::text);
        let count = if world.one_in(8) { world.number() as usize } else { 1 + world.below(4) };
        // SAFETY: as in `call_service`.
        let code = unsafe { cloud_db_query(stub, table, fields, field_count, count, cursor, &raw mut page) };
        if asked(code) {
            assert!(read::rows(page) <= count, "more rows than were asked for");
            free(page, cloudsync_rows_free);
        }
    }

    fn call_loader(&mut self) {
        let world = &Arc::clone(&self.world);
        let memory = &mut Memory::new(world);
        let Some(stub) = self.loaders.last().map(|stub| world.handle(*stub)) else { return };
        let (table, gid, uploads) = (memory.text(), memory.text(), world.below(2) == 0);
        let prefix = memory.given(b"");
        let (assets, count) = memory.list(|memory| {
            let path = file(memory, uploads);
            asset_at(memory, path)
        });
        // SAFETY: as in `call_service`.
        let answered = self.result(Holds::Assets, |out| unsafe {
            if uploads {
                asset_loader_upload(stub, table, gid, assets, count, out)
            } else {
                asset_loader_download(stub, table, gid, prefix, assets, count, out)
            }
        });
        assert!(answered.is_none_or(|answered| answered == count), "{answered:?} answers for {count} assets");
    }

    fn call_center(&mut self) {
        let world = &Arc::clone(&self.world);
        let memory = &mut Memory::new(world);
        let Some(stub) = self.centers.last().map(|stub| world.handle(*stub)) else { return };
        let (bundle, name, state) = (memory.text(), memory.text(), world.enumerated(5));
        // SAFETY: as in `call_service`.
        unsafe {
            match world.below(9) {
                0 => self.with_participants(share_center_share, stub),
                1 => self.with_participants(share_center_unshare, stub),
                2 => self.with_participants(share_center_change_privilege, stub),
                3 => {
                    asked(share_center_exit(stub, 1, bundle, name));
                }
                4 => {
                    let ask = |out| share_center_query_participants(stub, 1, bundle, name, out);
                    self.result(Holds::Participants, ask);
                }
                5 => {
                    let ask = |out| share_center_query_participants_by_invitation(stub, 1, bundle, name, out);
                    self.result(Holds::Participants, ask);
                }
                6 => {
                    let ask = |out| share_center_confirm_invitation(stub, 1, bundle, name, state, out);
                    self.result(Holds::Resource, ask);
                }
                7 => {
                    asked(share_center_change_confirmation(stub, 1, bundle, name, state));
                }
                _ => {
                    let (table, id) = (memory.text(), memory.text());
                    let ask = |out| share_center_alloc_resource(stub, 1, bundle, name, table, id, out);
                    self.result(Holds::Resource, ask);
                }
            }
        }
    }

    fn with_participants(
        &self,
        ask: unsafe extern "C" fn(
            *mut CloudSyncShareServiceStub,
            i32,
            *const c_char,
            *const c_char,
            *const *const CloudSyncParticipant,
            usize,
            *mut *mut CloudSyncResult,
        ) -> i32,
        stub: *mut CloudSyncShareServiceStub,
    ) {
        let memory = &mut Memory::new(&self.world);
        let (bundle, name) = (memory.text(), memory.text());
        let (list, count) = memory.list(participant);
        // SAFETY: as in `call_service`.
        let answered =
            self.result(Holds::Participants, |out| unsafe { ask(stub, 1, bundle, name, list, count, out) });
        assert!(answered.is_none_or(|answered| answered == count), "{answered:?} answers for {count}");
    }

    /// Frees everything.
    pub fn end(self) {
        free(self.service, cloud_service_stub_free);
        self.dbs.into_iter().for_each(|stub| free(stub, cloud_db_stub_free));
        self.loaders.into_iter().for_each(|stub| free(stub, asset_loader_stub_free));
        self.centers.into_iter().for_each(|stub| free(stub, share_service_stub_free));
    }
}

/// Where files go, and where there are none.
fn file(memory: &mut Memory<'_>, uploads: bool) -> *const c_char {
    let name = match memory.world.below(16) {
        15 => return std::ptr::null(),
        14 => "nowhere/file",
        13 => "",
        _ if uploads => "up",
        _ => "down",
    };
    if uploads && !place("up").exists() {
        std::fs::write(place("up"), UPLOADED).unwrap();
    }
    memory.given(place(name).as_os_str().as_encoded_bytes())
}
