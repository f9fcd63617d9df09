/* A number outside its range is 401 and changes nothing, wherever a number goes in. */
#include "support.h"

static void ignore_line(int32_t level, const char *line, void *user_data) {
    (void)level;
    (void)line;
    (void)user_data;
}

#define BAD(call) assert_code(call, CLOUDSYNC_E_INVALID_ARGUMENT)

static void numbers_outside_their_range(void **state) {
    (void)state;
    const int32_t wrong[] = {-1, 2, 3, 99, INT32_MIN, INT32_MAX};
    CloudSyncOptions *options = NULL;
    assert_ok(cloudsync_options_new(&options));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        BAD(cloudsync_options_set_download_policy(options, wrong[i]));
        BAD(cloudsync_options_set_dispatch(options, wrong[i]));
    }
    BAD(cloudsync_options_set_transfer_threads(options, 0));
    BAD(cloudsync_options_set_transfer_threads(options, 65));
    BAD(cloudsync_options_set_transfer_threads(options, UINT32_MAX));
    BAD(cloudsync_options_set_deletion_hold(options, 0, 101));
    BAD(cloudsync_options_set_battery_marks(options, 101, 10));
    BAD(cloudsync_options_set_battery_marks(options, -1, -1));
    BAD(cloudsync_options_set_battery_marks(options, 10, 11));
    BAD(cloudsync_set_log_cb(0, ignore_line, NULL, NULL));
    BAD(cloudsync_set_log_cb(5, ignore_line, NULL, NULL));
    assert_ok(cloudsync_options_free(options));
}

static void numbers_at_their_ends(void **state) {
    (void)state;
    CloudSyncOptions *options = NULL;
    assert_ok(cloudsync_options_new(&options));
    assert_ok(cloudsync_options_set_transfer_threads(options, 1));
    assert_ok(cloudsync_options_set_transfer_threads(options, 64));
    assert_ok(cloudsync_options_set_deletion_hold(options, 0, 100));
    assert_ok(cloudsync_options_set_deletion_hold(options, UINT64_MAX, 0));
    assert_ok(cloudsync_options_set_battery_marks(options, 100, 100));
    assert_ok(cloudsync_options_set_battery_marks(options, 0, 0));
    assert_ok(cloudsync_options_free(options));
}

static void dispatching_with_a_wrong_timeout(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    assert_ok(cloudsync_options_set_dispatch(device.options, CLOUDSYNC_DISPATCH_HOST));
    device_open(&device);
    BAD(cloudsync_dispatch(device.context, 0, -2));
    BAD(cloudsync_dispatch(device.context, 0, INT32_MIN));
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(numbers_outside_their_range),
        in_scratch(numbers_at_their_ends),
        in_scratch(dispatching_with_a_wrong_timeout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
