/* Files' states as other programs see them: the attribute user.cloud.filestatus. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ATTRIBUTE "user.cloud.filestatus"

/* The attribute of a file, "" where it has none. */
static const char *status_of(const struct device *device, const char *name) {
    static char value[16];
    char path[PATH_MAX];
    ssize_t length = getxattr(join(path, device->gallery, name), ATTRIBUTE, value, sizeof value - 1);
    assert_true(length >= 0 || errno == ENODATA);
    value[length < 0 ? 0 : length] = '\0';
    return value;
}

static struct stat stat_of(const struct device *device, const char *name) {
    struct stat found;
    char path[PATH_MAX];
    assert_int_equal(stat(join(path, device->gallery, name), &found), 0);
    return found;
}

static void a_file_says_where_it_came_from(void **state) {
    (void)state;
    struct device one, other;
    device_make(&one, "one");
    device_make(&other, "other");
    write_photo(one.gallery, "a.jpg", 1000, 1);
    const struct timespec written = stat_of(&one, "a.jpg").st_mtim;
    device_open(&one);
    device_open(&other);
    assert_string_equal(status_of(&one, "a.jpg"), "");
    device_sync(&one);
    assert_string_equal(status_of(&one, "a.jpg"), "3");
    device_sync(&other);
    assert_string_equal(status_of(&other, "a.jpg"), "4");
    const struct timespec kept = stat_of(&one, "a.jpg").st_mtim, received = stat_of(&other, "a.jpg").st_mtim;
    assert_memory_equal(&written, &kept, sizeof written);
    assert_memory_equal(&written, &received, sizeof written);

    write_photo(other.gallery, "a.jpg", 2000, 2);
    device_sync(&other);
    assert_string_equal(status_of(&other, "a.jpg"), "3");
    device_sync(&one);
    assert_string_equal(status_of(&one, "a.jpg"), "4");
    device_free(&one);
    device_free(&other);
}

static void a_file_that_could_not_be_sent_says_so(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device_set_small_cloud(&device, 1 << 16);
    assert_ok(cloudsync_options_add_filter(device.options, CLOUDSYNC_FILTER_EXCLUDE, "*.raw"));
    write_photo(device.gallery, "big.jpg", 1 << 20, 1);
    write_photo(device.gallery, "draft.raw", 10, 2);
    device_open(&device);
    assert_ok(gallery_sync_start(device.sync));
    gate_wait(&device.progress.finals, 1);
    assert_string_equal(status_of(&device, "big.jpg"), "2");
    assert_string_equal(status_of(&device, "draft.raw"), "5");
    device_free(&device);
}

/* A file that a program has open for writing keeps the attribute that it had until a later run. */
static void a_file_that_is_being_written_waits(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 1000, 1);
    write_photo(device.gallery, "b.jpg", 1000, 2);
    int writer = open(join(path, device.gallery, "a.jpg"), O_WRONLY);
    assert_true(writer >= 0);
    device_open(&device);
    device_sync(&device);
    assert_string_equal(status_of(&device, "a.jpg"), "");
    assert_string_equal(status_of(&device, "b.jpg"), "3");
    assert_int_equal(close(writer), 0);
    device_sync(&device);
    assert_string_equal(status_of(&device, "a.jpg"), "3");
    device_free(&device);
}

/* Also what is large enough to be sent in parts. */
static void an_edited_file_that_waits_is_to_be_uploaded(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 1000, 1);
    write_photo(device.gallery, "film.mp4", 33 << 20, 2);
    assert_ok(cloudsync_options_set_upload_on_wifi_only(device.options, 1));
    device_open(&device);
    device_sync(&device);
    assert_string_equal(status_of(&device, "film.mp4"), "3");
    write_photo(device.gallery, "a.jpg", 2000, 3);
    write_photo(device.gallery, "film.mp4", 34 << 20, 4);
    conditions_set(&device.conditions.wifi, 0);
    conditions_set(&device.conditions.mobile, 1);
    assert_ok(gallery_sync_start(device.sync));
    gate_wait(&device.progress.finals, 2);
    assert_string_equal(status_of(&device, "a.jpg"), "0");
    assert_string_equal(status_of(&device, "film.mp4"), "0");
    device_free(&device);
}

static void on_change(const CloudSyncChangeData *data, void *user_data) {
    (void)data;
    (void)user_data;
}

/* Somebody is told of changes: no run is needed. */
static void a_look_takes_an_attribute_back(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 1000, 1);
    device_open(&device);
    device_sync(&device);
    unsigned runs = gate_count(&device.progress.finals);
    assert_ok(register_change(device.context, "file://media/Photo", 1, on_change, NULL, NULL));
    write_photo(device.gallery, "a.jpg", 2000, 2);
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (strcmp(status_of(&device, "a.jpg"), "0") != 0 && now_ms() < deadline) {
        sched_yield();
    }
    assert_string_equal(status_of(&device, "a.jpg"), "0");
    assert_int_equal(gate_count(&device.progress.finals), runs);
    assert_ok(unregister_change(device.context, "file://media/Photo"));
    device_sync(&device);
    assert_string_equal(status_of(&device, "a.jpg"), "3");
    device_free(&device);
}

/* The engine knows its own attribute: with it a file is the same as before, and a start reads nothing. */
static void an_attribute_is_no_change(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 1000, 1);
    device_open(&device);
    device_sync(&device);
    device_sync(&device);
    const struct stat before = stat_of(&device, "a.jpg");
    device_sync(&device);
    device_close(&device);
    device_open(&device);
    device_sync(&device);
    const struct stat after = stat_of(&device, "a.jpg");
    assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof before.st_ctim);
    assert_memory_equal(&before.st_atim, &after.st_atim, sizeof before.st_atim);
    device_free(&device);
}

static void a_host_may_not_want_them(void **state) {
    (void)state;
    struct device one, other;
    device_make(&one, "one");
    device_make(&other, "other");
    assert_ok(cloudsync_options_set_state_attributes(one.options, 0));
    assert_ok(cloudsync_options_set_state_attributes(other.options, 0));
    write_photo(one.gallery, "a.jpg", 1000, 1);
    device_open(&one);
    device_sync(&one);
    assert_string_equal(status_of(&one, "a.jpg"), "");
    device_open(&other);
    device_sync(&other);
    assert_string_equal(status_of(&other, "a.jpg"), "");
    device_free(&one);
    device_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_file_says_where_it_came_from),
        in_scratch(a_file_that_could_not_be_sent_says_so),
        in_scratch(a_file_that_is_being_written_waits),
        in_scratch(an_edited_file_that_waits_is_to_be_uploaded),
        in_scratch(a_look_takes_an_attribute_back),
        in_scratch(an_attribute_is_no_change),
        in_scratch(a_host_may_not_want_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
