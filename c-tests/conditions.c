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

static void a_full_cloud(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *small = NULL;
    device_make(&device, "device");
    assert_ok(cloudsync_embedded_cloud_new_with_quota(join(path, root, "small"), "account", 10000, &small));
    assert_ok(cloudsync_options_set_cloud(device.options, small));
    assert_ok(cloud_service_stub_free(small));
    write_photo(device.gallery, "big.jpg", 50000, 1);
    write_photo(device.gallery, "small.jpg", 100, 2);
    device_open(&device);
    assert_int_equal(error_of_a_run(&device), CLOUDSYNC_ERROR_TYPE_CLOUD_STORAGE_FULL);
    int32_t found = -1;
    assert_ok(get_file_sync_state(device.context, "file://media/Photo/small.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS); /* one that fits is not held up */
    assert_ok(get_file_sync_state(device.context, "file://media/Photo/big.jpg", &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(without_a_network),
        in_scratch(with_too_little_battery),
        in_scratch(with_marks_of_the_hosts_own),
        in_scratch(too_hot),
        in_scratch(uploads_wait_for_wifi),
        in_scratch(a_full_cloud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
