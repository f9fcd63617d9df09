/* Devices sync through a vendor's cloud that answers late and from other threads, and through one that loses answers: what
 * was written and not answered for is looked up again, and in the end both galleries are the same. */
#include "support.h"

#include "vendor_cloud.h"

enum { PHOTOS = 20, MOST_RUNS = 60 };

/* A cloud in front of another: passes every call on, on a thread of its own, and loses some of the answers. */
struct proxy {
    CloudSyncCloudServiceStub *inner;
    unsigned lose_every; /* 0 for none */
    unsigned calls, lost;
    struct gate closed;
};

struct proxy_db {
    struct proxy *proxy;
    CloudSyncCloudDbStub *inner;
};

typedef int32_t (*write_function)(CloudSyncCloudDbStub *, const char *, const CloudSyncRows *, CloudSyncRows **);

/* A call on its way. What it was given lives until its reply is answered. */
struct call {
    struct proxy_db *db;
    write_function write; /* NULL for a query */
    const char *table, *cursor;
    const CloudSyncRows *rows;
    const char *const *fields;
    size_t field_count, query_count;
    CloudSyncReply *reply;
};

/* The answer to every so manieth call is lost, after it was carried out. */
static bool is_lost(struct proxy *proxy) {
    unsigned number = __atomic_add_fetch(&proxy->calls, 1, __ATOMIC_SEQ_CST);
    bool lost = proxy->lose_every != 0 && number % proxy->lose_every == 0;
    if (lost) {
        __atomic_add_fetch(&proxy->lost, 1, __ATOMIC_SEQ_CST);
    }
    return lost;
}

static void *carry_out(void *data) {
    struct call *call = (struct call *)data;
    CloudSyncCloudDbStub *inner = call->db->inner;
    CloudSyncRows *answers = NULL;
    int32_t code = call->write != NULL
                       ? call->write(inner, call->table, call->rows, &answers)
                       : cloud_db_query(inner, call->table, call->fields, call->field_count, call->query_count,
                                        call->cursor, &answers);
    if (is_lost(call->db->proxy)) {
        cloudsync_reply_drop(call->reply);
    } else if (code != CLOUDSYNC_OK) {
        cloudsync_reply_fail(call->reply, cloudsync_last_error_code(), "the cloud behind");
    } else {
        cloudsync_reply_rows(call->reply, answers);
    }
    cloudsync_rows_free(answers);
    free(call);
    return NULL;
}

