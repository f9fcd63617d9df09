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

/* Writes one row, which is freed, and answers the version that the record has then. */
static int64_t write_row(CloudSyncCloudDbStub *db, write_function write, CloudSyncRows *rows, int32_t expected) {
    CloudSyncExtensionValue extension;
    CloudSyncRows *answers = NULL;
    const char *description;
    int32_t code;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    assert_ok(write(db, "notes", rows, &answers));
    assert_ok(cloudsync_rows_result(answers, 0, &code, &description));
    assert_int_equal(code, expected);
    assert_ok(cloudsync_rows_extension(answers, 0, &extension));
    assert_ok(cloudsync_rows_free(answers));
    assert_ok(cloudsync_rows_free(rows));
    return extension.version;
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
        cmocka_unit_test(a_subscription_lasts_as_long_as_was_answered),
        cmocka_unit_test(everybody_who_subscribed_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
