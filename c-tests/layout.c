/* The structures' layout is part of the interface: it is pinned here, and the library reads and reports it. */
#include "support.h"

/* Pinned for 64-bit programs. A field may be added at a structure's end; none may move. */
static void fields_lie_where_they_lay(void **state) {
    (void)state;
    assert_int_equal(offsetof(CloudSyncSyncProgress, struct_size), 0);
    assert_int_equal(offsetof(CloudSyncSyncProgress, state), 8);
    assert_int_equal(offsetof(CloudSyncSyncProgress, error), 12);
    assert_int_equal(offsetof(CloudSyncSyncProgress, files_total), 16);
    assert_int_equal(offsetof(CloudSyncSyncProgress, files_done), 24);
    assert_int_equal(offsetof(CloudSyncSyncProgress, files_failed), 32);
    assert_int_equal(offsetof(CloudSyncSyncProgress, bytes_total), 40);
    assert_int_equal(offsetof(CloudSyncSyncProgress, bytes_done), 48);
    assert_int_equal(offsetof(CloudSyncSyncProgress, deletions_held), 56);
    assert_int_equal(sizeof(CloudSyncSyncProgress), 64);

    assert_int_equal(offsetof(CloudSyncDownloadProgress, struct_size), 0);
    assert_int_equal(offsetof(CloudSyncDownloadProgress, state), 8);
    assert_int_equal(offsetof(CloudSyncDownloadProgress, error), 12);
    assert_int_equal(offsetof(CloudSyncDownloadProgress, processed), 16);
    assert_int_equal(offsetof(CloudSyncDownloadProgress, size), 24);
    assert_int_equal(offsetof(CloudSyncDownloadProgress, uri), 32);
    assert_int_equal(sizeof(CloudSyncDownloadProgress), 40);

    assert_int_equal(offsetof(CloudSyncChangeData, struct_size), 0);
    assert_int_equal(offsetof(CloudSyncChangeData, type), 8);
    assert_int_equal(offsetof(CloudSyncChangeData, count), 12);
    assert_int_equal(offsetof(CloudSyncChangeData, is_directory), 16);
    assert_int_equal(offsetof(CloudSyncChangeData, uris), 24);
    assert_int_equal(offsetof(CloudSyncChangeData, old_uris), 32);
    assert_int_equal(sizeof(CloudSyncChangeData), 40);

    assert_int_equal(offsetof(CloudSyncEntry, struct_size), 0);
    assert_int_equal(offsetof(CloudSyncEntry, uri), 8);
    assert_int_equal(offsetof(CloudSyncEntry, name), 16);
    assert_int_equal(offsetof(CloudSyncEntry, size), 24);
    assert_int_equal(offsetof(CloudSyncEntry, mtime_ms), 32);
    assert_int_equal(offsetof(CloudSyncEntry, state), 40);
    assert_int_equal(offsetof(CloudSyncEntry, is_here), 44);
    assert_int_equal(offsetof(CloudSyncEntry, is_directory), 45);
    assert_int_equal(sizeof(CloudSyncEntry), 48);
    assert_int_equal(offsetof(CloudSyncTrashEntry, struct_size), 0);
    assert_int_equal(offsetof(CloudSyncTrashEntry, uri), 8);
    assert_int_equal(offsetof(CloudSyncTrashEntry, name), 16);
    assert_int_equal(offsetof(CloudSyncTrashEntry, trash_uri), 24);
    assert_int_equal(offsetof(CloudSyncTrashEntry, size), 32);
    assert_int_equal(offsetof(CloudSyncTrashEntry, removed_ms), 40);
    assert_int_equal(offsetof(CloudSyncTrashEntry, kept_until_ms), 48);
    assert_int_equal(offsetof(CloudSyncTrashEntry, is_here), 56);
    assert_int_equal(offsetof(CloudSyncTrashEntry, is_directory), 57);
    assert_int_equal(sizeof(CloudSyncTrashEntry), 64);

    assert_int_equal(offsetof(CloudSyncDeviceVTable, struct_size), 0);
    assert_int_equal(offsetof(CloudSyncDeviceVTable, self), 8);
    assert_int_equal(offsetof(CloudSyncDeviceVTable, network), 16);
    assert_int_equal(offsetof(CloudSyncDeviceVTable, battery), 24);
    assert_int_equal(offsetof(CloudSyncDeviceVTable, heat), 32);
    assert_int_equal(offsetof(CloudSyncDeviceVTable, destroy), 40);
    assert_int_equal(sizeof(CloudSyncDeviceVTable), 48);
}

