#include <cloudsync.h>
#include <cloudsync.h>

uint32_t version_seen_by_c(void);
uint32_t version_seen_by_c(void) {
    return cloudsync_version_number();
}
