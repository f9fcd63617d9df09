/* get_core_file_sync_state: how far sending a file is, for every caller, in the numbers of FileState; and every number of
 * FileSyncState beside it. */
#include <sched.h>

#include "support.h"

#define NOTES "com.example.notes"
#define MAPS "com.example.maps"
#define CLOUD_DIR "/data/storage/el2/cloud/"

static int32_t core_state_of(struct device *device, const char *uri) {
    int32_t found = -1;
    assert_ok(get_core_file_sync_state(device->context, uri, &found));
    return found;
}

static void the_numbers_are_those_of_file_state(void **state) {
    (void)state;
    struct device one, other, lazy;
    const char *const uri = "file://media/Photo/a.jpg";
    device_make(&one, "one");
    device_make(&other, "other");
    device_make(&lazy, "lazy");
    write_photo(one.gallery, "a.jpg", 1000, 1);
    device_open(&one);
    assert_int_equal(core_state_of(&one, uri), CLOUDSYNC_FILE_STATE_TO_BE_UPLOADED);
    device_sync(&one);
    assert_int_equal(core_state_of(&one, uri), CLOUDSYNC_FILE_STATE_UPLOAD_SUCCESS);
    device_open(&other);
    device_sync(&other);
    assert_int_equal(core_state_of(&other, uri), CLOUDSYNC_FILE_STATE_INITIAL_AFTER_DOWNLOAD);
    assert_ok(cloudsync_options_set_download_policy(lazy.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&lazy);
    device_sync(&lazy);
    assert_false(file_exists(lazy.gallery, "a.jpg"));
    assert_int_equal(core_state_of(&lazy, uri), CLOUDSYNC_FILE_STATE_INITIAL_AFTER_DOWNLOAD);
    device_free(&one);
    device_free(&other);
    device_free(&lazy);
}

/* Waits until a file has a state. */
static void comes_to(struct device *device, const char *uri, int32_t wanted) {
    for (int64_t began = now_ms(); state_of(device, uri) != wanted; sched_yield()) {
        assert_true(now_ms() - began < 60000);
    }
}

/* A file on its way up and down, at a hundred bytes a second, and stopped on it. */
static void every_state_comes_about(void **state) {
    (void)state;
    struct device one, other;
    const char *const uri = "file://media/Photo/a.jpg";
    device_make(&one, "one");
    device_make(&other, "other");
    write_photo(one.gallery, "a.jpg", 1 << 20, 1);
    assert_ok(cloudsync_options_set_bandwidth_limits(one.options, 100, 0));
    device_open(&one);
    assert_int_equal(state_of(&one, uri), CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);
    assert_ok(gallery_sync_start(one.sync));
    comes_to(&one, uri, CLOUDSYNC_FILE_SYNC_STATE_UPLOADING);
    assert_int_equal(core_state_of(&one, uri), CLOUDSYNC_FILE_STATE_UPLOADING);
    assert_ok(gallery_sync_stop(one.sync));
    gate_wait(&one.progress.finals, 1);
    assert_int_equal(state_of(&one, uri), CLOUDSYNC_FILE_SYNC_STATE_STOPPED);
    assert_int_equal(core_state_of(&one, uri), CLOUDSYNC_FILE_STATE_STOPPED);
    assert_ok(cloudsync_set_bandwidth_limits(one.context, 0, 0));
    device_sync(&one);
    assert_int_equal(state_of(&one, uri), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_int_equal(core_state_of(&one, uri), CLOUDSYNC_FILE_STATE_UPLOAD_SUCCESS);

    assert_ok(cloudsync_options_set_bandwidth_limits(other.options, 0, 100));
    device_open(&other);
    assert_ok(gallery_sync_start(other.sync));
    gate_wait(&other.progress.events, 1);
    for (int32_t found = -1; found != CLOUDSYNC_FILE_SYNC_STATE_DOWNLOADING; sched_yield()) {
        int32_t code = get_file_sync_state(other.context, uri, &found);
        assert_true(code == CLOUDSYNC_OK || code == CLOUDSYNC_E_NO_SUCH_FILE); /* not listed yet */
        assert_int_equal(gate_count(&other.progress.finals), 0);
    }
    assert_int_equal(core_state_of(&other, uri), CLOUDSYNC_FILE_STATE_INITIAL_AFTER_DOWNLOAD);
    assert_ok(cloudsync_set_bandwidth_limits(other.context, 0, 0));
    gate_wait(&other.progress.finals, 1);
    assert_int_equal(state_of(&other, uri), CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);
    device_free(&one);
    device_free(&other);
}

static void a_file_that_cannot_be_sent_has_failed(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device_set_small_cloud(&device, 1 << 16);
    write_photo(device.gallery, "big.jpg", 1 << 20, 1);
    device_open(&device);
    assert_ok(gallery_sync_start(device.sync));
    gate_wait(&device.progress.finals, 1);
    assert_int_equal(device.progress.last.error, CLOUDSYNC_ERROR_TYPE_CLOUD_STORAGE_FULL);
    assert_int_equal(core_state_of(&device, "file://media/Photo/big.jpg"), CLOUDSYNC_FILE_STATE_UPLOAD_FAILURE);
    assert_int_equal(state_of(&device, "file://media/Photo/big.jpg"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE);
    device_free(&device);
}

static void everybody_may_ask_for_what_is_theirs(void **state) {
    (void)state;
    struct device device;
    char notes[PATH_MAX], maps[PATH_MAX];
    int32_t found = -7;
    device_make(&device, "device");
    make_folder(join(notes, root, "notes"));
    make_folder(join(maps, root, "maps"));
    write_photo(notes, "a.txt", 10, 1);
    write_photo(maps, "a.txt", 10, 2);
    write_photo(device.gallery, "a.jpg", 10, 3);
    assert_ok(cloudsync_options_set_bundle_dir(device.options, NOTES, notes));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, MAPS, maps));
    assert_ok(cloudsync_options_set_caller(device.options, NOTES, NULL, 0, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    assert_int_equal(core_state_of(&device, CLOUD_DIR "a.txt"), CLOUDSYNC_FILE_STATE_TO_BE_UPLOADED);
    assert_int_equal(core_state_of(&device, "file://" NOTES CLOUD_DIR "a.txt"), CLOUDSYNC_FILE_STATE_TO_BE_UPLOADED);
    assert_int_equal(core_state_of(&device, "file://media/Photo/a.jpg"), CLOUDSYNC_FILE_STATE_TO_BE_UPLOADED);
    assert_code(get_core_file_sync_state(device.context, "file://" MAPS CLOUD_DIR "a.txt", &found),
                CLOUDSYNC_E_NOT_SYSTEM_APP);
    assert_code(get_core_file_sync_state(device.context, "file://media/Photo/none.jpg", &found),
                CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(get_core_file_sync_state(device.context, "file://media/Photo/../a.jpg", &found),
                CLOUDSYNC_E_INVALID_URI);
    assert_int_equal(found, -7);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(the_numbers_are_those_of_file_state),
        in_scratch(every_state_comes_about),
        in_scratch(a_file_that_cannot_be_sent_has_failed),
        in_scratch(everybody_may_ask_for_what_is_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
