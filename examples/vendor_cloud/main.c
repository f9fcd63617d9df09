/* vendor_cloud [ADDRESS]: a phone and a tablet sync a small gallery through the vendor's cloud, in a new temporary directory
 * that is removed in the end. With an ADDRESS the cloud is that of a vendor_server (server.c), else one in this process. How a program uses the library is shown in gallery_backup.c; here the cloud is what to look at. */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700
#include "vendor_cloud.h"

#include "folders.h"
#include "photo_maker.h"

#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PHOTOS = 12 };

static char demo[PATH_MAX];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static _Noreturn void give_up(const char *wanted, const char *why) {
    fprintf(stderr, "vendor_cloud: could not %s: %s\n", wanted, why);
    nftw(demo, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    exit(EXIT_FAILURE);
}

static void check(int32_t code, const char *wanted) {
    char detail[512];
    if (code != CLOUDSYNC_OK) {
        cloudsync_last_error(detail, sizeof detail);
        give_up(wanted, detail[0] != '\0' ? detail : cloudsync_strerror(code));
    }
}

static void join(char path[PATH_MAX], const char *folder, const char *name) {
    if (path_join(path, PATH_MAX, folder, name) == NULL) {
        give_up("use a path as long as that of", name);
    }
}

/* --- Devices ---------------------------------------------------------------------------------- */

struct device {
    char gallery[PATH_MAX];
    CloudSyncContext *context;
    CloudSyncGallerySync *sync;
    CloudSyncSyncProgress run;
};

static void on_progress(const CloudSyncSyncProgress *event, void *user_data) {
    *(CloudSyncSyncProgress *)user_data = *event;
}

/* The cloud is on this machine: it needs no network. */
static int32_t network(void *self, int32_t *wifi, int32_t *mobile) {
    (void)self;
    *wifi = 1;
    *mobile = 0;
    return 0;
}

static int32_t battery(void *self, int32_t *percent, int32_t *charging) {
    (void)self;
    *percent = -1;
    *charging = 0;
    return 0;
}

static int32_t heat(void *self, int32_t *degree) {
    (void)self;
    *degree = CLOUDSYNC_HEAT_NORMAL;
    return 0;
}

static void device_open(struct device *device, const char *name, const CloudSyncCloudServiceStub *cloud) {
    const CloudSyncDeviceVTable conditions = {
        .struct_size = sizeof conditions, .network = network, .battery = battery, .heat = heat};
    CloudSyncOptions *options = NULL;
    char folder[PATH_MAX], state[PATH_MAX];
    join(folder, demo, name);
    join(device->gallery, folder, "gallery");
    join(state, folder, "state");
    if (mkdir(folder, 0700) != 0 || mkdir(device->gallery, 0700) != 0) {
        give_up("make a folder", device->gallery);
    }
    check(cloudsync_options_new(&options), "make options");
    check(cloudsync_options_set_gallery_dir(options, device->gallery), "set the gallery");
    check(cloudsync_options_set_state_dir(options, state), "set the state directory");
    check(cloudsync_options_set_device_name(options, name), "name the device");
    check(cloudsync_options_set_device(options, &conditions), "set the device's conditions");
    check(cloudsync_options_set_dispatch(options, CLOUDSYNC_DISPATCH_HOST), "choose where callbacks run");
    check(cloudsync_options_set_cloud(options, cloud), "set the cloud"); /* as any other cloud */
    check(cloudsync_open(options, &device->context), "open the library");
    check(cloudsync_options_free(options), "free the options");
    check(gallery_sync_new(device->context, &device->sync), "make a GallerySync");
    check(gallery_sync_register_progress_cb(device->sync, on_progress, &device->run, NULL), "register for progress");
}

/* Why photos were left out of a run. */
static void explain(struct device *device) {
    char uri[64], why[512];
    for (int i = 0; i < PHOTOS; i++) {
        CloudSyncExplanation explanation = {.struct_size = sizeof explanation};
        snprintf(uri, sizeof uri, "file://media/Photo/IMG_%04d.jpg", i);
        if (cloudsync_explain(device->context, uri, &explanation, why, sizeof why) == CLOUDSYNC_OK && explanation.code != 0) {
            fprintf(stderr, "vendor_cloud: %s: %s\n", uri, why);
        }
    }
}

static void device_sync(struct device *device, const char *name) {
    device->run.state = CLOUDSYNC_SYNC_STATE_UPLOADING;
    check(gallery_sync_start(device->sync), "start a run");
    while (device->run.state == CLOUDSYNC_SYNC_STATE_UPLOADING || device->run.state == CLOUDSYNC_SYNC_STATE_DOWNLOADING) {
        check(cloudsync_dispatch(device->context, 0, -1), "wait for the run");
    }
    if (device->run.state != CLOUDSYNC_SYNC_STATE_COMPLETED || device->run.files_failed != 0) {
        explain(device);
        give_up("sync", name);
    }
    printf("  %-6s  %" PRIu64 " files moved, %" PRIu64 " bytes\n", name, device->run.files_done, device->run.bytes_done);
}

static void device_close(struct device *device) {
    check(gallery_sync_free(device->sync), "free the GallerySync");
    check(cloudsync_close(device->context), "close the library");
}

/* --- The gallery ------------------------------------------------------------------------------ */

static void photo_path(char path[PATH_MAX], const char *gallery, int number) {
    char name[32];
    snprintf(name, sizeof name, "IMG_%04d.jpg", number);
    join(path, gallery, name);
}

static void make_photos(const char *gallery) {
    char path[PATH_MAX];
    for (int i = 0; i < PHOTOS; i++) {
        photo_path(path, gallery, i);
        if (photo_make(path, (size_t)(50 + 200 * i) * 1000, 1700000000 + i * 86400, (uint64_t)i) != 0) {
            give_up("make a photo", path);
        }
    }
}

static void compare_photos(const char *here, const char *there) {
    char a[PATH_MAX], b[PATH_MAX];
    for (int i = 0; i < PHOTOS; i++) {
        photo_path(a, here, i);
        photo_path(b, there, i);
        if (!files_equal(a, b)) {
            give_up("bring these bytes to the tablet", a);
        }
    }
    printf("  %d files, compared byte by byte, equal\n", PHOTOS);
}

int main(int argc, char **argv) {
    const char *parent = getenv("TMPDIR");
    struct device phone = {.context = NULL}, tablet = {.context = NULL};
    CloudSyncCloudServiceStub *cloud = NULL;
    snprintf(demo, sizeof demo, "%s/vendor-cloud-XXXXXX", parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    if (mkdtemp(demo) == NULL) {
        give_up("make a directory such as", demo);
    }
    if (argc > 1) {
        check(cloudsync_connect(argv[1], &cloud), "connect to the vendor's server");
    } else {
        check(vendor_cloud_new(&cloud), "make the vendor's cloud");
    }
    device_open(&phone, "phone", cloud);
    device_open(&tablet, "tablet", cloud);
    check(cloud_service_stub_free(cloud), "let go of the cloud"); /* the devices keep it */

    make_photos(phone.gallery);
    device_sync(&phone, "phone");
    device_sync(&tablet, "tablet");
    compare_photos(phone.gallery, tablet.gallery);
    device_sync(&phone, "phone");

    device_close(&tablet);
    device_close(&phone);
    nftw(demo, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return EXIT_SUCCESS;
}
