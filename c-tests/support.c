#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- Codes ------------------------------------------------------------------------------------ */

void expect_code(int32_t code, int32_t expected, const char *call, const char *file, int line) {
    if (code != expected) {
        char detail[512] = "";
        cloudsync_last_error(detail, sizeof detail);
        print_error("%s: %d (%s), expected %d; last error: %s\n", call, (int)code,
                    cloudsync_strerror(code), (int)expected, detail);
        _fail(file, line);
    }
    note_answer(call, code);
}

#define MANY_ANSWERS 4096

/* Whether the answer is a new one of this process. */
static bool new_answer(const char *call, int32_t code) {
    static struct {
        const char *call;
        int32_t code;
    } known[MANY_ANSWERS];
    static size_t count;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    bool found = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count && !found; i++) {
        found = known[i].call == call && known[i].code == code;
    }
    if (!found && count < MANY_ANSWERS) {
        known[count].call = call;
        known[count++].code = code;
    }
    pthread_mutex_unlock(&lock);
    return !found;
}

/* The file of this program's answers, opened once: by those who may. */
static int answers_file(void) {
    static int file = -1;
    const char *folder = getenv("CLOUDSYNC_ANSWERS");
    char path[PATH_MAX];
    if (file < 0 && folder != NULL) {
        mkdir(folder, 0777);
        file = open(join(path, folder, program_invocation_short_name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (file < 0) {
            print_error("%s cannot be opened\n", path);
            exit(EXIT_FAILURE);
        }
    }
    return file;
}

void note_answer(const char *call, int32_t code) {
    char line[128];
    if (new_answer(call, code) && answers_file() >= 0) {
        int length = snprintf(line, sizeof line, "%.*s %d\n", (int)strcspn(call, "("), call, (int)code);
        if (write(answers_file(), line, (size_t)length) != length) {
            print_error("an answer cannot be noted\n");
            exit(EXIT_FAILURE);
        }
    }
}

/* --- Waiting ---------------------------------------------------------------------------------- */

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void gate_init(struct gate *gate) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    gate->count = 0;
}

void gate_destroy(struct gate *gate) {
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

void gate_raise(struct gate *gate) {
    pthread_mutex_lock(&gate->lock);
    gate->count++;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

unsigned gate_count(struct gate *gate) {
    pthread_mutex_lock(&gate->lock);
    unsigned count = gate->count;
    pthread_mutex_unlock(&gate->lock);
    return count;
}

bool gate_wait_for(struct gate *gate, unsigned count, int64_t ms) {
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += ms / 1000;
    deadline.tv_nsec += ms % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&gate->lock);
    int waited = 0;
    while (gate->count < count && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&gate->changed, &gate->lock, &deadline);
    }
    bool came = gate->count >= count;
    pthread_mutex_unlock(&gate->lock);
    return came;
}

void gate_wait(struct gate *gate, unsigned count) {
    if (!gate_wait_for(gate, count, PATIENCE_MS)) {
        fail_msg("waited %d ms for the count to come to %u; it is %u", PATIENCE_MS, count,
                 gate_count(gate));
    }
}

/* --- Files ------------------------------------------------------------------------------------ */

char root[256];

int scratch_make(void **state) {
    const char *where = getenv("TMPDIR");
    (void)state;
    snprintf(root, sizeof root, "%s/cloudsync-test-XXXXXX", where != NULL ? where : "/tmp");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* A worker that a closed context has left behind may still end a file there. */
int scratch_remove(void **state) {
    int64_t began = now_ms();
    int result;
    (void)state;
    do {
        result = nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    } while (result != 0 && access(root, F_OK) == 0 && now_ms() - began < PATIENCE_MS);
    return access(root, F_OK) == 0 ? result : 0;
}

char *join(char *buffer, const char *folder, const char *name) {
    int length = snprintf(buffer, PATH_MAX, "%s/%s", folder, name);
    assert_true(length > 0 && length < PATH_MAX);
    return buffer;
}

void make_folder(const char *path) {
    assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
}

/* The next eight bytes of a photo (splitmix64). */
static uint64_t next(uint64_t *seed) {
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void fill(unsigned char *bytes, size_t size, uint64_t *seed) {
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = next(seed);
        memcpy(bytes + at, &word, size - at < 8 ? size - at : 8);
    }
}

void write_photo(const char *folder, const char *name, size_t size, uint64_t seed) {
    char path[PATH_MAX];
    unsigned char bytes[8192];
    FILE *file = fopen(join(path, folder, name), "wb");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    while (size > 0) {
        size_t part = size < sizeof bytes ? size : sizeof bytes;
        fill(bytes, part, &seed);
        assert_int_equal(fwrite(bytes, 1, part, file), part);
        size -= part;
    }
    assert_int_equal(fclose(file), 0);
}

bool is_photo(const char *folder, const char *name, size_t size, uint64_t seed) {
    char path[PATH_MAX];
    unsigned char wanted[8192], found[8192];
    FILE *file = fopen(join(path, folder, name), "rb");
    if (file == NULL) {
        print_error("%s: %s\n", path, strerror(errno));
        return false;
    }
    bool equal = true;
    while (equal && size > 0) {
        size_t part = size < sizeof wanted ? size : sizeof wanted;
        fill(wanted, part, &seed);
        equal = fread(found, 1, part, file) == part && memcmp(wanted, found, part) == 0;
        size -= part;
    }
    equal = equal && fgetc(file) == EOF;
    fclose(file);
    if (!equal) {
        print_error("%s does not hold the bytes that it should\n", path);
    }
    return equal;
}

bool file_exists(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat status;
    return lstat(join(path, folder, name), &status) == 0;
}

static size_t counted;

/* Hidden entries are nobody's photos; the library keeps its own in one. */
static bool is_hidden(const char *path, const struct FTW *walk) {
    return walk->level > 0 && path[walk->base] == '.';
}

static int count_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    if (is_hidden(path, walk)) {
        return FTW_SKIP_SUBTREE;
    }
    counted += kind == FTW_F;
    return FTW_CONTINUE;
}

size_t count_files(const char *folder) {
    counted = 0;
    nftw(folder, count_one, 16, FTW_PHYS | FTW_ACTIONRETVAL);
    return counted;
}

static bool same_bytes(const char *a, const char *b) {
    FILE *one = fopen(a, "rb"), *other = fopen(b, "rb");
    bool equal = one != NULL && other != NULL;
    unsigned char left[8192], right[8192];
    size_t length = sizeof left;
    while (equal && length == sizeof left) {
        length = fread(left, 1, sizeof left, one);
        equal = fread(right, 1, sizeof right, other) == length && memcmp(left, right, length) == 0;
    }
    if (one != NULL) {
        fclose(one);
    }
    if (other != NULL) {
        fclose(other);
    }
    return equal;
}

static const char *folder_a, *folder_b;

static int compare_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    char other[PATH_MAX];
    if (is_hidden(path, walk)) {
        return FTW_SKIP_SUBTREE;
    }
    join(other, folder_b, path + strlen(folder_a));
    if (kind == FTW_F && !same_bytes(path, other)) {
        print_error("%s and %s differ\n", path, other);
        return FTW_STOP;
    }
    return FTW_CONTINUE;
}

