/* What else callbacks may rely on: no lock of the library is held while one runs, downloads end once each across
 * close, and blocking calls are refused in every kind of function of the host. */
#include "support.h"

#define PHOTOS 30
#define BUNDLE "com.example.notes"

static const char *const granted[] = {"ohos.permission.CLOUDFILE_SYNC"};
static const char uri[] = "file://media/Photo/IMG_0000.jpg";

static char *photo(char *name, unsigned i) {
    snprintf(name, 64, "IMG_%04u.jpg", i);
    return name;
}

static void make_with_bundle(struct device *device, const char *name, int32_t dispatch) {
    char path[PATH_MAX];
    device_make(device, name);
    make_folder(join(path, root, "notes"));
    assert_ok(cloudsync_options_set_bundle_dir(device->options, BUNDLE, path));
    assert_ok(cloudsync_options_set_caller(device->options, BUNDLE, granted, 1, 1));
    assert_ok(cloudsync_options_set_dispatch(device->options, dispatch));
}

/* --- No lock is held -------------------------------------------------------------------------- */

struct held {
    struct gate entered, leave;
    bool late;
};

static void on_completion_held(int32_t code, const char *message, void *user_data) {
    (void)code;
    (void)message;
    struct held *held = (struct held *)user_data;
    gate_raise(&held->entered);
    held->late = !gate_wait_for(&held->leave, 1, PATIENCE_MS);
}

static void on_progress_held(const CloudSyncSyncProgress *event, void *user_data) {
    (void)event;
    struct held *held = (struct held *)user_data;
    if (gate_count(&held->entered) == 0) {
        on_completion_held(0, "", held);
    }
}

/* What may be called from any thread, on the very handles whose callback is inside meanwhile. */
static void everything_else_goes_on(struct device *device) {
    struct progress other;
    CloudSyncGallerySync *gallery = NULL;
    CloudSyncFileSync *files = NULL;
    CloudSyncDownload *download = NULL;
    char text[64];
    int32_t found = -1;
    int64_t time = -1;
    uint64_t count = 0;
    progress_init(&other);
    assert_ok(gallery_sync_register_progress_cb(device->sync, on_progress, &other, on_progress_destroy));
    assert_ok(gallery_sync_unregister_progress_cb(device->sync, on_progress, &other));
    assert_int_equal(gate_count(&other.destroyed), 1);
    assert_ok(gallery_sync_start(device->sync));
    assert_ok(gallery_sync_stop(device->sync));
    assert_ok(gallery_sync_start_async(device->sync, ignore_answer, NULL));
    assert_ok(gallery_sync_new(device->context, &gallery));
    assert_ok(gallery_sync_free(gallery));
    assert_ok(file_sync_new(device->context, BUNDLE, &files));
    assert_ok(file_sync_get_last_sync_time(files, &time));
    assert_ok(file_sync_free(files));
    assert_ok(download_new(device->context, &download));
    assert_ok(download_stop(download, uri));
    assert_ok(download_free(download));
    assert_ok(get_file_sync_state(device->context, uri, &found));
    CloudSyncExplanation explanation = {sizeof explanation, 0, 0, 0, 0, 0};
    assert_ok(cloudsync_explain(device->context, uri, &explanation, text, sizeof text));
    assert_ok(cloudsync_plan_async(device->context, "file://media/Photo", ignore_plan, NULL));
    assert_ok(cloudsync_get_held_deletions(device->context, &count));
    assert_ok(cloudsync_set_log_cb(CLOUDSYNC_LOG_ERROR, NULL, NULL, NULL));
    progress_destroy(&other);
}

struct dispatching {
    CloudSyncContext *context;
    struct gate *end;
};

static void *dispatch_until(void *argument) {
    struct dispatching *dispatching = (struct dispatching *)argument;
    while (gate_count(dispatching->end) == 0) {
        cloudsync_dispatch(dispatching->context, 0, 10);
    }
    return NULL;
}

