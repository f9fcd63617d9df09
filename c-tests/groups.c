/* The parts of one photo go, come back and are fetched together: a live photo's still and its video. */
#include "support.h"

#include <unistd.h>

#define GALLERY "file://media/Photo"

static void live_photo_on(struct device *one, struct device *other, int32_t policy) {
    device_make(one, "one");
    device_make(other, "other");
    write_photo(one->gallery, "IMG_1.HEIC", 700, 1);
    write_photo(one->gallery, "IMG_1.MOV", 900, 2);
    write_photo(one->gallery, "b.jpg", 800, 3);
    device_open(one);
    device_sync(one);
    assert_ok(cloudsync_options_set_download_policy(other->options, policy));
    device_open(other);
    device_sync(other);
}

static bool has_live_photo(const struct device *device) {
    return is_photo(device->gallery, "IMG_1.HEIC", 700, 1) && is_photo(device->gallery, "IMG_1.MOV", 900, 2);
}

static void removed_and_restored_as_one(void **state) {
    (void)state;
    struct device one, other;
    live_photo_on(&one, &other, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    assert_true(has_live_photo(&other));
    assert_ok(cloudsync_remove(one.context, GALLERY "/IMG_1.HEIC"));
    assert_int_equal(count_files(one.gallery), 1);
    device_sync(&one);
    device_sync(&other);
    assert_int_equal(count_files(other.gallery), 1);
    assert_ok(cloudsync_restore(other.context, GALLERY "/IMG_1.MOV"));
    assert_true(has_live_photo(&other));
    device_sync(&other);
    device_sync(&one);
    assert_true(has_live_photo(&one));
    assert_true(same_folders(one.gallery, other.gallery));
    device_free(&one);
    device_free(&other);
}

/* What is told of a download, and of which file. */
struct told {
    struct gate finals, destroyed;
    int32_t state;
    char uri[PATH_MAX];
    bool others;
};

static void on_file(const CloudSyncDownloadProgress *event, void *user_data) {
    struct told *told = (struct told *)user_data;
    told->others |= strcmp(event->uri, GALLERY "/IMG_1.HEIC") != 0;
    if (event->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING) {
        told->state = event->state;
        gate_raise(&told->finals);
    }
}

static void on_destroy(void *user_data) {
    gate_raise(&((struct told *)user_data)->destroyed);
}

/* Of the other part nothing is told: it is there a little later. */
static void fetched_as_one(void **state) {
    (void)state;
    struct device one, other;
    struct told told;
    memset(&told, 0, sizeof told);
    CloudSyncCloudFileCache *cache = NULL;
    live_photo_on(&one, &other, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND);
    assert_int_equal(count_files(other.gallery), 0);
    gate_init(&told.finals);
    gate_init(&told.destroyed);
    assert_ok(cloud_file_cache_new(other.context, &cache));
    assert_ok(cloud_file_cache_register_progress_cb(cache, on_file, &told, on_destroy));
    assert_ok(cloud_file_cache_start(cache, GALLERY "/IMG_1.HEIC"));
    gate_wait(&told.finals, 1);
    assert_int_equal(told.state, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    for (int i = 0; i < 1000 && !has_live_photo(&other); i++) {
        usleep(10 * 1000);
    }
    assert_true(has_live_photo(&other));
    assert_int_equal(count_files(other.gallery), 2);
    assert_ok(cloud_file_cache_free(cache));
    gate_wait(&told.destroyed, 1);
    assert_int_equal(gate_count(&told.finals), 1);
    assert_false(told.others);
    gate_destroy(&told.finals);
    gate_destroy(&told.destroyed);
    device_free(&one);
    device_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(removed_and_restored_as_one),
        in_scratch(fetched_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
