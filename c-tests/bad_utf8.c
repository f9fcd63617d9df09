/* Text that is not UTF-8 is 401, wherever text goes in. */
#include "support.h"

static const char *const not_utf8[] = {
    "\xff",             /* no byte of UTF-8 */
    "a\xc3",            /* cut short */
    "\xc0\xaf",         /* '/' in two bytes */
    "\xed\xa0\x80",     /* half of a surrogate pair */
    "\xf4\x90\x80\x80", /* beyond the last character */
    "file://media/Photo/\xe9t\xe9.jpg",
};

#define BAD(call) assert_code(call, CLOUDSYNC_E_INVALID_ARGUMENT)

static void text_that_is_not_utf8(void **state) {
    (void)state;
    struct device device;
    CloudSyncDownload *download = NULL;
    CloudSyncPage *page = NULL;
    CloudSyncCloudFileCache *cache = NULL;
    int64_t task = -7;
    CloudSyncCloudServiceStub *stub = NULL;
    struct answer answer;
    CloudSyncFileSync *file_sync = NULL;
    device_make(&device, "device");
    device_open(&device);
    assert_ok(download_new(device.context, &download));
    assert_ok(cloud_file_cache_new(device.context, &cache));
    answer_init(&answer);

    for (size_t i = 0; i < sizeof not_utf8 / sizeof *not_utf8; i++) {
        const char *text = not_utf8[i];
        const char *const texts[] = {"file://media/Photo/a.jpg", text};
        int32_t found[2] = {-7, -7};
        BAD(cloudsync_options_set_state_dir(device.options, text));
        BAD(cloudsync_options_set_gallery_dir(device.options, text));
        BAD(cloudsync_options_set_device_name(device.options, text));
        BAD(cloudsync_options_set_bundle_dir(device.options, text, "/tmp"));
        BAD(cloudsync_options_set_bundle_dir(device.options, "com.example.files", text));
        BAD(file_sync_new(device.context, text, &file_sync));
        BAD(cloudsync_options_set_caller(device.options, text, NULL, 0, 1));
        BAD(cloudsync_options_set_caller(device.options, "bundle", texts, 2, 1));
        BAD(cloudsync_embedded_cloud_new(text, "account", &stub));
        BAD(cloudsync_embedded_cloud_new(root, text, &stub));
        BAD(cloudsync_embedded_cloud_new_with_quota(text, "account", 1, &stub));
        BAD(get_file_sync_state(device.context, text, found));
        BAD(cloudsync_list(device.context, text, 1, NULL, 1, &page));
        BAD(cloudsync_list(device.context, "file://media/Photo", 1, text, 1, &page));
        BAD(register_change(device.context, text, 1, ignore_change, NULL, NULL));
        BAD(unregister_change(device.context, text));
        BAD(get_core_file_sync_state(device.context, text, found));
        BAD(get_file_sync_states(device.context, texts, 2, found));
        CloudSyncExplanation explanation = {sizeof explanation, 0, 0, 0, 0, 0};
        CloudSyncPlan *plan = NULL;
        BAD(cloudsync_explain(device.context, text, &explanation, NULL, 0));
        BAD(cloudsync_remove(device.context, text));
        BAD(cloudsync_restore(device.context, text));
        BAD(cloudsync_plan(device.context, text, &plan));
        BAD(download_start(download, text));
        BAD(cloudsync_pin(device.context, text, 1));
        BAD(cloud_file_cache_clean_cache(cache, text));
        BAD(cloud_file_cache_clean_file_cache(cache, text));
        BAD(download_start_async(download, text, on_answer, &answer));
        BAD(download_stop(download, text));
        BAD(download_stop_async(download, text, on_answer, &answer));
        BAD(cloud_file_cache_start(cache, text));
        BAD(cloud_file_cache_start_async(cache, text, on_answer, &answer));
        BAD(cloud_file_cache_stop(cache, text, 0));
        BAD(cloud_file_cache_stop_async(cache, text, 0, on_answer, &answer));
        BAD(cloud_file_cache_start_batch(cache, texts, 2, 0, &task));
        BAD(cloud_file_cache_start_batch_async(cache, texts, 2, 0, ignore_task, NULL));
        assert_int_equal(task, -7);
        assert_int_equal(found[0], -7);
        assert_int_equal(found[1], -7);
    }
    assert_null(page);
    assert_null(stub);
    assert_null(file_sync);
    assert_ok(download_free(download));
    assert_ok(cloud_file_cache_free(cache));
    device_free(&device);
    assert_int_equal(gate_count(&answer.gate), 0);
    answer_destroy(&answer);
}

int main(void) {
    const struct CMUnitTest tests[] = {in_scratch(text_that_is_not_utf8)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
