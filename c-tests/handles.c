/* A handle that was freed, is of another kind, or never was one answers 401: never a crash, from any
 * number of threads. */
#include "support.h"

static const char uri[] = "file://media/Photo/a.jpg";

/* What a thread may count, because cmocka's assertions are for the test's own thread. */
static unsigned wrong_answers;

static void bad(int32_t code) {
    if (code != CLOUDSYNC_E_INVALID_ARGUMENT) {
        __atomic_add_fetch(&wrong_answers, 1, __ATOMIC_SEQ_CST);
    }
}

/* Uses a value that is no handle of the kind, in every function of the kind. */
static void use_as_options(void *value) {
    CloudSyncOptions *options = (CloudSyncOptions *)value;
    CloudSyncContext *context = NULL;
    CloudSyncDeviceVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    bad(cloudsync_options_set_state_dir(options, "/tmp"));
    bad(cloudsync_options_set_gallery_dir(options, "/tmp"));
    bad(cloudsync_options_set_bundle_dir(options, "com.example.files", "/tmp"));
    bad(cloudsync_options_set_caller(options, "bundle", NULL, 0, 1));
    bad(cloudsync_options_set_device_name(options, "name"));
    bad(cloudsync_options_set_transfer_threads(options, 4));
    bad(cloudsync_options_set_download_policy(options, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS));
    bad(cloudsync_options_set_dispatch(options, CLOUDSYNC_DISPATCH_THREAD));
    bad(cloudsync_options_set_deletion_hold(options, 50, 25));
    bad(cloudsync_options_set_battery_marks(options, 15, 10));
    bad(cloudsync_options_set_upload_on_wifi_only(options, 0));
    bad(cloudsync_options_set_auto_sync(options, 0));
    bad(cloudsync_options_add_filter(options, CLOUDSYNC_FILTER_EXCLUDE, "*.raw"));
    bad(cloudsync_options_set_max_file_size(options, 1));
    bad(cloudsync_options_set_bandwidth_limits(options, 0, 0));
    bad(cloudsync_options_set_previews(options, 0));
    bad(cloudsync_options_set_state_attributes(options, 0));
    bad(cloudsync_options_set_device(options, &vtable));
    bad(cloudsync_open(options, &context));
    bad(cloudsync_options_free(options));
}

static void use_for_sharing(CloudSyncContext *context);

static void use_as_context(void *value) {
    CloudSyncContext *context = (CloudSyncContext *)value;
    CloudSyncGallerySync *sync = NULL;
    CloudSyncFileSync *files = NULL;
    CloudSyncDownload *download = NULL;
    CloudSyncPage *page = NULL;
    const char *const uris[] = {uri};
    int32_t found;
    uint64_t held;
    size_t size;
    bad(gallery_sync_new(context, &sync));
    bad(file_sync_new(context, "com.example.files", &files));
    bad(download_new(context, &download));
    CloudSyncCloudFileCache *cache = NULL;
    bad(cloud_file_cache_new(context, &cache));
    bad(cloudsync_dispatch(context, 0, 0));
    bad(-cloudsync_event_fd(context));
    bad(cloudsync_set_auto_sync(context, NULL, 0));
    bad(cloudsync_conditions_changed(context));
    bad(cloudsync_report_view(context, "file://media/Photo/a.jpg", 0));
    bad(cloudsync_set_bandwidth_limits(context, 0, 0));
    bad(cloudsync_get_held_deletions(context, &held));
    bad(cloudsync_answer_held_deletions(context, 0));
    CloudSyncExplanation explanation = {sizeof explanation, 0, 0, 0, 0, 0};
    CloudSyncPlan *plan = NULL;
    bad(cloudsync_explain(context, uri, &explanation, NULL, 0));
    bad(cloudsync_remove(context, uri));
    bad(cloudsync_remove_async(context, uri, ignore_answer, NULL));
    bad(cloudsync_restore(context, uri));
    bad(cloudsync_restore_async(context, uri, ignore_answer, NULL));
    use_for_sharing(context);
    bad(cloudsync_plan(context, uri, &plan));
    bad(cloudsync_plan_async(context, uri, ignore_plan, NULL));
    assert_null(plan);
    bad(cloudsync_preview_path(context, uri, CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD, NULL, 0, &size));
    bad(get_file_sync_state(context, uri, &found));
    bad(cloudsync_list(context, "file://media/Photo", 1, NULL, 1, &page));
    CloudSyncTrashPage *trash = NULL;
    bad(cloudsync_list_trash(context, "file://media/Photo", NULL, 1, &trash));
    assert_null(trash);
    bad(register_change(context, "file://media/Photo", 1, ignore_change, NULL, NULL));
    bad(unregister_change(context, "file://media/Photo"));
    bad(get_core_file_sync_state(context, uri, &found));
    bad(get_file_sync_states(context, uris, 1, &found));
    bad(get_file_sync_states_async(context, uris, 1, ignore_states, NULL));
    bad(cloudsync_close(context));
}

