/* Every code has a text of its own and says what to do; a failed call leaves its results as they were. */
#include "support.h"

static const int32_t codes[] = {
    CLOUDSYNC_OK, CLOUDSYNC_E_PERMISSION_DENIED, CLOUDSYNC_E_NOT_SYSTEM_APP,
    CLOUDSYNC_E_INVALID_ARGUMENT, CLOUDSYNC_E_NOT_SUPPORTED, CLOUDSYNC_E_IPC,
    CLOUDSYNC_E_NOT_PERMITTED, CLOUDSYNC_E_NO_SUCH_FILE, CLOUDSYNC_E_INTERRUPTED, CLOUDSYNC_E_IO,
    CLOUDSYNC_E_BAD_DESCRIPTOR, CLOUDSYNC_E_TRY_AGAIN, CLOUDSYNC_E_OUT_OF_MEMORY,
    CLOUDSYNC_E_ACCESS_DENIED, CLOUDSYNC_E_BUSY, CLOUDSYNC_E_INVALID_VALUE, CLOUDSYNC_E_NO_SPACE,
    CLOUDSYNC_E_READ_ONLY, CLOUDSYNC_E_DEADLOCK, CLOUDSYNC_E_NOT_IMPLEMENTED, CLOUDSYNC_E_UNKNOWN,
    CLOUDSYNC_E_INVALID_URI, CLOUDSYNC_E_INVALID_DATABASE_ARGUMENT, CLOUDSYNC_E_CLOUD_NOT_READY,
    CLOUDSYNC_E_NETWORK_UNAVAILABLE, CLOUDSYNC_E_BATTERY_LOW, CLOUDSYNC_E_LIMIT_EXCEEDED,
    CLOUDSYNC_E_INNER, CLOUDSYNC_E_TASK_RUNNING, CLOUDSYNC_E_VERSION_FILE_MISSING,
};
#define CODES (sizeof codes / sizeof *codes)

static void codes_are_the_documented_numbers(void **state) {
    (void)state;
    const int32_t documented[] = {
        0, 201, 202, 401, 801, 13600001, 13900001, 13900002, 13900004, 13900005, 13900008, 13900010,
        13900011, 13900012, 13900014, 13900020, 13900025, 13900027, 13900029, 13900031, 13900042,
        14000002, 14800001, 22400001, 22400002, 22400003, 22400004, 22400005, 22400006, 22400007,
    };
    assert_int_equal(sizeof documented, sizeof codes);
    assert_memory_equal(documented, codes, sizeof codes);
}

static void every_code_says_what_it_is_and_what_to_do(void **state) {
    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        const char *text = cloudsync_strerror(codes[i]);
        assert_true(text != NULL && text[0] != '\0');
        assert_true(cloudsync_error_remedy(codes[i]) != NULL);
        assert_true(cloudsync_error_remedy(codes[i])[0] != '\0');
        assert_ptr_equal(text, cloudsync_strerror(codes[i]));
        for (size_t other = 0; other < i; other++) {
            assert_string_not_equal(text, cloudsync_strerror(codes[other]));
        }
    }
}

static void an_unknown_code_has_a_text_too(void **state) {
    (void)state;
    const int32_t unknown[] = {-1, 1, 402, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_true(cloudsync_strerror(unknown[i]) != NULL);
        assert_true(cloudsync_strerror(unknown[i])[0] != '\0');
        assert_true(cloudsync_error_remedy(unknown[i])[0] != '\0');
    }
}

static void *no_failure_on_a_new_thread(void *length) {
    *(size_t *)length = cloudsync_last_error(NULL, 0);
    return NULL;
}

static void the_last_error_is_this_threads_own(void **state) {
    (void)state;
    char whole[512], part[8];
    assert_code(cloudsync_options_new(NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    size_t length = cloudsync_last_error(whole, sizeof whole);
    assert_true(length > 0);
    assert_int_equal(strlen(whole), length);
    assert_non_null(strstr(whole, "out"));

    memset(part, 'x', sizeof part);
    assert_int_equal(cloudsync_last_error(part, 4), length);
    assert_int_equal(strlen(part), 3);
    assert_memory_equal(part, whole, 3);
    assert_int_equal(part[4], 'x');
    assert_int_equal(cloudsync_last_error(part, 0), length);

    pthread_t thread;
    size_t elsewhere = 1;
    assert_int_equal(pthread_create(&thread, NULL, no_failure_on_a_new_thread, &elsewhere), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(elsewhere, 0);
}

static void a_failed_call_leaves_its_results_alone(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device_open(&device);
    CloudSyncContext *const no_context = NULL;
    int marker;

    CloudSyncGallerySync *sync = (CloudSyncGallerySync *)&marker;
    CloudSyncDownload *download = (CloudSyncDownload *)&marker;
    CloudSyncContext *context = (CloudSyncContext *)&marker;
    CloudSyncCloudServiceStub *stub = (CloudSyncCloudServiceStub *)&marker;
    const char *const bad_uris[] = {"nonsense"};
    CloudSyncExplanation explanation = {sizeof explanation, -7, 0, 0, 0, 0};
    CloudSyncPlan *plan = NULL;
    int32_t found = -7;
    uint64_t held = 7;
    char reason[] = "untouched";

    assert_true(gallery_sync_new(no_context, &sync) != 0);
    assert_true(download_new(no_context, &download) != 0);
    assert_true(cloudsync_open(device.options, &context) != 0); /* it is open already */
    assert_true(cloudsync_embedded_cloud_new("", "account", &stub) != 0);
    assert_true(get_file_sync_state(device.context, "nonsense", &found) != 0);
    assert_true(get_file_sync_states(device.context, bad_uris, 1, &found) != 0);
    assert_true(cloudsync_get_held_deletions(no_context, &held) != 0);
    assert_true(cloudsync_explain(device.context, "nonsense", &explanation, reason, sizeof reason) != 0);
    assert_true(cloudsync_plan(device.context, "nonsense", &plan) != 0);

    assert_ptr_equal(sync, &marker);
    assert_ptr_equal(download, &marker);
    assert_ptr_equal(context, &marker);
    assert_ptr_equal(stub, &marker);
    assert_int_equal(found, -7);
    assert_int_equal(explanation.code, -7);
    assert_null(plan);
    assert_int_equal(held, 7);
    assert_string_equal(reason, "untouched");
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(codes_are_the_documented_numbers),
        in_scratch(every_code_says_what_it_is_and_what_to_do),
        in_scratch(an_unknown_code_has_a_text_too),
        in_scratch(the_last_error_is_this_threads_own),
        in_scratch(a_failed_call_leaves_its_results_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
