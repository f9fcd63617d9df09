/* An asynchronous call that waits, for the cloud or for much work, holds no other kind of call back. */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BOUND_MS 3000
#define MOST_HELD 64
#define MOST_ASYNC_THREADS 6

static const char gallery_uri[] = "file://media/Photo";
static const char *const one_uri[] = {"file://media/Photo/a.jpg"};

/* The embedded cloud, but for who is signed in: while it is silent, nobody is told until it speaks again. */
struct silent_cloud {
    CloudSyncCloudServiceStub *inner;
    pthread_mutex_t lock;
    bool silent;
    CloudSyncReply *held[MOST_HELD];
    unsigned held_count;
    struct gate asked;
    struct gate freed;
};

static int32_t tell_who(struct silent_cloud *cloud, CloudSyncReply *reply) {
    CloudSyncResult *result = NULL;
    const CloudSyncServiceInfo *info;
    if (cloud_service_get_service_info(cloud->inner, &result) != CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_result_service_info(result, &info);
    cloudsync_reply_service_info(reply, info);
    cloudsync_result_free(result);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t service_info(void *self, CloudSyncReply *reply) {
    struct silent_cloud *cloud = (struct silent_cloud *)self;
    pthread_mutex_lock(&cloud->lock);
    bool hold = cloud->silent && cloud->held_count < MOST_HELD;
    if (hold) {
        cloud->held[cloud->held_count++] = reply;
    }
    pthread_mutex_unlock(&cloud->lock);
    if (!hold) {
        return tell_who(cloud, reply);
    }
    gate_raise(&cloud->asked);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t database_of(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                           CloudSyncReply *reply) {
    CloudSyncCloudDbStub *db = NULL;
    if (cloud_service_connect_db(((struct silent_cloud *)self)->inner, bundle_name, database, &db) != CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_reply_cloud_db(reply, db);
    cloud_db_stub_free(db);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static int32_t loader_of(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                         CloudSyncReply *reply) {
    CloudSyncAssetLoaderStub *loader = NULL;
    if (cloud_service_connect_asset_loader(((struct silent_cloud *)self)->inner, bundle_name, database, &loader) !=
        CLOUDSYNC_OK) {
        return cloudsync_last_error_code();
    }
    cloudsync_reply_asset_loader(reply, loader);
    asset_loader_stub_free(loader);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void freed(void *self) {
    struct silent_cloud *cloud = (struct silent_cloud *)self;
    cloud_service_stub_free(cloud->inner);
    gate_raise(&cloud->freed);
}

static void silence(struct silent_cloud *cloud) {
    pthread_mutex_lock(&cloud->lock);
    cloud->silent = true;
    pthread_mutex_unlock(&cloud->lock);
}

static void speak(struct silent_cloud *cloud) {
    pthread_mutex_lock(&cloud->lock);
    cloud->silent = false;
    unsigned count = cloud->held_count;
    cloud->held_count = 0;
    pthread_mutex_unlock(&cloud->lock);
    for (unsigned i = 0; i < count; i++) {
        tell_who(cloud, cloud->held[i]);
    }
}

/* A device whose cloud can be silent, with a.jpg that is synced. */
static void silent_make(struct silent_cloud *cloud, struct device *device, const char *name) {
    char path[PATH_MAX];
    CloudSyncCloudServiceVTable table;
    CloudSyncCloudServiceStub *stub = NULL;
    memset(cloud, 0, sizeof *cloud);
    memset(&table, 0, sizeof table);
    pthread_mutex_init(&cloud->lock, NULL);
    gate_init(&cloud->asked);
    gate_init(&cloud->freed);
    table.struct_size = sizeof table;
    table.get_service_info = service_info;
    table.connect_db = database_of;
    table.connect_asset_loader = loader_of;
    table.destroy = freed;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud->inner));
    assert_ok(create_cloud_service_stub(&table, cloud, &stub));
    device_make(device, name);
    assert_ok(cloudsync_options_set_cloud(device->options, stub));
    assert_ok(cloud_service_stub_free(stub));
    write_photo(device->gallery, "a.jpg", 5000, 1);
}

/* Frees a device, and sees to it that nobody holds on to its cloud. */
static void silent_free(struct silent_cloud *cloud, struct device *device) {
    device_free(device);
    gate_wait(&cloud->freed, 1);
    gate_destroy(&cloud->asked);
    gate_destroy(&cloud->freed);
    pthread_mutex_destroy(&cloud->lock);
}

static int async_threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char path[PATH_MAX], name[64] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *comm = fopen(path, "r");
        if (comm != NULL) {
            count += fgets(name, sizeof name, comm) != NULL && strcmp(name, "cloudsync-async\n") == 0;
            fclose(comm);
        }
    }
    closedir(tasks);
    return count;
}

struct states_answer {
    struct gate gate;
    int32_t code;
};

static void on_states(int32_t code, const char *message, const int32_t *states, size_t n, void *user_data) {
    struct states_answer *answer = (struct states_answer *)user_data;
    answer->code = message != NULL && states != NULL && n == 1 ? code : INT32_MIN;
    gate_raise(&answer->gate);
}

static void on_plan(int32_t code, const char *message, CloudSyncPlan *plan, void *user_data) {
    cloudsync_plan_free(plan);
    on_answer(code, message, user_data);
}

/* What asks neither the cloud nor for much work completes while the others wait. */
static void quick_ones_complete(struct device *device, CloudSyncDownload *download) {
    struct states_answer states;
    gate_init(&states.gate);
    assert_ok(get_file_sync_states_async(device->context, one_uri, 1, on_states, &states));
    assert_true(gate_wait_for(&states.gate, 1, BOUND_MS));
    assert_int_equal(states.code, CLOUDSYNC_OK);
    gate_destroy(&states.gate);
    struct answer stopped;
    answer_init(&stopped);
    assert_ok(download_stop_async(download, one_uri[0], on_answer, &stopped));
    assert_true(gate_wait_for(&stopped.gate, 1, BOUND_MS));
    assert_int_equal(stopped.code, CLOUDSYNC_OK);
    answer_destroy(&stopped);
}

static int unlink_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    (void)walk;
    return kind == FTW_F ? unlink(path) : 0;
}

enum { PLANS = 20 };

/* Every kind of call that asks the cloud waits for itself alone, however many there are. */
static void a_silent_cloud_holds_back_who_asks_it(void **state) {
    (void)state;
    struct silent_cloud cloud;
    struct device device;
    CloudSyncDownload *download = NULL;
    struct answer started, told, restored, plans[PLANS];
    char path[PATH_MAX];
    silent_make(&cloud, &device, "device");
    write_photo(device.gallery, "gone.jpg", 5000, 2);
    device_open(&device);
    device_sync(&device);
    assert_ok(cloudsync_remove(device.context, "file://media/Photo/gone.jpg"));
    device_sync(&device);
    assert_int_equal(nftw(join(path, device.gallery, ".cloudsync/trash"), unlink_one, 16, FTW_PHYS), 0);
    assert_ok(download_new(device.context, &download));
    answer_init(&started);
    answer_init(&told);
    answer_init(&restored);

    silence(&cloud);
    assert_ok(gallery_sync_start_async(device.sync, on_answer, &started));
    assert_ok(cloud_sync_manager_notify_data_change_async(device.context, "someone", "com.ohos.medialibrary", on_answer,
                                                          &told));
    assert_ok(cloudsync_restore_async(device.context, "file://media/Photo/gone.jpg", on_answer, &restored));
    for (int i = 0; i < PLANS; i++) {
        answer_init(&plans[i]);
        assert_ok(cloudsync_plan_async(device.context, gallery_uri, on_plan, &plans[i]));
    }
    gate_wait(&cloud.asked, 3); /* beside each other */
    quick_ones_complete(&device, download);
    assert_true(async_threads() <= MOST_ASYNC_THREADS);
    assert_int_equal(gate_count(&started.gate) + gate_count(&told.gate) + gate_count(&restored.gate), 0);

    speak(&cloud);
    gate_wait(&started.gate, 1);
    gate_wait(&told.gate, 1);
    gate_wait(&restored.gate, 1);
    assert_int_equal(started.code, CLOUDSYNC_OK);
    assert_int_equal(told.code, CLOUDSYNC_E_INVALID_ARGUMENT); /* another account */
    for (int i = 0; i < PLANS; i++) {
        gate_wait(&plans[i].gate, 1);
        answer_destroy(&plans[i]);
    }
    answer_destroy(&started);
    answer_destroy(&told);
    answer_destroy(&restored);
    assert_ok(download_free(download));
    silent_free(&cloud, &device);
}

struct turn {
    struct gate gate;
    struct gate *before;
    bool in_order;
};

static void on_turn(int32_t code, const char *message, void *user_data) {
    struct turn *turn = (struct turn *)user_data;
    (void)message;
    turn->in_order = code == CLOUDSYNC_OK && (turn->before == NULL || gate_count(turn->before) == 1);
    gate_raise(&turn->gate);
}

/* A stop never overtakes the start before it. */
static void calls_of_one_directory_keep_their_order(void **state) {
    (void)state;
    struct silent_cloud cloud;
    struct device device;
    struct turn turns[4];
    silent_make(&cloud, &device, "device");
    device_open(&device);
    device_sync(&device);
    silence(&cloud);
    for (int i = 0; i < 4; i++) {
        gate_init(&turns[i].gate);
        turns[i].before = i == 0 ? NULL : &turns[i - 1].gate;
        assert_ok((i % 2 == 0 ? gallery_sync_start_async : gallery_sync_stop_async)(device.sync, on_turn, &turns[i]));
    }
    gate_wait(&cloud.asked, 1);
    assert_int_equal(gate_count(&turns[1].gate), 0);
    speak(&cloud);
    for (int i = 0; i < 4; i++) {
        gate_wait(&turns[i].gate, 1);
        assert_true(turns[i].in_order);
        gate_destroy(&turns[i].gate);
    }
    silent_free(&cloud, &device);
}

/* What still waits for the cloud when the context is closed completes then, and never again. */
static void close_waits_for_no_silent_cloud(int32_t dispatch) {
    struct silent_cloud cloud;
    struct device device;
    struct answer started[2], told;
    silent_make(&cloud, &device, "device");
    assert_ok(cloudsync_options_set_dispatch(device.options, dispatch));
    device_open(&device);
    answer_init(&started[0]);
    answer_init(&started[1]);
    answer_init(&told);
    silence(&cloud);
    assert_ok(gallery_sync_start_async(device.sync, on_answer, &started[0]));
    assert_ok(gallery_sync_start_async(device.sync, on_answer, &started[1]));
    assert_ok(cloud_sync_manager_notify_data_change_async(device.context, "someone", "com.ohos.medialibrary", on_answer,
                                                          &told));
    gate_wait(&cloud.asked, 2);
    int64_t from = now_ms();
    assert_ok(cloudsync_close(device.context));
    assert_true(now_ms() - from < BOUND_MS);
    device.context = NULL;
    struct answer *const all[] = {&started[0], &started[1], &told};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gate_count(&all[i]->gate), 1);
        assert_int_equal(all[i]->code, CLOUDSYNC_E_IPC);
    }
    speak(&cloud);
    silent_free(&cloud, &device);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gate_count(&all[i]->gate), 1);
        answer_destroy(all[i]);
    }
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (async_threads() > 0 && now_ms() < deadline) {
        sched_yield();
    }
    assert_int_equal(async_threads(), 0);
}

