/* What the vendor's example keeps of what a cloud promises, beyond the checks of the conformance suite. */
#include "support.h"

#include "vendor_cloud.h"

static const char bundle[] = "com.example.vendor";

static CloudSyncDatabase database_form(const char *alias) {
    CloudSyncDatabase database;
    memset(&database, 0, sizeof database);
    database.struct_size = sizeof database;
    database.name = alias;
    database.alias = alias;
    return database;
}

static CloudSyncCloudDbStub *connect_db(CloudSyncCloudServiceStub *cloud, const char *alias) {
    const CloudSyncDatabase database = database_form(alias);
    CloudSyncCloudDbStub *db = NULL;
    assert_ok(cloud_service_connect_db(cloud, bundle, &database, &db));
    return db;
}

/* --- Records ---------------------------------------------------------------------------------- */

static void add_row(CloudSyncRows *rows, const char *id, int64_t version) {
    CloudSyncExtensionValue extension;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    extension.id = id;
    extension.version = version;
    assert_ok(cloudsync_rows_add(rows, &extension));
}

static CloudSyncRows *one_row(const char *id, int64_t version, const char *text) {
    CloudSyncRows *rows = NULL;
    assert_ok(cloudsync_rows_new(&rows));
    add_row(rows, id, version);
    assert_ok(cloudsync_rows_set_text(rows, "text", text));
    return rows;
}

typedef int32_t (*write_function)(CloudSyncCloudDbStub *, const char *, const CloudSyncRows *, CloudSyncRows **);

/* Writes one row, which is freed; says what became of it, and which version the record has then. */
static int32_t try_row(CloudSyncCloudDbStub *db, write_function write, CloudSyncRows *rows, int64_t *version) {
    CloudSyncExtensionValue extension;
    CloudSyncRows *answers = NULL;
    const char *description;
    int32_t code;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    assert_ok(write(db, "notes", rows, &answers));
    assert_ok(cloudsync_rows_result(answers, 0, &code, &description));
    assert_ok(cloudsync_rows_extension(answers, 0, &extension));
    assert_ok(cloudsync_rows_free(answers));
    assert_ok(cloudsync_rows_free(rows));
    *version = extension.version;
    return code;
}

static int64_t write_row(CloudSyncCloudDbStub *db, write_function write, CloudSyncRows *rows, int32_t expected) {
    int64_t version;
    assert_int_equal(try_row(db, write, rows, &version), expected);
    return version;
}

static CloudSyncRows *list(CloudSyncCloudDbStub *db, size_t expected) {
    CloudSyncRows *page = NULL;
    size_t count;
    assert_ok(cloud_db_query(db, "notes", NULL, 0, 100, "", &page));
    assert_ok(cloudsync_rows_count(page, &count));
    assert_int_equal(count, expected);
    return page;
}

/* The device chooses its records' ids, and the cloud keeps them whole. */
static void ids_are_kept_whole(void **state) {
    (void)state;
    enum { LONG = 5000 };
    static char ids[3][LONG + 1]; /* each begins as the one before */
    const size_t lengths[] = {33, 40, LONG};
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new(&cloud));
    CloudSyncCloudDbStub *db = connect_db(cloud, "notes");
    int64_t versions[3];
    for (size_t i = 0; i < 3; i++) {
        memset(ids[i], 'x', lengths[i]);
        versions[i] = write_row(db, cloud_db_insert, one_row(ids[i], 0, "text"), CLOUDSYNC_ERROR_CODE_SUCCESS);
        assert_int_equal(write_row(db, cloud_db_insert, one_row(ids[i], 0, "text"), CLOUDSYNC_ERROR_CODE_SUCCESS),
                         versions[i]); /* the same insert again */
    }
    CloudSyncRows *page = list(db, 3);
    for (size_t i = 0; i < 3; i++) {
        CloudSyncExtensionValue extension;
        memset(&extension, 0, sizeof extension);
        extension.struct_size = sizeof extension;
        assert_ok(cloudsync_rows_extension(page, i, &extension));
        assert_string_equal(extension.id, ids[i]);
        write_row(db, cloud_db_update, one_row(ids[i], versions[i], "other"), CLOUDSYNC_ERROR_CODE_SUCCESS);
    }
    assert_ok(cloudsync_rows_free(page));
    assert_ok(cloudsync_rows_free(list(db, 3)));
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_stub_free(cloud));
}