static void use_as_gallery_sync(void *value) {
    CloudSyncGallerySync *sync = (CloudSyncGallerySync *)value;
    bad(gallery_sync_register_progress_cb(sync, ignore_progress, NULL, NULL));
    bad(gallery_sync_unregister_progress_cb(sync, NULL, NULL));
    bad(gallery_sync_start(sync));
    bad(gallery_sync_start_async(sync, ignore_answer, NULL));
    bad(gallery_sync_stop(sync));
    bad(gallery_sync_stop_async(sync, ignore_answer, NULL));
    bad(gallery_sync_free(sync));
}

static void use_as_file_sync(void *value) {
    CloudSyncFileSync *files = (CloudSyncFileSync *)value;
    int64_t time;
    bad(file_sync_register_progress_cb(files, ignore_progress, NULL, NULL));
    bad(file_sync_unregister_progress_cb(files, NULL, NULL));
    bad(file_sync_start(files));
    bad(file_sync_start_async(files, ignore_answer, NULL));
    bad(file_sync_stop(files));
    bad(file_sync_stop_async(files, ignore_answer, NULL));
    bad(file_sync_get_last_sync_time(files, &time));
    bad(file_sync_get_last_sync_time_async(files, ignore_time, NULL));
    bad(file_sync_free(files));
}

static void use_as_download(void *value) {
    CloudSyncDownload *download = (CloudSyncDownload *)value;
    bad(download_register_progress_cb(download, ignore_download, NULL, NULL));
    bad(download_unregister_progress_cb(download, NULL, NULL));
    bad(download_start(download, uri));
    bad(download_start_async(download, uri, ignore_answer, NULL));
    bad(download_stop(download, uri));
    bad(download_stop_async(download, uri, ignore_answer, NULL));
    bad(download_free(download));
}

static void use_as_cloud_file_cache(void *value) {
    CloudSyncCloudFileCache *cache = (CloudSyncCloudFileCache *)value;
    const char *const uris[] = {uri};
    int64_t task;
    bad(cloud_file_cache_register_progress_cb(cache, ignore_download, NULL, NULL));
    bad(cloud_file_cache_unregister_progress_cb(cache, NULL, NULL));
    bad(cloud_file_cache_register_batch_download_cb(cache, ignore_batch, NULL, NULL));
    bad(cloud_file_cache_unregister_batch_download_cb(cache, NULL, NULL));
    bad(cloud_file_cache_start(cache, uri));
    bad(cloud_file_cache_start_async(cache, uri, ignore_answer, NULL));
    bad(cloud_file_cache_stop(cache, uri, 0));
    bad(cloud_file_cache_stop_async(cache, uri, 0, ignore_answer, NULL));
    bad(cloud_file_cache_start_batch(cache, uris, 1, 0, &task));
    bad(cloud_file_cache_start_batch_async(cache, uris, 1, 0, ignore_task, NULL));
    bad(cloud_file_cache_stop_batch(cache, 1, 0));
    bad(cloud_file_cache_stop_batch_async(cache, 1, 0, ignore_answer, NULL));
    bad(cloud_file_cache_free(cache));
}

static void use_as_stub(void *value) {
    CloudSyncCloudServiceStub *stub = (CloudSyncCloudServiceStub *)value;
    CloudSyncOptions *options = NULL;
    cloudsync_options_new(&options);
    bad(cloudsync_options_set_cloud(options, stub));
    cloudsync_options_free(options);
    CloudSyncCloudServer *server = NULL;
    bad(cloudsync_serve(stub, "unix:/tmp/none", &server));
    CloudSyncResult *result = NULL;
    bad(cloudsync_cloud_info(stub, &result));
    bad(cloud_service_stub_free(stub));
}

static void use_as_server(void *value) {
    bad(cloudsync_cloud_server_free((CloudSyncCloudServer *)value));
}

