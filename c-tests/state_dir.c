/* A state directory that is missing, closed, full, of a newer version or damaged: a documented code and a
 * text, or put right by itself; never a photo lost. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens and expects a code and words; then the same device must still be usable elsewhere. */
static void opening_answers(struct device *device, int32_t expected) {
    char text[512] = "";
    CloudSyncContext *context = NULL;
    assert_code(cloudsync_open(device->options, &context), expected);
    assert_null(context);
    assert_true(cloudsync_last_error(text, sizeof text) > 0);
}

static void missing(void **state) {
    (void)state;
    struct device device;
    struct stat status;
    device_make(&device, "device");
    device_open(&device);
    assert_int_equal(stat(device.state, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    device_free(&device);
}

static void a_gallery_that_is_missing(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    assert_int_equal(rmdir(device.gallery), 0);
    opening_answers(&device, CLOUDSYNC_E_NO_SUCH_FILE);
    device_free(&device);
}

static void a_file_in_its_place(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(root, "device-state", 10, 1);
    opening_answers(&device, CLOUDSYNC_E_IO);
    assert_true(is_photo(root, "device-state", 10, 1));
    device_free(&device);
}

static void without_the_right_to_write(void) {
    struct device device;
    device_make(&device, "device");
    assert_int_equal(mkdir(device.state, 0500), 0);
    opening_answers(&device, CLOUDSYNC_E_READ_ONLY);
    assert_int_equal(chmod(device.state, 0700), 0);
    device_open(&device);
    device_free(&device);
}

static void in_a_folder_of_somebody_else(void) {
    struct device device;
    device_make(&device, "device");
    assert_ok(cloudsync_options_set_state_dir(device.options, "/root/state"));
    opening_answers(&device, CLOUDSYNC_E_ACCESS_DENIED);
    device_free(&device);
}

static void closed_to_the_user(void **state) {
    (void)state;
    as_nobody(without_the_right_to_write);
    as_nobody(in_a_folder_of_somebody_else);
}

static void on_a_read_only_file_system(void) {
    struct device device;
    device_make(&device, "device");
    assert_int_equal(mkdir(device.state, 0700), 0);
    mount_small(device.state, "size=1m");
    assert_int_equal(mount(NULL, device.state, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    opening_answers(&device, CLOUDSYNC_E_READ_ONLY);
    device_free(&device);
    unmount(device.state);
}

static void read_only(void **state) {
    (void)state;
    with_own_mounts(on_a_read_only_file_system);
}

static void on_a_full_file_system(void) {
    struct device device;
    char path[PATH_MAX], block[4096] = "";
    device_make(&device, "device");
    assert_int_equal(mkdir(device.state, 0700), 0);
    mount_small(device.state, "size=64k");
    int file = open(join(path, device.state, "filler"), O_WRONLY | O_CREAT, 0600);
    while (write(file, block, sizeof block) > 0) {
    }
    assert_int_equal(errno, ENOSPC);
    close(file);
    opening_answers(&device, CLOUDSYNC_E_NO_SPACE);
    device_free(&device);
    unmount(device.state);
}

static void full(void **state) {
    (void)state;
    with_own_mounts(on_a_full_file_system);
}

/* The index: the file of the state directory that begins as SQLite's files do. */
static void find_index(const struct device *device, char *path) {
    char head[16];
    DIR *folder = opendir(device->state);
    path[0] = '\0';
    for (struct dirent *entry = readdir(folder); entry != NULL && path[0] == '\0'; entry = readdir(folder)) {
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(join(path, device->state, entry->d_name), "rb");
        bool sqlite = file != NULL && fread(head, 1, 16, file) == 16 && memcmp(head, "SQLite format 3", 16) == 0;
        if (file != NULL) {
            fclose(file);
        }
        if (!sqlite) {
            path[0] = '\0';
        }
    }
    closedir(folder);
    assert_true(path[0] != '\0');
}

static void overwrite(const char *path, long at, const void *bytes, size_t size) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void of_a_newer_version(void **state) {
    (void)state;
    struct device device;
    char index[PATH_MAX];
    const unsigned char version[4] = {0, 0, 0x27, 0x0f}; /* user_version 9999, where SQLite keeps it */
    device_make(&device, "device");
    device_open(&device);
    device_close(&device);
    find_index(&device, index);
    overwrite(index, 60, version, sizeof version);
    opening_answers(&device, CLOUDSYNC_E_NOT_PERMITTED);
    opening_answers(&device, CLOUDSYNC_E_NOT_PERMITTED); /* and it was left as it was */
    device_free(&device);
}

static void damaged(void **state) {
    (void)state;
    struct device one, other;
    char index[PATH_MAX], name[32], garbage[4096];
    device_make(&one, "one");
    device_make(&other, "other");
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "IMG_%04u.jpg", i);
        write_photo(one.gallery, name, 500 + i, i);
    }
    device_open(&one);
    device_sync(&one);
    device_close(&one);

    /* Behind its back: the index is garbage, a photo is new, one is changed, and the cloud has one more. */
    find_index(&one, index);
    memset(garbage, 0x5a, sizeof garbage);
    overwrite(index, 0, garbage, sizeof garbage);
    write_photo(one.gallery, "new.jpg", 900, 100);
    write_photo(one.gallery, "IMG_0001.jpg", 901, 101);
    device_open(&other);
    device_sync(&other);
    write_photo(other.gallery, "cloud.jpg", 902, 102);
    device_sync(&other);

    device_open(&one);
    device_sync(&one);
    device_sync(&other);
    device_sync(&one);
    assert_true(same_folders(one.gallery, other.gallery));
    assert_true(is_photo(one.gallery, "new.jpg", 900, 100));
    assert_true(is_photo(one.gallery, "cloud.jpg", 902, 102));
    for (unsigned i = 2; i < 40; i++) {
        snprintf(name, sizeof name, "IMG_%04u.jpg", i);
        assert_true(is_photo(one.gallery, name, 500 + i, i));
    }
    assert_true(count_files(one.gallery) >= 42); /* the changed one is there, under whatever name */
    device_free(&one);
    device_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(closed_to_the_user), /* those that fork, before there are threads */
        in_scratch(read_only),
        in_scratch(full),
        in_scratch(missing),
        in_scratch(a_gallery_that_is_missing),
        in_scratch(a_file_in_its_place),
        in_scratch(of_a_newer_version),
        in_scratch(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
