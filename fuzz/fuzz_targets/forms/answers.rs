//! How a method answers: rightly, wrongly, by the wrong kind, twice, later, on another thread, or not at all.

use std::ffi::c_char;
use std::sync::Arc;

use cloudsync::*;

use crate::memory::Memory;
use crate::read;
use crate::vendor;
use crate::world::{World, expected};

/// What a reply is told, by one of the functions of cloudsync_reply_....
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    ServiceInfo,
    Apps,
    Schema,
    Subscribe,
    Db,
    Loader,
    Share,
    Ids,
    Rows,
    Lock,
    Unlocked,
    Participants,
    Resource,
    Done,
    Item,
    Participant,
    Fail,
    Drop,
}

const ALL: [Says; 18] = {
    use Says::*;
    [
        ServiceInfo,
        Apps,
        Schema,
        Subscribe,
        Db,
        Loader,
        Share,
        Ids,
        Rows,
        Lock,
        Unlocked,
        Participants,
        Resource,
        Done,
        Item,
        Participant,
        Fail,
        Drop,
    ]
};

/// What a method was asked, as far as its answer must fit.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// What answers it.
    pub says: Says,
    /// What is said of each item before, and how many there are.
    pub each: Option<(Says, usize)>,
    /// The rows that were lent to it, as a value; 0 where there are none.
    pub rows: usize,
}

impl Asked {
    pub fn one(says: Says) -> Self {
        Asked { says, each: None, rows: 0 }
    }

    pub fn items(each: Says, count: usize) -> Self {
        Asked { says: Says::Done, each: Some((each, count)), rows: 0 }
    }
}

/// Answers a method; what it returns.
pub fn answer(world: &Arc<World>, reply: *mut CloudSyncReply, asked: Asked) -> i32 {
    if world.one_in(8) {
        let late = world.kept().replies.pop();
        if let Some((late, asked)) = late {
            speak(world, std::ptr::without_provenance_mut(late), asked);
        }
    }
    if world.one_in(32) {
        let (world, reply) = (Arc::clone(world), reply.addr());
        let others = Arc::clone(&world);
        let body = move || speak(&world, std::ptr::without_provenance_mut(reply), asked);
        others.kept().threads.push(std::thread::spawn(body));
        return 0;
    }
    speak(world, reply, asked);
    if world.one_in(16) { world.number() as i32 } else { 0 }
}

/// Says what there is to say to a reply. One that is not answered then is kept.
fn speak(world: &Arc<World>, reply: *mut CloudSyncReply, asked: Asked) {
    if let Some((each, count)) = asked.each {
        for index in 0..count {
            if !world.one_in(8) {
                say(world, reply, each, asked, index);
            }
        }
    }
    let times = match world.below(16) {
        15 => 0,
        14 => 3,
        12 | 13 => 2,
        _ => 1,
    };
    let mut answered = false;
    for _ in 0..times {
        let says = if world.one_in(16) { ALL[world.below(ALL.len())] } else { asked.says };
        let ends = !matches!(says, Says::Item | Says::Participant);
        let taken = say(world, reply, says, asked, world.below(3));
        assert!(!(answered && taken), "a reply was answered twice");
        answered |= ends && taken;
    }
    if !answered {
        world.kept().replies.push((reply.addr(), asked));
    }
}

