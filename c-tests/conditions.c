/* A start is refused where the device's conditions forbid it, and a run ends where they change: the
 * host's vtable decides, in the documented order. */
#include "support.h"

static void without_a_network(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device_open(&device);
    conditions_set(&device.conditions.wifi, 0);
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    conditions_set(&device.conditions.percent, 3); /* the network is looked at first */
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    conditions_set(&device.conditions.percent, -1);
    conditions_set(&device.conditions.mobile, 1);
    device_sync(&device);
    assert_int_equal(gate_count(&device.progress.finals), 1); /* what was refused ends in nothing */
    device_free(&device);
}

static void with_too_little_battery(void **state) {
    (void)state;
    struct device device;
    struct answer answer;
    device_make(&device, "device");
    device_open(&device);
    answer_init(&answer);
    conditions_set(&device.conditions.percent, 14);
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_BATTERY_LOW);
    assert_ok(gallery_sync_start_async(device.sync, on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_E_BATTERY_LOW);
    assert_true(answer.has_message);
    conditions_set(&device.conditions.charging, 1);
    device_sync(&device);
    conditions_set(&device.conditions.charging, 0);
    conditions_set(&device.conditions.percent, 15);
    device_sync(&device);
    device_free(&device);
    answer_destroy(&answer);
}

static void with_marks_of_the_hosts_own(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    assert_ok(cloudsync_options_set_battery_marks(device.options, 50, 20));
    device_open(&device);
    conditions_set(&device.conditions.percent, 49);
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_BATTERY_LOW);
    conditions_set(&device.conditions.percent, 50);
    device_sync(&device);
    device_free(&device);
}

/* Syncs a file under conditions that end the run, and says with which error. */
static int32_t error_of_a_run(struct device *device) {
    unsigned finals = gate_count(&device->progress.finals);
    assert_ok(gallery_sync_start(device->sync));
    gate_wait(&device->progress.finals, finals + 1);
    assert_true(device->progress.last.state != CLOUDSYNC_SYNC_STATE_COMPLETED);
    return device->progress.last.error;
}

static void too_hot(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 4000, 1);
    device_open(&device);
    conditions_set(&device.conditions.heat, CLOUDSYNC_HEAT_OVERHEATED);
    assert_int_equal(error_of_a_run(&device), CLOUDSYNC_ERROR_TYPE_DEVICE_TEMPERATURE_TOO_HIGH);
    conditions_set(&device.conditions.heat, CLOUDSYNC_HEAT_NORMAL);
    device_sync(&device);
    device_free(&device);
}

static void uploads_wait_for_wifi(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    assert_ok(cloudsync_options_set_upload_on_wifi_only(device.options, 1));
    write_photo(device.gallery, "a.jpg", 4000, 1);
    device_open(&device);
    conditions_set(&device.conditions.wifi, 0);
    conditions_set(&device.conditions.mobile, 1);
    assert_int_equal(error_of_a_run(&device), CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE);
    conditions_set(&device.conditions.wifi, 1);
    device_sync(&device);
    device_free(&device);
}

/* A run looks at the conditions some 26 times; the last dozen of it while it sends. */
#define BEFORE_SENDING 6
#define WHILE_SENDING 18

/* A condition that changes during a run ends it with its error; the next start, once the condition is over, sends
 * the rest. */
static void changes_during_a_run(int readings, int *which, int bad, struct device *device, int32_t state, int32_t error) {
    enum { photos = 300 };
    struct device other;
    int good = *which;
    char name[32];
    for (unsigned i = 0; i < photos; i++) {
        snprintf(name, sizeof name, "IMG_%u.jpg", i);
        write_photo(device->gallery, name, 20000, i);
    }
    device_open(device);
    conditions_set_after(&device->conditions, readings, which, bad);
    assert_ok(gallery_sync_start(device->sync));
    gate_wait(&device->progress.finals, 1);
    assert_int_equal(device->progress.last.state, state);
    assert_int_equal(device->progress.last.error, error);
    conditions_set(which, good);
    device_sync(device);
    device_make(&other, "other");
    device_open(&other);
    device_sync(&other);
    assert_true(same_folders(device->gallery, other.gallery));
    device_free(&other);
    device_free(device);
}

static void the_battery_runs_low(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device.conditions.percent = 15;
    changes_during_a_run(WHILE_SENDING, &device.conditions.percent, 14, &device,
                         CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED, CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_LOW);
}

