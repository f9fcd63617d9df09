/* The device's disk is full while bytes come from the cloud: it is said so, what is in the gallery is whole,
 * nothing is lost, and the next start after room was made brings the rest. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PHOTOS 30
#define PHOTO_SIZE 100000
#define FILM_SIZE 3000000

static char disk[PATH_MAX];

/* A device whose gallery is on a disk of 1 MiB. */
static void device_make_small(struct device *device, int32_t policy) {
    device_make(device, "small");
    make_folder(join(disk, root, "disk"));
    mount_small(disk, "size=1m,nr_inodes=200");
    make_folder(join(device->gallery, disk, "gallery"));
    assert_ok(cloudsync_options_set_gallery_dir(device->options, device->gallery));
    assert_ok(cloudsync_options_set_download_policy(device->options, policy));
}

/* Unmounts as well: before the scratch folder goes. */
static void device_free_small(struct device *device) {
    device_free(device);
    unmount(disk);
}

static char *photo(char *name, unsigned i) {
    snprintf(name, 32, "IMG_%04u.jpg", i);
    return name;
}

static const char *photo_uri(char *uri, unsigned i) {
    char name[32];
    snprintf(uri, 64, "file://media/Photo/%s", photo(name, i));
    return uri;
}

/* Another device fills the cloud; what it has is what must be there in the end. */
static void fill_cloud(struct device *other, bool film) {
    char name[32];
    device_make(other, "other");
    for (unsigned i = 0; i < PHOTOS; i++) {
        write_photo(other->gallery, photo(name, i), PHOTO_SIZE, i);
    }
    if (film) {
        write_photo(other->gallery, "film.mp4", FILM_SIZE, 1000);
    }
    device_open(other);
    device_sync(other);
}

/* Whatever of the photos is in the gallery is whole; tells how many are. */
static unsigned whole_photos(const struct device *device) {
    char name[32];
    unsigned whole = 0;
    for (unsigned i = 0; i < PHOTOS; i++) {
        if (file_exists(device->gallery, photo(name, i))) {
            assert_true(is_photo(device->gallery, name, PHOTO_SIZE, i));
            whole++;
        }
    }
    assert_int_equal(count_files(device->gallery), whole);
    return whole;
}

static void sync_into_a_full_disk(struct device *device) {
    unsigned finals = gate_count(&device->progress.finals);
    assert_ok(gallery_sync_start(device->sync));
    gate_wait(&device->progress.finals, finals + 1);
    assert_int_equal(device->progress.last.state, CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED);
    assert_int_equal(device->progress.last.error, CLOUDSYNC_ERROR_TYPE_LOCAL_STORAGE_FULL);
    assert_false(device->progress.fell);
}

/* What has not come says why, and what has come is in step. */
static void each_says_why(const struct device *device) {
    char name[32], uri[64], text[256];
    for (unsigned i = 0; i < PHOTOS; i++) {
        int32_t code = explained(device, photo_uri(uri, i), text, sizeof text).code;
        bool here = file_exists(device->gallery, photo(name, i));
        assert_int_equal(code, here ? CLOUDSYNC_OK : CLOUDSYNC_E_NO_SPACE);
        assert_int_equal(strstr(text, "full") != NULL, !here);
    }
}

