/* What an operation answers when it blocks, it also tells to its completion. */
#include "support.h"

#define BUNDLE "com.example.notes"

static const char uri[] = "file://media/Photo/a.jpg";
static const char none[] = "file://media/Photo/none.jpg";
static const char elsewhere[] = "http://nowhere/a.jpg";

struct objects {
    struct device device;
    CloudSyncFileSync *files;
    CloudSyncDownload *download;
    CloudSyncCloudFileCache *cache;
};

/* A device that keeps nothing, and a photo in the cloud. */
static void make(struct objects *made) {
    struct device other;
    char path[PATH_MAX];
    device_make(&other, "other");
    write_photo(other.gallery, "a.jpg", 5000, 1);
    device_open(&other);
    device_sync(&other);
    device_free(&other);
    device_make(&made->device, "device");
    make_folder(join(path, root, "notes"));
    assert_ok(cloudsync_options_set_bundle_dir(made->device.options, BUNDLE, path));
    assert_ok(cloudsync_options_set_download_policy(made->device.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&made->device);
    device_sync(&made->device);
    assert_ok(file_sync_new(made->device.context, BUNDLE, &made->files));
    assert_ok(download_new(made->device.context, &made->download));
    assert_ok(cloud_file_cache_new(made->device.context, &made->cache));
}

static void unmake(struct objects *made) {
    assert_ok(file_sync_free(made->files));
    assert_ok(download_free(made->download));
    assert_ok(cloud_file_cache_free(made->cache));
    device_free(&made->device);
}

static void syncing(void **state) {
    (void)state;
    struct objects made;
    make(&made);
    CloudSyncGallerySync *photos = made.device.sync;
    assert_both(CLOUDSYNC_OK, gallery_sync_start, photos);
    assert_both(CLOUDSYNC_OK, gallery_sync_stop, photos);
    assert_both(CLOUDSYNC_OK, file_sync_start, made.files);
    assert_both(CLOUDSYNC_OK, file_sync_stop, made.files);
    conditions_set(&made.device.conditions.percent, 3);
    assert_both(CLOUDSYNC_E_BATTERY_LOW, gallery_sync_start, photos);
    assert_both(CLOUDSYNC_E_BATTERY_LOW, file_sync_start, made.files);
    conditions_set(&made.device.conditions.wifi, 0);
    assert_both(CLOUDSYNC_E_NETWORK_UNAVAILABLE, gallery_sync_start, photos);
    assert_both(CLOUDSYNC_E_NETWORK_UNAVAILABLE, file_sync_start, made.files);
    unmake(&made);
}

static void fetching_one_file(void **state) {
    (void)state;
    struct objects made;
    make(&made);
    assert_both(CLOUDSYNC_OK, download_start, made.download, uri);
    assert_both(CLOUDSYNC_OK, download_stop, made.download, uri);
    assert_both(CLOUDSYNC_E_NO_SUCH_FILE, download_start, made.download, none);
    assert_both(CLOUDSYNC_E_INVALID_URI, download_start, made.download, elsewhere);
    assert_both(CLOUDSYNC_OK, cloud_file_cache_start, made.cache, uri);
    assert_both(CLOUDSYNC_OK, cloud_file_cache_stop, made.cache, uri, 1);
    assert_both(CLOUDSYNC_E_NO_SUCH_FILE, cloud_file_cache_start, made.cache, none);
    assert_both(CLOUDSYNC_E_INVALID_URI, cloud_file_cache_start, made.cache, elsewhere);
    assert_both(CLOUDSYNC_E_NO_SUCH_FILE, cloud_file_cache_stop, made.cache, none, 0);
    assert_both(CLOUDSYNC_E_INVALID_URI, cloud_file_cache_stop, made.cache, elsewhere, 0);
    unmake(&made);
}

struct task_answer {
    struct gate gate;
    int32_t code;
    int64_t task;
};

static void on_task(int32_t code, const char *message, int64_t task_id, void *user_data) {
    struct task_answer *answer = (struct task_answer *)user_data;
    answer->code = (code != CLOUDSYNC_OK) == (message[0] != '\0') ? code : INT32_MIN;
    answer->task = task_id;
    gate_raise(&answer->gate);
}

static int64_t batch(CloudSyncCloudFileCache *cache, const char *const *uris, size_t n, int32_t expected) {
    struct task_answer answer;
    int64_t task = -1;
    gate_init(&answer.gate);
    assert_code(cloud_file_cache_start_batch(cache, uris, n, CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT, &task), expected);
    assert_ok(cloud_file_cache_start_batch_async(cache, uris, n, CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT, on_task, &answer));
    gate_wait(&answer.gate, 1);
    assert_answered(cloud_file_cache_start_batch_async, answer.code, expected);
    gate_destroy(&answer.gate);
    return answer.task;
}

static void fetching_many_files(void **state) {
    (void)state;
    enum { most = CLOUDSYNC_MAX_BATCH_FILES };
    struct objects made;
    const char *uris[most + 1];
    make(&made);
    for (size_t i = 0; i <= most; i++) {
        uris[i] = uri;
    }
    assert_int_equal(batch(made.cache, uris, most + 1, CLOUDSYNC_E_LIMIT_EXCEEDED), -1);
    int64_t task = batch(made.cache, uris, 1, CLOUDSYNC_OK);
    assert_true(task >= 0);
    assert_both(CLOUDSYNC_OK, cloud_file_cache_stop_batch, made.cache, task, 0);
    uris[0] = elsewhere;
    assert_int_equal(batch(made.cache, uris, 1, CLOUDSYNC_E_INVALID_URI), -1);
    unmake(&made);
}

static void freeing_space(void **state) {
    (void)state;
    struct objects made;
    make(&made);
    assert_both(CLOUDSYNC_OK, optimize_storage, made.device.context);
    unmake(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(syncing),
        in_scratch(fetching_one_file),
        in_scratch(fetching_many_files),
        in_scratch(freeing_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