static void the_battery_runs_out(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device.conditions.percent = 15;
    changes_during_a_run(WHILE_SENDING, &device.conditions.percent, 9, &device,
                         CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED, CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_WARNING);
}

static void the_network_goes(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    changes_during_a_run(WHILE_SENDING, &device.conditions.wifi, 0, &device,
                         CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED, CLOUDSYNC_ERROR_TYPE_NETWORK_UNAVAILABLE);
}

static void wifi_goes(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device.conditions.mobile = 1;
    assert_ok(cloudsync_options_set_upload_on_wifi_only(device.options, 1));
    changes_during_a_run(BEFORE_SENDING, &device.conditions.wifi, 0, &device, CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED,
                         CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE);
}

static void it_gets_too_hot(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    changes_during_a_run(WHILE_SENDING, &device.conditions.heat, CLOUDSYNC_HEAT_OVERHEATED, &device,
                         CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED, CLOUDSYNC_ERROR_TYPE_DEVICE_TEMPERATURE_TOO_HIGH);
}

/* Each start is refused where the cloud is switched off, for the account or for the app, and nothing is freed. */
static void a_cloud_that_is_switched_off(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncFileSync *files = NULL;
    CloudSyncCloudFileCache *cache = NULL;
    const char *const notes = "com.example.notes", *const uri = "file://media/Photo/a.jpg";
    device_make(&device, "device");
    make_folder(join(path, root, "notes"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, notes, path));
    write_photo(device.gallery, "a.jpg", 4000, 1);
    device_open(&device);
    assert_ok(file_sync_new(device.context, notes, &files));
    assert_ok(cloud_file_cache_new(device.context, &cache));
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    device_sync(&device);

    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 0));
    assert_both(CLOUDSYNC_E_CLOUD_NOT_READY, gallery_sync_start, device.sync);
    assert_both(CLOUDSYNC_E_CLOUD_NOT_READY, file_sync_start, files);
    conditions_set(&device.conditions.percent, 3); /* the cloud is looked at before the battery */
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_CLOUD_NOT_READY);
    conditions_set(&device.conditions.percent, -1);
    assert_code(cloud_file_cache_clean_cache(cache, uri), CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_code(cloud_file_cache_clean_file_cache(cache, uri), CLOUDSYNC_E_CLOUD_NOT_READY);
    conditions_set(&device.conditions.wifi, 0);
    assert_code(cloud_file_cache_clean_cache(cache, uri), CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    assert_code(cloud_file_cache_clean_file_cache(cache, uri), CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    conditions_set(&device.conditions.wifi, 1);

    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 1));
    assert_ok(cloudsync_embedded_cloud_switch(cloud, notes, 0));
    device_sync(&device);
    assert_code(file_sync_start(files), CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_ok(cloudsync_embedded_cloud_switch(cloud, notes, 1));
    assert_ok(file_sync_start(files));
    assert_code(cloudsync_embedded_cloud_switch(cloud, "", 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_true(file_exists(device.gallery, "a.jpg"));
    assert_ok(file_sync_free(files));
    assert_ok(cloud_file_cache_free(cache));
    assert_ok(cloud_service_stub_free(cloud));
    device_free(&device);
}

static void a_full_cloud(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device_set_small_cloud(&device, 10000);
    write_photo(device.gallery, "big.jpg", 50000, 1);
    write_photo(device.gallery, "small.jpg", 100, 2);
    device_open(&device);
    assert_int_equal(error_of_a_run(&device), CLOUDSYNC_ERROR_TYPE_CLOUD_STORAGE_FULL);
    int32_t found = -1;
    assert_ok(get_file_sync_state(device.context, "file://media/Photo/small.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS); /* one that fits is not held up */
    assert_ok(get_file_sync_state(device.context, "file://media/Photo/big.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE);

    /* The account is given more room. */
    device_close(&device);
    device_set_small_cloud(&device, 100000);
    device_open(&device);
    device_sync(&device);
    assert_int_equal(state_of(&device, "file://media/Photo/big.jpg"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(without_a_network),
        in_scratch(with_too_little_battery),
        in_scratch(with_marks_of_the_hosts_own),
        in_scratch(too_hot),
        in_scratch(uploads_wait_for_wifi),
        in_scratch(the_battery_runs_low),
        in_scratch(the_battery_runs_out),
        in_scratch(the_network_goes),
        in_scratch(wifi_goes),
        in_scratch(it_gets_too_hot),
        in_scratch(a_cloud_that_is_switched_off),
        in_scratch(a_full_cloud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
