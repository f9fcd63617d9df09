/* destroy(user_data) is called exactly once for each registration, also where registering failed. */
#include "support.h"

static void on_download_ignored(const CloudSyncDownloadProgress *event, void *user_data) {
    (void)event;
    (void)user_data;
}

static void on_line(int32_t level, const char *line, void *user_data) {
    (void)level;
    (void)line;
    (void)user_data;
}

static void count_destroy(void *user_data) {
    ++*(int *)user_data;
}

static void with_a_gallery_sync(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "gallery");
    device_open(&device);
    int unregistered = 0, all_a = 0, all_b = 0, freed = 0, twice = 0;
    CloudSyncGallerySync *sync = NULL;
    assert_ok(gallery_sync_new(device.context, &sync));

    /* on_progress is never run here: no sync is started. */
    assert_ok(gallery_sync_register_progress_cb(sync, on_progress, &unregistered, count_destroy));
    assert_int_equal(unregistered, 0);
    assert_ok(gallery_sync_unregister_progress_cb(sync, on_progress, &unregistered));
    assert_int_equal(unregistered, 1);
    assert_ok(gallery_sync_unregister_progress_cb(sync, on_progress, &unregistered));

    assert_ok(gallery_sync_register_progress_cb(sync, on_progress, &all_a, count_destroy));
    assert_ok(gallery_sync_register_progress_cb(sync, on_progress, &all_b, count_destroy));
    assert_ok(gallery_sync_unregister_progress_cb(sync, NULL, NULL));
    assert_int_equal(all_a, 1);
    assert_int_equal(all_b, 1);

    assert_ok(gallery_sync_register_progress_cb(sync, on_progress, &freed, count_destroy));
    assert_ok(gallery_sync_register_progress_cb(sync, on_progress, &twice, count_destroy));
    assert_ok(gallery_sync_register_progress_cb(sync, on_progress, &twice, count_destroy));
    assert_int_equal(twice, 1); /* the second registration was none, and gave its user data back */
    assert_ok(gallery_sync_free(sync));
    assert_int_equal(freed, 1);
    assert_int_equal(twice, 2);
    assert_int_equal(unregistered, 1);
    assert_int_equal(all_a, 1);
    assert_int_equal(all_b, 1);
    device_free(&device);
}

static void where_registering_fails(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "fails");
    device_open(&device);
    int destroyed = 0;
    CloudSyncDownload *download = NULL;
    assert_ok(download_new(device.context, &download));

    assert_true(gallery_sync_register_progress_cb(NULL, on_progress, &destroyed, count_destroy) != 0);
    assert_int_equal(destroyed, 1);
    assert_true(gallery_sync_register_progress_cb(device.sync, NULL, &destroyed, count_destroy) != 0);
    assert_int_equal(destroyed, 2);
    assert_true(download_register_progress_cb(NULL, on_download_ignored, &destroyed, count_destroy) != 0);
    assert_int_equal(destroyed, 3);
    assert_true(download_register_progress_cb(download, NULL, &destroyed, count_destroy) != 0);
    assert_int_equal(destroyed, 4);

    assert_ok(cloudsync_close(device.context));
    assert_true(download_register_progress_cb(download, on_download_ignored, &destroyed, count_destroy) != 0);
    assert_int_equal(destroyed, 5);
    assert_ok(download_free(download));
    assert_true(download_register_progress_cb(download, on_download_ignored, &destroyed, count_destroy) != 0);
    assert_int_equal(destroyed, 6);
    device.context = NULL;
    device_free(&device);
}

static void with_a_download(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "download");
    device_open(&device);
    int unregistered = 0, freed = 0;
    CloudSyncDownload *download = NULL;
    assert_ok(download_new(device.context, &download));
    assert_ok(download_register_progress_cb(download, on_download_ignored, &unregistered, count_destroy));
    assert_ok(download_register_progress_cb(download, on_download_ignored, &freed, count_destroy));
    assert_ok(download_unregister_progress_cb(download, on_download_ignored, &unregistered));
    assert_int_equal(unregistered, 1);
    assert_ok(download_free(download));
    assert_int_equal(freed, 1);
    assert_int_equal(unregistered, 1);
    device_free(&device);
}

static void with_the_log(void **state) {
    (void)state;
    int first = 0, second = 0, refused = 0;
    assert_ok(cloudsync_set_log_cb(CLOUDSYNC_LOG_DETAIL, on_line, &first, count_destroy));
    assert_int_equal(first, 0);
    assert_ok(cloudsync_set_log_cb(CLOUDSYNC_LOG_ERROR, on_line, &second, count_destroy));
    assert_int_equal(first, 1);
    assert_true(cloudsync_set_log_cb(99, on_line, &refused, count_destroy) != 0);
    assert_int_equal(refused, 1);
    assert_ok(cloudsync_set_log_cb(CLOUDSYNC_LOG_ERROR, NULL, NULL, NULL));
    assert_int_equal(second, 1);
    assert_int_equal(first, 1);
}

static int32_t no_network(void *self, int32_t *wifi, int32_t *mobile) {
    (void)self;
    *wifi = *mobile = 0;
    return 0;
}

static int32_t no_heat(void *self, int32_t *heat) {
    (void)self;
    *heat = 0;
    return 0;
}

static void with_a_device_vtable(void **state) {
    (void)state;
    int replaced = 0, kept = 0, refused = 0;
    struct device device;
    CloudSyncDeviceVTable vtable;
    device_make(&device, "vtable");
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.network = no_network;
    vtable.battery = no_network;
    vtable.heat = no_heat;
    vtable.destroy = count_destroy;

    vtable.self = &replaced;
    assert_ok(cloudsync_options_set_device(device.options, &vtable));
    vtable.self = &kept;
    assert_ok(cloudsync_options_set_device(device.options, &vtable));
    assert_int_equal(replaced, 1);
    vtable.self = &refused;
    vtable.heat = NULL;
    assert_true(cloudsync_options_set_device(device.options, &vtable) != 0);
    assert_int_equal(refused, 1);

    device_open(&device);
    assert_ok(cloudsync_options_free(device.options));
    assert_int_equal(kept, 0); /* the context has it */
    assert_ok(cloudsync_options_new(&device.options));
    device_free(&device);
    assert_int_equal(kept, 1);
    assert_int_equal(replaced, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(with_a_gallery_sync),
        in_scratch(where_registering_fails),
        in_scratch(with_a_download),
        in_scratch(with_the_log),
        in_scratch(with_a_device_vtable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
