/* register_change: what changes on the disk and in the cloud is told, each change once, as a person sees it. */
#include "support.h"

#include <dirent.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#define GALLERY "file://media/Photo"

/* What one callback was told, a line for each: "+ a.jpg", "* a.jpg", "- a.jpg", "a.jpg > b.jpg". */
struct told {
    struct gate events, destroyed;
    char text[8192];
    unsigned count, most;
};

static void told_init(struct told *told) {
    memset(told, 0, sizeof *told);
    gate_init(&told->events);
    gate_init(&told->destroyed);
}

static void told_destroy(struct told *told) {
    gate_destroy(&told->events);
    gate_destroy(&told->destroyed);
}

static const char *path_of(const char *uri) {
    size_t prefix = strlen(GALLERY "/");
    return strncmp(uri, GALLERY "/", prefix) == 0 ? uri + prefix : uri;
}

static void on_change(const CloudSyncChangeData *data, void *user_data) {
    struct told *told = (struct told *)user_data;
    const char marks[] = "+*-";
    assert_int_equal(data->struct_size, sizeof *data);
    assert_int_equal(data->type == CLOUDSYNC_NOTIFY_RENAMED, data->old_uris != NULL);
    for (uint32_t i = 0; i < data->count; i++) {
        size_t used = strlen(told->text), left = sizeof told->text - used;
        const char *folder = data->is_directory[i] ? "/" : "", *path = path_of(data->uris[i]);
        if (data->type == CLOUDSYNC_NOTIFY_RENAMED) {
            snprintf(told->text + used, left, "%s%s > %s%s\n", path_of(data->old_uris[i]), folder, path, folder);
        } else {
            snprintf(told->text + used, left, "%c %s%s\n", marks[data->type], path, folder);
        }
    }
    told->count += data->count;
    told->most = data->count > told->most ? data->count : told->most;
    gate_raise(&told->events);
}

static void on_change_destroy(void *user_data) {
    gate_raise(&((struct told *)user_data)->destroyed);
}

static void watch(struct device *device, const char *uri, int recursion, struct told *told) {
    told_init(told);
    assert_ok(register_change(device->context, uri, recursion, on_change, told, on_change_destroy));
}

/* A run's final event comes after all that it changed. */
static void assert_told(struct told *told, const char *expected) {
    assert_string_equal(told->text, expected);
    told->text[0] = '\0';
    told->count = 0;
}

static void rename_in(const char *gallery, const char *from, const char *to) {
    char old[PATH_MAX], new_path[PATH_MAX];
    assert_int_equal(rename(join(old, gallery, from), join(new_path, gallery, to)), 0);
}

static void remove_in(const char *gallery, const char *name) {
    char path[PATH_MAX];
    assert_int_equal(remove(join(path, gallery, name)), 0);
}

static void make_in(const char *gallery, const char *name) {
    char path[PATH_MAX];
    make_folder(join(path, gallery, name));
}

static void pair_open(struct device *one, struct device *other) {
    device_make(one, "one");
    device_make(other, "other");
    device_open(one);
    device_open(other);
}

/* What a person does on one device is told there as it is found, and on the other as it arrives. */
static void both_sync(struct device *one, struct device *other) {
    device_sync(one);
    device_sync(other);
}

