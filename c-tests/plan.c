/* cloudsync_plan: what a start would do is what it then does, and finding out changes nothing on disk or in the cloud. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#define GALLERY "file://media/Photo"

/* What lies in a folder, hidden things too, as names, sizes and digests; all but what a reader of a database leaves beside
 * it. */
static void snapshot(const char *folder, char *text, size_t length) {
    char command[3 * PATH_MAX];
    snprintf(command, sizeof command,
             "cd '%s' && (find . -printf '%%p %%y %%s %%m\\n' | sort; find . -type f -exec sha256sum {} + | sort)", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t read = fread(text, 1, length - 1, pipe);
    text[read] = '\0';
    assert_true(read > 0 && read < length - 1);
    assert_int_equal(pclose(pipe), 0);
}

static CloudSyncPlan *plan_of(const struct device *device) {
    CloudSyncPlan *plan = NULL;
    assert_ok(cloudsync_plan(device->context, GALLERY, &plan));
    return plan;
}

static size_t read_plan(const CloudSyncPlan *plan, const CloudSyncPlannedAction *const **actions,
                        CloudSyncPlanTotals *totals) {
    const CloudSyncPlanTotals *found;
    size_t count;
    assert_ok(cloudsync_plan_read(plan, actions, &count, &found));
    assert_int_equal(found->struct_size, sizeof *found);
    *totals = *found;
    return count;
}

static const CloudSyncPlannedAction *action_of(const CloudSyncPlan *plan, int32_t kind, const char *uri) {
    const CloudSyncPlannedAction *const *actions;
    CloudSyncPlanTotals totals;
    size_t count = read_plan(plan, &actions, &totals);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(actions[i]->struct_size, sizeof **actions);
        if (actions[i]->kind == kind && strcmp(actions[i]->uri, uri) == 0) {
            return actions[i];
        }
    }
    fail_msg("nothing of kind %d is planned with %s", (int)kind, uri);
    return NULL;
}

static void move(const struct device *device, const char *from, const char *to) {
    char before[PATH_MAX], after[PATH_MAX];
    assert_int_equal(rename(join(before, device->gallery, from), join(after, device->gallery, to)), 0);
}

static void delete_photo(const struct device *device, const char *name) {
    char path[PATH_MAX];
    assert_int_equal(unlink(join(path, device->gallery, name)), 0);
}

/* One device with changes of its own, and changes in the cloud that it has not seen. */
static void make_changes(struct device *one, struct device *other) {
    char path[PATH_MAX];
    device_make(one, "one");
    device_make(other, "other");
    make_folder(join(path, one->gallery, "album"));
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.jpg", i);
        write_photo(one->gallery, name, 1000, (uint64_t)i);
    }
    device_open(one);
    device_sync(one);
    device_open(other);
    device_sync(other);
    make_folder(join(path, one->gallery, "new here"));
    write_photo(one->gallery, "new here/a.jpg", 5000, 10);
    move(one, "0.jpg", "album/0.jpg");
    delete_photo(one, "1.jpg");
    make_folder(join(path, other->gallery, "new there"));
    write_photo(other->gallery, "new there/b.jpg", 7000, 11);
    move(other, "2.jpg", "album/2.jpg");
    delete_photo(other, "3.jpg");
    delete_photo(one, "4.jpg");
    write_photo(one->gallery, "4.jpg", 300, 20);
    delete_photo(other, "4.jpg");
    write_photo(other->gallery, "4.jpg", 400, 21);
    device_sync(other);
    device_close(other);
}