/// Says one thing; whether it was taken.
fn say(world: &Arc<World>, reply: *mut CloudSyncReply, says: Says, asked: Asked, index: usize) -> bool {
    let reply = world.handle(reply);
    let memory = &mut Memory::new(world);
    // SAFETY: what `memory` hands over is what the interface asks for, and lives until the call returns; handles may have any
    // value.
    let code = unsafe {
        match says {
            Says::ServiceInfo => cloudsync_reply_service_info(reply, service_info(memory)),
            Says::Apps => {
                let (list, count) = memory.list(app);
                cloudsync_reply_app_brief_info(reply, list, count)
            }
            Says::Schema => cloudsync_reply_app_schema(reply, schema(memory)),
            Says::Subscribe => cloudsync_reply_subscribe_info(reply, subscribe_info(memory)),
            Says::Db => vendor::with_db(world, |stub| cloudsync_reply_cloud_db(reply, stub)),
            Says::Loader => vendor::with_loader(world, |stub| cloudsync_reply_asset_loader(reply, stub)),
            Says::Share => vendor::with_center(world, |stub| cloudsync_reply_share_center(reply, stub)),
            Says::Ids => {
                let (list, count) = memory.list(Memory::text);
                cloudsync_reply_ids(reply, list, count)
            }
            Says::Rows if world.one_in(16) => {
                cloudsync_reply_rows(reply, std::ptr::without_provenance(asked.rows))
            }
            Says::Rows => with_rows(memory, |rows| cloudsync_reply_rows(reply, rows)),
            Says::Lock => cloudsync_reply_lock_info(reply, lock_info(memory)),
            Says::Unlocked => cloudsync_reply_unlocked(reply, world.below(2) as i32),
            Says::Participants => {
                let (list, count) = memory.list(participant);
                cloudsync_reply_participants(reply, list, count)
            }
            Says::Resource => cloudsync_reply_sharing_resource(reply, memory.text()),
            Says::Done => cloudsync_reply_done(reply),
            Says::Item => {
                cloudsync_reply_item(reply, index, world.code(), description(memory), asset(memory))
            }
            Says::Participant => {
                let (code, text) = (world.code(), description(memory));
                cloudsync_reply_participant(reply, index, code, text, participant(memory))
            }
            Says::Fail => cloudsync_reply_fail(reply, world.code(), description(memory)),
            Says::Drop => cloudsync_reply_drop(reply),
        }
    };
    // NULL is nothing to drop.
    expected(code, &[0, 401]) && !reply.is_null()
}

fn description(memory: &mut Memory<'_>) -> *const c_char {
    if memory.world.one_in(2) { memory.text() } else { std::ptr::null() }
}

fn service_info(memory: &mut Memory<'_>) -> *const CloudSyncServiceInfo {
    let form = CloudSyncServiceInfo {
        struct_size: 0,
        id: memory.text(),
        remaining_space: memory.world.number() as u64,
        total_space: memory.world.number() as u64,
        user: memory.world.number() as i32,
        enable_cloud: memory.world.number() as u8,
    };
    memory.one(form)
}

fn app(memory: &mut Memory<'_>) -> *const CloudSyncAppBriefInfo {
    let form = CloudSyncAppBriefInfo {
        struct_size: 0,
        app_id: memory.text(),
        bundle_name: memory.text(),
        instance_id: memory.world.number() as i32,
        cloud_switch: memory.world.number() as u8,
    };
    memory.one(form)
}

fn field(memory: &mut Memory<'_>) -> *const CloudSyncField {
    let form = CloudSyncField {
        struct_size: 0,
        alias: memory.text(),
        col_name: memory.text(),
        r#type: memory.world.enumerated(8),
        primary: memory.world.number() as u8,
        nullable: memory.world.number() as u8,
    };
    memory.one(form)
}

fn table(memory: &mut Memory<'_>) -> *const CloudSyncTable {
    let (fields, field_count) = memory.list(field);
    let form =
        CloudSyncTable { struct_size: 0, alias: memory.text(), name: memory.text(), fields, field_count };
    memory.one(form)
}

/// A database, as vendors answer with and callers ask for.
pub fn database(memory: &mut Memory<'_>) -> *const CloudSyncDatabase {
    let (tables, table_count) = memory.list(table);
    let form =
        CloudSyncDatabase { struct_size: 0, name: memory.text(), alias: memory.text(), tables, table_count };
    memory.one(form)
}

fn schema(memory: &mut Memory<'_>) -> *const CloudSyncAppSchema {
    let (databases, database_count) = memory.list(database);
    let form = CloudSyncAppSchema {
        struct_size: 0,
        bundle_name: memory.text(),
        databases,
        database_count,
        version: memory.world.number() as i32,
    };
    memory.one(form)
}

/// A subscription, as vendors answer with and callers end.
pub fn subscribe_id(memory: &mut Memory<'_>) -> *const CloudSyncSubscribeId {
    let form = CloudSyncSubscribeId {
        struct_size: 0,
        bundle_name: memory.text(),
        database_alias: memory.text(),
        id: memory.text(),
    };
    memory.one(form)
}

fn subscribe_info(memory: &mut Memory<'_>) -> *const CloudSyncSubscribeInfo {
    let (ids, count) = memory.list(subscribe_id);
    let expiration_time = memory.world.number() as u64;
    memory.one(CloudSyncSubscribeInfo { struct_size: 0, expiration_time, ids, count })
}

fn lock_info(memory: &mut Memory<'_>) -> *const CloudSyncLockInfo {
    let form = CloudSyncLockInfo {
        struct_size: 0,
        lock_id: memory.world.number(),
        interval: memory.world.number() as u32,
    };
    memory.one(form)
}

