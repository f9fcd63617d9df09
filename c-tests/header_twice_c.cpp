#include <cloudsync.h>
#include <cloudsync.hpp>

extern "C" uint32_t version_seen_by_cxx();
uint32_t version_seen_by_cxx() {
    return cloudsync_version_number();
}
