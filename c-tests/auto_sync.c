/* Runs that begin by themselves: what appears on one device arrives at the others without any start being called, and
 * where nothing changes nothing happens. */
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

#define GALLERY "file://media/Photo/"
#define NOTES "com.example.notes"

/* Two devices that sync by themselves. */
struct pair {
    struct device a, b;
};

static void automatic(struct device *device, const char *name) {
    device_make(device, name);
    assert_ok(cloudsync_options_set_auto_sync(device->options, 1));
    device_open(device);
}

/* Waits until a device has been silent for a while. */
static void wait_for_silence(struct device *device) {
    for (int i = 0; i < 60; i++) {
        if (!gate_wait_for(&device->progress.events, gate_count(&device->progress.events) + 1, 1500)) {
            return;
        }
    }
    fail_msg("a device syncs without end");
}

static void pair_make(struct pair *pair) {
    automatic(&pair->a, "a");
    automatic(&pair->b, "b");
    wait_for_silence(&pair->a);
    wait_for_silence(&pair->b);
}

static void pair_free(struct pair *pair) {
    assert_false(pair->a.progress.fell || pair->b.progress.fell);
    device_free(&pair->a);
    device_free(&pair->b);
}

/* Waits until a photo is there, looking whenever a run has ended. */
static void wait_for_photo(struct device *device, const char *folder, const char *name, size_t size, uint64_t seed) {
    for (;;) {
        unsigned finals = gate_count(&device->progress.finals);
        if (file_exists(folder, name)) {
            break;
        }
        gate_wait(&device->progress.finals, finals + 1);
    }
    assert_true(is_photo(folder, name, size, seed));
}

static void what_appears_here_arrives_there(void **state) {
    (void)state;
    struct pair pair;
    pair_make(&pair);
    write_photo(pair.a.gallery, "first.jpg", 5000, 1);
    wait_for_photo(&pair.b, pair.b.gallery, "first.jpg", 5000, 1);
    write_photo(pair.b.gallery, "second.jpg", 6000, 2);
    wait_for_photo(&pair.a, pair.a.gallery, "second.jpg", 6000, 2);
    char folder[PATH_MAX];
    make_folder(join(folder, pair.a.gallery, "Album")); /* one that nobody watches yet */
    write_photo(folder, "third.jpg", 7000, 3);
    join(folder, pair.b.gallery, "Album");
    wait_for_photo(&pair.b, folder, "third.jpg", 7000, 3);
    pair_free(&pair);
}

static void where_nothing_changes_nothing_happens(void **state) {
    (void)state;
    struct pair pair;
    pair_make(&pair);
    write_photo(pair.a.gallery, "a.jpg", 5000, 1);
    wait_for_photo(&pair.b, pair.b.gallery, "a.jpg", 5000, 1);
    wait_for_silence(&pair.a);
    wait_for_silence(&pair.b);
    unsigned events = gate_count(&pair.a.progress.events) + gate_count(&pair.b.progress.events);
    assert_true(is_photo(pair.b.gallery, "a.jpg", 5000, 1)); /* reading is no change */
    assert_false(gate_wait_for(&pair.b.progress.events, gate_count(&pair.b.progress.events) + 1, 4000));
    assert_int_equal(gate_count(&pair.a.progress.events) + gate_count(&pair.b.progress.events), events);
    pair_free(&pair);
}

