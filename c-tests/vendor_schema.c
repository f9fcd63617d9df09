/* A table that was described takes what fits and refuses the rest, with a text that names it: in the embedded cloud and in
 * front of a vendor's. */
#include "support.h"

#include "vendor_cloud.h"

static const char bundle[] = "com.example.schema";

enum { FIELDS = 8 };

/* A field of each type; the first is the key, the second may not be null. */
static CloudSyncField fields[FIELDS];
static const CloudSyncField *field_list[FIELDS];
static const char *const names[FIELDS] = {"key", "number", "real", "text", "flag", "bytes", "asset", "assets"};
static const int32_t types[FIELDS] = {
    CLOUDSYNC_FIELD_TYPE_TEXT, CLOUDSYNC_FIELD_TYPE_NUMBER, CLOUDSYNC_FIELD_TYPE_REAL,  CLOUDSYNC_FIELD_TYPE_TEXT,
    CLOUDSYNC_FIELD_TYPE_BOOL, CLOUDSYNC_FIELD_TYPE_BLOB,   CLOUDSYNC_FIELD_TYPE_ASSET, CLOUDSYNC_FIELD_TYPE_ASSETS,
};

/* The database "diary" with a table "notes" of the first fields. */
struct described {
    CloudSyncTable table;
    const CloudSyncTable *tables[1];
    CloudSyncDatabase database;
};

static const CloudSyncDatabase *describe(struct described *described, size_t field_count) {
    memset(described, 0, sizeof *described);
    memset(fields, 0, sizeof fields);
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i].struct_size = sizeof fields[i];
        fields[i].alias = fields[i].col_name = names[i];
        fields[i].type = types[i];
        fields[i].primary = i == 0;
        fields[i].nullable = i > 1;
        field_list[i] = &fields[i];
    }
    described->table.struct_size = sizeof described->table;
    described->table.alias = described->table.name = "notes";
    described->table.fields = field_list;
    described->table.field_count = field_count;
    described->tables[0] = &described->table;
    described->database.struct_size = sizeof described->database;
    described->database.alias = described->database.name = "diary";
    described->database.tables = described->tables;
    described->database.table_count = 1;
    return &described->database;
}

static void last_error_names(const char *what) {
    char text[512];
    cloudsync_last_error(text, sizeof text);
    if (strstr(text, what) == NULL) {
        fail_msg("'%s' does not name '%s'", text, what);
    }
}

static void new_id(CloudSyncCloudDbStub *db, char id[24]) {
    CloudSyncResult *result = NULL;
    const char *const *ids;
    size_t count;
    assert_ok(cloud_db_generate_id(db, 1, &result));
    assert_ok(cloudsync_result_ids(result, &ids, &count));
    snprintf(id, 24, "%s", ids[0]);
    assert_ok(cloudsync_result_free(result));
}

/* Adds a record that fits. */
static void add_good(CloudSyncCloudDbStub *db, CloudSyncRows *rows) {
    CloudSyncExtensionValue extension;
    char id[24];
    new_id(db, id);
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    extension.id = id;
    assert_ok(cloudsync_rows_add(rows, &extension));
    assert_ok(cloudsync_rows_set_text(rows, "key", "k"));
    assert_ok(cloudsync_rows_set_number(rows, "number", 7));
}

/* What became of a row that was inserted or updated. */
static void answer_is(CloudSyncRows *answers, size_t index, int32_t expected, const char *named) {
    int32_t code;
    const char *description;
    assert_ok(cloudsync_rows_result(answers, index, &code, &description));
    assert_int_equal(code, expected);
    const char *text = description == NULL ? "" : description;
    if (strstr(text, named) == NULL) {
        fail_msg("'%s' does not name %s", text, named);
    }
}

/* Writes a row that fits, the last one of `rows`, which does not, and one that fits. */
static void is_refused(CloudSyncCloudDbStub *db, CloudSyncRows *rows, const char *named) {
    CloudSyncRows *answers = NULL;
    add_good(db, rows);
    assert_ok(cloud_db_insert(db, "notes", rows, &answers));
    answer_is(answers, 0, CLOUDSYNC_ERROR_CODE_SUCCESS, "");
    answer_is(answers, 1, CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT, named);
    answer_is(answers, 1, CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT, "the table 'notes' of the database 'diary'");
    answer_is(answers, 2, CLOUDSYNC_ERROR_CODE_SUCCESS, "");
    assert_ok(cloudsync_rows_free(answers));
    assert_ok(cloud_db_update(db, "notes", rows, &answers));
    answer_is(answers, 1, CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT, named);
    assert_ok(cloudsync_rows_free(answers));
    assert_ok(cloudsync_rows_free(rows));
}

/* Two rows that fit; the second is to be spoilt. */
static CloudSyncRows *two(CloudSyncCloudDbStub *db) {
    CloudSyncRows *rows = NULL;
    assert_ok(cloudsync_rows_new(&rows));
    add_good(db, rows);
    add_good(db, rows);
    return rows;
}

static void values_are_refused(CloudSyncCloudDbStub *db) {
    CloudSyncRows *rows = two(db);
    assert_ok(cloudsync_rows_set_null(rows, "key"));
    is_refused(db, rows, "'key' of the table 'notes' of the database 'diary' is part of the primary key");
    rows = two(db);
    assert_ok(cloudsync_rows_set_null(rows, "number"));
    is_refused(db, rows, "takes a whole number, never null, and was given null");
    rows = two(db);
    assert_ok(cloudsync_rows_set_null(rows, "other"));
    is_refused(db, rows, "no field 'other', it has 'asset', 'assets', 'bytes'");
    for (size_t i = 0; i < FIELDS; i++) {
        char named[64];
        rows = two(db);
        if (types[i] == CLOUDSYNC_FIELD_TYPE_BOOL) {
            assert_ok(cloudsync_rows_set_number(rows, names[i], 1));
        } else {
            assert_ok(cloudsync_rows_set_bool(rows, names[i], 1));
        }
        snprintf(named, sizeof named, "the field '%s' of", names[i]);
        is_refused(db, rows, named);
    }
}

