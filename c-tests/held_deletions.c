/* A large share of the photos gone at once stops and asks: nothing of it reaches the cloud without the host's word. */
#include "support.h"

#define PHOTOS 20

static void remove_photos(struct device *device, unsigned count) {
    char path[PATH_MAX], name[32];
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "IMG_%u.jpg", i);
        assert_int_equal(remove(join(path, device->gallery, name)), 0);
    }
}

/* A device that lost most of its photos, whose run has asked. */
static void make_and_lose(struct device *device) {
    char name[32];
    uint64_t held = 0;
    device_make(device, "device");
    assert_ok(cloudsync_options_set_deletion_hold(device->options, 10, 50));
    for (unsigned i = 0; i < PHOTOS; i++) {
        snprintf(name, sizeof name, "IMG_%u.jpg", i);
        write_photo(device->gallery, name, 1000, i);
    }
    device_open(device);
    device_sync(device);
    remove_photos(device, 15);
    device_sync(device);
    assert_int_equal(device->progress.last.deletions_held, 15);
    assert_ok(cloudsync_get_held_deletions(device->context, &held));
    assert_int_equal(held, 15);
}

static void the_others_still_have_all(struct device *other) {
    device_make(other, "other");
    device_open(other);
    device_sync(other);
    assert_int_equal(count_files(other->gallery), PHOTOS);
}

static void they_come_back_where_the_host_says_no(void **state) {
    (void)state;
    struct device device, other;
    uint64_t held = 1;
    make_and_lose(&device);
    the_others_still_have_all(&other);
    assert_ok(cloudsync_answer_held_deletions(device.context, 0));
    device_sync(&device);
    assert_int_equal(count_files(device.gallery), PHOTOS);
    assert_ok(cloudsync_get_held_deletions(device.context, &held));
    assert_int_equal(held, 0);
    device_sync(&other);
    assert_true(same_folders(device.gallery, other.gallery));
    device_free(&device);
    device_free(&other);
}

static void they_are_carried_out_where_the_host_says_so(void **state) {
    (void)state;
    struct device device, other;
    make_and_lose(&device);
    the_others_still_have_all(&other);
    device_close(&device); /* the question outlives the process */
    device_open(&device);
    device_sync(&device);
    assert_ok(cloudsync_answer_held_deletions(device.context, 1));
    device_sync(&device);
    device_sync(&other);
    assert_int_equal(count_files(device.gallery), PHOTOS - 15);
    assert_true(same_folders(device.gallery, other.gallery));
    device_free(&device);
    device_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(they_come_back_where_the_host_says_no),
        in_scratch(they_are_carried_out_where_the_host_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
