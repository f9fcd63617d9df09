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
    assert_both(CLOUDSYNC_E_FILE_EXISTS, cloudsync_restore, one.context, GALLERY "/a.jpg");
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
    device_make(&one, "one");
    device_make(&other, "other");
    write_photo(one.gallery, "a.jpg", 700, 1);
    device_open(&one);
    device_sync(&one);
    assert_ok(cloudsync_options_set_download_policy(other.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&other);
    device_sync(&other);
    assert_completes(CLOUDSYNC_OK, cloudsync_remove_async, other.context, GALLERY "/a.jpg");
    device_close(&other); /* the index knows */
    device_open(&other);
    device_sync(&other);
    device_sync(&one);
    assert_int_equal(count_files(one.gallery), 0);
    empty_trash_of(&one);
    assert_completes(CLOUDSYNC_OK, cloudsync_restore_async, other.context, GALLERY "/a.jpg");
    assert_both(CLOUDSYNC_E_NO_SUCH_FILE, cloudsync_restore, other.context, GALLERY "/none.jpg");
    device_sync(&one);
    assert_true(is_photo(one.gallery, "a.jpg", 700, 1));
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
    assert_both(CLOUDSYNC_E_INVALID_URI, cloudsync_remove, device.context, "nonsense");
    assert_code(cloudsync_remove(device.context, GALLERY), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_remove(device.context, GALLERY "/.hidden.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_both(CLOUDSYNC_E_NO_SUCH_FILE, cloudsync_remove, device.context, GALLERY "/none.jpg");
    assert_both(CLOUDSYNC_E_NO_SUCH_FILE, cloudsync_remove, device.context, GALLERY "/a.jpg/none.jpg");
    assert_both(CLOUDSYNC_E_NOT_PERMITTED, cloudsync_remove, device.context, GALLERY "/link");
    assert_both(CLOUDSYNC_E_INVALID_URI, cloudsync_restore, device.context, "nonsense");
    assert_ok(cloudsync_remove(device.context, GALLERY "/a.jpg")); /* no sync has seen it */
    assert_ok(cloudsync_restore(device.context, GALLERY "/a.jpg"));
    device_close(&device);
    assert_true(is_photo(device.gallery, "a.jpg", 700, 1));

    device_free(&device);
}

/* The cloud's trash is behind the network and the account's switch. */
static void the_cloud_out_of_reach(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    device_open(&device);
    device_sync(&device);
    assert_ok(cloudsync_remove(device.context, GALLERY "/a.jpg"));
    device_sync(&device);
    empty_trash_of(&device);
    conditions_set(&device.conditions.wifi, 0);
    assert_both(CLOUDSYNC_E_NETWORK_UNAVAILABLE, cloudsync_restore, device.context, GALLERY "/a.jpg");
    conditions_set(&device.conditions.wifi, 1);
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 0));
    assert_both(CLOUDSYNC_E_CLOUD_NOT_READY, cloudsync_restore, device.context, GALLERY "/a.jpg");
    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 1));
    assert_ok(cloudsync_restore(device.context, GALLERY "/a.jpg"));
    device_sync(&device);
    assert_true(is_photo(device.gallery, "a.jpg", 700, 1));
    assert_ok(cloud_service_stub_free(cloud));
    device_free(&device);
}

/* A disk without room for another folder, and one that is read-only: nothing is removed, nothing half restored. */
static void a_disk_that_takes_nothing(void) {
    struct device device;
    char disk[PATH_MAX], path[PATH_MAX], name[32];
    device_make(&device, "small");
    make_folder(join(disk, root, "disk"));
    mount_small(disk, "size=1m,nr_inodes=64");
    make_folder(join(device.gallery, disk, "gallery"));
    assert_ok(cloudsync_options_set_gallery_dir(device.options, device.gallery));
    make_folder(join(path, device.gallery, "album"));
    write_photo(device.gallery, "a.jpg", 700, 1);
    write_photo(device.gallery, "album/b.jpg", 800, 2);
    device_open(&device);
    device_sync(&device);
    assert_ok(cloudsync_remove(device.context, GALLERY "/album"));
    assert_ok(cloudsync_restore(device.context, GALLERY "/album"));
    assert_ok(cloudsync_remove(device.context, GALLERY "/album/b.jpg"));
    assert_int_equal(rmdir(join(path, device.gallery, "album")), 0);
    FILE *filler = NULL;
    unsigned fillers = 0;
    do {
        snprintf(name, sizeof name, "%u.fill", fillers++);
        filler = fopen(join(path, disk, name), "w");
        if (filler != NULL) {
            assert_int_equal(fclose(filler), 0);
        }
    } while (filler != NULL);
    assert_both(CLOUDSYNC_E_NO_SPACE, cloudsync_remove, device.context, GALLERY "/a.jpg");
    assert_both(CLOUDSYNC_E_NO_SPACE, cloudsync_restore, device.context, GALLERY "/album/b.jpg");
    remount_small(disk, "ro");
    assert_both(CLOUDSYNC_E_READ_ONLY, cloudsync_remove, device.context, GALLERY "/a.jpg");
    assert_both(CLOUDSYNC_E_READ_ONLY, cloudsync_restore, device.context, GALLERY "/album/b.jpg");
    remount_small(disk, "rw,nr_inodes=200");
    assert_true(is_photo(device.gallery, "a.jpg", 700, 1));
    assert_ok(cloudsync_restore(device.context, GALLERY "/album/b.jpg"));
    assert_true(is_photo(device.gallery, "album/b.jpg", 800, 2));
    device_free(&device);
    unmount(disk);
}

static void what_the_disk_does_not_take(void **state) {
    (void)state;
    with_own_mounts(a_disk_that_takes_nothing);
}

static void a_gallery_that_others_own(void) {
    struct device device;
    char path[PATH_MAX];
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    write_photo(device.gallery, "b.jpg", 700, 2);
    device_open(&device);
    device_sync(&device);
    assert_ok(cloudsync_remove(device.context, GALLERY "/b.jpg"));
    assert_int_equal(chmod(join(path, device.gallery, ""), 0500), 0);
    assert_both(CLOUDSYNC_E_ACCESS_DENIED, cloudsync_remove, device.context, GALLERY "/a.jpg");
    assert_both(CLOUDSYNC_E_ACCESS_DENIED, cloudsync_restore, device.context, GALLERY "/b.jpg");
    assert_int_equal(chmod(path, 0700), 0);
    assert_ok(cloudsync_restore(device.context, GALLERY "/b.jpg"));
    assert_int_equal(count_files(device.gallery), 2);
    device_free(&device);
}

static void what_may_not_be_changed(void **state) {
    (void)state;
    as_nobody(a_gallery_that_others_own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(what_may_not_be_changed), /* these fork, so before there are threads */
        in_scratch(what_the_disk_does_not_take),
        in_scratch(the_cloud_out_of_reach),
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
