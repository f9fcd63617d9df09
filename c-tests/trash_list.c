/* The trash is listed a page at a time, and each of its entries can be brought back by itself. */
#include "support.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GALLERY "file://media/Photo"
#define NOTES "com.example.notes"
#define NOTES_DIR "file://" NOTES "/data/storage/el2/cloud"
#define DAY_S (24 * 3600)
#define MOST 32

struct entry {
    char uri[128], name[64], trash_uri[256];
    uint64_t size;
    int64_t removed_ms, kept_until_ms;
    bool is_here, is_directory;
};

struct trash {
    struct entry entries[MOST];
    unsigned count;
};

/* Reads the page after the text, which becomes that for the next; false after the last. */
static bool read_page(struct device *device, const char *of, char *after, uint32_t most, struct trash *trash) {
    CloudSyncTrashPage *page = NULL;
    const CloudSyncTrashEntry *const *entries;
    const char *next;
    size_t count;
    assert_ok(cloudsync_list_trash(device->context, of, after[0] != '\0' ? after : NULL, most, &page));
    assert_ok(cloudsync_trash_page_read(page, &entries, &count, &next));
    assert_true(count <= most);
    for (size_t i = 0; i < count; i++) {
        assert_true(trash->count < MOST);
        struct entry *entry = &trash->entries[trash->count++];
        assert_int_equal(entries[i]->struct_size, sizeof(CloudSyncTrashEntry));
        snprintf(entry->uri, sizeof entry->uri, "%s", entries[i]->uri);
        snprintf(entry->name, sizeof entry->name, "%s", entries[i]->name);
        snprintf(entry->trash_uri, sizeof entry->trash_uri, "%s", entries[i]->trash_uri);
        entry->size = entries[i]->size;
        entry->removed_ms = entries[i]->removed_ms;
        entry->kept_until_ms = entries[i]->kept_until_ms;
        entry->is_here = entries[i]->is_here != 0;
        entry->is_directory = entries[i]->is_directory != 0;
    }
    bool more = next != NULL;
    snprintf(after, 256, "%s", more ? next : "");
    assert_ok(cloudsync_trash_page_free(page));
    return more;
}

static struct trash list_of(struct device *device, const char *of) {
    struct trash trash;
    char after[256] = "";
    memset(&trash, 0, sizeof trash);
    assert_false(read_page(device, of, after, 1000, &trash));
    return trash;
}

static struct trash list(struct device *device) {
    return list_of(device, GALLERY);
}

/* All that is in the trash was removed so much earlier. */
static void grow_older(const struct device *device, int64_t seconds) {
    char folder[PATH_MAX], from[PATH_MAX], to[PATH_MAX], name[300];
    DIR *bins = opendir(join(folder, device->gallery, ".cloudsync/trash"));
    char names[MOST][256];
    unsigned count = 0;
    assert_non_null(bins);
    for (struct dirent *bin = readdir(bins); bin != NULL; bin = readdir(bins)) {
        if (bin->d_name[0] != '.') {
            assert_true(count < MOST);
            snprintf(names[count++], sizeof names[0], "%s", bin->d_name);
        }
    }
    closedir(bins);
    for (unsigned i = 0; i < count; i++) {
        const char *mark = strchr(names[i], '-');
        assert_non_null(mark);
        snprintf(name, sizeof name, "%lld%s", strtoll(names[i], NULL, 10) - (long long)seconds, mark);
        assert_int_equal(rename(join(from, folder, names[i]), join(to, folder, name)), 0);
    }
}

static void remove_file(struct device *device, const char *uri) {
    assert_ok(cloudsync_remove(device->context, uri));
}

/* What another program removes, and a run finds. */
static void unlink_file(const struct device *device, const char *name) {
    char path[PATH_MAX];
    assert_int_equal(unlink(join(path, device->gallery, name)), 0);
}

