//! Reads back all that the library gives, and fails where any of it is not as documented.

use std::ffi::{CStr, c_char};

use cloudsync::*;

use crate::world::expected;

/// # Safety
/// `text` is what the library gave as a text.
pub unsafe fn text<'a>(text: *const c_char) -> &'a str {
    assert!(!text.is_null(), "a text that is NULL");
    // SAFETY: by the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap()
}

/// # Safety
/// They are what the library gave as texts.
unsafe fn texts<const N: usize>(all: [*const c_char; N]) {
    // SAFETY: by the caller's promise.
    unsafe { all.into_iter().for_each(|one| _ = text(one)) };
}

/// # Safety
/// `asset` is what the library gave as an asset.
pub unsafe fn asset(asset: *const CloudSyncCloudAsset) {
    // SAFETY: by the caller's promise.
    unsafe {
        let asset = &*asset;
        assert_eq!(asset.struct_size, size_of::<CloudSyncCloudAsset>());
        texts([asset.asset_id, asset.hash, asset.name, asset.uri, asset.path]);
        assert!((0..7).contains(&asset.status));
    }
}

/// # Safety
/// `info` is what the library gave as an account.
unsafe fn service_info(info: *const CloudSyncServiceInfo) {
    // SAFETY: by the caller's promise.
    unsafe {
        text((*info).id);
        assert!((*info).enable_cloud <= 1);
        assert!((*info).remaining_space <= (*info).total_space);
    }
}

/// # Safety
/// `app` is what the library gave as an application's switch.
unsafe fn app(app: *const CloudSyncAppBriefInfo) {
    // SAFETY: by the caller's promise.
    unsafe { texts([(*app).app_id, (*app).bundle_name]) };
}

/// # Safety
/// `participant` is what the library gave as one.
pub unsafe fn participant(participant: *const CloudSyncParticipant) {
    // SAFETY: by the caller's promise.
    unsafe {
        let one = &*participant;
        assert_eq!(one.struct_size, size_of::<CloudSyncParticipant>());
        texts([one.identity, one.attach_info, one.invitation_code]);
        assert!((0..2).contains(&one.role) && (0..5).contains(&one.state));
        assert!(one.privilege.writable <= 1 && one.privilege.shareable <= 1);
    }
}

/// # Safety
/// `id` is what the library gave as a subscription's.
pub unsafe fn subscribe_id(id: *const CloudSyncSubscribeId) {
    // SAFETY: by the caller's promise.
    unsafe {
        assert_eq!((*id).struct_size, size_of::<CloudSyncSubscribeId>());
        texts([(*id).bundle_name, (*id).database_alias, (*id).id]);
    }
}

/// # Safety
/// `database` is what the library gave as one.
pub unsafe fn database(database: *const CloudSyncDatabase) {
    // SAFETY: by the caller's promise, for all that it points at.
    unsafe {
        let database = &*database;
        assert_eq!(database.struct_size, size_of::<CloudSyncDatabase>());
        texts([database.name, database.alias]);
        for at in 0..database.table_count {
            let table = &**database.tables.add(at);
            texts([table.name, table.alias]);
            for at in 0..table.field_count {
                let field = &**table.fields.add(at);
                texts([field.alias, field.col_name]);
                assert!((0..8).contains(&field.r#type));
            }
        }
    }
}

/// Reads transfers; how many there are.
pub fn transfers(transfers: *const CloudSyncTransfers) -> usize {
    let mut count = 0;
    // SAFETY: a local may be written.
    expected(unsafe { cloudsync_transfers_count(transfers, &raw mut count) }, &[0]);
    for index in 0..=count {
        let mut found = std::ptr::null();
        // SAFETY: a local may be written, and what is found lives as long as the transfers.
        unsafe {
            let code = cloudsync_transfers_get(transfers, index, &raw mut found);
            if expected(code, if index < count { &[0] } else { &[401] }) {
                text((*found).gid);
                asset((*found).asset);
            }
        }
    }
    count
}

/// A value to be written.
fn no_value() -> CloudSyncCloudValue {
    CloudSyncCloudValue {
        struct_size: size_of::<CloudSyncCloudValue>(),
        number: 0,
        real: 0.0,
        text: std::ptr::null(),
        bytes: std::ptr::null(),
        length: 0,
        assets: std::ptr::null(),
        asset_count: 0,
        r#type: -1,
    }
}

/// # Safety
/// `value` is what the library gave as a field's.
unsafe fn value(value: &CloudSyncCloudValue) {
    // SAFETY: by the caller's promise.
    unsafe {
        match value.r#type {
            CLOUDSYNC_FIELD_TYPE_TEXT => assert_eq!(text(value.text).len(), value.length),
            CLOUDSYNC_FIELD_TYPE_BLOB => {
                let bytes = std::slice::from_raw_parts(value.bytes, value.length);
                std::hint::black_box(bytes.iter().fold(0u8, |sum, byte| sum ^ byte));
            }
            CLOUDSYNC_FIELD_TYPE_ASSET | CLOUDSYNC_FIELD_TYPE_ASSETS => {
                (0..value.asset_count).for_each(|at| asset(*value.assets.add(at)));
            }
            other => assert!((0..8).contains(&other)),
        }
    }
}

/// Reads rows, all of each, and looks behind their end; how many there are.
pub fn rows(rows: *const CloudSyncRows) -> usize {
    let mut count = 0;
    // SAFETY: a local may be written.
    expected(unsafe { cloudsync_rows_count(rows, &raw mut count) }, &[0]);
    for index in 0..=count {
        row(rows, index, index < count);
    }
    let (mut cursor, mut more) = (std::ptr::null(), -1);
    // SAFETY: locals may be written, and the cursor lives as long as the rows.
    unsafe {
        expected(cloudsync_rows_page(rows, &raw mut cursor, &raw mut more), &[0]);
        text(cursor);
    }
    assert!(more == 0 || more == 1);
    count
}

fn row(rows: *const CloudSyncRows, index: usize, there: bool) {
    let codes: &[i32] = if there { &[0] } else { &[401] };
    let mut extension = CloudSyncExtensionValue {
        struct_size: size_of::<CloudSyncExtensionValue>(),
        id: std::ptr::null(),
        create_time: 0,
        modify_time: 0,
        version: 0,
        lock_id: 0,
        operation: -1,
    };
    let (mut error, mut description) = (-1, std::ptr::null());
    // SAFETY: locals may be written, and what they are told lives as long as the rows.
    unsafe {
        if expected(cloudsync_rows_extension(rows, index, &raw mut extension), codes) {
            text(extension.id);
            assert!((0..3).contains(&extension.operation));
        }
        if expected(cloudsync_rows_result(rows, index, &raw mut error, &raw mut description), codes) {
            text(description);
        }
    }
    for field in 0.. {
        let (mut name, mut found, mut again) = (std::ptr::null(), no_value(), no_value());
        // SAFETY: as above.
        unsafe {
            let code = cloudsync_rows_field(rows, index, field, &raw mut name, &raw mut found);
            if !expected(code, if there { &[0, 13_900_002] } else { codes }) {
                break;
            }
            value(&found);
            text(name);
            expected(cloudsync_rows_get(rows, index, name, &raw mut again), &[0]);
            value(&again);
        }
    }
}

/// What a result may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    ServiceInfo,
    Apps,
    CloudInfo,
    Schema,
    Subscribe,
    Ids,
    Assets,
    Participants,
    Resource,
}