static void use_as_db(void *value) {
    CloudSyncCloudDbStub *db = (CloudSyncCloudDbStub *)value;
    CloudSyncResult *result = NULL;
    CloudSyncRows *rows = NULL;
    CloudSyncLockInfo lock;
    uint32_t bits;
    memset(&lock, 0, sizeof lock);
    lock.struct_size = sizeof lock;
    bad(cloudsync_cloud_db_capabilities(db, &bits));
    bad(cloud_db_generate_id(db, 1, &result));
    bad(cloud_db_insert(db, "t", NULL, &rows));
    bad(cloud_db_query(db, "t", NULL, 0, 1, "", &rows));
    bad(cloud_db_lock(db, &lock));
    bad(cloud_db_heartbeat(db, 1, &lock));
    bad(cloud_db_unlock(db, 1, NULL));
    bad(cloudsync_reply_cloud_db(NULL, db));
    bad(cloud_db_stub_free(db));
}

static void use_as_loader(void *value) {
    CloudSyncAssetLoaderStub *loader = (CloudSyncAssetLoaderStub *)value;
    CloudSyncResult *result = NULL;
    bad(asset_loader_upload(loader, "t", "g", NULL, 0, &result));
    bad(asset_loader_download(loader, "t", "g", "", NULL, 0, &result));
    bad(asset_loader_stub_free(loader));
}

static void use_as_share_center(void *value) {
    CloudSyncShareServiceStub *stub = (CloudSyncShareServiceStub *)value;
    CloudSyncResult *result = NULL;
    bad(share_center_alloc_resource(stub, 0, "b", "d", "t", "i", &result));
    bad(share_center_share(stub, 0, "b", "r", NULL, 0, &result));
    bad(share_center_unshare(stub, 0, "b", "r", NULL, 0, &result));
    bad(share_center_change_privilege(stub, 0, "b", "r", NULL, 0, &result));
    bad(share_center_exit(stub, 0, "b", "r"));
    bad(share_center_query_participants(stub, 0, "b", "r", &result));
    bad(share_center_query_participants_by_invitation(stub, 0, "b", "c", &result));
    bad(share_center_confirm_invitation(stub, 0, "b", "c", CLOUDSYNC_STATE_ACCEPTED, &result));
    bad(share_center_change_confirmation(stub, 0, "b", "r", CLOUDSYNC_STATE_ACCEPTED));
    bad(cloudsync_reply_share_center(NULL, stub));
    bad(share_service_stub_free(stub));
}

static void ignore_shared(int32_t code, const char *message, int32_t sharing_code, CloudSyncResult *result,
                          void *user_data) {
    (void)code, (void)message, (void)sharing_code, (void)result, (void)user_data;
}

/* The calls of sharing of what is no context. */
static void use_for_sharing(CloudSyncContext *context) {
    CloudSyncResult *result = NULL;
    bad(cloudsync_sharing_resource(context, uri, &result));
    bad(cloudsync_sharing_resource_async(context, uri, ignore_shared, NULL));
    bad(sharing_share(context, "r", NULL, 0, &result));
    bad(sharing_share_async(context, "r", NULL, 0, ignore_shared, NULL));
    bad(sharing_unshare(context, "r", NULL, 0, &result));
    bad(sharing_unshare_async(context, "r", NULL, 0, ignore_shared, NULL));
    bad(sharing_change_privilege(context, "r", NULL, 0, &result));
    bad(sharing_change_privilege_async(context, "r", NULL, 0, ignore_shared, NULL));
    bad(sharing_exit(context, "r"));
    bad(sharing_exit_async(context, "r", ignore_shared, NULL));
    bad(sharing_query_participants(context, "r", &result));
    bad(sharing_query_participants_async(context, "r", ignore_shared, NULL));
    bad(sharing_query_participants_by_invitation(context, "c", &result));
    bad(sharing_query_participants_by_invitation_async(context, "c", ignore_shared, NULL));
    bad(sharing_confirm_invitation(context, "c", CLOUDSYNC_STATE_ACCEPTED, &result));
    bad(sharing_confirm_invitation_async(context, "c", CLOUDSYNC_STATE_ACCEPTED, ignore_shared, NULL));
    bad(sharing_change_confirmation(context, "r", CLOUDSYNC_STATE_ACCEPTED));
    bad(sharing_change_confirmation_async(context, "r", CLOUDSYNC_STATE_ACCEPTED, ignore_shared, NULL));
}

static void use_as_rows(void *value) {
    CloudSyncRows *rows = (CloudSyncRows *)value;
    size_t n;
    bad(cloudsync_rows_add(rows, NULL));
    bad(cloudsync_rows_set_number(rows, "a", 1));
    bad(cloudsync_rows_set_page(rows, "", 0));
    bad(cloudsync_rows_count(rows, &n));
    bad(cloudsync_rows_free(rows));
}

