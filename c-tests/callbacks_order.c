/* Progress comes in order, one callback at a time, on the library's thread; counters never run
 * backwards; a start ends in exactly one final event, and nothing comes after it. */
#include "support.h"

#define SEEN 100000

/* What one callback saw; two on the same handle must see the same. */
struct seen {
    CloudSyncSyncProgress events[SEEN];
    unsigned count;
    pthread_t thread;
    int others_thread;
    int *running;
    int *overlapped;
    struct gate finals;
};

static void on_seen(const CloudSyncSyncProgress *event, void *user_data) {
    struct seen *seen = (struct seen *)user_data;
    if (__atomic_fetch_add(seen->running, 1, __ATOMIC_SEQ_CST) != 0) {
        __atomic_store_n(seen->overlapped, 1, __ATOMIC_SEQ_CST);
    }
    if (seen->count == 0) {
        seen->thread = pthread_self();
    }
    seen->others_thread |= !pthread_equal(seen->thread, pthread_self());
    if (seen->count < SEEN) {
        seen->events[seen->count++] = *event;
    }
    __atomic_fetch_sub(seen->running, 1, __ATOMIC_SEQ_CST);
    if (is_final(event->state)) {
        gate_raise(&seen->finals);
    }
}

static struct seen first, second;

static void in_order_and_one_at_a_time(void **state) {
    (void)state;
    struct device device;
    int running = 0, overlapped = 0;
    char name[32];
    device_make(&device, "order");
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "IMG_%04u.jpg", i);
        write_photo(device.gallery, name, 1000 + i * 37, i);
    }
    device_open(&device);
    first.running = second.running = &running;
    first.overlapped = second.overlapped = &overlapped;
    gate_init(&first.finals);
    gate_init(&second.finals);
    assert_ok(gallery_sync_register_progress_cb(device.sync, on_seen, &first, NULL));
    assert_ok(gallery_sync_register_progress_cb(device.sync, on_seen, &second, NULL));
    assert_int_equal(first.count, 0); /* registering tells nothing by itself */
    assert_ok(gallery_sync_start(device.sync));
    gate_wait(&second.finals, 1);
    device_free(&device); /* after it, nothing is added any more */

    assert_false(overlapped);
    assert_false(first.others_thread);
    assert_true(pthread_equal(first.thread, second.thread));
    assert_false(pthread_equal(first.thread, pthread_self()));
    assert_int_equal(first.count, second.count);
    assert_int_equal(gate_count(&first.finals), 1);
    assert_int_equal(gate_count(&second.finals), 1);
    for (unsigned i = 0; i < first.count; i++) {
        const CloudSyncSyncProgress *event = &first.events[i];
        assert_memory_equal(event, &second.events[i], sizeof *event);
        assert_int_equal(event->struct_size, sizeof *event);
        assert_int_equal(is_final(event->state), i + 1 == first.count);
        assert_true(event->files_done <= event->files_total);
        assert_true(event->bytes_done <= event->bytes_total);
        if (i > 0) {
            assert_true(event->files_total >= event[-1].files_total);
            assert_true(event->files_done >= event[-1].files_done);
            assert_true(event->bytes_total >= event[-1].bytes_total);
            assert_true(event->bytes_done >= event[-1].bytes_done);
        }
    }
    const CloudSyncSyncProgress *last = &first.events[first.count - 1];
    assert_int_equal(last->state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    assert_int_equal(last->files_done, 300);
    assert_int_equal(last->files_total, 300);
    assert_int_equal(last->bytes_done, last->bytes_total);
    gate_destroy(&first.finals);
    gate_destroy(&second.finals);
}

static void starts_meanwhile_share_one_more_run(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "more");
    write_photo(device.gallery, "a.jpg", 5000, 1);
    device_open(&device);
    for (int i = 0; i < 20; i++) {
        assert_ok(gallery_sync_start(device.sync));
    }
    gate_wait(&device.progress.finals, 1);
    write_photo(device.gallery, "b.jpg", 5000, 2);
    device_sync(&device); /* covers the twenty as well, if they still ran */
    int32_t found = -1;
    assert_ok(get_file_sync_state(device.context, "file://media/Photo/b.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_true(gate_count(&device.progress.finals) <= 21);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(in_order_and_one_at_a_time),
        in_scratch(starts_meanwhile_share_one_more_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