static void every_change_is_told_once_on_both_devices(void **state) {
    (void)state;
    struct device one, other;
    struct told here, there;
    pair_open(&one, &other);
    watch(&one, GALLERY, 1, &here);
    watch(&other, GALLERY "/", 1, &there);

    write_photo(one.gallery, "a.jpg", 1000, 1);
    make_in(one.gallery, "Holiday");
    write_photo(one.gallery, "Holiday/b c.jpg", 2000, 2);
    both_sync(&one, &other);
    assert_told(&here, "+ Holiday/\n+ Holiday/b%20c.jpg\n+ a.jpg\n");
    assert_int_equal(there.count, 3);
    assert_non_null(strstr(there.text, "+ Holiday/\n+ "));
    assert_non_null(strstr(there.text, "+ Holiday/b%20c.jpg\n"));
    assert_non_null(strstr(there.text, "+ a.jpg\n"));
    there.text[0] = '\0';

    both_sync(&one, &other);
    assert_told(&here, "");
    assert_told(&there, "");

    write_photo(one.gallery, "a.jpg", 1500, 3);
    both_sync(&one, &other);
    assert_told(&here, "* a.jpg\n");
    assert_told(&there, "* a.jpg\n");

    rename_in(one.gallery, "a.jpg", "Holiday/a.jpg");
    both_sync(&one, &other);
    assert_told(&here, "a.jpg > Holiday/a.jpg\n");
    assert_told(&there, "a.jpg > Holiday/a.jpg\n");

    rename_in(one.gallery, "Holiday", "2026");
    both_sync(&one, &other);
    assert_told(&here, "Holiday/ > 2026/\n");
    assert_told(&there, "Holiday/ > 2026/\n");

    /* A file takes another's place. */
    write_photo(one.gallery, "d.jpg", 300, 4);
    both_sync(&one, &other);
    assert_told(&here, "+ d.jpg\n");
    assert_told(&there, "+ d.jpg\n");
    rename_in(one.gallery, "d.jpg", "2026/a.jpg");
    both_sync(&one, &other);
    assert_told(&here, "d.jpg > 2026/a.jpg\n");
    assert_told(&there, "d.jpg > 2026/a.jpg\n");

    remove_in(one.gallery, "2026/a.jpg");
    remove_in(one.gallery, "2026/b c.jpg");
    remove_in(one.gallery, "2026");
    both_sync(&one, &other);
    assert_told(&here, "- 2026/b%20c.jpg\n- 2026/a.jpg\n- 2026/\n");
    assert_int_equal(there.count, 3);
    assert_non_null(strstr(there.text, "- 2026/\n"));
    device_free(&one);
    device_free(&other);
    told_destroy(&here);
    told_destroy(&there);
}

static void two_names_are_exchanged(void **state) {
    (void)state;
    struct device one, other;
    struct told there;
    pair_open(&one, &other);
    write_photo(one.gallery, "a.jpg", 1000, 1);
    write_photo(one.gallery, "b.jpg", 1100, 2);
    both_sync(&one, &other);
    watch(&other, GALLERY, 1, &there);
    rename_in(one.gallery, "a.jpg", "c.jpg");
    rename_in(one.gallery, "b.jpg", "a.jpg");
    rename_in(one.gallery, "c.jpg", "b.jpg");
    both_sync(&one, &other);
    assert_true(is_photo(other.gallery, "a.jpg", 1100, 2));
    assert_told(&there, "b.jpg > a.jpg\na.jpg > b.jpg\n");
    device_free(&one);
    device_free(&other);
    told_destroy(&there);
}

static void a_conflict_is_a_copy_added_and_a_file_modified(void **state) {
    (void)state;
    struct device one, other;
    struct told there;
    pair_open(&one, &other);
    write_photo(one.gallery, "a.jpg", 1000, 1);
    both_sync(&one, &other);
    watch(&other, GALLERY, 1, &there);
    write_photo(one.gallery, "a.jpg", 2000, 2);
    write_photo(other.gallery, "a.jpg", 3000, 3);
    both_sync(&one, &other);
    assert_true(is_photo(other.gallery, "a.jpg", 2000, 2));
    assert_null(strstr(there.text, "- "));
    assert_null(strstr(there.text, " > "));
    assert_non_null(strstr(there.text, "+ a%20(conflict%20other%20"));
    /* As it was found changed here, and as the cloud's bytes took its place. */
    assert_true(strncmp(there.text, "* a.jpg\n", 8) == 0);
    assert_non_null(strstr(there.text + 8, "* a.jpg\n"));
    assert_int_equal(there.count, 3);
    device_free(&one);
    device_free(&other);
    told_destroy(&there);
}