static void what_another_process_wrote_arrives(void **state) {
    (void)state;
    struct device device, other;
    automatic(&device, "here");
    wait_for_silence(&device);
    device_make(&other, "there");
    write_photo(other.gallery, "a.jpg", 5000, 1);
    pid_t child = fork();
    if (child == 0) {
        execl(SYNC_ONCE, SYNC_ONCE, root, "there", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_true(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    wait_for_photo(&device, device.gallery, "a.jpg", 5000, 1);
    device_free(&other);
    device_free(&device);
}

static void a_device_that_may_not_sync_waits_in_silence(void **state) {
    (void)state;
    struct device device, other;
    automatic(&device, "here");
    wait_for_silence(&device);
    conditions_set(&device.conditions.wifi, 0);
    unsigned events = gate_count(&device.progress.events);
    device_make(&other, "there");
    device_open(&other);
    write_photo(other.gallery, "a.jpg", 5000, 1);
    write_photo(device.gallery, "b.jpg", 5000, 2);
    device_sync(&other);
    assert_false(gate_wait_for(&device.progress.events, events + 1, 1500));
    conditions_set(&device.conditions.wifi, 1);
    assert_ok(cloudsync_conditions_changed(device.context));
    wait_for_photo(&device, device.gallery, "a.jpg", 5000, 1);
    device_sync(&other);
    assert_true(is_photo(other.gallery, "b.jpg", 5000, 2));
    device_free(&other);
    device_free(&device);
}

static void it_is_switched_on_and_off_while_open(void **state) {
    (void)state;
    struct device device, other;
    device_make(&device, "here");
    device_make(&other, "there");
    device_open(&device);
    device_open(&other);
    write_photo(device.gallery, "a.jpg", 5000, 1);
    assert_false(gate_wait_for(&device.progress.events, 1, 1000));
    assert_ok(cloudsync_set_auto_sync(device.context, GALLERY, 1));
    assert_ok(cloudsync_set_auto_sync(device.context, GALLERY, 1));
    gate_wait(&device.progress.finals, 1);
    assert_int_equal(state_of(&device, GALLERY "a.jpg"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    wait_for_silence(&device);
    assert_ok(cloudsync_set_auto_sync(device.context, NULL, 0));
    unsigned events = gate_count(&device.progress.events);
    write_photo(device.gallery, "b.jpg", 5000, 2);
    assert_false(gate_wait_for(&device.progress.events, events + 1, 1500));
    device_sync(&device);
    device_sync(&other);
    assert_true(same_folders(device.gallery, other.gallery));
    device_free(&other);
    device_free(&device);
}

static void a_stop_ends_the_run_and_the_next_change_begins_one(void **state) {
    (void)state;
    struct device device;
    automatic(&device, "device");
    wait_for_silence(&device);
    for (int i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.jpg", i);
        write_photo(device.gallery, name, 20000, (uint64_t)i);
    }
    unsigned finals = gate_count(&device.progress.finals), events = gate_count(&device.progress.events);
    gate_wait(&device.progress.events, events + 1);
    assert_ok(gallery_sync_stop(device.sync));
    gate_wait(&device.progress.finals, finals + 1);
    wait_for_silence(&device);
    assert_int_equal(gate_count(&device.progress.finals), finals + 1);
    assert_int_equal(device.progress.last.state, CLOUDSYNC_SYNC_STATE_STOPPED);
    write_photo(device.gallery, "one more.jpg", 20000, 1000);
    gate_wait(&device.progress.finals, finals + 2);
    assert_int_equal(device.progress.last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    assert_int_equal(state_of(&device, GALLERY "one%20more.jpg"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    int64_t began = now_ms();
    write_photo(device.gallery, "at the end.jpg", 20000, 1001);
    device_close(&device);
    assert_true(now_ms() - began < 2000);
    device_free(&device);
}

static void a_bundle_syncs_by_itself(void **state) {
    (void)state;
    struct device device;
    struct progress progress;
    CloudSyncFileSync *sync = NULL;
    char notes[PATH_MAX];
    make_folder(join(notes, root, "notes"));
    device_make(&device, "device");
    assert_ok(cloudsync_options_set_bundle_dir(device.options, NOTES, notes));
    device_open(&device);
    progress_init(&progress);
    assert_ok(file_sync_new(device.context, NOTES, &sync));
    assert_ok(file_sync_register_progress_cb(sync, on_progress, &progress, on_progress_destroy));
    const char *uri = "file://" NOTES "/data/storage/el2/cloud/a.txt";
    assert_ok(cloudsync_set_auto_sync(device.context, uri, 1));
    gate_wait(&progress.finals, 1);
    write_photo(notes, "a.txt", 500, 1);
    gate_wait(&progress.finals, 2);
    assert_int_equal(state_of(&device, uri), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_int_equal(gate_count(&device.progress.events), 0); /* the gallery does not */
    assert_ok(file_sync_free(sync));
    gate_wait(&progress.destroyed, 1);
    progress_destroy(&progress);
    device_free(&device);
}

static void codes(void **state) {
    (void)state;
    struct device device;
    static const char *const none[] = {"ohos.permission.OTHER"};
    device_make(&device, "device");
    device_open(&device);
    assert_code(cloudsync_set_auto_sync(device.context, "file://media/Photo/../x", 1), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_set_auto_sync(device.context, "nonsense", 1), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_set_auto_sync(device.context, "\xff", 1), CLOUDSYNC_E_INVALID_ARGUMENT);
    CloudSyncContext *closed = device.context;
    device_close(&device);
    assert_code(cloudsync_set_auto_sync(closed, GALLERY, 1), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_conditions_changed(closed), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.app", none, 1, 1));
    CloudSyncContext *context = NULL;
    assert_ok(cloudsync_open(device.options, &context));
    assert_code(cloudsync_set_auto_sync(context, GALLERY, 1), CLOUDSYNC_E_PERMISSION_DENIED);
    assert_code(cloudsync_set_auto_sync(context, NULL, 1), CLOUDSYNC_E_PERMISSION_DENIED);
    assert_ok(cloudsync_close(context));
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(what_appears_here_arrives_there),
        in_scratch(where_nothing_changes_nothing_happens),
        in_scratch(what_another_process_wrote_arrives),
        in_scratch(a_device_that_may_not_sync_waits_in_silence),
        in_scratch(it_is_switched_on_and_off_while_open),
        in_scratch(a_stop_ends_the_run_and_the_next_change_begins_one),
        in_scratch(a_bundle_syncs_by_itself),
        in_scratch(codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
