/* Whatever a cloud answers, a sync and a download end with the number that the documents have for it, and go on when it is
 * well again. */
#include "support.h"

#include "vendor_cloud.h"

#define URI "file://media/Photo/a.jpg"

/* A cloud in front of another, which answers as it is told. */
struct sick {
    CloudSyncCloudServiceStub *inner;
    int32_t listing, download; /* codes; 0 where all is well */
    bool stands_still;         /* its cursor */
};

struct sick_db {
    struct sick *sick;
    CloudSyncCloudDbStub *inner;
};

static int32_t sick_query(void *self, const char *table, const char *const *fields, size_t field_count,
                          size_t query_count, const char *query_cursor, CloudSyncReply *reply) {
    struct sick_db *db = (struct sick_db *)self;
    CloudSyncRows *rows = NULL;
    if (db->sick->listing != CLOUDSYNC_ERROR_CODE_SUCCESS) {
        return db->sick->listing;
    }
    assert_ok(cloud_db_query(db->inner, table, fields, field_count, query_count, query_cursor, &rows));
    if (db->sick->stands_still) {
        assert_ok(cloudsync_rows_set_page(rows, query_cursor, 1));
    }
    assert_ok(cloudsync_reply_rows(reply, rows));
    assert_ok(cloudsync_rows_free(rows));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t sick_lock(void *self, CloudSyncReply *reply) {
    (void)self;
    (void)reply;
    return CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS;
}

static void sick_db_destroy(void *self) {
    struct sick_db *db = (struct sick_db *)self;
    assert_ok(cloud_db_stub_free(db->inner));
    free(db);
}

static int32_t sick_connect_db(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                               CloudSyncReply *reply) {
    struct sick_db *db = (struct sick_db *)calloc(1, sizeof *db);
    CloudSyncCloudDbVTable vtable;
    CloudSyncCloudDbStub *stub = NULL;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.query = sick_query;
    vtable.lock = sick_lock;
    vtable.destroy = sick_db_destroy;
    db->sick = (struct sick *)self;
    assert_ok(cloud_service_connect_db(db->sick->inner, bundle_name, database, &db->inner));
    assert_ok(create_cloud_db_stub(&vtable, db, &stub));
    assert_ok(cloudsync_reply_cloud_db(reply, stub));
    assert_ok(cloud_db_stub_free(stub));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static const char bytes[] = "what a.jpg holds";

/* There is one asset. */
static int32_t sick_download(void *self, const char *table, const char *prefix, CloudSyncTransfers *transfers,
                             CloudSyncReply *reply) {
    const int32_t code = ((struct sick *)self)->download;
    const CloudSyncTransfer *transfer;
    (void)table;
    (void)prefix;
    assert_ok(cloudsync_transfers_get(transfers, 0, &transfer));
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS) {
        assert_ok(cloudsync_transfers_write(transfers, 0, 0, (const uint8_t *)bytes, strlen(bytes)));
        assert_ok(cloudsync_reply_item(reply, 0, code, NULL, transfer->asset));
    } else {
        assert_ok(cloudsync_reply_item(reply, 0, code, "so that a test can see it", NULL));
    }
    return cloudsync_reply_done(reply);
}

static int32_t sick_connect_loader(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                                   CloudSyncReply *reply) {
    CloudSyncAssetLoaderVTable vtable;
    CloudSyncAssetLoaderStub *stub = NULL;
    (void)bundle_name;
    (void)database;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.download = sick_download;
    assert_ok(create_asset_loader_stub(&vtable, self, &stub));
    assert_ok(cloudsync_reply_asset_loader(reply, stub));
    assert_ok(asset_loader_stub_free(stub));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t sick_service_info(void *self, CloudSyncReply *reply) {
    CloudSyncResult *result = NULL;
    const CloudSyncServiceInfo *info;
    assert_ok(cloud_service_get_service_info(((struct sick *)self)->inner, &result));
    assert_ok(cloudsync_result_service_info(result, &info));
    assert_ok(cloudsync_reply_service_info(reply, info));
    assert_ok(cloudsync_result_free(result));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* --- A device behind it ----------------------------------------------------------------------- */

/* A photo in the cloud, and a device that gets at it through the sick one. */
static void scene_make(struct sick *sick, struct device *device) {
    struct device first;
    char path[PATH_MAX];
    CloudSyncCloudServiceVTable vtable;
    CloudSyncCloudServiceStub *stub = NULL;
    memset(sick, 0, sizeof *sick);
    assert_ok(vendor_cloud_new(&sick->inner));
    device_make(&first, "first");
    assert_ok(cloudsync_options_set_cloud(first.options, sick->inner));
    device_open(&first);
    FILE *file = fopen(join(path, first.gallery, "a.jpg"), "w");
    assert_non_null(file);
    assert_true(fputs(bytes, file) >= 0 && fclose(file) == 0);
    device_sync(&first);
    device_free(&first);

    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.get_service_info = sick_service_info;
    vtable.connect_db = sick_connect_db;
    vtable.connect_asset_loader = sick_connect_loader;
    assert_ok(create_cloud_service_stub(&vtable, sick, &stub));
    device_make(device, "device");
    assert_ok(cloudsync_options_set_cloud(device->options, stub));
    assert_ok(cloudsync_options_set_download_policy(device->options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    assert_ok(cloud_service_stub_free(stub));
    device_open(device);
}

static void scene_free(struct sick *sick, struct device *device) {
    device_free(device);
    assert_ok(cloud_service_stub_free(sick->inner));
}

static void sync_ends(struct device *device, int32_t state, int32_t error) {
    const unsigned finals = gate_count(&device->progress.finals);
    assert_ok(gallery_sync_start(device->sync));
    gate_wait(&device->progress.finals, finals + 1);
    assert_int_equal(device->progress.last.state, state);
    assert_int_equal(device->progress.last.error, error);
}

static void a_listing_that_goes_wrong(void **state) {
    (void)state;
    static const struct {
        int32_t answer, error;
    } cases[] = {
        {CLOUDSYNC_ERROR_CODE_NETWORK_ERROR, CLOUDSYNC_ERROR_TYPE_NETWORK_UNAVAILABLE},
        {CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL},
        {CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED, CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL},
        {CLOUDSYNC_ERROR_CODE_CORRUPT, CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL},
        {CLOUDSYNC_ERROR_CODE_TOO_MANY_REQUESTS, CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL},
    };
    struct sick sick;
    struct device device;
    scene_make(&sick, &device);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sick.listing = cases[i].answer;
        sync_ends(&device, CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED, cases[i].error);
    }
    char text[256];
    assert_int_equal(explained(&device, "file://media/Photo", text, sizeof text).code, CLOUDSYNC_E_BUSY);
    assert_non_null(strstr(text, "asked too often"));
    sick.listing = CLOUDSYNC_ERROR_CODE_SUCCESS;
    sick.stands_still = true;
    sync_ends(&device, CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED, CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL);
    sick.stands_still = false;
    device_sync(&device);
    assert_int_equal(state_of(&device, URI), CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);
    scene_free(&sick, &device);
}

static void a_gallery_that_is_gone(void **state) {
    (void)state;
    struct sick sick;
    struct device device;
    char elsewhere[PATH_MAX];
    scene_make(&sick, &device);
    device_sync(&device);
    assert_int_equal(rename(device.gallery, join(elsewhere, root, "elsewhere")), 0);
    sync_ends(&device, CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED, CLOUDSYNC_ERROR_TYPE_UNKNOWN_ERROR);
    assert_int_equal(trouble_of(&device, "file://media/Photo"), CLOUDSYNC_E_IO);
    assert_int_equal(rename(elsewhere, device.gallery), 0);
    device_sync(&device);
    assert_int_equal(trouble_of(&device, "file://media/Photo"), 0);
    scene_free(&sick, &device);
}

/* The first run has found the empty folder over which the gallery's disk is mounted. Once there are photos, no other gallery
 * takes their place. */
static void a_gallery_that_comes_later(void **state) {
    (void)state;
    struct device device;
    char before[PATH_MAX], after[PATH_MAX];
    device_make(&device, "device");
    device_open(&device);
    device_sync(&device);
    assert_int_equal(rename(device.gallery, join(before, root, "before")), 0);
    make_folder(device.gallery);
    write_photo(device.gallery, "a.jpg", 1000, 1);
    device_sync(&device);
    assert_int_equal(device.progress.last.files_done, 1);
    assert_int_equal(rename(device.gallery, join(after, root, "after")), 0);
    assert_int_equal(rename(before, device.gallery), 0);
    sync_ends(&device, CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED, CLOUDSYNC_ERROR_TYPE_UNKNOWN_ERROR);
    assert_int_equal(trouble_of(&device, "file://media/Photo"), CLOUDSYNC_E_IO);
    assert_int_equal(rename(device.gallery, before), 0);
    assert_int_equal(rename(after, device.gallery), 0);
    device_sync(&device);
    assert_true(is_photo(device.gallery, "a.jpg", 1000, 1));
    device_free(&device);
}

static void a_download_that_goes_wrong(void **state) {
    (void)state;
    static const struct {
        int32_t answer, error;
    } cases[] = {
        {CLOUDSYNC_ERROR_CODE_NETWORK_ERROR, CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE},
        {CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, CLOUDSYNC_DOWNLOAD_ERROR_UNKNOWN_ERROR},
        {CLOUDSYNC_ERROR_CODE_CORRUPT, CLOUDSYNC_DOWNLOAD_ERROR_UNKNOWN_ERROR},
        {CLOUDSYNC_ERROR_CODE_NOT_FOUND, CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND},
        {CLOUDSYNC_ERROR_CODE_TOO_MANY_REQUESTS, CLOUDSYNC_DOWNLOAD_ERROR_FREQUENT_USER_REQUESTS},
    };
    struct sick sick;
    struct device device;
    struct download_log log;
    CloudSyncDownload *download = NULL;
    scene_make(&sick, &device);
    device_sync(&device);
    download_log_init(&log);
    assert_ok(download_new(device.context, &download));
    assert_ok(download_register_progress_cb(download, on_download, &log, NULL));
    unsigned ended = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sick.download = cases[i].answer;
        assert_ok(download_start(download, URI));
        gate_wait(&log.finals, ++ended);
        assert_int_equal(log.last.state, CLOUDSYNC_DOWNLOAD_STATE_FAILED);
        assert_int_equal(log.last.error, cases[i].error);
        assert_false(file_exists(device.gallery, "a.jpg"));
    }
    sick.download = CLOUDSYNC_ERROR_CODE_SUCCESS;
    assert_ok(download_start(download, URI));
    gate_wait(&log.finals, ++ended);
    assert_int_equal(log.last.state, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_true(file_exists(device.gallery, "a.jpg"));
    assert_ok(download_free(download));
    download_log_destroy(&log);
    scene_free(&sick, &device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_listing_that_goes_wrong),
        in_scratch(a_gallery_that_is_gone),
        in_scratch(a_gallery_that_comes_later),
        in_scratch(a_download_that_goes_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
