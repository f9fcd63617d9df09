#define _XOPEN_SOURCE 700

#include "device.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void must(int32_t code) {
    if (code != CLOUDSYNC_OK) {
        char detail[256] = "";
        cloudsync_last_error(detail, sizeof detail);
        fprintf(stderr, "%d: %s: %s\n", (int)code, cloudsync_strerror(code), detail);
        exit(EXIT_FAILURE);
    }
}

static void must_be_zero(int failed, const char *what) {
    if (failed != 0) {
        perror(what);
        exit(EXIT_FAILURE);
    }
}

static void make_file(const char *folder, const char *name, size_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    must_be_zero(file == NULL, path);
    for (size_t i = 0; i < size; i++) {
        putc((int)(i * 31 % 251), file);
    }
    must_be_zero(fclose(file), path);
}

static CloudSyncContext *open_with(const struct device *device, const char *gallery, const char *files,
                                   const char *state, int32_t policy) {
    const char *const permissions[] = {"ohos.permission.CLOUDFILE_SYNC"};
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncOptions *options = NULL;
    CloudSyncContext *context = NULL;
    must(cloudsync_embedded_cloud_new(device->cloud, "me", &cloud));
    must(cloudsync_options_new(&options));
    must(cloudsync_options_set_cloud(options, cloud));
    must(cloudsync_options_set_gallery_dir(options, gallery));
    must(cloudsync_options_set_bundle_dir(options, DEVICE_APP, files));
    must(cloudsync_options_set_state_dir(options, state));
    must(cloudsync_options_set_download_policy(options, policy));
    must(cloudsync_options_set_caller(options, DEVICE_APP, permissions, 1, 1));
    must(cloudsync_open(options, &context));
    must(cloudsync_options_free(options));
    must(cloud_service_stub_free(cloud));
    return context;
}

CloudSyncContext *device_open(const struct device *device) {
    return open_with(device, device->gallery, device->files, device->state, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned ends;

void device_ended(void) {
    pthread_mutex_lock(&lock);
    ends++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

void device_await_end(void) {
    pthread_mutex_lock(&lock);
    while (ends == 0) {
        pthread_cond_wait(&changed, &lock);
    }
    ends--;
    pthread_mutex_unlock(&lock);
}

static void on_progress(const CloudSyncSyncProgress *event, void *user_data) {
    (void)user_data;
    if (event->state != CLOUDSYNC_SYNC_STATE_UPLOADING && event->state != CLOUDSYNC_SYNC_STATE_DOWNLOADING) {
        device_ended();
    }
}

void device_sync(CloudSyncContext *context) {
    CloudSyncGallerySync *photos = NULL;
    CloudSyncFileSync *files = NULL;
    must(gallery_sync_new(context, &photos));
    must(file_sync_new(context, DEVICE_APP, &files));
    must(gallery_sync_register_progress_cb(photos, on_progress, NULL, NULL));
    must(file_sync_register_progress_cb(files, on_progress, NULL, NULL));
    must(gallery_sync_start(photos));
    must(file_sync_start(files));
    device_await_end();
    device_await_end();
    must(file_sync_free(files));
    must(gallery_sync_free(photos));
}

void device_make(struct device *device) {
    char gallery[80], files[80], state[80];
    const char *parent = getenv("TMPDIR");
    snprintf(device->folder, sizeof device->folder, "%s/documented-XXXXXX", parent != NULL ? parent : "/tmp");
    must_be_zero(mkdtemp(device->folder) == NULL, device->folder);
    snprintf(device->cloud, sizeof device->cloud, "%s/cloud", device->folder);
    snprintf(device->gallery, sizeof device->gallery, "%s/gallery", device->folder);
    snprintf(device->files, sizeof device->files, "%s/files", device->folder);
    snprintf(device->state, sizeof device->state, "%s/state", device->folder);
    snprintf(gallery, sizeof gallery, "%s/other-gallery", device->folder);
    snprintf(files, sizeof files, "%s/other-files", device->folder);
    snprintf(state, sizeof state, "%s/other-state", device->folder);
    const char *const folders[] = {device->gallery, device->files, gallery, files};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        must_be_zero(mkdir(folders[i], 0700), folders[i]);
    }
    make_file(gallery, "1", 200000);
    make_file(files, "1.txt", 1000);
    make_file(device->gallery, "2", 50000);
    CloudSyncContext *other = open_with(device, gallery, files, state, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    device_sync(other);
    must(cloudsync_close(other));
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *walk) {
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

void device_remove(struct device *device) {
    must_be_zero(nftw(device->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), device->folder);
}
