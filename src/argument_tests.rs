//! What every export answers to a bad argument, and in which order it looks.

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut, without_provenance_mut};

use crate::*;

/// A context whose caller is the given one.
struct Fixture {
    context: *mut CloudSyncContext,
    options: *mut CloudSyncOptions,
    _scratch: tempfile::TempDir,
}

impl Fixture {
    fn new(permissions: &[*const c_char], system_app: i32) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| text::to_c(scratch.path().join(name).to_str().unwrap());
        std::fs::create_dir(scratch.path().join("gallery")).unwrap();
        let (mut options, mut cloud, mut context) = (null_mut(), null_mut(), null_mut());
        // SAFETY: every pointer is a local or a string that outlives the call.
        unsafe {
            assert_eq!(cloudsync_options_new(&raw mut options), 0);
            assert_eq!(cloudsync_open(options, &raw mut context), 401);
            assert_eq!(cloudsync_options_set_state_dir(options, at("state").as_ptr()), 0);
            assert_eq!(cloudsync_open(options, &raw mut context), 401);
            assert_eq!(cloudsync_options_set_gallery_dir(options, at("gallery").as_ptr()), 0);
            assert_eq!(cloudsync_open(options, &raw mut context), 401);
            let dir = at("cloud");
            let made = cloudsync_embedded_cloud_new_with_quota(
                dir.as_ptr(),
                c"me".as_ptr(),
                1 << 30,
                &raw mut cloud,
            );
            assert_eq!(made, 0);
            assert_eq!(cloudsync_options_set_cloud(options, cloud), 0);
            assert_eq!(cloud_service_stub_free(cloud), 0);
            assert_eq!(cloud_service_stub_free(cloud), 401);
            let (list, n) = (permissions.as_ptr(), permissions.len());
            assert_eq!(cloudsync_options_set_caller(options, c"com.x".as_ptr(), list, n, system_app), 0);
            assert_eq!(cloudsync_open(options, null_mut()), 401);
            assert_eq!(cloudsync_open(options, &raw mut context), 0);
        }
        Fixture { context, options, _scratch: scratch }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // SAFETY: any value is answered.
        unsafe {
            cloudsync_options_free(self.options);
            cloudsync_close(self.context);
        }
    }
}

const PERMISSION: *const c_char = c"ohos.permission.CLOUDFILE_SYNC".as_ptr();

/// Every operation that needs a caller with rights, with a context and otherwise nothing but NULL.
fn system_operations(context: *mut CloudSyncContext) -> [i32; 5] {
    // SAFETY: NULL is answered.
    unsafe {
        [
            gallery_sync_new(context, null_mut()),
            download_new(context, null_mut()),
            get_file_sync_state(context, null(), null_mut()),
            get_file_sync_states(context, null(), 1, null_mut()),
            get_file_sync_states_async(context, null(), 1, None, null_mut()),
        ]
    }
}

#[test]
fn the_callers_rights_come_before_the_arguments() {
    for (permissions, system_app, code) in [
        (&[][..], 0, 201),
        (&[c"ohos.permission.OTHER".as_ptr()], 1, 201),
        (&[PERMISSION], 0, 202),
        (&[PERMISSION], 1, 401),
    ] {
        let fixture = Fixture::new(permissions, system_app);
        assert_eq!(system_operations(fixture.context), [code; 5]);
        assert_eq!(system_operations(null_mut()), [401; 5], "the handle tells the caller, so it is first");
    }
}

/// An explanation that is to be filled in.
const EXPLANATION: CloudSyncExplanation = CloudSyncExplanation {
    struct_size: size_of::<CloudSyncExplanation>(),
    code: -1,
    state: -1,
    next_try_ms: 0,
    kept_code: 0,
    text_length: 0,
};

