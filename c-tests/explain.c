/* cloudsync_explain: every file says why it is as it is, as a number and in words, also while a sync runs. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#define GALLERY "file://media/Photo"

static void expect(const struct device *device, const char *uri, int32_t code, const char *words) {
    char text[512];
    CloudSyncExplanation why = explained(device, uri, text, sizeof text);
    if (why.code != code || strstr(text, words) == NULL) {
        fail_msg("%s: %d, %s; expected %d, %s", uri, (int)why.code, text, (int)code, words);
    }
}

/* A start that is not accepted, or a run that ends early, leaves files that say so. */
static void what_waits_says_for_what(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device_open(&device);
    write_photo(device.gallery, "a.jpg", 700, 1);
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_E_TRY_AGAIN, "start one");
    conditions_set(&device.conditions.wifi, 0);
    conditions_set(&device.conditions.mobile, 0);
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_E_NETWORK_UNAVAILABLE, "network");
    conditions_set(&device.conditions.wifi, 1);
    conditions_set(&device.conditions.percent, 5);
    conditions_set(&device.conditions.charging, 0);
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_E_BATTERY_LOW, "charge");
    conditions_set(&device.conditions.percent, 80);
    device_sync(&device);
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_OK, "in step");
    expect(&device, GALLERY, CLOUDSYNC_OK, "in step");

    char path[PATH_MAX];
    assert_int_equal(unlink(join(path, device.gallery, "a.jpg")), 0);
    assert_ok(gallery_sync_start(device.sync));
    assert_ok(gallery_sync_stop(device.sync));
    gate_wait(&device.progress.finals, 2);
    if (device.progress.last.state == CLOUDSYNC_SYNC_STATE_STOPPED) {
        device_sync(&device);
    }
    CloudSyncExplanation why = {sizeof why, -7, 0, 0, 0, 0};
    assert_code(cloudsync_explain(device.context, GALLERY "/a.jpg", &why, NULL, 0), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_int_equal(why.code, -7);
    device_free(&device);
}

static void uploads_that_wait_for_wifi(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    assert_ok(cloudsync_options_set_upload_on_wifi_only(device.options, 1));
    device_open(&device);
    conditions_set(&device.conditions.wifi, 0);
    conditions_set(&device.conditions.mobile, 1);
    assert_ok(gallery_sync_start(device.sync));
    gate_wait(&device.progress.finals, 1);
    assert_int_equal(device.progress.last.error, CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE);
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_E_NETWORK_UNAVAILABLE, "Wi-Fi");
    conditions_set(&device.conditions.wifi, 1);
    device_sync(&device);
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_OK, "in step");
    device_free(&device);
}

static void what_is_never_synced(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    device_make(&device, "device");
    write_photo(device.gallery, "half.jpg.part", 700, 1);
    write_photo(device.gallery, ".hidden.jpg", 700, 1);
    assert_int_equal(symlink("/etc", join(path, device.gallery, "link")), 0);
    make_folder(join(path, device.gallery, "album"));
    device_open(&device);
    device_sync(&device);
    expect(&device, GALLERY "/half.jpg.part", CLOUDSYNC_E_NOT_PERMITTED, "another name");
    expect(&device, GALLERY "/.hidden.jpg", CLOUDSYNC_E_NOT_PERMITTED, "another name");
    expect(&device, GALLERY "/link", CLOUDSYNC_E_NOT_PERMITTED, "never synced");
    expect(&device, GALLERY "/album/", CLOUDSYNC_OK, "in step");
    assert_int_equal(explained(&device, GALLERY "/album", NULL, 0).state, -1);
    CloudSyncExplanation why = {sizeof why, 0, 0, 0, 0, 0};
    assert_code(cloudsync_explain(device.context, GALLERY "/none.part", &why, NULL, 0), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_explain(device.context, GALLERY "/link/passwd", &why, NULL, 0), CLOUDSYNC_E_INVALID_URI);
    device_free(&device);
}

/* What cleaning a file comes to, once a sync has told what was changed from what is changed later. */
static int32_t clean(struct device *device, CloudSyncCloudFileCache *cache, const char *uri) {
    int64_t patient = now_ms() + PATIENCE_MS;
    int32_t code;
    do {
        device_sync(device);
        code = cloud_file_cache_clean_file_cache(cache, uri);
    } while (code == CLOUDSYNC_E_TRY_AGAIN && now_ms() < patient);
    return code;
}