/* What a vendor's program was compiled with. */
static void a_vendors_structures_lie_where_they_lay(void **state) {
    (void)state;
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, timeout_ms), 8);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, get_service_info), 16);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, get_app_brief_info), 24);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, get_app_schema), 32);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, subscribe), 40);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, unsubscribe), 48);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, connect_db), 56);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, connect_asset_loader), 64);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, destroy), 72);
    assert_int_equal(offsetof(CloudSyncCloudServiceVTable, connect_share_center), 80);
    assert_int_equal(sizeof(CloudSyncCloudServiceVTable), 88);

    assert_int_equal(offsetof(CloudSyncCloudDbVTable, capabilities), 8);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, timeout_ms), 16);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, generate_id), 24);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, insert), 32);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, update), 40);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, delete_), 48);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, query), 56);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, lock), 64);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, unlock), 72);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, heartbeat), 80);
    assert_int_equal(offsetof(CloudSyncCloudDbVTable, destroy), 88);
    assert_int_equal(sizeof(CloudSyncCloudDbVTable), 96);

    assert_int_equal(offsetof(CloudSyncAssetLoaderVTable, timeout_ms), 8);
    assert_int_equal(offsetof(CloudSyncAssetLoaderVTable, upload), 16);
    assert_int_equal(offsetof(CloudSyncAssetLoaderVTable, download), 24);
    assert_int_equal(offsetof(CloudSyncAssetLoaderVTable, prove), 32);
    assert_int_equal(offsetof(CloudSyncAssetLoaderVTable, destroy), 40);
    assert_int_equal(sizeof(CloudSyncAssetLoaderVTable), 48);

    assert_int_equal(offsetof(CloudSyncShareCenterVTable, timeout_ms), 8);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, share), 16);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, unshare), 24);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, exit), 32);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, change_privilege), 40);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, query_participants), 48);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, query_participants_by_invitation), 56);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, confirm_invitation), 64);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, change_confirmation), 72);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, alloc_resource), 80);
    assert_int_equal(offsetof(CloudSyncShareCenterVTable, destroy), 88);
    assert_int_equal(sizeof(CloudSyncShareCenterVTable), 96);

    assert_int_equal(offsetof(CloudSyncParticipant, identity), 8);
    assert_int_equal(offsetof(CloudSyncParticipant, attach_info), 16);
    assert_int_equal(offsetof(CloudSyncParticipant, invitation_code), 24);
    assert_int_equal(offsetof(CloudSyncParticipant, role), 32);
    assert_int_equal(offsetof(CloudSyncParticipant, state), 36);
    assert_int_equal(offsetof(CloudSyncParticipant, privilege), 40);
    assert_int_equal(sizeof(CloudSyncParticipant), 48);
    assert_int_equal(offsetof(CloudSyncPrivilege, readable), 1);
    assert_int_equal(offsetof(CloudSyncPrivilege, shareable), 4);
    assert_int_equal(sizeof(CloudSyncPrivilege), 5);
    assert_int_equal(offsetof(CloudSyncParticipantResult, description), 8);
    assert_int_equal(offsetof(CloudSyncParticipantResult, participant), 16);
    assert_int_equal(offsetof(CloudSyncParticipantResult, code), 24);
    assert_int_equal(sizeof(CloudSyncParticipantResult), 32);

    assert_int_equal(offsetof(CloudSyncCloudAsset, create_time), 48);
    assert_int_equal(offsetof(CloudSyncCloudAsset, size), 64);
    assert_int_equal(offsetof(CloudSyncCloudAsset, status), 72);
    assert_int_equal(sizeof(CloudSyncCloudAsset), 80);
    assert_int_equal(offsetof(CloudSyncCloudValue, number), 8);
    assert_int_equal(offsetof(CloudSyncCloudValue, text), 24);
    assert_int_equal(offsetof(CloudSyncCloudValue, assets), 48);
    assert_int_equal(offsetof(CloudSyncCloudValue, type), 64);
    assert_int_equal(sizeof(CloudSyncCloudValue), 72);
    assert_int_equal(offsetof(CloudSyncExtensionValue, version), 32);
    assert_int_equal(offsetof(CloudSyncExtensionValue, operation), 48);
    assert_int_equal(sizeof(CloudSyncExtensionValue), 56);
    assert_int_equal(offsetof(CloudSyncLockInfo, lock_id), 8);
    assert_int_equal(offsetof(CloudSyncLockInfo, interval), 16);
    assert_int_equal(sizeof(CloudSyncLockInfo), 24);
    assert_int_equal(sizeof(CloudSyncServiceInfo), 40);
    assert_int_equal(sizeof(CloudSyncAppBriefInfo), 32);
    assert_int_equal(offsetof(CloudSyncCloudInfo, cloud_info), 8);
    assert_int_equal(offsetof(CloudSyncCloudInfo, apps), 16);
    assert_int_equal(sizeof(CloudSyncCloudInfo), 32);
    assert_int_equal(sizeof(CloudSyncField), 32);
    assert_int_equal(sizeof(CloudSyncTable), 40);
    assert_int_equal(sizeof(CloudSyncDatabase), 40);
    assert_int_equal(sizeof(CloudSyncAppSchema), 40);
    assert_int_equal(sizeof(CloudSyncSubscribeId), 32);
    assert_int_equal(sizeof(CloudSyncSubscribeInfo), 32);
    assert_int_equal(sizeof(CloudSyncClaim), 48);
    assert_int_equal(sizeof(CloudSyncTransfer), 56);
    assert_int_equal(sizeof(CloudSyncAssetResult), 32);
}

