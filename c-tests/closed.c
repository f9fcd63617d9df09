/* What was made with a context outlives it, and answers 13600001: nothing waits, and nothing is called. */
#include "support.h"

#define BUNDLE "com.example.notes"

static const char uri[] = "file://media/Photo/a.jpg";
static const char *const uris[] = {uri};

struct objects {
    struct device device;
    CloudSyncFileSync *files;
    CloudSyncDownload *download;
    CloudSyncCloudFileCache *cache;
};

static void make_closed(struct objects *made) {
    char path[PATH_MAX];
    device_make(&made->device, "device");
    make_folder(join(path, root, "notes"));
    assert_ok(cloudsync_options_set_bundle_dir(made->device.options, BUNDLE, path));
    device_open(&made->device);
    assert_ok(file_sync_new(made->device.context, BUNDLE, &made->files));
    assert_ok(download_new(made->device.context, &made->download));
    assert_ok(cloud_file_cache_new(made->device.context, &made->cache));
    assert_ok(cloudsync_close(made->device.context));
    made->device.context = NULL;
}

static void free_objects(struct objects *made) {
    assert_ok(file_sync_free(made->files));
    assert_ok(download_free(made->download));
    assert_ok(cloud_file_cache_free(made->cache));
    device_free(&made->device);
}

#define CLOSED(call) assert_code(call, CLOUDSYNC_E_IPC)

static void syncing(void **state) {
    (void)state;
    struct objects made;
    int64_t time;
    make_closed(&made);
    CLOSED(gallery_sync_register_progress_cb(made.device.sync, ignore_progress, NULL, NULL));
    CLOSED(gallery_sync_start(made.device.sync));
    CLOSED(gallery_sync_start_async(made.device.sync, ignore_answer, NULL));
    CLOSED(gallery_sync_stop(made.device.sync));
    CLOSED(gallery_sync_stop_async(made.device.sync, ignore_answer, NULL));
    CLOSED(file_sync_register_progress_cb(made.files, ignore_progress, NULL, NULL));
    CLOSED(file_sync_start(made.files));
    CLOSED(file_sync_start_async(made.files, ignore_answer, NULL));
    CLOSED(file_sync_stop(made.files));
    CLOSED(file_sync_stop_async(made.files, ignore_answer, NULL));
    CLOSED(file_sync_get_last_sync_time(made.files, &time));
    CLOSED(file_sync_get_last_sync_time_async(made.files, ignore_time, NULL));
    free_objects(&made);
}

static void fetching(void **state) {
    (void)state;
    struct objects made;
    int64_t task;
    make_closed(&made);
    CLOSED(download_register_progress_cb(made.download, ignore_download, NULL, NULL));
    CLOSED(download_start(made.download, uri));
    CLOSED(download_start_async(made.download, uri, ignore_answer, NULL));
    CLOSED(download_stop(made.download, uri));
    CLOSED(download_stop_async(made.download, uri, ignore_answer, NULL));
    CLOSED(cloud_file_cache_register_progress_cb(made.cache, ignore_download, NULL, NULL));
    CLOSED(cloud_file_cache_register_batch_download_cb(made.cache, ignore_batch, NULL, NULL));
    CLOSED(cloud_file_cache_start(made.cache, uri));
    CLOSED(cloud_file_cache_start_async(made.cache, uri, ignore_answer, NULL));
    CLOSED(cloud_file_cache_stop(made.cache, uri, 0));
    CLOSED(cloud_file_cache_stop_async(made.cache, uri, 0, ignore_answer, NULL));
    CLOSED(cloud_file_cache_start_batch(made.cache, uris, 1, CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT, &task));
    CLOSED(cloud_file_cache_start_batch_async(made.cache, uris, 1, CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT, ignore_task,
                                              NULL));
    CLOSED(cloud_file_cache_stop_batch(made.cache, 0, 0));
    CLOSED(cloud_file_cache_stop_batch_async(made.cache, 0, 0, ignore_answer, NULL));
    CLOSED(cloud_file_cache_clean_cache(made.cache, uri));
    CLOSED(cloud_file_cache_clean_file_cache(made.cache, uri));
    free_objects(&made);
}

/* The context's own handle is freed by closing it. */
static void the_context_itself(void **state) {
    (void)state;
    struct objects made;
    CloudSyncContext *context;
    make_closed(&made);
    assert_ok(cloudsync_open(made.device.options, &context));
    assert_ok(cloudsync_close(context));
    assert_code(cloudsync_close(context), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(optimize_storage(context), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(unregister_change(context, uri), CLOUDSYNC_E_INVALID_ARGUMENT);
    free_objects(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(syncing),
        in_scratch(fetching),
        in_scratch(the_context_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