static int32_t pass_on(struct call made) {
    pthread_attr_t detached;
    pthread_t thread;
    struct call *call = (struct call *)malloc(sizeof *call);
    *call = made;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &detached, carry_out, call);
    pthread_attr_destroy(&detached);
    if (failed != 0) {
        free(call);
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t pass_write_on(void *self, write_function write, const char *table, const CloudSyncRows *rows,
                             CloudSyncReply *reply) {
    struct call call;
    memset(&call, 0, sizeof call);
    call.db = (struct proxy_db *)self;
    call.write = write;
    call.table = table;
    call.rows = rows;
    call.reply = reply;
    return pass_on(call);
}

static int32_t proxy_insert(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    return pass_write_on(self, cloud_db_insert, table, rows, reply);
}

static int32_t proxy_update(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    return pass_write_on(self, cloud_db_update, table, rows, reply);
}

static int32_t proxy_delete(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    return pass_write_on(self, cloud_db_delete, table, rows, reply);
}

static int32_t proxy_query(void *self, const char *table, const char *const *fields, size_t field_count,
                           size_t query_count, const char *query_cursor, CloudSyncReply *reply) {
    struct call call;
    memset(&call, 0, sizeof call);
    call.db = (struct proxy_db *)self;
    call.table = table;
    call.fields = fields;
    call.field_count = field_count;
    call.query_count = query_count;
    call.cursor = query_cursor;
    call.reply = reply;
    return pass_on(call);
}

static int32_t proxy_generate_id(void *self, size_t count, CloudSyncReply *reply) {
    CloudSyncResult *result = NULL;
    const char *const *ids;
    size_t n;
    if (cloud_db_generate_id(((struct proxy_db *)self)->inner, count, &result) != CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_result_ids(result, &ids, &n);
    cloudsync_reply_ids(reply, ids, n);
    cloudsync_result_free(result);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t answer_lock(int32_t code, const CloudSyncLockInfo *info, CloudSyncReply *reply) {
    if (code != CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_reply_lock_info(reply, info);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t proxy_lock(void *self, CloudSyncReply *reply) {
    CloudSyncLockInfo info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    return answer_lock(cloud_db_lock(((struct proxy_db *)self)->inner, &info), &info, reply);
}

static int32_t proxy_heartbeat(void *self, int64_t lock_id, CloudSyncReply *reply) {
    CloudSyncLockInfo info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    return answer_lock(cloud_db_heartbeat(((struct proxy_db *)self)->inner, lock_id, &info), &info, reply);
}

static int32_t proxy_unlock(void *self, int64_t lock_id, CloudSyncReply *reply) {
    int32_t held;
    if (cloud_db_unlock(((struct proxy_db *)self)->inner, lock_id, &held) != CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_reply_unlocked(reply, held);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void proxy_db_destroy(void *self) {
    struct proxy_db *db = (struct proxy_db *)self;
    cloud_db_stub_free(db->inner);
    free(db);
}

static int32_t proxy_connect_db(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                                CloudSyncReply *reply) {
    struct proxy_db *db = (struct proxy_db *)calloc(1, sizeof *db);
    CloudSyncCloudDbVTable vtable;
    CloudSyncCloudDbStub *stub = NULL;
    db->proxy = (struct proxy *)self;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.generate_id = proxy_generate_id;
    vtable.insert = proxy_insert;
    vtable.update = proxy_update;
    vtable.delete_ = proxy_delete;
    vtable.query = proxy_query;
    vtable.lock = proxy_lock;
    vtable.unlock = proxy_unlock;
    vtable.heartbeat = proxy_heartbeat;
    vtable.destroy = proxy_db_destroy;
    if (cloud_service_connect_db(db->proxy->inner, bundle_name, database, &db->inner) != CLOUDSYNC_OK) {
        free(db);
        return cloudsync_last_error_code();
    }
    cloudsync_cloud_db_capabilities(db->inner, &vtable.capabilities);
    if (create_cloud_db_stub(&vtable, db, &stub) != CLOUDSYNC_OK) {
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    cloudsync_reply_cloud_db(reply, stub);
    cloud_db_stub_free(stub);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* The assets are those of the cloud behind. */
static int32_t proxy_connect_loader(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                                    CloudSyncReply *reply) {
    CloudSyncAssetLoaderStub *loader = NULL;
    if (cloud_service_connect_asset_loader(((struct proxy *)self)->inner, bundle_name, database, &loader) !=
        CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_reply_asset_loader(reply, loader);
    asset_loader_stub_free(loader);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t proxy_service_info(void *self, CloudSyncReply *reply) {
    CloudSyncResult *result = NULL;
    const CloudSyncServiceInfo *info;
    if (cloud_service_get_service_info(((struct proxy *)self)->inner, &result) != CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_result_service_info(result, &info);
    cloudsync_reply_service_info(reply, info);
    cloudsync_result_free(result);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void proxy_destroy(void *self) {
    struct proxy *proxy = (struct proxy *)self;
    cloud_service_stub_free(proxy->inner);
    gate_raise(&proxy->closed);
}

static CloudSyncCloudServiceStub *proxy_new(struct proxy *proxy, unsigned lose_every) {
    CloudSyncCloudServiceVTable vtable;
    CloudSyncCloudServiceStub *stub = NULL;
    memset(proxy, 0, sizeof *proxy);
    gate_init(&proxy->closed);
    proxy->lose_every = lose_every;
    assert_ok(vendor_cloud_new(&proxy->inner));
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.get_service_info = proxy_service_info;
    vtable.connect_db = proxy_connect_db;
    vtable.connect_asset_loader = proxy_connect_loader;
    vtable.destroy = proxy_destroy;
    assert_ok(create_cloud_service_stub(&vtable, proxy, &stub));
    return stub;
}

/* --- Two devices ------------------------------------------------------------------------------ */

static void device_start(struct device *device, const char *name, CloudSyncCloudServiceStub *cloud) {
    device_make(device, name);
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    device_open(device);
}

/* Starts until a run completes; a run that the cloud lets down ends in FAILED, and the next start goes on from there. */
static void sync_at_last(struct device *device) {
    for (int i = 0; i < MOST_RUNS; i++) {
        unsigned finals = gate_count(&device->progress.finals);
        int32_t code = gallery_sync_start(device->sync);
        if (code == CLOUDSYNC_OK) {
            gate_wait(&device->progress.finals, finals + 1);
            if (device->progress.last.state == CLOUDSYNC_SYNC_STATE_COMPLETED) {
                return;
            }
        }
    }
    fail_msg("no run of %d was completed", MOST_RUNS);
}

static void sync_both(unsigned lose_every) {
    struct device phone, tablet;
    struct proxy proxy;
    char name[32];
    CloudSyncCloudServiceStub *cloud = proxy_new(&proxy, lose_every);
    device_start(&phone, "phone", cloud);
    device_start(&tablet, "tablet", cloud);
    assert_ok(cloud_service_stub_free(cloud));
    for (int i = 0; i < PHOTOS; i++) {
        snprintf(name, sizeof name, "IMG_%04d.jpg", i);
        write_photo(phone.gallery, name, (size_t)(1000 + 7000 * i), (uint64_t)i);
    }
    sync_at_last(&phone);
    sync_at_last(&tablet);
    assert_true(same_folders(phone.gallery, tablet.gallery));
    assert_int_equal(count_files(tablet.gallery), PHOTOS);

    write_photo(tablet.gallery, "IMG_0000.jpg", 5000, 99); /* an edit, and a deletion */
    char path[PATH_MAX];
    assert_int_equal(remove(join(path, tablet.gallery, "IMG_0001.jpg")), 0);
    sync_at_last(&tablet);
    sync_at_last(&phone);
    assert_true(is_photo(phone.gallery, "IMG_0000.jpg", 5000, 99));
    assert_true(same_folders(phone.gallery, tablet.gallery));
    assert_int_equal(count_files(phone.gallery), PHOTOS - 1);
    assert_true(lose_every == 0 || proxy.lost > 3);

    device_free(&tablet);
    device_free(&phone);
    gate_wait(&proxy.closed, 1); /* nobody holds on to the cloud */
    gate_destroy(&proxy.closed);
}

static void through_a_cloud_that_answers_late(void **state) {
    (void)state;
    sync_both(0);
}

static void through_a_cloud_that_loses_answers(void **state) {
    (void)state;
    sync_both(3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(through_a_cloud_that_answers_late),
        in_scratch(through_a_cloud_that_loses_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