bool same_folders(const char *a, const char *b) {
    folder_a = a;
    folder_b = b;
    size_t files_a = count_files(a), files_b = count_files(b);
    if (files_a != files_b) {
        print_error("%s holds %zu files, %s holds %zu\n", a, files_a, b, files_b);
    }
    return nftw(a, compare_one, 16, FTW_PHYS | FTW_ACTIONRETVAL) == 0 && files_a == files_b;
}

/* --- Other circumstances ---------------------------------------------------------------------- */

#define CANNOT 77 /* the child's answer where the system does not let it */

static void in_child(bool (*prepare)(void), void (*work)(void)) {
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("CMOCKA_TEST_ABORT", "1", 1); /* else a failure would run the other tests in the child */
        if (!prepare()) {
            _exit(CANNOT);
        }
        work();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT) {
        print_message("this system does not let a test do that\n");
        skip();
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool become_nobody(void) {
    const uid_t nobody = 65534;
    if (geteuid() != 0) {
        return true; /* modes bind this user already */
    }
    /* Changing the user hides the process's own /proc from it, which an ordinary user's is not. */
    return chown(root, nobody, nobody) == 0 && setgroups(0, NULL) == 0 && setgid(nobody) == 0 &&
           setuid(nobody) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

void as_nobody(void (*work)(void)) {
    answers_file();
    in_child(become_nobody, work);
}

static bool write_line(const char *path, const char *format, unsigned number) {
    FILE *file = fopen(path, "w");
    bool written = file != NULL && fprintf(file, format, number, number) > 0;
    return file != NULL && fclose(file) == 0 && written;
}

/* A namespace in which an ordinary user may mount. Whoever has no name in it may make no files on a file
 * system that was mounted there. */
static bool leave_users(void) {
    const unsigned user = geteuid(), group = getegid();
    return unshare(CLONE_NEWUSER) == 0 && write_line("/proc/self/setgroups", "deny", 0) &&
           write_line("/proc/self/uid_map", "%u %u 1", user) &&
           write_line("/proc/self/gid_map", "%u %u 1", group);
}

static bool leave_mounts(void) {
    return (geteuid() == 0 || leave_users()) && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
}

void with_own_mounts(void (*work)(void)) {
    in_child(leave_mounts, work);
}

void mount_small(const char *folder, const char *options) {
    assert_int_equal(mount("tmpfs", folder, "tmpfs", 0, options), 0);
}

void remount_small(const char *folder, const char *options) {
    assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, options), 0);
}

