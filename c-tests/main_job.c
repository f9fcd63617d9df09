/* The main job: what one device holds the other receives, bytes and names equal, at once or on demand,
 * and the state of any file can be asked. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

static void make_gallery(const char *gallery) {
    char album[PATH_MAX];
    mkdir(join(album, gallery, "Holiday"), 0700);
    write_photo(gallery, "IMG_0001.jpg", 4096, 1);
    write_photo(gallery, "IMG_0002.jpg", 300001, 2);
    write_photo(gallery, "empty.jpg", 0, 3);
    write_photo(gallery, "Holiday/IMG_0003.jpg", 77777, 4);
    write_photo(gallery, "Holiday/sunset.jpg", 1, 5);
}

static void a_second_device_receives_it(void **state) {
    (void)state;
    struct device one, other;
    char from[PATH_MAX], to[PATH_MAX];
    device_make(&one, "one");
    device_make(&other, "other");
    make_gallery(one.gallery);
    device_open(&one);
    assert_int_equal(state_of(&one, "file://media/Photo/IMG_0001.jpg"), CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);
    device_sync(&one);
    assert_int_equal(state_of(&one, "file://media/Photo/Holiday/sunset.jpg"),
                     CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    device_open(&other);
    device_sync(&other);
    assert_true(same_folders(one.gallery, other.gallery));
    assert_int_equal(count_files(other.gallery), 5);
    assert_int_equal(state_of(&other, "file://media/Photo/Holiday/sunset.jpg"),
                     CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);

    /* And back: a change, a rename, a deletion and a new file. */
    write_photo(other.gallery, "IMG_0001.jpg", 5000, 11);
    assert_int_equal(rename(join(from, other.gallery, "IMG_0002.jpg"),
                            join(to, other.gallery, "Holiday/moved.jpg")), 0);
    assert_int_equal(unlink(join(from, other.gallery, "empty.jpg")), 0);
    write_photo(other.gallery, "Holiday/new.jpg", 600, 12);
    device_sync(&other);
    device_sync(&one);
    assert_true(same_folders(one.gallery, other.gallery));
    assert_true(is_photo(one.gallery, "IMG_0001.jpg", 5000, 11));
    assert_true(is_photo(one.gallery, "Holiday/moved.jpg", 300001, 2));
    assert_false(file_exists(one.gallery, "IMG_0002.jpg"));
    assert_false(file_exists(one.gallery, "empty.jpg"));
    assert_true(is_photo(one.gallery, "Holiday/new.jpg", 600, 12));

    device_sync(&one);
    assert_int_equal(one.progress.last.files_total, 0); /* nothing to do is done */
    device_free(&one);
    device_free(&other);
}

static void an_original_comes_on_demand(void **state) {
    (void)state;
    struct device one, other;
    struct download_log log;
    CloudSyncDownload *download = NULL;
    const char uri[] = "file://media/Photo/IMG_0002.jpg";
    device_make(&one, "demand-one");
    device_make(&other, "demand-other");
    make_gallery(one.gallery);
    device_open(&one);
    device_sync(&one);
    assert_ok(cloudsync_options_set_download_policy(other.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&other);
    device_sync(&other);
    assert_int_equal(count_files(other.gallery), 0);
    assert_int_equal(state_of(&other, uri), CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);

    download_log_init(&log);
    assert_ok(download_new(other.context, &download));
    assert_ok(download_register_progress_cb(download, on_download, &log, NULL));
    assert_ok(download_start(download, uri));
    gate_wait(&log.finals, 1);
    assert_int_equal(log.last.state, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(log.last.error, CLOUDSYNC_DOWNLOAD_ERROR_NO_ERROR);
    assert_int_equal(log.last.struct_size, sizeof log.last);
    assert_int_equal(log.last.processed, 300001);
    assert_int_equal(log.last.size, 300001);
    assert_string_equal(log.uri, uri);
    assert_false(log.fell);
    assert_true(is_photo(other.gallery, "IMG_0002.jpg", 300001, 2));
    assert_int_equal(count_files(other.gallery), 1);

    assert_ok(download_start(download, uri)); /* it is here already: done at once */
    gate_wait(&log.finals, 2);
    assert_int_equal(log.last.state, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_code(download_start(download, "file://media/Photo/none.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_ok(download_stop(download, uri)); /* nothing to stop is no error */
    assert_ok(download_free(download));
    device_free(&one);
    device_free(&other);
    download_log_destroy(&log);
}

static void many_states_in_one_call(void **state) {
    (void)state;
    struct device device;
    const char *const uris[] = {"file://media/Photo/IMG_0001.jpg", "file://media/Photo/late.jpg"};
    const char *const one_bad[] = {"file://media/Photo/IMG_0001.jpg", "file://media/Photo/none.jpg"};
    int32_t found[2] = {-7, -7};
    device_make(&device, "states");
    make_gallery(device.gallery);
    device_open(&device);
    device_sync(&device);
    write_photo(device.gallery, "late.jpg", 10, 1);
    assert_ok(get_file_sync_states(device.context, uris, 2, found));
    assert_int_equal(found[0], CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_int_equal(found[1], CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);
    found[0] = found[1] = -7;
    assert_code(get_file_sync_states(device.context, one_bad, 2, found), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_int_equal(found[0], -7);
    assert_int_equal(found[1], -7);
    device_free(&device);
}

static void two_changes_of_one_file_are_both_kept(void **state) {
    (void)state;
    struct device one, other;
    device_make(&one, "conflict-one");
    device_make(&other, "conflict-other");
    write_photo(one.gallery, "a.jpg", 1000, 1);
    device_open(&one);
    device_open(&other);
    device_sync(&one);
    device_sync(&other);
    write_photo(one.gallery, "a.jpg", 2000, 2);
    write_photo(other.gallery, "a.jpg", 3000, 3);
    device_sync(&one);
    device_sync(&other);
    device_sync(&one);
    assert_true(same_folders(one.gallery, other.gallery));
    assert_int_equal(count_files(one.gallery), count_files(other.gallery));
    assert_true(count_files(one.gallery) >= 2);
    device_free(&one);
    device_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_second_device_receives_it),
        in_scratch(an_original_comes_on_demand),
        in_scratch(many_states_in_one_call),
        in_scratch(two_changes_of_one_file_are_both_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
