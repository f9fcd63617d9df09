/* What it costs to ask for files' states: in peace, and while a sync runs. */
#define _GNU_SOURCE

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

static char **uris;
static size_t uri_count, uri_room;

/* The names of our galleries need no encoding but that of the space. */
static void collect(const char *folder, const char *below) {
    char path[PATH_MAX];
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char uri[PATH_MAX], *end = uri;
        if (entry->d_name[0] == '.') {
            continue;
        }
        end += sprintf(uri, "%s/", below);
        for (const char *c = entry->d_name; *c != '\0'; c++) {
            end += sprintf(end, *c == ' ' ? "%%20" : "%c", *c);
        }
        if (entry->d_type == DT_DIR) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            collect(path, uri);
            continue;
        }
        if (uri_count == uri_room) {
            uri_room = uri_room * 2 + 1024;
            uris = realloc(uris, uri_room * sizeof *uris);
        }
        uris[uri_count++] = strdup(uri);
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

static void shuffle(void) {
    srandom(1);
    for (size_t i = uri_count; i > 1; i--) {
        size_t other = (size_t)random() % i;
        char *uri = uris[i - 1];
        uris[i - 1] = uris[other];
        uris[other] = uri;
    }
}

void ask_for_states(char **argv, int rounds) {
    enum { BATCH = 1000 };
    CloudSyncContext *device = open_device(argv, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    int32_t states[BATCH] = {0};
    collect(argv[2], "file://media/Photo");
    shuffle();
    if (uri_count == 0) {
        fprintf(stderr, "bench: no files in %s\n", argv[2]);
        exit(EXIT_FAILURE);
    }
    double *single = calloc(uri_count, sizeof *single), *batched = calloc((size_t)rounds, sizeof *batched);
    for (int round = 0; round < rounds; round++) { /* the last one counts: the ones before make it warm */
        for (size_t i = 0; i < uri_count; i++) {
            double began = now();
            check(get_file_sync_state(device, uris[i], &states[0]), uris[i]);
            single[i] = now() - began;
            if (states[0] != CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS) {
                fprintf(stderr, "bench: %s is in state %" PRId32 "\n", uris[i], states[0]);
                exit(EXIT_FAILURE);
            }
        }
    }
    for (int round = 0; round < rounds; round++) {
        double began = now();
        for (size_t i = 0; i < uri_count; i += BATCH) {
            size_t n = uri_count - i < BATCH ? uri_count - i : BATCH;
            check(get_file_sync_states(device, (const char *const *)uris + i, n, states), "batch");
        }
        batched[round] = (double)uri_count / (now() - began);
    }
    printf("single_ns %.0f\nbatch_per_s %.0f\n", median(single, uri_count) * 1e9, median(batched, (size_t)rounds));
    check(cloudsync_close(device), "close");
    free(single);
    free(batched);
}

/* Adds a byte to every tenth file. */
static void change_some(const char *gallery) {
    char path[PATH_MAX];
    size_t below = strlen("file://media/Photo");
    for (size_t i = 0; i < uri_count; i += 10) {
        char *end = path + snprintf(path, sizeof path, "%s", gallery);
        for (const char *c = uris[i] + below; *c != '\0'; c++) {
            bool space = strncmp(c, "%20", 3) == 0;
            *end++ = space ? ' ' : *c;
            c += space ? 2 : 0;
        }
        *end = '\0';
        FILE *file = fopen(path, "ab");
        if (file == NULL || putc('+', file) == EOF || fclose(file) != 0) {
            perror(path);
            exit(EXIT_FAILURE);
        }
    }
}

/* What this thread has had of a processor: beside the time that passed, it tells work from waiting. */
static double own_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void ask_while_syncing(char **argv, int rounds) {
    CloudSyncContext *device = open_device(argv, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    CloudSyncGallerySync *sync = new_sync(device);
    double took[10000], own[10000];
    size_t asked = 0;
    sync_once(sync); /* what others renamed has its new name then */
    collect(argv[2], "file://media/Photo");
    int32_t *states = calloc(uri_count, sizeof *states);
    for (int round = 0; round < rounds; round++) {
        change_some(argv[2]);
        unsigned before = runs_ended();
        check(gallery_sync_start(sync), "start");
        while (runs_ended() == before && asked < sizeof took / sizeof *took) {
            double began = now(), own_began = own_time();
            check(get_file_sync_states(device, (const char *const *)uris, uri_count, states), "states");
            own[asked] = own_time() - own_began;
            took[asked++] = now() - began;
        }
        while (runs_ended() == before) {
        }
        check_run();
    }
    double middle = median(took, asked), own_middle = median(own, asked); /* both are in order then */
    printf("asked %zu\nmedian_s %.6f\nslowest_s %.6f\n", asked, middle, took[asked - 1]);
    printf("own_s %.6f\nslowest_own_s %.6f\n", own_middle, own[asked - 1]);
    free(states);
    check(gallery_sync_free(sync), "free");
    check(cloudsync_close(device), "close");
}