static void what_both_hold_already_is_no_change(void **state) {
    (void)state;
    struct device one, other;
    struct told there;
    pair_open(&one, &other);
    make_in(one.gallery, "Holiday");
    make_in(other.gallery, "Holiday");
    write_photo(one.gallery, "Holiday/a.jpg", 1000, 1);
    write_photo(other.gallery, "Holiday/a.jpg", 1000, 1);
    device_sync(&one);
    watch(&other, GALLERY, 1, &there);
    device_sync(&other);
    assert_told(&there, "+ Holiday/\n+ Holiday/a.jpg\n"); /* found here for the first time, and nothing more */
    device_free(&one);
    device_free(&other);
    told_destroy(&there);
}

static void a_file_in_the_cloud_alone_is_told_of_too(void **state) {
    (void)state;
    struct device one, other;
    struct told there;
    struct download_log log;
    CloudSyncDownload *download = NULL;
    device_make(&one, "one");
    device_make(&other, "other");
    assert_ok(cloudsync_options_set_download_policy(other.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&one);
    device_open(&other);
    write_photo(one.gallery, "a.jpg", 1000, 1);
    write_photo(one.gallery, "b.jpg", 1000, 2);
    device_sync(&one);
    watch(&other, GALLERY, 0, &there);
    device_sync(&other);
    assert_told(&there, "+ a.jpg\n+ b.jpg\n");

    rename_in(one.gallery, "b.jpg", "c.jpg");
    both_sync(&one, &other);
    assert_told(&there, "b.jpg > c.jpg\n");

    download_log_init(&log);
    assert_ok(download_new(other.context, &download));
    assert_ok(download_register_progress_cb(download, on_download, &log, NULL));
    unsigned before = gate_count(&there.events);
    assert_ok(download_start(download, GALLERY "/a.jpg"));
    gate_wait(&log.finals, 1);
    gate_wait(&there.events, before + 1);
    assert_told(&there, "* a.jpg\n"); /* its bytes have come */

    remove_in(one.gallery, "c.jpg");
    both_sync(&one, &other);
    assert_told(&there, "- c.jpg\n");
    assert_ok(download_free(download));
    device_free(&one);
    device_free(&other);
    download_log_destroy(&log);
    told_destroy(&there);
}

static void only_what_was_asked_for(void **state) {
    (void)state;
    struct device device;
    struct told file, folder, deep, inner;
    device_make(&device, "device");
    make_in(device.gallery, "A");
    make_in(device.gallery, "A/B");
    make_in(device.gallery, "C");
    write_photo(device.gallery, "a.jpg", 100, 1);
    write_photo(device.gallery, "A/b.jpg", 100, 2);
    write_photo(device.gallery, "A/B/c.jpg", 100, 3);
    device_open(&device);
    device_sync(&device);
    watch(&device, GALLERY "/a.jpg", 1, &file);
    watch(&device, GALLERY "/A", 0, &folder);
    watch(&device, GALLERY "/A/", 1, &deep);
    watch(&device, GALLERY "/A/B", 0, &inner);

    write_photo(device.gallery, "a.jpg", 200, 4);
    write_photo(device.gallery, "A/B/c.jpg", 200, 5);
    write_photo(device.gallery, "z.jpg", 200, 6);
    device_sync(&device);
    assert_told(&file, "* a.jpg\n");
    assert_told(&folder, "");
    assert_told(&deep, "* A/B/c.jpg\n");
    assert_told(&inner, "* A/B/c.jpg\n");

    /* What leaves a folder is gone from it, what enters is new in it. */
    rename_in(device.gallery, "A/b.jpg", "C/b.jpg");
    rename_in(device.gallery, "z.jpg", "A/z.jpg");
    rename_in(device.gallery, "a.jpg", "C/a.jpg");
    device_sync(&device);
    assert_told(&file, "a.jpg > C/a.jpg\n");
    assert_told(&folder, "- A/b.jpg\n+ A/z.jpg\n");
    assert_told(&deep, "- A/b.jpg\n+ A/z.jpg\n");
    assert_told(&inner, "");

    rename_in(device.gallery, "A", "D");
    device_sync(&device);
    assert_told(&file, "");
    assert_told(&folder, "A/ > D/\n");
    assert_told(&deep, "A/ > D/\n");
    assert_told(&inner, "- A/B/c.jpg\n- A/B/\n");
    rename_in(device.gallery, "D", "A");
    device_sync(&device);
    assert_told(&folder, "+ A/\n+ A/B/\n+ A/z.jpg\n");
    assert_told(&inner, "+ A/B/\n+ A/B/c.jpg\n");
    device_free(&device);
    told_destroy(&file);
    told_destroy(&folder);
    told_destroy(&deep);
    told_destroy(&inner);
}

static void many_changes_come_in_batches(void **state) {
    (void)state;
    struct device device;
    struct told told;
    char name[32];
    device_make(&device, "device");
    for (unsigned i = 0; i < 2500; i++) {
        snprintf(name, sizeof name, "%04u.jpg", i);
        write_photo(device.gallery, name, 1, i);
    }
    device_open(&device);
    watch(&device, GALLERY, 1, &told);
    device_sync(&device);
    assert_int_equal(told.count, 2500);
    assert_int_equal(told.most, 1024);
    device_free(&device);
    told_destroy(&told);
}

struct inside {
    struct device device;
    unsigned calls, destroyed;
};

static void unregister_inside(const CloudSyncChangeData *data, void *user_data) {
    struct inside *inside = (struct inside *)user_data;
    (void)data;
    assert_ok(unregister_change(inside->device.context, GALLERY));
    assert_int_equal(inside->destroyed, 0); /* it still runs */
    inside->calls++;
}

static void count_destroy(void *user_data) {
    ((struct inside *)user_data)->destroyed++;
}

static void nothing_is_told_after_unregister(void **state) {
    (void)state;
    struct device device;
    struct told told, again, failed;
    device_make(&device, "device");
    device_open(&device);
    watch(&device, GALLERY, 1, &told);
    /* The same once more is none, and gives its user data back; with the other recursion it is another. */
    assert_ok(register_change(device.context, GALLERY "/", 1, on_change, &told, on_change_destroy));
    assert_int_equal(gate_count(&told.destroyed), 1);
    watch(&device, GALLERY, 0, &again);
    write_photo(device.gallery, "a.jpg", 10, 1);
    device_sync(&device);
    assert_told(&told, "+ a.jpg\n");
    assert_told(&again, "+ a.jpg\n");
    assert_ok(unregister_change(device.context, GALLERY));
    assert_int_equal(gate_count(&told.destroyed), 2);
    assert_int_equal(gate_count(&again.destroyed), 1);
    assert_ok(unregister_change(device.context, GALLERY));
    assert_ok(unregister_change(device.context, GALLERY "/never there"));
    write_photo(device.gallery, "b.jpg", 10, 2);
    device_sync(&device);
    assert_told(&told, "");
    assert_told(&again, "");

    told_init(&failed);
    assert_code(register_change(device.context, GALLERY "/none.jpg", 1, on_change, &failed, on_change_destroy),
                CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(register_change(device.context, GALLERY "/../a", 1, on_change, &failed, on_change_destroy),
                CLOUDSYNC_E_INVALID_URI);
    assert_code(register_change(device.context, "file://media", 1, on_change, &failed, on_change_destroy),
                CLOUDSYNC_E_INVALID_URI);
    assert_code(register_change(NULL, GALLERY, 1, on_change, &failed, on_change_destroy),
                CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_int_equal(gate_count(&failed.destroyed), 4);
    assert_code(unregister_change(device.context, GALLERY "/.."), CLOUDSYNC_E_INVALID_URI);

    watch(&device, GALLERY, 1, &told);
    device_free(&device);
    assert_int_equal(gate_count(&told.destroyed), 1); /* closing unregisters */
    told_destroy(&told);
    told_destroy(&again);
    told_destroy(&failed);
}

static void unregister_works_inside_the_callback(void **state) {
    (void)state;
    struct inside inside;
    struct device *device = &inside.device;
    memset(&inside, 0, sizeof inside);
    device_make(device, "device");
    device_open(device);
    assert_ok(register_change(device->context, GALLERY, 1, unregister_inside, &inside, count_destroy));
    write_photo(device->gallery, "a.jpg", 10, 1);
    device_sync(device);
    write_photo(device->gallery, "b.jpg", 10, 2);
    device_sync(device);
    assert_int_equal(inside.calls, 1);
    assert_int_equal(inside.destroyed, 1);
    device_free(device);
}

static void a_bundles_files_are_told_by_their_uris(void **state) {
    (void)state;
    struct device device;
    struct told told, gallery;
    struct progress progress;
    char notes[PATH_MAX];
    CloudSyncFileSync *sync = NULL;
    device_make(&device, "device");
    make_folder(join(notes, root, "notes"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, "com.example.notes", notes));
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.notes", NULL, 0, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    watch(&device, "/data/storage/el2/cloud", 1, &told); /* without any permission: it is the caller's own */
    watch(&device, GALLERY, 1, &gallery);
    progress_init(&progress);
    assert_ok(file_sync_new(device.context, "com.example.notes", &sync));
    assert_ok(file_sync_register_progress_cb(sync, on_progress, &progress, NULL));
    write_photo(notes, "a.txt", 10, 1);
    assert_ok(file_sync_start(sync));
    gate_wait(&progress.finals, 1);
    assert_told(&told, "+ file://com.example.notes/data/storage/el2/cloud/a.txt\n");
    assert_told(&gallery, "");
    assert_ok(file_sync_free(sync));
    progress_destroy(&progress);
    device_free(&device);
    told_destroy(&told);
    told_destroy(&gallery);
}

/* --- Without a run --------------------------------------------------------------------------- */

static bool has_thread(const char *name) {
    bool found = false;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char path[PATH_MAX], line[64] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *comm = fopen(path, "r");
        if (comm != NULL) {
            found |= fgets(line, sizeof line, comm) != NULL && strncmp(line, name, strlen(name)) == 0;
            fclose(comm);
        }
    }
    closedir(tasks);
    return found;
}

/* Waits for so many more lines. */
static void assert_heard(struct told *told, unsigned *events, const char *expected) {
    while (strlen(told->text) < strlen(expected)) {
        gate_wait(&told->events, ++*events);
    }
    *events = gate_count(&told->events);
    assert_told(told, expected);
}

/* The gallery is new: a look takes nothing of it into possession, and the first run does. */
static void the_first_run_comes_after_a_look(void **state) {
    (void)state;
    struct device one, other;
    struct told there;
    unsigned events = 0;
    pair_open(&one, &other);
    write_photo(one.gallery, "a.jpg", 1000, 1);
    device_sync(&one);
    watch(&other, GALLERY, 1, &there);
    write_photo(other.gallery, "b.jpg", 1000, 2);
    assert_heard(&there, &events, "+ b.jpg\n");
    device_sync(&other);
    assert_told(&there, "+ a.jpg\n");
    assert_true(is_photo(other.gallery, "a.jpg", 1000, 1));
    device_free(&one);
    device_free(&other);
    told_destroy(&there);
}

/* Nobody starts a run, and there is no network for one. */
static void what_changes_on_the_disk_is_told_without_a_run(void **state) {
    (void)state;
    struct device device;
    struct told all, album;
    unsigned events = 0, in_album = 0;
    device_make(&device, "device");
    make_in(device.gallery, "album");
    write_photo(device.gallery, "old.jpg", 1000, 1);
    device_open(&device);
    device_sync(&device);
    conditions_set(&device.conditions.wifi, 0);
    conditions_set(&device.conditions.mobile, 0);
    unsigned runs = gate_count(&device.progress.events);
    assert_false(has_thread("cloudsync-watch"));
    watch(&device, GALLERY, 1, &all);
    watch(&device, GALLERY "/album", 0, &album);

    write_photo(device.gallery, "a.jpg", 1000, 2);
    assert_heard(&all, &events, "+ a.jpg\n");
    assert_int_equal(state_of(&device, GALLERY "/a.jpg"), CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);
    assert_true(has_thread("cloudsync-watch"));
    write_photo(device.gallery, "a.jpg", 1500, 3);
    assert_heard(&all, &events, "* a.jpg\n");
    rename_in(device.gallery, "a.jpg", "album/b.jpg");
    assert_heard(&all, &events, "a.jpg > album/b.jpg\n");
    assert_heard(&album, &in_album, "+ album/b.jpg\n");
    make_in(device.gallery, "album/inner");
    assert_heard(&all, &events, "+ album/inner/\n");
    assert_heard(&album, &in_album, "+ album/inner/\n");
    write_photo(device.gallery, "album/inner/c.jpg", 100, 4);
    assert_heard(&all, &events, "+ album/inner/c.jpg\n");
    remove_in(device.gallery, "old.jpg");
    assert_heard(&all, &events, "- old.jpg\n");

    /* A start finds it all, and tells none of it again. */
    assert_int_equal(gate_count(&device.progress.events), runs);
    conditions_set(&device.conditions.wifi, 1);
    device_sync(&device);
    assert_told(&all, "");
    assert_told(&album, "");

    assert_ok(unregister_change(device.context, GALLERY));
    write_photo(device.gallery, "album/d.jpg", 100, 5);
    assert_heard(&album, &in_album, "+ album/d.jpg\n");
    assert_told(&all, "");
    assert_ok(unregister_change(device.context, GALLERY "/album"));
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (has_thread("cloudsync-watch") && now_ms() < deadline) {
        sched_yield();
    }
    assert_false(has_thread("cloudsync-watch"));
    write_photo(device.gallery, "album/e.jpg", 100, 6);
    device_sync(&device);
    assert_told(&album, "");
    assert_told(&all, "");
    device_free(&device);
    told_destroy(&all);
    told_destroy(&album);
}

/* What changed while nobody looked is told to whoever registers. */
static void what_changed_before_is_told_too(void **state) {
    (void)state;
    struct device device;
    struct told told;
    unsigned events = 0;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 1000, 1);
    device_open(&device);
    device_sync(&device);
    device_close(&device);
    rename_in(device.gallery, "a.jpg", "b.jpg");
    device_open(&device);
    watch(&device, GALLERY, 1, &told);
    assert_heard(&told, &events, "a.jpg > b.jpg\n");

    /* A plan that is asked for meanwhile is made all the same. */
    write_photo(device.gallery, "c.jpg", 1000, 2);
    for (int i = 0; i < 20; i++) {
        CloudSyncPlan *plan = NULL;
        assert_ok(cloudsync_plan(device.context, GALLERY, &plan));
        assert_ok(cloudsync_plan_free(plan));
    }
    assert_heard(&told, &events, "+ c.jpg\n");
    device_free(&device);
    told_destroy(&told);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(every_change_is_told_once_on_both_devices),
        in_scratch(two_names_are_exchanged),
        in_scratch(a_conflict_is_a_copy_added_and_a_file_modified),
        in_scratch(what_both_hold_already_is_no_change),
        in_scratch(a_file_in_the_cloud_alone_is_told_of_too),
        in_scratch(only_what_was_asked_for),
        in_scratch(many_changes_come_in_batches),
        in_scratch(nothing_is_told_after_unregister),
        in_scratch(unregister_works_inside_the_callback),
        in_scratch(a_bundles_files_are_told_by_their_uris),
        in_scratch(the_first_run_comes_after_a_look),
        in_scratch(what_changes_on_the_disk_is_told_without_a_run),
        in_scratch(what_changed_before_is_told_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
