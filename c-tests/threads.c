/* The library's threads have names, take no signals of the program, and end with the context. */
#include "support.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

/* The threads of this process but the first, and whether each is named and blocks all that can be blocked. */
static int library_threads(bool *well_behaved) {
    int count = 0;
    *well_behaved = true;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid()) {
            continue;
        }
        char path[PATH_MAX], line[256], name[64] = "";
        unsigned long long blocked = 0;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *status = fopen(path, "r");
        if (status == NULL) {
            continue; /* it has just ended */
        }
        while (fgets(line, sizeof line, status) != NULL) {
            sscanf(line, "Name: %63s", name);
            sscanf(line, "SigBlk: %llx", &blocked);
        }
        fclose(status);
        count++;
        unsigned long long term = 1ULL << (SIGTERM - 1), usr1 = 1ULL << (SIGUSR1 - 1);
        if (strncmp(name, "cloudsync", strlen("cloudsync")) != 0 || (blocked & term) == 0 ||
            (blocked & usr1) == 0) {
            *well_behaved = false;
        }
    }
    closedir(tasks);
    return count;
}

static void named_deaf_to_signals_and_gone_after_close(void **state) {
    (void)state;
    struct device device;
    bool well_behaved;
    device_make(&device, "device");
    assert_int_equal(library_threads(&well_behaved), 0);
    device_open(&device);
    int64_t deadline = now_ms() + PATIENCE_MS;
    do { /* a thread names itself as it starts */
        sched_yield();
        assert_true(library_threads(&well_behaved) > 0);
    } while (!well_behaved && now_ms() < deadline);
    assert_true(well_behaved);
    device_free(&device);
    assert_int_equal(library_threads(&well_behaved), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {in_scratch(named_deaf_to_signals_and_gone_after_close)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