static int32_t answer(void *self, int32_t *first, int32_t *second) {
    (void)self;
    *first = *second = 0;
    return 0;
}

static int32_t answer_heat(void *self, int32_t *heat) {
    (void)self;
    *heat = 0;
    return 0;
}

static void a_struct_size_that_cannot_be_read_is_refused(void **state) {
    (void)state;
    const size_t wrong[] = {0, 1, 8, sizeof(CloudSyncDeviceVTable) - 8,
                            sizeof(CloudSyncDeviceVTable) + 8, SIZE_MAX};
    CloudSyncOptions *options = NULL;
    CloudSyncDeviceVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.network = answer;
    vtable.battery = answer;
    vtable.heat = answer_heat;
    assert_ok(cloudsync_options_new(&options));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vtable.struct_size = wrong[i];
        assert_code(cloudsync_options_set_device(options, &vtable), CLOUDSYNC_E_INVALID_ARGUMENT);
    }
    vtable.struct_size = sizeof vtable;
    assert_ok(cloudsync_options_set_device(options, &vtable));
    assert_ok(cloudsync_options_free(options));
}

static void the_versions_agree(void **state) {
    (void)state;
    assert_string_equal(cloudsync_version(), CLOUDSYNC_VERSION);
    assert_int_equal(cloudsync_version_number(), CLOUDSYNC_VERSION_NUMBER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_lie_where_they_lay),
        cmocka_unit_test(a_vendors_structures_lie_where_they_lay),
        cmocka_unit_test(a_struct_size_that_cannot_be_read_is_refused),
        cmocka_unit_test(the_versions_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