static void nothing_is_locked(int32_t dispatch, bool completion) {
    struct device device;
    struct held held;
    struct gate end;
    struct dispatching dispatching;
    pthread_t thread;
    make_with_bundle(&device, "held", dispatch);
    write_photo(device.gallery, "IMG_0000.jpg", 5000, 1);
    device_open(&device);
    gate_init(&held.entered);
    gate_init(&held.leave);
    gate_init(&end);
    dispatching.context = device.context;
    dispatching.end = &end;
    if (dispatch == CLOUDSYNC_DISPATCH_HOST) {
        assert_int_equal(pthread_create(&thread, NULL, dispatch_until, &dispatching), 0);
    }
    assert_ok(gallery_sync_start(device.sync)); /* so that the photo is known */
    gate_wait(&device.progress.finals, 1);
    if (completion) {
        assert_ok(gallery_sync_stop_async(device.sync, on_completion_held, &held));
    } else {
        assert_ok(gallery_sync_register_progress_cb(device.sync, on_progress_held, &held, NULL));
        assert_ok(gallery_sync_start(device.sync));
    }
    gate_wait(&held.entered, 1);
    everything_else_goes_on(&device);
    gate_raise(&held.leave);
    gate_wait(&device.progress.finals, 2); /* what came meanwhile is told afterwards */
    gate_raise(&end);
    if (dispatch == CLOUDSYNC_DISPATCH_HOST) {
        pthread_join(thread, NULL);
    }
    device_free(&device);
    assert_false(held.late);
    gate_destroy(&held.entered);
    gate_destroy(&held.leave);
    gate_destroy(&end);
}

static void in_a_completion_on_the_librarys_thread(void **state) {
    (void)state;
    nothing_is_locked(CLOUDSYNC_DISPATCH_THREAD, true);
}

static void in_a_completion_on_the_hosts_thread(void **state) {
    (void)state;
    nothing_is_locked(CLOUDSYNC_DISPATCH_HOST, true);
}

static void in_progress_on_the_librarys_thread(void **state) {
    (void)state;
    nothing_is_locked(CLOUDSYNC_DISPATCH_THREAD, false);
}

static void in_progress_on_the_hosts_thread(void **state) {
    (void)state;
    nothing_is_locked(CLOUDSYNC_DISPATCH_HOST, false);
}

/* --- Downloads across close ------------------------------------------------------------------- */

struct ends {
    unsigned of[PHOTOS];
    struct gate all;
};

static void on_download_end(const CloudSyncDownloadProgress *event, void *user_data) {
    struct ends *ends = (struct ends *)user_data;
    unsigned i = 0;
    if (event->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING &&
        sscanf(event->uri, "file://media/Photo/IMG_%4u", &i) == 1 && i < PHOTOS) {
        ends->of[i]++;
        gate_raise(&ends->all);
    }
}

