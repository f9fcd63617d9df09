/* A context, its objects and its options are made, used and freed in any order that makes sense. */
#include "support.h"

static void opened_and_closed_again_and_again(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "again");
    for (int i = 0; i < 5; i++) {
        device_open(&device);
        device_close(&device);
        gate_wait(&device.progress.destroyed, (unsigned)i + 1);
    }
    device_open(&device);
    device_free(&device);
}

static void options_may_go_before_the_context(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "options");
    device_open(&device);
    assert_ok(cloudsync_options_free(device.options));
    assert_ok(cloudsync_options_new(&device.options));
    int32_t found = -1;
    assert_code(get_file_sync_state(device.context, "http://nowhere", &found), CLOUDSYNC_E_INVALID_URI);
    device_free(&device);
}

static void two_contexts_in_one_process(void **state) {
    (void)state;
    struct device one, other;
    device_make(&one, "one");
    device_make(&other, "other");
    device_open(&one);
    device_open(&other);
    device_free(&one);
    device_free(&other);
}

static void a_state_directory_belongs_to_one_context(void **state) {
    (void)state;
    struct device device;
    CloudSyncContext *second = NULL;
    device_make(&device, "single");
    device_open(&device);
    assert_code(cloudsync_open(device.options, &second), CLOUDSYNC_E_BUSY);
    assert_null(second);
    device_free(&device);
}

static void handles_outlive_their_context(void **state) {
    (void)state;
    struct device device;
    CloudSyncDownload *download = NULL;
    device_make(&device, "outlive");
    device_open(&device);
    assert_ok(download_new(device.context, &download));
    assert_ok(cloudsync_close(device.context));
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_IPC);
    assert_code(download_start(download, "file://media/Photo/a.jpg"), CLOUDSYNC_E_IPC);
    assert_int_equal(gate_count(&device.progress.destroyed), 0);
    assert_ok(gallery_sync_free(device.sync));
    assert_int_equal(gate_count(&device.progress.destroyed), 1);
    assert_ok(download_free(download));
    assert_ok(cloudsync_options_free(device.options));
    progress_destroy(&device.progress);
}

static void what_has_no_default_must_be_set(void **state) {
    (void)state;
    CloudSyncOptions *options = NULL;
    CloudSyncContext *context = NULL;
    assert_ok(cloudsync_options_new(&options));
    assert_code(cloudsync_open(options, &context), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_null(context);
    assert_ok(cloudsync_options_free(options));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(opened_and_closed_again_and_again),
        in_scratch(options_may_go_before_the_context),
        in_scratch(two_contexts_in_one_process),
        in_scratch(a_state_directory_belongs_to_one_context),
        in_scratch(handles_outlive_their_context),
        in_scratch(what_has_no_default_must_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
