/* A C++ exception that leaves a callback ends the process there: in std::terminate, with the stack as it was.
 * Neither the library's frames are unwound nor those of the host, above and below them. */
#include "support.h"

#include <exception>
#include <stdexcept>
#include <string>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/* Where the child came to, a letter for each place. */
int places[2];

void come_to(char place) {
    if (write(places[1], &place, 1) != 1) {
        _exit(3);
    }
}

struct Frame {
    ~Frame() { come_to('U'); }
};

[[noreturn]] void on_terminate() {
    come_to('T');
    std::abort();
}

[[noreturn]] void throw_it() {
    Frame frame;
    come_to('t');
    throw std::runtime_error("leaves a callback");
}

void completion_throws(int32_t, const char *, void *) { throw_it(); }
void progress_throws(const CloudSyncSyncProgress *, void *) { throw_it(); }
void destroy_throws(void *) { throw_it(); }
void on_destroy(void *) { come_to('D'); }

int32_t network_throws(void *, int32_t *, int32_t *) { throw_it(); }

int32_t no_battery(void *, int32_t *percent, int32_t *charging) {
    *percent = -1;
    *charging = 0;
    return 0;
}

int32_t no_heat(void *, int32_t *heat) {
    *heat = CLOUDSYNC_HEAT_NORMAL;
    return 0;
}

device the_device;

void open_device(int32_t dispatch) {
    assert_ok(cloudsync_options_set_dispatch(the_device.options, dispatch));
    device_open(&the_device);
}

/* Lets the callback run: below this frame, which would catch what comes through, or on the library's thread. */
void wait_for_it(int32_t dispatch) {
    try {
        Frame frame;
        if (dispatch == CLOUDSYNC_DISPATCH_HOST) {
            const int64_t until = now_ms() + PATIENCE_MS;
            while (now_ms() < until && cloudsync_dispatch(the_device.context, 0, 1000) == CLOUDSYNC_OK) {
            }
        } else {
            gate never;
            gate_init(&never);
            gate_wait_for(&never, 1, PATIENCE_MS);
        }
        come_to('R');
    } catch (...) {
        come_to('C');
    }
}

void in_a_completion(int32_t dispatch) {
    open_device(dispatch);
    assert_ok(gallery_sync_stop_async(the_device.sync, completion_throws, nullptr));
    wait_for_it(dispatch);
}

void in_a_progress_callback(int32_t dispatch) {
    open_device(dispatch);
    assert_ok(gallery_sync_register_progress_cb(the_device.sync, progress_throws, nullptr, on_destroy));
    assert_ok(gallery_sync_start_async(the_device.sync, ignore_answer, nullptr));
    wait_for_it(dispatch);
}

/* On this thread, whoever dispatches. */
void in_a_destroy(int32_t dispatch) {
    open_device(dispatch);
    assert_ok(gallery_sync_register_progress_cb(the_device.sync, progress_throws, nullptr, destroy_throws));
    try {
        Frame frame;
        gallery_sync_unregister_progress_cb(the_device.sync, nullptr, nullptr);
        come_to('R');
    } catch (...) {
        come_to('C');
    }
}

/* On the library's thread or on this one, whoever dispatches. */
void in_a_vtable(int32_t dispatch) {
    CloudSyncDeviceVTable vtable = {};
    vtable.struct_size = sizeof vtable;
    vtable.network = network_throws;
    vtable.battery = no_battery;
    vtable.heat = no_heat;
    vtable.destroy = on_destroy;
    assert_ok(cloudsync_options_set_device(the_device.options, &vtable));
    open_device(dispatch);
    try {
        Frame frame;
        gallery_sync_start(the_device.sync);
        come_to('R');
    } catch (...) {
        come_to('C');
    }
}

int32_t lock_ends_its_thread(void *, CloudSyncReply *) {
    Frame frame;
    come_to('t');
    pthread_exit(nullptr);
}

/* Not an exception, for which see vendor_exceptions.cpp: a thread that ends itself, in the middle of the library. */
void in_a_vendors_method(int32_t) {
    CloudSyncCloudDbVTable vtable{};
    CloudSyncCloudDbStub *db = nullptr;
    CloudSyncLockInfo info{};
    vtable.struct_size = sizeof vtable;
    vtable.lock = lock_ends_its_thread;
    info.struct_size = sizeof info;
    assert_ok(create_cloud_db_stub(&vtable, nullptr, &db));
    Frame frame;
    cloud_db_lock(db, &info);
    come_to('R');
}

void ends_there(void (*work)(int32_t), int32_t dispatch, const char *expected) {
    const rlimit no_core = {0, 0};
    std::string seen;
    char place = 0;
    int status = 0;
    assert_int_equal(pipe(places), 0);
    std::fflush(nullptr);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(places[0]);
        setrlimit(RLIMIT_CORE, &no_core);
        setenv("CMOCKA_TEST_ABORT", "1", 1);
        std::set_terminate(on_terminate);
        device_make(&the_device, "throws");
        work(dispatch);
        _exit(0);
    }
    close(places[1]);
    while (read(places[0], &place, 1) == 1) {
        seen += place;
    }
    close(places[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_string_equal(seen.c_str(), expected);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* The frame of what is called is unwound, and no other. */
const char unwound[] = "tU";
#if defined __x86_64__ || defined __aarch64__
const char terminated[] = "tT";
#else
const char *const terminated = unwound; /* no wall there */
#endif

template <void (*Work)(int32_t), int32_t Dispatch>
void ends_there_with(void **) {
    ends_there(Work, Dispatch, terminated);
}

void a_thread_that_ends_itself_ends_the_process(void **) {
    ends_there(in_a_vendors_method, CLOUDSYNC_DISPATCH_THREAD, unwound);
}

} // namespace

#define on_either_thread(work)                                                                              \
    in_scratch((ends_there_with<work, CLOUDSYNC_DISPATCH_THREAD>)),                                         \
        in_scratch((ends_there_with<work, CLOUDSYNC_DISPATCH_HOST>))

int main() {
    const CMUnitTest tests[] = {
        on_either_thread(in_a_completion),   on_either_thread(in_a_progress_callback),
        on_either_thread(in_a_destroy),      on_either_thread(in_a_vtable),
        in_scratch(a_thread_that_ends_itself_ends_the_process),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
