/* gallery_backup [FOLDER]: a phone and a tablet share a gallery through one cloud, all of it in a new temporary
 * directory. The gallery is a copy of FOLDER, or made for the occasion.
 *
 * What to look at first: `device_open` fills options and opens a context, `device_sync` starts a run and waits for its
 * end, `device_fetch` downloads one original. */
#define _POSIX_C_SOURCE 200809L

#include <cloudsync.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "folders.h"
#include "photo_maker.h"
#include "progress_bar.h"

/* --- When something fails --------------------------------------------------------------------- */

/* The demo's directory: kept, and named where something goes wrong. */
static char demo[PATH_MAX];

static _Noreturn void give_up(const char *remedy) {
    fprintf(stderr, "  what to do: %s\n", remedy);
    if (demo[0] != '\0') {
        fprintf(stderr, "  what there is so far: %s\n", demo);
    }
    exit(EXIT_FAILURE);
}

/* For a code of the library: what was wanted, the code and its text, the details, the remedy. */
static void check(int32_t code, const char *wanted) {
    char detail[512];
    if (code == CLOUDSYNC_OK) {
        return;
    }
    fprintf(stderr, "\ngallery_backup: could not %s: %s (code %" PRId32 ")\n", wanted, cloudsync_strerror(code), code);
    if (cloudsync_last_error(detail, sizeof detail) > 0) {
        fprintf(stderr, "  in detail: %s\n", detail);
    }
    give_up(cloudsync_error_remedy(code));
}

/* For a call of the system that left its reason in errno. */
static _Noreturn void fail_system(const char *wanted, const char *path) {
    const char *why = strerror(errno);
    bool full = errno == ENOSPC || errno == EDQUOT;
    fprintf(stderr, "\ngallery_backup: could not %s %s: %s (errno %d)\n", wanted, path, why, errno);
    give_up(full ? "free some space, or set TMPDIR to a directory with more room"
                 : "look at that file or folder and its permissions, then start again");
}

static _Noreturn void fail_demo(const char *what) {
    fprintf(stderr, "\ngallery_backup: %s (code %d)\n", what, CLOUDSYNC_E_INNER);
    give_up("please report this, with what stands above and the directory below");
}

/* --- What a run and a download end with -------------------------------------------------------- */

/* A documented ErrorType, and the code of the library that means the same: it has a text and a remedy. */
static int32_t code_of_error(int32_t error) {
    switch (error) {
    case CLOUDSYNC_ERROR_TYPE_NETWORK_UNAVAILABLE:
    case CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE:
        return CLOUDSYNC_E_NETWORK_UNAVAILABLE;
    case CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_LOW:
    case CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_WARNING:
        return CLOUDSYNC_E_BATTERY_LOW;
    case CLOUDSYNC_ERROR_TYPE_CLOUD_STORAGE_FULL:
    case CLOUDSYNC_ERROR_TYPE_LOCAL_STORAGE_FULL:
        return CLOUDSYNC_E_NO_SPACE;
    case CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL:
        return CLOUDSYNC_E_CLOUD_NOT_READY;
    default:
        return CLOUDSYNC_E_INNER;
    }
}

static int32_t code_of_download_error(int32_t error) {
    switch (error) {
    case CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE:
        return CLOUDSYNC_E_NETWORK_UNAVAILABLE;
    case CLOUDSYNC_DOWNLOAD_ERROR_LOCAL_STORAGE_FULL:
        return CLOUDSYNC_E_NO_SPACE;
    case CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND:
        return CLOUDSYNC_E_NO_SUCH_FILE;
    case CLOUDSYNC_DOWNLOAD_ERROR_FREQUENT_USER_REQUESTS:
        return CLOUDSYNC_E_TRY_AGAIN;
    default:
        return CLOUDSYNC_E_INNER;
    }
}

