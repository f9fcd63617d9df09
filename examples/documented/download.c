/* The documents' examples of Download, in their order. */
#include "device.h"

#include <stdio.h>

static const char uri[] = "file:///media/Photo/1";

static void on_state(const CloudSyncDownloadProgress *progress, void *user_data) {
    (void)user_data;
    printf("download state: %d\n", (int)progress->state);
    if (progress->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING) {
        device_ended();
    }
}

static void on_started(int32_t code, const char *message, void *user_data) {
    (void)user_data;
    if (code != CLOUDSYNC_OK) {
        printf("start download failed with error message: %s, error code: %d\n", message, (int)code);
    } else {
        printf("start download successfully\n");
    }
    device_ended();
}

static void on_stopped(int32_t code, const char *message, void *user_data) {
    (void)user_data;
    if (code != CLOUDSYNC_OK) {
        printf("stop download failed with error message: %s, error code: %d\n", message, (int)code);
    } else {
        printf("stop download successfully\n");
    }
    device_ended();
}

static void constructor(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    must(download_free(download));
}

static void on(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    must(download_register_progress_cb(download, on_state, NULL, NULL));

    must(download_free(download));
}

static void off_one(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    must(download_register_progress_cb(download, on_state, NULL, NULL));

    must(download_unregister_progress_cb(download, on_state, NULL));

    must(download_free(download));
}

static void off_all(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    must(download_register_progress_cb(download, on_state, NULL, NULL));

    must(download_unregister_progress_cb(download, NULL, NULL));

    must(download_free(download));
}

static void start_as_a_promise(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    must(download_register_progress_cb(download, on_state, NULL, NULL));

    int32_t code = download_start(download, uri);
    if (code == CLOUDSYNC_OK) {
        printf("start download successfully\n");
    } else {
        printf("start download failed with error message: %s, error code: %d\n", cloudsync_strerror(code), (int)code);
    }

    device_await_end();
    must(download_free(download));
}

static void start_with_a_callback(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    must(download_start_async(download, uri, on_started, NULL));

    device_await_end();
    must(download_free(download));
}

static void stop_as_a_promise(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    int32_t code = download_stop(download, uri);
    if (code == CLOUDSYNC_OK) {
        printf("stop download successfully\n");
    } else {
        printf("stop download failed with error message: %s, error code: %d\n", cloudsync_strerror(code), (int)code);
    }

    must(download_free(download));
}

static void stop_with_a_callback(CloudSyncContext *context) {
    CloudSyncDownload *download = NULL;
    must(download_new(context, &download));

    must(download_stop_async(download, uri, on_stopped, NULL));

    device_await_end();
    must(download_free(download));
}

int main(void) {
    struct device device;
    device_make(&device);
    CloudSyncContext *context = device_open(&device);
    device_sync(context);
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
