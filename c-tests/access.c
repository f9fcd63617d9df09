/* What belongs to another app answers 202, and what the disk does not let be looked at 13900012; a handle that was
 * freed is freed once. */
#include "support.h"

#include <sys/stat.h>

#define NOTES "com.example.notes"
#define MAPS "com.example.maps"

static void another_apps_files(void **state) {
    (void)state;
    struct device device;
    char notes[PATH_MAX], maps[PATH_MAX];
    const char *const uri = "file://" MAPS "/data/storage/el2/cloud/";
    CloudSyncPage *page = NULL;
    int32_t found;
    device_make(&device, "device");
    make_folder(join(notes, root, "notes"));
    make_folder(join(maps, root, "maps"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, NOTES, notes));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, MAPS, maps));
    assert_ok(cloudsync_options_set_caller(device.options, NOTES, NULL, 0, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    assert_code(register_change(device.context, uri, 1, ignore_change, NULL, NULL), CLOUDSYNC_E_NOT_SYSTEM_APP);
    assert_code(unregister_change(device.context, uri), CLOUDSYNC_E_NOT_SYSTEM_APP);
    assert_code(cloudsync_list(device.context, uri, 1, NULL, 10, &page), CLOUDSYNC_E_NOT_SYSTEM_APP);
    assert_code(get_core_file_sync_state(device.context, uri, &found), CLOUDSYNC_E_NOT_SYSTEM_APP);
    device_free(&device);
}

static void in_a_closed_folder(void) {
    struct device device;
    char path[PATH_MAX];
    int32_t found = -1;
    device_make(&device, "device");
    make_folder(join(path, device.gallery, "closed"));
    write_photo(device.gallery, "closed/a.jpg", 100, 1);
    device_open(&device);
    assert_int_equal(chmod(path, 0), 0);
    const char *const uri = "file://media/Photo/closed/a.jpg";
    assert_code(get_core_file_sync_state(device.context, uri, &found), CLOUDSYNC_E_ACCESS_DENIED);
    assert_code(register_change(device.context, uri, 0, ignore_change, NULL, NULL), CLOUDSYNC_E_ACCESS_DENIED);
    assert_int_equal(chmod(path, 0700), 0);
    assert_ok(get_core_file_sync_state(device.context, uri, &found));
    device_free(&device);
}

static void what_the_disk_does_not_show(void **state) {
    (void)state;
    as_nobody(in_a_closed_folder);
}

static void freed_once(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    CloudSyncDownload *download = NULL;
    CloudSyncFileSync *files = NULL;
    CloudSyncCloudFileCache *cache = NULL;
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncOptions *options = NULL;
    CloudSyncGallerySync *sync = NULL;
    device_make(&device, "device");
    make_folder(join(path, root, "notes"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, NOTES, path));
    device_open(&device);
    assert_ok(download_new(device.context, &download));
    assert_ok(file_sync_new(device.context, NOTES, &files));
    assert_ok(cloud_file_cache_new(device.context, &cache));
    assert_ok(gallery_sync_new(device.context, &sync));
    assert_ok(cloudsync_options_new(&options));
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    assert_ok(download_free(download));
    assert_ok(file_sync_free(files));
    assert_ok(cloud_file_cache_free(cache));
    assert_ok(gallery_sync_free(sync));
    assert_ok(cloudsync_options_free(options));
    assert_ok(cloud_service_stub_free(cloud));
    assert_code(download_free(download), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(file_sync_free(files), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloud_file_cache_free(cache), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(gallery_sync_free(sync), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_options_free(options), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloud_service_stub_free(cloud), CLOUDSYNC_E_INVALID_ARGUMENT);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(another_apps_files),
        in_scratch(what_the_disk_does_not_show),
        in_scratch(freed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