void unmount(const char *folder) {
    assert_int_equal(umount(folder), 0);
}

/* --- Progress --------------------------------------------------------------------------------- */

void progress_init(struct progress *progress) {
    memset(progress, 0, sizeof *progress);
    gate_init(&progress->finals);
    gate_init(&progress->events);
    gate_init(&progress->destroyed);
}

void progress_destroy(struct progress *progress) {
    gate_destroy(&progress->finals);
    gate_destroy(&progress->events);
    gate_destroy(&progress->destroyed);
}

bool is_final(int32_t state) {
    return state != CLOUDSYNC_SYNC_STATE_UPLOADING && state != CLOUDSYNC_SYNC_STATE_DOWNLOADING;
}

void on_progress(const CloudSyncSyncProgress *event, void *user_data) {
    struct progress *progress = (struct progress *)user_data;
    const CloudSyncSyncProgress *last = &progress->last;
    if (progress->within_run) {
        progress->fell |= event->files_total < last->files_total;
        progress->fell |= event->files_done < last->files_done;
        progress->fell |= event->bytes_total < last->bytes_total;
        progress->fell |= event->bytes_done < last->bytes_done;
    }
    progress->last = *event;
    progress->within_run = !is_final(event->state);
    gate_raise(&progress->events);
    if (is_final(event->state)) {
        gate_raise(&progress->finals);
    }
}

void on_progress_destroy(void *user_data) {
    gate_raise(&((struct progress *)user_data)->destroyed);
}

void download_log_init(struct download_log *log) {
    memset(log, 0, sizeof *log);
    log->ended = true;
    gate_init(&log->finals);
}

void download_log_destroy(struct download_log *log) {
    gate_destroy(&log->finals);
}

void on_download(const CloudSyncDownloadProgress *event, void *user_data) {
    struct download_log *log = (struct download_log *)user_data;
    bool goes_on = !log->ended && strcmp(log->uri, event->uri) == 0;
    log->fell |= goes_on && event->processed < log->last.processed;
    log->last = *event;
    log->last.uri = NULL;
    log->ended = event->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING;
    snprintf(log->uri, sizeof log->uri, "%s", event->uri);
    if (log->ended) {
        gate_raise(&log->finals);
    }
}

void answer_init(struct answer *answer) {
    gate_init(&answer->gate);
    answer->code = -1;
    answer->has_message = false;
}

void answer_destroy(struct answer *answer) {
    gate_destroy(&answer->gate);
}

void on_answer(int32_t code, const char *message, void *user_data) {
    struct answer *answer = (struct answer *)user_data;
    answer->code = code;
    answer->has_message = message != NULL && message[0] != '\0';
    gate_raise(&answer->gate);
}

void ignore_answer(int32_t code, const char *message, void *user_data) {
    (void)code;
    (void)message;
    (void)user_data;
}

void ignore_states(int32_t code, const char *message, const int32_t *states, size_t n,
                          void *user_data) {
    (void)code;
    (void)message;
    (void)states;
    (void)n;
    (void)user_data;
}

void ignore_progress(const CloudSyncSyncProgress *event, void *user_data) {
    (void)event;
    (void)user_data;
}

void ignore_download(const CloudSyncDownloadProgress *event, void *user_data) {
    (void)event;
    (void)user_data;
}

void ignore_change(const CloudSyncChangeData *data, void *user_data) {
    (void)data;
    (void)user_data;
}

void ignore_batch(const CloudSyncMultiDownloadProgress *event, void *user_data) {
    (void)event;
    (void)user_data;
}

void ignore_plan(int32_t code, const char *message, CloudSyncPlan *plan, void *user_data) {
    (void)code;
    (void)message;
    (void)user_data;
    cloudsync_plan_free(plan);
}

void ignore_task(int32_t code, const char *message, int64_t task_id, void *user_data) {
    (void)code;
    (void)message;
    (void)task_id;
    (void)user_data;
}

void ignore_optimize(const CloudSyncOptimizeSpaceProgress *event, void *user_data) {
    (void)event;
    (void)user_data;
}

void ignore_time(int32_t code, const char *message, int64_t time_ms, void *user_data) {
    (void)code;
    (void)message;
    (void)time_ms;
    (void)user_data;
}

/* --- Devices ---------------------------------------------------------------------------------- */

void conditions_set(int *which, int value) {
    __atomic_store_n(which, value, __ATOMIC_SEQ_CST);
}

void conditions_set_after(struct conditions *conditions, int readings, int *which, int value) {
    conditions->changes = which;
    conditions->to = value;
    conditions_set(&conditions->readings, readings);
}