/* --- Assets ----------------------------------------------------------------------------------- */

static CloudSyncAssetLoaderStub *connect_loader(CloudSyncCloudServiceStub *cloud) {
    const CloudSyncDatabase database = database_form("notes");
    CloudSyncAssetLoaderStub *loader = NULL;
    assert_ok(cloud_service_connect_asset_loader(cloud, bundle, &database, &loader));
    return loader;
}

static CloudSyncCloudAsset asset_form(const char *id, const char *path) {
    CloudSyncCloudAsset asset;
    memset(&asset, 0, sizeof asset);
    asset.struct_size = sizeof asset;
    asset.asset_id = id;
    asset.name = "photo.jpg";
    asset.path = path;
    return asset;
}

/* What became of the one asset of a call, whose result is freed; its id where it succeeded. */
static int32_t the_asset(CloudSyncResult *result, char id[128]) {
    const CloudSyncAssetResult *const *answers;
    size_t count;
    assert_ok(cloudsync_result_assets(result, &answers, &count));
    assert_int_equal(count, 1);
    const int32_t code = answers[0]->code;
    snprintf(id, 128, "%s", code == CLOUDSYNC_ERROR_CODE_SUCCESS ? answers[0]->asset->asset_id : "");
    assert_ok(cloudsync_result_free(result));
    return code;
}

/* Uploads a photo, whose bytes follow from its size and seed. */
static int32_t upload(CloudSyncAssetLoaderStub *loader, size_t size, uint64_t seed, char id[128]) {
    char path[PATH_MAX];
    CloudSyncResult *result = NULL;
    write_photo(root, "photo.jpg", size, seed);
    const CloudSyncCloudAsset asset = asset_form("", join(path, root, "photo.jpg")), *const assets[] = {&asset};
    assert_ok(asset_loader_upload(loader, "notes", "record", assets, 1, &result));
    return the_asset(result, id);
}

static int32_t download(CloudSyncAssetLoaderStub *loader, const char *id) {
    char same[128];
    CloudSyncResult *result = NULL;
    const CloudSyncCloudAsset asset = asset_form(id, "there.jpg"), *const assets[] = {&asset};
    assert_ok(asset_loader_download(loader, "notes", "record", root, assets, 1, &result));
    return the_asset(result, same);
}

static CloudSyncRows *row_with(const char *id, int64_t version, const char *asset_id) {
    const CloudSyncCloudAsset asset = asset_form(asset_id, "");
    CloudSyncRows *rows = one_row(id, version, "");
    assert_ok(cloudsync_rows_set_asset(rows, "asset", &asset));
    return rows;
}

static CloudSyncCloudServiceStub *cloud_with(uint64_t space, int64_t keep_ms) {
    const struct vendor_cloud_options options = {.space = space, .keep_ms = keep_ms, .lease_s = 30};
    const char *const name = "somebody";
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new_with(&options, &name, 1, &cloud));
    return cloud;
}

