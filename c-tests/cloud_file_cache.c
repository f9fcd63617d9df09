/* CloudFileCache: files that are in the cloud come one by one or in batches; a transfer is shared, is stopped and goes
 * on, and a person's file comes before a batch's. */
#include "support.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define GALLERY "file://media/Photo/"
#define NOTES "com.example.notes"
#define CLOUD_DIR "/data/storage/el2/cloud/"

/* --- How far transfers come ------------------------------------------------------------------- */

/* What the embedded cloud reads at a time. */
#define CHUNK (256 * 1024)
/* The sizes of contents that the valve knows. */
#define LARGE (8 * CHUNK + 100)
#define MIDDLE (3 * CHUNK + 10)

/* Reads of the cloud's contents of one size: so many pass, then they wait until the valve is opened. */
static pthread_mutex_t valve_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t valve_changed = PTHREAD_COND_INITIALIZER;
static struct {
    size_t size;
    unsigned permits;
    bool shut;
    struct gate waiting; /* reads that came to wait */
    uint64_t bytes;      /* that were read, of contents of any size the valve knows */
    unsigned at_once, most_at_once;
} valve;

static void valve_begin(void) {
    gate_init(&valve.waiting);
    valve.shut = false;
    valve.bytes = 0;
    valve.at_once = valve.most_at_once = 0;
}

static void valve_end(void) {
    gate_destroy(&valve.waiting);
}

static void valve_shut(size_t size, unsigned permits) {
    pthread_mutex_lock(&valve_lock);
    valve.size = size;
    valve.permits = permits;
    valve.shut = true;
    pthread_mutex_unlock(&valve_lock);
}

static void valve_open(void) {
    pthread_mutex_lock(&valve_lock);
    valve.shut = false;
    pthread_cond_broadcast(&valve_changed);
    pthread_mutex_unlock(&valve_lock);
}

static uint64_t valve_bytes(void) {
    pthread_mutex_lock(&valve_lock);
    uint64_t bytes = valve.bytes;
    valve.bytes = 0;
    pthread_mutex_unlock(&valve_lock);
    return bytes;
}

static size_t content_size(int fd) {
    char link[64], path[PATH_MAX], cloud[PATH_MAX];
    struct stat status;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (root[0] == '\0' || length < 0 || fstat(fd, &status) != 0) {
        return 0;
    }
    path[length] = '\0';
    join(cloud, root, "cloud/");
    bool known = status.st_size == LARGE || status.st_size == MIDDLE;
    return known && strstr(path, cloud) != NULL ? (size_t)status.st_size : 0;
}

static void pass_valve(size_t size, size_t count) {
    pthread_mutex_lock(&valve_lock);
    if (valve.shut && valve.size == size) {
        if (valve.permits > 0) {
            valve.permits--;
        } else {
            valve.at_once++;
            valve.most_at_once = valve.at_once > valve.most_at_once ? valve.at_once : valve.most_at_once;
            gate_raise(&valve.waiting);
            while (valve.shut) {
                pthread_cond_wait(&valve_changed, &valve_lock);
            }
            valve.at_once--;
        }
    }
    valve.bytes += count;
    pthread_mutex_unlock(&valve_lock);
}

/* The library calls this one instead of libc's. */
#ifdef __cplusplus
extern "C"
#endif
ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) {
    size_t size = content_size(fd);
    if (size > 0) {
        pass_valve(size, count);
    }
    return syscall(SYS_pread64, fd, buffer, count, offset);
}

/* --- What is told ----------------------------------------------------------------------------- */

#define MANY 64

/* A single file's events. */
struct told {
    struct gate events, finals, destroyed;
    struct { int32_t state, error; uint64_t processed, size; } seen[MANY];
    char uri[PATH_MAX];
    bool wrong;
};

static void on_file(const CloudSyncDownloadProgress *event, void *user_data) {
    struct told *told = (struct told *)user_data;
    unsigned count = gate_count(&told->events);
    if (count < MANY) {
        told->seen[count].state = event->state;
        told->seen[count].error = event->error;
        told->seen[count].processed = event->processed;
        told->seen[count].size = event->size;
    }
    if (count > 0 && told->seen[count - 1].state == CLOUDSYNC_DOWNLOAD_STATE_RUNNING) {
        told->wrong |= event->processed < told->seen[count - 1].processed;
    }
    told->wrong |= event->struct_size != sizeof *event || event->processed > event->size || count >= MANY;
    snprintf(told->uri, sizeof told->uri, "%s", event->uri);
    gate_raise(&told->events);
    if (event->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING) {
        gate_raise(&told->finals);
    }
}

static void on_destroy(void *user_data) {
    gate_raise(&((struct told *)user_data)->destroyed);
}

static void told_init(struct told *told) {
    memset(told, 0, sizeof *told);
    gate_init(&told->events);
    gate_init(&told->finals);
    gate_init(&told->destroyed);
}

