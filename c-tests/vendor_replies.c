/* A vendor answers at once or later, from any thread, once; what it forgets, refuses or answers twice ends in an error of that
 * call, and never in a wait without end. */
#include "support.h"

#include <unistd.h>

/* The vendor: what its methods do next, and what it saw. */
struct vendor {
    struct gate called, go, destroyed;
    CloudSyncReply *reply;
    CloudSyncTransfers *transfers;
    const char *table;
    pthread_t thread;
    int32_t returns;
};

static struct vendor vendor;

static void vendor_init(void) {
    memset(&vendor, 0, sizeof vendor);
    gate_init(&vendor.called);
    gate_init(&vendor.go);
    gate_init(&vendor.destroyed);
}

static void vendor_destroy(void) {
    gate_destroy(&vendor.called);
    gate_destroy(&vendor.go);
    gate_destroy(&vendor.destroyed);
}

static void on_destroy(void *self) {
    gate_raise(&((struct vendor *)self)->destroyed);
}

static CloudSyncLockInfo lock_form(void) {
    CloudSyncLockInfo info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    info.lock_id = 1;
    info.interval = 30;
    return info;
}

typedef int32_t (*lock_method)(void *self, CloudSyncReply *reply);

static CloudSyncCloudDbVTable table_with(lock_method lock, uint64_t timeout_ms) {
    CloudSyncCloudDbVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.timeout_ms = timeout_ms;
    vtable.lock = lock;
    vtable.destroy = on_destroy;
    return vtable;
}

static CloudSyncCloudDbStub *db_with(lock_method lock, uint64_t timeout_ms) {
    const CloudSyncCloudDbVTable vtable = table_with(lock, timeout_ms);
    CloudSyncCloudDbStub *db = NULL;
    vendor_init();
    assert_ok(create_cloud_db_stub(&vtable, &vendor, &db));
    return db;
}

static void db_free(CloudSyncCloudDbStub *db) {
    assert_int_equal(gate_count(&vendor.destroyed), 0);
    assert_ok(cloud_db_stub_free(db));
    gate_wait(&vendor.destroyed, 1);
    vendor_destroy();
}

/* The lock is asked for, and the call answers this. */
static void lock_answers(CloudSyncCloudDbStub *db, int32_t code, int32_t error_code) {
    CloudSyncLockInfo info = lock_form();
    assert_code(cloud_db_lock(db, &info), code);
    if (code != CLOUDSYNC_OK) {
        assert_int_equal(cloudsync_last_error_code(), error_code);
    }
}

static void last_error_names(const char *what) {
    char text[512];
    cloudsync_last_error(text, sizeof text);
    if (strstr(text, what) == NULL) {
        fail_msg("'%s' does not name '%s'", text, what);
    }
}

/* --- When and by whom ------------------------------------------------------------------------- */

static void *answer_later(void *self) {
    struct vendor *of = (struct vendor *)self;
    const CloudSyncLockInfo info = lock_form();
    gate_wait_for(&of->go, 1, PATIENCE_MS);
    cloudsync_reply_lock_info(of->reply, &info);
    return NULL;
}