static const char *state_in_words(int32_t state) {
    switch (state) {
    case CLOUDSYNC_FILE_SYNC_STATE_UPLOADING:
        return "on its way to the cloud";
    case CLOUDSYNC_FILE_SYNC_STATE_DOWNLOADING:
        return "on its way to this device";
    case CLOUDSYNC_FILE_SYNC_STATE_COMPLETED:
        return "in step, received from the cloud";
    case CLOUDSYNC_FILE_SYNC_STATE_STOPPED:
        return "stopped on its way";
    case CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED:
        return "new or changed here, to be sent";
    case CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS:
        return "in step, sent from here";
    case CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE:
        return "could not be sent; the next start tries again";
    default:
        return "in a state that this program does not know";
    }
}

/* --- Devices ---------------------------------------------------------------------------------- */

/* The library calls back on a thread of its own. What it says is left in here, under the lock, for the main
 * thread, which sleeps on `changed` until something is new. */
struct device {
    const char *name;
    char gallery[PATH_MAX];
    CloudSyncContext *context;
    CloudSyncGallerySync *sync;
    CloudSyncDownload *download;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    CloudSyncSyncProgress run;
    CloudSyncDownloadProgress fetch;
    bool ended; /* the run, or the download, that was started last */
};

static void on_sync_progress(const CloudSyncSyncProgress *event, void *user_data) {
    struct device *device = user_data;
    pthread_mutex_lock(&device->lock);
    device->run = *event;
    device->ended = event->state != CLOUDSYNC_SYNC_STATE_UPLOADING && event->state != CLOUDSYNC_SYNC_STATE_DOWNLOADING;
    pthread_cond_signal(&device->changed);
    pthread_mutex_unlock(&device->lock);
}

static void on_download_progress(const CloudSyncDownloadProgress *event, void *user_data) {
    struct device *device = user_data;
    pthread_mutex_lock(&device->lock);
    device->fetch = *event;
    device->fetch.uri = NULL; /* it ends with this call */
    device->ended = event->state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING;
    pthread_cond_signal(&device->changed);
    pthread_mutex_unlock(&device->lock);
}

/* This demo's cloud is a folder, so it needs no network, and it is over before a battery minds. A real program
 * leaves cloudsync_options_set_device alone: then the library asks the system. */
static int32_t demo_network(void *self, int32_t *wifi, int32_t *mobile) {
    (void)self;
    *wifi = 1;
    *mobile = 0;
    return 0;
}

static int32_t demo_battery(void *self, int32_t *percent, int32_t *charging) {
    (void)self;
    *percent = -1; /* there is none */
    *charging = 0;
    return 0;
}

static int32_t demo_heat(void *self, int32_t *heat) {
    (void)self;
    *heat = CLOUDSYNC_HEAT_NORMAL;
    return 0;
}

/* Joins two parts of a path, or ends the program. */
static void join(char path[PATH_MAX], const char *folder, const char *relative) {
    if (path_join(path, PATH_MAX, folder, relative) == NULL) {
        fail_system("use a path as long as that of", relative);
    }
}

/* Gives the device its folders. */
static void device_make(struct device *device, const char *name) {
    char folder[PATH_MAX];
    memset(device, 0, sizeof *device);
    device->name = name;
    join(folder, demo, name);
    join(device->gallery, folder, "gallery");
    if (mkdir(folder, 0700) != 0 || mkdir(device->gallery, 0700) != 0) {
        fail_system("make", device->gallery);
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&device->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&device->lock, NULL);
}

