/* A device, or two at once, is killed at random moments while it syncs 2,000 files that keep changing.
 * After the last kill disk, index and cloud agree, and every byte that was written is there.
 * CLOUDSYNC_KILL_SEED repeats a run's moments and changes. */
#include "support.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PHOTOS 2000
#define KILLS 50
#define CHANGES 60

/* What a device's user did: photo `i` is named by its place and version, and holds what its seed says. */
struct photo {
    unsigned version; /* 0: not there */
    unsigned album;
};

struct user {
    const char *name;
    char gallery[PATH_MAX];
    struct photo photos[PHOTOS];
};

static uint64_t seed;

static unsigned random_below(unsigned limit) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((seed >> 33) % limit);
}

static void photo_name(const struct user *user, unsigned i, char name[64]) {
    snprintf(name, 64, "album%u/%s_%04u.jpg", user->photos[i].album, user->name, i);
}

static size_t photo_size(unsigned i, unsigned version) {
    return (i * 131 + version * 7919) % 20000;
}

static uint64_t photo_seed(const struct user *user, unsigned i, unsigned version) {
    return (uint64_t)user->name[0] << 48 | (uint64_t)i << 24 | version;
}

static void photo_write(struct user *user, unsigned i) {
    char name[64];
    unsigned version = ++user->photos[i].version;
    photo_name(user, i, name);
    write_photo(user->gallery, name, photo_size(i, version), photo_seed(user, i, version));
}

static void user_begin(struct user *user, const char *name, unsigned photos) {
    char part[32], path[PATH_MAX];
    memset(user, 0, sizeof *user);
    user->name = name;
    snprintf(part, sizeof part, "%s-gallery", name);
    make_folder(join(user->gallery, root, part));
    for (unsigned album = 0; album < 5; album++) {
        snprintf(part, sizeof part, "album%u", album);
        make_folder(join(path, user->gallery, part));
    }
    for (unsigned i = 0; i < photos; i++) {
        user->photos[i].album = i % 5;
        photo_write(user, i);
    }
}

/* Between two runs the user takes, edits, moves and deletes photos. */
static void user_changes(struct user *user, unsigned photos) {
    char from[64], to[64], from_path[PATH_MAX], to_path[PATH_MAX];
    for (unsigned change = 0; change < CHANGES; change++) {
        unsigned i = random_below(photos);
        struct photo *photo = &user->photos[i];
        photo_name(user, i, from);
        switch (photo->version == 0 ? 0 : random_below(4)) {
        case 0:
        case 1:
            photo_write(user, i);
            break;
        case 2:
            photo->album = (photo->album + 1) % 5;
            photo_name(user, i, to);
            assert_int_equal(rename(join(from_path, user->gallery, from), join(to_path, user->gallery, to)), 0);
            break;
        default:
            assert_int_equal(unlink(join(from_path, user->gallery, from)), 0);
            photo->version = 0;
            break;
        }
    }
}

/* Whether a gallery holds what its users left, and nothing else. */
static bool gallery_is_right(const char *gallery, const struct user *users, unsigned count, unsigned photos) {
    size_t expected = 0;
    bool right = true;
    for (unsigned u = 0; u < count; u++) {
        for (unsigned i = 0; i < photos; i++) {
            unsigned version = users[u].photos[i].version;
            char name[64];
            if (version != 0) {
                photo_name(&users[u], i, name);
                right = is_photo(gallery, name, photo_size(i, version), photo_seed(&users[u], i, version)) && right;
                expected++;
            }
        }
    }
    size_t found = count_files(gallery);
    if (found != expected) {
        print_error("%s holds %zu files, expected %zu\n", gallery, found, expected);
        right = false;
    }
    return right;
}

static pid_t sync_begin(const char *name) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl(SYNC_ONCE, "sync_once", root, name, (char *)NULL);
        _exit(65);
    }
    return child;
}

static void sync_to_the_end(const char *name) {
    int status = 0;
    pid_t child = sync_begin(name);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Kills the children after a time, unless they end before it. Returns how many were killed. */
static unsigned kill_after(pid_t *children, unsigned count, int64_t ms) {
    sigset_t ended;
    int64_t deadline = now_ms() + ms, left = ms;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    for (unsigned i = 0; i < count && left > 0; i++) {
        struct timespec rest = {left / 1000, left % 1000 * 1000000};
        sigtimedwait(&ended, NULL, &rest); /* one child has ended, or the time is up */
        left = deadline - now_ms();
    }
    unsigned killed = 0;
    for (unsigned i = 0; i < count; i++) {
        int status = 0;
        kill(children[i], SIGKILL);
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    }
    return killed;
}

static struct user users[2];

static void killed(unsigned count, unsigned photos) {
    static const char *const names[] = {"a", "b"};
    sigset_t ended;
    unsigned kills = 0;
    const char *repeat = getenv("CLOUDSYNC_KILL_SEED");
    seed = repeat != NULL ? strtoull(repeat, NULL, 10) : (uint64_t)time(NULL) ^ (uint64_t)getpid();
    print_message("CLOUDSYNC_KILL_SEED=%llu\n", (unsigned long long)seed);
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, NULL);
    for (unsigned u = 0; u < count; u++) {
        user_begin(&users[u], names[u], photos);
    }

    /* A run that is killed late has done most of its work, so the time it gets adapts to the machine:
     * longer where it was killed, shorter where it got through. */
    int64_t window = 400;
    while (kills < KILLS) {
        pid_t children[2];
        for (unsigned u = 0; u < count; u++) {
            children[u] = sync_begin(names[u]);
        }
        unsigned now = kill_after(children, count, 1 + random_below((unsigned)window));
        kills += now;
        window = now == 0 ? window * 3 / 4 + 20 : window + window / 16;
        for (unsigned u = 0; u < count; u++) {
            user_changes(&users[u], photos);
        }
    }

    for (unsigned round = 0; round < 2; round++) {
        for (unsigned u = 0; u < count; u++) {
            sync_to_the_end(names[u]);
        }
    }
    /* A device that never saw any of it gets the cloud's view. */
    sync_to_the_end("fresh");
    for (unsigned u = 0; u < count; u++) {
        assert_true(gallery_is_right(users[u].gallery, users, count, photos));
    }
    char fresh[PATH_MAX];
    assert_true(gallery_is_right(join(fresh, root, "fresh-gallery"), users, count, photos));
}

/* The index says of every file that it is in step. */
static void index_agrees(const char *name, unsigned count, unsigned photos) {
    struct device device;
    device_make(&device, name);
    device_open(&device);
    for (unsigned u = 0; u < count; u++) {
        for (unsigned i = 0; i < photos; i++) {
            char photo[64], uri[128];
            int32_t state = -1;
            if (users[u].photos[i].version != 0) {
                photo_name(&users[u], i, photo);
                snprintf(uri, sizeof uri, "file://media/Photo/%s", photo);
                assert_ok(get_file_sync_state(device.context, uri, &state));
                assert_true(state == CLOUDSYNC_FILE_SYNC_STATE_COMPLETED ||
                            state == CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS);
            }
        }
    }
    device_free(&device);
}

static void one_device(void **state) {
    (void)state;
    killed(1, PHOTOS);
    index_agrees("a", 1, PHOTOS);
}

static void two_devices_at_once(void **state) {
    (void)state;
    killed(2, PHOTOS / 2);
    index_agrees("a", 2, PHOTOS / 2);
    index_agrees("b", 2, PHOTOS / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(one_device),
        in_scratch(two_devices_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