static void what_is_in_the_cloud_alone_and_what_stays_here(void **state) {
    (void)state;
    struct device one, other;
    char path[PATH_MAX], alias[PATH_MAX];
    device_make(&one, "one");
    device_make(&other, "other");
    write_photo(one.gallery, "a.jpg", 700, 1);
    write_photo(one.gallery, "b.jpg", 700, 2);
    device_open(&one);
    device_sync(&one);
    assert_ok(cloudsync_options_set_download_policy(other.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&other);
    device_sync(&other);
    expect(&other, GALLERY "/a.jpg", CLOUDSYNC_OK, "asks for them");
    assert_int_equal(explained(&other, GALLERY "/a.jpg", NULL, 0).state, CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);

    assert_ok(cloudsync_pin(one.context, GALLERY "/a.jpg", 1));
    expect(&one, GALLERY "/a.jpg", CLOUDSYNC_OK, "pinned");
    CloudSyncCloudFileCache *cache = NULL;
    assert_ok(cloud_file_cache_new(one.context, &cache));
    assert_int_equal(link(join(path, one.gallery, "b.jpg"), join(alias, root, "alias.jpg")), 0);
    assert_code(clean(&one, cache, GALLERY "/b.jpg"), CLOUDSYNC_E_ACCESS_DENIED);
    expect(&one, GALLERY "/b.jpg", CLOUDSYNC_OK, "not freed");
    assert_int_equal(explained(&one, GALLERY "/b.jpg", NULL, 0).kept_code, CLOUDSYNC_E_ACCESS_DENIED);
    assert_int_equal(unlink(alias), 0);
    assert_ok(clean(&one, cache, GALLERY "/b.jpg"));
    expect(&one, GALLERY "/b.jpg", CLOUDSYNC_OK, "freed");
    assert_int_equal(explained(&one, GALLERY "/b.jpg", NULL, 0).kept_code, CLOUDSYNC_OK);
    assert_ok(cloud_file_cache_free(cache));
    device_free(&one);
    device_free(&other);
}

static void deletions_that_wait_for_a_word(void **state) {
    (void)state;
    struct device device;
    char name[32], uri[64], path[PATH_MAX];
    uint64_t held = 0;
    device_make(&device, "device");
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "%d.jpg", i);
        write_photo(device.gallery, name, 100, (uint64_t)i);
    }
    assert_ok(cloudsync_options_set_deletion_hold(device.options, 5, 25));
    device_open(&device);
    device_sync(&device);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "%d.jpg", i);
        assert_int_equal(unlink(join(path, device.gallery, name)), 0);
    }
    device_sync(&device);
    assert_ok(cloudsync_get_held_deletions(device.context, &held));
    assert_int_equal(held, 6);
    snprintf(uri, sizeof uri, GALLERY "/%d.jpg", 3);
    expect(&device, uri, CLOUDSYNC_E_LIMIT_EXCEEDED, "held");
    assert_ok(cloudsync_answer_held_deletions(device.context, 1));
    assert_ok(cloudsync_get_held_deletions(device.context, &held)); /* heard after the answer */
    assert_int_equal(held, 0);
    expect(&device, uri, CLOUDSYNC_E_TRY_AGAIN, "trash");
    device_sync(&device);
    CloudSyncExplanation why = {sizeof why, 0, 0, 0, 0, 0};
    assert_code(cloudsync_explain(device.context, uri, &why, NULL, 0), CLOUDSYNC_E_NO_SUCH_FILE);
    device_free(&device);
}

/* A run whose own thread waits inside a function of the host: nothing else does. */
struct held_run {
    struct gate calls, go_on;
};

static int32_t both_up(void *self, int32_t *wifi, int32_t *mobile) {
    (void)self;
    *wifi = *mobile = 1;
    return 0;
}

static int32_t no_battery(void *self, int32_t *percent, int32_t *charging) {
    (void)self;
    *percent = -1;
    *charging = 0;
    return 0;
}

/* The start itself asks first; then the run does. */
static int32_t held_heat(void *self, int32_t *heat) {
    struct held_run *run = (struct held_run *)self;
    *heat = 0;
    gate_raise(&run->calls);
    if (gate_count(&run->calls) > 1) {
        gate_wait_for(&run->go_on, 1, PATIENCE_MS);
    }
    return 0;
}

/* What cannot be read may be any file that is missing: deletions wait, and it is said where and why. */
static void deletions_that_wait_for_what_cannot_be_read(void **state) {
    (void)state;
    struct device here, there;
    char folder[PATH_MAX], bad[PATH_MAX], path[PATH_MAX];
    device_make(&here, "here");
    device_make(&there, "there");
    make_folder(join(folder, here.gallery, "A"));
    write_photo(here.gallery, "a.jpg", 1000, 1);
    write_photo(folder, "b.jpg", 1000, 2);
    device_open(&here);
    device_open(&there);
    device_sync(&here);
    device_sync(&there);
    make_folder(join(bad, folder, "\xff"));
    assert_int_equal(remove(join(path, here.gallery, "a.jpg")), 0);
    expect(&here, GALLERY "/a.jpg", CLOUDSYNC_E_TRY_AGAIN, "it is not there any more: the next sync takes it along");
    device_sync(&here);
    device_sync(&there);
    assert_true(file_exists(there.gallery, "a.jpg"));
    expect(&here, GALLERY, CLOUDSYNC_E_ACCESS_DENIED, "A: the name of");
    expect(&here, GALLERY, CLOUDSYNC_E_ACCESS_DENIED, "is not UTF-8");
    expect(&here, GALLERY "/a.jpg", CLOUDSYNC_E_ACCESS_DENIED, "it was deleted here, and stays in the cloud until");
    expect(&here, GALLERY "/A/b.jpg", 0, "in step");
    assert_int_equal(rmdir(bad), 0);
    device_sync(&here);
    device_sync(&there);
    assert_false(file_exists(there.gallery, "a.jpg"));
    expect(&here, GALLERY, 0, "in step");
    device_free(&here);
    device_free(&there);
}

