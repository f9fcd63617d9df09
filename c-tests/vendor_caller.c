/* A program uses a cloud as a database, an asset store and a source of news, without syncing anything: the embedded one and the
 * vendor's example alike. */
#include "support.h"

#include "vendor_cloud.h"

static const char bundle[] = "com.example.caller";

static CloudSyncDatabase database_form(void) {
    CloudSyncDatabase database;
    memset(&database, 0, sizeof database);
    database.struct_size = sizeof database;
    database.name = "notes";
    database.alias = "notes";
    return database;
}

static CloudSyncCloudAsset asset_form(const char *name, const char *path) {
    CloudSyncCloudAsset asset;
    memset(&asset, 0, sizeof asset);
    asset.struct_size = sizeof asset;
    asset.name = name;
    asset.path = path;
    asset.modify_time = 7;
    return asset;
}

static CloudSyncExtensionValue extension_form(const char *id, int64_t version) {
    CloudSyncExtensionValue extension;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    extension.id = id;
    extension.version = version;
    return extension;
}

static CloudSyncCloudDbStub *connect_db(CloudSyncCloudServiceStub *cloud) {
    const CloudSyncDatabase database = database_form();
    CloudSyncCloudDbStub *db = NULL;
    assert_ok(cloud_service_connect_db(cloud, bundle, &database, &db));
    return db;
}

/* --- The account ------------------------------------------------------------------------------ */

static void the_account(CloudSyncCloudServiceStub *cloud) {
    CloudSyncResult *result = NULL;
    const CloudSyncServiceInfo *info;
    const CloudSyncAppBriefInfo *const *apps;
    const CloudSyncCloudInfo *both;
    size_t count;
    assert_ok(cloud_service_get_service_info(cloud, &result));
    assert_ok(cloudsync_result_service_info(result, &info));
    assert_int_equal(info->struct_size, sizeof *info);
    assert_true(strlen(info->id) == 64 && info->enable_cloud == 1);
    assert_true(info->remaining_space <= info->total_space);
    assert_code(cloudsync_result_app_brief_info(result, &apps, &count), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_result_free(result));
    assert_code(cloudsync_result_free(result), CLOUDSYNC_E_INVALID_ARGUMENT);

    assert_ok(cloud_service_get_app_brief_info(cloud, &result));
    assert_ok(cloudsync_result_app_brief_info(result, &apps, &count));
    assert_code(cloudsync_result_service_info(result, &info), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_result_cloud_info(result, &both), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_result_free(result));

    assert_ok(cloudsync_cloud_info(cloud, &result));
    assert_ok(cloudsync_result_cloud_info(result, &both));
    assert_int_equal(both->struct_size, sizeof *both);
    assert_true(strlen(both->cloud_info->id) == 64 && both->cloud_info->enable_cloud == 1);
    assert_int_equal(both->app_count, count);
    assert_code(cloudsync_result_app_brief_info(result, &apps, &count), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_result_free(result));
}

/* --- Records ---------------------------------------------------------------------------------- */

static void new_id(CloudSyncCloudDbStub *db, char id[24]) {
    CloudSyncResult *result = NULL;
    const char *const *ids;
    size_t count;
    assert_ok(cloud_db_generate_id(db, 2, &result));
    assert_ok(cloudsync_result_ids(result, &ids, &count));
    assert_int_equal(count, 2);
    assert_string_not_equal(ids[0], ids[1]);
    snprintf(id, 24, "%s", ids[0]);
    assert_ok(cloudsync_result_free(result));
}

static CloudSyncRows *one_row(const char *id, int64_t version, int64_t number) {
    const CloudSyncExtensionValue extension = extension_form(id, version);
    const CloudSyncCloudAsset asset = asset_form("a.jpg", "");
    const CloudSyncCloudAsset *const assets[] = {&asset, &asset};
    CloudSyncRows *rows = NULL;
    assert_ok(cloudsync_rows_new(&rows));
    assert_code(cloudsync_rows_set_number(rows, "number", 1), CLOUDSYNC_E_INVALID_ARGUMENT); /* no row yet */
    assert_ok(cloudsync_rows_add(rows, &extension));
    assert_ok(cloudsync_rows_set_null(rows, "null"));
    assert_ok(cloudsync_rows_set_number(rows, "number", number - 1));
    assert_ok(cloudsync_rows_set_number(rows, "number", number)); /* in place of the one before */
    assert_ok(cloudsync_rows_set_real(rows, "real", -0.5));
    assert_ok(cloudsync_rows_set_text(rows, "text", "\xc3\xa4"));
    assert_ok(cloudsync_rows_set_bool(rows, "bool", 7));
    assert_ok(cloudsync_rows_set_blob(rows, "blob", (const uint8_t *)"\0\xff", 2));
    assert_ok(cloudsync_rows_set_asset(rows, "asset", &asset));
    assert_ok(cloudsync_rows_set_assets(rows, "assets", assets, 2));
    assert_ok(cloudsync_rows_set_result(rows, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL)); /* a caller's own is not looked at */
    return rows;
}

