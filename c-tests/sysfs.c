/* Without a vtable of the host, the system's own files decide: a tree like /sys, in the place of /sys. */
#include "support.h"

#include <sys/mount.h>

#define SYSTEM "/sys/class/"

static void write_text(const char *name, const char *text) {
    char path[PATH_MAX];
    FILE *file = fopen(join(path, SYSTEM, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_system(void) {
    static const char *const folders[] = {"",
                                          "net",
                                          "net/wlan0",
                                          "net/wlan0/device",
                                          "net/wwan0",
                                          "net/wwan0/device",
                                          "power_supply",
                                          "power_supply/BAT0",
                                          "thermal",
                                          "thermal/thermal_zone0"};
    char path[PATH_MAX];
    mount_small("/sys", "size=1m");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        make_folder(join(path, SYSTEM, folders[i]));
    }
    write_text("net/wlan0/type", "1\n");
    write_text("net/wlan0/operstate", "up\n");
    write_text("net/wwan0/type", "519\n");
    write_text("net/wwan0/operstate", "down\n");
    write_text("power_supply/BAT0/type", "Battery\n");
    write_text("power_supply/BAT0/capacity", "80\n");
    write_text("power_supply/BAT0/status", "Discharging\n");
    write_text("thermal/thermal_zone0/temp", "40000\n");
    write_text("thermal/thermal_zone0/trip_point_0_type", "critical\n");
    write_text("thermal/thermal_zone0/trip_point_0_temp", "95000\n");
}

/* A device that looks at the system, as one does without cloudsync_options_set_device. */
static void make(struct device *device) {
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    device_make(device, "device");
    assert_ok(cloudsync_options_free(device->options));
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    assert_ok(cloudsync_options_new(&device->options));
    assert_ok(cloudsync_options_set_state_dir(device->options, device->state));
    assert_ok(cloudsync_options_set_gallery_dir(device->options, device->gallery));
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    assert_ok(cloudsync_options_set_upload_on_wifi_only(device->options, 1));
    assert_ok(cloud_service_stub_free(cloud));
    write_photo(device->gallery, "a.jpg", 4000, 1);
    device_open(device);
}

/* Starts until that is answered so: the system is looked at anew within some time. */
static void wait_for_answer(struct device *device, int32_t expected) {
    int64_t until = now_ms() + PATIENCE_MS;
    int32_t code;
    do {
        unsigned finals = gate_count(&device->progress.finals);
        code = gallery_sync_start(device->sync);
        if (code == CLOUDSYNC_OK) {
            gate_wait(&device->progress.finals, finals + 1);
        }
    } while (code != expected && now_ms() < until);
    assert_answered(gallery_sync_start, code, expected);
}

/* Starts, which is accepted, until the run ends with this error. */
static void wait_for_error(struct device *device, int32_t expected) {
    int64_t until = now_ms() + PATIENCE_MS;
    do {
        wait_for_answer(device, CLOUDSYNC_OK);
    } while (device->progress.last.error != expected && now_ms() < until);
    assert_int_equal(device->progress.last.error, expected);
}

static void at_start(void) {
    struct device device;
    make_system();
    make(&device);
    device_sync(&device);

    write_text("power_supply/BAT0/capacity", "14\n");
    wait_for_answer(&device, CLOUDSYNC_E_BATTERY_LOW);
    write_text("power_supply/BAT0/status", "Charging\n");
    wait_for_answer(&device, CLOUDSYNC_OK);

    write_text("net/wlan0/operstate", "down\n");
    wait_for_answer(&device, CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    write_photo(device.gallery, "b.jpg", 4000, 2);
    write_text("net/wwan0/operstate", "up\n");
    wait_for_error(&device, CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE);
    write_text("net/wlan0/operstate", "up\n");
    wait_for_error(&device, CLOUDSYNC_ERROR_TYPE_NO_ERROR);

    write_text("thermal/thermal_zone0/temp", "96000\n");
    wait_for_error(&device, CLOUDSYNC_ERROR_TYPE_DEVICE_TEMPERATURE_TOO_HIGH);
    write_text("thermal/thermal_zone0/temp", "60000\n");
    wait_for_error(&device, CLOUDSYNC_ERROR_TYPE_NO_ERROR);
    assert_int_equal(state_of(&device, "file://media/Photo/b.jpg"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    device_free(&device);
    unmount("/sys");
}

static void the_system_decides_at_start(void **state) {
    (void)state;
    with_own_mounts(at_start);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(the_system_decides_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
