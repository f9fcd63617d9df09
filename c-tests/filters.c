/* What a filter leaves out is left alone on both sides, listed and explained, and taken up again without it. */
#include "support.h"

#include <unistd.h>

#define GALLERY "file://media/Photo/"

static void exclude(struct device *device, const char *pattern) {
    assert_ok(cloudsync_options_add_filter(device->options, CLOUDSYNC_FILTER_EXCLUDE, pattern));
}

static void remove_photo(const char *folder, const char *name) {
    char path[PATH_MAX];
    assert_int_equal(unlink(join(path, folder, name)), 0);
}

/* A device's folders again, with options that have no filters. */
static void without_filters(struct device *device, const char *name) {
    device_free(device);
    device_make(device, name);
    device_open(device);
}

static void what_is_left_out_is_left_alone_and_comes_back(void **state) {
    (void)state;
    struct device here, there;
    device_make(&here, "here");
    device_make(&there, "there");
    device_open(&here);
    device_open(&there);
    write_photo(here.gallery, "gone here.raw", 3000, 1);
    write_photo(here.gallery, "gone there.raw", 3000, 2);
    device_sync(&here);
    device_sync(&there);
    device_close(&here);

    exclude(&here, "*.raw");
    device_open(&here);
    remove_photo(here.gallery, "gone here.raw");
    remove_photo(there.gallery, "gone there.raw");
    write_photo(here.gallery, "new here.raw", 3000, 3);
    write_photo(there.gallery, "new there.raw", 3000, 4);
    write_photo(here.gallery, "new.jpg", 3000, 5);
    for (int i = 0; i < 2; i++) {
        device_sync(&there);
        device_sync(&here);
    }
    assert_true(is_photo(there.gallery, "gone here.raw", 3000, 1));
    assert_true(is_photo(there.gallery, "new.jpg", 3000, 5));
    assert_false(file_exists(there.gallery, "new here.raw") || file_exists(here.gallery, "new there.raw"));
    assert_true(is_photo(here.gallery, "gone there.raw", 3000, 2));

    without_filters(&here, "here");
    for (int i = 0; i < 2; i++) {
        device_sync(&here);
        device_sync(&there);
    }
    assert_true(same_folders(here.gallery, there.gallery));
    assert_int_equal(count_files(here.gallery), 5);
    device_free(&here);
    device_free(&there);
}

static void it_is_listed_and_explained(void **state) {
    (void)state;
    struct device here, there;
    char why[200];
    CloudSyncExplanation told = {sizeof told, 0, 0, 0, 0, 0};
    device_make(&there, "there");
    device_open(&there);
    write_photo(there.gallery, "a.raw", 3000, 1);
    write_photo(there.gallery, "large.jpg", 30000, 2);
    write_photo(there.gallery, "small.jpg", 3000, 3);
    device_sync(&there);
    device_make(&here, "here");
    exclude(&here, "*");
    assert_ok(cloudsync_options_add_filter(here.options, CLOUDSYNC_FILTER_INCLUDE, "*.jpg"));
    assert_ok(cloudsync_options_set_max_file_size(here.options, 10000));
    device_open(&here);
    device_sync(&here);
    assert_int_equal(count_files(here.gallery), 1);
    assert_true(is_photo(here.gallery, "small.jpg", 3000, 3));
    CloudSyncPage *page = NULL;
    const CloudSyncEntry *const *entries;
    const char *after;
    size_t count;
    assert_ok(cloudsync_list(here.context, GALLERY, 1, NULL, 100, &page));
    assert_ok(cloudsync_page_read(page, &entries, &count, &after));
    assert_int_equal(count, 3);
    assert_ok(cloudsync_page_free(page));
    assert_ok(cloudsync_explain(here.context, GALLERY "a.raw", &told, why, sizeof why));
    assert_int_equal(told.code, CLOUDSYNC_E_NOT_PERMITTED);
    assert_non_null(strstr(why, "\"*\""));
    assert_ok(cloudsync_explain(here.context, GALLERY "large.jpg", &told, why, sizeof why));
    assert_int_equal(told.code, CLOUDSYNC_E_NOT_PERMITTED);
    assert_non_null(strstr(why, "10000 bytes"));
    assert_ok(cloudsync_explain(here.context, GALLERY "small.jpg", &told, why, sizeof why));
    assert_int_equal(told.code, 0);
    assert_int_equal(here.progress.last.files_failed, 0);
    device_free(&here);
    device_free(&there);
}

static void a_bad_pattern_is_named(void **state) {
    (void)state;
    CloudSyncOptions *options = NULL;
    char text[200];
    assert_ok(cloudsync_options_new(&options));
    const char *const bad[] = {"[a", "a***", "/", "x/["};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_code(cloudsync_options_add_filter(options, CLOUDSYNC_FILTER_EXCLUDE, bad[i]), CLOUDSYNC_E_INVALID_ARGUMENT);
        cloudsync_last_error(text, sizeof text);
        assert_non_null(strstr(text, bad[i]));
    }
    assert_code(cloudsync_options_add_filter(options, CLOUDSYNC_FILTER_EXCLUDE, ""), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_options_add_filter(options, CLOUDSYNC_FILTER_EXCLUDE, "\xff"), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_options_add_filter(options, 2, "*"), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_options_add_filter(options, -1, "*"), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_options_free(options));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(what_is_left_out_is_left_alone_and_comes_back),
        in_scratch(it_is_listed_and_explained),
        cmocka_unit_test(a_bad_pattern_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
