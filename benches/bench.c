/* What ./dev bench measures of the library: a C program like any other. Prints "name value" lines.
 *
 *     bench sync GALLERY STATE CLOUD RUNS            opens, runs RUNS syncs, closes; the first run is told apart
 *     bench receive GALLERY STATE CLOUD RUNS         the same on a device that takes originals on demand
 *     bench states GALLERY STATE CLOUD ROUNDS        asks for the state of every file, singly and in batches
 *     bench busy GALLERY STATE CLOUD ROUNDS          changes a tenth of the gallery and asks for all states while that syncs
 *     bench list GALLERY STATE CLOUD ROUNDS          pages through the gallery
 *     bench space GALLERY STATE CLOUD 1              frees the space of every file
 *     bench events GALLERY STATE CLOUD COUNT         COUNT completions through the dispatcher's thread */
#define _GNU_SOURCE

#include <cloudsync.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "count_alloc.h"

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void check(int32_t code, const char *what) {
    char detail[512] = "";
    if (code != CLOUDSYNC_OK) {
        cloudsync_last_error(detail, sizeof detail);
        fprintf(stderr, "bench: %s: %s (code %" PRId32 "): %s\n", what, cloudsync_strerror(code), code, detail);
        exit(EXIT_FAILURE);
    }
}

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double median(double *values, size_t n) {
    qsort(values, n, sizeof *values, by_value);
    return n == 0 ? 0 : values[n / 2];
}

/* The most memory that this process has had at once, in KiB. */
static long peak_kib(void) {
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        sscanf(line, "VmHWM: %ld", &kib);
    }
    if (status != NULL) {
        fclose(status);
    }
    return kib;
}

/* --- One device ------------------------------------------------------------------------------- */

/* What the callbacks leave for the main thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static CloudSyncSyncProgress last;
static unsigned ended;

/* What the dispatcher's thread allocates from one event to the next. */
static unsigned long events, allocations, allocated_before;
static bool counting;

static void count_event(void) {
    unsigned long allocated = allocations_of_this_thread();
    if (counting) {
        events++;
        allocations += allocated - allocated_before;
    }
    counting = true;
    allocated_before = allocated;
}

static void on_progress(const CloudSyncSyncProgress *event, void *user_data) {
    (void)user_data;
    count_event();
    pthread_mutex_lock(&lock);
    last = *event;
    if (event->state != CLOUDSYNC_SYNC_STATE_UPLOADING && event->state != CLOUDSYNC_SYNC_STATE_DOWNLOADING) {
        ended++;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&lock);
}

CloudSyncContext *open_device(char **argv, int32_t policy) {
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncOptions *options = NULL;
    CloudSyncContext *device = NULL;
    check(cloudsync_embedded_cloud_new(argv[4], "bench", &cloud), "cloud");
    check(cloudsync_options_new(&options), "options");
    check(cloudsync_options_set_gallery_dir(options, argv[2]), "gallery");
    check(cloudsync_options_set_state_dir(options, argv[3]), "state");
    check(cloudsync_options_set_cloud(options, cloud), "cloud");
    check(cloudsync_options_set_download_policy(options, policy), "policy");
    check(cloudsync_open(options, &device), "open");
    check(cloudsync_options_free(options), "options");
    check(cloud_service_stub_free(cloud), "cloud");
    return device;
}

CloudSyncGallerySync *new_sync(CloudSyncContext *device) {
    CloudSyncGallerySync *sync = NULL;
    check(gallery_sync_new(device, &sync), "GallerySync");
    check(register_progress_cb(sync, on_progress, NULL, NULL), "register");
    return sync;
}

unsigned runs_ended(void) {
    pthread_mutex_lock(&lock);
    unsigned count = ended;
    pthread_mutex_unlock(&lock);
    return count;
}

void sync_once(CloudSyncGallerySync *sync) {
    unsigned before = runs_ended();
    check(gallery_sync_start(sync), "start");
    pthread_mutex_lock(&lock);
    while (ended == before) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    check_run();
}