static void told_destroy(struct told *told) {
    gate_destroy(&told->events);
    gate_destroy(&told->finals);
    gate_destroy(&told->destroyed);
    assert_false(told->wrong);
}

/* Waits for the final event of this number, which must be this state. */
static void file_ends(struct told *told, unsigned number, int32_t state) {
    gate_wait(&told->finals, number);
    unsigned last = gate_count(&told->events) - 1;
    assert_int_equal(told->seen[last].state, state);
}

/* The events of batches, of which one goes on at a time. */
struct batches {
    struct gate events, finals, destroyed;
    CloudSyncMultiDownloadProgress last; /* without its lists */
    char failed[PATH_MAX], succeeded[PATH_MAX]; /* the last of each list */
    bool running, wrong;
};

static void on_batch(const CloudSyncMultiDownloadProgress *event, void *user_data) {
    struct batches *batches = (struct batches *)user_data;
    const CloudSyncMultiDownloadProgress *last = &batches->last;
    bool final = event->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING;
    uint32_t ended = event->successful_count + event->failed_count;
    if (batches->running) {
        batches->wrong |= event->task_id != last->task_id || event->total_count != last->total_count;
        batches->wrong |= event->downloaded_size < last->downloaded_size;
        batches->wrong |= event->successful_count < last->successful_count;
        batches->wrong |= event->failed_count < last->failed_count;
    }
    batches->wrong |= event->struct_size != sizeof *event || ended > event->total_count;
    batches->wrong |= event->downloaded_size > event->total_size;
    batches->wrong |= (event->failed_count == 0) != (event->err_type == CLOUDSYNC_DOWNLOAD_ERROR_NO_ERROR);
    for (uint32_t i = 0; i < event->successful_count; i++) {
        snprintf(batches->succeeded, sizeof batches->succeeded, "%s", event->successful_files[i]);
    }
    for (uint32_t i = 0; i < event->failed_count; i++) {
        snprintf(batches->failed, sizeof batches->failed, "%s", event->failed_files[i].uri);
        batches->wrong |= event->failed_files[i].error == CLOUDSYNC_DOWNLOAD_ERROR_NO_ERROR;
    }
    batches->last = *event;
    batches->running = !final;
    gate_raise(&batches->events);
    if (final) {
        gate_raise(&batches->finals);
    }
}

static void on_batches_destroy(void *user_data) {
    gate_raise(&((struct batches *)user_data)->destroyed);
}

static void batches_init(struct batches *batches) {
    memset(batches, 0, sizeof *batches);
    gate_init(&batches->events);
    gate_init(&batches->finals);
    gate_init(&batches->destroyed);
}

static void batches_destroy(struct batches *batches) {
    gate_destroy(&batches->events);
    gate_destroy(&batches->finals);
    gate_destroy(&batches->destroyed);
    assert_false(batches->wrong);
}

static void batch_ends(struct batches *batches, unsigned number, int64_t task, int32_t state) {
    gate_wait(&batches->finals, number);
    assert_int_equal(batches->last.task_id, task);
    assert_int_equal(batches->last.state, state);
}

struct task_answer {
    struct gate gate;
    int32_t code;
    int64_t task;
};

static void on_task(int32_t code, const char *message, int64_t task_id, void *user_data) {
    struct task_answer *answer = (struct task_answer *)user_data;
    answer->code = code;
    answer->task = (code == CLOUDSYNC_OK) == (message[0] == '\0') ? task_id : -7;
    gate_raise(&answer->gate);
}

/* --- Scenes ----------------------------------------------------------------------------------- */

/* A device whose files' bytes are in the cloud, where another one has put them. */
struct scene {
    struct device there, here;
    char notes_there[PATH_MAX], notes_here[PATH_MAX];
    CloudSyncCloudFileCache *cache;
    struct told told;
    struct batches batches;
};

