/* A program may have functions of our names: the library goes on calling its own. */
#include "support.h"

#include <dlfcn.h>

static int hijacked;

int32_t get_file_sync_state(CloudSyncContext *context, const char *uri, int32_t *out) {
    (void)context;
    (void)uri;
    (void)out;
    hijacked++;
    return 4711;
}

int32_t gallery_sync_stop(CloudSyncGallerySync *gallery_sync) {
    (void)gallery_sync;
    hijacked++;
    return 4711;
}

static void the_library_calls_its_own(void **state) {
    (void)state;
    struct device device;
    struct answer answer;
    const char *const uris[] = {"http://nowhere/a.jpg"};
    int32_t found = -7;
    device_make(&device, "device");
    device_open(&device);
    answer_init(&answer);

    assert_code(get_file_sync_states(device.context, uris, 1, &found), CLOUDSYNC_E_INVALID_URI);
    assert_ok(gallery_sync_stop_async(device.sync, on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_OK);
    assert_int_equal(hijacked, 0);

    /* The program's own come first for the program, so these names really were taken. */
    assert_int_equal(get_file_sync_state(device.context, uris[0], &found), 4711);
    void *of_the_library = dlsym(RTLD_NEXT, "get_file_sync_state");
    assert_true(of_the_library != NULL);
    assert_true(of_the_library != dlsym(RTLD_DEFAULT, "get_file_sync_state"));

    device_free(&device);
    answer_destroy(&answer);
}

int main(void) {
    const struct CMUnitTest tests[] = {in_scratch(the_library_calls_its_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
