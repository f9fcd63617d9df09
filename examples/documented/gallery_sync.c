/* The documents' examples of GallerySync, in their order. */
#include "device.h"

#include <stdio.h>

static void on_state(const CloudSyncSyncProgress *progress, void *user_data) {
    (void)user_data;
    printf("syncState: %d\n", (int)progress->state);
    if (progress->state == CLOUDSYNC_SYNC_STATE_COMPLETED) {
        device_ended();
    }
}

static void on_state_and_error(const CloudSyncSyncProgress *progress, void *user_data) {
    (void)user_data;
    printf("gallery sync state: %d error type: %d\n", (int)progress->state, (int)progress->error);
}

static void on_started(int32_t code, const char *message, void *user_data) {
    (void)user_data;
    if (code != CLOUDSYNC_OK) {
        printf("start sync failed with error message: %s, error code: %d\n", message, (int)code);
    } else {
        printf("start sync successfully\n");
    }
    device_ended();
}

static void on_stopped(int32_t code, const char *message, void *user_data) {
    (void)user_data;
    if (code != CLOUDSYNC_OK) {
        printf("stop sync failed with error message: %s, error code: %d\n", message, (int)code);
    } else {
        printf("stop sync successfully\n");
    }
    device_ended();
}

static void constructor(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    must(gallery_sync_free(gallery_sync));
}

static void on(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    must(gallery_sync_register_progress_cb(gallery_sync, on_state, NULL, NULL));

    must(gallery_sync_free(gallery_sync));
}

static void off_one(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    must(gallery_sync_register_progress_cb(gallery_sync, on_state_and_error, NULL, NULL));

    must(gallery_sync_unregister_progress_cb(gallery_sync, on_state_and_error, NULL));

    must(gallery_sync_free(gallery_sync));
}

static void off_all(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    must(gallery_sync_register_progress_cb(gallery_sync, on_state, NULL, NULL));

    must(gallery_sync_unregister_progress_cb(gallery_sync, NULL, NULL));

    must(gallery_sync_free(gallery_sync));
}

static void start_as_a_promise(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    must(gallery_sync_register_progress_cb(gallery_sync, on_state, NULL, NULL));

    int32_t code = gallery_sync_start(gallery_sync);
    if (code == CLOUDSYNC_OK) {
        printf("start sync successfully\n");
    } else {
        printf("start sync failed with error message: %s, error code: %d\n", cloudsync_strerror(code), (int)code);
    }

    device_await_end();
    must(gallery_sync_free(gallery_sync));
}

static void start_with_a_callback(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    must(gallery_sync_start_async(gallery_sync, on_started, NULL));

    device_await_end();
    must(gallery_sync_free(gallery_sync));
}

static void stop_as_a_promise(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    int32_t code = gallery_sync_stop(gallery_sync);
    if (code == CLOUDSYNC_OK) {
        printf("stop sync successfully\n");
    } else {
        printf("stop sync failed with error message: %s, error code: %d\n", cloudsync_strerror(code), (int)code);
    }

    must(gallery_sync_free(gallery_sync));
}

static void stop_with_a_callback(CloudSyncContext *context) {
    CloudSyncGallerySync *gallery_sync = NULL;
    must(gallery_sync_new(context, &gallery_sync));

    must(gallery_sync_stop_async(gallery_sync, on_stopped, NULL));

    device_await_end();
    must(gallery_sync_free(gallery_sync));
}

int main(void) {
    struct device device;
    device_make(&device);
    CloudSyncContext *context = device_open(&device);
    constructor(context);
    on(context);
    off_one(context);
    off_all(context);
    start_as_a_promise(context);
    start_with_a_callback(context);
    stop_as_a_promise(context);
    stop_with_a_callback(context);
    must(cloudsync_close(context));
    device_remove(&device);
    return 0;
}