static void sync_notes(struct device *device) {
    struct progress progress;
    CloudSyncFileSync *sync = NULL;
    progress_init(&progress);
    assert_ok(file_sync_new(device->context, NOTES, &sync));
    assert_ok(file_sync_register_progress_cb(sync, on_progress, &progress, NULL));
    assert_ok(file_sync_start(sync));
    gate_wait(&progress.finals, 1);
    assert_int_equal(progress.last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    assert_ok(file_sync_free(sync));
    progress_destroy(&progress);
}

/* Where files are put before `scene_open`. */
static void scene_make(struct scene *scene) {
    memset(scene, 0, sizeof *scene);
    valve_begin();
    device_make(&scene->there, "there");
    device_make(&scene->here, "here");
    make_folder(join(scene->notes_there, root, "there-notes"));
    make_folder(join(scene->notes_here, root, "here-notes"));
    assert_ok(cloudsync_options_set_bundle_dir(scene->there.options, NOTES, scene->notes_there));
    assert_ok(cloudsync_options_set_bundle_dir(scene->here.options, NOTES, scene->notes_here));
    assert_ok(cloudsync_options_set_download_policy(scene->here.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
}

static void scene_open(struct scene *scene) {
    device_open(&scene->there);
    device_sync(&scene->there);
    sync_notes(&scene->there);
    device_free(&scene->there);
    device_open(&scene->here);
    device_sync(&scene->here);
    sync_notes(&scene->here);
    assert_int_equal(count_files(scene->here.gallery) + count_files(scene->notes_here), 0);
    told_init(&scene->told);
    batches_init(&scene->batches);
    assert_ok(cloud_file_cache_new(scene->here.context, &scene->cache));
#ifdef __cplusplus
    assert_ok(cloud_file_cache_register_progress_cb(scene->cache, on_file, &scene->told, on_destroy));
#else
    assert_ok(register_progress_cb(scene->cache, on_file, &scene->told, on_destroy));
#endif
    assert_ok(cloud_file_cache_register_batch_download_cb(scene->cache, on_batch, &scene->batches,
                                                          on_batches_destroy));
    valve_bytes();
}

static void scene_free(struct scene *scene) {
    assert_ok(cloud_file_cache_free(scene->cache));
    assert_int_equal(gate_count(&scene->told.destroyed), 1);
    assert_int_equal(gate_count(&scene->batches.destroyed), 1);
    if (scene->here.context != NULL) {
        device_free(&scene->here);
    } else {
        assert_ok(cloudsync_options_free(scene->here.options));
        progress_destroy(&scene->here.progress);
    }
    told_destroy(&scene->told);
    batches_destroy(&scene->batches);
    valve_end();
}

/* The URIs of n photos with these numbers in their names. */
static char names[401][64];
static const char *uris[401];

static void name_photos(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], GALLERY "IMG_%03u.jpg", i);
        uris[i] = names[i];
    }
}

static void write_photos(const struct scene *scene, unsigned n, size_t size) {
    name_photos(n);
    for (unsigned i = 0; i < n; i++) {
        write_photo(scene->there.gallery, names[i] + strlen(GALLERY), size, 1000 + i);
    }
}

static int64_t begin_batch(struct scene *scene, unsigned n) {
    int64_t task = -1;
    assert_ok(cloud_file_cache_start_batch(scene->cache, uris, n, CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT, &task));
    assert_true(task >= 0);
    return task;
}

#define PHOTO GALLERY "a.jpg"

/* --- Single files ----------------------------------------------------------------------------- */

