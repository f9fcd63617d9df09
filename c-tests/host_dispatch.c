/* With CLOUDSYNC_DISPATCH_HOST callbacks run on the host's thread alone, when it asks, and the event
 * descriptor polls readable exactly while events wait. */
#include "support.h"

#include <poll.h>

static bool readable(int descriptor, int timeout_ms) {
    struct pollfd polled = {descriptor, POLLIN, 0};
    int ready = poll(&polled, 1, timeout_ms);
    assert_true(ready >= 0);
    return ready == 1 && (polled.revents & POLLIN) != 0;
}

struct told {
    pthread_t thread;
    int times;
    int32_t answer; /* of a blocking call made inside the callback */
    CloudSyncContext *context;
};

static void on_told(int32_t code, const char *message, void *user_data) {
    (void)code;
    (void)message;
    struct told *told = (struct told *)user_data;
    told->thread = pthread_self();
    told->times++;
    told->answer = cloudsync_dispatch(told->context, 0, 0);
}

static void callbacks_run_inside_dispatch(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "inside");
    assert_ok(cloudsync_options_set_dispatch(device.options, CLOUDSYNC_DISPATCH_HOST));
    device_open(&device);
    int descriptor = cloudsync_event_fd(device.context);
    assert_true(descriptor >= 0);
    assert_false(readable(descriptor, 0));

    struct told told = {pthread_self(), 0, -1, device.context};
    assert_ok(gallery_sync_stop_async(device.sync, on_told, &told));
    assert_true(readable(descriptor, PATIENCE_MS));
    assert_int_equal(told.times, 0);
    assert_ok(cloudsync_dispatch(device.context, 0, 0));
    assert_int_equal(told.times, 1);
    assert_true(pthread_equal(told.thread, pthread_self()));
    assert_answered(cloudsync_dispatch, told.answer, CLOUDSYNC_E_DEADLOCK);
    assert_false(readable(descriptor, 0));

    assert_ok(gallery_sync_stop_async(device.sync, on_told, &told));
    assert_ok(cloudsync_dispatch(device.context, 0, -1)); /* waits for it */
    assert_int_equal(told.times, 2);
    device_free(&device);
}

static void no_more_events_than_asked_for(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "few");
    assert_ok(cloudsync_options_set_dispatch(device.options, CLOUDSYNC_DISPATCH_HOST));
    device_open(&device);
    int descriptor = cloudsync_event_fd(device.context);
    struct told told = {pthread_self(), 0, -1, device.context};
    for (int i = 0; i < 3; i++) {
        assert_ok(gallery_sync_stop_async(device.sync, on_told, &told));
    }
    for (int i = 1; i <= 3; i++) {
        assert_true(readable(descriptor, PATIENCE_MS));
        assert_ok(cloudsync_dispatch(device.context, 1, PATIENCE_MS));
        assert_int_equal(told.times, i);
    }
    assert_ok(cloudsync_dispatch(device.context, 1, 0));
    assert_ok(cloudsync_dispatch(device.context, 0, 1));
    assert_int_equal(told.times, 3);
    device_free(&device);
}

static void close_delivers_what_is_left(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "left");
    assert_ok(cloudsync_options_set_dispatch(device.options, CLOUDSYNC_DISPATCH_HOST));
    device_open(&device);
    struct told told = {pthread_self(), 0, -1, device.context};
    assert_ok(gallery_sync_stop_async(device.sync, on_told, &told));
    assert_ok(cloudsync_close(device.context));
    assert_int_equal(told.times, 1);
    device.context = NULL;
    device_free(&device);
}

static void a_context_with_its_own_thread_has_no_descriptor(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "own");
    device_open(&device);
    assert_int_equal(cloudsync_event_fd(device.context), -CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_dispatch(device.context, 0, 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(callbacks_run_inside_dispatch),
        in_scratch(no_more_events_than_asked_for),
        in_scratch(close_delivers_what_is_left),
        in_scratch(a_context_with_its_own_thread_has_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
