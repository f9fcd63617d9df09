/* Inside a callback a blocking call answers 13900029 and does nothing; what does not block works, also
 * taking away the very callback that runs. */
#include "support.h"

static const char uri[] = "file://media/Photo/a.jpg";

struct inside {
    struct device *device;
    CloudSyncDownload *download;
    struct answer async;
    struct gate done;
    int32_t start, stop, download_start, download_stop, close, dispatch;
    int32_t state, state_code, start_async;
};

static void blocking_and_other_calls(struct inside *inside) {
    inside->start = gallery_sync_start(inside->device->sync);
    inside->stop = gallery_sync_stop(inside->device->sync);
    inside->download_start = download_start(inside->download, uri);
    inside->download_stop = download_stop(inside->download, uri);
    inside->close = cloudsync_close(inside->device->context);
    inside->state_code = get_file_sync_state(inside->device->context, uri, &inside->state);
    inside->start_async = gallery_sync_stop_async(inside->device->sync, on_answer, &inside->async);
}

static void on_completion(int32_t code, const char *message, void *user_data) {
    (void)code;
    (void)message;
    struct inside *inside = (struct inside *)user_data;
    blocking_and_other_calls(inside);
    gate_raise(&inside->done);
}

static void on_event(const CloudSyncSyncProgress *event, void *user_data) {
    struct inside *inside = (struct inside *)user_data;
    if (is_final(event->state)) {
        blocking_and_other_calls(inside);
        gate_raise(&inside->done);
    }
}

static void inside_check(struct inside *inside) {
    gate_wait(&inside->done, 1);
    assert_int_equal(inside->start, CLOUDSYNC_E_DEADLOCK);
    assert_int_equal(inside->stop, CLOUDSYNC_E_DEADLOCK);
    assert_int_equal(inside->download_start, CLOUDSYNC_E_DEADLOCK);
    assert_int_equal(inside->download_stop, CLOUDSYNC_E_DEADLOCK);
    assert_int_equal(inside->close, CLOUDSYNC_E_DEADLOCK);
    assert_int_equal(inside->state_code, CLOUDSYNC_OK);
    assert_int_equal(inside->start_async, CLOUDSYNC_OK);
    gate_wait(&inside->async.gate, 1);
    assert_int_equal(inside->async.code, CLOUDSYNC_OK);
}

static void inside_a(bool completion, const char *name) {
    struct device device;
    struct inside inside;
    memset(&inside, 0, sizeof inside);
    device_make(&device, name);
    write_photo(device.gallery, "a.jpg", 5000, 1);
    device_open(&device);
    device_sync(&device);
    inside.device = &device;
    assert_ok(download_new(device.context, &inside.download));
    answer_init(&inside.async);
    gate_init(&inside.done);
    if (completion) {
        assert_ok(gallery_sync_stop_async(device.sync, on_completion, &inside));
    } else {
        assert_ok(gallery_sync_register_progress_cb(device.sync, on_event, &inside, NULL));
        assert_ok(gallery_sync_start(device.sync));
    }
    inside_check(&inside);
    assert_ok(download_free(inside.download));
    device_free(&device);
    answer_destroy(&inside.async);
    gate_destroy(&inside.done);
}

static void inside_a_completion(void **state) {
    (void)state;
    inside_a(true, "completion");
}

static void inside_a_progress_callback(void **state) {
    (void)state;
    inside_a(false, "progress");
}

/* A callback that takes itself away, by unregistering or by freeing its handle. */
struct leaving {
    CloudSyncGallerySync *sync;
    bool free_handle;
    int32_t answer;
    unsigned calls;
    bool inside;
    bool destroyed_inside;
    struct gate destroyed;
};

static void on_event_leave(const CloudSyncSyncProgress *event, void *user_data) {
    (void)event;
    struct leaving *leaving = (struct leaving *)user_data;
    leaving->calls++;
    leaving->inside = true;
    leaving->answer = leaving->free_handle
                          ? gallery_sync_free(leaving->sync)
                          : gallery_sync_unregister_progress_cb(leaving->sync, on_event_leave, leaving);
    leaving->inside = false;
}

static void on_left(void *user_data) {
    struct leaving *leaving = (struct leaving *)user_data;
    leaving->destroyed_inside = leaving->inside;
    gate_raise(&leaving->destroyed);
}

static void leaves(bool free_handle, const char *name) {
    struct device device;
    struct leaving leaving;
    memset(&leaving, 0, sizeof leaving);
    device_make(&device, name);
    write_photo(device.gallery, "a.jpg", 5000, 1);
    device_open(&device);
    gate_init(&leaving.destroyed);
    leaving.free_handle = free_handle;
    assert_ok(gallery_sync_new(device.context, &leaving.sync));
    assert_ok(gallery_sync_register_progress_cb(leaving.sync, on_event_leave, &leaving, on_left));
    device_sync(&device);
    gate_wait(&leaving.destroyed, 1);
    assert_int_equal(leaving.answer, CLOUDSYNC_OK);
    assert_int_equal(leaving.calls, 1);
    assert_false(leaving.destroyed_inside);
    device_sync(&device);
    assert_int_equal(leaving.calls, 1);
    assert_code(gallery_sync_free(leaving.sync), free_handle ? CLOUDSYNC_E_INVALID_ARGUMENT : CLOUDSYNC_OK);
    device_free(&device);
    assert_int_equal(gate_count(&leaving.destroyed), 1);
    gate_destroy(&leaving.destroyed);
}

static void a_callback_unregisters_itself(void **state) {
    (void)state;
    leaves(false, "unregisters");
}

static void a_callback_frees_its_handle(void **state) {
    (void)state;
    leaves(true, "frees");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(inside_a_completion),
        in_scratch(inside_a_progress_callback),
        in_scratch(a_callback_unregisters_itself),
        in_scratch(a_callback_frees_its_handle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