static void a_file_comes_and_its_progress_rises(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    write_photo(scene.notes_there, "a.txt", 700, 2);
    scene_open(&scene);
    valve_shut(LARGE, 2);
    assert_ok(cloud_file_cache_start(scene.cache, PHOTO));
    gate_wait(&valve.waiting, 1);
    gate_wait(&scene.told.events, 2);
    assert_int_equal(scene.told.seen[0].state, CLOUDSYNC_DOWNLOAD_STATE_RUNNING);
    assert_int_equal(scene.told.seen[0].processed, 0);
    assert_int_equal(scene.told.seen[0].size, LARGE);
    assert_true(scene.told.seen[1].processed > 0);
    int32_t found = -1;
    assert_ok(get_file_sync_state(scene.here.context, PHOTO, &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_DOWNLOADING);
    valve_open();
    file_ends(&scene.told, 1, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_string_equal(scene.told.uri, PHOTO);
    assert_int_equal(scene.told.seen[gate_count(&scene.told.events) - 1].processed, LARGE);
    assert_true(is_photo(scene.here.gallery, "a.jpg", LARGE, 1));

    /* It is here: done at once. A bundle's file comes alike. */
    assert_ok(cloud_file_cache_start(scene.cache, PHOTO));
    file_ends(&scene.told, 2, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_ok(cloud_file_cache_start(scene.cache, "file://" NOTES CLOUD_DIR "a.txt"));
    file_ends(&scene.told, 3, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_true(is_photo(scene.notes_here, "a.txt", 700, 2));
    assert_int_equal(valve_bytes(), LARGE);
    scene_free(&scene);
}

static void one_transfer_serves_all_who_ask(void **state) {
    (void)state;
    struct scene scene;
    struct told other, third;
    CloudSyncCloudFileCache *cache = NULL;
    CloudSyncDownload *download = NULL;
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    scene_open(&scene);
    told_init(&other);
    told_init(&third);
    assert_ok(cloud_file_cache_new(scene.here.context, &cache));
    assert_ok(cloud_file_cache_register_progress_cb(cache, on_file, &other, NULL));
    assert_ok(download_new(scene.here.context, &download));
    assert_ok(download_register_progress_cb(download, on_file, &third, NULL));
    valve_shut(LARGE, 1);
    assert_ok(cloud_file_cache_start(scene.cache, PHOTO));
    gate_wait(&valve.waiting, 1);
    assert_ok(cloud_file_cache_start(cache, PHOTO));
    assert_ok(download_start(download, PHOTO));
    /* One who leaves does not take it from the others, even with need_clean. */
    assert_ok(cloud_file_cache_stop(cache, PHOTO, 1));
    file_ends(&other, 1, CLOUDSYNC_DOWNLOAD_STATE_STOPPED);
    assert_int_equal(gate_count(&scene.told.finals), 0);
    valve_open();
    file_ends(&scene.told, 1, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    file_ends(&third, 1, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(gate_count(&other.finals), 1);
    assert_int_equal(valve_bytes(), LARGE);
    assert_ok(download_free(download));
    assert_ok(cloud_file_cache_free(cache));
    told_destroy(&other);
    told_destroy(&third);
    scene_free(&scene);
}

/* Lets four chunks come, then stops. */
static void begin_and_stop(struct scene *scene, unsigned number, int32_t need_clean) {
    unsigned waited = gate_count(&valve.waiting);
    valve_shut(LARGE, 3);
    assert_ok(cloud_file_cache_start(scene->cache, PHOTO));
    gate_wait(&valve.waiting, waited + 1);
    assert_ok(cloud_file_cache_stop(scene->cache, PHOTO, need_clean));
    valve_open();
    file_ends(&scene->told, number, CLOUDSYNC_DOWNLOAD_STATE_STOPPED);
    assert_int_equal(valve_bytes(), 4 * CHUNK);
}

static void complete(struct scene *scene, unsigned number, uint64_t bytes) {
    assert_ok(cloud_file_cache_start(scene->cache, PHOTO));
    file_ends(&scene->told, number, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(valve_bytes(), bytes);
    assert_true(is_photo(scene->here.gallery, "a.jpg", LARGE, 1));
}

static void what_a_stop_leaves_the_next_start_goes_on_from(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    scene_open(&scene);
    begin_and_stop(&scene, 1, 0);
    assert_int_equal(gate_count(&scene.told.finals), 1);
    complete(&scene, 2, LARGE - 4 * CHUNK);
    scene_free(&scene);
}

static void a_stop_that_cleans_leaves_nothing(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    scene_open(&scene);
    begin_and_stop(&scene, 1, 1);
    begin_and_stop(&scene, 2, 0);
    /* Nothing is under way, but something is left. */
    assert_ok(cloud_file_cache_stop(scene.cache, PHOTO, 0));
    assert_ok(cloud_file_cache_stop(scene.cache, PHOTO, 1));
    complete(&scene, 3, LARGE);
    assert_int_equal(gate_count(&scene.told.finals), 3);
    assert_ok(cloud_file_cache_stop(scene.cache, PHOTO, 1));
    assert_true(is_photo(scene.here.gallery, "a.jpg", LARGE, 1));
    scene_free(&scene);
}

static void a_start_right_after_a_stop_goes_on(void **state) {
    (void)state;
    struct scene scene;
    struct answer answer;
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    scene_open(&scene);
    answer_init(&answer);
    valve_shut(LARGE, 1);
    assert_ok(cloud_file_cache_start_async(scene.cache, PHOTO, on_answer, &answer));
    gate_wait(&valve.waiting, 1);
    assert_ok(cloud_file_cache_stop_async(scene.cache, PHOTO, 0, on_answer, &answer));
    assert_ok(cloud_file_cache_start_async(scene.cache, PHOTO, on_answer, &answer));
    gate_wait(&answer.gate, 3);
    assert_int_equal(answer.code, CLOUDSYNC_OK);
    valve_open();
    file_ends(&scene.told, 2, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(valve_bytes(), LARGE);
    answer_destroy(&answer);
    scene_free(&scene);
}

static void inside_a_callback(const CloudSyncDownloadProgress *event, void *user_data) {
    struct scene *scene = (struct scene *)user_data;
    int64_t task = -1;
    if (event->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING) {
        scene->told.wrong |= cloud_file_cache_start(scene->cache, PHOTO) != CLOUDSYNC_E_DEADLOCK;
        scene->told.wrong |= cloud_file_cache_stop(scene->cache, PHOTO, 0) != CLOUDSYNC_E_DEADLOCK;
        scene->told.wrong |= cloud_file_cache_start_batch(scene->cache, uris, 1, 0, &task) != CLOUDSYNC_E_DEADLOCK;
        scene->told.wrong |= cloud_file_cache_stop_batch(scene->cache, 1, 0) != CLOUDSYNC_E_DEADLOCK;
        scene->told.wrong |= task != -1;
        gate_raise(&scene->here.progress.destroyed);
    }
}

static void every_code_of_a_single_file(void **state) {
    (void)state;
    struct scene scene;
    struct answer answer;
    static const char *const invalid[] = {"", "a.jpg", GALLERY "../a", GALLERY "a%2fb", "file://com.example.maps" CLOUD_DIR "a",
                                          "file://" NOTES "/data/storage/el2/base/a"};
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", 100, 1);
    scene_open(&scene);
    name_photos(1);
    answer_init(&answer);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        assert_code(cloud_file_cache_start(scene.cache, invalid[i]), CLOUDSYNC_E_INVALID_URI);
        assert_code(cloud_file_cache_stop(scene.cache, invalid[i], 1), CLOUDSYNC_E_INVALID_URI);
    }
    assert_code(cloud_file_cache_start(scene.cache, GALLERY "none.jpg"), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloud_file_cache_stop(scene.cache, GALLERY "none.jpg", 0), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_ok(cloud_file_cache_start_async(scene.cache, GALLERY "none.jpg", on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_E_NO_SUCH_FILE);
    assert_true(answer.has_message);
    assert_ok(cloud_file_cache_stop_async(scene.cache, "nonsense", 0, on_answer, &answer));
    gate_wait(&answer.gate, 2);
    assert_int_equal(answer.code, CLOUDSYNC_E_INVALID_URI);
    assert_ok(cloud_file_cache_stop(scene.cache, PHOTO, 0)); /* it is not being fetched */
    assert_int_equal(gate_count(&scene.told.events), 0);

    /* A blocking call from inside a callback does nothing. */
    unsigned destroyed = gate_count(&scene.here.progress.destroyed);
    assert_ok(cloud_file_cache_register_progress_cb(scene.cache, inside_a_callback, &scene, NULL));
    assert_ok(cloud_file_cache_start(scene.cache, PHOTO));
    gate_wait(&scene.here.progress.destroyed, destroyed + 1);
    assert_ok(cloud_file_cache_unregister_progress_cb(scene.cache, inside_a_callback, &scene));

    int64_t task = -1;
    device_close(&scene.here);
    assert_code(cloud_file_cache_start(scene.cache, PHOTO), CLOUDSYNC_E_IPC);
    assert_code(cloud_file_cache_stop(scene.cache, PHOTO, 0), CLOUDSYNC_E_IPC);
    assert_code(cloud_file_cache_start_async(scene.cache, PHOTO, on_answer, &answer), CLOUDSYNC_E_IPC);
    assert_code(cloud_file_cache_start_batch(scene.cache, uris, 1, 0, &task), CLOUDSYNC_E_IPC);
    assert_code(cloud_file_cache_stop_batch(scene.cache, 1, 0), CLOUDSYNC_E_IPC);
    assert_code(cloud_file_cache_register_progress_cb(scene.cache, ignore_download, NULL, NULL), CLOUDSYNC_E_IPC);
    answer_destroy(&answer);
    scene_free(&scene);
}

static void an_app_uses_its_own_files_only(void **state) {
    (void)state;
    struct scene scene;
    int64_t task = -1;
    const char *const mixed[] = {"file://" NOTES CLOUD_DIR "a.txt", PHOTO};
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", 100, 1);
    write_photo(scene.notes_there, "a.txt", 100, 2);
    /* No permission is asked for. */
    assert_ok(cloudsync_options_set_caller(scene.there.options, NOTES, NULL, 0, 0));
    assert_ok(cloudsync_options_set_caller(scene.here.options, "com.example.system", NULL, 0, 1));
    assert_ok(cloudsync_open(scene.there.options, &scene.there.context));
    assert_ok(cloud_file_cache_new(scene.there.context, &scene.cache));
    assert_code(cloud_file_cache_start(scene.cache, PHOTO), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloud_file_cache_stop(scene.cache, PHOTO, 0), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloud_file_cache_start_batch(scene.cache, mixed, 2, 0, &task), CLOUDSYNC_E_INVALID_URI);
    sync_notes(&scene.there);
    assert_ok(cloud_file_cache_start(scene.cache, CLOUD_DIR "a.txt"));
    assert_ok(cloud_file_cache_start(scene.cache, "file://" NOTES CLOUD_DIR "a.txt"));
    assert_ok(cloud_file_cache_free(scene.cache));
    assert_ok(cloudsync_close(scene.there.context));
    scene.there.context = NULL;
    device_free(&scene.there);

    assert_ok(cloudsync_open(scene.here.options, &scene.here.context));
    assert_ok(cloud_file_cache_new(scene.here.context, &scene.cache));
    assert_code(cloud_file_cache_start(scene.cache, PHOTO), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloud_file_cache_start(scene.cache, CLOUD_DIR "a.txt"), CLOUDSYNC_E_INVALID_URI);
    assert_ok(cloud_file_cache_free(scene.cache));
    device_free(&scene.here);
    valve_end();
}

static void work_on_a_small_disk(void) {
    struct scene scene;
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    write_photo(scene.there.gallery, "IMG_000.jpg", 1000, 2);
    mount_small(scene.here.gallery, "size=1m");
    scene_open(&scene);
    assert_code(cloud_file_cache_start(scene.cache, PHOTO), CLOUDSYNC_E_NO_SPACE);
    name_photos(1);
    uris[1] = PHOTO;
    int64_t task = begin_batch(&scene, 2);
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_FAILED);
    assert_int_equal(scene.batches.last.successful_count, 1);
    assert_int_equal(scene.batches.last.err_type, CLOUDSYNC_DOWNLOAD_ERROR_LOCAL_STORAGE_FULL);
    assert_string_equal(scene.batches.failed, PHOTO);
    scene_free(&scene);
    join(scene.notes_here, root, "here-gallery");
    unmount(scene.notes_here);
}

static void without_room(void **state) {
    (void)state;
    with_own_mounts(work_on_a_small_disk);
}

/* --- Batches ---------------------------------------------------------------------------------- */

static void a_batch_tells_of_all_its_files(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photos(&scene, 10, 3000);
    write_photo(scene.notes_there, "a.txt", 500, 1);
    write_photo(scene.notes_there, "b.txt", 600, 2);
    scene_open(&scene);
    assert_ok(cloud_file_cache_start(scene.cache, uris[4])); /* one that is here already */
    file_ends(&scene.told, 1, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    unsigned events = gate_count(&scene.told.events);
    uris[10] = "file://" NOTES CLOUD_DIR "a.txt";
    uris[11] = "file://" NOTES CLOUD_DIR "b.txt";
    uris[12] = uris[0]; /* named twice, it counts once */
    int64_t task = begin_batch(&scene, 13);
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(scene.batches.last.total_count, 12);
    assert_int_equal(scene.batches.last.successful_count, 12);
    assert_int_equal(scene.batches.last.failed_count, 0);
    assert_int_equal(scene.batches.last.total_size, 10 * 3000 + 500 + 600);
    assert_int_equal(scene.batches.last.downloaded_size, scene.batches.last.total_size);
    assert_int_equal(count_files(scene.here.gallery), 10);
    assert_true(is_photo(scene.notes_here, "b.txt", 600, 2));
    assert_int_equal(gate_count(&scene.told.events), events); /* single files are told of singly alone */

    /* All of them are here: the first event is the final one. */
    unsigned before = gate_count(&scene.batches.events);
    int64_t again = begin_batch(&scene, 10);
    assert_int_not_equal(again, task);
    batch_ends(&scene.batches, 2, again, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(gate_count(&scene.batches.events), before + 1);
    scene_free(&scene);
}

/* A file is one file by whatever name it is called: it counts once, under the first of its names. */
static void two_names_of_one_file_are_one(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photos(&scene, 2, MIDDLE);
    write_photo(scene.notes_there, "a b.txt", 500, 1);
    scene_open(&scene);
    uris[2] = "file:///media/Photo/IMG_000.jpg";
    uris[3] = GALLERY "IMG_%30%300.jpg";
    uris[4] = "file://" NOTES CLOUD_DIR "a%20b.txt";
    uris[5] = "file://" NOTES CLOUD_DIR "%61%20b.txt";
    uris[6] = GALLERY "none.jpg";
    uris[7] = GALLERY "non%65.jpg";
    int64_t task = begin_batch(&scene, 8);
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_FAILED);
    assert_int_equal(scene.batches.last.total_count, 4);
    assert_int_equal(scene.batches.last.successful_count, 3);
    assert_int_equal(scene.batches.last.failed_count, 1);
    assert_string_equal(scene.batches.failed, GALLERY "none.jpg");
    assert_int_equal(scene.batches.last.total_size, 2 * MIDDLE + 500);
    assert_int_equal(scene.batches.last.downloaded_size, scene.batches.last.total_size);
    assert_int_equal(valve_bytes(), 2 * MIDDLE); /* one transfer for each */

    /* File states are told of every name. */
    int32_t states[3] = {-1, -1, -1};
    const char *const same[] = {uris[0], uris[2], uris[3]};
    assert_ok(get_file_sync_states(scene.here.context, same, 3, states));
    assert_int_equal(states[0], states[1]);
    assert_int_equal(states[1], states[2]);
    scene_free(&scene);
}

/* A stop is for the file, by whatever names it was asked for. */
static void a_stop_by_another_name(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    scene_open(&scene);
    valve_shut(LARGE, 4);
    assert_ok(cloud_file_cache_start(scene.cache, PHOTO));
    assert_ok(cloud_file_cache_start(scene.cache, GALLERY "%61.jpg"));
    gate_wait(&valve.waiting, 1);
    assert_ok(cloud_file_cache_stop(scene.cache, PHOTO, 0));
    valve_open();
    file_ends(&scene.told, 2, CLOUDSYNC_DOWNLOAD_STATE_STOPPED); /* each name of its own */
    assert_true(valve_bytes() < LARGE);
    scene_free(&scene);
}

static void a_missing_file_fails_alone(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photos(&scene, 3, 3000);
    scene_open(&scene);
    uris[3] = uris[2];
    uris[2] = GALLERY "none.jpg";
    int64_t task = begin_batch(&scene, 4);
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_FAILED);
    assert_int_equal(scene.batches.last.total_count, 4);
    assert_int_equal(scene.batches.last.successful_count, 3);
    assert_int_equal(scene.batches.last.failed_count, 1);
    assert_int_equal(scene.batches.last.err_type, CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND);
    assert_string_equal(scene.batches.failed, GALLERY "none.jpg");
    assert_int_equal(scene.batches.last.downloaded_size, 9000);
    assert_int_equal(count_files(scene.here.gallery), 3);
    scene_free(&scene);
}

static void four_hundred_files_and_no_more(void **state) {
    (void)state;
    struct scene scene;
    struct task_answer answer;
    int64_t task = -1;
    scene_make(&scene);
    write_photos(&scene, 400, 900);
    scene_open(&scene);
    name_photos(401);
    assert_int_equal(CLOUDSYNC_MAX_BATCH_FILES, 400);
    assert_code(cloud_file_cache_start_batch(scene.cache, uris, 401, 0, &task), CLOUDSYNC_E_LIMIT_EXCEEDED);
    assert_code(cloud_file_cache_start_batch(scene.cache, uris, 0, 0, &task), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_int_equal(task, -1);
    gate_init(&answer.gate);
    assert_ok(cloud_file_cache_start_batch_async(scene.cache, uris, 401, 0, on_task, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_E_LIMIT_EXCEEDED);
    assert_int_equal(answer.task, -1);
    assert_int_equal(gate_count(&scene.batches.events), 0);

    assert_ok(cloud_file_cache_start_batch_async(scene.cache, uris, 400, 0, on_task, &answer));
    gate_wait(&answer.gate, 2);
    assert_int_equal(answer.code, CLOUDSYNC_OK);
    batch_ends(&scene.batches, 1, answer.task, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(scene.batches.last.successful_count, 400);
    assert_int_equal(scene.batches.last.downloaded_size, 400 * 900);
    assert_int_equal(count_files(scene.here.gallery), 400);
    gate_destroy(&answer.gate);
    scene_free(&scene);
}

static void a_batch_that_cannot_be_starts_nothing(void **state) {
    (void)state;
    struct scene scene;
    int64_t task = -1;
    scene_make(&scene);
    write_photos(&scene, 3, MIDDLE);
    scene_open(&scene);
    uris[3] = GALLERY "../a";
    assert_code(cloud_file_cache_start_batch(scene.cache, uris, 4, 0, &task), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloud_file_cache_start_batch(scene.cache, uris, 3, 3, &task), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloud_file_cache_start_batch(scene.cache, uris, 3, -1, &task), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_int_equal(task, -1);
    /* Whatever had been started would have come before this one. */
    task = begin_batch(&scene, 1);
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(valve_bytes(), MIDDLE);
    assert_int_equal(count_files(scene.here.gallery), 1);
    scene_free(&scene);
}

static void a_person_comes_before_a_batch(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    assert_ok(cloudsync_options_set_transfer_threads(scene.here.options, 2));
    write_photos(&scene, 8, MIDDLE);
    write_photo(scene.there.gallery, "IMG_008.jpg", 4000, 5); /* the batch's last */
    write_photo(scene.there.gallery, "a.jpg", LARGE, 1);
    scene_open(&scene);
    name_photos(9);
    valve_shut(MIDDLE, 0);
    int64_t task = begin_batch(&scene, 9);
    gate_wait(&valve.waiting, 2);
    assert_ok(cloud_file_cache_start(scene.cache, PHOTO));
    file_ends(&scene.told, 1, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_ok(cloud_file_cache_start(scene.cache, uris[8]));
    file_ends(&scene.told, 2, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_true(is_photo(scene.here.gallery, "IMG_008.jpg", 4000, 5));
    assert_int_equal(gate_count(&scene.batches.finals), 0);
    assert_int_equal(valve.most_at_once, 2); /* of the batch */
    valve_open();
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(scene.batches.last.successful_count, 9);
    assert_int_equal(valve_bytes(), 8 * MIDDLE + LARGE);
    scene_free(&scene);
}

static void stop_while_two_wait(struct scene *scene, unsigned number, int32_t need_clean) {
    unsigned waited = gate_count(&valve.waiting);
    struct answer answer;
    answer_init(&answer);
    valve_shut(MIDDLE, 0);
    int64_t task = begin_batch(scene, 6);
    gate_wait(&valve.waiting, waited + 2);
    assert_ok(cloud_file_cache_stop_batch_async(scene->cache, task, need_clean, on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_OK);
    answer_destroy(&answer);
    valve_open();
    batch_ends(&scene->batches, number, task, CLOUDSYNC_DOWNLOAD_STATE_STOPPED);
    assert_int_equal(scene->batches.last.successful_count, 0);
    assert_int_equal(scene->batches.last.total_count, 6);
    assert_int_equal(valve_bytes(), 2 * CHUNK);
}

static void a_batch_is_stopped_and_goes_on(void **state) {
    (void)state;
    struct scene scene;
    CloudSyncCloudFileCache *other = NULL;
    scene_make(&scene);
    assert_ok(cloudsync_options_set_transfer_threads(scene.here.options, 2));
    write_photos(&scene, 6, MIDDLE);
    scene_open(&scene);
    assert_code(cloud_file_cache_stop_batch(scene.cache, -1, 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloud_file_cache_stop_batch(scene.cache, 0, 0));
    assert_ok(cloud_file_cache_stop_batch(scene.cache, INT64_MAX, 1));
    stop_while_two_wait(&scene, 1, 1);
    stop_while_two_wait(&scene, 2, 0);

    int64_t task = begin_batch(&scene, 6);
    assert_ok(cloud_file_cache_new(scene.here.context, &other));
    assert_ok(cloud_file_cache_stop_batch(other, task, 0)); /* it is not this one's */
    batch_ends(&scene.batches, 3, task, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(valve_bytes(), 6 * MIDDLE - 2 * CHUNK);
    assert_ok(cloud_file_cache_stop_batch(scene.cache, task, 1)); /* it has ended */
    assert_int_equal(count_files(scene.here.gallery), 6);
    assert_int_equal(gate_count(&scene.batches.finals), 3);
    assert_ok(cloud_file_cache_free(other));
    scene_free(&scene);
}

static void freed_during_a_batch(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photos(&scene, 6, MIDDLE);
    scene_open(&scene);
    valve_shut(MIDDLE, 1);
    begin_batch(&scene, 6);
    gate_wait(&valve.waiting, 1);
    gate_wait(&scene.batches.events, 1);
    assert_ok(cloud_file_cache_free(scene.cache));
    assert_int_equal(gate_count(&scene.told.destroyed), 1);
    assert_int_equal(gate_count(&scene.batches.destroyed), 1);
    unsigned events = gate_count(&scene.batches.events);
    valve_open();

    /* Nobody is told any more, what was received is kept, and others go on. */
    CloudSyncCloudFileCache *freed = scene.cache;
    assert_ok(cloud_file_cache_new(scene.here.context, &scene.cache));
    assert_ok(cloud_file_cache_register_batch_download_cb(scene.cache, on_batch, &scene.batches, NULL));
    scene.batches.running = false;
    int64_t task = begin_batch(&scene, 6);
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_true(gate_count(&scene.batches.events) > events);
    assert_int_equal(valve_bytes(), 6 * MIDDLE);
    assert_code(cloud_file_cache_stop_batch(freed, task, 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    scene_free(&scene);
}

static void closed_during_a_batch(void **state) {
    (void)state;
    struct scene scene;
    scene_make(&scene);
    write_photos(&scene, 6, MIDDLE);
    write_photo(scene.notes_there, "a.txt", 500, 1);
    scene_open(&scene);
    name_photos(6);
    uris[6] = "file://" NOTES CLOUD_DIR "a.txt";
    valve_shut(MIDDLE, 1);
    int64_t task = begin_batch(&scene, 7);
    gate_wait(&valve.waiting, 1);
    assert_ok(cloud_file_cache_start(scene.cache, uris[5]));
    device_close(&scene.here); /* the reads wait on: they are left behind */
    batch_ends(&scene.batches, 1, task, CLOUDSYNC_DOWNLOAD_STATE_STOPPED);
    file_ends(&scene.told, 1, CLOUDSYNC_DOWNLOAD_STATE_STOPPED);
    valve_open();
    assert_int_equal(gate_count(&scene.batches.finals), 1);
    scene_free(&scene);
    assert_int_equal(gate_count(&scene.batches.finals), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(without_room), /* before there are threads */
        in_scratch(a_file_comes_and_its_progress_rises),
        in_scratch(one_transfer_serves_all_who_ask),
        in_scratch(what_a_stop_leaves_the_next_start_goes_on_from),
        in_scratch(a_stop_that_cleans_leaves_nothing),
        in_scratch(a_start_right_after_a_stop_goes_on),
        in_scratch(every_code_of_a_single_file),
        in_scratch(an_app_uses_its_own_files_only),
        in_scratch(a_batch_tells_of_all_its_files),
        in_scratch(two_names_of_one_file_are_one),
        in_scratch(a_stop_by_another_name),
        in_scratch(a_missing_file_fails_alone),
        in_scratch(four_hundred_files_and_no_more),
        in_scratch(a_batch_that_cannot_be_starts_nothing),
        in_scratch(a_person_comes_before_a_batch),
        in_scratch(a_batch_is_stopped_and_goes_on),
        in_scratch(freed_during_a_batch),
        in_scratch(closed_during_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
