/* What the C tests share: scratch folders, photos, devices, and waiting without sleeping. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
#include <cmocka.h>
#ifdef __cplusplus
}
#endif

#include <cloudsync.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Codes ------------------------------------------------------------------------------------ */

/* Fails the test, with the library's own words, where a call did not answer what it should. */
void expect_code(int32_t code, int32_t expected, const char *call, const char *file, int line);
#define assert_code(call, expected) expect_code(call, expected, #call, __FILE__, __LINE__)
#define assert_ok(call) assert_code(call, CLOUDSYNC_OK)
/* The same for what a function answered earlier: elsewhere, or to its completion. */
#define assert_answered(function, code, expected) expect_code(code, expected, #function, __FILE__, __LINE__)
/* Notes that a function, with or without its arguments, answered a code: api_coverage.py asks for it. */
void note_answer(const char *call, int32_t code);

/* --- Waiting ---------------------------------------------------------------------------------- */

/* Long enough for a slow machine under valgrind, and longer than the embedded cloud keeps the lock of a device that was
 * killed, which is 60 s; a test that passes seldom waits for it. */
#define PATIENCE_MS 120000

int64_t now_ms(void);

/* A counter that threads raise and wait for. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
};
void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);
void gate_raise(struct gate *gate);
unsigned gate_count(struct gate *gate);
/* Whether the count came to `count` within the time. */
bool gate_wait_for(struct gate *gate, unsigned count, int64_t ms);
/* Waits patiently; fails the test where the count does not come. For the test's own thread. */
void gate_wait(struct gate *gate, unsigned count);

/* --- Files ------------------------------------------------------------------------------------ */

/* A test in a scratch folder of its own, which is gone when the test ends. */
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
extern char root[256];
int scratch_make(void **state);
int scratch_remove(void **state);

/* Joins two parts of a path in a buffer of PATH_MAX and gives it back. */
char *join(char *buffer, const char *folder, const char *name);

void make_folder(const char *path);
/* A photo's bytes follow from its size and seed alone. */
void write_photo(const char *folder, const char *name, size_t size, uint64_t seed);
bool is_photo(const char *folder, const char *name, size_t size, uint64_t seed);
bool file_exists(const char *folder, const char *name);
/* Hidden files and folders are not counted, and not compared. */
size_t count_files(const char *folder);
/* Whether both folders hold the same files with the same bytes; says which differ where not. */
bool same_folders(const char *a, const char *b);

/* --- Other circumstances ---------------------------------------------------------------------- */

/* Each runs `work` in a child process, so the test must not have threads yet; what fails there fails the
 * test. */
/* As a user whom file modes bind, which they do not bind root. */
void as_nobody(void (*work)(void));
/* With mounts that nobody else sees; skips the test where the system does not allow that. */
void with_own_mounts(void (*work)(void));
/* Mounts a tmpfs, for `with_own_mounts`; gives it other options; takes it away. */
void mount_small(const char *folder, const char *options);
void remount_small(const char *folder, const char *options);
void unmount(const char *folder);

/* --- Progress --------------------------------------------------------------------------------- */

/* What a progress callback was told, and whether it came as promised. */
struct progress {
    struct gate finals;    /* final states */
    struct gate events;    /* all events */
    struct gate destroyed; /* calls of destroy */
    CloudSyncSyncProgress last;
    bool fell;             /* a counter ran backwards within a run */
    bool within_run;
};
void progress_init(struct progress *progress);
void progress_destroy(struct progress *progress);
bool is_final(int32_t state);
/* Fit for gallery_sync_register_progress_cb with a struct progress. */
void on_progress(const CloudSyncSyncProgress *event, void *user_data);
void on_progress_destroy(void *user_data);

/* The same for the downloads of one Download. */
struct download_log {
    struct gate finals;
    CloudSyncDownloadProgress last; /* without its uri, which lives in the callback alone */
    char uri[PATH_MAX];
    bool ended;
    bool fell; /* the bytes received ran backwards */
};
void download_log_init(struct download_log *log);
void download_log_destroy(struct download_log *log);
void on_download(const CloudSyncDownloadProgress *event, void *user_data);