static CloudSyncCloudValue value_of(const CloudSyncRows *rows, size_t index, const char *name) {
    CloudSyncCloudValue value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    assert_ok(cloudsync_rows_get(rows, index, name, &value));
    return value;
}

/* The row's version now; 0 where it failed, with this code. */
static int64_t version_after(CloudSyncRows *answers, int32_t expected) {
    CloudSyncExtensionValue extension = extension_form("", 0);
    int32_t code;
    const char *description;
    size_t count;
    assert_ok(cloudsync_rows_count(answers, &count));
    assert_int_equal(count, 1);
    assert_ok(cloudsync_rows_result(answers, 0, &code, &description));
    assert_int_equal(code, expected);
    assert_true((code == 0) == (description[0] == '\0'));
    assert_ok(cloudsync_rows_extension(answers, 0, &extension));
    assert_ok(cloudsync_rows_free(answers));
    return extension.version;
}

static void every_kind_comes_back(const CloudSyncRows *page) {
    CloudSyncCloudValue value = value_of(page, 0, "text");
    const char *name;
    size_t fields = 0;
    assert_int_equal(value.type, CLOUDSYNC_FIELD_TYPE_TEXT);
    assert_string_equal(value.text, "\xc3\xa4");
    assert_int_equal(value.length, 2);
    assert_int_equal(value_of(page, 0, "null").type, CLOUDSYNC_FIELD_TYPE_NULL);
    assert_int_equal(value_of(page, 0, "number").number, 5);
    assert_true(value_of(page, 0, "real").real == -0.5);
    assert_int_equal(value_of(page, 0, "bool").number, 1);
    assert_memory_equal(value_of(page, 0, "blob").bytes, "\0\xff", 2);
    assert_string_equal(value_of(page, 0, "asset").assets[0]->name, "a.jpg");
    assert_int_equal(value_of(page, 0, "assets").asset_count, 2);
    while (fields < 8) {
        assert_ok(cloudsync_rows_field(page, 0, fields++, &name, &value));
    }
    assert_code(cloudsync_rows_field(page, 0, fields, &name, &value), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_rows_get(page, 0, "other", &value), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_rows_get(page, 1, "text", &value), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_rows_field(page, 1, 0, &name, &value), CLOUDSYNC_E_INVALID_ARGUMENT);
}

/* A field's value and the others' are as they were set last, also after they were read. */
static void what_is_set_is_read(void **state) {
    (void)state;
    const CloudSyncCloudAsset other = asset_form("other.jpg", "");
    CloudSyncRows *rows = one_row("id", -1, 5);
    CloudSyncCloudValue value = value_of(rows, 0, "text");
    every_kind_comes_back(rows);
    assert_ok(cloudsync_rows_set_text(rows, "text", "another text, and a longer one"));
    assert_ok(cloudsync_rows_set_asset(rows, "asset", &other));
    assert_ok(cloudsync_rows_set_real(rows, "a new one", 0.25));
    assert_string_equal(value_of(rows, 0, "text").text, "another text, and a longer one");
    assert_string_equal(value_of(rows, 0, "asset").assets[0]->name, "other.jpg");
    assert_string_equal(value_of(rows, 0, "assets").assets[1]->name, "a.jpg");
    assert_memory_equal(value_of(rows, 0, "blob").bytes, "\0\xff", 2);
    assert_true(value_of(rows, 0, "a new one").real == 0.25);
    const char *before = "";
    for (size_t field = 0; field < 9; field++) {
        const char *name;
        assert_ok(cloudsync_rows_field(rows, 0, field, &name, &value));
        assert_true(strcmp(before, name) < 0);
        before = name;
    }
    assert_ok(cloudsync_rows_free(rows));
}

