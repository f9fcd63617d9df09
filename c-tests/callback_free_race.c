/* When free or unregister returns, the callback is not running and will not run again: its memory may
 * be used for something else. Under a sanitizer or valgrind a callback that came late would be seen. */
#include "support.h"

/* A host's object, as a program would tear it down: right after free has returned. */
struct host_object {
    struct gate entered;
    struct gate leave;
    bool inside;
    unsigned destroyed;
};

static struct host_object *host_object_new(void) {
    struct host_object *object = (struct host_object *)calloc(1, sizeof *object);
    gate_init(&object->entered);
    gate_init(&object->leave);
    return object;
}

static void host_object_reuse(struct host_object *object) {
    gate_destroy(&object->entered);
    gate_destroy(&object->leave);
    memset(object, 0xa5, sizeof *object);
    free(object);
}

static void on_progress_block(const CloudSyncSyncProgress *event, void *user_data) {
    struct host_object *object = (struct host_object *)user_data;
    (void)event;
    object->inside = true;
    gate_raise(&object->entered);
    gate_wait_for(&object->leave, 1, PATIENCE_MS);
    object->inside = false;
}

static void on_progress_touch(const CloudSyncSyncProgress *event, void *user_data) {
    struct host_object *object = (struct host_object *)user_data;
    (void)event;
    object->inside = true;
    gate_raise(&object->entered);
    object->inside = false;
}

static void count_destroy(void *user_data) {
    ((struct host_object *)user_data)->destroyed++;
}

struct taking_away {
    CloudSyncGallerySync *sync;
    struct host_object *object;
    bool free_handle;
    int32_t answer;
    struct gate returned;
};

static void *take_away(void *argument) {
    struct taking_away *taking = (struct taking_away *)argument;
    taking->answer = taking->free_handle
                         ? gallery_sync_free(taking->sync)
                         : gallery_sync_unregister_progress_cb(taking->sync, on_progress_block, taking->object);
    gate_raise(&taking->returned);
    return NULL;
}

/* A callback is held inside; whoever takes it away must wait for it. */
static void waits_for_a_callback_that_runs(bool free_handle, const char *name) {
    struct device device;
    struct taking_away taking;
    pthread_t thread;
    device_make(&device, name);
    write_photo(device.gallery, "a.jpg", 5000, 1);
    device_open(&device);

    struct host_object *object = host_object_new();
    CloudSyncGallerySync *sync = NULL;
    assert_ok(gallery_sync_new(device.context, &sync));
    assert_ok(gallery_sync_register_progress_cb(sync, on_progress_block, object, count_destroy));
    assert_ok(gallery_sync_start(sync));
    gate_wait(&object->entered, 1);

    taking.sync = sync;
    taking.object = object;
    taking.free_handle = free_handle;
    gate_init(&taking.returned);
    assert_int_equal(pthread_create(&thread, NULL, take_away, &taking), 0);
    assert_false(gate_wait_for(&taking.returned, 1, 200));
    assert_int_equal(object->destroyed, 0);
    gate_raise(&object->leave);
    gate_wait(&taking.returned, 1);
    pthread_join(thread, NULL);

    assert_int_equal(taking.answer, CLOUDSYNC_OK);
    assert_false(object->inside);
    assert_int_equal(object->destroyed, 1);
    assert_int_equal(gate_count(&object->entered), 1);
    host_object_reuse(object);
    if (!free_handle) {
        assert_ok(gallery_sync_free(sync));
    }
    gate_wait(&device.progress.finals, 1); /* later events go to those who are left */
    device_free(&device);
    gate_destroy(&taking.returned);
}

static void free_waits(void **state) {
    (void)state;
    waits_for_a_callback_that_runs(true, "free");
}

static void unregister_waits(void **state) {
    (void)state;
    waits_for_a_callback_that_runs(false, "unregister");
}

static void nothing_comes_after(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "after");
    device_open(&device);
    for (unsigned round = 0; round < 60; round++) {
        char name[32];
        snprintf(name, sizeof name, "IMG_%04u.jpg", round);
        write_photo(device.gallery, name, 3000, round);
        CloudSyncGallerySync *sync = NULL;
        struct host_object *object = host_object_new();
        assert_ok(gallery_sync_new(device.context, &sync));
        assert_ok(gallery_sync_register_progress_cb(sync, on_progress_touch, object, count_destroy));
        assert_ok(gallery_sync_start(sync));
        if (round % 2 == 0) {
            gate_wait(&object->entered, 1); /* the run is under way; more events are to come */
        }
        assert_ok(gallery_sync_free(sync));
        assert_false(object->inside);
        assert_int_equal(object->destroyed, 1);
        host_object_reuse(object);
    }
    device_sync(&device);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(free_waits),
        in_scratch(unregister_waits),
        in_scratch(nothing_comes_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
