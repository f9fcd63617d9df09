/* The vendor's CloudDB: records with a cursor, compare-and-set, and a lock with a lease.
 *
 * All writes of a database are numbered. A record's version is the number of its last write, a cursor is the number of
 * the last write that a page has listed, and a table keeps its records in the order of these numbers: so pages come in
 * order, list every record once as it is now, and a record that is written while somebody lists comes again later. */
#define _POSIX_C_SOURCE 200809L
#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- Finding things --------------------------------------------------------------------------- */

static void table_free(struct table *table) {
    for (struct record *record = table->oldest, *newer; record != NULL; record = newer) {
        newer = record->newer;
        cloudsync_rows_free(record->fields);
        cloudsync_rows_free(record->placed);
        free(record);
    }
    free(table);
}

static void database_free(struct database *database) {
    for (struct table *table = database->tables, *next; table != NULL; table = next) {
        next = table->next;
        table_free(table);
    }
    schema_free(database->schema);
    free(database->bundle);
    free(database->name);
    free(database);
}

void databases_free(struct cloud *cloud) {
    for (struct database *database = cloud->databases, *next; database != NULL; database = next) {
        next = database->next;
        database_free(database);
    }
}

static struct database *database_new(struct cloud *cloud, const char *bundle, const char *name) {
    struct database *database = calloc(1, sizeof *database);
    if (database == NULL) {
        return NULL;
    }
    database->cloud = cloud;
    database->bundle = strdup(bundle);
    database->name = strdup(name);
    if (database->bundle == NULL || database->name == NULL) {
        database_free(database);
        return NULL;
    }
    database->next = cloud->databases;
    cloud->databases = database;
    return database;
}

struct database *database_of(struct cloud *cloud, const char *bundle, const char *name) {
    struct database *database = cloud->databases;
    while (database != NULL && (strcmp(database->bundle, bundle) != 0 || strcmp(database->name, name) != 0)) {
        database = database->next;
    }
    return database != NULL ? database : database_new(cloud, bundle, name);
}

struct table *table_of(struct database *database, const char *name) {
    struct table *table = database->tables;
    while (table != NULL && strcmp(table->name, name) != 0) {
        table = table->next;
    }
    if (table == NULL && (table = calloc(1, sizeof *table + strlen(name) + 1)) != NULL) {
        strcpy(table->name, name);
        table->next = database->tables;
        database->tables = table;
    }
    return table;
}

static struct record **bucket_of(struct table *table, const char *id) {
    uint32_t hash = 2166136261u;
    for (; *id != '\0'; id++) {
        hash = (hash ^ (unsigned char)*id) * 16777619u;
    }
    return &table->buckets[hash % BUCKETS];
}

struct record *record_of(struct table *table, const char *id) {
    struct record *record = *bucket_of(table, id);
    while (record != NULL && strcmp(record->id, id) != 0) {
        record = record->next;
    }
    return record;
}

static void record_unlink(struct table *table, struct record *record) {
    *(record->older != NULL ? &record->older->newer : &table->oldest) = record->newer;
    *(record->newer != NULL ? &record->newer->older : &table->newest) = record->older;
    record->older = record->newer = NULL;
}

static void record_append(struct table *table, struct record *record) {
    record->older = table->newest;
    *(table->newest != NULL ? &table->newest->newer : &table->oldest) = record;
    table->newest = record;
}

struct record *record_new(struct table *table, const char *id) {
    struct record **bucket = bucket_of(table, id), *record = calloc(1, sizeof *record + strlen(id) + 1);
    if (record != NULL) {
        strcpy(record->id, id);
        record->next = *bucket;
        *bucket = record;
        record_append(table, record);
    }
    return record;
}

void record_forget(struct table *table, struct record *record) {
    *bucket_of(table, record->id) = record->next;
    record_unlink(table, record);
    free(record);
}

bool database_learn(struct database *database, const CloudSyncDatabase *described) {
    return schema_learn(&database->schema, described);
}