static int32_t lock_later(void *self, CloudSyncReply *reply) {
    struct vendor *of = (struct vendor *)self;
    of->reply = reply;
    pthread_create(&of->thread, NULL, answer_later, of);
    gate_raise(&of->go);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void an_answer_may_come_later_from_another_thread(void **state) {
    (void)state;
    CloudSyncCloudDbStub *db = db_with(lock_later, 0);
    lock_answers(db, CLOUDSYNC_OK, 0);
    pthread_join(vendor.thread, NULL);
    db_free(db);
}

static int32_t lock_dropped(void *self, CloudSyncReply *reply) {
    (void)self;
    assert_ok(cloudsync_reply_drop(reply));
    assert_code(cloudsync_reply_drop(reply), CLOUDSYNC_E_INVALID_ARGUMENT);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void a_reply_that_is_dropped_is_an_error_at_once(void **state) {
    (void)state;
    CloudSyncCloudDbStub *db = db_with(lock_dropped, 0);
    const int64_t began = now_ms();
    lock_answers(db, CLOUDSYNC_E_IPC, CLOUDSYNC_ERROR_CODE_GONE);
    last_error_names("lock");
    assert_true(now_ms() - began < 30000); /* the timeout is 60 s */
    db_free(db);
}

static int32_t lock_never(void *self, CloudSyncReply *reply) {
    ((struct vendor *)self)->reply = reply;
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void an_answer_that_is_late_does_nothing(void **state) {
    (void)state;
    const CloudSyncLockInfo info = lock_form();
    CloudSyncCloudDbStub *db = db_with(lock_never, 50);
    lock_answers(db, CLOUDSYNC_E_IPC, CLOUDSYNC_ERROR_CODE_GONE);
    last_error_names("50 ms");
    assert_ok(cloud_db_stub_free(db));
    assert_int_equal(gate_count(&vendor.destroyed), 0); /* the vendor still has a reply to answer */
    assert_ok(cloudsync_reply_lock_info(vendor.reply, &info));
    assert_int_equal(gate_count(&vendor.destroyed), 1);
    assert_code(cloudsync_reply_lock_info(vendor.reply, &info), CLOUDSYNC_E_INVALID_ARGUMENT);
    vendor_destroy();
}

static int32_t lock_twice(void *self, CloudSyncReply *reply) {
    const CloudSyncLockInfo info = lock_form();
    (void)self;
    assert_ok(cloudsync_reply_lock_info(reply, &info));
    assert_code(cloudsync_reply_lock_info(reply, &info), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_fail(reply, 1, "no"), CLOUDSYNC_E_INVALID_ARGUMENT);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void a_second_answer_is_refused_and_the_first_holds(void **state) {
    (void)state;
    CloudSyncCloudDbStub *db = db_with(lock_twice, 0);
    lock_answers(db, CLOUDSYNC_OK, 0);
    db_free(db);
}

/* --- Errors ----------------------------------------------------------------------------------- */

static int32_t lock_returns(void *self, CloudSyncReply *reply) {
    (void)reply;
    return ((struct vendor *)self)->returns;
}

static int32_t lock_fails(void *self, CloudSyncReply *reply) {
    assert_code(cloudsync_reply_fail(reply, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_reply_fail(reply, ((struct vendor *)self)->returns, "as the vendor says"));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* An ErrorCode, and what a caller is told for it. */
static const int32_t codes[][2] = {
    {CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, CLOUDSYNC_E_UNKNOWN},
    {CLOUDSYNC_ERROR_CODE_NETWORK_ERROR, CLOUDSYNC_E_NETWORK_UNAVAILABLE},
    {CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED, CLOUDSYNC_E_CLOUD_NOT_READY},
    {CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS, CLOUDSYNC_E_BUSY},
    {CLOUDSYNC_ERROR_CODE_RECORD_LIMIT_EXCEEDED, CLOUDSYNC_E_LIMIT_EXCEEDED},
    {CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET, CLOUDSYNC_E_NO_SPACE},
    {CLOUDSYNC_ERROR_CODE_CURSOR_EXPIRED, CLOUDSYNC_E_TRY_AGAIN},
    {CLOUDSYNC_ERROR_CODE_STALE_LOCK, CLOUDSYNC_E_NOT_PERMITTED},
    {CLOUDSYNC_ERROR_CODE_NOT_FOUND, CLOUDSYNC_E_NO_SUCH_FILE},
    {CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT, CLOUDSYNC_E_INVALID_VALUE},
    {CLOUDSYNC_ERROR_CODE_CORRUPT, CLOUDSYNC_E_IO},
    {CLOUDSYNC_ERROR_CODE_NOT_SUPPORTED, CLOUDSYNC_E_NOT_SUPPORTED},
    {CLOUDSYNC_ERROR_CODE_GONE, CLOUDSYNC_E_IPC},
    {CLOUDSYNC_ERROR_CODE_NOT_ALLOWED, CLOUDSYNC_E_NOT_PERMITTED},
    {CLOUDSYNC_ERROR_CODE_TOO_MANY_REQUESTS, CLOUDSYNC_E_BUSY},
};

static void every_error_code_reaches_the_caller(void **state) {
    (void)state;
    CloudSyncCloudDbStub *fails = db_with(lock_fails, 0);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        vendor.returns = codes[i][0];
        lock_answers(fails, codes[i][1], codes[i][0]);
    }
    vendor.returns = 77; /* no number of the documents */
    lock_answers(fails, CLOUDSYNC_E_UNKNOWN, CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR);
    last_error_names("as the vendor says");
    vendor.returns = CLOUDSYNC_ERROR_CODE_STOPPED; /* which nobody has asked for */
    lock_answers(fails, CLOUDSYNC_E_UNKNOWN, CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR);
    last_error_names("it stopped by itself");
    db_free(fails);

    CloudSyncCloudDbStub *returns = db_with(lock_returns, 0);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        vendor.returns = codes[i][0];
        lock_answers(returns, codes[i][1], codes[i][0]);
    }
    db_free(returns);
}

static int32_t lock_fails_after_success(void *self, CloudSyncReply *reply) {
    const CloudSyncLockInfo info = lock_form();
    (void)self;
    assert_ok(cloudsync_reply_lock_info(reply, &info));
    return CLOUDSYNC_ERROR_CODE_NETWORK_ERROR;
}

static void an_error_after_success_is_an_error(void **state) {
    (void)state;
    CloudSyncCloudDbStub *db = db_with(lock_fails_after_success, 0);
    lock_answers(db, CLOUDSYNC_E_UNKNOWN, CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR);
    last_error_names("answered with success, and returned the error 2");
    db_free(db);
}

static void a_method_that_is_not_there_is_named(void **state) {
    (void)state;
    CloudSyncCloudDbStub *db = db_with(NULL, 0);
    CloudSyncLockInfo info = lock_form();
    CloudSyncResult *result = NULL;
    CloudSyncRows *rows = NULL, *answers = NULL;
    assert_ok(cloudsync_rows_new(&rows));
    assert_code(cloud_db_lock(db, &info), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("lock");
    assert_code(cloud_db_heartbeat(db, 1, &info), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("heartbeat");
    assert_code(cloud_db_unlock(db, 1, NULL), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("unlock");
    assert_code(cloud_db_generate_id(db, 1, &result), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("generate_id");
    assert_code(cloud_db_insert(db, "t", rows, &answers), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("insert");
    assert_code(cloud_db_update(db, "t", rows, &answers), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("update");
    assert_code(cloud_db_delete(db, "t", rows, &answers), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("delete");
    assert_code(cloud_db_query(db, "notes", NULL, 0, 1, "", &answers), CLOUDSYNC_E_NOT_SUPPORTED);
    last_error_names("query");
    assert_ok(cloudsync_rows_free(rows));
    db_free(db);
}

static int32_t unlock_somehow(void *self, int64_t lock_id, CloudSyncReply *reply) {
    (void)self;
    assert_code(cloudsync_reply_done(reply), CLOUDSYNC_E_INVALID_ARGUMENT); /* it is to say which */
    assert_ok(cloudsync_reply_unlocked(reply, lock_id == 1 ? -7 : 0));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* What the vendor says of a lock that is given back arrives, and need not be asked for. */
static void a_lock_was_held_or_not(void **state) {
    (void)state;
    CloudSyncCloudDbVTable vtable = table_with(NULL, 0);
    CloudSyncCloudDbStub *db = NULL;
    int32_t held = 5;
    vtable.unlock = unlock_somehow;
    vendor_init();
    assert_ok(create_cloud_db_stub(&vtable, &vendor, &db));
    assert_ok(cloud_db_unlock(db, 1, &held));
    assert_int_equal(held, 1);
    assert_ok(cloud_db_unlock(db, 2, &held));
    assert_int_equal(held, 0);
    assert_ok(cloud_db_unlock(db, 1, NULL));
    db_free(db);
}

static int32_t lock_misused(void *self, CloudSyncReply *reply) {
    const CloudSyncLockInfo info = lock_form();
    CloudSyncLockInfo small = info;
    small.struct_size = 8;
    (void)self;
    assert_code(cloudsync_reply_done(reply), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_unlocked(reply, 1), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_ids(reply, NULL, 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_item(reply, 0, 1, NULL, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_app_brief_info(reply, NULL, 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_lock_info(reply, &small), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_fail(reply, 1, "\xff"), CLOUDSYNC_E_INVALID_ARGUMENT);
    return cloudsync_reply_lock_info(reply, &info); /* it is still to be answered */
}

static void an_answer_that_does_not_fit_is_refused(void **state) {
    (void)state;
    CloudSyncCloudDbStub *db = db_with(lock_misused, 0);
    lock_answers(db, CLOUDSYNC_OK, 0);
    db_free(db);
}

/* --- Lifetimes -------------------------------------------------------------------------------- */

static int32_t lock_blocks(void *self, CloudSyncReply *reply) {
    struct vendor *of = (struct vendor *)self;
    const CloudSyncLockInfo info = lock_form();
    gate_raise(&of->called);
    gate_wait_for(&of->go, 1, PATIENCE_MS);
    return cloudsync_reply_lock_info(reply, &info);
}

struct call {
    CloudSyncCloudDbStub *db;
    int32_t code;
};

static void *call_lock(void *data) {
    struct call *call = (struct call *)data;
    CloudSyncLockInfo info = lock_form();
    call->code = cloud_db_lock(call->db, &info);
    return NULL;
}

static void a_stub_that_is_freed_during_a_call_lasts_until_its_end(void **state) {
    (void)state;
    struct call call = {db_with(lock_blocks, 0), -1};
    pthread_t thread;
    pthread_create(&thread, NULL, call_lock, &call);
    gate_wait(&vendor.called, 1);
    assert_ok(cloud_db_stub_free(call.db));
    assert_int_equal(gate_count(&vendor.destroyed), 0);
    gate_raise(&vendor.go);
    pthread_join(thread, NULL);
    assert_int_equal(call.code, CLOUDSYNC_OK);
    assert_int_equal(gate_count(&vendor.destroyed), 1);
    vendor_destroy();
}

static void destroy_is_called_where_making_fails(void **state) {
    (void)state;
    CloudSyncCloudDbVTable vtable = table_with(NULL, 0);
    CloudSyncCloudDbStub *db = NULL;
    vendor_init();
    assert_code(create_cloud_db_stub(&vtable, &vendor, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_int_equal(gate_count(&vendor.destroyed), 1);
    vtable.struct_size = 8; /* there is no reading where destroy is */
    assert_code(create_cloud_db_stub(&vtable, &vendor, &db), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_int_equal(gate_count(&vendor.destroyed), 1);
    vendor_destroy();
}

static int32_t insert_keeps(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    struct vendor *of = (struct vendor *)self;
    of->table = table;
    of->reply = reply;
    assert_code(cloudsync_rows_free((CloudSyncRows *)rows), CLOUDSYNC_E_INVALID_ARGUMENT); /* they are not the vendor's */
    assert_code(cloudsync_rows_add((CloudSyncRows *)rows, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void what_a_method_was_given_lives_until_its_reply(void **state) {
    (void)state;
    CloudSyncCloudDbVTable vtable = table_with(NULL, 50);
    CloudSyncCloudDbStub *db = NULL;
    CloudSyncRows *rows = NULL, *answers = NULL;
    vendor_init();
    vtable.insert = insert_keeps;
    assert_ok(create_cloud_db_stub(&vtable, &vendor, &db));
    assert_ok(cloudsync_rows_new(&rows));
    assert_code(cloud_db_insert(db, "photos", rows, &answers), CLOUDSYNC_E_IPC);
    assert_string_equal(vendor.table, "photos"); /* the call is over, and the vendor at it still */
    assert_ok(cloudsync_reply_rows(vendor.reply, rows));
    assert_ok(cloudsync_rows_free(rows));
    db_free(db);
}

/* --- Transfers -------------------------------------------------------------------------------- */

static int32_t upload_checked(void *self, const char *table, CloudSyncTransfers *transfers, CloudSyncReply *reply) {
    const CloudSyncTransfer *transfer;
    CloudSyncCloudAsset asset;
    uint8_t buffer[64];
    size_t count = 0, read = 0;
    (void)self;
    (void)table;
    assert_ok(cloudsync_transfers_count(transfers, &count));
    assert_int_equal(count, 2);
    assert_code(cloudsync_transfers_get(transfers, 2, &transfer), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_transfers_get(transfers, 0, &transfer));
    assert_true(transfer->size == 100 && transfer->transfer_id[0] != '\0' && transfer->digest == NULL);
    assert_code(cloudsync_transfers_write(transfers, 0, 0, buffer, 1), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_transfers_read(transfers, 0, buffer, 0, &read), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_transfers_read(transfers, 0, buffer, sizeof buffer, &read));
    assert_int_equal(read, 64);
    assert_ok(cloudsync_transfers_read(transfers, 0, buffer, sizeof buffer, &read));
    assert_int_equal(read, 36);
    assert_ok(cloudsync_transfers_read(transfers, 0, buffer, sizeof buffer, &read));
    assert_int_equal(read, 0);
    assert_code(cloudsync_transfers_read(transfers, 1, buffer, sizeof buffer, &read), CLOUDSYNC_E_IO); /* a folder */

    asset = *transfer->asset;
    asset.asset_id = "a1";
    asset.hash = "h1";
    assert_ok(cloudsync_reply_item(reply, 0, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL, &asset));
    assert_code(cloudsync_reply_item(reply, 0, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL, &asset), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_item(reply, 2, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL, &asset), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_reply_item(reply, 1, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL, &asset)); /* a lie */
    assert_ok(cloudsync_reply_done(reply));
    assert_code(cloudsync_reply_done(reply), CLOUDSYNC_E_INVALID_ARGUMENT);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t download_checked(void *self, const char *table, const char *prefix, CloudSyncTransfers *transfers,
                                CloudSyncReply *reply) {
    const uint8_t bytes[4] = {1, 2, 3, 4};
    (void)self;
    (void)table;
    assert_string_equal(prefix, root);
    assert_code(cloudsync_transfers_write(transfers, 0, 1, bytes, 4), CLOUDSYNC_E_INVALID_ARGUMENT); /* a gap */
    assert_ok(cloudsync_transfers_write(transfers, 0, 0, bytes, 4));
    assert_code(cloudsync_transfers_write(transfers, 0, 0, bytes, 4), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_transfers_write(transfers, 1, 0, bytes, 4), CLOUDSYNC_E_NO_SPACE);
    assert_ok(cloudsync_reply_done(reply)); /* and nothing is said of either */
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t upload_keeps(void *self, const char *table, CloudSyncTransfers *transfers, CloudSyncReply *reply) {
    struct vendor *of = (struct vendor *)self;
    (void)table;
    of->transfers = transfers;
    of->reply = reply;
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t download_keeps(void *self, const char *table, const char *prefix, CloudSyncTransfers *transfers,
                              CloudSyncReply *reply) {
    (void)prefix;
    return upload_keeps(self, table, transfers, reply);
}

static CloudSyncAssetLoaderStub *loader_with(CloudSyncAssetLoaderVTable vtable) {
    CloudSyncAssetLoaderStub *loader = NULL;
    vendor_init();
    vtable.struct_size = sizeof vtable;
    vtable.destroy = on_destroy;
    assert_ok(create_asset_loader_stub(&vtable, &vendor, &loader));
    return loader;
}

static void loader_free(CloudSyncAssetLoaderStub *loader) {
    assert_ok(asset_loader_stub_free(loader));
    gate_wait(&vendor.destroyed, 1);
    vendor_destroy();
}

static CloudSyncCloudAsset asset_at(const char *path) {
    CloudSyncCloudAsset asset;
    memset(&asset, 0, sizeof asset);
    asset.struct_size = sizeof asset;
    asset.path = path;
    asset.asset_id = "a1";
    return asset;
}

static void assets_answer(CloudSyncResult *result, int32_t first, int32_t second) {
    const CloudSyncAssetResult *const *answers;
    size_t count;
    assert_ok(cloudsync_result_assets(result, &answers, &count));
    assert_int_equal(count, 2);
    assert_int_equal(answers[0]->code, first);
    assert_int_equal(answers[1]->code, second);
    assert_ok(cloudsync_result_free(result));
}

static void bytes_are_read_and_written_in_order(void **state) {
    (void)state;
    char file[PATH_MAX], part[PATH_MAX];
    CloudSyncAssetLoaderVTable vtable;
    CloudSyncResult *result = NULL;
    memset(&vtable, 0, sizeof vtable);
    vtable.upload = upload_checked;
    vtable.download = download_checked;
    CloudSyncAssetLoaderStub *loader = loader_with(vtable);
    write_photo(root, "photo.jpg", 100, 1);
    CloudSyncCloudAsset photo = asset_at(join(file, root, "photo.jpg")), folder = asset_at(root);
    const CloudSyncCloudAsset *const both[] = {&photo, &folder};
    assert_ok(asset_loader_upload(loader, "photos", "record", both, 2, &result));
    assets_answer(result, CLOUDSYNC_ERROR_CODE_SUCCESS, CLOUDSYNC_ERROR_CODE_LOCAL);

    photo.path = "a.jpg";
    folder.path = "full.jpg"; /* on a disk that is full */
    assert_int_equal(symlink("/dev/full", join(part, root, "full.jpg.cloudsync-part")), 0);
    assert_ok(asset_loader_download(loader, "photos", "record", root, both, 2, &result));
    assets_answer(result, CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, CLOUDSYNC_ERROR_CODE_LOCAL);
    assert_false(file_exists(root, "a.jpg"));
    loader_free(loader);
}

static void bytes_are_out_of_reach_when_the_call_is_over(void **state) {
    (void)state;
    char file[PATH_MAX];
    uint8_t buffer[8];
    size_t read;
    CloudSyncAssetLoaderVTable vtable;
    CloudSyncResult *result = NULL;
    memset(&vtable, 0, sizeof vtable);
    vtable.timeout_ms = 50;
    vtable.upload = upload_keeps;
    vtable.download = download_keeps;
    CloudSyncAssetLoaderStub *loader = loader_with(vtable);
    write_photo(root, "photo.jpg", 100, 1);
    CloudSyncCloudAsset photo = asset_at(join(file, root, "photo.jpg"));
    const CloudSyncCloudAsset *const both[] = {&photo, &photo};
    assert_ok(asset_loader_upload(loader, "photos", "record", both, 2, &result));
    assets_answer(result, CLOUDSYNC_ERROR_CODE_GONE, CLOUDSYNC_ERROR_CODE_GONE);
    assert_code(cloudsync_transfers_read(vendor.transfers, 0, buffer, 8, &read), CLOUDSYNC_E_IPC);
    assert_ok(cloudsync_reply_drop(vendor.reply));
    assert_code(cloudsync_transfers_read(vendor.transfers, 0, buffer, 8, &read), CLOUDSYNC_E_INVALID_ARGUMENT);

    photo.path = join(file, root, "other.jpg");
    assert_ok(asset_loader_download(loader, "photos", "record", "", both, 1, &result));
    assert_ok(cloudsync_result_free(result));
    assert_code(cloudsync_transfers_write(vendor.transfers, 0, 0, buffer, 8), CLOUDSYNC_E_IPC);
    assert_ok(cloudsync_reply_drop(vendor.reply));
    loader_free(loader);
}

/* --- Every kind of answer --------------------------------------------------------------------- */

static CloudSyncChangeListener *listener;

static int32_t service_info(void *self, CloudSyncReply *reply) {
    CloudSyncServiceInfo info;
    memset(&info, 0, sizeof info);
    (void)self;
    assert_code(cloudsync_reply_service_info(reply, &info), CLOUDSYNC_E_INVALID_ARGUMENT); /* without a size */
    info.struct_size = sizeof info;
    info.id = "id";
    info.total_space = 5;
    info.remaining_space = 4;
    assert_ok(cloudsync_reply_service_info(reply, &info));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t app_brief_info(void *self, CloudSyncReply *reply) {
    CloudSyncAppBriefInfo app, *const apps[] = {&app};
    memset(&app, 0, sizeof app);
    app.struct_size = sizeof app;
    app.bundle_name = "com.example";
    app.instance_id = 3;
    (void)self;
    assert_ok(cloudsync_reply_app_brief_info(reply, (const CloudSyncAppBriefInfo *const *)apps, 1));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static CloudSyncDatabase database_form(const CloudSyncTable *const *tables, size_t count) {
    CloudSyncDatabase database;
    memset(&database, 0, sizeof database);
    database.struct_size = sizeof database;
    database.name = "here";
    database.alias = "there";
    database.tables = tables;
    database.table_count = count;
    return database;
}

static int32_t app_schema(void *self, const char *bundle_name, CloudSyncReply *reply) {
    CloudSyncField field;
    CloudSyncTable table;
    CloudSyncAppSchema schema;
    const CloudSyncField *const fields[] = {&field};
    const CloudSyncTable *const tables[] = {&table};
    const CloudSyncDatabase database = database_form(tables, 1), *const databases[] = {&database};
    memset(&field, 0, sizeof field);
    memset(&table, 0, sizeof table);
    memset(&schema, 0, sizeof schema);
    field.struct_size = sizeof field;
    field.alias = field.col_name = "number";
    field.type = 8; /* no type */
    table.struct_size = sizeof table;
    table.alias = table.name = "notes";
    table.fields = fields;
    table.field_count = 1;
    schema.struct_size = sizeof schema;
    schema.bundle_name = bundle_name;
    schema.version = 9;
    schema.databases = databases;
    schema.database_count = 1;
    (void)self;
    assert_code(cloudsync_reply_app_schema(reply, &schema), CLOUDSYNC_E_INVALID_ARGUMENT);
    field.type = CLOUDSYNC_FIELD_TYPE_NUMBER;
    assert_ok(cloudsync_reply_app_schema(reply, &schema));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t subscribe(void *self, const char *const *bundle_names, const CloudSyncDatabase *const *databases,
                         size_t count, uint64_t expiration_time, CloudSyncChangeListener *given, CloudSyncReply *reply) {
    CloudSyncSubscribeId id;
    const CloudSyncSubscribeId *const ids[] = {&id};
    CloudSyncSubscribeInfo info;
    (void)self;
    assert_int_equal(count, 1);
    memset(&id, 0, sizeof id);
    memset(&info, 0, sizeof info);
    id.struct_size = sizeof id;
    id.bundle_name = bundle_names[0];
    id.database_alias = databases[0]->alias;
    id.id = "s1";
    info.struct_size = sizeof info;
    info.expiration_time = expiration_time / 2;
    info.ids = ids;
    info.count = 1;
    listener = given;
    assert_ok(cloudsync_reply_subscribe_info(reply, &info));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t unsubscribe(void *self, const CloudSyncSubscribeId *const *ids, size_t count, CloudSyncReply *reply) {
    (void)self;
    assert_int_equal(count, 1);
    assert_string_equal(ids[0]->id, "s1");
    assert_ok(cloudsync_reply_done(reply));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t generate_id(void *self, size_t count, CloudSyncReply *reply) {
    const char *const ids[] = {"one", "two", "two"};
    (void)self;
    assert_ok(cloudsync_reply_ids(reply, ids, count > 3 ? 1 : count));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* One record too many, or one page again and again. */
static int32_t query(void *self, const char *table, const char *const *fields, size_t field_count, size_t query_count,
                     const char *query_cursor, CloudSyncReply *reply) {
    CloudSyncExtensionValue extension;
    CloudSyncRows *rows = NULL;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    extension.id = "one";
    extension.version = 1;
    (void)self;
    (void)table;
    (void)fields;
    (void)field_count;
    assert_ok(cloudsync_rows_new(&rows));
    assert_ok(cloudsync_rows_add(rows, &extension));
    assert_ok(cloudsync_rows_set_page(rows, strcmp(query_cursor, "stuck") == 0 ? query_cursor : "on", 1));
    extension.id = "two";
    if (query_count == 1) {
        assert_ok(cloudsync_rows_add(rows, &extension));
    }
    assert_ok(cloudsync_reply_rows(reply, rows));
    assert_ok(cloudsync_rows_free(rows));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t connect_db(void *self, const char *bundle_name, const CloudSyncDatabase *database, CloudSyncReply *reply) {
    CloudSyncCloudDbVTable vtable = table_with(lock_never, 0);
    CloudSyncCloudDbStub *stub = NULL;
    assert_string_equal(bundle_name, "com.example");
    assert_string_equal(database->alias, "there");
    vtable.generate_id = generate_id;
    vtable.query = query;
    assert_ok(create_cloud_db_stub(&vtable, self, &stub));
    assert_code(cloudsync_reply_asset_loader(reply, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_reply_cloud_db(reply, stub));
    assert_ok(cloud_db_stub_free(stub));
    assert_code(cloudsync_reply_cloud_db(reply, stub), CLOUDSYNC_E_INVALID_ARGUMENT);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t connect_asset_loader(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                                    CloudSyncReply *reply) {
    CloudSyncAssetLoaderVTable vtable;
    CloudSyncAssetLoaderStub *stub = NULL;
    (void)self;
    (void)bundle_name;
    (void)database;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    assert_ok(create_asset_loader_stub(&vtable, NULL, &stub));
    assert_ok(cloudsync_reply_asset_loader(reply, stub));
    assert_ok(asset_loader_stub_free(stub));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static CloudSyncCloudServiceStub *whole_service(void) {
    CloudSyncCloudServiceVTable vtable;
    CloudSyncCloudServiceStub *service = NULL;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.get_service_info = service_info;
    vtable.get_app_brief_info = app_brief_info;
    vtable.get_app_schema = app_schema;
    vtable.subscribe = subscribe;
    vtable.unsubscribe = unsubscribe;
    vtable.connect_db = connect_db;
    vtable.connect_asset_loader = connect_asset_loader;
    assert_ok(create_cloud_service_stub(&vtable, &vendor, &service));
    return service;
}

static void on_change(const char *name, void *user_data) {
    assert_string_equal(name, "com.example");
    ++*(int *)user_data;
}

static void a_subscription_is_told(CloudSyncCloudServiceStub *service) {
    const char *const bundles[] = {"com.example"};
    const CloudSyncDatabase database = database_form(NULL, 0), *const databases[] = {&database};
    const CloudSyncSubscribeInfo *info;
    CloudSyncResult *result = NULL;
    int told = 0;
    assert_ok(cloud_service_subscribe(service, bundles, databases, 1, 1000, on_change, &told, NULL, &result));
    assert_ok(cloudsync_result_subscribe_info(result, &info));
    assert_int_equal(info->expiration_time, 500);
    assert_ok(cloudsync_change_listener_tell(listener, "com.example"));
    assert_int_equal(told, 1);
    assert_ok(cloud_service_unsubscribe(service, info->ids, info->count));
    assert_ok(cloudsync_result_free(result));
    assert_ok(cloudsync_change_listener_free(listener));
    assert_code(cloudsync_change_listener_free(listener), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_change_listener_tell(listener, "com.example"), CLOUDSYNC_E_INVALID_ARGUMENT);
}

static void every_kind_of_answer_arrives(void **state) {
    (void)state;
    vendor_init();
    CloudSyncCloudServiceStub *service = whole_service();
    const CloudSyncServiceInfo *info;
    const CloudSyncAppBriefInfo *const *apps;
    const CloudSyncCloudInfo *both;
    const CloudSyncAppSchema *schema;
    CloudSyncResult *result = NULL;
    size_t count;
    assert_ok(cloud_service_get_service_info(service, &result));
    assert_ok(cloudsync_result_service_info(result, &info));
    assert_true(info->total_space == 5 && info->remaining_space == 4 && strcmp(info->id, "id") == 0);
    assert_ok(cloudsync_result_free(result));
    assert_ok(cloud_service_get_app_brief_info(service, &result));
    assert_ok(cloudsync_result_app_brief_info(result, &apps, &count));
    assert_true(count == 1 && apps[0]->instance_id == 3 && apps[0]->cloud_switch == 0);
    assert_ok(cloudsync_result_free(result));
    assert_ok(cloudsync_cloud_info(service, &result));
    assert_ok(cloudsync_result_cloud_info(result, &both));
    assert_true(both->cloud_info->remaining_space == 4 && strcmp(both->cloud_info->id, "id") == 0);
    assert_true(both->app_count == 1 && strcmp(both->apps[0]->bundle_name, "com.example") == 0);
    assert_ok(cloudsync_result_free(result));
    assert_ok(cloud_service_get_app_schema(service, "com.example", &result));
    assert_ok(cloudsync_result_app_schema(result, &schema));
    assert_int_equal(schema->version, 9);
    assert_int_equal(schema->databases[0]->tables[0]->fields[0]->type, CLOUDSYNC_FIELD_TYPE_NUMBER);
    assert_ok(cloudsync_result_free(result));
    a_subscription_is_told(service);
    assert_ok(cloud_service_stub_free(service));
    vendor_destroy();
}

static int32_t refuse_switches(void *self, CloudSyncReply *reply) {
    (void)self;
    (void)reply;
    return CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED;
}

/* Nothing is made up where a cloud does not tell its switches. */
static void an_account_without_switches(void **state) {
    (void)state;
    CloudSyncCloudServiceVTable vtable;
    CloudSyncCloudServiceStub *service = NULL;
    CloudSyncResult *result = NULL;
    const CloudSyncCloudInfo *info;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.get_service_info = service_info;
    assert_ok(create_cloud_service_stub(&vtable, NULL, &service));
    assert_ok(cloudsync_cloud_info(service, &result));
    assert_ok(cloudsync_result_cloud_info(result, &info));
    assert_true(info->cloud_info->total_space == 5 && info->app_count == 0);
    assert_ok(cloudsync_result_free(result));
    assert_ok(cloud_service_stub_free(service));

    vtable.get_app_brief_info = refuse_switches;
    assert_ok(create_cloud_service_stub(&vtable, NULL, &service));
    assert_code(cloudsync_cloud_info(service, &result), CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_ok(cloud_service_stub_free(service));
}

/* Answers that cannot be true are errors of their call, and say what is wrong with them. */
static void lies_are_told_apart(void **state) {
    (void)state;
    vendor_init();
    CloudSyncCloudServiceStub *service = whole_service();
    const CloudSyncDatabase database = database_form(NULL, 0);
    CloudSyncCloudDbStub *db = NULL;
    CloudSyncAssetLoaderStub *loader = NULL;
    CloudSyncResult *result = NULL;
    CloudSyncRows *page = NULL;
    assert_ok(cloud_service_connect_db(service, "com.example", &database, &db));
    assert_ok(cloud_service_connect_asset_loader(service, "com.example", &database, &loader));
    assert_ok(cloud_db_generate_id(db, 2, &result));
    assert_ok(cloudsync_result_free(result));
    assert_code(cloud_db_generate_id(db, 3, &result), CLOUDSYNC_E_UNKNOWN);
    last_error_names("the id 'two' is there twice");
    assert_code(cloud_db_generate_id(db, 9, &result), CLOUDSYNC_E_UNKNOWN);
    last_error_names("1 ids for 9");
    assert_code(cloud_db_query(db, "notes", NULL, 0, 1, "", &page), CLOUDSYNC_E_UNKNOWN);
    last_error_names("2 records for 1");
    assert_code(cloud_db_query(db, "notes", NULL, 0, 5, "stuck", &page), CLOUDSYNC_E_UNKNOWN);
    last_error_names("its cursor stands still");
    assert_ok(cloud_db_query(db, "notes", NULL, 0, 5, "", &page));
    assert_ok(cloudsync_rows_free(page));
    assert_code(cloud_db_query(db, "notes", NULL, 0, 5, "on", &page), CLOUDSYNC_E_UNKNOWN);
    last_error_names("listed already");
    assert_ok(asset_loader_stub_free(loader));
    assert_ok(cloud_db_stub_free(db));
    assert_ok(cloud_service_stub_free(service));
    vendor_destroy();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(an_answer_may_come_later_from_another_thread),
        in_scratch(a_reply_that_is_dropped_is_an_error_at_once),
        in_scratch(an_answer_that_is_late_does_nothing),
        in_scratch(a_second_answer_is_refused_and_the_first_holds),
        in_scratch(every_error_code_reaches_the_caller),
        in_scratch(an_error_after_success_is_an_error),
        in_scratch(a_method_that_is_not_there_is_named),
        cmocka_unit_test(a_lock_was_held_or_not),
        in_scratch(an_answer_that_does_not_fit_is_refused),
        in_scratch(a_stub_that_is_freed_during_a_call_lasts_until_its_end),
        in_scratch(destroy_is_called_where_making_fails),
        in_scratch(what_a_method_was_given_lives_until_its_reply),
        in_scratch(bytes_are_read_and_written_in_order),
        in_scratch(bytes_are_out_of_reach_when_the_call_is_over),
        in_scratch(every_kind_of_answer_arrives),
        cmocka_unit_test(an_account_without_switches),
        in_scratch(lies_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