/* The embedded cloud's ids are the digests too. */
static void assets_are_named_by_their_digest(void **state) {
    (void)state;
    const size_t sizes[] = {3, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 3072, 5000, 8193, 100000, 3000001};
    CloudSyncCloudServiceStub *clouds[2] = {NULL, NULL};
    CloudSyncAssetLoaderStub *loaders[2];
    char path[PATH_MAX], ids[2][128];
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &clouds[0]));
    assert_ok(vendor_cloud_new(&clouds[1]));
    for (int i = 0; i < 2; i++) {
        loaders[i] = connect_loader(clouds[i]);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int j = 0; j < 2; j++) {
            assert_int_equal(upload(loaders[j], sizes[i], i, ids[j]), CLOUDSYNC_ERROR_CODE_SUCCESS);
        }
        assert_string_equal(ids[0], ids[1]);
    }
    for (int i = 0; i < 2; i++) {
        assert_ok(asset_loader_stub_free(loaders[i]));
        assert_ok(cloud_service_stub_free(clouds[i]));
    }
}

static void space_is_what_records_name(void **state) {
    (void)state;
    CloudSyncCloudServiceStub *cloud = cloud_with(100 * 1024, 600000);
    CloudSyncCloudDbStub *db = connect_db(cloud, "notes");
    CloudSyncAssetLoaderStub *loader = connect_loader(cloud);
    char first[128], second[128], same[128];
    assert_int_equal(remaining_kb(cloud), 100);
    assert_int_equal(upload(loader, 60 * 1024, 1, first), CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_int_equal(remaining_kb(cloud), 40); /* before a record names it */
    assert_int_equal(upload(loader, 60 * 1024, 2, second), CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET);
    assert_int_equal(upload(loader, 60 * 1024, 1, same), CLOUDSYNC_ERROR_CODE_SUCCESS); /* it is there */
    assert_string_equal(first, same);
    assert_int_equal(upload(loader, 101 * 1024, 3, second), CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET);

    int64_t one = write_row(db, cloud_db_insert, row_with("one", 0, first), CLOUDSYNC_ERROR_CODE_SUCCESS);
    const int64_t two = write_row(db, cloud_db_insert, row_with("two", 0, first), CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_int_equal(remaining_kb(cloud), 40); /* once, whoever names it */
    one = write_row(db, cloud_db_update, row_with("one", one, ""), CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_int_equal(remaining_kb(cloud), 40);
    const int64_t deleted = write_row(db, cloud_db_delete, one_row("two", two, ""), CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_int_equal(remaining_kb(cloud), 100);
    assert_int_equal(upload(loader, 60 * 1024, 2, second), CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_int_equal(download(loader, first), CLOUDSYNC_ERROR_CODE_SUCCESS); /* kept, should somebody undo it */
    write_row(db, cloud_db_insert, row_with("two", deleted, first), CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_int_equal(remaining_kb(cloud), 0);
    write_row(db, cloud_db_update, row_with("one", one, "made up"), CLOUDSYNC_ERROR_CODE_NOT_FOUND);
    assert_ok(asset_loader_stub_free(loader));
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_stub_free(cloud));
}

static void wait_until_gone(CloudSyncAssetLoaderStub *loader, const char *id) {
    const int64_t latest = now_ms() + PATIENCE_MS;
    while (download(loader, id) != CLOUDSYNC_ERROR_CODE_NOT_FOUND) {
        assert_true(now_ms() < latest);
    }
}

static void what_nobody_names_is_released(void **state) {
    (void)state;
    CloudSyncCloudServiceStub *cloud = cloud_with(100 * 1024, 50);
    CloudSyncCloudDbStub *db = connect_db(cloud, "notes");
    CloudSyncAssetLoaderStub *loader = connect_loader(cloud);
    char kept[128], other[128];
    int64_t version;
    int32_t code;
    do { /* on a slow machine it may be gone before it is named */
        assert_int_equal(upload(loader, 30 * 1024, 1, kept), CLOUDSYNC_ERROR_CODE_SUCCESS);
        code = try_row(db, cloud_db_insert, row_with("kept", 0, kept), &version);
    } while (code == CLOUDSYNC_ERROR_CODE_NOT_FOUND);
    assert_int_equal(code, CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_int_equal(upload(loader, 60 * 1024, 2, other), CLOUDSYNC_ERROR_CODE_SUCCESS);
    wait_until_gone(loader, other);
    assert_int_equal(remaining_kb(cloud), 70);
    write_row(db, cloud_db_insert, row_with("late", 0, other), CLOUDSYNC_ERROR_CODE_NOT_FOUND);
    assert_ok(cloudsync_rows_free(list(db, 1)));
    assert_int_equal(download(loader, kept), CLOUDSYNC_ERROR_CODE_SUCCESS);
    write_row(db, cloud_db_delete, one_row("kept", version, ""), CLOUDSYNC_ERROR_CODE_SUCCESS);
    wait_until_gone(loader, kept);
    assert_int_equal(remaining_kb(cloud), 100);
    assert_ok(asset_loader_stub_free(loader));
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_stub_free(cloud));
}

/* --- Devices ---------------------------------------------------------------------------------- */

static void device_start(struct device *device, const char *name, CloudSyncCloudServiceStub *cloud) {
    device_make(device, name);
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    device_open(device);
}

static void on_optimize(const CloudSyncOptimizeSpaceProgress *event, void *user_data) {
    if (event->state != CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
        gate_raise((struct gate *)user_data);
    }
}

static void free_space(struct device *device) {
    CloudSyncOptimizeSpaceParam param = {sizeof param, 1 << 30, 0};
    struct gate ended;
    gate_init(&ended);
    assert_ok(start_optimize_space(device->context, &param, on_optimize, &ended));
    gate_wait(&ended, 1);
    gate_destroy(&ended);
}

/* A file that was changed within a tick of its disk's clock stays: so frees until a file that may go has gone. */
static void free_until_gone(struct device *device, const char *name) {
    const int64_t latest = now_ms() + PATIENCE_MS;
    while (file_exists(device->gallery, name)) {
        assert_true(now_ms() < latest);
        free_space(device);
    }
}

/* A device lets go of what the cloud proves to hold, and of nothing that has another version there or is deleted. */
static void what_is_held_is_proved(void **state) {
    (void)state;
    struct device phone, tablet;
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new(&cloud));
    device_start(&phone, "phone", cloud);
    device_start(&tablet, "tablet", cloud);
    assert_ok(cloud_service_stub_free(cloud));
    write_photo(phone.gallery, "held.jpg", 300000, 1);
    write_photo(phone.gallery, "edited.jpg", 20000, 2);
    write_photo(phone.gallery, "deleted.jpg", 20000, 3);
    device_sync(&phone);
    device_sync(&tablet);
    write_photo(tablet.gallery, "edited.jpg", 20000, 4);
    assert_int_equal(remove(join(path, tablet.gallery, "deleted.jpg")), 0);
    device_sync(&tablet);

    free_until_gone(&phone, "held.jpg");
    assert_true(file_exists(phone.gallery, "edited.jpg"));
    assert_true(file_exists(phone.gallery, "deleted.jpg"));
    CloudSyncDownload *one = NULL;
    struct download_log log;
    download_log_init(&log);
    assert_ok(download_new(phone.context, &one));
    assert_ok(download_register_progress_cb(one, on_download, &log, NULL));
    assert_ok(download_start(one, "file://media/Photo/held.jpg"));
    gate_wait(&log.finals, 1);
    assert_true(is_photo(phone.gallery, "held.jpg", 300000, 1));
    assert_ok(download_free(one));
    download_log_destroy(&log);
    device_free(&tablet);
    device_free(&phone);
}

/* --- News ------------------------------------------------------------------------------------- */

static void on_change(const char *name, void *user_data) {
    assert_string_equal(name, bundle);
    gate_raise((struct gate *)user_data);
}

static void on_end(void *user_data) {
    gate_raise((struct gate *)user_data + 1);
}

/* Subscribes; the gates are raised when it is told, and when it has ended. Answers how long it lasts. */
static uint64_t subscribe(CloudSyncCloudServiceStub *cloud, const char *alias, uint64_t lasts, struct gate gates[2]) {
    const char *const bundles[] = {bundle};
    const CloudSyncDatabase database = database_form(alias), *const databases[] = {&database};
    const CloudSyncSubscribeInfo *info;
    CloudSyncResult *result = NULL;
    gate_init(&gates[0]);
    gate_init(&gates[1]);
    assert_ok(cloud_service_subscribe(cloud, bundles, databases, 1, lasts, on_change, gates, on_end, &result));
    assert_ok(cloudsync_result_subscribe_info(result, &info));
    const uint64_t answered = info->expiration_time;
    assert_ok(cloudsync_result_free(result));
    return answered;
}

static void gates_destroy(struct gate *gates, size_t count) {
    for (size_t i = 0; i < count; i++) {
        gate_destroy(&gates[i]);
    }
}

/* Writes until a subscription has ended, as it must some time. */
static void write_until(CloudSyncCloudDbStub *db, struct gate *ended) {
    char id[24];
    const int64_t latest = now_ms() + PATIENCE_MS;
    for (int i = 0; gate_count(ended) == 0; i++) {
        assert_true(now_ms() < latest);
        snprintf(id, sizeof id, "until%d", i);
        write_row(db, cloud_db_insert, one_row(id, 0, ""), CLOUDSYNC_ERROR_CODE_SUCCESS);
    }
}

static void a_subscription_lasts_as_long_as_was_answered(void **state) {
    (void)state;
    struct gate brief[2], lasting[2], other[2];
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new(&cloud));
    CloudSyncCloudDbStub *db = connect_db(cloud, "notes");
    assert_int_equal(subscribe(cloud, "notes", 1, brief), 1);
    assert_true(subscribe(cloud, "notes", UINT64_MAX, lasting) >= 60000); /* the longest that there is */
    subscribe(cloud, "others", 60000, other);

    write_until(db, &brief[1]);
    const unsigned told = gate_count(&brief[0]), before = gate_count(&lasting[0]);
    write_row(db, cloud_db_insert, one_row("after", 0, ""), CLOUDSYNC_ERROR_CODE_SUCCESS);
    gate_wait(&lasting[0], before + 1);
    assert_int_equal(gate_count(&brief[0]), told);
    assert_int_equal(gate_count(&lasting[1]), 0);
    assert_int_equal(gate_count(&other[0]), 0); /* of another database */

    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_stub_free(cloud));
    gate_wait(&lasting[1], 1);
    gate_wait(&other[1], 1);
    gates_destroy(brief, 2);
    gates_destroy(lasting, 2);
    gates_destroy(other, 2);
}

/* One more than any number that is round. */
static void everybody_who_subscribed_is_told(void **state) {
    (void)state;
    enum { MANY = 301 };
    static struct gate gates[MANY][2];
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new(&cloud));
    CloudSyncCloudDbStub *db = connect_db(cloud, "notes");
    for (int i = 0; i < MANY; i++) {
        subscribe(cloud, "notes", 600000, gates[i]);
    }
    write_row(db, cloud_db_insert, one_row("one", 0, ""), CLOUDSYNC_ERROR_CODE_SUCCESS);
    for (int i = 0; i < MANY; i++) {
        gate_wait(&gates[i][0], 1);
    }
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_stub_free(cloud));
    for (int i = 0; i < MANY; i++) {
        gate_wait(&gates[i][1], 1);
        gates_destroy(gates[i], 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_kept_whole),
        in_scratch(assets_are_named_by_their_digest),
        in_scratch(space_is_what_records_name),
        in_scratch(what_nobody_names_is_released),
        in_scratch(what_is_held_is_proved),
        cmocka_unit_test(a_subscription_lasts_as_long_as_was_answered),
        cmocka_unit_test(everybody_who_subscribed_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