static void what_is_planned_is_done(void **state) {
    (void)state;
    struct device one, other;
    const CloudSyncPlannedAction *const *actions;
    CloudSyncPlanTotals totals;
    make_changes(&one, &other);
    CloudSyncPlan *plan = plan_of(&one);
    size_t count = read_plan(plan, &actions, &totals);
    assert_int_equal(count, 11);
    const CloudSyncPlannedAction *both = action_of(plan, CLOUDSYNC_PLAN_KEEP_BOTH, GALLERY "/4.jpg");
    assert_non_null(strstr(both->other_uri, "conflict"));
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_UPLOAD, both->other_uri)->bytes, 300);
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_DOWNLOAD, GALLERY "/4.jpg")->bytes, 400);
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_UPLOAD, GALLERY "/new%20here/a.jpg")->bytes, 5000);
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_DOWNLOAD, GALLERY "/new%20there/b.jpg")->bytes, 7000);
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_MAKE_FOLDER_HERE, GALLERY "/new%20there")->is_directory, 1);
    assert_null(action_of(plan, CLOUDSYNC_PLAN_MAKE_FOLDER_IN_CLOUD, GALLERY "/new%20here")->other_uri);
    assert_string_equal(action_of(plan, CLOUDSYNC_PLAN_MOVE_IN_CLOUD, GALLERY "/0.jpg")->other_uri, GALLERY "/album/0.jpg");
    assert_string_equal(action_of(plan, CLOUDSYNC_PLAN_MOVE_HERE, GALLERY "/2.jpg")->other_uri, GALLERY "/album/2.jpg");
    action_of(plan, CLOUDSYNC_PLAN_DELETE_IN_CLOUD, GALLERY "/1.jpg");
    action_of(plan, CLOUDSYNC_PLAN_DELETE_HERE, GALLERY "/3.jpg");
    assert_int_equal(totals.left, 0);

    unsigned events = gate_count(&one.progress.events), finals = gate_count(&one.progress.finals);
    assert_int_equal(finals, 1);
    device_sync(&one);
    assert_true(gate_count(&one.progress.events) > events);
    assert_int_equal(one.progress.last.files_total, totals.uploads + totals.downloads);
    assert_int_equal(one.progress.last.files_done, totals.uploads + totals.downloads);
    assert_int_equal(one.progress.last.bytes_total, totals.upload_bytes + totals.download_bytes);
    assert_ok(cloudsync_plan_free(plan));
    assert_code(cloudsync_plan_free(plan), CLOUDSYNC_E_INVALID_ARGUMENT);
    plan = plan_of(&one);
    assert_int_equal(read_plan(plan, &actions, &totals), 0);
    assert_ok(cloudsync_plan_free(plan));
    device_free(&one);
    device_free(&other);
}

/* Of a device that has synced, and of one that never has. */
static void a_plan_changes_nothing(void **state) {
    (void)state;
    static char disk[2][1 << 16], cloud[2][1 << 16];
    struct device one, other, fresh;
    char path[PATH_MAX];
    make_changes(&one, &other);
    device_make(&fresh, "fresh");
    write_photo(fresh.gallery, "0.jpg", 1000, 0); /* as it is in the cloud */
    write_photo(fresh.gallery, "mine.jpg", 1000, 33);
    device_close(&one);
    struct device *const devices[] = {&one, &fresh};
    for (int i = 0; i < 2; i++) {
        struct device *device = devices[i];
        snapshot(device->gallery, disk[0], sizeof disk[0]);
        snapshot(join(path, root, "cloud"), cloud[0], sizeof cloud[0]);
        device_open(device);
        unsigned events = gate_count(&device->progress.events);
        assert_ok(cloudsync_plan_free(plan_of(device)));
        assert_ok(cloudsync_plan_free(plan_of(device)));
        assert_int_equal(gate_count(&device->progress.events), events);
        device_close(device);
        snapshot(device->gallery, disk[1], sizeof disk[1]);
        snapshot(join(path, root, "cloud"), cloud[1], sizeof cloud[1]);
        assert_string_equal(disk[0], disk[1]);
        assert_string_equal(cloud[0], cloud[1]);
    }
    device_open(&fresh);
    device_sync(&fresh);
    device_open(&one);
    device_sync(&one);
    device_sync(&fresh);
    assert_true(same_folders(one.gallery, fresh.gallery));
    device_free(&one);
    device_free(&other);
    device_free(&fresh);
}

struct plan_answer {
    struct gate gate;
    int32_t code;
    CloudSyncPlan *plan;
};

static void on_plan(int32_t code, const char *message, CloudSyncPlan *plan, void *user_data) {
    struct plan_answer *answer = (struct plan_answer *)user_data;
    assert_int_equal(message[0] != '\0', code != 0);
    answer->code = code;
    answer->plan = plan;
    gate_raise(&answer->gate);
}

/* What both forms answer; the plan of the one with a completion is returned where there is one. */
static CloudSyncPlan *expect_both(struct device *device, const char *uri, int32_t expected) {
    struct plan_answer answer;
    CloudSyncPlan *plan = NULL;
    memset(&answer, 0, sizeof answer);
    gate_init(&answer.gate);
    assert_code(cloudsync_plan(device->context, uri, &plan), expected);
    assert_int_equal(plan != NULL, expected == CLOUDSYNC_OK);
    assert_ok(cloudsync_plan_free(plan));
    assert_ok(cloudsync_plan_async(device->context, uri, on_plan, &answer));
    gate_wait(&answer.gate, 1);
    assert_answered(cloudsync_plan_async, answer.code, expected);
    assert_int_equal(answer.plan != NULL, expected == CLOUDSYNC_OK);
    gate_destroy(&answer.gate);
    return answer.plan;
}