size_t databases_described(const struct cloud *cloud, const char *bundle, const CloudSyncDatabase **out) {
    size_t count = 0;
    for (const struct database *database = cloud->databases; database != NULL; database = database->next) {
        if (database->schema != NULL && strcmp(database->bundle, bundle) == 0) {
            if (out != NULL) {
                out[count] = schema_form(database->schema);
            }
            count++;
        }
    }
    return count;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static bool lock_is_held(const struct database *database, int64_t lock_id) {
    return database->locked && database->lock_id == lock_id && steady_ms() < database->lease_ends;
}

bool is_live(const struct record *record) {
    return record->fields != NULL && record->operation != CLOUDSYNC_FLAG_DELETE;
}

void record_written(struct database *database, struct table *table, struct record *record, int32_t operation) {
    record->modified = wall_ms();
    record->created = operation == CLOUDSYNC_FLAG_INSERT ? record->modified : record->created;
    record->version = ++database->last_write;
    record->operation = operation;
    record_unlink(table, record);
    record_append(table, record);
    database->cloud->circle->changes++;
}

/* Gives a record of the account's own other fields, and its assets their due. */
static int32_t replace_fields(struct database *database, struct record *record, const CloudSyncRows *rows, size_t index) {
    struct store *store = database->cloud->store;
    CloudSyncRows *fields = NULL;
    if (cloudsync_rows_new(&fields) != CLOUDSYNC_OK || cloudsync_rows_add(fields, NULL) != CLOUDSYNC_OK ||
        row_copy_others(fields, rows, index, copy_marks, COPY_MARKS) != CLOUDSYNC_OK) {
        cloudsync_rows_free(fields);
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    if (!store_name(store, fields, 0)) {
        cloudsync_rows_free(fields);
        return CLOUDSYNC_ERROR_CODE_NOT_FOUND;
    }
    if (is_live(record)) {
        store_unname(store, record->fields, 0);
    }
    cloudsync_rows_free(record->fields);
    record->fields = fields;
    record->share = NULL; /* a copy that was taken back, and is written again, is the account's own */
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* Puts a row in a record's place, with the database's next number. A deleted record keeps the fields that it had. */
static int32_t put(struct database *database, struct table *table, struct record *record, const CloudSyncRows *rows,
                   size_t index, int32_t operation) {
    if (operation == CLOUDSYNC_FLAG_DELETE) {
        store_unname(database->cloud->store, record->fields, 0);
    } else {
        int32_t code = replace_fields(database, record, rows, index);
        if (code != CLOUDSYNC_ERROR_CODE_SUCCESS) {
            return code;
        }
    }
    record->author = operation == CLOUDSYNC_FLAG_INSERT ? NULL : record->author;
    record_written(database, table, record, operation);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* A record that cannot be written was never there. */
static int32_t put_new(struct database *database, struct table *table, const CloudSyncRows *rows, size_t index,
                       const char *id) {
    struct record *record = record_new(table, id);
    int32_t code = record == NULL ? CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR
                                  : put(database, table, record, rows, index, CLOUDSYNC_FLAG_INSERT);
    if (record != NULL && code != CLOUDSYNC_ERROR_CODE_SUCCESS) {
        record_forget(table, record);
    }
    return code;
}

bool is_based_on(const CloudSyncExtensionValue *row, int64_t version) {
    return row->version == -1 || row->version == version;
}

/* The same values again are the same insert: a device that did not hear the answer asks again. */
static int32_t insert_row(struct database *database, struct table *table, struct record *record,
                          const CloudSyncRows *rows, size_t index, const CloudSyncExtensionValue *row) {
    bool is_new = record == NULL, is_deleted = !is_new && record->operation == CLOUDSYNC_FLAG_DELETE;
    if (is_new || is_deleted) {
        if (!is_based_on(row, is_new ? 0 : record->version)) {
            return CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT;
        }
        return is_new ? put_new(database, table, rows, index, row->id)
                      : put(database, table, record, rows, index, CLOUDSYNC_FLAG_INSERT);
    }
    if (row_equal(record->fields, 0, rows, index)) {
        return CLOUDSYNC_ERROR_CODE_SUCCESS;
    }
    if (row->version != record->version) {
        return CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT;
    }
    return put(database, table, record, rows, index, CLOUDSYNC_FLAG_UPDATE);
}

static int32_t update_row(struct database *database, struct table *table, struct record *record,
                          const CloudSyncRows *rows, size_t index, const CloudSyncExtensionValue *row) {
    if (!is_based_on(row, record == NULL ? 0 : record->version)) {
        return CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT;
    }
    if (record == NULL || record->operation == CLOUDSYNC_FLAG_DELETE) {
        return CLOUDSYNC_ERROR_CODE_NOT_FOUND;
    }
    return put(database, table, record, rows, index, CLOUDSYNC_FLAG_UPDATE);
}

static int32_t delete_row(struct database *database, struct table *table, struct record *record,
                          const CloudSyncRows *rows, size_t index, const CloudSyncExtensionValue *row) {
    if (record == NULL || record->operation == CLOUDSYNC_FLAG_DELETE) {
        return CLOUDSYNC_ERROR_CODE_SUCCESS;
    }
    if (!is_based_on(row, record->version)) {
        return CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT;
    }
    return put(database, table, record, rows, index, CLOUDSYNC_FLAG_DELETE);
}

int32_t write_own(struct database *database, struct table *table, const CloudSyncRows *rows, size_t index,
                  const CloudSyncExtensionValue *row, int32_t operation) {
    struct record *record = record_of(table, row->id);
    switch (operation) {
    case CLOUDSYNC_FLAG_INSERT:
        return insert_row(database, table, record, rows, index, row);
    case CLOUDSYNC_FLAG_UPDATE:
        return update_row(database, table, record, rows, index, row);
    default:
        return delete_row(database, table, record, rows, index, row);
    }
}

/* Whether a row is to lie in one that was refused just before, in the same call. */
static bool lies_in_refused(struct table *table, const CloudSyncRows *rows, size_t index, const CloudSyncRows *answers) {
    CloudSyncCloudValue parent = {.struct_size = sizeof parent};
    if (cloudsync_rows_get(rows, index, "parent", &parent) != CLOUDSYNC_OK || parent.text == NULL ||
        record_of(table, parent.text) != NULL) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        CloudSyncExtensionValue answer = {.struct_size = sizeof answer};
        const char *description;
        int32_t code;
        cloudsync_rows_extension(answers, i, &answer);
        cloudsync_rows_result(answers, i, &code, &description);
        if (code == CLOUDSYNC_ERROR_CODE_NOT_ALLOWED && strcmp(answer.id, parent.text) == 0) {
            return true;
        }
    }
    return false;
}

/* Writes one row, and adds what became of it to the answers. */
static void write_one(struct database *database, struct table *table, const CloudSyncRows *rows, size_t index,
                      int32_t operation, CloudSyncRows *answers) {
    CloudSyncExtensionValue row = {.struct_size = sizeof row};
    cloudsync_rows_extension(rows, index, &row);
    int32_t code = CLOUDSYNC_ERROR_CODE_STALE_LOCK;
    if (*row.id == '\0') {
        code = CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT;
    } else if (lies_in_refused(table, rows, index, answers)) {
        code = CLOUDSYNC_ERROR_CODE_NOT_ALLOWED;
    } else if ((row.lock_id == 0 || lock_is_held(database, row.lock_id)) &&
               !write_through(database, table, rows, index, &row, operation, &code)) {
        code = write_own(database, table, rows, index, &row, operation);
    }
    const struct record *record = record_of(table, row.id);
    CloudSyncExtensionValue now = {.struct_size = sizeof now, .id = row.id};
    if (record != NULL) {
        now.version = record->version;
        now.create_time = record->created;
        now.modify_time = record->modified;
        now.operation = record->operation;
    }
    cloudsync_rows_add(answers, &now);
    cloudsync_rows_set_result(answers, code, NULL);
}

/* The rows of one call are written together, in order, and answered one by one. */
static int32_t write_all(void *self, const char *name, const CloudSyncRows *rows, CloudSyncReply *reply,
                         int32_t operation) {
    struct database *database = self;
    CloudSyncRows *answers = NULL;
    size_t count = 0;
    if (cloudsync_rows_new(&answers) != CLOUDSYNC_OK || cloudsync_rows_count(rows, &count) != CLOUDSYNC_OK) {
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    cloud_lock(database->cloud);
    uint64_t before = database->cloud->circle->changes;
    struct table *table = table_of(database, name);
    if (table != NULL) {
        copies_refresh(database, table);
    }
    for (size_t i = 0; table != NULL && i < count; i++) {
        write_one(database, table, rows, i, operation, answers);
    }
    bool changed = database->cloud->circle->changes != before;
    cloud_unlock(database->cloud);

    int32_t code = cloudsync_reply_rows(reply, answers);
    cloudsync_rows_free(answers); /* the library has its own copy */
    if (changed) {
        circle_tell(database->cloud->circle, database->bundle, database->name);
    }
    return code == CLOUDSYNC_OK ? CLOUDSYNC_ERROR_CODE_SUCCESS : CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
}

static int32_t db_insert(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    return write_all(self, table, rows, reply, CLOUDSYNC_FLAG_INSERT);
}

static int32_t db_update(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    return write_all(self, table, rows, reply, CLOUDSYNC_FLAG_UPDATE);
}

static int32_t db_delete(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    return write_all(self, table, rows, reply, CLOUDSYNC_FLAG_DELETE);
}

static int32_t db_generate_id(void *self, size_t count, CloudSyncReply *reply) {
    struct database *database = self;
    char(*ids)[24] = calloc(count + 1, sizeof *ids); /* one more: calloc(0) may be NULL */
    const char **pointers = calloc(count + 1, sizeof *pointers);
    int32_t code = CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    if (ids != NULL && pointers != NULL) {
        cloud_lock(database->cloud);
        uint64_t first = database->cloud->circle->last_id + 1;
        database->cloud->circle->last_id += count;
        cloud_unlock(database->cloud);
        for (size_t i = 0; i < count; i++) {
            snprintf(ids[i], sizeof ids[i], "r%" PRIx64, first + i);
            pointers[i] = ids[i];
        }
        code = cloudsync_reply_ids(reply, pointers, count);
    }
    free(pointers);
    free(ids);
    return code;
}

/* --- Listing ---------------------------------------------------------------------------------- */

/* A cursor is "after WRITE"; the empty one begins before all of them. */
static bool read_cursor(const struct database *database, const char *cursor, int64_t *after) {
    char end = '\0';
    *after = 0;
    return *cursor == '\0' || (sscanf(cursor, "after %" SCNd64 "%c", after, &end) == 1 && *after >= 0 &&
                               *after <= database->last_write);
}

static void list_one(CloudSyncRows *page, const struct record *record, const char *const *fields, size_t count) {
    CloudSyncExtensionValue extension = {
        .struct_size = sizeof extension,
        .id = record->id,
        .create_time = record->created,
        .modify_time = record->modified,
        .version = record->version,
        .operation = record->operation,
    };
    cloudsync_rows_add(page, &extension);
    row_copy(page, record->fields, 0, fields, count);
}

static int32_t db_query(void *self, const char *name, const char *const *fields, size_t field_count,
                        size_t query_count, const char *query_cursor, CloudSyncReply *reply) {
    struct database *database = self;
    CloudSyncRows *page = NULL;
    char cursor[32];
    int64_t after = 0;
    if (cloudsync_rows_new(&page) != CLOUDSYNC_OK) {
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    cloud_lock(database->cloud);
    struct table *table = table_of(database, name);
    if (table != NULL) {
        copies_refresh(database, table);
    }
    if (table == NULL || !read_cursor(database, query_cursor, &after)) {
        cloud_unlock(database->cloud);
        cloudsync_rows_free(page);
        return CLOUDSYNC_ERROR_CODE_CURSOR_EXPIRED; /* a number is an answer too: of the whole call */
    }
    /* What is new is found from the newest backwards: mostly there is little of it. */
    struct record *record = table->newest, *first = NULL;
    for (; record != NULL && record->version > after; record = record->older) {
        first = record;
    }
    for (record = first; record != NULL && query_count > 0; record = record->newer, query_count--) {
        list_one(page, record, fields, field_count);
        after = record->version;
    }
    bool has_more = record != NULL;
    cloud_unlock(database->cloud);

    snprintf(cursor, sizeof cursor, "after %" PRId64, after);
    cloudsync_rows_set_page(page, cursor, has_more);
    int32_t code = cloudsync_reply_rows(reply, page);
    cloudsync_rows_free(page);
    return code;
}

/* --- The lock --------------------------------------------------------------------------------- */

/* Answers without the lock of the cloud, as is good practice: nothing of the library is called while it is held that
 * could call back. */
static int32_t answer_lock(struct database *database, int64_t lock_id, int32_t refusal, CloudSyncReply *reply) {
    const CloudSyncLockInfo info = {.struct_size = sizeof info, .lock_id = lock_id, .interval = database->cloud->lease_s};
    cloud_unlock(database->cloud);
    return refusal != CLOUDSYNC_ERROR_CODE_SUCCESS ? refusal : cloudsync_reply_lock_info(reply, &info);
}

static void lease_begins(struct database *database) {
    database->lease_ends = steady_ms() + (int64_t)database->cloud->lease_s * 1000;
}

static int32_t db_lock(void *self, CloudSyncReply *reply) {
    struct database *database = self;
    int32_t refusal = CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS;
    cloud_lock(database->cloud);
    if (!lock_is_held(database, database->lock_id)) { /* nobody took it, or its lease is over */
        database->lock_id++;
        database->locked = true;
        lease_begins(database);
        refusal = CLOUDSYNC_ERROR_CODE_SUCCESS;
    }
    return answer_lock(database, database->lock_id, refusal, reply);
}

static int32_t db_heartbeat(void *self, int64_t lock_id, CloudSyncReply *reply) {
    struct database *database = self;
    int32_t refusal = CLOUDSYNC_ERROR_CODE_STALE_LOCK;
    cloud_lock(database->cloud);
    if (lock_is_held(database, lock_id)) {
        lease_begins(database);
        refusal = CLOUDSYNC_ERROR_CODE_SUCCESS;
    }
    return answer_lock(database, lock_id, refusal, reply);
}

static int32_t db_unlock(void *self, int64_t lock_id, CloudSyncReply *reply) {
    struct database *database = self;
    cloud_lock(database->cloud);
    const bool held = lock_is_held(database, lock_id);
    if (database->lock_id == lock_id) {
        database->locked = false;
    }
    cloud_unlock(database->cloud);
    return cloudsync_reply_unlocked(reply, held);
}

struct cloud *cloud_of(const struct database *database) {
    return database->cloud;
}

int32_t record_claimed(struct database *database, const char *table, const CloudSyncClaim *claim) {
    int32_t code = CLOUDSYNC_ERROR_CODE_SUCCESS;
    cloud_lock(database->cloud);
    struct table *found = table_of(database, table);
    const struct record *record = found == NULL ? NULL : record_of(found, claim->gid);
    if (record == NULL || !is_live(record) || record->share != NULL) { /* what another may take back is not held for this one */
        code = CLOUDSYNC_ERROR_CODE_NOT_FOUND;
    } else if ((uint64_t)record->version != claim->version) {
        code = CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT;
    } else if (!row_names(record->fields, 0, claim->asset_id)) {
        code = CLOUDSYNC_ERROR_CODE_NOT_FOUND;
    }
    cloud_unlock(database->cloud);
    return code;
}

struct asset *record_asset(struct database *database, const char *table, const char *id, const char *asset_id) {
    struct grant grant;
    cloud_lock(database->cloud);
    struct asset *asset = store_lend(database->cloud->store, asset_id);
    struct table *found = table_of(database, table);
    const struct record *record = found == NULL ? NULL : record_of(found, id);
    if (asset == NULL && record != NULL && is_live_copy(record) && row_names(record->fields, 0, asset_id) &&
        grant_of(database->cloud, record->share, &grant)) {
        asset = store_lend(grant.owner->store, asset_id);
    }
    cloud_unlock(database->cloud);
    return asset;
}

bool record_is_there(struct cloud *cloud, const char *bundle, const char *name, const char *table, const char *id) {
    cloud_lock(cloud);
    struct database *database = database_of(cloud, bundle, name);
    struct table *found = database == NULL ? NULL : table_of(database, table);
    const struct record *record = found == NULL ? NULL : record_of(found, id);
    bool there = record != NULL && is_live(record) && record->share == NULL;
    cloud_unlock(cloud);
    return there;
}

/* --- The table of functions ------------------------------------------------------------------- */

static void db_destroy(void *self) {
    struct database *database = self;
    cloud_release(database->cloud);
}

int32_t database_connect(struct cloud *cloud, struct database *database, CloudSyncReply *reply) {
    const CloudSyncCloudDbVTable vtable = {
        .struct_size = sizeof vtable,
        .capabilities =
            CLOUDSYNC_CAPABILITY_COMPARE_AND_SET | CLOUDSYNC_CAPABILITY_FENCING | CLOUDSYNC_CAPABILITY_RANGES |
            CLOUDSYNC_CAPABILITY_DIGESTS,
        .generate_id = db_generate_id,
        .insert = db_insert,
        .update = db_update,
        .delete_ = db_delete,
        .query = db_query,
        .lock = db_lock,
        .unlock = db_unlock,
        .heartbeat = db_heartbeat,
        .destroy = db_destroy,
    };
    CloudSyncCloudDbStub *stub = NULL;
    cloud_hold(cloud); /* destroy lets go of it, also where the stub cannot be made */
    int32_t code = create_cloud_db_stub(&vtable, database, &stub);
    if (code == CLOUDSYNC_OK) {
        code = cloudsync_reply_cloud_db(reply, stub);
        cloud_db_stub_free(stub); /* whoever connected keeps it */
    }
    return code == CLOUDSYNC_OK ? CLOUDSYNC_ERROR_CODE_SUCCESS : CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
}
