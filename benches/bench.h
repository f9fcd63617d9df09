/* What the parts of the benchmark's program share. */
#ifndef BENCH_H
#define BENCH_H

#include <cloudsync.h>

#include <stddef.h>
#include <stdint.h>

/* Seconds, from any moment on. */
double now(void);
/* Ends the program where a call has failed. */
void check(int32_t code, const char *what);
/* Sorts the values. */
double median(double *values, size_t n);

/* A device as the program's arguments name it. */
CloudSyncContext *open_device(char **argv, int32_t policy);
/* A GallerySync whose runs are counted. */
CloudSyncGallerySync *new_sync(CloudSyncContext *device);
/* Syncs, and ends the program where the run does not complete. */
void sync_once(CloudSyncGallerySync *sync);
unsigned runs_ended(void);
/* Ends the program where the run that ended last did not complete. */
void check_run(void);

/* What is measured, each in a file of its own. */
void ask_for_states(char **argv, int rounds);
void ask_while_syncing(char **argv, int rounds);
void page_through(char **argv, int rounds);
void free_space(char **argv);

#endif