static void downloads_end_once(int32_t dispatch) {
    struct device other, device;
    struct ends ends;
    CloudSyncDownload *download = NULL;
    char name[64], photo_uri[128];
    device_make(&other, "other");
    for (unsigned i = 0; i < PHOTOS; i++) {
        write_photo(other.gallery, photo(name, i), 300000, i);
    }
    device_open(&other);
    device_sync(&other);
    device_free(&other);

    make_with_bundle(&device, "device", CLOUDSYNC_DISPATCH_THREAD);
    assert_ok(cloudsync_options_set_download_policy(device.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&device);
    device_sync(&device);
    device_close(&device);
    assert_ok(cloudsync_options_set_dispatch(device.options, dispatch));
    device_open(&device);
    memset(&ends, 0, sizeof ends);
    gate_init(&ends.all);
    assert_ok(download_new(device.context, &download));
    assert_ok(download_register_progress_cb(download, on_download_end, &ends, NULL));
    for (unsigned i = 0; i < PHOTOS; i++) {
        snprintf(photo_uri, sizeof photo_uri, "file://media/Photo/%s", photo(name, i));
        assert_ok(download_start(download, photo_uri));
    }
    assert_ok(cloudsync_close(device.context));
    assert_int_equal(gate_count(&ends.all), PHOTOS);
    device.context = NULL;
    assert_ok(download_free(download));
    for (unsigned i = 0; i < PHOTOS; i++) {
        assert_int_equal(ends.of[i], 1);
        assert_true(!file_exists(device.gallery, photo(name, i)) ||
                    is_photo(device.gallery, name, 300000, i));
    }
    device_free(&device);
    gate_destroy(&ends.all);
}

static void downloads_end_once_with_the_librarys_thread(void **state) {
    (void)state;
    downloads_end_once(CLOUDSYNC_DISPATCH_THREAD);
}

static void downloads_end_once_with_the_hosts_thread(void **state) {
    (void)state;
    downloads_end_once(CLOUDSYNC_DISPATCH_HOST);
}

/* --- Blocking calls --------------------------------------------------------------------------- */

struct blocking {
    CloudSyncContext *context;
    CloudSyncGallerySync *gallery;
    CloudSyncFileSync *files;
    CloudSyncDownload *download;
    CloudSyncCloudFileCache *cache;
    struct gate refused;
    bool allowed;
    int armed; /* the vtable's next call is the one that blocks: it is called all the time */
};

static void blocks(struct blocking *blocking, const char *call, int32_t code) {
    note_answer(call, code);
    blocking->allowed |= code != CLOUDSYNC_E_DEADLOCK;
}

#define BLOCKS(call) blocks(blocking, #call, call)

static void call_what_blocks(struct blocking *blocking) {
    CloudSyncPlan *plan = NULL;
    const char *const uris[] = {uri};
    int64_t task;
    CloudSyncOptimizeSpaceParam param = {sizeof param, 0, 0};
    BLOCKS(gallery_sync_start(blocking->gallery));
    BLOCKS(gallery_sync_stop(blocking->gallery));
    BLOCKS(file_sync_start(blocking->files));
    BLOCKS(file_sync_stop(blocking->files));
    BLOCKS(download_start(blocking->download, uri));
    BLOCKS(download_stop(blocking->download, uri));
    BLOCKS(cloud_file_cache_start(blocking->cache, uri));
    BLOCKS(cloud_file_cache_stop(blocking->cache, uri, 0));
    BLOCKS(cloud_file_cache_start_batch(blocking->cache, uris, 1, CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT, &task));
    BLOCKS(cloud_file_cache_stop_batch(blocking->cache, 0, 0));
    BLOCKS(cloud_file_cache_clean_cache(blocking->cache, uri));
    BLOCKS(cloud_file_cache_clean_file_cache(blocking->cache, uri));
    BLOCKS(optimize_storage(blocking->context));
    BLOCKS(start_optimize_space(blocking->context, &param, ignore_optimize, NULL));
    BLOCKS(cloudsync_pin(blocking->context, uri, 1));
    BLOCKS(cloudsync_remove(blocking->context, uri));
    BLOCKS(cloudsync_restore(blocking->context, uri));
    BLOCKS(cloudsync_plan(blocking->context, "file://media/Photo", &plan));
    BLOCKS(cloudsync_report_view(blocking->context, uri, 1));
    BLOCKS(cloud_sync_manager_enable_cloud(blocking->context, "a", NULL, NULL, 0));
    BLOCKS(cloud_sync_manager_disable_cloud(blocking->context, "a"));
    BLOCKS(cloud_sync_manager_change_app_cloud_switch(blocking->context, "a", "com.ohos.medialibrary", 1));
    BLOCKS(cloud_sync_manager_clean(blocking->context, "a", NULL, NULL, 0));
    BLOCKS(cloud_sync_manager_notify_data_change(blocking->context, "a", "com.ohos.medialibrary"));
    BLOCKS(cloudsync_close(blocking->context));
    gate_raise(&blocking->refused);
}

static void block_in_progress(const CloudSyncSyncProgress *event, void *user_data) {
    (void)event;
    call_what_blocks((struct blocking *)user_data);
}

static void block_in_a_download(const CloudSyncDownloadProgress *event, void *user_data) {
    (void)event;
    call_what_blocks((struct blocking *)user_data);
}

static void block_in_a_time(int32_t code, const char *message, int64_t time_ms, void *user_data) {
    ignore_time(code, message, time_ms, NULL);
    call_what_blocks((struct blocking *)user_data);
}

static void block_in_states(int32_t code, const char *message, const int32_t *states, size_t n,
                            void *user_data) {
    ignore_states(code, message, states, n, NULL);
    call_what_blocks((struct blocking *)user_data);
}

static void block_in_a_destroy(void *user_data) {
    call_what_blocks((struct blocking *)user_data);
}

static int32_t block_in_a_vtable(void *self, int32_t *wifi, int32_t *mobile) {
    struct blocking *blocking = (struct blocking *)self;
    if (__atomic_exchange_n(&blocking->armed, 0, __ATOMIC_SEQ_CST) != 0) {
        call_what_blocks(blocking);
    }
    *wifi = 1;
    *mobile = 0;
    return 0;
}

static int32_t nothing_of_it(void *self, int32_t *percent, int32_t *charging) {
    (void)self;
    *percent = -1;
    *charging = 0;
    return 0;
}

static int32_t no_heat(void *self, int32_t *heat) {
    (void)self;
    *heat = CLOUDSYNC_HEAT_NORMAL;
    return 0;
}

static void was_refused(struct blocking *blocking, unsigned before) {
    gate_wait(&blocking->refused, before + 1);
    assert_false(blocking->allowed);
}

static void blocking_calls_are_refused(void **state) {
    (void)state;
    struct device device;
    struct blocking blocking;
    CloudSyncDeviceVTable vtable;
    const char *const uris[] = {uri};
    make_with_bundle(&device, "blocking", CLOUDSYNC_DISPATCH_THREAD);
    write_photo(device.gallery, "IMG_0000.jpg", 5000, 1);
    memset(&blocking, 0, sizeof blocking);
    gate_init(&blocking.refused);
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.self = &blocking;
    vtable.network = block_in_a_vtable;
    vtable.battery = nothing_of_it;
    vtable.heat = no_heat;
    assert_ok(cloudsync_options_set_device(device.options, &vtable));
    device_open(&device);
    device_sync(&device);
    blocking.context = device.context;
    blocking.gallery = device.sync;
    assert_ok(file_sync_new(device.context, BUNDLE, &blocking.files));
    assert_ok(download_new(device.context, &blocking.download));
    assert_ok(cloud_file_cache_new(device.context, &blocking.cache));

    assert_ok(file_sync_get_last_sync_time_async(blocking.files, block_in_a_time, &blocking));
    was_refused(&blocking, 0);
    assert_ok(get_file_sync_states_async(device.context, uris, 1, block_in_states, &blocking));
    was_refused(&blocking, 1);
    assert_ok(download_register_progress_cb(blocking.download, block_in_a_download, &blocking, NULL));
    assert_ok(download_start(blocking.download, uri));
    was_refused(&blocking, 2);
    assert_ok(download_unregister_progress_cb(blocking.download, NULL, NULL));
    unsigned before = gate_count(&blocking.refused);
    assert_ok(file_sync_register_progress_cb(blocking.files, block_in_progress, &blocking, NULL));
    assert_ok(file_sync_start(blocking.files));
    was_refused(&blocking, before);
    assert_ok(file_sync_unregister_progress_cb(blocking.files, NULL, NULL));
    before = gate_count(&blocking.refused);
    assert_ok(gallery_sync_register_progress_cb(device.sync, ignore_progress, &blocking, block_in_a_destroy));
    assert_ok(gallery_sync_unregister_progress_cb(device.sync, ignore_progress, &blocking));
    assert_int_equal(gate_count(&blocking.refused), before + 1);
    assert_false(blocking.allowed);

    __atomic_store_n(&blocking.armed, 1, __ATOMIC_SEQ_CST);
    device_sync(&device);
    was_refused(&blocking, before + 1);
    assert_ok(download_free(blocking.download));
    assert_ok(file_sync_free(blocking.files));
    device_free(&device);
    gate_destroy(&blocking.refused);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(in_a_completion_on_the_librarys_thread),
        in_scratch(in_a_completion_on_the_hosts_thread),
        in_scratch(in_progress_on_the_librarys_thread),
        in_scratch(in_progress_on_the_hosts_thread),
        in_scratch(downloads_end_once_with_the_librarys_thread),
        in_scratch(downloads_end_once_with_the_hosts_thread),
        in_scratch(blocking_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
