/* A host's program: prints the version of the library that it runs with, if it is the one it found. */
#include <cloudsync.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    CloudSyncOptions *options = NULL;
    if (argc != 2 || strcmp(argv[1], cloudsync_version()) != 0) {
        return 1;
    }
    if (cloudsync_options_new(&options) != CLOUDSYNC_OK) {
        return 2;
    }
    puts(cloudsync_version());
    return cloudsync_options_free(options) == CLOUDSYNC_OK ? 0 : 3;
}