static void each_version_by_itself(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    device_open(&device);
    assert_int_equal(list(&device).count, 0);
    int64_t begun = time(NULL);
    for (unsigned i = 1; i <= 3; i++) {
        write_photo(device.gallery, "a b.jpg", 100 * i, i);
        device_sync(&device);
        grow_older(&device, 100);
        remove_file(&device, GALLERY "/a%20b.jpg");
        device_sync(&device);
    }
    struct trash trash = list(&device);
    assert_int_equal(trash.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct entry *entry = &trash.entries[i];
        assert_string_equal(entry->uri, GALLERY "/a%20b.jpg");
        assert_string_equal(entry->name, "a b.jpg");
        assert_int_equal(entry->size, 100 * (3 - i)); /* the last removed first */
        assert_true(entry->is_here && !entry->is_directory);
        assert_int_equal(entry->kept_until_ms - entry->removed_ms, 30LL * DAY_S * 1000);
    }
    assert_true(trash.entries[0].removed_ms >= begun * 1000 && trash.entries[0].removed_ms <= (int64_t)time(NULL) * 1000);

    assert_ok(cloudsync_restore(device.context, trash.entries[1].trash_uri));
    assert_true(is_photo(device.gallery, "a b.jpg", 200, 2));
    assert_code(cloudsync_restore(device.context, trash.entries[1].trash_uri), CLOUDSYNC_E_FILE_EXISTS);
    assert_code(cloudsync_restore(device.context, trash.entries[2].trash_uri), CLOUDSYNC_E_FILE_EXISTS);
    device_sync(&device);
    assert_int_equal(list(&device).count, 2);
    unlink_file(&device, "a b.jpg");
    device_sync(&device);
    assert_int_equal(list(&device).count, 2); /* the cloud's trash alone has what another program deletes */
    assert_code(cloudsync_restore(device.context, trash.entries[1].trash_uri), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_completes(CLOUDSYNC_OK, cloudsync_restore_async, device.context, trash.entries[2].trash_uri);
    assert_true(is_photo(device.gallery, "a b.jpg", 100, 1));
    device_sync(&device);
    assert_int_equal(list(&device).count, 1);
    device_free(&device);
}

static void make_album(const struct device *device) {
    char path[PATH_MAX];
    make_folder(join(path, device->gallery, "album"));
    make_folder(join(path, device->gallery, "album/empty"));
    write_photo(device->gallery, "album/b.jpg", 800, 2);
    write_photo(device->gallery, "album/c.jpg", 900, 3);
}

static void assert_album(const struct trash *trash, bool is_here) {
    assert_int_equal(trash->count, 3);
    assert_string_equal(trash->entries[0].uri, GALLERY "/album/b.jpg");
    assert_int_equal(trash->entries[0].size, 800);
    assert_string_equal(trash->entries[1].uri, GALLERY "/album/c.jpg");
    assert_int_equal(trash->entries[1].is_here, is_here);
    assert_string_equal(trash->entries[2].uri, GALLERY "/album/empty");
    assert_true(trash->entries[2].is_directory);
    assert_int_equal(trash->entries[2].size, 0);
}

static void a_folder_whole_or_in_part(void **state) {
    (void)state;
    struct device device;
    char path[PATH_MAX];
    device_make(&device, "device");
    make_album(&device);
    device_open(&device);
    device_sync(&device);
    remove_file(&device, GALLERY "/album");
    struct trash trash = list(&device);
    assert_album(&trash, true);
    device_sync(&device);
    assert_ok(cloudsync_restore(device.context, trash.entries[1].trash_uri));
    assert_true(is_photo(device.gallery, "album/c.jpg", 900, 3));
    assert_false(file_exists(device.gallery, "album/b.jpg"));
    assert_int_equal(list(&device).count, 2);
    assert_ok(cloudsync_restore(device.context, trash.entries[2].trash_uri));
    assert_int_equal(access(join(path, device.gallery, "album/empty"), F_OK), 0);
    assert_ok(cloudsync_restore(device.context, trash.entries[0].trash_uri));
    assert_int_equal(list(&device).count, 0);

    device_sync(&device);
    remove_file(&device, GALLERY "/album");
    device_sync(&device);
    assert_ok(cloudsync_restore(device.context, GALLERY "/album"));
    assert_true(is_photo(device.gallery, "album/b.jpg", 800, 2));
    assert_int_equal(list(&device).count, 0);
    device_free(&device);
}

/* A device that has the names alone, and one that has the files. */
static void names_and_files(struct device *names, struct device *files) {
    device_make(names, "names");
    device_make(files, "files");
    assert_ok(cloudsync_options_set_download_policy(names->options, CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    device_open(files);
    device_open(names);
}

static void sync_both(struct device *names, struct device *files) {
    device_sync(files);
    device_sync(names);
    device_sync(files);
}

static void what_was_in_the_cloud_alone(void **state) {
    (void)state;
    struct device names, files;
    names_and_files(&names, &files);
    for (unsigned i = 1; i <= 2; i++) {
        write_photo(files.gallery, "a.jpg", 100 * i, i);
        sync_both(&names, &files);
        grow_older(&names, 100);
        remove_file(&names, GALLERY "/a.jpg");
        struct trash trash = list(&names); /* before the cloud has heard of it */
        assert_int_equal(trash.count, i);
        device_close(&names);
        device_open(&names);
        device_sync(&names);
        device_sync(&files);
    }
    struct trash trash = list(&names);
    assert_int_equal(trash.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_string_equal(trash.entries[i].uri, GALLERY "/a.jpg");
        assert_int_equal(trash.entries[i].size, 100 * (2 - i));
        assert_false(trash.entries[i].is_here);
        assert_int_equal(trash.entries[i].kept_until_ms, 0);
    }
    assert_int_equal(list(&files).count, 2); /* deleted elsewhere, and here until then */
    assert_true(list(&files).entries[0].is_here);

    assert_ok(cloudsync_restore(names.context, trash.entries[1].trash_uri));
    assert_int_equal(list(&names).count, 1);
    sync_both(&names, &files);
    assert_true(is_photo(files.gallery, "a.jpg", 100, 1));
    assert_code(cloudsync_restore(names.context, trash.entries[0].trash_uri), CLOUDSYNC_E_FILE_EXISTS);
    assert_int_equal(list(&names).count, 1);
    device_free(&names);
    device_free(&files);
}

/* Brought back before the cloud has heard that it was to go, and a folder of what is in the cloud alone. */
static void what_was_in_the_cloud_alone_and_is_there_still(void **state) {
    (void)state;
    struct device names, files;
    names_and_files(&names, &files);
    make_album(&files);
    sync_both(&names, &files);
    remove_file(&names, GALLERY "/album/b.jpg");
    struct trash trash = list(&names);
    assert_int_equal(trash.count, 1);
    assert_ok(cloudsync_restore(names.context, trash.entries[0].trash_uri));
    assert_int_equal(list(&names).count, 0);
    sync_both(&names, &files);
    assert_true(is_photo(files.gallery, "album/b.jpg", 800, 2));

    remove_file(&names, GALLERY "/album");
    trash = list(&names);
    assert_album(&trash, false);
    sync_both(&names, &files);
    sync_both(&names, &files);
    assert_int_equal(count_files(files.gallery), 0);
    trash = list(&names);
    assert_album(&trash, false);
    assert_ok(cloudsync_restore(names.context, trash.entries[1].trash_uri));
    assert_int_equal(list(&names).count, 2);
    sync_both(&names, &files);
    sync_both(&names, &files);
    assert_true(is_photo(files.gallery, "album/c.jpg", 900, 3));
    assert_false(file_exists(files.gallery, "album/b.jpg"));
    device_free(&names);
    device_free(&files);
}

static void page_by_page(void **state) {
    (void)state;
    struct device device;
    struct trash all, pages;
    char name[32], uri[64], after[256];
    device_make(&device, "device");
    make_album(&device);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%u.jpg", i);
        write_photo(device.gallery, name, 100 + i, i);
    }
    device_open(&device);
    device_sync(&device);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(uri, sizeof uri, GALLERY "/%u.jpg", i);
        remove_file(&device, uri); /* some of them within a second */
    }
    remove_file(&device, GALLERY "/album");
    all = list(&device);
    assert_int_equal(all.count, 7);
    for (uint32_t most = 1; most <= 8; most++) {
        memset(&pages, 0, sizeof pages);
        after[0] = '\0';
        while (read_page(&device, GALLERY "/", after, most, &pages)) {
            assert_int_equal(pages.count % most, 0);
        }
        assert_int_equal(pages.count, all.count);
        for (unsigned i = 0; i < all.count; i++) {
            assert_string_equal(pages.entries[i].trash_uri, all.entries[i].trash_uri);
        }
    }
    /* What comes back between two pages takes nothing else along. */
    memset(&pages, 0, sizeof pages);
    after[0] = '\0';
    assert_true(read_page(&device, GALLERY, after, 3, &pages));
    assert_ok(cloudsync_restore(device.context, all.entries[2].trash_uri));
    assert_ok(cloudsync_restore(device.context, all.entries[5].trash_uri));
    assert_false(read_page(&device, GALLERY, after, 10, &pages));
    assert_int_equal(pages.count, 6);
    assert_string_equal(pages.entries[3].trash_uri, all.entries[3].trash_uri);
    device_free(&device);
}

static void until_its_time_is_over(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    write_photo(device.gallery, "b.jpg", 700, 2);
    device_open(&device);
    device_sync(&device);
    remove_file(&device, GALLERY "/a.jpg");
    device_sync(&device);
    grow_older(&device, 31 * DAY_S);
    remove_file(&device, GALLERY "/b.jpg");
    struct trash trash = list(&device);
    assert_int_equal(trash.count, 2);
    assert_true(trash.entries[1].kept_until_ms < (int64_t)time(NULL) * 1000);
    device_close(&device);
    device_open(&device);
    device_sync(&device);
    trash = list(&device);
    assert_int_equal(trash.count, 1);
    assert_string_equal(trash.entries[0].uri, GALLERY "/b.jpg");
    device_free(&device);
}

/* The parts of a photo are listed each, and come back together. */
static void a_photo_with_two_parts(void **state) {
    (void)state;
    struct device device;
    device_make(&device, "device");
    write_photo(device.gallery, "IMG_1.heic", 700, 1);
    write_photo(device.gallery, "IMG_1.mov", 800, 2);
    device_open(&device);
    device_sync(&device);
    remove_file(&device, GALLERY "/IMG_1.mov");
    struct trash trash = list(&device);
    assert_int_equal(trash.count, 2);
    assert_ok(cloudsync_restore(device.context, trash.entries[0].trash_uri));
    assert_int_equal(count_files(device.gallery), 2);
    assert_int_equal(list(&device).count, 0);
    device_free(&device);
}

static void of_a_bundle(void **state) {
    (void)state;
    struct device device;
    char notes[PATH_MAX];
    device_make(&device, "device");
    make_folder(join(notes, root, "notes"));
    write_photo(notes, "n.txt", 300, 1);
    write_photo(device.gallery, "a.jpg", 700, 1);
    assert_ok(cloudsync_options_set_bundle_dir(device.options, NOTES, notes));
    device_open(&device);
    remove_file(&device, NOTES_DIR "/n.txt");
    remove_file(&device, GALLERY "/a.jpg");
    assert_int_equal(list(&device).count, 1);
    struct trash trash = list_of(&device, NOTES_DIR);
    assert_int_equal(trash.count, 1);
    assert_string_equal(trash.entries[0].uri, NOTES_DIR "/n.txt");
    assert_ok(cloudsync_restore(device.context, trash.entries[0].trash_uri));
    assert_true(is_photo(notes, "n.txt", 300, 1));
    device_free(&device);
}

static void what_is_not_to_be_had(void **state) {
    (void)state;
    struct device device;
    CloudSyncTrashPage *page = NULL;
    const char *const made_up[] = {GALLERY "/.cloudsync/trash/a.jpg", GALLERY "/.cloudsync/trash/1-2/a.jpg",
                                   GALLERY "/.cloudsync/trash/../a.jpg"};
    const char *const no_page[] = {"", "a.jpg", "/a.jpg", "x-1/a.jpg", "1-1-replaced/a.jpg"};
    device_make(&device, "device");
    device_open(&device);
    device_sync(&device);
    assert_code(cloudsync_restore(device.context, made_up[0]), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_restore(device.context, made_up[1]), CLOUDSYNC_E_NO_SUCH_FILE);
    assert_code(cloudsync_restore(device.context, made_up[2]), CLOUDSYNC_E_INVALID_URI);
    for (size_t i = 0; i < sizeof no_page / sizeof no_page[0]; i++) {
        assert_code(cloudsync_list_trash(device.context, GALLERY, no_page[i], 10, &page), CLOUDSYNC_E_INVALID_ARGUMENT);
    }
    assert_code(cloudsync_list_trash(device.context, GALLERY, NULL, 0, &page), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_list_trash(device.context, GALLERY, NULL, 10001, &page), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_list_trash(device.context, GALLERY "/album", NULL, 10, &page), CLOUDSYNC_E_INVALID_URI);
    assert_code(cloudsync_list_trash(device.context, "nonsense", NULL, 10, &page), CLOUDSYNC_E_INVALID_URI);
    assert_ok(cloudsync_list_trash(device.context, GALLERY, NULL, 10, &page));
    assert_ok(cloudsync_trash_page_free(page));
    assert_code(cloudsync_trash_page_free(page), CLOUDSYNC_E_INVALID_ARGUMENT);
    device_free(&device);
}

static void behind_closed_doors(void) {
    struct device device;
    CloudSyncTrashPage *page = NULL;
    char path[PATH_MAX];
    device_make(&device, "device");
    write_photo(device.gallery, "a.jpg", 700, 1);
    device_open(&device);
    remove_file(&device, GALLERY "/a.jpg");
    assert_int_equal(chmod(join(path, device.gallery, ".cloudsync/trash"), 0), 0);
    assert_code(cloudsync_list_trash(device.context, GALLERY, NULL, 10, &page), CLOUDSYNC_E_ACCESS_DENIED);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(list(&device).count, 1);
    device_free(&device);
}

static void what_may_not_be_looked_at(void **state) {
    (void)state;
    as_nobody(behind_closed_doors);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(what_may_not_be_looked_at), /* forks, so before there are threads */
        in_scratch(each_version_by_itself),
        in_scratch(a_folder_whole_or_in_part),
        in_scratch(what_was_in_the_cloud_alone),
        in_scratch(what_was_in_the_cloud_alone_and_is_there_still),
        in_scratch(page_by_page),
        in_scratch(until_its_time_is_over),
        in_scratch(a_photo_with_two_parts),
        in_scratch(of_a_bundle),
        in_scratch(what_is_not_to_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
