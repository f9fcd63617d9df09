/* vendor_server ADDRESS: the vendor's cloud in a process of its own, served at ADDRESS (unix:/path) until SIGTERM or SIGINT.
 *
 *     vendor_server unix:/tmp/vendor.sock &
 *     vendor_cloud unix:/tmp/vendor.sock
 */
#define _POSIX_C_SOURCE 200809L
#include "vendor_cloud.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void check(int32_t code, const char *wanted) {
    char detail[512];
    if (code != CLOUDSYNC_OK) {
        cloudsync_last_error(detail, sizeof detail);
        fprintf(stderr, "vendor_server: could not %s: %s\n", wanted, detail);
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv) {
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncCloudServer *server = NULL;
    sigset_t ending;
    int signal = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: vendor_server unix:/path\n");
        return EXIT_FAILURE;
    }
    /* Blocked, and waited for below. The library's threads block every signal anyway. */
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, NULL);

    check(vendor_cloud_new(&cloud), "make the vendor's cloud");
    check(cloudsync_serve(cloud, argv[1], &server), "serve it");
    check(cloud_service_stub_free(cloud), "let go of the cloud"); /* the server keeps it */
    sigwait(&ending, &signal);
    /* Those who are connected hear of it, and the socket goes. A server that is killed instead leaves a socket that the next
     * one replaces. */
    check(cloudsync_cloud_server_free(server), "end the server");
    return EXIT_SUCCESS;
}