/// Every export that takes a handle, with the given one as each kind, and good arguments otherwise.
fn with_handle(handle: *mut c_void) -> Vec<i32> {
    let uri = c"file://media/Photo/a.jpg".as_ptr();
    let (mut number, mut count, mut size, mut out) = (0, 0, 0, null_mut());
    let (mut gallery, mut download, mut page, mut plan) = (null_mut(), null_mut(), null_mut(), null_mut());
    let mut trash = null_mut();
    let (mut result, mut center) = (null_mut(), null_mut());
    let (mut explanation, mut server) = (EXPLANATION, null_mut());
    unsafe extern "C-unwind" fn planned(_: i32, _: *const c_char, _: *mut CloudSyncPlan, _: *mut c_void) {}
    unsafe extern "C-unwind" fn shared(
        _: i32,
        _: *const c_char,
        _: i32,
        _: *mut CloudSyncResult,
        _: *mut c_void,
    ) {
    }
    unsafe extern "C-unwind" fn done(_: i32, _: *const c_char, _: *mut c_void) {}
    unsafe extern "C-unwind" fn states(_: i32, _: *const c_char, _: *const i32, _: usize, _: *mut c_void) {}
    unsafe extern "C-unwind" fn sync(_: *const CloudSyncSyncProgress, _: *mut c_void) {}
    unsafe extern "C-unwind" fn fetch(_: *const CloudSyncDownloadProgress, _: *mut c_void) {}
    unsafe extern "C-unwind" fn change(_: *const CloudSyncChangeData, _: *mut c_void) {}
    // SAFETY: any handle is answered; the rest are locals and literals.
    unsafe {
        vec![
            cloudsync_options_set_state_dir(handle.cast(), uri),
            cloudsync_options_set_gallery_dir(handle.cast(), uri),
            cloudsync_options_set_caller(handle.cast(), uri, null(), 0, 1),
            cloudsync_options_set_cloud(handle.cast(), handle.cast()),
            cloudsync_options_set_device_name(handle.cast(), c"d".as_ptr()),
            cloudsync_options_set_transfer_threads(handle.cast(), 4),
            cloudsync_options_set_download_policy(handle.cast(), 0),
            cloudsync_options_set_dispatch(handle.cast(), 0),
            cloudsync_options_set_deletion_hold(handle.cast(), 1, 1),
            cloudsync_options_set_battery_marks(handle.cast(), 15, 10),
            cloudsync_options_set_upload_on_wifi_only(handle.cast(), 1),
            cloudsync_options_set_auto_sync(handle.cast(), 1),
            cloudsync_set_auto_sync(handle.cast(), null(), 1),
            cloudsync_conditions_changed(handle.cast()),
            cloudsync_options_add_filter(handle.cast(), CLOUDSYNC_FILTER_EXCLUDE, c"x".as_ptr()),
            cloudsync_options_set_max_file_size(handle.cast(), 1),
            cloudsync_options_set_bandwidth_limits(handle.cast(), 1, 1),
            cloudsync_set_bandwidth_limits(handle.cast(), 1, 1),
            cloudsync_report_view(handle.cast(), c"file://media/Photo/a".as_ptr(), 1),
            cloudsync_options_set_previews(handle.cast(), 1),
            cloudsync_options_set_state_attributes(handle.cast(), 1),
            cloudsync_open(handle.cast(), &raw mut out),
            cloudsync_dispatch(handle.cast(), 0, 0),
            -cloudsync_event_fd(handle.cast()),
            cloudsync_get_held_deletions(handle.cast(), &raw mut count),
            cloudsync_answer_held_deletions(handle.cast(), 0),
            cloudsync_explain(handle.cast(), uri, &raw mut explanation, null_mut(), 0),
            cloudsync_remove(handle.cast(), uri),
            cloudsync_remove_async(handle.cast(), uri, Some(done), null_mut()),
            cloudsync_restore(handle.cast(), uri),
            cloudsync_restore_async(handle.cast(), uri, Some(done), null_mut()),
            cloudsync_plan(handle.cast(), uri, &raw mut plan),
            cloudsync_plan_async(handle.cast(), uri, Some(planned), null_mut()),
            cloudsync_plan_read(handle.cast(), null_mut(), null_mut(), null_mut()),
            cloudsync_sharing_resource(handle.cast(), uri, &raw mut result),
            cloudsync_sharing_resource_async(handle.cast(), uri, Some(shared), null_mut()),
            sharing_share(handle.cast(), uri, null(), 0, &raw mut result),
            sharing_share_async(handle.cast(), uri, null(), 0, Some(shared), null_mut()),
            sharing_unshare(handle.cast(), uri, null(), 0, &raw mut result),
            sharing_unshare_async(handle.cast(), uri, null(), 0, Some(shared), null_mut()),
            sharing_change_privilege(handle.cast(), uri, null(), 0, &raw mut result),
            sharing_change_privilege_async(handle.cast(), uri, null(), 0, Some(shared), null_mut()),
            sharing_exit(handle.cast(), uri),
            sharing_exit_async(handle.cast(), uri, Some(shared), null_mut()),
            sharing_query_participants(handle.cast(), uri, &raw mut result),
            sharing_query_participants_async(handle.cast(), uri, Some(shared), null_mut()),
            sharing_query_participants_by_invitation(handle.cast(), uri, &raw mut result),
            sharing_query_participants_by_invitation_async(handle.cast(), uri, Some(shared), null_mut()),
            sharing_confirm_invitation(handle.cast(), uri, 1, &raw mut result),
            sharing_confirm_invitation_async(handle.cast(), uri, 1, Some(shared), null_mut()),
            sharing_change_confirmation(handle.cast(), uri, 1),
            sharing_change_confirmation_async(handle.cast(), uri, 1, Some(shared), null_mut()),
            cloud_service_connect_share_center(handle.cast(), 0, uri, &raw mut center),
            share_center_exit(handle.cast(), 0, uri, uri),
            cloudsync_preview_path(handle.cast(), uri, 1, null_mut(), 0, &raw mut size),
            get_file_sync_state(handle.cast(), uri, &raw mut number),
            cloudsync_list(handle.cast(), uri, 1, null(), 1, &raw mut page),
            cloudsync_page_read(handle.cast(), null_mut(), null_mut(), null_mut()),
            cloudsync_list_trash(handle.cast(), uri, null(), 1, &raw mut trash),
            cloudsync_trash_page_read(handle.cast(), null_mut(), null_mut(), null_mut()),
            register_change(handle.cast(), uri, 1, Some(change), null_mut(), None),
            unregister_change(handle.cast(), uri),
            get_core_file_sync_state(handle.cast(), uri, &raw mut number),
            get_file_sync_states(handle.cast(), &raw const uri, 1, &raw mut number),
            get_file_sync_states_async(handle.cast(), &raw const uri, 1, Some(states), null_mut()),
            gallery_sync_new(handle.cast(), &raw mut gallery),
            gallery_sync_register_progress_cb(handle.cast(), Some(sync), null_mut(), None),
            gallery_sync_unregister_progress_cb(handle.cast(), None, null_mut()),
            gallery_sync_start(handle.cast()),
            gallery_sync_start_async(handle.cast(), Some(done), null_mut()),
            gallery_sync_stop(handle.cast()),
            gallery_sync_stop_async(handle.cast(), Some(done), null_mut()),
            download_new(handle.cast(), &raw mut download),
            download_register_progress_cb(handle.cast(), Some(fetch), null_mut(), None),
            download_unregister_progress_cb(handle.cast(), None, null_mut()),
            download_start(handle.cast(), uri),
            download_start_async(handle.cast(), uri, Some(done), null_mut()),
            download_stop(handle.cast(), uri),
            download_stop_async(handle.cast(), uri, Some(done), null_mut()),
            cloudsync_serve(handle.cast(), c"unix:/tmp/none".as_ptr(), &raw mut server),
        ]
    }
}

