/* Every asynchronous call that was accepted completes exactly once, also where the context is closed. */
#include "support.h"

#define MANY 200

struct states_answer {
    struct gate gate;
    int32_t code;
    size_t n;
    int32_t states[2];
};

static void on_states(int32_t code, const char *message, const int32_t *states, size_t n, void *user_data) {
    struct states_answer *answer = (struct states_answer *)user_data;
    answer->code = message == NULL ? INT32_MIN : code;
    answer->n = n;
    for (size_t i = 0; i < n && i < 2; i++) {
        answer->states[i] = states[i];
    }
    gate_raise(&answer->gate);
}

static void a_stop_without_a_run_completes(void **state) {
    (void)state;
    struct device device;
    struct answer answer;
    device_make(&device, "stop");
    device_open(&device);
    answer_init(&answer);
    assert_ok(gallery_sync_stop_async(device.sync, on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_OK);
    assert_false(answer.has_message);
    device_free(&device);
    assert_int_equal(gate_count(&answer.gate), 1);
    answer_destroy(&answer);
}

static void a_failure_brings_its_text(void **state) {
    (void)state;
    struct device device;
    struct answer answer;
    struct states_answer states;
    const char *const uris[] = {"http://nowhere/a.jpg"};
    CloudSyncDownload *download = NULL;
    device_make(&device, "fails");
    device_open(&device);
    assert_ok(download_new(device.context, &download));
    answer_init(&answer);
    gate_init(&states.gate);
    assert_ok(download_start_async(download, uris[0], on_answer, &answer));
    gate_wait(&answer.gate, 1);
    assert_int_equal(answer.code, CLOUDSYNC_E_INVALID_URI);
    assert_true(answer.has_message);
    assert_ok(get_file_sync_states_async(device.context, uris, 1, on_states, &states));
    gate_wait(&states.gate, 1);
    assert_int_equal(states.code, CLOUDSYNC_E_INVALID_URI);
    assert_int_equal(states.n, 0);
    assert_ok(download_free(download));
    device_free(&device);
    assert_int_equal(gate_count(&answer.gate), 1);
    assert_int_equal(gate_count(&states.gate), 1);
    answer_destroy(&answer);
    gate_destroy(&states.gate);
}

/* With both ways of dispatching: close delivers what is due. */
static void across_close(int32_t dispatch, const char *name) {
    struct device device;
    struct answer answers[MANY];
    unsigned accepted = 0;
    device_make(&device, name);
    assert_ok(cloudsync_options_set_dispatch(device.options, dispatch));
    device_open(&device);
    for (int i = 0; i < MANY; i++) {
        answer_init(&answers[i]);
        accepted += gallery_sync_stop_async(device.sync, on_answer, &answers[i]) == CLOUDSYNC_OK;
    }
    assert_int_equal(accepted, MANY);
    assert_ok(cloudsync_close(device.context));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(gate_count(&answers[i].gate), 1);
        assert_true(answers[i].code == CLOUDSYNC_OK || answers[i].code == CLOUDSYNC_E_IPC);
    }
    struct answer late;
    answer_init(&late);
    assert_code(gallery_sync_stop_async(device.sync, on_answer, &late), CLOUDSYNC_E_IPC);
    device.context = NULL;
    device_free(&device);
    assert_int_equal(gate_count(&late.gate), 0);
    answer_destroy(&late);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(gate_count(&answers[i].gate), 1);
        answer_destroy(&answers[i]);
    }
}

static void across_close_with_the_librarys_thread(void **state) {
    (void)state;
    across_close(CLOUDSYNC_DISPATCH_THREAD, "thread");
}

static void across_close_with_the_hosts_thread(void **state) {
    (void)state;
    across_close(CLOUDSYNC_DISPATCH_HOST, "host");
}

static void a_completion_outlives_its_handle(void **state) {
    (void)state;
    struct device device;
    struct answer answer;
    CloudSyncGallerySync *sync = NULL;
    device_make(&device, "outlives");
    device_open(&device);
    assert_ok(gallery_sync_new(device.context, &sync));
    answer_init(&answer);
    assert_ok(gallery_sync_stop_async(sync, on_answer, &answer));
    assert_ok(gallery_sync_free(sync));
    gate_wait(&answer.gate, 1);
    device_free(&device);
    assert_int_equal(gate_count(&answer.gate), 1);
    answer_destroy(&answer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_stop_without_a_run_completes),
        in_scratch(a_failure_brings_its_text),
        in_scratch(across_close_with_the_librarys_thread),
        in_scratch(across_close_with_the_hosts_thread),
        in_scratch(a_completion_outlives_its_handle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
