/* Odd entries among the photos stop nothing: the photos are synced, and what cannot be has a reason. */
#include "support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void long_names_and_empty_files(void **state) {
    (void)state;
    struct device one, other;
    char name[256];
    device_make(&one, "one");
    device_make(&other, "other");
    memset(name, 'n', 255);
    memcpy(name + 251, ".jpg", 5);
    write_photo(one.gallery, name, 700, 1);
    write_photo(one.gallery, "empty.jpg", 0, 2);
    write_photo(one.gallery, "caf\xc3\xa9.jpg", 10, 3);
    write_photo(one.gallery, "line\nfeed.jpg", 10, 4);
    device_open(&one);
    device_sync(&one);
    device_open(&other);
    device_sync(&other);
    assert_true(is_photo(other.gallery, name, 700, 1));
    assert_true(is_photo(other.gallery, "empty.jpg", 0, 2));
    assert_true(same_folders(one.gallery, other.gallery));
    device_free(&one);
    device_free(&other);
}

static void links_that_loop_and_pipes(void **state) {
    (void)state;
    struct device one, other;
    char path[PATH_MAX];
    device_make(&one, "one");
    device_make(&other, "other");
    write_photo(one.gallery, "a.jpg", 700, 1);
    write_photo(root, "outside.jpg", 700, 2);
    assert_int_equal(symlink(".", join(path, one.gallery, "loop")), 0);
    assert_int_equal(symlink("self", join(path, one.gallery, "self")), 0);
    assert_int_equal(symlink("../outside.jpg", join(path, one.gallery, "link.jpg")), 0);
    assert_int_equal(mkfifo(join(path, one.gallery, "pipe.jpg"), 0600), 0);
    device_open(&one);
    device_sync(&one);
    device_open(&other);
    device_sync(&other);
    assert_true(is_photo(other.gallery, "a.jpg", 700, 1));
    assert_int_equal(count_files(other.gallery), 1);
    assert_true(file_exists(one.gallery, "pipe.jpg")); /* and nothing of the device's own is touched */
    assert_true(file_exists(one.gallery, "loop"));
    device_free(&one);
    device_free(&other);
}

static void hidden_and_temporary_files_stay(void **state) {
    (void)state;
    struct device one, other;
    device_make(&one, "one");
    device_make(&other, "other");
    write_photo(one.gallery, "a.jpg", 700, 1);
    write_photo(one.gallery, ".hidden.jpg", 700, 2);
    device_open(&one);
    device_sync(&one);
    device_open(&other);
    device_sync(&other);
    assert_true(is_photo(other.gallery, "a.jpg", 700, 1));
    assert_false(file_exists(other.gallery, ".hidden.jpg"));
    assert_true(is_photo(one.gallery, ".hidden.jpg", 700, 2));
    device_free(&one);
    device_free(&other);
}

/* One photo cannot be read: it has a reason, and the others are synced. For a user whom modes bind. */
static void one_unreadable_photo(void) {
    struct device one;
    char path[PATH_MAX], reason[512] = "";
    int32_t found = -1;
    device_make(&one, "one");
    write_photo(one.gallery, "a.jpg", 700, 1);
    write_photo(one.gallery, "b.jpg", 700, 2);
    write_photo(one.gallery, "locked.jpg", 700, 3);
    assert_int_equal(chmod(join(path, one.gallery, "locked.jpg"), 0), 0);
    device_open(&one);
    assert_ok(gallery_sync_start(one.sync));
    gate_wait(&one.progress.finals, 1);
    assert_int_equal(one.progress.last.files_failed, 1);
    assert_ok(get_file_sync_state(one.context, "file://media/Photo/a.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_ok(get_file_sync_state(one.context, "file://media/Photo/b.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_ok(get_file_sync_state(one.context, "file://media/Photo/locked.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE);
    CloudSyncExplanation why = explained(&one, "file://media/Photo/locked.jpg", reason, sizeof reason);
    assert_int_equal(why.code, CLOUDSYNC_E_ACCESS_DENIED);
    assert_int_equal(why.state, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE);
    assert_true(why.next_try_ms > 0);
    assert_non_null(strstr(reason, "cannot be read"));
    assert_int_equal(trouble_of(&one, "file://media/Photo/a.jpg"), CLOUDSYNC_OK);

    assert_int_equal(chmod(path, 0600), 0);
    device_sync(&one);
    device_free(&one);
}

static void an_unreadable_photo_among_readable_ones(void **state) {
    (void)state;
    as_nobody(one_unreadable_photo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(an_unreadable_photo_among_readable_ones), /* forks, so before there are threads */
        in_scratch(long_names_and_empty_files),
        in_scratch(links_that_loop_and_pipes),
        in_scratch(hidden_and_temporary_files_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
