/* A URI names a file of the gallery, however it is written; one that cannot be read or that leaves the
 * gallery is 14000002, one that names nothing 13900002. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

static struct device device;

static void every_operation_answers(const char *uri, int32_t expected) {
    CloudSyncDownload *download = NULL;
    CloudSyncExplanation explanation = {sizeof explanation, 0, 0, 0, 0, 0};
    int32_t found = -7;
    int32_t answer = get_file_sync_state(device.context, uri, &found);
    if (answer != expected) {
        print_error("%s: %d, expected %d\n", uri, (int)answer, (int)expected);
    }
    assert_int_equal(answer, expected);
    assert_code(cloudsync_explain(device.context, uri, &explanation, NULL, 0), expected);
    assert_ok(download_new(device.context, &download));
    assert_code(download_start(download, uri), expected);
    assert_ok(download_free(download));
}

static void make_device(void) {
    char path[PATH_MAX];
    device_make(&device, "device");
    mkdir(join(path, device.gallery, "Holiday"), 0700);
    write_photo(device.gallery, "Holiday/100% \xc3\xa9t\xc3\xa9 #1?.jpg", 500, 1);
    write_photo(device.gallery, "a.jpg", 500, 2);
    write_photo(root, "outside.jpg", 500, 3);
    assert_int_equal(symlink(root, join(path, device.gallery, "out")), 0);
    device_open(&device);
    device_sync(&device);
}

static void one_file_written_in_many_ways(void **state) {
    (void)state;
    make_device();
    const char *const uris[] = {
        "file://media/Photo/Holiday/100%25%20%C3%A9t%C3%A9%20%231%3F.jpg",
        "file://media/Photo/Holiday/100%25 \xc3\xa9t\xc3\xa9 %231%3f.jpg",
        "file:///media/Photo/Holiday/100%25%20%c3%a9t%c3%a9%20%231%3F.jpg",
        "file://media/Photo/%61.jpg",
    };
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        every_operation_answers(uris[i], CLOUDSYNC_OK);
    }
    device_free(&device);
}

static void unreadable_or_outside(void **state) {
    (void)state;
    make_device();
    const char *const uris[] = {
        "",
        "nonsense",
        "a.jpg",
        "/etc/passwd",
        "http://media/Photo/a.jpg",
        "file://elsewhere/Photo/a.jpg",
        "file://media/Video/a.jpg",
        "file://media/Photo/../outside.jpg",
        "file://media/Photo/Holiday/../../outside.jpg",
        "file://media/Photo/%2e%2e/outside.jpg",
        "file://media/Photo/%2E%2E%2Foutside.jpg",
        "file://media/Photo/Holiday%2Fa.jpg",
        "file://media/Photo/a%00.jpg",
        "file://media/Photo/a%zz.jpg",
        "file://media/Photo/a%2",
        "file://media/Photo/%FF.jpg",
        "file://media/Photo/out/outside.jpg",
    };
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        every_operation_answers(uris[i], CLOUDSYNC_E_INVALID_URI);
    }
    device_free(&device);
}

static void well_formed_and_nothing_there(void **state) {
    (void)state;
    make_device();
    every_operation_answers("file://media/Photo/none.jpg", CLOUDSYNC_E_NO_SUCH_FILE);
    every_operation_answers("file://media/Photo/none/none.jpg", CLOUDSYNC_E_NO_SUCH_FILE);
    every_operation_answers("file://media/Photo/A.JPG", CLOUDSYNC_E_NO_SUCH_FILE);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(one_file_written_in_many_ways),
        in_scratch(unreadable_or_outside),
        in_scratch(well_formed_and_nothing_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
