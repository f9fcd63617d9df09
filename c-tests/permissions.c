/* 201 without the permission, 202 for a caller that is no system app, before anything else is looked at. */
#include "support.h"

static const char *const granted[] = {"ohos.permission.INTERNET", "ohos.permission.CLOUDFILE_SYNC"};

static void every_system_operation(const char *name, size_t permissions, int system_app, int32_t expected) {
    struct device device;
    CloudSyncGallerySync *sync = NULL;
    CloudSyncDownload *download = NULL;
    const char *const uris[] = {"nonsense"};
    int32_t found = -7;
    device_make(&device, name);
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.app", granted, permissions, system_app));
    assert_ok(cloudsync_open(device.options, &device.context));
    assert_code(gallery_sync_new(device.context, &sync), expected);
    assert_code(gallery_sync_new(device.context, NULL), expected);
    assert_code(download_new(device.context, &download), expected);
    assert_code(download_new(device.context, NULL), expected);
    assert_code(get_file_sync_state(device.context, "nonsense", &found), expected);
    assert_code(get_file_sync_state(device.context, NULL, &found), expected);
    assert_code(get_file_sync_states(device.context, uris, 1, &found), expected);
    assert_code(get_file_sync_states_async(device.context, uris, 1, NULL, NULL), expected);
    assert_code(optimize_storage(device.context), expected);
    assert_code(optimize_storage_async(device.context, NULL, NULL), expected);
    assert_code(start_optimize_space(device.context, NULL, NULL, NULL), expected);
    assert_code(start_optimize_space_async(device.context, NULL, NULL, NULL, NULL), expected);
    assert_code(stop_optimize_space(device.context), expected);
    assert_code(cloudsync_pin(device.context, NULL, 1), expected);
    assert_code(cloudsync_remove(device.context, NULL), expected);
    assert_code(cloudsync_remove_async(device.context, NULL, NULL, NULL), expected);
    assert_code(cloudsync_restore(device.context, NULL), expected);
    assert_code(cloudsync_restore_async(device.context, NULL, NULL, NULL), expected);
    assert_code(cloudsync_list_trash(device.context, NULL, NULL, 0, NULL), expected);
    assert_code(cloudsync_plan(device.context, "file://media/Photo", NULL), expected);
    assert_code(cloudsync_plan_async(device.context, "file://media/Photo", NULL, NULL), expected);
    assert_code(cloudsync_report_view(device.context, NULL, -1), expected);
    assert_code(cloud_sync_manager_enable_cloud(device.context, NULL, NULL, NULL, 0), expected);
    assert_code(cloud_sync_manager_enable_cloud_async(device.context, NULL, NULL, NULL, 0, NULL, NULL), expected);
    assert_code(cloud_sync_manager_disable_cloud(device.context, NULL), expected);
    assert_code(cloud_sync_manager_disable_cloud_async(device.context, NULL, NULL, NULL), expected);
    assert_code(cloud_sync_manager_change_app_cloud_switch(device.context, NULL, NULL, 0), expected);
    assert_code(cloud_sync_manager_change_app_cloud_switch_async(device.context, NULL, NULL, 0, NULL, NULL), expected);
    assert_code(cloud_sync_manager_clean(device.context, NULL, NULL, NULL, 0), expected);
    assert_code(cloud_sync_manager_clean_async(device.context, NULL, NULL, NULL, 0, NULL, NULL), expected);
    assert_code(cloud_sync_manager_notify_data_change(device.context, NULL, NULL), expected);
    assert_code(cloud_sync_manager_notify_data_change_async(device.context, NULL, NULL, NULL, NULL), expected);
    assert_code(cloudsync_account(device.context, NULL, NULL, 0, NULL), expected);
    assert_code(cloudsync_set_auto_sync(device.context, NULL, 1), expected);
    assert_code(cloudsync_set_bandwidth_limits(device.context, 1, 1), expected);
    CloudSyncCloudFileCache *cache = NULL;
    assert_ok(cloud_file_cache_new(device.context, &cache)); /* open to all, but for this: */
    assert_code(cloud_file_cache_clean_cache(cache, NULL), expected);
    assert_ok(cloud_file_cache_free(cache));
    assert_null(sync);
    assert_null(download);
    assert_int_equal(found, -7);
    device_free(&device);
}

static void without_the_permission(void **state) {
    (void)state;
    every_system_operation("nothing", 0, 1, CLOUDSYNC_E_PERMISSION_DENIED);
    every_system_operation("another", 1, 1, CLOUDSYNC_E_PERMISSION_DENIED);
}

static void no_system_app(void **state) {
    (void)state;
    every_system_operation("app", 2, 0, CLOUDSYNC_E_NOT_SYSTEM_APP);
}

static void the_permission_is_asked_for_first(void **state) {
    (void)state;
    every_system_operation("neither", 0, 0, CLOUDSYNC_E_PERMISSION_DENIED);
}

static void with_both(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "both");
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.app", granted, 2, 1));
    device_open(&device);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(without_the_permission),
        in_scratch(no_system_app),
        in_scratch(the_permission_is_asked_for_first),
        in_scratch(with_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