static void device_open(struct device *device, const CloudSyncCloudServiceStub *cloud, int32_t policy) {
    CloudSyncDeviceVTable conditions = {
        .struct_size = sizeof conditions, .network = demo_network, .battery = demo_battery, .heat = demo_heat};
    CloudSyncOptions *options = NULL;
    char folder[PATH_MAX], state[PATH_MAX];
    join(folder, demo, device->name);
    join(state, folder, "state");

    check(cloudsync_options_new(&options), "make options");
    check(cloudsync_options_set_gallery_dir(options, device->gallery), "set the gallery");
    check(cloudsync_options_set_state_dir(options, state), "set the state directory");
    check(cloudsync_options_set_device_name(options, device->name), "name the device");
    check(cloudsync_options_set_cloud(options, cloud), "set the cloud");
    check(cloudsync_options_set_download_policy(options, policy), "set the download policy");
    check(cloudsync_options_set_device(options, &conditions), "set the device's conditions");
    check(cloudsync_open(options, &device->context), "open the library");
    check(cloudsync_options_free(options), "free the options");

    check(gallery_sync_new(device->context, &device->sync), "make a GallerySync");
    check(register_progress_cb(device->sync, on_sync_progress, device, NULL), "register for progress");
    check(download_new(device->context, &device->download), "make a Download");
    check(register_progress_cb(device->download, on_download_progress, device, NULL), "register for progress");
}

static void device_close(struct device *device) {
    check(download_free(device->download), "free the Download");
    check(gallery_sync_free(device->sync), "free the GallerySync");
    check(cloudsync_close(device->context), "close the library");
    pthread_cond_destroy(&device->changed);
    pthread_mutex_destroy(&device->lock);
}

/* Sleeps until the run or download has ended, but no longer than until the bar wants to be drawn again. */
static bool device_wait(struct device *device) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PROGRESS_BAR_EVERY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!device->ended && pthread_cond_timedwait(&device->changed, &device->lock, &until) == 0) {
    }
    return device->ended;
}

/* A path in the gallery as a URI: whatever is not plain is percent-encoded. */
enum { URI_MAX = 3 * PATH_MAX + 32 };

static void uri_of(char uri[URI_MAX], const char *relative) {
    static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    char *end = uri + sprintf(uri, "file://media/Photo/");
    for (; *relative != '\0'; relative++) {
        end += sprintf(end, strchr(PLAIN, *relative) != NULL ? "%c" : "%%%02X", (unsigned char)*relative);
    }
}

/* Says why a file was left out, where it was. */
static int tell_trouble(const char *relative, uint64_t size, void *data) {
    struct device *device = data;
    char uri[URI_MAX], reason[512];
    CloudSyncExplanation why = {.struct_size = sizeof why};
    (void)size;
    uri_of(uri, relative);
    if (cloudsync_explain(device->context, uri, &why, reason, sizeof reason) == CLOUDSYNC_OK && why.code != CLOUDSYNC_OK) {
        fprintf(stderr, "  %s: %s (code %" PRId32 ")\n", relative, reason, why.code);
    }
    return 0;
}

/* Starts a run and waits for its end, with a bar where there is a label for it. */
static CloudSyncSyncProgress device_sync(struct device *device, const char *label) {
    struct progress_bar bar;
    struct amount amount = {0};
    device->ended = false; /* no callback comes before the start */
    progress_bar_begin(&bar, label);
    check(gallery_sync_start(device->sync), "start syncing");

    bool ended = false;
    while (!ended) {
        pthread_mutex_lock(&device->lock);
        ended = device_wait(device);
        CloudSyncSyncProgress run = device->run;
        pthread_mutex_unlock(&device->lock);
        amount = (struct amount){run.files_done, run.files_total, run.bytes_done, run.bytes_total};
        if (label != NULL && !ended) {
            progress_bar_show(&bar, &amount);
        }
    }
    if (device->run.state != CLOUDSYNC_SYNC_STATE_COMPLETED) {
        int32_t code = code_of_error(device->run.error);
        fprintf(stderr, "\ngallery_backup: the %s's sync did not come to its end: %s (code %" PRId32 ", state %" PRId32
                ", error %" PRId32 ", %" PRIu64 " files left out)\n",
                device->name, cloudsync_strerror(code), code, device->run.state, device->run.error, device->run.files_failed);
        folder_walk(device->gallery, tell_trouble, device);
        give_up(cloudsync_error_remedy(code));
    }
    if (label != NULL) {
        progress_bar_end(&bar, &amount);
    }
    return device->run;
}