static void a_run_of_originals(void) {
    struct device other, small;
    fill_cloud(&other, true);
    device_make_small(&small, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    device_open(&small);
    sync_into_a_full_disk(&small);
    assert_true(whole_photos(&small) < PHOTOS);
    each_says_why(&small);

    /* Neither a start with the disk still full, nor another process on it, changes anything for others. */
    sync_into_a_full_disk(&small);
    device_close(&small);
    device_open(&small);
    sync_into_a_full_disk(&small);
    whole_photos(&small);
    device_sync(&other);
    assert_int_equal(count_files(other.gallery), PHOTOS + 1);

    remount_small(disk, "size=16m");
    device_sync(&small);
    assert_true(same_folders(small.gallery, other.gallery));
    assert_true(is_photo(small.gallery, "film.mp4", FILM_SIZE, 1000));
    each_says_why(&small);
    device_sync(&other);
    assert_int_equal(count_files(other.gallery), PHOTOS + 1);
    device_free_small(&small);
    device_free(&other);
}

static void originals(void **state) {
    (void)state;
    with_own_mounts(a_run_of_originals);
}

/* Files without bytes take all entries of the disk, so that it has room and yet takes no new file. */
static void take_entries(void) {
    char path[PATH_MAX], name[32];
    int file = 0;
    for (unsigned i = 0; file >= 0; i++) {
        snprintf(name, sizeof name, "entry%u", i);
        file = open(join(path, disk, name), O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (file >= 0) {
            close(file);
        }
    }
    assert_int_equal(errno, ENOSPC);
}

static void give_entries_back(void) {
    char path[PATH_MAX], name[32];
    int gone = 0;
    for (unsigned i = 0; gone == 0; i++) {
        snprintf(name, sizeof name, "entry%u", i);
        gone = unlink(join(path, disk, name));
    }
}

static void a_download_of_one_file(void) {
    struct device other, small;
    struct download_log log;
    CloudSyncDownload *download = NULL;
    CloudSyncCloudFileCache *cache = NULL;
    char uri[64];
    int32_t found = -1;
    fill_cloud(&other, true);
    device_make_small(&small, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND);
    device_open(&small);
    device_sync(&small);
    assert_int_equal(count_files(small.gallery), 0);
    download_log_init(&log);
    assert_ok(download_new(small.context, &download));
    assert_ok(download_register_progress_cb(download, on_download, &log, NULL));

    /* Larger than the disk: refused at once. */
    assert_both(CLOUDSYNC_E_NO_SPACE, download_start, download, "file://media/Photo/film.mp4");
    assert_ok(cloud_file_cache_new(small.context, &cache));
    assert_both(CLOUDSYNC_E_NO_SPACE, cloud_file_cache_start, cache, "file://media/Photo/film.mp4");
    assert_ok(cloud_file_cache_free(cache));
    assert_int_equal(gate_count(&log.finals), 0);

    /* Accepted, and then the disk takes no more. */
    take_entries();
    assert_ok(download_start(download, photo_uri(uri, 3)));
    gate_wait(&log.finals, 1);
    assert_int_equal(log.last.state, CLOUDSYNC_DOWNLOAD_STATE_FAILED);
    assert_int_equal(log.last.error, CLOUDSYNC_DOWNLOAD_ERROR_LOCAL_STORAGE_FULL);
    assert_int_equal(whole_photos(&small), 0);
    device_sync(&small); /* what nobody keeps here is in step all the same, and not deleted in the cloud */
    device_sync(&other);
    assert_int_equal(count_files(other.gallery), PHOTOS + 1);

    give_entries_back();
    assert_ok(download_start(download, photo_uri(uri, 3)));
    gate_wait(&log.finals, 2);
    assert_int_equal(log.last.state, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(log.last.processed, PHOTO_SIZE);
    assert_false(log.fell);
    assert_int_equal(whole_photos(&small), 1);
    assert_ok(get_file_sync_state(small.context, uri, &found));
    assert_int_equal(found, CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);

    remount_small(disk, "size=16m");
    assert_ok(download_start(download, "file://media/Photo/film.mp4"));
    gate_wait(&log.finals, 3);
    assert_int_equal(log.last.state, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_true(is_photo(small.gallery, "film.mp4", FILM_SIZE, 1000));
    assert_ok(download_free(download));
    device_free_small(&small);
    device_free(&other);
    download_log_destroy(&log);
}

static void on_demand(void **state) {
    (void)state;
    with_own_mounts(a_download_of_one_file);
}

/* Many at once, for which each alone there is room: the disk fills up in the middle of one. */
static void downloads_of_many_files(void) {
    struct device other, small;
    struct download_log log;
    CloudSyncDownload *download = NULL;
    char uri[64], name[32];
    unsigned accepted = 0;
    fill_cloud(&other, false);
    device_make_small(&small, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND);
    device_open(&small);
    device_sync(&small);
    download_log_init(&log);
    assert_ok(download_new(small.context, &download));
    assert_ok(download_register_progress_cb(download, on_download, &log, NULL));
    for (unsigned i = 0; i < PHOTOS; i++) {
        int32_t code = download_start(download, photo_uri(uri, i));
        assert_true(code == CLOUDSYNC_OK || code == CLOUDSYNC_E_NO_SPACE);
        accepted += code == CLOUDSYNC_OK;
    }
    gate_wait(&log.finals, accepted);
    unsigned here = whole_photos(&small);
    assert_in_range(here, 1, PHOTOS - 1);

    remount_small(disk, "size=16m");
    for (unsigned i = 0; i < PHOTOS; i++) {
        assert_ok(download_start(download, photo_uri(uri, i)));
    }
    gate_wait(&log.finals, accepted + PHOTOS);
    assert_int_equal(whole_photos(&small), PHOTOS);
    assert_true(is_photo(small.gallery, photo(name, PHOTOS - 1), PHOTO_SIZE, PHOTOS - 1));
    assert_true(same_folders(small.gallery, other.gallery));
    assert_ok(download_free(download));
    device_free_small(&small);
    device_free(&other);
    download_log_destroy(&log);
}

static void many_on_demand(void **state) {
    (void)state;
    with_own_mounts(downloads_of_many_files);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(originals),
        in_scratch(on_demand),
        in_scratch(many_on_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
