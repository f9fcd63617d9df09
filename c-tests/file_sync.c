/* FileSync: each bundle's directory is synced by itself, folders and all, and its files are known by their URIs. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#define NOTES "com.example.notes"
#define MAPS "com.example.maps"
#define CLOUD_DIR "/data/storage/el2/cloud/"

static const char *const granted[] = {"ohos.permission.CLOUDFILE_SYNC"};

/* A device whose context also has the directories of two bundles. */
struct files {
    struct device device;
    char notes[PATH_MAX], maps[PATH_MAX];
    CloudSyncFileSync *notes_sync, *maps_sync;
    struct progress notes_progress, maps_progress;
};

static void open_sync(struct files *files, const char *bundle, CloudSyncFileSync **sync, struct progress *progress) {
    progress_init(progress);
    assert_ok(file_sync_new(files->device.context, bundle, sync));
    assert_ok(file_sync_register_progress_cb(*sync, on_progress, progress, on_progress_destroy));
}

static void files_make(struct files *files, const char *name) {
    char folder[PATH_MAX];
    memset(files, 0, sizeof *files);
    device_make(&files->device, name);
    snprintf(folder, sizeof folder, "%s-notes", name);
    make_folder(join(files->notes, root, folder));
    snprintf(folder, sizeof folder, "%s-maps", name);
    make_folder(join(files->maps, root, folder));
    assert_ok(cloudsync_options_set_bundle_dir(files->device.options, NOTES, files->notes));
    assert_ok(cloudsync_options_set_bundle_dir(files->device.options, MAPS, files->maps));
    assert_ok(cloudsync_options_set_caller(files->device.options, NOTES, granted, 1, 1));
}

static void files_open(struct files *files) {
    device_open(&files->device);
    open_sync(files, NOTES, &files->notes_sync, &files->notes_progress);
    open_sync(files, MAPS, &files->maps_sync, &files->maps_progress);
}

static void files_close(struct files *files) {
    assert_ok(file_sync_free(files->notes_sync));
    assert_ok(file_sync_free(files->maps_sync));
    gate_wait(&files->notes_progress.destroyed, 1);
    gate_wait(&files->maps_progress.destroyed, 1);
    progress_destroy(&files->notes_progress);
    progress_destroy(&files->maps_progress);
    device_close(&files->device);
}

static void files_free(struct files *files) {
    files_close(files);
    device_free(&files->device);
}

