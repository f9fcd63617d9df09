/* A cloud in another process: it is a cloud as any other, and where its process is killed the sync goes on by itself once it
 * is back, with every byte right. */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PHOTOS = 300 };

/* A process that serves the cloud in the scratch folder. */
struct server {
    pid_t process;
    int leash; /* it ends when this is closed */
};

static char address[PATH_MAX];

static void server_start(struct server *server) {
    int said[2], leash[2];
    char line[16] = "";
    assert_true(pipe2(said, O_CLOEXEC) == 0 && pipe2(leash, O_CLOEXEC) == 0);
    server->process = fork();
    assert_true(server->process >= 0);
    if (server->process == 0) {
        dup2(leash[0], STDIN_FILENO);
        dup2(said[1], STDOUT_FILENO);
        execl(CLOUD_SERVER, CLOUD_SERVER, root, address, (char *)NULL);
        _exit(127);
    }
    close(said[1]);
    close(leash[0]);
    server->leash = leash[1];
    assert_int_equal(read(said[0], line, sizeof line - 1), 8);
    assert_string_equal(line, "serving\n");
    close(said[0]);
}

static void server_kill(struct server *server) {
    int status = 0;
    assert_int_equal(kill(server->process, SIGKILL), 0);
    assert_int_equal(waitpid(server->process, &status, 0), server->process);
    close(server->leash);
}

/* Lets it end in peace. */
static void server_end(struct server *server) {
    int status = -1;
    close(server->leash);
    assert_int_equal(waitpid(server->process, &status, 0), server->process);
    assert_int_equal(status, 0);
}

static CloudSyncCloudServiceStub *connect_cloud(void) {
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(cloudsync_connect(address, &cloud));
    return cloud;
}

static int make_address(void **state) {
    int made = scratch_make(state);
    snprintf(address, sizeof address, "unix:%s/cloud.sock", root);
    return made;
}

#define at_address(test) cmocka_unit_test_setup_teardown(test, make_address, scratch_remove)

struct report {
    unsigned checks;
    char failed[512];
};

static void on_check(const char *name, int32_t passed, const char *text, void *user_data) {
    struct report *report = (struct report *)user_data;
    report->checks++;
    if (passed == 0) {
        snprintf(report->failed, sizeof report->failed, "%s: %s", name, text);
    }
}

static void it_passes_every_check(void **state) {
    (void)state;
    struct server server;
    server_start(&server);
    CloudSyncCloudServiceStub *cloud = connect_cloud();
    struct report report = {0, ""};
    assert_ok(cloudsync_conformance(cloud, on_check, &report));
    assert_string_equal(report.failed, "");
    assert_true(report.checks >= 29);
    assert_ok(cloud_service_stub_free(cloud));
    server_end(&server);
    char path[PATH_MAX];
    assert_false(file_exists(root, "cloud.sock"));
    assert_int_not_equal(access(join(path, root, "cloud.sock.lock"), F_OK), 0);
}

static void a_killed_cloud_is_gone_for_the_call_and_back_for_the_next(void **state) {
    (void)state;
    struct server server;
    server_start(&server);
    CloudSyncCloudServiceStub *cloud = connect_cloud();
    CloudSyncResult *result = NULL;
    assert_ok(cloud_service_get_service_info(cloud, &result));
    assert_ok(cloudsync_result_free(result));
    server_kill(&server);
    assert_code(cloud_service_get_service_info(cloud, &result), CLOUDSYNC_E_IPC);
    assert_int_equal(cloudsync_last_error_code(), CLOUDSYNC_ERROR_CODE_GONE);
    server_start(&server); /* over the socket that the dead one left */
    assert_ok(cloud_service_get_service_info(cloud, &result));
    assert_ok(cloudsync_result_free(result));
    assert_ok(cloud_service_stub_free(cloud));
    server_end(&server);
}

static void remote_device(struct device *device, const char *name, int automatic) {
    device_make(device, name);
    CloudSyncCloudServiceStub *cloud = connect_cloud();
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    assert_ok(cloud_service_stub_free(cloud));
    assert_ok(cloudsync_options_set_auto_sync(device->options, automatic));
}

static void write_photos(const char *gallery) {
    char name[32];
    for (unsigned i = 0; i < PHOTOS; i++) {
        snprintf(name, sizeof name, "%u.jpg", i);
        write_photo(gallery, name, i % 50 == 0 ? 3u << 20 : 1000 + 300 * (size_t)i, i);
    }
}

/* Waits until a run has ended that left nothing out. */
static void wait_until_complete(struct device *device) {
    for (;;) {
        unsigned finals = gate_count(&device->progress.finals);
        const CloudSyncSyncProgress last = device->progress.last;
        if (last.state == CLOUDSYNC_SYNC_STATE_COMPLETED && last.files_failed == 0) {
            return;
        }
        gate_wait(&device->progress.finals, finals + 1);
    }
}

/* A device sends its gallery, or fetches one, while the cloud's process is killed again and again: at first as soon as a run
 * has begun, then in those that begin by themselves, wherever they are. */
static void sync_through_kills(struct device *device, struct server *server) {
    device_open(device);
    gate_wait(&device->progress.events, 1);
    server_kill(server);
    gate_wait(&device->progress.finals, 1);
    assert_int_not_equal(device->progress.last.state, CLOUDSYNC_SYNC_STATE_COMPLETED);
    for (unsigned kills = 0; kills < 3; kills++) {
        unsigned events = gate_count(&device->progress.events);
        server_start(server);
        gate_wait_for(&device->progress.events, events + 2, 4000);
        server_kill(server);
    }
    server_start(server);
    wait_until_complete(device);
}

