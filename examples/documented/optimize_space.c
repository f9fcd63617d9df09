/* The documents' examples of optimizeStorage, startOptimizeSpace and stopOptimizeSpace, in their order. */
#include "device.h"

#include <stdio.h>

static void optimize_the_storage(CloudSyncContext *context) {
    int32_t code = optimize_storage(context);
    if (code == CLOUDSYNC_OK) {
        printf("optimize storage successfully\n"); /* whoever waits in the foreground waits until here */
    } else {
        printf("optimize storage failed with error message: %s, error code: %d\n", cloudsync_strerror(code), (int)code);
    }
}

static void on_space(const CloudSyncOptimizeSpaceProgress *data, void *user_data) {
    (void)user_data;
    if (data->state == CLOUDSYNC_OPTIMIZE_STATE_FAILED) {
        printf("optimize space failed\n");
    } else if (data->state == CLOUDSYNC_OPTIMIZE_STATE_COMPLETED && data->progress == 100) {
        printf("optimize space successfully\n");
    } else if (data->state == CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
        printf("optimize space progress: %d\n", (int)data->progress);
    }
    if (data->state != CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
        device_ended();
    }
}

static void start(CloudSyncContext *context) {
    CloudSyncOptimizeSpaceParam para = {sizeof para, 1073741824, 30};

    int32_t code = start_optimize_space(context, &para, on_space, NULL);
    if (code == CLOUDSYNC_OK) {
        printf("start optimize space\n");
    } else {
        printf("start optimize space failed with error message: %s, error code: %d\n", cloudsync_strerror(code),
               (int)code);
        return;
    }

    device_await_end();
}

static void stop(CloudSyncContext *context) {
    CloudSyncOptimizeSpaceParam para = {sizeof para, 1073741824, 30};

    must(start_optimize_space(context, &para, on_space, NULL));
    must(stop_optimize_space(context)); /* stops freeing space */

    device_await_end();
}

int main(void) {
    struct device device;
    device_make(&device);
    CloudSyncContext *context = device_open(&device);
    device_sync(context);
    optimize_the_storage(context);
    start(context);
    stop(context);
    must(cloudsync_close(context));
    device_remove(&device);
    return 0;
}
