/* Bytes move no faster than the host allows, all transfers together, and a limit neither holds up a stop nor stays
 * when it is taken away. The margins are wide: a slow machine is slower than any limit. */
#include "support.h"

#define GALLERY "file://media/Photo/"
#define MIB (1024 * 1024)

static void make_photos(const char *folder, int count, size_t size) {
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.jpg", i);
        write_photo(folder, name, size, (uint64_t)i);
    }
}

static int64_t timed_sync(struct device *device) {
    int64_t began = now_ms();
    device_sync(device);
    return now_ms() - began;
}

static void all_transfers_keep_the_limit_together(void **state) {
    (void)state;
    struct device here, there;
    device_make(&here, "here");
    device_make(&there, "there");
    make_photos(here.gallery, 12, MIB / 4); /* 3 MiB, by four threads */
    assert_ok(cloudsync_options_set_bandwidth_limits(here.options, 2 * MIB, 0));
    device_open(&here);
    assert_true(timed_sync(&here) >= 1200);
    assert_ok(cloudsync_options_set_bandwidth_limits(there.options, 1, 2 * MIB)); /* nothing goes up */
    device_open(&there);
    assert_true(timed_sync(&there) >= 800); /* the last piece goes at once */
    assert_true(same_folders(here.gallery, there.gallery));
    device_free(&here);
    device_free(&there);
}

static void a_stop_does_not_wait_for_the_limit(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    make_photos(device.gallery, 4, MIB);
    assert_ok(cloudsync_options_set_bandwidth_limits(device.options, 100, 100)); /* hours */
    device_open(&device);
    assert_ok(gallery_sync_start(device.sync));
    while (device.progress.last.state != CLOUDSYNC_SYNC_STATE_UPLOADING) {
        gate_wait(&device.progress.events, gate_count(&device.progress.events) + 1);
    }
    int64_t began = now_ms();
    assert_ok(gallery_sync_stop(device.sync));
    gate_wait(&device.progress.finals, 1);
    assert_true(now_ms() - began < 2000);
    assert_int_equal(device.progress.last.state, CLOUDSYNC_SYNC_STATE_STOPPED);
    assert_ok(gallery_sync_start(device.sync));
    assert_ok(cloudsync_set_bandwidth_limits(device.context, 0, 0)); /* what is under way goes on at once */
    gate_wait(&device.progress.finals, 2);
    assert_int_equal(device.progress.last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    assert_ok(cloudsync_set_bandwidth_limits(device.context, 100, 100));
    make_photos(device.gallery, 4, 2 * MIB);
    assert_ok(gallery_sync_start(device.sync));
    began = now_ms();
    device_close(&device);
    assert_true(now_ms() - began < 2500);
    device_free(&device);
}

static void codes(void **state) {
    (void)state;
    struct device device;
    static const char *const none[] = {"ohos.permission.OTHER"};
    device_make(&device, "device");
    assert_ok(cloudsync_options_set_bandwidth_limits(device.options, UINT64_MAX, UINT64_MAX));
    write_photo(device.gallery, "a.jpg", 5000, 1);
    device_open(&device);
    device_sync(&device);
    device_close(&device);
    CloudSyncContext *context = NULL;
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.app", none, 1, 1));
    assert_ok(cloudsync_open(device.options, &context));
    assert_code(cloudsync_set_bandwidth_limits(context, 1, 1), CLOUDSYNC_E_PERMISSION_DENIED);
    assert_ok(cloudsync_close(context));
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(all_transfers_keep_the_limit_together),
        in_scratch(a_stop_does_not_wait_for_the_limit),
        in_scratch(codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
