/* Thumbnails and LCD pictures: made of what is sent, upright, and shown by devices that lack the originals. */
#include "support.h"

#include <unistd.h>

#define GALLERY "file://media/Photo/"
#define THUMBNAIL CLOUDSYNC_DOWNLOAD_FILE_TYPE_THUMBNAIL
#define LCD CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD
#define WIDTH 3200
#define HEIGHT 1600

/* --- Pictures --------------------------------------------------------------------------------- */

/* A JPEG file while it is written. */
struct writer {
    unsigned char *bytes;
    size_t count;
    uint32_t bits;
    int filled;
};

static void put(struct writer *out, const unsigned char *bytes, size_t count) {
    memcpy(out->bytes + out->count, bytes, count);
    out->count += count;
}

static void put_bits(struct writer *out, uint32_t bits, int count) {
    out->bits = out->bits << count | bits;
    for (out->filled += count; out->filled >= 8; out->filled -= 8) {
        unsigned char byte = (unsigned char)(out->bits >> (out->filled - 8));
        put(out, &byte, 1);
        if (byte == 0xff) {
            put(out, (const unsigned char *)"", 1);
        }
    }
}

/* The smallest JPEG that says how the camera was held: grey blocks of 8 by 8 pixels, each of one shade, which differs with
 * the seed. Codes are of four bits for the difference to the block before, and of one bit for "nothing more". */
