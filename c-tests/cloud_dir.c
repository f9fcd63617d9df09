/* The embedded cloud's directory may be unusable in as many ways as any; each has its code. */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t open_cloud(const char *dir) {
    CloudSyncCloudServiceStub *cloud = NULL;
    int32_t code = cloudsync_embedded_cloud_new(dir, "account", &cloud);
    note_answer("cloudsync_embedded_cloud_new", code);
    assert_int_equal(cloud == NULL, code != CLOUDSYNC_OK);
    assert_ok(cloud_service_stub_free(cloud));
    cloud = NULL;
    assert_code(cloudsync_embedded_cloud_new_with_quota(dir, "account", 1000, &cloud), code);
    assert_ok(cloud_service_stub_free(cloud));
    return code;
}

/* The file with the account's records. */
static char *records(char *path, const char *cloud) {
    char command[2 * PATH_MAX];
    snprintf(command, sizeof command, "ls '%s'/*/records.db", cloud);
    FILE *found = popen(command, "r");
    assert_non_null(found);
    assert_non_null(fgets(path, PATH_MAX, found));
    path[strcspn(path, "\n")] = '\0';
    assert_int_equal(pclose(found), 0);
    return path;
}

static void a_file_in_its_place(void **state) {
    (void)state;
    char path[PATH_MAX];
    write_photo(root, "file", 10, 1);
    assert_int_equal(open_cloud(join(path, root, "file")), CLOUDSYNC_E_IO);
}

static void damaged_records(void **state) {
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX];
    join(dir, root, "cloud");
    assert_int_equal(open_cloud(dir), CLOUDSYNC_OK);
    int file = open(records(path, dir), O_WRONLY | O_TRUNC);
    assert_true(write(file, "no database, but longer than the header of one, which is a hundred bytes long, and so "
                            "this text goes on and on until it is", 120) == 120);
    close(file);
    assert_int_equal(open_cloud(dir), CLOUDSYNC_E_UNKNOWN);
}

static void as_a_stranger(void) {
    char path[PATH_MAX];
    assert_int_equal(open_cloud(join(path, root, "private/cloud")), CLOUDSYNC_E_ACCESS_DENIED);
}

static void a_folder_of_somebody_else(void **state) {
    (void)state;
    char path[PATH_MAX];
    make_folder(join(path, root, "private"));
    assert_int_equal(chmod(path, 0), 0);
    as_nobody(as_a_stranger);
    assert_int_equal(chmod(path, 0700), 0);
}

static void on_a_small_disk(void) {
    char disk[PATH_MAX], path[PATH_MAX], filler[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    make_folder(join(disk, root, "disk"));
    mount_small(disk, "size=48k");
    assert_int_equal(open_cloud(join(path, disk, "cloud")), CLOUDSYNC_E_NO_SPACE);
    remount_small(disk, "size=2m");
    assert_int_equal(open_cloud(path), CLOUDSYNC_OK);
    remount_small(disk, "ro,size=2m");
    assert_int_equal(open_cloud(join(path, disk, "another")), CLOUDSYNC_E_READ_ONLY);
    remount_small(disk, "rw,size=2m");

    assert_ok(cloudsync_embedded_cloud_new(join(path, disk, "cloud"), "account", &cloud));
    int file = open(join(filler, disk, "filler"), O_WRONLY | O_CREAT, 0600);
    while (write(file, filler, sizeof filler) > 0) {
    }
    assert_code(cloudsync_embedded_cloud_switch(cloud, NULL, 0), CLOUDSYNC_E_NO_SPACE);
    assert_int_equal(close(file), 0);
    assert_int_equal(unlink(filler), 0);
    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 0));
    assert_ok(cloud_service_stub_free(cloud));
    unmount(disk);
}

static void a_full_or_read_only_disk(void **state) {
    (void)state;
    with_own_mounts(on_a_small_disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_file_in_its_place),
        in_scratch(damaged_records),
        in_scratch(a_folder_of_somebody_else),
        in_scratch(a_full_or_read_only_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
