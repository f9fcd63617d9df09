/* Signing in and out, the switch of one app, another account, and letting go of one: the documented
 * cloudSyncManager, over the embedded cloud. */
#include "support.h"

#define PHOTOS "com.ohos.medialibrary"
#define NOTES "com.example.notes"
#define GALLERY "file://media/Photo"
#define ID_LENGTH 65

static const char *const photos[] = {PHOTOS};
static const char *const both[] = {PHOTOS, NOTES};
static const int32_t on[] = {1, 1};
static const int32_t retain[] = {CLOUDSYNC_ACTION_RETAIN_DATA, CLOUDSYNC_ACTION_RETAIN_DATA};
static const int32_t clear[] = {CLOUDSYNC_ACTION_CLEAR_DATA};

/* The cloud's directory, as an account. */
static CloudSyncCloudServiceStub *cloud_of(const char *account, char id[ID_LENGTH]) {
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncResult *result = NULL;
    const CloudSyncServiceInfo *info = NULL;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), account, &cloud));
    assert_ok(cloud_service_get_service_info(cloud, &result));
    assert_ok(cloudsync_result_service_info(result, &info));
    snprintf(id, ID_LENGTH, "%s", info->id);
    assert_ok(cloudsync_result_free(result));
    return cloud;
}

/* From its next opening on, the device's cloud is that account's. */
static void sign_in_as(struct device *device, const char *account, char id[ID_LENGTH]) {
    CloudSyncCloudServiceStub *cloud = cloud_of(account, id);
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    assert_ok(cloud_service_stub_free(cloud));
}

/* How many photos a new device gets from an account. */
static size_t photos_of(const char *account) {
    static int devices;
    char name[32], id[ID_LENGTH];
    struct device device;
    snprintf(name, sizeof name, "new-%d", devices++);
    device_make(&device, name);
    sign_in_as(&device, account, id);
    device_open(&device);
    device_sync(&device);
    const size_t count = count_files(device.gallery);
    device_free(&device);
    return count;
}

static void account_is(struct device *device, const char *bundle, const char *expected) {
    char id[ID_LENGTH] = "";
    size_t length = 0;
    assert_ok(cloudsync_account(device->context, bundle, id, sizeof id, &length));
    assert_string_equal(id, expected);
    assert_int_equal(length, strlen(expected));
}

static void a_device(struct device *device, char id[ID_LENGTH]) {
    char path[PATH_MAX];
    device_make(device, "one");
    make_folder(join(path, root, "notes"));
    assert_ok(cloudsync_options_set_bundle_dir(device->options, NOTES, path));
    write_photo(device->gallery, "a.jpg", 700, 1);
    write_photo(device->gallery, "b.jpg", 800, 2);
    sign_in_as(device, "account", id);
    device_open(device);
}