static void its_codes(void **state) {
    (void)state;
    struct device device;
    CloudSyncPlan *plan = NULL;
    CloudSyncCloudServiceStub *cloud = NULL;
    char maps[PATH_MAX], path[PATH_MAX], away[PATH_MAX];
    device_make(&device, "device");
    make_folder(join(maps, root, "maps"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, "com.example.maps", maps));
    write_photo(maps, "map.bin", 100, 1);
    device_open(&device);
    assert_code(cloudsync_plan(device.context, "nonsense", &plan), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_plan(device.context, GALLERY "/a.jpg", &plan), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_plan_async(device.context, "nonsense", ignore_plan, NULL), CLOUDSYNC_E_INVALID_URI);
    conditions_set(&device.conditions.wifi, 0);
    expect_both(&device, GALLERY, CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    conditions_set(&device.conditions.wifi, 1);
    conditions_set(&device.conditions.percent, 5);
    expect_both(&device, GALLERY, CLOUDSYNC_E_BATTERY_LOW);
    conditions_set(&device.conditions.percent, -1);
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 0));
    expect_both(&device, GALLERY, CLOUDSYNC_E_CLOUD_NOT_READY);
    assert_ok(cloudsync_embedded_cloud_switch(cloud, NULL, 1));
    assert_ok(cloud_service_stub_free(cloud));

    /* A bundle's own directory. */
    plan = expect_both(&device, "file://com.example.maps/data/storage/el2/cloud/", CLOUDSYNC_OK);
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_UPLOAD, "file://com.example.maps/data/storage/el2/cloud/map.bin")->bytes,
                     100);
    assert_ok(cloudsync_plan_free(plan));

    /* A gallery that was synced and is not there any more. */
    device_sync(&device);
    assert_int_equal(rename(device.gallery, join(away, root, "away")), 0);
    expect_both(&device, GALLERY, CLOUDSYNC_E_IO);
    assert_int_equal(rename(away, device.gallery), 0);
    assert_ok(cloudsync_plan_free(expect_both(&device, GALLERY, CLOUDSYNC_OK)));
    device_close(&device);

    assert_ok(cloudsync_options_set_caller(device.options, "com.example.notes", NULL, 0, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    plan = NULL;
    assert_code(cloudsync_plan(device.context, "file://com.example.maps/data/storage/el2/cloud", &plan),
                CLOUDSYNC_E_NOT_SYSTEM_APP);
    device_free(&device);
}

/* A start of many files, which is under way for a while. */
static void while_a_sync_runs(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    for (int i = 0; i < 2000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.jpg", i);
        write_photo(device.gallery, name, 100, (uint64_t)i);
    }
    device_open(&device);
    assert_ok(gallery_sync_start(device.sync));
    expect_both(&device, GALLERY, CLOUDSYNC_E_TASK_RUNNING);
    gate_wait(&device.progress.finals, 1);
    device_free(&device);
}

static void what_would_be_left_says_why(void **state) {
    (void)state;
    struct device device;
    const CloudSyncPlannedAction *const *actions;
    CloudSyncPlanTotals totals;
    uint64_t held = 7;
    device_make(&device, "device");
    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.jpg", i);
        write_photo(device.gallery, name, 100, (uint64_t)i);
    }
    assert_ok(cloudsync_options_set_deletion_hold(device.options, 5, 25));
    assert_ok(cloudsync_options_set_upload_on_wifi_only(device.options, 1));
    device_open(&device);
    device_sync(&device);
    for (int i = 0; i < 8; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.jpg", i);
        delete_photo(&device, name);
    }
    write_photo(device.gallery, "new.jpg", 100, 44);
    conditions_set(&device.conditions.wifi, 0);
    conditions_set(&device.conditions.mobile, 1);
    CloudSyncPlan *plan = plan_of(&device);
    assert_int_equal(read_plan(plan, &actions, &totals), 9);
    assert_int_equal(totals.left, 9);
    assert_int_equal(totals.uploads, 0);
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_UPLOAD, GALLERY "/new.jpg")->code, CLOUDSYNC_E_NETWORK_UNAVAILABLE);
    assert_int_equal(action_of(plan, CLOUDSYNC_PLAN_DELETE_IN_CLOUD, GALLERY "/3.jpg")->code, CLOUDSYNC_E_LIMIT_EXCEEDED);
    assert_ok(cloudsync_plan_free(plan));
    assert_ok(cloudsync_get_held_deletions(device.context, &held));
    assert_int_equal(held, 0);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(what_is_planned_is_done),
        in_scratch(a_plan_changes_nothing),
        in_scratch(its_codes),
        in_scratch(while_a_sync_runs),
        in_scratch(what_would_be_left_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