static void device_show_state(struct device *device, const char *relative) {
    char uri[URI_MAX];
    int32_t state = -1;
    uri_of(uri, relative);
    check(get_file_sync_state(device->context, uri, &state), "ask for a file's state");
    printf("  %-6s  %-36s  %s\n", device->name, relative, state_in_words(state));
}

/* Downloads one file's original and waits for its end. */
static void device_fetch(struct device *device, const char *relative, const char *label) {
    char uri[URI_MAX];
    struct progress_bar bar;
    struct amount amount = {0};
    uri_of(uri, relative);
    device->ended = false;
    progress_bar_begin(&bar, label);
    check(download_start(device->download, uri), "start the download");

    bool ended = false;
    while (!ended) {
        pthread_mutex_lock(&device->lock);
        ended = device_wait(device);
        CloudSyncDownloadProgress fetch = device->fetch;
        pthread_mutex_unlock(&device->lock);
        amount = (struct amount){ended, 1, fetch.processed, fetch.size};
        if (!ended) {
            progress_bar_show(&bar, &amount);
        }
    }
    if (device->fetch.state != CLOUDSYNC_DOWNLOAD_STATE_COMPLETED) {
        int32_t code = code_of_download_error(device->fetch.error);
        fprintf(stderr, "\ngallery_backup: %s did not arrive: %s (code %" PRId32 ", state %" PRId32 ", error %" PRId32 ")\n",
                relative, cloudsync_strerror(code), code, device->fetch.state, device->fetch.error);
        give_up(cloudsync_error_remedy(code));
    }
    progress_bar_end(&bar, &amount);
}

/* --- The gallery ------------------------------------------------------------------------------ */

/* A copy of somebody's folder, or a count of it. */
struct copy {
    const char *from, *to;
    struct amount amount;
    struct progress_bar bar;
};

static int count_file(const char *relative, uint64_t size, void *data) {
    struct amount *amount = data;
    (void)relative;
    amount->files_total++;
    amount->bytes_total += size;
    return 0;
}

static int copy_file(const char *relative, uint64_t size, void *data) {
    struct copy *copy = data;
    char from[PATH_MAX];
    join(from, copy->from, relative);
    if (file_copy(from, copy->to, relative) != 0) {
        fail_system("copy", from);
    }
    copy->amount.files_done++;
    copy->amount.bytes_done += size;
    progress_bar_show(&copy->bar, &copy->amount);
    return 0;
}

/* Gallery, cloud and the tablet's downloads: what is there may be there three times. */
static void check_room(uint64_t bytes) {
    uint64_t room = folder_room(demo);
    if (room > 0 && room / 3 < bytes) {
        errno = ENOSPC;
        fail_system("fit three times the gallery into", demo);
    }
}

static void copy_gallery(const char *from, const char *to) {
    struct copy copy = {.from = from, .to = to};
    if (folder_walk(from, count_file, &copy.amount) != 0) {
        fail_system("read", from);
    }
    if (copy.amount.files_total == 0) {
        fprintf(stderr, "\ngallery_backup: there is no file in %s (code %d)\n", from, CLOUDSYNC_E_NO_SUCH_FILE);
        give_up("name a folder with photos, or none to have a gallery made");
    }
    check_room(copy.amount.bytes_total);
    progress_bar_begin(&copy.bar, "copying");
    if (folder_walk(from, copy_file, &copy) != 0) {
        fail_system("read", from);
    }
    progress_bar_end(&copy.bar, &copy.amount);
}

static void show_making(unsigned files_done, unsigned files, uint64_t bytes_done, uint64_t bytes, void *data) {
    struct copy *copy = data;
    copy->amount = (struct amount){files_done, files, bytes_done, bytes};
    progress_bar_show(&copy->bar, &copy->amount);
}