/// Every free.
fn frees(handle: *mut c_void) -> [i32; 10] {
    // SAFETY: any value is answered.
    unsafe {
        [
            cloudsync_options_free(handle.cast()),
            cloud_service_stub_free(handle.cast()),
            cloudsync_cloud_server_free(handle.cast()),
            gallery_sync_free(handle.cast()),
            download_free(handle.cast()),
            cloudsync_page_free(handle.cast()),
            cloudsync_trash_page_free(handle.cast()),
            cloudsync_plan_free(handle.cast()),
            share_service_stub_free(handle.cast()),
            cloudsync_close(handle.cast()),
        ]
    }
}

#[test]
fn an_invented_handle_is_a_bad_argument_everywhere() {
    let local = 0u64;
    let freed = {
        let mut options = null_mut();
        // SAFETY: a local may be written.
        unsafe {
            assert_eq!(cloudsync_options_new(&raw mut options), 0);
            assert_eq!(cloudsync_options_free(options), 0);
        }
        options.cast()
    };
    let on_stack = (&raw const local).cast_mut().cast();
    for invented in [without_provenance_mut(1), without_provenance_mut(usize::MAX), on_stack, freed] {
        assert!(with_handle(invented).iter().all(|code| *code == 401));
        assert_eq!(frees(invented), [401; 10]);
    }
    assert!(with_handle(null_mut()).iter().all(|code| *code == 401));
    assert_eq!(frees(null_mut()), [0; 10]);
}