/* A photo with a name that cannot be synced holds nothing else up: it is known by its inode number what it was. */
static void a_name_that_cannot_be_synced(void **state) {
    (void)state;
    struct device here, there;
    char folder[PATH_MAX], elsewhere[PATH_MAX], bad[PATH_MAX], path[PATH_MAX];
    device_make(&here, "here");
    device_make(&there, "there");
    make_folder(join(folder, here.gallery, "A"));
    join(elsewhere, there.gallery, "A");
    write_photo(here.gallery, "a.jpg", 1000, 1);
    write_photo(here.gallery, "b.jpg", 1000, 2);
    write_photo(folder, "c.jpg", 1000, 3);
    device_open(&here);
    device_open(&there);
    device_sync(&here);
    device_sync(&there);

    assert_int_equal(rename(join(path, here.gallery, "a.jpg"), join(bad, folder, "\xff.jpg")), 0);
    assert_int_equal(remove(join(path, here.gallery, "b.jpg")), 0);
    device_sync(&here);
    device_sync(&there);
    assert_true(is_photo(there.gallery, "a.jpg", 1000, 1));
    assert_false(file_exists(there.gallery, "b.jpg"));
    assert_int_equal(remove(join(path, folder, "c.jpg")), 0); /* a look at less than all of it */
    device_sync(&here);
    device_sync(&there);
    assert_true(is_photo(there.gallery, "a.jpg", 1000, 1));
    assert_false(file_exists(elsewhere, "c.jpg"));
    expect(&here, GALLERY, CLOUDSYNC_E_ACCESS_DENIED, "not everything here is synced: A: the name of");
    expect(&here, GALLERY "/a.jpg", CLOUDSYNC_E_ACCESS_DENIED, "it was given a name that cannot be synced: A: ");
    assert_int_equal(rename(bad, join(path, folder, "better.jpg")), 0);
    device_sync(&here);
    device_sync(&there);
    assert_true(is_photo(elsewhere, "better.jpg", 1000, 1));
    assert_false(file_exists(there.gallery, "a.jpg"));
    expect(&here, GALLERY, 0, "in step");
    device_free(&here);
    device_free(&there);
}

static void nothing_waits_behind_a_running_sync(void **state) {
    (void)state;
    struct device device;
    struct held_run run;
    CloudSyncDeviceVTable vtable;
    CloudSyncPage *page = NULL;
    gate_init(&run.calls);
    gate_init(&run.go_on);
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.self = &run;
    vtable.network = both_up;
    vtable.battery = no_battery;
    vtable.heat = held_heat;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    assert_ok(cloudsync_options_set_device(device.options, &vtable));
    device_open(&device);
    assert_ok(gallery_sync_start(device.sync));
    gate_wait(&run.calls, 2); /* the run is held from here on */
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_E_TRY_AGAIN, "going on");
    assert_int_equal(state_of(&device, GALLERY "/a.jpg"), CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED);
    assert_ok(cloudsync_list(device.context, GALLERY, 1, NULL, 10, &page));
    assert_ok(cloudsync_page_free(page));
    assert_int_equal(gate_count(&device.progress.finals), 0);
    gate_raise(&run.go_on);
    gate_wait(&device.progress.finals, 1);
    expect(&device, GALLERY "/a.jpg", CLOUDSYNC_OK, "in step");
    device_free(&device);
    gate_destroy(&run.calls);
    gate_destroy(&run.go_on);
}

static void who_may_ask(void **state) {
    (void)state;
    struct device device;
    char maps[PATH_MAX];
    CloudSyncExplanation why = {sizeof why, 0, 0, 0, 0, 0};
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    make_folder(join(maps, root, "maps"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, "com.example.maps", maps));
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.notes", NULL, 0, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    assert_ok(cloudsync_explain(device.context, GALLERY "/a.jpg", &why, NULL, 0));
    assert_code(cloudsync_explain(device.context, "file://com.example.maps/data/storage/el2/cloud/a", &why, NULL, 0),
                CLOUDSYNC_E_NOT_SYSTEM_APP);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(what_waits_says_for_what),
        in_scratch(uploads_that_wait_for_wifi),
        in_scratch(what_is_never_synced),
        in_scratch(what_is_in_the_cloud_alone_and_what_stays_here),
        in_scratch(deletions_that_wait_for_a_word),
        in_scratch(deletions_that_wait_for_what_cannot_be_read),
        in_scratch(a_name_that_cannot_be_synced),
        in_scratch(nothing_waits_behind_a_running_sync),
        in_scratch(who_may_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