static void make_gallery(const char *folder) {
    struct copy copy = {0};
    check_room(gallery_size());
    progress_bar_begin(&copy.bar, "making");
    if (gallery_make(folder, show_making, &copy) != 0) {
        fail_system("write photos into", folder);
    }
    progress_bar_end(&copy.bar, &copy.amount);
}

/* The files that the demo plays with. */
struct cast {
    char largest[PATH_MAX], smallest[PATH_MAX];
    uint64_t largest_size, smallest_size;
    unsigned files;
};

static int choose(const char *relative, uint64_t size, void *data) {
    struct cast *cast = data;
    if (cast->files == 0 || size > cast->largest_size) {
        snprintf(cast->largest, sizeof cast->largest, "%s", relative);
        cast->largest_size = size;
    }
    if (cast->files == 0 || size < cast->smallest_size) {
        snprintf(cast->smallest, sizeof cast->smallest, "%s", relative);
        cast->smallest_size = size;
    }
    cast->files++;
    return 0;
}

/* --- The acts of the demo --------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void headline(const char *format, ...) {
    va_list arguments;
    putchar('\n');
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

static void append(const struct device *device, const char *relative, const char *text) {
    char path[PATH_MAX];
    join(path, device->gallery, relative);
    FILE *file = fopen(path, "ab");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        fail_system("edit", path);
    }
}

static void rename_on(const struct device *device, const char *from, const char *to) {
    char old_path[PATH_MAX], new_path[PATH_MAX];
    join(old_path, device->gallery, from);
    join(new_path, device->gallery, to);
    if (rename(old_path, new_path) != 0) {
        fail_system("rename", old_path);
    }
}

static void fetch_an_original(struct device *phone, struct device *tablet, const struct cast *cast) {
    char here[PATH_MAX], there[PATH_MAX];
    struct size_text size;
    device_fetch(tablet, cast->largest, "tablet receives");
    join(here, phone->gallery, cast->largest);
    join(there, tablet->gallery, cast->largest);
    if (!files_equal(here, there)) {
        fail_demo("the original came with other bytes than it went with");
    }
    printf("  %s: %s, compared byte by byte, equal\n", cast->largest, size_text(&size, (double)cast->largest_size));
}

/* The same file under another name sends its record again, and none of its bytes. */
static void rename_a_file(struct device *phone, struct device *tablet, struct cast *cast) {
    char renamed[PATH_MAX], path[PATH_MAX];
    const char *slash = strrchr(cast->largest, '/');
    int folder = slash == NULL ? 0 : (int)(slash + 1 - cast->largest);
    int length = snprintf(renamed, sizeof renamed, "%.*srenamed-%s", folder, cast->largest, cast->largest + folder);
    if (length < 0 || length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        fail_system("rename", cast->largest);
    }
    rename_on(phone, cast->largest, renamed);
    CloudSyncSyncProgress run = device_sync(phone, NULL);
    printf("  phone   %s is called %s now: %" PRIu64 " bytes sent\n", cast->largest, renamed, run.bytes_done);
    run = device_sync(tablet, NULL);
    printf("  tablet  calls it so too: %" PRIu64 " bytes received\n", run.bytes_done);
    memcpy(cast->largest, renamed, sizeof renamed);
    join(path, tablet->gallery, renamed);
    if (access(path, R_OK) != 0) {
        fail_demo("the tablet did not rename the file");
    }
}

/* The versions of one photo: files whose names begin as its name does. */
struct versions {
    char stem[PATH_MAX];
    unsigned found;
};

static int show_version(const char *relative, uint64_t size, void *data) {
    struct versions *versions = data;
    if (strncmp(relative, versions->stem, strlen(versions->stem)) == 0) {
        printf("          %s, %" PRIu64 " bytes\n", relative, size);
        versions->found++;
    }
    return 0;
}