static void close_with_the_librarys_thread(void **state) {
    (void)state;
    close_waits_for_no_silent_cloud(CLOUDSYNC_DISPATCH_THREAD);
}

static void close_with_the_hosts_thread(void **state) {
    (void)state;
    close_waits_for_no_silent_cloud(CLOUDSYNC_DISPATCH_HOST);
}

/* A photo that nobody has read for a long time. */
static void write_old_photo(const char *folder, int number) {
    char name[32], path[PATH_MAX];
    struct timespec times[2];
    snprintf(name, sizeof name, "IMG_%02d.jpg", number);
    write_photo(folder, name, 100000, (uint64_t)number);
    memset(times, 0, sizeof times);
    times[0].tv_sec = times[1].tv_sec = time(NULL) - 40 * 24 * 3600;
    assert_int_equal(utimensat(AT_FDCWD, join(path, folder, name), times, 0), 0);
}

/* Syncs, and once more when nothing was changed within a tick of the disk's clock: what was stays. */
static void sync_twice(struct device *device) {
    device_sync(device);
    int64_t old = now_ms() + 25;
    while (now_ms() < old) {
        sched_yield();
    }
    device_sync(device);
}

static void freeing_space_for_long(void) {
    struct silent_cloud cloud;
    struct device device;
    CloudSyncDownload *download = NULL;
    struct answer freed_up, again, started;
    char gallery[PATH_MAX];
    silent_make(&cloud, &device, "device");
    mount_small(device.gallery, "size=4m");
    for (int i = 0; i < 30; i++) {
        write_old_photo(device.gallery, i);
    }
    write_photo(device.gallery, "a.jpg", 5000, 1);
    device_open(&device);
    sync_twice(&device);
    assert_ok(download_new(device.context, &download));
    answer_init(&freed_up);
    answer_init(&again);
    answer_init(&started);

    silence(&cloud);
    assert_ok(optimize_storage_async(device.context, on_answer, &freed_up));
    gate_wait(&cloud.asked, 1); /* for a proof that the files may go */
    quick_ones_complete(&device, download);
    assert_ok(optimize_storage_async(device.context, on_answer, &again));
    assert_true(gate_wait_for(&again.gate, 1, BOUND_MS));
    assert_int_equal(again.code, CLOUDSYNC_E_TASK_RUNNING);
    assert_ok(gallery_sync_start_async(device.sync, on_answer, &started));
    gate_wait(&cloud.asked, 2); /* two long ones of different kinds, beside each other */
    assert_int_equal(gate_count(&freed_up.gate), 0);

    speak(&cloud);
    gate_wait(&freed_up.gate, 1);
    gate_wait(&started.gate, 1);
    assert_int_equal(freed_up.code, CLOUDSYNC_OK);
    assert_true(count_files(device.gallery) < 31);
    answer_destroy(&freed_up);
    answer_destroy(&again);
    answer_destroy(&started);
    assert_ok(download_free(download));
    snprintf(gallery, sizeof gallery, "%s", device.gallery);
    silent_free(&cloud, &device);
    unmount(gallery);
}

static void freeing_space_holds_nothing_back(void **state) {
    (void)state;
    with_own_mounts(freeing_space_for_long);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(freeing_space_holds_nothing_back), /* in a child process: before there are threads */
        in_scratch(a_silent_cloud_holds_back_who_asks_it),
        in_scratch(calls_of_one_directory_keep_their_order),
        in_scratch(close_with_the_librarys_thread),
        in_scratch(close_with_the_hosts_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