static int read_condition(int *which) {
    return __atomic_load_n(which, __ATOMIC_SEQ_CST);
}

static int32_t network(void *self, int32_t *wifi, int32_t *mobile) {
    struct conditions *conditions = (struct conditions *)self;
    if (read_condition(&conditions->readings) > 0 &&
        __atomic_sub_fetch(&conditions->readings, 1, __ATOMIC_SEQ_CST) == 0) {
        conditions_set(conditions->changes, conditions->to);
    }
    *wifi = read_condition(&conditions->wifi);
    *mobile = read_condition(&conditions->mobile);
    return 0;
}

static int32_t battery(void *self, int32_t *percent, int32_t *charging) {
    struct conditions *conditions = (struct conditions *)self;
    *percent = read_condition(&conditions->percent);
    *charging = read_condition(&conditions->charging);
    return 0;
}

static int32_t heat(void *self, int32_t *heat) {
    *heat = read_condition(&((struct conditions *)self)->heat);
    return 0;
}

static void set_cloud(struct device *device, CloudSyncCloudServiceStub *cloud) {
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    assert_ok(cloud_service_stub_free(cloud));
}

void device_set_small_cloud(struct device *device, uint64_t quota) {
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *small = NULL;
    assert_ok(cloudsync_embedded_cloud_new_with_quota(join(path, root, "small"), "account", quota, &small));
    set_cloud(device, small);
}

void device_make(struct device *device, const char *name) {
    char path[PATH_MAX], folder[PATH_MAX];
    memset(device, 0, sizeof *device);
    progress_init(&device->progress);
    device->conditions.wifi = 1;
    device->conditions.percent = -1;

    snprintf(folder, sizeof folder, "%s-gallery", name);
    make_folder(join(device->gallery, root, folder));
    snprintf(folder, sizeof folder, "%s-state", name);
    join(device->state, root, folder);

    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    assert_ok(cloudsync_options_new(&device->options));
    assert_ok(cloudsync_options_set_state_dir(device->options, device->state));
    assert_ok(cloudsync_options_set_gallery_dir(device->options, device->gallery));
    assert_ok(cloudsync_options_set_device_name(device->options, name));
    set_cloud(device, cloud);

    CloudSyncDeviceVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.self = &device->conditions;
    vtable.network = network;
    vtable.battery = battery;
    vtable.heat = heat;
    assert_ok(cloudsync_options_set_device(device->options, &vtable));
}

void device_open(struct device *device) {
    assert_ok(cloudsync_open(device->options, &device->context));
    assert_ok(gallery_sync_new(device->context, &device->sync));
    assert_ok(gallery_sync_register_progress_cb(device->sync, on_progress, &device->progress,
                                                on_progress_destroy));
}

void device_sync(struct device *device) {
    unsigned finals = gate_count(&device->progress.finals);
    assert_ok(gallery_sync_start(device->sync));
    gate_wait(&device->progress.finals, finals + 1);
    assert_int_equal(device->progress.last.error, CLOUDSYNC_ERROR_TYPE_NO_ERROR);
    assert_int_equal(device->progress.last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    assert_false(device->progress.fell);
}

uint64_t remaining_kb(CloudSyncCloudServiceStub *cloud) {
    CloudSyncResult *result = NULL;
    const CloudSyncServiceInfo *info;
    assert_ok(cloud_service_get_service_info(cloud, &result));
    assert_ok(cloudsync_result_service_info(result, &info));
    const uint64_t remaining = info->remaining_space;
    assert_ok(cloudsync_result_free(result));
    return remaining;
}

CloudSyncExplanation explained(const struct device *device, const char *uri, char *text, size_t length) {
    CloudSyncExplanation explanation;
    memset(&explanation, 0, sizeof explanation);
    explanation.struct_size = sizeof explanation;
    assert_ok(cloudsync_explain(device->context, uri, &explanation, text, length));
    assert_true(explanation.text_length > 0);
    if (text != NULL && length > explanation.text_length) {
        assert_int_equal(strlen(text), explanation.text_length);
    }
    return explanation;
}

int32_t trouble_of(const struct device *device, const char *uri) {
    return explained(device, uri, NULL, 0).code;
}

int32_t state_of(struct device *device, const char *uri) {
    int32_t found = -1;
    assert_ok(get_file_sync_state(device->context, uri, &found));
    return found;
}

void device_close(struct device *device) {
    assert_ok(gallery_sync_free(device->sync));
    assert_ok(cloudsync_close(device->context));
    device->sync = NULL;
    device->context = NULL;
}

void device_free(struct device *device) {
    device_close(device);
    assert_ok(cloudsync_options_free(device->options));
    progress_destroy(&device->progress);
}
