#include <cloudsync.h>
#include <stdio.h>

static void on_progress(const CloudSyncSyncProgress *event, void *latest) {
    *(CloudSyncSyncProgress *)latest = *event;
}

int main(void) {
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncOptions *options = NULL;
    CloudSyncContext *device = NULL;
    CloudSyncGallerySync *sync = NULL;
    CloudSyncSyncProgress now = {.state = CLOUDSYNC_SYNC_STATE_UPLOADING};
    int32_t code = cloudsync_embedded_cloud_new("cloud", "me", &cloud);
    if (code == 0) code = cloudsync_options_new(&options);
    if (code == 0) code = cloudsync_options_set_gallery_dir(options, "photos");
    if (code == 0) code = cloudsync_options_set_state_dir(options, "state");
    if (code == 0) code = cloudsync_options_set_cloud(options, cloud);
    if (code == 0) code = cloudsync_options_set_dispatch(options, CLOUDSYNC_DISPATCH_HOST);
    if (code == 0) code = cloudsync_open(options, &device);
    if (code == 0) code = gallery_sync_new(device, &sync);
    if (code == 0) code = gallery_sync_register_progress_cb(sync, on_progress, &now, NULL);
    if (code == 0) code = gallery_sync_start(sync);
    while (code == 0 && (now.state == CLOUDSYNC_SYNC_STATE_UPLOADING ||
                         now.state == CLOUDSYNC_SYNC_STATE_DOWNLOADING)) {
        code = cloudsync_dispatch(device, 0, -1); /* on_progress runs in here, on this thread */
    }
    if (code != 0) printf("%s: %s\n", cloudsync_strerror(code), cloudsync_error_remedy(code));
    else printf("state %d, files moved: %llu\n", now.state, (unsigned long long)now.files_done);
    gallery_sync_free(sync);
    cloudsync_close(device);
    cloudsync_options_free(options);
    cloud_service_stub_free(cloud);
    return now.state == CLOUDSYNC_SYNC_STATE_COMPLETED ? 0 : 1;
}