static void signing_out_and_in(void **state) {
    (void)state;
    struct device device;
    char id[ID_LENGTH];
    a_device(&device, id);
    account_is(&device, PHOTOS, "");
    assert_completes(CLOUDSYNC_OK, cloud_sync_manager_enable_cloud_async, device.context, id, NULL, NULL, 0);
    device_sync(&device);
    account_is(&device, PHOTOS, id);
    account_is(&device, NOTES, "");

    assert_both(CLOUDSYNC_OK, cloud_sync_manager_disable_cloud, device.context, id);
    write_photo(device.gallery, "c.jpg", 900, 3);
    assert_both(CLOUDSYNC_E_CLOUD_NOT_READY, gallery_sync_start, device.sync);
    assert_int_equal(state_of(&device, GALLERY "/a.jpg"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_code(sharing_exit(device.context, "resource"), CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_both(CLOUDSYNC_E_CLOUD_NOT_READY, cloud_sync_manager_notify_data_change, device.context, id, PHOTOS);
    device_close(&device);
    device_open(&device); /* it is kept */
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_CLOUD_NOT_READY);
    char text[512];
    assert_int_equal(explained(&device, GALLERY "/c.jpg", text, sizeof text).code, CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_non_null(strstr(text, "sign in"));

    const int32_t off[] = {0};
    assert_ok(cloud_sync_manager_enable_cloud(device.context, id, photos, off, 1));
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_ok(cloud_sync_manager_enable_cloud(device.context, id, both, on, 2));
    device_sync(&device);
    assert_int_equal(photos_of("account"), 3);
    device_free(&device);
}

static void the_switch_of_one_app(void **state) {
    (void)state;
    struct device device;
    char id[ID_LENGTH];
    CloudSyncFileSync *notes = NULL;
    a_device(&device, id);
    assert_ok(file_sync_new(device.context, NOTES, &notes));
    assert_both(CLOUDSYNC_OK, cloud_sync_manager_change_app_cloud_switch, device.context, id, NOTES, 0);
    assert_code(file_sync_start(notes), CLOUDSYNC_E_CLOUD_NOT_READY);
    device_sync(&device); /* the photos' is on */
    assert_ok(cloud_sync_manager_change_app_cloud_switch(device.context, id, NOTES, 1));
    assert_ok(file_sync_start(notes));
    assert_ok(file_sync_free(notes));

    const unsigned before = gate_count(&device.progress.finals);
    assert_both(CLOUDSYNC_OK, cloud_sync_manager_notify_data_change, device.context, id, PHOTOS);
    gate_wait(&device.progress.finals, before + 1);
    conditions_set(&device.conditions.percent, 5);
    assert_both(CLOUDSYNC_E_BATTERY_LOW, cloud_sync_manager_notify_data_change, device.context, id, PHOTOS);
    device_free(&device);
}

static void another_account(void **state) {
    (void)state;
    struct device device;
    char id[ID_LENGTH], other[ID_LENGTH];
    a_device(&device, id);
    device_sync(&device);
    device_close(&device);
    sign_in_as(&device, "another", other);
    device_open(&device);
    assert_code(gallery_sync_start(device.sync), CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_code(cloud_sync_manager_notify_data_change(device.context, other, PHOTOS), CLOUDSYNC_E_CLOUD_NOT_READY);
    account_is(&device, PHOTOS, id);
    /* What the first one holds cannot be proved by the other. */
    assert_both(CLOUDSYNC_E_CLOUD_NOT_READY, cloud_sync_manager_clean, device.context, id, photos, clear, 1);
    assert_both(CLOUDSYNC_E_INVALID_ARGUMENT, cloud_sync_manager_clean, device.context, other, photos, retain, 1);
    assert_int_equal(count_files(device.gallery), 2);
    assert_both(CLOUDSYNC_OK, cloud_sync_manager_clean, device.context, id, both, retain, 2);
    account_is(&device, PHOTOS, "");
    assert_int_equal(photos_of("another"), 0);
    device_sync(&device);
    account_is(&device, PHOTOS, other);
    assert_int_equal(photos_of("another"), 2);
    assert_int_equal(photos_of("account"), 2);
    device_free(&device);
}

static void clearing(void **state) {
    (void)state;
    struct device device;
    char id[ID_LENGTH];
    a_device(&device, id);
    device_sync(&device);
    assert_ok(cloudsync_pin(device.context, GALLERY "/b.jpg", 1));
    write_photo(device.gallery, "new.jpg", 900, 3);
    conditions_set(&device.conditions.wifi, 0);
    assert_both(CLOUDSYNC_E_NETWORK_UNAVAILABLE, cloud_sync_manager_clean, device.context, id, photos, clear, 1);
    conditions_set(&device.conditions.wifi, 1);
    assert_int_equal(count_files(device.gallery), 3);
    assert_ok(cloud_sync_manager_disable_cloud(device.context, id));
    assert_ok(cloud_sync_manager_clean(device.context, id, photos, clear, 1));
    assert_int_equal(count_files(device.gallery), 1);
    assert_true(is_photo(device.gallery, "new.jpg", 900, 3));
    assert_int_equal(photos_of("account"), 2);
    device_free(&device);
}

static void what_is_no_account_bundle_or_action(void **state) {
    (void)state;
    struct device device;
    char id[ID_LENGTH];
    const char *const missing[] = {"com.example.none"};
    const int32_t wrong[] = {7};
    a_device(&device, id);
    device_sync(&device);
    assert_both(CLOUDSYNC_E_INVALID_ARGUMENT, cloud_sync_manager_enable_cloud, device.context, "nobody", NULL, NULL, 0);
    assert_both(CLOUDSYNC_E_INVALID_ARGUMENT, cloud_sync_manager_disable_cloud, device.context, "nobody");
    assert_code(cloud_sync_manager_change_app_cloud_switch(device.context, "", PHOTOS, 1), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloud_sync_manager_change_app_cloud_switch(device.context, id, missing[0], 1),
                CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloud_sync_manager_clean(device.context, id, missing, retain, 1), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloud_sync_manager_clean(device.context, id, photos, wrong, 1), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloud_sync_manager_clean(device.context, id, NULL, NULL, 0));
    account_is(&device, PHOTOS, id);
    conditions_set(&device.conditions.wifi, 0);
    assert_both(CLOUDSYNC_E_NETWORK_UNAVAILABLE, cloud_sync_manager_enable_cloud, device.context, "nobody", NULL, NULL, 0);
    assert_both(CLOUDSYNC_E_NETWORK_UNAVAILABLE, cloud_sync_manager_disable_cloud, device.context, "nobody");
    device_free(&device);
}

/* A cloud that answers nothing but a code. */
static int32_t refuse(void *self, CloudSyncReply *reply) {
    (void)reply;
    return *(const int32_t *)self;
}

static void every_call_answers(struct device *device, int32_t code) {
    CloudSyncContext *context = device->context;
    assert_both(code, cloud_sync_manager_enable_cloud, context, "a", NULL, NULL, 0);
    assert_both(code, cloud_sync_manager_disable_cloud, context, "a");
    assert_both(code, cloud_sync_manager_change_app_cloud_switch, context, "a", PHOTOS, 1);
    assert_both(code, cloud_sync_manager_notify_data_change, context, "a", PHOTOS);
}

static void a_cloud_that_does_not_say_who_is_signed_in(void **state) {
    (void)state;
    struct device device;
    int32_t code = CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED;
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncCloudServiceVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.get_service_info = refuse;
    device_make(&device, "one");
    assert_ok(create_cloud_service_stub(&vtable, &code, &cloud));
    assert_ok(cloudsync_options_set_cloud(device.options, cloud));
    assert_ok(cloud_service_stub_free(cloud));
    device_open(&device);
    every_call_answers(&device, CLOUDSYNC_E_CLOUD_NOT_READY);
    code = CLOUDSYNC_ERROR_CODE_NETWORK_ERROR;
    every_call_answers(&device, CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    code = CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    every_call_answers(&device, CLOUDSYNC_E_IPC);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(signing_out_and_in),
        in_scratch(the_switch_of_one_app),
        in_scratch(another_account),
        in_scratch(clearing),
        in_scratch(what_is_no_account_bundle_or_action),
        in_scratch(a_cloud_that_does_not_say_who_is_signed_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