#[test]
fn null_and_bad_text_are_bad_arguments() {
    let fixture = Fixture::new(&[PERMISSION], 1);
    let (context, options) = (fixture.context, fixture.options);
    let (mut gallery, mut download, mut stub, mut number) = (null_mut(), null_mut(), null_mut(), 0);
    let bad = c"\xff".as_ptr();
    let mut result = null_mut();
    let mut explanation = EXPLANATION;
    let mut short = CloudSyncExplanation { struct_size: 8, ..EXPLANATION };
    // SAFETY: NULL is answered; the rest are locals and literals.
    let codes = unsafe {
        assert_eq!(gallery_sync_new(context, &raw mut gallery), 0);
        assert_eq!(download_new(context, &raw mut download), 0);
        [
            cloudsync_options_new(null_mut()),
            cloudsync_options_set_state_dir(options, null()),
            cloudsync_options_set_state_dir(options, c"".as_ptr()),
            cloudsync_options_set_gallery_dir(options, bad),
            cloudsync_options_set_caller(options, null(), null(), 0, 1),
            cloudsync_options_set_caller(options, c"a".as_ptr(), null(), 1, 1),
            cloudsync_options_set_caller(options, c"a".as_ptr(), &raw const bad, 1, 1),
            cloudsync_options_set_device_name(options, c"a/b".as_ptr()),
            cloudsync_options_set_device(options, null()),
            cloudsync_embedded_cloud_new(null(), c"me".as_ptr(), &raw mut stub),
            cloudsync_embedded_cloud_new(c"/tmp".as_ptr(), null(), &raw mut stub),
            cloudsync_embedded_cloud_new(c"/tmp".as_ptr(), c"me".as_ptr(), null_mut()),
            cloudsync_get_held_deletions(context, null_mut()),
            cloudsync_explain(context, null(), &raw mut explanation, null_mut(), 0),
            cloudsync_explain(context, c"a".as_ptr(), null_mut(), null_mut(), 0),
            cloudsync_explain(context, c"a".as_ptr(), &raw mut short, null_mut(), 0),
            cloudsync_remove(context, null()),
            cloudsync_remove_async(context, c"a".as_ptr(), None, null_mut()),
            cloudsync_restore(context, bad),
            cloudsync_restore_async(context, null(), None, null_mut()),
            cloudsync_plan(context, c"file://media/Photo".as_ptr(), null_mut()),
            cloudsync_plan_async(context, c"file://media/Photo".as_ptr(), None, null_mut()),
            cloudsync_sharing_resource(context, bad, &raw mut result),
            cloudsync_sharing_resource(context, c"a".as_ptr(), null_mut()),
            sharing_share(context, bad, null(), 0, &raw mut result),
            sharing_share(context, c"r".as_ptr(), null(), usize::MAX, &raw mut result),
            sharing_exit(context, c"".as_ptr()),
            sharing_exit_async(context, c"r".as_ptr(), None, null_mut()),
            sharing_confirm_invitation(context, c"c".as_ptr(), 5, &raw mut result),
            sharing_change_confirmation(context, c"r".as_ptr(), -1),
            get_file_sync_state(context, bad, &raw mut number),
            get_file_sync_states(context, &raw const bad, 1, &raw mut number),
            get_file_sync_states(context, &raw const bad, usize::MAX, &raw mut number),
            gallery_sync_start_async(gallery, None, null_mut()),
            gallery_sync_stop_async(gallery, None, null_mut()),
            download_start(download, null()),
            download_start_async(download, c"a".as_ptr(), None, null_mut()),
            download_stop(download, bad),
            download_stop_async(download, null(), None, null_mut()),
            gallery_sync_free(download.cast()),
            download_free(gallery.cast()),
        ]
    };
    assert_eq!(codes, [401; 41]);
    // SAFETY: any value is answered.
    unsafe {
        assert_eq!(get_file_sync_states(context, null(), 0, null_mut()), 0);
        assert_eq!((gallery_sync_free(gallery), download_free(download)), (0, 0));
    }
}

#[test]
fn numbers_outside_their_ranges_are_bad_arguments() {
    let mut options = null_mut();
    // SAFETY: a local may be written; any value is answered.
    unsafe {
        assert_eq!(cloudsync_options_new(&raw mut options), 0);
        for (value, code) in [(0, 401), (1, 0), (64, 0), (65, 401), (u32::MAX, 401)] {
            assert_eq!(cloudsync_options_set_transfer_threads(options, value), code);
        }
        for (value, code) in [(-1, 401), (0, 0), (1, 0), (2, 401), (i32::MIN, 401)] {
            assert_eq!(cloudsync_options_set_download_policy(options, value), code);
            assert_eq!(cloudsync_options_set_dispatch(options, value), code);
        }
        for (low, warning, code) in
            [(15, 10, 0), (0, 0, 0), (100, 100, 0), (10, 15, 401), (101, 0, 401), (5, -1, 401)]
        {
            assert_eq!(cloudsync_options_set_battery_marks(options, low, warning), code);
        }
        assert_eq!(cloudsync_options_set_deletion_hold(options, u64::MAX, 100), 0);
        assert_eq!(cloudsync_options_set_deletion_hold(options, 0, 101), 401);
        assert_eq!(cloudsync_options_free(options), 0);
    }
}

#[test]
fn a_failure_is_told_in_detail_and_its_results_are_not_written() {
    let fixture = Fixture::new(&[], 1);
    let mut state = 77;
    // SAFETY: locals and literals.
    unsafe {
        assert_eq!(get_file_sync_state(fixture.context, c"a".as_ptr(), &raw mut state), 201);
        let mut buffer = [0u8; 256];
        let length = cloudsync_last_error(buffer.as_mut_ptr().cast(), buffer.len());
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        assert!(text.contains("com.x") && text.contains("CLOUDFILE_SYNC"), "{text}");
    }
    assert_eq!(state, 77);
}
