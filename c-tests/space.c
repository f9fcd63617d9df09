/* Freeing space: what goes comes back the same, what the cloud cannot give back never goes. */
#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_S (24 * 3600)

struct optimize_log {
    struct gate final;
    int32_t last, last_state;
    bool fell;
};

static void optimize_begin(struct optimize_log *log) {
    memset(log, 0, sizeof *log);
    gate_init(&log->final);
}

static void on_optimize(const CloudSyncOptimizeSpaceProgress *event, void *user_data) {
    struct optimize_log *log = (struct optimize_log *)user_data;
    log->fell = log->fell || event->progress < log->last || event->progress < 1 || event->progress > 100;
    log->last = event->progress;
    log->last_state = event->state;
    if (event->state != CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
        gate_raise(&log->final);
    }
}

/* Frees so many bytes of what was not read for so many days; answers with the final state. */
static int32_t optimize(struct device *device, int64_t bytes, int32_t days) {
    struct optimize_log log;
    CloudSyncOptimizeSpaceParam param = {sizeof param, bytes, days};
    optimize_begin(&log);
    assert_ok(start_optimize_space(device->context, &param, on_optimize, &log));
    gate_wait(&log.final, 1);
    assert_false(log.fell);
    gate_destroy(&log.final);
    return log.last_state;
}

/* A file that was changed within a tick of its disk's clock stays: waits until all changes are older. */
static void changes_are_old(void) {
    int64_t old = now_ms() + 25;
    while (now_ms() < old) {
        sched_yield();
    }
}

/* Syncs, and lets what was changed until now be told from what is changed later. */
static void sync_twice(struct device *device) {
    device_sync(device);
    changes_are_old();
    device_sync(device);
}

static void read_days_ago(const char *gallery, const char *name, int days) {
    char path[PATH_MAX];
    struct timespec times[2] = {{time(NULL) - (time_t)days * DAY_S, 0}, {0, UTIME_OMIT}};
    assert_int_equal(utimensat(AT_FDCWD, join(path, gallery, name), times, 0), 0);
}

static void photo_name(char name[32], int i) {
    snprintf(name, 32, "IMG_%d.jpg", i);
}

/* Four photos of 10,000 bytes, read 40, 30, 20 and 10 days ago, in step; not changed just now any more. */
static void four_photos(struct device *device, const char *name) {
    device_make(device, name);
    for (int i = 0; i < 4; i++) {
        char photo[32];
        photo_name(photo, i);
        write_photo(device->gallery, photo, 10000, (uint64_t)i);
    }
    device_open(device);
    device_sync(device);
    for (int i = 0; i < 4; i++) {
        char photo[32];
        photo_name(photo, i);
        read_days_ago(device->gallery, photo, 40 - 10 * i);
    }
    sync_twice(device);
}

