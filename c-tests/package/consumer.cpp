// The same in C++, through the C++ layer's header.
#include <cloudsync.hpp>

#include <cstdio>
#include <cstring>

int main(int argc, char **argv) {
    CloudSyncOptions *options = nullptr;
    if (argc != 2 || std::strcmp(argv[1], cloudsync_version()) != 0) {
        return 1;
    }
    if (cloudsync_options_new(&options) != CLOUDSYNC_OK) {
        return 2;
    }
    std::puts(cloudsync_version());
    return cloudsync_options_free(options) == CLOUDSYNC_OK ? 0 : 3;
}
