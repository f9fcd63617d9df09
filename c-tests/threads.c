/* The library's threads have names, take no signals of the program, leave it the processors, and end with the context. */
#include "support.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* The threads of this process but the first, and whether each is named, blocks all that can be blocked, and is as nice to
 * the program's own as it is to be. */
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
        int nicer = strcmp(name, "cloudsync-work") == 0 ? 10 : 0;
        int nice = getpriority(PRIO_PROCESS, 0) + nicer;
        if (strncmp(name, "cloudsync", strlen("cloudsync")) != 0 || (blocked & term) == 0 ||
            (blocked & usr1) == 0 ||
            getpriority(PRIO_PROCESS, (id_t)atoi(task->d_name)) != (nice < 19 ? nice : 19)) {
            *well_behaved = false;
        }
    }
    closedir(tasks);
    return count;
}

static void named_deaf_to_signals_nice_and_gone_after_close(void **state) {
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
    const struct CMUnitTest tests[] = {in_scratch(named_deaf_to_signals_nice_and_gone_after_close)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
