/* cloudsync_remove and cloudsync_restore: to the trash and back, here, in the cloud and on the other device. */
#include "support.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define GALLERY "file://media/Photo"

static void two_devices(struct device *one, struct device *other) {
    char path[PATH_MAX];
    device_make(one, "one");
    device_make(other, "other");
    make_folder(join(path, one->gallery, "album"));
    write_photo(one->gallery, "a.jpg", 700, 1);
    write_photo(one->gallery, "album/b.jpg", 800, 2);
    device_open(one);
    device_sync(one);
    device_open(other);
    device_sync(other);
}

static void sync_both(struct device *one, struct device *other) {
    device_sync(one);
    device_sync(other);
    device_sync(one);
}

static int unlink_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    (void)kind;
    return walk->level > 0 ? remove(path) : 0;
}

/* Nothing but the cloud's trash is left. */
static void empty_trash_of(const struct device *device) {
    char path[PATH_MAX];
    assert_int_equal(nftw(join(path, device->gallery, ".cloudsync/trash"), unlink_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void there_and_back(void **state) {
    (void)state;
    struct device one, other;
    two_devices(&one, &other);
    assert_ok(cloudsync_remove(one.context, GALLERY "/a.jpg"));
    assert_false(file_exists(one.gallery, "a.jpg"));
    assert_code(cloudsync_remove(one.context, GALLERY "/a.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_int_equal(trouble_of(&one, GALLERY "/a.jpg"), CLOUDSYNC_E_TRY_AGAIN);
    sync_both(&one, &other);
    assert_false(file_exists(other.gallery, "a.jpg"));
    assert_ok(cloudsync_restore(one.context, GALLERY "/a.jpg"));
    assert_true(is_photo(one.gallery, "a.jpg", 700, 1));
    sync_both(&one, &other);
    assert_true(is_photo(other.gallery, "a.jpg", 700, 1));
    assert_true(same_folders(one.gallery, other.gallery));
    device_free(&one);
    device_free(&other);
}

static void from_the_clouds_trash_with_the_same_bytes(void **state) {
    (void)state;
    struct device one, other;
    two_devices(&one, &other);
    assert_ok(cloudsync_remove(one.context, GALLERY "/album"));
    assert_ok(cloudsync_remove(one.context, GALLERY "/a.jpg"));
    sync_both(&one, &other);
    assert_int_equal(count_files(other.gallery), 0);
    empty_trash_of(&one);
    empty_trash_of(&other);
    assert_ok(cloudsync_restore(other.context, GALLERY "/album/b.jpg")); /* with the folder that it was in */
    assert_ok(cloudsync_restore(one.context, GALLERY "/a.jpg"));
    assert_code(cloudsync_restore(one.context, GALLERY "/a.jpg"), CLOUDSYNC_E_FILE_EXISTS);
    sync_both(&one, &other);
    sync_both(&one, &other);
    for (int i = 0; i < 2; i++) {
        const struct device *device = i == 0 ? &one : &other;
        assert_true(is_photo(device->gallery, "a.jpg", 700, 1));
        assert_true(is_photo(device->gallery, "album/b.jpg", 800, 2));
    }
    assert_code(cloudsync_restore(one.context, GALLERY "/none.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    device_free(&one);
    device_free(&other);
}

static void a_taken_name_is_not_overwritten(void **state) {
    (void)state;
    struct device one, other;
    char from[PATH_MAX], to[PATH_MAX];
    two_devices(&one, &other);
    assert_ok(cloudsync_remove(one.context, GALLERY "/a.jpg"));
    write_photo(one.gallery, "a.jpg", 900, 9);
    assert_code(cloudsync_restore(one.context, GALLERY "/a.jpg"), CLOUDSYNC_E_FILE_EXISTS);
    assert_true(is_photo(one.gallery, "a.jpg", 900, 9));
    assert_int_equal(rename(join(from, one.gallery, "a.jpg"), join(to, one.gallery, "new.jpg")), 0);
    device_sync(&one);
    assert_ok(cloudsync_restore(one.context, GALLERY "/a.jpg"));
    sync_both(&one, &other);
    assert_true(is_photo(other.gallery, "a.jpg", 700, 1));
    assert_true(is_photo(other.gallery, "new.jpg", 900, 9));
    device_free(&one);
    device_free(&other);
}

static void a_changed_version_wins(void **state) {
    (void)state;
    struct device one, other;
    char path[PATH_MAX];
    two_devices(&one, &other);
    assert_int_equal(unlink(join(path, other.gallery, "a.jpg")), 0);
    write_photo(other.gallery, "a.jpg", 900, 9);
    device_sync(&other);
    assert_ok(cloudsync_remove(one.context, GALLERY "/a.jpg"));
    sync_both(&one, &other);
    assert_true(is_photo(one.gallery, "a.jpg", 900, 9));
    assert_true(is_photo(other.gallery, "a.jpg", 900, 9));
    device_free(&one);
    device_free(&other);
}

/* What is in the cloud alone; the answer comes to a completion. */
static void in_the_cloud_alone_and_later(void **state) {
    (void)state;
    struct device one, other;
    struct answer answer;
    answer_init(&answer);
    device_make(&one, "one");
    device_make(&other, "other");
    write_photo(one.gallery, "a.jpg", 700, 1);
    device_open(&one);
    device_sync(&one);
    assert_ok(cloudsync_options_set_download_policy(other.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&other);
    device_sync(&other);
    assert_ok(cloudsync_remove_async(other.context, GALLERY "/a.jpg", on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_OK);
    device_close(&other); /* the index knows */
    device_open(&other);
    device_sync(&other);
    device_sync(&one);
    assert_int_equal(count_files(one.gallery), 0);
    empty_trash_of(&one);
    assert_ok(cloudsync_restore_async(other.context, GALLERY "/a.jpg", on_answer, &answer));
    gate_wait(&answer.gate, 2);
    assert_int_equal(answer.code, CLOUDSYNC_OK);
    assert_ok(cloudsync_restore_async(other.context, GALLERY "/none.jpg", on_answer, &answer));
    gate_wait(&answer.gate, 3);
    assert_int_equal(answer.code, CLOUDSYNC_E_NO_SUCH_FILE);
    device_sync(&one);
    assert_true(is_photo(one.gallery, "a.jpg", 700, 1));
    answer_destroy(&answer);
    device_free(&one);
    device_free(&other);
}

static void what_is_asked_for_is_not_held(void **state) {
    (void)state;
    struct device device;
    char name[32], uri[64];
    uint64_t held = 7;
    device_make(&device, "device");
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "%d.jpg", i);
        write_photo(device.gallery, name, 100, (uint64_t)i);
    }
    assert_ok(cloudsync_options_set_deletion_hold(device.options, 5, 25));
    device_open(&device);
    device_sync(&device);
    for (int i = 0; i < 10; i++) {
        snprintf(uri, sizeof uri, GALLERY "/%d.jpg", i);
        assert_ok(cloudsync_remove(device.context, uri));
    }
    device_sync(&device);
    assert_ok(cloudsync_get_held_deletions(device.context, &held));
    assert_int_equal(held, 0);
    assert_code(cloudsync_remove(device.context, GALLERY "/3.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    device_free(&device);
}

static void what_cannot_be_removed_or_restored(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    write_photo(device.gallery, ".hidden.jpg", 700, 1);
    assert_int_equal(symlink("/etc", join(path, device.gallery, "link")), 0);
    device_open(&device);
    assert_code(cloudsync_remove(device.context, "nonsense"), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_remove(device.context, GALLERY), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_remove(device.context, GALLERY "/.hidden.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_remove(device.context, GALLERY "/none.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_remove(device.context, GALLERY "/link"), CLOUDSYNC_E_NOT_PERMITTED);
    assert_code(cloudsync_restore(device.context, "nonsense"), CLOUDSYNC_E_INVALID_URI);
    assert_ok(cloudsync_remove(device.context, GALLERY "/a.jpg")); /* no sync has seen it */
    assert_ok(cloudsync_restore(device.context, GALLERY "/a.jpg"));
    device_close(&device);
    assert_true(is_photo(device.gallery, "a.jpg", 700, 1));

    const char *const permission[] = {"ohos.permission.CLOUDFILE_SYNC"};
    assert_ok(cloudsync_options_set_caller(device.options, "com.example", NULL, 0, 1));
    assert_ok(cloudsync_open(device.options, &device.context));
    assert_code(cloudsync_remove(device.context, GALLERY "/a.jpg"), CLOUDSYNC_E_PERMISSION_DENIED);
    assert_code(cloudsync_restore(device.context, GALLERY "/a.jpg"), CLOUDSYNC_E_PERMISSION_DENIED);
    assert_ok(cloudsync_close(device.context));
    assert_ok(cloudsync_options_set_caller(device.options, "com.example", permission, 1, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    assert_code(cloudsync_remove(device.context, GALLERY "/a.jpg"), CLOUDSYNC_E_NOT_SYSTEM_APP);
    assert_code(cloudsync_restore(device.context, GALLERY "/a.jpg"), CLOUDSYNC_E_NOT_SYSTEM_APP);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(there_and_back),
        in_scratch(from_the_clouds_trash_with_the_same_bytes),
        in_scratch(a_taken_name_is_not_overwritten),
        in_scratch(a_changed_version_wins),
        in_scratch(in_the_cloud_alone_and_later),
        in_scratch(what_is_asked_for_is_not_held),
        in_scratch(what_cannot_be_removed_or_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