static void a_missing_key_is_refused(CloudSyncCloudDbStub *db) {
    CloudSyncExtensionValue extension;
    CloudSyncRows *rows = NULL;
    assert_ok(cloudsync_rows_new(&rows));
    add_good(db, rows);
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    extension.id = "keyless";
    assert_ok(cloudsync_rows_add(rows, &extension));
    assert_ok(cloudsync_rows_set_number(rows, "number", 7));
    is_refused(db, rows, "is part of the primary key, takes a text, never null, and is missing");
}

static void what_is_not_there_is_refused(CloudSyncCloudServiceStub *cloud, CloudSyncCloudDbStub *db) {
    const char *const wanted[] = {"number", "other"};
    struct described described;
    CloudSyncAssetLoaderStub *loader = NULL;
    CloudSyncResult *result = NULL;
    const CloudSyncAssetResult *const *assets;
    CloudSyncCloudAsset asset;
    CloudSyncRows *rows = two(db), *answers = NULL;
    char path[PATH_MAX];
    size_t count;
    assert_code(cloud_db_insert(db, "other", rows, &answers), CLOUDSYNC_E_INVALID_VALUE);
    last_error_names("the database 'diary' has no table 'other', it has 'notes'");
    assert_int_equal(cloudsync_last_error_code(), CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT);
    assert_code(cloud_db_update(db, "other", rows, &answers), CLOUDSYNC_E_INVALID_VALUE);
    assert_code(cloud_db_delete(db, "other", rows, &answers), CLOUDSYNC_E_INVALID_VALUE);
    assert_code(cloud_db_query(db, "other", NULL, 0, 10, "", &answers), CLOUDSYNC_E_INVALID_VALUE);
    last_error_names("'other'");
    assert_code(cloud_db_query(db, "notes", wanted, 2, 10, "", &answers), CLOUDSYNC_E_INVALID_VALUE);
    last_error_names("no field 'other'");
    assert_ok(cloudsync_rows_free(rows));

    write_photo(root, "a.jpg", 100, 1);
    memset(&asset, 0, sizeof asset);
    asset.struct_size = sizeof asset;
    asset.path = join(path, root, "a.jpg");
    const CloudSyncCloudAsset *const one[] = {&asset};
    assert_ok(cloud_service_connect_asset_loader(cloud, bundle, describe(&described, FIELDS), &loader));
    assert_ok(asset_loader_upload(loader, "other", "record", one, 1, &result));
    assert_ok(cloudsync_result_assets(result, &assets, &count));
    assert_int_equal(assets[0]->code, CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT);
    assert_non_null(strstr(assets[0]->description, "no table 'other'"));
    assert_ok(cloudsync_result_free(result));
    assert_ok(asset_loader_stub_free(loader));
}

/* An older application, which knows fewer fields, lives beside a newer one; one that contradicts is not let in. */
static void descriptions_grow(CloudSyncCloudServiceStub *cloud) {
    struct described described;
    const CloudSyncAppSchema *schema;
    CloudSyncResult *result = NULL;
    CloudSyncCloudDbStub *db = NULL;
    assert_ok(cloud_service_connect_db(cloud, bundle, describe(&described, 2), &db));
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_get_app_schema(cloud, bundle, &result));
    assert_ok(cloudsync_result_app_schema(result, &schema));
    assert_int_equal(schema->database_count, 1);
    assert_string_equal(schema->databases[0]->alias, "diary");
    assert_int_equal(schema->databases[0]->tables[0]->field_count, FIELDS);
    for (size_t i = 0; i < FIELDS; i++) {
        const CloudSyncField *field = schema->databases[0]->tables[0]->fields[i];
        assert_string_equal(field->alias, names[i]);
        assert_int_equal(field->type, types[i]);
        assert_int_equal(field->primary, i == 0);
        assert_int_equal(field->nullable, i > 1);
    }
    assert_ok(cloudsync_result_free(result));
    const CloudSyncDatabase *contradicts = describe(&described, FIELDS);
    fields[1].type = CLOUDSYNC_FIELD_TYPE_BLOB;
    assert_code(cloud_service_connect_db(cloud, bundle, contradicts, &db), CLOUDSYNC_E_INVALID_VALUE);
    last_error_names("the field 'number' of the table 'notes' of the database 'diary' takes a whole number");
    CloudSyncAssetLoaderStub *loader = NULL;
    assert_code(cloud_service_connect_asset_loader(cloud, bundle, contradicts, &loader), CLOUDSYNC_E_INVALID_VALUE);
    last_error_names("the field 'number' of the table 'notes' of the database 'diary' takes a whole number");
}

static void use(CloudSyncCloudServiceStub *cloud) {
    struct described described;
    CloudSyncCloudDbStub *db = NULL;
    assert_ok(cloud_service_connect_db(cloud, bundle, describe(&described, FIELDS), &db));
    values_are_refused(db);
    a_missing_key_is_refused(db);
    what_is_not_there_is_refused(cloud, db);
    descriptions_grow(cloud);
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_stub_free(cloud));
}

static void the_embedded_cloud_keeps_to_a_schema(void **state) {
    (void)state;
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    use(cloud);
}

static void a_vendors_cloud_is_kept_to_its_schema(void **state) {
    (void)state;
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new(&cloud));
    use(cloud);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(the_embedded_cloud_keeps_to_a_schema),
        in_scratch(a_vendors_cloud_is_kept_to_its_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
