/* A cloud in a process of its own, for `remote` to kill: serves the embedded cloud in ROOT at ADDRESS until it is killed, or
 * until its standard input ends.
 *   cloud_server ROOT ADDRESS
 * Writes a line once it serves. */
#include "support.h"

#include <unistd.h>

int main(int argc, char **argv) {
    char path[PATH_MAX], byte;
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncCloudServer *server = NULL;
    if (argc != 3) {
        return 64;
    }
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    assert_ok(cloudsync_embedded_cloud_new(join(path, argv[1], "cloud"), "account", &cloud));
    assert_ok(cloudsync_serve(cloud, argv[2], &server));
    assert_ok(cloud_service_stub_free(cloud)); /* the server keeps the cloud */
    puts("serving");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    assert_ok(cloudsync_cloud_server_free(server));
    return 0;
}