/// Reads a result by every function, of which one fits, and frees it; how many things it lists.
pub fn result(result: *mut CloudSyncResult, holds: Holds) -> usize {
    let codes = |kind| -> &[i32] { if holds == kind { &[0] } else { &[401] } };
    let mut listed = 0;
    // SAFETY: locals may be written, and what they are told lives as long as the result.
    unsafe {
        let (mut found, mut count) = (std::ptr::null(), 0);
        if expected(cloudsync_result_service_info(result, &raw mut found), codes(Holds::ServiceInfo)) {
            service_info(found);
        }
        let mut found = std::ptr::null();
        let code = cloudsync_result_app_brief_info(result, &raw mut found, &raw mut count);
        if expected(code, codes(Holds::Apps)) {
            (0..count).for_each(|at| app(*found.add(at)));
            listed = count;
        }
        let mut found = std::ptr::null();
        if expected(cloudsync_result_cloud_info(result, &raw mut found), codes(Holds::CloudInfo)) {
            service_info((*found).cloud_info);
            (0..(*found).app_count).for_each(|at| app(*(*found).apps.add(at)));
        }
        let mut found = std::ptr::null();
        if expected(cloudsync_result_app_schema(result, &raw mut found), codes(Holds::Schema)) {
            text((*found).bundle_name);
            (0..(*found).database_count).for_each(|at| database(*(*found).databases.add(at)));
        }
        let mut found = std::ptr::null();
        if expected(cloudsync_result_subscribe_info(result, &raw mut found), codes(Holds::Subscribe)) {
            assert!((*found).expiration_time > 0);
            (0..(*found).count).for_each(|at| subscribe_id(*(*found).ids.add(at)));
        }
        let mut found = std::ptr::null();
        if expected(cloudsync_result_ids(result, &raw mut found, &raw mut count), codes(Holds::Ids)) {
            (0..count).for_each(|at| assert!((1..=23).contains(&text(*found.add(at)).len())));
            listed = count;
        }
        let mut found = std::ptr::null();
        if expected(cloudsync_result_assets(result, &raw mut found, &raw mut count), codes(Holds::Assets)) {
            for at in 0..count {
                let one = &**found.add(at);
                assert_eq!(one.code == 0, !one.asset.is_null());
                assert_eq!(one.code == 0, text(one.description).is_empty());
                if !one.asset.is_null() {
                    asset(one.asset);
                }
            }
            listed = count;
        }
        let mut found = std::ptr::null();
        let code = cloudsync_result_participants(result, &raw mut found, &raw mut count);
        if expected(code, codes(Holds::Participants)) {
            for at in 0..count {
                let one = &**found.add(at);
                text(one.description);
                assert_eq!(one.code == 0, !one.participant.is_null());
                if !one.participant.is_null() {
                    participant(one.participant);
                }
            }
            listed = count;
        }
        let mut found = std::ptr::null();
        if expected(cloudsync_result_sharing_resource(result, &raw mut found), codes(Holds::Resource)) {
            assert!(!text(found).is_empty());
        }
    }
    crate::vendor::free(result, cloudsync_result_free);
    listed
}
