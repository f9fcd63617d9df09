/* What freeing the space of every file costs, proofs included. */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int32_t final_state = CLOUDSYNC_OPTIMIZE_STATE_RUNNING;

static void on_space(const CloudSyncOptimizeSpaceProgress *event, void *user_data) {
    (void)user_data;
    pthread_mutex_lock(&lock);
    final_state = event->state;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

void free_space(char **argv) {
    CloudSyncOptimizeSpaceParam all = {sizeof all, INT64_MAX, 0};
    CloudSyncContext *device = open_device(argv, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    CloudSyncGallerySync *sync = new_sync(device);
    sync_once(sync);
    double began = now();
    check(start_optimize_space(device, &all, on_space, NULL), "start_optimize_space");
    pthread_mutex_lock(&lock);
    while (final_state == CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    double took = now() - began;
    if (final_state != CLOUDSYNC_OPTIMIZE_STATE_COMPLETED) {
        fprintf(stderr, "bench: freeing space ended in state %" PRId32 "\n", final_state);
        exit(EXIT_FAILURE);
    }
    printf("space_s %.6f\n", took);
    check(gallery_sync_free(sync), "free");
    check(cloudsync_close(device), "close");
}
