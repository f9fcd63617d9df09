/* NULL in every pointer position of every export is 401, or what its documentation says instead; and
 * every export of abi/exports.txt has a line here. */
#include "support.h"

static const char *covered[512];
static size_t covered_count;
static int wrong;

static void check(const char *function, const char *position, int64_t answer, int64_t expected) {
    covered[covered_count++] = function;
    note_answer(function, (int32_t)answer);
    if (answer != expected) {
        print_error("%s with NULL for %s: %lld, expected %lld\n", function, position,
                    (long long)answer, (long long)expected);
        wrong++;
    }
}

/* One line per pointer position: BAD answers 401, FINE answers 0. */
#define ANSWER(expected, function, position, ...) \
    check(#function, position, (int64_t)function(__VA_ARGS__), expected)
#define BAD(function, position, ...) ANSWER(CLOUDSYNC_E_INVALID_ARGUMENT, function, position, __VA_ARGS__)
#define FINE(function, position, ...) ANSWER(CLOUDSYNC_OK, function, position, __VA_ARGS__)
#define NO_POINTER(function) (covered[covered_count++] = #function)

static struct device device;
static CloudSyncOptions *options;
static CloudSyncContext *context;
static CloudSyncGallerySync *sync_handle;
static CloudSyncFileSync *file_sync;
static CloudSyncDownload *download;
static CloudSyncCloudFileCache *cache;
static CloudSyncCloudServiceStub *stub;

static const char uri[] = "file://media/Photo/a.jpg";
static const char gallery_uri[] = "file://media/Photo";
static const char *const uris[] = {uri, NULL};
static int32_t state_out;

static void check_library(void) {
    NO_POINTER(cloudsync_version);
    NO_POINTER(cloudsync_version_number);
    NO_POINTER(cloudsync_strerror);
    NO_POINTER(cloudsync_error_remedy);
    size_t length = cloudsync_last_error(NULL, 0);
    ANSWER((int64_t)length, cloudsync_last_error, "buffer", NULL, 8);
    FINE(cloudsync_set_log_cb, "cb", CLOUDSYNC_LOG_ERROR, NULL, NULL, NULL);
}

static void check_options(void) {
    CloudSyncDeviceVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;

    BAD(cloudsync_options_new, "out", NULL);
    FINE(cloudsync_options_free, "options", NULL);
    BAD(cloudsync_options_set_state_dir, "options", NULL, "/tmp");
    BAD(cloudsync_options_set_state_dir, "path", options, NULL);
    BAD(cloudsync_options_set_gallery_dir, "options", NULL, "/tmp");
    BAD(cloudsync_options_set_gallery_dir, "path", options, NULL);
    BAD(cloudsync_options_set_bundle_dir, "options", NULL, "com.example.files", "/tmp");
    BAD(cloudsync_options_set_bundle_dir, "bundle_name", options, NULL, "/tmp");
    BAD(cloudsync_options_set_bundle_dir, "path", options, "com.example.files", NULL);
    BAD(cloudsync_options_set_caller, "options", NULL, "bundle", NULL, 0, 1);
    BAD(cloudsync_options_set_caller, "bundle_name", options, NULL, NULL, 0, 1);
    BAD(cloudsync_options_set_caller, "permissions", options, "bundle", NULL, 1, 1);
    BAD(cloudsync_options_set_caller, "permissions[1]", options, "bundle", uris, 2, 1);
    BAD(cloudsync_options_set_cloud, "options", NULL, stub);
    BAD(cloudsync_options_set_cloud, "cloud", options, NULL);
    BAD(cloudsync_options_set_device_name, "options", NULL, "name");
    BAD(cloudsync_options_set_device_name, "name", options, NULL);
    BAD(cloudsync_options_set_transfer_threads, "options", NULL, 4);
    BAD(cloudsync_options_set_download_policy, "options", NULL, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    BAD(cloudsync_options_set_dispatch, "options", NULL, CLOUDSYNC_DISPATCH_THREAD);
    BAD(cloudsync_options_set_deletion_hold, "options", NULL, 50, 25);
    BAD(cloudsync_options_set_battery_marks, "options", NULL, 15, 10);
    BAD(cloudsync_options_set_upload_on_wifi_only, "options", NULL, 1);
    BAD(cloudsync_options_set_auto_sync, "options", NULL, 1);
    BAD(cloudsync_options_add_filter, "options", NULL, CLOUDSYNC_FILTER_EXCLUDE, "*.raw");
    BAD(cloudsync_options_add_filter, "pattern", options, CLOUDSYNC_FILTER_EXCLUDE, NULL);
    BAD(cloudsync_options_set_max_file_size, "options", NULL, 1);
    BAD(cloudsync_options_set_bandwidth_limits, "options", NULL, 0, 0);
    BAD(cloudsync_options_set_previews, "options", NULL, 1);
    BAD(cloudsync_options_set_state_attributes, "options", NULL, 1);
    BAD(cloudsync_options_set_device, "options", NULL, &vtable);
    BAD(cloudsync_options_set_device, "vtable", options, NULL);
    BAD(cloudsync_options_set_device, "network, battery, heat", options, &vtable);
}

static void check_context(void) {
    uint64_t held;
    CloudSyncContext *opened = NULL;
    BAD(cloudsync_open, "options", NULL, &opened);
    BAD(cloudsync_open, "out", options, NULL);
    FINE(cloudsync_close, "context", NULL);
    BAD(cloudsync_dispatch, "context", NULL, 0, 0);
    ANSWER(-CLOUDSYNC_E_INVALID_ARGUMENT, cloudsync_event_fd, "context", NULL);
    BAD(cloudsync_set_auto_sync, "context", NULL, gallery_uri, 0);
    FINE(cloudsync_set_auto_sync, "uri", context, NULL, 0);
    BAD(cloudsync_conditions_changed, "context", NULL);
    BAD(cloudsync_report_view, "context", NULL, uri, 0);
    BAD(cloudsync_report_view, "uri", context, NULL, 0);
    BAD(cloudsync_set_bandwidth_limits, "context", NULL, 0, 0);
    BAD(cloudsync_get_held_deletions, "context", NULL, &held);
    BAD(cloudsync_get_held_deletions, "out", context, NULL);
    BAD(cloudsync_answer_held_deletions, "context", NULL, 0);
    CloudSyncExplanation explanation = {sizeof explanation, 0, 0, 0, 0, 0}, small = {8, 0, 0, 0, 0, 0};
    const CloudSyncPlannedAction *const *actions;
    CloudSyncPlan *plan = NULL;
    size_t planned;
    BAD(cloudsync_explain, "context", NULL, uri, &explanation, NULL, 0);
    BAD(cloudsync_explain, "uri", context, NULL, &explanation, NULL, 0);
    BAD(cloudsync_explain, "out", context, uri, NULL, NULL, 0);
    BAD(cloudsync_explain, "out", context, uri, &small, NULL, 0);
    BAD(cloudsync_remove, "context", NULL, uri);
    BAD(cloudsync_remove, "uri", context, NULL);
    BAD(cloudsync_remove_async, "uri", context, NULL, ignore_answer, NULL);
    BAD(cloudsync_remove_async, "callback", context, uri, NULL, NULL);
    BAD(cloudsync_restore, "context", NULL, uri);
    BAD(cloudsync_restore, "uri", context, NULL);
    BAD(cloudsync_restore_async, "uri", context, NULL, ignore_answer, NULL);
    BAD(cloudsync_restore_async, "callback", context, uri, NULL, NULL);
    BAD(cloudsync_plan, "context", NULL, "file://media/Photo", &plan);
    BAD(cloudsync_plan, "uri", context, NULL, &plan);
    BAD(cloudsync_plan, "out", context, "file://media/Photo", NULL);
    BAD(cloudsync_plan_async, "uri", context, NULL, ignore_plan, NULL);
    BAD(cloudsync_plan_async, "callback", context, "file://media/Photo", NULL, NULL);
    BAD(cloudsync_plan_read, "plan", NULL, &actions, &planned, NULL);
    assert_ok(cloudsync_plan(context, "file://media/Photo", &plan));
    BAD(cloudsync_plan_read, "actions", plan, NULL, &planned, NULL);
    BAD(cloudsync_plan_read, "count", plan, &actions, NULL, NULL);
    FINE(cloudsync_plan_free, "plan", NULL);
    assert_ok(cloudsync_plan_free(plan));
    size_t path_size;
    BAD(cloudsync_preview_path, "context", NULL, uri, 1, NULL, 0, &path_size);
    BAD(cloudsync_preview_path, "uri", context, NULL, 1, NULL, 0, &path_size);
    BAD(cloudsync_preview_path, "buffer, size", context, uri, 1, NULL, 0, NULL);
    BAD(get_file_sync_state, "context", NULL, uri, &state_out);
    BAD(get_file_sync_state, "uri", context, NULL, &state_out);
    BAD(get_file_sync_state, "out", context, uri, NULL);
    CloudSyncPage *page = NULL;
    const CloudSyncEntry *const *entries;
    const char *after;
    size_t count;
    BAD(cloudsync_list, "context", NULL, gallery_uri, 1, NULL, 1, &page);
    BAD(cloudsync_list, "uri", context, NULL, 1, NULL, 1, &page);
    BAD(cloudsync_list, "out", context, gallery_uri, 1, NULL, 1, NULL);
    FINE(cloudsync_list, "after", context, gallery_uri, 1, NULL, 1, &page);
    BAD(cloudsync_page_read, "page", NULL, &entries, &count, &after);
    BAD(cloudsync_page_read, "entries", page, NULL, &count, &after);
    BAD(cloudsync_page_read, "count", page, &entries, NULL, &after);
    BAD(cloudsync_page_read, "after", page, &entries, &count, NULL);
    FINE(cloudsync_page_free, "page", NULL);
    assert_ok(cloudsync_page_free(page));
    CloudSyncTrashPage *trash = NULL;
    const CloudSyncTrashEntry *const *removed;
    BAD(cloudsync_list_trash, "context", NULL, gallery_uri, NULL, 1, &trash);
    BAD(cloudsync_list_trash, "uri", context, NULL, NULL, 1, &trash);
    BAD(cloudsync_list_trash, "out", context, gallery_uri, NULL, 1, NULL);
    FINE(cloudsync_list_trash, "after", context, gallery_uri, NULL, 1, &trash);
    BAD(cloudsync_trash_page_read, "page", NULL, &removed, &count, &after);
    BAD(cloudsync_trash_page_read, "entries", trash, NULL, &count, &after);
    BAD(cloudsync_trash_page_read, "count", trash, &removed, NULL, &after);
    BAD(cloudsync_trash_page_read, "after", trash, &removed, &count, NULL);
    FINE(cloudsync_trash_page_free, "page", NULL);
    assert_ok(cloudsync_trash_page_free(trash));
    BAD(register_change, "context", NULL, gallery_uri, 1, ignore_change, NULL, NULL);
    BAD(register_change, "uri", context, NULL, 1, ignore_change, NULL, NULL);
    BAD(register_change, "cb", context, gallery_uri, 1, NULL, NULL, NULL);
    FINE(register_change, "destroy", context, gallery_uri, 1, ignore_change, NULL, NULL);
    BAD(unregister_change, "context", NULL, gallery_uri);
    BAD(unregister_change, "uri", context, NULL);
    BAD(get_core_file_sync_state, "context", NULL, uri, &state_out);
    BAD(get_core_file_sync_state, "uri", context, NULL, &state_out);
    BAD(get_core_file_sync_state, "out", context, uri, NULL);
    BAD(get_file_sync_states, "context", NULL, uris, 1, &state_out);
    BAD(get_file_sync_states, "uris", context, NULL, 1, &state_out);
    BAD(get_file_sync_states, "uris[1]", context, uris, 2, &state_out);
    BAD(get_file_sync_states, "states", context, uris, 1, NULL);
    FINE(get_file_sync_states, "uris and states, of none", context, NULL, 0, NULL);
    BAD(get_file_sync_states_async, "context", NULL, uris, 1, ignore_states, NULL);
    BAD(get_file_sync_states_async, "uris", context, NULL, 1, ignore_states, NULL);
    BAD(get_file_sync_states_async, "uris[1]", context, uris, 2, ignore_states, NULL);
    BAD(get_file_sync_states_async, "done", context, uris, 1, NULL, NULL);
    FINE(get_file_sync_states_async, "uris, of none", context, NULL, 0, ignore_states, NULL);
}

static void check_gallery_sync(void) {
    CloudSyncGallerySync *made = NULL;
    BAD(gallery_sync_new, "context", NULL, &made);
    BAD(gallery_sync_new, "out", context, NULL);
    FINE(gallery_sync_free, "gallery_sync", NULL);
    BAD(gallery_sync_register_progress_cb, "gallery_sync", NULL, ignore_progress, NULL, NULL);
    BAD(gallery_sync_register_progress_cb, "cb", sync_handle, NULL, NULL, NULL);
    FINE(gallery_sync_register_progress_cb, "destroy", sync_handle, ignore_progress, NULL, NULL);
    BAD(gallery_sync_unregister_progress_cb, "gallery_sync", NULL, ignore_progress, NULL);
    FINE(gallery_sync_unregister_progress_cb, "cb", sync_handle, NULL, NULL);
    BAD(gallery_sync_start, "gallery_sync", NULL);
    BAD(gallery_sync_start_async, "gallery_sync", NULL, ignore_answer, NULL);
    BAD(gallery_sync_start_async, "done", sync_handle, NULL, NULL);
    BAD(gallery_sync_stop, "gallery_sync", NULL);
    BAD(gallery_sync_stop_async, "gallery_sync", NULL, ignore_answer, NULL);
    BAD(gallery_sync_stop_async, "done", sync_handle, NULL, NULL);
}

static void check_file_sync(void) {
    CloudSyncFileSync *made = NULL;
    int64_t time;
    BAD(file_sync_new, "context", NULL, "com.example.files", &made);
    BAD(file_sync_new, "bundle_name", context, NULL, &made);
    BAD(file_sync_new, "out", context, "com.example.files", NULL);
    FINE(file_sync_free, "file_sync", NULL);
    BAD(file_sync_register_progress_cb, "file_sync", NULL, ignore_progress, NULL, NULL);
    BAD(file_sync_register_progress_cb, "cb", file_sync, NULL, NULL, NULL);
    FINE(file_sync_register_progress_cb, "destroy", file_sync, ignore_progress, NULL, NULL);
    BAD(file_sync_unregister_progress_cb, "file_sync", NULL, ignore_progress, NULL);
    FINE(file_sync_unregister_progress_cb, "cb", file_sync, NULL, NULL);
    BAD(file_sync_start, "file_sync", NULL);
    BAD(file_sync_start_async, "file_sync", NULL, ignore_answer, NULL);
    BAD(file_sync_start_async, "done", file_sync, NULL, NULL);
    BAD(file_sync_stop, "file_sync", NULL);
    BAD(file_sync_stop_async, "file_sync", NULL, ignore_answer, NULL);
    BAD(file_sync_stop_async, "done", file_sync, NULL, NULL);
    BAD(file_sync_get_last_sync_time, "file_sync", NULL, &time);
    BAD(file_sync_get_last_sync_time, "out", file_sync, NULL);
    BAD(file_sync_get_last_sync_time_async, "file_sync", NULL, ignore_time, NULL);
    BAD(file_sync_get_last_sync_time_async, "done", file_sync, NULL, NULL);
}

static void check_download(void) {
    CloudSyncDownload *made = NULL;
    BAD(download_new, "context", NULL, &made);
    BAD(download_new, "out", context, NULL);
    FINE(download_free, "download", NULL);
    BAD(download_register_progress_cb, "download", NULL, ignore_download, NULL, NULL);
    BAD(download_register_progress_cb, "cb", download, NULL, NULL, NULL);
    FINE(download_register_progress_cb, "destroy", download, ignore_download, NULL, NULL);
    BAD(download_unregister_progress_cb, "download", NULL, ignore_download, NULL);
    FINE(download_unregister_progress_cb, "cb", download, NULL, NULL);
    BAD(download_start, "download", NULL, uri);
    BAD(download_start, "uri", download, NULL);
    BAD(download_start_async, "download", NULL, uri, ignore_answer, NULL);
    BAD(download_start_async, "uri", download, NULL, ignore_answer, NULL);
    BAD(download_start_async, "done", download, uri, NULL, NULL);
    BAD(download_stop, "download", NULL, uri);
    BAD(download_stop, "uri", download, NULL);
    BAD(download_stop_async, "download", NULL, uri, ignore_answer, NULL);
    BAD(download_stop_async, "uri", download, NULL, ignore_answer, NULL);
    BAD(download_stop_async, "done", download, uri, NULL, NULL);
}

static void check_space(void) {
    CloudSyncOptimizeSpaceParam param = {sizeof param, 0, 0};
    BAD(optimize_storage, "context", NULL);
    BAD(optimize_storage_async, "context", NULL, ignore_answer, NULL);
    BAD(optimize_storage_async, "done", context, NULL, NULL);
    BAD(start_optimize_space, "context", NULL, &param, ignore_optimize, NULL);
    BAD(start_optimize_space, "param", context, NULL, ignore_optimize, NULL);
    BAD(start_optimize_space, "cb", context, &param, NULL, NULL);
    BAD(start_optimize_space_async, "context", NULL, &param, ignore_optimize, ignore_answer, NULL);
    BAD(start_optimize_space_async, "param", context, NULL, ignore_optimize, ignore_answer, NULL);
    BAD(start_optimize_space_async, "cb", context, &param, NULL, ignore_answer, NULL);
    BAD(start_optimize_space_async, "done", context, &param, ignore_optimize, NULL, NULL);
    BAD(stop_optimize_space, "context", NULL);
    BAD(cloudsync_pin, "context", NULL, uri, 1);
    BAD(cloudsync_pin, "uri", context, NULL, 1);
}

static void check_accounts(void) {
    const char *const bundles[] = {"com.ohos.medialibrary"};
    const int32_t numbers[] = {0};
    size_t length;
    BAD(cloud_sync_manager_enable_cloud, "context", NULL, "a", bundles, numbers, 1);
    BAD(cloud_sync_manager_enable_cloud, "account_id", context, NULL, bundles, numbers, 1);
    BAD(cloud_sync_manager_enable_cloud, "bundle_names", context, "a", NULL, numbers, 1);
    BAD(cloud_sync_manager_enable_cloud, "switches", context, "a", bundles, NULL, 1);
    BAD(cloud_sync_manager_enable_cloud_async, "context", NULL, "a", bundles, numbers, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_enable_cloud_async, "account_id", context, NULL, bundles, numbers, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_enable_cloud_async, "bundle_names", context, "a", NULL, numbers, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_enable_cloud_async, "switches", context, "a", bundles, NULL, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_enable_cloud_async, "done", context, "a", NULL, NULL, 0, NULL, NULL);
    BAD(cloud_sync_manager_clean, "context", NULL, "a", bundles, numbers, 1);
    BAD(cloud_sync_manager_clean, "account_id", context, NULL, bundles, numbers, 1);
    BAD(cloud_sync_manager_clean, "bundle_names", context, "a", NULL, numbers, 1);
    BAD(cloud_sync_manager_clean, "actions", context, "a", bundles, NULL, 1);
    BAD(cloud_sync_manager_clean_async, "context", NULL, "a", bundles, numbers, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_clean_async, "account_id", context, NULL, bundles, numbers, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_clean_async, "bundle_names", context, "a", NULL, numbers, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_clean_async, "actions", context, "a", bundles, NULL, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_clean_async, "done", context, "a", NULL, NULL, 0, NULL, NULL);
    BAD(cloud_sync_manager_disable_cloud, "context", NULL, "a");
    BAD(cloud_sync_manager_disable_cloud, "account_id", context, NULL);
    BAD(cloud_sync_manager_change_app_cloud_switch, "context", NULL, "a", bundles[0], 1);
    BAD(cloud_sync_manager_change_app_cloud_switch, "account_id", context, NULL, bundles[0], 1);
    BAD(cloud_sync_manager_change_app_cloud_switch, "bundle_name", context, "a", NULL, 1);
    BAD(cloud_sync_manager_notify_data_change, "context", NULL, "a", bundles[0]);
    BAD(cloud_sync_manager_notify_data_change, "account_id", context, NULL, bundles[0]);
    BAD(cloud_sync_manager_notify_data_change, "bundle_name", context, "a", NULL);
    BAD(cloud_sync_manager_disable_cloud_async, "context", NULL, "a", ignore_answer, NULL);
    BAD(cloud_sync_manager_disable_cloud_async, "account_id", context, NULL, ignore_answer, NULL);
    BAD(cloud_sync_manager_disable_cloud_async, "done", context, "a", NULL, NULL);
    BAD(cloud_sync_manager_change_app_cloud_switch_async, "context", NULL, "a", bundles[0], 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_change_app_cloud_switch_async, "account_id", context, NULL, bundles[0], 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_change_app_cloud_switch_async, "bundle_name", context, "a", NULL, 1, ignore_answer, NULL);
    BAD(cloud_sync_manager_change_app_cloud_switch_async, "done", context, "a", bundles[0], 1, NULL, NULL);
    BAD(cloud_sync_manager_notify_data_change_async, "context", NULL, "a", bundles[0], ignore_answer, NULL);
    BAD(cloud_sync_manager_notify_data_change_async, "account_id", context, NULL, bundles[0], ignore_answer, NULL);
    BAD(cloud_sync_manager_notify_data_change_async, "bundle_name", context, "a", NULL, ignore_answer, NULL);
    BAD(cloud_sync_manager_notify_data_change_async, "done", context, "a", bundles[0], NULL, NULL);
    BAD(cloudsync_account, "context", NULL, bundles[0], NULL, 0, &length);
    BAD(cloudsync_account, "bundle_name", context, NULL, NULL, 0, &length);
    BAD(cloudsync_account, "out_length", context, bundles[0], NULL, 0, NULL);
    FINE(cloudsync_account, "buffer", context, bundles[0], NULL, 4, &length);
}

static void check_cloud_file_cache(void) {
    CloudSyncCloudFileCache *made = NULL;
    int64_t task;
    BAD(cloud_file_cache_new, "context", NULL, &made);
    BAD(cloud_file_cache_new, "out", context, NULL);
    FINE(cloud_file_cache_free, "cache", NULL);
    BAD(cloud_file_cache_register_progress_cb, "cache", NULL, ignore_download, NULL, NULL);
    BAD(cloud_file_cache_register_progress_cb, "cb", cache, NULL, NULL, NULL);
    FINE(cloud_file_cache_register_progress_cb, "destroy", cache, ignore_download, NULL, NULL);
    BAD(cloud_file_cache_unregister_progress_cb, "cache", NULL, ignore_download, NULL);
    FINE(cloud_file_cache_unregister_progress_cb, "cb", cache, NULL, NULL);
    BAD(cloud_file_cache_register_batch_download_cb, "cache", NULL, ignore_batch, NULL, NULL);
    BAD(cloud_file_cache_register_batch_download_cb, "cb", cache, NULL, NULL, NULL);
    FINE(cloud_file_cache_register_batch_download_cb, "destroy", cache, ignore_batch, NULL, NULL);
    BAD(cloud_file_cache_unregister_batch_download_cb, "cache", NULL, ignore_batch, NULL);
    FINE(cloud_file_cache_unregister_batch_download_cb, "cb", cache, NULL, NULL);
    BAD(cloud_file_cache_start, "cache", NULL, uri);
    BAD(cloud_file_cache_start, "uri", cache, NULL);
    BAD(cloud_file_cache_start_async, "cache", NULL, uri, ignore_answer, NULL);
    BAD(cloud_file_cache_start_async, "uri", cache, NULL, ignore_answer, NULL);
    BAD(cloud_file_cache_start_async, "done", cache, uri, NULL, NULL);
    BAD(cloud_file_cache_clean_cache, "cache", NULL, uri);
    BAD(cloud_file_cache_clean_cache, "uri", cache, NULL);
    BAD(cloud_file_cache_clean_file_cache, "cache", NULL, uri);
    BAD(cloud_file_cache_clean_file_cache, "uri", cache, NULL);
    BAD(cloud_file_cache_stop, "cache", NULL, uri, 0);
    BAD(cloud_file_cache_stop, "uri", cache, NULL, 0);
    BAD(cloud_file_cache_stop_async, "cache", NULL, uri, 0, ignore_answer, NULL);
    BAD(cloud_file_cache_stop_async, "uri", cache, NULL, 0, ignore_answer, NULL);
    BAD(cloud_file_cache_stop_async, "done", cache, uri, 0, NULL, NULL);
    BAD(cloud_file_cache_start_batch, "cache", NULL, uris, 1, 0, &task);
    BAD(cloud_file_cache_start_batch, "uris", cache, NULL, 1, 0, &task);
    BAD(cloud_file_cache_start_batch, "uris, of none", cache, NULL, 0, 0, &task);
    BAD(cloud_file_cache_start_batch, "uris[1]", cache, uris, 2, 0, &task);
    BAD(cloud_file_cache_start_batch, "task_id", cache, uris, 1, 0, NULL);
    BAD(cloud_file_cache_start_batch_async, "cache", NULL, uris, 1, 0, ignore_task, NULL);
    BAD(cloud_file_cache_start_batch_async, "uris", cache, NULL, 1, 0, ignore_task, NULL);
    BAD(cloud_file_cache_start_batch_async, "uris[1]", cache, uris, 2, 0, ignore_task, NULL);
    BAD(cloud_file_cache_start_batch_async, "done", cache, uris, 1, 0, NULL, NULL);
    BAD(cloud_file_cache_stop_batch, "cache", NULL, 1, 0);
    BAD(cloud_file_cache_stop_batch_async, "cache", NULL, 1, 0, ignore_answer, NULL);
    BAD(cloud_file_cache_stop_batch_async, "done", cache, 1, 0, NULL, NULL);
}

static void check_cloud(void) {
    CloudSyncCloudServiceStub *made = NULL;
    BAD(cloudsync_embedded_cloud_new, "dir", NULL, "account", &made);
    BAD(cloudsync_embedded_cloud_new, "account", root, NULL, &made);
    BAD(cloudsync_embedded_cloud_new, "out", root, "account", NULL);
    BAD(cloudsync_embedded_cloud_new_with_quota, "dir", NULL, "account", 1, &made);
    BAD(cloudsync_embedded_cloud_new_with_quota, "account", root, NULL, 1, &made);
    BAD(cloudsync_embedded_cloud_new_with_quota, "out", root, "account", 1, NULL);
    BAD(cloudsync_embedded_cloud_switch, "stub", NULL, "com.example.files", 0);
    FINE(cloudsync_embedded_cloud_switch, "bundle_name", stub, NULL, 1);
    FINE(cloud_service_stub_free, "stub", NULL);
}

static void check_vendor(void) {
    CloudSyncCloudServiceVTable service;
    CloudSyncCloudDbVTable db;
    CloudSyncAssetLoaderVTable loader;
    CloudSyncCloudServiceStub *service_out = NULL;
    CloudSyncCloudDbStub *db_out = NULL;
    CloudSyncAssetLoaderStub *loader_out = NULL;
    const CloudSyncTransfer *transfer;
    uint8_t byte = 0;
    size_t n;
    memset(&service, 0, sizeof service);
    memset(&db, 0, sizeof db);
    memset(&loader, 0, sizeof loader);
    service.struct_size = sizeof service;
    db.struct_size = sizeof db;
    loader.struct_size = sizeof loader;
    BAD(create_cloud_service_stub, "vtable", NULL, NULL, &service_out);
    BAD(create_cloud_service_stub, "out", &service, NULL, NULL);
    BAD(create_cloud_db_stub, "vtable", NULL, NULL, &db_out);
    BAD(create_cloud_db_stub, "out", &db, NULL, NULL);
    BAD(create_asset_loader_stub, "vtable", NULL, NULL, &loader_out);
    BAD(create_asset_loader_stub, "out", &loader, NULL, NULL);
    FINE(cloud_db_stub_free, "stub", NULL);
    FINE(asset_loader_stub_free, "stub", NULL);
    BAD(cloudsync_reply_fail, "reply", NULL, 1, "");
    FINE(cloudsync_reply_drop, "reply", NULL);
    BAD(cloudsync_reply_done, "reply", NULL);
    BAD(cloudsync_reply_unlocked, "reply", NULL, 1);
    BAD(cloudsync_reply_item, "reply", NULL, 0, 1, NULL, NULL);
    BAD(cloudsync_reply_service_info, "reply", NULL, NULL);
    BAD(cloudsync_reply_app_brief_info, "reply", NULL, NULL, 0);
    BAD(cloudsync_reply_app_schema, "reply", NULL, NULL);
    BAD(cloudsync_reply_subscribe_info, "reply", NULL, NULL);
    BAD(cloudsync_reply_cloud_db, "reply", NULL, NULL);
    BAD(cloudsync_reply_asset_loader, "reply", NULL, NULL);
    BAD(cloudsync_reply_ids, "reply", NULL, NULL, 0);
    BAD(cloudsync_reply_rows, "reply", NULL, NULL);
    BAD(cloudsync_reply_lock_info, "reply", NULL, NULL);
    BAD(cloudsync_transfers_count, "transfers", NULL, &n);
    BAD(cloudsync_transfers_get, "transfers", NULL, 0, &transfer);
    BAD(cloudsync_transfers_read, "transfers", NULL, 0, &byte, 1, &n);
    BAD(cloudsync_transfers_write, "transfers", NULL, 0, 0, &byte, 1);
    BAD(cloudsync_change_listener_tell, "listener", NULL, "bundle");
    FINE(cloudsync_change_listener_free, "listener", NULL);
}

static void check_rows(void) {
    CloudSyncRows *rows = NULL;
    CloudSyncCloudValue value;
    CloudSyncExtensionValue extension;
    const char *text;
    int32_t number;
    size_t n;
    memset(&value, 0, sizeof value);
    memset(&extension, 0, sizeof extension);
    value.struct_size = sizeof value;
    extension.struct_size = sizeof extension;
    BAD(cloudsync_rows_new, "out", NULL);
    FINE(cloudsync_rows_free, "rows", NULL);
    assert_ok(cloudsync_rows_new(&rows));
    BAD(cloudsync_rows_add, "rows", NULL, NULL);
    BAD(cloudsync_rows_add, "extension's id", rows, &extension);
    FINE(cloudsync_rows_add, "extension", rows, NULL);
    BAD(cloudsync_rows_set_null, "rows", NULL, "a");
    BAD(cloudsync_rows_set_null, "name", rows, NULL);
    BAD(cloudsync_rows_set_number, "name", rows, NULL, 1);
    BAD(cloudsync_rows_set_real, "name", rows, NULL, 1);
    BAD(cloudsync_rows_set_text, "name", rows, NULL, "a");
    BAD(cloudsync_rows_set_text, "text", rows, "a", NULL);
    BAD(cloudsync_rows_set_bool, "name", rows, NULL, 1);
    BAD(cloudsync_rows_set_blob, "name", rows, NULL, NULL, 0);
    BAD(cloudsync_rows_set_blob, "bytes", rows, "a", NULL, 1);
    BAD(cloudsync_rows_set_asset, "asset", rows, "a", NULL);
    BAD(cloudsync_rows_set_assets, "assets", rows, "a", NULL, 1);
    FINE(cloudsync_rows_set_assets, "assets, of none", rows, "a", NULL, 0);
    BAD(cloudsync_rows_set_result, "rows", NULL, 0, NULL);
    BAD(cloudsync_rows_set_page, "rows", NULL, "", 0);
    BAD(cloudsync_rows_set_page, "next_cursor", rows, NULL, 0);
    BAD(cloudsync_rows_count, "rows", NULL, &n);
    BAD(cloudsync_rows_count, "out", rows, NULL);
    BAD(cloudsync_rows_get, "rows", NULL, 0, "a", &value);
    BAD(cloudsync_rows_get, "name", rows, 0, NULL, &value);
    BAD(cloudsync_rows_get, "out", rows, 0, "a", NULL);
    BAD(cloudsync_rows_field, "rows", NULL, 0, 0, &text, &value);
    BAD(cloudsync_rows_field, "name", rows, 0, 0, NULL, &value);
    BAD(cloudsync_rows_field, "out", rows, 0, 0, &text, NULL);
    BAD(cloudsync_rows_extension, "rows", NULL, 0, &extension);
    BAD(cloudsync_rows_extension, "out", rows, 0, NULL);
    BAD(cloudsync_rows_result, "rows", NULL, 0, &number, &text);
    BAD(cloudsync_rows_result, "error_code", rows, 0, NULL, &text);
    FINE(cloudsync_rows_result, "description", rows, 0, &number, NULL);
    BAD(cloudsync_rows_page, "rows", NULL, &text, &number);
    BAD(cloudsync_rows_page, "next_cursor", rows, NULL, &number);
    BAD(cloudsync_rows_page, "has_more", rows, &text, NULL);
    assert_ok(cloudsync_rows_free(rows));
}

static void check_results(void) {
    const CloudSyncServiceInfo *info;
    const CloudSyncAppBriefInfo *const *apps;
    const CloudSyncCloudInfo *both;
    const CloudSyncAppSchema *schema;
    const CloudSyncSubscribeInfo *subscribed;
    const CloudSyncAssetResult *const *assets;
    const char *const *ids;
    size_t n;
    NO_POINTER(cloudsync_last_error_code);
    note_answer("cloudsync_last_error_code", cloudsync_last_error_code());
    FINE(cloudsync_result_free, "result", NULL);
    BAD(cloudsync_result_service_info, "result", NULL, &info);
    BAD(cloudsync_result_app_brief_info, "result", NULL, &apps, &n);
    BAD(cloudsync_result_cloud_info, "result", NULL, &both);
    BAD(cloudsync_result_app_schema, "result", NULL, &schema);
    BAD(cloudsync_result_subscribe_info, "result", NULL, &subscribed);
    BAD(cloudsync_result_ids, "result", NULL, &ids, &n);
    BAD(cloudsync_result_assets, "result", NULL, &assets, &n);
}

static void ignore_check(const char *name, int32_t passed, const char *text, void *user_data) {
    (void)name;
    (void)passed;
    (void)text;
    (void)user_data;
}

static void ignore_cloud_change(const char *bundle_name, void *user_data) {
    (void)bundle_name;
    (void)user_data;
}

static void check_callers(void) {
    CloudSyncDatabase database;
    CloudSyncLockInfo lock;
    CloudSyncResult *result = NULL;
    CloudSyncRows *rows = NULL, *answers = NULL;
    CloudSyncCloudDbStub *db = NULL;
    CloudSyncAssetLoaderStub *loader = NULL;
    const char *const bundles[] = {"com.example"};
    const CloudSyncDatabase *const databases[] = {&database};
    uint32_t bits;
    memset(&database, 0, sizeof database);
    memset(&lock, 0, sizeof lock);
    lock.struct_size = sizeof lock;
    database.struct_size = sizeof database;
    database.name = database.alias = "db";
    BAD(cloud_service_get_service_info, "stub", NULL, &result);
    BAD(cloud_service_get_service_info, "out", stub, NULL);
    BAD(cloud_service_get_app_brief_info, "out", stub, NULL);
    BAD(cloudsync_cloud_info, "stub", NULL, &result);
    BAD(cloudsync_cloud_info, "out", stub, NULL);
    BAD(cloud_service_get_app_schema, "bundle_name", stub, NULL, &result);
    BAD(cloud_service_get_app_schema, "out", stub, "b", NULL);
    BAD(cloud_service_subscribe, "stub", NULL, bundles, databases, 1, 1, ignore_cloud_change, NULL, NULL, &result);
    BAD(cloud_service_subscribe, "names", stub, NULL, databases, 1, 1, ignore_cloud_change, NULL, NULL, &result);
    BAD(cloud_service_subscribe, "databases", stub, bundles, NULL, 1, 1, ignore_cloud_change, NULL, NULL, &result);
    BAD(cloud_service_subscribe, "cb", stub, bundles, databases, 1, 1, NULL, NULL, NULL, &result);
    BAD(cloud_service_subscribe, "out", stub, bundles, databases, 1, 1, ignore_cloud_change, NULL, NULL, NULL);
    BAD(cloud_service_unsubscribe, "ids", stub, NULL, 1);
    FINE(cloud_service_unsubscribe, "ids, of none", stub, NULL, 0);
    BAD(cloud_service_connect_db, "bundle_name", stub, NULL, &database, &db);
    BAD(cloud_service_connect_db, "database", stub, "b", NULL, &db);
    BAD(cloud_service_connect_db, "out", stub, "b", &database, NULL);
    BAD(cloud_service_connect_asset_loader, "database", stub, "b", NULL, &loader);
    BAD(cloud_service_connect_asset_loader, "out", stub, "b", &database, NULL);
    CloudSyncCloudServer *server = NULL;
    CloudSyncCloudServiceStub *connected = NULL;
    char address[PATH_MAX];
    snprintf(address, sizeof address, "unix:%s/sock", root);
    BAD(cloudsync_serve, "stub", NULL, address, &server);
    BAD(cloudsync_serve, "address", stub, NULL, &server);
    BAD(cloudsync_serve, "out", stub, address, NULL);
    FINE(cloudsync_cloud_server_free, "server", NULL);
    BAD(cloudsync_connect, "address", NULL, &connected);
    BAD(cloudsync_connect, "out", address, NULL);
    BAD(cloudsync_conformance, "stub", NULL, ignore_check, NULL);
    BAD(cloudsync_conformance, "report_cb", stub, NULL, NULL);

    assert_ok(cloudsync_rows_new(&rows));
    assert_ok(cloud_service_connect_db(stub, "b", &database, &db));
    BAD(cloudsync_cloud_db_capabilities, "stub", NULL, &bits);
    BAD(cloudsync_cloud_db_capabilities, "out", db, NULL);
    BAD(cloud_db_generate_id, "out", db, 1, NULL);
    BAD(cloud_db_insert, "table", db, NULL, rows, &answers);
    BAD(cloud_db_insert, "rows", db, "t", NULL, &answers);
    BAD(cloud_db_insert, "out", db, "t", rows, NULL);
    BAD(cloud_db_update, "rows", db, "t", NULL, &answers);
    BAD(cloud_db_delete, "rows", db, "t", NULL, &answers);
    BAD(cloud_db_query, "table", db, NULL, NULL, 0, 1, "", &answers);
    BAD(cloud_db_query, "fields", db, "t", NULL, 1, 1, "", &answers);
    BAD(cloud_db_query, "query_cursor", db, "t", NULL, 0, 1, NULL, &answers);
    BAD(cloud_db_query, "out", db, "t", NULL, 0, 1, "", NULL);
    BAD(cloud_db_lock, "stub", NULL, &lock);
    BAD(cloud_db_lock, "out", db, NULL);
    BAD(cloud_db_heartbeat, "out", db, 1, NULL);
    BAD(cloud_db_unlock, "stub", NULL, 1, NULL);
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloudsync_rows_free(rows));

    assert_ok(cloud_service_connect_asset_loader(stub, "b", &database, &loader));
    BAD(asset_loader_upload, "stub", NULL, "t", "g", NULL, 0, &result);
    BAD(asset_loader_upload, "table", loader, NULL, "g", NULL, 0, &result);
    BAD(asset_loader_upload, "gid", loader, "t", NULL, NULL, 0, &result);
    BAD(asset_loader_upload, "assets", loader, "t", "g", NULL, 1, &result);
    BAD(asset_loader_upload, "out", loader, "t", "g", NULL, 0, NULL);
    BAD(asset_loader_download, "stub", NULL, "t", "g", "", NULL, 0, &result);
    BAD(asset_loader_download, "prefix", loader, "t", "g", NULL, NULL, 0, &result);
    BAD(asset_loader_download, "assets", loader, "t", "g", "", NULL, 1, &result);
    BAD(asset_loader_download, "out", loader, "t", "g", "", NULL, 0, NULL);
    assert_ok(asset_loader_stub_free(loader));
}

static void ignore_shared(int32_t code, const char *message, int32_t sharing_code, CloudSyncResult *result,
                          void *user_data) {
    (void)code, (void)message, (void)sharing_code, (void)result, (void)user_data;
}

static void check_share_center(void) {
    CloudSyncShareCenterVTable table;
    CloudSyncShareServiceStub *center = NULL;
    CloudSyncParticipant nameless;
    CloudSyncResult *result = NULL;
    const CloudSyncParticipant *const one[] = {&nameless}, *const none[] = {NULL};
    const CloudSyncParticipantResult *const *participants;
    const char *resource;
    size_t n;
    memset(&table, 0, sizeof table);
    memset(&nameless, 0, sizeof nameless);
    table.struct_size = sizeof table;
    nameless.struct_size = sizeof nameless;
    BAD(create_share_service_stub, "vtable", NULL, NULL, &center);
    BAD(create_share_service_stub, "out", &table, NULL, NULL);
    FINE(share_service_stub_free, "stub", NULL);
    BAD(cloudsync_reply_share_center, "reply", NULL, NULL);
    BAD(cloudsync_reply_participant, "reply", NULL, 0, 0, NULL, NULL);
    BAD(cloudsync_reply_participants, "reply", NULL, NULL, 0);
    BAD(cloudsync_reply_sharing_resource, "reply", NULL, NULL);
    BAD(cloudsync_result_participants, "result", NULL, &participants, &n);
    BAD(cloudsync_result_sharing_resource, "result", NULL, &resource);
    NO_POINTER(cloudsync_last_sharing_code);
    note_answer("cloudsync_last_sharing_code", cloudsync_last_sharing_code());
    BAD(cloudsync_conformance_sharing, "inviter", NULL, "a", stub, "b", ignore_check, NULL);
    BAD(cloudsync_conformance_sharing, "inviter_identity", stub, NULL, stub, "b", ignore_check, NULL);
    BAD(cloudsync_conformance_sharing, "invitee", stub, "a", NULL, "b", ignore_check, NULL);
    BAD(cloudsync_conformance_sharing, "invitee_identity", stub, "a", stub, NULL, ignore_check, NULL);
    BAD(cloudsync_conformance_sharing, "report_cb", stub, "a", stub, "b", NULL, NULL);

    BAD(cloud_service_connect_share_center, "stub", NULL, 0, "b", &center);
    BAD(cloud_service_connect_share_center, "bundle_name", stub, 0, NULL, &center);
    BAD(cloud_service_connect_share_center, "out", stub, 0, "b", NULL);
    assert_ok(cloud_service_connect_share_center(stub, 0, "b", &center));
    BAD(share_center_alloc_resource, "stub", NULL, 0, "b", "d", "t", "i", &result);
    BAD(share_center_alloc_resource, "bundle_name", center, 0, NULL, "d", "t", "i", &result);
    BAD(share_center_alloc_resource, "database_alias", center, 0, "b", NULL, "t", "i", &result);
    BAD(share_center_alloc_resource, "table", center, 0, "b", "d", NULL, "i", &result);
    BAD(share_center_alloc_resource, "record_id", center, 0, "b", "d", "t", NULL, &result);
    BAD(share_center_alloc_resource, "out", center, 0, "b", "d", "t", "i", NULL);
    BAD(share_center_share, "stub", NULL, 0, "b", "r", NULL, 0, &result);
    BAD(share_center_share, "bundle_name", center, 0, NULL, "r", NULL, 0, &result);
    BAD(share_center_share, "sharing_resource", center, 0, "b", NULL, NULL, 0, &result);
    BAD(share_center_share, "participants", center, 0, "b", "r", NULL, 1, &result);
    BAD(share_center_share, "participants[0]", center, 0, "b", "r", none, 1, &result);
    BAD(share_center_share, "identity", center, 0, "b", "r", one, 1, &result);
    BAD(share_center_share, "out", center, 0, "b", "r", NULL, 0, NULL);
    BAD(share_center_unshare, "participants", center, 0, "b", "r", NULL, 1, &result);
    BAD(share_center_unshare, "out", center, 0, "b", "r", NULL, 0, NULL);
    BAD(share_center_change_privilege, "participants", center, 0, "b", "r", NULL, 1, &result);
    BAD(share_center_change_privilege, "out", center, 0, "b", "r", NULL, 0, NULL);
    BAD(share_center_exit, "bundle_name", center, 0, NULL, "r");
    BAD(share_center_exit, "sharing_resource", center, 0, "b", NULL);
    BAD(share_center_query_participants, "sharing_resource", center, 0, "b", NULL, &result);
    BAD(share_center_query_participants, "out", center, 0, "b", "r", NULL);
    BAD(share_center_query_participants_by_invitation, "invitation_code", center, 0, "b", NULL, &result);
    BAD(share_center_query_participants_by_invitation, "out", center, 0, "b", "c", NULL);
    BAD(share_center_confirm_invitation, "invitation_code", center, 0, "b", NULL, 1, &result);
    BAD(share_center_confirm_invitation, "out", center, 0, "b", "c", 1, NULL);
    BAD(share_center_change_confirmation, "sharing_resource", center, 0, "b", NULL, 1);
    assert_ok(share_service_stub_free(center));
}

static void check_sharing(void) {
    CloudSyncResult *result = NULL;
    BAD(cloudsync_sharing_resource, "context", NULL, uri, &result);
    BAD(cloudsync_sharing_resource, "uri", context, NULL, &result);
    BAD(cloudsync_sharing_resource, "out", context, uri, NULL);
    BAD(cloudsync_sharing_resource_async, "uri", context, NULL, ignore_shared, NULL);
    BAD(cloudsync_sharing_resource_async, "done", context, uri, NULL, NULL);
    BAD(sharing_share, "sharing_resource", context, NULL, NULL, 0, &result);
    BAD(sharing_share, "participants", context, "r", NULL, 1, &result);
    BAD(sharing_share, "out", context, "r", NULL, 0, NULL);
    BAD(sharing_share_async, "participants", context, "r", NULL, 1, ignore_shared, NULL);
    BAD(sharing_share_async, "done", context, "r", NULL, 0, NULL, NULL);
    BAD(sharing_unshare, "sharing_resource", context, NULL, NULL, 0, &result);
    BAD(sharing_unshare, "participants", context, "r", NULL, 1, &result);
    BAD(sharing_unshare_async, "sharing_resource", context, NULL, NULL, 0, ignore_shared, NULL);
    BAD(sharing_unshare_async, "done", context, "r", NULL, 0, NULL, NULL);
    BAD(sharing_change_privilege, "participants", context, "r", NULL, 1, &result);
    BAD(sharing_change_privilege, "out", context, "r", NULL, 0, NULL);
    BAD(sharing_change_privilege_async, "participants", context, "r", NULL, 1, ignore_shared, NULL);
    BAD(sharing_change_privilege_async, "done", context, "r", NULL, 0, NULL, NULL);
    BAD(sharing_exit, "sharing_resource", context, NULL);
    BAD(sharing_exit_async, "sharing_resource", context, NULL, ignore_shared, NULL);
    BAD(sharing_exit_async, "done", context, "r", NULL, NULL);
    BAD(sharing_query_participants, "sharing_resource", context, NULL, &result);
    BAD(sharing_query_participants, "out", context, "r", NULL);
    BAD(sharing_query_participants_async, "sharing_resource", context, NULL, ignore_shared, NULL);
    BAD(sharing_query_participants_async, "done", context, "r", NULL, NULL);
    BAD(sharing_query_participants_by_invitation, "invitation_code", context, NULL, &result);
    BAD(sharing_query_participants_by_invitation, "out", context, "c", NULL);
    BAD(sharing_query_participants_by_invitation_async, "invitation_code", context, NULL, ignore_shared, NULL);
    BAD(sharing_query_participants_by_invitation_async, "done", context, "c", NULL, NULL);
    BAD(sharing_confirm_invitation, "invitation_code", context, NULL, 1, &result);
    BAD(sharing_confirm_invitation, "out", context, "c", 1, NULL);
    BAD(sharing_confirm_invitation_async, "invitation_code", context, NULL, 1, ignore_shared, NULL);
    BAD(sharing_confirm_invitation_async, "done", context, "c", 1, NULL, NULL);
    BAD(sharing_change_confirmation, "sharing_resource", context, NULL, 1);
    BAD(sharing_change_confirmation_async, "sharing_resource", context, NULL, 1, ignore_shared, NULL);
    BAD(sharing_change_confirmation_async, "done", context, "r", 1, NULL, NULL);
}

static void null_is_a_bad_argument(void **state) {
    (void)state;
    char path[PATH_MAX];
    device_make(&device, "device");
    make_folder(join(path, root, "files"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, "com.example.files", path));
    device_open(&device);
    assert_ok(file_sync_new(device.context, "com.example.files", &file_sync));
    options = device.options;
    context = device.context;
    sync_handle = device.sync;
    assert_ok(download_new(context, &download));
    assert_ok(cloud_file_cache_new(context, &cache));
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &stub));

    check_library();
    check_options();
    check_context();
    check_gallery_sync();
    check_file_sync();
    check_download();
    check_accounts();
    check_space();
    check_cloud_file_cache();
    check_cloud();
    check_vendor();
    check_rows();
    check_results();
    check_callers();
    check_share_center();
    check_sharing();

    assert_ok(cloud_service_stub_free(stub));
    assert_ok(cloud_file_cache_free(cache));
    assert_ok(download_free(download));
    assert_ok(file_sync_free(file_sync));
    device_free(&device);
    assert_int_equal(wrong, 0);
}

static void every_export_is_covered(void **state) {
    (void)state;
    char line[256];
    int missing = 0;
    FILE *exports = fopen(EXPORTS_FILE, "r");
    assert_non_null(exports);
    while (fgets(line, sizeof line, exports) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        bool found = line[0] < 'a' || line[0] > 'z'; /* a comment or an empty line */
        for (size_t i = 0; !found && i < covered_count; i++) {
            found = strcmp(line, covered[i]) == 0;
        }
        if (!found) {
            print_error("%s has no line in this test\n", line);
            missing++;
        }
    }
    fclose(exports);
    assert_int_equal(missing, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(null_is_a_bad_argument),
        in_scratch(every_export_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