/// An asset, as vendors answer with.
pub fn asset(memory: &mut Memory<'_>) -> *const CloudSyncCloudAsset {
    let path = memory.text();
    asset_at(memory, path)
}

/// An asset with a path.
pub fn asset_at(memory: &mut Memory<'_>, path: *const c_char) -> *const CloudSyncCloudAsset {
    let world = memory.world;
    let form = CloudSyncCloudAsset {
        struct_size: 0,
        asset_id: memory.text(),
        hash: memory.text(),
        name: memory.text(),
        uri: memory.text(),
        path,
        create_time: world.number(),
        modify_time: world.number(),
        // That of the file that is uploaded, or another.
        size: if world.one_in(4) { world.number() as u64 } else { vendor::UPLOADED.len() as u64 },
        status: world.enumerated(7),
    };
    memory.one(form)
}

/// A participant, as vendors answer with and callers ask for.
pub fn participant(memory: &mut Memory<'_>) -> *const CloudSyncParticipant {
    let may = memory.world.below(256);
    let bit = |at: u32| (may >> at & 1) as u8 * 3;
    let form = CloudSyncParticipant {
        struct_size: 0,
        identity: memory.text(),
        attach_info: memory.text(),
        invitation_code: memory.text(),
        role: 1i32.wrapping_sub(memory.world.enumerated(2)),
        state: memory.world.enumerated(5),
        privilege: CloudSyncPrivilege {
            writable: bit(0),
            readable: bit(1),
            creatable: bit(2),
            deletable: bit(3),
            shareable: bit(4),
        },
    };
    memory.one(form)
}

fn extension(memory: &mut Memory<'_>) -> *const CloudSyncExtensionValue {
    let world = memory.world;
    let form = CloudSyncExtensionValue {
        struct_size: 0,
        id: memory.text(),
        create_time: world.number(),
        modify_time: world.number(),
        version: world.number(),
        lock_id: world.number(),
        operation: world.enumerated(3),
    };
    memory.one(form)
}

/// Makes rows, has them used, and frees them.
pub fn with_rows(memory: &mut Memory<'_>, body: impl FnOnce(*mut CloudSyncRows) -> i32) -> i32 {
    let mut rows = std::ptr::null_mut();
    // SAFETY: a local may be written.
    expected(unsafe { cloudsync_rows_new(&raw mut rows) }, &[0]);
    for _ in 0..memory.world.below(4) {
        // SAFETY: an extension as the interface asks for it.
        expected(unsafe { cloudsync_rows_add(rows, extension(memory)) }, &[0, 401]);
        for _ in 0..memory.world.below(4) {
            set(memory, rows);
        }
        if memory.world.one_in(4) {
            // SAFETY: a text.
            let code = unsafe { cloudsync_rows_set_result(rows, memory.world.code(), description(memory)) };
            expected(code, &[0, 401]);
        }
    }
    if !memory.world.one_in(8) {
        // SAFETY: a text.
        let code = unsafe { cloudsync_rows_set_page(rows, memory.text(), i32::from(memory.world.one_in(3))) };
        expected(code, &[0, 401]);
    }
    read::rows(rows);
    let freed = memory.world.one_in(32);
    if freed {
        // SAFETY: nothing that was read from them is used any more.
        expected(unsafe { cloudsync_rows_free(rows) }, &[0]);
    }
    let code = body(memory.world.handle(rows));
    // SAFETY: as above.
    expected(unsafe { cloudsync_rows_free(rows) }, if freed { &[401] } else { &[0] });
    code
}

/// Sets a field of any kind.
fn set(memory: &mut Memory<'_>, rows: *mut CloudSyncRows) {
    let (world, name) = (memory.world, memory.text());
    // SAFETY: texts, bytes and assets as the interface asks for them.
    let code = unsafe {
        match world.below(8) {
            0 => cloudsync_rows_set_null(rows, name),
            1 => cloudsync_rows_set_number(rows, name, world.number()),
            2 => cloudsync_rows_set_real(rows, name, f64::from_bits(world.number() as u64)),
            3 => cloudsync_rows_set_text(rows, name, memory.text()),
            4 => cloudsync_rows_set_bool(rows, name, world.number() as i32),
            5 => {
                let (bytes, length) = memory.bytes();
                cloudsync_rows_set_blob(rows, name, bytes, length)
            }
            6 => cloudsync_rows_set_asset(rows, name, asset(memory)),
            _ => {
                let (list, count) = memory.list(asset);
                cloudsync_rows_set_assets(rows, name, list, count)
            }
        }
    };
    expected(code, &[0, 401]);
}