/* A completion's answer. */
struct answer {
    struct gate gate;
    int32_t code;
    bool has_message;
};
void answer_init(struct answer *answer);
void answer_destroy(struct answer *answer);
void on_answer(int32_t code, const char *message, void *user_data);

/* A call with a completion is accepted, and completes with the code; its last two arguments are added. */
#define assert_completes(expected, function, ...)                  \
    do {                                                           \
        struct answer answer_;                                     \
        answer_init(&answer_);                                     \
        assert_ok(function(__VA_ARGS__, on_answer, &answer_));     \
        gate_wait(&answer_.gate, 1);                               \
        assert_answered(function, answer_.code, expected);         \
        answer_destroy(&answer_);                                  \
    } while (0)
/* A documented operation answers the code in both its forms. */
#define assert_both(expected, function, ...)                       \
    do {                                                           \
        assert_code(function(__VA_ARGS__), expected);              \
        assert_completes(expected, function##_async, __VA_ARGS__); \
    } while (0)

/* For tests that look at a call's code alone. */
void ignore_answer(int32_t code, const char *message, void *user_data);
void ignore_states(int32_t code, const char *message, const int32_t *states, size_t n,
                          void *user_data);
void ignore_progress(const CloudSyncSyncProgress *event, void *user_data);
void ignore_download(const CloudSyncDownloadProgress *event, void *user_data);
void ignore_change(const CloudSyncChangeData *data, void *user_data);
void ignore_batch(const CloudSyncMultiDownloadProgress *event, void *user_data);
void ignore_plan(int32_t code, const char *message, CloudSyncPlan *plan, void *user_data);
void ignore_task(int32_t code, const char *message, int64_t task_id, void *user_data);
void ignore_optimize(const CloudSyncOptimizeSpaceProgress *event, void *user_data);
void ignore_time(int32_t code, const char *message, int64_t time_ms, void *user_data);

/* --- Devices ---------------------------------------------------------------------------------- */

/* Network, battery and heat that a test decides, instead of the machine that it runs on. */
struct conditions {
    int wifi, mobile, percent, charging, heat;
    int readings;      /* until the change below; 0 for none */
    int *changes, to;
};
void conditions_set(int *which, int value);
/* The same, once the library has looked at the conditions so many times: in the middle of a run. */
void conditions_set_after(struct conditions *conditions, int readings, int *which, int value);

/* A device: its folders, its options, and what is open of it. */
struct device {
    char gallery[PATH_MAX];
    char state[PATH_MAX];
    struct conditions conditions;
    struct progress progress;
    CloudSyncOptions *options;
    CloudSyncContext *context;
    CloudSyncGallerySync *sync;
};
/* Makes a device's folders in the scratch folder, and options for it and the cloud that lies there too. */
void device_make(struct device *device, const char *name);
/* Opens the context and a GallerySync whose progress is recorded. */
void device_open(struct device *device);
/* Syncs once: the run must be accepted and end in COMPLETED. */
void device_sync(struct device *device);
/* What is left of a cloud's space. */
uint64_t remaining_kb(CloudSyncCloudServiceStub *cloud);
/* The state of a file of the gallery, which must have one. */
int32_t state_of(struct device *device, const char *uri);
/* What cloudsync_explain says of what it must know, in words too where text is not NULL. */
CloudSyncExplanation explained(const struct device *device, const char *uri, char *text, size_t length);
/* Its code alone. */
int32_t trouble_of(const struct device *device, const char *uri);
void device_close(struct device *device);
/* Gives a device that is not open a cloud of its own with room for so many bytes: the same one each time. */
void device_set_small_cloud(struct device *device, uint64_t quota);
/* Closes what is open, and frees what device_make made. */
void device_free(struct device *device);

#ifdef __cplusplus
}
#endif
#endif