static void run(CloudSyncFileSync *sync, struct progress *progress) {
    unsigned before = gate_count(&progress->finals);
    assert_ok(file_sync_start(sync));
    gate_wait(&progress->finals, before + 1);
    assert_int_equal(progress->last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    assert_int_equal(progress->last.error, CLOUDSYNC_ERROR_TYPE_NO_ERROR);
}

static bool is_folder(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat status;
    return stat(join(path, folder, name), &status) == 0 && S_ISDIR(status.st_mode);
}

static void each_bundle_is_synced_by_itself(void **state) {
    (void)state;
    struct files one, other;
    char path[PATH_MAX];
    files_make(&one, "one");
    files_make(&other, "other");
    write_photo(one.notes, "list.txt", 5000, 1);
    assert_int_equal(mkdir(join(path, one.notes, "empty folder"), 0700), 0);
    assert_int_equal(mkdir(join(path, one.notes, "work"), 0700), 0);
    write_photo(one.notes, "work/plan.txt", 70000, 2);
    write_photo(one.maps, "list.txt", 300, 3);
    write_photo(one.device.gallery, "IMG_1.jpg", 900, 4);
    files_open(&one);
    files_open(&other);

    run(one.notes_sync, &one.notes_progress);
    run(other.notes_sync, &other.notes_progress);
    assert_true(same_folders(one.notes, other.notes));
    assert_int_equal(count_files(other.notes), 2);
    assert_true(is_folder(other.notes, "empty folder"));
    /* Nobody else's directory was looked at, and nobody else was told. */
    assert_int_equal(count_files(other.maps), 0);
    assert_int_equal(count_files(other.device.gallery), 0);
    assert_int_equal(gate_count(&one.maps_progress.events), 0);
    assert_int_equal(gate_count(&one.device.progress.events), 0);

    run(one.maps_sync, &one.maps_progress);
    run(other.maps_sync, &other.maps_progress);
    assert_true(is_photo(other.maps, "list.txt", 300, 3));
    assert_true(is_photo(other.notes, "list.txt", 5000, 1));

    assert_int_equal(rmdir(join(path, other.notes, "empty folder")), 0);
    run(other.notes_sync, &other.notes_progress);
    run(one.notes_sync, &one.notes_progress);
    assert_false(is_folder(one.notes, "empty folder"));
    files_free(&one);
    files_free(&other);
}

static void both_bundles_and_the_gallery_at_once(void **state) {
    (void)state;
    struct files one, other;
    char name[64];
    files_make(&one, "one");
    files_make(&other, "other");
    for (unsigned i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "file-%u", i);
        write_photo(one.notes, name, 4096, i);
        write_photo(one.maps, name, 4096, 1000 + i);
        write_photo(one.device.gallery, name, 4096, 2000 + i);
    }
    files_open(&one);
    files_open(&other);
    struct files *devices[] = {&one, &other};
    for (size_t i = 0; i < 2; i++) {
        assert_ok(file_sync_start(devices[i]->notes_sync));
        assert_ok(file_sync_start(devices[i]->maps_sync));
        device_sync(&devices[i]->device);
        gate_wait(&devices[i]->notes_progress.finals, 1);
        gate_wait(&devices[i]->maps_progress.finals, 1);
        assert_int_equal(devices[i]->notes_progress.last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
        assert_int_equal(devices[i]->maps_progress.last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    }
    assert_true(same_folders(one.notes, other.notes));
    assert_true(same_folders(one.maps, other.maps));
    assert_true(same_folders(one.device.gallery, other.device.gallery));
    files_free(&one);
    files_free(&other);
}

static void files_are_known_by_their_uris(void **state) {
    (void)state;
    struct files files;
    files_make(&files, "one");
    write_photo(files.notes, "a b.txt", 10, 1);
    write_photo(files.maps, "a.txt", 10, 2);
    write_photo(files.device.gallery, "a.jpg", 10, 3);
    files_open(&files);
    run(files.notes_sync, &files.notes_progress);
    assert_int_equal(state_of(&files.device, "file://" NOTES CLOUD_DIR "a%20b.txt"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    /* The plain path is the caller's own. */
    assert_int_equal(state_of(&files.device, CLOUD_DIR "a b.txt"), CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_int_equal(state_of(&files.device, "file://" MAPS CLOUD_DIR "a.txt"), CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);

    const char *const mixed[] = {"file://media/Photo/a.jpg", "file://" NOTES CLOUD_DIR "a%20b.txt",
                                 "file://" MAPS CLOUD_DIR "a.txt"};
    int32_t states[3] = {-1, -1, -1};
    assert_ok(get_file_sync_states(files.device.context, mixed, 3, states));
    assert_int_equal(states[0], CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);
    assert_int_equal(states[1], CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_int_equal(states[2], CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);

    static const char *const invalid[] = {
        "file://" NOTES CLOUD_DIR, "file://" NOTES CLOUD_DIR "../a", "file://" NOTES "/data/storage/el2/base/a",
        "file://com.example.unknown" CLOUD_DIR "a", "file://" NOTES CLOUD_DIR "a%2fb",
    };
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        assert_code(get_file_sync_state(files.device.context, invalid[i], states), CLOUDSYNC_E_INVALID_URI);
    }
    assert_code(get_file_sync_state(files.device.context, "file://" MAPS CLOUD_DIR "none.txt", states),
                CLOUDSYNC_E_NO_SUCH_FILE);
    files_free(&files);
}

static void on_time(int32_t code, const char *message, int64_t time_ms, void *user_data) {
    int64_t *told = (int64_t *)user_data;
    assert_int_equal(code, CLOUDSYNC_OK);
    assert_non_null(message);
    told[1] = time_ms;
    gate_raise((struct gate *)(intptr_t)told[0]);
}

static void the_last_sync_time_is_the_last_success(void **state) {
    (void)state;
    struct files files;
    struct gate gate;
    int64_t first = -1, later = -1, told[2];
    files_make(&files, "one");
    write_photo(files.notes, "a.txt", 10, 1);
    files_open(&files);
    assert_ok(file_sync_get_last_sync_time(files.notes_sync, &first));
    assert_int_equal(first, 0);
    run(files.notes_sync, &files.notes_progress);
    assert_ok(file_sync_get_last_sync_time(files.notes_sync, &first));
    assert_true(first > INT64_C(1600000000000));
    assert_ok(file_sync_get_last_sync_time(files.maps_sync, &later));
    assert_int_equal(later, 0);

    /* A run that cannot begin changes nothing, and neither does opening again. */
    conditions_set(&files.device.conditions.wifi, 0);
    conditions_set(&files.device.conditions.mobile, 0);
    assert_code(file_sync_start(files.notes_sync), CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    files_close(&files);
    files_open(&files);
    gate_init(&gate);
    told[0] = (int64_t)(intptr_t)&gate;
    assert_ok(file_sync_get_last_sync_time_async(files.notes_sync, on_time, told));
    gate_wait(&gate, 1);
    assert_int_equal(told[1], first);
    gate_destroy(&gate);
    files_free(&files);
}

static void the_constructor_looks_at_caller_and_name(void **state) {
    (void)state;
    struct files files;
    CloudSyncFileSync *sync = NULL;
    files_make(&files, "one");
    assert_ok(cloudsync_options_set_caller(files.device.options, NOTES, NULL, 0, 0));
    assert_ok(cloudsync_open(files.device.options, &files.device.context));
    /* No permission is asked for: every app may sync its own files. */
    assert_ok(file_sync_new(files.device.context, NOTES, &sync));
    assert_ok(file_sync_free(sync));
    assert_code(file_sync_free(sync), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(file_sync_new(files.device.context, MAPS, &sync), CLOUDSYNC_E_NOT_SYSTEM_APP);
    assert_ok(cloudsync_close(files.device.context));

    assert_ok(cloudsync_options_set_caller(files.device.options, "com.example.files", NULL, 0, 1));
    assert_ok(cloudsync_open(files.device.options, &files.device.context));
    assert_code(file_sync_new(files.device.context, "com.example.unknown", &sync), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(file_sync_new(files.device.context, "", &sync), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(file_sync_new(files.device.context, MAPS, &sync));
    assert_ok(cloudsync_close(files.device.context));
    files.device.context = NULL;
    assert_code(file_sync_start(sync), CLOUDSYNC_E_IPC);
    assert_ok(file_sync_free(sync));
    device_free(&files.device);
}

static void directories_are_checked(void **state) {
    (void)state;
    struct files files;
    char path[PATH_MAX];
    static const char *const names[] = {"", "a/b", "..", ".hidden", "a b", "\xc3\xa4"};
    files_make(&files, "one");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_code(cloudsync_options_set_bundle_dir(files.device.options, names[i], files.notes),
                    CLOUDSYNC_E_INVALID_ARGUMENT);
    }
    /* Missing, or inside of another one that is synced. */
    assert_ok(cloudsync_options_set_bundle_dir(files.device.options, MAPS, join(path, root, "missing")));
    assert_code(cloudsync_open(files.device.options, &files.device.context), CLOUDSYNC_E_NO_SUCH_FILE);
    make_folder(join(path, files.device.gallery, "maps"));
    assert_ok(cloudsync_options_set_bundle_dir(files.device.options, MAPS, path));
    assert_code(cloudsync_open(files.device.options, &files.device.context), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_options_set_bundle_dir(files.device.options, MAPS, files.maps));
    files_open(&files);
    files_free(&files);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(each_bundle_is_synced_by_itself),
        in_scratch(both_bundles_and_the_gallery_at_once),
        in_scratch(files_are_known_by_their_uris),
        in_scratch(the_last_sync_time_is_the_last_success),
        in_scratch(the_constructor_looks_at_caller_and_name),
        in_scratch(directories_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