static void write_jpeg(const char *folder, const char *name, unsigned char orientation, unsigned seed) {
    const unsigned char exif[] = {0xff, 0xd8, 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', '*', 0, 8, 0, 0, 0,
        1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0};
    unsigned char quantities[69] = {0xff, 0xdb, 0, 67, 0};
    const unsigned char frame[] = {0xff, 0xc0, 0, 11, 8, HEIGHT >> 8, HEIGHT & 255, WIDTH >> 8, WIDTH & 255, 1, 1, 0x11, 0};
    const unsigned char differences[] = {0xff, 0xc4, 0, 31, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const unsigned char rest[] = {0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const unsigned char scan[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0};
    struct writer out = {(unsigned char *)malloc(WIDTH * HEIGHT / 16 + 1024), 0, 0, 0};
    assert_non_null(out.bytes);
    memset(quantities + 5, 8, 64);
    put(&out, exif, sizeof exif);
    put(&out, quantities, sizeof quantities);
    put(&out, frame, sizeof frame);
    put(&out, differences, sizeof differences);
    put(&out, rest, sizeof rest);
    put(&out, scan, sizeof scan);
    int before = 0;
    for (unsigned block = 0; block < WIDTH / 8 * (HEIGHT / 8); block++) {
        int shade = (int)((block / 50 + seed * 37) % 200) - 100, change = shade - before, size = 0;
        before = shade;
        while ((change < 0 ? -change : change) >> size != 0) {
            size++;
        }
        put_bits(&out, (uint32_t)size, 4);
        put_bits(&out, (uint32_t)(change < 0 ? change - 1 : change) & ((1u << size) - 1), size);
        put_bits(&out, 0, 1);
    }
    put_bits(&out, 0x7f, 7);
    put(&out, (const unsigned char *)"\xff\xd9", 2);

    char path[PATH_MAX];
    FILE *file = fopen(join(path, folder, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(out.bytes, 1, out.count, file), out.count);
    assert_int_equal(fclose(file), 0);
    free(out.bytes);
}

/* The size of the picture in a JPEG file, from the head of its frame. */
static void assert_picture(const char *path, int width, int height) {
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(count > 4 && bytes[0] == 0xff && bytes[1] == 0xd8);
    for (size_t at = 2; at + 9 < count && bytes[at] == 0xff; at += 2u + (bytes[at + 2] << 8 | bytes[at + 3])) {
        if (bytes[at + 1] == 0xc0) {
            assert_int_equal(bytes[at + 5] << 8 | bytes[at + 6], height);
            assert_int_equal(bytes[at + 7] << 8 | bytes[at + 8], width);
            return;
        }
    }
    fail_msg("%s is no picture", path);
}

/* --- Batches ---------------------------------------------------------------------------------- */

struct batch {
    struct gate finals;
    int32_t state;
    uint32_t successful, failed;
    int32_t errors[8];
    char failed_uris[8][128];
    uint64_t bytes, total;
};

static void on_batch(const CloudSyncMultiDownloadProgress *event, void *user_data) {
    struct batch *batch = (struct batch *)user_data;
    if (event->state == CLOUDSYNC_DOWNLOAD_STATE_RUNNING) {
        return;
    }
    batch->state = event->state;
    batch->successful = event->successful_count;
    batch->failed = event->failed_count;
    batch->bytes = event->downloaded_size;
    batch->total = event->total_size;
    for (uint32_t i = 0; i < event->failed_count && i < 8; i++) {
        batch->errors[i] = event->failed_files[i].error;
        snprintf(batch->failed_uris[i], sizeof batch->failed_uris[i], "%s", event->failed_files[i].uri);
    }
    gate_raise(&batch->finals);
}

/* Fetches what a device lacks of these files, and waits for the end. */
static void fetch(struct device *device, const char *const *uris, size_t n, int32_t type, struct batch *batch) {
    CloudSyncCloudFileCache *cache = NULL;
    int64_t task = -1;
    memset(batch, 0, sizeof *batch);
    gate_init(&batch->finals);
    assert_ok(cloud_file_cache_new(device->context, &cache));
    assert_ok(cloud_file_cache_register_batch_download_cb(cache, on_batch, batch, NULL));
    assert_ok(cloud_file_cache_start_batch(cache, uris, n, type, &task));
    assert_true(task >= 0);
    gate_wait(&batch->finals, 1);
    assert_ok(cloud_file_cache_free(cache));
    assert_int_equal(gate_count(&batch->finals), 1);
    gate_destroy(&batch->finals);
}

/* --- Devices ---------------------------------------------------------------------------------- */

static void open_two(struct device *one, struct device *other) {
    device_make(one, "one");
    device_make(other, "other");
    assert_ok(cloudsync_options_set_download_policy(other->options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(one);
    device_open(other);
}

static const char *preview(struct device *device, const char *uri, int32_t type) {
    static char path[PATH_MAX];
    size_t size = 0, again = 0;
    assert_ok(cloudsync_preview_path(device->context, uri, type, NULL, 0, &size));
    assert_true(size <= sizeof path);
    assert_ok(cloudsync_preview_path(device->context, uri, type, path, size, &again));
    assert_int_equal(again, size);
    assert_int_equal(strlen(path) + 1, size);
    return path;
}

/* What asking for a path answers. */
#define assert_preview(device, uri, type, expected) \
    assert_answered(cloudsync_preview_path, preview_code(device, uri, type), expected)
static int32_t preview_code(struct device *device, const char *uri, int32_t type) {
    char path[PATH_MAX];
    return cloudsync_preview_path(device->context, uri, type, path, sizeof path, NULL);
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void a_second_device_shows_a_gallery_without_originals(void **state) {
    (void)state;
    struct device one, other;
    struct batch batch;
    const char *const uris[] = {GALLERY "upright.jpg", GALLERY "turned.jpg", GALLERY "noise.jpg", GALLERY "none.jpg"};
    open_two(&one, &other);
    write_jpeg(one.gallery, "upright.jpg", 1, 1);
    write_jpeg(one.gallery, "turned.jpg", 6, 2);
    write_photo(one.gallery, "noise.jpg", 5000, 3);
    device_sync(&one);
    assert_picture(preview(&one, uris[0], THUMBNAIL), 350, 175);
    assert_picture(preview(&one, uris[0], LCD), 1920, 960);
    assert_picture(preview(&one, uris[1], THUMBNAIL), 175, 350);
    assert_picture(preview(&one, uris[1], LCD), 960, 1920);

    device_sync(&other);
    assert_int_equal(count_files(other.gallery), 0);
    assert_picture(preview(&other, uris[0], THUMBNAIL), 350, 175);
    assert_picture(preview(&other, uris[1], THUMBNAIL), 175, 350);
    assert_preview(&other, uris[0], LCD, CLOUDSYNC_E_TRY_AGAIN);

    fetch(&other, uris, 2, LCD, &batch);
    assert_int_equal(batch.state, CLOUDSYNC_DOWNLOAD_STATE_COMPLETED);
    assert_int_equal(batch.successful, 2);
    assert_true(batch.bytes > 0 && batch.bytes == batch.total);
    assert_picture(preview(&other, uris[0], LCD), 1920, 960);
    assert_picture(preview(&other, uris[1], LCD), 960, 1920);

    for (int32_t type = THUMBNAIL; type <= LCD; type++) {
        fetch(&other, uris, 4, type, &batch);
        assert_int_equal(batch.state, CLOUDSYNC_DOWNLOAD_STATE_FAILED);
        assert_int_equal(batch.successful, 2);
        assert_int_equal(batch.failed, 2);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(batch.errors[i], CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND);
            assert_string_equal(batch.failed_uris[i], uris[2 + i]);
        }
    }
    assert_int_equal(count_files(other.gallery), 0);
    device_free(&other);
    device_free(&one);
}

static void every_code(void **state) {
    (void)state;
    struct device one, other;
    const char *photo = GALLERY "photo.jpg";
    char path[PATH_MAX] = "as before";
    size_t size = 7;
    open_two(&one, &other);
    write_jpeg(one.gallery, "photo.jpg", 1, 1);
    assert_preview(&one, photo, THUMBNAIL, CLOUDSYNC_E_TRY_AGAIN);
    device_sync(&one);
    write_photo(one.gallery, "noise.jpg", 5000, 3);
    device_sync(&one);

    assert_preview(&one, GALLERY "noise.jpg", LCD, CLOUDSYNC_E_NO_SUCH_FILE);
    assert_preview(&one, GALLERY "none.jpg", LCD, CLOUDSYNC_E_NO_SUCH_FILE);
    assert_preview(&one, GALLERY "../photo.jpg", LCD, CLOUDSYNC_E_INVALID_URI);
    for (int32_t type = -1; type <= 3; type++) {
        int32_t code = type == THUMBNAIL || type == LCD ? CLOUDSYNC_OK : CLOUDSYNC_E_INVALID_ARGUMENT;
        assert_preview(&one, photo, type, code);
    }
    assert_code(cloudsync_preview_path(NULL, photo, LCD, path, sizeof path, &size), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_preview_path(one.context, NULL, LCD, path, sizeof path, &size), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_preview_path(one.context, photo, LCD, NULL, 0, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    size_t needed = strlen(preview(&one, photo, LCD)) + 1;
    assert_code(cloudsync_preview_path(one.context, photo, LCD, path, needed - 1, &size), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_string_equal(path, "as before");
    assert_int_equal(size, 7);
    assert_ok(cloudsync_preview_path(one.context, photo, LCD, path, needed, NULL));

    assert_ok(cloudsync_options_set_caller(other.options, "com.example.other", NULL, 0, 0));
    device_close(&other);
    assert_ok(cloudsync_open(other.options, &other.context));
    assert_preview(&other, photo, LCD, CLOUDSYNC_E_INVALID_URI);
    device_free(&other);
    device_free(&one);
}

static void a_device_that_makes_none_sends_photos_all_the_same(void **state) {
    (void)state;
    struct device one, other;
    device_make(&one, "one");
    device_make(&other, "other");
    assert_ok(cloudsync_options_set_previews(one.options, 0));
    write_jpeg(one.gallery, "photo.jpg", 1, 1);
    device_open(&one);
    device_sync(&one);
    device_open(&other);
    device_sync(&other);
    assert_true(same_folders(one.gallery, other.gallery));
    assert_preview(&one, GALLERY "photo.jpg", LCD, CLOUDSYNC_E_NO_SUCH_FILE);
    assert_preview(&other, GALLERY "photo.jpg", LCD, CLOUDSYNC_E_NO_SUCH_FILE);
    device_free(&other);
    device_free(&one);
}

static void wait_until_gone(const char *path) {
    for (int64_t end = now_ms() + PATIENCE_MS; access(path, F_OK) == 0;) {
        assert_true(now_ms() < end);
    }
}

static void what_is_gone_takes_its_previews_along(void **state) {
    (void)state;
    struct device one, other;
    char path[PATH_MAX], here[PATH_MAX], there[PATH_MAX];
    const char *photo = GALLERY "photo.jpg";
    open_two(&one, &other);
    write_jpeg(one.gallery, "photo.jpg", 1, 1);
    device_sync(&one);
    device_sync(&other);
    snprintf(here, sizeof here, "%s", preview(&one, photo, LCD));
    snprintf(there, sizeof there, "%s", preview(&other, photo, THUMBNAIL));
    assert_int_equal(unlink(join(path, one.gallery, "photo.jpg")), 0);
    device_sync(&one);
    device_sync(&other);
    assert_preview(&other, photo, THUMBNAIL, CLOUDSYNC_E_NO_SUCH_FILE);
    wait_until_gone(here);
    wait_until_gone(there);
    device_free(&other);
    device_free(&one);
}

static void another_start_finds_what_was_kept(void **state) {
    (void)state;
    struct device one, other;
    open_two(&one, &other);
    write_jpeg(one.gallery, "photo.jpg", 1, 1);
    device_sync(&one);
    device_sync(&other);
    device_close(&other);
    device_open(&other);
    assert_picture(preview(&other, GALLERY "photo.jpg", THUMBNAIL), 350, 175);
    assert_preview(&other, GALLERY "photo.jpg", LCD, CLOUDSYNC_E_TRY_AGAIN);
    device_sync(&other);
    assert_picture(preview(&other, GALLERY "photo.jpg", THUMBNAIL), 350, 175);
    device_free(&other);
    device_free(&one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_second_device_shows_a_gallery_without_originals),
        in_scratch(every_code),
        in_scratch(a_device_that_makes_none_sends_photos_all_the_same),
        in_scratch(what_is_gone_takes_its_previews_along),
        in_scratch(another_start_finds_what_was_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