/* What a vendor's method is given, and a caller gets. */
static void use_as_result(void *value) {
    const CloudSyncServiceInfo *info;
    size_t n;
    bad(cloudsync_transfers_count((CloudSyncTransfers *)value, &n));
    bad(cloudsync_reply_fail((CloudSyncReply *)value, 1, ""));
    bad(cloudsync_reply_drop((CloudSyncReply *)value));
    bad(cloudsync_change_listener_tell((CloudSyncChangeListener *)value, "b"));
    bad(cloudsync_change_listener_free((CloudSyncChangeListener *)value));
    bad(cloudsync_result_service_info((CloudSyncResult *)value, &info));
    bad(cloudsync_result_free((CloudSyncResult *)value));
}

enum kind {
    OPTIONS,
    CONTEXT,
    GALLERY_SYNC,
    FILE_SYNC,
    DOWNLOAD,
    CACHE,
    STUB,
    DB,
    LOADER,
    SHARE_CENTER,
    ROWS,
    RESULT,
    SERVER,
    KINDS
};
static void (*const use_as[KINDS])(void *) = {use_as_options, use_as_context, use_as_gallery_sync,
                                              use_as_file_sync, use_as_download, use_as_cloud_file_cache,
                                              use_as_stub, use_as_db, use_as_loader, use_as_share_center,
                                              use_as_rows, use_as_result, use_as_server};

/* One living handle of each kind. */
struct living {
    struct device device;
    CloudSyncFileSync *files;
    CloudSyncDownload *download;
    CloudSyncCloudFileCache *cache;
    CloudSyncCloudServiceStub *stub;
    CloudSyncShareServiceStub *share_center;
    CloudSyncCloudDbStub *db;
    CloudSyncAssetLoaderStub *loader;
    CloudSyncRows *rows;
    CloudSyncResult *result;
    CloudSyncCloudServer *server;
    void *handles[KINDS];
};

static void living_make(struct living *living, const char *name) {
    char path[PATH_MAX];
    device_make(&living->device, name);
    make_folder(join(path, root, "files"));
    assert_ok(cloudsync_options_set_bundle_dir(living->device.options, "com.example.files", path));
    device_open(&living->device);
    assert_ok(file_sync_new(living->device.context, "com.example.files", &living->files));
    assert_ok(download_new(living->device.context, &living->download));
    assert_ok(cloud_file_cache_new(living->device.context, &living->cache));
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &living->stub));
    living->handles[OPTIONS] = living->device.options;
    living->handles[CONTEXT] = living->device.context;
    living->handles[GALLERY_SYNC] = living->device.sync;
    living->handles[FILE_SYNC] = living->files;
    living->handles[DOWNLOAD] = living->download;
    living->handles[CACHE] = living->cache;
    living->handles[STUB] = living->stub;
    CloudSyncDatabase database;
    memset(&database, 0, sizeof database);
    database.struct_size = sizeof database;
    database.name = database.alias = "db";
    assert_ok(cloud_service_connect_db(living->stub, "b", &database, &living->db));
    assert_ok(cloud_service_connect_asset_loader(living->stub, "b", &database, &living->loader));
    assert_ok(cloud_service_connect_share_center(living->stub, 0, "b", &living->share_center));
    living->handles[SHARE_CENTER] = living->share_center;
    assert_ok(cloudsync_rows_new(&living->rows));
    assert_ok(cloud_service_get_service_info(living->stub, &living->result));
    living->handles[DB] = living->db;
    living->handles[LOADER] = living->loader;
    living->handles[ROWS] = living->rows;
    living->handles[RESULT] = living->result;
    snprintf(path, sizeof path, "unix:%s/socket", root);
    assert_ok(cloudsync_serve(living->stub, path, &living->server));
    living->handles[SERVER] = living->server;
}

static void living_free_cloud(struct living *living) {
    assert_ok(cloud_service_stub_free(living->stub));
    assert_ok(cloud_db_stub_free(living->db));
    assert_ok(asset_loader_stub_free(living->loader));
    assert_ok(share_service_stub_free(living->share_center));
    assert_ok(cloudsync_rows_free(living->rows));
    assert_ok(cloudsync_result_free(living->result));
    assert_ok(cloudsync_cloud_server_free(living->server));
}

static void living_free(struct living *living) {
    assert_ok(file_sync_free(living->files));
    assert_ok(download_free(living->download));
    assert_ok(cloud_file_cache_free(living->cache));
    living_free_cloud(living);
    device_free(&living->device);
}

static void freed_handles(void **state) {
    (void)state;
    struct living living;
    living_make(&living, "freed");
    living_free(&living);
    for (int kind = 0; kind < KINDS; kind++) {
        use_as[kind](living.handles[kind]);
        use_as[kind](living.handles[kind]); /* its own free was a second one already; a third */
    }
    assert_int_equal(wrong_answers, 0);
}