static void a_gallery_arrives_whole_though_its_cloud_is_killed(void **state) {
    (void)state;
    struct server server;
    struct device sender, receiver;
    server_start(&server);
    remote_device(&sender, "sender", 1);
    write_photos(sender.gallery);
    sync_through_kills(&sender, &server);
    remote_device(&receiver, "receiver", 1);
    sync_through_kills(&receiver, &server);
    while (count_files(receiver.gallery) < PHOTOS) {
        gate_wait(&receiver.progress.finals, gate_count(&receiver.progress.finals) + 1);
    }
    assert_true(same_folders(sender.gallery, receiver.gallery));
    assert_int_equal(count_files(receiver.gallery), PHOTOS);
    /* Nobody syncs any more: a change is told of across the processes, by a server that came after it was asked for. */
    write_photo(sender.gallery, "late.jpg", 5000, 999);
    while (!file_exists(receiver.gallery, "late.jpg")) {
        gate_wait(&receiver.progress.finals, gate_count(&receiver.progress.finals) + 1);
    }
    assert_true(is_photo(receiver.gallery, "late.jpg", 5000, 999));
    device_free(&sender);
    device_free(&receiver);
    server_end(&server);
}

static void what_cannot_be_served_or_connected_to_says_why(void **state) {
    (void)state;
    char path[PATH_MAX], elsewhere[PATH_MAX + 8];
    CloudSyncCloudServiceStub *cloud = NULL, *embedded = NULL;
    CloudSyncCloudServer *server = NULL, *second = NULL;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &embedded));
    assert_code(cloudsync_connect("tcp:localhost", &cloud), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_connect("unix:relative", &cloud), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_connect(address, &cloud), CLOUDSYNC_E_IPC);
    snprintf(elsewhere, sizeof elsewhere, "unix:%s/missing/sock", root);
    assert_code(cloudsync_serve(embedded, elsewhere, &server), CLOUDSYNC_E_NO_SUCH_FILE);
    write_photo(root, "a.jpg", 10, 1);
    snprintf(elsewhere, sizeof elsewhere, "unix:%s/a.jpg/sock", root);
    assert_code(cloudsync_serve(embedded, elsewhere, &server), CLOUDSYNC_E_IO);
    snprintf(elsewhere, sizeof elsewhere, "unix:%s/a.jpg", root);
    assert_code(cloudsync_serve(embedded, elsewhere, &server), CLOUDSYNC_E_FILE_EXISTS);
    assert_true(is_photo(root, "a.jpg", 10, 1));
    assert_ok(cloudsync_serve(embedded, address, &server));
    assert_code(cloudsync_serve(embedded, address, &second), CLOUDSYNC_E_BUSY);
    struct stat socket;
    assert_int_equal(stat(join(path, root, "cloud.sock"), &socket), 0);
    assert_int_equal(socket.st_mode & 0777, 0600);
    assert_ok(cloudsync_connect(address, &cloud));
    assert_ok(cloud_service_stub_free(cloud));
    assert_ok(cloudsync_cloud_server_free(server));
    assert_code(cloudsync_cloud_server_free(server), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloud_service_stub_free(embedded));
}

static void served_to_nobody(void) {
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL, *embedded = NULL;
    CloudSyncCloudServer *server = NULL;
    assert_code(cloudsync_connect(address, &cloud), CLOUDSYNC_E_ACCESS_DENIED);
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "open/cloud"), "account", &embedded));
    snprintf(path, sizeof path, "unix:%s/shut/sock", root);
    assert_code(cloudsync_serve(embedded, path, &server), CLOUDSYNC_E_ACCESS_DENIED);
    assert_ok(cloud_service_stub_free(embedded));
}

static void another_user_is_not_let_in(void **state) {
    (void)state;
    char path[PATH_MAX];
    struct server server;
    make_folder(join(path, root, "open"));
    assert_int_equal(chmod(path, 0777), 0);
    make_folder(join(path, root, "shut"));
    assert_int_equal(chmod(path, 0500), 0);
    assert_int_equal(chmod(root, 0755), 0);
    server_start(&server);
    struct stat socket;
    assert_int_equal(stat(join(path, root, "cloud.sock"), &socket), 0);
    if (geteuid() != 0) {
        /* Here there is no other user: the socket's owner loses the right to it instead. */
        assert_int_equal(chmod(path, 0), 0);
    }
    as_nobody(served_to_nobody);
    server_end(&server);
}

/* A silent server must not hold up who connects for longer than is said. */
static void one_that_does_not_greet_is_gone(void **state) {
    (void)state;
    struct sockaddr_un name;
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    snprintf(name.sun_path, sizeof name.sun_path, "%.90s/cloud.sock", root);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(listening, 1), 0);
    CloudSyncCloudServiceStub *cloud = NULL;
    int64_t begun = now_ms();
    assert_code(cloudsync_connect(address, &cloud), CLOUDSYNC_E_IPC);
    assert_true(now_ms() - begun < 20000);
    close(listening);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        at_address(another_user_is_not_let_in), /* first: no threads yet */
        at_address(it_passes_every_check),
        at_address(a_killed_cloud_is_gone_for_the_call_and_back_for_the_next),
        at_address(a_gallery_arrives_whole_though_its_cloud_is_killed),
        at_address(what_cannot_be_served_or_connected_to_says_why),
        at_address(one_that_does_not_greet_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