void check_run(void) {
    if (last.state != CLOUDSYNC_SYNC_STATE_COMPLETED || last.files_failed != 0) {
        fprintf(stderr, "bench: a run ended in state %" PRId32 ", error %" PRId32 ", %" PRIu64 " files left out\n",
                last.state, last.error, last.files_failed);
        exit(EXIT_FAILURE);
    }
}

static void sync_runs(char **argv, int32_t policy, int runs) {
    double *again = calloc((size_t)runs, sizeof *again), began = now();
    CloudSyncContext *device = open_device(argv, policy);
    CloudSyncGallerySync *sync = new_sync(device);
    printf("open_s %.6f\n", now() - began);

    began = now();
    sync_once(sync);
    printf("run_s %.6f\nfiles_done %" PRIu64 "\nbytes_done %" PRIu64 "\n", now() - began, last.files_done, last.bytes_done);
    printf("peak_kib %ld\nevents %lu\nallocations %lu\n", peak_kib(), events, allocations);
    for (int i = 1; i < runs; i++) {
        began = now();
        sync_once(sync);
        again[i] = now() - began;
        if (last.files_done != 0) {
            fprintf(stderr, "bench: a run with nothing changed moved %" PRIu64 " files\n", last.files_done);
            exit(EXIT_FAILURE);
        }
    }
    printf("again_s %.6f\n", runs < 2 ? 0 : median(again + 1, (size_t)runs - 1));
    began = now();
    check(gallery_sync_free(sync), "free");
    check(cloudsync_close(device), "close");
    printf("close_s %.6f\n", now() - began);
    free(again);
}

/* --- Events ----------------------------------------------------------------------------------- */

static unsigned long wanted;

static void on_states(int32_t code, const char *message, const int32_t *states, size_t n, void *user_data) {
    (void)message, (void)states, (void)n, (void)user_data;
    check(code, "completion");
    count_event();
    if (events + 1 == wanted) {
        pthread_mutex_lock(&lock);
        ended++;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
}

/* The states of no file at all: nothing but what a completion costs, from the call through the library's threads
 * to the callback. Progress goes the second half of this way; unlike completions, it may be thinned out. */
static void complete(char **argv, unsigned long count) {
    CloudSyncContext *device = open_device(argv, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    wanted = count;
    double began = now();
    for (unsigned long i = 0; i < count; i++) {
        check(get_file_sync_states_async(device, NULL, 0, on_states, NULL), "ask");
    }
    double asked = now() - began;
    pthread_mutex_lock(&lock);
    while (ended == 0) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    double took = now() - began;
    printf("completions_per_s %.0f\nasked_per_s %.0f\nallocations_per_completion %.3f\n", (double)count / took,
           (double)count / asked, (double)allocations / (double)events);
    check(cloudsync_close(device), "close");
}

int main(int argc, char **argv) {
    const char *what = argc == 6 ? argv[1] : "";
    long count = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
    if (count > 0 && strcmp(what, "sync") == 0) {
        sync_runs(argv, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS, (int)count);
    } else if (count > 0 && strcmp(what, "receive") == 0) {
        sync_runs(argv, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND, (int)count);
    } else if (count > 0 && strcmp(what, "states") == 0) {
        ask_for_states(argv, (int)count);
    } else if (count > 0 && strcmp(what, "busy") == 0) {
        ask_while_syncing(argv, (int)count);
    } else if (count > 0 && strcmp(what, "list") == 0) {
        page_through(argv, (int)count);
    } else if (count > 0 && strcmp(what, "space") == 0) {
        free_space(argv);
    } else if (count > 0 && strcmp(what, "events") == 0) {
        complete(argv, (unsigned long)count);
    } else {
        fprintf(stderr, "usage: bench sync|receive|states|busy|list|space|events GALLERY STATE CLOUD COUNT\n");
        return 2;
    }
    return EXIT_SUCCESS;
}