static void the_oldest_go_first_and_come_back_the_same(void **state) {
    (void)state;
    struct device device;
    struct download_log log;
    CloudSyncDownload *download = NULL;
    four_photos(&device, "oldest");
    assert_int_equal(optimize(&device, 15000, 0), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_false(file_exists(device.gallery, "IMG_0.jpg"));
    assert_false(file_exists(device.gallery, "IMG_1.jpg"));
    assert_int_equal(count_files(device.gallery), 2);
    assert_int_equal(state_of(&device, "file://media/Photo/IMG_0.jpg"), CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);

    device_sync(&device);
    assert_int_equal(count_files(device.gallery), 2); /* they do not come back by themselves */
    device_close(&device);
    device_open(&device);
    device_sync(&device);
    assert_int_equal(count_files(device.gallery), 2);

    download_log_init(&log);
    assert_ok(download_new(device.context, &download));
    assert_ok(download_register_progress_cb(download, on_download, &log, NULL));
    assert_ok(download_start(download, "file://media/Photo/IMG_0.jpg"));
    gate_wait(&log.finals, 1);
    assert_true(is_photo(device.gallery, "IMG_0.jpg", 10000, 0));
    assert_ok(download_free(download));
    download_log_destroy(&log);
    device_free(&device);
}

static void only_what_nobody_read_for_so_long_goes(void **state) {
    (void)state;
    struct device device;
    four_photos(&device, "aged");
    assert_int_equal(optimize(&device, 1000000, 25), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_int_equal(count_files(device.gallery), 2);
    assert_true(file_exists(device.gallery, "IMG_2.jpg"));
    assert_true(file_exists(device.gallery, "IMG_3.jpg"));
    device_free(&device);
}

/* Reading says when a program looked, and the host when a person did. */
static void what_a_person_looked_at_stays_longer(void **state) {
    (void)state;
    struct device device;
    int64_t now = (int64_t)time(NULL) * 1000;
    four_photos(&device, "views");
    assert_ok(cloudsync_report_view(device.context, "file://media/Photo/IMG_0.jpg", now - 2 * DAY_S * 1000LL));
    assert_ok(cloudsync_report_view(device.context, "file://media/Photo/IMG_0.jpg", 1)); /* the latest counts */
    assert_ok(cloudsync_report_view(device.context, "file://media/Photo/IMG_3.jpg", now - 50 * DAY_S * 1000LL));
    device_close(&device);
    device_open(&device);
    assert_int_equal(optimize(&device, 100000, 15), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_true(file_exists(device.gallery, "IMG_0.jpg")); /* seen 2 days ago, read 40 days ago */
    assert_false(file_exists(device.gallery, "IMG_3.jpg")); /* seen 50 days ago, read 10 days ago */
    assert_int_equal(count_files(device.gallery), 1);
    assert_ok(cloudsync_report_view(device.context, "file://media/Photo/IMG_3.jpg", INT64_MAX)); /* in the cloud */
    assert_code(cloudsync_report_view(device.context, "file://media/Photo/IMG_0.jpg", -1), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_report_view(device.context, "file://media/Photo/x.jpg", 1), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_report_view(device.context, "file://media/Photo/../x", 1), CLOUDSYNC_E_INVALID_URI);
    device_free(&device);
}

static void what_is_in_use_stays(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX], other[PATH_MAX];
    four_photos(&device, "use");
    int writer = open(join(path, device.gallery, "IMG_0.jpg"), O_WRONLY);
    assert_true(writer >= 0);
    assert_int_equal(link(join(path, device.gallery, "IMG_1.jpg"), join(other, root, "another-name.jpg")), 0);
    assert_ok(cloudsync_pin(device.context, "file://media/Photo/IMG_2.jpg", 1));
    write_photo(device.gallery, "IMG_3.jpg", 10001, 99);
    write_photo(device.gallery, "IMG_4.jpg", 10000, 100); /* never sent */
    assert_int_equal(optimize(&device, 1000000, 0), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_int_equal(count_files(device.gallery), 5);

    /* And go when nothing holds them any more. */
    assert_int_equal(close(writer), 0);
    assert_int_equal(unlink(other), 0);
    assert_ok(cloudsync_pin(device.context, "file://media/Photo/IMG_2.jpg", 0));
    sync_twice(&device);
    assert_int_equal(optimize(&device, 1000000, 0), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_int_equal(count_files(device.gallery), 0);
    struct device fresh;
    device_make(&fresh, "use-fresh");
    device_open(&fresh);
    device_sync(&fresh);
    assert_int_equal(count_files(fresh.gallery), 5);
    assert_true(is_photo(fresh.gallery, "IMG_3.jpg", 10001, 99));
    device_free(&fresh);
    device_free(&device);
}

static void a_pinned_folder_keeps_all_that_is_in_it(void **state) {
    (void)state;
    struct device device;
    char album[PATH_MAX];
    device_make(&device, "album");
    make_folder(join(album, device.gallery, "Holiday"));
    write_photo(device.gallery, "Holiday/IMG_1.jpg", 10000, 1);
    write_photo(device.gallery, "IMG_2.jpg", 10000, 2);
    device_open(&device);
    sync_twice(&device);
    assert_ok(cloudsync_pin(device.context, "file://media/Photo/Holiday", 1));
    assert_int_equal(optimize(&device, 1000000, 0), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_true(file_exists(device.gallery, "Holiday/IMG_1.jpg"));
    assert_false(file_exists(device.gallery, "IMG_2.jpg"));
    assert_code(cloudsync_pin(device.context, "file://media/Photo/none", 1), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_pin(device.context, "file://elsewhere/none", 1), CLOUDSYNC_E_INVALID_URI);
    device_free(&device);
}

static void a_live_photo_goes_as_a_whole(void **state) {
    (void)state;
    struct device device;
    char film[PATH_MAX];
    device_make(&device, "live");
    write_photo(device.gallery, "IMG_1.HEIC", 10000, 1);
    write_photo(device.gallery, "IMG_1.MOV", 20000, 2);
    write_photo(device.gallery, "IMG_2.HEIC", 10000, 3);
    device_open(&device);
    sync_twice(&device);
    int writer = open(join(film, device.gallery, "IMG_1.MOV"), O_RDWR);
    assert_int_equal(optimize(&device, 1000000, 0), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_int_equal(count_files(device.gallery), 2);
    assert_false(file_exists(device.gallery, "IMG_2.HEIC"));
    assert_int_equal(close(writer), 0);
    assert_int_equal(optimize(&device, 1, 0), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_int_equal(count_files(device.gallery), 0);
    device_free(&device);
}

/* The cloud's directory as it was before the photos were sent, put back from a copy. */
static void a_cloud_restored_from_an_old_backup_proves_nothing(void **state) {
    (void)state;
    struct device device;
    char command[3 * PATH_MAX];
    device_make(&device, "restored");
    device_open(&device);
    device_sync(&device);
    device_close(&device);
    snprintf(command, sizeof command, "cp -a '%s/cloud' '%s/backup'", root, root);
    assert_int_equal(system(command), 0);
    write_photo(device.gallery, "IMG_1.jpg", 10000, 1);
    device_open(&device);
    sync_twice(&device);
    device_close(&device);
    snprintf(command, sizeof command, "rm -r '%s/cloud' && mv '%s/backup' '%s/cloud'", root, root, root);
    assert_int_equal(system(command), 0);
    device_open(&device);
    assert_int_equal(optimize(&device, 1000000, 0), CLOUDSYNC_OPTIMIZE_STATE_COMPLETED);
    assert_true(is_photo(device.gallery, "IMG_1.jpg", 10000, 1));
    device_free(&device);
}

static void one_at_a_time_and_it_stops(void **state) {
    (void)state;
    enum { photos = 2000 };
    struct device device;
    struct optimize_log log;
    struct answer answer;
    CloudSyncOptimizeSpaceParam param = {sizeof param, INT64_MAX, 0};
    device_make(&device, "exclusive");
    for (int i = 0; i < photos; i++) {
        char photo[32];
        photo_name(photo, i);
        write_photo(device.gallery, photo, 1000, (uint64_t)i);
    }
    device_open(&device);
    sync_twice(&device);
    optimize_begin(&log);
    answer_init(&answer);
    assert_ok(start_optimize_space(device.context, &param, on_optimize, &log));
    assert_code(start_optimize_space(device.context, &param, ignore_optimize, NULL), CLOUDSYNC_E_TASK_RUNNING);
    assert_ok(start_optimize_space_async(device.context, &param, ignore_optimize, on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_answered(start_optimize_space_async, answer.code, CLOUDSYNC_E_TASK_RUNNING);
    assert_both(CLOUDSYNC_E_TASK_RUNNING, optimize_storage, device.context);
    assert_ok(stop_optimize_space(device.context));
    gate_wait(&log.final, 1);
    assert_int_equal(log.last_state, CLOUDSYNC_OPTIMIZE_STATE_STOPPED);
    assert_true(count_files(device.gallery) > 0);
    assert_ok(stop_optimize_space(device.context));

    /* Close ends it with one last event too. */
    assert_ok(start_optimize_space_async(device.context, &param, ignore_optimize, on_answer, &answer));
    gate_wait(&answer.gate, 2);
    assert_answered(start_optimize_space_async, answer.code, CLOUDSYNC_OK);
    device_close(&device);
    device_open(&device);
    device_sync(&device);
    for (int i = 0; i < photos; i++) {
        char uri[64];
        snprintf(uri, sizeof uri, "file://media/Photo/IMG_%d.jpg", i);
        int32_t found = state_of(&device, uri);
        assert_true(found == CLOUDSYNC_FILE_SYNC_STATE_COMPLETED || found == CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    }
    gate_destroy(&log.final);
    answer_destroy(&answer);
    device_free(&device);
}

static void optimize_storage_frees_what_the_disk_needs(void) {
    struct device device;
    char gallery[PATH_MAX], cloud_dir[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    device_make(&device, "needed");
    mount_small(device.gallery, "size=4m");
    for (int i = 0; i < 30; i++) {
        char photo[32];
        photo_name(photo, i);
        write_photo(device.gallery, photo, 100000, (uint64_t)i);
        read_days_ago(device.gallery, photo, i < 15 ? 31 : 1);
    }
    device_open(&device);
    sync_twice(&device);
    /* Nothing goes that could not be had back. */
    conditions_set(&device.conditions.wifi, 0);
    assert_both(CLOUDSYNC_E_NETWORK_UNAVAILABLE, optimize_storage, device.context);
    conditions_set(&device.conditions.wifi, 1);
    assert_ok(cloudsync_embedded_cloud_new(join(cloud_dir, root, "cloud"), "account", &cloud));
    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 0));
    assert_both(CLOUDSYNC_E_CLOUD_NOT_READY, optimize_storage, device.context);
    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 1));
    assert_ok(cloud_service_stub_free(cloud));
    assert_int_equal(count_files(device.gallery), 30);

    /* Some 25 % are free: the old ones go until 60 % are, and no other. */
    assert_ok(optimize_storage(device.context));
    size_t left = count_files(device.gallery);
    assert_true(left >= 15 && left < 20);
    for (int i = 15; i < 30; i++) {
        char photo[32];
        photo_name(photo, i);
        assert_true(file_exists(device.gallery, photo));
    }
    assert_ok(optimize_storage(device.context)); /* enough is free */
    assert_int_equal(count_files(device.gallery), left);
    snprintf(gallery, sizeof gallery, "%s", device.gallery);
    device_free(&device);
    unmount(gallery);
}

static void a_disk_that_fills_up(void **state) {
    (void)state;
    with_own_mounts(optimize_storage_frees_what_the_disk_needs);
}

/* For everybody, and for a system app with the permission. */
static void clean_answers(CloudSyncCloudFileCache *cache, const char *uri, int32_t expected) {
    assert_code(cloud_file_cache_clean_file_cache(cache, uri), expected);
    assert_code(cloud_file_cache_clean_cache(cache, uri), expected);
}

/* One file, by name: each reason to stay has its code. */
static void one_file_is_cleaned(void **state) {
    (void)state;
    struct device device;
    CloudSyncCloudFileCache *cache = NULL;
    char path[PATH_MAX], other[PATH_MAX];
    const char uri[] = "file://media/Photo/IMG_1.jpg";
    device_make(&device, "clean");
    write_photo(device.gallery, "IMG_1.jpg", 10000, 1);
    write_photo(device.gallery, "IMG_2.jpg", 10000, 2);
    device_open(&device);
    assert_ok(cloud_file_cache_new(device.context, &cache));
    clean_answers(cache, uri, CLOUDSYNC_E_TRY_AGAIN); /* never sent */
    sync_twice(&device);
    clean_answers(cache, "file://media/Photo/none.jpg", CLOUDSYNC_E_NO_SUCH_FILE);
    clean_answers(cache, "nonsense", CLOUDSYNC_E_INVALID_URI);
    int writer = open(join(path, device.gallery, "IMG_1.jpg"), O_WRONLY);
    clean_answers(cache, uri, CLOUDSYNC_E_TRY_AGAIN);
    assert_int_equal(close(writer), 0);
    assert_int_equal(link(path, join(other, root, "another-name.jpg")), 0);
    device_sync(&device);
    clean_answers(cache, uri, CLOUDSYNC_E_ACCESS_DENIED);
    assert_int_equal(unlink(other), 0);
    assert_ok(cloudsync_pin(device.context, uri, 1));
    clean_answers(cache, uri, CLOUDSYNC_E_ACCESS_DENIED);
    assert_ok(cloudsync_pin(device.context, uri, 0));
    sync_twice(&device);
    assert_int_equal(count_files(device.gallery), 2);

    assert_ok(cloud_file_cache_clean_file_cache(cache, uri));
    assert_int_equal(count_files(device.gallery), 1);
    assert_ok(cloud_file_cache_clean_file_cache(cache, uri)); /* not here any more: no error */
    assert_ok(cloud_file_cache_clean_cache(cache, "file://media/Photo/IMG_2.jpg"));
    assert_int_equal(count_files(device.gallery), 0);
    assert_ok(cloud_file_cache_free(cache));
    device_free(&device);
}

static int rot_photo(const char *path, const struct stat *stat, int type, struct FTW *place) {
    (void)place;
    if (type == FTW_F && stat->st_size == 54321) {
        int file = open(path, O_WRONLY);
        assert_int_equal(pwrite(file, "rotten", 6, 1000), 6);
        assert_int_equal(close(file), 0);
    }
    return 0;
}

/* A proof that fails because the cloud's copy is damaged says so, and the good bytes go there once more. */
static void what_is_damaged_in_the_cloud_is_sent_again(void **state) {
    (void)state;
    struct device here, there;
    char path[PATH_MAX], text[512];
    CloudSyncCloudFileCache *cache = NULL;
    device_make(&here, "here");
    device_make(&there, "there");
    write_photo(here.gallery, "a.jpg", 54321, 1);
    changes_are_old();
    device_open(&here);
    sync_twice(&here);
    assert_int_equal(nftw(join(path, root, "cloud"), rot_photo, 16, FTW_PHYS), 0);
    assert_ok(cloud_file_cache_new(here.context, &cache));
    clean_answers(cache, "file://media/Photo/a.jpg", CLOUDSYNC_E_TRY_AGAIN);
    assert_true(is_photo(here.gallery, "a.jpg", 54321, 1));
    assert_int_equal(explained(&here, "file://media/Photo/a.jpg", text, sizeof text).code, CLOUDSYNC_E_TRY_AGAIN);
    assert_non_null(strstr(text, "the next sync sends it again"));
    sync_twice(&here);
    assert_ok(cloud_file_cache_clean_file_cache(cache, "file://media/Photo/a.jpg"));
    assert_false(file_exists(here.gallery, "a.jpg"));
    device_open(&there);
    device_sync(&there);
    assert_true(is_photo(there.gallery, "a.jpg", 54321, 1));
    assert_ok(cloud_file_cache_free(cache));
    device_free(&there);
    device_free(&here);
}

static void bad_parameters(void **state) {
    (void)state;
    struct device device;
    CloudSyncOptimizeSpaceParam param = {sizeof param, 1, 0}, short_one = {4, 1, 0}, negative = {sizeof param, -1, 0},
                                aged = {sizeof param, 1, -1};
    device_make(&device, "bad");
    device_open(&device);
    assert_code(start_optimize_space(device.context, &param, NULL, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(start_optimize_space(device.context, NULL, ignore_optimize, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(start_optimize_space(device.context, &short_one, ignore_optimize, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(start_optimize_space(device.context, &negative, ignore_optimize, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(start_optimize_space(device.context, &aged, ignore_optimize, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(start_optimize_space(NULL, &param, ignore_optimize, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(the_oldest_go_first_and_come_back_the_same),
        in_scratch(only_what_nobody_read_for_so_long_goes),
        in_scratch(what_a_person_looked_at_stays_longer),
        in_scratch(what_is_in_use_stays),
        in_scratch(a_pinned_folder_keeps_all_that_is_in_it),
        in_scratch(a_live_photo_goes_as_a_whole),
        in_scratch(a_cloud_restored_from_an_old_backup_proves_nothing),
        in_scratch(one_at_a_time_and_it_stops),
        in_scratch(a_disk_that_fills_up),
        in_scratch(one_file_is_cleaned),
        in_scratch(what_is_damaged_in_the_cloud_is_sent_again),
        in_scratch(bad_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
