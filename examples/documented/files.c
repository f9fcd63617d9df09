/* The documents' examples of FileSync, CloudFileCache and getFileSyncState, in their order. */
#include "device.h"

#include <stdio.h>

static void file_sync_constructor(CloudSyncContext *context) {
    CloudSyncFileSync *file_sync = NULL;
    must(file_sync_new(context, "com.ohos.demo", &file_sync));

    must(file_sync_free(file_sync));
}

static void clean_cache(CloudSyncContext *context) {
    CloudSyncCloudFileCache *file_cache = NULL;
    must(cloud_file_cache_new(context, &file_cache));
    const char path[] = "/data/storage/el2/cloud/1.txt";

    int32_t code = cloud_file_cache_clean_cache(file_cache, path);
    if (code != CLOUDSYNC_OK) {
        printf("clean cache failed with error message: %s, error code: %d\n", cloudsync_strerror(code), (int)code);
    } else {
        printf("clean cache successfully\n");
    }

    must(cloud_file_cache_free(file_cache));
}

static void states_as_a_promise(CloudSyncContext *context) {
    const char *const uris[] = {"file:///media/Photo/1"};
    int32_t sync_states[1];

    int32_t code = get_file_sync_states(context, uris, 1, sync_states);
    if (code == CLOUDSYNC_OK) {
        for (size_t i = 0; i < 1; i++) {
            printf("get file sync state successfully %d\n", (int)sync_states[i]);
        }
    } else {
        printf("get file sync state failed with error message: %s, error code: %d\n", cloudsync_strerror(code),
               (int)code);
    }
}

static void on_states(int32_t code, const char *message, const int32_t *sync_states, size_t n, void *user_data) {
    (void)user_data;
    if (code != CLOUDSYNC_OK) {
        printf("get file sync state with error message: %s, error code: %d\n", message, (int)code);
    } else {
        for (size_t i = 0; i < n; i++) {
            printf("get file sync state successfully %d\n", (int)sync_states[i]);
        }
    }
    device_ended();
}

static void states_with_a_callback(CloudSyncContext *context) {
    const char *const uris[] = {"file:///media/Photo/1"};

    must(get_file_sync_states_async(context, uris, 1, on_states, NULL));

    device_await_end();
}

static void state_of_one_file(CloudSyncContext *context) {
    const char path[] = "/data/storage/el2/cloud/1.txt";
    int32_t state;

    int32_t code = get_file_sync_state(context, path, &state);
    if (code != CLOUDSYNC_OK) {
        printf("getFileSyncState failed with error: %d\n", (int)code);
    } else {
        printf("getFileSyncState successfully %d\n", (int)state);
    }
}

int main(void) {
    struct device device;
    device_make(&device);
    CloudSyncContext *context = device_open(&device);
    device_sync(context);
    file_sync_constructor(context);
    clean_cache(context);
    states_as_a_promise(context);
    states_with_a_callback(context);
    state_of_one_file(context);
    must(cloudsync_close(context));
    device_remove(&device);
    return 0;
}