static void handles_of_another_kind(void **state) {
    (void)state;
    struct living living;
    living_make(&living, "kinds");
    for (int kind = 0; kind < KINDS; kind++) {
        for (int other = 0; other < KINDS; other++) {
            if (other != kind) {
                use_as[kind](living.handles[other]);
            }
        }
    }
    assert_int_equal(wrong_answers, 0);
    living_free(&living); /* they are all alive still */
}

static void invented_handles(void **state) {
    (void)state;
    struct living living;
    living_make(&living, "invented");
    int local = 0;
    void *memory = malloc(4096);
    const uintptr_t values[] = {
        1, 7, 8, 4096, UINTPTR_MAX, UINTPTR_MAX - 7, (uintptr_t)1 << 63, (uintptr_t)&local,
        (uintptr_t)memory, (uintptr_t)invented_handles, (uintptr_t)uri,
        (uintptr_t)living.stub + 8, (uintptr_t)living.stub - 8, (uintptr_t)living.stub + 1,
        (uintptr_t)living.stub ^ ((uintptr_t)1 << 40),
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        use_as_stub((void *)values[i]);
    }
    uint64_t random = 1;
    for (int i = 0; i < 300; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        for (int kind = 0; kind < KINDS; kind++) {
            void *value = (void *)(uintptr_t)random;
            bool lives = false;
            for (int other = 0; other < KINDS; other++) {
                lives |= living.handles[other] == value;
            }
            if (!lives) {
                use_as[kind](value);
            }
        }
    }
    free(memory);
    assert_int_equal(wrong_answers, 0);
    living_free(&living);
}

#define THREADS 8
#define ROUNDS 100

static pthread_barrier_t barrier;
static CloudSyncOptions *raced[ROUNDS];
static unsigned freed_by_someone[ROUNDS];

static void *free_the_same(void *unused) {
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&barrier);
        cloudsync_options_set_transfer_threads(raced[i], 3); /* alive or not, as the race goes */
        if (cloudsync_options_free(raced[i]) == CLOUDSYNC_OK) {
            __atomic_add_fetch(&freed_by_someone[i], 1, __ATOMIC_SEQ_CST);
        }
        bad(cloudsync_options_free(raced[i]));
    }
    return NULL;
}

static void of_many_threads_that_free_a_handle_one_does(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < ROUNDS; i++) {
        assert_ok(cloudsync_options_new(&raced[i]));
    }
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, free_the_same, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&barrier);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(freed_by_someone[i], 1);
    }
    assert_int_equal(wrong_answers, 0);
}

static void *use_while_another_frees(void *living) {
    struct living *used = (struct living *)living;
    int32_t found;
    for (int i = 0; i < ROUNDS; i++) {
        int32_t code = get_file_sync_state(used->device.context, uri, &found);
        if (code == CLOUDSYNC_E_INNER) {
            bad(code);
        }
        gallery_sync_register_progress_cb(used->device.sync, ignore_progress, NULL, NULL);
        gallery_sync_unregister_progress_cb(used->device.sync, ignore_progress, NULL);
        download_stop(used->download, uri);
    }
    return NULL;
}

static void freeing_while_others_use(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    struct living living;
    living_make(&living, "used");
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_while_another_frees, &living), 0);
    }
    assert_ok(gallery_sync_free(living.device.sync));
    assert_ok(download_free(living.download));
    assert_ok(cloud_file_cache_free(living.cache));
    assert_ok(cloudsync_close(living.device.context));
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(wrong_answers, 0);
    living_free_cloud(&living);
    assert_ok(cloudsync_options_free(living.device.options));
    progress_destroy(&living.device.progress);
}

static void a_value_never_comes_again(void **state) {
    (void)state;
    enum { MANY = 1000 };
    static CloudSyncOptions *seen[MANY];
    for (int i = 0; i < MANY; i++) {
        assert_ok(cloudsync_options_new(&seen[i]));
        assert_ok(cloudsync_options_free(seen[i]));
    }
    CloudSyncOptions *fresh = NULL;
    assert_ok(cloudsync_options_new(&fresh));
    for (int i = 0; i < MANY; i++) {
        assert_ptr_not_equal(seen[i], fresh);
        assert_code(cloudsync_options_free(seen[i]), CLOUDSYNC_E_INVALID_ARGUMENT);
    }
    assert_ok(cloudsync_options_free(fresh));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(freed_handles),
        in_scratch(handles_of_another_kind),
        in_scratch(invented_handles),
        in_scratch(of_many_threads_that_free_a_handle_one_does),
        in_scratch(freeing_while_others_use),
        in_scratch(a_value_never_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