static void records(CloudSyncCloudServiceStub *cloud) {
    CloudSyncCloudDbStub *db = connect_db(cloud);
    CloudSyncRows *rows, *answers = NULL, *page = NULL;
    const char *const wanted[] = {"number"};
    const char *cursor;
    int32_t has_more;
    uint32_t capabilities = 0;
    char id[24];
    assert_ok(cloudsync_cloud_db_capabilities(db, &capabilities));
    assert_true((capabilities & CLOUDSYNC_CAPABILITY_COMPARE_AND_SET) != 0);
    new_id(db, id);

    rows = one_row(id, 0, 5);
    assert_ok(cloud_db_insert(db, "notes", rows, &answers));
    const int64_t first = version_after(answers, CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_true(first > 0);
    assert_ok(cloud_db_query(db, "notes", NULL, 0, 10, "", &page));
    every_kind_comes_back(page);
    assert_ok(cloudsync_rows_page(page, &cursor, &has_more));
    assert_int_equal(has_more, 0);
    assert_ok(cloudsync_rows_free(page));
    assert_ok(cloudsync_rows_free(rows));

    rows = one_row(id, first, 6);
    assert_ok(cloud_db_update(db, "notes", rows, &answers));
    const int64_t second = version_after(answers, CLOUDSYNC_ERROR_CODE_SUCCESS);
    assert_true(second > first);
    assert_ok(cloud_db_update(db, "notes", rows, &answers)); /* it is stale now */
    assert_int_equal(version_after(answers, CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT), second);
    assert_ok(cloudsync_rows_free(rows));

    rows = one_row(id, second, 0);
    assert_ok(cloud_db_delete(db, "notes", rows, &answers));
    assert_true(version_after(answers, CLOUDSYNC_ERROR_CODE_SUCCESS) > second);
    assert_ok(cloudsync_rows_free(rows));
    assert_ok(cloud_db_query(db, "notes", wanted, 1, 10, "", &page));
    assert_int_equal(value_of(page, 0, "number").number, 6); /* its last fields are kept */
    assert_ok(cloudsync_rows_free(page));

    assert_code(cloud_db_query(db, "notes", NULL, 0, 10, "made up", &page), CLOUDSYNC_E_TRY_AGAIN);
    assert_int_equal(cloudsync_last_error_code(), CLOUDSYNC_ERROR_CODE_CURSOR_EXPIRED);
    assert_ok(cloud_db_stub_free(db));
}

static void the_lock(CloudSyncCloudServiceStub *cloud) {
    CloudSyncCloudDbStub *db = connect_db(cloud);
    CloudSyncLockInfo lock, other;
    int32_t held;
    memset(&lock, 0, sizeof lock);
    lock.struct_size = sizeof lock;
    other = lock;
    assert_ok(cloud_db_lock(db, &lock));
    assert_true(lock.interval > 0 && lock.lock_id > 0);
    assert_code(cloud_db_lock(db, &other), CLOUDSYNC_E_BUSY);
    assert_int_equal(cloudsync_last_error_code(), CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS);
    assert_ok(cloud_db_heartbeat(db, lock.lock_id, &other));
    assert_int_equal(other.lock_id, lock.lock_id);
    assert_ok(cloud_db_unlock(db, lock.lock_id, &held));
    assert_int_equal(held, 1);
    assert_ok(cloud_db_unlock(db, lock.lock_id, &held));
    assert_int_equal(held, 0);
    assert_code(cloud_db_heartbeat(db, lock.lock_id, &other), CLOUDSYNC_E_NOT_PERMITTED);
    assert_int_equal(cloudsync_last_error_code(), CLOUDSYNC_ERROR_CODE_STALE_LOCK);
    assert_ok(cloud_db_stub_free(db));
    assert_code(cloud_db_unlock(db, lock.lock_id, &held), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloud_db_stub_free(db), CLOUDSYNC_E_INVALID_ARGUMENT);
}

/* --- Assets ----------------------------------------------------------------------------------- */

static const CloudSyncAssetResult *the_second(CloudSyncResult *result, int32_t first_code) {
    const CloudSyncAssetResult *const *answers;
    size_t count;
    assert_ok(cloudsync_result_assets(result, &answers, &count));
    assert_int_equal(count, 2);
    assert_int_equal(answers[0]->code, first_code);
    assert_true(answers[0]->description[0] != '\0');
    assert_null(answers[0]->asset);
    assert_int_equal(answers[1]->code, CLOUDSYNC_ERROR_CODE_SUCCESS);
    return answers[1];
}

static void assets(CloudSyncCloudServiceStub *cloud) {
    const CloudSyncDatabase database = database_form();
    CloudSyncAssetLoaderStub *loader = NULL;
    CloudSyncResult *result = NULL;
    char path[PATH_MAX], asset_id[128];
    write_photo(root, "here.jpg", 3000000, 1);
    assert_ok(cloud_service_connect_asset_loader(cloud, bundle, &database, &loader));

    CloudSyncCloudAsset missing = asset_form("gone.jpg", "/not/there.jpg");
    CloudSyncCloudAsset asset = asset_form("here.jpg", join(path, root, "here.jpg"));
    const CloudSyncCloudAsset *const both[] = {&missing, &asset};
    assert_ok(asset_loader_upload(loader, "notes", "record", both, 2, &result));
    snprintf(asset_id, sizeof asset_id, "%s", the_second(result, CLOUDSYNC_ERROR_CODE_LOCAL)->asset->asset_id);
    assert_int_equal(the_second(result, CLOUDSYNC_ERROR_CODE_LOCAL)->asset->size, 3000000);
    assert_ok(cloudsync_result_free(result));

    missing.asset_id = "0000000000000000000000000000000000000000000000000000000000000000";
    missing.path = "gone.jpg";
    asset.asset_id = asset_id;
    asset.path = "there.jpg";
    assert_ok(asset_loader_download(loader, "notes", "record", root, both, 2, &result));
    assert_int_equal(the_second(result, CLOUDSYNC_ERROR_CODE_NOT_FOUND)->asset->size, 3000000);
    assert_ok(cloudsync_result_free(result));
    assert_true(is_photo(root, "there.jpg", 3000000, 1));
    assert_false(file_exists(root, "gone.jpg") || file_exists(root, "gone.jpg.cloudsync-part"));
    assert_ok(asset_loader_stub_free(loader));
    assert_code(asset_loader_stub_free(loader), CLOUDSYNC_E_INVALID_ARGUMENT);
}

/* --- News ------------------------------------------------------------------------------------- */

static struct gate told, destroyed;

static void on_change(const char *name, void *user_data) {
    gate_raise(strcmp(name, bundle) == 0 ? (struct gate *)user_data : &destroyed);
}

static void on_destroy(void *user_data) {
    (void)user_data;
    gate_raise(&destroyed);
}

static void news(CloudSyncCloudServiceStub *cloud) {
    const char *const bundles[] = {bundle};
    const CloudSyncDatabase database = database_form(), *const databases[] = {&database};
    const CloudSyncSubscribeInfo *info;
    CloudSyncCloudDbStub *db = connect_db(cloud);
    CloudSyncResult *result = NULL;
    CloudSyncRows *answers = NULL;
    char id[24];
    gate_init(&told);
    gate_init(&destroyed);
    new_id(db, id);
    assert_ok(cloud_service_subscribe(cloud, bundles, databases, 1, 60000, on_change, &told, on_destroy, &result));
    assert_ok(cloudsync_result_subscribe_info(result, &info));
    assert_true(info->expiration_time > 0);
    assert_int_equal(info->count, 1);
    assert_string_equal(info->ids[0]->bundle_name, bundle);

    CloudSyncRows *rows = one_row(id, 0, 1);
    assert_ok(cloud_db_insert(db, "news", rows, &answers));
    version_after(answers, CLOUDSYNC_ERROR_CODE_SUCCESS);
    gate_wait(&told, 1);
    assert_ok(cloud_service_unsubscribe(cloud, info->ids, info->count));
    assert_ok(cloud_service_unsubscribe(cloud, info->ids, info->count)); /* one that has ended is no error */
    gate_wait(&destroyed, 1);
    assert_ok(cloudsync_result_free(result));
    assert_ok(cloudsync_rows_free(rows));
    assert_ok(cloud_db_stub_free(db));
    gate_destroy(&destroyed);
    gate_destroy(&told);
}

/* Where a call fails, the user data is given back as well. */
static void a_subscription_that_fails(CloudSyncCloudServiceStub *cloud) {
    CloudSyncResult *result = NULL;
    gate_init(&destroyed);
    assert_code(cloud_service_subscribe(cloud, NULL, NULL, 1, 1, on_change, NULL, on_destroy, &result),
                CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_int_equal(gate_count(&destroyed), 1);
    gate_destroy(&destroyed);
}

static void use(CloudSyncCloudServiceStub *cloud) {
    the_account(cloud);
    records(cloud);
    the_lock(cloud);
    assets(cloud);
    news(cloud);
    a_subscription_that_fails(cloud);
    assert_ok(cloud_service_stub_free(cloud));
}

static void the_embedded_cloud_is_used(void **state) {
    (void)state;
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    use(cloud);
}

static void the_vendors_cloud_is_used(void **state) {
    (void)state;
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncResult *result = NULL;
    const CloudSyncAppSchema *schema;
    assert_ok(vendor_cloud_new(&cloud));
    assert_ok(cloud_service_get_app_schema(cloud, bundle, &result));
    assert_ok(cloudsync_result_app_schema(result, &schema));
    assert_string_equal(schema->bundle_name, bundle);
    assert_ok(cloudsync_result_free(result));
    assert_code(cloudsync_embedded_cloud_switch(cloud, NULL, 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    use(cloud);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_is_read),
        in_scratch(the_embedded_cloud_is_used),
        in_scratch(the_vendors_cloud_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