static void edit_on_both_sides(struct device *phone, struct device *tablet, const struct cast *cast) {
    struct versions versions = {.found = 0};
    snprintf(versions.stem, sizeof versions.stem, "%s", cast->smallest);
    char *dot = strrchr(versions.stem, '.');
    if (dot != NULL && strchr(dot, '/') == NULL) {
        *dot = '\0';
    }
    device_fetch(tablet, cast->smallest, "tablet receives");
    append(phone, cast->smallest, "edited on the phone");
    append(tablet, cast->smallest, "and, differently, on the tablet");
    device_sync(phone, NULL);
    device_sync(tablet, NULL);
    device_sync(phone, NULL);
    printf("  both    edited %s; the phone holds both versions now:\n", cast->smallest);
    if (folder_walk(phone->gallery, show_version, &versions) != 0) {
        fail_system("read", phone->gallery);
    }
    if (versions.found < 2) {
        fail_demo("one of two edits is gone");
    }
}

static void make_demo_directory(void) {
    const char *parent = getenv("TMPDIR");
    join(demo, parent != NULL && parent[0] != '\0' ? parent : "/tmp", "gallery-backup-XXXXXX");
    if (mkdtemp(demo) == NULL) {
        char wanted[PATH_MAX];
        snprintf(wanted, sizeof wanted, "%s", demo);
        demo[0] = '\0';
        fail_system("make a directory such as", wanted);
    }
}

int main(int argc, char **argv) {
    struct device phone, tablet;
    struct cast cast = {.files = 0};
    char cloud_folder[PATH_MAX];
    setlocale(LC_CTYPE, "");
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fprintf(stderr, "usage: gallery_backup [FOLDER]\n");
        return EXIT_FAILURE;
    }
    make_demo_directory();
    device_make(&phone, "phone");
    device_make(&tablet, "tablet");
    join(cloud_folder, demo, "cloud");

    if (argc == 2) {
        headline("The phone's gallery is a copy of %s: your files are read, and left as they are.", argv[1]);
        copy_gallery(argv[1], phone.gallery);
    } else {
        headline("A gallery for the phone, made up; name a folder of yours to see a copy of that.");
        make_gallery(phone.gallery);
    }
    if (folder_walk(phone.gallery, choose, &cast) != 0) {
        fail_system("read", phone.gallery);
    }

    headline("The phone sends everything to the cloud.");
    CloudSyncCloudServiceStub *cloud = NULL;
    check(cloudsync_embedded_cloud_new(cloud_folder, "me", &cloud), "open the cloud");
    device_open(&phone, cloud, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    device_show_state(&phone, cast.smallest);
    device_sync(&phone, "phone sends");
    device_show_state(&phone, cast.smallest);
    device_sync(&phone, "once more, nothing changed");

    headline("A tablet joins, and takes originals only when asked.");
    device_open(&tablet, cloud, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND);
    check(cloud_service_stub_free(cloud), "let go of the cloud"); /* the devices keep it */
    double began = seconds_now();
    device_sync(&tablet, NULL);
    printf("  tablet  knows %u files after %.0f ms, and holds the bytes of none\n", cast.files, (seconds_now() - began) * 1000);
    device_show_state(&tablet, cast.smallest);
    device_show_state(&tablet, cast.largest);
    fetch_an_original(&phone, &tablet, &cast);

    headline("A rename on the phone.");
    rename_a_file(&phone, &tablet, &cast);

    if (cast.files > 1) {
        headline("One photo edited on both, with no sync in between.");
        edit_on_both_sides(&phone, &tablet, &cast);
    }

    device_close(&tablet);
    device_close(&phone);
    headline("Where to look:");
    printf("  %s/phone/gallery    all originals\n"
           "  %s/tablet/gallery   what was asked for\n"
           "  %s/cloud            records, and contents under their digests\n"
           "It is yours now: delete %s when you have seen enough.\n",
           demo, demo, demo, demo);
    return EXIT_SUCCESS;
}
