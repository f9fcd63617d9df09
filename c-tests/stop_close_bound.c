/* stop and close return, and the run has ended, within 2 s, with a transfer of 1 GiB under way. */
#include "support.h"

#include <fcntl.h>
#include <unistd.h>

#define BOUND_MS 2000
#define FILES 4

static void open_with_large_files(struct device *device) {
    char path[PATH_MAX], name[32];
    device_make(device, "device");
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "movie%d.mp4", i);
        int file = open(join(path, device->gallery, name), O_WRONLY | O_CREAT, 0600);
        assert_true(file >= 0);
        /* Sparse: it takes no room here, and has to be read and hashed all the same. */
        assert_int_equal(ftruncate(file, (off_t)1 << 30), 0);
        assert_int_equal(pwrite(file, name, sizeof name, 0), sizeof name);
        close(file);
    }
    device_open(device);
}

/* Starts, and waits until bytes are on their way. */
static void start_transfer(struct device *device) {
    unsigned events = gate_count(&device->progress.events);
    assert_ok(gallery_sync_start(device->sync));
    do {
        gate_wait(&device->progress.events, ++events);
        assert_false(is_final(device->progress.last.state));
    } while (device->progress.last.bytes_total < (uint64_t)1 << 30);
}

static void stopping(void **state) {
    (void)state;
    struct device device;
    open_with_large_files(&device);
    start_transfer(&device);
    unsigned finals = gate_count(&device.progress.finals);
    int64_t from = now_ms();
    assert_ok(gallery_sync_stop(device.sync));
    assert_true(now_ms() - from < BOUND_MS);
    assert_true(gate_wait_for(&device.progress.finals, finals + 1, BOUND_MS));
    assert_int_equal(device.progress.last.state, CLOUDSYNC_SYNC_STATE_STOPPED);
    device_free(&device);
}

static void closing(void **state) {
    (void)state;
    struct device device;
    open_with_large_files(&device);
    start_transfer(&device);
    unsigned finals = gate_count(&device.progress.finals);
    int64_t from = now_ms();
    assert_ok(cloudsync_close(device.context));
    assert_true(now_ms() - from < BOUND_MS);
    device.context = NULL;
    assert_int_equal(gate_count(&device.progress.finals), finals + 1);
    assert_int_equal(device.progress.last.state, CLOUDSYNC_SYNC_STATE_STOPPED);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(stopping),
        in_scratch(closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
