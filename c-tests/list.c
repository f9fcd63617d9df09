/* cloudsync_list: every file and folder once, here or in the cloud alone, page by page, without waiting for a run. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#define GALLERY "file://media/Photo"

struct found {
    char names[64][256];
    CloudSyncEntry entries[64];
    size_t count, pages;
};

/* All pages of a folder. */
static void list_all(struct device *device, const char *uri, int recursion, uint32_t most, struct found *found) {
    char after[256] = "";
    memset(found, 0, sizeof *found);
    do {
        CloudSyncPage *page = NULL;
        const CloudSyncEntry *const *entries;
        const char *next;
        size_t count;
        assert_ok(cloudsync_list(device->context, uri, recursion, after[0] != '\0' ? after : NULL, most, &page));
        assert_ok(cloudsync_page_read(page, &entries, &count, &next));
        assert_true(count <= most);
        for (size_t i = 0; i < count; i++, found->count++) {
            assert_int_equal(entries[i]->struct_size, sizeof **entries);
            assert_string_equal(strrchr(entries[i]->name, '/') == NULL ? "" : "slash", "");
            snprintf(found->names[found->count], 256, "%s", entries[i]->uri + strlen(GALLERY "/"));
            found->entries[found->count] = *entries[i];
        }
        snprintf(after, sizeof after, "%s", next != NULL ? next : "");
        found->pages++;
        assert_ok(cloudsync_page_free(page));
        assert_code(cloudsync_page_free(page), CLOUDSYNC_E_INVALID_ARGUMENT);
    } while (after[0] != '\0');
}

static const CloudSyncEntry *entry_of(const struct found *found, const char *name) {
    const CloudSyncEntry *entry = NULL;
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->names[i], name) == 0) {
            assert_null(entry); /* once */
            entry = &found->entries[i];
        }
    }
    if (entry == NULL) {
        fail_msg("%s is not listed", name);
    }
    return entry;
}

static void make_gallery(const char *gallery) {
    char path[PATH_MAX];
    make_folder(join(path, gallery, "A"));
    make_folder(join(path, gallery, "A/B"));
    make_folder(join(path, gallery, "empty"));
    write_photo(gallery, "a b.jpg", 100, 1);
    write_photo(gallery, "A/b.jpg", 200, 2);
    write_photo(gallery, "A/B/c.jpg", 300, 3);
    write_photo(gallery, "A/B/d.jpg", 0, 4);
}

static void every_entry_with_what_it_is(void **state) {
    (void)state;
    struct device device;
    struct found found;
    struct stat status;
    char path[PATH_MAX];
    device_make(&device, "device");
    make_gallery(device.gallery);
    device_open(&device);
    device_sync(&device);
    list_all(&device, GALLERY, 1, 1000, &found);
    assert_int_equal(found.count, 7);
    assert_int_equal(found.pages, 1);
    const CloudSyncEntry *file = entry_of(&found, "A/B/c.jpg"), *folder = entry_of(&found, "A/B");
    assert_int_equal(stat(join(path, device.gallery, "A/B/c.jpg"), &status), 0);
    assert_int_equal(file->size, 300);
    assert_int_equal(file->mtime_ms, (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000);
    assert_int_equal(file->state, CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
    assert_int_equal(file->is_here, 1);
    assert_int_equal(file->is_directory, 0);
    assert_int_equal(folder->is_directory, 1);
    assert_int_equal(folder->size, 0);
    entry_of(&found, "a%20b.jpg");
    entry_of(&found, "empty");

    list_all(&device, GALLERY "/", 0, 1000, &found);
    assert_int_equal(found.count, 3);
    list_all(&device, GALLERY "/A/", 0, 1000, &found);
    assert_int_equal(found.count, 2);
    list_all(&device, GALLERY "/A", 1, 1000, &found);
    assert_int_equal(found.count, 4);
    list_all(&device, GALLERY "/empty", 1, 1000, &found);
    assert_int_equal(found.count, 0);
    device_free(&device);
}

static void small_pages_hold_the_same(void **state) {
    (void)state;
    struct device device;
    struct found all, found;
    device_make(&device, "device");
    make_gallery(device.gallery);
    device_open(&device);
    device_sync(&device);
    list_all(&device, GALLERY, 1, 10000, &all);
    for (uint32_t most = 1; most <= 8; most++) {
        list_all(&device, GALLERY, 1, most, &found);
        assert_int_equal(found.count, all.count);
        assert_int_equal(found.pages, (all.count + most - 1) / most);
        for (size_t i = 0; i < all.count; i++) {
            assert_string_equal(found.names[i], all.names[i]);
        }
    }
    device_free(&device);
}

static void what_is_in_the_cloud_alone_is_listed(void **state) {
    (void)state;
    struct device one, other;
    struct found found;
    device_make(&one, "one");
    device_make(&other, "other");
    make_gallery(one.gallery);
    device_open(&one);
    device_sync(&one);
    assert_ok(cloudsync_options_set_download_policy(other.options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(&other);
    list_all(&other, GALLERY, 1, 3, &found);
    assert_int_equal(found.count, 0); /* no run has asked the cloud yet */
    device_sync(&other);
    list_all(&other, GALLERY, 1, 3, &found);
    assert_int_equal(found.count, 7);
    assert_int_equal(entry_of(&found, "A/b.jpg")->is_here, 0);
    assert_int_equal(entry_of(&found, "A/b.jpg")->size, 200);
    assert_int_equal(entry_of(&found, "A/b.jpg")->state, CLOUDSYNC_FILE_SYNC_STATE_COMPLETED);
    assert_int_equal(entry_of(&found, "A")->is_here, 1);

    /* Kept in the index: there as soon as the context is open again. */
    device_close(&other);
    device_open(&other);
    list_all(&other, GALLERY, 1, 3, &found);
    assert_int_equal(found.count, 7);
    device_free(&one);
    device_free(&other);
}

static void what_cannot_be_listed(void **state) {
    (void)state;
    struct device device;
    char maps[PATH_MAX];
    CloudSyncPage *page = NULL;
    device_make(&device, "device");
    make_gallery(device.gallery);
    make_folder(join(maps, root, "maps"));
    assert_ok(cloudsync_options_set_bundle_dir(device.options, "com.example.maps", maps));
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.notes", NULL, 0, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    CloudSyncContext *context = device.context;
    assert_code(cloudsync_list(context, GALLERY "/none", 1, NULL, 1, &page), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_list(context, GALLERY "/a b.jpg", 1, NULL, 1, &page), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_list(context, GALLERY "/..", 1, NULL, 1, &page), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_list(context, "file://com.example.maps/data/storage/el2/cloud", 1, NULL, 1, &page),
                CLOUDSYNC_E_NOT_SYSTEM_APP);
    assert_code(cloudsync_list(context, GALLERY, 1, "no token", 1, &page), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_list(context, GALLERY, 1, NULL, 0, &page), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_list(context, GALLERY, 1, NULL, 10001, &page), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_null(page);
    assert_ok(cloudsync_list(context, GALLERY "/A", 1, NULL, 1, &page)); /* not seen by any run yet */
    assert_ok(cloudsync_page_free(page));
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(every_entry_with_what_it_is),
        in_scratch(small_pages_hold_the_same),
        in_scratch(what_is_in_the_cloud_alone_is_listed),
        in_scratch(what_cannot_be_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
